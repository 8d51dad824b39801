"""`./paperboy eval trending FILE.csv` measures whether our trending foresees final votes at least as well as raw early votes do.

FILE.csv has the columns paper, listed_at, seen_at, votes and several rows a paper: the last, by seen_at, is the truth, the
earlier ones are what was known. Papers of one listing day compete; every metric is the mean over listing days. On each day
the papers are ranked at the latest early moment of that day by three formulas: ours, raw early votes, and the Hacker News
form (p - 1) / (t + 2)^1.8 with t in hours since listing. Ends with 1 when ours is worse than raw early votes on any metric.
"""

import argparse
import csv
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from itertools import groupby
from pathlib import Path
from statistics import fmean

import click
import numpy as np

from tests.eval.metrics import Floats, ndcg, overlap, spearman
from tests.eval.observations import Watched, read, watched
from worker.pick import trending

METRICS: dict[str, Callable[[Floats, Floats], float | None]] = {"nDCG@10": ndcg, "Spearman": spearman, "top-5 overlap": overlap}
NAMED = 20  # bad rows printed; of the rest, the number


def ours(papers: Sequence[Watched], now: datetime) -> Floats:
    """The score the service gives: first seen is the first early row, snapshots are all of them."""
    known = [(place, one) for place, paper in enumerate(papers) for one in paper.known]
    snapshots = trending.Snapshots(
        paper=np.array([place for place, _ in known], dtype=np.int64),
        taken_at=np.array([one.seen_at.timestamp() for _, one in known]),
        votes=np.array([one.votes for _, one in known], dtype=np.int64),
    )
    listed = np.array([datetime(*paper.day.timetuple()[:3], tzinfo=UTC).timestamp() for paper in papers])
    seen = np.array([paper.known[0].seen_at.timestamp() for paper in papers])
    return trending.scores(listed, seen, snapshots, now.timestamp())


def raw_votes(papers: Sequence[Watched], _now: datetime) -> Floats:
    """The votes known last."""
    return np.array([paper.known[-1].votes for paper in papers], dtype=np.float64)


def hacker_news(papers: Sequence[Watched], now: datetime) -> Floats:
    """(p - 1) / (t + 2)^1.8, as in news.arc of Arc 3.1, the source once published for news.ycombinator.com."""
    hours = np.array([max(0.0, (now - paper.listed_at).total_seconds() / 3600) for paper in papers])
    score: Floats = (raw_votes(papers, now) - 1) / (hours + 2) ** 1.8
    return score


FORMULAS = {"ours": ours, "raw early votes": raw_votes, "Hacker News form": hacker_news}


def judge(papers: Sequence[Watched]) -> dict[str, dict[str, float]]:
    """Each metric of each formula, averaged over the listing days on which it says anything."""
    found: dict[str, dict[str, list[float]]] = {formula: {metric: [] for metric in METRICS} for formula in FORMULAS}
    for day in _days(papers).values():
        truth = np.array([paper.final.votes for paper in day], dtype=np.float64)
        now = max(paper.known[-1].seen_at for paper in day)
        for formula, score in FORMULAS.items():
            scored = score(day, now)
            for metric, measure in METRICS.items():
                if (value := measure(scored, truth)) is not None:
                    found[formula][metric].append(value)
    return {formula: {metric: fmean(values) for metric, values in of.items() if values} for formula, of in found.items()}


def _days(papers: Sequence[Watched]) -> dict[date, list[Watched]]:
    """The papers of each listing day on which at least two compete."""
    ordered = sorted(papers, key=lambda paper: (paper.day, paper.paper))
    days = {day: list(group) for day, group in groupby(ordered, key=lambda paper: paper.day)}
    return {day: group for day, group in days.items() if len(group) > 1}


def main(argv: Sequence[str]) -> int:
    """0: ours is not worse than raw early votes; 1: it is; 2: the file cannot be read or holds nothing to judge."""
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(prog="paperboy eval trending", description=__doc__, formatter_class=raw)
    parser.add_argument("file", type=Path, metavar="FILE.csv", help="columns paper, listed_at, seen_at, votes")
    path: Path = parser.parse_args(argv).file
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            observations, bad = read(lines)
    except (OSError, ValueError, csv.Error) as error:
        click.echo(f"{path}: {error}", err=True)
        return 2
    papers, once = watched(observations)
    _tell_skipped(bad, once)
    results = judge(papers)
    if not results["ours"]:
        click.echo(f"{path}: nothing to judge; it needs two papers of one listing day, each seen twice or more", err=True)
        return 2
    return _report(papers, results)


def _tell_skipped(bad: Sequence[str], once: Sequence[str]) -> None:
    for words in bad[:NAMED]:
        click.echo(f"skipped {words}", err=True)
    if len(bad) > NAMED:
        click.echo(f"skipped {len(bad) - NAMED} more such lines", err=True)
    if once:
        names = ", ".join(once[:3]) + (f" and {len(once) - 3} more" if len(once) > 3 else "")
        click.echo(f"left out papers seen only once, of which nothing was known early: {names}", err=True)


def _report(papers: Sequence[Watched], results: dict[str, dict[str, float]]) -> int:
    days = _days(papers)
    plural = "s" if len(days) > 1 else ""
    click.echo(f"{sum(map(len, days.values()))} papers on {len(days)} listing day{plural}; each figure is the mean over days")
    metrics = list(results["ours"])
    click.echo(f"{'':18}" + "".join(f"{metric:>15}" for metric in metrics))
    for formula, values in results.items():
        click.echo(f"{formula:18}" + "".join(f"{values[metric]:15.3f}" for metric in metrics))
    ahead = {metric: results["ours"][metric] - results["raw early votes"][metric] for metric in metrics}
    worse = [metric for metric in metrics if ahead[metric] < -1e-9]  # less is rounding
    verdict = f"worse than raw early votes on {', '.join(worse)}" if worse else "not worse than raw early votes on any"
    click.echo(f"ours is {verdict} (" + ", ".join(f"{metric} {gain:+.4f}" for metric, gain in ahead.items()) + ")")
    return 1 if worse else 0
