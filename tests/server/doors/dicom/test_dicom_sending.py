"""Stored objects on their way out: read from their files into one buffer, or opened when that does not suit them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import pytest

from server.doors.dicom import sending, uids
from server.doors.dicom.door import Door
from server.doors.dicom.ports import Peer, Refused, StoredObject
from server.doors.dicom.scu import Ours, store_objects
from tests.fakes.dicom_objects import CT, ct_dataset
from tests.fakes.dicom_ports import FakeHospital

OURS = Ours(connect_s=5.0, response_s=20.0)
PREAMBLE = b"what stands before the data set" * 7


def in_file(folder: Path, uid: str, data: bytes) -> tuple[StoredObject, list[str]]:
    """An object in a file, and a list that tells how it was read."""
    path = folder / uid
    path.write_bytes(PREAMBLE + data)
    how: list[str] = []

    @contextmanager
    def opened() -> Iterator[memoryview]:
        how.append("opened")
        yield memoryview(data)

    def file() -> tuple[BinaryIO, int]:
        how.append("read")
        return path.open("rb"), len(PREAMBLE)

    return StoredObject(CT, uid, uids.EXPLICIT_LE, opened, file, len(data)), how


def peer_at(door: Door) -> Peer:
    return Peer("MINGJING", "127.0.0.1", door.port)


def test_files_of_all_sizes_arrive_as_they_are(
    door: Door, hospital: FakeHospital, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "_READ_AT_ONCE", 3 << 20)
    sizes = (2, 130_000, 131_060, 131_066, 400_000, 2_500_000, 300, 3_500_000, 500_000)
    bodies = {f"1.2.3.{n}": os.urandom(size) for n, size in enumerate(sizes)}
    made = [in_file(tmp_path, uid, body) for uid, body in bodies.items()]
    report = store_objects(peer_at(door), [item for item, _ in made], OURS)
    assert report.arrived == len(sizes)
    assert {uid: bytes(kept.data) for uid, kept in hospital.archive.objects.items()} == bodies
    assert [how for _, how in made] == [["opened"] if size > 3 << 20 else ["read"] for size in sizes]


def test_what_cannot_be_read_fails_alone(door: Door, hospital: FakeHospital, tmp_path: Path) -> None:
    """Also between two that are read ahead, and without a byte of it or its neighbours sent in its name."""

    def gone() -> tuple[BinaryIO, int]:
        raise FileNotFoundError("gone")

    def away() -> tuple[BinaryIO, int]:
        raise Refused(0xA701, "Its medium is not inserted")

    good = [in_file(tmp_path, f"1.2.3.{n}", os.urandom(1000 + n * 2))[0] for n in range(5)]
    short = replace(good[1], length=9_000)
    missing, absent = replace(good[2], file=gone), replace(good[3], file=away)
    report = store_objects(peer_at(door), [good[0], short, missing, absent, good[4]], OURS)
    assert [outcome.status for outcome in report.outcomes] == [0, 0x0110, 0x0110, 0xA701, 0]
    assert hospital.archive.order == [good[0].sop_instance_uid, good[4].sop_instance_uid]


def test_files_are_rewritten_for_a_receiver_of_another_syntax(
    door: Door, hospital: FakeHospital, tmp_path: Path
) -> None:
    objects = [in_file(tmp_path, f"1.2.3.{n}", ct_dataset(f"1.2.3.{n}", number=n))[0] for n in range(3)]
    report = store_objects(replace(peer_at(door), transfer_syntaxes=(uids.IMPLICIT_LE,)), objects, OURS)
    assert [outcome.transfer_syntax_uid for outcome in report.outcomes] == [uids.IMPLICIT_LE] * 3
    assert {kept.transfer_syntax_uid for kept in hospital.archive.objects.values()} == {uids.IMPLICIT_LE}
    assert len({bytes(kept.data) for kept in hospital.archive.objects.values()}) == 3
