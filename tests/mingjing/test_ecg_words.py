"""`mingjing ecg convert` and `mingjing ecg print` on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from ecg_records import full, same_samples, twelve_leads

from mingjing import ecg_convert, ecg_print
from shared.waveform.formats import Kind, read, write


def _file(path: Path, kind: Kind = Kind.SCP) -> str:
    path.write_bytes(write(full(), kind).main)
    return str(path)


@pytest.mark.parametrize("kind", ["dicom", "scp", "aecg", "muse", "mfer", "edf", "wfdb", "csv", "pdf"])
def test_convert_makes_a_file_of_each_kind(kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, out = _file(tmp_path / "a.bin", Kind.DICOM), tmp_path / "made" / "b"
    assert ecg_convert.main([source, "--to", kind, "--out", str(out), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["leads"][0] == "I" and answer["sampling_hz"] == 500 and answer["samples"] == 5000
    back = read(Path(answer["files"][0]))
    if kind != "pdf":
        same_samples(full(), back)


def test_what_the_target_lacks_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ecg_convert.main([_file(tmp_path / "a.scp"), "--to", "edf", "--out", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert "a.edf" in said and "no place for median beats" in said


def test_a_refusal_has_its_own_status(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(write(twelve_leads(1.0, 360.0), Kind.CSV).main)
    assert ecg_convert.main([str(path), "--to", "scp", "--out", str(tmp_path / "b.scp")]) == 1
    assert "360 Hz" in capsys.readouterr().err
    assert not (tmp_path / "b.scp").exists()


def test_a_file_that_is_none_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.scp"
    path.write_bytes(b"no ECG at all")
    assert ecg_convert.main([str(path), "--to", "scp", "--out", str(tmp_path / "b.scp")]) == 2
    assert ecg_convert.main([str(tmp_path / "none"), "--to", "scp", "--out", str(tmp_path / "b.scp")]) == 2
    assert "no ECG file that Mingjing knows" in capsys.readouterr().err


def test_print_makes_a_pdf(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, out = _file(tmp_path / "a.scp"), tmp_path / "a.pdf"
    words = ["--layout", "6x2+1R", "--speed", "25", "--gain", "5", "--filter", "0.5-40,50hz,baseline", "--lang", "en"]
    assert ecg_print.main([source, "--out", str(out), *words]) == 0
    assert out.read_bytes().startswith(b"%PDF-")
    assert ecg_print.main([source, "--out", str(out), "--filter", "sometimes"]) == 2
    assert ecg_print.main([source, "--out", str(out), "--start", "99"]) == 1
    assert "nothing to show" in capsys.readouterr().err


def test_words_of_filters() -> None:
    settings = ecg_print.filters_of("diagnostic,50hz")
    assert settings is not None
    assert (settings.high_pass_hz, settings.low_pass_hz, settings.notch_hz) == (0.05, 150.0, 50.0)
    assert ecg_print.filters_of("none") is None
    assert ecg_print.filters_of("0.5-35") == ecg_print.filters_of("0.5-35,none")
