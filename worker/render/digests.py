"""A selection as a message: cards and lines poured into the shell, as many as fit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from worker.ingest.papers import Paper
from worker.pick.choices import Choice, Selection
from worker.render.addressee import Addressee
from worker.render.cards import Card, Cards
from worker.render.letterhead import Letterhead
from worker.render.message import Message
from worker.render.moulds import NOTHING, Pair
from worker.render.pieces import EMPTY, Piece, escaped, piece
from worker.render.plain import clean
from worker.render.stationery import Stationery, both, of_url

BUDGET = 90_000  # bytes on the wire: Gmail clips at about 102 KB
_RESERVED = 4_000  # bytes for headers, links and what else is a reader's own
_ROW = 120  # bytes a row may take beside its card and its reason: number, breaks, two links' beginnings
_NOTE = 600  # letters of an editor's note
_NEXT = 3  # titles in the preheader
_BETWEEN = piece(" · ")
# Without it, clients fill the line under the subject with whatever text follows (the masthead).
_HUSH = piece("&#847;&zwnj;&nbsp;" * 30)


Chosen = Sequence[tuple[Choice, Paper]]


class NothingToShow(Exception):
    """None of the selection's papers is at hand any more (hidden, merged, erased): there is nothing to write."""


@dataclass(slots=True)
class _Body:
    """The rows so far, and the room that is left."""

    room: int
    html: list[Piece] = field(default_factory=list)
    text: list[Piece] = field(default_factory=list)
    shown: int = 0
    cards: list[Card] = field(default_factory=list)
    left_out: int = 0

    def fits(self, size: int) -> bool:
        """Whether `size` more bytes fit; once something did not, nothing does, so that the order stays the reader's."""
        if size > self.room:
            self.room = 0
            self.left_out += 1
            return False
        self.room -= size
        self.shown += 1
        return True

    def add(self, pair: Pair) -> None:
        self.html.append(pair.html)
        self.text.append(pair.text)


class Digests:
    """Composes digests. One object a process, for the cards it keeps."""

    def __init__(self, stationery: Stationery, letterhead: Letterhead) -> None:
        self._stationery = stationery
        self._letterhead = letterhead
        self._cards = Cards(stationery)

    def compose(self, selection: Selection, papers: Mapping[int, Paper], to: Addressee, note: str) -> Message:
        """The message of `selection` in at most BUDGET bytes. Raises NothingToShow, and BadAddress for the recipient."""
        body = _Body(room=BUDGET - self._stationery.size - len(_HUSH.wire) - _RESERVED)
        votes = of_url(to.urls.votes)
        body.add(self._stationery.notices(clean(note, _NOTE), remarks(selection)))
        self._add_cards(body, "For you", _at_hand(selection.for_you, papers), votes)
        self._add_cards(body, "Trending today", _at_hand(selection.trending, papers), votes)
        lines = _at_hand(selection.more, papers)
        self._add_lines(body, "More that matches", lines)
        if not body.shown:
            raise NothingToShow(f"none of the papers {list(selection.paper_ids)} is at hand")
        if body.left_out:
            self._add_rest(body, to)
        lead = body.cards[0].lead if body.cards else self._cards.line(lines[0][1]).lead
        subject = self._stationery.subject(lead, (len(body.cards) or body.shown) - 1)
        return self._in_shell(body, subject, selection.candidates, to)

    def _add_cards(self, body: _Body, heading: str, chosen: Chosen, votes: Pair) -> None:
        opening = self._stationery.heading(heading)
        own = 2 * len(votes.html.wire) + _ROW
        for choice, paper in chosen:
            card, reason = self._cards.card(paper), self._stationery.reason(choice.reason)
            if not body.fits(card.moulds.size + reason.size + opening.size + own):
                continue
            number = self._stationery.number(body.shown)
            body.add(opening)
            body.html += card.moulds.html.pour((reason.html, number, votes.html))
            body.text += card.moulds.text.pour((reason.text, number, votes.text))
            body.cards.append(card)
            opening = self._stationery.rule

    def _add_lines(self, body: _Body, heading: str, chosen: Chosen) -> None:
        opening = self._stationery.heading(heading)
        for _, paper in chosen:
            moulds = self._cards.line(paper).moulds
            if not body.fits(moulds.size + opening.size + _ROW):
                continue
            if opening.size:
                body.add(opening)
            number = (self._stationery.number(body.shown),)
            body.html += moulds.html.pour(number)
            body.text += moulds.text.pour(number)
            opening = NOTHING

    def _add_rest(self, body: _Body, to: Addressee) -> None:
        words = piece(f"{body.left_out} more in your browser")
        view = of_url(to.urls.view)
        body.html += self._stationery.rest.html.pour((words, view.html))
        body.text += self._stationery.rest.text.pour((words, view.text))

    def _in_shell(self, body: _Body, subject: str, candidates: int, to: Addressee) -> Message:
        urls, above, below = to.urls, self._stationery.above, self._stationery.below
        date, count = self._stationery.date(to.day), _count(len(body.cards) or body.shown, candidates)
        own = (*map(of_url, (urls.preferences, urls.leave, urls.view, urls.signup)), both(to.address, to.address))
        # In the order in which the stationery names them; its first hole is where the rows stand.
        html = (EMPTY, escaped(subject), _preheader(body.cards), date, count, *[pair.html for pair in own])
        text = (EMPTY, EMPTY, EMPTY, date, count, *[pair.text for pair in own])
        whole_text = (*above.text.pour(text), *body.text, *below.text.pour(text))
        whole_html = (*above.html.pour(html), *body.html, *below.html.pour(html))
        return self._letterhead.message(to, subject, whole_text, whole_html, leave=urls.leave)


def _at_hand(choices: Sequence[Choice], papers: Mapping[int, Paper]) -> Chosen:
    return [(choice, papers[choice.paper_id]) for choice in choices if choice.paper_id in papers]


def _preheader(cards: Sequence[Card]) -> Piece:
    """The titles that follow the subject's; of a lone card, what it contributes."""
    said = [bit for card in cards[1 : 1 + _NEXT] for bit in (_BETWEEN, card.short)][1:] or [card.said for card in cards[:1]]
    return Piece(b"".join([bit.utf8 for bit in (*said, _HUSH)]), b"".join([bit.wire for bit in (*said, _HUSH)]))


@lru_cache(maxsize=1_024)
def _count(shown: int, candidates: int) -> Piece:
    papers = "paper" if max(shown, candidates) == 1 else "papers"
    return piece(f"{shown} of {candidates:,} new {papers}" if candidates > shown else f"{shown} new {papers}")


def remarks(selection: Selection) -> tuple[str, ...]:
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
