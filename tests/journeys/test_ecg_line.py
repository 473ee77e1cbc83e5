"""Records over a thin line that is cut again and again: nothing lost, nothing doubled, both sides agree after each cut.

The server is a process of its own, the line is `thin_line.ThinLine` (64 kbit/s, 20 % loss as TCP shows it), played ten
times as fast with all waiting times of the programs a tenth. `--slow` makes it 500 cuts.
"""

from __future__ import annotations

import os
import platform
import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from clients.ecg.acquisition.presenter import AcquisitionPresenter
from clients.ecg.acquisition.simulator import SimulatedCart, serve_tcp
from clients.ecg.acquisition.state import Phase
from clients.ecg.line import sending
from clients.ecg.line.agent import Login
from clients.ecg.line.outbox import Kind, Outbox
from clients.ecg.line.sending import LineSender
from clients.kit.messages import CollectedMessages
from clients.kit.running import ImmediateRunner
from clients.kit.server_connection import ServerConnection
from clients.kit.settings import UserSettings
from shared.contract.ecg import EcgEntry, GetEcgExam, GetTrace, RegisterEcg
from shared.contract.ecg_acquisition import (
    BindStation,
    EcgDeviceEntry,
    GetAcquisition,
    ListOrphans,
    SaveEcgDevice,
    UploadFacts,
)
from shared.contract.ecg_lines import CompareLine, Held, ListLines
from shared.contract.errors import RpcError
from shared.domain.ecg import AdapterKind, DeviceState, ExamState, TraceSource, Urgency
from shared.domain.states import Sex
from shared.rpc import client as rpc
from shared.rpc.client import RpcClient
from shared.waveform import formats
from shared.waveform.compact import pack, unpack
from shared.waveform.record import EcgRecord
from tests.ecg_phantom import Heart, twelve_leads
from tests.journeys.thin_line import ThinLine
from tests.server_process import ROOT, ServerProcess, start_server

TIMES = 10.0
PATIENCE_S = 60


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    process = start_server(tmp_path_factory.mktemp("server"))
    yield process
    process.stop()


@pytest.fixture
def fast(monkeypatch: pytest.MonkeyPatch) -> None:
    """The waiting times of the programs, as the line, a tenth."""
    for module, names in ((rpc, ("RESEND_AFTER_S", "HEARTBEAT_S", "LINE_LOST_AFTER_S")), (sending, ("_PAUSE_S",))):
        for name in names:
            monkeypatch.setattr(module, name, getattr(module, name) / TIMES)
    monkeypatch.setattr(sending, "_LONGEST_PAUSE_S", 1.0)
    monkeypatch.setattr(sending, "_WISHED_S", 1.0 / TIMES)
    monkeypatch.setattr(sending, "FIRST_CHUNK", 2048)
    monkeypatch.setattr(sending, "MOST_CHUNK", 4096)


def record_number(number: int) -> EcgRecord:
    """Records that differ, of 2 s, so that 500 cuts meet many of them."""
    whole = twelve_leads(Heart(seed=number))[0]
    return EcgRecord(whole.leads, whole.samples[:, :1000].copy(), whole.gain_uv, whole.baseline, whole.sampling_hz)


def register(desk: RpcClient, number: int) -> int:
    entry = EcgEntry(patient_name=f"病人{number}", sex=Sex.FEMALE, age="60岁")
    return desk.call(RegisterEcg(entry=entry)).exam.row.id


@dataclass
class Story:
    """One station behind a thin line, and a judge who looks at both sides."""

    desk: RpcClient
    line: ThinLine
    outbox: Outbox
    records: dict[str, EcgRecord] = field(default_factory=dict)
    originals: dict[str, bytes] = field(default_factory=dict)
    exams: dict[str, int] = field(default_factory=dict)
    checks: int = 0

    def keep(self, number: int, *, urgency: Urgency = Urgency.ROUTINE) -> None:
        record, exam = record_number(number), register(self.desk, number)
        original = random.Random(number).randbytes(3_000)
        facts = UploadFacts(parts=(), exam_id=exam, source=TraceSource.LINE)
        key = self.outbox.keep(facts, pack(record, thin=True), original=("cart.xml", original), urgency=urgency)
        self.records[key], self.originals[key], self.exams[key] = record, original, exam

    def agree(self) -> None:
        """What the station no longer holds the server has; what the server has is there once."""
        held_here = {(one.kind, one.key) for one in self.outbox.waiting()}  # before the server is asked
        views = self.desk.call(CompareLine(keys=tuple(self.records)))
        for view in views:
            if (Kind.TRACE, view.key) not in held_here:
                assert view.held in (Held.RECORD, Held.ORIGINAL), view
                if (Kind.ORIGINAL, view.key) not in held_here:
                    assert view.held is Held.ORIGINAL, view
        self.checks += 1

    def prove(self) -> None:
        """At the end: every record once, sample for sample, with its original."""
        assert self.outbox.waiting() == ()
        for key, exam in self.exams.items():
            view = self.desk.call(GetEcgExam(exam_id=exam))
            assert len(view.traces) == 1, f"exam {exam} has {len(view.traces)} traces"
            assert view.row.state is ExamState.ACQUIRED
            data = self.desk.call(GetTrace(exam_id=exam))
            assert (unpack(data.data).samples == self.records[key].samples).all()
        views = self.desk.call(CompareLine(keys=tuple(self.records)))
        assert {view.held for view in views} == {Held.ORIGINAL}
        assert len({view.trace_id for view in views}) == len(self.records)


def run_cuts(server: ServerProcess, folder: Path, cuts: int, seed: int) -> Story:
    """Cut the line `cuts` times while records flow; new ones are kept as long as cuts are left."""
    dice = random.Random(seed)
    desk = server.client()
    line = ThinLine(server.connection, times=TIMES, seed=seed)
    story = Story(desk, line, Outbox.for_user("admin", folder))
    login = Login(str(line.connection), "admin", server.admin_password)
    sender = LineSender(story.outbox, login.call, is_up=lambda: login.is_up)
    login.on_change = sender.wake
    sender.start()
    try:
        number = 1000 * seed
        while line.cuts < cuts:
            if len(story.outbox.waiting()) < 4:
                number += 1
                story.keep(number, urgency=dice.choice(list(Urgency)))
                sender.wake()
            time.sleep(dice.uniform(0.02, 0.5))  # the moment of the cut: anywhere in what flows
            line.cut(refuse_s=dice.choice((0.0, 0.0, 0.5, 3.0)))
            story.agree()
        patience = time.monotonic() + PATIENCE_S
        while story.outbox.waiting() and time.monotonic() < patience:
            time.sleep(0.05)
        story.prove()
    finally:
        sender.stop()
        login.close()
        line.close()
        desk.close()
    return story


def test_twenty_random_cuts_lose_and_double_nothing(server: ServerProcess, tmp_path: Path, fast: None) -> None:
    story = run_cuts(server, tmp_path, 20, seed=1)
    assert story.checks == 20


@pytest.mark.slow
def test_five_hundred_random_cuts_lose_and_double_nothing(server: ServerProcess, tmp_path: Path, fast: None) -> None:
    started = time.monotonic()
    story = run_cuts(server, tmp_path, 500, seed=2)
    assert story.checks == 500
    seconds = time.monotonic() - started
    print(f"500 cuts, {len(story.records)} records, {story.line.bytes_up} bytes up, {seconds:.0f} s")


def test_a_station_killed_again_and_again_sends_every_file_once(
    server: ServerProcess, tmp_path: Path, pytestconfig: Any
) -> None:
    """SIGKILL of the station's program at random moments; the files of its folder arrive once each, as orphans."""
    dice = random.Random(7)
    desk = server.client()
    before = desk.call(ListOrphans()).total
    line = ThinLine(server.connection, bits_per_s=256_000, loss=0.05, seed=3)
    folder, lives = tmp_path / "cart", 12 if pytestconfig.getoption("--slow") else 3
    folder.mkdir()
    files = 4
    sent: dict[str, np.ndarray] = {}
    for number in range(files):
        record = record_number(5000 + number)
        (data,) = formats.write(record, "edf").files.values()
        (folder / f"r{number}.edf").write_bytes(data)
        sent[f"r{number}.edf"] = record.samples
    command = [sys.executable, "-m", "mingjing", "ecg", "line", "--folder", str(folder), "--outbox", str(tmp_path)]
    command += ["--connect", str(line.connection), "--every", "0.05", "--until-empty"]
    command += ["--password-file", str(server.data / "secrets" / "admin-password")]
    environment = dict(os.environ, PYTHONPATH=str(ROOT), PYTHONUTF8="1")
    try:
        for life in range(lives):
            process = subprocess.Popen(command, env=environment, cwd=ROOT, stdout=subprocess.PIPE, text=True)
            assert process.stdout is not None
            last = life == lives - 1
            process.stdout.readline()  # it has begun: something was kept or sent
            if last:
                assert process.wait(PATIENCE_S) == 0
            else:
                threading.Event().wait(dice.uniform(0.0, 0.7))
                process.kill()
                process.wait(20)
            process.stdout.close()
            if process.returncode == 0:
                break
        orphans = desk.call(ListOrphans())
        assert orphans.total - before == files
        assert sorted(path.name for path in (folder / "done").iterdir()) == sorted(sent)
        assert not list(folder.glob("*.edf"))
        traces = [row.trace for row in orphans.rows[:files]]
        kept = [unpack(desk.call(GetTrace(trace_id=trace.id)).data).samples for trace in traces]
        for samples in sent.values():
            assert sum(each.shape == samples.shape and bool((each == samples).all()) for each in kept) == 1
        assert any(view.report.waiting == 0 for view in desk.call(ListLines()))
    finally:
        line.close()
        desk.close()


def test_an_interruption_of_hours_costs_its_time_and_nothing_else(
    server: ServerProcess, tmp_path: Path, fast: None
) -> None:
    """The clock of the station is moved instead of waiting: pauses end at a minute, and the line's return wakes it."""
    desk = server.client()
    line = ThinLine(server.connection, times=TIMES, seed=5)
    story = Story(desk, line, Outbox.for_user("admin", tmp_path))
    story.keep(9001)
    line.close()
    told: list[str] = []
    login = Login(str(line.connection), "admin", server.admin_password)
    asleep = LineSender(story.outbox, login.call, is_up=lambda: login.is_up, changed=lambda s: told.append(s.trouble))
    pauses = [asleep.step() for _ in range(200)]
    assert set(pauses) == {sending._LONGEST_PAUSE_S} and told[-1] == sending.DOWN, "nothing is queued on a dead line"
    login.close()
    back = server.client()
    with pytest.raises(RpcError):
        login.call(CompareLine(keys=()))
    assert LineSender(story.outbox, back.call).send_all()
    back.close()
    story.prove()
    desk.close()


def test_from_a_recorder_in_the_network_to_the_exam(server: ServerProcess, tmp_path: Path) -> None:
    """开始采集 at a bound workstation: the simulator streams over TCP, the gate passes it, the exam has the trace."""
    record = twelve_leads(Heart(seed=77))[0]
    ports: list[int] = []
    known = threading.Event()

    def ready(port: int) -> None:
        ports.append(port)
        known.set()

    cart = SimulatedCart([record], speed=0)
    threading.Thread(target=serve_tcp, args=(cart, 0), kwargs={"ready": ready}, daemon=True).start()
    assert known.wait(PATIENCE_S)
    station = ServerConnection(str(server.connection))
    station.login("admin", server.admin_password)
    desk = server.client()
    entry = EcgDeviceEntry(
        serial="SIM-1", adapter=AdapterKind.SIMULATOR, settings={"host": "127.0.0.1", "port": str(ports[0])}
    )
    device = desk.call(SaveEcgDevice(entry=entry))
    desk.call(BindStation(station=platform.node(), device_id=device.id))
    exam = register(desk, 77)
    outbox = Outbox.for_user("admin", tmp_path)
    phases: list[Phase] = []
    arrived = threading.Event()
    acquired: list[int | None] = []

    class Line:
        def keep(self, facts: UploadFacts, packed: bytes, **more: Any) -> str:
            key = outbox.keep(facts, packed, **more)
            arrived.set()
            return key

        def try_again(self, key: str = "") -> None:
            """Nothing is refused here."""

    presenter = AcquisitionPresenter(
        exam,
        station,
        ImmediateRunner(),
        CollectedMessages(),
        UserSettings(tmp_path / "desk.json"),
        Line(),
        lambda state: phases.append(state.phase),
        lambda _record, trace_id, _key, _reason: acquired.append(trace_id),
        lambda event: presenter.on_event(event),  # noqa: PLW0108 it is not made yet
    )
    presenter.open()
    assert presenter.state.can_start and presenter.state.device_state is DeviceState.IDLE
    presenter.start()
    assert arrived.wait(PATIENCE_S), presenter.state
    assert desk.call(GetAcquisition(exam_id=exam)).state in (DeviceState.ACQUIRING, DeviceState.UNBOUND)
    sender = LineSender(outbox, station.call, sent=lambda sent: presenter.on_sent(sent.key, sent.result))
    assert sender.send_all()
    assert presenter.state.phase is Phase.DONE and Phase.RECORDING in phases and len(acquired) == 1
    view = desk.call(GetEcgExam(exam_id=exam))
    assert view.row.state is ExamState.ACQUIRED and view.traces[0].quality.passed
    assert (unpack(desk.call(GetTrace(exam_id=exam)).data).samples == record.samples).all()
    assert station.call(GetAcquisition(exam_id=exam)).task is None or presenter.state.can_start
    station.close()
    desk.close()
