"""What every mailer hands over is signed as it left the press."""

from collections.abc import Iterator
from pathlib import Path

import dkim
import pytest

from config.clock import SetClock
from config.database import Database
from tests.relay.server import Relay
from tests.worker.render.keys import write_keys
from tests.worker.send.world import World
from worker.render.dkim import signer_from


@pytest.fixture
def relay() -> Iterator[Relay]:
    with Relay() as made:
        yield made


@pytest.mark.parametrize("kind", ["smtp", "maildir"])
def test_a_digest_in_the_inbox_holds_both_signatures(kind: str, relay: Relay, database: Database, clock: SetClock, tmp_path: Path) -> None:
    mailers = {"smtp": {"PAPERBOY_MAILERS": relay.url()}, "maildir": {}}[kind]
    keys = write_keys(tmp_path, r="2048", e="ed25519")
    world = World(database, clock, tmp_path, PAPERBOY_DKIM=keys, PAPERBOY_SENDER="Lab <papers@lab.example>", **mailers)
    world.subscribe("ada@example.org")
    world.list_papers()
    world.until(world.at(17, 8))
    world.close()
    [wire] = [taken.data for taken in relay.taken] or [file.read_bytes() for file in (world.maildir / "new").iterdir()]
    records = {name: text.replace('" "', "").strip('"') for name, text in signer_from(world.settings).records()}
    for index in range(2):
        assert dkim.DKIM(wire).verify(index, dnsfunc=lambda name, **_: records[name.decode()].encode())
    assert b"d=lab.example; s=r;" in wire
    assert b"d=lab.example; s=e;" in wire
