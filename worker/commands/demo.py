"""`demo`: a week of real papers through the real main line, into files to look at, with an account that is checked."""

from itertools import groupby
from pathlib import Path

import click

from config import log
from config.clock import SetClock, SystemClock
from config.runtime import Runtime, open_runtime
from config.settings import Settings
from worker.commands import demo_words
from worker.commands.common import chosen_settings
from worker.commands.terminal import FAILED, USAGE, busy, console, example, fail, say
from worker.demo import pages
from worker.demo.folder import Folder, FolderError
from worker.demo.house import demo_settings
from worker.demo.live import ask, mail_everybody
from worker.demo.pages import Told
from worker.demo.play import BEGIN, CannotPlay, play_week, subscribe
from worker.demo.readers import DOZEN, make_readers
from worker.pick.today import topics_of
from worker.schema import migrate
from worker.send.forward import Forwarded
from worker.send.office import Office

MOST = 100_000  # readers: each makes a mail a day in one Maildir


@click.command(epilog=example("./paperboy demo", "./paperboy demo --out /tmp/week --subscribers 2000", "./paperboy demo --live"))
@click.option("--out", type=click.Path(path_type=Path), default=Path("out/demo"), show_default=True, metavar="DIR", help="Where to.")
@click.option("--subscribers", type=int, default=len(DOZEN), show_default=True, metavar="N", help="How many sample readers.")
@click.option("--live", is_flag=True, help="Ask the real sources of PAPERBOY_SOURCES instead: today's digest of each reader, now.")
def demo(out: Path, subscribers: int, live: bool) -> None:  # noqa: FBT001 - click hands a flag over so
    """Play a bundled week day by day through the real main line: ingest, rank, plan, compose, hand over, on a clock moved by hand.

    Everything stays in DIR: each mail as .eml, .html and .txt, and index.html with all readers side by side. Of your settings only
    PAPERBOY_NAME, _ACCENT, _POSTAL_ADDRESS, _TOPICS and _TEMPLATES count, so that it looks like your service; --live asks as you would.
    Ends with 1 when anybody got a paper twice, an account does not add up, or a source could not be read.
    """
    if not 1 <= subscribers <= MOST:
        fail(f"--subscribers: {subscribers} readers cannot be played; name a number from 1 to {MOST}", USAGE)
    chosen = _checked_settings()
    try:
        folder = Folder(out)
        made = demo_settings(chosen, folder.work)
        done = (_live if live else _week)(made, folder, subscribers)
    except FolderError as error:
        fail(f"--out: {error}", USAGE)
    except CannotPlay as error:
        fail(str(error))
    raise SystemExit(0 if done else FAILED)


def _checked_settings() -> Settings:
    """The settings, looked at before the last demo is cleared away for one that cannot begin. Raises SettingsError."""
    chosen = chosen_settings()
    topics_of(chosen)
    log.configure(human=console.is_terminal, level="ERROR" if chosen.log_level == "INFO" else chosen.log_level)
    return chosen


def _week(made: Settings, folder: Folder, readers: int) -> bool:
    """Play the bundled week; whether everything is as promised."""
    begun, clock = SystemClock().monotonic(), SetClock(BEGIN)
    runtime = open_runtime(made, clock)
    office = Office(runtime)
    try:
        migrate(runtime.database)
        with busy("making ready") as now:
            for day, moments in groupby(play_week(runtime, clock, office, make_readers(readers)), key=lambda one: one.at.date()):
                brought = []
                for moment in moments:
                    now(f"{moment.at:%a %-d %B, %H:%M} UTC")
                    brought.append(moment)
                say(demo_words.day(day, brought))
            now("writing")
            told = pages.show(runtime, folder, demo_words.WEEK, Forwarded())
    finally:
        office.close()
        runtime.database.close()
    demo_words.account(told, folder, SystemClock().monotonic() - begun)
    return not told.account.faults


def _live(made: Settings, folder: Folder, readers: int) -> bool:
    """Ask the real sources; whether all of them answered, and everything is as promised."""
    clock = SystemClock()
    begun, runtime = clock.monotonic(), open_runtime(made, clock)
    office = Office(runtime)
    try:
        migrate(runtime.database)
        failed, told = _asked(runtime), _mailed(runtime, office, folder, readers)
    finally:
        office.close()
        runtime.database.close()
    demo_words.account(told, folder, clock.monotonic() - begun)
    return not failed and not told.account.faults


def _asked(runtime: Runtime) -> int:
    """Ask every source; how many could not be read to their end. Raises CannotPlay when nothing came at all."""
    summaries = []
    say(f"asking {', '.join(runtime.settings.sources)}; arXiv only once in three seconds, so this takes a while")
    with busy("asking") as now:
        for summary in ask(runtime, now):
            say(*demo_words.source(summary))
            summaries.append(summary)
    if not any(summary.seen for summary in summaries):
        raise CannotPlay(
            "no source gave anything, so there is nothing to mail; look at the network and PAPERBOY_SOURCES, or leave --live out"
        )
    return sum(bool(summary.error) for summary in summaries)


def _mailed(runtime: Runtime, office: Office, folder: Folder, readers: int) -> Told:
    with busy("choosing and writing"):
        subscribe(runtime, make_readers(readers))
        return pages.show(runtime, folder, demo_words.LIVE, mail_everybody(runtime, office))
