"""The documents that are drawn by a template, with their names in both languages."""

from __future__ import annotations

from enum import StrEnum


class DocumentKind(StrEnum):
    """A document that a hospital may design."""

    BARCODE = "barcode"
    WRISTBAND = "wristband"
    TICKET = "ticket"
    REGISTRATION_FORM = "registration_form"
    REFERRAL_FORM = "referral_form"
    APPLICATION = "application"
    REPORT = "report"
    PATHOLOGY_REPORT = "pathology_report"
    PATHOLOGY_CYTOLOGY = "pathology_cytology"
    PATHOLOGY_FROZEN = "pathology_frozen"
    PATHOLOGY_SUPPLEMENT = "pathology_supplement"
    PATHOLOGY_CONSULTATION = "pathology_consultation"


NAMES_ZH = {
    DocumentKind.BARCODE: "检查条码",
    DocumentKind.WRISTBAND: "腕带",
    DocumentKind.TICKET: "排队小票",
    DocumentKind.REGISTRATION_FORM: "登记单",
    DocumentKind.REFERRAL_FORM: "转诊单",
    DocumentKind.APPLICATION: "申请单",
    DocumentKind.REPORT: "检查报告",
    DocumentKind.PATHOLOGY_REPORT: "病理诊断报告",
    DocumentKind.PATHOLOGY_CYTOLOGY: "细胞病理诊断报告",
    DocumentKind.PATHOLOGY_FROZEN: "术中冰冻病理报告",
    DocumentKind.PATHOLOGY_SUPPLEMENT: "病理补充报告",
    DocumentKind.PATHOLOGY_CONSULTATION: "病理会诊报告",
}

NAMES_EN = {
    DocumentKind.BARCODE: "Exam barcode",
    DocumentKind.WRISTBAND: "Wristband",
    DocumentKind.TICKET: "Queue ticket",
    DocumentKind.REGISTRATION_FORM: "Registration form",
    DocumentKind.REFERRAL_FORM: "Referral form",
    DocumentKind.APPLICATION: "Application",
    DocumentKind.REPORT: "Report",
    DocumentKind.PATHOLOGY_REPORT: "Pathology Report",
    DocumentKind.PATHOLOGY_CYTOLOGY: "Cytopathology Report",
    DocumentKind.PATHOLOGY_FROZEN: "Intraoperative Frozen Section Report",
    DocumentKind.PATHOLOGY_SUPPLEMENT: "Supplementary Pathology Report",
    DocumentKind.PATHOLOGY_CONSULTATION: "Pathology Consultation Report",
}

OF_PATHOLOGY = tuple(kind for kind in DocumentKind if kind.value.startswith("pathology_"))
"""Reports of the pathology department; chosen by the kind of report and its library (server.pathology.reports)."""

OF_EXAMS = tuple(kind for kind in DocumentKind if kind is not DocumentKind.REPORT and kind not in OF_PATHOLOGY)
"""What is made of an exam; the report has templates of its own kind of choice (shared.paper.choosing)."""

LABELS = frozenset({DocumentKind.BARCODE, DocumentKind.WRISTBAND})
"""What usually comes out of a label printer."""
