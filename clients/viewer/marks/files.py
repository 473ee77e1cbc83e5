"""Marks as DICOM files: written into a folder that the reader chooses, found again among files that are opened."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clients.viewer.loading import SourceFailed
from clients.viewer.study import StudyDescription
from clients.viewer.viewport.corner_texts import person_name
from shared.contract.marks import AuthorMarks, ShownImage, StoredMark
from shared.dicomkit.headers import InstanceReference, PatientFacts, StudyFacts, write
from shared.dicomkit.marks import ImageFacts, MarksOfAuthor, author_in, marks_in, objects_of

if TYPE_CHECKING:
    from shared.imaging.header import ImageHeader

MOST_OBJECTS = 200


def export(
    study: StudyDescription,
    marks: Sequence[StoredMark],
    shown: Sequence[ShownImage],
    folder: Path,
    *,
    author: str,
    language: str,
    now: dt.datetime,
) -> list[Path]:
    """Presentation states and the report of a study's marks as files in ``folder``; returns them. Raises OSError."""
    images = {
        image.sop_instance_uid: _facts(study, series.series_uid, image)
        for series in study.series
        for image in series.images
    }
    version = int(now.timestamp()) - 1_700_000_000  # grows with time: the newest of several exports counts
    said = MarksOfAuthor(tuple(marks), tuple(shown), author, author or "local", version, language)
    patient = PatientFacts(
        study.patient_id,
        study.patient_name,
        _date(study.patient_birth_date),
        study.patient_sex if study.patient_sex in ("M", "F", "O") else "",
    )
    facts = StudyFacts(study.study_uid, study.accession_number, "", _moment(study), study.description)
    made = objects_of(patient, facts, images, said, made_at=now)
    return [write(one, folder / f"{one.Modality}_{one.InstanceNumber}.dcm") for one in made]


def _facts(study: StudyDescription, series_uid: str, image: ImageHeader) -> ImageFacts:
    frame, fmt = image.frames[0], image.pixel_format
    modality = frame.modality
    linear = not fmt.is_colour and modality.table is None
    return ImageFacts(
        InstanceReference(study.study_uid, series_uid, image.sop_class_uid, image.sop_instance_uid),
        fmt.rows,
        fmt.columns,
        frames=len(image.frames),
        is_colour=fmt.is_colour,
        rescale=(modality.slope, modality.intercept, modality.unit) if linear else None,
        spacing=(frame.spacing.row_mm, frame.spacing.column_mm) if frame.spacing.is_known else None,
        modality=image.modality_code,
    )


def found_in(source: Any, study: StudyDescription) -> tuple[AuthorMarks, ...]:
    """The newest marks of each author among a study's objects in files; what cannot be read is left out."""
    newest: dict[tuple[str, str], tuple[int, dict[str, StoredMark]]] = {}
    if not hasattr(source, "object"):
        return ()
    for one in [one for one in study.objects if one.modality in ("SR", "PR")][:MOST_OBJECTS]:
        try:
            ds = source.object(one.sop_instance_uid).header
        except SourceFailed:
            continue
        marks = marks_in(ds)
        if not marks:
            continue
        number = int(ds.get("InstanceNumber") or 0)
        version = number // 10 if one.modality == "PR" else number
        key = (author_in(ds), one.series_uid)
        known = newest.get(key, (-1, {}))
        if version > known[0]:
            newest[key] = (version, {mark.uid: mark for mark in marks})
        elif version == known[0]:
            known[1].update({mark.uid: mark for mark in marks})
    authors: dict[str, dict[str, StoredMark]] = {}
    for (author, _), (_, found) in newest.items():
        authors.setdefault(author, {}).update(found)
    return tuple(
        AuthorMarks(
            study_uid=study.study_uid,
            author_id=0,
            author_name=person_name(author) or "?",
            is_mine=False,
            version=1,
            saved_at=dt.datetime.now(dt.UTC),
            marks=tuple(found.values()),
        )
        for author, found in authors.items()
    )


def _date(text: str) -> dt.date | None:
    try:
        return dt.datetime.strptime(text, "%Y%m%d").date()
    except ValueError:
        return None


def _moment(study: StudyDescription) -> dt.datetime | None:
    try:
        return dt.datetime.strptime(study.study_date + study.study_time[:6].ljust(6, "0"), "%Y%m%d%H%M%S")
    except ValueError:
        return None
