"""What a demo left, read as a stranger would: the mails from their bytes, the page from its file, the words from the terminal."""

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from datetime import date, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from functools import cached_property
from pathlib import Path

from lxml.html import HtmlElement  # type: ignore[import-untyped]  # lxml carries no types

from config.settings import ROOT
from subscribers.choices import Choices
from tests.worker.render.builders import bodies, of_class, tree
from worker.demo.house import SITE
from worker.demo.readers import DOZEN

PATIENCE = 240  # seconds, on a machine that does other things too
_NAME = re.compile(r"(\d{4}-\d\d-\d\d) (\S+)\.eml")


def played(*words: str, cwd: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    """`./paperboy demo` in a process of its own, in the folder `cwd`, with nothing set but `environ`."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PAPERBOY_")}
    return subprocess.run(
        [sys.executable, "-m", "worker", "demo", *words],
        cwd=cwd,
        env=clean | {"PYTHONPATH": str(ROOT), "PYTHONSAFEPATH": "1"} | environ,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


@dataclass(frozen=True)
class Mail:
    """One .eml file."""

    path: Path

    @property
    def day(self) -> date:
        """The day that its name tells."""
        return date.fromisoformat(self._named[0])

    @property
    def address(self) -> str:
        """The reader that its name tells."""
        return f"{self._named[1]}@example.org"

    @property
    def choices(self) -> Choices:
        """What this reader asked for."""
        return dict(DOZEN)[self.address]

    @cached_property
    def wire(self) -> bytes:
        return self.path.read_bytes()

    @cached_property
    def message(self) -> EmailMessage:
        found = message_from_bytes(self.wire, policy=policy.default)
        assert isinstance(found, EmailMessage)
        return found

    @cached_property
    def parts(self) -> tuple[str, str]:
        return bodies(self.message)

    @property
    def text(self) -> str:
        return self.parts[0]

    @property
    def html(self) -> str:
        return self.parts[1]

    @cached_property
    def root(self) -> HtmlElement:
        return tree(self.html)

    @cached_property
    def links(self) -> list[str]:
        """Where the titles lead, cards and one-line titles, in order."""
        return [element.get("href") for element in self.root.find_class("headline") if element.tag == "a"]

    @property
    def cards(self) -> list[str]:
        """The titles of the cards."""
        return of_class(self.root, "title")

    @property
    def lines(self) -> list[str]:
        """The one-line titles."""
        return [words for words in of_class(self.root, "headline") if words not in self.cards]

    @property
    def reasons(self) -> list[str]:
        return of_class(self.root, "reason")

    @property
    def sections(self) -> dict[str, list[str]]:
        """The titles of the cards, by the heading they stand under."""
        found: dict[str, list[str]] = {}
        for element in self.root.iter("h2", "h3"):
            words = " ".join(element.text_content().split())
            if element.tag == "h2":
                found[words] = []
            else:
                found[list(found)[-1]].append(words)
        return found

    @property
    def own(self) -> dict[str, str]:
        """The links of ours in the foot: words to address."""
        return {
            " ".join(element.text_content().split()): str(element.get("href"))
            for element in self.root.iter("a")
            if str(element.get("href")).startswith(f"https://{SITE}/") and element.get("class") != "vote"
        }

    @property
    def sent_at(self) -> datetime:
        sent: datetime = self.message["Date"].datetime
        return sent

    @property
    def _named(self) -> tuple[str, str]:
        found = _NAME.fullmatch(self.path.name)
        assert found, self.path.name
        return found[1], found[2]


@dataclass(frozen=True)
class Demo:
    """One run of the command and the folder it wrote."""

    folder: Path
    said: str
    code: int

    @cached_property
    def mails(self) -> list[Mail]:
        """Every mail, day by day."""
        return [Mail(path) for path in sorted(self.folder.glob("*.eml"))]

    def of(self, address: str) -> list[Mail]:
        """One reader's mails."""
        return [mail for mail in self.mails if mail.address == address]
