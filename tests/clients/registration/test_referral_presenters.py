"""What the referral page, the panel of slots and the calendar do with replies and errors, without a window."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec

from clients.kit.connection import FakeConnection
from clients.kit.messages import CollectedMessages
from clients.kit.running import ImmediateRunner
from clients.registration.calendar.presenter import CalendarPresenter
from clients.registration.exam_actions import ExamActions
from clients.registration.picking.presenter import PickPresenter
from clients.registration.referral.presenter import ReferralListPresenter, RowAction, actions_of_referral
from shared.contract.errors import ErrorBody, ErrorCode, error_for
from shared.contract.exams import GetExam, ListSlots, SlotOffer, SlotView
from shared.contract.referrals import ListReferrals, ReferralList, ReferralView, RefuseReferral
from shared.contract.scheduling import (
    AppointmentHistory,
    BookingView,
    CheckBooking,
    GetAppointmentHistory,
    LoadDay,
    RescheduleExam,
    RoomLoad,
)
from shared.domain.states import ExamState, PatientType, ReferralAction, ReferralState, VisitKind
from tests.clients.registration.fake_hospital import NOW, FakeHospital, a_hospital, an_exam_row

S = ReferralState


def a_referral(number: int = 1, state: ReferralState = S.SENT, **changes: Any) -> ReferralView:
    """A referral of one exam."""
    allowed = {
        S.SENT: (ReferralAction.ACCEPT, ReferralAction.REFUSE, ReferralAction.CANCEL, ReferralAction.PUSH),
        S.ACCEPTED: (ReferralAction.REFUSE, ReferralAction.PUSH, ReferralAction.PRINT_FORM),
    }.get(state, ())
    values: dict[str, Any] = {
        "id": number,
        "version": 1,
        "state": state,
        "exam": msgspec.structs.replace(an_exam_row(number), referral_id=number, referral_state=state),
        "group_id": None,
        "group_name": "",
        "to_organisation_id": 2,
        "to_organisation_name": "县人民医院",
        "to_campus_id": 3,
        "to_campus_name": "县医院影像科",
        "from_organisation_name": "明镜示范医院",
        "from_campus_id": 1,
        "from_campus_name": "放射科",
        "note": "",
        "sent_at": NOW,
        "sent_by": "张登记",
        "answered_at": None,
        "answered_by": "",
        "reason": "",
        "has_slot": False,
        "allowed": allowed,
    }
    return ReferralView(**(values | changes))


class Desk:
    """The list's presenter over a line that a test answers."""

    def __init__(self) -> None:
        self.messages = CollectedMessages()
        self.rows: tuple[ReferralView, ...] = ()
        self.waiting = 0
        self.trouble: Exception | None = None
        self.hospital = FakeHospital()
        replies: dict[type[Any], Any] = {
            ListReferrals: self._list,
            RefuseReferral: lambda _request: a_referral(1, S.REFUSED),
        }
        self.line = FakeConnection(replies=replies)
        runner = ImmediateRunner()
        actions = ExamActions(
            self.line,
            runner,
            self.messages,
            self.hospital,
            self.hospital,
            lambda _s, _c: lambda: None,  # type: ignore[arg-type]
        )
        self.presenter = ReferralListPresenter(self.line, runner, self.messages, actions)

    def _list(self, _request: ListReferrals) -> ReferralList:
        if self.trouble is not None:
            raise self.trouble
        return ReferralList(rows=self.rows, total=len(self.rows), waiting=self.waiting)


def test_each_side_is_offered_its_own_actions() -> None:
    sent, came = (actions_of_referral(a_referral(), incoming=side) for side in (False, True))
    assert RowAction.CANCEL in sent
    assert RowAction.ACCEPT not in sent
    assert RowAction.ACCEPT in came
    assert RowAction.CANCEL not in came
    assert RowAction.CANCEL not in actions_of_referral(a_referral(1, S.ACCEPTED), incoming=False)


def test_ten_thousand_referrals_loading_and_trouble_keep_the_rows() -> None:
    desk = Desk()
    desk.rows = tuple(a_referral(number) for number in range(10_000))
    desk.presenter.refresh()
    assert (len(desk.presenter.state.rows), desk.presenter.state.loading) == (10_000, False)
    desk.trouble = error_for(ErrorBody(code=ErrorCode.OFFLINE, message=""))
    desk.presenter.refresh()
    assert len(desk.presenter.state.rows) == 10_000
    assert desk.presenter.state.trouble
    desk.trouble = None
    desk.presenter.refresh()
    assert not desk.presenter.state.trouble


def test_the_sender_is_told_of_a_refusal_and_the_receiver_of_something_new() -> None:
    desk = Desk()
    desk.rows = (a_referral(),)
    desk.presenter.refresh()
    desk.rows = (a_referral(1, S.REFUSED, reason="设备检修"),)
    desk.presenter.refresh()
    assert any("设备检修" in message.text for message in desk.messages.said)
    desk.presenter.choose_side(incoming=True)
    desk.waiting = 1
    desk.presenter.refresh()
    assert "等待接收" in desk.messages.said[-1].text


def test_a_refusal_is_sent_with_its_reason() -> None:
    desk = Desk()
    desk.rows = (a_referral(),)
    asked: list[RowAction] = []
    desk.presenter.ask_reason = lambda _row, action: asked.append(action)
    desk.presenter.choose_side(incoming=True)
    desk.presenter.do(RowAction.REFUSE, a_referral())
    assert asked == [RowAction.REFUSE]
    desk.presenter.answer(a_referral(), RowAction.REFUSE, "设备检修")
    assert RefuseReferral(referral_id=1, version=1, reason="设备检修") in desk.line.calls
    desk.presenter.do(RowAction.CANCEL, a_referral())  # not the receiver's
    assert asked == [RowAction.REFUSE]


# ── picking ──────────────────────────────────────────────────────────────────────────────────────────


def a_slot(number: int, offer: SlotOffer = SlotOffer.FREE) -> SlotView:
    start = datetime(2026, 11, 22, 0, 10 * number, tzinfo=UTC)
    return SlotView(
        id=number, room_id=11, starts_at=start, ends_at=start + timedelta(minutes=10), capacity=1, taken=0, offer=offer
    )


def picking(send: Any, **replies: Any) -> tuple[PickPresenter, list[Any]]:
    """The panel of an exam, and what it was told to have done."""
    done: list[Any] = []
    hospital = FakeHospital()
    row = an_exam_row(7)
    line = FakeConnection(
        replies={
            ListSlots: lambda _request: (a_slot(1), a_slot(2, SlotOffer.RESERVED)),
            CheckBooking: lambda _request: (),
            GetAppointmentHistory: lambda _request: AppointmentHistory(),
            GetExam: hospital.connection.replies[GetExam],
            **replies,
        }
    )
    presenter = PickPresenter(
        line,
        ImmediateRunner(),
        CollectedMessages(),
        row,
        a_hospital().rooms,
        lambda: NOW,
        send,
        needs_reason=True,
        done=done.append,
    )
    presenter.load()
    return presenter, done


def test_a_move_needs_a_slot_and_a_reason() -> None:
    presenter, done = picking(lambda state: state.slot_id)
    presenter.save()
    assert presenter.state.trouble
    presenter.choose_slot(2)  # kept for others
    assert presenter.state.slot_id is None
    presenter.choose_slot(1)
    presenter.save()
    assert presenter.state.trouble
    presenter.type_reason("患者原因")
    presenter.save()
    assert done == [1]
    presenter.save()  # done is done
    assert done == [1]


def test_a_slot_that_is_gone_is_said_and_the_slots_are_fetched_again() -> None:
    def taken(_state: Any) -> Any:
        raise error_for(ErrorBody(code=ErrorCode.SLOT_TAKEN, message="08:10 的号已经约满，请选择其它时段。"))

    presenter, done = picking(taken)
    presenter.choose_slot(1)
    presenter.type_reason("患者原因")
    presenter.save()
    assert done == []
    assert presenter.state.trouble
    assert not presenter.state.saving


# ── the calendar ─────────────────────────────────────────────────────────────────────────────────────


def a_booking(*, may_move: bool = True) -> BookingView:
    return BookingView(
        exam_id=7,
        version=3,
        slot_id=1,
        starts_at=a_slot(1).starts_at,
        minutes=10,
        patient_name="张伟",
        accession_number="A1",
        exam_type="CT",
        items="胸部平扫",
        kind=VisitKind.OUTPATIENT,
        patient_type=PatientType.ORDINARY,
        state=ExamState.REGISTERED,
        is_no_show=False,
        may_move=may_move,
    )


class Calendar:
    """The calendar's presenter with one day of two slots."""

    def __init__(self) -> None:
        day = LoadDay(room_id=11, day=date(2026, 11, 22), slots=(a_slot(1), a_slot(2)), bookings=(a_booking(),))
        self.trouble: Exception | None = None
        self.moves: list[RescheduleExam] = []
        self.line = FakeConnection(replies={RoomLoad: lambda _request: (day,), RescheduleExam: self._move})
        hospital = FakeHospital()
        runner, messages = ImmediateRunner(), CollectedMessages()
        actions = ExamActions(self.line, runner, messages, hospital, hospital, lambda _s, _c: lambda: None)  # type: ignore[arg-type]
        now = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
        self.presenter = CalendarPresenter(self.line, runner, messages, actions, lambda: now)
        self.presenter.choose_room(11)

    def _move(self, request: RescheduleExam) -> Any:
        self.moves.append(request)
        raise self.trouble or AssertionError("the test answers")


def test_what_is_picked_up_can_be_put_back_and_put_down() -> None:
    calendar = Calendar()
    presenter = calendar.presenter
    presenter.pick_up(a_booking(may_move=False))
    assert presenter.state.picked is None
    assert presenter.state.trouble
    presenter.pick_up(a_booking())
    presenter.put_down(date(2026, 11, 22), 1)  # its own place: nothing moves
    assert presenter.state.picked is None
    presenter.pick_up(a_booking())
    presenter.put_down(date(2026, 11, 22), 2)
    assert presenter.state.target is not None
    presenter.confirm()
    assert presenter.state.trouble  # no reason
    assert calendar.moves == []
    presenter.type_reason("设备故障")
    calendar.trouble = error_for(ErrorBody(code=ErrorCode.SLOT_TAKEN, message="已经约满"))
    presenter.confirm()
    assert calendar.moves == [RescheduleExam(exam_id=7, version=3, slot_id=2, reason="设备故障")]
    assert presenter.state.target is None
    assert presenter.state.picked is not None  # still in hand, for another slot
    presenter.put_back()
    assert presenter.state.picked is None


def test_weeks_begin_on_monday_and_days_follow() -> None:
    presenter = Calendar().presenter
    assert presenter.state.first_day.weekday() == 0
    presenter.move(1)
    assert presenter.state.first_day == date(2026, 11, 23)
    presenter.choose_days(1)
    presenter.move(1)
    assert (presenter.state.first_day, presenter.state.days) == (date(2026, 11, 24), 1)
    presenter.to_today()
    assert presenter.state.first_day == date(2026, 11, 21)
