"""An operator's desk: a state folder, and the commands typed at it, in this process or in one of their own."""

import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from click.testing import CliRunner
from sqlalchemy import MetaData, select

from config.database import Database
from config.settings import ROOT
from worker.__main__ import main

PAGE = ROOT / "tests" / "data" / "ingest" / "trending_page.txt"  # 78 papers
SHEET = """email,name,topics,keywords,authors,timezone,hour,cadence
Ada@Example.org,Ada,Language models; Robotics,mamba; ssm,,Europe/Berlin,8,daily
bob@example.org,Bob,,,,America/New_York,7,weekdays
cleo@example.org,Cleo,Time series,,,Asia/Tokyo,6,weekly friday
"""
PATIENCE = 60  # seconds


@dataclass(frozen=True, slots=True)
class Said:
    """How a command ended."""

    code: int
    out: str
    err: str


@dataclass
class Desk:
    """`desk.run("status")`; `environ` is what the operator has set."""

    state: Path
    environ: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.environ = {"PAPERBOY_STATE_DIR": str(self.state), "PAPERBOY_SOURCES": ""} | self.environ

    def run(self, *words: str, stdin: str | bytes | None = None, **environ: str) -> Said:
        """Type a command; what nobody foresaw is raised."""
        with _own_logging():
            done = CliRunner().invoke(main, words, input=stdin, env={**self._clean(), **self.environ, **environ}, prog_name="./paperboy")
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return Said(done.exit_code, done.stdout, done.stderr)

    def done(self, *words: str, **environ: str) -> str:
        """Type a command that ends well; what it says."""
        said = self.run(*words, **environ)
        assert said.code == 0, said
        assert said.err == "", said
        return said.out

    def started(self, *words: str, **environ: str) -> subprocess.Popen[str]:
        """Start a command in a process of its own."""
        return subprocess.Popen(
            [sys.executable, "-m", "worker", *words],
            env=self.outside(**environ),
            cwd=self.state.parent,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def process(self, *words: str, **environ: str) -> Said:
        """Run a command in a process of its own, to its end."""
        with self.started(*words, **environ) as process:
            out, err = process.communicate(timeout=PATIENCE)
        return Said(process.returncode, out, err)

    def shell(self, script: str, **environ: str) -> Said:
        """Run a line of shell in which `$paperboy` is the door."""
        door = {"paperboy": f"{sys.executable} -m worker"}
        done = subprocess.run(
            ["bash", "-c", script],
            check=False,
            env={**self.outside(**environ), **door},
            cwd=self.state.parent,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )
        return Said(done.returncode, done.stdout, done.stderr)

    def outside(self, **environ: str) -> dict[str, str]:
        """What a process of the operator's has for its environment."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PAPERBOY_")}
        return {**kept, **self.environ, **environ, "PYTHONPATH": str(ROOT), "PYTHONSAFEPATH": "1", "PYTHONIOENCODING": "utf-8"}

    @contextmanager
    def database(self) -> Iterator[Database]:
        """The database behind the desk."""
        opened = Database(self.environ.get("PAPERBOY_DATABASE_URL", f"sqlite:///{self.state / 'paperboy.db'}"))
        try:
            yield opened
        finally:
            opened.close()

    def everything(self) -> dict[str, list[tuple[object, ...]]]:
        """Every row of every table, whatever tables there are."""
        with self.database() as database:
            tables = MetaData()
            tables.reflect(database.engine)
            with database.reading() as session:
                return {table.name: sorted(map(tuple, session.execute(select(table))), key=repr) for table in tables.sorted_tables}

    def mails(self) -> list[Path]:
        """What lies in the Maildir."""
        return sorted((self.state / "maildir" / "new").glob("*"))

    def _clean(self) -> dict[str, None]:
        return dict.fromkeys(name for name in os.environ if name.startswith("PAPERBOY_"))


@contextmanager
def _own_logging() -> Iterator[None]:
    """A command sets up logging for its process; here it must not outlive the command."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    try:
        yield
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
