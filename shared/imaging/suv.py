"""Standardised uptake values of PET: the factor from stored activity to SUV, the formula used, or why there is none.

SUVbw as in the vendor-neutral pseudo-code of the QIBA FDG-PET/CT profile (DICOM PS3.3 C.8.9.1, Annex of QIBA);
lean mass by Janmahasatian 2005 and by James 1976, body surface by Du Bois 1916.
"""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from shared.imaging.values import first_of, number_of, text_of


class SuvKind(StrEnum):
    """How the injected dose is spread over the body."""

    BW = "bw"  # body weight
    LBM = "lbm"  # lean body mass, Janmahasatian
    LBM_JAMES = "lbm-james"
    BSA = "bsa"  # body surface area


@dataclass(frozen=True, slots=True)
class SuvFacts:
    """What the header says. ``problem`` is a code when no SUV can be had (see `PROBLEMS`); empty otherwise."""

    units: str = ""  # BQML, CNTS, GML …
    dose_bq: float | None = None
    half_life_s: float | None = None
    decay_s: float | None = None  # from injection to the time the images are corrected to; None: not needed
    weight_kg: float | None = None
    height_m: float | None = None
    sex: str = ""
    suv_type: str = ""  # of files that hold SUV already
    philips_factor: float | None = None  # CNTS of Philips to SUVbw
    philips_activity: float | None = None  # CNTS of Philips to Bq/ml
    problem: str = ""
    correction: str = ""  # START, ADMIN, NONE

    def factor(self, kind: SuvKind = SuvKind.BW) -> float | None:
        """Modality units times this are SUV (g/ml, or cm²/ml for BSA); None when it cannot be computed."""
        if self.units == "GML":
            # Stored SUV are by body weight unless SUV Type says otherwise (PS3.3 C.8.9.1.1.3.1).
            stored = {"": SuvKind.BW, "BW": SuvKind.BW, "LBM": SuvKind.LBM_JAMES, "LBMJANMA": SuvKind.LBM,
                      "LBMJAMES128": SuvKind.LBM_JAMES}.get(self.suv_type)  # fmt: skip
            return self._from_other(stored, kind)
        if self.units == "CM2ML":
            return self._from_other(SuvKind.BSA, kind)
        if self.units == "CNTS" and self.philips_factor:
            return self._from_other(SuvKind.BW, kind, self.philips_factor)
        size, dose = self._size(kind), self._dose_at_scan()
        if size is None or dose is None or self.problem:
            return None
        activity = self.philips_activity if self.units == "CNTS" else 1.0
        return None if activity is None else activity * size / dose

    def _from_other(self, stored: SuvKind | None, kind: SuvKind, factor: float = 1.0) -> float | None:
        if stored is None:
            return None
        if stored is kind:
            return factor
        mine, wanted = self._size(stored), self._size(kind)
        return factor * wanted / mine if mine and wanted else None

    def _dose_at_scan(self) -> float | None:
        if not self.dose_bq:
            return None
        if self.decay_s is None or not self.half_life_s:
            return self.dose_bq if self.correction == "ADMIN" else None
        return float(self.dose_bq * 2.0 ** (-self.decay_s / self.half_life_s))

    def _size(self, kind: SuvKind) -> float | None:
        """Grams of the body, or cm² of its surface."""
        weight, height = self.weight_kg, self.height_m
        if not weight:
            return None
        if kind is SuvKind.BW:
            return weight * 1000
        if not height or self.sex not in ("M", "F"):
            return None
        centimetres, index = height * 100, weight / height**2
        if kind is SuvKind.BSA:
            return math.pow(weight, 0.425) * math.pow(centimetres, 0.725) * 0.007184 * 10_000
        if kind is SuvKind.LBM:
            lean = 9270 * weight / ((6680 + 216 * index) if self.sex == "M" else (8780 + 244 * index))
        else:
            ratio = (weight / centimetres) ** 2
            lean = 1.10 * weight - 128 * ratio if self.sex == "M" else 1.07 * weight - 148 * ratio
        return lean * 1000 if lean > 0 else None

    def unit(self, kind: SuvKind = SuvKind.BW) -> str:
        return "cm²/ml" if kind is SuvKind.BSA else "g/ml"


PROBLEMS = ("units", "attenuation", "decay", "dose", "time", "weight")
"""Codes of `SuvFacts.problem`: the units are not activity; not attenuation corrected; not decay corrected; no injected
dose; no usable times; no weight."""


def suv_facts(ds: Any) -> SuvFacts:
    """Everything an SUV needs, out of a PET header; never raises."""
    isotope = first_of(ds, "RadiopharmaceuticalInformationSequence")
    units = text_of(ds, "Units").upper()
    correction = text_of(ds, "DecayCorrection").upper()
    dose = number_of(isotope, "RadionuclideTotalDose") if isotope is not None else None
    half_life = number_of(isotope, "RadionuclideHalfLife") if isotope is not None else None
    if dose is not None and 0 < dose < 10_000:  # written in MBq against the standard
        dose *= 1e6
    decay = None if correction == "ADMIN" else _decay_seconds(ds, isotope)
    weight = number_of(ds, "PatientWeight")
    height = number_of(ds, "PatientSize")
    if height is not None and height > 3:  # centimetres against the standard
        height /= 100
    facts = SuvFacts(
        units=units,
        dose_bq=dose if dose and dose > 0 else None,
        half_life_s=half_life if half_life and half_life > 0 else None,
        decay_s=decay,
        weight_kg=weight if weight and weight > 0 else None,
        height_m=height if height and height > 0 else None,
        sex=text_of(ds, "PatientSex").upper(),
        suv_type=text_of(ds, "SUVType").upper(),
        philips_factor=_private(ds, 0x7053, 0x00, "Philips PET Private Group"),
        philips_activity=_private(ds, 0x7053, 0x09, "Philips PET Private Group"),
        correction=correction,
    )
    problem = _problem(ds, facts)
    return SuvFacts(**{name: getattr(facts, name) for name in SuvFacts.__slots__ if name != "problem"}, problem=problem)


def _problem(ds: Any, facts: SuvFacts) -> str:
    if facts.units in ("GML", "CM2ML"):
        return ""
    if facts.units == "CNTS":
        if facts.philips_factor:
            return ""
        if not facts.philips_activity:
            return "units"
    elif facts.units != "BQML":
        return "units"
    corrected = {part.strip().upper() for part in text_of(ds, "CorrectedImage").split("\\")}
    if corrected != {""} and "ATTN" not in corrected:
        return "attenuation"
    if facts.correction not in ("START", "ADMIN") or (corrected != {""} and "DECY" not in corrected):
        return "decay"
    if facts.dose_bq is None:
        return "dose"
    if facts.correction == "START" and (facts.decay_s is None or facts.half_life_s is None):
        return "time"
    return "" if facts.weight_kg else "weight"


def _decay_seconds(ds: Any, isotope: Any) -> float | None:
    """Seconds from injection to the reference time of decay correction START.

    The series time is that reference unless the image says otherwise: a series that was processed later carries a
    later series time, and then the earliest sensible one is the acquisition's (QIBA's rule).
    """
    if isotope is None:
        return None
    reference = _moment(text_of(ds, "SeriesDate"), text_of(ds, "SeriesTime"))
    acquired = _moment(text_of(ds, "AcquisitionDate"), text_of(ds, "AcquisitionTime"))
    if acquired is not None and (reference is None or reference > acquired):
        reference = _frame_reference(ds, acquired, isotope)
    if reference is None:
        return None
    told = text_of(isotope, "RadiopharmaceuticalStartDateTime")
    injected = _datetime(told)
    if injected is None or _is_of_another_time(injected, reference, isotope):
        time = text_of(isotope, "RadiopharmaceuticalStartTime") or told[8:]
        injected = _moment(f"{reference:%Y%m%d}", time)
        if injected is not None and injected > reference:  # injected before midnight
            injected -= dt.timedelta(days=1)
    if injected is None:
        return None
    seconds = (reference - injected).total_seconds()
    return seconds if 0 <= seconds < 7 * 86_400 else None


def _is_of_another_time(injected: dt.datetime, reference: dt.datetime, isotope: Any) -> bool:
    """True for a date that cannot be: where dates were shifted to hide the patient, this one is often forgotten.

    Only of isotopes that are gone after days; others are scanned a week later.
    """
    half_life = number_of(isotope, "RadionuclideHalfLife")
    apart = abs((reference.date() - injected.date()).days)
    return apart > 1 and half_life is not None and half_life < 43_200


def _frame_reference(ds: Any, acquired: dt.datetime, isotope: Any) -> dt.datetime:
    """Start of the scan out of one image: acquisition, less the time from the scan's start to it.

    GE's private (0009,100D) is the scan's own start; else Frame Reference Time and the decay within the frame.
    """
    scan = _private_text(ds, 0x0009, 0x0D, "GEMS_PETD_01")
    moment = _datetime(scan)
    if moment is not None:
        return moment
    reference_ms, duration_ms = number_of(ds, "FrameReferenceTime"), number_of(ds, "ActualFrameDuration")
    half_life = number_of(isotope, "RadionuclideHalfLife")
    if reference_ms and duration_ms and half_life:
        rate = math.log(2) / half_life
        turned = rate * duration_ms / 1000
        # Time within the frame at which the average activity is reached (Dicom PS3.3 C.8.9.4.1.5).
        average = 1 / rate * math.log(turned / (1 - math.exp(-turned))) if turned > 0 else 0.0
        return acquired - dt.timedelta(seconds=reference_ms / 1000 - average)
    return acquired


def _moment(date: str, time: str) -> dt.datetime | None:
    return _datetime(date + time) if len(date) == 8 and len(time) >= 4 else None


def _datetime(value: str) -> dt.datetime | None:
    """A DICOM DT without its zone."""
    digits, _, fraction = value.strip().partition("+")[0].partition("-")[0].partition(".")
    if not digits.isdigit() or len(digits) < 12:
        return None
    try:
        moment = dt.datetime.strptime(digits[:14].ljust(14, "0"), "%Y%m%d%H%M%S")
    except ValueError:
        return None
    return moment.replace(microsecond=int(fraction[:6].ljust(6, "0"))) if fraction.isdigit() else moment


def _private_text(ds: Any, group: int, element: int, creator: str) -> str:
    try:
        value = ds.private_block(group, creator)[element].value
    except Exception:  # noqa: BLE001 - absent, or of a type that cannot be read
        return ""
    return value.decode("ascii", "replace").strip(" \0") if isinstance(value, bytes) else str(value).strip()


def _private(ds: Any, group: int, element: int, creator: str) -> float | None:
    try:
        number = float(_private_text(ds, group, element, creator))
    except ValueError:
        return None
    return number if number > 0 else None
