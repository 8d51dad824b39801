"""The page that shows all readers side by side: whole, self-contained, true, and fit for every window, eye and keyboard."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import html5lib
import pytest
from lxml.html import HtmlElement  # type: ignore[import-untyped]  # lxml carries no types
from playwright.sync_api import Browser, Page

from tests.worker.demo.played import Demo
from tests.worker.render.builders import of_class, tree, words
from tests.worker.render.test_look import CONTRASTS, OVERFLOW
from worker.demo.readers import DOZEN

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"


@pytest.fixture(scope="module")
def page(demo: Demo) -> str:
    return (demo.folder / "index.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def root(page: str) -> HtmlElement:
    return tree(page)


def test_it_is_valid_and_needs_nothing_but_the_files_beside_it(demo: Demo, page: str, root: HtmlElement) -> None:
    html5lib.HTMLParser(strict=True).parse(page)
    assert not {"script", "img", "link", "object", "embed", "form"} & {str(element.tag) for element in root.iter()}
    assert not re.search(r"@import|url\(|http-equiv|\bon[a-z]+=", page)
    for place in [*root.xpath("//@src"), *root.xpath("//@href")]:
        assert place.startswith("#") or (demo.folder / unquote(place)).is_file(), place
    anchors = {place[1:] for place in root.xpath("//@href") if place.startswith("#")}
    assert anchors <= set(root.xpath("//@id"))


def test_every_reader_stands_there_with_their_wishes(root: HtmlElement) -> None:
    readers = root.find_class("reader")
    assert [words(reader.find(".//h3")) for reader in readers] == [choices.name for _, choices in DOZEN]
    for reader, (_, choices) in zip(readers, DOZEN, strict=True):
        assert f"{choices.hour:02d}:00, {choices.zone}" in words(reader)
        assert all(word in words(reader) for word in (*choices.keywords, *choices.authors, *choices.mutes))


def test_every_mail_can_be_seen_in_its_readers_frame_and_as_files(demo: Demo, root: HtmlElement) -> None:
    for reader, (address, _) in zip(root.find_class("reader"), DOZEN, strict=True):
        (frame,) = reader.iter("iframe")
        names = [mail.path.stem for mail in demo.of(address)]
        shown = [element for element in reader.iter("a") if element.get("target")]
        assert [unquote(element.get("href")) for element in shown] == [f"{name}.html" for name in names]
        assert {element.get("target") for element in shown} == {frame.get("name")}
        assert unquote(frame.get("src")) in {f"{name}.html" for name in names}
        assert frame.get("title")
        files = {unquote(element.get("href")) for element in reader.iter("a") if not element.get("target")}
        assert files == {f"{name}.{ending}" for name in names for ending in ("html", "txt", "eml")}
        assert [words(element) for element in reader.find_class("subject")] == [str(mail.message["Subject"]) for mail in demo.of(address)]
    assert len(set(root.xpath("//iframe/@name"))) == len(DOZEN)


def test_the_table_counts_the_papers_of_each_mail(demo: Demo, root: HtmlElement) -> None:
    rows = root.xpath("//tbody/tr")
    assert len(rows) == len(DOZEN)
    for row, (address, choices) in zip(rows, DOZEN, strict=True):
        mails = demo.of(address)
        assert words(row.find("th")) == choices.name
        assert [int(words(link)) for link in row.iter("a") if not link.get("href").startswith("#")] == [len(mail.links) for mail in mails]
        assert words(row.find_class("sum")[0]) == str(sum(len(mail.links) for mail in mails))
    assert {len(row) for row in root.xpath("//tr")} == {11}


def test_the_account_on_the_page_is_the_one_of_the_terminal(demo: Demo, root: HtmlElement) -> None:
    (figures,) = root.find_class("figures")
    papers, twice, occasions, off = [words(figure) for figure in figures.iter("dd")]
    assert f"{papers} papers handed to 12 readers, {twice} of them again" in demo.said
    assert f"= {occasions.split()[0]} mails + {occasions.split()[2]} spared" in demo.said
    assert off == "0"
    assert of_class(root, "fault") == []
    assert of_class(root, "dateline") == ["15 to 23 June 2026 52 mails to 12 readers"] or len(demo.mails) != 52


def test_what_is_said_of_quiet_days_has_its_reason(root: HtmlElement) -> None:
    told = [words(element) for element in root.xpath("//footer/p")]
    assert told
    assert all(re.fullmatch(r"No mail \w{3} \d+(, \w{3} \d+)*: (nothing|only \d+) .+\.", one) for one in told), told


@pytest.fixture(params=[(1280, "light"), (1280, "dark"), (390, "light"), (390, "dark")], ids=lambda given: f"{given[0]}-{given[1]}")
def window(request: pytest.FixtureRequest, demo: Demo, browser: Browser) -> Iterator[Page]:
    width, scheme = request.param
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    made = context.new_page()
    asked: list[str] = []
    made.on("request", lambda request: asked.append(request.url))
    made.goto((demo.folder / "index.html").as_uri())
    yield made
    assert not [url for url in asked if not url.startswith("file:")]
    context.close()


@pytest.mark.browser
def test_nothing_overflows_and_everything_can_be_read(window: Page) -> None:
    assert window.evaluate(OVERFLOW) == 0
    assert [found for found in window.evaluate(CONTRASTS) if found[0] < 4.5] == []


@pytest.mark.browser
def test_choosing_a_day_shows_that_mail_in_the_readers_frame(window: Page) -> None:
    frame = window.frame("mail-1")
    assert frame is not None
    window.locator("#reader-1 .days a").first.focus()
    window.keyboard.press("Enter")
    window.wait_for_function("() => frames['mail-1'].length === 0")
    frame.wait_for_url(re.compile(r".*2026-06-16%20aiko\.tanaka\.html"))
    assert "Tuesday, 16 June 2026" in frame.content()
    assert window.url.endswith("/index.html")


@pytest.mark.browser
def test_axe_finds_nothing(window: Page) -> None:
    if not AXE.exists():
        pytest.fail("axe-core is not there; get it with: npm install --prefix tests", pytrace=False)
    window.evaluate(AXE.read_text(encoding="utf-8"))
    found = window.evaluate("axe.run(document, {resultTypes: ['violations'], iframes: false})")["violations"]
    assert Counter(one["id"] for one in found) == {}, [(one["id"], one["nodes"][0]["html"][:200]) for one in found]
