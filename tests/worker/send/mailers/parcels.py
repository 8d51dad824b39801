"""Parcels with good defaults, and a journal that remembers."""

from collections.abc import Iterable, Iterator

from worker.render.message import Header, Message
from worker.render.pieces import piece
from worker.send.port import Mailer, Outcome, Parcel, Verdict, Withheld

TEXT = "One line.\n.\n.. two dots\nFrom here on: ünïcode, and a very long line " + "that goes on " * 20 + "\n"


def a_parcel(number: int, recipient: str = "", *, sender: str = "papers@example.org", text: str = TEXT) -> Parcel:
    """Delivery `number`, to a reader of its own unless one is named."""
    recipient = recipient or f"reader{number}@example.org"
    message_id = f"<d{number}@papers.example.org>"
    fields = {"From": sender, "To": recipient, "Subject": f"Papers {number}", "Message-ID": message_id}
    headers = tuple(Header(name, value, f"{name}: {value}\r\n".encode()) for name, value in fields.items())
    message = Message(
        sender=sender, recipient=recipient, message_id=message_id, headers=headers, text=(piece(text),), html=(piece(f"<p>{text}</p>"),)
    )
    return Parcel(number, recipient, message)


def parcels(count: int) -> list[Parcel]:
    """Deliveries 1 to `count`."""
    return [a_parcel(number) for number in range(1, count + 1)]


def verdicts(outcomes: Iterable[Outcome]) -> dict[int, Verdict]:
    """What became of each delivery; each has one fate only."""
    found: dict[int, Verdict] = {}
    for outcome in outcomes:
        assert outcome.delivery_id not in found
        found[outcome.delivery_id] = outcome.verdict
    return found


class Drawn:
    """An iterable of parcels that remembers which were drawn."""

    def __init__(self, given: Iterable[Parcel]) -> None:
        self._given = given
        self.ids: list[int] = []

    def __iter__(self) -> Iterator[Parcel]:
        for parcel in self._given:
            self.ids.append(parcel.delivery_id)
            yield parcel


class Memory:
    """A `Journal` that remembers in order; `withhold`: deliveries that must not be completed."""

    def __init__(self, withhold: frozenset[int] = frozenset(), error: OSError | None = None) -> None:
        self.notes: list[tuple[str, int]] = []
        self._withhold = withhold
        self._error = error

    def begun(self, delivery_id: int) -> None:
        if self._error:
            raise self._error
        self.notes.append(("begun", delivery_id))
        if delivery_id in self._withhold:
            raise Withheld("no longer ours")

    def answered(self, outcome: Outcome) -> None:
        self.notes.append((outcome.verdict, outcome.delivery_id))


def handed_over(mailer: Mailer, given: Iterable[Parcel]) -> list[Outcome]:
    """Deliver, say goodbye, and give the outcomes."""
    try:
        return list(mailer.deliver(given))
    finally:
        mailer.close()
