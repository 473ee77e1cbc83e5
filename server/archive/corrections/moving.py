"""Use cases that move series and instances between studies, and merge studies."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime

from sqlalchemy import inspect, or_, select
from sqlalchemy.orm import Session

from server.archive import epoch
from server.archive.corrections import events, identity, rules
from server.archive.corrections.events import checked_values
from server.archive.corrections.exam_link import ExamLink
from server.archive.corrections.journal import Journal
from server.archive.corrections.references import may_refer
from server.archive.corrections.tables import StudyRedirect
from server.archive.keeping.recount import recount
from server.archive.matching import study_by_uid
from server.archive.ports import ExamMatcher
from server.archive.rules import MatchState
from server.archive.tables import ImagePatient, Instance, Series, Study
from server.kernel.database import UnitOfWork
from server.kernel.errors import invalid, not_found
from shared.contract.base import Changed
from shared.contract.corrections import CorrectionView, TagValue
from shared.dicomkit.uids import new_uid

MAX_SERIES = 500
MAX_INSTANCES = 5000


class Moving:
    """Works in the caller's unit of work and never commits."""

    def __init__(self, exams: ExamMatcher) -> None:
        self._exams = exams
        self._link = ExamLink(exams)

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
        wanted = checked_values(values, rules.STUDY) if values else {}
        series = series_named(session, series_uids)
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
            self._link.match_again(uow, into)
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
        self._link.keep_examined(uow, study)
        journal.move_instances([row.id for row in rows], source.id, made.id)
        if into.id != study.id:
            identity.put_into_study(journal, made, into, rules.mark_now())
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
        self._link.keep_examined(uow, study)
        mark = rules.mark_now()
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
            identity.put_on_study(journal, session, made, values, rules.mark_now())
        return made

    def _copied_series(self, session: Session, journal: Journal, source: Series, by: str) -> Series:
        columns = {column.key: getattr(source, column.key) for column in inspect(Series).column_attrs}
        del columns["id"]
        made = Series(**{**columns, "uid": new_uid(), "instance_count": 0})
        overlay = {**rules.unpacked(source.correction), rules.SERIES_UID: made.uid, **rules.mark_now()}
        made.correction = rules.packed(overlay)
        session.add(made)
        session.flush()
        journal.created(made)
        return made

    def _one_study(self, session: Session, series: Sequence[Series]) -> Study:
        if len({one.study_pk for one in series}) != 1:
            raise invalid("series_uids", "请只选择同一检查中的序列。")
        return session.get_one(Study, series[0].study_pk, with_for_update=True)


def series_named(session: Session, uids: Sequence[str]) -> list[Series]:
    """The series with these UIDs, locked. Raises Refusal."""
    wanted = list(dict.fromkeys(uids))
    if not 0 < len(wanted) <= MAX_SERIES:
        raise invalid("series_uids", f"请选择 1 到 {MAX_SERIES} 个序列。")
    found = session.execute(select(Series).where(Series.uid.in_(wanted)).with_for_update()).scalars().all()
    if len(found) != len(wanted):
        raise not_found("部分序列")
    return list(found)
