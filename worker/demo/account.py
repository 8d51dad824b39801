"""What a demo promised, counted afterwards from the ledger, the Maildir and the mails: nobody twice, nothing lost. Believes no tally."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from sqlalchemy.orm import Session

from subscribers import audience
from worker.demo.week import PAGE, listings
from worker.ingest import catalogue
from worker.ingest.papers import title_name
from worker.send import waves
from worker.send.forward import Forwarded
from worker.send.ledger import writing
from worker.send.models import State

BLOCK = 1000  # readers at a time
EVER = datetime.fromtimestamp(0, UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The figures of one demo."""

    readers: int
    counted: int  # occasions that the planner read: every wave's readers, and those brought forward
    mails: int  # accepted
    quiet: int  # none for too little new, with the reason
    papers: int  # handed to readers: cards and lines of all digests
    twice: int  # of these, those that the same reader had had before
    waves: int
    off: int  # waves whose rows are not one for each reader counted, or that are still open
    overdue: int  # readers whose due moment passed without a wave
    in_maildir: int
    sample: int  # papers of the sample page that the catalogue holds
    sample_mailed: int  # of these, those that anybody got
    links: int  # to papers, in the mails looked into
    links_twice: int  # of these, those that the same reader had had before

    @property
    def faults(self) -> list[str]:
        """What is not as promised, a line each."""
        lost = self.counted - self.mails - self.quiet
        checks = (
            (self.twice, f"{self.twice} papers went to a reader who had had them"),
            (self.links_twice, f"{self.links_twice} links to papers stand twice in the mails to one reader"),
            (self.off, f"{self.off} waves do not add up"),
            (lost, f"{lost} of {self.counted} occasions are neither a mail nor a quiet day"),
            (self.overdue, f"{self.overdue} readers were due, and no wave took them"),
            (self.in_maildir - self.mails, f"the Maildir holds {self.in_maildir} mails, the ledger says {self.mails}"),
        )
        return [words for wrong, words in checks if wrong]


def account(session: Session, maildir: Path, links: Mapping[str, Sequence[str]], forwarded: Forwarded, now: datetime) -> Account:
    """Add everything up.

    `links`: those to papers in the mails at hand, all of one address together; `forwarded`: who was served outside the waves.
    """
    ids = list(_ids(session))
    rows, redirects = list(_rows(session, ids)), catalogue.redirects(session)
    sums, ended = waves.added_up(session), Counter(row.state for row in rows)
    sample = _sample(session)
    shown = [(row.subscriber_id, redirects.get(paper, paper)) for row in rows for paper in np.frombuffer(row.papers, "<i8").tolist()]
    return Account(
        readers=len(ids),
        counted=sum(one.counted for one in sums) + len(forwarded.planned) + len(forwarded.quiet) + len(forwarded.refused),
        mails=ended[State.ACCEPTED],
        quiet=ended[State.SKIPPED] + len(forwarded.quiet),
        papers=len(shown),
        twice=len(shown) - len(set(shown)),
        waves=len(sums),
        off=sum(bool(one.balance or one.open) for one in sums),
        overdue=len(audience.overdue(session, now - 2 * waves.TICK)),
        in_maildir=sum(1 for _ in (maildir / "new").iterdir()) if maildir.exists() else 0,
        sample=len(sample),
        sample_mailed=len(sample & {paper for _, paper in shown}),
        links=sum(map(len, links.values())),
        links_twice=sum(len(one) - len(set(one)) for one in links.values()),
    )


def _ids(session: Session) -> Iterator[int]:
    after = 0
    while page := audience.page(session, after_id=after, limit=BLOCK):
        after = page[-1].id
        yield from (row.id for row in page)


def _rows(session: Session, ids: Sequence[int]) -> Iterator[writing.Past]:
    for start in range(0, len(ids), BLOCK):
        yield from writing.past(session, ids[start : start + BLOCK], since=EVER)


def _sample(session: Session) -> set[int]:
    """The ids of the sample page's papers, as far as they were read in."""
    names = (title_name(record.title) for records in listings().values() for record in records if record.source == PAGE)
    return set(catalogue.ids_by_key(session, filter(None, names)).values())
