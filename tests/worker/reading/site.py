"""The whole service on a port of the loopback: pages by uvicorn in a thread, mail into a Maildir, the clock moved by hand."""

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path

import uvicorn

from config.clock import SetClock
from config.database import Database
from subscribers.links import Links
from tests.worker.send.world import World
from worker.asgi import application


class Site:
    """A running service, and what a person at it can do."""

    def __init__(self, world: World, url: str) -> None:
        self.world = world
        self.url = url
        self.links = Links(world.settings.secret_key, url)

    def mail(self, to: str) -> EmailMessage:
        """Deliver what waits; the newest mail to this address."""
        self.world.office.deliver(seconds=10)
        return self.world.mails(to)[-1]

    def link_in(self, mail: EmailMessage, path: str) -> str:
        """The link of a mail that leads to `path`."""
        body = mail.get_body(("plain",))
        assert body is not None
        found = re.search(rf"{re.escape(self.url)}/{path}/[\w-]{{27}}", body.get_content())
        assert found, body.get_content()
        return found[0]


@contextmanager
def running(database: Database, clock: SetClock, folder: Path, **environ: str) -> Iterator[Site]:
    """The service, until the block ends."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        world = World(database, clock, folder, PAPERBOY_BASE_URL=url, **environ)
        server = uvicorn.Server(uvicorn.Config(application(world.runtime), log_config=None, access_log=False, lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        try:
            yield Site(world, url)
        finally:
            server.should_exit = True
            thread.join(10)
