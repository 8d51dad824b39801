"""A server that plays the sources, settings that lead to it, and the database and clock a source is made with."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from config.settings import Settings
from tests.playing import Playing, playing, settings_for


@pytest.fixture
def server() -> Iterator[Playing]:
    """Plays whatever a test tells it to."""
    with playing() as made:
        yield made


@pytest.fixture
def settings(server: Playing, tmp_path: Path) -> Settings:
    """Every source at the playing server."""
    return settings_for(server, tmp_path)
