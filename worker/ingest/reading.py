"""What every source does the same way: entries one by one, the bad ones named; parts one by one, the failed ones told at the end."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeVar
from urllib.parse import urlsplit

from worker.ingest.foreign import Unfit
from worker.ingest.papers import Record
from worker.ingest.port import Progress, Skipped, SourceError
from worker.ingest.sanitise import clean, line

MOST_ENTRIES = 5_000  # of one answer; all of arXiv announces some 2,000 papers on its fullest days
_Entry = TypeVar("_Entry")
Said = Iterator[Record | Skipped]


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of work that may fail without the others: `words` for a person who waits, `name` for the one who asks what failed."""

    words: str
    name: str
    read: Callable[[], Said]


def records(entries: Iterable[_Entry], parse: Callable[[_Entry], Record | None], name: Callable[[int, _Entry], str]) -> Said:
    """Each entry as a clean record, or by its name with the reason why not. What `parse` gives None for is passed over without a word.

    Entries beyond the bound are not read: a hostile page must not fill the catalogue.
    """
    for number, entry in enumerate(entries, 1):
        if number > MOST_ENTRIES:
            yield Skipped(f"entry {number} and all after it", f"one answer lists more than {MOST_ENTRIES} entries")
            return
        try:
            record = parse(entry)
        except Unfit as reason:
            yield skipped(name(number, entry), reason)
            continue
        if record is not None:
            yield checked(record, name(number, entry))


def checked(record: Record, name: str) -> Record | Skipped:
    """`record` clean, if there is enough of it to be a paper."""
    fit = clean(record)
    if not fit.title:
        return skipped(name, "has no title")
    if not fit.external_id:
        return skipped(name, "has no id")
    return fit


def skipped(name: str, reason: object) -> Skipped:
    """A Skipped whose words are fit to store: they quote what could not be read."""
    return Skipped(line(name, 150) or "an entry", line(str(reason), 200))


def in_turn(parts: Sequence[Part]) -> Iterator[Record | Skipped | Progress]:
    """What each part gives; one that fails keeps what it gave and does not stop the others.

    Raises SourceError at the end, naming the parts that failed and why.
    """
    failed: dict[str, list[str]] = {}
    for number, part in enumerate(parts, 1):
        yield Progress(f"{part.words}, {number} of {len(parts)}" if len(parts) > 1 else part.words)
        try:
            yield from part.read()
        except SourceError as error:
            failed.setdefault(line(str(error), 500), []).append(part.name)
    if failed:
        raise SourceError("; ".join(f"{', '.join(names)}: {words}" for words, names in failed.items()))


def unreadable(url: str, error: Unfit) -> SourceError:
    """What to say of an answer that came and could not be read (further)."""
    return SourceError(f"the answer of {urlsplit(url).netloc.rpartition('@')[2]} {error}; the next run asks again")


def of(day: date) -> str:
    """A day in words: 17 June."""
    return f"{day.day} {day:%B}"
