"""The nine buttons that filter the list by state: glyph on its colour, and how many cases there are (PA-CLR-01)."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QSizePolicy, QWidget

from clients.kit.badges import paint_stamp
from clients.kit.theme import current_theme, is_look_change
from clients.kit.translations import tr
from clients.pathology.shell.looks import case_look
from shared.domain.pathology import STATE_BUTTONS, CaseState


class StateFilter(QWidget):
    """登 材 制 初 主 复 审 印 发: several may be pressed together; none pressed means every state."""

    toggled = Signal(object)
    """the CaseState whose button was pressed."""

    def __init__(self) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2)
        self.buttons: dict[CaseState, _StateButton] = {}
        for state in STATE_BUTTONS:
            button = _StateButton(state)
            button.clicked.connect(_Toggled(self, state))
            self.buttons[state] = button
            row.addWidget(button, 1)

    def show_state(self, pressed: tuple[CaseState, ...], counts: Mapping[CaseState, int]) -> None:
        """Show which are pressed, and their counts."""
        for state, button in self.buttons.items():
            button.set_state(state in pressed, counts.get(state))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            self.focusNextPrevChild(event.key() == Qt.Key.Key_Right)
            return
        super().keyPressEvent(event)


class _Toggled:
    def __init__(self, filter: StateFilter, state: CaseState) -> None:
        self._filter, self._state = filter, state

    def __call__(self, _checked: bool = False) -> None:
        self._filter.toggled.emit(self._state)


class _StateButton(QAbstractButton):
    def __init__(self, state: CaseState) -> None:
        super().__init__()
        self._state = state
        self._count: int | None = None
        self.setCheckable(True)
        self.setObjectName(f"state.{state}")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._name()

    def set_state(self, pressed: bool, count: int | None) -> None:
        self.setChecked(pressed)
        self._count = count
        self._name()
        self.update()

    def sizeHint(self) -> QSize:
        metrics = current_theme().metrics
        return QSize(metrics.caption + 18, metrics.caption * 2 + 20)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme = current_theme()
        colours = theme.colours
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            box = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
            edge = colours.focus if self.hasFocus() else colours.accent if self.isChecked() else colours.hairline
            ground = colours.selected if self.isChecked() else colours.hover if self.underMouse() else colours.surface
            painter.setPen(QColor(edge))
            painter.setBrush(QColor(ground))
            painter.drawRoundedRect(box, theme.metrics.radius, theme.metrics.radius)
            side = theme.metrics.caption + 8
            stamp = QRectF((self.width() - side) / 2, 4, side, side)
            paint_stamp(painter, stamp, case_look(self._state))
            painter.setFont(theme.font("caption", bold=self.isChecked()))
            painter.setPen(QColor(colours.accent if self.isChecked() else colours.text_quiet))
            words = QRectF(0, stamp.bottom() + 1, self.width(), self.height() - stamp.bottom() - 2)
            painter.drawText(words, Qt.AlignmentFlag.AlignCenter, _short(self._count))

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange or is_look_change(event):
            self._name()
            self.updateGeometry()
            self.update()
        super().changeEvent(event)

    def _name(self) -> None:
        look = case_look(self._state)
        words = f"{look.mark} {tr(look.text)}"
        self.setToolTip(words if self._count is None else f"{words}  {self._count}")
        self.setAccessibleName(self.toolTip())


def _short(count: int | None) -> str:
    if count is None:
        return "–"
    return str(count) if count < 10_000 else f"{count // 1000}k"
