"""The world of the bench: a week of real papers, readers who differ, 60 days behind them. One seed makes the same world again.

Every reader has one to four topics and three keywords of their own out of 20,000 phrases of the papers, and a row of the ledger for each of
the last 60 days. The 16 days that planning looks back on hold 19 papers each, 300 in all; what lies further back says no more what
was in it, since nothing reads that.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from random import Random
from typing import Any, LiteralString, cast

import psycopg
from psycopg import sql

from config.database import Database
from subscribers import cadence
from subscribers.addresses import address_key, kept_key
from subscribers.topics import bundled_catalogue
from tests.worker.ingest.records import take_in
from worker.demo.week import listings
from worker.ingest.models import Run
from worker.pick import rankings
from worker.pick.choices import packed
from worker.send.memory import MEMORY

SEED = 20260617
KEYWORDS = 20_000
DAYS = 60
REMEMBERED = 300 // MEMORY.days + 1  # papers a day
VARIANTS = 500  # different digests a day of the past
ZONES = ("UTC", "Europe/London", "Europe/Berlin", "America/New_York", "America/Los_Angeles", "Asia/Kolkata", "Asia/Tokyo")
# Recipients' domains as lists have them: two large ones, and many small ones.
DOMAINS = ("large.example", "large.example", "large.example", "second.example", "second.example", *(f"d{n}.example" for n in range(200)))
_DAY = timedelta(days=1)
_WORD = re.compile(r"[a-z][a-z-]{3,}")

Step = Callable[[int], object]


@dataclass(frozen=True, slots=True)
class World:
    """The database, who is in it, and the moment at which it was made."""

    database: Database
    readers: int
    now: datetime
    days: int = DAYS  # behind them

    def papers(self) -> int:
        """A week's papers, first seen over the last eight days, with their votes; how many records."""
        records = [record for day in listings().values() for record in day]
        for number in range(8):
            seen_at = self.now - (7 - number) * _DAY - timedelta(hours=2)
            some = records[number * len(records) // 8 : (number + 1) * len(records) // 8]
            take_in(self.database, *(replace(one, listed_on=seen_at.date()) for one in some), now=seen_at)
        return len(records)

    def rank(self) -> None:
        """A new ranking, as after each ingest that changed something: whoever plans makes it ready anew."""
        day = {"begun_at": self.now, "touched_at": self.now, "ended_at": self.now, "since": self.now.date(), "until": self.now.date()}
        with self.database.transaction() as session:
            session.add(Run(source="huggingface", seen=1, new=1, changed=1, **day))
        with self.database.transaction() as session:
            rankings.make_ranking(session, self.now)

    def subscribers(self, done: Step) -> None:
        """The readers and their interests, by COPY; none of them is due."""
        with self.database.transaction() as session:
            key = kept_key(session)
        columns = (
            "id, address, address_key, name, standing, zone, cadence, hour, weekday, for_you, trending,"
            " last_day, last_week, created_at, consent_source, consent_wording"
        )
        with self.connect() as connection, connection.cursor() as cursor:
            with cursor.copy(f"COPY subscribers ({columns}) FROM STDIN") as copy:
                for number in range(1, self.readers + 1):
                    address = f"reader{number}@{DOMAINS[number % len(DOMAINS)]}"
                    choices = ("active", _zone(number), "daily", 8, 0, 5, 5, "", "", self.now, "a bench", "")
                    copy.write_row((number, address, address_key(key, address), "", *choices))
                    if not number % 1000:
                        done(1000)
            with cursor.copy("COPY interests (subscriber_id, kind, value) FROM STDIN") as copy:
                for row in self._interests():
                    copy.write_row(row)
            cursor.execute("SELECT setval(pg_get_serial_sequence('subscribers', 'id'), %s)", (self.readers,))

    def _interests(self) -> Iterator[tuple[int, str, str]]:
        random = Random(SEED)
        topics, phrases = [topic.key for topic in bundled_catalogue().topics], keywords()
        for number in range(1, self.readers + 1):
            for kind, values in (("topic", random.sample(topics, random.randint(1, 4))), ("keyword", random.sample(phrases, 3))):
                yield from ((number, kind, value) for value in values)

    def past(self, done: Step) -> None:
        """Days of accepted deliveries, a statement a day, so that they lie in the table as days have put them there."""
        random = Random(SEED)
        with self.connect() as connection, connection.cursor() as cursor:
            cursor.execute("SET synchronous_commit = off")
            cursor.execute("SET maintenance_work_mem = '1GB'")
            cursor.execute("SELECT id, first_seen_at FROM papers ORDER BY id")
            papers = cursor.fetchall()
            cursor.execute("CREATE TEMPORARY TABLE variants (number int PRIMARY KEY, papers bytea, content json)")
            remake = _without_indexes(cursor)
            for days in range(self.days, 0, -1):
                sent_at = self.now - days * _DAY
                recent = [paper for paper, seen_at in papers if sent_at - 3 * _DAY <= seen_at <= sent_at]
                cursor.execute("TRUNCATE variants")
                with cursor.copy("COPY variants FROM STDIN") as copy:
                    for number in range(VARIANTS):
                        copy.write_row((number, *_variant(random, recent, days)))
                stale_at = sent_at + cadence.stale_after("daily")
                cursor.execute(_PAST, {"days": days, "now": self.now, "sent_at": sent_at, "stale_at": stale_at, "variants": VARIANTS})
                connection.commit()
                done(self.readers)
            for command in remake:
                cursor.execute(command)

    def make_due(self) -> None:
        """Every reader is due as of two minutes ago."""
        with self.connect() as connection:
            connection.execute("UPDATE subscribers SET next_due_at = %s", (self._due_at,))

    def forget_waves(self) -> None:
        """As on the first morning: nothing was sent since yesterday, and nobody is due yet."""
        with self.connect(autocommit=True) as connection:
            for states in ("NOT IN ('waiting', 'claimed')", "= 'waiting'", "= 'claimed'"):  # each has an index
                here = sql.SQL("DELETE FROM deliveries WHERE state {} AND due_at >= %s").format(sql.SQL(states))
                connection.execute(here, (self.now - timedelta(hours=1),))
            connection.execute("DELETE FROM waves")
            for zone in ZONES:
                yesterday = cadence.occasion("daily", self._due_at - _DAY, zone).removeprefix("digest:")
                connection.execute(
                    "UPDATE subscribers SET next_due_at = NULL, last_digest_at = %s, last_day = %s WHERE zone = %s",
                    (self._due_at - _DAY, yesterday, zone),
                )

    @property
    def _due_at(self) -> datetime:
        return self.now - timedelta(minutes=2)

    def tidy(self) -> None:
        """What autovacuum would do some minutes later; and a checkpoint, so that rounds begin alike."""
        with self.connect(autocommit=True) as connection:
            for command in ("VACUUM ANALYZE", "CHECKPOINT"):
                connection.execute(sql.SQL(command))

    def connect(self, *, autocommit: bool = False) -> "psycopg.Connection[tuple[Any, ...]]":
        """A connection beside the engine; committed when its block ends."""
        url = self.database.url.set(drivername="postgresql").render_as_string(hide_password=False)
        return psycopg.connect(url, autocommit=autocommit)


def _without_indexes(cursor: "psycopg.Cursor[tuple[Any, ...]]") -> list[sql.Composed]:
    """Take the indexes off the deliveries; the commands that put them back. Millions of rows are indexed in a third of the time at once."""
    table = sql.SQL("ALTER TABLE deliveries ")
    cursor.execute(
        "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'deliveries'::regclass AND contype IN ('p', 'u')"
    )
    remake, constraints = [], cursor.fetchall()
    for name, words in constraints:
        cursor.execute(table + sql.SQL("DROP CONSTRAINT {}").format(sql.Identifier(name)))
        remake.append(table + sql.SQL("ADD CONSTRAINT {} ").format(sql.Identifier(name)) + sql.SQL(cast("LiteralString", words)))
    cursor.execute("SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'deliveries'")
    for name, words in cursor.fetchall():
        cursor.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier(name)))
        remake.append(sql.Composed([sql.SQL(cast("LiteralString", words))]))
    return remake


_PAST = """
INSERT INTO deliveries (subscriber_id, occasion, kind, state, due_at, stale_at, next_attempt_at, attempts, domain, address_hash,
                        reason, code, mailer, provider_id, settled_at, papers, content)
SELECT s.id, 'digest:' || (((%(now)s::timestamptz - interval '2 minutes') AT TIME ZONE s.zone)::date - %(days)s), 'digest',
       'accepted', %(sent_at)s, %(stale_at)s, %(sent_at)s, 1, split_part(s.address, '@', 2), s.address_key,
       'ok', '250 2.0.0', 'smtp mail.example.org:587', '', %(sent_at)s, v.papers, v.content
FROM subscribers s JOIN variants v ON v.number = (s.id * 7919 + %(days)s * 31) %% %(variants)s
ORDER BY s.id
"""


def keywords() -> list[str]:
    """The 20,000 commonest words and pairs of words of the papers, in order of the alphabet."""
    counted: Counter[str] = Counter()
    for record in {record.title: record for day in listings().values() for record in day}.values():
        words = _WORD.findall(f"{record.title} {record.abstract}".lower())
        counted.update(words)
        counted.update(f"{first} {second}" for first, second in pairwise(words))
    return sorted(sorted(counted, key=lambda phrase: (-counted[phrase], phrase))[:KEYWORDS])


def _zone(number: int) -> str:
    return ZONES[number % len(ZONES)]


def _variant(random: Random, recent: Sequence[int], days: int) -> tuple[bytes, str]:
    """One digest of the past: its papers as planning reads them, and what was in it."""
    if days > MEMORY.days:
        return b"", "{}"
    # Papers of weeks that the catalogue of the bench does not hold: nobody asks for more than their numbers.
    older = range(1_000_000 + days * 100, 1_000_000 + days * 100 + 100)
    papers = random.sample(recent if len(recent) >= REMEMBERED else older, REMEMBERED)
    reasons = [
        "Reinforcement learning",
        "Reinforcement learning; keyword agents",
        "4th most voted since Tuesday, 73 votes",
        "keyword agents",
    ]
    parts = [papers[:5], papers[5:10], papers[10:]]
    chosen = packed(parts, random.choices(reasons, k=len(papers)), 214, matched=True, still=(), quiet_days=())
    return chosen.papers, chosen.content
