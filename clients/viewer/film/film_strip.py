"""Thumbnails of all films below the sheet: click shows one, the tick marks it for printing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QScrollArea, QWidget

from clients.kit.fonts import text_font
from clients.kit.theme import current_theme
from clients.kit.translations import tr
from clients.viewer import colours
from clients.viewer.film.cell_view import CellJob, CellView
from clients.viewer.film.model import Cell, FilmModel
from clients.viewer.viewport.renderer import Rendered

if TYPE_CHECKING:
    from clients.viewer.desk import Desk

HIGH = 112
_TICK = 14.0


class FilmStrip(QScrollArea):
    """Follows the model."""

    def __init__(self, desk: Desk, model: FilmModel) -> None:
        super().__init__()
        self.setObjectName("film.strip")
        self.setFixedHeight(current_theme().px(HIGH + 16))
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWidgetResizable(False)
        self.sheets = _Sheets(desk, model)
        self.setWidget(self.sheets)
        self._model = model
        self._forget = model.changed.connect(self._follow)
        self._follow()

    def release(self) -> None:
        """Before it goes."""
        self._forget()
        self.sheets.cells.release()

    def _follow(self) -> None:
        self.sheets.fit()
        rect = self.sheets.film_rect(self._model.current)
        self.ensureVisible(round(rect.center().x()), 10, round(rect.width()), 0)


class _Sheets(QWidget):
    """The thumbnails. Cells that are not painted yet are made in a thread, a film at a time."""

    def __init__(self, desk: Desk, model: FilmModel) -> None:
        super().__init__()
        self._desk, self._model = desk, model
        self.cells = CellView(desk)
        self._pictures: dict[int, tuple[tuple[object, ...], QImage]] = {}
        self._busy = False
        self.loaded = 0
        """Counted up when pixels came: films that were painted without them are painted again."""
        self.setToolTip(tr("单击显示；单击方框标记要打印的胶片"))

    def fit(self) -> None:
        """As wide as the films are."""
        last = self.film_rect(self._model.films - 1)
        self.resize(round(last.right() + 8), HIGH)
        self.update()

    def film_rect(self, number: int) -> QRectF:
        width, height = self._model.setup.sheet_mm
        high = HIGH - 26.0
        wide = high * width / height
        return QRectF(8 + number * (max(wide, 44.0) + 12), 4, wide, high)

    def tick_rect(self, number: int) -> QRectF:
        rect = self.film_rect(number)
        return QRectF(rect.left(), rect.bottom() + 4, _TICK, _TICK)

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.setFont(text_font(11))
            for number in range(self._model.films):
                rect = self.film_rect(number)
                if not rect.adjusted(-8, -8, 8, 40).intersects(QRectF(event.rect())):
                    continue
                painter.fillRect(rect, QColor(colours.FILM))
                known = self._pictures.get(number)
                if known is not None:
                    painter.drawImage(rect, known[1])
                current = number == self._model.current
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.setPen(QPen(QColor(colours.ACTIVE if current else "#39434a"), 2 if current else 1))
                painter.drawRect(rect)
                self._paint_tick(painter, number)
        self._make(QRectF(event.rect()))

    def _paint_tick(self, painter: QPainter, number: int) -> None:
        box = self.tick_rect(number).adjusted(1, 1, -1, -1)
        painter.setPen(QPen(QColor("#6d7a80"), 1))
        painter.drawRect(box)
        if number in self._model.marked:
            painter.fillRect(box.adjusted(2.5, 2.5, -2, -2), QColor(colours.MEASURE))
        painter.setPen(QColor(colours.TEXT))
        painter.drawText(QPointF(box.right() + 6, box.bottom() - 1), str(number + 1))

    def _key(self, number: int) -> tuple[object, ...]:
        setup = self._model.setup
        return (setup, self.devicePixelRatioF(), *map(id, self._model.film(number)))

    def _make(self, seen: QRectF) -> None:
        if self._busy:
            return
        for number in range(self._model.films):
            known = self._pictures.get(number)
            key = self._key(number)
            fresh = known is not None and known[0] in (key, (*key, self.loaded))
            if self.film_rect(number).intersects(seen) and not fresh:
                self._make_one(number)
                return

    def _make_one(self, number: int) -> None:
        ratio = self.devicePixelRatioF()
        rect, setup = self.film_rect(number), self._model.setup
        scale = rect.width() * ratio / setup.sheet_mm[0]
        jobs: list[tuple[Cell, QRectF, CellJob | None]] = []
        for cell, box in zip(self._model.film(number), setup.boxes, strict=True):
            if cell is None:
                continue
            margin = setup.margin_mm
            at = QRectF((margin + box.left) * scale, (margin + box.top) * scale, box.width * scale, box.height * scale)
            self._take(cell, at, scale)
            jobs.append((cell, at, self.cells.job()))
        key = self._key(number)
        whole = all(job is not None for *_, job in jobs)
        size = QSize(round(rect.width() * ratio), round(rect.height() * ratio))
        self._busy = True

        def work() -> list[Rendered | None]:
            return [job.render() if job is not None else None for *_, job in jobs]

        def done(rendered: list[Rendered | None]) -> None:
            self._busy = False
            image = QImage(size, QImage.Format.Format_RGB32)
            image.fill(QColor(colours.FILM))
            with QPainter(image) as painter:
                for (cell, at, _job), one in zip(jobs, rendered, strict=True):
                    self._take(cell, at, scale)
                    painter.save()
                    painter.translate(at.topLeft())
                    painter.scale(self.cells.ratio, self.cells.ratio)
                    painter.setClipRect(QRectF(0, 0, at.width() / self.cells.ratio, at.height() / self.cells.ratio))
                    self.cells.paint_pixels(painter, one)
                    painter.restore()
            self._pictures[number] = (key if whole else (*key, self.loaded), image)
            self.update()

        def failed(_sentence: str) -> None:
            self._busy = False

        self._desk.background.run(work, done, failed, "film-strip")

    def _take(self, cell: Cell, at: QRectF, scale: float) -> None:
        self.cells.take(cell, QSize(max(1, round(at.width())), max(1, round(at.height()))), scale)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        for number in range(self._model.films):
            if self.tick_rect(number).adjusted(-4, -4, 18, 6).contains(event.position()):
                self._model.toggle_mark(number)
                return
            if self.film_rect(number).contains(event.position()):
                self._model.show(number)
                return
