"""What became of a delivery, in words: for `why`, `send`, and the reader's own page. Pure."""

from datetime import datetime

from worker.send.models import Delivery, State


def told(delivery: Delivery) -> str:
    """One sentence: "accepted by smtp mail.example.org:587 at 06:00:03 UTC (250 2.0.0)"."""
    answer = " ".join(part for part in (delivery.code, delivery.reason) if part)
    match State(delivery.state):
        case State.WAITING if delivery.attempts:
            return f"not taken yet after {_tries(delivery.attempts)} ({answer or 'no answer'}); next {_at(delivery.next_attempt_at)}"
        case State.WAITING:
            return f"waits since {_at(delivery.due_at)}"
        case State.CLAIMED:
            return "is being handed over right now"
        case State.ACCEPTED:
            after = f", on try {delivery.attempts}" if delivery.attempts > 1 else ""
            return f"accepted by {delivery.mailer or 'the mailer'} {_at(delivery.settled_at)}{after}" + (f" ({answer})" if answer else "")
        case State.REFUSED:
            return f"refused for good {_at(delivery.settled_at)}: {answer or 'no reason given'}"
        case State.FAILED:
            return f"given up after {_tries(delivery.attempts)}: {answer or 'no answer'}"
        case State.UNKNOWN:
            return f"handed over, but the answer was lost: {delivery.reason}. It may have arrived; PAPERBOY_ON_UNKNOWN says what happens next"
        case State.STALE:
            return f"too old to be of use, so not handed over: {delivery.reason or 'it could not leave in time'}"
        case State.CANCELLED:
            return f"taken back: {delivery.reason}"
        case State.SKIPPED:
            return f"no mail: {delivery.reason}"


def _tries(count: int) -> str:
    return f"{count} {'try' if count == 1 else 'tries'}"


def _at(moment: datetime | None) -> str:
    return f"at {moment:%a %d %b %H:%M:%S} UTC" if moment else "at an unknown moment"
