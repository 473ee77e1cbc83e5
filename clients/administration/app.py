"""The administrator's workstation: its pages and start."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from clients.administration import critical, platform, schedules, texts
from clients.administration.exporting import EXPORTS
from clients.administration.hall import HALLS
from clients.administration.importing import IMPORTS
from clients.administration.interfaces import FHIR, HL7_INCOMING, HL7_OUTGOING, MESSAGES
from clients.administration.keeping import BACKUPS, BIN, CHECK, HOLDS
from clients.administration.master.tabs import hospital_page, people_page
from clients.administration.people import PEERS
from clients.administration.policy.rules import COMPRESSION, RETENTION
from clients.administration.queue_rules import queue_page
from clients.administration.results import RESULT_RULES, RESULTS
from clients.administration.routing import COERCIONS, FORWARDS, ROUTING_RULES, TARGETS
from clients.administration.safety_questions import QUESTIONS
from clients.administration.storage import MOVED, PREFETCH, STORAGE_RULES, STORES
from clients.administration.studies import STUDIES, UNMATCHED
from clients.administration.system import CUSTOM_TAGS, TOKENS
from clients.administration.table.spec import TableSpec
from clients.administration.tasks import TASKS
from clients.kit.app import run_workstation
from clients.kit.connection import Connector
from clients.kit.shell import Page, Workplace
from clients.kit.translations import register_catalogue
from shared.domain.permissions import Permission

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

TITLE = "管理工作站"


def _page(page_id: str, title: str, icon: str, *tabs: tuple[str, TableSpec]) -> Page:
    def build(place: Workplace) -> QWidget:
        from clients.administration.table.view import TablePage
        from clients.administration.tabs import TabbedPage

        return TabbedPage(place, tabs) if len(tabs) > 1 else TablePage(place, tabs[0][1])

    return Page(page_id, title, icon, build, permission=Permission.ADMINISTER)


def _overview(place: Workplace) -> QWidget:
    from clients.administration.overview.view import OverviewPage

    return OverviewPage(place)


def _policy(place: Workplace) -> QWidget:
    from clients.administration.policy.view import PolicyPage
    from clients.administration.report_times.view import TimeLimitsPage
    from clients.administration.tabs import PageSpec, TabbedPage

    return TabbedPage(
        place,
        (
            ("期限", PageSpec("times", PolicyPage)),
            ("到期规则", RETENTION),
            ("压缩规则", COMPRESSION),
            ("报告时限", PageSpec("report_times", TimeLimitsPage)),
        ),
    )


def _checker(place: Workplace) -> QWidget:
    from clients.administration.checker.tables import SWITCHES, WORDS
    from clients.administration.checker.view import UsePage
    from clients.administration.tabs import PageSpec, TabbedPage

    return TabbedPage(
        place, (("提示效用", PageSpec("checker-use", UsePage)), ("提示开关", SWITCHES), ("用语词典", WORDS))
    )


def _templates(place: Workplace) -> QWidget:
    from clients.designer.view import TemplatesPage

    return TemplatesPage(place)


def _structured(place: Workplace) -> QWidget:
    from clients.administration.structured.view import build

    return build(place)


def make_pages() -> tuple[Page, ...]:
    """The pages of one window."""
    return (
        Page("overview", "概览", "home", _overview, permission=Permission.ADMINISTER),
        _page("studies", "影像", "image", ("影像", STUDIES), ("待匹配", UNMATCHED)),
        _page(
            "storage",
            "存储",
            "archive",
            ("存储位置", STORES),
            ("存储规则", STORAGE_RULES),
            ("预取", PREFETCH),
            ("不在线的影像", MOVED),
        ),
        _page(
            "routing",
            "转发",
            "submit",
            ("转发记录", FORWARDS),
            ("转发目标", TARGETS),
            ("转发规则", ROUTING_RULES),
            ("接收更正", COERCIONS),
        ),
        _page("exchange", "导入导出", "upload", ("导入", IMPORTS), ("导出", EXPORTS)),
        _page("bin", "回收站", "clear", ("回收站", BIN), ("法律保留", HOLDS)),
        Page("policy", "保存策略", "clock", _policy, permission=Permission.ADMINISTER),
        _page("safety", "备份检查", "check_circle", ("备份", BACKUPS), ("归档检查", CHECK)),
        Page("master", "基础数据", "grid", hospital_page, permission=Permission.ADMINISTER),
        Page("people", "人员", "users", people_page, permission=Permission.ADMINISTER),
        _page("appointments", "预约转诊", "calendar", *schedules.TABS, *platform.TABS, ("安全问题", QUESTIONS)),
        Page("queues", "排队", "queue", queue_page, permission=Permission.ADMINISTER),
        _page("critical", "危急值", "bell", *critical.TABS),
        Page("checker", "报告检查", "check_circle", _checker, permission=Permission.ADMINISTER),
        _page("halls", "大厅", "call", ("大厅", HALLS)),
        _page(
            "interfaces",
            "接口",
            "send",
            ("消息", MESSAGES),
            ("HL7 接收", HL7_INCOMING),
            ("HL7 发送", HL7_OUTGOING),
            ("FHIR", FHIR),
            ("报告结果", RESULTS),
            ("结果规则", RESULT_RULES),
        ),
        Page("templates", "打印模板", "print", _templates, permission=Permission.ADMINISTER),
        Page("structured", "结构化模板", "template", _structured, permission=Permission.ADMINISTER),
        _page("tasks", "任务", "hourglass", ("任务", TASKS)),
        _page("system", "系统", "gear", ("节点", PEERS), ("令牌", TOKENS), ("自定义索引", CUSTOM_TAGS)),
    )


def run(argv: Sequence[str], connector: Connector) -> int:
    """Run the workstation until its window is closed; the exit status."""
    register_catalogue(texts.ENTRIES)
    return run_workstation(TITLE, make_pages(), argv, connector, prog="mingjing administration")
