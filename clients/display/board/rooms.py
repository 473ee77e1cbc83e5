"""One room on the board: who is in or called, who is next, who was passed, and whether it pauses."""

from __future__ import annotations

from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor

from clients.display.board.drawing import Box, CellPlan
from clients.display.board.painting import LEFT, RIGHT, SMALLEST, Pen, mixed, rect
from clients.display.board.state import BoardState, Line
from clients.kit.tokens import Tone
from clients.kit.translations import tr, verbatim
from shared.contract.queueing import BoardRoom

_DOWN = (*verbatim("故障 维修 检修 停机").split(), "fault", "repair", "broken", "out of order")


def is_down(room: BoardRoom) -> bool:
    """Say whether the reason of a pause is a device that does not work."""
    reason = room.pause_reason.lower()
    return room.is_paused and any(word in reason for word in _DOWN)


def paint_room(pen: Pen, unit: float, cell: CellPlan, room: BoardRoom, state: BoardState, glow: float | None) -> None:
    """Paint a room; `glow` (0 to 1) while its patient is being called, None else."""
    colours, box = pen.theme.colours, cell.box
    ground = QColor(colours.surface)
    if glow is not None:
        ground = mixed(QColor(colours.selected), ground, 0.6 * glow)
    pen.panel(box, ground, unit * 1.2)
    if glow is not None:
        pen.panel(Box(box.left, box.top, unit * 0.8, box.height), QColor(colours.accent), unit * 0.4)
    pen.painter.save()
    if state.line is Line.LOST:
        pen.painter.setOpacity(0.6)  # old data
    _paint_head(pen, cell, room)
    if room.is_paused:
        _paint_pause(pen, cell, room)
    else:
        _paint_now(pen, cell, room, is_lit=glow is not None)
    if cell.lines and cell.lines[0].left < cell.now.right:
        top = (cell.now.bottom + cell.lines[0].top) / 2
        line = Box(cell.now.left, top, cell.now.width, max(1.0, unit * 0.12))
        pen.painter.fillRect(rect(line), pen.theme.colour("hairline"))
    _paint_queue(pen, cell, room, state)
    pen.painter.restore()


def _paint_head(pen: Pen, cell: CellPlan, room: BoardRoom) -> None:
    colours, head = pen.theme.colours, cell.head
    count = tr("候诊 {count} 人", count=room.waiting_count) if room.waiting_count else ""
    count_size = cell.head_size * 0.78
    count_width = pen.width(count, count_size) + cell.head_size * 0.4 if count else 0.0
    if pen.width(room.room_name, cell.head_size, bold=True) * 0.8 > head.width - count_width:
        count, count_width = "", 0.0  # the name of the room matters more
    name = Box(head.left, head.top, head.width - count_width, head.height)
    pen.text(room.room_name, name, cell.head_size, colours.text_quiet, LEFT, bold=True)
    if count:
        place = Box(head.right - count_width, head.top, count_width, head.height)
        pen.text(count, place, count_size, colours.text_quiet, RIGHT)


def _paint_pause(pen: Pen, cell: CellPlan, room: BoardRoom) -> None:
    """The word, and the technician's own sentence below it (or beside it where there is room for one line only)."""
    tone = pen.theme.tone(Tone.DANGER if is_down(room) else Tone.WARNING)
    words = tr("设备故障") if is_down(room) else tr("暂停叫号")
    box, reason = cell.now, room.pause_reason
    word_height = box.height * (0.56 if reason else 1.0)
    icon = min(word_height * 0.8, cell.now_size * 0.8)
    place = QRectF(box.left, box.top + (word_height - icon) / 2, icon, icon)
    pen.theme.paint_icon(pen.painter, "alert", place, tone.text)
    upper = Box(box.left + icon * 1.3, box.top, box.width - icon * 1.3, word_height)
    pen.text(words, upper, min(cell.now_size * 0.72, word_height * 0.8), tone.text, LEFT, bold=True)
    if reason:
        lower = Box(box.left, box.top + word_height, box.width, box.height - word_height)
        pen.text(reason, lower, min(cell.line_size, lower.height * 0.84), pen.theme.colours.text, LEFT)


def _paint_now(pen: Pen, cell: CellPlan, room: BoardRoom, *, is_lit: bool) -> None:
    colours, box = pen.theme.colours, cell.now
    if room.now is None:
        pen.text(tr("暂未叫号"), box, cell.now_size * 0.6, colours.text_disabled, LEFT)
        return
    colour = colours.accent if is_lit or not room.now.is_over else colours.text
    number_width = pen.width(room.now.number, cell.now_size, bold=True) + cell.now_size * 0.4
    number = Box(box.left, box.top, number_width, box.height)
    name = Box(number.right, box.top, box.right - number.right, box.height)
    pen.text(room.now.number, number, cell.now_size, colour, LEFT, bold=True)
    pen.text(room.now.masked_name, name, cell.now_size, colours.text, LEFT, bold=True)


def _paint_queue(pen: Pen, cell: CellPlan, room: BoardRoom, state: BoardState) -> None:
    colours = pen.theme.colours
    passed = room.passed if state.shows_passed else ()
    takes_turns = cell.passed is None and bool(passed) and bool(room.waiting)
    lines = list(cell.lines)
    if takes_turns and state.turn % 2:
        _paint_passed(pen, cell, passed, _whole(lines))
        return
    if cell.passed is not None and not passed:
        width = cell.lines[0].width if cell.lines else cell.passed.width
        spare = max(1, round(cell.passed.width / width))
        lines += [Box(cell.passed.left + n * width, cell.passed.top, width, cell.passed.height) for n in range(spare)]
    if not room.waiting and not (passed and cell.passed is None):
        pen.text(tr("无人候诊"), lines[0], cell.line_size * 0.9, colours.text_disabled, LEFT)
    label = tr("下一位")
    label_width = pen.width(label, cell.line_size * 0.8) + cell.line_size * 0.6
    if room.waiting:
        head = Box(lines[0].left, lines[0].top, label_width, lines[0].height)
        pen.text(label, head, cell.line_size * 0.8, _quiet(pen), LEFT)
    columns = sum(line.top == lines[0].top for line in lines)
    gap = cell.line_size * 0.5
    width = (max(line.right for line in lines) - lines[0].left - label_width) / columns
    for place, (words, line) in enumerate(zip(room.waiting, lines, strict=False)):
        left = lines[0].left + label_width + (place % columns) * width
        entry = Box(left, line.top, width - (gap if columns > 1 else 0), line.height)
        pen.text(words, entry, cell.line_size, colours.text, LEFT)
        if columns == 1 and state.shows_forecast and place < len(room.waiting_minutes):
            _paint_forecast(pen, cell, entry, words, room.waiting_minutes[place])
    if passed and cell.passed is not None:
        _paint_passed(pen, cell, passed, cell.passed)
    elif passed and not room.waiting:
        _paint_passed(pen, cell, passed, _whole(lines))


def _paint_forecast(pen: Pen, cell: CellPlan, entry: Box, words: str, minutes: int) -> None:
    """How long it will take, where it fits beside the name."""
    forecast, size = tr("约 {minutes} 分钟", minutes=minutes), cell.line_size * 0.72
    beside = entry.width - pen.width(words, cell.line_size) - cell.line_size * 0.5
    if minutes > 0 and pen.width(forecast, size) * SMALLEST <= beside:
        pen.text(forecast, Box(entry.right - beside, entry.top, beside, entry.height), size, _quiet(pen), RIGHT)


def _whole(lines: list[Box]) -> Box:
    first = lines[0]
    return Box(first.left, first.top, max(line.right for line in lines) - first.left, first.height)


def _paint_passed(pen: Pen, cell: CellPlan, passed: tuple[str, ...], line: Box) -> None:
    size = cell.line_size
    label = tr("过号")
    label_width = pen.width(label, size * 0.8) + size * 0.6
    warning = pen.theme.tone(Tone.WARNING).text
    pen.text(label, Box(line.left, line.top, label_width, line.height), size * 0.8, warning, LEFT)
    names = Box(line.left + label_width, line.top, line.width - label_width, line.height)
    words = "　".join(passed)
    if pen.width(words, size * 0.9) > names.width:
        words = " ".join(one.split(" ")[0] for one in passed)  # the numbers alone
    pen.text(words, names, size * 0.9, _quiet(pen), LEFT)


def _quiet(pen: Pen) -> str:
    return pen.theme.colours.text_quiet
