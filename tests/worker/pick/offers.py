"""Papers, readers and candidates for tests of picking, with defaults so that a test shows only what matters."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from subscribers.topics import Catalogue, Topic
from worker.ingest.papers import Paper
from worker.pick.candidates import Candidates, Marks, gather
from worker.pick.choices import Choice, Quiet, Selection
from worker.pick.readers import Reader
from worker.pick.selection import select
from worker.pick.topic_model import empty_model

NOW = datetime(2026, 6, 17, 7, 0, tzinfo=UTC)  # a Wednesday
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

ROBOTICS = Topic(key="robotics", name="Robotics", group="Embodied", line="Robots", categories=("cs.RO",), phrases=("robot",))
QUANTUM = Topic(key="quantum", name="Quantum computing", group="Physics", line="Qubits", categories=("quant-ph",), phrases=("qubit",))
ASTRONOMY = Topic(key="astronomy", name="Astrophysics", group="Physics", line="Stars", categories=("astro-ph",), phrases=("galaxy",))
TOPICS = Catalogue((ROBOTICS, QUANTUM, ASTRONOMY))


def a_paper(number: int, title: str = "", *, votes: int = 0, seen: datetime = NOW - 6 * HOUR, categories: tuple[str, ...] = ()) -> Paper:
    """Paper `number`, whose words are like no other's; its title follows a few of them."""
    own = " ".join(f"{letter}{number}" for letter in "pqrstuvwxyz")
    return Paper(
        id=number,
        key=f"arxiv:2606.{number:05}",
        title=f"{title} {own}".strip(),
        abstract="",
        first_seen_at=seen,
        listed_on=seen.date(),
        published_at=seen - DAY,
        votes=votes,
        categories=categories,
    )


def a_reader(number: int = 1, **wishes: object) -> Reader:
    """A reader whose last digest was a day ago."""
    return Reader(**{"id": number, "since": NOW - 3 * DAY, **wishes})  # type: ignore[arg-type]  # the fields are Reader's own


def from_papers(papers: Sequence[Paper], *, pins: Iterable[int] = (), hides: Iterable[int] = ()) -> Candidates:
    """Candidates that trend by votes."""
    scores = [paper.votes + 0.001 for paper in papers]
    return gather(papers, scores, TOPICS, empty_model(), Marks(frozenset(pins), frozenset(hides)))


def chosen(
    reader: Reader, papers: Sequence[Paper], now: datetime = NOW, *, pins: Iterable[int] = (), hides: Iterable[int] = ()
) -> Selection:
    """What a reader gets, alone in a block; fails on a quiet day."""
    made = picked(reader, papers, now, pins=pins, hides=hides)
    assert isinstance(made, Selection), made
    return made


def picked(
    reader: Reader, papers: Sequence[Paper], now: datetime = NOW, *, pins: Iterable[int] = (), hides: Iterable[int] = ()
) -> Selection | Quiet:
    """What a reader gets, alone in a block, or why nothing."""
    return select([reader], from_papers(papers, pins=pins, hides=hides), now)[0]


def ids(choices: Iterable[Choice]) -> list[int]:
    """The papers of some choices, in order."""
    return [choice.paper_id for choice in choices]
