"""The seal over an approved report and the answer to who scans a printed copy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec
from sqlalchemy import select

from server.kernel.clock import HospitalTime
from server.kernel.database import UnitOfWork
from server.reporting import seal
from server.reporting.attachments import Attachments
from server.reporting.auditing_tables import ReportEdition
from server.reporting.ports import Documents
from server.reporting.tables import Report, ReportText
from server.reporting.texts import Texts, content_of, values_of
from shared.domain.states import ReportState

_APPROVED = (ReportState.APPROVED, ReportState.PRINTED)


@dataclass(frozen=True, slots=True)
class Correction:
    """How an edition came about: first, revision (with the reason) or addendum (with its text)."""

    kind: str
    reason: str = ""
    addendum: str = ""


class Sealing:
    """Seals reports and verifies the codes of printed copies."""

    def __init__(self, texts: Texts, attachments: Attachments, documents: Documents, time: HospitalTime) -> None:
        self._texts = texts
        self._attachments = attachments
        self._documents = documents
        self._time = time

    def seal(
        self,
        uow: UnitOfWork,
        report: Report,
        at: datetime,
        edition: int,
        correction: Correction,
        addenda: Sequence[str] = (),
    ) -> None:
        """Seal text, pictures and addenda as edition `edition`; the text was approved at `at` (UTC)."""
        report.sealed = self._canonical(uow, report, at, edition, correction, addenda)
        report.seal = seal.seal_of(report.sealed)

    def verification_code(self, uow: UnitOfWork, report_id: int) -> str:
        """Return the code for the printed copy; empty before approval."""
        report = uow.session.get(Report, report_id)
        if report is None or not report.seal or report.state not in _APPROVED:
            return ""
        return seal.verification_code(report.id, report.seal)

    def verify(self, uow: UnitOfWork, code: str) -> str:
        """Return a sentence that says whether the printed copy with this code is genuine; names no patient."""
        parsed = seal.parsed_code(code)
        if parsed is None:
            return "这不是明镜报告的验证码。"
        report = uow.session.get(Report, parsed[0])
        if report is None or not report.seal or report.approved_at is None:
            return "没有与此验证码对应的已审核报告。"
        if not report.seal.startswith(parsed[1]):
            return self._not_the_newest(uow, report, parsed[1])
        if report.state not in _APPROVED:
            return f"注意：检查号 {report.accession_number} 的报告已撤回修订，这份打印件不再有效，请等待新版报告。"
        if seal.seal_of(report.sealed) != report.seal or not self._is_unchanged(uow, report):
            return "警告：系统中的报告内容与审核时的封印不符，请联系影像科。"
        when = self._time.local(report.approved_at).strftime("%Y-%m-%d %H:%M")
        who = f"{when} 由 {report.auditing_doctor} 审核通过"
        return f"报告真实有效：检查号 {report.accession_number}，{who}，内容未被改动。"

    @staticmethod
    def _not_the_newest(uow: UnitOfWork, report: Report, prefix: str) -> str:
        rows = uow.session.execute(
            select(ReportEdition.number, ReportEdition.seal).where(ReportEdition.report_id == report.id)
        )
        for number, sealed in rows:
            if sealed.startswith(prefix):
                present = f"第 {report.edition} 版" if report.state in _APPROVED else "新版"
                return (
                    f"注意：这是检查号 {report.accession_number} 的第 {number} 版报告，曾经审核通过，"
                    f"但已被{present}取代，请以{present}为准。"
                )
        return "验证码与报告封印不符：这份打印件与系统中的报告不一致。"

    def _canonical(
        self,
        uow: UnitOfWork,
        report: Report,
        at: datetime,
        edition: int,
        correction: Correction,
        addenda: Sequence[str],
    ) -> bytes:
        text = self._texts.text(uow, report)
        return seal.canonical(
            {
                "edition": edition,
                "edition_kind": correction.kind,
                "revision_reason": correction.reason,
                "addenda": list(addenda),
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

    @staticmethod
    def is_as_sealed(uow: UnitOfWork, edition: ReportEdition) -> bool:
        """Say whether seal, sealed bytes and the kept text of an edition still agree."""
        if seal.seal_of(edition.sealed) != edition.seal:
            return False
        sealed = msgspec.json.decode(edition.sealed, type=dict[str, object])
        text = uow.session.get(ReportText, (edition.report_id, edition.text_number))
        return text is not None and all(
            sealed.get(key, "") == value for key, value in values_of(content_of(text)).items()
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
        # A seal of an earlier release names fewer parts: those it does not name were empty.
        return all(sealed.get(name, "") == value for name, value in present.items())
