"""`/api/v1`: what the public pages do, for programs. JSON in and out, bounded, nothing personal, nothing kept."""

from collections.abc import Callable, Sequence
from datetime import date
from http import HTTPStatus

from pydantic import BaseModel, ValidationError
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from subscribers.choices import Choices, ChoicesError, check_choices
from subscribers.web.limits import PREVIEW
from subscribers.web.site import NO_DATABASE, Asked, Site, endpoint
from worker.reading.api_models import (
    Edition,
    EditionListed,
    Editions,
    Fault,
    Faults,
    Preview,
    ShownPaper,
    TopicOnOffer,
    Topics,
    Wanted,
)
from worker.reading.archive import Archive
from worker.reading.editions import day_of, of_day
from worker.reading.newsdesk import Draft, Newsdesk
from worker.reading.openapi import Operation, document
from worker.reading.public import public
from worker.reading.shown import Shown

_LISTED = 31  # editions of one answer


class Refused(Exception):
    """What was asked cannot be answered; the faults say why."""

    def __init__(self, status: HTTPStatus, *faults: Fault) -> None:
        super().__init__(status)
        self.status = status
        self.faults = list(faults)


class Api:
    """The operations, and what they look things up in."""

    def __init__(self, site: Site, newsdesk: Newsdesk, archive: Archive) -> None:
        self._site = site
        self._newsdesk = newsdesk
        self._archive = archive

    def topics(self, asked: Asked) -> Topics:
        """Every topic on offer, with how many papers a day it brings."""
        counts = self._newsdesk.papers_a_day(self._newsdesk.look(asked.now))
        return Topics(
            topics=[
                TopicOnOffer(key=topic.key, name=topic.name, group=topic.group, line=topic.line, papers_a_day=counts.get(topic.key))
                for topic in self._archive.topics.topics
            ]
        )

    def editions(self, asked: Asked) -> Editions:
        """The newest days of the archive, or those before the day `before`."""
        before = _day(asked.query["before"], "before") if "before" in asked.query else date.max
        with self._site.database.reading() as session:
            days = [day for day in self._archive.days(session, asked.now) if day < before]
        base = self._site.settings.base_url
        return Editions(editions=[EditionListed(day=day, url=f"{base}/editions/{day}") for day in days[:_LISTED]])

    def edition(self, asked: Asked) -> Edition:
        """What a day closed with; with `topic`, only that topic's papers."""
        day, key = _day(asked.path["day"], "day"), asked.query.get("topic", "")
        topic = self._archive.topics.get(key)
        if key and topic is None:
            raise Refused(HTTPStatus.NOT_FOUND, Fault(field="topic", remedy="use a key that /api/v1/topics lists"))
        with self._site.database.reading() as session:
            found = self._archive.edition(session, day)
        if found is None:
            raise Refused(HTTPStatus.NOT_FOUND, Fault(field="day", remedy="use a day that /api/v1/editions lists"))
        chosen = self._archive.of_topic(found, topic) if topic else found
        return Edition(
            day=found.day, is_closed=found.is_closed, note=found.page.note, topic=key, papers=[_paper(one) for one in of_day(chosen)]
        )

    def preview(self, asked: Asked) -> Preview:
        """The digest that these choices would give now. Nothing is kept."""
        if not self._site.limiter.allows(PREVIEW, asked.network, asked.now):
            raise Refused(HTTPStatus.TOO_MANY_REQUESTS, Fault(field="", remedy="ask again in a minute"))
        return _preview(self._newsdesk.draft(self._newsdesk.look(asked.now), _choices(asked, self._site), asked.now))


_NOT_FOUND = {HTTPStatus.NOT_FOUND: "There is none"}
_DAY = {"type": "string", "format": "date"}
_KEY = {"type": "string", "maxLength": 60}
OPERATIONS = (
    Operation("GET", "/topics", "topics", Topics),
    Operation("GET", "/editions", "editions", Editions, query={"before": _DAY}, failures={HTTPStatus.UNPROCESSABLE_ENTITY: "No day"}),
    Operation(
        "GET",
        "/editions/{day}",
        "edition",
        Edition,
        path={"day": _DAY},
        query={"topic": _KEY},
        failures={**_NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY: "No day"},
    ),
    Operation(
        "POST",
        "/preview",
        "preview",
        Preview,
        body=Wanted,
        failures={HTTPStatus.UNPROCESSABLE_ENTITY: "What is wrong", HTTPStatus.TOO_MANY_REQUESTS: "Too often"},
    ),
)


def routes(site: Site, newsdesk: Newsdesk, archive: Archive) -> list[Route]:
    """The operations and their description."""
    api = Api(site, newsdesk, archive)
    described = document(OPERATIONS, api, Faults, title=site.settings.name, server=f"{site.settings.base_url}/api/v1")
    own = [
        Route(f"/api/v1{one.path_template}", endpoint(site, _answering(getattr(api, one.name))), methods=[one.method]) for one in OPERATIONS
    ]
    return [*own, Route("/api/v1/openapi.json", endpoint(site, lambda _site, _asked: JSONResponse(described)), methods=["GET"])]


def failed(status: int, *faults: Fault) -> Response:
    """A failure, as programs read it."""
    return Response(Faults(faults=list(faults)).model_dump_json(), status, media_type="application/json")


def _answering(operation: Callable[[Asked], BaseModel]) -> Callable[[Site, Asked], Response]:
    def answer(_site: Site, asked: Asked) -> Response:
        try:
            answered = operation(asked)
        except Refused as refused:
            return failed(refused.status, *refused.faults)
        except NO_DATABASE:
            return failed(HTTPStatus.SERVICE_UNAVAILABLE, Fault(field="", remedy="the database does not answer; ask again in a minute"))
        if asked.body:
            return Response(answered.model_dump_json(), media_type="application/json", headers={"Cache-Control": "no-store"})
        return public(asked, answered.model_dump_json(), "application/json", 300)

    return answer


def _choices(asked: Asked, site: Site) -> Choices:
    try:
        wanted = Wanted.model_validate_json(asked.body)
    except ValidationError as error:
        faults = [Fault(field=".".join(map(str, fault["loc"])), remedy=fault["msg"]) for fault in error.errors(include_input=False)]
        raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, *faults) from error
    typed: dict[str, Sequence[str]] = {name: getattr(wanted, name) for name in ("topics", "keywords", "authors", "mutes")}
    typed |= {"timezone": [wanted.timezone], "for_you": [str(wanted.for_you)], "trending": [str(wanted.trending)]}
    try:
        return check_choices(typed, site.catalogue)
    except ChoicesError as error:
        faults = [Fault(field=str(fault.field), remedy=f"{fault.value}: {fault.remedy}") for fault in error.faults]
        raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, *faults) from error


def _day(text: str, field: str) -> date:
    if day := day_of(text):
        return day
    raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, Fault(field=field, remedy="write a day as 2026-06-17"))


def _preview(draft: Draft) -> Preview:
    return Preview(
        day=draft.day,
        for_you=[_paper(one) for one in draft.for_you],
        trending=[_paper(one) for one in draft.trending],
        more=[_paper(one) for one in draft.more],
        new_papers=draft.candidates,
        matched=draft.matched,
        quiet=draft.quiet,
        papers_a_day=dict(draft.brought),
        fetching=list(draft.fetching),
    )


def _paper(one: Shown) -> ShownPaper:
    card = one.card
    return ShownPaper(
        title=card.title,
        by=card.by,
        reason=one.reason,
        said=card.said,
        whose_words=card.label or ("the authors" if card.said else ""),
        url=card.url,
        pdf=card.pdf,
        code=card.code,
    )
