"""Whatever is sent to pages and JSON, nothing breaks: no answer is a 5xx, and everything that was written down can be dealt with."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from itertools import count
from typing import Any
from urllib.parse import quote

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance, status_code_conformance

from subscribers import knocks, requests
from subscribers.choices import Field
from subscribers.links import Links, Purpose
from subscribers.models import RequestKind
from tests.worker.send.world import World
from worker.asgi import application

NASTY = (
    "\x00",
    "a\x00b",
    "\ud800",
    "\udfff\ud800",
    "9" * 5_000,
    "-1",
    "1e999",
    "NaN",
    "٣",
    "²",
    "2026-02-30",
    "0001-01-01",
    "9999-12-31",
    "2026-06-18",
    "../../etc/passwd",
    "%00",
    "{{7*7}}",
    "' OR 1=1 --",
    "\u202e\u2028\ufeff",
    "x" * 70_000,
    "[",
    "ada@example.org",
    "ada@xn--\ud83d.example",
    "",
)
ODD = st.sampled_from(NASTY) | st.text(max_size=30)
BESIDE = ("email", "website", "stamp", "answer", "until", "paper", "reason", "back", "withdraw", "List-Unsubscribe")
FIELDS = (*map(str, Field), *BESIDE)
# What follows a token of each purpose; {odd} is anything.
PLACES = {
    Purpose.CHOOSE: (
        "/preferences/{}",
        *(f"/preferences/{{}}/{act}" for act in ("preview", "pause", "resume", "votes", "fresh", "feed/off")),
    ),
    Purpose.FRESH: ("/preferences/{}", *(f"/preferences/{{}}/{act}" for act in ("feed", "return", "address", "export", "erase"))),
    Purpose.LEAVE: ("/unsubscribe/{}", "/unsubscribe/{}/why"),
    Purpose.BACK: ("/unsubscribe/{}/back",),
    Purpose.CONFIRM: ("/confirm/{}",),
    Purpose.READ: ("/digests/{}", "/digests/{}/papers.bib", "/digests/{}/papers/1/more", "/digests/{}/papers/{odd}/less"),
    Purpose.FEED: ("/feed/{}",),
}
OPEN = (
    *("/", "/preview", "/link", "/asked", "/editions", "/editions/{odd}", "/editions/{odd}/{odd}", "/editions/{odd}.atom", "/static/{odd}"),
    *("/editions/latest/{odd}.bib", "/inbox", "/inbox/{odd}", "/inbox/{odd}/html", "/api/v1/{odd}", "/api/v1/editions/{odd}", "/{odd}"),
    *("/api/v1/editions?before={odd}", "/api/v1/editions/2026-06-17?topic={odd}", "/healthz", "/readyz", "/metrics"),
)
TYPES = ("application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "multipart/form-data", "application/json", "", "\xff;;=")
HEADERS = ("Accept-Language", "If-None-Match", "X-Forwarded-For", "Host", "Origin", "Cookie", "Content-Type")
EXAMPLES = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=250)


def as_bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


@st.composite
def bodies(draw: st.DrawFn) -> tuple[str, bytes]:
    """A content type, and a body that fits it or does not."""
    kind = draw(st.sampled_from((TYPES[0], TYPES[0], *TYPES)))
    pairs: Sequence[tuple[str, str]] = draw(st.lists(st.tuples(st.sampled_from(FIELDS) | ODD, ODD), max_size=12))
    pairs = [*pairs] * draw(st.sampled_from((1, 1, 1, 40)))
    if kind.startswith("multipart"):
        parts = [
            b'--x\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (as_bytes(name), as_bytes(value)) for name, value in pairs
        ]
        return kind, b"".join(parts) + draw(st.sampled_from((b"--x--\r\n", b"")))
    return kind, b"&".join(b"%s=%s" % (quote(as_bytes(name)).encode(), quote(as_bytes(value)).encode()) for name, value in pairs)


class Stranger:
    """Knows a good link of every kind, and comes from another network each time."""

    def __init__(self, world: World) -> None:
        world.list_papers(12)
        [self.ada] = world.subscribe("ada@example.org")
        world.clock.move_to(world.at(17, 7))
        world.tick()
        self.world, self.now = world, world.clock.now() + timedelta(seconds=5)
        self._app = application(world.runtime)
        self._links = Links(world.settings.secret_key, world.settings.base_url)
        self._numbers = count(1)
        self._stamp = self._links.token(Purpose.FORM, 0, world.clock.now())
        world.clock.move_to(self.now)

    def place(self, place: str, purpose: Purpose | None, odd: str) -> str:
        """The path, with a good token if it takes one."""
        found = place.replace("{odd}", quote(as_bytes(odd), safe=""))
        return found.format(self._links.token(purpose, self._number(purpose), self.now)) if purpose else found

    def send(self, method: str, path: str, kind: str, body: bytes, headers: dict[str, bytes]) -> int:
        number = next(self._numbers)
        body += b"&stamp=" + self._stamp.encode() if kind == TYPES[0] and number % 2 else b""
        more: dict[str, Any] = {"content": body} if method == "POST" else {}
        sent = {"Content-Type": kind.encode("latin-1"), **headers}
        return asyncio.run(self._send(method, path, (f"203.0.{number // 250}.{number % 250}", 4711), {"headers": sent, **more}))

    async def _send(self, method: str, path: str, client: tuple[str, int], more: dict[str, Any]) -> int:
        transport = httpx.ASGITransport(self._app, raise_app_exceptions=False, client=client)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as line:
            return (await line.request(method, path, **more)).status_code

    def _number(self, purpose: Purpose) -> int:
        if purpose not in {Purpose.FRESH, Purpose.CONFIRM}:
            return self.ada
        kind = RequestKind.FRESH_LINK if purpose is Purpose.FRESH else RequestKind.CONFIRM
        with self.world.database.transaction() as session:
            return requests.ask(session, self.ada, kind, self.now)


@pytest.fixture
def stranger(world: World) -> Stranger:
    return Stranger(world)


@given(
    place=st.sampled_from([(place, None) for place in OPEN] + [(place, purpose) for purpose, places in PLACES.items() for place in places]),
    method=st.sampled_from(("GET", "POST", "POST", "HEAD", "PUT")),
    odd=ODD,
    sent=bodies(),
    headers=st.dictionaries(st.sampled_from(HEADERS), st.sampled_from(NASTY[4:19]) | st.text(max_size=20), max_size=3),
)
@example(place=("/preferences/{}/votes", Purpose.CHOOSE), method="POST", odd="", sent=(TYPES[0], b"paper=%00"), headers={})
@example(place=("/", None), method="POST", odd="", sent=(TYPES[0], b"email=ada%40example.org&name=%00&keywords=a%00b"), headers={})
@example(place=("/digests/{}/papers/{odd}/less", Purpose.READ), method="POST", odd="9" * 5_000, sent=(TYPES[0], b""), headers={})
@example(place=("/inbox", None), method="GET", odd="", sent=("", b""), headers={"Host": "["})
@example(place=("/preferences/{}/pause", Purpose.CHOOSE), method="POST", odd="", sent=(TYPES[0], b"until=9999-12-31"), headers={})
@example(place=("/link", None), method="POST", odd="", sent=("multipart/form-data", b"--x"), headers={})
@EXAMPLES
def test_no_form_and_no_path_breaks_a_page(
    stranger: Stranger, place: tuple[str, Purpose | None], method: str, odd: str, sent: tuple[str, bytes], headers: dict[str, str]
) -> None:
    path = stranger.place(*place, odd)

    status = stranger.send(method, path, *sent, {name: value.encode("utf-8", "replace") for name, value in headers.items()})

    assert status < 500, (status, method, path, sent, headers)
    knocks.open_door(stranger.world.database)
    with stranger.world.database.reading() as session:
        assert not knocks.is_anybody_there(session)


CHECKS = [not_a_server_error, content_type_conformance, response_schema_conformance, status_code_conformance]


@pytest.mark.parametrize("operation", ["GET /topics", "GET /editions", "GET /editions/{day}", "POST /preview"])
def test_the_json_answers_as_it_is_described_whatever_is_asked(world: World, operation: str) -> None:
    world.list_papers(12)
    method, _, path = operation.partition(" ")
    described = schemathesis.openapi.from_asgi("/api/v1/openapi.json", application(world.runtime))[path][method]

    @given(case=described.as_strategy() | described.as_strategy(GenerationMode.NEGATIVE))
    @settings(suppress_health_check=list(HealthCheck), max_examples=40)
    def ask(case: schemathesis.Case[Any]) -> None:
        case.call_and_validate(checks=CHECKS)

    ask()
