"""The exchange with the hospital system: its connections, and the journal of messages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from clients.administration.entering import number
from clients.administration.table.spec import Details, Part, TableAction, TableSpec, Unclear, Values
from clients.administration.words import yes_no
from clients.kit.fields import (
    Choice,
    ChoiceField,
    Field,
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
from shared.contract.interfaces import (
    ConnectionView,
    Direction,
    ExamHappening,
    GetMessage,
    GiveUpMessage,
    InterfaceKind,
    ListConnections,
    ListMessages,
    MessageState,
    MessageText,
    MessageView,
    ProcessMessageAgain,
    RemoveConnection,
    ResendMessage,
    SaveConnection,
    StatusForm,
    TestConnection,
)

_MOST = 500
_SHOWN_SEGMENTS = 60
_SHOWN_LENGTH = 400

MESSAGE_LOOKS = {
    MessageState.ACCEPTED: StateLook("已接收", Tone.SUCCESS, "check_circle"),
    MessageState.REFUSED: StateLook("已拒绝", Tone.DANGER, "cross_circle"),
    MessageState.WAITING: StateLook("待发送", Tone.NEUTRAL, "hourglass"),
    MessageState.SENT: StateLook("已发送", Tone.SUCCESS, "check_circle"),
    MessageState.DEAD: StateLook("对方拒收", Tone.DANGER, "reject"),
    MessageState.CANCELLED: StateLook("已放弃", Tone.NEUTRAL, "minus"),
}
_DIRECTIONS = {Direction.IN: "收到", Direction.OUT: "发出"}
_HAPPENINGS = {
    ExamHappening.REGISTERED: "已登记",
    ExamHappening.CANCELLED: "取消登记",
    ExamHappening.STARTED: "检查开始",
    ExamHappening.WAITS_AGAIN: "退回待检",
    ExamHappening.EXAMINED: "检查完成",
    ExamHappening.REPORT_APPROVED: "报告审核",
    ExamHappening.REPORT_WITHDRAWN: "报告撤回",
}
_TROUBLE = "trouble"
_STATES = {_TROUBLE: (MessageState.REFUSED, MessageState.DEAD)}


def _states(value: Any) -> tuple[MessageState, ...]:
    if not value:
        return ()
    return _STATES.get(value) or (MessageState(value),)


def _segments(text: str) -> Details:
    """Each segment of an HL7 message a line; what is no HL7 in pieces."""
    lines = [line for line in text.splitlines() if line.strip()]
    if lines and not lines[0].startswith("MSH"):
        whole = "".join(lines)[: _SHOWN_LENGTH * 5]
        return (("JSON", whole),) if whole else ()
    shown = [(line[:3], line[4 : 4 + _SHOWN_LENGTH]) for line in lines[:_SHOWN_SEGMENTS]]
    if len(lines) > _SHOWN_SEGMENTS:
        shown.append(("…", tr("另有 {count} 段未显示", count=len(lines) - _SHOWN_SEGMENTS)))
    return tuple(shown)


def _parts(_row: MessageView, fetched: MessageText | None) -> Sequence[Part]:
    if fetched is None:
        return ()
    parts = [Part("消息内容", _segments(fetched.text)), Part("应答内容", _segments(fetched.answer))]
    return tuple(part for part in parts if part.lines)


MESSAGES = TableSpec(
    id="interface_messages",
    columns=(
        Column("at", "时间", 145, format=local_time, quiet=True),
        Column("direction", "方向", 50, format=lambda value: tr(_DIRECTIONS[value])),
        Column("message_type", "消息类型", 100),
        Column("patient_name", "患者姓名", 90, strong=True),
        Column("order_number", "申请单号", 110),
        Column("accession_number", "检查号", 125),
        Column("state", "状态", 110, looks=MESSAGE_LOOKS),  # type: ignore[arg-type]
        Column("sentence", "情况", 0, quiet=True),
    ),
    empty=EmptyWords("没有消息", "建立连接后，与医院信息系统往来的消息会显示在这里。", "send"),
    load=lambda values: ListMessages(
        direction=Direction(values["direction"]) if values["direction"] else None,
        states=_states(values["state"]),
        text=values["text"],
        page=Page(limit=_MOST),
    ),
    filters=(
        ChoiceField(
            key="direction",
            label="方向",
            choices=[Choice("", "全部"), *(Choice(key.value, text) for key, text in _DIRECTIONS.items())],
            initial="",
        ),
        ChoiceField(
            key="state",
            label="状态",
            choices=[
                Choice("", "全部"),
                Choice(_TROUBLE, "需要处理"),
                *(Choice(state.value, look.text) for state, look in MESSAGE_LOOKS.items()),
            ],
            initial="",
        ),
        TextField(key="text", label="查找", placeholder="姓名、申请单号、检查号"),
    ),
    rows=lambda reply: reply.rows,
    row_id=lambda row: row.id,
    summary=lambda reply: tr("共 {total} 条", total=reply.total),
    actions=(
        TableAction(
            id="process",
            text="重新处理",
            icon="refresh",
            command=lambda row, _answer: ProcessMessageAgain(message_id=row.id),
            allowed=lambda row: row.state is MessageState.REFUSED and row.message_type != "ServiceRequest",
            news=lambda reply: tr("已处理。") if reply.state is MessageState.ACCEPTED else reply.sentence,
        ),
        TableAction(
            id="resend",
            text="重新发送",
            icon="send",
            command=lambda row, _answer: ResendMessage(message_id=row.id),
            allowed=lambda row: row.direction is Direction.OUT,
        ),
        TableAction(
            id="give_up",
            text="放弃发送",
            icon="cross_circle",
            command=lambda row, answer: GiveUpMessage(message_id=row.id, reason=answer),
            allowed=lambda row: row.state is MessageState.WAITING,
            asks="放弃的理由",
            danger=True,
        ),
    ),
    named=lambda row: f"{row.message_type} {row.order_number}".strip(),
    fetch=lambda row: GetMessage(message_id=row.id),
    details=lambda row, _fetched: (
        ("情况", row.sentence),
        ("连接", row.connection_name),
        ("应答代码", row.ack_code),
        ("消息编号", row.control_id),
        ("尝试次数", str(row.attempts) if row.attempts else ""),
        ("重复次数", str(row.repeats) if row.repeats else ""),
        ("下次尝试", local_time(row.next_try)),
        ("结束时间", local_time(row.finished_at)),
    ),
    parts=_parts,
    entities=("interface_message",),
    side_width=400,
)


# ── connections ──────────────────────────────────────────────────────────────────────────────────


def _table_of(text: Any, label: str) -> dict[str, str]:
    """Lines like ``their=ours``. Raises Unclear with the line that is wrong."""
    found: dict[str, str] = {}
    for line_number, line in enumerate(str(text or "").splitlines(), 1):
        if not line.strip():
            continue
        key, sign, value = line.partition("=")
        if not sign or not key.strip() or not value.strip():
            raise Unclear(tr("“{label}”第 {line} 行应写成：对方=本院", label=tr(label), line=line_number))
        found[key.strip()] = value.strip()
    return found


def _lines_of(table: dict[str, str]) -> str:
    return "\n".join(f"{key}={value}" for key, value in table.items())


_NAME = TextField(key="name", label="名称", required=True, max_length=64)
_ENABLED = SwitchField(key="enabled", label="启用", initial=True)
_TLS = SwitchField(key="tls", label="使用 TLS 加密")
_THEIRS = (
    TextField(key="application", label="对方应用", max_length=180, hint="MSH-3，可空"),
    TextField(key="facility", label="对方机构", max_length=180, hint="MSH-4，可空"),
)
_OURS = (
    TextField(key="own_application", label="本方应用", max_length=180, initial="MINGJING"),
    TextField(key="own_facility", label="本方机构", max_length=180),
)
_CHARSET = ChoiceField(
    key="character_set",
    label="字符集",
    choices=[Choice("", "自动"), *(Choice(one, one, translate=False) for one in ("UTF-8", "GBK", "GB18030", "ASCII"))],
    initial="",
)
_CODES = LongTextField(
    key="codes", label="代码对照", hint="每行一项：对方代码=本院项目或检查类型", lines=4, max_length=40_000
)
_IDENTIFIERS = LongTextField(
    key="identifiers",
    label="号码类型",
    hint="每行一项，如 ZYH=inpatient_number；可用 card_number、id_number、inpatient_number、health_check_number",
    lines=3,
)
_TIMEOUT = NumberField(key="timeout_s", label="等待应答", unit="秒", minimum=0.5, maximum=60, decimals=1, initial=5.0)
_TOLD = TicksField(
    key="happenings",
    label="通知内容",
    hint="不选则全部通知；计费在检查完成时",
    choices=[Choice(one.value, text) for one, text in _HAPPENINGS.items()],
    columns=2,
)
_URL = TextField(key="url", label="FHIR 地址", max_length=400, placeholder="https://…/fhir", required=True, span=2)
_TOKEN = TextField(key="token_file", label="令牌文件", hint="服务器 secrets 文件夹中的文件名")


def _save(kind: InterfaceKind | None, fields: Sequence[Field]) -> Any:
    """How a form is saved: what it does not ask keeps what the row has, or the request's own default."""
    asked = {field.key for field in fields}

    def save(values: Values, row: ConnectionView | None) -> Request[Any]:
        kept = {} if row is None else {name: getattr(row, name) for name in _KEPT}
        given = {name: values[name] for name in asked & set(_PLAIN)}
        if "port" in asked:
            given["port"] = number(values["port"])
        if "timeout_s" in asked:
            given["timeout_s"] = float(values["timeout_s"] or 5.0)
        if "codes" in asked:
            given["codes"] = _table_of(values["codes"], _CODES.label)
        if "identifiers" in asked:
            given["identifiers"] = _table_of(values["identifiers"], _IDENTIFIERS.label)
        if "happenings" in asked:
            given["happenings"] = tuple(ExamHappening(one) for one in values["happenings"])
        if "form" in asked:
            given["form"] = StatusForm(values["form"] or StatusForm.TASK)
        chosen = kind
        if chosen is None:
            chosen = InterfaceKind.FHIR_QUERY if values["kind"] == InterfaceKind.FHIR_QUERY else InterfaceKind.FHIR_OUT
        identity = {"id": row.id, "version": row.version} if row is not None else {}
        return SaveConnection(**(kept | given | identity), kind=chosen)

    return save


_PLAIN = (
    *("name", "enabled", "host", "tls", "url", "token_file", "application", "facility", "own_application"),
    *("own_facility", "hl7_version", "character_set", "identifier_system", "patient_system", "allows_tests"),
)
_KEPT = (*_PLAIN, "port", "form", "happenings", "codes", "identifiers", "timeout_s")


def _values(row: ConnectionView) -> Values:
    return {
        **{name: getattr(row, name) for name in _KEPT},
        "kind": row.kind.value,
        "form": row.form.value,
        "happenings": tuple(one.value for one in row.happenings),
        "codes": _lines_of(row.codes),
        "identifiers": _lines_of(row.identifiers),
    }


def _place(row: ConnectionView) -> str:
    if row.url:
        return row.url
    if row.port:
        return f"{row.host}:{row.port}"
    return row.host or tr("任意地址")


def _sender(row: ConnectionView) -> str:
    return " / ".join(part for part in (row.application, row.facility) if part) or tr("任意")


_TEST = TableAction(
    id="test",
    text="测试连接",
    icon="online",
    command=lambda row, _answer: TestConnection(id=row.id),
    news=lambda reply: reply or tr("对方有应答。"),
)
_STATE = (
    Column("enabled", "启用", 60, Align.CENTRE, format=yes_no),
    Column("waiting", "等待", 60, Align.RIGHT),
    Column("dead", "被拒", 60, Align.RIGHT),
)


def _spec(
    spec_id: str,
    kinds: tuple[InterfaceKind, ...],
    columns: Sequence[Column],
    form: Sequence[Section],
    *,
    empty: EmptyWords,
    intro: str,
    kind: InterfaceKind | None,
) -> TableSpec:
    fields = [field for section in form for field in section.fields]
    keys = [field.key for field in fields]
    return TableSpec(
        id=spec_id,
        columns=columns,
        empty=empty,
        load=lambda _values: ListConnections(),
        rows=lambda reply: tuple(row for row in reply if row.kind in kinds),
        row_id=lambda row: row.id,
        intro=intro,
        form=form,
        values=lambda row: {key: value for key, value in _values(row).items() if key in keys},
        save=_save(kind, fields),
        fixed_keys=("kind",) if kind is None else (),
        remove=lambda row: RemoveConnection(id=row.id),
        undo_remove=lambda row: _save(row.kind, fields)(_values(row), None),
        removed_words=lambda row: tr("已删除连接 {name}", name=row.name),
        actions=() if kind is InterfaceKind.HL7_IN else (_TEST,),
        named=lambda row: row.name,
        details=lambda row, _fetched: (
            ("最近错误", row.last_error),
            ("中断于", local_time(row.down_since)),
            ("下次尝试", local_time(row.next_try)),
        ),
        entities=("interface", "interface_message"),
        new_text="新建连接",
        side_width=440,
    )


HL7_INCOMING = _spec(
    "hl7_incoming",
    (InterfaceKind.HL7_IN,),
    (
        Column("name", "连接", 160, strong=True),
        Column("host", "对方地址", 160, value=_place),
        Column("facility", "发送方", 0, value=_sender),
        Column("enabled", "启用", 60, Align.CENTRE, format=yes_no),
        Column("dead", "被拒", 60, Align.RIGHT),
    ),
    (
        Section(
            "",
            (
                _NAME,
                _ENABLED,
                TextField(key="host", label="对方地址", max_length=64, hint="IP 或网段；空则按机构识别"),
                _TLS,
                *_THEIRS,
                _CHARSET,
                SwitchField(key="allows_tests", label="测试消息按正式处理"),
            ),
        ),
        Section("代码", (_CODES, _IDENTIFIERS)),
    ),
    empty=EmptyWords("没有接收连接", "新建后，医院信息系统才能发来申请单和患者资料。", "download"),
    intro="允许哪些系统用 HL7 v2 发来申请单（ORM、OMG、OMI）和患者资料（ADT）。",
    kind=InterfaceKind.HL7_IN,
)

HL7_OUTGOING = _spec(
    "hl7_outgoing",
    (InterfaceKind.HL7_OUT,),
    (
        Column("name", "连接", 160, strong=True),
        Column("place", "地址", 170, value=_place),
        *_STATE,
        Column("last_error", "最近错误", 0, quiet=True),
    ),
    (
        Section(
            "",
            (
                _NAME,
                _ENABLED,
                TextField(key="host", label="对方地址", required=True, max_length=255),
                NumberField(key="port", label="端口", required=True, minimum=1, maximum=65535),
                ChoiceField(
                    key="form",
                    label="消息",
                    required=True,
                    choices=[
                        Choice(StatusForm.ORM.value, "ORM^O01", translate=False),
                        Choice(StatusForm.OMG.value, "OMG^O19", translate=False),
                        Choice(StatusForm.CHARGES.value, "DFT^P03 计费"),
                        Choice(StatusForm.RESULTS.value, "只发报告"),
                    ],
                    initial=StatusForm.ORM.value,
                ),
                ChoiceField(
                    key="hl7_version",
                    label="HL7 版本",
                    required=True,
                    choices=[
                        Choice(one, one, translate=False)
                        for one in ("2.3", "2.3.1", "2.4", "2.5", "2.5.1", "2.6", "2.7")
                    ],
                    initial="2.5.1",
                ),
                _CHARSET,
                _TIMEOUT,
                *_THEIRS,
                *_OURS,
                _TLS,
                _TOLD,
            ),
        ),
    ),
    empty=EmptyWords("没有发送连接", "新建后，检查的登记、取消、完成和报告审核会通知医院信息系统。", "upload"),
    intro="检查状态以 HL7 v2 通知医院信息系统。对方不在线时排队，恢复后按顺序补发。",
    kind=InterfaceKind.HL7_OUT,
)

FHIR = _spec(
    "fhir",
    (InterfaceKind.FHIR_QUERY, InterfaceKind.FHIR_OUT),
    (
        Column("name", "连接", 160, strong=True),
        Column(
            "kind",
            "用途",
            130,
            format=lambda kind: tr("查询申请单") if kind is InterfaceKind.FHIR_QUERY else tr("通知状态"),
        ),
        Column("place", "地址", 220, value=_place),
        *_STATE,
        Column("last_error", "最近错误", 0, quiet=True),
    ),
    (
        Section(
            "",
            (
                _NAME,
                _ENABLED,
                ChoiceField(
                    key="kind",
                    label="用途",
                    required=True,
                    choices=[
                        Choice(InterfaceKind.FHIR_QUERY.value, "查询申请单"),
                        Choice(InterfaceKind.FHIR_OUT.value, "通知状态"),
                    ],
                    initial=InterfaceKind.FHIR_QUERY.value,
                ),
                ChoiceField(
                    key="form",
                    label="状态写入",
                    hint="用于通知状态",
                    choices=[
                        Choice(StatusForm.TASK.value, "Task", translate=False),
                        Choice(StatusForm.SERVICE_REQUEST.value, "ServiceRequest", translate=False),
                        Choice(StatusForm.RESULTS.value, "只发报告"),
                    ],
                    initial=StatusForm.TASK.value,
                ),
                _URL,
                _TOKEN,
                _TIMEOUT,
                TextField(key="identifier_system", label="申请单号体系", max_length=200, placeholder="urn:…"),
                TextField(key="patient_system", label="卡号体系", max_length=200, placeholder="urn:…"),
                _TOLD,
            ),
        ),
        Section("代码", (_CODES, _IDENTIFIERS)),
    ),
    empty=EmptyWords("没有 FHIR 连接", "登记时本院没有的申请单，可以向医院信息系统的 FHIR 服务查询。", "search"),
    intro="登记员查询时向 FHIR R4 服务要申请单，或把检查状态写回。",
    kind=None,
)
