"""Why a paper trends, in words: "4th most voted since Tuesday, 73 votes". Claims no votes where none are. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from worker.ingest.papers import Paper

# Beyond this, a place is no distinction: "12 votes since Tuesday" says more than "38th most voted".
PLACES = 20
# A paper that arXiv published longer ago than this is new to us, not on arXiv.
NEW_ON_ARXIV = timedelta(days=5)
# A source may list what is old; a listing day before this says nothing about when votes came.
REACH = timedelta(days=8)


@dataclass(frozen=True, slots=True)
class Fact:
    """What there is to say of one paper: its day, its votes, and its place among all papers of that day and later."""

    day: date
    votes: int
    place: int  # 1 is the most voted; equal votes share a place
    on_arxiv: bool  # new there

    def words(self, today: date) -> str:
        """The reason, for a reader whose day it is: "2nd most voted today, 73 votes", "new on arXiv on Tuesday"."""
        if not self.votes:
            return ("new on arXiv" if self.on_arxiv else "new") + on(self.day, today)
        votes = f"{self.votes} vote{'s' if self.votes > 1 else ''}"
        if self.place > PLACES:
            return votes + since(self.day, today)
        place = "most voted" if self.place == 1 else f"{ordinal(self.place)} most voted"
        return f"{place}{since(self.day, today)}, {votes}"


def facts(papers: Sequence[Paper], hidden: Sequence[bool]) -> tuple[Fact, ...]:
    """The facts of these papers; the places are counted among those that are not hidden."""
    days = np.array([_day(paper).toordinal() for paper in papers], dtype=np.int64)
    votes = np.array([max(0, paper.votes) for paper in papers], dtype=np.int64)
    places = np.zeros(len(papers), np.int64)
    for day in np.unique(days):
        rivals = np.sort(votes[(days >= day) & ~np.asarray(hidden, np.bool_)])
        here = days == day
        places[here] = 1 + rivals.size - np.searchsorted(rivals, votes[here], side="right")
    return tuple(
        Fact(date.fromordinal(int(day)), int(count), int(place), _new_on_arxiv(paper))
        for paper, day, count, place in zip(papers, days, votes, places, strict=True)
    )


def since(day: date, today: date) -> str:
    """What follows "3 new papers" on the day `today`, a blank first: today, since yesterday, since Tuesday, since 9 June."""
    return " today" if day >= today else f" since {_named(day, today)}"


def on(day: date, today: date) -> str:
    """What follows "which you liked" on the day `today`, a blank first: today, yesterday, on Tuesday, on 9 June."""
    if day >= today:
        return " today"
    named = _named(day, today)
    return f" {named}" if named == "yesterday" else f" on {named}"


def ordinal(number: int) -> str:
    """1st, 2nd, 3rd, 4th, 11th, 21st."""
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def _named(day: date, today: date) -> str:
    age = (today - day).days
    if age == 1:
        return "yesterday"
    return f"{day:%A}" if age < 7 else f"{day.day} {day:%B}"  # noqa: PLR2004 - a week ago, the name of the day is today's


def _day(paper: Paper) -> date:
    seen = paper.first_seen_at.date()
    if paper.listed_on is None or not seen - REACH <= paper.listed_on <= seen:
        return seen
    return paper.listed_on


def _new_on_arxiv(paper: Paper) -> bool:
    return paper.key.startswith("arxiv:") and (paper.published_at is None or _day(paper) - paper.published_at.date() <= NEW_ON_ARXIV)
