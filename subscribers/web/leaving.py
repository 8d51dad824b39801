"""Leaving, by one click of a mail program (RFC 8058) or by one button of a page; then one optional question, and a way back."""

from starlette.concurrency import run_in_threadpool
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from config.log import logger
from subscribers import standing
from subscribers.leavers import Leavers
from subscribers.links import LinkError, LinkFault, Purpose
from subscribers.models import Standing, Subscriber
from subscribers.web.site import Asked, AsyncHandler, Site, endpoint

log = logger(__name__)

REASONS = {
    "often": "It came too often",
    "fit": "The papers did not fit me",
    "time": "I have no time to read it",
    "asked": "I never asked for it",
    "other": "Something else",
}


def routes(site: Site) -> list[Route]:
    """GET shows, POST does."""
    return [
        Route("/unsubscribe/{token}", endpoint(site, ask), methods=["GET"]),
        Route("/unsubscribe/{token}", endpoint(site, leave_by(Leavers(site.database))), methods=["POST"]),
        Route("/unsubscribe/{token}/why", endpoint(site, why), methods=["POST"]),
        Route("/unsubscribe/{token}/back", endpoint(site, back), methods=["POST"]),
    ]


def ask(site: Site, asked: Asked) -> Response:
    """One button. Changes nothing, whoever follows the link."""
    number = site.links.read(asked.path["token"], asked.now, Purpose.LEAVE).id
    with site.database.reading() as session:
        row = session.get(Subscriber, number)
        gets_mail = row is not None and row.standing in (Standing.PENDING, Standing.ACTIVE, Standing.PAUSED)
    return site.page("leave", token=asked.path["token"], gets_mail=gets_mail)


def leave_by(leavers: Leavers) -> AsyncHandler:
    """No mail any more. 200 however often it is pressed, and for a reader who is long gone: no cookie, no redirect."""

    async def leave(site: Site, asked: Asked) -> Response:
        number = site.links.read(asked.path["token"], asked.now, Purpose.LEAVE).id
        if asked.one("List-Unsubscribe") == "One-Click":
            return await _leave_by_program(leavers, number)
        return await run_in_threadpool(_leave_by_button, site, asked, number)

    return leave


def _leave_by_button(site: Site, asked: Asked, number: int) -> Response:
    with site.database.transaction() as session:
        row = session.get(Subscriber, number, with_for_update=True)
        has_left = row is not None and standing.leave(row)
        can_return = row is not None and row.confirmed_at is not None and standing.suppression(session, row.address_key) is None
    if has_left:
        log.info("left", subscribers=[number])
    back_token = site.links.token(Purpose.BACK, number, asked.now) if can_return else ""
    return site.page("left", token=asked.path["token"], back=back_token, reasons=REASONS, thanked=False)


async def _leave_by_program(leavers: Leavers, number: int) -> Response:
    """The click of a mail program (RFC 8058, section 3.1): nobody looks at the answer."""
    await leavers.leave(number)
    return PlainTextResponse("You have left, and get no mail any more.\n", headers={"Cache-Control": "no-store"})


def why(site: Site, asked: Asked) -> Response:
    """The answer to the optional question: counted in the log, kept nowhere else."""
    site.links.read(asked.path["token"], asked.now, Purpose.LEAVE)
    reason = asked.one("reason")
    if reason in REASONS:
        log.info("why they left", reason=reason)
    return site.page("left", token=asked.path["token"], back=_still_good(site, asked), reasons=REASONS, thanked=True)


def back(site: Site, asked: Asked) -> Response:
    """Take the leave back, with the token that only the page after leaving carries."""
    number = site.links.read(asked.path["token"], asked.now, Purpose.BACK).id
    with site.database.transaction() as session:
        row = session.get(Subscriber, number, with_for_update=True)
        if row is None:
            raise LinkError(LinkFault.EXPIRED)
        standing.take_back(session, row, asked.now)
        if row.standing != Standing.ACTIVE:
            raise LinkError(LinkFault.USED)
        next_due_at, zone = row.next_due_at, row.zone
    return site.page("back", next_due_at=next_due_at, zone=zone, preferences=site.links.preferences(number, asked.now))


def _still_good(site: Site, asked: Asked) -> str:
    try:
        site.links.read(asked.one("back"), asked.now, Purpose.BACK)
    except LinkError:
        return ""
    return asked.one("back")
