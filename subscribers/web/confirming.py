"""Confirming: a page with one button, since scanners follow every link; the button makes the reader active."""

from datetime import datetime
from http import HTTPStatus

from sqlalchemy.orm import Session
from starlette.responses import Response
from starlette.routing import Route

from subscribers import moving, preferences, requests, signup
from subscribers.addresses import shown
from subscribers.links import Purpose
from subscribers.models import RequestKind
from subscribers.web.site import Asked, Site, endpoint


def routes(site: Site) -> list[Route]:
    """GET shows, POST does."""
    return [
        Route("/confirm/{token}", endpoint(site, ask), methods=["GET"]),
        Route("/confirm/{token}", endpoint(site, confirm), methods=["POST"]),
    ]


def ask(site: Site, asked: Asked) -> Response:
    """One button. Changes nothing."""
    number = site.links.read(asked.path["token"], asked.now, Purpose.CONFIRM).id
    with site.database.reading() as session:
        request, row = requests.find(session, number, [RequestKind.CONFIRM, RequestKind.NEW_ADDRESS])
        choices = signup.choices_of(session, request, row)
    moves = request.kind == RequestKind.NEW_ADDRESS
    wishes = (*preferences.names(choices.topics, site.catalogue), *choices.keywords, *choices.authors)
    return site.page(
        "confirm",
        token=asked.path["token"],
        address=shown(request.detail or row.address),
        choices=choices,
        wishes=wishes,
        moves=moves,
    )


def confirm(site: Site, asked: Asked) -> Response:
    """The reader is active, or has moved; the page shows what their first digest holds."""
    number = site.links.read(asked.path["token"], asked.now, Purpose.CONFIRM).id
    with site.database.transaction() as session:
        request, row = requests.find(session, number, [RequestKind.CONFIRM, RequestKind.NEW_ADDRESS])
        if request.kind == RequestKind.NEW_ADDRESS:
            return _move(site, session, number, asked.now)
        row, is_new = signup.confirm(session, number, asked.now)
        choices = preferences.read(session, row)
    beside = site.showcase.preview(choices, asked.now)
    return site.page(
        "confirmed",
        address=shown(row.address),
        next_due_at=row.next_due_at,
        choices=choices,
        is_new=is_new,
        quiet=beside.quiet,
        beside=beside.html,
        preferences=site.links.preferences(row.id, asked.now),
    )


def _move(site: Site, session: Session, number: int, now: datetime) -> Response:
    try:
        row = moving.move(session, number, now)
    except moving.TakenError:
        return site.page("moved", HTTPStatus.CONFLICT, address="")
    return site.page("moved", address=shown(row.address))
