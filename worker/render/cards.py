"""A paper as a card: rendered and encoded once a revision, then poured a reader (law 6)."""

from dataclasses import dataclass
from typing import NamedTuple

from worker.ingest.papers import Paper
from worker.render.contribution import LONGEST, contribution
from worker.render.kept import Kept
from worker.render.moulds import Moulds
from worker.render.pieces import Piece, escaped
from worker.render.plain import clean, link
from worker.render.sentences import shortened
from worker.render.stationery import Stationery
from worker.render.tex import readable
from worker.render.titles import in_sentence_case, shortened_title

_KEPT = 2_000  # cards: more than a week's candidates; about 12 KB each
_TITLE, _ABSTRACT, _AUTHOR, _ORGANISATION = 300, 6_000, 60, 80  # letters shown or read
_AUTHORS = 3  # named; the rest is "et al."
_IN_SUBJECT, _IN_PREHEADER, _IN_LINE = 54, 60, 110  # letters
_THOUSAND = 1_000

_Revision = tuple[int, str, int]  # a paper's id, key and revision


class Link(NamedTuple):
    """Where a card leads, and what stands on the link: "Paper", "PDF", "Code ★ 1.2k"."""

    words: str
    url: str


@dataclass(frozen=True, slots=True)
class Heading:
    """What the templates of a one-line title may say `card.…` of: a card's title and link, without the work of its sentences."""

    title: str
    line: str  # the title in about one line
    url: str  # empty when what the source gave is no link


@dataclass(frozen=True, slots=True)
class View:
    """What the templates of a card may say `card.…` of. Everything is cleaned and bounded; nothing is escaped yet."""

    paper_id: int
    title: str
    line: str  # the title in about one line
    by: str  # "Ada Lovelace, Alan Turing, Grace Hopper et al. · Analytical Society"
    said: str  # the contribution
    label: str  # whose words those are, when they are not the authors'
    url: str  # empty when what the source gave is no link
    pdf: str
    code: str
    stars: str  # " ★ 1.2k"

    @property
    def links(self) -> tuple[Link, ...]:
        """The paper, its PDF, its code: those there are."""
        shown = (Link("Paper", self.url), Link("PDF", self.pdf), Link(f"Code{self.stars}", self.code))
        return tuple(one for one in shown if one.url)


@dataclass(frozen=True, slots=True)
class Card:
    """One paper, ready to be poured with `reason`, `number` and `votes`."""

    moulds: Moulds
    short: Piece  # its title in the preheader
    lead: str  # its title in the subject
    said: Piece  # its contribution in the preheader, when it comes alone


@dataclass(frozen=True, slots=True)
class Line:
    """One paper as a one-line title, ready to be poured with `number`."""

    moulds: Moulds
    lead: str


class Cards:
    """Makes and keeps cards. One object a process."""

    def __init__(self, stationery: Stationery) -> None:
        self._stationery = stationery
        self._cards: Kept[_Revision, Card] = Kept(_KEPT)
        self._lines: Kept[_Revision, Line] = Kept(_KEPT)

    def card(self, paper: Paper) -> Card:
        """The card of this revision of `paper`."""
        key = (paper.id, paper.key, paper.revision)
        card = self._cards.get(key)
        return self._cards.keep(key, self._card(paper)) if card is None else card

    def line(self, paper: Paper) -> Line:
        """The one-line title of this revision of `paper`."""
        key = (paper.id, paper.key, paper.revision)
        line = self._lines.get(key)
        return self._lines.keep(key, self._line(paper)) if line is None else line

    def _card(self, paper: Paper) -> Card:
        view = view_of(paper)
        moulds = self._stationery.moulds("card", "reason", "number", "votes", card=view)
        return Card(
            moulds=moulds,
            short=escaped(shortened_title(view.title, _IN_PREHEADER)),
            lead=_lead(view.title, paper),
            said=escaped(shortened(view.said, 2 * _IN_PREHEADER)),
        )

    def _line(self, paper: Paper) -> Line:
        heading = heading_of(paper)
        return Line(moulds=self._stationery.moulds("line", "number", card=heading), lead=_lead(heading.title, paper))


def heading_of(paper: Paper) -> Heading:
    """The title of `paper` and where it leads, as `view_of` shows them."""
    title = clean(readable(clean(paper.title, _TITLE)), _TITLE) or "Untitled"
    return Heading(title, shortened(title, _IN_LINE), link(paper.url))


def view_of(paper: Paper) -> View:
    """What a card shows of `paper`: TeX as Unicode, hostile text cleaned, links http(s) or absent."""
    heading = heading_of(paper)
    summary = readable(clean(paper.summary or "", _ABSTRACT))
    abstract = readable(clean(paper.abstract, _ABSTRACT))
    return View(
        paper_id=paper.id,
        title=heading.title,
        line=heading.line,
        by=_by(paper),
        said=shortened(summary, LONGEST) if summary else contribution(abstract, heading.title),
        label="AI summary" if summary else "",
        url=heading.url,
        pdf=link(paper.pdf_url),
        code=link(paper.repository),
        stars=_stars(paper.stars),
    )


def _lead(title: str, paper: Paper) -> str:
    return in_sentence_case(shortened_title(title, _IN_SUBJECT), paper.abstract)


def _by(paper: Paper) -> str:
    names = [name for name in (clean(readable(author), _AUTHOR) for author in paper.authors[: _AUTHORS + 1]) if name]
    authors = ", ".join(names[:_AUTHORS]) + (" et al." if len(paper.authors) > _AUTHORS and names else "")
    return " · ".join(part for part in (authors, clean(paper.organisation or "", _ORGANISATION)) if part)


def _stars(stars: int | None) -> str:
    if not stars or stars < 0:
        return ""
    return f" ★ {stars}" if stars < _THOUSAND else f" ★ {stars / _THOUSAND:.1f}k".replace(".0k", "k")
