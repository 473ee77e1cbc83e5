"""The images of a report are those of its exam: what the report itself left in the study is not counted."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from server.archive.tables import ImagePatient, Series, Study
from server.bootstrap import load_tables
from server.bootstrap.reporting import StudiesOfReports
from server.kernel.database import UnitOfWork
from shared.contract.archive import StudyRow
from tests.databases import KINDS, a_database

AT = dt.datetime(2026, 3, 2, 4, tzinfo=dt.UTC)


class Archive:
    """The archive's list of an exam's studies."""

    def list_exam_studies(self, uow: UnitOfWork, exam_id: int) -> tuple[StudyRow, ...]:
        rows = uow.session.query(Study).filter(Study.exam_id == exam_id).order_by(Study.id)
        return tuple(
            StudyRow(
                id=one.id,
                version=1,
                study_uid=one.uid,
                accession_number="",
                patient_id="",
                patient_name="",
                patient_sex="",
                patient_birth_date="",
                study_at=None,
                description="",
                modalities=(),
                series_count=1,
                instance_count=one.instance_count,
                calling_ae="CT1",
                received_at=AT,
                exam_id=exam_id,
                why_unmatched="",
            )
            for one in rows
        )


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_report_left_in_its_study_is_no_image(kind: str, tmp_path: Path) -> None:
    load_tables()
    with a_database(kind, tmp_path) as database:
        with database.write() as uow:
            patient = ImagePatient(identity="P1", patient_id="P1")
            uow.session.add(patient)
            uow.session.flush()
            for number, (exam, series) in enumerate(
                [
                    (7, [("CT", "CT1", 1, 300), ("SR", "MINGJING", 910, 2), ("DOC", "MINGJING", 920, 1)]),
                    (7, [("SR", "CT1", 910, 1), ("DOC", "MINGJING", 3, 1), ("CT", "MINGJING", 901, 4)]),
                    (8, [("KO", "MINGJING", 901, 1)]),
                ]
            ):
                study = Study(
                    uid=f"1.2.{number}",
                    image_patient_id=patient.id,
                    patient_id="P1",
                    exam_id=exam,
                    received_at=AT,
                    changed_at=AT,
                    instance_count=sum(count for *_rest, count in series),
                )
                uow.session.add(study)
                uow.session.flush()
                for place, (modality, sender, own_number, count) in enumerate(series):
                    uow.session.add(
                        Series(
                            uid=f"1.2.{number}.{place}",
                            study_pk=study.id,
                            modality=modality,
                            calling_ae=sender,
                            number=own_number,
                            instance_count=count,
                        )
                    )
        studies = StudiesOfReports(Archive(), "MINGJING")  # type: ignore[arg-type]
        with database.read() as uow:
            assert [one.instance_count for one in studies.list_exam_studies(uow, 7)] == [300, 6]
            assert [one.instance_count for one in studies.list_exam_studies(uow, 8)] == [0]
            assert studies.list_exam_studies(uow, 9) == ()
