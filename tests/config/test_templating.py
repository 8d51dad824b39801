"""Templates: escaped unless they are text, strict about names, and the operator's folder read first."""

from pathlib import Path

import pytest
from jinja2 import TemplateNotFound, UndefinedError

from config.templating import environment

HOSTILE = "<script>alert('&')</script>"
ESCAPED = "&lt;script&gt;alert(&#39;&amp;&#39;)&lt;/script&gt;"


@pytest.mark.parametrize(("name", "expected"), [("a.html", ESCAPED), ("a.xml", ESCAPED), ("a.txt", HOSTILE)])
def test_markup_is_escaped_and_text_is_not(tmp_path: Path, name: str, expected: str) -> None:
    (tmp_path / name).write_text("{{ title }}")
    assert environment(tmp_path).get_template(name).render(title=HOSTILE) == expected


def test_a_template_made_from_a_string_is_escaped() -> None:
    assert environment().from_string("{{ title }}").render(title=HOSTILE) == ESCAPED


def test_a_name_that_nobody_gave_is_an_error_not_an_empty_string() -> None:
    with pytest.raises(UndefinedError, match="titel"):
        environment().from_string("{{ titel }}").render(title="x")


def test_the_operators_folder_is_read_first_and_ours_second(tmp_path: Path) -> None:
    ours = environment().list_templates()
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "own.html").write_text("their own")
    theirs = environment(tmp_path)
    assert theirs.get_template("pages/own.html").render() == "their own"
    assert set(ours) <= set(theirs.list_templates())


def test_a_folder_cannot_be_left(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    (tmp_path / "own").mkdir()
    with pytest.raises(TemplateNotFound):
        environment(tmp_path / "own").get_template("../secret.txt")


def test_a_filter_of_a_room_is_known(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text("{{ 'ab'|twice }}\n")
    assert environment(tmp_path, {"twice": lambda word: word * 2}).get_template("a.html").render() == "abab\n"
