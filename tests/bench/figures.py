"""The figures of a run of `bench send`: medians, ratios, what limits, as a table and as JSON."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.bench.rounds import Round

KINDS = ("worker", "beat", "postgres", "redis", "producer", "sink")
COMPARED = ("naive", "careful")
BUSY = 0.85  # of a core, from which something counts as what limits


@dataclass(frozen=True, slots=True)
class Figures:
    """What rounds of one way came to: medians."""

    rounds: Sequence[Round]
    workers: int

    def of(self, key: str) -> float:
        return float(median(getattr(one, key) for one in self.rounds))

    @property
    def cost(self) -> dict[str, float]:
        """Microseconds of CPU a mail by kind."""
        return {kind: median(one.microseconds.get(kind, 0.0) for one in self.rounds) for kind in KINDS}

    @property
    def cores(self) -> dict[str, float]:
        """How many cores each kind kept busy."""
        return {kind: median(one.cpu.get(kind, 0.0) / one.seconds for one in self.rounds) for kind in KINDS}

    @property
    def limit(self) -> str:
        """What was waited for, read from how busy each kind was."""
        cores, there = self.cores, os.cpu_count() or 1
        if cores["worker"] > BUSY * self.workers:
            return "the workers' CPU"
        if cores["sink"] > BUSY:
            return "the sink"
        if sum(cores.values()) > BUSY * there:
            return f"the machine's {there} cores"
        return "waiting (commits, round trips, ticks), or by what else the machine does"

    def plain(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "workers": self.workers,
            "mails": self.rounds[0].mails,
            "rounds": len(self.rounds),
            "mails_per_s": round(self.of("per_second"), 1),
            "cpu_us_per_mail": round(self.of("own"), 1),
            "cpu_us_per_mail_by_kind": {kind: round(cost, 1) for kind, cost in self.cost.items()},
            "cores_busy": {kind: round(busy, 2) for kind, busy in self.cores.items()},
            "bytes_per_mail": round(median(one.size / one.mails for one in self.rounds)),
            "worker_peak_mb": round(max(one.peak for one in self.rounds) / 2**20, 1),
            "calibration_ms": round(1000 * self.of("calibration"), 1),
            "limit": self.limit,
        }


def ratio(ours: Figures, other: Figures, key: str) -> float:
    """The median of ours against theirs, round by round: what a noisy minute does, it does to both."""
    return float(median(getattr(one, key) / getattr(two, key) for one, two in zip(ours.rounds, other.rounds, strict=True)))


def summary(ours: Mapping[int, Figures], others: Mapping[str, Figures], readers: int) -> dict[str, Any]:
    """Everything, for JSON; the first number of workers is the one that is compared."""
    first = next(iter(ours.values()))
    told: dict[str, Any] = {"subscribers": readers, "cpus": os.cpu_count()} | first.plain()
    for name, other in others.items():
        told[name] = other.plain()
        if name not in COMPARED:
            continue
        told[f"ratio_{name}"] = round(ratio(first, other, "per_second"), 1)
        told[f"cpu_ratio_{name}"] = round(1 / ratio(first, other, "own"), 1)
    told["by_workers"] = {str(workers): figures.plain() for workers, figures in ours.items()}
    told["faults"] = [fault for figures in (*ours.values(), *others.values()) for one in figures.rounds for fault in one.faults]
    return told


def show(told: Mapping[str, Any], console: Console) -> None:
    """The same as a table."""
    table = Table("", "mails/s", "CPU µs a mail", *KINDS, "peak MB", title="CPU of all but the sink; then of each kind of process; medians")
    rows = {f"{workers} workers": row for workers, row in told["by_workers"].items()}
    rows |= {name: told[name] for name in ("smtp_sink", "careful", "naive") if name in told}
    for name, row in rows.items():
        cost = [f"{row['cpu_us_per_mail_by_kind'][kind]:,.0f}" for kind in KINDS]
        table.add_row(name, f"{row['mails_per_s']:,.0f}", f"{row['cpu_us_per_mail']:,.0f}", *cost, f"{row['worker_peak_mb']:,.0f}")
    console.print(table)
    for name, row in rows.items():
        console.print(f"{name}: {row['mails']:,} mails of {row['bytes_per_mail'] / 1000:.0f} kB a round, limited by {row['limit']}")
    for name in COMPARED:
        if f"ratio_{name}" in told:
            times, share = told[f"ratio_{name}"], told[f"cpu_ratio_{name}"]
            console.print(f"{times:,.0f} times the mails a second of {name}, with 1/{share:,.0f} of its CPU a mail")
    console.print(f"calibration loop: {told['calibration_ms']} ms")
    for fault in told["faults"]:
        console.print(f"WRONG: {fault}", style="red")
