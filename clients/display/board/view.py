"""The board on screen: painted in sizes relative to its height, so that every hall and every screen reads the same."""

from __future__ import annotations

import math

from PySide6.QtCore import QElapsedTimer, QEvent, QRectF, Qt, QTimer
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from clients.display.board.drawing import Box, Plan, plan_board
from clients.display.board.state import BoardState, Line
from clients.kit.fonts import text_font
from clients.kit.login import paint_mark
from clients.kit.theme import Theme, current_theme, is_look_change
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from shared.contract.queueing import BoardRoom, CallView

_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_CENTRE = Qt.AlignmentFlag.AlignCenter
BREATH_S = 2.4
"""Seconds of one calm swell of light while a call is spoken."""
WEEKDAYS = ("星期一", "星期二", "星期三", "星期四", "星期五", "星期六", "星期日")


def rect(box: Box) -> QRectF:
    """A rectangle as Qt wants it."""
    return QRectF(box.left, box.top, box.width, box.height)


class BoardScreen(QWidget):
    """Shows one BoardState; moves only while somebody is called or the news is too long for its line."""

    def __init__(self, state: BoardState) -> None:
        super().__init__()
        self._state = state
        self._since = QElapsedTimer()
        self._since.start()
        self._moving = QTimer(self)
        self._moving.setInterval(50)
        self._moving.timeout.connect(self._move)
        self._news_at = 0.0
        self.setMinimumSize(480, 320)
        self.setCursor(Qt.CursorShape.BlankCursor)
        self.setWindowTitle(tr("叫号大屏"))

    @property
    def state(self) -> BoardState:
        """What is shown."""
        return self._state

    def render_state(self, state: BoardState) -> None:
        """Show a state."""
        before, self._state = self._state, state
        if state.speaking is not None and before.speaking is None:
            self._since.restart()
        self._follow_motion()
        self.update()

    def _follow_motion(self) -> None:
        wanted = self._state.speaking is not None or self._news_is_long()
        if wanted and not self._moving.isActive():
            self._moving.start()
        elif not wanted:
            self._moving.stop()
            self._news_at = 0.0

    def _plan(self) -> Plan:
        return plan_board(self.width(), self.height(), len(self._state.rooms))

    def _move(self) -> None:
        plan = self._plan()
        if self._state.speaking is not None:
            self.update(rect(plan.hero).toAlignedRect())
            for room, box in zip(self._state.rooms, plan.rooms, strict=True):
                if room.room_id == self._state.speaking.room_id:
                    self.update(rect(box).toAlignedRect())
        if self._news_is_long():
            self._news_at += plan.unit * 0.22
            self.update(rect(plan.foot).toAlignedRect())

    def _glow(self) -> float:
        if self._state.speaking is None:
            return 0.0
        seconds = self._since.elapsed() / 1000
        return 0.5 - 0.5 * math.cos(2 * math.pi * seconds / BREATH_S)

    def _news_is_long(self) -> bool:
        if not self._state.news:
            return False
        plan = self._plan()
        metrics = QFontMetricsF(text_font(plan.unit * 4.2))
        return metrics.horizontalAdvance(self._state.news) > self._news_width(plan)

    def _news_width(self, plan: Plan) -> float:
        return plan.foot.width - plan.unit * (8 if self._state.line is Line.ONLINE else 60)

    # ── painting ─────────────────────────────────────────────────────────────────────────────────────

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme = current_theme()
        plan = self._plan()
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.fillRect(self.rect(), theme.colour("window"))
            self._paint_bar(painter, theme, plan)
            self._paint_hero(painter, theme, plan)
            for room, box in zip(self._state.rooms, plan.rooms, strict=True):
                self._paint_room(painter, theme, plan, room, box)
            self._paint_foot(painter, theme, plan)

    def _paint_bar(self, painter: QPainter, theme: Theme, plan: Plan) -> None:
        unit, bar = plan.unit, plan.bar
        painter.save()
        painter.translate(unit * 3, bar.top + unit * 2.5)
        paint_mark(painter, unit * 6)
        painter.restore()
        now = self._state.now
        width = QFontMetricsF(text_font(unit * 7, bold=True)).horizontalAdvance("00:00") + unit
        clock = Box(bar.right - unit * 3 - width, bar.top, width, bar.height)
        self._text(painter, f"{now:%H:%M}", clock, unit * 7, theme.colours.text, _RIGHT, bold=True)
        day = Box(clock.left - unit * 43, bar.top, unit * 40, bar.height)
        words = f"{now:%Y-%m-%d}　{tr(WEEKDAYS[now.weekday()])}"
        self._text(painter, words, day, unit * 3.6, theme.colours.text_quiet, _RIGHT)
        name = Box(unit * 11, bar.top, max(unit * 10, day.left - unit * 12), bar.height)
        title = self._state.hospital_name or tr("叫号大屏")
        self._text(painter, title, name, unit * 4.6, theme.colours.text, _LEFT, bold=True)

    def _paint_hero(self, painter: QPainter, theme: Theme, plan: Plan) -> None:
        unit, box = plan.unit, plan.hero
        call = self._state.speaking
        colours = theme.colours
        ground = QColor(colours.surface)
        if call is not None:
            ground = _mixed(QColor(colours.accent), QColor(colours.accent_pressed), self._glow())
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ground)
        painter.drawRoundedRect(rect(box), unit * 1.2, unit * 1.2)
        if call is None:
            self._paint_quiet_hero(painter, theme, plan)
            return
        text = colours.on_accent
        inner = Box(box.left + unit * 4, box.top, box.width - unit * 8, box.height)
        head = Box(inner.left, box.top + box.height * 0.07, inner.width, box.height * 0.2)
        painter.save()
        icon = head.height * 0.8
        theme.paint_icon(painter, "call", QRectF(inner.left, head.top + (head.height - icon) / 2, icon, icon), text)
        painter.restore()
        words = Box(head.left + icon * 1.3, head.top, head.width, head.height)
        self._text(painter, tr("正在呼叫"), words, box.height * 0.17, text, _LEFT)
        line = Box(inner.left, box.top + box.height * 0.28, inner.width, box.height * 0.64)
        self._call_line(painter, call, line, text)

    def _call_line(self, painter: QPainter, call: CallView, line: Box, colour: str) -> None:
        """Number and name at the left, the room at the right, as big as fits."""
        full = line.height * 0.78
        parts = ((call.number, 1.0), (call.masked_name, 0.86), (call.room_name, 0.8))
        widths = [
            QFontMetricsF(text_font(full * part, bold=True)).horizontalAdvance(words) + full * 0.1
            for words, part in parts
        ]
        gap = full * 0.45
        scale = min(1.0, line.width / (sum(widths) + gap * 3.2))
        size, gap = full * scale, gap * scale
        number_width, name_width, room_width = (width * scale for width in widths)
        number = Box(line.left, line.top, number_width, line.height)
        name = Box(number.right + gap, line.top, name_width, line.height)
        room = Box(line.right - room_width, line.top, room_width, line.height)
        self._text(painter, call.number, number, size, colour, _LEFT, bold=True)
        self._text(painter, call.masked_name, name, size * 0.86, colour, _LEFT, bold=True)
        self._text(painter, call.room_name, room, size * 0.8, colour, _RIGHT, bold=True)
        arrow = size * 0.5
        middle = (name.right + room.left) / 2
        place = QRectF(middle - arrow / 2, line.top + (line.height - arrow) / 2, arrow, arrow)
        current_theme().paint_icon(painter, "arrow_right", place, colour)

    def _paint_quiet_hero(self, painter: QPainter, theme: Theme, plan: Plan) -> None:
        box, unit = plan.hero, plan.unit
        if self._state.line is Line.CONNECTING:
            words, hint = tr("正在连接叫号系统…"), self._state.trouble
        elif self._state.line is Line.LOST and self._state.trouble:
            words, hint = tr("叫号系统暂不可用，请留意工作人员的口头呼叫"), self._state.trouble
        elif self._state.is_empty:
            words, hint = tr("暂无候诊患者"), tr("登记后，您的号码会出现在这里。")
        else:
            words, hint = tr("请留意叫号"), tr("听到您的号码后，请前往指定的检查室。")
        upper = Box(box.left, box.top + box.height * 0.16, box.width, box.height * 0.42)
        lower = Box(box.left + unit * 2, box.top + box.height * 0.56, box.width - unit * 4, box.height * 0.26)
        self._text(painter, words, upper, min(unit * 7.5, box.height * 0.3), theme.colours.text, _CENTRE, bold=True)
        self._text(painter, hint, lower, min(unit * 4.5, box.height * 0.2), theme.colours.text_quiet, _CENTRE)

    def _paint_room(self, painter: QPainter, theme: Theme, plan: Plan, room: BoardRoom, box: Box) -> None:
        unit, colours = plan.unit, theme.colours
        speaking = self._state.speaking
        lit = speaking is not None and speaking.room_id == room.room_id
        painter.setPen(Qt.PenStyle.NoPen)
        surface, selected = QColor(colours.surface), QColor(colours.selected)
        painter.setBrush(_mixed(selected, surface, 0.6 * self._glow()) if lit else surface)
        painter.drawRoundedRect(rect(box), unit * 1.2, unit * 1.2)
        if lit:
            painter.setBrush(QColor(colours.accent))
            painter.drawRoundedRect(QRectF(box.left, box.top, unit * 0.8, box.height), unit * 0.4, unit * 0.4)
        inner = box.inset(unit * 2)
        head = Box(inner.left, inner.top, inner.width, min(unit * 6.5, inner.height * 0.18))
        size = min(unit * 5, head.height * 0.8)
        self._text(painter, room.room_name, head, size, colours.text_quiet, _LEFT, bold=True)
        top = head.bottom + unit * 0.5
        now = Box(inner.left, top, inner.width, min(unit * 13, inner.height * 0.34))
        self._paint_now(painter, theme, room, now, lit=lit)
        painter.fillRect(
            QRectF(inner.left, now.bottom + unit, inner.width, max(1.0, unit * 0.15)), theme.colour("hairline")
        )
        rest = Box(inner.left, now.bottom + unit * 2, inner.width, inner.bottom - now.bottom - unit * 2)
        self._paint_queue(painter, theme, plan, room, rest)

    def _paint_now(self, painter: QPainter, theme: Theme, room: BoardRoom, box: Box, *, lit: bool) -> None:
        colours = theme.colours
        if room.now is None:
            self._text(painter, tr("暂未叫号"), box, box.height * 0.46, colours.text_disabled, _LEFT)
            return
        colour = colours.accent if lit or not room.now.is_over else colours.text
        half = min(box.width * 0.47, box.height * 3.2)
        number = Box(box.left, box.top, half, box.height)
        name = Box(box.left + half, box.top, box.width - half, box.height)
        align = _LEFT if box.width > box.height * 6 else _RIGHT
        self._text(painter, room.now.number, number, box.height * 0.72, colour, _LEFT, bold=True)
        self._text(painter, room.now.masked_name, name, box.height * 0.62, colours.text, align, bold=True)

    def _paint_queue(self, painter: QPainter, theme: Theme, plan: Plan, room: BoardRoom, box: Box) -> None:
        unit, colours = plan.unit, theme.colours
        step = unit * 6.2
        lines = max(1, int(box.height // step))
        passed_lines = 1 if room.passed and lines > 1 else 0
        label_width = unit * 9.5
        size = unit * 4.5
        places = lines - passed_lines
        room_for_names = (box.width - label_width) / unit
        per_line = max(1, min(2, int(room_for_names // 21)), min(4, int(room_for_names // 25)))
        beside = bool(room.passed) and lines == 1 and per_line > 1  # one line must hold both
        width = min(unit * 28, (box.width - label_width) / per_line)
        shown = room.waiting[: places * per_line - beside]
        if not shown:
            line = Box(box.left, box.top, label_width + width, step)
            self._text(painter, tr("无人候诊"), line, size * 0.9, colours.text_disabled, _LEFT)
        for place, words in enumerate(shown):
            top = box.top + (place // per_line) * step
            if place == 0:
                label = Box(box.left, top, label_width, step)
                self._text(painter, tr("候诊"), label, size * 0.86, colours.text_quiet, _LEFT)
            cell = Box(box.left + label_width + (place % per_line) * width, top, width, step)
            self._text(painter, words, cell, size, colours.text, _LEFT)
        if beside:
            left = box.left + label_width + (per_line - 1) * width
            self._paint_passed(painter, theme, room, Box(left, box.top, box.right - left, step), unit * 8.5, size)
        elif passed_lines:
            used = max(1, -(-len(shown) // per_line)) * step
            top = min(box.bottom - step, box.top + used + unit)
            self._paint_passed(painter, theme, room, Box(box.left, top, box.width, step), label_width, size)

    def _paint_passed(
        self, painter: QPainter, theme: Theme, room: BoardRoom, line: Box, label_width: float, size: float
    ) -> None:
        label = Box(line.left, line.top, label_width, line.height)
        self._text(painter, tr("过号"), label, size * 0.86, theme.tone(Tone.WARNING).text, _LEFT)
        names = Box(line.left + label_width, line.top, line.width - label_width, line.height)
        quiet = theme.colours.text_quiet
        words = "　".join(room.passed)
        if QFontMetricsF(text_font(size * 0.9)).horizontalAdvance(words) > names.width:
            words = " ".join(passed.split(" ")[0] for passed in room.passed)  # the numbers alone
        self._text(painter, words, names, size * 0.9, quiet, _LEFT, shrink=False)

    def _paint_foot(self, painter: QPainter, theme: Theme, plan: Plan) -> None:
        unit, foot, colours = plan.unit, plan.foot, theme.colours
        painter.fillRect(rect(foot), theme.colour("surface"))
        width = self._news_width(plan)
        news = Box(unit * 4, foot.top, width, foot.height)
        font = text_font(unit * 4.2)
        if self._news_is_long():
            painter.save()
            painter.setClipRect(rect(news))
            painter.setFont(font)
            painter.setPen(QColor(colours.text_quiet))
            length = QFontMetricsF(font).horizontalAdvance(self._state.news) + unit * 20
            left = news.left - self._news_at % length
            while left < news.right:
                painter.drawText(QRectF(left, news.top, length, news.height), int(_LEFT), self._state.news)
                left += length
            painter.restore()
        elif self._state.news:
            self._text(painter, self._state.news, news, unit * 4.2, colours.text_quiet, _LEFT)
        self._paint_line(painter, theme, plan)

    def _paint_line(self, painter: QPainter, theme: Theme, plan: Plan) -> None:
        unit, foot = plan.unit, plan.foot
        if self._state.line is Line.LOST:
            contact = self._state.last_contact
            words = (
                tr("连接中断，正在恢复；显示的是 {time} 的信息", time=f"{contact:%H:%M}")
                if contact
                else tr("连接中断，正在恢复")
            )
            glyph, tone = "offline", Tone.WARNING
        elif self._state.voice_trouble:
            words, glyph, tone = tr("语音暂不可用，请看屏幕"), "alert", Tone.WARNING
        else:
            return
        colour = theme.tone(tone).text
        box = Box(foot.right - unit * 62, foot.top, unit * 59, foot.height)
        metrics = QFontMetricsF(text_font(unit * 3.2))
        left = box.right - min(box.width, metrics.horizontalAdvance(words)) - unit * 6
        theme.paint_icon(
            painter, glyph, QRectF(left, foot.top + foot.height / 2 - unit * 2, unit * 4, unit * 4), colour
        )
        self._text(painter, words, box, unit * 3.2, colour, _RIGHT)

    def _text(
        self,
        painter: QPainter,
        words: str,
        box: Box,
        size: float,
        colour: str,
        align: Qt.AlignmentFlag,
        *,
        bold: bool = False,
        shrink: bool = True,
    ) -> None:
        """One line as big as asked, smaller if it would not fit, and cut with … when it would get too small."""
        font = text_font(size, bold=bold)
        metrics = QFontMetricsF(font)
        width = metrics.horizontalAdvance(words)
        if shrink and width > box.width > 0:
            size = max(size * 0.6, size * box.width / width * 0.99)
            font = text_font(math.floor(size), bold=bold)
            metrics = QFontMetricsF(font)
        painter.setFont(_plain(font))
        painter.setPen(QColor(colour))
        shown = metrics.elidedText(words, Qt.TextElideMode.ElideRight, box.width)
        painter.drawText(rect(box), int(align), shown)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange or is_look_change(event):
            self.setWindowTitle(tr("叫号大屏"))
            self.update()
        super().changeEvent(event)


def _plain(font: QFont) -> QFont:
    font.setStyleStrategy(QFont.StyleStrategy.PreferAntialias)
    return font


def _mixed(first: QColor, second: QColor, share: float) -> QColor:
    """`first` with `share` (0 to 1) of `second` in it."""
    rest = 1 - share
    return QColor(
        round(first.red() * rest + second.red() * share),
        round(first.green() * rest + second.green() * share),
        round(first.blue() * rest + second.blue() * share),
    )
