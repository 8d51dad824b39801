"""Any mixture of misbehaviour, on any kind of relay: no answer is given to the wrong parcel, and no fate is a guess."""

from hypothesis import given, settings
from hypothesis import strategies as st

from config.clock import SystemClock
from tests.relay.server import AUTHORITY, Relay
from tests.worker.send.mailers.parcels import Memory, parcels
from worker.send.mailers.smtp import SmtpMailer
from worker.send.port import Outcome, Unavailable, Verdict
from worker.send.smtp.relay import relay_from

# What the relay does to a parcel, and what alone may be said of it.
ANSWERS = {
    "": Verdict.ACCEPTED,
    "rcpt reply '550 5.1.1 no {n}'": Verdict.REFUSED,
    "rcpt reply '451 4.7.1 later {n}'": Verdict.DEFERRED,
    "data reply '451 4.3.0 later {n}'": Verdict.DEFERRED,
    "data reply '554 5.6.0 no {n}'": Verdict.REFUSED,
    "dot reply '550 5.6.0 no {n}'": Verdict.REFUSED,
    "dot reply '452 4.2.2 later {n}'": Verdict.DEFERRED,
}
BREAKS = {
    "rcpt reply '421 4.3.2 bye {n}'": Verdict.DEFERRED,
    "rcpt drop": Verdict.DEFERRED,
    "rcpt twice": Verdict.DEFERRED,
    "data garbage": Verdict.DEFERRED,
    "data reset": Verdict.DEFERRED,
    "body drop": Verdict.UNKNOWN,  # small enough to have left whole before the line broke
    "dot reply '421 4.3.2 bye {n}'": Verdict.DEFERRED,
    "dot drop": Verdict.UNKNOWN,
    "dot keep": Verdict.UNKNOWN,
    "dot half": Verdict.UNKNOWN,
    "dot garbage": Verdict.UNKNOWN,
}
FATES = {**ANSWERS, **BREAKS}
KINDS = st.fixed_dictionaries({"pipelining": st.booleans(), "lax": st.booleans(), "tls": st.sampled_from([False, False, True])})


@settings(max_examples=60)
@given(st.lists(st.sampled_from(sorted(FATES)), max_size=12), KINDS, st.integers(1, 9))
def test_no_answer_goes_to_the_wrong_parcel(faults: list[str], kind: dict[str, bool], max_messages: int) -> None:
    lines = [fault.format(n=number).replace(" ", f" to=reader{number}@* ", 1) for number, fault in enumerate(faults, start=1) if fault]
    memory = Memory()
    with Relay(*lines, **kind) as relay:  # type: ignore[arg-type]  # keywords of Relay
        url = relay.url(f"ca={AUTHORITY}&max_messages={max_messages}")
        outcomes = deliver(SmtpMailer(relay_from(url), SystemClock(), memory), len(faults))
        taken = relay.recipients
        assert relay.complaints == []
    assert sorted(outcomes) == list(range(1, len(faults) + 1))
    for number, outcome in outcomes.items():
        fault, before = faults[number - 1], faults[number - 2] if number > 1 else ""
        times = taken.count(f"reader{number}@example.org")
        expected = {FATES[fault]} | ({Verdict.DEFERRED} if before in BREAKS else set())
        if fault == "body drop":
            expected.add(Verdict.DEFERRED)
        assert outcome.verdict in expected, (number, fault, outcome)
        if outcome.code and outcome.verdict is not Verdict.ACCEPTED:
            assert outcome.words.endswith(f" {number}")
        assert times == (
            outcome.verdict is Verdict.ACCEPTED or (outcome.verdict is Verdict.UNKNOWN and fault not in {"dot drop", "body drop"})
        )
    assert_the_journal_agrees(memory, outcomes)


def deliver(mailer: SmtpMailer, count: int) -> dict[int, Outcome]:
    """As the ledger does: what was not drawn goes into another batch."""
    outcomes: dict[int, Outcome] = {}
    while waiting := [parcel for parcel in parcels(count) if parcel.delivery_id not in outcomes]:
        try:
            for outcome in mailer.deliver(waiting):
                assert outcome.delivery_id not in outcomes
                outcomes[outcome.delivery_id] = outcome
        except Unavailable:
            continue
    mailer.close()
    return outcomes


def assert_the_journal_agrees(memory: Memory, outcomes: dict[int, Outcome]) -> None:
    """Each parcel's last note is its fate, and at no moment were two begun and unanswered."""
    open_now: set[int] = set()
    for note, number in memory.notes:
        if note == "begun":
            open_now.add(number)
        else:
            open_now.discard(number)
            assert note == outcomes[number].verdict
        assert len(open_now) <= 1
    assert open_now == set()
