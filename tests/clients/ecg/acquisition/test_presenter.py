"""The acquisition dialog's conduct: states ECG-SM-ACQ, quality gate, upload, offline, refusal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from clients.ecg.acquisition.ports import DeviceError, FileArrived, Finished, LinkChanged, LinkState, Samples
from clients.ecg.acquisition.presenter import AcquisitionPresenter
from clients.ecg.acquisition.state import AcquisitionState, FindingLine, Phase
from clients.ecg.line.outbox import Outbox
from clients.ecg.line.sending import LineSender
from clients.kit.connection import LineState
from clients.kit.messages import CollectedMessages
from clients.kit.running import ImmediateRunner
from clients.kit.settings import UserSettings
from shared.contract.ecg import QualityFinding, QualityVerdict
from shared.contract.errors import ErrorBody, ErrorCode
from shared.domain.ecg import DeviceState, TraceSource, Urgency
from shared.waveform import formats
from shared.waveform.compact import unpack
from shared.waveform.record import EcgRecord
from tests.clients.ecg.acquisition.fake_acquisition import EXAM, FakeAcquisition, FakeDevice
from tests.ecg_faults import chest_off
from tests.ecg_phantom import twelve_leads


class Desk:
    """A presenter with everything around it; the line's sender steps when a test says so."""

    def __init__(self, folder: Path, server: FakeAcquisition | None = None) -> None:
        self.server = server or FakeAcquisition()
        self.device = FakeDevice()
        self.outbox = Outbox.for_user("nurse", folder)
        self.states: list[AcquisitionState] = []
        self.acquired: list[tuple[EcgRecord, int | None, str, str]] = []
        self.messages = CollectedMessages()
        self.presenter = AcquisitionPresenter(
            EXAM,
            self.server.connection,
            ImmediateRunner(),
            self.messages,
            UserSettings(folder / "desk.json"),
            self,
            self.states.append,
            lambda *what: self.acquired.append(what),
            lambda event: self.presenter.on_event(event),  # noqa: PLW0108 it is not made yet
            make_device=lambda _entry: self.device,
        )
        self.sender = LineSender(
            self.outbox,
            self.server.connection.call,
            sent=lambda sent: self.presenter.on_sent(sent.key, sent.result),
            refused=self.presenter.on_refused,
            changed=lambda status: self.presenter.on_progress(
                status.sending, status.share, status.seconds_left, status.trouble
            ),
        )

    def keep(self, facts: Any, packed: bytes, **more: Any) -> str:
        return self.outbox.keep(facts, packed, **more)

    def try_again(self, key: str = "") -> None:
        self.outbox.try_again(key)

    @property
    def state(self) -> AcquisitionState:
        return self.states[-1]


@pytest.fixture(scope="module")
def good() -> EcgRecord:
    return twelve_leads()[0]


@pytest.fixture(scope="module")
def bad(good: EcgRecord) -> EcgRecord:
    return chest_off(good, np.random.default_rng(1))


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    made = Desk(tmp_path)
    made.presenter.open()
    return made


def test_the_bound_device_is_shown_and_can_start(desk: Desk) -> None:
    assert desk.state.phase is Phase.READY and desk.state.can_start
    assert desk.state.device is not None and desk.state.device.name == "心电图室 1 号机"
    assert desk.state.shown_state is DeviceState.IDLE
    assert desk.state.patient == "李桂芳  67岁" and desk.state.urgency is Urgency.URGENT


def test_what_only_the_server_sees_is_shown_when_it_has_the_record(desk: Desk, good: EcgRecord) -> None:
    """It knows the patient's last record: the patient still lies there."""
    finding = QualityFinding(
        fault="limb_swap", severity="warn", leads=("I",), value=1.0, limit=1.0, unit="", zh="与上次相比", en="since"
    )
    desk.server.quality = QualityVerdict(passed=True, findings=(finding,))
    desk.presenter.start()
    desk.device.say(Finished(good))
    assert not any(line.zh == "与上次相比" for line in desk.state.findings)
    assert desk.sender.send_all()
    assert desk.state.phase is Phase.DONE
    assert desk.state.findings == (FindingLine(False, "与上次相比", "since"),)


def test_a_good_record_is_kept_sent_and_told(desk: Desk, good: EcgRecord) -> None:
    desk.presenter.start()
    assert desk.state.shown_state is DeviceState.ACQUIRING
    desk.device.say(LinkChanged(LinkState.RECEIVING))
    desk.device.say(Finished(good))
    assert desk.state.phase is Phase.UPLOADING and not desk.state.has_faults and desk.state.gate_ran
    assert desk.device.tell is None, "the recorder is free"
    assert desk.acquired == [] and len(desk.outbox.waiting()) == 1
    assert desk.sender.send_all()
    assert desk.state.phase is Phase.DONE and desk.state.shown_state is DeviceState.SUCCEEDED
    ((record, trace_id, key, reason),) = desk.acquired
    assert record is good and trace_id == 1 and reason == ""
    facts, packed = desk.server.kept[key]
    assert facts.task_id == 1 and facts.exam_id is None and facts.device_serial == "SN-2207"
    assert (unpack(packed).samples == good.samples).all()
    assert desk.outbox.waiting() == ()
    desk.presenter.start()
    assert desk.state.phase is Phase.RECORDING, "a further trace of the same exam"


def test_a_bad_record_asks_to_record_again_or_for_a_reason(desk: Desk, good: EcgRecord, bad: EcgRecord) -> None:
    desk.presenter.start()
    desk.device.say(Finished(bad))
    assert desk.state.phase is Phase.REVIEW and desk.state.has_faults
    assert any("V" in finding.zh for finding in desk.state.findings if finding.is_fault)
    desk.presenter.use("  ")
    assert desk.state.phase is Phase.REVIEW, "not without a reason"
    desk.presenter.record_again()
    assert desk.state.phase is Phase.RECORDING and len(desk.device.tasks) == 2
    assert desk.server.tasks == 1, "the same task"
    desk.device.say(Finished(bad))
    desk.presenter.use("患者无法配合")
    desk.sender.send_all()
    assert desk.acquired[0][3] == "患者无法配合"
    assert desk.state.phase is Phase.DONE


def test_an_unbound_computer_says_so(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.server.entry = None
    desk.presenter.open()
    assert desk.state.device_state is DeviceState.UNBOUND and not desk.state.can_start
    desk.presenter.start()
    assert desk.state.phase is Phase.READY


def test_an_occupied_device_is_shown_and_can_be_freed(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.server.occupy()
    desk.presenter.open()
    assert desk.state.device_state is DeviceState.OCCUPIED and not desk.state.can_start and desk.state.can_stop
    assert desk.state.task is not None and desk.state.task.patient_name == "王秀英"
    desk.presenter.stop()
    assert desk.state.device_state is DeviceState.IDLE and desk.state.can_start


def test_stopping_leaves_the_exam_and_frees_the_device(desk: Desk, good: EcgRecord) -> None:
    desk.presenter.start()
    desk.presenter.stop()
    assert desk.server.task is None and desk.state.phase is Phase.READY and desk.state.can_start
    assert desk.device.tell is None and desk.acquired == []


def test_an_unreadable_file_leaves_the_task_open_with_its_error(desk: Desk, good: EcgRecord) -> None:
    desk.presenter.start()
    desk.device.say(FileArrived("x.xml", b"<nothing/>"))
    assert desk.state.phase is Phase.RECORDING and "不能识别" in desk.state.error
    assert desk.server.task is not None and desk.server.task.error == desk.state.error
    desk.presenter.retry()
    assert desk.state.error == "" and desk.server.task.error == ""
    desk.device.say(DeviceError("没有数据"))
    assert desk.state.error == "没有数据"
    (name, data), *_ = formats.write(good, "edf").files.items()
    desk.device.say(FileArrived(name, data))
    desk.sender.send_all()
    assert desk.state.phase is Phase.DONE
    assert list(desk.server.originals.values()) == [data], "the vendor's file followed"


def test_a_task_that_timed_out_can_be_tried_again_or_stopped(desk: Desk) -> None:
    desk.presenter.start()
    desk.server.time_out()
    desk.presenter.refresh()
    assert "超时" in desk.state.error and desk.state.phase is Phase.RECORDING and desk.state.can_stop
    desk.presenter.retry()
    assert desk.state.error == ""


def test_the_program_closed_during_a_recording_goes_on_with_it(desk: Desk, tmp_path: Path, good: EcgRecord) -> None:
    desk.presenter.start()
    desk.presenter.close()
    again = Desk(tmp_path / "again", desk.server)
    again.presenter.open()
    assert again.state.phase is Phase.RECORDING
    again.device.say(Finished(good))
    again.sender.send_all()
    assert again.state.phase is Phase.DONE


def test_with_the_line_down_the_record_waits_here_and_the_operator_goes_on(desk: Desk, good: EcgRecord) -> None:
    desk.presenter.start()
    desk.server.connection.set_line(LineState.OFFLINE)
    desk.device.say(Finished(good))
    assert not desk.sender.send_all()
    assert desk.state.phase is Phase.WAITING_LINE
    assert [each[1] for each in desk.acquired] == [None]
    desk.server.connection.set_line(LineState.ONLINE)
    assert desk.sender.send_all()
    assert desk.state.phase is Phase.DONE
    assert [each[1] for each in desk.acquired] == [None, 1]


def test_without_a_server_the_known_binding_records_for_the_exam(tmp_path: Path, good: EcgRecord) -> None:
    Desk(tmp_path).presenter.open()  # yesterday
    desk = Desk(tmp_path)
    desk.server.connection.set_line(LineState.OFFLINE)
    desk.presenter.open()
    assert desk.state.is_offline and desk.state.can_start
    desk.presenter.start()
    desk.device.say(Finished(good))
    assert not desk.sender.send_all()
    desk.server.connection.set_line(LineState.ONLINE)
    assert desk.sender.send_all()
    ((facts, _packed),) = desk.server.kept.values()
    assert facts.exam_id == EXAM and facts.task_id is None and facts.source is TraceSource.LINE


def test_offline_without_a_known_binding_says_what_is_left(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.server.connection.set_line(LineState.OFFLINE)
    desk.presenter.open()
    assert not desk.state.can_start and "导入文件" in desk.state.sentence and desk.state.can_import


def test_an_imported_file_goes_through_the_same_gate(desk: Desk, good: EcgRecord, bad: EcgRecord) -> None:
    (name, data), *_ = formats.write(bad, "edf").files.items()
    desk.presenter.import_file(name, lambda: data, dict)
    assert desk.state.phase is Phase.REVIEW
    desk.presenter.record_again()
    assert desk.state.phase is Phase.READY
    (name, data), *_ = formats.write(good, "edf").files.items()
    desk.presenter.import_file(name, lambda: data, dict)
    desk.sender.send_all()
    ((facts, _packed),) = desk.server.kept.values()
    assert facts.source is TraceSource.FILE and facts.exam_id == EXAM
    desk.presenter.import_file("x", lambda: b"?", dict)
    assert "不能识别" in desk.state.error


def test_live_samples_are_counted_judged_and_leads_off_named(desk: Desk, bad: EcgRecord) -> None:
    desk.presenter.start()
    step = 250
    for first in range(0, bad.sample_count, step):
        values = bad.samples[:, first : first + step]
        off = frozenset({"V3"})
        desk.device.say(Samples(first, bad.leads, values, bad.gain_uv, bad.baseline, bad.sampling_hz, off))
    assert desk.state.seconds >= 9 and desk.state.leads_off == ("V3",)
    assert desk.state.gate_ran and desk.state.has_faults, "said while the patient still lies there"
    assert not any("秒" in finding.zh and "只有" in finding.zh for finding in desk.state.findings)


def test_a_record_that_the_server_will_not_take_is_said(desk: Desk, good: EcgRecord) -> None:
    desk.presenter.start()
    desk.server.refuse_finish = ErrorBody(code=ErrorCode.TOO_LARGE, message="太大")
    desk.device.say(Finished(good))
    desk.sender.send_all()
    assert desk.state.error == "太大" and desk.state.phase is Phase.UPLOADING
    desk.server.refuse_finish = None
    desk.presenter.retry()
    desk.sender.send_all()
    assert desk.state.phase is Phase.DONE


def test_a_record_that_came_after_its_task_is_said_to_be_unmatched(desk: Desk, good: EcgRecord) -> None:
    desk.presenter.start()
    desk.device.say(Finished(good))
    result = desk.server._result
    desk.server._result = lambda key: msgspec.structs.replace(result(key), exam_id=None, orphan_id=4)  # type: ignore[method-assign]
    assert desk.sender.send_all()
    assert "未匹配" in desk.state.error and desk.state.phase is Phase.DONE


def test_two_dialogs_of_one_window_do_not_take_each_others_answers(tmp_path: Path) -> None:
    keys: list[str | None] = []

    class Noting(ImmediateRunner):
        def run(self, work: Any, done: Any, failed: Any, *, key: str | None = None) -> Any:
            keys.append(key)
            return super().run(work, done, failed, key=key)

    desk = Desk(tmp_path)
    desk.presenter._runner = Noting()
    desk.presenter.open()
    desk.presenter.start()
    assert all(key is None or key.endswith(f".{EXAM}") for key in keys)
