"""Use cases of places and of what lies in them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta

import msgspec
from sqlalchemy import func, select

from server.kernel.clock import HospitalTime
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import Refusal, illegal_action, invalid, not_found
from server.pathology.keeping import rules
from server.pathology.keeping.ports import ObjectOf, Objects, Step
from server.pathology.keeping.tables import KeepingSettingRow, KeptRow, PlaceRow
from shared.contract import pathology_keeping as contract
from shared.contract.base import Changed
from shared.contract.pathology_keeping import KeptKind, KeptView, PlaceView, Retention
from shared.contract.pathology_technique import BatchLine, BatchReport

NOTICE = "pathology_keeping"
_LENGTHS = {"name": 60, "room": 40, "note": 200}


class PathologyArchive:
    """归档. Methods work in the caller's unit of work and never commit."""

    def __init__(self, objects: Objects, time_: HospitalTime) -> None:
        self._objects = objects
        self._time = time_

    # ── places ───────────────────────────────────────────────────────────────────────────────────────

    def places(self, uow: UnitOfWork) -> tuple[PlaceView, ...]:
        """All places, by kind, room and name."""
        rows = uow.session.scalars(select(PlaceRow).order_by(PlaceRow.kind, PlaceRow.room, PlaceRow.name))
        return tuple(self._place_view(uow, row) for row in rows)

    def save_place(self, uow: UnitOfWork, request: contract.SavePlace) -> PlaceView:
        """Add or change. Raises INVALID, NOT_FOUND, CONFLICT."""
        entry = request.entry
        texts = {name: getattr(entry, name).strip() for name in _LENGTHS}
        for name, text in texts.items():
            if len(text) > _LENGTHS[name]:
                raise invalid(f"entry.{name}", f"内容过长，最多 {_LENGTHS[name]} 个字。")
        if not texts["name"]:
            raise invalid("entry.name", "请填写存放位置的名称。")
        if not 0 <= entry.capacity <= 1_000_000:
            raise invalid("entry.capacity", "容量应为 0（不限）到 1000000。")
        same = select(PlaceRow.id).where(
            PlaceRow.kind == entry.kind.value, PlaceRow.room == texts["room"], PlaceRow.name == texts["name"]
        )
        if uow.session.execute(same.where(PlaceRow.id != request.id)).first() is not None:
            raise invalid("entry.name", "这个房间已有同名的存放位置。")
        if request.id:
            row = uow.session.get(PlaceRow, request.id, with_for_update=True)
            if row is None:
                raise not_found("存放位置")
            row.expect(request.version)
            used = self._used(uow, row.id)
            if row.kind != entry.kind.value and used:
                raise invalid("entry.kind", "这里已有归档材料，不能改变种类。")
            if entry.capacity and used > entry.capacity:
                raise invalid("entry.capacity", f"这里已有 {used} 件，容量不能更小。")
            row.touch()
        else:
            row = PlaceRow(version=1)
            uow.session.add(row)
        row.kind, row.name, row.room, row.note = entry.kind.value, texts["name"], texts["room"], texts["note"]
        row.capacity, row.is_active = entry.capacity, entry.is_active
        uow.session.flush()
        uow.publish(Changed(NOTICE, 0, 0))
        return self._place_view(uow, row)

    def _place_view(self, uow: UnitOfWork, row: PlaceRow) -> PlaceView:
        entry = contract.PlaceEntry(
            kind=KeptKind(row.kind), name=row.name, room=row.room, capacity=row.capacity, note=row.note,
            is_active=row.is_active,
        )  # fmt: skip
        return PlaceView(id=row.id, version=row.version, entry=entry, used=self._used(uow, row.id))

    def _used(self, uow: UnitOfWork, place_id: int) -> int:
        counted = select(func.count()).select_from(KeptRow).where(KeptRow.place_id == place_id)
        return int(uow.session.execute(counted).scalar_one())

    # ── archiving ────────────────────────────────────────────────────────────────────────────────────

    def archive(self, uow: UnitOfWork, caller: Caller, request: contract.ArchiveObjects) -> BatchReport:
        """归档. Raises NOT_FOUND, INVALID."""
        place = uow.session.get(PlaceRow, request.place_id, with_for_update=True)
        if place is None:
            raise not_found("存放位置")
        if place.kind != request.kind.value or not place.is_active:
            raise invalid("place_id", "请选择这类材料在用的存放位置。")
        name = name_of(place)

        def act(object_id: int, found: ObjectOf) -> None:
            if uow.session.get(KeptRow, (request.kind.value, object_id)) is not None:
                raise illegal_action("archived", f"{found.number} 已归档。")
            if place.capacity and self._used(uow, place.id) >= place.capacity:
                raise illegal_action("full", f"{name} 已满（容量 {place.capacity}），请选择其他位置。")
            self._objects.step(uow, caller, request.kind, object_id, Step.ARCHIVE, place=name, station=request.station)
            uow.session.add(
                KeptRow(
                    kind=request.kind.value,
                    object_id=object_id,
                    case_id=found.case_id,
                    number=found.number[:40],
                    place_id=place.id,
                    archived_by=caller.name[:80],
                    archived_at=self._time.now(),
                )
            )
            uow.session.flush()

        return self._each(uow, caller, request.kind, request.object_ids, act)

    def take_out(self, uow: UnitOfWork, caller: Caller, request: contract.TakeOut) -> BatchReport:
        """调出. Raises INVALID."""

        def act(object_id: int, found: ObjectOf) -> None:
            row = self.kept(uow, request.kind, object_id, found.number)
            self._objects.step(
                uow, caller, request.kind, object_id, Step.TAKE_OUT, note=request.reason, station=request.station
            )
            uow.session.delete(row)
            uow.session.flush()

        return self._each(uow, caller, request.kind, request.object_ids, act)

    def destroy(self, uow: UnitOfWork, caller: Caller, request: contract.DestroyObjects, witness: str) -> BatchReport:
        """销毁; `witness` has signed. Raises INVALID."""
        if not request.reason.strip():
            raise invalid("reason", "请填写销毁的依据。")
        years = rules.years_of(request.kind, self.retention(uow))

        def act(object_id: int, found: ObjectOf) -> None:
            row = self.kept(uow, request.kind, object_id, found.number)
            over = rules.is_over(row.archived_at, years, self._time.now())
            note = f"{request.reason.strip()}（见证人 {witness}）"
            self._objects.step(
                uow, caller, request.kind, object_id, Step.DESTROY, note=note, station=request.station,
                is_retention_over=over,
            )  # fmt: skip
            if not over:  # papers have no machine of their own
                raise illegal_action("kept", f"{found.number} 归档未满 {years} 年，不能销毁。")
            uow.session.delete(row)
            uow.session.flush()

        return self._each(uow, caller, request.kind, request.object_ids, act)

    def kept(self, uow: UnitOfWork, kind: KeptKind, object_id: int, number: str) -> KeptRow:
        """The row of an archived object that is not lent. Raises ILLEGAL_ACTION."""
        row = uow.session.get(KeptRow, (kind.value, object_id), populate_existing=True)
        if row is None:
            raise illegal_action("open", f"{number} 还没有归档。")
        if row.loan_id is not None:
            raise illegal_action("lent", f"{number} 已借出，请先归还。")
        return row

    def _each(
        self,
        uow: UnitOfWork,
        caller: Caller,
        kind: KeptKind,
        object_ids: Sequence[int],
        act: Callable[[int, ObjectOf], None],
    ) -> BatchReport:
        """One line for each; a refused one changes nothing."""
        if not 1 <= len(object_ids) <= contract.MOST_ITEMS:
            raise invalid("object_ids", f"一次请选择 1 到 {contract.MOST_ITEMS} 件。")
        lines = []
        for object_id in dict.fromkeys(object_ids):
            number = str(object_id)
            try:
                with uow.session.begin_nested():
                    found = self._objects.named(uow, caller, kind, object_id)
                    number = found.number
                    act(object_id, found)
                lines.append(BatchLine(id=object_id, number=number, is_done=True))
            except Refusal as refusal:
                lines.append(BatchLine(id=object_id, number=number, is_done=False, message=refusal.body.message))
        uow.publish(Changed(NOTICE, 0, 0))
        return BatchReport(lines=tuple(lines))

    # ── lists and settings ───────────────────────────────────────────────────────────────────────────

    def list_kept(self, uow: UnitOfWork, request: contract.ListKept) -> tuple[KeptView, ...]:
        """Newest first. Raises INVALID."""
        if not 1 <= request.limit <= contract.MOST_ROWS:
            raise invalid("limit", f"一次最多 {contract.MOST_ROWS} 行。")
        chosen = select(KeptRow, PlaceRow).join(PlaceRow, PlaceRow.id == KeptRow.place_id)
        chosen = chosen.where(KeptRow.kind == request.kind.value)
        if request.case_number:
            case_id = self._objects.case_id(uow, request.case_number)
            chosen = chosen.where(KeptRow.case_id == (case_id or -1))
        if request.place_id is not None:
            chosen = chosen.where(KeptRow.place_id == request.place_id)
        first, after = days_between(self._time, request.first_day, request.last_day)
        if first is not None:
            chosen = chosen.where(KeptRow.archived_at >= first)
        if after is not None:
            chosen = chosen.where(KeptRow.archived_at < after)
        rows = uow.session.execute(
            chosen.order_by(KeptRow.archived_at.desc(), KeptRow.object_id.desc()).limit(request.limit)
        ).all()
        shown = self._objects.shown(uow, {row.case_id for row, _ in rows})
        return tuple(
            KeptView(
                kind=KeptKind(row.kind),
                object_id=row.object_id,
                number=row.number,
                case_id=row.case_id,
                case_number=shown.get(row.case_id, ("", ""))[0],
                patient_name=shown.get(row.case_id, ("", ""))[1],
                place_id=row.place_id,
                place=name_of(place),
                archived_by=row.archived_by,
                archived_at=row.archived_at,
                loan_id=row.loan_id,
            )
            for row, place in rows
        )

    def retention(self, uow: UnitOfWork) -> Retention:
        """The department's times, or the usual ones."""
        row = uow.session.get(KeepingSettingRow, 1)
        return Retention() if row is None else msgspec.convert(row.retention, Retention)

    def save_retention(self, uow: UnitOfWork, retention: Retention) -> Retention:
        """Raises INVALID."""
        years = msgspec.to_builtins(retention)
        if not all(1 <= value <= 100 for value in years.values()):
            raise invalid("retention", "保存年限应为 1 到 100 年。")
        row = uow.session.get(KeepingSettingRow, 1)
        if row is None:
            uow.session.add(KeepingSettingRow(id=1, retention=years))
        else:
            row.retention = years
        return retention


def name_of(place: PlaceRow) -> str:
    """Room and name, as people say it."""
    return f"{place.room} {place.name}".strip()


def days_between(
    hospital: HospitalTime, first: date | None, last: date | None
) -> tuple[datetime | None, datetime | None]:
    """The moments at which the hospital's day `first` begins and `last` is over."""
    begins = None if first is None else datetime.combine(first, time(), hospital.zone)
    over = None if last is None else datetime.combine(last + timedelta(days=1), time(), hospital.zone)
    return begins, over
