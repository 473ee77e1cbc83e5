"""What the designer shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from shared.contract.organisation import HospitalView
from shared.contract.printing import TemplateInfo
from shared.contract.report_paper import ReportTemplateView
from shared.paper.kinds import DocumentKind
from shared.paper.layout import LaidOut
from shared.paper.template import Template


@dataclass(frozen=True)
class TemplatesState:
    """`template` and `laid_out` are None until loaded; `problem` is what is wrong with the design, or with loading."""

    kind: DocumentKind = DocumentKind.BARCODE
    key: str = DocumentKind.BARCODE.value  # what the server calls the design: the kind, or report:N
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
    reports: tuple[ReportTemplateView, ...] = ()  # the templates of reports, once asked for
    hospital: HospitalView | None = None
    page: int = 0  # from 0
    block: int = -1  # of the selected flow
    real: str = ""  # the exam number whose facts are shown; empty: the sample's
    pictures: Mapping[str, bytes] = field(default_factory=dict)  # of the facts
    edition: int = 0  # another template came: views forget what they held
