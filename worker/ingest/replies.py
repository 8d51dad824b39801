"""What a reply over HTTP says, apart from its content: where to look instead, how long to wait, whether asking again may help.

Knows no network and no clock. Leads nowhere but to http and https, and never from the world outside into a private network.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from ipaddress import ip_address
from urllib.parse import urljoin, urlsplit

from worker.ingest.foreign import TooLarge, Unfit, inflate
from worker.ingest.sanitise import line, link

REDIRECTS = frozenset((301, 302, 303, 307, 308))
RETRY_LATER = frozenset((429, 503))
_PASSING = frozenset((408, 425, 429))  # and every 5xx (RFC 9110, section 15)
_GZIP = frozenset(("gzip", "x-gzip", "deflate"))


@dataclass(frozen=True, slots=True)
class Patience:
    """How long (seconds) and how much (bytes, packed or not) is waited for."""

    silence: float = 10  # between two pieces of an answer, and until it begins
    attempt: float = 15  # for one request, whatever it does
    whole: float = 40  # with every retry, redirect and wait: no task runs longer than a minute
    attempts: int = 4
    size: int = 20_000_000


USUAL = Patience()


class Trouble(Exception):
    """One attempt that failed. `passing`: another may not. `slow`: it took all its time. `wait`: seconds that the server asked for."""

    def __init__(self, words: str, *, passing: bool, slow: bool = False, wait: float | None = None, status: int | None = None) -> None:
        super().__init__(words)
        self.passing = passing
        self.slow = slow
        self.wait = wait
        self.status = status


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply, its header names in lower case; the body is there for status 200 alone, as it was sent."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def target(at: str, location: str) -> str:
    """Where a redirect leads. Raises Trouble where nobody should follow."""
    try:
        found = link(urljoin(at, location)) if location else None
    except ValueError:  # a bracket that never closes
        found = None
    if found is None:
        raise Trouble(f"redirects to {line(location, 80)!r}, which is no web address", passing=False)
    if private(urlsplit(found).hostname or "") and not private(urlsplit(at).hostname or ""):
        raise Trouble("redirects into a private network", passing=False)
    return found


def private(host: str) -> bool:
    """Whether `host` is an address, or a name, of this machine or its own network."""
    try:
        return not ip_address(host).is_global
    except ValueError:
        return host == "localhost" or host.endswith((".localhost", ".local", ".internal"))


def retry_after(reply: Reply, now: datetime) -> float | None:
    """Seconds that the reply asks to wait, given as seconds or as a date (RFC 9110, section 10.2.3)."""
    said = reply.headers.get("retry-after", "").strip()
    if said.isascii() and said.isdigit():
        return float(said[:9])
    try:
        moment = parsedate_to_datetime(said)
    except (ValueError, TypeError, OverflowError):
        return None
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
    return max(0.0, (moment - now).total_seconds())


def content(reply: Reply, patience: Patience, now: datetime) -> bytes:
    """The body, unpacked. Raises Trouble for any status but 200, and for a body that is too large or damaged."""
    if reply.status == HTTPStatus.OK:
        return _decoded(reply, patience)
    passing = reply.status in _PASSING or reply.status >= HTTPStatus.INTERNAL_SERVER_ERROR
    wait = retry_after(reply, now)
    raise Trouble(_said(reply.status, wait), passing=passing, wait=wait, status=reply.status)


def _said(status: int, wait: float | None) -> str:
    phrase = HTTPStatus(status).phrase if status in HTTPStatus.__members__.values() else ""
    words = f"answered {status} {phrase}".rstrip()
    return f"{words} and asks to wait {wait:.0f} s" if wait else words


def _decoded(reply: Reply, patience: Patience) -> bytes:
    encoding = reply.headers.get("content-encoding", "identity").strip().lower()
    if encoding in {"", "identity"}:
        return reply.body
    if encoding not in _GZIP:
        raise Trouble(f"encodes its answer as {line(encoding, 30)!r}, which was not asked for", passing=False)
    try:
        return inflate(reply.body, most=patience.size)
    except TooLarge as error:
        raise too_large(patience) from error
    except Unfit as error:
        raise Trouble(f"sent an answer that {error}", passing=True) from error


def too_large(patience: Patience) -> Trouble:
    """What to say of a body without an end."""
    return Trouble(f"answers with more than {patience.size // 1_000_000} MB", passing=False)
