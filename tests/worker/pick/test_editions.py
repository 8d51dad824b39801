"""Editions: the page of a day, who closes it, and the operator's hand. On both databases."""

from datetime import date, timedelta

import pytest

from config.clock import SetClock
from config.database import Database
from tests.worker.pick.listings import a_record, take_in
from worker.ingest import catalogue
from worker.ingest.papers import Paper
from worker.pick import editions, rankings
from worker.pick.candidates import Marks
from worker.pick.editions import NOTE_LETTERS, Unpinnable

DAY = timedelta(days=1)
HALF = DAY.total_seconds() / 2
TODAY = date(2026, 6, 17)  # where the clock stands


def _list(database: Database, clock: SetClock, *numbers: int) -> list[Paper]:
    """Papers with as many votes as their number, taken in and ranked now."""
    take_in(database, clock, *(a_record(number, votes=number) for number in numbers))
    with database.transaction() as session:
        rankings.make_ranking(session, clock.now())
        return [catalogue.find(session, f"2606.{number:05}")[0] for number in numbers]


def _close(database: Database, clock: SetClock) -> list[date]:
    with database.transaction() as session:
        return editions.close_ended(session, clock.now())


def _shown(database: Database, day: date) -> list[int] | None:
    with database.reading() as session:
        page = editions.edition_of(session, day)
        return list(page.paper_ids) if page else None


def test_a_day_is_closed_once_it_has_ended_with_its_last_ranking(database: Database, clock: SetClock) -> None:
    (first,) = _list(database, clock, 1)
    clock.sleep(3600)
    (second,) = _list(database, clock, 2)
    assert _close(database, clock) == []
    clock.sleep(2 * HALF)
    (later,) = _list(database, clock, 3)
    assert _close(database, clock) == [TODAY]
    assert _close(database, clock) == []
    assert _shown(database, TODAY) == [second.id, first.id]
    assert _shown(database, TODAY + DAY) == [later.id, second.id, first.id]


def test_days_missed_by_an_outage_are_closed_afterwards_each_with_its_own_ranking(database: Database, clock: SetClock) -> None:
    papers = []
    for number in (1, 2, 3):
        papers += _list(database, clock, number)
        clock.sleep(2 * HALF)
    clock.sleep(9 * 2 * HALF)
    assert _close(database, clock) == [TODAY, TODAY + DAY, TODAY + 2 * DAY]
    assert _shown(database, TODAY + DAY) == [papers[1].id, papers[0].id]
    with database.reading() as session:
        assert editions.days(session) == [TODAY + 2 * DAY, TODAY + DAY, TODAY]
        assert editions.days(session, most=1) == [TODAY + 2 * DAY]


def test_a_day_without_a_ranking_has_no_edition(database: Database, clock: SetClock) -> None:
    _list(database, clock, 1)
    clock.sleep(3 * 2 * HALF)
    _close(database, clock)
    assert _shown(database, TODAY + DAY) is None
    assert _shown(database, TODAY - DAY) is None
    assert _shown(database, TODAY + 30 * DAY) is None


def test_a_day_under_way_changes_with_every_ranking_and_a_closed_one_never(database: Database, clock: SetClock) -> None:
    (one,) = _list(database, clock, 1)
    assert _shown(database, TODAY) == [one.id]
    (two,) = _list(database, clock, 2)
    assert _shown(database, TODAY) == [two.id, one.id]
    clock.sleep(2 * HALF)
    _close(database, clock)
    _list(database, clock, 3)
    assert _shown(database, TODAY) == [two.id, one.id]
    with database.reading() as session:
        page = editions.edition_of(session, TODAY)
        assert page
        assert page.closed_at == clock.now()


def test_pins_lead_hides_vanish_and_both_can_be_taken_off(database: Database, clock: SetClock) -> None:
    one, two, three = _list(database, clock, 1, 2, 3)
    with database.transaction() as session:
        editions.pin(session, TODAY, one)
        editions.pin(session, TODAY, three)
        editions.hide(session, TODAY, three)
        editions.hide(session, TODAY + DAY, two)
        assert editions.marks(session, TODAY) == Marks(pins=frozenset({one.id}), hides=frozenset({three.id}))
    assert _shown(database, TODAY) == [one.id, two.id]
    with database.transaction() as session:
        assert editions.clear(session, TODAY, three)
        assert not editions.clear(session, TODAY, two)
    assert _shown(database, TODAY) == [one.id, three.id, two.id]


def test_a_hide_holds_on_and_a_pin_through_the_next_days_digests(database: Database, clock: SetClock) -> None:
    one, two, three = _list(database, clock, 1, 2, 3)
    with database.transaction() as session:
        editions.pin(session, TODAY, one)
        editions.hide(session, TODAY, two)
        editions.pin(session, TODAY + DAY, three)
        assert editions.marks(session, TODAY) == Marks(pins=frozenset({one.id}), hides=frozenset({two.id}))
        assert editions.marks(session, TODAY + DAY) == Marks(pins=frozenset({one.id, three.id}), hides=frozenset({two.id}))
        assert editions.marks(session, TODAY + 2 * DAY) == Marks(pins=frozenset({three.id}), hides=frozenset({two.id}))
        assert editions.marks(session, TODAY + 9 * DAY) == Marks()
        assert editions.marks(session, TODAY - DAY) == Marks()
    clock.sleep(2 * HALF)
    (four,) = _list(database, clock, 4)
    assert _shown(database, TODAY + DAY) == [three.id, four.id, one.id]


def test_the_last_mark_of_a_paper_holds_and_an_earlier_hide_can_be_taken_off(database: Database, clock: SetClock) -> None:
    one, two = _list(database, clock, 1, 2)
    with database.transaction() as session:
        for paper in (one, two):
            editions.hide(session, TODAY, paper)
        editions.pin(session, TODAY + DAY, one)
        assert editions.clear(session, TODAY + DAY, two)
        assert editions.marks(session, TODAY + DAY) == Marks(pins=frozenset({one.id}))
        assert editions.marks(session, TODAY) == Marks(hides=frozenset({one.id}))


def test_a_paper_that_digests_do_not_reach_cannot_be_pinned(database: Database, clock: SetClock) -> None:
    (old,) = _list(database, clock, 1)
    with database.transaction() as session:
        editions.pin(session, TODAY + 8 * DAY, old)
        with pytest.raises(Unpinnable, match=r"arxiv:2606\.00001 was first seen on 17 June 2026; digests of 2026-06-27 reach back 8 days"):
            editions.pin(session, TODAY + 10 * DAY, old)


def test_a_note_is_one_bounded_paragraph_of_plain_text(database: Database, clock: SetClock) -> None:
    _list(database, clock, 1)
    with database.transaction() as session:
        assert editions.note(session, TODAY, "  A quiet\r\nday,\x07 <b>mostly</b>.\u2028 ") == "A quiet day, <b>mostly</b>."
        assert len(editions.note(session, TODAY, "long " * 900)) <= NOTE_LETTERS
        editions.note(session, TODAY, "Enjoy.")
    clock.sleep(2 * HALF)
    _close(database, clock)
    with database.transaction() as session:
        page = editions.edition_of(session, TODAY)
        assert page
        assert (page.note, page.closed_at) == ("Enjoy.", clock.now())
        assert editions.note(session, TODAY, " ") == ""


def test_an_edition_shows_merged_works_once_under_the_id_that_stands(database: Database, clock: SetClock) -> None:
    take_in(database, clock, a_record(2, doi="10.1000/two", title="Quite another title", votes=1))
    (one, three) = _list(database, clock, 1, 3)
    with database.transaction() as session:
        (stands,) = catalogue.find(session, "10.1000/two")
        editions.pin(session, TODAY, one)
    take_in(database, clock, a_record(1, votes=1, title="Quite another title"))
    with database.reading() as session:
        page = editions.edition_of(session, TODAY)
        assert page
        assert (page.paper_ids, page.pins) == ((stands.id, three.id), frozenset({stands.id}))
    with database.transaction() as session:
        assert editions.clear(session, TODAY, catalogue.papers_by_id(session, [stands.id])[stands.id])
        assert editions.marks(session, TODAY) == Marks()


def test_two_that_close_the_same_day_agree(sqlite_database: Database, clock: SetClock) -> None:
    (one,) = _list(sqlite_database, clock, 1)
    clock.sleep(2 * HALF)
    with sqlite_database.transaction() as session:
        editions.note(session, TODAY, "Kept.")
    assert _close(sqlite_database, clock) == [TODAY]
    with sqlite_database.reading() as session:
        page = editions.edition_of(session, TODAY)
        assert page
        assert (page.note, page.paper_ids) == ("Kept.", (one.id,))
