"""Letters first: how long a confirmation waits while a wave of 100,000 digests goes out, from the page's one statement to the relay.

Processes as in production, the readers and the relay of `bench send`. Somebody signs up every half second for as long as digests come; a
letter's wait ends when its outcome stands in the ledger, which is a moment after the relay's answer.
"""

import argparse
import json
import signal
import sys
import time
from datetime import UTC, datetime

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from sqlalchemy import func, select

from config.database import Database
from subscribers import knocks
from subscribers.choices import Choices
from subscribers.models import Knock, Subscriber
from subscribers.signup import SignUp
from tests.bench.installation import Installation, installation
from tests.bench.readers import DAYS, World
from tests.bench.rounds import STANDSTILL, Stuck
from tests.bench.send import fill
from worker.send.models import OPEN, Delivery, Kind, State

EVERY = 0.5  # seconds between two who sign up
ENOUGH = 10.0  # seconds: what nineteen of twenty must not wait longer than


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="./paperboy bench letters",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="example:\n  ./paperboy bench letters --subscribers 20000 --json",
    )
    parser.add_argument("--subscribers", type=int, default=100_000, help="default: 100,000")
    parser.add_argument("--days", type=int, default=DAYS, help="that lie behind each reader  [60]")
    parser.add_argument("--workers", type=int, default=2, help="processes of the worker  [2]")
    parser.add_argument("--json", action="store_true", help="one object on standard output")
    asked = parser.parse_args(argv)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that servers and folders go however it ends
    console = Console(stderr=True)
    columns = (TextColumn("{task.description:<32}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress, installation() as here:
        try:
            world = fill(here, asked.subscribers, asked.days, progress)
            with here.working(asked.workers, here.sink):
                asked_for = knock_during(here, world, progress)
                waits = waited(here.database, asked_for)
        except Stuck as error:
            console.print(f"{error}\n{here.logs()}", markup=False)
            return 1
    told = {"digests": world.readers, "letters": asked_for, "accepted": len(waits), **percentiles(waits)}
    print(json.dumps(told, indent=2) if asked.json else in_words(told))
    return 0 if asked_for and len(waits) == asked_for and told["p95_s"] <= ENOUGH else 1


def knock_during(here: Installation, world: World, progress: Progress) -> int:
    """How many signed up while the wave went out, one every EVERY seconds from its first digest to its last. Raises Stuck."""
    task = progress.add_task(f"a wave, a sign-up each {EVERY:g} s", total=world.readers)
    world.tidy()
    world.rank()
    here.sink.forget()
    world.make_due()
    number, moved_at, before = 0, time.monotonic(), 0
    while (taken := here.sink.seen().messages) < world.readers:
        if taken > before:
            before, moved_at = taken, time.monotonic()
        elif time.monotonic() - moved_at > STANDSTILL:
            raise Stuck(f"{taken} of {world.readers} mails came, and none in the last {STANDSTILL:g} s")
        progress.update(task, completed=taken)
        if taken:
            number += 1
            with here.database.transaction() as session:
                knocks.sign_up(session, SignUp(f"newcomer{number}@example.org", Choices(), "/", "bench"), datetime.now(UTC))
        time.sleep(EVERY)
    return number


def waited(database: Database, letters: int) -> list[float]:
    """The seconds that each accepted letter waited, once all are settled. Raises Stuck."""
    deadline = time.monotonic() + STANDSTILL
    waiting = select(func.count()).select_from(Delivery).where(Delivery.kind == Kind.LETTER, Delivery.state.in_(OPEN))
    knocked = select(func.count()).select_from(Knock)
    while time.monotonic() < deadline:
        with database.reading() as session:
            if not session.scalar(waiting) and not session.scalar(knocked):
                # A sign-up keeps the moment of its knock as the moment it was written down.
                accepted = (
                    select(Delivery.settled_at, Subscriber.created_at)
                    .join(Subscriber, Subscriber.id == Delivery.subscriber_id)
                    .where(Delivery.kind == Kind.LETTER, Delivery.state == State.ACCEPTED)
                )
                return [(settled - begun).total_seconds() for settled, begun in session.execute(accepted) if settled]
        time.sleep(EVERY)
    raise Stuck(f"of {letters} letters some were still open {STANDSTILL:g} s after the last digest")


def percentiles(waits: list[float]) -> dict[str, float]:
    """Seconds."""
    found = np.percentile(waits or [float("nan")], [50, 95, 100])
    return {name: round(float(value), 2) for name, value in zip(("p50_s", "p95_s", "most_s"), found, strict=True)}


def in_words(told: dict[str, float]) -> str:
    return (
        f"{told['letters']} letters asked for during a wave of {told['digests']:,} digests, {told['accepted']} accepted: "
        f"half within {told['p50_s']} s, 95 % within {told['p95_s']} s, the last after {told['most_s']} s"
    )
