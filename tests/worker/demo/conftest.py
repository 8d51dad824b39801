"""One demo a run: the command as a person types it, in a process of its own."""

import fcntl
from pathlib import Path

import pytest

from tests.worker.demo.played import Demo, played


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Demo:
    """`./paperboy demo`, nothing else said. The processes of pytest share it: whoever comes first plays, and the others wait."""
    own = tmp_path_factory.getbasetemp()
    here = (own if worker_id == "master" else own.parent) / "demo"
    here.mkdir(exist_ok=True)
    said = here / "said.txt"
    with (here / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not said.exists():
            _play(here, said)
    return Demo(here / "out" / "demo", said.read_text(encoding="utf-8"), 0)


def _play(here: Path, said: Path) -> None:
    done = played(cwd=here)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    said.write_text(done.stdout, encoding="utf-8")
