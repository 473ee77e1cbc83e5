"""用户管理, 系统站点, 病例管理 and 制片管理."""

from __future__ import annotations

from clients.pathology.menus.entry import (
    HERE,
    IN_DIAGNOSIS,
    IN_ORDERS,
    IN_PREPARATION,
    IN_REGISTRATION,
    IN_SETTINGS,
    IN_SHELL,
    IN_STATISTICS,
    Entry,
    Menu,
    Needs,
)
from shared.domain.permissions import Permission as May

_LISTS = "专项病例列表"

USERS = Menu(
    "users",
    "用户管理",
    (
        Entry("users.password", "更改用户密码", IN_SHELL + "change_password", icon="key"),
        Entry("users.rights", "用户权限管理", IN_SETTINGS + "rights", icon="users", permission=May.ADMINISTER),
        Entry("users.log_off", "注销当前用户", IN_SHELL + "log_off", icon="log_out", line=True),
    ),
)
SITES = Menu("sites", "系统站点")
"""The shell fills it with `stations.SPECS`."""
CASES = Menu(
    "cases",
    "病例管理",
    (
        Entry("case.appoint", "预约病例", IN_REGISTRATION + "appoint", "F4", "calendar", May.PATHOLOGY_REGISTER),
        Entry(
            "case.register",
            "登记病例",
            IN_REGISTRATION + "register",
            "Ctrl+N",
            "add",
            May.PATHOLOGY_REGISTER,
            caption="登记",
        ),
        Entry("case.quick", "快速登记", IN_REGISTRATION + "quick", "Ctrl+Shift+N", "spark", May.PATHOLOGY_REGISTER),
        Entry("case.open", "打开病例", IN_SHELL + "open_case", "Ctrl+O", "folder", needs=Needs.ROW, caption="打开"),
        Entry(
            "case.save",
            "保存病例",
            IN_SHELL + "save",
            "Ctrl+S",
            "save",
            needs=Needs.DESK,
            caption="保存",
            hint="保存全部页面的信息",
        ),
        Entry("case.close", "关闭病例", IN_SHELL + "close_case", "Ctrl+W", "close", needs=Needs.DESK),
        Entry("case.previous", "上一例", IN_SHELL + "previous_case", "Alt+Up", "arrow_up", line=True),
        Entry("case.next", "下一例", IN_SHELL + "next_case", "Alt+Down", "arrow_down"),
        Entry(
            "case.transfer",
            "病例转存",
            IN_REGISTRATION + "transfer",
            icon="send",
            permission=May.PATHOLOGY_TRANSFER,
            needs=Needs.CASE,
            line=True,
        ),
        Entry(
            "case.import", "导入病例", IN_STATISTICS + "import_case", icon="download", permission=May.PATHOLOGY_IMPORT
        ),
        Entry(
            "case.export",
            "导出病例",
            IN_STATISTICS + "export_case",
            icon="upload",
            permission=May.PATHOLOGY_EXPORT,
            needs=Needs.OPEN,
        ),
        Entry("case.gaps", "漏编号查找", IN_REGISTRATION + "gaps", icon="search", permission=May.PATHOLOGY_REGISTER),
        Entry("case.track", "病例追踪", IN_DIAGNOSIS + "track_case", icon="history", needs=Needs.CASE, line=True),
        Entry(
            "case.favourite",
            "收藏病例",
            IN_SHELL + "favourite",
            "Ctrl+D",
            "star",
            needs=Needs.CASE,
            hint="再次点击取消收藏",
        ),
        Entry("case.fees", "收费", IN_REGISTRATION + "charges", "", "money", May.PATHOLOGY_CHARGES, needs=Needs.OPEN),
        Entry(
            "case.billing",
            "检查计费",
            IN_REGISTRATION + "billing",
            icon="money",
            permission=May.PATHOLOGY_CHARGES,
            needs=Needs.OPEN,
        ),
        Entry(
            "case.barcode",
            "打印病理条码",
            IN_REGISTRATION + "print_barcode",
            "Ctrl+B",
            "barcode",
            May.PATHOLOGY_PRINT_LABELS,
            Needs.CASE,
            line=True,
        ),
        Entry(
            "case.cassettes",
            "打印包埋条码",
            IN_PREPARATION + "print_cassettes",
            icon="barcode",
            permission=May.PATHOLOGY_PRINT_LABELS,
            needs=Needs.OPEN,
        ),
        Entry(
            "case.slide_labels",
            "打印制片条码",
            IN_PREPARATION + "print_slide_labels",
            icon="barcode",
            permission=May.PATHOLOGY_PRINT_LABELS,
            needs=Needs.OPEN,
        ),
        Entry(
            "case.grossing_sheet",
            "打印取材明细",
            HERE + "grossing.entries:print_sheet",
            icon="print",
            needs=Needs.OPEN,
        ),
        Entry(
            "case.choose_cassettes",
            "选择包埋条码",
            IN_PREPARATION + "choose_cassettes",
            icon="list",
            permission=May.PATHOLOGY_PRINT_LABELS,
        ),
        Entry(
            "case.choose_slides",
            "选择制片条码",
            IN_PREPARATION + "choose_slides",
            icon="list",
            permission=May.PATHOLOGY_PRINT_LABELS,
        ),
        Entry(
            "lists.appointments",
            "预约登记表",
            IN_REGISTRATION + "appointments",
            icon="calendar",
            line=True,
            submenu=_LISTS,
        ),
        Entry("lists.delayed", "延迟未发病例", HERE + "shell.special_lists:delayed", icon="clock", submenu=_LISTS),
        Entry(
            "lists.consultations", "会诊病例", HERE + "shell.special_lists:consultations", icon="users", submenu=_LISTS
        ),
        Entry("lists.urgent", "急诊病例", HERE + "shell.special_lists:urgent", icon="alert", submenu=_LISTS),
        Entry(
            "lists.favourites",
            "我的收藏病例",
            HERE + "shell.special_lists:favourites",
            icon="star_filled",
            submenu=_LISTS,
        ),
        Entry("lists.arrears", "欠费病例", HERE + "shell.special_lists:arrears", icon="money", submenu=_LISTS),
        Entry("lists.registered", "登记病例", HERE + "shell.special_lists:registered", icon="list", submenu=_LISTS),
        Entry(
            "lists.follow_ups", "追踪回访病例", HERE + "shell.special_lists:follow_ups", icon="history", submenu=_LISTS
        ),
    ),
)
PREPARATION = Menu(
    "preparation",
    "制片管理",
    (
        Entry("prep.specimens", "标本移交表", IN_PREPARATION + "specimen_sheet", icon="list"),
        Entry("prep.orders", "医嘱工作单", IN_ORDERS + "work_sheet", icon="clipboard"),
        Entry("prep.slides", "玻片移交表", IN_PREPARATION + "slide_sheet", icon="list"),
        Entry("prep.statistics", "制片情况统计", IN_STATISTICS + "preparation", icon="chart"),
        Entry("prep.requests", "常规申请", IN_ORDERS + "routine_orders", icon="search", line=True),
        Entry(
            "prep.billing", "常规计费", IN_ORDERS + "routine_billing", icon="money", permission=May.PATHOLOGY_CHARGES
        ),
    ),
)
