"""When two records are one work, and which of two values a work keeps. Pure: knows names and values, no table and no source.

**One work.** Records with the same arXiv identifier or the same DOI are one work, always. A title joins only where no identifier speaks
against it: two works with different arXiv identifiers, or with different DOIs, stay two, however alike their titles, and the first to
carry the title keeps it as its name. (Titles that tell nothing, "Introduction", are no names at all: see `papers.title_name`.) So unless
one title stands over several identifiers of a kind, which works exist does not depend on the order or the company in which records come.

**The richer value.** A source that speaks again replaces what it said before. Between sources:

| value | wins |
|---|---|
| title, categories | arXiv's, then Hugging Face's, then the longer |
| abstract | arXiv's, then the longest |
| authors | the most names, then the names written out most fully |
| summary, keywords, organisation | Hugging Face's, which labels them as a model's, then the longer |
| repository and its stars | together, Hugging Face's first: stars of another repository are not this one's |
| votes and comments | together, from one source for good (Hugging Face first): votes of two places are not one number |
| own page | that of the first source in the order of titles; `papers.links` says when it is shown |
| published, listed | the earliest |

An empty value never replaces one, and what is equally rich is settled by the alphabet: the order of reading decides nothing.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import TypeVar

from worker.ingest.papers import Record

_BIBLIOGRAPHY = {"arxiv": 3, "arxiv-oai": 3, "huggingface": 2}
_COMMUNITY = {"huggingface": 2, "arxiv": 1, "arxiv-oai": 1}
_TRUST: Mapping[str, Mapping[str, int]] = {
    "title": _BIBLIOGRAPHY,
    "abstract": {"arxiv": 1, "arxiv-oai": 1},
    "authors": {},
    "categories": _BIBLIOGRAPHY,
    "keywords": _COMMUNITY,
    "summary": _COMMUNITY,
    "organisation": _COMMUNITY,
    "repository": _COMMUNITY,
    "votes": _COMMUNITY,
    "url": _BIBLIOGRAPHY,
}
_IDENTIFIERS = ("arxiv:", "doi:")


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of a work; `origins` says by field which source each value is from."""

    title: str
    abstract: str = ""
    authors: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    summary: str | None = None
    organisation: str | None = None
    repository: str | None = None
    stars: int | None = None
    votes: int | None = None  # None: nobody counted yet
    comments: int | None = None
    url: str | None = None  # the source's own page
    published_at: datetime | None = None
    listed_on: date | None = None
    origins: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Work:
    """One work of a batch: the rows that are it already (the oldest first), the records that speak of it, and all its names."""

    ids: list[int]
    records: list[int]  # places in the batch, in its order
    names: set[str]


def facts_of(record: Record, listed_on: date) -> Facts:
    """A record as facts, each with its source as origin."""
    facts = Facts(
        title=record.title,
        abstract=record.abstract,
        authors=record.authors,
        categories=record.categories,
        keywords=record.keywords,
        summary=record.summary,
        organisation=record.organisation,
        repository=record.repository,
        stars=record.stars if record.repository else None,
        votes=record.votes,
        comments=record.comments,
        url=record.url,
        published_at=record.published_at,
        listed_on=listed_on,
    )
    counted = record.votes is not None or record.comments is not None
    said = (name for name in _TRUST if (counted if name == "votes" else getattr(facts, name)))
    return replace(facts, origins=dict.fromkeys(said, record.source))


def united(held: Facts, given: Facts) -> Facts:
    """Both facts as one, by the rule of the richer value; `given` is the newer word."""
    won = {name: source for name, source in given.origins.items() if _wins(name, held, given)}
    values = {name: getattr(given, name) for name in won if name not in {"votes", "repository"}}
    counts, code = _counts(held, given, won), _code(held, given, won)
    return replace(
        held,
        **values,
        votes=counts[0],
        comments=counts[1],
        repository=code[0],
        stars=code[1],
        published_at=_earliest(held.published_at, given.published_at),
        listed_on=_earliest(held.listed_on, given.listed_on),
        origins={**held.origins, **won},
    )


def grouped(given: Sequence[Sequence[str]], known: Mapping[int, Collection[str]]) -> list[Work]:
    """The works among the works `known` (id to names) and a batch of records, each `given` by its names, the strongest first."""
    shelf = _Shelf()
    for paper_id in sorted(known):
        shelf.put(Work([paper_id], [], set(known[paper_id])))
    for place, names in enumerate(given):
        shelf.sort_in(place, names)
    return shelf.works()


class _Shelf:
    """Works by name. A work that turns out to be another leaves a pointer to it (union-find)."""

    def __init__(self) -> None:
        self._works: list[Work] = []
        self._same_as: list[int] = []
        self._holder: dict[str, int] = {}

    def put(self, work: Work) -> int:
        number = len(self._works)
        self._works.append(work)
        self._same_as.append(number)
        for name in work.names:
            self._holder[name] = number
        return number

    def sort_in(self, place: int, names: Sequence[str]) -> None:
        number = self.put(Work([], [place], set()))
        identifiers = [name for name in names if name.startswith(_IDENTIFIERS)]
        for name in identifiers:
            number = self._join(number, self._held(name))
        self._name(number, identifiers)
        for title in names[len(identifiers) :]:
            other = self._held(title)
            if other is not None and not _contradict(self._works[other].names, self._works[number].names):
                number = self._join(number, other)
        self._name(number, [name for name in names if name not in self._holder])

    def works(self) -> list[Work]:
        return [work for number, work in enumerate(self._works) if self._same_as[number] == number]

    def _held(self, name: str) -> int | None:
        if name not in self._holder:
            return None
        number = self._holder[name]
        while self._same_as[number] != number:
            number = self._same_as[number]
        self._holder[name] = number
        return number

    def _name(self, number: int, names: Sequence[str]) -> None:
        self._works[number].names.update(names)
        self._holder.update(dict.fromkeys(names, number))

    def _join(self, number: int, other: int | None) -> int:
        if other is None or other == number:
            return number
        kept, gone = sorted((number, other))
        work, lost = self._works[kept], self._works[gone]
        work.ids.extend(lost.ids)
        work.records.extend(lost.records)
        work.names.update(lost.names)
        work.ids.sort()
        work.records.sort()
        self._same_as[gone] = kept
        return kept


def _contradict(some: Collection[str], others: Collection[str]) -> bool:
    for kind in _IDENTIFIERS:
        ours, theirs = ({name for name in names if name.startswith(kind)} for names in (some, others))
        if ours and theirs and ours.isdisjoint(theirs):
            return True
    return False


def _wins(name: str, held: Facts, given: Facts) -> bool:
    """Whether the given value of one field replaces the held one; it is not empty."""
    if name not in held.origins or held.origins[name] == given.origins[name]:
        return True
    return _worth(name, given) > _worth(name, held)


def _worth(name: str, facts: Facts) -> tuple[int, int, int, str]:
    source, value = facts.origins[name], getattr(facts, name)
    trust = _TRUST[name].get(source.partition(":")[0], 0)
    if name == "votes":
        return (trust, value or 0, facts.comments or 0, source)
    if name == "repository":
        return (trust, len(value), -1 if facts.stars is None else facts.stars, f"{value}\n{source}")
    text = value if isinstance(value, str) else "\n".join(value)
    return (trust, len(value), len(text), f"{text}\n{source}")


def _counts(held: Facts, given: Facts, won: Mapping[str, str]) -> tuple[int | None, int | None]:
    if "votes" not in won:
        return held.votes, held.comments
    if held.origins.get("votes") != given.origins["votes"]:
        return given.votes, given.comments
    return _newer(held.votes, given.votes), _newer(held.comments, given.comments)


def _code(held: Facts, given: Facts, won: Mapping[str, str]) -> tuple[str | None, int | None]:
    if "repository" not in won:
        return held.repository, held.stars
    same = given.repository == held.repository and held.origins.get("repository") == given.origins["repository"]
    return given.repository, _newer(held.stars, given.stars) if same else given.stars


def _newer(held: int | None, given: int | None) -> int | None:
    return held if given is None else given


_Moment = TypeVar("_Moment", date, datetime)


def _earliest(held: _Moment | None, given: _Moment | None) -> _Moment | None:
    return min(held, given) if held and given else held or given
