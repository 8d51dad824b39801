"""What the forms show of papers, without knowing any: a port that the reading room fills in. All of it is safe markup or plain numbers."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Protocol

from markupsafe import Markup

from subscribers.choices import Choices

NOTHING = Markup()


class Showcase(Protocol):
    """Papers, as a form may show them. Each opens and closes its own reading session."""

    def today(self, now: datetime) -> Markup:
        """The day's digest as everybody would get it: dated, its first three papers; or what is being fetched."""
        ...

    def preview(self, choices: Choices, now: datetime) -> Markup:
        """The digest that these choices would give now, with what each keyword and author brings a day."""
        ...

    def quiet(self, choices: Choices, now: datetime) -> str:
        """Why these choices would give no digest now; empty when they would give one."""
        ...

    def papers_a_day(self, now: datetime) -> Mapping[str, float]:
        """How many papers a day each topic brings, by its key, over the last week; empty while nothing is known."""
        ...

    def history(self, subscriber_id: int, now: datetime, *, opens: bool) -> Markup:
        """A reader's last ten occasions: the digests, and the quiet days with their reasons. `opens`: with links to the digests."""
        ...

    def titles(self, paper_keys: Iterable[str]) -> Mapping[str, str]:
        """The titles of papers, by key; one that was forgotten is missing."""
        ...


class EmptyShowcase:
    """Shows nothing: for a site that only takes forms."""

    def today(self, now: datetime) -> Markup:
        return NOTHING

    def preview(self, choices: Choices, now: datetime) -> Markup:
        return NOTHING

    def quiet(self, choices: Choices, now: datetime) -> str:
        return ""

    def papers_a_day(self, now: datetime) -> Mapping[str, float]:
        return {}

    def history(self, subscriber_id: int, now: datetime, *, opens: bool) -> Markup:
        return NOTHING

    def titles(self, paper_keys: Iterable[str]) -> Mapping[str, str]:
        return {}
