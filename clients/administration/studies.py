"""Every study of the archive: find it, see where it lies and what happened to it, correct, send, delete."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from clients.administration import study_actions
from clients.administration.entering import joined
from clients.administration.storage import AVAILABILITY
from clients.administration.study_history import happened
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
from clients.administration.words import name_of, person, size
from clients.kit.fields import Choice, ChoiceField, DateField, Section, TextField
from clients.kit.paging import Align, Column, EmptyWords, local_time
from clients.kit.states import StateLook
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from shared.contract.archive import (
    CompletenessView,
    GetCompleteness,
    ListStudies,
    ListUnmatched,
    MatchStudy,
    StudyRow,
)
from shared.contract.base import Page
from shared.contract.corrections import CorrectionList, ListCorrections
from shared.contract.exams import ExamRow, ListExams
from shared.contract.keeping import LegalHoldView, ListLegalHolds
from shared.contract.storage import GetStudyCopies, StudyCopies

_MOST = 500

COMPLETENESS = {
    "complete": StateLook("齐全", Tone.SUCCESS, "check_circle"),
    "short": StateLook("缺少", Tone.DANGER, "alert"),
    "unknown": StateLook("未知", Tone.NEUTRAL, "help"),
}
_SOURCES = {
    "mpps": "设备的检查步骤",
    "commitment": "存储确认请求",
    "manifest": "转发清单",
    "count": "影像计数",
}
_COPY_STATES = {
    "online": "在线",
    "copying": "正在复制",
    "verified": "已校验",
    "removing": "正在移除",
    "damaged": "已损坏",
}


@dataclass(frozen=True)
class StudyFacts:
    """What is known of a study beside its row."""

    corrections: CorrectionList
    copies: StudyCopies
    completeness: CompletenessView
    holds: tuple[LegalHoldView, ...]


def facts_of(row: StudyRow) -> Asking:
    """Ask for all that the details show."""

    def gather(call: Call) -> StudyFacts:
        return StudyFacts(
            corrections=call(ListCorrections(study_uid=row.study_uid)),
            copies=call(GetStudyCopies(study_uid=row.study_uid)),
            completeness=call(GetCompleteness(study_uid=row.study_uid)),
            holds=call(ListLegalHolds(study_uid=row.study_uid)),
        )

    return gather


def _find(values: Values) -> Asking:
    return ListStudies(
        name=values["name"],
        patient_id=values["patient_id"],
        accession_number=values["accession_number"],
        modality=values["modality"],
        study_from=values["study_from"],
        study_to=values["study_to"],
        completeness=values["completeness"],
        limit=_MOST,
    )


def likely_exams(row: StudyRow) -> Asking:
    """Exams of the same day and modality, and of the same name, that have no images yet."""

    def ask(call: Call) -> tuple[ExamRow, ...]:
        day = (row.study_at or row.received_at).astimezone().date()
        page = Page(limit=50)
        rows = [
            *call(ListExams(planned_from=day, planned_to=day, exam_types=row.modalities, page=page)).rows,
            *(call(ListExams(patient_name=name, page=page)).rows if (name := name_of(row.patient_name)) else ()),
        ]
        return tuple({one.id: one for one in rows if not one.has_images}.values())

    return ask


def _exam_words(_row: StudyRow, found: Sequence[ExamRow]) -> list[Choice]:
    return [
        Choice(
            one.id,
            " · ".join((one.patient_name, one.accession_number, one.exam_type, local_time(one.planned_at))),
            translate=False,
        )
        for one in found
    ]


def match(row: StudyRow, values: Values) -> Asking:
    """Match to the chosen exam, or to that with the accession number (RIS-EX-05)."""
    exam_id, number = values["exam"], values["number"]
    if not exam_id and not number:
        raise Unclear(tr("请选择检查，或填写检查号。"))

    def ask(call: Call) -> Any:
        wanted = exam_id
        if not wanted:
            found = call(ListExams(accession_number=number))
            if not found.rows:
                raise Unclear(tr("没有这个检查号，请核对。"))
            wanted = found.rows[0].id
        return call(MatchStudy(study_uid=row.study_uid, version=row.version, exam_id=wanted))

    return ask


def _details(row: StudyRow, _facts: StudyFacts | None) -> Details:
    return (
        ("患者", person(row.patient_name)),
        ("患者编号", " · ".join(part for part in (row.patient_id, row.patient_sex, row.patient_birth_date) if part)),
        ("检查号", row.accession_number),
        ("描述", row.description),
        ("影像数", tr("{series} 个序列，{images} 个影像", series=row.series_count, images=row.instance_count)),
        ("未匹配原因", row.why_unmatched),
    )


def _parts(row: StudyRow, facts: StudyFacts | None) -> Sequence[Part]:
    if facts is None:
        return ()
    held = [hold for hold in facts.holds if hold.released_at is None]
    return (
        Part("法律保留", events=[_held(hold) for hold in held]),
        Part("完整性", lines=_promises(row, facts.completeness)),
        Part("副本", lines=_copies(facts.copies)),
        Part("历史", events=[happened(event) for event in facts.corrections.rows]),
        Part(
            "更多信息",
            lines=(
                ("发送方", row.calling_ae),
                ("接收时间", local_time(row.received_at)),
                ("字符集", row.charset_note),
                ("检查 UID", row.study_uid),
            ),
        ),
    )


def _held(hold: LegalHoldView) -> Event:
    return Event(f"{local_time(hold.held_at)} · {hold.held_by}", hold.reason)


def _promises(row: StudyRow, view: CompletenessView) -> Details:
    lines = [
        (
            _SOURCES.get(promise.source, promise.source),
            tr("应有 {expected} 个，缺 {missing} 个", expected=promise.expected, missing=promise.missing)
            + (f" · {promise.sender}" if promise.sender else ""),
        )
        for promise in view.expectations
    ]
    if row.completeness == "short" and view.missing_uids:
        shown = "\n".join(view.missing_uids[:5])
        more = len(view.missing_uids) - 5
        lines.append(("缺少的影像", shown + ("\n" + tr("另有 {count} 个", count=more) if more > 0 else "")))
    return lines


def _copies(copies: StudyCopies) -> Details:
    lines = [
        (
            copy.store,
            f"{tr(_COPY_STATES.get(copy.state, copy.state))} · {size(copy.bytes_stored)}"
            + (f" · {local_time(copy.verified_at)}" if copy.verified_at else "")
            + (f" · {copy.sentence}" if copy.sentence else ""),
        )
        for copy in copies.copies
    ]
    return [*lines, ("情况", copies.sentence)]


_COLUMNS = (
    Column("patient_name", "患者姓名", 140, strong=True, value=lambda row: person(row.patient_name)),
    Column("patient_id", "患者编号", 110),
    Column("accession_number", "检查号", 120),
    Column("study_at", "检查时间", 140, format=local_time),
    Column("modalities", "类型", 60, value=lambda row: joined(row.modalities)),
    Column("instance_count", "影像数", 70, Align.RIGHT),
    Column("completeness", "完整性", 80, looks=COMPLETENESS),
    Column("availability", "可用性", 80, looks=AVAILABILITY),
    Column("description", "描述", 0, quiet=True),
)

STUDIES = TableSpec(
    id="studies",
    columns=_COLUMNS,
    empty=EmptyWords("没有符合条件的影像", "调整上方的查询条件后再试。", "search"),
    load=_find,
    filters=(
        TextField(key="name", label="姓名", placeholder="汉字、拼音或首字母"),
        TextField(key="patient_id", label="患者编号"),
        TextField(key="accession_number", label="检查号"),
        TextField(key="modality", label="类型"),
        DateField(key="study_from", label="从"),
        DateField(key="study_to", label="到"),
        ChoiceField(
            key="completeness",
            label="完整性",
            choices=[Choice("", "全部"), *(Choice(key, look.text) for key, look in COMPLETENESS.items())],
            initial="",
        ),
    ),
    rows=lambda reply: reply.rows,
    row_id=lambda row: row.study_uid,
    summary=lambda reply: (
        tr("超过 {total} 个，请缩小范围", total=reply.total)
        if reply.total >= _MOST
        else tr("共 {total} 个检查", total=reply.total)
    ),
    actions=study_actions.ACTIONS,
    named=study_actions.named,
    fetch=facts_of,
    details=_details,
    parts=_parts,
    entities=("study",),
)

UNMATCHED = TableSpec(
    id="unmatched",
    columns=(
        *_COLUMNS[:6],
        Column("calling_ae", "发送方", 110),
        Column("received_at", "接收时间", 140, format=local_time, quiet=True),
        Column("why_unmatched", "原因", 0, quiet=True),
    ),
    empty=EmptyWords("没有待匹配的影像", "收到的影像都已对应到检查。", "check_circle"),
    load=lambda _values: ListUnmatched(page=Page(limit=_MOST)),
    rows=lambda reply: reply.rows,
    row_id=lambda row: row.study_uid,
    summary=lambda reply: tr("共 {total} 个检查", total=reply.total),
    actions=(
        TableAction(
            id="match",
            text="匹配到检查",
            icon="check",
            said=lambda _reply: tr("已匹配"),
            prepare=likely_exams,
            form=(
                Section(
                    "",
                    (
                        ChoiceField(key="exam", label="同日或同名的检查", span=2),
                        TextField(key="number", label="或检查号", span=2),
                    ),
                ),
            ),
            form_choices={"exam": _exam_words},
            submit=match,
        ),
        study_actions.CORRECT,
        study_actions.UNDO,
    ),
    named=study_actions.named,
    fetch=facts_of,
    details=_details,
    parts=_parts,
    search=lambda row: f"{row.patient_name} {row.patient_id} {row.accession_number} {row.calling_ae}",
    entities=("study",),
)
