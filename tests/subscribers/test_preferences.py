from datetime import UTC, datetime, timedelta

from config.database import Database
from subscribers import preferences, standing
from subscribers.cadence import Cadence
from tests.subscribers.builders import CATALOGUE, NOON, add_reader, some_choices


def test_choices_are_read_as_they_were_saved(database: Database) -> None:
    wanted = some_choices(
        name="Ada", topics=("language-models", "video"), keywords=(), authors=("Yann LeCun",), mutes=("blockchain",), for_you=9, trending=1
    )
    with database.transaction() as session:
        ada = add_reader(session)
        before = preferences.save(session, ada, wanted, NOON)

    with database.reading() as session:
        assert before == some_choices()
        assert preferences.read(session, ada) == wanted


def test_a_new_rhythm_moves_the_next_due_moment(database: Database) -> None:
    with database.transaction() as session:
        ada = add_reader(session)

        preferences.save(session, ada, some_choices(cadence=Cadence.WEEKLY, weekday=4, hour=18, zone="Asia/Tokyo"), NOON)

        assert ada.next_due_at == datetime(2026, 6, 19, 9, 0, tzinfo=UTC)


def test_no_change_brings_a_second_digest_within_twenty_hours(database: Database) -> None:
    with database.transaction() as session:
        ada = add_reader(session)
        ada.last_digest_at, ada.last_day = NOON, "2026-06-17"

        preferences.save(session, ada, some_choices(hour=20), NOON)

        assert ada.next_due_at == datetime(2026, 6, 18, 19, 0, tzinfo=UTC)


def test_a_paused_reader_s_new_rhythm_begins_after_the_pause(database: Database) -> None:
    with database.transaction() as session:
        ada = add_reader(session)
        standing.pause(ada, NOON + timedelta(days=10), NOON)

        preferences.save(session, ada, some_choices(hour=20), NOON)

        assert ada.next_due_at == datetime(2026, 6, 27, 19, 0, tzinfo=UTC)


def test_choices_of_a_reader_who_gets_no_mail_queue_nothing(database: Database) -> None:
    with database.transaction() as session:
        ada = add_reader(session, confirmed=False)

        preferences.save(session, ada, some_choices(hour=20), NOON)

        assert ada.next_due_at is None


def test_a_save_says_what_changed() -> None:
    before = some_choices(authors=("Yann LeCun",))
    after = some_choices(
        name="Ada", topics=("language-models", "video"), keywords=("mamba", "agents"), authors=(), mutes=("blockchain",), hour=7, trending=3
    )

    assert preferences.changes(before, after, CATALOGUE) == (
        "Added topics: Language models, Video.",
        "Removed topic: Robotics.",
        "Added keyword: agents.",
        "Removed author: Yann LeCun.",
        "Added mute: blockchain.",
        "Every day at 07:00, Europe/London from now on.",
        "5 papers for you and 3 trending in each digest.",
        "We call you Ada.",
    )
    assert preferences.changes(after, after, CATALOGUE) == ()
