"""Handlers of critical ECGs."""

from __future__ import annotations

from server.ecg.critical.service import CriticalEcgs
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller, handles
from shared.contract import ecg_critical as contract


class CriticalEcgsRpc:
    """Offers the room to the router."""

    def __init__(self, service: CriticalEcgs) -> None:
        self._service = service

    @handles
    def get_critical_rules(
        self, request: contract.GetCriticalRules, caller: Caller, uow: UnitOfWork
    ) -> contract.CriticalSettings:
        return self._service.settings(uow)

    @handles
    def save_critical_rules(
        self, request: contract.SaveCriticalRules, caller: Caller, uow: UnitOfWork
    ) -> contract.CriticalSettings:
        return self._service.save_settings(uow, request.settings)

    @handles
    def list_alarms(
        self, request: contract.ListAlarms, caller: Caller, uow: UnitOfWork
    ) -> tuple[contract.AlarmView, ...]:
        return self._service.listed(uow, caller, request.exam_id, open_only=request.open_only)

    @handles
    def acknowledge_alarm(
        self, request: contract.AcknowledgeAlarm, caller: Caller, uow: UnitOfWork
    ) -> contract.AlarmView:
        return self._service.acknowledge(uow, caller, request.alarm_id, request.note)
