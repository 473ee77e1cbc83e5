"""What a reading room in memory is filled with: phantoms measured as the server does, rows, terms, templates."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

from shared.contract import ecg, ecg_reports, ecg_terms
from shared.domain.ecg import ExamState, ReportState, TraceSource, exam_actions
from shared.domain.ecg_reports import TermKind, TermScope
from shared.domain.states import Sex, VisitKind
from shared.waveform import compact, kept
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


def a_received(number: int = 1, **changes: Any) -> ecg.DocumentView:
    """A document that another program made of exam 1."""
    values: dict[str, Any] = {
        "id": number,
        "exam_id": 1,
        "title": f"动态心电图报告 {number}",
        "file_name": f"holter-{number}.pdf",
        "size_bytes": 1000,
        "sha256": "",
        "stored_at": NOW,
        "stored_by": "王护士",
    }
    return ecg.DocumentView(**{**values, **changes})


@cache
def a_pdf(number: int, pages: int = 2) -> bytes:
    """A Holter report of some pages."""
    from io import BytesIO

    from reportlab.lib.pagesizes import A4
    from reportlab.pdfgen.canvas import Canvas

    out = BytesIO()
    paper = Canvas(out, pagesize=A4)
    for page in range(1, pages + 1):
        paper.setFont("Helvetica-Bold", 22)
        paper.drawString(60, 770, f"Holter report {number}, page {page}")
        paper.setFont("Helvetica", 12)
        for at, line in enumerate(("Total beats 104 512", "Mean rate 72/min", "Ventricular ectopics 218", "Pauses 0")):
            paper.drawString(60, 720 - 22 * at, line)
        paper.showPage()
    paper.save()
    return out.getvalue()
