"""`./paperboy eval topics`: what it judges by, what it prints, and when it fails."""

import gzip
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from subscribers.topics import Catalogue, Topic
from tests.eval.listings import read_days
from tests.eval.topic_judging import auc, judge, learned
from tests.eval.topics import main
from worker.pick.topic_model import empty_model

LISTINGS = Path(__file__).parents[1] / "data" / "topics"
CODES = Topic(key="codes", name="Codes", group="G", line="L", categories=("cs.IT",), phrases=("coding",))
PICTURES = Topic(key="pictures", name="Pictures", group="G", line="L", categories=("cs.CV",), phrases=("image",))


def _day(folder: Path, name: str, *rows: Mapping[str, object] | str) -> None:
    lines = [row if isinstance(row, str) else json.dumps({"summary": "", "authors": [], **row}) for row in rows]
    (folder / name).write_text("\n".join(lines), encoding="utf-8")


def test_it_judges_the_recorded_days_prints_every_topic_and_reaches_the_bars(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(LISTINGS)]) == 0
    out = capsys.readouterr().out
    assert "Information theory" in out
    assert "State-space models" in out
    assert out.count("reached  ") == 4
    assert "shown for Information theory" in out


def test_a_missed_bar_ends_with_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for day in range(2):
        rows = [{"id": f"26{day + 1:02}.{n:05}", "title": "Same words", "categories": ["cs.RO" if n % 2 else "cs.CV"]} for n in range(40)]
        _day(tmp_path, f"2026-0{day + 1}-01.jsonl", *rows)
    assert main([str(tmp_path)]) == 1
    assert "MISSED   lowest AUC of these: 0.500 (bar 0.800)" in capsys.readouterr().out


@pytest.mark.parametrize("names", [[], ["2026-06-15.jsonl"]])
def test_fewer_than_two_days_end_with_2_and_a_remedy(tmp_path: Path, names: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    for name in names:
        _day(tmp_path, name, {"id": "2606.00001", "title": "T", "categories": ["cs.RO"]})
    assert main([str(tmp_path)]) == 2
    assert "give a folder of files such as 2026-06-15.jsonl.gz" in capsys.readouterr().err


def test_a_folder_or_file_that_cannot_be_read_ends_with_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "nowhere")]) == 2
    (tmp_path / "2026-06-15.jsonl.gz").write_bytes(gzip.compress(b"{}")[:-4])
    assert main([str(tmp_path)]) == 2
    assert capsys.readouterr().err


def test_bad_lines_are_named_and_skipped_and_a_paper_is_read_once_a_day(tmp_path: Path) -> None:
    row = {"id": "2606.00001", "title": "T", "categories": ["cs.RO"]}
    _day(tmp_path, "2026-06-15.jsonl", row, row, "{", "[]", '{"id": 7}', row | {"id": "x"}, row | {"title": ""}, row | {"categories": []})
    (day,) = read_days(tmp_path)
    assert [paper.key for paper in day.papers] == ["arxiv:2606.00001"]
    assert [words.split(":")[0] for words in day.bad] == [f"2026-06-15.jsonl line {number}" for number in range(3, 9)]


def test_no_model_has_seen_a_paper_of_the_day_it_judges(tmp_path: Path) -> None:
    """A word that tells the topic on one day only helps nobody, unless that day was learned from."""
    for day in range(3):
        rows = [
            {"id": f"26{day + 1:02}.{n:05}", "title": f"{'beam' if n % 2 else 'pixel'}{day}", "categories": ["cs.IT" if n % 2 else "cs.CV"]}
            for n in range(20)
        ]
        _day(tmp_path, f"2026-0{day + 1}-01.jsonl", *rows)
    days = read_days(tmp_path)
    ours = Catalogue((CODES, PICTURES))
    for model in (empty_model(), learned(days, ours)):
        assert [verdict.auc for verdict in judge(days, ours, model)] == [0.5, 0.5]
    again = [*days, days[0], days[1]]  # days listed twice, as after a holiday: each paper is judged once, and never learned from first
    assert [(verdict.papers, verdict.auc) for verdict in judge(again, ours, empty_model())] == [(30, 0.5), (30, 0.5)]


def _named(day: int, filed: Callable[[int], bool]) -> list[dict[str, object]]:
    """Forty papers: twenty whose titles bear the topic's name, of which some are filed under it, and twenty of another."""
    titles = ["Coding for a noisy channel", "Pixels of an image"]
    rows = [{"id": f"26{day + 1:02}.{n:05}", "title": titles[n % 2], "summary": f"Word{day}x{n}."} for n in range(40)]
    return [row | {"categories": ["cs.IT" if n % 2 == 0 and filed(n) else "cs.CV"]} for n, row in enumerate(rows)]


def _shown(folder: Path, filed: Callable[[int], bool]) -> tuple[int, int]:
    for day in range(3):
        _day(folder, f"2026-0{day + 1}-01.jsonl", *_named(day, filed))
    days, ours = read_days(folder), Catalogue((CODES,))
    (verdict,) = judge(days, ours, learned(days, ours))
    return verdict.cards.shown, verdict.cards.filed


def test_everything_that_fit_would_show_is_judged_and_what_names_tell_right_is_shown(tmp_path: Path) -> None:
    assert _shown(tmp_path, lambda _n: True) == (60, 60)


def test_a_topic_whose_names_tell_right_half_of_the_time_shows_nothing(tmp_path: Path) -> None:
    assert _shown(tmp_path, lambda n: n % 4 == 0) == (0, 0)


def test_a_model_that_never_saw_the_days_is_judged_as_it_is(tmp_path: Path) -> None:
    """Other days of the folder may teach what the AUC measures, but not what is shown: the service has not learned them."""
    for day in range(3):
        _day(tmp_path, f"2026-0{day + 1}-01.jsonl", *_named(day, lambda n: n % 4 == 0))
    ours = Catalogue((CODES,))
    (first, *rest) = read_days(tmp_path)
    silent = learned([first], ours)
    (before,) = judge(rest, ours, silent)
    (after,) = judge(rest, ours, replace(silent, thresholds=np.zeros(1)))
    assert before.cards.shown == 0
    assert after.cards.shown >= 40


def test_auc_counts_ties_half_and_needs_both_kinds() -> None:
    assert auc(np.array([True, False, True]), np.array([3.0, 2.0, 1.0])) == 0.5
    assert auc(np.array([True, False]), np.array([1.0, 1.0])) == 0.5
    assert auc(np.array([True, True]), np.array([1.0, 2.0])) is None
