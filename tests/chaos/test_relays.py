"""The relay misbehaves in every way a relay can: nothing is lost, and only a line that ends after the final dot may double a mail."""

import pytest

from tests.chaos.conftest import Begin
from tests.chaos.rounds import Round
from tests.chaos.scene import FULL, Scene, pause

pytestmark = pytest.mark.chaos

READERS = 2000 if FULL else 300
LATE = 60 if FULL else 5  # seconds
AFTER_THE_DOT = 2  # messages a connection

# What goes wrong, and how many messages a connection it may double.
FAULTS = {
    "421 mid-batch, to MAIL": (["mail after=20 every=40 times=6 reply '421 4.7.0 too many messages'"], 0),
    "421 mid-batch, to RCPT": (["rcpt after=20 every=40 times=6 reply '421 4.3.2 going down'"], 0),
    "421 to the final dot": (["dot after=20 every=40 times=6 reply '421 4.3.2 going down'"], 0),
    "451 to some MAIL": (["mail after=30 every=90 times=2 reply '451 4.3.0 try again later'"], 0),
    "451 to some final dots": (["dot chance=0.1 times=20 reply '451 4.3.0 try again later'"], 0),
    "line dropped before the final dot": (["body after=20 every=30 times=8 drop"], 0),
    "line reset before the final dot": (["body after=20 every=30 times=8 reset"], 0),
    "line dropped at the final dot, nothing taken": (["dot after=20 every=30 times=8 drop"], 0),
    "line dropped after the final dot": (["dot after=20 every=30 times=8 keep"], AFTER_THE_DOT),
    "line dropped between messages": (["mail after=20 every=30 times=8 drop"], 0),
    "line dropped at the greeting": (["greeting times=4 drop"], 0),
    f"answer to the final dot after {LATE} s": ([f"dot after=20 every=50 times=2 late {LATE}"], 0),
    f"answer to MAIL after {LATE} s": ([f"mail after=20 every=50 times=2 late {LATE}"], 0),
    "garbage for a greeting": (["greeting times=4 garbage"], 0),
    "garbage to MAIL": (["mail after=20 every=40 times=6 garbage"], 0),
    "garbage to the final dot": (["dot after=20 every=40 times=6 garbage"], AFTER_THE_DOT),
    "half a reply to RCPT": (["rcpt after=20 every=40 times=6 half"], 0),
    "half a reply to the final dot": (["dot after=20 every=40 times=6 half"], AFTER_THE_DOT),
    "a reply said twice to MAIL": (["mail after=20 every=40 times=6 twice"], 0),
    "a reply said twice to the final dot": (["dot after=20 every=40 times=6 twice"], 0),
    "TLS closed badly in an envelope": (["rcpt after=20 every=40 times=6 badtls"], 0),
    "TLS closed badly after the final dot": (["dot after=20 every=40 times=6 badtls"], AFTER_THE_DOT),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_whatever_the_relay_does_nothing_is_lost(scene: Scene, a_round: Begin, fault: str, seed: int) -> None:
    script, doubled = FAULTS[fault]
    one = begun(scene, a_round(fault), *script)
    one.reach(READERS // 3)
    one.some_leave()
    one.reach(READERS * 9 // 10)
    scene.relay.mute()
    one.settle()
    one.judge(doubled=doubled)


def test_a_relay_that_refuses_connections_for_a_while_costs_only_time(scene: Scene, a_round: Begin, seed: int) -> None:
    scene.relay.refuse()
    scene.relay.cut()  # between two rounds nothing is on the wire
    one = begun(scene, a_round("connections refused"))
    pause(4)
    one.some_leave()
    scene.relay.listen()
    one.settle()
    one.judge()


def test_a_domain_that_is_put_off_comes_later_and_holds_up_nobody_else(scene: Scene, a_round: Begin, seed: int) -> None:
    one = begun(scene, a_round("451 to one domain"), "rcpt to=*@slow.example reply '451 4.7.1 try again later'")
    slow = {address for address in one.readers if address.endswith("@slow.example")}
    one.reach(len(one.readers) - len(slow), hurry=False)
    assert not {taken.recipients[0] for taken in one.taken()} & slow
    scene.relay.mute()
    one.settle()
    one.judge()


@pytest.mark.parametrize("refusal", ["rcpt to=*@bad.example reply '550 5.1.1 no such user'", "dot to=*@bad.example reply '554 5.7.1 no'"])
def test_who_is_refused_for_good_costs_nobody_else_anything(scene: Scene, a_round: Begin, refusal: str, seed: int) -> None:
    place, *_ = refusal.split()
    one = begun(scene, a_round(f"55x to some, at {place}"), refusal)
    one.spared = {address for address in one.readers if address.endswith("@bad.example")}
    one.settle()
    one.judge()


def begun(scene: Scene, one: Round, *script: str) -> Round:
    scene.keep("beat", "worker")
    one.begin(READERS, *script)
    return one
