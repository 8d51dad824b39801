"""A mould: rendered text with holes, cut and encoded once, and poured with pieces as often as wanted."""

from collections.abc import Mapping
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
        frame, holes = [piece(first)], []
        for bit in rest:
            name, _, after = bit.partition(_SHUT)
            holes.append((len(frame), name))
            frame += [EMPTY, piece(after)]
        return cls(tuple(frame), tuple(holes), sum(len(part.wire) for part in frame))

    def pour(self, filling: Mapping[str, Piece]) -> list[Piece]:
        """The pieces in order, each hole filled. Raises KeyError for a hole nobody fills."""
        made = list(self.frame)
        for at, name in self.holes:
            made[at] = filling[name]
        return made

    def halves(self, name: str, filling: Mapping[str, Piece]) -> tuple[list[Piece], list[Piece]]:
        """What stands before and after the hole `name`, which is filled with many pieces; the other holes are poured."""
        at = next(at for at, hole_name in self.holes if hole_name == name)
        made = self.pour({**filling, name: EMPTY})
        return made[:at], made[at + 1 :]


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
        made = Mould.cut(html), Mould.cut(text)
        return cls(*made, made[0].size + made[1].size)
