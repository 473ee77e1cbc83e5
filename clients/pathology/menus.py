"""The thirteen menus (PA-GEN-03), the tool bar and the list's own menu as data: every entry of the rows is a slot here.

An entry is done by ``maker(desk) -> None``, named as "module:name"; the module is imported when the menus are made, so
it is light and imports its screens inside the function. **An entry whose maker does not exist yet is left out.**
Whoever builds a part writes the functions named here; `Entry.needs` says when the entry can be used.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from shared.domain.pathology import CaseAction
from shared.domain.permissions import Permission as May


class Needs(Enum):
    """What must be there before an entry can be used."""

    NOTHING = "nothing"
    OPEN = "open"  # a stored case lies on the desk
    DESK = "desk"  # a case lies on the desk, be it stored or new
    ROW = "row"  # a row of the case list is under the cursor
    CASE = "case"  # the open case or, without one, the row


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a menu, of the tool bar or of the list's menu."""

    id: str
    text: str  # Chinese source text
    maker: str  # "module:name"
    shortcut: str = ""
    icon: str = ""
    permission: str = ""
    needs: Needs = Needs.NOTHING
    action: str = ""
    """`CaseAction` that must stand in `allowed` of the open case."""
    hint: str = ""  # Chinese source text, second line of the tooltip
    caption: str = ""
    """Short words under the icon in the tool bar; empty for `text`."""
    checkable: bool = False
    line: bool = False
    """A line stands above it."""
    submenu: str = ""
    """Chinese title of the submenu that holds it; empty for the menu itself."""


@dataclass(frozen=True, slots=True)
class Menu:
    """One of the thirteen."""

    id: str
    title: str
    entries: tuple[Entry, ...] = ()


_P = "clients.pathology."
_SHELL = _P + "shell.entries:"
_REGISTRATION = _P + "registration.entries:"
_PREPARATION = _P + "preparation.entries:"
_MEDIA = _P + "media.entries:"
_ANALYSIS = _P + "analysis.entries:"
_STATISTICS = _P + "statistics.entries:"
_REPORT = _P + "diagnosis.entries:"
_ORDERS = _P + "orders.entries:"
_ARCHIVE = _P + "archive.entries:"
_SETTINGS = _P + "settings.entries:"
_TEMPLATES = _P + "templates.entries:"

_LISTS = "专项病例列表"

USERS = Menu(
    "users",
    "用户管理",
    (
        Entry("users.password", "更改用户密码", _SHELL + "change_password", icon="key"),
        Entry("users.rights", "用户权限管理", _SETTINGS + "rights", icon="users", permission=May.ADMINISTER),
        Entry("users.log_off", "注销当前用户", _SHELL + "log_off", icon="log_out", line=True),
    ),
)
SITES = Menu("sites", "系统站点")
"""The shell fills it with `stations.SPECS`."""
CASES = Menu(
    "cases",
    "病例管理",
    (
        Entry("case.appoint", "预约病例", _REGISTRATION + "appoint", "F4", "calendar", May.PATHOLOGY_REGISTER),
        Entry(
            "case.register",
            "登记病例",
            _REGISTRATION + "register",
            "Ctrl+N",
            "add",
            May.PATHOLOGY_REGISTER,
            caption="登记",
        ),
        Entry("case.quick", "快速登记", _REGISTRATION + "quick", "Ctrl+Shift+N", "spark", May.PATHOLOGY_REGISTER),
        Entry("case.open", "打开病例", _SHELL + "open_case", "Ctrl+O", "folder", needs=Needs.ROW, caption="打开"),
        Entry(
            "case.save",
            "保存病例",
            _SHELL + "save",
            "Ctrl+S",
            "save",
            needs=Needs.DESK,
            caption="保存",
            hint="保存全部页面的信息",
        ),
        Entry("case.close", "关闭病例", _SHELL + "close_case", "Ctrl+W", "close", needs=Needs.DESK),
        Entry("case.previous", "上一例", _SHELL + "previous_case", "Alt+Up", "arrow_up", line=True),
        Entry("case.next", "下一例", _SHELL + "next_case", "Alt+Down", "arrow_down"),
        Entry(
            "case.transfer",
            "病例转存",
            _REGISTRATION + "transfer",
            icon="send",
            permission=May.PATHOLOGY_TRANSFER,
            needs=Needs.CASE,
            line=True,
        ),
        Entry("case.import", "导入病例", _STATISTICS + "import_case", icon="download", permission=May.PATHOLOGY_IMPORT),
        Entry(
            "case.export",
            "导出病例",
            _STATISTICS + "export_case",
            icon="upload",
            permission=May.PATHOLOGY_EXPORT,
            needs=Needs.OPEN,
        ),
        Entry("case.gaps", "漏编号查找", _REGISTRATION + "gaps", icon="search", permission=May.PATHOLOGY_REGISTER),
        Entry("case.track", "病例追踪", _REPORT + "track_case", icon="history", needs=Needs.CASE, line=True),
        Entry(
            "case.favourite",
            "收藏病例",
            _SHELL + "favourite",
            "Ctrl+D",
            "star",
            needs=Needs.CASE,
            hint="再次点击取消收藏",
        ),
        Entry("case.fees", "收费", _REGISTRATION + "charges", "", "money", May.PATHOLOGY_CHARGES, needs=Needs.OPEN),
        Entry(
            "case.billing",
            "检查计费",
            _REGISTRATION + "billing",
            icon="money",
            permission=May.PATHOLOGY_CHARGES,
            needs=Needs.OPEN,
        ),
        Entry(
            "case.barcode",
            "打印病理条码",
            _REGISTRATION + "print_barcode",
            "Ctrl+B",
            "barcode",
            May.PATHOLOGY_PRINT_LABELS,
            Needs.CASE,
            line=True,
        ),
        Entry(
            "case.cassettes",
            "打印包埋条码",
            _PREPARATION + "print_cassettes",
            icon="barcode",
            permission=May.PATHOLOGY_PRINT_LABELS,
            needs=Needs.OPEN,
        ),
        Entry(
            "case.slide_labels",
            "打印制片条码",
            _PREPARATION + "print_slide_labels",
            icon="barcode",
            permission=May.PATHOLOGY_PRINT_LABELS,
            needs=Needs.OPEN,
        ),
        Entry(
            "case.grossing_sheet",
            "打印取材明细",
            _P + "grossing.entries:print_sheet",
            icon="print",
            needs=Needs.OPEN,
        ),
        Entry(
            "case.choose_cassettes",
            "选择包埋条码",
            _PREPARATION + "choose_cassettes",
            icon="list",
            permission=May.PATHOLOGY_PRINT_LABELS,
        ),
        Entry(
            "case.choose_slides",
            "选择制片条码",
            _PREPARATION + "choose_slides",
            icon="list",
            permission=May.PATHOLOGY_PRINT_LABELS,
        ),
        Entry(
            "lists.appointments",
            "预约登记表",
            _REGISTRATION + "appointments",
            icon="calendar",
            line=True,
            submenu=_LISTS,
        ),
        Entry("lists.delayed", "延迟未发病例", _P + "shell.special_lists:delayed", icon="clock", submenu=_LISTS),
        Entry(
            "lists.consultations", "会诊病例", _P + "shell.special_lists:consultations", icon="users", submenu=_LISTS
        ),
        Entry("lists.urgent", "急诊病例", _P + "shell.special_lists:urgent", icon="alert", submenu=_LISTS),
        Entry(
            "lists.favourites",
            "我的收藏病例",
            _P + "shell.special_lists:favourites",
            icon="star_filled",
            submenu=_LISTS,
        ),
        Entry("lists.arrears", "欠费病例", _P + "shell.special_lists:arrears", icon="money", submenu=_LISTS),
        Entry("lists.registered", "登记病例", _P + "shell.special_lists:registered", icon="list", submenu=_LISTS),
        Entry(
            "lists.follow_ups", "追踪回访病例", _P + "shell.special_lists:follow_ups", icon="history", submenu=_LISTS
        ),
    ),
)
PREPARATION = Menu(
    "preparation",
    "制片管理",
    (
        Entry("prep.specimens", "标本移交表", _PREPARATION + "specimen_sheet", icon="list"),
        Entry("prep.orders", "医嘱工作单", _ORDERS + "work_sheet", icon="clipboard"),
        Entry("prep.slides", "玻片移交表", _PREPARATION + "slide_sheet", icon="list"),
        Entry("prep.statistics", "制片情况统计", _STATISTICS + "preparation", icon="chart"),
        Entry("prep.requests", "常规申请", _ORDERS + "routine_orders", icon="search", line=True),
        Entry("prep.billing", "常规计费", _ORDERS + "routine_billing", icon="money", permission=May.PATHOLOGY_CHARGES),
    ),
)
IMAGING = Menu(
    "imaging",
    "影像管理",
    (
        Entry("imaging.video_device", "视频设备选择", _MEDIA + "choose_camera", icon="camera"),
        Entry("imaging.audio_device", "音频设备选择", _MEDIA + "choose_microphone", icon="microphone"),
        Entry("imaging.parameters", "图像采集参数", _MEDIA + "capture_parameters", icon="gear"),
        Entry("imaging.format", "图像采集格式", _MEDIA + "capture_format", icon="image"),
        Entry(
            "imaging.live",
            "实时显示",
            _MEDIA + "live",
            "F6",
            "play",
            May.PATHOLOGY_CAPTURE,
            Needs.OPEN,
            checkable=True,
            line=True,
        ),
        Entry("imaging.capture", "单帧采集", _MEDIA + "capture", "F7", "camera", May.PATHOLOGY_CAPTURE, Needs.OPEN),
        Entry(
            "imaging.video",
            "视频录像",
            _MEDIA + "record_video",
            "",
            "dot",
            May.PATHOLOGY_CAPTURE,
            Needs.OPEN,
            checkable=True,
        ),
        Entry(
            "imaging.voice",
            "语音录入",
            _MEDIA + "record_voice",
            "F8",
            "microphone",
            May.PATHOLOGY_CAPTURE,
            Needs.OPEN,
            checkable=True,
            line=True,
        ),
        Entry("imaging.stop_voice", "停止语音录入", _MEDIA + "stop_voice", icon="stop", needs=Needs.OPEN),
        Entry(
            "imaging.delete",
            "删除数据",
            _MEDIA + "delete",
            icon="clear",
            permission=May.PATHOLOGY_CAPTURE,
            needs=Needs.OPEN,
        ),
        Entry("imaging.scanner", "扫描设备选择", _MEDIA + "choose_scanner", icon="scan", line=True),
        Entry("imaging.scan", "扫描录入", _MEDIA + "scan_document", icon="scan", needs=Needs.OPEN),
    ),
)
ANALYSIS = Menu(
    "analysis",
    "图像分析",
    (
        Entry("analysis.tones", "亮度 / 对比度 / 伽马", _ANALYSIS + "tones", icon="sun", needs=Needs.OPEN),
        Entry("analysis.colours", "色彩平衡", _ANALYSIS + "colour_balance", icon="image", needs=Needs.OPEN),
        Entry("analysis.grey", "灰度", _ANALYSIS + "greyscale", icon="image", needs=Needs.OPEN),
        Entry("analysis.invert", "反相", _ANALYSIS + "invert", icon="half_circle", needs=Needs.OPEN),
        Entry("analysis.sharpen", "锐化", _ANALYSIS + "sharpen", icon="spark", needs=Needs.OPEN, line=True),
        Entry("analysis.smooth", "平滑", _ANALYSIS + "smooth", icon="circle", needs=Needs.OPEN),
        Entry("analysis.edges", "边缘检测", _ANALYSIS + "edges", icon="layout", needs=Needs.OPEN),
        Entry("analysis.threshold", "阈值分割", _ANALYSIS + "threshold", icon="filter", needs=Needs.OPEN),
        Entry("analysis.rotate", "旋转", _ANALYSIS + "rotate", icon="refresh", needs=Needs.OPEN, line=True),
        Entry("analysis.flip", "翻转", _ANALYSIS + "flip", icon="sort", needs=Needs.OPEN),
        Entry("analysis.crop", "裁剪", _ANALYSIS + "crop", icon="fullscreen", needs=Needs.OPEN),
        Entry("analysis.zoom", "缩放", _ANALYSIS + "zoom", icon="zoom", needs=Needs.OPEN),
        Entry("analysis.annotate", "文字与箭头标注", _ANALYSIS + "annotate", icon="text", needs=Needs.OPEN),
        Entry("analysis.measure", "测量", _ANALYSIS + "measure", icon="measure", needs=Needs.OPEN, line=True),
        Entry("analysis.count", "细胞计数与阳性率", _ANALYSIS + "count_cells", icon="dot", needs=Needs.OPEN),
        Entry("analysis.mosaic", "图像拼接", _ANALYSIS + "mosaic", icon="grid", needs=Needs.OPEN),
        Entry("analysis.compare", "图像对比", _ANALYSIS + "compare", icon="compare", needs=Needs.OPEN),
    ),
)
_MAY_COUNT = May.PATHOLOGY_STATISTICS
QUERIES = Menu(
    "queries",
    "查询统计",
    (
        Entry("query.general", "一般查询", _STATISTICS + "general_query", "Ctrl+F", "search"),
        Entry("query.advanced", "高级查询", _STATISTICS + "advanced_query", "Ctrl+Shift+F", "filter"),
        Entry(
            "query.distribution",
            "疾病-年龄-性别分布统计",
            _STATISTICS + "distribution",
            icon="chart",
            permission=_MAY_COUNT,
            line=True,
        ),
        Entry("query.slides", "切片分类评级统计", _STATISTICS + "slide_grades", icon="chart", permission=_MAY_COUNT),
        Entry("query.departments", "科室工作量统计", _STATISTICS + "departments", icon="chart", permission=_MAY_COUNT),
        Entry("query.staff", "人员工作量统计", _STATISTICS + "staff", icon="chart", permission=_MAY_COUNT),
        Entry("query.agreement", "诊断符合率统计", _STATISTICS + "agreement", icon="chart", permission=_MAY_COUNT),
        Entry("query.sources", "标本来源统计", _STATISTICS + "sources", icon="chart", permission=_MAY_COUNT),
        Entry("query.positive", "阳性率统计", _STATISTICS + "positive_rate", icon="chart", permission=_MAY_COUNT),
        Entry("query.quality", "质控指标", _STATISTICS + "quality", icon="chart", permission=_MAY_COUNT),
        Entry("query.charges", "收费统计", _STATISTICS + "charges", icon="money", permission=May.PATHOLOGY_CHARGES),
        Entry("query.book", "登记薄打印", _STATISTICS + "register_book", icon="print", line=True),
        Entry(
            "query.tumours",
            "肿瘤登记导出",
            _STATISTICS + "tumours",
            icon="download",
            permission=May.PATHOLOGY_EXPORT,
        ),
    ),
)
REPORTS = Menu(
    "reports",
    "报告管理",
    (
        Entry(
            "report.delay",
            "报告延期",
            _REPORT + "delay",
            "",
            "clock",
            May.PATHOLOGY_DELAY,
            Needs.OPEN,
            CaseAction.DELAY,
        ),
        Entry(
            "report.audit",
            "报告审核",
            _REPORT + "audit",
            "Ctrl+Shift+A",
            "audit",
            May.PATHOLOGY_AUDIT,
            Needs.OPEN,
            CaseAction.AUDIT,
            caption="审核",
        ),
        Entry(
            "report.reopen",
            "取消审核",
            _REPORT + "reopen",
            "",
            "unlock",
            May.PATHOLOGY_REVISE,
            Needs.OPEN,
            CaseAction.REOPEN,
        ),
        Entry(
            "report.preview", "报告预览", _REPORT + "preview", "F9", "eye", needs=Needs.OPEN, caption="预览", line=True
        ),
        Entry(
            "report.print",
            "报告打印",
            _REPORT + "print_report",
            "Ctrl+P",
            "print",
            May.PATHOLOGY_PRINT,
            Needs.OPEN,
            CaseAction.PRINT,
            caption="打印",
        ),
        Entry("report.copy", "报告复制", _REPORT + "copy", icon="copy", needs=Needs.OPEN, line=True),
        Entry(
            "report.paste", "报告粘贴", _REPORT + "paste", icon="clipboard", needs=Needs.DESK, hint="粘贴复制的报告内容"
        ),
        Entry(
            "report.output",
            "报告输出",
            _REPORT + "output",
            icon="download",
            permission=May.PATHOLOGY_EXPORT,
            needs=Needs.OPEN,
        ),
        Entry("report.send", "报告发送", _REPORT + "send", "", "send", May.PATHOLOGY_SEND, Needs.OPEN, CaseAction.SEND),
        Entry(
            "report.batch_audit",
            "批量审核",
            _REPORT + "batch_audit",
            icon="audit",
            permission=May.PATHOLOGY_AUDIT,
            line=True,
        ),
        Entry("report.batch_print", "批量打印", _REPORT + "batch_print", icon="print", permission=May.PATHOLOGY_PRINT),
        Entry("report.batch_send", "批量发送", _REPORT + "batch_send", icon="send", permission=May.PATHOLOGY_SEND),
        Entry(
            "report.format",
            "调整报告格式",
            _REPORT + "adjust_format",
            icon="layout",
            permission=May.PATHOLOGY_FORMATS,
            line=True,
        ),
        Entry(
            "report.technical",
            "技术医嘱",
            _ORDERS + "technical",
            "Ctrl+T",
            "clipboard",
            May.PATHOLOGY_DIAGNOSE,
            Needs.OPEN,
            CaseAction.ORDER,
            line=True,
        ),
    ),
)
SPECIAL = Menu(
    "special",
    "特检管理",
    (
        Entry(
            "special.request",
            "特检申请",
            _ORDERS + "special",
            "Ctrl+Shift+T",
            "tag",
            May.PATHOLOGY_DIAGNOSE,
            Needs.OPEN,
            CaseAction.ORDER,
            caption="特检医嘱",
        ),
        Entry(
            "special.billing", "特检计费", _ORDERS + "special_billing", icon="money", permission=May.PATHOLOGY_CHARGES
        ),
        Entry("special.results", "提取特检结果", _ORDERS + "take_results", icon="download", needs=Needs.OPEN),
        Entry("special.enter", "录入特检结果", _ORDERS + "enter_results", icon="edit", needs=Needs.OPEN, line=True),
        Entry("special.feedback", "执行情况", _ORDERS + "feedback", icon="bell", needs=Needs.OPEN),
        Entry(
            "special.reagents", "试剂批号", _ORDERS + "reagents", icon="tag", permission=May.PATHOLOGY_EXECUTE_ORDERS
        ),
    ),
)
ARCHIVE = Menu(
    "archive",
    "档案管理",
    (
        Entry("archive.blocks", "蜡块归档", _ARCHIVE + "blocks", icon="archive", permission=May.PATHOLOGY_ARCHIVE),
        Entry("archive.slides", "切片归档", _ARCHIVE + "slides", icon="archive", permission=May.PATHOLOGY_ARCHIVE),
        Entry("archive.papers", "资料归档", _ARCHIVE + "papers", icon="folder", permission=May.PATHOLOGY_ARCHIVE),
        Entry(
            "archive.lend", "借出管理", _ARCHIVE + "lending", icon="upload", permission=May.PATHOLOGY_LEND, line=True
        ),
        Entry("archive.return", "归还管理", _ARCHIVE + "returning", icon="download", permission=May.PATHOLOGY_LEND),
        Entry("archive.loans", "借阅信息浏览", _ARCHIVE + "loans", icon="search"),
    ),
)
_MAY_SET = May.PATHOLOGY_SETTINGS
SETTINGS = Menu(
    "settings",
    "系统设置",
    (
        Entry("settings.parameters", "运行参数设置", _SETTINGS + "parameters", icon="gear", permission=_MAY_SET),
        Entry(
            "settings.libraries",
            "病例库设置",
            _SETTINGS + "libraries",
            icon="archive",
            permission=May.PATHOLOGY_LIBRARIES,
        ),
        Entry(
            "settings.prompts",
            "字段提示设置",
            _TEMPLATES + "prompts",
            icon="list",
            permission=May.PATHOLOGY_DICTIONARIES,
            line=True,
        ),
        Entry("settings.columns", "列表显示设置", _SETTINGS + "columns", icon="columns"),
        Entry("settings.calibration", "测量定标", _MEDIA + "calibrate", icon="measure", permission=_MAY_SET),
        Entry(
            "settings.markers",
            "特染标记物/套餐",
            _TEMPLATES + "markers",
            icon="tag",
            permission=May.PATHOLOGY_DICTIONARIES,
        ),
        Entry(
            "settings.templates",
            "诊断模板维护",
            _TEMPLATES + "maintain",
            icon="template",
            permission=May.PATHOLOGY_VIEW,  # everybody may keep personal ones
            line=True,
        ),
        Entry(
            "settings.descriptors",
            "ＴＣＴ描述项目设置",
            _TEMPLATES + "descriptors",
            icon="check_circle",
            permission=May.PATHOLOGY_DICTIONARIES,
        ),
        Entry("settings.quick", "快速录入设置", _SETTINGS + "quick_entry", icon="spark", permission=_MAY_SET),
        Entry(
            "settings.block_places",
            "蜡块归档设置",
            _ARCHIVE + "block_places",
            icon="archive",
            permission=_MAY_SET,
            line=True,
        ),
        Entry("settings.slide_places", "切片归档设置", _ARCHIVE + "slide_places", icon="archive", permission=_MAY_SET),
        Entry("settings.paper_places", "资料归档设置", _ARCHIVE + "paper_places", icon="folder", permission=_MAY_SET),
        Entry("settings.printers", "打印机设置", _SETTINGS + "printers", icon="print", line=True),
    ),
)
VIEW = Menu(
    "view",
    "查看",
    (
        Entry("view.tool_bar", "工具栏", _SHELL + "toggle_tool_bar", checkable=True),
        Entry("view.status", "状态栏", _SHELL + "toggle_status", checkable=True),
        Entry("view.list", "病例列表", _SHELL + "toggle_list", checkable=True),
        Entry("view.counters", "计数链接", _SHELL + "toggle_counters", checkable=True),
        Entry("view.strip", "缩略窗口", _MEDIA + "toggle_strip", checkable=True),
        Entry("view.refresh", "刷新列表", _SHELL + "refresh", "F5", "refresh", line=True),
        Entry("view.theme", "切换明暗主题", _SHELL + "toggle_theme", icon="moon", line=True),
        Entry("view.language", "切换中英文", _SHELL + "toggle_language", icon="language"),
        Entry("view.density", "切换大号界面", _SHELL + "toggle_density", icon="zoom"),
        Entry("view.fullscreen", "全屏", _SHELL + "toggle_fullscreen", icon="fullscreen"),
    ),
)
HELP = Menu(
    "help",
    "帮助",
    (
        Entry("help.guide", "使用说明", _SHELL + "guide", "F1", "help"),
        Entry("help.keys", "快捷键列表", _SHELL + "keys", "Shift+F1", "command"),
        Entry("help.version", "版本信息", _SHELL + "version", icon="details"),
        Entry("help.log", "导出日志", _SHELL + "export_log", icon="download", line=True),
    ),
)

MENUS: tuple[Menu, ...] = (
    USERS,
    SITES,
    CASES,
    PREPARATION,
    IMAGING,
    ANALYSIS,
    QUERIES,
    REPORTS,
    SPECIAL,
    ARCHIVE,
    SETTINGS,
    VIEW,
    HELP,
)
"""In the order of PA-GEN-03."""

_EXECUTE = Entry(
    "case.execute", "预约执行", _REGISTRATION + "execute_appointment", "", "check_circle", May.PATHOLOGY_REGISTER
)
_HOME = _P + "diagnosis.entries:"
_NAMING = May.PATHOLOGY_DIAGNOSE

LIST_MENU: tuple[Entry, ...] = (
    Entry("list.undiagnosed", "我的未诊断报告", _P + "shell.special_lists:my_undiagnosed", permission=_NAMING),
    Entry("list.unaudited", "我的未审核报告", _P + "shell.special_lists:my_unaudited", permission=_NAMING),
    Entry("list.unprinted", "我的未打印报告", _P + "shell.special_lists:my_unprinted", permission=_NAMING),
    Entry("list.unsent", "我的未发送报告", _P + "shell.special_lists:my_unsent", permission=_NAMING),
    Entry("list.name_first", "提请初诊", _HOME + "name_first", permission=_NAMING, needs=Needs.ROW, line=True),
    Entry("list.name_chief", "提请主诊", _HOME + "name_chief", permission=_NAMING, needs=Needs.ROW),
    Entry("list.name_second", "提请复诊", _HOME + "name_second", permission=_NAMING, needs=Needs.ROW),
    Entry("list.name_audit", "提请审核", _HOME + "name_audit", permission=_NAMING, needs=Needs.ROW),
    Entry(
        "list.delete",
        "删除记录",
        _REGISTRATION + "delete_case",
        icon="clear",
        permission=May.PATHOLOGY_DELETE_CASES,
        needs=Needs.ROW,
        line=True,
    ),
    Entry(
        "list.fetch",
        "批量 HIS 信息提取",
        _REGISTRATION + "batch_fetch",
        icon="download",
        permission=May.PATHOLOGY_REGISTER,
    ),
)
"""The context menu of the case list (PA-DX-30 to -40); 打开, 收藏 and barcodes of the menus stand above."""

LIST_MENU_HEAD: tuple[str, ...] = ("case.open", "case.favourite", "case.barcode", "case.transfer")

TOOLS: tuple[str, ...] = (
    "case.register",
    "case.open",
    "case.save",
    "case.fees",
    "case.previous",
    "case.next",
    "imaging.live",
    "imaging.voice",
    "report.preview",
    "report.print",
    "report.audit",
    "report.technical",
    "special.request",
    "case.favourite",
    "case.execute",
)
"""Ids of the tool bar from left to right (PA-GEN-04)."""

ENTRIES: dict[str, Entry] = {
    entry.id: entry for entries in (*(menu.entries for menu in MENUS), LIST_MENU, (_EXECUTE,)) for entry in entries
}
"""Every entry by its id."""
