"""The usual ways in processes of their own, measured as ours is: the same database, Redis, sink and number of processes."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from config.settings import ROOT
from tests.bench import naive
from tests.bench.installation import Installation
from tests.bench.processes import Kinds, calibration, spent
from tests.bench.rounds import STANDSTILL, Round, Stuck

PATIENCE = STANDSTILL

Go = Callable[[int, int], None]  # first and last reader


@dataclass(frozen=True, slots=True)
class Way:
    """One usual way, ready to go."""

    here: Installation
    kinds: Kinds
    go: Go  # returns when the work is handed out, or done

    def measure(self, first: int, count: int) -> Round:
        """So many mails, to the readers from `first` on. Raises Stuck."""
        self.here.sink.forget()
        measured = calibration()
        before, own, begun = self.kinds.cpu(), time.process_time(), time.time()
        self.go(first, first + count - 1)
        own = time.process_time() - own
        _until(lambda: self.here.sink.seen().messages >= count, f"{count} mails of a usual way")
        time.sleep(0.1)  # the last commit
        seen = self.here.sink.seen()
        cpu = spent(before, self.kinds.cpu()) | {"producer": own}
        faults = () if seen.recipients == count else (f"{seen.recipients} of {count} readers got a mail of a usual way",)
        return Round(count, seen.last_at - begun, cpu, seen.size, measured, self.kinds.peak("worker"), faults)


@contextmanager
def naive_way(here: Installation, workers: int) -> Iterator[Way]:
    """A Celery worker of so many processes."""
    words = ["worker", "--queues", naive.QUEUE, "--concurrency", str(workers), "--loglevel", "ERROR", "--without-mingle"]
    with _process(here, "naive", ["-m", "celery", "-A", "tests.bench.naive", *words]) as process:
        yield Way(
            here,
            Kinds({"worker": (process.pid,), **here.roots}),
            lambda first, last: naive.queued(here.environ["PAPERBOY_REDIS_URL"], range(first, last + 1)),
        )


@contextmanager
def careful_way(here: Installation, workers: int) -> Iterator[Way]:
    """So many processes, each with its share of the readers."""
    with ExitStack() as stack:
        started = [stack.enter_context(_process(here, f"careful{n}", ["-m", "tests.bench.careful"])) for n in range(workers)]
        for process in started:
            _answer(process, b"ready\n")
        kinds = Kinds({"worker": tuple(process.pid for process in started), **here.roots})
        yield Way(here, kinds, lambda first, last: _share_out(started, first, last))


def _share_out(started: list["subprocess.Popen[bytes]"], first: int, last: int) -> None:
    share = -(-(last - first + 1) // len(started))
    for number, process in enumerate(started):
        assert process.stdin
        begin = first + number * share
        process.stdin.write(b"%d %d\n" % (begin, min(last, begin + share - 1)))
        process.stdin.flush()
    for process in started:
        _answer(process, b"done\n")


def _answer(process: "subprocess.Popen[bytes]", wanted: bytes) -> None:
    assert process.stdout
    if (said := process.stdout.readline()) != wanted:
        raise Stuck(f"the careful way said {said!r} instead of {wanted!r}")


@contextmanager
def _process(here: Installation, name: str, words: list[str]) -> Iterator["subprocess.Popen[bytes]"]:
    environ: Mapping[str, str] = {**os.environ, **here.environ, "PYTHONPATH": str(ROOT)}
    with (here.folder / f"{name}.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, *words], env=environ, cwd=here.folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log
        )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(60)


def _until(what: Callable[[], bool], words: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not what():
        if time.monotonic() > deadline:
            raise Stuck(f"{words} did not come within {PATIENCE:g} s")
        time.sleep(0.05)
