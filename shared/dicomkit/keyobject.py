"""Key Object Selection documents: which images were chosen, and why (PS3.3 A.35.4, PS3.16 TID 2010)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING

from shared.dicomkit import content_items as items
from shared.dicomkit import headers
from shared.dicomkit.content_items import Code
from shared.dicomkit.headers import EquipmentFacts, InstanceReference, PatientFacts, SeriesFacts, StudyFacts

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

SOP_CLASS = "1.2.840.10008.5.1.4.1.1.88.59"

OF_INTEREST = Code("113000", "DCM", "Of Interest")
FOR_REFERRER = Code("113002", "DCM", "For Referring Provider")
BEST_IN_SET = Code("113013", "DCM", "Best In Set")
REJECTED_FOR_QUALITY = Code("113001", "DCM", "Rejected for Quality Reasons")
DESCRIPTION = Code("113012", "DCM", "Key Object Description")


def key_object_selection(
    patient: PatientFacts,
    study: StudyFacts,
    references: Sequence[InstanceReference],
    *,
    made_at: dt.datetime,
    title: Code = OF_INTEREST,
    description: str = "",
    observer_name: str = "",
    language: str = "zh",
    series: SeriesFacts | None = None,
    equipment: EquipmentFacts | None = None,
    sop_uid: str | None = None,
    character_set: str = headers.UTF8,
) -> Dataset:
    """The document that names `references`. Its series must be new; a series holds only documents of one kind.

    Raises ValueError without references.
    """
    if not references:
        raise ValueError("a key object selection names at least one image")
    made = headers.new_object(
        SOP_CLASS,
        "KO",
        patient=patient,
        study=study,
        series=series or SeriesFacts(number=901, description="关键图像" if language == "zh" else "Key images"),
        equipment=equipment or EquipmentFacts(),
        made_at=made_at,
        sop_uid=sop_uid,
        character_set=character_set,
    )
    made.ReferencedPerformedProcedureStepSequence = []
    items.put_request(made, study)
    made.CurrentRequestedProcedureEvidenceSequence = items.evidence(references)
    children = [items.language(language), *items.observer(observer_name)]
    if description:
        children.append(items.text(DESCRIPTION, description))
    children += [items.image(reference) for reference in references]
    items.put_root(made, title, "2010", children)
    return made
