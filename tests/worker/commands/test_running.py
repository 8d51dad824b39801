"""`migrate`, `worker`, `beat` and `web`: processes, and how they begin and end."""

import signal
import socket
from pathlib import Path

import httpx
import pytest

from tests.servers import free_port
from tests.worker.commands.desk import Desk
from tests.worker.commands.services import running, wait_for


def test_migrate_makes_the_schema_and_does_no_harm_twice(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "state")
    said = desk.done("migrate")
    assert said.startswith("the database is at revision 0")
    assert desk.done("migrate") == said
    desk.done("status")


def test_migrate_makes_the_schema_of_postgresql(empty_postgresql_url: str, tmp_path: Path) -> None:
    desk = Desk(tmp_path / "state", {"PAPERBOY_DATABASE_URL": empty_postgresql_url})
    assert "run ./paperboy migrate" in desk.run("status").err
    desk.done("migrate")
    assert "readers: none yet" in desk.done("status")


@pytest.mark.parametrize("command", ["worker", "beat"])
def test_without_redis_there_is_no_worker_and_no_beat(desk: Desk, command: str) -> None:
    said = desk.run(command)
    assert said.code == 2
    assert said.err == "paperboy: PAPERBOY_REDIS_URL is missing: Celery's broker. Example: PAPERBOY_REDIS_URL=redis://127.0.0.1:6379/0\n"


def test_a_queue_that_is_none_is_named_with_those_that_are(desk: Desk) -> None:
    said = desk.run("worker", "--queues", "letters,sned", PAPERBOY_REDIS_URL="redis://127.0.0.1:9/0")
    assert said.code == 2
    assert said.err == "paperboy: --queues: 'sned' is no queue; there are letters, send, pick, ingest\n"


def test_up_is_not_for_a_service_with_a_broker(desk: Desk) -> None:
    said = desk.run("up", PAPERBOY_REDIS_URL="redis://127.0.0.1:9/0")
    assert said.code == 2
    assert "run `web`, `worker` and `beat`, or unset it" in said.err


@pytest.mark.parametrize(("number", "code", "words"), [(signal.SIGTERM, 0, ""), (signal.SIGINT, 130, "paperboy: stopped\n")])
def test_web_answers_until_it_is_told_to_stop(desk: Desk, number: signal.Signals, code: int, words: str) -> None:
    port = free_port()
    with running(desk, "web", PAPERBOY_PORT=str(port)) as web:
        wait_for(lambda: httpx.get(f"http://127.0.0.1:{port}/healthz").status_code == 200, web)
        web.send_signal(number)
        assert web.wait(20) == code
    log = (desk.state / "web.log").read_text(encoding="utf-8")
    assert "Traceback" not in log
    assert log.endswith(words)


@pytest.mark.parametrize("command", ["web", "up"])
def test_a_port_that_is_taken_is_told_in_a_line(desk: Desk, command: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        before = desk.everything()
        said = desk.run(command, PAPERBOY_PORT=port)
    assert (said.code, said.out) == (1, "")
    assert said.err.startswith(f"paperboy: PAPERBOY_HOST=127.0.0.1 PAPERBOY_PORT={port}: Address already in use. Is another one up?")
    assert said.err.count("\n") == 1
    assert desk.everything() == before


@pytest.mark.parametrize("host", ["no.such.host.invalid", "192.0.2.1", "::ffff:192.0.2.1"])
def test_an_address_that_is_not_ours_is_told_in_a_line(desk: Desk, host: str) -> None:
    said = desk.run("web", PAPERBOY_HOST=host, PAPERBOY_PORT=str(free_port()))
    assert said.code == 1
    assert said.err.startswith(f"paperboy: PAPERBOY_HOST={host} ")
    assert said.err.count("\n") == 1
