"""`announce`: a notice from the operator to many readers, through the ledger. Asks before anything is written."""

import re
import sys
from contextlib import closing, nullcontext
from pathlib import Path

import click

from config.runtime import Runtime
from subscribers.circles import Circle, CircleError, circle
from worker.commands import single
from worker.commands.common import with_runtime
from worker.commands.terminal import USAGE, busy, example, fail, progress, say
from worker.pick.today import topics_of
from worker.render.digests import BUDGET
from worker.render.notices import Notice, NoticeError, notice
from worker.send import announcements
from worker.send.announcements import NAME_LETTERS, Announcement, Outlook, TakenError
from worker.send.letters import STALE_AFTER
from worker.send.office import Office
from worker.send.registry import terms_from

LARGEST = 64_000  # bytes of a file; a mail has 90 kB in all
STDIN = Path("-")
_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
ENDINGS = {".html": "html", ".txt": "text", ".eml": "eml"}


@click.command(
    epilog=example(
        "./paperboy announce moving.md --preview moving.html",
        "./paperboy announce moving.md --test you@example.org",
        "./paperboy announce moving.md --to active --dry-run",
        "./paperboy announce moving.md --to topic:robotics",
        "docker compose exec -T worker paperboy announce - --to active --yes < moving.md",
    )
)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path))
@click.option("--to", "audience", metavar="active|topic:KEY", help="All active readers, or those of them who follow a topic.")
@click.option("--subject", default="", help="Instead of the first heading.")
@click.option("--name", default="", help="The notice's own key, such as moving-2026; without it, a hash of its words.")
@click.option("--preview", type=click.Path(dir_okay=False, writable=True, path_type=Path), help="Only write it here: .html, .txt or .eml.")
@click.option("--test", "test_address", metavar="ADDRESS", help="Only mail it to this address, through the real mailers.")
@click.option("--dry-run", is_flag=True, help="Say who would get what; nothing is written or mailed.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@with_runtime
def announce(  # noqa: PLR0913, PLR0917 - one parameter an option
    runtime: Runtime,
    file: Path,
    audience: str | None,
    subject: str,
    name: str,
    preview: Path | None,
    test_address: str | None,
    dry_run: bool,  # noqa: FBT001 - click hands flags over so
    yes: bool,  # noqa: FBT001 - as above
) -> None:
    """Send the notice in a Markdown FILE (- is standard input) to many readers, each of them once.

    Its first heading is the subject. It tells how many would get it, and asks, before anything is written; then it goes out by the
    running service, at the pace of digests and after them. The same words, or the same --name, go to nobody twice, and not to those
    who come later. Readers who are paused or have left get none.
    """
    words, to = _notice(file, subject), single.checked("--test", test_address) if test_address else ""
    with closing(Office(runtime)) as office:
        with busy("reading templates"):
            message = office.composer.preview_notice(words, to or "reader@example.org")
        if (size := len(message.wire())) > BUDGET:
            fail(f"{_called(file)}: makes a mail of {size // 1000} kB; {BUDGET // 1000} kB is the most that mail programs show whole")
        if preview:
            single.write(message, **_where(preview))
        if to:
            single.mail(office, message)
    if preview or to:
        return
    one = Announcement(_key(name, words), words, _circle(runtime, audience))
    outlook = _outlook(runtime, one)
    body, _, _ = message.parts().text.rpartition("\n\nThis goes to ")
    say((f"Subject: {words.subject}", "bold"), f"\n\n{body}\n")
    _tell(runtime, one, outlook)
    if dry_run:
        say("dry run: nothing was written")
    elif outlook.readers and (yes or _asked(file, outlook)):
        _announce(runtime, one)


def _notice(file: Path, subject: str) -> Notice:
    with file.open("rb") if file != STDIN else nullcontext(sys.stdin.buffer) as opened:
        body = opened.read(LARGEST + 1)
    if len(body) > LARGEST:
        fail(f"{_called(file)}: has more than {LARGEST // 1000} kB; a notice is a mail, so shorten it and link to the rest")
    try:
        return notice(body.decode("utf-8-sig"), subject)
    except UnicodeDecodeError as error:
        fail(f"{_called(file)}: is no UTF-8 (byte {error.start + 1}); save it as UTF-8")
    except NoticeError as error:
        fail("\n".join(f"{_called(file)}: {line}" for line in str(error).splitlines()))


def _called(file: Path) -> str:
    return "standard input" if file == STDIN else str(file)


def _where(file: Path) -> dict[str, Path]:
    if file.suffix not in ENDINGS:
        fail(f"--preview {file}: ends in none of {', '.join(ENDINGS)}", USAGE)
    return {ENDINGS[file.suffix]: file}


def _key(name: str, words: Notice) -> str:
    if name and not (_NAME.fullmatch(name) and len(name) <= NAME_LETTERS):
        fail(f"--name {name!r}: use small letters, digits and hyphens, at most {NAME_LETTERS}, such as moving-2026", USAGE)
    return name or announcements.key_of(words)


def _circle(runtime: Runtime, audience: str | None) -> Circle:
    if not audience:
        fail("--to: say whom to tell, active or topic:KEY; or look first, with --preview FILE or --test ADDRESS", USAGE)
    try:
        return circle(audience, topics_of(runtime.settings))
    except CircleError as error:
        fail(f"--to: {error}", USAGE)


def _outlook(runtime: Runtime, one: Announcement) -> Outlook:
    try:
        with runtime.database.reading() as session:
            return announcements.outlook(session, one, now=runtime.clock.now())
    except TakenError as error:
        fail(f"{error}; give this one another --name", USAGE)


def _tell(runtime: Runtime, one: Announcement, outlook: Outlook) -> None:
    """The account, before anything is written."""
    when = f" on {outlook.announced_at:%d %B %Y at %H:%M} UTC" if outlook.announced_at else ""
    if outlook.is_over:
        say(f"announced to {one.circle}{when} already: {outlook.had} have it, and it goes to nobody twice")
        say("Who came later is not told; another --name announces it anew, to everybody.")
        return
    if when:
        say(f"begun{when} and broken off: the rest of those who read then is still to be told")
    say(f"would get it: {outlook.readers} ({one.circle})")
    for reason, count in (*((str(standing), count) for standing, count in outlook.standings.items()), ("have it already", outlook.had)):
        if count:
            say(f"  not for {count}: {reason}")
    most = _most_in_a_day(runtime)
    if most is not None and outlook.readers > most:
        say((f"The mailer takes {most:,.0f} a day, and a notice is not handed over later than 24 hours after it was announced:", "bold"))
        say(f"at least {outlook.readers - most:,.0f} would not get it. Announce it topic by topic, or raise the pace in PAPERBOY_MAILERS.")


def _most_in_a_day(runtime: Runtime) -> float | None:
    """What the first mailer may be given in 24 hours, by its own terms; None without any."""
    first = next(iter(terms_from(runtime.settings)), None)
    if first is None:
        return None
    limits = [limit for limit in (first.rate and first.rate * STALE_AFTER.total_seconds(), first.daily) if limit]
    return min(limits, default=None)


def _asked(file: Path, outlook: Outlook) -> bool:
    if file == STDIN:
        fail("the notice came by standard input, so nobody can be asked; look with --dry-run, then give --yes. Nothing was written", USAGE)
    try:
        is_sure = click.confirm(f"Announce it to {outlook.readers} {'reader' if outlook.readers == 1 else 'readers'}?")
    except click.Abort:
        is_sure = False
        click.echo()
    return is_sure or fail("nothing was written")


def _announce(runtime: Runtime, one: Announcement) -> None:
    done = announcements.announce(runtime.database, runtime.clock, one)
    with progress("writing", None) as step:
        while looked_at := announcements.write_range(runtime.database, runtime.clock, one, done):
            step(looked_at)
    say(f"announced to {done.readers}{f'; {done.had} had it already' if done.had else ''}. The running service hands it over, after")
    say("letters and digests; paperboy send does it now. What became of it: paperboy status, and paperboy why EMAIL")
