"""The thumbnail strip (缩略窗口): pictures, video and voice, print marks, choosing with Ctrl, DEL, the context menu."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QContextMenuEvent, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QMenu, QSizePolicy, QWidget

from clients.kit.theme import current_theme, is_look_change
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from clients.pathology.media.state import Item, StripState
from shared.domain.pathology_media import MediaKind

_WIDTH, _HEIGHT, _GAP, _CAPTION = 132, 99, 8, 24


class MediaStrip(QWidget):
    """Draws a StripState; a click chooses, Ctrl+click chooses one more, a double click opens, a voice plays at once."""

    chosen = Signal(str, bool)
    """key of the capture, and whether Ctrl was held."""
    opened = Signal(str)
    """key of a picture or video to be shown large."""
    played = Signal(str)
    """key of a voice clip to be heard."""
    wants = Signal(str)
    """What the context menu or a key asks for: mark, unmark, clear_marks, swap, export, import, delete, bind."""

    def __init__(self) -> None:
        super().__init__()
        self._state = StripState()
        self._images: dict[str, QImage] = {}
        self._playing = ""
        self._at = 0
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.MinimumExpanding, QSizePolicy.Policy.Fixed)

    def show_state(self, state: StripState) -> None:
        """Draw these captures."""
        for key, data in state.thumbnails.items():
            if key not in self._images:
                self._images[key] = QImage.fromData(data)
        self._images = {key: image for key, image in self._images.items() if key in state.thumbnails}
        self._state = state
        self._at = min(self._at, max(0, len(state.items) - 1))
        self.updateGeometry()
        self.update()

    def show_playing(self, key: str) -> None:
        """Which voice clip is heard now; empty for none."""
        self._playing = key
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(max(240, len(self._state.items) * (_WIDTH + _GAP)), _HEIGHT + _CAPTION + 4)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def area(self, place: int) -> QRectF:
        """Where a thumbnail lies."""
        return QRectF(place * (_WIDTH + _GAP) + 2, 2, _WIDTH, _HEIGHT)

    def _item_at(self, point: QPoint) -> int:
        places = range(len(self._state.items))
        return next((place for place in places if self.area(place).adjusted(0, 0, 0, _CAPTION).contains(point)), -1)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.setFocus()
        place = self._item_at(event.position().toPoint())
        if place < 0:
            return
        self._at = place
        item = self._state.items[place]
        more = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        if event.button() is Qt.MouseButton.RightButton and item.key in self._state.selected:
            return
        self.chosen.emit(item.key, more)
        if item.facts.kind is MediaKind.VOICE and event.button() is Qt.MouseButton.LeftButton and not more:
            self.played.emit(item.key)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        place = self._item_at(event.position().toPoint())
        if place >= 0 and self._state.items[place].facts.kind is not MediaKind.VOICE:
            self.opened.emit(self._state.items[place].key)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        items = self._state.items
        if step is not None and items:
            self._at = max(0, min(len(items) - 1, self._at + step))
            self.chosen.emit(items[self._at].key, False)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and items:
            item = items[self._at]
            (self.played if item.facts.kind is MediaKind.VOICE else self.opened).emit(item.key)
        elif event.key() == Qt.Key.Key_Delete:
            self.wants.emit("delete")
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        menu = self.menu()
        menu.exec(event.globalPos())
        menu.deleteLater()

    def menu(self) -> QMenu:
        """The context menu as it stands now (PA-ICM-01 to -07)."""
        state = self._state
        menu = QMenu(self)
        for words, what, enabled in (
            ("设置打印", "mark", state.can_mark),
            ("取消打印", "unmark", state.can_unmark),
            ("取消所有打印", "clear_marks", state.can_clear_marks),
            ("图像置换", "swap", state.can_swap),
            ("", "", True),
            ("导出图像", "export", bool(state.confirmed)),
            ("导入图像", "import", state.may_change),
            ("绑定到标本 / 蜡块 / 玻片", "bind", state.may_change and bool(state.confirmed)),
            ("", "", True),
            ("删除数据", "delete", state.can_delete),
        ):
            if not what:
                menu.addSeparator()
                continue
            action = menu.addAction(tr(words))
            action.setObjectName(what)
            action.setEnabled(enabled)
            action.triggered.connect(lambda _checked=False, what=what: self.wants.emit(what))
        return menu

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange or is_look_change(event):
            self.update()
        super().changeEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            if not self._state.items:
                painter.setPen(QColor(current_theme().colours.text_quiet))
                painter.setFont(current_theme().font("body"))
                words = "正在读取…" if self._state.is_loading else "尚无图像。点“实时显示”后在画面上单击左键采集。"
                painter.drawText(self.rect(), int(Qt.AlignmentFlag.AlignVCenter), tr(words))
                return
            for place, item in enumerate(self._state.items):
                self._paint_item(painter, self.area(place), item)

    def _paint_item(self, painter: QPainter, area: QRectF, item: Item) -> None:
        theme = current_theme()
        colours = theme.colours
        image = self._images.get(item.key)
        is_voice = item.facts.kind is MediaKind.VOICE
        painter.fillRect(area, QColor(colours.window if is_voice else "#000000"))
        if is_voice:
            glyph = "pause" if item.key == self._playing else "voice"
            theme.paint_icon(painter, glyph, _centred(area, 40), colours.accent)
        elif image is not None and not image.isNull():
            size = image.size().scaled(area.size().toSize(), Qt.AspectRatioMode.KeepAspectRatio)
            painter.drawImage(_centred(area, size.width(), size.height()), image)
        if item.facts.kind is MediaKind.VIDEO:
            disc = _centred(area, 40)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(0, 0, 0, 150))
            painter.drawEllipse(disc)
            theme.paint_icon(painter, "play", disc.adjusted(10, 10, -10, -10), "#ffffff")
        if item.marked:
            corner = QRectF(area.left() + 4, area.top() + 4, 26, 26)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colours.accent))
            painter.drawRoundedRect(corner, 4, 4)
            theme.paint_icon(painter, "print", corner.adjusted(4, 4, -4, -4), colours.on_accent)
        if item.view is None:
            corner = QRectF(area.right() - 30, area.top() + 4, 26, 26)
            painter.setPen(Qt.PenStyle.NoPen)
            tone = theme.tone(Tone.DANGER if item.refused else Tone.WARNING)
            painter.setBrush(QColor(tone.ground))
            painter.drawRoundedRect(corner, 4, 4)
            theme.paint_icon(painter, "alert" if item.refused else "upload", corner.adjusted(4, 4, -4, -4), tone.text)
        chosen = item.key in self._state.selected
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(colours.accent if chosen else colours.hairline), 3 if chosen else 1))
        painter.drawRect(area.adjusted(0.5, 0.5, -0.5, -0.5))
        painter.setPen(QColor(colours.text if chosen else colours.text_quiet))
        painter.setFont(theme.font("caption"))
        place = next((at for at, one in enumerate(self._state.items) if one is item), 0)
        below = QRectF(area.left(), area.bottom() + 3, area.width(), _CAPTION - 4)
        painter.drawText(below, int(Qt.AlignmentFlag.AlignLeft), f"{place + 1}  {tr(item.caption)}")


def _centred(area: QRectF, width: float, height: float = 0.0) -> QRectF:
    height = height or width
    return QRectF(area.center().x() - width / 2, area.center().y() - height / 2, width, height)
