"""`subscribers`: add, import, export, list."""

import io
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import click

from config.runtime import Runtime
from subscribers import audience, roster
from subscribers.choices import Choices
from subscribers.models import Standing, Subscriber
from subscribers.roster import Consent, Plan
from subscribers.sheet import COLUMNS, Entry, RowFault, SheetError, read_sheet
from worker.commands.common import with_runtime
from worker.commands.terminal import FAILED, USAGE, Step, busy, example, fail, progress, say, show
from worker.pick.today import topics_of

LARGEST = 100_000_000  # bytes of a file of readers
LINES_A_STEP = 100
STDIN = Path("-")


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
    """Add one reader, or confirm one who is pending.

    Ends with 1, and changes nothing, for one who is there already, who left, or whose address is suppressed.
    """
    if not email.strip():
        fail("email '': type an address", USAGE)
    with runtime.database.reading() as session:
        plan = roster.plan_import(session, read_sheet(_sheet({"email": email, "timezone": zone, **cells}), topics_of(runtime.settings)))
    if plan.faults:
        fail("\n".join(f"{fault.field} {fault.value!r}: {fault.remedy}" for fault in plan.faults), USAGE)
    [entry] = [*plan.new, *plan.pending, *plan.known, *plan.left, *plan.suppressed]
    if remedy := _in_the_way(plan):
        fail(f"{entry.address} {remedy}; nothing was changed")
    consent = Consent("the operator, by hand") if confirmed else None
    with runtime.database.transaction() as session:
        report = roster.carry_out(session, plan, runtime.clock.now(), consent)
    if not (report.added or report.confirmed):
        fail(f"{entry.address} is pending already, and was asked to confirm; --confirmed says that they agreed elsewhere")
    say(f"{entry.address} is {'active' if consent else 'pending; a letter asks them to confirm'}")


def _sheet(row: dict[str, str]) -> Iterator[str]:
    """The reader as a file of one: what is typed here is checked as an import is."""
    for cells in (row.keys(), row.values()):
        yield ",".join('"' + " ".join(cell.replace('"', '""').split()) + '"' for cell in cells)


def _in_the_way(plan: Plan) -> str:
    if plan.left:
        return "left; they can sign up again, and nobody else can do it for them"
    if plan.suppressed:
        return "is suppressed; see: paperboy suppress EMAIL --lift"
    return "subscribes already" if plan.known else ""


@subscribers.command(
    "import",
    epilog=example(
        "./paperboy subscribers import readers.csv --dry-run",
        "./paperboy subscribers import readers.csv --confirmed",
        "docker compose exec -T worker paperboy subscribers import - --confirmed < readers.csv",
    ),
)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Say what would happen; nothing is written.")
@click.option("--confirmed", is_flag=True, help="Record that consent was obtained elsewhere: they are active at once.")
@with_runtime
def import_(runtime: Runtime, file: Path, dry_run: bool, confirmed: bool) -> None:  # noqa: FBT001 - as above
    """Import readers from a CSV file (- is standard input).

    Columns: email, name, topics, keywords, authors (several with semicolons), timezone, hour, cadence; only email is needed.
    Every bad row is named with its line and the reason, and the good ones are kept. Nobody who left or is suppressed comes
    back, and nobody's choices are changed. Ends with 1 if a row was bad.
    """
    try:
        plan = _planned(runtime, _text(file))
    except SheetError as error:
        fail(f"{_name(file)}: {error}; the columns are {', '.join(COLUMNS[:8])}, in UTF-8")
    bad = _show(plan, _name(file))
    if dry_run:
        say("dry run: nothing was written")
    else:
        consent = Consent(f"import of {_name(file)}") if confirmed else None
        with busy("writing"), runtime.database.transaction() as session:
            report = roster.carry_out(session, plan, runtime.clock.now(), consent)
        confirmations = f"; {report.letters} letters ask them to confirm" if report.letters else ""
        say(f"added {report.added}, confirmed {report.confirmed}{confirmations}")
    raise SystemExit(FAILED if bad else 0)


@subscribers.command(epilog=example("./paperboy subscribers export > readers.csv"))
@with_runtime
def export(runtime: Runtime) -> None:
    """Write the active and paused readers as CSV to standard output; `import` reads it back."""
    output = sys.stdout.buffer  # UTF-8 whatever the terminal speaks
    with runtime.database.reading() as session:
        for line in roster.export(session, topics_of(runtime.settings)):
            output.write(line.encode())
    output.flush()


@subscribers.command("list", epilog=example("./paperboy subscribers list", "./paperboy subscribers list --standing left --limit 20"))
@click.option("--standing", type=click.Choice([str(standing) for standing in Standing]), help="Only these.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 100_000), help="At most so many.")
@with_runtime
def list_(runtime: Runtime, standing: str | None, limit: int) -> None:
    """Who subscribes, and how many of each standing."""
    with runtime.database.reading() as session:
        counts = audience.counts(session)
        rows = audience.page(session, limit=limit, standing=Standing(standing) if standing else None)
    if rows:
        show(("id", "address", "standing", "cadence", "hour", "zone", "next due (UTC)"), [_row(row) for row in rows])
    among = counts[Standing(standing)] if standing else sum(counts.values())
    if len(rows) < among:
        say(f"the first {len(rows)} of {among}; --limit shows more, `export` writes all")
    say(
        ", ".join(f"{count} {known}" for known, count in counts.items() if count)
        or "nobody subscribes yet; add one: paperboy subscribers add EMAIL"
    )


def _row(row: Subscriber) -> tuple[str, ...]:
    due = f"{row.next_due_at:%a %d %b %H:%M}" if row.next_due_at else ""
    return str(row.id), row.address, row.standing, row.cadence, str(row.hour), row.zone, due


def _text(file: Path) -> str:
    """What the file holds; bytes that are no UTF-8 become U+FFFD, by which the row that holds them is known."""
    body = sys.stdin.buffer.read(LARGEST + 1) if file == STDIN else _bytes(file)
    if len(body) > LARGEST:
        raise SheetError(f"has more than {LARGEST // 1_000_000} MB; split it")
    if not body.strip():
        raise SheetError("is empty")
    utf16 = body.startswith((b"\xff\xfe", b"\xfe\xff"))  # as spreadsheets save "Unicode text"
    return body.decode("utf-16" if utf16 else "utf-8-sig", errors="replace")


def _bytes(file: Path) -> bytes:
    with file.open("rb") as opened:
        return opened.read(LARGEST + 1)


def _name(file: Path) -> str:
    return "standard input" if file == STDIN else file.name


def _planned(runtime: Runtime, text: str) -> Plan:
    lines = io.StringIO(text, newline="")  # a line ends where csv says so, not at every blank that Unicode calls a line's end
    with progress("reading lines", len(text.splitlines())) as step:
        entries = (_legible(entry) for entry in read_sheet(_counted(lines, step), topics_of(runtime.settings), Choices()))
        with runtime.database.reading() as session:
            return roster.plan_import(session, entries)


def _counted(lines: Iterable[str], step: Step) -> Iterator[str]:
    for number, line in enumerate(lines, start=1):
        yield line
        if number % LINES_A_STEP == 0:
            step(LINES_A_STEP)
    step(number % LINES_A_STEP)


def _legible(entry: Entry | RowFault) -> Entry | RowFault:
    if isinstance(entry, Entry) and "\ufffd" in repr(entry):
        return RowFault(entry.line, "row", entry.address, "holds bytes that are no UTF-8; save the file as CSV in UTF-8")
    return entry


def _show(plan: Plan, name: str) -> int:
    """Name every bad row, and count all; how many are bad."""
    bad: dict[int, list[str]] = {}
    for fault in plan.faults:
        bad.setdefault(fault.line, []).append(f"{fault.field} {fault.value!r}: {fault.remedy}")
    for line, faults in bad.items():
        say((name, "red"), f" line {line}: {'; '.join(faults)}")
    say(
        f"{len(plan.new)} new, {len(plan.pending)} pending, {len(plan.known)} known already, {len(plan.repeated)} twice in the file, "
        f"{len(plan.left)} had left, {len(plan.suppressed)} suppressed, {len(bad)} bad rows"
    )
    return len(bad)
