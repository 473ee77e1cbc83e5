"""调整报告格式: designs of the department's reports, for whoever may change formats (PA-RPT-08)."""

from __future__ import annotations

from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import invalid
from server.printing.templates import PaperTemplates
from shared.contract.printing import PaperTemplateView, TemplateInfo
from shared.paper.kinds import OF_PATHOLOGY

_KINDS = frozenset(kind.value for kind in OF_PATHOLOGY)


class Designs:
    """The suite's templates of documents, with the kinds of this department alone."""

    def __init__(self, templates: PaperTemplates) -> None:
        self._templates = templates

    def versions(self, uow: UnitOfWork, kind: str) -> tuple[TemplateInfo, ...]:
        """Return the history of a kind. Raises INVALID."""
        return self._templates.versions(uow, _of_pathology(kind))

    def save(
        self, uow: UnitOfWork, caller: Caller, kind: str, text: str, base_version: int, note: str
    ) -> PaperTemplateView:
        """Keep a new version. Raises INVALID, CONFLICT."""
        return self._templates.save(uow, caller, _of_pathology(kind), text, base_version, note)

    def restore(self, uow: UnitOfWork, caller: Caller, kind: str, version: int, base_version: int) -> PaperTemplateView:
        """Keep an earlier version once more. Raises INVALID, NOT_FOUND, CONFLICT."""
        return self._templates.restore(uow, caller, _of_pathology(kind), version, base_version)


def _of_pathology(kind: str) -> str:
    if kind not in _KINDS:
        raise invalid("kind", "这里只能更改病理报告的格式。")
    return kind
