"""Every letter but the notices, as a value. Nothing that a reader typed stands in one, so that none carries a stranger's words."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from worker.render.plain import clean

_SUBJECT, _PARAGRAPH, _PARAGRAPHS = 150, 2_000, 30


class LetterKind(StrEnum):
    """Each has a folder of templates, `email/<kind>`."""

    CONFIRM = "confirm"
    FRESH_LINK = "fresh-link"
    NEW_ADDRESS = "new-address"
    ADDRESS_CHANGED = "address-changed"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class Letter:
    """What a letter says beside its template's words. Make one with the functions below."""

    kind: LetterKind
    link: str = ""  # the one thing to press
    good_for: str = ""  # how long the link is, in words: "3 days"
    subject: str = ""  # of what the operator is told
    paragraphs: tuple[str, ...] = ()


def confirm(link: str, good_for: str = "3 days") -> Letter:
    """To someone who signed up: press to get digests. `link` leads to the page with the button."""
    return Letter(LetterKind.CONFIRM, link, good_for)


def fresh_link(link: str, good_for: str = "30 minutes") -> Letter:
    """To a subscriber who asked for a link that may do everything: export, erase, change the address."""
    return Letter(LetterKind.FRESH_LINK, link, good_for)


def new_address(link: str, good_for: str = "3 days") -> Letter:
    """To the new address of a subscriber, who is to prove that it is theirs."""
    return Letter(LetterKind.NEW_ADDRESS, link, good_for)


def address_changed() -> Letter:
    """To the old address: digests go elsewhere from now on."""
    return Letter(LetterKind.ADDRESS_CHANGED)


def operator_notice(subject: str, paragraphs: Sequence[str]) -> Letter:
    """To PAPERBOY_OPERATOR: what is wrong, and what to do. Blank paragraphs are dropped."""
    words = tuple(filter(None, (clean(paragraph, _PARAGRAPH) for paragraph in paragraphs[:_PARAGRAPHS])))
    return Letter(LetterKind.OPERATOR, subject=clean(subject, _SUBJECT), paragraphs=words)
