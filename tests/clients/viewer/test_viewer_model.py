"""The viewer's models without Qt: viewports, transforms, measurements, undo, session, study."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clients.viewer.marks.book import MarkBook
from clients.viewer.marks.hits import hit_test
from clients.viewer.marks.model import Kind, Mark
from clients.viewer.marks.values import Values, measure
from clients.viewer.presets import LAYOUTS, WINDOW_PRESETS, layout_of
from clients.viewer.session import ViewerSession
from clients.viewer.study import FrameKey, stacks_of
from clients.viewer.undo import UndoStack
from clients.viewer.viewport.corner_texts import corners_of, person_name
from clients.viewer.viewport.state import Aspect, ViewportState
from clients.viewer.viewport.transform import Geometry, Place, edge_directions, project
from shared.imaging.codecs import PixelFormat
from shared.imaging.geometry import Finding, PixelPoint, Spacing, SpacingSource, VectorMm, letters_of
from shared.imaging.header import FrameHeader
from shared.imaging.lut import Modality, Window
from tests.clients.viewer.viewer_builders import ROOT, a_series, a_stack, a_study, an_image

RIGHT, DOWN = VectorMm(1, 0, 0), VectorMm(0, 1, 0)


def shown(count: int = 5) -> tuple[ViewportState, list[Aspect]]:
    state = ViewportState()
    state.show(a_stack(count))
    told: list[Aspect] = []
    state.changed.connect(told.append)
    return state, told


# --- presets and layouts ------------------------------------------------------------------------------------


def test_presets_have_the_widths_and_levels_of_the_requirements() -> None:
    """VW-WL-03 to VW-WL-09, written width/level."""
    values = {preset.label: (preset.window.width, preset.window.centre) for preset in WINDOW_PRESETS}

    assert values == {
        "最大范围": (1000, 500),
        "头部": (85, 40),
        "纵隔": (400, 40),
        "血管": (350, 40),
        "肺部": (1500, -700),
        "骨头": (1600, 500),
    }


def test_layouts_are_those_of_the_requirements() -> None:
    """VW-LAY-02 to VW-LAY-07, columns × rows."""
    assert {layout.label: (layout.columns, layout.rows) for layout in LAYOUTS} == {
        "单布局": (1, 1),
        "二布局": (2, 1),
        "四布局": (2, 2),
        "竖六布局": (2, 3),
        "横六布局": (3, 2),
        "九布局": (3, 3),
    }


# --- viewport ----------------------------------------------------------------------------------------------


def test_paging_stops_at_both_ends_and_is_told_once() -> None:
    state, told = shown(3)

    state.step(1)
    state.step(10)
    state.step(1)
    state.step(-99)

    assert state.index == 0 and told == [Aspect.INDEX] * 3


def test_dragging_upwards_widens_and_to_the_right_raises_the_level() -> None:
    state, _ = shown()

    state.drag_window(width_by=50, level_by=-7, start=Window(40, 400))

    assert state.voi == Window(33, 450)


def test_a_drag_never_makes_the_window_narrower_than_one() -> None:
    state, _ = shown()

    state.drag_window(-9999, 0, Window(40, 400))

    assert isinstance(state.voi, Window) and state.voi.width == 1


def test_reset_brings_everything_back() -> None:
    state, _ = shown()
    state.voi, state.inverted = Window(1, 2), True
    state.turn(33)
    state.flip(horizontal=True)
    state.centre_on(PixelPoint(3, 3))

    state.reset()

    assert state.voi is None and not state.inverted and state.geometry == Geometry()


def test_two_inversions_are_none() -> None:
    state, told = shown()
    state.inverted = True
    state.inverted = False

    assert told == [Aspect.GREY, Aspect.GREY]


def test_another_stack_starts_as_new() -> None:
    state, _ = shown()
    state.index, state.inverted = 3, True

    state.show(a_stack(2), 1)

    assert state.index == 1 and not state.inverted and state.geometry == Geometry()


# --- transform ---------------------------------------------------------------------------------------------


def view(geometry: Geometry = Geometry(), **changes: float):  # noqa: B008
    values = {"columns": 100, "rows": 50, "aspect": 1.0, "width": 400, "height": 400, **changes}
    return project(geometry, **values)  # type: ignore[arg-type]


def test_the_image_fits_and_lies_in_the_middle() -> None:
    assert view().scale == 4
    assert view().place(PixelPoint(49.5, 24.5)) == pytest.approx((200, 200))
    assert view().corners()[0] == pytest.approx((0, 100)) and view().corners()[2] == pytest.approx((400, 300))


def test_pixels_that_are_wider_than_high_are_shown_so() -> None:
    tall = view(aspect=0.5)

    assert tall.scale == 8
    assert tall.place(PixelPoint(1, 0)).x - tall.place(PixelPoint(0, 0)).x == pytest.approx(4)


def test_original_size_is_one_to_one() -> None:
    assert view(Geometry(actual_size=True)).scale == 1


@given(
    st.floats(-360, 360), st.booleans(), st.booleans(), st.floats(0.1, 20), st.floats(0.3, 3),
    st.floats(-50, 150), st.floats(-50, 150),
)  # fmt: skip
def test_image_and_view_are_inverse(
    angle: float, horizontal: bool, vertical: bool, zoom: float, aspect: float, column: float, row: float
) -> None:
    geometry = Geometry(zoom, PixelPoint(20, 30), angle, horizontal, vertical)
    projection = view(geometry, aspect=aspect)

    assert projection.image(projection.place(PixelPoint(column, row))) == pytest.approx((column, row), abs=1e-6)
    assert projection.place(PixelPoint(20, 30)) == pytest.approx((200, 200))


@pytest.mark.parametrize(
    ("change", "letters"),
    [
        (lambda s: None, "RALP"),
        (lambda s: s.turn(90), "PRAL"),
        (lambda s: s.turn(-90), "ALPR"),
        (lambda s: s.turn(180), "LPRA"),
        (lambda s: s.flip(horizontal=True), "LARP"),
        (lambda s: s.flip(horizontal=False), "RPLA"),
        (lambda s: (s.turn(90), s.flip(horizontal=True)), "ARPL"),
        (lambda s: (s.flip(horizontal=True), s.turn(90)), "PLAR"),
    ],
)
def test_letters_stay_right_after_every_turn_and_flip(change, letters: str) -> None:
    """VW-EX-05: left, top, right, bottom of an axial slice (row to the left hand, column to the back)."""
    state, _ = shown()
    change(state)
    right, below = edge_directions(view(state.geometry), RIGHT, DOWN)

    assert "".join(map(letters_of, (right.scaled(-1), below.scaled(-1), right, below))) == letters


def test_flip_is_along_the_axes_of_the_screen() -> None:
    state, _ = shown()
    state.turn(30)
    before = view(state.geometry).place(PixelPoint(10, 10))

    state.flip(horizontal=True)
    after = view(state.geometry).place(PixelPoint(10, 10))

    assert after == pytest.approx((400 - before.x, before.y))


def test_a_turned_image_fits_by_its_turned_sides() -> None:
    assert view(Geometry(rotation_deg=90), width=200, height=400).scale == pytest.approx(4)


# --- measurements ------------------------------------------------------------------------------------------


def a_length(a: PixelPoint, b: PixelPoint, key: FrameKey | None = None) -> Mark:
    return Mark(1, Kind.LENGTH, key or FrameKey(f"{ROOT}.1.1", 0), (a, b))


def test_a_length_is_in_millimetres_of_both_directions() -> None:
    frame = FrameHeader(spacing=Spacing(0.5, 0.25, SpacingSource.PATIENT))

    value = measure(a_length(PixelPoint(0, 0), PixelPoint(12, 8)), an_image(frames=(frame,)))

    assert value.value == pytest.approx(5.0) and value.text == "5.0 mm"


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (SpacingSource.DETECTOR, "5.0 mm （探测器平面）"),
        (SpacingSource.MAGNIFICATION, "5.0 mm （按放大率估算）"),
        (SpacingSource.CALIBRATED, "5.0 mm （已校准）"),
        (SpacingSource.NONE, "5 px （未校准）"),
    ],
)
def test_a_length_says_what_it_is_worth(source: SpacingSource, text: str) -> None:
    """VW-EX-01."""
    frame = FrameHeader(spacing=Spacing(1, 1, source))

    assert measure(a_length(PixelPoint(0, 0), PixelPoint(3, 4)), an_image(frames=(frame,))).text == text


def test_an_angle_is_measured_in_the_patient_not_in_pixels() -> None:
    frame = FrameHeader(spacing=Spacing(1.0, 0.5, SpacingSource.PATIENT))
    angle = Mark(1, Kind.ANGLE, FrameKey("u", 0), (PixelPoint(20, 0), PixelPoint(0, 0), PixelPoint(20, 10)))

    assert measure(angle, an_image(frames=(frame,))).value == pytest.approx(45)


@given(st.floats(0, 359), st.floats(1, 179))
def test_an_angle_is_the_same_in_every_direction(turn: float, opening: float) -> None:
    def at(degrees: float) -> PixelPoint:
        return PixelPoint(50 + 30 * math.cos(math.radians(degrees)), 50 + 30 * math.sin(math.radians(degrees)))

    angle = Mark(1, Kind.ANGLE, FrameKey("u", 0), (at(turn), PixelPoint(50, 50), at(turn + opening)))

    assert measure(angle, an_image()).value == pytest.approx(opening, abs=1e-6)


def test_drawing_changing_and_deleting_can_be_undone_and_redone() -> None:
    undo = UndoStack()
    book = MarkBook(undo)
    key = FrameKey("u", 0)
    drawn = book.draw(Kind.LENGTH, key, (PixelPoint(0, 0), PixelPoint(1, 1)))
    moved = drawn.moved(5, 5)
    book.preview(drawn.moved(2, 2))
    book.change(drawn, moved)
    book.delete(moved)

    assert book.of_frame(key) == ()
    undo.undo()
    assert book.of_frame(key) == (moved,)
    undo.undo()
    assert book.of_frame(key) == (drawn,)
    undo.undo()
    assert book.of_frame(key) == () and undo.undo_name == ""
    for _ in range(3):
        undo.redo()
    assert book.of_frame(key) == ()


def test_a_new_step_ends_what_could_be_redone() -> None:
    undo = UndoStack()
    book = MarkBook(undo)
    points = (PixelPoint(0, 0), PixelPoint(1, 1))
    book.draw(Kind.LENGTH, FrameKey("u", 0), points)
    undo.undo()
    book.draw(Kind.LENGTH, FrameKey("v", 0), points)

    assert undo.redo_name == ""


def test_the_handle_of_the_selected_measurement_is_hit_before_any_line() -> None:
    first = a_length(PixelPoint(10, 10), PixelPoint(40, 10))
    second = Mark(2, Kind.LENGTH, first.key, (PixelPoint(10, 10), PixelPoint(10, 40)))
    projection = view()
    at = projection.place(PixelPoint(10, 10))

    hit = hit_test([first, second], projection, at, 8, second)

    assert hit is not None and hit.mark is second and hit.handle == 0


def test_nothing_is_hit_away_from_everything() -> None:
    assert hit_test([a_length(PixelPoint(1, 1), PixelPoint(9, 1))], view(), Place(390, 390), 8, None) is None


# --- study -------------------------------------------------------------------------------------------------


def test_images_are_ordered_by_place_in_the_patient() -> None:
    images = [an_image(n, z=z) for n, z in enumerate((8.0, 2.0, 6.0, 4.0, 0.0))]
    series = a_series(0)
    study = a_study(type(series)(series.series_uid, "CT", 1, "", "", tuple(images)))

    stack = stacks_of(study)[0]
    depths = [stack.frame_header(n).plane.depth_mm for n in range(5)]  # type: ignore[union-attr]

    assert depths == sorted(depths) or depths == sorted(depths, reverse=True)


def test_a_scout_of_another_size_is_a_stack_of_its_own() -> None:
    images = (*[an_image(n) for n in range(3)], an_image(9, pixel_format=PixelFormat(64, 64, 16, 12)))
    base = a_series(0)

    stacks = stacks_of(a_study(type(base)(base.series_uid, "CT", 1, "", "", images)))

    assert [len(stack) for stack in stacks] == [3, 1] and [stack.label for stack in stacks] == ["1/2", "2/2"]


def test_a_missing_slice_is_a_warning_on_the_image() -> None:
    images = tuple(an_image(n) for n in (0, 1, 2, 5, 6))
    base = a_series(0)
    stack = stacks_of(a_study(type(base)(base.series_uid, "CT", 1, "", "", images)))[0]
    corners = corners_of(
        stack, 0, voi=Window(40, 400), modality=Modality(), zoom_percent=100, lossy=False, reduced=False
    )

    assert stack.warnings == (Finding.GAPS,) and corners.bottom_left[0] == "层面有缺失"


def test_names_are_shown_as_they_are_spoken() -> None:
    assert person_name("Zhang^San=张^三") == "张三"
    assert person_name("Smith^John^^Dr") == "Smith John Dr"
    assert person_name("王^小红") == "王小红"
    assert person_name("") == ""


# --- session -----------------------------------------------------------------------------------------------


def test_what_is_empty_is_not_emptied_again() -> None:
    """Forty viewports and all that follows them were told so twice while a study was being opened."""
    session, told, shown = ViewerSession(), [], []
    session.studies_changed.connect(lambda: told.append(len(session.studies)))
    session.viewports[3].changed.connect(shown.append)

    session.open(a_study(a_series(3)))
    session.open(a_study(a_series(2), uid=f"{ROOT}.7"))

    assert told == [1, 0, 1] and shown == []


def test_opening_shows_the_first_series_and_two_by_two_the_next() -> None:
    session = ViewerSession()
    session.open(a_study(a_series(3), a_series(4, series="2"), a_series(5, series="3")))
    session.layout = layout_of("2x2")

    assert [len(v.stack) if v.stack else 0 for v in session.visible] == [3, 4, 5, 0]


def test_comparing_puts_the_other_study_beside() -> None:
    session = ViewerSession()
    session.open(a_study(uid="1.1"))
    session.compare(a_study(a_series(7, series="4"), uid="1.2"))

    assert session.layout.key == "2x1"
    assert [v.stack.study.study_uid for v in session.visible if v.stack] == ["1.1", "1.2"]
    assert not session.different_patients


def test_two_patients_are_noticed() -> None:
    session = ViewerSession()
    session.open(a_study(uid="1.1"))
    session.compare(a_study(uid="1.2", patient_id="P2"))

    assert session.different_patients


def test_closing_forgets_everything() -> None:
    session = ViewerSession()
    session.open(a_study())
    key = session.active_viewport.key
    assert key is not None
    session.toggle_key_image(key)
    session.marks.draw(Kind.LENGTH, key, (PixelPoint(0, 0), PixelPoint(1, 1)))

    session.close()

    assert session.stacks == () and session.key_images == () and list(session.marks) == []
    assert session.undo.undo_name == "" and session.active_viewport.stack is None


def test_new_images_of_an_open_study_leave_the_reader_where_he_is() -> None:
    session = ViewerSession()
    session.open(a_study(a_series(3)))
    viewport = session.active_viewport
    viewport.index, viewport.inverted = 2, True
    key = viewport.key

    session.refresh(a_study(a_series(9)))

    assert viewport.key == key and viewport.inverted and viewport.stack is not None and len(viewport.stack) == 9


def test_a_key_image_is_marked_unmarked_and_undone() -> None:
    session = ViewerSession()
    session.open(a_study())
    key = session.active_viewport.key
    assert key is not None
    session.toggle_key_image(key)
    assert session.key_images == (key,)
    session.undo.undo()
    assert session.key_images == ()


# --- areas and values --------------------------------------------------------------------------------------


def a_ramp() -> Values:
    """Stored value = 10 * row + column, HU = stored - 1000."""
    y, x = np.mgrid[0:32, 0:32]
    return Values((10 * y + x).astype(np.uint16), Modality(1, -1000, None, "HU"))


def an_area(kind: Kind, a: PixelPoint, b: PixelPoint) -> Mark:
    return Mark(1, kind, FrameKey(f"{ROOT}.1.1", 0), (a, b))


def test_a_rectangle_tells_size_and_values() -> None:
    """VW-MEA-03, VW-OPN-08: pixels 2…4 by 5…6 of a ramp, 0.5 mm apart."""
    value = measure(an_area(Kind.RECTANGLE, PixelPoint(4, 6), PixelPoint(2, 5)), an_image(), a_ramp())
    inside = np.array([10 * row + column - 1000 for row in (5, 6) for column in (2, 3, 4)], float)

    assert value.value == pytest.approx(2 * 0.5 * 1 * 0.5) and value.unit == "mm²"
    assert value.words == (
        "面积 0.5 mm²",
        f"均值 {inside.mean():.1f} ± {inside.std():.1f} HU",
        "最小 -948 最大 -936 HU",
    )


def test_an_ellipse_counts_the_pixels_whose_centres_lie_inside() -> None:
    """VW-MEA-02: a circle of radius 2 about (10, 10) holds 13 centres."""
    values = Values(np.zeros((32, 32), np.uint16), Modality())
    values.pixels[8:13, 8:13] = 100
    for row in (8, 9, 11, 12):
        for column in (8, 9, 11, 12):
            if (row, column) not in ((9, 9), (9, 11), (11, 9), (11, 11)):
                values.pixels[row, column] = 0  # the corners outside of the circle
    area = an_area(Kind.ELLIPSE, PixelPoint(8, 8), PixelPoint(12, 12))

    value = measure(area, an_image(), values)

    assert value.value == pytest.approx(math.pi * 2 * 2 * 0.25)
    assert value.words[1].startswith("均值 100.0 ± 0.0")


@pytest.mark.parametrize("far", [PixelPoint(-50, -50), PixelPoint(400, 400)])
def test_an_area_outside_the_image_has_no_values(far: PixelPoint) -> None:
    value = measure(an_area(Kind.RECTANGLE, far, far.__class__(far.column + 5, far.row + 5)), an_image(), a_ramp())

    assert len(value.words) == 1


def test_a_pixel_value_has_its_unit() -> None:
    """VW-MEA-07, VW-EX-02."""
    at = Mark(1, Kind.PIXEL, FrameKey("u", 0), (PixelPoint(3.4, 7.2),))

    assert measure(at, an_image(), a_ramp()).text == "-927 HU"
    assert measure(at, an_image(), Values(np.full((32, 32, 3), 7, np.uint8), Modality())).text == "RGB 7,7,7"
    assert measure(replace(at, points=(PixelPoint(99, 0),)), an_image(), a_ramp()).text == "无像素值"


def test_clearing_takes_the_measurements_of_one_stack_and_can_be_undone() -> None:
    """VW-CLR-01."""
    undo = UndoStack()
    book = MarkBook(undo)
    here, there = FrameKey("a", 0), FrameKey("b", 0)
    for key in (here, here, there):
        book.draw(Kind.LENGTH, key, (PixelPoint(0, 0), PixelPoint(1, 1)))

    book.delete_all([here])
    assert (len(book.of_frame(here)), len(book.of_frame(there))) == (0, 1)
    undo.undo()
    assert len(book.of_frame(here)) == 2
