"""Use cases of corrections: attributes, merging, moving, and taking back; rejecting has a module of its own."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from server.archive import epoch
from server.archive.corrections import events, identity, rules
from server.archive.corrections import journal as journals
from server.archive.corrections.journal import Journal
from server.archive.corrections.ports import NoRecycleBin, RecycleBin
from server.archive.corrections.references import may_refer
from server.archive.corrections.tables import (
    CorrectionEvent,
    PatientRedirect,
    RedirectedSeries,
    RejectedInstance,
    StudyRedirect,
)
from server.archive.keeping.recount import recount
from server.archive.matching import study_by_uid
from server.archive.ports import ExamMatcher
from server.archive.rules import AUTOMATIC, MatchState
from server.archive.tables import ImagePatient, Instance, Series, Study
from server.kernel.database import UnitOfWork
from server.kernel.errors import illegal_action, invalid, not_found
from shared.contract.base import Changed, Page
from shared.contract.corrections import CorrectionList, CorrectionView, TagValue
from shared.dicomkit.uids import new_uid

MAX_STUDIES = 2000
MAX_SERIES = 500
MAX_INSTANCES = 5000


class CorrectionService:
    """Works in the caller's unit of work and never commits; files are never touched."""

    def __init__(self, exams: ExamMatcher, recycle_bin: RecycleBin | None = None) -> None:
        self._exams = exams
        self.recycle_bin = recycle_bin or NoRecycleBin()

    def list_events(self, uow: UnitOfWork, study_uid: str, page: Page) -> CorrectionList:
        """The history of a study, or of all."""
        return events.listed(uow.session, study_uid, page)

    # attributes

    def correct_study(
        self, uow: UnitOfWork, by: str, study_uid: str, version: int, values: Sequence[TagValue], reason: str
    ) -> CorrectionView:
        """Correct patient and study attributes. Raises Refusal."""
        reason = events.checked_reason(reason)
        wanted = _checked(values, rules.STUDY)
        study = study_by_uid(uow.session, study_uid)
        study.expect(version)
        event = self._correct(uow, by, study, wanted, reason)
        if event is None:
            raise invalid("values", "更正后的内容与现有内容相同，请填写要更正的值。")
        return events.view(uow.session, event)

    def correct_by_values(
        self, uow: UnitOfWork, by: str, study_uid: str, values: Mapping[int, str], reason: str
    ) -> CorrectionView | None:
        """The same by tags, whatever the version is; None when there is nothing to correct. Raises Refusal."""
        study = study_by_uid(uow.session, study_uid)
        event = self._correct(uow, by, study, dict(values), events.checked_reason(reason))
        return None if event is None else events.view(uow.session, event)

    def _correct(
        self, uow: UnitOfWork, by: str, study: Study, wanted: dict[int, str], reason: str
    ) -> CorrectionEvent | None:
        before = identity.identity_of(study)
        changed = {tag: value for tag, value in wanted.items() if before[tag] != value}
        if not changed:
            return None
        journal = Journal(uow.session)
        identity.put_on_study(journal, uow.session, study, changed, _mark())
        self._match_again(uow, journal, study)
        uow.publish(Changed("study", study.id, study.version))
        return events.record(
            uow.session,
            kind="correct_study",
            by=by,
            reason=reason,
            studies=[study.uid],
            changes=events.changes_of({tag: before[tag] for tag in changed}, changed),
            sentence=f"更正了 {len(changed)} 项属性。",
            journal=journal.packed(),
        )

    def correct_series(
        self, uow: UnitOfWork, by: str, series_uid: str, values: Sequence[TagValue], reason: str
    ) -> CorrectionView:
        """Correct attributes of a series. Raises Refusal."""
        reason = events.checked_reason(reason)
        wanted = _checked(values, rules.SERIES)
        (series,) = self._series(uow.session, [series_uid])
        study = uow.session.get_one(Study, series.study_pk)
        before = {tag: str(getattr(series, column) or "") for tag, column in rules.SERIES_COLUMNS.items()}
        changed = {tag: value for tag, value in wanted.items() if before[tag] != value}
        if not changed:
            raise invalid("values", "更正后的内容与现有内容相同，请填写要更正的值。")
        journal = Journal(uow.session)
        identity.put_on_series(journal, series, changed, _mark())
        study.touch()
        uow.publish(Changed("study", study.id, study.version))
        event = events.record(
            uow.session,
            kind="correct_series",
            by=by,
            reason=reason,
            studies=[study.uid],
            changes=events.changes_of({tag: before[tag] for tag in changed}, changed),
            sentence=f"更正了序列 {series.number or ''} 的 {len(changed)} 项属性。",
            journal=journal.packed(),
        )
        return events.view(uow.session, event)

    # merging

    def merge_patients(
        self, uow: UnitOfWork, by: str, source: tuple[str, str], target: tuple[str, str], reason: str
    ) -> CorrectionView:
        """All studies of the patient `source` (id, issuer) take the identity of `target`. Raises Refusal."""
        session = uow.session
        reason = events.checked_reason(reason)
        if source == target or not source[0] or not target[0]:
            raise invalid("into_patient_id", "请选择两位不同的患者。")
        into = session.execute(
            select(ImagePatient).where(ImagePatient.identity == "\n".join(target))
        ).scalar_one_or_none()
        if into is None:
            raise not_found("目标患者")
        if session.get(PatientRedirect, "\n".join(target)) is not None:
            raise illegal_action("merged", "目标患者自己已合并到另一位患者，请选择那一位。")
        studies = list(
            session.execute(
                select(Study)
                .where(Study.patient_id == source[0], Study.issuer == source[1])
                .order_by(Study.id)
                .limit(MAX_STUDIES + 1)
                .with_for_update()
            ).scalars()
        )
        if not studies:
            raise not_found("该患者的影像")
        if len(studies) > MAX_STUDIES:
            raise invalid("patient_id", f"该患者有 {MAX_STUDIES} 个以上的检查，不能一次合并。")
        model = session.execute(select(Study).where(Study.image_patient_id == into.id).limit(1)).scalar_one_or_none()
        values = {
            0x00100010: model.patient_name if model else into.name,
            0x00100020: into.patient_id,
            0x00100021: into.issuer,
            0x00100030: into.birth_date,
            0x00100040: into.sex,
        }
        before = identity.patient_of(studies[0])
        journal = Journal(session)
        mark = _mark()
        for study in studies:
            identity.put_on_study(journal, session, study, values, mark)
            self._match_again(uow, journal, study)
            uow.publish(Changed("study", study.id, study.version))
        event = events.record(
            session,
            kind="merge_patients",
            by=by,
            reason=reason,
            studies=[study.uid for study in studies],
            changes=events.changes_of(before, values),
            sentence=f"把患者 {source[0]} 的 {len(studies)} 个检查并入患者 {target[0]}。",
            journal=journal.packed(),
        )
        session.add(
            PatientRedirect(
                identity="\n".join(source), correction=rules.packed({**values, **mark}) or b"", event_id=event.id
            )
        )
        session.flush()
        return events.view(session, event)

    def merge_studies(self, uow: UnitOfWork, by: str, study_uid: str, into_uid: str, reason: str) -> CorrectionView:
        """All series of a study become series of another. Raises Refusal."""
        session = uow.session
        reason = events.checked_reason(reason)
        if study_uid == into_uid:
            raise invalid("into_study_uid", "请选择两个不同的检查。")
        study, into = study_by_uid(session, study_uid), study_by_uid(session, into_uid)
        series = list(session.execute(select(Series).where(Series.study_pk == study.id)).scalars())
        journal = Journal(session)
        changes = events.changes_of(
            {**identity.identity_of(study), rules.STUDY_UID: study.uid},
            {**identity.identity_of(into), rules.STUDY_UID: into.uid},
        )
        self._move(uow, journal, by, series, study, into)
        event = events.record(
            session,
            kind="merge_studies",
            by=by,
            reason=reason,
            studies=[study_uid, into_uid],
            changes=changes,
            sentence=f"把检查的 {len(series)} 个序列并入另一检查。",
            journal=journal.packed(),
        )
        session.add(StudyRedirect(uid=study_uid, target_uid=into_uid, event_id=event.id))
        session.flush()
        return events.view(session, event)

    # moving

    def move_series(
        self,
        uow: UnitOfWork,
        by: str,
        series_uids: Sequence[str],
        into_uid: str,
        values: Sequence[TagValue],
        reason: str,
    ) -> CorrectionView:
        """Move series of one study to another, or out into a new one. Raises Refusal."""
        session = uow.session
        reason = events.checked_reason(reason)
        wanted = _checked(values, rules.STUDY) if values else {}
        series = self._series(session, series_uids)
        study = self._one_study(session, series)
        journal = Journal(session)
        if into_uid:
            if wanted:
                raise invalid("values", "移入已有检查时不能同时更正属性。")
            into = study_by_uid(session, into_uid)
            if into.id == study.id:
                raise invalid("into_study_uid", "这些序列已经属于该检查。")
        else:
            if len(series) == study.series_count:
                raise invalid("series_uids", "不能拆出全部序列；要更正整个检查，请用属性更正。")
            into = self._new_study(session, journal, study, wanted, by)
        changes = events.changes_of(
            {**identity.identity_of(study), rules.STUDY_UID: study.uid},
            {**identity.identity_of(into), rules.STUDY_UID: into.uid},
        )
        source_uid = study.uid
        self._move(uow, journal, by, series, study, into)
        if not into_uid:
            self._match_again(uow, journal, into)
        event = events.record(
            session,
            kind="move_series" if into_uid else "split_series",
            by=by,
            reason=reason,
            studies=[source_uid, into.uid],
            changes=changes,
            sentence=f"把 {len(series)} 个序列{'移入另一检查' if into_uid else '拆成新的检查'}。",
            journal=journal.packed(),
        )
        return events.view(session, event)

    def move_instances(
        self, uow: UnitOfWork, by: str, instance_uids: Sequence[str], into_uid: str, reason: str
    ) -> CorrectionView:
        """Move instances of one series into a new series of a study. Raises Refusal."""
        session = uow.session
        reason = events.checked_reason(reason)
        if not 0 < len(instance_uids) <= MAX_INSTANCES:
            raise invalid("instance_uids", f"请选择 1 到 {MAX_INSTANCES} 幅图像。")
        rows = session.execute(select(Instance).where(Instance.uid.in_(set(instance_uids)))).scalars().all()
        if len(rows) != len(set(instance_uids)):
            raise not_found("部分图像")
        if len({row.series_pk for row in rows}) != 1:
            raise invalid("instance_uids", "请只选择同一序列中的图像。")
        source = session.get_one(Series, rows[0].series_pk)
        if source.instance_count == len(rows):
            raise invalid("instance_uids", "选中了整个序列，请移动序列。")
        study, into = session.get_one(Study, source.study_pk), study_by_uid(session, into_uid)
        journal = Journal(session)
        made = self._copied_series(session, journal, source, by)
        self._keep_examined(uow, study)
        journal.move_instances([row.id for row in rows], source.id, made.id)
        if into.id != study.id:
            identity.put_into_study(journal, made, into, _mark())
        self._after_move(uow, journal, by, study, into)
        event = events.record(
            session,
            kind="move_instances",
            by=by,
            reason=reason,
            studies=[study.uid, into.uid],
            changes=events.changes_of(
                {rules.STUDY_UID: study.uid, rules.SERIES_UID: source.uid},
                {rules.STUDY_UID: into.uid, rules.SERIES_UID: made.uid},
            ),
            sentence=f"把 {len(rows)} 幅图像移入新的序列。",
            journal=journal.packed(),
        )
        return events.view(session, event)

    def _move(
        self, uow: UnitOfWork, journal: Journal, by: str, series: Sequence[Series], study: Study, into: Study
    ) -> None:
        self._keep_examined(uow, study)
        mark = _mark()
        for one in series:
            identity.put_into_study(journal, one, into, mark)
        self._after_move(uow, journal, by, study, into)

    def _after_move(self, uow: UnitOfWork, journal: Journal, by: str, study: Study, into: Study) -> None:
        """Count anew, mark what may refer to the moved, tell exams; a study without series goes."""
        session = uow.session
        session.flush()
        self._mark_referring(session, journal, {study.patient_id, into.patient_id}, {study.id, into.id}, by)
        epoch.bump(session)
        for one in dict.fromkeys((study, into)):
            session.flush()
            recount(session, one.id)
            session.refresh(one)
            one.changed_at = datetime.now(UTC)  # copies elsewhere hold other files than the study now
            uow.publish(Changed("study", one.id, one.version))
            if one.series_count:
                if one.exam_id is not None:
                    self._exams.images_arrived(uow, one.exam_id, one.uid, one.series_count, one.instance_count)
                continue
            patient_id = one.image_patient_id
            if one.exam_id is not None:
                self._exams.images_withdrawn(uow, one.exam_id, one.uid)
            journal.delete(one)
            if session.execute(select(Study.id).where(Study.image_patient_id == patient_id).limit(1)).first() is None:
                journal.delete(session.get_one(ImagePatient, patient_id))

    def _keep_examined(self, uow: UnitOfWork, study: Study) -> None:
        """Refuse to take images from an approved report: it would lose what it speaks of."""
        if study.exam_id is not None:
            self._exams.images_withdrawn(uow, study.exam_id, study.uid)
            self._exams.images_arrived(uow, study.exam_id, study.uid, study.series_count, study.instance_count)

    def _mark_referring(
        self, session: Session, journal: Journal, patients: Collection[str], studies: Collection[int], by: str
    ) -> None:
        named = {one for one in patients if one}
        of_patients = select(Study.id).where(or_(Study.patient_id.in_(named), Study.id.in_(studies)))
        statement = (
            select(Series.id, Instance.sop_class_uid)
            .join(Instance, Instance.series_pk == Series.id)
            .where(Series.study_pk.in_(of_patients))
            .distinct()
        )
        ids = {series_id for series_id, sop_class in session.execute(statement) if may_refer(sop_class)}
        for series in session.execute(select(Series).where(Series.id.in_(ids))).scalars() if ids else ():
            identity.mark_referring(journal, series, datetime.now(UTC), by)

    def _new_study(self, session: Session, journal: Journal, study: Study, values: Mapping[int, str], by: str) -> Study:
        """A study like another one, with its own UID and no exam yet."""
        from sqlalchemy import inspect

        columns = {column.key: getattr(study, column.key) for column in inspect(Study).column_attrs}
        del columns["id"]
        now = datetime.now(UTC)
        columns |= {
            "uid": new_uid(),
            "version": 1,
            "match_state": MatchState.PENDING,
            "exam_id": None,
            "why_unmatched": "",
            "correction": None,
            "completeness": "unknown",
            "missing_count": 0,
            "changed_at": now,
        }
        made = Study(**columns)
        session.add(made)
        session.flush()
        journal.created(made)
        if values:
            identity.put_on_study(journal, session, made, values, _mark())
        return made

    def _copied_series(self, session: Session, journal: Journal, source: Series, by: str) -> Series:
        from sqlalchemy import inspect

        columns = {column.key: getattr(source, column.key) for column in inspect(Series).column_attrs}
        del columns["id"]
        made = Series(**{**columns, "uid": new_uid(), "instance_count": 0})
        overlay = {**rules.unpacked(source.correction), rules.SERIES_UID: made.uid, **_mark()}
        made.correction = rules.packed(overlay)
        session.add(made)
        session.flush()
        journal.created(made)
        return made

    # taking back

    def undo(self, uow: UnitOfWork, by: str, event_id: int, reason: str) -> CorrectionView:
        """Take an event back. Raises Refusal."""
        session = uow.session
        reason = events.checked_reason(reason)
        event = session.get(CorrectionEvent, event_id, with_for_update=True)
        if event is None:
            raise not_found("该更正")
        if event.undone_at is not None or event.kind == "undo":
            raise illegal_action("undone", "该更正已经撤销。")
        later = events.rests_on(session, event)
        if later is not None:
            raise illegal_action("later", f"之后还有更正（编号 {later}），请先撤销它。")
        uids = events.studies_of(session, event.id)
        for study in self._present(session, uids):
            self._keep_examined(uow, study)
        session.flush()
        journals.undo(session, event.journal)
        self._forget_redirects(session, event)
        for entry in self._binned(event):
            self.recycle_bin.restore(uow, entry)
        epoch.bump(session)
        self._settle_after_undo(uow, uids)
        event.undone_at, event.undone_by, event.undo_reason = datetime.now(UTC), by[:64], reason
        events.record(
            session,
            kind="undo",
            by=by,
            reason=reason,
            studies=uids,
            changes=[[keyword, after, before] for keyword, before, after in event.changes],
            sentence=f"撤销了编号 {event.id} 的更正。",
            journal=msgspec.msgpack.encode([]),
        )
        return events.view(session, event)

    def _forget_redirects(self, session: Session, event: CorrectionEvent) -> None:
        redirect = session.execute(select(StudyRedirect).where(StudyRedirect.event_id == event.id)).scalar_one_or_none()
        if redirect is not None:
            self._bring_back(session, redirect)
            session.delete(redirect)
        session.execute(delete(PatientRedirect).where(PatientRedirect.event_id == event.id))
        session.execute(delete(RejectedInstance).where(RejectedInstance.event_id == event.id))
        session.flush()

    def _bring_back(self, session: Session, redirect: StudyRedirect) -> None:
        """Series that came for the merged study after the merge go to it, too."""
        study = session.execute(select(Study.id).where(Study.uid == redirect.uid)).scalar_one_or_none()
        came = select(RedirectedSeries.series_uid).where(RedirectedSeries.event_id == redirect.event_id)
        if study is not None:
            for series in session.execute(select(Series).where(Series.uid.in_(came))).scalars():
                kept = {
                    tag: value
                    for tag, value in rules.unpacked(series.correction).items()
                    if tag not in rules.STUDY_COLUMNS and tag != rules.STUDY_UID
                }
                series.study_pk, series.correction = study, rules.packed(kept)
        session.flush()
        session.execute(delete(RedirectedSeries).where(RedirectedSeries.event_id == redirect.event_id))

    def _settle_after_undo(self, uow: UnitOfWork, uids: Sequence[str]) -> None:
        session = uow.session
        for study in self._present(session, uids):
            recount(session, study.id)
            session.refresh(study)
            study.changed_at = datetime.now(UTC)
            if not study.series_count:
                session.execute(delete(Study).where(Study.id == study.id))
                continue
            self._match_again(uow, None, study)
            uow.publish(Changed("study", study.id, study.version))

    def _present(self, session: Session, uids: Sequence[str]) -> list[Study]:
        return list(session.execute(select(Study).where(Study.uid.in_(uids)).order_by(Study.id)).scalars())

    @staticmethod
    def _binned(event: CorrectionEvent) -> list[int]:
        entries: list[dict[str, Any]] = msgspec.msgpack.decode(event.journal)
        return [entry["entry"] for entry in entries if entry["do"] == "binned"]

    # what all of them need

    def _match_again(self, uow: UnitOfWork, journal: Journal | None, study: Study) -> None:
        """A study whose accession number or patient changed looks for its exam anew, unless a person chose it."""
        if study.exam_id is not None:
            self._exams.images_arrived(uow, study.exam_id, study.uid, study.series_count, study.instance_count)
        if study.match_state not in (*AUTOMATIC, MatchState.MATCHED):
            return
        found = self._exams.match(uow, study.accession, study.uid, study.patient_id)
        if found == study.exam_id:
            return
        if study.exam_id is not None:
            self._exams.images_withdrawn(uow, study.exam_id, study.uid)
        values = {
            "exam_id": found,
            "match_state": MatchState.UNMATCHED if found is None else MatchState.MATCHED,
            "why_unmatched": "更正后的检查号和患者编号没有对应的检查，请核对。" if found is None else "",
        }
        uow.session.execute(update(Study).where(Study.id == study.id).values(**values))
        uow.session.refresh(study)
        if found is not None:
            self._exams.images_arrived(uow, found, study.uid, study.series_count, study.instance_count)

    def _series(self, session: Session, uids: Sequence[str]) -> list[Series]:
        wanted = list(dict.fromkeys(uids))
        if not 0 < len(wanted) <= MAX_SERIES:
            raise invalid("series_uids", f"请选择 1 到 {MAX_SERIES} 个序列。")
        found = session.execute(select(Series).where(Series.uid.in_(wanted)).with_for_update()).scalars().all()
        if len(found) != len(wanted):
            raise not_found("部分序列")
        return list(found)

    def _one_study(self, session: Session, series: Sequence[Series]) -> Study:
        if len({one.study_pk for one in series}) != 1:
            raise invalid("series_uids", "请只选择同一检查中的序列。")
        return session.get_one(Study, series[0].study_pk, with_for_update=True)


def _mark() -> rules.Values:
    return rules.marked({}, datetime.now(UTC), "")


def _checked(values: Sequence[TagValue], table: Mapping[str, rules.Correctable]) -> dict[int, str]:
    if not values:
        raise invalid("values", "请填写要更正的内容。")
    found: dict[int, str] = {}
    for one in values:
        value = one.value.strip()
        fault = rules.fault_of(one.keyword, value, table)
        if fault is not None:
            raise invalid(one.keyword[:64], fault)
        found[table[one.keyword].tag] = value
    return found
