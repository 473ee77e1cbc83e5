"""Halls: settings kept and refused on both databases, told to displays, rooms that are gone left out."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hospital import ADMINISTRATOR, Hospital, a_caller

from server.halls.rpc import HallsRpc
from server.halls.service import HallService
from server.kernel.dispatch import collect
from server.kernel.errors import Refusal
from shared.contract.errors import ErrorCode
from shared.contract.halls import (
    GetHall,
    HallSettings,
    HallView,
    ListHalls,
    NewsLine,
    RemoveHall,
    SaveHall,
    SpokenLanguages,
    SpokenName,
    VolumeStep,
)
from shared.contract.queueing import CallNext, GetBoard
from shared.domain.permissions import ROLES, Permission
from shared.domain.states import PatientType


@pytest.fixture
def halls(hospital: Hospital) -> Hospital:
    hospital.handlers |= collect(HallsRpc(HallService(hospital.time, hospital.organisation)))
    return hospital


def save(halls: Hospital, hall_id: int = 0, version: int = 0, **settings: Any) -> HallView:
    view: HallView = halls.call(
        SaveHall(id=hall_id, version=version, settings=HallSettings(**{"name": "一楼", **settings}))
    )
    return view


def refused(halls: Hospital, **settings: Any) -> str:
    with pytest.raises(Refusal) as caught:
        save(halls, **settings)
    assert caught.value.body.code is ErrorCode.INVALID
    assert caught.value.body.message.endswith("。")
    return caught.value.body.field


def test_a_hall_is_kept_as_it_was_saved(halls: Hospital) -> None:
    rooms = (halls.rooms["MR1"], halls.rooms["CT1"])
    settings = HallSettings(
        name=" 一楼 ",
        name_en="Ground floor",
        room_ids=rooms,
        news=(NewsLine(text="请保持安静", text_en="Quiet, please"),),
        languages=SpokenLanguages.BOTH,
        spoken_name=SpokenName.MASKED,
        repetitions=3,
        volumes=(VolumeStep(minute=450, percent=80), VolumeStep(minute=1200, percent=0)),
        rooms_per_page=4,
    )
    saved = halls.call(SaveHall(settings=settings))
    assert saved.settings == msgspec.structs.replace(settings, name="一楼")
    got = halls.call(GetHall(name="一楼"), a_caller("display"))
    assert got.settings == saved.settings
    assert [room.room_id for room in got.rooms] == list(rooms)
    assert got.rooms[1].spoken_name
    assert got.rooms[1].spoken_name_en
    assert got.utc_offset_minutes == 480
    assert got.time == halls.clock.now()
    assert [hall.settings.name for hall in halls.call(ListHalls())] == ["一楼"]


def test_without_a_name_a_display_gets_all_rooms_and_the_defaults(halls: Hospital) -> None:
    view = halls.call(GetHall(), a_caller("display"))
    assert (view.id, view.settings) == (0, HallSettings(name=""))
    assert {room.room_id for room in view.rooms} == set(halls.rooms.values())


def test_a_hall_that_is_not_there_is_refused(halls: Hospital) -> None:
    with pytest.raises(Refusal) as caught:
        halls.call(GetHall(name="三楼" * 200))
    assert caught.value.body.code is ErrorCode.NOT_FOUND
    assert len(caught.value.body.message) < 200


def test_a_stale_change_and_a_taken_name_are_refused(halls: Hospital) -> None:
    first = save(halls)
    second = save(halls, first.id, first.version, repetitions=4)
    assert second.version == first.version + 1
    with pytest.raises(Refusal) as caught:
        save(halls, first.id, first.version, repetitions=5)
    assert caught.value.body.code is ErrorCode.CONFLICT
    assert refused(halls) == "name"
    other = save(halls, name="二楼")
    assert other.id != first.id
    halls.call(RemoveHall(id=first.id))
    with pytest.raises(Refusal):
        halls.call(RemoveHall(id=first.id))
    assert save(halls).settings.name == "一楼"


@pytest.mark.parametrize(
    ("field", "settings"),
    [
        ("name", {"name": "  "}),
        ("name", {"name": "一" * 61}),
        ("name", {"name": "一\n楼"}),
        ("name_en", {"name_en": "x" * 61}),
        ("room_ids", {"room_ids": (99_999,)}),
        ("room_ids", {"room_ids": (1, 1)}),
        ("news", {"news": (NewsLine(text=" "),)}),
        ("news", {"news": (NewsLine(text="长" * 201),)}),
        ("news", {"news": (NewsLine(text="一\x07"),)}),
        ("news", {"news": (NewsLine(text="一"),) * 21}),
        ("repetitions", {"repetitions": 0}),
        ("repetitions", {"repetitions": 10}),
        ("pause_s", {"pause_s": 0.1}),
        ("pause_s", {"pause_s": float("nan")}),
        ("rooms_per_page", {"rooms_per_page": 17}),
        ("page_seconds", {"page_seconds": 3}),
        ("volumes", {"volumes": (VolumeStep(minute=1440, percent=1),)}),
        ("volumes", {"volumes": (VolumeStep(minute=1, percent=101),)}),
        ("volumes", {"volumes": (VolumeStep(minute=5, percent=1), VolumeStep(minute=5, percent=2))}),
        ("volumes", {"volumes": tuple(VolumeStep(minute=n, percent=1) for n in range(25))}),
    ],
)
def test_what_cannot_be_is_refused_at_its_field(halls: Hospital, field: str, settings: dict[str, Any]) -> None:
    assert refused(halls, **settings) == field


def test_displays_may_read_a_hall_and_only_administrators_change_it() -> None:
    assert GetHall.permission in ROLES["display"]
    assert SaveHall.permission is RemoveHall.permission is Permission.ADMINISTER
    assert Permission.ADMINISTER in ADMINISTRATOR.permissions


def test_the_board_tells_which_call_is_an_emergency(halls: Hospital) -> None:
    room = halls.rooms["CT1"]
    halls.registered("张三")
    halls.call(CallNext(room_id=room), a_caller("technician"))
    halls.registered("李四", patient_type=PatientType.EMERGENCY)
    halls.call(CallNext(room_id=room), a_caller("technician"))
    board = halls.call(GetBoard(room_ids=(room,)), a_caller("display"))
    assert [(call.masked_name, call.is_urgent) for call in board.pending_calls] == [("张*", False), ("李*", True)]
