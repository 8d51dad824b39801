"""How templates say moments and rhythms."""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import lru_cache

from markupsafe import Markup

from subscribers.cadence import in_words, zone_named
from subscribers.choices import Choices


def moment(at: datetime, zone: str) -> str:
    """Thursday 18 June at 08:00: a moment in a reader's zone."""
    return f"{at.astimezone(zone_named(zone)):%A %-d %B at %H:%M}"


def day(at: datetime, zone: str) -> str:
    """Thursday 18 June: a day in a reader's zone."""
    return f"{at.astimezone(zone_named(zone)):%A %-d %B}"


def rhythm(choices: Choices) -> str:
    """Weekdays at 08:00: how often, and when."""
    return in_words(choices.cadence, choices.hour, choices.weekday)


def lower_first(text: str) -> str:
    """For a sentence that goes on: "weekdays at 08:00"; days of the week keep their capital."""
    return text if text.partition(" ")[0].endswith("days") and not text.startswith("Weekdays") else text[:1].lower() + text[1:]


def brings(papers: float | None) -> str:
    """Papers a day: "41 a day", "3 a week"; empty while nothing is known."""
    if papers is None:
        return ""
    if papers >= 1:
        return f"{papers:.0f} a day"
    return f"{papers * 7:.0f} a week" if papers * 7 >= 1 else "few"


def keeper(most: int = 4096) -> Callable[..., Markup]:
    """`kept(macro, …)`: what a macro made of these values, made once. For parts that stand on page after page: a topic, a paper.

    Never for what somebody typed: strangers would fill it, and be remembered.
    """
    return lru_cache(maxsize=most)(lambda macro, *values: macro(*values))


FILTERS: Mapping[str, Callable[..., object]] = {
    "moment": moment,
    "day": day,
    "rhythm": rhythm,
    "lower_first": lower_first,
    "brings": brings,
}
