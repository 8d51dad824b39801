"""Addresses: checked at the door, kept in one form, and known for good by a keyed hash (law 10).

Kept form: the local part as it was typed, since only its own server knows what case means there (RFC 5321, section 2.4), and the domain
in small ASCII letters, so that every relay takes it. Two spellings that differ in case alone are one reader: hashes are made of the folded
form. Plus-addresses are readers of their own. Refuses what few relays take: quoted or non-ASCII local parts, domain literals, comments.
A name before the address is dropped.
"""

import hmac
import re
import secrets

from email_validator import EmailNotValidError, validate_email
from sqlalchemy.orm import Session

from config.database import upsert
from subscribers.models import KeptKey

_KEY_NAME = "addresses"
_LONGEST = 400  # an address of 320 (RFC 5321, section 4.5.3.1) and a name before it
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]")


class AddressError(ValueError):
    """What was typed is no address; `remedy` says why."""

    def __init__(self, value: str, remedy: str) -> None:
        super().__init__(f"{value!r} is no address: {remedy}")
        self.value = value
        self.remedy = remedy


def check_address(typed: str) -> str:
    """The address in its kept form. Raises AddressError."""
    bare = _INVISIBLE.sub("", typed).strip().removeprefix("mailto:")
    if len(bare) > _LONGEST:
        raise AddressError(f"{bare[:40]}…", "it is longer than any address can be; type one address")
    try:
        # `.test` is nobody's domain (RFC 6761), and what people try a service with.
        found = validate_email(bare, check_deliverability=False, allow_display_name=True, strict=True, test_environment=True)
    except EmailNotValidError as error:
        raise AddressError(bare, str(error)) from error
    if not found.local_part.isascii():
        raise AddressError(bare, "few mail servers take letters outside ASCII before the @; give an address without them.")
    return f"{found.local_part}@{found.ascii_domain}"


def shown(address: str) -> str:
    """The address as people write it: "ada@xn--bcher-kva.example" is ada@bücher.example."""
    local, _, domain = address.rpartition("@")
    try:
        return f"{local}@{domain.encode().decode('idna')}"
    except UnicodeError:
        return address


def address_key(key: bytes, address: str) -> bytes:
    """What this address is known by, for ever: 32 bytes that nobody without `key` turns back."""
    return hmac.digest(key, address.casefold().encode(), "sha256")


def kept_key(session: Session) -> bytes:
    """The key of every address hash, made by whoever comes first; all others find that one."""
    if known := known_key(session):
        return known
    made = upsert(session, KeptKey).values(name=_KEY_NAME, value=secrets.token_bytes(32))
    session.execute(made.on_conflict_do_nothing())
    return session.get_one(KeptKey, _KEY_NAME).value


def known_key(session: Session) -> bytes | None:
    """The key of every address hash; None while no address was ever kept. Never writes."""
    row = session.get(KeptKey, _KEY_NAME)
    return row.value if row else None
