"""Tables, lists, the register book and indicators on paper: a title, what was asked, and a table over the pages."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import chain
from typing import Any

from server.kernel.clock import HospitalTime
from server.kernel.errors import invalid
from server.pathology.statistics.sheets import days_of, heading_of, measure_words, shown_value
from server.pathology.statistics.wording import word_of
from server.printing.layout.pages import pdf_of
from server.printing.layout.sheet import Language, Metadata
from shared.contract.pathology_statistics import CaseLine, IndicatorView, StatisticsFilter, Table
from shared.domain.pathology_indicators import INDICATORS
from shared.domain.pathology_queries import FIELDS, Field
from shared.domain.pathology_statistics import SUBJECTS
from shared.paper.blocks import TableBlock, TableColumn
from shared.paper.layout import Facts, LaidOut, LayoutError, lay_out
from shared.paper.template import FlowElement, LineElement, Page, Template, TextElement

_INK, _MUTED, _ACCENT, _HAIRLINE = "#1a1f26", "#6b7380", "#1a5785", "#c7ccd6"
_WIDTH, _HEIGHT, _EDGE = 297.0, 210.0, 12.0
_SHARES = {
    Field.NUMBER: 1.5,
    Field.NAME: 1.2,
    Field.SEX: 0.6,
    Field.AGE: 0.8,
    Field.BED: 0.7,
    Field.BLOCKS: 0.7,
    Field.SLIDES: 0.7,
    Field.SPECIMEN: 2.0,
    Field.RECEIVED: 1.6,
    Field.REGISTERED: 1.6,
    Field.REPORTED: 1.6,
    Field.DIAGNOSIS: 4.5,
    Field.FINDINGS: 4.5,
    Field.GROSS: 4.5,
    Field.CLINICAL: 2.0,
}
Drawn = tuple[bytes, str]
"""A PDF and a warning, empty for none."""


class StatisticsPapers:
    """Draws. `caller` and `hospital` are names that stand on the paper."""

    def __init__(self, time: HospitalTime) -> None:
        self._time = time

    def table(self, table: Table, wanted: StatisticsFilter, hospital: str, caller: str, language: Language) -> Drawn:
        """One statistic. Raises INVALID."""
        columns = [(heading_of(table.group_by, language), 2.4, "left")]
        columns += [(measure_words(one, language), 1.0, "right") for one in table.columns]
        rows = [
            (row.name, *(shown_value(one, value) for one, value in zip(table.columns, row.values, strict=True)))
            for row in (*table.rows, table.total)
        ]
        title = word_of(SUBJECTS[table.subject], language)
        return self._draw(title, days_of(wanted), columns, rows, hospital, caller, language)

    def cases(
        self,
        title: str,
        about: str,
        lines: Sequence[CaseLine],
        fields: Sequence[Field],
        hospital: str,
        caller: str,
        language: Language,
    ) -> Drawn:
        """A list of cases, or the register book. Raises INVALID."""
        columns = [(word_of(FIELDS[one][0], language), _SHARES.get(one, 1.1), "left") for one in fields]
        return self._draw(title, about, columns, [line.cells for line in lines], hospital, caller, language)

    def indicators(self, views: Sequence[IndicatorView], hospital: str, caller: str, language: Language) -> Drawn:
        """The indicators of one month. Raises INVALID."""
        is_english = language == "en"
        title = "Quality indicators of pathology" if is_english else "病理专业医疗质量控制指标"
        words = (
            ("Indicator", "Numerator", "Denominator", "Value", "Target", "Definition")
            if is_english
            else ("指标", "分子", "分母", "值", "目标", "定义")
        )
        columns = list(zip(words, (2.6, 0.8, 0.8, 0.8, 0.8, 5.0), ("left", *("right",) * 4, "left"), strict=True))
        rows = []
        for view in views:
            one = view.months[-1]
            name, definition = (word_of(word, language) for word in INDICATORS[view.indicator][:2])
            value = "–" if one.value is None else f"{one.value:g}"
            target = "" if view.target is None else f"≥ {view.target:g}"
            rows.append((name, f"{one.numerator:,}", f"{one.denominator:,}", value, target, definition))
        return self._draw(title, views[0].months[-1].month, columns, rows, hospital, caller, language)

    def _draw(
        self,
        title: str,
        about: str,
        columns: Sequence[tuple[str, float, str]],
        rows: Sequence[Sequence[str]],
        hospital: str,
        caller: str,
        language: Language,
    ) -> Drawn:
        now = self._time.now()
        names = [f"c{place}" for place in range(len(columns))]
        values = {
            "title": title,
            "about": about,
            "hospital": hospital,
            "printed_by": caller,
            "printed_at": self._minute(now),
            "total": str(len(rows)),
        }
        facts = Facts(values, {"rows": [dict(zip(names, row, strict=True)) for row in rows]})
        try:
            laid = lay_out(_design(columns, names), facts, language)
        except LayoutError as fault:
            raise invalid("", str(fault)) from fault
        metadata = Metadata(title, hospital, title, self._time.local(now), language)
        missing = "".join(dict.fromkeys(chain.from_iterable(laid.missing)))
        warning = f"以下字符没有字形，请手写补上：{missing}" if missing else ""
        return pdf_of(LaidOut(laid.pages, tuple(missing), laid.places), {}, metadata).pdf, warning

    def _minute(self, moment: datetime) -> str:
        return f"{self._time.local(moment):%Y-%m-%d %H:%M}"


def _design(columns: Sequence[tuple[str, float, str]], names: Sequence[str]) -> Template:
    """A landscape page: heading, table, foot with page numbers."""
    width = _WIDTH - 2 * _EDGE
    size = 8.0 if len(columns) > 10 else 9.0
    table = TableBlock(
        over="rows",
        columns=tuple(
            TableColumn(title=title, value=f"{{rows.{name}}}", share=share, align=align)  # type: ignore[arg-type]
            for (title, share, align), name in zip(columns, names, strict=True)
        ),
        size_pt=size,
    )

    def text(x: float, y: float, wide: float, words: str, size_pt: float, **more: Any) -> TextElement:
        return TextElement(
            x_mm=x, y_mm=y, width_mm=wide, text=words, size_pt=size_pt, every_page=True, height_mm=size_pt * 0.6, **more
        )

    half = width / 2
    return Template(
        format=1,
        kind="pathology_statistics",
        page=Page(width_mm=_WIDTH, height_mm=_HEIGHT, margin_mm=_EDGE),
        elements=(
            text(_EDGE, 10, half, "{hospital}", 12, bold=True, colour=_INK),
            text(_EDGE, 17, half, "{title}", 14, bold=True, colour=_ACCENT),
            text(_EDGE + half, 18, half, "{about}", 9.5, align="right", colour=_MUTED),
            LineElement(x_mm=_EDGE, y_mm=26, x2_mm=_WIDTH - _EDGE, weight_mm=0.4, colour=_ACCENT, every_page=True),
            FlowElement(x_mm=_EDGE, y_mm=28, width_mm=width, blocks=(table,), next_y_mm=28, until_mm=195, fits=False),
            LineElement(x_mm=_EDGE, y_mm=197, x2_mm=_WIDTH - _EDGE, weight_mm=0.15, colour=_HAIRLINE, every_page=True),
            text(_EDGE, 198.5, half, "{printed_by}  {printed_at}", 7.5, colour=_MUTED),
            text(_EDGE + half, 198.5, half, "{page} / {pages}", 7.5, align="right", colour=_MUTED),
        ),
    )
