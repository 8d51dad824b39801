"""Pages under load: 100,000 subscribers in PostgreSQL, one web process, a client on the loopback.

Prints requests a second and percentiles of the sign-up page, the preview, the preferences and one-click leaving, and whether
the preview answers within 50 ms at 20 requests a second (99 of 100) and one-click goes at over 500 a second.
"""

import argparse
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlencode

import httpx

from config.clock import SystemClock
from config.database import Database
from config.settings import ROOT
from subscribers import roster
from subscribers.choices import Choices
from subscribers.links import Links
from subscribers.sheet import Entry
from tests import servers
from tests.bench.load import Call, Seen, at_rate, flat_out
from tests.worker.ingest.records import recorded_week, take_in
from worker.ingest.models import Run
from worker.pick import rankings
from worker.schema import migrate

SECRET = "0123456789abcdef0123456789abcdef"
CHUNK = 10_000


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="./paperboy bench pages", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--subscribers", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=15.0, help="of each measurement at a given rate")
    asked = parser.parse_args(argv)
    with servers.postgresql() as url, TemporaryDirectory() as folder:
        print(f"filling PostgreSQL with {asked.subscribers:,} subscribers", flush=True)
        fill(url, asked.subscribers)
        with web_process(url, Path(folder)) as (port, process):
            good = measure(port, process, asked.subscribers, asked.seconds)
    return 0 if good else 1


def fill(url: str, subscribers: int) -> None:
    """Readers with choices of their own, and a week of papers."""
    database = Database(url)
    migrate(database)
    now = SystemClock().now()
    take_in(database, *recorded_week(), now=now - timedelta(hours=1))
    with database.transaction() as session:
        today = now.date()
        session.add(Run(source="huggingface", begun_at=now, touched_at=now, ended_at=now, since=today, until=today, seen=1, new=1))
    with database.transaction() as session:
        rankings.make_ranking(session, now)
    topics = ("language-models", "robotics", "video", "reasoning", "agents")
    for start in range(0, subscribers, CHUNK):
        choices = [Choices(topics=topics[number % 5 :], keywords=("mamba",), zone="Europe/London") for number in range(5)]
        entries = [Entry(0, f"reader{number}@example.org", choices[number % 5]) for number in range(start, min(subscribers, start + CHUNK))]
        with database.transaction() as session:
            roster.carry_out(session, roster.Plan(new=entries), now, roster.Consent("a bench"))
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")
    database.close()


@contextmanager
def web_process(url: str, folder: Path) -> Iterator[tuple[int, int]]:
    """`./paperboy web` on a free port: the port, and the process's id."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environ = {
        "PAPERBOY_DATABASE_URL": url,
        "PAPERBOY_STATE_DIR": str(folder),
        "PAPERBOY_SECRET_KEY": SECRET,
        "PAPERBOY_PORT": str(port),
        "PYTHONPATH": str(ROOT),
    }
    process = subprocess.Popen([sys.executable, "-m", "worker", "web"], env={**os.environ, **environ}, stderr=subprocess.DEVNULL)
    try:
        for _ in range(240):
            try:
                if httpx.get(f"http://127.0.0.1:{port}/", timeout=30).status_code == httpx.codes.OK:
                    break
            except httpx.TransportError:
                time.sleep(0.25)
        yield port, process.pid
    finally:
        process.terminate()
        process.wait(20)


def cpu_seconds(process: int) -> float:
    """User and system time of a process so far (proc(5), fields 14 and 15)."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(port: int, process: int, subscribers: int, seconds: float) -> bool:
    """Each page in turn; whether the two bars were reached."""
    links, now = Links((SECRET,), ""), SystemClock().now()
    form = urlencode({"topics": ["robotics", "video"], "keywords": "world model\nagents", "timezone": "Europe/London"}, doseq=True).encode()

    def show(name: str, make: Callable[[], Seen]) -> Seen:
        before = cpu_seconds(process)
        seen = make()
        cpu = 1000 * (cpu_seconds(process) - before) / len(seen.latencies)
        figures = f"{seen.a_second:7.0f}/s  p50 {seen.percentile(0.5):6.1f} ms  p99 {seen.percentile(0.99):6.1f} ms  CPU {cpu:5.1f} ms"
        print(f"{name:<32}{figures}  {seen.largest // 1000:4} kB  {seen.failures} failed", flush=True)
        return seen

    def calls(count: int, make: Callable[[int], Call]) -> list[Call]:
        return [make(number) for number in range(count)]

    def preference(number: int) -> Call:
        return Call("GET", links.preferences(1 + number * 7919 % subscribers, now))

    show("sign-up page", lambda: flat_out(port, calls(600, lambda _: Call("GET", "/")), connections=8))
    preview = show("preview, 20 a second", lambda: at_rate(port, lambda _: Call("POST", "/preview", form), rate=20, seconds=seconds))
    show("preferences", lambda: flat_out(port, calls(300, preference), connections=4))
    show("leave page", lambda: flat_out(port, calls(1500, lambda number: Call("GET", links.leave(1 + number))), connections=8))
    one_click = Call("POST", "", b"List-Unsubscribe=One-Click")
    leaving = calls(4000, lambda number: Call("POST", links.leave(1 + number * 13 % subscribers), one_click.body))
    left = show("one-click, as fast as it goes", lambda: flat_out(port, leaving, connections=16))
    bars = {"preview p99 under 50 ms at 20/s": preview.percentile(0.99) < 50, "one-click over 500/s": left.a_second > 500}
    for words, reached in bars.items():
        print(f"{words:<34}{'reached' if reached else 'MISSED'}")
    return all(bars.values()) and not preview.failures and not left.failures
