"""The digest's templates, inlined and cast into moulds at start; small parts are made on demand and kept."""

from collections.abc import Callable, Hashable
from datetime import date
from functools import lru_cache
from typing import TypeVar

from jinja2 import Environment

from worker.render.inlining import Inliner
from worker.render.moulds import Moulds, Pair, hole
from worker.render.pieces import Piece, escaped, piece
from worker.render.plain import clean, wrapped

FOLDER = "email/digest"
INDENT = 4  # columns before a card's lines in the text part: its number stands there
_ROWS = ("section", "rule", "card", "line", "notices", "rest")  # what stands where the shell says {{ content }}
_SHELL = ("content", "subject", "preheader", "date", "count", "preferences", "leave", "view", "signup", "address")
_REASON = 160  # letters
_NUMBERS = 1_000

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Stationery:
    """What a digest is written on. Made once a process; premailer runs here and nowhere else."""

    def __init__(self, environment: Environment, inliner: Inliner) -> None:
        rows = inliner.parts(f"{FOLDER}/body.html", [f"{FOLDER}/{row}.html" for row in _ROWS])
        self.html = {row: rows[f"{FOLDER}/{row}.html"] for row in _ROWS}
        self.text = {row: environment.get_template(f"{FOLDER}/{row}.txt") for row in _ROWS}
        body = environment.get_template(f"{FOLDER}/body.txt", globals={"house": inliner.house})
        shell = {name: hole(name) for name in _SHELL}
        whole = Moulds.of(inliner.whole(f"{FOLDER}/body.html").render(shell), body.render(shell), _SHELL)
        self.above, self.below = whole.halves("content")
        self.rest = self.moulds("rest", "left_out", "view")
        self.rule = self.pair("rule")
        self.size = self.above.size + self.below.size + self.rest.size
        self._subject = environment.get_template(f"{FOLDER}/subject.txt")
        self.date: Callable[[date], Piece] = _kept(64, lambda day: piece(f"{day:%A}, {day.day} {day:%B %Y}"))
        self.heading: Callable[[str], Pair] = _kept(64, lambda words: self.pair("section", heading=words))
        self.reason = _kept(4_096, _reason)
        self.number: Callable[[int], Piece] = _kept(_NUMBERS, lambda number: piece(f"{number:>2}. "))
        self._subjects = _kept(4_096, self._make_subject)
        self._notices = _kept(512, self._make_notices)

    def subject(self, lead: str, others: int) -> str:
        """What the subject says: the first paper, and how many more."""
        return self._subjects((lead, others))

    def notices(self, note: str, remarks: tuple[str, ...]) -> Pair:
        """The editor's note, and what the mail says of what it does not show."""
        return self._notices((note, remarks))

    def pair(self, row: str, **context: object) -> Pair:
        """A part of the digest, rendered for both bodies."""
        return Pair.of(piece(self.html[row].render(context)), piece(self.text[row].render(context)))

    def moulds(self, row: str, *holes: str, **context: object) -> Moulds:
        """A part of the digest with holes to be filled a reader."""
        context |= {name: hole(name) for name in holes}
        return Moulds.of(self.html[row].render(context), self.text[row].render(context), holes)

    def _make_subject(self, said: tuple[str, int]) -> str:
        return " ".join(self._subject.render(lead=said[0], others=said[1]).split())

    def _make_notices(self, said: tuple[str, tuple[str, ...]]) -> Pair:
        return self.pair("notices", note=said[0], remarks=said[1])


def _kept(most: int, make: Callable[[K], V]) -> Callable[[K], V]:
    return lru_cache(most)(make)


def of_url(url: str) -> Pair:
    """A link of ours, whole or its beginning, for both bodies."""
    html = escaped(url)
    return Pair.of(html, html) if len(html.utf8) == len(url) else both(url, url)  # nearly always: nothing in it was escaped


def both(words: str, wrapped_words: str) -> Pair:
    """The same words for both bodies: one piece when the HTML escapes none of them and the text breaks none."""
    html = escaped(words)
    return Pair.of(html, html if html.utf8 == wrapped_words.encode() else piece(wrapped_words))


def _reason(words: str) -> Pair:
    words = clean(words, _REASON)
    words = words[:1].upper() + words[1:]  # it stands at the beginning of a line
    return both(words, wrapped(words, INDENT, INDENT)[INDENT:])
