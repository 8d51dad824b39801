from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from config.database import Database
from subscribers import audience, preferences, roster, standing
from subscribers.models import Request, RequestKind, SignupLetter, Standing, Subscriber
from subscribers.sheet import Entry, read_sheet
from tests.subscribers.builders import CATALOGUE, NOON, add_reader, find_reader, some_choices

HEADER = "email,name,topics,keywords,authors,timezone,hour,cadence\n"
CONSENT = roster.Consent("the file readers.csv", "They ticked the box.")


def plan(database: Database, *lines: str) -> roster.Plan:
    with database.reading() as session:
        return roster.plan_import(session, read_sheet([HEADER, *(line + "\n" for line in lines)], CATALOGUE))


def imported(database: Database, *lines: str, consent: roster.Consent | None = CONSENT, now: datetime = NOON) -> roster.Report:
    made = plan(database, *lines)
    with database.transaction() as session:
        return roster.carry_out(session, made, now, consent)


def standing_of(database: Database, address: str) -> Standing | None:
    with database.reading() as session:
        row = audience.by_address(session, address)
        return Standing(row.standing) if row else None


def test_confirmed_readers_are_active_and_first_due_after_the_import(database: Database) -> None:
    report = imported(database, "ada@example.org,Ada,Robotics,mamba,Yann LeCun,Europe/London,8,daily")

    with database.reading() as session:
        ada = audience.by_address(session, "ADA@example.org")
        assert ada is not None
        assert report == roster.Report(added=1)
        assert (ada.standing, ada.consent_source, ada.consent_wording) == (Standing.ACTIVE, "the file readers.csv", "They ticked the box.")
        assert ada.next_due_at == datetime(2026, 6, 18, 7, 0, tzinfo=UTC)
        assert preferences.read(session, ada) == some_choices(name="Ada", authors=("Yann LeCun",))
        assert session.scalar(select(func.count()).select_from(Request)) == 0


def test_unconfirmed_readers_are_pending_with_a_confirmation_asked_for(database: Database) -> None:
    report = imported(database, "ada@example.org,,,,,,,", "bob@example.org,,,,,,,", consent=None)

    with database.reading() as session:
        assert report == roster.Report(added=2, letters=2)
        assert audience.counts(session)[Standing.PENDING] == 2
        assert session.scalars(select(Request.kind)).all() == [RequestKind.CONFIRM] * 2
        assert session.scalar(select(func.count()).select_from(SignupLetter)) == 2
        assert audience.due_ids(session, NOON + timedelta(days=30)) == []


def test_bad_rows_are_named_and_good_rows_kept(database: Database) -> None:
    made = plan(
        database, "ada@example.org,,,,,,,", "nonsense,,,,,Europe/Lodnon,,", "bob@example.org,,,,,,,", "eve@example.org,,Robotiks,,,,8pm,"
    )

    assert [entry.address for entry in made.new] == ["ada@example.org", "bob@example.org"]
    assert list(map(str, made.faults)) == [
        "line 3, email 'nonsense': An email address must have an @-sign.",
        "line 3, timezone 'Europe/Lodnon': did you mean Europe/London?",
        "line 5, topics 'Robotiks': did you mean 'Robotics'?",
        "line 5, hour '8pm': give a full hour from 0 to 23, such as 8 or 08:00",
    ]


def test_a_plan_writes_nothing(database: Database) -> None:
    plan(database, "ada@example.org,,,,,,,")

    with database.reading() as session:
        assert sum(audience.counts(session).values()) == 0


def test_an_address_twice_in_a_file_counts_once_in_any_case(database: Database) -> None:
    made = plan(database, "ada@example.org,First,,,,,,", "Ada@Example.org,Second,,,,,,", "ada+papers@example.org,,,,,,,")

    assert [entry.choices.name for entry in made.new] == ["First", ""]
    assert [entry.line for entry in made.repeated] == [3]


def test_who_is_there_keeps_their_choices(database: Database) -> None:
    with database.transaction() as session:
        add_reader(session)

    made = plan(database, "ADA@example.org,Other,Video,,,Asia/Tokyo,9,weekly")
    report = imported(database, "ada@example.org,Other,Video,,,Asia/Tokyo,9,weekly")

    assert len(made.known) == 1
    assert report == roster.Report()
    with database.transaction() as session:
        ada = find_reader(session, "ada@example.org")
        assert ada is not None
        assert preferences.read(session, ada) == some_choices()


@pytest.mark.parametrize("consent", [CONSENT, None])
def test_an_import_never_brings_back_who_left_or_is_suppressed(database: Database, consent: roster.Consent | None) -> None:
    with database.transaction() as session:
        standing.leave(add_reader(session, "left@example.org"))
        standing.suppress(session, add_reader(session, "spam@example.org").address_key, standing.Reason.COMPLAINED, NOON)

    made = plan(database, "left@example.org,,,,,,,", "spam@example.org,,,,,,,")
    report = imported(database, "left@example.org,,,,,,,", "spam@example.org,,,,,,,", consent=consent)

    assert (len(made.left), len(made.suppressed)) == (1, 1)
    assert report == roster.Report()
    assert standing_of(database, "left@example.org") is Standing.LEFT
    assert standing_of(database, "spam@example.org") is Standing.SUPPRESSED


def test_an_import_leaves_out_an_address_that_was_suppressed_without_ever_signing_up(database: Database) -> None:
    with database.transaction() as session:
        erased = add_reader(session, "gone@example.org")
        standing.suppress(session, erased.address_key, standing.Reason.OPERATOR, NOON)
        session.delete(erased)

    assert len(plan(database, "gone@example.org,,,,,,,").suppressed) == 1


def test_consent_obtained_elsewhere_confirms_who_was_pending_with_their_own_choices(database: Database) -> None:
    with database.transaction() as session:
        add_reader(session, confirmed=False)

    report = imported(database, "ada@example.org,Other,Video,,,Asia/Tokyo,9,weekly")

    assert report == roster.Report(confirmed=1)
    with database.transaction() as session:
        ada = find_reader(session, "ada@example.org")
        assert ada is not None
        assert (ada.standing, ada.next_due_at) == (Standing.ACTIVE, datetime(2026, 6, 18, 7, 0, tzinfo=UTC))
        assert preferences.read(session, ada) == some_choices()


def test_who_signs_up_between_plan_and_import_is_not_touched(database: Database) -> None:
    made = plan(database, "ada@example.org,Other,,,,,,", "bob@example.org,,,,,,,")
    with database.transaction() as session:
        add_reader(session)

    with database.transaction() as session:
        assert roster.carry_out(session, made, NOON, CONSENT) == roster.Report(added=1)
        ada = find_reader(session, "ada@example.org")
        assert ada is not None
        assert ada.name == ""


def test_what_is_exported_is_imported_again(database: Database) -> None:
    with database.transaction() as session:
        add_reader(
            session, "ada@example.org", name="Ada", authors=("Yann LeCun", "Y. Bengio"), mutes=("blockchain",), for_you=7, trending=0
        )
        add_reader(session, "bob@example.org", cadence="weekly", weekday=4, hour=18, keywords=("-omics", "x, y"))
        standing.leave(add_reader(session, "left@example.org"))
        lines = list(roster.export(session, CATALOGUE))

    entries = [row for row in read_sheet(lines, CATALOGUE) if isinstance(row, Entry)]

    assert [(entry.address, entry.choices) for entry in entries] == [
        ("ada@example.org", some_choices(name="Ada", authors=("Y. Bengio", "Yann LeCun"), mutes=("blockchain",), for_you=7, trending=0)),
        ("bob@example.org", some_choices(cadence="weekly", weekday=4, hour=18, keywords=("-omics", "x, y"))),
    ]


def test_five_thousand_are_imported_at_noon_and_due_at_their_hour(database: Database) -> None:
    def lines() -> Iterator[str]:
        yield HEADER
        for number in range(5000):
            yield f"reader{number}@example.org,,Robotics,mamba; agents,,{'Europe/London' if number % 2 else 'Asia/Tokyo'},8,daily\n"

    with database.transaction() as session:
        report = roster.carry_out(session, roster.plan_import(session, read_sheet(lines(), CATALOGUE)), NOON, CONSENT)

    with database.reading() as session:
        assert report.added == 5000
        assert len(audience.due_ids(session, NOON)) == 0
        assert {hour.hour: readers for hour, readers in audience.next_hours(session, NOON) if readers} == {23: 2500, 7: 2500}
        assert session.scalar(select(func.count()).select_from(Subscriber)) == 5000
