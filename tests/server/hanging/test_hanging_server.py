"""Hanging on the server: own protocols and those for everybody, and what headers say."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from server.kernel.dispatch import Caller
from server.kernel.errors import Refusal
from shared.contract.errors import ErrorCode
from shared.contract.hanging import (
    DeleteProtocol,
    DescribeForHanging,
    KeptProtocol,
    ListProtocols,
    Protocol,
    SaveProtocol,
)

from shared.contract.hanging import Cell, Condition, Definition, ImageSet, Step  # isort: skip
from server.bootstrap.hanging import build_hanging
from server.hanging.rpc import HangingRpc
from tests.hospital import a_caller
from tests.server.archive.archive_house import a_series
from tests.web_house import WebHouse, a_web_house

LI, ZHANG, HEAD = a_caller("doctor", 21), a_caller("doctor", 22), a_caller("auditor", 23)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[WebHouse]:
    with a_web_house(tmp_path) as house:
        yield house


@pytest.fixture
def hanging(house: WebHouse) -> HangingRpc:
    return build_hanging(house.database, house.areas.archive, house.areas.time)


def a_protocol(level: str = "user", name: str = "胸部") -> Protocol:
    return Protocol(
        uid="1.2.3",
        name=name,
        level=level,
        definitions=(Definition(modalities=("CT",)),),
        sets=(ImageSet(name="a", conditions=(Condition(attribute="modality", values=("CT",)),)),),
        steps=(Step(name="", columns=1, rows=1, cells=(Cell(image_set=0),)),),
    )


def save(house: WebHouse, hanging: HangingRpc, caller: Caller, protocol: Protocol, version: int = 0) -> KeptProtocol:
    with house.database.write() as uow:
        return hanging.save(SaveProtocol(protocol=protocol, version=version), caller, uow)


def names(house: WebHouse, hanging: HangingRpc, caller: Caller) -> list[tuple[str, bool]]:
    with house.database.read() as uow:
        return [(one.protocol.name, one.is_mine) for one in hanging.list(ListProtocols(), caller, uow)]


def test_own_ones_are_seen_by_their_owner_and_shared_ones_by_all(house: WebHouse, hanging: HangingRpc) -> None:
    save(house, hanging, LI, a_protocol())
    save(house, hanging, HEAD, a_protocol("site", "全科胸部"))
    assert names(house, hanging, LI) == [("全科胸部", False), ("胸部", True)]
    assert names(house, hanging, ZHANG) == [("全科胸部", False)]


def test_sharing_needs_the_right(house: WebHouse, hanging: HangingRpc) -> None:
    with pytest.raises(Refusal) as refused:
        save(house, hanging, LI, a_protocol("site"))
    assert refused.value.body.code is ErrorCode.PERMISSION_MISSING
    kept = save(house, hanging, HEAD, a_protocol("site"))
    with pytest.raises(Refusal) as refused, house.database.write() as uow:
        hanging.delete(DeleteProtocol(id=kept.id, version=kept.version), LI, uow)
    assert refused.value.body.code is ErrorCode.PERMISSION_MISSING


def test_a_stale_change_is_refused_and_a_foreign_one_cannot_be_deleted(house: WebHouse, hanging: HangingRpc) -> None:
    first = save(house, hanging, LI, a_protocol())
    second = save(house, hanging, LI, a_protocol(name="新"), first.version)
    with pytest.raises(Refusal) as refused:
        save(house, hanging, LI, a_protocol(name="旧"), first.version)
    assert refused.value.body.code is ErrorCode.CONFLICT
    with pytest.raises(Refusal) as refused, house.database.write() as uow:
        hanging.delete(DeleteProtocol(id=second.id, version=second.version), ZHANG, uow)
    assert refused.value.body.code is ErrorCode.NOT_FOUND
    with house.database.write() as uow:
        hanging.delete(DeleteProtocol(id=second.id, version=second.version), LI, uow)
    assert names(house, hanging, LI) == []


@pytest.mark.parametrize("change", [{"uid": "x"}, {"name": " "}, {"level": "maker"}, {"steps": ()}])
def test_unsound_ones_are_refused(house: WebHouse, hanging: HangingRpc, change: dict[str, object]) -> None:
    with pytest.raises(Refusal) as refused:
        save(house, hanging, LI, msgspec.structs.replace(a_protocol(), **change))
    assert refused.value.body.code is ErrorCode.INVALID


def test_headers_are_told_and_the_newest_studies(house: WebHouse, hanging: HangingRpc) -> None:
    mammograms = a_series(2)
    for image, view in zip(mammograms, ("CC", "MLO"), strict=True):
        image.Modality, image.ViewPosition, image.ImageLaterality = "MG", view, "L"
        image.PatientOrientation = ["A", "R"]
    house.keep(mammograms)
    house.keep(a_series(3))
    uid = str(mammograms[0].StudyInstanceUID)
    (study,) = hanging.describe(DescribeForHanging(study_uids=(uid, "1.2.3.4")), LI)
    (series,) = study.series
    assert [one.texts["ViewPosition"] for one in series.images] == ["CC", "MLO"]
    assert series.images[0].texts["PatientOrientation"] == "A\\R"
    newest = hanging.describe(DescribeForHanging(newest=50), LI)
    assert len(newest) == 2
    computed = next(one for one in newest if one.study_uid != uid)
    assert [(one.count, len(one.images)) for one in computed.series] == [(3, 1)]
    assert len(hanging.describe(DescribeForHanging(newest=50, modality="MG"), LI)) == 1
    with pytest.raises(Refusal):
        hanging.describe(DescribeForHanging(newest=51), LI)
