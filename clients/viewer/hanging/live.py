"""The open studies as the engine sees them, and candidates back to stacks. No Qt."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from clients.viewer.hanging.engine import Candidate, Situation
from clients.viewer.hanging.facts import facts_of
from clients.viewer.study import Stack, StudyDescription
from shared.contract.hanging import SeriesTexts, StudyTexts
from shared.dicomkit.hanging_facts import PROJECTIONS

Texts = Mapping[str, Mapping[str, str]]
"""What headers say, by SOP Instance UID; see `shared.dicomkit.hanging_facts.texts_of`."""
MOST_SINGLE = 64


def situation_of(
    studies: Sequence[StudyDescription], stacks: Sequence[Stack], texts: Texts, screens: int = 1
) -> tuple[Situation, dict[Candidate, tuple[Stack, int]]]:
    """Candidates of the first study and its priors, and where each is: stack and index.

    Priors are studies of the same patient that are not newer, the newest first.
    """
    if not studies:
        return Situation(()), {}
    ages = _ages(studies)
    found: dict[Candidate, tuple[Stack, int]] = {}
    for stack in stacks:
        if stack.study.study_uid not in ages:
            continue
        age, days = ages[stack.study.study_uid]
        single = stack.series.modality in PROJECTIONS and len({key.sop_instance_uid for key in stack.frames}) > 1
        for index in range(min(len(stack), MOST_SINGLE)) if single else (0,):
            candidate = _candidate(stack, index, texts, age, days, single=single)
            found.setdefault(candidate, (stack, index))
    description = _study_words(studies[0], texts)
    return Situation(tuple(found), description, screens), found


def _ages(studies: Sequence[StudyDescription]) -> dict[str, tuple[int, int]]:
    """Age and days before the first study, by UID; studies that are no priors are left out."""
    first = studies[0]
    today = _day(first.study_date)
    older = [
        study
        for study in studies[1:]
        if study.patient_id == first.patient_id and study.study_date <= first.study_date and study.patient_id
    ]
    older.sort(key=lambda study: (study.study_date, study.study_time, study.study_uid), reverse=True)
    ages = {first.study_uid: (0, 0)}
    for age, study in enumerate(older, 1):
        day = _day(study.study_date)
        ages[study.study_uid] = (age, (today - day).days if today is not None and day is not None else 0)
    return ages


def _day(text: str) -> dt.date | None:
    try:  # not strptime, whose first call compiles patterns while the reader waits
        return dt.date.fromisoformat(text[:8]) if text[:8].isdecimal() else None
    except ValueError:
        return None


def _candidate(stack: Stack, index: int, texts: Texts, age: int, days: int, *, single: bool) -> Candidate:
    image, series = stack.image(index), stack.series
    own = {
        "Modality": series.modality,
        "SeriesDescription": " ".join(part for part in (series.description, stack.label) if part),
        "BodyPartExamined": series.body_part,
        "StudyDescription": stack.study.description,
        "SOPClassUID": image.sop_class_uid,
        "NumberOfFrames": str(len(image.frames)),
    }
    told = {key: value for key, value in image.texts.items() if value}
    merged = {**{key: value for key, value in own.items() if value}, **told, **_header(stack, index, texts)}
    plane = stack.frame_header(index).plane
    if plane is not None:
        cosines = (*plane.row_direction, *plane.column_direction)
        merged["Orientation"] = "\\".join(f"{value:g}" for value in cosines)
    if image.patient_orientation is not None:
        merged.setdefault("PatientOrientation", "\\".join(image.patient_orientation))
    return Candidate(
        study_uid=stack.study.study_uid,
        series_uid=series.series_uid,
        sop_instance_uid=image.sop_instance_uid,
        facts=facts_of(merged, count=1 if single else len(stack)),
        number=(series.number or 0) * 10_000 + (image.instance_number if single else 0),
        age=age,
        days=days,
        part=index if single else 0,
    )


def _header(stack: Stack, index: int, texts: Texts) -> Mapping[str, str]:
    """What is known of this image's header; for stacks any header of the stack will do."""
    own = texts.get(stack.frames[index].sop_instance_uid)
    if own is not None or stack.series.modality in PROJECTIONS:
        return own or {}
    middle = texts.get(stack.frames[len(stack) // 2].sop_instance_uid)
    if middle is not None:
        return middle
    return next((told for key in stack.frames if (told := texts.get(key.sop_instance_uid)) is not None), {})


def orientation_of(stack: Stack, index: int, texts: Texts) -> tuple[str, ...]:
    """Patient orientation of rows and columns of a projection, empty when unknown."""
    image = stack.image(index)
    if image.patient_orientation is not None:
        return image.patient_orientation
    told = texts.get(image.sop_instance_uid, {}).get("PatientOrientation", "")
    return tuple(told.split("\\")) if told else ()


def _study_words(study: StudyDescription, texts: Texts) -> str:
    words = {study.description}
    for series in study.series[:32]:
        for image in series.images[:1]:
            told = texts.get(image.sop_instance_uid, {})
            words |= {told.get("StudyDescription", ""), told.get("RequestedProcedureDescription", "")}
    return " ".join(sorted(words)).casefold()


def situation_of_texts(study: StudyTexts) -> Situation:
    """A study of the server as the engine sees it, without priors."""
    found = [candidate for series in study.series for candidate in _of_series(study, series)]
    return Situation(tuple(dict.fromkeys(found)), study.description.casefold())


def _of_series(study: StudyTexts, series: SeriesTexts) -> list[Candidate]:
    single = series.modality in PROJECTIONS
    made = []
    for n, image in enumerate(series.images):
        texts = {"StudyDescription": study.description, **image.texts}
        made.append(
            Candidate(
                study_uid=study.study_uid,
                series_uid=series.series_uid,
                sop_instance_uid=image.sop_instance_uid,
                facts=facts_of(texts, count=1 if single else series.count),
                number=(series.number or 0) * 10_000 + (n if single else 0),
                part=n if single else 0,
            )
        )
    return made
