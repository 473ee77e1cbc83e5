"""The page of volume rendering: picture and panel, joined with the model and the rendering processes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from PySide6.QtCore import QEvent, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QWidget

from clients.kit.translations import tr
from clients.viewer.desk import Background
from clients.viewer.pictures import png_of, rgb_of
from clients.viewer.study import Stack
from clients.viewer.volume.film_pictures import Computed, FilmPicture
from clients.viewer.vr import texts
from clients.viewer.vr.picture_view import MouseTool, PictureView
from clients.viewer.vr.probe import Graphics, Kind, Settings, known_graphics, probe, remember
from clients.viewer.vr.renderer import Events, Picture, Quality, Renderer, SharedGrid
from clients.viewer.vr.saved_views import SavedViews
from clients.viewer.vr.scene import Scene
from clients.viewer.vr.side_panel import SidePanel
from clients.viewer.vr.state import Aspect, Templates, VolumeFacts, VrModel, facts_of
from shared.imaging.volume import Volume

texts.register()

SETTLE_MS = 180
"""So long after the last change the full quality is asked for."""
WATCH_MS = 5000
FIRST_PHASE = "序列有多个时相：显示第一个"
_LEAST_REPORT_PIXELS = 900


@dataclass(frozen=True)
class Case:
    """What the page shows: where its volume comes from and whose it is."""

    volume: Callable[[], Volume]
    """Called in a worker thread; raises ValueError with a sentence."""
    series_uid: str = ""
    patient_lines: Sequence[str] = ()
    progress: Callable[[], tuple[int, int]] = lambda: (1, 1)
    """Images there, images in all; the volume is made when they are equal."""
    stack: Stack | None = None
    """The series, for pictures on films."""


@dataclass(frozen=True)
class _Ready:
    renderer: Renderer
    facts: VolumeFacts
    graphics: Graphics
    asked: bool


class VrPage(QWidget):
    """`close_page` must be called before it goes: it ends the processes."""

    leave_asked = Signal()
    picture_ready = Signal(bytes, list)
    """PNG and lines of text for the report."""
    shown = Signal(int)
    """A picture is on screen: its quality."""

    def __init__(
        self,
        case: Case,
        settings: Settings,
        *,
        folder: Path | None = None,
        graphics: Graphics | None = None,
        start: Scene | None = None,
    ) -> None:
        """``folder`` holds saved views, ``graphics`` spares the probe, ``start`` is shown first."""
        super().__init__()
        self._start = start
        self.case = case
        self.model: VrModel | None = None
        self.renderer: Renderer | None = None
        self._settings = settings
        self._folder = folder
        self._graphics = graphics
        self._background = Background(self)
        self._gate = threading.Lock()
        self._closed = False
        self._shown_serial = -1
        self._shown_quality = Quality.COARSE
        self.view = PictureView()
        self.view.patient_lines = tuple(case.patient_lines)
        self.view.hand_lifted.connect(self.refine)
        self.view.resized.connect(self._on_resized)
        self.view.leave_asked.connect(self.leave_asked)
        self.view.message_clicked.connect(self._retry)
        self.panel = SidePanel(Templates(settings))
        self.panel.speak_through(self.say)
        self.panel.touched.connect(self.refine)
        self.panel.leave_asked.connect(self.leave_asked)
        self.panel.save_picture_asked.connect(self._ask_where)
        self.panel.send_asked.connect(self._send)
        self.panel.tools.tool_chosen.connect(self._choose_tool)
        self.view.tool_changed.connect(self.panel.tools.show_tool)
        self.panel.tools.show_tool(self.view.tool.value)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.view, 1)
        row.addWidget(self.panel)
        self.setFocusProxy(self.view)
        self._make_timers()
        self._wait()

    def _make_timers(self) -> None:
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(SETTLE_MS)
        self._settle.timeout.connect(self.refine)
        self._watch = QTimer(self)
        self._watch.setInterval(WATCH_MS)
        self._watch.timeout.connect(self._look_after)
        self._waiting = QTimer(self)
        self._waiting.setInterval(150)
        self._waiting.timeout.connect(self._wait)
        self._quiet = QTimer(self)
        self._quiet.setSingleShot(True)
        self._quiet.setInterval(6000)
        self._quiet.timeout.connect(self._fall_silent)

    # --- beginning and end

    @Slot()
    def _wait(self) -> None:
        """Until the images are there."""
        there, total = self.case.progress()
        if there < total:
            self._tell(tr("正在载入图像 {there}/{total}…", there=there, total=total))
            self._waiting.start()
            return
        self._waiting.stop()
        self._tell(tr("正在准备体数据…"))
        self._background.run(self._prepare, self._on_ready, self._on_refused, "volume-rendering")

    def _prepare(self) -> _Ready | None:
        """In a worker: volume, shared memory, graphics, processes. The driver is asked meanwhile."""
        known = self._graphics or known_graphics(self._settings)
        with ThreadPoolExecutor(1) as beside:
            asked = beside.submit(probe) if known is None else None
            volume = self.case.volume()
            shared = SharedGrid(volume)
            facts = facts_of(shared.grid)
            graphics = known or (asked.result() if asked is not None else Graphics(Kind.COMPATIBLE))
        if 2 * len(volume.frames) <= self.case.progress()[1] and volume.frames:
            facts = replace(facts, notes=(*facts.notes, FIRST_PHASE))
        with self._gate:
            if self._closed:
                shared.close()
                return None
            events = Events(self._on_picture, self._on_restarted, self._on_gave_up, self._on_problem)
            self.renderer = Renderer(shared, graphics, events)
            return _Ready(self.renderer, facts, graphics, known is None)

    def _on_ready(self, ready: _Ready | None) -> None:
        if ready is None:
            return
        if ready.asked:
            remember(self._settings, ready.graphics)
        self.model = VrModel(ready.facts)
        self.model.changed.connect(self._on_model)
        if self._start is not None:
            self.model.show_saved(self._start)
        self.view.model = self.model
        self.view.notes = ready.facts.notes
        self._on_resized()
        self.panel.follow(self.model, SavedViews(self.case.series_uid, self._folder))
        self._watch.start()
        self.refine()

    def _on_refused(self, sentence: str) -> None:
        self._tell(tr("不能做三维重建：{why}", why=texts.sentence(sentence)))

    def close_page(self) -> None:
        """End processes and timers; nobody is called from now on."""
        with self._gate:
            self._closed = True
        self._background.close()
        for timer in (self._settle, self._watch, self._waiting, self._quiet):
            timer.stop()
        if self.renderer is not None:
            self.renderer.close()

    # --- asking for pictures

    def _on_model(self, aspect: Aspect) -> None:
        self._ask(moving=True)
        self._settle.start()
        if aspect is Aspect.SHAPE or self.view.tool is MouseTool.BOX:
            self.view.update()

    @Slot()
    def refine(self) -> None:
        """The hand rests: full quality."""
        self._settle.stop()
        self._ask(moving=False)

    def _ask(self, *, moving: bool) -> None:
        if self.model is not None and self.renderer is not None:
            self.renderer.show(self.model.scene, *self.view.device_size, moving=moving)

    @Slot()
    def _on_resized(self) -> None:
        if self.model is not None:
            width, height = self.view.device_size
            self.model.set_aspect(width / height)
            self._ask(moving=True)
            self._settle.start()

    @Slot()
    def _look_after(self) -> None:
        if self.renderer is not None:
            self.renderer.watch()

    # --- answers, from reader threads

    def _on_picture(self, picture: Picture) -> None:
        image = QImage(picture.pixels, picture.width, picture.height, 3 * picture.width, QImage.Format.Format_RGB888)
        ready = image.convertToFormat(QImage.Format.Format_RGB32)  # here, not in the GUI thread; and a copy
        self._background.later(lambda: self._show(picture, ready))

    def _show(self, picture: Picture, image: QImage) -> None:
        if (picture.serial, picture.quality) < (self._shown_serial, self._shown_quality):
            return
        self._shown_serial, self._shown_quality = picture.serial, picture.quality
        self.view.show_image(image, picture.quality)
        self.shown.emit(int(picture.quality))

    def _on_restarted(self) -> None:
        self._background.later(lambda: self.say(tr("图形程序已重新启动，没有丢失任何操作")))

    def _on_gave_up(self) -> None:
        self._background.later(self._offer_retry)

    def _on_problem(self, text: str) -> None:
        self._background.later(lambda: self.say(tr(text)))

    def _offer_retry(self) -> None:
        self._tell(tr("图形程序反复出错。裁剪和视角都还在：单击画面重试，或请管理员更新显卡驱动。"))

    @Slot()
    def _retry(self) -> None:
        renderer = self.renderer
        if renderer is not None and renderer.gave_up:
            self._tell(tr("正在准备体数据…"))
            self._background.run(renderer.retry, lambda _nothing: None, name="volume-rendering")

    # --- words

    def say(self, sentence: str) -> None:
        """A sentence at the foot of the picture, for a few seconds."""
        self.view.notice = sentence
        self.view.update()
        self._quiet.start()

    @Slot()
    def _fall_silent(self) -> None:
        self.view.notice = ""
        self.view.update()

    def _tell(self, message: str) -> None:
        self.view.message = message
        self.view.update()

    @Slot(str)
    def _choose_tool(self, tool: str) -> None:
        chosen = MouseTool(tool)
        self.view.tool = MouseTool.ROTATE if chosen is self.view.tool else chosen
        self.panel.tools.show_tool(self.view.tool.value)
        self.view.setFocus()

    # --- output

    def film_pictures(self, *, whole: bool) -> Sequence[FilmPicture]:
        """What is on screen, for a film, which writes the patient's name itself; none before the first picture."""
        image, stack = self.picture_with_texts(named=False), self.case.stack
        if image is None or stack is None:
            return ()
        return (FilmPicture(stack, tr("三维重建（VR）"), lambda: Computed(rgb_of(image))),)

    def picture_with_texts(self, *, named: bool = True) -> QImage | None:
        """What is on screen, letters included and the patient's lines where ``named``, without the tools."""
        if self.view.image is None:
            return None
        ratio = max(self.devicePixelRatioF(), _LEAST_REPORT_PIXELS / max(1, self.view.height()))
        image = QImage(round(self.view.width() * ratio), round(self.view.height() * ratio), QImage.Format.Format_RGB32)
        with QPainter(image) as painter:
            painter.scale(ratio, ratio)
            self.view.paint_export(painter, named=named)
        return image

    def save_picture(self, path: Path) -> bool:
        """Write what is on screen as PNG; False with a sentence when it cannot be written."""
        image = self.picture_with_texts()
        try:
            if image is not None:
                path.write_bytes(png_of(image))
        except OSError:
            image = None
        if image is None:
            self.say(tr("图片没有保存：{path}", path=path.name))
            return False
        self.say(tr("图片已保存：{path}", path=path.name))
        return True

    @Slot()
    def _ask_where(self) -> None:
        dialog = QFileDialog(self, tr("保存图片"), "", "PNG (*.png)")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("png")
        dialog.selectFile("vr.png")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self._on_where)
        dialog.open()

    @Slot(str)
    def _on_where(self, name: str) -> None:
        self.save_picture(Path(name))

    @Slot()
    def _send(self) -> None:
        image = self.picture_with_texts()
        if image is None:
            return
        self.picture_ready.emit(png_of(image), [tr("三维重建（VR）")])

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self.view.update()
        super().changeEvent(event)
