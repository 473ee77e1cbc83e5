"""Use cases of whole-slide images: import, list, retry."""

from __future__ import annotations

import contextlib
import secrets
import time
from pathlib import Path

from sqlalchemy import select

from server.kernel.clock import Clock
from server.kernel.database import Database, UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import Refusal, illegal_action, invalid, not_found
from server.kernel.jobs import enqueue
from server.pathology.slides.ports import Cases, Uploads
from server.pathology.slides.tables import SlideImageRow
from server.pathology.study import uid_of
from shared.contract.base import Changed
from shared.contract.pathology_slides import ImportSlideImage, RetrySlideImage, SlideImageState, SlideImageView

CONVERT_JOB = "pathology_slides.convert"
MAX_MPP = 100.0
FORGOTTEN_S = 3 * 86_400


class SlideService:
    """Slides' images of cases. `folder` holds scanners' files until they are converted."""

    def __init__(self, database: Database, cases: Cases, uploads: Uploads, folder: Path, clock: Clock) -> None:
        self._database = database
        self._cases = cases
        self.uploads = uploads
        self._folder = folder
        self._clock = clock

    def source(self, image_id: int) -> Path:
        """Where the scanner's file of an image lies."""
        return self._folder / f"{image_id:010d}.slide"

    def import_image(self, caller: Caller, request: ImportSlideImage) -> SlideImageView:
        """Take an upload over and ask for its conversion. Raises Refusal.

        The bytes move first: a file that no row names is swept with old uploads, a row without its file would be lost.
        """
        if not 0 <= request.mpp <= MAX_MPP:
            raise invalid("mpp", f"每像素的微米数应在 0 到 {MAX_MPP:g} 之间。")
        self._folder.mkdir(parents=True, exist_ok=True)
        self._sweep()
        waiting = self._folder / f"new-{secrets.token_hex(8)}"
        with self._database.read() as uow:
            self._check(uow, caller, request)
        name = self.uploads.hand_over(caller.user_id, request.upload_id, waiting)
        try:
            with self._database.write() as uow:
                self._check(uow, caller, request)
                row = self._row(uow, caller, request, name)
                waiting.replace(self.source(row.id))
                self._ask(uow, row, caller.name)
                return view_of(row)
        except Refusal:
            with contextlib.suppress(OSError):
                waiting.unlink()
            raise

    def _sweep(self) -> None:
        """Files whose import was cut off before anybody was told of it."""
        for path in self._folder.glob("new-*"):
            with contextlib.suppress(OSError):
                if time.time() - path.stat().st_mtime > FORGOTTEN_S:
                    path.unlink()

    def _check(self, uow: UnitOfWork, caller: Caller, request: ImportSlideImage) -> None:
        self._cases.demand(uow, caller, request.case_id)
        if not self._cases.owns(uow, request.case_id, None, None, request.slide_id):
            raise invalid("slide_id", "这张切片不属于该病例。")

    def _row(self, uow: UnitOfWork, caller: Caller, request: ImportSlideImage, name: str) -> SlideImageRow:
        _, study = self._cases.patient_and_study(uow, request.case_id)
        piece = self._cases.piece(uow, request.case_id, None, None, request.slide_id)
        row = SlideImageRow(
            case_id=request.case_id,
            slide_id=request.slide_id,
            slide_number=piece.identifier,
            state=SlideImageState.WAITING.value,
            file_name=name[:200],
            study_uid=study.study_uid,
            series_uid=uid_of("whole slide", study.study_uid, secrets.token_hex(16)),
            with_label=request.with_label,
            given_mpp=request.mpp,
            stain=piece.description[:80] if request.slide_id is not None else "",
            imported_by=caller.name,
            imported_by_id=caller.user_id,
            imported_at=self._clock.now(),
        )
        uow.session.add(row)
        uow.session.flush()
        return row

    def _ask(self, uow: UnitOfWork, row: SlideImageRow, by: str) -> None:
        enqueue(uow, CONVERT_JOB, {"image": row.id}, key=str(row.id), title=f"数字切片 {row.slide_number}"[:200], by=by)
        uow.publish(Changed("pathology_slides", row.case_id, 0))

    def retry(self, uow: UnitOfWork, caller: Caller, request: RetrySlideImage) -> SlideImageView:
        """Ask again. Raises Refusal."""
        row = uow.session.get(SlideImageRow, request.image_id, with_for_update=True)
        if row is None:
            raise not_found("数字切片")
        self._cases.demand(uow, caller, row.case_id)
        if row.state != SlideImageState.FAILED.value or not self.source(row.id).exists():
            raise illegal_action("state", "只有转换失败、且原文件还在的数字切片可以重试。")
        if not 0 <= request.mpp <= MAX_MPP:
            raise invalid("mpp", f"每像素的微米数应在 0 到 {MAX_MPP:g} 之间。")
        row.state, row.sentence = SlideImageState.WAITING.value, ""
        row.given_mpp = request.mpp or row.given_mpp
        self._ask(uow, row, caller.name)
        return view_of(row)

    def list_of(self, uow: UnitOfWork, caller: Caller, case_id: int) -> tuple[SlideImageView, ...]:
        """Newest first. Raises Refusal."""
        self._cases.demand(uow, caller, case_id)
        chosen = select(SlideImageRow).where(SlideImageRow.case_id == case_id).order_by(SlideImageRow.id.desc())
        return tuple(view_of(row) for row in uow.session.scalars(chosen))


def view_of(row: SlideImageRow) -> SlideImageView:
    """The row as clients see it."""
    return SlideImageView(
        id=row.id,
        case_id=row.case_id,
        slide_id=row.slide_id,
        slide_number=row.slide_number,
        state=SlideImageState(row.state),
        done=row.done,
        of=row.of,
        sentence=row.sentence,
        file_name=row.file_name,
        study_uid=row.study_uid,
        series_uid=row.series_uid,
        columns=row.columns,
        rows=row.rows,
        mpp=row.mpp,
        objective=row.objective,
        vendor=row.vendor,
        stain=row.stain,
        imported_by=row.imported_by,
        imported_at=row.imported_at,
    )
