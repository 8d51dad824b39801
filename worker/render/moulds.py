"""A mould: rendered text with holes, cut and encoded once, and poured with pieces as often as wanted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Self

from worker.render.pieces import EMPTY, Piece, piece

# Noncharacters, which `plain.clean` takes out of all foreign text: nobody but us can open a hole.
_OPEN, _SHUT = "\ufdd0", "\ufdd1"


def hole(name: str) -> str:
    """What a template is given in the place of something that only a reader's own mail knows."""
    return f"{_OPEN}{name}{_SHUT}"


@dataclass(frozen=True, slots=True)
class Mould:
    """Pieces, with holes between them."""

    frame: tuple[Piece, ...]  # EMPTY where a hole is
    holes: tuple[tuple[int, str], ...]  # where in the frame, and what belongs there
    size: int  # bytes on the wire, the holes empty

    @classmethod
    def cut(cls, text: str) -> Self:
        """The mould of a rendered text with holes in it."""
        first, *rest = text.split(_OPEN)
        frame, holes = [piece(first)] if first else [], []
        for bit in rest:
            name, _, after = bit.partition(_SHUT)
            holes.append((len(frame), name))
            frame.append(EMPTY)
            if after:
                frame.append(piece(after))
        return cls._made(frame, holes)

    def pour(self, filling: Mapping[str, Piece], onto: list[Piece]) -> None:
        """Put the pieces at the end of `onto`, in order, each hole filled. Raises KeyError for a hole nobody fills."""
        start = len(onto)
        onto += self.frame
        for at, name in self.holes:
            onto[start + at] = filling[name]

    def halves(self, name: str) -> tuple[Self, Self]:
        """What stands before and after the hole `name`."""
        at = next(at for at, hole_name in self.holes if hole_name == name)
        before = [(place, hole_name) for place, hole_name in self.holes if place < at]
        after = [(place - at - 1, hole_name) for place, hole_name in self.holes if place > at]
        return self._made(self.frame[:at], before), self._made(self.frame[at + 1 :], after)

    @classmethod
    def _made(cls, frame: Sequence[Piece], holes: Sequence[tuple[int, str]]) -> Self:
        return cls(tuple(frame), tuple(holes), sum(len(part.wire) for part in frame))


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
    def of(cls, html: str, text: str) -> Self:
        """The moulds of two rendered texts."""
        return cls._made(Mould.cut(html), Mould.cut(text))

    def halves(self, name: str) -> tuple[Self, Self]:
        """What stands before and after the hole `name` in each."""
        (above, below), (before, after) = self.html.halves(name), self.text.halves(name)
        return self._made(above, before), self._made(below, after)

    @classmethod
    def _made(cls, html: Mould, text: Mould) -> Self:
        return cls(html, text, html.size + text.size)
