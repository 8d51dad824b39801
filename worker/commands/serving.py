"""The pages on a socket, until Ctrl-C or SIGTERM.

The port is taken before anything else starts: of a service that is started twice, no half runs.
"""

import signal
import socket
from collections.abc import Callable
from types import FrameType

import uvicorn
from starlette.applications import Starlette

from config.settings import Settings

GRACE = 5  # seconds for answers under way
BACKLOG = 2048


class PortTaken(Exception):
    """Nobody can listen there: why, and the remedy."""


def listen(settings: Settings) -> socket.socket:
    """The socket of the pages, listening. Raises PortTaken."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    made = socket.socket(family)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((settings.host, settings.port))
        made.listen(BACKLOG)
    except OSError as error:
        made.close()
        place = f"PAPERBOY_HOST={settings.host} PAPERBOY_PORT={settings.port}"
        raise PortTaken(
            f"{place}: {error.strerror or error}. Is another one up? Stop it, or choose another port: PAPERBOY_PORT=8001"
        ) from error
    return made


def serve(application: Starlette, listening: socket.socket, stopping: Callable[[], None] = lambda: None) -> int:
    """Answer until a signal comes, which `stopping` hears at once; the signal, once the answers under way are given."""
    config = uvicorn.Config(
        application,
        log_config=None,
        access_log=False,  # paths carry tokens
        proxy_headers=False,  # X-Forwarded-* count by PAPERBOY_TRUSTED_PROXIES only
        server_header=False,
        timeout_graceful_shutdown=GRACE,
    )
    server = _Server(config, stopping)
    # uvicorn raises the signal again when it is done. By default that kills the process before it could tidy up.
    before = {number: signal.signal(number, server.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        server.run(sockets=[listening])
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return server.heard


class _Server(uvicorn.Server):
    """A server that passes on that it was told to stop."""

    def __init__(self, config: uvicorn.Config, stopping: Callable[[], None]) -> None:
        super().__init__(config)
        self.heard = 0
        self._stopping = stopping

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self.heard = self.heard or sig
        self._stopping()
        super().handle_exit(sig, frame)
