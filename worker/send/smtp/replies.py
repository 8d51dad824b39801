"""What an SMTP server answers, and what an answer means for the parcel it is about. Reads no socket."""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum

from worker.send.port import Blame, Verdict

WORDS = 200  # letters kept of what a server says
CLOSING = 421  # RFC 5321, section 4.2.3: the service closes the channel; it may answer any command
START_INPUT = 354

# RFC 5321, section 4.2: three digits, the first of them 2 to 5, then "-" on every line but the last. A lone code is legal.
_LINE = re.compile(rb"([2-5][0-9]{2})(?:([ -])(.*?))?\r?\n", re.DOTALL)
ONE_LINE = re.compile(rb"([2-5][0-9]{2}) ([^\r\n]{0,512})\r\n")
# MAIL, RCPT and DATA of one envelope, each answered in one line and as hoped for.
WELCOME = re.compile(rb"(?:2[0-9]{2} [^\r\n]{0,512}\r\n){2}354 [^\r\n]{0,512}\r\n")
# RFC 2034 and RFC 3463: class.subject.detail at the start of the text.
_ENHANCED = re.compile(r"([245])\.(\d{1,3})\.(\d{1,3})(?=\s|$)\s*")
# Postfix says "queued as 4bX2", Exim "OK id=1rX", Sendmail "2.0.0 x8G Message accepted": the first two can be told for sure.
_QUEUE_ID = re.compile(r"(?:queued as |\bid=)([\w.-]{4,80})")


class Phase(StrEnum):
    """Which command a reply answers."""

    MAIL = "MAIL"
    RCPT = "RCPT"
    DATA = "DATA"
    BODY = "the body"


@dataclass(frozen=True, slots=True)
class Reply:
    """One whole answer; `text` is as received, without the codes, its lines joined by LF."""

    code: int
    text: bytes = b""

    @property
    def positive(self) -> bool:
        """Completed, as MAIL, RCPT, RSET and a body are answered when all is well."""
        return 200 <= self.code < 300  # noqa: PLR2004 - RFC 5321, section 4.2.1

    @property
    def negative(self) -> bool:
        return self.code >= 400  # noqa: PLR2004 - RFC 5321, 4.2

    @property
    def enhanced(self) -> str:
        """The enhanced status ("5.1.1"), when there is one and it agrees with the code (RFC 2034, section 4)."""
        found = _ENHANCED.match(self.text.decode("ascii", "replace"))
        return found[0].strip() if found and found[1] == str(self.code)[0] else ""

    @property
    def label(self) -> str:
        """The code and the enhanced status: "550 5.1.1"."""
        return f"{self.code} {self.enhanced}".rstrip()

    @property
    def words(self) -> str:
        """What the server says, on one line, bounded, without statuses and control characters."""
        lines = (_ENHANCED.sub("", line, count=1) for line in self.text.decode("utf-8", "replace").split("\n"))
        return plain(" ".join(lines))

    @property
    def queue_id(self) -> str:
        """The name under which the relay keeps the message, when it says so."""
        found = _QUEUE_ID.search(self.text.decode("ascii", "replace"))
        return found[1] if found else ""

    def __str__(self) -> str:
        return f"{self.label} {self.words}".rstrip()


def reply_line(line: bytes) -> tuple[int, bool, bytes] | None:
    """The code, whether more lines follow, and the text of one line of an answer; None if it is none."""
    found = _LINE.fullmatch(line)
    return (int(found[1]), found[2] == b"-", found[3] or b"") if found else None


def plain(text: str) -> str:
    """`text` on one line of at most 200 letters, without control characters."""
    text = text[: 4 * WORDS]
    if not text.isprintable():
        text = "".join(" " if unicodedata.category(letter)[0] in "CZ" else letter for letter in text)
    return " ".join(text.split())[:WORDS]


# A permanent refusal that is about us, whatever it answers: our commands (500, 502-504, 555), our login (530, 534, 535, 538) or
# our host (521, RFC 7504). The reader did nothing wrong, and the next mailer may be let in.
_ABOUT_US = frozenset({500, 502, 503, 504, 521, 530, 534, 535, 538, 555})
_LOGIN = frozenset({530, 534, 535, 538})
# RFC 3463: X.5.* is the protocol; X.7.8, X.7.9, X.7.11, X.7.13 and X.7.14 (RFC 4954, RFC 5248) are our login.
_ABOUT_US_STATUS = re.compile(r"5\.(5\.\d+|7\.(8|9|11|13|14))")
# At RCPT nothing but the addresses and we ourselves are known, so security and policy (X.7.*) speak of our right to send:
# "554 5.7.1 Relay access denied" of a misconfigured relay would otherwise refuse a whole wave for good.
_POLICY = re.compile(r"5\.7\.\d+")
_TOO_BIG = re.compile(r"5\.(3\.4|2\.3)")
_MAILBOX = re.compile(r"5\.2\.\d+")


def verdict(phase: Phase, reply: Reply) -> Verdict:
    """What a negative answer means for the parcel it is about.

    | answer | to | verdict | because |
    |---|---|---|---|
    | 4xx | any | deferred | RFC 5321, section 4.2.1: try again |
    | 552, 5.3.4, 5.2.3 | MAIL | refused | the message is too big, and stays so (RFC 1870) |
    | any other 5xx | MAIL | deferred | about our sender or our host; no reader was named yet |
    | 552 without 5.2.x | RCPT | deferred | "too many recipients" in old servers (RFC 5321, section 4.5.3.1.10) |
    | 5.7.x | RCPT | deferred | about our right to send to or through this server |
    | 500, 502-504, 521, 53x, 555, 5.5.x | any | deferred | about our commands or our login |
    | any other 5xx | RCPT, DATA, body | refused | about this address or this message |
    """
    if reply.code < 500:  # noqa: PLR2004 - RFC 5321, 4.2
        return Verdict.DEFERRED
    status = reply.enhanced
    if phase is Phase.MAIL:
        return Verdict.REFUSED if _is_too_big(reply) else Verdict.DEFERRED
    if reply.code in _ABOUT_US or _ABOUT_US_STATUS.fullmatch(status):
        return Verdict.DEFERRED
    if phase is Phase.RCPT and (_POLICY.fullmatch(status) or (reply.code == 552 and not _MAILBOX.fullmatch(status))):  # noqa: PLR2004 - RFC 5321, 4.2
        return Verdict.DEFERRED
    return Verdict.REFUSED


def blame(phase: Phase, reply: Reply) -> Blame:
    """Whom a deferral is about.

    | answer | to | about | because |
    |---|---|---|---|
    | any | MAIL | the mailer | no reader was named yet |
    | 5xx | any | the mailer | what is deferred of these is about our commands, our login, or our right to send here |
    | 4.1.x, 4.2.x | any | the message | one address, one mailbox (RFC 3463) |
    | any other 4xx | RCPT | the domain | so relays pass on what a domain says, and greylist |
    | 4.7.x | DATA, body | the domain | policy: a relay that asks the domain while we wait |
    | 421, 4.3.x | DATA, body | the mailer | it closes, or its disk is full |
    | any other 4xx | DATA, body | the message | |
    """
    if phase is Phase.MAIL or reply.code >= 500:  # noqa: PLR2004 - RFC 5321, 4.2
        return Blame.MAILER
    subject = reply.enhanced[:3]
    if subject in {"4.1", "4.2"}:
        return Blame.MESSAGE
    if phase is Phase.RCPT or subject == "4.7":
        return Blame.DOMAIN
    return Blame.MAILER if subject == "4.3" or reply.code == CLOSING else Blame.MESSAGE


def turns_us_away(phase: Phase, reply: Reply) -> bool:
    """Whether a negative answer holds for every other parcel too: the relay wants nothing from us now."""
    if phase is Phase.MAIL:
        return not _is_too_big(reply)
    return reply.code in _LOGIN


def _is_too_big(reply: Reply) -> bool:
    return reply.code == 552 or bool(_TOO_BIG.fullmatch(reply.enhanced))  # noqa: PLR2004 - RFC 5321, 4.2
