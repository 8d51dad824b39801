"""A small world for the ledger: a catalogue, readers, an office, and a relay or a Maildir at its end. Hours pass by hand."""

import email
import email.policy
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from sqlalchemy import select

from config.clock import SetClock
from config.database import Database
from config.runtime import Runtime
from config.settings import Settings, load
from subscribers.models import Subscriber
from tests.subscribers.builders import add_reader
from tests.worker.ingest.records import a_record, take_in
from worker.ingest.models import Run
from worker.pick import rankings
from worker.send.group import Tally
from worker.send.models import Delivery
from worker.send.office import Office


class World:
    """06:00 UTC on Wednesday 17 June 2026; nobody reads yet, nothing is listed."""

    def __init__(self, database: Database, clock: SetClock, folder: Path, **environ: str) -> None:
        self.database = database
        self.clock = clock
        self.maildir = folder / "maildir"
        self.settings: Settings = load({"PAPERBOY_STATE_DIR": str(folder), **environ})
        self.runtime = Runtime(self.settings, database, clock)
        self.office = Office(self.runtime)
        self._papers = 0

    def close(self) -> None:
        self.office.close()

    def list_papers(self, count: int = 12, **values: Any) -> None:
        """So many new papers, as an ingest brings them, and the ranking after it."""
        now = self.clock.now()
        fields: dict[str, Any] = {"title": "", "votes": 5, "listed_on": now.date(), "categories": ("cs.RO",)} | values
        records = []
        for _ in range(count):
            self._papers += 1
            title = fields["title"] or f"Robotics of the {self._papers}th kind"
            words = " ".join(f"{letter}{self._papers}" for letter in "abcdefgh")  # no two are near-duplicates
            records.append(a_record(self._papers, **{"abstract": words, **fields, "title": title, "votes": fields["votes"] + self._papers}))
        take_in(self.database, *records, now=now)
        with self.database.transaction() as session:
            today = now.date()
            session.add(
                Run(source="huggingface", begun_at=now, touched_at=now, ended_at=now, since=today, until=today, seen=count, new=count)
            )
        with self.database.transaction() as session:
            rankings.make_ranking(session, now)

    def subscribe(self, *addresses: str, **choices: Any) -> list[int]:
        """Readers with consent, daily at 08:00 in London (07:00 UTC in June) unless said otherwise; their ids."""
        with self.database.transaction() as session:
            return [add_reader(session, address, now=self.clock.now(), **choices).id for address in addresses]

    def tick(self) -> Tally:
        """What one round of the timetable does to the mail."""
        for range_id in self.office.open_wave():
            self.office.plan_range(range_id)
        tally = self.office.deliver(seconds=1e9)
        self.office.sweep()
        return tally

    def until(self, moment: datetime, step: timedelta = timedelta(hours=1)) -> None:
        """Let time pass, ticking."""
        while self.clock.now() < moment:
            self.clock.move_to(min(moment, self.clock.now() + step))
            self.tick()

    def at(self, day: int, hour: int, minute: int = 0) -> datetime:
        """A moment of June 2026, UTC."""
        return datetime(2026, 6, day, hour, minute, tzinfo=UTC)

    def mails(self, to: str = "") -> list[EmailMessage]:
        """What lies in the Maildir, in order of delivery."""
        files = sorted((self.maildir / "new").glob("*"))
        read = [email.message_from_bytes(file.read_bytes(), policy=email.policy.default) for file in files]
        return [mail for mail in read if to in mail["To"]]

    def ledger(self) -> list[tuple[int, str, str]]:
        """(reader, occasion, state) of every row."""
        with self.database.reading() as session:
            rows = session.execute(select(Delivery.subscriber_id, Delivery.occasion, Delivery.state).order_by(Delivery.id))
            return [(reader, occasion, str(state)) for reader, occasion, state in rows]

    def reader(self, subscriber_id: int) -> Subscriber:
        with self.database.reading() as session:
            return session.get_one(Subscriber, subscriber_id)


def days_of(mails: list[EmailMessage]) -> list[date]:
    """The UTC dates of the mails' Date headers."""
    return [mail["Date"].datetime.date() for mail in mails]
