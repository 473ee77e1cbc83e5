"""DICOM ECG: the validator finds nothing, pydicom reads the same values, odd objects of other makers are read."""

from __future__ import annotations

import shutil
import subprocess
import zlib
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pydicom
import pytest
from ecg_records import full, twelve_leads

from shared.waveform.formats import CannotHold, EcgFormatError, Kind, findings_of, read, write
from shared.waveform.formats.dicom_writing import (
    AMBULATORY,
    GENERAL,
    GENERAL_32_BIT,
    TWELVE_LEAD,
    dataset_of,
    sop_class,
)
from shared.waveform.record import EcgRecord, StoredMeasurement


def _complaints(data: bytes, path: Path) -> list[str]:
    path.write_bytes(data)
    said = subprocess.run(["dciodvfy", str(path)], capture_output=True, text=True, check=False).stderr
    return [line for line in said.splitlines() if line.startswith(("Error", "Warning"))]


@pytest.mark.skipif(shutil.which("dciodvfy") is None, reason="needs dicom3tools")
@pytest.mark.parametrize(
    "record",
    [full(), twelve_leads(40.0), twelve_leads(5.0, 100.0)],
    ids=["12-lead", "general", "ambulatory"],
)
def test_the_validator_finds_nothing(record: EcgRecord, tmp_path: Path) -> None:
    made = write(record, Kind.DICOM).main
    kept = [line for line in _complaints(made, tmp_path / "a.dcm") if "needed to build DICOMDIR" not in line]
    assert kept == []


def test_the_class_follows_from_the_record() -> None:
    assert sop_class(full()) == TWELVE_LEAD
    assert sop_class(twelve_leads(40.0)) == GENERAL
    assert sop_class(twelve_leads(5.0, 100.0)) == AMBULATORY
    assert sop_class(twelve_leads(5.0, 2000.0)) == GENERAL_32_BIT
    with pytest.raises(CannotHold):
        sop_class(twelve_leads(5.0, 25.0))


def test_pydicom_reads_the_same_values() -> None:
    record = full()
    ds = pydicom.dcmread(BytesIO(write(record, Kind.DICOM).main))
    assert np.allclose(ds.waveform_array(0).T, record.microvolts())
    assert record.median is not None
    assert np.allclose(ds.waveform_array(1).T, record.median.microvolts())
    assert ds.PatientName.ideographic == "张^三丰"


def test_the_example_of_pydicom_is_read_with_rhythm_and_beats_apart() -> None:
    path = Path(pydicom.__file__).parent / "data" / "test_files" / "waveform_ecg.dcm"
    if not path.exists():
        pytest.skip("this pydicom brings no ECG")
    record = read(path)
    assert record.samples.shape == (12, 10000) and record.sampling_hz == 1000
    assert record.median is not None and record.median.samples.shape == (12, 1200)
    assert record.gain_uv[0] == 1.25
    assert {one.name: one.value for one in record.measurements}["pr"] == 161


def test_values_beyond_16_bits_keep_their_physical_value() -> None:
    record = twelve_leads(3.0)
    record.samples[2] += 40_000
    back = read(write(record, Kind.DICOM).main)
    assert np.allclose(back.microvolts(), record.microvolts())


def test_groups_one_after_the_other_are_one_record() -> None:
    ds = dataset_of(twelve_leads(5.0))
    later = dataset_of(twelve_leads(5.0)).WaveformSequence[0]
    later.MultiplexGroupTimeOffset = "5000"
    ds.WaveformSequence.append(later)
    record = read(_bytes(ds))
    assert record.samples.shape == (12, 5000)
    assert np.array_equal(record.samples[:, :2500], record.samples[:, 2500:])
    assert any("one time line" in line for line in findings_of(record))


def test_channels_that_are_no_voltage_are_left_out_and_said() -> None:
    ds = dataset_of(twelve_leads(5.0))
    ds.WaveformSequence[0].ChannelDefinitionSequence[1].ChannelSensitivityUnitsSequence[0].CodeValue = "mm[Hg]"
    record = read(_bytes(ds))
    assert "II" not in record.leads and len(record.leads) == 11
    assert any("not in volts" in line for line in findings_of(record))


def test_a_group_that_says_more_than_it_holds_is_cut() -> None:
    ds = dataset_of(twelve_leads(5.0))
    ds.WaveformSequence[0].NumberOfWaveformSamples = 1_000_000
    assert read(_bytes(ds)).sample_count == 2500
    ds.WaveformSequence[0].NumberOfWaveformChannels = 60_000
    with pytest.raises(EcgFormatError):
        read(_bytes(ds))


def test_a_deflated_bomb_is_refused() -> None:
    ds = dataset_of(twelve_leads(1.0))
    ds.file_meta.TransferSyntaxUID = pydicom.uid.DeflatedExplicitVRLittleEndian
    data = _bytes(ds)
    assert read(data).sample_count == 500
    start = 144 + int.from_bytes(data[140:144], "little")
    engine = zlib.compressobj(9, zlib.DEFLATED, -15)
    bomb = b"".join([*(engine.compress(b"\0" * (1 << 20)) for _ in range(300)), engine.flush()])
    with pytest.raises(EcgFormatError, match="256 MB"):
        read(data[:start] + bomb)


def _bytes(ds: pydicom.Dataset) -> bytes:
    buffer = BytesIO()
    pydicom.dcmwrite(buffer, ds, enforce_file_format=True)
    return buffer.getvalue()


def test_skew_of_channels_is_kept() -> None:
    ds = dataset_of(twelve_leads(5.0))
    ds.WaveformSequence[0].ChannelDefinitionSequence[2].ChannelSampleSkew = "0.25"
    record = read(_bytes(ds))
    again = pydicom.dcmread(BytesIO(write(record, Kind.DICOM).main))
    skews = [str(item.ChannelSampleSkew) for item in again.WaveformSequence[0].ChannelDefinitionSequence]
    assert skews[2] == "0.25" and float(skews[0]) == 0


def test_values_without_a_public_code_are_words_that_come_back() -> None:
    record = full()
    extra = (StoredMeasurement("p_on", 286.5, "ms"), StoredMeasurement("r_amp", 1200, "uV", "V5"))
    given = replace(record, measurements=extra)
    assert read(write(given, Kind.DICOM).main).measurements == extra
