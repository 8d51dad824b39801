"""Postfix's own sink, when it is installed: what it took is read from the ledger, since it tells nobody."""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import func, select

from config.database import Database
from tests.bench.sink import Seen
from worker.send.models import Delivery, State, Wave

PROGRAM = "smtp-sink"


@dataclass(frozen=True, slots=True)
class PostfixSink:
    """As `sink.Process`, for `rounds.wave`."""

    pid: int
    port: int
    database: Database

    def seen(self) -> Seen:
        taken = (Delivery.state == State.ACCEPTED, Delivery.wave_id.in_(select(Wave.id)))
        columns = (func.count(), func.count(Delivery.subscriber_id.distinct()), func.max(Delivery.settled_at))
        with self.database.reading() as session:
            messages, recipients, last_at = session.execute(select(*columns).where(*taken)).one()
        return Seen(messages, recipients, 0, last_at.timestamp() if last_at else 0.0)

    def forget(self) -> None:
        """The rounds empty the ledger."""


def is_installed() -> bool:
    return shutil.which(PROGRAM, path=f"{os.environ.get('PATH', '')}:/usr/sbin") is not None


@contextmanager
def running(database: Database) -> Iterator[PostfixSink]:
    """`smtp-sink` for as long as the block."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    program = shutil.which(PROGRAM, path=f"{os.environ.get('PATH', '')}:/usr/sbin") or PROGRAM
    user = ["-u", "nobody"] if os.geteuid() == 0 else []
    process = subprocess.Popen([program, *user, f"127.0.0.1:{port}", "100"])
    try:
        yield PostfixSink(process.pid, port, database)
    finally:
        process.terminate()
        process.wait()
