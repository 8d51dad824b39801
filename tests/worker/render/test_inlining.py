"""CSS is inlined once a template, without a network, and never while composing."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from jinja2 import TemplateError

from config.templating import environment
from tests.worker.render.builders import a_press, a_selection, an_addressee, of_class, settings, some_papers, tree
from worker.render import letters
from worker.render.house import house_of
from worker.render.inlining import Inliner
from worker.render.press import Press


def an_inliner(folder: Path, **templates: str) -> Inliner:
    for name, source in templates.items():
        (folder / f"{name}.html").write_text(source, encoding="utf-8")
    return Inliner(environment(folder), house_of(settings()))


def test_styles_land_in_the_template_and_jinja_survives(tmp_path: Path) -> None:
    inliner = an_inliner(
        tmp_path,
        sheet="<html><head><style>.a { color: {{ house.accent }} }</style><style data-premailer='ignore'>@media print { .a { color: red } }"
        "</style><title>{{ title }}</title></head><body>{% block words %}{% endblock %}</body></html>",
        page="{% extends 'sheet.html' %}{% block words %}{% for word in said %}\n<p class='a'>{{ word }}</p>\n{% endfor %}"
        "{% if link %}<a class='a' href='{{ link }}?x={{ title | urlencode }}'>{{ title }}</a>{% endif %}{% endblock %}",
    )
    made = inliner.whole("page.html").render(title="T & U", said=["one", "<two>"], link="https://example.org/")
    assert made.count('style="color:#b3401f"') == 3
    assert "@media print { .a { color: red } }" in made
    assert "&lt;two&gt;" in made
    assert 'href="https://example.org/?x=T%20%26%20U"' in made
    assert "<title>T &amp; U</title>" in made
    assert "paperboy" not in made


def test_parts_are_inlined_as_they_stand_in_the_shell(tmp_path: Path) -> None:
    inliner = an_inliner(
        tmp_path,
        sheet="<html><head><style>table .b { width: 9px }</style></head><body><table>\n{{ content }}\n</table></body></html>",
        row="<tr><td class='b'>{{ word }}</td></tr>",
        other="<tr><td>{{ word }}</td></tr>",
    )
    parts = inliner.parts("sheet.html", ["row.html", "other.html"])
    assert parts["row.html"].render(word="x") == '<tr><td class="b" style="width:9px" width="9">x</td></tr>'
    assert parts["other.html"].render(word="x") == "<tr><td>x</td></tr>"


def test_a_shell_without_its_slot_is_named(tmp_path: Path) -> None:
    inliner = an_inliner(tmp_path, sheet="<html><body></body></html>", row="<p>x</p>")
    with pytest.raises(TemplateError, match=r"sheet\.html must say"):
        inliner.parts("sheet.html", ["row.html"])


def test_markup_that_loses_an_expression_is_named(tmp_path: Path) -> None:
    inliner = an_inliner(tmp_path, page="<html><body><p id='{{ a }}' id='{{ b }}'>x</p></body></html>")
    with pytest.raises(TemplateError, match=r"page\.html: the markup is not well-formed, 2 expressions went in and 1 came out"):
        inliner.whole("page.html")


@pytest.mark.parametrize("rule", ["@import url(http://127.0.0.1:9/x.css);", "@import 'file:///etc/passwd';", "@import '/etc/passwd';"])
def test_a_style_sheet_never_fetches(tmp_path: Path, rule: str) -> None:
    inliner = an_inliner(tmp_path, page=f"<html><head><style>{rule} p {{ color: red }}</style></head><body><p>x</p></body></html>")
    with pytest.raises(TemplateError, match="must not import"):
        inliner.whole("page.html")


def test_an_external_style_sheet_is_left_alone(tmp_path: Path) -> None:
    inliner = an_inliner(tmp_path, page="<html><head><link rel='stylesheet' href='http://127.0.0.1:9/x.css'></head><body>x</body></html>")
    assert "127.0.0.1:9" in inliner.whole("page.html").render()


def modules_called(act: Callable[[], object]) -> set[str]:
    called: set[str] = set()
    sys.setprofile(lambda frame, event, _: called.add(frame.f_globals.get("__name__", "")) if event == "call" else None)
    try:
        act()
    finally:
        sys.setprofile(None)
    return {name.partition(".")[0] for name in called}


def test_composing_never_calls_premailer_or_the_network() -> None:
    press = Press(settings())
    papers, more = some_papers(12), some_papers(12, title="Another")

    def compose() -> None:
        press.digest(a_selection(papers), papers, an_addressee())
        press.digest(a_selection(more), more, an_addressee(), "A note.")
        press.letter(letters.confirm("https://papers.example.org/confirm/x"), an_addressee())

    assert not modules_called(compose) & {"premailer", "cssutils", "lxml", "socket", "urllib3", "requests"}
    assert "premailer" in modules_called(lambda: Press(settings(name="Another house")))  # the first one of it


def test_every_class_that_dark_mode_repaints_is_inlined_first() -> None:
    papers = some_papers(1)
    root = tree(a_press().digest(a_selection(papers), papers, an_addressee()).parts().html)
    for name in ("reason", "title", "headline", "by", "said", "link", "vote", "foot-text"):
        assert all("color:" in element.get("style", "") for element in root.find_class(name)), name
    assert of_class(root, "name") == ["Paperboy"]
