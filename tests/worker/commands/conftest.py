"""Desks: an empty one, and one with the client's 78 papers and three readers, made once a run and copied."""

import shutil
from pathlib import Path

import pytest

from tests.worker.commands.desk import PAGE, SHEET, Desk


@pytest.fixture
def desk(sqlite_template: Path, tmp_path: Path) -> Desk:
    """A desk on the day after the installation: the schema, and nothing in it."""
    state = tmp_path / "state"
    state.mkdir()
    shutil.copy(sqlite_template, state / "paperboy.db")
    return Desk(state)


@pytest.fixture
def stocked(stocked_state: Path, tmp_path: Path) -> Desk:
    """A desk with papers, and with Ada, Bob and Cleo, who are active and have had nothing yet."""
    return Desk(Path(shutil.copytree(stocked_state, tmp_path / "state")))


@pytest.fixture(params=["sqlite", "postgresql"])
def either(request: pytest.FixtureRequest, tmp_path: Path) -> Desk:
    """A stocked desk, once on each engine."""
    if request.param == "sqlite":
        made: Desk = request.getfixturevalue("stocked")
        return made
    database = request.getfixturevalue("postgresql_database")
    made = Desk(tmp_path / "state", {"PAPERBOY_DATABASE_URL": database.url.render_as_string(hide_password=False)})
    stock(made)
    return made


@pytest.fixture(scope="session")
def stocked_state(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    state = tmp_path_factory.mktemp("stocked") / "state"
    state.mkdir()
    shutil.copy(sqlite_template, state / "paperboy.db")
    stock(Desk(state))
    return state


def stock(desk: Desk) -> None:
    sheet = desk.state.parent / "readers.csv"
    sheet.write_text(SHEET, encoding="utf-8")
    desk.done("ingest", "file", str(PAGE))
    desk.done("subscribers", "import", str(sheet), "--confirmed")
