"""A reading room in memory: a server of dictionaries, two measured phantoms of one patient, a desk without windows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
from PySide6.QtWidgets import QVBoxLayout, QWidget

from clients.ecg.app import register_texts
from clients.ecg.reading.keys import ACTIONS
from clients.ecg.reading.page import ReadingPage
from clients.kit.actions import ActionGroup
from clients.kit.bell import Bell
from clients.kit.connection import FakeConnection
from clients.kit.drafts import DraftStore
from clients.kit.messages import CollectedMessages
from clients.kit.running import ImmediateRunner
from clients.kit.settings import UserSettings
from shared.contract import ecg, ecg_reports, ecg_terms
from shared.contract.errors import ErrorBody, ErrorCode, RpcError, error_for
from shared.contract.printing import DocumentView
from shared.domain.ecg import ExamAction, ExamState, ReportAction, ReportState, TraceSource, exam_actions
from shared.domain.ecg_reports import Danger, ReportSide, TermKind, TermScope
from shared.domain.states import Sex, VisitKind
from shared.waveform import compact, kept, statements
from shared.waveform.measuring import Analysis, analyse
from shared.waveform.quality import check
from shared.waveform.quality_words import sentence
from shared.waveform.record import EcgPatient, EcgRecord
from tests.ecg_phantom import Heart, twelve_leads

NOW = datetime(2026, 11, 22, 2, 30, tzinfo=UTC)
PDF = b"%PDF-1.4 the report"


@cache
def measured(rr_ms: float = 820.0, p_waves: bool = True, noise: float = 4.0) -> tuple[EcgRecord, Analysis]:
    """A phantom's record and what is measured in it."""
    spread = 15.0 if p_waves else 160.0
    record, _truth = twelve_leads(Heart(rr_ms=rr_ms, p_waves=p_waves, rr_sd_ms=spread, noise_uv=noise))
    record = replace(record, patient=EcgPatient(sex=Sex.MALE, age_years=64))
    return record, analyse(record)


@cache
def phantom_trace(exam_id: int, rr_ms: float = 820.0, p_waves: bool = True) -> ecg.TraceData:
    """The trace of a phantom."""
    return trace_of(exam_id, *measured(rr_ms, p_waves))


def trace_of(exam_id: int, record: EcgRecord, analysis: Analysis) -> ecg.TraceData:
    """A trace as the server gives it."""
    found, sums = analysis.measurements, analysis.measurements.hypertrophy
    verdict = check(record, analysis)
    values = ecg.TraceValues(
        hr_bpm=found.hr_bpm,
        rr_ms=found.rr_ms,
        p_waves=found.p_waves,
        p_ms=found.p_ms,
        pr_ms=found.pr_ms,
        qrs_ms=found.qrs_ms,
        qt_ms=found.qt_ms,
        qtc_bazett_ms=found.qtc.bazett if found.qtc else None,
        qtc_fridericia_ms=found.qtc.fridericia if found.qtc else None,
        qtc_framingham_ms=found.qtc.framingham if found.qtc else None,
        qtc_hodges_ms=found.qtc.hodges if found.qtc else None,
        p_axis=found.axes.p,
        qrs_axis=found.axes.qrs,
        t_axis=found.axes.t,
        rv5_mv=sums.rv5_mv,
        sv1_mv=sums.sv1_mv,
        rv5_sv1_mv=sums.rv5_sv1_mv,
        confidence=found.confidence,
    )
    findings = tuple(
        ecg.QualityFinding(
            fault=one.fault.value,
            severity=one.severity.value,
            leads=one.leads,
            value=one.value,
            limit=one.limit,
            unit=one.unit,
            zh=sentence(one, "zh"),
            en=sentence(one, "en"),
        )
        for one in verdict.findings
    )
    view = ecg.TraceView(
        id=exam_id * 10,
        exam_id=exam_id,
        number=1,
        is_current=True,
        source=TraceSource.DEVICE,
        format="compact",
        file_name="",
        device="Phantom",
        recorded_at=NOW,
        received_at=NOW,
        received_by="王护士",
        leads=record.leads,
        sampling_hz=record.sampling_hz,
        seconds=record.seconds,
        size_bytes=1,
        sha256="",
        sop_class="",
        sop_uid="",
        values=values,
        quality=ecg.QualityVerdict(passed=verdict.passed, findings=findings),
    )
    return ecg.TraceData(trace=view, data=compact.pack(record), analysis=kept.pack(analysis))


def a_row(exam_id: int, state: ExamState = ExamState.ACQUIRED, days_ago: int = 0) -> ecg.EcgRow:
    """A row of a list."""
    at = NOW - timedelta(days=days_ago)
    return ecg.EcgRow(
        id=exam_id,
        version=1,
        accession_number=f"ECG{exam_id:06d}",
        study_uid=f"1.2.{exam_id}",
        patient_id=7,
        patient_name="欧阳明远",
        sex=Sex.MALE,
        age="64岁",
        visit_kind=VisitKind.OUTPATIENT,
        patient_number="P0007",
        outpatient_number="MZ20261122018",
        inpatient_number="",
        health_check_number="",
        id_number="",
        request_number="R1",
        department="心内科",
        ward="",
        bed="",
        exam_item="12导联心电图",
        kind=ecg.EcgKind.TWELVE_LEAD,
        clinical_diagnosis="冠心病",
        urgency=ecg.Urgency.ROUTINE,
        state=state,
        report_state=ReportState.NONE,
        campus_id=1,
        campus_name="县人民医院",
        registered_at=at,
        registered_by="登记员",
        acquired_at=at,
        conclusion="窦性心律，正常心电图" if days_ago else "",
        allowed=exam_actions(state),
    )


def an_exam(row: ecg.EcgRow) -> ecg.EcgExamView:
    """Everything of an exam."""
    entry = ecg.EcgEntry(
        patient_name=row.patient_name,
        birth_date=date(1962, 5, 1),
        complaint="反复胸闷、心悸 3 天，活动后加重，休息可缓解，夜间偶有憋醒",
        history="高血压病史 10 年，最高 180/100 mmHg，规律服药；否认糖尿病",
        clinical_diagnosis="冠心病？高血压 3 级",
    )
    return ecg.EcgExamView(row=row, entry=entry, application_id=None, cancel_reason="", traces=(), documents=())


def a_term(term_id: int, category: int, zh: str, en: str, initials: str, **more: Any) -> ecg_terms.TermView:
    """A term of the dictionary."""
    kind = more.pop("kind", TermKind.DIAGNOSIS)
    return ecg_terms.TermView(
        id=term_id, version=1, category_id=category, kind=kind, scope=TermScope.BUILT_IN, zh=zh, en=en,
        initials=initials, position=term_id, **more,
    )  # fmt: skip


def a_category(number: int, zh: str, en: str, parent: int = 0, **more: Any) -> ecg_terms.CategoryView:
    """A category of the dictionary."""
    kind = more.pop("kind", TermKind.DIAGNOSIS)
    return ecg_terms.CategoryView(
        id=number, parent_id=parent, kind=kind, scope=TermScope.BUILT_IN, zh=zh, en=en, position=number
    )


TERMS = ecg_terms.TermTree(
    categories=(
        a_category(1, "窦性心律", "Sinus rhythm"),
        a_category(2, "房性心律失常", "Atrial arrhythmia"),
        a_category(3, "早搏", "Premature beats", parent=2),
        a_category(9, "节律", "Rhythm", kind=TermKind.FINDING),
    ),
    terms=(
        a_term(1, 1, "窦性心律", "Sinus rhythm", "dxxl", code="1", system="aha"),
        a_term(2, 1, "窦性心动过速", "Sinus tachycardia", "dxxdgs", code="21", system="aha"),
        a_term(3, 3, "房性早搏", "Atrial premature complex", "fxzb"),
        a_term(4, 2, "心房颤动", "Atrial fibrillation", "xfcd"),
        a_term(9, 9, "P 波规律出现", "Regular P waves", "pbglcx", kind=TermKind.FINDING),
    ),
)
TEMPLATES = (
    ecg_reports.TemplateView(key="3x4+1R", zh="3×4 + 1 节律", en="3×4 + 1 rhythm", is_default=True),
    ecg_reports.TemplateView(key="6x2", zh="6×2", en="6×2"),
)
_AGREED = {
    ReportState.NONE: (ReportAction.SAVE, ReportAction.SUBMIT, ReportAction.SUBMIT_AND_PRINT),
    ReportState.SUBMITTED: (ReportAction.PRINT, ReportAction.WITHDRAW),
}
_AGREED[ReportState.DRAFT] = _AGREED[ReportState.WITHDRAWN] = _AGREED[ReportState.NONE]
_AGREED[ReportState.PENDING] = (ReportAction.SAVE, ReportAction.AUDIT, ReportAction.RETURN)


class House:
    """The server: exam 1 is read, exam 2 is 70 days old and reported."""

    def __init__(self, *, acquired: bool = True, p_waves: bool = True, rr_ms: float = 820.0) -> None:
        state = ExamState.ACQUIRED if acquired else ExamState.AWAITING
        self.rows = {1: a_row(1, state), 2: a_row(2, ExamState.REPORTED, 70)}
        self.traces = {2: phantom_trace(2, 900.0)}
        if acquired:
            self.traces[1] = phantom_trace(1, rr_ms, p_waves)
        self.pages = {exam_id: self._page(exam_id) for exam_id in self.rows}
        body = ecg_reports.ReportBody(findings="P 波规律出现", diagnosis="窦性心律\n正常心电图")
        submitted = (ReportAction.PRINT,)
        self.pages[2] = self._put(2, body=body, state=ReportState.SUBMITTED, allowed=submitted, is_editable=False)
        self.account_template = ""
        self.two_levels = False
        self.prints: list[str] = []
        self.connection = FakeConnection(
            replies={
                ecg.GetEcgExam: lambda request: an_exam(self.rows[request.exam_id]),
                ecg.GetTrace: self._trace,
                ecg.ListHistory: lambda _request: tuple(self.rows.values()),
                ecg_reports.Open: lambda request: self.pages[request.exam_id],
                ecg_reports.Save: self._save,
                ecg_reports.Submit: self._submit,
                ecg_reports.Audit: self._audit,
                ecg_reports.Return: self._return,
                ecg_reports.Withdraw: self._withdraw,
                ecg_terms.ListTerms: lambda _request: TERMS,
                ecg_reports.ListTemplates: lambda _request: TEMPLATES,
                ecg_reports.ChooseTemplate: self._choose,
                ecg_reports.Preview: lambda _request: self._document(90),
                ecg_reports.Print: self._print,
            },
            documents={90: PDF, 91: PDF},
        )

    def _page(self, exam_id: int) -> ecg_reports.ReportPage:
        data = self.traces.get(exam_id)
        suggested = suggested_of(exam_id, data) if data is not None else ()
        return ecg_reports.ReportPage(
            exam_id=exam_id,
            report_id=0,
            version=0,
            state=ReportState.NONE,
            side=ReportSide.LOCAL,
            body=ecg_reports.ReportBody(),
            is_saved=False,
            is_editable=True,
            obstacle="",
            writer="",
            saved_at=None,
            reader="",
            auditor="",
            submitted_at=None,
            returned="",
            needs_audit=False,
            edition=0,
            editions=(),
            document_id=0,
            print_count=0,
            suggestions=tuple(
                ecg_reports.SuggestionView(
                    code=one.code, zh=one.zh, en=one.en, reason_zh=one.reason_zh, reason_en=one.reason_en
                )
                for one in suggested
            ),
            device_statements=(),
            danger=Danger.NONE,
            danger_reasons=(),
            alarms=(),
            template="",
            consultation_id=0,
            first_opinion="",
            allowed=_AGREED[ReportState.NONE],
        )

    def _put(self, exam_id: int, **changes: Any) -> ecg_reports.ReportPage:
        self.pages[exam_id] = msgspec.structs.replace(self.pages[exam_id], **changes)
        return self.pages[exam_id]

    def change(self, **changes: Any) -> None:
        """Somebody else changed the report of exam 1."""
        self._put(1, version=self.pages[1].version + 1, **changes)

    def acquire(self) -> None:
        """A trace of exam 1 arrives."""
        self.traces[1] = phantom_trace(1)
        self.rows[1] = a_row(1)
        self.pages[1] = self._page(1)

    def _trace(self, request: ecg.GetTrace) -> ecg.TraceData:
        found = self.traces.get(request.exam_id or (request.trace_id or 0) // 10)
        if found is None:
            raise refusal(ErrorCode.NOT_FOUND)
        return found

    def _next(self, request: Any, state: ReportState, **changes: Any) -> ecg_reports.ReportPage:
        page = self.pages[request.exam_id]
        if request.version != page.version:
            raise refusal(ErrorCode.CONFLICT)
        body = getattr(request, "body", None) or page.body
        return self._put(
            request.exam_id,
            version=page.version + 1,
            state=state,
            body=body,
            is_saved=True,
            is_editable=state is not ReportState.SUBMITTED,
            allowed=_AGREED[state],
            **changes,
        )

    def _save(self, request: ecg_reports.Save) -> ecg_reports.ReportPage:
        return self._next(request, ReportState.DRAFT)

    def _submit(self, request: ecg_reports.Submit) -> ecg_reports.ReportPage:
        if not request.body.diagnosis.strip():
            raise refusal(ErrorCode.INVALID, "diagnosis")
        if self.two_levels:
            return self._next(request, ReportState.PENDING, needs_audit=True, reader="初读医生")
        return self._next(request, ReportState.SUBMITTED, document_id=91, reader="李医生", submitted_at=NOW)

    def _audit(self, request: ecg_reports.Audit) -> ecg_reports.ReportPage:
        return self._next(request, ReportState.SUBMITTED, document_id=91, auditor="张主任", submitted_at=NOW)

    def _return(self, request: ecg_reports.Return) -> ecg_reports.ReportPage:
        return self._next(request, ReportState.DRAFT, returned=request.reason)

    def _withdraw(self, request: ecg_reports.Withdraw) -> ecg_reports.ReportPage:
        return self._next(request, ReportState.WITHDRAWN, document_id=0)

    def _choose(self, request: ecg_reports.ChooseTemplate) -> str:
        self.account_template = request.template
        return request.template

    def _print(self, request: ecg_reports.Print) -> DocumentView:
        if ReportAction.PRINT not in self.pages[request.exam_id].allowed:
            raise refusal(ErrorCode.ILLEGAL_ACTION)
        self.prints.append(request.template)
        return self._document(91)

    @staticmethod
    def _document(number: int) -> DocumentView:
        return DocumentView(
            id=number, kind="report", media_type="application/pdf", size_bytes=len(PDF), sha256="", created_at=NOW
        )


_SUGGESTED: dict[tuple[int, bytes], Any] = {}


def suggested_of(exam_id: int, data: ecg.TraceData) -> Any:
    """What the rules suggest for a trace; found once."""
    key = (exam_id, data.data)
    if key not in _SUGGESTED:
        _SUGGESTED[key] = statements.suggest(*measured_of(data))
    return _SUGGESTED[key]


def measured_of(data: ecg.TraceData) -> tuple[EcgRecord, Analysis]:
    """Record and analysis of a trace as it travels."""
    record = compact.unpack(data.data)
    return record, kept.unpack(data.analysis, record)


def refusal(code: ErrorCode, field: str = "") -> RpcError:
    """What the server refuses with."""
    return error_for(ErrorBody(code=code, message="refused", field=field))


class Papers:
    """Documents of the house; what was printed is remembered."""

    def __init__(self, connection: FakeConnection) -> None:
        self._connection = connection
        self.printed: list[int] = []

    def read(self, document: DocumentView) -> bytes:
        return self._connection.fetch_document(document.id)

    def hand_out(self, document: DocumentView) -> str:
        self.printed.append(document.id)
        return "报告已送往打印机"


class DeskOfTest:
    """What a page needs of the session's desk."""

    def __init__(self, papers: Any) -> None:
        self.papers = papers
        self.exam_changed: Bell[int] = Bell()
        self.changed: Bell[tuple[str, int]] = Bell()
        self.titles: list[str] = []
        self.told: list[int] = []

    def retitle_reading(self, _exam_id: int, title: str) -> None:
        self.titles.append(title)

    def tell_exam(self, exam_id: int) -> None:
        self.told.append(exam_id)
        self.exam_changed.ring(exam_id)


class Room:
    """A page on a house, in a host widget as the shell holds it."""

    def __init__(self, folder: Path, house: House | None = None, runner: Any = None, **options: Any) -> None:
        register_texts()
        self.house = house or House()
        self.messages = CollectedMessages()
        self.host = QWidget()
        self.actions = ActionGroup(ACTIONS, self.host)
        self.papers = Papers(self.house.connection)
        self.desk = DeskOfTest(self.papers)
        self.place: Any = SimpleNamespace(
            connection=self.house.connection,
            runner=runner or ImmediateRunner(),
            messages=self.messages,
            drafts=DraftStore(folder / "drafts"),
            settings=UserSettings(folder / "user.json"),
            desk_settings=UserSettings(folder / "desk.json"),
            actions=self.actions,
            session=SimpleNamespace(user_id=1, login="doctor", name="李医生"),
            may=lambda _permission: True,
        )
        self.page = ReadingPage(self.place, 1, desk=self.desk, **options)
        box = QVBoxLayout(self.host)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(self.page)

    @property
    def state(self) -> Any:
        return self.page.presenter.state

    def said(self) -> list[str]:
        return [one.text for one in self.messages.said]

    def close(self) -> None:
        self.page.close()
        self.place.drafts.close()


def leaves(call: Callable[[], object]) -> bool:
    """Say whether something went on at once."""
    call()
    return True


__all__ = ["ExamAction", "House", "Room"]
