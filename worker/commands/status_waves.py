"""What `status` says of waves: the newest ones added up, and how far each open one is, live."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from worker.commands.terminal import Said, console, say, show
from worker.send import waves
from worker.send.ledger import progress
from worker.send.ledger.progress import Progress, Share
from worker.send.models import OPEN, Course, State
from worker.send.waves import Account

LIVE = 3  # open waves told in full
SHARES = 6  # domains, and mailers
WIDE = 110  # columns of a terminal that every end has room in; a narrower one gets the rare ones as a sum
_ENDED = (State.REFUSED, State.FAILED, State.UNKNOWN, State.STALE, State.CANCELLED)
_EACH: dict[str, tuple[State, ...]] = {
    str(state): (state,) for state in (State.WAITING, State.CLAIMED, State.ACCEPTED, *_ENDED, State.SKIPPED)
}
_IN_SUM: dict[str, tuple[State, ...]] = {"waiting": OPEN, "accepted": (State.ACCEPTED,), "other": _ENDED, "skipped": (State.SKIPPED,)}
MINUTE, HOUR, DAY = 60, 3600, 86400  # seconds


def show_waves(session: Session, now: datetime) -> None:
    """The newest waves, and of the open ones how far they are."""
    recent = waves.recent(session)
    if not recent:
        say("\nno wave yet: nobody was due so far")
        return
    columns = _IN_SUM if console.is_terminal and console.width < WIDE else _EACH
    used = {name: states for name, states in columns.items() if any(_sum(account, states) for account in recent)}
    say()
    show(("wave", "due (UTC)", "counted", *used, "account"), [_row(account, used.values()) for account in recent], "Waves")
    for account in [account for account in recent if account.open][:LIVE]:
        _show_live(session, account, now)


def _row(account: Account, used: Iterable[tuple[State, ...]]) -> Sequence[Said]:
    cells = (str(_sum(account, states) or "") for states in used)
    return str(account.wave_id), f"{account.due_at:%d %b %H:%M}", str(account.counted), *cells, _balance(account)


def _sum(account: Account, states: Iterable[State]) -> int:
    return sum(account.states.get(state, 0) for state in states)


def _balance(account: Account) -> Said:
    if account.open:
        return str(account.course)
    if account.balance:
        return f"off by {account.balance:+}", "bold red"
    if account.overdue:
        return f"{account.overdue} not taken", "bold red"
    return "adds up"


def _show_live(session: Session, account: Account, now: datetime) -> None:
    far = progress.of_wave(session, account.wave_id, now=now)
    say(f"\nwave {account.wave_id}: {_in_words(far, account.course, now)}")
    domains = progress.by_domain(session, account.wave_id, SHARES)
    mailers = progress.by_mailer(session, account.wave_id, SHARES)
    show(("recipient domain", *_OF_SHARES), map(_cells, domains))
    if mailers:
        show(("mailer", *_OF_SHARES), map(_cells, mailers))


def _in_words(far: Progress, course: Course, now: datetime) -> str:
    words = [f"{far.done} of {far.total} done ({100 * far.done // far.total} %)"]
    if course is Course.OPEN:
        words.append(f"{far.a_second:.0f} a second" if far.a_second >= 1 else f"{far.lately} in the last minute")
        words.append(f"about {lasting(far.left)} left" if far.left is not None else "nothing moved in the last minute")
    else:
        words.append(str(course))
    if far.retried:
        words.append(f"{far.retried} to be tried again")
    if far.oldest:
        words.append(f"the oldest waits for {lasting(now - far.oldest)}")
    return ", ".join(words)


_OF_SHARES = ("waiting", "accepted", "other")


def _cells(share: Share) -> Sequence[Said]:
    return share.name or "unknown", str(share.waiting), str(share.accepted), str(share.other)


def lasting(span: timedelta) -> str:
    """About how long: "90 s", "5 min", "3 h", "2 days"."""
    seconds = max(0, int(span.total_seconds()))
    if seconds < 2 * MINUTE:
        return f"{seconds} s"
    if seconds < 2 * HOUR:
        return f"{seconds // MINUTE} min"
    return f"{seconds // HOUR} h" if seconds < 2 * DAY else f"{seconds // DAY} days"
