"""`./paperboy eval trending`: what it reads, what it prints, and when it fails."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.eval.observations import Observation, read, watched
from tests.eval.trending import judge, main

HEAD = "paper,listed_at,seen_at,votes\n"


def _file(tmp_path: Path, text: str) -> str:
    path = tmp_path / "votes.csv"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_it_prints_three_metrics_of_three_formulas_and_a_verdict(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [f"p{n},2026-06-16,2026-06-16T12:00:00Z,{n}\np{n},2026-06-16,2026-07-16T12:00:00Z,{n * n}" for n in range(8)]
    assert main([_file(tmp_path, HEAD + "\n".join(rows))]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "8 papers on 1 listing day; each figure is the mean over days",
        "                          nDCG@10       Spearman  top-5 overlap",
        "ours                        1.000          1.000          1.000",
        "raw early votes             1.000          1.000          1.000",
        "Hacker News form            1.000          1.000          1.000",
        "ours is not worse than raw early votes on any (nDCG@10 +0.0000, Spearman +0.0000, top-5 overlap +0.0000)",
    ]


def test_rows_in_any_order_dates_in_any_form_and_columns_in_any_place_are_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = """\ufeffvotes, Seen_At ,paper,listed_at,extra
    90,2026-07-20 08:00:00+02:00,a,2026-06-16T03:50:58.348Z,x
    4,2026-06-16T12:00:00,a,2026-06-16T03:50:58.348Z,x
    2,2026-06-16,b,2026-06-16,x
    7,2026-07-20,b,2026-06-16,x
    """
    assert main([_file(tmp_path, text)]) == 0
    out = capsys.readouterr().out
    assert out.startswith("2 papers on 1 listing day;")
    assert "overlap" not in out.splitlines()[1]  # of two papers, no five


def test_bad_rows_are_named_and_skipped_and_papers_seen_once_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good = "a,2026-06-16,2026-06-16,3\na,2026-06-16,2026-06-20,9\nb,2026-06-16,2026-06-16,1\nb,2026-06-16,2026-06-20,2\n"
    bad = ",2026-06-16,2026-06-16,3\nc,16.6.2026,2026-06-16,3\nc,2026-06-16,soon,3\nc,2026-06-16,2026-06-16,many\n"
    bad += "c,2026-06-16,2026-06-16,-1\nd\n"
    assert main([_file(tmp_path, HEAD + good + bad + "c,2026-06-16,2026-06-16,3\n")]) == 0
    assert capsys.readouterr().err.splitlines() == [
        "skipped line 6: paper is empty",
        "skipped line 7: listed_at '16.6.2026' is no date or time; write 2026-06-17 or 2026-06-17T08:30:00Z",
        "skipped line 8: seen_at 'soon' is no date or time; write 2026-06-17 or 2026-06-17T08:30:00Z",
        "skipped line 9: votes 'many' is no number",
        "skipped line 10: votes '-1' is no whole number from 0 up",
        "skipped line 11: listed_at '' is no date or time; write 2026-06-17 or 2026-06-17T08:30:00Z",
        "left out papers seen only once, of which nothing was known early: c",
    ]


def test_a_hundred_bad_rows_are_not_a_hundred_lines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([_file(tmp_path, HEAD + "x,y,z,0\n" * 100)]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 22
    assert lines[20] == "skipped 80 more such lines"
    assert "nothing to judge" in lines[21]


@pytest.mark.parametrize("text", ["", "paper,votes\na,1\n", HEAD, HEAD + "a,2026-06-16,2026-06-16,3\n"])
def test_a_file_with_nothing_to_judge_says_what_it_needs(tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str) -> None:
    assert main([_file(tmp_path, text)]) == 2
    assert "column" in (words := capsys.readouterr().err) or "two papers of one listing day" in words


def test_a_file_that_is_not_there_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["nowhere.csv"]) == 2
    assert "nowhere.csv" in capsys.readouterr().err


def test_being_worse_than_raw_votes_is_a_failure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Votes of later days count more with us; here they are no sign of what comes."""
    rows = [
        "old,2026-06-10,2026-06-10T06:00,100\nold,2026-06-10,2026-07-10,101",
        "late,2026-06-10,2026-06-10T06:00,0\nlate,2026-06-10,2026-06-15T06:00,90\nlate,2026-06-10,2026-07-10,91",
    ]
    assert main([_file(tmp_path, HEAD + "\n".join(rows))]) == 1
    assert "worse than raw early votes on nDCG@10, Spearman" in capsys.readouterr().out


def test_the_later_line_corrects_an_earlier_one_of_the_same_moment() -> None:
    rows, _ = read([HEAD, "a,2026-06-16,2026-06-16,3\n", "a,2026-06-16,2026-06-16,5\n", "a,2026-06-16,2026-06-19,9\n"])
    (paper,), _ = watched(rows)
    assert ([one.votes for one in paper.known], paper.final.votes) == ([5], 9)


SEEN = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 23), st.integers(0, 60), st.integers(0, 90)), min_size=2, max_size=40)


@given(SEEN)
def test_seen_once_on_their_listing_day_papers_rank_as_by_raw_votes_so_no_metric_can_be_worse(
    rows: list[tuple[int, int, int, int]],
) -> None:
    final = datetime(2026, 7, 20, tzinfo=UTC)
    observations = []
    for number, (day, hour, early, more) in enumerate(rows):
        listed = datetime(2026, 6, 1 + day, hour, tzinfo=UTC)
        seen = datetime(2026, 6, 1 + day, 23, 30, tzinfo=UTC)
        observations += [Observation(str(number), listed, seen, early), Observation(str(number), listed, final, early + more)]
    results = judge(watched(observations)[0])
    assert results["ours"] == pytest.approx(results["raw early votes"])
