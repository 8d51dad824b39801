"""Papers, readers and a press with good defaults, so that a test shows only what matters; and readers of what came out."""

import email
import email.policy
import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from email.message import EmailMessage
from functools import cache
from pathlib import Path
from typing import Any
from zlib import crc32

from lxml import html  # type: ignore[import-untyped]  # lxml carries no types

from config.settings import Settings, load
from worker.ingest.papers import Paper
from worker.pick.choices import Choice, Selection
from worker.render.addressee import Addressee, Urls
from worker.render.message import Message
from worker.render.press import Press

DATA = Path(__file__).parents[2] / "data" / "render"
BASE = "https://papers.example.org"
TOKEN = "AbCdEfGhIjKlMnOpQrStUvWxYz1"
NOON = datetime(2026, 6, 17, 12, 0, tzinfo=UTC)


def settings(**values: str) -> Settings:
    given = {"base_url": BASE, "sender": "Paperboy <papers@example.org>", "postal_address": "Example Ltd, 1 High Street, London"} | values
    return load({f"PAPERBOY_{name.upper()}": value for name, value in given.items()})


@cache
def a_press() -> Press:
    return Press(settings())


def a_paper(number: int = 1, **values: Any) -> Paper:
    given = {
        "id": number,
        "key": f"arxiv:2606.{number:05d}",
        "title": f"Paper {number}: A Title",
        "abstract": "Vision is hard. We propose a method that sees further than those before it, and that learns to do so by itself.",
        "first_seen_at": NOON,
        "authors": ("Ada Lovelace", "Alan Turing"),
        "url": f"https://arxiv.org/abs/2606.{number:05d}",
        "pdf_url": f"https://arxiv.org/pdf/2606.{number:05d}",
    }
    # Cards are kept by revision: papers that differ are different revisions.
    return Paper(**{**given, "revision": crc32(repr(sorted(values.items())).encode(errors="replace")), **values})


def an_addressee(**values: Any) -> Addressee:
    given = {
        "address": "ada@example.org",
        "name": "Ada Lovelace",
        "delivery_id": 4711,
        "occasion": "digest:2026-06-17",
        "day": date(2026, 6, 17),
        "sent_at": NOON,
        "urls": Urls(
            leave=f"{BASE}/unsubscribe/{TOKEN}",
            preferences=f"{BASE}/preferences/{TOKEN}",
            view=f"{BASE}/digests/{TOKEN}",
            votes=f"{BASE}/digests/{TOKEN}/papers/",
            signup=f"{BASE}/",
        ),
    }
    return Addressee(**{**given, **values})


def a_selection(papers: Mapping[int, Paper], **values: Any) -> Selection:
    given = {"for_you": tuple(Choice(number, "Robotics; keyword sight") for number in papers), "candidates": 412}
    return Selection(**{**given, **values})


def some_papers(count: int, **values: Any) -> dict[int, Paper]:
    return {number: a_paper(number, **values) for number in range(1, count + 1)}


@cache
def the_week() -> dict[int, Paper]:
    """Real papers of June 2026, the most voted of the 17th first."""
    rows = [json.loads(line) for line in (DATA / "week.jsonl").read_text(encoding="utf-8").splitlines()]
    rows.sort(key=lambda row: (row["day"] != "2026-06-17", -row["votes"]))
    return {
        number: a_paper(
            number,
            key=f"arxiv:{row['id']}",
            title=row["title"],
            abstract=row["abstract"],
            authors=tuple(row["authors"]),
            url=f"https://huggingface.co/papers/{row['id']}",
            pdf_url=f"https://arxiv.org/pdf/{row['id']}",
            summary=row["summary"] if number % 3 else None,
            repository=row["repository"],
            stars=row["stars"],
            organisation=row["organisation"],
            votes=row["votes"],
        )
        for number, row in enumerate(rows, 1)
    }


def a_week_selection() -> Selection:
    """Five, five and eight of the week, with everything a digest may have to say."""
    reasons = ("Language models; keyword loop", "Robotics", "Agents; Reasoning", "Reasoning", "Agents; keyword evolver")
    trending = ("Most voted", "2nd most voted", "3rd most voted", "4th most voted", "5th most voted")
    return Selection(
        for_you=tuple(Choice(number, reason) for number, reason in zip((1, 4, 7, 9, 12), reasons, strict=True)),
        trending=tuple(Choice(number, f"{words} since Tuesday") for number, words in zip((2, 3, 5, 6, 8), trending, strict=True)),
        more=tuple(Choice(number, "") for number in range(20, 28)),
        candidates=412,
        quiet_days=("Tue 16 June",),
        still=("Databases", "Quantum computing"),
    )


def received(message: Message) -> EmailMessage:
    """The message as a mail program reads it off the wire."""
    found = email.message_from_bytes(message.wire(), policy=email.policy.default)
    assert isinstance(found, EmailMessage)
    return found


def bodies(mail: EmailMessage) -> tuple[str, str]:
    """Text and HTML of a received mail, lines ending in LF."""
    found = []
    for kind in ("plain", "html"):
        part = mail.get_body((kind,))
        assert part is not None
        found.append(str(part.get_content()).replace("\r\n", "\n"))
    return found[0], found[1]


def tree(markup: str) -> html.HtmlElement:
    return html.document_fromstring(markup, parser=html.HTMLParser(encoding=None))


def words(element: html.HtmlElement) -> str:
    return " ".join(element.text_content().split())


def of_class(root: html.HtmlElement, name: str) -> list[str]:
    """The words of each element of a class, in order."""
    return [words(element) for element in root.find_class(name)]


def links(root: html.HtmlElement) -> list[str]:
    return [element.get("href") or "" for element in root.iter("a")]
