"""Handlers of accounts and designs: each calls one use case."""

from __future__ import annotations

from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller, handles, handles_alone
from server.pathology.settings.accounts import AccountService
from server.pathology.settings.designs import Designs
from shared.contract import pathology_settings as contract
from shared.contract.printing import PaperTemplateView, TemplateInfo


class SettingsRpc:
    """What the settings pages ask."""

    def __init__(self, accounts: AccountService, designs: Designs) -> None:
        self._accounts = accounts
        self._designs = designs

    @handles
    def accounts(self, request: contract.ListAccounts, _caller: Caller, uow: UnitOfWork) -> contract.AccountsView:
        return self._accounts.all(uow, with_inactive=request.with_inactive)

    @handles
    def staff(self, request: contract.ListStaff, _caller: Caller, uow: UnitOfWork) -> tuple[str, ...]:
        return self._accounts.staff(uow, request.right)

    @handles_alone
    def add_account(self, request: contract.AddAccount, _caller: Caller) -> contract.AccountView:
        return self._accounts.add(request)

    @handles
    def set_rights(self, request: contract.SetAccountRights, _caller: Caller, uow: UnitOfWork) -> contract.AccountView:
        return self._accounts.set_rights(uow, request)

    @handles
    def set_active(self, request: contract.SetAccountActive, caller: Caller, uow: UnitOfWork) -> contract.AccountView:
        return self._accounts.set_active(uow, caller, request)

    @handles_alone
    def reset_password(self, request: contract.ResetAccountPassword, caller: Caller) -> contract.AccountView:
        return self._accounts.reset_password(caller, request)

    @handles
    def design_versions(
        self, request: contract.ListDesignVersions, _caller: Caller, uow: UnitOfWork
    ) -> tuple[TemplateInfo, ...]:
        return self._designs.versions(uow, request.kind)

    @handles
    def save_design(self, request: contract.SaveDesign, caller: Caller, uow: UnitOfWork) -> PaperTemplateView:
        return self._designs.save(uow, caller, request.kind, request.text, request.base_version, request.note)

    @handles
    def restore_design(self, request: contract.RestoreDesign, caller: Caller, uow: UnitOfWork) -> PaperTemplateView:
        return self._designs.restore(uow, caller, request.kind, request.version, request.base_version)
