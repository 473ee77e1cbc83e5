"""Says to others what a person rejected: a Key Object Selection note (IHE RAD IOCM), kept in the study and sent on.

The row is written with the rejection; a job makes the note of it, hands it to the receiver, waits for the index, and
has it sent to the targets that had got the rejected instances. Taking the rejection back puts the note into the bin.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from server.archive.corrections.ports import RecycleBin
from server.archive.corrections.tables import CorrectionEvent, ReadNote, RejectionNote
from server.archive.receive import ObjectName, StoreRefused
from server.archive.tables import Instance, Series, Study
from server.kernel.database import Database, UnitOfWork
from server.kernel.jobs import JobContext, JobKind, JobRetry, enqueue
from shared.dicomkit.uids import new_uid

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

NOTE_JOB = "corrections.note"
_EXPLICIT_LITTLE = "1.2.840.10008.1.2.1"
_INDEX_WAIT_S, _POLL_S = 10.0, 0.1
_AGAIN_S = 5.0
_MEANINGS = {
    "113001": "Rejected for Quality Reasons",
    "113037": "Rejected for Patient Safety Reasons",
    "113038": "Incorrect Modality Worklist Entry",
    "113039": "Data Retention Policy Expired",
}

Receive = Callable[[ObjectName, str, memoryview], None]
Forward = Callable[[UnitOfWork, str, Sequence[str], str], None]


class Content(msgspec.Struct):
    """What a note says; texts as the index has them."""

    code: str
    by: str
    reason: str
    at: datetime
    series_uid: str
    study: dict[str, str]
    references: list[tuple[str, str, str]]  # series, class, instance


_STUDY_TEXTS = (
    "uid patient_id issuer patient_name birth_date sex accession study_id study_date study_time description "
    "referring_name"
).split()


def gathered(session: Session, study: Study, uids: Sequence[str], code: str, by: str, reason: str) -> Content:
    """The note's content; before the instances leave the index."""
    references: list[tuple[str, str, str]] = []
    for start in range(0, len(uids), 500):
        statement = (
            select(Series.uid.label("series"), Instance.sop_class_uid, Instance.uid)
            .join(Series, Series.id == Instance.series_pk)
            .where(Instance.uid.in_(uids[start : start + 500]))
        )
        references += [(row.series, row.sop_class_uid, row.uid) for row in session.execute(statement)]
    texts = {name: str(getattr(study, name) or "") for name in _STUDY_TEXTS}
    return Content(code, by, reason, datetime.min, new_uid(), texts, sorted(references))


def announce(uow: UnitOfWork, event: CorrectionEvent, content: Content) -> None:
    """Have the note of a rejection made; it is not followed as one that came from outside."""
    content.at = event.at
    uid = new_uid()
    uow.session.add(RejectionNote(event_id=event.id, sop_uid=uid, content=msgspec.msgpack.encode(content)))
    uow.session.add(ReadNote(uid=uid))
    uow.session.flush()
    _ask(uow, event.id)


def withdraw(uow: UnitOfWork, event_id: int) -> None:
    """The rejection was taken back: its note shall not stay."""
    note = uow.session.get(RejectionNote, event_id)
    if note is not None:
        note.is_withdrawn = True
        uow.session.flush()
        _ask(uow, event_id)


def _ask(uow: UnitOfWork, event_id: int) -> None:
    enqueue(uow, NOTE_JOB, {"event": event_id}, key=f"note-{event_id}", title="拒绝通知")


class NoteWriter:
    """The job. `receive` is the Receiver's, `forward` has a study's news sent to targets that got certain instances."""

    def __init__(
        self,
        database: Database,
        receive: Receive,
        forward: Forward,
        recycle_bin: RecycleBin,
        ae_title: str,
        zone: tzinfo,
    ) -> None:
        self._database = database
        self._receive = receive
        self._forward = forward
        self._bin = recycle_bin
        self._ae_title = ae_title
        self._zone = zone

    def kinds(self) -> list[JobKind]:
        """For the runner."""
        return [JobKind(NOTE_JOB, self.write, lane="house", max_attempts=1000)]

    def write(self, context: JobContext) -> str:
        """Make, keep and send one note, or take it away; safe to begin again at any point."""
        event_id = int(context.payload["event"])
        with self._database.write() as uow:
            note = uow.session.get(RejectionNote, event_id)
            if note is None:
                return "Nothing to note."
            if not note.is_withdrawn:
                note.is_begun = True  # from now on it may be in the inbox
            uid, begun, withdrawn = note.sop_uid, note.is_begun, note.is_withdrawn
            content = msgspec.msgpack.decode(note.content, type=Content)
        if withdrawn:
            return self._take_away(uid) if begun else "拒绝已撤销，没有发出通知。"
        if self._place(uid) is None:
            self._store(uid, content)
            self._wait_for(uid, context)
        with self._database.write() as uow:
            note = uow.session.get_one(RejectionNote, event_id, with_for_update=True)
            study_uid, _ = self._found(uow, uid)
            if not note.is_withdrawn and not note.is_sent:
                named = [instance for _, _, instance in content.references]
                self._forward(uow, study_uid, named, f"第 {event_id} 号拒绝的通知：{content.reason}")
                note.is_sent = True
        return f"已保存拒绝通知（{len(content.references)} 幅影像）。"

    def _store(self, uid: str, content: Content) -> None:
        from pydicom.filebase import DicomBytesIO
        from pydicom.filewriter import write_dataset

        made = note_of(uid, content, self._zone)
        out = DicomBytesIO()
        out.is_little_endian, out.is_implicit_VR = True, False
        write_dataset(out, made)
        try:
            what = ObjectName(str(made.SOPClassUID), uid, _EXPLICIT_LITTLE)
            self._receive(what, self._ae_title, memoryview(out.getvalue()))
        except StoreRefused as refused:
            raise JobRetry(refused.sentence) from None

    def _wait_for(self, uid: str, context: JobContext) -> None:
        end = time.monotonic() + _INDEX_WAIT_S
        while self._place(uid) is None:
            if time.monotonic() > end:
                raise JobRetry("通知已保存，正在等待编入索引。", _AGAIN_S)
            context.step()
            time.sleep(_POLL_S)

    def _take_away(self, uid: str) -> str:
        with self._database.write() as uow:
            if self._place_in(uow, uid) is None:
                raise JobRetry("等待拒绝通知编入索引后撤回。", _AGAIN_S)
            study, series = self._found(uow, uid)
            self._bin.discard(
                uow, study_uid=study, series_uid=series, sop_instance_uid=uid, reason="拒绝已撤销", by="system"
            )
        return "拒绝已撤销，通知已移入回收站。"

    def _place(self, uid: str) -> tuple[str, str] | None:
        with self._database.read() as uow:
            return self._place_in(uow, uid)

    def _found(self, uow: UnitOfWork, uid: str) -> tuple[str, str]:
        place = self._place_in(uow, uid)
        if place is None:
            raise JobRetry("通知不在索引中，稍后再试。", _AGAIN_S)
        return place

    def _place_in(self, uow: UnitOfWork, uid: str) -> tuple[str, str] | None:
        """The study and series in which the note is now."""
        statement = (
            select(Study.uid.label("study"), Series.uid.label("series"))
            .join(Series, Series.study_pk == Study.id)
            .join(Instance, Instance.series_pk == Series.id)
            .where(Instance.uid == uid)
        )
        row: Any = uow.session.execute(statement).first()
        return None if row is None else (row.study, row.series)


def note_of(sop_uid: str, content: Content, zone: tzinfo) -> Dataset:
    """The Key Object Selection document (PS3.3 A.35.4, PS3.16 TID 2010, CID 7011); always the same bytes."""
    from shared.dicomkit.content_items import Code
    from shared.dicomkit.headers import InstanceReference, PatientFacts, SeriesFacts, StudyFacts
    from shared.dicomkit.keyobject import key_object_selection
    from shared.dicomkit.names import pn_value

    texts = content.study
    made = key_object_selection(
        PatientFacts(texts["patient_id"], texts["patient_name"], sex=texts["sex"], issuer=texts["issuer"]),
        StudyFacts(
            texts["uid"], texts["accession"], texts["study_id"], None, texts["description"], texts["referring_name"]
        ),
        [InstanceReference(texts["uid"], series, sop_class, uid) for series, sop_class, uid in content.references],
        made_at=content.at.astimezone(zone),
        title=Code(content.code, "DCM", _MEANINGS[content.code]),
        description=content.reason,
        observer_name=pn_value(content.by, ""),
        series=SeriesFacts(content.series_uid, 902, "拒绝通知"),
        sop_uid=sop_uid,
    )
    # the study's own attributes as the index has them, also where they are empty
    made.PatientBirthDate, made.StudyDate, made.StudyTime = (
        texts["birth_date"],
        texts["study_date"],
        texts["study_time"],
    )
    return made
