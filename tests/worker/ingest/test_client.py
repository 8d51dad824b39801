"""The client's manners, and what it does when a server has none."""

import time
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from random import Random

import pytest

from config.clock import SetClock, SystemClock
from config.database import Database
from config.settings import Settings
from tests import playing as play
from tests.playing import Play, Playing, settings_for
from worker.ingest.client import Client, FetchError, user_agent
from worker.ingest.port import SourceError
from worker.ingest.replies import Patience, Trouble, target

SHORT = Patience(silence=0.3, attempt=1, whole=30, attempts=2, size=1_000_000)
PAGE = b"a page " * 1000


@pytest.fixture
def database(sqlite_database: Database) -> Database:
    return sqlite_database


@pytest.fixture
def arxiv() -> Iterator[Playing]:
    """A server that the settings name as arXiv's and as Hugging Face's; `server` is somebody else's."""
    with play.playing() as made:
        yield made


@pytest.fixture
def settings(arxiv: Playing, tmp_path: Path) -> Settings:
    return settings_for(arxiv, tmp_path)


@pytest.fixture
def client(settings: Settings, database: Database, clock: SetClock) -> Client:
    return Client(settings, database, clock, Random(1))


def another_of(client: Client) -> Client:
    return Client(Settings(), client._database, client._clock, Random(3))


def refused(client: Client, url: str, patience: Patience = SHORT) -> str:
    with pytest.raises(FetchError) as error:
        client.get(url, patience)
    words = str(error.value)
    assert isinstance(error.value, SourceError)
    assert words.isprintable()
    assert url.split("/")[2] in words
    return words


def test_it_says_who_asks_and_whom_to_write_to(server: Playing, client: Client, settings: Settings) -> None:
    server.answer("/page", play.body(PAGE))
    assert client.get(f"{server.url}/page").body == PAGE
    assert server.asked[0].headers["user-agent"] == "Paperboy/0.1 (+http://127.0.0.1:8000; mailto:ops@example.org)"
    assert user_agent(settings.model_copy(update={"operator": None})) == "Paperboy/0.1 (+http://127.0.0.1:8000)"
    assert user_agent(settings.model_copy(update={"operator": "jürgen@bücher.example"})) == "Paperboy/0.1 (+http://127.0.0.1:8000)"


@pytest.mark.parametrize("kind", [play.body, play.zipped, play.chunked])
def test_every_way_of_sending_arrives_whole(server: Playing, client: Client, kind: Callable[[bytes], Play]) -> None:
    server.answer("/page", kind(PAGE))
    assert client.get(f"{server.url}/page").body == PAGE


@pytest.mark.parametrize(
    "passing",
    [
        play.status(500),
        play.status(503),
        play.status(429),
        play.hang_up,
        play.babble,
        play.silence,
        play.cut(PAGE),
        play.zipped_and_cut(PAGE),
    ],
)
def test_what_may_pass_is_tried_again(server: Playing, client: Client, clock: SetClock, passing: Play) -> None:
    server.answer("/page", passing, play.body(PAGE))
    begun = clock.now()
    assert client.get(f"{server.url}/page", SHORT).body == PAGE
    assert timedelta(seconds=0.5) <= clock.now() - begun <= timedelta(seconds=1.5)


@pytest.mark.parametrize("code", [400, 401, 403, 404, 410, 304, 204, 206, 418])
def test_what_will_not_pass_is_asked_once(server: Playing, client: Client, code: int) -> None:
    server.answer("/page", play.status(code), play.body(PAGE))
    assert f"answered {code}" in refused(client, f"{server.url}/page")
    assert len(server.asked) == 1


def test_waits_grow_and_differ(server: Playing, client: Client, clock: SetClock) -> None:
    server.answer("/page", play.status(502))
    begun = clock.monotonic()
    words = refused(client, f"{server.url}/page", Patience(attempts=5))
    assert "answered 502" in words
    assert "5 attempts" in words
    assert len(server.asked) == 5
    # 1 + 2 + 4 + 8 seconds, each between half and one and a half times as long.
    waited = clock.monotonic() - begun
    assert 7.5 <= waited <= 22.5
    assert waited != round(waited, 3)


def test_a_host_that_failed_is_tried_once_until_it_answers(server: Playing, client: Client) -> None:
    server.answer("/page", play.status(502))
    refused(client, f"{server.url}/page")
    refused(client, f"{server.url}/page")
    assert len(server.asked) == SHORT.attempts + 1
    server.answer("/page", play.body(PAGE))
    client.get(f"{server.url}/page")
    server.answer("/page", play.status(502))
    refused(client, f"{server.url}/page")
    assert len(server.asked) == SHORT.attempts + 2 + SHORT.attempts


def test_a_host_that_is_silent_twice_in_a_row_is_left_alone(server: Playing, client: Client) -> None:
    server.answer("/page", play.silence)
    short = Patience(silence=0.2, attempt=0.2, attempts=1)
    assert "in time" in refused(client, f"{server.url}/page", short)
    assert "in time" in refused(client, f"{server.url}/page", short)
    assert "is left alone" in refused(client, f"{server.url}/page", short)
    assert len(server.asked) == 2
    server.answer("/page", play.status(500))
    assert "answered 500" in refused(another_of(client), f"{server.url}/page", short)


def test_retry_after_is_obeyed_in_seconds_and_as_a_date(server: Playing, client: Client, clock: SetClock) -> None:
    clock.move_to(datetime(2026, 6, 17, 6, 0, tzinfo=UTC))
    server.answer("/page", play.status(429, Retry_After="7"), play.body(PAGE))
    client.get(f"{server.url}/page", SHORT)
    assert clock.now() == datetime(2026, 6, 17, 6, 0, 7, tzinfo=UTC)
    date = format_datetime(datetime(2026, 6, 17, 6, 0, 20, tzinfo=UTC), usegmt=True)
    server.answer("/page", play.status(503, Retry_After=date), play.body(PAGE))
    client.get(f"{server.url}/page", SHORT)
    assert clock.now() == datetime(2026, 6, 17, 6, 0, 20, tzinfo=UTC)


@pytest.mark.parametrize("asked", ["3600", "9" * 400, "Fri, 31 Dec 9999 23:59:59 GMT"])
def test_a_server_that_asks_for_more_than_the_deadline_is_left_at_once(
    server: Playing, client: Client, clock: SetClock, asked: str
) -> None:
    server.answer("/page", play.status(429, Retry_After=asked))
    begun = clock.now()
    assert "asks to wait" in refused(client, f"{server.url}/page")
    assert clock.now() == begun
    assert len(server.asked) == 1


@pytest.mark.parametrize("asked", ["-5", "soon", "", "1.5", "Wed, 99 Foo 2026", "٣"])
def test_a_retry_after_that_is_none_is_a_plain_wait(server: Playing, client: Client, clock: SetClock, asked: str) -> None:
    server.answer("/page", play.status(503, Retry_After=asked.encode().decode("latin-1")), play.body(PAGE))
    begun = clock.now()
    client.get(f"{server.url}/page", SHORT)
    assert clock.now() - begun <= timedelta(seconds=1.5)


@pytest.mark.parametrize(
    "slow", [play.silence, play.drip(PAGE, 0.05), play.drip_headers(0.05), play.endless(b"x")], ids=["silent", "body", "headers", "endless"]
)
def test_no_answer_takes_longer_than_its_time_or_more_than_its_size(
    server: Playing, settings: Settings, database: Database, slow: Play
) -> None:
    server.answer("/page", slow)
    client = Client(settings, database, SystemClock(), Random(1))
    begun = time.monotonic()
    tracemalloc.start()
    words = refused(client, f"{server.url}/page", Patience(silence=0.5, attempt=1, whole=30, attempts=1, size=2_000_000))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert "in time" in words or "more than 2 MB" in words
    assert time.monotonic() - begun < 4
    assert peak < 20_000_000


@pytest.mark.parametrize("large", [play.gzip_bomb(50), play.body(bytes(1_000_001))])
def test_an_answer_that_is_too_large_is_refused(server: Playing, client: Client, large: Play) -> None:
    server.answer("/page", large)
    assert "more than 1 MB" in refused(client, f"{server.url}/page")
    assert len(server.asked) == 1


def test_an_encoding_that_was_not_asked_for_is_refused(server: Playing, client: Client) -> None:
    server.answer("/page", play.body(PAGE, Content_Encoding="br"))
    assert "'br'" in refused(client, f"{server.url}/page")


def test_redirects_are_followed_on_the_web_alone(server: Playing, client: Client) -> None:
    server.answer("/old", play.redirect("/new?x=1", 301))
    server.answer("/new", play.redirect(f"{server.url}/page", 308))
    server.answer("/page", play.body(PAGE))
    answer = client.get(f"{server.url}/old")
    assert (answer.asked, answer.url, answer.body) == (f"{server.url}/old", f"{server.url}/page", PAGE)


@pytest.mark.parametrize(
    "target",
    ["file:///etc/passwd", "ftp://example.org/x", "javascript:alert(1)", "http://[::1", "", "http://user:pw@127.0.0.1/", "//", "data:,x"],
)
def test_redirects_elsewhere_lead_nowhere(server: Playing, client: Client, target: str) -> None:
    server.answer("/page", play.redirect(target))
    refused(client, f"{server.url}/page")
    assert {asked.path for asked in server.asked} == {"/page"}


def test_a_redirect_off_the_web_is_told_as_that(server: Playing, client: Client) -> None:
    server.answer("/page", play.redirect("file:///etc/passwd"))
    assert "redirects to 'file:///etc/passwd', which is no web address" in refused(client, f"{server.url}/page")


def test_redirects_that_never_end_are_left(server: Playing, client: Client) -> None:
    server.answer("/page", play.redirect("/page"))
    assert "redirects more than 5 times" in refused(client, f"{server.url}/page")
    assert len(server.asked) == 6


@pytest.mark.parametrize(
    "inside", ["http://127.0.0.1/", "http://10.0.0.1/", "http://169.254.169.254/latest", "http://[::1]/", "http://localhost/"]
)
def test_the_world_outside_does_not_lead_inside(inside: str) -> None:
    with pytest.raises(Trouble, match="private network"):
        target("https://example.org/feed", inside)
    assert target("http://127.0.0.1:9000/feed", inside) == inside


def test_not_modified_gives_the_answer_we_hold(server: Playing, client: Client) -> None:
    server.choose("/page", play.conditional(PAGE, '"1"'))
    first = client.get(f"{server.url}/page")
    client.keep(first)
    second = client.get(f"{server.url}/page")
    client.keep(second)
    assert (first.unchanged, second.unchanged, second.body) == (False, True, PAGE)
    assert server.asked[1].headers["if-none-match"] == '"1"'
    assert client.get(f"{server.url}/page").body == PAGE


def test_last_modified_is_sent_back_as_it_came(server: Playing, client: Client) -> None:
    date = "Wed, 17 Jun 2026 06:00:00 GMT"
    server.answer("/page", play.body(PAGE, Last_Modified=date), play.status(304))
    client.keep(client.get(f"{server.url}/page"))
    assert client.get(f"{server.url}/page").body == PAGE
    assert server.asked[1].headers["if-modified-since"] == date


def test_an_answer_that_could_not_be_read_is_asked_for_again_whole(server: Playing, client: Client) -> None:
    server.choose("/page", play.conditional(PAGE, '"1"'))
    client.get(f"{server.url}/page")
    assert not client.get(f"{server.url}/page").unchanged
    assert "if-none-match" not in server.asked[1].headers


def test_arxiv_is_asked_every_three_seconds_by_whichever_of_its_addresses(arxiv: Playing, client: Client, clock: SetClock) -> None:
    paths = ("/api/query", "/atom/cs.LG", "/oai", "/feed.xml")
    for path in paths:
        arxiv.answer(path, play.body(PAGE))
    begun = clock.now()
    for path in paths:
        client.get(f"{arxiv.url}{path}")
    assert clock.now() - begun == timedelta(seconds=9)
    clock.sleep(3)
    arxiv.answer("/api/daily_papers", play.body(PAGE))
    before = clock.now()
    for _ in range(3):
        client.get(f"{arxiv.url}/api/daily_papers?date=2026-06-17")
    assert clock.now() == before


def test_retries_and_redirects_at_arxiv_wait_for_their_turn_as_well(arxiv: Playing, client: Client, clock: SetClock) -> None:
    arxiv.answer("/oai", play.redirect("/oai2"))
    arxiv.answer("/oai2", play.status(500), play.body(PAGE))
    begun = clock.now()
    client.get(f"{arxiv.url}/oai")
    assert len(arxiv.asked) == 4
    assert clock.now() - begun >= timedelta(seconds=9)


def test_the_real_arxiv_has_its_turn_whatever_the_settings_say(settings: Settings, client: Client) -> None:
    for url in (
        "https://export.arxiv.org/api/query",
        "https://arxiv.org/abs/1",
        "https://rss.arxiv.org/atom/cs.LG",
        "https://oaipmh.arxiv.org/oai",
    ):
        assert client._host_of_turns(url) == "arxiv.org"
    assert client._host_of_turns("https://notarxiv.org/") is None
    assert client._host_of_turns(f"{settings.huggingface_url}/api/daily_papers") is None


def test_an_arxiv_that_asks_for_rest_is_left_alone_by_everybody(
    arxiv: Playing, client: Client, settings: Settings, database: Database, clock: SetClock
) -> None:
    arxiv.answer("/api/query", play.status(503, Retry_After="1200"), play.body(PAGE))
    refused(client, f"{arxiv.url}/api/query")
    another = Client(settings, database, clock, Random(2))
    assert "has to be left alone for now: its next turn is at" in refused(another, f"{arxiv.url}/oai")
    assert len(arxiv.asked) == 1
    clock.sleep(1200)
    assert another.get(f"{arxiv.url}/api/query").body == PAGE


def test_nobody_listens(client: Client, server: Playing) -> None:
    words = refused(client, "http://127.0.0.1:9/page")
    assert "cannot be reached" in words
    assert "2 attempts" in words
    del server
