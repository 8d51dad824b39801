"""Reads observed votes from CSV (columns paper, listed_at, seen_at, votes), and says of each row it cannot read what is wrong."""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime

COLUMNS = ("paper", "listed_at", "seen_at", "votes")


@dataclass(frozen=True, slots=True)
class Observation:
    """The votes of one paper, seen at one moment."""

    paper: str
    listed_at: datetime  # aware; midnight UTC where only a day was given
    seen_at: datetime
    votes: int


@dataclass(frozen=True, slots=True)
class Watched:
    """One paper: what was known of it early, in order of time, and how it ended."""

    paper: str
    listed_at: datetime
    known: tuple[Observation, ...]
    final: Observation

    @property
    def day(self) -> date:
        """The listing day (UTC): papers of one day compete."""
        return self.listed_at.date()


def read(lines: Iterable[str]) -> tuple[list[Observation], list[str]]:
    """The rows that can be read, and a line of words for each that cannot. Raises ValueError when columns are missing."""
    rows = csv.DictReader(lines, skipinitialspace=True)
    names = [name.strip().lstrip("\ufeff").lower() for name in rows.fieldnames or ()]
    if missing := [column for column in COLUMNS if column not in names]:
        raise ValueError(f"column {', '.join(missing)} missing; the first line must name the columns {','.join(COLUMNS)}")
    rows.fieldnames = names
    good, bad = [], []
    for row in rows:
        try:
            good.append(_observation(row))
        except ValueError as error:
            bad.append(f"line {rows.line_num}: {error}")
    return good, bad


def watched(observations: Iterable[Observation]) -> tuple[list[Watched], list[str]]:
    """The papers seen more than once, and the names of those seen once, of which nothing was known early."""
    by_paper: dict[str, dict[datetime, Observation]] = {}
    for one in observations:
        by_paper.setdefault(one.paper, {})[one.seen_at] = one  # the same moment twice: the later line corrects the earlier
    papers, once = [], []
    for paper, moments in by_paper.items():
        *known, final = (moments[moment] for moment in sorted(moments))
        if known:
            papers.append(Watched(paper, min(one.listed_at for one in moments.values()), tuple(known), final))
        else:
            once.append(paper)
    return papers, once


def _observation(row: dict[str, str | None]) -> Observation:
    values = {column: (row.get(column) or "").strip() for column in COLUMNS}
    if not values["paper"]:
        raise ValueError("paper is empty")
    return Observation(values["paper"], _moment("listed_at", values), _moment("seen_at", values), _votes(values["votes"]))


def _moment(column: str, values: dict[str, str]) -> datetime:
    try:
        moment = datetime.fromisoformat(values[column])
    except ValueError as error:
        raise ValueError(f"{column} {values[column]!r} is no date or time; write 2026-06-17 or 2026-06-17T08:30:00Z") from error
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _votes(text: str) -> int:
    try:
        votes = float(text)
    except ValueError as error:
        raise ValueError(f"votes {text!r} is no number") from error
    if not 0 <= votes < 1e9 or votes != int(votes):  # which nan and inf are not, either
        raise ValueError(f"votes {text!r} is no whole number from 0 up")
    return int(votes)
