"""The words of trending reasons."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from tests.worker.pick.offers import DAY, NOW, a_paper
from worker.ingest.papers import Paper
from worker.pick.facts import facts, ordinal

TODAY = NOW.date()


def _words(papers: list[Paper], today: date = TODAY, hidden: tuple[int, ...] = ()) -> list[str]:
    return [fact.words(today) for fact in facts(papers, [paper.id in hidden for paper in papers])]


def test_a_place_is_counted_among_all_papers_of_its_day_and_later() -> None:
    papers = [a_paper(1, votes=150, seen=NOW - DAY), a_paper(2, votes=200), a_paper(3, votes=40), a_paper(4, votes=999, seen=NOW - 3 * DAY)]
    assert _words(papers) == [
        "2nd most voted since yesterday, 150 votes",
        "most voted today, 200 votes",
        "2nd most voted today, 40 votes",
        "most voted since Sunday, 999 votes",
    ]


def test_equal_votes_share_a_place() -> None:
    papers = [a_paper(1, votes=9), a_paper(2, votes=9), a_paper(3, votes=1)]
    assert _words(papers) == ["most voted today, 9 votes", "most voted today, 9 votes", "3rd most voted today, 1 vote"]


def test_far_down_a_place_is_no_distinction() -> None:
    papers = [a_paper(number, votes=100 - number) for number in range(1, 30)]
    assert _words(papers)[19:21] == ["20th most voted today, 80 votes", "79 votes today"]


def test_what_the_operator_hid_takes_no_place() -> None:
    assert _words([a_paper(1, votes=500), a_paper(2, votes=9)], hidden=(1,))[1] == "most voted today, 9 votes"


def test_a_paper_without_votes_never_claims_any() -> None:
    old, unknown = replace(a_paper(1), published_at=NOW - 30 * DAY), replace(a_paper(2), published_at=None)
    blog = replace(a_paper(3), key="title:00ff00ff00ff00ff")
    assert _words([old, unknown, blog, a_paper(4, seen=NOW - 2 * DAY)]) == [
        "new today",
        "new on arXiv today",
        "new today",
        "new on arXiv on Monday",
    ]


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (-1, "today"),
        (0, "today"),
        (1, "since yesterday"),
        (2, "since Monday"),
        (6, "since Thursday"),
        (7, "since 10 June"),
        (8, "since 9 June"),
    ],
)
def test_days_are_named_as_the_reader_would_on_that_day(days: int, words: str) -> None:
    assert _words([a_paper(1, votes=5, seen=NOW - days * DAY)]) == [f"most voted {words}, 5 votes"]


def test_a_listing_day_that_cannot_be_true_gives_way_to_the_day_a_paper_was_seen() -> None:
    listed = [NOW.date() + timedelta(days=3), date(2019, 1, 1), None, NOW.date() - timedelta(days=2)]
    papers = [replace(a_paper(number), votes=5, listed_on=day) for number, day in enumerate(listed, 1)]
    assert [fact.day for fact in facts(papers, [False] * 4)] == [TODAY, TODAY, TODAY, TODAY - timedelta(days=2)]


@pytest.mark.parametrize(
    ("number", "words"),
    [(1, "1st"), (2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th"), (12, "12th"), (13, "13th"), (22, "22nd"), (111, "111th")],
)
def test_ordinals_are_english(number: int, words: str) -> None:
    assert ordinal(number) == words
