"""What was on the wire when a process died: small locked files, appended around every final dot, read by whoever comes after.

A note is one write to the page cache, never synced: it outlives the process, not the host. Losing the host or the folder leaves
at most the claims of its processes uncertain. Refuses to let a message be completed that is no longer ours (law 3).
"""

import fcntl
import os
import re
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from worker.send.port import Outcome, Verdict, Withheld

_NAME = re.compile(r"(\d{1,19})-[0-9a-f]{16}\.journal")
_BREAKS = re.compile(r"[\t\r\n]")
_BEGUN, _ANSWERED = "begun", "answered"


@dataclass(frozen=True, slots=True)
class Orphan:
    """What a dead process left. `outcomes`: its answers that the ledger may not have yet, and `unknown` for what was never answered."""

    owner: int  # processes.id: only what it still holds may be settled by this
    outcomes: tuple[Outcome, ...]


class Journals:
    """The folder of all processes of this host (`PAPERBOY_STATE_DIR/journal`)."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def identity(self) -> str:
        """A name that only they know who see this folder, made by whoever comes first: 32 letters."""
        path = self.folder / "identity"
        if not path.exists():
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            draft = self.folder / f".{secrets.token_hex(8)}"
            draft.write_text(secrets.token_hex(16), encoding="ascii")
            with suppress(FileExistsError):
                path.hardlink_to(draft)
            draft.unlink()
        return path.read_text(encoding="ascii")

    def journal(self, owner: int, may_begin: Callable[[], bool]) -> "FileJournal":
        """A journal for one connection of `owner`, who may complete messages as long as `may_begin` says so."""
        return FileJournal(self.folder, owner, may_begin)

    def orphans(self) -> Iterator[Orphan]:
        """What free-locked files hold, one by one. A file is removed when the next one is asked for: settle before that.

        An owner without outcomes died with everything settled: it is news all the same, since its claims need not wait.
        A consumer that stops or raises in between keeps the file for another time. Settling twice must be harmless.
        """
        for path in sorted(self.folder.glob("*.journal")):
            named = _NAME.fullmatch(path.name)
            if not named:
                continue
            with _if_free(path) as notes:
                if notes is None:
                    continue
                yield Orphan(int(named[1]), _outcomes(notes))
                path.unlink(missing_ok=True)

    def in_hand(self, owner: int) -> frozenset[int]:
        """Deliveries that a living process of ours notes under `owner`: begun, or answered and perhaps not settled yet.

        Such a process may be frozen and given up, and still know, or learn, how these ended. Leave them to it, or to `orphans`
        once it is dead.
        """
        found: set[int] = set()
        for path in self.folder.glob(f"{owner}-*.journal"):
            with suppress(FileNotFoundError):
                found.update(outcome.delivery_id for outcome in _outcomes(path.read_bytes()))
        return frozenset(found)


class FileJournal:
    """The `Journal` of one connection. Its file is made at the first note and locked until the process ends or lets go."""

    def __init__(self, folder: Path, owner: int, may_begin: Callable[[], bool]) -> None:
        self._folder = folder
        self._owner = owner
        self._may_begin = may_begin
        self._file: int | None = None
        self._path: Path | None = None
        self._unsettled: set[int] = set()  # noted since the last `settled`

    def begun(self, delivery_id: int) -> None:
        """Note it, then ask whether it is still ours: a process frozen between the two is seen to hold it."""
        self._note(f"{_BEGUN} {delivery_id}")
        self._unsettled.add(delivery_id)
        if not self._may_begin():
            raise Withheld("this process no longer holds the delivery, or is told to stop")

    def answered(self, outcome: Outcome) -> None:
        """Note it. An answer that cannot be written leaves its delivery uncertain, no worse."""
        fields = (str(outcome.delivery_id), outcome.verdict, outcome.code, outcome.words, outcome.provider_id)
        self._unsettled.add(outcome.delivery_id)
        with suppress(OSError):
            self._note(f"{_ANSWERED} " + "\t".join(_BREAKS.sub(" ", field) for field in fields))

    def settled(self) -> None:
        """Everything answered so far stands in the ledger. Call it where nothing is on the wire: at an outcome, or between batches."""
        if self._file is not None and self._unsettled:
            os.ftruncate(self._file, 0)
        self._unsettled.clear()

    def belong_to(self, owner: int, may_begin: Callable[[], bool]) -> None:
        """From here on another claim-holder's: what the old one left unsettled becomes an orphan."""
        self.close()
        self._owner, self._may_begin = owner, may_begin

    def close(self) -> None:
        """Let go: an empty file is removed, any other is left to `orphans`."""
        if self._file is None or self._path is None:
            return
        if not self._unsettled:
            self._path.unlink(missing_ok=True)
        os.close(self._file)
        self._file = self._path = None
        self._unsettled.clear()

    def _note(self, line: str) -> None:
        if self._file is None:
            self._open()
        # A note that a full disk cut short must not swallow the next one: hence a break on both sides.
        data = f"\n{line}\n".encode("utf-8", "replace")
        if self._file is not None and os.write(self._file, data) != len(data):
            raise OSError("the disk of the journal is full")

    def _open(self) -> None:
        """Lock first, show later: under its final name a file is never free while its owner lives."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        name = f"{self._owner}-{secrets.token_hex(8)}"
        hidden, path = self._folder / f".{name}", self._folder / f"{name}.journal"
        file = os.open(hidden, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            hidden.rename(path)
        except OSError:
            os.close(file)
            hidden.unlink(missing_ok=True)
            raise
        self._file, self._path = file, path


class NoJournal:
    """For what needs no memory: a `--dry-run`, a login that is only checked, the demo."""

    def begun(self, delivery_id: int) -> None:
        """Nothing to note."""

    def answered(self, outcome: Outcome) -> None:
        """Nothing to note."""


@contextmanager
def _if_free(path: Path) -> Iterator[bytes | None]:
    """What the file holds, while we hold its lock; None when its owner lives or another reader was first."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        yield None
        return
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield None
            return
        # A reader before us may have settled and removed it between our opening and locking.
        yield path.read_bytes() if path.exists() else None
    finally:
        os.close(file)


def _outcomes(notes: bytes) -> tuple[Outcome, ...]:
    """The last word on each delivery; a line cut short by the end of its writer counts for nothing."""
    found: dict[int, Outcome] = {}
    for line in notes.decode("utf-8", "replace").split("\n")[:-1]:
        kind, _, rest = line.partition(" ")
        fields = rest.split("\t")
        if not fields[0].isdigit():
            continue
        delivery_id = int(fields[0])
        if kind == _BEGUN:
            found[delivery_id] = Outcome(delivery_id, Verdict.UNKNOWN, words="the process ended before the answer came")
        elif kind == _ANSWERED and len(fields) == 5 and fields[1] in set(Verdict):  # noqa: PLR2004 - as `answered` writes
            found[delivery_id] = Outcome(delivery_id, Verdict(fields[1]), fields[2], fields[3], fields[4])
    return tuple(found.values())
