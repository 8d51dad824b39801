"""The journey of a reader in a real Chromium, with script and without, and what a scanner of mails may do."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from config.clock import SetClock
from config.database import Database
from config.templating import TEMPLATES
from subscribers import preferences, votes
from subscribers.models import Standing, Subscriber
from tests.worker.reading.every_page import Shown, every_page
from tests.worker.reading.scanning import everything, links_in, mails_of_every_kind
from tests.worker.reading.site import Site, running

pytestmark = pytest.mark.browser

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
THEMES = ("light", "dark")
WIDTHS = (1280, 320)


@pytest.fixture
def site(sqlite_database: Database, clock: SetClock, tmp_path: Path) -> Iterator[Site]:
    with running(sqlite_database, clock, tmp_path) as running_site:
        running_site.world.list_papers(30)
        yield running_site


OpenPage = Callable[..., Page]


@pytest.fixture
def new_page(browser: Browser) -> Iterator[OpenPage]:
    """Opens windows; a message on the console of any of them fails the test."""
    faults: list[str] = []

    def make(**options: object) -> Page:
        page = browser.new_context(**({"locale": "en-GB", "timezone_id": "Asia/Tokyo"} | options)).new_page()  # type: ignore[arg-type]  # playwright wants its own TypedDict
        page.on("console", lambda message: faults.append(message.text) if message.type in {"error", "warning"} else None)
        page.on("pageerror", lambda error: faults.append(str(error)))
        return page

    yield make
    assert faults == []


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without"])
def test_a_reader_signs_up_confirms_reads_votes_changes_and_leaves(site: Site, new_page: OpenPage, script: bool) -> None:
    page = new_page(java_script_enabled=script)
    page.goto(site.url)
    page.get_by_label("Your address").fill("ada@example.org")
    page.get_by_text("Choose topics").click()
    page.locator(".chip", has_text="Robotics").first.click()
    page.get_by_label("Every day").check()
    page.get_by_role("button", name="See today’s digest for this").click()
    expect(page.get_by_text("Your digest today")).to_be_visible()
    page.get_by_role("button", name="Subscribe").first.click()
    expect(page.get_by_role("heading", name="Look into your inbox")).to_be_visible()

    page.goto(site.link_in(site.mail("ada@example.org"), "confirm"))
    page.get_by_role("button", name="Yes, send me the papers").click()
    expect(page.get_by_role("heading", name="You are in")).to_be_visible()
    with site.world.database.reading() as session:
        ada = session.get_one(Subscriber, 1)
        assert (ada.standing, ada.zone) == (Standing.ACTIVE, "Asia/Tokyo" if script else "Europe/London")
        assert preferences.read(session, ada).topics == ("robotics",)

    digest = site.mail("ada@example.org")
    page.goto(site.link_in(digest, "digests"))
    page.get_by_role("link", name="More like this").first.click()
    page.get_by_role("button", name="More like this").click()
    expect(page.get_by_role("heading", name="Noted: more like this")).to_be_visible()

    page.goto(site.link_in(digest, "preferences"))
    page.get_by_label("Hour").select_option("20:00")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Every day at 20:00")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Every day at 08:00")).to_be_visible()
    page.get_by_role("link", name="Leave", exact=True).click()
    page.get_by_role("button", name="Leave").click()
    expect(page.get_by_role("heading", name="You have left")).to_be_visible()
    with site.world.database.reading() as session:
        assert session.get_one(Subscriber, 1).standing == Standing.LEFT
        assert len(votes.of(session, 1)) == 1


def test_everything_can_be_reached_and_pressed_by_keyboard_alone(site: Site, new_page: OpenPage) -> None:
    page = new_page()
    page.goto(site.url)
    reached: list[str] = []
    for _ in range(8):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("(document.activeElement.textContent || document.activeElement.name || '').trim()"))
    assert reached[:3] == ["To the content", "Paperboy", "Past editions"]
    assert any(words.startswith("Choose topics") for words in reached)

    page.get_by_label("Your address").focus()
    page.keyboard.type("ada@example.org")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Look into your inbox")).to_be_visible()


def test_topics_are_found_by_typing(site: Site, new_page: OpenPage) -> None:
    page = new_page()
    page.goto(site.url)
    page.get_by_text("Choose topics").click()
    page.get_by_label("Find a topic").fill("robot")

    expect(page.locator(".chip", has_text="Robotics")).to_be_visible()
    expect(page.locator(".chip", has_text="Quantum computing")).to_be_hidden()


def test_a_preview_that_script_cannot_fetch_comes_as_a_page(site: Site, browser: Browser) -> None:
    page = browser.new_page()
    page.route("**/preview", lambda route: route.abort() if route.request.resource_type == "fetch" else route.continue_())
    page.goto(site.url)
    page.get_by_text("Choose topics").click()
    page.get_by_label("Keywords").fill("kind")
    page.get_by_role("button", name="See today’s digest for this").click()

    expect(page.get_by_text("Your digest today")).to_be_visible()
    expect(page).to_have_url(f"{site.url}/preview")
    expect(page.get_by_label("Keywords")).to_have_value("kind")


def test_a_browser_does_the_work_that_the_operator_asks_for(
    sqlite_database: Database, clock: SetClock, tmp_path: Path, new_page: OpenPage
) -> None:
    with running(sqlite_database, clock, tmp_path, PAPERBOY_PROOF_OF_WORK="12") as site:
        page = new_page()
        page.goto(site.url)
        page.get_by_label("Your address").fill("ada@example.org")
        page.get_by_role("button", name="Subscribe").first.click()
        expect(page.get_by_role("heading", name="Look into your inbox")).to_be_visible(timeout=30_000)


def test_a_scanner_with_a_browser_changes_nothing(site: Site, browser: Browser) -> None:
    mails = mails_of_every_kind(site.world)
    links = sorted({link for mail in mails.values() for link in links_in(mail) if link.startswith(site.url)})
    before = everything(site.world)

    scanner = browser.new_context().new_page()
    for url in links:
        scanner.goto(url)
        scanner.wait_for_timeout(200)
        scanner.request.head(url)
    scanner.goto(next(url for url in links if "/confirm/" in url))
    scanner.wait_for_timeout(10_000)  # what waits for a person to have gone

    assert len(links) > 30
    assert everything(site.world) == before


def giving(body: str) -> Callable[[Route], None]:
    return lambda route: route.fulfill(body=body, content_type="text/html; charset=utf-8")


@pytest.mark.parametrize("theme", THEMES)
def test_axe_finds_nothing_on_any_page_and_none_is_wider_than_its_window(site: Site, browser: Browser, theme: str) -> None:
    if not AXE.exists():
        pytest.fail("axe-core is not there; get it with: npm install --prefix tests", pytrace=False)
    windows = [browser.new_context(viewport={"width": width, "height": 800}, color_scheme=theme, bypass_csp=True) for width in WIDTHS]  # type: ignore[arg-type]  # playwright wants its own TypedDict
    pages = dict(zip(WIDTHS, [window.new_page() for window in windows], strict=True))
    faults: list[str] = []
    templates = set[str]()
    with ThreadPoolExecutor(1) as aside:  # playwright has the event loop of this thread
        shapes = aside.submit(list[Shown], every_page(site.world)).result()
    for name, shown in shapes:
        assert shown.status != 404 or name in {"not-found", "bad-link"}, name
        templates.add(name.partition(",")[0])
        for width, page in pages.items():
            page.route("**/shown", giving(shown.body))
            page.goto(f"{site.url}/shown")
            page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
            page.evaluate(AXE.read_text(encoding="utf-8"))
            found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
            faults += [f"{name} at {width}: {fault['id']}: {fault['nodes'][0]['html'][:120]}" for fault in found]
            if (wide := page.evaluate("document.documentElement.scrollWidth")) > width:
                faults.append(f"{name} at {width}: {wide} wide")
            page.unroute("**/shown")
    for window in windows:
        window.close()
    assert faults == []
    assert templates == {file.stem for file in (TEMPLATES / "pages").glob("*.html")} - {"base"}
