"""The last answer of a URL, kept with what its server called it."""

from datetime import timedelta

from config.clock import SetClock
from config.database import Database
from worker.ingest import fetches
from worker.ingest.fetches import Kept

URL = "https://example.org/feed.xml"


def keep(database: Database, clock: SetClock, answer: Kept, url: str = URL) -> None:
    with database.transaction() as session:
        fetches.keep(session, url, answer, now=clock.now())


def kept(database: Database, url: str = URL) -> Kept | None:
    with database.reading() as session:
        return fetches.kept(session, url)


def test_the_newest_answer_is_kept_whole(database: Database, clock: SetClock) -> None:
    keep(database, clock, Kept(b"old", '"1"', None))
    keep(database, clock, Kept(b"new \x00\xff", None, "Wed, 17 Jun 2026 06:00:00 GMT"))
    assert kept(database) == Kept(b"new \x00\xff", None, "Wed, 17 Jun 2026 06:00:00 GMT")


def test_an_answer_without_validators_takes_the_place_of_one_that_had_them(database: Database, clock: SetClock) -> None:
    keep(database, clock, Kept(b"old", '"1"', None))
    keep(database, clock, Kept(b"new", None, None))
    assert kept(database) is None


def test_what_no_row_can_hold_is_not_kept(database: Database, clock: SetClock) -> None:
    for answer in (Kept(b"x", "e" * 301, None), Kept(b"x", "\x00", None), Kept(b"x", "é\r\n", "d" * 101)):
        keep(database, clock, answer)
        assert kept(database) is None
    keep(database, clock, Kept(b"x", '"1"', None), url=URL + "?" + "q" * 1000)
    assert kept(database, URL + "?" + "q" * 1000) is None


def test_old_answers_are_let_go_in_bites(database: Database, clock: SetClock) -> None:
    for number in range(5):
        keep(database, clock, Kept(b"x", '"1"', None), url=f"{URL}?{number}")
        clock.sleep(60)
    with database.transaction() as session:
        moment = clock.now() - timedelta(seconds=120)
        assert fetches.forget_before(session, moment, most=2) == 2
        assert fetches.forget_before(session, moment) == 1
        assert fetches.forget_before(session, moment) == 0
    assert [kept(database, f"{URL}?{number}") is not None for number in range(5)] == [False, False, False, True, True]
