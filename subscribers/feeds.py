"""A reader's own feed: off until they ask for it, and its link as good as the row behind it, so that a new one kills the old."""

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from subscribers.links import LinkError, LinkFault
from subscribers.models import Feed, Subscriber


def of(session: Session, subscriber_id: int) -> Feed | None:
    """The reader's feed; None while it is off."""
    return session.scalars(select(Feed).where(Feed.subscriber_id == subscriber_id)).first()


def make(session: Session, subscriber_id: int, now: datetime) -> Feed:
    """A feed under a link of its own; the one before it is gone. The caller holds the reader's row, so that two cannot be made at once."""
    turn_off(session, subscriber_id)
    made = Feed(subscriber_id=subscriber_id, made_at=now)
    session.add(made)
    session.flush()
    return made


def turn_off(session: Session, subscriber_id: int) -> bool:
    """No feed any more; False if there was none."""
    return session.scalars(delete(Feed).where(Feed.subscriber_id == subscriber_id).returning(Feed.id)).first() is not None


def find(session: Session, feed_id: int) -> tuple[Feed, Subscriber]:
    """The feed behind a verified link, and whose it is. Raises LinkError when it was turned off, or its reader is gone."""
    feed = session.get(Feed, feed_id)
    row = session.get(Subscriber, feed.subscriber_id) if feed else None
    if feed is None or row is None:
        raise LinkError(LinkFault.REVOKED)
    return feed, row
