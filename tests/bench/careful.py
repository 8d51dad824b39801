"""The careful way: batches of 500, CSS inlined once, cards kept as text, Jinja2 for the shell, EmailMessage, one kept connection.

It chooses as we do, a thousand readers in one product, so what is compared is the way from a choice to the relay and back to the ledger.
`python -m tests.bench.careful` says "ready", then sends to the readers FIRST LAST of each line it reads, and says "done".
"""

import os
import smtplib
import sys
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from html import escape

from jinja2 import Template
from sqlalchemy import insert

from config.clock import SystemClock
from config.database import Database
from config.settings import load
from subscribers import audience
from tests.bench.usual import ROWS, Desk, body, preheader, subject, view
from worker.ingest.papers import Paper
from worker.pick.choices import Choice, Selection
from worker.pick.today import Today
from worker.render.inlining import Inliner
from worker.send import planning
from worker.send.models import Delivery, Kind, State
from worker.send.planning import Decided, Due

BATCH = 500
REASON, VOTES, NUMBER = "paperboyreason", "paperboyvotes", "paperboynumber"


class Sender:
    """One process: its templates, its cards, its connection."""

    def __init__(self) -> None:
        settings = load(os.environ)
        self._desk = Desk(settings)
        self._database = Database(settings.database_url)
        self._today = Today(settings)
        inliner = Inliner(self._desk.templates, self._desk.house)
        parts = inliner.parts("email/digest/body.html", [f"email/digest/{row}.html" for row in ROWS])
        self._html_rows = {row: parts[f"email/digest/{row}.html"] for row in ROWS}
        self._html_shell = inliner.whole("email/digest/body.html")
        self._cards: dict[tuple[int, int], str] = {}
        self._line = smtplib.SMTP(*self._desk.relay, local_hostname="bench")
        with self._database.reading() as session:
            self._papers = {paper.id: paper for paper in self._today.desk(session, SystemClock().now()).candidates.papers}

    def send(self, first: int, last: int) -> None:
        """Everybody from `first` to `last`, batch by batch."""
        for start in range(first, last + 1, BATCH):
            self._send_batch(start, min(last, start + BATCH - 1))

    def _send_batch(self, first: int, last: int) -> None:
        now = SystemClock().now()
        with self._database.transaction() as session:
            rows = audience.by_ids(session, range(first, last + 1))
            due = [Due(row, f"careful:{row.id}", now, now + timedelta(hours=20)) for row in rows]
            decided = [one for one in planning.decide(session, self._today, due, now=now) if isinstance(one.outcome, Selection)]
            added = insert(Delivery).returning(Delivery.id, sort_by_parameter_order=True)
            ids = session.scalars(added, [_row(one, now) for one in decided]).all()
            for delivery, one in zip(ids, decided, strict=True):
                self._send_one(delivery, one, now)

    def _send_one(self, delivery: int, one: Decided, now: datetime) -> None:
        assert isinstance(one.outcome, Selection)
        desk, papers, selection = self._desk, self._papers, one.outcome
        context = desk.context(one.due.row.id, delivery, one.due.row.address, selection, now)
        context |= {"subject": subject(selection, papers), "preheader": preheader(selection, papers)}
        votes = desk.links.papers(delivery)
        text = desk.text_shell.render(context, content=self._body(desk.text_rows, selection, votes, str))
        html = self._html_shell.render(context, content=self._body(self._html_rows, selection, votes, escape))
        self._line.send_message(desk.message(context, delivery, text, html, now))

    def _body(self, rows: Mapping[str, Template], selection: Selection, votes: str, written: Callable[[str], str]) -> str:
        def card(paper: Paper, choice: Choice, number: int) -> str:
            kept = self._cards.get((id(rows), paper.id))
            if kept is None:
                kept = rows["card"].render(card=view(paper), reason=REASON, votes=VOTES, number=NUMBER)
                self._cards[id(rows), paper.id] = kept
            return kept.replace(REASON, written(choice.reason)).replace(VOTES, votes).replace(NUMBER, f"{number:>2}. ")

        return body(rows, selection, self._papers, card)


def _row(one: Decided, now: datetime) -> dict[str, object]:
    assert isinstance(one.outcome, Selection)
    return {
        "subscriber_id": one.due.row.id,
        "occasion": one.due.occasion,
        "kind": Kind.DIGEST,
        "state": State.ACCEPTED,
        "due_at": now,
        "stale_at": now,
        "next_attempt_at": now,
        "settled_at": now,
        "content": one.outcome.packed(),
    }


if __name__ == "__main__":
    sender = Sender()
    print("ready", flush=True)
    for asked in sys.stdin:
        first_id, last_id = map(int, asked.split())
        sender.send(first_id, last_id)
        print("done", flush=True)
