"""What the editor of structured templates shows; frozen, without Qt."""

from __future__ import annotations

from dataclasses import dataclass, field

from clients.administration.structured.outline import Place
from clients.kit.structured.state import FormState
from shared.contract.structured import FormTemplateRow, FormTemplateView, TemplateVersionRow
from shared.domain.structured import FormTemplate
from shared.domain.structured_checking import Mistake


@dataclass(frozen=True)
class EditorState:
    """`draft` is what is being edited; `trial` is a form of it that can be filled without a report."""

    rows: tuple[FormTemplateRow, ...] = ()
    view: FormTemplateView | None = None
    draft: FormTemplate | None = None
    edition: int = 0  # grows when another template is shown
    place: Place = ()
    mistakes: tuple[Mistake, ...] = ()
    unknown: tuple[str, ...] = ()  # of the file that was imported
    versions: tuple[TemplateVersionRow, ...] = ()
    may_undo: bool = False
    is_loading: bool = False
    trial: FormState = field(default_factory=FormState)
    findings: str = ""
    impression: str = ""

    @property
    def is_changed(self) -> bool:
        """There is something to save."""
        return self.draft is not None and (self.view is None or self.draft != self.view.template)

    @property
    def may_publish(self) -> bool:
        """The saved version is newer than the published one, and right."""
        view = self.view
        return (
            view is not None
            and not self.is_changed
            and not self.mistakes
            and not (view.row.state == "published" and view.row.published_version == view.row.version)
        )
