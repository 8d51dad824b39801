"""A reader's own feed (Atom, RFC 4287): the papers of their last digests, behind a token of its own. Says nothing of whose it is.

Entries lead to papers, never to the digest's own page, whose link outlives the feed's. A feed reader is a program: what it gets for a
link that is no good is a status and a line.
"""

from dataclasses import dataclass
from datetime import date, datetime
from urllib.parse import urlsplit

from sqlalchemy.orm import Session
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from subscribers import feeds
from subscribers.cadence import zone_named
from subscribers.links import LinkError, Purpose
from subscribers.web.site import Asked, Site, endpoint, status_of
from worker.ingest import catalogue
from worker.pick.choices import unpacked
from worker.reading.public import ATOM, private
from worker.reading.shown import Shown, shown
from worker.send.ledger import lookups

_DIGESTS = 10
_FRESH = 900  # seconds; a digest comes once a day at most


@dataclass(frozen=True, slots=True)
class Entry:
    """One digest."""

    id: str
    day: date  # where the reader lives
    due_at: datetime
    papers: tuple[Shown, ...]


def routes(site: Site) -> list[Route]:
    """Only shows."""
    return [Route("/feed/{token}", endpoint(site, show), methods=["GET"])]


def show(site: Site, asked: Asked) -> Response:
    """The feed; 404 for a link that was never one, 410 for one that was."""
    try:
        number = site.links.read(asked.path["token"], asked.now, Purpose.FEED).id
        with site.database.reading() as session:
            feed, reader = feeds.find(session, number)
            entries = _entries(site, session, reader.id, reader.zone)
    except LinkError as error:
        headers = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex"}
        return PlainTextResponse(f"{error.fault.value}\n", status_of(error.fault), headers=headers)
    updated = max((entry.due_at for entry in entries), default=feed.made_at)
    xml = site.xml("feed-digests", base=site.settings.base_url, url=site.links.feed(number), entries=entries, updated=updated)
    return private(asked, xml, ATOM, _FRESH)


def _entries(site: Site, session: Session, subscriber_id: int, zone: str) -> list[Entry]:
    rows = lookups.digests(session, subscriber_id, _DIGESTS)
    selections = [unpacked(row.content) for row in rows]
    papers = catalogue.papers_by_id(session, {number for one in selections for number in one.paper_ids})
    return [
        Entry(
            id=_tag(site.settings.base_url, row.id),
            day=row.due_at.astimezone(zone_named(zone)).date(),
            due_at=row.due_at,
            papers=shown((*one.for_you, *one.trending, *one.more), papers),
        )
        for row, one in zip(rows, selections, strict=True)
    ]


def _tag(base_url: str, number: int) -> str:
    """A name that stays when secrets are rotated and links change (RFC 4151)."""
    return f"tag:{urlsplit(base_url).hostname},2026:digests/{number}"
