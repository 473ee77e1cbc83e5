"""What the designer shows."""

from __future__ import annotations

from dataclasses import dataclass

from shared.contract.printing import TemplateInfo
from shared.paper.kinds import DocumentKind
from shared.paper.layout import LaidOut
from shared.paper.template import Template


@dataclass(frozen=True)
class TemplatesState:
    """`template` and `laid_out` are None until loaded; `problem` is what is wrong with the design, or with loading."""

    kind: DocumentKind = DocumentKind.BARCODE
    language: str = "zh"
    is_loading: bool = False
    is_saving: bool = False
    base_version: int = 0
    template: Template | None = None
    selected: tuple[int, ...] = ()
    laid_out: LaidOut | None = None
    problem: str = ""
    is_changed: bool = False
    may_undo: bool = False
    may_redo: bool = False
    versions: tuple[TemplateInfo, ...] = ()
    edition: int = 0  # another template came: views forget what they held
