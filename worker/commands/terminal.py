"""What the commands say, and how: tables and bars for a terminal, plain lines for a pipe or a log. Takes no word for markup.

Titles, addresses and answers of servers are foreign: whatever could move the cursor, colour the screen or turn the line around is left out.
"""

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import NoReturn

import click
from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from config.clock import Clock, SystemClock

# Exit codes: done is 0. Broken off is what a shell makes of SIGINT.
FAILED, USAGE, BROKEN_OFF = 1, 2, 130

Said = str | tuple[str, str]  # words, or words and their style on a terminal
Step = Callable[[int], None]

_UNSEEN = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]+")
_PATIENCE, _EVERY = 2.0, 10.0  # seconds before the first line of a count elsewhere than on a terminal, and between two


class _Terminal(Console):
    """A console whose vanished reader is an error like any other: `paperboy status | head`."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


console = _Terminal(highlight=False, markup=False, emoji=False, soft_wrap=True)


def say(*words: Said) -> None:
    """One line, or several, on standard output, as they are."""
    console.print(_text(*words))


def fail(words: str, code: int = FAILED) -> NoReturn:
    """Say on standard error what went wrong, a line each, and end with `code`."""
    for line in words.splitlines():
        click.echo(f"paperboy: {_seen(line)}", err=True)
    sys.exit(code)


def example(*lines: str) -> str:
    """The end of a help text: what to type."""
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)


def show(header: Sequence[str], rows: Iterable[Sequence[Said]], title: str = "") -> None:
    """A table: drawn on a terminal; elsewhere columns a line a row, nothing cut short, for `grep` and for a log."""
    texts = [[_text(_joined(cell)) for cell in row] for row in rows]
    if console.is_terminal:
        _draw(header, texts, title)
        return
    if title:
        say(title)
    lines = [list(header), *([text.plain for text in row] for row in texts)]
    widths = [max(map(cell_len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        say("  ".join(cell + " " * (width - cell_len(cell)) for cell, width in zip(line, widths, strict=True)).rstrip())


@contextmanager
def progress(words: str, total: int | None) -> Iterator[Step]:
    """A bar on a terminal, now and then a line elsewhere; call the step with how many more are done."""
    if total == 0:
        yield lambda _more: None
        return
    if not console.is_terminal:
        counted = Counted(words, total, SystemClock())
        yield counted.step
        counted.end()
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as bar:
        task = bar.add_task(_seen(words), total=total)
        yield lambda more: bar.update(task, advance=more)


@contextmanager
def busy(words: str) -> Iterator[Callable[[str], None]]:
    """A sign of life on a terminal while something of unknown length goes on; call it with what is being done now."""
    if not console.is_terminal:
        yield lambda _now: None
        return
    with console.status(_text(words)) as status:
        yield lambda now: status.update(_text(now))


class Counted:
    """A count told in lines: none of one that is over soon, few while a long one grows, and its last."""

    def __init__(self, words: str, total: int | None, clock: Clock) -> None:
        self._words, self._total, self._clock = words, total, clock
        self._next = clock.monotonic() + _PATIENCE
        self._done = self._told = 0

    def step(self, more: int) -> None:
        self._done += more
        if self._clock.monotonic() >= self._next:
            self._tell()

    def end(self) -> None:
        if self._told and self._done > self._told:
            self._tell()

    def _tell(self) -> None:
        self._told = self._done
        self._next = self._clock.monotonic() + _EVERY
        say(f"{self._words}: {self._done}{'' if self._total is None else f' of {self._total}'}")


def _draw(header: Sequence[str], rows: Sequence[Sequence[Text]], title: str) -> None:
    table = Table(box=box.SIMPLE_HEAD, title=title or None, title_justify="left", pad_edge=False)
    for place, name in enumerate(header):
        numbers = bool(rows) and all(row[place].plain.replace(".", "", 1).isdecimal() for row in rows if row[place].plain)
        table.add_column(name, overflow="fold", justify="right" if numbers else "left")
    for row in rows:
        table.add_row(*row)
    console.print(table, soft_wrap=False)


def _text(*words: Said) -> Text:
    return Text.assemble(*((_seen(one), "") if isinstance(one, str) else (_seen(one[0]), one[1]) for one in words))


def _joined(cell: Said) -> Said:
    """A cell is one line."""
    return " ".join(cell.split()) if isinstance(cell, str) else (" ".join(cell[0].split()), cell[1])


def _seen(words: str) -> str:
    return _UNSEEN.sub("", words)
