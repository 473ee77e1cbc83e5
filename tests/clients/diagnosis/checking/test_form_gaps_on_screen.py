"""Gaps of the structured form beside a report: they come with the form, lead to it, and go as it is filled."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QLabel, QPushButton
from pytestqt.qtbot import QtBot

from clients.diagnosis.checking.panel import CheckingPanel, CheckingTag
from clients.diagnosis.checking.texts import ENTRIES
from clients.diagnosis.structured.view import FormPanel
from clients.kit.translations import Language, register_catalogue, set_language
from shared.contract.base import Nothing
from shared.contract.checking import AlarmKind, AlarmView, CheckText, NoteAlarms
from shared.domain.structured_form import Filled
from tests.clients.diagnosis.structured.form_window import FormWindow
from tests.structured_samples import nodule_template


@pytest.fixture
def window(qtbot: QtBot) -> Iterator[FormWindow]:
    register_catalogue(ENTRIES)
    made = FormWindow(qtbot)
    made.room.line.replies = {**made.room.line.replies, CheckText: alarms, NoteAlarms: lambda _r: Nothing()}
    yield made
    made.close()
    set_language(Language.CHINESE)


def alarms(request: CheckText) -> tuple[AlarmView, ...]:
    """Answer as the server does: with what the form lacks."""
    problems = Filled(nodule_template(), request.form).problems() if request.form is not None else ()
    return tuple(
        AlarmView(kind=AlarmKind.MISSING, text=one.sentence, why=one.sentence, field="findings", path=one.path)
        for one in problems
    )


def said(panel: CheckingPanel) -> str:
    return "\n".join(one.text() for one in panel.findChildren(QLabel))


@pytest.mark.parametrize(
    ("language", "kind", "why", "button"),
    [
        (Language.CHINESE, "结构化表单", "请填写“结节1 长径”。", "打开表单"),
        (Language.ENGLISH, "Structured form", "The field “结节1 长径” is required and empty.", "Open the form"),
    ],
)
def test_gaps_come_with_the_form_and_go_as_it_is_filled(
    window: FormWindow, language: Language, kind: str, why: str, button: str
) -> None:
    set_language(language)
    window.begin()
    nodules = next(field for _section, field in nodule_template().fields() if field.key == "nodules")
    window.panel.presenter.add_item(nodules)
    tag = window.page.findChildren(CheckingTag)[0]
    window.qtbot.waitUntil(lambda: "nodules.1.size" in {one.path for one in tag.presenter.state.alarms}, timeout=30_000)
    assert tag.isVisibleTo(window.page), "nothing was pressed"
    window.page.open_panel("checking")
    panel = window.page.findChildren(CheckingPanel)[0]
    assert kind in said(panel) and why in said(panel)
    if folder := os.environ.get("MINGJING_PICTURES"):
        window.window.grab().save(str(Path(folder) / f"form-gaps-{language.value}.png"))
    next(one for one in panel.findChildren(QPushButton) if one.text() == button).click()
    form = window.page.findChild(FormPanel)
    assert form is not None and form.isVisibleTo(window.page)
    window.type("nodules.1.size", "8")
    window.qtbot.waitUntil(
        lambda: "nodules.1.size" not in {one.path for one in tag.presenter.state.alarms}, timeout=30_000
    )
