"""The demo on what the real sources list now: they are asked once, with all manners, and each reader gets today's digest at once."""

from collections.abc import Callable, Iterator
from functools import partial

from sqlalchemy.orm import Session

from config.runtime import Runtime
from subscribers import audience
from worker.demo.play import deliver, rank
from worker.ingest import runs
from worker.ingest.registry import sources_from
from worker.ingest.runs import Summary
from worker.send.forward import Forwarded
from worker.send.office import Office

BLOCK = 1000  # readers at a time


def ask(runtime: Runtime, notify: Callable[[str], None]) -> Iterator[Summary]:
    """Read the last listing days of every source of the settings, and rank what came; a summary a source, failed ones among them.

    Raises SettingsError for a word that is no source, before anybody is asked.
    """
    for source in sources_from(runtime.settings, runtime.database, runtime.clock):
        notify(f"asking {source.name}")
        yield runs.ingest(runtime.database, runtime.clock, source, notify=partial(_pass_on, notify, source.name))
    rank(runtime)


def mail_everybody(runtime: Runtime, office: Office) -> Forwarded:
    """Bring today's occasion of every reader forward, and hand it over. Raises CannotPlay."""
    result = Forwarded()
    with runtime.database.reading() as session:
        ids = _ids(session)
    for start in range(0, len(ids), BLOCK):
        result.add(office.bring_forward(ids[start : start + BLOCK]))
    if result.planned:
        deliver(office, only=result.planned)
    return result


def _pass_on(notify: Callable[[str], None], source: str, words: str) -> None:
    notify(f"{source}: {words}")


def _ids(session: Session) -> list[int]:
    found: list[int] = []
    while page := audience.page(session, after_id=found[-1] if found else 0, limit=BLOCK):
        found += [row.id for row in page]
    return found
