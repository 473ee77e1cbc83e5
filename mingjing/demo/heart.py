"""The electrocardiogram's part of the story: a recorded ECG is checked, measured and printed to scale."""

from __future__ import annotations

import contextlib
import io
import json
from importlib import import_module
from pathlib import Path

from mingjing.demo.pictures import picture_of
from mingjing.demo.record import Record


class Heart:
    """One step, on the command line."""

    def __init__(self, record: Record) -> None:
        self._record = record

    def play(self) -> None:
        """Quality gate, measurements, and the paper."""
        with self._record.step(
            "心电：质控、测量、按比例打印", "ECG: quality gate, measurements, print to scale"
        ) as step:
            ecg = import_module("mingjing.ecg").main
            source = str(recorded())
            said = io.StringIO()
            with contextlib.redirect_stdout(said):
                ecg(["measure", source, "--json"])
            told = json.loads(said.getvalue())
            told = told[0] if isinstance(told, list) else told
            median = told["median"]
            words = ", ".join(f"{name} {median[name]}" for name in ("hr_bpm", "pr_ms", "qrs_ms", "qt_ms", "qtc_ms"))
            step.sentences.append(f"{len(told['beats'])} beats; {words}")
            path = self._record.file(step, "ecg.pdf")
            ecg(["print", source, "--out", str(path), "--layout", "3x4+1R", "--lang", "zh"])
            picture_of(path, self._record, step)


def recorded() -> Path:
    """A 12-lead ECG that comes with pydicom."""
    from pydicom.data import get_testdata_file

    found = get_testdata_file("waveform_ecg.dcm", download=False)
    if found is None:
        raise FileNotFoundError("pydicom's waveform_ecg.dcm is not installed")
    return Path(str(found))
