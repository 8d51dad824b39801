"""The folder a demo is played into: made, replaced only when it is one, and cleared of nothing but what a demo wrote."""

import shutil
from contextlib import suppress
from pathlib import Path

WORK = ".paperboy-demo"  # database, Maildir and journals; where it stands, a demo was played
_LIST = "written.txt"
_SHOWN = 3  # foreign files that a refusal names


class FolderError(Exception):
    """Why nothing can be played there, and what to do; one line."""


class Folder:
    """A demo's folder, empty but for what others put there."""

    def __init__(self, path: Path) -> None:
        """Make the folder, or clear the last demo out of it. Raises FolderError, before anything was touched when it is no demo's."""
        self.path = path
        self.work = path / WORK
        _refuse(path, self.work)
        try:
            self._clear()
            self.work.mkdir(parents=True, mode=0o700)
        except OSError as error:
            raise FolderError(f"{path} cannot be written ({_words(error)}); name another folder: --out DIR") from error

    def write(self, files: dict[str, bytes]) -> None:
        """Write these files, by name. Their names are noted first: a demo broken off is cleared away like any other. Raises FolderError."""
        try:
            with (self.work / _LIST).open("a", encoding="utf-8") as noted:
                noted.writelines(f"{name}\n" for name in files)
            for name, content in files.items():
                (self.path / name).write_bytes(content)
        except OSError as error:
            raise FolderError(f"{self.path} cannot be written ({_words(error)}); name another folder: --out DIR") from error

    def _clear(self) -> None:
        if not self.work.exists():
            return
        for written in (self.path / name for name in _noted(self.work / _LIST)):
            if written.is_file() or written.is_symlink():
                written.unlink()
        shutil.rmtree(self.work)


def _refuse(path: Path, work: Path) -> None:
    try:
        if work.is_symlink() or (work.exists() and not work.is_dir()):
            raise FolderError(f"{work} is not a folder that a demo made; move it away, or name another one: --out DIR")
        if work.exists() or not path.exists():
            return
        if not path.is_dir():
            raise FolderError(f"{path} is a file; name a folder: --out DIR")
        if found := sorted(entry.name for entry in path.iterdir()):
            more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
            raise FolderError(
                f"{path} is no demo folder (it holds {', '.join(found[:_SHOWN])}{more}) and is left alone; name another one: --out DIR"
            )
    except OSError as error:
        raise FolderError(f"{path} cannot be read ({_words(error)}); name another folder: --out DIR") from error


def _noted(notes: Path) -> list[str]:
    """The names of the last demo's files; never a path that leads out of the folder."""
    with suppress(FileNotFoundError):
        return [name for name in notes.read_text(encoding="utf-8").splitlines() if Path(name).name == name]
    return []


def _words(error: OSError) -> str:
    return error.strerror or str(error)
