"""The operator's style (PAPERBOY_NAME, _ACCENT, _POSTAL_ADDRESS, _BASE_URL), as templates see it under `house`."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from config.settings import Settings
from worker.render import colours


@dataclass(frozen=True, slots=True)
class House:
    """What every template may say `house.…` of."""

    name: str
    site: str  # the host of the pages: "papers.example.org"
    home: str  # the sign-up page
    postal_address: str
    ink: str
    paper: str
    chalk: str
    night: str
    accent: str  # readable on paper
    on_accent: str
    accent_by_night: str  # readable on night
    on_accent_by_night: str


def house_of(settings: Settings) -> House:
    """The style that `settings` ask for; an accent too pale or too dark is shaded until it can be read."""
    day, night = colours.readable_on(settings.accent, colours.PAPER), colours.readable_on(settings.accent, colours.NIGHT)
    return House(
        name=settings.name,
        site=urlsplit(settings.base_url).netloc,
        home=f"{settings.base_url}/",
        postal_address=settings.postal_address or "",
        ink=colours.INK,
        paper=colours.PAPER,
        chalk=colours.CHALK,
        night=colours.NIGHT,
        accent=day,
        on_accent=colours.text_on(day),
        accent_by_night=night,
        on_accent_by_night=colours.text_on(night),
    )
