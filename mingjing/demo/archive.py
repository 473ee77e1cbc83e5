"""The archive's part of the story: its administrator looks after it, another program fetches a picture by DICOMweb."""

from __future__ import annotations

import json
import time
import urllib.request

from mingjing.demo.hospital import Hospital
from mingjing.demo.record import Record, Step
from mingjing.demo.windows import NothingHappened, Seat, Windows
from shared.contract.access import AccessScope, AddToken, RevokeToken
from shared.contract.jobs import GetJob
from shared.contract.keeping import CheckReport, GetCheckReport, StartCheck
from shared.rpc.client import RpcClient

_PATIENCE_S = 60.0


class Archive:
    """One step at the administrator's workstation."""

    def __init__(
        self, record: Record, hospital: Hospital, windows: Windows, observer: RpcClient, patient_id: str
    ) -> None:
        self._record = record
        self._hospital = hospital
        self._windows = windows
        self._observer = observer
        self._patient_id = patient_id

    def play(self) -> Seat:
        """Overview, the patient's studies, a check of every file, a picture by DICOMweb; returns the workstation."""
        from clients.administration import texts
        from clients.administration.app import TITLE, make_pages
        from clients.kit.translations import register_catalogue

        register_catalogue(texts.ENTRIES)
        with self._record.step(
            "影像归档：概览、查找、检查、DICOMweb", "The archive: overview, search, check, DICOMweb"
        ) as step:
            report = self._check()
            step.sentences.append(
                f"check: {report.instances} images, {report.files} files, {report.total_findings} findings"
                f" / 检查：{report.total_findings} 个问题"
            )
            seat = self._windows.seat(self._hospital, TITLE, make_pages(), "admin")
            seat.sign_in()
            overview = seat.page("overview")
            seat.until(lambda: bool(overview.presenter.state.cards), "the overview")
            seat.shot(self._record.file(step, "overview.png"))
            studies = seat.page("studies").show_tab("studies")
            seat.until(lambda: bool(studies.presenter.state.rows), "the studies")
            studies.filters.focus("patient_id")
            seat.write(self._patient_id)
            seat.until(
                lambda: {row.patient_id for row in studies.presenter.state.rows} == {self._patient_id},
                "the patient's studies alone",
            )
            studies.presenter.select(studies.presenter.state.rows[0].study_uid)
            self._windows.rest(1.0)
            seat.shot(self._record.file(step, "studies.png"))
            self._by_dicomweb(step, str(studies.presenter.state.rows[0].study_uid))
        return seat

    def _check(self) -> CheckReport:
        """Every hash, as a job."""
        job = self._observer.call(StartCheck())
        end = time.monotonic() + _PATIENCE_S
        while self._observer.call(GetJob(job_id=job.id)).state in ("waiting", "running"):
            if time.monotonic() > end:
                raise NothingHappened("the check of the archive did not end in time")
            self._windows.rest(0.2)
        return self._observer.call(GetCheckReport())

    def _by_dicomweb(self, step: Step, study_uid: str) -> None:
        """What another program does: find with a token, then fetch the study's picture."""
        made = self._observer.call(AddToken(name="demo", scopes=(AccessScope.READ,), days=1))
        try:
            found = json.loads(
                self._get(made.secret, f"studies?PatientID={self._patient_id}", "application/dicom+json")
            )
            picture = self._get(made.secret, f"studies/{study_uid}/thumbnail?viewport=512,512", "image/jpeg")
        finally:
            self._observer.call(RevokeToken(token_id=made.token.id))
        self._record.file(step, "dicomweb.jpg").write_bytes(picture)
        step.sentences.append(f"QIDO-RS: {len(found)} studies; WADO-RS thumbnail {len(picture) // 1024} kB")

    def _get(self, secret: str, path: str, accept: str) -> bytes:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self._hospital.http_port}/dicom-web/{path}",
            headers={"Authorization": f"Bearer {secret}", "Accept": accept},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            content: bytes = answer.read()
        return content
