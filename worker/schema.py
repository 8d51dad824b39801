"""The schema a process may run on (law 11), and the one way to change it. Knows revisions, no rows.

A revision is `0002` or `0002_additive`. A process refuses a database whose revision it does not know, but for one: the next number, if it
says that it only added something. So the release before a migration can be put back while the database stays where it is.
"""

import re
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import event, text
from sqlalchemy.orm import Session

from config.database import Database

MIGRATIONS = Path(__file__).resolve().parent / "migrations"
REMEDY = "run ./paperboy migrate"
# Two `migrate` at once queue here; the number is ours by convention only.
ADVISORY_LOCK = 7_243_719


class SchemaError(Exception):
    """The database's schema is not one this process knows; the message says what to do."""


def migrate(database: Database) -> str:
    """Bring `database` to the newest revision, in one transaction, and return that revision. Safe to run twice, and by two at once.

    Raises SchemaError for a database of a later release; one that is an additive step ahead stays where it is.
    """
    current = current_revision(database)
    if _is_one_additive_step(newest_revision(), current):
        return str(current)
    if current is not None and current not in _known():
        raise _unknown(current)
    if not database.is_sqlite:
        return _migrate(database)
    own = Database(database.url.render_as_string(hide_password=False))
    # Altering a table on SQLite means copying and dropping it, and a drop would cascade into the tables that point at it.
    event.listen(own.engine, "connect", lambda connection, _record: connection.execute("PRAGMA foreign_keys=OFF"))
    try:
        return _migrate(own)
    finally:
        own.close()


def check_schema(database: Database) -> None:
    """Raise SchemaError unless this process may run on `database`."""
    current, head = current_revision(database), newest_revision()
    if current == head or _is_one_additive_step(head, current):
        return
    if current is None:
        raise SchemaError(f"the database is empty; {REMEDY}")
    if current in _known():
        raise SchemaError(f"the database is at revision {current}, this release needs {head}; {REMEDY}")
    raise _unknown(current)


def current_revision(database: Database) -> str | None:
    """The revision `database` is at; nothing when it was never migrated."""
    with database.reading() as session:
        return MigrationContext.configure(session.connection()).get_current_revision()


def newest_revision() -> str:
    """The revision this release makes."""
    head = ScriptDirectory.from_config(configuration()).get_current_head()
    if head is None:
        raise SchemaError(f"no revision in {MIGRATIONS}; the installation is not whole")
    return head


def configuration() -> Config:
    """Alembic's configuration; it needs no file."""
    made = Config()
    made.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    made.set_main_option("path_separator", "os")
    return made


def run(session: Session, configured: Config, revision: str) -> None:
    """Walk to `revision` ("head", "base", or one by name) inside the session's transaction."""
    configured.attributes["connection"] = session.connection()
    walk = command.downgrade if revision == "base" else command.upgrade
    walk(configured, revision)


def _migrate(database: Database) -> str:
    with database.transaction() as session:
        if not database.is_sqlite:
            session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": ADVISORY_LOCK})
        run(session, configuration(), "head")
        if database.is_sqlite and (broken := session.execute(text("PRAGMA foreign_key_check")).all()):
            raise SchemaError(f"the migration would leave {len(broken)} rows pointing nowhere, first {broken[0]}; nothing was changed")
    return newest_revision()


def _unknown(current: str) -> SchemaError:
    return SchemaError(
        f"the database is at revision {current}, which this release (up to {newest_revision()}) does not know; "
        f"run the release that made it, or restore a backup from before its migration"
    )


def _known() -> frozenset[str]:
    return frozenset(script.revision for script in ScriptDirectory.from_config(configuration()).walk_revisions())


def _is_one_additive_step(head: str, current: str | None) -> bool:
    match = re.fullmatch(r"(\d{4})_additive", current or "")
    return match is not None and int(match[1]) == int(head[:4]) + 1
