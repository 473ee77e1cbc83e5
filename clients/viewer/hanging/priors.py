"""Priors that hanging fetches by itself: how many a study wants, and which of the patient's exams they are. No Qt."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from clients.viewer.hanging import facts
from clients.viewer.hanging.engine import Situation, fits_with_priors
from clients.viewer.history.model import Earlier
from clients.viewer.study import StudyDescription
from shared.contract.hanging import Protocol

MOST = 2
"""More priors are not fetched unasked: each is loaded whole."""
_NO_IMAGES = frozenset({"SR", "PR", "KO", "SEG", "RTSTRUCT", "RTPLAN", "RTDOSE", "REG", "DOC", "HD", "ECG", ""})


def missing(protocols: Iterable[Protocol], situation: Situation) -> int:
    """How many more priors the protocols for such a study would show."""
    if not situation.current:
        return 0
    wanted = max((one.priors for one in protocols if fits_with_priors(one, situation)), default=0)
    return max(min(wanted, MOST) - situation.priors, 0)


def choose(earlier: Sequence[Earlier], study: StudyDescription, situation: Situation, count: int) -> list[Earlier]:
    """The exams to compare with: of a modality of this one and no other part of the body, before it, the newest first.

    An exam whose description names the same part goes before one whose part is not known. Exams without a date, without
    images or off-line are left out.
    """
    modalities = frozenset[str]().union(*(one.facts.of("modality") for one in situation.current)) - _NO_IMAGES
    parts = frozenset[str]().union(*(one.facts.of("body_part") for one in situation.current))
    moment = _moment(study)
    found = []
    for exam in earlier:
        known = frozenset(facts.body_parts({}, exam.description))
        other_part = bool(known and parts and not known & parts)
        if exam.study_uid == study.study_uid or not exam.when or exam.when >= moment or not exam.images:
            continue
        if modalities.isdisjoint(exam.modalities) or other_part or exam.availability == "OFFLINE":
            continue
        found.append((bool(known & parts), exam.when, exam))
    found.sort(key=lambda one: one[:2], reverse=True)
    return [exam for _, _, exam in found[:count]]


def _moment(study: StudyDescription) -> str:
    """As `Earlier.when`; the end of the day where no time is known, of all days where no date is."""
    day, time = study.study_date, study.study_time
    if len(day) != 8 or not day.isdigit():
        return "9999"
    clock = f"{time[:2]}:{time[2:4]}" if len(time) >= 4 and time[:4].isdigit() else "24:00"
    return f"{day[:4]}-{day[4:6]}-{day[6:8]}T{clock}"
