"""Puts shared links together."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

from sqlalchemy import select

from server.archive.tables import Study
from server.kernel.clock import HospitalTime
from server.kernel.database import Database, UnitOfWork
from server.settings import Settings
from server.sharing.service import Answer, SharingService


def build_sharing(settings: Settings, time: HospitalTime) -> SharingService:
    """The service; links begin where the settings say that browsers reach the server."""
    return SharingService(_knows, time, _base(settings))


def _knows(uow: UnitOfWork, study_uid: str) -> bool:
    return uow.session.execute(select(Study.id).where(Study.uid == study_uid)).scalar_one_or_none() is not None


def _base(settings: Settings) -> str:
    """`/s` beside DICOMweb or the report check, whichever has a public address; else this machine's name."""
    for url in (settings.web_url, settings.verify_url):
        parts = urlsplit(url)
        if parts.scheme and parts.netloc:
            return f"{parts.scheme}://{parts.netloc}/s"
    return f"http://{socket.gethostname()}:{settings.http_port}/s"


class VisitorsOfLinks:
    """server.doors.web.sharing.Visitors over the service."""

    def __init__(self, database: Database, service: SharingService) -> None:
        self._database, self._service = database, service

    def find(self, token: str, visit: str) -> Answer:
        with self._database.read() as uow:
            return self._service.find(uow, token, visit)

    def open(self, token: str, password: str, address: str) -> Answer:
        with self._database.write() as uow:
            return self._service.open(uow, token, password, address)
