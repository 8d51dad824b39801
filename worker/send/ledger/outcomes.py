"""What became of it: outcomes are settled in groups, and every row comes to one end."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any, NamedTuple, cast

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    DateTime,
    Integer,
    LargeBinary,
    Table,
    Text,
    Update,
    and_,
    bindparam,
    case,
    func,
    or_,
    update,
)
from sqlalchemy import cast as sql_cast
from sqlalchemy.orm import Session
from sqlalchemy.types import TypeEngine

from config.log import redact
from worker.send.ledger.claims import WORDS, Claimed
from worker.send.models import Delivery, State
from worker.send.port import Outcome, Verdict

# After the first failure, the second, and so on; a delivery that would be stale by then has failed for good.
RETRY_AFTER = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 360, 720))

_ENDS = {
    Verdict.ACCEPTED: State.ACCEPTED,
    Verdict.REFUSED: State.REFUSED,
    Verdict.UNKNOWN: State.UNKNOWN,
    Verdict.DEFERRED: State.FAILED,  # unless there is a next attempt
}


class Settlement(NamedTuple):
    """What is written when the fate of one claim is known. One a mail, so a plain tuple, in the order in which a statement brings it."""

    id: int
    state: State
    now: datetime
    reason: str = ""
    code: str = ""
    mailer: str = ""
    provider_id: str = ""
    address_hash: bytes | None = None
    next_attempt_at: datetime | None = None
    uncounted: int = 0  # attempts to take back: 1 when it was never begun


def settlement(claimed: Claimed, outcome: Outcome, *, now: datetime, mailer: str, address_hash: bytes | None = None) -> Settlement:
    """What an outcome means for the row: an end, or the next moment (law 8: the ledger alone decides on retries)."""
    later = next_attempt(claimed.attempts, claimed.stale_at, now) if outcome.verdict is Verdict.DEFERRED else None
    return Settlement(
        claimed.id,
        State.WAITING if later else _ENDS[outcome.verdict],
        now,
        redact(outcome.words)[:WORDS],  # servers like to quote the address, and a delivery holds none (law 10)
        outcome.code[:16],
        mailer[:40],
        outcome.provider_id[:200],
        address_hash,
        later,
    )


def next_attempt(attempts: int, stale_at: datetime, now: datetime) -> datetime | None:
    """When a delivery that failed `attempts` times is tried again; None when there is no use any more."""
    if attempts > len(RETRY_AFTER):
        return None
    later = now + RETRY_AFTER[max(0, attempts - 1)]
    return later if later < stale_at else None


def settle(session: Session, owner: int, settlements: Iterable[Settlement]) -> None:
    """Write a group of outcomes in one statement.

    A row that this owner lost meanwhile takes only the good news, and only while nobody else holds it: that a mail was
    accepted after all is what keeps it from going out twice.
    """
    group = list(settlements)
    if group and _settle(session, group, owner) < len(group):
        _settle(session, [one for one in group if one.state is State.ACCEPTED], None)


def _settle(session: Session, group: Sequence[Settlement], owner: int | None) -> int:
    """Write outcomes to the rows that this owner holds, or (None) that nobody holds; how many."""
    if not group:
        return 0
    on_sqlite = session.get_bind().dialect.name == "sqlite"
    whose = {} if owner is None else {"held_by": owner}
    values: Any = [{**dict(zip(_PLACES, one, strict=True)), **whose} for one in group] if on_sqlite else _arrays(group) | whose
    settling = _settling(on_sqlite=on_sqlite, is_held=owner is not None)
    return session.connection().execution_options(preserve_rowcount=True).execute(settling, values).rowcount


_TABLE = cast("Table", Delivery.__table__)
_ROW = _TABLE.c


class _Brought(NamedTuple):
    """How a settlement's field travels."""

    kept: TypeEngine[Any]  # on SQLite
    kind: TypeEngine[Any]  # on PostgreSQL
    written: Callable[[Any], str]  # there, as an element of an array


def _text(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _bytes(value: bytes | None) -> str:
    return "NULL" if value is None else f'"\\\\x{value.hex()}"'


def _moment(value: datetime | None) -> str:
    return "NULL" if value is None else f'"{value.isoformat()}"'


_WORDS = _Brought(Text(), Text(), _text)
_BROUGHT = {
    "id": _Brought(BigInteger(), BigInteger(), str),
    "state": _Brought(Text(), Text(), str),
    "now": _Brought(_ROW.settled_at.type, DateTime(timezone=True), _moment),
    "reason": _WORDS,
    "code": _WORDS,
    "mailer": _WORDS,
    "provider_id": _WORDS,
    "address_hash": _Brought(LargeBinary(), LargeBinary(), _bytes),
    "next_attempt_at": _Brought(_ROW.next_attempt_at.type, DateTime(timezone=True), _moment),
    "uncounted": _Brought(Integer(), Integer(), str),
}
_PLACES = tuple(f"to_{name}" for name in _BROUGHT)  # names of columns are taken by what they are set to


def _arrays(group: Sequence[Settlement]) -> dict[str, Any]:
    """One array a field, in PostgreSQL's notation (its manual, section 8.15.2): psycopg makes it bit by bit, at ten times the cost."""
    columns = zip(_PLACES, _BROUGHT.values(), zip(*group, strict=True), strict=True)
    return {place: "{" + ",".join(map(brought.written, column)) + "}" for place, brought, column in columns}


@cache
def _settling(*, on_sqlite: bool, is_held: bool) -> Update:
    """The statement, made once: making it anew for each group costs as much as running it."""
    if on_sqlite:
        new: Mapping[str, ColumnElement[Any]] = {name: bindparam(f"to_{name}", type_=one.kept) for name, one in _BROUGHT.items()}
    else:
        arrays = [sql_cast(bindparam(f"to_{name}", type_=Text()), ARRAY(one.kind)) for name, one in _BROUGHT.items()]
        new = dict(func.unnest(*arrays).table_valued(*_BROUGHT).render_derived("brought").c)
    if is_held:
        condition = and_(_ROW.owner == bindparam("held_by"), _ROW.state == State.CLAIMED)
    else:
        condition = or_(_ROW.state == State.WAITING, _ROW.state == State.UNKNOWN)
    return update(_TABLE).where(_ROW.id == new["id"], condition).values(_settled(new))


def _settled(new: Mapping[str, ColumnElement[Any]]) -> dict[str, Any]:
    kept = ("state", "reason", "code", "mailer", "provider_id", "address_hash")
    return {
        **{name: new[name] for name in kept},
        "owner": None,
        "settled_at": case((new["state"] != State.WAITING, new["now"])),
        "attempts": _ROW.attempts - new["uncounted"],
        "next_attempt_at": func.coalesce(new["next_attempt_at"], _ROW.next_attempt_at),
    }
