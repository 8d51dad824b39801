"""Erased is erased (law 10): every table and every line of the log are read for traces."""

import json
import logging
from collections.abc import Iterator

import pytest
from sqlalchemy import MetaData, select

from config.clock import SetClock
from config.database import Database
from subscribers import feeds, privacy, requests, standing, votes
from subscribers.circles import Circle
from subscribers.links import Links
from subscribers.models import Feed, RequestKind, Subscriber
from tests.subscribers.web.visitor import Visitor
from tests.worker.send.world import World
from worker.asgi import application
from worker.render.notices import notice
from worker.send import announcements, held
from worker.send.announcements import Announcement
from worker.send.domains import Answers
from worker.send.held import LedgerHolder
from worker.send.models import Delivery, Wave
from worker.send.port import Blame, Outcome, Verdict

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


def test_a_reader_who_is_erased_by_the_page_leaves_no_trace_in_any_table_or_log(
    world: World, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    world.list_papers(12)
    [grace] = world.subscribe("hopper@hopper.example", name="Grace Hopper", keywords=("compiler construction",), authors=("Howard Aiken",))
    world.clock.move_to(world.at(17, 7))
    world.tick()
    now = world.clock.now()
    announced = Announcement("moving", notice("# We move\n\nOn Friday."), Circle())
    written = announcements.announce(world.database, world.clock, announced)
    announcements.write_range(world.database, world.clock, announced, written)
    world.tick()
    with world.database.transaction() as session:
        feeds.make(session, grace, now)
        votes.cast(session, grace, "arxiv:2606.00001", votes.Value.MORE, now)
        fresh = requests.ask(session, grace, RequestKind.FRESH_LINK, now)
        key = session.get_one(Subscriber, grace).address_key
        standing.suppress(session, key, standing.Reason.BOUNCED, now, "452 4.2.2 <hopper@hopper.example> is full")
        standing.lift(session, key, now)
        standing.suppress(session, key, standing.Reason.PROVIDER, now, "complained as Grace Hopper")
        requests.ask(session, grace, RequestKind.NEW_ADDRESS, now, "grace@hopper.example")
    assert set(traces(everything(world))) == set(TRACES)
    visitor = Visitor(application(world.runtime))
    page = visitor.open(Links(world.settings.secret_key, world.settings.base_url).fresh(fresh, now))

    assert visitor.press(page, "Erase me", {"sure": "yes"}).heading == "Erased"

    assert list(traces(everything(world))) == []
    left = [line for line in everything(world).splitlines() if repr(key) in line]
    assert [line.partition(":")[0] for line in left] == ["suppressions"]
    with world.database.reading() as session:
        assert session.scalars(select(Feed)).all() == []
    logged = caplog.text + "".join(capfd.readouterr())  # ours goes to the terminal as long as nothing else was said
    assert "accepted" in logged or "wave closed" in logged
    assert list(traces(logged)) == []
    world.until(world.at(19, 9))
    assert len(world.mails()) == 2  # the digest and the notice


def test_a_sign_up_that_nobody_confirms_is_erased_after_thirty_days_with_what_the_ledger_held(world: World) -> None:
    world.subscribe("hopper@hopper.example", name="Grace Hopper", keywords=("compiler construction",), confirmed=False)
    world.tick()
    assert len(world.mails()) == 1
    key = world.reader(1).address_key
    world.clock.sleep(29 * 86_400)
    world.office.prune()
    assert list(traces(everything(world))) != []

    world.clock.sleep(2 * 86_400)
    world.office.prune()

    assert list(traces(everything(world))) == []
    assert repr(key) not in everything(world)
    assert world.ledger() == [(1, "confirm:1", "accepted")]


def test_letters_that_were_asked_for_are_forgotten_with_the_addresses_they_name(world: World) -> None:
    [ada] = world.subscribe("ada@example.org")
    with world.database.transaction() as session:
        requests.ask(session, ada, RequestKind.NEW_ADDRESS, world.clock.now(), "hopper@hopper.example")
    world.tick()
    world.clock.sleep(31 * 86_400)

    world.office.prune()

    assert not [line for line in everything(world).splitlines() if line.startswith("requests:")]


def test_no_table_holds_what_a_server_quotes(world: World) -> None:
    heard = Answers(frozenset(), world.clock.now())
    heard.hear("hopper.example", Outcome(1, Verdict.DEFERRED, "421", "<grace@hopper.example> try later", blame=Blame.DOMAIN))

    assert "grace" not in heard.troubled["hopper.example"]


def test_a_notice_stands_in_the_export_with_its_subject(world: World) -> None:
    [ada] = world.subscribe("ada@example.org")
    announced = Announcement("moving", notice("# We move\n\nOn Friday."), Circle())
    announcements.write_range(world.database, world.clock, announced, announcements.announce(world.database, world.clock, announced))

    with world.database.reading() as session:
        [mail] = json.loads(json.dumps(LedgerHolder(world.clock).export(session, ada)))

    assert (mail["occasion"], mail["content"]) == ("notice:moving", {"notice": 1, "subject": "We move"})


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
    assert all(reason for _, reason in mail["content"]["trending"])
