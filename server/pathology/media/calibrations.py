"""Calibrations (测量定标): the scale of a camera on an objective, followed by newer ones, never changed."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from server.kernel.clock import Clock
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import invalid, not_found
from server.pathology.media.rules import MAX_VALID_DAYS, Wrong, scale_of
from server.pathology.media.tables import CalibrationRow
from server.pathology.media.views import calibration_view
from shared.contract.base import Changed
from shared.contract.pathology_media import AddCalibration, CalibrationView


class Calibrations:
    """Use cases of calibrations, in the caller's unit of work."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def list_of(self, uow: UnitOfWork, camera: str) -> tuple[CalibrationView, ...]:
        """Newest first; with `camera` only of that camera."""
        query = select(CalibrationRow).order_by(CalibrationRow.made_at.desc(), CalibrationRow.id.desc())
        if camera:
            query = query.where(CalibrationRow.camera == camera)
        now = self._clock.now()
        seen: set[tuple[str, str]] = set()
        found: list[CalibrationView] = []
        for row in uow.session.scalars(query):
            place = (row.camera, row.objective)
            found.append(calibration_view(row, now, current=place not in seen))
            if row.withdrawn_at is None:
                seen.add(place)
        return tuple(found)

    def add(self, uow: UnitOfWork, caller: Caller, request: AddCalibration) -> CalibrationView:
        """Keep a new one. Raises INVALID."""
        camera, objective = request.camera.strip()[:80], request.objective.strip()[:16]
        if not camera:
            raise invalid("camera", "请选择摄像头。")
        if not objective:
            raise invalid("objective", "请填写物镜倍数。")
        if not 16 <= request.width <= 20_000:
            raise invalid("width", "图像宽度超出范围。")
        if not 1 <= request.valid_days <= MAX_VALID_DAYS:
            raise invalid("valid_days", f"有效期应在 1 到 {MAX_VALID_DAYS} 天之间。")
        try:
            scale = scale_of(request.known_um, request.pixels)
        except Wrong as wrong:
            raise invalid(wrong.field, wrong.sentence) from None
        now = self._clock.now()
        row = CalibrationRow(
            camera=camera,
            objective=objective,
            width=request.width,
            known_um=request.known_um,
            pixels=request.pixels,
            um_per_pixel=scale,
            made_by=caller.name[:64],
            made_at=now,
            expires_at=now + timedelta(days=request.valid_days),
            withdrawn_by="",
        )
        uow.session.add(row)
        uow.session.flush()
        uow.publish(Changed("pathology_calibration", row.id, 1))
        return calibration_view(row, now, current=True)

    def withdraw(self, uow: UnitOfWork, caller: Caller, calibration_id: int) -> CalibrationView:
        """Take one out of use; again changes nothing. Raises NOT_FOUND."""
        row = uow.session.get(CalibrationRow, calibration_id)
        if row is None:
            raise not_found("定标")
        now = self._clock.now()
        if row.withdrawn_at is None:
            row.withdrawn_at, row.withdrawn_by = now, caller.name[:64]
            uow.publish(Changed("pathology_calibration", row.id, 2))
        return calibration_view(row, now, current=False)
