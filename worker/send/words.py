"""What became of a delivery, in words: for `why`, `send`, and the reader's own page. Pure."""

from collections.abc import Callable
from datetime import datetime

from worker.send.models import Delivery, State


def told(delivery: Delivery) -> str:
    """One sentence: "accepted by smtp mail.example.org:587 at Wed 17 Jun 06:00:03 UTC (250 2.0.0)"."""
    return _TOLD[State(delivery.state)](delivery)


def _waiting(delivery: Delivery) -> str:
    if not delivery.attempts:
        return f"waits since {_moment(delivery.due_at)}"
    return f"not taken yet after {_tries(delivery.attempts)} ({_answer(delivery)}); tried again at {_moment(delivery.next_attempt_at)}"


def _accepted(delivery: Delivery) -> str:
    after = f", on try {delivery.attempts}" if delivery.attempts > 1 else ""
    return f"accepted by {delivery.mailer or 'the mailer'} at {_moment(delivery.settled_at)}{after} ({_answer(delivery)})"


_TOLD: dict[State, Callable[[Delivery], str]] = {
    State.WAITING: _waiting,
    State.CLAIMED: lambda _: "is being handed over right now",
    State.ACCEPTED: _accepted,
    State.REFUSED: lambda one: f"refused for good at {_moment(one.settled_at)}: {_answer(one)}",
    State.FAILED: lambda one: f"given up after {_tries(one.attempts)}: {_answer(one)}",
    State.UNKNOWN: lambda one: f"may have arrived: {_answer(one)}. PAPERBOY_ON_UNKNOWN says what happens next",
    State.STALE: lambda one: f"not handed over, since it was too old to be of use: {_answer(one)}",
    State.CANCELLED: lambda one: f"taken back: {_answer(one)}",
    State.SKIPPED: lambda one: f"no mail: {_answer(one)}",
}


def _answer(delivery: Delivery) -> str:
    return " ".join(part for part in (delivery.code, delivery.reason) if part) or "no answer"


def _tries(count: int) -> str:
    return f"{count} {'try' if count == 1 else 'tries'}"


def _moment(moment: datetime | None) -> str:
    return f"{moment:%a %d %b %H:%M:%S} UTC" if moment else "an unknown moment"
