"""`doctor`: check everything that must work, with a remedy for what does not."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import click
from redis import Redis, RedisError
from sqlalchemy import select, text
from sqlalchemy.exc import SQLAlchemyError

from config.runtime import Runtime, open_runtime
from config.settings import SettingsError
from subscribers.addresses import AddressError, check_address
from subscribers.topics import CatalogueError
from worker.commands.common import USAGE, chosen_settings, console, example, fail
from worker.ingest.port import SourceError
from worker.ingest.registry import sources_from
from worker.pick.today import topics_of
from worker.render.addressee import Addressee
from worker.render.letters import operator_notice
from worker.render.press import Press
from worker.schema import SchemaError, check_schema
from worker.send import heartbeats
from worker.send.office import Office
from worker.send.port import Unavailable, Verdict
from worker.send.registry import mailers_from

SKEW = 5.0  # seconds between this machine's clock and the database's that are no cause for worry


class Ailing(Exception):
    """What is wrong, and the remedy."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that must work; `look` says what it found, or raises Ailing."""

    name: str
    look: Callable[[Runtime], str]


@click.command(epilog=example("./paperboy doctor", "./paperboy doctor --mail you@example.org"))
@click.option("--mail", metavar="ADDRESS", help="Also hand one test mail to the mailers, for this address.")
def doctor(mail: str | None) -> None:
    """Check settings, database, schema, Redis, clock, beat, sources, templates and mailers. Ends with 1 if something is wrong."""
    runtime = open_runtime(chosen_settings())
    console.print("[green]ok[/]    settings: all read and typed")
    if mail:
        try:
            check_address(mail)
        except AddressError as error:
            fail(f"--mail: {error}", USAGE)
    ailing = sum(not _passes(check, runtime) for check in CHECKS)
    if mail:
        ailing += not _passes(Check("one mail", lambda here: _mail(here, mail)), runtime)
    runtime.database.close()
    raise SystemExit(1 if ailing else 0)


def _passes(check: Check, runtime: Runtime) -> bool:
    try:
        console.print(f"[green]ok[/]    {check.name}: {check.look(runtime)}")
    except Ailing as error:
        console.print(f"[bold red]wrong[/] {check.name}: {error}")
        return False
    return True


def _database(runtime: Runtime) -> str:
    try:
        with runtime.database.reading() as session:
            session.execute(text("SELECT 1"))
    except SQLAlchemyError as error:
        raise Ailing(f"cannot be reached ({_first_line(error)}). Look at PAPERBOY_DATABASE_URL, and whether the server runs") from error
    return f"{runtime.database.engine.dialect.name} answers"


def _schema(runtime: Runtime) -> str:
    try:
        check_schema(runtime.database)
    except (SchemaError, SQLAlchemyError) as error:
        raise Ailing(_first_line(error)) from error
    return "this release's"


def _redis(runtime: Runtime) -> str:
    if runtime.settings.redis_url is None:
        return "none set: everything runs in one process (./paperboy up)"
    try:
        client = Redis.from_url(runtime.settings.redis_url, socket_timeout=5, socket_connect_timeout=5)
        policy = client.config_get("maxmemory-policy").get("maxmemory-policy", "noeviction")
    except (RedisError, ValueError) as error:
        raise Ailing(f"cannot be reached ({_first_line(error)}). Look at PAPERBOY_REDIS_URL, and whether the server runs") from error
    if policy != "noeviction":
        raise Ailing(f"may drop tasks: its maxmemory-policy is {policy}. Start it with --maxmemory-policy noeviction")
    return "answers, and evicts nothing"


def _clock(runtime: Runtime) -> str:
    if runtime.database.is_sqlite:
        return "one machine, one clock"
    with runtime.database.reading() as session:
        there: datetime = session.execute(select(text("clock_timestamp()"))).scalar_one()
    skew = (runtime.clock.now() - there).total_seconds()
    if abs(skew) > SKEW:
        raise Ailing(f"this machine is {skew:+.0f} s off the database's. Run an NTP client on both")
    return f"{skew:+.1f} s off the database's"


def _beat(runtime: Runtime) -> str:
    try:
        with runtime.database.reading() as session:
            last = heartbeats.last(session, heartbeats.BEAT)
    except SQLAlchemyError as error:
        raise Ailing("unknown without the schema") from error
    if last is None:
        raise Ailing("has never beaten. Start the service: ./paperboy up, or docker compose up")
    age = runtime.clock.now() - last
    if age > heartbeats.SILENT_AFTER:
        raise Ailing(f"silent since {last:%d %B %H:%M} UTC. Look at beat, worker and Redis: docker compose ps")
    return f"beat {age.total_seconds():.0f} s ago"


def _sources(runtime: Runtime) -> str:
    try:
        return ", ".join(source.name for source in sources_from(runtime.settings, runtime.database, runtime.clock)) or "none"
    except (SettingsError, SourceError) as error:
        raise Ailing(_first_line(error)) from error


def _topics(runtime: Runtime) -> str:
    try:
        return f"{len(topics_of(runtime.settings).topics)} in the catalogue"
    except (CatalogueError, OSError) as error:
        raise Ailing(f"PAPERBOY_TOPICS: {error}") from error


def _templates(runtime: Runtime) -> str:
    try:
        Press(runtime.settings)
    except Exception as error:
        raise Ailing(f"{type(error).__name__}: {_first_line(error)}. Look at PAPERBOY_TEMPLATES") from error
    return "rendered, CSS inlined"


def _state(runtime: Runtime) -> str:
    folder: Path = runtime.settings.state_dir
    probe = folder / ".doctor"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.write_text("may we write here?", encoding="utf-8")
        probe.unlink()
    except OSError as error:
        raise Ailing(f"{folder} cannot be written ({error.strerror}). Look at PAPERBOY_STATE_DIR and its owner") from error
    return f"{folder} can be written"


def _mailers(runtime: Runtime) -> str:
    return "; ".join(_checked(runtime))


def _checked(runtime: Runtime) -> Iterator[str]:
    try:
        mailers = mailers_from(runtime.settings, runtime.clock)
    except SettingsError as error:
        raise Ailing(_first_line(error)) from error
    for mailer in mailers:
        try:
            yield f"{mailer.name}: {mailer.check()}"
        except Unavailable as error:
            raise Ailing(f"{mailer.name}: {error}") from error
        finally:
            mailer.close()


def _mail(runtime: Runtime, address: str) -> str:
    settings = runtime.settings
    words = (f"{settings.name} can write to {address}.", "Sent by paperboy doctor; nothing else was to be said.")
    to = Addressee(
        address=address, delivery_id=0, occasion="doctor", day=runtime.clock.now().date(), sent_at=runtime.clock.now(), mark="[test]"
    )
    message = Press(settings).letter(operator_notice("A test mail", words), to)
    try:
        outcome = Office(runtime).mail_once(message)
    except Unavailable as error:
        raise Ailing(str(error)) from error
    if outcome.verdict is not Verdict.ACCEPTED:
        raise Ailing(f"was {outcome.verdict}: {outcome.code} {outcome.words}")
    return f"handed over for {address} ({outcome.code} {outcome.words})"


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]


CHECKS = (
    Check("state folder", _state),
    Check("database", _database),
    Check("schema", _schema),
    Check("Redis", _redis),
    Check("clock", _clock),
    Check("beat", _beat),
    Check("sources", _sources),
    Check("topics", _topics),
    Check("templates", _templates),
    Check("mailers", _mailers),
)
