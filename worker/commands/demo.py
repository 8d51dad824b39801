"""`demo`: a week of real papers through the real main line, into files to look at, with an account that is checked."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import click
from rich.console import Group
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from config import log
from config.clock import Clock, SetClock, SystemClock
from config.runtime import Runtime, open_runtime
from config.settings import SettingsError
from subscribers.topics import CatalogueError
from worker.commands.common import FAILED, USAGE, chosen_settings, console, example, fail
from worker.demo import pages
from worker.demo.account import Account, account
from worker.demo.folder import Folder, FolderError
from worker.demo.house import demo_settings
from worker.demo.pages import Played, quiet_days
from worker.demo.play import BEGIN, END, Interrupted, Moment, play_week, subscribe
from worker.demo.readers import DOZEN, make_readers
from worker.demo.stories import Story, stories
from worker.schema import migrate
from worker.send.office import Office

SHOWN = 24  # readers whose mails are written and told; everybody's are counted
MOST = 100_000  # readers; each makes a mail a day, kept in one SQLite file
BUNDLED = (
    "Papers: Hugging Face’s daily papers and arXiv’s new listings of 15 to 22 June 2026, and the 78 of a sample page, as recorded; how votes grew"
    " is played by a fixed curve that ends at the recorded number."
)
LIVE = "Papers: what the sources listed when they were asked."


@click.command(epilog=example("./paperboy demo", "./paperboy demo --out /tmp/week --subscribers 2000", "./paperboy demo --live"))
@click.option("--out", type=click.Path(path_type=Path), default=Path("out/demo"), show_default=True, metavar="DIR", help="Where to.")
@click.option("--subscribers", type=int, default=len(DOZEN), show_default=True, metavar="N", help="How many sample readers.")
@click.option("--live", is_flag=True, help="Ask the real sources of PAPERBOY_SOURCES instead: one digest a reader, now.")
def demo(out: Path, subscribers: int, live: bool) -> None:  # noqa: FBT001 - click hands a flag over so
    """Play a bundled week day by day through the real main line: ingest, rank, plan, compose, hand over, on a clock moved by hand.

    Everything stays in DIR: each mail as .eml, .html and .txt, and index.html with all readers side by side. Nothing of yours is
    read or changed but PAPERBOY_NAME, _ACCENT, _POSTAL_ADDRESS, _TOPICS, _TEMPLATES, which make the demo look like your service.
    Ends with 1 when anybody got a paper twice, or an account does not add up.
    """
    if not 1 <= subscribers <= MOST:
        fail(f"--subscribers: {subscribers} readers cannot be played; name a number from 1 to {MOST}", USAGE)
    chosen = chosen_settings()
    log.configure(human=console.is_terminal, level="WARNING")
    clock: SetClock | SystemClock = SystemClock() if live else SetClock(BEGIN)
    try:
        folder = Folder(out)
        runtime = open_runtime(demo_settings(chosen, folder.work), clock)
        migrate(runtime.database)
    ...
