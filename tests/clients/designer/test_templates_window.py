"""The designer's window: mouse, keyboard, fields, saving and history, with a server's templates in memory."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from clients.administration import texts
from clients.designer.history import History, TemplateText
from clients.designer.view import TemplatesPage
from clients.kit.app import make_application, speak, wear
from clients.kit.messages import CollectedMessages
from clients.kit.running import ImmediateRunner
from clients.kit.translations import register_catalogue
from server.kernel.dispatch import SYSTEM
from server.printing.templates import PaperTemplates
from shared.contract.errors import ErrorCode, error_for
from shared.contract.printing import (
    GetPaperTemplate,
    ListPaperTemplateVersions,
    RestorePaperTemplate,
    SavePaperTemplate,
)
from shared.paper.kinds import OF_PATHOLOGY, DocumentKind
from shared.paper.template import BoxElement, CodeElement, TextElement
from tests.databases import make_tables


class Server:
    """The templates of a real server area on a database in memory, called in process."""

    def __init__(self, folder: Path) -> None:
        from server.kernel.clock import SystemClock
        from server.kernel.database import Database

        self.database = Database.in_folder(folder)
        make_tables(self.database)
        self.templates = PaperTemplates(SystemClock())

    def call(self, request: Any) -> Any:
        from server.kernel.errors import Refusal

        with self.database.write() as uow:
            try:
                if isinstance(request, GetPaperTemplate):
                    return self.templates.view(uow, request.kind, request.version)
                if isinstance(request, ListPaperTemplateVersions):
                    return self.templates.versions(uow, request.kind)
                if isinstance(request, SavePaperTemplate):
                    return self.templates.save(
                        uow, SYSTEM, request.kind, request.text, request.base_version, request.note
                    )
                assert isinstance(request, RestorePaperTemplate)
                return self.templates.restore(uow, SYSTEM, request.kind, request.version, request.base_version)
            except Refusal as refused:
                raise error_for(refused.body) from refused


class Panel:
    def __init__(self) -> None:
        self.content: Any = None

    def show_content(self, _title: str, content: Any, *, width: int | None = None) -> None:
        self.content = content


class Place:
    def __init__(self, server: Server) -> None:
        self.connection: Any = server
        self.runner = ImmediateRunner()
        self.messages = CollectedMessages()
        self.side_panel: Any = Panel()


@pytest.fixture(scope="session")
def qapp() -> QApplication:
    return make_application()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    made = Server(tmp_path)
    yield made
    made.database.close()


@pytest.fixture
def page(server: Server, qtbot: QtBot) -> Iterator[TemplatesPage]:
    register_catalogue(texts.ENTRIES)
    wear("light")
    made = TemplatesPage(Place(server))  # type: ignore[arg-type]
    qtbot.addWidget(made)
    made.resize(1300, 700)
    made.show()
    QApplication.processEvents()
    yield made
    speak("zh")


def pixel(page: TemplatesPage, x_mm: float, y_mm: float) -> QPoint:
    return page.canvas.to_pixels(x_mm, y_mm).toPoint()


def drag(
    qtbot: QtBot, page: TemplatesPage, start: QPoint, end: QPoint, keys: Any = Qt.KeyboardModifier.NoModifier
) -> None:
    from PySide6.QtCore import QEvent
    from PySide6.QtGui import QMouseEvent

    left = Qt.MouseButton.LeftButton
    for kind, at, buttons in (
        (QEvent.Type.MouseButtonPress, start, left),
        (QEvent.Type.MouseMove, (start + end) / 2, left),
        (QEvent.Type.MouseMove, end, left),
        (QEvent.Type.MouseButtonRelease, end, Qt.MouseButton.NoButton),
    ):
        point = QPointF(at)
        button = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseMove else left
        QApplication.sendEvent(page.canvas, QMouseEvent(kind, point, point, button, buttons, keys))


def elements(page: TemplatesPage) -> Any:
    assert page.presenter.design is not None
    return page.presenter.design.template.elements


def test_dragging_moves_on_the_grid_in_one_step_and_undo_brings_it_back(page: TemplatesPage, qtbot: QtBot) -> None:
    before = elements(page)[7]
    drag(qtbot, page, pixel(page, 44, 24), pixel(page, 24.13, 15.31))
    after = elements(page)[7]
    assert isinstance(after, BoxElement | TextElement)
    moved = elements(page)[8] if elements(page)[8] != before else after
    assert page.presenter.state.may_undo
    assert page.presenter.state.is_changed
    assert moved.x_mm != 41
    qtbot.keyClick(page.canvas, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert elements(page)[7] == before
    assert not page.presenter.state.may_undo


def test_alt_moves_freely_and_arrows_by_half_millimetres(page: TemplatesPage, qtbot: QtBot) -> None:
    page.presenter.do(lambda design: design.select(0))
    drag(qtbot, page, pixel(page, 10, 4), pixel(page, 12, 4), Qt.KeyboardModifier.AltModifier)
    one = elements(page)[0]
    assert one.x_mm == pytest.approx(4.5, abs=0.15)
    at = one.x_mm
    qtbot.keyClick(page.canvas, Qt.Key.Key_Right)
    qtbot.keyClick(page.canvas, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    assert elements(page)[0].x_mm == pytest.approx(at + 0.5)
    assert elements(page)[0].y_mm == pytest.approx(1.1 + 5, abs=0.2)


def test_the_handle_resizes_and_escape_takes_a_drag_back(page: TemplatesPage, qtbot: QtBot) -> None:
    page.presenter.do(lambda design: design.select(2))
    _left, _top, right, bottom = page.canvas.places[2]
    drag(qtbot, page, pixel(page, right, bottom), pixel(page, right - 5, bottom + 2))
    code = elements(page)[2]
    assert isinstance(code, CodeElement)
    assert (code.width_mm, round(code.height_mm, 1)) == (40, 14.2)


def test_tab_selects_delete_removes_and_lists_follow(page: TemplatesPage, qtbot: QtBot) -> None:
    page.canvas.setFocus()
    qtbot.keyClick(page.canvas, Qt.Key.Key_Tab)
    qtbot.keyClick(page.canvas, Qt.Key.Key_Tab)
    assert page.presenter.state.selected == (1,)
    assert [page.elements.row(item) for item in page.elements.selectedItems()] == [1]
    count = len(elements(page))
    qtbot.keyClick(page.canvas, Qt.Key.Key_Delete)
    assert len(elements(page)) == page.elements.count() == count - 1


def test_a_rubber_band_selects_what_is_inside(page: TemplatesPage, qtbot: QtBot) -> None:
    drag(qtbot, page, pixel(page, 1, 0.5), pixel(page, 49, 19.3))
    assert page.presenter.state.selected == (0, 1, 2)
    assert page.properties.form is None  # several: nothing to type


def test_fields_change_the_element_and_faults_are_told_and_not_saved(page: TemplatesPage, qtbot: QtBot) -> None:
    page.presenter.do(lambda design: design.select(0))
    form = page.properties.form
    assert form is not None
    size = form.rows["size_pt"].editor.focus_target
    size.selectAll()  # type: ignore[attr-defined]
    qtbot.keyClicks(size, "14.")
    assert elements(page)[0].size_pt == 14
    text = form.rows["text"].editor
    text.set_value("{nmae}")
    form.changed.emit("text")
    assert page.status.full_text == "第 1 个元素“text”用了未知的数据项“nmae”，是否为“name”？"
    assert not page.save_button.isEnabled()
    speak("en")
    page.presenter.do(lambda design: None)
    assert page.status.full_text == "Element 1, text: there is no fact 'nmae'; did you mean 'name'?"


def test_saving_keeps_a_version_and_history_brings_the_old_one_back(page: TemplatesPage, server: Server) -> None:
    page.presenter.do(lambda design: design.select(0))
    page.presenter.do(lambda design: design.set_field("size_pt", 13.0))
    page.save_button.click()
    assert page.presenter.state.base_version == 1
    assert not page.presenter.state.is_changed
    assert page.version.text() == "第 1 版"
    page._show_history()
    history = page._place.side_panel.content
    assert isinstance(history, History)
    history.buttons[0].click()
    assert page.presenter.state.base_version == 2
    assert elements(page)[0].size_pt == 11.5
    history.deleteLater()


def test_a_save_over_somebody_elses_is_refused_and_nothing_is_lost(page: TemplatesPage, server: Server) -> None:
    server.call(SavePaperTemplate(kind="barcode", text=page.presenter.text.replace("11.5", "12"), base_version=0))
    page.presenter.do(lambda design: design.select(0))
    page.presenter.do(lambda design: design.set_field("size_pt", 9.0))
    page.presenter.save()
    messages = page.presenter._messages
    assert isinstance(messages, CollectedMessages)
    assert messages.errors[-1].code is ErrorCode.CONFLICT  # type: ignore[attr-defined]
    assert elements(page)[0].size_pt == 9


def test_unsaved_work_on_another_document_stays(page: TemplatesPage) -> None:
    page.presenter.do(lambda design: design.select(0))
    page.presenter.do(lambda design: design.remove())
    count = len(elements(page))
    page.kinds.chosen.emit("ticket")
    assert page.presenter.state.kind is DocumentKind.TICKET
    page.kinds.chosen.emit("barcode")
    assert len(elements(page)) == count
    assert page.presenter.state.is_changed


def test_the_text_can_be_changed_and_a_fault_names_its_line(page: TemplatesPage) -> None:
    page._show_text()
    panel = page._place.side_panel.content
    assert isinstance(panel, TemplateText)
    plain = json.loads(panel.text.toPlainText())
    plain["page"]["width_mm"] = 60
    panel.text.setPlainText(json.dumps(plain))
    panel.apply.click()
    assert page.presenter.design is not None
    assert page.presenter.design.template.page.width_mm == 60
    panel.text.setPlainText('{"format": 1,\n oops}')
    panel.apply.click()
    messages = page.presenter._messages
    assert isinstance(messages, CollectedMessages)
    assert messages.said[-1].text.startswith("第 2 行：")
    panel.deleteLater()


def test_facts_and_pictures_are_put_in(page: TemplatesPage, tmp_path: Path) -> None:
    page.presenter.do(lambda design: design.select())
    page._insert_fact(page.facts.item(0))
    assert elements(page)[-1].text == "{hospital}"
    page._insert_fact(page.facts.item(1))
    assert elements(page)[-1].text == "{hospital} {department}"
    picture = QImage(30, 20, QImage.Format.Format_RGB32)
    picture.fill(Qt.GlobalColor.black)
    assert picture.save(str(tmp_path / "logo 1.png"))
    page.add_picture(tmp_path / "logo 1.png")
    assert elements(page)[-1].image == "logo1"
    (tmp_path / "bad.png").write_text("no picture")
    count = len(elements(page))
    page.add_picture(tmp_path / "bad.png")
    assert len(elements(page)) == count


@pytest.mark.parametrize("kind", [kind for kind in DocumentKind if kind not in OF_PATHOLOGY])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_document_is_shown_in_both_languages_and_themes(
    kind: DocumentKind, language: str, page: TemplatesPage
) -> None:
    speak(language)
    wear("dark" if language == "en" else "light")
    page.presenter.open(kind)
    page.presenter.see_in(language)
    page.presenter.do(lambda design: design.select(1))
    picture = page.grab().toImage()
    middle = page.canvas.mapTo(page, page.canvas.to_pixels(1, 1).toPoint())
    assert picture.pixelColor(middle * picture.devicePixelRatio()).lightness() > 250  # the paper is white
    assert page.presenter.state.problem == ""
    wear("light")
