"""Windows, layouts, square view, a second screen and their undo."""

from __future__ import annotations

import pytest

from clients.viewer.panes import Rect, cut, grid
from clients.viewer.presets import LAYOUTS, WINDOWS, Windows, layout_of, windows_of
from clients.viewer.session import FIRST_TILE, SECOND_SCREEN, ViewerSession
from clients.viewer.viewport.state import Slab
from shared.imaging.geometry import PixelPoint
from shared.imaging.lut import Window
from tests.clients.viewer.viewer_builders import a_series, a_study


def a_session(count: int = 40, *others: int) -> ViewerSession:
    session = ViewerSession()
    series = [a_series(n, series=str(k + 1)) for k, n in enumerate((count, *others))]
    session.open(a_study(*series))
    return session


def shown(session: ViewerSession) -> list[int | None]:
    return [v.index if v.stack is not None else None for v in session.visible]


@pytest.mark.parametrize("windows", WINDOWS, ids=lambda w: w.key)
def test_windows_show_consecutive_images_in_panes_that_do_not_overlap(windows: Windows) -> None:
    session = a_session()
    session.split(0, windows)
    rects = cut(Rect(0, 0, 1214, 716), windows.columns, windows.rows, windows.parts, square=False)

    assert shown(session) == list(range(windows.count))
    assert len(rects) == windows.count
    covered = sum(r.width * r.height for r in rects)
    assert 0.95 < covered / (1214 * 716) <= 1.0
    for n, a in enumerate(rects):
        assert a.x >= 0 and a.y >= 0 and a.x + a.width <= 1214 and a.y + a.height <= 716
        for b in rects[n + 1 :]:
            assert a.x + a.width <= b.x or b.x + b.width <= a.x or a.y + a.height <= b.y or b.y + b.height <= a.y


def test_the_windows_of_the_requirements_have_their_counts_and_arrangements() -> None:
    counts = {w.key: (w.columns, w.rows, w.count) for w in WINDOWS}

    assert counts["12"] == (4, 3, 12) and counts["3x6"] == (3, 6, 18) and counts["5x4"] == (5, 4, 20)
    assert counts["6x4"] == (6, 4, 24) and counts["6x5"] == (6, 5, 30) and counts["6x3"] == (6, 3, 18)
    five = windows_of("5").parts
    assert [part[1] for part in five] == [0, 0, 1, 1, 1]
    assert [(x.columns, x.rows) for x in LAYOUTS] == [(1, 1), (2, 1), (2, 2), (2, 3), (3, 2), (3, 3)]


def test_paging_any_window_pages_all_and_stops_with_the_last_image() -> None:
    session = a_session(10)
    session.split(0, windows_of("4"))
    tile = session.visible[2]

    tile.step(1)
    assert shown(session) == [1, 2, 3, 4]
    session.visible[0].step(1000)
    assert shown(session) == [6, 7, 8, 9]
    session.visible[3].index = 0
    assert shown(session) == [0, 1, 2, 3]


def test_windowing_size_colours_and_slab_act_on_all_windows() -> None:
    session = a_session()
    session.split(0, windows_of("6h"))
    last = session.visible[-1]
    last.voi = Window(40, 80)
    last.inverted = True
    last.palette = "pet"
    last.slab = Slab(10)
    last.turn(90)
    last.centre_on(PixelPoint(3, 4))

    for viewport in session.visible:
        assert viewport.voi is last.voi and viewport.inverted and viewport.palette == "pet"
        assert viewport.slab == Slab(10) and viewport.geometry == last.geometry


def test_a_short_series_leaves_windows_empty_and_a_longer_one_fills_them() -> None:
    session = a_session(3, 9)
    session.split(0, windows_of("6v"))
    assert shown(session) == [0, 1, 2, None, None, None]

    session.visible[1].show(session.stacks[1])

    assert shown(session) == [0, 1, 2, 3, 4, 5]
    assert {id(v.stack) for v in session.visible} == {id(session.stacks[1])}


def test_layout_and_windows_together_stay_within_thirty_panes() -> None:
    session = a_session(40, 30, 20, 10)
    session.layout = layout_of("2x2")
    session.split(1, windows_of("6x4"))
    assert len(session.visible) == 27

    assert not session.can_split(0, windows_of("5"))
    session.split(0, windows_of("5"))
    assert len(session.visible) == 27
    session.layout = layout_of("3x3")
    assert len(session.visible) == 9


def test_layouts_and_windows_are_undone_and_done_again() -> None:
    session = a_session(20, 8)
    session.arrange("改变布局", lambda: setattr(session, "layout", layout_of("2x1")))
    session.viewports[1].index = 5
    session.arrange("改变窗口", lambda: session.split(0, windows_of("4")))
    session.viewports[0].index = 7

    session.undo.undo()
    assert len(session.visible) == 2 and session.viewports[1].index == 5 and session.viewports[0].index == 7
    session.undo.undo()
    assert session.layout.key == "1x1"
    session.undo.redo()
    session.undo.redo()
    assert len(session.visible) == 5 and shown(session)[:4] == [7, 8, 9, 10]


def test_undo_of_a_layout_does_not_bring_back_a_study_that_was_closed() -> None:
    session = a_session(5)
    before = session.arrangement()
    session.open(a_study(a_series(4, series="7"), uid="1.2.3"))

    session.put_back(before)

    assert session.viewports[0].stack is None


def test_one_window_alone_and_back() -> None:
    session = a_session()
    session.split(0, windows_of("9"))
    session.visible[4].voi = Window(1, 2)
    number = session.visible_numbers[4]

    session.toggle_maximised(number)
    assert shown(session) == [4] and session.visible[0].voi == Window(1, 2)
    session.visible[0].index = 6
    session.toggle_maximised(0)

    assert len(session.visible) == 9 and session.active == number
    assert session.viewports[number].index == 6 and session.visible[0].voi == Window(1, 2)


def test_the_second_screen_has_viewports_of_its_own() -> None:
    session = a_session(20, 8)
    session.second = layout_of("2x1")
    session.viewports[SECOND_SCREEN].show(session.stacks[1])
    session.active = SECOND_SCREEN
    session.split(SECOND_SCREEN, windows_of("4"))

    assert session.visible_numbers[0] == 0 and session.cell_numbers == (0, SECOND_SCREEN, SECOND_SCREEN + 1)
    assert min(session.splits.members(SECOND_SCREEN)[1:]) == FIRST_TILE
    session.second = None
    assert session.visible_numbers == (0,) and session.active == 0


@pytest.mark.parametrize(("width", "height"), [(1214, 716), (700, 1400), (3840, 2000)])
def test_square_panes_are_square_and_inside(width: int, height: int) -> None:
    for columns, rows in ((1, 1), (2, 1), (2, 3), (6, 5)):
        for rect in cut(Rect(0, 0, width, height), columns, rows, grid(columns, rows), square=True):
            assert abs(rect.width - rect.height) <= 1
            assert rect.x >= 0 and rect.x + rect.width <= width and rect.y >= 0 and rect.y + rect.height <= height
    five = windows_of("5")
    for rect in cut(Rect(0, 0, width, height), five.columns, five.rows, five.parts, square=True):
        assert rect.width == rect.height
