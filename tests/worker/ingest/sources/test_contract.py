"""What every source holds to, whoever answers: its port, its records, and its calm before hostile answers.

A "door" is one way in which foreign bytes reach a source: five are on the web, and one is a file.
"""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import playing as play
from tests.playing import Play, playing
from tests.worker.ingest.sources.house import TODAY, House, Reading, recorded
from worker.ingest.papers import aliases
from worker.ingest.port import Progress
from worker.ingest.sanitise import clean

SECRET = "root-of-all-secrets"
FRIDAY = date(2026, 6, 19)


@dataclass(frozen=True)
class Door:
    """A source's word (`{url}`: the server's), the path it asks, the day it is asked for, and a good answer."""

    name: str
    word: str
    path: str
    day: date
    good: bytes
    papers: int


def _good_feed() -> bytes:
    items = (f"<item><title>Paper {n}</title><link>https://journal.example/{n}</link><guid>{n}</guid></item>" for n in range(1, 6))
    return f'<rss version="2.0"><channel><title>J</title>{"".join(items)}</channel></rss>'.encode()


DOORS = (
    Door("huggingface", "huggingface", "/api/daily_papers", TODAY, recorded("huggingface/2026-06-22.json"), 9),
    Door("arxiv-feed", "arxiv:cs.AI", "/atom/cs.AI", TODAY, recorded("arxiv_feed/cs.AI_2025-08-20.xml"), 7),
    Door(
        "arxiv-query",
        "arxiv:cs.AI",
        "/api/query",
        FRIDAY,
        recorded("arxiv_query/q_testing_s0_m10.xml").replace(b">214881<", b">10<"),
        10,
    ),
    Door("feed", "feed:{url}/feed.xml", "/feed.xml", TODAY, _good_feed(), 5),
    Door("arxiv-oai", "arxiv-oai:physics:hep-ex", "/oai", date(2017, 12, 14), recorded("arxiv_oai/arxiv-physics-hep-ex.xml"), 3),
)
on_every_door = pytest.mark.parametrize("door", DOORS, ids=lambda door: door.name)


def read(house: House, door: Door, *plays: Play) -> Reading:
    if plays:
        house.server.answer(door.path, *plays)
    return house.read(door.word.format(url=house.server.url), door.day, door.day)


def check(reading: Reading) -> None:
    """What holds for anything that any source ever says."""
    assert reading.records == [clean(record) for record in reading.records]
    for record in reading.records:
        assert record.title
        assert record.external_id
        assert aliases(record)
        repr(record).encode("utf-8")
    for words in [*reading.skipped, *reading.skipped.values(), reading.error or "-", *(one.words for one in reading.of(Progress))]:
        assert words
        assert words.isprintable()
        assert len(words) < 1_000
    assert SECRET not in repr(reading)


@on_every_door
def test_a_good_answer_is_read_whole(house: House, door: Door) -> None:
    reading = read(house, door, play.body(door.good))
    check(reading)
    assert (reading.error, reading.skipped) == (None, {})
    assert len(set(reading.ids)) == len(reading.records) == door.papers
    assert isinstance(reading.items[0], Progress)
    assert {record.source.partition(":")[0] for record in reading.records} == {door.word.partition(":")[0]}
    assert all(record.listed_on is not None for record in reading.records)


@on_every_door
def test_a_source_is_called_as_it_is_set(house: House, door: Door) -> None:
    source = house.source(door.word.format(url=house.server.url))
    assert source.name == door.word.format(url=house.server.url)
    assert [isinstance(source.expects_on(TODAY + timedelta(days=number)), bool) for number in range(7)] == [True] * 7


@on_every_door
def test_not_modified_is_the_same_again(house: House, door: Door) -> None:
    house.server.choose(door.path, play.conditional(door.good, 'W/"1"'))
    first, second = read(house, door), read(house, door)
    assert first.records == second.records
    assert first.error is second.error is None
    assert house.server.asked[-1].headers["if-none-match"] == 'W/"1"'


@on_every_door
def test_what_passes_is_waited_for(house: House, door: Door) -> None:
    for passing in (play.status(500), play.status(429, Retry_After="2"), play.cut(door.good), play.zipped_and_cut(door.good), play.hang_up):
        reading = read(house, door, passing, play.body(door.good))
        assert (reading.error, len(reading.records)) == (None, door.papers)


@on_every_door
@pytest.mark.parametrize("sent", [play.zipped, play.chunked, lambda good: play.body(good, Content_Type="image/png; charset=klingon")])
def test_how_it_is_sent_does_not_matter(house: House, door: Door, sent: Callable[[bytes], Play]) -> None:
    reading = read(house, door, sent(door.good))
    assert (reading.error, len(reading.records)) == (None, door.papers)


FAILING: dict[str, Callable[[Door], Play]] = {
    "500 for ever": lambda _: play.status(500),
    "429 for ever": lambda _: play.status(429),
    "429 until tomorrow": lambda _: play.status(429, Retry_After="86400"),
    "404": lambda _: play.status(404),
    "403": lambda _: play.status(403),
    "204": lambda _: play.status(204),
    "304 unasked": lambda _: play.status(304),
    "redirects for ever": lambda door: play.redirect(door.path),
    "redirect to a file": lambda _: play.redirect("file:///etc/passwd"),
    "redirect to nothing": lambda _: play.redirect("http://"),
    "hangs up": lambda _: play.hang_up,
    "babbles": lambda _: play.babble,
    "half of the transfer": lambda door: play.cut(door.good),
    "half of the gzip": lambda door: play.zipped_and_cut(door.good),
    "gzip bomb": lambda _: play.gzip_bomb(60),
    "brotli": lambda door: play.body(door.good, Content_Encoding="br"),
    "endless": lambda _: play.endless(b"[" * 1000),
    "endless and alike": lambda door: play.endless(door.good),
}


@on_every_door
@pytest.mark.parametrize("how", FAILING)
def test_a_server_that_fails_is_told_and_left(house: House, door: Door, how: str) -> None:
    begun = time.monotonic()
    reading = read(house, door, FAILING[how](door))
    check(reading)
    assert reading.error is not None
    assert "127.0.0.1" in reading.error
    assert time.monotonic() - begun < 20


BILLION = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
HOSTILE: dict[str, Callable[[Path, str, bytes], bytes]] = {
    "nothing": lambda _file, _url, _good: b"",
    "blanks": lambda _file, _url, _good: b" \r\n\t" * 1000,
    "a web page": lambda _file, _url, _good: b"<!doctype html><html><head><title>Sign in</title></head><body>Sign in</body></html>",
    "another web page": lambda _file, _url, _good: b'<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><body/></html>',
    "a JSON error": lambda _file, _url, _good: b'{"error": "Rate limit reached"}',
    "a JSON null": lambda _file, _url, _good: b"null",
    "a list of nulls": lambda _file, _url, _good: b'[null, 1, [], "x", {}]',
    "deep JSON": lambda _file, _url, _good: b"[" * 500_000,
    "deep objects": lambda _file, _url, _good: b'[{"paper":' * 200_000,
    "deep XML": lambda _file, _url, _good: b"<rss>" * 50_000,
    "deep XML with an end": lambda _file, _url, _good: b"<feed>" * 20_000 + b"<entry/>" + b"</feed>" * 20_000,
    "long number": lambda _file, _url, _good: b'[{"paper": {"id": "x", "title": "t", "upvotes": ' + b"9" * 10_000 + b"}}]",
    "an entity bomb": lambda _f, _u, _g: (
        f'<!DOCTYPE x [<!ENTITY e0 "ha">{BILLION}]><rss version="2.0"><channel>&e9;</channel></rss>'.encode()
    ),
    "a large entity": lambda _file, _url, _good: (
        f'<!DOCTYPE x [<!ENTITY e "{"x" * 50_000}">]><feed xmlns="http://www.w3.org/2005/Atom"><entry><id>1</id><title>'
        f"{'&e;' * 50_000}</title></entry></feed>"
    ).encode(),
    "a file as entity": lambda file, _url, _good: (
        f'<!DOCTYPE x [<!ENTITY e SYSTEM "{file.as_uri()}">]><rss version="2.0"><channel><item><title>&e;</title></item></channel></rss>'
    ).encode(),
    "a page as entity": lambda _file, url, _good: (
        f'<!DOCTYPE x [<!ENTITY e SYSTEM "{url}/secret">]><rss version="2.0"><channel><item><title>&e;</title></item></channel></rss>'
    ).encode(),
    "a page as parameter entity": lambda _f, url, _g: f'<!DOCTYPE rss [<!ENTITY % e SYSTEM "{url}/secret"> %e;]><rss/>'.encode(),
    "a page as document type": lambda _file, url, good: f'<!DOCTYPE rss SYSTEM "{url}/secret">'.encode() + good,
    "an include": lambda file, _url, _good: (
        f'<feed xmlns="http://www.w3.org/2005/Atom" xmlns:xi="http://www.w3.org/2001/XInclude"><entry><id>1</id><title>'
        f'<xi:include href="{file.as_uri()}" parse="text"/></title></entry></feed>'
    ).encode(),
    "the name of a file": lambda file, _url, _good: str(file).encode(),
    "the address of a page": lambda _file, url, _good: f"{url}/secret".encode(),
    "binary": lambda _file, _url, _good: bytes(range(256)) * 500,
    "zeros": lambda _file, _url, _good: bytes(1_000_000),
    "a PDF": lambda _file, _url, _good: b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n" + bytes(1000),
    "bytes that are no UTF-8": lambda _file, _url, good: good.replace(b"e", b"\xe9"),
    "halves of letters": lambda _file, _url, good: good.replace(b"a", b"\xed\xa0\x80"),
    "zeros between": lambda _file, _url, good: good.replace(b" ", b"\x00"),
    "as UTF-16": lambda _file, _url, good: good.decode().encode("utf-16"),
    "half": lambda _file, _url, good: good[: len(good) // 2],
    "all but the end": lambda _file, _url, good: good[:-3],
    "twice": lambda _file, _url, good: good + good,
    "the end first": lambda _file, _url, good: good[len(good) // 2 :] + good[: len(good) // 2],
    "an unknown encoding": lambda _f, _u, good: b'<?xml version="1.0" encoding="klingon"?>' + good.partition(b"?>")[2],
    "a wrong encoding": lambda _f, _u, good: b'<?xml version="1.0" encoding="utf-32"?>' + good.partition(b"?>")[2],
    "a flood of tags": lambda _file, _url, _good: b'<rss version="2.0"><channel>' + b"<item>" * 60_000,
    "a flood of attributes": lambda _f, _u, _g: b"<feed " + b" ".join(b"a%d='x'" % n for n in range(50_000)) + b"></feed>",
}


@on_every_door
@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_answer_does_no_harm(house: House, door: Door, what: str, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text(SECRET)
    house.server.answer("/secret", play.body(f'<!ENTITY e "{SECRET}">'.encode()))
    begun = time.process_time()
    reading = read(house, door, play.body(HOSTILE[what](secret, house.server.url, door.good)))
    check(reading)
    assert house.server.asked_for("/secret") == []
    assert reading.error is not None or reading.records or reading.skipped or what in {"deep XML with an end", "a flood of attributes"}
    assert time.process_time() - begun < 20  # of CPU: what else the machine does is not this answer's harm


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_file_does_no_harm(house: House, what: str, tmp_path: Path) -> None:
    secret, path = tmp_path / "secret.txt", tmp_path / "papers"
    secret.write_text(SECRET)
    for good in (recorded("huggingface/2026-06-22.json"), recorded("trending_page.txt"), b"title,votes\nAbout caf\xc3\xa9s,1\n"):
        path.write_bytes(HOSTILE[what](secret, house.server.url, good))
        reading = house.read(f"file:{path}")
        check(reading)
        assert reading.error is not None or reading.records or reading.skipped
    assert house.server.asked == []


@on_every_door
def test_half_an_answer_is_half_the_papers_and_a_word_about_it(house: House, door: Door) -> None:
    reading = read(house, door, play.body(door.good[: len(door.good) * 4 // 5]))
    assert 0 < len(reading.records) <= door.papers
    assert reading.error is not None
    # What was told as damaged is asked for again, not taken from memory.
    assert len(read(house, door, play.body(door.good)).records) == door.papers


def spoiled(good: bytes) -> Iterator[bytes]:
    """`good` with one entry's title gone, or another entry's everything."""
    if good.startswith(b"["):
        entries = json.loads(good)
        yield json.dumps([{"title": "No id"}, *entries]).encode()
        yield json.dumps([None, *entries]).encode()
        return
    for name in ("item", "entry", "record"):
        opening = f"<{name}>".encode()
        if opening in good:
            yield good.replace(opening, f"<{name}></{name}>".encode() + opening, 1)
            yield good.replace(opening, f"<{name}><id>x-1</id><header/><title> </title></{name}>".encode() + opening, 1)
            return


@on_every_door
def test_a_bad_entry_is_named_and_costs_itself_alone(house: House, door: Door) -> None:
    for content in spoiled(door.good):
        reading = read(house, door, play.body(content))
        check(reading)
        assert (reading.error, len(reading.records), len(reading.skipped)) == (None, door.papers, 1)


@contextmanager
def elsewhere() -> Iterator[str]:
    """The address of a server that nobody may be led to."""
    with playing() as server:
        yield server.url
        assert server.asked == []


@on_every_door
def test_nothing_in_an_answer_is_fetched(house: House, door: Door) -> None:
    with elsewhere() as url:
        for wrapped in (b'<?xml-stylesheet type="text/xsl" href="%s/style.xsl"?>' % url.encode(), b""):
            head, tag, rest = door.good.partition(b"<feed" if b"<feed" in door.good else b"<OAI-PMH" if b"<OAI" in door.good else b"<rss")
            content = head + wrapped + tag + rest if tag else door.good
            check(read(house, door, play.body(content.replace(b"https://arxiv.org", url.encode()))))


WORDS = st.one_of(st.text(max_size=30), st.sampled_from(["", "-1", "9" * 400, "http://[::1", "2606.18023", "Error", "\u202e", "replace"]))


@pytest.mark.parametrize("door", [door for door in DOORS if not door.good.startswith(b"[")], ids=lambda door: door.name)
@given(data=st.data())
def test_no_mutation_of_a_recorded_answer_stops_a_source(shared_house: House, door: Door, data: st.DataObject) -> None:
    root = ET.fromstring(door.good)  # noqa: S314 - our own recording
    parents = [(parent, child) for parent in root.iter() for child in parent]
    for _ in range(data.draw(st.integers(1, 5))):
        parent, child = data.draw(st.sampled_from(parents))
        match data.draw(st.sampled_from(("drop", "text", "attributes", "rename", "twice", "empty"))):
            case "drop" if child in list(parent):
                parent.remove(child)
            case "text":
                child.text = data.draw(WORDS.filter(lambda words: "\x00" not in words))
            case "attributes":
                child.attrib = {name: data.draw(WORDS) for name in child.attrib}
            case "rename":
                child.tag = data.draw(
                    st.sampled_from(["entry", "item", "record", "title", "id", "x", "header", "error", "resumptionToken"])
                )
            case "twice":
                parent.append(child)
            case _:
                child[:] = []
    try:
        content = ET.tostring(root, encoding="unicode").encode("utf-8", "replace")
    except RecursionError:  # an element that became its own
        return
    shared_house.server.answer(door.path, play.body(content))
    check(shared_house.read(door.word.format(url=shared_house.server.url), door.day, door.day))
