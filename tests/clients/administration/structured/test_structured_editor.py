"""The editor of structured templates in a real window over a fake server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from clients.administration import texts
from clients.administration.structured import outline
from clients.administration.structured.properties import fields_of, read_value, values_of
from clients.administration.structured.view import StructuredTemplatesPage, build
from clients.kit.app import Workstation, make_application
from clients.kit.login import SignedIn
from clients.kit.shell import Page
from clients.kit.translations import Language, register_catalogue, set_language
from server.structured.catalogue import supplied_templates
from shared.domain.structured import Field, FieldKind, FieldValue, FormTemplate, Section
from shared.domain.structured_checking import mistakes
from tests.clients.administration.structured.editor_window import TemplateRoom
from tests.structured_samples import nodule_template


class Window:
    """The page in a workstation."""

    def __init__(self, qtbot: QtBot) -> None:
        make_application()
        register_catalogue(texts.ENTRIES)
        self.qtbot = qtbot
        self.room = TemplateRoom(nodule_template(), next(iter(supplied_templates())))
        self.window = Workstation(
            "管理工作站", (Page("structured", "结构化模板", "template", build),), lambda _s: self.room.line
        )
        qtbot.addWidget(self.window)
        self.window.resize(1366, 768)
        self.window.show()
        shell = self.window.sign_in_with(SignedIn(self.room.line, self.room.line.login("admin", "secret")))
        page = shell.page_widget("structured")
        assert isinstance(page, StructuredTemplatesPage)
        self.page = page
        self.settle()

    def settle(self) -> None:
        self.qtbot.waitUntil(
            lambda: not self.window.runner.busy and self.page.presenter.state.draft is not None, timeout=30_000
        )

    @property
    def draft(self) -> FormTemplate:
        draft = self.page.presenter.state.draft
        assert draft is not None
        return draft


@pytest.fixture
def window(qtbot: QtBot) -> Iterator[Window]:
    made = Window(qtbot)
    yield made
    made.window.close()


def test_a_field_is_added_changed_tried_saved_and_published(window: Window) -> None:
    page, presenter = window.page, window.page.presenter
    presenter.select((1,))
    page.add_field(FieldKind.CHOICE)
    assert presenter.state.place == (1, 4)
    form = page.properties.form
    assert form is not None
    form.rows["label"].editor.focus_target.setText("心影")  # type: ignore[attr-defined]  # a line
    form.changed.emit("label")
    field = outline.at(window.draft, (1, 4))
    assert isinstance(field, Field) and field.label == "心影" and mistakes(window.draft) == ()
    presenter.put(field.key, FieldValue(options=("yes",)))
    assert presenter.state.findings.endswith("单选：有。") and "单选：有。" in page.words.toPlainText()
    assert page.save.isEnabled() and not page.publish.isEnabled()
    presenter.save()
    window.settle()
    assert len(window.room.kept[1]) == 2 and page.publish.isEnabled() and not page.save.isEnabled()
    presenter.publish()
    window.settle()
    assert window.room.published[1] == 2 and not page.publish.isEnabled()
    presenter.retire()
    window.settle()
    assert window.room.retired == {1}


def test_a_mistake_is_named_while_typing_and_nothing_is_saved(window: Window) -> None:
    presenter = window.page.presenter
    presenter.select((1, 1))
    field = outline.at(window.draft, (1, 1))
    presenter.change(msgspec.structs.replace(field, prose="{nobody}。"))
    assert "nobody" in window.page.mistakes.text()
    presenter.save()
    window.settle()
    assert len(window.room.kept[1]) == 1
    presenter.undo()
    assert not presenter.state.mistakes and not presenter.state.is_changed


def test_parts_are_moved_removed_and_brought_back(window: Window) -> None:
    presenter = window.page.presenter
    keys = [field.key for _s, field in window.draft.fields()]
    presenter.select((1, 0))
    presenter.move(1)
    assert [field.key for _s, field in window.draft.fields()] == ["contrast", "emphysema", "nodules", *keys[3:]]
    presenter.select((1, 0))
    presenter.move(-1)
    assert presenter.state.place == (0, 1), "over the border of a section"
    presenter.select((2,))
    presenter.move(-1)
    assert window.draft.sections[1].key == "conclusion"
    presenter.remove()
    assert len(window.draft.sections) == 2
    for _step in range(4):
        presenter.undo()
    assert [field.key for _s, field in window.draft.fields()] == keys


def test_a_file_is_imported_with_what_is_not_understood_and_exported(window: Window, tmp_path: Path) -> None:
    from tests.server.structured.mrrt_samples import PROFILE

    path = tmp_path / "sinus.html"
    path.write_bytes(PROFILE)
    window.page.import_file(path)
    window.settle()
    assert window.draft.title == "CT Sinus"
    window.qtbot.waitUntil(lambda: "样式表" in window.page.unknown.text(), timeout=30_000)
    out = tmp_path / "out.html"
    window.page.presenter.give_out(lambda file: window.page.write_file(out, file))
    window.settle()
    assert b"CT Sinus" in out.read_bytes()
    (tmp_path / "none.html").write_bytes(b"nothing")
    before = len(window.room.kept)
    window.page.import_file(tmp_path / "none.html")
    window.settle()
    window.page.import_file(tmp_path / "missing.html")
    assert len(window.room.kept) == before


def test_another_template_is_not_opened_over_unsaved_changes(window: Window) -> None:
    presenter = window.page.presenter
    presenter.select((1,))
    presenter.add_section()
    window.page.list.setCurrentRow(1)
    window.settle()
    assert presenter.state.view is not None and presenter.state.view.row.id == 1
    presenter.undo()
    window.page.list.setCurrentRow(1)
    window.settle()
    assert presenter.state.view.row.id == 2


def test_a_new_template_and_a_deleted_draft(window: Window) -> None:
    presenter = window.page.presenter
    presenter.new()
    presenter.save()
    window.settle()
    assert len(window.room.kept) == 3 and window.page.delete.isVisible()
    presenter.delete()
    window.qtbot.waitUntil(lambda: len(window.room.kept) == 2, timeout=30_000)


def test_an_older_version_becomes_the_draft_of_a_new_one(window: Window) -> None:
    presenter = window.page.presenter
    presenter.select((0,))
    presenter.change(msgspec.structs.replace(window.draft.sections[0], title="另一个标题"))
    presenter.save()
    window.settle()
    presenter.open(1, 1)
    window.settle()
    window.qtbot.waitUntil(lambda: window.draft.sections[0].title == "检查技术", timeout=30_000)
    assert presenter.state.is_changed and presenter.state.view is not None and presenter.state.view.version == 2


def test_the_words_are_english_in_english(window: Window) -> None:
    set_language(Language.ENGLISH)
    try:
        window.qtbot.waitUntil(
            lambda: "Publish" in {one.text() for one in window.page.findChildren(QPushButton)}, timeout=30_000
        )
        assert window.page.presenter.state.view is not None
        assert window.page.presenter.state.view.row.id == 1, "the choice stays"
    finally:
        set_language(Language.CHINESE)


# ── without a window ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("kind", list(FieldKind))
def test_a_new_field_of_any_kind_is_right_at_once(kind: FieldKind) -> None:
    template = FormTemplate(title="t", sections=(Section(key="s", title="s"),))
    template, place = outline.with_field(template, (0,), kind, "某项")
    assert mistakes(template) == () and place == (0, 0)


def test_every_property_reads_what_it_shows() -> None:
    for template in (nodule_template(), *supplied_templates()):
        parts: list[outline.Part] = [template, *template.sections]
        for _section, field in template.fields():
            parts += [field, *field.fields]
        for part in parts:
            for key, shown in values_of(part, fields_of(part)).items():
                assert read_value(part, key, shown) == getattr(part, key), (template.title, part, key)


@pytest.mark.parametrize("text", ["|x", "a|b|c|much", "a|b|c|1|code", "a|b|c|1|x:y|z"])
def test_lines_of_options_that_say_nothing_are_refused(text: str) -> None:
    with pytest.raises(outline.LineError):
        outline.read_options(text)
