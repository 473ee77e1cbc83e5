"""Two waiting halls as the server would answer for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from shared.contract.halls import HallRoom, HallSettings, HallView, ListHalls, NewsLine, SpokenLanguages, VolumeStep
from shared.contract.organisation import GetHospital, HospitalView

HALLS = (
    HallView(
        id=1,
        version=1,
        settings=HallSettings(
            name="一楼影像大厅",
            name_en="Imaging hall, ground floor",
            room_ids=(1,),
            news=(NewsLine(text="请保持安静", text_en="Please be quiet"),),
            languages=SpokenLanguages.BOTH,
            volumes=(VolumeStep(minute=450, percent=80), VolumeStep(minute=1200, percent=30)),
        ),
        rooms=(HallRoom(room_id=1, name="CT 一室", name_en="CT 1", spoken_name="CT一室", spoken_name_en="CT room 1"),),
    ),
    HallView(id=2, version=1, settings=HallSettings(name="二楼超声大厅")),
)


def replies() -> dict[type[Any], Callable[[Any], Any]]:
    """What a fake line answers."""
    hospital = HospitalView(
        version=1, name="明镜医院", name_en="", campuses=(), rooms=(), devices=(), exam_types=(), exam_items=()
    )
    return {ListHalls: lambda _query: HALLS, GetHospital: lambda _query: hospital}
