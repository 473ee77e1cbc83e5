"""The screens over the real room on a database: keys as a doctor presses them, and looks in both languages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu, QWidget
from pytestqt.qtbot import QtBot

from clients.kit.app import make_application
from clients.kit.fields import Prompt
from clients.kit.messages import CollectedMessages
from clients.kit.prompting import exact
from clients.kit.review import review
from clients.kit.running import HeldRunner, ImmediateRunner
from clients.kit.translations import Language, register_catalogue, set_language
from clients.pathology.prompts import PromptBook
from clients.pathology.templates import texts
from clients.pathology.templates.descriptors_view import DescriptorsView
from clients.pathology.templates.dictionary import open_dictionary
from clients.pathology.templates.maintenance import MaintenanceView
from clients.pathology.templates.markers_view import MarkersView
from clients.pathology.templates.naming import NameWindow
from clients.pathology.templates.picking import PickingDialog
from clients.pathology.templates.prompt_settings import PromptSettingsView
from clients.pathology.templates.ticks import TickPanel
from server.kernel.errors import Refusal
from shared.contract import pathology_templates as contract
from shared.contract.errors import ErrorBody, error_for
from shared.contract.pathology_templates import PromptEntry, TemplateKind
from tests.databases import a_database
from tests.server.pathology.templates.test_templates_server import HEAD, Room

ENTER, CONTROL = Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier


class Drafts:
    """Drafts in memory."""

    def __init__(self) -> None:
        self.kept: dict[str, dict[str, Any]] = {}

    def record(self, draft_id: str, values: dict[str, Any]) -> None:
        self.kept[draft_id] = dict(values)

    def restore(self, draft_id: str) -> dict[str, Any] | None:
        return self.kept.get(draft_id)

    def discard(self, draft_id: str) -> None:
        self.kept.pop(draft_id, None)


class Line:
    """A line whose server is the room itself."""

    def __init__(self, room: Room) -> None:
        self.room = room

    def call(self, request: Any) -> Any:
        try:
            return self.room.ask(request, HEAD)
        except Refusal as refusal:
            raise error_for(refusal.body) from None


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    with a_database("sqlite", tmp_path_factory.mktemp("room")) as database:
        room = Room(database)
        room.seed()
        yield room


@pytest.fixture
def place(qtbot: QtBot, seeded: Room) -> Any:
    make_application()
    register_catalogue(texts.ENTRIES)
    shell = QWidget()
    shell.resize(1366, 768)
    qtbot.addWidget(shell)
    return SimpleNamespace(
        connection=Line(seeded),
        runner=ImmediateRunner(),
        messages=CollectedMessages(),
        drafts=Drafts(),
        may=lambda _permission: True,
        on_notice=lambda _listener: None,
        shell=shell,
    )


def press(widget: QWidget, *keys: Qt.Key) -> None:
    for key in keys:
        QTest.keyClick(widget, key)


def shown(qtbot: QtBot, widget: QWidget, size: tuple[int, int] = (1180, 700)) -> None:
    qtbot.addWidget(widget)
    widget.resize(*size)
    widget.show()
    qtbot.waitExposed(widget, timeout=30_000)


def name_it(view: QWidget, name: str) -> None:
    window = view.findChildren(NameWindow)[-1]
    window.line.setText(name)
    window.take()


def act(menu: QMenu, text: str) -> None:
    next(action for action in menu.actions() if action.text() == text).trigger()


def pick(qtbot: QtBot, place: Any, kind: TemplateKind, typed: str) -> tuple[PickingDialog, list[tuple[str, str]]]:
    taken: list[tuple[str, str]] = []
    dialog = PickingDialog(place, kind, lambda findings, diagnosis: taken.append((findings, diagnosis)), place.shell)
    dialog.show()  # it deletes itself when it closes; the shell would otherwise
    qtbot.waitExposed(dialog, timeout=30_000)
    dialog.search.setText(typed)
    dialog.search.textEdited.emit(typed)
    press(dialog.search, ENTER)
    return dialog, taken


def test_a_template_is_found_by_initials_and_answered_without_the_mouse(qtbot: QtBot, place: Any) -> None:
    dialog, taken = pick(qtbot, place, TemplateKind.DIAGNOSIS, "wxa")  # 胃腺癌
    assert dialog.title.full_text == "胃 · 胃腺癌（根治标本）"
    sheet = dialog.sheet
    press(sheet, Qt.Key.Key_Space, Qt.Key.Key_2, Qt.Key.Key_1, Qt.Key.Key_3)
    for value in ("3", "", "1.5"):
        QTest.keyClicks(sheet.value, value)
        press(sheet.value, ENTER)
    press(sheet, Qt.Key.Key_0, Qt.Key.Key_0, Qt.Key.Key_Space, Qt.Key.Key_2)
    assert "神经侵犯（未见；可见）" in sheet.preview.toPlainText()
    QTest.keyClick(sheet, ENTER, CONTROL)
    assert taken == [] and "选一项" in sheet.trouble.full_text  # an unanswered single choice blocks
    press(sheet, Qt.Key.Key_1)
    QTest.keyClick(sheet, ENTER, CONTROL)
    assert taken == [] and "再按一次" in sheet.trouble.full_text  # a lost dimension is confirmed first
    QTest.keyClick(sheet, ENTER, CONTROL)
    assert taken == [("肿瘤位于胃体小弯，浸润型，大小3×1.5cm。\n脉管内癌栓可见，神经侵犯未见。", "")]


def test_a_gross_template_has_one_pane(qtbot: QtBot, place: Any) -> None:
    dialog, taken = pick(qtbot, place, TemplateKind.GROSS, "chuanci")
    sheet = dialog.sheet
    press(sheet, ENTER)
    qtbot.waitUntil(
        lambda: all(button.height() >= 44 for button in (*sheet.options, sheet.insert_button)), timeout=30_000
    )
    press(sheet, Qt.Key.Key_2)
    for value in ("2", "0.5", "1", ""):
        if value:
            QTest.keyClicks(sheet.value, value)
        press(sheet.value, ENTER)
    press(sheet, Qt.Key.Key_Tab)
    QTest.keyClick(sheet, ENTER, CONTROL)
    assert taken == [("送检灰红色条索样组织2条，长0.5～1cm，直径0.1cm，全取。", "")]


def test_wrong_numbers_are_refused_in_place_and_up_goes_back(qtbot: QtBot, place: Any) -> None:
    dialog, _taken = pick(qtbot, place, TemplateKind.DIAGNOSIS, "wxr")  # 胃息肉
    sheet = dialog.sheet
    press(sheet, Qt.Key.Key_Space)
    QTest.keyClicks(sheet.value, "x")
    press(sheet.value, ENTER)
    assert "不是数字" in sheet.trouble.full_text
    press(sheet.value, Qt.Key.Key_Up)
    assert sheet.picking is not None and sheet.picking.element is None


def test_a_template_with_errors_is_listed_but_cannot_be_taken(qtbot: QtBot, place: Any, seeded: Room) -> None:
    site = seeded.ask(contract.SaveSite(name="骨"))
    text = seeded.ask(contract.SaveDisease(site_id=site.id, name="骨软骨瘤"))
    seeded.ask(contract.SaveTexts(template_id=text.id, version=text.version, findings="大小{cm}", diagnosis=""))
    dialog, _taken = pick(qtbot, place, TemplateKind.DIAGNOSIS, "骨软骨瘤")
    assert dialog.list.count() == 1 and dialog.title.full_text == ""
    assert "错误" in dialog.list.item(0).toolTip()
    site = next(one for one in seeded.ask(contract.ListTree()) if one.id == site.id)
    seeded.ask(contract.DeleteSite(site_id=site.id, version=site.version, with_diseases=True))


def test_a_closed_dialog_survives_a_late_answer(qtbot: QtBot, place: Any) -> None:
    place.runner = HeldRunner()
    dialog = PickingDialog(place, TemplateKind.DIAGNOSIS, lambda _a, _b: None, place.shell)
    dialog.show()
    dialog.close()
    place.runner.release()


def test_the_tree_is_kept_from_its_menu(qtbot: QtBot, place: Any, seeded: Room) -> None:
    view = MaintenanceView(place)
    shown(qtbot, view)
    act(view.context_menu(None), "增加部位")
    name_it(view, "胰腺")
    site = next(item for item in view._sites() if item.text(0) == "胰腺")
    act(view.context_menu(site), "增加病种")
    name_it(view, "导管腺癌")
    assert view.title.full_text == "胰腺 · 导管腺癌"
    view.editor.findings.setPlainText("切缘（阴性；阳性。")
    view.check_button.click()
    assert "检验不通过：1 处错误" in view.editor.verdict.full_text
    assert "第 1 行第 3 列：E1" in view.editor.found.item(0).text()
    assert view.editor.findings.textCursor().position() == 2
    assert len(view.editor.findings.extraSelections()) == 1
    view.save()
    text = view.presenter.state.text
    assert text is not None and not text.usable and text.revision == 1
    view.editor.findings.setPlainText("切缘（阴性；阳性）。")
    view.save()
    assert view.presenter.state.text is not None and view.presenter.state.text.usable
    disease = next(item for item in view._sites() if item.text(0) == "胰腺").child(0)
    assert disease is not None
    act(view.context_menu(disease), "改名")
    name_it(view, "胰腺导管腺癌")
    site_view = next(one for one in view.presenter.state.sites or () if one.name == "胰腺")
    view.presenter.delete_site(site_view)
    assert "胰腺" not in [item.text(0) for item in view._sites()]


def test_unsaved_texts_are_asked_about(qtbot: QtBot, place: Any) -> None:
    from clients.kit.dialogs import Question

    view = MaintenanceView(place)
    shown(qtbot, view)
    state = view.presenter.state
    assert state.sites is not None
    first, second = state.sites[0].diseases[:2]
    view.presenter.open(first.id)
    view.editor.findings.setPlainText("改了")
    item = next(one for one in view._sites() if one.text(0) == state.sites[0].name).child(1)
    view.tree.setCurrentItem(item)
    question = view.findChildren(Question)[-1]
    assert view.presenter.state.text is not None and view.presenter.state.text.id == first.id
    question.answer("discard")
    assert view.presenter.state.text.id == second.id


def test_a_window_closed_over_unsaved_texts_loses_nothing(qtbot: QtBot, place: Any) -> None:
    view = MaintenanceView(place)
    shown(qtbot, view)
    assert view.presenter.state.sites is not None
    disease = view.presenter.state.sites[2].diseases[0]
    view.presenter.open(disease.id)
    view.editor.findings.setPlainText("没有保存的修改")
    view.close()
    again = MaintenanceView(place)
    shown(qtbot, again)
    again.presenter.open(disease.id)
    assert again.editor.texts()[0] == "没有保存的修改" and "没有保存" in again.history.full_text
    again.save()
    assert place.drafts.kept == {} and "没有保存" not in again.history.full_text


def test_templates_are_exported_and_imported_after_a_check(qtbot: QtBot, place: Any, tmp_path: Path) -> None:
    view = MaintenanceView(place)
    shown(qtbot, view)
    for name in ("all.xlsx", "all.json"):
        view.presenter.export(tmp_path / name)
        view.presenter.check_file(tmp_path / name, personal=False)
        checked = view.presenter.state.checked
        assert checked is not None and (checked.added, checked.changed) == (0, 0) and checked.unchanged > 40
        assert view.report.isVisible() and not view.report.take_button.isEnabled()
    view.presenter.take_file(personal=False)
    assert not view.report.isVisible()
    view.presenter.check_file(tmp_path / "none.xlsx", personal=False)
    assert view.trouble.isVisible()


def test_a_stale_save_says_so_and_loses_nothing(qtbot: QtBot, place: Any, seeded: Room) -> None:
    view = MaintenanceView(place)
    shown(qtbot, view)
    assert view.presenter.state.sites is not None
    disease = view.presenter.state.sites[1].diseases[0]
    view.presenter.open(disease.id)
    text = seeded.ask(contract.GetTemplate(template_id=disease.id))
    seeded.ask(
        contract.SaveTexts(template_id=text.id, version=text.version, findings=text.findings, diagnosis=text.diagnosis)
    )
    view.editor.findings.setPlainText("我的修改")
    view.save()
    assert view.trouble.isVisible() and view.editor.texts()[0] == "我的修改"
    view.save()  # knowing of the newer version, which stays in the history
    saved = seeded.ask(contract.GetTemplate(template_id=disease.id))
    assert saved.findings == "我的修改" and place.drafts.kept == {}


def test_prompts_are_added_sorted_and_found_by_initials(qtbot: QtBot, place: Any, tmp_path: Path) -> None:
    view = PromptSettingsView(place)
    shown(qtbot, view)
    assert view.field.key == "department"
    view.choose("ward")
    act(view.entry_menu(None), "增加")
    name_it(view, "东区")
    act(view.entry_menu(view.entries.topLevelItem(0)), "增加下级")
    name_it(view, "骨外科病房")
    top = view.entries.topLevelItem(0)
    assert top is not None and top.child(0) is not None and top.child(0).text(1) == "GWKBF"
    act(view.entry_menu(top.child(0)), "改名")
    name_it(view, "骨外科")
    book = PromptBook(place, ("ward",))
    named = exact(book.source("ward")(), "GWK")
    assert named is not None and named.text == "骨外科" and named.path == ("东区",)
    book.close()
    view.export_to(tmp_path / "w.xlsx")
    view.keep(())
    assert view.entries.topLevelItemCount() == 0
    view.import_from(tmp_path / "w.xlsx")
    assert view.field.entries[0].entries[0].text == "骨外科"
    view.import_from(tmp_path / "none.xlsx")
    assert view.trouble.isVisible()
    view.keep((PromptEntry(text="a"), PromptEntry(text="a")))
    assert "重复" in view.trouble.full_text
    act(view.entry_menu(view.entries.topLevelItem(0).child(0)), "删除")  # type: ignore[union-attr]
    assert view.field.entries[0].entries == ()


def test_the_dictionary_puts_choices_into_a_long_text(qtbot: QtBot, place: Any) -> None:
    prompts = [Prompt("灰白色组织"), Prompt("切缘", ("肿瘤",)), Prompt("切面灰白", ("肿瘤", "切面"))]
    taken: list[str] = []
    window = open_dictionary(place.shell, prompts, taken.append)
    qtbot.waitExposed(window, timeout=30_000)
    assert [window.tree.topLevelItem(at).text(0) for at in range(2)] == ["灰白色组织", "肿瘤"]  # type: ignore[union-attr]
    QTest.keyClicks(window.search, "qm")
    QTest.keyClick(window.search, ENTER, CONTROL)
    assert taken == ["切面灰白"]
    window.search.clear()
    press(window.search, Qt.Key.Key_Down, ENTER)  # a group opens
    press(window.search, Qt.Key.Key_Down, ENTER)
    assert taken == ["切面灰白", "切缘"] and not window.isVisible()


def test_a_marker_finds_its_letter_and_goes_into_a_panel(qtbot: QtBot, place: Any) -> None:
    view = MarkersView(place)
    shown(qtbot, view)
    view.add_marker("Arginase-1")
    tops = {item.text(0): item for item in view._tops(view.markers)}
    names = [tops["A"].child(at).text(0) for at in range(tops["A"].childCount())]  # type: ignore[union-attr]
    assert "Arginase-1" in names and names == sorted(names, key=str.casefold)
    marker = next(item for at in range(len(names)) if (item := tops["A"].child(at)) and item.text(0) == "Arginase-1")
    marker.setSelected(True)
    view.ask_panel()
    name_it(view, "肝癌")
    assert [panel.name for panel in view._book.panels if panel.name == "肝癌"] == ["肝癌"]
    view.add_marker("Arginase-1")
    assert "已存在" in view.trouble.full_text


def test_descriptors_are_edited_in_place(qtbot: QtBot, place: Any, seeded: Room) -> None:
    view = DescriptorsView(place)
    shown(qtbot, view)
    top = view.items.topLevelItem(0)
    assert top is not None
    view.items.setCurrentItem(top)
    view.add_item()
    row = top.child(top.childCount() - 1)
    assert row is not None
    row.setText(0, "满意，仅个别细胞保存")
    view.save()
    assert view.trouble.isVisible()  # a descriptor needs a code
    row.setText(1, "SAT-FEW")
    view.save()
    codes = [item.code for item in seeded.ask(contract.ListDescriptors())[0].groups[0].items]
    assert codes[-1] == "SAT-FEW"


def test_ticks_compose_text_and_keep_codes(qtbot: QtBot, place: Any, seeded: Room) -> None:
    panel = TickPanel()
    shown(qtbot, panel, (800, 600))
    heard: list[tuple[Any, ...]] = []
    panel.changed.connect(lambda *values: heard.append(values))
    panel.show_for(seeded.ask(contract.ListDescriptors()), "宫颈液基", ("NILM", "gone"))
    assert panel.codes == ("NILM",) and heard == []
    for code in ("NILM", "LSIL", "HSIL"):
        panel.boxes[code].click()
    assert panel.codes == ("HSIL",) and not panel.boxes["LSIL"].isChecked()
    assert heard[-1] == ("", "高级别鳞状上皮内病变（HSIL）", ("HSIL",))


VIEWS: list[Callable[[Any], QWidget]] = [MaintenanceView, PromptSettingsView, MarkersView, DescriptorsView]


@pytest.mark.parametrize("language", list(Language))
def test_nothing_is_cut_in_either_language(qtbot: QtBot, place: Any, language: Language) -> None:
    set_language(language)
    try:
        for make in VIEWS:
            view = make(place)
            shown(qtbot, view, (1180, 680))
            assert [str(one) for one in review(view)] == []
        dialog, _taken = pick(qtbot, place, TemplateKind.DIAGNOSIS, "wxa")
        press(dialog.sheet, Qt.Key.Key_Space)
        qtbot.waitUntil(lambda: [str(one) for one in review(dialog)] == [], timeout=30_000)
    finally:
        set_language(Language.CHINESE)


def test_a_failing_server_is_said_in_words(qtbot: QtBot, place: Any) -> None:
    class Broken:
        def call(self, _request: Any) -> Any:
            from shared.contract.errors import ErrorCode

            raise error_for(ErrorBody(code=ErrorCode.NOT_FOUND, message="x"))

    place.connection = Broken()
    for make in VIEWS:
        view = make(place)
        shown(qtbot, view)
        assert "记录不存在" in view.trouble.full_text  # type: ignore[attr-defined]


def test_the_menu_entries_open_their_windows(qtbot: QtBot, place: Any) -> None:
    from clients.pathology.desk import find_maker
    from clients.pathology.menus import SETTINGS

    opened: list[tuple[str, QWidget]] = []
    desk: Any = SimpleNamespace(place=place, show_window=lambda title, view, _size: opened.append((title, view)))
    for entry in SETTINGS.entries:
        if entry.maker.startswith("clients.pathology.templates."):
            maker = find_maker(entry.maker)
            assert maker is not None, entry.maker
            maker(desk)
            qtbot.addWidget(opened[-1][1])
            assert opened[-1][0] == entry.text
    assert len(opened) == 4
