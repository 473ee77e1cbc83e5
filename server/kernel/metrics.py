"""Counters and histograms of one process, written to a small file now and then, and the sum over all processes.

Labels come from fixed words only, so that the number of series is bounded. Files of processes that have ended stay
until the next start of the server: sums never go down in between.
"""

from __future__ import annotations

import contextlib
import json
import os
import threading
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Upper bounds of the histograms' buckets in seconds."""

_MAX_SERIES = 2000
_WRITE_EVERY_S = 2.0

Labels = tuple[tuple[str, str], ...]


class Metrics:
    """Thread-safe. `count` and `observe` cost about a microsecond and never fail."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counters: dict[tuple[str, Labels], float] = {}
        self._histograms: dict[tuple[str, Labels], list[float]] = {}

    def count(self, name: str, amount: float = 1.0, /, **labels: str) -> None:
        """Add to a counter; its name ends in _total."""
        key = (name, tuple(sorted(labels.items())))
        with self._lock:
            if key in self._counters or len(self._counters) < _MAX_SERIES:
                self._counters[key] = self._counters.get(key, 0.0) + amount

    def observe(self, name: str, seconds: float, /, **labels: str) -> None:
        """Put a duration into a histogram; its name ends in _seconds."""
        key = (name, tuple(sorted(labels.items())))
        with self._lock:
            row = self._histograms.get(key)
            if row is None:
                if len(self._histograms) >= _MAX_SERIES:
                    return
                row = self._histograms[key] = [0.0] * (len(BUCKETS) + 2)  # buckets, +Inf, sum
            row[bisect_left(BUCKETS, seconds)] += 1
            row[-1] += seconds

    def snapshot(self) -> dict[str, Any]:
        """All values, as JSON can hold them."""
        with self._lock:
            return {
                "pid": os.getpid(),
                "counters": [[name, labels, value] for (name, labels), value in self._counters.items()],
                "histograms": [[name, labels, list(row)] for (name, labels), row in self._histograms.items()],
            }


METRICS = Metrics()
"""The process's own."""


class MetricsFile:
    """Writes the process's metrics into `folder` while it runs."""

    def __init__(self, folder: Path, name: str, metrics: Metrics = METRICS) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / f"{name}-{os.getpid()}.json"
        self._metrics = metrics
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="metrics", daemon=True)
        self._last: dict[str, Any] = {}

    def start(self) -> None:
        self.write()
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join(5)
        self.write()

    def write(self) -> None:
        """Write the present values, unless they are those of the last time."""
        present = self._metrics.snapshot()
        if present == self._last:
            return
        temporary = self._path.with_suffix(".part")
        with contextlib.suppress(OSError):  # a full disk must not end the process
            temporary.write_text(json.dumps(present), encoding="utf-8")
            temporary.replace(self._path)
            self._last = present

    def _run(self) -> None:
        while not self._stopping.wait(_WRITE_EVERY_S):
            self.write()


def forget(folder: Path) -> None:
    """Remove the files of the last run; before any process writes."""
    for path in folder.glob("*.json"):
        with contextlib.suppress(OSError):
            path.unlink()


def collected(folder: Path) -> tuple[dict[tuple[str, Labels], float], dict[tuple[str, Labels], list[float]], list[int]]:
    """Sums of counters and histograms over all files, and the process ids that wrote them."""
    counters: dict[tuple[str, Labels], float] = {}
    histograms: dict[tuple[str, Labels], list[float]] = {}
    pids: list[int] = []
    for body in _files(folder):
        pids.append(int(body["pid"]))
        for name, labels, value in body["counters"]:
            key = (str(name), tuple((str(k), str(v)) for k, v in labels))
            counters[key] = counters.get(key, 0.0) + float(value)
        for name, labels, row in body["histograms"]:
            key = (str(name), tuple((str(k), str(v)) for k, v in labels))
            known = histograms.setdefault(key, [0.0] * len(row))
            histograms[key] = [a + b for a, b in zip(known, row, strict=True)]
    return counters, histograms, pids


def _files(folder: Path) -> Iterator[Mapping[str, Any]]:
    for path in sorted(folder.glob("*.json")):
        with contextlib.suppress(OSError, ValueError):
            yield json.loads(path.read_text(encoding="utf-8"))
