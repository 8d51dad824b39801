"""Private keys of every kind, new in each run: none lies in the repository."""

from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes


@cache
def pem(kind: str) -> bytes:
    """A new private key."""
    made: PrivateKeyTypes
    match kind:
        case "ed25519":
            made = ed25519.Ed25519PrivateKey.generate()
        case "ec":
            made = ec.generate_private_key(ec.SECP256R1())
        case bits:
            made = rsa.generate_private_key(65537, int(bits))
    return made.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def write_keys(folder: Path, **kinds: str) -> str:
    """The setting of keys in `folder`: a kind by selector."""
    for selector, kind in kinds.items():
        (folder / f"{selector}.pem").write_bytes(pem(kind))
    return " ".join(f"{selector}={folder / selector}.pem" for selector in kinds)


def locked(kind: str) -> bytes:
    key = serialization.load_pem_private_key(pem(kind), None)
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"a passphrase")
    )
