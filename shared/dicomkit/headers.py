"""The parts every object we create has in common: who, which study, which series, which device; knows no pixel."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from shared.dicomkit import uids

if TYPE_CHECKING:
    from pathlib import Path

    from pydicom.dataset import Dataset

UTF8 = "ISO_IR 192"
EXPLICIT_LITTLE = "1.2.840.10008.1.2.1"


@dataclass(frozen=True)
class PatientFacts:
    """Patient module (PS3.3 C.7.1.1). `name` is a PN value, e.g. "Zhang^San=张^三" (shared.dicomkit.names makes it)."""

    patient_id: str
    name: str
    birth_date: dt.date | None = None
    sex: str = ""  # M, F, O or empty (PS3.3 C.7.1.1)
    issuer: str = ""
    age: str = ""  # AS, e.g. "045Y"; belongs to the Patient Study module


@dataclass(frozen=True)
class StudyFacts:
    """General Study module (PS3.3 C.7.2.1); `started` is the hospital's local time."""

    study_uid: str
    accession: str = ""
    study_id: str = ""
    started: dt.datetime | None = None
    description: str = ""
    referring_name: str = ""


@dataclass(frozen=True)
class SeriesFacts:
    """General Series module of a series that we open (PS3.3 C.7.3.1)."""

    series_uid: str = field(default_factory=uids.new_uid)
    number: int = 900
    description: str = ""


@dataclass(frozen=True)
class EquipmentFacts:
    """Who made the object (PS3.3 C.7.5.1)."""

    manufacturer: str = "Mingjing"
    institution: str = ""
    station: str = ""
    model: str = "Mingjing"
    serial: str = "1"
    version: str = uids.IMPLEMENTATION_VERSION_NAME


@dataclass(frozen=True)
class InstanceReference:
    """One instance that a document points at. `frames` counts from 1 and is empty when the whole object is meant."""

    study_uid: str
    series_uid: str
    sop_class_uid: str
    sop_uid: str
    frames: tuple[int, ...] = ()
    rows: int = 0  # only needed where a measurement lies on the image
    columns: int = 0


def new_object(
    sop_class_uid: str,
    modality: str,
    *,
    patient: PatientFacts,
    study: StudyFacts,
    series: SeriesFacts,
    equipment: EquipmentFacts,
    made_at: dt.datetime,
    sop_uid: str | None = None,
    instance_number: int = 1,
    character_set: str = UTF8,
) -> Dataset:
    """A data set with file meta and the patient, study, series, equipment and SOP common modules filled in.

    `made_at` is local time of the hospital. Raises `UidError` for a UID that is none.
    """
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import UID

    made = Dataset()
    made.SpecificCharacterSet = character_set
    made.InstanceCreationDate = made_at.strftime("%Y%m%d")
    made.InstanceCreationTime = made_at.strftime("%H%M%S")
    made.SOPClassUID = sop_class_uid
    made.SOPInstanceUID = uids.checked(sop_uid) if sop_uid else uids.new_uid()
    started = study.started or made_at
    made.StudyDate = started.strftime("%Y%m%d")
    made.StudyTime = started.strftime("%H%M%S")
    made.SeriesDate = made.ContentDate = made_at.strftime("%Y%m%d")
    made.SeriesTime = made.ContentTime = made_at.strftime("%H%M%S")
    made.AccessionNumber = study.accession
    made.Modality = modality
    made.Manufacturer = equipment.manufacturer
    if equipment.institution:
        made.InstitutionName = equipment.institution
    if equipment.station:
        made.StationName = equipment.station
    made.ManufacturerModelName = equipment.model
    made.DeviceSerialNumber = equipment.serial
    made.SoftwareVersions = equipment.version
    made.ReferringPhysicianName = study.referring_name
    if study.description:
        made.StudyDescription = study.description
    if series.description:
        made.SeriesDescription = series.description
    made.PatientName = patient.name
    made.PatientID = patient.patient_id
    if patient.issuer:
        made.IssuerOfPatientID = patient.issuer
    made.PatientBirthDate = patient.birth_date.strftime("%Y%m%d") if patient.birth_date else ""
    made.PatientSex = patient.sex
    if patient.age:
        made.PatientAge = patient.age
    made.StudyInstanceUID = uids.checked(study.study_uid)
    made.SeriesInstanceUID = uids.checked(series.series_uid)
    made.StudyID = study.study_id
    made.SeriesNumber = series.number
    made.InstanceNumber = instance_number

    meta = FileMetaDataset()
    meta.FileMetaInformationVersion = b"\x00\x01"
    meta.MediaStorageSOPClassUID = made.SOPClassUID
    meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID
    meta.TransferSyntaxUID = UID(EXPLICIT_LITTLE)
    meta.ImplementationClassUID = UID(uids.IMPLEMENTATION_CLASS_UID)
    meta.ImplementationVersionName = uids.IMPLEMENTATION_VERSION_NAME
    made.file_meta = meta
    return made


def write(made: Dataset, path: Path) -> Path:
    """Write `made` as a DICOM file (PS3.10) in the transfer syntax of its file meta; return the path."""
    from pydicom import dcmwrite

    path.parent.mkdir(parents=True, exist_ok=True)
    dcmwrite(path, made, enforce_file_format=True)
    return path


def to_bytes(made: Dataset) -> bytes:
    """The object as the bytes of a DICOM file."""
    from io import BytesIO

    from pydicom import dcmwrite

    buffer = BytesIO()
    dcmwrite(buffer, made, enforce_file_format=True)
    return buffer.getvalue()
