"""The acquisition dialog on screen: what is drawn in each state, nothing cut, closing loses nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PySide6.QtWidgets import QMainWindow

from clients.ecg.acquisition import presenter as conduct
from clients.ecg.acquisition.dialog import AcquiredTrace, AcquisitionDialog
from clients.ecg.acquisition.ports import DeviceError, Finished, Samples
from clients.ecg.acquisition.state import Phase
from clients.ecg.app import register_texts
from clients.ecg.line import service
from clients.ecg.line.service import LineService, line_of
from clients.ecg.line.status import LineQueue, LineStrip
from clients.kit.connection import LineState
from clients.kit.dialogs import Question
from clients.kit.messages import CollectedMessages
from clients.kit.review import review
from clients.kit.running import ImmediateRunner
from clients.kit.settings import UserSettings
from clients.kit.theme import apply_theme
from clients.kit.tokens import ThemeName
from clients.kit.translations import Language, set_language
from shared.contract.base import Changed
from shared.domain.ecg import DeviceState
from shared.waveform.record import EcgRecord
from tests.clients.ecg.acquisition.fake_acquisition import EXAM, FakeAcquisition, FakeDevice
from tests.ecg_faults import chest_off
from tests.ecg_phantom import twelve_leads

GOOD = twelve_leads()[0]
BAD = chest_off(GOOD, np.random.default_rng(1))


class Room:
    """A window with a dialog, its server and its recorder."""

    def __init__(self, folder: Path, bot: Any, device: FakeDevice) -> None:
        self.server, self.device, self.bot = FakeAcquisition(), device, bot
        self.window = QMainWindow()
        self.window.resize(1366, 768)
        bot.addWidget(self.window)
        self.place: Any = SimpleNamespace(
            connection=self.server.connection,
            runner=ImmediateRunner(),
            messages=CollectedMessages(),
            desk_settings=UserSettings(folder / "desk.json"),
            settings=UserSettings(folder / "user.json"),
            shell=self.window,
            session=SimpleNamespace(login="nurse"),
            on_notice=self.server.connection.on_notice,
        )
        self.acquired: list[AcquiredTrace] = []

    def open(self) -> AcquisitionDialog:
        made = AcquisitionDialog(self.place, EXAM, self.window)
        made.acquired.connect(self.acquired.append)
        made.show()
        self.bot.waitExposed(made, timeout=30_000)
        return made

    def feed(self, dialog: AcquisitionDialog, record: EcgRecord, seconds: float) -> None:
        for first in range(0, round(seconds * record.sampling_hz), 100):
            values = record.samples[:, first : first + 100]
            off = frozenset({"V3"}) if record is BAD else frozenset()
            dialog._on_event(
                Samples(first, record.leads, values, record.gain_uv, record.baseline, record.sampling_hz, off)
            )


@pytest.fixture
def room(tmp_path: Path, qtbot: Any, qapp: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Room]:
    apply_theme(ThemeName.LIGHT)
    register_texts()
    device = FakeDevice()
    make: Callable[..., LineService] = lambda user, call: LineService(user, call, tmp_path)  # noqa: E731
    monkeypatch.setattr(service, "LineService", make)
    monkeypatch.setitem(conduct.AcquisitionPresenter.__init__.__kwdefaults__, "make_device", lambda _entry: device)
    made = Room(tmp_path, qtbot, device)
    yield made
    line_of(made.place).close()
    set_language(Language.CHINESE)


def shown(dialog: AcquisitionDialog) -> set[str]:
    names = ("start_button", "stop_button", "again_button", "use_button", "import_button", "close_button")
    return {name for name in names if getattr(dialog, name).isVisible()}


def test_from_start_to_success(room: Room) -> None:
    dialog = room.open()
    assert dialog.device_card.badge.look.text == "空闲"
    dialog.start_button.click()
    assert dialog.device_card.badge.look.text == "采集中"
    assert "start_button" not in shown(dialog) and "stop_button" in shown(dialog)
    room.feed(dialog, GOOD, 10.0)
    assert dialog.live.isVisible() and dialog.quality.verdict.text() == "质量合格"
    dialog._on_event(Finished(GOOD))
    room.bot.waitUntil(lambda: dialog.presenter.state.phase is Phase.DONE, timeout=30_000)
    assert [(each.trace_id, each.override_reason) for each in room.acquired] == [(1, "")]
    assert dialog.device_card.badge.look.text == "采集成功"
    assert dialog.close_button.text() == "完成"
    dialog.close_button.click()
    assert not dialog._is_open and dialog.findChild(Question) is None


def test_a_bad_record_wants_to_be_taken_again_or_a_reason(room: Room) -> None:
    dialog = room.open()
    dialog.start_button.click()
    room.feed(dialog, BAD, 10.0)
    dialog._on_event(Finished(BAD))
    assert {"again_button", "use_button", "stop_button"} <= shown(dialog)
    assert not dialog.use_button.isEnabled()
    dialog.reason.setText("患者躁动")
    assert dialog.use_button.isEnabled()
    dialog.again_button.click()
    assert dialog.presenter.state.phase is Phase.RECORDING and not dialog.reason.isVisible()


def test_stopping_and_closing_ask_first(room: Room) -> None:
    dialog = room.open()
    dialog.start_button.click()
    dialog.stop_button.click()
    question = dialog.findChild(Question)
    assert question is not None
    question.answer("stay")
    assert dialog.presenter.state.phase is Phase.RECORDING
    dialog.close()
    question = next(each for each in dialog.findChildren(Question) if each.isVisible())
    question.answer("leave")
    assert not dialog._is_open and room.server.task is not None, "the task still holds the recorder"
    again = room.open()
    assert again.presenter.state.phase is Phase.RECORDING
    again.stop_button.click()
    next(each for each in again.findChildren(Question) if each.isVisible()).answer("stop")
    assert room.server.task is None and again.presenter.state.device_state is DeviceState.IDLE
    again.close()


def test_a_late_answer_finds_a_closed_window(room: Room) -> None:
    dialog = room.open()
    dialog.close()
    dialog._on_event(DeviceError("x"))
    room.server.connection.send_notice(Changed(entity="ecg_task", id=1, version=2))
    dialog._on_refused("k", "x")
    dialog._render(dialog.presenter.state)


def test_another_workstations_task_shows_at_once(room: Room) -> None:
    dialog = room.open()
    room.server.occupy()
    room.server.connection.send_notice(Changed(entity="ecg_task", id=9, version=1))
    assert dialog.device_card.badge.look.text == "占用" and not dialog.start_button.isEnabled()
    dialog.close()


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("case", ["unbound", "occupied", "ready", "waiting", "review", "error", "offline"])
def test_nothing_is_cut_in_any_state(room: Room, language: Language, case: str) -> None:
    set_language(language)
    if case == "unbound":
        room.server.entry = None
    if case == "occupied":
        room.server.occupy()
    dialog = room.open()
    dialog.resize(940, 600)
    if case in ("waiting", "review", "error", "offline"):
        dialog.start_button.click()
    if case == "review":
        dialog._on_event(Finished(BAD))
    if case == "error":
        dialog._on_event(DeviceError("文件 a.xml 不能识别"))
    if case == "offline":
        room.server.connection.set_line(LineState.OFFLINE)
        dialog._on_event(Finished(GOOD))
        room.bot.waitUntil(lambda: dialog.presenter.state.phase is Phase.WAITING_LINE, timeout=30_000)
        assert [each.trace_id for each in room.acquired] == [None]
    room.bot.wait(1)
    assert review(dialog) == []
    dialog._is_open = False
    dialog.close()


def test_the_strip_counts_and_the_queue_lists(room: Room) -> None:
    strip = LineStrip(room.place, room.window)
    assert strip.words.text() == "心电上传：无排队"
    room.server.connection.set_line(LineState.OFFLINE)
    dialog = room.open()
    dialog.import_path(str(_a_file(room)))
    room.bot.waitUntil(lambda: "1" in strip.words.text() and "中断" in strip.words.text(), timeout=30_000)
    queue = LineQueue(room.place, line_of(room.place))
    room.bot.addWidget(queue)
    assert len(line_of(room.place).waiting()) == 1
    queue.resize(760, 300)
    queue.show()
    room.bot.waitExposed(queue, timeout=30_000)
    queue.grab()
    assert review(queue) == []
    room.server.connection.set_line(LineState.ONLINE)
    room.bot.waitUntil(lambda: strip.words.text() == "心电上传：无排队", timeout=30_000)
    assert len(room.server.kept) == 1 and len(room.server.originals) == 1
    dialog._is_open = False
    dialog.close()


def _a_file(room: Room) -> Path:
    from shared.waveform import formats

    (data,) = formats.write(GOOD, "edf").files.values()
    path = room.place.settings.path.parent / "ecg.edf"
    path.write_bytes(data)
    return path
