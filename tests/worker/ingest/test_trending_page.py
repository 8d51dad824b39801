"""The client's page, and pages that are nearly it."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.ingest import trending_page
from worker.ingest.trending_page import Alone, Found

PAGE = (Path(__file__).parents[2] / "data" / "ingest" / "trending_page.txt").read_text(encoding="utf-8")
TODAY = date(2026, 11, 22)
LONG = "We study this at length. " * 20


def page(*blocks: str, day: str = "Apr 3") -> str:
    return "\n\n".join(["new", "Subscribe", day, *blocks])


def found(text: str) -> list[str]:
    return [one.title for one in trending_page.read(text, TODAY) if isinstance(one, Found)]


def alone(text: str) -> list[tuple[int, str]]:
    return [(one.line, one.reason) for one in trending_page.read(text, TODAY) if isinstance(one, Alone)]


def test_the_clients_page_has_78_papers_of_the_third_of_april() -> None:
    said = list(trending_page.read(PAGE, TODAY))
    papers = [one for one in said if isinstance(one, Found)]
    assert len(papers) == len(said) == 78
    assert {paper.day for paper in papers} == {date(2026, 4, 3)}
    assert (papers[0].line, papers[0].title[:11]) == (11, "Omni-Recon:")


@pytest.mark.parametrize(
    "change", [lambda text: text.replace("\n", "\r\n"), lambda text: text.replace("\n\n", "\n"), lambda text: f"\n\n{text}\n"]
)
def test_line_ends_and_blank_lines_do_not_matter(change: object) -> None:
    changed = change(PAGE)  # type: ignore[operator]  # a function of the text
    assert found(changed) == found(PAGE)


@pytest.mark.parametrize(
    ("words", "today", "day"),
    [
        ("Apr 3", date(2026, 11, 22), date(2026, 4, 3)),
        ("Apr 3", date(2026, 4, 3), date(2026, 4, 3)),
        ("Apr 3", date(2026, 4, 2), date(2025, 4, 3)),
        ("December 31", date(2026, 1, 1), date(2025, 12, 31)),
        ("Feb 29", date(2026, 6, 1), date(2024, 2, 29)),
        ("Apr 3, 2024", date(2026, 6, 1), date(2024, 4, 3)),
        ("Sept. 9", date(2026, 10, 1), date(2026, 9, 9)),
    ],
)
def test_a_date_without_a_year_is_the_most_recent_such_day(words: str, today: date, day: date) -> None:
    (one,) = trending_page.read(page("A Title", LONG, day=words), today)
    assert one == Found(7, day, "A Title", LONG.strip())


def test_each_date_on_the_page_begins_a_day() -> None:
    text = page("First Title", LONG, "Apr 2", "Second Title", LONG)
    assert [one.day.day for one in trending_page.read(text, TODAY) if isinstance(one, Found)] == [3, 2]


def test_what_stands_alone_costs_itself_alone() -> None:
    assert found(page("One", LONG, LONG, "Two", LONG)) == ["One", "Two"]
    assert alone(page("One", LONG, LONG, "Two", LONG)) == [(11, "is an abstract without a title")]
    assert found(page("One", "Two", LONG, "Three", LONG)) == ["Two", "Three"]
    assert alone(page("One", "Two", LONG, "Three", LONG)) == [(7, "has no abstract")]
    assert found(page("One", LONG, "Previous")) == ["One"]
    assert alone(page("One", LONG, "Previous")) == [(11, "has no abstract")]


def test_short_abstracts_are_abstracts() -> None:
    assert found(page("One", "We show it.", "Two", "We show this too.", "Three", LONG)) == ["One", "Two", "Three"]


@pytest.mark.parametrize(
    ("text", "is_one"), [(PAGE, True), ("Apr 3\nTitle\nAbstract", True), ("Apr 3", False), ("Dear all,\nnothing.", False), ("", False)]
)
def test_a_page_is_known_by_its_date(text: str, is_one: bool) -> None:
    assert trending_page.is_page(text) is is_one


@given(st.lists(st.sampled_from(["Apr 3", "Feb 30", "A Title", LONG, "", "99", "Apr 99"]), max_size=12))
def test_no_page_breaks_the_reader(lines: list[str]) -> None:
    said = list(trending_page.read("\n".join(lines), TODAY))
    assert len(said) <= len(lines)
