"""What `doctor` looks at, one function a thing: each says what it found, or raises with the remedy. Changes nothing."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from redis import Redis, RedisError, ResponseError
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from config.clock import SystemClock
from config.runtime import Runtime
from config.settings import Settings, SettingsError
from worker.commands.faults import first_line
from worker.ingest.registry import names_of
from worker.pick.today import topics_of
from worker.render.dkim import signer_from
from worker.render.headers import BadAddress
from worker.render.press import Press
from worker.schema import SchemaError, check_schema
from worker.send import control, heartbeats, waves
from worker.send.port import Mailer, Unavailable
from worker.send.registry import mailers_from

SKEW = timedelta(seconds=5)  # between this machine's clock and the database's: no cause for worry
PATIENCE = 5  # seconds for Redis


class Ailing(Exception):
    """What is wrong, and the remedy."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that must work; `look` says what it found, or raises Ailing or SettingsError."""

    name: str
    look: Callable[[], str]


def of_database(runtime: Runtime) -> Sequence[Check]:
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


def of_service(runtime: Runtime) -> Sequence[Check]:
    """What the settings name."""
    looks = {"Redis": _redis, "sources": _sources, "topics": _topics, "templates": _templates, "signing": _signing}
    return [Check(name, partial(look, runtime)) for name, look in looks.items()]


def of_mailers(runtime: Runtime) -> Sequence[Check]:
    """One for each; logs in, and sends nothing."""
    try:
        mailers = mailers_from(runtime.settings, runtime.clock)
    except SettingsError as error:
        return [Check("mailers", partial(_raised, error))]
    return [Check(f"mailer {place}" if len(mailers) > 1 else "mailer", partial(_mailer, one)) for place, one in enumerate(mailers, start=1)]


def _raised(error: Exception) -> str:
    raise error


def state(settings: Settings) -> str:
    """The folder, by a file that is written and removed."""
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
    return ", ".join(names_of(runtime.settings, runtime.database, runtime.clock)) or "none: PAPERBOY_SOURCES is empty"


def _topics(runtime: Runtime) -> str:
    return f"{len(topics_of(runtime.settings).topics)} in the catalogue"


def _templates(runtime: Runtime) -> str:
    try:
        Press(runtime.settings.model_copy(update={"dkim": ()}))  # keys are looked at by themselves
    except SettingsError:
        raise
    except Exception as error:
        raise Ailing(f"{type(error).__name__}: {first_line(error)}. Look at PAPERBOY_TEMPLATES and PAPERBOY_SENDER") from error
    return "rendered, CSS inlined"


def _signing(runtime: Runtime) -> str:
    if not runtime.settings.dkim:
        return "nothing is signed here: PAPERBOY_DKIM names no key (a relay may sign instead)"
    try:
        signer = signer_from(runtime.settings)
    except BadAddress as error:
        raise Ailing(str(error)) from error
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
