"""What the ledger may expect of any mailer, asked of every one there is."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from config.clock import SystemClock
from tests.relay.server import AUTHORITY, Relay
from tests.worker.send.mailers.parcels import Drawn, Memory, a_parcel, handed_over, parcels, verdicts
from worker.send.mailers.maildir import MaildirMailer
from worker.send.mailers.smtp import SmtpMailer
from worker.send.port import Mailer, Unavailable, Verdict
from worker.send.smtp.relay import relay_from


@dataclass
class World:
    """A mailer with what is behind it."""

    mailer: Mailer
    received: Callable[[], list[bytes]]


def smtp(url: str) -> SmtpMailer:
    return SmtpMailer(relay_from(url), SystemClock(), Memory())


@contextmanager
def a_maildir(folder: Path) -> Iterator[World]:
    yield World(MaildirMailer(folder / "mail"), lambda: [file.read_bytes() for file in sorted((folder / "mail" / "new").iterdir())])


@contextmanager
def a_relay(*, query: str = "", login: str = "", **manner: object) -> Iterator[World]:
    with Relay(**manner) as relay:  # type: ignore[arg-type]  # the keywords of Relay, as the table below spells them
        yield World(smtp(relay.url(query, login)), lambda: [taken.data for taken in relay.taken])
        assert relay.complaints == []


@contextmanager
def aiosmtpd() -> Iterator[World]:
    kept: list[bytes] = []

    class Handler:
        async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
            kept.append(envelope.original_content or b"")
            return "250 2.0.0 taken"

    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(Handler(), hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield World(smtp(f"smtp://127.0.0.1:{port}"), lambda: kept)
    finally:
        controller.stop()


KINDS: dict[str, Callable[[Path], object]] = {
    "maildir": a_maildir,
    "pipelined": lambda _: a_relay(),
    "lock-step": lambda _: a_relay(pipelining=False),
    "starttls and login": lambda _: a_relay(starttls=True, logins={"u": "p@/:% ?"}, query=f"ca={AUTHORITY}", login="u:p%40%2F%3A%25%20%3F"),
    "smtps and LOGIN": lambda _: a_relay(tls=True, logins={"u": "p"}, mechanisms=["LOGIN"], query=f"ca={AUTHORITY}", login="u:p"),
    "smtps in lock-step": lambda _: a_relay(tls=True, pipelining=False, query=f"ca={AUTHORITY}"),
    "aiosmtpd": lambda _: aiosmtpd(),
}


@pytest.fixture(params=KINDS)
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    with KINDS[request.param](tmp_path) as made:  # type: ignore[attr-defined]  # each is a context manager of a World
        yield made
        made.mailer.close()


def test_every_parcel_gets_one_outcome_in_the_order_of_drawing(world: World) -> None:
    outcomes = list(world.mailer.deliver(parcels(12)))
    assert [outcome.delivery_id for outcome in outcomes] == list(range(1, 13))
    assert {outcome.verdict for outcome in outcomes} == {Verdict.ACCEPTED}


def test_what_arrives_is_the_message_byte_for_byte(world: World) -> None:
    given = parcels(3)
    handed_over(world.mailer, given)
    assert sorted(world.received()) == sorted(parcel.message.wire() for parcel in given)


def test_a_message_of_a_megabyte_arrives_whole(world: World) -> None:
    big = a_parcel(1, text="0123456789abcdef" * 65536)
    outcomes = handed_over(world.mailer, [big, a_parcel(2)])
    assert set(verdicts(outcomes).values()) == {Verdict.ACCEPTED}
    assert big.message.wire() in world.received()


def test_nothing_to_send_is_nothing_sent(world: World) -> None:
    assert list(world.mailer.deliver([])) == []
    assert world.received() == []


def test_parcels_are_drawn_one_at_a_time_and_at_most_one_ahead(world: World) -> None:
    drawn = Drawn(parcels(6))
    for told, _ in enumerate(world.mailer.deliver(drawn), start=1):
        assert len(drawn.ids) <= told + 1


def test_a_batch_follows_a_batch(world: World) -> None:
    first, second = parcels(4)[:2], parcels(4)[2:]
    assert len(list(world.mailer.deliver(first))) == 2
    assert len(list(world.mailer.deliver(second))) == 2
    assert len(world.received()) == 4


def test_after_close_the_next_batch_goes_out_all_the_same(world: World) -> None:
    handed_over(world.mailer, [a_parcel(1)])
    world.mailer.close()
    handed_over(world.mailer, [a_parcel(2)])
    assert len(world.received()) == 2


def test_a_consumer_that_stops_in_the_middle_leaves_a_mailer_that_works(world: World) -> None:
    for _ in world.mailer.deliver(parcels(5)):
        break
    list(world.mailer.deliver([a_parcel(9)]))
    assert any(b"Papers 9" in data for data in world.received())


def test_a_drawing_that_fails_leaves_a_mailer_that_works(world: World) -> None:
    def failing() -> Iterator[object]:
        yield a_parcel(1)
        raise RuntimeError("no more")

    with pytest.raises(RuntimeError, match="no more"):
        list(world.mailer.deliver(failing()))  # type: ignore[arg-type]  # parcels, until it raises
    list(world.mailer.deliver([a_parcel(9)]))
    assert any(b"Papers 9" in data for data in world.received())


def test_a_check_says_what_was_found_and_sends_nothing(world: World) -> None:
    words = world.mailer.check()
    assert words.startswith(world.mailer.name)
    assert "\n" not in words
    assert world.received() == []


def test_a_name_shows_no_credentials(world: World) -> None:
    assert "p@" not in world.mailer.name
    assert "p%40" not in world.mailer.name


def test_a_mailer_that_is_out_of_reach_says_so_before_drawing_anything(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with Relay() as gone:
        url = gone.url()
    for mailer in (smtp(url), MaildirMailer(tmp_path / "file")):
        drawn = Drawn(parcels(2))
        with pytest.raises(Unavailable):
            list(mailer.deliver(drawn))
        with pytest.raises(Unavailable):
            mailer.check()
        assert drawn.ids == []
