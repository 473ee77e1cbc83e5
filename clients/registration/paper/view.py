"""The paper panel on screen: live picture, pages taken, corners to move; pictures from files, clipboard, scanner."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QGuiApplication, QHideEvent, QImage, QKeyEvent, QShowEvent
from PySide6.QtWidgets import QComboBox, QFileDialog, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from clients.kit.camera.grabber import Grabber
from clients.kit.camera.importing import SUFFIXES, NotAPicture, from_image
from clients.kit.camera.paper import from_jpeg
from clients.kit.camera.picture_view import PictureView
from clients.kit.camera.port import Cameras
from clients.kit.image_strip import ImageStrip, StripImage
from clients.kit.labels import Button, IconButton, Label, ValueLabel
from clients.kit.translations import on_language_change, tr
from clients.registration.paper.presenter import PaperPresenter
from clients.registration.paper.state import PaperState

WIDTH = 560
_FRAME_HEIGHT = 372


class PaperPanel(QWidget):
    """One `render_state`; the live picture goes past the state, straight from the grabber to its view."""

    def __init__(self, presenter: PaperPresenter, cameras: Cameras) -> None:
        super().__init__()
        self._presenter = self.presenter = presenter
        self._state = presenter.state
        self._shown_pages: tuple[tuple[str, int], ...] = ()
        self._running = ""
        self.grabber = Grabber(cameras)
        self.grabber.setParent(self)
        self.grabber.arrived.connect(self._frame_came)
        self.grabber.failed.connect(presenter.camera_failed)
        box = QVBoxLayout(self)
        box.setContentsMargins(16, 12, 16, 16)
        box.setSpacing(8)
        box.addLayout(self._head())
        self.live = PictureView()
        self.live.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.corners = PictureView(editable=True)
        for view in (self.live, self.corners):
            view.setFixedHeight(_FRAME_HEIGHT)
            box.addWidget(view)
        box.addLayout(self._buttons())
        self._hint = Label("", "caption", wrap=True)
        box.addWidget(self._hint)
        self._strip_title = Label("已拍摄的页", "strong")
        box.addWidget(self._strip_title)
        self.strip = ImageStrip()
        self.strip.picked.connect(presenter.show_large)
        self.strip.opened.connect(presenter.show_large)
        self.strip.removed.connect(presenter.remove)
        box.addWidget(self.strip)
        self._waiting = ValueLabel("", "caption", wrap=True)
        box.addWidget(self._waiting)
        box.addStretch(1)
        self._forget = on_language_change(self._retranslate)
        self.destroyed.connect(_Call(self._forget))
        presenter.show_to(self.render_state)

    def _head(self) -> QHBoxLayout:
        line = QHBoxLayout()
        line.setSpacing(8)
        self.devices = QComboBox()
        self.devices.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.devices.activated.connect(self._device_chosen)
        self.devices.setAccessibleName(tr("摄像头"))
        line.addWidget(self.devices, 1)
        line.addWidget(IconButton("refresh", "重新查找摄像头", on_click=self._presenter.try_again))
        line.addWidget(IconButton("folder", "从文件导入", on_click=self.choose_files))
        line.addWidget(IconButton("clipboard", "从剪贴板粘贴（Ctrl+V）", on_click=self.paste))
        line.addWidget(IconButton("document", "取最新扫描件", on_click=self._scan))
        return line

    def _buttons(self) -> QHBoxLayout:
        line = QHBoxLayout()
        line.setSpacing(8)
        self.shoot = Button("拍摄（空格）", "primary", "camera", on_click=self.take)
        self.apply = Button("应用四角", "primary", "check", on_click=self._apply)
        self.leave = Button("不改", on_click=self._presenter.leave_corners)
        self.back = Button("返回镜头", icon="camera", on_click=lambda: self._presenter.show_large(self._state.shown))
        self.turn = Button("旋转", icon="refresh", on_click=lambda: self._presenter.turn(self._state.shown))
        self.correct = Button("调整四角", icon="edit", on_click=lambda: self._presenter.correct(self._state.shown))
        self.retake = Button("重拍", icon="camera", on_click=lambda: self._presenter.retake(self._state.shown))
        self.remove = Button("移除", "danger", "clear", on_click=lambda: self._presenter.remove(self._state.shown))
        for button in (
            self.shoot,
            self.apply,
            self.leave,
            self.back,
            self.turn,
            self.correct,
            self.retake,
            self.remove,
        ):
            line.addWidget(button)
        line.addStretch(1)
        return line

    # ── intentions ───────────────────────────────────────────────────────────────────────────────────

    @Slot()
    def take(self) -> None:
        """Photograph what the camera shows now."""
        newest = self.grabber.take()
        if newest is not None and self._state.live and not self._state.taking:
            self._presenter.take(newest[0])

    def choose_files(self) -> None:
        """Pictures from files."""
        patterns = " ".join(f"*{suffix}" for suffix in SUFFIXES)
        chosen, _ = QFileDialog.getOpenFileNames(self, tr("从文件导入"), "", f"{tr('图片')} ({patterns})")
        if chosen:
            self._presenter.import_files([Path(name) for name in chosen])

    def paste(self) -> None:
        """A picture or picture files from the clipboard."""
        content = QGuiApplication.clipboard().mimeData()
        if content.hasImage():
            image = QImage(content.imageData())
            try:
                self._presenter.take_all([from_image(image)])
            except NotAPicture as error:
                self._hint.setText(tr(str(error)))
            return
        files = [Path(url.toLocalFile()) for url in content.urls() if url.isLocalFile()]
        if files:
            self._presenter.import_files(files)
        else:
            self._hint.setText(tr("剪贴板中没有可用的图片。"))

    def _scan(self) -> None:
        if not self._presenter.scan_folder:
            chosen = QFileDialog.getExistingDirectory(self, tr("选择扫描仪存放文件的文件夹"))
            if not chosen:
                return
            self._presenter.set_scan_folder(chosen)
        self._presenter.import_scan()

    def _apply(self) -> None:
        if self.corners.quad is not None:
            self._presenter.apply_corners(self.corners.quad)

    def _device_chosen(self, place: int) -> None:
        self._presenter.choose_device(str(self.devices.itemData(place)))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_V and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.paste()
        elif event.key() in (Qt.Key.Key_Space, Qt.Key.Key_F9) and not self._state.correcting:
            if self._state.shown:
                self._presenter.show_large(self._state.shown)
            else:
                self.take()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._state.correcting:
            self._apply()
        else:
            super().keyPressEvent(event)

    # ── showing ──────────────────────────────────────────────────────────────────────────────────────

    def render_state(self, state: PaperState) -> None:
        """Show a state."""
        before, self._state = self._state, state
        self._show_devices(state)
        self._follow_camera(state)
        correcting, large = bool(state.correcting), bool(state.shown)
        self.live.setVisible(not correcting)
        self.corners.setVisible(correcting)
        if correcting and state.correcting != before.correcting:
            self._show_original(state.correcting)
        if large and not correcting:
            page = state.page(state.shown)
            if page is not None:
                self.live.show_picture(from_jpeg(page.jpeg), None)
        elif not state.live:
            self.live.show_words(state.trouble or self._nothing(state))
        page = state.page(state.shown)
        self.shoot.setVisible(not correcting and not large)
        self.shoot.setEnabled(state.live and not state.taking)
        self.apply.setVisible(correcting)
        self.leave.setVisible(correcting)
        for button in (self.back, self.turn, self.correct, self.retake, self.remove):
            button.setVisible(large and not correcting)
        self.correct.setEnabled(page is not None and page.can_correct)
        self._show_hint(state)
        self._show_pages(state)
        for part in (self._strip_title, self.strip):  # pages of a registered exam stand in its details
            part.setVisible(state.exam_id is None)
        words = tr("{count} 页正在上传…", count=state.waiting) if state.waiting else ""
        self._waiting.set_text(words)
        self._waiting.setVisible(bool(words))

    def _show_hint(self, state: PaperState) -> None:
        if state.correcting:
            words = tr("拖动四角到纸张的角上；按 1 至 4 选角，方向键移动，回车应用。")
        elif state.retaking:
            number = next((at for at, page in enumerate(state.pages, 1) if page.key == state.retaking), 0)
            words = tr("下一张照片将替换第 {page} 页。", page=number)
        elif state.exam_id is not None and state.live:
            words = tr("拍下的页直接存到这次检查，可在登记详情中查看。")
        elif state.live and not state.shown:
            words = tr("把申请单平放在镜头下；框出的部分会自动裁正。")
        else:
            words = ""
        self._hint.setText(words)

    def _nothing(self, state: PaperState) -> str:
        if state.devices is None:
            return tr("正在查找摄像头…")
        return tr("没有找到摄像头。可以从文件、剪贴板或扫描文件夹导入。") if not state.devices else ""

    def _show_devices(self, state: PaperState) -> None:
        wanted = [(device.name, device.key) for device in state.devices or ()]
        shown = [(self.devices.itemText(at), self.devices.itemData(at)) for at in range(self.devices.count())]
        if wanted != shown:
            self.devices.clear()
            for name, key in wanted:
                self.devices.addItem(name, key)
        self.devices.setEnabled(bool(wanted))
        self.devices.setCurrentIndex(next((at for at, (_n, key) in enumerate(wanted) if key == state.device), -1))

    def _follow_camera(self, state: PaperState) -> None:
        wanted = state.device if state.live and self.isVisible() else ""
        if wanted == self._running:
            return
        self._running = wanted
        if wanted:
            self.live.show_words(tr("正在打开摄像头…"))
            self.grabber.start(wanted)
        else:
            self.grabber.stop()

    @Slot()
    def _frame_came(self) -> None:
        newest = self.grabber.take()
        if newest is not None and self._state.live and not self._state.shown and not self._state.correcting:
            self.live.show_picture(*newest)

    def _show_original(self, key: str) -> None:
        original = self._presenter.original(key)
        if original is not None:
            self.corners.show_picture(*original)
            self.corners.setFocus(Qt.FocusReason.OtherFocusReason)

    def _show_pages(self, state: PaperState) -> None:
        wanted = tuple((page.key, len(page.jpeg)) for page in state.pages)
        if wanted == self._shown_pages:
            return
        self._shown_pages = wanted
        images = []
        for number, page in enumerate(state.pages, 1):
            image = QImage.fromData(page.jpeg).scaledToWidth(192, Qt.TransformationMode.SmoothTransformation)
            images.append(StripImage(page.key, image, tr("第 {page} 页", page=number)))
        self.strip.set_images(images)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._presenter.show_to(self.render_state)
        self._follow_camera(self._state)
        self.live.setFocus(Qt.FocusReason.OtherFocusReason)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._presenter.leave(self.render_state)
        self._running = ""
        self.grabber.stop()

    def _retranslate(self) -> None:
        self._shown_pages = ()
        self.devices.setAccessibleName(tr("摄像头"))
        self.render_state(self._state)


class _Call:
    def __init__(self, callback: object) -> None:
        self._callback = callback

    def __call__(self, _object: object = None) -> None:
        self._callback()  # type: ignore[operator]
