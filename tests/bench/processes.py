"""What processes cost, by kind: CPU of whole trees, and peak memory, as the kernel counts them (proc(5))."""

import hashlib
import os
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_CALIBRATION = 200_000  # steps; about 0.1 s


class Kinds:
    """The processes of one installation by kind; what they start counts with them, also when it has ended."""

    def __init__(self, roots: Mapping[str, Sequence[int]]) -> None:
        self._roots = roots

    def cpu(self) -> dict[str, float]:
        """Seconds of CPU so far, by kind."""
        children = _children()
        return {kind: sum(_cpu(pid) for root in roots for pid in _tree(root, children)) for kind, roots in self._roots.items()}

    def peak(self, kind: str) -> int:
        """The most bytes that one process of this kind has held, the first of its tree apart when there are others."""
        children = _children()
        trees = [_tree(root, children) for root in self._roots[kind]]
        return max(_peak(pid) for tree in trees for pid in (tree[1:] or tree))


def spent(before: Mapping[str, float], after: Mapping[str, float]) -> dict[str, float]:
    """Seconds between two readings, by kind."""
    return {kind: seconds - before[kind] for kind, seconds in after.items()}


def calibration() -> float:
    """CPU seconds of a loop that is the same everywhere: plain Python, then SHA-256. It tells how two machines, or two minutes, compare."""
    begun = time.process_time()
    number = 1
    for step in range(_CALIBRATION):
        number = (number * 1_103_515_245 + step) & 0x7FFFFFFF
    block = number.to_bytes(4, "big") * 16_384
    for _ in range(500):
        hashlib.sha256(block).digest()
    return time.process_time() - begun


def _children() -> dict[int, list[int]]:
    found: dict[int, list[int]] = defaultdict(list)
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal() and (fields := _stat(int(folder.name))):
            found[int(fields[1])].append(int(folder.name))
    return found


def _tree(root: int, children: Mapping[int, Sequence[int]]) -> list[int]:
    return [root, *(pid for child in children.get(root, ()) for pid in _tree(child, children))]


def _stat(pid: int) -> list[str]:
    """The fields behind the name, the third on; nothing when the process is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return []


def _cpu(pid: int) -> float:
    """User and system time, and that of children which were waited for (fields 14 to 17)."""
    return sum(map(int, _stat(pid)[11:15])) / _TICKS


def _peak(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:")), 0)
