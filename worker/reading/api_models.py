"""What `/api/v1` reads and writes. What a program sends is bounded here."""

from datetime import date
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Text = Annotated[str, Field(max_length=200)]
Texts = Annotated[tuple[Text, ...], Field(max_length=60)]


class Wanted(BaseModel):
    """The choices of a preview; what is left out takes its default."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    topics: Texts = ()
    keywords: Texts = ()
    authors: Texts = ()
    mutes: Texts = ()
    timezone: Annotated[str, Field(max_length=64)] = "UTC"
    for_you: Annotated[int, Field(ge=0, le=20)] = 5
    trending: Annotated[int, Field(ge=0, le=20)] = 5


class ShownPaper(BaseModel):
    """A paper, as a card shows it."""

    title: str
    by: str
    reason: str
    said: str
    whose_words: str
    url: str
    pdf: str
    code: str


class Preview(BaseModel):
    """The digest that the choices would give now; `quiet` says why there would be no mail."""

    day: date
    for_you: list[ShownPaper]
    trending: list[ShownPaper]
    more: list[ShownPaper]
    new_papers: int
    matched: bool
    quiet: str
    papers_a_day: dict[str, float]
    fetching: list[str]


class TopicOnOffer(BaseModel):
    """One topic of the catalogue."""

    key: str
    name: str
    group: str
    line: str
    papers_a_day: float | None


class Topics(BaseModel):
    """Every topic on offer."""

    topics: list[TopicOnOffer]


class EditionListed(BaseModel):
    """One day of the archive."""

    day: date
    url: str


class Editions(BaseModel):
    """The newest days of the archive, or those before a day."""

    editions: list[EditionListed]


class Edition(BaseModel):
    """What a day closed with, the most trending first."""

    day: date
    is_closed: bool
    note: str
    topic: str
    papers: list[ShownPaper]


class Fault(BaseModel):
    """What was wrong with one field, and what to do about it."""

    field: str
    remedy: str


class Faults(BaseModel):
    """Everything that was wrong."""

    faults: list[Fault]
