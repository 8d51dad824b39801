"""The demo's account finds what is wrong: it counts rows, files and links, and is not told what came out."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import delete, select, update

from config.database import Database
from subscribers.models import Subscriber
from tests.worker.demo.played import Demo
from worker.demo.account import Account, account
from worker.demo.folder import WORK
from worker.send.forward import Forwarded
from worker.send.models import Delivery, Range, State

END = datetime(2026, 6, 23, tzinfo=UTC)
LINKS = {"ada@example.org": ("https://arxiv.org/abs/1", "https://arxiv.org/abs/2"), "bob@example.org": ("https://arxiv.org/abs/1",)}


class World:
    """A copy of what the demo left, to be spoilt."""

    def __init__(self, work: Path) -> None:
        self.work = work
        self.forwarded = Forwarded()
        self.database = Database(f"sqlite:///{work / 'paperboy.db'}")

    def account(self, **links: tuple[str, ...]) -> Account:
        with self.database.reading() as session:
            return account(session, self.work / "maildir", LINKS | links, self.forwarded, END)


@pytest.fixture
def world(demo: Demo, tmp_path: Path) -> Iterator[World]:
    made = World(Path(shutil.copytree(demo.folder / WORK, tmp_path / "work")))
    yield made
    made.database.close()


def test_a_demo_that_went_well_has_no_fault(demo: Demo, world: World) -> None:
    sums = world.account()
    assert sums.faults == []
    assert sums.readers == 12
    assert sums.mails == sums.in_maildir == len(demo.mails)
    assert sums.papers == sum(len(mail.links) for mail in demo.mails)
    assert (sums.links, sums.links_twice, sums.twice, sums.off, sums.overdue) == (3, 0, 0, 0, 0)
    assert sums.sample == 78
    assert 0 < sums.sample_mailed <= 78


def test_a_paper_that_a_reader_had_had_is_found_in_the_ledger(world: World) -> None:
    with world.database.transaction() as session:
        first, second = session.scalars(select(Delivery).where(Delivery.subscriber_id == 1, Delivery.state == State.ACCEPTED).limit(2))
        second.papers = second.papers + first.papers[:16]
    assert world.account().faults == ["2 papers went to a reader who had had them"]


def test_a_link_that_a_reader_had_had_is_found_in_the_mails(world: World) -> None:
    sums = world.account(**{"ada@example.org": ("https://arxiv.org/abs/1", "https://arxiv.org/abs/1")})
    assert sums.faults == ["1 links to papers stand twice in the mails to one reader"]


def test_a_delivery_that_vanished_is_found(world: World) -> None:
    with world.database.transaction() as session:
        session.execute(
            delete(Delivery).where(Delivery.id == select(Delivery.id).where(Delivery.state == State.SKIPPED).limit(1).scalar_subquery())
        )
    assert world.account().faults == ["1 waves do not add up", "1 of 75 occasions are neither a mail nor a quiet day"]


def test_a_reader_counted_and_not_served_is_found(world: World) -> None:
    with world.database.transaction() as session:
        session.execute(update(Range).where(Range.id == 3).values(readers=Range.readers + 2))
    assert "1 waves do not add up" in world.account().faults


def test_a_mail_that_was_refused_or_still_waits_is_found(world: World) -> None:
    with world.database.transaction() as session:
        some = session.scalars(select(Delivery).where(Delivery.state == State.ACCEPTED).limit(2)).all()
        some[0].state, some[1].state = State.REFUSED, State.WAITING
    faults = world.account().faults
    assert any("2 of 75 occasions" in fault for fault in faults)
    assert any("waves do not add up" in fault for fault in faults)
    assert any(fault.startswith("the Maildir holds ") for fault in faults)


def test_a_mail_that_is_not_there_is_found(demo: Demo, world: World) -> None:
    next((world.work / "maildir" / "new").iterdir()).unlink()
    assert world.account().faults == [f"the Maildir holds {len(demo.mails) - 1} mails, the ledger says {len(demo.mails)}"]


def test_who_was_served_outside_the_waves_counts_too(world: World) -> None:
    world.forwarded = Forwarded(quiet=[("zoe@example.org", "only 1 new paper since Friday")])
    assert world.account().faults == []
    world.forwarded = Forwarded(planned=[4711])
    assert world.account().faults == ["1 of 76 occasions are neither a mail nor a quiet day"]


def test_a_reader_whom_no_wave_took_is_found(world: World) -> None:
    with world.database.transaction() as session:
        session.execute(update(Subscriber).where(Subscriber.id == 5).values(next_due_at=datetime(2026, 6, 22, tzinfo=UTC)))
    assert world.account().faults == ["1 readers were due, and no wave took them"]
