"""`trending`: what is trending now, and why."""

import click
from rich.table import Table

from config.runtime import Runtime
from worker.commands.common import console, example, with_runtime
from worker.ingest import runs
from worker.pick.today import Today


@click.command(epilog=example("./paperboy trending", "./paperboy trending --limit 50"))
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 1000), help="How many papers.")
@with_runtime
def trending(runtime: Runtime, limit: int) -> None:
    """What is trending now, and why: the newest ranking, with the operator's pins first and hidden papers struck out."""
    now = runtime.clock.now()
    with runtime.database.reading() as session:
        candidates = Today(runtime.settings).desk(session, now).candidates
        fetching = runs.under_way(session, now)
    for source, words in fetching.items():
        console.print(f"[dim]being fetched: {source}, {words}[/]")
    if not candidates.papers:
        console.print("Nothing yet. Read the sources: paperboy ingest")
        return
    table = Table("", "paper", "score", "why", "listed", title=f"Trending, of {len(candidates.papers)} papers", title_justify="left")
    order = [*candidates.pins, *(place for place in range(len(candidates.papers)) if place not in candidates.pins)]
    for rank, place in enumerate(order[:limit], start=1):
        paper = candidates.papers[place]
        reason = "picked by the editor" if place in candidates.pins else candidates.facts[place].words(now.date())
        title = f"[strike]{paper.title}[/]" if candidates.hidden[place] else paper.title
        table.add_row(str(rank), title, f"{candidates.scores[place]:.2f}", reason, str(paper.listed_on or ""))
    console.print(table)
