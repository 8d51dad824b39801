"""What both usual ways to send share: the same templates, choices and links, and the standard library's message and SMTP."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from functools import cache
from urllib.parse import urlsplit

from jinja2 import Environment, Template
from markupsafe import Markup

from config.settings import Settings
from config.templating import environment
from subscribers.links import Links
from worker.ingest.papers import Paper
from worker.pick.choices import Choice, Selection
from worker.render.cards import View, heading_of, view_of
from worker.render.digests import remarks
from worker.render.house import House, house_of
from worker.render.plain import wrapped

ROWS = ("section", "rule", "card", "line", "notices")
MakeCard = Callable[[Paper, Choice, int], str]


class Desk:
    """One process's templates and links."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.house: House = house_of(settings)
        self.links = Links(settings.secret_key, settings.base_url)
        filters: Mapping[str, Callable[..., object]] = {"wrap": wrapped, "hang": lambda text, indent: wrapped(text, indent)[indent:]}
        self.templates: Environment = environment(None, filters)
        self.text_rows = {row: self._template(f"{row}.txt") for row in ROWS}
        self.text_shell = self._template("body.txt")
        self.html_rows = {row: self._template(f"{row}.html") for row in ROWS}
        self.html_shell = self._template("body.html")
        relay = urlsplit(settings.mailers[0])
        self.relay = (str(relay.hostname), int(relay.port or 25))

    def _template(self, name: str) -> Template:
        return self.templates.get_template(f"email/digest/{name}", globals={"house": self.house})

    def context(self, reader: int, delivery: int, address: str, selection: Selection, now: datetime) -> dict[str, str]:
        """What the shells are filled with, but for the subject and what stands in the middle."""
        count = len(selection.for_you) + len(selection.trending)
        return {
            "address": address,
            "date": f"{now:%A}, {now.day} {now:%B %Y}",
            "count": f"{count} of {selection.candidates:,} new papers",
            "leave": self.links.leave(reader),
            "preferences": self.links.preferences(reader, now),
            "view": self.links.view(delivery),
            "signup": self.links.home(),
        }

    def message(self, context: Mapping[str, str], delivery: int, text: str, html: str, now: datetime) -> EmailMessage:
        """The mail, as the standard library makes one."""
        message = EmailMessage(policy=SMTP.clone(max_line_length=120))  # or List-Unsubscribe is cut in encoded-words
        message["From"] = self.settings.sender
        message["To"] = context["address"]
        message["Subject"] = context["subject"]
        message["Date"] = format_datetime(now)
        message["Message-ID"] = f"<bench.{delivery}@example.org>"
        message["List-Id"] = "Paperboy <digests.example.org>"
        message["List-Unsubscribe"] = f"<{context['leave']}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(text)
        message.add_alternative(html, subtype="html")
        return message


def subject(selection: Selection, papers: Mapping[int, Paper]) -> str:
    """The first paper, and how many more."""
    shown = [*selection.for_you, *selection.trending]
    return f"{heading(papers[shown[0].paper_id])[:54]}, and {len(shown) - 1} more"


def preheader(selection: Selection, papers: Mapping[int, Paper]) -> str:
    """The titles that follow the subject's."""
    return " · ".join(heading(papers[choice.paper_id])[:60] for choice in [*selection.for_you, *selection.trending][1:4])


def body(rows: Mapping[str, Template], selection: Selection, papers: Mapping[int, Paper], card: MakeCard) -> Markup:
    """What stands in the middle of a mail: sections of cards, then titles of a line."""
    made = [rows["notices"].render(note="", remarks=remarks(selection))]
    number = 0
    for words, chosen in (("For you", selection.for_you), ("Trending today", selection.trending)):
        opening = rows["section"].render(heading=words)
        for choice in chosen:
            number += 1
            made += [opening, card(papers[choice.paper_id], choice, number)]
            opening = rows["rule"].render()
    made += _lines(rows, selection.more, papers, number)
    return Markup("".join(made))  # noqa: S704 - joined from what Jinja escaped


def _lines(rows: Mapping[str, Template], chosen: Sequence[Choice], papers: Mapping[int, Paper], before: int) -> list[str]:
    made = [rows["section"].render(heading="More that matches")] if chosen else []
    for number, choice in enumerate(chosen, start=before + 1):
        made.append(rows["line"].render(card=_heading(papers[choice.paper_id]), number=f"{number:>2}. "))
    return made


_VIEWS: dict[int, View] = {}


def view(paper: Paper) -> View:
    """What a card shows; made once a paper, which flatters the naive way."""
    if paper.id not in _VIEWS:
        _VIEWS[paper.id] = view_of(paper)
    return _VIEWS[paper.id]


def heading(paper: Paper) -> str:
    return view(paper).title


@cache
def _heading(paper: Paper) -> object:
    return heading_of(paper)
