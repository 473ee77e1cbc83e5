"""Traces: read, measured, judged, kept as received and in a few bytes; documents; what hostile files do."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from server.ecg.traces.facts import FilePatient
from server.ecg.traces.keeping import ARCHIVE_JOB, MEASURE_JOB, same_name
from server.ecg.traces.reading import File, Subject, Unreadable, take_in
from server.kernel.errors import Refusal
from server.kernel.jobs.tables import Job
from shared.contract import ecg
from shared.contract import ecg_acquisition as acquisition
from shared.contract.errors import ErrorCode
from shared.domain.ecg import EcgKind, ExamState, TraceSource
from shared.domain.states import Sex
from shared.waveform import compact, formats, kept
from shared.waveform.measuring import analyse
from tests import ecg_phantom, ecg_records
from tests.ecg_faults import faults, swapped
from tests.server.ecg.ecg_world import DOCTOR, OPERATOR, EcgWorld, a_file, a_record, upload_facts


def jobs(world: EcgWorld, kind: str) -> list[dict[str, Any]]:
    return world.read(lambda uow: [row.payload for row in uow.session.query(Job).filter(Job.kind == kind)])


def test_a_trace_is_measured_judged_and_given_without_loss(world_of_kind: EcgWorld) -> None:
    world = world_of_kind
    exam = world.registered()
    record = ecg_records.full()
    data = next(iter(formats.write(record, "scp").files.values()))
    result = world.upload(exam_id=exam.row.id, data=data, name="cart.scp")
    assert (result.exam_id, result.orphan_id, result.existed) == (exam.row.id, None, False)
    trace = result.trace
    assert (trace.format, trace.file_name, trace.source, trace.number) == ("scp", "cart.scp", TraceSource.FILE, 1)
    assert trace.values.hr_bpm == pytest.approx(72, abs=1) and trace.values.qrs_ms is not None
    assert trace.quality.passed and trace.file_statements and trace.suggestions
    assert trace.patient_differs, "the file names another patient than the exam"
    after = world.ask(DOCTOR, ecg.GetEcgExam(exam_id=exam.row.id))
    assert (after.row.state, after.row.trace_count, after.row.quality_passed) == (ExamState.ACQUIRED, 1, True)
    given = world.ask(DOCTOR, ecg.GetTrace(exam_id=exam.row.id))
    again = compact.unpack(given.data)
    read = formats.read(data)
    assert np.array_equal(again.samples, read.samples) and again.gain_uv == read.gain_uv
    assert kept.unpack(given.analysis, again).measurements == analyse(read).measurements
    (original,) = world.ask(DOCTOR, ecg.GetOriginal(trace_id=trace.id))
    assert (original.name, original.data) == ("cart.scp", data), "as received"
    assert [one["trace"] for one in jobs(world, ARCHIVE_JOB)] == [trace.id]
    with world.database.read() as uow:
        analysis = world.traces.service.analysis(uow, trace.id)
    assert analysis is not None and analysis.median is not None


def test_an_exam_without_a_trace_says_so(world: EcgWorld) -> None:
    exam = world.registered()
    with pytest.raises(Refusal) as refused:
        world.ask(DOCTOR, ecg.GetTrace(exam_id=exam.row.id))
    assert refused.value.body.code is ErrorCode.NOT_FOUND and "先采集" in refused.value.body.message


def test_a_second_trace_is_added_and_the_first_one_stays(world: EcgWorld) -> None:
    exam = world.registered()
    first = world.upload(exam_id=exam.row.id, data=a_file(1)).trace
    second = world.upload(exam_id=exam.row.id, data=a_file(2)).trace
    view = world.ask(DOCTOR, ecg.GetEcgExam(exam_id=exam.row.id))
    assert [(one.id, one.number, one.is_current) for one in view.traces] == [
        (first.id, 1, False),
        (second.id, 2, True),
    ]
    assert world.ask(DOCTOR, ecg.GetTrace(exam_id=exam.row.id)).trace.id == second.id
    back = world.ask(OPERATOR, ecg.UseTrace(trace_id=first.id))
    assert [one.is_current for one in back.traces] == [True, False]
    assert world.ask(DOCTOR, ecg.GetTrace(trace_id=second.id)).trace.number == 2


def test_the_same_recording_is_kept_once_whatever_file_it_comes_in(world: EcgWorld) -> None:
    exam = world.registered()
    record = a_record(7)
    one = world.upload(exam_id=exam.row.id, data=next(iter(formats.write(record, "dicom").files.values())))
    packed = compact.pack(formats.read(next(iter(formats.write(record, "dicom").files.values()))))
    two = world.upload(exam_id=exam.row.id, data=packed, name="line.mje")
    assert two.existed and two.trace.id == one.trace.id
    assert world.ask(DOCTOR, ecg.GetEcgExam(exam_id=exam.row.id)).row.trace_count == 1


def test_the_verdict_says_what_to_do(world: EcgWorld) -> None:
    exam = world.registered()
    bad = faults()["too short"](a_record(3), np.random.default_rng(1))
    packed = compact.pack(bad)
    result = world.upload(exam_id=exam.row.id, data=packed)
    assert not result.trace.quality.passed
    (finding,) = [one for one in result.trace.quality.findings if one.fault == "too_short"]
    assert finding.severity == "fail" and "重新采集" in finding.zh
    assert world.ask(DOCTOR, ecg.ListEcgExams(quality_passed=False)).total == 1


def test_a_record_packed_for_the_line_keeps_the_devices_file_beside_it(world: EcgWorld) -> None:
    exam = world.registered()
    original = a_file(5)
    packed = compact.pack(formats.read(original))
    import hashlib

    parts = tuple(
        acquisition.UploadPart(name=name, size_bytes=len(data), sha256=hashlib.sha256(data).hexdigest())
        for name, data in (("a.mje", packed), ("a.dcm", original))
    )
    facts = acquisition.UploadFacts(parts=parts, exam_id=exam.row.id, source=TraceSource.LINE)
    result = world.ask(OPERATOR, acquisition.AddTrace(key="c" * 32, facts=facts, data=packed + original))
    assert (result.trace.format, result.trace.file_name, result.trace.source) == ("dicom", "a.dcm", TraceSource.LINE)
    files = world.ask(DOCTOR, ecg.GetOriginal(trace_id=result.trace.id))
    assert [one.data for one in files] == [packed, original]
    assert world.ask(DOCTOR, ecg.GetTrace(exam_id=exam.row.id)).data == packed


def test_files_of_several_parts_are_read_together() -> None:
    made = formats.write(a_record(4), "wfdb", "rec").files
    assert len(made) >= 2
    taken = take_in([File(name, data) for name, data in made.items()], None, None)  # type: ignore[arg-type]
    assert taken.format == "wfdb" and taken.record.leads[:2] == ("I", "II")


@pytest.mark.parametrize(
    "data",
    [b"", b"no ECG at all", b"MJE1" + b"\xff" * 40, b"%PDF-1.4 nothing", b"\x00" * 4096, b"<?xml version='1.0'?><a/>"],
)
def test_what_is_no_ecg_is_refused_with_a_sentence(data: bytes) -> None:
    with pytest.raises(Unreadable, match="。"):
        take_in([File("x", data)], None, None)  # type: ignore[arg-type]


def test_damaged_files_never_do_more_than_be_refused() -> None:
    random = np.random.default_rng(11)
    data = a_file(1)
    for _ in range(8):
        hurt = bytearray(data)
        for place in random.integers(0, len(hurt), 30):
            hurt[place] = int(random.integers(0, 256))
        try:
            take_in([File("x.dcm", bytes(hurt[: int(random.integers(100, len(hurt)))]))], None, None)  # type: ignore[arg-type]
        except Unreadable as fault:
            assert str(fault)


def test_rules_go_by_the_patient_as_registered(world: EcgWorld) -> None:
    child = take_in([File("x", a_file(1))], Subject(Sex.MALE, 5.0), world.clock.now())
    adult = take_in([File("x", a_file(1))], Subject(Sex.MALE, 60.0), world.clock.now())
    assert len(child.facts.suggestions) <= len(adult.facts.suggestions)
    assert {one.code for one in child.facts.suggestions} <= {one.code for one in adult.facts.suggestions}


def test_a_long_record_is_measured_later(world: EcgWorld) -> None:
    exam = world.registered(kind=EcgKind.HOLTER)
    result = world.upload(exam_id=exam.row.id, data=compact.pack(ecg_records.twelve_leads(130.0, 100.0)))
    assert result.trace.values.hr_bpm is None and not result.trace.is_measured
    assert world.ask(DOCTOR, ecg.GetTrace(exam_id=exam.row.id)).analysis == b""
    assert [one["trace"] for one in jobs(world, MEASURE_JOB)] == [result.trace.id]


def test_a_holter_report_makes_the_exam_acquired(world: EcgWorld) -> None:
    exam = world.registered(kind=EcgKind.HOLTER)
    pdf = b"%PDF-1.4\n1 0 obj\nendobj\ntrailer\n%%EOF\n"
    order = ecg.AttachDocument(exam_id=exam.row.id, title="动态心电图报告", file_name="holter.pdf", data=pdf)
    view = world.ask(OPERATOR, order)
    assert world.ask(OPERATOR, order).id == view.id, "the same bytes are kept once"
    after = world.ask(DOCTOR, ecg.GetEcgExam(exam_id=exam.row.id))
    assert after.row.state is ExamState.ACQUIRED and [one.title for one in after.documents] == ["动态心电图报告"]
    assert world.ask(DOCTOR, ecg.GetDocument(document_id=view.id)).data == pdf
    with pytest.raises(Refusal, match="PDF"):
        world.ask(OPERATOR, ecg.AttachDocument(exam_id=exam.row.id, title="", file_name="x.exe", data=b"MZ" * 100))
    plain = world.registered("乙")
    world.ask(OPERATOR, ecg.AttachDocument(exam_id=plain.row.id, title="旧图", file_name="a.pdf", data=pdf))
    assert world.ask(DOCTOR, ecg.GetEcgExam(exam_id=plain.row.id)).row.state is ExamState.AWAITING


def test_those_who_follow_traces_are_told(world: EcgWorld) -> None:
    told: list[tuple[int, int]] = []
    world.traces.service.watchers.append(lambda _uow, _caller, exam_id, trace: told.append((exam_id, trace.id)))
    exam = world.registered()
    result = world.upload(exam_id=exam.row.id)
    assert told == [(exam.row.id, result.trace.id)]


def test_names_are_compared_as_people_write_them() -> None:
    assert (
        same_name("张三丰", "张 三丰") and same_name("Zhang Sanfeng", "张三丰") and same_name("Sanfeng Zhang", "张三丰")
    )
    assert not same_name("李四", "张三丰") and not same_name("", "张三丰")
    assert FilePatient().name == ""


def test_an_exam_of_another_hospital_keeps_its_traces(world: EcgWorld) -> None:
    from tests.server.ecg.ecg_world import caller

    clinic = world.second_campus()
    nurse = caller(20, "护士", "ecg_operator", campus_ids=(clinic,))
    exam = world.acquired()
    trace = world.ask(DOCTOR, ecg.GetTrace(exam_id=exam.row.id)).trace
    for request in (ecg.GetTrace(exam_id=exam.row.id), ecg.GetTrace(trace_id=trace.id)):
        with pytest.raises(Refusal) as refused:
            world.ask(nurse, request)
        assert refused.value.body.code is ErrorCode.NOT_FOUND
    data = a_file(9)
    facts = upload_facts("x.dcm", data, exam_id=exam.row.id)
    with pytest.raises(Refusal):
        world.ask(nurse, acquisition.AddTrace(key="d" * 32, facts=facts, data=data))


def test_electrodes_exchanged_since_the_last_record_are_noticed(world: EcgWorld) -> None:
    """Either may have been taken wrongly: here the first, whose exchange shows by itself, and the second is right."""
    right, _truth = ecg_phantom.twelve_leads()
    first = world.registered("李四")
    assert found_in(world, first, swapped(right, "LA-LL"))["limb_swap"].severity == "fail"
    other = world.registered("张三")
    assert "limb_swap" not in found_in(world, other, right), "nobody else's record is compared with"
    second = world.registered("李四", patient_id=first.row.patient_id)
    assert second.row.patient_id == first.row.patient_id
    finding = found_in(world, second, right)["limb_swap"]
    assert finding.severity == "warn" and "上次" in finding.zh and "LA" in finding.zh


def found_in(world: EcgWorld, exam: ecg.EcgExamView, record: Any) -> dict[str, ecg.QualityFinding]:
    """What the gate says of a record of this exam, by fault."""
    data = next(iter(formats.write(record, "dicom").files.values()))
    quality = world.upload(exam_id=exam.row.id, data=data).trace.quality
    return {one.fault: one for one in quality.findings}
