"""受理 and 申请记录, and the view of one request; works in the caller's unit of work."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, case, false, func, or_, select, true

from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import invalid
from server.remote import rules
from server.remote.desk import Desk
from server.remote.limits import Limits
from server.remote.tables import RemoteLogRow, RemoteRequestRow, RemoteTextRow
from server.remote.writing import content_of
from shared.contract.base import Page
from shared.contract.remote import (
    OpinionContent,
    OpinionText,
    PriorExam,
    RemoteFilter,
    RemoteLine,
    RemoteList,
    RemotePolicy,
    RemoteRow,
    RemoteView,
)
from shared.domain.remote import RUNNING, RemoteKind, RemoteState, RemoteUrgency
from shared.domain.states import Sex

_ROW = RemoteRequestRow
_MOST = 500
_PENDING = RemoteState.PENDING.value


class Lists:
    """Finds and shows requests."""

    def __init__(self, desk: Desk, limits: Limits) -> None:
        self._desk = desk
        self._limits = limits

    # ── lists ────────────────────────────────────────────────────────────────────────────────────────

    def incoming(
        self, uow: UnitOfWork, caller: Caller, wanted: RemoteFilter, page: Page, *, most: int = _MOST
    ) -> RemoteList:
        """受理: waiting ones first, by urgency and waiting time; then those under way; then the newest."""
        teams = sorted(self._desk.teams.of_user(uow, caller.user_id))
        mine = or_(_ROW.team_id.in_(teams), _ROW.holder_id == caller.user_id)
        scope = or_(mine, _ROW.to_campus_id.in_(sorted(caller.campus_ids))) if caller.campus_ids else true()
        waiting = _ROW.state == _PENDING
        running = _ROW.state.in_([one.value for one in RUNNING])
        order = (
            case((waiting, 0), (running, 1), else_=2),
            case((running, _ROW.urgency_rank), else_=0),
            case((waiting, _ROW.applied_at), else_=None),
            _ROW.applied_at.desc(),
            _ROW.id.desc(),
        )
        mine = or_(_ROW.holder_id == caller.user_id, _ROW.auditor_id == caller.user_id)
        return self._listed(uow, caller, wanted, page, scope, order, mine, most)

    def outgoing(
        self, uow: UnitOfWork, caller: Caller, wanted: RemoteFilter, page: Page, *, most: int = _MOST
    ) -> RemoteList:
        """申请记录: published and not yet confirmed first, then the newest."""
        scope = _ROW.from_campus_id.in_(sorted(caller.campus_ids)) if caller.campus_ids else true()
        first = case((_ROW.state == RemoteState.APPROVED.value, 0), else_=1)
        order = (first, _ROW.applied_at.desc(), _ROW.id.desc())
        return self._listed(uow, caller, wanted, page, scope, order, _ROW.applicant_id == caller.user_id, most)

    def _listed(
        self,
        uow: UnitOfWork,
        caller: Caller,
        wanted: RemoteFilter,
        page: Page,
        scope: ColumnElement[bool],
        order: Sequence[Any],
        mine: ColumnElement[bool],
        most: int,
    ) -> RemoteList:
        if not 1 <= page.limit <= most or page.offset < 0:
            raise invalid("page", f"每页 1 到 {most} 行，起始行不能为负。")
        conditions = [scope, *self._conditions(wanted)]
        if wanted.mine:
            conditions.append(mine)
        counted = select(_ROW.state, func.count()).where(*conditions).group_by(_ROW.state)
        counts = {str(state): int(number) for state, number in uow.session.execute(counted)}
        policy = self._limits.policy(uow)
        late = select(func.count()).select_from(_ROW).where(*conditions, self._overdue(policy))
        chosen = {one.value for one in wanted.states}
        if chosen:
            conditions.append(_ROW.state.in_(sorted(chosen)))
        found = uow.session.scalars(
            select(_ROW).where(*conditions).order_by(*order).offset(min(page.offset, 10**9)).limit(page.limit)
        )
        return RemoteList(
            total=sum(number for state, number in counts.items() if not chosen or state in chosen),
            rows=self.rows(uow, caller, list(found), policy),
            counts=counts,
            overdue=uow.session.scalar(late) or 0,
        )

    def _conditions(self, wanted: RemoteFilter) -> list[ColumnElement[bool]]:
        found: list[ColumnElement[bool]] = []
        if wanted.kinds:
            found.append(_ROW.kind.in_([one.value for one in wanted.kinds]))
        if wanted.urgency is not None:
            found.append(_ROW.urgency == wanted.urgency.value)
        if wanted.patient_name.strip():
            found.append(_ROW.patient_name.contains(wanted.patient_name.strip()[:60], autoescape=True))
        if wanted.number.strip():
            number = wanted.number.strip()[:64]
            found.append(or_(_ROW.accession_number == number.upper(), _ROW.patient_number == number))
        if wanted.team_id:
            found.append(_ROW.team_id == wanted.team_id)
        if wanted.first is not None and wanted.last is not None and wanted.first > wanted.last:
            raise invalid("first", "开始日期不能晚于结束日期。")
        if wanted.first is not None:
            found.append(_ROW.applied_at >= self._desk.time.day_bounds(wanted.first)[0])
        if wanted.last is not None:
            found.append(_ROW.applied_at < self._desk.time.day_bounds(wanted.last)[1])
        return found

    def _overdue(self, policy: RemotePolicy) -> ColumnElement[bool]:
        now = self._desk.time.now()
        late: list[ColumnElement[bool]] = [false()]
        for urgency in RemoteUrgency:
            for state in RUNNING:
                minutes = rules.limit_minutes(policy, urgency, state)
                if minutes:
                    since = now - timedelta(minutes=minutes)
                    late.append(and_(_ROW.state == state.value, _ROW.urgency == urgency.value, _ROW.applied_at < since))
        return or_(*late)

    # ── views ────────────────────────────────────────────────────────────────────────────────────────

    def rows(
        self, uow: UnitOfWork, caller: Caller, rows: Sequence[RemoteRequestRow], policy: RemotePolicy | None = None
    ) -> tuple[RemoteRow, ...]:
        """Return requests as lists show them."""
        policy = self._limits.policy(uow) if policy is None else policy
        campuses = {one for row in rows for one in (row.to_campus_id, row.from_campus_id)}
        names = {one: self._desk.hospitals.name(uow, one) for one in campuses}
        teams = self._desk.teams.of_user(uow, caller.user_id)
        return tuple(self._row(row, self._desk.standing(uow, caller, row, teams), policy, names) for row in rows)

    def _row(
        self, row: RemoteRequestRow, standing: rules.Standing, policy: RemotePolicy, names: dict[int, str]
    ) -> RemoteRow:
        state, urgency = RemoteState(row.state), RemoteUrgency(row.urgency)
        stopped = row.published_at or row.ended_at
        sees = standing.is_asking_side or rules.sees_images(standing)
        return RemoteRow(
            id=row.id,
            version=row.version,
            kind=RemoteKind(row.kind),
            state=state,
            exam_id=row.exam_id,
            report_id=row.report_id,
            accession_number=row.accession_number,
            patient_number=row.patient_number,
            patient_name=row.patient_name,
            sex=Sex(row.sex),
            age=row.age,
            exam_type=row.exam_type,
            items=row.items,
            examined_at=row.examined_at,
            urgency=urgency,
            team_id=row.team_id,
            team=row.team,
            to_campus_id=row.to_campus_id,
            to_hospital=names[row.to_campus_id],
            from_campus_id=row.from_campus_id,
            from_hospital=names[row.from_campus_id],
            applicant_id=row.applicant_id,
            applicant=row.applicant,
            phone=row.phone,
            applied_at=row.applied_at,
            body_part=row.body_part,
            scan=row.scan,
            holder_id=row.holder_id,
            holder=row.holder,
            accepted_at=row.accepted_at,
            auditor=row.auditor,
            published_at=row.published_at,
            published_by=row.published_by,
            confirmed_at=row.confirmed_at,
            confirmed_by=row.confirmed_by,
            adjusted_at=row.adjusted_at,
            is_critical=row.is_critical,
            reason=row.reason,
            study_uids=tuple(row.study_uids.split()) if sees else (),
            image_count=row.image_count,
            clock=rules.clock(policy, urgency, state, row.applied_at, stopped, self._desk.time.now()),
            is_asking_side=standing.is_asking_side,
            allowed=rules.allowed(standing),
        )

    def view(self, uow: UnitOfWork, caller: Caller, row: RemoteRequestRow) -> RemoteView:
        """Return one request as opened."""
        shown = self.rows(uow, caller, [row])[0]
        standing = self._desk.standing(uow, caller, row)
        within = not standing.is_asking_side
        texts = self._texts(uow, row, published_only=not within)
        wanted = row.text_number if within else row.published_number
        present = uow.session.get(RemoteTextRow, (row.id, wanted)) if wanted else None
        return RemoteView(
            row=shown,
            history=row.history,
            clinical_diagnosis=row.clinical_diagnosis,
            question=row.question,
            first_findings=row.first_findings,
            first_impression=row.first_impression,
            content=OpinionContent() if present is None else content_of(present),
            texts=texts,
            lines=self._lines(uow, row),
            priors=self._priors(uow, row) if shown.study_uids else (),
            two_level=row.two_level,
        )

    def _priors(self, uow: UnitOfWork, row: RemoteRequestRow) -> tuple[PriorExam, ...]:
        wanted = {int(one) for one in row.prior_exam_ids.split()}
        if not wanted:
            return ()
        return tuple(one for one in self._desk.reports.priors(uow, row.exam_id) if one.exam_id in wanted)

    @staticmethod
    def _texts(uow: UnitOfWork, row: RemoteRequestRow, *, published_only: bool) -> tuple[OpinionText, ...]:
        found = select(RemoteTextRow).where(RemoteTextRow.request_id == row.id).order_by(RemoteTextRow.number)
        return tuple(
            OpinionText(
                number=one.number,
                at=one.at,
                by=one.by,
                content=content_of(one),
                is_automatic=one.is_automatic,
                is_published=one.is_published,
            )
            for one in uow.session.scalars(found)
            if one.is_published or not published_only
        )

    def _lines(self, uow: UnitOfWork, row: RemoteRequestRow) -> tuple[RemoteLine, ...]:
        found = select(RemoteLogRow).where(RemoteLogRow.request_id == row.id).order_by(RemoteLogRow.id).limit(_MOST)
        here, there = (self._desk.hospitals.name(uow, one) for one in (row.from_campus_id, row.to_campus_id))
        return tuple(
            RemoteLine(
                at=one.at,
                by=one.by,
                hospital=here if one.is_asking_side else there,
                action=one.action,
                state=one.state,
                note=one.note,
            )
            for one in uow.session.scalars(found)
        )

    def of_exam(self, uow: UnitOfWork, caller: Caller, exam_id: int) -> tuple[RemoteView, ...]:
        """Return the requests of an exam, newest first."""
        found = select(_ROW).where(_ROW.exam_id == exam_id).order_by(_ROW.id.desc()).limit(50)
        return tuple(self.view(uow, caller, one) for one in uow.session.scalars(found))
