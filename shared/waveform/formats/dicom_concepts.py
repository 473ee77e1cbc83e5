"""Codes of measured values between the suite's names, MDC (PS3.16 CID 3227 to 3229) and SCP-ECG, and their units."""

from __future__ import annotations

import re
from typing import NamedTuple


class Concept(NamedTuple):
    """A measured value: MDC code, the words, and the SCP-ECG section 7 and 10 code that carts write."""

    code: str
    meaning: str
    scp: str = ""


CONCEPTS = {
    "hr": Concept("2:16016", "Heart Rate"),
    "rr": Concept("2:16168", "RR interval global", "5.10.2.1-3"),
    "pp": Concept("2:16140", "PP interval global", "5.10.2.1-5"),
    "p": Concept("2:16184", "P duration global", "5.13.5-5"),
    "pr": Concept("2:15872", "PR interval global", "5.13.5-7"),
    "qrs": Concept("2:16156", "QRS duration global", "5.13.5-9"),
    "qt": Concept("2:16160", "QT interval global", "5.13.5-11"),
    "qtc": Concept("2:15876", "QTc interval global", "5.10.2.5-5"),
    "qtcb": Concept("2:15880", "QTc global using Bazett formula"),
    "qtcf": Concept("2:15892", "QTc global using Fredericia formula"),
    "p_axis": Concept("2:16128", "P Axis", "5.10.3-11"),
    "qrs_axis": Concept("2:16132", "QRS axis", "5.10.3-13"),
    "t_axis": Concept("2:16136", "T axis", "5.10.3-15"),
}
_BY_CODE = {concept.code: name for name, concept in CONCEPTS.items()}
_BY_CODE |= {concept.scp: name for name, concept in CONCEPTS.items() if concept.scp}
_BY_CODE |= {"8867-4": "hr", "5.10.2.5-3": "hr"}
_BY_WORDS = {"rr interval": "rr", "pp interval": "pp", "pr interval": "pr", "qrs duration": "qrs", "qt interval": "qt"}
_BY_WORDS |= {"qtc interval": "qtc", "p duration": "p", "p axis": "p_axis", "qrs axis": "qrs_axis", "t axis": "t_axis"}
_BY_WORDS |= {"ventricular heart rate": "hr", "heart rate": "hr", "vent rate": "hr", "ventricular rate": "hr"}

_UNITS = {"ms": "ms", "s": "s", "deg": "deg", "uV": "uV", "mV": "mV", "{H.B.}/min": "1/min", "/min": "1/min"}
_UCUM = {
    "ms": ("ms", "millisecond"),
    "s": ("s", "second"),
    "deg": ("deg", "degree"),
    "uV": ("uV", "microvolt"),
    "mV": ("mV", "millivolt"),
    "1/min": ("/min", "/min"),
    "mm": ("mm", "millimeter"),
    "cm": ("cm", "centimeter"),
    "%": ("%", "percent"),
}


def name_of(code: str, meaning: str) -> str:
    """The suite's name of a measured value; the file's own words where it is none of them."""
    return _BY_CODE.get(code.replace(" ", "")) or _BY_WORDS.get(meaning.lower()) or meaning or code


def unit_name(code: str) -> str:
    """The unit as StoredMeasurement writes it."""
    return _UNITS.get(code, code if code != "1" else "")


def ucum_of(unit: str) -> tuple[str, str]:
    """UCUM code and words of a unit."""
    return _UCUM.get(unit, (unit[:16], unit[:64]) if unit else ("1", "no units"))


def scheme_of(code: str) -> str:
    """The coding scheme of a mark's code by its shape: MDC ``10:8208``, SCP-ECG ``5.10.3-1``; empty for other words."""
    if re.fullmatch(r"\d{1,3}:\d{1,6}", code):
        return "MDC"
    return "SCPECG" if re.fullmatch(r"5(\.\d{1,3}){1,3}(-\d{1,3}){1,3}", code) else ""


def mark_text(code: str, text: str) -> str:
    """Code and text of a mark in one line, as ``mark_parts`` takes it apart."""
    return f"{code}: {text}"[:1024] if text else (code or "mark")[:1024]


def mark_parts(line: str) -> tuple[str, str]:
    """Code and text of a mark that is one line of text."""
    code, found, text = line.partition(": ")
    return (code, text) if found and len(code) <= 64 else (line[:64], line if len(line) > 64 else "")


def value_text(name: str, value: float, unit: str) -> str:
    """A measured value without a public code, as ``value_parts`` takes it apart."""
    return f"{name[:200]} = {value:.10g} {unit[:32]}".rstrip()


def value_parts(line: str) -> tuple[str, float, str] | None:
    """Name, value and unit of such a line; None for any other text."""
    found = re.fullmatch(r"([^=]{1,200}) = (-?\d+(?:\.\d+)?(?:e[-+]?\d{1,3})?)(?: (\S{1,32}))?", line)
    return (found.group(1), float(found.group(2)), found.group(3) or "") if found else None
