"""Pages of few switches: mouse, layouts, theme, language, cache, display."""

from __future__ import annotations

import functools

from PySide6.QtWidgets import QPushButton, QSpinBox

from clients.kit.choosing import Option, SegmentedControl, Switch
from clients.kit.theme import current_theme
from clients.kit.translations import language, tr
from clients.viewer.cache.feature import CLEAR, ENABLE, LOAD_ALL
from clients.viewer.cache.settings import DEFAULT_LIMIT_MB, LEAST_LIMIT_MB, CacheSettings
from clients.viewer.presets import LAYOUTS
from clients.viewer.settings.page import Context, Page, choice
from clients.viewer.settings.store import BUTTONS, FIRST_IMAGES, LOOKS, MODALITIES, SCALES, STRIPS, TOOLS

COMPATIBLE = "volume.vr_compatible"


class MousePage(Page):
    """Left, middle and right button, each bound to a tool (VW-SET-07, -08)."""

    key, title = "mouse", "鼠标设置"

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.boxes = {}
        names = {"left": "鼠标左键", "middle": "鼠标中键", "right": "鼠标右键"}
        for button in BUTTONS:
            options = [(tool, tr(name)) for tool, name in TOOLS.items()]
            box = choice(options, context.preferences.mouse[button], functools.partial(self._bind, button))
            box.setObjectName(f"mouse.{button}")
            self.boxes[button] = box
            self.row(names[button], box)
        reset = QPushButton(tr("恢复默认"))
        reset.clicked.connect(self._reset)
        self.row("", reset)
        self.note("左键的工具也可以在工具栏中随时更换；这里选择的是打开阅片时的工具。滚轮总是翻页，按住 Ctrl 时缩放。")
        self.column.addStretch(1)

    def _bind(self, button: str, tool: str) -> None:
        self.context.preferences.mouse = {**self.context.preferences.mouse, button: tool}
        self.context.applying.mouse()

    def _reset(self) -> None:
        self.context.preferences.mouse = BUTTONS
        self.context.applying.mouse()
        for button, box in self.boxes.items():
            box.setCurrentIndex(box.findData(BUTTONS[button]))


class LayoutsPage(Page):
    """The layout in which exams of a modality open (VW-SET-11)."""

    key, title = "layouts", "预设布局"

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.note("打开检查时按第一个序列的模态使用这里的布局。")
        kept = context.preferences.layouts
        options = [("", tr("不改变"))] + [(one.key, f"{tr(one.label)}  {one.columns}×{one.rows}") for one in LAYOUTS]
        for modality in MODALITIES:
            box = choice(options, kept.get(modality, ""), functools.partial(self._choose, modality))
            box.setObjectName(f"layout.{modality}")
            self.row(modality, box)
        self.column.addStretch(1)

    def _choose(self, modality: str, key: str) -> None:
        kept = {**self.context.preferences.layouts, modality: key}
        self.context.preferences.layouts = {one: chosen for one, chosen in kept.items() if chosen}


class ThemePage(Page):
    """Look, place of the series bar, size of the interface, names of the tools (VW-SET-12 to -16)."""

    key, title = "theme", "主题"

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        kept = context.preferences
        names = {"black": "黑", "blue": "蓝", "white": "白"}
        self.look = SegmentedControl([Option(look, names[look]) for look in LOOKS], kept.look)
        self.look.chosen.connect(self._set_look)
        self.row("外观", self.look)
        places = {"left": "左侧", "below": "下侧"}
        self.strip = SegmentedControl([Option(place, places[place]) for place in STRIPS], kept.strip)
        self.strip.chosen.connect(self._set_strip)
        self.row("序列位置", self.strip)
        percent = [(str(scale), f"{scale}%") for scale in SCALES]
        self.scale = choice(percent, str(kept.scale), self._set_scale)
        self.row("缩放比例", self.scale)
        self.words = Switch("", checked=kept.words)
        self.words.toggled.connect(self._set_words)
        self.row("显示工具栏文字", self.words)
        self.column.addStretch(1)

    def _set_look(self, look: str) -> None:
        self.context.preferences.look = look
        self.context.applying.look()

    def _set_strip(self, place: str) -> None:
        self.context.preferences.strip = place
        self.context.applying.strip()

    def _set_scale(self, scale: str) -> None:
        self.context.preferences.scale = int(scale)
        self.context.applying.scale()

    def _set_words(self, shown: bool) -> None:
        self.context.preferences.words = shown
        self.context.applying.words()


class LanguagePage(Page):
    """Chinese or English (VW-SET-17)."""

    key, title = "language", "语言"

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.choice = SegmentedControl([Option("zh", "中文"), Option("en", "英文")], str(language().value))
        self.choice.chosen.connect(self._choose)
        self.row("界面语言", self.choice)
        self.column.addStretch(1)

    def _choose(self, chosen: str) -> None:
        self.context.preferences.language = chosen
        self.context.applying.language()


class CachePage(Page):
    """Keeping seen images on this machine (VW-SET-18, -19)."""

    key, title = "cache", "缓存"

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        kept = CacheSettings.read(context.desk.settings)
        self.enabled = Switch("", checked=kept.enabled)
        self.enabled.toggled.connect(self._toggle)
        self.row("启用缓存", self.enabled, "看过的影像加密保存在本机，再次打开时无需等待")
        self.limit = QSpinBox()
        self.limit.setRange(max(1, LEAST_LIMIT_MB // 1000), 2000)
        self.limit.setSuffix(" GB")
        self.limit.setValue(max(1, round((kept.limit_mb or DEFAULT_LIMIT_MB) / 1000)))
        self.limit.setKeyboardTracking(False)
        self.limit.setMinimumWidth(current_theme().px(120))
        self.limit.valueChanged.connect(self._set_limit)
        self.row("最多占用", self.limit, "超过后先删除最久未看的检查")
        clear = QPushButton(tr("清除缓存"))
        clear.setObjectName("cache.clear_button")
        clear.clicked.connect(lambda: context.desk.commands.trigger(CLEAR))
        self.row("", clear)
        self.column.addStretch(1)

    def _toggle(self, on: bool) -> None:
        if CacheSettings.read(self.context.desk.settings).enabled != on:
            self.context.desk.commands.trigger(ENABLE)

    def _set_limit(self, gigabytes: int) -> None:
        known = CacheSettings.read(self.context.desk.settings)
        settings = CacheSettings(known.enabled, gigabytes * 1000)
        settings.write(self.context.desk.settings)
        configure = getattr(getattr(self.context.desk.source, "cache", None), "configure", None)
        if configure is not None:
            configure(settings)

    def take(self) -> None:
        self.enabled.setChecked(CacheSettings.read(self.context.desk.settings).enabled)


class DisplayPage(Page):
    """Compatibility, first image, full loading, stitching (VW-SET-20 to -23)."""

    key, title = "display", "显示方式"

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        commands = context.desk.commands
        self.compatible = Switch("", checked=commands.qt(COMPATIBLE).isChecked())
        self.compatible.toggled.connect(functools.partial(self._trigger, COMPATIBLE))
        self.row("兼容模式", self.compatible, "三维不使用显卡，供驱动有问题的电脑使用")
        names = {"first": "第一幅", "middle": "中间一幅", "last": "最后一幅"}
        self.first = choice(
            [(key, tr(names[key])) for key in FIRST_IMAGES], context.preferences.first_image, self._set_first
        )
        self.row("序列影像初始位置", self.first)
        self.all = Switch("", checked=commands.qt(LOAD_ALL).isChecked())
        self.all.toggled.connect(functools.partial(self._trigger, LOAD_ALL))
        self.row("加载全序列影像", self.all, "关闭后只加载正在显示的序列")
        self.stitching = Switch("", checked=context.preferences.stitching)
        self.stitching.toggled.connect(self._set_stitching)
        self.row("图像拼接功能", self.stitching)
        self.column.addStretch(1)

    def _trigger(self, action_id: str, on: bool) -> None:
        if self.context.desk.commands.qt(action_id).isChecked() != on:
            self.context.desk.commands.trigger(action_id)

    def _set_first(self, key: str) -> None:
        self.context.preferences.first_image = key
        self.context.applying.first_image()

    def _set_stitching(self, on: bool) -> None:
        self.context.preferences.stitching = on
        self.context.desk.reflect()

    def take(self) -> None:
        commands = self.context.desk.commands
        self.compatible.setChecked(commands.qt(COMPATIBLE).isChecked())
        self.all.setChecked(commands.qt(LOAD_ALL).isChecked())
