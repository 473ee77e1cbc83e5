"""Packed records: equal when unpacked, small enough for a thin line, bounded when damaged."""

from __future__ import annotations

import random
import struct
import zlib
from dataclasses import replace

import numpy as np
import pytest
from ecg_records import full, same_samples, twelve_leads

from shared.waveform import compact_fine
from shared.waveform.compact import CompactError, is_packed, pack, unpack
from shared.waveform.record import MISSING, EcgRecord


def test_all_of_a_record_comes_back() -> None:
    record = full()
    record.samples[4, 100:130] = MISSING
    back = unpack(pack(record))
    same_samples(record, back)
    assert record.median is not None and back.median is not None
    assert np.array_equal(back.median.samples, record.median.samples)
    for name in ("started", "patient", "device", "filters", "annotations", "measurements", "statements", "extra"):
        assert getattr(back, name) == getattr(record, name)


def test_ten_seconds_of_twelve_leads_are_below_twenty_kilobytes() -> None:
    assert len(pack(twelve_leads())) <= 20_000


@pytest.mark.parametrize(
    "low, high, count", [(-(2**31) + 1, 2**31 - 1, 3000), (0, 1, 3000), (-5, 5, 3), (7, 8, 40_000)]
)
def test_any_numbers_come_back(low: int, high: int, count: int) -> None:
    samples = np.random.default_rng(5).integers(low, high, (3, count)).astype(np.int32)
    record = EcgRecord(("I", "II", "CH3"), samples, (1.0, 0.5, -3.0), (0.0, 12.5, 0.0), 250.0)
    same_samples(record, unpack(pack(record)))


def test_a_lead_that_uses_few_of_its_values() -> None:
    plain = twelve_leads(4.0)
    sparse = replace(plain, samples=plain.samples * 37 + 5)
    same_samples(sparse, unpack(pack(sparse)))
    assert len(pack(sparse)) < 1.7 * len(pack(plain))  # by value they would take five bits more for each sample


def test_long_records_take_the_quick_way() -> None:
    samples = np.cumsum(np.random.default_rng(6).integers(-3, 4, (2, 600_000)), axis=1).astype(np.int32)
    record = EcgRecord(("I", "V5"), samples, (5.0, 5.0), (0.0, 0.0), 250.0)
    packed = pack(record)
    assert len(packed) < samples.size
    same_samples(record, unpack(packed))


def test_damage_is_told() -> None:
    packed = pack(twelve_leads(2.0))
    for data in (b"", b"MJE1", packed[:100], packed[:-1], packed[:50] + b"x" + packed[51:], b"\0" * 500):
        with pytest.raises(CompactError):
            unpack(data)


def test_damage_under_a_right_checksum_is_bounded() -> None:
    packed = pack(full(250.0))
    rng = random.Random(9)
    for _ in range(30):
        made = bytearray(packed[8:])
        for _ in range(rng.choice((1, 3, 10))):
            made[rng.randrange(len(made) if rng.random() < 0.5 else 900)] = rng.randrange(256)
        try:
            unpack(b"MJE1" + struct.pack("<I", zlib.crc32(made)) + bytes(made))
        except CompactError as error:
            assert str(error)


# ── thin: fewer bytes, more time ─────────────────────────────────────────────────────────────────────


def test_all_of_a_thin_record_comes_back() -> None:
    record = full(250.0)
    record.samples[4, 100:130] = MISSING
    packed = pack(record, thin=True)
    assert is_packed(packed) and is_packed(packed, thin=True) and not is_packed(packed, thin=False)
    back = unpack(packed)
    same_samples(record, back)
    assert record.median is not None and back.median is not None
    assert np.array_equal(back.median.samples, record.median.samples)
    for name in ("started", "patient", "device", "filters", "annotations", "measurements", "statements", "extra"):
        assert getattr(back, name) == getattr(record, name)


def stepped(seed: int = 3, noise_uv: float = 1.0) -> EcgRecord:
    """As carts record: steps of 2.5 µV, cut to whole µV; III, aVR, aVL and aVF follow from I and II by halves."""
    whole = twelve_leads(10.0, gain_uv=1.0)
    values = whole.microvolts() + np.random.default_rng(seed).normal(0, noise_uv, whole.samples.shape)
    steps = np.trunc(np.rint(values / 2.5) * 2.5).astype(np.int32)
    first, second = steps[1] - steps[2], steps[1]
    steps[0] = first
    steps[3] = np.trunc(-(first + second) / 2)
    steps[4], steps[5] = np.trunc(first - second / 2), np.trunc(second - first / 2)
    return replace(whole, samples=steps)


def test_steps_and_laws_of_a_cart_are_found() -> None:
    record = stepped()
    thin, quick = pack(record, thin=True), pack(record)
    same_samples(record, unpack(thin))
    assert len(thin) < 0.8 * len(quick)


@pytest.mark.parametrize(
    "low, high, count", [(-(2**31) + 1, 2**31 - 1, 200), (-(2**20), 2**20, 200), (0, 1, 600), (-5, 5, 3), (7, 8, 3000)]
)
def test_any_numbers_come_back_thin(low: int, high: int, count: int) -> None:
    samples = np.random.default_rng(5).integers(low, high, (3, count)).astype(np.int32)
    record = EcgRecord(("I", "II", "CH3"), samples, (1.0, 0.5, -3.0), (0.0, 12.5, 0.0), 250.0)
    same_samples(record, unpack(pack(record, thin=True)))


@pytest.mark.parametrize(
    "lead", [np.zeros(400), np.arange(400) * 2500.0, np.repeat([0, 900_000], 200), np.full(400, -7.0)]
)
def test_strange_leads_come_back(lead: np.ndarray) -> None:
    noise = np.random.default_rng(8).normal(0, 30, 400)
    rows = np.rint(np.vstack([lead, noise, lead + noise, lead[::-1]])).astype(np.int64)
    assert np.array_equal(compact_fine.decoded(compact_fine.coded(rows), *rows.shape), rows)


def test_the_bytes_are_the_same_on_every_machine() -> None:
    """Linux and Windows must agree; this number was made on Linux."""
    rows = (np.arange(1200).reshape(3, 400) * 7919 % 613 - 300 + np.arange(400) // 7).astype(np.int64)
    assert zlib.crc32(compact_fine.coded(rows)) == 1996900991


def test_damage_of_thin_records_under_a_right_checksum_is_bounded() -> None:
    packed = pack(full(250.0), thin=True)
    rng = random.Random(9)
    for _ in range(12):
        made = bytearray(packed[8:])
        for _ in range(rng.choice((1, 3, 10))):
            made[rng.randrange(len(made) if rng.random() < 0.5 else 900)] = rng.randrange(256)
        try:
            unpack(b"MJE2" + struct.pack("<I", zlib.crc32(made)) + bytes(made))
        except CompactError as error:
            assert str(error)
    for noise in (b"", bytes(40), rng.randbytes(200), b"\xff" * 200):
        try:
            compact_fine.decoded(noise, 3, 200)
        except CompactError as error:
            assert str(error)
