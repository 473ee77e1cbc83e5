"""Accounts and DICOM peers: who may come in, and which machines."""

from __future__ import annotations

from typing import Any

from clients.administration.syntaxes import SYNTAX_CHOICES
from clients.administration.table.spec import TableAction, TableSpec, Values
from clients.administration.words import yes_no
from clients.kit.fields import Choice, ChoiceField, NumberField, Section, SwitchField, TextField, TicksField
from clients.kit.paging import Align, Column, EmptyWords
from clients.kit.states import StateLook
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from shared.contract.base import Request
from shared.contract.identity import CreateUser, ListUsers, SetUserActive, UserView
from shared.contract.organisation import ListPeers, PeerView, RemovePeer, SavePeer
from shared.domain.permissions import ROLES

ROLE_NAMES = {
    "clerk": "登记员",
    "technician": "技师",
    "display": "叫号大屏",
    "kiosk": "自助签到机",
    "doctor": "报告医生",
    "auditor": "审核医生",
    "trustee": "数据受托人",
    "archivist": "影像管理员",
    "hospital_system": "医院信息系统",
    "administrator": "管理员",
}

_ACTIVE = {
    True: StateLook("启用", Tone.SUCCESS, "check_circle"),
    False: StateLook("停用", Tone.NEUTRAL, "minus"),
}


_RIGHTS = {
    "may_store": "存图",
    "may_query": "查询",
    "may_retrieve": "取图",
    "may_use_worklist": "工作列表",
    "may_report_steps": "报告检查步骤",
    "may_request_commitment": "请求存储确认",
}
_AS_THEY_ARE = ("ae_title", "host", "port", "description", "character_set", "transfer_syntaxes", "tls", "ascii_names")
_CHARACTER_SETS = ("GB18030", "ISO_IR 192", "\\ISO 2022 IR 58", "GBK", "ISO_IR 100", "ISO_IR 6")


def _save_peer(values: Values, row: PeerView | None) -> Request[Any]:
    return SavePeer(
        ae_title=row.ae_title if row is not None else values["ae_title"],
        host=values["host"],
        port=int(values["port"] or 0),
        description=values["description"],
        character_set=values["character_set"] or "",
        transfer_syntaxes=tuple(values["transfer_syntaxes"]),
        tls=values["tls"],
        ascii_names=values["ascii_names"],
        **{right: right in values["rights"] for right in _RIGHTS},
    )


def _as_it_was(row: PeerView) -> Request[Any]:
    return SavePeer(**{name: getattr(row, name) for name in SavePeer.__struct_fields__})


PEERS = TableSpec(
    id="peers",
    columns=(
        Column("ae_title", "AE 名称", 140, strong=True),
        Column("host", "地址", 150),
        Column("port", "端口", 70, Align.RIGHT, format=lambda port: str(port) if port else "–"),
        Column("may_store", "存图", 60, Align.CENTRE, format=yes_no),
        Column("may_query", "查询", 60, Align.CENTRE, format=yes_no),
        Column("may_retrieve", "取图", 60, Align.CENTRE, format=yes_no),
        Column("tls", "加密", 60, Align.CENTRE, format=yes_no),
        Column("description", "说明", 0, quiet=True),
    ),
    empty=EmptyWords("还没有 DICOM 节点", "新建后，设备和工作站才能从其他机器连接。", "archive"),
    load=lambda _values: ListPeers(),
    row_id=lambda row: row.ae_title,
    intro="可以与本服务器通信的 DICOM 设备、工作站和归档。",
    form=(
        Section(
            "",
            (
                TextField(key="ae_title", label="AE 名称", required=True, max_length=16),
                TextField(key="description", label="说明", max_length=200),
                TextField(key="host", label="地址", required=True, max_length=255, placeholder="IP 或主机名"),
                NumberField(key="port", label="端口", minimum=0, maximum=65535, hint="只连入、不被呼叫的节点填 0"),
            ),
        ),
        Section(
            "允许",
            (
                TicksField(
                    key="rights",
                    label="服务",
                    choices=[Choice(right, text) for right, text in _RIGHTS.items()],
                    initial=tuple(_RIGHTS),
                    columns=2,
                ),
            ),
        ),
        Section(
            "连接",
            (
                SwitchField(key="tls", label="加密（TLS）", hint="双方都须用 TLS"),
                SwitchField(key="ascii_names", label="只懂英文", hint="姓名以拼音发送"),
                ChoiceField(
                    key="character_set",
                    label="字符集",
                    choices=[
                        Choice("", "按对方请求"),
                        *(Choice(one, one, translate=False) for one in _CHARACTER_SETS),
                    ],
                    initial="",
                    span=2,
                ),
                TicksField(key="transfer_syntaxes", label="传输语法", hint="不选则按原样发送", choices=SYNTAX_CHOICES),
            ),
        ),
    ),
    values=lambda row: {
        "rights": tuple(right for right in _RIGHTS if getattr(row, right)),
        **{name: getattr(row, name) for name in _AS_THEY_ARE},
    },
    save=_save_peer,
    fixed_keys=("ae_title",),
    remove=lambda row: RemovePeer(ae_title=row.ae_title),
    removed_words=lambda row: tr("已删除节点 {name}", name=row.ae_title),
    undo_remove=_as_it_was,
    search=lambda row: f"{row.ae_title} {row.host} {row.description}",
    entities=("hospital",),
    new_text="新建节点",
)


def _create_user(values: Values, _row: UserView | None) -> Request[Any]:
    if values["password"] != values["again"]:
        raise ValueError(tr("两次输入的密码不一致，请重新输入。"))
    return CreateUser(login=values["login"], name=values["name"], password=values["password"], roles=(values["role"],))


USERS = TableSpec(
    id="users",
    columns=(
        Column("login", "用户名", 140, strong=True),
        Column("name", "姓名", 140),
        Column("roles", "角色", 0, value=lambda row: "、".join(tr(ROLE_NAMES.get(r, r)) for r in row.roles)),
        Column("is_active", "状态", 100, looks=_ACTIVE),  # type: ignore[arg-type]
    ),
    empty=EmptyWords("还没有账号", "请新建账号。", "patient"),
    load=lambda _values: ListUsers(),
    row_id=lambda row: row.id,
    intro="每人使用自己的账号；停用后立即退出登录。",
    form=(
        Section(
            "",
            (
                TextField(key="login", label="用户名", required=True, max_length=40),
                TextField(key="name", label="姓名", required=True, max_length=60),
                ChoiceField(
                    key="role",
                    label="角色",
                    required=True,
                    choices=tuple(Choice(role, ROLE_NAMES.get(role, role)) for role in ROLES),
                    span=2,
                ),
                TextField(key="password", label="密码", required=True, secret=True, max_length=200),
                TextField(key="again", label="再次输入密码", required=True, secret=True, max_length=200),
            ),
        ),
    ),
    save=_create_user,
    form_for_new_only=True,
    actions=(
        TableAction(
            id="disable",
            text="停用账号",
            icon="lock",
            command=lambda row, _reason: SetUserActive(user_id=row.id, is_active=False),
            allowed=lambda row: row.is_active,
            danger=True,
        ),
        TableAction(
            id="enable",
            text="启用账号",
            icon="unlock",
            command=lambda row, _reason: SetUserActive(user_id=row.id, is_active=True),
            allowed=lambda row: not row.is_active,
        ),
    ),
    details=lambda row, _fetched: (
        ("用户名", row.login),
        ("姓名", row.name),
        ("角色", "、".join(tr(ROLE_NAMES.get(role, role)) for role in row.roles)),
    ),
    search=lambda row: f"{row.login} {row.name}",
    new_text="新建账号",
)
