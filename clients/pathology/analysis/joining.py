"""图像拼接: the pictures chosen in the strip joined to one, looked at, and kept as a new picture of the case."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtGui import QImage
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from clients.kit.camera.importing import from_image
from clients.kit.labels import Button, ValueLabel, hairline
from clients.kit.panels import Banner
from clients.kit.running import TaskRunner
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from clients.pathology.analysis.editor import to_image
from clients.pathology.analysis.mosaics import CannotJoin, Mosaic, join
from clients.pathology.media.canvas import PictureCanvas


class MosaicPage(QWidget):
    """Joins at once; `keep(image, words)` keeps the result."""

    def __init__(
        self,
        pictures: list[QImage],
        runner: TaskRunner,
        keep: Callable[[QImage, tuple[str, ...]], None],
        um_per_pixel: float = 0.0,
    ) -> None:
        super().__init__()
        self._keep, self._um = keep, um_per_pixel
        self._is_open = True
        self.mosaic: Mosaic | None = None
        self.banner = Banner()
        self.canvas = PictureCanvas()
        self.words = ValueLabel(tr("正在拼接 {count} 幅图像…", count=len(pictures)), "quiet")
        self.save_button = Button("存为新图", "primary", "save", on_click=self.keep)
        self.save_button.setEnabled(False)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        box.addWidget(self.banner)
        box.addWidget(self.canvas, 1)
        box.addWidget(hairline())
        foot = QHBoxLayout()
        foot.setContentsMargins(16, 8, 16, 8)
        foot.addWidget(self.words, 1)
        foot.addWidget(self.save_button)
        box.addLayout(foot)
        fields = [from_image(one) for one in pictures]
        runner.run(lambda: join(fields), self._joined, self._failed, key="mosaic")

    def keep(self) -> None:
        """Keep the picture with the case; the fields stay."""
        if self.mosaic is not None:
            used = len(self.mosaic.places) - len(self.mosaic.left_out)
            self._keep(to_image(self.mosaic.picture), (f"mosaic of {used}, residual {self.mosaic.residual:.2f} px",))
            self.save_button.setEnabled(False)

    def closeEvent(self, event: object) -> None:
        self._is_open = False
        super().closeEvent(event)  # type: ignore[arg-type]

    def _joined(self, mosaic: Mosaic) -> None:
        if not self._is_open:
            return
        self.mosaic = mosaic
        self.canvas.show_picture(to_image(mosaic.picture), self._um)
        height, width = mosaic.picture.shape[:2]
        used = len(mosaic.places) - len(mosaic.left_out)
        self.words.set_text(
            tr(
                "{count} 幅图像，{width} × {height} 像素，接缝误差 {residual:.1f} 像素",
                count=used,
                width=width,
                height=height,
                residual=mosaic.residual,
            )
        )
        if mosaic.left_out:
            numbers = tr("、").join(str(number + 1) for number in mosaic.left_out)
            self.banner.show_message(tr("第 {numbers} 幅与其他图像没有重叠，没有拼入。", numbers=numbers), Tone.WARNING)
        self.save_button.setEnabled(True)

    def _failed(self, error: Exception) -> None:
        if self._is_open:
            words = str(error) if isinstance(error, CannotJoin) else "图像处理没有完成，请重试。"
            self.words.set_text("")
            self.banner.show_message(tr(words), Tone.DANGER)
