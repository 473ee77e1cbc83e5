"""The pages of the ECG workstation as a table: who sees them and which module makes them."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from clients.kit.actions import Action
from shared.domain.permissions import Permission

HOME = "home"
HIS = "his"
HEALTH_CHECK = "health_check"
IN_HOSPITAL = "in_hospital"
READING = "reading"
ACCEPTANCE = "acceptance"
CONSULTATION_REPORTS = "consultation_reports"
ORPHANS = "orphans"
COLLECTED = "collected"
DEVICES = "devices"
TEAMS = "teams"
TERMS = "terms"
STATISTICS = "statistics"
CRITICAL = "critical"
LINES = "lines"
SETTINGS = "settings"


@dataclass(frozen=True, slots=True)
class PageSpec:
    """One entry at the left edge. `maker` is ``"module:name"`` of ``maker(desk, place) -> QWidget``; `actions` names a
    sequence of `Action` in the same way. A page whose module nobody wrote yet is left out."""

    id: str
    title: str
    icon: str
    maker: str
    permission: Permission
    actions: str = ""


PAGES: tuple[PageSpec, ...] = (
    PageSpec(
        HOME, "主界面", "home", "clients.ecg.shell.home:HomePage", Permission.ECG_VIEW, "clients.ecg.shell.keys:HOME"
    ),
    PageSpec(
        HIS,
        "HIS登记",
        "clipboard",
        "clients.ecg.registration.his:HisPage",
        Permission.ECG_REGISTER,
        "clients.ecg.shell.keys:HIS",
    ),
    PageSpec(
        HEALTH_CHECK,
        "体检检查",
        "body",
        "clients.ecg.lists.view:HealthCheckPage",
        Permission.ECG_VIEW,
        "clients.ecg.shell.keys:HEALTH_CHECK",
    ),
    PageSpec(
        IN_HOSPITAL,
        "院内检查",
        "list",
        "clients.ecg.lists.view:InHospitalPage",
        Permission.ECG_VIEW,
        "clients.ecg.shell.keys:IN_HOSPITAL",
    ),
    PageSpec(READING, "心电阅图", "voice", "clients.ecg.shell.readings:ReadingArea", Permission.ECG_VIEW),
    PageSpec(
        ACCEPTANCE,
        "受理记录",
        "sign_in",
        "clients.ecg.consultations.acceptance:AcceptancePage",
        Permission.ECG_ACCEPT_CONSULTATION,
        "clients.ecg.shell.keys:ACCEPTANCE",
    ),
    PageSpec(
        CONSULTATION_REPORTS,
        "会诊报告",
        "send",
        "clients.ecg.consultations.reports:ConsultationReportsPage",
        Permission.ECG_APPLY_CONSULTATION,
        "clients.ecg.shell.keys:CONSULTATION_REPORTS",
    ),
    PageSpec(
        COLLECTED,
        "收藏夹",
        "star",
        "clients.ecg.lists.collected:CollectedPage",
        Permission.ECG_VIEW,
        "clients.ecg.shell.keys:COLLECTED",
    ),
    PageSpec(
        ORPHANS,
        "未匹配心电图",
        "help",
        "clients.ecg.administration.orphans:OrphansPage",
        Permission.ECG_MATCH,
        "clients.ecg.shell.keys:ORPHANS",
    ),
    PageSpec(
        DEVICES,
        "设备管理",
        "display",
        "clients.ecg.administration.devices:DevicesPage",
        Permission.ECG_DEVICES,
        "clients.ecg.shell.keys:DEVICES",
    ),
    PageSpec(
        LINES,
        "线路管理",
        "cloud",
        "clients.ecg.lines.page:LinesPage",
        Permission.ECG_LINES,
        "clients.ecg.shell.keys:LINES",
    ),
    PageSpec(
        TEAMS,
        "会诊团队",
        "users",
        "clients.ecg.administration.teams:TeamsPage",
        Permission.ECG_LEAD_CONSULTATION,
        "clients.ecg.shell.keys:TEAMS",
    ),
    PageSpec(
        CRITICAL,
        "危急心电图",
        "bell",
        "clients.ecg.critical.page:CriticalPage",
        Permission.ECG_CRITICAL,
        "clients.ecg.shell.keys:CRITICAL",
    ),
    PageSpec(TERMS, "术语词库", "text", "clients.ecg.terms.page:TermsPage", Permission.ECG_TERMS),
    PageSpec(STATISTICS, "统计", "chart", "clients.ecg.statistics.page:StatisticsPage", Permission.ECG_STATISTICS),
    PageSpec(SETTINGS, "心电设置", "gear", "clients.ecg.settings.page:SettingsPage", Permission.ECG_SETTINGS),
)


def find(name: str) -> Any:
    """Import ``"module:name"``; None while nobody wrote it. A module that fails to import is a defect and raises."""
    module, _, attribute = name.partition(":")
    parts = module.split(".")
    for length in range(1, len(parts) + 1):
        if importlib.util.find_spec(".".join(parts[:length])) is None:
            return None
    return getattr(importlib.import_module(module), attribute, None)


def is_written(name: str) -> bool:
    """Say whether the module of ``"module:name"`` exists, without importing it."""
    module = name.partition(":")[0]
    parts = module.split(".")
    return all(importlib.util.find_spec(".".join(parts[:length])) for length in range(1, len(parts) + 1))


def actions_of(spec: PageSpec) -> Sequence[Action]:
    """What the page declares for its keys."""
    return (find(spec.actions) or ()) if spec.actions else ()
