"""The lists 体检检查 and 院内检查: filters, quick ranges, counts, pages (ECG-PE-02/03, ECG-IN-02/03)."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import ColumnElement, and_, func, or_, select

from server.ecg.exams.facts import ExamFacts, facts_of
from server.ecg.exams.service import ExamService
from server.ecg.exams.tables import EcgCollectedRow, EcgExamRow
from server.exams.listing import days_of
from server.kernel.clock import HospitalTime
from server.kernel.database import UnitOfWork
from server.kernel.database.text import begins
from server.kernel.dispatch import Caller
from server.kernel.errors import invalid
from server.patients.rules import flat, normal_id_number
from shared.contract.base import Page
from shared.contract.ecg import ListEcgExams
from shared.dicomkit.names import is_chinese
from shared.domain.ecg import QUICK_RANGE_DAYS, ExamState

MOST_ROWS = 500
_FURTHEST_ROW = 10**9


class ExamLists:
    """Questions over many exams."""

    def __init__(self, time: HospitalTime, exams: ExamService) -> None:
        self._time = time
        self._exams = exams

    def find(
        self, uow: UnitOfWork, caller: Caller, request: ListEcgExams
    ) -> tuple[int, list[ExamFacts], dict[str, int]]:
        """Return how many match, a page, newest registration first, and how many per state. Raises INVALID."""
        condition = and_(*self._conditions(caller, request))
        counted = select(EcgExamRow.state, func.count()).where(condition).group_by(EcgExamRow.state)
        counts = {state: int(number) for state, number in uow.session.execute(counted)}
        wanted = request.states or tuple(one for one in ExamState if one is not ExamState.CANCELLED)
        rows = uow.session.scalars(
            select(EcgExamRow)
            .where(condition, EcgExamRow.state.in_([one.value for one in wanted]))
            .order_by(EcgExamRow.registered_at.desc(), EcgExamRow.id.desc())
            .offset(page_of(request.page).offset)
            .limit(page_of(request.page).limit)
        )
        return sum(counts.get(one.value, 0) for one in wanted), [facts_of(row) for row in rows], counts

    def _conditions(self, caller: Caller, request: ListEcgExams) -> list[ColumnElement[bool]]:
        first, last = self._days(request)
        found = [self._exams.visible(caller), *days_of(self._time, EcgExamRow.registered_at, first, last)]
        if request.visit_kinds:
            found.append(EcgExamRow.visit_kind.in_([one.value for one in request.visit_kinds]))
        if request.kinds:
            found.append(EcgExamRow.kind.in_([one.value for one in request.kinds]))
        if request.campus_id is not None:
            found.append(EcgExamRow.campus_id == request.campus_id)
        if request.quality_passed is not None:
            found.append(EcgExamRow.quality_passed.is_(request.quality_passed))
        if number := request.request_number.strip():
            found.append(EcgExamRow.request_number == number)
        if number := request.health_check_number.strip():
            found.append(EcgExamRow.health_check_number == number)
        if number := request.id_number.strip():
            found.append(EcgExamRow.id_number == normal_id_number(number))
        if number := request.patient_number.strip():
            columns = (EcgExamRow.patient_number, EcgExamRow.outpatient_number, EcgExamRow.inpatient_number)
            found.append(or_(*(column == number for column in columns)))
        if item := request.exam_item.strip():
            found.append(EcgExamRow.exam_item.contains(item, autoescape=True))
        if name := request.patient_name.strip():
            found.append(name_condition(name))
        return found

    def _days(self, request: ListEcgExams) -> tuple[date | None, date | None]:
        if request.quick is not None:
            today = self._time.today()
            return today - timedelta(days=QUICK_RANGE_DAYS[request.quick] - 1), today
        first, last = request.registered_from, request.registered_to
        if first is not None and last is not None and first > last:
            raise invalid("registered_from", "开始日期不能晚于结束日期。")
        return first, last

    def collected(
        self, uow: UnitOfWork, caller: Caller, category: str | None, text: str, page: Page
    ) -> tuple[int, list[tuple[EcgCollectedRow, ExamFacts]], dict[str, int]]:
        """Return how many favourites match, a page, newest first, and how many each category has."""
        own = [EcgCollectedRow.user_id == caller.user_id]
        counted = select(EcgCollectedRow.category, func.count()).where(*own).group_by(EcgCollectedRow.category)
        counts = {name: int(number) for name, number in uow.session.execute(counted)}
        if category is not None:
            own.append(EcgCollectedRow.category == category.strip())
        if wanted := text.strip():
            columns = (EcgExamRow.accession_number, EcgExamRow.request_number, EcgExamRow.conclusion)
            inside = [one.contains(wanted, autoescape=True) for one in (*columns, EcgCollectedRow.note)]
            own.append(or_(name_condition(wanted), *inside))
        joined = select(EcgCollectedRow, EcgExamRow).join(EcgExamRow, EcgExamRow.id == EcgCollectedRow.exam_id)
        total = uow.session.execute(select(func.count()).select_from(joined.where(*own).subquery())).scalar_one()
        rows = uow.session.execute(
            joined.where(*own)
            .order_by(EcgCollectedRow.added_at.desc(), EcgCollectedRow.id.desc())
            .offset(page_of(page).offset)
            .limit(page_of(page).limit)
        )
        return int(total), [(kept, facts_of(exam)) for kept, exam in rows], counts


def name_condition(wanted: str) -> ColumnElement[bool]:
    """Return the condition for a name: a part of it in characters, or the beginning of its pinyin or initials."""
    if is_chinese(wanted):
        return EcgExamRow.patient_name.contains(wanted, autoescape=True)
    key = flat(wanted)
    return or_(
        begins(EcgExamRow.pinyin_flat, key), begins(EcgExamRow.initials, key), begins(EcgExamRow.patient_name, wanted)
    )


def page_of(page: Page) -> Page:
    """Return a page within reach. Raises INVALID."""
    if not 1 <= page.limit <= MOST_ROWS or not 0 <= page.offset <= _FURTHEST_ROW:
        raise invalid("page", f"每页 1 到 {MOST_ROWS} 行。")
    return page
