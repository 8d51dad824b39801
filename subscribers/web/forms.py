"""The form of choices: filled from choices or from what was typed, and read back into checked choices."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

from markupsafe import Markup, escape

from subscribers.cadence import WEEKDAYS
from subscribers.choices import MOST_PAPERS, Choices, Fault, Field, check_choices, in_lines
from subscribers.topics import Catalogue, Topic
from subscribers.web.site import Asked
from subscribers.web.words import brings
from subscribers.zones import zone_names

_BOXES = (Field.KEYWORDS, Field.AUTHORS, Field.MUTES)
_SINGLE = (Field.NAME, Field.CADENCE, Field.WEEKDAY, Field.HOUR, Field.ZONE, Field.FOR_YOU, Field.TRENDING)


@dataclass(frozen=True, slots=True)
class Chip:
    """One topic on offer."""

    topic: Topic
    chosen: bool
    brings: str  # "41 a day"; empty while nothing is known


@dataclass(frozen=True, slots=True)
class Form:
    """What the template fills its fields with, and what it offers."""

    groups: Mapping[str, Sequence[Chip]]
    boxes: Mapping[str, str]  # field -> a wish a line
    values: Mapping[str, str]  # field -> value
    faults: Mapping[str, str] = field(default_factory=dict)  # field -> what to do about it
    weekdays: Sequence[str] = WEEKDAYS
    hours: Sequence[str] = tuple(f"{hour:02d}:00" for hour in range(24))
    sizes: Sequence[int] = tuple(range(MOST_PAPERS + 1))

    @property
    def zone_options(self) -> Markup:
        """The zones by area, the reader's own selected; one that is no longer on offer is kept for whoever has it."""
        chosen = str(escape(self.values[Field.ZONE]))
        options, option = _zone_options(), f'<option value="{chosen}">'
        if option not in options:
            return Markup(f"{option}{chosen}</option>{options}")  # noqa: S704 - escaped above
        return Markup(options.replace(option, f'<option value="{chosen}" selected>'))  # noqa: S704 - as above


def filled(choices: Choices, catalogue: Catalogue, papers_a_day: Mapping[str, float]) -> Form:
    """The form as these choices fill it."""
    values = {
        Field.NAME: choices.name,
        Field.CADENCE: str(choices.cadence),
        Field.WEEKDAY: str(choices.weekday),
        Field.HOUR: str(choices.hour),
        Field.ZONE: choices.zone,
        Field.FOR_YOU: str(choices.for_you),
        Field.TRENDING: str(choices.trending),
    }
    boxes = {Field.KEYWORDS: choices.keywords, Field.AUTHORS: choices.authors, Field.MUTES: choices.mutes}
    return Form(_groups(catalogue, choices.topics, papers_a_day), _plain(boxes), _named(values))


def refilled(asked: Asked, default: Choices, catalogue: Catalogue, papers_a_day: Mapping[str, float], faults: Sequence[Fault]) -> Form:
    """The form as somebody sent it, with what is wrong."""
    empty = filled(default, catalogue, papers_a_day)
    values = {str(name): asked.one(name)[:200] if name in asked.form else empty.values[name] for name in _SINGLE}
    boxes = {name: in_lines("\n".join(asked.form.get(name, ()))) for name in _BOXES}
    said: dict[str, str] = {}
    for fault in faults:
        said.setdefault(str(fault.field), f"{fault.value}: {fault.remedy}" if fault.value else fault.remedy)
    return Form(_groups(catalogue, asked.form.get(Field.TOPICS, ()), papers_a_day), _plain(boxes), values, said)


def read(asked: Asked, catalogue: Catalogue, default: Choices) -> Choices:
    """The choices that were sent. Raises ChoicesError."""
    typed: dict[str, Sequence[str]] = {name: asked.form.get(name, ()) for name in (*_SINGLE, Field.TOPICS)}
    typed |= {name: in_lines("\n".join(asked.form.get(name, ()))) for name in _BOXES}
    return check_choices(typed, catalogue, default)


def hidden(choices: Choices) -> Sequence[tuple[str, str]]:
    """These choices as fields that nobody sees: an undo button sends them."""
    fields = [(Field.TOPICS, key) for key in choices.topics]
    fields += [(Field.KEYWORDS, word) for word in choices.keywords]
    fields += [(Field.AUTHORS, name) for name in choices.authors]
    fields += [(Field.MUTES, word) for word in choices.mutes]
    fields += [(Field.NAME, choices.name), (Field.CADENCE, str(choices.cadence)), (Field.WEEKDAY, str(choices.weekday))]
    fields += [(Field.HOUR, str(choices.hour)), (Field.ZONE, choices.zone)]
    fields += [(Field.FOR_YOU, str(choices.for_you)), (Field.TRENDING, str(choices.trending))]
    return [(str(name), value) for name, value in fields]


def _groups(catalogue: Catalogue, chosen: Sequence[str], papers_a_day: Mapping[str, float]) -> Mapping[str, Sequence[Chip]]:
    return {
        group: [Chip(topic, topic.key in chosen, brings(papers_a_day.get(topic.key))) for topic in topics]
        for group, topics in catalogue.groups().items()
    }


def _plain(boxes: Mapping[Field, Sequence[str]]) -> Mapping[str, str]:
    return {str(name): "\n".join(values) for name, values in boxes.items()}


def _named(values: Mapping[Field, str]) -> Mapping[str, str]:
    return {str(name): value for name, value in values.items()}


@cache
def _zone_options() -> str:
    groups: dict[str, list[str]] = {}
    for name in zone_names():
        area, _, city = name.partition("/")
        groups.setdefault(area if city else "", []).append(f'<option value="{name}">{name.replace("_", " ")}</option>')
    return "".join(f'<optgroup label="{area}">{"".join(names)}</optgroup>' if area else "".join(names) for area, names in groups.items())
