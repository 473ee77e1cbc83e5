"""What can be done on the report page, as data; and the rules when."""

from __future__ import annotations

from collections.abc import Sequence

from clients.diagnosis.report.state import ReportPageState
from clients.diagnosis.sides import SidePanel, Tool
from clients.kit.actions import Action
from shared.domain.states import ReportAction

_A = ReportAction


def _open(state: ReportPageState) -> bool:
    return state.report is not None


def _types(state: ReportPageState) -> bool:
    return state.may_type


def _has_record(state: ReportPageState) -> bool:
    return state.report is not None and bool(state.report.medical_record_url)


ACTIONS = (
    Action("report.leave", "退出", "Ctrl+W", "arrow_left", hint="保存并回到列表，报告仍由您持有"),
    Action("report.next", "下一位", "Ctrl+Down", "arrow_down", hint="进入左侧列表中下一份等待的报告"),
    Action("report.enter", "进入报告", "F2", "edit", enabled=lambda s: s.may_enter),
    Action("report.save", "保存", "Ctrl+S", "save", enabled=_types),
    Action("report.submit", "提交", "Ctrl+Return", "submit", enabled=lambda s: s.may_type and s.allows(_A.SUBMIT)),
    Action("report.approve", "审核通过", "F9", "check", enabled=lambda s: s.may_type and s.allows(_A.APPROVE)),
    Action(
        "report.approve_print",
        "审核并打印",
        "Ctrl+F9",
        "print",
        enabled=lambda s: s.may_type and s.allows(_A.APPROVE),
    ),
    Action("report.reject", "驳回", "F8", "reject", enabled=lambda s: s.may_type and s.allows(_A.REJECT)),
    Action("report.give_up", "放弃", "Ctrl+Shift+X", "clear", enabled=lambda s: s.may_type and s.allows(_A.GIVE_UP)),
    Action("report.unlock", "解锁", "Ctrl+Shift+U", "unlock", enabled=lambda s: s.allows(_A.UNLOCK) and not s.may_edit),
    Action("report.print", "打印", "Ctrl+P", "print", enabled=lambda s: s.allows(_A.PRINT)),
    Action("report.preview", "预览", "Ctrl+Shift+P", "document", enabled=_open),
    Action("report.images", "查看影像", "F4", "viewer", enabled=lambda s: s.allows(_A.VIEW_IMAGES)),
    Action("report.application", "申请单", "F6", "clipboard", enabled=_open),
    Action("report.patient", "患者信息", "F7", "patient", enabled=_open),
    Action("report.edit_patient", "修改患者信息", "Ctrl+F7", "edit", enabled=_types),
    Action("report.record", "电子病历", "Ctrl+F6", "display", "在浏览器中打开该患者的电子病历", enabled=_has_record),
    Action("report.reset", "重置", "Ctrl+Shift+Z", "undo", "恢复为打开时的内容", enabled=_types),
    Action("report.save_template", "存为模板", "Ctrl+Shift+S", "template", enabled=_open),
    Action("report.templates", "模板", "Ctrl+T", "template"),
    Action("report.papers", "其他资料", "Ctrl+Shift+G", "archive", enabled=_open),
    Action("report.log", "操作日志", "Ctrl+G", "history"),
    Action("report.compare", "多人对比", "F5", "users", hint="与左侧列表中所选的检查并列比较"),
    Action("report.zoom_in", "放大字号", "Ctrl+=", "zoom"),
    Action("report.zoom_out", "缩小字号", "Ctrl+-", "minus"),
    Action("report.zoom_reset", "重置字号", "Ctrl+0", "text"),
    Action("report.findings", "到影像所见", "Alt+1", "edit", enabled=_open),
    Action("report.impression", "到诊断意见", "Alt+2", "edit", enabled=_open),
)


def page_actions(panels: Sequence[SidePanel], tools: Sequence[Tool]) -> tuple[Action, ...]:
    """Return the page's actions with those that open panels and run tools."""
    return (
        *ACTIONS,
        *(Action(f"report.panel.{one.key}", one.title, one.shortcut, one.icon) for one in panels),
        *(Action(f"report.tool.{one.key}", one.title, one.shortcut, one.icon, enabled=_ToolRule(one)) for one in tools),
    )


class _ToolRule:
    def __init__(self, tool: Tool) -> None:
        self._tool = tool

    def __call__(self, state: ReportPageState) -> bool:
        return state.report is not None and self._tool.enabled(state.report)


STEPS = (
    ("report.enter", "primary"),
    ("report.save", ""),
    ("report.submit", "primary"),
    ("report.approve", "primary"),
    ("report.approve_print", ""),
    ("report.reject", ""),
    ("report.give_up", "quiet"),
    ("report.unlock", ""),
    ("report.print", "primary"),
)
"""Shown only while they can be done."""
