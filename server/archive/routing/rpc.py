"""Handlers of shared/contract/routing.py."""

from __future__ import annotations

from server.archive.routing.service import RoutingService
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller, handles, handles_alone
from shared.contract import routing as contract
from shared.contract.base import Nothing


class RoutingRpc:
    """One handler per request."""

    def __init__(self, service: RoutingService) -> None:
        self._service = service

    @handles
    def list_targets(
        self, request: contract.ListTargets, caller: Caller, uow: UnitOfWork
    ) -> tuple[contract.TargetView, ...]:
        return self._service.list_targets(uow)

    @handles
    def save_target(self, request: contract.SaveTarget, caller: Caller, uow: UnitOfWork) -> contract.TargetView:
        return self._service.save_target(uow, request)

    @handles
    def remove_target(self, request: contract.RemoveTarget, caller: Caller, uow: UnitOfWork) -> Nothing:
        self._service.remove_target(uow, request.id)
        return Nothing()

    @handles_alone
    def test_target(self, request: contract.TestTarget, caller: Caller) -> str:
        return self._service.test_target(request.id)

    @handles
    def list_rules(self, request: contract.ListRules, caller: Caller, uow: UnitOfWork) -> tuple[contract.RuleView, ...]:
        return self._service.list_rules(uow)

    @handles
    def save_rule(self, request: contract.SaveRule, caller: Caller, uow: UnitOfWork) -> contract.RuleView:
        return self._service.save_rule(uow, request)

    @handles
    def remove_rule(self, request: contract.RemoveRule, caller: Caller, uow: UnitOfWork) -> Nothing:
        self._service.remove_rule(uow, request.id)
        return Nothing()

    @handles
    def preview_rule(
        self, request: contract.PreviewRule, caller: Caller, uow: UnitOfWork
    ) -> tuple[contract.RulePreview, ...]:
        return self._service.preview(uow, request)

    @handles
    def list_coercions(
        self, request: contract.ListCoercions, caller: Caller, uow: UnitOfWork
    ) -> tuple[contract.CoercionView, ...]:
        return self._service.list_coercions(uow)

    @handles
    def save_coercion(self, request: contract.SaveCoercion, caller: Caller, uow: UnitOfWork) -> contract.CoercionView:
        return self._service.save_coercion(uow, request)

    @handles
    def remove_coercion(self, request: contract.RemoveCoercion, caller: Caller, uow: UnitOfWork) -> Nothing:
        self._service.remove_coercion(uow, request.id)
        return Nothing()

    @handles
    def list_forwards(self, request: contract.ListForwards, caller: Caller, uow: UnitOfWork) -> contract.ForwardList:
        return self._service.list_forwards(uow, request)

    @handles
    def send_study(self, request: contract.SendStudy, caller: Caller, uow: UnitOfWork) -> contract.ForwardView:
        return self._service.send_study(uow, request.study_uid, request.target_id)

    @handles
    def resend(self, request: contract.ResendForward, caller: Caller, uow: UnitOfWork) -> contract.ForwardView:
        return self._service.resend(uow, request.forward_id, everything=request.everything)

    @handles
    def cancel(self, request: contract.CancelForward, caller: Caller, uow: UnitOfWork) -> contract.ForwardView:
        return self._service.cancel(uow, request.forward_id)
