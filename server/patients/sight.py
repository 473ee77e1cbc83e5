"""Which patients an account sees that is kept within campuses or departments: those with an exam there (RIS-EX-12)."""

from __future__ import annotations

from collections.abc import Callable, Collection

from sqlalchemy import ColumnElement, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute, aliased

from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import Refusal
from server.patients.tables import PatientRow
from shared.contract.errors import ErrorCode

HasExam = Callable[[Caller, InstrumentedAttribute[int]], ColumnElement[bool]]
"""The condition that a patient (the column of its id) has an exam where the caller works."""


class Sight:
    """Asks the areas that have exams; they are added when the server is put together."""

    def __init__(self) -> None:
        self.areas: list[HasExam] = []

    def within(self, caller: Caller) -> ColumnElement[bool]:
        """Return the condition that the caller sees a person, by any of the person's linked records."""
        if not caller.is_limited:
            return true()
        linked = aliased(PatientRow)
        conditions: list[ColumnElement[bool]] = []
        for has_exam in self.areas:
            conditions.append(has_exam(caller, PatientRow.id))
            of_linked = select(linked.id).where(linked.linked_to == PatientRow.id, has_exam(caller, linked.id))
            conditions.append(of_linked.exists())
        return or_(PatientRow.id < 0, *conditions)

    def seen(self, uow: UnitOfWork, caller: Caller, patient_ids: Collection[int]) -> frozenset[int]:
        """Return those of the records that the caller sees: a linked one is seen with the one that stands for it."""
        wanted = set(patient_ids)
        if not caller.is_limited or not wanted:
            return frozenset(wanted)
        heads = {
            row.id: row.linked_to or row.id
            for row in uow.session.scalars(select(PatientRow).where(PatientRow.id.in_(wanted)))
        }
        known = select(PatientRow.id).where(PatientRow.id.in_(wanted | set(heads.values())), self.within(caller))
        visible = frozenset(uow.session.scalars(known))
        return frozenset(one for one, head in heads.items() if one in visible or head in visible)

    def check(self, uow: UnitOfWork, caller: Caller, *patient_ids: int) -> None:
        """Raise PERMISSION_MISSING when one of these records is not the caller's to see; unknown ids pass."""
        if not caller.is_limited:
            return
        known = set(uow.session.scalars(select(PatientRow.id).where(PatientRow.id.in_(patient_ids))))
        if known - self.seen(uow, caller, known):
            raise Refusal(ErrorCode.PERMISSION_MISSING, "该患者没有本院区的检查，您只能查看本院区的患者。")
