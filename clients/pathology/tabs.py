"""The tabs at the right of the workstation, as data; `stations.STATIONS` says which stand where."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tab:
    """One page beside the list. ``maker(desk) -> QWidget`` is called when the tab is first shown.

    A tab whose maker does not exist yet is left out.
    """

    id: str
    title: str  # Chinese source text
    icon: str
    maker: str  # "module:name"
    permission: str = ""
    needs_case: bool = True
    """The tab is about the open case: without one the window shows what to do instead of it."""


TABS: tuple[Tab, ...] = (
    Tab("patient", "病人信息", "patient", "clients.pathology.registration.tab:make_tab", needs_case=False),
    Tab("grossing", "取材信息", "clipboard", "clients.pathology.grossing.tab:make_tab"),
    Tab("imaging", "影像编辑", "image", "clients.pathology.media.tab:make_tab"),
    Tab("liquid", "液基描述", "check_circle", "clients.pathology.diagnosis.tab:make_liquid_tab"),
    Tab("diagnosis", "病理诊断", "document", "clients.pathology.diagnosis.tab:make_tab"),
    Tab("slides", "数字切片", "grid", "clients.pathology.slides.tab:make_tab"),
    # 制片工作站 and its three special forms
    Tab("embedding", "待包埋列表", "hourglass", "clients.pathology.preparation.tabs:make_embedding", needs_case=False),
    Tab("sectioning", "待切片列表", "layout", "clients.pathology.preparation.tabs:make_sectioning", needs_case=False),
    Tab("orders", "医嘱列表", "list", "clients.pathology.preparation.tabs:make_orders", needs_case=False),
    Tab("sectioned", "已切片列表", "check", "clients.pathology.preparation.tabs:make_sectioned", needs_case=False),
    # 归档工作站
    Tab("archive.blocks", "蜡块归档", "archive", "clients.pathology.archive.tabs:make_blocks", needs_case=False),
    Tab("archive.slides", "切片归档", "archive", "clients.pathology.archive.tabs:make_slides", needs_case=False),
    Tab("archive.papers", "资料归档", "folder", "clients.pathology.archive.tabs:make_papers", needs_case=False),
    Tab("archive.lend", "借出管理", "upload", "clients.pathology.archive.tabs:make_lending", needs_case=False),
    Tab("archive.return", "归还管理", "download", "clients.pathology.archive.tabs:make_returning", needs_case=False),
    Tab("archive.loans", "借阅信息浏览", "search", "clients.pathology.archive.tabs:make_loans", needs_case=False),
)
"""Every tab; ids are unique."""

BY_ID = {tab.id: tab for tab in TABS}

LEFT: dict[str, tuple[str, str]] = {
    "cases": ("病例列表", "clients.pathology.shell.case_list:make"),
    "orders": ("医嘱申请列表", "clients.pathology.orders.requests:make_list"),
    "archive": ("病例列表", "clients.pathology.shell.case_list:make"),
}
"""What stands at the left of a station: title and ``maker(desk) -> QWidget``; without a maker the case list."""
