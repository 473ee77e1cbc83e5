"""The registration workstation: its pages, actions and start."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from clients.kit.actions import Action
from clients.kit.app import run_workstation
from clients.kit.connection import Connector
from clients.kit.shell import Page
from clients.kit.translations import register_catalogue
from clients.registration import texts
from clients.registration.desk import DeskKeeper
from shared.domain.permissions import Permission

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from clients.kit.shell import Workplace

TITLE = "登记工作站"

_REGISTRATION = (
    Action("registration.submit", "提交登记", "Ctrl+Return", "submit"),
    Action("registration.clear", "清空", "Ctrl+Shift+Delete", "clear"),
    Action("registration.number", "查询申请单", "F2", "search"),
    Action("registration.items", "添加检查项目", "F3", "add"),
    Action("registration.paper", "拍摄申请单", "F9", "camera"),
    Action("registration.likeliest", "使用可能的同一患者", "F4", "users"),
    Action("registration.safe", "安全问题其余均为“否”", "F8", "check"),
    Action("registration.search", "查找今日登记", "Ctrl+F", "search"),
    Action("registration.refresh", "刷新", "F5", "refresh"),
    Action("registration.printers", "打印机设置", "Ctrl+Shift+P", "print"),
)
_REFERRAL = (
    Action("referral.submit", "提交转诊", "Ctrl+Return", "submit"),
    Action("referral.clear", "清空", "Ctrl+Shift+Delete", "clear"),
    Action("referral.number", "查询申请单", "F2", "search"),
    Action("referral.items", "添加检查项目", "F3", "add"),
    Action("referral.search", "查找转诊", "Ctrl+F", "search"),
    Action("referral.refresh", "刷新", "F5", "refresh"),
    Action("referral.paper", "拍摄申请单", "F9", "camera"),
)
_CALENDAR = (
    Action("calendar.refresh", "刷新", "F5", "refresh"),
    Action("calendar.today", "今天", "Ctrl+T", "calendar"),
    Action("calendar.back", "前一周", "Ctrl+Left", "chevron_left"),
    Action("calendar.on", "后一周", "Ctrl+Right", "chevron_right"),
)
_MANAGEMENT = (
    Action("management.query", "查询", "Ctrl+Return", "search"),
    Action("management.reset", "重置", "Ctrl+Shift+Delete", "undo"),
    Action("management.refresh", "刷新", "F5", "refresh"),
)
_QUEUE = (
    Action("queue.next", "呼叫下一位", "F6", "call"),
    Action("queue.call", "呼叫 / 重呼", "F7", "call_again"),
    Action("queue.pass", "过号", "F8", "pass"),
    Action("queue.start", "开始检查", "F9", "play"),
    Action("queue.finish", "检查完成", "F10", "check"),
    Action("queue.room", "修改检查室", "Ctrl+R", "room"),
    Action("queue.details", "详情", "Ctrl+D", "details"),
    Action("queue.refresh", "刷新", "F5", "refresh"),
)
_MATCHING = (
    Action("matching.match", "匹配", "Ctrl+Return", "check", enabled=lambda state: state.may_match),
    Action("matching.refresh", "刷新", "F5", "refresh"),
)
_MERGING = (
    Action("merging.merge", "合并", "Ctrl+Return", "users"),
    Action("merging.swap", "左右互换", "Ctrl+Shift+X", "sort"),
    Action("merging.search", "查找患者", "Ctrl+F", "search"),
    Action("merging.refresh", "刷新", "F5", "refresh"),
)


def make_pages() -> tuple[Page, ...]:
    """The pages of one window; they share a desk per session."""
    keeper = DeskKeeper()

    def build_registration(place: Workplace) -> QWidget:
        from clients.registration.registration_page import RegistrationPage

        return RegistrationPage(place, keeper.desk_for(place))

    def build_referral(place: Workplace) -> QWidget:
        from clients.registration.referral.view import ReferralPage

        return ReferralPage(place, keeper.desk_for(place))

    def build_calendar(place: Workplace) -> QWidget:
        from clients.registration.calendar.view import CalendarPage

        return CalendarPage(place, keeper.desk_for(place))

    def build_management(place: Workplace) -> QWidget:
        from clients.registration.management.view import ManagementPage

        return ManagementPage(place, keeper.desk_for(place))

    def build_queue(place: Workplace) -> QWidget:
        from clients.registration.queue.view import QueuePage

        return QueuePage(place, keeper.desk_for(place))

    def build_matching(place: Workplace) -> QWidget:
        from clients.registration.matching.view import MatchingPage

        return MatchingPage(place)

    def build_merging(place: Workplace) -> QWidget:
        from clients.registration.merging.view import MergingPage

        return MergingPage(place)

    return (
        Page("registration", "检查登记", "clipboard", build_registration, _REGISTRATION, Permission.REGISTER),
        Page("referral", "转诊登记", "send", build_referral, _REFERRAL, Permission.REGISTER),
        Page("calendar", "预约日历", "calendar", build_calendar, _CALENDAR, Permission.REGISTER),
        Page("management", "登记管理", "list", build_management, _MANAGEMENT, Permission.REGISTER),
        Page("queue", "叫号", "call", build_queue, _QUEUE, Permission.CALL),
        Page("matching", "影像匹配", "image", build_matching, _MATCHING, Permission.MATCH_IMAGES),
        Page("merging", "患者合并", "users", build_merging, _MERGING, Permission.REGISTER),
    )


def run(argv: Sequence[str], connector: Connector) -> int:
    """Run the workstation until its window is closed; the exit status."""
    register_catalogue(texts.ENTRIES)
    return run_workstation(TITLE, make_pages(), argv, connector, prog="mingjing registration")
