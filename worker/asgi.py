"""The web process: readers' forms, pages that show papers, health. Everything is wired here and nowhere else."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from http import HTTPStatus
from urllib.parse import urlsplit

from jinja2 import Environment
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response

from config.log import logger
from config.runtime import Runtime
from config.settings import Settings
from config.templating import environment
from subscribers.links import Links
from subscribers.web import choosing, confirming, feeding, leaving, owning, signing_up, words
from subscribers.web.assets import Assets
from subscribers.web.guarding import Guards, refused_from
from subscribers.web.headers import WithHeaders, policy, security_headers
from subscribers.web.network import Proxies
from subscribers.web.site import LONGEST_BODY, Site
from worker.pick.today import topics_of
from worker.reading import api, digests, editions, feeds, health, inbox, metrics
from worker.reading.api_models import Fault
from worker.reading.archive import Archive
from worker.reading.newsdesk import Newsdesk
from worker.reading.showcase import ReadingShowcase
from worker.render import colours
from worker.render.house import house_of
from worker.render.plain import clean
from worker.send.held import LedgerHolder

_SAID = {
    HTTPStatus.NOT_FOUND: ("There is no such page", "Perhaps the address was cut short or mistyped."),
    HTTPStatus.METHOD_NOT_ALLOWED: ("That is not how this page works", "Nothing was changed."),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: ("That was too much", "What was sent is longer than any form of ours. Nothing was changed."),
}
ErrorHandler = Callable[[Request, Exception], Awaitable[Response]]
GROUND = "#f1eee7"  # around the sheet, by day
LONGEST_WORD = 200  # letters of an author's name in a feed
_OTHER = ("That did not work", "Nothing was changed.")

log = logger(__name__)


def application(runtime: Runtime) -> Starlette:
    """All pages of one process. Reads templates and the catalogue of topics now; the database only when it is asked."""
    settings = runtime.settings
    templates = page_templates(settings)
    assets = Assets(templates)
    templates.globals["assets"] = assets
    links = Links(settings.secret_key, settings.base_url)
    newsdesk = Newsdesk(runtime)
    site = Site(
        settings=settings,
        database=runtime.database,
        clock=runtime.clock,
        links=links,
        catalogue=topics_of(settings),
        templates=templates,
        showcase=ReadingShowcase(newsdesk, links, templates),
        holders=(LedgerHolder(runtime.clock),),
        proxies=Proxies(settings.trusted_proxies),
        guards=Guards(refused_from(settings.refused_domains), settings.proof_of_work),
    )
    archive = Archive(site.catalogue)
    papers = [*digests.routes(site), *editions.routes(site, archive), *feeds.routes(site), *api.routes(site, newsdesk, archive)]
    forms = [route for room in (leaving, signing_up, confirming, choosing, owning, feeding) for route in room.routes(site)]
    headers = security_headers(policy(_logo_origin(settings)), is_https=settings.base_url.startswith("https://"))
    return Starlette(
        routes=[*forms, *papers, *inbox.routes(site), *health.routes(runtime), *metrics.routes(runtime), assets.route()],
        middleware=[Middleware(WithHeaders, headers=headers)],
        exception_handlers={HTTPException: _told(site), Exception: _broken(site, headers)},
        max_body_size=LONGEST_BODY,
    )


def page_templates(settings: Settings) -> Environment:
    """The pages' templates, in the operator's style."""
    made = environment(settings.templates, {**words.FILTERS, "plain": lambda text: clean(text, LONGEST_WORD)})
    # Links stand on the ground as well as on the sheet, which is lighter by day: what is readable there is readable on both.
    accent = colours.readable_on(settings.accent, GROUND)
    house = replace(house_of(settings), accent=accent, on_accent=colours.text_on(accent))
    made.globals |= {
        "house": house,
        "ground": GROUND,
        "logo": settings.logo,
        "has_inbox": inbox.is_linked(settings),
        "kept": words.keeper(),
    }
    return made


def _logo_origin(settings: Settings) -> str:
    parts = urlsplit(settings.logo or "")
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""


def _told(site: Site) -> ErrorHandler:
    async def answer(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else HTTPStatus.INTERNAL_SERVER_ERROR
        heading, words_ = _SAID.get(HTTPStatus(status), _OTHER)
        if request.url.path.startswith("/api/"):
            response = api.failed(status, Fault(field="", remedy=f"{heading}. /api/v1/openapi.json says what there is."))
        else:
            response = site.page("not-found", status, heading=heading, words=words_)
        response.headers.update(getattr(error, "headers", None) or {})
        return response

    return answer


def _broken(site: Site, headers: Mapping[str, str]) -> ErrorHandler:
    async def answer(request: Request, error: Exception) -> Response:
        log.error("page broke", method=request.method, path=request.url.path, exc_info=error)
        words = "The fault is ours, and it was written down."
        response = site.page("not-found", HTTPStatus.INTERNAL_SERVER_ERROR, heading="That broke", words=words)
        response.headers.update(headers)  # this answer is made outside the middleware
        return response

    return answer
