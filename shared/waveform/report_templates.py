"""Templates of ECG reports on paper: which layout on which sheet (EX-ECG-01, ECG-PRN-02)."""

from __future__ import annotations

from dataclasses import dataclass

DEFAULT_TEMPLATE = "3x4+1R"


@dataclass(frozen=True, slots=True)
class ReportTemplate:
    """One template: its layout is a name of shared.waveform.layouts, its paper one of shared.waveform.paper.PAPERS."""

    key: str
    zh: str
    en: str
    layout: str
    paper: str = "a4"


TEMPLATES = {
    one.key: one
    for one in (
        ReportTemplate("3x4+1R", "3×4 加节律导联（A4 横向）", "3×4 with a rhythm strip (A4 landscape)", "3x4+1R"),
        ReportTemplate(
            "3x4+3R", "3×4 加三条节律导联（A4 横向）", "3×4 with three rhythm strips (A4 landscape)", "3x4+3R"
        ),
        ReportTemplate("6x2", "6×2（A4 横向）", "6×2 (A4 landscape)", "6x2"),
        ReportTemplate("6x2+1R", "6×2 加节律导联（A4 横向）", "6×2 with a rhythm strip (A4 landscape)", "6x2+1R"),
        ReportTemplate("12x1", "12×1（A4 横向）", "12×1 (A4 landscape)", "12x1"),
        ReportTemplate("12x1-portrait", "12×1（A4 纵向）", "12×1 (A4 portrait)", "12x1", "a4-portrait"),
        ReportTemplate(
            "cabrera+1R", "Cabrera 顺序加节律导联（A4 横向）", "Cabrera order with a rhythm strip", "cabrera+1R"
        ),
    )
}
"""By key, in the order of the drop-down."""
