"""Export of captures, import of pictures, copies with scale bar; files are read and written off the screen."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QBuffer, QIODevice
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QFileDialog, QWidget

from clients.kit.tokens import Tone
from clients.kit.translations import tr
from clients.pathology.media.presenter import StripPresenter
from clients.pathology.media.state import Item
from shared.contract.pathology_media import MAX_IMAGE_BYTES, MediaFacts, MediaView
from shared.domain.pathology_media import MediaKind

if TYPE_CHECKING:
    from clients.kit.shell import Workplace
    from clients.pathology.media.bench import CaptureBench
    from clients.pathology.media.canvas import PictureCanvas

SUFFIXES = {"image/jpeg": ".jpg", "image/png": ".png", "video/x-msvideo": ".avi", "audio/flac": ".flac"}
READABLE = (".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp")
MOST_AT_ONCE = 200
FOLDER = "pathology/images/folder"
"""Setting of this computer: where exports and imports begin (PA-SET-01)."""


class ExportImport:
    """What the tab does with files. `page` holds `canvas` and `opened`."""

    def __init__(self, page: QWidget, bench: CaptureBench, presenter: StripPresenter, place: Workplace) -> None:
        self._page, self._bench, self._presenter, self._place = page, bench, presenter, place

    def export_images(self) -> None:
        """导出图像: the selected captures into a folder the user picks (PA-ICM-05)."""
        chosen = self._presenter.state.confirmed
        if chosen and (folder := QFileDialog.getExistingDirectory(self._page, tr("导出到文件夹"), self._folder())):
            self.export_to(Path(folder), chosen)

    def export_to(self, folder: Path, chosen: tuple[MediaView, ...]) -> None:
        """Write captures as files of their own names; nothing there is overwritten."""
        fetch = self._presenter.fetch

        def work() -> int:
            for view in chosen:
                write_new(folder, file_name(view), fetch("pathology_media", str(view.id)))
            return len(chosen)

        def done(count: int) -> None:
            self._place.messages.say(tr("已导出 {count} 个文件", count=count), Tone.SUCCESS)

        self._place.runner.run(work, done, self._failed)

    def import_images(self) -> None:
        """导入图像: many pictures at once (PA-ICM-06)."""
        if not self._bench.may_capture():
            return
        pattern = " ".join(f"*{suffix}" for suffix in READABLE)
        names, _ = QFileDialog.getOpenFileNames(self._page, tr("导入图像"), self._folder(), f"{tr('图像')} ({pattern})")
        if names:
            self.import_files([Path(name) for name in names])

    def import_files(self, paths: list[Path]) -> None:
        """Keep these pictures with the open case; what is no picture is named and left out."""
        if not self._bench.may_capture():
            return
        facts = self._bench.facts(MediaKind.IMAGE, "image/jpeg")

        def work() -> tuple[list[tuple[MediaFacts, bytes, bytes]], list[str]]:
            made, bad = [], []
            for path in paths[:MOST_AT_ONCE]:
                try:
                    made.append(read_import(path, facts))
                except (OSError, ValueError):
                    bad.append(path.name)
            return made, bad

        def done(found: tuple[list[tuple[MediaFacts, bytes, bytes]], list[str]]) -> None:
            made, bad = found
            for one in made:
                self._bench.keep(*one)
            if bad:
                words = tr("{count} 个文件不是可用的图像，没有导入：{names}", count=len(bad), names="、".join(bad[:3]))
                self._place.messages.say(words, Tone.WARNING)
            if len(paths) > MOST_AT_ONCE:
                self._place.messages.say(tr("一次最多导入 {count} 个文件。", count=MOST_AT_ONCE), Tone.WARNING)

        self._place.runner.run(work, done, self._failed)

    def save_copy(self) -> None:
        """导出副本: the picture with measures and scale bar in its pixels, as a file."""
        item: Item | None = self._page.opened  # type: ignore[attr-defined]
        copy = self._canvas().copy_with_overlay()
        if item is None or copy is None:
            return
        name, _ = QFileDialog.getSaveFileName(
            self._page, tr("导出副本"), str(Path(self._folder()) / f"{stem(item)}.png"), "PNG (*.png);;JPEG (*.jpg)"
        )
        if name:
            self.write_copy(copy, Path(name))

    def write_copy(self, copy: QImage, path: Path) -> None:
        """Write a copy where the user wants it."""

        def work() -> None:
            if not copy.save(str(path)):
                raise OSError(f"{path.name} cannot be written")

        def done(_none: None) -> None:
            self._place.messages.say(tr("已导出 {count} 个文件", count=1), Tone.SUCCESS)

        self._place.runner.run(work, done, self._failed)

    def keep_derived(self, item: Item, picture: QImage, steps: tuple[str, ...], *, enlarged: float = 1.0) -> None:
        """Keep a processed picture with the case: it names its parent and the steps; `enlarged` changes its scale."""
        view = item.view
        if view is None:
            return
        facts = view.facts

        def work() -> tuple[MediaFacts, bytes, bytes]:
            derived = MediaFacts(
                case_id=facts.case_id,
                kind=MediaKind.IMAGE,
                subject=facts.subject,
                media_type="image/png",
                taken_at=datetime.now(UTC),
                specimen_id=facts.specimen_id,
                block_id=facts.block_id,
                slide_id=facts.slide_id,
                camera=facts.camera,
                objective=facts.objective,
                calibration_id=facts.calibration_id,
                um_per_pixel=facts.um_per_pixel / enlarged,
                parent_id=view.id,
                steps=steps,
            )
            return derived, as_png(picture), as_thumbnail(picture)

        def done(made: tuple[MediaFacts, bytes, bytes]) -> None:
            self._bench.keep(*made)
            self._place.messages.say(tr("已存为新图像，原图不变。"), Tone.SUCCESS)

        self._place.runner.run(work, done, self._failed)

    def _folder(self) -> str:
        return str(self._place.desk_settings.get(FOLDER, "") or "")

    def _canvas(self) -> PictureCanvas:
        canvas: PictureCanvas = self._page.canvas  # type: ignore[attr-defined]
        return canvas

    def _failed(self, error: Exception) -> None:
        if isinstance(error, OSError):
            self._place.messages.say(tr("文件写入失败，请检查文件夹权限和磁盘空间。"), Tone.DANGER)
        else:
            self._place.messages.report(error)


def stem(item: Item) -> str:
    """A file name for a capture: subject, objective and time of capture; no patient data."""
    facts = item.facts
    moment = facts.taken_at.astimezone().strftime("%Y%m%d-%H%M%S")
    return "-".join(part for part in (facts.subject.value, facts.objective, moment) if part)


def file_name(view: MediaView) -> str:
    """The name under which a capture is exported."""
    item = Item(view.key, view.facts, view)
    return f"{view.position:03d}-{stem(item)}{SUFFIXES.get(view.facts.media_type, '.bin')}"


def write_new(folder: Path, name: str, data: bytes) -> Path:
    """Write a file that does not exist yet, under another name if it does. Raises OSError."""
    path, number = folder / name, 1
    while True:
        try:
            with path.open("xb") as file:
                file.write(data)
            return path
        except FileExistsError:
            number += 1
            path = folder / f"{Path(name).stem} ({number}){Path(name).suffix}"


def read_import(path: Path, facts: MediaFacts) -> tuple[MediaFacts, bytes, bytes]:
    """A picture file as a capture: JPEG and PNG keep their bytes, others become PNG. Raises OSError, ValueError."""
    import msgspec

    from clients.kit.camera.importing import read_picture
    from clients.pathology.media.devices import thumbnail_of

    picture = read_picture(path)
    data = path.read_bytes()
    is_jpeg, is_png = data.startswith(b"\xff\xd8"), data.startswith(b"\x89PNG")
    turned = is_jpeg and b"Exif" in data[:4096]  # its direction may lie in EXIF, which reports do not read
    if (is_jpeg or is_png) and not turned and len(data) <= MAX_IMAGE_BYTES:
        media_type = "image/jpeg" if is_jpeg else "image/png"
    else:
        import cv2

        data, media_type = bytes(cv2.imencode(".png", picture, [cv2.IMWRITE_PNG_COMPRESSION, 3])[1]), "image/png"
    taken = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    imported = msgspec.structs.replace(
        facts, media_type=media_type, taken_at=taken, camera="", calibration_id=None, um_per_pixel=0.0,
        caption=path.name[:200],
    )  # fmt: skip
    return imported, data, thumbnail_of(picture)


def as_png(picture: QImage) -> bytes:
    """A picture as PNG."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    picture.save(buffer, "PNG")  # type: ignore[call-overload]
    return bytes(buffer.data().data())


def as_thumbnail(picture: QImage) -> bytes:
    """A small PNG of a picture."""
    from PySide6.QtCore import Qt

    small = picture.scaled(256, 256, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation)
    return as_png(small)
