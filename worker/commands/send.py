"""`send`: plan what is due and deliver it now, with progress and a closing account."""

from datetime import datetime

import click
from rich.table import Table

from config.runtime import Runtime
from subscribers import audience
from worker.commands.common import console, example, fail, progress, with_runtime
from worker.send import ledger, waves
from worker.send.forward import Forwarded
from worker.send.models import State
from worker.send.office import Office


@click.command(
    epilog=example("./paperboy send", "./paperboy send --dry-run", "./paperboy send --now", "./paperboy send --now --only ada@example.org")
)
@click.option("--now", "forward", is_flag=True, help="Bring today's occasion forward, for readers who have not had it.")
@click.option("--only", metavar="EMAIL", multiple=True, help="Only this reader; may be given more than once.")
@click.option("--dry-run", is_flag=True, help="Say who would get what; nothing is written or mailed.")
@with_runtime
def send(runtime: Runtime, forward: bool, only: tuple[str, ...], dry_run: bool) -> None:  # noqa: FBT001 - click hands flags over so
    """Plan what is due and deliver it now, with progress and a closing account.

    The same ledger as the clock's: nobody gets an occasion twice, however often this is typed. With --now, today's occasion
    goes out under its own key, before its hour; those who already had it are named. Ends with 1 when something was refused or failed.
    """
    office = Office(runtime)
    readers = _readers(runtime, only)
    if dry_run:
        _rehearse(office, readers, forward=forward)
        return
    planned = _forward(office, readers) if forward else _plan(office, readers)
    if not planned and not office.waiting():
        _nothing_due(runtime)
        return
    _deliver(office)
    _account(runtime, planned)
