"""Marks by mouse and keyboard in real viewports; their list and styles; what another sheet shows of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from clients.kit.translations import Language, set_language
from clients.viewer.marks import texts
from clients.viewer.marks.book import MarkBook
from clients.viewer.marks.feature import MarksFeature
from clients.viewer.marks.model import COLOURS, Kind, Mark, SpacePlane, area_outline, handles_of, with_handle
from clients.viewer.marks.panel import MarkList
from clients.viewer.marks.surface import on_plane
from clients.viewer.marks.tools import TextBox, brushed, even_corner, surface_of
from clients.viewer.marks.values import measure_in_space
from clients.viewer.marks.wire import shown
from clients.viewer.session import Tool
from clients.viewer.study import FrameKey
from clients.viewer.undo import UndoStack
from clients.viewer.viewport.state import ViewportState
from clients.viewer.viewport.transform import Geometry, project
from clients.viewer.viewport.view import ViewportWidget
from clients.viewer.window import ViewerWindow
from shared.imaging.geometry import PixelPoint, Plane, Spacing, SpacingSource
from shared.imaging.header import FrameHeader
from tests.clients.viewer.viewer_builders import MemorySource, a_series, a_stack, a_study

P = PixelPoint
Open = Callable[[], ViewerWindow]
LEFT, RIGHT, NO_BUTTON = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton, Qt.MouseButton.NoButton


@pytest.fixture
def window(qtbot: QtBot) -> Iterator[ViewerWindow]:
    source = MemorySource(a_study(replace(a_series(6), frame_of_reference_uid="1.9"), a_series(4, series="2")))
    window = ViewerWindow(source)
    window.resize(1000, 700)
    window.show()
    qtbot.waitExposed(window, timeout=30_000)
    with qtbot.waitSignal(window.first_image, timeout=30_000):
        window.open_study(next(iter(source.known)))
    yield window
    window.close()
    window.deleteLater()
    QApplication.processEvents()


def at(view: ViewportWidget, column: float, row: float) -> QPoint:
    projection = view.projection()
    assert projection is not None
    place = projection.place(P(column, row))
    return QPoint(round(place.x), round(place.y))


def move(view: ViewportWidget, to: QPoint, button: Qt.MouseButton) -> None:
    none = Qt.KeyboardModifier.NoModifier
    where = QPointF(to)
    event = QMouseEvent(QEvent.Type.MouseMove, where, view.mapToGlobal(where), NO_BUTTON, button, none)
    QApplication.sendEvent(view, event)


def drag(qtbot: QtBot, view: ViewportWidget, *places: QPoint) -> None:
    qtbot.mousePress(view, LEFT, pos=places[0])
    for place in places[1:]:
        move(view, place, LEFT)
    qtbot.mouseRelease(view, LEFT, pos=places[-1])


# --- by mouse --------------------------------------------------------------------------------------------------


def test_a_cobb_angle_is_two_lines(window: ViewerWindow, qtbot: QtBot) -> None:
    view = window.viewports[0]
    window.perform("tool.cobb")
    drag(qtbot, view, at(view, 4, 4), at(view, 16, 4), at(view, 24, 4))
    assert list(window.session.marks) == []
    drag(qtbot, view, at(view, 4, 20), at(view, 16, 24), at(view, 24, 26.7))

    (cobb,) = window.session.marks
    assert cobb.kind is Kind.COBB and len(cobb.points) == 4
    value = surface_of(view).value_of(cobb)
    assert value.value == pytest.approx(math.degrees(math.atan2(6.7, 20)), abs=0.6) and value.unit == "°"


def test_a_curve_follows_the_hand_and_is_moved_and_deleted(window: ViewerWindow, qtbot: QtBot) -> None:
    """VW-ANN-02."""
    view, book = window.viewports[0], window.session.marks
    window.perform("tool.curve")
    drag(qtbot, view, *(at(view, c, 10 + 4 * math.sin(c / 3)) for c in np.linspace(3, 27, 25)))
    (curve,) = book
    assert len(curve.points) > 20 and handles_of(curve) == ()

    middle = curve.points[len(curve.points) // 2]
    drag(qtbot, view, at(view, *middle), at(view, middle.column, middle.row + 3))
    (moved,) = book
    assert moved.points[0].row - curve.points[0].row == pytest.approx(3, abs=0.3)
    middle = moved.points[len(moved.points) // 2]
    qtbot.mouseClick(view, RIGHT, pos=at(view, *middle))
    assert list(book) == []


def test_an_arrow_has_a_tail_and_a_head_with_handles(window: ViewerWindow, qtbot: QtBot) -> None:
    """VW-ANN-03."""
    view, book = window.viewports[0], window.session.marks
    window.perform("tool.arrow")
    drag(qtbot, view, at(view, 5, 25), at(view, 10, 20), at(view, 15, 15))
    (arrow,) = book
    drag(qtbot, view, at(view, *arrow.points[1]), at(view, 20, 15), at(view, 24, 15))
    (changed,) = book
    assert changed.points[0] == arrow.points[0]
    assert changed.points[1].column == pytest.approx(24, abs=0.3)


def test_a_text_is_written_in_a_box_and_a_click_outside_saves_it(window: ViewerWindow, qtbot: QtBot) -> None:
    """VW-ANN-04, -05."""
    view, book = window.viewports[0], window.session.marks
    window.perform("tool.text")
    qtbot.mouseClick(view, LEFT, pos=at(view, 8, 8))
    box = view.findChild(TextBox)
    assert box is not None
    qtbot.keyClicks(box, " <5 mm")
    box.setText("结节" + box.text())
    qtbot.mouseClick(view, LEFT, pos=at(view, 25, 28))
    QApplication.processEvents()

    (text,) = book
    assert text.text == "结节 <5 mm" and text.points[0].column == pytest.approx(8, abs=0.2)
    window.session.tool = Tool.PAGE
    drag(qtbot, view, at(view, *text.points[0]), at(view, 12, 12), at(view, 16, 14))
    (moved,) = book
    assert moved.points[0].column == pytest.approx(16, abs=0.4)
    qtbot.mouseClick(view, RIGHT, pos=at(view, *moved.points[0]))
    assert list(book) == []


def test_an_escaped_or_empty_text_is_none(window: ViewerWindow, qtbot: QtBot) -> None:
    view = window.viewports[0]
    window.perform("tool.text")
    for words, key in (("weg", Qt.Key.Key_Escape), ("", Qt.Key.Key_Return)):
        qtbot.mouseClick(view, LEFT, pos=at(view, 8, 8))
        box = next(b for b in view.findChildren(TextBox) if b.isVisible())
        qtbot.keyClicks(box, words)
        qtbot.keyClick(box, key)
        QApplication.processEvents()
    assert list(window.session.marks) == []


def test_the_eraser_takes_the_one_that_is_clicked(window: ViewerWindow, qtbot: QtBot) -> None:
    """VW-CLR-02."""
    view, book = window.viewports[0], window.session.marks
    key = view.state.key
    assert key is not None
    kept = book.draw(Kind.LENGTH, key, (P(2, 4), P(20, 4)))
    book.draw(Kind.RECTANGLE, key, (P(5, 15), P(20, 25)))
    window.perform("tool.eraser")
    qtbot.mouseClick(view, LEFT, pos=at(view, 12, 15))
    assert list(book) == [kept]
    qtbot.keyClick(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert len(list(book)) == 2


def test_the_smart_brush_draws_a_region_with_its_values(window: ViewerWindow, qtbot: QtBot) -> None:
    """VW-MEA-04, VW-OPN-07: the disc of the phantom is 40 HU everywhere."""
    view, book = window.viewports[0], window.session.marks
    book.style.brush_px = 25
    window.perform("tool.brush")
    drag(qtbot, view, at(view, 14, 14), at(view, 16, 16), at(view, 18, 16))
    (region,) = book
    value = surface_of(view).value_of(region)
    assert region.kind is Kind.BRUSH and len(region.points) >= 8
    assert "40.0 ± 0.0 HU" in value.text and {f.what for f in value.figures} >= {"area", "mean", "sd"}
    n = 0
    handle = handles_of(region)[n]
    drag(
        qtbot, view, at(view, *handle), at(view, handle.column + 1, handle.row), at(view, handle.column + 3, handle.row)
    )
    (bent,) = book
    assert bent.id == region.id and bent.points != region.points


def test_clear_all_spares_the_other_viewports(window: ViewerWindow) -> None:
    """VW-CLR-01."""
    window.perform("layout.2x2")
    here, there = window.session.viewports[0].key, window.session.viewports[1].key
    assert here is not None and there is not None
    book = window.session.marks
    book.draw(Kind.LENGTH, here, (P(1, 1), P(9, 9)))
    other = book.draw(Kind.LENGTH, there, (P(1, 1), P(9, 9)))
    window.session.active = 0
    window.perform("edit.clear")
    assert list(book) == [other]


def test_arrow_keys_move_the_selected_mark_and_page_otherwise(window: ViewerWindow, qtbot: QtBot) -> None:
    """VW-EX-09."""
    view, book = window.viewports[0], window.session.marks
    key = view.state.key
    assert key is not None
    mark = book.draw(Kind.LENGTH, key, (P(5, 5), P(9, 5)))
    view.setFocus()
    qtbot.keyClick(view, Qt.Key.Key_Right)
    qtbot.keyClick(view, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    (moved,) = book
    assert moved.points[0] == P(6, 15) and view.state.index == 0
    window.perform("view.right90")  # up on screen is to the left in the image
    qtbot.keyClick(view, Qt.Key.Key_Up)
    (turned,) = book
    assert turned.points[0] == P(5, 15)
    book.select(None)
    qtbot.keyClick(view, Qt.Key.Key_Down)
    assert view.state.index == 1 and mark.id == turned.id


def test_areas_are_changed_at_corners_and_sides() -> None:
    mark = Mark(1, Kind.RECTANGLE, FrameKey("u", 0), (P(10, 10), P(20, 30)))
    assert len(handles_of(mark)) == 8
    for n, handle in enumerate(handles_of(mark)):
        changed = with_handle(mark, n, P(handle.column + 2, handle.row + 3))
        assert P(
            handle.column + (2 if n not in (6, 7) else 0), handle.row + (3 if n not in (4, 5) else 0)
        ) in handles_of(changed)
    assert area_outline(with_handle(mark, 5, P(25, 99))).area == 15 * 20


def test_painting_again_enlarges_a_region_and_alt_takes_away() -> None:
    pixels = np.zeros((64, 64), np.int16)
    pixels[10:50, 10:50] = 100
    first = brushed(pixels, [P(20, 20), P(26, 20)], 4)
    old = Mark(1, Kind.BRUSH, FrameKey("u", 0), first)
    area = area_outline(old).area
    more = replace(old, points=brushed(pixels, [P(26, 20), P(40, 40)], 4, old))
    assert area_outline(more).area > area * 1.2
    less = replace(old, points=brushed(pixels, [P(10, 10), P(14, 10)], 4, old, less=True))
    assert area_outline(less).area < area


# --- list, styles, words -----------------------------------------------------------------------------------------


def test_the_list_names_jumps_and_deletes(window: ViewerWindow, qtbot: QtBot) -> None:
    """VW-LST-01, -02, -03."""
    book, viewport = window.session.marks, window.session.active_viewport
    stack = viewport.stack
    assert stack is not None
    book.draw(Kind.LENGTH, stack.frames[0], (P(1, 1), P(9, 9)))
    book.draw(Kind.TEXT, stack.frames[3], (P(5, 5),), "结节")
    other = window.session.stacks[1]
    book.draw(Kind.LENGTH, other.frames[0], (P(1, 1), P(9, 9)))
    window.perform("marks.list")
    panel = window.side.panel
    assert isinstance(panel, MarkList)
    assert [panel.rows.item(n).text() for n in range(panel.rows.count())] == ["长度 1", "文本 1"]

    panel.rows.setCurrentRow(1)
    assert viewport.index == 3
    panel.rows.item(1).setText("右肺结节")
    assert [mark.name for mark in book.of_frame(stack.frames[3])] == ["右肺结节"]
    qtbot.mouseClick(panel.delete, LEFT)
    qtbot.waitUntil(lambda: panel.rows.count() == 1, timeout=2000)
    assert book.of_frame(stack.frames[3]) == ()
    window.perform("edit.undo")
    assert book.of_frame(stack.frames[3])[0].name == "右肺结节"
    window.perform("marks.list")
    assert window.side.panel is None


def test_styles_hold_for_new_marks_and_the_selected_one(window: ViewerWindow) -> None:
    """VW-STY-01, -02."""
    book, key = window.session.marks, window.session.active_viewport.key
    assert key is not None
    first = book.draw(Kind.LENGTH, key, (P(1, 1), P(9, 9)))
    menu = window._menus["menu.style"]
    words = [action.text() for action in menu.actions() if action.text()]
    assert {"红色", "绿色", "24"} <= set(words)
    next(action for action in menu.actions() if action.text() == "红色").trigger()
    next(action for action in menu.actions() if action.text() == "24").trigger()
    red = dict(COLOURS)["红色"]
    drawn = book.draw(Kind.LENGTH, key, (P(1, 1), P(9, 9)))
    assert (drawn.colour, drawn.font_px) == (red, 24)
    changed = next(mark for mark in book if mark.id == first.id)
    assert (changed.colour, changed.font_px) == (red, 24)
    assert window.desk.settings.get("marks/colour") == red


def test_others_marks_are_seen_and_stay_as_they_are(window: ViewerWindow, qtbot: QtBot) -> None:
    view, book = window.viewports[0], window.session.marks
    key = view.state.key
    assert key is not None
    book.take([Mark(0, Kind.LENGTH, key, (P(4, 10), P(24, 10)), uid="1.2", author="李四", foreign=True)])
    (theirs,) = book.of_frame(key)
    window.session.tool = Tool.PAGE
    drag(qtbot, view, at(view, 14, 10), at(view, 14, 16), at(view, 14, 20))
    qtbot.mouseClick(view, RIGHT, pos=at(view, 14, 10))
    window.perform("edit.delete")
    window.perform("edit.clear")
    assert book.of_frame(key) == (theirs,)


def test_undo_has_no_limit() -> None:
    undo = UndoStack()
    book = MarkBook(undo, lambda: datetime(2026, 1, 1, tzinfo=UTC))
    key = FrameKey("u", 0)
    for n in range(1000):
        book.draw(Kind.LENGTH, key, (P(n, 0), P(n, 1)))
    for _ in range(1000):
        undo.undo()
    assert list(book) == [] and undo.undo_name == ""


def test_names_count_on_and_every_text_has_its_english() -> None:
    book = MarkBook(UndoStack())
    key = FrameKey("u", 0)
    names = [book.draw(Kind.LENGTH, key, (P(0, 0), P(0, 1))).name for _ in range(2)]
    assert names == ["长度 1", "长度 2"]
    set_language(Language.ENGLISH)
    assert book.draw(Kind.BRUSH, key, (P(0, 0), P(0, 1), P(1, 1))).name == "Smart brush 1"
    assert all(texts.CATALOGUE.values())


# --- in space ------------------------------------------------------------------------------------------------------


def a_plane(z: float = 0.0, spacing: float = 0.5) -> Plane:
    return Plane.of((0, 0, z), (1, 0, 0, 0, 1, 0), (spacing, spacing))


def test_a_mark_of_a_slice_lies_in_every_plane_through_it() -> None:
    mark = Mark(1, Kind.LENGTH, FrameKey("u", 0), (P(10, 20), P(30, 20)))
    sagittal = Plane.of((10, 0, 0), (0, 1, 0, 0, 0, 1), (1.0, 1.0))
    coronal = Plane.of((0, 10, 0), (1, 0, 0, 0, 0, 1), (1.0, 1.0))
    own = a_plane(0.0)
    near = on_plane(mark, SpacePlane("1.9", a_plane(0.4, 1.0)), 0.5, own)
    assert near is not None and near.points == (P(5, 10), P(15, 10))
    assert on_plane(mark, SpacePlane("1.9", a_plane(0.6, 1.0)), 0.5, own) is None
    assert on_plane(mark, SpacePlane("1.9", sagittal), 0.5, own) is None
    through = on_plane(mark, SpacePlane("1.9", coronal), 0.5, own)
    assert through is not None and through.points == (P(5, 0), P(15, 0))


def test_a_mark_in_space_is_measured_and_seen_on_the_slice_that_it_lies_in(window: ViewerWindow) -> None:
    view, book = window.viewports[0], window.session.marks
    stack, frame = view.state.stack, view.state.frame
    assert stack is not None and frame is not None and frame.plane is not None
    space = SpacePlane(
        stack.series.frame_of_reference_uid, replace(frame.plane, row_spacing_mm=1.0, column_spacing_mm=1.0)
    )
    mark = book.draw(Kind.LENGTH, space, (P(2, 2), P(5, 6)))
    assert measure_in_space(mark).value == pytest.approx(5)
    (seen,) = surface_of(view).other_marks()
    assert seen.points[1] == pytest.approx((5 / frame.plane.column_spacing_mm, 6 / frame.plane.row_spacing_mm))
    view.state.index = 3
    assert surface_of(view).other_marks() == ()


def test_marks_of_slices_and_of_mpr_panes_are_the_same_marks(window: ViewerWindow, qtbot: QtBot) -> None:
    """Drawn on a slice, seen in MPR; drawn in MPR, kept in patient coordinates and seen there again."""
    from clients.viewer.marks.panes import PaneMarks
    from clients.viewer.volume.mpr_pane import MprPane
    from clients.viewer.volume.mpr_state import Pane

    session, book = window.session, window.session.marks
    stack = session.active_viewport.stack
    assert stack is not None
    qtbot.waitUntil(lambda: window.store.of(stack).loaded == len(stack), timeout=30_000)
    middle = len(stack) // 2
    frame = stack.frame_header(middle)
    on_slice = book.draw(Kind.LENGTH, stack.frames[middle], (P(8, 10), P(20, 10)))
    window.perform("volume.mpr")
    qtbot.waitUntil(lambda: len(window.findChildren(PaneMarks)) == 3, timeout=30_000)
    panes = {pane.pane: pane for pane in window.findChildren(MprPane)}
    qtbot.waitUntil(lambda: all(pane.picture is not None for pane in panes.values()), timeout=30_000)
    axial, coronal = (panes[pane].mark_surface for pane in (Pane.AXIAL, Pane.CORONAL))  # type: ignore[attr-defined]
    assert frame.plane is not None
    panes[Pane.AXIAL].state.move_to(frame.plane.point(P(14, 10)))
    (seen,) = axial.other_marks()
    assert seen.id == on_slice.id
    assert axial.value_of(seen).value == pytest.approx(12 * frame.plane.column_spacing_mm, abs=1e-3)

    window.perform("tool.length")
    pane = panes[Pane.CORONAL]
    start, end = pane.rect().center() + QPoint(-60, -30), pane.rect().center() + QPoint(50, 40)
    qtbot.mousePress(pane, LEFT, pos=start)
    for place in ((start + end) / 2, end):
        where = QPointF(place)
        none = Qt.KeyboardModifier.NoModifier
        event = QMouseEvent(QEvent.Type.MouseMove, where, pane.mapToGlobal(where), NO_BUTTON, LEFT, none)
        QApplication.sendEvent(pane, event)
    qtbot.mouseRelease(pane, LEFT, pos=end)
    drawn = next(mark for mark in book if isinstance(mark.key, SpacePlane))
    a, b = (pane.point(QPointF(at)) for at in (start, end))
    assert coronal.value_of(drawn).value == pytest.approx(b.minus(a).length, abs=1e-3)
    assert [mark.id for mark in coronal.own_marks()] == [drawn.id]
    pane.state.page(Pane.CORONAL, 5)
    assert coronal.own_marks() == ()
    pane.state.page(Pane.CORONAL, -5)
    assert [mark.id for mark in coronal.own_marks()] == [drawn.id]
    window.perform("volume.mpr")


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
@pytest.mark.parametrize("flips", [(False, False), (True, False), (False, True), (True, True)])
def test_turn_and_flip_are_told_as_dicom_means_them(turn: int, flips: tuple[bool, bool]) -> None:
    """PS3.3 C.10.6 turns first and flips then; the viewer flips first."""
    state = ViewportState()
    stack = a_stack(1)
    state.show(stack)
    state.geometry = Geometry(rotation_deg=turn, flip_horizontal=flips[0], flip_vertical=flips[1])
    view = project(state.geometry, columns=3, rows=2, aspect=1.0, width=90, height=90)
    told = shown(state, None, view)
    assert told is not None
    pixels = np.arange(6).reshape(2, 3)
    by_dicom = np.rot90(pixels, -told.rotation // 90)
    if told.flipped:
        by_dicom = by_dicom[:, ::-1]
    places = {int(pixels[r, c]): view.place(P(c, r)) for r in range(2) for c in range(3)}
    rows = sorted({round(place.y) for place in places.values()})
    columns = sorted({round(place.x) for place in places.values()})
    on_screen = np.empty((len(rows), len(columns)), int)
    for pixel, place in places.items():
        on_screen[rows.index(round(place.y)), columns.index(round(place.x))] = pixel
    assert (on_screen == by_dicom).all()
    assert (told.left, told.top, told.right, told.bottom) == (1, 1, 3, 2)


def test_shift_draws_a_circle_in_millimetres(window: ViewerWindow) -> None:
    view, book = window.viewports[0], window.session.marks
    window.perform("tool.ellipse")
    tool = view.tools["ellipse"]
    start, end = QPointF(at(view, 5, 5)), QPointF(at(view, 15, 9))
    tool.start = tool.last = start
    tool.press(view, start, LEFT)
    constrained = even_corner(surface_of(view), P(5, 5), P(15, 9))
    assert constrained == pytest.approx((15, 15))
    assert even_corner(surface_of(view), P(5, 5), P(2, 4)) == pytest.approx((2, 2))
    tool.forget()
    assert list(book) == [] and end != start


# --- calibration ---------------------------------------------------------------------------------------------------


def test_a_known_length_calibrates_an_image_without_true_millimetres(qtbot: QtBot) -> None:
    """VW-EX-01: manual calibration is marked, and true millimetres cannot be changed."""
    frame = FrameHeader(spacing=Spacing(0.2, 0.2, SpacingSource.DETECTOR))
    film, slices = (
        MemorySource(a_study(a_series(1, modality="DX", frames=(frame,)))),
        MemorySource(a_study(a_series(1))),
    )
    for source, texts_of_length in ((film, ["4.0 mm （探测器平面）", "10.0 mm （已校准）"]), (slices, ["10.0 mm"] * 2)):
        window = ViewerWindow(source)
        window.show()
        with qtbot.waitSignal(window.first_image, timeout=30_000):
            window.open_study(next(iter(source.known)))
        view, book = window.viewports[0], window.session.marks
        key = view.state.key
        assert key is not None
        window.perform("marks.calibrate")
        assert "请先画" in window.banner.text()
        mark = book.draw(Kind.LENGTH, key, (P(5, 5), P(25, 5)))
        assert surface_of(view).value_of(mark).text == texts_of_length[0]
        if source is slices:
            window.perform("marks.calibrate")
            assert "不需要校准" in window.banner.text()
        next(feature for feature in window.features if isinstance(feature, MarksFeature)).calibrate(10.0)
        assert surface_of(view).value_of(mark).text == texts_of_length[1]
        if source is film:
            window.perform("edit.undo")
            assert surface_of(view).value_of(mark).text == texts_of_length[0]
        window.close()
        window.deleteLater()
    QApplication.processEvents()
