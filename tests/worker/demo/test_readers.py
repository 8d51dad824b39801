"""The sample readers: each could have signed up, and each is another."""

from collections import Counter
from itertools import islice
from zoneinfo import ZoneInfo

from subscribers.choices import Choices
from subscribers.sheet import Entry, RowFault, read_sheet, write_sheet
from subscribers.topics import bundled_catalogue
from worker.demo.readers import DOZEN, make_readers
from worker.demo.week import listings


def dozen() -> dict[str, Choices]:
    return {entry.choices.name: entry.choices for entry in make_readers(12)}


def test_every_reader_passes_the_checks_of_an_import_unchanged() -> None:
    entries = list(make_readers(500))
    sheet = list(write_sheet(((entry.address, entry.choices) for entry in entries), bundled_catalogue()))
    read_back = list(read_sheet(sheet, bundled_catalogue()))
    assert [row for row in read_back if isinstance(row, RowFault)] == []
    assert [(row.address, row.choices) for row in read_back if isinstance(row, Entry)] == [(one.address, one.choices) for one in entries]


def test_the_first_dozen_is_the_dozen_and_more_goes_on_from_there() -> None:
    assert [entry.address for entry in make_readers(12)] == [address for address, _ in DOZEN]
    assert list(islice(make_readers(40), 20)) == list(make_readers(20))
    assert list(make_readers(3)) == list(make_readers(12))[:3]
    assert list(make_readers(0)) == []


def test_the_same_number_is_the_same_reader_every_time() -> None:
    assert list(make_readers(60)) == list(make_readers(60))
    assert next(islice(make_readers(1000), 999, None)).choices.topics == next(islice(make_readers(1000), 999, None)).choices.topics


def test_nobody_real_is_written_to() -> None:
    addresses = [entry.address for entry in make_readers(2000)]
    assert all(address.endswith("@example.org") for address in addresses)
    assert len(set(addresses)) == 2000


def test_the_dozen_lives_everywhere_and_wants_everything() -> None:
    readers = dozen().values()
    assert {"Asia/Tokyo", "America/New_York", "Europe/London", "Asia/Kathmandu", "Australia/Sydney", "America/Sao_Paulo"} <= {
        reader.zone for reader in readers
    }
    assert {reader.cadence for reader in readers} == {"daily", "weekdays", "weekly"}
    assert len({(reader.topics, reader.keywords, reader.authors) for reader in readers}) == 12
    assert len({(reader.for_you, reader.trending) for reader in readers}) > 4
    assert all(ZoneInfo(reader.zone) for reader in readers)


def test_one_asks_for_nothing_one_for_what_is_not_there_and_one_mutes_what_is_everywhere() -> None:
    text = [f"{record.title} {record.abstract}".casefold() for records in listings().values() for record in records]
    nothing = [reader.name for reader in dozen().values() if not (reader.topics or reader.keywords or reader.authors)]
    assert nothing == ["Sam Reyes"]
    unmet = dozen()["Chloé Martin"]
    assert unmet.topics == unmet.authors == ()
    assert not any(word in paper for word in ("tokamak", "divertor", "neutral beam") for paper in text)
    assert sum(dozen()["Amara Okafor"].mutes[0] in paper for paper in text) > len(text) / 5


def test_the_authors_that_are_followed_wrote_in_that_week() -> None:
    wrote = Counter(author for records in listings().values() for record in records for author in record.authors)
    assert all(wrote[author] >= 2 for author in dozen()["Daniel Kim"].authors)


def test_many_readers_are_many_sorts() -> None:
    entries = list(make_readers(2000))[12:]
    assert {entry.choices.cadence for entry in entries} == {"daily", "weekdays", "weekly"}
    assert {topic for entry in entries for topic in entry.choices.topics} == {topic.key for topic in bundled_catalogue().topics}
    assert len({entry.choices.zone for entry in entries}) > 10
    assert len({(entry.choices.topics, entry.choices.keywords) for entry in entries}) > 1800
    assert {entry.choices.weekday for entry in entries} == set(range(7))
