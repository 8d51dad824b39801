import pytest

from config.database import Database
from subscribers import feeds, privacy
from subscribers.links import LinkError, LinkFault
from tests.subscribers.builders import NOON, add_reader


def test_a_new_feed_has_a_new_id_and_the_old_one_is_gone_for_good(database: Database) -> None:
    with database.transaction() as session:
        ada = add_reader(session)
        assert feeds.of(session, ada.id) is None
        first, second = feeds.make(session, ada.id, NOON).id, feeds.make(session, ada.id, NOON).id

        assert second > first
        assert feeds.find(session, second)[1] is ada
        with pytest.raises(LinkError) as caught:
            feeds.find(session, first)
        assert caught.value.fault is LinkFault.REVOKED
        assert (feeds.turn_off(session, ada.id), feeds.turn_off(session, ada.id)) == (True, False)
        assert feeds.make(session, ada.id, NOON).id > second


def test_a_feed_stands_in_the_export_without_its_link(database: Database) -> None:
    with database.transaction() as session:
        ada = add_reader(session)
        assert privacy.export(session, ada, [])["feed"] is None
        feeds.make(session, ada.id, NOON)

        assert privacy.export(session, ada, [])["feed"] == {"made_at": "2026-06-17T12:00:00+00:00"}
