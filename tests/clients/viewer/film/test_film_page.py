"""Films in the real window: composing, export, the mouse, refusals; printed through a real server by dcmtk."""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage
from PySide6.QtPrintSupport import QPrinter
from PySide6.QtWidgets import QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

from clients.kit.translations import Language, set_language
from clients.viewer import colours
from clients.viewer.film.composer import pixel_box
from clients.viewer.film.controller import CURRENT, FilmDesk
from clients.viewer.film.dialogs import HeaderDialog
from clients.viewer.film.feature import FilmFeature
from clients.viewer.film.model import Scope
from clients.viewer.film.page import FilmPage
from clients.viewer.film.sending import grey_bytes
from clients.viewer.film.sheet_view import SELECT
from clients.viewer.film.sheets import grid
from clients.viewer.server_studies import AdoptedLine, ServerStudies
from clients.viewer.study import Stack
from clients.viewer.viewport.renderer import Renderer
from clients.viewer.volume.film_pictures import OUTSIDE, Computed, FilmPicture
from clients.viewer.volume.mpr_page import MprPage
from clients.viewer.volume.mpr_state import Pane
from clients.viewer.window import ViewerWindow
from shared.contract.archive import GetStudy
from shared.contract.errors import RpcError
from shared.contract.film import FilmPrinter, FilmState, ListFilmTasks, SaveFilmPrinter
from shared.imaging.geometry import UNCALIBRATED
from shared.imaging.lut import Window
from shared.imaging.reformat import Grid, reformat
from shared.imaging.reformat import Projection as ReformatProjection
from tests.clients.viewer.viewer_builders import ROOT, MemorySource, a_series, a_study, an_image, write_series
from tests.film_printer import HAS_PRINTER, a_film_printer
from tests.server_process import start_server


@pytest.fixture
def window(qtbot: QtBot) -> Iterator[ViewerWindow]:
    yield from opened(qtbot, MemorySource(a_study(a_series(5, side=64))))


def opened(qtbot: QtBot, source: MemorySource) -> Iterator[ViewerWindow]:
    made = ViewerWindow(source)
    made.resize(1366, 768)
    made.show()
    with qtbot.waitSignal(made.first_image, timeout=30_000):
        made.open_study(next(iter(source.known)))
    QApplication.processEvents()
    made.session.active_viewport.reset()  # whatever hanging chose
    yield made
    made.close()
    made.deleteLater()
    QApplication.processEvents()


def the_feature(window: ViewerWindow) -> FilmFeature:
    return next(f for f in window.features if isinstance(f, FilmFeature))


def the_page(window: ViewerWindow) -> FilmPage:
    feature = the_feature(window)
    if feature.page is None:
        window.perform("film.page")
    assert feature.page is not None
    return feature.page


def composed(qtbot: QtBot, films: FilmDesk, number: int = 0) -> NDArray[np.uint8]:
    """A film as it would be printed."""
    images: list[QImage] = []
    done: list[bool] = []
    films.compose([number], lambda _n, image: images.append(image), lambda: done.append(True))
    qtbot.waitUntil(lambda: bool(done), timeout=30_000)
    films.stop()
    pixels, rows, columns, samples = grey_bytes(images[0])
    array = np.frombuffer(pixels, np.uint8)
    return array.reshape(rows, columns) if samples == 1 else array.reshape(rows, columns, 3)


def test_f6_and_f7_put_what_is_seen_onto_films(window: ViewerWindow, qtbot: QtBot) -> None:
    films = the_feature(window).films
    window.session.active_viewport.index = 3
    qtbot.keyClick(window, Qt.Key.Key_F6)
    assert [c.index for c in films.model.cells if c is not None] == [3]
    qtbot.keyClick(window, Qt.Key.Key_F7)
    assert [c.index for c in films.model.cells if c is not None] == [3, 0, 1, 2, 3, 4]
    page = the_page(window)
    assert window.stage.currentWidget() is page
    page.source.every.setValue(2)
    page.source.buttons["series"].click()
    assert len(films.model.cells) == 9
    page.source.number.setValue(5)
    page.source.buttons["image"].click()
    page.source.buttons["exam"].click()
    assert [c.index for c in films.model.cells if c is not None][9:] == [4, 0, 2, 4]
    qtbot.keyClick(page.sheet, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert len(films.model.cells) == 10


def test_the_planes_of_reformatting_go_onto_films(window: ViewerWindow, qtbot: QtBot) -> None:
    """Values, millimetres and window come along; closing the study takes the pictures away."""
    films = the_feature(window).films
    stack = window.session.stacks[0]
    qtbot.waitUntil(lambda: window.store.of(stack).loaded == len(stack), timeout=30_000)
    window.session.active_viewport.voi = Window(40, 500)
    window.perform("volume.mpr")
    page = window.stage.page
    assert isinstance(page, MprPage)
    qtbot.waitUntil(lambda: page.state is not None, timeout=30_000)
    assert page.state is not None and page.volume is not None
    page.panes[Pane.CORONAL].touched.emit(Pane.CORONAL)
    page.state.set_slab(6.0, ReformatProjection.MEAN)
    window.perform("film.add_image")
    qtbot.waitUntil(lambda: len(films.model.cells) == 1, timeout=30_000)
    cell = films.model.cells[0]
    assert cell is not None and "冠状面" in cell.stack.label and "6 mm" in cell.stack.label
    header = cell.stack.frame_header(0)
    assert header.plane is not None and header.voi == (Window(40, 500),)
    grid_ = Grid(header.plane, cell.stack.shape[1], cell.stack.shape[0])
    wanted = reformat(page.volume, grid_, thickness_mm=6.0, projection=ReformatProjection.MEAN)
    pixels = window.store.of(cell.stack)
    stored = pixels.frame(0)
    assert stored is not None
    there = np.isfinite(wanted)
    assert np.abs(pixels.modality(0)(stored) - wanted)[there].max() < 0.05
    assert (stored[~there] == OUTSIDE).all() and there.any(0).all() and there.any(1).all()
    assert cell.spacing().is_known and cell.spacing().row_mm == header.plane.row_spacing_mm

    window.perform("film.add_series")
    qtbot.waitUntil(lambda: len(films.model.cells) == 4, timeout=30_000)
    window.store.limit_bytes = 1
    window.store.make_room({id(stack)})
    assert window.store.of(cell.stack).frame(0) is not None  # nothing could bring it again
    assert composed(qtbot, films).max() > 100
    window.close_studies()
    assert not films.model.cells and window.store.of(cell.stack).frame(0) is None


class Painted(QWidget):
    """A page whose picture is colours, as volume rendering's are."""

    def __init__(self, stack: Stack) -> None:
        super().__init__()
        self._stack = stack

    def film_pictures(self, *, whole: bool) -> tuple[FilmPicture, ...]:
        colours_ = np.zeros((90, 120, 3), np.uint8)
        colours_[30:60, 40:80] = (200, 120, 40)
        return (FilmPicture(self._stack, "VR", lambda: Computed(colours_)),) * (2 if whole else 1)


def test_colours_of_a_page_stand_on_a_film_without_millimetres(window: ViewerWindow, qtbot: QtBot) -> None:
    films = the_feature(window).films
    films.set_up(replace(films.model.setup, layout=grid(1, 1), dpi=100, is_colour=True))
    films.set_options(texts=False)
    window.stage.enter("painted", Painted(window.session.stacks[0]))
    window.perform("film.add_image")
    qtbot.waitUntil(lambda: len(films.model.cells) == 1, timeout=30_000)
    cell = films.model.cells[0]
    assert cell is not None and not cell.spacing().is_known and films.model.cells_without_mm() == 1
    film = composed(qtbot, films)
    left, top, wide, high = pixel_box(films.model.setup.boxes[0], films.model.setup.pixels_per_mm)
    assert film[top + high // 2, left + wide // 2].tolist() == [200, 120, 40]


def test_the_page_and_a_panel_fit_the_smallest_screen(window: ViewerWindow, qtbot: QtBot) -> None:
    """The tools take a second line and the series bar gives way; the window grows for neither."""
    window.resize(1366, 768)
    page = the_page(window)
    assert window.strip.isVisible()
    window.perform("objects.panel")
    window.perform("tags.open")
    qtbot.waitUntil(lambda: window.side.width() > 400, timeout=30_000)
    QApplication.processEvents()

    assert window.width() == 1366 and not window.strip.isVisible()
    assert page.tools.width() >= page.tools.minimumSizeHint().width()
    bounds = page.tools.rect()
    for button, _, _ in page.tools.buttons.values():
        assert bounds.contains(button.rect().translated(button.mapTo(page.tools, button.rect().topLeft())))

    window.perform("film.page")
    assert window.strip.isVisible()


def test_a_page_without_a_picture_says_so(window: ViewerWindow) -> None:
    films = the_feature(window).films
    films.add_pictures(())
    assert not films.model.cells and "没有" in window.banner.text()


def test_a_film_shows_the_image_as_the_viewport_does(window: ViewerWindow, qtbot: QtBot) -> None:
    """A disc of soft tissue: the greys of the cell are those of the window, and its size that of the cell."""
    films = the_feature(window).films
    films.set_up(replace(films.model.setup, size="8INX10IN", layout=grid(1, 1), dpi=100))
    films.set_options(texts=False)
    films.add_current()
    film = composed(qtbot, films)
    columns, rows = films.model.setup.pixels
    assert film.shape == (rows, columns)
    box, k = films.model.setup.boxes[0], films.model.setup.pixels_per_mm
    x, y = round((box.left + box.width / 2) * k), round((box.top + box.height / 2) * k)
    assert film[y, x] == round(((40 - 39.5) / 399 + 0.5) * 255)  # 40 HU in the window 400/40 (PS3.3 C.11.2.1.2.1)
    cell = films.model.cells[0]
    assert cell is not None
    left, top, wide, high = pixel_box(box, k)
    inner = film[top + 50 : top + high - 50, left + 50 : left + wide - 50]
    frame = window.store.of(cell.stack).frame(0)
    assert frame is not None
    own = Renderer().render(
        frame, "own", cell.projection(wide, high, k), cell.stack.frame_header(0).modality,
        cell.stack.frame_header(0).voi[0], inverted=False,
    )  # fmt: skip
    assert own is not None
    seen = np.zeros((high, wide), np.uint8)
    seen[own.top : own.top + own.pixels.shape[0], own.left : own.left + own.pixels.shape[1]] = own.pixels
    assert np.array_equal(inner, seen[50:-50, 50:-50])
    films.model.adjust("反色", lambda cell, _b: replace(cell, shown=replace(cell.shown, inverted=True)))
    assert composed(qtbot, films)[y, x] == 255 - film[y, x]


def test_films_are_black_whatever_look_the_reader_chose(
    window: ViewerWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    films = the_feature(window).films
    films.add_current()
    film = composed(qtbot, films)
    monkeypatch.setattr(colours, "BACKGROUND", "#ffffff")
    monkeypatch.setattr(colours, "TEXT", "#0000ff")

    assert np.array_equal(composed(qtbot, films), film)
    assert colours.BACKGROUND == "#ffffff"  # the viewports keep the look


def test_colour_films_have_three_samples_and_grey_ones_the_same_greys(window: ViewerWindow, qtbot: QtBot) -> None:
    films = the_feature(window).films
    films.set_up(replace(films.model.setup, size="8INX10IN", layout=grid(1, 1), dpi=72))
    films.set_options(texts=False)
    films.add_current()
    grey = composed(qtbot, films)
    films.set_up(replace(films.model.setup, is_colour=True))
    colour = composed(qtbot, films)
    assert colour.shape == (*grey.shape, 3)
    image = np.s_[200:500, 100:450]  # inside the cell, where no antialiased text stands
    assert all(np.array_equal(colour[..., n][image], grey[image]) for n in range(3)) and grey[image].max() > 100


def test_marks_are_burnt_into_films(window: ViewerWindow, qtbot: QtBot) -> None:
    films = the_feature(window).films
    films.set_up(replace(films.model.setup, size="8INX10IN", layout=grid(1, 1), dpi=72))
    films.add_current()
    before = composed(qtbot, films)
    view = window.viewports[0]
    window.perform("tool.length")
    middle = view.rect().center()
    qtbot.mousePress(view, Qt.MouseButton.LeftButton, pos=middle)
    qtbot.mouseMove(view, middle + QPoint(60, 40))
    qtbot.mouseRelease(view, Qt.MouseButton.LeftButton, pos=middle + QPoint(60, 40))
    assert len(list(window.session.marks)) == 1
    assert (composed(qtbot, films) != before).sum() > 50


def test_the_ruler_of_true_size_is_measured_in_pixels(window: ViewerWindow, qtbot: QtBot) -> None:
    """At 254 dpi a millimetre of film is 10 pixels; so is one of the patient, and the ruler of 10 cm is 1000 long."""
    films = the_feature(window).films
    films.set_up(replace(films.model.setup, size="8INX10IN", layout=grid(1, 1), dpi=254))
    films.set_options(texts=False)
    films.add_current()
    plain = composed(qtbot, films).astype(int)
    page = the_page(window)
    page.tools.toggle_true_size()
    cell = films.model.cells[0]
    assert cell is not None and cell.true_size
    film = composed(qtbot, films).astype(int)
    box = films.model.setup.boxes[0]
    left, top = round(box.left * 10), round(box.top * 10)
    ruler = film[top : top + round(box.height * 10), left + 9 : left + 16]
    bright = np.flatnonzero((ruler > 200).any(axis=1))
    bright = bright[: np.flatnonzero(np.diff(bright) > 1)[0] + 1] if (np.diff(bright) > 1).any() else bright
    assert abs((bright[-1] - bright[0]) - 1000) <= 3
    # The image itself: a disc of two thirds of 64 pixels, measured at half its grey.
    centre = left + round(box.width * 5)
    middle = film[top + round(box.height * 5), centre - 300 : centre + 300]
    wide = np.flatnonzero(middle > 64)
    disc_mm = 2 * 64 / 3 * cell.spacing().column_mm
    assert abs((wide[-1] - wide[0]) / 10 - disc_mm) <= cell.spacing().column_mm
    assert not np.array_equal(plain, film)


def test_images_without_spacing_are_refused_in_true_size(qtbot: QtBot) -> None:
    bare = an_image(0, side=64)
    bare = replace(bare, frames=tuple(replace(f, spacing=UNCALIBRATED) for f in bare.frames))
    for window in opened(qtbot, MemorySource(a_study(replace(a_series(1), images=(bare,))))):
        the_feature(window).films.add_current()
        the_page(window).tools.toggle_true_size()
        cell = the_feature(window).films.model.cells[0]
        assert cell is not None and not cell.true_size and "像素间距" in window.banner.text()


def test_pages_of_the_pdf_have_the_size_of_the_film(window: ViewerWindow, qtbot: QtBot, tmp_path: Path) -> None:
    films = the_feature(window).films
    films.set_up(replace(films.model.setup, size="10INX12IN", orientation="LANDSCAPE", layout=grid(2, 1), dpi=72))
    films.add_series()
    films.export(tmp_path / "films.pdf")
    qtbot.waitUntil(lambda: not films.busy, timeout=30_000)
    data = (tmp_path / "films.pdf").read_bytes()
    boxes = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", data)
    assert len(boxes) == 3
    assert all((float(w), float(h)) == pytest.approx((12 * 72, 10 * 72), abs=1) for w, h in boxes)
    if shutil.which("pdfimages"):
        subprocess.run(["pdfimages", "-png", "films.pdf", "film"], cwd=tmp_path, check=True)
        found = QImage(str(sorted(tmp_path.glob("film-*.png"))[0])).convertToFormat(QImage.Format.Format_Grayscale8)
        pixels, rows, columns, _ = grey_bytes(found)
        assert np.array_equal(np.frombuffer(pixels, np.uint8).reshape(rows, columns), composed(qtbot, films))
    films.set_options(what=CURRENT)
    films.export(tmp_path / "one.png")
    qtbot.waitUntil(lambda: not films.busy, timeout=30_000)
    saved = QImage(str(tmp_path / "one.png"))
    assert (saved.width(), saved.height()) == films.model.setup.pixels
    assert saved.dotsPerMeterX() == round(72 / 25.4 * 1000)


def test_stopping_an_export_leaves_no_half_file(window: ViewerWindow, qtbot: QtBot, tmp_path: Path) -> None:
    films = the_feature(window).films
    films.set_up(replace(films.model.setup, size="8INX10IN", layout=grid(1, 1), dpi=72))
    films.add_series()
    films.export(tmp_path / "films.pdf")
    qtbot.waitUntil(lambda: bool(list(tmp_path.iterdir())), timeout=30_000)
    films.stop()
    qtbot.waitUntil(lambda: not list(tmp_path.iterdir()), timeout=30_000)
    assert not films.busy


def test_a_paper_printer_gets_a_page_a_film(window: ViewerWindow, qtbot: QtBot, tmp_path: Path) -> None:
    films = the_feature(window).films
    films.set_up(replace(films.model.setup, size="A4", layout=grid(2, 2), dpi=72))
    films.add_series()
    printer = QPrinter()
    printer.setOutputFileName(str(tmp_path / "paper.pdf"))
    the_page(window).print_on(printer)
    qtbot.waitUntil(lambda: "纸张打印机" in window.banner.text(), timeout=30_000)
    assert (tmp_path / "paper.pdf").read_bytes().count(b"/Type /Page\n") == 2


def test_the_mouse_adjusts_the_cells_of_the_scope(window: ViewerWindow, qtbot: QtBot) -> None:
    films = the_feature(window).films
    films.set_up(replace(films.model.setup, layout=grid(2, 2)))
    films.add_series()
    page = the_page(window)
    sheet = page.sheet
    at = sheet.cell_rect(0).center().toPoint()

    def drag(by: QPoint, button: Qt.MouseButton = Qt.MouseButton.LeftButton) -> None:
        qtbot.mousePress(sheet, button, pos=at)
        qtbot.mouseMove(sheet, at + by)
        qtbot.mouseRelease(sheet, button, pos=at + by)

    drag(QPoint(40, 0))
    levels = [cell.shown.voi for cell in films.model.cells if cell is not None]
    assert len(set(levels[:4])) == 1 and levels[0] is not None and levels[4] is None
    films.model.undo.undo()
    assert all(cell is None or cell.shown.voi is None for cell in films.model.cells)
    films.model.scope = Scope.SELECTED
    qtbot.mouseClick(sheet, Qt.MouseButton.LeftButton, pos=at)
    drag(QPoint(0, 30), Qt.MouseButton.MiddleButton)
    moved = [cell is not None and cell.geometry.centre is not None for cell in films.model.cells]
    assert moved == [True, False, False, False, False]
    page.tools.choose(SELECT)
    qtbot.mouseClick(sheet, Qt.MouseButton.LeftButton, pos=at)
    qtbot.keyClick(sheet, Qt.Key.Key_Delete)
    assert len(films.model.cells) == 4
    qtbot.mouseDClick(sheet, Qt.MouseButton.LeftButton, pos=at)
    assert the_feature(window).page is None and window.session.active_viewport.index == 1


def test_what_cannot_be_printed_says_why(window: ViewerWindow, qtbot: QtBot) -> None:
    films = the_feature(window).films
    page = the_page(window)
    assert not page.panel.print.isEnabled()
    films.export(Path("nowhere.pdf"))
    assert "没有可打印的胶片" in window.banner.text()
    films.add_current()
    films.print_films()
    assert "服务器" in window.banner.text()
    films.set_options(what="range", range="1-9")
    films.export(Path("nowhere.pdf"))
    assert "1-9" in window.banner.text()
    films.set_options(what="all")
    films.export(Path("/nowhere/at/all/films.pdf"))
    qtbot.waitUntil(lambda: not films.busy, timeout=30_000)
    assert "nowhere" in window.banner.text()
    assert page.panel.print.isEnabled()


def test_heads_are_edited_kept_and_come_back(window: ViewerWindow, qtbot: QtBot) -> None:
    films = the_feature(window).films
    dialog = HeaderDialog(films, window)
    dialog.name.setText("科室")
    dialog.left.setText("{nothing}")
    dialog.save()
    assert "{nothing}" in dialog.error.text()
    dialog.left.setText("{name}/{id}")
    dialog.height_mm.setValue(20)
    dialog.save()
    assert films.header.name == "科室" and films.model.setup.header_mm == 20
    again = FilmDesk(films.desk)
    assert again.header == films.header
    again.delete_header("科室")
    assert again.header.name == "标准"


def test_the_page_speaks_both_languages_and_fits(window: ViewerWindow, qtbot: QtBot) -> None:
    the_feature(window).films.add_series()
    page = the_page(window)
    for language in (Language.ENGLISH, Language.CHINESE):
        set_language(language)
        QApplication.processEvents()
        for label in page.findChildren(QLabel):
            text = label.text()
            if language is Language.ENGLISH and text:
                assert not re.search("[\u4e00-\u9fff]", text), text
    window.perform("film.tasks")
    QApplication.processEvents()
    assert page.tasks is not None and "服务器" in page.tasks.message.text() and window.width() <= 1366
    page.toggle_tasks()
    QApplication.processEvents()
    assert page.panel.geometry().right() < page.width() and page.sheet.width() > 400


@pytest.mark.skipif(not HAS_PRINTER, reason="dcmtk is not installed")
def test_a_reader_prints_through_the_server_and_sees_how_it_went(qtbot: QtBot, tmp_path: Path) -> None:
    write_series(tmp_path / "files", 3)
    server = start_server(tmp_path / "data")
    try:
        send = ["dcmsend", "127.0.0.1", str(server.dicom_port), "-aec", "MINGJING", "+sd", str(tmp_path / "files")]
        subprocess.run(send, check=True, capture_output=True, timeout=120)
        with a_film_printer(tmp_path / "printer") as printer:
            client = server.client()
            end = time.monotonic() + 60
            while True:
                try:
                    if client.call(GetStudy(study_uid=f"{ROOT}.9")).row.instance_count == 3:
                        break
                except RpcError:
                    assert time.monotonic() < end, "the images were not indexed"
                time.sleep(0.05)
            saved = client.call(
                SaveFilmPrinter(
                    printer=FilmPrinter(
                        id=0, version=0, name="放射科", ae_title="PRINTER", host="127.0.0.1",
                        port=printer.port, dpi=100, sizes=("8INX10IN", "14INX17IN"),
                    )
                )
            )  # fmt: skip
            assert client.session is not None
            line = AdoptedLine(str(server.connection), client.session)
            window = ViewerWindow(ServerStudies(line))
            window.resize(1366, 768)
            window.show()
            with qtbot.waitSignal(window.first_image, timeout=30_000):
                window.open_study(f"{ROOT}.9")
            page, films = the_page(window), the_feature(window).films
            qtbot.waitUntil(lambda: films.printer is not None, timeout=30_000)
            assert films.printer_id == saved.id and films.model.setup.dpi == 100
            qtbot.waitUntil(lambda: page.panel.state.text() == "就绪", timeout=30_000)
            films.set_up(replace(films.model.setup, size="8INX10IN", layout=grid(2, 2)))
            films.add_series()
            films.model.scope = Scope.ALL
            page.tools.toggle_true_size()
            wanted = composed(qtbot, films)
            window.perform("film.tasks")
            page.panel.print.click()
            panel = page.tasks
            assert panel is not None
            qtbot.waitUntil(lambda: bool(panel.tasks) and panel.tasks[0].state is FilmState.PRINTED, timeout=30_000)
            stored, pixels = printer.films(1)[0]
            assert np.array_equal(pixels, wanted)
            mm = float(stored.ImageBoxContentSequence[0].RequestedImageSize)
            assert mm == pytest.approx(films.model.setup.printable_mm[0], abs=0.2)
            task = client.call(ListFilmTasks())[0]
            assert task.is_true_size and "张三" in task.title
            window.close()
            window.deleteLater()
            QApplication.processEvents()
            client.close()
    finally:
        server.stop()
