"""What awaits images that come in: merged studies and patients, and coercion by sender; implements ports.Placement."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from server.archive.corrections import events, identity, rules
from server.archive.corrections.journal import Journal
from server.archive.corrections.tables import (
    PatientRedirect,
    RedirectedSeries,
    StudyRedirect,
)
from server.archive.ports import NewSeries
from server.archive.tables import Series, Study
from shared.dicomkit.charsets import decode_text

Coercion = Callable[[Session, str, Mapping[int, str]], tuple[str, dict[int, str]]]
"""(session, sender, present values by tag) → the name of the rule and the new values; none when no rule fits."""

_MAX_REDIRECTS = 20
_BELIEVED_S = 1.0  # how long the rules of coercion are believed without asking


class CachedCoercion:
    """Asks `load` for the rules at most every second: the indexer asks for each new series."""

    def __init__(self, load: Callable[[Session], Coercion | None]) -> None:
        self._load = load
        self._at = -_BELIEVED_S
        self._present: Coercion | None = None

    def has_rules(self, session: Session) -> bool:
        """Whether there is anything to do."""
        now = time.monotonic()
        if now - self._at >= _BELIEVED_S:
            self._present = self._load(session)
            self._at = now
        return self._present is not None

    def __call__(self, session: Session, calling_ae: str, present: Mapping[int, str]) -> tuple[str, dict[int, str]]:
        return self._present(session, calling_ae, present) if self.has_rules(session) and self._present else ("", {})


class CorrectionPlacement:
    """Used by the indexer's thread, in its transaction; nearly free where nothing was merged and no rule is set."""

    def __init__(self, coercion: CachedCoercion | None = None) -> None:
        self._coercion = coercion
        self._merged_studies: bool | None = None  # None: to be looked up
        self._merged_patients: bool | None = None
        self._is_redirected = False  # the study that was asked for last

    def forget(self) -> None:
        """Something was merged or taken back (server.archive.epoch)."""
        self._merged_studies = self._merged_patients = None

    def study_uid(self, session: Session, uid: str) -> str:
        """Follow the merges of a study."""
        self._is_redirected = False
        if self._merged_studies is None:
            self._merged_studies = session.execute(select(StudyRedirect.uid).limit(1)).first() is not None
        if not self._merged_studies:
            return uid
        for _ in range(_MAX_REDIRECTS):
            statement = select(StudyRedirect.target_uid).where(StudyRedirect.uid == uid)
            target = session.execute(statement).scalar_one_or_none()
            if target is None:
                return uid
            self._is_redirected = True
            uid = target
        return uid

    def placed(self, session: Session, new: NewSeries) -> None:
        """Merged study: the series takes the identity of the other. Merged patient: so does a new study."""
        if self._merged_patients is None:
            self._merged_patients = session.execute(select(PatientRedirect.identity).limit(1)).first() is not None
        may_follow = new.is_new_study and self._merged_patients
        coerces = self._coercion is not None and self._coercion.has_rules(session)
        if not (self._is_redirected or may_follow or coerces):
            return
        study = session.get_one(Study, new.study_id, populate_existing=True)
        series = session.get_one(Series, new.series_id, populate_existing=True)
        now = datetime.now(UTC)
        if self._is_redirected:
            came_for = _text(new.tags, rules.STUDY_UID)
            identity.put_into_study(Journal(session), series, study, rules.marked({}, now, new.calling_ae))
            event = session.execute(select(StudyRedirect.event_id).where(StudyRedirect.uid == came_for)).scalar_one()
            session.execute(insert(RedirectedSeries).values(series_uid=series.uid, event_id=event))
        elif may_follow:
            self._merged_patient(session, study, new, now)
        if coerces:
            self._coerce(session, study, series, new, now)
        session.flush()

    def _merged_patient(self, session: Session, study: Study, new: NewSeries, now: datetime) -> None:
        before = identity.patient_of(study)
        journal = Journal(session)
        for _ in range(_MAX_REDIRECTS):
            key = f"{study.patient_id}\n{study.issuer}"
            statement = select(PatientRedirect.correction).where(PatientRedirect.identity == key)
            blob = session.execute(statement).scalar_one_or_none()
            if blob is None:
                break
            values = {tag: value or "" for tag, value in rules.unmarked(rules.unpacked(blob)).items()}
            identity.put_on_study(journal, session, study, values, rules.marked({}, now, new.calling_ae))
        after = identity.patient_of(study)
        if before != after:
            reason = f"患者 {before[0x00100020]} 已合并到患者 {after[0x00100020]}"
            self._note(session, journal, study, reason, events.changes_of(before, after), now)

    def _coerce(self, session: Session, study: Study, series: Series, new: NewSeries, now: datetime) -> None:
        assert self._coercion is not None
        present = {tag: str(getattr(series, column) or "") for tag, column in rules.SERIES_COLUMNS.items()}
        present |= {**identity.identity_of(study), 0x00080060: series.modality}
        name, wanted = self._coercion(session, new.calling_ae, present)
        changed = {tag: value for tag, value in wanted.items() if present.get(tag, "") != value}
        journal = Journal(session)
        mark = rules.marked({}, now, new.calling_ae, reason="COERCE")
        # the study's identity is that of its first images: a later series does not change it
        of_study = {tag: value for tag, value in changed.items() if tag in rules.STUDY_COLUMNS and new.is_new_study}
        of_series = {tag: value for tag, value in changed.items() if tag in rules.SERIES_COLUMNS}
        if of_study:
            identity.put_on_study(journal, session, study, of_study, mark)
        if of_series:
            identity.put_on_series(journal, series, of_series, mark)
        after = of_study | of_series
        if after:
            changes = events.changes_of({tag: present.get(tag, "") for tag in after}, after)
            self._note(session, journal, study, f"规则“{name[:64]}”", changes, now)

    def _note(
        self,
        session: Session,
        journal: Journal,
        study: Study,
        reason: str,
        changes: list[list[str | None]],
        now: datetime,
    ) -> None:
        events.record(
            session,
            kind="coerce",
            by="system",
            reason=reason,
            studies=[study.uid],
            changes=changes,
            sentence="收到影像时自动修改了属性，原始文件未变。",
            journal=journal.packed(),
            at=now,
        )


def _text(tags: Mapping[int, bytes], tag: int) -> str:
    return decode_text(tags.get(tag, b""), tags.get(0x00080005, b"")).strip()
