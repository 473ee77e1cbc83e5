"""心电参数区: values with marks, limits, the machine's value beside a changed one, confidence; the formula of QTc."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QFontMetrics, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QMenu,
    QSizePolicy,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from clients.ecg.reading.parameters import Line, shown
from clients.kit.labels import Button, Label
from clients.kit.theme import current_theme, is_look_change
from clients.kit.tokens import Tone
from clients.kit.translations import Language, language, tr
from shared.domain.ecg_reports import PARAMETERS, Parameter, QtcFormula
from shared.waveform.normal_limits import UNCHECKED

NAME, VALUE, RANGE, MACHINE, SURE = range(5)
_HEADS = ("参数", "数值", "参考范围", "机测", "")
_WIDTHS = (74, 70, 58, 32, 18)
_SURE, _FAIR = 0.8, 0.5
Index = QModelIndex | QPersistentModelIndex


def name_of(name: Parameter) -> str:
    """What a parameter is called in the language of the moment."""
    word = PARAMETERS[name]
    return word.en if language() is Language.ENGLISH else word.zh


class _Model(QAbstractTableModel):
    """The lines of the area."""

    def __init__(self, area: ParameterArea) -> None:
        super().__init__(area)
        self._area = area
        self.lines: tuple[Line, ...] = ()
        self.problems: Mapping[str, str] = {}
        self.is_editable = False

    def show_lines(self, lines: Sequence[Line], problems: Mapping[str, str], *, editable: bool) -> None:
        if len(lines) != len(self.lines):
            self.beginResetModel()
            self.lines, self.problems, self.is_editable = tuple(lines), problems, editable
            self.endResetModel()
            return
        self.lines, self.problems, self.is_editable = tuple(lines), problems, editable
        if self.lines:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self.lines) - 1, SURE))

    def rowCount(self, _parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        return len(self.lines)

    def columnCount(self, _parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        return len(_HEADS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return tr(_HEADS[section]) if _HEADS[section] else ""
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.TextAlignmentRole and section == NAME:
            return Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        found = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        return found | Qt.ItemFlag.ItemIsEditable if self.is_editable and index.column() == VALUE else found

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        line = self.lines[index.row()]
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleDescriptionRole):
            return self.tip(line)
        if role == Qt.ItemDataRole.EditRole:
            return shown(line.name, line.value)
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        if index.column() == NAME:
            return name_of(line.name)
        if index.column() == VALUE:
            return tr("无 P 波") if line.no_p else shown(line.name, line.value) or "–"
        if index.column() == RANGE:
            return line.limits.words(PARAMETERS[line.name].decimals) if line.limits is not None else ""
        if index.column() == MACHINE:
            return shown(line.name, line.machine) if line.machine is not None else "–"
        return "" if line.confidence is None else f"{line.confidence:.0%}"

    def setData(self, index: Index, value: Any, _role: int = Qt.ItemDataRole.EditRole) -> bool:
        self._area.edited.emit(self.lines[index.row()].name, str(value))
        return True

    def tip(self, line: Line) -> str:
        """Everything about a value in words."""
        word = PARAMETERS[line.name]
        said = [name_of(line.name)]
        if line.no_p:
            said.append(tr("未见 P 波：心搏之前没有规律出现的 P 波"))
        if line.limits is not None:
            limits = line.limits.words(word.decimals)
            said.append(
                tr("参考范围 {limits} {unit}（{source}）", limits=limits, unit=word.unit, source=line.limits.source)
                + (tr("，数值尚未与原文核对") if line.limits.source in UNCHECKED else "")
            )
        if line.confidence is not None:
            said.append(tr("机测可信度 {percent}", percent=f"{line.confidence:.0%}"))
        if line.is_changed:
            machine = shown(line.name, line.machine) or "–"
            said.append(tr("医生已修改，机测值 {machine}；右键恢复机测值", machine=machine))
        if line.name.value in self.problems:
            said.append(self.problems[line.name.value])
        return "\n".join(said)


class _Painter(QStyledItemDelegate):
    """Draws a cell and opens a small editor in it."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        model = index.model()
        assert isinstance(model, _Model)
        line, theme = model.lines[index.row()], current_theme()
        area: QRect = option.rect
        wrong = line.name.value in model.problems
        if wrong:
            painter.fillRect(area, QColor(theme.tone(Tone.DANGER).ground))
        elif index.row() % 2:
            painter.fillRect(area, QColor(theme.colours.window))
        if index.column() == VALUE and option.state & option.state.State_Selected:
            painter.fillRect(area, QColor(theme.colours.selected))
        text = str(model.data(index) or "")
        quiet = index.column() in (RANGE, MACHINE)
        colour = theme.colours.text_quiet if quiet else theme.colours.text
        painter.setFont(theme.font("caption"))
        if index.column() == VALUE:
            self._paint_value(painter, area, line, text)
        elif index.column() == SURE:
            _paint_confidence(painter, area, line.confidence)
        elif index.column() != MACHINE or line.is_changed:
            painter.setPen(QColor(colour))
            left = Qt.AlignmentFlag.AlignLeft if index.column() == NAME else Qt.AlignmentFlag.AlignRight
            room = area.adjusted(4 if index.column() == NAME else 1, 0, -2, 0)
            words = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, room.width())
            painter.drawText(room, left | Qt.AlignmentFlag.AlignVCenter, words)

    def _paint_value(self, painter: QPainter, area: QRect, line: Line, text: str) -> None:
        """The number at the right, its unit and mark after it; changed ones bold with a pencil stroke below."""
        theme = current_theme()
        mark_width, unit_width = 12, 25
        out = bool(line.mark)
        colour = theme.tone(Tone.DANGER).text if out else theme.colours.text
        if line.is_changed:
            painter.fillRect(QRect(area.left(), area.top() + 2, 3, area.height() - 4), QColor(theme.colours.accent))
        number = area.adjusted(3, 0, -(mark_width + unit_width), 0)
        if line.no_p:
            painter.setPen(QColor(theme.tone(Tone.WARNING).text))
            painter.drawText(
                area.adjusted(6, 0, -2, 0), Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text
            )
            return
        painter.setFont(theme.font("caption", bold=line.is_changed or out))
        painter.setPen(QColor(colour))
        painter.drawText(number, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text)
        mark = QRect(area.right() - mark_width - unit_width + 1, area.top(), mark_width, area.height())
        painter.drawText(mark, Qt.AlignmentFlag.AlignCenter, line.mark)
        painter.setFont(theme.font("caption"))
        painter.setPen(QColor(theme.colours.text_quiet))
        unit = QRect(area.right() - unit_width + 1, area.top(), unit_width, area.height())
        unit_word = PARAMETERS[line.name].unit
        painter.drawText(unit, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, unit_word)

    def createEditor(self, parent: QWidget, _option: QStyleOptionViewItem, _index: Index) -> QWidget:
        editor = QLineEdit(parent)
        editor.setAlignment(Qt.AlignmentFlag.AlignRight)
        editor.setStyleSheet("min-height: 0; max-height: 100px; padding: 0 2px; border-radius: 0;")
        return editor

    def updateEditorGeometry(self, editor: QWidget, option: QStyleOptionViewItem, _index: Index) -> None:
        editor.setGeometry(option.rect)

    def sizeHint(self, _option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(_WIDTHS[index.column()], 20)


def _paint_confidence(painter: QPainter, area: QRect, confidence: float | None) -> None:
    """Three bars like those of a telephone: how sure the machine is."""
    if confidence is None:
        return
    theme = current_theme()
    bars = 3 if confidence >= _SURE else 2 if confidence >= _FAIR else 1
    tone = Tone.SUCCESS if bars == 3 else Tone.WARNING if bars == 2 else Tone.DANGER
    bottom = area.center().y() + 5
    for bar in range(3):
        high = 4 + 3 * bar
        colour = theme.tone(tone).text if bar < bars else theme.colours.hairline
        painter.fillRect(QRect(area.left() + 3 + 4 * bar, bottom - high, 3, high), QColor(colour))


class _Table(QTableView):
    """Enter goes on to the next value; every number can be typed at once."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.state() is not self.State.EditingState:
            if self.currentIndex().isValid():
                self.edit(self.model().index(self.currentIndex().row(), VALUE))
            return
        if event.key() == Qt.Key.Key_Tab or event.key() == Qt.Key.Key_Backtab:
            event.ignore()
            return
        super().keyPressEvent(event)


class ParameterArea(QWidget):
    """The table; intentions come out as signals."""

    edited = Signal(object, str)
    """Parameter, what was typed."""
    machine_wanted = Signal(object)
    """Parameter: take the machine's value again."""
    formula_chosen = Signal(object)
    """QtcFormula."""

    def __init__(self) -> None:
        super().__init__()
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        head = QHBoxLayout()
        head.setContentsMargins(4, 0, 4, 0)
        head.addWidget(Label("心电参数区", "strong"))
        head.addStretch(1)
        self.formula = Button("QTc 公式", "link")
        self.formula.setStyleSheet("min-height: 22px; max-height: 22px;")
        self._menu = QMenu(self)
        self._formulas = {}
        for formula in QtcFormula:
            action = self._menu.addAction(formula.value.title())
            action.setCheckable(True)
            action.triggered.connect(_Chosen(self, formula))
            self._formulas[formula] = action
        self.formula.setMenu(self._menu)
        head.addWidget(self.formula)
        box.addLayout(head)
        self.model = _Model(self)
        self.table = _Table()
        self.table.setModel(self.model)
        painter = _Painter(self.table)
        painter.closeEditor.connect(self._next)
        self.table.setItemDelegate(painter)
        self._dress()
        box.addWidget(self.table)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setFocusProxy(self.table)

    def show_lines(
        self, lines: Sequence[Line], formula: QtcFormula, problems: Mapping[str, str], *, editable: bool
    ) -> None:
        """Show values; `problems` are sentences by parameter."""
        self.model.show_lines(lines, problems, editable=editable)
        self.formula.set_source("QTc {formula}", formula=formula.value.title())
        for one, action in self._formulas.items():
            action.setChecked(one is formula)
        self.formula.setEnabled(editable)
        self._fit()

    def value_shown(self, name: Parameter) -> str:
        """The number of a line as it stands on screen."""
        row = list(Parameter).index(name)
        return str(self.model.data(self.model.index(row, VALUE)) or "")

    def focus_value(self, name: Parameter = Parameter.HR) -> None:
        """Put the keyboard on a value."""
        self.table.setFocus()
        self.table.setCurrentIndex(self.model.index(list(Parameter).index(name), VALUE))

    def _next(self, _editor: QWidget, hint: QStyledItemDelegate.EndEditHint) -> None:
        """Enter in a value goes on to the one below; Escape and a wrong value stay."""
        row = self.table.currentIndex().row()
        taken = hint is QStyledItemDelegate.EndEditHint.SubmitModelCache
        if (
            taken
            and 0 <= row < len(self.model.lines) - 1
            and self.model.lines[row].name.value not in self.model.problems
        ):
            self.table.setCurrentIndex(self.model.index(row + 1, VALUE))

    def _dress(self) -> None:
        table = self.table
        table.setShowGrid(False)
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(20)
        table.verticalHeader().setMinimumSectionSize(16)
        table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        table.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setEditTriggers(
            QAbstractItemView.EditTrigger.DoubleClicked
            | QAbstractItemView.EditTrigger.AnyKeyPressed
            | QAbstractItemView.EditTrigger.EditKeyPressed
        )
        table.setTabKeyNavigation(False)
        table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        table.customContextMenuRequested.connect(self._open_menu)
        table.setAccessibleName(tr("心电参数区"))
        header = table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header.setMinimumSectionSize(12)
        header.setFixedHeight(18)
        header.setHighlightSections(False)
        header.setStyleSheet("QHeaderView::section { padding: 0 2px 0 3px; height: 18px; }")
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        for column, width in enumerate(_WIDTHS):
            table.setColumnWidth(column, width)
        header.setSectionResizeMode(NAME, QHeaderView.ResizeMode.Stretch)

    def _fit(self) -> None:
        row = QFontMetrics(current_theme().font("caption")).height() + 2
        self.table.verticalHeader().setDefaultSectionSize(row)
        high = self.table.horizontalHeader().height() + row * max(1, self.model.rowCount()) + 2
        self.table.setFixedHeight(high)
        self.setFixedHeight(high + self.formula.sizeHint().height())

    def _open_menu(self, at: QPoint) -> None:
        index = self.table.indexAt(at)
        if not index.isValid() or not self.model.is_editable:
            return
        line = self.model.lines[index.row()]
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(tr("修改…")).triggered.connect(_Edits(self, index.row()))
        back = menu.addAction(tr("恢复机测值"))
        back.setEnabled(line.is_changed)
        back.triggered.connect(_Back(self, line.name))
        menu.popup(self.table.viewport().mapToGlobal(at))

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange or is_look_change(event):
            self.model.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(_HEADS) - 1)
            self.table.viewport().update()
            self.table.setAccessibleName(tr("心电参数区"))
        super().changeEvent(event)


class _Chosen(QObject):
    def __init__(self, area: ParameterArea, formula: QtcFormula) -> None:
        super().__init__(area)
        self._area, self._formula = area, formula

    def __call__(self) -> None:
        self._area.formula_chosen.emit(self._formula)


class _Edits(QObject):
    def __init__(self, area: ParameterArea, row: int) -> None:
        super().__init__(area)
        self._area, self._row = area, row

    def __call__(self) -> None:
        self._area.table.edit(self._area.model.index(self._row, VALUE))


class _Back(QObject):
    def __init__(self, area: ParameterArea, name: Parameter) -> None:
        super().__init__(area)
        self._area, self._name = area, name

    def __call__(self) -> None:
        self._area.machine_wanted.emit(self._name)
