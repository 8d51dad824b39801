"""`edition`: the operator's hand on a day, as in "by AK and the research community"."""

from collections.abc import Callable
from datetime import UTC, date, datetime

import click
from sqlalchemy.orm import Session

from config.runtime import Runtime
from worker.commands.common import with_runtime
from worker.commands.terminal import USAGE, example, fail, say
from worker.ingest import catalogue
from worker.ingest.papers import Paper
from worker.pick import editions

EARLIEST, LATEST = 1991, 2199  # years: arXiv's first, and no typing error
DAY = click.option("--day", type=click.DateTime(["%Y-%m-%d"]), metavar="DATE", help="Another day than today (UTC).")


@click.group(
    epilog=example(
        "./paperboy edition pin 2606.18023", "./paperboy edition hide 'LoopCoder-v2'", "./paperboy edition note 'A week of agents.'"
    )
)
def edition() -> None:
    """Pin, hide, or add a note to the day's edition and digests. PAPER is an arXiv id, a link, or a piece of the title."""


@edition.command(epilog=example("./paperboy edition pin 2606.18023"))
@click.argument("paper")
@DAY
@with_runtime
def pin(runtime: Runtime, paper: str, day: datetime | None) -> None:
    """Show PAPER first among the trending ones."""
    _mark(runtime, paper, day, editions.pin, "pinned")


@edition.command(epilog=example("./paperboy edition hide 2606.18023"))
@click.argument("paper")
@DAY
@with_runtime
def hide(runtime: Runtime, paper: str, day: datetime | None) -> None:
    """Never show PAPER."""
    _mark(runtime, paper, day, editions.hide, "hidden")


@edition.command(epilog=example("./paperboy edition unmark 2606.18023"))
@click.argument("paper")
@DAY
@with_runtime
def unmark(runtime: Runtime, paper: str, day: datetime | None) -> None:
    """Take a pin or a hide back."""
    _mark(runtime, paper, day, editions.clear, "unmarked")


@edition.command(epilog=example("./paperboy edition note 'A week of agents.'", "./paperboy edition note ''"))
@click.argument("text")
@DAY
@with_runtime
def note(runtime: Runtime, text: str, day: datetime | None) -> None:
    """Print TEXT at the head of the day's digests and edition; an empty text takes it away."""
    when = _day(runtime, day)
    if (letters := len(" ".join(text.split()))) > editions.NOTE_LETTERS:
        fail(f"the note has {letters} letters; {editions.NOTE_LETTERS} is the most a digest has room for. Nothing was changed", USAGE)
    with runtime.database.transaction() as session:
        kept = editions.note(session, when, text)
    say(f"the edition of {when} says: {kept}" if kept else f"the edition of {when} has no note")


@edition.command(epilog=example("./paperboy edition show", "./paperboy edition show --day 2026-06-17"))
@DAY
@with_runtime
def show(runtime: Runtime, day: datetime | None) -> None:
    """What is pinned, hidden and noted."""
    when = _day(runtime, day)
    with runtime.database.reading() as session:
        marks = editions.marks(session, when)
        papers = catalogue.papers_by_id(session, marks.pins | marks.hides)
        words = editions.notes(session, [when]).get(when, "")
    say(f"edition of {when}: {words or 'no note'}")
    for ids, mark in ((marks.pins, "pinned"), (marks.hides, "hidden")):
        for one in sorted(ids):
            say(f"  {mark}: {papers[one].title}")


def _mark(runtime: Runtime, words: str, day: datetime | None, act: Callable[[Session, date, Paper], object], done: str) -> None:
    when = _day(runtime, day)
    with runtime.database.transaction() as session:
        paper = _one(catalogue.find(session, words), words)
        try:
            changed = act(session, when, paper)
        except editions.Unpinnable as error:
            fail(str(error))
    if changed is False:
        fail(f"it is neither pinned nor hidden on {when}: {paper.title}")
    say(f"{done} on {when}: {paper.title}")


def _one(found: list[Paper], words: str) -> Paper:
    if not found:
        fail(f"no paper is known by {words!r}; give an arXiv id, a link, or a piece of the title")
    if len(found) > 1:
        fail(f"{words!r} may be one of these; give its key:\n" + "\n".join(f"  {paper.key}  {paper.title}" for paper in found))
    return found[0]


def _day(runtime: Runtime, day: datetime | None) -> date:
    when = day.replace(tzinfo=UTC).date() if day else runtime.clock.now().date()
    if not EARLIEST <= when.year <= LATEST:
        fail(f"--day {when}: no edition is that far away; give a day as {runtime.clock.now():%Y-%m-%d}", USAGE)
    return when
