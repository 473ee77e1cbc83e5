"""系统设置, 查看 and 帮助."""

from __future__ import annotations

from clients.pathology.menus.entry import IN_ARCHIVE, IN_MEDIA, IN_SETTINGS, IN_SHELL, IN_TEMPLATES, Entry, Menu
from shared.domain.permissions import Permission as May

_MAY_SET = May.PATHOLOGY_SETTINGS
SETTINGS = Menu(
    "settings",
    "系统设置",
    (
        Entry("settings.parameters", "运行参数设置", IN_SETTINGS + "parameters", icon="gear", permission=_MAY_SET),
        Entry(
            "settings.libraries",
            "病例库设置",
            IN_SETTINGS + "libraries",
            icon="archive",
            permission=May.PATHOLOGY_LIBRARIES,
        ),
        Entry(
            "settings.prompts",
            "字段提示设置",
            IN_TEMPLATES + "prompts",
            icon="list",
            permission=May.PATHOLOGY_DICTIONARIES,
            line=True,
        ),
        Entry("settings.columns", "列表显示设置", IN_SETTINGS + "columns", icon="columns"),
        Entry("settings.calibration", "测量定标", IN_MEDIA + "calibrate", icon="measure", permission=_MAY_SET),
        Entry(
            "settings.markers",
            "特染标记物/套餐",
            IN_TEMPLATES + "markers",
            icon="tag",
            permission=May.PATHOLOGY_DICTIONARIES,
        ),
        Entry(
            "settings.templates",
            "诊断模板维护",
            IN_TEMPLATES + "maintain",
            icon="template",
            permission=May.PATHOLOGY_VIEW,  # everybody may keep personal ones
            line=True,
        ),
        Entry(
            "settings.descriptors",
            "ＴＣＴ描述项目设置",
            IN_TEMPLATES + "descriptors",
            icon="check_circle",
            permission=May.PATHOLOGY_DICTIONARIES,
        ),
        Entry("settings.quick", "快速录入设置", IN_SETTINGS + "quick_entry", icon="spark", permission=_MAY_SET),
        Entry(
            "settings.block_places",
            "蜡块归档设置",
            IN_ARCHIVE + "block_places",
            icon="archive",
            permission=_MAY_SET,
            line=True,
        ),
        Entry(
            "settings.slide_places", "切片归档设置", IN_ARCHIVE + "slide_places", icon="archive", permission=_MAY_SET
        ),
        Entry("settings.paper_places", "资料归档设置", IN_ARCHIVE + "paper_places", icon="folder", permission=_MAY_SET),
        Entry("settings.printers", "打印机设置", IN_SETTINGS + "printers", icon="print", line=True),
    ),
)
VIEW = Menu(
    "view",
    "查看",
    (
        Entry("view.tool_bar", "工具栏", IN_SHELL + "toggle_tool_bar", checkable=True),
        Entry("view.status", "状态栏", IN_SHELL + "toggle_status", checkable=True),
        Entry("view.list", "病例列表", IN_SHELL + "toggle_list", checkable=True),
        Entry("view.counters", "计数链接", IN_SHELL + "toggle_counters", checkable=True),
        Entry("view.strip", "缩略窗口", IN_MEDIA + "toggle_strip", checkable=True),
        Entry("view.refresh", "刷新列表", IN_SHELL + "refresh", "F5", "refresh", line=True),
        Entry("view.theme", "切换明暗主题", IN_SHELL + "toggle_theme", icon="moon", line=True),
        Entry("view.language", "切换中英文", IN_SHELL + "toggle_language", icon="language"),
        Entry("view.density", "切换大号界面", IN_SHELL + "toggle_density", icon="zoom"),
        Entry("view.fullscreen", "全屏", IN_SHELL + "toggle_fullscreen", icon="fullscreen"),
    ),
)
HELP = Menu(
    "help",
    "帮助",
    (
        Entry("help.guide", "使用说明", IN_SHELL + "guide", "F1", "help"),
        Entry("help.keys", "快捷键列表", IN_SHELL + "keys", "Shift+F1", "command"),
        Entry("help.version", "版本信息", IN_SHELL + "version", icon="details"),
        Entry("help.log", "导出日志", IN_SHELL + "export_log", icon="download", line=True),
    ),
)
