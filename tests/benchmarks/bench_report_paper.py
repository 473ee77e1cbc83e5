"""How long a report takes to become paper, against reportlab writing the same words with nothing to decide.

Run: python -m tests.benchmarks.bench_report_paper
"""

from __future__ import annotations

import datetime as dt
import statistics
import time
from collections.abc import Callable
from io import BytesIO

from server.printing.layout import fonts
from server.printing.layout.pages import render_pages
from shared.paper import faces
from shared.paper.builtin import builtin
from shared.paper.facts import sample
from shared.paper.kinds import DocumentKind
from shared.paper.layout import Facts, lay_out
from shared.paper.marks import TextMark

MADE = dt.datetime(2026, 11, 22, tzinfo=dt.UTC)
TEMPLATE = builtin(DocumentKind.REPORT)
ROUNDS = 15


def a_report(pages: int) -> Facts:
    """The sample, with findings for about so many pages."""
    one = sample(DocumentKind.REPORT)
    return Facts(
        {**one.values, "findings": one.values["findings"] * (1 if pages == 1 else pages * 9)}, one.lists, one.pictures
    )


def ours(facts: Facts) -> bytes:
    """As it prints."""
    return render_pages(TEMPLATE, facts, "report", MADE).pdf


def bare(pages: list[list[tuple[str, str, float]]]) -> bytes:
    """The same words in the same faces, one below the other: no layout, no pictures, no codes, no PDF/A."""
    from reportlab.pdfgen.canvas import Canvas

    out = BytesIO()
    canvas = Canvas(out, pagesize=(595, 842), invariant=1, initialFontName=fonts.REGULAR)
    for words in pages:
        y = 800.0
        for face, text, size in words:
            canvas.setFont(face, size)
            canvas.drawString(50, y, text)
            y -= 8
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def words_of(facts: Facts) -> list[list[tuple[str, str, float]]]:
    """Every run of text of the laid-out pages with its face and size."""
    return [
        [
            (face.name, piece, mark.size_mm * 72 / 25.4)
            for mark in page.marks
            if isinstance(mark, TextMark)
            for face, piece in faces.runs(mark.text, mark.bold)
        ]
        for page in lay_out(TEMPLATE, facts).pages
    ]


def median_ms(work: Callable[[], object]) -> float:
    """Median time of one call."""
    times = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        work()
        times.append((time.perf_counter() - begun) * 1000)
    return statistics.median(times)


def main() -> None:
    """Measure one page and about twenty."""
    fonts.ensure_registered()
    for pages in (1, 20):
        facts = a_report(pages)
        words = words_of(facts)
        ours(facts)
        bare(words)  # warm caches on both sides
        whole, layout = (
            median_ms(lambda facts=facts: ours(facts)),
            median_ms(lambda facts=facts: lay_out(TEMPLATE, facts)),
        )
        plain = median_ms(lambda words=words: bare(words))
        size = len(ours(facts)) / 1024
        print(
            f"{len(words):3} page(s): {whole:7.1f} ms, of it layout {layout:6.1f} ms; bare reportlab {plain:7.1f} ms; "
            f"ratio {whole / plain:.2f}; {size:.0f} KiB"
        )


if __name__ == "__main__":
    main()
