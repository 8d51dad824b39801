"""What every page needs, and how a request becomes one function call: parse, call, show a template. Decides nothing itself.

A page that could not be made because the database is away says 503 and "nothing was changed", never "done".
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http import HTTPStatus
from inspect import iscoroutinefunction
from typing import cast
from urllib.parse import parse_qs

from jinja2 import Environment
from sqlalchemy.exc import InterfaceError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from config.clock import Clock
from config.database import Database
from config.log import logger
from config.settings import Settings
from subscribers.links import LinkError, LinkFault, Links
from subscribers.privacy import Holder
from subscribers.topics import Catalogue
from subscribers.web.guarding import Guards
from subscribers.web.limits import Limiter
from subscribers.web.network import Proxies
from subscribers.web.showcase import EmptyShowcase, Showcase

MOST_FIELDS = 300  # of one form: every topic ticked, and the boxes
LONGEST_BODY = 64 * 1024  # bytes of one form

# Not there, or not to be written: InternalError is what PostgreSQL says of a read-only transaction.
NO_DATABASE = (OperationalError, InterfaceError, InternalError, NoConnection)

log = logger(__name__)


@dataclass(frozen=True, slots=True)
class Site:
    """One web process's share of the world, for readers' pages."""

    settings: Settings
    database: Database
    clock: Clock
    links: Links
    catalogue: Catalogue
    templates: Environment
    showcase: Showcase = field(default_factory=EmptyShowcase)
    holders: tuple[Holder, ...] = ()
    proxies: Proxies = field(default_factory=Proxies)
    limiter: Limiter = field(default_factory=Limiter)
    guards: Guards = field(default_factory=Guards)

    def page(self, template: str, status: int = HTTPStatus.OK, **context: object) -> HTMLResponse:
        """A page that is somebody's own: kept by no cache, listed by no search engine."""
        return HTMLResponse(self.html(template, **context), status, headers={"Cache-Control": "no-store", "X-Robots-Tag": "noindex"})

    def html(self, template: str, **context: object) -> str:
        """A page as text."""
        return self.templates.get_template(f"pages/{template}.html").render(context)

    def xml(self, template: str, **context: object) -> str:
        """A feed as text."""
        return self.templates.get_template(f"pages/{template}.xml").render(context)


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, as far as pages look at it."""

    now: datetime
    path: Mapping[str, str]  # parameters of the path
    form: Mapping[str, Sequence[str]]  # fields of the body
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes = b""  # of JSON
    network: str = ""  # whom limits count: an IPv4 address, or the /64 of an IPv6 one

    def one(self, name: str) -> str:
        """The first value of a field of the form; empty when there is none."""
        return next(iter(self.form.get(name, ())), "")


Handler = Callable[[Site, Asked], Response]
AsyncHandler = Callable[[Site, Asked], Awaitable[Response]]
Patience = Callable[[Site, Asked], timedelta]


def endpoint(site: Site, handler: Handler | AsyncHandler, *, patience: Patience | None = None) -> Callable[[Request], Awaitable[Response]]:
    """The handler as Starlette calls it: the form read and bounded first, the work done beside the event loop if it is no coroutine.

    `patience` says how long a request waits before it is looked at.
    """

    async def answer(request: Request) -> Response:
        is_json = request.headers.get("content-type", "").partition(";")[0].strip() == "application/json"
        asked = Asked(
            now=site.clock.now(),
            path={name: str(value) for name, value in request.path_params.items()},
            form=await _form(request) if request.method == "POST" and not is_json else {},
            query=dict(request.query_params),
            headers=request.headers,
            body=await request.body() if is_json else b"",
            network=site.proxies.network_of(request),
        )
        if patience:
            await asyncio.sleep(patience(site, asked).total_seconds())
        return await _guarded(site, handler, asked)

    return answer


async def _guarded(site: Site, handler: Handler | AsyncHandler, asked: Asked) -> Response:
    try:
        if iscoroutinefunction(handler):
            answered: Response = await handler(site, asked)
            return answered
        return await run_in_threadpool(cast("Handler", handler), site, asked)
    except LinkError as error:
        return await run_in_threadpool(bad_link, site, error.fault)
    except NO_DATABASE as error:
        log.warning("page without a database", handler=handler.__name__, error=type(error).__name__)
        return away(site)


def bad_link(site: Site, fault: LinkFault) -> Response:
    """What happened to a link, and the next step; the same for an address that exists and one that does not."""
    return site.page("bad-link", status_of(fault), fault=fault.value)


def status_of(fault: LinkFault) -> int:
    """410 for a link that was good once, 404 for one that never was."""
    return HTTPStatus.GONE if fault in (LinkFault.EXPIRED, LinkFault.USED, LinkFault.REVOKED) else HTTPStatus.NOT_FOUND


def away(site: Site) -> Response:
    """The database cannot be read or written now."""
    response = site.page("away", HTTPStatus.SERVICE_UNAVAILABLE)
    response.headers["Retry-After"] = "60"
    return response


def too_often(site: Site) -> Response:
    """This network asked too often."""
    response = site.page("too-often", HTTPStatus.TOO_MANY_REQUESTS)
    response.headers["Retry-After"] = "600"
    return response


async def _form(request: Request) -> Mapping[str, Sequence[str]]:
    """What was sent, without the one character that PostgreSQL keeps in no text."""
    return {name: [value.replace("\0", "") for value in values] for name, values in (await _fields(request)).items()}


def _urlencoded(body: bytes) -> Mapping[str, Sequence[str]]:
    try:
        return parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        return {}


async def _fields(request: Request) -> Mapping[str, Sequence[str]]:
    """Both encodings of RFC 8058, section 3.2. A body that cannot be read says nothing: leaving must work even so."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/x-www-form-urlencoded":
        return _urlencoded(await request.body())
    found: dict[str, list[str]] = {}
    try:
        async with request.form(max_files=0, max_fields=MOST_FIELDS, max_part_size=LONGEST_BODY) as form:
            for name, value in form.multi_items():
                if isinstance(value, str):
                    found.setdefault(name, []).append(value)
    except HTTPException as error:
        if error.status_code != HTTPStatus.BAD_REQUEST:
            raise
    return found
