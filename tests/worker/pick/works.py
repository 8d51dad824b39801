"""Papers and readers for tests of fit, with defaults so that a test shows only what matters."""

from datetime import UTC, datetime

from worker.ingest.papers import Paper
from worker.pick.readers import Reader

SEEN = datetime(2026, 6, 17, 6, 0, tzinfo=UTC)


def a_work(title: str, abstract: str = "", *, number: int = 1, **fields: tuple[str, ...]) -> Paper:
    """A paper; `fields` are its authors, categories or keywords."""
    return Paper(id=number, key=f"title:{number:016x}", title=title, abstract=abstract, first_seen_at=SEEN, **fields)  # type: ignore[arg-type]  # all tuples


def works(*titles: str) -> list[Paper]:
    """Papers of these titles, numbered from 1."""
    return [a_work(title, number=number) for number, title in enumerate(titles, start=1)]


def following(**wishes: object) -> Reader:
    """A reader who asks for this."""
    return Reader(**{"id": 1, "since": SEEN, **wishes})  # type: ignore[arg-type]  # the fields are Reader's own
