"""Use cases of corrections: attributes, merging, moving, and taking back; rejecting has a module of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import select

from server.archive import epoch
from server.archive.corrections import events, identity, rules
from server.archive.corrections.events import checked_values
from server.archive.corrections.journal import Journal
from server.archive.corrections.moving import Moving, series_named
from server.archive.corrections.ports import NoRecycleBin, RecycleBin
from server.archive.corrections.tables import (
    CorrectionEvent,
    PatientRedirect,
)
from server.archive.corrections.undoing import Undoing
from server.archive.matching import study_by_uid
from server.archive.ports import ExamMatcher
from server.archive.tables import ImagePatient, Study
from server.kernel.database import UnitOfWork
from server.kernel.errors import illegal_action, invalid, not_found
from shared.contract.base import Changed, Page
from shared.contract.corrections import CorrectionList, CorrectionView, TagValue

MAX_STUDIES = 2000


class CorrectionService(Moving, Undoing):
    """Works in the caller's unit of work and never commits; files are never touched."""

    def __init__(self, exams: ExamMatcher, recycle_bin: RecycleBin | None = None) -> None:
        Moving.__init__(self, exams)
        Undoing.__init__(self, exams, recycle_bin or NoRecycleBin())

    def list_events(self, uow: UnitOfWork, study_uid: str, page: Page) -> CorrectionList:
        """The history of a study, or of all."""
        return events.listed(uow.session, study_uid, page)

    # attributes

    def correct_study(
        self, uow: UnitOfWork, by: str, study_uid: str, version: int, values: Sequence[TagValue], reason: str
    ) -> CorrectionView:
        """Correct patient and study attributes. Raises Refusal."""
        reason = events.checked_reason(reason)
        wanted = checked_values(values, rules.STUDY)
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
        identity.put_on_study(journal, uow.session, study, changed, rules.mark_now())
        self._link.match_again(uow, study)
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
        wanted = checked_values(values, rules.SERIES)
        (series,) = series_named(uow.session, [series_uid])
        study = uow.session.get_one(Study, series.study_pk)
        before = {tag: str(getattr(series, column) or "") for tag, column in rules.SERIES_COLUMNS.items()}
        changed = {tag: value for tag, value in wanted.items() if before[tag] != value}
        if not changed:
            raise invalid("values", "更正后的内容与现有内容相同，请填写要更正的值。")
        journal = Journal(uow.session)
        identity.put_on_series(journal, series, changed, rules.mark_now())
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
        mark = rules.mark_now()
        for study in studies:
            identity.put_on_study(journal, session, study, values, mark)
            self._link.match_again(uow, study)
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
        epoch.bump(session)  # the indexer knows whether anybody was merged
        session.add(
            PatientRedirect(
                identity="\n".join(source), correction=rules.packed({**values, **mark}) or b"", event_id=event.id
            )
        )
        session.flush()
        return events.view(session, event)
