"""Films without a window: layouts and where cells lie, reflow, scopes, undo, heads, words for tasks."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from clients.viewer.film.header import BRIEF, STANDARD, HeaderTemplate, fault_of, texts_of, values_of
from clients.viewer.film.model import (
    Cell,
    FilmModel,
    Scope,
    as_came,
    cell_of,
    cell_of_image,
    flipped,
    in_true_size,
    panned,
    turned,
    windowed,
    zoomed,
)
from clients.viewer.film.sending import printer_text, trouble_text, warning_text
from clients.viewer.film.sheets import LANDSCAPE, Box, SheetSetup, chosen_films, grid, layout_of, size_name
from clients.viewer.study import Stack, stacks_of
from clients.viewer.viewport.state import ViewportState
from clients.viewer.viewport.transform import Place
from shared.contract.film import FILM_SIZES, FilmState, FilmTask, FilmTrouble, PrinterState
from shared.imaging.geometry import UNCALIBRATED
from shared.imaging.lut import Window
from tests.clients.viewer.viewer_builders import ROOT, a_series, a_stack, a_study, an_image


def cells_of(stack: Stack) -> list[Cell]:
    return [cell_of_image(stack, n) for n in range(len(stack))]


@pytest.mark.parametrize("spec", ["STANDARD\\3,4", "ROW\\1,2,3", "COL\\2,1"])
def test_cells_fill_the_area_without_touching_each_other(spec: str) -> None:
    layout = layout_of(spec)
    area = Box(5, 20, 300, 400)
    boxes = layout.boxes(area)
    assert layout.spec == spec and len(boxes) == layout.cells
    assert min(b.left for b in boxes) == 5 and min(b.top for b in boxes) == 20
    assert max(b.left + b.width for b in boxes) == pytest.approx(305)
    assert max(b.top + b.height for b in boxes) == pytest.approx(420)
    for n, one in enumerate(boxes):
        for other in boxes[n + 1 :]:
            apart = (
                one.left + one.width <= other.left
                or other.left + other.width <= one.left
                or one.top + one.height <= other.top
                or other.top + other.height <= one.top
            )
            assert apart


@pytest.mark.parametrize("spec", ["", "STANDARD\\3", "STANDARD\\0,1", "ROW\\11", "SLIDE", "STANDARD\\1,2,3"])
def test_what_is_no_layout_is_refused(spec: str) -> None:
    with pytest.raises(ValueError, match="no layout"):
        layout_of(spec)


def test_a_sheet_has_the_size_of_the_standard_and_turns() -> None:
    setup = SheetSetup(size="14INX17IN", dpi=300, margin_mm=5.0)
    assert setup.sheet_mm == (355.6, 431.8)
    assert setup.pixels == (round(345.6 / 25.4 * 300), round(421.8 / 25.4 * 300))
    turned_sheet = replace(setup, orientation=LANDSCAPE)
    assert turned_sheet.sheet_mm == (431.8, 355.6) and turned_sheet.pixels == setup.pixels[::-1]
    assert all(size_name(size) for size in FILM_SIZES) and size_name("8_5INX11IN") == "8.5×11 in"


def test_page_lists() -> None:
    assert chosen_films("1-3, 5", 6) == (0, 1, 2, 4)
    assert chosen_films("", 2) == (0, 1)
    for wrong in ("0", "2-1", "7", "a", "1-9"):
        with pytest.raises(ValueError, match=wrong):
            chosen_films(wrong, 6)


def test_images_flow_into_films_and_into_another_layout() -> None:
    model = FilmModel(SheetSetup(layout=grid(2, 2)))
    model.add(cells_of(a_stack(5)))
    assert model.films == 2 and [c is not None for c in model.film(1)] == [True, False, False, False]
    model.show(1)
    model.set_up(replace(model.setup, layout=grid(3, 2)))
    assert model.films == 1 and model.current == 0
    model.undo.undo()
    assert model.films == 2 and model.setup.layout == grid(2, 2)


def test_every_patient_begins_a_film() -> None:
    other = stacks_of(a_study(a_series(2, series="7"), uid=f"{ROOT}.8", patient_id="P2"))[0]
    model = FilmModel(SheetSetup(layout=grid(2, 2)))
    model.add([*cells_of(a_stack(2)), *cells_of(other)])
    assert model.films == 2 and model.patients_on(0) == ("P1",) and model.patients_on(1) == ("P2",)
    model.set_up(replace(model.setup, layout=grid(3, 3)))
    assert model.films == 2 and model.patients_on(0) == ("P1",)
    model.move([9], 1)
    assert model.patients_on(0) == ("P1", "P2")  # by hand it goes; printing refuses it


def test_studies_without_a_patient_id_never_share_a_film() -> None:
    nobody = stacks_of(a_study(a_series(1, series="7"), uid=f"{ROOT}.8", patient_id=""))[0]
    other = stacks_of(a_study(a_series(1, series="8"), uid=f"{ROOT}.7", patient_id=" "))[0]
    model = FilmModel(SheetSetup(layout=grid(2, 2)))
    model.add([*cells_of(nobody), *cells_of(other)])
    assert model.films == 2 and all(len(model.patients_on(n)) == 1 for n in range(2))


def test_adjustments_work_on_the_scope_only() -> None:
    model = FilmModel(SheetSetup(layout=grid(2, 1)))
    model.add(cells_of(a_stack(4)))
    model.show(1)

    def turns() -> list[float]:
        return [cell.geometry.rotation_deg for cell in model.cells if cell is not None]

    for scope, wanted in (
        (Scope.PAGE, [0, 0, 90, 90]),
        (Scope.ALL, [90, 90, 180, 180]),
        (Scope.SELECTED, [90, 180, 180, 180]),
    ):
        model.scope = scope
        model.select([1])
        model.show(1)
        model.adjust("旋转", lambda cell, _box: turned(cell, 90))
        assert turns() == wanted
    for _ in range(3):
        model.undo.undo()
    assert turns() == [0, 0, 0, 0]


def test_a_drag_is_one_step_and_counts_from_its_beginning() -> None:
    model = FilmModel(SheetSetup(layout=grid(1, 1)))
    model.add(cells_of(a_stack(1)))
    model.begin_drag()
    for by in (10.0, 20.0, 30.0):
        model.adjust("调窗", lambda cell, _box, by=by: windowed(cell, Window(40, 400), by, 0))  # type: ignore[misc]
    model.end_drag("调窗")
    cell = model.cells[0]
    assert cell is not None and cell.shown.voi == Window(40, 430)
    model.undo.undo()
    assert model.cells[0] is not None and model.cells[0].shown.voi is None
    model.undo.redo()
    assert model.cells[0] is not None and model.cells[0].shown.voi == Window(40, 430)


def test_panning_moves_by_millimetres_of_film() -> None:
    cell, box = cell_of_image(a_stack(1), 0), Box(0, 0, 80, 60)
    moved = panned(cell, 10, -5, box)
    before, after = cell.projection(800, 600, 10), moved.projection(800, 600, 10)
    a, b = before.place(before.image(Place(400, 300))), after.place(before.image(Place(400, 300)))
    assert (b.x - a.x, b.y - a.y) == pytest.approx((100, -50))


def test_true_size_is_a_millimetre_a_millimetre_and_zooming_goes_on_from_it() -> None:
    cell, box = cell_of_image(a_stack(1), 0), Box(0, 0, 80, 60)
    true = in_true_size(cell, True)
    k = 12.0
    projection = true.projection(960, 720, k)
    a, b = projection.place(projection.image(Place(0, 0))), projection.image(Place(0, 0))
    there = projection.place(type(b)(b.column, b.row + 10 / cell.spacing().row_mm))
    assert there.y - a.y == pytest.approx(10 * k)
    assert zoomed(true, 1.0, box).projection(960, 720, k).scale == pytest.approx(projection.scale, rel=1e-3)
    assert not zoomed(true, 1.1, box).true_size


def test_images_without_millimetres_are_never_in_true_size() -> None:
    image = an_image(0)
    bare = replace(image, frames=tuple(replace(f, spacing=UNCALIBRATED) for f in image.frames))
    series = replace(a_series(1), images=(bare,))
    cell = cell_of_image(stacks_of(a_study(series))[0], 0)
    assert in_true_size(cell, True) is cell


def test_an_image_comes_as_it_is_seen_and_goes_back_to_that() -> None:
    state = ViewportState()
    state.show(a_stack(3), 1)
    state.voi, state.inverted = Window(1, 2), True
    state.turn(90)
    state.true_size(7.0)
    cell = cell_of(state.capture())
    assert (cell.index, cell.shown.voi, cell.shown.inverted) == (1, Window(1, 2), True)
    assert cell.geometry.rotation_deg == 90 and cell.geometry.scale is None
    changed = flipped(turned(in_true_size(cell, True), 45), horizontal=True)
    assert as_came(changed).shown is cell.shown and not as_came(changed).true_size


def test_cells_are_moved_and_deleted() -> None:
    model = FilmModel(SheetSetup(layout=grid(2, 2)))
    model.add(cells_of(a_stack(4)))
    model.move([0, 1], 4)
    assert [c.index for c in model.cells if c is not None] == [2, 3, 0, 1] and model.selected == {2, 3}
    model.delete([0, 3])
    assert [c.index for c in model.cells if c is not None] == [3, 0]
    model.delete_film(0)
    assert model.cells == () and model.films == 1
    model.undo.undo()
    assert [c.index for c in model.cells if c is not None] == [3, 0]


def test_the_head_names_the_patient_whatever_the_template_says() -> None:
    values = values_of(a_stack(2), 1, 2, 5)
    left, middle, right = texts_of(STANDARD, values)
    assert left == "第一医院" and "张三" in middle and "P1" in middle and right.endswith("2/5")
    assert texts_of(BRIEF, values)[0] == "张三 P1"
    bare = HeaderTemplate("空", "{hospital}", "", "{page}")
    assert texts_of(bare, values) == ("张三 P1  第一医院", "", "2")
    assert "{nobody}" in fault_of(HeaderTemplate("a", "{nobody}"))
    assert fault_of(HeaderTemplate(" ")) and not fault_of(STANDARD)


def test_templates_of_a_damaged_settings_file_are_left_out() -> None:
    good = HeaderTemplate("一", "{name}", "", "", "", 10.0)
    assert HeaderTemplate.of(good.stored()) == good
    for wrong in (None, {}, {"name": 3}, {**good.stored(), "height_mm": 900}, {**good.stored(), "left": "x" * 900}):
        assert HeaderTemplate.of(wrong) is None


def a_task(**facts: object) -> FilmTask:
    now = datetime(2026, 3, 2, 8, tzinfo=UTC)
    values = {
        "id": 1, "version": 1, "title": "", "printer_id": 1, "printer_name": "P", "state": FilmState.WAITING,
        "trouble": FilmTrouble.NONE, "detail": "", "warnings": (), "sheets": 1, "printed": 0, "copies": 1,
        "attempts": 0, "created_by": "", "created_at": now, "changed_at": now, "next_try": None, "can_retry": False,
    }  # fmt: skip
    return FilmTask(**{**values, **facts})  # type: ignore[arg-type]


def test_troubles_are_told_in_words() -> None:
    for trouble in FilmTrouble:
        said = trouble_text(a_task(trouble=trouble, state=FilmState.FAILED))
        assert bool(said) == (trouble is not FilmTrouble.NONE)
    waits = a_task(trouble=FilmTrouble.UNREACHABLE, detail="no route", next_try=datetime(2026, 3, 2, 9, tzinfo=UTC))
    assert "no route" in trouble_text(waits) and "自动重试" in trouble_text(waits)
    changed = a_task(warnings=("The printer changed a value to one it supports",), is_true_size=True)
    assert "标尺" in warning_text(changed)
    assert "胶片不足" in warning_text(a_task(warnings=("The printer warns: SUPPLY LOW",)))
    assert printer_text(PrinterState(status="WARNING", info="SUPPLY LOW", name="")) == "警告 · 胶片不足"
    assert "off" in printer_text(PrinterState(status="", info="", name="", detail="off"))
