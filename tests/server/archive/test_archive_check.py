"""The proof finds every kind of disagreement, and nothing where there is none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from server.archive.tables import Instance, Series, Study
from server.kernel.storage.space import SpaceGuard
from tests.server.archive.archive_house import House, a_series, an_object


@pytest.fixture
def filled(house: House) -> House:
    for slice_ in a_series(6):
        house.send(slice_)
    changed = an_object()
    house.send(changed)
    changed.PatientComments = "another version"
    house.send(changed)
    assert house.indexer.wait_until_idle()
    return house


def kinds(house: House, *, hashes: bool = True) -> list[str]:
    found = house.service.check(hashes=hashes)
    assert found.total_findings == len(found.findings)
    return [finding.kind for finding in found.findings]


def stored_bytes(house: House) -> int:
    return sum(house.storage.path_of(key).stat().st_size for key in list(house.storage.keys()))


def path_of_first(house: House) -> Path:
    with house.database.read() as uow:
        key = uow.session.execute(select(Instance.object_key).order_by(Instance.id).limit(1)).scalar_one()
    return house.storage.path_of(key)


def test_a_sound_archive_has_no_findings(filled: House) -> None:
    found = filled.service.check(hashes=True)
    assert (found.findings, found.instances, found.files) == ((), 8, 8)
    assert found.bytes_hashed == stored_bytes(filled)


def test_progress_is_told(filled: House) -> None:
    told: list[tuple[int, int]] = []
    filled.service.check(hashes=False, progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (8, 8)


def test_a_missing_file_is_found(filled: House) -> None:
    path_of_first(filled).unlink()
    assert kinds(filled, hashes=False) == ["missing_file"]


def test_a_file_without_row_is_found(filled: House) -> None:
    filled.storage.put(b"a stray object")
    assert kinds(filled, hashes=False) == ["missing_row"]


def test_a_changed_bit_is_found(filled: House) -> None:
    path = path_of_first(filled)
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.chmod(0o640)
    path.write_bytes(data)
    assert kinds(filled) == ["wrong_hash"]
    assert kinds(filled, hashes=False) == []


@pytest.mark.parametrize(
    ("table", "change"),
    [
        (Instance, {"sop_class_uid": "1.2.3"}),
        (Instance, {"transfer_syntax_uid": "1.2.840.10008.1.2"}),
        (Instance, {"size_bytes": 1}),
        (Instance, {"data_offset": 132}),
        (Instance, {"attributes": b"\x81\xce\x00\x28\x00\x10\x07"}),
        (Series, {"uid": "1.2.3"}),
        (Study, {"uid": "1.2.3"}),
    ],
)
def test_a_row_that_says_otherwise_is_found(filled: House, table: Any, change: dict[str, Any]) -> None:
    with filled.database.write() as uow:
        uow.session.execute(update(table).where(table.id == 1).values(**change))
    found = kinds(filled)
    sums = ["wrong_sum"] if "size_bytes" in change else []
    assert sorted(found) == ["wrong_row"] * (1 if table is Instance else 6) + sums


@pytest.mark.parametrize(
    ("table", "column"), [(Study, "instance_count"), (Study, "series_count"), (Series, "instance_count")]
)
def test_a_wrong_sum_is_found(filled: House, table: Any, column: str) -> None:
    with filled.database.write() as uow:
        uow.session.execute(update(table).where(table.id == 1).values({column: 99}))
    assert kinds(filled, hashes=False) == ["wrong_sum"]


@pytest.mark.parametrize(
    ("table", "column"), [(Study, "patient_name"), (Study, "study_date"), (Series, "modality"), (Series, "number")]
)
def test_a_study_or_series_that_no_file_describes_so_is_found(filled: House, table: Any, column: str) -> None:
    with filled.database.write() as uow:
        uow.session.execute(update(table).where(table.id == 1).values({column: 99 if column == "number" else "X"}))
    assert kinds(filled) == ["wrong_row"]
    assert kinds(filled, hashes=False) == []


def test_the_status_counts_and_warns(filled: House) -> None:
    with filled.database.read() as uow:
        status = filled.service.status(uow)
        assert (status.studies, status.series, status.instances, status.warning) == (2, 2, 7, "")
        assert status.bytes_stored == sum(
            filled.storage.path_of(key).stat().st_size for key in list(filled.storage.keys())
        )
        filled.service._reserve_bytes = 1 << 60
        assert "磁盘已满" in filled.service.status(uow).warning
    filled.receiver.space = SpaceGuard(filled.inbox, 0)
