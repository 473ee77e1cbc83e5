"""Devices, tasks, uploads that resume, orphans: ECG-SM-ACQ and EX-ECG-13."""

from __future__ import annotations

import os
import secrets
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier
from typing import Any

import pytest

from server.kernel.errors import Refusal
from shared.contract import ecg
from shared.contract import ecg_acquisition as acquisition
from shared.contract.errors import ErrorCode
from shared.domain.ecg import (
    TASK_TRANSITIONS,
    DeviceState,
    ExamState,
    OrphanState,
    TaskAction,
    TaskState,
    TraceSource,
)
from shared.domain.states import Sex
from shared.waveform import compact
from shared.waveform.record import EcgPatient
from tests.server.ecg.ecg_world import (
    ADMIN,
    DOCTOR,
    OPERATOR,
    STATION,
    EcgWorld,
    a_file,
    a_record,
    caller,
    upload_facts,
)

OTHER = caller(12, "另一采集员", "ecg_operator", station="ECG-PC-2")


def refused(world: EcgWorld, who: Any, request: Any) -> Any:
    with pytest.raises(Refusal) as caught:
        world.ask(who, request)
    return caught.value.body


def state(world: EcgWorld, exam_id: int) -> ExamState:
    return world.ask(DOCTOR, ecg.GetEcgExam(exam_id=exam_id)).row.state


def test_a_workstation_without_a_device_says_how_to_bind_one(world: EcgWorld) -> None:
    exam = world.registered()
    view = world.ask(OPERATOR, acquisition.GetAcquisition(exam_id=exam.row.id))
    assert (view.state, view.device, view.can_start) == (DeviceState.UNBOUND, None, False)
    assert "绑定" in view.sentence
    assert refused(world, OPERATOR, acquisition.StartTask(exam_id=exam.row.id)).state == "unbound"


def test_devices_are_named_once_and_bound_to_workstations(world: EcgWorld) -> None:
    device = world.device("SN1", settings={"folder": "D:/ecg"})
    assert (device.stations, device.state, device.entry.settings) == (
        (STATION,),
        DeviceState.IDLE,
        {"folder": "D:/ecg"},
    )
    again = acquisition.SaveEcgDevice(entry=acquisition.EcgDeviceEntry(serial=" SN1 "))
    assert refused(world, ADMIN, again).code is ErrorCode.DUPLICATE
    assert refused(world, ADMIN, acquisition.SaveEcgDevice(entry=acquisition.EcgDeviceEntry(serial=""))).field
    other = world.device("SN2")
    listed = {one.entry.serial: one.stations for one in world.ask(DOCTOR, acquisition.ListEcgDevices())}
    assert listed == {"SN1": (), "SN2": (STATION,)}, "a workstation has one device"
    world.ask(ADMIN, acquisition.UnbindStation(station=STATION))
    assert world.ask(DOCTOR, acquisition.ListEcgDevices())[1].stations == ()
    off = acquisition.SaveEcgDevice(
        device_id=other.id, version=world.ask(DOCTOR, acquisition.ListEcgDevices())[1].version,
        entry=acquisition.EcgDeviceEntry(serial="SN2", is_active=False),
    )  # fmt: skip
    assert world.ask(ADMIN, off).state is DeviceState.DISABLED
    assert len(world.ask(DOCTOR, acquisition.ListEcgDevices())) == 1


def test_the_device_uploads_into_the_exam_whose_task_is_open(world_of_kind: EcgWorld) -> None:
    world = world_of_kind
    device = world.device("SN1")
    exam, stranger = world.registered("王小明"), world.registered("张三丰")
    idle = world.ask(OPERATOR, acquisition.GetAcquisition(exam_id=exam.row.id))
    assert (idle.state, idle.can_start, idle.sentence) == (DeviceState.IDLE, True, "")
    view = world.ask(OPERATOR, acquisition.StartTask(exam_id=exam.row.id))
    assert view.state is DeviceState.ACQUIRING and view.task is not None
    assert world.ask(OPERATOR, acquisition.StartTask(exam_id=exam.row.id)).task == view.task, "it is open already"
    named = replace(a_record(1), patient=EcgPatient(name="张三丰", identifier=stranger.row.patient_number))
    result = world.upload(data=compact.pack(named), device_serial="SN1", source=TraceSource.DEVICE)
    assert result.exam_id == exam.row.id, "by the task, never by the name in the file"
    assert result.trace.patient_differs and result.task is not None and result.task.state is TaskState.SUCCEEDED
    after = world.ask(OPERATOR, acquisition.GetAcquisition(exam_id=exam.row.id))
    assert (after.state, after.can_start) == (DeviceState.SUCCEEDED, True)
    assert (state(world, exam.row.id), state(world, stranger.row.id)) == (ExamState.ACQUIRED, ExamState.AWAITING)
    assert world.ask(DOCTOR, acquisition.ListEcgDevices())[0].state is DeviceState.IDLE
    again = world.ask(OPERATOR, acquisition.StartTask(exam_id=exam.row.id))
    assert again.task is not None and again.task.id != view.task.id, "the trace can be taken again"
    taken = world.upload(data=a_file(2), task_id=again.task.id)
    assert taken.trace.number == 2 and device.id == again.task.device_id


def test_an_occupied_device_names_who_holds_it_and_can_be_freed(world: EcgWorld) -> None:
    world.device("SN1")
    world.ask(ADMIN, acquisition.BindStation(station="ECG-PC-2", device_id=1))
    first, second = world.registered("甲"), world.registered("乙")
    task = world.ask(OPERATOR, acquisition.StartTask(exam_id=first.row.id)).task
    assert task is not None
    seen = world.ask(OTHER, acquisition.GetAcquisition(exam_id=second.row.id))
    assert (seen.state, seen.can_start) == (DeviceState.OCCUPIED, False)
    assert "甲" in seen.sentence and "终止采集" in seen.sentence and seen.task is not None and seen.task.id == task.id
    body = refused(world, OTHER, acquisition.StartTask(exam_id=second.row.id))
    assert (body.code, body.holder) == (ErrorCode.HELD_BY_OTHER, "甲")
    stopped = world.ask(OTHER, acquisition.StopTask(task_id=task.id, reason="患者已离开"))
    assert stopped.task is not None and stopped.task.state is TaskState.STOPPED
    world.ask(OTHER, acquisition.StopTask(task_id=task.id))
    assert state(world, first.row.id) is ExamState.AWAITING
    assert world.ask(OTHER, acquisition.StartTask(exam_id=second.row.id)).state is DeviceState.ACQUIRING
    late = world.upload(data=a_file(3), task_id=task.id)
    assert late.orphan_id is not None and late.exam_id is None, "what comes after the task is kept, not guessed"


def test_errors_and_time_outs_leave_the_task_open(world: EcgWorld) -> None:
    world.device("SN1", task_minutes=5)
    exam = world.registered()
    task = world.ask(OPERATOR, acquisition.StartTask(exam_id=exam.row.id)).task
    assert task is not None
    key = secrets.token_hex(16)
    junk = b"not an ECG"
    order = acquisition.AddTrace(key=key, facts=upload_facts("x.scp", junk, device_serial="SN1"), data=junk)
    assert "不是可读的心电图" in refused(world, OPERATOR, order).message
    seen = world.ask(OPERATOR, acquisition.GetAcquisition(exam_id=exam.row.id)).task
    assert seen is not None and seen.state is TaskState.OPEN and "不是可读的心电图" in seen.error
    failed = world.ask(OPERATOR, acquisition.FailTask(task_id=task.id, error="串口断开")).task
    assert failed is not None and (failed.error, failed.timed_out) == ("串口断开", False)
    world.clock.forward(minutes=6)
    late = world.ask(OPERATOR, acquisition.GetAcquisition(exam_id=exam.row.id)).task
    assert late is not None and late.timed_out and late.state is TaskState.OPEN
    retried = world.ask(OPERATOR, acquisition.RetryTask(task_id=task.id)).task
    assert retried is not None and (retried.error, retried.timed_out) == ("", False)
    assert world.upload(data=a_file(1), device_serial="SN1").exam_id == exam.row.id
    assert refused(world, OPERATOR, acquisition.RetryTask(task_id=task.id)).code is ErrorCode.ILLEGAL_ACTION
    assert {state for state, action in TASK_TRANSITIONS if action is TaskAction.FAIL} == {TaskState.OPEN}


def test_a_cart_that_names_the_exam_itself_ends_the_task_too(world: EcgWorld) -> None:
    world.device("SN1")
    exam = world.registered()
    world.ask(OPERATOR, acquisition.StartTask(exam_id=exam.row.id))
    by_hand = world.upload(data=a_file(1), exam_id=exam.row.id)
    assert by_hand.task is None, "a file chosen on the reading page is not the device's"
    sent = world.upload(data=a_file(2), request_number=exam.row.accession_number, source=TraceSource.DICOM)
    assert sent.task is not None and sent.task.state is TaskState.SUCCEEDED
    assert world.ask(DOCTOR, acquisition.ListEcgDevices())[0].state is DeviceState.IDLE


def test_cancelling_the_registration_frees_the_device(world: EcgWorld) -> None:
    world.device("SN1")
    exam = world.registered()
    world.ask(OPERATOR, acquisition.StartTask(exam_id=exam.row.id))
    version = world.ask(DOCTOR, ecg.GetEcgExam(exam_id=exam.row.id)).row.version
    world.ask(OPERATOR, ecg.CancelEcgExam(exam_id=exam.row.id, version=version, reason="患者离开"))
    assert world.ask(DOCTOR, acquisition.ListEcgDevices())[0].state is DeviceState.IDLE
    gone = world.ask(OPERATOR, acquisition.GetAcquisition(exam_id=exam.row.id))
    assert not gone.can_start and "已取消" in gone.sentence


def test_an_upload_resumes_where_it_ended_and_is_kept_once(world: EcgWorld) -> None:
    exam = world.registered()
    data, key = a_file(1), secrets.token_hex(16)
    facts = upload_facts("a.dcm", data, exam_id=exam.row.id)
    assert world.ask(OPERATOR, acquisition.BeginUpload(key=key, facts=facts)).offset == 0
    half = len(data) // 2
    sent = world.ask(OPERATOR, acquisition.AppendUpload(key=key, offset=0, data=data[:half]))
    assert sent.offset == half
    assert world.ask(OPERATOR, acquisition.AppendUpload(key=key, offset=0, data=data[:half])).offset == half
    assert refused(world, OPERATOR, acquisition.FinishUpload(key=key)).state == "incomplete"
    resumed = world.ask(OPERATOR, acquisition.BeginUpload(key=key, facts=facts))
    assert (resumed.offset, resumed.result) == (half, None)
    world.ask(OPERATOR, acquisition.AppendUpload(key=key, offset=half, data=data[half:]))
    result = world.ask(OPERATOR, acquisition.FinishUpload(key=key))
    assert result.exam_id == exam.row.id and not result.existed
    for again in (
        world.ask(OPERATOR, acquisition.FinishUpload(key=key)),
        world.ask(OPERATOR, acquisition.BeginUpload(key=key, facts=facts)).result,
        world.ask(OPERATOR, acquisition.AddTrace(key=key, facts=facts, data=data)),
        world.ask(OPERATOR, acquisition.AppendUpload(key=key, offset=3, data=b"x")).result,
    ):
        assert again is not None and again.trace.id == result.trace.id
    twice = world.upload(data=data, exam_id=exam.row.id)
    assert twice.existed and twice.trace.id == result.trace.id, "the same file under another key"
    assert world.ask(DOCTOR, ecg.GetEcgExam(exam_id=exam.row.id)).row.trace_count == 1
    world.ask(OPERATOR, acquisition.DropUpload(key=key))
    assert world.ask(OPERATOR, acquisition.FinishUpload(key=key)).trace.id == result.trace.id


def test_bytes_that_were_hurt_on_the_way_are_sent_again(world: EcgWorld) -> None:
    exam = world.registered()
    data, key = a_file(1), secrets.token_hex(16)
    facts = upload_facts("a.dcm", data, exam_id=exam.row.id)
    world.ask(OPERATOR, acquisition.BeginUpload(key=key, facts=facts))
    world.ask(OPERATOR, acquisition.AppendUpload(key=key, offset=0, data=b"\x01" + data[1:]))
    assert "损坏" in refused(world, OPERATOR, acquisition.FinishUpload(key=key)).message
    assert world.ask(OPERATOR, acquisition.BeginUpload(key=key, facts=facts)).offset == 0
    world.ask(OPERATOR, acquisition.AppendUpload(key=key, offset=0, data=data))
    assert world.ask(OPERATOR, acquisition.FinishUpload(key=key)).exam_id == exam.row.id
    other = secrets.token_hex(16)
    world.ask(OPERATOR, acquisition.BeginUpload(key=other, facts=facts))
    world.ask(OPERATOR, acquisition.DropUpload(key=other))
    assert (
        refused(world, OPERATOR, acquisition.AppendUpload(key=other, offset=0, data=b"x")).code is ErrorCode.NOT_FOUND
    )


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"parts": ()}, "parts"),
        ({"parts": (acquisition.UploadPart(name="a", size_bytes=0, sha256="0" * 64),)}, "parts"),
        ({"parts": (acquisition.UploadPart(name="a", size_bytes=5, sha256="zz"),)}, "parts"),
        ({"parts": (acquisition.UploadPart(name="a\x00", size_bytes=5, sha256="0" * 64),)}, "parts"),
        ({"parts": (acquisition.UploadPart(name="a", size_bytes=2**40, sha256="0" * 64),)}, "parts"),
    ],
)
def test_uploads_that_lie_are_refused(world: EcgWorld, change: dict[str, Any], field: str) -> None:
    facts = acquisition.UploadFacts(**change)
    body = refused(world, OPERATOR, acquisition.BeginUpload(key="a" * 32, facts=facts))
    assert (body.code, body.field) == (ErrorCode.INVALID, field)
    assert refused(world, OPERATOR, acquisition.FinishUpload(key="b" * 32)).code is ErrorCode.NOT_FOUND


def test_at_one_moment_only_one_wins(world_of_kind: EcgWorld) -> None:
    world = world_of_kind
    world.device("SN1")
    world.ask(ADMIN, acquisition.BindStation(station="ECG-PC-2", device_id=1))
    first, second = world.registered("甲"), world.registered("乙")
    gate = Barrier(2)

    def start(who: Any, exam_id: int) -> str:
        gate.wait(10)
        try:
            return world.ask(who, acquisition.StartTask(exam_id=exam_id)).state.value
        except Refusal as refusal:
            return refusal.body.code.value

    with ThreadPoolExecutor(2) as threads:
        ends = [threads.submit(start, OPERATOR, first.row.id), threads.submit(start, OTHER, second.row.id)]
        assert sorted(one.result() for one in ends) == ["acquiring", "held_by_other"]
    data, key = a_file(1), secrets.token_hex(16)

    def upload(own: str) -> acquisition.UploadResult:
        gate.wait(10)
        return world.upload(data=data, key=own, exam_id=first.row.id)

    for keys in ((key, key), (secrets.token_hex(16), secrets.token_hex(16))):
        with ThreadPoolExecutor(2) as threads:
            results = list(threads.map(upload, keys))
        assert len({one.trace.id for one in results}) == 1
    assert world.ask(DOCTOR, ecg.GetEcgExam(exam_id=first.row.id)).row.trace_count == 1


def test_an_orphan_is_matched_by_hand_in_two_steps(world_of_kind: EcgWorld) -> None:
    world = world_of_kind
    exam = world.registered("张三丰", sex=Sex.MALE)
    wrong = world.registered("李四", sex=Sex.FEMALE)
    named = replace(a_record(1), patient=EcgPatient(name="张三丰", sex=Sex.MALE))
    lost = world.upload(data=compact.pack(named), device_serial="UNKNOWN")
    assert lost.exam_id is None and lost.orphan_id is not None
    again = world.upload(data=compact.pack(named), device_serial="UNKNOWN")
    assert again.existed and again.orphan_id == lost.orphan_id, "nothing is doubled"
    (orphan,) = world.ask(DOCTOR, acquisition.ListOrphans()).rows
    assert (orphan.state, orphan.patient_name, orphan.trace.exam_id) == (OrphanState.WAITING, "张三丰", None)
    assert "没有登记" in orphan.reason and world.ask(DOCTOR, ecg.GetTrace(trace_id=lost.trace.id)).data
    found = world.ask(DOCTOR, acquisition.FindMatches(orphan_id=orphan.id))
    assert found[0].exam.id == exam.row.id and found[0].differences == ()
    early = acquisition.ConfirmMatch(orphan_id=orphan.id, version=orphan.version, exam_id=exam.row.id)
    assert refused(world, DOCTOR, early).code is ErrorCode.ILLEGAL_ACTION, "the first step comes first"
    first = world.ask(
        DOCTOR, acquisition.ProposeMatch(orphan_id=orphan.id, version=orphan.version, exam_id=wrong.row.id)
    )
    assert first.orphan.state is OrphanState.PROPOSED and len(first.differences) == 2
    other = acquisition.ConfirmMatch(orphan_id=orphan.id, version=first.orphan.version, exam_id=exam.row.id)
    assert refused(world, DOCTOR, other).code is ErrorCode.ILLEGAL_ACTION, "what is confirmed is what was seen"
    back = world.ask(DOCTOR, acquisition.TakeBackMatch(orphan_id=orphan.id, version=first.orphan.version))
    right = world.ask(DOCTOR, acquisition.ProposeMatch(orphan_id=orphan.id, version=back.version, exam_id=exam.row.id))
    confirm = acquisition.ConfirmMatch(orphan_id=orphan.id, version=right.orphan.version, exam_id=exam.row.id)
    done = world.ask(DOCTOR, confirm)
    assert done.exam_id == exam.row.id and state(world, exam.row.id) is ExamState.ACQUIRED
    assert refused(world, DOCTOR, confirm).code in (ErrorCode.CONFLICT, ErrorCode.ILLEGAL_ACTION)
    assert world.ask(DOCTOR, acquisition.ListOrphans()).total == 0
    assert world.ask(DOCTOR, acquisition.ListOrphans(states=(OrphanState.MATCHED,))).total == 1


def test_an_orphan_finds_its_exam_when_it_is_sent_again_with_it(world: EcgWorld) -> None:
    data = a_file(1)
    lost = world.upload(data=data)
    exam = world.registered(request_number="REQ5")
    found = world.upload(data=data, request_number="REQ5")
    assert (found.exam_id, found.trace.id, found.orphan_id) == (exam.row.id, lost.trace.id, None)
    assert world.ask(DOCTOR, acquisition.ListOrphans()).total == 0


def test_an_orphan_of_a_clinic_is_that_clinics(world: EcgWorld) -> None:
    clinic = world.second_campus()
    nurse = caller(20, "护士", "ecg_operator", "ecg_doctor", campus_ids=(clinic,))
    reader = caller(21, "县医生", "ecg_doctor", campus_ids=(world.campus_id,))
    lost = world.upload(nurse, data=a_file(1))
    assert (
        world.ask(nurse, acquisition.ListOrphans()).total == 1
        and world.ask(reader, acquisition.ListOrphans()).total == 0
    )
    assert world.ask(nurse, ecg.GetTrace(trace_id=lost.trace.id)).data
    assert refused(world, reader, ecg.GetTrace(trace_id=lost.trace.id)).code is ErrorCode.NOT_FOUND
    assert refused(world, reader, acquisition.FindMatches(orphan_id=lost.orphan_id or 0)).code is ErrorCode.NOT_FOUND


def test_a_discarded_orphan_stays_kept(world: EcgWorld) -> None:
    lost = world.upload(data=a_file(1))
    (orphan,) = world.ask(DOCTOR, acquisition.ListOrphans()).rows
    order = acquisition.DiscardOrphan(orphan_id=orphan.id, version=orphan.version, reason="")
    assert refused(world, DOCTOR, order).field == "reason"
    gone = world.ask(DOCTOR, acquisition.DiscardOrphan(orphan_id=orphan.id, version=orphan.version, reason="测试图"))
    assert (gone.state, gone.discard_reason) == (OrphanState.DISCARDED, "测试图")
    assert world.ask(DOCTOR, ecg.GetTrace(trace_id=lost.trace.id)).data


def test_a_reported_exam_takes_no_trace(world: EcgWorld) -> None:
    from server.kernel.dispatch import SYSTEM
    from shared.domain.ecg import ExamAction

    exam = world.acquired()
    world.write(lambda uow: world.service.step(uow, SYSTEM, exam.row.id, ExamAction.SUBMIT_REPORT))
    data = a_file(99)
    order = acquisition.AddTrace(key="e" * 32, facts=upload_facts("x.dcm", data, exam_id=exam.row.id), data=data)
    assert refused(world, OPERATOR, order).code is ErrorCode.ILLEGAL_ACTION
    late = world.upload(data=a_file(98), exam_id=exam.row.id, source=TraceSource.LINE)
    assert late.orphan_id is not None, "what a line brings hours later is not refused"
    kept = world.upload(data=data, request_number=exam.row.accession_number)
    assert kept.orphan_id is not None, "by itself it is kept for a person to decide"


def test_devices_of_another_hospital_are_left_alone(world: EcgWorld) -> None:
    clinic = world.second_campus()
    theirs = caller(40, "乡镇管理员", "ecg_admin", campus_ids=(clinic,))
    device = world.device()
    entry = acquisition.EcgDeviceEntry(serial="SN1", model="R12", campus_id=clinic)
    own = world.ask(theirs, acquisition.SaveEcgDevice(entry=acquisition.EcgDeviceEntry(serial="C1", campus_id=clinic)))
    for request in (
        acquisition.SaveEcgDevice(entry=entry, device_id=device.id, version=device.version),
        acquisition.BindStation(station="CLINIC-PC", device_id=device.id),
        acquisition.BindStation(station=STATION, device_id=own.id),  # it serves the county's device
        acquisition.UnbindStation(station=STATION),
    ):
        with pytest.raises(Refusal) as refused:
            world.ask(theirs, request)
        assert refused.value.body.code is ErrorCode.NOT_FOUND
    assert world.ask(theirs, acquisition.BindStation(station="CLINIC-PC", device_id=own.id)).stations == ("CLINIC-PC",)
    [present] = [one for one in world.ask(ADMIN, acquisition.ListEcgDevices()) if one.id == device.id]
    assert present.stations == (STATION,) and present.entry.campus_id == world.campus_id


def test_uploads_that_nobody_went_on_with_are_forgotten(world: EcgWorld) -> None:
    exam, data = world.registered(), a_file(1)
    facts = upload_facts("a.dcm", data, exam_id=exam.row.id)
    left, fresh, done = (secrets.token_hex(16) for _ in range(3))
    for key in (left, fresh):
        world.ask(OPERATOR, acquisition.BeginUpload(key=key, facts=facts))
        world.ask(OPERATOR, acquisition.AppendUpload(key=key, offset=0, data=data[:100]))
    world.upload(key=done, exam_id=exam.row.id, data=a_file(2))
    folder = world.traces.uploads._folder
    assert world.traces.uploads.forget_old() == "0 uploads forgotten."
    world.clock.forward(days=400)
    touched = world.clock.now().timestamp()
    os.utime(folder.path(fresh), (touched, touched))  # it goes on slowly
    assert world.traces.uploads.forget_old() == "1 uploads forgotten."
    assert not folder.path(left).exists()
    gone = refused(world, OPERATOR, acquisition.FinishUpload(key=left))
    assert gone.code is ErrorCode.NOT_FOUND
    world.ask(OPERATOR, acquisition.AppendUpload(key=fresh, offset=100, data=data[100:]))
    assert world.ask(OPERATOR, acquisition.FinishUpload(key=fresh)).exam_id == exam.row.id
    assert world.ask(OPERATOR, acquisition.FinishUpload(key=done)).exam_id == exam.row.id
