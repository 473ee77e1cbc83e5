"""What speaks against the time that was chosen, in the form: the patient's other exams, intervals, missed ones."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout

from clients.kit.labels import Glyph, Label, ValueLabel
from clients.kit.tokens import Tone
from clients.kit.translations import Language, language, tr
from clients.registration.measures import short_time
from shared.contract.scheduling import BookingWarning, WarningKind


def warning_words(warning: BookingWarning) -> str:
    """A warning in the language of the moment; in Chinese it is the server's own sentence."""
    if language() is Language.CHINESE:
        return warning.sentence
    when = short_time(warning.planned_at) if warning.planned_at is not None else ""
    exam = f"{warning.exam_type} {warning.items}"
    match warning.kind:
        case WarningKind.SAME_TIME:
            return tr("该患者 {when} 另有检查 {exam}，时间重叠。", when=when, exam=exam)
        case WarningKind.INTERVAL:
            return tr("与 {when} 的 {exam} 应间隔至少 {hours} 小时。", when=when, exam=exam, hours=warning.hours)
        case WarningKind.NO_SHOWS:
            return tr("该患者近一年爽约 {count} 次。", count=warning.count)


class WarningCard(QFrame):
    """Calm lines under the request; hidden while nothing speaks against the time. It never forbids."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("look", "card")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 8, 12, 8)
        layout.setSpacing(4)
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(Glyph("alert", 16, Tone.WARNING))
        head.addWidget(Label("请留意预约时间", "strong"))
        head.addStretch(1)
        layout.addLayout(head)
        self._lines = QVBoxLayout()
        self._lines.setSpacing(2)
        layout.addLayout(self._lines)
        self._shown: tuple[str, ...] = ()
        self.hide()

    @property
    def sentences(self) -> tuple[str, ...]:
        """What the card says."""
        return self._shown

    def show_warnings(self, warnings: Sequence[BookingWarning]) -> None:
        """Show these warnings; the same ones again change nothing."""
        wanted = tuple(warning_words(warning) for warning in warnings)
        if wanted == self._shown:
            return
        self._shown = wanted
        while self._lines.count():
            line = self._lines.takeAt(0)
            widget = line.widget() if line is not None else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for sentence in wanted:
            label = ValueLabel(sentence)
            label.setWordWrap(True)
            self._lines.addWidget(label)
        self.setVisible(bool(wanted))
