"""Load for the page bench: a lean HTTP/1.1 client, at a given rate or as fast as it goes, and what it saw."""

import asyncio
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Call:
    """One request to make."""

    method: str
    path: str
    body: bytes = b""


@dataclass(slots=True)
class Seen:
    """Latencies in seconds, and the answers that were none of 200, 303."""

    latencies: list[float] = field(default_factory=list)
    failures: int = 0
    seconds: float = 0.0
    largest: int = 0  # bytes of an answer

    @property
    def a_second(self) -> float:
        return len(self.latencies) / self.seconds if self.seconds else 0.0

    def percentile(self, share: float) -> float:
        """Milliseconds that this share of the answers took at most."""
        ordered = sorted(self.latencies)
        return 1000 * ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else math.nan


def at_rate(port: int, calls: Callable[[int], Call], *, rate: float, seconds: float) -> Seen:
    """So many calls a second, whether the earlier ones were answered or not; latency counts from when a call was due."""
    return asyncio.run(_at_rate(port, calls, rate, seconds))


def flat_out(port: int, calls: Sequence[Call], *, connections: int) -> Seen:
    """All calls, each connection making its next one as soon as it is answered."""
    return asyncio.run(_flat_out(port, calls, connections))


async def _at_rate(port: int, calls: Callable[[int], Call], rate: float, seconds: float) -> Seen:
    seen, begun = Seen(), time.perf_counter()

    async def one(number: int) -> None:
        due = begun + number / rate
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        line = await _Line.to(port)
        await line.make(calls(number), seen, since=due)
        line.close()

    await asyncio.gather(*(one(number) for number in range(int(rate * seconds))))
    seen.seconds = time.perf_counter() - begun
    return seen


async def _flat_out(port: int, calls: Sequence[Call], connections: int) -> Seen:
    seen, left, begun = Seen(), iter(calls), time.perf_counter()

    async def work() -> None:
        line = await _Line.to(port)
        for call in left:
            await line.make(call, seen, since=time.perf_counter())
        line.close()

    await asyncio.gather(*(work() for _ in range(connections)))
    seen.seconds = time.perf_counter() - begun
    return seen


class _Line:
    """One connection, kept."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def to(cls, port: int) -> "_Line":
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def make(self, call: Call, seen: Seen, *, since: float) -> None:
        head = f"{call.method} {call.path} HTTP/1.1\r\nHost: 127.0.0.1:{0}\r\nContent-Length: {len(call.body)}\r\n"
        kind = "Content-Type: application/x-www-form-urlencoded\r\n" if call.body else ""
        self._writer.write(f"{head}{kind}\r\n".encode() + call.body)
        answer = await self._reader.readuntil(b"\r\n\r\n")
        length = int(answer.lower().partition(b"content-length:")[2].partition(b"\r\n")[0] or 0)
        await self._reader.readexactly(length)
        seen.latencies.append(time.perf_counter() - since)
        seen.largest = max(seen.largest, length)
        seen.failures += answer.split(b" ", 2)[1] not in {b"200", b"303"}

    def close(self) -> None:
        self._writer.close()
