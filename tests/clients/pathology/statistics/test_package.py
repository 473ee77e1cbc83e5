"""Packages as folders: out of one server, into another; folders that are none."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from clients.pathology.statistics.package import Package, PackageError, export
from shared.contract.errors import ErrorCode, RpcError
from tests.clients.pathology.diagnosis.diagnosis_house import RoomLine
from tests.server.pathology.exchange.test_exchange import here, package, there  # noqa: F401  fixtures
from tests.server.pathology.reports.report_room import Room


@pytest.fixture
def folder(here: Room, package: Any, tmp_path: Path) -> Iterator[Path]:  # noqa: F811
    """An exported case."""
    steps: list[tuple[int, int]] = []
    made = export(
        RoomLine(here, here.user("administrator", "boss")), package[0], tmp_path, lambda *one: steps.append(one)
    )
    assert steps == [(1, 2), (2, 2)]
    yield made


def _other(there: Room) -> RoomLine:  # noqa: F811
    return RoomLine(there, there.user("administrator", "chief"))


def test_a_folder_goes_into_another_server_once(folder: Path, there: Room, package: Any) -> None:  # noqa: F811
    line = _other(there)
    found = Package(folder)
    plan = found.check(line)
    assert plan.number == package[1].number and len(plan.missing) == 2
    assert found.send(line, plan) > 0
    with pytest.raises(RpcError) as caught:
        Package(folder).check(line)
    assert caught.value.body.code is ErrorCode.CONFLICT


def test_a_folder_that_exists_is_not_written_over(folder: Path, here: Room, package: Any) -> None:  # noqa: F811
    with pytest.raises(PackageError):
        export(RoomLine(here, here.user("administrator", "boss")), package[0], folder.parent)


FAULTS: dict[str, Callable[[Path], object]] = {
    "no manifest": lambda folder: (folder / "manifest.json").unlink(),
    "no records": lambda folder: (folder / "case.json").unlink(),
    "another json": lambda folder: (folder / "manifest.json").write_text('{"a": 1}'),
    "no json": lambda folder: (folder / "manifest.json").write_bytes(b"\xff\xfe\x00"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_folder_that_is_no_package_is_refused_with_a_sentence(folder: Path, fault: str) -> None:
    FAULTS[fault](folder)
    with pytest.raises(PackageError) as caught:
        Package(folder)
    assert len(str(caught.value)) > 8
