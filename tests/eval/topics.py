"""`./paperboy eval topics FOLDER`: how well words find the topics that papers were filed under, categories hidden.

FOLDER holds a file a day (`2026-06-15.jsonl.gz`), each line a paper with id, title, summary, authors and categories. Every paper is judged
once, on the first day that lists it, its categories hidden, by a model that has seen no paper of that day: the bundled one as the service
uses it, or one learned anew from the folder's other days where the bundled one was learned from the judged day. What is measured:

AUC     how often a paper of the topic scores above one that is not, over all days; a paper is of a topic by its categories. The bundled
        model may learn the folder's other days first.
shown   papers that the service would show to a reader who follows the topic alone, on whatever ground: cards and titles, all of them.
belong  how many of these are in the topic's categories.

Topics that share no category with another and have 30 papers or more are held to bars: AUC 0.80 each and 0.90 in the median, and 70 % of
what is shown, for each topic and in all; a topic that shows nothing shows nothing wrong. The rest is printed without a bar: it is rare, or
shares a category, and being in that says little of the topic. Ends with 0 when every bar is reached, 1 when one is not, 2 when there is
nothing to judge.
"""

import argparse
import zlib
from collections.abc import Sequence
from pathlib import Path
from statistics import median

import click
from rich.console import Console
from rich.table import Table

from subscribers.topics import bundled_catalogue, parse_catalogue
from tests.eval.listings import read_days
from tests.eval.topic_judging import Tally, Verdict, judge, learned, together
from worker.pick.topic_file import BUNDLED, bundled_model, write_model

ENOUGH = 30  # papers of a topic, for the bars
MEDIAN_AUC, LEAST_AUC, PRECISION = 0.90, 0.80, 0.70
NAMED_BAD = 10  # bad lines printed; of the rest, the number


def main(argv: Sequence[str]) -> int:
    """0: every bar is reached; 1: one is not; 2: there is nothing to judge."""
    parser = argparse.ArgumentParser(
        prog="paperboy eval topics",
        description=__doc__,
        epilog="Example: ./paperboy eval topics listings/",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="a file a day: 2026-06-15.jsonl.gz, …")
    parser.add_argument("--catalogue", type=Path, metavar="FILE.toml", help="topics of your own, as PAPERBOY_TOPICS names them")
    parser.add_argument("--learn", action="store_true", help="then write the bundled model anew, learned from all papers in FOLDER")
    chosen = parser.parse_args(argv)
    try:
        catalogue = parse_catalogue(chosen.catalogue.read_text(encoding="utf-8")) if chosen.catalogue else bundled_catalogue()
        days = read_days(chosen.folder)
    except (OSError, EOFError, ValueError, zlib.error) as error:
        click.echo(str(error), err=True)
        return 2
    _tell_bad([words for day in days for words in day.bad])
    if sum(bool(day.papers) for day in days) < 2:
        click.echo(f"{chosen.folder}: fewer than two days with papers; give a folder of files such as 2026-06-15.jsonl.gz", err=True)
        return 2
    if chosen.learn:
        write_model(learned(days, catalogue), BUNDLED)
        click.echo(f"{BUNDLED.name} is learned anew from {len(days)} days; start the processes again to use it")
        bundled_model.cache_clear()
    verdicts = judge(days, catalogue, bundled_model())
    _table(verdicts)
    return _bars(verdicts)


def _tell_bad(bad: Sequence[str]) -> None:
    for words in bad[:NAMED_BAD]:
        click.echo(f"skipped {words}", err=True)
    if len(bad) > NAMED_BAD:
        click.echo(f"skipped {len(bad) - NAMED_BAD} more such lines", err=True)


def _table(verdicts: Sequence[Verdict]) -> None:
    table = Table("topic", "bar", "papers", "AUC", "shown", "belong", "precision")
    for verdict in sorted(verdicts, key=lambda verdict: (not _barred(verdict), not verdict.exclusive, -verdict.papers)):
        table.add_row(
            verdict.topic.name,
            "*" if _barred(verdict) else "",
            str(verdict.papers),
            "-" if verdict.auc is None else f"{verdict.auc:.3f}",
            str(verdict.cards.shown),
            str(verdict.cards.filed),
            _percent(verdict.cards),
        )
    Console(width=120).print(table)
    click.echo("*: held to the bars. The rest are rare, or share a category: then being in it says little of the topic.")


def _percent(tally: Tally) -> str:
    return "-" if tally.share is None else f"{tally.share:.0%}"


def _barred(verdict: Verdict) -> bool:
    return verdict.exclusive and verdict.papers >= ENOUGH and verdict.auc is not None


def _bars(verdicts: Sequence[Verdict]) -> int:
    barred = [verdict for verdict in verdicts if _barred(verdict)]
    if not barred:
        click.echo(f"no topic shares no category and has {ENOUGH} papers: nothing to hold to the bars; give more days", err=True)
        return 2
    areas = [verdict.auc or 0.0 for verdict in barred]
    pooled = together(verdict.cards for verdict in barred)
    reached = [
        _bar(f"median AUC of {len(barred)} topics", median(areas), MEDIAN_AUC, ".3f"),
        _bar("lowest AUC of these", min(areas), LEAST_AUC, ".3f"),
        _bar(f"belong, of {pooled.shown} papers shown for these", pooled.share, PRECISION, ".0%"),
        *(
            _bar(f"belong, of {verdict.cards.shown} shown for {verdict.topic.name}", verdict.cards.share, PRECISION, ".0%")
            for verdict in barred
        ),
    ]
    _without_bar("other topics that share no category", [verdict for verdict in verdicts if verdict.exclusive and not _barred(verdict)])
    _without_bar("topics that share one", [verdict for verdict in verdicts if not verdict.exclusive])
    return 0 if all(reached) else 1


def _without_bar(which: str, verdicts: Sequence[Verdict]) -> None:
    every = together(verdict.cards for verdict in verdicts)
    silent = sum(not verdict.cards.shown for verdict in verdicts)
    click.echo(f"no bar   belong, of {every.shown} shown for {which}: {_percent(every)}; {silent} of {len(verdicts)} show nothing")


def _bar(words: str, value: float | None, bar: float, form: str) -> bool:
    """Says whether the bar is reached; where nothing is shown there is nothing that could be wrong."""
    reached = value is None or value >= bar
    found = "none" if value is None else format(value, form)
    click.echo(f"{'reached' if reached else 'MISSED '}  {words}: {found} (bar {format(bar, form)})")
    return reached
