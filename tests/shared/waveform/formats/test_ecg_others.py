"""WFDB, EDF, Philips XML, MUSE, tables, Contec, ISHNE, MFER: what their own rules say, by files made here."""

from __future__ import annotations

import base64
import io
import re
import struct
import zlib

import numpy as np
import pytest
import soundfile
from ecg_records import full, same_samples, twelve_leads

from shared.waveform.formats import CannotHold, EcgFormatError, Kind, findings_of, read, write
from shared.waveform.formats.wfdb_annotations import read_annotations, write_annotations
from shared.waveform.record import MISSING, Annotation, EcgRecord


def _packed_212(values: list[int]) -> bytes:
    made = b""
    for one, two in zip(values[::2], values[1::2], strict=True):
        a, b = one & 0xFFF, two & 0xFFF
        made += bytes((a & 0xFF, (a >> 8) | (b >> 8) << 4, b & 0xFF))
    return made


def _packed_310(values: list[int]) -> bytes:
    made = b""
    for at in range(0, len(values), 3):
        a, b, c = (value & 0x3FF for value in values[at : at + 3])
        made += struct.pack("<HH", a << 1 | (c & 0x1F) << 11, b << 1 | (c >> 5) << 11)
    return made


def _packed_311(values: list[int]) -> bytes:
    return b"".join(
        struct.pack("<I", sum((value & 0x3FF) << (10 * n) for n, value in enumerate(values[at : at + 3])))
        for at in range(0, len(values), 3)
    )


_PACK = {
    "212": (_packed_212, 2047),
    "310": (_packed_310, 511),
    "311": (_packed_311, 511),
    "80": (lambda values: bytes(value + 128 for value in values), 127),
    "160": (lambda values: struct.pack(f"<{len(values)}H", *(value + 32768 for value in values)), 32767),
    "61": (lambda values: struct.pack(f">{len(values)}h", *values), 32767),
    "16": (lambda values: struct.pack(f"<{len(values)}h", *values), 32767),
    "24": (lambda values: b"".join(value.to_bytes(3, "little", signed=True) for value in values), 2**23 - 1),
    "32": (lambda values: struct.pack(f"<{len(values)}i", *values), 2**31 - 1),
}


@pytest.mark.parametrize("form", sorted(_PACK))
def test_sample_formats_of_wfdb(form: str) -> None:
    pack, most = _PACK[form]
    values = np.random.default_rng(int(form)).integers(-most, most, (300, 2), endpoint=True)
    header = f"r 2 250 300\nr.dat {form} 200 12 0 0 0 0 II\nr.dat {form} 100(5)/mV 12 0 0 0 0 V1\n"
    record = read({"r.hea": header.encode(), "r.dat": pack(values.reshape(-1).tolist())})
    assert np.array_equal(record.samples.T, values)
    assert record.leads == ("II", "V1") and record.gain_uv == (5.0, 10.0) and record.baseline == (0.0, 5.0)


_FLAC = {"508": ("PCM_S8", 8), "516": ("PCM_16", 16), "524": ("PCM_24", 24)}


def _flac(values: np.ndarray, kind: str, bits: int) -> bytes:
    stream = io.BytesIO()
    soundfile.write(stream, (values << (32 - bits)).astype(np.int32), 250, subtype=kind, format="FLAC")
    return stream.getvalue()


@pytest.mark.parametrize("form", sorted(_FLAC))
def test_flac_of_wfdb(form: str) -> None:
    kind, bits = _FLAC[form]
    most = 2 ** (bits - 1)
    values = np.random.default_rng(int(form)).integers(-most + 1, most, (300, 2))
    values[7, 1] = -most
    header = f"r 2 250 150\nr.dat {form}x2 200 12 0 0 0 0 II\nr.dat {form}x2 100(5)/mV 12 0 0 0 0 V1\n"
    record = read({"r.hea": header.encode(), "r.dat": _flac(values, kind, bits)})
    values[7, 1] = MISSING
    assert record.sampling_hz == 500.0 and record.leads == ("II", "V1")
    assert np.array_equal(record.samples.T, values)


def test_flac_that_is_none_is_refused() -> None:
    header = b"r 2 250 300\nr.dat 516 200 12 0 0 0 0 II\nr.dat 516 200 12 0 0 0 0 V1\n"
    values = np.arange(600).reshape(300, 2)
    with pytest.raises(EcgFormatError, match="damaged"):
        read({"r.hea": header, "r.dat": b"fLaC" + bytes(5000)})
    with pytest.raises(EcgFormatError, match="not what its header says"):
        read({"r.hea": header, "r.dat": _flac(values, "PCM_24", 24)})
    with pytest.raises(EcgFormatError, match="not what its header says"):
        read({"r.hea": header, "r.dat": _flac(values[:, :1], "PCM_16", 16)})


def test_segments_of_wfdb_lie_on_one_time_line() -> None:
    one, two = np.arange(100, dtype="<i2"), np.arange(100, 150, dtype="<i2")
    files = {
        "m.hea": b"m/3 1 250 170\na 100\n~ 20\nb 50\n",
        "a.hea": b"a 1 250 100\na.dat 16 200 16 0 0 0 0 II\n",
        "b.hea": b"b 1 250 50\nb.dat 16 200 16 0 0 0 0 II\n",
        "a.dat": one.tobytes(),
        "b.dat": two.tobytes(),
    }
    record = _read_main(files, "m.hea")
    assert record.sample_count == 170
    assert record.samples[0, 99] == 99 and record.samples[0, 110] == MISSING and record.samples[0, 120] == 100


def test_the_ecg_of_a_monitor_is_not_lost_beside_its_slower_signals() -> None:
    """Monitors keep four samples of a lead for one of the pressure: the rate of the leads is the record's."""
    frames = np.zeros((50, 10), dtype="<i2")
    frames[:, :4], frames[:, 4:8] = np.arange(200).reshape(50, 4), -np.arange(200).reshape(50, 4)
    header = (
        b"m 4 125 50\nm.dat 16x4 200 16 0 0 0 0 III\nm.dat 16x4 200 16 0 0 0 0 V\n"
        b"m.dat 16 20 16 0 0 0 0 PLETH\nm.dat 16 20 16 0 0 0 0 RESP\n"
    )
    files = {"m.hea": header, "m.dat": frames.tobytes()}
    record = _read_main(files, "m.hea")
    assert record.leads == ("III", "V") and record.sampling_hz == 500.0
    assert np.array_equal(record.samples, [np.arange(200), -np.arange(200)])
    assert "PLETH has 1 samples a frame where others have 4" in record.extra["findings"]
    whole = {**files, "r.hea": b"r/3 4 125 130\nm 50\n~ 30\nm 50\n"}
    joined = _read_main(whole, "r.hea")
    assert joined.sampling_hz == 500.0 and joined.sample_count == 520
    assert joined.samples[0, 199] == 199 and joined.samples[0, 200] == MISSING and joined.samples[0, 320] == 0


def test_a_layout_names_signals_that_come_and_go() -> None:
    """header(5): the first segment of such a record has no samples, its signals lie in the file ~ with format 0."""
    files = {
        "r.hea": b"r/4 2 125 30\nr_layout 0\na 10\n~ 5\nb 15\n",
        "r_layout.hea": b"r_layout 2 125 0\n~ 0 200/mV 0 0 0 0 0 II\n~ 0 200/mV 0 0 0 0 0 V1\n",
        "a.hea": b"a 1 125 10\na.dat 16 200/mV 16 0 0 0 0 II\n",
        "b.hea": b"b 2 125 15\nb.dat 16 90(3)/mV 16 0 0 0 0 V1\nb.dat 16 90(3)/mV 16 0 0 0 0 II\n",
        "a.dat": np.arange(10, dtype="<i2").tobytes(),
        "b.dat": np.stack([np.arange(15), np.arange(15) * 7], axis=1).astype("<i2").tobytes(),
    }
    record = _read_main(files, "r.hea")
    volts = record.microvolts()
    assert record.leads == ("II", "V1") and record.sample_count == 30
    assert np.isnan(volts[1, :15]).all() and np.isnan(volts[0, 10:15]).all()
    assert volts[0, :10] == pytest.approx(np.arange(10) * 5.0, abs=0.05)
    assert volts[0, 15:] == pytest.approx((np.arange(15) * 7 - 3) / 90 * 1000, abs=0.05)
    assert volts[1, 15:] == pytest.approx((np.arange(15) - 3) / 90 * 1000, abs=0.05)


def _read_main(files: dict[str, bytes], main: str) -> EcgRecord:
    from shared.waveform.formats import wfdb_reading
    from shared.waveform.formats.base import Source

    return wfdb_reading.read(Source(files[main], main, files.get))


def test_a_header_that_points_out_of_its_folder_is_refused() -> None:
    header = b"r 1 250 10\n../../etc/passwd 16 200 16 0 0 0 0 II\n"
    with pytest.raises(EcgFormatError, match="plain file name"):
        read({"r.hea": header})


def test_a_missing_signal_file_is_told() -> None:
    with pytest.raises(EcgFormatError, match=r"r\.dat .* is missing"):
        read(b"r 1 250 10\nr.dat 16 200 16 0 0 0 0 II\n")


def test_annotations_of_wfdb_far_apart_and_with_text() -> None:
    marks = [Annotation(10, "N"), Annotation(5_000_000, "V", "early"), Annotation(5_000_001, "(")]
    assert read_annotations(write_annotations(marks)) == marks


def test_annotations_of_single_leads_are_found_beside_the_header() -> None:
    made = dict(write(twelve_leads(1.0), Kind.WFDB, "r").files)
    made["r.ii"] = write_annotations([Annotation(100, "("), Annotation(120, "N"), Annotation(140, ")")])
    assert [(mark.sample, mark.code, mark.lead) for mark in read(made).annotations] == [
        (100, "(", "II"),
        (120, "N", "II"),
        (140, ")", "II"),
    ]


def test_a_length_that_no_edf_record_divides() -> None:
    record = twelve_leads(10.0)
    odd = EcgRecord(record.leads, record.samples[:, :4999].copy(), record.gain_uv, record.baseline, 500.0)
    back = read(write(odd, Kind.EDF).main)
    same_samples(odd, back)
    assert back.annotations == ()


def test_a_pause_of_edf_d_is_not_recorded_time() -> None:
    data = bytearray(write(twelve_leads(4.0), Kind.EDF).main)
    data[192:197] = b"EDF+D"
    place = data.rfind(b"+0\x14\x14")
    assert place > 0
    assert read(bytes(data)).sample_count >= 2000


def _edf(version: bytes, signals: list[tuple[str, str, int]], body: bytes, records: int) -> bytes:
    """A file of one-second records; each signal is (label, unit, samples a record), -1 to 1 for the whole range."""
    width = 3 if version != b"0" else 2
    ends = (-(2 ** (8 * width - 1)), 2 ** (8 * width - 1) - 1)
    head = version.ljust(8) + b"X X X X".ljust(80) + b"Startdate X X X X".ljust(80) + b"01.02.20" + b"03.04.05"
    head += str(256 * (len(signals) + 1)).encode().ljust(8) + b" " * 44
    head += str(records).encode().ljust(8) + b"1".ljust(8) + str(len(signals)).encode().ljust(4)
    columns = (
        [(label, 16) for label, _, _ in signals],
        [("", 80)] * len(signals),
        [(unit, 8) for _, unit, _ in signals],
        [(str(ends[0]), 8)] * len(signals),
        [(str(ends[1]), 8)] * len(signals),
        [(str(ends[0]), 8)] * len(signals),
        [(str(ends[1]), 8)] * len(signals),
        [("", 80)] * len(signals),
        [(str(count), 8) for _, _, count in signals],
        [("", 32)] * len(signals),
    )
    return head + b"".join(text.encode().ljust(wide) for column in columns for text, wide in column) + body


def test_samples_of_24_bits_in_bdf() -> None:
    values = np.random.default_rng(3).integers(-(2**23), 2**23, (2, 2, 250))  # record, signal, sample
    values[0, 0, :2] = (-(2**23), 2**23 - 1)
    body = b"".join(int(one).to_bytes(3, "little", signed=True) for one in values.reshape(-1))
    record = read(_edf(b"\xffBIOSEMI", [("ECG II", "uV", 250), ("ECG V1", "uV", 250)], body, 2))
    assert record.leads == ("II", "V1") and record.sampling_hz == 250.0
    assert np.array_equal(record.samples, values.transpose(1, 0, 2).reshape(2, -1))
    assert record.gain_uv == (1.0, 1.0)


def test_the_leads_count_not_the_densest_signal_of_edf() -> None:
    sound, lead = np.zeros(1000, dtype="<i2"), np.arange(250, dtype="<i2")
    body = sound.tobytes() + lead.tobytes() + lead.tobytes()
    signals = [("Snore", "uV", 1000), ("ECG I", "uV", 250), ("ECG II", "uV", 250)]
    record = read(_edf(b"0", signals, body, 1))
    assert record.leads == ("I", "II") and record.sampling_hz == 250.0
    assert np.array_equal(record.samples[1], lead)
    assert findings_of(record) == ("signal Snore is not sampled at 250 Hz and is left out",)


def _lzw_10(data: bytes) -> bytes:
    """The encoder of the XLI chunks: 10-bit codes, table full at 1023."""
    words = {bytes((value,)): value for value in range(256)}
    codes, word = [], b""
    for value in data:
        longer = word + bytes((value,))
        if longer in words:
            word = longer
            continue
        codes.append(words[word])
        if len(words) < 1023:
            words[longer] = len(words)
        word = bytes((value,))
    codes.append(words[word])
    bits = "".join(f"{code:010b}" for code in [*codes, 1023])
    return int(bits.ljust(-(-len(bits) // 8) * 8, "0"), 2).to_bytes(-(-len(bits) // 8), "big")


def _xli(rows: np.ndarray) -> bytes:  # type: ignore[type-arg]
    made = b""
    for row in rows.astype(np.int64):
        numbers = row.copy()
        second = -(row[2:] - 2 * row[1:-1] + row[:-2])  # z = 2y - x - last
        numbers[2:-1] = second[1:] + 64
        numbers[-1] = 64
        words = numbers.astype(np.int16).view(np.uint16)
        raw = _lzw_10((words >> 8).astype(np.uint8).tobytes() + (words & 0xFF).astype(np.uint8).tobytes())
        made += struct.pack("<ihh", len(raw), 1, int(second[0])) + raw
    return made


def test_the_compressed_leads_of_philips() -> None:
    record = twelve_leads(4.0)
    stored = record.samples.astype(np.int64).copy()
    one, two, three = (stored[n].copy() for n in range(3))

    def half(values: np.ndarray) -> np.ndarray:  # type: ignore[type-arg]
        return np.trunc(values / 2).astype(np.int64)

    stored[2] = two - one - three
    stored[3] = -record.samples[3] - half(one + two)
    stored[4] = half(one - three) - record.samples[4]
    stored[5] = half(two + three) - record.samples[5]
    xml = (
        '<?xml version="1.0"?><restingecgdata xmlns="http://www3.medical.philips.com"><waveforms>'
        '<parsedwaveforms dataencoding="Base64" compression="XLI" numberofleads="12" durationperchannel="4000" '
        f'samplespersecond="500" resolution="5" leadlabels="{" ".join(record.leads)}">'
        f"{base64.b64encode(_xli(stored)).decode()}</parsedwaveforms></waveforms></restingecgdata>"
    )
    for data in (xml.encode(), xml.encode("utf-16")):
        same_samples(record, read(data))


def test_muse_derives_four_leads_exactly() -> None:
    samples = np.random.default_rng(4).integers(-500, 500, (2, 1000)).astype(np.int32)
    record = EcgRecord(("I", "II"), samples, (4.88, 4.88), (0.0, 0.0), 500.0)
    made = write(record, Kind.MUSE).main
    back = read(made)
    assert back.leads == ("I", "II", "III", "aVR", "aVL", "aVF")
    one, two = record.microvolts()
    expected = np.array([one, two, two - one, -(one + two) / 2, one - two / 2, two - one / 2])
    assert np.allclose(back.microvolts(), expected)
    assert write(back, Kind.MUSE).main.count(b"<LeadID>") == 2
    wrong = re.sub(rb"<LeadDataCRC32>\d+", b"<LeadDataCRC32>77", made)
    assert any("checksum" in line for line in findings_of(read(wrong)))


def test_xml_with_entities_of_its_own_is_not_opened() -> None:
    bomb = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><RestingECG>&b;</RestingECG>'
    with pytest.raises(EcgFormatError, match="entities"):
        read(bomb)
    with pytest.raises(EcgFormatError, match="nests"):
        read(b"<AnnotatedECG>" + b"<a>" * 5000)


def test_xml_in_gb2312() -> None:
    made = write(full(), Kind.MUSE).main.decode().replace('encoding="UTF-8"', 'encoding="gb2312"')
    assert read(made.encode("gb18030")).patient.name == "张三丰"


def test_a_foreign_table_with_times_and_units() -> None:
    lines = ["time (ms),I (mV),II (mV)"] + [f"{n * 4},{n / 1000:.3f},{-n / 500:.3f}" for n in range(500)]
    record = read("\n".join(lines).encode())
    assert record.leads == ("I", "II") and record.sampling_hz == 250
    assert np.allclose(record.microvolts()[0], np.arange(500))


def test_a_table_without_a_rate_says_what_to_add() -> None:
    lines = ["I,II"] + [f"{n},{n}" for n in range(100)]
    with pytest.raises(EcgFormatError, match="sampling_hz"):
        read("\n".join(lines).encode())
    record = read(("# sampling_hz: 500\n" + "\n".join(lines)).encode())
    assert record.sampling_hz == 500 and record.sample_count == 100


def test_contec_derives_its_limb_leads() -> None:
    rows = np.full((800, 8), 0x6800, dtype="<u2")
    rows[:, 0], rows[:, 1] = 2048 + 100, 2048 + 30
    head = b"0000037\0\0\0" + b"2020-11-15 12:59:50\0\0\0" + b"Niccolo\0" + bytes((1, 54, 73))
    record = read(head + rows.tobytes() + bytes(37))
    assert [record.lead(name)[0] for name in ("I", "II", "III", "aVR", "aVL", "aVF")] == [350, 500, 150, -425, 100, 325]
    assert (record.samples[6:] == MISSING).all()
    assert record.patient.name == "Niccolo" and record.started is not None


def test_the_checksum_of_ishne() -> None:
    data = bytearray(write(twelve_leads(2.0), Kind.ISHNE).main)
    data[40] ^= 1
    assert any("checksum" in line for line in findings_of(read(bytes(data))))
    with pytest.raises(CannotHold):
        write(twelve_leads(2.0, 128.5), Kind.ISHNE)


def test_mfer_of_a_big_endian_device_without_a_preamble() -> None:
    values = np.arange(-100, 100, dtype=">i2")

    def tlv(tag: int, raw: bytes) -> bytes:
        return bytes((tag, len(raw))) + raw

    lead = [bytes((0x3F, n)) + bytes((4,)) + tlv(0x09, bytes((0, code))) for n, code in enumerate((1, 62))]
    data = tlv(0x04, (200).to_bytes(2, "big")) + tlv(0x05, b"\2") + tlv(0x06, b"\1")
    data += tlv(0x0B, bytes((1, 0xFD)) + b"\2") + tlv(0x0C, bytes((0, 0xFA)) + b"\5") + b"".join(lead)
    data += (
        bytes((0x1E, 0x82)) + (800).to_bytes(2, "big") + values.tobytes() + values.tobytes()[::-1] + bytes((0x80, 0))
    )
    record = read(data)
    assert record.leads == ("I", "aVR") and record.sampling_hz == 500 and record.gain_uv == (5.0, 5.0)
    assert np.array_equal(record.samples[0], values)


def test_checksums_are_those_of_zlib() -> None:
    text = write(twelve_leads(1.0), Kind.MUSE).main.decode()
    crc = int(re.findall(r"<LeadDataCRC32>(\d+)", text)[0])
    raw = base64.b64decode(re.findall(r"<WaveFormData>([^<]+)", text)[0])
    assert crc == zlib.crc32(raw)
