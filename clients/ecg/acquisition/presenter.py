"""Drives the acquisition dialog: device, task, quality gate, outbox (ECG-ACQ, ECG-SM-ACQ). No Qt.

The record goes to the outbox of this computer first and from there to the server, so that a line that is slow or gone
costs time and nothing else. Without the server the last known binding of this computer serves: the record is then kept
for the exam itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from clients.ecg.acquisition.devices import device_for, information_of
from clients.ecg.acquisition.gate import Tail, findings_of
from clients.ecg.acquisition.keeping import Line, facts_of, judged, known_binding, read_file, remember_binding
from clients.ecg.acquisition.ports import (
    AcquisitionTask,
    DeviceError,
    DeviceSetupError,
    EcgDevice,
    Event,
    FileArrived,
    Finished,
    LinkChanged,
    LinkState,
    Samples,
)
from clients.ecg.acquisition.state import AcquisitionState, FindingLine, Phase
from clients.ecg.line.originals import one_original
from clients.ecg.line.outbox import new_key
from clients.kit.ages import age_for_reader
from clients.kit.translations import tr
from shared.contract.ecg import EcgExamView, GetEcgExam, GetTrace, TraceData, TraceView
from shared.contract.ecg_acquisition import (
    AcquisitionView,
    EcgDeviceEntry,
    FailTask,
    GetAcquisition,
    RetryTask,
    StartTask,
    StopTask,
    UploadFacts,
    UploadResult,
)
from shared.contract.errors import ENVIRONMENT, RpcError
from shared.domain.ecg import AdapterKind, DeviceState, TaskState

if TYPE_CHECKING:
    from clients.kit.connection import Connection
    from clients.kit.messages import Messages
    from clients.kit.running import TaskRunner
    from clients.kit.settings import UserSettings
    from shared.waveform.record import EcgRecord

_LIVE_GATE_EVERY_S = 3.0


class AcquisitionPresenter:
    """One exam's recording. `render` gets each state; `acquired(record, trace_id, key, reason)` each trace kept."""

    def __init__(
        self,
        exam_id: int,
        connection: Connection,
        runner: TaskRunner,
        messages: Messages,
        desk_settings: UserSettings,
        line: Line,
        render: Callable[[AcquisitionState], None],
        acquired: Callable[[EcgRecord, int | None, str, str], None],
        heard: Callable[[Event], None],
        *,
        make_device: Callable[[EcgDeviceEntry], EcgDevice] = device_for,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """`heard` is called from the device's thread and must bring the event to `on_event` in the GUI thread."""
        self._exam_id = exam_id
        self._connection, self._runner, self._messages = connection, runner, messages
        self._settings, self._line = desk_settings, line
        self._render, self._acquired, self._heard = render, acquired, heard
        self._make_device, self._now = make_device, now
        self._device: EcgDevice | None = None
        self._entry: EcgDeviceEntry | None = None
        self._tail = Tail()
        self._gate_at = 0.0
        self._record: EcgRecord | None = None
        self._original: FileArrived | None = None
        self._reason = ""
        self._key = ""
        self._told = False
        self._imported = False
        self.state = AcquisitionState()

    # ── opening and following the server ─────────────────────────────────────────────────────────────

    def open(self) -> None:
        """Ask for the exam and for this computer's binding (ECG-SM-ACQ-01)."""
        self._render(self.state)
        self._runner.run(
            lambda: self._connection.call(GetEcgExam(exam_id=self._exam_id)),
            self._on_exam,
            _ignored,
            key=f"ecg.acq.exam.{self._exam_id}",
        )
        self.refresh()

    def refresh(self) -> None:
        """Ask again: somebody else may have started or ended a task on the device."""
        self._runner.run(
            lambda: self._connection.call(GetAcquisition(exam_id=self._exam_id)),
            self._on_view,
            self._on_no_view,
            key=f"ecg.acq.view.{self._exam_id}",
        )

    def _on_exam(self, exam: EcgExamView) -> None:
        row = exam.row
        self._put(
            patient=f"{row.patient_name}  {age_for_reader(row.age)}",
            exam=f"{row.accession_number}  {row.exam_item}",
            urgency=row.urgency,
        )

    def _on_view(self, view: AcquisitionView) -> None:
        if view.device is not None and view.device.entry != self._entry:
            self._entry = view.device.entry
            remember_binding(self._settings, self._entry)
        phase = Phase.READY if self.state.phase is Phase.LOADING else self.state.phase
        self._put(
            phase=phase,
            device_state=view.state,
            device=information_of(self._entry) if view.device is not None and self._entry else None,
            station=view.station,
            sentence=view.sentence,
            task=view.task,
            can_start=view.can_start,
            is_offline=False,
            error=self._error_of(view),
        )
        mine = view.task is not None and view.task.exam_id == self._exam_id
        if phase is Phase.READY and view.state is DeviceState.ACQUIRING and mine:
            self._listen()  # the program was closed during the recording: go on with it
        elif phase is Phase.RECORDING and not self._is_own_task_open(view):
            self._task_ended(view)

    def _error_of(self, view: AcquisitionView) -> str:
        task = view.task
        if task is None or task.exam_id != self._exam_id or task.state is not TaskState.OPEN:
            return ""
        if task.timed_out:
            return task.error or tr("采集超时：设备一直没有送来心电图。请检查设备后重试，或终止采集。")
        return task.error

    def _is_own_task_open(self, view: AcquisitionView) -> bool:
        task = view.task
        return task is not None and task.exam_id == self._exam_id and task.state is TaskState.OPEN

    def _task_ended(self, view: AcquisitionView) -> None:
        """The server ended our task: the cart sent by DICOM, or somebody stopped it at another computer."""
        if self.state.task is not None and self.state.task.id and self._entry is not None:
            by_server = self._entry.adapter is AdapterKind.DICOM
            self._stop_device()
            self._put(phase=Phase.READY)
            if by_server:
                self._runner.run(
                    lambda: self._connection.call(GetTrace(exam_id=self._exam_id)),
                    self._on_trace,
                    _ignored,
                    key=f"ecg.acq.{self._exam_id}",
                )

    def _on_trace(self, data: TraceData) -> None:
        from shared.waveform.compact import unpack

        record = unpack(data.data)
        self._put(phase=Phase.DONE, findings=_lines_of(data.trace), gate_ran=True)
        self._acquired(record, data.trace.id, "", "")

    def _on_no_view(self, error: Exception) -> None:
        if not (isinstance(error, RpcError) and error.code in ENVIRONMENT):
            self._put(phase=Phase.READY, can_start=False, sentence=_sentence_of(error))
            return
        if self.state.phase is not Phase.LOADING:
            self._put(is_offline=True)
            return
        self._entry = known_binding(self._settings)
        if self._entry is None:
            sentence = tr("服务器连接中断，且本机没有已知的设备绑定。请等线路恢复，或用“导入文件”。")
            self._put(phase=Phase.READY, device_state=DeviceState.UNBOUND, is_offline=True, sentence=sentence)
            return
        self._put(
            phase=Phase.READY,
            device_state=DeviceState.IDLE,
            device=information_of(self._entry),
            can_start=self._entry.adapter is not AdapterKind.DICOM,
            is_offline=True,
        )

    # ── recording ────────────────────────────────────────────────────────────────────────────────────

    def start(self) -> None:
        """开始采集 (ECG-SM-ACQ-02)."""
        if self.state.phase not in (Phase.READY, Phase.DONE, Phase.WAITING_LINE) or not self.state.can_start:
            return
        self._reset()
        if self.state.is_offline:
            self._listen()
            return
        self._runner.run(
            lambda: self._connection.call(StartTask(exam_id=self._exam_id)),
            self._on_started,
            self._on_not_started,
            key=f"ecg.acq.task.{self._exam_id}",
        )

    def _on_started(self, view: AcquisitionView) -> None:
        self._on_view(view)
        if self.state.phase is not Phase.RECORDING and view.state is DeviceState.ACQUIRING:
            self._listen()

    def _on_not_started(self, error: Exception) -> None:
        if isinstance(error, RpcError) and error.code in ENVIRONMENT and self._entry is not None:
            self._put(is_offline=True)
            self._listen()
            return
        self._messages.report(error)
        self.refresh()

    def _listen(self) -> None:
        assert self._entry is not None
        try:
            self._device = self._make_device(self._entry)
        except DeviceSetupError as error:
            self._put(phase=Phase.RECORDING, error=str(error))
            return
        task = self.state.task
        self._put(phase=Phase.RECORDING, seconds=0.0, link=LinkState.CLOSED, findings=(), gate_ran=False)
        self._device.start(AcquisitionTask(self._exam_id, self.state.patient, task.id if task else None), self._heard)

    def on_event(self, event: Event) -> None:
        """Something came from the device; call it in the GUI thread."""
        if self.state.phase is not Phase.RECORDING:
            return
        if isinstance(event, Samples):
            self._on_samples(event)
        elif isinstance(event, Finished):
            self._judge(lambda: event.record, None)
        elif isinstance(event, FileArrived):
            self._judge(lambda: read_file(event), event)
        elif isinstance(event, LinkChanged):
            self._put(link=event.state, link_text=event.text)
        elif isinstance(event, DeviceError):
            self._fail(event.text)

    def _on_samples(self, samples: Samples) -> None:
        self._tail.add(samples)
        off = tuple(name for name in samples.leads if name in samples.off)
        seconds = self._tail.seconds
        if seconds < self._gate_at - 1.0:  # a new recording on the same line
            self._gate_at = 0.0
        if seconds - self._gate_at >= _LIVE_GATE_EVERY_S and (record := self._tail.record()) is not None:
            self._gate_at = seconds
            self._runner.run(
                lambda: findings_of(record, live=True),
                self._on_live_findings,
                _ignored,
                key=f"ecg.acq.live.{self._exam_id}",
            )
        if int(seconds) != int(self.state.seconds) or off != self.state.leads_off:
            self._put(seconds=seconds, leads_off=off)

    def _on_live_findings(self, findings: tuple[FindingLine, ...]) -> None:
        if self.state.phase is Phase.RECORDING:
            self._put(findings=findings, gate_ran=True)

    def _fail(self, why: str) -> None:
        """The task stays open with this error (ECG-ACQ-09)."""
        self._put(error=why)
        if (task := self.state.task) is not None and not self.state.is_offline:
            self._runner.run(
                lambda: self._connection.call(FailTask(task_id=task.id, error=why[:300])),
                _ignored,
                _ignored,
                key=f"ecg.fail.{self._exam_id}",
            )

    def retry(self) -> None:
        """重试: the same task with its full time again."""
        task = self.state.task
        self._put(error="")
        if self.state.phase is Phase.UPLOADING:
            self._runner.run(lambda: self._line.try_again(self._key), _ignored, self._messages.report)
            return
        if task is not None and not self.state.is_offline:
            self._runner.run(
                lambda: self._connection.call(RetryTask(task_id=task.id)),
                self._on_view,
                self._messages.report,
                key=f"ecg.acq.{self._exam_id}",
            )
        self._listen()

    def stop(self, reason: str = "") -> None:
        """终止采集, after the operator confirmed: also of the task that occupies the device (ECG-SM-ACQ-06)."""
        task = self.state.task
        self._stop_device()
        self._reset()
        self._put(phase=Phase.READY, error="", findings=(), gate_ran=False, seconds=0.0)
        if task is None or self.state.is_offline:
            self._put(task=None, device_state=DeviceState.IDLE, can_start=self._entry is not None)
            return
        self._runner.run(
            lambda: self._connection.call(StopTask(task_id=task.id, reason=reason)),
            lambda _view: self.refresh(),
            self._messages.report,
            key=f"ecg.acq.task.{self._exam_id}",
        )

    # ── judging and keeping ──────────────────────────────────────────────────────────────────────────

    def import_file(self, name: str, read: Callable[[], bytes], beside: Callable[[], dict[str, bytes]]) -> None:
        """导入文件: a file chosen by hand goes through the same gate; `read` and `beside` run off the GUI thread."""
        held: list[FileArrived] = []

        def record() -> EcgRecord:
            held.append(FileArrived(name, read(), beside()))
            return read_file(held[0])

        self._imported = True
        self._put(phase=Phase.CHECKING, error="")
        self._runner.run(
            lambda: judged(record()),
            lambda found: self._on_judged(found, held[0]),
            self._on_unreadable,
            key=f"ecg.acq.judge.{self._exam_id}",
        )

    def _judge(self, record: Callable[[], EcgRecord], original: FileArrived | None) -> None:
        self._put(phase=Phase.CHECKING, error="")
        self._runner.run(
            lambda: judged(record()),
            lambda found: self._on_judged(found, original),
            self._on_unreadable,
            key=f"ecg.acq.judge.{self._exam_id}",
        )

    def _on_judged(self, found: tuple[EcgRecord, tuple[FindingLine, ...]], original: FileArrived | None) -> None:
        self._record, findings = found
        self._original = original
        self._put(phase=Phase.REVIEW, findings=findings, gate_ran=True, seconds=self._record.seconds)
        if not self.state.has_faults:
            self.use("")

    def _on_unreadable(self, error: Exception) -> None:
        self._put(phase=Phase.RECORDING if self._device is not None else Phase.READY)
        self._imported = False
        self._fail(tr("收到的文件不能识别为心电图：{why}。请在设备上重新导出或重新采集。", why=str(error)[:120]))

    def record_again(self) -> None:
        """重新采集: the task stays open and listens again (ECG-ACQ-08)."""
        if self.state.phase is not Phase.REVIEW:
            return
        self._record = self._original = None
        if self._imported or self._entry is None:
            self._imported = False
            self._put(phase=Phase.READY, findings=(), gate_ran=False)
            return
        self._stop_device()
        self._tail, self._gate_at = Tail(), 0.0
        self._listen()

    def use(self, reason: str) -> None:
        """Keep the record for the exam; with faults only with a reason (仍然采用)."""
        record = self._record
        if record is None or self.state.phase is not Phase.REVIEW or (self.state.has_faults and not reason.strip()):
            return
        self._stop_device()
        self._reason, self._key, self._told = reason.strip(), new_key(), False
        facts, original = self._facts(record), self._original
        key, urgency, label = self._key, self.state.urgency, f"{self.state.patient}  {self.state.exam}".strip()
        self._put(phase=Phase.UPLOADING, share=0.0, error="", seconds_left=None)

        def keep() -> str:
            from shared.waveform.compact import pack

            file = one_original(original.name, original.data, original.beside) if original is not None else None
            packed = pack(record, thin=True)
            return self._line.keep(facts, packed, key=key, original=file, urgency=urgency, label=label)

        self._runner.run(keep, _ignored, self._on_not_kept, key=f"ecg.acq.keep.{self._exam_id}")

    def _facts(self, record: EcgRecord) -> UploadFacts:
        task = self.state.task
        return facts_of(
            record,
            self._exam_id,
            task if task is not None and task.exam_id == self._exam_id else None,
            self._entry,
            imported=self._imported,
            is_offline=self.state.is_offline,
            now=self._now(),
        )

    def _on_not_kept(self, error: Exception) -> None:
        self._put(phase=Phase.REVIEW, error=tr("记录没有写入本机磁盘，请检查磁盘空间后再试一次。"))
        if not isinstance(error, OSError):
            self._messages.report(error)

    # ── what the line says ───────────────────────────────────────────────────────────────────────────

    def on_sent(self, key: str, result: UploadResult) -> None:
        """The server has it (ECG-SM-ACQ-03)."""
        if key != self._key:
            return
        self._imported = False
        lost = result.exam_id is None
        error = tr("心电图已保存，但采集任务已先结束：请在“未匹配心电图”中把它匹配到本检查。") if lost else ""
        self._put(phase=Phase.DONE, share=1.0, task=result.task or self.state.task, is_offline=False)
        if found := _lines_of(result.trace):  # the server compares with the patient's last record too
            self._put(findings=found)
        self._tell(result.trace.id)
        self.refresh()
        self._put(error=error)

    def on_refused(self, key: str, why: str) -> None:
        """The server will not take it: retry or stop."""
        if key == self._key:
            self._put(error=why)

    def on_progress(self, key: str, share: float, seconds_left: float | None, trouble: str) -> None:
        """How far the upload is; with trouble the record waits here and the operator may go on."""
        if self.state.phase not in (Phase.UPLOADING, Phase.WAITING_LINE) or not self._key:
            return
        if trouble:
            self._put(phase=Phase.WAITING_LINE, error="")
            self._tell(None)
        elif key == self._key:
            self._put(share=share, seconds_left=seconds_left)

    def _tell(self, trace_id: int | None) -> None:
        if self._record is not None and (not self._told or trace_id is not None):
            self._told = True
            self._acquired(self._record, trace_id, self._key, self._reason)

    def close(self) -> None:
        """The dialog goes. An open task stays open at the server: the next dialog shows it as 占用 or goes on."""
        self._stop_device()

    def _stop_device(self) -> None:
        device, self._device = self._device, None
        if device is not None:
            self._runner.run(device.stop, _ignored, _ignored)

    def _reset(self) -> None:
        self._tail, self._gate_at = Tail(), 0.0
        self._record, self._original, self._key, self._imported = None, None, "", False

    def _put(self, **changes: Any) -> None:
        self.state = replace(self.state, **changes)
        self._render(self.state)


def _sentence_of(error: Exception) -> str:
    from clients.kit.messages import message_for

    return message_for(error).text


def _lines_of(trace: TraceView) -> tuple[FindingLine, ...]:
    """What the server's gate says of a trace."""
    return tuple(FindingLine(each.severity == "fail", each.zh, each.en) for each in trace.quality.findings)


def _ignored(_result: object) -> None:
    """Shown elsewhere, or nothing to show."""
