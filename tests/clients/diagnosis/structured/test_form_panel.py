"""The form panel in a real window over a fake server: keyboard, sentences, hand edits, the viewer, the past."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QTextCursor
from PySide6.QtWidgets import QLabel, QPushButton
from pytestqt.qtbot import QtBot

from clients.diagnosis.structured.matching import best_slot, value_of
from clients.kit.review import review
from clients.kit.structured.picker import OptionPicker
from clients.kit.structured.rows import LineField
from clients.kit.translations import Language, set_language
from clients.kit.viewer_link import KeyImage, MeasurementDrawn
from shared.contract.reporting import KeyImageView, ReportContent
from shared.contract.structured import PriorValue
from shared.domain.rich_text import plain
from shared.domain.states import ReportAction
from shared.domain.structured import Field, FieldKind, FieldValue, Part, Quantity
from shared.domain.structured_form import Filled, new_form, with_item
from tests.clients.diagnosis.fake_reading_room import FULL
from tests.clients.diagnosis.structured.form_window import FormWindow
from tests.server.reporting.reporting_world import a_png
from tests.structured_samples import nodule_template


@pytest.fixture
def window(qtbot: QtBot) -> Iterator[FormWindow]:
    made = FormWindow(qtbot)
    yield made
    made.close()


def group(window: FormWindow, key: str = "nodules") -> Field:
    template = window.panel.presenter.state.template
    assert template is not None
    return next(field for _section, field in template.fields() if field.key == key)


def findings(window: FormWindow) -> str:
    return plain(window.page.findings.subset)


def insert(window: FormWindow, before: str, words: str) -> None:
    editor = window.page.findings
    cursor = editor.textCursor()
    cursor.setPosition(editor.toPlainText().index(before))
    editor.setTextCursor(cursor)
    editor.textCursor().insertText(words)


def sentence(window: FormWindow, key: str) -> tuple[bool, str | None]:
    form = window.content.form
    assert form is not None
    found = next(one for one in form.sentences if one.key == key)
    return found.is_edited, found.proposed


def test_a_template_that_suits_is_offered_first_and_begins_the_report(window: FormWindow) -> None:
    window.enter()
    panel = window.panel
    window.settle()
    assert [row.title for row in panel.presenter.state.offered] == ["肺结节"]
    button = next(one for one in panel.findChildren(QPushButton) if one.text() == "肺结节")
    window.qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    window.settle()
    assert findings(window) == "胸部平扫扫描。"
    assert window.content.form is not None and panel.paths[0] == "contrast"


def test_a_form_is_filled_with_the_keyboard_alone(window: FormWindow) -> None:
    panel = window.begin()
    panel.body.add_item(group(window))
    window.key(Qt.Key.Key_2)  # the second lobe, and on to the size
    assert isinstance(window.window.focusWidget(), LineField)
    for key in (Qt.Key.Key_1, Qt.Key.Key_6, Qt.Key.Key_Period, Qt.Key.Key_5):
        window.key(key)
    window.key(Qt.Key.Key_Return)
    assert findings(window).split("\n") == ["胸部平扫扫描。", "1）左肺下叶见结节，大小约16.5mm。"]
    assert plain(window.page.impression.subset) == "Lung-RADS 4B 类。"
    window.key(Qt.Key.Key_Tab)
    assert isinstance(window.window.focusWidget(), OptionPicker)
    window.key(Qt.Key.Key_2)
    assert findings(window).endswith("胸腔积液。")
    assert "depth" in panel.paths, "the condition shows the field"
    window.key(Qt.Key.Key_Up)
    window.key(Qt.Key.Key_Backspace)


def test_what_is_being_typed_is_not_rewritten(window: FormWindow) -> None:
    panel = window.begin()
    panel.body.add_item(group(window))
    window.type("nodules.1.size", "8.")
    line = panel.row("nodules.1.size").control
    assert isinstance(line, LineField) and line.text() == "8."
    window.type("nodules.1.size", "50")
    assert line.text() == "8.50"


def test_a_sentence_changed_by_hand_stays_and_three_choices_are_shown(window: FormWindow) -> None:
    panel = window.begin()
    panel.body.add_item(group(window))
    window.key(Qt.Key.Key_1)
    window.type("nodules.1.size", "8")
    insert(window, "结节", "磨玻璃")
    assert sentence(window, "nodules.1.") == (True, None)
    window.type("nodules.1.size", ".5")
    assert "磨玻璃结节，大小约8mm" in findings(window)
    assert sentence(window, "nodules.1.")[1] == "1）右肺上叶见结节，大小约8.5mm。"
    choices = {"保留手改", "用表单的", "两句都留"}

    def shown() -> set[str]:
        return {one.text() for one in panel.findChildren(QPushButton) if one.isVisible()}

    window.qtbot.waitUntil(lambda: choices <= shown(), timeout=2000)
    button = next(one for one in panel.findChildren(QPushButton) if one.text() == "用表单的")
    window.qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert "1）右肺上叶见结节，大小约8.5mm。" in findings(window) and "磨玻璃" not in findings(window)
    assert sentence(window, "nodules.1.") == (False, None)


def test_filling_on_beside_a_hand_keeps_the_cursor_and_the_undo_of_the_text(window: FormWindow) -> None:
    window.begin()
    editor = window.page.findings
    editor.moveCursor(QTextCursor.MoveOperation.End)
    editor.textCursor().insertText("手写。")
    window.type("emphysema", "x")
    assert findings(window) == "胸部平扫扫描。手写。\n肺气肿：x。"
    window.type("emphysema", "y")
    assert findings(window) == "胸部平扫扫描。手写。\n肺气肿：xy。"


def test_a_measurement_lands_in_the_focused_slot(window: FormWindow) -> None:
    panel = window.begin()
    panel.body.add_item(group(window))
    panel.row("nodules.1.size").control.setFocus()  # type: ignore[union-attr]  # a line
    window.send(MeasurementDrawn(text="长度 8.44 mm", value=8.44, unit="mm", sop_instance_uid="1.2.3"))
    assert window.content.form is not None
    value = window.content.form.values["nodules.1.size"]
    assert (value.number, value.instance_uid) == (8.4, "1.2.3")
    presenter = window.diagnosis.report
    assert presenter is not None and presenter.state.offered == (), "the page offers nothing that was taken"


def test_a_measurement_finds_its_slot_without_focus_and_a_hidden_form_takes_none(window: FormWindow) -> None:
    panel = window.begin()
    panel.body.add_item(group(window))
    window.page.findings.setFocus()
    panel.presenter.focus("")
    window.send(MeasurementDrawn(text="3 cm", value=3, unit="cm", sop_instance_uid="1.2.3"))
    assert window.content.form is not None and window.content.form.values["nodules.1.size"].number == 30
    window.send(MeasurementDrawn(text="30°", value=30, unit="°", sop_instance_uid="1.2.3"))
    presenter = window.diagnosis.report
    assert presenter is not None and [one.unit for one in presenter.state.offered] == ["°"], "no slot is an angle"
    window.press("report.log")
    window.send(MeasurementDrawn(text="9 mm", value=9, unit="mm", sop_instance_uid="1.2.3"))
    assert len(presenter.state.offered) == 2


def test_the_past_stands_beside_the_field_with_difference_and_percent(window: FormWindow) -> None:
    window.prior = (
        PriorValue(path="nodules.1.size", text="8", number=8.0, unit="mm", report_id=7, examined_at=None),
        PriorValue(path="pleura", text="无", number=None, unit="", report_id=7, examined_at=None),
    )
    panel = window.begin()
    panel.body.add_item(group(window))
    window.key(Qt.Key.Key_1)
    window.type("nodules.1.size", "10")
    assert panel.row("nodules.1.size")._past.full_text == "8 mm　+2 +25%"
    assert panel.row("pleura")._past.full_text == "无"
    assert "较前变化25%" in findings(window)


def test_a_key_image_of_the_viewer_lands_in_its_slot(qtbot: QtBot) -> None:
    template = nodule_template()
    section = template.sections[1]
    with_image = type(section)(
        key=section.key,
        title=section.title,
        fields=(*section.fields, Field(key="pictures", label="关键图像", kind=FieldKind.IMAGE)),
    )
    window = FormWindow(qtbot, type(template)(title="t", sections=(with_image,)))
    window.begin()
    kept = KeyImageView(id=5, study_uid="1", series_uid="1", instance_uid="1", frame=1, caption="", document_id=1)
    window.send(KeyImage(study_uid="1", series_uid="1", sop_instance_uid="1", frame=0, png=a_png(), measurements=()))
    window.settle()
    report = window.room.reports[1]
    if not report.images:
        report.images.append(kept)
    presenter = window.diagnosis.report
    assert presenter is not None
    presenter.look_again()
    window.settle()
    assert window.content.form is not None
    assert window.content.form.values["pictures"].images == (report.images[-1].id,)
    window.close()


def test_the_form_is_taken_out_and_can_be_brought_back(window: FormWindow) -> None:
    panel = window.begin()
    insert(window, "平扫", "x")
    window.type("emphysema", "y")
    panel.presenter.remove(with_sentences=True)
    window.settle()
    assert window.content.form is None and findings(window) == "胸部x平扫扫描。"


def test_another_report_has_its_own_form(window: FormWindow) -> None:
    panel = window.begin()
    window.type("emphysema", "y")
    window.enter(2)
    assert panel.presenter.state.template is None and window.content.form is None
    window.enter(1)
    assert panel.presenter.state.template is not None and panel.row("emphysema").isVisible()
    line = panel.row("emphysema").control
    assert isinstance(line, LineField) and line.text() == "y"


def test_a_reader_sees_the_form_and_changes_nothing(qtbot: QtBot) -> None:
    template = nodule_template()
    window = FormWindow(qtbot, template, content=ReportContent(findings="<p>a</p>", form=new_form(template, 1, 1)))
    window.enter(1, None)
    panel = window.panel
    window.settle()
    window.type("emphysema", "y")
    panel.presenter.put("emphysema", FieldValue(text="z"))
    assert window.content.findings == "<p>a</p>"
    window.close()


def test_a_template_of_a_report_replaced_by_another_text_keeps_its_sentences_in_step(window: FormWindow) -> None:
    panel = window.begin()
    desk = panel.presenter._desk
    desk.append(findings="<p>后面。</p>")
    desk.replace(findings=f"<p>前面。</p>{window.content.findings}")
    panel.row("contrast").control.setFocus()  # type: ignore[union-attr]  # a picker
    window.key(Qt.Key.Key_2)
    assert findings(window).split("\n") == ["前面。", "胸部平扫加增强扫描。", "后面。"]


@pytest.mark.parametrize("language", list(Language))
def test_nothing_is_cut_at_the_smallest_screen(window: FormWindow, language: Language) -> None:
    panel = window.begin()
    panel.body.add_item(group(window))
    window.key(Qt.Key.Key_1)
    window.type("nodules.1.size", "8")
    insert(window, "结节", "x")
    window.type("nodules.1.size", "5")
    set_language(language)
    try:
        window.qtbot.waitUntil(lambda: review(panel) == [], timeout=30_000)
    finally:
        set_language(Language.CHINESE)


@pytest.mark.parametrize("language", list(Language))
def test_long_names_make_the_page_no_wider(qtbot: QtBot, language: Language) -> None:
    name = "Peak systolic velocity of the right internal carotid artery (mean of three)"
    usual = nodule_template()
    window = FormWindow(
        qtbot,
        msgspec.structs.replace(
            usual,
            sections=tuple(
                msgspec.structs.replace(
                    section,
                    fields=tuple(
                        msgspec.structs.replace(
                            field,
                            label=name,
                            fields=tuple(msgspec.structs.replace(one, label=name) for one in field.fields),
                        )
                        for field in section.fields
                    ),
                )
                for section in usual.sections
            ),
        ),
    )
    set_language(language)
    try:
        panel = window.begin()
        panel.body.add_item(group(window))
        # the whole writing area: the form makes it narrow, and the choices below the text are in it too
        qtbot.waitUntil(lambda: review(panel) + review(window.page.writing.choices) == [], timeout=30_000)
    finally:
        set_language(Language.CHINESE)
        window.close()


# ── matching ─────────────────────────────────────────────────────────────────────────────────────────


def test_the_best_slot_is_the_named_empty_one_near_the_focus() -> None:
    template = nodule_template()
    nodules = next(field for _s, field in template.fields() if field.key == "nodules")
    form = with_item(with_item(new_form(template, 1, 1), nodules), nodules)
    filled = Filled(template, form)
    first = best_slot(filled, "长径 8 mm", "mm", "")
    second = best_slot(filled, "长径 8 mm", "mm", "nodules.2.lobe")
    assert first is not None and first.path == "nodules.1.size"
    assert second is not None and second.path == "nodules.2.size"
    assert best_slot(filled, "30°", "°", "") is None


def test_units_are_brought_to_the_fields_own() -> None:
    field = Field(key="x", label="x", kind=FieldKind.MEASUREMENT, unit="mm", quantity=Quantity.LENGTH, decimals=1)
    assert value_of(field, 1.234, "cm", "u").number == 12.3


def test_a_report_with_words_already_gets_the_form_below_them(qtbot: QtBot) -> None:
    window = FormWindow(qtbot, content=FULL)
    window.enter(1, ReportAction.WRITE)
    window.begin()
    assert findings(window).startswith(plain(FULL.findings)) and findings(window).endswith("胸部平扫扫描。")
    assert "<b>" in window.content.findings
    assert window.content.form is not None and window.content.form.sentences[0].part is Part.FINDINGS
    window.close()


def test_a_long_name_is_read_whole(window: FormWindow) -> None:
    template = nodule_template()
    sides = tuple(
        Field(key=f"psv_{key}", label=f"{side}颈内动脉近段收缩期峰值流速", kind=FieldKind.NUMBER, unit="cm/s")
        for key, side in (("r", "右侧"), ("l", "左侧"))
    )
    first = template.sections[0]
    longer = msgspec.structs.replace(first, fields=(*sides, *first.fields))
    window.templates[1] = msgspec.structs.replace(template, sections=(longer, *template.sections[1:]))
    panel = window.begin()
    for one in sides:
        (name,) = [label for label in panel.row(one.key).findChildren(QLabel) if label.text() == one.label]
        lines = name.heightForWidth(name.width()) if name.wordWrap() else name.sizeHint().height()
        assert name.wordWrap() or name.width() >= name.sizeHint().width()
        assert name.height() >= lines
