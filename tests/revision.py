"""Writes a migration from the difference between the models and the newest revision.

.venv/bin/python -m tests.revision "words about it"              the next revision, 0002
.venv/bin/python -m tests.revision "words about it" --additive   0002_additive: the release before can run on it
.venv/bin/python -m tests.revision --initial                     0001 anew; only while nothing is released
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from alembic import command

from config.database import Database
from worker import schema


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="tests.revision", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("words", nargs="?", default="Every table")
    parser.add_argument("--additive", action="store_true", help="it only adds tables, columns or indexes that may stay empty")
    parser.add_argument("--initial", action="store_true", help="remove every revision and write the first one anew")
    asked = parser.parse_args(argv)
    versions = schema.MIGRATIONS / "versions"
    if asked.initial:
        for old in versions.glob("*.py"):
            old.unlink()
    number = f"{len(list(versions.glob('*.py'))) + 1:04}" + ("_additive" if asked.additive else "")
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{folder}/empty.db")
        if not asked.initial:
            schema.migrate(database)
        with database.transaction() as session:
            configured = schema.configuration()
            configured.attributes["connection"] = session.connection()
            command.revision(configured, asked.words, autogenerate=True, rev_id=number)
        database.close()
    subprocess.run([Path(sys.executable).with_name("ruff"), "check", "-q", "--fix", versions], check=False)
    subprocess.run([Path(sys.executable).with_name("ruff"), "format", "-q", versions], check=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
