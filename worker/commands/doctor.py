"""`doctor`: check everything that must work, with a remedy for what does not. Changes nothing, and mails only what it is asked to."""

from functools import partial

import click

from config import log
from config.runtime import Runtime
from config.settings import SettingsError
from worker.commands import checks, single
from worker.commands.checks import Ailing, Check
from worker.commands.common import chosen_settings, kept_open
from worker.commands.terminal import FAILED, busy, example, fail, say
from worker.render.addressee import Addressee
from worker.render.letters import operator_notice
from worker.render.press import Press
from worker.send.office import Office
from worker.send.port import Unavailable, Verdict


@click.command(epilog=example("./paperboy doctor", "./paperboy doctor --mail you@example.org"))
@click.option("--mail", metavar="ADDRESS", help="Also hand one test mail to the mailers, for this address.")
def doctor(mail: str | None) -> None:
    """Check settings, state folder, database, schema, Redis, clock, beat, sources, topics, templates, signing and mailers.

    With keys in PAPERBOY_DKIM, it prints the DNS records that receivers check signatures by.

    Each wrong thing comes with a remedy. Ends with 1 if something is wrong, with 2 if the settings cannot be read.
    """
    address = single.checked("--mail", mail) if mail else None
    settings = chosen_settings()
    log.configure(human=True, level="CRITICAL")  # what is wrong is said here, once
    say(("ok", "green"), "    settings: all read and typed")
    wrong = int(not _passes(Check("state folder", partial(checks.state, settings))))
    try:
        runtime = kept_open(settings)
    except OSError as error:
        fail(f"the rest cannot be looked at: {error.filename}: {error.strerror}")
    # Made one after the other, not at once: the mailers are looked for only when it is their turn.
    for make in (checks.of_database, checks.of_service, checks.of_mailers):
        wrong += sum([not _passes(check) for check in make(runtime)])
    if address:
        wrong += not _passes(Check("one mail", partial(_mail, runtime, address)))
    raise SystemExit(FAILED if wrong else 0)


def _passes(check: Check) -> bool:
    try:
        with busy(check.name):
            found = check.look()
    except (Ailing, SettingsError) as error:
        say(("wrong", "bold red"), f" {check.name}: {'; '.join(str(error).splitlines())}")
        return False
    say(("ok", "green"), f"    {check.name}: {found}")
    return True


def _mail(runtime: Runtime, address: str) -> str:
    settings, now = runtime.settings, runtime.clock.now()
    words = (f"{settings.name} can write to {address}.", "Sent by paperboy doctor; nothing else was to be said.")
    to = Addressee(address=address, delivery_id=0, occasion="doctor", day=now.date(), sent_at=now, mark="[test]")
    try:
        outcome = Office(runtime).mail_once(Press(settings).letter(operator_notice("A test mail", words), to))
    except Unavailable as error:
        raise Ailing(str(error)) from error
    except Exception as error:
        raise Ailing("cannot be written or handed over while something above is wrong") from error
    answer = " ".join(filter(None, (outcome.code, outcome.words)))
    if outcome.verdict is not Verdict.ACCEPTED:
        raise Ailing(f"was {outcome.verdict}: {answer}. Look at PAPERBOY_SENDER, and at what the relay says")
    return f"handed over for {address} ({answer})"
