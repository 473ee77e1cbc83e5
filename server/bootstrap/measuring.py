"""Everything that Prometheus is told: counters of all processes, and gauges from the database and the disks."""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from server.archive.inbox import ready_files
from server.archive.tables import Study
from server.bootstrap.areas import Areas
from server.bootstrap.folders import Folders
from server.kernel.database import Database
from server.kernel.jobs.tables import Job
from server.kernel.metrics import BUCKETS, Labels, collected
from server.results.making import counts_by_state

_GAUGES_FOR_S = 15.0  # the database is asked this often at most, however many scrape

_HELP = {
    "stored_objects_total": "Objects accepted and durable, by door.",
    "stored_bytes_total": "Bytes of data sets accepted, by door.",
    "refused_objects_total": "Objects that were not accepted, by door.",
    "retrieved_objects_total": "Objects sent out, by door.",
    "retrieved_frames_total": "Frames sent out, by door.",
    "rendered_frames_total": "Pictures made or given from memory.",
    "queries_total": "Queries of the archive's index, by door and level.",
    "query_seconds": "How long queries took until their last answer.",
    "web_requests_total": "Requests of DICOMweb by service and class of status.",
    "web_request_seconds": "How long DICOMweb services took before the body is sent.",
    "web_refusals_total": "Requests without access.",
    "web_metadata_total": "Metadata answers, prepared before or made anew.",
    "studies": "Studies in the index.",
    "instances": "Instances in the index.",
    "bytes_stored": "Bytes of the objects in the index.",
    "inbox_backlog": "Objects accepted and not in the index yet.",
    "disk_free_bytes": "Free bytes of the disk, by store.",
    "disk_total_bytes": "Size of the disk, by store.",
    "jobs": "Jobs by kind and state.",
    "studies_by_completeness": "Studies by what is known of their completeness.",
    "process_resident_bytes": "Memory of a process of the server.",
}


class Measuring:
    """Makes the text of /metrics."""

    def __init__(self, database: Database, areas: Areas, folders: Folders) -> None:
        self._database = database
        self._areas = areas
        self._folders = folders
        self._lock = threading.Lock()
        self._gauges: list[tuple[str, Labels, float]] = []
        self._asked = -_GAUGES_FOR_S

    def text(self) -> str:
        """Prometheus' exposition format, version 0.0.4."""
        counters, histograms, _ = collected(self._folders.metrics)
        lines: list[str] = []
        for name, rows in _by_name((name, labels, value) for (name, labels), value in counters.items()):
            lines += _head(name, "counter")
            lines += [f"mingjing_{name}{_labels(labels)} {value:.10g}" for labels, value in rows]
        for name, cells in _by_name((name, labels, row) for (name, labels), row in histograms.items()):
            lines += _head(name, "histogram")
            for labels, row in cells:
                lines += _histogram(name, labels, row)
        for name, rows in _by_name(self._present_gauges()):
            lines += _head(name, "gauge")
            lines += [f"mingjing_{name}{_labels(labels)} {value:.15g}" for labels, value in rows]
        return "\n".join(lines) + "\n"

    def _present_gauges(self) -> list[tuple[str, Labels, float]]:
        with self._lock:
            if time.monotonic() - self._asked > _GAUGES_FOR_S:
                self._gauges = [*self._of_database(), *self._of_disks()]
                self._asked = time.monotonic()
            return [*self._gauges, *self._of_processes()]

    def _of_database(self) -> Iterator[tuple[str, Labels, float]]:
        with self._database.read() as uow:
            status = self._areas.archive.status(uow)
            jobs = uow.session.execute(select(Job.kind, Job.state, func.count()).group_by(Job.kind, Job.state)).all()
            complete = uow.session.execute(select(Study.completeness, func.count()).group_by(Study.completeness)).all()
            results = counts_by_state(uow)
        yield "studies", (), float(status.studies)
        yield "instances", (), float(status.instances)
        yield "bytes_stored", (), float(status.bytes_stored)
        for kind, state, count in jobs:
            yield "jobs", (("kind", str(kind)), ("state", str(state))), float(count)
        for state, count in results.items():
            yield "report_results", (("state", state),), float(count)
        for state, count in complete:
            yield "studies_by_completeness", (("completeness", str(state)),), float(count)

    def _of_disks(self) -> Iterator[tuple[str, Labels, float]]:
        yield "inbox_backlog", (), float(sum(1 for _ in ready_files(self._folders.inbox)))
        for store, folder in (("archive", self._folders.archive), ("data", self._folders.data)):
            usage = shutil.disk_usage(folder)
            yield "disk_free_bytes", (("store", store),), float(usage.free)
            yield "disk_total_bytes", (("store", store),), float(usage.total)

    def _of_processes(self) -> Iterator[tuple[str, Labels, float]]:
        for path in sorted(self._folders.metrics.glob("*.json")):
            name, _, pid = path.stem.rpartition("-")
            resident = _resident_bytes(pid)
            if resident:
                yield "process_resident_bytes", (("process", name),), float(resident)


def _resident_bytes(pid: str) -> int:
    """Resident memory on Linux; 0 where it is not known."""
    try:
        pages = int(Path(f"/proc/{int(pid)}/statm").read_text(encoding="ascii").split()[1])
    except (OSError, ValueError, IndexError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def _by_name(values: Any) -> list[tuple[str, list[tuple[Labels, Any]]]]:
    found: dict[str, list[tuple[Labels, Any]]] = {}
    for name, labels, value in values:
        found.setdefault(name, []).append((labels, value))
    return sorted((name, sorted(rows, key=lambda row: row[0])) for name, rows in found.items())


def _head(name: str, kind: str) -> list[str]:
    lines = [f"# TYPE mingjing_{name} {kind}"]
    if name in _HELP:
        lines.insert(0, f"# HELP mingjing_{name} {_HELP[name]}")
    return lines


def _labels(labels: Labels) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in labels) + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


def _histogram(name: str, labels: Labels, row: list[float]) -> Iterator[str]:
    total = 0.0
    for bound, count in zip((*(f"{b:g}" for b in BUCKETS), "+Inf"), row[:-1], strict=True):
        total += count
        yield f"mingjing_{name}_bucket{_labels((*labels, ('le', bound)))} {total:.10g}"
    yield f"mingjing_{name}_sum{_labels(labels)} {row[-1]:.9g}"
    yield f"mingjing_{name}_count{_labels(labels)} {total:.10g}"
