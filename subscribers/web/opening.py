"""What a link to the preferences opens: weak by the link of a digest, everything by a fresh one; and the page that shows it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from http import HTTPStatus

from sqlalchemy.orm import Session
from starlette.responses import Response

from subscribers import feeds, preferences, requests, votes
from subscribers.addresses import shown
from subscribers.cadence import zone_named
from subscribers.choices import Choices, Fault
from subscribers.links import LinkError, LinkFault, Purpose
from subscribers.models import RequestKind, Standing, Subscriber
from subscribers.votes import Cast
from subscribers.web import forms
from subscribers.web.showcase import Beside
from subscribers.web.site import Asked, Site

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_READS = (Standing.ACTIVE, Standing.PAUSED)
_FRESH = (RequestKind.FRESH_LINK, RequestKind.ADDRESS_CHANGED)


@dataclass(frozen=True, slots=True)
class Opened:
    """Whose choices a link opens, and the fresh link's request, if it is one."""

    row: Subscriber
    request_id: int | None


@dataclass(frozen=True, slots=True)
class _State:
    """What the page says of a reader; the address only to who has shown that it is theirs."""

    id: int
    is_fresh: bool
    address: str
    standing: Standing
    zone: str
    next_due_at: datetime | None
    paused_until: datetime | None
    choices: Choices
    votes: list[Cast]
    has_feed: bool
    feed: str  # its link, to who has shown that the address is theirs


def open_link(site: Site, asked: Asked, session: Session) -> Opened:
    """The reader of this link, locked where the session writes. Raises LinkError."""
    verified = site.links.read(asked.path["token"], asked.now, Purpose.CHOOSE, Purpose.FRESH)
    if verified.purpose is Purpose.FRESH:
        _, row = requests.find(session, verified.id, _FRESH)
        return Opened(row, verified.id)
    found = session.get(Subscriber, verified.id)
    if found is None:
        raise LinkError(LinkFault.EXPIRED)
    return Opened(found, None)


def open_reader(site: Site, asked: Asked, session: Session) -> Opened:
    """The same, for what only readers do. Raises LinkError for one who left."""
    opened = open_link(site, asked, session)
    session.refresh(opened.row, with_for_update=True)
    if opened.row.standing not in _READS:
        raise LinkError(LinkFault.EXPIRED)
    return opened


def open_fresh(site: Site, asked: Asked, session: Session) -> tuple[Subscriber, int]:
    """The same, for what needs a fresh link: the reader, and the request that the link may use up. Raises LinkError."""
    opened = open_link(site, asked, session)
    if opened.request_id is None:
        raise LinkError(LinkFault.FOREIGN)
    session.refresh(opened.row, with_for_update=True)
    return opened.row, opened.request_id


def page(
    site: Site,
    asked: Asked,
    status: int = HTTPStatus.OK,
    *,
    tried: Choices | None = None,
    faults: Sequence[Fault] = (),
    **more: object,
) -> Response:
    """The page, with everything a reader may choose and look up.

    The form holds the reader's choices, or `tried` in their place, or what was sent, with its `faults`. `more`: told, undo, and what is
    wrong with another field.
    """
    with site.database.reading() as session:
        state = _read(site, asked, session)
        history = site.showcase.history(session, state.id, opens=state.is_fresh)
        titles = site.showcase.titles(session, [vote.paper_key for vote in state.votes])
    choices = tried or state.choices
    beside = site.showcase.preview(choices, asked.now) if state.standing in _READS else Beside()
    if faults:
        form = forms.refilled(asked, choices, site.catalogue, beside.papers_a_day, faults)
    else:
        form = forms.filled(choices, site.catalogue, beside.papers_a_day)
    context = {"told": (), "undo": (), "pause_fault": "", "address_fault": "", "erase_fault": ""} | more
    return site.page(
        "preferences",
        status,
        token=asked.path["token"],
        reader=state,
        reads=state.standing in _READS,
        form=form,
        beside=beside.html,
        leave=site.links.leave(state.id),
        history=history,
        titles=titles,
        today=asked.now.astimezone(zone_named(state.zone)).date(),
        **context,
    )


def day_in(zone: str, text: str) -> datetime | None:
    """The first moment of a day ("2026-07-01") in a zone; None for what is no day."""
    if not _DAY.fullmatch(text.strip()):
        return None
    try:
        return datetime.combine(date.fromisoformat(text.strip()), time(), zone_named(zone))
    except ValueError:
        return None


def _read(site: Site, asked: Asked, session: Session) -> _State:
    opened = open_link(site, asked, session)
    row, feed = opened.row, feeds.of(session, opened.row.id)
    return _State(
        id=row.id,
        is_fresh=opened.request_id is not None,
        address=shown(row.address) if opened.request_id is not None else "",
        standing=Standing(row.standing),
        zone=row.zone,
        next_due_at=row.next_due_at,
        paused_until=row.paused_until,
        choices=preferences.read(session, row),
        votes=votes.of(session, row.id),
        has_feed=feed is not None,
        feed=site.links.feed(feed.id) if feed and opened.request_id is not None else "",
    )
