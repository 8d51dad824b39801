"""When a name that a reader typed and a name that a paper prints are one person. Pure.

Accents, case, particles (van, de, al, …) and suffixes (Jr, III) do not count; "Schmidhuber, Jürgen" is "Jürgen Schmidhuber"; ü, ue and u
agree. The surname must agree whole, and so must the given names, in order; a middle name may be left out on either side, and an initial
stands for a name that begins with it. Because "J. Smith" could be anybody, a wish whose first given name is an initial finds full names
only while they are all one name among the papers at hand; when Jane and John both write that day, it finds what is printed "J. Smith".
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from worker.pick.text import folded

_PARTICLE = "van von der den de la le di da do dos das del della du ten ter al el bin ibn ben"
_PARTICLES = frozenset(_PARTICLE.split())
_SUFFIXES = frozenset(("jr", "sr", "ii", "iii", "iv"))
_WORD = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True, slots=True)
class Name:
    """A surname, and the given names or initials before it, folded."""

    surname: str
    given: tuple[str, ...]


@lru_cache(maxsize=65_536)  # a ranking's authors are mostly those of the one before it
def name(text: str) -> Name:
    """The name in `text`: given names first, or the surname first with a comma. Of a double surname the last word counts as the surname."""
    last, comma, first = text.partition(",")
    text = f"{first} {last}" if comma and not _SUFFIXES.issuperset(_WORD.findall(folded(first))) else text.replace(",", " ")
    found = [_plain(word) for word in _WORD.findall(folded(text))]
    while len(found) > 1 and found[-1] in _SUFFIXES:
        found.pop()
    if not found:
        return Name("", ())
    return Name(found[-1], tuple(word for word in found[:-1] if word not in _PARTICLES))


def agree(one: Name, other: Name) -> bool:
    """Whether the two may be the same person by the rules above, initials standing for any name that begins with them."""
    if one.surname != other.surname or not one.surname:
        return False
    if not one.given or not other.given:
        return one.given == other.given
    if "".join(one.given) == "".join(other.given):
        return True  # "Jian-Feng" and "Jianfeng"
    return _fits(one.given[0], other.given[0]) and _in_order(one.given[1:], other.given[1:])


class Authors:
    """The authors of many papers, found by name."""

    def __init__(self, printed: Iterable[Iterable[str]]) -> None:
        """`printed` holds the author names of each paper, in the papers' order."""
        by_surname: defaultdict[str, dict[Name, set[int]]] = defaultdict(dict)
        for paper, names in enumerate(printed):
            for author in map(name, names):
                by_surname[author.surname].setdefault(author, set()).add(paper)
        self._by_surname: Mapping[str, dict[Name, set[int]]] = by_surname

    def find(self, wished: str) -> list[int]:
        """The positions, rising, of the papers by the person that `wished` names."""
        wish = name(wished)
        matching = {author: papers for author, papers in self._by_surname.get(wish.surname, {}).items() if agree(wish, author)}
        if wish.given and len(wish.given[0]) == 1:
            whole = {author.given[0] for author in matching if len(author.given[0]) > 1}
            if len(whole) > 1:
                matching = {author: papers for author, papers in matching.items() if len(author.given[0]) == 1}
        return sorted(set().union(*matching.values()))


def _plain(word: str) -> str:
    return word.replace("ae", "a").replace("oe", "o").replace("ue", "u")


def _fits(one: str, other: str) -> bool:
    return one == other or (1 in (len(one), len(other)) and one[0] == other[0])


def _in_order(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Whether the shorter run of middle names occurs in the longer one, in order."""
    shorter, longer = sorted((one, other), key=len)
    rest = iter(longer)
    return all(any(_fits(word, candidate) for candidate in rest) for word in shorter)
