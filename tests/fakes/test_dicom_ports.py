"""The fakes behind the DICOM door keep what the ports promise."""

from __future__ import annotations

from pathlib import Path

import pytest

from server.doors.dicom.part10 import dataset_of, read_meta
from server.doors.dicom.ports import (
    Level,
    Model,
    ObjectReference,
    ProcedureStep,
    QueryRequest,
    ReceivedObject,
    Refused,
    RetrieveRequest,
    StepAlreadyFinal,
    StoreOutcome,
)
from tests.fakes.dicom_objects import patient_rows, stored_objects, worklist_item
from tests.fakes.dicom_ports import FakeHospital, FolderSink, folder_ports, matches


def an_object(uid: str = "1.2.3", data: bytes = b"data") -> ReceivedObject:
    return ReceivedObject("1.2", uid, "1.2.840.10008.1.2", "A", "B", "127.0.0.1", len(data), memoryview(data))


@pytest.mark.parametrize(
    ("wanted", "value", "is_date", "expected"),
    [
        ("", "x", False, True),
        ("*", "x", False, True),
        ("W*", "wang", False, True),
        ("?ang", "wang", False, True),
        ("王*", "Wang=王^五", False, True),
        ("1.2\\1.3", "1.3", False, True),
        ("1.2\\1.3", "1.4", False, False),
        ("20240101-", "20240315", True, True),
        ("-20240101", "20240315", True, False),
        ("[a]", "a", False, False),
    ],
)
def test_matching(wanted: str, value: str, is_date: bool, expected: bool) -> None:
    assert matches(wanted, value, is_date=is_date) is expected


def test_the_archive_keeps_refuses_and_commits() -> None:
    archive = FakeHospital().archive
    archive.refuse["1.9"] = StoreOutcome.refused(0xA700, "full")
    assert archive.receive(an_object()).status == 0
    assert archive.receive(an_object("1.9")).status == 0xA700
    known, unknown = ObjectReference("1.2", "1.2.3"), ObjectReference("1.2", "1.9")
    other_class = ObjectReference("1.5", "1.2.3")
    failures = archive.check([known, unknown, other_class], "A")
    assert [(f.reference, f.reason) for f in failures] == [(unknown, 0x0112), (other_class, 0x0119)]


def test_the_query_gives_one_answer_per_entity() -> None:
    query = FakeHospital().query
    query.rows = patient_rows()

    def count(level: Level, keys: dict[int, str]) -> int:
        return len(list(query.find(QueryRequest(Model.STUDY_ROOT, level, keys, "A"))))

    assert count(Level.STUDY, {}) == 3
    assert count(Level.SERIES, {0x0020000D: "1.2.3.1"}) == 2
    assert count(Level.IMAGE, {}) == 9
    assert query.closed == 3


def test_the_retrieve_finds_by_unique_keys(tmp_path: Path) -> None:
    retrieve = FakeHospital().retrieve
    retrieve.stored = stored_objects(tmp_path)
    retrieve.broken = {"1.2.3.1.1.1"}
    found = retrieve.objects(RetrieveRequest(Model.STUDY_ROOT, Level.STUDY, "", ("1.2.3.1",), (), (), "A"))
    assert len(found) == 3
    with pytest.raises(OSError, match="gone"), found[0].open():
        pass
    with found[1].open() as data:
        assert bytes(data) == retrieve.stored[1].data


def test_the_worklist_matches_inside_the_step() -> None:
    worklist = FakeHospital().worklist
    worklist.items = [worklist_item("A1", "CT"), worklist_item("A2", "MR")]
    found = list(worklist.find({0x00400100: [{0x00080060: "MR"}], 0x00100010: ""}, "CT1"))
    assert [item[0x00080050] for item in found] == ["A2"]


def test_steps_follow_their_life() -> None:
    steps = FakeHospital().steps
    step = ProcedureStep("1.2", {0x00400252: "IN PROGRESS"}, "CT1", "127.0.0.1")
    steps.create(step)
    with pytest.raises(Refused):
        steps.create(step)
    steps.set(ProcedureStep("1.2", {0x00400252: "COMPLETED"}, "CT1", "127.0.0.1"))
    with pytest.raises(StepAlreadyFinal):
        steps.set(step)


def test_the_folder_sink_writes_part_10_files(tmp_path: Path) -> None:
    assert FolderSink(tmp_path).receive(an_object()).status == 0
    (file,) = tmp_path.rglob("*.dcm")
    meta = read_meta(file.read_bytes())
    assert (meta.sop_class_uid, meta.sop_instance_uid) == ("1.2", "1.2.3")
    assert bytes(dataset_of(file.read_bytes())) == b"data"
    assert folder_ports({"folder": str(tmp_path)}).objects is not None
