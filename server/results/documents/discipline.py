"""What a report is called in codes, by its discipline: imaging, pathology, or ECG."""

from __future__ import annotations

from dataclasses import dataclass

from server.results.snapshot import ECG, PATHOLOGY, Snapshot
from shared.dicomkit.content_items import Code


@dataclass(frozen=True, slots=True)
class Discipline:
    """LOINC of document, findings and impression; HL7 table 0074 section; the words of the findings."""

    document: Code
    findings: Code
    impression: Code
    section: str
    findings_words: str


IMAGING = Discipline(
    Code("18748-4", "LN", "Diagnostic imaging report"),
    Code("59776-5", "LN", "Findings"),
    Code("19005-8", "LN", "Impressions"),
    "RAD",
    "影像所见",
)
OF_PATHOLOGY = Discipline(
    Code("11526-1", "LN", "Pathology study"),
    Code("22635-7", "LN", "Pathology report microscopic observation"),
    Code("22637-3", "LN", "Pathology report final diagnosis"),
    "PAT",
    "光镜所见",
)
OF_ECG = Discipline(
    Code("28010-7", "LN", "ECG Report"),
    Code("59776-5", "LN", "Findings"),
    Code("18844-1", "LN", "EKG impression"),
    "EC",
    "检查所见",
)
GROSS = Code("22634-0", "LN", "Pathology report gross observation")
COMMENT = Code("22638-1", "LN", "Pathology report comments")


def discipline_of(snapshot: Snapshot) -> Discipline:
    """Return the codes for a snapshot."""
    return {PATHOLOGY: OF_PATHOLOGY, ECG: OF_ECG}.get(snapshot.view.row.exam_type, IMAGING)
