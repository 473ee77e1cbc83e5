"""The job that converts a scanner's file and hands the objects to the archive; safe to begin again at any point."""

from __future__ import annotations

import shutil
import time
import zipfile
from pathlib import Path

from server.kernel.clock import HospitalTime
from server.kernel.database import Database
from server.kernel.jobs import JobContext, JobFailed, JobKind, JobRetry
from server.pathology.slides.converting import ConversionFailed, SlideMade, SlideOrder, convert
from server.pathology.slides.ports import Archive, Cases, NotYet
from server.pathology.slides.service import CONVERT_JOB, SlideService
from server.pathology.slides.tables import SlideImageRow
from shared.contract.base import Changed
from shared.contract.pathology_slides import SlideImageState

TOLD_EVERY_S = 1.0
INDEXED_WITHIN_S = 20.0
MAX_FILES = 20_000
MAX_UNPACKED = 128 << 30
_SLIDES = (".mrxs", ".svs", ".ndpi", ".scn", ".bif", ".vms", ".vmu", ".svslide", ".tif", ".tiff", ".dcm")
"""Endings of the file that stands for the slide, the likeliest first."""


class SlideMaker:
    """`kinds` are for the runner of jobs."""

    def __init__(
        self,
        database: Database,
        service: SlideService,
        cases: Cases,
        archive: Archive,
        scratch: Path,
        time_: HospitalTime,
    ) -> None:
        self._database = database
        self._service = service
        self._cases = cases
        self._archive = archive
        self._scratch = scratch
        self._time = time_

    def kinds(self) -> list[JobKind]:
        """What the runner can do."""
        return [JobKind(CONVERT_JOB, self.make, lane="work", max_attempts=5)]

    def make(self, context: JobContext) -> str:
        """Convert and store; the handler of the job."""
        image_id = int(context.payload["image"])
        scratch = self._scratch / f"slide-{image_id}"
        with self._database.read() as uow:
            row = uow.session.get(SlideImageRow, image_id)
            if row is None or row.state == SlideImageState.READY.value:
                return "Nothing to do."
        self._note(image_id, state=SlideImageState.CONVERTING.value)
        shutil.rmtree(scratch, ignore_errors=True)
        try:
            made = self._made(context, image_id, scratch)
            self._wait_for_index([self._archive.store(Path(path)) for path in made.files])
        except NotYet as waits:
            raise JobRetry(str(waits)) from waits
        except ConversionFailed as fault:
            self._note(image_id, state=SlideImageState.FAILED.value, sentence=fault.chinese[:500])
            raise JobFailed(fault.chinese) from fault
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
        self._note(
            image_id, state=SlideImageState.READY.value, sentence="", columns=made.columns, rows=made.rows,
            mpp=made.mpp, objective=made.objective, vendor=made.vendor[:32],
        )  # fmt: skip
        self._service.source(image_id).unlink(missing_ok=True)
        return f"{len(made.files)} objects made."

    def _wait_for_index(self, sop_uids: list[str]) -> None:
        """Who is told that a slide is ready opens it at once. The objects are safe however long that takes."""
        until = time.monotonic() + INDEXED_WITHIN_S
        while time.monotonic() < until:
            with self._database.read() as uow:
                if self._archive.holds(uow, sop_uids):
                    return
            time.sleep(0.1)

    def _made(self, context: JobContext, image_id: int, scratch: Path) -> SlideMade:
        out = scratch / "out"
        out.mkdir(parents=True)
        source = _unpacked(self._service.source(image_id), scratch / "in")
        order = self._order(image_id, source, out)
        told = time.monotonic()

        def progress(done: int, of: int) -> None:
            nonlocal told
            context.step(done, of, f"{done} / {of}")
            if time.monotonic() - told >= TOLD_EVERY_S:
                told = time.monotonic()
                self._note(image_id, done=done, of=of)

        return convert(order, progress)

    def _order(self, image_id: int, source: Path, out: Path) -> SlideOrder:
        with self._database.read() as uow:
            row = uow.session.get_one(SlideImageRow, image_id)
            patient, study = self._cases.patient_and_study(uow, row.case_id)
            piece = self._cases.piece(uow, row.case_id, None, None, row.slide_id)
            made_at = row.imported_at.astimezone(self._time.zone).replace(tzinfo=None)
            return SlideOrder(
                source=str(source),
                target=str(out),
                patient_id=patient.patient_id,
                patient_name=patient.name,
                birth_date=patient.birth_date.strftime("%Y%m%d") if patient.birth_date else "",
                sex=patient.sex,
                study_uid=study.study_uid,
                study_date=study.started.strftime("%Y%m%d%H%M%S") if study.started else "",
                accession=study.accession,
                study_description=study.description,
                series_uid=row.series_uid,
                series_description=f"Whole slide {row.slide_number}"[:64],
                specimen=piece.identifier,
                specimen_uid=piece.uid,
                stain=row.stain,
                made_at=made_at.isoformat(timespec="seconds"),
                mpp=row.given_mpp,
                with_label=row.with_label,
            )

    def _note(self, image_id: int, **values: object) -> None:
        with self._database.write() as uow:
            row = uow.session.get(SlideImageRow, image_id, with_for_update=True)
            if row is not None:
                for name, value in values.items():
                    setattr(row, name, value)
                uow.publish(Changed("pathology_slides", row.case_id, 0))


def _unpacked(source: Path, folder: Path) -> Path:
    """The slide within a zip (formats of several files), or the file itself. Raises ConversionFailed."""
    if not zipfile.is_zipfile(source):
        return source
    with zipfile.ZipFile(source) as packed:
        members = [one for one in packed.infolist() if not one.is_dir()]
        if len(members) > MAX_FILES or sum(one.file_size for one in members) > MAX_UNPACKED:
            raise ConversionFailed(
                "The zip holds more than a slide can.", "压缩包超出一张切片的大小，请只压缩一张切片。"
            )
        for one in members:
            packed.extract(one, folder)  # ZipFile keeps names within the folder
    found = [path for path in sorted(folder.rglob("*")) if path.suffix.lower() in _SLIDES]
    found.sort(key=lambda path: _SLIDES.index(path.suffix.lower()))
    if not found:
        raise ConversionFailed(
            "There is no slide in the zip. Pack the slide's file together with its folder.",
            "压缩包中没有切片文件。请把切片文件连同其文件夹一起压缩。",
        )
    return found[0]
