"""Whom a message goes to, and the links that are theirs. Every link is a whole URL that others made; nothing here is signed."""

from dataclasses import dataclass, field
from datetime import date, datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Urls:
    """A reader's own links."""

    leave: str = ""  # goes into List-Unsubscribe; without it a mail has none
    preferences: str = ""
    view: str = ""  # this digest in a browser
    votes: str = ""  # a paper's id and "/more" or "/less" complete it: it ends in a slash
    signup: str = ""  # for whoever got the mail forwarded


@dataclass(frozen=True, slots=True, kw_only=True)
class Addressee:
    """One recipient of one delivery."""

    address: str
    delivery_id: int
    occasion: str  # "digest:2026-06-17": with the id it makes the Message-ID, the same for every attempt
    day: date  # the reader's own date at the due moment
    sent_at: datetime  # the Date header, aware
    name: str = ""
    urls: Urls = field(default_factory=Urls)
    mark: str = ""  # "[test]": opens the subject of a preview, whose Message-ID is new each time
