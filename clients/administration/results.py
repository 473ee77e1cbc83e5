"""What leaves with approved reports: an overview with resending, and the rules that say which results are made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from clients.administration.table.spec import Asking, Call, TableAction, TableSpec, Unclear, Values
from clients.administration.words import yes_no
from clients.kit.fields import Choice, ChoiceField, Section, SwitchField, TextField, TicksField
from clients.kit.paging import Align, Column, EmptyWords, local_time
from clients.kit.states import StateLook
from clients.kit.tokens import Tone
from clients.kit.translations import Language, language, tr
from shared.contract.base import Page
from shared.contract.interfaces import ConnectionView, InterfaceKind, ListConnections
from shared.contract.organisation import GetHospital
from shared.contract.results import (
    GetResultSettings,
    GiveUpResult,
    ListResults,
    ResendResult,
    ResultEvent,
    ResultKind,
    ResultRule,
    ResultSettingsView,
    ResultState,
    ResultView,
    SaveResultSettings,
)

_MOST = 500

RESULT_LOOKS = {
    ResultState.WAITING: StateLook("等待", Tone.NEUTRAL, "hourglass"),
    ResultState.DONE: StateLook("完成", Tone.SUCCESS, "check_circle"),
    ResultState.FAILED: StateLook("失败", Tone.DANGER, "cross_circle"),
    ResultState.GIVEN_UP: StateLook("已放弃", Tone.NEUTRAL, "minus"),
}
KIND_WORDS = {
    ResultKind.SR: "DICOM 报告",
    ResultKind.KEY_OBJECTS: "DICOM 关键图像",
    ResultKind.PDF: "DICOM PDF",
    ResultKind.CDA: "CDA 文档",
    ResultKind.FHIR: "FHIR 报告",
    ResultKind.ORU: "HL7 ORU",
    ResultKind.MDM: "HL7 MDM（CDA）",
    ResultKind.CRITICAL: "HL7 危急值",
}
EVENT_WORDS = {
    ResultEvent.APPROVED: "审核",
    ResultEvent.REVISED: "修订",
    ResultEvent.ADDED: "补充",
    ResultEvent.WITHDRAWN: "撤回",
}
_HERE = (ResultKind.SR, ResultKind.KEY_OBJECTS, ResultKind.PDF, ResultKind.CDA)


def _words(table: dict[Any, str]) -> Any:
    return lambda value: tr(table[value])


def _target(row: ResultView) -> str:
    if row.target:
        return row.target
    return tr("文档库") if row.kind is ResultKind.CDA else tr("影像归档")


RESULTS = TableSpec(
    id="results",
    columns=(
        Column("made_at", "发出时间", 155, format=local_time, quiet=True),
        Column("accession_number", "检查号", 125),
        Column("patient_name", "患者姓名", 90, strong=True),
        Column("event", "事由", 85, format=_words(EVENT_WORDS)),
        Column("kind", "结果", 145, format=_words(KIND_WORDS)),
        Column("target", "去向", 110, value=_target),
        Column("state", "状态", 95, looks=RESULT_LOOKS),  # type: ignore[arg-type]
        Column("sentence", "情况", 0, quiet=True),
    ),
    empty=EmptyWords("没有结果", "报告审核通过后，存档的结构化报告和发出的消息会显示在这里。", "submit"),
    load=lambda values: ListResults(
        kinds=(ResultKind(values["kind"]),) if values["kind"] else (),
        states=(ResultState(values["state"]),) if values["state"] else (),
        text=values["text"],
        page=Page(limit=_MOST),
    ),
    filters=(
        ChoiceField(
            key="kind",
            label="结果",
            choices=[
                Choice("", "全部"),
                *(Choice(kind.value, text) for kind, text in KIND_WORDS.items() if kind is not ResultKind.CRITICAL),
            ],
            initial="",
        ),
        ChoiceField(
            key="state",
            label="状态",
            choices=[Choice("", "全部"), *(Choice(state.value, look.text) for state, look in RESULT_LOOKS.items())],
            initial="",
        ),
        TextField(key="text", label="查找", placeholder="检查号或患者姓名"),
    ),
    rows=lambda reply: reply.rows,
    row_id=lambda row: row.id,
    summary=lambda reply: tr(
        "共 {total} 条，等待 {waiting}，失败 {failed}",
        total=reply.total,
        waiting=reply.counts.get("waiting", 0),
        failed=reply.counts.get("failed", 0),
    ),
    actions=(
        TableAction(
            id="resend",
            text="重新发送",
            icon="send",
            command=lambda row, _answer: ResendResult(result_id=row.id),
        ),
        TableAction(
            id="give_up",
            text="放弃发送",
            icon="cross_circle",
            command=lambda row, answer: GiveUpResult(result_id=row.id, reason=answer),
            allowed=lambda row: row.state in (ResultState.WAITING, ResultState.FAILED),
            asks="放弃的理由",
            danger=True,
        ),
    ),
    named=lambda row: f"{row.accession_number} {tr(KIND_WORDS[row.kind])}",
    details=lambda row, _fetched: (
        ("情况", row.sentence),
        ("报告版本", tr("第 {number} 版", number=row.edition)),
        ("应答代码", row.answer),
        ("尝试次数", str(row.attempts) if row.attempts else ""),
        ("结束时间", local_time(row.finished_at)),
        ("对象标识", row.sop_instance_uid),
        ("消息记录", f"#{row.message_id}" if row.message_id else ""),
    ),
    entities=("result",),
    side_width=400,
)


# ── rules ────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class RuleLine:
    """A rule with its place among the rules and the names of what it points at."""

    place: int
    rule: ResultRule
    target: str
    campuses: str


@dataclass(frozen=True)
class RuleList:
    """All rules and what may be chosen in one."""

    version: int
    lines: tuple[RuleLine, ...]
    connections: tuple[Choice, ...]
    exam_types: tuple[Choice, ...]
    campuses: tuple[Choice, ...]


_OUT = (InterfaceKind.HL7_OUT, InterfaceKind.FHIR_OUT)


def load_rules(call: Call) -> RuleList:
    """Fetch the rules, the connections and the master data."""
    settings: ResultSettingsView = call(GetResultSettings())
    connections: Sequence[ConnectionView] = [one for one in call(ListConnections()) if one.kind in _OUT]
    hospital = call(GetHospital())
    english = language() is Language.ENGLISH
    names = {one.id: one.name for one in connections}
    campuses = {one.id: (one.name_en or one.name) if english else one.name for one in hospital.campuses}
    return RuleList(
        version=settings.version,
        lines=tuple(
            RuleLine(
                place,
                rule,
                names.get(rule.connection_id, tr("连接已删除")) if rule.kind not in _HERE else tr("本院"),
                "、".join(campuses.get(one, str(one)) for one in rule.campus_ids) or tr("全部"),
            )
            for place, rule in enumerate(settings.rules)
        ),
        connections=tuple(Choice(str(one.id), one.name, translate=False) for one in connections),
        exam_types=tuple(
            Choice(one.code, (one.name_en or one.name) if english else one.name, translate=False)
            for one in hospital.exam_types
        ),
        campuses=tuple(Choice(str(key), name, translate=False) for key, name in campuses.items()),
    )


def _rule_of(values: Values) -> ResultRule:
    kind = ResultKind(values["kind"])
    if kind not in _HERE and not values["connection"]:
        raise Unclear(tr("请选择发出消息的连接。"))
    return ResultRule(
        kind=kind,
        connection_id=0 if kind in _HERE else int(values["connection"]),
        enabled=bool(values["enabled"]),
        exam_types=tuple(values["exam_types"]),
        campus_ids=tuple(int(one) for one in values["campuses"]),
        with_pdf=bool(values["with_pdf"]) and kind in (ResultKind.ORU, ResultKind.FHIR),
    )


def _save(values: Values, line: RuleLine | None) -> Asking:
    rule = _rule_of(values)

    def ask(call: Call) -> ResultSettingsView:
        present: ResultSettingsView = call(GetResultSettings())
        rules = list(present.rules)
        if line is None:
            rules.append(rule)
        elif line.place < len(rules) and rules[line.place] == line.rule:
            rules[line.place] = rule
        else:
            raise Unclear(tr("规则已被他人修改，请刷新后再改。"))
        saved: ResultSettingsView = call(SaveResultSettings(version=present.version, rules=tuple(rules)))
        return saved

    return ask


def _remove(line: RuleLine) -> Asking:
    def ask(call: Call) -> ResultSettingsView:
        present: ResultSettingsView = call(GetResultSettings())
        if line.place >= len(present.rules) or present.rules[line.place] != line.rule:
            raise Unclear(tr("规则已被他人修改，请刷新后再改。"))
        rules = present.rules[: line.place] + present.rules[line.place + 1 :]
        saved: ResultSettingsView = call(SaveResultSettings(version=present.version, rules=rules))
        return saved

    return ask


RESULT_RULES = TableSpec(
    id="result_rules",
    columns=(
        Column("kind", "结果", 190, strong=True, value=lambda line: tr(KIND_WORDS[line.rule.kind])),
        Column("target", "去向", 120),
        Column("exam_types", "检查类型", 120, value=lambda line: "、".join(line.rule.exam_types) or tr("全部")),
        Column("campuses", "院区", 0),
        Column("with_pdf", "附 PDF", 60, Align.CENTRE, value=lambda line: yes_no(line.rule.with_pdf)),
        Column("enabled", "启用", 60, Align.CENTRE, value=lambda line: yes_no(line.rule.enabled)),
    ),
    empty=EmptyWords("没有规则", "没有规则时，报告审核后不产生任何结果。", "submit"),
    intro="报告审核、修订、补充或撤回时，按规则存入影像归档或发给其他系统；改动只影响以后的报告。",
    load=lambda _values: load_rules,
    rows=lambda reply: reply.lines,
    row_id=lambda line: line.place,
    form=(
        Section(
            "",
            (
                ChoiceField(
                    key="kind",
                    label="结果",
                    choices=[Choice(kind.value, text) for kind, text in KIND_WORDS.items()],
                    initial=ResultKind.ORU.value,
                    required=True,
                ),
                ChoiceField(
                    key="connection",
                    label="连接",
                    choices=[],
                    initial="",
                    hint="FHIR、ORU、MDM 和危急值需要；在“接口”中添加",
                ),
                TicksField(key="exam_types", label="检查类型", hint="不选则全部", columns=3),
                TicksField(key="campuses", label="院区", hint="不选则全部", columns=2),
                SwitchField(key="with_pdf", label="附上 PDF 报告", hint="仅 ORU 和 FHIR"),
                SwitchField(key="enabled", label="启用", initial=True),
            ),
        ),
    ),
    choices={
        "connection": lambda reply: (Choice("", "无"), *reply.connections),
        "exam_types": lambda reply: reply.exam_types,
        "campuses": lambda reply: reply.campuses,
    },
    values=lambda line: {
        "kind": line.rule.kind.value,
        "connection": str(line.rule.connection_id) if line.rule.connection_id else "",
        "exam_types": line.rule.exam_types,
        "campuses": tuple(str(one) for one in line.rule.campus_ids),
        "with_pdf": line.rule.with_pdf,
        "enabled": line.rule.enabled,
    },
    save=_save,
    saved_id=lambda _reply: None,
    remove=_remove,
    removed_words=lambda line: tr("已删除规则：{kind}", kind=tr(KIND_WORDS[line.rule.kind])),
    entities=("result_settings",),
    new_text="新建规则",
)
