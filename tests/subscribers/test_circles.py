from datetime import timedelta

import pytest

from config.database import Database
from subscribers import circles, standing
from subscribers.circles import Circle, CircleError
from subscribers.models import Standing
from tests.subscribers.builders import CATALOGUE, NOON, add_reader


@pytest.mark.parametrize(
    ("typed", "found"),
    [("active", ""), (" Active ", ""), ("topic:robotics", "robotics"), ("topic: Language Models", "language-models")],
)
def test_a_circle_is_everybody_or_a_topic_by_key_or_name(typed: str, found: str) -> None:
    assert circles.circle(typed, CATALOGUE) == Circle(found)


@pytest.mark.parametrize(
    ("typed", "remedy"),
    [("", "type active"), ("all", "type active"), ("topic:robotic", "near it: topic:robotics"), ("topic:zzz", "paperboy topics lists all")],
)
def test_what_is_no_circle_is_told_with_a_remedy(typed: str, remedy: str) -> None:
    with pytest.raises(CircleError, match=remedy):
        circles.circle(typed, CATALOGUE)


def test_members_are_active_readers_who_had_confirmed_in_order_and_page_by_page(database: Database) -> None:
    with database.transaction() as session:
        rows = [add_reader(session, f"reader{number}@example.org") for number in range(6)]
        video = add_reader(session, "video@example.org", topics=("video",))
        standing.leave(rows[1])
        standing.pause(rows[2], NOON + timedelta(days=3), NOON)
        late = add_reader(session, "late@example.org", now=NOON + timedelta(days=1))

        found = circles.members(session, Circle("robotics"), 0, late.id, NOON, 3)
        assert found == [(row.id, row.address) for row in (rows[0], rows[3], rows[4])]
        rest = circles.members(session, Circle("robotics"), rows[4].id, late.id, NOON, 3)
        assert rest == [(rows[5].id, rows[5].address)]
        assert circles.standings(session, Circle("robotics"), late.id) == {Standing.ACTIVE: 5, Standing.LEFT: 1, Standing.PAUSED: 1}
        assert circles.members(session, Circle("video"), 0, late.id, NOON, 9) == [(video.id, video.address)]
        assert circles.newest(session) == late.id
