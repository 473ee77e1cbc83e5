"""Measures on slides, and how drawings that are kept, on their way or lost stand in the list. No Qt."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any

import pytest

from clients.viewer.slides.model import SlideMarks, area_text, area_um2, length_text, length_um, measured, thinned
from shared.contract.pathology_slides import AnnotationView, MarkKind, SlideMark

SCALE = (0.5, 0.25)  # µm between rows, between columns


def a_mark(kind: MarkKind, *points: tuple[float, float], text: str = "") -> SlideMark:
    return SlideMark(kind=kind, points=points, text=text)


def kept(number: int, mark: SlideMark, **changes: Any) -> AnnotationView:
    told: dict[str, Any] = {
        "id": number, "series_uid": "1.2", "mark": mark, "author": "王医生", "author_id": 7,
        "at": datetime(2026, 11, 22, tzinfo=UTC), "replaces": None,
    }  # fmt: skip
    return AnnotationView(**{**told, **changes})


def test_lengths_and_areas_are_true_on_pixels_that_are_not_square() -> None:
    assert length_um([(0, 0), (40, 0)], SCALE) == pytest.approx(10)
    assert length_um([(0, 0), (0, 40)], SCALE) == pytest.approx(20)
    assert length_um([(0, 0), (40, 20)], SCALE) == pytest.approx(math.hypot(10, 10))
    assert length_um([(0, 0), (40, 0), (40, 20), (0, 20)], SCALE, closed=True) == pytest.approx(40)
    box = (10.0, 10.0), (50.0, 30.0)
    assert area_um2(a_mark(MarkKind.RECTANGLE, *box), SCALE) == pytest.approx(100)
    assert area_um2(a_mark(MarkKind.ELLIPSE, *box), SCALE) == pytest.approx(100 * math.pi / 4)
    corners = (10.0, 10.0), (50.0, 10.0), (50.0, 30.0), (10.0, 30.0)
    assert area_um2(a_mark(MarkKind.POLYGON, *corners), SCALE) == pytest.approx(100)
    assert area_um2(a_mark(MarkKind.POLYGON, *reversed(corners)), SCALE) == pytest.approx(100)
    assert area_um2(a_mark(MarkKind.ARROW, *box), SCALE) == 0


def test_measures_are_said_in_units_that_fit() -> None:
    assert [length_text(one) for one in (12.34, 999.4, 1500, 25_400)] == ["12.3 µm", "999.4 µm", "1.5 mm", "25.4 mm"]
    assert [area_text(one) for one in (123.4, 99_000, 1_250_000)] == ["123 µm²", "99000 µm²", "1.25 mm²"]
    line = a_mark(MarkKind.LINE, (0, 0), (40, 0))
    assert measured(line, SCALE) == "10.0 µm" and measured(line, None) == ""
    assert measured(a_mark(MarkKind.POINT, (0, 0)), SCALE) == ""


def test_a_drawing_stays_whatever_becomes_of_the_line() -> None:
    marks = SlideMarks(SCALE)
    seen: list[int] = []
    marks.changed.connect(lambda: seen.append(len(marks.drawn)))
    line = a_mark(MarkKind.LINE, (0, 0), (9, 9))
    first = marks.draw(line, sending=True)
    second = marks.draw(line, sending=True)
    marks.is_lost(second)
    assert [one.is_sending for one in marks.drawn] == [True, False]
    marks.is_kept(first, kept(1, line))
    assert [one.kept is not None for one in marks.drawn] == [True, False]
    third = marks.draw(a_mark(MarkKind.LINE, (0, 0), (9, 9), text="癌巢"), sending=True)
    marks.is_kept(third, kept(2, a_mark(MarkKind.LINE, (0, 0), (9, 9), text="癌巢"), replaces=1))
    assert [one.mark.text for one in marks.drawn] == ["癌巢", ""]
    marks.is_withdrawn(2)
    marks.drop(second)
    assert marks.drawn == () and seen[-1] == 0


def test_ended_ones_are_history_only() -> None:
    marks = SlideMarks(SCALE)
    line = a_mark(MarkKind.LINE, (0, 0), (9, 9))
    marks.take([kept(1, line, ended_at=datetime(2026, 11, 22, tzinfo=UTC)), kept(2, line, replaces=1)])
    marks.choose(0)
    assert [one.kept.id for one in marks.drawn if one.kept is not None] == [2] and len(marks.history) == 2
    marks.take([])
    assert marks.chosen is None


def test_outlines_are_thinned_to_what_the_screen_shows() -> None:
    points = [(n / 10, 0.0) for n in range(101)]
    assert thinned(points, 1.0) == tuple((float(n), 0.0) for n in range(11)) or len(thinned(points, 1.0)) <= 11
    assert thinned([(0, 0), (5, 5)], 1.0) == ((0, 0), (5, 5))
