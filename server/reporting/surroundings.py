"""What stands around a report: the patient's basic information, which may be corrected here, and other papers."""

from __future__ import annotations

from typing import Protocol
from urllib.parse import quote

from sqlalchemy import select

from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import Refusal, not_found
from server.reporting.ports import Organisation
from server.reporting.steps import Steps
from server.reporting.tables import Report, ReportText
from shared.contract.errors import ErrorCode
from shared.contract.patients import PatientView
from shared.contract.reporting import CorrectPatient, HistoryRow, OtherOrder, RelatedView
from shared.domain.states import ReportAction, ReportState, Sex

_MOST_PAPERS = 50
_PATHOLOGY, _LABORATORY = ("病理",), ("检验", "化验")
_SEX_WORDS = {Sex.MALE: "男", Sex.FEMALE: "女", Sex.OTHER: "其他", Sex.UNKNOWN: "未知"}


class Patients(Protocol):
    """Registration as reports see it."""

    def lock(self, uow: UnitOfWork, patient_id: int) -> PatientView:
        """Keep other writers off a patient until the end of this unit of work; raises the NOT_FOUND refusal."""
        ...

    def correct(self, uow: UnitOfWork, caller: Caller, patient: PatientView, request: CorrectPatient) -> PatientView:
        """Write the request's values to the patient and to the copies in all exams; raises INVALID."""
        ...

    def orders(self, uow: UnitOfWork, caller: Caller, patient_id: int, but_exam: int) -> tuple[OtherOrder, ...]:
        """Return what was ordered for the patient beside one exam, latest first."""
        ...


class Surroundings:
    """Corrects the patient from the report and finds the patient's other papers."""

    def __init__(self, steps: Steps, organisation: Organisation) -> None:
        self._steps = steps
        self._organisation = organisation
        self.patients: Patients | None = None

    def correct_patient(self, uow: UnitOfWork, caller: Caller, request: CorrectPatient) -> Report:
        """Correct the basic information for the holder of the report; the log keeps what it was (RIS-RPE-02)."""
        assert self.patients is not None
        patient_id = uow.session.scalar(select(Report.patient_id).where(Report.id == request.report_id))
        if patient_id is None:
            raise not_found("报告")
        before = self.patients.lock(uow, patient_id)  # patient before exam before report, as registration does
        report = self._steps.for_action(uow, caller, request.report_id, ReportAction.SAVE)
        if before.version != request.patient_version:
            raise Refusal(
                ErrorCode.CONFLICT,
                "患者信息已被他人修改，请重新打开后再改。",
                version=before.version,
                state=report.state,
            )
        after = self.patients.correct(uow, caller, before, request)
        changes = _changes(before, after)
        if changes:
            self._steps.log(uow, report, caller, "patient_corrected", report.state, changes)
            self._steps.tell(uow, report)
        uow.session.flush()
        return report

    def related(self, uow: UnitOfWork, caller: Caller, report_id: int) -> RelatedView:
        """Return orders, pathology and laboratory reports of the patient (RIS-RPD-03 to -05)."""
        report = uow.session.get(Report, report_id)
        if report is None:
            raise not_found("报告")
        orders = () if self.patients is None else self.patients.orders(uow, caller, report.patient_id, report.exam_id)
        return RelatedView(
            orders=orders,
            pathology=self._papers(uow, report, _PATHOLOGY),
            laboratory=self._papers(uow, report, _LABORATORY),
        )

    def _papers(self, uow: UnitOfWork, report: Report, words: tuple[str, ...]) -> tuple[HistoryRow, ...]:
        """Return the patient's approved reports of exam types whose name says one of the words."""
        types = self._organisation.hospital(uow).exam_types.values()
        codes = [one.code for one in types if any(word in one.name for word in words)]
        if not codes:
            return ()
        statement = (
            select(Report, ReportText)
            .outerjoin(ReportText, (ReportText.report_id == Report.id) & (ReportText.number == Report.text_number))
            .where(
                Report.patient_id == report.patient_id,
                Report.id != report.id,
                Report.exam_type.in_(codes),
                Report.state.in_([ReportState.APPROVED, ReportState.PRINTED]),
            )
            .order_by(Report.examined_at.desc())
            .limit(_MOST_PAPERS)
        )
        return tuple(history_row(one, text) for one, text in uow.session.execute(statement))


def history_row(report: Report, text: ReportText | None) -> HistoryRow:
    """Return a report as a line of the patient's history."""
    return HistoryRow(
        exam_id=report.exam_id,
        report_id=report.id,
        accession_number=report.accession_number,
        patient_id=report.patient_id,
        patient_name=report.patient_name,
        exam_type=report.exam_type,
        items=report.items,
        examined_at=report.examined_at,
        report_state=ReportState(report.state),
        impression=text.impression if text else "",
        findings=text.findings if text else "",
        study_uids=tuple(report.study_uids.split()),
    )


def medical_record(template: str, patient_number: str) -> str:
    """Return the address of a patient's electronic record; empty where none is configured or it is no web address."""
    if not template.startswith(("https://", "http://")):
        return ""
    return template.replace("{patient}", quote(patient_number, safe=""))


def _changes(before: PatientView, after: PatientView) -> str:
    words = (
        ("姓名", before.name, after.name),
        ("性别", _SEX_WORDS[before.sex], _SEX_WORDS[after.sex]),
        ("出生日期", str(before.birth_date or ""), str(after.birth_date or "")),
        ("联系电话", before.phone, after.phone),
        ("住址", before.address, after.address),
        ("就诊卡号", before.card_number, after.card_number),
        ("住院号", before.inpatient_number, after.inpatient_number),
    )
    return "；".join(f"{label}：{old or '空'} → {new or '空'}" for label, old, new in words if old != new)
