"""A diagnosis window over the fake server with the form panel open, and the supplied templates."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from clients.diagnosis import translations
from clients.diagnosis.app import Diagnosis
from clients.diagnosis.ports import NoViewer
from clients.diagnosis.report.view import ReportPage
from clients.diagnosis.structured import english
from clients.diagnosis.structured.view import FormPanel
from clients.kit.app import Workstation, make_application
from clients.kit.login import SignedIn
from clients.kit.shell import Workplace
from clients.kit.translations import register_catalogue
from clients.kit.viewer_link import ViewerEvent
from shared.contract.reporting import ReportContent
from shared.contract.structured import (
    FormTemplateRow,
    FormTemplateView,
    GetFormTemplate,
    GetPriorValues,
    ListFormTemplates,
    PriorValue,
    TemplateState,
)
from shared.domain.states import ReportAction
from shared.domain.structured import FormTemplate
from shared.domain.structured_checking import field_count
from tests.clients.diagnosis.fake_reading_room import ReadingRoom
from tests.structured_samples import nodule_template

NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)


def a_template_row(template_id: int, template: FormTemplate, fit: int = 0) -> FormTemplateRow:
    """Return a published template in a list."""
    return FormTemplateRow(
        id=template_id,
        owner_id=0,
        owner="",
        state=TemplateState.PUBLISHED,
        version=1,
        published_version=1,
        title=template.title,
        identifier=template.identifier,
        exam_types=template.exam_types,
        body_parts=template.body_parts,
        field_count=field_count(template),
        changed_at=NOON,
        changed_by="系统",
        fit=fit,
    )


class FormWindow:
    """A report page with the form panel in front."""

    def __init__(self, qtbot: QtBot, *templates: FormTemplate, content: ReportContent | None = None) -> None:
        make_application()
        register_catalogue(translations.ENTRIES)
        register_catalogue(english.ENTRIES)
        self.qtbot = qtbot
        self.room = ReadingRoom()
        self.room.add(1, content)
        self.room.add(2)
        self.templates = dict(enumerate(templates or (nodule_template(),), 1))
        self.prior: tuple[PriorValue, ...] = ()
        replies: Any = self.room.line.replies
        replies[ListFormTemplates] = lambda _r: tuple(
            a_template_row(number, one, 7 if number == 1 else 0) for number, one in self.templates.items()
        )
        replies[GetFormTemplate] = self._template
        replies[GetPriorValues] = lambda _r: self.prior
        self.send: Callable[[ViewerEvent], None] = lambda _event: None

        def viewer(_place: Workplace, on_event: Callable[[ViewerEvent], None]) -> NoViewer:
            self.send = on_event
            return NoViewer()

        self.diagnosis = Diagnosis(viewer)
        self.window = Workstation("诊断工作站", self.diagnosis.pages(), lambda _s: self.room.line)
        qtbot.addWidget(self.window)
        self.window.resize(1366, 768)
        self.window.show()
        self.shell = self.window.sign_in_with(SignedIn(self.room.line, self.room.line.login("zhao", "secret")))
        self.settle()

    def _template(self, request: GetFormTemplate) -> FormTemplateView:
        template = self.templates[request.id]
        return FormTemplateView(row=a_template_row(request.id, template), version=1, template=template)

    @property
    def page(self) -> ReportPage:
        """The report page."""
        page = self.shell.page_widget("report")
        assert isinstance(page, ReportPage)
        return page

    @property
    def panel(self) -> FormPanel:
        """The form panel, opened if it is not."""
        self.page.open_panel("structured")
        found = self.page.findChild(FormPanel)
        assert isinstance(found, FormPanel)
        return found

    @property
    def content(self) -> ReportContent:
        """What stands in the editors."""
        presenter = self.diagnosis.report
        assert presenter is not None
        return presenter.state.content

    def settle(self) -> None:
        """Wait until nothing is under way."""
        self.qtbot.waitUntil(lambda: not self.window.runner.busy, timeout=30_000)

    def enter(self, report_id: int = 1, action: ReportAction | None = ReportAction.WRITE) -> None:
        """Enter a report."""
        self.diagnosis.enter(report_id, action)
        presenter = self.diagnosis.report
        assert presenter is not None
        self.qtbot.waitUntil(
            lambda: presenter.state.report is not None and presenter.state.report.row.id == report_id, timeout=30_000
        )
        self.settle()

    def begin(self, number: int = 1) -> FormPanel:
        """Enter report 1 and begin the form of a template."""
        self.enter()
        panel = self.panel
        self.qtbot.waitUntil(lambda: bool(panel.presenter.state.offered), timeout=30_000)
        row = next(row for row in panel.presenter.state.offered if row.id == number)
        panel.presenter.begin(row)
        self.qtbot.waitUntil(lambda: panel.presenter.state.template is not None, timeout=30_000)
        self.settle()
        return panel

    def type(self, path: str, words: str) -> None:
        """Type into a field, as the user does."""
        control = self.panel.row(path).control
        assert control is not None
        control.setFocus()
        self.qtbot.keyClicks(control, words)

    def key(self, key: Qt.Key) -> None:
        """Press a key where the keyboard is."""
        focused = self.window.focusWidget()
        assert focused is not None
        self.qtbot.keyClick(focused, key)

    def press(self, action_id: str) -> None:
        """Press a button of the report page."""
        self.shell._groups["report"].trigger(action_id)

    def close(self) -> None:
        """Close the window."""
        self.window.close()
