"""What can be done on each page by key, button and command palette; knows no Qt."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from clients.ecg import pages
from clients.ecg.lists.columns import may_apply
from clients.kit.actions import Action
from shared.domain.ecg import ConsultationAction, ConsultationState, ExamAction, QuickRange

Rule = Callable[[Any], bool]
"""Gets the selected row, or None."""


def _list(page: str, *, quick: bool = True) -> tuple[Action, ...]:
    ranges = (
        Action(f"{page}.{QuickRange.TODAY}", "查今天", "Alt+1", "calendar"),
        Action(f"{page}.{QuickRange.WEEK}", "查近一周", "Alt+2", "calendar"),
        Action(f"{page}.{QuickRange.TWO_WEEKS}", "查近两周", "Alt+3", "calendar"),
    )
    return (
        Action(f"{page}.query", "查询", "Ctrl+Return", "search"),
        Action(f"{page}.reset", "重置", "Ctrl+Shift+Delete", "undo"),
        Action(f"{page}.refresh", "刷新", "F5", "refresh"),
        *(ranges if quick else ()),
    )


def may(action: str) -> Rule:
    """Enabled while the server allows the action to the selected row."""

    def rule(row: Any) -> bool:
        return row is not None and action in row.allowed

    return rule


def _in_states(*states: ConsultationState) -> Rule:
    def rule(row: Any) -> bool:
        return row is not None and row.state in states

    return rule


def has_row(row: Any) -> bool:
    """Enabled while a row is selected."""
    return row is not None


PUBLISHED = (ConsultationState.PUBLISHED, ConsultationState.COMPLETED)
"""States in which there is a consultation report."""


def _exam_rows(page: str) -> tuple[Action, ...]:
    return (
        Action(f"{page}.read", "阅图", "F6", "voice", enabled=may(ExamAction.READ)),
        Action(f"{page}.details", "详情", "Ctrl+D", "details", enabled=has_row),
        Action(f"{page}.view_report", "报告", "F7", "document", enabled=may(ExamAction.VIEW_REPORT)),
        Action(f"{page}.collect", "收藏报告", "Ctrl+B", "star", enabled=may(ExamAction.COLLECT)),
        Action(f"{page}.cancel", "取消登记", "", "cross_circle", enabled=may(ExamAction.CANCEL), danger=True),
    )


LINES = (Action(f"{pages.LINES}.refresh", "刷新", "F5", "refresh"),)
CRITICAL = (Action(f"{pages.CRITICAL}.refresh", "刷新", "F5", "refresh"),)
HOME = (Action(f"{pages.HOME}.refresh", "刷新", "F5", "refresh"),)
HIS = (
    *_list(pages.HIS),
    Action(
        f"{pages.HIS}.register", "登记", "F2", "clipboard", enabled=lambda row: row is not None and row.can_register
    ),
    Action(
        f"{pages.HIS}.show", "查看检查", "F6", "list", enabled=lambda row: row is not None and row.exam_id is not None
    ),
)
HEALTH_CHECK = (
    *_list(pages.HEALTH_CHECK),
    Action(f"{pages.HEALTH_CHECK}.by_number", "手动登记", "F2", "barcode"),
    *_exam_rows(pages.HEALTH_CHECK),
)
IN_HOSPITAL = (
    *_list(pages.IN_HOSPITAL),
    Action(f"{pages.IN_HOSPITAL}.by_number", "快速登记申请单", "F2", "barcode"),
    Action(f"{pages.IN_HOSPITAL}.by_hand", "快速登记会诊", "F3", "add"),
    *_exam_rows(pages.IN_HOSPITAL),
    Action(
        f"{pages.IN_HOSPITAL}.apply_consultation",
        "申请会诊",
        "F8",
        "send",
        enabled=lambda row: row is not None and may_apply(row),
    ),
)
ACCEPTANCE = (
    *_list(pages.ACCEPTANCE),
    Action(
        f"{pages.ACCEPTANCE}.accept",
        "一键会诊",
        "F6",
        "sign_in",
        enabled=lambda row: row is not None and (ConsultationAction.ACCEPT in row.allowed or _is_mine(row)),
    ),
    Action(f"{pages.ACCEPTANCE}.details", "详情", "Ctrl+D", "details", enabled=has_row),
    Action(f"{pages.ACCEPTANCE}.print", "打印", "Ctrl+P", "print", enabled=_in_states(*PUBLISHED)),
    Action(f"{pages.ACCEPTANCE}.view_report", "查看报告", "F7", "document", enabled=_in_states(*PUBLISHED)),
    Action(f"{pages.ACCEPTANCE}.collect", "收藏报告", "Ctrl+B", "star", enabled=_in_states(*PUBLISHED)),
    Action(
        f"{pages.ACCEPTANCE}.give_back", "撤销受理", "", "undo", enabled=may(ConsultationAction.GIVE_BACK), danger=True
    ),
    Action(f"{pages.ACCEPTANCE}.refuse", "拒绝会诊", "", "reject", enabled=may(ConsultationAction.REFUSE), danger=True),
)
CONSULTATION_REPORTS = (
    *_list(pages.CONSULTATION_REPORTS),
    Action(f"{pages.CONSULTATION_REPORTS}.print", "打印", "Ctrl+P", "print", enabled=_in_states(*PUBLISHED)),
    Action(f"{pages.CONSULTATION_REPORTS}.print_ticked", "批量打印", "Ctrl+Shift+P", "print"),
    Action(f"{pages.CONSULTATION_REPORTS}.tick", "勾选", "Ctrl+T", "check", enabled=_in_states(*PUBLISHED)),
    Action(f"{pages.CONSULTATION_REPORTS}.tick_all", "全选待打印", "Ctrl+Shift+T", "check_circle"),
    Action(f"{pages.CONSULTATION_REPORTS}.read", "阅图", "F6", "voice", enabled=has_row),
    Action(f"{pages.CONSULTATION_REPORTS}.view_report", "查看报告", "F7", "document", enabled=_in_states(*PUBLISHED)),
    Action(f"{pages.CONSULTATION_REPORTS}.details", "详情", "Ctrl+D", "details", enabled=has_row),
    Action(
        f"{pages.CONSULTATION_REPORTS}.withdraw",
        "撤销",
        "",
        "undo",
        "撤回还没有受理的会诊申请",
        enabled=may(ConsultationAction.WITHDRAW),
        danger=True,
    ),
)
COLLECTED = (
    *_list(pages.COLLECTED, quick=False),
    Action(f"{pages.COLLECTED}.read", "阅图", "F6", "voice", enabled=lambda row: _exam_may(row, ExamAction.READ)),
    Action(
        f"{pages.COLLECTED}.view_report",
        "报告",
        "F7",
        "document",
        enabled=lambda row: _exam_may(row, ExamAction.VIEW_REPORT),
    ),
    Action(f"{pages.COLLECTED}.file", "修改分类", "Ctrl+B", "edit", enabled=has_row),
)
ORPHANS = (
    *_list(pages.ORPHANS, quick=False),
    Action(f"{pages.ORPHANS}.match", "匹配检查", "F6", "check", enabled=has_row),
    Action(f"{pages.ORPHANS}.discard", "弃用", "", "clear", enabled=has_row, danger=True),
)
DEVICES = (
    Action(f"{pages.DEVICES}.refresh", "刷新", "F5", "refresh"),
    Action(f"{pages.DEVICES}.add", "新增设备", "F2", "add"),
    Action(f"{pages.DEVICES}.bind", "绑定本机", "F8", "check_circle", enabled=has_row),
)
TEAMS = (
    Action(f"{pages.TEAMS}.refresh", "刷新", "F5", "refresh"),
    Action(f"{pages.TEAMS}.add", "新增团队", "F2", "add"),
)


def _is_mine(row: Any) -> bool:
    """The acceptance is the caller's own: saving is allowed to whoever has it."""
    return ConsultationAction.SAVE in row.allowed or ConsultationAction.PUBLISH in row.allowed


def _exam_may(row: Any, action: ExamAction) -> bool:
    """The exam of a collected row allows it."""
    return row is not None and action in row.exam.allowed
