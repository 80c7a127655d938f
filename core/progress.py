"""Progress of a stage, reported to a listener, which may also cancel it."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from core.errors import Cancelled


@dataclass(frozen=True, slots=True)
class Step:
    """``done`` of ``total`` items of a stage; ``rate`` in items per second, ``left`` in seconds."""

    stage: str
    done: int
    total: int
    rate: float = 0.0
    left: float | None = None


Listener = Callable[[Step], None]


def silent(step: Step) -> None:
    """A listener that ignores progress."""


class Meter:
    """Counts items and reports at most ``per_second`` times a second. A listener may raise Cancelled."""

    def __init__(self, stage: str, total: int, listener: Listener, per_second: float = 5) -> None:
        self._stage, self._total, self._listen = stage, total, listener
        self._pause = 1 / per_second
        self._start = time.perf_counter()
        self._told = -1.0
        self.done = 0

    def add(self, count: int) -> None:
        self.done += count
        now = time.perf_counter()
        if self.done < self._total and now - self._told < self._pause:
            return
        self._told = now
        rate = self.done / max(now - self._start, 1e-9)
        self._listen(
            Step(self._stage, self.done, self._total, rate, (self._total - self.done) / max(rate, 1e-9))
        )


__all__ = ["Cancelled", "Listener", "Meter", "Step", "silent"]
