"""`./paperboy up`: one process reads, picks, mails and shows; and ends when it is told to."""

import signal
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select, update

from subscribers.models import Subscriber
from tests.playing import Play, playing, silence, status
from tests.servers import free_port
from tests.worker.commands.desk import PAGE, Desk
from tests.worker.commands.services import running, wait_for
from worker.ingest.models import Run
from worker.send.models import Delivery


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A folder with nothing in it: `up` makes what it needs."""
    (tmp_path / "state").mkdir()
    return Desk(tmp_path / "state", {"PAPERBOY_SOURCES": f"file:{PAGE}", "PAPERBOY_PORT": str(free_port())})


def page(desk: Desk, path: str) -> httpx.Response:
    return httpx.get(f"http://127.0.0.1:{desk.environ['PAPERBOY_PORT']}{path}")


def has_read(desk: Desk) -> bool:
    with desk.database() as database, database.reading() as session:
        return session.scalars(select(Run.seen).where(Run.ended_at.is_not(None))).all() == [78]


def make_due(desk: Desk) -> None:
    with desk.database() as database, database.transaction() as session:
        session.execute(update(Subscriber).values(next_due_at=datetime.now(UTC) - timedelta(seconds=30)))


def test_from_nothing_to_a_digest_in_the_maildir_and_on_the_inbox_page(desk: Desk) -> None:
    with running(desk, "up") as up:
        wait_for(lambda: page(desk, "/readyz").status_code == 200, up)
        wait_for(lambda: has_read(desk), up)
        desk.done("ingest", "file", str(PAGE))  # ranks at once; the clock looks every half minute
        desk.done("subscribers", "add", "ada@example.org", "--keywords", "mamba", "--confirmed")
        make_due(desk)
        wait_for(lambda: bool(desk.mails()), up)
        assert "Mamba" in page(desk, "/inbox").text
        assert page(desk, "/").status_code == 200
        assert "clock: beat " in desk.done("status")
        begun = time.monotonic()
        up.send_signal(signal.SIGTERM)
        assert up.wait(30) == 0
        assert time.monotonic() - begun < 15, "within some ten seconds, on a busy machine too"
    log = (desk.state / "up.log").read_text(encoding="utf-8")
    assert f"Paperboy is on http://127.0.0.1:{desk.environ['PAPERBOY_PORT']} - what was mailed: /inbox - Ctrl-C stops it" in log
    assert "Traceback" not in log
    assert "ada@example.org" not in log
    with desk.database() as database, database.reading() as session:
        assert session.scalars(select(Delivery.state)).all() == ["accepted"]


def test_a_second_one_on_the_same_port_says_so_and_the_first_goes_on(desk: Desk) -> None:
    with running(desk, "up") as up:
        wait_for(lambda: page(desk, "/healthz").status_code == 200, up)
        second = desk.process("up")
        assert (second.code, second.out) == (1, "")
        assert "Address already in use. Is another one up?" in second.err
        assert second.err.count("\n") == 1
        assert page(desk, "/healthz").status_code == 200
        up.send_signal(signal.SIGINT)
        assert up.wait(30) == 130
    log = (desk.state / "up.log").read_text(encoding="utf-8")
    assert log.endswith("paperboy: stopped\n")
    assert "Traceback" not in log


@pytest.mark.parametrize("play", [status(503, Retry_After="20"), silence], ids=["told to wait", "kept waiting"])
def test_a_source_that_keeps_it_waiting_does_not_keep_it_from_stopping(desk: Desk, play: Play) -> None:
    with playing() as server:
        server.answer("/feed.xml", play)
        with running(desk, "up", PAPERBOY_SOURCES=f"feed:{server.url}/feed.xml") as up:
            wait_for(lambda: bool(server.asked), up)
            time.sleep(1)
            begun = time.monotonic()
            up.send_signal(signal.SIGTERM)
            assert up.wait(30) == 0
            assert time.monotonic() - begun < 15
    with desk.database() as database, database.reading() as session:
        [(ended_at, error)] = session.execute(select(Run.ended_at, Run.error)).all()
    if play is not silence:  # what sleeps is woken; what listens to a dead line is left behind, and found by whoever comes next
        assert ended_at
        assert "broken off" in str(error)


def test_for_other_machines_there_is_no_inbox(desk: Desk) -> None:
    with running(desk, "up", PAPERBOY_HOST="0.0.0.0") as up:  # noqa: S104 - that is the test
        wait_for(lambda: page(desk, "/healthz").status_code == 200, up)
        assert page(desk, "/inbox").status_code == 404
    assert "/inbox" not in (desk.state / "up.log").read_text(encoding="utf-8")


def test_links_lead_to_the_port_it_is_on(desk: Desk) -> None:
    desk.done("migrate")
    desk.done("ingest", "file", str(PAGE))
    desk.done("subscribers", "add", "ada@example.org", "--confirmed")
    assert f"http://127.0.0.1:{desk.environ['PAPERBOY_PORT']}/" in desk.done("preview", "ada@example.org")


@pytest.mark.parametrize("variable", ["PAPERBOY_TOPICS", "PAPERBOY_SOURCES", "PAPERBOY_MAILERS", "PAPERBOY_TEMPLATES", "PAPERBOY_PORT"])
def test_a_fault_in_the_settings_is_told_before_anything_runs(desk: Desk, variable: str) -> None:
    said = desk.process("up", **{variable: "/nowhere"})
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith(f"paperboy: {variable}: ")
    assert said.err.count("\n") == 1
