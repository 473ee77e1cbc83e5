"""图像分析 on a picture of the case: steps with a preview, taken back, kept as a new picture; the original stays."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from clients.kit.review import review
from clients.kit.translations import register_catalogue
from clients.pathology.analysis import entries, texts
from clients.pathology.analysis.annotating import Annotation, annotated
from clients.pathology.analysis.editor import TOOLS, Editor, to_image
from clients.pathology.analysis.processing import Operation, Step, apply
from clients.pathology.media.measuring import Measurement, Tool
from tests.clients.pathology.media.imaging_house import ImagingHouse, tissue

register_catalogue(texts.ENTRIES)


@pytest.fixture
def house(tmp_path: Path, qtbot: QtBot) -> Iterator[ImagingHouse]:
    made = ImagingHouse(tmp_path)
    made.tab.resize(1000, 640)
    made.tab.show()
    made.place.desk_settings.set("pathology/capture/type", "image/png")
    made.tab.start_live()
    qtbot.waitUntil(lambda: made.tab.live.frame is not None, timeout=30_000)
    made.tab.capture()
    qtbot.waitUntil(lambda: bool(made.tab.presenter.state.confirmed_all()), timeout=30_000)
    made.tab.presenter.select(made.tab.presenter.state.items[0].key)
    yield made
    made.close()


def editor_of(house: ImagingHouse, qtbot: QtBot, entry: Any) -> Editor:
    before = len(house.view.panels)
    entry(house.desk)
    qtbot.waitUntil(lambda: len(house.view.panels) > before, timeout=30_000)
    editor = house.view.panels[-1][1]
    assert isinstance(editor, Editor)
    qtbot.addWidget(editor)
    editor.resize(1000, 640)
    editor.show()
    return editor


def applied(editor: Editor, qtbot: QtBot, count: int) -> None:
    editor.apply_tool()
    qtbot.waitUntil(lambda: editor.steps.count() == count, timeout=30_000)


def test_steps_are_applied_taken_back_and_kept_as_a_new_picture(house: ImagingHouse, qtbot: QtBot) -> None:
    editor = editor_of(house, qtbot, entries.tones)
    original = editor.present
    editor.set_values(20, 10, 150)
    applied(editor, qtbot, 1)
    expected = apply(original, [Step(Operation.TONES, (20, 10, 1.5))])
    assert np.array_equal(editor.present, expected)
    editor.tool.setCurrentIndex(editor.tool.findData("invert"))
    applied(editor, qtbot, 2)
    editor.undo()
    qtbot.waitUntil(lambda: editor.steps.count() == 1, timeout=30_000)
    assert np.array_equal(editor.present, expected)
    editor.tool.setCurrentIndex(editor.tool.findData("zoom"))
    editor.set_values(50)
    applied(editor, qtbot, 2)
    editor.keep()
    qtbot.waitUntil(lambda: len(house.tab.presenter.state.confirmed_all()) == 2, timeout=30_000)
    first, second = house.tab.presenter.state.confirmed_all()
    assert second.facts.parent_id == first.id and second.facts.steps == ("tones 20 10 1.5", "zoom 0.5")
    assert (second.width, second.height) == (first.width // 2, first.height // 2)
    with house.server.database.read() as uow:
        kept = QImage.fromData(house.server.service.read(uow, first.id))
    assert kept.convertToFormat(QImage.Format.Format_RGB32) == to_image(original).convertToFormat(
        QImage.Format.Format_RGB32
    )


def test_cropping_and_arrows_are_drawn_on_the_picture(house: ImagingHouse, qtbot: QtBot) -> None:
    editor = editor_of(house, qtbot, entries.crop)
    editor.apply_tool()
    assert editor.steps.count() == 0 and "拖" in house.said()[-1]
    editor.canvas.measured.emit(Measurement(Tool.LENGTH, ((300.0, 40.0), (100.0, 140.0))))
    applied(editor, qtbot, 1)
    assert editor.present.shape == (100, 200, 3)
    editor.tool.setCurrentIndex(editor.tool.findData("annotate"))
    before = editor.present
    editor.words.setText("癌巢")
    editor.canvas.measured.emit(Measurement(Tool.LENGTH, ((30.0, 30.0), (150.0, 60.0))))
    applied(editor, qtbot, 2)
    assert editor.present.shape == before.shape and not np.array_equal(editor.present, before)


@pytest.mark.parametrize("tool", [key for key in TOOLS if key not in ("crop", "annotate")])
def test_every_tool_previews_and_applies(house: ImagingHouse, qtbot: QtBot, tool: str) -> None:
    editor = editor_of(house, qtbot, lambda desk: entries._edit(tool, desk))
    assert editor.key == tool
    applied(editor, qtbot, 1)
    editor.grab()
    assert review(editor) == []


def test_without_a_chosen_picture_nothing_opens(house: ImagingHouse, qtbot: QtBot) -> None:
    house.tab.presenter.select(house.tab.presenter.state.items[0].key, more=True)
    entries.greyscale(house.desk)
    assert house.view.panels == [] and "缩略窗口" in house.said()[-1]


def test_measuring_opens_the_picture_with_the_tool_in_hand(house: ImagingHouse, qtbot: QtBot) -> None:
    entries.measure(house.desk)
    qtbot.waitUntil(lambda: house.tab.stack.currentWidget() is house.tab.picture, timeout=30_000)
    assert house.tab.canvas_bar.tools.current == "length"


def test_an_annotation_changes_a_copy_only() -> None:
    first = to_image(tissue(1))
    same = first.copy()
    made = annotated(first, Annotation(((20.0, 20.0), (200.0, 100.0)), "A"))
    assert first == same and made != first.convertToFormat(made.format())
    assert Annotation(((1.0, 2.0),), "A").words == "annotate 1,2 A"
