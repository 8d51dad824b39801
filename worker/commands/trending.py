"""`trending`: what is trending now, and why."""

from datetime import date

import click

from config.runtime import Runtime
from worker.commands.common import with_runtime
from worker.commands.terminal import Said, busy, example, say, show
from worker.ingest import runs
from worker.pick.candidates import Candidates
from worker.pick.selection import PINNED
from worker.pick.today import Today


@click.command(epilog=example("./paperboy trending", "./paperboy trending --limit 50"))
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 1000), help="How many papers.")
@with_runtime
def trending(runtime: Runtime, limit: int) -> None:
    """What is trending now, and why: the newest ranking, with the operator's pins first and hidden papers marked as such."""
    now = runtime.clock.now()
    with runtime.database.reading() as session, busy("reading the ranking"):
        candidates = Today(runtime.settings).desk(session, now).candidates
        fetching = runs.under_way(session, now)
    for source, words in fetching.items():
        say((f"being fetched: {source}, {words}", "dim"))
    if not candidates.papers:
        say("Nothing yet. Read the sources: paperboy ingest")
        return
    order = [*candidates.pins, *(place for place in range(len(candidates.papers)) if place not in candidates.pins)]
    rows = [_row(candidates, rank, place, now.date()) for rank, place in enumerate(order[:limit], start=1)]
    show(("", "paper", "score", "why", "listed"), rows, f"Trending, of {len(candidates.papers)} papers")


def _row(candidates: Candidates, rank: int, place: int, today: date) -> tuple[Said, ...]:
    paper = candidates.papers[place]
    reason, style = candidates.facts[place].words(today), ""
    if candidates.hidden[place]:
        reason, style = "hidden by the editor", "strike"
    elif place in candidates.pins:
        reason = PINNED
    return str(rank), (paper.title, style), f"{candidates.scores[place]:.2f}", reason, str(paper.listed_on or "")
