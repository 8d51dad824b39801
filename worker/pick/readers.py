"""What picking sees of a subscriber. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """One reader's wishes and memory, for one occasion."""

    id: int
    since: datetime  # candidates are the papers first seen at or after this moment
    last_digest_at: datetime | None = None  # a digest is worth a mail by what was first seen since then; None: since `since`
    today: date | None = None  # the reader's own date, which "today" and "yesterday" speak of; None: the UTC date
    topics: tuple[str, ...] = ()  # topic keys of the catalogue
    keywords: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    mutes: tuple[str, ...] = ()  # phrases; a paper that carries one is never chosen
    for_you: int = 5
    trending: int = 5
    had: frozenset[int] | NDArray[np.int64] = frozenset()  # ids of papers sent to this reader in the last 16 days
    liked: Mapping[int, str] = field(default_factory=dict)  # ids of papers voted up, each with when: " on Tuesday"
    disliked: tuple[int, ...] = ()  # ids of papers voted down
    quiet_days: tuple[str, ...] = ()  # occasions skipped for too little new since the last digest, as words: "Tue 16 June"

    @property
    def news_since(self) -> datetime:
        """The moment from which a paper is news; older candidates are those that lost against others before."""
        return max(self.since, self.last_digest_at) if self.last_digest_at else self.since

    @property
    def asks(self) -> bool:
        """Whether the reader follows anything at all."""
        return bool(self.topics or self.keywords or self.authors)
