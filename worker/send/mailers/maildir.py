"""Mail into a Maildir on this machine (https://cr.yp.to/proto/maildir.html): whole or not at all, and a delivery never twice.

The name of a file comes from the delivery, not from the clock: a delivery handed over again finds, or replaces, itself. Nothing
is synced: a killed process loses nothing, a lost host may.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from worker.send import terms
from worker.send.port import Blame, Outcome, Parcel, Unavailable, Verdict

_FOLDERS = ("tmp", "new", "cur")


def folder_from(url: str) -> Path:
    """The folder of `maildir:///var/mail/paperboy`. Raises ValueError."""
    parts = urlsplit(url)
    if parts.netloc:
        raise ValueError("names a host; a folder takes three slashes")
    if parts.fragment or any(key not in terms.OPTIONS for key, _ in parse_qsl(parts.query, keep_blank_values=True)):
        raise ValueError(f"has an option that is not known (known are {', '.join(terms.OPTIONS)}); in a path write ? and # as %3F and %23")
    folder = unquote(parts.path)
    if len(folder) < 2 or "\x00" in folder:  # noqa: PLR2004 - "/" alone is the root
        raise ValueError("names no folder")
    return Path(folder)


class MaildirMailer:
    """A `Mailer` whose outside world is a folder."""

    def __init__(self, folder: Path) -> None:
        self.name = f"maildir {folder}"
        self._folder = folder
        self._read: frozenset[str] = frozenset()  # unique names in cur, where mail readers move what was looked at
        self._read_at = -1  # modification time of cur, in nanoseconds, when they were listed

    def deliver(self, parcels: Iterable[Parcel]) -> Iterator[Outcome]:
        """Write each parcel. When the folder fails in the middle, that parcel is deferred and the batch ends."""
        self._prepare()
        for parcel in parcels:
            name = unique_name(parcel)
            try:
                if name not in self._already_read():
                    self._write(name, parcel.message.wire())
            except OSError as error:
                words = f"{error.strerror or error}: {self._folder}"[:200]
                yield Outcome(parcel.delivery_id, Verdict.DEFERRED, words=words, blame=Blame.MAILER)
                return
            yield Outcome(parcel.delivery_id, Verdict.ACCEPTED, words="in the Maildir", provider_id=name)

    def check(self) -> str:
        """Whether mail can be put there, and how much waits."""
        self._prepare()
        waiting = sum(1 for _ in os.scandir(self._folder / "new"))
        return f"{self.name}: writable, {waiting} unread"

    def close(self) -> None:
        """Nothing is kept open."""

    def _prepare(self) -> None:
        try:
            for name in _FOLDERS:
                (self._folder / name).mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise Unavailable(f"{self._folder} cannot be made ({error.strerror}): {_REMEDY}") from error
        for name in _FOLDERS:
            if not os.access(self._folder / name, os.R_OK | os.W_OK | os.X_OK):
                raise Unavailable(f"{self._folder / name} is not writable for user {os.geteuid()}: {_REMEDY}")

    def _write(self, name: str, wire: bytes) -> None:
        # The process's number keeps two writers of one delivery out of each other's file; the rename decides.
        draft = self._folder / "tmp" / f"{name}.{os.getpid()}"
        try:
            file = os.open(draft, os.O_CREAT | os.O_TRUNC | os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
            with os.fdopen(file, "wb", buffering=0) as writer:
                _write_all(writer.fileno(), wire)
            draft.rename(self._folder / "new" / name)
        except OSError:
            with suppress(OSError):
                draft.unlink(missing_ok=True)
            raise

    def _already_read(self) -> frozenset[str]:
        """Names that a mail reader took over into cur; listed anew only after something moved there."""
        changed = (self._folder / "cur").stat().st_mtime_ns
        if changed != self._read_at:
            # The time first: what moves while we list makes us list again.
            self._read_at = changed
            self._read = frozenset(entry.name.partition(":")[0] for entry in os.scandir(self._folder / "cur"))
        return self._read


_REMEDY = "make it writable, or name another folder in PAPERBOY_MAILERS or PAPERBOY_STATE_DIR"


def unique_name(parcel: Parcel) -> str:
    """The same for a delivery and its Message-ID whenever it is sent, and for no other."""
    digest = blake2b(f"{parcel.message.message_id}\n{parcel.recipient}".encode(), digest_size=10).hexdigest()
    return f"{parcel.delivery_id:010d}.{digest}.paperboy"


def _write_all(file: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(file, view) :]
