"""Saved queries; what fields may be compared with; earlier cases of a patient."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import msgspec
from sqlalchemy import and_, func, or_, select

from server.kernel.clock import HospitalTime
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import invalid, not_found
from server.pathology.cases.service import CaseService
from server.pathology.cases.tables import CaseRow, LibraryRow
from server.pathology.orders.tables import OrderRow
from server.pathology.reports.tables import Report, ReportVersion
from server.pathology.statistics.conditions import CHOICES, TEXT_COLUMNS, check_group
from server.pathology.statistics.tables import QueryRow
from server.pathology.statistics.wording import SEXES
from server.pathology.technique.tables import BlockRow, SlideRow
from shared.contract.pathology_statistics import EarlierCase, FieldChoice, Group, SavedQuery
from shared.domain.pathology import (
    CASE_FLAGS,
    CASE_STATES,
    ORDER_KINDS,
    SLIDE_GRADES,
    CaseFlag,
    CaseState,
    OrderKind,
    SlideGrade,
)
from shared.domain.pathology_queries import Field
from shared.domain.pathology_reports import PaperState, ReportKind

_MOST_QUERIES = 200
_MOST_CHOICES = 200
_MOST_EARLIER = 50
_A_YEAR = timedelta(days=366)
_LONG_TEXTS = frozenset({Field.NUMBER, Field.NAME, Field.GROSS, Field.CLINICAL, Field.DELAY})
_NUMBERS = frozenset({Field.APPLICATION, Field.PATIENT_ID, Field.OUTPATIENT, Field.INPATIENT, Field.ID_NUMBER})


class SavedQueries:
    """Conditions under a name, of each account."""

    def listed(self, uow: UnitOfWork, caller: Caller) -> tuple[SavedQuery, ...]:
        """Return own and shared ones by name."""
        mine = or_(QueryRow.owner_id == caller.user_id, QueryRow.is_shared.is_(True))
        rows = uow.session.scalars(select(QueryRow).where(mine).order_by(QueryRow.name, QueryRow.id))
        return tuple(_view(row, caller) for row in rows)

    def save(self, uow: UnitOfWork, caller: Caller, query: SavedQuery) -> SavedQuery:
        """Keep one. Raises INVALID, NOT_FOUND, CONFLICT."""
        name = query.name.strip()
        if not 0 < len(name) <= 60:
            raise invalid("query.name", "请填写 1 到 60 字的名称。")
        check_group(query.condition)
        row = self._own(uow, caller, query.id) if query.id else None
        own = list(uow.session.scalars(select(QueryRow).where(QueryRow.owner_id == caller.user_id)))
        if any(one.name == name and one is not row for one in own):
            raise invalid("query.name", "您已有同名的查询，请换一个名称。")
        if row is None:
            if len(own) >= _MOST_QUERIES:
                raise invalid("query.name", f"最多保存 {_MOST_QUERIES} 个查询，请先删除不用的。")
            row = QueryRow(owner_id=caller.user_id, owner=caller.name[:80], version=0)
            uow.session.add(row)
        row.expect(query.version)
        row.name, row.is_shared = name, query.is_shared
        row.body, row.fields = msgspec.json.encode(query.condition), [one.value for one in query.fields]
        row.touch()
        uow.session.flush()
        return _view(row, caller)

    def delete(self, uow: UnitOfWork, caller: Caller, query_id: int) -> None:
        """Throw an own one away. Raises NOT_FOUND."""
        uow.session.delete(self._own(uow, caller, query_id))

    @staticmethod
    def _own(uow: UnitOfWork, caller: Caller, query_id: int) -> QueryRow:
        row = uow.session.get(QueryRow, query_id)
        if row is None or row.owner_id != caller.user_id:
            raise not_found("查询")
        return row


def _view(row: QueryRow, caller: Caller) -> SavedQuery:
    known = set(Field)
    return SavedQuery(
        id=row.id,
        version=row.version,
        name=row.name,
        is_shared=row.is_shared,
        owner=row.owner,
        is_mine=row.owner_id == caller.user_id,
        condition=msgspec.json.decode(row.body, type=Group),
        fields=tuple(Field(one) for one in row.fields if one in known),
    )


class Choices:
    """What a field may be compared with."""

    def __init__(self, time: HospitalTime) -> None:
        self._time = time

    def of(self, uow: UnitOfWork, field: Field) -> tuple[FieldChoice, ...]:
        """Return all choices, or the texts that occurred most often within a year."""
        if field is Field.LIBRARY:
            rows = uow.session.scalars(select(LibraryRow).order_by(LibraryRow.position, LibraryRow.id))
            return tuple(FieldChoice(value=str(row.id), zh=row.name, en=row.name_en or row.name) for row in rows)
        if field in CHOICES:
            return tuple(_choice(field, value) for value in CHOICES[field])
        if field in _NUMBERS or field in _LONG_TEXTS:
            return ()
        return tuple(FieldChoice(value=one, zh=one, en=one) for one in self._frequent(uow, field))

    def _frequent(self, uow: UnitOfWork, field: Field) -> Sequence[str]:
        since = self._time.now() - _A_YEAR
        if field in TEXT_COLUMNS:
            column, at = TEXT_COLUMNS[field], CaseRow.registered_at
        elif field is Field.GROSSER:
            column, at = BlockRow.grosser, BlockRow.grossed_at
        elif field is Field.STAIN:
            column, at = SlideRow.stain, SlideRow.made_at
        elif field is Field.MARKER:
            column, at = OrderRow.marker, OrderRow.placed_at
        else:
            return ()
        counted = select(column).where(at >= since, column != "").group_by(column)
        return list(uow.session.scalars(counted.order_by(func.count().desc(), column).limit(_MOST_CHOICES)))


def _choice(field: Field, value: str) -> FieldChoice:
    if field is Field.SEX:
        return FieldChoice(value=value, zh=SEXES[value][0], en=SEXES[value][1])
    if field is Field.STATE:
        mark = CASE_STATES[CaseState(value)]
        return FieldChoice(value=value, zh=mark.zh, en=mark.en)
    word = {
        Field.FLAG: lambda: CASE_FLAGS[CaseFlag(value)],
        Field.GRADE: lambda: SLIDE_GRADES[SlideGrade(value)],
        Field.ORDER: lambda: ORDER_KINDS[OrderKind(value)],
    }[field]()
    return FieldChoice(value=value, zh=word.zh, en=word.en)


class Earlier:
    """既往病理: other cases of the patient of a case."""

    def __init__(self, cases: CaseService) -> None:
        self._cases = cases

    def listed(self, uow: UnitOfWork, caller: Caller, case_id: int) -> tuple[EarlierCase, ...]:
        """Return them, newest first. Raises NOT_FOUND, PERMISSION_MISSING.

        A patient is recognised by the hospital's own patient, or by the name with a number of the patient: a number
        alone may be typed wrong, and a name alone is shared by many.
        """
        facts = self._cases.demand(uow, caller, case_id)
        numbers = {
            "身份证号": (CaseRow.id_number, facts.entry.id_number),
            "病人ID": (CaseRow.hospital_patient_id, facts.hospital_patient_id),
            "住院号": (CaseRow.inpatient_number, facts.inpatient_number),
            "门诊号": (CaseRow.outpatient_number, facts.outpatient_number),
        }
        equal = [column == number for column, number in numbers.values() if number]
        same = [and_(CaseRow.patient_name == facts.patient_name, or_(*equal))] if equal else []
        if facts.patient_id is not None:
            same.append(and_(CaseRow.patient_id == facts.patient_id))
        if not same:
            return ()
        hidden = (CaseState.DELETED.value, CaseState.APPOINTED.value)
        statement = select(CaseRow).where(CaseRow.id != case_id, CaseRow.state.not_in(hidden), or_(*same))
        rows = list(uow.session.scalars(statement.order_by(CaseRow.received_at.desc()).limit(_MOST_EARLIER)))
        texts = self._diagnoses(uow, [row.id for row in rows])
        libraries = {row.id: row.name for row in uow.session.scalars(select(LibraryRow))}

        def by(row: CaseRow) -> str:
            if facts.patient_id is not None and row.patient_id == facts.patient_id:
                return "患者档案"
            return next(
                word for word, (column, value) in numbers.items() if value and getattr(row, column.key) == value
            )

        return tuple(
            EarlierCase(
                case_id=row.id,
                number=row.number or "",
                library=libraries.get(row.library_id, ""),
                state=CaseState(row.state),
                received_at=row.received_at,
                specimen_name=row.specimen_name,
                diagnosis=texts.get(row.id, ""),
                by=by(row),
            )
            for row in rows
        )

    @staticmethod
    def _diagnoses(uow: UnitOfWork, case_ids: Sequence[int]) -> dict[int, str]:
        text = and_(ReportVersion.report_id == Report.id, ReportVersion.number == Report.text_number)
        ready = (Report.kind == ReportKind.MAIN.value, Report.state != PaperState.WRITING.value)
        statement = select(Report.case_id, ReportVersion.diagnosis).join(ReportVersion, text)
        return dict(uow.session.execute(statement.where(Report.case_id.in_(case_ids), *ready)).all())
