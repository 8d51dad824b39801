"""The catalogue of topics, and what a reader may ask for: parsed and checked, or refused with a remedy. Pure; knows no paper."""

import difflib
import re
import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

KEYWORD_LETTERS = 60
AUTHOR_LETTERS = 80
MUTE_LETTERS = 60

_KEY = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
# https://arxiv.org/category_taxonomy: an archive ("quant-ph"), or an archive and a subject class ("cs.LG").
_CATEGORY = re.compile(r"[a-z]+(-[a-z]+)?(\.[A-Za-z-]+)?")
_FIELDS = ("key", "name", "group", "line", "categories", "phrases", "hints")


class CatalogueError(ValueError):
    """A catalogue file that cannot be used: names the topic, the field, the value and the remedy."""


class Rejected(ValueError):
    """Something a reader typed that cannot be kept: says in which field, what, and what to type instead."""

    def __init__(self, field: str, value: str, remedy: str) -> None:
        super().__init__(f"{field} {value!r}: {remedy}")
        self.field = field
        self.value = value
        self.remedy = remedy


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """One field of research that a reader can follow."""

    key: str  # a slug that never changes: readers' choices are kept under it
    name: str
    group: str
    line: str  # what it covers, in one line
    categories: tuple[str, ...]  # of arXiv; an archive alone ("astro-ph") stands for all its classes
    phrases: tuple[str, ...]  # what a paper on it is called: one in the title decides
    hints: tuple[str, ...] = ()  # words that go with it, and decide nothing


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The topics on offer, in the order in which they are shown."""

    topics: tuple[Topic, ...]

    def get(self, key: str) -> Topic | None:
        """The topic of this key, or None."""
        return next((topic for topic in self.topics if topic.key == key), None)

    def named(self, text: str) -> Topic | None:
        """The topic whose key or name this is, whatever its case and punctuation; or None."""
        wanted = _bare(text)
        return next((topic for topic in self.topics if wanted in (_bare(topic.key), _bare(topic.name))), None)

    def groups(self) -> dict[str, tuple[Topic, ...]]:
        """The topics of each group, groups in the order of their first topic."""
        names = dict.fromkeys(topic.group for topic in self.topics)
        return {name: tuple(topic for topic in self.topics if topic.group == name) for name in names}

    def nearest(self, text: str) -> Topic | None:
        """The topic that somebody who typed `text` most likely meant, or None when nothing is near."""
        return next(iter(self.near(text)), None)

    def near(self, text: str, most: int = 3) -> tuple[Topic, ...]:
        """Up to `most` topics whose key or name is near to `text`, the nearest first."""
        names = {_bare(topic.name): topic for topic in self.topics} | {_bare(topic.key): topic for topic in self.topics}
        found = difflib.get_close_matches(_bare(text), names, n=2 * most, cutoff=0.6)
        return tuple(dict.fromkeys(names[name] for name in found))[:most]

    def owned(self, topic: Topic) -> tuple[str, ...]:
        """Those of the topic's categories that no other topic shares: a paper in one of them belongs to the topic, whatever its words."""
        return _owned(self.topics)[topic.key]


@lru_cache(maxsize=8)
def _owned(topics: tuple[Topic, ...]) -> Mapping[str, tuple[str, ...]]:
    """The categories of each topic that no other shares, by its key."""
    theirs = {topic.key: {named for other in topics if other is not topic for named in other.categories} for topic in topics}
    return {
        topic.key: tuple(
            own for own in topic.categories if not any(covers(own, other) or covers(other, own) for other in theirs[topic.key])
        )
        for topic in topics
    }


def covers(named: str, category: str) -> bool:
    """Whether a paper in `category` is in what a topic names: the category itself, or the archive it is of."""
    return named in (category, category.partition(".")[0])


@cache
def bundled_catalogue() -> Catalogue:
    """The catalogue that comes with the service."""
    return parse_catalogue(Path(__file__).with_name("topics.toml").read_text(encoding="utf-8"))


def parse_catalogue(text: str) -> Catalogue:
    """The catalogue in TOML text: `[[topic]]` tables with key, name, group, line, categories, phrases.

    Raises CatalogueError naming the topic, the field, the value and the remedy.
    """
    try:
        tables = tomllib.loads(text).get("topic")
    except tomllib.TOMLDecodeError as error:
        raise CatalogueError(f"the catalogue is no TOML: {error}; see https://toml.io") from error
    if not isinstance(tables, list) or not tables:
        raise CatalogueError("the catalogue holds no topic; add a [[topic]] table with " + ", ".join(_FIELDS))
    topics = tuple(_topic(table, number) for number, table in enumerate(tables, start=1))
    _refuse_doubles("key", [topic.key for topic in topics])
    _refuse_doubles("name", [_bare(topic.name) for topic in topics])
    return Catalogue(topics)


def check_topic(text: str, catalogue: Catalogue) -> str:
    """The key of the topic that a key or name means. Raises Rejected, with the nearest topic when one is near."""
    tidied = tidy(text)
    topic = catalogue.named(tidied)
    if topic is None:
        near = catalogue.nearest(tidied)
        remedy = f"did you mean {near.name!r}?" if near else "`./paperboy topics` lists what there is"
        raise Rejected("topic", tidied[:KEYWORD_LETTERS], remedy)
    return topic.key


def check_keyword(text: str) -> str:
    """A keyword or phrase, tidied. Raises Rejected when it is empty, too long, or has fewer than two letters or digits."""
    return _phrase("keyword", text, KEYWORD_LETTERS)


def check_mute(text: str) -> str:
    """A mute (a phrase, or the name of a topic), tidied. Raises Rejected."""
    return _phrase("mute", text, MUTE_LETTERS)


def check_author(text: str) -> str:
    """An author's name, tidied, given names first: "Schmidhuber, Jürgen" becomes "Jürgen Schmidhuber".

    Raises Rejected when it is empty, too long, or no name of at least a surname and an initial.
    """
    tidied = tidy(text)
    if len(tidied) > AUTHOR_LETTERS:
        raise Rejected("author", tidied[:AUTHOR_LETTERS], f"is longer than {AUTHOR_LETTERS} letters; type one name")
    last, comma, first = (part.strip() for part in tidied.partition(","))
    if comma and "," in first:
        raise Rejected("author", tidied, "holds more than one comma; type one name at a time")
    tidied = f"{first} {last}".strip() if comma else tidied
    parts = re.findall(r"[^\W\d_]+", tidied)
    if len(parts) < 2 or max(map(len, parts)) < 2:  # noqa: PLR2004 - a given name or initial, and a surname that is none
        raise Rejected("author", tidied, "give a first name or initial and the surname, such as 'Yann LeCun' or 'Y. LeCun'")
    return tidied


def tidy(text: str) -> str:
    """`text` in NFC, without control, format or surrogate characters, with single blanks."""
    kept = "".join(" " if letter.isspace() else letter for letter in text if letter.isspace() or unicodedata.category(letter)[0] != "C")
    return " ".join(unicodedata.normalize("NFC", kept).split())


def _phrase(field: str, text: str, longest: int) -> str:
    tidied = tidy(text).strip(' ,;"“”')
    if len(tidied) > longest:
        raise Rejected(field, tidied[:longest], f"is longer than {longest} letters; a few words match better")
    if sum(letter.isalnum() for letter in tidied) < 2:  # noqa: PLR2004 - one letter is in every paper
        raise Rejected(field, tidied, "type at least two letters or digits, such as 'state space model'")
    return tidied


def _topic(table: object, number: int) -> Topic:
    if not isinstance(table, dict):
        raise CatalogueError(f"topic {number} is no table; write it as [[topic]]")
    label = f"topic {number} ({table.get('key', 'without key')})"
    if unknown := sorted(set(table) - set(_FIELDS)):
        raise CatalogueError(f"{label}: unknown field {unknown[0]!r}; a topic has {', '.join(_FIELDS)}")
    key = _string(table, "key", label)
    if not _KEY.fullmatch(key):
        raise CatalogueError(f"{label}: key {key!r} is no slug; use small letters, digits and single hyphens, such as 'state-space-models'")
    categories, phrases, hints = (_strings(table, field, label) for field in ("categories", "phrases", "hints"))
    for category in categories:
        if not _CATEGORY.fullmatch(category):
            raise CatalogueError(f"{label}: categories holds {category!r}, which is no arXiv category; write it as 'cs.LG' or 'quant-ph'")
    if not categories and not phrases:
        raise CatalogueError(f"{label}: has neither categories nor phrases, so nothing would match; add one phrase at least")
    name, group, line = (_string(table, field, label) for field in ("name", "group", "line"))
    return Topic(key=key, name=name, group=group, line=line, categories=categories, phrases=phrases, hints=hints)


def _string(table: Mapping[str, object], field: str, label: str) -> str:
    value = table.get(field)
    if not isinstance(value, str) or not tidy(value):
        raise CatalogueError(f"{label}: {field} is {value!r}; give it some text")
    if len(value) > 120:  # noqa: PLR2004 - fits a line of a form
        raise CatalogueError(f"{label}: {field} {value[:20]!r}… is longer than 120 letters; shorten it")
    return tidy(value)


def _strings(table: Mapping[str, object], field: str, label: str) -> tuple[str, ...]:
    values = table.get(field, [])
    if not isinstance(values, list) or not all(isinstance(value, str) and tidy(value) for value in values):
        raise CatalogueError(f"{label}: {field} is {values!r}; give a list of texts, such as {field} = ['cs.LG']")
    return tuple(dict.fromkeys(tidy(value) for value in values))


def _refuse_doubles(field: str, values: list[str]) -> None:
    if double := next((value for value in values if values.count(value) > 1), None):
        raise CatalogueError(f"two topics have the {field} {double!r}; give each its own")


@lru_cache(maxsize=4096)  # names of topics are compared again and again: once a row of a file, fifty names
def _bare(text: str) -> str:
    apart = unicodedata.normalize("NFKD", text.replace("&", " and ")).casefold()
    return " ".join(re.findall(r"[^\W_]+", "".join(letter for letter in apart if not unicodedata.combining(letter))))
