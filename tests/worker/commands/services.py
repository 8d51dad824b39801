"""Commands that run until they are told to stop, as processes whose words stand in the desk's state folder."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx
import pytest

from tests.service import ended
from tests.worker.commands.desk import PATIENCE, Desk


@contextmanager
def running(desk: Desk, *words: str, **environ: str) -> Iterator[subprocess.Popen[bytes]]:
    """The process of a command; it is stopped at the end, if it still runs. What it says goes to `COMMAND.log`."""
    with (
        (desk.state / f"{words[0]}.log").open("ab") as log,
        subprocess.Popen(
            [sys.executable, "-m", "worker", *words],
            env=desk.outside(**environ),
            cwd=desk.state.parent,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        ) as process,
        ended(process),
    ):
        yield process


def wait_for(what: Callable[[], bool], process: subprocess.Popen[bytes] | subprocess.Popen[str]) -> None:
    """Until it is so; whoever does not answer yet is asked again."""
    deadline = time.monotonic() + PATIENCE
    while not _asked(what):
        if process.poll() is not None or time.monotonic() > deadline:
            pytest.fail(f"{process.args!r} ended with {process.poll()}, or took too long")
        time.sleep(0.1)


def _asked(what: Callable[[], bool]) -> bool:
    try:
        return what()
    except httpx.TransportError:
        return False
