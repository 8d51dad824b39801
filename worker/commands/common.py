"""What the commands share: the runtime, the console, progress, and the exit codes.

Exit codes: 0 done, 1 something failed or was found wrong (the output says what), 2 wrong usage or settings.
"""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Concatenate, NoReturn, ParamSpec, TypeVar

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from sqlalchemy.exc import OperationalError

from config import log, settings
from config.runtime import Runtime, open_runtime
from worker.schema import SchemaError, check_schema

P = ParamSpec("P")
R = TypeVar("R")

FAILED, USAGE = 1, 2

console = Console(highlight=False, soft_wrap=True)


def fail(words: str, code: int = FAILED) -> NoReturn:
    """Say what went wrong on standard error, and end with `code`."""
    click.echo(f"paperboy: {words}", err=True)
    sys.exit(code)


def chosen_settings() -> settings.Settings:
    """The settings of this environment; a bad one ends the process with code 2 and a line that names it."""
    try:
        return settings.load(os.environ)
    except settings.SettingsError as error:
        for fault in error.faults:
            click.echo(f"paperboy: {fault}", err=True)
        sys.exit(USAGE)


def opened() -> Runtime:
    """A runtime on a schema this release knows."""
    chosen = chosen_settings()
    log.configure(human=sys.stderr.isatty(), level="WARNING" if chosen.log_level == "INFO" else chosen.log_level)
    runtime = open_runtime(chosen)
    try:
        check_schema(runtime.database)
    except SchemaError as error:
        fail(str(error), USAGE)
    except OperationalError as error:
        fail(f"PAPERBOY_DATABASE_URL: the database cannot be reached: {str(error.orig).strip().splitlines()[0]}")
    return runtime


def with_runtime(command: Callable[Concatenate[Runtime, P], R]) -> Callable[P, R]:
    """Hand a command its runtime, and close it afterwards."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        runtime = opened()
        try:
            return command(runtime, *args, **kwargs)
        except BrokenPipeError:  # the reader of our output went away: `paperboy status | head`
            sys.stderr.close()
            sys.exit(0)
        finally:
            runtime.database.close()

    return run


def example(*lines: str) -> str:
    """The end of a help text: what to type."""
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)


Step = Callable[[int], None]


@contextmanager
def progress(words: str, total: int | None) -> Iterator[Step]:
    """A bar on a terminal, a line at the end elsewhere; call the step with how many more are done."""
    if not console.is_terminal:
        done = 0

        def count(more: int) -> None:
            nonlocal done
            done += more

        yield count
        console.print(f"{words}: {done}{'' if total is None else f' of {total}'}")
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as bar:
        task = bar.add_task(words, total=total)
        yield lambda more: bar.update(task, advance=more)
