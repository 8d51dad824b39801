"""The database's floor: a transaction is whole or nothing, reading changes nothing, and a moment keeps its meaning."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import String, delete, func, insert, select, text
from sqlalchemy.exc import IntegrityError, StatementError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from config.database import NEVER_REUSED, Database, Id, Instant


class OwnBase(DeclarativeBase):
    """Tables of our own: the rows of the house are not this floor's business."""


class Note(OwnBase):
    __tablename__ = "notes"

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=True)
    word: Mapped[str] = mapped_column(String(20), unique=True)

    __table_args__ = NEVER_REUSED


class Moment(OwnBase):
    __tablename__ = "moments"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    at: Mapped[datetime | None] = mapped_column(Instant)


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database with two little tables."""
    url = f"sqlite:///{tmp_path}/deep/down/notes.db" if request.param == "sqlite" else request.getfixturevalue("empty_postgresql_url")
    made = Database(url)
    OwnBase.metadata.create_all(made.engine)
    yield made
    made.close()


def write(session: Session, word: str) -> None:
    session.execute(insert(Note).values(word=word))


def count(database: Database) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(Note)) or 0


def test_a_transaction_is_kept_when_the_block_ends(empty: Database) -> None:
    with empty.transaction() as session:
        write(session, "first")
        write(session, "second")
    assert count(empty) == 2


def test_a_transaction_that_raises_leaves_nothing(empty: Database) -> None:
    def fail() -> None:
        with empty.transaction() as session:
            write(session, "first")
            write(session, "first")

    with pytest.raises(IntegrityError):
        fail()
    assert count(empty) == 0


def test_any_exception_rolls_the_whole_block_back(empty: Database) -> None:
    def interrupted() -> None:
        with empty.transaction() as session:
            write(session, "first")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert count(empty) == 0


def test_reading_writes_nothing(empty: Database) -> None:
    with empty.reading() as session:
        write(session, "scribble")
    assert count(empty) == 0


def test_a_reader_does_not_wait_for_a_writer(empty: Database) -> None:
    with empty.transaction() as session:
        write(session, "not yet")
        assert count(empty) == 0
    assert count(empty) == 1


def test_two_writers_queue_and_neither_fails_half_way(empty: Database) -> None:
    """On SQLite a transaction that reads first and writes later must not find that another one was faster."""

    def write_many(name: str) -> None:
        for number in range(10):
            with empty.transaction() as session:
                session.execute(select(func.count()).select_from(Note))
                write(session, f"{name}{number}")

    writers = [threading.Thread(target=write_many, args=(name,)) for name in "ab"]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert count(empty) == 20


def test_an_id_is_never_given_out_again(empty: Database) -> None:
    with empty.transaction() as session:
        write(session, "first")
        last = session.scalar(select(func.max(Note.id)))
        session.execute(delete(Note))
    with empty.transaction() as session:
        write(session, "second")
        assert session.scalar(select(func.max(Note.id))) == (last or 0) + 1


def test_foreign_keys_hold_on_sqlite_too(sqlite_database: Database) -> None:
    with sqlite_database.reading() as session:
        assert session.scalar(text("PRAGMA foreign_keys")) == 1
        assert session.scalar(text("PRAGMA journal_mode")) == "wal"


ZONES = st.timezones() | st.integers(-23, 23).map(lambda hours: timezone(timedelta(hours=hours)))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(st.datetimes(datetime(1971, 1, 1), datetime(2100, 1, 1), timezones=ZONES, allow_imaginary=False))  # noqa: DTZ001 - bounds before zones
def test_a_moment_comes_back_as_the_same_moment_in_utc(empty: Database, moment: datetime) -> None:
    with empty.transaction() as session:
        session.execute(delete(Moment))
        session.execute(insert(Moment).values(id=1, at=moment))
        found = session.scalar(select(Moment.at))
        assert session.scalar(select(func.count()).where(Moment.at == moment)) == 1
    assert found == moment
    assert found.tzinfo is UTC


def test_a_moment_may_be_missing(empty: Database) -> None:
    with empty.transaction() as session:
        session.execute(insert(Moment).values(id=1, at=None))
        assert session.scalar(select(Moment.at)) is None


def test_a_moment_without_a_zone_is_refused(empty: Database) -> None:
    naive = datetime(2026, 6, 17, 6, 0)  # noqa: DTZ001 - the fault under test
    with empty.transaction() as session, pytest.raises(StatementError, match="a moment without a zone"):
        session.execute(insert(Moment).values(id=1, at=naive))
