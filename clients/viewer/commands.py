"""What the window itself can do, declared as data, and the groups and menus of the tool bar that features fill."""

from __future__ import annotations

from dataclasses import dataclass

from clients.kit.actions import Action

COMMANDS: tuple[Action, ...] = (
    Action("image.key", "关键图像", "Space"),
    Action("image.send", "送入报告", "Ctrl+Return", hint="把当前图像和它的测量送到报告页"),
    Action("edit.undo", "撤销", "Ctrl+Z"),
    Action("edit.redo", "重做", "Ctrl+Y"),
    Action("file.open", "打开文件夹", "Ctrl+O"),
)
NEEDS_IMAGE = frozenset({"image.key", "image.send"})
SWITCHES = frozenset({"image.key"})


@dataclass(frozen=True, slots=True)
class Slot:
    """A place in the tool bar: an action or a menu, its icon, and a short word below it."""

    action: str
    icon: str
    word: str = ""


GROUPS: tuple[str, ...] = ("tools", "grey", "turn", "measure", "layout", "volume", "image", "edit", "more")
"""Groups of buttons from left to right; a hairline stands between them."""


@dataclass(frozen=True, slots=True)
class Menu:
    """A button of the tool bar that opens a menu; without entries it is not shown."""

    id: str
    group: str
    text: str  # Chinese source text, the tooltip
    icon: str
    word: str = ""


MENUS: tuple[Menu, ...] = (
    Menu("menu.presets", "grey", "预设窗宽窗位", "presets", "预设"),
    Menu("menu.colours", "grey", "伪彩", "colours", "彩色"),
    Menu("menu.turn", "turn", "旋转翻转", "right90", "翻转"),
    Menu("menu.measure", "measure", "测量", "measure"),
    Menu("menu.annotate", "measure", "标注", "annotate"),
    Menu("menu.style", "measure", "标注样式", "style", "样式"),
    Menu("menu.layouts", "layout", "布局", "layout"),
    Menu("menu.windows", "layout", "窗口", "windows"),
    Menu("menu.hanging", "layout", "挂片", "hanging"),
    Menu("menu.views", "volume", "视图", "views"),
    Menu("menu.volume", "volume", "三维重建", "volume", "三维"),
    Menu("menu.objects", "volume", "叠加对象", "objects", "叠加"),
    Menu("menu.combine", "volume", "配准与拼接", "combine", "配准"),
    Menu("menu.output", "more", "打印与导出", "output", "输出"),
    Menu("menu.more", "more", "更多功能", "more", "更多"),
)

SLOTS: dict[str, tuple[Slot, ...]] = {
    "image": (Slot("image.key", "key", "关键"), Slot("image.send", "send", "送报告")),
    "edit": (Slot("edit.undo", "undo"), Slot("edit.redo", "redo")),
}
