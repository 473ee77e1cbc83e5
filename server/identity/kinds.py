"""Staff and roles as kinds of master data, so that they are listed, changed, imported and remembered like the rest."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select

from server.identity.roles import ADMINISTRATOR, permissions_of, permissions_of_roles
from server.identity.service import IdentityService
from server.identity.tables import RoleRow, UserRow
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import illegal_action, invalid
from server.kernel.rows.fields import FieldSpec, Form, pattern
from server.kernel.rows.kinds import Kind, References
from shared.contract.master import MasterKind, RoleEntry, StaffEntry
from shared.domain.permissions import ECG_WORDS, PATHOLOGY_WORDS, Permission

_LOGIN = pattern(r"[a-z][a-z0-9_.-]{1,39}", "登录名为 2–40 个小写字母、数字或 _ . -，以字母开头。")
_CODE = pattern(r"[a-z][a-z0-9_]{0,19}", "角色编码为小写字母、数字和下划线，以字母开头。")
_PHONE = pattern(r"[0-9+\-() ]*", "电话只能用数字、空格和 + - ( )。")

PERMISSION_WORDS = {
    Permission.REGISTER: "登记",
    Permission.CALL: "叫号",
    Permission.DISPLAY: "叫号大屏",
    Permission.CHECK_IN: "自助签到",
    Permission.SELF_PRINT: "自助打印报告",
    Permission.REPORT: "书写报告",
    Permission.FINAL_AUDIT: "终审",
    Permission.VIEW_IMAGES: "查看影像",
    Permission.PRINT_REPORT: "打印报告",
    Permission.MATCH_IMAGES: "影像匹配",
    Permission.IMPORT_IMAGES: "影像导入",
    Permission.EXPORT_IMAGES: "影像导出",
    Permission.REIDENTIFY: "去标识还原",
    Permission.CORRECT_IMAGES: "影像更正",
    Permission.DELETE_IMAGES: "影像删除",
    Permission.SUBMIT_APPLICATION: "提交申请单",
    Permission.ADMINISTER: "系统管理",
    Permission.READ_AUDIT: "查看审计",
    Permission.CRITICAL_VALUES: "危急值",
    Permission.STATISTICS: "统计",
    **{one: words[0] for one, words in PATHOLOGY_WORDS.items()},
    **{one: words[0] for one, words in ECG_WORDS.items()},
}
_EVERYBODY = (Permission.ANYONE, Permission.SIGNED_IN, Permission.OWN_ACCOUNT)


def permission_words() -> dict[str, str]:
    """Return every permission that a role may have, with its name."""
    return {one.value: PERMISSION_WORDS.get(one, one.value) for one in Permission if one not in _EVERYBODY}


class StaffKind(Kind):
    kind, word, table, entry_type = MasterKind.STAFF, "人员", UserRow, StaffEntry
    names_are_unique = False  # two people may have one name
    code_column = "login"
    in_picture = False
    fields = (
        FieldSpec(key="code", title="登录名", title_en="Login", required=True, length=40, fault=_LOGIN),
        FieldSpec(key="name", title="姓名", title_en="Name", required=True, length=60),
        FieldSpec(key="title", title="职称", title_en="Title", length=50, width=12),
        FieldSpec(key="phone", title="电话", title_en="Phone", length=32, fault=_PHONE),
        FieldSpec(
            key="roles", title="角色", title_en="Roles", form=Form.LIST, required=True, refers=MasterKind.ROLE, width=24
        ),
        FieldSpec(
            key="campuses", title="限定院区", title_en="Campuses", form=Form.LIST, refers=MasterKind.CAMPUS, width=18
        ),
        FieldSpec(
            key="departments",
            title="限定科室",
            title_en="Departments",
            form=Form.LIST,
            refers=MasterKind.DEPARTMENT,
            width=18,
        ),
    )

    def __init__(self, identity: IdentityService) -> None:
        super().__init__()
        self._identity = identity

    def entry(self, row: Any, refs: References) -> StaffEntry:
        return StaffEntry(
            code=row.login,
            name=row.name,
            title=row.title,
            phone=row.phone,
            roles=tuple(role for role in row.roles.split(",") if role),
            campuses=_codes(refs, MasterKind.CAMPUS, row.campus_ids),
            departments=_codes(refs, MasterKind.DEPARTMENT, row.department_ids),
        )

    def columns(self, entry: StaffEntry, refs: References) -> dict[str, Any]:
        return {
            "name": entry.name,
            "title": entry.title,
            "phone": entry.phone,
            "roles": ",".join(entry.roles),
            "campus_ids": [refs.id_of(MasterKind.CAMPUS, code) for code in entry.campuses],
            "department_ids": [refs.id_of(MasterKind.DEPARTMENT, code) for code in entry.departments],
        }

    def new_columns(self) -> dict[str, Any]:
        return {
            "password_hash": "",
            "must_change_password": True,
            "failures": 0,
            "granted": [],
            "revoked": [],
        }  # no password opens it yet

    def check(self, entry: StaffEntry, row: Any | None, refs: References) -> None:
        if len(",".join(entry.roles)) > 200:
            raise invalid("roles", "角色太多，请减少。")
        if (entry.campuses or entry.departments) and ADMINISTRATOR in entry.roles:
            raise invalid("campuses", "管理员管理整个医院，不能限定院区或科室。")

    def written(self, uow: UnitOfWork, caller: Caller, row: Any, entry: StaffEntry, *, is_new: bool) -> None:
        if not is_new:
            _demand_administrator(uow)
            self._identity.changed_user(uow, row.id, is_active=row.is_active)

    def check_in_use(self, uow: UnitOfWork, caller: Caller, row: Any) -> None:
        if row.id == caller.user_id:
            raise illegal_action("own", "不能停用自己的账号，请由其他管理员操作。")


class RoleKind(Kind):
    kind, word, table, entry_type = MasterKind.ROLE, "角色", RoleRow, RoleEntry
    in_picture = False
    fields = (
        FieldSpec(key="code", title="编码", title_en="Code", required=True, length=20, fault=_CODE),
        FieldSpec(key="name", title="名称", title_en="Name", required=True, length=50),
        FieldSpec(key="name_en", title="英文名称", title_en="English name", length=100),
        FieldSpec(
            key="permissions",
            title="权限",
            title_en="Permissions",
            form=Form.LIST,
            words=permission_words(),
            width=60,
        ),
    )

    def __init__(self, identity: IdentityService) -> None:
        super().__init__()
        self._identity = identity
        self.uses.append(_holders)

    def entry(self, row: Any, refs: References) -> RoleEntry:
        held = permissions_of(row)
        return RoleEntry(
            code=row.code,
            name=row.name,
            name_en=row.name_en,
            permissions=tuple(one for one in Permission if one in held and one not in _EVERYBODY),
        )

    def columns(self, entry: RoleEntry, refs: References) -> dict[str, Any]:
        return {
            "name": entry.name,
            "name_en": entry.name_en,
            "permissions": [one.value for one in Permission if one in entry.permissions and one not in _EVERYBODY],
        }

    def written(self, uow: UnitOfWork, caller: Caller, row: Any, entry: RoleEntry, *, is_new: bool) -> None:
        self._identity.changed_roles(uow)

    def is_fixed(self, row: Any) -> bool:
        return bool(row.code == ADMINISTRATOR)


def _codes(refs: References, kind: MasterKind, ids: list[int]) -> tuple[str, ...]:
    return tuple(code for row_id in ids if (code := refs.code_of(kind, row_id)))


def _holders(uow: UnitOfWork, row: Any) -> str:
    rows = uow.session.scalars(select(UserRow.roles).where(UserRow.is_active))
    number = sum(1 for roles in rows if row.code in roles.split(","))
    return f"{number} 名人员" if number else ""


def _demand_administrator(uow: UnitOfWork) -> None:
    """Raise ILLEGAL_ACTION when nobody could administer any more."""
    uow.session.flush()
    users = uow.session.execute(select(UserRow.roles).where(UserRow.is_active, func.length(UserRow.password_hash) > 0))
    for (roles,) in users:
        if Permission.ADMINISTER in permissions_of_roles(uow, roles.split(",")):
            return
    raise illegal_action("last_administrator", "至少要保留一个启用的管理员账号。")
