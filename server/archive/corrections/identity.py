"""Gives studies and series of the index another identity: columns, keys for searching, patient, overlay."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.archive.corrections import rules
from server.archive.corrections.journal import Journal
from server.archive.corrections.rules import Values
from server.archive.name_index import NameIndex
from server.archive.rows import name_columns
from server.archive.rules import number_of
from server.archive.tables import ImagePatient, Series, Study


def identity_of(study: Study) -> dict[int, str]:
    """What the index says of a study and its patient, by tag."""
    return {tag: str(getattr(study, column) or "") for tag, column in rules.STUDY_COLUMNS.items()}


def patient_of(study: Study) -> dict[int, str]:
    """The patient's part of it."""
    return {tag: value for tag, value in identity_of(study).items() if tag in rules.PATIENT_TAGS}


def put_on_study(journal: Journal, session: Session, study: Study, values: Mapping[int, str], mark: Values) -> None:
    """Correct a study: its overlay, its columns, its patient; series that came from elsewhere follow."""
    columns: dict[str, Any] = {rules.STUDY_COLUMNS[tag]: value for tag, value in values.items()}
    if 0x00100010 in values:
        columns |= name_columns(values[0x00100010])
        keys = (columns["name_key"], columns["ideographic_key"], columns["phonetic_key"])
        NameIndex().add(session, keys)
    overlay = {**rules.unpacked(study.correction), **values, **mark}
    journal.set(study, **columns, correction=rules.packed(overlay))
    if rules.PATIENT_TAGS & set(values):
        _give_patient(journal, session, study)
    for series in session.execute(select(Series).where(Series.study_pk == study.id)).scalars():
        own = rules.unpacked(series.correction)
        shadowing = set(own) & set(values)
        if shadowing:
            journal.set(series, correction=rules.packed({**own, **{tag: values[tag] for tag in shadowing}, **mark}))
    study.touch()


def put_on_series(journal: Journal, series: Series, values: Mapping[int, str], mark: Values) -> None:
    """Correct a series: its overlay and its columns."""
    columns: dict[str, Any] = {
        rules.SERIES_COLUMNS[tag]: number_of(value) if tag == 0x00200011 else value for tag, value in values.items()
    }
    overlay = {**rules.unpacked(series.correction), **values, **mark}
    journal.set(series, **columns, correction=rules.packed(overlay))


def put_into_study(journal: Journal, series: Series, study: Study, mark: Values) -> None:
    """A series becomes one of `study`: its objects leave with the study's UID and identity."""
    own = rules.unpacked(series.correction)
    overlay = {**own, **identity_of(study), rules.STUDY_UID: study.uid, **mark}
    journal.set(series, study_pk=study.id, correction=rules.packed(overlay))


def mark_referring(journal: Journal, series: Series, at: datetime, source: str) -> None:
    """Objects of this series name others that were moved: let their references be resolved as they leave."""
    own = rules.unpacked(series.correction)
    if rules.REFERENCES not in own:
        overlay = rules.marked({**own, rules.REFERENCES: ""}, at, source)
        journal.set(series, correction=rules.packed(overlay))


def _give_patient(journal: Journal, session: Session, study: Study) -> None:
    """Let the study belong to the patient whom its columns name; a patient without studies goes."""
    identity = f"{study.patient_id}\n{study.issuer}" if study.patient_id else f"\n\n{study.uid}"
    session.flush()
    found = session.execute(select(ImagePatient).where(ImagePatient.identity == identity)).scalar_one_or_none()
    person = {
        "name": study.patient_name,
        "name_key": study.name_key,
        "ideographic_key": study.ideographic_key,
        "phonetic_key": study.phonetic_key,
        "birth_date": study.birth_date,
        "sex": study.sex,
    }
    if found is None:
        found = ImagePatient(identity=identity, patient_id=study.patient_id, issuer=study.issuer, **person)
        session.add(found)
        session.flush()
        journal.created(found)
    else:
        journal.set(found, **person)  # the corrected study knows best
    old_id = study.image_patient_id
    if old_id == found.id:
        return
    journal.set(study, image_patient_id=found.id)
    session.flush()
    left = session.execute(select(func.count()).where(Study.image_patient_id == old_id)).scalar_one()
    if not left:
        journal.delete(session.get_one(ImagePatient, old_id))
