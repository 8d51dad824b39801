"""What was decided: rows are written once an occasion, and the past of readers is read for the next decision."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple, TypeVarTuple

from psycopg.errors import UniqueViolation
from sqlalchemy import ARRAY, Connection, DateTime, LargeBinary, Select, and_, func, literal, or_, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from config.database import among
from worker.send.models import HELD, Delivery, State

Columns = TypeVarTuple("Columns")

# What a row may say when it is written; what it does not say has the table's default.
_USUAL: dict[str, Any] = {
    "subscriber_id": None,
    "occasion": None,
    "kind": None,
    "state": State.WAITING,
    "wave_id": None,
    "due_at": None,
    "stale_at": None,
    "next_attempt_at": None,
    "attempts": 0,
    "owner": None,
    "domain": "",
    "address_hash": None,
    "reason": "",
    "code": "",
    "mailer": "",
    "provider_id": "",
    "settled_at": None,
    "ranking_id": None,
    "papers": b"",
    "content": {},
}
_NAMES = ", ".join(_USUAL)
_SHARED = [(name, usual) for name, usual in _USUAL.items() if name not in {"subscriber_id", "papers", "content"}]  # by many rows, as a rule
_ORDER = ", ".join(["subscriber_id", *(name for name, _ in _SHARED), "papers", "content"])
# No value stands in these, only the names above.
_COPY = f"COPY deliveries ({_ORDER}) FROM STDIN"
_COPY_ASIDE = f"COPY written ({_ORDER}) FROM STDIN"
_MAKE = text(f"CREATE TEMPORARY TABLE written AS SELECT {_NAMES} FROM deliveries WITH NO DATA")  # noqa: S608 - names of columns, from the model
_ADD = text(f"INSERT INTO deliveries ({_NAMES}) SELECT {_NAMES} FROM written ON CONFLICT DO NOTHING")  # noqa: S608 - names of columns, from the model
_DROP = text("DROP TABLE written")
FEW = 50  # rows; below, a statement of their own costs no more


def write(session: Session, rows: Sequence[Mapping[str, Any]]) -> int:
    """Add deliveries, leaving out those whose reader already has one for the occasion (law 2); how many were new.

    The content of a row is plain values, or the JSON of them.
    """
    if not rows:
        return 0
    sqlite_ = session.get_bind().dialect.name == "sqlite"
    if not sqlite_ and len(rows) > FEW:
        return _copy(session.connection(), rows)
    statement = (sqlite if sqlite_ else postgresql).insert(Delivery.__table__).on_conflict_do_nothing()
    counted = session.connection().execution_options(preserve_rowcount=True)
    return counted.execute(statement, [{**_USUAL, **row, "content": _plain(row.get("content", {}))} for row in rows]).rowcount


def _plain(content: dict[str, Any] | str) -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(content) if isinstance(content, str) else content
    return plain


def _copy(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> int:
    """By COPY: a fifth of what arrays of parameters cost us, measured.

    Straight into the table, which is half of what ON CONFLICT costs PostgreSQL; where a reader turns out to have one of these
    occasions, by way of a table of the transaction's own.
    """
    lines = "".join(map(_line, rows)).encode()
    try:
        with connection.begin_nested():
            return _copied(connection, _COPY, lines)
    except UniqueViolation:
        connection.execute(_MAKE)
        _copied(connection, _COPY_ASIDE, lines)
        added = connection.execute(_ADD).rowcount
        connection.execute(_DROP)
        return added


def _copied(connection: Connection, command: str, lines: bytes) -> int:
    cursor: Any = connection.connection.cursor()  # psycopg's, which alone knows COPY
    with cursor:
        with cursor.copy(command) as copy:
            copy.write(lines)
        count: int = cursor.rowcount
        return count


def _line(row: Mapping[str, Any]) -> str:
    """A row in COPY's text format (https://www.postgresql.org/docs/current/sql-copy.html, "Text Format")."""
    shared = "\t".join([_field(row.get(name, usual)) for name, usual in _SHARED])
    content = row.get("content", {})
    written = content if isinstance(content, str) else json.dumps(content)
    written = written.replace("\\", r"\\")  # JSON holds no bare tab or line end
    return f"{row['subscriber_id']}\t{shared}\t\\\\x{row.get('papers', b'').hex()}\t{written}\n"


_ESCAPED = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})


@lru_cache(maxsize=4096)
def _field(value: object) -> str:
    """One value; rows of one wave share nearly all of theirs."""
    match value:
        case None:
            return r"\N"
        case bytes():
            return rf"\\x{value.hex()}"
    return str(value).translate(_ESCAPED)


@dataclass(frozen=True, slots=True)
class Past:
    """One earlier occasion of a reader."""

    subscriber_id: int
    occasion: str
    state: State
    due_at: datetime
    papers: bytes


def past(session: Session, subscriber_ids: Collection[int], *, since: datetime) -> list[Past]:
    """What these readers were sent or spared since a moment, in the order of time: one statement."""
    columns = (Delivery.subscriber_id, Delivery.occasion, Delivery.state, Delivery.due_at, Delivery.papers)
    found = _since(session, select(*columns), subscriber_ids, since).order_by(Delivery.subscriber_id, Delivery.due_at)
    return [Past(reader, occasion, State(state), due_at, papers) for reader, occasion, state, due_at, papers in session.execute(found)]


class Remembered(NamedTuple):
    """What the ledger knows of a reader's last days, as planning reads it."""

    subscriber_id: int
    papers: bytes  # packed, of everything the reader has or may have
    quiet: Sequence[datetime]  # the due moments of the days without a mail since the last one


def remembered(session: Session, subscriber_ids: Collection[int], *, since: datetime) -> list[Remembered]:
    """The same, one row a reader, added up by PostgreSQL itself: sixteen rows a reader are more than all the rest of planning."""
    if session.get_bind().dialect.name == "sqlite":
        return _added_up(past(session, subscriber_ids, since=since))
    spared = Delivery.state == State.SKIPPED
    # Nothing is put in order there: sorting rows with their papers spills to disk.
    papers = func.coalesce(func.string_agg(Delivery.papers, literal(b"", LargeBinary())).filter(~spared), literal(b"", LargeBinary()))
    quiet = func.array_agg(Delivery.due_at, type_=ARRAY(DateTime(timezone=True))).filter(spared)
    last = func.max(Delivery.due_at).filter(~spared)
    found = _since(session, select(Delivery.subscriber_id, papers, quiet, last), subscriber_ids, since).group_by(Delivery.subscriber_id)
    return [
        Remembered(reader, held, sorted(at for at in days if last is None or at > last) if days else ())
        for reader, held, days, last in session.connection().execute(found)  # past the ORM, which costs more than the rows
    ]


def _added_up(rows: Iterable[Past]) -> list[Remembered]:
    papers: dict[int, list[bytes]] = {}
    quiet: dict[int, list[datetime]] = {}
    for row in rows:
        papers.setdefault(row.subscriber_id, []).append(row.papers)
        days = quiet.setdefault(row.subscriber_id, [])
        if row.state is State.SKIPPED:
            days.append(row.due_at)
        else:
            days.clear()
    return [Remembered(reader, b"".join(held), quiet[reader]) for reader, held in papers.items()]


def existing(session: Session, subscriber_ids: Collection[int], occasions: Collection[str]) -> dict[tuple[int, str], Delivery]:
    """The rows that these readers already have for any of these occasions."""
    theirs = among(session, Delivery.subscriber_id, subscriber_ids)
    found = session.scalars(select(Delivery).where(theirs, Delivery.occasion.in_(occasions)))
    return {(row.subscriber_id, row.occasion): row for row in found}


def _since(session: Session, found: Select[*Columns], subscriber_ids: Collection[int], since: datetime) -> Select[*Columns]:
    return found.where(
        among(session, Delivery.subscriber_id, subscriber_ids),
        Delivery.due_at >= since,
        Delivery.occasion >= _earliest(since),  # which the index of the occasions knows, as it does not know when they were due
        # A letter or a notice brings no papers: it neither counts as one that was sent nor ends a row of quiet days.
        or_(and_(Delivery.state.in_(HELD), Delivery.papers != b""), Delivery.state == State.SKIPPED),
    )


def _earliest(since: datetime) -> str:
    """The least key of any digest due since then, wherever its reader lives: of a day, or at the turn of a year of a week."""
    day = since.date() - timedelta(days=2)
    year, week, _ = day.isocalendar()
    return f"digest:{min(day.isoformat(), f'{year}-W{week:02d}')}"
