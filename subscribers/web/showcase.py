"""What the forms show of papers, without knowing any: a port that the reading room fills in. All of it is safe markup or plain numbers."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from markupsafe import Markup
from sqlalchemy.orm import Session

from subscribers.choices import Choices

NOTHING = Markup()


@dataclass(frozen=True, slots=True)
class Beside:
    """What stands beside a form, and what the form says of the same papers: looked up at once, since each look costs."""

    html: Markup = NOTHING
    papers_a_day: Mapping[str, float] = field(default_factory=dict)  # of each topic, by its key, over the last week; none while unknown
    quiet: str = ""  # why these choices would give no digest now; empty when they give one


class Showcase(Protocol):
    """Papers, as a form may show them."""

    def today(self, now: datetime) -> Beside:
        """The day's digest as everybody would get it: dated, its first three papers; or what is being fetched."""
        ...

    def preview(self, choices: Choices, now: datetime) -> Beside:
        """The digest that these choices would give now, with what each keyword and author brings a day."""
        ...

    def history(self, session: Session, subscriber_id: int, *, opens: bool) -> Markup:
        """A reader's last ten occasions: the digests, and the quiet days with their reasons. `opens`: with links to the digests."""
        ...

    def titles(self, session: Session, paper_keys: Collection[str]) -> Mapping[str, str]:
        """The titles of papers, by key; one that was forgotten is missing."""
        ...


class EmptyShowcase:
    """Shows nothing: for a site that only takes forms."""

    def today(self, now: datetime) -> Beside:
        return Beside()

    def preview(self, choices: Choices, now: datetime) -> Beside:
        return Beside()

    def history(self, session: Session, subscriber_id: int, *, opens: bool) -> Markup:
        return NOTHING

    def titles(self, session: Session, paper_keys: Collection[str]) -> Mapping[str, str]:
        return {}
