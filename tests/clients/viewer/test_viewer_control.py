"""Steering the viewer's process: the real program, the real socket, strangers kept out."""

from __future__ import annotations

import contextlib
import os
import queue
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client
from pathlib import Path
from typing import TypeVar

import pytest

from clients.kit.viewer_link import (
    AllLoaded,
    CloseStudies,
    DrawLength,
    FirstImage,
    KeyImage,
    MeasurementDrawn,
    OpenFiles,
    Order,
    Perform,
    RefreshStudy,
    Secrets,
    StudiesShown,
    ViewerEnded,
    ViewerEvent,
    ViewerFailed,
    ViewerLink,
    decode_order,
    encode,
)
from clients.viewer.control import ControlServer
from tests.clients.viewer.viewer_builders import ROOT, write_series

E = TypeVar("E", bound=ViewerEvent)
HOUSE = Path(__file__).resolve().parents[3]


class Desk:
    """A workstation's side: a link and what it heard."""

    def __init__(self, **options: object) -> None:
        self.heard: queue.Queue[ViewerEvent] = queue.Queue()
        self.kept: list[ViewerEvent] = []
        self.link = ViewerLink(on_event=self.heard.put, folder=HOUSE, **options)  # type: ignore[arg-type]

    def wait_for(self, kind: type[E], seconds: float = 90) -> E:
        """The next event of a kind; those of other kinds stay for later calls."""
        for n, event in enumerate(self.kept):
            if isinstance(event, kind):
                del self.kept[n]
                return event
        deadline = time.monotonic() + seconds
        while True:
            event = self.heard.get(timeout=max(0.01, deadline - time.monotonic()))
            if isinstance(event, kind):
                return event
            self.kept.append(event)


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    desk = Desk()
    yield desk
    desk.link.close()
    assert not desk.link.is_running


def test_the_whole_conversation(desk: Desk, tmp_path: Path) -> None:
    write_series(tmp_path, 12)
    desk.link.send(OpenFiles((str(tmp_path),)))

    assert desk.wait_for(StudiesShown).study_uids == (f"{ROOT}.9",)
    assert desk.wait_for(FirstImage).study_uid == f"{ROOT}.9"
    assert desk.wait_for(AllLoaded).frames == 12

    desk.link.send(Perform("image.7"))
    desk.link.send(Perform("preset.bone"))
    desk.link.send(DrawLength(10, 10, 50, 40))
    drawn = desk.wait_for(MeasurementDrawn)
    assert (drawn.text, drawn.unit) == ("25.0 mm", "mm") and drawn.value == pytest.approx(25.0)

    desk.link.send(Perform("image.send"))
    sent = desk.wait_for(KeyImage)
    assert (sent.study_uid, sent.series_uid) == (f"{ROOT}.9", f"{ROOT}.1")
    assert sent.png.startswith(b"\x89PNG") and sent.measurements == ("25.0 mm",)
    assert drawn.sop_instance_uid == sent.sop_instance_uid

    assert desk.link.capture(width=1280, height=720, timeout_s=60).startswith(b"\x89PNG")


def test_a_viewer_that_died_is_started_again(desk: Desk, tmp_path: Path) -> None:
    write_series(tmp_path, 2)
    desk.link.send(OpenFiles((str(tmp_path),)))
    desk.wait_for(FirstImage)
    assert desk.link._process is not None
    desk.link._process.kill()
    desk.wait_for(ViewerEnded)

    desk.link.send(OpenFiles((str(tmp_path),)))

    assert desk.wait_for(FirstImage).study_uid == f"{ROOT}.9"


def test_following_does_not_start_a_viewer(desk: Desk) -> None:
    desk.link.follow(["1.2.3"])
    desk.link.refresh("1.2.3")

    assert not desk.link.is_running


def test_without_a_server_a_study_is_a_sentence(desk: Desk) -> None:
    desk.link.open(["1.2.3"])

    assert desk.wait_for(ViewerFailed).sentence == "没有连接影像服务器"


def test_a_program_that_does_not_start_is_a_sentence() -> None:
    desk = Desk(program=(sys.executable, "-c", "print('no viewer')"))
    desk.link.open(["1.2.3"])

    assert "无法启动" in desk.wait_for(ViewerFailed).sentence
    desk.link.close()


def test_nothing_secret_is_on_the_command_line(desk: Desk, tmp_path: Path) -> None:
    write_series(tmp_path, 1)
    desk.link.send(OpenFiles((str(tmp_path),)))
    desk.wait_for(FirstImage)
    process = desk.link._process
    assert process is not None
    said = " ".join(map(str, process.args))  # type: ignore[arg-type]

    assert desk.link._secrets.key not in said and "--control" in said


def test_a_hidden_viewer_ends_when_its_workstation_crashes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    crashing = (
        "import os, sys, time; from clients.kit.viewer_link import ViewerLink; link = ViewerLink(); link.warm_up()\n"
        "while link._line is None: time.sleep(0.05)\n"
        "print(link.process_id, flush=True); time.sleep(0.5); os._exit(1)"
    )
    environment = dict(os.environ, PYTHONPATH=str(HOUSE))
    # The viewer inherits the error pipe: run() returns only when it has ended too, else it times out.
    ended = subprocess.run(
        [sys.executable, "-c", crashing], capture_output=True, timeout=60, env=environment, cwd=HOUSE, check=False
    )

    assert ended.returncode == 1 and ended.stdout.strip().isdigit()


def test_control_without_its_key_is_refused() -> None:
    environment = dict(os.environ, QT_QPA_PLATFORM="offscreen", PYTHONPATH=str(HOUSE))
    ended = subprocess.run(
        [sys.executable, "-m", "clients.viewer", "--control"],
        input=b"hello\n", capture_output=True, timeout=30, env=environment, cwd=HOUSE, check=False,
    )  # fmt: skip

    assert ended.returncode == 2 and b"--control" in ended.stderr


# --- the socket itself ---------------------------------------------------------------------------------------


class Ear:
    """A control server and what it was ordered."""

    def __init__(self) -> None:
        self.key = secrets.token_bytes(32)
        self.orders: queue.Queue[Order] = queue.Queue()
        self.server = ControlServer(self.key, self.orders.put)
        self.server.start()


@pytest.fixture
def ear() -> Iterator[Ear]:
    ear = Ear()
    yield ear
    ear.server.close()


def test_a_stranger_is_refused_and_others_are_still_heard(ear: Ear) -> None:
    with pytest.raises((AuthenticationError, EOFError, OSError)):
        Client(("127.0.0.1", ear.server.port), authkey=b"guess")
    with Client(("127.0.0.1", ear.server.port), authkey=ear.key) as line:
        line.send_bytes(encode(CloseStudies()))

        assert ear.orders.get(timeout=40) == CloseStudies()


def test_a_silent_stranger_keeps_nobody_out(ear: Ear) -> None:
    silent = Client(("127.0.0.1", ear.server.port))
    with Client(("127.0.0.1", ear.server.port), authkey=ear.key) as line:
        line.send_bytes(encode(RefreshStudy("1.2")))

        assert ear.orders.get(timeout=40) == RefreshStudy("1.2")
    silent.close()


@pytest.mark.parametrize(
    "rubbish", [b"", b"\x80", b"\xff" * 100, encode(ViewerFailed("x")), b"cos\nsystem\n(S'x'\ntR."]
)
def test_rubbish_is_ignored_and_never_unpickled(ear: Ear, rubbish: bytes) -> None:
    with Client(("127.0.0.1", ear.server.port), authkey=ear.key) as line:
        line.send_bytes(rubbish)
        line.send_bytes(encode(CloseStudies()))

        assert ear.orders.get(timeout=40) == CloseStudies()


def test_an_order_beyond_the_limit_ends_the_line(ear: Ear) -> None:
    with Client(("127.0.0.1", ear.server.port), authkey=ear.key) as line:
        line.send_bytes(encode(CloseStudies()))
        assert ear.orders.get(timeout=40) == CloseStudies() and ear.server.has_lines
        with contextlib.suppress(OSError):  # the other side may hang up before all of it is sent
            line.send_bytes(bytes(2 << 20))
        deadline = time.monotonic() + 40
        while ear.server.has_lines:
            assert time.monotonic() < deadline
            time.sleep(0.01)


def test_it_listens_on_this_machine_only(ear: Ear) -> None:
    assert ear.server._listener.address[0] == "127.0.0.1"  # type: ignore[index]


def test_secrets_come_back_as_they_went(tmp_path: Path) -> None:
    path = tmp_path / "line"
    path.write_bytes(Secrets("ab" * 32, "mingjing://x").line())
    with path.open("rb") as stream:
        assert Secrets.read(stream) == Secrets("ab" * 32, "mingjing://x")


@pytest.mark.parametrize("order", [OpenFiles(("a", "b")), Perform("view.reset"), DrawLength(1, 2, 3, 4.5)])
def test_orders_come_back_as_they_went(order: Order) -> None:
    assert decode_order(encode(order)) == order
