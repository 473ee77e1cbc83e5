"""The editors behind form fields: one small widget per kind of field, all with the same three verbs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from PySide6.QtCore import QDate, QEvent, QLocale, QObject, QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QTextCharFormat,
)
from PySide6.QtWidgets import (
    QAbstractButton,
    QCalendarWidget,
    QComboBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QSizePolicy,
    QStyledItemDelegate,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from clients.kit.choosing import Switch
from clients.kit.fields import (
    Choice,
    ChoiceField,
    DateField,
    DateTimeField,
    Field,
    LongTextField,
    NumberField,
    PromptField,
    SwitchField,
    TextField,
    TicksField,
    parse_date,
    parse_moment,
)
from clients.kit.labels import IconButton, Label
from clients.kit.pinyin import matches
from clients.kit.theme import current_theme, is_look_change
from clients.kit.translations import Language, language, tr


class Editor(QWidget):
    """A field on screen: `value`, `set_value`, `set_wrong`; `focus_target` is what the keyboard goes to."""

    edited = Signal()
    """the user changed the value."""
    confirmed = Signal()
    """Enter: the user is done here."""
    left = Signal()
    """the keyboard went elsewhere."""

    focus_target: QWidget

    def value(self) -> Any:
        """The value now; a string that could not be understood is given back as a string."""
        raise NotImplementedError

    def set_value(self, value: Any) -> None:
        """Show a value without telling anybody."""
        raise NotImplementedError

    def set_wrong(self, wrong: bool) -> None:
        """Draw the red hairline, or take it away."""
        target = self.focus_target
        if target.property("wrong") != wrong:
            target.setProperty("wrong", wrong)
            target.style().unpolish(target)
            target.style().polish(target)

    def set_read_only(self, read_only: bool) -> None:
        """Show the value without letting it be changed."""
        self.focus_target.setEnabled(not read_only)

    def watch(self, target: QWidget) -> None:
        """Remember where the keyboard goes and hear when it leaves."""
        self.focus_target = target
        self.setFocusProxy(target)
        target.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.focus_target and event.type() == QEvent.Type.FocusOut:
            assert isinstance(event, QFocusEvent)
            if event.reason() is not Qt.FocusReason.PopupFocusReason:
                self.left.emit()
        return False

    def _row(self) -> QHBoxLayout:
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        return layout


class TextEditor(Editor):
    """One line."""

    def __init__(self, field: TextField) -> None:
        super().__init__()
        self._placeholder = field.placeholder
        self.line = QLineEdit()
        self.line.setMaxLength(field.max_length)
        if field.secret:
            self.line.setEchoMode(QLineEdit.EchoMode.Password)
        self._row().addWidget(self.line)
        self.watch(self.line)
        self.line.textEdited.connect(lambda _text: self.edited.emit())
        self.line.returnPressed.connect(self.confirmed)
        self.set_value(field.empty)
        self._show()

    def value(self) -> str:
        return self.line.text().strip()

    def set_value(self, value: Any) -> None:
        self.line.setText("" if value is None else str(value))
        if self.line.echoMode() is QLineEdit.EchoMode.Normal:
            self.line.setCursorPosition(0)  # the beginning of a long value is what tells it apart

    def set_read_only(self, read_only: bool) -> None:
        self.line.setReadOnly(read_only)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self._show()
        super().changeEvent(event)

    def _show(self) -> None:
        self.line.setPlaceholderText(tr(self._placeholder) if self._placeholder else "")


class _Lines(QPlainTextEdit):
    confirmed = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if (
            event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
            and event.modifiers() & Qt.KeyboardModifier.ControlModifier
        ):
            self.confirmed.emit()
            return
        super().keyPressEvent(event)


class LongTextEditor(Editor):
    """Several lines; Tab goes on to the next field, Ctrl+Enter confirms."""

    def __init__(self, field: LongTextField) -> None:
        super().__init__()
        self._max = field.max_length
        self.text = _Lines()
        self.text.setTabChangesFocus(True)
        self._lines = field.lines
        self._row().addWidget(self.text)
        self.watch(self.text)
        self.text.textChanged.connect(self._changed)
        self.text.confirmed.connect(self.confirmed)
        self._quiet = False
        self._fit()

    def value(self) -> str:
        return self.text.toPlainText().strip()

    def set_value(self, value: Any) -> None:
        self._quiet = True
        self.text.setPlainText("" if value is None else str(value))
        self._quiet = False

    def set_read_only(self, read_only: bool) -> None:
        self.text.setReadOnly(read_only)

    def changeEvent(self, event: QEvent) -> None:
        if is_look_change(event):
            self._fit()
        super().changeEvent(event)

    def _fit(self) -> None:
        from PySide6.QtGui import QFontMetrics

        line = QFontMetrics(current_theme().font()).lineSpacing()
        self.text.setFixedHeight(max(current_theme().metrics.control, line * self._lines + 16))

    def _changed(self) -> None:
        if len(self.text.toPlainText()) > self._max:
            self.text.textCursor().deletePreviousChar()
        if not self._quiet:
            self.edited.emit()


class NumberEditor(Editor):
    """A number, right-aligned, with its unit behind it."""

    def __init__(self, field: NumberField) -> None:
        super().__init__()
        self._decimals = field.decimals
        self.line = QLineEdit()
        self.line.setMaxLength(16)
        self.line.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        row = self._row()
        row.addWidget(self.line, 1)
        if field.unit:
            row.addWidget(Label(field.unit, "quiet"))
        self.watch(self.line)
        self.line.textEdited.connect(lambda _text: self.edited.emit())
        self.line.returnPressed.connect(self.confirmed)
        self.set_value(field.empty)

    def value(self) -> float | int | str | None:
        text = self.line.text().strip().replace("，", ".").replace("。", ".")
        if not text:
            return None
        try:
            return float(text) if self._decimals else int(text)
        except ValueError:
            return text

    def set_value(self, value: Any) -> None:
        if value is None or value == "":
            self.line.setText("")
        else:
            self.line.setText(f"{value:.{self._decimals}f}" if isinstance(value, int | float) else str(value))

    def set_read_only(self, read_only: bool) -> None:
        self.line.setReadOnly(read_only)


class ChoiceEditor(Editor):
    """One of several; typing narrows by words or by pinyin initials."""

    chosen = Signal(object)
    """value of the choice the user made."""

    def __init__(self, field: ChoiceField) -> None:
        super().__init__()
        self._choices: tuple[Choice, ...] = tuple(field.choices)
        self._placeholder = field.placeholder
        self._value = field.empty
        self.box = _ChoiceBox(self)
        self._row().addWidget(self.box)
        self.watch(self.box)
        self.box.activated.connect(self._on_activated)
        self._fill()

    @property
    def choices(self) -> tuple[Choice, ...]:
        """What can be chosen."""
        return self._choices

    def set_choices(self, choices: Sequence[Choice]) -> None:
        """Offer other choices; a value that is not among them any more is dropped."""
        self._choices = tuple(choices)
        if all(choice.value != self._value for choice in self._choices):
            self._value = None
        self._fill()

    def value(self) -> Any:
        return self._value

    def set_value(self, value: Any) -> None:
        self._value = value
        self.box.setCurrentIndex(self._position())

    def set_read_only(self, read_only: bool) -> None:
        self.box.read_only = read_only
        self.box.setProperty("readonly", read_only)
        self.box.style().unpolish(self.box)
        self.box.style().polish(self.box)
        self.box.update()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self._fill()
        super().changeEvent(event)

    def _position(self) -> int:
        return next((i for i, choice in enumerate(self._choices) if choice.value == self._value), -1)

    def _fill(self) -> None:
        self.box.blockSignals(True)
        self.box.clear()
        self.box.addItems([choice.words() for choice in self._choices])
        self.box.setPlaceholderText(tr(self._placeholder))
        self.box.setCurrentIndex(self._position())
        self.box.blockSignals(False)

    def _on_activated(self, position: int) -> None:
        value = self._choices[position].value if 0 <= position < len(self._choices) else None
        if value != self._value:
            self._value = value
            self.edited.emit()
            self.chosen.emit(value)

    def choose_by_typing(self, typed: str) -> bool:
        """Choose the first choice that matches typed characters or pinyin initials, else the one whose place is typed.

        1 is the first place; False if nothing fits.
        """
        found = next((at for at, choice in enumerate(self._choices) if matches(choice.words(), typed)), -1)
        if found < 0 and typed in "123456789" and int(typed) <= len(self._choices):
            found = int(typed) - 1
        if found < 0:
            return False
        self.box.setCurrentIndex(found)
        self._on_activated(found)
        return True


class TicksEditor(Editor):
    """Any number of several, one below the other; arrows go up and down, Space ticks."""

    def __init__(self, field: TicksField) -> None:
        super().__init__()
        self._choices: tuple[Choice, ...] = tuple(field.choices)
        self._ticked: tuple[Any, ...] = field.empty
        self._nothing = field.nothing
        self._read_only = False
        self.boxes: list[_Tick] = []
        self._columns = field.columns
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setVerticalSpacing(2)
        self._empty = Label(field.nothing, "quiet")
        self.focus_target = self  # leads on to the first box
        self._fill()

    @property
    def choices(self) -> tuple[Choice, ...]:
        """What can be ticked."""
        return self._choices

    def set_choices(self, choices: Sequence[Choice]) -> None:
        """Offer other choices; ticks of those that are no longer there are kept until the user changes something."""
        self._choices = tuple(choices)
        self._fill()

    def value(self) -> tuple[Any, ...]:
        known = {choice.value for choice in self._choices}
        ticked = tuple(choice.value for choice in self._choices if choice.value in self._ticked)
        return ticked + tuple(value for value in self._ticked if value not in known)

    def set_value(self, value: Any) -> None:
        self._ticked = tuple(value or ())
        for box, choice in zip(self.boxes, self._choices, strict=True):
            box.setChecked(choice.value in self._ticked)

    def set_wrong(self, wrong: bool) -> None:
        """The sentence below says it; boxes have no hairline."""

    def set_read_only(self, read_only: bool) -> None:
        self._read_only = read_only
        for box in self.boxes:
            box.setEnabled(not read_only)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            for box, choice in zip(self.boxes, self._choices, strict=True):
                box.set_words(choice.words())
        super().changeEvent(event)

    def _fill(self) -> None:
        for box in self.boxes:
            self._grid.removeWidget(box)
            box.hide()
            box.deleteLater()
        self.boxes = []
        for choice in self._choices:
            box = _Tick(choice.words())
            box.setChecked(choice.value in self._ticked)
            box.setEnabled(not self._read_only)
            box.clicked.connect(self._on_ticked)
            self._grid.addWidget(box, len(self.boxes) // self._columns, len(self.boxes) % self._columns)
            self.boxes.append(box)
        self._grid.addWidget(self._empty, 0, 0)
        self._empty.setVisible(bool(self._nothing) and not self._choices)
        self.setFocusProxy(self.boxes[0] if self.boxes else None)  # type: ignore[arg-type]

    def _on_ticked(self, _checked: bool = False) -> None:
        self._ticked = tuple(
            choice.value for box, choice in zip(self.boxes, self._choices, strict=True) if box.isChecked()
        )
        self.edited.emit()


class _Tick(QAbstractButton):
    """A box with its words; they end in … where there is no room for them."""

    def __init__(self, words: str) -> None:
        super().__init__()
        self.setCheckable(True)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.set_words(words)

    def set_words(self, words: str) -> None:
        self.setText(words)
        self.setToolTip(words)
        self.setAccessibleName(words)
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(60, current_theme().metrics.control - 6)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme = current_theme()
        colours = theme.colours
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            box = QRectF(1.5, (self.height() - 15) / 2, 15, 15)
            edge = colours.focus if self.hasFocus() else colours.text_quiet if self.isEnabled() else colours.hairline
            ticked = self.isChecked()
            painter.setPen(QPen(QColor(edge), 1.5 if self.hasFocus() else 1))
            ground = colours.accent if self.isEnabled() else colours.text_disabled
            painter.setBrush(QColor(ground if ticked else colours.hover if self.underMouse() else colours.surface))
            painter.drawRoundedRect(box, 3, 3)
            if ticked:
                theme.paint_icon(painter, "check", box.adjusted(1, 1, -1, -1), colours.on_accent)
            painter.setFont(theme.font())
            painter.setPen(QColor(colours.text if self.isEnabled() else colours.text_disabled))
            room = QRectF(26, 0, self.width() - 26, self.height())
            words = painter.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, round(room.width()))
            painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, words)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self.focusNextPrevChild(event.key() == Qt.Key.Key_Down)
            return
        super().keyPressEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        if is_look_change(event):
            self.updateGeometry()
            self.update()
        super().changeEvent(event)


class _ChoiceBox(QComboBox):
    """A combo box that finds by pinyin initials while closed."""

    def __init__(self, editor: ChoiceEditor) -> None:
        super().__init__()
        from PySide6.QtCore import QElapsedTimer

        self._editor = editor
        self._typed = ""
        self.read_only = False
        self._since = QElapsedTimer()
        self._since.start()
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(4)
        self.setMaxVisibleItems(12)
        self.setItemDelegate(QStyledItemDelegate(self))  # the style's own one ignores the style sheet
        self.view().installEventFilter(self)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._editor.confirmed.emit()
        elif self.read_only:
            event.ignore()
        elif not self._take_typed(event):
            super().keyPressEvent(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Typing finds in the opened list too."""
        if watched is self.view() and event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            return self._take_typed(event)
        return super().eventFilter(watched, event)

    def _take_typed(self, event: QKeyEvent) -> bool:
        text = event.text()
        if not text or not text.isprintable() or text == " " or event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            return False
        self._typed = text if self._since.elapsed() > 900 else self._typed + text
        self._since.restart()
        if self._editor.choose_by_typing(self._typed):
            self.view().setCurrentIndex(self.model().index(self.currentIndex(), 0))
        return True

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if not self.read_only:
            super().mousePressEvent(event)

    def wheelEvent(self, event: Any) -> None:
        event.ignore()  # scrolling a page must never change a value


class DateEditor(Editor):
    """A day: typed, or chosen in the calendar that opens with the button or Alt+Down."""

    def __init__(self, field: DateField) -> None:
        super().__init__()
        self.line = QLineEdit()
        self.line.setMaxLength(10)
        self.line.setPlaceholderText("YYYY-MM-DD")
        self.calendar_button = IconButton("calendar", "打开日历", on_click=self.open_calendar, small=True)
        self.calendar_button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.calendar_button.setCursor(Qt.CursorShape.ArrowCursor)
        self.calendar_button.setParent(self.line)
        self.line.setTextMargins(0, 0, current_theme().metrics.control - 12, 0)
        self._row().addWidget(self.line, 1)
        self.watch(self.line)
        self.line.textEdited.connect(lambda _text: self.edited.emit())
        self.line.returnPressed.connect(self.confirmed)
        self.left.connect(self._tidy)
        self.set_value(field.empty)

    def value(self) -> date | str | None:
        text = self.line.text().strip()
        return (parse_date(text) or text) if text else None

    def set_value(self, value: Any) -> None:
        self.line.setText(value.isoformat() if isinstance(value, date) else str(value or ""))

    def set_read_only(self, read_only: bool) -> None:
        self.line.setReadOnly(read_only)
        self.calendar_button.setEnabled(not read_only)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.line:
            if event.type() == QEvent.Type.Resize:
                side = self.calendar_button.sizeHint()
                top = (self.line.height() - side.height()) // 2
                self.calendar_button.setGeometry(self.line.width() - side.width() - 4, top, side.width(), side.height())
            elif (
                isinstance(event, QKeyEvent)
                and event.type() == QEvent.Type.KeyPress
                and event.key() == Qt.Key.Key_Down
                and event.modifiers() & Qt.KeyboardModifier.AltModifier
            ):
                self.open_calendar()
                return True
        return super().eventFilter(watched, event)

    def open_calendar(self) -> None:
        """Open the calendar below the field."""
        value = self.value()
        self._calendar = _Calendar(value if isinstance(value, date) else date.today(), self)
        self._calendar.chosen.connect(self._on_day)
        self._calendar.move(self.mapToGlobal(QPoint(0, self.height() + 2)))
        self._calendar.show()

    def _on_day(self, day: QDate) -> None:
        self.take_day(date(day.year(), day.month(), day.day()))

    def take_day(self, day: date) -> None:
        """The user chose a day in the calendar."""
        self.set_value(day)
        self.edited.emit()
        self.line.setFocus()

    def _tidy(self) -> None:
        value = self.value()
        if isinstance(value, date):
            self.set_value(value)


class DateTimeEditor(DateEditor):
    """A moment in local time, typed as day and clock."""

    def __init__(self, field: DateTimeField) -> None:
        super().__init__(DateField(key=field.key, label=field.label))
        self.line.setMaxLength(16)
        self.line.setPlaceholderText("YYYY-MM-DD HH:MM")
        self.set_value(field.empty)

    def value(self) -> datetime | str | None:
        text = self.line.text().strip()
        return (parse_moment(text) or text) if text else None

    def set_value(self, value: Any) -> None:
        if isinstance(value, datetime):
            self.line.setText(value.astimezone().strftime("%Y-%m-%d %H:%M"))
        else:
            self.line.setText(str(value or ""))
        self.line.setCursorPosition(0)

    def take_day(self, day: date) -> None:
        now = self.value()
        clock = (now if isinstance(now, datetime) else datetime.now().astimezone()).astimezone().timetz()
        self.set_value(datetime.combine(day, clock))
        self.edited.emit()
        self.line.setFocus()


class _Calendar(QFrame):
    chosen = Signal(QDate)

    def __init__(self, day: date, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setProperty("look", "card")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 4, 4, 4)
        self.calendar = QCalendarWidget()
        self.calendar.setVerticalHeaderFormat(QCalendarWidget.VerticalHeaderFormat.NoVerticalHeader)
        self.calendar.setFirstDayOfWeek(Qt.DayOfWeek.Monday)
        self.calendar.setSelectedDate(QDate(day.year, day.month, day.day))
        chinese = language() is Language.CHINESE
        self.calendar.setLocale(QLocale(QLocale.Language.Chinese if chinese else QLocale.Language.English))
        self._dress()
        self.calendar.clicked.connect(self._take)
        self.calendar.activated.connect(self._take)
        layout.addWidget(self.calendar)

    def _dress(self) -> None:
        theme = current_theme()
        plain = QTextCharFormat()
        plain.setForeground(theme.colour("text"))
        for day in (Qt.DayOfWeek.Saturday, Qt.DayOfWeek.Sunday):
            self.calendar.setWeekdayTextFormat(day, plain)
        quiet = QTextCharFormat()
        quiet.setForeground(theme.colour("text_quiet"))
        self.calendar.setHeaderTextFormat(quiet)
        for name, icon in (("qt_calendar_prevmonth", "chevron_left"), ("qt_calendar_nextmonth", "chevron_right")):
            button = self.calendar.findChild(QToolButton, name)
            if button is not None:
                button.setIcon(theme.icon(icon))

    def _take(self, day: QDate) -> None:
        self.chosen.emit(day)
        self.close()


class SwitchEditor(Editor):
    """On or off."""

    def __init__(self, field: SwitchField) -> None:
        super().__init__()
        self.switch = Switch("", checked=field.initial)
        self.switch.setAccessibleName(tr(field.label))
        row = self._row()
        row.addWidget(self.switch)
        row.addStretch(1)
        self.watch(self.switch)
        self.switch.clicked.connect(lambda _checked: self.edited.emit())

    def value(self) -> bool:
        return self.switch.isChecked()

    def set_value(self, value: Any) -> None:
        self.switch.setChecked(bool(value))


def make_editor(field: Field) -> Editor:
    """The editor for a field; raises TypeError for a kind of field that has none."""
    editor: Editor
    match field:
        case PromptField():
            from clients.kit.prompt_editor import PromptEditor

            editor = PromptEditor(field)
        case TextField():
            editor = TextEditor(field)
        case LongTextField():
            editor = LongTextEditor(field)
        case NumberField():
            editor = NumberEditor(field)
        case TicksField():
            editor = TicksEditor(field)
        case ChoiceField():
            editor = ChoiceEditor(field)
        case DateTimeField():
            editor = DateTimeEditor(field)
        case DateField():
            editor = DateEditor(field)
        case SwitchField():
            editor = SwitchEditor(field)
        case _:
            raise TypeError(f"no editor for {type(field).__name__}")
    if field.read_only:
        editor.set_read_only(True)
    return editor
