"""The editor reads only the blocks that a stroke changed: what it gives must be what the whole document says."""

from __future__ import annotations

import random

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QTextCursor
from pytestqt.qtbot import QtBot

from clients.diagnosis.report.editor import RichEditor, subset_html
from clients.diagnosis.report.templates_panel import TemplatesPanel
from clients.kit.app import make_application
from shared.contract.reporting import SaveTemplate, TemplateView

_TEXT = "<p>一。<b>二</b></p><ol><li>三</li><li>四</li></ol><p></p><ul><li>五</li></ul><p>六<sup>2</sup><br>七</p>"


@pytest.fixture
def editor(qtbot: QtBot) -> RichEditor:
    make_application()
    made = RichEditor("影像所见", "")
    qtbot.addWidget(made)
    made.show()
    return made


@pytest.mark.parametrize("seed", range(12))
def test_what_is_read_stroke_by_stroke_is_the_whole_document(qtbot: QtBot, editor: RichEditor, seed: int) -> None:
    chance = random.Random(seed)
    editor.fill(_TEXT)
    told: list[str] = []
    editor.edited.connect(told.append)
    keys = (Qt.Key.Key_Return, Qt.Key.Key_Backspace, Qt.Key.Key_Delete, Qt.Key.Key_A, Qt.Key.Key_Space)
    for _ in range(60):
        cursor = editor.textCursor()
        end = editor.document().characterCount() - 1
        cursor.setPosition(chance.randint(0, end))
        if chance.random() < 0.3:
            cursor.setPosition(chance.randint(0, end), QTextCursor.MoveMode.KeepAnchor)
        editor.setTextCursor(cursor)
        step = chance.randrange(7)
        if step < 3:
            qtbot.keyClick(editor, chance.choice(keys))
        elif step == 3:
            editor.toggle_list(numbered=chance.random() < 0.5)
        elif step == 4:
            editor.toggle(chance.choice(("b", "i", "u", "sup", "sub")))
        elif step == 5:
            editor.undo() if chance.random() < 0.6 else editor.redo()
        else:
            editor.insert_words("甲\n乙")
        assert editor.subset == subset_html(editor.document())
    assert not told or told[-1] == subset_html(editor.document())


def test_words_are_found_and_selected(editor: RichEditor) -> None:
    editor.fill("<p>右肺上叶见结节。</p>")
    assert editor.show_words("结节") and editor.textCursor().selectedText() == "结节"
    assert not editor.show_words("肿块") and not editor.show_words("")


def test_a_template_that_is_renamed_keeps_its_marks_and_lists(qtbot: QtBot) -> None:
    make_application()
    panel = TemplatesPanel()
    qtbot.addWidget(panel)
    asked: list[SaveTemplate] = []

    class Desk:
        def use_template(self, template: TemplateView, *, is_replacing: bool) -> None: ...
        def delete_template(self, template: TemplateView) -> None: ...
        def save_template(self, request: SaveTemplate) -> None:
            asked.append(request)

    panel.attach(Desk())
    text = "<p>白细胞 10<sup>9</sup>/L，<b>增高</b></p><ol><li>一</li><li>二</li></ol>"
    kept = TemplateView(
        id=3, owner_id=1, is_phrase=False, folder="胸", name="旧名", exam_type="CT", findings=text, impression=""
    )
    panel.editor.open(kept, is_phrase=False, folder="", exam_type="CT")
    panel.editor.name.setText("新名")
    panel.editor._save()
    assert (asked[0].name, asked[0].findings, asked[0].impression) == ("新名", text, "")
