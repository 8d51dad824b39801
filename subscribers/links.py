"""Links for one purpose each (law 5): made in about 3 us, read in constant time, forged by nobody without the secret.

A token is base64url(kind, id, stamp, truncated HMAC-SHA256): 20 bytes, 27 letters. Refuses, in words a page can show, what was forged,
cut short, expired or meant for something else. Whether a link was used already is known by its Request row, not here.
"""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import Enum, StrEnum
from typing import Self

_SIZE = 20
_LETTERS = 27
_ID_BYTES = 5
# Stamps count from here; two bytes of days reach 2199, four bytes of seconds 2156.
_EPOCH = datetime(2020, 1, 1, tzinfo=UTC)
VOTES = "/papers/"  # behind a digest's own link, where its vote links begin


class Purpose(Enum):
    """What a token lets its bearer do. Values are its kind on the wire, and never change: mails carry them."""

    INERT = 0  # nothing: previews
    LEAVE = 1  # subscriber: stop all mail; never expires
    READ = 2  # delivery: look at it, vote on its papers; never expires
    CHOOSE = 3  # subscriber: topics, cadence, pause; 60 days
    FRESH = 4  # request: also export, erase, new address; 30 minutes, once
    CONFIRM = 5  # request: prove that an address is read; 3 days, dies when used
    BACK = 6  # subscriber: take back a leave, from the page that followed it; 30 minutes
    FORM = 7  # nobody: when a form was shown, which bots do not wait for; a day
    FEED = 8  # feed: read it; good until its row is gone


@dataclass(frozen=True, slots=True)
class _Stamp:
    size: int  # bytes
    unit: timedelta
    good_for: timedelta


_STAMPS = {
    Purpose.CHOOSE: _Stamp(2, timedelta(days=1), timedelta(days=60)),
    Purpose.FRESH: _Stamp(4, timedelta(seconds=1), timedelta(minutes=30)),
    Purpose.CONFIRM: _Stamp(4, timedelta(seconds=1), timedelta(days=3)),
    Purpose.BACK: _Stamp(4, timedelta(seconds=1), timedelta(minutes=30)),
    Purpose.FORM: _Stamp(4, timedelta(seconds=1), timedelta(days=1)),
}
_NO_STAMP = _Stamp(0, timedelta(0), timedelta(0))


class LinkFault(StrEnum):
    """Why a link does not do what it was followed for, as a page says it."""

    BROKEN = "This link is not complete. Mail programs sometimes cut long links in two."
    FORGED = "This link was not made by us, or was changed on its way."
    EXPIRED = "This link has expired. Links that change things are good for a while only."
    USED = "This link was used already. It was good for once only."
    REVOKED = "This feed was turned off, or has a new link."
    FOREIGN = "This link was made for something else."
    INERT = "This link comes from a preview, where links do nothing."


class LinkError(Exception):
    """A link that cannot be used; `fault` holds the words."""

    def __init__(self, fault: LinkFault) -> None:
        super().__init__(fault.value)
        self.fault = fault


@dataclass(frozen=True, slots=True)
class Verified:
    """A token we made: what for, and whose (a subscriber's, a delivery's, a request's or a feed's id, by purpose)."""

    purpose: Purpose
    id: int
    made_at: datetime | None = field(default=None, compare=False)  # to the stamp's unit; None for what never expires


class Links:
    """Makes and reads tokens. The first secret signs, every secret verifies; `base_url` carries no slash at its end."""

    def __init__(self, secret_keys: Sequence[str], base_url: str) -> None:
        # The label keeps these keys apart from any other use of the same secret.
        self._signers = [hmac.new(key.encode(), b"paperboy link 1:", "sha256") for key in secret_keys]
        self._base = base_url
        self._is_inert = False

    def inert(self) -> Self:
        """The same links with tokens that open nothing, for previews."""
        made = type(self)((), self._base)
        made._signers = self._signers  # noqa: SLF001 - our own class
        made._is_inert = True  # noqa: SLF001 - as above
        return made

    def token(self, purpose: Purpose, number: int, now: datetime = _EPOCH) -> str:
        """A token of 27 letters; `now` counts for purposes that expire. Raises OverflowError for an id of 2^40 or more."""
        if self._is_inert:
            purpose, number = Purpose.INERT, 0
        stamp = _STAMPS.get(purpose, _NO_STAMP)
        payload = bytes((purpose.value,)) + number.to_bytes(_ID_BYTES, "big")
        if stamp.size:
            payload += ((now - _EPOCH) // stamp.unit).to_bytes(stamp.size, "big")
        return urlsafe_b64encode(payload + self._sign(0, payload)).decode().rstrip("=")

    def read(self, token: str, now: datetime, *purposes: Purpose) -> Verified:
        """What `token` is good for at `now`. Raises a LinkError unless it is good for one of `purposes` (for any, if none is given)."""
        payload, signature = _split(token)
        if not any(hmac.compare_digest(self._sign(index, payload), signature) for index in range(len(self._signers))):
            raise LinkError(LinkFault.FORGED)
        purpose = Purpose(payload[0])
        if purpose is Purpose.INERT:
            raise LinkError(LinkFault.INERT)
        if purposes and purpose not in purposes:
            raise LinkError(LinkFault.FOREIGN)
        number = int.from_bytes(payload[1 : 1 + _ID_BYTES], "big")
        if (stamp := _STAMPS.get(purpose)) is None:
            return Verified(purpose, number)
        made_at = _EPOCH + int.from_bytes(payload[-stamp.size :], "big") * stamp.unit
        # The stamp is rounded down: a whole unit more, and no link dies before its time.
        if now >= made_at + stamp.unit + stamp.good_for:
            raise LinkError(LinkFault.EXPIRED)
        return Verified(purpose, number, made_at)

    def home(self) -> str:
        """The sign-up page."""
        return f"{self._base}/"

    def leave(self, subscriber_id: int) -> str:
        """The link of List-Unsubscribe and of every foot."""
        return f"{self._base}/unsubscribe/{self.token(Purpose.LEAVE, subscriber_id)}"

    def preferences(self, subscriber_id: int, now: datetime) -> str:
        """The reader's choices; what a digest carries."""
        return f"{self._base}/preferences/{self.token(Purpose.CHOOSE, subscriber_id, now)}"

    def fresh(self, request_id: int, now: datetime) -> str:
        """The reader's choices with everything: the one thing a "fresh link" letter carries."""
        return f"{self._base}/preferences/{self.token(Purpose.FRESH, request_id, now)}"

    def confirm(self, request_id: int, now: datetime) -> str:
        """The page whose button confirms a sign-up or a new address."""
        return f"{self._base}/confirm/{self.token(Purpose.CONFIRM, request_id, now)}"

    def view(self, delivery_id: int) -> str:
        """The digest in a browser."""
        return f"{self._base}/digests/{self.token(Purpose.READ, delivery_id)}"

    def papers(self, delivery_id: int) -> str:
        """What the vote links of a digest begin with: a paper's id, and "/more" or "/less", follow."""
        return f"{self.view(delivery_id)}{VOTES}"

    def feed(self, feed_id: int) -> str:
        """A reader's own feed."""
        return f"{self._base}/feed/{self.token(Purpose.FEED, feed_id)}"

    def _sign(self, index: int, payload: bytes) -> bytes:
        signer = self._signers[index].copy()
        signer.update(payload)
        return signer.digest()[: _SIZE - len(payload)]


def _split(token: str) -> tuple[bytes, bytes]:
    """The payload and the signature. Only the one spelling that we write is read: base64 leaves two bits of the last letter free."""
    try:
        raw = urlsafe_b64decode(token + "=") if len(token) == _LETTERS else b""
    except ValueError:
        raise LinkError(LinkFault.BROKEN) from None
    if len(raw) != _SIZE or urlsafe_b64encode(raw) != f"{token}=".encode():
        raise LinkError(LinkFault.BROKEN)
    try:
        stamp = _STAMPS.get(Purpose(raw[0]), _NO_STAMP)
    except ValueError:
        raise LinkError(LinkFault.FORGED) from None
    cut = 1 + _ID_BYTES + stamp.size
    return raw[:cut], raw[cut:]
