"""The page "Get trending papers in your email inbox!" as its text was copied: a date, then titles and abstracts in turn. Pure.

It names no year: a date is the most recent such day. What stands alone, a title without an abstract or the other way round, is told by its
line and costs nothing else: the page falls into step again at the next title.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

LONGEST_TITLE = 250  # letters; of the 78 titles of one page the longest has 126, and the shortest abstract 1,351
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DATE = re.compile(r"([A-Za-z]{3})[a-z]{0,6}\.? (\d{1,2})(?:st|nd|rd|th)?(?:, ?(\d{4}))?")
_HEAD = 40  # lines in which the first date must stand


@dataclass(frozen=True, slots=True)
class Found:
    """A paper of the page: its first line, the page's day, title and abstract."""

    line: int
    day: date
    title: str
    abstract: str


@dataclass(frozen=True, slots=True)
class Alone:
    """A line that belongs to no paper."""

    line: int
    text: str
    reason: str


@dataclass(frozen=True, slots=True)
class _Block:
    line: int
    text: str

    @property
    def short(self) -> bool:
        return len(self.text) <= LONGEST_TITLE


def is_page(text: str) -> bool:
    """Whether a date stands alone on one of the first lines, and something follows it."""
    lines = [line.strip() for line in text[:20_000].split("\n") if line.strip()]
    return any(_is_date(line) for line in lines[:_HEAD][:-1])


def read(text: str, today: date) -> Iterator[Found | Alone]:
    """The papers of the page, in its order."""
    blocks = _blocks(text)
    day = today
    at = next((number for number, block in enumerate(blocks) if _is_date(block.text)), 0)
    while at < len(blocks):
        block = blocks[at]
        if _is_date(block.text):
            day = _day(block.text, today)
            at += 1
        elif not block.short:
            yield Alone(block.line, block.text, "is an abstract without a title")
            at += 1
        elif not _has_abstract(blocks, at):
            yield Alone(block.line, block.text, "has no abstract")
            at += 1
        else:
            yield Found(block.line, day, block.text, blocks[at + 1].text)
            at += 2


def _has_abstract(blocks: Sequence[_Block], at: int) -> bool:
    """Whether the block after `at` is its abstract; a short one is, unless it is itself a title with a long text after it."""
    if at + 1 >= len(blocks) or _is_date(blocks[at + 1].text):
        return False
    return not blocks[at + 1].short or at + 2 >= len(blocks) or blocks[at + 2].short


def _blocks(text: str) -> list[_Block]:
    """Paragraphs, with the line each begins on; a page without blank lines has a paragraph a line."""
    lines = [line.strip() for line in re.split(r"\r\n|\r|\n", text)]
    together = any(lines[number] == "" for number in range(1, len(lines) - 1))
    blocks: list[_Block] = []
    for number, line in enumerate(lines, 1):
        if not line:
            continue
        if together and blocks and number > 1 and lines[number - 2]:
            blocks[-1] = _Block(blocks[-1].line, f"{blocks[-1].text} {line}")
        else:
            blocks.append(_Block(number, line))
    return blocks


def _is_date(line: str) -> bool:
    found = _DATE.fullmatch(line)
    return bool(found) and found is not None and found[1].lower() in _MONTHS and 1 <= int(found[2]) <= 31  # noqa: PLR2004 - days of a month


def _day(line: str, today: date) -> date:
    found = _DATE.fullmatch(line)
    if found is None:
        return today
    month, number = _MONTHS.index(found[1].lower()) + 1, int(found[2])
    years = [int(found[3])] if found[3] else range(today.year, today.year - 9, -1)  # a 29 February may lie eight years back
    days = (_valid(year, month, number) for year in years)
    return next((day for day in days if day and (found[3] or day <= today)), today)


def _valid(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
