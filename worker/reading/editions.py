"""The public archive: `/editions`, a day, a topic of a day, each as a page, an Atom feed and BibTeX. Nothing personal."""

import re
from collections.abc import Callable
from datetime import date, datetime

from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Route

from subscribers.topics import Topic
from subscribers.web.site import Asked, Handler, Site, endpoint
from worker.ingest import runs
from worker.pick.choices import Choice
from worker.reading.archive import Archive, Day
from worker.reading.bibtex import bibtex
from worker.reading.public import ATOM, BIBTEX, HTML, public
from worker.reading.shown import Shown, shown

NEWEST = "latest"
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_CARDS = 20  # of one page; the rest are lines
_OPEN, _CLOSED = 300, 86_400  # seconds an answer stays fresh: a day under way, and one that is over
_FEED_DAYS = 14

Shape = Callable[[Site, Asked, Day, Topic | None], Response]


def routes(site: Site, archive: Archive) -> list[Route]:
    """All of them only show."""

    def of(shape: Shape) -> Handler:
        return lambda site, asked: shape(site, asked, *_asked_for(site, archive, asked))

    def page(site: Site, asked: Asked, day: Day, topic: Topic | None) -> Response:
        return _page(site, asked, archive, day, topic)

    paths: list[tuple[str, Handler]] = [
        ("/editions", lambda site, asked: _list(site, asked, archive)),
        ("/editions.atom", lambda site, asked: _list_feed(site, asked, archive)),
        ("/editions/{day}.atom", of(_feed)),
        ("/editions/{day}.bib", of(_references)),
        ("/editions/{day}", of(page)),
        ("/editions/{day}/{topic}.atom", of(_feed)),
        ("/editions/{day}/{topic}.bib", of(_references)),
        ("/editions/{day}/{topic}", of(page)),
    ]
    return [Route(path, endpoint(site, handler), methods=["GET"]) for path, handler in paths]


def _list(site: Site, asked: Asked, archive: Archive) -> Response:
    with site.database.reading() as session:
        days = archive.days(session, asked.now)
        newest = archive.newest(session, asked.now)
        fetching = [] if days else list(runs.under_way(session, asked.now).values())
    months: dict[str, list[date]] = {}
    for day in days:
        months.setdefault(f"{day:%B %Y}", []).append(day)
    topics = archive.topics_of(newest) if newest else ()
    return public(asked, site.html("editions", months=months, topics=topics, fetching=fetching), HTML, _OPEN)


def _list_feed(site: Site, asked: Asked, archive: Archive) -> Response:
    with site.database.reading() as session:
        found = [archive.edition(session, day) for day in archive.days(session, asked.now)[:_FEED_DAYS]]
    days = [day for day in found if day]
    updated = max((day.moment for day in days), default=datetime.fromtimestamp(0, asked.now.tzinfo))
    entries = [(day, of_day(day)[:_CARDS]) for day in days]
    return public(asked, site.xml("feed-editions", base=site.settings.base_url, entries=entries, updated=updated), ATOM, _OPEN)


def _page(site: Site, asked: Asked, archive: Archive, day: Day, topic: Topic | None) -> Response:
    with site.database.reading() as session:
        days = archive.days(session, asked.now)
        whole = day if topic is None else archive.edition(session, day.day) or day
    earlier, later = _neighbours(days, day.day)
    papers = of_day(day)
    html = site.html(
        "edition",
        day=day.day,
        path=f"/editions/{day.day}" + (f"/{topic.key}" if topic else ""),
        note=day.page.note,
        is_closed=day.is_closed,
        topic=topic,
        topics=archive.topics_of(whole),
        papers=papers[:_CARDS],
        more=papers[_CARDS:],
        earlier=earlier,
        later=later,
    )
    return public(asked, html, HTML, _fresh(day))


def _feed(site: Site, asked: Asked, day: Day, topic: Topic | None) -> Response:
    path = asked.path["day"] + (f"/{topic.key}" if topic else "")
    base = site.settings.base_url
    xml = site.xml(
        "feed-papers", base=base, path=f"/editions/{path}", day=day, topic=topic, papers=list(zip(of_day(day), day.papers, strict=True))
    )
    return public(asked, xml, ATOM, _fresh(day))


def _references(site: Site, asked: Asked, day: Day, topic: Topic | None) -> Response:  # noqa: ARG001 - the shape's signature
    return public(asked, bibtex(day.papers), BIBTEX, _fresh(day))


def _asked_for(site: Site, archive: Archive, asked: Asked) -> tuple[Day, Topic | None]:
    """The edition of the path, only with the papers of its topic if it names one. Raises HTTPException (404)."""
    topic = archive.topics.get(asked.path["topic"]) if "topic" in asked.path else None
    with site.database.reading() as session:
        if asked.path["day"] == NEWEST:
            found = archive.newest(session, asked.now)
        else:
            found = archive.edition(session, day) if (day := day_of(asked.path["day"])) else None
    if found is None or ("topic" in asked.path and topic is None):
        raise HTTPException(404)
    return (archive.of_topic(found, topic) if topic else found), topic


def of_day(day: Day) -> tuple[Shown, ...]:
    """An edition's papers as pages show them, each with its votes."""
    papers = {paper.id: paper for paper in day.papers}
    return shown((Choice(number, _why(day, number, paper.votes)) for number, paper in papers.items()), papers)


def _why(day: Day, number: int, votes: int) -> str:
    if number in day.page.pins:
        return "Picked by the editor"
    return f"{votes} vote{'s' if votes != 1 else ''}" if votes else ""


def _neighbours(days: list[date], day: date) -> tuple[date | None, date | None]:
    """The days before and after, which have an edition too."""
    return max((one for one in days if one < day), default=None), min((one for one in days if one > day), default=None)


def _fresh(day: Day) -> int:
    return _CLOSED if day.is_closed else _OPEN


def day_of(text: str) -> date | None:
    """The day that a path names: "2026-06-17"; None for what is none."""
    try:
        return date.fromisoformat(text) if _DAY.fullmatch(text) else None  # by itself it reads "20260617xx" as well
    except ValueError:
        return None
