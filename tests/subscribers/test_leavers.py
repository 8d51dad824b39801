import asyncio
from collections.abc import Sequence

import pytest
from sqlalchemy import event
from sqlalchemy.exc import DatabaseError

from config.database import Database
from subscribers.leavers import Leavers
from subscribers.models import Standing, Subscriber
from tests.subscribers.builders import NOON, add_reader


def click(leavers: Leavers, numbers: Sequence[int]) -> list[bool | BaseException]:
    """All at once."""

    async def together() -> list[bool | BaseException]:
        return await asyncio.gather(*map(leavers.leave, numbers), return_exceptions=True)

    return asyncio.run(together())


@pytest.fixture
def readers(database: Database) -> list[int]:
    with database.transaction() as session:
        return [add_reader(session, f"reader{number}@example.org", now=NOON).id for number in range(40)]


def test_who_clicks_at_the_same_time_leaves_in_two_statements_and_is_told_their_own(database: Database, readers: list[int]) -> None:
    statements: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda *given: statements.append(given[2]))
    leavers = Leavers(database)

    told = click(leavers, [*readers, 9999])

    assert told == [True] * 40 + [False]
    assert len([one for one in statements if one.startswith("UPDATE")]) == 2  # who came first, and all who came meanwhile
    with database.reading() as session:
        assert {session.get_one(Subscriber, number).standing for number in readers} == {Standing.LEFT}
    assert click(leavers, readers[:1]) == [False]


def test_nobody_of_a_group_that_could_not_be_written_is_told_done(database: Database, readers: list[int]) -> None:
    frozen = Database(database.url.render_as_string(hide_password=False))
    no_writing = "PRAGMA query_only=ON" if database.is_sqlite else "SET default_transaction_read_only = on"
    event.listen(frozen.engine, "connect", lambda connection, _: connection.execute(no_writing) and connection.commit())

    told = click(Leavers(frozen), readers[:8])

    frozen.close()
    assert all(isinstance(one, DatabaseError) for one in told)
    with database.reading() as session:
        assert session.get_one(Subscriber, readers[0]).standing == Standing.ACTIVE
