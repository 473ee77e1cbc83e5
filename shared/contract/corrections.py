"""Corrections of identity: attributes of a study, merged patients and studies, moved series, rejected instances.

The files stay as they came. A correction is an event that changes how objects leave the archive and where the index
finds them; each event can be taken back, and the original header can be read at any time.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from shared.contract.archive import StudyRow
from shared.contract.base import AuditClass, Command, Page, Query
from shared.domain.permissions import Permission


class TagValue(msgspec.Struct, frozen=True, kw_only=True):
    """A value by keyword of the DICOM dictionary, written as DICOM does (PS3.5): names with ``^`` and ``=``, dates as
    DA. An empty value empties the attribute."""

    keyword: str
    value: str


class TagChange(msgspec.Struct, frozen=True, kw_only=True):
    """An attribute before and after a correction; None where it was absent."""

    keyword: str
    before: str | None
    after: str | None


class CorrectionView(msgspec.Struct, frozen=True, kw_only=True):
    """One event. `kind`: correct_study, correct_series, merge_patients, merge_studies, split_series, move_series,
    move_instances, reject, coerce, undo."""

    id: int
    kind: str
    at: datetime
    by: str
    reason: str
    study_uids: tuple[str, ...]  # where it changed something; the first is the one that was asked for
    changes: tuple[TagChange, ...]
    sentence: str  # what was done, for a person
    undone_at: datetime | None
    undone_by: str
    can_undo: bool  # False when a later event rests on it: that one must be taken back first


class CorrectionList(msgspec.Struct, frozen=True, kw_only=True):
    """Events, newest first, and how many there are in all."""

    total: int
    rows: tuple[CorrectionView, ...]


class OriginalView(msgspec.Struct, frozen=True, kw_only=True):
    """What a file says against what leaves the archive: the attributes that differ."""

    sop_instance_uid: str
    original_study_uid: str
    original_series_uid: str
    differences: tuple[TagChange, ...]  # before: in the file; after: as it leaves
    header: bytes  # the file as it came, up to its pixel data (Part 10)


class ListCorrections(Query[CorrectionList], frozen=True, kw_only=True):
    """The history of a study, or with an empty UID of the whole archive."""

    method = "corrections.list_events"
    permission = Permission.VIEW_IMAGES
    audit = AuditClass.IMAGES

    study_uid: str = ""
    page: Page = Page()


class GetOriginal(Query[OriginalView], frozen=True, kw_only=True):
    """The original header of an instance beside its corrected identity. Refusals: NOT_FOUND."""

    method = "corrections.get_original"
    permission = Permission.VIEW_IMAGES
    audit = AuditClass.IMAGES

    sop_instance_uid: str


class CorrectStudy(Command[CorrectionView], frozen=True, kw_only=True):
    """Correct patient and study attributes. Refusals: NOT_FOUND, CONFLICT, INVALID (names the keyword),
    ILLEGAL_ACTION (the report is approved and the study would leave its exam)."""

    method = "corrections.correct_study"
    permission = Permission.CORRECT_IMAGES
    audit = AuditClass.IMAGES

    study_uid: str
    version: int
    values: tuple[TagValue, ...]
    reason: str


class CorrectSeries(Command[CorrectionView], frozen=True, kw_only=True):
    """Correct attributes of a series (description, body part, laterality …). Refusals: NOT_FOUND, INVALID."""

    method = "corrections.correct_series"
    permission = Permission.CORRECT_IMAGES
    audit = AuditClass.IMAGES

    series_uid: str
    values: tuple[TagValue, ...]
    reason: str


class MergePatients(Command[CorrectionView], frozen=True, kw_only=True):
    """All studies of one Patient ID take the identity of another; later images with the old one follow.

    Refusals: NOT_FOUND, INVALID, ILLEGAL_ACTION.
    """

    method = "corrections.merge_patients"
    permission = Permission.CORRECT_IMAGES
    audit = AuditClass.IMAGES

    patient_id: str
    issuer: str = ""
    into_patient_id: str
    into_issuer: str = ""
    reason: str


class MergeStudies(Command[CorrectionView], frozen=True, kw_only=True):
    """All series of a study become series of another; later images of the first follow. Refusals: NOT_FOUND, INVALID,
    ILLEGAL_ACTION (its report is approved)."""

    method = "corrections.merge_studies"
    permission = Permission.CORRECT_IMAGES
    audit = AuditClass.IMAGES

    study_uid: str
    into_study_uid: str
    reason: str


class MoveSeries(Command[CorrectionView], frozen=True, kw_only=True):
    """Move series to another study, or, with an empty target, split them out into a new one that begins as a copy of
    the present study's identity changed by `values`. Refusals: NOT_FOUND, INVALID, ILLEGAL_ACTION."""

    method = "corrections.move_series"
    permission = Permission.CORRECT_IMAGES
    audit = AuditClass.IMAGES

    series_uids: tuple[str, ...]
    into_study_uid: str = ""
    values: tuple[TagValue, ...] = ()
    reason: str


class MoveInstances(Command[CorrectionView], frozen=True, kw_only=True):
    """Move instances of one series into a new series of another study (or of the same). Refusals: as MoveSeries."""

    method = "corrections.move_instances"
    permission = Permission.CORRECT_IMAGES
    audit = AuditClass.IMAGES

    instance_uids: tuple[str, ...]
    into_study_uid: str
    reason: str


class RejectInstances(Command[CorrectionView], frozen=True, kw_only=True):
    """Reject instances as IHE RAD IOCM does; nothing named below the study rejects the whole study.

    `code` (DCM, PS3.16 CID 7011): 113001 for quality reasons, 113037 for patient safety reasons, 113038 incorrect
    modality worklist entry, 113039 data retention policy expired. The instances go into the recycle bin.
    A note that says so is kept in the study and sent to the targets that had got them; undoing takes it away.
    Refusals: NOT_FOUND, INVALID, ILLEGAL_ACTION (the report is approved; no recycle bin).
    """

    method = "corrections.reject_instances"
    permission = Permission.CORRECT_IMAGES
    audit = AuditClass.IMAGES

    study_uid: str
    series_uids: tuple[str, ...] = ()
    instance_uids: tuple[str, ...] = ()
    code: str
    reason: str


class UndoCorrection(Command[CorrectionView], frozen=True, kw_only=True):
    """Take an event back; the event stays in the history. Refusals: NOT_FOUND, ILLEGAL_ACTION (undone already, or a
    later event rests on it)."""

    method = "corrections.undo"
    permission = Permission.CORRECT_IMAGES
    audit = AuditClass.IMAGES

    event_id: int
    reason: str


class OfferedStudy(msgspec.Struct, frozen=True, kw_only=True):
    """A study matched to an exam of a patient, and what would be corrected in it."""

    study: StudyRow
    changes: tuple[TagChange, ...]


class OfferPatientCorrection(Query[tuple[OfferedStudy, ...]], frozen=True, kw_only=True):
    """Studies of an exam's patient that name him otherwise than the registration does (after it was corrected).
    Refusals: NOT_FOUND."""

    method = "corrections.offer_patient"
    permission = Permission.CORRECT_IMAGES
    audit = AuditClass.IMAGES

    patient_id: int  # of the registration


class AcceptPatientCorrection(Command[tuple[CorrectionView, ...]], frozen=True, kw_only=True):
    """Correct the offered studies by what the registration says. Refusals: NOT_FOUND, INVALID."""

    method = "corrections.accept_patient"
    permission = Permission.CORRECT_IMAGES
    audit = AuditClass.IMAGES

    patient_id: int
    study_uids: tuple[str, ...]
    reason: str
