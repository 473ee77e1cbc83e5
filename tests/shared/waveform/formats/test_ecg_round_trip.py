"""Every format there and back, alone and through DICOM: samples, units, lead names and rates stay."""

from __future__ import annotations

import numpy as np
import pytest
from ecg_records import full, same_samples, twelve_leads

from shared.waveform.formats import WRITABLE, CannotHold, EcgFormatError, Kind, findings_of, kind_of, read, write
from shared.waveform.record import MISSING, EcgRecord

EXACT = [kind for kind in WRITABLE if kind is not Kind.PDF]


@pytest.mark.parametrize("kind", EXACT)
def test_there_and_through_dicom_and_back(kind: Kind) -> None:
    record = full()
    made = write(record, kind)
    assert kind_of(made.main) is kind
    first = read(dict(made.files))
    same_samples(record, first)
    through = read(write(first, Kind.DICOM).main)
    same_samples(first, through)
    again = read(dict(write(through, kind).files))
    same_samples(record, again)


@pytest.mark.parametrize("kind", [Kind.DICOM, Kind.AECG, Kind.MFER, Kind.MUSE, Kind.SCP])
def test_median_beats_stay_apart_and_whole(kind: Kind) -> None:
    record = full()
    back = read(write(record, kind).main)
    assert back.median is not None and record.median is not None
    assert back.median.leads == record.median.leads
    assert np.array_equal(back.median.samples, record.median.samples)
    assert back.sample_count == record.sample_count


@pytest.mark.parametrize("kind", [Kind.DICOM, Kind.AECG, Kind.MFER, Kind.MUSE, Kind.SCP, Kind.CSV, Kind.ISHNE])
def test_who_and_when_stay(kind: Kind) -> None:
    record = full()
    back = read(write(record, kind).main)
    assert back.patient.identifier == "P0001"
    assert back.patient.name == "张三丰"
    assert back.patient.birth_date == record.patient.birth_date
    assert back.patient.sex == record.patient.sex
    assert back.started == record.started


@pytest.mark.parametrize("kind", [Kind.DICOM, Kind.AECG, Kind.MFER])
def test_marks_values_and_statements_stay(kind: Kind) -> None:
    record = full()
    back = read(write(record, kind).main)
    assert back.annotations == record.annotations
    assert back.measurements == record.measurements
    assert back.statements == record.statements
    assert back.filters == record.filters


def test_leads_with_gains_and_baselines_of_their_own() -> None:
    samples = np.random.default_rng(3).integers(-900, 900, (3, 3600)).astype(np.int32)
    record = EcgRecord(("I", "MLII", "V5"), samples, (1000 / 1716, 5.0, -1000 / 429), (6.0, 1024.0, -3.0), 360.0)
    for kind in (Kind.DICOM, Kind.WFDB, Kind.EDF, Kind.CSV, Kind.AECG):
        same_samples(record, read(dict(write(record, kind).files)))


@pytest.mark.parametrize("kind", [Kind.DICOM, Kind.WFDB, Kind.CSV, Kind.MFER])
def test_samples_that_were_not_recorded_stay_so(kind: Kind) -> None:
    record = twelve_leads(2.0)
    record.samples[3, 100:200] = MISSING
    record.samples[7, -1] = MISSING
    same_samples(record, read(dict(write(record, kind).files)))


@pytest.mark.parametrize("kind", [Kind.SCP, Kind.EDF, Kind.ISHNE, Kind.MUSE])
def test_a_format_without_a_mark_for_missing_samples_says_so(kind: Kind) -> None:
    record = twelve_leads(2.0)
    record.samples[3, 100:200] = MISSING
    made = write(record, kind)
    assert any("not recorded" in finding for finding in made.findings)
    assert np.array_equal(read(dict(made.files)).samples[0], record.samples[0])


def test_a_rate_that_scp_cannot_hold_is_refused() -> None:
    with pytest.raises(CannotHold, match="360 Hz"):
        write(twelve_leads(2.0, 360.0), Kind.SCP)


def test_resolutions_that_scp_cannot_hold_are_rescaled_and_said() -> None:
    record = twelve_leads(4.0)
    odd = EcgRecord(record.leads, record.samples, (1000 / 1716,) * 6 + (3.7,) * 6, (2.0,) * 12, 500.0)
    made = write(odd, Kind.SCP)
    assert any("re-scaled" in finding for finding in made.findings)
    back = read(made.main)
    assert np.nanmax(np.abs(back.microvolts() - odd.microvolts())) <= back.gain_uv[0] / 2 + 1e-6


def test_nothing_that_is_no_ecg_is_read() -> None:
    for data in (
        b"",
        b"hello",
        b"\0" * 5000,
        b"<html><body>x</body></html>",
        b"name,age\nLi,3\nWang,4\n",
        bytes(range(256)) * 20,
    ):
        assert kind_of(data) is None
        with pytest.raises(EcgFormatError):
            read(data)


def test_a_file_is_known_by_its_content(tmp_path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "patient.txt"
    path.write_bytes(write(full(), Kind.SCP).main)
    assert read(path).leads[0] == "I"
    assert findings_of(read(path)) == ()
