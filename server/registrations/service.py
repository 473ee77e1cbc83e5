"""Use cases of registrations: keeping the newest of a pair, clearing it, having objects made."""

from __future__ import annotations

import math

import msgspec
from sqlalchemy import or_, select

from server.kernel.clock import HospitalTime
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import invalid, not_found
from server.kernel.jobs import enqueue
from server.registrations.ports import Archive
from server.registrations.tables import RegistrationRow
from shared.contract.base import Changed
from shared.contract.registration import (
    MOST_PLACED,
    MOST_STUDIES,
    ClearRegistration,
    KeptRegistration,
    ListRegistrations,
    RegistrationSide,
    RegistrationView,
    SaveRegistration,
    StoreStitched,
    pair_of,
)
from shared.dicomkit.uids import is_valid

MAKE_JOB, STITCH_JOB = "registrations.make", "registrations.stitch"
BLENDINGS = frozenset({"feather", "mean", "first", "last"})
FARTHEST_MM = 10_000.0
FARTHEST_PIXELS = 200_000.0


class RegistrationService:
    """Every method works in the caller's unit of work."""

    def __init__(self, archive: Archive, time: HospitalTime) -> None:
        self._archive = archive
        self._time = time

    def listed(self, uow: UnitOfWork, request: ListRegistrations) -> tuple[RegistrationView, ...]:
        """Return the registrations of these studies. Raises INVALID."""
        uids = request.study_uids
        if len(uids) > MOST_STUDIES:
            raise invalid("study_uids", f"一次最多查询 {MOST_STUDIES} 项检查。")
        of_study = or_(RegistrationRow.fixed_study_uid.in_(uids), RegistrationRow.moving_study_uid.in_(uids))
        rows = uow.session.scalars(select(RegistrationRow).where(of_study).order_by(RegistrationRow.id))
        return tuple(view_of(row) for row in rows)

    def save(self, uow: UnitOfWork, caller: Caller, request: SaveRegistration) -> RegistrationView:
        """Keep the newest of a pair. Raises NOT_FOUND, INVALID."""
        kept = request.kept
        fault = fault_of(kept)
        if fault:
            raise invalid("kept", fault)
        patients = {self._patient(uow, side.study_uid) for side in (kept.fixed, kept.moving)}
        if len(patients) > 1:
            raise invalid("kept", "两个序列属于不同患者，不能配准。")
        row = self._row(uow, kept.fixed, kept.moving)
        if row is None:
            row = RegistrationRow(pair=pair_of(kept.fixed, kept.moving), version=0, body=b"")
            uow.session.add(row)
        row.fixed_study_uid, row.moving_study_uid = kept.fixed.study_uid, kept.moving.study_uid
        row.body = msgspec.msgpack.encode(kept)
        self._touch(uow, row, caller)
        enqueue(uow, MAKE_JOB, {"registration": row.id}, key=f"registration-{row.id}", title="图像配准")
        return view_of(row)

    def clear(self, uow: UnitOfWork, caller: Caller, request: ClearRegistration) -> tuple[RegistrationView, ...]:
        """Let nobody apply the pair by itself; return what was there."""
        row = self._row(uow, request.fixed, request.moving)
        if row is None or not row.body:
            return ()
        before = view_of(row)
        row.body = b""
        self._touch(uow, row, caller)
        return (before,)

    def stitch(self, uow: UnitOfWork, caller: Caller, request: StoreStitched) -> None:
        """Have a stitched picture made. Raises NOT_FOUND, INVALID."""
        self._patient(uow, request.study_uid)
        fault = fault_of_stitched(request)
        if fault:
            raise invalid("images", fault)
        payload = {"asked": msgspec.to_builtins(request), "author": caller.name[:64]}
        enqueue(uow, STITCH_JOB, payload, title="图像拼接")

    def _patient(self, uow: UnitOfWork, study_uid: str) -> str:
        patient = self._archive.patient_of(uow, study_uid)
        if patient is None:
            raise not_found("该影像")
        return patient

    def _row(self, uow: UnitOfWork, fixed: RegistrationSide, moving: RegistrationSide) -> RegistrationRow | None:
        pair = pair_of(fixed, moving)
        return uow.session.scalars(
            select(RegistrationRow).where(RegistrationRow.pair == pair).with_for_update()
        ).first()

    def _touch(self, uow: UnitOfWork, row: RegistrationRow, caller: Caller) -> None:
        row.author_id, row.author_name, row.saved_at = caller.user_id, caller.name[:120], self._time.now()
        row.touch()
        uow.session.flush()
        uow.publish(Changed("registration", row.id, row.version))


def view_of(row: RegistrationRow) -> RegistrationView:
    """Return a row as workstations see it."""
    return RegistrationView(
        id=row.id,
        version=row.version,
        pair=row.pair,
        author_name=row.author_name,
        saved_at=row.saved_at,
        kept=msgspec.msgpack.decode(row.body, type=KeptRegistration) if row.body else None,
        sop_instance_uid=row.sop_uid if row.archived_version == row.version else "",
    )


def fault_of(kept: KeptRegistration) -> str:
    """A sentence that says why a registration cannot be kept; empty when it can."""
    for side in (kept.fixed, kept.moving):
        if not (is_valid(side.study_uid) and is_valid(side.series_uid)):
            return "配准的序列编号不正确。"
        if side.frame_of_reference_uid and not is_valid(side.frame_of_reference_uid):
            return "配准的坐标系编号不正确。"
    if kept.fixed.series_uid == kept.moving.series_uid:
        return "一个序列不能与自己配准。"
    m = kept.matrix
    if len(m) != 16 or not all(math.isfinite(v) and abs(v) <= FARTHEST_MM for v in (*m, *kept.centre)):
        return "配准矩阵不正确。"
    rows = [m[0:3], m[4:7], m[8:11]]
    products = [sum(a * b for a, b in zip(x, y, strict=True)) for x in rows for y in rows]
    unit = all(abs(v - (n % 4 == 0)) < 1e-3 for n, v in enumerate(products))
    if not unit or m[12:15] != (0.0, 0.0, 0.0) or m[15] != 1.0:
        return "配准矩阵只能包含旋转和平移。"
    return ""


def fault_of_stitched(asked: StoreStitched) -> str:
    """A sentence that says why a picture cannot be made; empty when it can."""
    if not 2 <= len(asked.images) <= MOST_PLACED:
        return f"拼接需要 2 到 {MOST_PLACED} 幅图像。"
    if asked.blending not in BLENDINGS:
        return "拼接方式不正确。"
    if len({one.sop_instance_uid for one in asked.images}) < len(asked.images):
        return "同一幅图像出现了两次。"
    for one in asked.images:
        numbers = (one.row, one.column, one.rotation_deg)
        if not is_valid(one.sop_instance_uid) or not all(math.isfinite(v) for v in numbers):
            return "拼接的图像不正确。"
        if max(abs(one.row), abs(one.column)) > FARTHEST_PIXELS:
            return "拼接的图像相距太远。"
    return ""
