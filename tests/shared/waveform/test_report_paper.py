"""Reports on paper: every template to scale in the PDF's own coordinates, nothing lost, equal facts equal bytes."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO
from typing import Any

import numpy as np
import pypdf
import pytest

from shared.waveform.paper import Look
from shared.waveform.record import record_from_microvolts
from shared.waveform.report_paper import ReportWords, Value, report_pdf
from shared.waveform.report_templates import TEMPLATES
from tests.ecg_network import polylines
from tests.ecg_phantom import twelve_leads

WORDS = ReportWords(
    hospital="县人民医院",
    title="心电图报告",
    patient=(("姓名：", "张三"), ("性别：", "男"), ("年龄：", "63岁"), ("临床诊断：", "胸痛待查")),
    values=tuple(Value(name, "100 ms", name == "PR") for name in ("HR", "P", "PR", "QRS", "QT", "QTc(Fridericia)")),
    findings=("检查所见：", "窦性 P 波规律出现。"),
    diagnosis=("心电诊断：", "窦性心律"),
    signers=(("报告医师：", "李四"), ("报告时间：", "2026-03-02 08:00")),
    continued="（见续页）",
)


def look_of(key: str, **changes: Any) -> Look:
    chosen = TEMPLATES[key]
    return replace(Look(layout=chosen.layout, paper=chosen.paper), **changes)


def measured(pdf: bytes, hertz: float, least: int) -> tuple[set[float], int]:
    """mm/s of every trace with so many points, rounded to 0.01, and how many traces there are."""
    traces = [np.array(one) for one in polylines(pdf) if len(one) >= least]
    speeds = {round(float((one[-1, 0] - one[0, 0]) / (len(one) - 1) * hertz), 2) for one in traces}
    return speeds, len(traces)


@pytest.mark.parametrize("key", list(TEMPLATES))
def test_each_template_is_true_to_scale(key: str) -> None:
    record = twelve_leads()[0]
    pdf = report_pdf(record, look_of(key), WORDS)
    speeds, count = measured(pdf, record.sampling_hz, 1000)
    assert speeds == {25.0} and count >= 12
    pulses = [np.array(one) for one in polylines(pdf) if len(one) == 6]
    assert {round(float(np.ptp(one[:, 1])), 2) for one in pulses} == {10.0}
    page = pypdf.PdfReader(BytesIO(pdf)).pages[0]
    text = page.extract_text()
    for word in ("县人民医院", "张三", "胸痛待查", "QTc(Fridericia)", "100 ms *", "窦性心律", "李四", "25 mm/s"):
        assert word in text, word
    sides = sorted((float(page.mediabox.width), float(page.mediabox.height)))
    assert sides == pytest.approx([595.28, 841.89], abs=0.01)


@pytest.mark.parametrize(("speed", "gain"), [(12.5, 2.5), (25.0, 5.0), (25.0, 20.0), (50.0, 10.0)])
def test_speeds_and_gains(speed: float, gain: float) -> None:
    record = twelve_leads()[0]
    pdf = report_pdf(record, look_of("3x4+1R", speed=speed, gain=gain), WORDS)
    assert measured(pdf, record.sampling_hz, 500)[0] == {speed}
    trace = max((np.array(one) for one in polylines(pdf)), key=len)
    values = record.lead("II")[: len(trace)] / 1000
    drawn = trace[:, 1] - trace[:, 1].mean()
    assert np.abs(drawn - gain * (values - values.mean())).max() < 0.1


def test_a_long_text_goes_on_and_nothing_is_lost() -> None:
    lines = [f"第{n}句所见。" for n in range(300)]
    words = replace(WORDS, findings=("检查所见：", "\n".join(lines)), diagnosis=("心电诊断：", "长" * 3000))
    pdf = report_pdf(twelve_leads()[0], look_of("6x2"), words)
    pages = [page.extract_text() for page in pypdf.PdfReader(BytesIO(pdf)).pages]
    assert "见续页" in pages[0]
    rest = "".join(pages[1:])
    assert all(line in rest for line in lines) and rest.count("长") >= 3000


def test_equal_facts_give_equal_bytes() -> None:
    record = twelve_leads()[0]
    assert report_pdf(record, look_of("12x1"), WORDS) == report_pdf(record, look_of("12x1"), WORDS)


@pytest.mark.parametrize("names", [("II",), ("I", "II", "V1"), ("MLII", "V5")])
def test_other_leads_stand_one_below_the_other(names: tuple[str, ...]) -> None:
    values = np.random.default_rng(1).normal(0, 100, (len(names), 3600))
    record = record_from_microvolts(names, values, 360.0)
    assert measured(report_pdf(record, look_of("3x4+1R"), WORDS), 360.0, 3000)[1] >= len(names)
