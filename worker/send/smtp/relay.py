"""The relay that a URL names, and how it is spoken to. Dials nobody, and never puts a password into an error."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from worker.send import terms
from worker.send.smtp.line import Patience

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
