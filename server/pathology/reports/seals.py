"""Canonical bytes and seals of opinions and audited reports; pure. As the imaging reports have them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from server.reporting.seal import canonical, seal_of

if TYPE_CHECKING:
    from datetime import datetime

    from server.pathology.reports.ports import CaseFacts
    from server.pathology.reports.tables import Opinion, Report, ReportVersion
    from shared.contract.pathology_reports import CodeView, OpinionText


def opinion_seal(case_number: str, opinion: Opinion, text: OpinionText) -> str:
    """Return the SHA-256 that binds an opinion's text to its case, doctor and time (EX-PA-10)."""
    return seal_of(
        canonical(
            {
                "case": case_number,
                "opinion": opinion.id,
                "kind": opinion.kind,
                "doctor_id": opinion.doctor_id,
                "doctor": opinion.doctor,
                "at": opinion.changed_at.isoformat(),
                "text_version": opinion.text_number,
                "findings": text.findings,
                "diagnosis": text.diagnosis,
                "comment": text.comment,
            }
        )
    )


def report_facts(
    case: CaseFacts,
    report: Report,
    text: ReportVersion,
    at: datetime,
    codes: Sequence[CodeView],
    images: Sequence[str],
    opinions: Sequence[str],
) -> bytes:
    """Return the canonical bytes of an edition; `images` are hashes of pictures, `opinions` seals."""
    facts: Mapping[str, str | int | float | Sequence[str]] = {
        "report": report.id,
        "kind": report.kind,
        "number": report.number,
        "edition": report.edition,
        "reason": report.reason,
        "case_number": case.number,
        "patient_name": case.entry.patient_name,
        "patient_number": case.entry.hospital_patient_id,
        "author": report.author,
        "auditor": report.auditor,
        "audited_at": at.isoformat(),
        "text_version": text.number,
        **texts_of(text),
        "codes": [f"{one.system}:{one.code}" for one in codes],
        "images": list(images),
        "opinions": list(opinions),
    }
    return canonical(facts)


def texts_of(text: ReportVersion) -> dict[str, str]:
    """Return the sealed texts of a version."""
    return {
        "gross": text.gross,
        "findings": text.findings,
        "diagnosis": text.diagnosis,
        "comment": text.comment,
        "synoptic": text.synoptic,
    }
