"""Rules of the policy as tables: which studies go to the recycle bin by themselves, which codec for which images."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec

from clients.administration.entering import joined, listed, number, phrases
from clients.administration.table.spec import (
    Asking,
    Call,
    Details,
    Event,
    Part,
    TableAction,
    TableSpec,
    Unclear,
    Values,
)
from clients.administration.words import size, yes_no
from clients.kit.fields import Choice, ChoiceField, NumberField, Section, SwitchField, TextField, TicksField
from clients.kit.paging import Align, Column, EmptyWords
from clients.kit.translations import tr
from shared.contract.keeping import (
    CompressionRule,
    CompressionStatus,
    GetCompressionStatus,
    GetKeepingPolicy,
    KeepingPolicy,
    PolicyView,
    PreviewRetention,
    RetentionPreview,
    RetentionRule,
    RunCompression,
    RunRetention,
    SaveKeepingPolicy,
)

RuleT = TypeVar("RuleT")


@dataclass(frozen=True)
class Placed:
    """A rule and where it stands; the first one that fits counts."""

    place: int
    rule: Any


def changed_policy(change: Callable[[KeepingPolicy], KeepingPolicy]) -> Asking:
    """Change the policy as it stands on the server now."""

    def ask(call: Call) -> PolicyView:
        view: PolicyView = call(GetKeepingPolicy())
        saved: PolicyView = call(SaveKeepingPolicy(version=view.version, policy=change(view.policy)))
        return saved

    return ask


def with_rule(rules: tuple[RuleT, ...], old: RuleT | None, new: RuleT) -> tuple[RuleT, ...]:
    """The rules with one added at the end, or changed in its place. Raises Unclear when it is gone."""
    if old is None:
        return (*rules, new)
    if old not in rules:
        raise Unclear(tr("这条规则刚被他人修改，请刷新后再改。"))
    return tuple(new if rule == old else rule for rule in rules)


# retention

_KINDS = (Choice("ordinary", "普通"), Choice("emergency", "急诊"), Choice("vip", "VIP"), Choice("", "没有对应检查"))


def _retention_of(values: Values) -> RetentionRule:
    return RetentionRule(
        name=values["name"],
        enabled=values["enabled"],
        modalities=listed(values["modalities"]),
        institutions=phrases(values["institutions"]),
        patient_kinds=tuple(values["patient_kinds"]),
        older_than_days=number(values["older_than_days"]),
        unused_days=number(values["unused_days"]),
        verified_copies=number(values["verified_copies"], 1),
    )


def _save_retention(values: Values, row: Placed | None) -> Asking:
    new = _retention_of(values)
    if not new.older_than_days and not new.unused_days:
        raise Unclear(tr("请至少填写一个期限。"))
    old = None if row is None else row.rule
    return changed_policy(
        lambda policy: msgspec.structs.replace(policy, retention_rules=with_rule(policy.retention_rules, old, new))
    )


def _without_retention(row: Placed) -> Asking:
    return changed_policy(
        lambda policy: msgspec.structs.replace(
            policy, retention_rules=tuple(rule for rule in policy.retention_rules if rule != row.rule)
        )
    )


def _again_retention(row: Placed) -> Asking:
    def back(policy: KeepingPolicy) -> KeepingPolicy:
        rules = list(policy.retention_rules)
        rules.insert(row.place, row.rule)
        return msgspec.structs.replace(policy, retention_rules=tuple(rules))

    return changed_policy(back)


def _preview_lines(_row: Placed, found: RetentionPreview | None) -> Details:
    if found is None:
        return ()
    words = tr(
        "看过 {examined} 个检查，{studies} 个（{size}）移到回收站，{hindered} 个暂不能移",
        examined=found.examined,
        studies=found.studies,
        size=size(found.bytes_stored),
        hindered=found.hindered,
    )
    return (("现在执行", words),)


def _candidates(_row: Placed, found: RetentionPreview | None) -> tuple[Part, ...]:
    if found is None:
        return ()
    events = [
        Event(
            f"{one.study_date} · {joined(one.modalities)} · {one.patient_id}",
            one.hindrance or tr("移到回收站（{size}）", size=size(one.bytes_stored)),
            is_over=bool(one.hindrance),
        )
        for one in found.rows[:30]
    ]
    return (Part("涉及的检查", events=events),)


RETENTION = TableSpec(
    id="retention",
    columns=(
        Column("place", "次序", 60, Align.RIGHT, value=lambda row: row.place + 1),
        Column("name", "规则", 180, value=lambda row: row.rule.name, strong=True),
        Column("enabled", "启用", 60, Align.CENTRE, value=lambda row: yes_no(row.rule.enabled)),
        Column("modalities", "检查类型", 110, value=lambda row: joined(row.rule.modalities) or tr("全部")),
        Column("older", "保存天数", 90, Align.RIGHT, value=lambda row: row.rule.older_than_days or "–"),
        Column("unused", "未用天数", 90, Align.RIGHT, value=lambda row: row.rule.unused_days or "–"),
        Column("copies", "所需副本", 0, value=lambda row: row.rule.verified_copies),
    ),
    empty=EmptyWords("没有保留规则", "没有规则时，影像永远不会自动删除。", "lock"),
    load=lambda _values: GetKeepingPolicy(),
    rows=lambda reply: tuple(Placed(place, rule) for place, rule in enumerate(reply.policy.retention_rules)),
    row_id=lambda row: row.rule.name,
    saved_id=lambda _reply: None,
    commands=(
        TableAction(
            id="run",
            text="立即执行",
            icon="play",
            command=lambda _row, _answer: RunRetention(),
            warns="已启用的规则现在执行：符合条件的检查移到回收站。",
            danger=True,
        ),
    ),
    intro="超过期限且有足够已校验副本的检查自动移到回收站。法律保留的检查永远不动。",
    form=(
        Section(
            "",
            (
                TextField(key="name", label="规则", required=True, max_length=80),
                SwitchField(key="enabled", label="启用"),
                NumberField(key="older_than_days", label="检查满", unit="天", hint="0 为不限", initial=5475),
                NumberField(key="unused_days", label="未使用满", unit="天", hint="0 为不限", initial=365),
                NumberField(key="verified_copies", label="已校验副本", minimum=1, maximum=9, initial=1),
                TextField(key="modalities", label="检查类型", hint="如 CT, MR；空为全部"),
                TextField(key="institutions", label="机构名称", span=2),
                TicksField(key="patient_kinds", label="患者类型", choices=_KINDS, hint="不选为全部"),
            ),
        ),
    ),
    values=lambda row: {
        "name": row.rule.name,
        "enabled": row.rule.enabled,
        "older_than_days": row.rule.older_than_days,
        "unused_days": row.rule.unused_days,
        "verified_copies": row.rule.verified_copies,
        "modalities": joined(row.rule.modalities),
        "institutions": joined(row.rule.institutions),
        "patient_kinds": row.rule.patient_kinds,
    },
    save=_save_retention,
    remove=_without_retention,
    undo_remove=_again_retention,
    fetch=lambda row: PreviewRetention(rules=(row.rule,)),
    details=_preview_lines,
    parts=_candidates,
    entities=("job",),
    new_text="新建规则",
)

# compression

_CODECS = {"htj2k": "HTJ2K", "jpegls": "JPEG-LS", "none": "不压缩"}


@dataclass(frozen=True)
class Compression:
    """Rules, and what compression has done so far."""

    view: PolicyView
    status: CompressionStatus


def compression_words(status: CompressionStatus) -> str:
    """One line of what compression has done."""
    if not status.instances_compressed:
        return tr("还没有压缩过影像，{waiting} 个序列等待", waiting=status.series_waiting)
    saved = 100 * (1 - status.bytes_after / max(status.bytes_before, 1))
    return tr(
        "已压缩 {images} 个影像：{before} → {after}，节省 {saved} %；{waiting} 个序列等待",
        images=f"{status.instances_compressed:,}",
        before=size(status.bytes_before),
        after=size(status.bytes_after),
        saved=f"{saved:.0f}",
        waiting=status.series_waiting,
    )


def _save_compression(values: Values, row: Placed | None) -> Asking:
    new = CompressionRule(
        codec=values["codec"],
        modalities=listed(values["modalities"]),
        sop_classes=listed(values["sop_classes"]),
        transfer_syntaxes=listed(values["transfer_syntaxes"]),
    )
    old = None if row is None else row.rule
    return changed_policy(
        lambda policy: msgspec.structs.replace(policy, compression_rules=with_rule(policy.compression_rules, old, new))
    )


def _without_compression(row: Placed) -> Asking:
    return changed_policy(
        lambda policy: msgspec.structs.replace(
            policy, compression_rules=tuple(rule for rule in policy.compression_rules if rule != row.rule)
        )
    )


def _again_compression(row: Placed) -> Asking:
    def back(policy: KeepingPolicy) -> KeepingPolicy:
        rules = list(policy.compression_rules)
        rules.insert(row.place, row.rule)
        return msgspec.structs.replace(policy, compression_rules=tuple(rules))

    return changed_policy(back)


COMPRESSION = TableSpec(
    id="compression",
    columns=(
        Column("place", "次序", 60, Align.RIGHT, value=lambda row: row.place + 1),
        Column(
            "codec", "压缩方式", 110, value=lambda row: tr(_CODECS.get(row.rule.codec, row.rule.codec)), strong=True
        ),
        Column("modalities", "检查类型", 140, value=lambda row: joined(row.rule.modalities) or tr("全部")),
        Column(
            "transfer_syntaxes",
            "收到时的传输语法",
            0,
            value=lambda row: joined(row.rule.transfer_syntaxes) or tr("全部"),
        ),
    ),
    empty=EmptyWords("使用默认压缩规则", "默认规则适合大多数医院；这里可以为某些影像另作规定。", "archive"),
    load=lambda _values: lambda call: Compression(call(GetKeepingPolicy()), call(GetCompressionStatus())),
    rows=lambda reply: tuple(Placed(place, rule) for place, rule in enumerate(reply.view.policy.compression_rules)),
    row_id=lambda row: row.place,
    saved_id=lambda _reply: None,
    summary=lambda reply: compression_words(reply.status),
    commands=(TableAction(id="run", text="立即压缩", icon="play", command=lambda _row, _answer: RunCompression()),),
    intro="无损压缩：还原后逐像素一致才替换。第一条符合的规则生效。",
    form=(
        Section(
            "",
            (
                ChoiceField(
                    key="codec",
                    label="压缩方式",
                    required=True,
                    choices=[Choice(codec, text, translate=codec == "none") for codec, text in _CODECS.items()],
                    initial="htj2k",
                ),
                TextField(key="modalities", label="检查类型", hint="如 CT, MR；空为全部"),
                TextField(
                    key="transfer_syntaxes", label="收到时的传输语法", hint="UID，空为全部", max_length=400, span=2
                ),
                TextField(key="sop_classes", label="影像类别（SOP 类）", hint="UID，空为全部", max_length=400, span=2),
            ),
        ),
    ),
    values=lambda row: {
        "codec": row.rule.codec,
        "modalities": joined(row.rule.modalities),
        "transfer_syntaxes": joined(row.rule.transfer_syntaxes),
        "sop_classes": joined(row.rule.sop_classes),
    },
    save=_save_compression,
    remove=_without_compression,
    undo_remove=_again_compression,
    entities=("job",),
    new_text="新建规则",
)
