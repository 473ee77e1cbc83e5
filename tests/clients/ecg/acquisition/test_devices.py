"""Adapters on real sockets, a real pseudo terminal and real folders, played by the simulator."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from clients.ecg.acquisition import folder_device as folders
from clients.ecg.acquisition.devices import device_for, information_of
from clients.ecg.acquisition.folder_device import FolderDevice, Inbox, taken
from clients.ecg.acquisition.ports import (
    AcquisitionTask,
    DeviceError,
    DeviceInformation,
    DeviceSetupError,
    Event,
    FileArrived,
    Finished,
    LinkChanged,
    LinkState,
    Samples,
)
from clients.ecg.acquisition.serial_devices import SerialDevice
from clients.ecg.acquisition.simulator import SimulatedCart, play_folder, serve_tcp
from clients.ecg.acquisition.stream_devices import SocketLink, TcpDevice
from shared.contract.ecg_acquisition import EcgDeviceEntry
from shared.domain.ecg import AdapterKind
from shared.waveform import formats
from tests.clients.ecg.acquisition.test_stream import small_record

TASK = AcquisitionTask(7, "张三")
PATIENCE_S = 20


class Ear:
    """Collects events and lets a test wait for the one it needs."""

    def __init__(self) -> None:
        self.heard: list[Event] = []
        self._news = threading.Condition()

    def __call__(self, event: Event) -> None:
        with self._news:
            self.heard.append(event)
            self._news.notify_all()

    def wait_for(self, kind: type, count: int = 1) -> Event:
        def found() -> list[Event]:
            return [event for event in self.heard if isinstance(event, kind)]

        with self._news:
            assert self._news.wait_for(lambda: len(found()) >= count, PATIENCE_S), self.heard
            return found()[count - 1]


def about(kind: AdapterKind) -> DeviceInformation:
    return DeviceInformation(kind, "测试机")


@pytest.fixture
def cart_port() -> Iterator[int]:
    """A simulated cart that listens; its thread ends with the process."""
    ready: list[int] = []
    known = threading.Event()

    def on_ready(port: int) -> None:
        ready.append(port)
        known.set()

    cart = SimulatedCart([small_record()], speed=0)
    threading.Thread(target=serve_tcp, args=(cart, 0), kwargs={"ready": on_ready}, daemon=True).start()
    assert known.wait(PATIENCE_S)
    yield ready[0]


def test_a_cart_in_the_network_is_called_and_records_task_after_task(cart_port: int) -> None:
    device = TcpDevice(about(AdapterKind.TCP), "127.0.0.1", cart_port)
    for _ in range(2):
        ear = Ear()
        device.start(TASK, ear)
        finished = ear.wait_for(Finished)
        assert isinstance(finished, Finished)
        assert (finished.record.samples == small_record().samples).all()
        assert any(isinstance(event, Samples) for event in ear.heard)
        states = [event.state for event in ear.heard if isinstance(event, LinkChanged)]
        assert states[:2] == [LinkState.WAITING, LinkState.RECEIVING]
        device.stop()
        count = len(ear.heard)
        assert device.state is LinkState.CLOSED
        assert len(ear.heard) == count


def test_a_cart_that_calls_this_computer_is_heard() -> None:
    import socket

    device = TcpDevice(about(AdapterKind.TCP), "127.0.0.1", 0, listens=True)
    ear = Ear()
    device.start(TASK, ear)
    while not device.bound_port:  # the device's thread opens the door
        threading.Event().wait(0.005)
    with socket.create_connection(("127.0.0.1", device.bound_port), PATIENCE_S) as line:
        SimulatedCart([small_record()], speed=0).play(SocketLink(line), most=1)
        ear.wait_for(Finished)
    device.stop()


def test_a_line_that_is_not_there_is_tried_again_and_said() -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as door:
        port = door.getsockname()[1]
    device = TcpDevice(about(AdapterKind.TCP), "127.0.0.1", port)
    ear = Ear()
    device.start(TASK, ear)
    broken = ear.wait_for(LinkChanged)
    assert isinstance(broken, LinkChanged)
    assert broken.state is LinkState.BROKEN and broken.text
    ear.wait_for(LinkChanged, 2)
    device.stop()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo terminals; its twin is the TCP test")
def test_a_cart_on_a_serial_line_is_heard() -> None:
    import pty
    import tty

    ours, theirs = pty.openpty()
    tty.setraw(theirs)
    tty.setraw(ours)

    class PtyLink:
        def read(self, timeout_s: float) -> bytes | None:
            import select

            return os.read(ours, 4096) if select.select([ours], [], [], timeout_s)[0] else None

        def write(self, data: bytes) -> None:
            while data:
                data = data[os.write(ours, data) :]

        def close(self) -> None:
            """The descriptor is the test's."""

    device = SerialDevice(about(AdapterKind.SERIAL), os.ttyname(theirs), 115200)
    ear = Ear()
    device.start(TASK, ear)
    cart = SimulatedCart([small_record()], speed=0)
    player = threading.Thread(target=cart.play, args=(PtyLink(),), kwargs={"most": 1}, daemon=True)
    player.start()
    finished = ear.wait_for(Finished)
    assert isinstance(finished, Finished)
    assert (finished.record.samples == small_record().samples).all()
    device.stop()
    player.join(PATIENCE_S)
    os.close(ours)
    os.close(theirs)


def test_files_that_settle_are_taken_and_moved(tmp_path: Path) -> None:
    (tmp_path / "before.csv").write_bytes(b"of another patient")
    source = tmp_path / "elsewhere"
    source.mkdir()
    made = formats.write(small_record(), "edf", "ecg").files
    for name, data in made.items():
        (source / name).write_bytes(data)
    device = FolderDevice(about(AdapterKind.FOLDER), tmp_path, every_s=0.02)
    ear = Ear()
    device.start(TASK, ear)
    ear.wait_for(LinkChanged)
    (name,) = made
    play_folder([source / name], tmp_path, seconds=0, sleep=lambda _s: None)
    arrived = ear.wait_for(FileArrived)
    assert isinstance(arrived, FileArrived)
    assert arrived.data == made[name]
    (tmp_path / "note.txt").write_text("no ECG")
    (tmp_path / "half.edf.tmp").write_bytes(made[name])
    error = ear.wait_for(DeviceError)
    assert isinstance(error, DeviceError)
    assert "note.txt" in error.text
    device.stop()
    assert (tmp_path / "before.csv").exists() and (tmp_path / "half.edf.tmp").exists()
    assert len(list((tmp_path / "done").iterdir())) == 1
    assert sorted(path.name for path in (tmp_path / "failed").iterdir()) == ["note.txt", "note.txt.txt"]


def test_a_file_that_still_grows_is_not_taken(tmp_path: Path) -> None:
    inbox = Inbox(tmp_path)
    path = tmp_path / "a.csv"
    path.write_bytes(b"1")
    assert inbox.look() == []
    path.write_bytes(b"12")
    assert inbox.look() == []
    assert inbox.look() == [path]
    (tmp_path / "empty.csv").touch()
    inbox.look()
    assert inbox.look() == [path], "an empty file has not begun to be written"


def test_wfdb_files_go_together_when_all_have_settled(tmp_path: Path) -> None:
    files = formats.write(small_record(), "wfdb", "r1").files
    header, (signal, data) = files["r1.hea"], next(item for item in files.items() if item[0] != "r1.hea")
    inbox = Inbox(tmp_path)
    (tmp_path / "r1.hea").write_bytes(header)
    (tmp_path / signal).write_bytes(data[:50])
    inbox.look()
    (tmp_path / signal).write_bytes(data)
    assert inbox.look() == []
    (ready,) = inbox.look()
    event = taken(ready)
    assert isinstance(event, FileArrived)
    assert event.beside == {signal: data}
    read = formats.read({event.name: event.data, **event.beside})
    assert (read.samples == small_record().samples).all()


def test_the_same_name_twice_overwrites_nothing(tmp_path: Path) -> None:
    (data,) = formats.write(small_record(), "edf", "ecg").files.values()
    for _ in range(2):
        (tmp_path / "ecg.edf").write_bytes(data)
        assert isinstance(taken(tmp_path / "ecg.edf"), FileArrived)
    assert sorted(path.name for path in (tmp_path / "done").iterdir()) == ["ecg-2.edf", "ecg.edf"]


def test_a_file_that_somebody_has_open_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As Windows refuses to move it; here the system's answer is put in."""
    (data,) = formats.write(small_record(), "edf", "ecg").files.values()
    device = FolderDevice(about(AdapterKind.FOLDER), tmp_path, every_s=0.02)
    ear = Ear()
    refusals = threading.Semaphore(3)
    rename = os.rename
    refused = threading.Event()

    def locked(source: Path, target: Path) -> None:
        if refusals.acquire(blocking=False):
            refused.set()
            raise PermissionError(13, "in use")
        rename(source, target)

    monkeypatch.setattr(folders.os, "rename", locked)
    device.start(TASK, ear)
    ear.wait_for(LinkChanged)
    (tmp_path / "ecg.edf").write_bytes(data)
    assert refused.wait(PATIENCE_S)
    assert isinstance(ear.wait_for(FileArrived), FileArrived)
    device.stop()


def test_links_and_folders_are_no_files(tmp_path: Path) -> None:
    (tmp_path / "folder.edf").mkdir()
    if sys.platform != "win32":
        (tmp_path / "link.edf").symlink_to("/etc/hostname")
    inbox = Inbox(tmp_path)
    inbox.look()
    assert inbox.look() == []


def test_a_folder_that_is_gone_is_said(tmp_path: Path) -> None:
    device = FolderDevice(about(AdapterKind.FOLDER), tmp_path / "none", every_s=0.02)
    ear = Ear()
    device.start(TASK, ear)
    broken = ear.wait_for(LinkChanged)
    assert isinstance(broken, LinkChanged) and broken.state is LinkState.BROKEN
    (tmp_path / "none").mkdir()
    ear.wait_for(LinkChanged, 2)
    assert device.state is LinkState.WAITING
    device.stop()


@pytest.mark.parametrize(
    ("adapter", "settings"),
    [
        (AdapterKind.FOLDER, {}),
        (AdapterKind.TCP, {"host": "10.0.0.1"}),
        (AdapterKind.TCP, {"host": "10.0.0.1", "port": "99999"}),
        (AdapterKind.TCP, {"port": "7000"}),
        (AdapterKind.SERIAL, {}),
        (AdapterKind.SERIAL, {"port": "COM3", "baud": "fast"}),
    ],
)
def test_bindings_that_cannot_work_say_which_setting_is_wrong(adapter: AdapterKind, settings: dict[str, str]) -> None:
    with pytest.raises(DeviceSetupError, match="设备管理"):
        device_for(EcgDeviceEntry(serial="S1", adapter=adapter, settings=settings))


def test_a_device_tells_what_it_is() -> None:
    entry = EcgDeviceEntry(serial="S1", model="ECG-1200", adapter=AdapterKind.SERIAL, settings={"port": "COM3"})
    found = information_of(entry)
    assert (found.name, found.address) == ("ECG-1200 S1", "COM3")
    assert device_for(EcgDeviceEntry(serial="S", adapter=AdapterKind.SIMULATOR)).information.address.endswith(":7460")
    remote = device_for(EcgDeviceEntry(serial="S", adapter=AdapterKind.DICOM, ae_title="CART1"))
    ear = Ear()
    remote.start(TASK, ear)
    assert remote.state is LinkState.WAITING and remote.information.address == "CART1"
    remote.stop()
