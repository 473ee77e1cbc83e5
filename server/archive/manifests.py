"""Reads key object selections as promises: manifests name what belongs to a study, rejection notes what no longer does.

PS3.16 CID 7010, IHE XDS-I (113030 Manifest), IHE IOCM (rejection notes).
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.archive.completeness import MANIFEST, MAX_PROMISED, OTHER, REJECTED, Promise
from server.archive.tables import Expectation, Instance, Series, Study

logger = logging.getLogger(__name__)

KEY_OBJECT_SELECTION = "1.2.840.10008.5.1.4.1.1.88.59"
_MANIFESTS = frozenset({"113030", "113031"})  # Manifest, Signed Manifest
_REJECTIONS = frozenset({"113001", "113037", "113038", "113039"})  # quality, safety, wrong worklist entry, retention
_MAX_BYTES = 64 << 20


def unread(session: Session, study_ids: Collection[int]) -> list[tuple[str, str]]:
    """(SOP Instance UID, study UID) of the key object selections of these studies that were not read yet."""
    studies = session.execute(
        select(Study.id, Study.uid, Study.sop_classes).where(
            Study.id.in_(study_ids), Study.sop_classes.contains(KEY_OBJECT_SELECTION)
        )
    ).all()
    if not studies:
        return []
    uid_of = {row.id: row.uid for row in studies}
    found = session.execute(
        select(Instance.uid, Series.study_pk)
        .join(Series, Series.id == Instance.series_pk)
        .where(Series.study_pk.in_(uid_of), Instance.sop_class_uid == KEY_OBJECT_SELECTION)
    ).all()
    uids = [row.uid for row in found]
    read = set(
        session.execute(
            select(Expectation.reference).where(
                Expectation.reference.in_(uids), Expectation.source.in_([MANIFEST, REJECTED, OTHER])
            )
        ).scalars()
    )
    return [(row.uid, uid_of[row.study_pk]) for row in found if row.uid not in read]


def promises_of(data: bytes | memoryview, sop_instance_uid: str, study_uid: str, sender: str = "") -> list[Promise]:
    """What a key object selection (a DICOM file) promises of each study; at least one entry. Never raises."""
    nothing = [Promise(study_uid, OTHER, sop_instance_uid, sender=sender)]
    if len(data) > _MAX_BYTES:
        return nothing
    import warnings
    from io import BytesIO

    from pydicom import dcmread

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            read = dcmread(BytesIO(bytes(data)), force=True)
            title = read.get("ConceptNameCodeSequence") or []
            code = str(title[0].get("CodeValue", "")) if len(title) else ""
            by_study = _references(read)
    except Exception:  # noqa: BLE001 - a file from outside: pydicom raises many classes
        logger.warning("archive: a key object selection cannot be read and promises nothing: %s", sop_instance_uid)
        return nothing
    source = MANIFEST if code in _MANIFESTS else REJECTED if code in _REJECTIONS else OTHER
    if source == OTHER or not by_study:
        return nothing
    found = [Promise(study, source, sop_instance_uid, uids, sender=sender) for study, uids in by_study.items()]
    if study_uid not in by_study:
        found += nothing
    return found


def _references(read: Any) -> dict[str, list[str]]:
    """Objects by study of the evidence sequences (PS3.3 C.17.2)."""
    found: dict[str, list[str]] = {}
    total = 0
    for keyword in ("CurrentRequestedProcedureEvidenceSequence", "PertinentOtherEvidenceSequence"):
        for study in read.get(keyword) or ():
            uids = found.setdefault(str(study.StudyInstanceUID)[:64], [])
            for series in study.get("ReferencedSeriesSequence") or ():
                for item in series.get("ReferencedSOPSequence") or ():
                    total += 1
                    if total > MAX_PROMISED:
                        return found
                    uids.append(str(item.ReferencedSOPInstanceUID)[:64])
    return found
