"""What picking decides for one reader: a Selection, or a Quiet day with its reason. Pure, and packed into the ledger's row."""

import json
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
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
        papers = [[choice.paper_id for choice in part] for part in (self.for_you, self.trending, self.more)]
        reasons = [choice.reason for choice in (*self.for_you, *self.trending, *self.more)]
        content: dict[str, Any] = json.loads(
            packed(papers, reasons, self.candidates, matched=self.matched, still=self.still, quiet_days=self.quiet_days).content
        )
        return content


@dataclass(frozen=True, slots=True)
class Quiet:
    """No mail on this occasion, and why, in words a reader understands: "only 1 new paper since Tuesday"."""

    reason: str


class Packed(NamedTuple):
    """A Selection as the ledger keeps it: plain values, each reason once."""

    papers: bytes  # the ids of all of them, little-endian int64
    content: str  # JSON; as text, since thousands of them are on their way into one statement

    @property
    def selection(self) -> Selection:
        return unpacked(json.loads(self.content))


_PARTS = ("for_you", "trending", "more")
_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False)


def packed(  # noqa: PLR0913 - a value's fields, no knobs
    papers: Sequence[Sequence[int]],
    reasons: Sequence[str],
    candidates: int,
    *,
    matched: bool,
    still: Sequence[str],
    quiet_days: Sequence[str],
) -> Packed:
    """The ids of the papers, part by part, and the reason of each, in one row."""
    words = dict.fromkeys(reasons)
    numbers = {reason: number for number, reason in enumerate(words)}
    content = {
        **dict(zip(_PARTS, papers, strict=True)),
        "why": [numbers[reason] for reason in reasons],
        "words": list(words),
        "candidates": candidates,
        "matched": matched,
        "still": still,
        "quiet_days": quiet_days,
    }
    return Packed(struct.pack(f"<{len(reasons)}q", *chain.from_iterable(papers)), _JSON.encode(content))


def shown(content: Mapping[str, Any]) -> Iterator[int]:
    """The ids of the papers in a packed Selection; none in what is no Selection."""
    return chain.from_iterable(content.get(part, ()) for part in _PARTS)


def spelled_out(content: Mapping[str, Any]) -> dict[str, Any]:
    """A packed Selection with each reason beside its paper, for people; anything else as it is."""
    if "why" not in content:
        return dict(content)
    chosen = unpacked(content)
    rest = {name: value for name, value in content.items() if name not in {"why", "words"}}
    return rest | {part: [list(choice) for choice in getattr(chosen, part)] for part in _PARTS}


def unpacked(row: Mapping[str, Any]) -> Selection:
    """The Selection that was packed."""
    reasons = iter([row["words"][number] for number in row["why"]])
    parts = {part: tuple(map(Choice, row[part], reasons)) for part in _PARTS}
    return Selection(
        **parts,
        candidates=row["candidates"],
        matched=row["matched"],
        still=tuple(row["still"]),
        quiet_days=tuple(row["quiet_days"]),
    )
