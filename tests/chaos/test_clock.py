"""The wall clock jumps a day both ways: whoever waited is written to, once an occasion, and the timetable goes on."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from tests.chaos.conftest import Begin
from tests.chaos.scene import FULL, Scene, pause

pytestmark = pytest.mark.chaos

READERS = 3000 if FULL else 300
DAY = timedelta(days=1)
LONG = 10.0  # seconds that the clock is wrong


@pytest.fixture(autouse=True)
def _shifted(scene: Scene) -> Iterator[None]:
    scene.module = "tests.chaos.shifted"
    scene.jump(timedelta())
    yield
    scene.jump(timedelta())


def test_a_clock_a_day_behind_makes_mail_wait_until_it_is_right_again(scene: Scene, a_round: Begin, seed: int) -> None:
    scene.keep("beat", "worker")
    one = a_round("the clock jumps a day back, and again")
    one.alone = True
    one.begin(READERS)
    one.reach(READERS // 3)
    scene.jump(-DAY)
    pause(LONG)
    scene.jump(timedelta())
    one.some_leave()
    one.settle()
    one.judge()


def test_a_clock_a_day_ahead_makes_mail_stale_and_the_next_day_s_due_and_back_again_all_goes_on(
    scene: Scene, a_round: Begin, seed: int
) -> None:
    scene.keep("beat", "worker")
    one = a_round("the clock jumps a day ahead, and back")
    one.alone = True
    one.begin(READERS)
    one.reach(READERS // 3)
    scene.jump(DAY)
    pause(LONG)
    scene.jump(timedelta())
    after = a_round("a wave after the clock went back a day")
    after.alone = True
    after.begin(READERS // 3)
    after.settle()
    after.judge()
    scene.jump(DAY)  # the day passes
    one.settle()
    taken = one.taken()
    assert {mail.recipients[0] for mail in taken} == one.readers.keys(), "everybody was written to"
    assert len({mail.message_id for mail in taken}) == len(taken), "and once an occasion"
    assert not {state for states in one.states().values() for state in states} - {"accepted", "stale", "skipped"}
    one.judge_accounts()
