"""A look at a PDF before it is printed: pages drawn by ourselves at the width of the view, sharp on every screen."""

from __future__ import annotations

from PySide6.QtCore import QBuffer, QByteArray, QEvent, QIODevice, QObject, QPoint, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QWheelEvent
from PySide6.QtPdf import QPdfDocument
from PySide6.QtWidgets import QScrollArea, QSizePolicy, QStackedLayout, QWidget

from clients.kit.panels import EmptyState
from clients.kit.theme import current_theme
from clients.kit.tokens import Tone

_MARGIN = 16
_KEPT = 24


class PdfPreview(QWidget):
    """Pages one below the other. Ctrl+wheel zooms; zoom 1 is the width of the view.

    Pages are rendered when they come into sight. QPdfView is not used: its fitting can loop for ever while a scroll bar
    comes and goes.
    """

    loaded = Signal(int)
    """number of pages, 0 if the document cannot be read."""

    def __init__(self) -> None:
        super().__init__()
        self._document = QPdfDocument(self)
        self._buffer: QBuffer | None = None
        self._zoom = 1.0
        self._area = QScrollArea()
        self._area.setWidgetResizable(False)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self._area.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self._pages = _Pages(self._document)
        self._area.setWidget(self._pages)
        self._area.viewport().installEventFilter(self)
        self._empty = EmptyState("document", "没有可预览的文档", "选择一份报告或单据后在此预览。")
        self._layers = QStackedLayout(self)
        self._layers.addWidget(self._area)
        self._layers.addWidget(self._empty)
        self._layers.setCurrentWidget(self._empty)

    @property
    def page_count(self) -> int:
        """Pages of the document."""
        return self._document.pageCount()

    @property
    def zoom(self) -> float:
        """1 is the width of the view."""
        return self._zoom

    def show_pdf(self, content: bytes) -> bool:
        """Show a document; False (and a sentence on screen) if it is no PDF that can be read."""
        self._pages.forget()
        self._document.close()
        self._buffer = QBuffer(self)
        self._buffer.setData(QByteArray(content))
        self._buffer.open(QIODevice.OpenModeFlag.ReadOnly)
        self._document.load(self._buffer)
        readable = self._document.status() is QPdfDocument.Status.Ready and self._document.pageCount() > 0
        if readable:
            self._layers.setCurrentWidget(self._area)
            self._fit()
        else:
            self._empty.show_words("alert", "文档无法打开", "文件可能不完整，请重新生成后再预览。", "", Tone.WARNING)
            self._layers.setCurrentWidget(self._empty)
        self.loaded.emit(self.page_count if readable else 0)
        return readable

    def set_zoom(self, zoom: float) -> None:
        """Zoom between 0.5 and 4; the middle of the view stays where it is."""
        zoom = max(0.5, min(4.0, zoom))
        bar = self._area.verticalScrollBar()
        place = (bar.value() + self._area.viewport().height() / 2) / max(1, self._pages.height())
        self._zoom = zoom
        self._fit()
        bar.setValue(round(place * self._pages.height() - self._area.viewport().height() / 2))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._area.viewport() and event.type() == QEvent.Type.Resize:
            self._fit()
        return False

    def wheelEvent(self, event: QWheelEvent) -> None:
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.set_zoom(self._zoom * (1.1 if event.angleDelta().y() > 0 else 1 / 1.1))
            event.accept()
            return
        super().wheelEvent(event)

    def _fit(self) -> None:
        self._pages.set_width(round(max(200, self._area.viewport().width()) * self._zoom))


class _Pages(QWidget):
    def __init__(self, document: QPdfDocument) -> None:
        super().__init__()
        self._document = document
        self._width = 600
        self._rendered: dict[tuple[int, int, float], QImage] = {}
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def forget(self) -> None:
        self._rendered.clear()

    def set_width(self, width: int) -> None:
        if width != self._width:
            self._width = width
            self._rendered.clear()
        count = self._document.pageCount()
        self.setFixedSize(width, self._top(count) if count else 100)
        self.update()

    def _size(self, page: int) -> QSize:
        points = self._document.pagePointSize(page)
        width = self._width - 2 * _MARGIN
        return QSize(width, round(width * points.height() / max(1.0, points.width())))

    def _top(self, page: int) -> int:
        return _MARGIN + sum(self._size(i).height() + _MARGIN for i in range(page))

    def paintEvent(self, event: QPaintEvent) -> None:
        ratio = self.devicePixelRatioF()
        colours = current_theme().colours
        with QPainter(self) as painter:
            painter.fillRect(event.rect(), QColor(colours.window))
            top = _MARGIN
            for page in range(self._document.pageCount()):
                size = self._size(page)
                if top <= event.rect().bottom() and top + size.height() >= event.rect().top():
                    painter.drawImage(QPoint(_MARGIN, top), self._image(page, size, ratio))
                    painter.setPen(QColor(colours.hairline))
                    painter.drawRect(_MARGIN - 1, top - 1, size.width() + 1, size.height() + 1)
                top += size.height() + _MARGIN

    def _image(self, page: int, size: QSize, ratio: float) -> QImage:
        key = (page, size.width(), ratio)
        if key not in self._rendered:
            while len(self._rendered) >= _KEPT:
                self._rendered.pop(next(iter(self._rendered)))
            wanted = QSize(round(size.width() * ratio), round(size.height() * ratio))
            drawn = self._document.render(page, wanted)
            paper = QImage(wanted, QImage.Format.Format_RGB32)
            paper.fill(Qt.GlobalColor.white)
            with QPainter(paper) as painter:
                painter.drawImage(0, 0, drawn)
            paper.setDevicePixelRatio(ratio)
            self._rendered[key] = paper
        return self._rendered[key]
