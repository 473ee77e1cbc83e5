"""SCP-ECG: the coding of samples against hand-made streams, sections, checksums, reduced files."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from ecg_records import full, twelve_leads

from shared.waveform.formats import EcgFormatError, Kind, findings_of, read, write
from shared.waveform.formats import scp_codec as codec
from shared.waveform.formats.scp_writing import _file


def test_the_default_table_codes_as_the_standard_says() -> None:
    # 0 = "0", 1 = "100", -1 = "101", 2 = "1100", 9 = ten bits 1111111110 and 8 bits, 300 = 1111111111 and 16 bits
    bits = "0" + "100" + "101" + "1100" + "1111111110" + f"{9:08b}" + "1111111111" + f"{300:016b}"
    data = int(bits.ljust(56, "1"), 2).to_bytes(7, "big")
    assert codec.huffman(data, 6, (codec.default_table(),)) == [0, 1, -1, 2, 9, 300]
    assert codec.coded_default(np.array([0, 1, -1, 2, 9, 300])) == int(bits.ljust(56, "0"), 2).to_bytes(7, "big")


def test_every_number_comes_back() -> None:
    numbers = np.concatenate([np.arange(-300, 300), [-32768, 32767, 128, -129]])
    coded = codec.coded_default(numbers)
    assert coded is not None
    assert codec.huffman(coded, numbers.size, (codec.default_table(),)) == numbers.tolist()


@pytest.mark.parametrize("order", [0, 1, 2])
def test_differences_are_undone(order: int) -> None:
    row = np.random.default_rng(2).integers(-2000, 2000, 500).astype(np.int32)
    assert np.array_equal(codec.undone(codec.differences_of(row, order), order), row)


def test_tables_of_a_file_and_the_switch_between_them() -> None:
    one = (codec.HuffmanCode(1, 1, 1, 5, 0), codec.HuffmanCode(2, 2, 0, 2, 0b10), codec.HuffmanCode(2, 6, 1, 10, 0b11))
    two = (codec.HuffmanCode(1, 1, 1, -7, 0), codec.HuffmanCode(1, 1, 0, 1, 1))
    # 5, 10 + (-8), switch, -7, -7, switch back, 5
    bits = "0" + "11" + "1000" + "10" + "0" + "0" + "1" + "0"
    data = int(bits.ljust(16, "0"), 2).to_bytes(2, "big")
    assert codec.huffman(data, 5, (one, two)) == [5, 2, -7, -7, 5]


def test_a_file_reduced_outside_of_the_beats_is_restored() -> None:
    """Bimodal data with the reference beat taken off, made here by the rules of EN 1064 5.7 to 5.9."""
    record = twelve_leads(2.0)
    beat = np.rint(100 * np.hanning(101)).astype(np.int32)
    rows = []
    truth = np.zeros((12, 1000), dtype=np.int32)
    for lead in range(12):
        smooth = np.repeat(np.arange(250) // 10 + lead, 4).astype(np.int32)
        truth[lead] = smooth
        truth[lead, 300:401] += beat
        # zone 281 to 420 (from 1) is stored whole, the rest as means of four
        rest = smooth.copy()
        before, zone, after = rest[:280], rest[280:420], rest[420:]
        rows.append(np.concatenate([before.reshape(-1, 4).mean(1), zone, after.reshape(-1, 4).mean(1)]).astype(int))
    streams = [codec.coded_default(codec.differences_of(np.array(row, dtype=np.int32), 2)) for row in rows]
    median = [codec.coded_default(codec.differences_of(beat, 1))] * 12
    sections = _sections_of(write(record, Kind.SCP).main)
    sections[3] = bytes((12, 1 | 4)) + sections[3][2:]
    sections[4] = (
        struct.pack("<HHH", 202, 51, 1) + struct.pack("<HIII", 0, 301, 351, 401) + struct.pack("<II", 281, 420)
    )
    sections[5] = _block(5000, 2000, 1, 0, median)
    sections[6] = _block(5000, 8000, 2, 1, streams)
    back = read(_file(sections))
    assert back.sampling_hz == 500 and back.samples.shape == (12, 1000)
    assert np.array_equal(back.samples[:, 280:420], truth[:, 280:420])
    assert np.abs(back.samples - truth).max() <= 1
    assert any("interpolated" in line for line in findings_of(back))


def test_a_changed_byte_is_told() -> None:
    data = bytearray(write(full(), Kind.SCP).main)
    data[-40] ^= 1
    assert any("checksum" in line for line in findings_of(read(bytes(data))))


def test_pointers_that_lead_nowhere_are_refused() -> None:
    data = bytearray(write(full(), Kind.SCP).main)
    struct.pack_into("<I", data, 22 + 6 * 10 + 6, 2**31)
    with pytest.raises(EcgFormatError, match="section 6"):
        read(bytes(data))


def _sections_of(data: bytes) -> dict[int, bytes]:
    found = {}
    for place in range(32, 22 + 120, 10):
        number, size, index = struct.unpack_from("<HII", data, place)
        if size:
            found[number] = data[index - 1 + 16 : index - 1 + size]
    return found


def _block(nanovolt: int, microseconds: int, order: int, bimodal: int, streams: list[bytes | None]) -> bytes:
    whole = [stream or b"" for stream in streams]
    head = struct.pack("<HHBB", nanovolt, microseconds, order, bimodal)
    return head + b"".join(struct.pack("<H", len(one)) for one in whole) + b"".join(whole)
