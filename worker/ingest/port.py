"""What the catalogue asks of a source. Adapters import this; this imports none of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from worker.ingest.papers import Record


class SourceError(Exception):
    """A source could not be read (further); what it yielded before stands. The words name the URL's host and the remedy."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """One entry that could not be read, by name, and why; the rest goes on."""

    entry: str
    reason: str


@dataclass(frozen=True, slots=True)
class Progress:
    """What is being fetched right now, in words a person reads: "the daily papers of 17 June, 3 of 7"."""

    words: str


class Source(Protocol):
    """One place that lists papers."""

    name: str  # as in PAPERBOY_SOURCES: "huggingface", "arxiv:cs.LG,cs.CV", "feed:https://example.org/feed.xml"

    def expects_on(self, day: date) -> bool:
        """Whether the source lists something new on such a day (arXiv and Hugging Face rest at weekends)."""
        ...

    def read(self, since: date, until: date) -> Iterator[Record | Skipped | Progress]:
        """What was listed on the days `since` to `until` (UTC, both included), in the order it was read.

        Raises SourceError after everything readable was yielded. A source without a memory gives what it shows now.
        """
        ...
