"""Which mailers are away, as an operator sees it: from the first failure until the pause is over, or the mailer is back."""

from datetime import timedelta

from config.clock import SetClock
from config.database import Database
from tests.worker.send.builders import NOW
from worker.send import absences
from worker.send.absences import Absence
from worker.send.breakers import FIRST_PAUSE, Breaker

RELAY = "smtp relay:25"


def away(database: Database, clock: SetClock) -> list[Absence]:
    with database.reading() as session:
        return absences.now_away(session, now=clock.now())


def test_a_mailer_is_told_of_while_it_is_left_alone(database: Database, clock: SetClock) -> None:
    breaker = Breaker(RELAY, clock, absences.teller(database, clock, RELAY))
    breaker.failed("it says: ada@example.org may not")
    assert away(database, clock) == [Absence(RELAY, "it says: …@example.org may not", NOW + timedelta(seconds=FIRST_PAUSE))]
    clock.sleep(FIRST_PAUSE)
    assert away(database, clock) == [], "it may be asked again"
    breaker.admit()
    breaker.failed("nothing listens")
    assert away(database, clock) == [Absence(RELAY, "nothing listens", clock.now() + timedelta(seconds=2 * FIRST_PAUSE))]


def test_a_mailer_that_is_back_is_told_of_no_more(database: Database, clock: SetClock) -> None:
    breaker = Breaker(RELAY, clock, absences.teller(database, clock, RELAY))
    breaker.failed("nothing listens")
    breaker.worked()
    assert away(database, clock) == []


def test_a_database_that_is_away_too_stops_no_mail(clock: SetClock) -> None:
    nowhere = Database("postgresql+psycopg://127.0.0.1:9/none")
    Breaker(RELAY, clock, absences.teller(nowhere, clock, RELAY)).failed("nothing listens")
    nowhere.close()
