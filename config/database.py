"""The engine, the declarative base, and `transaction()`: the only commit in the code base.

PostgreSQL and SQLite are both first-class. SQLite runs in WAL mode, and a transaction there begins IMMEDIATE, so that
two writers queue at the door instead of failing half-way (https://www.sqlite.org/lang_transaction.html).
"""

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    DateTime,
    Dialect,
    Engine,
    Integer,
    MetaData,
    any_,
    column,
    create_engine,
    event,
    func,
    literal,
    make_url,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import DeclarativeBase, InstrumentedAttribute, Session
from sqlalchemy.types import TypeDecorator

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

# SQLite gives out row ids only for INTEGER PRIMARY KEY; everywhere else an id is 64 bits wide.
Id = BigInteger().with_variant(Integer(), "sqlite")
# Law 10: ids are never reused, which SQLite promises only with AUTOINCREMENT.
NEVER_REUSED = {"sqlite_autoincrement": True}


class Base(DeclarativeBase):
    """Every table of ours."""

    metadata = MetaData(naming_convention=NAMING)


class Instant(TypeDecorator[datetime]):
    """An aware UTC datetime, on SQLite too (which keeps no zone)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a moment without a zone: {value!r}; pass an aware datetime")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class _Ids(TypeDecorator[list[int]]):
    """An array of ids as PostgreSQL writes it (its manual, section 8.15.2): psycopg takes ten times as long over a list of numbers."""

    impl = ARRAY(BigInteger)
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Callable[[list[int] | None], str]:
        return lambda ids: f"{{{','.join(map(str, ids or ()))}}}"


def among(session: Session, key: InstrumentedAttribute[int], ids: Iterable[int]) -> ColumnElement[bool]:
    """`key` is one of `ids`: one parameter however many there are, so that thousands cost the client next to nothing."""
    if session.get_bind().dialect.name == "sqlite":  # which takes 32,766 parameters at most
        return key.in_(select(func.json_each(json.dumps(list(ids))).table_valued(column("value", Integer)).c.value))
    return key == any_(literal(list(ids), _Ids))


def upsert(session: Session, table: type[Base]) -> postgresql.Insert | sqlite.Insert:
    """An INSERT that knows ON CONFLICT, which is no standard SQL: in the words of the session's database."""
    return sqlite.insert(table) if session.get_bind().dialect.name == "sqlite" else postgresql.insert(table)


class Database:
    """One engine, and the two ways in: `transaction()` writes and commits, `reading()` never writes."""

    def __init__(self, url: str) -> None:
        self.url = make_url(url)
        self.engine = _engine(url)

    @property
    def is_sqlite(self) -> bool:
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """A session whose work is committed at the end, or rolled back whole if the block raises."""
        with Session(self.engine, expire_on_commit=False) as session:
            yield session
            session.commit()

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that sees one state and changes nothing: it is always rolled back."""
        engine = self.engine.execution_options(reading=True)
        with Session(engine, expire_on_commit=False) as session:
            yield session
            session.expunge_all()  # a rollback would empty the rows that were read
            session.rollback()

    def close(self) -> None:
        self.engine.dispose()


def _engine(url: str) -> Engine:
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return _sqlite_engine(url, parsed.database)
    # Processes with few connections each: a pool that hands back dead ones after a restart of PostgreSQL would fail once a process.
    return create_engine(url, pool_pre_ping=True, pool_size=5, max_overflow=5, pool_timeout=10)


def _sqlite_engine(url: str, file: str | None) -> Engine:
    if file and file != ":memory:":
        Path(file).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, connect_args={"timeout": 30, "check_same_thread": False})

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: object) -> None:  # noqa: ANN401 - the DBAPI has no common type
        connection.isolation_level = None  # we say BEGIN ourselves, below
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "busy_timeout=30000"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Any) -> None:  # noqa: ANN401 - as above
        reading = connection.get_execution_options().get("reading", False)
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")

    return engine
