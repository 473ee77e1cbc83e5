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
