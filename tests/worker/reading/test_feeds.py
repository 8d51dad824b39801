"""A reader's own feed: off until asked for, theirs alone, dead when it is turned off."""

from datetime import timedelta

import feedparser
import pytest

from subscribers import requests
from subscribers.links import Links, Purpose
from subscribers.models import RequestKind, Subscriber
from tests.subscribers.web.visitor import Page, Visitor
from tests.worker.reading.atom import faults
from tests.worker.send.world import World


@pytest.fixture
def links(world: World) -> Links:
    return Links(world.settings.secret_key, world.settings.base_url)


@pytest.fixture
def ada(world: World) -> int:
    """A reader who has had one digest."""
    world.list_papers(12)
    [number] = world.subscribe("ada@example.org", name="Grace Hopper", keywords=("mamba",))
    world.clock.move_to(world.at(17, 7))
    world.tick()
    return number


def fresh(world: World, links: Links, reader: int) -> str:
    with world.database.transaction() as session:
        return links.fresh(requests.ask(session, reader, RequestKind.FRESH_LINK, world.clock.now()), world.clock.now())


def feed_in(page: Page) -> str:
    [found] = [url for url in page.links if "/feed/" in url]
    return found


def turned_on(visitor: Visitor, world: World, links: Links, reader: int) -> str:
    return feed_in(visitor.press(visitor.open(fresh(world, links, reader)), "Turn the feed on"))


def test_a_feed_holds_the_last_ten_digests_and_nothing_that_says_whose(visitor: Visitor, world: World, links: Links, ada: int) -> None:
    for day in range(17, 30):
        world.list_papers(10)
        world.until(world.at(day, 8), step=timedelta(hours=12))

    answer = visitor.open(turned_on(visitor, world, links, ada))

    feed = feedparser.parse(answer.body)
    assert (answer.status, faults(answer.body), feed.bozo) == (200, [], False)
    assert [entry.title[:24] for entry in feed.entries[:2]] == ["Monday 29 June 2026: Rob", "Sunday 28 June 2026: Rob"]
    assert len(feed.entries) == 10
    assert "https://arxiv.org/abs/" in feed.entries[0].content[0].value
    assert not [word for word in ("ada@", "Hopper", "mamba", "/digests/", "/unsubscribe/", "/preferences/") if word in answer.body]


def test_a_feed_is_kept_by_no_cache_on_the_way_and_says_when_nothing_changed(
    visitor: Visitor, world: World, links: Links, ada: int
) -> None:
    url = turned_on(visitor, world, links, ada)
    first = visitor.open(url)

    assert first.headers["content-type"] == "application/atom+xml; charset=utf-8"
    assert (first.headers["cache-control"], first.headers["x-robots-tag"]) == ("private, max-age=900", "noindex")
    assert visitor.open(url, **{"If-None-Match": first.headers["etag"]}).status == 304
    assert visitor.open(url, "HEAD").status == 200


def test_a_new_link_kills_the_old_one_and_off_kills_the_last(visitor: Visitor, world: World, links: Links, ada: int) -> None:
    page = visitor.press(visitor.open(fresh(world, links, ada)), "Turn the feed on")
    first = feed_in(page)
    page = visitor.press(page, "Make a new link")
    second = feed_in(page)

    assert first != second
    assert (visitor.open(first).status, visitor.open(second).status) == (410, 200)
    assert "the old one no longer works" in page.words

    page = visitor.press(page, "Turn the feed off")
    assert visitor.open(second).status == 410
    assert [url for url in page.links if "/feed/" in url] == []
    assert visitor.open(first).body == "This feed was turned off, or has a new link.\n"


def test_the_link_of_a_forwarded_digest_neither_makes_nor_shows_a_feed_but_may_turn_it_off(
    visitor: Visitor, world: World, links: Links, ada: int
) -> None:
    weak = links.preferences(ada, world.clock.now())
    assert visitor.open(f"{weak}/feed", "POST").status == 404
    url = turned_on(visitor, world, links, ada)

    page = visitor.open(weak)
    assert url not in page.body
    assert "It is on." in page.words
    visitor.press(page, "Turn the feed off")
    assert visitor.open(url).status == 410


@pytest.mark.parametrize(("purpose", "status"), [(Purpose.READ, 404), (Purpose.CHOOSE, 404), (Purpose.FEED, 410)])
def test_a_link_that_is_no_good_gets_a_status_and_a_line(
    visitor: Visitor, world: World, links: Links, purpose: Purpose, status: int
) -> None:
    token = links.token(purpose, 999, world.clock.now())

    for text, expected in ((token, status), (token[:-1], 404), (token[:-2] + "AA", 404), ("x", 404)):
        answer = visitor.open(f"/feed/{text}")
        assert (answer.status, answer.headers["content-type"]) == (expected, "text/plain; charset=utf-8")
        assert (answer.headers["cache-control"], answer.body.count("\n")) == ("no-store", 1)


def test_a_link_signed_with_the_key_before_is_still_good_and_the_entries_keep_their_names(
    visitor: Visitor, world: World, links: Links, ada: int
) -> None:
    url = turned_on(visitor, world, links, ada)
    rotated = Links(("a-new-key", *world.settings.secret_key), world.settings.base_url)

    assert rotated.read(url.rpartition("/")[2], world.clock.now()).purpose is Purpose.FEED
    [entry] = feedparser.parse(visitor.open(url).body).entries
    assert entry.id == "tag:127.0.0.1,2026:digests/1"


def test_a_feed_goes_with_its_reader(visitor: Visitor, world: World, links: Links, ada: int) -> None:
    url = turned_on(visitor, world, links, ada)
    with world.database.transaction() as session:
        session.delete(session.get_one(Subscriber, ada))

    assert visitor.open(url).status == 410


def test_a_feed_that_is_young_is_empty_and_valid(visitor: Visitor, world: World, links: Links) -> None:
    [bob] = world.subscribe("bob@example.org")

    answer = visitor.open(turned_on(visitor, world, links, bob))

    assert (answer.status, faults(answer.body), feedparser.parse(answer.body).entries) == (200, [], [])


def test_what_a_source_wrote_breaks_no_feed(visitor: Visitor, world: World, links: Links) -> None:
    nasty = '<script>alert(1)</script>"]]>\x0b & <![CDATA['
    world.list_papers(8, title=nasty, authors=(nasty,), url="javascript:alert(1)")
    [bob] = world.subscribe("bob@example.org")
    world.until(world.at(17, 8))

    answer = visitor.open(turned_on(visitor, world, links, bob))

    assert faults(answer.body) == []
    assert "<script" not in feedparser.parse(answer.body).entries[0].content[0].value
    assert "javascript:" not in answer.body
