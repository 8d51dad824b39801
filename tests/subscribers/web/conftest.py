"""The whole web process on a database of each kind, its clock moved by hand."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from starlette.applications import Starlette

from config.clock import SetClock
from config.database import Database
from config.runtime import Runtime
from config.settings import load
from tests.subscribers.web.visitor import Visitor
from worker.asgi import application

MakeApp = Callable[..., Starlette]


@pytest.fixture
def make_app(database: Database, clock: SetClock, tmp_path: Path) -> MakeApp:
    """Makes the application with more settings than the defaults."""

    def make(**environ: str) -> Starlette:
        return application(Runtime(load({"PAPERBOY_STATE_DIR": str(tmp_path), **environ}), database, clock))

    return make


@pytest.fixture
def app(make_app: MakeApp) -> Starlette:
    """The application as it comes."""
    return make_app()


@pytest.fixture
def visitor(app: Starlette) -> Visitor:
    """Somebody who comes along."""
    return Visitor(app)


@pytest.fixture
def wait(clock: SetClock) -> Callable[[timedelta], None]:
    """Lets time pass."""
    return lambda span: clock.move_to(clock.now() + span)
