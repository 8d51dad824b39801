"""`doctor`: check everything that must work, with a remedy for what does not. Changes nothing, and mails only what it is asked to."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

import click
from redis import Redis, RedisError, ResponseError
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from config import log
from config.clock import SystemClock
from config.runtime import Runtime
from config.settings import Settings, SettingsError
from subscribers.addresses import AddressError, check_address
from worker.commands.common import FAILED, USAGE, busy, chosen_settings, example, fail, kept_open, say
from worker.commands.faults import first_line
from worker.ingest.registry import names_of
from worker.pick.today import topics_of
from worker.render.addressee import Addressee
from worker.render.dkim import signer_from
from worker.render.headers import BadAddress
from worker.render.letters import operator_notice
from worker.render.press import Press
from worker.schema import SchemaError, check_schema
from worker.send import control, heartbeats, waves
from worker.send.office import Office
from worker.send.port import Mailer, Unavailable, Verdict
from worker.send.registry import mailers_from

SKEW = timedelta(seconds=5)  # between this machine's clock and the database's: no cause for worry
PATIENCE = 5  # seconds for Redis


class Ailing(Exception):
    """What is wrong, and the remedy."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that must work; `look` says what it found, or raises Ailing."""

    name: str
    look: Callable[[], str]


@click.command(epilog=example("./paperboy doctor", "./paperboy doctor --mail you@example.org"))
@click.option("--mail", metavar="ADDRESS", help="Also hand one test mail to the mailers, for this address.")
def doctor(mail: str | None) -> None:
    """Check settings, state folder, database, schema, Redis, clock, beat, sources, topics, templates, signing and mailers.

    With keys in PAPERBOY_DKIM, it prints the DNS records that receivers check signatures by.

    Each wrong thing comes with a remedy. Ends with 1 if something is wrong, with 2 if the settings cannot be read.
    """
    address = _checked(mail) if mail else None
    settings = chosen_settings()
    log.configure(human=True, level="CRITICAL")  # what is wrong is said here, once
    say(("ok", "green"), "    settings: all read and typed")
    wrong = int(not _passes(Check("state folder", partial(_state, settings))))
    try:
        runtime = kept_open(settings)
    except OSError as error:
        fail(f"the rest cannot be looked at: {error.filename}: {error.strerror}")
    # Made one after the other, not at once: the mailers are looked for only when it is their turn.
    for make in (_of_database, _of_service, _of_mailers):
        wrong += sum([not _passes(check) for check in make(runtime)])
    if address:
        wrong += not _passes(Check("one mail", partial(_mail, runtime, address)))
    raise SystemExit(FAILED if wrong else 0)


def _checked(address: str) -> str:
    try:
        return check_address(address)
    except AddressError as error:
        fail(f"--mail: {error}", USAGE)


def _passes(check: Check) -> bool:
    try:
        with busy(check.name):
            found = check.look()
    except Ailing as error:
        say(("wrong", "bold red"), f" {check.name}: {error}")
        return False
    say(("ok", "green"), f"    {check.name}: {found}")
    return True


def _of_database(runtime: Runtime) -> Sequence[Check]:
    """What is unknown without the database is not asked of one that does not answer."""
    database = Check("database", partial(_database, runtime))
    try:
        database.look()
    except Ailing:
        return [database]
    return [
        database,
        Check("schema", partial(_schema, runtime)),
        Check("clock", partial(_clock, runtime)),
        Check("beat", partial(_beat, runtime)),
        Check("sending", partial(_sending, runtime)),
    ]


def _of_service(runtime: Runtime) -> Sequence[Check]:
    looks = {"Redis": _redis, "sources": _sources, "topics": _topics, "templates": _templates, "signing": _signing}
    return [Check(name, partial(look, runtime)) for name, look in looks.items()]


def _of_mailers(runtime: Runtime) -> Sequence[Check]:
    try:
        mailers = mailers_from(runtime.settings, runtime.clock)
    except SettingsError as error:
        return [Check("mailers", partial(_fault, "; ".join(error.faults)))]
    return [Check(f"mailer {place}" if len(mailers) > 1 else "mailer", partial(_mailer, one)) for place, one in enumerate(mailers, start=1)]


def _fault(words: str) -> str:
    raise Ailing(words)


def _state(settings: Settings) -> str:
    folder = settings.state_dir
    probe = folder / f".doctor-{SystemClock().monotonic()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.write_text("may we write here?", encoding="utf-8")
        probe.unlink()
    except OSError as error:
        raise Ailing(f"{folder} cannot be written ({error.strerror}). Look at PAPERBOY_STATE_DIR and its owner") from error
    return f"{folder} can be written"


def _database(runtime: Runtime) -> str:
    try:
        with runtime.database.reading() as session:
            session.execute(text("SELECT 1"))
    except SQLAlchemyError as error:
        words = first_line(error.__cause__ if isinstance(error.__cause__, Exception) else error)
        raise Ailing(f"cannot be used ({words}). Look at PAPERBOY_DATABASE_URL, and whether the server runs") from error
    return f"{runtime.database.engine.dialect.name} answers"


def _schema(runtime: Runtime) -> str:
    try:
        check_schema(runtime.database)
    except (SchemaError, SQLAlchemyError) as error:
        raise Ailing(first_line(error)) from error
    return "this release's"


def _clock(runtime: Runtime) -> str:
    if runtime.database.is_sqlite:
        return "one machine, one clock"
    with runtime.database.reading() as session:
        there: datetime = session.scalars(text("SELECT clock_timestamp()")).one()
    skew = runtime.clock.now() - there
    if abs(skew) > SKEW:
        raise Ailing(f"this machine is {skew.total_seconds():+.0f} s off the database's. Run an NTP client on both")
    return f"{skew.total_seconds():+.1f} s off the database's"


def _beat(runtime: Runtime) -> str:
    try:
        with runtime.database.reading() as session:
            last = heartbeats.last(session, heartbeats.BEAT)
    except SQLAlchemyError as error:
        raise Ailing("unknown without this release's schema: ./paperboy migrate") from error
    if last is None:
        raise Ailing("has never beaten. Start the service: ./paperboy up, or docker compose up")
    age = runtime.clock.now() - last
    if age > heartbeats.SILENT_AFTER:
        start = "./paperboy up" if runtime.settings.embedded else "docker compose ps beat worker redis"
        raise Ailing(f"silent since {last:%d %B %H:%M} UTC. Look at: {start}")
    return f"beat {max(0.0, age.total_seconds()):.0f} s ago"


def _sending(runtime: Runtime) -> str:
    try:
        with runtime.database.reading() as session:
            halted, paused = control.halted(session), waves.held_back(session)
    except SQLAlchemyError as error:
        raise Ailing("unknown without this release's schema: ./paperboy migrate") from error
    if halted:
        raise Ailing(f"is halted since {halted:%a %d %b %H:%M} UTC. Go on with: ./paperboy send --go")
    return f"not halted; held back: wave {', '.join(map(str, paused))}" if paused else "not halted"


def _redis(runtime: Runtime) -> str:
    if runtime.settings.redis_url is None:
        return "none set: everything runs in one process (./paperboy up)"
    try:
        with Redis.from_url(runtime.settings.redis_url, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE) as client:
            client.ping()
            policy = _policy(client)
    except (RedisError, ValueError) as error:
        raise Ailing(f"cannot be reached ({first_line(error)}). Look at PAPERBOY_REDIS_URL, and whether the server runs") from error
    if policy is None:
        return "answers; it does not say whether it evicts: see to it that maxmemory-policy is noeviction"
    if policy != "noeviction":
        raise Ailing(f"may drop tasks: its maxmemory-policy is {policy}. Start it with --maxmemory-policy noeviction")
    return "answers, and evicts nothing"


def _policy(client: Redis) -> str | None:
    try:
        return str(client.config_get("maxmemory-policy").get("maxmemory-policy", "noeviction"))
    except ResponseError:  # a managed Redis answers no such question
        return None


def _sources(runtime: Runtime) -> str:
    try:
        return ", ".join(names_of(runtime.settings, runtime.database, runtime.clock)) or "none: PAPERBOY_SOURCES is empty"
    except SettingsError as error:
        raise Ailing("; ".join(error.faults)) from error


def _topics(runtime: Runtime) -> str:
    try:
        return f"{len(topics_of(runtime.settings).topics)} in the catalogue"
    except SettingsError as error:
        raise Ailing("; ".join(error.faults)) from error


def _templates(runtime: Runtime) -> str:
    try:
        Press(runtime.settings.model_copy(update={"dkim": ()}))  # keys are looked at by themselves
    except SettingsError as error:
        raise Ailing("; ".join(error.faults)) from error
    except Exception as error:
        raise Ailing(f"{type(error).__name__}: {first_line(error)}. Look at PAPERBOY_TEMPLATES and PAPERBOY_SENDER") from error
    return "rendered, CSS inlined"


def _signing(runtime: Runtime) -> str:
    if not runtime.settings.dkim:
        return "nothing is signed here: PAPERBOY_DKIM names no key (a relay may sign instead)"
    try:
        signer = signer_from(runtime.settings)
    except (SettingsError, BadAddress) as error:
        raise Ailing("; ".join(str(error).splitlines())) from error
    keys = " and ".join(f"{key.kind} ({key.selector})" for key in signer.keys)
    records = [f"      {name} TXT {strings}" for name, strings in signer.records()]
    return "\n".join([f"every mail for {signer.domain}, by {keys}; the DNS must say:", *records])


def _mailer(mailer: Mailer) -> str:
    try:
        found = mailer.check()
    except Unavailable as error:
        raise Ailing(f"{mailer.name}: {error}") from error
    finally:
        mailer.close()
    return found if mailer.name in found else f"{mailer.name}: {found}"


def _mail(runtime: Runtime, address: str) -> str:
    settings, now = runtime.settings, runtime.clock.now()
    words = (f"{settings.name} can write to {address}.", "Sent by paperboy doctor; nothing else was to be said.")
    to = Addressee(address=address, delivery_id=0, occasion="doctor", day=now.date(), sent_at=now, mark="[test]")
    try:
        outcome = Office(runtime).mail_once(Press(settings).letter(operator_notice("A test mail", words), to))
    except Unavailable as error:
        raise Ailing(str(error)) from error
    except Exception as error:
        raise Ailing("cannot be written or handed over while something above is wrong") from error
    answer = " ".join(filter(None, (outcome.code, outcome.words)))
    if outcome.verdict is not Verdict.ACCEPTED:
        raise Ailing(f"was {outcome.verdict}: {answer}. Look at PAPERBOY_SENDER, and at what the relay says")
    return f"handed over for {address} ({answer})"
