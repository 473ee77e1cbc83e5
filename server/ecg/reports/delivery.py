"""An ECG report as the snapshot that leaves by HL7, FHIR and DICOM, and as critical values see it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from typing import Protocol

from server.critical.ports import Subject
from server.ecg.exams.facts import ExamFacts
from server.ecg.reports.books import Books, unpacked
from server.ecg.reports.tables import EcgEditionRow, EcgReportRow
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import not_found
from server.results.outside import OutsideReport, exam_view, report_row
from server.results.snapshot import ECG, Snapshot
from shared.contract.ecg_reports import ReportBody
from shared.contract.exams import ClinicalEntry, ExamView, ItemEntry, RequesterEntry
from shared.contract.patients import PatientView
from shared.contract.reporting import ReportContent, ReportView
from shared.contract.results import ResultEvent
from shared.domain.ecg import ReportState as EcgState
from shared.domain.ecg_reports import PARAMETERS, Parameter, exam_id_of, report_id_of
from shared.domain.states import ReportState
from shared.domain.structured import LOCAL_SCHEME, Code, CodedValue, FieldKind, Part
from shared.waveform.formats.dicom_concepts import CONCEPTS

_LOCAL = {
    Parameter.RV5: Code(LOCAL_SCHEME, "ecg-rv5", "R amplitude V5"),
    Parameter.SV1: Code(LOCAL_SCHEME, "ecg-sv1", "S amplitude V1"),
    Parameter.RV5_SV1: Code(LOCAL_SCHEME, "ecg-rv5-sv1", "RV5 + SV1"),
}
_QTC = {"bazett": "qtcb", "fridericia": "qtcf"}
_UCUM = {"bpm": "/min", "°": "deg"}
_TITLES = {False: "心电图报告", True: "心电图会诊报告"}


class Results(Protocol):
    """The area of results, as far as it takes snapshots."""

    def issue(self, uow: UnitOfWork, snapshot: Snapshot) -> object:
        """Note an issue with the results that the rules want, and ask for the work."""
        ...


class Patients(Protocol):
    """The patients."""

    def many(self, uow: UnitOfWork, patient_ids: Iterable[int]) -> Mapping[int, PatientView]:
        """Return the patients of these ids, without keeping other writers off them."""
        ...


class Orders(Protocol):
    """The requests that exams came of."""

    def items(self, uow: UnitOfWork, application_id: int) -> tuple[ItemEntry, ...]:
        """Return what a request asks for."""
        ...


class Outgoing:
    """ecg.reports.ports.Delivery over results; source of views for it; server.critical.ports.Outside."""

    def __init__(self, books: Books, patients: Patients, orders: Orders) -> None:
        self._books = books
        self._patients = patients
        self._orders = orders
        self.results: Results | None = None

    def issue(self, uow: UnitOfWork, caller: Caller, report_id: int, event: ResultEvent, reason: str = "") -> None:
        """Note that a report goes out; the job of results makes and sends what the rules want."""
        if self.results is None:
            return
        report = self._books.report(uow, report_id)
        edition = self._books.edition(uow, report_id, report.edition)
        body = unpacked(edition.body)
        self.results.issue(
            uow,
            Snapshot(
                event=event,
                edition=edition.number,
                view=self._view(uow, self._books.exams.facts(uow, report.exam_id), report, edition),
                hospital=edition.hospital,
                reason=reason,
                coded=coded_values(body),
            ),
        )

    def get(self, uow: UnitOfWork, caller: Caller, report_id: int) -> ReportView:
        """Return a report as results see it. Raises NOT_FOUND."""
        report = uow.session.get(EcgReportRow, report_id)
        if report is None:
            raise not_found("心电报告")
        edition = uow.session.get(EcgEditionRow, (report_id, report.edition)) if report.edition else None
        return self._view(uow, self._books.exams.facts(uow, report.exam_id), report, edition)

    def exam(self, uow: UnitOfWork, exam_id: int) -> ExamView:
        """Return what stands for an ECG exam in the areas of imaging; ids are those of its report."""
        exam = self._books.exams.facts(uow, exam_id_of(exam_id))
        return self._view(uow, exam, self._books.find(uow, exam.id), None).exam

    def subject(self, uow: UnitOfWork, caller: Caller, report_id: int) -> Subject:
        """Return what a critical value is about. Raises NOT_FOUND."""
        exam = self._books.exams.facts(uow, exam_id_of(report_id))
        self._books.exams.lock(uow, exam.id)
        return Subject(
            report_id=report_id,
            exam_id=report_id,
            accession_number=exam.accession_number,
            patient_id=exam.patient_id,
            patient_number=exam.patient_number or exam.accession_number,
            patient_name=exam.patient_name,
            sex=exam.sex.value,
            age=exam.age,
            inpatient_number=exam.inpatient_number[:64],
            exam_type=ECG,
            body_part="",
            items=exam.exam_item,
            campus_id=exam.campus_id,
            room_id=0,
            department=exam.department,
            requesting_doctor=exam.entry.doctor,
        )

    # ── the view ─────────────────────────────────────────────────────────────────────────────────────

    def _view(
        self, uow: UnitOfWork, exam: ExamFacts, report: EcgReportRow | None, edition: EcgEditionRow | None
    ) -> ReportView:
        body = ReportBody() if edition is None else unpacked(edition.body)
        is_out = report is not None and report.state == EcgState.SUBMITTED.value
        title = _TITLES[bool(edition is not None and edition.consultation_id)]
        # not locked: who merges patients holds them and waits for the exam that is locked here
        patient = self._patients.many(uow, (exam.patient_id,))[exam.patient_id]
        state = ReportState.APPROVED if is_out else ReportState.WRITING
        outside = _outside(exam, edition, title, state, patient, self._items(uow, exam, title))
        return ReportView(
            row=report_row(outside),
            version=1 if report is None else report.version,
            allowed=(),
            exam=exam_view(outside),
            content=ReportContent(
                findings=_rich(body.findings),
                impression=_rich(body.diagnosis),
            ),
            hp_required=False,
            key_images=(),
            measurements=(),
            returns=(),
            approved_at=None if edition is None else edition.at,
            print_count=0 if report is None else report.print_count,
            seal="" if edition is None else edition.seal,
            text_version=0 if edition is None else edition.number,
            edition=1 if edition is None else edition.number,
            revision_reason="" if report is None else report.reason,
            diagnosing_id=0 if edition is None else edition.reader_id,
            auditing_id=0 if edition is None else edition.by_id,
        )

    def _items(self, uow: UnitOfWork, exam: ExamFacts, title: str) -> tuple[ItemEntry, ...]:
        """The order's own items, so that results and states answer what was asked; else the exam's word."""
        asked = () if exam.application_id is None else self._orders.items(uow, exam.application_id)
        return asked or (ItemEntry(code=ECG, name=exam.exam_item or title, body_part="", price_fen=0),)


def _rich(text: str) -> str:
    """Plain text as the rich text of results, a paragraph for each line."""
    return "".join(f"<p>{escape(line, quote=False)}</p>" for line in text.split("\n")) if text else ""


def _outside(
    exam: ExamFacts,
    edition: EcgEditionRow | None,
    title: str,
    state: ReportState,
    patient: PatientView,
    items: tuple[ItemEntry, ...],
) -> OutsideReport:
    entry = exam.entry
    return OutsideReport(
        report_id=report_id_of(exam.id),
        exam_id=report_id_of(exam.id),
        version=1,
        state=state,
        exam_type=ECG,
        accession_number=exam.accession_number,
        study_uid=exam.study_uid,
        kind=title,
        exam_item=exam.exam_item,
        items=items,
        patient=patient,
        patient_number=exam.patient_number or patient.patient_number,
        patient_name=exam.patient_name,
        sex=exam.sex,
        age=exam.age,
        clinical=ClinicalEntry(diagnosis=entry.clinical_diagnosis, purpose=entry.complaint, history=entry.history),
        requester=RequesterEntry(
            department=exam.department,
            doctor=entry.doctor,
            requested_at=entry.requested_at,
            his_number=exam.request_number,
            ward=exam.ward,
            bed=exam.bed,
        ),
        registered_at=exam.registered_at,
        registered_by=exam.registered_by,
        examined_at=exam.acquired_at or exam.registered_at,
        diagnosed_at=None if edition is None else edition.at,
        approved_at=None if edition is None else edition.at,
        diagnosing_doctor="" if edition is None else edition.reader,
        auditing_doctor="" if edition is None else edition.by,
        campus_id=exam.campus_id,
        application_id=exam.application_id,
        has_images=bool(exam.trace_count),
    )


def coded_values(body: ReportBody) -> tuple[CodedValue, ...]:
    """Return the report's values and statements with their codes; values that could not be measured are left out."""
    found = []
    for one in body.parameters:
        if one.value is None:
            continue
        word = PARAMETERS[one.name]
        found.append(
            CodedValue(
                path=one.name.value,
                section="",
                part=Part.FINDINGS,
                kind=FieldKind.NUMBER,
                label=word.zh,
                name=_concept(one.name, body),
                text=f"{one.value:.{word.decimals}f} {word.unit}",
                number=one.value,
                unit=_UCUM.get(word.unit, word.unit),
            )
        )
    for number, said in enumerate(body.statements):
        code = _statement_code(said.system, said.code, said.text)
        found.append(
            CodedValue(
                path=f"statement{number}",
                section="",
                part=Part.IMPRESSION,
                kind=FieldKind.CHOICE,
                label="诊断语句",
                name=Code("SCT", "271921002", "ECG Finding"),
                text=said.text,
                codes=() if code is None else (code,),
            )
        )
    return tuple(found)


def _concept(name: Parameter, body: ReportBody) -> Code:
    if name in _LOCAL:
        return _LOCAL[name]
    key = _QTC.get(body.qtc_formula.value, "qtc") if name is Parameter.QTC else name.value
    return Code("MDC", CONCEPTS[key].code, CONCEPTS[key].meaning)


def _statement_code(system: str, code: str, text: str) -> Code | None:
    """The AHA/ACC/HRS list has no registered designator in DICOM: its numbers travel under the local one."""
    if not code:
        return None
    return Code(LOCAL_SCHEME, f"{'aha-' if system == 'aha' else ''}{code}"[:16], text[:64])
