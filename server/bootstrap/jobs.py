"""The process that does long work: builds the areas again and works off the queue of jobs."""

from __future__ import annotations

import multiprocessing
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from server.bootstrap import load_tables
from server.bootstrap.areas import Areas, build_areas
from server.bootstrap.folders import Folders
from server.kernel.database import Database
from server.kernel.jobs import JobKind, JobRunner, Schedule
from server.kernel.logs import start_logging
from server.kernel.metrics import MetricsFile
from server.settings import Settings, from_text

LANES: Mapping[str, int] = {
    "work": 1,  # heavy on the processor: compression, anonymising
    "files": 2,  # heavy on the disk: moving, importing, exporting
    "forward": 4,  # waits for others: sending to peers
    "recall": 2,  # somebody waits for images that are not on-line
    "films": 2,  # waits for film printers
    "results": 2,  # what leaves with approved reports; waits for the index
    "interfaces": 4,  # waits for hospital systems
    "alarms": 1,  # clocks that people wait for: behind nothing else
    "house": 1,  # short and regular: rules, expiry
}
"""Threads for each lane."""

_SETTLE_IN_S = 5.0
"""What is done regularly begins so long after the start."""


@dataclass(frozen=True, slots=True)
class JobsHouse:
    """What job handlers are built from."""

    areas: Areas
    settings: Settings
    folders: Folders
    database: Database
    relay_address: str  # for a Receiver of this process, see server.archive.relay
    relay_token: str


def job_kinds(house: JobsHouse) -> list[JobKind]:
    """Every kind of job that this server does."""
    from server.bootstrap import (
        appointments,
        corrections,
        critical,
        ecg_traces,
        exchange,
        films,
        hl7,
        keeping,
        marks,
        pathology_media,
        pathology_slides,
        promises,
        queueing,
        registrations,
        remote_services,
        results,
        routing,
        signing,
    )

    return [
        *appointments.job_kinds(house),
        *corrections.job_kinds(house),
        *critical.job_kinds(house),
        *ecg_traces.job_kinds(house),
        *exchange.job_kinds(house),
        *films.job_kinds(house),
        *hl7.job_kinds(house),
        *keeping.job_kinds(house),
        *marks.job_kinds(house),
        *pathology_media.job_kinds(house),
        *pathology_slides.job_kinds(house),
        *promises.job_kinds(house),
        *queueing.job_kinds(house),
        *registrations.job_kinds(house),
        *remote_services.job_kinds(house),
        *results.job_kinds(house),
        *routing.job_kinds(house),
        *signing.job_kinds(house),
        *house.areas.stores.jobs.kinds(),
    ]


def schedules(house: JobsHouse) -> list[Schedule]:
    """Jobs that are asked for regularly."""
    from server.bootstrap import (
        appointments,
        critical,
        ecg_traces,
        exchange,
        films,
        hl7,
        keeping,
        pathology_media,
        promises,
        queueing,
        results,
        routing,
    )

    return [
        *appointments.SCHEDULES,
        *critical.SCHEDULES,
        *ecg_traces.SCHEDULES,
        *exchange.SCHEDULES,
        *films.SCHEDULES,
        *hl7.schedules(),
        *keeping.SCHEDULES,
        *pathology_media.SCHEDULES,
        *promises.SCHEDULES,
        *queueing.SCHEDULES,
        *results.SCHEDULES,
        *routing.SCHEDULES,
        *house.areas.stores.jobs.schedules(),
    ]


def run(
    ready: Callable[[], None],
    stop: threading.Event,
    settings_text: str,
    database_url: str,
    relay_address: str,
    relay_token: str,
) -> None:
    """The process: a target of server.kernel.processes.ChildProcess."""
    settings = from_text(settings_text)
    folders = Folders(settings.data)
    start_logging(folders.logs, multiprocessing.current_process().name, settings.log_level)
    load_tables()
    database = Database(database_url)
    try:
        areas = build_areas(settings, database)
        house = JobsHouse(areas, settings, folders, database, relay_address, relay_token)
        runner = JobRunner(
            database, job_kinds(house), lanes=LANES, schedules=schedules(house), settle_in_s=_SETTLE_IN_S
        )
        if database.is_sqlite:
            runner.take_over_all()  # an embedded database has one server, and its last jobs process is gone
        metrics = MetricsFile(folders.metrics, multiprocessing.current_process().name)
        metrics.start()
        runner.start()
        ready()
        stop.wait()
        runner.stop()
        metrics.stop()
    finally:
        database.close()


def database_url(settings: Settings, folder: Path) -> str:
    """The database that every process of this server opens."""
    return settings.database or f"sqlite:///{(folder / 'mingjing.db').as_posix()}"
