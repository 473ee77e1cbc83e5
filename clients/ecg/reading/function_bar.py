"""功能栏: acquire, measure, filter, zoom, spacing, layout, scale, comparison, print settings (ECG-READ-04)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QToolButton, QWidget

from clients.ecg.trace.choices import LAYOUT_WORDS, MODE_WORDS, SPACING_WORDS, Mark, Mode, Spacing, ViewChoices
from clients.kit.labels import hairline
from clients.kit.theme import current_theme, is_look_change
from clients.kit.translations import tr
from shared.domain.ecg_reports import EXPORT_FORMATS
from shared.waveform.filters import DIAGNOSTIC, HIGH_PASS_STEPS, LOW_PASS_STEPS, NOTCH_STEPS, FilterSettings
from shared.waveform.paper import GAINS, SPEEDS

if TYPE_CHECKING:
    from clients.kit.actions import ActionGroup
    from shared.contract.ecg import DocumentView

_TOOLS = (Mode.CALIPER, Mode.PARALLEL, Mode.MAGNIFY, Mode.POINTS)
_SHY = ("zoom_in", "zoom_out", "reset", "help")
_MARK_WORDS = {Mark.BEATS: "心搏标记", Mark.POINTS: "波形标点"}


class FunctionBar(QWidget):
    """Buttons of the page's actions and menus of what the trace can show."""

    choices_wanted = Signal(object)
    """ViewChoices."""
    mode_wanted = Signal(object)
    """Mode."""
    average_wanted = Signal(bool)
    disclosure_wanted = Signal(bool)
    fit_wanted = Signal()
    calibration_wanted = Signal()
    export_wanted = Signal(object)
    """ExportFormat."""
    document_wanted = Signal(object)
    """DocumentView of the exam: a report of a Holter or stress program."""
    print_with_wanted = Signal(object)
    """DocumentView whose pages are to follow the report on paper, or not any more."""

    def __init__(self, actions: ActionGroup) -> None:
        super().__init__()
        self.setProperty("look", "bar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._choices = ViewChoices()
        self._mode = Mode.READ
        self.documents: tuple[DocumentView, ...] = ()
        self._printed: tuple[int, ...] = ()
        self._may_choose = False
        self._attach = actions.qt("reading.attach")
        self.may_export = False
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(4, 1, 8, 2)
        self._row.setSpacing(1)
        self.buttons: dict[str, _BarButton] = {}
        self.menus: dict[str, _BarButton] = {}
        self._add_actions(actions, "acquire", "measure")
        self._add_menu("filter", "滤波", self._fill_filters, actions.qt("reading.filter"), "F4")
        self._add_menu("tools", "工具", self._fill_tools)
        self._line()
        self._add_actions(actions, "zoom_in", "zoom_out", "reset")
        self._add_menu("spacing", "间距", self._fill_spacing, actions.qt("reading.spacing"), "Ctrl+D")
        self._add_menu("layout", "布局", self._fill_layouts)
        self._add_menu("scale", "走纸增益", self._fill_scale)
        self._line()
        self._add_actions(actions, "compare", "template", "help")
        self._row.addStretch(1)

    def show_choices(self, choices: ViewChoices, mode: Mode) -> None:
        """What the trace shows now."""
        self._choices, self._mode = choices, mode
        self.buttons["measure"].setChecked(mode is Mode.MEASURE)
        self.menus["tools"].setChecked(mode in _TOOLS)
        filters = choices.filters
        self.menus["filter"].setChecked(filters is not None and filters != DIAGNOSTIC)
        self.menus["spacing"].setChecked(choices.spacing is Spacing.WIDE)

    def show_documents(
        self, documents: tuple[DocumentView, ...], *, printed: tuple[int, ...], may_choose: bool
    ) -> None:
        """What other programs made of the exam, and which of it follows the report on paper."""
        self.documents, self._printed, self._may_choose = documents, printed, may_choose

    def show_drawn(self, drawn: bool) -> None:
        """Without a trace nothing can be laid out or scaled."""
        for name in ("layout", "scale"):
            self.menus[name].setEnabled(drawn)

    def open_filters(self) -> None:
        """F4."""
        self.menus["filter"].showMenu()

    # ── menus ────────────────────────────────────────────────────────────────────────────────────────

    def _fill_filters(self, menu: QMenu) -> None:
        now = self._choices.filters

        def put(settings: FilterSettings | None) -> Callable[[], None]:
            return lambda: self._want(filters=settings)

        own = now or replace(DIAGNOSTIC, high_pass_hz=0.0, low_pass_hz=0.0)
        self._entry(menu, tr("诊断带宽 0.05–150 Hz"), put(DIAGNOSTIC), now == DIAGNOSTIC)
        self._entry(menu, tr("原始记录（不滤波）"), put(None), now is None)
        menu.addSeparator()
        low = menu.addMenu(tr("低频（基线）"))
        for step in HIGH_PASS_STEPS:
            words = f"{step:g} Hz" if step else tr("关")
            self._entry(low, words, put(replace(own, high_pass_hz=step)), own.high_pass_hz == step)
        low.addSeparator()
        self._entry(low, tr("基线校正"), put(replace(own, baseline=not own.baseline)), own.baseline)
        high = menu.addMenu(tr("高频（肌电）"))
        for step in LOW_PASS_STEPS:
            words = f"{step:g} Hz" if step else tr("关")
            self._entry(high, words, put(replace(own, low_pass_hz=step)), own.low_pass_hz == step)
        high.addSeparator()
        self._entry(high, tr("肌电滤波 35 Hz"), put(replace(own, muscle=not own.muscle)), own.muscle)
        mains = menu.addMenu(tr("交流电"))
        for step in NOTCH_STEPS:
            words = f"{step:g} Hz" if step else tr("关")
            self._entry(mains, words, put(replace(own, notch_hz=step)), own.notch_hz == step)

    def _fill_tools(self, menu: QMenu) -> None:
        for mode in _TOOLS:
            wanted = Mode.READ if mode is self._mode else mode
            self._entry(menu, tr(MODE_WORDS[mode]), _Emits(self, self.mode_wanted, wanted), mode is self._mode)
        menu.addSeparator()
        for mark, words in _MARK_WORDS.items():
            marks = self._choices.marks ^ {mark}
            self._entry(menu, tr(words), _Wants(self, marks=marks), mark in self._choices.marks)
        menu.addSeparator()
        self._entry(menu, tr("平均心搏"), _Emits(self, self.average_wanted, True), None)
        self._entry(menu, tr("隐藏平均心搏"), _Emits(self, self.average_wanted, False), None)
        self._entry(menu, tr("全程概览"), _Emits(self, self.disclosure_wanted, True), None)
        self._entry(menu, tr("返回页面"), _Emits(self, self.disclosure_wanted, False), None)
        menu.addSeparator()
        if self.may_export:
            formats = menu.addMenu(tr("导出"))
            for file_format, word in EXPORT_FORMATS.items():
                self._entry(formats, word.en, _Emits(self, self.export_wanted, file_format), None)
            menu.addSeparator()
        for document in self.documents:
            self._add_document(menu, document)
        if self._attach.isEnabled():
            self._entry(menu, tr("附加 PDF 文档") + "…", self._attach.trigger, None)
        if self.documents or self._attach.isEnabled():
            menu.addSeparator()
        self._entry(menu, tr("适合窗口"), self.fit_wanted.emit, None)
        self._entry(menu, tr("校准屏幕…"), self.calibration_wanted.emit, None)

    def _add_document(self, menu: QMenu, document: DocumentView) -> None:
        inner = menu.addMenu(document.title or document.file_name)
        self._entry(inner, tr("打开"), _Emits(self, self.document_wanted, document), None)
        is_printed = document.id in self._printed
        self._entry(inner, tr("随报告打印"), _Emits(self, self.print_with_wanted, document), is_printed)
        inner.actions()[-1].setEnabled(self._may_choose)

    def _fill_spacing(self, menu: QMenu) -> None:
        for spacing, words in SPACING_WORDS.items():
            self._entry(menu, tr(words), _Wants(self, spacing=spacing), spacing is self._choices.spacing)

    def _fill_layouts(self, menu: QMenu) -> None:
        for key, words in LAYOUT_WORDS.items():
            self._entry(menu, tr(words), _Wants(self, layout=key), key == self._choices.layout)
        menu.addSeparator()
        rhythm = menu.addMenu(tr("节律导联"))
        for lead in ("II", "V1", "V5", "I", "III", "aVF"):
            rest = tuple(one for one in ("II", "V1", "V5") if one != lead)
            self._entry(rhythm, lead, _Wants(self, rhythm=(lead, *rest)), self._choices.rhythm[:1] == (lead,))

    def _fill_scale(self, menu: QMenu) -> None:
        for speed in SPEEDS:
            self._entry(menu, f"{speed:g} mm/s", _Wants(self, speed=speed), speed == self._choices.speed)
        menu.addSeparator()
        for gain in GAINS:
            self._entry(menu, f"{gain:g} mm/mV", _Wants(self, gain=gain), gain == self._choices.gain)
        self._entry(menu, tr("自动增益"), _Wants(self, gain=None), self._choices.gain is None)

    def want(self, **changes: object) -> None:
        """Ask for other choices."""
        self._want(**changes)

    def _want(self, **changes: object) -> None:
        self.choices_wanted.emit(replace(self._choices, **changes))  # type: ignore[arg-type]

    def _entry(self, menu: QMenu, words: str, done: Callable[[], object], checked: bool | None) -> None:
        action = menu.addAction(words)
        if checked is not None:
            action.setCheckable(True)
            action.setChecked(checked)
        action.triggered.connect(_Call(done, action))

    # ── building ─────────────────────────────────────────────────────────────────────────────────────

    def _add_actions(self, actions: ActionGroup, *names: str) -> None:
        for name in names:
            action = actions.qt(f"reading.{name}")
            button = _BarButton(action=action)
            if name == "measure":
                button.setCheckable(True)
            self.buttons[name] = button
            self._row.addWidget(button)

    def _add_menu(
        self, name: str, words: str, fill: Callable[[QMenu], None], action: QAction | None = None, key: str = ""
    ) -> None:
        button = _BarButton(words=words, fill=fill, mirror=action, key=key)
        self.menus[name] = button
        self._row.addWidget(button)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Where words do not fit, the zoom buttons and the help show their icons only."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        shy = [self.buttons[name] for name in _SHY]
        for button in shy:
            button.set_compact(False)
        wanted = sum(button.sizeHint().width() + 1 for button in (*self.buttons.values(), *self.menus.values()))
        for button in shy:
            button.set_compact(wanted + 40 > self.width())

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange or is_look_change(event):
            self._fit()

    def _line(self) -> None:
        self._row.addSpacing(3)
        self._row.addWidget(hairline(vertical=True))
        self._row.addSpacing(3)


class _BarButton(QToolButton):
    """Text of an action, or of a menu that is filled each time it opens."""

    def __init__(
        self,
        *,
        action: QAction | None = None,
        words: str = "",
        fill: Callable[[QMenu], None] | None = None,
        mirror: QAction | None = None,
        key: str = "",
    ) -> None:
        super().__init__()
        self._action, self._words, self._fill, self._mirrored, self._key = action, words, fill, mirror, key
        self.is_compact = False
        self.setProperty("wide", "true")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        source = action or mirror
        if action is not None:
            self.clicked.connect(action.trigger)
        if source is not None:
            source.changed.connect(self._show)
        if fill is not None:
            menu = QMenu(self)
            menu.aboutToShow.connect(self._refill)
            self.setMenu(menu)
            self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
            self.setCheckable(True)
        self._show()

    def sizeHint(self) -> QSize:
        hint = super().sizeHint()
        metrics = current_theme().metrics
        icon = 0 if self.icon().isNull() else metrics.icon + 4
        words = 0 if self.is_compact else self.fontMetrics().horizontalAdvance(self.text())
        return QSize(words + icon + (12 if self.is_compact else 22), hint.height())

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def set_compact(self, compact: bool) -> None:
        """Only the icon; the tooltip has the words."""
        if compact != self.is_compact:
            self.is_compact = compact
            only, both = Qt.ToolButtonStyle.ToolButtonIconOnly, Qt.ToolButtonStyle.ToolButtonTextBesideIcon
            self.setToolButtonStyle(only if compact else both)
            self.updateGeometry()

    def _refill(self) -> None:
        menu = self.menu()
        if self._fill is not None:
            menu.clear()
            self._fill(menu)

    def _show(self) -> None:
        if self._action is not None:
            self.setText(self._action.text())
            self.setToolTip(self._action.toolTip())
            self.setIcon(self._action.icon())
            self.setEnabled(self._action.isEnabled())
        else:
            self.setText(tr(self._words) + " ▾")
            if self._mirrored is not None:
                self.setToolTip(self._mirrored.toolTip())
                self.setEnabled(self._mirrored.isEnabled())
        size = current_theme().metrics.icon
        self.setIconSize(QSize(size, size))

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange or is_look_change(event):
            self._show()
            self.updateGeometry()
        super().changeEvent(event)


class _Call(QObject):
    def __init__(self, done: Callable[[], object], parent: QObject) -> None:
        super().__init__(parent)
        self._done = done

    def __call__(self) -> None:
        self._done()


class _Wants:
    def __init__(self, bar: FunctionBar, **changes: object) -> None:
        self._bar, self._changes = bar, changes

    def __call__(self) -> None:
        self._bar.want(**self._changes)


class _Emits:
    def __init__(self, bar: FunctionBar, signal: object, value: object) -> None:
        self._bar, self._signal, self._value = bar, signal, value

    def __call__(self) -> None:
        self._signal.emit(self._value)  # type: ignore[attr-defined]
