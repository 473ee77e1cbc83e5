"""What reading offers, declared as data."""

from __future__ import annotations

from clients.kit.actions import Action
from clients.viewer.commands import Slot
from clients.viewer.reading.cross import TOOL as CROSS
from clients.viewer.session import Tool

TOOLS: tuple[tuple[str, Action], ...] = (
    (Tool.PAGE, Action("tool.page", "翻页", "P", hint="左键上下拖动翻页；滚轮随时可用")),
    (Tool.WINDOW, Action("tool.window", "窗宽窗位", "W", hint="上下 = 窗宽，左右 = 窗位；右键随时可用")),
    (Tool.ZOOM, Action("tool.zoom", "缩放", "Z", hint="向上放大，向下缩小；Ctrl+滚轮随时可用")),
    (Tool.MAGNIFIER, Action("tool.magnifier", "放大镜", "G", hint="按住左键放大指针处")),
    (Tool.PAN, Action("tool.pan", "平移", "M", hint="拖动图像；中键随时可用")),
    (Tool.ROTATE, Action("tool.rotate", "旋转", "T", hint="绕视口中心拖动")),
    (CROSS, Action("tool.cross", "十字定位", "J", hint="移动十字，其他视口显示同一位置")),
)

COMMANDS: tuple[Action, ...] = (
    Action("view.invert", "反转黑白", "I"),
    Action("view.numbers", "层厚与窗值…", "N", hint="输入层厚、窗宽和窗位"),
    Action("view.thin", "恢复单层", "Shift+N"),
    Action("view.colours", "伪彩", "Shift+P", hint="再按一次恢复灰度"),
    Action("view.squares", "显示原始像素", "Shift+I", hint="放大时不插值"),
    Action("view.fit", "适应窗口", "F"),
    Action("view.actual", "原始大小", "O", hint="一个图像像素对应一个屏幕像素"),
    Action("view.left90", "左转90度", "Ctrl+Left"),
    Action("view.right90", "右转90度", "Ctrl+Right"),
    Action("view.flip_vertical", "上下翻转", "V"),
    Action("view.flip_horizontal", "左右翻转", "H"),
    Action("view.reset", "重置", "R"),
    Action("view.link", "关联布局", "K", hint="各视口一起翻页；参考系不同的序列保持按下时的层面差"),
    Action("link.grey", "同时调窗"),
    Action("link.size", "同时缩放、平移和旋转"),
    Action("view.reference", "定位线", "Ctrl+L", hint="在其他视口标出选中图像的位置"),
    Action("view.reference_ends", "首末层定位线", "Ctrl+Shift+L"),
    Action("view.texts", "隐藏信息", "Ctrl+H"),
    Action("view.square", "方形视图", "Q", hint="图像显示在正方形窗格中"),
    Action("cine.play", "播放", "C", hint="循环播放；再按一次停止"),
    Action("cine.stop", "停止播放", "Shift+Space"),
    Action("cine.bar", "播放设置", "Alt+C", hint="速度、方向和范围"),
    Action("page.next", "下一幅", "Down"),
    Action("page.previous", "上一幅", "Up"),
    Action("page.forward", "向后十幅", "PgDown"),
    Action("page.back", "向前十幅", "PgUp"),
    Action("page.first", "第一幅", "Home"),
    Action("page.last", "最后一幅", "End"),
    Action("series.next", "下一序列", "Ctrl+Down"),
    Action("series.previous", "上一序列", "Ctrl+Up"),
    Action("pane.next", "下一视口", "Ctrl+Tab"),
    Action("pane.previous", "上一视口", "Ctrl+Shift+Tab"),
    *(
        Action(f"keys.{name}", text, key, palette=False)
        for name, text, key in (
            ("pan.left", "图像左移", "Shift+Left"),
            ("pan.right", "图像右移", "Shift+Right"),
            ("pan.up", "图像上移", "Shift+Up"),
            ("pan.down", "图像下移", "Shift+Down"),
            ("zoom.in", "放大一级", "="),
            ("zoom.out", "缩小一级", "-"),
            ("turn.left", "左转一度", ","),
            ("turn.right", "右转一度", "."),
            ("width.more", "窗宽加大", "Alt+Up"),
            ("width.less", "窗宽减小", "Alt+Down"),
            ("level.more", "窗位提高", "Alt+Right"),
            ("level.less", "窗位降低", "Alt+Left"),
            ("cross.left", "十字左移", "Ctrl+Alt+Left"),
            ("cross.right", "十字右移", "Ctrl+Alt+Right"),
            ("cross.up", "十字上移", "Ctrl+Alt+Up"),
            ("cross.down", "十字下移", "Ctrl+Alt+Down"),
            ("magnifier", "放大镜跟随指针", "Shift+G"),
        )
    ),
)
WITHOUT_IMAGE = frozenset(
    {
        "view.link",
        "link.grey",
        "link.size",
        "view.texts",
        "view.reference",
        "view.reference_ends",
        "view.square",
        "view.squares",
        "cine.bar",
        "cine.stop",
        "series.next",
        "series.previous",
        "pane.next",
        "pane.previous",
    }
)
SWITCHES = frozenset(
    {
        "view.invert",
        "view.colours",
        "view.squares",
        "view.link",
        "link.grey",
        "link.size",
        "view.reference",
        "view.reference_ends",
        "view.texts",
        "view.square",
        "cine.play",
        "cine.bar",
        "keys.magnifier",
    }
)

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
    "grey": (Slot("view.invert", "invert", "反转"), Slot("view.numbers", "numbers", "数值")),
    "turn": (
        Slot("view.fit", "fit", "适应"),
        Slot("view.actual", "one", "原大"),
        Slot("view.reset", "reset"),
    ),
    "layout": (
        Slot("view.link", "link", "关联"),
        Slot("view.reference", "reference", "定位"),
        Slot("tool.cross", "cross", "十字"),
        Slot("view.texts", "texts", "信息"),
        Slot("cine.play", "play"),
    ),
}
ENTRIES: dict[str, tuple[str, ...]] = {
    "menu.turn": (
        "tool.rotate",
        "view.left90",
        "view.right90",
        "view.flip_vertical",
        "view.flip_horizontal",
    ),
    "menu.more": ("view.squares", "view.thin", "cine.bar"),
}
