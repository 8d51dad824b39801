"""The relay that a URL names, and dialling it: TLS, login, and for each thing that can go wrong the words that help.

Refuses to send a password in clear unless `tls=none` says so, and never puts one into an error.
"""

import re
import smtplib
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from config.clock import Clock
from worker.send import terms
from worker.send.port import Unavailable
from worker.send.smtp.line import Line, LineBroken, Patience, TlsLine
from worker.send.smtp.replies import Reply

_PORTS = {"smtp": 587, "smtps": 465}  # RFC 6409 and RFC 8314: submission
_HOST = re.compile(r"[A-Za-z0-9._:-]{1,253}")
_LONGEST = 3600  # seconds
_ENCODE = "in a user or a password write % : @ / ? # as %25 %3A %40 %2F %3F %23"


class Tls(StrEnum):
    """How a `smtp://` line is protected. A certificate is checked in any case."""

    OPPORTUNISTIC = "opportunistic"  # STARTTLS when it is offered
    REQUIRE = "require"
    NONE = "none"  # in clear, password included: for a network that is trusted


@dataclass(frozen=True, slots=True, kw_only=True)
class Relay:
    """Where mail is handed over, and how."""

    host: str
    port: int
    from_the_start: bool = False  # smtps: TLS before the first word
    tls: Tls = Tls.OPPORTUNISTIC
    ca: Path | None = None  # certificates trusted instead of the system's
    user: str = ""
    password: str = field(default="", repr=False)
    helo: str | None = None  # the name we greet with; None: the host's own
    patience: Patience = field(default_factory=Patience)
    max_messages: int = 500  # a connection; Exim answers 421 after 1,000 (smtp_accept_max_per_connection)

    @property
    def name(self) -> str:
        """Safe to log: no user, no password."""
        return f"{'smtps' if self.from_the_start else 'smtp'} {self.host}:{self.port}"


def relay_from(url: str) -> Relay:
    """The relay of `smtp://user:pass@host:587?tls=require` or `smtps://…`. Raises ValueError, whose words never hold the password."""
    try:
        parts = urlsplit(url)
    except ValueError:  # whose words would show the whole of user and password
        raise ValueError(f"is no URL that can be read; {_ENCODE}") from None
    if parts.fragment or parts.path not in {"", "/"}:
        raise ValueError(f"holds '/' or '#' where only a host may stand; {_ENCODE}")
    host, port = _host_and_port(parts.netloc.rpartition("@")[2])
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if password and not user:
        raise ValueError("has a password but no user")
    if not (user + password).isascii() or any(letter < " " or letter == "\x7f" for letter in user + password):
        raise ValueError("holds a user or a password with letters outside printable ASCII, which smtplib cannot log in with")
    relay = Relay(host=host, port=port or _PORTS[parts.scheme], from_the_start=parts.scheme == "smtps", user=user, password=password)
    return _with_options(relay, parts.query)


def _host_and_port(place: str) -> tuple[str, int | None]:
    found = re.fullmatch(r"(?:\[([0-9A-Fa-f:.]+)\]|([^:\[\]]*))(?::(\d{0,5}))?", place)
    if not found:
        raise ValueError(f"has no host and port that can be read; {_ENCODE}")
    host, port = found[1] or found[2], int(found[3]) if found[3] else None
    if not host:
        raise ValueError("names no host")
    if not _HOST.fullmatch(host):
        raise ValueError("names a host with letters that no host name has; write an international name in its xn-- form")
    if port is not None and not 0 < port < 65536:  # noqa: PLR2004 - a port has 16 bits
        raise ValueError(f"names port {port}, which is not between 1 and 65535")
    return host, port


def _with_options(relay: Relay, query: str) -> Relay:
    for key, value in parse_qsl(query, keep_blank_values=True):
        if key not in _OPTIONS:
            # The key is not repeated: a password with a bare "?" would show in it.
            raise ValueError(f"has an option that is not known (known are {', '.join(_OPTIONS)}); {_ENCODE}")
        relay = _OPTIONS[key](relay, value)
    if relay.from_the_start and relay.tls is Tls.NONE:
        raise ValueError("says tls=none, but smtps:// is TLS; write smtp://")
    return relay


def _tls(relay: Relay, value: str) -> Relay:
    if value not in set(Tls):
        raise ValueError("has an unknown tls=; known are " + ", ".join(Tls))
    return replace(relay, tls=Tls(value))


def _timeout(relay: Relay, value: str) -> Relay:
    seconds = _seconds("timeout", value)
    return replace(relay, patience=replace(relay.patience, connect=min(seconds, relay.patience.connect), command=seconds, write=seconds))


def _final_timeout(relay: Relay, value: str) -> Relay:
    return replace(relay, patience=replace(relay.patience, final=_seconds("final_timeout", value)))


def _max_messages(relay: Relay, value: str) -> Relay:
    if not re.fullmatch(r"[1-9]\d{0,6}", value):
        raise ValueError("has a max_messages= that is no number above 0")
    return replace(relay, max_messages=int(value))


def _helo(relay: Relay, value: str) -> Relay:
    if not _HOST.fullmatch(value):
        raise ValueError("has a helo= that is no host name")
    return replace(relay, helo=value)


def _seconds(key: str, value: str) -> float:
    if not re.fullmatch(r"\d{1,4}(\.\d{1,3})?", value) or not 0 < float(value) <= _LONGEST:
        raise ValueError(f"has a {key}= that is no number of seconds between 0 and {_LONGEST}")
    return float(value)


_OPTIONS: dict[str, Callable[[Relay, str], Relay]] = {
    "tls": _tls,
    "ca": lambda relay, value: replace(relay, ca=Path(value)),
    "timeout": _timeout,
    "final_timeout": _final_timeout,
    "max_messages": _max_messages,
    "helo": _helo,
    **dict.fromkeys(terms.OPTIONS, lambda relay, _value: relay),  # how much it may be given, not how: the terms
}


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
