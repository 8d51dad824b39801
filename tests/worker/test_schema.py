"""Migrations on both engines: up, down, up again, and the same tables as the models say."""

import re
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Connection, inspect, text

from config.database import Base, Database
from worker import schema

REGENERATE = "the models and the migrations differ; until the first release: .venv/bin/python -m tests.revision --initial"


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database without a single table."""
    url = f"sqlite:///{tmp_path}/empty.db" if request.param == "sqlite" else request.getfixturevalue("empty_postgresql_url")
    made = Database(url)
    yield made
    made.close()


def walk(database: Database, revision: str) -> None:
    with database.transaction() as session:
        schema.run(session, schema.configuration(), revision)


def shape(connection: Connection) -> dict[str, object]:
    """Everything about the tables that a model can say and a migration can get wrong."""
    found = inspect(connection)
    return {table: table_shape(connection, table) for table in found.get_table_names() if table != "alembic_version"}


def table_shape(connection: Connection, table: str) -> dict[str, object]:
    found = inspect(connection)
    columns = {column["name"]: (str(column["type"]), column["nullable"], column["default"]) for column in found.get_columns(table)}
    keys = found.get_foreign_keys(table)
    return {
        "columns": columns,
        "primary": found.get_pk_constraint(table),
        "foreign": sorted(str((key["name"], key["constrained_columns"], key["referred_table"], key["options"])) for key in keys),
        "unique": sorted(str((one["name"], one["column_names"])) for one in found.get_unique_constraints(table)),
        "checks": sorted(str((one["name"], one["sqltext"])) for one in found.get_check_constraints(table)),
        "indexes": index_definitions(connection, table),
        "ids never reused": "AUTOINCREMENT" in definition(connection, table),
    }


def index_definitions(connection: Connection, table: str) -> list[str]:
    """As the engine writes them down, with the condition of a partial index."""
    statement = (
        "SELECT sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND tbl_name = :table"
        if connection.dialect.name == "sqlite"
        else "SELECT indexdef FROM pg_indexes WHERE tablename = :table"
    )
    return sorted(re.sub(r"\s+", " ", row).replace('"', "") for row in connection.scalars(text(statement), {"table": table}))


def definition(connection: Connection, table: str) -> str:
    if connection.dialect.name != "sqlite":
        return ""
    return str(connection.scalar(text("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = :table"), {"table": table}))


def test_up_down_and_up_again_ends_at_the_tables_of_the_models(empty: Database) -> None:
    schema.migrate(empty)
    with empty.engine.connect() as connection:
        migrated = shape(connection)
    walk(empty, "base")
    with empty.engine.connect() as connection:
        assert shape(connection) == {}
    assert schema.migrate(empty) == schema.newest_revision()
    with empty.engine.connect() as connection:
        assert shape(connection) == migrated
    walk(empty, "base")
    Base.metadata.create_all(empty.engine)
    with empty.engine.connect() as connection:
        assert shape(connection) == migrated, REGENERATE


def test_a_migration_walked_twice_changes_nothing(empty: Database) -> None:
    first = schema.migrate(empty)
    assert schema.migrate(empty) == first
    schema.check_schema(empty)


def test_two_that_migrate_at_once_make_one_schema(empty: Database) -> None:
    with ThreadPoolExecutor(4) as crowd:
        assert set(crowd.map(schema.migrate, [empty] * 4)) == {schema.newest_revision()}
    schema.check_schema(empty)


def test_an_empty_database_is_refused_with_the_remedy(empty: Database) -> None:
    with pytest.raises(schema.SchemaError, match=r"empty; run \./paperboy migrate"):
        schema.check_schema(empty)


def at(database: Database, revision: str) -> Database:
    schema.migrate(database)
    with database.transaction() as session:
        session.execute(text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})
    return database


def after_the_newest(steps: int) -> str:
    return f"{int(schema.newest_revision()[:4]) + steps:04}"


def test_one_additive_revision_ahead_is_allowed_so_that_a_rollback_works(empty: Database) -> None:
    schema.check_schema(at(empty, after_the_newest(1) + "_additive"))


@pytest.mark.parametrize("ahead", [after_the_newest(1), after_the_newest(2) + "_additive", "of_another_world"])
def test_a_revision_that_this_release_cannot_know_is_refused(empty: Database, ahead: str) -> None:
    with pytest.raises(schema.SchemaError, match=f"revision {ahead}, which this release .* does not know"):
        schema.check_schema(at(empty, ahead))


def test_revisions_count_up_from_one_without_a_gap() -> None:
    files = sorted((schema.MIGRATIONS / "versions").glob("*.py"))
    assert [file.name[:4] for file in files] == [f"{number:04}" for number in range(1, len(files) + 1)]


def test_an_additive_revision_only_adds() -> None:
    for file in (schema.MIGRATIONS / "versions").glob("*_additive*.py"):
        upgrade = file.read_text(encoding="utf-8").split("def upgrade()")[1].split("def downgrade()")[0]
        assert set(re.findall(r"(?:op|batch_op)\.(\w+)\(", upgrade)) <= {
            "add_column",
            "create_table",
            "create_index",
            "batch_alter_table",
            "f",
        }


def test_a_migration_that_would_leave_rows_pointing_nowhere_changes_nothing(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "broken.db")) as careless:  # which checks no foreign key, by default
        careless.execute("CREATE TABLE parent (id INTEGER PRIMARY KEY)")
        careless.execute("CREATE TABLE child (parent_id INTEGER REFERENCES parent (id))")
        careless.execute("INSERT INTO child VALUES (7)")
        careless.commit()
    broken = Database(f"sqlite:///{tmp_path}/broken.db")
    with pytest.raises(schema.SchemaError, match="1 rows pointing nowhere"):
        schema.migrate(broken)
    assert schema.current_revision(broken) is None
    broken.close()
