"""Sample readers: a dozen with lives of their own, and any number more, made from their number alone. None of them exists."""

from collections.abc import Iterator, Sequence
from functools import cache
from hashlib import blake2b
from typing import TypeVar

from subscribers.cadence import Cadence
from subscribers.choices import Choices
from subscribers.sheet import Entry
from subscribers.topics import KEYWORD_LETTERS, bundled_catalogue
from worker.demo.week import listings

_T = TypeVar("_T")

# Each shows something: the comments say what.
DOZEN: tuple[tuple[str, Choices], ...] = (
    (  # east of everybody: gets yesterday's papers with a day's votes
        "aiko.tanaka@example.org",
        Choices(
            name="Aiko Tanaka",
            topics=("language-models", "efficiency", "state-space-models"),
            keywords=("mamba", "quantization"),
            cadence=Cadence.DAILY,
            hour=7,
            zone="Asia/Tokyo",
        ),
    ),
    (
        "maya.cohen@example.org",
        Choices(
            name="Maya Cohen",
            topics=("video", "image-generation"),
            keywords=("diffusion transformer",),
            hour=8,
            zone="America/New_York",
            for_you=6,
            trending=4,
        ),
    ),
    (  # once a week, much at once
        "oliver.grant@example.org",
        Choices(
            name="Oliver Grant",
            topics=("robotics", "reinforcement-learning"),
            keywords=("vision-language-action",),
            cadence=Cadence.WEEKLY,
            weekday=4,
            hour=9,
            zone="Europe/London",
            for_you=10,
            trending=5,
        ),
    ),
    (  # a zone of five hours and three quarters
        "priya.shrestha@example.org",
        Choices(
            name="Priya Shrestha",
            topics=("medical-imaging", "biology"),
            keywords=("segmentation",),
            cadence=Cadence.DAILY,
            hour=6,
            zone="Asia/Kathmandu",
            for_you=4,
            trending=3,
        ),
    ),
    (
        "lachlan.moore@example.org",
        Choices(
            name="Lachlan Moore",
            topics=("3d", "graphics"),
            keywords=("gaussian splatting", "NeRF"),
            hour=17,
            zone="Australia/Sydney",
        ),
    ),
    (
        "beatriz.almeida@example.org",
        Choices(
            name="Beatriz Almeida",
            topics=("speech-audio", "multilingual"),
            keywords=("Portuguese", "low-resource"),
            cadence=Cadence.DAILY,
            hour=8,
            zone="America/Sao_Paulo",
            for_you=5,
            trending=2,
        ),
    ),
    (  # fields that no community votes on
        "elena.rossi@example.org",
        Choices(
            name="Elena Rossi",
            topics=("astrophysics", "quantum", "mathematics", "databases"),
            cadence=Cadence.DAILY,
            hour=9,
            zone="Europe/Rome",
            for_you=6,
            trending=2,
        ),
    ),
    (  # mutes what is everywhere
        "amara.okafor@example.org",
        Choices(
            name="Amara Okafor",
            topics=("agents", "reasoning"),
            mutes=("benchmark",),
            cadence=Cadence.DAILY,
            hour=7,
            zone="Africa/Lagos",
        ),
    ),
    (  # an address and nothing else: what trends
        "sam.reyes@example.org",
        Choices(name="Sam Reyes", cadence=Cadence.DAILY, hour=8, zone="America/Los_Angeles"),
    ),
    (  # asks for what nobody wrote about that week, and is told so
        "chloe.martin@example.org",
        Choices(name="Chloé Martin", keywords=("tokamak divertor", "neutral beam injection"), hour=8, zone="Europe/Paris", trending=6),
    ),
    (  # follows people
        "daniel.kim@example.org",
        Choices(
            name="Daniel Kim",
            authors=("Yejin Choi", "Ziwei Liu", "Jan Kautz", "Tianyi Zhou"),
            cadence=Cadence.DAILY,
            hour=18,
            zone="America/Toronto",
            for_you=5,
            trending=3,
        ),
    ),
    (  # the last moment of the week
        "leila.haddad@example.org",
        Choices(
            name="Leila Haddad",
            topics=("security", "society", "economics-finance", "game-theory"),
            cadence=Cadence.WEEKLY,
            weekday=6,
            hour=20,
            zone="Asia/Beirut",
            for_you=8,
            trending=4,
        ),
    ),
)

_GIVEN = (
    "Ada",
    "Bruno",
    "Carmen",
    "Dmitri",
    "Esther",
    "Farid",
    "Grace",
    "Hugo",
    "Ines",
    "Jonas",
    "Keiko",
    "Lars",
    "Mina",
    "Noor",
    "Otto",
    "Rosa",
)
_FAMILY = (
    "Abe",
    "Brandt",
    "Costa",
    "Dubois",
    "Eze",
    "Ferrari",
    "Gupta",
    "Hansen",
    "Ito",
    "Jensen",
    "Kowalski",
    "Lopez",
    "Novak",
    "Silva",
    "Wong",
)
_ZONES = (
    "America/Los_Angeles",
    "America/Denver",
    "America/Chicago",
    "America/New_York",
    "America/Sao_Paulo",
    "Europe/London",
    "Europe/Berlin",
    "Europe/Paris",
    "Africa/Nairobi",
    "Asia/Dubai",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Asia/Shanghai",
    "Asia/Seoul",
    "Asia/Tokyo",
    "Australia/Sydney",
    "Pacific/Auckland",
)
_CADENCES = (Cadence.DAILY,) * 3 + (Cadence.WEEKDAYS,) * 5 + (Cadence.WEEKLY,) * 2
_SIZES = (3, 5, 5, 5, 8, 10)


def make_readers(count: int) -> Iterator[Entry]:
    """The first `count` sample readers, as lines of an import: the dozen, then as many as are asked for, the same every time."""
    for number in range(1, count + 1):
        if number <= len(DOZEN):
            yield Entry(number, *DOZEN[number - 1])
        else:
            yield Entry(number, f"reader{number}@example.org", _made(number))


def _made(number: int) -> Choices:
    lot = _Lot(number)
    topics = [topic.key for topic in bundled_catalogue().topics]
    cadence = lot.one_of(_CADENCES)
    return Choices(
        name=f"{lot.one_of(_GIVEN)} {lot.one_of(_FAMILY)}",
        topics=lot.some_of(topics, lot.below(5)),
        keywords=lot.some_of(_keywords(), lot.below(4)),
        cadence=cadence,
        weekday=lot.below(7) if cadence is Cadence.WEEKLY else 0,
        hour=5 + lot.below(15),
        zone=lot.one_of(_ZONES),
        for_you=lot.one_of(_SIZES),
        trending=lot.one_of(_SIZES),
    )


@cache
def _keywords() -> tuple[str, ...]:
    """What the week's papers are about, in the words of their listings."""
    said = {word for records in listings().values() for record in records for word in record.keywords}
    return tuple(sorted(word for word in said if len(word) <= KEYWORD_LETTERS))


class _Lot:
    """Choices that look drawn by lot and are always the same for a number."""

    def __init__(self, number: int) -> None:
        self._number = number
        self._drawn = 0

    def below(self, limit: int) -> int:
        """0 to `limit` - 1."""
        self._drawn += 1
        return int.from_bytes(blake2b(f"{self._number}:{self._drawn}".encode(), digest_size=8).digest(), "big") % limit

    def one_of(self, given: Sequence[_T]) -> _T:
        return given[self.below(len(given))]

    def some_of(self, given: Sequence[_T], count: int) -> tuple[_T, ...]:
        """`count` of them, none twice."""
        places: dict[int, None] = {}
        while len(places) < count:
            places[self.below(len(given))] = None
        return tuple(given[place] for place in places)
