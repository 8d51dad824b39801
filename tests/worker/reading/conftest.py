"""The whole web process over a small world: papers, readers, and mails that went out."""

from pathlib import Path

import pytest

from config.clock import SetClock
from config.database import Database
from tests.subscribers.web.visitor import Visitor
from tests.worker.send.world import World
from worker.asgi import application


@pytest.fixture
def world(database: Database, clock: SetClock, tmp_path: Path) -> World:
    """06:00 UTC on Wednesday 17 June 2026."""
    return World(database, clock, tmp_path)


@pytest.fixture
def visitor(world: World) -> Visitor:
    """Somebody who comes along."""
    return Visitor(application(world.runtime))
