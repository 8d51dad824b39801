"""What `status` says of mail that goes slower than it could: mailers that are away or whose day is counted, and domains in trouble."""

from sqlalchemy.orm import Session

from config.runtime import Runtime
from worker.commands.terminal import say
from worker.send import absences, allowances, domains
from worker.send.models import Kind
from worker.send.registry import mailers_from, terms_from

SHOWN = 10  # domains


def show_limits(session: Session, runtime: Runtime) -> None:
    """Nothing where nothing is slowed down or counted. Raises SettingsError for mailers that cannot be used."""
    now = runtime.clock.now()
    for gone in absences.now_away(session, now=now):
        say((f"away: {gone.mailer}", "bold red"), f", asked again at {gone.again_at:%H:%M:%S} UTC ({gone.words})")
    for one in domains.paced(session, SHOWN):
        pause = f", none before {one.free_at:%H:%M:%S} UTC" if one.free_at > now else ""
        say(f"slowed down: {one.domain}, {_pace(one.pace)}{pause} ({one.words})")
    for mailer, terms in zip(mailers_from(runtime.settings, runtime.clock), terms_from(runtime.settings), strict=True):
        day = allowances.today(session, mailer.name, terms, now=now)
        if day is not None:
            say(f"{day}{'' if day.left(Kind.DIGEST) else ': the daily cap is reached; what waits goes on at 00:00 UTC, letters go'}")


def _pace(pace: float) -> str:
    return f"{pace:.3g} messages a second" if pace >= 1 else f"{60 * pace:.3g} messages a minute"
