"""Capture as a feature: the frame, its bar of actions, and the picture."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QPointF, QRect, QRectF, QStandardPaths, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QGuiApplication, QImage, QPainter
from PySide6.QtWidgets import QCheckBox, QFileDialog, QFrame, QHBoxLayout, QPushButton

from clients.kit.actions import Action
from clients.kit.fonts import text_font
from clients.kit.theme import current_theme
from clients.kit.translations import register_catalogue, tr
from clients.viewer import colours
from clients.viewer.capture import texts
from clients.viewer.capture.frame import TOOL, FrameTool
from clients.viewer.commands import Slot
from clients.viewer.desk import Desk, Feature
from clients.viewer.pictures import png_of
from clients.viewer.viewport import overlays
from clients.viewer.viewport.corner_texts import date_text, person_name
from clients.viewer.viewport.view import ViewportWidget

register_catalogue(texts.CATALOGUE)
_SLOTS = {"image": (Slot("tool.capture", "capture", "截图"),)}
_ENTRIES = {"menu.output": ("tool.capture",)}


class CaptureFeature(Feature):
    """Pictures of a part of a viewport."""

    tools = ((TOOL, Action("tool.capture", "保存图片", "Ctrl+Shift+S", hint="拖出选框，可移动和缩放；双击取整个视口")),)
    slots = _SLOTS
    entries = _ENTRIES

    def attach(self, desk: Desk) -> None:
        self._before = desk.session.tool
        self._tools: dict[int, FrameTool] = {}
        self._bar: _Bar | None = None
        for view in desk.viewports:
            tool = self._tools[view.number] = FrameTool(self._framed)
            view.tools[TOOL] = tool
            view.add_layer(tool)
        desk.session.tool_changed.connect(self._on_tool)
        desk.session.active_changed.connect(self._on_active)
        desk.session.layout_changed.connect(self._drop_bar)

    def picture(self, view: ViewportWidget, *, texts: bool, identity: bool) -> QImage | None:
        """What the frame of a viewport holds, in device pixels; None without a frame.

        ``texts`` keeps the corner texts that lie in it. ``identity`` writes name, number and date of the study into
        it, unless they stand there already.
        """
        tool = self._tools[view.number]
        if tool.frame is None:
            return None
        session = self.desk.session
        was_hidden = session.texts_hidden
        tool.is_hidden = True
        try:
            if was_hidden == texts:
                session.texts_hidden = not texts
            whole = view.grab(QRect(view.rect())).toImage()
        finally:
            session.texts_hidden = was_hidden
            tool.is_hidden = False
        ratio = whole.devicePixelRatio()
        frame = tool.frame
        part = QRectF(frame.x() * ratio, frame.y() * ratio, frame.width() * ratio, frame.height() * ratio)
        image = whole.copy(part.toAlignedRect().intersected(whole.rect()))
        named = texts and frame.left() <= 8 and frame.top() <= 8
        if identity and not named:
            _stamp(image, _identity(view), ratio)
        return image

    def closing(self) -> None:
        self._drop_bar()

    # --- inside

    def _on_tool(self) -> None:
        if self.desk.session.tool != TOOL:
            self._drop_bar()
        elif self._tools[self.desk.session.active].frame is not None:
            self._framed(self.desk.active)
        self.desk.update_viewports()

    def _on_active(self) -> None:
        self._drop_bar()
        if self.desk.session.tool == TOOL:
            self._framed(self.desk.active)

    def _framed(self, view: ViewportWidget) -> None:
        """The bar stands below the frame, or above it, or inside where there is no other room."""
        frame = self._tools[view.number].frame
        if frame is None:
            self._drop_bar()
            return
        if self._bar is None or self._bar.parent() is not view:
            self._drop_bar()
            self._bar = _Bar(self, view)
        bar = self._bar
        bar.adjustSize()
        x = min(max(frame.right() - bar.width(), 4.0), max(view.width() - bar.width() - 4.0, 0.0))
        y = frame.bottom() + 8
        if y + bar.height() > view.height():
            y = frame.top() - bar.height() - 8
        if y < 0:
            y = max(min(frame.bottom(), view.height()) - bar.height() - 8, 0.0)
        bar.move(round(x), round(y))
        bar.show()
        bar.raise_()

    def _drop_bar(self) -> None:
        if self._bar is not None:
            self._bar.hide()
            self._bar.deleteLater()
            self._bar = None

    def taken(self) -> QImage | None:
        """The picture as the bar's switches want it."""
        if self._bar is None:
            return None
        view, bar = self.desk.active, self._bar
        bar.hide()  # it may stand inside of the frame
        image = self.picture(view, texts=bar.texts.isChecked(), identity=bar.identity.isChecked())
        bar.show()
        return image

    def save(self) -> None:
        """Ask for a file and write PNG or JPEG."""
        image = self.taken()
        if image is None:
            return
        folder = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.PicturesLocation)
        proposal = str(Path(folder) / f"{tr('截图')}.png")
        name, _ = QFileDialog.getSaveFileName(self.desk.window, tr("保存图片"), proposal, "PNG (*.png);;JPEG (*.jpg)")
        if name:
            self.write(image, Path(name))

    def write(self, image: QImage, path: Path) -> bool:
        """Write a picture by the ending of its name, PNG without one; tells when it fails."""
        if path.suffix.lower() not in (".png", ".jpg", ".jpeg"):
            path = path.with_name(path.name + ".png")
        written = image.save(str(path), None, 95)
        told = tr("已保存 {path}", path=path) if written else tr("无法写入 {path}，请换一个位置", path=path)
        self.desk.say(told)
        return bool(written)

    def copy(self) -> None:
        """To the clipboard."""
        image = self.taken()
        if image is not None:
            QGuiApplication.clipboard().setImage(image)
            self.desk.say(tr("截图已复制"))

    def send(self) -> None:
        """To the report page, as a picture of the selected image."""
        image = self.taken()
        if image is not None:
            self.desk.send_picture(png_of(image), ())
            self.desk.say(tr("截图已送入报告"))

    def leave(self) -> None:
        """Take the frame away."""
        self._tools[self.desk.session.active].frame = None
        self._drop_bar()
        self.desk.active.update()


class _Bar(QFrame):
    """Actions of the frame."""

    def __init__(self, feature: CaptureFeature, view: ViewportWidget) -> None:
        super().__init__(view)
        shade = current_theme().colours
        self.setCursor(Qt.CursorShape.ArrowCursor)
        self.setStyleSheet(
            f"_Bar {{ background: {shade.raised}; border: 1px solid {shade.border}; border-radius: 4px; }}"
        )
        self.texts, self.identity = QCheckBox(tr("文字")), QCheckBox(tr("患者信息"))
        for tick in (self.texts, self.identity):
            tick.setChecked(True)
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 4, 8, 4)
        row.setSpacing(8)
        row.addWidget(self.texts)
        row.addWidget(self.identity)
        calls = ((tr("保存…"), feature.save), (tr("复制"), feature.copy), (tr("送报告"), feature.send))
        for text, call in (*calls, ("✕", feature.leave)):
            button = QPushButton(text)
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            button.clicked.connect(call)
            row.addWidget(button)


def _identity(view: ViewportWidget) -> str:
    stack = view.state.stack
    if stack is None:
        return ""
    study = stack.study
    parts = (person_name(study.patient_name), study.patient_id, date_text(study.study_date))
    return "  ".join(part for part in parts if part)


def _stamp(image: QImage, text: str, ratio: float) -> None:
    """One line at the lower left, as wide as the picture allows."""
    image.setDevicePixelRatio(ratio)
    wide, high = image.width() / ratio, image.height() / ratio
    font = text_font(13)
    shown = QFontMetricsF(font).elidedText(text, Qt.TextElideMode.ElideRight, wide - 12)
    with QPainter(image) as painter:
        painter.setFont(font)
        overlays.shadowed_text(painter, QPointF(6, high - 8), shown, QColor(colours.TEXT).name())
