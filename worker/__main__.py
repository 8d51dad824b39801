"""The operator's commands: `./paperboy COMMAND`. Each is imported when it is typed, so that help answers at once.

However a command ends, it ends in words: the faults an operator can mend in a line, Ctrl-C in a line, a pipe that closes in none.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module

import click

from worker.commands.terminal import BROKEN_OFF, example, fail

# Command -> its module in worker.commands, and the line that `--help` shows.
COMMANDS = {
    "demo": ("demo", "Play a bundled week through the real main line, into files you can look at."),
    "up": ("running", "Run everything in this one process: pages, clock and sending."),
    "web": ("running", "Run the web process."),
    "worker": ("running", "Run a Celery worker (needs PAPERBOY_REDIS_URL)."),
    "beat": ("running", "Run the clock of the Celery workers; two of them do no harm."),
    "migrate": ("running", "Bring the database to this release's schema."),
    "ingest": ("ingest", "Read sources now, or a file."),
    "trending": ("trending", "Show what is trending now, and why."),
    "edition": ("edition", "Pin, hide, or add a note to the day's edition."),
    "preview": ("preview", "Show or mail the exact digest a reader would get now; nothing is remembered."),
    "send": ("send", "Plan what is due and deliver it now, with an account."),
    "status": ("status", "What runs, what was sent, what comes next."),
    "why": ("why", "What one reader got, and why."),
    "subscribers": ("subscribers", "Add, import, export, list subscribers."),
    "topics": ("topics", "The catalogue of topics, with how many papers each brings."),
    "announce": ("announce", "Send a notice to many readers, each of them once."),
    "suppress": ("suppress", "Never write to an address again, or lift that."),
    "doctor": ("doctor", "Check everything that must work, with a remedy for what does not."),
}
# These need the development environment; the launcher runs them from `tests`.
ELSEWHERE = {
    "test": "Run the tests.",
    "check": "Format, lint, types, import contracts, templates.",
    "bench": "Measure, side by side with other ways.",
    "eval": "Judge topics and trending on recorded data.",
}


class Commands(click.Group):
    """A group that imports a command only when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"worker.commands.{COMMANDS[cmd_name][0]}")
        command: click.Command = getattr(module, cmd_name)
        return command

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] in ELSEWHERE:
            ctx.fail(f"{args[0]!r} is run by the launcher: ./paperboy {args[0]}")
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> object:
        with in_words():
            return super().invoke(ctx)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list with its one-line helps, without importing any of them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, words) for name, (_, words) in COMMANDS.items()])
        with formatter.section("For developers"):
            formatter.write_dl(list(ELSEWHERE.items()))


@contextmanager
def in_words() -> Iterator[None]:
    """End the process as an operator expects it to end."""
    try:
        with _read_to_the_end():
            yield
    except KeyboardInterrupt:
        fail("broken off", BROKEN_OFF)
    except click.ClickException:
        raise
    except Exception as error:
        told = import_module("worker.commands.faults").explained(error)  # only now: it knows every room's errors, hence every room
        if told is None:
            raise
        fail(*told)


@contextmanager
def _read_to_the_end() -> Iterator[None]:
    """Who reads our output may go (`paperboy trending | head`): then there is nobody to tell, and nothing went wrong."""
    try:
        try:
            yield
        finally:
            with suppress(AttributeError, ValueError):  # there may be no standard output at all
                _flush()
    except BrokenPipeError as error:
        ended = error.__context__
        sys.exit(ended.code if isinstance(ended, SystemExit) else 0)


def _flush() -> None:
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python flushes once more on its way out
        raise


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120},
    epilog=example("./paperboy demo", "./paperboy up", "./paperboy send --dry-run", "./paperboy COMMAND --help"),
)
def main() -> None:
    """Paperboy mails research papers: the day's trending ones, and those that fit each reader."""


if __name__ == "__main__":
    sys.stdout.reconfigure(errors="replace") if hasattr(sys.stdout, "reconfigure") else None
    main(prog_name="./paperboy")
