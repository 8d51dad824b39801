"""Who asked for what, what they got and when, and why there was no mail: read back from the ledger and the mails. Decides nothing."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message
from pathlib import Path

from sqlalchemy.orm import Session

from subscribers import audience, cadence
from subscribers.models import InterestKind, Subscriber
from subscribers.topics import Catalogue
from worker.ingest import catalogue
from worker.ingest.papers import Paper
from worker.pick.choices import Choice, Selection, unpacked
from worker.render.plain import link
from worker.send.ledger import lookups
from worker.send.models import Delivery, State

OCCASIONS = 100  # a reader's, at most
_UNFIT = re.compile(r"[^A-Za-z0-9.+_-]+")  # for the name of a file

Wishes = tuple[tuple[str, tuple[str, ...]], ...]  # "topics" and their names, "keywords" and the phrases, ...


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail that went out, as it lies in the Maildir, and what was chosen for it."""

    name: str  # "2026-06-17 aiko.tanaka": its files', without their endings
    day: date  # the reader's own
    wire: bytes
    subject: str
    text: str
    html: str
    links: tuple[str, ...]  # to papers, as they stand in the text
    selection: Selection

    @property
    def papers(self) -> int:
        return len(self.selection.paper_ids)


@dataclass(frozen=True, slots=True)
class Quiet:
    """One occasion without a mail."""

    day: date
    reason: str


@dataclass(frozen=True, slots=True)
class Story:
    """One reader's week."""

    address: str
    name: str
    rhythm: str  # "Every day at 07:00"
    zone: str
    wishes: Wishes
    mails: tuple[Mail, ...]
    quiet: tuple[Quiet, ...]
    example: tuple[str, str] | None = None  # a title, and the reason why this reader got it

    @property
    def papers(self) -> int:
        return sum(mail.papers for mail in self.mails)


def stories(session: Session, topics: Catalogue, maildir: Path, *, most: int) -> list[Story]:
    """The stories of the first `most` readers, in the order they subscribed."""
    rows = audience.page(session, limit=most)
    wishes = _wishes(session, [row.id for row in rows], topics)
    histories = {row.id: sorted(lookups.history(session, row.id, OCCASIONS), key=lambda one: one.due_at) for row in rows}
    shown = {paper for history in histories.values() for one in history for paper in _chosen(one).paper_ids}
    papers = catalogue.papers_by_id(session, shown)
    post = _Post(maildir, frozenset(link(paper.url) for paper in papers.values()) - {""})
    return [_with_example(_story(row, wishes.get(row.id, ()), histories[row.id], post), papers) for row in rows]


@dataclass(frozen=True, slots=True)
class _Post:
    """Where the mails lie, and what leads to a paper."""

    maildir: Path
    links: frozenset[str]

    def opened(self, delivery: Delivery, name: str, day: date) -> Mail:
        """The mail of this delivery, taken apart again."""
        wire = (self.maildir / "new" / delivery.provider_id).read_bytes()
        parsed = message_from_bytes(wire)
        bodies = {part.get_content_type(): _decoded(part) for part in parsed.walk() if not part.is_multipart()}
        text, subject = bodies["text/plain"], str(make_header(decode_header(parsed["Subject"])))
        links = tuple(line for line in map(str.strip, text.splitlines()) if line in self.links)
        return Mail(name, day, wire, subject, text, bodies["text/html"], links, _chosen(delivery))


def _wishes(session: Session, ids: Sequence[int], topics: Catalogue) -> dict[int, Wishes]:
    named = {topic.key: topic.name for topic in topics.topics}
    found: dict[int, dict[InterestKind, list[str]]] = {}
    for reader, kind, value in audience.interests_of(session, ids):
        found.setdefault(reader, {}).setdefault(InterestKind(kind), []).append(named.get(value, value) if kind == "topic" else value)
    return {reader: tuple((f"{kind}s", tuple(asked[kind])) for kind in InterestKind if kind in asked) for reader, asked in found.items()}


def _story(row: Subscriber, wishes: Wishes, history: Iterable[Delivery], post: _Post) -> Story:
    mails: list[Mail] = []
    quiet: list[Quiet] = []
    for one in history:
        day = one.due_at.astimezone(cadence.zone_named(row.zone)).date()
        if one.state == State.ACCEPTED:
            mails.append(post.opened(one, f"{day} {_file_name(row.address)}", day))
        elif one.state == State.SKIPPED:
            quiet.append(Quiet(day, one.reason))
    return Story(
        address=row.address,
        name=row.name,
        rhythm=cadence.in_words(row.cadence, row.hour, row.weekday),
        zone=row.zone,
        wishes=wishes,
        mails=tuple(mails),
        quiet=tuple(quiet),
    )


def _chosen(delivery: Delivery) -> Selection:
    return unpacked(delivery.content) if "for_you" in delivery.content else Selection()


def _decoded(part: Message) -> str:
    payload = part.get_payload(decode=True)
    return payload.decode().replace("\r\n", "\n") if isinstance(payload, bytes) else ""


def _file_name(address: str) -> str:
    return _UNFIT.sub("-", address.rpartition("@")[0])


def _with_example(story: Story, papers: Mapping[int, Paper]) -> Story:
    choice = _telling(story)
    return replace(story, example=(papers[choice.paper_id].title, choice.reason)) if choice and choice.paper_id in papers else story


def _telling(story: Story) -> Choice | None:
    """The card with the most said for it; of equals the first."""
    own = [choice for mail in story.mails for choice in mail.selection.for_you]
    trending = [choice for mail in story.mails for choice in mail.selection.trending]
    return max(own or trending, key=lambda choice: choice.reason.count(";"), default=None)
