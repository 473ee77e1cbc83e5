"""The page under the designer's hands: the very marks that print, handles, guides, mouse and keyboard."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import QWidget

from clients.designer.design import GRID_MM, Design, Guide, Places, place_at
from clients.kit.paper_painter import picture_of
from clients.kit.theme import current_theme
from clients.kit.tokens import Tone
from shared.paper.layout import LaidOut

MARGIN = 24
RULER = 20
HANDLE = 8
SLACK_MM = 0.6
LEAST_ZOOM, MOST_ZOOM = 1.0, 40.0  # pixels a millimetre

Do = Callable[[Callable[[Design], object]], None]


class Canvas(QWidget):
    """Drag moves, the handle at the lower right resizes, Alt switches snapping off, arrows move by 0.5 mm (Shift 5)."""

    zoom_changed = Signal()
    """the scale is another."""

    def __init__(self, do: Do) -> None:
        """`do` changes the design and leads to `show_design`."""
        super().__init__()
        self._do = do
        self._laid_out: LaidOut | None = None
        self._design: Design | None = None
        self._zoom = 8.0
        self._page = 0
        self._pictures: Mapping[str, bytes] = {}
        self._picture: QImage | None = None
        self._guides: list[Guide] = []
        self._drag: tuple[QPointF, str, Places] | None = None
        self._band: QRectF | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)

    # ── what is shown ────────────────────────────────────────────────────────────────────────────────

    @property
    def zoom(self) -> float:
        """Pixels a millimetre."""
        return self._zoom

    def set_zoom(self, zoom: float) -> None:
        """Another scale."""
        zoom = min(max(zoom, LEAST_ZOOM), MOST_ZOOM)
        if zoom != self._zoom:
            self._zoom = zoom
            self._picture = None
            self._fit_size()
            self.zoom_changed.emit()

    def fit(self, room: QSize) -> None:
        """The scale at which the whole page is seen."""
        if self._laid_out is not None:
            page = self._laid_out.pages[self._page]
            across = (room.width() - 2 * MARGIN - RULER - 8) / page.width_mm
            down = (room.height() - 2 * MARGIN - RULER - 8) / page.height_mm
            self.set_zoom(min(across, down if page.height_mm < 200 else max(down, across * 0.8)))

    def show_design(
        self,
        design: Design | None,
        laid_out: LaidOut | None,
        page: int = 0,
        pictures: Mapping[str, bytes] | None = None,
    ) -> None:
        """Show a page (from 0) of the present design; elements are held on the first one."""
        pages = 0 if laid_out is None else len(laid_out.pages)
        page = min(max(page, 0), max(0, pages - 1))
        if laid_out is not self._laid_out or page != self._page or pictures is not self._pictures:
            self._picture = None
        self._design, self._laid_out, self._page = design, laid_out, page
        self._pictures = pictures if pictures is not None else {}
        self._fit_size()
        self.update()

    @property
    def places(self) -> Places:
        """Where elements are, in millimetres; nowhere on the pages behind the first."""
        return self._laid_out.places if self._laid_out is not None and not self._page else {}

    def _fit_size(self) -> None:
        if self._laid_out is not None:
            page = self._laid_out.pages[self._page]
            width = round(page.width_mm * self._zoom) + 2 * MARGIN + RULER
            height = round(page.height_mm * self._zoom) + 2 * MARGIN + RULER
            self.setMinimumSize(width, height)
            around = self.parentWidget()
            room = around.size() if around is not None else QSize()
            self.resize(max(width, room.width()), max(height, room.height()))
        self.update()

    def _origin(self) -> QPointF:
        if self._laid_out is None:
            return QPointF(MARGIN, MARGIN)
        page = self._laid_out.pages[self._page]
        left = max(MARGIN + RULER, (self.width() + RULER - page.width_mm * self._zoom) / 2)
        return QPointF(round(left), MARGIN + RULER)

    def to_mm(self, point: QPointF) -> tuple[float, float]:
        """A point of the widget on the page."""
        origin = self._origin()
        return (point.x() - origin.x()) / self._zoom, (point.y() - origin.y()) / self._zoom

    def to_pixels(self, x_mm: float, y_mm: float) -> QPointF:
        """A point of the page on the widget."""
        origin = self._origin()
        return QPointF(origin.x() + x_mm * self._zoom, origin.y() + y_mm * self._zoom)

    # ── painting ─────────────────────────────────────────────────────────────────────────────────────

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = current_theme()
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.colour("window"))
        if self._laid_out is None or self._design is None:
            painter.end()
            return
        page, origin, ratio = self._laid_out.pages[self._page], self._origin(), self.devicePixelRatioF()
        if self._picture is None:
            images: dict[str, str | bytes] = {**self._design.template.images}
            images |= {f"@{name}": data for name, data in self._pictures.items()}
            self._picture = picture_of(page, images, self._zoom * ratio)
            self._picture.setDevicePixelRatio(ratio)
        painter.drawImage(origin, self._picture)
        painter.setPen(QPen(theme.colour("border"), 1))
        painter.drawRect(
            QRectF(origin.x() - 0.5, origin.y() - 0.5, page.width_mm * self._zoom, page.height_mm * self._zoom)
        )
        self._paint_rulers(painter)
        self._paint_selection(painter)
        if self._band is not None:
            painter.setPen(QPen(theme.colour("accent"), 1, Qt.PenStyle.DashLine))
            painter.drawRect(self._band)
        painter.end()

    def _paint_rulers(self, painter: QPainter) -> None:
        theme, origin = current_theme(), self._origin()
        assert self._laid_out is not None
        page = self._laid_out.pages[self._page]
        painter.setPen(QPen(theme.colour("text_quiet"), 1))
        painter.setFont(theme.font("caption"))
        step = next(one for one in (5, 10, 20, 50, 100) if one * self._zoom >= 36 or one == 100)
        for across, length in ((True, page.width_mm), (False, page.height_mm)):
            for mm in range(0, int(length) + 1, step):
                at = (origin.x() if across else origin.y()) + mm * self._zoom
                if across:
                    painter.drawLine(QPointF(at, origin.y() - 5), QPointF(at, origin.y() - 1))
                    area = QRectF(at - 20, origin.y() - 22, 40, 16)
                    painter.drawText(area, Qt.AlignmentFlag.AlignCenter, str(mm))
                else:
                    painter.drawLine(QPointF(origin.x() - 5, at), QPointF(origin.x() - 1, at))
                    area = QRectF(origin.x() - 38, at - 8, 30, 16)
                    painter.drawText(area, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, str(mm))

    def _rect(self, index: int) -> QRectF:
        left, top, right, bottom = self.places[index]
        return QRectF(self.to_pixels(left, top), self.to_pixels(right, bottom)).normalized()

    def _paint_selection(self, painter: QPainter) -> None:
        assert self._design is not None
        theme = current_theme()
        accent = theme.colour("accent")
        soft = QColor(theme.colour("border"))
        soft.setAlpha(110)
        for index in self.places:
            painter.setPen(QPen(accent, 1.5) if index in self._design.selected else QPen(soft, 1, Qt.PenStyle.DotLine))
            painter.drawRect(self._rect(index))
        handle = self._handle()
        if handle is not None:
            painter.fillRect(handle, accent)
        painter.setPen(QPen(QColor(theme.tone(Tone.DANGER).text), 1))
        for guide in self._guides:
            if guide.is_vertical:
                x = self.to_pixels(guide.at_mm, 0).x()
                painter.drawLine(QPointF(x, 0), QPointF(x, self.height()))
            else:
                y = self.to_pixels(0, guide.at_mm).y()
                painter.drawLine(QPointF(0, y), QPointF(self.width(), y))

    def _handle(self) -> QRectF | None:
        if self._design is None or len(self._design.selected) != 1 or self._design.selected[0] not in self.places:
            return None
        corner = self._rect(self._design.selected[0]).bottomRight()
        return QRectF(corner.x() - HANDLE / 2, corner.y() - HANDLE / 2, HANDLE, HANDLE)

    # ── mouse ────────────────────────────────────────────────────────────────────────────────────────

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton or self._design is None:
            return
        self.setFocus()
        handle = self._handle()
        if handle is not None and handle.adjusted(-3, -3, 3, 3).contains(event.position()):
            self._drag = (event.position(), "resize", dict(self.places))
        else:
            x, y = self.to_mm(event.position())
            index = place_at(self.places, x, y, SLACK_MM)
            more = bool(event.modifiers() & (Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.ControlModifier))
            if index is None:
                if not more:
                    self._do(lambda design: design.select())
                self._band = QRectF(event.position(), event.position())
                return
            if more:
                self._do(lambda design: design.toggle(index))
            elif index not in self._design.selected:
                self._do(lambda design: design.select(index))
            self._drag = (event.position(), "move", dict(self.places))
        self._do(lambda design: design.begin())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._band is not None:
            self._band.setBottomRight(event.position())
            self.update()
            return
        if self._drag is None:
            handle = self._handle()
            over = handle is not None and handle.adjusted(-3, -3, 3, 3).contains(event.position())
            self.setCursor(Qt.CursorShape.SizeFDiagCursor if over else Qt.CursorShape.ArrowCursor)
            return
        start, what, places = self._drag
        dx = (event.position().x() - start.x()) / self._zoom
        dy = (event.position().y() - start.y()) / self._zoom
        free = bool(event.modifiers() & Qt.KeyboardModifier.AltModifier)

        def change(design: Design) -> None:
            design.cancel()
            design.begin()
            if what == "resize":
                design.resize(*(dx, dy) if free else (_to_grid(dx), _to_grid(dy)))
                return
            moved = (dx, dy, []) if free else design.snap(dx, dy, places)
            self._guides = moved[2]
            design.move(moved[0], moved[1])

        self._do(change)

    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:
        if self._band is not None:
            band = self._band.normalized()
            self._band = None
            inside = [index for index in self.places if band.contains(self._rect(index))]
            if inside:
                self._do(lambda design: design.select(*inside))
            self.update()
        if self._drag is not None:
            self._drag, self._guides = None, []
            self._do(lambda design: design.end())

    def wheelEvent(self, event: QWheelEvent) -> None:
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.set_zoom(self._zoom * (1.15 if event.angleDelta().y() > 0 else 1 / 1.15))
            event.accept()
        else:
            event.ignore()

    # ── keyboard ─────────────────────────────────────────────────────────────────────────────────────

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {
            Qt.Key.Key_Left: (-1, 0),
            Qt.Key.Key_Right: (1, 0),
            Qt.Key.Key_Up: (0, -1),
            Qt.Key.Key_Down: (0, 1),
        }
        key = Qt.Key(event.key())
        if key in steps:
            by = 5.0 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else GRID_MM
            dx, dy = steps[key]
            resizing = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
            self._do(lambda design: (design.resize if resizing else design.move)(dx * by, dy * by))
        elif key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self._do(lambda design: design.remove())
        elif key == Qt.Key.Key_Escape:
            self._escape()
        else:
            super().keyPressEvent(event)

    def _escape(self) -> None:
        if self._drag is not None:
            self._drag, self._guides = None, []
            self._do(lambda design: design.cancel())
        else:
            self._do(lambda design: design.select())

    def event(self, event: QEvent) -> bool:
        # Tab goes through the elements; Ctrl+Tab and clicking leave the page.
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent) and self._design is not None:
            if event.key() == Qt.Key.Key_Tab and not event.modifiers():
                self._do(lambda design: design.step(True))
                return True
            if event.key() == Qt.Key.Key_Backtab:
                self._do(lambda design: design.step(False))
                return True
        return super().event(event)


def _to_grid(value: float) -> float:
    return round(value / GRID_MM) * GRID_MM
