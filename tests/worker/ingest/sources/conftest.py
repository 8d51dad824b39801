"""The house of a source under test: one a module, tidied for each test."""

from collections.abc import Iterator

import pytest

from tests.worker.ingest.sources.house import House, a_house


@pytest.fixture(scope="module")
def shared_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """For tests that generate examples."""
    with a_house(tmp_path_factory.mktemp("house")) as made:
        yield made


@pytest.fixture
def house(shared_house: House) -> House:
    """As if nobody had lived there yet."""
    shared_house.tidy()
    return shared_house
