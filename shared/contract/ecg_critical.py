"""Critical ECGs (EX-ECG-09): the configurable list, and the alarms that a trace raised when it arrived."""

from __future__ import annotations

from datetime import datetime

import msgspec

from shared.contract.base import AuditClass, Command, Query
from shared.domain.critical import LoopState
from shared.domain.permissions import Permission


class AlarmView(msgspec.Struct, frozen=True, kw_only=True):
    """A critical ECG: what was found when the trace arrived, and the loop that follows it (EX-ECG-09)."""

    id: int
    exam_id: int
    trace_id: int
    rule: str
    zh: str
    en: str
    reason_zh: str
    reason_en: str
    found_at: datetime
    loop_id: int  # of shared.contract.critical, where telling, acknowledging and escalating go on
    loop_state: LoopState | None
    acknowledged_at: datetime | None = None
    acknowledged_by: str = ""
    patient_name: str = ""
    accession_number: str = ""
    hospital: str = ""


class CriticalRule(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the configurable list; `limit` has the unit that `unit` names, None where the rule has no number."""

    code: str
    zh: str
    en: str
    enabled: bool
    limit: float | None = None
    unit: str = ""
    is_alarm: bool = True  # opens the loop at once; else it only warns and sorts the list


class CriticalSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The list of a server; `version` 0 before it was ever saved."""

    version: int
    rules: tuple[CriticalRule, ...]


class GetCriticalRules(Query[CriticalSettings], frozen=True, kw_only=True):
    """The list in force."""

    method = "ecg_critical.get_rules"
    permission = Permission.ECG_VIEW
    audit = AuditClass.ROUTINE


class SaveCriticalRules(Command[CriticalSettings], frozen=True, kw_only=True):
    """Change the list: switch rules, set limits. Refusals: INVALID, CONFLICT."""

    method = "ecg_critical.save_rules"
    permission = Permission.ECG_SETTINGS
    audit = AuditClass.SETTINGS

    settings: CriticalSettings


class ListAlarms(Query[tuple[AlarmView, ...]], frozen=True, kw_only=True):
    """Critical ECGs of the caller's hospitals, newest first, at most 200; `open_only`: not yet acknowledged."""

    method = "ecg_critical.list_alarms"
    permission = Permission.ECG_VIEW
    audit = AuditClass.REPORT

    open_only: bool = True
    exam_id: int = 0


class AcknowledgeAlarm(Command[AlarmView], frozen=True, kw_only=True):
    """Say that a critical ECG was seen and acted on: the loop is acknowledged with name and time.

    Refusals: NOT_FOUND, ILLEGAL_ACTION (acknowledged or cancelled already), INVALID.
    """

    method = "ecg_critical.acknowledge_alarm"
    permission = Permission.ECG_CRITICAL
    audit = AuditClass.REPORT

    alarm_id: int
    note: str = ""
