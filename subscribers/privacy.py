"""A reader's right to all that is held, and to nothing being held: the port that other rooms fill in, export and erasure.

What outlives erasure holds no address: a suppression and the count of sign-up letters, both under a keyed hash (law 10).
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from subscribers import audience, feeds, preferences, standing
from subscribers.models import Knock, Request, Subscriber

Json = str | int | float | bool | None | Sequence["Json"] | Mapping[str, "Json"]


class Holder(Protocol):
    """Another room that holds something about subscribers; the processes hand in one of each."""

    name: str  # the part of the export: "deliveries"

    def export(self, session: Session, subscriber_id: int) -> Json:
        """All that is held about this subscriber, as a person may read it."""
        ...

    def erase(self, session: Session, subscriber_id: int) -> None:
        """Forget the subscriber: delete the rows, or take out everything by which they could be known again."""
        ...


def export(session: Session, row: Subscriber, holders: Iterable[Holder]) -> Mapping[str, Json]:
    """All that is held about one reader."""
    choices = preferences.read(session, row)
    asked = session.scalars(select(Request).where(Request.subscriber_id == row.id).order_by(Request.id))
    barred = standing.suppression(session, row.address_key)
    own: dict[str, Json] = {
        "address": row.address,
        "name": row.name,
        "standing": str(row.standing),
        "signed_up_at": _moment(row.created_at),
        "confirmed_at": _moment(row.confirmed_at),
        "consent": {"at": _moment(row.consent_at), "page": row.consent_source, "wording": row.consent_wording},
        "choices": {
            "topics": choices.topics,
            "keywords": choices.keywords,
            "authors": choices.authors,
            "mutes": choices.mutes,
            "cadence": str(choices.cadence),
            "weekday": choices.weekday,
            "hour": choices.hour,
            "timezone": choices.zone,
            "papers_for_you": choices.for_you,
            "papers_trending": choices.trending,
        },
        "paused_until": _moment(row.paused_until),
        "next_digest_at": _moment(row.next_due_at),
        "last_digest_at": _moment(row.last_digest_at),
        "votes": [
            {"paper": paper, "vote": "more like this" if value > 0 else "not for me", "at": _moment(at)}
            for _, paper, value, at in audience.votes_of(session, [row.id])
        ],
        "feed": {"made_at": _moment(feed.made_at)} if (feed := feeds.of(session, row.id)) else None,
        "letters": [
            {"kind": str(one.kind), "to": one.detail or row.address, "asked_at": _moment(one.requested_at)}
            | ({"sign_up": one.sign_up} if one.sign_up else {})
            for one in asked
        ],
        "suppressed": {"since": _moment(barred.since), "reason": barred.reason} if barred else None,
    }
    return own | {holder.name: holder.export(session, row.id) for holder in holders}


def erase(session: Session, row: Subscriber, holders: Iterable[Holder]) -> None:
    """Forget one reader for good, in this room and in every other. The id is never given out again."""
    for holder in holders:
        holder.erase(session, row.id)
    standing.forget_words(session, row.address_key)
    session.execute(delete(Knock).where(func.lower(Knock.address) == row.address.lower()))
    session.delete(row)  # interests, votes, requests and the feed go with it, by their foreign keys
    session.flush()


def _moment(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds") if moment else None
