"""An archive with import and export for tests: jobs are run in the test's own thread."""

from __future__ import annotations

import hashlib
import io
import threading
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PIL import Image
from sqlalchemy import select

from server.archive.exchange.exporting import Exporter
from server.archive.exchange.identity import Owner
from server.archive.exchange.importing import Importer
from server.archive.exchange.service import ExchangeService
from server.archive.exchange.tables import Outcome
from server.archive.exchange.uploads import Uploads
from server.bootstrap.exchange import decoded
from server.kernel.dispatch import Caller
from server.kernel.jobs import JobContext
from shared.contract.exchange import ExportView, ImportView, StartExport, StartImport
from shared.dicomkit.headers import PatientFacts
from shared.domain.permissions import Permission
from tests.server.archive.archive_house import ZONE, House

ADMIN = Caller(1, "admin", "Admin", frozenset(Permission))
CLERK = Caller(2, "clerk", "Clerk", frozenset({Permission.IMPORT_IMAGES, Permission.EXPORT_IMAGES}))
OURS = Owner(PatientFacts("P0042", "Wang^Xiao Ming=王^小明", None, "M"), "ACC7", "2.25.777")
SECRET = b"k" * 32


class FixedOwners:
    """Every exam and patient is the same."""

    def of_exam(self, exam_id: int) -> Owner:
        return OURS

    def of_patient(self, patient_id: int) -> Owner:
        return Owner(OURS.patient)


class AnyExams:
    """Stands in for the areas of exams and patients: everything exists."""

    def view(self, *_given: object) -> Any:
        class Row:
            state = "registered"

        class View:
            row = Row()

        return View()

    def get(self, *_given: object) -> None:
        return None


class ExchangeHouse:
    """Importer and exporter over a `House`."""

    def __init__(self, house: House, folder: Path, **settings: str) -> None:
        self.house = house
        self.folder = folder
        self.database = house.database
        self.uploads = Uploads(house.database, folder / "uploads", 0)
        self.exports = folder / "exports"
        self.exports.mkdir(parents=True)
        exams: Any = AnyExams()
        self.service = ExchangeService(
            house.database, self.uploads, exams, exams, export_folder=self.exports, **settings
        )

    def importer(self, receiver: Any = None) -> Importer:
        return Importer(
            self.database,
            self.uploads,
            receiver or self.house.receiver,
            self.house.service.objects.holds,
            FixedOwners(),
            scratch=self.folder / "scratch",
            zone=ZONE,
        )

    def exporter(self) -> Exporter:
        return Exporter(
            self.database,
            self.house.service.objects,
            folder=self.exports,
            secret=SECRET,
            decode=decoded,
            reserve_bytes=0,
            check_folder=self.service.export_target,
        )

    def upload(self, name: str, data: bytes, caller: Caller = ADMIN) -> int:
        view = self.uploads.begin(caller.user_id, name, len(data), hashlib.sha256(data).hexdigest())
        while view.offset < len(data):
            view = self.uploads.put(caller.user_id, view.id, view.offset, data[view.offset : view.offset + (1 << 20)])
        return self.uploads.finish(caller.user_id, view.id).id

    def start(self, **plan: Any) -> ImportView:
        with self.database.write() as uow:
            return self.service.start_import(uow, ADMIN, StartImport(**plan))

    def context(self, payload: Mapping[str, Any], job_id: int) -> JobContext:
        return JobContext(self.database, job_id, dict(payload), threading.Event())

    def run_import(self, view: ImportView, importer: Importer | None = None) -> ImportView:
        (importer or self.importer()).run(self.context({"import_id": view.id}, view.job_id))
        assert self.house.indexer.wait_until_idle()
        with self.database.read() as uow:
            return self.service.get_import(uow, view.id)

    def bring_in(self, files: Mapping[str, bytes], **plan: Any) -> tuple[ImportView, dict[str, Outcome]]:
        """Import files as one zip; the outcomes by name."""
        view = self.run_import(self.start(upload_ids=(self.upload("files.zip", zipped(files)),), **plan))
        return view, self.outcomes(view.id)

    def outcomes(self, import_id: int) -> dict[str, Outcome]:
        with self.database.read() as uow:
            rows = uow.session.execute(select(Outcome).where(Outcome.import_id == import_id)).scalars().all()
            uow.session.expunge_all()
        return {row.name: row for row in rows}

    def export(self, **plan: Any) -> ExportView:
        with self.database.write() as uow:
            view = self.service.start_export(uow, ADMIN, StartExport(**plan))
        self.exporter().run(self.context({"export_id": view.id}, view.job_id))
        with self.database.read() as uow:
            return self.service.get_export(uow, view.id)

    def made(self, view: ExportView, number: int = 0) -> Path:
        return self.exports / str(view.id) / f"{number}.out"


def zipped(files: Mapping[str, bytes]) -> bytes:
    """A zip of files by name."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def a_picture(kind: str = "JPEG", colour: str = "RGB", **options: Any) -> bytes:
    """A small picture with a gradient."""
    image = Image.linear_gradient("L").resize((64, 48)).convert(colour)
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()
