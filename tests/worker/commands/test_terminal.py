"""What commands say: on a terminal, in a pipe, and with foreign words in it."""

import io
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from config.clock import SetClock
from worker.commands import terminal


@pytest.fixture
def screen() -> Iterator[io.StringIO]:
    """A terminal of 60 columns, and what stands on it."""
    console, shown = terminal.console, io.StringIO()
    before = dict(vars(console))
    vars(console).update(_file=shown, _force_terminal=True, _width=60, _color_system=None, is_interactive=True, _environ={"TERM": "xterm"})
    yield shown
    vars(console).update(before)


def test_words_are_never_markup_nor_do_they_move_the_cursor(capsys: pytest.CaptureFixture[str]) -> None:
    terminal.say("[bold]as it is[/] :smile: [", ("styled \x1b]0;title\x07", "red"), "\u202eright\u2066 \r\b\x9b2J\x00end\nnext line")
    assert capsys.readouterr().out == "[bold]as it is[/] :smile: [styled ]0;titleright 2Jend\nnext line\n"


def test_what_fails_is_said_line_by_line_without_escapes(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        terminal.fail("one \x1b[31mred\r\ntwo", 2)
    assert ended.value.code == 2
    assert capsys.readouterr().err == "paperboy: one [31mred\npaperboy: two\n"


def test_a_table_in_a_pipe_is_a_line_a_row_and_cuts_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    terminal.show(("name", "note"), [("漢字", "wide"), ("x" * 200, "long\nwith a break"), (("struck", "strike"), "")], "Title")
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Title"
    assert lines[1] == "name" + " " * 198 + "note"
    assert lines[2] == "漢字" + " " * 198 + "wide", "wide letters take two columns"
    assert lines[3] == "x" * 200 + "  long with a break"
    assert lines[4] == "struck"


def test_a_table_without_rows_is_its_header(capsys: pytest.CaptureFixture[str]) -> None:
    terminal.show(("name", "note"), [])
    assert capsys.readouterr().out == "name  note\n"


def test_a_table_on_a_terminal_fits_it_and_loses_no_letter(screen: io.StringIO) -> None:
    address = "somebody.with.a.very.long.name@department.of.a.university.example.org"
    terminal.show(("address", "count"), [(address, "12"), ("[red]x[/]", "3")], "Readers")
    shown = screen.getvalue()
    assert max(map(len, shown.splitlines())) <= 60
    assert address in "".join(line.strip().split(" ")[0] for line in shown.splitlines()[3:])
    assert "[red]x[/]" in shown


def test_a_bar_on_a_terminal_counts(screen: io.StringIO) -> None:
    with terminal.progress("handing over", 3) as step:
        step(2)
        step(1)
    assert "3/3" in screen.getvalue()


def test_a_sign_of_life_on_a_terminal_says_what_goes_on(screen: io.StringIO) -> None:
    with terminal.busy("connecting [now]") as update:
        time.sleep(0.3)
        update("reading [red]")
    assert "connecting [now]" in screen.getvalue()


def test_a_count_that_is_over_soon_is_not_told_and_a_long_one_now_and_then(capsys: pytest.CaptureFixture[str]) -> None:
    clock = SetClock(datetime(2026, 6, 17, tzinfo=UTC))
    short = terminal.Counted("planning", 3, clock)
    short.step(3)
    short.end()
    assert capsys.readouterr().out == ""
    long = terminal.Counted("handing over", 100, clock)
    for _ in range(99):
        clock.sleep(0.25)
        long.step(1)
    long.end()
    assert capsys.readouterr().out.splitlines() == [
        "handing over: 8 of 100",
        "handing over: 48 of 100",
        "handing over: 88 of 100",
        "handing over: 99 of 100",
    ]


def test_a_count_without_an_end_is_told_too(capsys: pytest.CaptureFixture[str]) -> None:
    clock = SetClock(datetime(2026, 6, 17, tzinfo=UTC))
    counted = terminal.Counted("reading", None, clock)
    clock.sleep(3)
    counted.step(5)
    counted.end()
    assert capsys.readouterr().out == "reading: 5\n"
