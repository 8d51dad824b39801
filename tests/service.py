"""The processes of one installation, started by the commands an operator types."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from config.settings import ROOT


class Service:
    """`with service.running("worker"):`; what they log stands in `folder`."""

    def __init__(self, environ: dict[str, str], folder: Path, module: str = "worker") -> None:
        """`module`: what `python -m` runs."""
        self.environ = {**os.environ, **environ, "PYTHONPATH": str(ROOT)}
        self.folder = folder
        self.module = module

    @contextmanager
    def running(self, *command: str) -> Iterator[subprocess.Popen[bytes]]:
        words = [sys.executable, "-m", self.module, *command]
        with (self.folder / f"{command[0]}.log").open("ab") as log:
            process = subprocess.Popen(words, env=self.environ, stdout=log, stderr=log, cwd=self.folder, start_new_session=True)
            with ended(process):
                yield process

    def send(self, task: str, times: int) -> None:
        """Put the same task into its queue so many times."""
        script = f"from worker import tasks\nfor _ in range({times}): tasks.{task}.apply_async(expires=60)"
        subprocess.run([sys.executable, "-c", script], env=self.environ, cwd=self.folder, check=True, timeout=60)

    def wait_for(self, what: Callable[[], bool], seconds: float = 60.0) -> None:
        """Until it is so; shows the logs when it never is."""
        deadline = time.monotonic() + seconds
        while not what():
            if time.monotonic() > deadline:
                pytest.fail("\n".join(log.read_text()[-4000:] for log in self.folder.glob("*.log")))
            time.sleep(0.2)


@contextmanager
def ended(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """After this block it is told to end, if it still runs, and after half a minute made to."""
    try:
        yield
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
