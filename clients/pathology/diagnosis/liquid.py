"""液基描述: TBS descriptors to tick, which become the report's text and stay as codes (PA-LBC-02 to -06)."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from clients.kit.labels import Button, Label, ValueLabel
from clients.kit.translations import tr
from clients.pathology.desk import Desk
from clients.pathology.diagnosis import windows
from clients.pathology.templates.ticks import TickPanel
from shared.contract.pathology import CaseDetails
from shared.contract.pathology_reports import CodeView, DiagnosisView, Open, SetCodes
from shared.contract.pathology_templates import DescriptorSet, ListDescriptors
from shared.domain.pathology import LOCKED_STATES

SYSTEM = "tbs"


class LiquidTab(QWidget):
    """The set follows the specimen of the case; a tick composes findings and diagnosis on the diagnosis page."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._sets: tuple[DescriptorSet, ...] = ()
        self._codes: tuple[CodeView, ...] = ()
        self._case_id = 0
        self._texts = ("", "")
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 8, 0, 0)
        box.setSpacing(8)
        top = QHBoxLayout()
        top.setContentsMargins(16, 0, 16, 0)
        top.setSpacing(8)
        top.addWidget(Label("标本", "caption"))
        self.specimen = ValueLabel("", "strong")
        top.addWidget(self.specimen, 1)
        self.take_button = Button("带入诊断", "primary", "submit", on_click=self.take)
        self.take_button.setToolTip(tr("把勾选的描述组成文字带入病理诊断页，并保存编码"))
        top.addWidget(self.take_button)
        box.addLayout(top)
        self.ticks = TickPanel()
        self.ticks.changed.connect(self._ticked)
        box.addWidget(self.ticks, 1)
        self.words = ValueLabel("", "caption", wrap=True)
        self.words.setContentsMargins(16, 0, 16, 8)
        box.addWidget(self.words)
        self._forget = [desk.opened.listen(self._opened), desk.changed.listen(self._changed)]
        place = desk.place
        place.runner.run(
            lambda: place.connection.call(ListDescriptors()), self._loaded, place.messages.report, key="pathology.tbs"
        )

    def take(self) -> None:
        """Put the composed text into the opinion that is written, and keep the codes."""
        findings, diagnosis = self._texts
        presenter = windows.presenter_of(self._desk)
        if presenter is None or presenter.state.page is None:
            return
        if findings or diagnosis:
            presenter.replace_texts(findings, diagnosis)
        chosen = set(self.ticks.codes)
        names = {item.code: item.text for one in self._sets for group in one.groups for item in group.items}
        others = tuple(one for one in presenter.state.page.codes if one.system != SYSTEM)
        ticked = tuple(
            CodeView(system=SYSTEM, code=code, meaning=names.get(code, ""))
            for code in self.ticks.codes
            if code in chosen
        )
        presenter.do(SetCodes(case_id=presenter.state.page.case_id, codes=(*others, *ticked)))
        self._desk.show_tab("diagnosis")

    def closeEvent(self, event: object) -> None:
        for forget in self._forget:
            forget()
        super().closeEvent(event)  # type: ignore[arg-type]

    def _loaded(self, sets: tuple[DescriptorSet, ...]) -> None:
        self._sets = sets
        if self._desk.details is not None:
            self._opened(self._desk.details)

    def _opened(self, details: CaseDetails) -> None:
        self._case_id = details.case.id
        entry = details.case.entry
        self._texts = ("", "")
        self.words.set_text("")
        self.specimen.set_text(entry.specimen_type or entry.specimen_name or tr("未填写标本类型"))
        self.setEnabled(details.case.state not in LOCKED_STATES)
        place, request = self._desk.place, Open(case_id=details.case.id)
        place.runner.run(
            lambda: place.connection.call(request), self._page_came, place.messages.report, key="pathology.tbs.page"
        )

    def _changed(self, details: CaseDetails) -> None:
        self.setEnabled(details.case.state not in LOCKED_STATES)

    def _page_came(self, page: DiagnosisView) -> None:
        if page.case_id != self._case_id or self._desk.details is None:
            return
        entry = self._desk.details.case.entry
        codes = tuple(one.code for one in page.codes if one.system == SYSTEM)
        self.ticks.show_for(self._sets, entry.specimen_type or entry.specimen_name, codes)

    def _ticked(self, findings: str, diagnosis: str, _codes: tuple[str, ...]) -> None:
        self._texts = (findings, diagnosis)
        self.words.set_text(f"{diagnosis}\n{findings}".strip())
