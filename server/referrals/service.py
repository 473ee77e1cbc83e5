"""Use cases of referral: sending an exam to another organisation, and its answer (RIS-REF, RIS-ESM-02)."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, func, select

from server.exams.listing import days_of, name_condition
from server.exams.service import ExamService
from server.exams.slots import SlotBook
from server.exams.tables import ExamTableRow as Exam
from server.exams.views import NO_ROOM
from server.kernel.clock import HospitalTime
from server.kernel.database import UnitOfWork
from server.kernel.database.text import begins
from server.kernel.dispatch import Caller
from server.kernel.errors import illegal_action, invalid, not_found
from server.organisation.service import OrganisationService
from server.referrals.network import Network
from server.referrals.rules import NotAllowed, allowed_actions, step
from server.referrals.tables import ReferralRow
from shared.contract.base import Changed
from shared.contract.exams import ExamRow, RegisterExam
from shared.contract.referrals import (
    AcceptReferral,
    CancelReferral,
    ListReferrals,
    NetworkView,
    OrganisationView,
    PushReferral,
    ReferralDetails,
    ReferralList,
    ReferralView,
    RefuseReferral,
    SubmitReferral,
)
from shared.domain.states import ReferralAction, ReferralState

_MOST = 500


class ReferralService:
    """Referrals. Methods work in the caller's unit of work and never commit."""

    def __init__(
        self,
        time: HospitalTime,
        organisation: OrganisationService,
        exams: ExamService,
        slots: SlotBook,
        network: Network,
    ) -> None:
        self._time = time
        self._organisation = organisation
        self._exams = exams
        self._slots = slots
        self.network = network

    # ── reading ──────────────────────────────────────────────────────────────────────────────────

    def list_referrals(self, uow: UnitOfWork, caller: Caller, request: ListReferrals) -> ReferralList:
        """Return referrals of a campus, newest first: what it sent, or what it was sent."""
        side = self._side(caller, request)
        condition = and_(side, *self._filters(request))
        joined = select(ReferralRow).join(Exam, Exam.id == ReferralRow.exam_id)
        count = select(func.count()).select_from(ReferralRow).join(Exam, Exam.id == ReferralRow.exam_id)
        rows = uow.session.scalars(
            joined.where(condition)
            .order_by(ReferralRow.sent_at.desc(), ReferralRow.id.desc())
            .offset(min(max(request.offset, 0), 10**9))
            .limit(min(max(request.limit, 1), _MOST))
        ).all()
        waiting = select(func.count()).select_from(ReferralRow).where(side, ReferralRow.state == ReferralState.SENT)
        return ReferralList(
            rows=self._views(uow, caller, list(rows)),
            total=uow.session.execute(count.where(condition)).scalar_one(),
            waiting=uow.session.execute(waiting).scalar_one(),
        )

    def view(self, uow: UnitOfWork, caller: Caller, exam_id: int) -> ReferralView:
        """Return the referral of an exam. Raises NOT_FOUND."""
        row = uow.session.scalars(select(ReferralRow).where(ReferralRow.exam_id == exam_id)).one_or_none()
        if row is None:
            raise not_found("转诊")
        return self._views(uow, caller, [row])[0]

    def details(self, uow: UnitOfWork, caller: Caller, referral_id: int) -> ReferralDetails:
        """Return a referral with everything of its exam, e.g. for its printed form. Raises NOT_FOUND."""
        row = uow.session.get(ReferralRow, referral_id)
        if row is None:
            raise not_found("转诊")
        exam = self._exams.view(uow, caller, row.exam_id)
        return ReferralDetails(referral=self._views(uow, caller, [row])[0], exam=exam)

    def details_of_exam(self, uow: UnitOfWork, caller: Caller, exam_id: int) -> ReferralDetails:
        """Return the same by the exam. Raises NOT_FOUND."""
        return self.details(uow, caller, self.view(uow, caller, exam_id).id)

    # ── sending ──────────────────────────────────────────────────────────────────────────────────

    def submit(self, uow: UnitOfWork, caller: Caller, request: SubmitReferral) -> ReferralView:
        """Make the exam and push it to the receiver (RIS-REF-21). Raises INVALID, SLOT_TAKEN, DUPLICATE."""
        self._demand_campus(caller, request.from_campus_id)
        network = self.network.view(uow)
        receiver = self._receiver(uow, network, request)
        room_id = NO_ROOM
        if request.slot_id is not None:
            if not receiver.publishes_slots:
                raise invalid("slot_id", f"{receiver.name}没有开放号源，请不要选号，由对方安排时间。")
            room_id = self._slots.get(uow, request.slot_id).room_id
        exam = self._exams.register(
            uow,
            caller,
            RegisterExam(
                patient=request.patient,
                exam_type=request.exam_type,
                items=request.items,
                campus_id=request.to_campus_id,
                room_id=room_id,
                planned_at=request.planned_at,
                slot_id=request.slot_id,
                patient_type=request.patient_type,
                is_in_arrears=request.is_in_arrears,
                clinical=request.clinical,
                requester=request.requester,
                application_id=request.application_id,
                accept_duplicate=request.accept_duplicate,
                patient_kind=request.patient_kind,
                safety=request.safety,
            ),
            from_campus_id=request.from_campus_id,
        )
        row = ReferralRow(
            version=1,
            exam_id=exam.row.id,
            state=ReferralState.SENT.value,
            group_id=request.group_id,
            to_organisation_id=receiver.id,
            to_campus_id=request.to_campus_id,
            from_campus_id=request.from_campus_id,
            note=request.note.strip()[:500],
            sent_at=self._time.now(),
            sent_by=caller.name[:64],
            answered_at=None,
            answered_by="",
            reason="",
        )
        uow.session.add(row)
        uow.session.flush()
        self._exams.sent_as(uow, exam.row.id, row.id)
        self._tell(uow, row)
        return self._view(uow, caller, row)

    def cancel(self, uow: UnitOfWork, caller: Caller, request: CancelReferral) -> ReferralView:
        """撤销 until the receiver has accepted (RIS-OPN-11). Raises CONFLICT, ILLEGAL_ACTION."""
        row = self._locked(uow, request.referral_id, request.version)
        self._demand_campus(caller, row.from_campus_id)
        self._step(uow, caller, row, ReferralAction.CANCEL, request.reason)
        self._exams.end_referral(uow, caller, row.exam_id, ReferralState.CANCELLED, request.reason or "撤销转诊")
        return self._view(uow, caller, row)

    def push(self, uow: UnitOfWork, caller: Caller, request: PushReferral) -> ReferralView:
        """推送: the receiver's list is told again. Raises CONFLICT, ILLEGAL_ACTION."""
        row = self._locked(uow, request.referral_id, request.version)
        self._demand_campus(caller, row.from_campus_id)
        self._step(uow, caller, row, ReferralAction.PUSH, None)
        return self._view(uow, caller, row)

    # ── answering ────────────────────────────────────────────────────────────────────────────────

    def accept(self, uow: UnitOfWork, caller: Caller, request: AcceptReferral) -> ReferralView:
        """接收: the exam enters the receiver's lists. Raises CONFLICT, ILLEGAL_ACTION, INVALID, SLOT_TAKEN."""
        row = self._locked(uow, request.referral_id, request.version)
        self._demand_campus(caller, row.to_campus_id)
        self._step(uow, caller, row, ReferralAction.ACCEPT, "")
        self._exams.accept_referral(uow, caller, row.exam_id, request.room_id, request.slot_id, request.planned_at)
        return self._view(uow, caller, row)

    def refuse(self, uow: UnitOfWork, caller: Caller, request: RefuseReferral) -> ReferralView:
        """退回 with reason: the exam is cancelled. Raises CONFLICT, ILLEGAL_ACTION, INVALID."""
        if not request.reason.strip():
            raise invalid("reason", "请填写退回原因，申请机构会看到它。")
        row = self._locked(uow, request.referral_id, request.version)
        self._demand_campus(caller, row.to_campus_id)
        self._step(uow, caller, row, ReferralAction.REFUSE, request.reason)
        self._exams.end_referral(uow, caller, row.exam_id, ReferralState.REFUSED, request.reason)
        return self._view(uow, caller, row)

    # ── inside ───────────────────────────────────────────────────────────────────────────────────

    def _receiver(self, uow: UnitOfWork, network: NetworkView, request: SubmitReferral) -> OrganisationView:
        receiver = next((one for one in network.organisations if one.id == request.to_organisation_id), None)
        if receiver is None:
            raise invalid("to_organisation_id", "请选择转诊机构。")
        if not receiver.accepts_referrals:
            raise invalid("to_organisation_id", f"{receiver.name}现在不接收转诊，请选择其它机构。")
        if request.group_id is not None and request.group_id not in receiver.group_ids:
            raise invalid("to_organisation_id", "所选机构不在该机构组中，请重新选择。")
        if request.to_campus_id not in receiver.campus_ids:
            raise invalid("to_campus_id", "请选择转诊院区。")
        hospital = self._organisation.hospital(uow)
        if request.from_campus_id not in {campus.id for campus in hospital.view.campuses}:
            raise invalid("from_campus_id", "请选择申请院区。")
        if request.from_campus_id in receiver.campus_ids:
            raise invalid("to_organisation_id", "申请院区属于同一机构，请直接做检查登记。")
        rooms = [room for room in hospital.view.rooms if room.campus_id == request.to_campus_id]
        if not any(request.exam_type in room.exam_types for room in rooms):
            raise invalid("exam_type", f"该院区不做 {request.exam_type} 检查，请选择其它院区或检查类型。")
        return receiver

    def _side(self, caller: Caller, request: ListReferrals) -> ColumnElement[bool]:
        column = ReferralRow.to_campus_id if request.incoming else ReferralRow.from_campus_id
        wanted = ReferralRow.id > 0 if request.campus_id is None else column == request.campus_id
        return and_(wanted, column.in_(caller.campus_ids)) if caller.campus_ids else wanted

    def _demand_campus(self, caller: Caller, campus_id: int) -> None:
        """Raise ILLEGAL_ACTION when the account works for other campuses only (RIS-EX-12)."""
        if caller.campus_ids and campus_id not in caller.campus_ids:
            raise illegal_action("other_campus", "该转诊由其它院区处理，您的账号不能操作。")

    def _filters(self, request: ListReferrals) -> list[ColumnElement[bool]]:
        conditions: list[ColumnElement[bool]] = []
        if request.states:
            conditions.append(ReferralRow.state.in_([state.value for state in request.states]))
        if request.exam_type:
            conditions.append(Exam.exam_type == request.exam_type)
        if request.patient_name.strip():
            conditions.append(name_condition(request.patient_name.strip(), is_narrow=request.today_only))
        if request.card_number.strip():
            conditions.append(begins(Exam.card_number, request.card_number.strip()))
        if request.today_only:
            today = self._time.today()
            conditions += days_of(self._time, ReferralRow.sent_at, today, today)
        return conditions

    def _locked(self, uow: UnitOfWork, referral_id: int, version: int) -> ReferralRow:
        query = select(ReferralRow).where(ReferralRow.id == referral_id)
        exam_id = uow.session.scalars(select(ReferralRow.exam_id).where(ReferralRow.id == referral_id)).one_or_none()
        if exam_id is None:
            raise not_found("转诊")
        self._exams.lock(uow, exam_id)  # exam before referral, as in a submission
        row = uow.session.scalars(query.with_for_update()).one()
        row.expect(version)
        return row

    def _step(
        self, uow: UnitOfWork, caller: Caller, row: ReferralRow, action: ReferralAction, answer: str | None
    ) -> None:
        """Take one step of the table; `answer` is its reason, None where the step answers nothing."""
        exam = self._exams.view(uow, caller, row.exam_id).row
        try:
            transition = step(ReferralState(row.state), action, exam.state)
        except NotAllowed as refusal:
            raise illegal_action(row.state, str(refusal)) from None
        row.state = transition.next_state.value
        if answer is not None:
            row.answered_at, row.answered_by = self._time.now(), caller.name[:64]
            row.reason = answer.strip()[:200]
        row.touch()
        self._tell(uow, row)

    def _tell(self, uow: UnitOfWork, row: ReferralRow) -> None:
        uow.publish(Changed(entity="referral", id=row.id, version=row.version))

    def _view(self, uow: UnitOfWork, caller: Caller, row: ReferralRow) -> ReferralView:
        uow.session.flush()
        return self._views(uow, caller, [row])[0]

    def _views(self, uow: UnitOfWork, caller: Caller, rows: list[ReferralRow]) -> tuple[ReferralView, ...]:
        if not rows:
            return ()
        exams = self._exams.rows(uow, caller, [row.exam_id for row in rows])
        names = _Names(self._organisation, self.network, uow)
        with_slot = self._slots.with_slots(uow, [row.exam_id for row in rows])
        return tuple(_view(row, exams[row.exam_id], names, row.exam_id in with_slot, caller) for row in rows)


class _Names:
    """Names of organisations, groups and campuses, read once."""

    def __init__(self, organisation: OrganisationService, network: Network, uow: UnitOfWork) -> None:
        view = network.view(uow)
        self.groups = {group.id: group.name for group in view.groups}
        self.organisations = {one.id: one.name for one in view.organisations}
        self.owner = {campus_id: one.name for one in view.organisations for campus_id in one.campus_ids}
        self.campuses = {campus.id: campus.name for campus in organisation.hospital(uow).view.campuses}


def _view(row: ReferralRow, exam: ExamRow, names: _Names, has_slot: bool, caller: Caller) -> ReferralView:
    state = ReferralState(row.state)
    return ReferralView(
        id=row.id,
        version=row.version,
        state=state,
        exam=exam,
        group_id=row.group_id,
        group_name=names.groups.get(row.group_id or 0, ""),
        to_organisation_id=row.to_organisation_id,
        to_organisation_name=names.organisations.get(row.to_organisation_id, ""),
        to_campus_id=row.to_campus_id,
        to_campus_name=names.campuses.get(row.to_campus_id, ""),
        from_organisation_name=names.owner.get(row.from_campus_id, ""),
        from_campus_id=row.from_campus_id,
        from_campus_name=names.campuses.get(row.from_campus_id, ""),
        note=row.note,
        sent_at=row.sent_at,
        sent_by=row.sent_by,
        answered_at=row.answered_at,
        answered_by=row.answered_by,
        reason=row.reason,
        has_slot=has_slot,
        allowed=allowed_actions(state, exam.state, caller.permissions),
    )
