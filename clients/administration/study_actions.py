"""What can be done to a study: correct, merge, move, reject, delete, send, export, move to stores, hold."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import Any

from clients.administration.exporting import EXPORT
from clients.administration.storage import ROLES
from clients.administration.study_history import words_of
from clients.administration.table.spec import Asking, Call, TableAction, Unclear, Values
from clients.administration.words import person, store_words, told
from clients.kit.fields import (
    Choice,
    ChoiceField,
    DateField,
    LongTextField,
    Section,
    SwitchField,
    TextField,
    TicksField,
)
from clients.kit.paging import local_time
from clients.kit.translations import tr
from shared.contract.archive import (
    GetStudy,
    ListStudies,
    SetStudyCharacterSet,
    SettleCompleteness,
    StudyRow,
    StudyView,
    UnmatchStudy,
)
from shared.contract.corrections import (
    CorrectionView,
    CorrectStudy,
    MergePatients,
    MergeStudies,
    MoveSeries,
    RejectInstances,
    TagValue,
    UndoCorrection,
)
from shared.contract.errors import ErrorCode
from shared.contract.keeping import DeleteImages, HoldStudy, ReleaseStudy
from shared.contract.routing import ListTargets, SendStudy
from shared.contract.storage import GetStudyCopies, ListStores, MoveStudy, RecallStudy, VerifyStudy
from shared.domain.permissions import Permission

_REASON = TextField(key="reason", label="原因", required=True, max_length=200, span=2)
_UID = re.compile(r"[0-9][0-9.]{4,63}\Z")


def named(row: StudyRow) -> str:
    """Which study an action is about."""
    parts = (person(row.patient_name), row.patient_id, local_time(row.study_at)[:10], row.description)
    return " · ".join(part for part in parts if part) or row.study_uid


# correct

_FIELDS = (
    ("name", "PatientName"),
    ("patient_id", "PatientID"),
    ("sex", "PatientSex"),
    ("birth_date", "PatientBirthDate"),
    ("accession_number", "AccessionNumber"),
    ("study_date", "StudyDate"),
    ("description", "StudyDescription"),
)
"""Key of a field and the attribute that it stands for."""


def day_of(text: str) -> date | None:
    """A DICOM DA as a day; None where it is none."""
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:8])) if len(text) == 8 else None
    except ValueError:
        return None


def identity_of(row: StudyRow, _found: Any = None) -> Values:
    """What the form of a correction shows first."""
    return {
        "name": row.patient_name,
        "patient_id": row.patient_id,
        "sex": row.patient_sex,
        "birth_date": day_of(row.patient_birth_date),
        "accession_number": row.accession_number,
        "study_date": None if row.study_at is None else row.study_at.astimezone().date(),
        "description": row.description,
        "reason": "",
    }


def changed_values(row: StudyRow, values: Values) -> tuple[TagValue, ...]:
    """The attributes that were changed, written as DICOM does."""
    before = identity_of(row)
    return tuple(
        TagValue(keyword=keyword, value=_written(values[key]))
        for key, keyword in _FIELDS
        if (values[key] or "") != (before[key] or "")
    )


def _written(value: Any) -> str:
    return value.strftime("%Y%m%d") if isinstance(value, date) else str(value or "")


def correct(row: StudyRow, values: Values) -> Asking:
    """Only what was changed is sent."""
    changed = changed_values(row, values)
    if not changed:
        raise Unclear(tr("还没有更改任何内容。"))
    return CorrectStudy(study_uid=row.study_uid, version=row.version, values=changed, reason=values["reason"])


CORRECT = TableAction(
    id="correct",
    text="更正",
    icon="edit",
    said=told,
    warns="原始影像不变；更正记入历史，可以撤销。",
    form=(
        Section(
            "",
            (
                TextField(key="name", label="患者姓名", max_length=324, span=2, hint="姓^名；拼音与汉字之间用 = 分隔"),
                TextField(key="patient_id", label="患者编号"),
                ChoiceField(
                    key="sex",
                    label="性别",
                    choices=[Choice("M", "男"), Choice("F", "女"), Choice("O", "其他"), Choice("", "–")],
                ),
                DateField(key="birth_date", label="出生日期"),
                DateField(key="study_date", label="检查日期"),
                TextField(key="accession_number", label="检查号", max_length=16, span=2),
                TextField(key="description", label="描述", span=2),
                _REASON,
            ),
        ),
    ),
    form_values=identity_of,
    submit=correct,
    permission=Permission.CORRECT_IMAGES,
)

UNDO = TableAction(
    id="undo",
    text="撤销更正",
    icon="undo",
    about=words_of,
    form=(Section("", (_REASON,)),),
    submit=lambda event, values: UndoCorrection(event_id=event.id, reason=values["reason"]),
    said=told,
    allowed=lambda event: isinstance(event, CorrectionView) and event.can_undo,
    is_hidden=True,
    permission=Permission.CORRECT_IMAGES,
)

# merge and move


def study_words(row: StudyRow) -> str:
    """A study in a choice."""
    parts = (local_time(row.study_at)[:10], "/".join(row.modalities), row.description, row.accession_number)
    return " · ".join(part for part in parts if part) or row.study_uid


def _others(row: StudyRow) -> Asking:
    """The other studies of the same patient."""

    def ask(call: Call) -> Sequence[StudyRow]:
        if not row.patient_id:
            return ()
        rows = call(ListStudies(patient_id=row.patient_id, limit=100)).rows
        return tuple(other for other in rows if other.study_uid != row.study_uid)

    return ask


def _found_study(call: Call, values: Values) -> str:
    """The UID of the study that was chosen or written."""
    if values["into"]:
        return str(values["into"])
    text = str(values["search"]).strip()
    if not text:
        raise Unclear(tr("请选择目标检查，或填写它的检查号。"))
    if _UID.match(text) and "." in text:
        return text
    rows = call(ListStudies(accession_number=text, limit=3)).rows
    if len(rows) != 1:
        raise Unclear(
            tr("没有检查号为 {number} 的影像。", number=text)
            if not rows
            else tr("检查号 {number} 对应多个检查，请填写检查 UID。", number=text)
        )
    return str(rows[0].study_uid)


def _merge(row: StudyRow, values: Values) -> Asking:
    def ask(call: Call) -> Any:
        into = _found_study(call, values)
        return call(MergeStudies(study_uid=row.study_uid, into_study_uid=into, reason=values["reason"]))

    return ask


_SEARCH = TextField(key="search", label="或其他检查的检查号、检查 UID", span=2)

MERGE = TableAction(
    id="merge",
    text="并入其他检查",
    icon="copy",
    said=told,
    warns="全部序列归入目标检查；原始影像不变，可以撤销。",
    prepare=_others,
    form=(
        Section(
            "",
            (
                ChoiceField(key="into", label="同一患者的检查", span=2, placeholder="请选择"),
                _SEARCH,
                _REASON,
            ),
        ),
    ),
    form_choices={
        "into": lambda _row, found: [Choice(one.study_uid, study_words(one), translate=False) for one in found]
    },
    submit=_merge,
    in_menu=True,
    permission=Permission.CORRECT_IMAGES,
)

_NEW_STUDY = "new"


def _series_and_others(row: StudyRow) -> Asking:
    def ask(call: Call) -> tuple[StudyView, Sequence[StudyRow]]:
        others = _others(row)
        assert callable(others)
        return call(GetStudy(study_uid=row.study_uid)), others(call)

    return ask


def _series(_row: StudyRow, found: Any) -> list[Choice]:
    return [
        Choice(
            one.series_uid,
            tr(
                "{number} · {what} · {count} 个影像",
                number="–" if one.number is None else one.number,
                what=" ".join(part for part in (one.modality, one.description or one.body_part) if part),
                count=len(one.instances),
            ),
            translate=False,
        )
        for one in found[0].series
    ]


def _move(_row: StudyRow, values: Values) -> Asking:
    if not values["series"]:
        raise Unclear(tr("请选择要移动的序列。"))
    is_new = values["into"] == _NEW_STUDY
    texts = (("AccessionNumber", values["accession_number"]), ("StudyDescription", values["description"]))
    changes = tuple(TagValue(keyword=keyword, value=text) for keyword, text in texts if is_new and text)

    def ask(call: Call) -> Any:
        into = "" if is_new else _found_study(call, values)
        request = MoveSeries(
            series_uids=tuple(values["series"]), into_study_uid=into, values=changes, reason=values["reason"]
        )
        return call(request)

    return ask


MOVE_SERIES = TableAction(
    id="move_series",
    text="移动或拆分序列",
    icon="layout",
    said=told,
    warns="选中的序列移到另一个检查，或拆成一个新检查；原始影像不变，可以撤销。",
    prepare=_series_and_others,
    form=(
        Section("", (TicksField(key="series", label="序列", required=True),)),
        Section(
            "移到",
            (ChoiceField(key="into", label="检查", span=2, initial=_NEW_STUDY), _SEARCH),
        ),
        Section(
            "新检查",
            (
                TextField(key="accession_number", label="检查号", max_length=16),
                TextField(key="description", label="描述"),
                _REASON,
            ),
        ),
    ),
    form_choices={
        "series": _series,
        "into": lambda _row, found: [
            Choice(_NEW_STUDY, "新检查"),
            Choice("", "按下面填写的检查号"),
            *(Choice(one.study_uid, study_words(one), translate=False) for one in found[1]),
        ],
    },
    form_values=lambda _row, _found: {"into": _NEW_STUDY},
    submit=_move,
    in_menu=True,
    permission=Permission.CORRECT_IMAGES,
)

MERGE_PATIENTS = TableAction(
    id="merge_patients",
    text="合并患者编号",
    icon="users",
    said=told,
    warns="此患者编号下的所有检查归到另一编号；以后收到的影像同样处理。可以撤销。",
    form=(
        Section(
            "",
            (
                TextField(key="patient_id", label="患者编号", read_only=True),
                TextField(key="into", label="并入患者编号", required=True),
                _REASON,
            ),
        ),
    ),
    form_values=lambda row, _found: {"patient_id": row.patient_id},
    submit=lambda row, values: MergePatients(
        patient_id=row.patient_id, into_patient_id=values["into"], reason=values["reason"]
    ),
    allowed=lambda row: bool(row.patient_id),
    in_menu=True,
    permission=Permission.CORRECT_IMAGES,
)

# reject and delete

_REJECTIONS = {
    "113001": "影像质量不合格",
    "113037": "患者安全原因",
    "113038": "选错了工作列表条目",
    "113039": "超过保存期限",
}
"""DICOM PS3.16 CID 7011, as IHE RAD IOCM uses it."""

REJECT = TableAction(
    id="reject",
    text="退回影像",
    icon="reject",
    said=told,
    warns="影像移到回收站，并按退回原因记录；可以撤销。",
    form=(
        Section(
            "",
            (
                ChoiceField(
                    key="code",
                    label="退回原因",
                    required=True,
                    choices=[Choice(code, text) for code, text in _REJECTIONS.items()],
                    initial="113001",
                    span=2,
                ),
                TextField(key="reason", label="说明", required=True, max_length=200, span=2),
            ),
        ),
    ),
    submit=lambda row, values: RejectInstances(study_uid=row.study_uid, code=values["code"], reason=values["reason"]),
    danger=True,
    in_menu=True,
    permission=Permission.CORRECT_IMAGES,
)

DELETE = TableAction(
    id="delete",
    text="删除",
    icon="clear",
    said=lambda _reply: tr("已移到回收站，期限内可以恢复"),
    warns="影像移到回收站，期限内可以恢复。",
    form=(
        Section(
            "",
            (_REASON, SwitchField(key="force", label="虽然报告已审核，仍然删除", span=2)),
        ),
    ),
    reveals={ErrorCode.ILLEGAL_ACTION: "force"},
    submit=lambda row, values: DeleteImages(study_uid=row.study_uid, reason=values["reason"], force=values["force"]),
    danger=True,
    permission=Permission.DELETE_IMAGES,
)

# where it lies and goes


def _targets(call: Call) -> list[Choice]:
    return [Choice(target.id, target.name, translate=False) for target in call(ListTargets()) if target.enabled]


SEND = TableAction(
    id="send",
    text="发送",
    icon="send",
    command=lambda row, answer: SendStudy(study_uid=row.study_uid, target_id=int(answer)),
    said=lambda _reply: tr("已开始，进度见“转发”页"),
    asks="目标",
    choices=_targets,
)

RECALL = TableAction(
    id="recall",
    text="调回在线",
    icon="download",
    command=lambda row, _answer: RecallStudy(study_uid=row.study_uid),
    said=told,
    allowed=lambda row: row.availability != "ONLINE",
)


def _stores_and_copies(row: StudyRow) -> Asking:
    return lambda call: (call(ListStores()), call(GetStudyCopies(study_uid=row.study_uid)))


MOVE_TO_STORES = TableAction(
    id="move",
    text="移动到存储",
    icon="archive",
    said=told,
    warns="在选中的存储各保留一份；全部校验后才移除其他副本。",
    prepare=_stores_and_copies,
    form=(Section("", (TicksField(key="keep_in", label="存放于", required=True),)),),
    form_choices={
        "keep_in": lambda _row, found: [
            Choice(one.name, store_words(one.name, tr(ROLES.get(one.role, one.role))), translate=False)
            for one in found[0]
        ]
    },
    form_values=lambda _row, found: {"keep_in": tuple(dict.fromkeys(copy.store for copy in found[1].copies))},
    submit=lambda row, values: MoveStudy(study_uid=row.study_uid, keep_in=tuple(values["keep_in"])),
    in_menu=True,
)

VERIFY = TableAction(
    id="verify",
    text="校验副本",
    icon="check_circle",
    command=lambda row, _answer: VerifyStudy(study_uid=row.study_uid),
    said=told,
    in_menu=True,
)

SETTLE = TableAction(
    id="settle",
    text="不再等待缺少的影像",
    icon="check",
    command=lambda row, answer: SettleCompleteness(study_uid=row.study_uid, reason=answer),
    asks="原因",
    allowed=lambda row: row.completeness == "short",
    in_menu=True,
)

_CHARACTER_SETS = ("GB18030", "GBK", "ISO_IR 192", "ISO 2022 IR 58", "ISO_IR 100", "ISO 2022 IR 87", "ISO 2022 IR 149")

CHARSET = TableAction(
    id="charset",
    text="指定字符集",
    icon="language",
    warns="姓名显示为乱码时，按选定的字符集重新读取；原始影像不变。",
    form=(
        Section(
            "",
            (
                ChoiceField(
                    key="set",
                    label="字符集",
                    choices=[Choice("", "自动识别"), *(Choice(one, one, translate=False) for one in _CHARACTER_SETS)],
                    initial="",
                    span=2,
                ),
            ),
        ),
    ),
    submit=lambda row, values: SetStudyCharacterSet(study_uid=row.study_uid, character_set=values["set"] or ""),
    said=lambda reply: tr("现在读作：{name}", name=person(reply.patient_name)),
    in_menu=True,
)


def _is_held(facts: Any) -> bool:
    return facts is not None and any(hold.released_at is None for hold in facts.holds)


UNMATCH = TableAction(
    id="unmatch",
    text="解除匹配",
    icon="close",
    command=lambda row, answer: UnmatchStudy(study_uid=row.study_uid, version=row.version, reason=answer),
    said=lambda _reply: tr("已解除匹配"),
    asks="原因",
    allowed=lambda row: row.exam_id is not None,
    in_menu=True,
    permission=Permission.MATCH_IMAGES,
)

HOLD = TableAction(
    id="hold",
    text="法律保留",
    icon="lock",
    said=lambda _reply: tr("已设为法律保留"),
    warns="任何规则和任何人都不能删除被保留的检查，直到解除。",
    form=(Section("", (LongTextField(key="reason", label="原因", required=True, max_length=200, lines=2),)),),
    submit=lambda row, values: HoldStudy(study_uid=row.study_uid, reason=values["reason"]),
    fits=lambda _row, facts: not _is_held(facts),
    in_menu=True,
    permission=Permission.DELETE_IMAGES,
)

RELEASE = TableAction(
    id="release",
    text="解除保留",
    icon="unlock",
    said=lambda _reply: tr("已解除"),
    command=lambda row, answer: ReleaseStudy(study_uid=row.study_uid, reason=answer),
    asks="原因",
    fits=lambda _row, facts: _is_held(facts),
    in_menu=True,
)

ACTIONS = (
    CORRECT,
    SEND,
    EXPORT,
    DELETE,
    RECALL,
    MERGE,
    MOVE_SERIES,
    MERGE_PATIENTS,
    MOVE_TO_STORES,
    VERIFY,
    SETTLE,
    CHARSET,
    UNMATCH,
    HOLD,
    RELEASE,
    REJECT,
    UNDO,
)
"""The first ones as buttons, the others under “more”."""
