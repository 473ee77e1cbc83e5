"""Every study of the archive: find it, see where it lies and what happened to it, correct, send, delete."""

from __future__ import annotations

from typing import Any

from clients.administration.entering import joined, listed
from clients.administration.storage import AVAILABILITY
from clients.administration.table.spec import Call, Details, TableAction, TableSpec, Values
from clients.kit.fields import Choice, ChoiceField, DateField, TextField
from clients.kit.paging import Align, Column, EmptyWords, local_time
from clients.kit.states import StateLook
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from shared.contract.archive import (
    ListStudies,
    ListUnmatched,
    MatchStudy,
    SetStudyCharacterSet,
    SettleCompleteness,
    StudyRow,
)
from shared.contract.base import Page, Request
from shared.contract.corrections import CorrectStudy, ListCorrections, MergeStudies, RejectInstances, TagValue
from shared.contract.errors import ErrorBody, ErrorCode, error_for
from shared.contract.exams import ListExams
from shared.contract.keeping import DeleteImages, HoldStudy
from shared.contract.routing import ListTargets, SendStudy
from shared.contract.storage import RecallStudy

_MOST = 500

COMPLETENESS = {
    "complete": StateLook("齐全", Tone.SUCCESS, "check_circle"),
    "short": StateLook("缺少", Tone.DANGER, "alert"),
    "unknown": StateLook("未知", Tone.NEUTRAL, "help"),
}


def _find(values: Values) -> Request[Any]:
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


def _correct(row: StudyRow, answer: str) -> Request[Any]:
    """``PatientName=张^三; PatientID=123`` becomes a correction; the part after ``//`` is the reason."""
    text, _, reason = answer.partition("//")
    values = []
    for part in text.replace("；", ";").split(";"):
        keyword, equals, value = part.partition("=")
        if part.strip() and equals:
            values.append(TagValue(keyword=keyword.strip(), value=value.strip()))
    return CorrectStudy(study_uid=row.study_uid, version=row.version, values=tuple(values), reason=reason.strip())


def match_by_number(call: Call, row: StudyRow, answer: str) -> Any:
    """Match to the exam with this accession number (RIS-EX-05); its refusal says when there is none."""
    found = call(ListExams(accession_number=answer))
    if not found.rows:
        raise error_for(ErrorBody(code=ErrorCode.INVALID, message="没有这个检查号，请核对。"))
    return call(MatchStudy(study_uid=row.study_uid, version=row.version, exam_id=found.rows[0].id))


def _targets(call: Call) -> list[Choice]:
    return [Choice(target.id, target.name, translate=False) for target in call(ListTargets()) if target.enabled]


def history(fetched: Any) -> Details:
    """What happened to a study: its corrections, newest first."""
    if fetched is None:
        return ()
    return tuple((local_time(event.at), f"{event.by}：{event.sentence}（{event.reason}）") for event in fetched.rows)


def _details(row: StudyRow, fetched: Any) -> Details:
    return (
        ("患者", row.patient_name.replace("^", " ")),
        ("患者编号", row.patient_id),
        ("检查号", row.accession_number),
        ("描述", row.description),
        ("缺少影像", str(row.missing_count) if row.missing_count else ""),
        ("字符集", row.charset_note),
        ("未匹配原因", row.why_unmatched),
        ("发送方", row.calling_ae),
        ("检查 UID", row.study_uid),
        *history(fetched),
    )


_COLUMNS = (
    Column("patient_name", "患者姓名", 140, strong=True, value=lambda row: row.patient_name.replace("^", " ")),
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
    actions=(
        TableAction(
            id="correct",
            text="更正",
            icon="edit",
            command=_correct,
            said=lambda reply: reply.sentence,
            asks="更正内容",
            initial=lambda row: f"PatientName={row.patient_name}; PatientID={row.patient_id} // ",
            warns="写成 属性=内容，多项用分号隔开，// 之后写原因。原始影像不变，可撤销。",
        ),
        TableAction(
            id="merge",
            text="并入其他检查",
            icon="copy",
            command=lambda row, answer: MergeStudies(
                study_uid=row.study_uid,
                into_study_uid=(listed(answer) or ("",))[0],
                reason=" ".join(listed(answer)[1:]),
            ),
            said=lambda reply: reply.sentence,
            asks="目标检查 UID，空格后写原因",
        ),
        TableAction(
            id="send",
            text="发送",
            icon="submit",
            command=lambda row, answer: SendStudy(study_uid=row.study_uid, target_id=int(answer)),
            said=lambda _reply: tr("已开始，进度见“转发”页"),
            asks="目标",
            choices=_targets,
        ),
        TableAction(
            id="recall",
            text="调回在线",
            icon="download",
            command=lambda row, _answer: RecallStudy(study_uid=row.study_uid),
            said=lambda reply: reply.sentence,
            allowed=lambda row: row.availability != "ONLINE",
        ),
        TableAction(
            id="settle",
            text="不再等待缺少的影像",
            icon="check",
            command=lambda row, answer: SettleCompleteness(study_uid=row.study_uid, reason=answer),
            asks="原因",
            allowed=lambda row: row.completeness == "short",
        ),
        TableAction(
            id="charset",
            text="指定字符集",
            icon="language",
            command=lambda row, answer: SetStudyCharacterSet(study_uid=row.study_uid, character_set=answer),
            asks="字符集，如 GB18030",
        ),
        TableAction(
            id="hold",
            text="法律保留",
            icon="lock",
            command=lambda row, answer: HoldStudy(study_uid=row.study_uid, reason=answer),
            said=lambda _reply: tr("已设为法律保留"),
            asks="原因",
        ),
        TableAction(
            id="reject",
            text="质量不合格，退回",
            icon="cross_circle",
            command=lambda row, answer: RejectInstances(study_uid=row.study_uid, code="113001", reason=answer),
            said=lambda reply: reply.sentence,
            asks="原因",
            danger=True,
        ),
        TableAction(
            id="delete",
            text="删除",
            icon="clear",
            command=lambda row, answer: DeleteImages(study_uid=row.study_uid, reason=answer),
            said=lambda _reply: tr("已移到回收站，期限内可以恢复"),
            asks="原因",
            danger=True,
        ),
    ),
    fetch=lambda row: ListCorrections(study_uid=row.study_uid),
    details=_details,
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
            steps=match_by_number,
            said=lambda _reply: tr("已匹配"),
            asks="检查号",
            initial=lambda row: row.accession_number,
        ),
    ),
    details=_details,
    search=lambda row: f"{row.patient_name} {row.patient_id} {row.accession_number} {row.calling_ae}",
    entities=("study",),
)
