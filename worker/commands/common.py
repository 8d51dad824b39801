"""What the commands share: the settings of this environment, and a runtime on a schema that this release knows.

Exit codes: 0 done, 1 something failed or was found wrong (the output says what), 2 wrong usage or settings, 130 broken off.
"""

import os
import sys
from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

import click

from config import log, settings
from config.runtime import Runtime, open_runtime
from config.settings import Settings
from worker.schema import check_schema

P = ParamSpec("P")
R = TypeVar("R")


def chosen_settings() -> Settings:
    """The settings of this environment. Raises SettingsError, which ends the process with code 2 and a line that names each fault."""
    return settings.load(os.environ)


def opened() -> Runtime:
    """A runtime on a schema this release knows. Raises SettingsError, SchemaError, or what the database says."""
    chosen = chosen_settings()
    # What a command has to say it says itself; lines of routine are for processes that run for long.
    log.configure(human=sys.stderr.isatty(), level="ERROR" if chosen.log_level == "INFO" else chosen.log_level)
    runtime = kept_open(chosen)
    check_schema(runtime.database)
    return runtime


def kept_open(chosen: Settings) -> Runtime:
    """A runtime on whatever schema there is. It is closed when the command ends, however it ends."""
    runtime = open_runtime(chosen)
    click.get_current_context().call_on_close(runtime.database.close)
    return runtime


def with_runtime(command: Callable[Concatenate[Runtime, P], R]) -> Callable[P, R]:
    """Hand a command its runtime."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        return command(opened(), *args, **kwargs)

    return run
