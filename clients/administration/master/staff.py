"""The pages of staff and roles: who works here, and what they may do."""

from __future__ import annotations

from typing import Any

from clients.administration.master.spec import (
    choices_of,
    code_column,
    code_field,
    column,
    english_field,
    master_spec,
    name_column,
    name_field,
    named_column,
)
from clients.administration.master.words import permissions
from clients.administration.table.spec import TableAction
from clients.kit.fields import Choice, Section, TextField, TicksField
from clients.kit.paging import Column, EmptyWords
from clients.kit.translations import tr
from shared.contract.identity import NewPasswordView, ResetPassword
from shared.contract.master import MasterKind, MasterRow, RoleEntry, StaffEntry
from shared.domain.permissions import Permission


def _about_secret(reply: Any) -> str:
    if not isinstance(reply, NewPasswordView):
        return ""
    return tr("{login} 的新密码（只显示这一次）：{secret}", login=reply.login, secret=reply.secret)


def _limits(row: MasterRow) -> str:
    names = (row.names.get("campuses", ""), row.names.get("departments", ""))
    return "、".join(name for name in names if name) or tr("不限")


STAFF = master_spec(
    MasterKind.STAFF,
    columns=(
        code_column(120, "登录名"),
        name_column(120, "姓名"),
        column("title", "职称", 100),
        named_column("roles", "角色", 0),
        Column("limits", "限定范围", 130, value=_limits),
    ),
    form=(
        Section(
            "",
            (
                code_field(40, "登录名", "小写字母开头，建立后不能修改"),
                name_field(60, "姓名"),
                TextField(key="title", label="职称", max_length=50),
                TextField(key="phone", label="电话", max_length=32),
                TicksField(key="roles", label="角色", required=True, columns=2, span=2),
            ),
        ),
        Section(
            "限定范围",
            (
                TicksField(
                    key="campuses",
                    label="院区",
                    columns=2,
                    nothing="没有院区",
                    hint="不选为不限；选后只能查看和处理这些院区",
                ),
                TicksField(
                    key="departments",
                    label="科室",
                    columns=2,
                    nothing="没有科室",
                    hint="不选为不限；只限有检查室的科室",
                ),
            ),
        ),
    ),
    entry=lambda typed: StaffEntry(
        code=typed["code"].lower(),
        name=typed["name"],
        title=typed["title"],
        phone=typed["phone"],
        roles=tuple(typed["roles"]),
        campuses=tuple(typed["campuses"]),
        departments=tuple(typed["departments"]),
    ),
    choices={
        "roles": choices_of(MasterKind.ROLE),
        "campuses": choices_of(MasterKind.CAMPUS),
        "departments": choices_of(MasterKind.DEPARTMENT),
    },
    actions=(
        TableAction(
            id="password",
            text="重设密码",
            icon="key",
            command=lambda row, _answer: ResetPassword(user_id=row.id),
            allowed=lambda row: row.is_active,
            warns="原密码立即失效，此人的登录全部退出；新密码只显示一次，首次登录后须修改。",
            news=_about_secret,
        ),
    ),
    entities=("user", "hospital"),
    empty=EmptyWords("没有人员", "请新建人员，再为其重设密码。", "users"),
    intro="每人使用自己的账号。新建后用“重设密码”得到首次登录的密码；停用后立即退出登录。",
    new_text="新建人员",
    side_width=440,
)

ROLES = master_spec(
    MasterKind.ROLE,
    columns=(
        code_column(140),
        name_column(150),
        column(
            "permissions",
            "权限",
            0,
            format=lambda held: "、".join(tr(text) for one, text in permissions().items() if one in held),
        ),
    ),
    form=(
        Section(
            "",
            (
                code_field(20, hint="小写字母和下划线"),
                name_field(50),
                english_field(span=2),
                TicksField(
                    key="permissions",
                    label="权限",
                    columns=2,
                    choices=[Choice(one, text) for one, text in permissions().items()],
                    span=2,
                ),
            ),
        ),
    ),
    entry=lambda typed: RoleEntry(
        code=typed["code"].lower(),
        name=typed["name"],
        name_en=typed["name_en"],
        permissions=tuple(Permission(one) for one in typed["permissions"]),
    ),
    entities=("user",),
    empty=EmptyWords("没有角色", "请新建角色。", "key"),
    intro="角色是一组权限，服务器按它允许或拒绝每个操作；修改后立即生效。",
    new_text="新建角色",
    side_width=440,
)
