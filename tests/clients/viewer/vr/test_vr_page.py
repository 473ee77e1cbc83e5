"""The page with mouse and keys and a real rendering process; the curve editor; the feature in the viewer's window."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from clients.kit.review import review
from clients.kit.settings import UserSettings
from clients.kit.translations import Language, set_language
from clients.viewer import texts
from clients.viewer.vr.curve_editor import CurveEditor
from clients.viewer.vr.overlay import handles_of, pushed
from clients.viewer.vr.page import Case, VrPage
from clients.viewer.vr.picture_view import MouseTool
from clients.viewer.vr.presets import PRESETS
from clients.viewer.vr.probe import Graphics, Kind
from clients.viewer.vr.renderer import Quality
from clients.viewer.vr.state import VrModel
from clients.viewer.vr.transfer import Point
from clients.viewer.window import ViewerWindow
from shared.imaging.volume import NoVolume, Volume
from tests.clients.viewer.viewer_builders import write_series
from tests.clients.viewer.vr.vr_builders import a_sphere

LONG = 60_000


class Desk:
    """A page on its own, with helpers for the hand."""

    def __init__(self, qtbot: QtBot, folder: Path) -> None:
        self.qtbot = qtbot
        self.settings = UserSettings(folder / "s.json")
        case = Case(lambda: a_sphere(40, 14), "1.2.3", ("张三 P1", "CT 头部"))
        self.page = VrPage(case, self.settings, folder=folder, graphics=Graphics(Kind.PROCESSOR))
        qtbot.addWidget(self.page)
        self.page.resize(760, 420)
        self.page.show()
        qtbot.waitUntil(
            lambda: self.page.view.image is not None and self.page.view.quality >= Quality.FULL, timeout=LONG
        )

    @property
    def model(self) -> VrModel:
        assert self.page.model is not None
        return self.page.model

    def settled(self) -> QImage:
        """The picture on screen once the full quality of the present scene is there."""
        with self.qtbot.waitSignal(self.page.shown, timeout=LONG, check_params_cb=lambda q: q == Quality.FULL):
            self.page.refine()
        return self.page.view.grab().toImage()

    def drag(self, *places: tuple[float, float], button: Qt.MouseButton = Qt.MouseButton.LeftButton) -> None:
        view = self.page.view
        points = [QPoint(round(x), round(y)) for x, y in places]
        QTest.mousePress(view, button, Qt.KeyboardModifier.NoModifier, points[0])
        for point in points[1:]:
            QTest.mouseMove(view, point)
        QTest.mouseRelease(view, button, Qt.KeyboardModifier.NoModifier, points[-1])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("vr")


@pytest.fixture
def desk(qtbot: QtBot, tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(qtbot, tmp_path)
    yield desk
    desk.page.close_page()


def bright(image: QImage, x: float, y: float) -> bool:
    return QColor(image.pixel(round(x), round(y))).value() > 60


def test_the_hand_turns_pans_zooms_cuts_and_takes_back(desk: Desk) -> None:
    view, model = desk.page.view, desk.model
    middle = (view.width() / 2, view.height() / 2)
    first = model.camera
    assert bright(desk.settled(), *middle)
    desk.drag((200, 200), (240, 200))
    assert model.camera.towards != first.towards and model.camera.up == pytest.approx(first.up)
    desk.drag((200, 200), (200, 150), button=Qt.MouseButton.RightButton)
    assert model.camera.half_height_mm < first.half_height_mm
    before = model.camera.focal
    desk.drag((200, 200), (260, 200), button=Qt.MouseButton.MiddleButton)
    assert model.camera.focal != before
    for key in "PA":
        QTest.keyClick(view, key)
    assert model.camera == first
    QTest.mouseClick(desk.page.panel.tools.buttons["cut_inside"], Qt.MouseButton.LeftButton)
    assert view.tool is MouseTool.CUT_INSIDE
    x, y = middle
    desk.drag((x - 30, y - 30), (x + 30, y - 30), (x + 30, y + 30), (x - 30, y + 30))
    cut = desk.settled()
    assert not bright(cut, *middle) and bright(cut, x + 60, y)
    QTest.keyClick(view, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert model.is_original and bright(desk.settled(), *middle)
    QTest.keyClick(view, Qt.Key.Key_Escape)
    assert view.tool is MouseTool.ROTATE
    with desk.qtbot.waitSignal(desk.page.leave_asked, timeout=30_000):
        QTest.keyClick(view, Qt.Key.Key_Escape)


def test_a_face_of_the_box_follows_the_mouse(desk: Desk) -> None:
    view, model = desk.page.view, desk.model
    QTest.mouseClick(desk.page.panel.tools.buttons["box"], Qt.MouseButton.LeftButton)
    grip = next(h for h in handles_of(model.whole, model.camera, view.width(), view.height()) if h.face == "L")
    pixels_per_mm = view.height() / (2 * model.camera.half_height_mm)
    desk.drag(
        (grip.at.x(), grip.at.y()), (grip.at.x() - 10, grip.at.y()), (grip.at.x() - 10 * pixels_per_mm, grip.at.y())
    )
    box = model.scene.shape.box
    assert box is not None and box.high.x == pytest.approx(model.whole.high.x - 10, abs=0.3)
    assert box.low == model.whole.low and model.undo.undo_name == "框选裁剪"
    x = view.width() / 2
    picture = desk.settled()
    edge = x + box.high.x * pixels_per_mm
    assert bright(picture, edge - 6, view.height() / 2) and not bright(picture, edge + 6, view.height() / 2)
    QTest.mouseClick(desk.page.panel.tools.buttons["reset"], Qt.MouseButton.LeftButton)
    assert model.is_original


def test_the_panel_changes_look_and_background_and_keeps_views_and_templates(desk: Desk) -> None:
    page, model = desk.page, desk.model
    look = page.panel.look
    look.presets.setCurrentIndex(look.presets.findData("skin"))
    look.presets.activated.emit(look.presets.currentIndex())
    assert model.look.points == PRESETS["skin"].look.points
    QTest.mouseClick(look.grounds[-1], Qt.MouseButton.LeftButton)
    assert model.look.background == "#ffffff"
    assert QColor(desk.settled().pixel(desk.page.view.width() - 60, 60)).name() == "#ffffff"
    look.sliders["diffuse"].slider.setValue(30)
    assert model.look.lighting.diffuse == pytest.approx(0.3)
    look.sliders["opacity"].slider.setValue(0)
    assert max(p.opacity for p in model.look.points) < 0.5
    look.save_template("淡")
    assert look.presets.currentText() == "淡"
    page.panel.save_view("左侧")
    kept = model.scene
    model.reset()
    page.panel.views.activated.emit(page.panel.views.findData("左侧"))
    assert model.scene.look == kept.look and model.scene.shape == kept.shape


def test_the_picture_leaves_as_file_and_to_the_report_with_the_patients_name(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "vr.png"
    assert desk.page.save_picture(path)
    image = QImage(str(path))
    assert image.height() >= 900 and bright(image, image.width() / 2, image.height() / 2)
    with desk.qtbot.waitSignal(desk.page.picture_ready, timeout=30_000) as sent:
        desk.page.panel.send_asked.emit()
    assert bytes(sent.args[0]).startswith(b"\x89PNG")
    assert not desk.page.save_picture(tmp_path / "nowhere" / "x.png")


@pytest.mark.parametrize("reason", ["A single image is no volume.", "Colour images make no volume.", "?"])
def test_a_series_that_is_no_volume_says_so_in_both_languages(qtbot: QtBot, tmp_path: Path, reason: str) -> None:
    def refuse() -> Volume:
        raise NoVolume(reason)

    for language, words in ((Language.CHINESE, "不能做三维重建"), (Language.ENGLISH, "No volume rendering")):
        set_language(language)
        page = VrPage(Case(refuse), UserSettings(tmp_path / "s.json"), graphics=Graphics(Kind.PROCESSOR))
        qtbot.addWidget(page)
        qtbot.waitUntil(lambda page=page, words=words: page.view.message.startswith(words), timeout=LONG)
        assert page.view.message.isascii() == (language is Language.ENGLISH)
        page.close_page()


def test_a_page_closed_while_it_prepares_leaves_no_process(qtbot: QtBot, tmp_path: Path) -> None:
    import threading

    gate, left = threading.Event(), threading.Event()

    def late() -> Volume:
        gate.wait(30)
        left.set()
        return a_sphere(16, 5)

    page = VrPage(Case(late), UserSettings(tmp_path / "s.json"), graphics=Graphics(Kind.PROCESSOR))
    qtbot.addWidget(page)
    page.close_page()
    gate.set()
    assert left.wait(30)
    qtbot.wait(50)
    assert page.renderer is None and page.model is None


def test_the_page_waits_for_the_images(qtbot: QtBot, tmp_path: Path) -> None:
    there = [3]
    case = Case(lambda: a_sphere(16, 5), progress=lambda: (there[0], 9))
    page = VrPage(case, UserSettings(tmp_path / "s.json"), graphics=Graphics(Kind.PROCESSOR))
    qtbot.addWidget(page)
    assert page.view.message == "正在载入图像 3/9…" and page.renderer is None
    there[0] = 9
    qtbot.waitUntil(lambda: page.model is not None, timeout=LONG)
    page.close_page()


def test_a_series_of_several_phases_says_which_one_is_shown(qtbot: QtBot, tmp_path: Path) -> None:
    case = Case(lambda: replace(a_sphere(16, 5), frames=tuple(range(16))), progress=lambda: (48, 48))
    page = VrPage(case, UserSettings(tmp_path / "s.json"), graphics=Graphics(Kind.PROCESSOR))
    qtbot.addWidget(page)
    qtbot.waitUntil(lambda: page.model is not None, timeout=LONG)
    assert page.view.notes == ("序列有多个时相：显示第一个",)
    page.close_page()


@pytest.mark.parametrize("language", list(Language))
def test_no_word_of_the_panel_is_cut(desk: Desk, language: Language) -> None:
    texts.register()
    set_language(language)
    desk.page.resize(1366, 716)
    desk.qtbot.wait(20)
    assert review(desk.page) == []


def test_a_face_seen_head_on_is_pushed_by_moving_up_and_down() -> None:
    from clients.viewer.vr.camera import camera_of_volume
    from clients.viewer.vr.grid import grid_of
    from clients.viewer.vr.scene import box_around

    corners = grid_of(a_sphere(40, 10)).corners
    box, camera = box_around(corners), camera_of_volume(corners, "A")
    front = next(h for h in handles_of(box, camera, 400, 400) if h.face == "A")
    assert front.in_front
    assert pushed(front, box, QPointF(0, -10), 0.5).low.y == pytest.approx(box.low.y + 5)  # away from the eye: inwards
    back = next(h for h in handles_of(box, camera, 400, 400) if h.face == "P")
    assert pushed(back, box, QPointF(0, 10), 0.5).high.y == pytest.approx(box.high.y - 5)


@pytest.fixture
def editor(qtbot: QtBot) -> CurveEditor:
    editor = CurveEditor()
    qtbot.addWidget(editor)
    editor.resize(280, 150)
    editor.set_volume(tuple(n / 256 for n in range(256)), 0, 1000, "HU")
    editor.show_look(
        PRESETS["bone"].look.__class__(
            (Point(200, 0.0, "#000000"), Point(500, 0.5, "#ff0000"), Point(800, 1.0, "#ffffff"))
        )
    )
    editor.show()
    return editor


def test_a_point_is_dragged_but_not_past_its_neighbours(editor: CurveEditor) -> None:
    start = editor.place(editor.points[1]).toPoint()
    QTest.mousePress(editor, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, start)
    QTest.mouseMove(editor, start + QPoint(20, -30))
    value, opacity = editor.points[1].value, editor.points[1].opacity
    assert value > 550 and opacity > 0.6
    QTest.mouseMove(editor, QPoint(275, 10))
    QTest.mouseRelease(editor, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QPoint(275, 10))
    assert [p.value for p in editor.points] == sorted(p.value for p in editor.points)
    assert editor.points[1].value < editor.points[2].value


def test_a_click_adds_a_point_of_the_colour_between_and_a_right_click_removes_one(editor: CurveEditor) -> None:
    between = QPoint(round((editor.place(editor.points[0]).x() + editor.place(editor.points[1]).x()) / 2), 20)
    QTest.mouseClick(editor, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, between)
    assert len(editor.points) == 4 and editor.points[1].value == pytest.approx(350, abs=6)
    assert QColor(editor.points[1].colour).red() == pytest.approx(128, abs=8)
    for _ in range(4):
        QTest.mouseClick(
            editor,
            Qt.MouseButton.RightButton,
            Qt.KeyboardModifier.NoModifier,
            editor.place(editor.points[-1]).toPoint(),
        )
    assert len(editor.points) == 2  # two always stay


def test_a_points_colour_and_the_keys(editor: CurveEditor, qtbot: QtBot) -> None:
    with qtbot.waitSignal(editor.settled, timeout=30_000):
        editor.set_colour(1, "#00ff00")
    assert editor.points[1].colour == "#00ff00"
    QTest.keyClick(editor, Qt.Key.Key_Right)
    QTest.keyClick(editor, Qt.Key.Key_Right)
    QTest.keyClick(editor, Qt.Key.Key_Delete)
    assert [p.value for p in editor.points] == [200, 800]


def test_the_command_shows_the_volume_and_the_second_one_leaves(qtbot: QtBot, tmp_path: Path) -> None:
    write_series(tmp_path / "files", 10)
    window = ViewerWindow()
    qtbot.addWidget(window)
    window.resize(1000, 700)
    window.show()
    window.opening.open_files([tmp_path / "files"])
    qtbot.waitUntil(lambda: len(window.session.stacks) == 1, timeout=LONG)
    qtbot.waitUntil(lambda: window.store.of(window.session.stacks[0]).loaded == 10, timeout=LONG)

    window.commands.trigger("volume.vr")
    page = window.stage.currentWidget()
    assert isinstance(page, VrPage) and window.commands.qt("volume.vr").isChecked()
    qtbot.waitUntil(lambda: page.view.image is not None, timeout=LONG)
    assert page.view.patient_lines[0].startswith("张三 P1")
    assert page.renderer is not None
    processes = page.renderer.processes

    window.commands.trigger("volume.vr_compatible")  # begins anew with the same view
    again = window.stage.currentWidget()
    assert isinstance(again, VrPage) and again is not page
    qtbot.waitUntil(lambda: again.view.image is not None, timeout=LONG)
    assert again.renderer is not None and again.renderer.graphics.kind is Kind.COMPATIBLE
    assert set(again.renderer.processes).isdisjoint(processes)

    window.commands.trigger("volume.vr")
    assert window.stage.key == "" and not window.commands.qt("volume.vr").isChecked()
    window.close()
