"""The series bar: one thumbnail per stack with number, modality, count and load progress (VW-SET-13)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QMimeData, QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QDrag, QFontMetricsF, QImage, QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QApplication, QScrollArea, QSizePolicy, QWidget

from clients.kit.fonts import text_font
from clients.kit.theme import current_theme
from clients.kit.translations import tr
from clients.viewer import colours
from clients.viewer.pixels import PixelStore
from clients.viewer.session import ViewerSession
from clients.viewer.study import Stack
from clients.viewer.viewport.corner_texts import date_text, person_name
from clients.viewer.viewport.view import STACK_MIME

if TYPE_CHECKING:
    from numpy.typing import NDArray

WIDTH = 152
PICTURE = 120
ROW = PICTURE + 44
HEADING = 40
GAP = 8  # before the first series of a study in a bar below the images


class _Strip(QWidget):
    """The painted list inside the scroll area."""

    chosen = Signal(int)
    """A thumbnail was clicked: number of the stack."""
    asked = Signal(int, QPoint)
    """A right click: number of the stack, place on the screen (VW-PRE-01)."""

    def __init__(self, session: ViewerSession, store: PixelStore) -> None:
        super().__init__()
        self._session = session
        self._store = store
        self.lies = False  # one row below the images instead of a column beside them (VW-SET-14)
        self._pictures: dict[int, QImage] = {}
        self._pressed: tuple[int, QPoint] | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.rebuild()

    def rebuild(self) -> None:
        """After the studies changed."""
        known = {id(stack) for stack in self._session.stacks}
        self._pictures = {key: picture for key, picture in self._pictures.items() if key in known}
        px = current_theme().px
        if self.lies:
            self.setFixedSize(px(max(1, self._right())), px(HEADING + ROW))
        else:
            self.setMinimumWidth(0)
            self.setMaximumWidth(16777215)
            self.setFixedHeight(px(max(1, self._bottom())))
        self.update()

    def set_picture(self, stack: Stack, pixels: NDArray[Any]) -> None:
        """A thumbnail (uint8, grey or RGB, contiguous); copied."""
        high, wide = pixels.shape[:2]
        colour = pixels.ndim == 3
        kind = QImage.Format.Format_RGB888 if colour else QImage.Format.Format_Grayscale8
        self._pictures[id(stack)] = QImage(pixels.data, wide, high, wide * (3 if colour else 1), kind).copy()
        self.update()

    def has_picture(self, stack: Stack) -> bool:
        return id(stack) in self._pictures

    def picture(self, stack: Stack) -> QImage | None:
        """The thumbnail of a stack, if it is there."""
        return self._pictures.get(id(stack))

    def sizeHint(self) -> QSize:
        px = current_theme().px
        if self.lies:
            return QSize(px(self._right()), px(HEADING + ROW))
        return QSize(px(WIDTH), px(self._bottom()))

    def _places(self) -> list[tuple[int, int, int, bool]]:
        """(stack number, left, top, first of its study)."""
        places = []
        x = y = 0
        study = None
        for n, stack in enumerate(self._session.stacks):
            first = stack.study.study_uid != study
            study = stack.study.study_uid
            if self.lies:
                x += GAP if first and n else 0
                places.append((n, x, HEADING, first))
                x += WIDTH
            else:
                y += HEADING if first else 0
                places.append((n, 0, y, first))
                y += ROW
        return places

    def _bottom(self) -> int:
        places = self._places()
        return places[-1][2] + ROW + 8 if places else 1

    def _right(self) -> int:
        places = self._places()
        return places[-1][1] + WIDTH if places else 1

    def _column(self, left: int) -> tuple[float, float]:
        """Left edge and width of a thumbnail's place."""
        return (float(left), float(WIDTH)) if self.lies else (0.0, self.width() / current_theme().factor)

    def paintEvent(self, event: QPaintEvent) -> None:
        palette = current_theme().colours
        shown = {id(viewport.stack) for viewport in self._session.visible if viewport.stack is not None}
        active = self._session.active_viewport.stack
        with QPainter(self) as painter:
            painter.fillRect(event.rect(), QColor(palette.window))
            factor = current_theme().factor  # all is drawn in the sizes above and enlarged as a whole
            painter.scale(factor, factor)
            seen = painter.worldTransform().inverted()[0].mapRect(QRectF(event.rect()))
            for number, left, top, first in self._places():
                x, wide = self._column(left)
                if not seen.intersects(QRectF(x, top - HEADING, wide, HEADING + ROW)):
                    continue
                stack = self._session.stacks[number]
                if first:
                    self._paint_heading(painter, stack, x, wide, top - HEADING)
                self._paint_row(painter, stack, x, wide, top, is_shown=id(stack) in shown, is_active=stack is active)

    def _paint_heading(self, painter: QPainter, stack: Stack, left: float, wide: float, top: int) -> None:
        palette = current_theme().colours
        bold, plain = text_font(12, bold=True), text_font(11)
        width, x = wide - 16, int(left) + 8
        painter.setFont(bold)
        painter.setPen(QColor(palette.text_quiet))
        name = QFontMetricsF(bold).elidedText(
            person_name(stack.study.patient_name) or stack.study.patient_id, Qt.TextElideMode.ElideRight, width
        )
        painter.drawText(x, top + 18, name)
        painter.setFont(plain)
        painter.setPen(QColor(palette.text_disabled))
        line = " ".join(part for part in (date_text(stack.study.study_date), stack.study.description) if part)
        painter.drawText(x, top + 33, QFontMetricsF(plain).elidedText(line, Qt.TextElideMode.ElideRight, width))

    def _paint_row(
        self, painter: QPainter, stack: Stack, left: float, wide: float, top: int, *, is_shown: bool, is_active: bool
    ) -> None:
        palette = current_theme().colours
        box = QRectF(left + (wide - PICTURE) / 2, top + 4, PICTURE, PICTURE)
        painter.fillRect(box, QColor(colours.BACKGROUND))
        picture = self._pictures.get(id(stack))
        if picture is not None:
            size = picture.size().scaled(PICTURE, PICTURE, Qt.AspectRatioMode.KeepAspectRatio)
            area = QRectF(0, 0, size.width(), size.height())
            area.moveCenter(box.center())
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, True)
            painter.drawImage(area, picture)
        painter.setPen(
            QPen(QColor(palette.accent if is_active else colours.ACTIVE if is_shown else palette.hairline), 1)
        )
        painter.drawRect(box.adjusted(0.5, 0.5, -0.5, -0.5))
        pixels = self._store.of(stack)
        if 0 < pixels.loaded < len(stack):
            done = box.width() * pixels.loaded / len(stack)
            painter.fillRect(QRectF(box.left(), box.bottom() - 2, done, 2), QColor(colours.PROGRESS))
        small = text_font(11)
        metrics = QFontMetricsF(small)
        painter.setFont(small)
        painter.setPen(QColor(palette.text_quiet))
        number = "–" if stack.series.number is None else str(stack.series.number)
        heading = f"{number}  {stack.series.modality}" + (f"  {stack.label}" if stack.label else "")
        count = tr("1 幅") if len(stack) == 1 else tr("{n} 幅", n=len(stack))
        baseline = top + PICTURE + 18
        room = PICTURE - metrics.horizontalAdvance(count) - 6
        heading = metrics.elidedText(heading, Qt.TextElideMode.ElideRight, room)
        painter.drawText(int(box.left()), baseline, heading)
        painter.drawText(int(box.right() - metrics.horizontalAdvance(count)), baseline, count)
        painter.setPen(QColor(palette.text_disabled))
        text = metrics.elidedText(
            stack.series.description or stack.series.body_part, Qt.TextElideMode.ElideRight, PICTURE
        )
        painter.drawText(int(box.left()), baseline + 15, text)

    def _at(self, at: QPointF) -> int | None:
        at = at / current_theme().factor
        for number, left, top, _ in self._places():
            x, wide = self._column(left)
            if top <= at.y() < top + ROW and x <= at.x() < x + wide:
                return number
        return None

    def mousePressEvent(self, event: QMouseEvent) -> None:
        number = self._at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and number is not None:
            self._pressed = (number, event.position().toPoint())
        elif event.button() == Qt.MouseButton.RightButton and number is not None:
            self.asked.emit(number, event.globalPosition().toPoint())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._pressed is None:
            return
        number, start = self._pressed
        if (event.position().toPoint() - start).manhattanLength() < QApplication.startDragDistance():
            return
        self._pressed = None
        drag = QDrag(self)
        mime = QMimeData()
        mime.setData(STACK_MIME, str(number).encode())
        drag.setMimeData(mime)
        picture = self._pictures.get(id(self._session.stacks[number]))
        if picture is not None:
            drag.setPixmap(QPixmap.fromImage(picture.scaled(80, 80, Qt.AspectRatioMode.KeepAspectRatio)))
        drag.exec(Qt.DropAction.CopyAction)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        pressed, self._pressed = self._pressed, None
        if pressed is not None and self._at(event.position()) == pressed[0]:
            self.chosen.emit(pressed[0])


class SeriesStrip(QScrollArea):
    """The series bar with its scroll bar."""

    chosen = Signal(int)
    """A thumbnail was clicked: number of the stack."""
    asked = Signal(int, QPoint)
    """A right click on a thumbnail: number of the stack, place on the screen."""

    def __init__(self, session: ViewerSession, store: PixelStore, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._strip = _Strip(session, store)
        self._strip.chosen.connect(self.chosen)
        self._strip.asked.connect(self.asked)
        self.setWidget(self._strip)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.set_lying(False)

    @property
    def lies(self) -> bool:
        """True for the row below the images."""
        return self._strip.lies

    def set_lying(self, lies: bool) -> None:
        """One row below the images, or a column beside them."""
        self._strip.lies = lies
        never, needed = Qt.ScrollBarPolicy.ScrollBarAlwaysOff, Qt.ScrollBarPolicy.ScrollBarAsNeeded
        self.setHorizontalScrollBarPolicy(needed if lies else never)
        self.setVerticalScrollBarPolicy(never if lies else needed)
        self.setWidgetResizable(not lies)
        self.setMinimumSize(0, 0)
        self.setMaximumSize(16777215, 16777215)
        if lies:
            self.setFixedHeight(current_theme().px(HEADING + ROW + 12))
        else:
            self.setFixedWidth(current_theme().px(WIDTH))
        self._strip.rebuild()

    def picture(self, stack: Stack) -> QImage | None:
        """The thumbnail of a stack, if it is there."""
        return self._strip.picture(stack)

    def rebuild(self) -> None:
        self._strip.rebuild()

    def refresh(self) -> None:
        """Progress and selection changed; pictures stay."""
        self._strip.update()

    def set_picture(self, stack: Stack, pixels: NDArray[Any]) -> None:
        self._strip.set_picture(stack, pixels)

    def has_picture(self, stack: Stack) -> bool:
        return self._strip.has_picture(stack)
