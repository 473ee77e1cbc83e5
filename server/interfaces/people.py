"""Reads patients out of HL7 v2 segments PID and PV1 (chapter 3.4) into entries of registration."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import msgspec

from shared.contract.exams import PatientEntry
from shared.dicomkit.names import is_chinese
from shared.domain.states import PatientType, Sex
from shared.hl7.message import Message, MessageError, Segment, date_of

FIELDS: Final = ("card_number", "id_number", "inpatient_number", "health_check_number")
"""Fields of a patient that a number of PID-3 can be."""
IDENTIFIERS: Final = {
    "HC": "card_number",
    "JZK": "card_number",
    "CARD": "card_number",
    "NI": "id_number",
    "NNCHN": "id_number",
    "ID": "id_number",
    "IDCARD": "id_number",
    "SFZ": "id_number",
    "PPN": "id_number",
    "ZYH": "inpatient_number",
    "IP": "inpatient_number",
    "PE": "health_check_number",
    "TJ": "health_check_number",
}
"""Type of a number (PID-3.5, tables 0203 and what Chinese systems write) → field; a connection's own go before."""
_FALLBACK = frozenset({"", "MR", "PI", "PT", "PN", "U"})
"""The hospital system's own number: the visit card's, where no other number says that it is."""
_SEXES = {"M": Sex.MALE, "F": Sex.FEMALE, "O": Sex.OTHER, "A": Sex.OTHER}
_RESIDENT = re.compile(r"\d{17}[\dXx]\Z")


@dataclass(frozen=True, slots=True)
class Person:
    """A patient as a message tells of him. `key` is the hospital system's own number, never empty."""

    key: str
    entry: PatientEntry
    patient_type: PatientType = PatientType.ORDINARY


def person_of(message: Message, identifiers: Mapping[str, str]) -> Person:
    """Read the patient of a message. Raises MessageError when there is no PID, number or name."""
    pid = message.first("PID")
    if pid is None:
        raise MessageError("the segment PID is missing", "100", ("PID", 1, 0))
    key = number_of(pid, 3) or pid.value(2) or pid.value(4)
    if not key:
        raise MessageError("the patient has no number", "101", ("PID", 1, 3))
    if len(key) > 64:
        raise MessageError("the patient's number is longer than 64 characters", "102", ("PID", 1, 3))
    name = name_of(pid, 5)
    if not name:
        raise MessageError("the patient has no name", "101", ("PID", 1, 5))
    visit = message.first("PV1")
    numbers = _numbers(pid, visit, identifiers, key)
    sex = pid.value(8).upper()
    entry = PatientEntry(
        name=name,
        sex=_SEXES.get(sex, Sex.UNKNOWN),
        birth_date=date_of(pid.value(7), ("PID", 1, 7)),
        phone=_phone(pid, 13) or _phone(pid, 14),
        address=_address(pid),
        card_number=numbers.get("card_number", ""),
        id_number=numbers.get("id_number", ""),
        inpatient_number=numbers.get("inpatient_number", ""),
        health_check_number=numbers.get("health_check_number", ""),
    )
    return Person(key, _measured(message, entry), _patient_type(visit))


def number_of(segment: Segment, field: int) -> str:
    """Return the hospital system's own number of a field of numbers: the one of type MR, PI or PT, else the first."""
    found = [(segment.part(one), segment.part(one, 5).upper()) for one in segment.repetitions(field)]
    own = next((value for value, kind in found if value and kind in ("MR", "PI", "PT")), "")
    return own or next((value for value, _ in found if value), "")


def name_of(segment: Segment, field: int) -> str:
    """Return the name of an XPN or XCN-like field: Chinese without a blank, the ideographic repetition first."""
    names = [_name(segment, one) for one in segment.repetitions(field)]
    return next((name for name in names if is_chinese(name)), next((name for name in names if name), ""))


def _name(segment: Segment, repetition: str) -> str:
    family, given, middle = (segment.part(repetition, component) for component in (1, 2, 3))
    if is_chinese(family + given):
        return family + given
    return " ".join(part for part in (family, given, middle) if part)


def merged(entry: PatientEntry, known: PatientEntry | None) -> PatientEntry:
    """Return an entry whose empty fields are filled from what was known."""
    if known is None:
        return entry
    empty = ("", None, Sex.UNKNOWN)
    values = {
        field: getattr(known, field)
        for field in entry.__struct_fields__
        if getattr(entry, field) in empty and getattr(known, field) not in empty
    }
    return msgspec.structs.replace(entry, **values) if values else entry


def _numbers(pid: Segment, visit: Segment | None, identifiers: Mapping[str, str], key: str) -> dict[str, str]:
    kinds = IDENTIFIERS | {kind.upper(): field for kind, field in identifiers.items()}
    numbers: dict[str, str] = {}
    for one in pid.repetitions(3):
        value, kind = pid.part(one), pid.part(one, 5).upper()
        field = kinds.get(kind)
        if value and field is not None:
            numbers.setdefault(field, value)
    own = next(
        (pid.part(one) for one in pid.repetitions(3) if pid.part(one, 5).upper() in _FALLBACK and pid.part(one)), ""
    )
    if "card_number" not in numbers and (own or not numbers):
        numbers["card_number"] = own or key
    national = pid.value(19)
    if "id_number" not in numbers and _RESIDENT.match(national):
        numbers["id_number"] = national.upper()
    if visit is not None and visit.value(2).upper() == "I" and visit.value(19):
        numbers.setdefault("inpatient_number", visit.value(19))
    return numbers


def _phone(pid: Segment, field: int) -> str:
    for one in pid.repetitions(field):
        whole = "".join(pid.part(one, component) for component in (6, 7))
        found = pid.part(one, 12) or whole or pid.part(one, 1)
        if found:
            return found[:32]
    return ""


def _address(pid: Segment) -> str:
    first = next(iter(pid.repetitions(11)), "")
    street, other, city, state = (pid.part(first, component) for component in (1, 2, 3, 4))
    if is_chinese(state + city + street):
        return f"{state}{city}{street}{other}"[:200]
    return ", ".join(part for part in (street, other, city, state, pid.part(first, 5)) if part)[:200]


def _patient_type(visit: Segment | None) -> PatientType:
    if visit is None:
        return PatientType.ORDINARY
    if visit.value(2).upper() == "E":
        return PatientType.EMERGENCY
    return PatientType.VIP if visit.value(16) else PatientType.ORDINARY


_HEIGHTS = frozenset({"8302-2", "3137-7", "3138-5", "HEIGHT"})
_WEIGHTS = frozenset({"29463-7", "3141-9", "3142-7", "WEIGHT"})


def _measured(message: Message, entry: PatientEntry) -> PatientEntry:
    """Height and weight from OBX, in centimetres and kilograms; what is no number is left alone."""
    for obx in message.all("OBX"):
        code, unit = obx.value(3).upper(), obx.value(6).lower()
        try:
            amount = float(obx.value(5)) if code in _HEIGHTS | _WEIGHTS else 0.0
        except ValueError:
            continue
        if code in _HEIGHTS and 20 <= (cm := amount * 100 if unit == "m" else amount) <= 260:
            entry = msgspec.structs.replace(entry, height_cm=round(cm, 1))
        elif code in _WEIGHTS and 0.2 <= (kg := amount / 1000 if unit == "g" else amount) <= 500:
            entry = msgspec.structs.replace(entry, weight_kg=round(kg, 2))
    return entry
