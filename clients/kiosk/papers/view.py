"""The screen of the self-service printer: everything is large, stands in the middle, and grows with the window."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QCloseEvent, QResizeEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from clients.kiosk.desk.view import KEYS, Corner, Key, Picture, Text
from clients.kiosk.papers.presenter import PapersPresenter
from clients.kiosk.papers.state import DIGITS, Page, PapersState
from clients.kiosk.words import is_english, weekday
from clients.kit.theme import current_theme
from clients.kit.tokens import Tone
from clients.kit.translations import Language, tr, verbatim
from shared.contract.report_paper import SelfPrintItem

_DESIGN, _DESIGN_UPRIGHT = QSize(1920, 1080), QSize(1080, 1620)
_MOST_LINES = 4


class PapersScreen(QWidget):
    """自助打印报告. Cannot be closed before `may_leave`."""

    language_chosen = Signal(object)
    """the Language that the person reads."""

    def __init__(self, state: PapersState) -> None:
        super().__init__()
        self._state = state
        self.setObjectName("kiosk")
        self.setWindowTitle(verbatim("明镜 · 自助打印"))
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSizeConstraint(QVBoxLayout.SizeConstraint.SetNoConstraint)
        outer.addLayout(self._header())
        self.stack = QStackedWidget()
        notice = self.stack.addWidget(self._notice())
        digits = self.stack.addWidget(self._digits())
        self._places = dict.fromkeys(Page, notice) | {Page.DIGITS: digits, Page.LOCK: digits}
        outer.addWidget(self.stack, 1)
        self.render_state(state)

    def connect_presenter(self, presenter: PapersPresenter) -> None:
        """Let the keys do something."""
        for name, key in self.pad.items():
            if name == "erase":
                key.clicked.connect(presenter.erase)
            elif name == "confirm":
                key.clicked.connect(presenter.confirm)
            else:
                key.clicked.connect(partial(_pressed, presenter, name))
        self.back_key.clicked.connect(presenter.cancel)
        self.done_key.clicked.connect(presenter.cancel)
        self.again_key.clicked.connect(presenter.again)
        self.corner.tapped.connect(presenter.corner_tapped)

    # ── building ─────────────────────────────────────────────────────────────────────────────────────

    def _header(self) -> QHBoxLayout:
        box = QHBoxLayout()
        self._header_box = box
        self._hospital = Text(38, bold=True, wrap=False)
        self._clock = Text(34, quiet=True, wrap=False)
        self.language = Key(30, height=80)
        self.language.clicked.connect(
            lambda: self.language_chosen.emit(Language.CHINESE if is_english() else Language.ENGLISH)
        )
        self.corner = Corner(self)
        box.addWidget(self._hospital)
        box.addStretch(1)
        box.addWidget(self._clock)
        box.addWidget(self.language)
        return box

    def _notice(self) -> QWidget:
        page = QWidget()
        box = QVBoxLayout(page)
        self._notice_box = box
        box.addStretch(2)
        self._picture = Picture("barcode", 220)
        box.addWidget(self._picture, 0, Qt.AlignmentFlag.AlignHCenter)
        self._head = Text(72, bold=True)
        self._step = Text(42)
        self._more = Text(32, quiet=True)
        self._trouble = Text(24, quiet=True)
        for text in (self._head, self._step, self._more, self._trouble):
            box.addWidget(text)
        box.addStretch(2)
        line = QHBoxLayout()
        self.again_key, self.done_key = Key(40, primary=True), Key(40)
        line.addStretch(1)
        line.addWidget(self.again_key, 2)
        line.addWidget(self.done_key, 2)
        line.addStretch(1)
        box.addLayout(line)
        box.addStretch(1)
        return page

    def _digits(self) -> QWidget:
        page = QWidget()
        across = QHBoxLayout(page)
        across.addStretch(2)
        box = QVBoxLayout()
        box.addStretch(1)
        self._ask = Text(44, bold=True)
        self._why = Text(30, quiet=True)
        self._typed = Text(72, bold=True, wrap=False)
        self._typed.setObjectName("typed")
        self._sentence = Text(32)
        self._sentence.set_tone(Tone.DANGER)
        for text in (self._ask, self._why, self._typed, self._sentence):
            box.addWidget(text)
        grid = QGridLayout()
        grid.setSpacing(14)
        self.pad: dict[str, Key] = {}
        for place, name in enumerate(KEYS):
            self.pad[name] = Key(48 if name != "erase" else 36)
            self.pad[name].setText("" if name == "erase" else name)
            grid.addWidget(self.pad[name], place // 3, place % 3)
        box.addLayout(grid)
        box.addSpacing(14)
        line = QHBoxLayout()
        self.back_key = Key(38)
        self.pad["confirm"] = Key(46, primary=True)
        line.addWidget(self.back_key, 1)
        line.addWidget(self.pad["confirm"], 2)
        box.addLayout(line)
        box.addStretch(1)
        across.addLayout(box, 5)
        across.addStretch(2)
        return page

    # ── showing ──────────────────────────────────────────────────────────────────────────────────────

    def render_state(self, state: PapersState) -> None:
        """Show a state, in the language of the moment."""
        self._state = state
        self._hospital.setText((state.hospital_name_en or state.hospital_name) if is_english() else state.hospital_name)
        self._clock.setText(f"{state.now:%m-%d} {weekday(state.now)}  {state.now:%H:%M}")
        self.language.setText("中文" if is_english() else "English")
        self.pad["erase"].setText(tr("删除"))
        self.pad["confirm"].setText(tr("确定"))
        self.back_key.setText(tr("返回"))
        if state.page is Page.LOCK:
            self._ask.setText(tr("请输入管理员密码"))
            self._why.setText("")
            self._typed.setText("●" * state.code_length or "　")
            self._sentence.setText(tr("密码不正确。") if state.code_wrong else "")
        else:
            self._ask.setText(tr("请输入证件号码或手机号码的后四位"))
            self._why.setText(tr("为保护您的隐私，请按登记时留的号码输入"))
            self._typed.setText(" ".join(("●" * len(state.typed)).ljust(DIGITS, "＿")))
            self._sentence.setText(state.sentence)
        self._show_notice(state)
        self.stack.setCurrentIndex(self._places[state.page])
        if state.may_leave:
            self.close()

    def _show_notice(self, state: PapersState) -> None:
        icon, tone, head, step = self._words(state)
        self._picture.set_icon(icon, tone)
        self._head.setText(head)
        self._step.setText(step)
        lines = [_line(item) for item in state.items[:_MOST_LINES]] if state.page is Page.DONE else []
        self._more.setText("\n".join(lines))
        self._more.setVisible(bool(lines))
        self._trouble.setText(state.trouble)
        self._trouble.setVisible(bool(state.trouble))
        self.again_key.setText(tr("重试"))
        self.again_key.setVisible(state.page is Page.TROUBLE)
        self.done_key.setText(tr("完成（{seconds}）", seconds=state.seconds_left))
        self.done_key.setVisible(state.page in (Page.TROUBLE, Page.DONE))

    @staticmethod
    def _words(state: PapersState) -> tuple[str, Tone | None, str, str]:
        if state.page is Page.START:
            return "barcode", None, tr("请扫描条码打印报告"), tr("把小票、登记单或腕带上的条码对准扫描口")
        if state.page is Page.ASKING:
            return "hourglass", None, tr("正在查询…"), tr("请稍候")
        if state.page is Page.CONNECTING:
            return "hourglass", None, tr("正在启动…"), tr("请稍候，或到窗口领取报告。")
        if state.page is Page.PRINTING:
            words = tr("正在打印第 {number} 份，共 {count} 份", number=state.number, count=state.count)
            return "print", None, words, tr("请不要离开，稍后取走报告")
        if state.page is Page.TROUBLE:
            return "alert", Tone.WARNING, state.head, state.step
        if state.page is Page.DONE:
            icon, tone = ("check_circle", Tone.SUCCESS) if state.is_good else ("alert", Tone.WARNING)
            return icon, tone, state.head, state.step
        return "offline", Tone.WARNING, tr("自助打印暂停服务"), tr("请到窗口领取报告；恢复后本机会自动继续。")

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._scale()

    def _scale(self) -> None:
        upright = self.height() > self.width()
        design = _DESIGN_UPRIGHT if upright else _DESIGN
        unit = min(self.width() / design.width(), self.height() / design.height())
        margin = round(48 * unit)
        self._header_box.setContentsMargins(margin, round(24 * unit), margin, 0)
        self._notice_box.setContentsMargins(margin, 0, margin, margin)
        self._notice_box.setSpacing(round(24 * unit))
        colours = current_theme().colours
        self.setStyleSheet(f"#kiosk {{ background: {colours.window}; }}")
        for child in self.findChildren(QWidget):
            if isinstance(child, (Text, Key, Picture)):
                child.scale(unit)
        side = round(120 * unit)
        self.corner.setGeometry(0, 0, side, side)
        self.corner.raise_()

    def closeEvent(self, event: QCloseEvent) -> None:
        if self._state.may_leave:
            event.accept()
        else:
            event.ignore()


def _pressed(presenter: PapersPresenter, name: str, _checked: bool = False) -> None:
    presenter.key(name)


_REASONS = {
    "not_ready": "报告还没有完成",
    "printed": "已经打印过",
    "limit": "已达打印份数上限，请到窗口办理",
    "expired": "已过自助打印期限，请到窗口办理",
}


def _line(item: SelfPrintItem) -> str:
    """One exam that gets no paper, and why."""
    day = f"{item.examined_at.astimezone():%Y-%m-%d}  " if item.examined_at is not None else ""
    return f"{day}{item.items}：{tr(_REASONS.get(item.reason, '请到窗口办理'))}"
