"""What a mailer's URL says about how much it may be given, whatever its kind: `?rate=50&connections=4&daily=20000&warmup=500`."""

import re
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

MOST_CONNECTIONS = 50
LONGEST_WARM_UP = 40  # doublings: no cap lies above


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """Limits of one mailer, for all workers together but for `connections`."""

    rate: float | None = None  # messages a second; None: no limit
    connections: int = 1  # at once, in one process
    daily: int | None = None  # messages a UTC day; None: no limit
    warmup: int | None = None  # messages on the first day it is used; None: no warm-up
    warmup_days: int = 1  # days of use in which it doubles

    @property
    def counts_days(self) -> bool:
        """Whether what is taken in a day must be counted."""
        return self.daily is not None or self.warmup is not None

    def cap(self, days_used: int) -> int | None:
        """Messages allowed on a UTC day: min(daily, warmup * 2^(days_used // warmup_days)).

        `days_used`: on how many days before it the mailer was used. Who pauses goes on where they stopped.
        """
        if self.warmup is None:
            return self.daily
        grown: int = self.warmup * 2 ** min(LONGEST_WARM_UP, days_used // self.warmup_days)
        return grown if self.daily is None else min(self.daily, grown)


OPTIONS = ("rate", "connections", "daily", "warmup", "warmup_days")


def terms_of(mailer_url: str, *, connections: int = 1) -> Terms:
    """The terms in a mailer's URL; `connections`: where it names none. Raises ValueError, whose words show no other part of the URL."""
    asked = {key: values[-1] for key, values in parse_qs(urlsplit(mailer_url).query, keep_blank_values=True).items()}
    return Terms(
        rate=_rate(asked.get("rate")),
        connections=_number(asked, "connections", MOST_CONNECTIONS) or connections,
        daily=_number(asked, "daily", 10**9),
        warmup=_number(asked, "warmup", 10**9),
        warmup_days=_number(asked, "warmup_days", 365) or 1,
    )


def _rate(text: str | None) -> float | None:
    if text is None:
        return None
    if not re.fullmatch(r"\d{1,9}(\.\d{1,9})?", text) or not float(text) > 0:
        raise ValueError("has a rate= that is no number of messages a second above 0")
    return float(text)


def _number(asked: dict[str, str], key: str, most: int) -> int | None:
    text = asked.get(key)
    if text is None:
        return None
    if not re.fullmatch(r"[1-9]\d{0,9}", text) or int(text) > most:
        raise ValueError(f"has a {key}= that is no whole number between 1 and {most}")
    return int(text)
