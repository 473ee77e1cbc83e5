"""查询统计, 报告管理, 特检管理 and 档案管理."""

from __future__ import annotations

from clients.pathology.menus.entry import IN_ARCHIVE, IN_DIAGNOSIS, IN_ORDERS, IN_STATISTICS, Entry, Menu, Needs
from shared.domain.pathology import CaseAction
from shared.domain.permissions import Permission as May

_MAY_COUNT = May.PATHOLOGY_STATISTICS
QUERIES = Menu(
    "queries",
    "查询统计",
    (
        Entry("query.general", "一般查询", IN_STATISTICS + "general_query", "Ctrl+F", "search"),
        Entry("query.advanced", "高级查询", IN_STATISTICS + "advanced_query", "Ctrl+Shift+F", "filter"),
        Entry(
            "query.distribution",
            "疾病-年龄-性别分布统计",
            IN_STATISTICS + "distribution",
            icon="chart",
            permission=_MAY_COUNT,
            line=True,
        ),
        Entry("query.slides", "切片分类评级统计", IN_STATISTICS + "slide_grades", icon="chart", permission=_MAY_COUNT),
        Entry(
            "query.departments", "科室工作量统计", IN_STATISTICS + "departments", icon="chart", permission=_MAY_COUNT
        ),
        Entry("query.staff", "人员工作量统计", IN_STATISTICS + "staff", icon="chart", permission=_MAY_COUNT),
        Entry("query.agreement", "诊断符合率统计", IN_STATISTICS + "agreement", icon="chart", permission=_MAY_COUNT),
        Entry("query.sources", "标本来源统计", IN_STATISTICS + "sources", icon="chart", permission=_MAY_COUNT),
        Entry("query.positive", "阳性率统计", IN_STATISTICS + "positive_rate", icon="chart", permission=_MAY_COUNT),
        Entry("query.quality", "质控指标", IN_STATISTICS + "quality", icon="chart", permission=_MAY_COUNT),
        Entry("query.charges", "收费统计", IN_STATISTICS + "charges", icon="money", permission=May.PATHOLOGY_CHARGES),
        Entry("query.book", "登记薄打印", IN_STATISTICS + "register_book", icon="print", line=True),
        Entry(
            "query.tumours",
            "肿瘤登记导出",
            IN_STATISTICS + "tumours",
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
            IN_DIAGNOSIS + "delay",
            "",
            "clock",
            May.PATHOLOGY_DELAY,
            Needs.OPEN,
            CaseAction.DELAY,
        ),
        Entry(
            "report.audit",
            "报告审核",
            IN_DIAGNOSIS + "audit",
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
            IN_DIAGNOSIS + "reopen",
            "",
            "unlock",
            May.PATHOLOGY_REVISE,
            Needs.OPEN,
            CaseAction.REOPEN,
        ),
        Entry(
            "report.preview",
            "报告预览",
            IN_DIAGNOSIS + "preview",
            "F9",
            "eye",
            needs=Needs.OPEN,
            caption="预览",
            line=True,
        ),
        Entry(
            "report.print",
            "报告打印",
            IN_DIAGNOSIS + "print_report",
            "Ctrl+P",
            "print",
            May.PATHOLOGY_PRINT,
            Needs.OPEN,
            CaseAction.PRINT,
            caption="打印",
        ),
        Entry("report.copy", "报告复制", IN_DIAGNOSIS + "copy", icon="copy", needs=Needs.OPEN, line=True),
        Entry(
            "report.paste",
            "报告粘贴",
            IN_DIAGNOSIS + "paste",
            icon="clipboard",
            needs=Needs.DESK,
            hint="粘贴复制的报告内容",
        ),
        Entry(
            "report.output",
            "报告输出",
            IN_DIAGNOSIS + "output",
            icon="download",
            permission=May.PATHOLOGY_EXPORT,
            needs=Needs.OPEN,
        ),
        Entry(
            "report.send",
            "报告发送",
            IN_DIAGNOSIS + "send",
            "",
            "send",
            May.PATHOLOGY_SEND,
            Needs.OPEN,
            CaseAction.SEND,
        ),
        Entry(
            "report.batch_audit",
            "批量审核",
            IN_DIAGNOSIS + "batch_audit",
            icon="audit",
            permission=May.PATHOLOGY_AUDIT,
            line=True,
        ),
        Entry(
            "report.batch_print", "批量打印", IN_DIAGNOSIS + "batch_print", icon="print", permission=May.PATHOLOGY_PRINT
        ),
        Entry("report.batch_send", "批量发送", IN_DIAGNOSIS + "batch_send", icon="send", permission=May.PATHOLOGY_SEND),
        Entry(
            "report.format",
            "调整报告格式",
            IN_DIAGNOSIS + "adjust_format",
            icon="layout",
            permission=May.PATHOLOGY_FORMATS,
            line=True,
        ),
        Entry(
            "report.technical",
            "技术医嘱",
            IN_ORDERS + "technical",
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
            IN_ORDERS + "special",
            "Ctrl+Shift+T",
            "tag",
            May.PATHOLOGY_DIAGNOSE,
            Needs.OPEN,
            CaseAction.ORDER,
            caption="特检医嘱",
        ),
        Entry(
            "special.billing", "特检计费", IN_ORDERS + "special_billing", icon="money", permission=May.PATHOLOGY_CHARGES
        ),
        Entry("special.results", "提取特检结果", IN_ORDERS + "take_results", icon="download", needs=Needs.OPEN),
        Entry("special.enter", "录入特检结果", IN_ORDERS + "enter_results", icon="edit", needs=Needs.OPEN, line=True),
        Entry("special.feedback", "执行情况", IN_ORDERS + "feedback", icon="bell", needs=Needs.OPEN),
        Entry(
            "special.reagents", "试剂批号", IN_ORDERS + "reagents", icon="tag", permission=May.PATHOLOGY_EXECUTE_ORDERS
        ),
    ),
)
ARCHIVE = Menu(
    "archive",
    "档案管理",
    (
        Entry("archive.blocks", "蜡块归档", IN_ARCHIVE + "blocks", icon="archive", permission=May.PATHOLOGY_ARCHIVE),
        Entry("archive.slides", "切片归档", IN_ARCHIVE + "slides", icon="archive", permission=May.PATHOLOGY_ARCHIVE),
        Entry("archive.papers", "资料归档", IN_ARCHIVE + "papers", icon="folder", permission=May.PATHOLOGY_ARCHIVE),
        Entry(
            "archive.lend", "借出管理", IN_ARCHIVE + "lending", icon="upload", permission=May.PATHOLOGY_LEND, line=True
        ),
        Entry("archive.return", "归还管理", IN_ARCHIVE + "returning", icon="download", permission=May.PATHOLOGY_LEND),
        Entry("archive.loans", "借阅信息浏览", IN_ARCHIVE + "loans", icon="search"),
    ),
)
