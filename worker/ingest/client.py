"""The one HTTP client of ingest, with manners. Refuses endless, slow and oversized answers, and never leaves http and https.

Every wait and retry is measured against one deadline. What a request itself may take is real time, kept by the event loop: httpx's
time-outs are per piece, and a server that sends a byte of its headers a second would hold a thread for a day.
"""

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from email.utils import parseaddr
from functools import cached_property
from http import HTTPStatus
from random import Random
from urllib.parse import urlsplit

import httpx

from config.clock import Clock
from config.database import Database
from config.settings import Settings
from worker.ingest import fetches, replies, turns
from worker.ingest.fetches import Kept
from worker.ingest.port import SourceError
from worker.ingest.replies import USUAL, Patience, Reply, Trouble
from worker.ingest.sanitise import line

VERSION = "0.1"
ARXIV = "arxiv.org"
MOST_REDIRECTS = 5
MOST_SLOW = 2
LONGEST_BACKOFF = 30.0  # seconds
LONGEST_CONNECT = 10.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What a URL answered; `url` is where it came from after redirects. `unchanged`: it is the one we held."""

    asked: str
    url: str
    body: bytes
    etag: str | None = None
    last_modified: str | None = None
    unchanged: bool = False


class FetchError(SourceError):
    """A URL that could not be read, after all retries; `status` is what it answered, if it did."""

    def __init__(self, words: str, status: int | None) -> None:
        super().__init__(words)
        self.status = status


class Client:
    """Asks for foreign pages on behalf of every source; one a process is plenty, and it is not shared between threads."""

    def __init__(self, settings: Settings, database: Database, clock: Clock, chance: Random) -> None:
        self._database = database
        self._clock = clock
        self._chance = chance
        self._agent = user_agent(settings)
        # A base URL may name a host of the operator's own that stands for arXiv; it deserves the same manners.
        self._arxiv = {urlsplit(url).netloc for url in (settings.arxiv_api_url, settings.arxiv_feed_url, settings.arxiv_oai_url)}
        self._never_arxiv = f"{settings.huggingface_url}/api/daily_papers"
        self._slow: dict[str, int] = {}  # hosts that failed last time, and how often in a row by silence

    def get(self, url: str, patience: Patience = USUAL) -> Answer:
        """The answer of `url`, which is the one we held when the server says that nothing changed.

        Raises FetchError when no attempt succeeded before the deadline. A host that has used up all attempts gets one each after that,
        and one that was silent to the end twice in a row is not asked any more by this client: every day of a source would wait as long.
        """
        place = _place(url)
        if self._slow.get(place, 0) >= MOST_SLOW:
            raise FetchError(f"{place} did not answer in time and is left alone; the next run asks again", None)
        with self._database.reading() as session:
            held = fetches.kept(session, url)
        attempts = 1 if place in self._slow else patience.attempts
        deadline = self._clock.monotonic() + patience.whole
        attempt = 1
        while True:
            try:
                answer = self._follow(url, held, patience, deadline)
            except Trouble as trouble:
                wait = self._backoff(attempt) if trouble.wait is None else trouble.wait
                if not trouble.passing or attempt >= attempts or self._clock.monotonic() + wait > deadline:
                    self._note(place, trouble)
                    raise FetchError(_words(place, trouble, attempt), trouble.status) from trouble
                self._clock.sleep(wait)
                attempt += 1
            else:
                self._slow.pop(place, None)
                return answer

    def _note(self, place: str, trouble: Trouble) -> None:
        if trouble.passing:
            self._slow[place] = self._slow.get(place, 0) + 1 if trouble.slow else 0

    def keep(self, answer: Answer) -> None:
        """Remember an answer that was read without a fault, so that its server need not send it again."""
        if answer.unchanged:
            return
        with self._database.transaction() as session:
            fetches.keep(session, answer.asked, Kept(answer.body, answer.etag, answer.last_modified), now=self._clock.now())

    def _backoff(self, attempt: int) -> float:
        return min(LONGEST_BACKOFF, 2.0 ** (attempt - 1)) * (0.5 + self._chance.random())

    def _follow(self, url: str, held: Kept | None, patience: Patience, deadline: float) -> Answer:
        at = url
        for _hop in range(MOST_REDIRECTS + 1):
            reply = self._ask(at, held, patience, deadline)
            if reply.status not in replies.REDIRECTS:
                return self._answer(url, at, reply, held, patience)
            at = replies.target(at, reply.headers.get("location", ""))
        raise Trouble(f"redirects more than {MOST_REDIRECTS} times", passing=False)

    def _ask(self, url: str, held: Kept | None, patience: Patience, deadline: float) -> Reply:
        host = self._host_of_turns(url)
        if host is None:
            return self._request(url, held, patience, deadline)
        length = timedelta(seconds=patience.attempt + 5)
        try:
            turn = turns.take(self._database, self._clock, host, length=length, deadline=deadline)
        except turns.TooLong as error:
            raise Trouble(f"has to be left alone for now: {error}", passing=False) from error
        try:
            reply = self._request(url, held, patience, deadline)
            self._obey(host, reply)
            return reply
        finally:
            with self._database.transaction() as session:
                turns.give_back(session, turn, now=self._clock.now())

    def _host_of_turns(self, url: str) -> str | None:
        parts = urlsplit(url)
        host = parts.hostname or ""
        if host == ARXIV or host.endswith(f".{ARXIV}"):
            return ARXIV
        if url.startswith(self._never_arxiv):
            return None
        return ARXIV if parts.netloc in self._arxiv else None

    def _obey(self, host: str, reply: Reply) -> None:
        wait = replies.retry_after(reply, self._clock.now())
        if reply.status in replies.RETRY_LATER and wait is not None:
            until = self._clock.now() + min(timedelta(seconds=wait), turns.LONGEST_HOLD)
            with self._database.transaction() as session:
                turns.hold_off(session, host, until=until)

    def _request(self, url: str, held: Kept | None, patience: Patience, deadline: float) -> Reply:
        left = min(patience.attempt, deadline - self._clock.monotonic())
        if left <= 0:
            raise Trouble(f"took longer than {patience.whole:.0f} s in all", passing=False)
        headers = {"User-Agent": self._agent, "Accept": "*/*", "Accept-Encoding": "gzip"}
        if held and held.etag:
            headers["If-None-Match"] = held.etag
        if held and held.last_modified:
            headers["If-Modified-Since"] = held.last_modified
        try:
            return asyncio.run(self._exchange(url, headers, patience, left))
        except (TimeoutError, httpx.TimeoutException) as error:
            raise Trouble("does not answer in time", passing=True, slow=True) from error
        except httpx.RemoteProtocolError as error:
            raise Trouble(f"broke off its answer ({line(str(error), 100)})", passing=True) from error
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            raise Trouble(f"cannot be reached ({line(str(error), 100) or type(error).__name__})", passing=True) from error

    async def _exchange(self, url: str, headers: Mapping[str, str], patience: Patience, limit: float) -> Reply:
        # A proxy of the environment is for the world outside, not for this machine.
        outside = not replies.private(urlsplit(url).hostname or "")
        timeout = httpx.Timeout(patience.silence, connect=min(LONGEST_CONNECT, patience.silence))
        async with (
            asyncio.timeout(limit),
            httpx.AsyncClient(verify=self._ssl, trust_env=outside, timeout=timeout, follow_redirects=False) as client,
            client.stream("GET", url, headers=headers) as response,
        ):
            body = bytearray()
            if response.status_code == HTTPStatus.OK:
                async for piece in response.aiter_raw():
                    body += piece
                    if len(body) > patience.size:
                        raise replies.too_large(patience)
            return Reply(response.status_code, dict(response.headers), bytes(body))

    @cached_property
    def _ssl(self) -> ssl.SSLContext:
        return httpx.create_ssl_context()

    def _answer(self, asked: str, at: str, reply: Reply, held: Kept | None, patience: Patience) -> Answer:
        if reply.status == HTTPStatus.NOT_MODIFIED and held:
            return Answer(asked, at, held.body, held.etag, held.last_modified, unchanged=True)
        body = replies.content(reply, patience, self._clock.now())
        return Answer(asked, at, body, reply.headers.get("etag"), reply.headers.get("last-modified"))


def user_agent(settings: Settings) -> str:
    """Who asks, and whom to write to about it (https://info.arxiv.org/help/robots.html asks for a contact)."""
    address = parseaddr(settings.operator or "")[1]
    contact = f"; mailto:{address}" if address.isascii() and address else ""
    return f"Paperboy/{VERSION} (+{settings.base_url}{contact})".encode("ascii", "ignore").decode()


def _place(url: str) -> str:
    return urlsplit(url).netloc.rpartition("@")[2]


def _words(place: str, trouble: Trouble, attempts: int) -> str:
    tried = f" ({attempts} attempts)" if attempts > 1 else ""
    remedy = "the next run asks again" if trouble.passing or trouble.status is None else "check the address"
    return f"{place} {trouble}{tried}; {remedy}"
