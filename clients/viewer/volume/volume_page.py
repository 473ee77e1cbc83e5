"""What the pages of reformatting share: waiting for the images, the grey of the viewport they came from, warnings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from PySide6.QtCore import QBuffer, QByteArray, QEvent, QIODevice, QRect, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from clients.kit.fonts import text_font
from clients.kit.theme import current_theme
from clients.kit.translations import tr
from clients.viewer import colours
from clients.viewer.pixels import StackPixels
from clients.viewer.study import Stack
from clients.viewer.viewport import overlays
from clients.viewer.viewport.corner_texts import Corners, corners_of, finding_text
from clients.viewer.viewport.state import Aspect, ViewportState, as_window
from clients.viewer.viewport.transform import Geometry
from clients.viewer.volume import texts
from clients.viewer.volume.film_pictures import Computed, FilmPicture
from clients.viewer.volume.mpr_pane import MprPane
from clients.viewer.volume.mpr_state import Pane
from clients.viewer.volume.painting import GreyLook
from clients.viewer.volume.source import arrangement_of, sentence_of, volume_of_stack
from shared.imaging.geometry import Finding
from shared.imaging.lut import Modality, Window, window_of_range
from shared.imaging.volume import NoVolume, Volume

texts.register()

T = TypeVar("T")
LOOK_AGAIN_MS = 150
LEAST_WARNING = 60  # pixels of a warning's beginning that are always seen


class Background(Protocol):
    """Work off the GUI thread; `desk.Background`."""

    def run(
        self,
        work: Callable[[], T],
        done: Callable[[T], object],
        failed: Callable[[str], object] | None = None,
        name: str = "background",
    ) -> None: ...


@dataclass(frozen=True, slots=True)
class PageSource:
    """What a page shows: a stack, its pixels, and the viewport whose window and colours it shares."""

    stack: Stack
    pixels: StackPixels
    viewport: ViewportState
    background: Background
    send: Callable[[bytes, Sequence[str]], None] | None = None  # a picture (PNG) and its figures to the report


class VolumePage(QWidget):
    """A page that needs the whole series; shows how much is there until the volume is made."""

    left = Signal()
    """The reader wants back to the images."""
    opened = Signal()
    """The volume is there and the panes are made; other features may add layers and hands to `panes`."""
    opened = Signal()
    """The page stands with its panes."""
    title = ""

    def __init__(self, source: PageSource, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.source = source
        self.volume: Volume | None = None
        self.panes: dict[Pane, MprPane] = {}
        self.message = tr("正在载入图像…")
        self._auto: Window | None = None
        self._closed = False
        self._order: tuple[int, ...] = ()
        self._forget = [source.viewport.changed.connect(self._on_viewport)]
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.bar = _Bar(self)
        self.bar.leave.clicked.connect(self.left)
        self.bar.send.clicked.connect(self.send_picture)
        self.bar.send.hide()
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(0, 0, 0, 0)
        self.body.setSpacing(1)
        self.body.addWidget(self.bar)
        self.body.addStretch(1)
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK_AGAIN_MS)
        self._timer.timeout.connect(self._look_for_images)
        self._timer.start()
        self._dress()
        QTimer.singleShot(0, self._look_for_images)

    # --- to be filled by pages

    def open_volume(self, volume: Volume) -> None:
        """The volume is there: build the page."""

    def volume_replaced(self, volume: Volume) -> None:
        """Another phase at the same places: show it as the one before was shown."""

    def grey_changed(self) -> None:
        """Window, inversion or colours changed."""

    def reset_view(self) -> None:
        """Planes, zoom and place as at the beginning."""

    def figures(self) -> tuple[str, ...]:
        """What was measured on the page, for the report."""
        return ()

    def send_picture(self) -> None:
        """The page as it is shown goes to the report."""
        if self.source.send is None or self.volume is None:
            return
        picture = self.grab(QRect(0, self.bar.height(), self.width(), self.height() - self.bar.height()))
        data = QByteArray()
        buffer = QBuffer(data)
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        picture.save(buffer, "PNG")
        buffer.close()
        self.source.send(bytes(data.data()), self.figures())

    def film_pictures(self, *, whole: bool) -> Sequence[FilmPicture]:
        """What can be put on a film: the picture in which the reader works, or the ``whole`` page's."""
        return ()

    def film_picture(self, name: str, make: Callable[[], Computed]) -> FilmPicture:
        """A picture in the grey of the page."""
        assert self.volume is not None
        look = self.look()
        return FilmPicture(self.source.stack, name, make, look.voi, look.inverted, look.palette, self.volume.unit)

    def retranslate(self) -> None:
        """Set all texts in the current language."""

    # --- volume

    def _look_for_images(self) -> None:
        if self._closed or self.volume is not None:
            return
        stack, pixels = self.source.stack, self.source.pixels
        try:
            order = self._order = self._order or arrangement_of(stack).order
        except NoVolume as reason:
            self._fail(sentence_of(reason))
            return
        if pixels.is_confined:
            self._fail(tr("序列太大，这台计算机的内存放不下"))
            return
        there = sum(pixels.has(n) for n in order)
        self.message = tr("正在载入图像… {n}/{count}", n=there, count=len(order))
        self.update()
        if there == len(order):
            self._timer.stop()
            self.source.background.run(lambda: _made(stack, pixels, 0), self._on_volume, self._fail, "volume")

    def _on_volume(self, made: Volume | str) -> None:
        if self._closed:
            return
        if isinstance(made, str):
            self._fail(made)
            return
        self.volume, self.message = made, ""
        self.bar.warn(warnings_of(made))
        last = self.body.takeAt(self.body.count() - 1)
        del last  # the stretch that stood for the page
        self._offer_phases()
        self.open_volume(made)
        self.bar.send.setVisible(self.source.send is not None)
        self.opened.emit()

    def _offer_phases(self) -> None:
        """Several volumes at the same places (times, b-values): say so, and let the reader choose."""
        count = arrangement_of(self.source.stack).phases
        if count < 2:
            return
        self.phases = QComboBox()
        self.phases.setObjectName("volume.phase")
        self.phases.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        for n in range(count):
            self.phases.addItem(tr("第 {n}/{count} 期", n=n + 1, count=count))
        self.phases.currentIndexChanged.connect(self._choose_phase)
        self.bar.controls.addWidget(self.phases)

    phases: QComboBox | None = None

    def _choose_phase(self, phase: int) -> None:
        stack, pixels = self.source.stack, self.source.pixels

        def replaced(made: Volume | str) -> None:
            current = self.phases is not None and self.phases.currentIndex() == phase
            if isinstance(made, str):
                self._fail(made)
            elif current and not self._closed:
                self.volume = made
                self.volume_replaced(made)

        self.source.background.run(lambda: _made(stack, pixels, phase), replaced, self._fail, "volume")
        self.opened.emit()

    def _fail(self, sentence: str) -> None:
        if not self._closed:
            self._timer.stop()
            self.message = sentence
            self.update()

    # --- grey

    def look(self) -> GreyLook:
        """Window, inversion and colours of the viewport that the series came from."""
        assert self.volume is not None
        viewport, volume = self.source.viewport, self.volume
        return GreyLook(self.voi(), volume.inverted != viewport.inverted, viewport.palette)

    def voi(self) -> Any:
        """The reader's window, else the header's, else one over the values of the middle slice."""
        assert self.volume is not None
        if self.source.viewport.voi is not None:
            return self.source.viewport.voi
        if self.volume.window is not None:
            return self.volume.window
        if self._auto is None:
            self._auto = _window_of(self.volume)
        return self._auto

    def drag_window(self, up: float, right: float) -> None:
        """Change the window as the viewports do: up and down the width, left and right the level."""
        window = as_window(self.voi())
        speed = max(window.width / 400, 0.01)
        self.source.viewport.drag_window(up * speed, right * speed, window)

    def _on_viewport(self, aspect: Aspect) -> None:
        if self.volume is None:
            return
        if aspect is Aspect.GREY:
            self.grey_changed()
        elif aspect is Aspect.GEOMETRY and self.source.viewport.geometry == Geometry():
            self.reset_view()  # the viewer's own commands to reset and to fit

    # --- texts

    def corners(self, name: str, *lines: str) -> Corners:
        """Patient and study above; findings, the name of the picture and ``lines`` below, the window at the right."""
        stack = self.source.stack
        base = corners_of(
            stack, 0, voi=self.voi(), modality=Modality(), zoom_percent=100, lossy=stack.image(0).lossy, reduced=False
        )
        window = as_window(self.voi())
        found = warnings_of(self.volume) if self.volume is not None else ()
        return Corners(
            base.top_left,
            base.top_right,
            (*found, name, *(line for line in lines if line)),
            (f"W {_short(window.width)}  L {_short(window.centre)}",),
        )

    # --- events

    def paintEvent(self, _event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.fillRect(self.rect(), QColor(colours.GRID if not self.message else colours.BACKGROUND))
            if self.message:
                painter.setFont(text_font(current_theme().px(13)))
                area = QRectF(0, self.bar.height(), self.width(), self.height() - self.bar.height())
                overlays.draw_message(painter, self.message, area, colours.LETTER)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self._dress()
            self.retranslate()
        super().changeEvent(event)

    def _dress(self) -> None:
        self.bar.dress(tr(self.title))
        if self.volume is not None:
            self.bar.warn(warnings_of(self.volume))

    def closing(self) -> None:
        """The page goes: follow nothing and tell nobody any more."""
        self._closed = True
        self._timer.stop()
        for forget in self._forget:
            forget()
        self._forget.clear()


def _short(value: float) -> str:
    """Whole numbers, and three figures of small ones (SUV)."""
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _made(stack: Stack, pixels: StackPixels, phase: int) -> Volume | str:
    try:
        return volume_of_stack(stack, pixels, phase)
    except NoVolume as reason:
        return sentence_of(reason)


def _window_of(volume: Volume) -> Window:
    import numpy as np

    slice_ = volume.values(volume.voxels[len(volume.voxels) // 2, ::2, ::2])
    low, high = (float(v) for v in np.nanpercentile(slice_, (1, 99)))
    return window_of_range(low, high)


def warnings_of(volume: Volume) -> tuple[str, ...]:
    """What a reader must know about the geometry, gravest first."""
    shown = (Finding.MIXED, Finding.GAPS, Finding.UNEVEN, Finding.DUPLICATES, Finding.TILTED)
    texts = []
    for finding in shown:
        if finding not in volume.findings:
            continue
        if finding is Finding.TILTED:
            texts.append(tr("机架倾斜（已按真实位置重建）"))
        elif finding is Finding.GAPS:
            texts.append(tr("层面有缺失：{n} 处之间为插值", n=len(volume.gaps)))
        else:
            texts.append(finding_text(finding))
    return tuple(texts)


class _Elided(QLabel):
    """A warning that ends in dots where the row has no room for all of it; its tooltip has it whole."""

    def __init__(self) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    def paintEvent(self, _event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.setPen(QColor(colours.WARNING))
            text = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, self.width())
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignVCenter, text)


class _Bar(QFrame):
    """The strip above the page: name, the page's controls, warnings, the way back."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._title = QLabel()
        self._warning = _Elided()
        self.leave = QToolButton()
        self.leave.setObjectName("volume.leave")
        self.send = QToolButton()
        self.send.setObjectName("volume.send")
        for button in (self.leave, self.send):
            button.setAutoRaise(True)
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.controls = QHBoxLayout()
        self.controls.setSpacing(10)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 0, 8, 0)
        row.setSpacing(16)
        row.addWidget(self._title)
        row.addLayout(self.controls)
        row.addWidget(self._warning, 1)
        row.addWidget(self.send)
        row.addWidget(self.leave)
        self._row = row
        self.setFixedHeight(current_theme().px(40))

    def warn(self, sentences: tuple[str, ...]) -> None:
        """Show what must be known about the geometry."""
        self._warning.setText("⚠ " + "  ".join(sentences) if sentences else "")
        self._warning.setToolTip("\n".join(sentences))
        self._fit()

    @property
    def title_shown(self) -> bool:
        """False where the row has no room for it."""
        return not self._title.isHidden()

    @property
    def warning(self) -> str:
        return self._warning.text()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """In a narrow window the title goes first, then the end of the warning; buttons keep their words."""
        for button in self.findChildren(QToolButton):
            self._keep_word(button)
        title = self._title.sizeHint().width() + self._row.spacing()
        least = self._row.minimumSize().width() - (0 if self._title.isHidden() else title)
        least += LEAST_WARNING if self._warning.text() else 0
        self._title.setVisible(least + title <= self.width())

    @staticmethod
    def _keep_word(button: QToolButton) -> None:
        """The suite's style sheet gives buttons a least width that a row may press them to, word or no word."""
        wide = button.fontMetrics().horizontalAdvance(button.text())
        if button.property("word_px") != wide:
            button.setProperty("word_px", wide)
            button.setStyleSheet(f"QToolButton {{ min-width: {wide}px; }}")

    def dress(self, title: str) -> None:
        palette = current_theme().colours
        self._title.setText(title)
        self._title.setStyleSheet(f"color: {palette.text}; font-weight: 600;")
        self.send.setText(tr("送报告"))
        self.send.setToolTip(tr("把这一页的图像和数值送到报告页"))
        self.leave.setText(tr("返回图像"))
        self.leave.setToolTip(tr("返回图像（Esc）"))
        self._fit()
        self.setStyleSheet(
            f"_Bar {{ background: {palette.window}; border: none; border-bottom: 1px solid {palette.hairline}; }}"
            f"QLabel, QToolButton {{ color: {palette.text_quiet}; }}"
        )
