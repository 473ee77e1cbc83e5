"""The report on paper: which template, what it says, and its PDF; the one way for preview, print, batch and kiosk."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO

import msgspec

from server.kernel.clock import HospitalTime
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import invalid
from server.printing.documents import DocumentStore
from server.printing.drawing import DrawingOrder
from server.printing.facts import Facts as FactsOfExam
from server.printing.layout.pages import opened, render_pages
from server.printing.layout.sheet import Language, RenderedDocument
from server.printing.ports import (
    Forms,
    NoForms,
    NoPhotographs,
    NoSignatures,
    Organisation,
    Photographs,
    Reports,
    Signatures,
)
from server.printing.report_templates import ReportTemplates
from server.printing.templates import PaperTemplates
from shared.contract.report_paper import ReportTemplateView
from shared.contract.reporting import ReportView
from shared.paper.kinds import NAMES_EN, NAMES_ZH, DocumentKind
from shared.paper.layout import Facts, LayoutError
from shared.paper.template import Template, WatermarkElement

SCREEN_PIXELS = 900


@dataclass(frozen=True)
class ReportOrder:
    """Everything needed to draw one report, gathered in one look at the database."""

    view: ReportView
    settings: ReportTemplateView
    drawing: DrawingOrder


class ReportPaper:
    """Gathers and draws; its methods work in the caller's unit of work and change nothing."""

    def __init__(
        self,
        reports: Reports,
        organisation: Organisation,
        documents: DocumentStore,
        time: HospitalTime,
        designs: PaperTemplates,
        verify_url: str = "",
    ) -> None:
        """`verify_url` is where a phone that scans the QR code goes, "https://host/verify"; empty: the code alone."""
        self._reports = reports
        self._organisation = organisation
        self._documents = documents
        self._time = time
        self._designs = designs
        self._verify_url = verify_url.rstrip("/")
        self.templates = ReportTemplates(designs)
        self.signatures: Signatures = NoSignatures()
        self.photographs: Photographs = NoPhotographs()
        self.forms: Forms = NoForms()

    def bind(
        self,
        signatures: Signatures | None = None,
        photographs: Photographs | None = None,
        forms: Forms | None = None,
    ) -> None:
        """Take what other areas supply, once they are there."""
        self.signatures = signatures or self.signatures
        self.photographs = photographs or self.photographs
        self.forms = forms or self.forms

    def order(
        self,
        uow: UnitOfWork,
        caller: Caller,
        view: ReportView,
        language: Language,
        *,
        template_id: int | None = None,
        copy_number: int = 1,
    ) -> ReportOrder:
        """Gather one report as it would print now; raises NOT_FOUND for an unknown template."""
        settings = self.settings_of(uow, view) if template_id is None else self.templates.get(uow, template_id)
        facts = self._facts(uow, caller, view, language, settings, copy_number)
        template = _marked(self._designs.in_force(uow, settings.key))
        made_at = self._time.local(self._time.now())
        number = view.row.accession_number
        return ReportOrder(
            view, settings, DrawingOrder(DocumentKind.REPORT, template, facts, language, made_at, number)
        )

    def settings_of(self, uow: UnitOfWork, view: ReportView) -> ReportTemplateView:
        """Return the template that the report's exam chooses."""
        row = view.exam.row
        return self.templates.for_exam(uow, row.exam_type, row.campus_id, row.patient_kind)

    @staticmethod
    def render(order: ReportOrder) -> RenderedDocument:
        """Draw as PDF/A-2u; raises INVALID."""
        drawing = order.drawing
        names = NAMES_EN if drawing.language == "en" else NAMES_ZH
        title = f"{names[DocumentKind.REPORT]} {drawing.number}"
        try:
            return render_pages(drawing.template, drawing.facts, title, drawing.made_at, drawing.language)
        except LayoutError as fault:
            raise invalid("content", str(fault)) from fault

    def facts_for_screen(self, uow: UnitOfWork, caller: Caller, view: ReportView, language: Language) -> Facts:
        """Return the facts with pictures at screen size, for the designer."""
        settings = self.settings_of(uow, view)
        facts = self._facts(uow, caller, view, language, settings, 1)
        pictures = {name: _smaller(name, data) for name, data in facts.pictures.items()}
        return Facts(facts.values, facts.lists, {name: data for name, data in pictures.items() if data})

    def _facts(
        self,
        uow: UnitOfWork,
        caller: Caller,
        view: ReportView,
        language: Language,
        settings: ReportTemplateView,
        copy_number: int,
    ) -> Facts:
        report_id = view.row.id
        pictures = {
            f"key{number}": self._documents.open_document(uow, caller, image.document_id)
            for number, image in enumerate(view.key_images, 1)
        }
        for name, account in (("writer_signature", view.diagnosing_id), ("auditor_signature", view.auditing_id)):
            is_shown = name == "writer_signature" or view.approved_at is not None
            picture = self.signatures.picture_of(uow, account) if account and is_shown else None
            if picture:
                pictures[name] = picture
        photographs: list[str] = []
        if settings.with_application:
            for number, data in enumerate(self.photographs.photographs(uow, view.exam.row.id), 1):
                photographs.append(f"application{number}")
                pictures[photographs[-1]] = data
        code = self._reports.verification_code(uow, report_id)
        hospital = self._organisation.hospital(uow).view
        return FactsOfExam(hospital, self._time.local, self._time.now(), language).report(
            view,
            verification=f"{self._verify_url}/{code}" if code and self._verify_url else code,
            copy_number=copy_number,
            marks_reprints=settings.marks_reprints,
            validity_days=settings.validity_days,
            printed_by=caller.name,
            pictures=pictures,
            structured=self.forms.rows(uow, report_id, language),
            photographs=photographs,
        )


def _marked(template: Template) -> Template:
    """The template with a watermark: what is not approved, or void, always says so, whatever was designed."""
    if any(isinstance(one, WatermarkElement) and "{watermark}" in str(one.text) for one in template.elements):
        elements = tuple(
            msgspec.structs.replace(one, when="") if isinstance(one, WatermarkElement) else one
            for one in template.elements
        )
    else:
        elements = (*template.elements, WatermarkElement(x_mm=0, y_mm=0, text="{watermark}"))
    return msgspec.structs.replace(template, elements=elements)


def _smaller(name: str, data: bytes) -> bytes:
    """The picture at screen size; empty for one that cannot be read."""
    try:
        image = opened(data, name)
    except LayoutError:
        return b""
    if max(image.size) <= SCREEN_PIXELS and len(data) <= 300_000:
        return data
    image.thumbnail((SCREEN_PIXELS, SCREEN_PIXELS))
    out = BytesIO()
    if image.mode == "RGBA":
        image.save(out, "PNG")
    else:
        image.save(out, "JPEG", quality=85)
    return out.getvalue()
