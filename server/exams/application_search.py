"""Search of applications by many conditions, for departments that register from a list (HIS登记)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select

from server.exams.applications import application_view
from server.exams.listing import days_of
from server.exams.tables import ApplicationRow
from server.kernel.clock import HospitalTime
from server.kernel.database import UnitOfWork
from server.patients.rules import flat, normal_id_number
from shared.contract.base import Page
from shared.contract.exams import ApplicationView
from shared.dicomkit.names import is_chinese
from shared.domain.states import VisitKind


@dataclass(frozen=True, slots=True)
class Wanted:
    """Conditions; empty ones do not filter. `patient_number` is the hospital's own, a card or an inpatient number."""

    exam_types: Sequence[str]
    visit_kinds: Sequence[VisitKind] = ()
    his_number: str = ""
    patient_name: str = ""
    patient_number: str = ""
    id_number: str = ""
    health_check_number: str = ""
    received_from: date | None = None
    received_to: date | None = None
    campuses: Collection[int | None] | None = None  # for which; None among them: those that name no campus


@dataclass(frozen=True, slots=True)
class Standing:
    """How applications shall stand, one or more; `examined` selects the ids of ECG exams that were carried out."""

    is_open: bool
    is_registered: bool
    is_examined: bool
    is_cancelled: bool
    examined: Select[Any]

    @property
    def condition(self) -> ColumnElement[bool] | None:
        """The condition, None where nothing is asked for."""
        free = and_(ApplicationRow.exam_id.is_(None), ApplicationRow.ecg_exam_id.is_(None))
        cancelled = ApplicationRow.cancelled_at.is_not(None)
        done = and_(~cancelled, ApplicationRow.ecg_exam_id.in_(self.examined))
        waiting = and_(
            ~cancelled, or_(ApplicationRow.exam_id.is_not(None), ApplicationRow.ecg_exam_id.not_in(self.examined))
        )
        parts = (
            (self.is_open, and_(free, ~cancelled)),
            (self.is_registered, waiting),
            (self.is_examined, done),
            (self.is_cancelled, cancelled),
        )
        wanted = [one for asked, one in parts if asked]
        return or_(*wanted) if wanted else None


def search(
    uow: UnitOfWork, time: HospitalTime, wanted: Wanted, standing: Standing, page: Page
) -> tuple[int, list[ApplicationView]]:
    """Return how many match, and a page of them, newest first."""
    conditions = [
        *_conditions(wanted),
        *days_of(time, ApplicationRow.received_at, wanted.received_from, wanted.received_to),
    ]
    if (state := standing.condition) is not None:
        conditions.append(state)
    total = uow.session.execute(select(func.count()).select_from(ApplicationRow).where(*conditions)).scalar_one()
    rows = uow.session.scalars(
        select(ApplicationRow)
        .where(*conditions)
        .order_by(ApplicationRow.received_at.desc(), ApplicationRow.id.desc())
        .offset(page.offset)
        .limit(page.limit)
    )
    return int(total), [application_view(row) for row in rows]


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [ApplicationRow.exam_type.in_(list(wanted.exam_types))]
    if wanted.visit_kinds:
        found.append(ApplicationRow.visit_kind.in_([one.value for one in wanted.visit_kinds]))
    if wanted.campuses is not None:
        named = ApplicationRow.campus_id.in_([one for one in wanted.campuses if one is not None])
        found.append(or_(named, ApplicationRow.campus_id.is_(None)) if None in wanted.campuses else named)
    if number := wanted.his_number.strip():
        found.append(ApplicationRow.his_number == number)
    if name := wanted.patient_name.strip():
        if is_chinese(name):
            found.append(ApplicationRow.patient_name.contains(name, autoescape=True))
        else:
            key = flat(name)
            starts = ApplicationRow.name_keys.startswith(key, autoescape=True)
            initials = ApplicationRow.name_keys.contains(f" {key}", autoescape=True)
            found.append(or_(starts, initials))
    if number := wanted.patient_number.strip():
        columns = (ApplicationRow.patient_key, ApplicationRow.card_number, ApplicationRow.inpatient_number)
        found.append(or_(*(column == number for column in columns)))
    if number := wanted.id_number.strip():
        found.append(ApplicationRow.id_number == normal_id_number(number))
    if number := wanted.health_check_number.strip():
        found.append(ApplicationRow.health_check_number == number)
    return found
