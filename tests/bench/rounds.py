"""Timing on a machine that others use too: contestants take turns, and ratios are taken turn by turn."""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

Paces = dict[str, list[float]]


@dataclass(frozen=True)
class Spread:
    """The median of the rounds, and between which values they lay."""

    median: float
    low: float
    high: float

    @staticmethod
    def of(values: Sequence[float]) -> "Spread":
        return Spread(median(values), min(values), max(values))

    def as_json(self) -> dict[str, float]:
        return {name: round(value, 4) for name, value in asdict(self).items()}


def interleave(contestants: Mapping[str, Callable[[], float]], rounds: int) -> tuple[Paces, Paces]:
    """What each contestant says of each of its turns, and how many cores others took meanwhile.

    Every other round goes backwards, so that a machine that slows down or speeds up favours none.
    """
    paces: Paces = {name: [] for name in contestants}
    others: Paces = {name: [] for name in contestants}
    for number in range(rounds):
        for name in list(contestants)[:: 1 if number % 2 == 0 else -1]:
            start, busy = time.perf_counter(), _busy_elsewhere()
            paces[name].append(contestants[name]())
            others[name].append((_busy_elsewhere() - busy) / (time.perf_counter() - start))
    return paces, others


def _busy_elsewhere() -> float:
    """CPU seconds since the start that were not this process's, stolen ones with them; Linux tells."""
    try:
        ticks = [int(field) for field in Path("/proc/stat").read_text().split(maxsplit=9)[1:9]]
    except OSError:
        return 0.0
    idle, waiting = ticks[3:5]
    return (sum(ticks) - idle - waiting) / os.sysconf("SC_CLK_TCK") - time.process_time()


def peak_mb() -> int:
    """The most memory that this process has held; getrusage would tell its parent's, where that is more."""
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return round(int(status["VmHWM"].split()[0]) / 1024)


def ratio(paces: Paces, name: str, base: str) -> Spread:
    """How many times as fast as the base, each round by itself."""
    return Spread.of([ours / theirs for ours, theirs in zip(paces[name], paces[base], strict=True)])
