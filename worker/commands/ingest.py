"""`ingest`: read sources now, or a file."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from shutil import copyfileobj
from tempfile import TemporaryDirectory

import click

from config.runtime import Runtime
from config.settings import SettingsError
from worker.commands.common import with_runtime
from worker.commands.terminal import FAILED, USAGE, busy, console, example, fail, say
from worker.ingest import runs
from worker.ingest.port import Source
from worker.ingest.registry import file_source, source_named, sources_from
from worker.ingest.runs import Summary
from worker.pick import rankings

SKIPS_SHOWN = 20
EARLIEST = date(1991, 8, 14)  # arXiv's first paper


@click.command(
    epilog=example(
        "./paperboy ingest",
        "./paperboy ingest huggingface --since 2026-06-15",
        "./paperboy ingest feed:https://example.org/feed.xml",
        "./paperboy ingest file trending_page.txt",
        "docker compose exec -T worker paperboy ingest file - < papers.jsonl",
    )
)
@click.argument("source", required=False)
@click.argument("path", required=False, type=click.Path(path_type=Path))
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), metavar="DATE", help="Every day from this one on, as 2026-06-15 (UTC).")
@with_runtime
def ingest(runtime: Runtime, source: str | None, path: Path | None, since: datetime | None) -> None:
    """Read sources now: all that PAPERBOY_SOURCES names, one of them, or a file (JSON, JSON lines, CSV, or a page of titles and abstracts).

    One bad entry is skipped and named; it never stops the rest. Ends with 1 if a source could not be read to its end.
    """
    first_day = _checked(runtime, since.date()) if since else None
    with _standard_input(runtime, path) as there:
        wanted = _sources(runtime, source, there)
        if there != path:
            wanted[0].name = "file:-"
        summaries = [_read(runtime, one, first_day) for one in wanted]
    with busy("ranking"), runtime.database.transaction() as session:
        ranking = rankings.make_ranking(session, runtime.clock.now())
    say(f"new ranking of {ranking.size} papers; see: paperboy trending" if ranking else "the ranking is as it was")
    raise SystemExit(FAILED if any(summary.error for summary in summaries) else 0)


@contextmanager
def _standard_input(runtime: Runtime, path: Path | None) -> Iterator[Path | None]:
    """`-` as a file, for as long as it is read: containers hold no file of the operator's."""
    if path != Path("-"):
        yield path
        return
    runtime.settings.state_dir.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=runtime.settings.state_dir) as folder:
        file = Path(folder) / "stdin"
        with file.open("wb") as copy:
            copyfileobj(sys.stdin.buffer, copy)
        yield file


def _sources(runtime: Runtime, word: str | None, path: Path | None) -> list[Source]:
    if word == "file":
        if path is None:
            fail("which file? Example: paperboy ingest file trending_page.txt", USAGE)
        return [file_source(path, runtime.clock)]
    if path is not None:
        fail(f"{str(path)!r} is one word too many; only `file` takes a path", USAGE)
    if word:
        return [_named(runtime, word)]
    found = list(sources_from(runtime.settings, runtime.database, runtime.clock))
    if not found:
        fail("PAPERBOY_SOURCES is empty: nothing to read. Name a source (paperboy ingest huggingface), or a file", USAGE)
    return found


def _named(runtime: Runtime, word: str) -> Source:
    try:
        return source_named(word, runtime.settings, runtime.database, runtime.clock)
    except SettingsError as error:
        if Path(word).is_file():
            fail(f"{word!r} is a file; read it with: paperboy ingest file {word}", USAGE)
        fail("\n".join(fault.removeprefix("PAPERBOY_SOURCES: ") for fault in error.faults), USAGE)


def _checked(runtime: Runtime, since: date) -> date:
    today = runtime.clock.now().date()
    if not EARLIEST <= since <= today:
        fail(f"--since {since}: give a day that has been, from {EARLIEST} on; today is {today} (UTC)", USAGE)
    return since


def _read(runtime: Runtime, source: Source, since: date | None) -> Summary:
    with busy(f"{source.name}: connecting") as update:
        tell: Callable[[str], None] = update if console.is_terminal else say
        summary = runs.ingest(runtime.database, runtime.clock, source, since=since, notify=lambda words: tell(f"{source.name}: {words}"))
    _tell(summary)
    return summary


def _tell(summary: Summary) -> None:
    say(f"{summary.source}: {summary.seen} seen, {summary.new} new, {summary.changed} changed, {summary.skips} skipped")
    for entry, reason in list(summary.skipped.items())[:SKIPS_SHOWN]:
        say(f"  skipped {entry}: {reason}")
    if summary.skips > SKIPS_SHOWN:
        say(f"  and {summary.skips - SKIPS_SHOWN} more")
    if summary.error:
        say("  ", ("failed", "bold red"), f" {summary.error}")
    elif summary.stale:
        say("  ", ("stale", "yellow"), ": nothing that it had not listed before")
