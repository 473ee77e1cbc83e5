"""Rejecting instances (IHE RAD Imaging Object Change Management): by a person, or by a note that a device sends.

A rejection note is a Key Object Selection whose title says why (PS3.16 CID 7011); it names the instances.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Collection, Sequence
from io import BytesIO
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from server.archive.corrections import events, noting
from server.archive.corrections.ports import RecycleBin
from server.archive.corrections.tables import CorrectionEvent, ReadNote, RejectedInstance
from server.archive.matching import study_by_uid
from server.archive.objects import ArchiveObjects
from server.archive.tables import Instance, Series, Study
from server.kernel.database import Database, UnitOfWork
from server.kernel.errors import Refusal, invalid, not_found
from shared.contract.corrections import CorrectionView, RejectInstances

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

logger = logging.getLogger(__name__)

KEY_OBJECTS = "1.2.840.10008.5.1.4.1.1.88.59"
REASONS = {
    "113001": "影像质量不合格（Rejected for Quality Reasons）",
    "113037": "患者安全原因（Rejected for Patient Safety Reasons）",
    "113038": "工作列表选择错误（Incorrect Modality Worklist Entry）",
    "113039": "超过保存期限（Data Retention Policy Expired）",
}
_MAX_NOTE_BYTES = 8 << 20
_MAX_REFERENCES = 50_000
_MAX_BY_HAND = 1000
_TOGETHER = 200  # studies that are asked for in one query


class Rejection:
    """Puts rejected instances into the recycle bin; an event each time."""

    def __init__(self, database: Database, objects: ArchiveObjects, recycle_bin: RecycleBin) -> None:
        self._database = database
        self._objects = objects
        self._bin = recycle_bin

    def reject(self, uow: UnitOfWork, by: str, request: RejectInstances) -> CorrectionView:
        """A person rejects a study, series or instances. Raises Refusal."""
        session = uow.session
        reason = events.checked_reason(request.reason)
        if request.code not in REASONS:
            raise invalid("code", f"拒绝原因代码须为 {'、'.join(REASONS)} 之一。")
        study = study_by_uid(session, request.study_uid)
        of_study = (
            select(Instance.uid)
            .join(Series, Series.id == Instance.series_pk)
            .where(Series.study_pk == study.id, Instance.sop_class_uid != KEY_OBJECTS)
        )
        named = len(request.series_uids) + len(request.instance_uids)
        if named > _MAX_BY_HAND:
            raise invalid("instance_uids", f"一次最多拒绝 {_MAX_BY_HAND} 项，请改选序列或整个检查。")
        if named:
            of_study = of_study.where(Series.uid.in_(request.series_uids) | Instance.uid.in_(request.instance_uids))
        uids = list(session.execute(of_study).scalars())
        if not uids:
            raise not_found("要拒绝的影像")
        note = noting.gathered(session, study, uids, request.code, by, reason)
        event = self._discard(uow, by, uids, request.code, reason)
        noting.announce(uow, event, note)
        return events.view(session, event)

    def settle(self, studies: Collection[int]) -> None:
        """Studies got instances: follow notes among them, and notes that came before their instances."""
        waiting = list(studies)
        for start in range(0, len(waiting), _TOGETHER):
            some = waiting[start : start + _TOGETHER]
            for uid, calling_ae in self._unread_notes(some):
                self._follow(uid, calling_ae)
            self._reject_late(some)

    # notes

    def _unread_notes(self, studies: Sequence[int]) -> list[tuple[str, str]]:
        statement = (
            select(Instance.uid, Series.calling_ae)
            .join(Series, Series.id == Instance.series_pk)
            .join(Study, Study.id == Series.study_pk)
            .outerjoin(ReadNote, ReadNote.uid == Instance.uid)
            .where(
                Study.id.in_(studies),
                Study.sop_classes.contains(KEY_OBJECTS),
                Instance.sop_class_uid == KEY_OBJECTS,
                ReadNote.uid.is_(None),
            )
        )
        with self._database.read() as uow:
            return [(row.uid, row.calling_ae) for row in uow.session.execute(statement)]

    def _follow(self, note_uid: str, calling_ae: str) -> None:
        try:
            code, uids = _read(bytes(self._objects.part10(note_uid)))
        except Refusal:
            logger.warning("archive: a key object document cannot be read yet", exc_info=True)
            return
        with self._database.write() as uow:
            if uow.session.get(ReadNote, note_uid) is not None:
                return
            uow.session.add(ReadNote(uid=note_uid))
            if code in REASONS and uids:
                self._by_note(uow, f"DICOM {calling_ae}"[:64], uids, code, note_uid)

    def _by_note(self, uow: UnitOfWork, by: str, uids: Sequence[str], code: str, note_uid: str) -> None:
        session = uow.session
        savepoint = session.begin_nested()
        try:
            self._discard(uow, by, uids, code, REASONS[code], note_uid)
            savepoint.commit()
        except Refusal as refusal:
            savepoint.rollback()
            events.record(
                session,
                kind="reject",
                by=by,
                reason=REASONS[code],
                studies=_studies_of(session, uids),
                changes=[],
                sentence=f"没有执行拒绝通知：{refusal.body.message}",
                journal=msgspec.msgpack.encode([]),
            )

    def _reject_late(self, studies: Sequence[int]) -> None:
        with self._database.read() as uow:
            if uow.session.execute(select(RejectedInstance.uid).limit(1)).first() is None:
                return
            late = uow.session.execute(
                select(Instance.uid, RejectedInstance.code, RejectedInstance.note_uid)
                .join(Series, Series.id == Instance.series_pk)
                .join(RejectedInstance, RejectedInstance.uid == Instance.uid)
                .where(Series.study_pk.in_(studies))
            ).all()
        by_note: dict[tuple[str, str], list[str]] = defaultdict(list)
        for row in late:
            by_note[row.code, row.note_uid].append(row.uid)
        for (code, note_uid), uids in by_note.items():
            with self._database.write() as uow:
                self._by_note(uow, "system", uids, code, note_uid)

    # the bin

    def _discard(
        self, uow: UnitOfWork, by: str, uids: Sequence[str], code: str, reason: str, note_uid: str = ""
    ) -> CorrectionEvent:
        session = uow.session
        studies = _studies_of(session, uids)
        entries = [
            self._bin.discard(uow, study_uid=study, series_uid=series, sop_instance_uid=instance, reason=reason, by=by)
            for study, series, instance in _largest(session, uids)
        ]
        event = events.record(
            session,
            kind="reject",
            by=by,
            reason=reason,
            studies=studies,
            changes=[],
            sentence=f"{REASONS[code]}：拒绝了 {len(uids)} 幅影像，已移入回收站。"
            if entries
            else f"{REASONS[code]}：{len(uids)} 幅影像尚未收到，收到后将被拒绝。",
            journal=msgspec.msgpack.encode([{"do": "binned", "entry": entry} for entry in entries]),
        )
        if note_uid:
            known = set(session.execute(select(RejectedInstance.uid).where(RejectedInstance.uid.in_(uids))).scalars())
            for uid in uids:
                if uid not in known:
                    session.add(RejectedInstance(uid=uid, code=code, note_uid=note_uid, event_id=event.id))
            session.flush()
        return event


def _studies_of(session: Session, uids: Sequence[str]) -> list[str]:
    found: dict[str, None] = {}
    for start in range(0, len(uids), 500):
        statement = (
            select(Study.uid)
            .join(Series, Series.study_pk == Study.id)
            .join(Instance, Instance.series_pk == Series.id)
            .where(Instance.uid.in_(uids[start : start + 500]))
            .distinct()
        )
        found.update(dict.fromkeys(session.execute(statement).scalars()))
    return list(found)


def _largest(session: Session, uids: Sequence[str]) -> list[tuple[str, str, str]]:
    """The instances as whole studies, whole series and single ones: (study, series or "", instance or "")."""
    rows: list[Any] = []
    columns = (
        Instance.uid,
        Series.uid.label("series"),
        Series.instance_count,
        Study.uid.label("study"),
        Study.instance_count.label("study_count"),
    )
    for start in range(0, len(uids), 500):
        statement = (
            select(*columns)
            .join(Series, Series.id == Instance.series_pk)
            .join(Study, Study.id == Series.study_pk)
            .where(Instance.uid.in_(uids[start : start + 500]))
        )
        rows += session.execute(statement).all()
    by_study: dict[str, list[Any]] = defaultdict(list)
    for row in rows:
        by_study[row.study].append(row)
    chosen: list[tuple[str, str, str]] = []
    for study, members in by_study.items():
        if len(members) == members[0].study_count:
            chosen.append((study, "", ""))
            continue
        by_series: dict[str, list[Any]] = defaultdict(list)
        for row in members:
            by_series[row.series].append(row)
        for series, ones in by_series.items():
            if len(ones) == ones[0].instance_count:
                chosen.append((study, series, ""))
            else:
                chosen += [(study, series, one.uid) for one in ones]
    return chosen


def _read(file: bytes) -> tuple[str, list[str]]:
    """The code of a key object document's title (scheme DCM) and the instances it names; nothing for what is none."""
    from pydicom import dcmread
    from pydicom.errors import InvalidDicomError

    if len(file) > _MAX_NOTE_BYTES:
        return "", []
    try:
        dataset = dcmread(BytesIO(file), stop_before_pixels=True)
        title = _first(dataset, "ConceptNameCodeSequence")
        if title is None or str(title.get("CodingSchemeDesignator", "")) != "DCM":
            return "", []
        uids = [
            str(instance.ReferencedSOPInstanceUID)
            for study in dataset.get("CurrentRequestedProcedureEvidenceSequence") or []
            for series in study.get("ReferencedSeriesSequence") or []
            for instance in series.get("ReferencedSOPSequence") or []
        ]
    except (InvalidDicomError, AttributeError, KeyError, ValueError, TypeError, NotImplementedError):
        return "", []
    return str(title.get("CodeValue", "")), list(dict.fromkeys(uids))[:_MAX_REFERENCES]


def _first(dataset: Dataset, keyword: str) -> Dataset | None:
    items = dataset.get(keyword) or []
    return items[0] if len(items) else None
