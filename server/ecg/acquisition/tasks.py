"""Acquisition tasks (ECG-SM-ACQ): one open task holds a device; it lies in the database, so a crash leaves it open."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from server.ecg.acquisition import rules
from server.ecg.acquisition.devices import Devices, entry_of
from server.ecg.acquisition.ports import Campuses
from server.ecg.acquisition.tables import EcgDeviceRow, EcgTaskRow
from server.ecg.exams.facts import ExamFacts
from server.ecg.exams.service import ExamService
from server.kernel.clock import Clock
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import Refusal, illegal_action, not_found
from shared.contract.base import Changed
from shared.contract.ecg_acquisition import AcquisitionView, EcgDeviceView, TaskView
from shared.contract.errors import ErrorCode
from shared.domain.ecg import DeviceState, ExamAction, TaskState

ENTITY = "ecg_task"
TIMED_OUT = "等待设备上传超时。请检查心电图机是否已上传，然后重试或终止采集。"


class Tasks:
    """Methods work in the caller's unit of work."""

    def __init__(self, devices: Devices, exams: ExamService, campuses: Campuses, clock: Clock) -> None:
        self._devices = devices
        self._exams = exams
        self._campuses = campuses
        self._clock = clock

    # ── looking ──────────────────────────────────────────────────────────────────────────────────────

    def acquisition(self, uow: UnitOfWork, caller: Caller, exam_id: int) -> AcquisitionView:
        """Return what the dialog of an exam shows at the caller's workstation. Raises NOT_FOUND."""
        exam = self._exams.demand(uow, caller, exam_id)
        device = self._devices.of_station(uow, caller.station)
        if device is None:
            return AcquisitionView(
                station=caller.station,
                device=None,
                state=DeviceState.UNBOUND,
                task=None,
                can_start=False,
                sentence=rules.UNBOUND,
            )
        task = self.open_of(uow, device.id)
        mine = task if task is not None else self._last_of(uow, device.id, exam_id)
        state = rules.device_state(
            device.is_active,
            TaskState(task.state) if task is not None else None,
            is_own=task is not None and task.exam_id == exam_id,
            has_succeeded=mine is not None and mine.state == TaskState.SUCCEEDED.value,
        )
        sentence = self._sentence(uow, exam, state, task)
        return AcquisitionView(
            station=caller.station,
            device=self.device_view(uow, device),
            state=state,
            task=self.view(uow, mine) if mine is not None else None,
            can_start=not sentence and state in (DeviceState.IDLE, DeviceState.SUCCEEDED),
            sentence=sentence,
        )

    def open_of(self, uow: UnitOfWork, device_id: int) -> EcgTaskRow | None:
        """Return the open task of a device."""
        return uow.session.scalars(
            select(EcgTaskRow).where(EcgTaskRow.device_id == device_id, EcgTaskRow.state == TaskState.OPEN.value)
        ).one_or_none()

    def open_of_exam(self, uow: UnitOfWork, exam_id: int) -> EcgTaskRow | None:
        """Return the open task of an exam, the newest where two devices were started for it."""
        return uow.session.scalars(
            select(EcgTaskRow)
            .where(EcgTaskRow.exam_id == exam_id, EcgTaskRow.state == TaskState.OPEN.value)
            .order_by(EcgTaskRow.id.desc())
            .limit(1)
        ).first()

    def get(self, uow: UnitOfWork, task_id: int, *, for_update: bool = False) -> EcgTaskRow:
        """Return a task. Raises NOT_FOUND."""
        statement = select(EcgTaskRow).where(EcgTaskRow.id == task_id)
        if for_update:
            statement = statement.with_for_update().execution_options(populate_existing=True)
        row = uow.session.scalars(statement).one_or_none()
        if row is None:
            raise not_found("采集任务")
        return row

    def view(self, uow: UnitOfWork, row: EcgTaskRow) -> TaskView:
        """Return a task as clients get it."""
        exam = self._exams.facts(uow, row.exam_id)
        is_open = row.state == TaskState.OPEN.value
        timed_out = is_open and row.until < self._clock.now()
        return TaskView(
            id=row.id,
            version=row.version,
            device_id=row.device_id,
            exam_id=row.exam_id,
            patient_name=exam.patient_name,
            accession_number=exam.accession_number,
            state=TaskState(row.state),
            error=row.error or (TIMED_OUT if timed_out else ""),
            timed_out=timed_out,
            started_at=row.started_at,
            started_by=row.started_by,
            station=row.station,
            until=row.until,
            ended_at=row.ended_at,
            trace_id=row.trace_id,
        )

    def device_view(self, uow: UnitOfWork, row: EcgDeviceRow) -> EcgDeviceView:
        """Return a device with what holds it."""
        return self.device_views(uow, [row])[0]

    def device_views(self, uow: UnitOfWork, rows: list[EcgDeviceRow]) -> tuple[EcgDeviceView, ...]:
        """Return devices with what holds them, in the order given."""
        stations = self._devices.stations(uow, [row.id for row in rows])
        names = self._campuses.names(uow)
        found = []
        for row in rows:
            task = self.open_of(uow, row.id)
            state = rules.device_state(
                row.is_active, TaskState.OPEN if task is not None else None, is_own=True, has_succeeded=False
            )
            found.append(
                EcgDeviceView(
                    id=row.id,
                    version=row.version,
                    entry=entry_of(row),
                    campus_name=names.get(row.campus_id, ""),
                    state=state,
                    task=self.view(uow, task) if task is not None else None,
                    stations=stations.get(row.id, ()),
                )
            )
        return tuple(found)

    # ── stepping ─────────────────────────────────────────────────────────────────────────────────────

    def start(self, uow: UnitOfWork, caller: Caller, exam_id: int) -> AcquisitionView:
        """开始采集 (ECG-SM-ACQ-02). Raises Refusal."""
        exam = self._exams.check(uow, caller, exam_id, ExamAction.ACQUIRE)
        device = self._devices.of_station(uow, caller.station)
        if device is None:
            raise illegal_action(DeviceState.UNBOUND.value, rules.UNBOUND)
        if not device.is_active:
            raise illegal_action(DeviceState.DISABLED.value, rules.DISABLED)
        # Every start of this device passes by its row: of two workstations that share it, one is told of the other.
        uow.session.get_one(EcgDeviceRow, device.id, with_for_update=True)
        task = self.open_of(uow, device.id)
        if task is not None and task.exam_id != exam_id:
            holder = self._exams.facts(uow, task.exam_id).patient_name
            raise Refusal(ErrorCode.HELD_BY_OTHER, self._sentence(uow, exam, DeviceState.OCCUPIED, task), holder=holder)
        if task is None:
            now = self._clock.now()
            task = EcgTaskRow(
                device_id=device.id,
                exam_id=exam_id,
                state=TaskState.OPEN.value,
                error="",
                started_at=now,
                started_by=caller.name[:64],
                started_by_id=caller.user_id,
                station=caller.station[:64],
                until=now + timedelta(minutes=device.task_minutes),
                ended_by="",
                end_reason="",
                version=0,
            )
            uow.session.add(task)
            self._exams.note(uow, caller, exam_id, ExamAction.ACQUIRE.value, new=device.name)
            self.changed(uow, task)
        return self.acquisition(uow, caller, exam_id)

    def retry(self, uow: UnitOfWork, caller: Caller, task_id: int) -> AcquisitionView:
        """Clear the error and give full time again. Raises NOT_FOUND, ILLEGAL_ACTION."""
        row = self._open(uow, caller, task_id)
        row.error = ""
        row.until = self._clock.now() + timedelta(minutes=self._devices.get(uow, row.device_id).task_minutes)
        self.changed(uow, row)
        return self.acquisition(uow, caller, row.exam_id)

    def fail(self, uow: UnitOfWork, caller: Caller, task_id: int, error: str) -> AcquisitionView:
        """Note an error; the task stays open (ECG-SM-ACQ-04). Raises NOT_FOUND, ILLEGAL_ACTION."""
        row = self._open(uow, caller, task_id)
        self.note_error(uow, row, error or "上传失败，请重试或终止采集。")
        return self.acquisition(uow, caller, row.exam_id)

    def stop(self, uow: UnitOfWork, caller: Caller, task_id: int, reason: str) -> AcquisitionView:
        """终止采集 (ECG-SM-ACQ-06): the exam stays as it is. Raises NOT_FOUND."""
        row = self.get(uow, task_id, for_update=True)
        self._exams.demand(uow, caller, row.exam_id)
        if row.state == TaskState.OPEN.value:
            self._end(uow, caller, row, TaskState.STOPPED, reason)
            self._exams.note(uow, caller, row.exam_id, "stop_task", new=reason.strip()[:200])
        return self.acquisition(uow, caller, row.exam_id)

    def stop_of_exam(self, uow: UnitOfWork, caller: Caller, exam_id: int) -> None:
        """Stop what is open of an exam that is cancelled."""
        rows = uow.session.scalars(
            select(EcgTaskRow)
            .where(EcgTaskRow.exam_id == exam_id, EcgTaskRow.state == TaskState.OPEN.value)
            .with_for_update()
        )
        for row in list(rows):
            self._end(uow, caller, row, TaskState.STOPPED, "检查已取消")

    def succeed(self, uow: UnitOfWork, caller: Caller, row: EcgTaskRow, trace_id: int) -> None:
        """The device uploaded (ECG-SM-ACQ-03): the device is free."""
        row.trace_id, row.error = trace_id, ""
        self._end(uow, caller, row, TaskState.SUCCEEDED, "")

    def note_error(self, uow: UnitOfWork, row: EcgTaskRow, error: str) -> None:
        """Write an error into an open task."""
        row.error = error.strip()[:300]
        self.changed(uow, row)

    def changed(self, uow: UnitOfWork, row: EcgTaskRow) -> None:
        """Count a change and tell the workstations."""
        row.touch()
        uow.session.flush()
        uow.publish(Changed(entity=ENTITY, id=row.id, version=row.version))

    def _open(self, uow: UnitOfWork, caller: Caller, task_id: int) -> EcgTaskRow:
        row = self.get(uow, task_id, for_update=True)
        self._exams.demand(uow, caller, row.exam_id)
        if row.state != TaskState.OPEN.value:
            raise illegal_action(row.state, "该采集任务已经结束，请刷新后再试。")
        return row

    def _end(self, uow: UnitOfWork, caller: Caller, row: EcgTaskRow, state: TaskState, reason: str) -> None:
        row.state, row.ended_at, row.ended_by = state.value, self._clock.now(), caller.name[:64]
        row.end_reason = reason.strip()[:200]
        self.changed(uow, row)

    def _last_of(self, uow: UnitOfWork, device_id: int, exam_id: int) -> EcgTaskRow | None:
        return uow.session.scalars(
            select(EcgTaskRow)
            .where(EcgTaskRow.device_id == device_id, EcgTaskRow.exam_id == exam_id)
            .order_by(EcgTaskRow.id.desc())
            .limit(1)
        ).first()

    def _sentence(self, uow: UnitOfWork, exam: ExamFacts, state: DeviceState, task: EcgTaskRow | None) -> str:
        if state is DeviceState.DISABLED:
            return rules.DISABLED
        if state is DeviceState.OCCUPIED and task is not None:
            other = self._exams.facts(uow, task.exam_id)
            return (
                f"设备正被 {other.patient_name}（检查号 {other.accession_number}）的采集占用，"
                f"由 {task.started_by} 于 {task.station or '其它工作站'} 开始；请等待完成，或终止采集后再开始。"
            )
        try:
            self._exams.demand_state(exam, ExamAction.ACQUIRE)
        except Refusal as refusal:
            return refusal.body.message
        return ""
