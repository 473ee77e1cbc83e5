"""What the keys of tables and the cells of lists are called, in Chinese or English."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select

from server.kernel.clock import HospitalTime
from server.kernel.database import UnitOfWork
from server.pathology.cases.tables import LibraryRow
from shared.domain.pathology import CASE_FLAGS, CASE_STATES, CHARGE_KINDS, TASK_SOURCES, CaseFlag, CaseState
from shared.domain.pathology_statistics import MEASURES, PAIRS, PERIODS, GroupBy, Measure
from shared.domain.states import Sex

SEXES = {
    Sex.MALE.value: ("男", "Male"),
    Sex.FEMALE.value: ("女", "Female"),
    Sex.OTHER.value: ("其他", "Other"),
    Sex.UNKNOWN.value: ("未知", "Unknown"),
}
_NOT_STATED = ("未填写", "Not stated")
_NOT_CODED = ("未编码", "Not coded")
_FIXED: dict[GroupBy, Mapping[str, tuple[str, str]]] = {
    GroupBy.SEX: SEXES,
    GroupBy.AGE: {one.value: (word.zh, word.en) for one, (word, _unit) in MEASURES.items()},
    GroupBy.SOURCE: {one.value: (word.zh, word.en) for one, word in TASK_SOURCES.items()},
    GroupBy.PAIR: {one.value: (word.zh, word.en) for one, word in PAIRS.items()},
    GroupBy.CHARGE_KIND: {one.value: (word.zh, word.en) for one, word in CHARGE_KINDS.items()},
}
_ORDER = {
    GroupBy.AGE: [
        *(Measure.AGE_0, Measure.AGE_15, Measure.AGE_30, Measure.AGE_45, Measure.AGE_60),
        *(Measure.AGE_75, Measure.AGE_UNKNOWN),
    ]
}


class Wording:
    """Words of a language: "zh" or "en"."""

    def __init__(self, time: HospitalTime) -> None:
        self._time = time

    def keys(self, uow: UnitOfWork, group_by: GroupBy, keys: Iterable[str], language: str) -> dict[str, str]:
        """Name the keys of a table, in their order; bands of age by age."""
        tongue = 1 if language == "en" else 0
        found = list(keys)
        if group_by in _ORDER:
            places = {one.value: place for place, one in enumerate(_ORDER[group_by])}
            found.sort(key=lambda key: places.get(key, len(places)))
        if group_by is GroupBy.LIBRARY:
            libraries = self.libraries(uow, language)
            return {key: libraries.get(key, key) for key in found}
        empty = _NOT_CODED if group_by is GroupBy.DISEASE else _NOT_STATED
        fixed = _FIXED.get(group_by, {})
        if group_by in PERIODS:
            return {key: key for key in found}
        return {key: fixed[key][tongue] if key in fixed else (key or empty[tongue]) for key in found}

    def libraries(self, uow: UnitOfWork, language: str) -> dict[str, str]:
        """Names of the libraries by id as text."""
        return {
            str(row.id): (language == "en" and row.name_en) or row.name
            for row in uow.session.scalars(select(LibraryRow))
        }

    def state(self, value: str, language: str) -> str:
        """A case's state."""
        mark = CASE_STATES[CaseState(value)]
        return mark.en if language == "en" else mark.zh

    def flag(self, flag: CaseFlag, language: str) -> str:
        """A flag."""
        word = CASE_FLAGS[flag]
        return word.en if language == "en" else word.zh

    def sex(self, value: str, language: str) -> str:
        """A sex; nothing where it is unknown."""
        return "" if value == Sex.UNKNOWN.value else SEXES.get(value, ("", ""))[1 if language == "en" else 0]

    def minute(self, moment: datetime | None) -> str:
        """A moment as the hospital's clock shows it."""
        return f"{self._time.local(moment):%Y-%m-%d %H:%M}" if moment is not None else ""


def word_of(words: Any, language: str) -> str:
    """The word in a language."""
    return str(words.en if language == "en" else words.zh)
