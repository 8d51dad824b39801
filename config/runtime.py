"""What a process holds while it runs: its settings, its database, its clock. Made once by an entry point, passed down."""

from dataclasses import dataclass

from config.clock import Clock, SystemClock
from config.database import Database
from config.settings import Settings


@dataclass(frozen=True, slots=True)
class Runtime:
    """One process's share of the world."""

    settings: Settings
    database: Database
    clock: Clock


def open_runtime(settings: Settings, clock: Clock | None = None) -> Runtime:
    """The runtime these settings describe; connects at first use, not here."""
    return Runtime(settings, Database(settings.database_url), clock or SystemClock())
