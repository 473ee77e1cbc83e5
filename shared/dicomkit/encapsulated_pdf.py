"""A PDF as a DICOM object (Encapsulated PDF, PS3.3 A.45.1), so that the printed report lies with its images."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING

from shared.dicomkit import content_items as items
from shared.dicomkit import headers
from shared.dicomkit.content_items import Code
from shared.dicomkit.headers import EquipmentFacts, InstanceReference, PatientFacts, SeriesFacts, StudyFacts
from shared.dicomkit.structured_report import IMAGING_REPORT

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

SOP_CLASS = "1.2.840.10008.5.1.4.1.1.104.1"
MAX_BYTES = 512 * 1024 * 1024


def encapsulated_pdf(
    patient: PatientFacts,
    study: StudyFacts,
    pdf: bytes,
    *,
    made_at: dt.datetime,
    title: str,
    concept: Code = IMAGING_REPORT,
    verified: bool = True,
    sources: Sequence[InstanceReference] = (),
    series: SeriesFacts | None = None,
    equipment: EquipmentFacts | None = None,
    sop_uid: str | None = None,
    character_set: str = headers.UTF8,
) -> Dataset:
    """Wrap `pdf`. `sources` are the images the document was made from. Raises ValueError if it is no PDF."""
    if not pdf.startswith(b"%PDF-"):
        raise ValueError("these bytes are no PDF; give the printed document itself")
    if len(pdf) > MAX_BYTES:
        raise ValueError(f"the PDF has {len(pdf)} bytes, at most {MAX_BYTES} are taken")
    made = headers.new_object(
        SOP_CLASS,
        "DOC",
        patient=patient,
        study=study,
        series=series or SeriesFacts(number=920, description=title),
        equipment=equipment or EquipmentFacts(),
        made_at=made_at,
        sop_uid=sop_uid,
        character_set=character_set,
    )
    made.ConversionType = "WSD"
    made.AcquisitionDateTime = ""
    made.BurnedInAnnotation = "YES"  # the page shows the patient's name
    made.DocumentTitle = title
    made.VerificationFlag = "VERIFIED" if verified else "UNVERIFIED"
    made.ConceptNameCodeSequence = items.code_sequence(concept)
    if sources:
        made.SourceInstanceSequence = [items.referenced_sop(reference) for reference in sources]
    made.MIMETypeOfEncapsulatedDocument = "application/pdf"
    made.EncapsulatedDocument = pdf + b"\0" * (len(pdf) % 2)
    made.EncapsulatedDocumentLength = len(pdf)
    return made


def pdf_of(made: Dataset) -> bytes:
    """The PDF inside, without the padding byte."""
    data = bytes(made.EncapsulatedDocument)
    length = made.get("EncapsulatedDocumentLength")
    return data[: int(length)] if length else data.rstrip(b"\0")
