"""The photographed application of an exam: small pages, one of them large on demand, with a way to take one out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from clients.kit.camera.paper import from_jpeg
from clients.kit.camera.picture_view import PictureView
from clients.kit.image_strip import ImageStrip, StripImage
from clients.kit.labels import Button, Label, ValueLabel
from clients.kit.messages import Messages, message_for
from clients.kit.running import TaskRunner
from clients.kit.screen import Caller
from clients.kit.translations import tr
from shared.contract.attachments import AttachmentView, ListAttachments, RemoveAttachment, RestoreAttachment


class Pictures(Caller, Protocol):
    """A line that also fetches pictures."""

    def fetch_attachment(self, attachment_id: int) -> bytes:
        """Fetch the bytes of a page (blocking); raises RpcError."""
        ...


_Loaded = tuple[tuple[AttachmentView, bytes], ...]


class PaperPages(QWidget):
    """Loads itself; shows nothing at all while the exam has no page and none can be taken."""

    def __init__(
        self,
        exam_id: int,
        line: Pictures,
        runner: TaskRunner,
        messages: Messages,
        take: Callable[[], None] | None,
    ) -> None:
        super().__init__()
        self._exam_id = exam_id
        self._line = line
        self._runner = runner
        self._messages = messages
        self._pages: dict[str, tuple[AttachmentView, bytes]] = {}
        self._large = ""
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(4)
        head = QHBoxLayout()
        head.addWidget(Label("申请单照片", "strong"))
        head.addStretch(1)
        if take is not None:
            head.addWidget(Button("拍摄申请单", icon="camera", on_click=take))
        box.addLayout(head)
        self._words = ValueLabel("", "caption", wrap=True)
        box.addWidget(self._words)
        self.strip = ImageStrip(removable=take is not None)
        self.strip.picked.connect(self._pick)
        self.strip.opened.connect(self._pick)
        self.strip.removed.connect(self._remove)
        box.addWidget(self.strip)
        self.large = PictureView()
        self.large.setFixedHeight(420)
        self.large.hide()
        box.addWidget(self.large)
        self.strip.hide()
        self._key = f"paper/{id(self)}"
        self.destroyed.connect(_Cancel(runner, self._key))
        self.load()

    def load(self) -> None:
        """Fetch the pages again."""
        self._words.set_text(tr("正在加载…"))
        self._words.show()
        self._runner.run(self._fetch, self._came, self._failed, key=self._key)

    def _fetch(self) -> _Loaded:
        views = self._line.call(ListAttachments(exam_id=self._exam_id))
        known = {page.sha256: data for page, data in self._pages.values()}
        return tuple((view, known.get(view.sha256) or self._line.fetch_attachment(view.id)) for view in views)

    def _came(self, pages: _Loaded) -> None:
        self._pages = {str(view.id): (view, data) for view, data in pages}
        images = []
        for number, (key, (_view, data)) in enumerate(self._pages.items(), 1):
            small = QImage.fromData(data).scaledToWidth(192, Qt.TransformationMode.SmoothTransformation)
            images.append(StripImage(key, small, tr("第 {page} 页", page=number)))
        self.strip.set_images(images)
        self.strip.setVisible(bool(images))
        self._words.set_text(tr("没有拍摄申请单。"))
        self._words.setVisible(not images)
        if self._large not in self._pages:
            self._pick("")

    def _failed(self, error: Exception) -> None:
        self._words.set_text(message_for(error).text)

    def _pick(self, key: str) -> None:
        self._large = "" if key == self._large else key
        page = self._pages.get(self._large)
        self.large.setVisible(page is not None)
        if page is not None:
            try:
                self.large.show_picture(from_jpeg(page[1]), None)
            except ValueError:
                self.large.show_words(tr("这一页无法显示。"))

    def _remove(self, key: str) -> None:
        page = self._pages.get(key)
        if page is None:
            return
        number = list(self._pages).index(key) + 1

        def removed(_left: tuple[AttachmentView, ...]) -> None:
            self._messages.offer_undo(tr("已移除第 {page} 页申请单照片。", page=number), undo)
            self.load()

        def undo() -> None:
            request = RestoreAttachment(attachment_id=page[0].id)
            self._runner.run(lambda: self._line.call(request), lambda _left: None, self._messages.report)

        request = RemoveAttachment(attachment_id=page[0].id)
        self._runner.run(lambda: self._line.call(request), removed, self._messages.report)


class _Cancel:
    """Drops work that is under way when the widget is gone."""

    def __init__(self, runner: TaskRunner, key: str) -> None:
        self._runner, self._key = runner, key

    def __call__(self, _object: QObject | None = None) -> None:
        self._runner.cancel(self._key)
