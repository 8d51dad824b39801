"""What the ledger asks of a mailer. Adapters import this; this imports none of them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from worker.render.message import Message


class Verdict(StrEnum):
    """What became of one parcel."""

    ACCEPTED = "accepted"  # the provider or the relay took it
    REFUSED = "refused"  # for good, this address or this message: never try again
    DEFERRED = "deferred"  # surely not accepted: try later, or by the next mailer
    UNKNOWN = "unknown"  # the line broke after the last byte: it may have been accepted


class Blame(StrEnum):
    """What a deferral is about: who is to be left alone for a while, and whether another mailer may do better."""

    MESSAGE = "message"  # this one alone
    DOMAIN = "domain"  # the recipient's domain
    MAILER = "mailer"  # the mailer, or our line to it


@dataclass(frozen=True, slots=True)
class Parcel:
    """One message on its way: the envelope and what is in it."""

    delivery_id: int
    recipient: str  # bare address of the envelope
    message: Message


@dataclass(frozen=True, slots=True)
class Outcome:
    """One answer. `code` is the reply and enhanced status ("550 5.1.1"); `words` are the server's, bounded."""

    delivery_id: int
    verdict: Verdict
    code: str = ""
    words: str = ""
    provider_id: str = ""
    blame: Blame = Blame.MESSAGE


class Unavailable(Exception):
    """The mailer cannot be reached or will not let us in: nothing was handed over. The words name the remedy."""


class Withheld(Exception):
    """A message must not be completed any more: its claim is no longer ours, or the process is told to stop."""


class Journal(Protocol):
    """Where a mailer notes what is on the wire, so that a crash leaves only that uncertain. Each note survives the process's death."""

    def begun(self, delivery_id: int) -> None:
        """The bytes that complete this message are about to be written. Raises Withheld or OSError: then they must not be."""
        ...

    def answered(self, outcome: Outcome) -> None:
        """What became of it is known. Never raises: at worst the delivery stays uncertain."""
        ...


class Mailer(Protocol):
    """Hands messages to the outside world. One object a lane, used by one thread."""

    name: str  # "smtp mail.example.org:587", "maildir /var/mail": safe to log

    def deliver(self, parcels: Iterable[Parcel]) -> Iterator[Outcome]:
        """Hand over each parcel, and yield one outcome for every parcel taken from the iterable, as it is known.

        A connection is kept between calls. Parcels are drawn one at a time, only when the line is free for them:
        what was not drawn was not begun. Never raises for a parcel; raises Unavailable only before drawing the first.
        """
        ...

    def check(self) -> str:
        """Connect and log in without sending; say in one line what was found. Raises Unavailable."""
        ...

    def close(self) -> None:
        """End the connection politely."""
        ...
