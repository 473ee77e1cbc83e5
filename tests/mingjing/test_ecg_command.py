"""`mingjing ecg measure` and `check` on files as they come."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from ecg_faults import muscle
from ecg_phantom import Heart, twelve_leads

from mingjing.__main__ import main
from shared.waveform.formats import write
from shared.waveform.record import EcgRecord


def _file(record: EcgRecord, folder: Path, name: str) -> str:
    written = write(record, "wfdb", name)
    for file, data in written.files.items():
        (folder / file).write_bytes(data)
    return str(folder / f"{name}.hea")


def test_measure_gives_the_keys_and_values(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record, truth = twelve_leads(Heart(rr_ms=800.0, rr_sd_ms=0.0))
    assert main(["ecg", "measure", _file(record, tmp_path, "one"), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["sampling_hz"] == 500.0
    assert [beat["r_ms"] for beat in answer["beats"]] == pytest.approx(truth.r_ms, abs=5.0)
    keys = "p_on_ms p_peak_ms p_off_ms qrs_on_ms r_ms qrs_off_ms t_peak_ms t_off_ms".split()
    assert set(answer["beats"][0]) == set(keys)
    assert set(answer["median"]) == {"hr_bpm", "pr_ms", "qrs_ms", "qt_ms", "qtc_ms", "axes_deg"}
    assert answer["median"]["hr_bpm"] == 75
    assert set(answer["quality"]) == set(record.leads)
    assert all(lead["ok"] for lead in answer["quality"].values())


def test_no_p_wave_is_null(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name = _file(twelve_leads(Heart(p_waves=False))[0], tmp_path, "none")
    assert main(["ecg", "measure", name, "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert {beat["p_on_ms"] for beat in answer["beats"]} == {None}
    assert answer["median"]["pr_ms"] is None and answer["details"]["p_waves"] is False


def test_the_table_is_for_people_in_both_languages(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name = _file(twelve_leads()[0], tmp_path, "table")
    assert main(["ecg", "measure", name]) == 0
    assert "QRS 时限" in capsys.readouterr().out
    assert main(["ecg", "measure", name, "--lang", "en"]) == 0
    assert "QTc Fridericia" in capsys.readouterr().out


def test_check_says_which_record_fails_and_what_to_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record, _ = twelve_leads()
    good = _file(record, tmp_path, "good")
    bad = _file(muscle(record, np.random.default_rng(1)), tmp_path, "bad")
    assert main(["ecg", "check", good]) == 0
    capsys.readouterr()
    assert main(["ecg", "check", good, bad, "--lang", "en"]) == 1
    said = capsys.readouterr().out
    assert "good.hea: good enough" in said and "let the patient relax" in said
    assert main(["ecg", "check", good, bad, "--json"]) == 1
    assert [each["passed"] for each in json.loads(capsys.readouterr().out)] == [True, False]


def test_a_file_that_is_no_ecg_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "letter.txt").write_text("dear colleague")
    assert main(["ecg", "measure", str(tmp_path / "letter.txt")]) == 2
    assert "letter.txt" in capsys.readouterr().err
    assert main(["ecg", "check", str(tmp_path / "absent.scp")]) == 2
