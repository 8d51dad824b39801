"""`preview`: the exact mail one reader would get now, as often as wanted; nothing is remembered."""

from contextlib import closing
from pathlib import Path

import click

from config.runtime import Runtime
from subscribers import audience
from subscribers.models import Standing
from worker.commands import single
from worker.commands.common import with_runtime
from worker.commands.terminal import busy, example, fail, say
from worker.pick.choices import Quiet
from worker.render.message import Message
from worker.send.forward import rehearse
from worker.send.office import Office

FILE = click.Path(dir_okay=False, writable=True, path_type=Path)


@click.command(
    epilog=example(
        "./paperboy preview ada@example.org",
        "./paperboy preview ada@example.org --html ada.html --text ada.txt --eml ada.eml",
        "./paperboy preview ada@example.org --mail-to you@example.org",
    )
)
@click.argument("email")
@click.option("--html", type=FILE, help="Write the HTML part here.")
@click.option("--text", type=FILE, help="Write the text part here.")
@click.option("--eml", type=FILE, help="Write the whole message here.")
@click.option("--mail-to", metavar="ADDRESS", help="Mail it to this address, through the real mailers.")
@with_runtime
def preview(runtime: Runtime, email: str, html: Path | None, text: Path | None, eml: Path | None, mail_to: str | None) -> None:  # noqa: PLR0913, PLR0917 - one a file
    """The exact mail a reader would get now: `[test]` in the subject, links that open nothing, and nothing is remembered.

    Without an option it is printed as text. Ends with 1 when there would be no mail, and says why.
    """
    to = single.checked("--mail-to", mail_to) if mail_to else None
    with closing(Office(runtime)) as office:
        with busy("choosing and composing"):
            message = _message(runtime, office, email, to)
        single.write(message, html, text, eml)
        if mail_to:
            single.mail(office, message)
        elif not (html or text or eml):
            parts = message.parts()
            say(f"Subject: {parts.subject}\n\n{parts.text}")


def _message(runtime: Runtime, office: Office, email: str, mail_to: str | None) -> Message:
    now = runtime.clock.now()
    with runtime.database.reading() as session:
        row = audience.by_address(session, email)
        if row is None:
            fail(f"nobody subscribes as {email!r}; look with: paperboy subscribers list")
        if row.standing != Standing.ACTIVE:
            click.echo(f"paperboy: {row.address} is {row.standing}; this is what they would get if they were active", err=True)
        [decided] = rehearse(session, office.today, audience.by_ids(session, [row.id]), now=now)
        if isinstance(decided.outcome, Quiet):
            fail(f"no mail for {row.address}: {decided.outcome.reason}")
        reader = audience.addresses(session, [row.id])[row.id]
        return office.composer.preview(session, decided.outcome, reader, mail_to or reader.address, now=now)
