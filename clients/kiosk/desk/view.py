"""The kiosk's screen: everything is large, stands in the middle, and grows with the window."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QCloseEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from clients.kiosk.desk.state import PRINTED, KioskState, Page, Printing
from clients.kiosk.words import Told, campus_of, is_english, room_of, told_of, unknown, wait_words, weekday
from clients.kit import fonts
from clients.kit.theme import current_theme
from clients.kit.tokens import Tone
from clients.kit.translations import Language, tr, verbatim
from shared.contract.queueing import KioskExam, KioskOutcome

KEYS = ("1", "2", "3", "4", "5", "6", "7", "8", "9", "X", "0", "erase")
WAITS = (KioskOutcome.CHECKED_IN, KioskOutcome.LATE, KioskOutcome.ALREADY, KioskOutcome.BEING_CALLED)
"""Only then a number and a room mean something to the patient now."""
_CARD_SCALES = {1: 1.0, 2: 1.0}
_DESIGN = QSize(1920, 1080)
_DESIGN_UPRIGHT = QSize(1080, 1620)


class Text(QLabel):
    """A text of a size of the design, drawn larger or smaller with the window."""

    def __init__(self, size: int, *, bold: bool = False, quiet: bool = False, wrap: bool = True) -> None:
        super().__init__()
        self._size, self._bold, self._quiet = size, bold, quiet
        self._tone: Tone | None = None
        self.setWordWrap(wrap)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)

    def set_tone(self, tone: Tone | None) -> None:
        """Colour of a state."""
        self._tone = tone
        self._colour()

    def scale(self, unit: float) -> None:
        """Take the size for a window in which a pixel of the design is `unit` pixels."""
        self.setFont(fonts.text_font(max(10, round(self._size * unit)), bold=self._bold))
        self._colour()

    def _colour(self) -> None:
        colours = current_theme().colours
        colour = colours.tones[self._tone].text if self._tone else colours.text_quiet if self._quiet else colours.text
        self.setStyleSheet(f"color: {colour}; background: transparent;")


class Key(QPushButton):
    """A large button of a size of the design."""

    def __init__(self, size: int = 40, *, height: int = 112, primary: bool = False) -> None:
        super().__init__()
        self._size, self._height, self._primary = size, height, primary
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def scale(self, unit: float) -> None:
        """See Text."""
        colours = current_theme().colours
        ground, text, edge = (
            (colours.accent, colours.on_accent, colours.accent)
            if self._primary
            else (colours.surface, colours.text, colours.border)
        )
        pressed = colours.accent_pressed if self._primary else colours.selected
        edge_px = max(1, round(2 * unit))
        inner = round(self._height * unit) - 2 * edge_px  # the suite's style sheet gives buttons another height
        self.setFont(fonts.text_font(max(10, round(self._size * unit)), bold=self._primary))
        self.setStyleSheet(
            f"QPushButton {{ background: {ground}; color: {text}; border: {edge_px}px solid {edge};"
            f" border-radius: {round(14 * unit)}px; padding: 0 {round(28 * unit)}px;"
            f" min-height: {inner}px; max-height: {inner}px; }}"
            f"QPushButton:pressed {{ background: {pressed}; }}"
            f"QPushButton:disabled {{ color: {colours.text_disabled}; background: {colours.hover};"
            f" border-color: {colours.hairline}; }}"
        )


class Picture(QWidget):
    """An icon of the set, as large as the design says."""

    def __init__(self, icon: str, size: int) -> None:
        super().__init__()
        self._icon, self._size = icon, size
        self._tone: Tone | None = None

    def set_icon(self, icon: str, tone: Tone | None) -> None:
        """Another icon in the colour of a state."""
        self._icon, self._tone = icon, tone
        self.update()

    def scale(self, unit: float) -> None:
        """See Text."""
        self.setFixedSize(round(self._size * unit), round(self._size * unit))

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        colours = current_theme().colours
        colour = colours.tones[self._tone].text if self._tone else colours.accent
        current_theme().paint_icon(painter, self._icon, QRectF(self.rect()), colour)
        painter.end()


class Corner(QWidget):
    """An empty corner that counts taps: the administrator's way in."""

    tapped = Signal()
    """it was touched."""

    def mousePressEvent(self, _event: QMouseEvent) -> None:
        self.tapped.emit()


class ExamCard(QFrame):
    """What is said of one exam."""

    def __init__(self, *, dense: bool) -> None:
        super().__init__()
        self.setObjectName("card")
        self._dense = dense
        across = QHBoxLayout(self)
        self._box = across
        self._picture = Picture("check_circle", 88 if dense else 150)
        across.addWidget(self._picture, 0, Qt.AlignmentFlag.AlignVCenter)
        words = QVBoxLayout()
        self._headline = Text(44 if dense else 72, bold=True)
        self._step = Text(32 if dense else 46)
        self._who = Text(26 if dense else 32, quiet=True)
        for text in (self._headline, self._step, self._who):
            text.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
            words.addWidget(text)
        across.addLayout(words, 1)
        place = QVBoxLayout()
        self._number = Text(72 if dense else 128, bold=True, wrap=False)
        self._room = Text(34 if dense else 48, bold=True)
        self._way = Text(24 if dense else 32, quiet=True)
        self._wait = Text(26 if dense else 34)
        for text in (self._number, self._room, self._way, self._wait):
            place.addWidget(text)
        self._place = QWidget()
        self._place.setLayout(place)
        across.addWidget(self._place, 0)

    def show_exam(self, exam: KioskExam | None, told: Told) -> None:
        """Fill in; no exam: only the sentences."""
        self._picture.set_icon(told.glyph, told.tone)
        self._headline.setText(told.headline)
        self._headline.set_tone(told.tone)
        self._step.setText(told.next_step)
        self._place.setVisible(exam is not None and bool(exam.number) and exam.outcome in WAITS)
        self._who.setText("" if exam is None else f"{exam.masked_name}　{exam.items}")
        self._who.setVisible(exam is not None)
        if exam is not None:
            self._number.setText(exam.number)
            self._room.setText(room_of(exam))
            way = "　".join(part for part in (campus_of(exam), exam.way) if part)
            self._way.setText(way)
            self._way.setVisible(bool(way))
            wait = wait_words(exam.forecast)
            self._wait.setText(wait)
            self._wait.setVisible(bool(wait))

    def scale(self, unit: float) -> None:
        """See Text."""
        colours = current_theme().colours
        self._box.setContentsMargins(*(round(36 * unit) for _ in range(4)))
        self._box.setSpacing(round(36 * unit))
        self._place.setFixedWidth(round((380 if self._dense else 520) * unit))
        self.setStyleSheet(
            f"#card {{ background: {colours.surface}; border: 1px solid {colours.hairline};"
            f" border-radius: {round(18 * unit)}px; }}"
        )
        for child in self.findChildren(QWidget):
            if isinstance(child, (Text, Picture)):
                child.scale(unit)


class KioskScreen(QWidget):
    """自助签到. Cannot be closed before `may_leave`."""

    key_pressed = Signal(str)
    """a digit or X."""
    erase_pressed = Signal()
    """删除."""
    confirm_pressed = Signal()
    """确定."""
    back_pressed = Signal()
    """返回."""
    print_pressed = Signal()
    """打印小票."""
    language_chosen = Signal(object)
    """the Language that the person reads."""
    corner_tapped = Signal()
    """the administrator's corner."""

    def __init__(self, state: KioskState) -> None:
        super().__init__()
        self._state = state
        self._unit = 1.0
        self._cards: list[ExamCard] = []
        self.setObjectName("kiosk")
        self.setWindowTitle(verbatim("明镜 · 自助签到"))
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSizeConstraint(QVBoxLayout.SizeConstraint.SetNoConstraint)  # the screen decides, not the words
        outer.addLayout(self._header())
        self.stack = QStackedWidget()
        self._places = {
            Page.START: self.stack.addWidget(self._start()),
            Page.ANSWER: self.stack.addWidget(self._answer()),
            Page.CLOSED: self.stack.addWidget(self._notice()),
            Page.LOCK: self.stack.addWidget(self._lock()),
        }
        self._places[Page.CONNECTING] = self._places[Page.ASKING] = self._places[Page.CLOSED]
        outer.addWidget(self.stack, 1)
        self.render_state(state)

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
        self.corner.tapped.connect(self.corner_tapped)
        box.addWidget(self._hospital)
        box.addStretch(1)
        box.addWidget(self._clock)
        box.addWidget(self.language)
        return box

    def _start(self) -> QWidget:
        page = QWidget()
        self._start_box = QHBoxLayout(page)
        left = QVBoxLayout()
        left.addStretch(1)
        self._scan_picture = Picture("barcode", 260)
        left.addWidget(self._scan_picture, 0, Qt.AlignmentFlag.AlignHCenter)
        self._scan = Text(72, bold=True)
        self._scan_hint = Text(38, quiet=True)
        left.addWidget(self._scan)
        left.addWidget(self._scan_hint)
        left.addStretch(1)
        self._start_box.addLayout(left, 5)
        right = QVBoxLayout()
        self._type = Text(40)
        right.addStretch(1)
        right.addWidget(self._type)
        self._typed = Text(64, bold=True, wrap=False)
        self._typed.setObjectName("typed")
        right.addWidget(self._typed)
        self._sentence = Text(32)
        self._sentence.set_tone(Tone.DANGER)
        right.addWidget(self._sentence)
        self.pad = self._keys(right)
        right.addStretch(1)
        self._start_box.addLayout(right, 4)
        return page

    def _keys(self, box: QVBoxLayout) -> dict[str, Key]:
        grid = QGridLayout()
        grid.setSpacing(14)
        keys: dict[str, Key] = {}
        for place, name in enumerate(KEYS):
            key = Key(48 if name != "erase" else 36)
            if name == "erase":
                key.clicked.connect(self.erase_pressed)
            else:
                key.setText(name)
                key.clicked.connect(partial(self._emit_key, name))
            grid.addWidget(key, place // 3, place % 3)
            keys[name] = key
        box.addLayout(grid)
        box.addSpacing(14)
        confirm = Key(46, primary=True)
        confirm.clicked.connect(self.confirm_pressed)
        box.addWidget(confirm)
        keys["confirm"] = confirm
        return keys

    def _emit_key(self, name: str, _checked: bool = False) -> None:
        self.key_pressed.emit(name)

    def _answer(self) -> QWidget:
        page = QWidget()
        box = QVBoxLayout(page)
        self._answer_box = box
        box.addStretch(1)
        self._cards_box = QGridLayout()
        box.addLayout(self._cards_box)
        self._printing = Text(32, quiet=True)
        box.addWidget(self._printing)
        box.addStretch(1)
        line = QHBoxLayout()
        self.print_key = Key(40)
        self.print_key.clicked.connect(self.print_pressed)
        self.done_key = Key(40, primary=True)
        self.done_key.clicked.connect(self.back_pressed)
        line.addStretch(1)
        line.addWidget(self.print_key, 2)
        line.addWidget(self.done_key, 2)
        line.addStretch(1)
        box.addLayout(line)
        return page

    def _notice(self) -> QWidget:
        page = QWidget()
        box = QVBoxLayout(page)
        box.addStretch(2)
        self._notice_picture = Picture("offline", 220)
        box.addWidget(self._notice_picture, 0, Qt.AlignmentFlag.AlignHCenter)
        self._notice_head = Text(72, bold=True)
        self._notice_step = Text(44)
        self._notice_trouble = Text(24, quiet=True)
        for text in (self._notice_head, self._notice_step, self._notice_trouble):
            box.addWidget(text)
        box.addStretch(3)
        return page

    def _lock(self) -> QWidget:
        page = QWidget()
        across = QHBoxLayout(page)
        across.addStretch(2)
        box = QVBoxLayout()
        box.addStretch(1)
        self._lock_head = Text(44, bold=True)
        self._lock_code = Text(64, bold=True, wrap=False)
        self._lock_sentence = Text(32)
        self._lock_sentence.set_tone(Tone.DANGER)
        for text in (self._lock_head, self._lock_code, self._lock_sentence):
            box.addWidget(text)
        self.lock_pad = self._keys(box)
        self.cancel_key = Key(38)
        self.cancel_key.clicked.connect(self.back_pressed)
        box.addSpacing(14)
        box.addWidget(self.cancel_key)
        box.addStretch(1)
        across.addLayout(box, 3)
        across.addStretch(2)
        return page

    # ── showing ──────────────────────────────────────────────────────────────────────────────────────

    def render_state(self, state: KioskState) -> None:
        """Show a state, in the language of the moment."""
        self._state = state
        self._hospital.setText((state.hospital_name_en or state.hospital_name) if is_english() else state.hospital_name)
        self._clock.setText(f"{state.now:%m-%d} {weekday(state.now)}  {state.now:%H:%M}")
        self.language.setText("中文" if is_english() else "English")
        self._scan.setText(tr("请扫描登记条码"))
        self._scan_hint.setText(tr("把登记单或腕带上的条码、二维码对准扫描口"))
        self._type.setText(tr("或输入身份证号、就诊卡号"))
        self._typed.setText(_grouped(state.typed))
        self._sentence.setText(state.sentence)
        for pad in (self.pad, self.lock_pad):
            pad["erase"].setText(tr("删除"))
            pad["confirm"].setText(tr("确定"))
        self._lock_head.setText(tr("请输入管理员密码"))
        self._lock_code.setText("●" * state.code_length or "　")
        self._lock_sentence.setText(tr("密码不正确。") if state.code_wrong else "")
        self.cancel_key.setText(tr("返回"))
        self._show_notice(state)
        if state.page is Page.ANSWER:
            self._show_answer(state)
        self.stack.setCurrentIndex(self._places[state.page])
        if state.may_leave:
            self.close()

    def _show_notice(self, state: KioskState) -> None:
        if state.page is Page.ASKING:
            icon, head, step = "hourglass", tr("正在查询…"), tr("请稍候")
        elif state.page is Page.CONNECTING:
            icon, head, step = "hourglass", tr("正在启动…"), tr("请稍候，或到登记窗口签到。")
        else:
            icon, head, step = "offline", tr("自助签到暂停服务"), tr("请到登记窗口签到；恢复后本机会自动继续。")
        self._notice_picture.set_icon(icon, Tone.WARNING if icon == "offline" else None)
        self._notice_head.setText(head)
        self._notice_step.setText(step)
        self._notice_trouble.setText(state.trouble)

    def _show_answer(self, state: KioskState) -> None:
        answer = state.answer
        if answer is None:
            return
        told: list[tuple[KioskExam | None, Told]] = [(exam, told_of(exam, state.now)) for exam in answer.exams]
        if not told:
            told = [(None, unknown(answer.try_again_s))]
        dense = len(told) > 1
        if len(self._cards) != len(told):
            for card in self._cards:
                card.setParent(None)
                card.deleteLater()
            self._cards = [ExamCard(dense=dense) for _ in told]
            self._place_cards()
        for card, (exam, words) in zip(self._cards, told, strict=True):
            card.show_exam(exam, words)
        has_ticket = any(exam.number and exam.outcome in PRINTED for exam in answer.exams)
        printing = {
            Printing.NONE: "",
            Printing.BUSY: tr("正在打印小票…"),
            Printing.DONE: tr("请取走小票"),
            Printing.FAILED: tr("小票没有打印出来，请记住您的号码。"),
        }
        self._printing.setText(printing[state.printing])
        self._printing.set_tone(Tone.WARNING if state.printing is Printing.FAILED else None)
        self.print_key.setText(tr("打印小票"))
        self.print_key.setVisible(has_ticket)
        self.print_key.setEnabled(state.printing in (Printing.NONE, Printing.FAILED))
        self.done_key.setText(tr("完成（{seconds}）", seconds=state.seconds_left))

    def _place_cards(self) -> None:
        """Two beside each other where the screen is wide and there are more than two."""
        columns = 2 if len(self._cards) > 2 and self.width() > self.height() else 1
        for number, card in enumerate(self._cards):
            self._cards_box.removeWidget(card)
            self._cards_box.addWidget(card, number // columns, number % columns)
            card.scale(self._unit * _CARD_SCALES.get(len(self._cards), 0.74))
        for column in range(2):
            self._cards_box.setColumnStretch(column, 1 if column < columns else 0)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._scale()

    def _scale(self) -> None:
        upright = self.height() > self.width()
        design = _DESIGN_UPRIGHT if upright else _DESIGN
        self._unit = unit = min(self.width() / design.width(), self.height() / design.height())
        colours = current_theme().colours
        self.setStyleSheet(
            f"#kiosk {{ background: {colours.window}; }}"
            f"#typed {{ background: {colours.surface}; border: 2px solid {colours.border};"
            f" border-radius: {round(14 * unit)}px; }}"
        )
        direction = QHBoxLayout.Direction.TopToBottom if upright else QHBoxLayout.Direction.LeftToRight
        self._start_box.setDirection(direction)
        margin = round(48 * unit)
        for box in (self._header_box, self._start_box, self._answer_box):
            box.setContentsMargins(margin, margin // 2, margin, margin // 2)
            box.setSpacing(round(28 * unit))
        self._cards_box.setSpacing(round(20 * unit))
        self.language.setFixedWidth(round(220 * unit))
        corner = round(120 * unit)
        self.corner.setGeometry(0, self.height() - corner, corner, corner)
        self.corner.raise_()
        self._typed.setFixedHeight(round(110 * unit))
        for child in self.findChildren(QWidget):
            if isinstance(child, (Text, Key, Picture)):
                child.scale(unit)
        self._place_cards()

    def closeEvent(self, event: QCloseEvent) -> None:
        if not self._state.may_leave:
            event.ignore()
            return
        super().closeEvent(event)

    def connect_presenter(
        self,
        *,
        key: Callable[[str], None],
        erase: Callable[[], None],
        confirm: Callable[[], None],
        back: Callable[[], None],
        print_again: Callable[[], None],
        choose_language: Callable[[Language], None],
        corner: Callable[[], None],
    ) -> None:
        """Tell the intentions to whoever decides."""
        self.key_pressed.connect(key)
        self.erase_pressed.connect(erase)
        self.confirm_pressed.connect(confirm)
        self.back_pressed.connect(back)
        self.print_pressed.connect(print_again)
        self.language_chosen.connect(choose_language)
        self.corner_tapped.connect(corner)


def _grouped(number: str) -> str:
    """A typed number in groups that the eye can check: 110101 19900307 123X."""
    parts = (number[:6], number[6:14], number[14:])
    return " ".join(part for part in parts if part) or "　"
