"""Which records are one work, in whatever order they come, and which value a work keeps."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import reduce
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.worker.ingest.records import a_record, unlinked
from worker.ingest.merging import Facts, facts_of, grouped, united
from worker.ingest.papers import Record, aliases

DAY = date(2026, 6, 17)
Names = tuple[str, ...]

IDENTIFIERS = [f"arxiv:{number}" for number in "123"]
DOIS = [f"doi:{letter}" for letter in "xyz"]
TITLES = [f"title:{letter}" for letter in "abc"]


def names(arxiv: str | None, doi: str | None, title: str) -> Names:
    return tuple(name for name in (arxiv, doi, title) if name)


any_names = st.builds(names, st.none() | st.sampled_from(IDENTIFIERS), st.none() | st.sampled_from(DOIS), st.sampled_from(TITLES))
arxiv_names = st.builds(names, st.none() | st.sampled_from(IDENTIFIERS), st.none(), st.sampled_from(TITLES))


class Catalogue:
    """What the catalogue remembers between batches: works by number, with their names and the records that made them."""

    def __init__(self) -> None:
        self.names: dict[int, set[str]] = {}
        self.records: dict[int, set[int]] = {}
        self._next = 1

    def take_in(self, batch: Sequence[tuple[int, Names]]) -> None:
        touched = {number for number, held in self.names.items() if any(held & set(given) for _, given in batch)}
        works = grouped([given for _, given in batch], {number: self.names[number] for number in touched})
        for work in works:
            number = work.ids[0] if work.ids else self._new()
            self.names[number] = work.names
            self.records[number] = self.records.get(number, set()) | {batch[place][0] for place in work.records}
            for gone in work.ids[1:]:
                del self.names[gone]
                self.records[number] |= self.records.pop(gone)

    def _new(self) -> int:
        self._next += 1
        return self._next - 1

    @property
    def works(self) -> set[frozenset[int]]:
        return {frozenset(members) for members in self.records.values()}


def after(records: Sequence[tuple[int, Names]], cuts: Sequence[int] = ()) -> Catalogue:
    """The catalogue after these records, in batches that end at the cuts."""
    catalogue = Catalogue()
    ends = sorted({min(cut, len(records)) for cut in cuts} | {len(records)})
    for begin, end in zip([0, *ends], ends, strict=False):
        if records[begin:end]:
            catalogue.take_in(records[begin:end])
    return catalogue


def components(records: Sequence[Names]) -> list[tuple[set[int], set[str]]]:
    """Records that share any name, directly or through others, with all their names."""
    found: list[tuple[set[int], set[str]]] = []
    for place, given_names in enumerate(records):
        members, held = {place}, set(given_names)
        for other in [each for each in found if each[1] & held]:
            found.remove(other)
            members |= other[0]
            held |= other[1]
        found.append((members, held))
    return found


def kinds(held: set[str], kind: str) -> int:
    return sum(name.startswith(kind) for name in held)


@given(st.data(), st.lists(any_names, max_size=9))
def test_without_contradictions_works_are_the_same_in_every_order_and_every_batch(data: st.DataObject, records: list[Names]) -> None:
    """A contradiction: names that hang together and hold two identifiers of a kind."""
    sound = {place for members, held in components(records) if kinds(held, "arxiv:") < 2 and kinds(held, "doi:") < 2 for place in members}
    numbered = [(place, records[place]) for place in sorted(sound)]
    shuffled = data.draw(st.permutations(numbered))
    cuts = data.draw(st.lists(st.integers(0, 9), max_size=4))
    expected = {frozenset(place for place in members) for members, _ in components(records) if members <= sound}
    assert after(shuffled, cuts).works == expected


@given(st.data(), st.lists(arxiv_names, max_size=9))
def test_titles_never_join_two_arxiv_papers_and_lose_no_record(data: st.DataObject, records: list[Names]) -> None:
    numbered = list(enumerate(records))
    first, second = (after(data.draw(st.permutations(numbered)), data.draw(st.lists(st.integers(0, 9), max_size=4))) for _ in range(2))
    for catalogue in (first, second):
        assert all(kinds(held, "arxiv:") < 2 for held in catalogue.names.values())
        assert sorted(place for work in catalogue.works for place in work) == list(range(len(records)))
    assert strong_names(first) == strong_names(second)
    assert len(first.works) == len(second.works)


@given(st.data(), st.lists(any_names, max_size=9))
def test_the_same_identifier_is_the_same_work_in_every_order(data: st.DataObject, records: list[Names]) -> None:
    catalogue = after(data.draw(st.permutations(list(enumerate(records)))), data.draw(st.lists(st.integers(0, 9), max_size=4)))
    for name in IDENTIFIERS + DOIS:
        carriers = {place for place, given_names in enumerate(records) if name in given_names}
        assert sum(name in held for held in catalogue.names.values()) == bool(carriers)
        assert not carriers or any(carriers <= work for work in catalogue.works)


@given(st.lists(any_names, max_size=9), st.lists(st.integers(0, 9), max_size=4))
def test_reading_everything_again_changes_no_work(records: list[Names], cuts: list[int]) -> None:
    numbered = list(enumerate(records))
    catalogue = after(numbered, cuts)
    works, held = catalogue.works, {number: set(some) for number, some in catalogue.names.items()}
    catalogue.take_in(numbered)
    assert (catalogue.works, catalogue.names) == (works, held)


def strong_names(catalogue: Catalogue) -> set[frozenset[str]]:
    return {strong for held in catalogue.names.values() if (strong := frozenset(name for name in held if not name.startswith("title:")))}


def works_of(*records: Record) -> int:
    return len(grouped([aliases(record) for record in records], {}))


def test_records_merge_by_arxiv_identifier_by_doi_and_by_title() -> None:
    assert works_of(a_record(1), a_record(1, title="Another title altogether", source="arxiv")) == 1
    assert works_of(a_record(1, doi="10.1/x"), unlinked("Printed under another name", doi="10.1/x")) == 1
    assert works_of(a_record(1), unlinked(a_record(1).title.upper() + ".")) == 1


def test_a_title_does_not_join_what_identifiers_keep_apart() -> None:
    assert works_of(a_record(1), a_record(2, title=a_record(1).title)) == 2
    assert works_of(unlinked("One and the same title", doi="10.1/x"), unlinked("One and the same title", doi="10.1/y")) == 2
    assert works_of(unlinked("Introduction", external_id="a"), unlinked("Introduction", external_id="b")) == 2


def test_a_record_that_bridges_two_works_makes_them_one() -> None:
    apart = [unlinked("A first title", doi="10.1/x"), a_record(1)]
    assert works_of(*apart) == 2
    assert works_of(*apart, a_record(1, doi="10.1/x")) == 1


def united_facts(*records: Record) -> Facts:
    return reduce(united, [facts_of(record, record.listed_on or DAY) for record in records])


ARXIV = a_record(
    source="arxiv",
    title="Networks: a $\\pi$",
    abstract="Abstract as submitted.",
    authors=("A. Lovelace", "C. Babbage"),
    categories=("cs.LG", "cs.AI"),
    published_at=datetime(2026, 6, 15, tzinfo=UTC),
    listed_on=date(2026, 6, 16),
)
HUGGINGFACE = a_record(
    title="Networks",
    abstract="Abstract as submitted, and a sentence that somebody added to it.",
    authors=("Ada Lovelace", "Charles Babbage"),
    summary="They show it.",
    keywords=("networks",),
    repository="https://github.com/a/b",
    stars=12,
    votes=40,
    comments=2,
    organisation="Analytical Engines",
    published_at=datetime(2026, 6, 14, tzinfo=UTC),
)
FEED = a_record(
    source="feed:example.org",
    title="Networks, the long title of a feed",
    abstract="Short.",
    authors=("Lovelace et al.",),
    categories=("Computing", "Machines", "Learning"),
    summary="Read more.",
    repository="https://github.com/other/place",
    stars=90_000,
    votes=1_000_000,
    url="https://example.org/networks",
)


def test_each_value_is_the_richest_that_any_source_gave() -> None:
    facts = united_facts(ARXIV, HUGGINGFACE, FEED)
    assert facts == Facts(
        title=ARXIV.title,
        abstract=ARXIV.abstract,
        authors=HUGGINGFACE.authors,
        categories=ARXIV.categories,
        keywords=HUGGINGFACE.keywords,
        summary=HUGGINGFACE.summary,
        organisation=HUGGINGFACE.organisation,
        repository=HUGGINGFACE.repository,
        stars=12,
        votes=40,
        comments=2,
        url=FEED.url,
        published_at=HUGGINGFACE.published_at,
        listed_on=ARXIV.listed_on,
        origins={
            "title": "arxiv",
            "abstract": "arxiv",
            "authors": "huggingface",
            "categories": "arxiv",
            "keywords": "huggingface",
            "summary": "huggingface",
            "organisation": "huggingface",
            "repository": "huggingface",
            "votes": "huggingface",
            "url": "feed:example.org",
        },
    )


@pytest.mark.parametrize("order", list(permutations((ARXIV, HUGGINGFACE, FEED))))
def test_the_order_of_sources_decides_no_value(order: tuple[Record, ...]) -> None:
    assert united_facts(*order) == united_facts(ARXIV, HUGGINGFACE, FEED)


texts = st.sampled_from(["", "a", "bb", "abc"])
said = st.builds(
    a_record,
    st.just(1),
    title=st.sampled_from(["One", "Two", "Three"]),
    abstract=texts,
    authors=st.lists(texts.filter(bool), max_size=2).map(tuple),
    categories=st.lists(texts.filter(bool), max_size=2).map(tuple),
    summary=st.none() | texts.filter(bool),
    repository=st.none() | texts.filter(bool),
    stars=st.none() | st.integers(0, 3),
    votes=st.none() | st.integers(0, 3),
    comments=st.none() | st.integers(0, 3),
    url=st.none() | texts.filter(bool),
)
SOURCES = ("arxiv", "huggingface", "feed:a", "feed:b", "file:week.csv")


@given(st.data(), st.lists(said, min_size=2, max_size=5))
def test_values_of_sources_that_speak_once_do_not_depend_on_their_order(data: st.DataObject, records: list[Record]) -> None:
    named = [replace(record, source=source) for record, source in zip(records, SOURCES, strict=False)]
    assert united_facts(*data.draw(st.permutations(named))) == united_facts(*named)


def test_a_source_that_speaks_again_replaces_what_it_said() -> None:
    corrected = replace(HUGGINGFACE, title="Nets", summary="They do.", votes=39, comments=3, stars=11)
    facts = united_facts(HUGGINGFACE, corrected)
    assert (facts.title, facts.summary, facts.votes, facts.comments, facts.stars) == ("Nets", "They do.", 39, 3, 11)


def test_what_a_source_leaves_out_stays_as_it_was() -> None:
    facts = united_facts(
        HUGGINGFACE, replace(HUGGINGFACE, summary=None, votes=None, comments=None, repository=None, stars=None, abstract="")
    )
    assert facts == united_facts(HUGGINGFACE)


def test_stars_belong_to_their_repository() -> None:
    moved = replace(HUGGINGFACE, repository="https://github.com/a/moved", stars=None)
    assert united_facts(HUGGINGFACE, moved).stars is None
    assert facts_of(a_record(stars=5), DAY).stars is None
