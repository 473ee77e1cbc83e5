"""Synoptic checklists of tumours (EX-PA-05): forms as data, pTNM by AJCC 8, text for the report. Pure.

A checklist's version grows whenever an element changes; answers keep the version that they were given to, and the
versions before stay here so that old answers can be read.
"""

from __future__ import annotations

from functools import cache

from shared.domain.pathology_checklists.breast import BREAST
from shared.domain.pathology_checklists.building import LANGUAGES, Checklist, Stage, in_language
from shared.domain.pathology_checklists.gut import COLORECTAL, STOMACH
from shared.domain.pathology_checklists.others import LUNG, PROSTATE, THYROID
from shared.domain.structured import FieldKind, FormContent, FormTemplate
from shared.domain.structured_form import Filled, is_empty

__all__ = ["CHECKLISTS", "Checklist", "Stage", "asked_for", "checklist", "faults", "form", "missing", "stage", "text"]

CHECKLISTS: tuple[Checklist, ...] = (BREAST, COLORECTAL, STOMACH, LUNG, PROSTATE, THYROID)
"""Every version of every checklist, newest last within its key."""


def checklist(key: str, version: int = 0) -> Checklist | None:
    """Return a checklist, the newest version without one; None where there is none."""
    found = [one for one in CHECKLISTS if one.key == key and version in (0, one.version)]
    return found[-1] if found else None


@cache
def form(key: str, version: int, language: str = "zh") -> FormTemplate:
    """Return the form of a checklist. Raises KeyError."""
    found = checklist(key, version)
    if found is None or language not in LANGUAGES:
        raise KeyError((key, version, language))
    return found.form(language)


def filled(key: str, content: FormContent, language: str = "zh") -> Filled:
    """Return the answers with the form that they were given to. Raises KeyError."""
    return Filled(form(key, content.template_version, language), content)


def stage(key: str, content: FormContent) -> Stage:
    """Return the categories and the group that the answers give. Raises KeyError."""
    found = checklist(key, content.template_version)
    if found is None:
        raise KeyError(key)
    return found.stage(filled(key, content))


def missing(key: str, content: FormContent, language: str = "zh") -> tuple[str, ...]:
    """Return the labels of required elements without answer. Raises KeyError."""
    return tuple(one.label for one in filled(key, content, language).problems() if one.is_missing)


def faults(key: str, content: FormContent, language: str = "zh") -> tuple[str, ...]:
    """Return sentences about answers that cannot be, alone or together. Raises KeyError."""
    found = checklist(key, content.template_version)
    if found is None:
        raise KeyError(key)
    answers = filled(key, content, language)
    wrong = tuple(one.sentence for one in answers.problems() if not one.is_missing)
    return wrong + tuple(in_language(one, language) for one in found.faults(answers))


def text(key: str, content: FormContent, language: str = "zh") -> str:
    """Return the report's lines: the stage first, then every answer with its label. Raises KeyError."""
    answers, found = filled(key, content, language), stage(key, content)
    colon = "：" if language == "zh" else ": "
    lines = []
    if found.words():
        label = "病理分期（AJCC 8）" if language == "zh" else "Pathological stage (AJCC 8)"
        lines.append(f"{label}{colon}{found.words()}")
        lines += [in_language(one, language) for one in found.notes]
    for slot in answers.slots():
        value = answers.value(slot.path)
        if is_empty(slot.field, value):
            continue
        unit = f" {slot.field.unit}" if slot.field.unit and slot.field.kind is FieldKind.NUMBER else ""
        words = answers.words(slot.path)
        lines.append(f"{slot.field.label}{colon}{words}{'' if words.endswith(unit.strip()) else unit}")
    return "\n".join(lines)


def asked_for(diagnosis: str) -> Checklist | None:
    """Return the checklist that a diagnosis asks for by the tumour it names, unless the words before deny it."""
    for one in {found.key: found for found in CHECKLISTS}.values():
        for words in one.asks:
            at = diagnosis.find(words)
            if at >= 0 and not any(no in diagnosis[max(0, at - 6) : at] for no in ("未见", "无", "排除", "除外", "非")):
                return one
    return None
