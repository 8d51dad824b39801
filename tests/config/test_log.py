"""The log: one line an event, and no address, token or credential in it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.log import redact

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("said", "logged"),
    [
        ("mail to ada@example.org failed", "mail to …@example.org failed"),
        ("<Ada.Lovelace+papers@mail.example.co.uk>", "<…@mail.example.co.uk>"),
        ("smtp://user:pass@mail.example.org:587 refused", "smtp://…@mail.example.org:587 refused"),
        ("redis://:hunter2@redis:6379/0", "redis://…@redis:6379/0"),
        ("postgresql+psycopg://u:p@db/papers", "postgresql+psycopg://…@db/papers"),
        ("postmark://0a1b2c3d", "postmark://…"),
        ("GET /preferences/AbCdEfGhIjKlMnOpQrStUvWx_-1", "GET /preferences/…"),
        ("GET /webhooks/postmark?token=swordfish&x=1", "GET /webhooks/postmark?token=…&x=1"),
        ("412 readers at 07:00 @ Tokyo", "412 readers at 07:00 @ Tokyo"),
        ("https://arxiv.org/abs/2606.01234v2", "https://arxiv.org/abs/2606.01234v2"),
    ],
)
def test_what_is_logged(said: str, logged: str) -> None:
    assert redact(said) == logged


@given(st.emails(), st.text(st.sampled_from(' <>"(),:;='), max_size=3), st.text(st.sampled_from(' <>"(),:;='), max_size=3))
def test_no_address_survives(address: str, before: str, after: str) -> None:
    local = address.rpartition("@")[0]
    assert f"{local}@" not in redact(f"could not write to {before} {address} {after} today")


@given(st.emails())
def test_redacting_twice_is_redacting_once(address: str) -> None:
    once = redact(f"to <{address}> via smtp://{address.replace('@', ':')}@relay.example.org/x?token=abc")
    assert redact(once) == once


PROGRAM = """
import logging
from config.log import configure, logger
configure(human={human})
logger("worker.send").info("wave planned", readers=412, to="ada@example.org", nested={{"urls": ["smtp://u:hunter2@relay.example.org"]}})
logging.getLogger("some.library").warning("connecting to %s", "redis://:hunter2@redis:6379/0")
logging.getLogger("httpx").info("chatter")
try:
    raise ValueError("550 ada@example.org is unknown")
except ValueError:
    logger("worker.send").exception("delivery failed")
"""


def lines(*, human: bool) -> list[str]:
    program = PROGRAM.format(human=human)
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == ""
    return done.stderr.splitlines()


def test_a_machine_reads_one_json_line_an_event() -> None:
    planned, connecting, failed = (json.loads(line) for line in lines(human=False))
    assert planned["event"] == "wave planned"
    assert (planned["readers"], planned["level"], planned["logger"]) == (412, "info", "worker.send")
    assert planned["timestamp"].endswith("Z")
    assert connecting["event"] == "connecting to redis://…@redis:6379/0"
    assert "Traceback" in failed["exception"]


@pytest.mark.parametrize("human", [True, False])
def test_addresses_and_credentials_reach_no_line_whoever_logs_them(human: bool) -> None:
    everything = "\n".join(lines(human=human))
    assert "wave planned" in everything
    assert "ada@" not in everything
    assert "hunter2" not in everything
