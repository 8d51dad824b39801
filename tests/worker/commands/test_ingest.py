"""`ingest`: sources by name, files of every kind, and what a tired hand types instead."""

import signal
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from tests.playing import playing, status
from tests.worker.commands.desk import PAGE, Desk
from worker.ingest.models import Run


def test_the_clients_own_page_is_read_whole_and_ranked(desk: Desk) -> None:
    said = desk.done("ingest", "file", str(PAGE))
    assert "78 seen, 78 new, 0 changed, 0 skipped" in said
    assert "new ranking of 78 papers; see: paperboy trending" in said


def test_reading_a_file_again_brings_nothing_new(stocked: Desk) -> None:
    said = stocked.done("ingest", "file", str(PAGE))
    assert "78 seen, 0 new, 0 changed" in said
    assert "the ranking is as it was" in said


def test_a_bad_entry_is_named_by_its_line_and_stops_no_other(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "papers.csv"
    file.write_text("title,votes\nGood one,3\n,7\nAnother good one,x\n", encoding="utf-8")
    said = desk.run("ingest", "file", str(file))
    assert said.code == 0
    assert "2 seen, 2 new" in said.out
    assert "skipped line 3: has no title" in said.out


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"\n\n", "is empty"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0", "what is read"),
        (b"just words\n", "what is read"),
        (b"<html><body>no</body></html>", "what is read"),
        (b"{broken", "skipped line 1"),
    ],
)
def test_a_file_that_holds_no_papers_says_what_would(desk: Desk, tmp_path: Path, content: bytes, words: str) -> None:
    file = tmp_path / "odd"
    file.write_bytes(content)
    said = desk.run("ingest", "file", str(file))
    assert words in said.out
    assert said.code == (0 if "skipped" in words else 1)


def test_a_path_that_is_no_file_is_told(desk: Desk, tmp_path: Path) -> None:
    assert "does not exist; check the path" in desk.run("ingest", "file", str(tmp_path / "none.txt")).out
    folder = desk.run("ingest", "file", str(tmp_path))
    assert "is no file" in folder.out
    assert folder.code == 1


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("file",), "which file? Example: paperboy ingest file trending_page.txt"),
        (("huggingface", "page.txt"), "'page.txt' is one word too many; only `file` takes a path"),
        (("hugingface",), "'hugingface' is no source; known are huggingface, arxiv:"),
        (("arxiv:cs.NOPE",), "no category of arXiv"),
        (("feed:ftp://example.org/",), "names no http or https address"),
        ((), "PAPERBOY_SOURCES is empty: nothing to read"),
        ((str(PAGE),), f"is a file; read it with: paperboy ingest file {PAGE}"),
    ],
)
def test_a_word_that_is_no_source_is_told_with_what_would_be(desk: Desk, words: tuple[str, ...], told: str) -> None:
    said = desk.run("ingest", *words)
    assert told in said.err
    assert said.code == 2
    assert "PAPERBOY_SOURCES:" not in said.err, "the setting is not at fault"


@pytest.mark.parametrize("since", ["0001-01-01", "1990-01-01", "9999-12-31", "tomorrow"])
def test_days_that_no_source_lists_are_refused_before_anything_is_read(desk: Desk, since: str) -> None:
    day = (datetime.now(UTC) + timedelta(days=1)).date().isoformat() if since == "tomorrow" else since
    before = desk.everything()
    said = desk.run("ingest", "file", str(PAGE), "--since", day)
    assert f"--since {day}: give a day that has been" in said.err
    assert said.code == 2
    assert desk.everything() == before


def test_a_day_that_is_no_day_is_wrong_usage(desk: Desk) -> None:
    for typed in ("yesterday", "2026-02-30", "17.6.2026", ""):
        said = desk.run("ingest", "--since", typed)
        assert said.code == 2
        assert "--since" in said.err


def test_a_source_that_does_not_answer_is_named_and_the_others_are_read(desk: Desk) -> None:
    dead = "http://127.0.0.1:9"
    said = desk.run("ingest", PAPERBOY_SOURCES=f"feed:{dead}/feed.xml file:{PAGE}")
    assert said.code == 1
    assert "failed" in said.out
    assert "78 new" in said.out


def test_what_is_being_fetched_is_told_line_by_line_where_there_is_no_terminal(desk: Desk) -> None:
    assert f"file:{PAGE}: the file trending_page.txt" in desk.done("ingest", "file", str(PAGE))


def test_standard_input_is_a_file_too(desk: Desk) -> None:
    said = desk.run("ingest", "file", "-", stdin=PAGE.read_bytes())
    assert said.code == 0
    assert "file:-: 78 seen, 78 new" in said.out
    assert {file.name for file in desk.state.iterdir() if file.is_dir()} == set(), "nothing is left lying about"


def test_ctrl_c_closes_what_was_being_read_so_that_the_next_one_reads_it_again(desk: Desk) -> None:
    with playing() as server:
        server.answer("/feed.xml", status(503, Retry_After="25"))
        with desk.started("ingest", f"feed:{server.url}/feed.xml") as process:
            deadline = time.monotonic() + 30
            while not server.asked and time.monotonic() < deadline:
                time.sleep(0.05)
            time.sleep(0.5)
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=20)
    assert (process.returncode, err) == (130, "paperboy: broken off\n")
    with desk.database() as database, database.reading() as session:
        [error] = session.scalars(select(Run.error)).all()
        assert "broken off before its end" in str(error)


def test_titles_move_no_cursor_and_paint_nothing(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "papers.csv"
    title = "A [red]title[/] with \x1b[31mcolour\x1b[0m, \x07bells, \u202eturns and :smile: emoji"
    file.write_text(f'title,votes\n"{title}",5\n"[/nonsense] alone",4\n', encoding="utf-8")
    desk.done("ingest", "file", str(file))
    said = desk.done("trending")
    assert "A [red]title[/] with" in said
    assert ":smile:" in said
    assert "[/nonsense] alone" in said
    assert not {"\x1b", "\x07", "\u202e"} & set(said)


def test_the_name_of_a_file_is_foreign_too(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "evil\x1b[2Jname[bold].csv"
    file.write_text("title\n", encoding="utf-8")
    said = desk.run("ingest", "file", str(file))
    assert "\x1b" not in said.out + said.err
    assert "name[bold].csv" in said.out


def test_postgresql_takes_the_page_too(either: Desk) -> None:
    assert "78 seen, 0 new" in either.done("ingest", "file", str(PAGE))
