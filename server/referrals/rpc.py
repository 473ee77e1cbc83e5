"""Handlers of organisations and referrals."""

from __future__ import annotations

from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller, handles
from server.referrals.service import ReferralService
from shared.contract.base import Nothing
from shared.contract.referrals import (
    AcceptReferral,
    CancelReferral,
    GetNetwork,
    GetReferral,
    GetReferralDetails,
    ListReferrals,
    NetworkView,
    OrganisationGroupView,
    OrganisationView,
    PushReferral,
    ReferralDetails,
    ReferralList,
    ReferralView,
    RefuseReferral,
    RemoveOrganisationGroup,
    SaveOrganisation,
    SaveOrganisationGroup,
    SubmitReferral,
)


class ReferralsRpc:
    """What workstations ask about referrals."""

    def __init__(self, referrals: ReferralService) -> None:
        self._referrals = referrals

    @handles
    def get_network(self, request: GetNetwork, caller: Caller, uow: UnitOfWork) -> NetworkView:
        return self._referrals.network.view(uow)

    @handles
    def save_group(self, request: SaveOrganisationGroup, caller: Caller, uow: UnitOfWork) -> OrganisationGroupView:
        return self._referrals.network.save_group(uow, request.group)

    @handles
    def remove_group(self, request: RemoveOrganisationGroup, caller: Caller, uow: UnitOfWork) -> Nothing:
        self._referrals.network.remove_group(uow, request.group_id)
        return Nothing()

    @handles
    def save_organisation(self, request: SaveOrganisation, caller: Caller, uow: UnitOfWork) -> OrganisationView:
        return self._referrals.network.save(uow, request.organisation)

    @handles
    def submit(self, request: SubmitReferral, caller: Caller, uow: UnitOfWork) -> ReferralView:
        return self._referrals.submit(uow, caller, request)

    @handles
    def list_referrals(self, request: ListReferrals, caller: Caller, uow: UnitOfWork) -> ReferralList:
        return self._referrals.list_referrals(uow, caller, request)

    @handles
    def get(self, request: GetReferral, caller: Caller, uow: UnitOfWork) -> ReferralView:
        return self._referrals.view(uow, caller, request.exam_id)

    @handles
    def get_details(self, request: GetReferralDetails, caller: Caller, uow: UnitOfWork) -> ReferralDetails:
        return self._referrals.details_of_exam(uow, caller, request.exam_id)

    @handles
    def accept(self, request: AcceptReferral, caller: Caller, uow: UnitOfWork) -> ReferralView:
        return self._referrals.accept(uow, caller, request)

    @handles
    def refuse(self, request: RefuseReferral, caller: Caller, uow: UnitOfWork) -> ReferralView:
        return self._referrals.refuse(uow, caller, request)

    @handles
    def cancel(self, request: CancelReferral, caller: Caller, uow: UnitOfWork) -> ReferralView:
        return self._referrals.cancel(uow, caller, request)

    @handles
    def push(self, request: PushReferral, caller: Caller, uow: UnitOfWork) -> ReferralView:
        return self._referrals.push(uow, caller, request)
