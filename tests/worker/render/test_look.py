"""The mail in a real browser: by day and by night, wide and narrow, nothing overflows, nothing is fetched, everything can be read."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.worker.render.builders import a_paper, a_press, a_selection, a_week_selection, an_addressee, settings, the_week
from worker.render import letters
from worker.render.press import Press

pytestmark = pytest.mark.browser

# Contrast (WCAG 2.1) of every text that shows, against the first ground behind it that is painted.
CONTRASTS = """() => {
  const channels = colour => (colour.match(/[\\d.]+/g) || []).map(Number);
  const linear = value => value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  const luminance = ([r, g, b]) => 0.2126 * linear(r / 255) + 0.7152 * linear(g / 255) + 0.0722 * linear(b / 255);
  const painted = element => {
    for (; element; element = element.parentElement) {
      const ground = channels(getComputedStyle(element).backgroundColor);
      if (ground.length === 3 || ground[3] > 0) return ground;
    }
    return [255, 255, 255];
  };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !element.checkVisibility()) continue;
    const [dark, light] = [luminance(channels(getComputedStyle(element).color)), luminance(painted(element))].sort((a, b) => a - b);
    found.push([Math.round((light + 0.05) / (dark + 0.05) * 100) / 100, element.className, walker.currentNode.data.trim().slice(0, 40)]);
  }
  return found;
}"""
OVERFLOW = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


def odd_papers() -> dict[int, Any]:
    return {
        1: a_paper(
            1, title="Pneumonoultramicroscopicsilicovolcanoconiosis" * 4, authors=("N" * 60,) * 3, abstract="We propose " + "y" * 400
        ),
        2: a_paper(2, title="نموذج لغوي كبير للغة العربية: دراسة شاملة", abstract=""),
        3: a_paper(3, title="No authors, no abstract", authors=(), abstract="", pdf_url=None),
        4: a_paper(4, title="日本語の大規模言語モデルの評価に関する包括的な研究とその応用", organisation="東京大学" * 10),
    }


@pytest.fixture(params=[(600, "light"), (600, "dark"), (390, "light"), (390, "dark")], ids=lambda given: f"{given[0]}-{given[1]}")
def page(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Page]:
    width, scheme = request.param
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    made = context.new_page()
    yield made
    context.close()


def mails() -> dict[str, str]:
    odd = odd_papers()
    bright = Press(settings(accent="#ffe600"))
    return {
        "a real digest": a_press().digest(a_week_selection(), the_week(), an_addressee(), "A note.").parts().html,
        "odd papers": a_press().digest(a_selection(odd), odd, an_addressee()).parts().html,
        "a pale accent": bright.digest(a_week_selection(), the_week(), an_addressee()).parts().html,
        "a letter": a_press().letter(letters.confirm("https://papers.example.org/confirm/" + "x" * 27), an_addressee()).parts().html,
        "a letter with a pale accent": bright.letter(letters.fresh_link("https://papers.example.org/x"), an_addressee()).parts().html,
    }


def test_nothing_overflows_is_fetched_or_hard_to_read(page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    for name, html in mails().items():
        page.set_content(html)
        assert page.evaluate(OVERFLOW) <= 0, name
        found = page.evaluate(CONTRASTS)
        assert len(found) > 5
        assert [line for line in found if line[0] < 4.5] == [], name
    assert asked == []


def test_the_night_is_dark_and_the_day_is_light(page: Page) -> None:
    page.set_content(mails()["a real digest"])
    ground = page.evaluate("() => getComputedStyle(document.querySelector('.sheet')).backgroundColor")
    dark = page.evaluate("() => matchMedia('(prefers-color-scheme: dark)').matches")
    assert ground == ("rgb(28, 26, 23)" if dark else "rgb(255, 255, 255)")


def test_it_reads_without_any_css_and_with_text_twice_as_large(page: Page) -> None:
    page.set_content(mails()["odd papers"])
    page.evaluate("() => { document.body.style.zoom = 2 }")
    assert page.evaluate(OVERFLOW) <= 0
    page.evaluate("""() => {
      document.body.style.zoom = 1;
      document.querySelectorAll('style').forEach(style => style.remove());
      document.querySelectorAll('[style]').forEach(element => element.removeAttribute('style'));
    }""")
    read = page.evaluate("() => document.querySelector('.page').innerText")
    assert read.index("For you") < read.index("No authors, no abstract") < read.index("Unsubscribe")
