"""The whole story as the demo plays it: real server, sockets, scanner and windows; what it leaves is read by others."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import wave
from pathlib import Path
from typing import Any

import pypdf
import pytest
import zxingcpp
from PySide6.QtGui import QImage
from server_process import ROOT

from mingjing.demo.reading import CORRECTION, FINDINGS, IMPRESSION
from mingjing.demo.story import STEPS


def play(out: Path, *options: str) -> dict[str, object]:
    environment = dict(os.environ, PYTHONPATH=str(ROOT), PYTHONUTF8="1", QT_QPA_PLATFORM="offscreen")
    played = subprocess.run(
        [sys.executable, "-m", "mingjing", "demo", "--out", str(out), *options],
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=ROOT,
        env=environment,
        timeout=600,
        check=False,
    )
    assert played.returncode == 0, played.stdout[-3000:] + played.stderr[-3000:]
    summary: dict[str, object] = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    return summary


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo")
    play(folder)
    return folder


def test_every_step_left_what_it_promised(out: Path) -> None:
    summary = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    assert len(summary["steps"]) == STEPS
    files = [name for step in summary["steps"] for name in step["files"]]
    assert all((out / name).stat().st_size > 500 for name in files)
    pictures = [QImage(str(out / name)) for name in files if name.endswith(".png")]
    assert len(pictures) > 25 and all(picture.width() > 300 for picture in pictures)
    page = (out / "index.html").read_text(encoding="utf-8")
    assert all(name in page for name in files)


def test_the_printed_report_is_read_by_others(out: Path) -> None:
    reader = pypdf.PdfReader(next(out.glob("*-report.pdf")))
    text = "".join(page.extract_text() for page in reader.pages).replace("\n", "")
    for words in ("张晓明", IMPRESSION[:8], "李敏", "陈健", FINDINGS[:10], CORRECTION[:8]):
        assert words.replace(" ", "") in text.replace(" ", ""), words
    codes = _codes(next(out.glob("*-report-1.png")))
    assert any(code.startswith("MJ1:") for code in codes), codes
    label = _codes(next(out.glob("*-barcode-1.png")))
    assert any("CT" in code for code in label), label


def test_the_application_came_by_hl7_and_the_patient_by_the_kiosk(out: Path) -> None:
    application, registration, kiosk = _said(out, 2), _said(out, 3), _said(out, 4)
    assert ": AA; HIS" in application and "检查号" in registration
    assert "checked_in" in kiosk and "waiting" in kiosk
    ticket = pypdf.PdfReader(next(out.glob("*-ticket.pdf"))).pages[0].extract_text()
    assert "张*明" in ticket and "签到时间" in ticket


def test_the_referral_was_answered_by_the_other_hospital(out: Path) -> None:
    step = next(step for step in _steps(out) if "转诊" in step["title"])
    assert "县人民医院, 赵蕾" in "".join(step["sentences"])


def test_the_call_was_spoken(out: Path) -> None:
    with wave.open(str(next(out.glob("*.wav")))) as sound:
        assert 2 < sound.getnframes() / sound.getframerate() < 20
        assert max(sound.readframes(sound.getnframes())) > 0


@pytest.mark.slow  # the whole story once more, over two minutes
def test_the_demo_goes_on_with_a_kept_hospital(out: Path) -> None:
    before = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    again = play(out, "--keep")
    assert len(again["steps"]) == len(before["steps"])  # type: ignore[arg-type]


def _steps(out: Path) -> list[dict[str, Any]]:
    steps: list[dict[str, Any]] = json.loads((out / "summary.json").read_text(encoding="utf-8"))["steps"]
    return steps


def _said(out: Path, number: int) -> str:
    return "".join(_steps(out)[number - 1]["sentences"])


def _codes(picture: Path) -> list[str]:
    image = QImage(str(picture)).convertToFormat(QImage.Format.Format_Grayscale8)
    import numpy as np

    pixels = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return [found.text for found in zxingcpp.read_barcodes(np.ascontiguousarray(pixels[:, : image.width()]))]
