"""Quality control (质控): tasks that draw cases, blinded scores of image and reports, statistics (CO-QC-01…03)."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

import msgspec

from shared.contract.base import AuditClass, Command, Query
from shared.contract.master import SheetView
from shared.domain.permissions import Permission


class QualityObject(StrEnum):
    """What of a case is scored."""

    IMAGE = "image"  # 影像
    FIRST_REPORT = "first_report"  # 初诊报告, as it was submitted
    AUDITED_REPORT = "audited_report"  # 审核报告


class Stratum(StrEnum):
    """By what a sample keeps the shares of the whole."""

    NONE = ""
    EXAM_TYPE = "exam_type"
    DEVICE = "device"
    DOCTOR = "doctor"


class QualityGrade(StrEnum):
    """Of a total out of 100: from 90, from 75, from 60, below."""

    A = "A"  # 甲
    B = "B"  # 乙
    C = "C"  # 丙
    D = "D"  # 丁


class SheetItem(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a score sheet. The points of one object add up to 100."""

    object: QualityObject
    key: str
    title: str
    title_en: str = ""
    points: int  # at most


def usual_sheet() -> tuple[SheetItem, ...]:
    """The sheet that a new task starts with."""
    lines = (
        (QualityObject.IMAGE, "position", "体位与范围", "Position and coverage", 30),
        (QualityObject.IMAGE, "contrast", "曝光、对比与噪声", "Exposure, contrast and noise", 30),
        (QualityObject.IMAGE, "artefact", "伪影与异物", "Artefacts and foreign bodies", 20),
        (QualityObject.IMAGE, "marks", "标识与方位", "Identity and side marks", 20),
        *(
            (one, key, title, english, points)
            for one in (QualityObject.FIRST_REPORT, QualityObject.AUDITED_REPORT)
            for key, title, english, points in (
                ("findings", "所见完整、描述准确", "Findings complete and precise", 40),
                ("impression", "诊断正确、有依据", "Impression right and founded", 40),
                ("form", "用语规范、无错漏", "Wording, spelling, sides and units", 20),
            )
        ),
    )
    return tuple(
        SheetItem(object=one, key=key, title=title, title_en=english, points=points)
        for one, key, title, english, points in lines
    )


class CaseFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which approved reports a task draws from; empty conditions do not filter. Days of approval, ends included."""

    first: date
    last: date
    exam_types: tuple[str, ...] = ()
    body_part: str = ""  # part of the words
    emergency_only: bool = False
    doctor_ids: tuple[int, ...] = ()  # who wrote them
    devices: tuple[str, ...] = ()  # `Device.key`


class Scorer(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who scores."""

    user_id: int
    name: str


class QualityTaskView(msgspec.Struct, frozen=True, kw_only=True):
    """A task. `mine_left`: cases that I have not scored whole yet; 0 for who does not score.

    `filter.doctor_ids` is empty until the task is closed: it would tell the scorer who wrote the case.
    """

    id: int
    version: int
    name: str
    filter: CaseFilter
    objects: tuple[QualityObject, ...]
    stratum: Stratum
    seed: int
    sheet: tuple[SheetItem, ...]
    scorers: tuple[Scorer, ...]
    cases: int
    eligible: int  # reports that the filter found, the scorers' own left out
    asked: int = 0  # cases that were wanted; more than `cases` where fewer fit
    own_left_out: int = 0  # reports that fit but were written or audited by a scorer
    scored: int  # cases that every scorer has scored whole
    mine_left: int
    is_closed: bool
    created_by: str
    created_at: datetime


class PreviewSample(Query[int], frozen=True, kw_only=True):
    """How many approved reports a filter finds, those of the scorers left out. Refusals: INVALID."""

    method = "quality.preview"
    permission = Permission.FINAL_AUDIT
    audit = AuditClass.ROUTINE

    filter: CaseFilter
    scorer_ids: tuple[int, ...] = ()  # empty: who asks


class Device(msgspec.Struct, frozen=True, kw_only=True):
    """A device, or a room where the device is not known, that approved reports come from."""

    key: str
    name: str


class TaskChoices(msgspec.Struct, frozen=True, kw_only=True):
    """What may be chosen for a new task, and the sheet that it starts with."""

    scorers: tuple[Scorer, ...]
    doctors: tuple[Scorer, ...]  # who wrote approved reports
    devices: tuple[Device, ...]
    sheet: tuple[SheetItem, ...]  # used last, by object; else the usual one


class GetTaskChoices(Query[TaskChoices], frozen=True, kw_only=True):
    """What the form of a new task offers."""

    method = "quality.task_choices"
    permission = Permission.FINAL_AUDIT
    audit = AuditClass.ROUTINE


class ListScorers(Query[tuple[Scorer, ...]], frozen=True, kw_only=True):
    """Who may score: accounts with the right to audit."""

    method = "quality.scorers"
    permission = Permission.FINAL_AUDIT
    audit = AuditClass.ROUTINE


class CreateQualityTask(Command[QualityTaskView], frozen=True, kw_only=True):
    """Draw a sample and make a task (CO-QC-01). Exactly one of `count` and `percent` is above 0.

    The same seed draws the same cases from the same reports; 0 lets the server choose one. What a scorer wrote or
    audited is never drawn. Refusals: INVALID (no report found, sheet does not add up to 100, no or more than two
    scorers).
    """

    method = "quality.create"
    permission = Permission.FINAL_AUDIT
    audit = AuditClass.REPORT

    name: str
    filter: CaseFilter
    count: int = 0
    percent: float = 0
    stratum: Stratum = Stratum.NONE
    seed: int = 0
    objects: tuple[QualityObject, ...] = (
        QualityObject.IMAGE,
        QualityObject.FIRST_REPORT,
        QualityObject.AUDITED_REPORT,
    )
    sheet: tuple[SheetItem, ...] = ()  # of the objects; empty: as `TaskChoices.sheet`
    scorer_ids: tuple[int, ...] = ()  # one or two; empty: who asks


class ListQualityTasks(Query[tuple[QualityTaskView, ...]], frozen=True, kw_only=True):
    """All tasks, newest first."""

    method = "quality.tasks"
    permission = Permission.FINAL_AUDIT
    audit = AuditClass.ROUTINE


class CloseQualityTask(Command[QualityTaskView], frozen=True, kw_only=True):
    """No more scores; closing twice changes nothing. Refusals: NOT_FOUND, CONFLICT."""

    method = "quality.close"
    permission = Permission.FINAL_AUDIT
    audit = AuditClass.REPORT

    task_id: int
    version: int


class ScoreView(msgspec.Struct, frozen=True, kw_only=True):
    """One scorer's score of one object."""

    object: QualityObject
    points: dict[str, int]  # by key of the sheet
    total: int
    grade: QualityGrade
    comment: str


class CaseRow(msgspec.Struct, frozen=True, kw_only=True):
    """A case as its scorer sees it: no name of patient, writer or auditor (blinded)."""

    id: int
    number: int  # from 1, in the order of drawing
    exam_type: str
    body_part: str
    is_done: bool  # by the one who asks


class ListCases(Query[tuple[CaseRow, ...]], frozen=True, kw_only=True):
    """The cases of a task. Refusals: NOT_FOUND."""

    method = "quality.cases"
    permission = Permission.FINAL_AUDIT
    audit = AuditClass.ROUTINE

    task_id: int


class CaseView(msgspec.Struct, frozen=True, kw_only=True):
    """What there is to score: the images and the two texts (plain), and my scores so far."""

    row: CaseRow
    sex: str
    age: str
    study_uids: tuple[str, ...]
    first_findings: str
    first_impression: str
    audited_findings: str
    audited_impression: str
    scores: tuple[ScoreView, ...] = ()
    others: tuple[ScoreView, ...] = ()  # of the other scorer, once the task is closed


class GetCase(Query[CaseView], frozen=True, kw_only=True):
    """One case. Refusals: NOT_FOUND, PERMISSION_MISSING (who does not score this task)."""

    method = "quality.case"
    permission = Permission.FINAL_AUDIT
    audit = AuditClass.PATIENT_RECORD

    case_id: int


class ScoreCase(Command[CaseView], frozen=True, kw_only=True):
    """Score one object of a case (CO-QC-02); again replaces my score.

    Refusals: NOT_FOUND, PERMISSION_MISSING (not a scorer), INVALID (points outside the sheet; no comment below 60),
    ILLEGAL_ACTION (the task is closed).
    """

    method = "quality.score"
    permission = Permission.FINAL_AUDIT
    audit = AuditClass.REPORT

    case_id: int
    object: QualityObject
    points: dict[str, int]
    comment: str = ""


class QualityFigures(msgspec.Struct, frozen=True, kw_only=True):
    """Scores of one object at one device type; `kappa` of two scorers' grades, None when it cannot be told."""

    exam_type: str  # "" for all
    object: QualityObject
    scores: int
    mean: float
    lowest: int
    grades: dict[str, int]
    share_a: float  # of scores, 0 to 1
    kappa: float | None = None


class GetQualityStatistics(Query[tuple[QualityFigures, ...]], frozen=True, kw_only=True):
    """By device type and object (CO-QC-03), of one task or of all."""

    method = "quality.statistics"
    permission = Permission.FINAL_AUDIT
    audit = AuditClass.ROUTINE

    task_id: int | None = None


class ExportQualityStatistics(Query[SheetView], frozen=True, kw_only=True):
    """The same as a workbook, with a sheet of every score. Scorers' and doctors' names only of closed tasks."""

    method = "quality.export"
    permission = Permission.FINAL_AUDIT
    audit = AuditClass.EXPORT

    task_id: int | None = None
    english: bool = False
