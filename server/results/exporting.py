"""An approved report as a file, for the command line and for whoever asks."""

from __future__ import annotations

import msgspec

from server.kernel.clock import HospitalTime
from server.kernel.database import Database
from server.kernel.dispatch import Caller
from server.kernel.errors import Refusal, illegal_action
from server.results.documents import cda, dicom, fhir, hl7
from server.results.ports import Archive, Connection, NotYet, Paper
from server.results.service import ResultService
from shared.contract.errors import ErrorCode
from shared.contract.results import ExportedReport, ExportKind, ExportReport
from shared.dicomkit.uids import derived_uid

_FILES = {
    ExportKind.SR: ("dcm", "application/dicom"),
    ExportKind.PDF: ("pdf", "application/pdf"),
    ExportKind.CDA: ("xml", "text/xml"),
    ExportKind.FHIR: ("json", "application/fhir+json"),
    ExportKind.ORU: ("hl7", "x-application/hl7-v2+er7"),
}
_NOBODY = Connection(0, "", False, "UTF-8", "2.5.1", "MINGJING", "", "", "", "", "")


class Exporting:
    """Writes the newest issue of a report; works in units of work of its own, because drawing takes long."""

    def __init__(
        self, database: Database, results: ResultService, archive: Archive, paper: Paper, time: HospitalTime
    ) -> None:
        self._database = database
        self._results = results
        self._archive = archive
        self._paper = paper
        self._time = time

    def export(self, request: ExportReport, caller: Caller) -> ExportedReport:
        """Return the file. Raises NOT_FOUND, ILLEGAL_ACTION (withdrawn, and a PDF is wanted), UNAVAILABLE."""
        with self._database.read() as uow:
            issue, snapshot = self._results.newest(uow, request.report_id, request.accession_number.strip()[:32])
            if caller.room_ids is not None and issue.room_id not in caller.room_ids:
                raise Refusal(ErrorCode.PERMISSION_MISSING, "报告不属于您的院区或科室。")
        ending, media_type = _FILES[request.kind]
        place = self._archive.study(snapshot.view)
        images = {one.sop_uid: one for one in place.images}
        at = issue.at.astimezone(self._time.zone)
        if request.kind is ExportKind.SR:
            from shared.dicomkit.headers import to_bytes

            study_uid = place.study.study_uid
            occasion = dicom.Occasion(
                at=at,
                approved_at=(snapshot.view.approved_at or issue.at).astimezone(self._time.zone),
                number=issue.number,
                series_uid=derived_uid("export-series", study_uid, str(issue.report_id)),
                sop_uid=derived_uid("export", study_uid, str(issue.report_id), str(issue.number)),
            )
            data = to_bytes(dicom.structured_report(snapshot, place, occasion))
        elif request.kind is ExportKind.PDF:
            if snapshot.is_withdrawn:
                raise illegal_action(snapshot.view.row.state, "报告已撤回修订，请等修订审核通过后再导出。")
            try:
                data = self._paper.pdf(snapshot.view, snapshot.edition)
            except NotYet as waits:
                raise Refusal(ErrorCode.UNAVAILABLE, f"{waits}请稍后再试。", retry_after_s=5.0) from None
        elif request.kind is ExportKind.CDA:
            data = cda.clinical_document(snapshot, issue.number, issue.at, self._time.zone, images)
        elif request.kind is ExportKind.FHIR:
            data = msgspec.json.encode(fhir.transaction(snapshot, fhir.Bundling(issue.number, at)))
        else:
            oid = cda.set_oid(snapshot.view.exam.row.study_uid, issue.report_id)
            envelope = hl7.Envelope(_NOBODY, f"EXPORT{issue.id}", issue.at, self._time.zone, oid, issue.number)
            data = hl7.result_message(snapshot, envelope)
        name = "".join(c for c in issue.accession_number if c.isascii() and (c.isalnum() or c in "-_")) or "report"
        return ExportedReport(file_name=f"{name}-{issue.number}.{ending}", media_type=media_type, data=data)
