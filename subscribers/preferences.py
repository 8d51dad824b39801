"""A reader's choices as they are kept: read, saved, and what a save changed, in words."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from subscribers import audience
from subscribers.cadence import Cadence, in_words
from subscribers.choices import Choices
from subscribers.models import InterestKind, Standing, Subscriber
from subscribers.topics import Catalogue

_PARTS = {
    InterestKind.TOPIC: "topics",
    InterestKind.KEYWORD: "keywords",
    InterestKind.AUTHOR: "authors",
    InterestKind.MUTE: "mutes",
}


def read(session: Session, row: Subscriber) -> Choices:
    """The choices of one reader."""
    return choices_of(row, [(InterestKind(kind), value) for _, kind, value in audience.interests_of(session, [row.id])])


def choices_of(row: Subscriber, interests: Iterable[tuple[InterestKind, str]]) -> Choices:
    """The choices that a reader's rows hold."""
    lists: dict[str, list[str]] = {part: [] for part in _PARTS.values()}
    for kind, value in interests:
        lists[_PARTS[kind]].append(value)
    return Choices(
        name=row.name,
        **{part: tuple(values) for part, values in lists.items()},
        cadence=Cadence(row.cadence),
        weekday=row.weekday,
        hour=row.hour,
        zone=row.zone,
        for_you=row.for_you,
        trending=row.trending,
    )


def save(session: Session, row: Subscriber, choices: Choices, now: datetime) -> Choices:
    """Keep `choices`, with the next due moment they mean; the choices of before."""
    before = read(session, row)
    write(row, choices)
    audience.set_interests(session, row.id, interest_rows(row.id, choices))
    if row.standing == Standing.ACTIVE:
        row.next_due_at = audience.next_due_of(row, now)
    elif row.standing == Standing.PAUSED and row.paused_until:
        row.next_due_at = audience.next_due_of(row, max(now, row.paused_until))
    return before


def write(row: Subscriber, choices: Choices) -> None:
    """Put the choices that are columns into the row."""
    row.name, row.zone, row.cadence, row.hour, row.weekday = choices.name, choices.zone, choices.cadence, choices.hour, choices.weekday
    row.for_you, row.trending = choices.for_you, choices.trending


def interest_rows(subscriber_id: int, choices: Choices) -> Iterator[Mapping[str, object]]:
    """The choices that are rows of their own."""
    for kind, part in _PARTS.items():
        for value in getattr(choices, part):
            yield {"subscriber_id": subscriber_id, "kind": kind, "value": value}


def changes(before: Choices, after: Choices, catalogue: Catalogue) -> tuple[str, ...]:
    """What changed from one to the other, a sentence each; nothing when they are the same."""
    return tuple(_changes(before, after, catalogue))


def names(topics: Iterable[str], catalogue: Catalogue) -> tuple[str, ...]:
    """The topics' names, by their keys; one that the operator dropped keeps its key."""
    return tuple(topic.name if (topic := catalogue.get(key)) else key for key in topics)


def _changes(before: Choices, after: Choices, catalogue: Catalogue) -> Iterator[str]:
    yield from _lists_changed("topic", names(before.topics, catalogue), names(after.topics, catalogue))
    yield from _lists_changed("keyword", before.keywords, after.keywords)
    yield from _lists_changed("author", before.authors, after.authors)
    yield from _lists_changed("mute", before.mutes, after.mutes)
    if (rhythm := _rhythm(after)) != _rhythm(before):
        yield f"{rhythm} from now on."
    if (after.for_you, after.trending) != (before.for_you, before.trending):
        yield f"{after.for_you} papers for you and {after.trending} trending in each digest."
    if after.name != before.name:
        yield f"We call you {after.name}." if after.name else "We no longer use your name."


def _lists_changed(word: str, before: tuple[str, ...], after: tuple[str, ...]) -> Iterator[str]:
    for verb, values in (("Added", set(after) - set(before)), ("Removed", set(before) - set(after))):
        if values:
            yield f"{verb} {word}{'s' if len(values) > 1 else ''}: {', '.join(sorted(values))}."


def _rhythm(choices: Choices) -> str:
    return f"{in_words(choices.cadence, choices.hour, choices.weekday)}, {choices.zone}"
