"""Time zones as a reader types them: checked against the tz database, and guessed from a browser's languages. Pure.

Refuses offsets ("UTC+2"), which know no summer time, and names the nearest zone instead.
"""

import re
from difflib import get_close_matches
from functools import cache
from importlib import resources
from zoneinfo import available_timezones

FALLBACK = "UTC"
_LANGUAGE_TAG = re.compile(r"^([a-z]{2,3})(?:-[a-z]{4})?(?:-([a-z]{2}))?$", re.IGNORECASE)
_AREAS = r"(Africa|America|Antarctica|Arctic|Asia|Atlantic|Australia|Europe|Indian|Pacific)/"
_OFFSET = re.compile(r"(utc|gmt)?_?[+-]\d")
# Languages that are, for the most part, read in one country; and countries of several zones where most people live in this one.
_HOMES = "cs:CZ da:DK de:DE el:GR fi:FI fr:FR he:IL hi:IN hu:HU it:IT ja:JP ko:KR nb:NO nl:NL pl:PL ro:RO sv:SE th:TH tr:TR vi:VN zh:CN"
_MOST = {
    "AU": "Australia/Sydney",
    "BR": "America/Sao_Paulo",
    "CA": "America/Toronto",
    "CN": "Asia/Shanghai",
    "DE": "Europe/Berlin",
    "ES": "Europe/Madrid",
    "PT": "Europe/Lisbon",
    "US": "America/New_York",
}


class ZoneError(ValueError):
    """What was typed is no zone; `remedy` names the nearest one."""

    def __init__(self, value: str, remedy: str) -> None:
        super().__init__(f"timezone {value!r} is not known; {remedy}")
        self.remedy = remedy


def check_zone(text: str) -> str:
    """The tz database's spelling of `text`: "america/new york" is America/New_York, and an empty text is UTC.

    Raises ZoneError, with a suggestion, for anything the database does not know.
    """
    typed = text.strip()
    folded = re.sub(r"\s+", "_", typed).casefold()
    if not folded:
        return FALLBACK
    if name := _spellings().get(folded):
        return name
    raise ZoneError(typed[:64], _suggestion(folded))


@cache
def zone_names() -> tuple[str, ...]:
    """Every zone a reader may choose, in order: Area/City and UTC, without the database's historical aliases of other kinds."""
    return tuple(sorted(name for name in available_timezones() if name == FALLBACK or re.match(_AREAS, name)))


def guess_zone(accept_language: str) -> str:
    """Where most readers of the first language in an Accept-Language header (RFC 9110, section 12.5.4) live; else UTC."""
    homes = dict(pair.split(":") for pair in _HOMES.split())
    for part in accept_language[:200].split(","):
        if not (tag := _LANGUAGE_TAG.match(part.split(";")[0].strip())):
            continue
        country = tag.group(2) or homes.get(tag.group(1).lower(), "")
        if zone := _zones_of_countries().get(country.upper()):
            return zone
    return FALLBACK


@cache
def _spellings() -> dict[str, str]:
    return {name.casefold(): name for name in available_timezones() if len(name) <= 64 and not name.startswith(("right/", "posix"))}  # noqa: PLR2004 - the column


def _suggestion(folded: str) -> str:
    if _OFFSET.match(folded):
        return "an offset knows no summer time; use a name such as Europe/London or America/New_York"
    cities = {name.rpartition("/")[2].casefold(): name for name in zone_names()}
    if city := cities.get(folded.rpartition("/")[2]):
        return f"did you mean {city}?"
    if near := get_close_matches(folded, [name.casefold() for name in zone_names()], n=1, cutoff=0.6):
        return f"did you mean {_spellings()[near[0]]}?"
    if near := get_close_matches(folded.rpartition("/")[2], cities, n=1, cutoff=0.6):
        return f"did you mean {cities[near[0]]}?"
    return "use a name such as Europe/London or America/New_York"


@cache
def _zones_of_countries() -> dict[str, str]:
    found: dict[str, list[str]] = {}
    for line in resources.files("tzdata").joinpath("zoneinfo/zone.tab").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            country, _, name = line.split("\t")[:3]
            found.setdefault(country, []).append(name)
    return {country: names[0] for country, names in found.items() if len(names) == 1} | _MOST
