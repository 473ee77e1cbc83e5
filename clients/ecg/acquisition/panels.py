"""Parts of the acquisition dialog: the device with its state, the quality gate's sentences, the upload."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from clients.ecg.acquisition.ports import LinkState
from clients.ecg.acquisition.state import AcquisitionState, Phase
from clients.ecg.looks import DEVICE_LOOKS
from clients.kit.badges import StateBadge
from clients.kit.labels import Glyph, Label, ValueLabel
from clients.kit.panels import scrolling
from clients.kit.tokens import Tone
from clients.kit.translations import Language, language, tr
from shared.domain.ecg import ADAPTER_KINDS, DeviceState

_LINKS = {
    LinkState.CLOSED: "",
    LinkState.WAITING: "已连接，等待数据",
    LinkState.RECEIVING: "正在接收",
    LinkState.BROKEN: "连接中断",
}


class DeviceCard(QWidget):
    """设备信息 and 设备状态, and whose exam it is."""

    def __init__(self) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 12, 16, 12)
        row.setSpacing(16)
        row.addWidget(Glyph("voice", 32, Tone.INFO))
        left = QVBoxLayout()
        left.setSpacing(2)
        self.name = ValueLabel("", "title")
        self.about = ValueLabel("", "caption")
        left.addWidget(self.name)
        left.addWidget(self.about)
        row.addLayout(left, 3)
        right = QVBoxLayout()
        right.setSpacing(2)
        self.patient = ValueLabel("", "strong")
        self.exam = ValueLabel("", "caption")
        right.addWidget(self.patient)
        right.addWidget(self.exam)
        row.addLayout(right, 2)
        state = QVBoxLayout()
        state.setSpacing(4)
        self.badge = StateBadge(DEVICE_LOOKS[DeviceState.IDLE])
        self.link = Label("", "caption")
        self.link.setAlignment(Qt.AlignmentFlag.AlignRight)
        state.addWidget(self.badge, 0, Qt.AlignmentFlag.AlignRight)
        state.addWidget(self.link)
        row.addLayout(state)

    def show_state(self, state: AcquisitionState) -> None:
        """Show device, patient and state."""
        device = state.device
        if device is None:
            self.name.set_text(tr("未绑定心电图机") if state.phase is not Phase.LOADING else "")
            self.about.set_text(tr("本工作站：{station}", station=state.station) if state.station else "")
        else:
            word = ADAPTER_KINDS[device.kind]
            kind = word.en if language() is Language.ENGLISH else word.zh
            self.name.set_text(device.name)
            facts = (f"{device.manufacturer} {device.model}".strip(), device.serial, f"{kind} {device.address}".strip())
            self.about.set_text("  ·  ".join(fact for fact in facts if fact))
        self.patient.set_text(state.patient)
        self.exam.set_text(state.exam)
        self.badge.set_look(DEVICE_LOOKS[state.shown_state])
        self.badge.setVisible(state.phase is not Phase.LOADING)
        self.link.set_source(_LINKS[state.link] if state.phase is Phase.RECORDING else "")


class QualityPanel(QFrame):
    """What the quality gate says, live and at the end: what is wrong and what to do before the patient leaves."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("look", "card")
        self.setFixedWidth(300)
        box = QVBoxLayout(self)
        box.setContentsMargins(12, 12, 12, 12)
        box.setSpacing(8)
        head = QHBoxLayout()
        self._glyph = Glyph("help", 18)
        self.verdict = Label("", "strong", wrap=True)
        head.addWidget(self._glyph)
        head.addWidget(self.verdict, 1)
        box.addLayout(head)
        self._list = QWidget()
        self._rows = QVBoxLayout(self._list)
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._rows.setSpacing(10)
        self._rows.addStretch(1)
        box.addWidget(scrolling(self._list), 1)
        self._shown: object = None

    def show_state(self, state: AcquisitionState) -> None:
        """Show the verdict and its sentences."""
        glyph, tone, words = _verdict_of(state)
        self._glyph.set_glyph(glyph, tone)
        self.verdict.set_source(words)
        english = language() is Language.ENGLISH
        holding = _holding_of(state)
        now = (state.findings, english, holding)
        if now == self._shown:
            return
        self._shown = now
        while self._rows.count() > 1:
            item = self._rows.takeAt(0)
            if item is not None and (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        lines = [(finding.is_fault, finding.en if english else finding.zh) for finding in state.findings]
        lines += [(False, sentence) for sentence in holding]
        for place, (is_fault, sentence) in enumerate(lines):
            self._rows.insertWidget(place, _line(is_fault, sentence))


def _line(is_fault: bool, sentence: str) -> QWidget:
    row = QWidget()
    box = QHBoxLayout(row)
    box.setContentsMargins(0, 0, 0, 0)
    box.setSpacing(8)
    glyph = Glyph("cross_circle" if is_fault else "alert", 16, Tone.DANGER if is_fault else Tone.WARNING)
    words = ValueLabel(sentence[:1].upper() + sentence[1:], wrap=True)
    box.addWidget(glyph, 0, Qt.AlignmentFlag.AlignTop)
    box.addWidget(words, 1)
    return row


def _holding_of(state: AcquisitionState) -> tuple[str, ...]:
    """Who occupies the device, where somebody does (ECG-SM-ACQ-05), and why nothing can be started."""
    lines = []
    task = state.task
    if state.phase is Phase.READY and state.device_state is DeviceState.OCCUPIED and task is not None:
        started = task.started_at.astimezone().strftime("%H:%M")
        words = tr(
            "{patient}（{exam}），{who} 于 {time} 在 {station} 开始",
            patient=task.patient_name,
            exam=task.accession_number,
            who=task.started_by,
            time=started,
            station=task.station,
        )
        lines.append(words)
    elif state.phase is Phase.READY and state.sentence:
        lines.append(state.sentence)
    return tuple(lines)


def _verdict_of(state: AcquisitionState) -> tuple[str, Tone, str]:
    if state.phase is Phase.CHECKING:
        return "hourglass", Tone.INFO, "正在检查质量…"
    if state.phase is Phase.READY and state.device_state is DeviceState.OCCUPIED:
        return "lock", Tone.WARNING, "设备上未完成的任务"
    if not state.gate_ran:
        return "help", Tone.NEUTRAL, "质量检查：等待波形"
    if state.has_faults:
        return "cross_circle", Tone.DANGER, "质量不合格"
    if state.findings:
        return "alert", Tone.WARNING, "质量合格，请留意"
    return "check_circle", Tone.SUCCESS, "质量合格"


class UploadRow(QWidget):
    """How far the upload is."""

    def __init__(self) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 0, 16, 12)
        row.setSpacing(12)
        self.words = Label("")
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setRange(0, 1000)
        row.addWidget(self.words)
        row.addWidget(self._bar, 1)

    def show_state(self, state: AcquisitionState) -> None:
        """Show the row while something is on its way."""
        self.setVisible(state.phase in (Phase.UPLOADING, Phase.DONE))
        self._bar.setValue(round(1000 * state.share))
        if state.phase is Phase.DONE:
            self.words.set_source("采集成功，服务器已保存")
        elif state.seconds_left is not None and state.seconds_left >= 3:
            self.words.set_source("正在上传，约剩 {seconds} 秒", seconds=round(state.seconds_left))
        else:
            self.words.set_source("正在上传…")
