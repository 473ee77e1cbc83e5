"""The demo's CT scanner: an independent device (pynetdicom) that asks the worklist, reports its step, sends images."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pydicom import Dataset, dcmread
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid
from pynetdicom import AE
from pynetdicom.association import Association
from pynetdicom.sop_class import (  # type: ignore[attr-defined]  # made at run time
    ModalityPerformedProcedureStep,
    ModalityWorklistInformationFind,
    Verification,
)


class ScannerError(RuntimeError):
    """The server did not answer as a scanner expects; the message names the service and the status."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What a scan sent."""

    study_uid: str
    series_uid: str
    instance_uids: tuple[str, ...]
    bytes_sent: int


class Scanner:
    """A CT with an AE title, talking to one server."""

    def __init__(self, ae_title: str, host: str, port: int, called_ae: str = "MINGJING") -> None:
        self._ae = AE(ae_title=ae_title)
        self._title = ae_title
        self._host = host
        self._port = port
        self._called = called_ae

    def echo(self) -> None:
        """C-ECHO, as a service engineer does first."""
        association = self._associate((Verification, [ExplicitVRLittleEndian]))
        _expect("C-ECHO", association.send_c_echo())
        association.release()

    def worklist(self, day: datetime) -> list[Dataset]:
        """Return today's worklist items of this station (PS3.4 K.6.1)."""
        step = Dataset()
        step.ScheduledStationAETitle = self._title
        step.ScheduledProcedureStepStartDate = day.strftime("%Y%m%d")
        step.ScheduledProcedureStepStartTime = ""
        step.Modality = "CT"
        step.ScheduledPerformingPhysicianName = ""
        step.ScheduledProcedureStepDescription = ""
        step.ScheduledProcedureStepID = ""
        step.ScheduledStationName = ""
        query = Dataset()
        query.SpecificCharacterSet = "GB18030"
        for keyword in (
            "AccessionNumber PatientName PatientID PatientBirthDate PatientSex StudyInstanceUID RequestedProcedureID "
            "RequestedProcedureDescription ReferringPhysicianName RequestingPhysician"
        ).split():
            setattr(query, keyword, "")
        query.ScheduledProcedureStepSequence = [step]
        association = self._associate((ModalityWorklistInformationFind, [ExplicitVRLittleEndian]))
        found = []
        for status, item in association.send_c_find(query, ModalityWorklistInformationFind):
            if status.Status in {0xFF00, 0xFF01} and item is not None:
                found.append(item)
            elif status.Status != 0:
                raise ScannerError(f"worklist query ended with status 0x{status.Status:04X}")
        association.release()
        return found

    def begin(self, item: Dataset, started: datetime) -> str:
        """MPPS N-CREATE, IN PROGRESS; returns the step's UID (PS3.4 F.7.2)."""
        scheduled = item.ScheduledProcedureStepSequence[0]
        reference = Dataset()
        for keyword in ("AccessionNumber", "StudyInstanceUID", "RequestedProcedureID", "RequestedProcedureDescription"):
            setattr(reference, keyword, item.get(keyword, ""))
        reference.ReferencedStudySequence = []
        reference.ScheduledProcedureStepID = scheduled.get("ScheduledProcedureStepID", "")
        reference.ScheduledProcedureStepDescription = scheduled.get("ScheduledProcedureStepDescription", "")
        reference.ScheduledProtocolCodeSequence = []
        step = Dataset()
        step.SpecificCharacterSet = "GB18030"
        step.ScheduledStepAttributesSequence = [reference]
        for keyword in ("PatientName", "PatientID", "PatientBirthDate", "PatientSex"):
            setattr(step, keyword, item.get(keyword, ""))
        step.ReferencedPatientSequence = []
        step.PerformedProcedureStepID = "P1"
        step.PerformedStationAETitle = self._title
        step.PerformedStationName = self._title
        step.PerformedLocation = ""
        step.PerformedProcedureStepStartDate = started.strftime("%Y%m%d")
        step.PerformedProcedureStepStartTime = started.strftime("%H%M%S")
        step.PerformedProcedureStepStatus = "IN PROGRESS"
        step.PerformedProcedureStepDescription = ""
        step.PerformedProcedureTypeDescription = ""
        step.ProcedureCodeSequence = []
        step.PerformedProcedureStepEndDate = ""
        step.PerformedProcedureStepEndTime = ""
        step.Modality = "CT"
        step.StudyID = "1"
        step.PerformedProtocolCodeSequence = []
        step.PerformedSeriesSequence = []
        uid = generate_uid(prefix=None)
        association = self._associate((ModalityPerformedProcedureStep, [ExplicitVRLittleEndian]))
        status, _ = association.send_n_create(step, ModalityPerformedProcedureStep, uid)
        _expect("MPPS N-CREATE", status)
        association.release()
        return uid

    def send(self, item: Dataset, slices: Iterable[Path], now: datetime, progress: Callable[[int], None]) -> Sent:
        """C-STORE the slices as this patient's series, in the transfer syntax of the files."""
        files = list(slices)
        series_uid = generate_uid(prefix=None)
        frame_of_reference = generate_uid(prefix=None)
        syntaxes = sorted({str(dcmread(path, specific_tags=[]).file_meta.TransferSyntaxUID) for path in files})
        association = self._associate((CTImageStorage, syntaxes))
        uids: list[str] = []
        sent_bytes = 0
        for number, path in enumerate(files, 1):
            image = dcmread(path)
            _label(image, item, series_uid, frame_of_reference, number, now)
            _expect("C-STORE", association.send_c_store(image))
            uids.append(str(image.SOPInstanceUID))
            sent_bytes += path.stat().st_size
            progress(number)
        association.release()
        return Sent(str(item.StudyInstanceUID), series_uid, tuple(uids), sent_bytes)

    def complete(self, step_uid: str, sent: Sent, ended: datetime) -> None:
        """MPPS N-SET, COMPLETED, with the images that were sent."""
        series = Dataset()
        series.SeriesInstanceUID = sent.series_uid
        series.SeriesDescription = "CT Body"
        series.ProtocolName = "CT Body"
        series.PerformingPhysicianName = ""
        series.OperatorsName = ""
        series.RetrieveAETitle = self._called
        series.ReferencedImageSequence = [_reference(uid) for uid in sent.instance_uids]
        series.ReferencedNonImageCompositeSOPInstanceSequence = []
        change = Dataset()
        change.PerformedProcedureStepStatus = "COMPLETED"
        change.PerformedProcedureStepEndDate = ended.strftime("%Y%m%d")
        change.PerformedProcedureStepEndTime = ended.strftime("%H%M%S")
        change.PerformedSeriesSequence = [series]
        association = self._associate((ModalityPerformedProcedureStep, [ExplicitVRLittleEndian]))
        status, _ = association.send_n_set(change, ModalityPerformedProcedureStep, step_uid)
        _expect("MPPS N-SET", status)
        association.release()

    def _associate(self, *contexts: tuple[str, list[str]]) -> Association:
        self._ae.requested_contexts = []
        for abstract_syntax, transfer_syntaxes in contexts:
            self._ae.add_requested_context(abstract_syntax, transfer_syntaxes)
        association = self._ae.associate(self._host, self._port, ae_title=self._called)
        if not association.is_established:
            raise ScannerError(f"the server at {self._host}:{self._port} refused the association of {self._title}")
        return association


def _label(image: Dataset, item: Dataset, series_uid: str, frame_of_reference: str, number: int, now: datetime) -> None:
    """Put the worklist's identity on a slice, as a scanner does."""
    image.SpecificCharacterSet = "GB18030"
    for keyword in (
        "PatientName",
        "PatientID",
        "PatientBirthDate",
        "PatientSex",
        "AccessionNumber",
        "StudyInstanceUID",
    ):
        setattr(image, keyword, item.get(keyword, ""))
    image.SOPClassUID = CTImageStorage
    image.SOPInstanceUID = generate_uid(prefix=None)
    image.file_meta.MediaStorageSOPClassUID = image.SOPClassUID
    image.file_meta.MediaStorageSOPInstanceUID = image.SOPInstanceUID
    image.SeriesInstanceUID = series_uid
    image.FrameOfReferenceUID = frame_of_reference
    image.StudyID = "1"
    image.SeriesNumber = 2
    image.InstanceNumber = number
    image.StudyDescription = item.get("RequestedProcedureDescription", "")
    image.ReferringPhysicianName = item.get("ReferringPhysicianName", "")
    for prefix in ("Study", "Series", "Acquisition", "Content"):
        setattr(image, f"{prefix}Date", now.strftime("%Y%m%d"))
        setattr(image, f"{prefix}Time", now.strftime("%H%M%S"))
    image.InstitutionName = "明镜示范医院"


def _reference(uid: str) -> Dataset:
    reference = Dataset()
    reference.ReferencedSOPClassUID = CTImageStorage
    reference.ReferencedSOPInstanceUID = uid
    return reference


def _expect(service: str, status: Dataset) -> None:
    code = status.get("Status")
    if code != 0:
        comment = status.get("ErrorComment", "")
        raise ScannerError(
            f"{service} was answered with status {code if code is None else hex(code)} {comment}".strip()
        )
