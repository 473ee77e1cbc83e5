"""Reads FHIR R4 ServiceRequest and Patient into entries of registration; pure. Whatever is missing stays empty."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, tzinfo
from typing import Any

from server.interfaces.orders import CodeBook
from server.interfaces.people import FIELDS, IDENTIFIERS, Person
from shared.contract.exams import ClinicalEntry, ItemEntry, PatientEntry, RequesterEntry, SubmitApplication
from shared.dicomkit.names import is_chinese
from shared.domain.states import PatientType, Sex
from shared.hl7.message import MessageError

Resource = Mapping[str, Any]
MAX_ENTRIES = 200
OPEN_STATES = ("active", "draft", "on-hold")
_SEXES = {"male": Sex.MALE, "female": Sex.FEMALE, "other": Sex.OTHER}
_URGENT = frozenset({"urgent", "asap", "stat"})
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def resources(bundle: Resource) -> Iterator[Resource]:
    """Return the resources of a Bundle, at most MAX_ENTRIES."""
    entries = bundle.get("entry")
    for entry in (entries if isinstance(entries, list) else [])[:MAX_ENTRIES]:
        resource = entry.get("resource") if isinstance(entry, dict) else None
        if isinstance(resource, dict):
            yield resource


def order_number(request: Resource, system: str) -> str:
    """Return the number of an order: of the given system, else of type PLAC, else the first one; else its id."""
    found = [one for one in _list(request, "identifier") if _text(one, "value")]
    for one in found:
        if system and one.get("system") == system:
            return _text(one, "value")
    for one in found:
        if "PLAC" in _codes(one.get("type")):
            return _text(one, "value")
    return _text(found[0], "value") if found else _text(request, "id")


def subject_of(request: Resource, bundle: Resource) -> Resource | None:
    """Return the patient of an order among the resources of its bundle, or contained in it."""
    reference = _text(_dict(request, "subject"), "reference")
    if reference.startswith("#"):
        inside = (one for one in _list(request, "contained") if _text(one, "id") == reference[1:])
        return next(inside, None)
    for entry in _list(bundle, "entry")[:MAX_ENTRIES]:
        resource = entry.get("resource")
        if not isinstance(resource, dict) or resource.get("resourceType") != "Patient":
            continue
        names = {f"Patient/{_text(resource, 'id')}", _text(entry, "fullUrl")}
        if reference and (reference in names or reference.endswith(f"/Patient/{_text(resource, 'id')}")):
            return resource
    return None


def person_of(patient: Resource, identifiers: Mapping[str, str], card_system: str) -> Person:
    """Read a Patient. Raises MessageError when it has no name or number."""
    name = shown_name(patient)
    if not name:
        raise MessageError("the patient has no name", "101", ("Patient", 1, 0))
    kinds = IDENTIFIERS | {kind.upper(): field for kind, field in identifiers.items()}
    numbers: dict[str, str] = {}
    own = ""
    for one in _list(patient, "identifier"):
        value, types = _text(one, "value"), _codes(one.get("type"))
        if not value or one.get("use") == "old":
            continue
        field = next((kinds[kind] for kind in types if kind in kinds), None)
        if card_system and one.get("system") == card_system:
            field = "card_number"
        if field is not None:
            numbers.setdefault(field, value)
        if field is None or types & {"MR", "PI", "PT"}:
            own = own or value
    if "card_number" not in numbers and own:
        numbers["card_number"] = own
    key = own or numbers.get("card_number") or next(iter(numbers.values()), "") or _text(patient, "id")
    if not key or len(key) > 64:
        raise MessageError("the patient has no usable number", "101", ("Patient", 1, 0))
    values = {field: numbers.get(field, "") for field in FIELDS}
    entry = PatientEntry(
        name=name,
        sex=_SEXES.get(_text(patient, "gender"), Sex.UNKNOWN),
        birth_date=_day(_text(patient, "birthDate")),
        phone=_phone(patient),
        address=_address(patient),
        card_number=values["card_number"],
        id_number=values["id_number"],
        inpatient_number=values["inpatient_number"],
        health_check_number=values["health_check_number"],
    )
    return Person(key, entry)


def application_of(
    request: Resource, bundle: Resource, person: Person, book: CodeBook, system: str, zone: tzinfo, facility: str = ""
) -> SubmitApplication:
    """Read a ServiceRequest. Raises MessageError when its number or code cannot be used.

    `facility` is what the connection calls the other side: its hospital, where the order names none.
    """
    number = order_number(request, system)
    if not number or len(number) > 64:
        raise MessageError("the order has no usable number", "101", ("ServiceRequest", 1, 0))
    exam_type, item = _item(request, book)
    urgent = _text(request, "priority") in _URGENT
    reasons = [_concept(one) for one in _list(request, "reasonCode")]
    notes = [_text(one, "text") for one in _list(request, "note")]
    return SubmitApplication(
        patient=person.entry,
        exam_type=exam_type,
        items=(item,),
        clinical=ClinicalEntry(
            diagnosis=_joined(_condition(one, request, bundle) for one in _list(request, "reasonReference")),
            purpose=_joined([*reasons, *notes]),
            history=_joined(_text(one, "display") for one in _list(request, "supportingInfo")),
        ),
        requester=RequesterEntry(
            department=_department(request, bundle)[:64],
            doctor=_requester(request, bundle)[:64],
            requested_at=_moment(_text(request, "authoredOn"), zone),
            his_number=number,
        ),
        patient_type=PatientType.EMERGENCY if urgent else PatientType.ORDINARY,
        campus_id=book.campus([*_places(request, bundle), facility]),
    )


def _item(request: Resource, book: CodeBook) -> tuple[str, ItemEntry]:
    code = _dict(request, "code")
    codings = [one for one in _list(code, "coding") if _text(one, "code")]
    section = ""
    for concept in (*_list(request, "category"), *_list(request, "orderDetail"), *_list(request, "performerType")):
        section = section or next((kind for one in _codes_kept(concept) if (kind := book.exam_type(one))), "")
    body_part = next((_concept(one) for one in _list(request, "bodySite")), "")
    for one in codings:
        name = _text(code, "text") or _text(one, "display")
        found = book.item(_text(one, "code"), name, body_part, section)
        if found is not None:
            return found
    if not codings:
        raise MessageError("the order has no item code", "101", ("ServiceRequest.code", 1, 0))
    raise MessageError(
        f"the item code {_text(codings[0], 'code')[:30]!r} is not in the dictionary, and nothing tells its exam type",
        "204",
        ("ServiceRequest.code", 1, 0),
    )


def _condition(reference: Resource, request: Resource, bundle: Resource) -> str:
    shown = _text(reference, "display")
    if shown:
        return shown
    target = _target(_text(reference, "reference"), request, bundle)
    return "" if target is None else _concept(_dict(target, "code"))


def _requester(request: Resource, bundle: Resource) -> str:
    requester = _dict(request, "requester")
    shown = _text(requester, "display")
    if shown:
        return shown
    target = _target(_text(requester, "reference"), request, bundle)
    if target is None:
        return ""
    return shown_name(target) or _text(_dict(target, "practitioner"), "display")


def _department(request: Resource, bundle: Resource) -> str:
    """The organisation of a requester's role, or of the requester himself when it is one."""
    target = _target(_text(_dict(request, "requester"), "reference"), request, bundle)
    if target is None or target.get("resourceType") != "PractitionerRole":
        return ""
    return _text(_dict(target, "organization"), "display") or next(map(_concept, _list(target, "specialty")), "")


def _places(request: Resource, bundle: Resource) -> list[str]:
    """What may name the hospital of an order: who shall perform it, where, and whose requester ordered it."""
    given = (*_list(request, "performer"), *_list(request, "locationReference"), _dict(request, "requester"))
    return [word for one in given for word in _names_of(one, request, bundle)]


def _names_of(reference: Resource, request: Resource, bundle: Resource, *, is_of_role: bool = False) -> list[str]:
    """Numbers and names of an organisation or place; of a practitioner's role those of its organisation."""
    target = _target(_text(reference, "reference"), request, bundle) or {}
    if target.get("resourceType") == "PractitionerRole" and not is_of_role:
        return _names_of(_dict(target, "organization"), request, bundle, is_of_role=True)
    found = [_text(_dict(reference, "identifier"), "value")]
    if target.get("resourceType") in ("Organization", "Location"):
        found += [_text(one, "value") for one in _list(target, "identifier")]
        found.append(_text(target, "name"))
    return [*found, _text(reference, "display")]


def _target(reference: str, request: Resource, bundle: Resource) -> Resource | None:
    if reference.startswith("#"):
        return next((one for one in _list(request, "contained") if _text(one, "id") == reference[1:]), None)
    for one in resources(bundle):
        if reference == f"{one.get('resourceType')}/{_text(one, 'id')}":
            return one
    return None


def shown_name(resource: Resource) -> str:
    """Return the name of a Patient, Practitioner or Organization, a Chinese one first; empty when there is none."""
    names = resource.get("name")
    if isinstance(names, str):
        return names.strip()
    found = sorted(_list(resource, "name"), key=lambda one: one.get("use") not in ("official", "usual", None))
    shown = [name for one in found if (name := _human(one))]
    return next((name for name in shown if is_chinese(name)), shown[0] if shown else "")


def _human(name: Resource) -> str:
    given = name.get("given")
    parts = [
        _text(name, "family"),
        *(one for one in (given if isinstance(given, list) else []) if isinstance(one, str)),
    ]
    if is_chinese("".join(parts)):
        return "".join(parts)
    return _text(name, "text") or " ".join(part for part in parts if part)


def _phone(patient: Resource) -> str:
    for one in _list(patient, "telecom"):
        if one.get("system") in ("phone", "sms", None) and one.get("use") != "old" and _text(one, "value"):
            return _text(one, "value")[:32]
    return ""


def _address(patient: Resource) -> str:
    for one in _list(patient, "address"):
        lines = one.get("line")
        line = "".join(part for part in (lines if isinstance(lines, list) else []) if isinstance(part, str))
        parts = [_text(one, name) for name in ("state", "city", "district")]
        shown = _text(one, "text") or "".join(parts) + line
        if shown:
            return shown[:200]
    return ""


def _concept(concept: Resource) -> str:
    return _text(concept, "text") or next((_text(one, "display") for one in _list(concept, "coding")), "")


def _codes(concept: object) -> set[str]:
    return {one.upper() for one in _codes_kept(concept)}


def _codes_kept(concept: object) -> list[str]:
    if not isinstance(concept, dict):
        return []
    return [_text(one, "code") for one in _list(concept, "coding") if _text(one, "code")]


def _joined(texts: Iterable[str]) -> str:
    return "\n".join(dict.fromkeys(text for text in texts if text))[:4000]


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if _DATE.fullmatch(text) else None
    except ValueError:
        return None


def _moment(text: str, zone: tzinfo) -> datetime | None:
    try:
        found = datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
    if found is None:
        return None
    try:
        return (found if found.tzinfo is not None else found.replace(tzinfo=zone)).astimezone(UTC)
    except OverflowError:
        return None


def _text(of: Resource, name: str) -> str:
    value = of.get(name)
    return value.strip() if isinstance(value, str) else ""


def _dict(of: Resource, name: str) -> Resource:
    value = of.get(name)
    return value if isinstance(value, dict) else {}


def _list(of: Resource, name: str) -> list[Any]:
    value = of.get(name)
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
