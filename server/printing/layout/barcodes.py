"""Bars and squares on a reportlab canvas; what they mean is in shared.paper.codes."""

from __future__ import annotations

from typing import Any

from shared.paper.codes import CODE128_QUIET_MODULES, BarcodeError, Bars, code128, qr_matrix, row_runs

__all__ = ["CODE128_QUIET_MODULES", "BarcodeError", "Bars", "code128", "draw_code128", "draw_qr", "qr_matrix"]


def draw_code128(canvas: Any, bars: Bars, x: float, y: float, *, module: float, height: float) -> None:
    """Draw with the lower left corner at (x, y); all in points."""
    canvas.setFillGray(0)
    for start, size in bars.runs:
        canvas.rect(x + start * module, y, size * module, height, stroke=0, fill=1)


def draw_qr(canvas: Any, text: str, x: float, y: float, side: float) -> None:
    """Draw with the lower left corner at (x, y), `side` points wide without quiet zone."""
    matrix = qr_matrix(text)
    module = side / len(matrix)
    canvas.setFillGray(0)
    path = canvas.beginPath()
    for row_index, row in enumerate(matrix):
        for start, length in row_runs(row):
            path.rect(x + start * module, y + side - (row_index + 1) * module, length * module, module)
    canvas.drawPath(path, stroke=0, fill=1)
