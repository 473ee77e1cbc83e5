"""Where a recording belongs, and what becomes of it: a trace of an exam, or an orphan; nothing is doubled or lost."""

from __future__ import annotations

from dataclasses import dataclass

from server.ecg.acquisition.devices import Devices
from server.ecg.acquisition.orphans import Orphans
from server.ecg.acquisition.tables import EcgTaskRow
from server.ecg.acquisition.tasks import Tasks
from server.ecg.exams.facts import ExamFacts
from server.ecg.exams.rules import years_of
from server.ecg.exams.service import ExamService
from server.ecg.traces.facts import trace_view
from server.ecg.traces.keeping import Origin, Stored, TraceKeeping
from server.ecg.traces.reading import Subject, Taken
from server.ecg.traces.service import TraceService
from server.ecg.traces.tables import EcgTraceRow
from server.kernel.database import UnitOfWork
from server.kernel.database.base import next_number
from server.kernel.dispatch import Caller
from server.kernel.errors import Refusal
from shared.contract.ecg_acquisition import UploadResult
from shared.domain.ecg import ExamAction, TaskState, TraceSource


@dataclass(frozen=True, slots=True)
class Address:
    """What a recording says of where it belongs; the first that is given and found counts."""

    exam_id: int | None = None
    task_id: int | None = None
    device_serial: str = ""
    numbers: tuple[str, ...] = ()  # accession or request numbers
    study_uid: str = ""
    by_hand: bool = True  # somebody waits for the answer: an exam that cannot take it is refused, not passed over


@dataclass(frozen=True, slots=True)
class Target:
    """Where a recording belongs: an exam, with its task or without; else `reason` says why there is none."""

    exam: ExamFacts | None
    task: EcgTaskRow | None = None
    reason: str = ""
    campus_id: int | None = None
    device_name: str = ""


class Receiving:
    """Methods work in the caller's unit of work and never commit."""

    def __init__(
        self,
        exams: ExamService,
        traces: TraceService,
        keeping: TraceKeeping,
        devices: Devices,
        tasks: Tasks,
        orphans: Orphans,
    ) -> None:
        self._exams = exams
        self._traces = traces
        self._keeping = keeping
        self._devices = devices
        self._tasks = tasks
        self._orphans = orphans

    def hold(self, uow: UnitOfWork) -> None:
        """Keep other recordings waiting until the commit: of two that bring the same, the second finds the first."""
        next_number(uow.session, "ecg/received")

    def subject(self, uow: UnitOfWork, exam: ExamFacts | None) -> Subject | None:
        """Return the patient as registered, with the last record to compare with."""
        if exam is None:
            return None
        return Subject(exam.sex, years_of(exam.age), self._traces.earlier_beat(uow, exam))

    def target(self, uow: UnitOfWork, caller: Caller, address: Address) -> Target:
        """Return where a recording belongs. Raises NOT_FOUND and ILLEGAL_ACTION for an exam chosen by hand."""
        if address.exam_id is not None:
            if address.by_hand:
                return Target(self._exams.check(uow, caller, address.exam_id, ExamAction.STORE_TRACE))
            return self._of_exam(self._exams.demand(uow, caller, address.exam_id))
        if address.task_id is not None:
            return self._of_task(uow, self._tasks.get(uow, address.task_id, for_update=uow.is_writer))
        exam = self._exams.by_study(uow, address.study_uid) if address.study_uid else None
        for number in address.numbers:
            exam = exam or self._exams.by_accession(uow, number) or self._exams.by_request(uow, number)
        device = self._devices.by_serial(uow, address.device_serial)
        if exam is None and device is not None:
            task = self._tasks.open_of(uow, device.id)
            if task is not None:
                return self._of_task(uow, task)
            reason = "该设备没有正在进行的采集任务。"
            return Target(None, reason=reason, campus_id=device.campus_id, device_name=device.name)
        if exam is None:
            shown = address.device_serial.strip()
            reason = f"序列号为 {shown[:64]} 的设备没有登记。" if shown else "没有采集任务，也没有可对应的检查号。"
            return Target(None, reason=reason, campus_id=min(caller.campus_ids) if caller.campus_ids else None)
        return self._of_exam(exam)

    def _of_task(self, uow: UnitOfWork, task: EcgTaskRow) -> Target:
        device = self._devices.get(uow, task.device_id)
        if task.state != TaskState.OPEN.value:
            reason = "采集任务已结束，心电图在任务之后才到达。"
            return Target(None, task=None, reason=reason, campus_id=device.campus_id, device_name=device.name)
        found = self._of_exam(self._exams.facts(uow, task.exam_id))
        return Target(found.exam, task, found.reason, device.campus_id, device.name)

    def _of_exam(self, exam: ExamFacts) -> Target:
        try:
            self._exams.demand_state(exam, ExamAction.STORE_TRACE)
        except Refusal as refusal:
            return Target(None, reason=refusal.body.message, campus_id=exam.campus_id)
        return Target(exam, campus_id=exam.campus_id)

    def receive(
        self, uow: UnitOfWork, caller: Caller, taken: Taken, put: Stored, origin: Origin, address: Address
    ) -> tuple[UploadResult, int]:
        """Keep a recording where it belongs; returns what became of it, and the trace's id. Raises as `target`."""
        self.hold(uow)
        target = self.target(uow, caller, address)
        known = self._keeping.known(uow, taken)
        if known is not None and (target.exam is None or known.exam_id == target.exam.id):
            if target.task is not None:  # the device sent the same recording again: the task is done all the same
                self._tasks.succeed(uow, caller, target.task, known.id)
            return self._result(uow, known, target.task, existed=True), known.id
        row = known if known is not None and known.exam_id is None else None
        if row is None:
            row = self._keeping.keep(uow, taken, put, origin)
        if target.exam is None:
            serial = address.device_serial.strip() or taken.record.device.serial
            self._orphans.add(uow, row.id, target.reason, target.campus_id, serial)
            return self._result(uow, row, None, existed=False), row.id
        self._keeping.attach(uow, caller, row, target.exam.id)
        if row is known:
            self._keeping.measure_again(uow, row)
        self._orphans.settle(uow, caller, row.id)
        task = target.task
        if task is None and origin.source is not TraceSource.FILE:  # a cart that named the exam itself
            task = self._tasks.open_of_exam(uow, target.exam.id)
        if task is not None:
            self._tasks.succeed(uow, caller, task, row.id)
        return self._result(uow, row, task, existed=False), row.id

    def result_of(self, uow: UnitOfWork, row: EcgTraceRow, task_id: int | None, *, existed: bool) -> UploadResult:
        """Return what became of an earlier upload, as things stand now."""
        task = self._tasks.get(uow, task_id) if task_id is not None else None
        return self._result(uow, row, task, existed=existed)

    def fault(self, uow: UnitOfWork, address: Address, sentence: str) -> None:
        """Note in the open task that what its device sent cannot be read (ECG-SM-ACQ-04)."""
        task = None
        if address.task_id is not None:
            task = self._tasks.get(uow, address.task_id, for_update=True)
        elif (device := self._devices.by_serial(uow, address.device_serial)) is not None:
            task = self._tasks.open_of(uow, device.id)
        if task is not None and task.state == TaskState.OPEN.value:
            self._tasks.note_error(uow, task, sentence)

    def _result(self, uow: UnitOfWork, row: EcgTraceRow, task: EcgTaskRow | None, *, existed: bool) -> UploadResult:
        return UploadResult(
            trace=trace_view(row),
            exam_id=row.exam_id,
            orphan_id=None if row.exam_id is not None else self._orphans.id_of(uow, row.id),
            task=self._tasks.view(uow, task) if task is not None else None,
            existed=existed,
        )
