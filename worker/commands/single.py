"""One mail beside the ledger, written to files or mailed to one address: for `preview` and `announce`."""

from pathlib import Path

from subscribers.addresses import AddressError, check_address
from worker.commands.terminal import USAGE, busy, fail, say
from worker.render.message import Message
from worker.send.office import Office
from worker.send.port import Unavailable, Verdict


def checked(option: str, address: str) -> str:
    """The address that was given with `option`, in its kept form; or the end of the command."""
    try:
        return check_address(address)
    except AddressError as error:
        fail(f"{option}: {error}", USAGE)


def write(message: Message, html: Path | None = None, text: Path | None = None, eml: Path | None = None) -> None:
    """Write the parts of a message where they are wanted, and say where."""
    parts = message.parts()
    for path, content in ((html, parts.html), (text, parts.text)):
        if path:
            path.write_text(content, encoding="utf-8", newline="")
    if eml:
        eml.write_bytes(message.wire())
    for path in filter(None, (html, text, eml)):
        say(f"written: {path}")


def mail(office: Office, message: Message) -> None:
    """Hand it over through the real mailers, and say what came of it; a mail that was not taken ends the command."""
    try:
        with busy("handing over"):
            outcome = office.mail_once(message)
    except Unavailable as error:
        fail(str(error))
    answer = " ".join(filter(None, (outcome.code, outcome.words)))
    if outcome.verdict is not Verdict.ACCEPTED:
        fail(f"{message.recipient} was {outcome.verdict}: {answer}")
    say(f"handed over for {message.recipient} ({answer})")
