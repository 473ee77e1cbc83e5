"""DICOM peers: which machines may come in."""

from __future__ import annotations

from typing import Any

from clients.administration.syntaxes import SYNTAX_CHOICES
from clients.administration.table.spec import TableSpec, Values
from clients.administration.words import yes_no
from clients.kit.fields import Choice, ChoiceField, NumberField, Section, SwitchField, TextField, TicksField
from clients.kit.paging import Align, Column, EmptyWords
from clients.kit.translations import tr
from shared.contract.base import Request
from shared.contract.organisation import ListPeers, PeerView, RemovePeer, SavePeer

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
