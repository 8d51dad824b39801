"""A loopback server that plays answers, kind and hostile, and remembers what it was asked."""

import gzip
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from config.settings import Settings

PATIENCE = 20.0  # seconds after which a play that waits for the other side gives up


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, and when it came (monotonic seconds)."""

    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    at: float


Play = Callable[["Handler"], None]


@dataclass
class Playing:
    """What the server says to which path, in turn; the last answer of a path is repeated."""

    url: str
    asked: list[Asked] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)
    _plays: dict[str, list[Play]] = field(default_factory=dict)
    _choosers: dict[str, Callable[[Asked], Play]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, path: str, *plays: Play) -> None:
        """Play these one after the other to whoever asks for `path`."""
        self._choosers.pop(path, None)
        self._plays[path] = list(plays)

    def choose(self, path: str, chooser: Callable[[Asked], Play]) -> None:
        """Let `chooser` say what to play to a request for `path`."""
        self._choosers[path] = chooser

    def forget(self) -> None:
        """What was asked, and what was to be played."""
        self.asked.clear()
        self._plays.clear()
        self._choosers.clear()

    def next_play(self, asked: Asked) -> Play:
        with self._lock:
            self.asked.append(asked)
            if asked.path in self._choosers:
                return self._choosers[asked.path](asked)
            plays = self._plays.get(asked.path, [status(404)])
            return plays.pop(0) if len(plays) > 1 else plays[0]

    def asked_for(self, path: str) -> list[Asked]:
        return [one for one in self.asked if one.path == path]


class Handler(BaseHTTPRequestHandler):
    """One request; a play writes to `connection` as it likes."""

    protocol_version = "HTTP/1.1"
    server: "Server"

    def do_GET(self) -> None:
        self.close_connection = True
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
        headers = {name.lower(): value for name, value in self.headers.items()}
        play = self.server.playing.next_play(Asked(parts.path, query, headers, time.monotonic()))
        with suppress(OSError):
            play(self)

    def log_message(self, *_: object) -> None:
        pass

    def send(self, piece: bytes) -> None:
        self.connection.sendall(piece)

    def head(self, code: int, headers: Mapping[str, str]) -> None:
        lines = [f"HTTP/1.1 {code} Played", *(f"{name}: {value}" for name, value in headers.items()), "Connection: close", "", ""]
        self.send("\r\n".join(lines).encode("latin-1"))

    def wait(self, seconds: float) -> bool:
        """Whether the play goes on after `seconds`."""
        return not self.server.playing.over.wait(seconds)


class Server(ThreadingHTTPServer):
    """The listening socket; what it plays is set once it has a port."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 64
    playing: Playing


@contextmanager
def playing() -> Iterator[Playing]:
    """A server on a free port of 127.0.0.1."""
    server = Server(("127.0.0.1", 0), Handler)
    server.playing = Playing(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server.playing
    finally:
        server.playing.over.set()
        server.shutdown()
        thread.join()
        server.server_close()


def settings_for(server: Playing, state_dir: Path, **more: object) -> Settings:
    """Settings whose sources are all played by `server`."""
    urls = {
        "huggingface_url": server.url,
        "arxiv_api_url": f"{server.url}/api/query",
        "arxiv_feed_url": f"{server.url}/atom",
        "arxiv_oai_url": f"{server.url}/oai",
    }
    return Settings.model_validate({"state_dir": state_dir, "operator": "Ops <ops@example.org>", **urls, **more})


def body(content: bytes, code: int = 200, **headers: str) -> Play:
    """`content` as it is. Header names are given with underscores: `Retry_After="3"`."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}

    def play(handler: Handler) -> None:
        handler.head(code, {"Content-Length": str(len(content)), **named})
        handler.send(content)

    return play


def status(code: int, **headers: str) -> Play:
    """A status with nothing in it."""
    return body(b"", code, **headers)


def redirect(location: str, code: int = 302) -> Play:
    return status(code, Location=location)


def conditional(content: bytes, etag: str) -> Callable[[Asked], Play]:
    """`content` to whoever does not have it yet."""
    return lambda asked: status(304, ETag=etag) if asked.headers.get("if-none-match") == etag else body(content, ETag=etag)


def zipped(content: bytes) -> Play:
    return body(gzip.compress(content), Content_Encoding="gzip")


def zipped_and_cut(content: bytes) -> Play:
    """A gzip stream that lacks its second half, though the transfer is complete."""
    packed = gzip.compress(content)
    return body(packed[: len(packed) // 2], Content_Encoding="gzip")


def gzip_bomb(megabytes: int) -> Play:
    return body(gzip.compress(b" " * (megabytes * 1_000_000)), Content_Encoding="gzip")


def chunked(content: bytes) -> Play:
    """`content` in chunks, and nothing that says how much it will be."""

    def play(handler: Handler) -> None:
        handler.head(200, {"Transfer-Encoding": "chunked"})
        for start in range(0, len(content), 1000):
            piece = content[start : start + 1000]
            handler.send(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
        handler.send(b"0\r\n\r\n")

    return play


def cut(content: bytes) -> Play:
    """Half of what was promised, then the end of the connection."""

    def play(handler: Handler) -> None:
        handler.head(200, {"Content-Length": str(len(content))})
        handler.send(content[: len(content) // 2])

    return play


def endless(piece: bytes) -> Play:
    """`piece` for ever, to whoever keeps listening."""

    def play(handler: Handler) -> None:
        handler.head(200, {})
        while handler.wait(0):
            handler.send(piece * max(1, 65_536 // len(piece)))

    return play


def drip(content: bytes, every: float) -> Play:
    """A letter at a time."""

    def play(handler: Handler) -> None:
        handler.head(200, {"Content-Length": str(len(content))})
        for number in range(len(content)):
            handler.send(content[number : number + 1])
            if not handler.wait(every):
                return

    return play


def drip_headers(every: float) -> Play:
    """Headers a letter at a time, and no end of them."""

    def play(handler: Handler) -> None:
        handler.send(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        while handler.wait(every):
            handler.send(b"x")

    return play


def silence(handler: Handler) -> None:
    """Takes the request and says nothing."""
    handler.wait(PATIENCE)


def hang_up(handler: Handler) -> None:
    """The end of the connection, without a word, as a reset."""
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")


def babble(handler: Handler) -> None:
    """Bytes that are no HTTP."""
    handler.send(b"220 mail.example.org ESMTP\r\n" * 10)
