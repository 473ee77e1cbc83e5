"""What can be done on the reading page, with its keys; one table for buttons, tooltips, palette and the help."""

from __future__ import annotations

from clients.ecg.reading.state import PageState
from clients.kit.actions import Action
from shared.domain.ecg import ReportAction


def _acquires(state: PageState) -> bool:
    return state.may_acquire


def _writes(state: PageState) -> bool:
    return state.may_write


def _drawn(state: PageState) -> bool:
    return state.in_front is not None


def _has_paper(state: PageState) -> bool:
    return state.has_paper


def _submits(state: PageState) -> bool:
    return state.may_write and state.allows(ReportAction.SUBMIT)


def _audits(state: PageState) -> bool:
    return state.allows(ReportAction.AUDIT)


def _returns(state: PageState) -> bool:
    return state.allows(ReportAction.RETURN)


def _withdraws(state: PageState) -> bool:
    return state.allows(ReportAction.WITHDRAW)


def _prints(state: PageState) -> bool:
    return state.may_print


def _saves(state: PageState) -> bool:
    return state.may_write and state.allows(ReportAction.SAVE)


def _compares(state: PageState) -> bool:
    return state.drawn is not None and len(state.history) > 1


ACTIONS = (
    Action("reading.help", "快捷键", "F1", "help"),
    Action("reading.acquire", "采集", "F2", "voice", "打开心电单机采集", _acquires),
    Action("reading.measure", "测量", "F3", "measure", "再按一次退出测量；右键清除", _drawn),
    Action("reading.filter", "滤波", "F4", "filter", "只改变显示和打印，不改变存储的数据", _drawn),
    Action("reading.refresh", "刷新", "F5", "refresh", palette=True),
    Action("reading.parameters", "心电参数区", "F6", "list", "光标进入参数区，直接输入数值"),
    Action("reading.diagnosis", "心电诊断", "F7", "edit", "光标进入诊断框，左侧出现术语词库和符号"),
    Action("reading.compare", "历史对比", "F8", "compare", "选择一次历史检查：叠加、数值变化和语句", _compares),
    Action("reading.save", "保存", "F9", "", "保存草稿，不发布", _saves),
    Action("reading.submit", "提交报告", "F10", "", "", _submits),
    Action("reading.quick_print", "快速打印", "F12", "", "直接打印当前报告", _prints),
    Action("reading.findings", "检查所见", "Shift+F7", "edit"),
    Action("reading.terms", "查找术语", "Ctrl+F", "search", "光标进入词库查找", _writes),
    Action("reading.audit", "审核", "Ctrl+F10", "", "审核并发布初读报告", _audits),
    Action("reading.return", "退回", "", "", "退回初读医生并说明原因", _returns),
    Action("reading.attach", "附加 PDF 文档", "Ctrl+O", "document", "动态、运动心电图的 PDF 报告", _acquires),
    Action("reading.next", "下一份待阅", "Ctrl+N", "send", "打开下一份待阅或待会诊的心电图，最紧急的在前"),
    Action("reading.withdraw", "撤回报告", "", "", "撤回后可修改，原版本保留", _withdraws, danger=True),
    Action("reading.preview", "打印预览", "Ctrl+Shift+P", "document", "", _has_paper),
    Action("reading.template", "打印设置", "Ctrl+P", "gear", "选择报告模板"),
    Action("reading.zoom_in", "放大", "Ctrl+=", "add", "滚轮向前", _has_paper),
    Action("reading.zoom_out", "缩小", "Ctrl+-", "minus", "滚轮向后", _has_paper),
    Action("reading.reset", "原始比例", "Ctrl+0", "scan", "恢复真实比例", _has_paper),
    Action("reading.spacing", "间距", "Ctrl+D", "sort", "普通间距和加宽间距切换，不影响打印", _drawn),
    Action("reading.accept", "采纳建议", "Alt+Return", "check", "采纳第一条待确认的机器建议", _writes),
    Action("reading.accept_all", "采纳全部建议", "Alt+Shift+Return", "check", "采纳所有待确认的机器建议", _writes),
    Action("reading.reject", "不采纳", "Alt+Backspace", "close", "否定第一条待确认的机器建议", _writes),
    Action("reading.undo", "撤销上一步", "Ctrl+Z", "undo", "", _writes),
    Action("reading.redo", "恢复撤销", "Ctrl+Y", "redo", "", _writes),
)

MOUSE = (
    ("滚轮", "放大、缩小波形"),
    ("右键拖动", "移动波形"),
    ("右键单击", "清除测量"),
    ("左键拖动（测量时）", "测量时间和振幅"),
    ("Esc", "退出测量、关闭词库"),
)
