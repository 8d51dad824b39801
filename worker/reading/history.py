"""A reader's last occasions in words: the digests, to be looked at again, and the quiet days with their reasons."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from subscribers.links import Links
from worker.pick.choices import unpacked
from worker.send.models import Delivery, State

_STATES = {
    State.WAITING: "on its way",
    State.CLAIMED: "on its way",
    State.ACCEPTED: "sent",
    State.UNKNOWN: "perhaps sent: the line broke while it was handed over",
    State.REFUSED: "your mail server refused it",
    State.FAILED: "could not be delivered",
    State.STALE: "too late to be of use, so not sent",
    State.CANCELLED: "taken back",
    State.SKIPPED: "no mail",
}
_SHOWN = frozenset({State.WAITING, State.CLAIMED, State.ACCEPTED, State.UNKNOWN})


@dataclass(frozen=True, slots=True)
class Told:
    """One occasion."""

    due_at: datetime
    words: str
    view: str  # where the digest can be looked at again; empty where there is none
    papers: int
    subject: str = ""  # of a notice


def told(deliveries: Iterable[Delivery], links: Links, subjects: Mapping[int, str]) -> list[Told]:
    """The occasions of these rows, letters left out; `subjects` by the notices' ids."""
    shown = [row for row in deliveries if row.occasion.startswith(("digest:", "welcome:", "notice:"))]
    return [_told(row, links, subjects.get(row.content.get("notice", 0), "")) for row in shown]


def _told(row: Delivery, links: Links, subject: str) -> Told:
    papers = len(unpacked(row.content).paper_ids) if "for_you" in row.content else 0
    words = _STATES[State(row.state)]
    if row.state == State.SKIPPED and row.reason:
        words = f"{words}: {row.reason}"
    return Told(row.due_at, words, links.view(row.id) if papers and row.state in _SHOWN else "", papers, subject)
