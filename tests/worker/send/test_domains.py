"""A domain in trouble is slowed down alone, for all workers, recovers slowly, and costs the others nothing."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from config.clock import SetClock
from config.database import Database
from tests.worker.send.builders import NOW, a_process, a_row, written
from worker.send import domains
from worker.send.domains import FIRST, FREE, LONGEST_PAUSE, PAUSE, SLOWEST, STEP, Answers, Pulse
from worker.send.ledger import claims
from worker.send.ledger.claims import Front
from worker.send.models import DomainPace, Kind
from worker.send.port import Blame, Outcome, Verdict
from worker.send.queue import CLAIM, Queue, Taken

SLOW = "gmail.com"


def heard(*outcomes: Outcome, paced: frozenset[str] = frozenset(), since: datetime = NOW) -> Answers:
    answers = Answers(paced, since)
    for outcome in outcomes:
        answers.hear(SLOW, outcome)
    return answers


def accepted() -> Outcome:
    return Outcome(1, Verdict.ACCEPTED, "250")


def deferred(code: str = "451 4.7.1", blame: Blame = Blame.DOMAIN) -> Outcome:
    return Outcome(1, Verdict.DEFERRED, code, "later", blame=blame)


def told(database: Database, answers: Answers, now: datetime) -> DomainPace | None:
    with database.transaction() as session:
        domains.note(session, answers, now=now)
    with database.reading() as session:
        return session.get(DomainPace, SLOW)


def in_trouble(database: Database, now: datetime = NOW) -> DomainPace:
    row = told(database, heard(deferred("421 4.7.0"), since=now), now)
    assert row is not None
    return row


def well(database: Database, now: datetime) -> DomainPace | None:
    return told(database, heard(accepted(), paced=frozenset({SLOW}), since=now), now)


# -- what is trouble ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("outcomes", "trouble"),
    [
        ([deferred()], False),
        ([deferred()] * 2 + [accepted()] + [deferred()] * 2, False),
        ([deferred()] * 3, True),
        ([deferred("421 4.7.0")], True),
        ([deferred(blame=Blame.MESSAGE)] * 9, False),
        ([deferred(blame=Blame.MAILER)] * 9, False),
        ([Outcome(1, Verdict.REFUSED, "550 5.1.1")] * 9, False),
    ],
)
def test_one_deferred_reader_is_no_trouble_and_three_in_a_row_are(outcomes: list[Outcome], *, trouble: bool) -> None:
    assert bool(heard(*outcomes).troubled) is trouble


def test_where_there_was_trouble_one_deferral_is_enough() -> None:
    assert heard(deferred(), paced=frozenset({SLOW})).troubled == {SLOW: "451 4.7.1 later"}


def timed(pulse: Pulse, domain: str, *seconds: float, paced: frozenset[str] = frozenset()) -> Answers:
    answers = Answers(paced, NOW, pulse)
    for one in seconds:
        answers.hear(domain, accepted(), one)
    return answers


def test_a_domain_that_takes_long_is_slow_when_another_is_quick_and_not_when_the_relay_is() -> None:
    pulse = Pulse()
    assert timed(pulse, SLOW, 2.0, 2.0, 0.1, 2.0, 2.0).slow == {}
    assert timed(pulse, SLOW, 2.0, 2.0, 2.0).slow == {SLOW: 2.0}, "as long as no other is known, it may be the one"
    assert timed(pulse, "as-slow.example", 2.0, 2.0, 2.0).slow == {}
    timed(pulse, "quick.example", 0.03)
    assert timed(pulse, SLOW, 2.0, 2.0, 2.0).slow == {SLOW: 2.0}


def test_a_slow_domain_gets_what_one_lane_can_keep_without_a_pause_and_recovers(database: Database) -> None:
    row = told(database, timed(Pulse(), SLOW, 2.0, 2.0, 2.0), NOW)
    assert row is not None
    assert (row.pace, row.free_at, row.words) == (0.5, NOW, "2.0 s over a message")
    row = told(database, timed(Pulse(), SLOW, 4.0, paced=frozenset({SLOW})), NOW)
    assert row is not None
    assert row.pace == 0.25
    row = told(database, timed(Pulse(), SLOW, 0.1, paced=frozenset({SLOW})), NOW)
    assert row is not None
    assert row.pace == 0.25 + STEP


# -- slower and faster --------------------------------------------------------------------------------------------------


def test_trouble_halves_the_pace_and_lengthens_the_pause_down_to_a_limit(database: Database) -> None:
    row, now = in_trouble(database), NOW
    assert (row.pace, row.free_at, row.words) == (FIRST, NOW + PAUSE, "421 4.7.0 later")
    for times in range(1, 12):
        now = row.free_at
        row = in_trouble(database, now)
        assert row.pace == max(SLOWEST, FIRST / 2**times)
        assert row.free_at == now + min(LONGEST_PAUSE, PAUSE * 2**times)


def test_what_is_taken_well_adds_a_little_until_the_domain_is_free(database: Database) -> None:
    row: DomainPace | None = in_trouble(database)
    now, claims_taken = NOW + PAUSE, 0
    while row is not None:
        now += timedelta(seconds=5)
        before, row = row.pace, well(database, now)
        assert row is None or row.pace == before + STEP
        claims_taken += 1
    assert claims_taken == (FREE - FIRST) / STEP


def test_news_that_is_older_than_the_last_decision_changes_nothing(database: Database) -> None:
    row = in_trouble(database, NOW)
    before = NOW - timedelta(seconds=1)
    for late in (heard(deferred("421"), since=before), heard(accepted(), paced=frozenset({SLOW}), since=before)):
        again = told(database, late, NOW + timedelta(seconds=1))
        assert again is not None
        assert (again.pace, again.free_at) == (row.pace, row.free_at)


def test_a_domain_of_which_nothing_is_heard_for_an_hour_is_free(database: Database) -> None:
    in_trouble(database)
    for minutes, gone in ((59, 0), (61, 1)):
        with database.transaction() as session:
            assert domains.forget(session, now=NOW + timedelta(minutes=minutes)) == gone


def test_status_may_ask_which_domains_are_slow(database: Database) -> None:
    in_trouble(database)
    with database.reading() as session:
        assert [(one.domain, one.pace, one.words) for one in domains.paced(session)] == [(SLOW, FIRST, "421 4.7.0 later")]


# -- claiming -----------------------------------------------------------------------------------------------------------


def a_queue(database: Database, clock: SetClock) -> Queue:
    return Queue(database, clock, lambda _: None)


def many(database: Database, count: int, domain: str, *, first: int = 1) -> None:
    for start in range(first, first + count, 500):
        written(database, *[a_row(reader, domain=domain) for reader in range(start, min(start + 500, first + count))])


def readers(taken: Taken | None) -> set[int]:
    return {one.subscriber_id for one in taken.claims} if taken else set()


def test_while_a_domain_pauses_the_others_go_and_then_it_gets_its_share(database: Database, clock: SetClock) -> None:
    many(database, 100, SLOW)
    many(database, 20, "example.org", first=1001)
    in_trouble(database)
    owner, queue = a_process(database), a_queue(database, clock)
    assert readers(queue.take(owner, [Kind.DIGEST])) == set(range(1001, 1021))
    assert queue.take(owner, [Kind.DIGEST]) is None
    clock.sleep(PAUSE.total_seconds())
    assert len(readers(queue.take(owner, [Kind.DIGEST]))) == 40, "five seconds at eight a second"
    assert queue.take(owner, [Kind.DIGEST]) is None
    clock.sleep(5)
    assert len(readers(queue.take(owner, [Kind.DIGEST]))) == 40


def test_a_letter_to_a_domain_in_trouble_goes_all_the_same(database: Database, clock: SetClock) -> None:
    in_trouble(database)
    written(database, a_row(1, domain=SLOW, kind=Kind.LETTER, occasion="confirm:1"))
    assert readers(a_queue(database, clock).take(a_process(database), list(Kind))) == {1}


def test_a_wall_clock_that_is_set_back_a_day_holds_no_domain_for_a_day(database: Database, clock: SetClock) -> None:
    in_trouble(database, NOW + timedelta(days=1))
    many(database, 3, SLOW)
    assert len(readers(a_queue(database, clock).take(a_process(database), [Kind.DIGEST]))) == 3


def test_paced_domains_for_which_nothing_waits_stand_in_nobodys_way(database: Database, clock: SetClock) -> None:
    with database.transaction() as session:
        idle = [Answers(frozenset(), NOW, troubled={f"idle{n}.example": "421"}) for n in range(40)]
        for answers in idle:
            domains.note(session, answers, now=NOW - timedelta(minutes=1))
    in_trouble(database, NOW - PAUSE)
    many(database, 3, SLOW)
    assert len(readers(a_queue(database, clock).take(a_process(database), [Kind.DIGEST]))) == 3


def rows_fetched(session: Session) -> int:
    """From the ledger, by indexes, as PostgreSQL counts."""
    return session.scalar(text("SELECT idx_tup_fetch FROM pg_stat_xact_user_tables WHERE relname = 'deliveries'")) or 0


def test_a_huge_domain_that_is_held_back_is_walked_past_once_and_not_by_every_claim(postgresql_database: Database) -> None:
    database = postgresql_database
    many(database, 5000, SLOW)
    many(database, 3 * CLAIM, "example.org", first=10_001)
    in_trouble(database)
    with database.transaction() as session:
        session.execute(text("ANALYZE deliveries"))
    owner, place, walked = a_process(database), None, []
    for _ in range(3):
        with database.transaction() as session:
            before = rows_fetched(session)
            found = claims.claim(session, owner=owner, kind=Kind.DIGEST, now=NOW, limit=CLAIM, front=Front(after=place, unpaced=True))
            walked.append(rows_fetched(session) - before)
        assert len(found) == CLAIM
        place = max((one.next_attempt_at or NOW, one.id) for one in found)
    assert walked[0] > 5000
    assert max(walked[1:]) <= 2 * CLAIM, "once to find them, once to take them"


def test_what_comes_to_wait_before_the_queues_place_is_found_all_the_same(database: Database, clock: SetClock) -> None:
    owner, queue = a_process(database), a_queue(database, clock)
    in_trouble(database, NOW)
    many(database, CLAIM + 1, "example.org")
    assert len(readers(queue.take(owner, [Kind.DIGEST]))) == CLAIM
    written(database, a_row(9999, next_attempt_at=NOW - timedelta(minutes=5)))
    assert len(readers(queue.take(owner, [Kind.DIGEST]))) == 1
    clock.sleep(10)
    assert readers(queue.take(owner, [Kind.DIGEST])) == {9999}
