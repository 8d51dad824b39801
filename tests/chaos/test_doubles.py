"""Two of a kind at once, and one that wakes up to find itself replaced: nothing is lost, nothing doubled."""

import signal

import pytest
from sqlalchemy import select

from tests.chaos.conftest import Begin
from tests.chaos.scene import FULL, Scene, pause
from worker.send.models import Range

pytestmark = pytest.mark.chaos

READERS = 3000 if FULL else 400


def test_a_worker_frozen_past_its_ownership_finds_its_mail_sent_and_sends_none_of_it_again(scene: Scene, a_round: Begin, seed: int) -> None:
    scene.keep("beat", "worker")
    one = a_round("a worker frozen until another has its mail")
    one.begin(READERS, pace=20)
    one.reach(20)
    pause(one.random.uniform(0, 2.0))
    scene.signal("worker", signal.SIGSTOP)
    try:
        with scene.service().running("worker"):
            one.some_leave()
            scene.relay.pace = None
            one.reach(READERS * 9 // 10)  # some stay with the frozen one: it alone knows what became of them
            scene.signal("worker", signal.SIGCONT)
            one.settle()
    finally:
        scene.signal("worker", signal.SIGCONT)
    one.judge()


def test_every_task_many_times_at_once_in_two_workers_does_its_work_once(scene: Scene, a_round: Begin, seed: int) -> None:
    scene.keep("beat", "worker")
    one = a_round("the same task many times at once")
    with scene.service().running("worker"):
        one.begin(READERS)
        for _ in range(10):
            scene.nudge(*["plan", "deliver", "sweep", "rank", "watch"] * 5)
            with scene.database.reading() as session:
                ranges = session.scalars(select(Range.id).order_by(Range.id.desc()).limit(3)).all()
            for number in [*ranges, *ranges]:
                scene.nudge("plan_range", args=(number,))
            pause(0.2)
        one.some_leave()
        one.settle()
    one.judge()


def test_two_beats_open_each_wave_once(scene: Scene, a_round: Begin, seed: int) -> None:
    scene.keep("beat", "worker")
    one = a_round("two beats")
    one.alone = True
    with scene.service().running("beat"):
        one.begin(READERS)
        one.reach(READERS // 2)
        one.some_leave()
        one.settle()
    one.judge()
