"""API tokens and custom indexed tags."""

from __future__ import annotations

import re
from typing import Any

from clients.administration.entering import number
from clients.administration.table.spec import TableAction, TableSpec, Values
from clients.kit.fields import Choice, ChoiceField, NumberField, Section, SwitchField, TextField
from clients.kit.paging import Align, Column, EmptyWords, local_time
from clients.kit.states import StateLook
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from shared.contract.access import AccessScope, AddToken, ListTokens, NewTokenView, RevokeToken
from shared.contract.archive import AddCustomTag, CustomTagView, ListCustomTags, RemoveCustomTag
from shared.contract.base import Request

_SCOPES = {AccessScope.READ: "读取", AccessScope.STORE: "存入", AccessScope.UPS: "任务", AccessScope.REPORTS: "报告"}
_ACTIVE = {
    True: StateLook("有效", Tone.SUCCESS, "check_circle"),
    False: StateLook("失效", Tone.NEUTRAL, "minus"),
}


def _add_token(values: Values, _row: Any) -> Request[Any]:
    scopes = tuple(scope for scope in AccessScope if values.get(scope.value))
    if not scopes:
        raise ValueError(tr("请至少选择一项权限。"))
    return AddToken(name=values["name"], scopes=scopes, days=number(values["days"], 365))


def _about_secret(reply: Any) -> str:
    return tr("请立即复制令牌，它只显示这一次：") if isinstance(reply, NewTokenView) else ""


def _secret(reply: Any) -> str:
    return reply.secret if isinstance(reply, NewTokenView) else ""


TOKENS = TableSpec(
    id="tokens",
    columns=(
        Column("name", "名称", 160, strong=True),
        Column("scopes", "权限", 140, value=lambda row: "、".join(tr(_SCOPES[scope]) for scope in row.scopes)),
        Column("is_active", "状态", 90, looks=_ACTIVE),  # type: ignore[arg-type]
        Column("hint", "开头", 90, quiet=True),
        Column("expires_at", "到期", 140, format=local_time),
        Column("last_used_at", "最近使用", 140, format=local_time),
        Column("created_by", "创建人", 0, quiet=True),
    ),
    empty=EmptyWords("没有令牌", "其他程序通过 DICOMweb 访问影像时需要令牌。", "key"),
    load=lambda _values: ListTokens(),
    row_id=lambda row: row.id,
    intro="供其他程序通过 DICOMweb 访问影像。令牌内容只在创建时显示一次。",
    form=(
        Section(
            "",
            (
                TextField(key="name", label="名称", required=True, max_length=39, hint="字母和数字"),
                NumberField(key="days", label="有效期", unit="天", initial=365, hint="0 表示长期"),
                SwitchField(key="read", label="读取影像", initial=True),
                SwitchField(key="store", label="存入影像"),
                SwitchField(key="ups", label="任务清单"),
                SwitchField(key="reports", label="读取报告（FHIR）"),
            ),
        ),
    ),
    save=_add_token,
    saved_words=_about_secret,
    saved_secret=_secret,
    saved_id=lambda _reply: None,
    form_for_new_only=True,
    actions=(
        TableAction(
            id="revoke",
            text="吊销令牌",
            icon="lock",
            command=lambda row, _answer: RevokeToken(token_id=row.id),
            allowed=lambda row: row.is_active,
            warns="使用此令牌的程序将立即无法访问。",
            danger=True,
        ),
    ),
    details=lambda row, _fetched: (
        ("名称", row.name),
        ("创建时间", local_time(row.created_at)),
        ("到期", local_time(row.expires_at)),
        ("最近使用", local_time(row.last_used_at)),
    ),
    new_text="新建令牌",
)

_TAG = re.compile(r"\(?\s*([0-9A-Fa-f]{4})\s*[,，]?\s*([0-9A-Fa-f]{4})\s*\)?\Z")


def _add_tag(values: Values, _row: Any) -> Request[Any]:
    found = _TAG.match(values["tag"])
    if found is None:
        raise ValueError(tr("标签应写成 (0018,1400) 的形式。"))
    return AddCustomTag(
        tag=int(found[1] + found[2], 16), creator=values["creator"], name=values["name"], level=values["level"]
    )


def _filled(row: CustomTagView) -> str:
    return tr("完成") if row.is_ready else f"{row.filled} / {row.total}"


CUSTOM_TAGS = TableSpec(
    id="custom_tags",
    columns=(
        Column("tag", "标签", 110, format=lambda tag: f"({tag >> 16:04X},{tag & 0xFFFF:04X})", strong=True),
        Column("creator", "私有创建者", 160),
        Column("level", "级别", 90),
        Column("filled", "进度", 120, Align.RIGHT, value=_filled),
        Column("name", "名称", 0),
    ),
    empty=EmptyWords("没有自定义索引", "建立后可按该标签查询；已有影像在后台补建。", "search"),
    load=lambda _values: ListCustomTags(),
    row_id=lambda row: row.id,
    intro="除标准属性外，还可按这些标签查询影像。",
    form=(
        Section(
            "",
            (
                TextField(key="tag", label="标签", required=True, placeholder="(0018,1400)", max_length=14),
                TextField(key="name", label="名称", max_length=80),
                ChoiceField(
                    key="level",
                    label="级别",
                    required=True,
                    choices=[Choice("STUDY", "检查"), Choice("SERIES", "序列"), Choice("IMAGE", "影像")],
                    initial="STUDY",
                ),
                TextField(key="creator", label="私有创建者", hint="公共标签留空"),
            ),
        ),
    ),
    save=_add_tag,
    form_for_new_only=True,
    remove=lambda row: RemoveCustomTag(id=row.id),
    undo_remove=lambda row: AddCustomTag(tag=row.tag, creator=row.creator, name=row.name, level=row.level),
    details=lambda row, _fetched: (("名称", row.name), ("进度", _filled(row))),
    entities=("job",),
    new_text="新建索引",
)
