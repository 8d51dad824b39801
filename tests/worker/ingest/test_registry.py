"""The words of PAPERBOY_SOURCES, and what is said of a bad one."""

from pathlib import Path

import pytest

from config.clock import SetClock
from config.database import Database
from config.settings import Settings, SettingsError
from tests.playing import Playing, settings_for
from worker.ingest.registry import arxiv_query, file_source, source_named, sources_from


def of(words: str, server: Playing, database: Database, clock: SetClock) -> list[str]:
    settings = settings_for(server, Path(str(database.url.database)).parent, sources=words)
    return [source.name for source in sources_from(settings, database, clock)]


def test_words_become_sources_in_their_order_each_once(server: Playing, sqlite_database: Database, clock: SetClock) -> None:
    words = (
        "huggingface arxiv:cs.LG,cs.cv,cs.LG feed:https://Example.org/feed.xml file:/srv/week.csv arxiv-oai:cs,physics:hep-th huggingface"
    )
    assert of(words, server, sqlite_database, clock) == [
        "huggingface",
        "arxiv:cs.LG,cs.CV",
        "feed:https://example.org/feed.xml",
        "file:/srv/week.csv",
        "arxiv-oai:cs,physics:hep-th",
    ]


def test_the_defaults_are_sources(sqlite_database: Database, clock: SetClock) -> None:
    names = [source.name for source in sources_from(Settings(), sqlite_database, clock)]
    assert names == list(Settings().sources)


@pytest.mark.parametrize(
    "categories", ["cs.LG", "cond-mat.mes-hall", "physics.ins-det", "astro-ph", "math.AG,q-bio.NC", "hep-th", "eess.IV"]
)
def test_every_kind_of_category_is_known(categories: str, server: Playing, sqlite_database: Database, clock: SetClock) -> None:
    assert of(f"arxiv:{categories}", server, sqlite_database, clock) == [f"arxiv:{categories}"]


@pytest.mark.parametrize(
    ("word", "words"),
    [
        ("hugingface", "is no source; known are huggingface, arxiv:cs.LG,cs.CV, feed:https://example.org/feed.xml"),
        ("huggingface:today", "takes nothing after its name. Like this: huggingface"),
        ("arxiv", "names no categories. Like this: arxiv:cs.LG,cs.CV"),
        ("arxiv:", "names no categories"),
        ("arxiv:cs.LG,,cs.CV", "has an empty place in its list of categories"),
        ("arxiv:cs.LG;cs.CV", "names 'cs.LG;cs.CV', which is no category of arXiv"),
        ("arxiv:machine-learning", "names 'machine-learning', which is no category"),
        ("arxiv-oai:news", "names 'news', which is no set of arXiv. Like this: arxiv-oai:cs,stat"),
        ("feed:", "names no http or https address"),
        ("feed:example.org/feed.xml", "names no http or https address"),
        ("feed:file:///etc/passwd", "names no http or https address"),
        ("file:", "names no file. Like this: file:/srv/papers/week.csv"),
    ],
)
def test_a_bad_word_is_told_with_an_example(word: str, words: str, server: Playing, sqlite_database: Database, clock: SetClock) -> None:
    with pytest.raises(SettingsError) as error:
        of(f"huggingface {word}", server, sqlite_database, clock)
    (fault,) = error.value.faults
    assert fault.startswith(f"PAPERBOY_SOURCES: {word!r} {words}")


def test_every_bad_word_is_told_at_once_and_no_password_with_it(server: Playing, sqlite_database: Database, clock: SetClock) -> None:
    with pytest.raises(SettingsError) as error:
        of("nothing feed:https://ops:hunter2@example.org/feed.xml", server, sqlite_database, clock)
    assert len(error.value.faults) == 2
    assert "hunter2" not in str(error.value)


def test_a_source_is_found_by_its_word_or_its_kind(server: Playing, sqlite_database: Database, clock: SetClock, tmp_path: Path) -> None:
    settings = settings_for(server, tmp_path, sources="huggingface arxiv:cs.LG feed:https://a.example/ feed:https://b.example/")
    assert source_named("arxiv:cs.CV", settings, sqlite_database, clock).name == "arxiv:cs.CV"
    assert source_named("arxiv", settings, sqlite_database, clock).name == "arxiv:cs.LG"
    assert source_named("huggingface", settings, sqlite_database, clock).name == "huggingface"
    with pytest.raises(SettingsError, match="feed"):
        source_named("feed", settings, sqlite_database, clock)


def test_a_file_may_have_blanks_in_its_name_and_stand_in_the_home_folder(clock: SetClock) -> None:
    assert file_source(Path("my papers.csv"), clock).name == "file:my papers.csv"
    assert "~" not in file_source(Path("~/papers.csv"), clock).name


def test_the_query_api_is_reached_as_set(server: Playing, sqlite_database: Database, clock: SetClock, tmp_path: Path) -> None:
    assert list(arxiv_query(settings_for(server, tmp_path), sqlite_database, clock).by_ids([])) == []
