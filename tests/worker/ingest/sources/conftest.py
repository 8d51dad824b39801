"""The house of a source under test: new for each test, or one for all of a module."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.worker.ingest.sources.house import House, a_house


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with a_house(tmp_path) as made:
        yield made


@pytest.fixture(scope="module")
def shared_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """For tests that generate examples, which must not make a house for each."""
    with a_house(tmp_path_factory.mktemp("house")) as made:
        yield made
