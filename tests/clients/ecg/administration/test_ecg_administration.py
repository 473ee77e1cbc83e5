"""设备管理, 会诊团队, 未匹配心电图."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest
from pytestqt.qtbot import QtBot

from clients.ecg import pages
from clients.ecg.administration.devices import DeviceDialog, station_name
from clients.ecg.administration.orphans import MatchDialog
from clients.ecg.administration.teams import TeamDialog
from clients.ecg.shell.dialogs import ReasonDialog
from shared.contract.ecg_acquisition import (
    BindStation,
    ConfirmMatch,
    DiscardOrphan,
    FindMatches,
    MatchView,
    ProposeMatch,
    SaveEcgDevice,
    TakeBackMatch,
    UnbindStation,
    UploadResult,
)
from shared.contract.ecg_consultations import SaveTeam
from shared.contract.errors import ErrorCode
from shared.domain.ecg import AdapterKind, OrphanState
from tests.clients.ecg.ecg_rows import a_session, a_trace, refusal
from tests.clients.ecg.ecg_station import Station, use_fake_reading
from tests.clients.ecg.fake_ecg import FakeEcg


@pytest.fixture
def station(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Iterator[Station]:
    use_fake_reading(monkeypatch)
    hospital = FakeEcg()
    hospital.fill()
    made = Station(qtbot, a_session(role="ecg_admin"), hospital)
    yield made
    made.close()


def test_this_computer_is_bound_to_the_selected_device(station: Station) -> None:
    page = station.page(pages.DEVICES)
    page.list.table.selectRow(1)
    page._place.actions.trigger("devices.bind")
    station.settle()
    sent = station.hospital.calls_of(BindStation)[-1]
    assert (sent.station, sent.device_id) == (station_name(), 2)


@pytest.mark.parametrize(
    ("adapter", "typed", "settings"),
    [
        (AdapterKind.FOLDER, {"folder": "/data/ecg"}, {"folder": "/data/ecg"}),
        (AdapterKind.TCP, {"host": "10.0.0.9", "tcp_port": "9100"}, {"host": "10.0.0.9", "port": "9100"}),
        (AdapterKind.SERIAL, {"serial_port": "COM3", "baud": "57600"}, {"port": "COM3", "baud": "57600"}),
        (AdapterKind.DICOM, {"ae_title": "CART1"}, {}),
    ],
)
def test_a_device_is_saved_with_the_settings_of_its_connection(
    station: Station, adapter: AdapterKind, typed: dict[str, str], settings: dict[str, str]
) -> None:
    page = station.page(pages.DEVICES)
    page.add()
    dialog = station.dialog(DeviceDialog)
    dialog.save()
    assert dialog.form.rows["serial"].problem
    dialog.form.rows["serial"].editor.set_value("SN-9")
    dialog.form.rows["adapter"].editor.set_value(adapter)
    dialog._typed("adapter")
    for key, value in typed.items():
        assert dialog.form.rows[key].isVisibleTo(dialog)
        dialog.form.rows[key].editor.set_value(value)
    dialog.save()
    station.settle()
    entry = station.hospital.calls_of(SaveEcgDevice)[-1].entry
    assert entry.serial == "SN-9" and entry.adapter is adapter and entry.settings == settings
    assert entry.ae_title == typed.get("ae_title", "") and entry.campus_id == 1


def test_a_serial_number_that_exists_is_said_at_its_field(station: Station) -> None:
    def double(_request: SaveEcgDevice) -> None:
        raise refusal(ErrorCode.DUPLICATE, "序列号已被使用。", field="serial")

    station.hospital.replies[SaveEcgDevice] = double
    page = station.page(pages.DEVICES)
    page.act("change", station.hospital.devices[0])
    dialog = station.dialog(DeviceDialog)
    dialog.save()
    station.settle()
    assert dialog.form.rows["serial"].problem == "序列号已被使用。"
    dialog.reject()


def test_a_binding_is_ended_in_the_devices_dialog(station: Station) -> None:
    page = station.page(pages.DEVICES)
    page.act("change", station.hospital.devices[0])
    dialog = station.dialog(DeviceDialog)
    dialog.stations.action_requested.emit("unbind", "clinic-pc-1")
    station.settle()
    assert station.hospital.calls_of(UnbindStation)[-1].station == "clinic-pc-1"
    assert dialog.stations.total == 0
    dialog.reject()


def test_a_team_is_made_of_the_hospitals_doctors(station: Station) -> None:
    page = station.page(pages.TEAMS)
    page.add()
    dialog = station.dialog(TeamDialog)
    station.settle()
    dialog.form.rows["name"].editor.set_value("夜班组")
    dialog.form.rows["members"].editor.set_value([22])
    dialog.save()
    station.settle()
    team = station.hospital.calls_of(SaveTeam)[-1].team
    assert team.id == 0 and team.name == "夜班组" and [member.user_id for member in team.members] == [22]


def test_a_match_takes_two_steps(station: Station) -> None:
    orphan, exam = station.hospital.orphans[0], station.hospital.exams[2]
    match = MatchView(orphan=orphan, exam=exam, differences=("姓名不同",))
    proposed = msgspec.structs.replace(orphan, state=OrphanState.PROPOSED, proposed_exam_id=exam.id, version=2)
    replies = station.hospital.replies
    replies[FindMatches] = lambda _r: (match,)
    replies[ProposeMatch] = lambda _r: msgspec.structs.replace(match, orphan=proposed)
    replies[TakeBackMatch] = lambda _r: msgspec.structs.replace(orphan, version=3)
    replies[ConfirmMatch] = lambda r: UploadResult(trace=a_trace(), exam_id=r.exam_id, orphan_id=None, task=None)
    page = station.page(pages.ORPHANS)
    page.act("match", orphan)
    dialog = station.dialog(MatchDialog)
    assert dialog.buttons["confirm"].isHidden()
    dialog.propose()
    station.settle()
    assert not dialog.buttons["confirm"].isHidden() and "姓名不同" in dialog.differences.text()
    dialog.take_back()
    station.settle()
    assert dialog.buttons["confirm"].isHidden()
    dialog.propose()
    station.settle()
    assert station.hospital.calls_of(ProposeMatch)[-1].version == 3
    dialog.confirm()
    station.settle()
    sent = station.hospital.calls_of(ConfirmMatch)[-1]
    assert (sent.exam_id, sent.version) == (exam.id, 2)


def test_discarding_needs_a_reason_and_keeps_the_data(station: Station) -> None:
    station.hospital.replies[DiscardOrphan] = lambda _r: station.hospital.orphans[0]
    page = station.page(pages.ORPHANS)
    page.act("discard", station.hospital.orphans[0])
    dialog = station.dialog(ReasonDialog)
    dialog.confirm()
    assert station.hospital.calls_of(DiscardOrphan) == []
    dialog.form.rows["reason"].editor.set_value("测试记录")
    dialog.confirm()
    station.settle()
    assert station.hospital.calls_of(DiscardOrphan)[-1].reason == "测试记录"


def test_a_page_that_fails_says_why(station: Station) -> None:
    station.hospital.replies.clear()
    page = station.page(pages.DEVICES)
    page.refresh()
    station.settle()
    assert page.list.error_text
