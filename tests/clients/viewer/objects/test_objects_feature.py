"""Objects in the real window: what lies over images is where it belongs, documents open, fusion is guarded."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pydicom
import pydicom.data
import pytest
from PySide6.QtCore import QUrl
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from clients.kit.translations import Language, set_language
from clients.viewer.objects.feature import ObjectsFeature
from clients.viewer.objects.page import DocumentPage, TextPage
from clients.viewer.objects.panel import ObjectsPanel
from clients.viewer.objects.slide_view import SlideView
from clients.viewer.objects.waveform_view import WaveformView
from clients.viewer.window import ViewerWindow
from shared.imaging.geometry import PixelPoint
from shared.imaging.lut import Window
from tests.clients.viewer.objects.object_builders import (
    SPACE,
    a_key_object,
    a_presentation_state,
    a_segmentation,
    item,
    saved,
)
from tests.clients.viewer.viewer_builders import ROOT, write_series

OpenFiles = Callable[..., tuple[ViewerWindow, ObjectsFeature]]


@pytest.fixture
def opened(qtbot: QtBot) -> Iterator[OpenFiles]:
    windows: list[ViewerWindow] = []

    def open_files(*paths: Path) -> tuple[ViewerWindow, ObjectsFeature]:
        window = ViewerWindow()
        windows.append(window)
        window.resize(1000, 700)
        window.show()
        window.open_files(list(paths))
        qtbot.waitUntil(lambda: bool(window.session.studies), timeout=30_000)
        loader = window.opening.loader
        assert loader is not None
        qtbot.waitUntil(lambda: loader.waiting == 0 and not window.opening.bridge.has_more, timeout=30_000)
        feature = next(f for f in window.features if isinstance(f, ObjectsFeature))
        return window, feature

    yield open_files
    for window in windows:
        window.close()
        window.deleteLater()
    QApplication.processEvents()


def colour_at(window: ViewerWindow, column: float, row: float) -> tuple[int, int, int]:
    viewport = window.viewports[0]
    shown = viewport.shown()
    assert shown is not None
    place = shown.place(PixelPoint(column, row))
    colour = viewport.grab().toImage().pixelColor(round(place.x()), round(place.y()))
    return colour.red(), colour.green(), colour.blue()


def settle(qtbot: QtBot, feature: ObjectsFeature) -> None:
    """Until the pictures over the visible images are made."""

    def ready() -> bool:
        feature.desk.active.repaint()
        return feature._maker.is_idle

    qtbot.waitUntil(ready, timeout=30_000)
    feature.desk.active.repaint()


def open_object(qtbot: QtBot, feature: ObjectsFeature, uid: str) -> None:
    feature.open_object(uid)
    qtbot.waitUntil(lambda: feature.book.get(uid) is not None or feature.desk.stage.key == "document", timeout=30_000)


def a_study_with_objects(tmp_path: Path) -> Path:
    write_series(tmp_path, 4, side=32, FrameOfReferenceUID=SPACE)
    a_segmentation(tmp_path / "seg.dcm", 32, 4)
    a_presentation_state(tmp_path / "pr.dcm")
    a_key_object(tmp_path / "ko.dcm")
    return tmp_path


def test_a_segment_colours_its_part_of_the_image_and_can_be_switched_off(
    qtbot: QtBot, opened: OpenFiles, tmp_path: Path
) -> None:
    window, feature = opened(a_study_with_objects(tmp_path))
    before, beside = colour_at(window, 14, 14), colour_at(window, 17, 17)
    open_object(qtbot, feature, f"{ROOT}.66")
    settle(qtbot, feature)

    red = colour_at(window, 14, 14)

    assert red[0] > red[2] + 40 and before[0] == before[2]
    assert colour_at(window, 17, 17) == beside
    feature.book.set_part(f"{ROOT}.66", 1, False)
    settle(qtbot, feature)
    assert colour_at(window, 14, 14) == before


def test_a_presentation_state_inverts_and_draws_on_its_image_only(
    qtbot: QtBot, opened: OpenFiles, tmp_path: Path
) -> None:
    window, feature = opened(a_study_with_objects(tmp_path))
    before = colour_at(window, 1, 16)  # air
    open_object(qtbot, feature, f"{ROOT}.11")

    assert before == (0, 0, 0) and colour_at(window, 1, 16) == (255, 255, 255)
    circle = colour_at(window, 15, 10)
    assert circle[0] > circle[2] + 60  # five pixels right of the circle's centre
    window.session.viewports[0].index = 1
    assert colour_at(window, 1, 16) == (0, 0, 0)
    window.session.viewports[0].index = 0
    feature.book.set_shown(f"{ROOT}.11", False)
    assert colour_at(window, 1, 16) == (0, 0, 0)


def test_a_state_turns_flips_and_cuts_as_it_says(qtbot: QtBot, opened: OpenFiles, tmp_path: Path) -> None:
    write_series(tmp_path, 2, side=32)
    area = item(DisplayedAreaTopLeftHandCorner=[9, 9], DisplayedAreaBottomRightHandCorner=[16, 16],
                PresentationSizeMode="SCALE TO FIT")  # fmt: skip
    a_presentation_state(
        tmp_path / "pr.dcm", ImageRotation=90, ImageHorizontalFlip="Y", DisplayedAreaSelectionSequence=[area]
    )
    window, feature = opened(tmp_path)

    open_object(qtbot, feature, f"{ROOT}.11")

    geometry = window.session.viewports[0].geometry
    assert geometry.rotation_deg == -90 and geometry.flip_horizontal
    assert geometry.centre == PixelPoint(11.5, 11.5) and geometry.zoom == pytest.approx(4.0)


def test_a_grey_image_shows_the_colours_that_it_holds(qtbot: QtBot, opened: OpenFiles, tmp_path: Path) -> None:
    stored = np.full((16, 16), 500, "<u2")
    stored[:8] = 1025
    palettes: dict[str, object] = {}
    for colour, level in (("Red", 200), ("Green", 40), ("Blue", 10)):
        palettes[f"{colour}PaletteColorLookupTableDescriptor"] = [2, 1024, 16]
        palettes[f"{colour}PaletteColorLookupTableData"] = np.array([65_535, level << 8], "<u2").tobytes()
    write_series(tmp_path, 1, side=16, PixelPresentation="COLOR", PixelData=stored.tobytes(), **palettes)

    window, feature = opened(tmp_path)
    settle(qtbot, feature)

    assert colour_at(window, 8, 3) == (200, 40, 10)
    grey = colour_at(window, 8, 12)
    assert grey[0] == grey[1] == grey[2]


def test_the_windows_of_the_file_follow_each_other(qtbot: QtBot, opened: OpenFiles, tmp_path: Path) -> None:
    write_series(tmp_path, 2, side=16, WindowCenter=[40, -600], WindowWidth=[400, 1500],
                 WindowCenterWidthExplanation=["MEDIASTINUM", "LUNG"])  # fmt: skip
    window, feature = opened(tmp_path)
    viewport = window.session.viewports[0]

    feature.next_window()
    first = viewport.voi
    feature.next_window()

    assert isinstance(first, Window) and (first.centre, first.width, first.name) == (-600, 1500, "LUNG")
    assert isinstance(viewport.voi, Window) and viewport.voi.name == "MEDIASTINUM"
    assert "MEDIASTINUM" in window.banner.text()


def test_a_key_object_opens_as_a_page_whose_link_leads_to_the_image(
    qtbot: QtBot, opened: OpenFiles, tmp_path: Path
) -> None:
    window, feature = opened(a_study_with_objects(tmp_path))
    open_object(qtbot, feature, f"{ROOT}.59")
    page = window.desk.stage.currentWidget()
    assert isinstance(page, DocumentPage) and isinstance(page.content, TextPage)
    assert "Of Interest" in page.content.toPlainText()

    page.content.anchorClicked.emit(QUrl(f"image:{ROOT}.1.3#0"))

    assert window.desk.stage.key == "" and window.session.viewports[0].index == 2


def test_a_study_of_documents_only_opens_the_first(qtbot: QtBot, opened: OpenFiles) -> None:
    window, _ = opened(Path(pydicom.data.get_testdata_file("waveform_ecg.dcm")))
    qtbot.waitUntil(lambda: window.desk.stage.key == "document", timeout=30_000)

    page = window.desk.stage.currentWidget()

    assert isinstance(page, DocumentPage) and isinstance(page.content, WaveformView)
    assert page.content.is_twelve_lead
    picture = page.content.grab().toImage()
    places = [(x, y) for x in range(0, picture.width(), 3) for y in range(0, picture.height(), 3)]
    bright = sum(picture.pixelColor(x, y).lightness() > 180 for x, y in places)
    assert bright > 100
    window.desk.stage.leave()
    assert window.desk.stage.key == ""


def test_an_object_of_another_kind_shows_a_sentence_and_its_tags_unharmed(
    qtbot: QtBot, opened: OpenFiles, tmp_path: Path
) -> None:
    saved(tmp_path / "x.dcm", SOPClassUID="1.2.840.10008.5.1.4.1.1.66.1", SOPInstanceUID="1.2.3",
          SeriesDescription="<script>alert(1)</script>", Modality="REG")  # fmt: skip
    window, _ = opened(tmp_path)
    qtbot.waitUntil(lambda: window.desk.stage.key == "document", timeout=30_000)

    page = window.desk.stage.currentWidget()

    assert isinstance(page, DocumentPage) and isinstance(page.content, TextPage)
    text = page.content.toPlainText()
    assert "阅片器不显示这类对象" in text and "(0008,0060)" in text and "<script>" in text


def test_the_panel_lists_by_kind_in_both_languages(qtbot: QtBot, opened: OpenFiles, tmp_path: Path) -> None:
    _, feature = opened(a_study_with_objects(tmp_path))

    feature.toggle_panel()
    panel = feature.desk.side.panel

    assert isinstance(panel, ObjectsPanel)
    heads = [panel.tree.topLevelItem(n).text(0) for n in range(panel.tree.topLevelItemCount())]
    assert heads == ["关键图像说明  (1)", "显示状态  (1)", "分割  (1)"]
    feature.toggle_panel()
    assert feature.desk.side.panel is None
    set_language(Language.ENGLISH)
    feature.toggle_panel()
    english = feature.desk.side.panel
    assert isinstance(english, ObjectsPanel)
    assert english.tree.topLevelItem(2).text(0) == "Segmentations  (1)"


def test_fusion_lies_over_one_space_and_refuses_two(qtbot: QtBot, opened: OpenFiles, tmp_path: Path) -> None:
    write_series(tmp_path, 4, side=32, FrameOfReferenceUID=SPACE)
    write_series(tmp_path, 4, side=32, series="2", FrameOfReferenceUID=SPACE, Modality="PT", RescaleIntercept=0)
    write_series(tmp_path, 4, side=32, series="3", FrameOfReferenceUID="9.9")
    window, feature = opened(tmp_path)
    ct, pet, other = window.session.stacks
    before = colour_at(window, 16, 16)

    assert not feature.fuse(ct, other)
    assert feature.fusion.fusion is None and "配准" in window.banner.text()
    assert feature.fuse(ct, pet)
    qtbot.waitUntil(lambda: feature.fusion.fusion is not None, timeout=30_000)
    settle(qtbot, feature)

    fused = colour_at(window, 16, 16)
    assert before[0] == before[2] and fused[0] > fused[2] + 20
    feature.fusion.end()
    assert colour_at(window, 16, 16) == before


def test_a_slide_is_drawn_from_its_tiles(qtbot: QtBot, opened: OpenFiles, tmp_path: Path) -> None:
    tiles = np.zeros((6, 8, 8, 3), np.uint8)
    for n in range(6):
        tiles[n] = (40 * n, 200, 255 - 40 * n)
    saved(
        tmp_path / "slide.dcm", SOPClassUID="1.2.840.10008.5.1.4.1.1.77.1.6", SOPInstanceUID="1.2.3", Modality="SM",
        SeriesInstanceUID="1.2.4", Rows=8, Columns=8, TotalPixelMatrixRows=16, TotalPixelMatrixColumns=24,
        BitsAllocated=8, BitsStored=8, HighBit=7, PixelRepresentation=0, SamplesPerPixel=3, PlanarConfiguration=0,
        PhotometricInterpretation="RGB", NumberOfFrames=6, DimensionOrganizationType="TILED_FULL",
        ImageType=["ORIGINAL", "PRIMARY", "VOLUME", "NONE"], ImagedVolumeWidth=0.024, ImagedVolumeHeight=0.016,
        PixelData=tiles.tobytes(),
    )  # fmt: skip
    window, _ = opened(tmp_path)
    qtbot.waitUntil(lambda: window.desk.stage.key == "document", timeout=30_000)
    page = window.desk.stage.currentWidget()
    assert isinstance(page, DocumentPage) and isinstance(page.content, SlideView)
    view = page.content

    def drawn() -> bool:
        view.repaint()
        return view.tiles.is_idle

    qtbot.waitUntil(drawn, timeout=30_000)
    picture = view.grab().toImage()
    scale = view.scale
    for n, (x, y) in {1: (12, 4), 3: (4, 12), 5: (20, 12)}.items():
        at = (view.width() / 2 + (x - 12) * scale, view.height() / 2 + (y - 8) * scale)
        colour = picture.pixelColor(round(at[0]), round(at[1]))
        assert (colour.red(), colour.green(), colour.blue()) == (40 * n, 200, 255 - 40 * n)
    assert view.position(view.rect().center().toPointF()).x() == pytest.approx(12, abs=0.2)
