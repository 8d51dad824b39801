"""A digest in the browser, behind its *read* token: its papers, and votes on them. Shows whose it is to nobody."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from sqlalchemy.orm import Session
from starlette.responses import Response
from starlette.routing import Route

from subscribers import votes
from subscribers.cadence import zone_named
from subscribers.links import LinkError, LinkFault, Purpose
from subscribers.models import Standing, Subscriber
from subscribers.votes import Value
from subscribers.web.site import Asked, Site, endpoint
from worker.ingest import catalogue
from worker.ingest.papers import Paper
from worker.pick import editions
from worker.pick.choices import Selection, unpacked
from worker.reading.bibtex import bibtex
from worker.reading.public import BIBTEX
from worker.reading.shown import shown
from worker.render.cards import view_of
from worker.render.digests import remarks
from worker.send.ledger import lookups


class Wish(StrEnum):
    """A vote, as its link says it."""

    MORE = "more"
    LESS = "less"


_ID = re.compile(r"\d{1,18}", re.ASCII)
_VALUES = {Wish.MORE: Value.MORE, Wish.LESS: Value.LESS}


@dataclass(frozen=True, slots=True)
class Opened:
    """A digest, as its token opens it."""

    subscriber_id: int
    day: date  # the reader's own
    note: str
    selection: Selection
    papers: Mapping[int, Paper]


def routes(site: Site) -> list[Route]:
    """GET shows, POST does."""
    return [
        Route("/digests/{token}", endpoint(site, show), methods=["GET"]),
        Route("/digests/{token}/papers.bib", endpoint(site, references), methods=["GET"]),
        Route("/digests/{token}/papers/{paper}/{wish}", endpoint(site, ask), methods=["GET"]),
        Route("/digests/{token}/papers/{paper}/{wish}", endpoint(site, vote), methods=["POST"]),
    ]


def show(site: Site, asked: Asked) -> Response:
    """The digest as it was chosen, with everything that a mail has no room for."""
    with site.database.reading() as session:
        opened = _open(site, asked, session)
    return site.page(
        "digest",
        token=asked.path["token"],
        day=opened.day,
        note=opened.note,
        remarks=remarks(opened.selection),
        candidates=opened.selection.candidates,
        for_you=shown(opened.selection.for_you, opened.papers),
        trending=shown(opened.selection.trending, opened.papers),
        more=shown(opened.selection.more, opened.papers),
    )


def references(site: Site, asked: Asked) -> Response:
    """Its papers as BibTeX."""
    with site.database.reading() as session:
        opened = _open(site, asked, session)
    papers = [opened.papers[number] for number in opened.selection.paper_ids if number in opened.papers]
    headers = {"Cache-Control": "no-store", "Content-Disposition": f'attachment; filename="digest-{opened.day}.bib"'}
    return Response(bibtex(papers), media_type=BIBTEX, headers=headers)


def ask(site: Site, asked: Asked) -> Response:
    """One button. Changes nothing: mail sandboxes follow links and run scripts, but press no button."""
    with site.database.reading() as session:
        paper = _paper(asked, _open(site, asked, session))
    return site.page("vote", token=asked.path["token"], paper=view_of(paper), number=asked.path["paper"], wish=_wish(asked), done="")


def vote(site: Site, asked: Asked) -> Response:
    """Count the vote, or take it back, for the reader of the digest."""
    wish = _wish(asked)
    with site.database.transaction() as session:
        opened = _open(site, asked, session)
        paper = _paper(asked, opened)
        row = session.get(Subscriber, opened.subscriber_id)
        if row is None:
            raise LinkError(LinkFault.EXPIRED)
        if asked.one("withdraw"):
            votes.withdraw(session, opened.subscriber_id, paper.key)
        else:
            votes.cast(session, opened.subscriber_id, paper.key, _VALUES[wish], asked.now)
    done, reads = "withdrawn" if asked.one("withdraw") else "cast", row.standing in (Standing.ACTIVE, Standing.PAUSED)
    return site.page("vote", token=asked.path["token"], paper=view_of(paper), number=asked.path["paper"], wish=wish, done=done, reads=reads)


def _open(site: Site, asked: Asked, session: Session) -> Opened:
    """What the token opens. Raises LinkError; a digest that is no longer kept counts as expired."""
    delivery = lookups.one(session, site.links.read(asked.path["token"], asked.now, Purpose.READ).id)
    if delivery is None or "for_you" not in delivery.content:
        raise LinkError(LinkFault.EXPIRED)
    selection = unpacked(delivery.content)
    row = session.get(Subscriber, delivery.subscriber_id)
    return Opened(
        subscriber_id=delivery.subscriber_id,
        day=delivery.due_at.astimezone(zone_named(row.zone if row else "UTC")).date(),
        note=editions.notes(session, [delivery.due_at.date()]).get(delivery.due_at.date(), ""),
        selection=selection,
        papers=catalogue.papers_by_id(session, selection.paper_ids),
    )


def _paper(asked: Asked, opened: Opened) -> Paper:
    """The paper of the path, if the digest holds it. Raises LinkError."""
    number = int(asked.path["paper"]) if _ID.fullmatch(asked.path["paper"]) else 0
    # A work that was merged since is asked for by the id that mails carry, or by the one that pages show.
    found = opened.papers.get(number) or next((paper for paper in opened.papers.values() if paper.id == number), None)
    if found is None:
        raise LinkError(LinkFault.BROKEN)
    return found


def _wish(asked: Asked) -> Wish:
    try:
        return Wish(asked.path["wish"])
    except ValueError:
        raise LinkError(LinkFault.BROKEN) from None
