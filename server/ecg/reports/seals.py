"""Canonical bytes of a submitted report, as those of imaging and pathology are made; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.reporting.seal import canonical

if TYPE_CHECKING:
    from server.ecg.exams.facts import ExamFacts
    from server.ecg.reports.basis import Basis
    from server.ecg.reports.tables import EcgEditionRow
    from shared.contract.ecg_reports import ParameterValue, ReportBody


def sealed_facts(exam: ExamFacts, edition: EcgEditionRow, body: ReportBody, basis: Basis) -> bytes:
    """Return the bytes that a seal hashes: what the report says, of which trace and documents (by hash), who, when."""
    return canonical(
        {
            "report": edition.report_id,
            "edition": edition.number,
            "consultation": edition.consultation_id,
            "accession_number": exam.accession_number,
            "patient_name": exam.patient_name,
            "patient_number": exam.patient_number,
            "trace": edition.trace_id,
            "trace_sha256": "" if basis.trace is None else basis.trace.sha256,
            "reader": edition.reader,
            "by": edition.by,
            "at": edition.at.isoformat(),
            "hospital": edition.hospital,
            "reason": edition.reason,
            **texts_of(body),
            **({"documents": [one.sha256 for one in basis.documents]} if basis.documents else {}),
        }
    )


def texts_of(body: ReportBody) -> dict[str, str | list[str]]:
    """Return what the doctor wrote, as it is sealed."""
    return {
        "findings": body.findings,
        "diagnosis": body.diagnosis,
        "qtc_formula": body.qtc_formula.value,
        "parameters": [_value(one) for one in body.parameters],
        "statements": [f"{one.system}:{one.code}:{one.source}:{one.verdict}:{one.text}" for one in body.statements],
    }


def _value(one: ParameterValue) -> str:
    return f"{one.name}={'' if one.value is None else format(one.value, 'g')}"
