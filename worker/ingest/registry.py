"""From the words of `PAPERBOY_SOURCES` to sources: the only place that knows them all. Asks nobody anything."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random

from config.clock import Clock
from config.database import Database
from config.log import redact
from config.settings import Settings, SettingsError
from worker.ingest.arxiv_query import ArxivQuery
from worker.ingest.client import Client
from worker.ingest.port import Source
from worker.ingest.sanitise import link
from worker.ingest.sources.arxiv import Arxiv
from worker.ingest.sources.arxiv_oai import ArxivOai
from worker.ingest.sources.feed import Feed
from worker.ingest.sources.file import File
from worker.ingest.sources.huggingface import HuggingFace

# https://arxiv.org/category_taxonomy; an archive may stand for all that is filed under it.
_ARCHIVES = (
    r"astro-ph|cond-mat|cs|econ|eess|gr-qc|hep-ex|hep-lat|hep-ph|hep-th|math|math-ph|nlin|nucl-ex|nucl-th|physics|q-bio|q-fin|quant-ph|stat"
)
_CATEGORY = re.compile(rf"({_ARCHIVES})(?:\.([A-Za-z]{{2}}|[a-z]+-[a-z]+))?")
_SET = re.compile(rf"(?:{_ARCHIVES})(?::[A-Za-z-]+){{0,2}}")


@dataclass(frozen=True, slots=True)
class _Office:
    """What sources are made with."""

    settings: Settings
    database: Database
    clock: Clock

    @property
    def client(self) -> Client:
        return Client(self.settings, self.database, self.clock, Random())  # noqa: S311 - jitter, not a secret

    @property
    def query(self) -> ArxivQuery:
        return ArxivQuery(self.settings.arxiv_api_url, self.client)


def _huggingface(rest: str, office: _Office) -> Source:
    if rest:
        raise ValueError("takes nothing after its name")
    return HuggingFace(office.settings.huggingface_url, office.client)


def _arxiv(rest: str, office: _Office) -> Source:
    categories = tuple(dict.fromkeys(map(_category, _list(rest, "categories"))))
    return Arxiv(categories, office.settings.arxiv_feed_url, office.query, office.client, office.clock)


def _arxiv_oai(rest: str, office: _Office) -> Source:
    sets = tuple(dict.fromkeys(_list(rest, "sets")))
    if bad := [one for one in sets if not _SET.fullmatch(one)]:
        raise ValueError(f"names {bad[0]!r}, which is no set of arXiv")
    return ArxivOai(sets, office.settings.arxiv_oai_url, office.client)


def _feed(rest: str, office: _Office) -> Source:
    url = link(rest)
    if url is None:
        raise ValueError("names no http or https address (one with a password in it is refused: it would be told to everybody)")
    return Feed(url, office.client)


def _file(rest: str, office: _Office) -> Source:
    if not rest:
        raise ValueError("names no file")
    return file_source(Path(rest), office.clock)


# A new source: one file in worker/ingest/sources, one line here.
_MAKERS: dict[str, tuple[Callable[[str, _Office], Source], str]] = {
    "huggingface": (_huggingface, "huggingface"),
    "arxiv": (_arxiv, "arxiv:cs.LG,cs.CV"),
    "feed": (_feed, "feed:https://example.org/feed.xml"),
    "file": (_file, "file:/srv/papers/week.csv"),
    "arxiv-oai": (_arxiv_oai, "arxiv-oai:cs,stat"),
}


def sources_from(settings: Settings, database: Database, clock: Clock) -> tuple[Source, ...]:
    """The sources these settings name, each once, in their order. Raises SettingsError with a line a fault."""
    office = _Office(settings, database, clock)
    faults: list[str] = []
    made: dict[str, Source] = {}
    for word in settings.sources:
        try:
            source = _made(word, office)
        except ValueError as error:
            faults.append(_explain(word, error))
        else:
            made.setdefault(source.name, source)
    if faults:
        raise SettingsError(faults)
    return tuple(made.values())


def source_named(word: str, settings: Settings, database: Database, clock: Clock) -> Source:
    """The source that `word` describes, named by the settings or not; "arxiv" alone is the one of the settings that begins so.

    Raises SettingsError when there is none.
    """
    chosen = [given for given in settings.sources if given.startswith(f"{word}:")]
    try:
        return _made(chosen[0] if len(chosen) == 1 and ":" not in word else word, _Office(settings, database, clock))
    except ValueError as error:
        raise SettingsError([_explain(word, error)]) from error


def file_source(path: Path, clock: Clock) -> Source:
    """The file at `path`, whose name may hold blanks."""
    return File(path.expanduser(), clock)


def names_of(settings: Settings, database: Database, clock: Clock) -> tuple[str, ...]:
    """The names under which runs of these sources are on record. Raises SettingsError."""
    return tuple(source.name for source in sources_from(settings, database, clock))


def arxiv_query(settings: Settings, database: Database, clock: Clock) -> ArxivQuery:
    """The query API as these settings reach it: papers by id, and the id of a title."""
    return _Office(settings, database, clock).query


def _made(word: str, office: _Office) -> Source:
    """Raises ValueError, whose words continue the word's own."""
    name, _, rest = word.partition(":")
    if name not in _MAKERS:
        raise ValueError(f"is no source; known are {', '.join(example for _, example in _MAKERS.values())}")
    make, example = _MAKERS[name]
    try:
        return make(rest, office)
    except ValueError as error:
        raise ValueError(f"{error}. Like this: {example}") from error


def _list(rest: str, what: str) -> list[str]:
    if not rest:
        raise ValueError(f"names no {what}")
    found = rest.split(",")
    if "" in found:
        raise ValueError(f"has an empty place in its list of {what}")
    return found


def _category(word: str) -> str:
    """The category as arXiv spells it: cs.lg is cs.LG."""
    found = _CATEGORY.fullmatch(word)
    if not found:
        raise ValueError(f"names {word!r}, which is no category of arXiv")
    archive, subject = found[1], found[2]
    return f"{archive}.{subject.upper() if len(subject) == 2 else subject}" if subject else archive  # noqa: PLR2004 - LG, ML


def _explain(word: str, error: ValueError) -> str:
    return f"PAPERBOY_SOURCES: {redact(word)!r} {error}"
