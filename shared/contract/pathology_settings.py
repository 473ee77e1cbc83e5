"""Settings of the pathology department that are no other room's: accounts with their rights, designs of reports.

A change of an account tells `Changed("pathology_account", user id, version)`; designs tell what
`shared.contract.printing` says of them.
"""

from __future__ import annotations

import msgspec

from shared.contract.base import AuditClass, Command, Query
from shared.contract.printing import PaperTemplateView, TemplateInfo
from shared.domain.permissions import Permission

ACCOUNT_ENTITY = "pathology_account"
INITIAL_PASSWORD = "888888"
"""Of a new account (PA-USER-04); until it is changed the account may do nothing else (EX-PA-12)."""
MOST_ACCOUNTS = 2000

# ── accounts and rights (PA-USER-02 to -06, -10) ─────────────────────────────────────────────────────


class UserType(msgspec.Struct, frozen=True, kw_only=True):
    """用户类型: a role that works in pathology, and the rights that it seeds."""

    code: str
    name: str
    name_en: str
    rights: tuple[Permission, ...]


class AccountView(msgspec.Struct, frozen=True, kw_only=True):
    """An account of the department. Only rights of pathology are told and changed here."""

    id: int
    version: int
    login: str  # 用户代码
    name: str  # 用户名
    types: tuple[str, ...]  # codes of roles
    rights: tuple[Permission, ...]  # what the account may do now, its own ticks counted
    seeded: tuple[Permission, ...]  # what its types alone would let it do
    is_active: bool
    is_fixed: bool  # an administrator: may everything, nothing is ticked
    has_initial_password: bool  # 888888 was not changed yet


class AccountsView(msgspec.Struct, frozen=True, kw_only=True):
    """The whole screen: accounts by login, and the types to pick from."""

    accounts: tuple[AccountView, ...]
    types: tuple[UserType, ...]


class ListAccounts(Query[AccountsView], frozen=True, kw_only=True):
    """Accounts of the department; those out of use only if asked for."""

    method = "pathology_settings.list_accounts"
    permission = Permission.ADMINISTER
    audit = AuditClass.SECURITY

    with_inactive: bool = False


class ListStaff(Query[tuple[str, ...]], frozen=True, kw_only=True):
    """Names of those in use who have a right, to pick from (PA-GRS-11); administrators are not named."""

    method = "pathology_settings.list_staff"
    permission = Permission.PATHOLOGY_VIEW
    audit = AuditClass.ROUTINE

    right: Permission


class AddAccount(Command[AccountView], frozen=True, kw_only=True):
    """添加用户 with the initial password; without `seeded` it has no right at all (PA-USER-04).

    Refusals: INVALID (login, name, unknown type), DUPLICATE (login).
    """

    method = "pathology_settings.add_account"
    permission = Permission.ADMINISTER
    audit = AuditClass.SECURITY

    login: str
    name: str
    type: str
    seeded: bool = False


class SetAccountRights(Command[AccountView], frozen=True, kw_only=True):
    """The ticks of an account; they count from its next action (PA-USER-06).

    Refusals: NOT_FOUND, CONFLICT, INVALID (no right of pathology), ILLEGAL_ACTION (an administrator).
    """

    method = "pathology_settings.set_account_rights"
    permission = Permission.ADMINISTER
    audit = AuditClass.SECURITY

    user_id: int
    version: int
    rights: tuple[Permission, ...]


class SetAccountActive(Command[AccountView], frozen=True, kw_only=True):
    """删除用户 (`is_active` false): the account can no longer log in; its name stays in what it signed (PA-USER-05).

    Refusals: NOT_FOUND, CONFLICT, ILLEGAL_ACTION (the own account, an administrator).
    """

    method = "pathology_settings.set_account_active"
    permission = Permission.ADMINISTER
    audit = AuditClass.SECURITY

    user_id: int
    version: int
    is_active: bool


class ResetAccountPassword(Command[AccountView], frozen=True, kw_only=True):
    """The initial password again; the account's sessions are closed.

    Refusals: NOT_FOUND, CONFLICT, ILLEGAL_ACTION (the own account, an administrator).
    """

    method = "pathology_settings.reset_account_password"
    permission = Permission.ADMINISTER
    audit = AuditClass.SECURITY

    user_id: int
    version: int


# ── designs of reports (PA-RPT-08) ───────────────────────────────────────────────────────────────────


class ListDesignVersions(Query[tuple[TemplateInfo, ...]], frozen=True, kw_only=True):
    """Versions of the design of a kind of report, newest first, the suite's own last. Refusals: INVALID (kind)."""

    method = "pathology_settings.list_design_versions"
    permission = Permission.PATHOLOGY_FORMATS
    audit = AuditClass.ROUTINE

    kind: str  # one of shared.paper.kinds.OF_PATHOLOGY


class SaveDesign(Command[PaperTemplateView], frozen=True, kw_only=True):
    """Keep a new version; reports are drawn by it from now on. Refusals: INVALID, CONFLICT."""

    method = "pathology_settings.save_design"
    permission = Permission.PATHOLOGY_FORMATS
    audit = AuditClass.SETTINGS

    kind: str
    text: str
    base_version: int
    note: str = ""


class RestoreDesign(Command[PaperTemplateView], frozen=True, kw_only=True):
    """Draw by an earlier version again. Refusals: INVALID, NOT_FOUND, CONFLICT."""

    method = "pathology_settings.restore_design"
    permission = Permission.PATHOLOGY_FORMATS
    audit = AuditClass.SETTINGS

    kind: str
    version: int
    base_version: int
