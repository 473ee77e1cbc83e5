"""The special case lists (PA-CASE-21), the links that open them, and the doctor's own reports (PA-DX-30 to -33)."""

from __future__ import annotations

from clients.kit.paging import Column, EmptyWords
from clients.kit.translations import tr
from clients.pathology.desk import Desk
from clients.pathology.shell.looks import case_look
from shared.contract.base import Page
from shared.contract.pathology_reports import FollowUpView, ListFavourites, ListFollowUps, ListMine
from shared.domain.pathology import CASE_STATES, MY_LISTS, CaseFlag, CaseState, MyList

_NUMBER = Column("case_number", "病理号", 120, strong=True)
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

    columns = (
        _STAMPED,
        _NAME,
        _STATE,
        Column("folder", "收藏夹", 100),
        Column("note", "备注", 0),
        Column("added_at", "收藏时间", 130, quiet=True),
    )
    spec = ListSpec(
        "favourites",
        "我的收藏病例",
        columns,
        ListFavourites,
        empty=EmptyWords("还没有收藏病例", "打开病例后按 Ctrl+D 收藏。", "star"),
    )
    desk.show_window("我的收藏病例", ListWindow(desk, spec), (760, 520))


def follow_ups(desk: Desk) -> None:
    """追踪回访病例: due first."""
    from clients.pathology.shell.list_window import ListSpec, ListWindow

    columns = (
        _NUMBER,
        _NAME,
        Column("due_on", "随访日期", 100),
        Column("is_due", "到期", 72, value=_due_word),
        Column("contact", "联系人", 110),
        Column("reason", "随访原因", 0),
        Column("by", "记录人", 80, quiet=True),
    )
    spec = ListSpec(
        "follow_ups",
        "追踪回访病例",
        columns,
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


def _due_word(row: FollowUpView) -> str:
    return tr("已到期") if row.is_due else ""
