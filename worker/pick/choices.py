"""What picking decides for one reader: a Selection, or a Quiet day with its reason. Pure, and packed into the ledger's row."""

from dataclasses import dataclass
from itertools import starmap
from typing import Any, NamedTuple


class Choice(NamedTuple):
    """A paper and why this reader gets it: "State-space models; keyword mamba", "4th most voted since Tuesday, 73 votes"."""

    paper_id: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """One digest: cards for the reader, cards of the day, further matches as one-line titles, and what to say about the rest."""

    for_you: tuple[Choice, ...] = ()
    trending: tuple[Choice, ...] = ()
    more: tuple[Choice, ...] = ()
    candidates: int = 0  # how many new papers this was chosen from
    matched: bool = True  # False: the reader asked for something and nothing matched, which the mail says
    still: tuple[str, ...] = ()  # names of followed topics with nothing new
    quiet_days: tuple[str, ...] = ()  # days without a mail since the last one, as words

    @property
    def paper_ids(self) -> tuple[int, ...]:
        """Every paper shown, in order; none twice."""
        return tuple(choice.paper_id for choice in (*self.for_you, *self.trending, *self.more))

    def packed(self) -> dict[str, Any]:
        """Plain values for a JSON column; `unpacked` reads them back."""
        return {
            "for_you": self.for_you,
            "trending": self.trending,
            "more": self.more,
            "candidates": self.candidates,
            "matched": self.matched,
            "still": self.still,
            "quiet_days": self.quiet_days,
        }


@dataclass(frozen=True, slots=True)
class Quiet:
    """No mail on this occasion, and why, in words a reader understands: "only 1 new paper since Tuesday"."""

    reason: str


def unpacked(row: dict[str, Any]) -> Selection:
    """The Selection that `packed` wrote."""
    parts = {part: tuple(starmap(Choice, row[part])) for part in ("for_you", "trending", "more")}
    return Selection(
        **parts,
        candidates=row["candidates"],
        matched=row["matched"],
        still=tuple(row["still"]),
        quiet_days=tuple(row["quiet_days"]),
    )
