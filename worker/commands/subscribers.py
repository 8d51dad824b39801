"""`subscribers`: add, import, export, list."""

import sys
from pathlib import Path

import click
from rich.table import Table

from config.runtime import Runtime
from subscribers import audience, roster
from subscribers.choices import Choices
from subscribers.models import Standing
from subscribers.roster import Consent, Plan
from subscribers.sheet import COLUMNS, RowFault, SheetError, read_sheet
from worker.commands.common import console, example, fail, with_runtime
from worker.pick.today import topics_of

FAULTS_SHOWN = 50
BLOCK = 500


@click.group(
    epilog=example(
        "./paperboy subscribers add ada@example.org --topics 'Language models; Robotics' --confirmed",
        "./paperboy subscribers import readers.csv --dry-run",
        "./paperboy subscribers list --standing active",
    )
)
def subscribers() -> None:
    """Add, import, export, list subscribers."""


@subscribers.command(
    epilog=example("./paperboy subscribers add ada@example.org --topics 'Language models' --keywords 'mamba; ssm' --zone Europe/Berlin")
)
@click.argument("email")
@click.option("--name", default="", help="How the mail greets them.")
@click.option("--topics", default="", help="Topics, separated by semicolons; see: paperboy topics.")
@click.option("--keywords", default="", help="Phrases, separated by semicolons.")
@click.option("--authors", default="", help="Full names, separated by semicolons.")
@click.option("--zone", default="", metavar="ZONE", help="Time zone, as Europe/Berlin.  [default: UTC]")
@click.option("--hour", default="", help="Local hour, 0-23.  [default: 8]")
@click.option("--cadence", default="", help="daily, weekdays, or 'weekly friday'.  [default: weekdays]")
@click.option("--confirmed", is_flag=True, help="They agreed elsewhere: active at once. Without it, a letter asks them to confirm.")
@with_runtime
def add(runtime: Runtime, /, email: str, confirmed: bool, zone: str, **cells: str) -> None:  # noqa: FBT001 - click hands a flag over so
    """Add one reader, or confirm one who is pending."""
    row = {"email": email, "timezone": zone, **cells}
    sheet = "\n".join(",".join(_quoted(cell) for cell in line) for line in (row, row.values()))
    consent = Consent("the operator, by hand") if confirmed else None
    plan = _plan(runtime, sheet.splitlines())
    if plan.faults:
        fail("; ".join(f"{fault.field} {fault.value!r}: {fault.remedy}" for fault in plan.faults))
    if plan.known or plan.left or plan.suppressed:
        fail(f"{email} is known already: {_place(plan)}; nothing was changed")
    with runtime.database.transaction() as session:
        report = roster.carry_out(session, plan, runtime.clock.now(), consent)
    done = "active" if consent else "pending; a letter asks them to confirm"
    console.print(f"{email} is {done}" if report.added or report.confirmed else f"{email} is pending already; nothing was changed")


@subscribers.command(
    "import", epilog=example("./paperboy subscribers import readers.csv --dry-run", "./paperboy subscribers import readers.csv --confirmed")
)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Say what would happen; nothing is written.")
@click.option("--confirmed", is_flag=True, help="Record that consent was obtained elsewhere: they are active at once.")
@with_runtime
def import_(runtime: Runtime, file: Path, dry_run: bool, confirmed: bool) -> None:  # noqa: FBT001 - as above
    """Import readers from a CSV file.

    Columns: email, name, topics, keywords, authors (several with semicolons), timezone, hour, cadence. Every bad row is named with
    its line and the reason, and the good ones are kept. Nobody who left or is suppressed comes back. Ends with 1 if a row was bad.
    """
    try:
        plan = _plan(runtime, file.read_text(encoding="utf-8-sig").splitlines(keepends=True))
    except (SheetError, UnicodeDecodeError) as error:
        fail(f"{file}: {error}; the columns are {', '.join(COLUMNS[:8])}, in UTF-8")
    _show(plan, file)
    if dry_run:
        console.print("dry run: nothing was written")
    else:
        consent = Consent(f"import of {file.name}") if confirmed else None
        with console.status("writing"), runtime.database.transaction() as session:
            report = roster.carry_out(session, plan, runtime.clock.now(), consent)
        confirmations = f", {report.letters} letters ask them to confirm" if report.letters else ""
        console.print(f"added {report.added}, confirmed {report.confirmed}{confirmations}")
    sys.exit(1 if plan.faults else 0)


@subscribers.command(epilog=example("./paperboy subscribers export > readers.csv"))
@with_runtime
def export(runtime: Runtime) -> None:
    """Write the active and paused readers as CSV to standard output; `import` reads it back."""
    with runtime.database.reading() as session:
        for line in roster.export(session, topics_of(runtime.settings)):
            sys.stdout.write(line)


@subscribers.command("list", epilog=example("./paperboy subscribers list", "./paperboy subscribers list --standing left --limit 20"))
@click.option("--standing", type=click.Choice([str(standing) for standing in Standing]), help="Only these.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 100_000), help="At most so many.")
@with_runtime
def list_(runtime: Runtime, standing: str | None, limit: int) -> None:
    """Who subscribes, and how many of each standing."""
    with runtime.database.reading() as session:
        counts = audience.counts(session)
        rows = audience.page(session, limit=limit, standing=Standing(standing) if standing else None)
    table = Table("id", "address", "standing", "cadence", "hour", "zone", "next due (UTC)")
    for row in rows:
        due = f"{row.next_due_at:%a %d %b %H:%M}" if row.next_due_at else ""
        table.add_row(str(row.id), row.address, row.standing, row.cadence, str(row.hour), row.zone, due)
    if rows:
        console.print(table)
    console.print(
        ", ".join(f"{count} {known}" for known, count in counts.items() if count)
        or "nobody subscribes yet; add one: paperboy subscribers add EMAIL"
    )


def _plan(runtime: Runtime, lines: list[str]) -> Plan:
    entries = read_sheet(lines, topics_of(runtime.settings), Choices())
    with runtime.database.reading() as session:
        return roster.plan_import(session, entries)


def _show(plan: Plan, file: Path) -> None:
    for fault in plan.faults[:FAULTS_SHOWN]:
        console.print(f"[red]{file.name}[/] {_words(fault)}")
    if len(plan.faults) > FAULTS_SHOWN:
        console.print(f"and {len(plan.faults) - FAULTS_SHOWN} bad rows more")
    console.print(
        f"{len(plan.new)} new, {len(plan.pending)} pending, {len(plan.known)} known already, {len(plan.repeated)} twice in the file, "
        f"{len(plan.left)} had left, {len(plan.suppressed)} suppressed, {len(plan.faults)} bad rows"
    )


def _words(fault: RowFault) -> str:
    return str(fault)


def _place(plan: Plan) -> str:
    return "they left" if plan.left else "the address is suppressed" if plan.suppressed else "active or paused"


def _quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"'
