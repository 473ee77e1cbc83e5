"""A process of the web door: builds the areas again and serves the pages and DICOMweb."""

from __future__ import annotations

import multiprocessing
import socket
import threading
from collections.abc import Callable
from typing import Any

from starlette.middleware import Middleware

from server import __version__
from server.audit.service import AuditService
from server.bootstrap import load_tables
from server.bootstrap.areas import Areas, build_areas
from server.bootstrap.dicomweb import GatheredAudit, dicomweb_ports
from server.bootstrap.fhir import ShelfOfReports
from server.bootstrap.folders import Folders
from server.bootstrap.indexing import receiver_of
from server.bootstrap.measuring import Measuring
from server.bootstrap.sharing import VisitorsOfLinks
from server.doors.dicom.transcoding.process import ProcessTranscoder
from server.doors.web.app import WebPorts, make_app
from server.doors.web.dicomweb.app import CrossOrigin, routes
from server.doors.web.dicomweb.ports import DicomWebPorts
from server.doors.web.door import WebServer
from server.doors.web.fhir import app as fhir
from server.doors.web.sharing import SharedPages
from server.kernel.database import Database
from server.kernel.logs import start_logging
from server.kernel.metrics import MetricsFile
from server.results.reading import Shelf
from server.settings import from_text


def run(
    ready: Callable[[], None],
    stop: threading.Event,
    sock: socket.socket,
    settings_text: str,
    database_url: str,
    relay_address: str,
    relay_token: str,
) -> None:
    """The process: a target of server.kernel.processes.ChildProcess."""
    settings = from_text(settings_text)
    folders = Folders(settings.data)
    name = multiprocessing.current_process().name
    start_logging(folders.logs, name, settings.log_level)
    load_tables()
    database = Database(database_url)
    areas = build_areas(settings, database)
    receiver = receiver_of(settings, relay_address, relay_token, areas)
    transcoder = ProcessTranscoder()
    audit = GatheredAudit(database, AuditService(database))
    metrics = MetricsFile(folders.metrics, name)
    ports = dicomweb_ports(settings, areas, database, receiver, transcoder, audit)
    measuring = Measuring(database, areas, folders)
    server = WebServer(web_app(ports, areas, database, measuring.text), sock)
    audit.start()
    metrics.start()
    try:
        server.start()
        ready()
        stop.wait()
        server.stop()
    finally:
        audit.stop()
        metrics.stop()
        transcoder.close()
        receiver.close()
        database.close()


def web_app(ports: DicomWebPorts, areas: Areas, database: Database, metrics: Callable[[], str]) -> Any:
    """The whole application of the web door."""

    def hospital_name() -> str:
        with database.read() as uow:
            return areas.organisation.hospital(uow).view.name

    def verify(code: str) -> str:
        with database.read() as uow:
            return (
                areas.ecg.reports.editions.verify(uow, code)
                or areas.pathology.reports.editions.verify(uow, code)
                or areas.printing.verify(uow, code)
            )

    pages = WebPorts(hospital_name, verify, lambda: {"ok": True, "version": __version__}, metrics)
    shelf = ShelfOfReports(Shelf(database, areas.results.paper))
    reports = fhir.routes(ports, shelf, areas.time.zone)
    shared = SharedPages(VisitorsOfLinks(database, areas.sharing), ports.holdings, ports.audit)
    return make_app(
        pages, [*routes(ports), *reports, *shared.routes()], [Middleware(CrossOrigin, origins=ports.origins)]
    )
