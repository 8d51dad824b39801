"""Dialling a relay: TLS, login, and for each thing that can go wrong the words that help.

Refuses to send a password in clear unless `tls=none` says so.
"""

import smtplib
import socket
import ssl
from pathlib import Path

from config.clock import Clock
from worker.send.port import Unavailable
from worker.send.smtp.line import Line, LineBroken, TlsLine
from worker.send.smtp.relay import Relay, Tls
from worker.send.smtp.replies import Reply


class Trust:
    """What certificates are checked against. The system's take 30 ms to load, so they are loaded when first needed."""

    def __init__(self, authority: Path | None) -> None:
        """Raises ValueError when `authority` holds no certificate."""
        self._made = _context(authority) if authority else None

    @property
    def context(self) -> ssl.SSLContext:
        self._made = self._made or _context(None)
        return self._made


def _context(authority: Path | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=authority)
    except OSError as error:  # ssl.SSLError is one
        raise ValueError(f"names certificates ca={authority} that cannot be read: {error.strerror or error}") from error


def dial(relay: Relay, trust: Trust, clock: Clock, *, helo: str | None = None) -> Line:
    """A line that is greeted, encrypted as asked, and logged in. Raises Unavailable with the remedy."""
    line = _connected(relay, trust, clock, helo=relay.helo or helo)
    try:
        _introduce(line, relay, trust)
    except BaseException:
        line.close()
        raise
    return line


def _connected(relay: Relay, trust: Trust, clock: Clock, *, helo: str | None) -> Line:
    try:
        if relay.from_the_start:
            return TlsLine((relay.host, relay.port), helo=helo, patience=relay.patience, clock=clock, context=trust.context)
        return Line((relay.host, relay.port), helo=helo, patience=relay.patience, clock=clock)
    except (OSError, UnicodeError) as error:
        raise Unavailable(_remedy(relay, error)) from error


def _introduce(line: Line, relay: Relay, trust: Trust) -> None:
    try:
        line.ehlo_or_helo_if_needed()
        if not relay.from_the_start and relay.tls is not Tls.NONE and line.has_extn("starttls"):
            line.encrypt(trust.context)
        _guard(line, relay)
        if relay.user:
            line.login(relay.user, relay.password)
    except OSError as error:  # every error of smtplib and ssl is one
        raise Unavailable(_remedy(relay, error)) from error


def _guard(line: Line, relay: Relay) -> None:
    """Nothing in clear that was not allowed to be."""
    if line.is_encrypted or relay.tls is Tls.NONE:
        return
    if relay.tls is Tls.REQUIRE:
        raise Unavailable("offers no STARTTLS, and tls=require asks for it: use smtps:// or another port")
    if relay.user:
        raise Unavailable(
            "offers no STARTTLS, and a password is not sent in clear: use smtps://, or add ?tls=none on a network that you trust"
        )


def _remedy(relay: Relay, error: OSError | UnicodeError) -> str:  # noqa: C901, PLR0911 - a table, a line a cause
    """What went wrong before the first message, and what to do."""
    match error:
        case LineBroken():
            return f"{error.words}: is port {relay.port} the one for {'smtps' if relay.from_the_start else 'smtp'}://?"
        case smtplib.SMTPAuthenticationError():
            return f"refuses the login ({_answer(error)}): check user and password, percent-encoded, in PAPERBOY_MAILERS"
        case smtplib.SMTPNotSupportedError():
            return "offers no login here, but the URL names a user: use the submission port (587 or 465), or leave the user out"
        case smtplib.SMTPResponseException():
            return f"turns us away ({_answer(error)}): ask its operator whether this host may send, or see PAPERBOY_MAILERS"
        case smtplib.SMTPException():
            return f"does not let us in: {error.strerror or error}"
        case ssl.SSLCertVerificationError():
            return (
                f"its certificate does not hold for {relay.host} ({error.verify_message}): name the host as the certificate does, "
                "give its authority with ?ca=/path/ca.pem, or add ?tls=none on a network that you trust"
            )
        case ssl.SSLError():
            return f"no TLS could be agreed on ({error.reason}): port 465 wants smtps://, port 587 and 25 want smtp://"
        case socket.gaierror() | UnicodeError():
            return f"no host {relay.host} is known: check the name in PAPERBOY_MAILERS, and DNS"
        case ConnectionRefusedError():
            return f"nothing listens on port {relay.port}: is the relay running, and is this its port?"
        case TimeoutError():
            return f"no answer within {relay.patience.connect:g} s: a firewall, or port 465, which wants smtps://"
    return f"cannot be reached: {error.strerror or error}"


def _answer(error: smtplib.SMTPResponseException) -> str:
    text = error.smtp_error
    return str(Reply(error.smtp_code, text if isinstance(text, bytes) else text.encode()))
