"""The last readable answer of each URL, with its validators, so that "not modified" gives the same papers again instead of none."""

import zlib
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from config.database import upsert
from worker.ingest.models import Fetch

LONGEST_URL = 1_000
LONGEST_VALIDATOR = 300
LONGEST_DATE = 100
LARGEST = 4_000_000  # bytes, packed: a whole day of all of arXiv is under one million


@dataclass(frozen=True, slots=True)
class Kept:
    """A body and what its server called it."""

    body: bytes
    etag: str | None
    last_modified: str | None


def kept(session: Session, url: str) -> Kept | None:
    """The answer of `url` that we hold."""
    row = session.get(Fetch, url) if len(url) <= LONGEST_URL else None
    if row is None:
        return None
    try:
        return Kept(zlib.decompress(row.body), row.etag, row.last_modified)
    except zlib.error:  # a damaged row must not stand between us and the source
        return None


def keep(session: Session, url: str, answer: Kept, *, now: datetime) -> None:
    """Hold `answer` in place of the one before; one without validators, or too large to hold, is let go."""
    body = zlib.compress(answer.body)
    etag = answer.etag if _fits(answer.etag, LONGEST_VALIDATOR) else None
    last_modified = answer.last_modified if _fits(answer.last_modified, LONGEST_DATE) else None
    if len(url) > LONGEST_URL or len(body) > LARGEST or not (etag or last_modified):
        session.execute(delete(Fetch).where(Fetch.url == url))
        return
    values = {"etag": etag, "last_modified": last_modified, "body": body, "fetched_at": now}
    session.execute(upsert(session, Fetch).values(url=url, **values).on_conflict_do_update(index_elements=["url"], set_=values))


def forget_before(session: Session, moment: datetime, *, most: int = 500) -> int:
    """Let go of up to `most` answers older than `moment`; returns how many. Their URLs are then simply fetched whole again."""
    old = session.scalars(select(Fetch.url).where(Fetch.fetched_at < moment).limit(most)).all()
    session.execute(delete(Fetch).where(Fetch.url.in_(old)))
    return len(old)


def _fits(validator: str | None, most: int) -> bool:
    return bool(validator) and len(validator or "") <= most and (validator or "").isascii() and (validator or "").isprintable()
