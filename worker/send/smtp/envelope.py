"""What is said before a body, and what a line owes the relay after it."""

import re
from typing import NamedTuple

from worker.send.port import Outcome, Parcel, Verdict
from worker.send.smtp.replies import START_INPUT, Phase, Reply, blame, verdict

DOT = b".\r\n"
RSET = b"RSET\r\n"
# What an envelope may carry without quoting or SMTPUTF8; anything else could end the command and begin another.
_ADDRESS = re.compile(r"[!-;=?-~]{1,254}")


class Post(NamedTuple):
    """A parcel with its bytes, as they go after DATA.

    `Message.wire` promises CRLF and no line that begins with a dot (its pieces are checked once a card). To look at every byte
    again would cost 30 to 150 us a mail, more than sending it.
    """

    id: int  # the delivery's
    parcel: Parcel
    wire: bytes


class Tail(NamedTuple):
    """What the line owes the relay for the parcel before: a body, a lone dot, RSET, or nothing."""

    data: bytes = b""
    post: Post | None = None  # whose body it is, which ends in a dot


def commands(post: Post, *, says_size: bool) -> tuple[bytes, bytes, bytes]:
    """MAIL, RCPT and DATA of a post."""
    size = f" SIZE={len(post.wire)}" if says_size else ""
    mail = f"MAIL FROM:<{post.parcel.message.sender}>{size}\r\n"
    return mail.encode("ascii"), f"RCPT TO:<{post.parcel.recipient}>\r\n".encode("ascii"), b"DATA\r\n"


def owed_after_refusal(mail: Reply, data: Reply | None) -> Tail:
    """What must be said before the next envelope."""
    if data is not None and data.code == START_INPUT:
        return Tail(DOT)  # RFC 2920, section 3.1: DATA was accepted all the same, and takes an empty message for nobody
    return Tail(RSET) if mail.positive else Tail()


def refusal(post: Post, phase: Phase, reply: Reply) -> Outcome:
    """What a negative answer makes of the parcel."""
    return Outcome(post.id, verdict(phase, reply), reply.label, f"{phase}: {reply.words}", blame=blame(phase, reply))


def unfit(post: Post, size_limit: int | None) -> Outcome | None:
    """What no command may carry, or the relay would refuse after having read it all. The codes are those a relay would give."""
    message = post.parcel.message
    if not _ADDRESS.fullmatch(post.parcel.recipient):
        words = "the address holds letters that an envelope cannot carry (blanks, <, >, or letters outside ASCII)"
        return Outcome(post.id, Verdict.REFUSED, "553 5.1.3", words)
    if not _ADDRESS.fullmatch(message.sender):
        words = "the sender holds letters that an envelope cannot carry: see PAPERBOY_SENDER"
        return Outcome(post.id, Verdict.DEFERRED, "553 5.1.7", words)
    if size_limit is not None and len(post.wire) > size_limit:
        words = f"{len(post.wire)} bytes, and the relay takes {size_limit} (RFC 1870)"
        return Outcome(post.id, Verdict.REFUSED, "552 5.3.4", words)
    return None
