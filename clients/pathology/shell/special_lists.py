"""The special case lists (PA-CASE-21), the links that open them, and the doctor's own reports (PA-DX-30 to -33)."""

from __future__ import annotations

from clients.kit.paging import Column, EmptyWords
from clients.kit.translations import tr
from clients.pathology.desk import Desk
from clients.pathology.shell.looks import case_look
from clients.pathology.shell.special_columns import columns_of
from shared.contract.base import Page
from shared.contract.pathology_reports import ListFavourites, ListFollowUps, ListMine
from shared.domain.pathology import CASE_STATES, MY_LISTS, CaseFlag, CaseState, MyList

_STAMPED = Column("case_number", "病理号", 130, strong=True, marks=lambda row: [case_look(row.state)])
_NAME = Column("patient_name", "姓名", 90)
_STATE = Column("state", "状态", 90, value=lambda row: tr(CASE_STATES[row.state].zh))


def delayed(desk: Desk) -> None:
    """延迟未发病例."""
    desk.view.show_special("延迟未发病例", (CaseFlag.DELAYED,), ())


def consultations(desk: Desk) -> None:
    """会诊病例."""
    desk.view.show_special("会诊病例", (CaseFlag.CONSULTATION,), ())


def urgent(desk: Desk) -> None:
    """急诊病例."""
    desk.view.show_special("急诊病例", (CaseFlag.URGENT,), ())


def arrears(desk: Desk) -> None:
    """欠费病例."""
    desk.view.show_special("欠费病例", (CaseFlag.ARREARS,), ())


def registered(desk: Desk) -> None:
    """登记病例: what is registered and not yet grossed."""
    desk.view.show_special("登记病例", (), (CaseState.REGISTERED,))


def favourites(desk: Desk) -> None:
    """我的收藏病例."""
    from clients.pathology.shell.list_window import ListSpec, ListWindow

    spec = ListSpec(
        "favourites",
        "我的收藏病例",
        columns_of("favourites", desk.settings),
        ListFavourites,
        empty=EmptyWords("还没有收藏病例", "打开病例后按 Ctrl+D 收藏。", "star"),
    )
    desk.show_window("我的收藏病例", ListWindow(desk, spec), (760, 520))


def follow_ups(desk: Desk) -> None:
    """追踪回访病例: due first."""
    from clients.pathology.shell.list_window import ListSpec, ListWindow

    spec = ListSpec(
        "follow_ups",
        "追踪回访病例",
        columns_of("follow_ups", desk.settings),
        ListFollowUps,
        row_id=lambda row: row.id,
        empty=EmptyWords("没有随访病例", "", "history"),
    )
    desk.show_window("追踪回访病例", ListWindow(desk, spec), (860, 520))


def my_undiagnosed(desk: Desk) -> None:
    """我的未诊断报告."""
    _mine(desk, MyList.UNDIAGNOSED)


def my_unaudited(desk: Desk) -> None:
    """我的未审核报告."""
    _mine(desk, MyList.UNAUDITED)


def my_unprinted(desk: Desk) -> None:
    """我的未打印报告."""
    _mine(desk, MyList.UNPRINTED)


def my_unsent(desk: Desk) -> None:
    """我的未发送报告."""
    _mine(desk, MyList.UNSENT)


def _mine(desk: Desk, which: MyList) -> None:
    from clients.pathology.shell.list_window import ListSpec, ListWindow

    title = MY_LISTS[which].zh
    columns = (
        _STAMPED,
        _NAME,
        _STATE,
        Column("received_at", "收到日期", 130, quiet=True),
        Column("due", "报告时限", 130, value=lambda row: row.turnaround.due_at, quiet=True),
        Column("note", "备注", 0),
    )
    spec = ListSpec(
        which.value,
        title,
        columns,
        lambda: ListMine(which=which, page=Page(limit=500)),
        rows=lambda reply: reply.rows,
    )
    desk.show_window(title, ListWindow(desk, spec), (860, 520))
