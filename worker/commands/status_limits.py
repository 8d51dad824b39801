"""What `status` says of mail that goes slower than it could: recipient domains in trouble, and mailers whose day is counted."""

from sqlalchemy.orm import Session

from config.runtime import Runtime
from worker.commands.common import say
from worker.send import allowances, domains
from worker.send.models import Kind
from worker.send.registry import mailers_from, terms_from

SHOWN = 10  # domains


def show_limits(session: Session, runtime: Runtime) -> None:
    """Nothing where nothing is slowed down or counted. Raises SettingsError for mailers that cannot be used."""
    now = runtime.clock.now()
    for one in domains.paced(session, SHOWN):
        pause = f", none before {one.free_at:%H:%M:%S} UTC" if one.free_at > now else ""
        say(f"slowed down: {one.domain}, {_pace(one.pace)}{pause} ({one.words})")
    for mailer, terms in zip(mailers_from(runtime.settings, runtime.clock), terms_from(runtime.settings), strict=True):
        day = allowances.today(session, mailer.name, terms, now=now)
        if day is not None:
            say(f"{day}{'' if day.left(Kind.DIGEST) else ': the daily cap is reached; what waits goes on at 00:00 UTC, letters go'}")


def _pace(pace: float) -> str:
    return f"{pace:.3g} messages a second" if pace >= 1 else f"{60 * pace:.3g} messages a minute"
