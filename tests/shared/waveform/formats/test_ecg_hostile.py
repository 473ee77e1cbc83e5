"""Damaged and hostile files: a record or EcgFormatError, soon, whatever the bytes are (seeded; more by hand)."""

from __future__ import annotations

import random
import re
import time

import pytest
from ecg_records import full

from shared.waveform.formats import WRITABLE, EcgFormatError, Kind, read, write

_NUMBERS = (b"0", b"-1", b"99999999999999999999", b"1e308", b"nan", b"2147483648", b"65536", b"0.0000001")


def damaged(data: bytes, rng: random.Random) -> bytes:
    """The bytes with some changed, dropped, doubled, or numbers replaced; mostly near the beginning."""
    made = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 5, 20))):
        if len(made) < 2:
            break
        place = rng.randrange(min(len(made), 3000) if rng.random() < 0.6 else len(made))
        kind = rng.randrange(6)
        if kind == 0:
            made[place] = rng.randrange(256)
        elif kind == 1:
            made[place : place + 4] = bytes((rng.choice((0, 127, 128, 255)),)) * 4
        elif kind == 2:
            del made[place : place + rng.randrange(1, 50)]
        elif kind == 3:
            made[place:place] = rng.randbytes(rng.randrange(1, 20))
        elif kind == 4:
            made[place : place + 8] = made[rng.randrange(len(made)) :][:8]
        else:
            found = list(re.finditer(rb"\d+", bytes(made[place : place + 4000])))
            if found:
                one = rng.choice(found)
                made[place + one.start() : place + one.end()] = rng.choice(_NUMBERS)
    return bytes(made)


@pytest.mark.parametrize("kind", WRITABLE)
def test_damage_gives_a_record_or_the_one_error(kind: Kind) -> None:
    files = dict(write(full(250.0), kind).files)
    if kind is Kind.PDF:
        files = {name: data[:60_000] for name, data in files.items()}
    rng = random.Random(f"ecg {kind}")
    slowest = 0.0
    for _ in range(12 if kind is Kind.PDF else 60):
        given = {name: damaged(data, rng) if rng.random() < 0.7 else data for name, data in files.items()}
        began = time.process_time()
        try:
            record = read(given if len(given) > 1 else next(iter(given.values())))
        except EcgFormatError as error:
            assert str(error)
        else:
            assert record.samples.size <= 64 * sum(map(len, given.values()))
        slowest = max(slowest, time.process_time() - began)
    assert slowest < 20  # seconds of work for a file of some 100 kB; usual is 0.05


@pytest.mark.parametrize("kind", WRITABLE)
def test_files_cut_anywhere(kind: Kind) -> None:
    data = write(full(250.0), kind).main
    for part in (0.001, 0.01, 0.1, 0.5, 0.99):
        try:
            read(data[: int(len(data) * part)])
        except EcgFormatError as error:
            assert str(error)
