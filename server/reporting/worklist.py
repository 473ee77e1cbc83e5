"""The diagnosis list: filters, order, counts per state; and the saved queries of an account."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import timedelta

import msgspec
from sqlalchemy import ColumnElement, and_, func, not_, or_, select, update

from server.kernel.clock import HospitalTime
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import invalid, not_found
from server.reporting import rules
from server.reporting.clocks import OPEN_STATES
from server.reporting.ports import ImageStates
from server.reporting.settings import ReportingSettings
from server.reporting.tables import Report, SavedQuery
from shared.contract.base import Page
from shared.contract.reporting import (
    ReportClock,
    ReportFilter,
    ReportList,
    ReportOrder,
    ReportRow,
    SavedQueryView,
    Scan,
)
from shared.domain.states import ExamState, PatientType, ReportState, Sex, VisitKind

_MOST_ROWS = 500
_ORDERS = {
    ReportOrder.EXAMINED: Report.examined_at,
    ReportOrder.PRINTED: Report.printed_at,
    ReportOrder.DUE: Report.due_at,
}
_CONTRAST_WORDS = ("增强", "造影", "CTA", "CTV", "CTU", "CTP", "灌注")


class Worklist:
    """Lists reports for a caller and keeps the caller's saved queries."""

    def __init__(self, time: HospitalTime, settings: ReportingSettings, images: ImageStates | None = None) -> None:
        self._time = time
        self._settings = settings
        self._images = images

    def page(
        self,
        uow: UnitOfWork,
        caller: Caller,
        conditions: ReportFilter,
        page: Page,
        order: ReportOrder = ReportOrder.URGENCY,
        *,
        descending: bool = False,
    ) -> ReportList:
        """Return one page: emergency first, then VIP, then the oldest exam (or as `order` says), and counts per state.

        The page is fetched priority by priority, so that the index delivers the order and nothing is sorted.
        """
        if not 1 <= page.limit <= _MOST_ROWS or page.offset < 0:
            raise invalid("page", f"每页 1 到 {_MOST_ROWS} 行，起始行不能为负。")
        numbers = list(_exact_numbers(conditions))
        where = [*numbers, *self._conditions(conditions), *self._of_caller(conditions, caller)]
        if caller.room_ids is not None:
            where.append(Report.room_id.in_(caller.room_ids))
        # The sum keeps a filtered count off the small index of all counts, which would fetch every row.
        kind = Report.priority + 0 if where else Report.priority
        counted = select(kind, Report.state, func.count()).where(*where).group_by(kind, Report.state)
        if where and not numbers:  # lets the index seek the days within each priority
            counted = counted.where(Report.priority.in_((0, 1, 2)))
        grouped = uow.session.execute(counted).all()
        chosen = {str(state) for state in (conditions.states or tuple(ReportState))}
        per_priority = [0, 0, 0]
        counts = {str(state): 0 for state in ReportState}
        for priority, state, count in grouped:
            counts[state] += count
            if state in chosen:
                per_priority[priority] += count
        if len(chosen) < len(ReportState):
            where.append(Report.state.in_(sorted(chosen)))
        if order is not ReportOrder.URGENCY:
            ids = self._ids_by(uow, where, page, order, descending=descending)
        elif numbers:
            ids = self._few_ids(uow, where, page)
        else:
            ids = self._ordered_ids(uow, where, page, per_priority)
        found = {row.id: row for row in uow.session.scalars(select(Report).where(Report.id.in_(ids)))}
        images = self.images_of(uow, found.values())
        rows = tuple(self.row(found[report_id], caller, images[report_id]) for report_id in ids)
        return ReportList(total=sum(per_priority), rows=rows, counts=counts)

    @staticmethod
    def _ordered_ids(
        uow: UnitOfWork, where: list[ColumnElement[bool]], page: Page, per_priority: list[int]
    ) -> list[int]:
        ids: list[int] = []
        offset = page.offset
        for priority, there in enumerate(per_priority):
            if there > offset and len(ids) < page.limit:
                statement = select(Report.id).where(Report.priority == priority, *where)
                statement = statement.order_by(Report.examined_at, Report.id).offset(offset)
                ids += uow.session.scalars(statement.limit(page.limit - len(ids)))
            offset = max(0, offset - there)
        return ids

    @staticmethod
    def _ids_by(
        uow: UnitOfWork, where: list[ColumnElement[bool]], page: Page, order: ReportOrder, *, descending: bool
    ) -> list[int]:
        column = _ORDERS[order]
        first = column.desc().nulls_last() if descending else column.asc().nulls_last()
        second = Report.id.desc() if descending else Report.id.asc()
        statement = select(Report.id).where(*where).order_by(first, second)
        return list(uow.session.scalars(statement.offset(page.offset).limit(page.limit)))

    @staticmethod
    def _few_ids(uow: UnitOfWork, where: list[ColumnElement[bool]], page: Page) -> list[int]:
        """For numbers, which hit a handful: the sum keeps the database from walking the whole order instead."""
        statement = select(Report.id).where(*where).order_by(Report.priority + 0, Report.examined_at, Report.id)
        return list(uow.session.scalars(statement.offset(page.offset).limit(page.limit)))

    def _conditions(self, f: ReportFilter) -> Iterator[ColumnElement[bool]]:
        far_past, far_future = self._time.today() - timedelta(days=36500), self._time.today() + timedelta(days=3650)
        for first, last, column in (
            (f.examined_from, f.examined_to, Report.examined_at),
            (f.diagnosed_from, f.diagnosed_to, Report.diagnosed_at),
            (f.requested_from, f.requested_to, Report.requested_at),
            (f.printed_from, f.printed_to, Report.printed_at),
        ):
            if first or last:
                start, end = self._time.day_bounds(first or far_past, last or far_future)
                yield column >= start
                yield column < end
        if f.exam_types:
            yield Report.exam_type.in_(f.exam_types)
        if f.campus_id is not None:
            yield Report.campus_id == f.campus_id
        if f.room_id is not None:
            yield Report.room_id == f.room_id
        if f.patient_types:
            yield Report.priority.in_([rules.PRIORITY[kind] for kind in f.patient_types])
        if f.visit_kinds:
            yield Report.visit_kind.in_([str(kind) for kind in f.visit_kinds])
        if f.sex is not None:
            yield Report.sex == str(f.sex)
        if f.age_from is not None:
            yield Report.age_years >= f.age_from
        if f.age_to is not None:
            yield Report.age_years <= f.age_to
        if f.exam_states:
            yield Report.exam_state.in_([str(state) for state in f.exam_states])
        if f.device_ae.strip():
            yield Report.device_ae == f.device_ae.strip()
        if f.scan is not None:
            yield _scanned(f.scan)
        if f.clock is not None:
            yield from self._clock(f.clock)
        name = f.patient_name.strip()
        if name and f.exact:
            yield Report.patient_name == name
        elif name:
            yield Report.search_name.contains(name.lower(), autoescape=True)
        for text, text_column in (
            (f.body_part, Report.body_part),
            (f.diagnosing_doctor, Report.diagnosing_doctor),
            (f.auditing_doctor, Report.auditing_doctor),
            (f.requesting_department, Report.requesting_department),
            (f.requesting_doctor, Report.requesting_doctor),
            (f.registered_by, Report.registered_by),
            (f.items, Report.items),
        ):
            if text.strip() and f.exact:
                yield text_column == text.strip()
            elif text.strip():
                yield text_column.icontains(text.strip(), autoescape=True)

    def _clock(self, clock: ReportClock) -> Iterator[ColumnElement[bool]]:
        now = self._time.now()
        yield Report.state.in_(OPEN_STATES)
        if clock is ReportClock.OVERDUE:
            yield Report.due_at <= now
        elif clock is ReportClock.SOON:
            yield Report.due_at > now
            yield Report.warn_at <= now
        else:
            yield Report.warn_at > now

    @staticmethod
    def _of_caller(f: ReportFilter, caller: Caller) -> Iterator[ColumnElement[bool]]:
        if f.mine_only:
            yield (Report.diagnosing_id == caller.user_id) | (Report.auditing_id == caller.user_id)

    def standing(self, report: Report, caller: Caller) -> rules.Standing:
        """Return the report as `caller` finds it now."""
        seen = report.lock_seen_at
        return rules.Standing(
            state=ReportState(report.state),
            me=caller.user_id,
            permissions=caller.permissions,
            holder_id=report.holder_id,
            is_lock_idle=seen is None or self._time.now() - seen > self._settings.lock_idle,
            writer_id=report.diagnosing_id,
            has_images=bool(report.study_uids),
            may_audit_own=self._settings.may_audit_own_at(self._time.local(self._time.now())),
            is_away=bool(report.away_to) and not report.is_entrusted_to(caller.user_id),
        )

    def images_of(self, uow: UnitOfWork, reports: Collection[Report]) -> dict[int, rules.Images]:
        """Return by report id whether the images are all here; one question for all reports."""
        uids = {uid for report in reports for uid in report.study_uids.split()}
        states = self._images.states_of(uow, uids) if self._images is not None and uids else {}
        return {
            report.id: rules.images_together(states[uid] for uid in report.study_uids.split() if uid in states)
            for report in reports
        }

    def row(self, report: Report, caller: Caller, images: rules.Images) -> ReportRow:
        """Return the report as a row of the list."""
        standing = self.standing(report, caller)
        is_locked = standing.is_mine or standing.is_held_by_other
        return ReportRow(
            id=report.id,
            version=report.version,
            state=standing.state,
            exam_id=report.exam_id,
            exam_state=ExamState(report.exam_state),
            accession_number=report.accession_number,
            image_number=report.image_number,
            patient_id=report.patient_id,
            patient_number=report.patient_number,
            patient_name=report.patient_name,
            sex=Sex(report.sex),
            age=report.age,
            patient_type=PatientType(report.patient_type),
            exam_type=report.exam_type,
            campus_id=report.campus_id,
            room_id=report.room_id,
            room_name=report.room_name,
            body_part=report.body_part,
            items=report.items,
            examined_at=report.examined_at,
            registered_by=report.registered_by,
            diagnosing_doctor=report.diagnosing_doctor,
            auditing_doctor=report.auditing_doctor,
            requesting_doctor=report.requesting_doctor,
            requesting_department=report.requesting_department,
            requested_at=report.requested_at,
            diagnosed_at=report.diagnosed_at,
            study_uids=tuple(report.study_uids.split()),
            image_count=report.image_count,
            locked_by=report.holder_name if is_locked else "",
            is_locked_by_me=standing.is_mine,
            was_returned=report.was_returned,
            allowed=rules.allowed_actions(standing),
            completeness=images.state,
            missing_images=images.missing,
            visit_kind=VisitKind(report.visit_kind),
            device_ae=report.device_ae,
            state_since=report.state_since,
            due_at=report.due_at,
            warn_at=report.warn_at,
            approved_at=report.approved_at,
            printed_at=report.printed_at,
            away_to=report.away_to,
        )

    def rows_of(self, uow: UnitOfWork, caller: Caller, report_ids: Collection[int]) -> dict[int, ReportRow]:
        """Return the rows of these reports by id, without those that are gone; for other areas."""
        found = list(uow.session.scalars(select(Report).where(Report.id.in_(report_ids)))) if report_ids else []
        images = self.images_of(uow, found)
        return {report.id: self.row(report, caller, images[report.id]) for report in found}

    # ── saved queries ────────────────────────────────────────────────────────────────────────────────

    def saved_queries(self, uow: UnitOfWork, caller: Caller) -> tuple[SavedQueryView, ...]:
        """Return the caller's saved queries by name."""
        rows = uow.session.scalars(
            select(SavedQuery).where(SavedQuery.owner_id == caller.user_id).order_by(SavedQuery.name, SavedQuery.id)
        )
        return tuple(_query_view(row) for row in rows)

    def save_query(
        self,
        uow: UnitOfWork,
        caller: Caller,
        query_id: int | None,
        name: str,
        conditions: ReportFilter,
        *,
        today_only: bool,
        is_default: bool,
    ) -> SavedQueryView:
        """Add (id None) or change a query of the caller; at most one is the default."""
        name = name.strip()
        if not 1 <= len(name) <= 40:
            raise invalid("name", "请给查询条件起一个名称（1 到 40 个字）。")
        if is_default:
            uow.session.execute(
                update(SavedQuery).where(SavedQuery.owner_id == caller.user_id).values(is_default=False)
            )
        row = SavedQuery(owner_id=caller.user_id) if query_id is None else self._own_query(uow, caller, query_id)
        row.name, row.today_only, row.is_default = name, today_only, is_default
        row.body = msgspec.json.encode(conditions)
        uow.session.add(row)
        uow.session.flush()
        return _query_view(row)

    def delete_query(self, uow: UnitOfWork, caller: Caller, query_id: int) -> None:
        """Delete a query of the caller."""
        uow.session.delete(self._own_query(uow, caller, query_id))

    def _own_query(self, uow: UnitOfWork, caller: Caller, query_id: int) -> SavedQuery:
        row = uow.session.get(SavedQuery, query_id)
        if row is None or row.owner_id != caller.user_id:
            raise not_found("查询条件")
        return row


def _exact_numbers(f: ReportFilter) -> Iterator[ColumnElement[bool]]:
    for number, column in (
        (f.accession_number, Report.accession_number),
        (f.image_number, Report.image_number),
        (f.patient_number, Report.patient_number),
    ):
        if number.strip():
            yield column == number.strip()


def _scanned(scan: Scan) -> ColumnElement[bool]:
    """Contrast wins: an exam before and after contrast medium (平扫+增强) is one with contrast."""
    with_contrast = or_(*(Report.items.icontains(word, autoescape=True) for word in _CONTRAST_WORDS))
    if scan is Scan.CONTRAST:
        return with_contrast
    return and_(Report.items.contains("平扫", autoescape=True), not_(with_contrast))


def _query_view(row: SavedQuery) -> SavedQueryView:
    return SavedQueryView(
        id=row.id,
        name=row.name,
        filter=msgspec.json.decode(row.body, type=ReportFilter),
        today_only=row.today_only,
        is_default=row.is_default,
    )
