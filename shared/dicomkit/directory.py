"""Writes the DICOMDIR of a file-set (PS3.3 Annex F, PS3.10 8, PS3.11 Annex D): patients, studies, series, objects.

Text is written as UTF-8 with its character set in each record. What an object lacks and a directory must have is
invented as numbers, never as names.
"""

from __future__ import annotations

import itertools
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydicom import Dataset

CLASS = "1.2.840.10008.1.3.10"
_EXPLICIT_LITTLE = "1.2.840.10008.1.2.1"
_NEXT, _LOWER = 16, 38  # where the offsets stand in an item: the elements before them have fixed lengths

_STORAGE = "1.2.840.10008.5.1.4.1.1."
_RECORD_TYPES = {
    **{_STORAGE + f"11.{n}": "PRESENTATION" for n in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)},
    **{
        _STORAGE + f"88.{n}": "SR DOCUMENT"
        for n in (11, 22, 33, 34, 35, 40, 50, 65, 67, 68, 69, 70, 71, 72, 73, 74, 75, 76)
    },
    _STORAGE + "88.59": "KEY OBJECT DOC",
    **{_STORAGE + f"9.{n}": "WAVEFORM" for n in ("1.1", "1.2", "1.3", "1.4", "2.1", "3.1", "4.1", "4.2", "5.1", "6.1")},
    **{_STORAGE + f"9.{n}": "WAVEFORM" for n in ("6.2", "7.1", "7.2", "7.3", "7.4", "8.1")},
    **{_STORAGE + f"104.{n}": "ENCAP DOC" for n in (1, 2, 3, 4, 5)},
    _STORAGE + "481.2": "RT DOSE",
    _STORAGE + "481.3": "RT STRUCTURE SET",
    _STORAGE + "481.5": "RT PLAN",
    _STORAGE + "481.8": "RT PLAN",
    **{_STORAGE + f"481.{n}": "RT TREAT RECORD" for n in (4, 6, 7, 9)},
    _STORAGE + "66": "RAW DATA",
    _STORAGE + "66.1": "REGISTRATION",
    _STORAGE + "66.2": "FIDUCIAL",
    _STORAGE + "66.3": "REGISTRATION",
    _STORAGE + "66.5": "SURFACE",
    _STORAGE + "67": "VALUE MAP",
}

_KEYS: dict[str, tuple[tuple[str, str], ...]] = {
    "PATIENT": (
        ("PatientName", "2"),
        ("PatientID", "1"),
        ("IssuerOfPatientID", "3"),
        ("PatientBirthDate", "2"),
        ("PatientSex", "2"),
    ),
    "STUDY": (
        ("StudyDate", "1"),
        ("StudyTime", "1"),
        ("AccessionNumber", "2"),
        ("ReferringPhysicianName", "3"),
        ("StudyDescription", "2"),
        ("StudyInstanceUID", "1"),
        ("StudyID", "1"),
    ),
    "SERIES": (
        ("Modality", "1"),
        ("InstitutionName", "3"),
        ("SeriesDescription", "3"),
        ("BodyPartExamined", "3"),
        ("SeriesInstanceUID", "1"),
        ("SeriesNumber", "1"),
    ),
    "IMAGE": (("ImageType", "3"), ("InstanceNumber", "1"), ("NumberOfFrames", "3"), ("Rows", "3"), ("Columns", "3")),
    "PRESENTATION": (
        ("ReferencedSeriesSequence", "3"),
        ("InstanceNumber", "1"),
        ("ContentLabel", "1"),
        ("ContentDescription", "2"),
        ("PresentationCreationDate", "1"),
        ("PresentationCreationTime", "1"),
        ("ContentCreatorName", "2"),
    ),
    "SR DOCUMENT": (
        ("ContentDate", "1"),
        ("ContentTime", "1"),
        ("InstanceNumber", "1"),
        ("VerificationDateTime", "3"),
        ("ConceptNameCodeSequence", "1"),
        ("CompletionFlag", "1"),
        ("VerificationFlag", "1"),
    ),
    "KEY OBJECT DOC": (
        ("ContentDate", "1"),
        ("ContentTime", "1"),
        ("InstanceNumber", "1"),
        ("ConceptNameCodeSequence", "1"),
    ),
    "WAVEFORM": (("ContentDate", "1"), ("ContentTime", "1"), ("InstanceNumber", "1")),
    "ENCAP DOC": (
        ("ContentDate", "2"),
        ("ContentTime", "2"),
        ("InstanceNumber", "1"),
        ("ConceptNameCodeSequence", "2"),
        ("DocumentTitle", "2"),
        ("MIMETypeOfEncapsulatedDocument", "1"),
    ),
    "RT DOSE": (("InstanceNumber", "1"), ("DoseSummationType", "1"), ("DoseComment", "3")),
    "RT STRUCTURE SET": (
        ("InstanceNumber", "1"),
        ("StructureSetLabel", "1"),
        ("StructureSetDate", "2"),
        ("StructureSetTime", "2"),
    ),
    "RT PLAN": (("InstanceNumber", "1"), ("RTPlanLabel", "1"), ("RTPlanDate", "2"), ("RTPlanTime", "2")),
    "RT TREAT RECORD": (("InstanceNumber", "1"), ("TreatmentDate", "2"), ("TreatmentTime", "2")),
    "RAW DATA": (("ContentDate", "1"), ("ContentTime", "1"), ("InstanceNumber", "2")),
    **dict.fromkeys(
        ("REGISTRATION", "FIDUCIAL", "VALUE MAP", "SURFACE"),
        (
            ("ContentDate", "1"),
            ("ContentTime", "1"),
            ("InstanceNumber", "1"),
            ("ContentLabel", "1"),
            ("ContentDescription", "2"),
            ("ContentCreatorName", "2"),
        ),
    ),
}
_INVENTED = {"DA": "19000101", "TM": "000000", "CS": "UNKNOWN", "LO": "1", "SH": "1"}


@dataclass(slots=True)
class _Record:
    kind: str
    keys: Dataset
    lower: list[_Record] = field(default_factory=list)
    offset: int = 0


class Directory:
    """The directory of one file-set; objects are added one by one and their records are kept, not the objects."""

    def __init__(self, file_set_id: str) -> None:
        """`file_set_id`: at most 16 characters of CS (PS3.5 6.2)."""
        self.file_set_id = file_set_id
        self._patients: list[_Record] = []
        self._by_key: dict[tuple[str, ...], _Record] = {}
        self.size = 400  # bytes, about

    def add(self, header: Dataset, path: Sequence[str]) -> bool:
        """Add an object (its data set up to the pixels, with file meta); False when its class has no record type."""
        kind = record_type(header)
        if not kind:
            return False
        patient_id, study_uid, series_uid = (_key(header, name) for name in _LEVELS)
        anchor = patient_id or f"\0{study_uid}"
        patient = self._at(self._patients, (anchor,), "PATIENT", header)
        study = self._at(patient.lower, (anchor, study_uid), "STUDY", header)
        series = self._at(study.lower, (anchor, study_uid, series_uid), "SERIES", header)
        record = _Record(kind, _keys(kind, header, len(series.lower) + 1))
        record.keys.ReferencedFileID = list(path)
        record.keys.ReferencedSOPClassUIDInFile = _key(header, "SOPClassUID")
        record.keys.ReferencedSOPInstanceUIDInFile = _key(header, "SOPInstanceUID")
        record.keys.ReferencedTransferSyntaxUIDInFile = str(header.file_meta.TransferSyntaxUID)
        series.lower.append(record)
        self.size += 500
        return True

    def _at(self, siblings: list[_Record], key: tuple[str, ...], kind: str, header: Dataset) -> _Record:
        record = self._by_key.get(key)
        if record is None:
            record = _Record(kind, _keys(kind, header, len(siblings) + 1))
            self._by_key[key] = record
            siblings.append(record)
            self.size += 500
        return record

    def to_bytes(self) -> bytes:
        """The DICOMDIR as a file."""
        from pydicom.dataset import Dataset, FileMetaDataset
        from pydicom.filebase import DicomBytesIO
        from pydicom.filewriter import write_file_meta_info
        from pydicom.uid import UID

        from shared.dicomkit.uids import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME, new_uid

        meta = FileMetaDataset()
        meta.FileMetaInformationVersion = b"\0\1"
        meta.MediaStorageSOPClassUID = UID(CLASS)
        meta.MediaStorageSOPInstanceUID = UID(new_uid())
        meta.TransferSyntaxUID = UID(_EXPLICIT_LITTLE)
        meta.ImplementationClassUID = UID(IMPLEMENTATION_CLASS_UID)
        meta.ImplementationVersionName = IMPLEMENTATION_VERSION_NAME
        head = DicomBytesIO()
        write_file_meta_info(head, meta)
        opening = bytes(128) + b"DICM" + head.getvalue()
        start = len(opening)
        root = Dataset()
        root.FileSetID = self.file_set_id
        root.OffsetOfTheFirstDirectoryRecordOfTheRootDirectoryEntity = 0
        root.OffsetOfTheLastDirectoryRecordOfTheRootDirectoryEntity = 0
        root.FileSetConsistencyFlag = 0
        first = start + len(_encoded(root)) + 12  # the sequence's own head
        items, end = self._items(first)
        root.OffsetOfTheFirstDirectoryRecordOfTheRootDirectoryEntity = self._patients[0].offset if self._patients else 0
        root.OffsetOfTheLastDirectoryRecordOfTheRootDirectoryEntity = self._patients[-1].offset if self._patients else 0
        sequence = struct.pack("<HH2sHI", 0x0004, 0x1220, b"SQ", 0, end - first)
        return opening + _encoded(root) + sequence + b"".join(items)

    def _items(self, position: int) -> tuple[list[bytearray], int]:
        """The records depth first, their offsets filled in, and where they end."""
        order: list[tuple[_Record, bytearray]] = []

        def place(records: list[_Record]) -> None:
            nonlocal position
            for record in records:
                encoded = bytearray(_item(record))
                record.offset = position
                position += len(encoded)
                order.append((record, encoded))
                place(record.lower)

        place(self._patients)
        next_of: dict[int, int] = {}
        for records in (self._patients, *(record.lower for record, _ in order)):
            for one, following in itertools.pairwise(records):
                next_of[id(one)] = following.offset
        for record, encoded in order:
            struct.pack_into("<I", encoded, _NEXT, next_of.get(id(record), 0))
            struct.pack_into("<I", encoded, _LOWER, record.lower[0].offset if record.lower else 0)
        return [encoded for _, encoded in order], position


_LEVELS = ("PatientID", "StudyInstanceUID", "SeriesInstanceUID")


def record_type(header: Dataset) -> str:
    """The type of an object's record (PS3.3 F.5), or empty for objects that a directory does not list."""
    sop_class = _key(header, "SOPClassUID")
    return _RECORD_TYPES.get(sop_class) or ("IMAGE" if "Rows" in header else "")


def _key(header: Dataset, keyword: str) -> str:
    return str(header.get(keyword) or "").strip()


def _keys(kind: str, header: Dataset, number: int) -> Dataset:
    from pydicom.datadict import dictionary_VR, tag_for_keyword
    from pydicom.dataset import Dataset

    record = Dataset()
    for keyword, requirement in _KEYS[kind]:
        value: Any = _usable(keyword, header.get(keyword))
        empty = value is None or value == "" or (hasattr(value, "__len__") and len(value) == 0)
        if not empty:
            setattr(record, keyword, _copied(value))
        elif requirement == "2":
            setattr(record, keyword, [] if keyword.endswith("Sequence") else "")
        elif requirement == "1":
            tag = tag_for_keyword(keyword)
            vr = dictionary_VR(tag) if tag is not None else "LO"
            if vr == "SQ":
                record.__setattr__(keyword, [])
            else:
                record.__setattr__(keyword, _invented(keyword, vr, number, header))
    if kind == "SR DOCUMENT" and record.get("VerificationFlag") == "VERIFIED" and "VerificationDateTime" not in record:
        record.VerificationDateTime = _verified_at(header)
    if any(not _is_ascii(element.value) for element in record):
        record.SpecificCharacterSet = "ISO_IR 192"
    elif kind in ("SR DOCUMENT", "KEY OBJECT DOC", "ENCAP DOC"):
        record.SpecificCharacterSet = "ISO_IR 192"  # names of concepts may hold anything, one level down
    return record


def _usable(keyword: str, value: Any) -> Any:
    """A value as the directory may hold it: old spellings of dates and times mended, what cannot be mended left out."""
    if keyword.endswith("Date") and value:
        digits = str(value).strip().replace(".", "").replace("-", "")
        return digits if len(digits) == 8 and digits.isdecimal() else None
    if keyword.endswith("Time") and not keyword.endswith("DateTime") and value:
        digits = str(value).strip().replace(":", "")
        return digits if digits.replace(".", "", 1).isdecimal() and len(digits) >= 2 else None
    if keyword == "PatientSex":
        return value if value in ("M", "F", "O") else None
    return value


def _verified_at(header: Dataset) -> str:
    """When a verified document was verified (PS3.3 C.17.2): the latest of its observers."""
    observers = header.get("VerifyingObserverSequence") or ()
    return max((str(one.get("VerificationDateTime") or "") for one in observers), default="") or "19000101000000"


def _invented(keyword: str, vr: str, number: int, header: Dataset) -> str:
    if keyword in ("StudyDate", "ContentDate"):
        return _key(header, "SeriesDate") or _key(header, "AcquisitionDate") or _INVENTED["DA"]
    if keyword == "PatientID":
        return f"UNKNOWN{number}"
    if vr == "IS" or keyword == "StudyID":
        return str(number)
    return _INVENTED.get(vr, "UNKNOWN")


def _copied(value: Any) -> Any:
    """A value cut loose from its object; sequences with what is nested in them, decoded."""
    from copy import deepcopy

    return deepcopy(value) if not isinstance(value, str) else str(value)


def _is_ascii(value: Any) -> bool:
    return str(value).isascii()


def _item(record: _Record) -> bytes:
    keys = record.keys
    keys.OffsetOfTheNextDirectoryRecord = 0
    keys.RecordInUseFlag = 0xFFFF
    keys.OffsetOfReferencedLowerLevelDirectoryEntity = 0
    keys.DirectoryRecordType = record.kind
    body = _encoded(keys)
    return struct.pack("<HHI", 0xFFFE, 0xE000, len(body)) + body


def _encoded(ds: Dataset) -> bytes:
    from pydicom.filebase import DicomBytesIO
    from pydicom.filewriter import write_dataset

    buffer = DicomBytesIO()
    buffer.is_little_endian, buffer.is_implicit_VR = True, False
    write_dataset(buffer, ds)
    return buffer.getvalue()
