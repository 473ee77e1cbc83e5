"""细胞计数 on screen over the real rooms: suggestion, correction by clicks, kept with the picture, found again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import cv2
import pytest
from cell_phantom import Field, a_field
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from clients.kit.review import review
from clients.kit.running import HeldRunner, ImmediateRunner
from clients.kit.translations import Language, set_language
from clients.pathology.analysis.comparing import ComparePage, Shown, words_of
from clients.pathology.analysis.counting import CountPage, sentence_of
from clients.pathology.analysis.editor import to_image
from clients.pathology.analysis.joining import MosaicPage
from shared.contract.pathology_counts import Grade, ListCounts, Origin
from shared.contract.pathology_media import AddMedia, MediaFacts, MediaView
from shared.domain.pathology import CaseState
from shared.domain.pathology_media import MediaKind, MediaSubject
from tests.clients.pathology.diagnosis.diagnosis_house import a_diagnosis_desk
from tests.server.pathology.reports.report_room import Room


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    made = Room(tmp_path_factory.mktemp("counting"))
    with made.database.write() as uow:
        made.areas.pathology.seed(uow)
    yield made
    made.close()


@pytest.fixture(scope="module")
def field() -> Field:
    return a_field(2, 60, size=(480, 640))


class House:
    def __init__(self, room: Room, folder: Path, qtbot: QtBot, field: Field) -> None:
        self.room, self.qtbot, self.field = room, qtbot, field
        self.desk, _view, self.messages = a_diagnosis_desk(room, room.user("pathology_chief"), folder)
        self.case_id = room.case()
        self.copies: list[tuple[QImage, tuple[str, ...]]] = []
        facts = MediaFacts(
            case_id=self.case_id, kind=MediaKind.IMAGE, subject=MediaSubject.MICROSCOPE, media_type="image/png",
            taken_at=datetime.now(UTC), objective="40x", um_per_pixel=0.25,
        )  # fmt: skip
        data = bytes(cv2.imencode(".png", field.picture)[1])
        self.media: MediaView = self.desk.place.connection.call(AddMedia(key=uuid4().hex, facts=facts, data=data))

    def page(self, runner: Any = None) -> CountPage:
        if runner is not None:
            self.desk.place.runner = runner  # type: ignore[misc]
        made = CountPage(
            self.desk.place, self.media, to_image(self.field.picture), may_save=True,
            keep_copy=lambda image, words: self.copies.append((image, words)),
        )  # fmt: skip
        self.qtbot.addWidget(made)
        made.form.set_values({"diameter": 7.0})
        made.resize(1180, 700)
        made.show()
        return made

    def kept(self) -> Any:
        return self.desk.place.connection.call(ListCounts(case_id=self.case_id))


@pytest.fixture
def house(room: Room, tmp_path: Path, qtbot: QtBot, field: Field) -> House:
    return House(room, tmp_path, qtbot, field)


def screen(page: CountPage, x: float, y: float) -> QPoint:
    factor, origin = page.canvas._factor(), page.canvas._origin()
    return QPointF(origin.x() + x * factor, origin.y() + y * factor).toPoint()


def click(page: CountPage, x: float, y: float, button: Qt.MouseButton = Qt.MouseButton.LeftButton) -> None:
    QTest.mouseClick(page.canvas, button, Qt.KeyboardModifier.NoModifier, screen(page, x, y))


def test_a_suggestion_is_corrected_by_clicks_and_kept_with_the_picture(house: House) -> None:
    page = house.page()
    page.suggest()
    assert abs(page.present.total - 60) <= 1 and "建议" in page.banner.text and house.kept() == ()
    first = page.canvas.cells[0]
    click(page, first.x, first.y)
    assert page.canvas.cells[0].origin is Origin.CORRECTED and page.canvas.cells[0].grade is not first.grade
    before = page.present.total
    other = page.canvas.cells[1]
    click(page, other.x, other.y, Qt.MouseButton.RightButton)
    assert page.present.total == before - 1 and page.canvas.removed == 1
    empty = next(
        (x, y) for x in range(30, 600, 10) for y in range(30, 450, 10)
        if all(abs(c.x - x) + abs(c.y - y) > 60 for c in page.canvas.cells)
    )  # fmt: skip
    page.grade.chosen.emit(Grade.STRONG.value)
    click(page, *empty)
    assert page.canvas.cells[-1].origin is Origin.ADDED and page.canvas.cells[-1].grade is Grade.STRONG
    page.save()
    (kept,) = house.kept()
    assert kept.is_corrected and kept.entry.removed == 1 and kept.figures == page.present
    assert kept.entry.area_mm2 == pytest.approx(480 * 640 * 0.25**2 / 1e6) and "H-DAB" in kept.entry.method
    again = house.page()
    assert tuple(again.canvas.cells) == kept.entry.cells and "pathology_chief" in again.banner.text
    again.marker.setCurrentText("ER")
    assert again.canvas.cells == [] and not again.delete_button.isVisible()
    again.marker.setCurrentText("Ki-67")
    again.delete()
    assert house.kept() == ()


def test_only_the_drawn_region_is_counted_and_its_area_is_told(house: House) -> None:
    page = house.page()
    page.region_button.click()
    corners = ((60, 60), (420, 60), (420, 400), (60, 400))
    for x, y in corners:
        QTest.mouseClick(page.canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, screen(page, x, y))
    QTest.keyClick(page.canvas, Qt.Key.Key_Return)
    assert len(page.canvas.region) == 4
    page.suggest()
    assert 0 < page.present.total < 50 and "0.008" in page.figures["area"].text()
    page.forget_region()
    assert page.canvas.region == () and "计数区域已改变" in page.banner.text


def test_figures_go_out_as_words_and_as_a_marked_copy(house: House) -> None:
    page = house.page()
    page.suggest()
    page.copy_words()
    words = QGuiApplication.clipboard().text()
    assert words == sentence_of("Ki-67", page.present) and f"{page.present.rate:.1f}%" in words
    page.keep_copy()
    ((copy, steps),) = house.copies
    assert copy.size() == to_image(house.field.picture).size() and steps[0].startswith("count Ki-67 ")


def test_an_audited_case_keeps_its_counts_and_a_closed_window_hears_no_answer(house: House) -> None:
    page = house.page()
    page.suggest()
    house.room.put_state(house.case_id, CaseState.AUDITED)
    page.save()
    assert house.kept() == () and page.canvas.cells, "nothing of the work is lost"
    assert page.banner.text
    runner = HeldRunner()
    late = house.page(runner)
    late.suggest()
    late.close()
    runner.release()


def test_nothing_is_saved_before_there_is_a_mark(house: House) -> None:
    page = house.page()
    assert not page.save_button.isEnabled() and not page.copy_button.isEnabled()
    page.form.set_values({"diameter": None})
    page.suggest()
    assert page.present.total == 0


def test_pictures_follow_each_other_at_one_scale(qtbot: QtBot, field: Field) -> None:
    whole = to_image(field.picture)
    half = whole.scaled(whole.width() // 2, whole.height() // 2)
    page = ComparePage([Shown(whole, words_of(1, "40x", ()), 0.25), Shown(half, words_of(2, "20x", ()), 0.5)])
    qtbot.addWidget(page)
    page.resize(1100, 600)
    page.show()
    first, second = page.canvases
    first.look_at(200, 160, 0.5)
    first.moved.emit()
    assert second.middle == pytest.approx((100, 80)) and second.pixels_a_screen_pixel == pytest.approx(0.25)
    page.linked.setChecked(False)
    first.look_at(50, 50, 0.5)
    first.moved.emit()
    assert second.middle == pytest.approx((100, 80))
    plain = ComparePage([Shown(whole, "a"), Shown(half, "b"), Shown(whole, "c"), Shown(half, "d")])
    qtbot.addWidget(plain)
    assert len(plain.canvases) == 4 and not plain.same_scale.isEnabled()


def test_a_mosaic_is_shown_told_and_kept(qtbot: QtBot, field: Field) -> None:
    kept: list[tuple[str, ...]] = []
    parts = [field.picture[:, :400].copy(), field.picture[:, 240:].copy()]
    page = MosaicPage(
        [to_image(one) for one in parts], ImmediateRunner(), lambda _image, words: kept.append(words), 0.25
    )
    qtbot.addWidget(page)
    assert page.mosaic is not None and abs(page.mosaic.picture.shape[1] - 640) <= 1
    page.keep()
    assert kept[0][0].startswith("mosaic of 2") and not page.save_button.isEnabled()
    refused = MosaicPage([to_image(parts[0])] * 1, ImmediateRunner(), lambda *_: None)
    qtbot.addWidget(refused)
    assert refused.mosaic is None and refused.banner.text


def test_no_words_are_cut_in_either_language(house: House) -> None:
    try:
        for language in (Language.CHINESE, Language.ENGLISH):
            set_language(language)
            page = house.page(ImmediateRunner())
            page.suggest()
            host = QWidget()
            house.qtbot.addWidget(host)
            host.resize(1180, 690)
            page.setParent(host)
            page.setGeometry(host.rect())
            host.show()
            page.show()
            house.qtbot.wait(1)
            assert not review(host), language
    finally:
        set_language(Language.CHINESE)
