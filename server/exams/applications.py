"""Use cases of applications (检查申请单): handed in by the hospital system, found by the clerk."""

from __future__ import annotations

import msgspec
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
from shared.contract.exams import ApplicationView, PatientEntry, SubmitApplication
from shared.dicomkit.names import search_keys
from shared.domain.states import PatientType, Sex
from shared.domain.visits import visit_kind_of

_MOST_FOUND = 50


class ApplicationDesk:
    """Applications. Methods work in the caller's unit of work and never commit."""

    def __init__(self, time: HospitalTime, patients: PatientService, organisation: OrganisationService) -> None:
        self._time = time
        self._patients = patients
        self._organisation = organisation

    def submit(
        self, uow: UnitOfWork, caller: Caller, request: SubmitApplication, patient_key: str = ""
    ) -> ApplicationView:
        """Take an application in; the same HIS number replaces an unregistered one. Raises INVALID, DUPLICATE.

        What was handed in already, registered or not, is not taken twice: it is answered as it is kept. `patient_key`
        is the hospital system's own number of the patient, by which `revise_patient` finds the application.
        """
        self._organisation.hospital(uow).exam_type(request.exam_type)
        particulars = self._patients.check(request.patient)
        check_items(request.items)
        check_measures(request.patient)
        check_texts(request.clinical, request.requester)
        self._check_campus(uow, request.campus_id)
        his_number = request.requester.his_number.strip()
        row = self._by_his_number(uow, his_number) or ApplicationRow(his_number=his_number or None, version=0)
        body = OrderBody(
            patient=request.patient, items=request.items, clinical=request.clinical, requester=request.requester
        )
        if _is_anothers(row, request, patient_key):
            raise Refusal(
                ErrorCode.DUPLICATE,
                f"申请单号 {his_number} 已用于另一家医院的患者，请为本院的申请单号加上前缀。",
                existing_id=row.id,
            )
        if (registered := row.exam_id or row.ecg_exam_id) is not None:
            if _is_same_order(row, request.exam_type, body):
                return application_view(row)
            raise Refusal(
                ErrorCode.DUPLICATE, f"该申请单已登记，不能再修改，请与{_desk(row)}登记处联系。", existing_id=registered
            )
        row.exam_type, row.patient_type = request.exam_type, request.patient_type.value
        row.card_number, row.id_number = particulars.card_number, particulars.id_number
        row.health_check_number = particulars.health_check_number
        row.patient_key = patient_key or row.patient_key or ""
        _note_search(row, request.patient)
        row.campus_id = request.campus_id
        row.received_at = self._time.now()
        row.cancelled_at = None
        row.body = packed(body)
        row.touch()
        uow.session.add(row)
        uow.session.flush()
        uow.publish(Changed(entity="application", id=row.id, version=row.version))
        return application_view(row)

    def find(self, uow: UnitOfWork, number: str) -> tuple[ApplicationView, ...]:
        """Return applications by visit card, health-check, identity or HIS number, newest first."""
        wanted = number.strip()
        if not wanted:
            raise invalid("number", "请输入就诊卡号、体检号或身份证号。")
        rows = uow.session.scalars(
            select(ApplicationRow)
            .where(
                ApplicationRow.cancelled_at.is_(None),
                or_(
                    ApplicationRow.card_number == wanted,
                    ApplicationRow.health_check_number == wanted,
                    ApplicationRow.id_number == normal_id_number(wanted),
                    ApplicationRow.his_number == wanted,
                    ApplicationRow.patient_key == wanted,
                ),
            )
            .order_by(ApplicationRow.received_at.desc(), ApplicationRow.id.desc())
            .limit(_MOST_FOUND)
        )
        return tuple(application_view(row) for row in rows)

    def cancel(self, uow: UnitOfWork, his_number: str) -> None:
        """Take an application back; once more does nothing. Raises NOT_FOUND, ILLEGAL_ACTION (it is registered)."""
        row = self._by_his_number(uow, his_number.strip())
        if row is None:
            raise not_found("申请单")
        if row.exam_id is not None or row.ecg_exam_id is not None:
            raise illegal_action("registered", f"该申请单已登记，不能取消，请与{_desk(row)}登记处联系。")
        if row.cancelled_at is None:
            row.cancelled_at = self._time.now()
            row.touch()
            uow.publish(Changed(entity="application", id=row.id, version=row.version))

    def revise_patient(self, uow: UnitOfWork, patient_key: str, entry: PatientEntry) -> int:
        """Write what the hospital system now knows of a patient into the applications that wait; returns how many.

        What the entry leaves empty is kept. Raises INVALID.
        """
        particulars = self._patients.check(entry)
        rows = self._waiting_of(uow, patient_key)
        for row in rows:
            body = unpacked(row.body)
            patient = _filled(entry, body.patient)
            if patient == body.patient:
                continue
            row.card_number = particulars.card_number or row.card_number
            row.id_number = particulars.id_number or row.id_number
            row.health_check_number = particulars.health_check_number or row.health_check_number
            row.body = packed(msgspec.structs.replace(body, patient=patient))
            _note_search(row, patient)
            row.touch()
            uow.publish(Changed(entity="application", id=row.id, version=row.version))
        return len(rows)

    def move_patient(self, uow: UnitOfWork, from_key: str, to_key: str) -> int:
        """Let the applications of a number that was merged away be those of the number that stays; returns how many."""
        statement = select(ApplicationRow).where(ApplicationRow.patient_key == from_key).with_for_update()
        rows = uow.session.scalars(statement).all()
        for row in rows:
            row.patient_key = to_key
            row.touch()
            uow.publish(Changed(entity="application", id=row.id, version=row.version))
        return len(rows)

    def _waiting_of(self, uow: UnitOfWork, patient_key: str) -> list[ApplicationRow]:
        statement = select(ApplicationRow).where(
            ApplicationRow.patient_key == patient_key,
            ApplicationRow.exam_id.is_(None),
            ApplicationRow.ecg_exam_id.is_(None),
            ApplicationRow.cancelled_at.is_(None),
        )
        return list(uow.session.scalars(statement.with_for_update())) if patient_key else []

    def mark_registered(self, uow: UnitOfWork, application_id: int, exam_id: int) -> None:
        """Note the exam that came of an application. Raises NOT_FOUND, ILLEGAL_ACTION."""
        row = uow.session.scalars(
            select(ApplicationRow).where(ApplicationRow.id == application_id).with_for_update()
        ).one_or_none()
        if row is None:
            raise not_found("申请单")
        if row.exam_id is not None or row.ecg_exam_id is not None:
            raise illegal_action("registered", "该申请单已经登记过，请在登记管理中查看。")
        if row.cancelled_at is not None:
            raise illegal_action("cancelled", "该申请单已被临床取消，请重新查询申请单。")
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

    def get(self, uow: UnitOfWork, application_id: int, *, for_update: bool = False) -> ApplicationView:
        """Return one application, a cancelled one too. Raises NOT_FOUND."""
        statement = select(ApplicationRow).where(ApplicationRow.id == application_id)
        row = uow.session.scalars(statement.with_for_update() if for_update else statement).one_or_none()
        if row is None:
            raise not_found("申请单")
        return application_view(row)

    def mark_ecg(self, uow: UnitOfWork, application_id: int, ecg_exam_id: int | None) -> None:
        """Note the exam of the ECG network that an application became; None lets it be registered again."""
        row = uow.session.get(ApplicationRow, application_id)
        if row is not None:
            row.ecg_exam_id = ecg_exam_id
            row.touch()
            uow.publish(Changed(entity="application", id=row.id, version=row.version))

    def _check_campus(self, uow: UnitOfWork, campus_id: int | None) -> None:
        campuses = self._organisation.hospital(uow).view.campuses
        if campus_id is not None and all(one.id != campus_id for one in campuses):
            raise invalid("campus_id", "申请单的院区不存在，请核对院区编码。")

    def _by_his_number(self, uow: UnitOfWork, his_number: str) -> ApplicationRow | None:
        if not his_number:
            return None
        return uow.session.scalars(
            select(ApplicationRow).where(ApplicationRow.his_number == his_number).with_for_update()
        ).one_or_none()


def _is_anothers(row: ApplicationRow, request: SubmitApplication, patient_key: str) -> bool:
    """Whether the number is in use by another hospital's system: for another campus, and of another patient."""
    campuses = {row.campus_id, request.campus_id} - {None}
    return bool(row.id) and len(campuses) == 2 and (row.patient_key or "") != patient_key


def _is_same_order(row: ApplicationRow, exam_type: str, body: OrderBody) -> bool:
    """Whether an order says what is kept already; the patient's own data may have been corrected since."""
    kept = unpacked(row.body)
    return row.exam_type == exam_type and msgspec.structs.replace(kept, patient=body.patient) == body


def _filled(entry: PatientEntry, known: PatientEntry) -> PatientEntry:
    """Return an entry whose empty fields are filled from what was known."""
    empty = ("", None, Sex.UNKNOWN)
    values = {name: getattr(known, name) for name in entry.__struct_fields__ if getattr(entry, name) in empty}
    return msgspec.structs.replace(entry, **values)


def _desk(row: ApplicationRow) -> str:
    return "心电图室" if row.ecg_exam_id is not None else "放射科"


def _note_search(row: ApplicationRow, patient: PatientEntry) -> None:
    """Write what requests are searched by; see application_search."""
    pinyin, initials = search_keys(patient.name)
    row.patient_name = patient.name.strip()[:64]
    row.name_keys = f"{pinyin[:64]} {initials[:32]}"
    row.inpatient_number = patient.inpatient_number.strip()[:32]
    kind = visit_kind_of(PatientType(row.patient_type), patient.inpatient_number, patient.health_check_number)
    row.visit_kind = kind.value


def application_view(row: ApplicationRow) -> ApplicationView:
    """Return a row as a view."""
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
        ecg_exam_id=row.ecg_exam_id,
        is_cancelled=row.cancelled_at is not None,
        patient_key=row.patient_key,
        campus_id=row.campus_id,
    )
