"""调整报告格式: the suite's designer of printed documents with the reports of this department (PA-RPT-08).

The designer is shared with the administration; here it is opened in a window with a side panel of its own, and what it
asks of the server goes the way of whoever may change pathology's formats.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from PySide6.QtWidgets import QHBoxLayout, QWidget

from clients.designer.texts import ENTRIES as DESIGN_WORDS
from clients.designer.view import TemplatesPage
from clients.kit import english
from clients.kit.panels import SidePanel
from clients.kit.tokens import Tone
from clients.kit.translations import register_catalogue, tr
from clients.pathology.app import CATALOGUES
from clients.pathology.desk import Desk, catalogues
from shared.contract.base import Request
from shared.contract.pathology_settings import ListDesignVersions, RestoreDesign, SaveDesign
from shared.contract.printing import ListPaperTemplateVersions, RestorePaperTemplate, SavePaperTemplate
from shared.paper.kinds import NAMES_EN, NAMES_ZH, OF_PATHOLOGY

SIZE = (1320, 860)
NAMES = {NAMES_ZH[kind]: NAMES_EN[kind] for kind in OF_PATHOLOGY}


class FormatsLine:
    """The connection, with the designer's requests as those of this department."""

    def __init__(self, line: Any) -> None:
        self._line = line

    def call(self, request: Request[Any]) -> Any:
        """Blocking; raises RpcError."""
        return self._line.call(_ours(request))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._line, name)


def _ours(request: Request[Any]) -> Request[Any]:
    if isinstance(request, ListPaperTemplateVersions):
        return ListDesignVersions(kind=request.kind)
    if isinstance(request, SavePaperTemplate):
        return SaveDesign(kind=request.kind, text=request.text, base_version=request.base_version, note=request.note)
    if isinstance(request, RestorePaperTemplate):
        return RestoreDesign(kind=request.kind, version=request.version, base_version=request.base_version)
    return request


def register_words() -> None:
    """The designer's English, without what this workstation says in words of its own."""
    known = {source for entries in (english.ENTRIES, *catalogues(CATALOGUES)) for source in entries}
    for entries in (DESIGN_WORDS, NAMES):
        register_catalogue(_without(entries, known))


def _without(entries: Mapping[str, str], known: set[str]) -> dict[str, str]:
    return {source: words for source, words in entries.items() if source not in known}


class FormatsPage(QWidget):
    """The designer and, at its right edge, history and text."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        register_words()
        self._desk = desk
        self.panel = SidePanel()
        place = replace(desk.place, connection=FormatsLine(desk.place.connection), side_panel=self.panel)
        self.designer = TemplatesPage(place, OF_PATHOLOGY)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.designer, 1)
        row.addWidget(self.panel)

    @property
    def is_changed(self) -> bool:
        """Whether the shown design has changes that are not saved."""
        return self.designer.presenter.state.is_changed

    def closeEvent(self, event: object) -> None:
        if self.is_changed:
            self._desk.place.messages.say(tr("报告格式的修改没有保存，没有生效。"), Tone.WARNING)
        super().closeEvent(event)  # type: ignore[arg-type]
