"""What the entries of 图像分析 do on the selected picture (PA-ANA); screens are imported when they are shown."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from clients.kit.tokens import Tone
from clients.kit.translations import tr

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtGui import QImage

    from clients.pathology.desk import Desk
    from clients.pathology.media.state import Item
    from clients.pathology.media.tab import ImagingTab


def with_picture(desk: Desk, then: Callable[[ImagingTab, Item, QImage], None]) -> None:
    """Fetch the picture that is shown large or else the selected one, and go on with it."""
    from PySide6.QtGui import QImage

    from clients.pathology.media.session import tab_of
    from shared.domain.pathology_media import MediaKind

    desk.show_tab("imaging")
    tab = tab_of(desk)
    if tab is None:
        return
    chosen = tab.opened or next(iter(tab.presenter.state.chosen), None)
    if chosen is None or chosen.view is None or chosen.facts.kind is not MediaKind.IMAGE:
        desk.place.messages.say(tr("请先在缩略窗口中选择一幅图像。"), Tone.WARNING)
        return

    def arrived(data: bytes) -> None:
        image = QImage.fromData(data)
        if image.isNull():
            desk.place.messages.say(tr("图像已损坏，不能显示。"), Tone.DANGER)
        else:
            then(tab, chosen, image)

    tab.presenter.bytes_of(chosen, arrived)


def _edit(tool: str, desk: Desk) -> None:
    def show(tab: ImagingTab, item: Item, image: QImage) -> None:
        from clients.pathology.analysis.editor import Editor

        def keep(made: QImage, steps: tuple[str, ...], factor: float) -> None:
            if tab.bench.may_capture():
                tab.files.keep_derived(item, made, steps, enlarged=factor)

        editor = Editor(image, tool, desk.place.runner, keep, desk.place.messages.say, item.facts.um_per_pixel)
        desk.show_window("图像分析", editor, (1100, 700))

    with_picture(desk, show)


tones = partial(_edit, "tones")
colour_balance = partial(_edit, "colours")
greyscale = partial(_edit, "grey")
invert = partial(_edit, "invert")
sharpen = partial(_edit, "sharpen")
smooth = partial(_edit, "smooth")
edges = partial(_edit, "edges")
threshold = partial(_edit, "threshold")
rotate = partial(_edit, "rotate")
flip = partial(_edit, "flip")
crop = partial(_edit, "crop")
zoom = partial(_edit, "zoom")
annotate = partial(_edit, "annotate")


def measure(desk: Desk) -> None:
    """测量: the picture large, with the length tool in hand (PA-ANA-03)."""

    def show(tab: ImagingTab, item: Item, _image: QImage) -> None:
        tab.open_then(item.key, tab.canvas_bar.take_length)

    with_picture(desk, show)


def count_cells(desk: Desk) -> None:
    """细胞计数与阳性率: a suggestion that the doctor corrects, kept with the picture (PA-ANA-03)."""

    def show(tab: ImagingTab, item: Item, image: QImage) -> None:
        from clients.pathology.analysis.counting import CountPage
        from shared.domain.permissions import Permission

        if item.view is None:
            return

        def keep(made: QImage, steps: tuple[str, ...]) -> None:
            if tab.bench.may_capture():
                tab.files.keep_derived(item, made, steps)

        may = desk.place.may(Permission.PATHOLOGY_DIAGNOSE) and tab.presenter.state.may_change
        page = CountPage(desk.place, item.view, image, may_save=may, keep_copy=keep)
        desk.show_window("细胞计数与阳性率", page, (1240, 760))

    with_picture(desk, show)


def with_pictures(
    desk: Desk, least: int, most: int, then: Callable[[ImagingTab, list[Item], list[QImage]], None]
) -> None:
    """Fetch the pictures chosen in the strip (Ctrl and click), and go on with them in strip order."""
    from PySide6.QtGui import QImage

    from clients.pathology.media.session import tab_of
    from shared.domain.pathology_media import MediaKind

    desk.show_tab("imaging")
    tab = tab_of(desk)
    if tab is None:
        return
    state = tab.presenter.state
    chosen = [one for one in state.chosen if one.view is not None and one.facts.kind is MediaKind.IMAGE]
    if not least <= len(chosen) <= most:
        words = "请按住 Ctrl 在缩略窗口中选择 {least} 到 {most} 幅图像。"
        desk.place.messages.say(tr(words, least=least, most=most), Tone.WARNING)
        return
    fetch = tab.presenter.fetch
    names = [str(one.view.id) for one in chosen if one.view is not None]

    def work() -> list[QImage]:
        return [QImage.fromData(fetch("pathology_media", name)) for name in names]

    def arrived(images: list[QImage]) -> None:
        if any(image.isNull() for image in images):
            desk.place.messages.say(tr("图像已损坏，不能显示。"), Tone.DANGER)
        else:
            then(tab, chosen, images)

    desk.place.runner.run(work, arrived, desk.place.messages.report, key="analysis.pictures")


def mosaic(desk: Desk) -> None:
    """图像拼接: overlapping fields become one picture."""

    def show(tab: ImagingTab, chosen: list[Item], images: list[QImage]) -> None:
        from clients.pathology.analysis.joining import MosaicPage

        scales = {round(one.facts.um_per_pixel, 6) for one in chosen}
        if len(scales) > 1:
            desk.place.messages.say(tr("这些图像的倍数不同，不能拼接。"), Tone.WARNING)
            return

        def keep(made: QImage, steps: tuple[str, ...]) -> None:
            if tab.bench.may_capture():
                tab.files.keep_derived(chosen[0], made, steps)

        page = MosaicPage(images, desk.place.runner, keep, chosen[0].facts.um_per_pixel)
        desk.show_window("图像拼接", page, (1100, 760))

    with_pictures(desk, 2, 36, show)


def compare(desk: Desk) -> None:
    """图像对比: two to four pictures with linked zoom."""

    def show(_tab: ImagingTab, chosen: list[Item], images: list[QImage]) -> None:
        from clients.pathology.analysis.comparing import ComparePage, Shown, words_of

        shown = [
            Shown(image, words_of(one.view.position if one.view else 0, one.facts.objective, one.facts.steps),
                  one.facts.um_per_pixel)
            for one, image in zip(chosen, images, strict=True)
        ]  # fmt: skip
        desk.show_window("图像对比", ComparePage(shown), (1240, 720))

    with_pictures(desk, 2, 4, show)
