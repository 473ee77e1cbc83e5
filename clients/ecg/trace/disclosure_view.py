"""The overview of a long record: tachogram above, minute by minute below (full disclosure)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtGui import QKeyEvent, QWheelEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QPushButton, QScrollBar, QVBoxLayout, QWidget

from clients.ecg.trace.disclosure_rows import DisclosureRows, Tachogram
from clients.ecg.trace.pyramid import Pyramid, build
from clients.ecg.trace.rhythm import rhythm_of
from clients.kit.incidents import record_incident
from clients.kit.running import Progress
from clients.kit.translations import tr
from shared.waveform.beats import BeatClass

if TYPE_CHECKING:
    from clients.kit.running import TaskRunner
    from shared.waveform.measuring import Analysis
    from shared.waveform.record import EcgRecord

ROW_SECONDS = (10, 30, 60, 120, 300)
CLASS_WORDS = {
    BeatClass.NORMAL: "正常",
    BeatClass.SUPRAVENTRICULAR: "室上性早搏",
    BeatClass.VENTRICULAR: "室性",
    BeatClass.PACED: "起搏",
}
_FIRST_LEADS = ("II", "MLII", "V5", "V1")


class DisclosureView(QWidget):
    """Rows of time of one lead; wheel and keys scroll, a double click goes to that second."""

    second_chosen = Signal(float)

    def __init__(self, runner: TaskRunner, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._runner, self._key = runner, f"disclosure-{id(self)}"
        self._record: EcgRecord | None = None
        self._closed = False
        self.rows, self.tachogram = DisclosureRows(), Tachogram()
        self.lead, self.length, self.kind = QComboBox(), QComboBox(), QComboBox()
        self.back, self.forward, self.close_button = QPushButton("‹"), QPushButton("›"), QPushButton()
        self.told = QLabel()
        self.bar = QScrollBar()
        head = QHBoxLayout()
        head.setContentsMargins(8, 4, 8, 4)
        for part in (self.lead, self.length, self.back, self.kind, self.forward):
            head.addWidget(part)
        self.back.setFixedWidth(32)
        self.forward.setFixedWidth(32)
        head.addSpacing(8)
        head.addWidget(self.told, 1)
        head.addWidget(self.close_button)
        body = QHBoxLayout()
        body.setSpacing(0)
        body.addWidget(self.rows, 1)
        body.addWidget(self.bar)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(self.tachogram)
        column.addLayout(body, 1)
        self.setFocusProxy(self.rows)
        self.retranslate()
        self.length.setCurrentIndex(ROW_SECONDS.index(60))
        self.lead.activated.connect(self._lead_chosen)
        self.length.activated.connect(self._length_chosen)
        self.back.clicked.connect(self._to_last)
        self.forward.clicked.connect(self._to_next)
        self.close_button.clicked.connect(self._close)
        self.bar.valueChanged.connect(self._scrolled)
        self.rows.second_chosen.connect(self.second_chosen)
        self.rows.resized.connect(self._lay_bar)
        self.rows.scroll_wanted.connect(self._scroll)
        self.tachogram.second_chosen.connect(self.show_second)

    def set_record(self, record: EcgRecord | None, analysis: Analysis | None) -> None:
        """Another record; its pyramid is built by a worker."""
        self._record = record
        self.lead.clear()
        if record is not None:
            self.lead.addItems(list(record.leads))
            first = next((lead for lead in _FIRST_LEADS if lead in record.leads), record.leads[0])
            self.lead.setCurrentText(first)
            self._length_fit(record.seconds)
        self.rows.show_record(record, self._row_seconds())
        self.tachogram.seconds = record.seconds if record is not None else 0.0
        self.set_analysis(analysis)
        self._build()

    def set_analysis(self, analysis: Analysis | None) -> None:
        """Other beats."""
        rhythm = rhythm_of(analysis.delineation.beats) if analysis is not None else None
        self.rows.rhythm = rhythm
        self.rows.forget()
        self.tachogram.show_rhythm(rhythm)
        self._retell()

    def show_second(self, seconds: float) -> None:
        """Scroll so that this second is in the upper third, and mark it."""
        self.rows.marked_s = seconds
        row = int(seconds // self._row_seconds())
        self.bar.setValue(max(0, row - self.rows.visible_rows() // 3))
        self.rows.update()

    def close_view(self) -> None:
        """Late answers are dropped."""
        self._closed = True
        self._runner.cancel(self._key)

    # --- inside

    def _build(self) -> None:
        record, lead = self._record, self.lead.currentText()
        self.rows.pyramid = None
        self.rows.forget()
        if record is None or not lead:
            return

        def work(progress: Progress) -> Pyramid:
            return build(record, lead, progress.report)

        self._runner.run_long(work, self._built, self._failed, key=self._key)

    def _built(self, pyramid: Pyramid) -> None:
        if not self._closed:
            self.rows.pyramid = pyramid
            self.rows.forget()
            self._lay_bar()

    def _failed(self, error: Exception) -> None:
        record_incident(error)
        self.told.setText(tr("无法读取波形，请重新打开记录"))

    def _row_seconds(self) -> int:
        return ROW_SECONDS[max(self.length.currentIndex(), 0)]

    def _length_fit(self, seconds: float) -> None:
        best = next((each for each in ROW_SECONDS if seconds / each <= 24 * 60), ROW_SECONDS[-1])
        self.length.setCurrentIndex(ROW_SECONDS.index(best if seconds > 1800 else 10 if seconds < 300 else 30))

    def _lead_chosen(self, _index: int) -> None:
        self._build()

    def _length_chosen(self, _index: int) -> None:
        second = self.rows.first_row * self.rows.row_seconds
        self.rows.show_record(self._record, self._row_seconds())
        self._lay_bar()
        self.show_second(second)

    def _lay_bar(self) -> None:
        visible = self.rows.visible_rows()
        self.bar.setPageStep(visible)
        self.bar.setRange(0, max(0, self.rows.row_count() - visible))
        self._scrolled(self.bar.value())

    def _scrolled(self, row: int) -> None:
        self.rows.first_row = row
        self.rows.update()
        length = self.rows.row_seconds
        self.tachogram.shown = (row * length, (row + self.rows.visible_rows()) * length)
        self.tachogram.update()

    def _scroll(self, rows: int) -> None:
        self.bar.setValue(self.bar.value() + rows)

    def _to_next(self) -> None:
        self._to(True)

    def _to_last(self) -> None:
        self._to(False)

    def _to(self, forward: bool) -> None:
        rhythm = self.rows.rhythm
        if rhythm is None:
            return
        here = self.rows.marked_s
        if here is None:
            here = self.rows.first_row * self.rows.row_seconds - (1.0 if forward else 0.0)
        found = rhythm.next_of(list(BeatClass)[self.kind.currentIndex()], here, forward)
        if found is None:
            self.told.setText(tr("没有更多这一类心搏"))
        else:
            self.show_second(found)
            self._retell()

    def _close(self) -> None:
        marked = self.rows.marked_s
        self.second_chosen.emit(marked if marked is not None else self.rows.first_row * self.rows.row_seconds)

    def _retell(self) -> None:
        rhythm = self.rows.rhythm
        if rhythm is None or not rhythm.seconds.size:
            self.told.setText("")
            return
        parts = [f"{tr(CLASS_WORDS[kind])} {rhythm.count(kind)}" for kind in BeatClass if rhythm.count(kind)]
        self.told.setText("　".join(parts))

    def retranslate(self) -> None:
        """The words again, after the language changed."""
        chosen_length, chosen_kind = self.length.currentIndex(), self.kind.currentIndex()
        self.length.clear()
        self.length.addItems([tr("每行 {n} 秒", n=each) for each in ROW_SECONDS])
        self.length.setCurrentIndex(max(chosen_length, 0))
        self.kind.clear()
        self.kind.addItems([tr(CLASS_WORDS[kind]) for kind in BeatClass])
        self.kind.setCurrentIndex(chosen_kind if chosen_kind >= 0 else list(BeatClass).index(BeatClass.VENTRICULAR))
        self.lead.setToolTip(tr("显示的导联"))
        self.length.setToolTip(tr("一行显示的时间"))
        self.kind.setToolTip(tr("按心搏类别查找"))
        self.back.setToolTip(tr("上一个这类心搏（Shift+N）"))
        self.forward.setToolTip(tr("下一个这类心搏（N）"))
        self.close_button.setText(tr("返回波形"))
        self._retell()

    def wheelEvent(self, event: QWheelEvent) -> None:
        self._scroll(round(-event.angleDelta().y() / 120.0 * 3))
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        from PySide6.QtCore import Qt

        page = max(1, self.rows.visible_rows() - 1)
        steps = {
            Qt.Key.Key_Up: -1,
            Qt.Key.Key_Down: 1,
            Qt.Key.Key_PageUp: -page,
            Qt.Key.Key_PageDown: page,
            Qt.Key.Key_Home: -self.bar.maximum(),
            Qt.Key.Key_End: self.bar.maximum(),
        }
        key = Qt.Key(event.key())
        if key in steps:
            self._scroll(steps[key])
        elif key == Qt.Key.Key_N:
            self._to(not event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        elif key == Qt.Key.Key_Escape:
            self._close()
        else:
            super().keyPressEvent(event)
