"""What reading offers, declared as data."""

from __future__ import annotations

from clients.kit.actions import Action
from clients.viewer.commands import Slot
from clients.viewer.session import Tool

TOOLS: tuple[tuple[str, Action], ...] = (
    (Tool.PAGE, Action("tool.page", "翻页", "P", hint="左键上下拖动翻页；滚轮随时可用")),
    (Tool.WINDOW, Action("tool.window", "窗宽窗位", "W", hint="上下 = 窗宽，左右 = 窗位；右键随时可用")),
    (Tool.ZOOM, Action("tool.zoom", "缩放", "Z", hint="向上放大，向下缩小；Ctrl+滚轮随时可用")),
    (Tool.MAGNIFIER, Action("tool.magnifier", "放大镜", "G", hint="按住左键放大指针处")),
    (Tool.PAN, Action("tool.pan", "平移", "M", hint="拖动图像；中键随时可用")),
    (Tool.ROTATE, Action("tool.rotate", "旋转", "T", hint="绕视口中心拖动")),
)

COMMANDS: tuple[Action, ...] = (
    Action("view.invert", "反转黑白", "I"),
    Action("view.fit", "适应窗口", "F"),
    Action("view.actual", "原始大小", "O"),
    Action("view.left90", "左转90度", "Ctrl+Left"),
    Action("view.right90", "右转90度", "Ctrl+Right"),
    Action("view.flip_vertical", "上下翻转", "V"),
    Action("view.flip_horizontal", "左右翻转", "H"),
    Action("view.reset", "重置", "R"),
    Action("view.link", "关联布局", "K", hint="各视口一起翻页"),
    Action("view.reference", "定位线", "Ctrl+L", hint="在其他视口标出选中图像的位置"),
    Action("view.texts", "隐藏信息", "Ctrl+H"),
    Action("cine.play", "播放", "C", hint="循环播放；再按一次停止"),
    Action("page.next", "下一幅", "Down"),
    Action("page.previous", "上一幅", "Up"),
    Action("page.forward", "向后十幅", "PgDown"),
    Action("page.back", "向前十幅", "PgUp"),
    Action("page.first", "第一幅", "Home"),
    Action("page.last", "最后一幅", "End"),
    Action("series.next", "下一序列", "Ctrl+Down"),
    Action("series.previous", "上一序列", "Ctrl+Up"),
)
WITHOUT_IMAGE = frozenset({"view.link", "view.texts", "view.reference", "series.next", "series.previous"})
SWITCHES = frozenset({"view.invert", "view.link", "view.reference", "view.texts", "cine.play"})

PRESET_KEYS = ("1", "2", "3", "4", "5", "6")
DEFAULT_PRESET_KEY = "0"
LAYOUT_KEYS = ("Alt+1", "Alt+2", "Alt+4", "Alt+5", "Alt+6", "Alt+9")

SLOTS: dict[str, tuple[Slot, ...]] = {
    "tools": (
        Slot("tool.page", "page"),
        Slot("tool.window", "window", "窗"),
        Slot("tool.zoom", "zoom"),
        Slot("tool.magnifier", "magnifier", "放大"),
        Slot("tool.pan", "pan"),
        Slot("tool.rotate", "rotate"),
    ),
    "grey": (Slot("view.invert", "invert", "反转"),),
    "turn": (
        Slot("view.fit", "fit", "适应"),
        Slot("view.actual", "one", "原大"),
        Slot("view.left90", "left90", "左转"),
        Slot("view.right90", "right90", "右转"),
        Slot("view.flip_vertical", "flip_v", "上下"),
        Slot("view.flip_horizontal", "flip_h", "左右"),
        Slot("view.reset", "reset"),
    ),
    "layout": (
        Slot("view.link", "link", "关联"),
        Slot("view.reference", "reference", "定位"),
        Slot("view.texts", "texts", "信息"),
        Slot("cine.play", "play"),
    ),
}
