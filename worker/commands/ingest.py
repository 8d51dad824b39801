"""`ingest`: read sources now, or a file."""

from datetime import date, datetime
from pathlib import Path

import click

from config.runtime import Runtime
from config.settings import SettingsError
from worker.commands.common import USAGE, console, example, fail, with_runtime
from worker.ingest import runs
from worker.ingest.port import Source
from worker.ingest.registry import file_source, source_named, sources_from
from worker.ingest.runs import Summary
from worker.pick import rankings

SKIPS_SHOWN = 20


@click.command(
    epilog=example(
        "./paperboy ingest",
        "./paperboy ingest huggingface --since 2026-06-15",
        "./paperboy ingest feed:https://example.org/feed.xml",
        "./paperboy ingest file trending_page.txt",
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
    summaries = [_read(runtime, one, since.date() if since else None) for one in _sources(runtime, source, path)]
    with runtime.database.transaction() as session:
        ranking = rankings.make_ranking(session, runtime.clock.now())
    console.print(f"new ranking of {ranking.size} papers; see: paperboy trending" if ranking else "the ranking is as it was")
    raise SystemExit(1 if any(summary.error for summary in summaries) else 0)


def _sources(runtime: Runtime, word: str | None, path: Path | None) -> list[Source]:
    try:
        if word == "file":
            if path is None:
                fail("which file? Example: paperboy ingest file trending_page.txt", USAGE)
            return [file_source(path, runtime.clock)]
        if path is not None:
            fail(f"{path} is one word too many; only `file` takes a path", USAGE)
        if word:
            return [source_named(word, runtime.settings, runtime.database, runtime.clock)]
        return list(sources_from(runtime.settings, runtime.database, runtime.clock))
    except SettingsError as error:
        fail(str(error), USAGE)


def _read(runtime: Runtime, source: Source, since: date | None) -> Summary:
    try:
        if console.is_terminal:
            with console.status(f"{source.name}: connecting") as status:
                summary = runs.ingest(
                    runtime.database, runtime.clock, source, since=since, notify=lambda words: status.update(f"{source.name}: {words}")
                )
        else:
            summary = runs.ingest(runtime.database, runtime.clock, source, since=since)
    except ValueError as error:
        fail(f"--since: {error}", USAGE)
    _tell(summary)
    return summary


def _tell(summary: Summary) -> None:
    console.print(f"{summary.source}: {summary.seen} seen, {summary.new} new, {summary.changed} changed, {summary.skips} skipped")
    for entry, reason in list(summary.skipped.items())[:SKIPS_SHOWN]:
        console.print(f"  skipped {entry}: {reason}", markup=False)
    if summary.skips > SKIPS_SHOWN:
        console.print(f"  and {summary.skips - SKIPS_SHOWN} more")
    if summary.error:
        console.print(f"  [bold red]failed[/] {summary.error}")
    elif summary.stale:
        console.print("  [yellow]stale[/]: nothing that it had not listed before")
