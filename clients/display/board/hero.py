"""The big field: who is called to which room, or what the hall must know while nobody is."""

from __future__ import annotations

from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor

from clients.display.board.drawing import Box, Plan
from clients.display.board.painting import CENTRE, LEFT, RIGHT, Pen, mixed
from clients.display.board.state import BoardState, Line
from clients.kit.translations import tr
from shared.contract.queueing import CallView


def paint_hero(pen: Pen, plan: Plan, state: BoardState, glow: float) -> None:
    """Paint the field; `glow` (0 to 1) is the swell of light of a new call."""
    unit, box, colours = plan.unit, plan.hero, pen.theme.colours
    if not state.called:
        pen.panel(box, QColor(colours.surface), unit * 1.2)
        _paint_quiet(pen, plan, state)
        return
    is_new = bool(state.speaking)
    ground = mixed(QColor(colours.accent), QColor(colours.accent_pressed), glow) if is_new else QColor(colours.selected)
    pen.panel(box, ground, unit * 1.2)
    text = colours.on_accent if is_new else colours.text
    inner = box.inset(unit * 3, unit * 1.2)
    head_height = min(unit * 7, inner.height * 0.24)
    _paint_head(pen, Box(inner.left, inner.top, inner.width, head_height), state, is_new, text)
    rest = Box(inner.left, inner.top + head_height, inner.width, inner.height - head_height)
    called = state.called[:3]
    if plan.is_portrait:
        _paint_stacked(pen, called, rest, text)
    else:
        _paint_beside(pen, called, rest, text)


def _paint_head(pen: Pen, head: Box, state: BoardState, is_new: bool, text: str) -> None:
    icon = head.height * 0.66
    place = QRectF(head.left, head.top + (head.height - icon) / 2, icon, icon)
    pen.theme.paint_icon(pen.painter, "call", place, text)
    words = tr("正在呼叫") if is_new else tr("刚才呼叫")
    box = Box(head.left + icon * 1.35, head.top, head.width - icon * 1.35, head.height)
    pen.text(words, box, head.height * 0.6, text, LEFT)
    if state.announced:
        waiting = tr("随后呼叫 {count} 位", count=len(state.announced))
        pen.text(waiting, box, head.height * 0.46, text, RIGHT)


def _paint_beside(pen: Pen, called: tuple[CallView, ...], rest: Box, text: str) -> None:
    """Patients at the left, one a line, their room at the right; all in one size."""
    line_height = rest.height / len(called)
    room_name = called[0].room_name
    size = min(line_height * 0.86, rest.height * 0.74)
    number_em, name_em, gap_em = _em(pen, [call.number for call in called]), _em(pen, _names(called)), 0.5
    room_em = _em(pen, [room_name]) * 0.9
    room_size = min(size * (1.0 if len(called) == 1 else 1.5), rest.height * 0.66)
    ratio = room_size / size
    needed = size * (number_em + name_em + gap_em * 3.6) + room_size * room_em
    if needed > rest.width:
        size *= rest.width / needed
        room_size = size * ratio
    for place, call in enumerate(called):
        line = Box(rest.left, rest.top + place * line_height, rest.width, line_height)
        number = Box(line.left, line.top, size * number_em, line.height)
        name = Box(number.right + size * gap_em, line.top, size * name_em, line.height)
        pen.text(call.number, number, size, text, LEFT, bold=True)
        pen.text(call.masked_name, name, size, text, LEFT, bold=True)
    room_width = room_size * room_em * 1.04
    room = Box(rest.right - room_width, rest.top, room_width, rest.height)
    pen.text(room_name, room, room_size * 0.9, text, RIGHT, bold=True)
    arrow = rest.height * 0.36
    left = rest.left + size * (number_em + gap_em + name_em)
    middle = (left + room.left) / 2
    place_of_arrow = QRectF(middle - arrow / 2, rest.top + (rest.height - arrow) / 2, arrow, arrow)
    pen.theme.paint_icon(pen.painter, "arrow_right", place_of_arrow, text)


def _paint_stacked(pen: Pen, called: tuple[CallView, ...], rest: Box, text: str) -> None:
    """Patients above, their room below: for upright screens."""
    room_height = rest.height * (0.42 if len(called) == 1 else 0.34)
    upper = Box(rest.left, rest.top, rest.width, rest.height - room_height)
    line_height = upper.height / len(called)
    number_em, name_em = _em(pen, [call.number for call in called]), _em(pen, _names(called))
    size = min(line_height * 0.84, rest.width / (number_em + name_em + 0.5))
    for place, call in enumerate(called):
        top = upper.top + place * line_height
        pen.text(call.number, Box(rest.left, top, size * number_em, line_height), size, text, LEFT, bold=True)
        left = rest.left + size * (number_em + 0.5)
        pen.text(call.masked_name, Box(left, top, rest.right - left, line_height), size, text, LEFT, bold=True)
    arrow = room_height * 0.5
    line = Box(rest.left, upper.bottom, rest.width, room_height)
    place_of_arrow = QRectF(line.left, line.top + (line.height - arrow) / 2, arrow, arrow)
    pen.theme.paint_icon(pen.painter, "arrow_right", place_of_arrow, text)
    room = Box(line.left + arrow * 1.4, line.top, line.width - arrow * 1.4, line.height)
    pen.text(called[0].room_name, room, room_height * 0.72, text, LEFT, bold=True)


def _names(called: tuple[CallView, ...]) -> list[str]:
    return [call.masked_name for call in called]


def _em(pen: Pen, words: list[str]) -> float:
    """How many times its size the widest of the words is."""
    return max(pen.width(word, 100, bold=True) for word in words) / 100 + 0.08


def _paint_quiet(pen: Pen, plan: Plan, state: BoardState) -> None:
    box, unit, colours = plan.hero, plan.unit, pen.theme.colours
    if state.line is Line.CONNECTING:
        words, hint = tr("正在连接叫号系统…"), state.trouble
    elif state.line is Line.LOST and state.trouble:
        words, hint = tr("叫号系统暂不可用，请留意工作人员的口头呼叫"), state.trouble
    elif state.is_empty:
        words, hint = tr("暂无候诊患者"), tr("登记后，您的号码会出现在这里。")
    else:
        words, hint = tr("请留意叫号"), tr("听到您的号码后，请前往指定的检查室。")
    upper = Box(box.left, box.top + box.height * 0.14, box.width, box.height * 0.42)
    lower = Box(box.left + unit * 2, box.top + box.height * 0.56, box.width - unit * 4, box.height * 0.28)
    pen.text(words, upper, min(unit * 7.5, box.height * 0.34), colours.text, CENTRE, bold=True)
    pen.text(hint, lower, min(unit * 4.5, box.height * 0.22), colours.text_quiet, CENTRE)
