"""Erased is erased (law 10): every table and every line of the log are read for traces."""

import json
import logging
from collections.abc import Iterator

import pytest
from sqlalchemy import MetaData, select

from config.clock import SetClock
from config.database import Database
from subscribers import privacy, requests, votes
from subscribers.links import Links
from subscribers.models import RequestKind, Subscriber
from tests.subscribers.web.visitor import Visitor
from tests.worker.send.world import World
from worker.asgi import application
from worker.send import held
from worker.send.held import LedgerHolder
from worker.send.models import Delivery, Wave

TRACES = ("hopper", "Hopper", "compiler construction", "Howard Aiken")


@pytest.fixture
def world(database: Database, clock: SetClock, tmp_path: object) -> World:
    return World(database, clock, tmp_path)  # type: ignore[arg-type]  # a folder


def everything(world: World) -> str:
    found, lines = MetaData(), list[str]()
    with world.database.reading() as session:
        found.reflect(session.connection())
        for table in found.sorted_tables:
            lines += [f"{table.name}: {tuple(row)!r}" for row in session.execute(select(table))]
    return "\n".join(lines)


def traces(text: str) -> Iterator[str]:
    return (word for word in TRACES if word in text)


def test_a_reader_who_is_erased_by_the_page_leaves_no_trace_in_any_table_or_log(world: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    world.list_papers(12)
    [grace] = world.subscribe("hopper@hopper.example", name="Grace Hopper", keywords=("compiler construction",), authors=("Howard Aiken",))
    world.clock.move_to(world.at(17, 7))
    world.tick()
    now = world.clock.now()
    with world.database.transaction() as session:
        votes.cast(session, grace, "arxiv:2606.00001", votes.Value.MORE, now)
        fresh = requests.ask(session, grace, RequestKind.FRESH_LINK, now)
        key = session.get_one(Subscriber, grace).address_key
    assert set(traces(everything(world))) == set(TRACES)
    visitor = Visitor(application(world.runtime))
    page = visitor.open(Links(world.settings.secret_key, world.settings.base_url).fresh(fresh, now))

    assert visitor.press(page, "Erase me", {"sure": "yes"}).heading == "Erased"

    assert list(traces(everything(world))) == []
    assert repr(key) not in everything(world)
    assert list(traces(caplog.text)) == []
    world.until(world.at(19, 9))
    assert len(world.mails()) == 1


def test_the_account_of_a_wave_still_adds_up(world: World) -> None:
    world.list_papers(12)
    ada, _ = world.subscribe("ada@example.org", "bob@example.org")
    world.clock.move_to(world.at(17, 7))
    for range_id in world.office.open_wave():
        world.office.plan_range(range_id)
    with world.database.transaction() as session:
        privacy.erase(session, session.get_one(Subscriber, ada), [LedgerHolder(world.clock)])
    world.tick()

    assert world.ledger() == [(ada, "digest:2026-06-17", "cancelled"), (2, "digest:2026-06-17", "accepted")]
    with world.database.reading() as session:
        assert [wave.account["balance"] for wave in session.scalars(select(Wave))] == [0]


def test_what_is_settled_after_the_erasure_is_emptied_too(world: World) -> None:
    world.list_papers(12)
    [ada] = world.subscribe("ada@example.org")
    world.clock.move_to(world.at(17, 7))
    world.tick()
    with world.database.transaction() as session:
        session.delete(session.get_one(Subscriber, ada))

    with world.database.transaction() as session:
        assert held.scrub(session, world.at(16, 0)) == 1
        assert held.scrub(session, world.at(16, 0)) == 0
        row = session.scalars(select(Delivery)).one()
        assert (row.address_hash, row.content, row.papers, row.domain) == (None, {}, b"", "")


def test_an_export_says_what_was_mailed_and_what_became_of_it(world: World) -> None:
    world.list_papers(12)
    [ada] = world.subscribe("ada@example.org")
    world.clock.move_to(world.at(17, 7))
    world.tick()

    with world.database.reading() as session:
        [mail] = json.loads(json.dumps(LedgerHolder(world.clock).export(session, ada)))

    assert (mail["occasion"], mail["state"], mail["due_at"]) == ("digest:2026-06-17", "accepted", "2026-06-17T07:00:00+00:00")
    assert len(mail["content"]["trending"]) == 5
