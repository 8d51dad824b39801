"""SMTP when all is well, and the parcels' fates when the relay or the line is not."""

from collections.abc import Iterable
from pathlib import Path

import pytest

from config.clock import SystemClock
from tests.relay.server import AUTHORITY, Relay
from tests.worker.send.mailers.parcels import Drawn, Memory, a_parcel, handed_over, parcels, verdicts
from worker.send.mailers.smtp import SmtpMailer
from worker.send.port import Journal, Outcome, Parcel, Unavailable, Verdict
from worker.send.smtp.relay import relay_from

ACCEPTED, REFUSED, DEFERRED, UNKNOWN = Verdict.ACCEPTED, Verdict.REFUSED, Verdict.DEFERRED, Verdict.UNKNOWN


def a_mailer(relay: Relay, query: str = "", login: str = "", journal: Journal | None = None) -> SmtpMailer:
    return SmtpMailer(relay_from(relay.url(query, login)), SystemClock(), journal or Memory())


def send(relay: Relay, given: Iterable[Parcel], query: str = "", journal: Journal | None = None) -> list[Outcome]:
    return handed_over(a_mailer(relay, query, journal=journal), given)


# -- the shape of the dialogue ------------------------------------------------------------------------------------------


def test_a_pipelined_parcel_costs_one_write_and_one_round_trip() -> None:
    with Relay() as relay:
        send(relay, parcels(20))
        # EHLO; the first envelope; each body with the next envelope; QUIT.
        assert relay.reads == 1 + 1 + 20 + 1
        assert relay.complaints == []
    assert [line for _, line in relay.commands[1:5]] == [
        f"MAIL FROM:<{parcels(1)[0].message.sender}>",
        "RCPT TO:<reader1@example.org>",
        "DATA",
        f"MAIL FROM:<{parcels(1)[0].message.sender}>",
    ]


def test_without_pipelining_nothing_is_said_before_the_answer() -> None:
    with Relay("rcpt to=reader2@* reply '550 5.1.1 no'", pipelining=False) as relay:
        found = verdicts(send(relay, parcels(3)))
        assert relay.complaints == []
        assert "RSET" in [line for _, line in relay.commands]
    assert found == {1: ACCEPTED, 2: REFUSED, 3: ACCEPTED}


def test_the_queue_id_and_the_enhanced_status_are_kept() -> None:
    with Relay() as relay:
        (outcome,) = send(relay, parcels(1))
    assert (outcome.code, outcome.words, outcome.provider_id) == ("250 2.0.0", "Ok: queued as 00000001", "00000001")


def test_a_line_is_retired_after_its_messages_and_the_batch_goes_on() -> None:
    with Relay() as relay:
        assert set(verdicts(send(relay, parcels(7), "max_messages=3")).values()) == {ACCEPTED}
        assert relay.connections == 3
        assert [line for _, line in relay.commands].count("QUIT") == 3


def test_a_kept_line_that_died_while_it_was_idle_costs_no_parcel() -> None:
    with Relay() as relay:
        mailer = a_mailer(relay)
        list(mailer.deliver(parcels(2)))
        relay.cut()
        assert verdicts(handed_over(mailer, [a_parcel(3)])) == {3: ACCEPTED}
        assert relay.connections == 2


def test_a_relay_that_takes_no_rset_any_more_is_dialled_anew() -> None:
    with Relay("rset times=1 reply '421 4.4.2 idle too long'") as relay:
        mailer = a_mailer(relay)
        list(mailer.deliver(parcels(1)))
        assert verdicts(handed_over(mailer, [a_parcel(2)])) == {2: ACCEPTED}
        assert relay.connections == 2


# -- answers ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("pipelining", [True, False])
@pytest.mark.parametrize("lax", [True, False])
@pytest.mark.parametrize(
    ("fault", "fate", "code"),
    [
        ("rcpt to=reader2@* reply '550 5.1.1 no such user'", REFUSED, "550 5.1.1"),
        ("rcpt to=reader2@* reply '550 no such user'", REFUSED, "550"),
        ("rcpt to=reader2@* reply '550-5.1.1 no such\\n550 5.1.1 user'", REFUSED, "550 5.1.1"),
        ("rcpt to=reader2@* reply '450 4.2.0 greylisted'", DEFERRED, "450 4.2.0"),
        ("rcpt to=reader2@* reply '554 5.7.1 Relay access denied'", DEFERRED, "554 5.7.1"),
        ("rcpt to=reader2@* reply '552 too many recipients'", DEFERRED, "552"),
        ("data to=reader2@* reply '451 4.3.0 not now'", DEFERRED, "451 4.3.0"),
        ("data to=reader2@* reply '554 5.6.0 no'", REFUSED, "554 5.6.0"),
        ("dot to=reader2@* reply '552 5.3.4 too big'", REFUSED, "552 5.3.4"),
        ("dot to=reader2@* reply '554 5.7.1 looks like spam'", REFUSED, "554 5.7.1"),
        ("dot to=reader2@* reply '451 4.3.0 disk'", DEFERRED, "451 4.3.0"),
    ],
)
def test_a_refusal_touches_only_its_own_parcel(*, pipelining: bool, lax: bool, fault: str, fate: Verdict, code: str) -> None:
    with Relay(fault, pipelining=pipelining, lax=lax) as relay:
        outcomes = send(relay, parcels(4))
        assert relay.recipients == ["reader1@example.org", "reader3@example.org", "reader4@example.org"]
        assert relay.connections == 1
        assert relay.complaints == []
    assert verdicts(outcomes) == {1: ACCEPTED, 2: fate, 3: ACCEPTED, 4: ACCEPTED}
    assert outcomes[1].code == code


@pytest.mark.parametrize("lax", [True, False])
def test_refusals_in_a_row_are_told_apart(*, lax: bool) -> None:
    faults = [f"rcpt to=reader{number}@* reply '550 5.1.1 no number {number}'" for number in (1, 2, 3, 5)]
    with Relay(*faults, lax=lax) as relay:
        outcomes = send(relay, parcels(5))
        assert relay.recipients == ["reader4@example.org"]
    assert [outcome.words for outcome in outcomes if outcome.verdict is REFUSED] == [f"RCPT: no number {n}" for n in (1, 2, 3, 5)]


@pytest.mark.parametrize("pipelining", [True, False])
@pytest.mark.parametrize("answer", ["550 5.7.1 we do not know you", "451 4.7.1 too much mail from you", "530 5.7.0 log in first"])
def test_a_refusal_of_us_ends_the_batch_and_the_next_call_asks_nothing(*, pipelining: bool, answer: str) -> None:
    with Relay(f"mail after=2 times=1 reply '{answer}'", pipelining=pipelining) as relay:
        mailer = a_mailer(relay)
        drawn = Drawn(parcels(6))
        assert verdicts(mailer.deliver(drawn)) == {1: ACCEPTED, 2: ACCEPTED, 3: DEFERRED}
        assert drawn.ids == [1, 2, 3]
        with pytest.raises(Unavailable, match=r"MAIL with 5?4?"):
            list(mailer.deliver(drawn))
        assert relay.connections == 1
        assert verdicts(handed_over(mailer, [a_parcel(7)])) == {7: ACCEPTED}


def test_a_message_that_the_relay_finds_too_big_is_refused_alone() -> None:
    with Relay("mail after=1 times=1 reply '552 5.3.4 too big'") as relay:
        assert verdicts(send(relay, parcels(3))) == {1: ACCEPTED, 2: REFUSED, 3: ACCEPTED}


def test_the_size_that_a_relay_takes_is_honoured_without_asking() -> None:
    with Relay(size=20_000) as relay:
        outcomes = send(relay, [a_parcel(1), a_parcel(2, text="x" * 30_000), a_parcel(3)])
        assert verdicts(outcomes) == {1: ACCEPTED, 2: REFUSED, 3: ACCEPTED}
        assert {outcome.code for outcome in outcomes if outcome.verdict is REFUSED} == {"552 5.3.4"}
        assert not any("reader2" in line for _, line in relay.commands)
        assert any(f"SIZE={len(a_parcel(1).message.wire())}" in line for _, line in relay.commands)


@pytest.mark.parametrize(
    "address", ["a@b.example>\r\nRCPT TO:<c@d.example", "a b@c.example", "ü@c.example", "<a@c.example>", "", "a\x00@c.example"]
)
def test_an_address_that_no_envelope_can_carry_never_reaches_the_line(address: str) -> None:
    odd = Parcel(2, address, a_parcel(2).message)
    with Relay() as relay:
        assert verdicts(send(relay, [a_parcel(1), odd, a_parcel(3)])) == {1: ACCEPTED, 2: REFUSED, 3: ACCEPTED}
        assert relay.recipients == ["reader1@example.org", "reader3@example.org"]


def test_a_sender_that_no_envelope_can_carry_is_our_fault_not_the_readers() -> None:
    with Relay() as relay:
        assert verdicts(send(relay, [a_parcel(1, sender="a@b.example> SIZE=1")])) == {1: DEFERRED}


# -- lines that break ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("manner", [{}, {"pipelining": False}, {"tls": True}, {"tls": True, "pipelining": False}], ids=str)
@pytest.mark.parametrize(
    ("fault", "fate", "taken"),
    [
        ("mail after=1 times=1 reply '421 4.3.2 going down'", DEFERRED, False),
        ("mail after=1 times=1 drop", DEFERRED, False),
        ("rcpt to=reader2@* reset", DEFERRED, False),
        ("data to=reader2@* half", DEFERRED, False),
        ("data to=reader2@* garbage", DEFERRED, False),
        ("data to=reader2@* reply '250 2.0.0 taken already'", DEFERRED, False),
        ("data to=reader2@* inject '250 2.0.0 taken already'", DEFERRED, False),
        ("rcpt to=reader2@* twice", DEFERRED, False),
        ("rcpt to=reader2@* reply '250-one\\n550 another'", DEFERRED, False),
        ("dot to=reader2@* reply '421 4.3.2 going down'", DEFERRED, False),
        ("dot to=reader2@* drop", UNKNOWN, False),
        ("dot to=reader2@* reset", UNKNOWN, False),
        ("dot to=reader2@* keep", UNKNOWN, True),
        ("dot to=reader2@* half", UNKNOWN, True),
        ("dot to=reader2@* garbage", UNKNOWN, True),
        ("dot to=reader2@* badtls", UNKNOWN, True),
    ],
)
def test_a_line_that_breaks_is_no_guess(manner: dict[str, bool], fault: str, fate: Verdict, *, taken: bool) -> None:
    with Relay(fault, **manner) as relay:  # type: ignore[arg-type]  # keywords of Relay
        found = verdicts(send(relay, parcels(5), f"ca={AUTHORITY}"))
        # The parcel after it had its envelope on the same line, where the relay pipelines.
        assert found.pop(3) in {ACCEPTED, DEFERRED}
        assert found == {1: ACCEPTED, 2: fate, 4: ACCEPTED, 5: ACCEPTED}
        assert ("reader2@example.org" in relay.recipients) == taken
        assert len(relay.recipients) == len(set(relay.recipients))


@pytest.mark.parametrize("tls", [True, False])
def test_a_body_that_did_not_leave_whole_is_deferred(*, tls: bool) -> None:
    # Far more than the buffers between us hold, so that the line breaks while it is written.
    big = a_parcel(2, text="words and words " * 2_000_000)
    with Relay("body to=reader2@* reset", tls=tls) as relay:
        found = verdicts(send(relay, [a_parcel(1), big, a_parcel(3)], f"ca={AUTHORITY}"))
    assert found == {1: ACCEPTED, 2: DEFERRED, 3: found[3]}
    assert found[3] in {ACCEPTED, DEFERRED}
    assert "reader2@example.org" not in relay.recipients


def test_an_answer_that_comes_too_late_is_given_to_nobody() -> None:
    with Relay("dot to=reader2@* late 0.6") as relay:
        found = verdicts(send(relay, parcels(4), "final_timeout=0.2"))
    assert found == {1: ACCEPTED, 2: UNKNOWN, 3: DEFERRED, 4: ACCEPTED}


def test_an_answer_that_comes_late_but_in_time_counts() -> None:
    with Relay("dot to=reader2@* late 0.4", "rcpt to=reader3@* late 0.2") as relay:
        assert set(verdicts(send(relay, parcels(4))).values()) == {ACCEPTED}


def test_a_relay_that_falls_silent_before_the_body_defers() -> None:
    with Relay("data to=reader2@* hang") as relay:
        found = verdicts(send(relay, parcels(3), "timeout=0.2"))
    assert found == {1: ACCEPTED, 2: DEFERRED, 3: ACCEPTED}


def test_when_every_line_breaks_the_batch_ends_and_little_is_uncertain() -> None:
    with Relay("dot keep") as relay:
        mailer = a_mailer(relay)
        drawn = Drawn(parcels(50))
        found = verdicts(mailer.deliver(drawn))
        assert len(drawn.ids) == len(found) <= 4
        assert list(found.values()).count(UNKNOWN) == len(relay.taken) == 2
        with pytest.raises(Unavailable, match="every line breaks"):
            list(mailer.deliver(drawn))


def test_when_the_relay_goes_away_the_rest_of_the_batch_is_not_drawn() -> None:
    with Relay("dot after=1 times=1 keep") as relay:
        mailer = a_mailer(relay)
        drawn = Drawn(parcels(9))
        found = {}
        for outcome in mailer.deliver(drawn):
            found[outcome.delivery_id] = outcome.verdict
            relay.refuse()
        assert found == {1: ACCEPTED, 2: UNKNOWN, 3: DEFERRED}
        assert drawn.ids == [1, 2, 3]
        with pytest.raises(Unavailable, match="nothing listens"):
            list(mailer.deliver(drawn))


# -- the journal --------------------------------------------------------------------------------------------------------


def test_every_dot_is_noted_before_and_every_answer_after() -> None:
    memory = Memory()
    with Relay("rcpt to=reader2@* reply '550 5.1.1 no'", "dot to=reader4@* keep") as relay:
        send(relay, parcels(4), journal=memory)
    assert memory.notes == [
        ("begun", 1),
        ("accepted", 1),
        ("refused", 2),
        ("begun", 3),
        ("accepted", 3),
        ("begun", 4),
        ("unknown", 4),
    ]


def test_a_message_that_is_no_longer_ours_is_not_completed() -> None:
    with Relay() as relay:
        found = verdicts(send(relay, parcels(4), journal=Memory(withhold=frozenset({2}))))
        # After 354 only closing the line withholds a body; the parcel drawn behind it surely did not leave either.
        assert found == {1: ACCEPTED, 2: DEFERRED, 3: DEFERRED, 4: ACCEPTED}
        assert relay.recipients == ["reader1@example.org", "reader4@example.org"]


def test_without_a_journal_that_can_be_written_nothing_is_sent() -> None:
    with Relay() as relay:
        outcomes = send(relay, parcels(9), journal=Memory(error=OSError(28, "No space left on device")))
        assert relay.taken == []
    assert set(verdicts(outcomes).values()) == {DEFERRED}
    assert "No space left" in outcomes[0].words


# -- getting in ---------------------------------------------------------------------------------------------------------


def refused_at_the_door(relay: Relay, query: str = "", login: str = "") -> str:
    mailer = a_mailer(relay, query, login)
    drawn = Drawn(parcels(2))
    with pytest.raises(Unavailable) as why:
        list(mailer.deliver(drawn))
    mailer.close()
    assert drawn.ids == []
    assert relay.taken == []
    assert "s3cret" not in str(why.value)
    return str(why.value)


def test_a_password_is_never_sent_in_clear_unless_allowed() -> None:
    with Relay(logins={"u": "s3cret"}) as relay:
        assert "not sent in clear" in refused_at_the_door(relay, login="u:s3cret")
        assert relay.logins_seen == []
        assert verdicts(handed_over(a_mailer(relay, "tls=none", "u:s3cret"), parcels(1))) == {1: ACCEPTED}
        assert relay.logins_seen == [(2, "u", False)]


def test_starttls_is_used_when_offered_and_the_password_goes_through_it() -> None:
    with Relay(starttls=True, logins={"u": "s3cret"}) as relay:
        assert verdicts(handed_over(a_mailer(relay, f"ca={AUTHORITY}", "u:s3cret"), parcels(2))) == {1: ACCEPTED, 2: ACCEPTED}
        assert relay.logins_seen == [(1, "u", True)]


def test_a_certificate_nobody_vouches_for_is_not_taken() -> None:
    for manner in ({"tls": True}, {"starttls": True}):
        with Relay(**manner) as relay:  # type: ignore[arg-type]  # keywords of Relay
            assert "?ca=/path/ca.pem" in refused_at_the_door(relay)


def test_a_certificate_for_another_host_is_not_taken() -> None:
    with Relay(tls=True) as relay:
        named = relay_from(f"smtps://127.0.0.2:{relay.port}?ca={AUTHORITY}")
        relay.refuse()
        relay.listen("127.0.0.2")
        with pytest.raises(Unavailable, match=r"does not hold for 127\.0\.0\.2"):
            SmtpMailer(named, SystemClock(), Memory()).check()


def test_tls_that_is_required_but_not_offered_ends_it() -> None:
    with Relay() as relay:
        assert "no STARTTLS" in refused_at_the_door(relay, "tls=require")


def test_words_slipped_in_before_tls_are_not_believed() -> None:
    with Relay("starttls inject '250-evil\\n250 AUTH PLAIN'", starttls=True) as relay:
        assert "spoke in clear after it agreed to TLS" in refused_at_the_door(relay, f"ca={AUTHORITY}")


def test_a_wrong_password_is_told_with_its_remedy() -> None:
    with Relay(tls=True, logins={"u": "other"}) as relay:
        words = refused_at_the_door(relay, f"ca={AUTHORITY}", "u:s3cret")
    assert "535 5.7.8" in words
    assert "PAPERBOY_MAILERS" in words


def test_a_login_that_is_not_offered_is_told_with_its_remedy() -> None:
    with Relay(tls=True) as relay:
        assert "offers no login" in refused_at_the_door(relay, f"ca={AUTHORITY}", "u:s3cret")


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("greeting reply '554 5.7.1 go away'", "turns us away (554 5.7.1 go away)"),
        ("greeting reply '421 4.3.2 too busy'", "turns us away (421 4.3.2 too busy)"),
        ("greeting drop", "closed the line"),
        ("greeting half", "in the middle of a reply"),
        ("greeting garbage", "no reply"),
        ("greeting hang", "did not answer within 0.3 s"),
        ("connect reset", "Connection reset by peer"),
        ("ehlo reply '550 5.0.0 no'", "turns us away (550 5.0.0 no)"),
        ("starttls reply '454 4.7.0 not now'", "turns us away (454 4.7.0 not now)"),
        ("starttls drop", "closed the line"),
    ],
)
def test_a_relay_that_does_not_let_us_in_is_told_in_its_words(fault: str, words: str) -> None:
    with Relay(fault, starttls=True) as relay:
        assert words in refused_at_the_door(relay, f"timeout=0.3&ca={AUTHORITY}")


def test_speaking_tls_to_a_port_without_it_says_which_scheme_fits() -> None:
    with Relay() as relay:
        mailer = SmtpMailer(relay_from(f"smtps://127.0.0.1:{relay.port}?timeout=2"), SystemClock(), Memory())
        with pytest.raises(Unavailable, match="want smtp://"):
            mailer.check()


def test_a_check_tells_what_the_relay_can_do() -> None:
    with Relay(starttls=True, logins={"u": "p"}, size=1000) as relay:
        mailer = a_mailer(relay, f"ca={AUTHORITY}", "u:p")
        assert mailer.check() == f"smtp 127.0.0.1:{relay.port}: TLS, logged in, pipelining, messages up to 1000 bytes"
        mailer.close()
    with Relay(pipelining=False) as relay:
        mailer = a_mailer(relay)
        assert mailer.check().endswith("in clear, no pipelining: slower")
        mailer.close()


def test_certificates_that_cannot_be_read_are_a_fault_of_the_settings(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"ca=.*none\.pem"):
        SmtpMailer(relay_from(f"smtps://localhost?ca={tmp_path}/none.pem"), SystemClock(), Memory())
