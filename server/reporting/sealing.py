"""The seal over an approved report and the answer to who scans a printed copy."""

from __future__ import annotations

from datetime import datetime

import msgspec

from server.kernel.clock import HospitalTime
from server.kernel.database import UnitOfWork
from server.reporting import seal
from server.reporting.attachments import Attachments
from server.reporting.ports import Documents
from server.reporting.tables import Report
from server.reporting.texts import Texts, content_of, values_of


class Sealing:
    """Seals reports and verifies the codes of printed copies."""

    def __init__(self, texts: Texts, attachments: Attachments, documents: Documents, time: HospitalTime) -> None:
        self._texts = texts
        self._attachments = attachments
        self._documents = documents
        self._time = time

    def seal(self, uow: UnitOfWork, report: Report, at: datetime) -> None:
        """Seal the report's present text and pictures as approved at `at` (UTC)."""
        report.sealed = self._canonical(uow, report, at)
        report.seal = seal.seal_of(report.sealed)

    def verification_code(self, uow: UnitOfWork, report_id: int) -> str:
        """Return the code for the printed copy; empty before approval."""
        report = uow.session.get(Report, report_id)
        return seal.verification_code(report.id, report.seal) if report is not None and report.seal else ""

    def verify(self, uow: UnitOfWork, code: str) -> str:
        """Return a sentence that says whether the printed copy with this code is genuine; names no patient."""
        parsed = seal.parsed_code(code)
        if parsed is None:
            return "这不是明镜报告的验证码。"
        report = uow.session.get(Report, parsed[0])
        if report is None or not report.seal or report.approved_at is None:
            return "没有与此验证码对应的已审核报告。"
        if not report.seal.startswith(parsed[1]):
            return "验证码与报告封印不符：这份打印件与系统中的报告不一致。"
        if seal.seal_of(report.sealed) != report.seal or not self._is_unchanged(uow, report):
            return "警告：系统中的报告内容与审核时的封印不符，请联系影像科。"
        when = self._time.local(report.approved_at).strftime("%Y-%m-%d %H:%M")
        who = f"{when} 由 {report.auditing_doctor} 审核通过"
        return f"报告真实有效：检查号 {report.accession_number}，{who}，内容未被改动。"

    def _canonical(self, uow: UnitOfWork, report: Report, at: datetime) -> bytes:
        text = self._texts.text(uow, report)
        return seal.canonical(
            {
                "report": report.id,
                "accession_number": report.accession_number,
                "patient_number": report.patient_number,
                "patient_name": report.patient_name,
                "text_version": report.text_number,
                "diagnosing_doctor": report.diagnosing_doctor,
                "auditing_doctor": report.auditing_doctor,
                "approved_at": at.isoformat(),
                "key_images": [
                    self._documents.sha256(uow, image.document_id) for image in self._attachments.images(uow, report)
                ],
                "measurements": [
                    f"{m.label}={m.value!r} {m.unit}" for m in self._attachments.measurements(uow, report)
                ],
                **(values_of(content_of(text)) if text else {}),
            }
        )

    def _is_unchanged(self, uow: UnitOfWork, report: Report) -> bool:
        sealed = msgspec.json.decode(report.sealed, type=dict[str, object])
        text = self._texts.text(uow, report)
        present: dict[str, object] = {
            **(values_of(content_of(text)) if text else {}),
            "key_images": [
                self._documents.sha256(uow, image.document_id) for image in self._attachments.images(uow, report)
            ],
            "text_version": report.text_number,
        }
        return all(sealed.get(name) == value for name, value in present.items())
