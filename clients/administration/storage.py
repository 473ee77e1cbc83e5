"""Stores, the rules that move studies between them, pre-fetch, and what lies elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from clients.administration.entering import joined, listed, number
from clients.administration.table.spec import Part, TableAction, TableSpec, Values
from clients.administration.words import person, size, store_words, told, yes_no
from clients.kit.fields import Choice, ChoiceField, NumberField, Section, SwitchField, TextField, TicksField
from clients.kit.paging import Align, Column, EmptyWords
from clients.kit.states import StateLook
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from shared.contract.base import Page, Request
from shared.contract.storage import (
    FillDay,
    GetFillHistory,
    ListMoved,
    ListPrefetch,
    ListRules,
    ListStores,
    PrefetchEntry,
    PrefetchView,
    PreviewRule,
    RecallStudy,
    RemovePrefetch,
    RemoveRule,
    RemoveStore,
    RuleEntry,
    RuleView,
    RunRules,
    SavePrefetch,
    SaveRule,
    SaveStore,
    StoreView,
    VerifyStudy,
)

ROLES = {"online": "在线", "nearline": "近线", "archive": "归档", "offline": "离线"}
AVAILABILITY = {
    "ONLINE": StateLook("在线", Tone.SUCCESS, "check_circle"),
    "NEARLINE": StateLook("近线", Tone.INFO, "archive"),
    "OFFLINE": StateLook("离线", Tone.WARNING, "offline"),
}
_STATES = {
    "ready": StateLook("可用", Tone.SUCCESS, "check_circle"),
    "absent": StateLook("未插入", Tone.WARNING, "alert"),
    "trouble": StateLook("故障", Tone.DANGER, "cross_circle"),
}
_MOST = 500


def fill(row: StoreView) -> str:
    """Used of what there is."""
    if row.capacity_bytes is None or row.free_bytes is None or row.capacity_bytes <= 0:
        return ""
    return f"{100 * (row.capacity_bytes - row.free_bytes) / row.capacity_bytes:.0f} %"


def forecast(row: StoreView) -> str:
    """When it is full, if it goes on like this."""
    return tr("约 {days} 天后", days=row.days_until_full) if row.days_until_full is not None else ""


def _size_or_nothing(value: int | None) -> str:
    return "" if value is None else size(value)


def _save_store(values: Values, row: StoreView | None) -> Request[Any]:
    return SaveStore(
        name=row.name if row is not None else values["name"],
        kind=values["kind"],
        role=values["role"],
        label=values["label"],
        path=values["path"],
        endpoint=values["endpoint"],
        region=values["region"],
        bucket=values["bucket"],
        prefix=values["prefix"],
        access_key=values["access_key"],
        secret_key=values["secret_key"],
        capacity_gb=number(values["capacity_gb"]),
    )


def _fill_by_day(_row: StoreView, days: Sequence[FillDay] | None) -> tuple[Part, ...]:
    """The newest days; the forecast is reckoned from them."""
    lines = [(day.day.isoformat(), size(day.bytes_stored)) for day in sorted(days or (), key=lambda one: one.day)]
    return (Part("每日用量", lines=lines[-7:]),)


STORES = TableSpec(
    id="stores",
    columns=(
        Column("name", "名称", 120, strong=True),
        Column("role", "级别", 70, format=lambda role: tr(ROLES.get(role, role))),
        Column("state", "状态", 90, looks=_STATES),
        Column("bytes_stored", "影像", 90, Align.RIGHT, format=size),
        Column("free_bytes", "剩余", 90, Align.RIGHT, format=_size_or_nothing),
        Column("fill", "已用", 60, Align.RIGHT, value=fill),
        Column("days_until_full", "预计写满", 110, Align.RIGHT, value=forecast),
        Column("place", "位置", 0, quiet=True),
    ),
    empty=EmptyWords("没有存储位置", "至少应有一个在线存储。", "archive"),
    load=lambda _values: ListStores(),
    row_id=lambda row: row.name,
    intro="影像存放的位置。在线存储接收影像；近线、归档和离线存储保存副本。",
    form=(
        Section(
            "",
            (
                TextField(key="name", label="名称", required=True, max_length=40),
                ChoiceField(
                    key="role",
                    label="级别",
                    required=True,
                    choices=[Choice(role, text) for role, text in ROLES.items()],
                    initial="nearline",
                ),
                ChoiceField(
                    key="kind",
                    label="类型",
                    required=True,
                    choices=[Choice("folder", "文件夹"), Choice("s3", "S3 对象存储")],
                    initial="folder",
                ),
                NumberField(key="capacity_gb", label="可用容量", unit="GB", hint="0 表示整个磁盘", initial=0),
                TextField(key="label", label="介质标签", hint="需要插入介质时显示", span=2),
            ),
        ),
        Section("文件夹", (TextField(key="path", label="服务器上的路径", max_length=400, span=2),)),
        Section(
            "S3 对象存储",
            (
                TextField(key="endpoint", label="服务地址", max_length=400, placeholder="https://…", span=2),
                TextField(key="bucket", label="存储桶"),
                TextField(key="prefix", label="前缀"),
                TextField(key="region", label="区域"),
                TextField(key="access_key", label="访问密钥", max_length=200),
                TextField(key="secret_key", label="私有密钥", max_length=200, secret=True, hint="不改时留空", span=2),
            ),
        ),
    ),
    values=lambda row: {
        "name": row.name,
        "role": row.role,
        "kind": row.kind,
        "label": row.label,
        "path": row.place if row.kind == "folder" else "",
    },
    save=_save_store,
    fixed_keys=("name",),
    remove=lambda row: RemoveStore(name=row.name),
    fetch=lambda row: GetFillHistory(name=row.name),
    parts=_fill_by_day,
    details=lambda row, _fetched: (
        ("警告", row.warning),
        ("情况", row.sentence),
        ("位置", row.place),
        ("检查数", str(row.studies)),
        ("待上传", str(row.waiting_uploads) if row.waiting_uploads else ""),
        ("每天增长", _size_or_nothing(row.growth_bytes_per_day)),
    ),
    entities=("job",),
    new_text="新建存储",
)


def _rule_entry(values: Values) -> RuleEntry:
    keep_in = tuple(values["keep_in"])
    return RuleEntry(
        name=values["name"],
        position=number(values["position"]),
        is_enabled=values["is_enabled"],
        institution=values["institution"],
        calling_aes=listed(values["calling_aes"]),
        modalities=listed(values["modalities"]),
        after_days=number(values["after_days"]),
        unused_days=number(values["unused_days"]),
        keep_in=keep_in,
    )


def _save_rule(values: Values, row: RuleView | None) -> Request[Any]:
    entry = _rule_entry(values)
    return SaveRule(entry=entry) if row is None else SaveRule(entry=entry, id=row.id, version=row.version)


@dataclass(frozen=True)
class RuleList:
    """Rules, and the stores that they can name."""

    rules: tuple[RuleView, ...]
    stores: tuple[StoreView, ...]


def _store_choices(reply: RuleList) -> list[Choice]:
    known = {one.name: store_words(one.name, tr(ROLES.get(one.role, one.role))) for one in reply.stores}
    for rule in reply.rules:
        for name in rule.entry.keep_in:
            known.setdefault(name, name)
    return [Choice(name, words, translate=False) for name, words in known.items()]


STORAGE_RULES = TableSpec(
    id="storage_rules",
    columns=(
        Column("position", "次序", 60, Align.RIGHT, value=lambda row: row.entry.position),
        Column("name", "规则", 160, value=lambda row: row.entry.name, strong=True),
        Column("is_enabled", "启用", 60, Align.CENTRE, value=lambda row: yes_no(row.entry.is_enabled)),
        Column("modalities", "检查类型", 110, value=lambda row: joined(row.entry.modalities)),
        Column("after_days", "天数", 60, Align.RIGHT, value=lambda row: row.entry.after_days),
        Column("unused_days", "未用天数", 80, Align.RIGHT, value=lambda row: row.entry.unused_days),
        Column("keep_in", "存放于", 160, value=lambda row: joined(row.entry.keep_in)),
        Column("trouble", "问题", 0, quiet=True),
    ),
    empty=EmptyWords("没有存储规则", "没有规则时，所有影像留在在线存储。", "archive"),
    load=lambda _values: lambda call: RuleList(call(ListRules()), call(ListStores())),
    rows=lambda reply: reply.rules,
    choices={"keep_in": _store_choices},
    row_id=lambda row: row.id,
    commands=(TableAction(id="run", text="立即执行", icon="play", command=lambda _row, _answer: RunRules()),),
    intro="影像到期且久未使用后存放在哪里。副本逐个校验后，才会释放在线空间。",
    form=(
        Section(
            "",
            (
                TextField(key="name", label="规则", required=True, max_length=80),
                NumberField(key="position", label="次序", initial=0),
                NumberField(key="after_days", label="收到后天数", unit="天", initial=30),
                NumberField(key="unused_days", label="未使用天数", unit="天", initial=14),
                TicksField(key="keep_in", label="存放于", required=True),
            ),
        ),
        Section(
            "只对",
            (
                TextField(key="modalities", label="检查类型", hint="如 CT, MR；空为全部"),
                TextField(key="calling_aes", label="发送方 AE"),
                TextField(key="institution", label="机构名称", span=2),
                SwitchField(key="is_enabled", label="启用", initial=True),
            ),
        ),
    ),
    values=lambda row: {
        "name": row.entry.name,
        "position": row.entry.position,
        "is_enabled": row.entry.is_enabled,
        "institution": row.entry.institution,
        "calling_aes": joined(row.entry.calling_aes),
        "modalities": joined(row.entry.modalities),
        "after_days": row.entry.after_days,
        "unused_days": row.entry.unused_days,
        "keep_in": row.entry.keep_in,
    },
    save=_save_rule,
    remove=lambda row: RemoveRule(id=row.id),
    undo_remove=lambda row: SaveRule(entry=row.entry),
    fetch=lambda row: PreviewRule(entry=row.entry),
    details=lambda row, fetched: (
        ("问题", row.trouble),
        ("现在执行", "" if fetched is None else _preview(fetched)),
    ),
    entities=("job",),
    new_text="新建规则",
)


def _preview(fetched: Any) -> str:
    return tr(
        "将移动 {studies} 个检查，复制 {copied}，释放在线空间 {freed}",
        studies=fetched.studies,
        copied=size(fetched.bytes_to_copy),
        freed=size(fetched.bytes_to_free_online),
    )


def _save_prefetch(values: Values, row: PrefetchView | None) -> Request[Any]:
    entry = PrefetchEntry(
        exam_type=values["exam_type"],
        modalities=listed(values["modalities"]),
        same_body_part=values["same_body_part"],
        newest=number(values["newest"], 3),
        within_years=number(values["within_years"], 10),
        is_enabled=values["is_enabled"],
    )
    return SavePrefetch(entry=entry) if row is None else SavePrefetch(entry=entry, id=row.id, version=row.version)


PREFETCH = TableSpec(
    id="prefetch",
    columns=(
        Column("exam_type", "将做的检查", 120, value=lambda row: row.entry.exam_type or tr("全部"), strong=True),
        Column("modalities", "调回类型", 140, value=lambda row: joined(row.entry.modalities) or tr("全部")),
        Column("same_body_part", "同部位", 80, Align.CENTRE, value=lambda row: yes_no(row.entry.same_body_part)),
        Column("newest", "最近几次", 80, Align.RIGHT, value=lambda row: row.entry.newest),
        Column("within_years", "几年内", 80, Align.RIGHT, value=lambda row: row.entry.within_years),
        Column("is_enabled", "启用", 0, value=lambda row: yes_no(row.entry.is_enabled)),
    ),
    empty=EmptyWords("没有预取规则", "患者今明两天有检查时，可自动把以往影像调回在线。", "history"),
    load=lambda _values: ListPrefetch(),
    row_id=lambda row: row.id,
    intro="患者今明两天有检查时，把相关的以往影像提前调回在线。",
    form=(
        Section(
            "",
            (
                TextField(key="exam_type", label="将做的检查类型", hint="如 CT；空为全部"),
                TextField(key="modalities", label="调回的检查类型", hint="如 CT, DX；空为全部"),
                NumberField(key="newest", label="最近几次", initial=3, minimum=1, maximum=50),
                NumberField(key="within_years", label="几年内", initial=10, minimum=1, maximum=100),
                SwitchField(key="same_body_part", label="只要同一部位"),
                SwitchField(key="is_enabled", label="启用", initial=True),
            ),
        ),
    ),
    values=lambda row: {
        "exam_type": row.entry.exam_type,
        "modalities": joined(row.entry.modalities),
        "same_body_part": row.entry.same_body_part,
        "newest": row.entry.newest,
        "within_years": row.entry.within_years,
        "is_enabled": row.entry.is_enabled,
    },
    save=_save_prefetch,
    remove=lambda row: RemovePrefetch(id=row.id),
    undo_remove=lambda row: SavePrefetch(entry=row.entry),
    new_text="新建预取规则",
)

MOVED = TableSpec(
    id="moved",
    columns=(
        Column("patient_name", "患者姓名", 140, strong=True, value=lambda row: person(row.patient_name)),
        Column("patient_id", "患者编号", 110),
        Column("study_date", "检查日期", 90),
        Column("modalities", "检查类型", 80, value=lambda row: joined(row.modalities)),
        Column("availability", "可用性", 90, looks=AVAILABILITY),
        Column("bytes_stored", "大小", 90, Align.RIGHT, format=size),
        Column("stores", "存放于", 150, value=lambda row: joined(row.stores)),
        Column("sentence", "情况", 0, quiet=True),
    ),
    empty=EmptyWords("所有影像都在在线存储", "移到其他存储的检查会显示在这里。", "check_circle"),
    load=lambda values: ListMoved(store=values["store"], only_trouble=values["only_trouble"], page=Page(limit=_MOST)),
    filters=(
        TextField(key="store", label="存储名称"),
        SwitchField(key="only_trouble", label="只看有问题的"),
    ),
    rows=lambda reply: reply.rows,
    row_id=lambda row: row.study_uid,
    summary=lambda reply: tr("共 {total} 个检查", total=reply.total),
    actions=(
        TableAction(
            id="recall",
            text="调回在线",
            icon="download",
            command=lambda row, _answer: RecallStudy(study_uid=row.study_uid),
            said=told,
        ),
        TableAction(
            id="verify",
            text="校验副本",
            icon="check_circle",
            command=lambda row, _answer: VerifyStudy(study_uid=row.study_uid),
            said=told,
        ),
    ),
    details=lambda row, _fetched: (
        ("患者", person(row.patient_name)),
        ("存放于", joined(row.stores)),
        ("情况", row.sentence),
        ("检查 UID", row.study_uid),
    ),
    entities=("study", "job"),
)
