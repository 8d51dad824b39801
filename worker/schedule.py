"""The timetable, as data: what is looked at how often. Beat and the embedded clock walk the same one.

A task that finds nothing to do ends at once, so a tick that is lost, late or doubled costs nothing (law 1).
"""

from dataclasses import dataclass
from datetime import timedelta

from config.settings import Settings


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the timetable. `task` is the name of a function in `worker.tasks`; its queue is named for its room."""

    name: str
    task: str
    every: timedelta
    queue: str
    args: tuple[str, ...] = ()


def timetable(settings: Settings) -> tuple[Entry, ...]:
    """Every tick of the service, in the order of the data."""
    return (
        *(Entry(f"ingest {source}", "ingest", timedelta(minutes=1), "ingest", (source,)) for source in settings.sources),
        Entry("resolve", "resolve", timedelta(minutes=3), "ingest"),
        Entry("rank", "rank", timedelta(seconds=30), "pick"),
        Entry("close editions", "close_editions", timedelta(minutes=5), "pick"),
        Entry("plan", "plan", timedelta(seconds=15), "send"),
        Entry("deliver", "deliver", timedelta(seconds=2), "letters"),
        Entry("sweep", "sweep", timedelta(seconds=20), "send"),
        Entry("watch", "watch", timedelta(minutes=5), "send"),
        Entry("prune", "prune", timedelta(hours=1), "send"),
        Entry("beat", "beat", timedelta(seconds=30), "send"),
    )


QUEUES = ("letters", "send", "pick", "ingest")
