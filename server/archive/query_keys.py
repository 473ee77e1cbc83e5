"""The attributes that a query may ask for at each level (PS3.4 C.6.1.1), and where the index keeps them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

from sqlalchemy.orm import InstrumentedAttribute

from server.archive.tables import ImagePatient, Instance, Series, Study

Column: TypeAlias = InstrumentedAttribute[Any]

LEVELS = ("PATIENT", "STUDY", "SERIES", "IMAGE")


@dataclass(frozen=True)
class Key:
    """A tag that can be matched and returned. Kinds: text, uid, date, time, name, plain_name, number, set."""

    column: Column
    kind: str = "text"


_PATIENT = {
    0x00100010: Key(ImagePatient.name, "name"),
    0x00100020: Key(ImagePatient.patient_id),
    0x00100021: Key(ImagePatient.issuer),
    0x00100030: Key(ImagePatient.birth_date, "date"),
    0x00100040: Key(ImagePatient.sex),
}
_STUDY = {
    0x00100010: Key(Study.patient_name, "name"),
    0x00100020: Key(Study.patient_id),
    0x00100021: Key(Study.issuer),
    0x00100030: Key(Study.birth_date, "date"),
    0x00100040: Key(Study.sex),
    0x0020000D: Key(Study.uid, "uid"),
    0x00080020: Key(Study.study_date, "date"),
    0x00080030: Key(Study.study_time, "time"),
    0x00080050: Key(Study.accession),
    0x00080056: Key(Study.availability),
    0x00080061: Key(Study.modalities, "set"),
    0x00080062: Key(Study.sop_classes, "set"),
    0x00080090: Key(Study.referring_name, "plain_name"),
    0x00080201: Key(Study.timezone),
    0x00081030: Key(Study.description),
    0x00101010: Key(Study.age),
    0x00200010: Key(Study.study_id),
    0x00201206: Key(Study.series_count, "number"),
    0x00201208: Key(Study.instance_count, "number"),
}
_STUDY_ONLY = {0x00080080: Key(Study.institution), 0x00080070: Key(Study.manufacturer)}
_SERIES = {
    **_STUDY,
    0x0020000E: Key(Series.uid, "uid"),
    0x00080021: Key(Series.series_date, "date"),
    0x00080031: Key(Series.series_time, "time"),
    0x00080060: Key(Series.modality),
    0x00080070: Key(Series.manufacturer),
    0x00080080: Key(Series.institution),
    0x00081010: Key(Series.station),
    0x0008103E: Key(Series.description),
    0x00081090: Key(Series.model),
    0x00180015: Key(Series.body_part),
    0x00181030: Key(Series.protocol),
    0x00200011: Key(Series.number, "number"),
    0x00200052: Key(Series.frame_of_reference_uid, "uid"),
    0x00200060: Key(Series.laterality),
    0x00201209: Key(Series.instance_count, "number"),
}
_IMAGE = {
    **_SERIES,
    0x00080016: Key(Instance.sop_class_uid, "uid"),
    0x00080018: Key(Instance.uid, "uid"),
    0x00083002: Key(Instance.transfer_syntax_uid, "uid"),
    0x00200013: Key(Instance.number, "number"),
}
KEYS = {"PATIENT": _PATIENT, "STUDY": {**_STUDY_ONLY, **_STUDY}, "SERIES": _SERIES, "IMAGE": _IMAGE}
UNIQUE = {"PATIENT": 0x00100020, "STUDY": 0x0020000D, "SERIES": 0x0020000E, "IMAGE": 0x00080018}

PATIENT_COUNTS = {0x00201200: "studies", 0x00201202: "series", 0x00201204: "instances"}
"""Derived at PATIENT level; at STUDY level for Study Root queries, which have no level above (PS3.4 C.6.2.1)."""

STUDY_DETAILS = {
    0x00081032: "sequence",  # Procedure Code Sequence
    0x00081060: "text",  # Name of Physician(s) Reading Study
    0x00081080: "text",  # Admitting Diagnoses Description
    0x00100032: "time",  # Patient's Birth Time
    0x00101000: "text",  # Other Patient IDs
    0x00101020: "text",  # Patient's Size
    0x00101030: "text",  # Patient's Weight
    0x00102160: "text",  # Ethnic Group
    0x00102180: "text",  # Occupation
    0x001021B0: "text",  # Additional Patient History
    0x00104000: "text",  # Patient Comments
    0x00201070: "text",  # Other Study Numbers
}
SERIES_DETAILS = {
    0x00081040: "text",  # Institutional Department Name
    0x00081050: "text",  # Performing Physician's Name
    0x00081070: "text",  # Operators' Name
    0x00181000: "text",  # Device Serial Number
    0x00181020: "text",  # Software Versions
    0x00400244: "date",  # Performed Procedure Step Start Date
    0x00400245: "time",  # Performed Procedure Step Start Time
    0x00400253: "text",  # Performed Procedure Step ID
    0x00400254: "text",  # Performed Procedure Step Description
    0x00400275: "sequence",  # Request Attributes Sequence
}
"""Optional attributes kept in `details`: returned, and compared after the index narrowed the query down."""

FROM_BLOB = frozenset(
    {0x00080008, 0x00080022, 0x00080023, 0x00080032, 0x00080033, 0x00185100, 0x00200012, 0x00200032, 0x00200037}
    | {0x00201041, 0x00280002, 0x00280004, 0x00280008, 0x00280010, 0x00280011, 0x00280030, 0x00280100, 0x00280101}
    | {0x00280103}
)
"""What IMAGE level answers from the attributes that viewers use."""

DATE_TIME_PAIRS = {0x00080020: 0x00080030, 0x00080021: 0x00080031, 0x00080022: 0x00080032, 0x00080023: 0x00080033}


def details_of(level: str) -> dict[int, str]:
    """The attributes in `details` that a level offers, with how they are compared."""
    if level == "PATIENT":
        return {}
    return STUDY_DETAILS if level == "STUDY" else {**STUDY_DETAILS, **SERIES_DETAILS}
