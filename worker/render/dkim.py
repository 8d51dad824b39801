"""DKIM signatures (RFC 6376; Ed25519: RFC 8463) over the bytes of a message as they leave. Reads the operator's keys once; asks no DNS.

Our bodies are canonical as they are made (CRLF, no blank at a line's end, one CRLF at the very end: section 3.4.3), so they are hashed
as they stand. Imported only where there is something to sign: cryptography takes a tenth of a second to import.
"""

from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial
from hashlib import sha256
from pathlib import Path
from textwrap import wrap

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from config.settings import Settings, SettingsError
from worker.render.headers import split_mailbox

# Named once more than they occur, so that nobody on the way can add a second one unseen (section 8.15).
_SEALED = (b"from", b"to", b"reply-to", b"subject", b"date", b"content-type")
_LEAST, _MOST = 2048, 4096  # bits of an RSA key that is strong enough, and that every receiver reads (RFC 8301, section 3.2)
_LINE = 72  # letters of a folded line
_STRING = 255  # bytes of one string of a TXT record (RFC 1035, section 3.3)
_MAKE = "openssl genpkey -algorithm rsa -pkeyopt rsa_keygen_bits:2048 -out dkim-rsa.pem"


@dataclass(frozen=True, slots=True)
class Key:
    """One private key, as its selector publishes it."""

    selector: str
    kind: str  # "RSA-2048", "Ed25519"
    algorithm: bytes  # the tag a=
    record: str  # what the TXT record must say
    sign: Callable[[bytes], bytes] = field(repr=False)


class Signer:
    """Signs in the name of `domain`, once with each key."""

    def __init__(self, domain: str, keys: Sequence[Key]) -> None:
        self.domain = domain
        self.keys = tuple(keys)

    def sign(self, headers: Sequence[bytes], body: bytes) -> bytes:
        """The DKIM-Signature headers, to stand before `headers`: whole lines with their CRLF, each name once, all of them signed."""
        canonical = [_relaxed(header) for header in headers]
        signed = b"".join(canonical)
        names = _listed(tuple(header.partition(b":")[0] for header in canonical))
        body_hash = b64encode(sha256(body).digest())
        return b"".join([self._signature(key, names, signed, body_hash) for key in self.keys])

    def records(self) -> list[tuple[str, str]]:
        """The TXT records to publish, as a zone file has them: name, and its strings in quotes."""
        return [(f"{key.selector}._domainkey.{self.domain}.", _strings(key.record)) for key in self.keys]

    def _signature(self, key: Key, names: bytes, signed: bytes, body_hash: bytes) -> bytes:
        opened = b"DKIM-Signature: v=1; a=%b; c=relaxed/simple;\r\n d=%b; s=%b;\r\n h=%b;\r\n bh=%b;\r\n b=" % (
            key.algorithm,
            self.domain.encode(),
            key.selector.encode(),
            names,
            body_hash,
        )
        # It signs itself too, without its own value and without a CRLF (section 3.7).
        made = b64encode(key.sign(signed + _relaxed(opened)[:-2]))
        return opened + b"\r\n ".join([made[at : at + _LINE] for at in range(0, len(made), _LINE)]) + b"\r\n"


def signer_from(settings: Settings) -> Signer:
    """Reads the keys of `PAPERBOY_DKIM`; they sign for the domain of `PAPERBOY_SENDER`, so that DMARC's strict alignment holds.

    Raises SettingsError with a line a fault, which shows nothing of a key; BadAddress for a sender that cannot be written.
    """
    keys: list[Key] = []
    faults: list[str] = []
    for selector, path in settings.dkim:
        try:
            keys.append(_key(selector, path))
        except ValueError as error:
            faults.append(f"PAPERBOY_DKIM: {selector}={path} {error}. Make one with: {_MAKE}")
    if faults:
        raise SettingsError(faults)
    return Signer(split_mailbox(settings.sender)[1].rpartition("@")[2], keys)


def _relaxed(header: bytes) -> bytes:
    """A header by the canonicalisation "relaxed" (section 3.4.2): its name small, unfolded, each run of blanks one, none at the ends."""
    name, _, value = header.partition(b":")
    return b"%b:%b\r\n" % (name.lower(), b" ".join(value.split()))


@lru_cache(maxsize=64)
def _listed(names: tuple[bytes, ...]) -> bytes:
    """The tag h=, folded."""
    listed = ": ".join(name.decode() for name in (*names, *_SEALED))
    return "\r\n ".join(wrap(listed, _LINE, break_on_hyphens=False)).encode()


def _key(selector: str, path: Path) -> Key:
    """Raises ValueError; its words show nothing of what is in the file."""
    try:
        private = load_pem_private_key(path.read_bytes(), password=None)
    except OSError as error:
        raise ValueError(f"cannot be read: {error.strerror}. Look at the path, and at who owns it") from error
    except TypeError:
        raise ValueError("is locked by a passphrase, which nobody types at a start") from None
    except (ValueError, UnsupportedAlgorithm):
        raise ValueError("is no private key in PEM") from None
    match private:
        case RSAPrivateKey(key_size=bits):
            if not _LEAST <= bits <= _MOST:
                raise ValueError(f"is an RSA key of {bits} bits; receivers trust {_LEAST} to {_MOST} (RFC 8301)")
            public = private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
            sign = partial(private.sign, padding=PKCS1v15(), algorithm=SHA256())
            return Key(selector, f"RSA-{bits}", b"rsa-sha256", f"v=DKIM1; k=rsa; p={b64encode(public).decode()}", sign)
        case Ed25519PrivateKey():
            public = private.public_key().public_bytes_raw()
            record = f"v=DKIM1; k=ed25519; p={b64encode(public).decode()}"
            # RFC 8463, section 3: what is signed is the hash.
            return Key(selector, "Ed25519", b"ed25519-sha256", record, lambda data: private.sign(sha256(data).digest()))
        case _:
            raise ValueError("is a key that is neither RSA nor Ed25519")


def _strings(record: str) -> str:
    return " ".join(f'"{record[at : at + _STRING]}"' for at in range(0, len(record), _STRING))
