"""The search parameters of DiagnosticReport (http://hl7.org/fhir/R4/diagnosticreport.html#search) read from a query."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Sequence
from typing import Any

from server.doors.web.dicomweb.ports import Refusal
from server.doors.web.fhir.ports import ReportSearch, Span

INCLUDES = {
    "DiagnosticReport:subject": "Patient",
    "DiagnosticReport:patient": "Patient",
    "DiagnosticReport:result": "Observation",
    "DiagnosticReport:based-on": "ServiceRequest",
    "DiagnosticReport:imaging-study": "ImagingStudy",
}
"""What `_include` may name, and which resources it brings; `*` brings all."""
ACCESSION_SYSTEM = "urn:mingjing:accession-number"
PATIENT_SYSTEM = "urn:mingjing:patient-number"
MOST_VALUES = 50
MOST_ROWS = 100
_DATE = re.compile(
    r"(?P<prefix>eq|ne|gt|lt|ge|le|sa|eb|ap)?(?P<year>\d{4})(-(?P<month>\d\d)(-(?P<day>\d\d)"
    r"(T(?P<hour>\d\d):(?P<minute>\d\d)(:(?P<second>\d\d)(\.\d{1,9})?)?(?P<zone>Z|[+-]\d\d:\d\d)?)?)?)?\Z"
)
_DONE_ELSEWHERE = frozenset({"_format", "_include", "_pretty", "category", "_summary", "_total", "_sort"})


def search_of(query: Sequence[tuple[str, str]], zone: dt.tzinfo) -> tuple[ReportSearch, frozenset[str], list[str]]:
    """Return the conditions, the types of resource to include, and the parameters that are not known.

    Raises Refusal (400) for a value that cannot be read.
    """
    values: dict[str, Any] = {}
    spans: dict[str, list[Span]] = {"examined": [], "issued": []}
    includes: set[str] = set()
    unknown: list[str] = []
    for name, text in query:
        if name in _READERS:
            field, read = _READERS[name]
            new = tuple(read(one) for one in _split(name, text))
            kept = values.get(field)
            values[field] = new if kept is None else tuple(one for one in new if one in kept) or _nobody(field)
        elif name in ("date", "issued", "_lastUpdated"):
            spans["examined" if name == "date" else "issued"].append(_span(name, text, zone))
        elif name == "_include":
            includes.update(INCLUDES.values() if text == "*" else _included(text))
        elif name == "_count":
            values["limit"] = min(_number(name, text), MOST_ROWS)
        elif name == "_offset":
            values["offset"] = _number(name, text)
        elif name == "category":
            if text.rpartition("|")[2] not in ("RAD", "imaging"):
                values["report_ids"] = _nobody("report_ids")
        elif name not in _DONE_ELSEWHERE:
            unknown.append(name)
    for field, found in spans.items():
        values[field] = Span(
            max((one.since for one in found if one.since is not None), default=None),
            min((one.until for one in found if one.until is not None), default=None),
        )
    return ReportSearch(**values), frozenset(includes), unknown


def _included(text: str) -> tuple[str, ...]:
    found = INCLUDES.get(text)
    if found is None:
        raise Refusal(400, f"_include can be * or one of {', '.join(INCLUDES)}.")
    return (found,)


def _split(name: str, text: str) -> list[str]:
    found = [one for one in text.split(",") if one]
    if not found or len(found) > MOST_VALUES:
        raise Refusal(400, f"The parameter {name} needs one to {MOST_VALUES} values.")
    return found


def _nobody(field: str) -> tuple[Any, ...]:
    """A value that nothing has."""
    return ("\0",) if field in ("accession_numbers", "patient_numbers", "statuses") else (-1,)


def _number(name: str, text: str) -> int:
    if not text.isascii() or not text.isdecimal() or len(text) > 9:
        raise Refusal(400, f"The parameter {name} must be a number from 0.")
    return int(text)


def _reference(kind: str) -> Callable[[str], int]:
    def read(text: str) -> int:
        given, _, key = text.rpartition("/")
        known = given in ("", kind) or given.endswith(f"/{kind}")
        return int(key) if known and key.isascii() and key.isdecimal() and len(key) <= 9 else -1

    return read


def _token(system: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        given, bar, value = text.rpartition("|")
        if bar and given not in ("", system):
            return "\0"
        return value[:64]

    return read


def _span(name: str, text: str, zone: dt.tzinfo) -> Span:
    """The moments that a date parameter allows; a value without an offset is the hospital's time."""
    found = _DATE.match(text)
    if found is None or found["prefix"] in ("ne", "ap"):
        raise Refusal(400, f"The parameter {name} must be a date as 2026-11-21, with eq, ge, gt, le or lt before it.")
    try:
        start, end = _between(found, zone)
    except (ValueError, OverflowError):
        raise Refusal(400, f"The parameter {name} names a day that does not exist.") from None
    prefix = found["prefix"] or "eq"
    if prefix in ("ge", "gt", "sa"):
        return Span(start if prefix == "ge" else end, None)
    if prefix in ("le", "lt", "eb"):
        return Span(None, end if prefix == "le" else start)
    return Span(start, end)


def _between(found: re.Match[str], zone: dt.tzinfo) -> tuple[dt.datetime, dt.datetime]:
    parts = [int(found[name]) if found[name] else None for name in ("month", "day", "hour", "minute", "second")]
    month, day, hour, minute, second = parts
    given = found["zone"]
    at = zone if given is None else dt.UTC if given == "Z" else dt.datetime.strptime(given, "%z").tzinfo
    start = dt.datetime(int(found["year"]), month or 1, day or 1, hour or 0, minute or 0, second or 0, tzinfo=at)
    if month is None:
        return start, start.replace(year=start.year + 1)
    if day is None:
        return start, (start + dt.timedelta(days=32)).replace(day=1)
    if hour is None:
        return start, start + dt.timedelta(days=1)
    return start, start + (dt.timedelta(minutes=1) if second is None else dt.timedelta(seconds=1))


_READERS: dict[str, tuple[str, Callable[[str], Any]]] = {
    "_id": ("report_ids", _reference("DiagnosticReport")),
    "identifier": ("accession_numbers", _token(ACCESSION_SYSTEM)),
    "patient": ("patient_ids", _reference("Patient")),
    "subject": ("patient_ids", _reference("Patient")),
    "patient.identifier": ("patient_numbers", _token(PATIENT_SYSTEM)),
    "subject.identifier": ("patient_numbers", _token(PATIENT_SYSTEM)),
    "based-on": ("exam_ids", _reference("ServiceRequest")),
    "imaging-study": ("exam_ids", _reference("ImagingStudy")),
    "status": ("statuses", _token("http://hl7.org/fhir/diagnostic-report-status")),
}
