"""The front page: an address is a complete sign-up. What it answers with, it answers with before anybody has looked who that is."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from http import HTTPStatus

from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from subscribers import knocks
from subscribers.addresses import AddressError, check_address
from subscribers.choices import Choices, ChoicesError, Fault
from subscribers.links import LinkError, Purpose
from subscribers.signup import SignUp
from subscribers.web import forms, limits
from subscribers.web.showcase import Beside
from subscribers.web.site import Asked, Site, endpoint, too_often
from subscribers.zones import guess_zone

# The words that the button stands for; kept with each reader's consent.
WORDING = "Send me {name}'s digests by mail, as chosen on this page. I can leave with one click at any time."
FASTEST = timedelta(seconds=2)  # nobody types an address faster; whoever does is made to wait


def routes(site: Site) -> list[Route]:
    """GET shows, POST does."""
    return [
        Route("/", endpoint(site, show), methods=["GET"]),
        Route("/", endpoint(site, sign_up, patience=_patience), methods=["POST"]),
        Route("/preview", endpoint(site, preview), methods=["POST"]),
        Route("/asked", endpoint(site, show_asked), methods=["GET"]),
        Route("/link", endpoint(site, show_link), methods=["GET"]),
        Route("/link", endpoint(site, send_link), methods=["POST"]),
    ]


def show(site: Site, asked: Asked) -> Response:
    """The empty form, beside today's digest."""
    beside = site.showcase.today(asked.now)
    return _page(site, forms.filled(_default(asked), site.catalogue, beside.papers_a_day), beside, asked.now)


def sign_up(site: Site, asked: Asked) -> Response:
    """Check, write one row, and send everybody on to the same page."""
    if not site.limiter.allows(limits.SIGN_UP, asked.network, asked.now):
        return too_often(site)
    if asked.one("website"):  # a field that people do not see
        return RedirectResponse("/asked", HTTPStatus.SEE_OTHER)
    address, fault = checked_address(asked)
    if not fault and site.guards.refuses(address):
        fault = "We do not write to throw-away addresses; give one that stays."
    try:
        choices = forms.read(asked, site.catalogue, _default(asked))
    except ChoicesError as error:
        return _again(site, asked, fault, error.faults)
    note = "" if fault else _unready(site, asked)
    if fault or note:
        return _again(site, asked, fault, note=note)
    with site.database.transaction() as session:
        knocks.sign_up(session, SignUp(address, choices, "/", WORDING.format(name=site.settings.name)), asked.now)
    return RedirectResponse("/asked", HTTPStatus.SEE_OTHER)


def preview(site: Site, asked: Asked) -> Response:
    """The form again, with the digest that its choices would give now. Writes nothing."""
    if not site.limiter.allows(limits.PREVIEW, asked.network, asked.now):
        return too_often(site)
    try:
        choices = forms.read(asked, site.catalogue, _default(asked))
    except ChoicesError as error:
        return _again(site, asked, faults=error.faults)
    beside = site.showcase.preview(choices, asked.now)
    form = forms.filled(choices, site.catalogue, beside.papers_a_day)
    return _page(site, form, beside, asked.now, email=asked.one("email")[:320], unfolded=True)


def show_asked(site: Site, asked: Asked) -> Response:  # noqa: ARG001 - the same for everybody
    """What happens next, in words that fit whoever asked."""
    return site.page("asked")


def show_link(site: Site, asked: Asked) -> Response:  # noqa: ARG001 - the same for everybody
    """Where a reader asks for a fresh link."""
    return site.page("link", email="", fault="")


def send_link(site: Site, asked: Asked) -> Response:
    """Ask for a fresh link by mail; the same answer for everybody."""
    if not site.limiter.allows(limits.FRESH_LINK, asked.network, asked.now):
        return too_often(site)
    address, fault = checked_address(asked)
    if fault:
        return site.page("link", HTTPStatus.UNPROCESSABLE_ENTITY, email=asked.one("email"), fault=fault)
    with site.database.transaction() as session:
        knocks.ask_fresh_link(session, address, asked.now)
    return RedirectResponse("/asked", HTTPStatus.SEE_OTHER)


def checked_address(asked: Asked) -> tuple[str, str]:
    """The address in its kept form, or what is wrong with it."""
    try:
        return check_address(asked.one("email")), ""
    except AddressError as error:
        return "", error.remedy if asked.one("email").strip() else "Type your address."


def _default(asked: Asked) -> Choices:
    return Choices(zone=guess_zone(asked.headers.get("accept-language", "")))


def _page(site: Site, form: forms.Form, beside: Beside, now: datetime, status: int = HTTPStatus.OK, **more: object) -> Response:
    context = {"email": "", "email_fault": "", "note": "", "unfolded": bool(form.faults)} | more
    response = site.page(
        "home",
        status,
        form=form,
        beside=beside.html,
        stamp=site.links.token(Purpose.FORM, 0, now),
        bits=site.guards.bits,
        wording=WORDING.format(name=site.settings.name),
        **context,
    )
    response.headers["Cache-Control"] = "no-cache"
    del response.headers["X-Robots-Tag"]
    return response


def _again(site: Site, asked: Asked, fault: str = "", faults: Sequence[Fault] = (), note: str = "") -> Response:
    beside = site.showcase.today(asked.now)
    form = forms.refilled(asked, _default(asked), site.catalogue, beside.papers_a_day, faults)
    more = {"email": asked.one("email")[:320], "email_fault": fault, "note": note}
    return _page(site, form, beside, asked.now, HTTPStatus.UNPROCESSABLE_ENTITY, **more)


def _unready(site: Site, asked: Asked) -> str:
    """Why the form cannot be taken yet, though nothing in it is wrong."""
    if _shown_at(site, asked) is None:
        return "This page was open for a long time. Please press Subscribe once more."
    if not site.guards.accepts(f"{asked.one('stamp')}:{asked.one('email')}", asked.one("answer")):
        return "Your browser has not finished the small sum that keeps bots away. Please press Subscribe once more."
    return ""


def _shown_at(site: Site, asked: Asked) -> datetime | None:
    """When the form was shown; None if it was not lately, or not by us."""
    try:
        return site.links.read(asked.one("stamp"), asked.now, Purpose.FORM).made_at
    except LinkError:
        return None


def _patience(site: Site, asked: Asked) -> timedelta:
    shown_at = _shown_at(site, asked)
    return max(timedelta(0), FASTEST - (asked.now - shown_at)) if shown_at else timedelta(0)
