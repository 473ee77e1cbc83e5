"""患者类型 as the hospital configures them (RIS-REG-26): what the form offers, which mark a row bears; knows no Qt."""

from __future__ import annotations

from typing import Any

from clients.kit.fields import Choice
from clients.kit.states import PATIENT_TYPE_LOOKS, StateLook
from clients.kit.tokens import Tone
from clients.kit.translations import Language, language
from shared.contract.organisation import HospitalView, MarkColour, PatientTypeView
from shared.domain.states import PatientType

_TONES = {
    MarkColour.RED: Tone.DANGER,
    MarkColour.ORANGE: Tone.WARNING,
    MarkColour.BLUE: Tone.INFO,
    MarkColour.CYAN: Tone.ACTIVE,
    MarkColour.GREEN: Tone.SUCCESS,
    MarkColour.GREY: Tone.NEUTRAL,
}
_GLYPHS = {PatientType.EMERGENCY: "alert", PatientType.VIP: "star", PatientType.ORDINARY: "tag"}
_BUILT_IN = {kind.value: kind for kind in PatientType}
_known: dict[str, PatientTypeView] = {}


def remember_kinds(hospital: HospitalView) -> None:
    """The master data came or changed: rows are marked by these names from now on."""
    _known.clear()
    _known.update((kind.code, kind) for kind in hospital.patient_types)


def kind_choices(hospital: HospitalView | None) -> list[Choice]:
    """What the form offers; the three built-in ones until the master data are there."""
    if hospital is None or not hospital.patient_types:
        return [Choice(kind.value, PATIENT_TYPE_LOOKS[kind].text) for kind in PatientType]
    return [Choice(kind.code, _name(kind), translate=False) for kind in hospital.patient_types]


def class_of(hospital: HospitalView | None, code: str) -> PatientType:
    """The class that orders lists and queues for a kind; ordinary for one that is gone."""
    found = next((kind for kind in (hospital.patient_types if hospital else ()) if kind.code == code), None)
    return found.priority if found is not None else _BUILT_IN.get(code, PatientType.ORDINARY)


def look_of_row(row: Any) -> StateLook | None:
    """The mark in front of a patient's name; None for ordinary patients."""
    code = getattr(row, "patient_kind", "") or row.patient_type.value
    if code == PatientType.ORDINARY.value:
        return None
    kind = _known.get(code)
    if kind is None:
        return None if row.patient_type is PatientType.ORDINARY else PATIENT_TYPE_LOOKS[row.patient_type]
    glyph = PATIENT_TYPE_LOOKS[_BUILT_IN[code]].glyph if code in _BUILT_IN else _GLYPHS[kind.priority]
    return StateLook(_name(kind), _TONES[kind.colour], glyph)


def _name(kind: PatientTypeView) -> str:
    return (kind.name_en or kind.name) if language() is Language.ENGLISH else kind.name
