"""The thin line in the status strip: how many records wait and about how long; a click shows the queue."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from clients.ecg.line.outbox import Kind, Waiting
from clients.ecg.line.sending import LineStatus
from clients.ecg.line.service import LineService, line_of
from clients.kit.dialogs import ContentWindow
from clients.kit.labels import Button, Glyph, Label
from clients.kit.lists import ListView
from clients.kit.paging import Column, EmptyWords, RowAction
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from shared.domain.ecg import Urgency

if TYPE_CHECKING:
    from clients.kit.shell import Workplace


def left_words(seconds: float) -> str:
    """About how long, in the largest fitting unit."""
    if seconds < 90:
        return tr("{count} 秒", count=max(1, round(seconds)))
    if seconds < 90 * 60:
        return tr("{count} 分钟", count=round(seconds / 60))
    return tr("{count} 小时", count=round(seconds / 3600))


def words_of(status: LineStatus) -> tuple[str, dict[str, object], Tone, str]:
    """Source text, values, tone and glyph of the strip."""
    if status.refused:
        return "{count} 份心电图需要处理", {"count": status.refused}, Tone.DANGER, "alert"
    if status.waiting and status.trouble:
        return "心电排队 {count} 份，线路中断", {"count": status.waiting}, Tone.WARNING, "offline"
    if status.waiting and status.seconds_left is not None and status.seconds_left >= 1:
        values = {"count": status.waiting, "left": left_words(status.seconds_left)}
        return "心电排队 {count} 份，剩余约 {left}", values, Tone.INFO, "upload"
    if status.waiting:
        return "心电排队 {count} 份", {"count": status.waiting}, Tone.INFO, "upload"
    if status.originals:
        return "原始文件 {count} 个待传", {"count": status.originals}, Tone.NEUTRAL, "upload"
    return "心电上传：无排队", {}, Tone.NEUTRAL, "check"


class _Words(Label):
    """Words that can be clicked, or pressed by key: the strip is lower than a button."""

    pressed = Signal()

    def __init__(self) -> None:
        super().__init__("心电上传：无排队", "caption")
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() is Qt.MouseButton.LeftButton:
            self.pressed.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.pressed.emit()
        else:
            super().keyPressEvent(event)


class LineStrip(QWidget):
    """``LineStrip(place)``: glyph and words of the session's line, for the status strip of the window."""

    def __init__(self, place: Workplace, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._place = place
        self._line = line_of(place)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        self._glyph = Glyph("check", 14, Tone.NEUTRAL)
        self.words = _Words()
        self.words.pressed.connect(self.show_queue)
        row.addWidget(self._glyph)
        row.addWidget(self.words)
        self._line.status_changed.connect(self._show)
        self._show(self._line.status)

    @Slot(object)
    def _show(self, status: LineStatus) -> None:
        source, values, tone, glyph = words_of(status)
        self._glyph.set_glyph(glyph, tone)
        self.words.set_source(source, **values)
        self.words.setToolTip(status.trouble)

    def show_queue(self) -> None:
        """Open the list of what waits."""
        content = LineQueue(self._place, self._line)
        ContentWindow(self.window(), "心电上传队列", content, (760, 420)).open()


class LineQueue(QWidget):
    """What the server has not confirmed, in the order in which it goes out."""

    closed = Signal()

    def __init__(self, place: Workplace, line: LineService) -> None:
        super().__init__()
        self._place, self._line = place, line
        columns = (
            Column("label", "患者", 0, value=lambda one: one.entry.label, strong=True),
            Column("kept", "保存时间", 130, value=lambda one: one.entry.kept_at, format=_local),
            Column("size", "大小", 90, value=lambda one: f"{one.size_bytes / 1024:.0f} KB"),
            Column("state", "状态", 240, value=_state_of),
        )
        self.list = ListView(
            columns,
            row_id=lambda one: f"{one.kind}-{one.key}",
            actions=(RowAction("again", "立即重传", "refresh", allowed=_always),),
            shown_actions=1,
            settings=place.settings,
            list_id="ecg.line",
            runner=place.runner,
            empty=EmptyWords("没有等待上传的心电图", "所有心电图都已保存在服务器。", "check_circle"),
        )
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(self.list)
        foot = QHBoxLayout()
        foot.setContentsMargins(16, 8, 16, 12)
        foot.addStretch(1)
        foot.addWidget(Button("立即重传", "primary", "refresh", on_click=self._all_again))
        box.addLayout(foot)
        self.list.action_requested.connect(self._on_action)
        line.status_changed.connect(self._refresh)
        self._refresh(None)

    @Slot(object)
    def _refresh(self, _status: object) -> None:
        self.list.set_rows(list(self._line.waiting()))

    @Slot(str, object)
    def _on_action(self, _action: str, one: Waiting) -> None:
        self._again(one.key)

    def _all_again(self) -> None:
        self._again("")

    def _again(self, key: str) -> None:
        self._place.runner.run(lambda: self._line.try_again(key), _nothing, self._place.messages.report)


def _always(_one: Waiting) -> bool:
    return True


def _nothing(_result: object) -> None:
    """The status tells the rest."""


def _local(moment: datetime) -> str:
    return moment.astimezone().strftime("%m-%d %H:%M")


def _state_of(one: Waiting) -> str:
    if one.refused:
        return one.refused
    if one.kind is Kind.ORIGINAL:
        return tr("原始文件")
    return tr("等待上传") if one.entry.urgency is Urgency.ROUTINE else f"{tr('加急')} · {tr('等待上传')}"
