"""What keeps bots from the sign-up form, beside limits: domains the operator refuses, and a proof of work of our own."""

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

_LONGEST_ANSWER = 20  # letters of a nonce


@dataclass(frozen=True, slots=True)
class Guards:
    """The operator's choice; both are off by default."""

    refused_domains: frozenset[str] = frozenset()
    bits: int = 0  # of work

    def refuses(self, address: str) -> bool:
        """Whether the address is on a domain, or below one, that is refused."""
        labels = address.rpartition("@")[2].casefold().split(".")
        return any(".".join(labels[start:]) in self.refused_domains for start in range(len(labels)))

    def accepts(self, task: str, answer: str) -> bool:
        """Whether `answer` is a number that, after the task and a colon, gives a SHA-256 with so many leading zero bits."""
        if not self.bits:
            return True
        if not (answer.isascii() and answer.isdigit() and len(answer) <= _LONGEST_ANSWER):
            return False
        digest = sha256(f"{task}:{answer}".encode()).digest()
        return int.from_bytes(digest, "big") >> (256 - self.bits) == 0


def refused_from(file: Path | None) -> frozenset[str]:
    """The domains of a file, one a line; `#` begins a remark. Raises OSError for a file that is not there."""
    return domains(file.read_text(encoding="utf-8").splitlines()) if file else frozenset()


def domains(lines: Iterable[str]) -> frozenset[str]:
    """The domains that these lines name, as addresses keep them: in small ASCII letters."""
    bare = (line.partition("#")[0].strip().strip(".").casefold() for line in lines)
    return frozenset(_ascii(domain) for domain in bare if domain)


def _ascii(domain: str) -> str:
    try:
        return domain.encode("idna").decode()
    except UnicodeError:
        return domain
