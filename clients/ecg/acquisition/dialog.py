"""心电单机采集: the dialog that records the trace of one exam on the device bound to this computer (ECG-ACQ)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QCloseEvent, QKeyEvent
from PySide6.QtWidgets import QDialog, QFileDialog, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from clients.ecg.acquisition.panels import DeviceCard, QualityPanel, UploadRow
from clients.ecg.acquisition.ports import Samples
from clients.ecg.acquisition.presenter import AcquisitionPresenter
from clients.ecg.acquisition.state import AcquisitionState, Phase
from clients.ecg.line.sending import LineStatus, Sent
from clients.ecg.line.service import line_of
from clients.ecg.trace.live import LiveTraces
from clients.kit.dialogs import Question
from clients.kit.labels import Button, Label, hairline
from clients.kit.panels import Banner, EmptyState
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from shared.contract.base import Changed, Notice
from shared.domain.ecg import AdapterKind, DeviceState

if TYPE_CHECKING:
    from clients.kit.shell import Workplace
    from shared.waveform.record import EcgRecord

_TICK_MS = 15_000  # an open task's time-out is noticed although nothing else happens


@dataclass(frozen=True, slots=True, eq=False)
class AcquiredTrace:
    """What `AcquisitionDialog.acquired` carries: the trace that the operator took over for the exam."""

    exam_id: int
    record: EcgRecord  # to be drawn at once
    trace_id: int | None  # of the server; None while the record waits on the thin line
    key: str  # the upload's key: what is sent twice is kept once
    override_reason: str = ""  # why a record was used that the quality gate refused


class AcquisitionDialog(QDialog):
    """Device, state, live traces, quality and upload for one exam; not modal. `show()` it, Escape closes it.

    ``AcquisitionDialog(place, exam_id, parent)``; it asks the server for the exam and for this computer's binding by
    itself. Closing while a recording runs asks first; what was recorded is never lost by closing.
    """

    acquired = Signal(object)
    """AcquiredTrace, once for each trace the operator keeps (重新采集 gives another); once more with its `trace_id`
    when it had to wait on the line and the server has it now."""
    _heard = Signal(object)

    def __init__(self, place: Workplace, exam_id: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._place, self._exam_id = place, exam_id
        self._is_open = True
        self._live_of: tuple[tuple[str, ...], float] | None = None
        self._next_sample = 0
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setProperty("look", "surface")
        self.setWindowTitle(tr("心电单机采集"))
        self.setWindowFlag(Qt.WindowType.WindowMaximizeButtonHint)
        self.resize(self._fitting(1120, 720))
        self._build()
        self._heard.connect(self._on_event, Qt.ConnectionType.QueuedConnection)
        line = line_of(place)
        self.presenter = AcquisitionPresenter(
            exam_id,
            place.connection,
            place.runner,
            place.messages,
            place.desk_settings,
            line,
            self._render,
            self._on_acquired,
            self._heard.emit,
        )
        line.sent.connect(self._on_sent)
        line.refused.connect(self._on_refused)
        line.status_changed.connect(self._on_status)
        place.on_notice(self._on_notice)
        self._clock = QTimer(self)
        self._clock.timeout.connect(self._on_tick)
        self._clock.start(_TICK_MS)
        self.presenter.open()

    # ── what is drawn ────────────────────────────────────────────────────────────────────────────────

    def _fitting(self, wide: int, high: int) -> QSize:
        parent = self.parentWidget()
        room = parent.window().size() if parent is not None else QSize(wide, high)
        return QSize(max(860, min(wide, room.width() - 32)), max(560, min(high, room.height() - 32)))

    def _build(self) -> None:
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        self.device_card = DeviceCard()
        outer.addWidget(self.device_card)
        outer.addWidget(hairline())
        self.banner = Banner()
        outer.addWidget(self.banner)
        middle = QHBoxLayout()
        middle.setContentsMargins(16, 12, 16, 12)
        middle.setSpacing(16)
        self.live = LiveTraces(self._place.desk_settings)
        self.live.hide()
        self.hint = EmptyState("voice", "", "")
        middle.addWidget(self.live, 1)
        middle.addWidget(self.hint, 1)
        self.quality = QualityPanel()
        middle.addWidget(self.quality)
        outer.addLayout(middle, 1)
        self.upload = UploadRow()
        outer.addWidget(self.upload)
        outer.addWidget(hairline())
        outer.addLayout(self._foot())
        self.start_button.setFocus()

    def _foot(self) -> QHBoxLayout:
        foot = QHBoxLayout()
        foot.setContentsMargins(16, 12, 16, 12)
        foot.setSpacing(8)
        self.import_button = Button("导入文件…", "quiet", "folder", on_click=self._choose_file)
        self.reason_label = Label("采用原因", "strong")
        self.reason = QLineEdit()
        self.reason.setMaxLength(120)
        self.reason.setMinimumWidth(220)
        self.reason.textChanged.connect(self._on_reason)
        self.use_button = Button("仍然采用", "", "check", on_click=self._use)
        self.again_button = Button("重新采集", "primary", "refresh", on_click=self._again)
        self.stop_button = Button("终止采集", "danger", "stop", on_click=self._ask_stop)
        self.start_button = Button("开始采集", "primary", "play", on_click=self._start)
        self.close_button = Button("关闭", "", on_click=self.close)
        foot.addWidget(self.import_button)
        foot.addStretch(1)
        for widget in (self.reason_label, self.reason, self.use_button, self.again_button):
            foot.addWidget(widget)
        for button in (self.stop_button, self.start_button, self.close_button):
            foot.addWidget(button)
        for button in self.findChildren(Button):
            button.setAutoDefault(False)
        return foot

    def _render(self, state: AcquisitionState) -> None:
        if not self._is_open:
            return
        self.device_card.show_state(state)
        self._show_banner(state)
        self._show_middle(state)
        self.quality.show_state(state)
        self.upload.show_state(state)
        review = state.phase is Phase.REVIEW and state.has_faults
        for widget in (self.reason_label, self.reason, self.use_button, self.again_button):
            widget.setVisible(review)
        self.reason.setPlaceholderText(tr("请写明原因，如：患者无法配合"))
        self._on_reason()
        self.stop_button.setVisible(state.can_stop)
        can_begin = state.phase in (Phase.READY, Phase.DONE, Phase.WAITING_LINE)
        self.start_button.setVisible(can_begin)
        self.start_button.setEnabled(state.can_start)
        self.start_button.set_source("开始采集" if state.phase is Phase.READY else "再次采集")
        self.start_button.setProperty("look", "primary" if state.phase is Phase.READY else "")
        self.start_button.style().polish(self.start_button)
        self.close_button.set_source("完成" if state.phase is Phase.DONE else "关闭")
        self.import_button.setEnabled(state.can_import)

    def _show_banner(self, state: AcquisitionState) -> None:
        if state.error:
            can_retry = state.phase in (Phase.RECORDING, Phase.UPLOADING)
            retry = self.presenter.retry if can_retry else None
            self.banner.show_message(state.error, Tone.DANGER, action="重试", on_action=retry)
        elif state.phase is Phase.WAITING_LINE:
            words = tr("线路中断：心电图已安全保存在本机，线路恢复后自动上传，患者可以离开。")
            self.banner.show_message(words, Tone.WARNING)
        elif state.is_offline:
            words = tr("服务器连接中断：仍可采集，心电图先保存在本机。")
            self.banner.show_message(words, Tone.WARNING, action="重试", on_action=self.presenter.refresh)
        elif state.phase is Phase.RECORDING and state.link_text:
            words = tr("与心电图机的连接中断（{why}），正在重新连接…", why=state.link_text)
            self.banner.show_message(words, Tone.WARNING)
        else:
            self.banner.hide()

    def _show_middle(self, state: AcquisitionState) -> None:
        has_traces = self._live_of is not None and state.phase is not Phase.LOADING
        self.live.setVisible(has_traces)
        self.hint.setVisible(not has_traces)
        if has_traces:
            self.live.set_lead_off(state.leads_off)
            self.live.set_words(tr("已记录 {seconds} 秒", seconds=int(state.seconds)))
            self.live.freeze(state.phase is not Phase.RECORDING)
            return
        glyph, title, words = _hint_of(state)
        self.hint.show_words(glyph, title, words)

    # ── what the operator does ───────────────────────────────────────────────────────────────────────

    def _start(self) -> None:
        self._forget_traces()
        self.presenter.start()

    def _again(self) -> None:
        self._forget_traces()
        self.reason.clear()
        self.presenter.record_again()

    def _use(self) -> None:
        self.presenter.use(self.reason.text())
        self.reason.clear()

    def _on_reason(self) -> None:
        self.use_button.setEnabled(bool(self.reason.text().strip()))

    def _ask_stop(self) -> None:
        task = self.presenter.state.task
        if self.presenter.state.device_state is DeviceState.OCCUPIED and task is not None:
            sentence = tr(
                "设备正为 {patient}（{exam}）采集。终止后该检查仍为待采集，需要时重新采集。",
                patient=task.patient_name,
                exam=task.accession_number,
            )
        else:
            sentence = tr("终止后本次采集的波形不保存，检查仍为待采集。")
        choices = [("stop", "终止采集", "danger"), ("stay", "返回", "")]
        Question(self, "终止采集", sentence, choices, self._on_stop_answer).open()

    def _on_stop_answer(self, answer: str) -> None:
        if answer == "stop" and self._is_open:
            self._forget_traces()
            self.presenter.stop()

    def _choose_file(self) -> None:
        chooser = QFileDialog(self, tr("导入心电图文件"))
        chooser.setFileMode(QFileDialog.FileMode.ExistingFile)
        chooser.fileSelected.connect(self.import_path)
        chooser.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        chooser.open()

    @Slot(str)
    def import_path(self, name: str) -> None:
        """Take a file of any format as this exam's recording, through the same quality gate."""
        path = Path(name)

        def beside() -> dict[str, bytes]:
            if path.suffix != ".hea":
                return {}
            return {each.name: each.read_bytes() for each in path.parent.glob(f"{path.stem}.*") if each != path}

        self._forget_traces()
        self.presenter.import_file(path.name, path.read_bytes, beside)

    # ── what comes in ────────────────────────────────────────────────────────────────────────────────

    @Slot(object)
    def _on_event(self, event: object) -> None:
        if not self._is_open:
            return
        if isinstance(event, Samples):
            self._draw(event)
        self.presenter.on_event(event)  # type: ignore[arg-type]  # the signal carries events only

    def _draw(self, samples: Samples) -> None:
        import numpy as np

        from shared.waveform.record import MISSING

        kind = (samples.leads, samples.sampling_hz)
        if self._live_of != kind or samples.first < self._next_sample:
            self._live_of = kind
            self.live.start(samples.leads, samples.sampling_hz)
            self._show_middle(self.presenter.state)
        self._next_sample = samples.first + samples.values.shape[1]
        gains = np.asarray(samples.gain_uv)[:, None]
        values = (samples.values - np.asarray(samples.baseline)[:, None]) * gains
        values[samples.values == MISSING] = np.nan
        self.live.push(values)

    def _forget_traces(self) -> None:
        if self._live_of is not None:
            self._live_of, self._next_sample = None, 0
            self.live.clear()

    @Slot(object)
    def _on_sent(self, sent: Sent) -> None:
        if self._is_open:
            self.presenter.on_sent(sent.key, sent.result)

    @Slot(str, str)
    def _on_refused(self, key: str, why: str) -> None:
        if self._is_open:
            self.presenter.on_refused(key, why)

    @Slot(object)
    def _on_status(self, status: LineStatus) -> None:
        if self._is_open:
            self.presenter.on_progress(status.sending, status.share, status.seconds_left, status.trouble)

    def _on_notice(self, notice: Notice) -> None:
        if self._is_open and isinstance(notice, Changed) and notice.entity in ("ecg_task", "ecg_device"):
            self.presenter.refresh()

    @Slot()
    def _on_tick(self) -> None:
        if self.presenter.state.phase in (Phase.READY, Phase.RECORDING):
            self.presenter.refresh()

    def _on_acquired(self, record: EcgRecord, trace_id: int | None, key: str, reason: str) -> None:
        self.acquired.emit(AcquiredTrace(self._exam_id, record, trace_id, key, reason))

    # ── closing ──────────────────────────────────────────────────────────────────────────────────────

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            return
        if event.key() == Qt.Key.Key_Escape:
            self.close()
            return
        super().keyPressEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        if self.presenter.state.phase in (Phase.RECORDING, Phase.CHECKING, Phase.REVIEW) and self._is_open:
            event.ignore()
            sentence = tr("采集还没有完成。关闭窗口后任务仍占用设备，可再次打开“采集”继续。")
            choices = [("stay", "返回", "primary"), ("stop", "终止采集", "danger"), ("leave", "关闭窗口", "")]
            Question(self, "关闭采集窗口？", sentence, choices, self._on_close_answer).open()
            return
        self._end()
        super().closeEvent(event)

    def _on_close_answer(self, answer: str) -> None:
        if not self._is_open or answer == "stay":
            return
        if answer == "stop":
            self.presenter.stop()
        self._end()
        self.close()

    def _end(self) -> None:
        if self._is_open:
            self._is_open = False
            self._clock.stop()
            self.presenter.close()


def _hint_of(state: AcquisitionState) -> tuple[str, str, str]:
    """Glyph, title and sentence where no trace is drawn; sources of translation."""
    if state.phase is Phase.LOADING:
        return "hourglass", "正在查询设备…", ""
    if state.phase is Phase.RECORDING:
        if state.device is not None and state.device.kind is AdapterKind.DICOM:
            return (
                "voice",
                "等待心电图机",
                "请在心电图机上选中该患者（DICOM 工作列表），记录后发送到服务器；到达后自动显示。",
            )
        return "voice", "等待心电图机", "请为患者接好电极，在心电图机上记录并发送；收到后自动检查质量。"
    if state.phase is Phase.CHECKING:
        return "hourglass", "正在检查心电图质量…", ""
    if state.phase in (Phase.UPLOADING, Phase.WAITING_LINE):
        return "upload", "正在上传", ""
    if state.phase is Phase.DONE:
        return "check_circle", "采集成功", "关闭窗口后可编辑报告；需要时可再次采集，先前的波形会保留。"
    if state.phase is Phase.REVIEW:
        return "alert", "心电图质量有问题", "患者离开之前，请按右侧提示处理后重新采集。"
    if state.device_state is DeviceState.UNBOUND:
        return (
            "help",
            "本机没有绑定心电图机",
            "请管理员在“设备管理”中登记心电图机，并把它绑定到本工作站；也可以用“导入文件”上传心电图文件。",
        )
    if state.device_state is DeviceState.OCCUPIED:
        return "lock", "设备被占用", "设备上还有未完成的采集任务。可以等它完成，或按“终止采集”结束它。"
    if not state.can_start:
        return "alert", "现在不能采集", ""
    return "play", "可以开始采集", "核对患者后按“开始采集”，再操作心电图机。"
