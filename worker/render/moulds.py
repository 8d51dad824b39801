"""A mould: rendered text with holes, cut and encoded once, and poured with pieces as often as wanted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from worker.render.pieces import Piece, piece

# Noncharacters, which `plain.clean` takes out of all foreign text: nobody but us can open a hole.
_OPEN, _SHUT = "\ufdd0", "\ufdd1"

Filling = Mapping[str, Piece | Sequence[Piece]]


def hole(name: str) -> str:
    """What a template is given in the place of something that only a reader's own mail knows."""
    return f"{_OPEN}{name}{_SHUT}"


@dataclass(frozen=True, slots=True)
class Mould:
    """Pieces, and names of the holes between them."""

    parts: tuple[Piece | str, ...]
    size: int  # bytes on the wire, the holes empty

    @classmethod
    def cut(cls, text: str) -> Self:
        """The mould of a rendered text with holes in it."""
        first, *rest = text.split(_OPEN)
        parts: list[Piece | str] = [piece(first)] if first else []
        for bit in rest:
            name, _, after = bit.partition(_SHUT)
            parts.append(name)
            if after:
                parts.append(piece(after))
        return cls(tuple(parts), sum(len(part.wire) for part in parts if isinstance(part, Piece)))

    def pour(self, filling: Filling) -> list[Piece]:
        """The pieces in order, each hole filled. Raises KeyError for a hole nobody fills."""
        made: list[Piece] = []
        for part in self.parts:
            if isinstance(part, str):
                fill = filling[part]
                if isinstance(fill, Piece):
                    made.append(fill)
                else:
                    made.extend(fill)
            else:
                made.append(part)
        return made
