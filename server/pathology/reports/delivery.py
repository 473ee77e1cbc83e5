"""A report of pathology as the snapshot that leaves by HL7, FHIR and DICOM."""

from __future__ import annotations

from typing import Protocol

from server.critical.ports import Subject
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import SYSTEM, Caller
from server.kernel.errors import not_found
from server.pathology.reports.books import Books
from server.pathology.reports.checklists import Checklists
from server.pathology.reports.coding import Coding
from server.pathology.reports.paper import rich
from server.pathology.reports.ports import CaseFacts
from server.pathology.reports.tables import Report, ReportVersion
from server.results.documents.discipline import COMMENT, GROSS
from server.results.outside import OutsideReport, exam_view, report_row
from server.results.snapshot import PATHOLOGY, Snapshot
from shared.contract.exams import ClinicalEntry, ExamView, ItemEntry, RequesterEntry
from shared.contract.organisation import HospitalView
from shared.contract.patients import PatientView
from shared.contract.reporting import ReportContent, ReportView
from shared.contract.results import ResultEvent
from shared.dicomkit.headers import PatientFacts
from shared.domain.pathology import CYTOLOGY_KINDS
from shared.domain.pathology_reports import FIRST_REPORT_ID, PaperState, ReportKind
from shared.domain.states import ReportState
from shared.domain.structured import Code, CodedValue, FieldKind, Part
from shared.paper.kinds import NAMES_ZH, DocumentKind

_NAMES = {
    ReportKind.MAIN: DocumentKind.PATHOLOGY_REPORT,
    ReportKind.FROZEN: DocumentKind.PATHOLOGY_FROZEN,
    ReportKind.SUPPLEMENTARY: DocumentKind.PATHOLOGY_SUPPLEMENT,
    ReportKind.CONSULTATION: DocumentKind.PATHOLOGY_CONSULTATION,
}
_SCHEMES = {"icdo-t": "ICDO3", "icdo-m": "ICDO3", "icd10": "I10", "snomed": "SCT", "tbs": "99MJ"}
_CODE_NAMES = {
    "icdo-t": Code("99MJ", "icdo-t", "ICD-O 部位"),
    "icdo-m": Code("99MJ", "icdo-m", "ICD-O 形态学"),
    "icd10": Code("99MJ", "icd10", "ICD-10"),
    "snomed": Code("99MJ", "snomed", "SNOMED CT"),
    "tbs": Code("99MJ", "tbs", "TBS"),
}
_STATES = {
    PaperState.WRITING: ReportState.WRITING,
    PaperState.AUDITED: ReportState.APPROVED,
    PaperState.PRINTED: ReportState.PRINTED,
    PaperState.SENT: ReportState.PRINTED,
}


class Results(Protocol):
    """The area of results, as far as it takes snapshots."""

    def issue(self, uow: UnitOfWork, snapshot: Snapshot) -> object:
        """Note an issue with the results that the rules want, and ask for the work."""
        ...


class Hospital(Protocol):
    """The hospital's master data."""

    def hospital_view(self, uow: UnitOfWork) -> HospitalView:
        """Return it."""
        ...


class Patients(Protocol):
    """How objects of a case name the patient."""

    def patient(self, uow: UnitOfWork, case_id: int) -> PatientFacts:
        """Return patient as every DICOM object of the case has it."""
        ...


class Outgoing:
    """pathology.reports.ports.Delivery over the area of results, and the source of views for it."""

    def __init__(
        self, books: Books, checklists: Checklists, coding: Coding, hospital: Hospital, patients: Patients
    ) -> None:
        self._books = books
        self._checklists = checklists
        self._coding = coding
        self._hospital = hospital
        self._patients = patients
        self.results: Results | None = None

    def issue(self, uow: UnitOfWork, caller: Caller, report_id: int, event: ResultEvent, reason: str = "") -> None:
        """Note that a report goes out; the job of results makes and sends what the rules want."""
        if self.results is None:
            return
        report = self._books.report(uow, report_id)
        case = self._books.cases.facts(uow, SYSTEM, report.case_id)
        snapshot = Snapshot(
            event=event,
            edition=max(1, report.edition),
            view=self._view(uow, case, report),
            hospital=self._hospital.hospital_view(uow).name,
            reason=reason,
            coded=self._coded(uow, case, report),
        )
        self.results.issue(uow, snapshot)

    def get(self, uow: UnitOfWork, caller: Caller, report_id: int) -> ReportView:
        """Return a report as results see it (server.results.ports.Reports). Raises NOT_FOUND."""
        report = uow.session.get(Report, report_id)
        if report is None:
            raise not_found("报告")
        return self._view(uow, self._books.cases.facts(uow, SYSTEM, report.case_id), report)

    def subject(self, uow: UnitOfWork, caller: Caller, report_id: int) -> Subject:
        """Return what a critical value of a report is about (server.critical.ports.Outside)."""
        report = self._books.report(uow, report_id)
        self._books.cases.lock(uow, report.case_id)
        case = self._books.cases.facts(uow, caller, report.case_id)
        view = self._view(uow, case, report)
        row, patient = view.row, view.exam.patient
        return Subject(
            report_id=row.id,
            exam_id=row.exam_id,
            accession_number=row.accession_number,
            patient_id=row.patient_id,
            patient_number=row.patient_number,
            patient_name=row.patient_name,
            sex=row.sex.value,
            age=row.age,
            inpatient_number=patient.inpatient_number[:64],
            exam_type=row.exam_type,
            body_part=row.body_part[:200],
            items=row.items,
            campus_id=0,
            room_id=0,
            department=row.requesting_department,
            requesting_doctor=row.requesting_doctor,
        )

    def exam(self, uow: UnitOfWork, exam_id: int) -> ExamView:
        """Return what stands for the exam of a case (server.bootstrap.critical_results)."""
        case_id = exam_id - (FIRST_REPORT_ID - 1)
        main = self._books.main(uow, case_id)
        if main is None:
            raise not_found("报告")
        return self._view(uow, self._books.cases.facts(uow, SYSTEM, case_id), main).exam

    # ── the view ─────────────────────────────────────────────────────────────────────────────────────

    def _view(self, uow: UnitOfWork, case: CaseFacts, report: Report) -> ReportView:
        text = self._books.text(uow, report)
        state = _STATES[self._books.standing(case, report)]
        name = NAMES_ZH[_kind(case, report)] + (f" {report.number}" if report.number > 1 else "")
        patient = self._patient(uow, case)
        outside = _outside_report(case, report, text, state, name, patient)
        return ReportView(
            row=report_row(outside),
            version=report.version,
            allowed=(),
            exam=exam_view(outside),
            content=ReportContent(
                findings=rich(text.findings if text else ""), impression=rich(text.diagnosis if text else "")
            ),
            hp_required=False,
            key_images=(),
            measurements=(),
            returns=(),
            approved_at=report.audited_at or (text.at if text else None),
            print_count=report.print_count,
            seal=report.seal,
            text_version=report.text_number,
            edition=max(1, report.edition),
            revision_reason=report.reason,
            diagnosing_id=report.author_id,
            auditing_id=report.auditor_id,
        )

    def _patient(self, uow: UnitOfWork, case: CaseFacts) -> PatientView:
        facts, entry = self._patients.patient(uow, case.id), case.entry
        return PatientView(
            id=_outside(case.id),
            version=1,
            patient_number=facts.patient_id,
            name=entry.patient_name,
            pinyin="",
            sex=entry.sex,
            birth_date=entry.birth_date,
            card_number=entry.outpatient_number,
            id_number=entry.id_number,
            inpatient_number=entry.inpatient_number,
            health_check_number="",
            phone=entry.phone,
            address=entry.address,
        )

    # ── coded values ─────────────────────────────────────────────────────────────────────────────────

    def _coded(self, uow: UnitOfWork, case: CaseFacts, report: Report) -> tuple[CodedValue, ...]:
        text = self._books.text(uow, report)
        found: list[CodedValue] = []
        if text is not None and text.gross and report.kind == ReportKind.MAIN:
            found.append(_text("gross", "大体所见", Code("LN", GROSS.value, GROSS.meaning), text.gross, Part.FINDINGS))
        if text is not None and text.comment:
            name = Code("LN", COMMENT.value, COMMENT.meaning)
            found.append(_text("comment", "备注", name, text.comment, Part.IMPRESSION))
        if report.kind != ReportKind.MAIN:
            return tuple(found)
        found += self._checklists.coded(uow, case.id)
        for one in self._coding.of_case(uow, case.id):
            found.append(
                CodedValue(
                    path=f"{one.system}.{one.code}",
                    section="",
                    part=Part.IMPRESSION,
                    kind=FieldKind.CHOICE,
                    label=_CODE_NAMES[one.system].meaning,
                    name=_CODE_NAMES[one.system],
                    text=one.meaning or one.code,
                    codes=(Code(_SCHEMES[one.system], one.code, one.meaning or one.code),),
                )
            )
        return tuple(found)


def _text(path: str, label: str, name: Code, text: str, part: Part) -> CodedValue:
    return CodedValue(path=path, section="", part=part, kind=FieldKind.TEXT, label=label, name=name, text=text)


def _outside_report(
    case: CaseFacts, report: Report, text: ReportVersion | None, state: ReportState, name: str, patient: PatientView
) -> OutsideReport:
    entry = case.entry
    return OutsideReport(
        report_id=report.id,
        exam_id=_outside(case.id),
        version=report.version,
        state=state,
        exam_type=PATHOLOGY,
        accession_number=case.number,
        study_uid=case.study_uid,
        kind=name,
        exam_item=entry.specimen_name,
        items=(ItemEntry(code=PATHOLOGY, name=name, body_part=entry.sampling_site, price_fen=0),),
        patient=patient,
        patient_number=patient.patient_number,
        patient_name=entry.patient_name,
        sex=entry.sex,
        age=entry.age,
        clinical=ClinicalEntry(diagnosis=entry.clinical_diagnosis, purpose=entry.specimen_name, history=entry.history),
        requester=RequesterEntry(
            department=entry.department,
            doctor=entry.sending_doctor,
            requested_at=entry.sent_at,
            his_number=entry.application_number,
        ),
        registered_at=case.received_at,
        registered_by=case.registered_by,
        examined_at=case.received_at,
        diagnosed_at=text.at if text else None,
        approved_at=report.audited_at,
        diagnosing_doctor=report.author,
        auditing_doctor=report.auditor or report.author,
        body_part=entry.sampling_site,
        room_name=case.library_name,
        printed_at=report.printed_at,
    )


def _kind(case: CaseFacts, report: Report) -> DocumentKind:
    kind = _NAMES[ReportKind(report.kind)]
    if kind is DocumentKind.PATHOLOGY_REPORT and case.library in CYTOLOGY_KINDS:
        return DocumentKind.PATHOLOGY_CYTOLOGY
    return kind


def _outside(case_id: int) -> int:
    """An id for what outside systems see as exam and patient: it meets none of an imaging exam."""
    return FIRST_REPORT_ID - 1 + case_id
