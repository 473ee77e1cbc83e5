"""Composes whole films at the printer's resolution, cell by cell, without holding up the window."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QRectF, QSize, QTimer
from PySide6.QtGui import QColor, QImage, QPainter

from clients.kit.translations import tr
from clients.viewer import colours
from clients.viewer.film import painting
from clients.viewer.film.cell_view import TEXT_PIXELS_PER_MM, CellView, paint_message
from clients.viewer.film.header import HeaderTemplate, texts_of, values_of
from clients.viewer.film.model import Cell
from clients.viewer.film.sheets import Box, SheetSetup
from clients.viewer.study import Stack
from clients.viewer.viewport.renderer import Rendered

if TYPE_CHECKING:
    from clients.viewer.desk import Desk

_LOOK_AGAIN_MS = 50
_PATIENCE_MS = 120_000


@dataclass(frozen=True, slots=True)
class FilmPage:
    """What one film shows."""

    cells: tuple[Cell | None, ...]
    setup: SheetSetup
    header: HeaderTemplate
    page: int  # from 1
    pages: int
    texts: bool = True
    same_texts: bool = False
    hospital: str = ""


def header_texts(page: FilmPage) -> tuple[str, str, str]:
    """The head of a film, of its first image."""
    first = next((cell for cell in page.cells if cell is not None), None)
    if first is None:
        return ("", "", "")
    values = values_of(first.stack, first.index, page.page, page.pages, page.hospital)
    return texts_of(page.header, values)


def pixel_box(box: Box, pixels_per_mm: float) -> tuple[int, int, int, int]:
    """Left, top, width and height of a cell in whole pixels."""
    left, top = round(box.left * pixels_per_mm), round(box.top * pixels_per_mm)
    right, bottom = round((box.left + box.width) * pixels_per_mm), round((box.top + box.height) * pixels_per_mm)
    return left, top, max(1, right - left), max(1, bottom - top)


def paint_header(painter: QPainter, page: FilmPage, pixels_per_mm: float) -> None:
    """The head, in pixels of the film."""
    setup = page.setup
    if not setup.header_mm:
        return
    ratio = pixels_per_mm / TEXT_PIXELS_PER_MM
    painter.save()
    painter.scale(ratio, ratio)
    painter.setClipRect(QRectF(0, 0, setup.header.width * TEXT_PIXELS_PER_MM, setup.header_mm * TEXT_PIXELS_PER_MM))
    with colours.on_film():
        painting.draw_header(painter, header_texts(page), page.header, setup.header.width * TEXT_PIXELS_PER_MM)
    painter.restore()


def paint_cell(painter: QPainter, view: CellView, cell: Cell, rendered: Rendered | None, box: Box) -> None:
    """The cell that ``view`` took, with its ruler, at (0, 0) in logical pixels."""
    with colours.on_film():
        view.paint(painter, rendered)
        if cell.true_size and cell.spacing().is_known:
            painting.draw_ruler(painter, cell, box.width, box.height)


class Composer(QObject):
    """One film at a time; `stop` lets nobody be called any more."""

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._view = CellView(desk)
        self._serial = 0

    @property
    def view(self) -> CellView:
        return self._view

    def stop(self) -> None:
        self._serial += 1

    def release(self) -> None:
        """Before it goes."""
        self.stop()
        self._view.release()
        self._view.deleteLater()

    def compose(self, page: FilmPage, done: Callable[[QImage], object], failed: Callable[[str], object]) -> None:
        """Paint a film: ``done`` gets its picture, grey or RGB, ``failed`` a sentence. Both in the GUI thread."""
        self._serial += 1
        setup = page.setup
        width, height = setup.pixels
        kind = QImage.Format.Format_RGB32 if setup.is_colour else QImage.Format.Format_Grayscale8
        image = QImage(width, height, kind)
        if image.isNull():
            failed(tr("内存不足，无法排版这张胶片；请降低分辨率"))
            return
        image.fill(QColor(colours.FILM))
        with QPainter(image) as painter:
            paint_header(painter, page, setup.pixels_per_mm)
        self.want(page.cells)
        _Run(self, page, image, done, failed).next()

    def want(self, cells: Sequence[Cell | None]) -> None:
        """Have the frames loaded that are not there."""
        wanted: dict[int, tuple[Stack, list[int]]] = {}
        for cell in cells:
            if cell is not None and not self._desk.store.of(cell.stack).has(cell.index):
                wanted.setdefault(id(cell.stack), (cell.stack, []))[1].append(cell.index)
        loader = self._desk.opening.loader
        if loader is not None:
            for stack, indices in wanted.values():
                loader.want(stack, visible=indices[0], key_images=indices)


class _Run:
    """The cells of one film, one after the other."""

    def __init__(
        self,
        composer: Composer,
        page: FilmPage,
        image: QImage,
        done: Callable[[QImage], object],
        failed: Callable[[str], object],
    ) -> None:
        self._composer, self._page, self._image = composer, page, image
        self._done, self._failed = done, failed
        self._serial = composer._serial
        self._number = -1
        self._waited_ms = 0
        self._boxes = page.setup.boxes

    def next(self) -> None:
        """The next cell with an image, or the end."""
        self._number += 1
        while self._number < len(self._page.cells) and self._page.cells[self._number] is None:
            self._number += 1
        self._waited_ms = 0
        if self._number >= len(self._page.cells):
            self._done(self._image)
        else:
            self._prepare()

    def _prepare(self) -> None:
        if self._serial != self._composer._serial:
            return
        cell, view = self._take()
        job = view.job()
        if job is None:
            self._wait(cell, view.error())
            return
        background = self._composer._desk.background
        background.run(job.render, self._paint, self._fail, "film-cell")

    def _take(self) -> tuple[Cell, CellView]:
        cell, view, page = self._page.cells[self._number], self._composer.view, self._page
        assert cell is not None
        view.film_session.follow(texts=page.texts, same_texts=page.same_texts)
        _, _, wide, high = pixel_box(self._boxes[self._number], page.setup.pixels_per_mm)
        view.take(cell, QSize(wide, high), page.setup.pixels_per_mm)
        return cell, view

    def _wait(self, cell: Cell, error: str) -> None:
        """For pixels that are on their way; an image that cannot be shown must not be missing unseen."""
        if error:
            place = tr("第 {page} 张胶片第 {n} 格", page=self._page.page, n=self._number + 1)
            self._fail(tr("{place} 的图像无法显示：{why}", place=place, why=error))
        elif self._waited_ms >= _PATIENCE_MS:
            self._fail(tr("图像没有载入，胶片未打印；请检查与服务器的连接后重试"))
        else:
            self._waited_ms += _LOOK_AGAIN_MS
            if self._waited_ms % 5_000 == 0:
                self._composer.want([cell])
            QTimer.singleShot(_LOOK_AGAIN_MS, self._composer, self._prepare)

    def _paint(self, rendered: Rendered | None) -> None:
        if self._serial != self._composer._serial:
            return
        cell, view = self._take()
        left, top, wide, high = pixel_box(self._boxes[self._number], self._page.setup.pixels_per_mm)
        with QPainter(self._image) as painter:
            painter.translate(left, top)
            painter.scale(view.ratio, view.ratio)
            painter.setClipRect(QRectF(0, 0, wide / view.ratio, high / view.ratio))
            paint_cell(painter, view, cell, rendered, self._boxes[self._number])
        self.next()

    def _fail(self, sentence: str) -> None:
        if self._serial == self._composer._serial:
            self._failed(sentence)


__all__ = ["Composer", "FilmPage", "header_texts", "paint_cell", "paint_header", "paint_message", "pixel_box"]
