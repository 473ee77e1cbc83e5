"""The board on screen: painted in sizes relative to its height, so that every hall and every screen reads the same."""

from __future__ import annotations

import math

from PySide6.QtCore import QElapsedTimer, QEvent, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QWidget

from clients.display.board.drawing import FEWEST_ROOMS, HALL_M, MOST_ROOMS, Box, Plan, legible_rooms, plan_board
from clients.display.board.hero import paint_hero
from clients.display.board.painting import CENTRE, LEFT, RIGHT, Pen, rect
from clients.display.board.rooms import paint_room
from clients.display.board.state import BoardState, Line
from clients.kit.fonts import text_font
from clients.kit.login import paint_mark
from clients.kit.theme import current_theme, is_look_change
from clients.kit.tokens import Tone
from clients.kit.translations import tr

BREATH_S = 2.4
"""Seconds of one calm swell of light while a call is new."""
BREATHS = 4
"""So many swells, then the call stands still."""
WEEKDAYS = ("星期一", "星期二", "星期三", "星期四", "星期五", "星期六", "星期日")


class BoardScreen(QWidget):
    """Shows one BoardState; moves only while a call is new or the news is too long for its line."""

    resized = Signal()
    """Emitted after the window got another size: other rooms may be legible on one page."""
    painted = Signal()
    """Emitted when a new state is on the screen for the first time."""

    def __init__(self, state: BoardState, distance_m: float = HALL_M) -> None:
        """`distance_m` is how far the last row sits."""
        super().__init__()
        self._state = state
        self._distance_m = distance_m
        self._fresh = True
        self._since = QElapsedTimer()
        self._since.start()
        self._moving = QTimer(self)
        self._moving.setInterval(50)
        self._moving.timeout.connect(self._move)
        self._news_at = 0.0
        self.setMinimumSize(480, 320)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setCursor(Qt.CursorShape.BlankCursor)
        self.setWindowTitle(tr("叫号大屏"))

    @property
    def state(self) -> BoardState:
        """What is shown."""
        return self._state

    def render_state(self, state: BoardState) -> None:
        """Show a state."""
        before, self._state = self._state, state
        if state.speaking and before.speaking != state.speaking:
            self._since.restart()
        if state.news != before.news:
            self._news_at = 0.0
        self._fresh = True
        self._follow_motion()
        self.update()

    def capacity(self) -> int:
        """How many rooms are legible on one page of this screen, but never so few that people wait for their page.

        A window that does not fill its screen is looked at from near.
        """
        if not self.isFullScreen():
            return MOST_ROOMS
        legible = legible_rooms(self.width(), self.height(), self._mm_per_pixel(), self._distance_m)
        return max(FEWEST_ROOMS, legible)

    def _mm_per_pixel(self) -> float:
        """0 when the screen does not say how big it is (as over some converters), or says nonsense."""
        screen = self.screen()
        size = screen.physicalSize()
        geometry = screen.geometry()
        if size.width() < 200 or geometry.width() <= 0:
            return 0.0
        across, down = size.width() / geometry.width(), size.height() / max(1, geometry.height())
        return across if 0.8 < across / max(down, 1e-6) < 1.25 else 0.0

    # ── motion ───────────────────────────────────────────────────────────────────────────────────────

    def _is_new(self) -> bool:
        return bool(self._state.speaking) and self._since.elapsed() < 1000 * BREATH_S * BREATHS

    def _follow_motion(self) -> None:
        if self._is_new() or self._news_is_long():
            if not self._moving.isActive():
                self._moving.start()
            return
        self._moving.stop()
        self._news_at = 0.0

    def _plan(self) -> Plan:
        return plan_board(self.width(), self.height(), len(self._state.shown_rooms))

    def _move(self) -> None:
        plan = self._plan()
        margin = 8  # the shift against burning in
        if self._state.speaking:
            self.update(rect(plan.hero).toAlignedRect().adjusted(-margin, -margin, margin, margin))
            for room, cell in zip(self._state.shown_rooms, plan.cells, strict=True):
                if room.room_id == self._state.speaking[0].room_id:
                    self.update(rect(cell.box).toAlignedRect().adjusted(-margin, -margin, margin, margin))
        if self._news_is_long():
            self._news_at += plan.unit * 0.22
            self.update(rect(plan.foot).toAlignedRect().adjusted(-margin, -margin, margin, margin))
        self._follow_motion()

    def _glow(self) -> float:
        if not self._is_new():
            return 0.0
        seconds = self._since.elapsed() / 1000
        return 0.5 - 0.5 * math.cos(2 * math.pi * seconds / BREATH_S)

    # ── painting ─────────────────────────────────────────────────────────────────────────────────────

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme = current_theme()
        plan = self._plan()
        state = self._state
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.fillRect(self.rect(), theme.colour("window"))
            painter.translate(*state.shift)
            pen = Pen(painter, theme)
            self._paint_bar(pen, plan)
            glow = self._glow()
            paint_hero(pen, plan, state, glow)
            lit = state.speaking[0].room_id if state.speaking else None
            for room, cell in zip(state.shown_rooms, plan.cells, strict=True):
                paint_room(pen, plan.unit, cell, room, state, glow if room.room_id == lit else None)
            self._paint_foot(pen, plan)
        if self._fresh:
            self._fresh = False
            self.painted.emit()

    def _paint_bar(self, pen: Pen, plan: Plan) -> None:
        unit, bar, colours = plan.unit, plan.bar, pen.theme.colours
        mark = unit * 5.2
        pen.painter.save()
        pen.painter.translate(unit * 2, bar.top + (bar.height - mark) / 2)
        paint_mark(pen.painter, mark)
        pen.painter.restore()
        now = self._state.now
        clock_size = unit * 6.4
        width = pen.width("00:00", clock_size, bold=True) + unit
        clock = Box(bar.right - unit * 2 - width, bar.top, width, bar.height)
        pen.text(f"{now:%H:%M}", clock, clock_size, colours.text, RIGHT, bold=True)
        words = f"{now:%Y-%m-%d}　{tr(WEEKDAYS[now.weekday()])}"
        if plan.is_portrait:
            words = f"{now:%m-%d} {tr(WEEKDAYS[now.weekday()])}"
        day_width = pen.width(words, unit * 3.2) + unit
        day = Box(clock.left - unit * 2 - day_width, bar.top, day_width, bar.height)
        pen.text(words, day, unit * 3.2, colours.text_quiet, RIGHT)
        title = self._state.hospital_name or tr("叫号大屏")
        if self._state.hall_name:
            title += f" · {self._state.hall_name}"
        name = Box(unit * 8.6, bar.top, max(unit * 10, day.left - unit * 10), bar.height)
        pen.text(title, name, unit * 4.2, colours.text, LEFT, bold=True)

    def _news_box(self, plan: Plan) -> Box:
        foot, unit = plan.foot, plan.unit
        right = unit * (2 if self._state.line is Line.ONLINE and not self._state.voice_trouble else 56)
        page = unit * 12 if self._state.pages > 1 else 0
        if plan.is_portrait and right > unit * 10:
            right = foot.width - unit * 4  # the state of the line needs the whole line
        dot = unit * 16
        return Box(unit * 2, foot.top, max(0.0, foot.width - unit * 2 - right - page - dot), foot.height)

    def _news_is_long(self) -> bool:
        if not self._state.news:
            return False
        plan = self._plan()
        metrics = QFontMetricsF(text_font(plan.unit * 3.8))
        box = self._news_box(plan)
        return box.width > 0 and metrics.horizontalAdvance(self._state.news) > box.width

    def _paint_foot(self, pen: Pen, plan: Plan) -> None:
        unit, foot, colours = plan.unit, plan.foot, pen.theme.colours
        wide = Box(foot.left - unit, foot.top, foot.width + 2 * unit, foot.height + unit)
        pen.painter.fillRect(rect(wide), pen.theme.colour("surface"))
        news = self._news_box(plan)
        if news.width > unit * 10:
            if self._news_is_long():
                font = text_font(unit * 3.8)
                pen.painter.save()
                pen.painter.setClipRect(rect(news))
                length = QFontMetricsF(font).horizontalAdvance(self._state.news) + unit * 20
                left = news.left - self._news_at % length
                while left < news.right:
                    place = Box(left, news.top, length, news.height)
                    pen.text(self._state.news, place, unit * 3.8, colours.text_quiet, LEFT)
                    left += length
                pen.painter.restore()
            else:
                pen.text(self._state.news, news, unit * 3.8, colours.text_quiet, LEFT)
        right = self._paint_line(pen, plan)
        if self._state.pages > 1:
            words = f"{self._state.page + 1} / {self._state.pages}"
            page = Box(right - unit * 12, foot.top, unit * 11, foot.height)
            pen.text(words, page, unit * 3.6, colours.text_quiet, CENTRE, bold=True)

    def _paint_line(self, pen: Pen, plan: Plan) -> float:
        """The state of the line at the right of the foot; the left edge of what was painted."""
        unit, foot, state = plan.unit, plan.foot, self._state
        if state.line is Line.LOST:
            contact = state.last_contact
            words = (
                tr("连接中断，正在恢复；显示的是 {time} 的信息", time=f"{contact:%H:%M}")
                if contact
                else tr("连接中断，正在恢复")
            )
            glyph, tone = "offline", Tone.WARNING
        elif state.voice_trouble:
            words, glyph, tone = tr("语音暂不可用，请看屏幕"), "alert", Tone.WARNING
        elif state.line is Line.ONLINE:
            words, glyph, tone = tr("已连接"), "online", Tone.SUCCESS
        else:
            words, glyph, tone = tr("正在连接"), "hourglass", Tone.NEUTRAL
        size = unit * (2.6 if tone is not Tone.WARNING else 3.2)
        colour = pen.theme.tone(tone).text
        width = min(pen.width(words, size), foot.width - unit * 9)
        box = Box(foot.right - unit * 2 - width, foot.top, width + unit * 0.2, foot.height)
        icon = size * 1.25
        left = box.left - icon - unit * 0.8
        place = QRectF(left, foot.top + (foot.height - icon) / 2, icon, icon)
        pen.theme.paint_icon(pen.painter, glyph, place, colour)
        pen.text(words, box, size, colour, LEFT)
        return left - unit

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.resized.emit()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange or is_look_change(event):
            self.setWindowTitle(tr("叫号大屏"))
            self.update()
        super().changeEvent(event)
