"""Real files of many makers, transfer syntaxes and character sets take a new identity and keep everything else."""

from __future__ import annotations

import warnings
from io import BytesIO
from pathlib import Path

import pytest
from pydicom import Dataset, dcmread

from server.archive.corrections.rewriting import CannotRewrite, Mark, joined, rewritten
from server.archive.header import DamagedHeader, read_header
from server.archive.part10 import NotPart10, read_meta

DATA = Path(__file__).resolve().parents[5] / "shared" / "data"
MARK = Mark("20261122101500.000000+0000", "MINGJING")
CHANGES = {0x00100020: "NEW", 0x0020000D: "2.25.77"}
CHANGED = {0x00080005, 0x00100010, 0x04000561, *CHANGES}
MAX_BYTES = 8 << 20


def files(step: int) -> list[Path]:
    return [path for path in sorted(DATA.rglob("*")) if path.is_file() and path.stat().st_size < MAX_BYTES][::step]


@pytest.mark.skipif(not DATA.is_dir(), reason="the collection of real files is not here")
@pytest.mark.parametrize("step", [9, pytest.param(1, marks=pytest.mark.slow)])
def test_real_files_take_a_new_identity(step: int) -> None:
    done = 0
    for path in files(step):
        whole = path.read_bytes()
        try:
            what, offset = read_meta(whole[:20000])
            data = memoryview(whole)[offset:]
            if 0x00080018 not in read_header(data, what.transfer_syntax_uid).tags:
                continue
        except (NotPart10, DamagedHeader):
            continue
        before = read(whole)
        for name in ("Wang^Wu", "Wang^Wu=王^五"):
            try:
                pieces = rewritten(data, what.transfer_syntax_uid, {**CHANGES, 0x00100010: name}, MARK)
            except CannotRewrite as refusal:
                pytest.fail(f"{path.name}: {refusal}")
            after = read(whole[:offset] + bytes(joined(pieces)))
            if "PatientID" not in before and "PatientID" not in after:
                continue  # cut in the middle: pydicom reads none of it
            assert after.PatientID == "NEW" and after.StudyInstanceUID == "2.25.77", path.name
            assert str(after.PatientName).replace("\x1b$)A", "") == name, path.name
            assert tags(after) == tags(before), path.name
            if "PixelData" in before:
                assert after.PixelData == before.PixelData, path.name
        done += 1
    assert done > 20


def read(data: bytes) -> Dataset:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what makers do is not ours
        return dcmread(BytesIO(data), force=True)


def tags(dataset: Dataset) -> list[int]:
    return [int(tag) for tag in dataset.keys() if tag not in CHANGED]  # noqa: SIM118 - a Dataset iterates elements
