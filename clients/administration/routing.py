"""Where images are sent by themselves, what became of them, and what is changed on the way in or out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from clients.administration.entering import CHANGES_HINT, changes_of, joined, lines_of, listed, number, phrases
from clients.administration.syntaxes import SYNTAX_CHOICES
from clients.administration.table.spec import Asking, Call, TableAction, TableSpec, Values
from clients.administration.words import person, yes_no
from clients.kit.fields import (
    Choice,
    ChoiceField,
    LongTextField,
    NumberField,
    Section,
    SwitchField,
    TextField,
    TicksField,
)
from clients.kit.paging import Align, Column, EmptyWords, local_time
from clients.kit.states import StateLook
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from shared.contract.base import Page, Request
from shared.contract.organisation import ListPeers, PeerView
from shared.contract.routing import (
    CancelForward,
    CoercionView,
    Conditions,
    ForwardState,
    ListCoercions,
    ListForwards,
    ListRules,
    ListTargets,
    Moment,
    PreviewRule,
    RemoveCoercion,
    RemoveRule,
    RemoveTarget,
    ResendForward,
    RuleView,
    SaveCoercion,
    SaveRule,
    SaveTarget,
    TargetKind,
    TargetView,
    TestTarget,
)

_MOST = 500

FORWARD_LOOKS = {
    ForwardState.WAITING: StateLook("等待", Tone.NEUTRAL, "hourglass"),
    ForwardState.SENDING: StateLook("发送中", Tone.ACTIVE, "play"),
    ForwardState.VERIFYING: StateLook("确认中", Tone.INFO, "clock"),
    ForwardState.SENT: StateLook("已发送", Tone.SUCCESS, "check_circle"),
    ForwardState.FAILED: StateLook("失败", Tone.DANGER, "cross_circle"),
    ForwardState.CANCELLED: StateLook("已取消", Tone.NEUTRAL, "minus"),
}
_MOMENTS = {
    Moment.ARRIVED: "收到任何影像时",
    Moment.QUIET: "一段时间没有新影像后",
    Moment.COMPLETE: "影像收齐后",
    Moment.MATCHED: "匹配到检查后",
    Moment.REPORTED: "报告审核后",
}

WEEKDAYS = [
    Choice(number_, text)
    for number_, text in enumerate(("星期一", "星期二", "星期三", "星期四", "星期五", "星期六", "星期日"))
]

FORWARDS = TableSpec(
    id="forwards",
    columns=(
        Column("patient_name", "患者姓名", 140, strong=True, value=lambda row: person(row.patient_name)),
        Column("accession_number", "检查号", 120),
        Column("target_name", "目标", 120),
        Column("state", "状态", 100, looks=FORWARD_LOOKS),  # type: ignore[arg-type]
        Column("sent", "进度", 90, Align.RIGHT, value=lambda row: f"{row.sent} / {row.total}"),
        Column("rule_name", "规则", 110, value=lambda row: row.rule_name or tr("手工")),
        Column("changed_at", "更新时间", 140, format=local_time, quiet=True),
        Column("sentence", "情况", 0, quiet=True),
    ),
    empty=EmptyWords("没有转发记录", "建立目标和规则后，转发的检查会显示在这里。", "submit"),
    load=lambda values: ListForwards(
        states=() if not values["state"] else (ForwardState(values["state"]),), page=Page(limit=_MOST)
    ),
    filters=(
        ChoiceField(
            key="state",
            label="状态",
            choices=[Choice("", "全部"), *(Choice(state.value, look.text) for state, look in FORWARD_LOOKS.items())],
            initial="",
        ),
    ),
    rows=lambda reply: reply.rows,
    row_id=lambda row: row.id,
    summary=lambda reply: tr("共 {total} 条", total=reply.total),
    actions=(
        TableAction(
            id="again",
            text="立即重试",
            icon="refresh",
            command=lambda row, _answer: ResendForward(forward_id=row.id),
            allowed=lambda row: row.state in (ForwardState.FAILED, ForwardState.WAITING, ForwardState.CANCELLED),
        ),
        TableAction(
            id="everything",
            text="全部重发",
            icon="submit",
            command=lambda row, _answer: ResendForward(forward_id=row.id, everything=True),
            allowed=lambda row: row.state in (ForwardState.SENT, ForwardState.FAILED, ForwardState.CANCELLED),
        ),
        TableAction(
            id="cancel",
            text="取消",
            icon="cross_circle",
            command=lambda row, _answer: CancelForward(forward_id=row.id),
            allowed=lambda row: row.state in (ForwardState.WAITING, ForwardState.SENDING, ForwardState.VERIFYING),
            danger=True,
        ),
    ),
    details=lambda row, _fetched: (
        ("目标", row.target_name),
        ("情况", row.sentence),
        ("尝试次数", str(row.attempts)),
        ("下次尝试", local_time(row.next_try)),
        ("创建时间", local_time(row.created_at)),
        ("结束时间", local_time(row.finished_at)),
        ("检查 UID", row.study_uid),
    ),
    search=lambda row: f"{row.patient_name} {row.patient_id} {row.accession_number} {row.target_name} {row.sentence}",
    entities=("forward", "job"),
)


def _save_target(values: Values, row: TargetView | None) -> Request[Any]:
    return SaveTarget(
        id=0 if row is None else row.id,
        version=0 if row is None else row.version,
        name=values["name"],
        kind=TargetKind(values["kind"]),
        enabled=values["enabled"],
        ae_title=values["ae_title"] or "",
        url=values["url"],
        token_file=values["token_file"],
        concurrency=number(values["concurrency"], 1),
        transfer_syntaxes=tuple(values["transfer_syntaxes"]),
        commitment=values["commitment"],
    )


@dataclass(frozen=True)
class TargetList:
    """Targets, and the peers that can be one."""

    targets: tuple[TargetView, ...]
    peers: tuple[PeerView, ...]


def _peer_choices(reply: TargetList) -> list[Choice]:
    known = {peer.ae_title: f"{peer.ae_title} · {peer.host}:{peer.port}" for peer in reply.peers if peer.port}
    for target in reply.targets:
        if target.ae_title:
            known.setdefault(target.ae_title, target.ae_title)
    return [Choice("", "–"), *(Choice(title, words, translate=False) for title, words in known.items())]


TARGETS = TableSpec(
    id="targets",
    columns=(
        Column("name", "目标", 160, strong=True),
        Column("kind", "方式", 110, format=lambda kind: "DICOM" if kind is TargetKind.DICOM else "DICOMweb"),
        Column("place", "地址", 0, value=lambda row: row.ae_title or row.url),
        Column("enabled", "启用", 60, Align.CENTRE, format=yes_no),
        Column("waiting", "等待", 60, Align.RIGHT),
        Column("failed", "失败", 60, Align.RIGHT),
        Column("last_error", "最近错误", 220, quiet=True),
    ),
    empty=EmptyWords("没有转发目标", "新建一个 DICOM 节点或 DICOMweb 服务作为目标。", "submit"),
    load=lambda _values: lambda call: TargetList(call(ListTargets()), call(ListPeers())),
    rows=lambda reply: reply.targets,
    choices={"ae_title": _peer_choices},
    row_id=lambda row: row.id,
    intro="影像发送到的地方。DICOM 目标须先在“节点”中登记。",
    form=(
        Section(
            "",
            (
                TextField(key="name", label="名称", required=True, max_length=80),
                ChoiceField(
                    key="kind",
                    label="方式",
                    required=True,
                    choices=[Choice("dicom", "DICOM 存储"), Choice("stow", "DICOMweb")],
                    initial="dicom",
                ),
                ChoiceField(key="ae_title", label="节点", hint="DICOM 目标"),
                TextField(key="token_file", label="令牌文件", hint="服务器 secrets 文件夹中的文件名"),
                TextField(key="url", label="地址", max_length=400, placeholder="https://…/studies", span=2),
                NumberField(key="concurrency", label="并行数", minimum=1, maximum=16, initial=1),
                SwitchField(key="enabled", label="启用", initial=True),
                SwitchField(key="commitment", label="发送后请求存储确认", span=2),
                TicksField(key="transfer_syntaxes", label="传输语法", hint="不选则按原样发送", choices=SYNTAX_CHOICES),
            ),
        ),
    ),
    values=lambda row: {
        "name": row.name,
        "kind": row.kind.value,
        "ae_title": row.ae_title,
        "token_file": row.token_file,
        "url": row.url,
        "concurrency": row.concurrency,
        "transfer_syntaxes": row.transfer_syntaxes,
        "commitment": row.commitment,
        "enabled": row.enabled,
    },
    save=_save_target,
    remove=lambda row: RemoveTarget(id=row.id),
    actions=(
        TableAction(
            id="test",
            text="测试连接",
            icon="online",
            command=lambda row, _answer: TestTarget(id=row.id),
            news=lambda reply: reply or tr("目标有应答。"),
        ),
    ),
    details=lambda row, _fetched: (
        ("最近错误", row.last_error),
        ("中断于", local_time(row.down_since)),
        ("下次尝试", local_time(row.next_try)),
    ),
    entities=("routing", "forward", "hospital"),
    new_text="新建目标",
)


def _conditions(values: Values) -> Conditions:
    return Conditions(
        sender_aes=listed(values["sender_aes"]),
        modalities=listed(values["modalities"]),
        body_parts=phrases(values["body_parts"]),
        descriptions=phrases(values["descriptions"]),
        institutions=phrases(values["institutions"]),
        stations=listed(values["stations"]),
        patient_ids=listed(values["patient_ids"]),
        weekdays=tuple(values["weekdays"]),
        moment=Moment(values["moment"]),
        quiet_s=number(values["quiet_s"], 30),
        from_time=values["from_time"],
        until_time=values["until_time"],
    )


@dataclass(frozen=True)
class NamedRule:
    """A rule with the name of its target."""

    rule: RuleView
    target: str

    @property
    def id(self) -> int:
        return self.rule.id


@dataclass(frozen=True)
class RuleList:
    """Rules, and the targets that they can name."""

    rules: tuple[NamedRule, ...]
    targets: tuple[TargetView, ...]


def _load_rules(_values: Values) -> Asking:
    def load(call: Call) -> RuleList:
        targets = call(ListTargets())
        names = {target.id: target.name for target in targets}
        rules = tuple(NamedRule(rule, names.get(rule.target_id, str(rule.target_id))) for rule in call(ListRules()))
        return RuleList(rules, targets)

    return load


def _save_rule(values: Values, row: NamedRule | None) -> Request[Any]:
    return SaveRule(
        id=0 if row is None else row.rule.id,
        version=0 if row is None else row.rule.version,
        name=values["name"],
        enabled=values["enabled"],
        conditions=_conditions(values),
        target_id=int(values["target_id"]),
        changes=changes_of(values["changes"]),
        delay_s=number(values["delay_s"]),
        priority=number(values["priority"]),
        days_back=number(values["days_back"], 7),
    )


def _rule_values(rule: RuleView) -> Values:
    return {
        "name": rule.name,
        "target_id": rule.target_id,
        "moment": rule.conditions.moment.value,
        "quiet_s": rule.conditions.quiet_s,
        "modalities": joined(rule.conditions.modalities),
        "sender_aes": joined(rule.conditions.sender_aes),
        "body_parts": joined(rule.conditions.body_parts),
        "descriptions": joined(rule.conditions.descriptions),
        "institutions": joined(rule.conditions.institutions),
        "stations": joined(rule.conditions.stations),
        "patient_ids": joined(rule.conditions.patient_ids),
        "weekdays": rule.conditions.weekdays,
        "from_time": rule.conditions.from_time,
        "until_time": rule.conditions.until_time,
        "delay_s": rule.delay_s,
        "priority": rule.priority,
        "days_back": rule.days_back,
        "enabled": rule.enabled,
        "changes": lines_of(rule.changes),
    }


def _applying(fetched: Any) -> str:
    if fetched is None:
        return ""
    applies = sum(1 for one in fetched if one.applies)
    return tr("最近 {all} 个检查中有 {applies} 个符合", all=len(fetched), applies=applies)


ROUTING_RULES = TableSpec(
    id="routing_rules",
    columns=(
        Column("name", "规则", 150, value=lambda row: row.rule.name, strong=True),
        Column("enabled", "启用", 60, Align.CENTRE, value=lambda row: yes_no(row.rule.enabled)),
        Column("modalities", "检查类型", 90, value=lambda row: joined(row.rule.conditions.modalities) or tr("全部")),
        Column("sender_aes", "发送方", 110, value=lambda row: joined(row.rule.conditions.sender_aes) or tr("全部")),
        Column("moment", "何时", 150, value=lambda row: tr(_MOMENTS[row.rule.conditions.moment])),
        Column("target", "目标", 120),
        Column("changes", "更改", 0, value=lambda row: "；".join(lines_of(row.rule.changes).splitlines()), quiet=True),
    ),
    empty=EmptyWords("没有转发规则", "先建立目标，再建立规则。", "filter"),
    load=_load_rules,
    rows=lambda reply: reply.rules,
    choices={
        "target_id": lambda reply: [Choice(one.id, one.name, translate=False) for one in reply.targets],
    },
    row_id=lambda row: row.id,
    intro="哪些影像在什么时候发往哪里。条件可用 * 和 ?，空为全部。",
    form=(
        Section(
            "",
            (
                TextField(key="name", label="规则", required=True, max_length=80),
                ChoiceField(key="target_id", label="目标", required=True),
                ChoiceField(
                    key="moment",
                    label="何时",
                    required=True,
                    choices=[Choice(moment.value, text) for moment, text in _MOMENTS.items()],
                    initial=Moment.QUIET.value,
                    span=2,
                ),
                NumberField(key="quiet_s", label="没有新影像的时间", unit="秒", initial=30),
            ),
        ),
        Section(
            "条件",
            (
                TextField(key="modalities", label="检查类型"),
                TextField(key="sender_aes", label="发送方 AE"),
                TextField(key="body_parts", label="部位"),
                TextField(key="descriptions", label="描述"),
                TextField(key="institutions", label="机构名称", span=2),
                TextField(key="stations", label="设备站名"),
                TextField(key="patient_ids", label="患者编号"),
                TicksField(key="weekdays", label="星期", hint="不选为每天", choices=WEEKDAYS, columns=3),
                TextField(key="from_time", label="从", placeholder="20:00", max_length=5),
                TextField(key="until_time", label="到", placeholder="06:00", max_length=5),
            ),
        ),
        Section(
            "发送",
            (
                NumberField(key="delay_s", label="延迟", unit="秒", initial=0),
                NumberField(key="priority", label="优先级", initial=0, minimum=-100, maximum=100),
                NumberField(key="days_back", label="只看最近", unit="天", initial=7),
                SwitchField(key="enabled", label="启用", initial=True),
                LongTextField(key="changes", label="更改属性", hint=CHANGES_HINT),
            ),
        ),
    ),
    values=lambda row: _rule_values(row.rule),
    save=_save_rule,
    remove=lambda row: RemoveRule(id=row.id),
    undo_remove=lambda row: _save_rule(_rule_values(row.rule), None),
    fetch=lambda row: PreviewRule(conditions=row.rule.conditions, target_id=row.rule.target_id),
    details=lambda _row, fetched: (("预览", _applying(fetched)),),
    entities=("routing",),
    new_text="新建规则",
)


def _save_coercion(values: Values, row: CoercionView | None) -> Request[Any]:
    return SaveCoercion(
        id=0 if row is None else row.id,
        version=0 if row is None else row.version,
        name=values["name"],
        enabled=values["enabled"],
        sender_aes=listed(values["sender_aes"]),
        modalities=listed(values["modalities"]),
        changes=changes_of(values["changes"]),
    )


COERCIONS = TableSpec(
    id="coercions",
    columns=(
        Column("name", "规则", 160, strong=True),
        Column("enabled", "启用", 60, Align.CENTRE, format=yes_no),
        Column("sender_aes", "发送方", 140, value=lambda row: joined(row.sender_aes)),
        Column("modalities", "检查类型", 100, value=lambda row: joined(row.modalities) or tr("全部")),
        Column("changes", "更改", 0, value=lambda row: "；".join(lines_of(row.changes).splitlines()), quiet=True),
    ),
    empty=EmptyWords("没有接收更正", "设备发来的影像原样使用。", "edit"),
    load=lambda _values: ListCoercions(),
    row_id=lambda row: row.id,
    intro="某些设备发来的影像在使用时更正属性；原始文件不变，每次更正都有记录。",
    form=(
        Section(
            "",
            (
                TextField(key="name", label="规则", required=True, max_length=80),
                SwitchField(key="enabled", label="启用", initial=True),
                TextField(key="sender_aes", label="发送方 AE", required=True),
                TextField(key="modalities", label="检查类型"),
                LongTextField(key="changes", label="更改属性", required=True, hint=CHANGES_HINT, lines=6),
            ),
        ),
    ),
    values=lambda row: {
        "name": row.name,
        "enabled": row.enabled,
        "sender_aes": joined(row.sender_aes),
        "modalities": joined(row.modalities),
        "changes": lines_of(row.changes),
    },
    save=_save_coercion,
    remove=lambda row: RemoveCoercion(id=row.id),
    undo_remove=lambda row: SaveCoercion(
        name=row.name, enabled=row.enabled, sender_aes=row.sender_aes, modalities=row.modalities, changes=row.changes
    ),
    entities=("routing",),
    new_text="新建更正",
)
