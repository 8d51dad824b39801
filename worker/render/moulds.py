"""A mould: rendered text with holes, cut and encoded once, and poured with pieces as often as wanted."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import NamedTuple, Self

from worker.render.pieces import EMPTY, Piece, piece

# Noncharacters, which `plain.clean` takes out of all foreign text: nobody but us can open a hole.
_OPEN, _SHUT = "\ufdd0", "\ufdd1"


def hole(name: str) -> str:
    """What a template is given in the place of something that only a reader's own mail knows."""
    return f"{_OPEN}{name}{_SHUT}"


@dataclass(frozen=True, slots=True)
class Mould:
    """Pieces, with holes between them, which are filled in the order of `names`."""

    names: tuple[str, ...]
    frame: tuple[Piece, ...]  # what stands between the holes
    order: tuple[int, ...]  # what comes when: places in the fillings, and behind them in the frame
    size: int  # bytes on the wire, the holes empty
    _pick: Callable[[tuple[Piece, ...]], tuple[Piece, ...]]  # from the fillings and the frame, everything in order

    @classmethod
    def cut(cls, text: str, names: Sequence[str]) -> Self:
        """The mould of a rendered text with holes in it. Raises ValueError for a hole that is none of `names`."""
        first, *rest = text.split(_OPEN)
        parts: list[str | Piece] = [piece(first)] if first else []
        for bit in rest:
            name, _, after = bit.partition(_SHUT)
            parts += [name, piece(after)] if after else [name]
        return cls._made(parts, tuple(names))

    def pour(self, filling: tuple[Piece, ...]) -> tuple[Piece, ...]:
        """The pieces in order, each hole filled; `filling` has a piece for each of `names`."""
        # One call picks them all: a loop over the holes costs twice as much, forty times a mail.
        return self._pick(filling + self.frame)

    def halves(self, name: str) -> tuple[Self, Self]:
        """What stands before and after the hole `name`."""
        parts: list[str | Piece] = [*self.names, *self.frame]
        ordered = [parts[place] for place in self.order]
        at = ordered.index(name)
        return self._made(ordered[:at], self.names), self._made(ordered[at + 1 :], self.names)

    @classmethod
    def _made(cls, parts: Sequence[str | Piece], names: tuple[str, ...]) -> Self:
        frame = tuple(part for part in parts if isinstance(part, Piece))
        places = iter(range(len(names), len(names) + len(frame)))
        order = tuple(next(places) if isinstance(part, Piece) else names.index(part) for part in parts)
        return cls(names, frame, order, sum(len(part.wire) for part in frame), _picker(order))


def _picker(order: tuple[int, ...]) -> Callable[[tuple[Piece, ...]], tuple[Piece, ...]]:
    if len(order) > 1:
        return itemgetter(*order)
    first = order[0] if order else 0
    return itemgetter(slice(first, first + len(order)))  # of a lone place it would give no tuple


class Pair(NamedTuple):
    """The same thing for the two bodies."""

    html: Piece
    text: Piece
    size: int  # bytes on the wire

    @classmethod
    def of(cls, html: Piece, text: Piece) -> Self:
        """The pair of two pieces."""
        return cls(html, text, len(html.wire) + len(text.wire))


NOTHING = Pair.of(EMPTY, EMPTY)


class Moulds(NamedTuple):
    """The same mould for the two bodies."""

    html: Mould
    text: Mould
    size: int  # bytes on the wire, the holes empty

    @classmethod
    def of(cls, html: str, text: str, names: Sequence[str]) -> Self:
        """The moulds of two rendered texts."""
        return cls._made(Mould.cut(html, names), Mould.cut(text, names))

    def halves(self, name: str) -> tuple[Self, Self]:
        """What stands before and after the hole `name` in each."""
        (above, below), (before, after) = self.html.halves(name), self.text.halves(name)
        return self._made(above, before), self._made(below, after)

    @classmethod
    def _made(cls, html: Mould, text: Mould) -> Self:
        return cls(html, text, html.size + text.size)
