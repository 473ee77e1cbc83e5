"""A report of pathology on paper: what it says, which images it shows, and its PDF."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from sqlalchemy import select

from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import invalid
from server.pathology.reports.books import Books
from server.pathology.reports.checklists import Checklists
from server.pathology.reports.coding import Coding
from server.pathology.reports.consulting import Consulting
from server.pathology.reports.frozen import Frozen
from server.pathology.reports.opinions import Opinions
from server.pathology.reports.ports import CaseFacts, ImageOfCase, Images
from server.pathology.reports.scale import for_paper
from server.pathology.reports.tables import Opinion, Report, ReportEdition
from server.printing.drawing import DrawingOrder
from server.printing.layout.pages import render_pages
from server.printing.layout.sheet import Language, RenderedDocument
from server.printing.ports import NoSignatures, Organisation, Signatures
from server.printing.templates import PaperTemplates
from server.reporting.seal import verification_code
from shared.contract.pathology_reports import FrozenView
from shared.domain.pathology import OpinionKind
from shared.domain.pathology_reports import (
    CONCORDANCES,
    FrozenStep,
    PaperState,
    ReportFormat,
    ReportKind,
    format_by_images,
    format_of,
)
from shared.domain.states import Sex
from shared.paper.kinds import NAMES_EN, NAMES_ZH, DocumentKind
from shared.paper.layout import Facts, LayoutError

KIND = "pathology_report"
"""Kind of the kept documents."""
_KINDS = {
    ReportKind.MAIN: DocumentKind.PATHOLOGY_REPORT,
    ReportKind.FROZEN: DocumentKind.PATHOLOGY_FROZEN,
    ReportKind.SUPPLEMENTARY: DocumentKind.PATHOLOGY_SUPPLEMENT,
    ReportKind.CONSULTATION: DocumentKind.PATHOLOGY_CONSULTATION,
}
_SEXES = {
    "zh": {Sex.MALE: "男", Sex.FEMALE: "女", Sex.OTHER: "其他", Sex.UNKNOWN: "未知"},
    "en": {Sex.MALE: "Male", Sex.FEMALE: "Female", Sex.OTHER: "Other", Sex.UNKNOWN: "Unknown"},
}
_WORDS = {
    "zh": {
        "department": "病理科",
        "draft": "未审核",
        "reprint": "补打（第 {number} 份）",
        "replaces": "更正报告，取代第 {number} 版",
        "gross": "大体",
        "supplement": "补充报告 {number}（{at}）：{text}",
        "read_back": "{at} {to} 已回读",
        "concordance": "与石蜡切片{word}",
    },
    "en": {
        "department": "Department of Pathology",
        "draft": "DRAFT",
        "reprint": "Reprint (copy {number})",
        "replaces": "Corrected report, replaces version {number}",
        "gross": "Gross",
        "supplement": "Supplementary report {number} ({at}): {text}",
        "read_back": "{at} {to}, read back",
        "concordance": "Permanent sections: {word}",
    },
}


@dataclass(frozen=True, slots=True)
class PaperOrder:
    """Everything needed to draw one report, gathered in one look at the database."""

    report_id: int
    case_id: int
    format: ReportFormat
    drawing: DrawingOrder


class PathologyPaper:
    """Gathers and draws; its methods work in the caller's unit of work and change nothing."""

    def __init__(
        self,
        books: Books,
        opinions: Opinions,
        checklists: Checklists,
        coding: Coding,
        consulting: Consulting,
        frozen: Frozen,
        images: Images,
        organisation: Organisation,
        designs: PaperTemplates,
        verify_url: str = "",
    ) -> None:
        self._books = books
        self._opinions = opinions
        self._checklists = checklists
        self._coding = coding
        self._consulting = consulting
        self._frozen = frozen
        self._images = images
        self._organisation = organisation
        self._designs = designs
        self._verify_url = verify_url.rstrip("/")
        self.signatures: Signatures = NoSignatures()

    def order(
        self,
        uow: UnitOfWork,
        caller: Caller,
        report: Report,
        language: Language,
        *,
        format_key: str = "",
        copy_number: int = 1,
    ) -> PaperOrder:
        """Gather a report as it would print now. Raises INVALID for a format that does not fit."""
        case = self._books.cases.facts(uow, caller, report.case_id)
        images = shown_images(self._images.of_case(uow, case.id))
        chosen = self.format_for(case, report, len(images), format_key, self._books.policy(uow).most_images)
        kind = _KINDS[chosen.kind]
        if kind is DocumentKind.PATHOLOGY_REPORT and chosen.cytology:
            kind = DocumentKind.PATHOLOGY_CYTOLOGY
        facts = self._facts(uow, case, report, kind, images[: chosen.slots], language, copy_number, caller.name)
        made_at = self._books.time.local(self._books.time.now())
        template = self._designs.in_force(uow, kind.value)
        return PaperOrder(
            report.id, case.id, chosen, DrawingOrder(kind, template, facts, language, made_at, case.number)
        )

    @staticmethod
    def format_for(
        case: CaseFacts, report: Report, images: int, format_key: str = "", most: int | None = None
    ) -> ReportFormat:
        """Return the format asked for, else the report's own, else the one for its number of images."""
        kind = ReportKind(report.kind)
        wanted = format_key or report.format_key
        if not wanted:
            return format_by_images(kind, case.library, images, most)
        found = format_of(wanted)
        if found is None or not found.fits(kind, case.library):
            raise invalid("format_key", "这个报告格式不适用于本病例，请重新选择。")
        return found

    def by_images(self, uow: UnitOfWork, case: CaseFacts, report: Report) -> ReportFormat:
        """Return the format for the number of images that the report shows (PA-BAT-05)."""
        images = shown_images(self._images.of_case(uow, case.id))
        most = self._books.policy(uow).most_images
        return format_by_images(ReportKind(report.kind), case.library, len(images), most)

    @staticmethod
    def render(order: PaperOrder) -> RenderedDocument:
        """Draw as PDF/A-2u. Raises INVALID."""
        drawing = order.drawing
        names = NAMES_EN if drawing.language == "en" else NAMES_ZH
        try:
            return render_pages(
                drawing.template,
                drawing.facts,
                f"{names[drawing.kind]} {drawing.number}",
                drawing.made_at,
                drawing.language,
            )
        except LayoutError as fault:
            raise invalid("content", str(fault)) from fault

    # ── facts ────────────────────────────────────────────────────────────────────────────────────────

    def _facts(
        self,
        uow: UnitOfWork,
        case: CaseFacts,
        report: Report,
        kind: DocumentKind,
        images: Sequence[ImageOfCase],
        language: Language,
        copy_number: int,
        printed_by: str,
    ) -> Facts:
        words = _WORDS[language]
        state = self._books.standing(case, report)
        text = self._books.text(uow, report)
        is_final = state is not PaperState.WRITING or report.kind == ReportKind.FROZEN
        names = NAMES_EN if language == "en" else NAMES_ZH
        hospital = self._organisation.hospital(uow).view
        code = verification_code(report.id, report.seal) if report.seal and is_final else ""
        frozen = self._frozen.view(uow, case)
        pictures = {f"image{at}": self._picture(uow, one) for at, one in enumerate(images, 1)}
        for name, account in (("writer_signature", report.author_id), ("auditor_signature", report.auditor_id)):
            drawn = self.signatures.picture_of(uow, account) if account and is_final else None
            if drawn:
                pictures[name] = drawn
        delays = self._consulting.delays(uow, case.id)
        values = {
            **self._of_case(case, language),
            "hospital": hospital.name_en if language == "en" and hospital.name_en else hospital.name,
            "department": words["department"],
            "title": names[kind] + (f" {report.number}" if report.number > 1 else ""),
            "report_number": str(report.number),
            "stage": self._checklists.head(uow, case.id)[2],
            "codes": "、".join(one.code for one in self._coding.of_case(uow, case.id)),
            **self._doctors(uow, case.id),
            "author": report.author,
            "auditor": report.auditor if is_final else "",
            "reported_at": self._minute(text.at if text else None),
            "audited_at": self._minute(report.audited_at) if is_final else "",
            "delay_reason": delays[0].reason if delays and report.kind == ReportKind.MAIN else "",
            **self._of_frozen(uow, case, frozen, language),
            "verification": f"{self._verify_url}/{code}" if code and self._verify_url else code,
            "seal": f"SHA-256 {report.seal}" if report.seal and is_final else "",
            "version": str(max(1, report.edition)),
            "version_note": self._version_note(uow, report, language),
            "watermark": "" if is_final else words["draft"],
            "reprint": words["reprint"].format(number=copy_number) if copy_number > 1 else "",
            "copy_number": str(copy_number),
            "printed_at": self._minute(self._books.time.now()),
            "printed_by": printed_by,
            "gross": rich(case.gross if text is None or not is_final else text.gross or case.gross),
            "findings": rich(text.findings if text else ""),
            "diagnosis": rich(text.diagnosis if text else ""),
            "comment": rich(text.comment if text else ""),
            "supplements": rich(self._supplements(uow, case, language)) if report.kind == ReportKind.MAIN else "",
            "frozen_text": "",
        }
        lists: dict[str, tuple[Mapping[str, str], ...]] = {
            "images": tuple(
                {"picture": f"image{at}", "caption": self._caption(one, language)} for at, one in enumerate(images, 1)
            ),
            "synoptic": self._synoptic(uow, case, report, language),
            "opinions": (),
        }
        return Facts(values, lists, pictures)

    def _picture(self, uow: UnitOfWork, one: ImageOfCase) -> bytes:
        try:
            return for_paper(self._images.data(uow, one.id), one.um_per_pixel)
        except OSError as fault:
            raise invalid("images", "有一张图像不能读取，请取消它的打印标记后再试。") from fault

    def _of_case(self, case: CaseFacts, language: Language) -> dict[str, str]:
        entry = case.entry
        return {
            "case_number": case.number,
            "name": entry.patient_name,
            "sex": _SEXES[language][entry.sex],
            "age": entry.age,
            "patient_number": entry.hospital_patient_id,
            "outpatient_number": entry.outpatient_number,
            "inpatient_number": entry.inpatient_number,
            "visit_number": entry.inpatient_number or entry.outpatient_number,
            "application_number": entry.application_number,
            "ward_bed": " ".join(one for one in (entry.ward, entry.bed) if one),
            "sending_unit": entry.sending_unit,
            "requesting_department": entry.department,
            "requesting_doctor": entry.sending_doctor,
            "sent_at": "" if entry.sent_at is None else f"{self._books.time.local(entry.sent_at):%Y-%m-%d}",
            "received_at": self._minute(case.received_at),
            "specimen": entry.specimen_name or entry.specimen_type,
            "sampling_site": entry.sampling_site,
            "clinical_diagnosis": entry.clinical_diagnosis,
            "operative_findings": entry.operative_findings,
            "earlier_pathology": entry.earlier_pathology,
            "library": case.library_name,
        }

    @staticmethod
    def _doctors(uow: UnitOfWork, case_id: int) -> dict[str, str]:
        found = {"first_doctor": "", "chief_doctor": "", "second_doctor": ""}
        names = {
            OpinionKind.FIRST: "first_doctor",
            OpinionKind.CHIEF: "chief_doctor",
            OpinionKind.SECOND: "second_doctor",
        }
        statement = select(Opinion.kind, Opinion.doctor).where(Opinion.case_id == case_id, Opinion.is_draft.is_(False))
        for kind, doctor in uow.session.execute(statement.order_by(Opinion.id)):
            name = names.get(OpinionKind(kind))
            if name is not None:
                found[name] = doctor
        return found

    def _of_frozen(
        self, uow: UnitOfWork, case: CaseFacts, frozen: FrozenView | None, language: Language
    ) -> dict[str, str]:
        words = _WORDS[language]
        times = {} if frozen is None else frozen.times
        received, reported = times.get(FrozenStep.RECEIVED), times.get(FrozenStep.REPORTED)
        minutes = "" if received is None or reported is None else str(int((reported - received).total_seconds() // 60))
        read_back = ""
        if frozen is not None and frozen.read_back_at is not None:
            at = f"{self._books.time.local(frozen.read_back_at):%H:%M}"
            read_back = words["read_back"].format(at=at, to=frozen.read_back_to)
        concordance = ""
        if frozen is not None and frozen.concordance is not None:
            word = CONCORDANCES[frozen.concordance]
            concordance = words["concordance"].format(word=word.en if language == "en" else word.zh)
        found = select(Report).where(Report.case_id == case.id, Report.kind == ReportKind.FROZEN.value)
        texts = [self._books.text(uow, one) for one in uow.session.scalars(found.order_by(Report.id))]
        return {
            "frozen_received": self._minute(received),
            "frozen_sectioned": self._minute(times.get(FrozenStep.SECTIONED)),
            "frozen_read": self._minute(times.get(FrozenStep.READ)),
            "frozen_reported": self._minute(reported),
            "frozen_minutes": minutes,
            "read_back": read_back,
            "concordance": concordance,
            "frozen_result": "；".join(one.diagnosis for one in texts if one is not None and one.diagnosis),
        }

    def _supplements(self, uow: UnitOfWork, case: CaseFacts, language: Language) -> str:
        lines = []
        for one in self._books.of_case(uow, case.id):
            text = self._books.text(uow, one)
            if one.kind == ReportKind.SUPPLEMENTARY and one.state != PaperState.WRITING and text is not None:
                at = self._minute(one.audited_at)
                lines.append(_WORDS[language]["supplement"].format(number=one.number, at=at, text=text.diagnosis))
        return "\n".join(lines)

    def _synoptic(
        self, uow: UnitOfWork, case: CaseFacts, report: Report, language: Language
    ) -> tuple[Mapping[str, str], ...]:
        if report.kind != ReportKind.MAIN:
            return ()
        colon = "：" if language == "zh" else ": "
        rows = (one.partition(colon) for one in self._checklists.text(uow, case.id, language).splitlines())
        return tuple({"label": label, "value": value} for label, _colon, value in rows)

    def _version_note(self, uow: UnitOfWork, report: Report, language: Language) -> str:
        if report.edition <= 1:
            return ""
        note = _WORDS[language]["replaces"].format(number=report.edition - 1)
        edition = uow.session.get(ReportEdition, (report.id, report.edition))
        reason = "" if edition is None else edition.reason
        return f"{note}（{reason}）" if reason else note

    @staticmethod
    def _caption(one: ImageOfCase, language: Language) -> str:
        if one.caption:
            return f"{one.caption} {one.objective}".strip()
        return _WORDS[language]["gross"] if one.is_gross else f"HE {one.objective}".strip()

    def _minute(self, moment: dt.datetime | None) -> str:
        return "" if moment is None else f"{self._books.time.local(moment):%Y-%m-%d %H:%M}"


def shown_images(images: Sequence[ImageOfCase]) -> list[ImageOfCase]:
    """Return the pictures that a report shows: the marked ones, or all in strip order where none is (PA-ICM-08)."""
    marked = [one for one in images if one.is_marked]
    return marked or list(images)


def rich(text: str) -> str:
    """Return plain text as the rich text of papers, a paragraph for each line."""
    return "".join(f"<p>{escape(line, quote=False)}</p>" for line in text.split("\n")) if text else ""
