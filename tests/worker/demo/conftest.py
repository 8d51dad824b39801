"""One demo a run: the command as a person types it, in a process of its own."""

import pytest

from tests.worker.demo.played import Demo, played


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """`./paperboy demo`, nothing else said."""
    here = tmp_path_factory.mktemp("demo")
    done = played(cwd=here)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    return Demo(here / "out" / "demo", done.stdout, done.returncode)
