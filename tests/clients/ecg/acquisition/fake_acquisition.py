"""A server in memory for the acquisition dialog: one recorder, its tasks, and uploads that arrive in chunks."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from clients.ecg.acquisition.ports import AcquisitionTask, DeviceInformation, Event, LinkState
from clients.kit.connection import FakeConnection
from shared.contract.base import Nothing
from shared.contract.ecg import EcgEntry, EcgExamView, EcgRow, GetEcgExam, QualityVerdict, TraceValues, TraceView
from shared.contract.ecg_acquisition import (
    AcquisitionView,
    AppendUpload,
    BeginUpload,
    DropUpload,
    EcgDeviceEntry,
    EcgDeviceView,
    FailTask,
    FinishUpload,
    GetAcquisition,
    RetryTask,
    StartTask,
    StopTask,
    TaskView,
    UploadFacts,
    UploadResult,
    UploadView,
)
from shared.contract.ecg_lines import (
    AppendOriginal,
    BeginOriginal,
    FinishOriginal,
    OriginalView,
    ReportLine,
)
from shared.contract.errors import ErrorBody, ErrorCode, error_for
from shared.domain.ecg import (
    AdapterKind,
    DeviceState,
    EcgKind,
    ExamState,
    ReportState,
    TaskState,
    TraceSource,
    Urgency,
)
from shared.domain.permissions import Permission
from shared.domain.states import Sex, VisitKind

NOW = datetime(2026, 11, 22, 2, 30, tzinfo=UTC)
EXAM = 41

_GOOD = QualityVerdict(passed=True)


class FakeAcquisition:
    """`connection` is what screens and senders are given."""

    def __init__(self) -> None:
        self.quality = _GOOD  # what its gate says of each record
        self.entry: EcgDeviceEntry | None = EcgDeviceEntry(
            serial="SN-2207",
            model="ECG-1200",
            manufacturer="EDAN",
            name="心电图室 1 号机",
            adapter=AdapterKind.TCP,
            settings={"host": "192.168.1.20", "port": "7460"},
        )
        self.state = DeviceState.IDLE
        self.task: TaskView | None = None
        self.tasks = 0
        self.parts: dict[str, tuple[UploadFacts, bytearray]] = {}
        self.kept: dict[str, tuple[UploadFacts, bytes]] = {}
        self.originals: dict[str, bytes] = {}
        self.coming: dict[str, bytearray] = {}
        self.reports: list[Any] = []
        self.refuse_finish: ErrorBody | None = None
        self.connection = FakeConnection(
            replies={
                GetEcgExam: lambda _request: an_exam(),
                GetAcquisition: lambda _request: self.view(),
                StartTask: self._start,
                StopTask: self._stop,
                RetryTask: self._retry,
                FailTask: self._fail,
                BeginUpload: self._begin,
                AppendUpload: self._append,
                FinishUpload: self._finish,
                DropUpload: self._drop,
                ReportLine: self._report,
                BeginOriginal: self._begin_original,
                AppendOriginal: self._append_original,
                FinishOriginal: self._finish_original,
            },
            permissions=(Permission.ECG_ACQUIRE, Permission.ECG_VIEW),
        )

    def view(self) -> AcquisitionView:
        device = None
        if self.entry is not None:
            device = EcgDeviceView(
                id=3,
                version=1,
                entry=self.entry,
                campus_name="安平镇卫生院",
                state=self.state,
                task=self.task,
                stations=("ECG-ROOM-1",),
            )
        mine = self.task is None or self.task.exam_id == EXAM
        state = DeviceState.UNBOUND if device is None else self.state if mine else DeviceState.OCCUPIED
        return AcquisitionView(
            station="ECG-ROOM-1",
            device=device,
            state=state,
            task=self.task,
            can_start=state is DeviceState.IDLE,
            sentence="" if device is not None else "本机没有绑定心电图机。",
        )

    def occupy(self) -> None:
        """Another exam holds the recorder."""
        self.task = a_task(9, exam_id=40, patient_name="王秀英")
        self.state = DeviceState.ACQUIRING

    def time_out(self) -> None:
        """Nothing came in the task's time."""
        assert self.task is not None
        self.task = msgspec.structs.replace(self.task, timed_out=True)

    def _start(self, request: StartTask) -> AcquisitionView:
        self.tasks += 1
        self.task, self.state = a_task(self.tasks, exam_id=request.exam_id), DeviceState.ACQUIRING
        return self.view()

    def _stop(self, request: StopTask) -> AcquisitionView:
        if self.task is not None and self.task.id == request.task_id:
            self.task, self.state = None, DeviceState.IDLE
        return self.view()

    def _retry(self, _request: RetryTask) -> AcquisitionView:
        assert self.task is not None
        self.task = msgspec.structs.replace(self.task, error="", timed_out=False)
        return self.view()

    def _fail(self, request: FailTask) -> AcquisitionView:
        assert self.task is not None
        self.task = msgspec.structs.replace(self.task, error=request.error)
        return self.view()

    # uploads

    def _begin(self, request: BeginUpload) -> UploadView:
        if request.key in self.kept:
            return UploadView(key=request.key, offset=len(self.kept[request.key][1]), result=self._result(request.key))
        _facts, held = self.parts.setdefault(request.key, (request.facts, bytearray()))
        return UploadView(key=request.key, offset=len(held))

    def _append(self, request: AppendUpload) -> UploadView:
        held = self._held(request.key)
        if request.offset == len(held):
            held += request.data
        return UploadView(key=request.key, offset=len(held))

    def _finish(self, request: FinishUpload) -> UploadResult:
        if request.key not in self.kept:
            if self.refuse_finish is not None:
                raise error_for(self.refuse_finish)
            facts, held = self.parts[request.key]
            if hashlib.sha256(held).hexdigest() != facts.parts[0].sha256:
                raise error_for(ErrorBody(code=ErrorCode.INVALID, message="damaged", field="parts"))
            self.kept[request.key] = facts, bytes(held)
            del self.parts[request.key]
            if self.task is not None and facts.task_id == self.task.id:
                self.task, self.state = None, DeviceState.IDLE
        return self._result(request.key)

    def _drop(self, request: DropUpload) -> Nothing:
        self.parts.pop(request.key, None)
        return Nothing()

    def _held(self, key: str) -> bytearray:
        if key not in self.parts:
            raise error_for(ErrorBody(code=ErrorCode.NOT_FOUND, message="no such upload"))
        return self.parts[key][1]

    def _result(self, key: str) -> UploadResult:
        number = 1 + list(self.kept).index(key)
        return UploadResult(trace=a_trace(number, self.quality), exam_id=EXAM, orphan_id=None, task=None)

    def _report(self, request: ReportLine) -> Nothing:
        self.reports.append(request.report)
        return Nothing()

    def _begin_original(self, request: BeginOriginal) -> OriginalView:
        if request.key in self.originals:
            return OriginalView(key=request.key, offset=request.size_bytes, complete=True)
        return OriginalView(
            key=request.key, offset=len(self.coming.setdefault(request.key, bytearray())), complete=False
        )

    def _append_original(self, request: AppendOriginal) -> OriginalView:
        held = self.coming[request.key]
        if request.offset == len(held):
            held += request.data
        return OriginalView(key=request.key, offset=len(held), complete=False)

    def _finish_original(self, request: FinishOriginal) -> OriginalView:
        self.originals[request.key] = bytes(self.coming.pop(request.key))
        return OriginalView(key=request.key, offset=len(self.originals[request.key]), complete=True)


class FakeDevice:
    """A recorder whose events the test tells."""

    def __init__(self) -> None:
        self.information = DeviceInformation(
            AdapterKind.TCP, "心电图室 1 号机", "SN-2207", "EDAN", "ECG-1200", "192.168.1.20:7460"
        )
        self.state = LinkState.CLOSED
        self.tasks: list[AcquisitionTask] = []
        self.tell: Any = None

    def start(self, task: AcquisitionTask, listener: Any) -> None:
        self.tasks.append(task)
        self.tell = listener

    def stop(self) -> None:
        self.tell = None

    def say(self, event: Event) -> None:
        assert self.tell is not None, "nobody listens"
        self.tell(event)


def a_task(number: int, *, exam_id: int = EXAM, patient_name: str = "李桂芳") -> TaskView:
    return TaskView(
        id=number,
        version=1,
        device_id=3,
        exam_id=exam_id,
        patient_name=patient_name,
        accession_number=f"ECG2611220{exam_id:03d}",
        state=TaskState.OPEN,
        error="",
        timed_out=False,
        started_at=NOW,
        started_by="护士 陈晓",
        station="ECG-ROOM-1",
        until=NOW + timedelta(minutes=15),
        ended_at=None,
        trace_id=None,
    )


def a_trace(number: int, quality: QualityVerdict = _GOOD) -> TraceView:
    return TraceView(
        id=number,
        exam_id=EXAM,
        number=number,
        is_current=True,
        source=TraceSource.DEVICE,
        format="compact",
        file_name="record.mje",
        device="",
        recorded_at=NOW,
        received_at=NOW,
        received_by="护士 陈晓",
        leads=(),
        sampling_hz=500.0,
        seconds=10.0,
        size_bytes=1,
        sha256="",
        sop_class="",
        sop_uid="",
        values=TraceValues(),
        quality=quality,
    )


def an_exam() -> EcgExamView:
    row = EcgRow(
        id=EXAM,
        version=1,
        accession_number="ECG2611220041",
        study_uid="1.2.3",
        patient_id=5,
        patient_name="李桂芳",
        sex=Sex.FEMALE,
        age="67岁",
        visit_kind=VisitKind.OUTPATIENT,
        patient_number="",
        outpatient_number="",
        inpatient_number="",
        health_check_number="",
        id_number="",
        request_number="",
        department="",
        ward="",
        bed="",
        exam_item="12导联心电图",
        kind=EcgKind.TWELVE_LEAD,
        clinical_diagnosis="",
        urgency=Urgency.URGENT,
        state=ExamState.AWAITING,
        report_state=ReportState.NONE,
        campus_id=1,
        campus_name="安平镇卫生院",
        registered_at=NOW,
        registered_by="护士 陈晓",
    )
    return EcgExamView(row=row, entry=EcgEntry(), application_id=None, cancel_reason="", traces=(), documents=())
