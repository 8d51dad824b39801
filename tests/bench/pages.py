"""Pages under load: 100,000 subscribers in PostgreSQL, one web process, a client on the loopback.

Prints requests a second and percentiles of the sign-up page, the preview, the preferences and one-click leaving, once with few
subscribers and once with all of them; and whether the preview answers within 50 ms at 20 requests a second (99 of 100), one-click goes
at over 500 a second, and no page grows with the number of subscribers.
"""

import argparse
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
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
FEW = 1_000
GROWN = 1.5  # what a noisy machine may make of the same work
PREVIEW, ONE_CLICK = "preview", "one-click"


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="./paperboy bench pages", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--subscribers", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=15.0, help="of each measurement at a given rate")
    asked = parser.parse_args(argv)
    few = min(FEW, asked.subscribers // 10)
    with servers.postgresql() as url, TemporaryDirectory() as folder:
        list_papers(url)
        subscribe(url, 0, few)
        with web_process(url, Path(folder)) as (port, process):
            desk = Desk(port, process, asked.seconds)
            desk.warm_up(few)
            print(f"with {few:,} subscribers", flush=True)
            before = desk.measure(0, few)
            print(f"with {asked.subscribers:,} subscribers", flush=True)
            subscribe(url, few, asked.subscribers)
            good = told(before, desk.measure(few, asked.subscribers))
    return 0 if good else 1


def list_papers(url: str) -> None:
    """A week of papers, and a ranking of them."""
    database = Database(url)
    migrate(database)
    now = SystemClock().now()
    take_in(database, *recorded_week(), now=now - timedelta(hours=1))
    with database.transaction() as session:
        today = now.date()
        session.add(Run(source="huggingface", begun_at=now, touched_at=now, ended_at=now, since=today, until=today, seen=1, new=1))
    with database.transaction() as session:
        rankings.make_ranking(session, now)
    database.close()


def subscribe(url: str, first: int, last: int) -> None:
    """Readers with choices of their own, up to the `last`, where there are `first` already."""
    database, now = Database(url), SystemClock().now()
    topics = ("language-models", "robotics", "video", "reasoning", "agents")
    choices = [Choices(topics=topics[number:], keywords=("mamba",), zone="Europe/London") for number in range(5)]
    for start in range(first, last, CHUNK):
        entries = [Entry(0, f"reader{number}@example.org", choices[number % 5]) for number in range(start, min(last, start + CHUNK))]
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


@dataclass(frozen=True, slots=True)
class Desk:
    """Measures one web process."""

    port: int
    process: int
    seconds: float  # of what is asked at a given rate

    def warm_up(self, subscribers: int) -> None:
        """What is made ready once a process is no part of any figure."""
        flat_out(self.port, [call for calls in _calls(0, subscribers, 40).values() for call in calls[:40]], connections=4)

    def measure(self, first: int, last: int) -> dict[str, Seen]:
        """Each page in turn, for readers from the id after `first` up to `last`; prints as it goes."""
        seen: dict[str, Seen] = {}
        for name, calls in _calls(first, last, 4000).items():
            before = cpu_seconds(self.process)
            seen[name] = self._run(name, calls)
            cpu = 1000 * (cpu_seconds(self.process) - before) / len(seen[name].latencies)
            print(f"  {name:<14}{_figures(seen[name])}  CPU {cpu:5.1f} ms", flush=True)
        return seen

    def _run(self, name: str, calls: Sequence[Call]) -> Seen:
        if name == PREVIEW:
            return at_rate(self.port, lambda number: calls[number % len(calls)], rate=20, seconds=self.seconds)
        return flat_out(self.port, calls, connections=16 if name == ONE_CLICK else 8)


def told(few: Mapping[str, Seen], many: Mapping[str, Seen]) -> bool:
    """Say whether the bars were reached, and whether anything failed."""
    # The fastest tenth: what else the machine does is in all the others.
    growth = {name: many[name].percentile(0.1) / few[name].percentile(0.1) for name in many}
    print("times as long as with few subscribers: " + ", ".join(f"{name} {ratio:.2f}" for name, ratio in growth.items()))
    bars = {
        f"{PREVIEW} p99 under 50 ms at 20/s": many[PREVIEW].percentile(0.99) < 50,
        f"{ONE_CLICK} over 500/s": many[ONE_CLICK].a_second > 500,
        f"no page takes {GROWN} times as long": max(growth.values()) < GROWN,
        "no answer failed": not any(seen.failures for seen in (*few.values(), *many.values())),
    }
    for words, reached in bars.items():
        print(f"{words:<34}{'reached' if reached else 'MISSED'}")
    return all(bars.values())


def _calls(first: int, last: int, most: int) -> dict[str, list[Call]]:
    """The requests by page. Who leaves is of the upper half of the readers, so that the others are still there to be shown."""
    links, now = Links((SECRET,), ""), SystemClock().now()
    middle = (first + last) // 2
    half = range(min(most, middle - first))
    form = urlencode({"topics": ["robotics", "video"], "keywords": "world model\nagents", "timezone": "Europe/London"}, doseq=True).encode()
    there = [first + 1 + number * 7919 % (middle - first) for number in half]
    return {
        "sign-up page": [Call("GET", "/")] * 600,
        PREVIEW: [Call("POST", "/preview", form)],
        "preferences": [Call("GET", links.preferences(number, now)) for number in there[:300]],
        "leave page": [Call("GET", links.leave(number)) for number in there[:1500]],
        ONE_CLICK: [Call("POST", links.leave(middle + 1 + number), b"List-Unsubscribe=One-Click") for number in half],
    }


def _figures(seen: Seen) -> str:
    times = f"p50 {seen.percentile(0.5):6.1f} ms  p99 {seen.percentile(0.99):6.1f} ms"
    return f"{seen.a_second:6.0f}/s  {times}  {seen.largest // 1000:3} kB  {seen.failures} failed"
