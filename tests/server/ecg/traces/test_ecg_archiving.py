"""Objects of traces and documents: what the jobs hand to the archive, and that it can be begun again."""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from server.ecg.traces.archiving import TraceMaker
from server.ecg.traces.ports import NotYet
from server.kernel.jobs import JobContext, JobRetry
from shared.contract import ecg
from shared.domain.ecg import EcgKind
from shared.domain.states import Sex
from shared.waveform import compact, formats
from shared.waveform.record import EcgRecord
from tests import ecg_records
from tests.server.ecg.ecg_world import DOCTOR, OPERATOR, EcgWorld, a_record


class Archive:
    """Keeps what it is given; `waits` lets it refuse so often."""

    def __init__(self, waits: int = 0) -> None:
        self.objects: dict[str, Any] = {}
        self.waits = waits

    def store(self, made: Any) -> None:
        if self.waits:
            self.waits -= 1
            raise NotYet("存档忙。")
        self.objects[str(made.SOPInstanceUID)] = made

    def holds(self, sop_uids: Sequence[str]) -> bool:
        return all(uid in self.objects for uid in sop_uids)


def maker(world: EcgWorld, archive: Archive) -> TraceMaker:
    rooms = world.traces
    return TraceMaker(
        world.database,
        rooms.service,
        rooms.keeping,
        rooms.documents,
        world.service,
        rooms.studies,
        archive,
        world.time,
    )


def job(world: EcgWorld, **payload: Any) -> JobContext:
    return JobContext(world.database, 1, payload, threading.Event())


def wide() -> EcgRecord:
    """Eighteen leads: no 12-lead object."""
    plain = ecg_records.full()
    more = ("V7", "V8", "V9", "V3R", "V4R", "V5R")
    samples = np.vstack([plain.samples, plain.samples[:6]])
    return replace(
        plain,
        leads=plain.leads + more,
        samples=samples,
        gain_uv=plain.gain_uv + plain.gain_uv[:6],
        baseline=plain.baseline + plain.baseline[:6],
        median=None,
        annotations=(),
    )


@pytest.mark.parametrize(
    ("record", "sop_class"),
    [
        (ecg_records.full(), "1.2.840.10008.5.1.4.1.1.9.1.1"),
        (replace(a_record(1), started=None), "1.2.840.10008.5.1.4.1.1.9.1.1"),
        (wide(), "1.2.840.10008.5.1.4.1.1.9.1.2"),
        (ecg_records.twelve_leads(10.0, 125.0), "1.2.840.10008.5.1.4.1.1.9.1.3"),
        (ecg_records.twelve_leads(1.0, 2000.0), "1.2.840.10008.5.1.4.1.1.9.1.4"),
    ],
)
def test_the_object_is_of_the_right_class_and_says_whose_it_is(
    world: EcgWorld, tmp_path: Path, record: EcgRecord, sop_class: str
) -> None:
    exam = world.registered("欧阳雪", sex=Sex.FEMALE, age="45", request_number="REQ1", doctor="Dr House")
    trace = world.upload(exam_id=exam.row.id, data=compact.pack(record)).trace
    archive = Archive()
    assert maker(world, archive).make(job(world, trace=trace.id)) == "One object made."
    ((uid, made),) = archive.objects.items()
    view = world.ask(DOCTOR, ecg.GetEcgExam(exam_id=exam.row.id))
    assert (view.traces[0].sop_uid, view.traces[0].sop_class, made.SOPClassUID) == (uid, sop_class, sop_class)
    assert (made.StudyInstanceUID, made.AccessionNumber) == (exam.row.study_uid, exam.row.accession_number)
    assert str(made.PatientName) == "Ouyang^Xue=欧阳^雪" and (made.PatientSex, made.PatientAge) == ("F", "045Y")
    path = tmp_path / "made.dcm"
    made.save_as(path, enforce_file_format=True)
    if shutil.which("dciodvfy") and not sop_class.endswith("9.1.4"):  # the validator does not know 32-bit ECG
        said = subprocess.run(["dciodvfy", "-new", str(path)], capture_output=True, text=True, check=False).stderr
        assert "Error" not in said and "Warning" not in said, said
    back = formats.read(path)
    assert np.array_equal(back.samples, record.samples) and back.sampling_hz == record.sampling_hz
    assert maker(world, archive).make(job(world, trace=trace.id)) == "Nothing to do."


def test_a_name_of_one_word_is_no_retired_form(world: EcgWorld) -> None:
    exam = world.registered("Pele", sex=Sex.MALE)
    trace = world.upload(exam_id=exam.row.id).trace
    archive = Archive()
    maker(world, archive).make(job(world, trace=trace.id))
    ((_uid, made),) = archive.objects.items()
    assert str(made.PatientName) == "Pele^"


def test_an_archive_that_is_away_is_asked_again_and_gets_one_object(world: EcgWorld) -> None:
    trace = world.upload(exam_id=world.registered().row.id).trace
    archive = Archive(waits=1)
    with pytest.raises(JobRetry):
        maker(world, archive).make(job(world, trace=trace.id))
    maker(world, archive).make(job(world, trace=trace.id))
    assert len(archive.objects) == 1


def test_a_trace_taken_again_is_a_further_series_of_the_study(world: EcgWorld) -> None:
    exam = world.registered()
    archive = Archive()
    for seed in (1, 2):
        trace = world.upload(exam_id=exam.row.id, data=compact.pack(a_record(seed))).trace
        maker(world, archive).make(job(world, trace=trace.id))
    made = list(archive.objects.values())
    assert len({one.StudyInstanceUID for one in made}) == 1 and len({one.SeriesInstanceUID for one in made}) == 2
    assert [one.SeriesNumber for one in made] == [961, 962]


def test_an_orphan_goes_to_the_archive_when_it_found_its_exam(world: EcgWorld) -> None:
    lost = world.upload(data=compact.pack(a_record(1)))
    archive = Archive()
    assert maker(world, archive).make(job(world, trace=lost.trace.id)) == "Nothing to do."
    exam = world.registered()
    world.upload(exam_id=exam.row.id, data=compact.pack(a_record(1)))
    assert maker(world, archive).make(job(world, trace=lost.trace.id)) == "One object made."
    again = maker(world, archive).measure(job(world, trace=lost.trace.id, again=True))
    assert again == "Measured.", "rules go by the patient that it was found to be of"


def test_a_long_record_gets_its_values_from_the_job(world: EcgWorld) -> None:
    told: list[int] = []
    world.traces.service.watchers.append(lambda _uow, _caller, exam_id, _trace: told.append(exam_id))
    exam = world.registered(kind=EcgKind.HOLTER)
    result = world.upload(exam_id=exam.row.id, data=compact.pack(ecg_records.twelve_leads(125.0, 125.0)))
    assert not told and world.ask(DOCTOR, ecg.GetEcgExam(exam_id=exam.row.id)).row.quality_passed is None
    work = maker(world, Archive())
    assert work.measure(job(world, trace=result.trace.id)) == "Measured."
    given = world.ask(DOCTOR, ecg.GetTrace(exam_id=exam.row.id))
    assert given.trace.is_measured and given.trace.values.hr_bpm == pytest.approx(72, abs=1) and given.analysis
    assert told == [exam.row.id] and work.measure(job(world, trace=result.trace.id)) == "Nothing to do."


def test_a_document_becomes_an_encapsulated_pdf(world: EcgWorld) -> None:
    exam = world.registered(kind=EcgKind.STRESS)
    pdf = b"%PDF-1.4\n1 0 obj\nendobj\ntrailer\n%%EOF\n"
    order = ecg.AttachDocument(exam_id=exam.row.id, title="运动试验报告", file_name="a.pdf", data=pdf)
    document = world.ask(OPERATOR, order)
    archive = Archive()
    maker(world, archive).make_document(job(world, document=document.id))
    ((uid, made),) = archive.objects.items()
    (view,) = world.ask(DOCTOR, ecg.GetEcgExam(exam_id=exam.row.id)).documents
    assert view.sop_uid == uid and made.StudyInstanceUID == exam.row.study_uid
    assert bytes(made.EncapsulatedDocument).startswith(pdf)
    again = Archive()
    assert maker(world, again).make_document(job(world, document=document.id)) == "Nothing to do." and not again.objects
