"""A selection as a message: cards and lines poured into the shell, as many as fit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from worker.ingest.papers import Paper
from worker.pick.choices import Choice, Selection
from worker.render.addressee import Addressee
from worker.render.cards import Cards
from worker.render.letterhead import Letterhead
from worker.render.message import Message
from worker.render.moulds import Filling
from worker.render.pieces import EMPTY, Piece, escaped, piece
from worker.render.plain import clean
from worker.render.stationery import Pair, Stationery, of_url

BUDGET = 90_000  # bytes on the wire: Gmail clips at about 102 KB
WITHOUT_LIMIT = 10_000_000
_RESERVED = 4_000  # bytes for headers, links and what else is a reader's own
_ROW = 120  # bytes a row may take beside its card and its reason: number, breaks, two links' beginnings
_NOTE = 600  # letters of an editor's note
_NEXT = 3  # titles in the preheader
_BETWEEN = piece(" · ")
# Without it, clients fill the line under the subject with whatever text follows (the masthead).
_HUSH = piece("&#847;&zwnj;&nbsp;" * 30)


class NothingToShow(Exception):
    """None of the selection's papers is at hand any more (hidden, merged, erased): there is nothing to write."""


@dataclass(slots=True)
class _Body:
    """The rows so far, and the room that is left."""

    room: int
    html: list[Piece] = field(default_factory=list)
    text: list[Piece] = field(default_factory=list)
    leads: list[str] = field(default_factory=list)  # a title for the subject, of each paper shown
    next: list[Piece] = field(default_factory=list)  # titles for the preheader, of each card but the first
    alone: Piece = EMPTY  # the first card's contribution, for the preheader when it is the only one
    cards: int = 0
    left_out: int = 0

    def fits(self, size: int) -> bool:
        """Whether `size` more bytes fit; once something did not, nothing does, so that the order stays the reader's."""
        self.room = self.room - size if size <= self.room else 0
        self.left_out += self.room == 0
        return self.room > 0

    def add(self, pair: Pair) -> None:
        self.html.append(pair.html)
        self.text.append(pair.text)


class Digests:
    """Composes digests. One object a process, for the cards it keeps."""

    def __init__(self, stationery: Stationery, letterhead: Letterhead) -> None:
        self._stationery = stationery
        self._letterhead = letterhead
        self._cards = Cards(stationery)

    def compose(self, selection: Selection, papers: Mapping[int, Paper], to: Addressee, note: str, budget: int) -> Message:
        """The message of `selection` in at most `budget` bytes. Raises NothingToShow, and BadAddress for the recipient."""
        body = _Body(room=budget - self._stationery.size - len(_HUSH.wire) - _RESERVED)
        votes = of_url(to.urls.votes)
        body.add(self._stationery.notices(clean(note, _NOTE), _remarks(selection)))
        self._add_cards(body, "For you", selection.for_you, papers, votes)
        self._add_cards(body, "Trending today", selection.trending, papers, votes)
        self._add_lines(body, "More that matches", selection.more, papers)
        if not body.leads:
            raise NothingToShow(f"none of the papers {list(selection.paper_ids)} is at hand")
        if body.left_out:
            self._add_rest(body, to)
        return self._in_shell(body, selection, to)

    def _add_cards(self, body: _Body, heading: str, choices: Sequence[Choice], papers: Mapping[int, Paper], votes: Pair) -> None:
        opening = self._stationery.heading(heading)
        for choice in choices:
            if (paper := papers.get(choice.paper_id)) is None:
                continue
            card, reason = self._cards.card(paper), self._stationery.reason(choice.reason)
            own = len(reason.html.wire) + len(reason.text.wire) + 2 * len(votes.html.wire) + len(opening.html.wire) + len(opening.text.wire)
            if not body.fits(card.moulds.size + own + _ROW):
                continue
            body.add(opening)
            body.html += card.moulds.html.pour({"reason": reason.html, "votes": votes.html})
            body.text += card.moulds.text.pour({"reason": reason.text, "number": self._stationery.number(len(body.leads) + 1)})
            if body.leads:
                body.next.append(card.short)
            else:
                body.alone = card.said
            body.leads.append(card.lead)
            body.cards += 1
            opening = self._stationery.rule

    def _add_lines(self, body: _Body, heading: str, choices: Sequence[Choice], papers: Mapping[int, Paper]) -> None:
        opening = self._stationery.heading(heading)
        for choice in choices:
            if (paper := papers.get(choice.paper_id)) is None:
                continue
            line = self._cards.line(paper)
            if not body.fits(line.moulds.size + len(opening.html.wire) + len(opening.text.wire) + _ROW):
                continue
            body.add(opening)
            body.html += line.moulds.html.pour({})
            body.text += line.moulds.text.pour({"number": self._stationery.number(len(body.leads) + 1)})
            body.leads.append(line.lead)
            opening = Pair(EMPTY, EMPTY)

    def _add_rest(self, body: _Body, to: Addressee) -> None:
        words = piece(f"{body.left_out} more in your browser")
        view = of_url(to.urls.view)
        body.html += self._stationery.rest.html.pour({"left_out": words, "view": view.html})
        body.text += self._stationery.rest.text.pour({"left_out": words, "view": view.text})

    def _in_shell(self, body: _Body, selection: Selection, to: Addressee) -> Message:
        subject = self._stationery.subject(body.leads[0], len(body.leads[: body.cards or None]) - 1)
        urls = to.urls
        links = {"leave": urls.leave, "preferences": urls.preferences, "view": urls.view, "signup": urls.signup}
        pairs = {name: of_url(url) for name, url in links.items()}
        head = {"date": _date(to.day), "count": _count(body.cards or len(body.leads), selection.candidates)}
        html: dict[str, Piece | Sequence[Piece]] = {name: pair.html for name, pair in pairs.items()}
        html |= head | {"subject": escaped(subject), "preheader": _preheader(body), "content": body.html, "address": escaped(to.address)}
        text: Filling = {name: pair.text for name, pair in pairs.items()} | head | {"content": body.text, "address": piece(to.address)}
        shell = self._stationery.shell
        return self._letterhead.message(to, subject, shell.text.pour(text), shell.html.pour(html), leave=urls.leave)


def _preheader(body: _Body) -> list[Piece]:
    titles = body.next[:_NEXT]
    said = [bit for title in titles for bit in (title, _BETWEEN)][:-1] if titles else [body.alone]
    return [*said, _HUSH]


def _date(day: date) -> Piece:
    return piece(f"{day:%A}, {day.day} {day:%B %Y}")


def _count(shown: int, candidates: int) -> Piece:
    papers = "paper" if max(shown, candidates) == 1 else "papers"
    return piece(f"{shown} of {candidates:,} new {papers}" if candidates > shown else f"{shown} new {papers}")


def _remarks(selection: Selection) -> tuple[str, ...]:
    """What the mail says of what it does not show."""
    said = []
    if selection.quiet_days:
        said.append(f"No mail on {_listed(selection.quiet_days)}: too little was new.")
    if not selection.matched:
        said.append("Nothing new matched what you asked for, so here is what others read.")
    if selection.still:
        said.append(f"Nothing new in: {', '.join(selection.still)}.")
    return tuple(clean(words, _NOTE) for words in said)


def _listed(words: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))
