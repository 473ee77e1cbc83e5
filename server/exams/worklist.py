"""The modality worklist (PS3.4 K): registered exams as scheduled procedure steps; knows no door.

Attributes are plain dictionaries by tag as one integer, texts in Unicode; the door encodes them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from functools import lru_cache
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, or_, select

from server.exams.bodies import unpacked
from server.exams.listing import within_reach
from server.exams.tables import ExamTableRow as Exam
from server.kernel.clock import HospitalTime
from server.kernel.database import Database, UnitOfWork
from server.organisation.service import Hospital, OrganisationService
from server.patients.rules import dicom_age
from server.patients.service import PatientService
from shared.contract.exams import ItemEntry
from shared.contract.organisation import DeviceView
from shared.contract.patients import PatientView
from shared.dicomkit.names import pn_value
from shared.domain.states import ExamState, PatientType, ReferralState, Sex

Attributes: TypeAlias = Mapping[int, Any]
Refuse: TypeAlias = Callable[[int, str], Exception]

IDENTIFIER_DOES_NOT_MATCH = 0xA900  # PS3.4 table K.4-2
CODING_SCHEME = "99MINGJING"  # a private scheme begins with 99 (PS3.16 chapter 8)

_STEP_SEQUENCE = 0x00400100
_STATION_AE, _START_DATE, _START_TIME = 0x00400001, 0x00400002, 0x00400003
_MODALITY, _STEP_STATUS, _STEP_ID = 0x00080060, 0x00400020, 0x00400009
_PATIENT_NAME, _PATIENT_ID, _ACCESSION = 0x00100010, 0x00100020, 0x00080050
_STUDY_UID, _PROCEDURE_ID = 0x0020000D, 0x00401001
_PERFORMER = 0x00400006

_COMPARED = frozenset({_STEP_SEQUENCE, _PATIENT_NAME, _PATIENT_ID, _ACCESSION, _STUDY_UID, _PROCEDURE_ID})
_COMPARED_IN_STEP = frozenset({_STATION_AE, _START_DATE, _START_TIME, _MODALITY, _STEP_STATUS, _STEP_ID, _PERFORMER})

_PRIORITIES = {PatientType.EMERGENCY: "STAT", PatientType.VIP: "HIGH", PatientType.ORDINARY: "ROUTINE"}
_STATUSES = {ExamState.REGISTERED: "SCHEDULED", ExamState.IN_PROGRESS: "STARTED"}
_SEXES = {Sex.MALE: "M", Sex.FEMALE: "F", Sex.OTHER: "O", Sex.UNKNOWN: ""}


class SqlWorklist:
    """Answers worklist queries from the exams. Safe to use from several threads.

    Listed are exams that are 已登记 or 检查中, so that a device may ask again after it began. Who never came drops
    out after `overdue_days`, unless the device asks for that very date. `refuse` builds the door's exception from a
    DIMSE status and a sentence.
    """

    def __init__(
        self,
        database: Database,
        time: HospitalTime,
        organisation: OrganisationService,
        patients: PatientService,
        refuse: Refuse,
        *,
        overdue_days: int = 7,
    ) -> None:
        self._database = database
        self._time = time
        self._organisation = organisation
        self._patients = patients
        self._refuse = refuse
        self._overdue = timedelta(days=overdue_days)

    def find(self, keys: Attributes, calling_ae: str) -> Sequence[Attributes]:
        """Return the items that match, in order of their time. Raises what `refuse` builds."""
        try:
            wanted = WantedSteps.read(keys)
        except ValueError as error:
            raise self._refuse(IDENTIFIER_DOES_NOT_MATCH, str(error)) from None
        with self._database.read() as uow:
            hospital = self._organisation.hospital(uow)
            exams = self._candidates(uow, hospital, wanted)
            patients = self._patients.many(uow, {exam.patient_id for exam in exams})
        found = (self._item(exam, patients[exam.patient_id], hospital, wanted) for exam in exams)
        return [item for item in found if item is not None and wanted.matches(item)]

    def ignores(self, keys: Attributes) -> bool:
        """Tell whether a key has a value that items are not compared with."""
        steps = keys.get(_STEP_SEQUENCE) or ()
        return _is_any_left(keys, _COMPARED) or any(_is_any_left(step, _COMPARED_IN_STEP) for step in steps)

    def _candidates(self, uow: UnitOfWork, hospital: Hospital, wanted: WantedSteps) -> Sequence[Exam]:
        first_day = wanted.first_day or self._time.today() - self._overdue
        rooms = [room for room, devices in hospital.devices_of_room.items() if any(map(wanted.fits, devices))]
        conditions: list[ColumnElement[bool]] = [
            Exam.state.in_([state.value for state in _STATUSES]),
            Exam.planned_at >= self._time.day_bounds(within_reach(first_day))[0],
            Exam.room_id.in_(rooms),
            or_(Exam.referral_state.is_(None), Exam.referral_state != ReferralState.SENT.value),
        ]
        if wanted.last_day is not None:
            conditions.append(Exam.planned_at < self._time.day_bounds(within_reach(wanted.last_day))[1])
        for column, text in (
            (Exam.accession_number, wanted.exact(_ACCESSION)),
            (Exam.study_uid, wanted.exact(_STUDY_UID)),
            (Exam.patient_number, wanted.exact(_PATIENT_ID)),
        ):
            if text:
                conditions.append(column == text)
        return uow.session.scalars(select(Exam).where(*conditions).order_by(Exam.planned_at, Exam.id)).all()

    def _item(self, exam: Exam, patient: PatientView, hospital: Hospital, wanted: WantedSteps) -> dict[int, Any] | None:
        """Return one item, or None when no device of the exam's room is asked for."""
        device = _device_for(hospital, exam, wanted)
        if device is None:
            return None
        room = hospital.rooms[exam.room_id]
        body = unpacked(exam.body)
        planned = self._time.local(exam.planned_at)
        patient_type = PatientType(exam.patient_type)
        codes = [_code(item) for item in body.items]
        weight = body.patient.weight_kg
        height = body.patient.height_cm
        step = {
            _STATION_AE: device.ae_title,
            _START_DATE: f"{planned:%Y%m%d}",
            _START_TIME: f"{planned:%H%M%S}",
            _MODALITY: device.modality,
            _PERFORMER: "",  # Scheduled Performing Physician's Name
            0x00400007: _lo(exam.items_text),  # Scheduled Procedure Step Description
            0x00400008: codes,  # Scheduled Protocol Code Sequence
            _STEP_ID: exam.accession_number,
            0x00400010: _lo(device.name, 16),  # Scheduled Station Name
            0x00400011: _lo(room.name, 16),  # Scheduled Procedure Step Location
            0x00400012: "",  # Pre-Medication
            0x00321070: "",  # Requested Contrast Agent
            _STEP_STATUS: _STATUSES[ExamState(exam.state)],
        }
        return {
            _STEP_SEQUENCE: [step],
            _PROCEDURE_ID: exam.accession_number,
            0x00321060: _lo(exam.items_text),  # Requested Procedure Description
            0x00321064: codes[:1],  # Requested Procedure Code Sequence
            _STUDY_UID: exam.study_uid,
            0x00081110: [],  # Referenced Study Sequence
            0x00401003: _PRIORITIES[patient_type],  # Requested Procedure Priority
            0x00401004: "",  # Patient Transport Arrangements
            _ACCESSION: exam.accession_number,
            0x00321032: pn_value(body.requester.doctor) if body.requester.doctor else "",  # Requesting Physician
            0x00080090: pn_value(body.requester.doctor) if body.requester.doctor else "",  # Referring Physician's Name
            0x00321033: _lo(body.requester.department),  # Requesting Service
            0x00402016: _lo(body.requester.his_number),  # Placer Order Number
            0x00380010: _lo(patient.inpatient_number),  # Admission ID
            0x00380300: "",  # Current Patient Location
            0x00081120: [],  # Referenced Patient Sequence
            _PATIENT_NAME: pn_value(patient.name, patient.pinyin),
            _PATIENT_ID: patient.patient_number,
            0x00100030: f"{patient.birth_date:%Y%m%d}" if patient.birth_date else "",
            0x00100040: _SEXES[patient.sex],
            0x00101010: dicom_age(patient.birth_date, planned.date()),  # Patient's Age
            0x00101020: "" if height is None else f"{height / 100:.2f}",  # Patient's Size in metres
            0x00101030: "" if weight is None else f"{weight:g}",  # Patient's Weight in kilograms
            0x00402400: "",  # Imaging Service Request Comments
            0x00403001: "",  # Confidentiality Constraint on Patient Data Description
            0x00380500: "",  # Patient State
            0x00102000: "",  # Medical Alerts
            0x00102110: "",  # Allergies
            0x00380050: "",  # Special Needs
            0x001021C0: None,  # Pregnancy Status
            0x001021B0: body.clinical.history,  # Additional Patient History
            0x00401002: _lo(body.clinical.purpose),  # Reason for the Requested Procedure
            0x00081080: _lo(body.clinical.diagnosis),  # Admitting Diagnoses Description
        }


@dataclass(frozen=True)
class WantedSteps:
    """The matching keys of a query (PS3.4 K.6.1.2.2), read once."""

    keys: Attributes
    step_keys: Attributes
    first_day: date | None
    last_day: date | None
    first_time: time | None
    last_time: time | None

    @classmethod
    def read(cls, keys: Attributes) -> WantedSteps:
        """Read the keys of an identifier. Raises ValueError with a sentence for a malformed date or time."""
        sequence = keys.get(_STEP_SEQUENCE) or [{}]
        step_keys = sequence[0]
        first_day, last_day = _range(_text(step_keys, _START_DATE), read_date)
        first_time, last_time = _range(_text(step_keys, _START_TIME), read_time, read_last_time)
        return cls(keys, step_keys, first_day, last_day, first_time, last_time)

    @property
    def station_titles(self) -> tuple[str, ...]:
        """AE titles asked for; empty for all."""
        return tuple(filter(None, (part.strip() for part in _text(self.step_keys, _STATION_AE).split("\\"))))

    def fits(self, device: DeviceView) -> bool:
        """Tell whether the query asks for this device, by AE title and modality."""
        titles = self.station_titles
        return (not titles or any(is_match(title, device.ae_title) for title in titles)) and is_match(
            _text(self.step_keys, _MODALITY), device.modality
        )

    def exact(self, tag: int) -> str:
        """Return the value of a key that holds no wildcard and no list, else an empty text."""
        text = _text(self.keys, tag)
        return "" if any(sign in text for sign in "*?\\") else text

    def matches(self, item: Attributes) -> bool:
        """Tell whether an item fits every key that the database was not asked for."""
        step = item[_STEP_SEQUENCE][0]
        return (
            all(is_match(_text(self.keys, tag), item[tag]) for tag in (_PATIENT_ID, _ACCESSION, _STUDY_UID))
            and is_match(_text(self.keys, _PROCEDURE_ID), item[_PROCEDURE_ID])
            and is_name_match(_text(self.keys, _PATIENT_NAME), item[_PATIENT_NAME])
            and all(is_match(_text(self.step_keys, tag), step[tag]) for tag in (_STEP_STATUS, _STEP_ID))
            and is_name_match(_text(self.step_keys, _PERFORMER), step[_PERFORMER])
            and self._is_in_time(read_date(step[_START_DATE]), read_time(step[_START_TIME]))
        )

    def _is_in_time(self, day: date, begins: time) -> bool:
        """Tell whether a step begins when it is asked for.

        A range of dates with a range of times is one period, from the first day's first time to the last day's last
        (PS3.4 table K.6-1).
        """
        starts_early = self.first_time is not None and begins < self.first_time
        ends_late = self.last_time is not None and begins > self.last_time
        if all("-" in _text(self.step_keys, tag) for tag in (_START_DATE, _START_TIME)):
            starts_early = starts_early and day == self.first_day
            ends_late = ends_late and day == self.last_day
        return not (starts_early or ends_late)


def is_match(wanted: str, value: str) -> bool:
    """Match one value: universal, single, list (\\) or with wildcards * and ? (PS3.4 C.2.2.2)."""
    if wanted in ("", "*"):
        return True
    return any(_pattern(part.strip()).fullmatch(value) for part in wanted.split("\\"))


def is_name_match(wanted: str, value: str) -> bool:
    """Match a person name: any component group of the key against any of the value, letters of either case."""
    if wanted.strip("=^* ") == "":
        return True
    groups = [group for group in value.split("=") if group]
    return any(
        _pattern(part.strip().rstrip("^").casefold()).fullmatch(group.casefold())
        for part in wanted.split("=")
        if part.strip("^ ")
        for group in groups
    )


def read_date(text: str) -> date:
    """Read a DA value; the old form with dots too (PS3.5 6.2). Raises ValueError."""
    digits = text.strip().replace(".", "")
    if not re.fullmatch(r"\d{8}", digits):
        raise ValueError("Scheduled Procedure Step Start Date must be YYYYMMDD or a range of two")
    return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))


def read_time(text: str) -> time:
    """Read a TM value, down to seconds. Raises ValueError."""
    digits = text.strip().replace(":", "").partition(".")[0]
    if not re.fullmatch(r"\d{2}(\d{2}(\d{2})?)?", digits):
        raise ValueError("Scheduled Procedure Step Start Time must be HHMMSS or a range of two")
    padded = digits.ljust(6, "0")
    return time(int(padded[:2]), int(padded[2:4]), min(int(padded[4:]), 59))


def read_last_time(text: str) -> time:
    """Read a TM value as the end of a range: it counts to its own precision. Raises ValueError."""
    begins = read_time(text)
    length = len(text.strip().replace(":", "").partition(".")[0])
    return begins.replace(minute=59 if length == 2 else begins.minute, second=59 if length < 6 else begins.second)


def _range(text: str, read: Callable[[str], Any], read_last: Callable[[str], Any] | None = None) -> tuple[Any, Any]:
    """Return (first, last) of a single value or a range (PS3.4 C.2.2.2.5); None where it is open."""
    if text in ("", "*"):
        return None, None
    read_last = read_last or read
    first, _, last = text.partition("-") if "-" in text else (text, "", text)
    return (read(first) if first.strip() else None), (read_last(last) if last.strip() else None)


def _is_any_left(keys: Attributes, compared: frozenset[int]) -> bool:
    return any(_has_value(value) for tag, value in keys.items() if tag not in compared)


def _has_value(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return any(_has_value(inner) for item in value for inner in item.values())
    return bool(value.strip("* ") if isinstance(value, str) else value)


def _text(keys: Attributes, tag: int) -> str:
    value = keys.get(tag)
    return value.strip() if isinstance(value, str) else ""


@lru_cache(maxsize=256)
def _pattern(wanted: str) -> re.Pattern[str]:
    return re.compile(
        "".join(".*" if sign == "*" else "." if sign == "?" else re.escape(sign) for sign in wanted), re.DOTALL
    )


def _device_for(hospital: Hospital, exam: Exam, wanted: WantedSteps) -> DeviceView | None:
    """Return the device of the exam's room that is asked for, or the first one when any will do."""
    return next(filter(wanted.fits, hospital.devices_of_room.get(exam.room_id, ())), None)


def _lo(text: str, limit: int = 64) -> str:
    """Return a free text as one value of VR LO or SH: no line breaks, no backslash (PS3.5 6.2)."""
    return " ".join(text.replace("\\", "/").split())[:limit].strip()


def _code(item: ItemEntry) -> dict[int, Any]:
    return {0x00080100: _lo(item.code, 16), 0x00080102: CODING_SCHEME, 0x00080104: _lo(item.name)}
