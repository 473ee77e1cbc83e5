"""What the cashier of the hospital system tells: an exam is paid for, or the money was given back (RIS-EX-04)."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, or_, select

from server.exams.tables import ApplicationRow, ExamStepRow, ExamTableRow
from server.kernel.clock import HospitalTime
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import not_found
from shared.contract.base import Changed
from shared.domain.states import RegistrationState

_PAID, _REFUNDED = ("paid", "收费处已收费"), ("refunded", "收费处已退费")


class PaymentDesk:
    """Turns the switch 欠费 of exams. Methods work in the caller's unit of work and never commit."""

    def __init__(self, time: HospitalTime) -> None:
        self._time = time

    def settle(self, uow: UnitOfWork, caller: Caller, numbers: Sequence[str], *, is_paid: bool) -> tuple[str, ...]:
        """Note a payment, or that it was given back, for the exams of these numbers; returns their accession numbers.

        `numbers` are accession numbers or the hospital system's order numbers. Cancelled registrations are left alone.
        An order that nobody has registered yet is known and changes nothing: what is registered from it owes nothing.
        Raises NOT_FOUND when no number is known.
        """
        wanted = sorted({one.strip() for one in numbers if one.strip()})
        accessions = [one.upper() for one in wanted]
        found = list(
            uow.session.scalars(
                select(ExamTableRow)
                .where(
                    or_(ExamTableRow.accession_number.in_(accessions), ExamTableRow.his_number.in_(wanted)),
                    ExamTableRow.registration_state != RegistrationState.CANCELLED.value,
                )
                .order_by(ExamTableRow.id)
                .with_for_update()
            )
        )
        if not found and not self._is_waiting(uow, wanted):
            raise not_found("收费对应的检查")
        for exam in found:
            if exam.is_in_arrears == is_paid:
                self._turn(uow, caller, exam, is_paid=is_paid)
        return tuple(exam.accession_number for exam in found)

    def _turn(self, uow: UnitOfWork, caller: Caller, exam: ExamTableRow, *, is_paid: bool) -> None:
        exam.is_in_arrears = not is_paid
        exam.touch()
        action, fact = _PAID if is_paid else _REFUNDED
        uow.session.add(
            ExamStepRow(
                exam_id=exam.id,
                at=self._time.now(),
                action=action,
                from_state=exam.state,
                to_state=exam.state,
                fact=fact,
                user_name=caller.name[:64],
            )
        )
        uow.session.flush()
        uow.publish(Changed(entity="exam", id=exam.id, version=exam.version))

    @staticmethod
    def _is_waiting(uow: UnitOfWork, numbers: Sequence[str]) -> bool:
        counted = select(func.count()).select_from(ApplicationRow).where(ApplicationRow.his_number.in_(numbers))
        return bool(uow.session.scalar(counted))
