"""How useful the alarms are: a bar for each kind, cut by what became of its alarms, and the reasons."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from clients.administration.checker.presenter import SPANS, UsePresenter, UseState
from clients.administration.checker.words import KINDS, REASONS
from clients.kit.choosing import Option, SegmentedControl
from clients.kit.labels import IconButton, Label, ValueLabel
from clients.kit.messages import message_for
from clients.kit.panels import Banner, EmptyState, scrolling
from clients.kit.shell import Workplace
from clients.kit.theme import current_theme
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from shared.contract.checking import KindUse

_PARTS: tuple[tuple[str, str, Tone], ...] = (
    ("corrected", "已修改", Tone.SUCCESS),
    ("dismissed", "已忽略", Tone.WARNING),
    ("overruled", "带提示提交", Tone.DANGER),
    ("still_open", "书写中", Tone.NEUTRAL),
)
_ROW, _NAME, _NUMBERS, _GAP = 34, 150, 190, 12


class UseChart(QWidget):
    """Stacked bars; the numbers stand beside them, so that no colour has to be read."""

    def __init__(self) -> None:
        super().__init__()
        self._kinds: tuple[KindUse, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_kinds(self, kinds: tuple[KindUse, ...]) -> None:
        """Show these, most frequent first."""
        self._kinds = tuple(sorted((one for one in kinds if one.shown), key=lambda one: -one.shown))
        self.setAccessibleDescription("；".join(_line(one) for one in self._kinds))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(640, max(1, len(self._kinds)) * _ROW)

    def minimumSizeHint(self) -> QSize:
        return QSize(420, max(1, len(self._kinds)) * _ROW)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        theme = current_theme()
        painter.setFont(theme.font())
        metrics = QFontMetricsF(painter.font())
        most = max((one.shown for one in self._kinds), default=1)
        room = max(60.0, self.width() - _NAME - _NUMBERS - 2 * _GAP)
        for place, one in enumerate(self._kinds):
            top = place * _ROW
            painter.setPen(QColor(theme.colours.text))
            painter.drawText(QRectF(0, top, _NAME, _ROW), Qt.AlignmentFlag.AlignVCenter, tr(KINDS[one.kind]))
            left = _NAME + _GAP
            for key, _words, tone in _PARTS:
                width = room * getattr(one, key) / most
                if width > 0:
                    painter.fillRect(
                        QRectF(left, top + 9, max(2.0, width - 1), _ROW - 18), QColor(theme.tone(tone).text)
                    )
                    left += width
            painter.setPen(QColor(theme.colours.text))
            numbers = metrics.elidedText(_numbers(one), Qt.TextElideMode.ElideRight, _NUMBERS)
            painter.drawText(
                QRectF(self.width() - _NUMBERS, top, _NUMBERS, _ROW), Qt.AlignmentFlag.AlignVCenter, numbers
            )
        painter.end()


class UsePage(QWidget):
    """提示效用."""

    def __init__(self, place: Workplace) -> None:
        super().__init__()
        self.presenter = UsePresenter(place.connection, place.runner, place.messages)
        self.setProperty("look", "surface")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        self._banner = Banner()
        outer.addWidget(self._banner)
        content = QWidget()
        box = QVBoxLayout(content)
        box.setContentsMargins(24, 16, 24, 24)
        box.setSpacing(14)
        head = QHBoxLayout()
        head.addWidget(Label("提示的去向", "headline"))
        self._total = ValueLabel("", "quiet")
        head.addWidget(self._total)
        head.addStretch(1)
        self.spans = SegmentedControl([Option(str(days), words) for days, words in SPANS], "30")
        self.spans.chosen.connect(self._on_span)
        head.addWidget(self.spans)
        head.addWidget(IconButton("refresh", "刷新", on_click=self.presenter.refresh))
        box.addLayout(head)
        legend = QHBoxLayout()
        legend.setSpacing(16)
        for _key, words, tone in _PARTS:
            legend.addWidget(_Swatch(tone))
            legend.addWidget(Label(words, "quiet"))
        legend.addStretch(1)
        self._legend = QWidget()
        self._legend.setLayout(legend)
        box.addWidget(self._legend)
        self.chart = UseChart()
        box.addWidget(self.chart)
        self._reasons_title = Label("忽略理由", "strong")
        box.addWidget(self._reasons_title)
        self.reasons = ValueLabel("", wrap=True)
        box.addWidget(self.reasons)
        self.notes = ValueLabel("", "quiet", wrap=True)
        box.addWidget(self.notes)
        self.empty = EmptyState("check_circle", "这段时间没有提示", "医生书写报告时，提示会在这里计数。")
        box.addWidget(self.empty)
        box.addStretch(1)
        outer.addWidget(scrolling(content), 1)
        self.presenter.show_to(self.show_state)

    def show_state(self, state: UseState) -> None:
        """Show the figures."""
        if state.error is None:
            self._banner.hide()
        else:
            said = message_for(state.error).text
            self._banner.show_message(said, Tone.DANGER, action="重试", on_action=self.presenter.refresh)
        self._total.set_text(tr("共 {count} 次提示", count=state.shown) if state.shown else "")
        self.chart.set_kinds(state.kinds)
        reasons = state.reasons
        self.reasons.set_text("　".join(f"{tr(REASONS.get(key, key))} {count}" for key, count in reasons.items()))
        notes = [f"{tr(KINDS[one.kind])}：{note}" for one in state.kinds for note in one.notes]
        self.notes.set_text("\n".join(notes[:12]))
        self._reasons_title.setVisible(bool(reasons))
        for widget in (self._legend, self.chart):
            widget.setVisible(bool(state.shown))
        self.empty.setVisible(not state.shown and state.generation > 0)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.presenter.refresh()

    def _on_span(self, days: str) -> None:
        self.presenter.choose(int(days))


class _Swatch(QWidget):
    def __init__(self, tone: Tone) -> None:
        super().__init__()
        self._tone = tone
        self.setFixedSize(12, 12)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(current_theme().tone(self._tone).text))
        painter.end()


def _numbers(one: KindUse) -> str:
    settled = one.corrected + one.dismissed + one.overruled
    share = f" · {tr('修改率 {share}%', share=round(100 * one.corrected / settled))}" if settled else ""
    return tr("{count} 次", count=one.shown) + share


def _line(one: KindUse) -> str:
    return f"{tr(KINDS[one.kind])} {_numbers(one)}"
