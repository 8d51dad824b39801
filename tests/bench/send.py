"""Sending under load: waves of 100,000 readers through the whole path, beside the usual ways to send the same mail.

Planning, ledger (PostgreSQL with fsync on), composing, Celery on Redis, SMTP to a sink of the bench's own: processes as in production.
Readers differ (topics, three keywords of 20,000) and have 60 days of digests behind them; a mail holds 10 cards of real papers.
Beside it, round by round: the naive way (a task a reader, Jinja2 and premailer a mail, EmailMessage, a new connection, a commit a row)
and the careful one (batches, CSS inlined once, EmailMessage, a kept connection). Medians of the rounds are printed.
"""

import argparse
import json
import signal
import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack
from datetime import UTC, datetime
from typing import NamedTuple

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from tests.bench import postfix
from tests.bench.beside import Way, careful_way, naive_way
from tests.bench.figures import Figures, show, summary
from tests.bench.installation import Installation, installation
from tests.bench.readers import DAYS, World
from tests.bench.rounds import Round, Stuck, wave


class Beside(NamedTuple):
    """A usual way: how it is started, and how many readers make a round."""

    start: Callable[[Installation, int], AbstractContextManager[Way]]
    readers: int


BESIDE = {"naive": Beside(naive_way, 300), "careful": Beside(careful_way, 2_000)}


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="./paperboy bench send",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="examples:\n  ./paperboy bench send\n  ./paperboy bench send --subscribers 20000 --rounds 1 --json",
    )
    parser.add_argument("--subscribers", type=int, default=100_000, help="default: 100,000")
    parser.add_argument("--days", type=int, default=DAYS, help="that lie behind each reader  [60]")
    parser.add_argument("--workers", type=_numbers, default=(2, 1, 4), help="processes of the worker; the first is compared  [2,1,4]")
    parser.add_argument("--rounds", type=int, default=5, help="of the first number of workers; the others run once  [5]")
    parser.add_argument("--alone", action="store_true", help="without the usual ways beside it")
    parser.add_argument("--json", action="store_true", help="one object on standard output")
    asked = parser.parse_args(argv)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that servers and folders go however it ends
    console = Console(stderr=True)
    columns = (TextColumn("{task.description:<32}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress, installation() as here:
        try:
            world = fill(here, asked.subscribers, asked.days, progress)
            ours, others = compare(here, world, asked.workers[0], asked.rounds, {} if asked.alone else BESIDE, progress)
            by_workers = {asked.workers[0]: ours}
            for workers in asked.workers[1:]:
                by_workers[workers] = compare(here, world, workers, 1, {}, progress)[0]
            if postfix.is_installed():
                others["smtp_sink"] = to_postfix(here, world, asked.workers[0], progress)
        except Stuck as error:
            console.print(f"{error}\n{here.logs()}", markup=False)
            return 1
    told = summary(by_workers, others, asked.subscribers)
    if asked.json:
        print(json.dumps(told, indent=2))
    else:
        show(told, Console())
    return 1 if told["faults"] else 0


def fill(here: Installation, readers: int, days: int, progress: Progress) -> World:
    """Papers, readers and their past."""
    world = World(here.database, readers, datetime.now(UTC).replace(microsecond=0), days)
    task = progress.add_task(f"readers and {days} days behind them", total=readers * (1 + days))
    world.papers()
    world.rank()
    world.subscribers(lambda more: progress.advance(task, more))
    world.past(lambda more: progress.advance(task, more))
    world.forget_waves()
    return world


def compare(
    here: Installation, world: World, workers: int, rounds: int, beside: Mapping[str, Beside], progress: Progress
) -> tuple[Figures, dict[str, Figures]]:
    """So many rounds of ours, and after each a smaller one of every usual way. Raises Stuck."""
    ours: list[Round] = []
    others: dict[str, list[Round]] = {name: [] for name in beside}
    task = progress.add_task(f"{workers} workers, {rounds} rounds", total=rounds * world.readers)
    with ExitStack() as stack:
        kinds = stack.enter_context(here.working(workers, here.sink))
        ways = {name: stack.enter_context(one.start(here, workers)) for name, one in beside.items()}
        for way in ways.values():
            way.measure(1, 4 * workers)  # each of its processes is up, and has its first mail behind it
        for _ in range(rounds):
            world.forget_waves()
            for name, way in ways.items():
                others[name].append(way.measure(1 + 4 * workers, min(beside[name].readers, world.readers // 2)))
            ours.append(wave(world, here.sink, kinds, lambda more: progress.advance(task, more)))
    return Figures(ours, workers), {name: Figures(found, workers) for name, found in others.items()}


def to_postfix(here: Installation, world: World, workers: int, progress: Progress) -> Figures:
    """One round of ours to Postfix's sink, which reads byte by byte. Raises Stuck."""
    task = progress.add_task(f"{workers} workers to {postfix.PROGRAM}", total=world.readers)
    with postfix.running(here.database) as sink, here.working(workers, sink) as kinds:
        return Figures([wave(world, sink, kinds, lambda more: progress.advance(task, more))], workers)


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(word) for word in text.split(","))
