import json
from collections.abc import Iterator

import pytest
from sqlalchemy import MetaData, select
from sqlalchemy.orm import Session

from config.database import Database
from subscribers import knocks, privacy, requests, signup, standing
from subscribers.models import RequestKind, Vote
from subscribers.signup import SignUp
from tests.subscribers.builders import NOON, add_reader, some_choices


class Notes:
    """Another room, which keeps a word about each subscriber."""

    name = "notes"

    def __init__(self) -> None:
        self.kept = {1: "likes robots", 2: "likes ships"}

    def export(self, session: Session, subscriber_id: int) -> privacy.Json:
        return [self.kept[subscriber_id]]

    def erase(self, session: Session, subscriber_id: int) -> None:
        del self.kept[subscriber_id]


def test_an_export_holds_everything_as_plain_json(database: Database) -> None:
    with database.transaction() as session:
        ada = add_reader(session, name="Ada", mutes=("blockchain",))
        session.add(Vote(subscriber_id=ada.id, paper_key="arxiv:2606.00001", value=1, voted_at=NOON))
        requests.ask(session, ada.id, RequestKind.FRESH_LINK, NOON)
        standing.suppress(session, ada.address_key, standing.Reason.BOUNCED, NOON)

    with database.reading() as session:
        found = json.loads(json.dumps(privacy.export(session, ada, [Notes()])))

    assert found["address"] == "ada@example.org"
    assert found["choices"]["mutes"] == ["blockchain"]
    assert found["consent"] == {"at": "2026-06-17T12:00:00+00:00", "page": "a test", "wording": "I agree."}
    assert found["votes"] == [{"paper": "arxiv:2606.00001", "vote": "more like this", "at": "2026-06-17T12:00:00+00:00"}]
    assert found["letters"] == [{"kind": "link", "to": "ada@example.org", "asked_at": "2026-06-17T12:00:00+00:00"}]
    assert found["suppressed"] == {"since": "2026-06-17T12:00:00+00:00", "reason": "bounced"}
    assert found["notes"] == ["likes robots"]


def test_erasing_leaves_no_trace_in_any_table(database: Database) -> None:
    notes = Notes()
    with database.transaction() as session:
        ada = add_reader(
            session, "ada-lovelace@example.org", name="Ada Lovelace", keywords=("analytical engine",), authors=("Charles Babbage",)
        )
        bob = add_reader(session, "bob@example.org")
        session.add(Vote(subscriber_id=ada.id, paper_key="arxiv:2606.00001", value=1, voted_at=NOON))
        requests.ask(session, ada.id, RequestKind.NEW_ADDRESS, NOON, "lovelace@example.org")
        standing.suppress(session, ada.address_key, standing.Reason.BOUNCED, NOON)

    with database.transaction() as session:
        privacy.erase(session, session.merge(ada), [notes])

    with database.reading() as session:
        everything = "\n".join(rows_of_every_table(session))
        assert not [word for word in ("lovelace", "Lovelace", "analytical", "Babbage", "2606.00001") if word in everything]
        assert standing.suppression(session, ada.address_key) is not None
    assert notes.kept == {bob.id: "likes ships"}


def test_who_knocks_again_and_is_erased_before_anybody_looked_is_erased(database: Database) -> None:
    with database.transaction() as session:
        ada = add_reader(session)
        knocks.sign_up(session, SignUp("ADA@example.org", some_choices(), "/", ""), NOON)
        knocks.ask_fresh_link(session, "ada@example.org", NOON)
        knocks.ask_fresh_link(session, "bob@example.org", NOON)
        privacy.erase(session, ada, [])

        assert "ada@" not in "\n".join(rows_of_every_table(session)).lower()
        assert knocks.is_anybody_there(session)


def test_the_id_of_an_erased_reader_is_never_given_out_again(database: Database) -> None:
    with database.transaction() as session:
        ada = add_reader(session)
        privacy.erase(session, ada, [])
        bob = add_reader(session, "bob@example.org")

        assert bob.id > ada.id


def test_an_erased_and_suppressed_address_stays_suppressed(database: Database) -> None:
    with database.transaction() as session:
        ada = add_reader(session)
        standing.suppress(session, ada.address_key, standing.Reason.COMPLAINED, NOON)
        privacy.erase(session, ada, [])
        signup.sign_up(session, SignUp("Ada@example.org", some_choices(), "/", ""), NOON)

        assert "example.org" not in "\n".join(rows_of_every_table(session))


def test_nothing_is_erased_when_another_room_cannot(database: Database) -> None:
    with database.transaction() as session:
        ada = add_reader(session)
    notes = Notes()
    notes.kept.clear()

    with pytest.raises(KeyError), database.transaction() as session:
        privacy.erase(session, session.merge(ada), [notes])

    with database.reading() as session:
        assert "ada@example.org" in "\n".join(rows_of_every_table(session))


def rows_of_every_table(session: Session) -> Iterator[str]:
    found = MetaData()
    found.reflect(session.connection())
    for table in found.sorted_tables:
        for row in session.execute(select(table)):
            yield repr(tuple(row))
