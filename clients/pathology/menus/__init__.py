"""The thirteen menus (PA-GEN-03), the tool bar and the list's own menu as data: every entry of the rows is a slot here.

An entry is done by ``maker(desk) -> None``, named as "module:name"; the module is imported when the menus are made, so
it is light and imports its screens inside the function. **An entry whose maker does not exist yet is left out.**
Whoever builds a part writes the functions named here; `Entry.needs` says when the entry can be used.
"""

from __future__ import annotations

from clients.pathology.menus.cases import CASES, PREPARATION, SITES, USERS
from clients.pathology.menus.entry import HERE, IN_DIAGNOSIS, IN_REGISTRATION, Entry, Menu, Needs
from clients.pathology.menus.images import ANALYSIS, IMAGING
from clients.pathology.menus.reports import ARCHIVE, QUERIES, REPORTS, SPECIAL
from clients.pathology.menus.settings import HELP, SETTINGS, VIEW
from shared.domain.permissions import Permission as May

__all__ = ["ENTRIES", "LIST_MENU", "LIST_MENU_HEAD", "MENUS", "SETTINGS", "SITES", "TOOLS", "Entry", "Menu", "Needs"]

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
    "case.execute", "预约执行", IN_REGISTRATION + "execute_appointment", "", "check_circle", May.PATHOLOGY_REGISTER
)
_NAMING = May.PATHOLOGY_DIAGNOSE

LIST_MENU: tuple[Entry, ...] = (
    Entry("list.undiagnosed", "我的未诊断报告", HERE + "shell.special_lists:my_undiagnosed", permission=_NAMING),
    Entry("list.unaudited", "我的未审核报告", HERE + "shell.special_lists:my_unaudited", permission=_NAMING),
    Entry("list.unprinted", "我的未打印报告", HERE + "shell.special_lists:my_unprinted", permission=_NAMING),
    Entry("list.unsent", "我的未发送报告", HERE + "shell.special_lists:my_unsent", permission=_NAMING),
    Entry("list.name_first", "提请初诊", IN_DIAGNOSIS + "name_first", permission=_NAMING, needs=Needs.ROW, line=True),
    Entry("list.name_chief", "提请主诊", IN_DIAGNOSIS + "name_chief", permission=_NAMING, needs=Needs.ROW),
    Entry("list.name_second", "提请复诊", IN_DIAGNOSIS + "name_second", permission=_NAMING, needs=Needs.ROW),
    Entry("list.name_audit", "提请审核", IN_DIAGNOSIS + "name_audit", permission=_NAMING, needs=Needs.ROW),
    Entry(
        "list.delete",
        "删除记录",
        IN_REGISTRATION + "delete_case",
        icon="clear",
        permission=May.PATHOLOGY_DELETE_CASES,
        needs=Needs.ROW,
        line=True,
    ),
    Entry(
        "list.fetch",
        "批量 HIS 信息提取",
        IN_REGISTRATION + "batch_fetch",
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
