"""Use cases of applications (检查申请单): handed in by the hospital system, found by the clerk."""

from __future__ import annotations

from sqlalchemy import or_, select

from server.exams.bodies import OrderBody, packed, unpacked
from server.exams.entries import check_items, check_measures, check_texts
from server.exams.tables import ApplicationRow
from server.kernel.clock import HospitalTime
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import Refusal, illegal_action, invalid, not_found
from server.organisation.service import OrganisationService
from server.patients.rules import normal_id_number
from server.patients.service import PatientService
from shared.contract.base import Changed
from shared.contract.errors import ErrorCode
from shared.contract.exams import ApplicationView, SubmitApplication
from shared.domain.states import PatientType

_MOST_FOUND = 50


class ApplicationDesk:
    """Applications. Methods work in the caller's unit of work and never commit."""

    def __init__(self, time: HospitalTime, patients: PatientService, organisation: OrganisationService) -> None:
        self._time = time
        self._patients = patients
        self._organisation = organisation

    def submit(self, uow: UnitOfWork, caller: Caller, request: SubmitApplication) -> ApplicationView:
        """Take an application in; the same HIS number replaces an unregistered one. Raises INVALID, DUPLICATE."""
        self._organisation.hospital(uow).exam_type(request.exam_type)
        particulars = self._patients.check(request.patient)
        check_items(request.items)
        check_measures(request.patient)
        check_texts(request.clinical, request.requester)
        his_number = request.requester.his_number.strip()
        row = self._by_his_number(uow, his_number) or ApplicationRow(his_number=his_number or None, version=0)
        if row.exam_id is not None:
            raise Refusal(
                ErrorCode.DUPLICATE, "该申请单已登记，不能再修改，请与放射科登记处联系。", existing_id=row.exam_id
            )
        row.exam_type, row.patient_type = request.exam_type, request.patient_type.value
        row.card_number, row.id_number = particulars.card_number, particulars.id_number
        row.health_check_number = particulars.health_check_number
        row.received_at = self._time.now()
        row.body = packed(
            OrderBody(
                patient=request.patient, items=request.items, clinical=request.clinical, requester=request.requester
            )
        )
        row.touch()
        uow.session.add(row)
        uow.session.flush()
        uow.publish(Changed(entity="application", id=row.id, version=row.version))
        return _view(row)

    def find(self, uow: UnitOfWork, number: str) -> tuple[ApplicationView, ...]:
        """Return applications by visit card, health-check, identity or HIS number, newest first."""
        wanted = number.strip()
        if not wanted:
            raise invalid("number", "请输入就诊卡号、体检号或身份证号。")
        rows = uow.session.scalars(
            select(ApplicationRow)
            .where(
                or_(
                    ApplicationRow.card_number == wanted,
                    ApplicationRow.health_check_number == wanted,
                    ApplicationRow.id_number == normal_id_number(wanted),
                    ApplicationRow.his_number == wanted,
                )
            )
            .order_by(ApplicationRow.received_at.desc(), ApplicationRow.id.desc())
            .limit(_MOST_FOUND)
        )
        return tuple(_view(row) for row in rows)

    def mark_registered(self, uow: UnitOfWork, application_id: int, exam_id: int) -> None:
        """Note the exam that came of an application. Raises NOT_FOUND, ILLEGAL_ACTION."""
        row = uow.session.scalars(
            select(ApplicationRow).where(ApplicationRow.id == application_id).with_for_update()
        ).one_or_none()
        if row is None:
            raise not_found("申请单")
        if row.exam_id is not None:
            raise illegal_action("registered", "该申请单已经登记过，请在登记管理中查看。")
        row.exam_id = exam_id
        row.touch()
        uow.publish(Changed(entity="application", id=row.id, version=row.version))

    def reopen(self, uow: UnitOfWork, application_id: int) -> None:
        """Let an application be registered again after its exam was cancelled."""
        row = uow.session.get(ApplicationRow, application_id)
        if row is not None:
            row.exam_id = None
            row.touch()
            uow.publish(Changed(entity="application", id=row.id, version=row.version))

    def _by_his_number(self, uow: UnitOfWork, his_number: str) -> ApplicationRow | None:
        if not his_number:
            return None
        return uow.session.scalars(
            select(ApplicationRow).where(ApplicationRow.his_number == his_number).with_for_update()
        ).one_or_none()


def _view(row: ApplicationRow) -> ApplicationView:
    body = unpacked(row.body)
    return ApplicationView(
        id=row.id,
        version=row.version,
        patient=body.patient,
        patient_type=PatientType(row.patient_type),
        exam_type=row.exam_type,
        items=body.items,
        clinical=body.clinical,
        requester=body.requester,
        received_at=row.received_at,
        exam_id=row.exam_id,
    )
