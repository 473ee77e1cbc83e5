"""Queue and calling (叫号), hall display (叫号大屏)."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

import msgspec

from shared.contract.base import AuditClass, Command, Nothing, Query
from shared.contract.exams import ExamRow
from shared.domain.permissions import Permission
from shared.domain.states import PatientType, Precedence, Sex, SignInPlace, TicketAction, TicketState


class WaitForecast(msgspec.Struct, frozen=True, kw_only=True):
    """When a waiting patient will probably be called, in whole minutes from now; four of five within low and high."""

    ahead: int  # patients before this one in the rooms that share the queue
    minutes: int
    low_minutes: int
    high_minutes: int


class ForecastError(msgspec.Struct, frozen=True, kw_only=True):
    """How well the forecasts of the last days did: stored forecasts beside the calls that followed."""

    count: int
    median_error_minutes: float  # median of the absolute error
    within_band_percent: float  # of the calls that came between low and high; 80 is right


class TicketView(msgspec.Struct, frozen=True, kw_only=True):
    """A place in a room's queue."""

    id: int
    version: int
    exam_id: int
    exam_version: int
    number: str  # 排队号, e.g. "A012"
    position: int  # 1 is next; 0 when not waiting
    state: TicketState
    room_id: int
    room_name: str
    patient_type: PatientType
    patient_name: str
    sex: Sex
    age: str
    accession_number: str
    image_number: str
    exam_type: str
    items: str
    planned_at: datetime
    called_at: datetime | None
    call_count: int
    allowed: tuple[TicketAction, ...]
    forecast: WaitForecast | None = None  # of waiting patients, unless the room is paused
    signed_in_at: datetime | None = None
    started_at: datetime | None = None
    has_safety_alarm: bool = False  # an answer to the safety questions alarms (RIS-EX-11)
    patient_kind: str = ""  # code of organisation.PatientTypeView; `patient_type` is its class


class QueueRoomView(msgspec.Struct, frozen=True, kw_only=True):
    """A room's counters of today and its settings. Rooms of one `pool` call from one common queue."""

    room_id: int
    not_signed_in: int = 0
    waiting: int = 0
    called: int = 0  # 呼叫中 and 已呼
    passed: int = 0
    examining: int = 0
    finished: int = 0
    is_paused: bool = False
    pause_reason: str = ""
    paused_by: str = ""
    check_in_required: bool = False
    pool: str = ""
    wait: WaitForecast | None = None  # of somebody who came now


class QueueView(msgspec.Struct, frozen=True, kw_only=True):
    """A room's queue of today in order, and its counters."""

    tickets: tuple[TicketView, ...]
    waiting: int
    passed: int
    finished: int
    not_signed_in: int = 0
    rooms: tuple[QueueRoomView, ...] = ()
    forecast_error: ForecastError | None = None


class GetQueue(Query[QueueView], frozen=True, kw_only=True):
    """Today's open tickets, emergency first, then VIP, then by planned time (RIS-QUE-03, -04, RIS-OPN-03).

    `room_ids`: several rooms of one technician; counters come for all rooms of the campus.
    """

    method = "queueing.get_queue"
    permission = Permission.CALL
    audit = AuditClass.ROUTINE

    campus_id: int | None = None
    room_id: int | None = None
    exam_type: str = ""
    room_ids: tuple[int, ...] = ()


class ListFinished(Query[tuple[ExamRow, ...]], frozen=True, kw_only=True):
    """已检查: exams finished today in this room, those planned on some days, or the one with this exam number.

    Days in the hospital's time zone, ends included; with one of them given, the day of finishing does not matter.
    """

    method = "queueing.list_finished"
    permission = Permission.CALL
    audit = AuditClass.ROUTINE

    campus_id: int | None = None
    room_id: int | None = None
    exam_type: str = ""
    accession_number: str = ""
    planned_from: date | None = None
    planned_to: date | None = None
    room_ids: tuple[int, ...] = ()


class CallTicket(Command[TicketView], frozen=True, kw_only=True):
    """呼叫 or 重呼. Refusals: CONFLICT, ILLEGAL_ACTION."""

    method = "queueing.call"
    permission = Permission.CALL
    audit = AuditClass.QUEUE

    ticket_id: int
    version: int


class CallNext(Command[TicketView], frozen=True, kw_only=True):
    """呼叫下一位: the first ticket in state 等待 of the room (RIS-OPN-16). Refusals: NOT_FOUND (nobody waits)."""

    method = "queueing.call_next"
    permission = Permission.CALL
    audit = AuditClass.QUEUE

    room_id: int


class PassTicket(Command[TicketView], frozen=True, kw_only=True):
    """过号. Refusals: CONFLICT, ILLEGAL_ACTION."""

    method = "queueing.pass"
    permission = Permission.CALL
    audit = AuditClass.QUEUE

    ticket_id: int
    version: int


class SignInAgain(Command[TicketView], frozen=True, kw_only=True):
    """重新签到: to the end of the own priority class (RIS-OPN-05). Refusals: CONFLICT, ILLEGAL_ACTION."""

    method = "queueing.sign_in_again"
    permission = Permission.REGISTER
    audit = AuditClass.QUEUE

    exam_id: int


class StartTicket(Command[TicketView], frozen=True, kw_only=True):
    """开始检查: the patient is in the room; the exam becomes 检查中. Refusals: CONFLICT, ILLEGAL_ACTION."""

    method = "queueing.start"
    permission = Permission.CALL
    audit = AuditClass.QUEUE

    ticket_id: int
    version: int


class FinishTicket(Command[Nothing], frozen=True, kw_only=True):
    """检查完成: the ticket leaves the list, the exam becomes 已检查. Refusals: CONFLICT, ILLEGAL_ACTION."""

    method = "queueing.finish"
    permission = Permission.CALL
    audit = AuditClass.QUEUE

    ticket_id: int
    version: int


class ChangeRoom(Command[TicketView], frozen=True, kw_only=True):
    """修改检查室: a new number in the other room's queue. Refusals: CONFLICT, ILLEGAL_ACTION, INVALID.

    While the patient is 呼叫中 the call is taken back and the patient waits in the other room; else the state stays.
    """

    method = "queueing.change_room"
    permission = Permission.CALL
    audit = AuditClass.QUEUE

    ticket_id: int
    version: int
    room_id: int


class SignIn(Command[TicketView], frozen=True, kw_only=True):
    """签到 at the counter: 未签到 → 等待. Refusals: ILLEGAL_ACTION, NOT_FOUND."""

    method = "queueing.sign_in"
    permission = Permission.REGISTER
    audit = AuditClass.QUEUE

    exam_id: int


class PauseRoom(Command[QueueRoomView], frozen=True, kw_only=True):
    """暂停叫号: nobody new is called to the room until it goes on; the display says why. Refusals: INVALID."""

    method = "queueing.pause_room"
    permission = Permission.CALL
    audit = AuditClass.QUEUE

    room_id: int
    reason: str = ""


class ResumeRoom(Command[QueueRoomView], frozen=True, kw_only=True):
    """恢复叫号. Refusals: INVALID."""

    method = "queueing.resume_room"
    permission = Permission.CALL
    audit = AuditClass.QUEUE

    room_id: int


class TransferView(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a transfer: who stands in the other room's queue now, and who could not be moved."""

    moved: tuple[TicketView, ...]
    left: tuple[TicketView, ...]  # 检查中, or of a type that the other room does not do


class TransferQueue(Command[TransferView], frozen=True, kw_only=True):
    """整体转移: a whole room's queue to another room in one step, when a device fails. Numbers stay as printed.

    Refusals: INVALID (same or unknown room), NOT_FOUND (nobody could be moved).
    """

    method = "queueing.transfer"
    permission = Permission.CALL
    audit = AuditClass.QUEUE

    from_room_id: int
    to_room_id: int
    pause: bool = True  # the room that is left calls nobody until it goes on
    reason: str = ""


# ── rules ────────────────────────────────────────────────────────────────────────────────────────────


class QueueRules(msgspec.Struct, frozen=True, kw_only=True):
    """What a hospital may choose. Minutes and counts of 0 mean: not used."""

    emergency: Precedence = Precedence.FIRST
    emergency_ahead_minutes: int = 60  # with AHEAD
    vip: Precedence = Precedence.FIRST
    vip_ahead_minutes: int = 30
    ageing_minutes: int = 0  # who has waited longer than this stands with the VIPs, by time
    sign_in_place: SignInPlace = SignInPlace.END  # RIS-OPN-05
    sign_in_after: int = 3  # with AFTER
    late_minutes: int = 0  # who checks in later than this takes the place of 重新签到
    passed_return_calls: int = 0  # a passed patient waits again after so many calls of others
    passed_return_times: int = 1  # how often that happens to one patient
    announcement_seconds: int = 45  # 呼叫中 becomes 已呼 after it, display or not (RIS-OPN-04)
    one_patient_per_room: bool = True
    speaks_name: bool = True
    early_minutes: int = 120  # how long before the planned time a patient may check in
    refuses_arrears: bool = True  # the kiosk sends who has not paid to the cashier


class QueueRulesView(msgspec.Struct, frozen=True, kw_only=True):
    """The rules in force, and the rooms with their settings."""

    version: int
    rules: QueueRules
    rooms: tuple[QueueRoomView, ...]
    forecast_error: ForecastError | None = None


class GetQueueRules(Query[QueueRulesView], frozen=True, kw_only=True):
    """The rules of all queues."""

    method = "queueing.get_rules"
    permission = Permission.ADMINISTER
    audit = AuditClass.ROUTINE


class SaveQueueRules(Command[QueueRulesView], frozen=True, kw_only=True):
    """Change the rules; they hold for the next step of every ticket. Refusals: CONFLICT, INVALID (with the field)."""

    method = "queueing.save_rules"
    permission = Permission.ADMINISTER
    audit = AuditClass.SETTINGS

    version: int
    rules: QueueRules


class SaveQueueRoom(Command[QueueRoomView], frozen=True, kw_only=True):
    """Change a room's settings. Without check-in, its 未签到 patients wait at once. Refusals: INVALID."""

    method = "queueing.save_room"
    permission = Permission.ADMINISTER
    audit = AuditClass.SETTINGS

    room_id: int
    check_in_required: bool
    pool: str = ""


class ForecastOfRoom(msgspec.Struct, frozen=True, kw_only=True):
    """Past error of the forecasts of one room and exam type."""

    room_id: int
    exam_type: str
    error: ForecastError
    typical_minutes: float  # robust length of an exam there, call to end


class GetForecastErrors(Query[tuple[ForecastOfRoom, ...]], frozen=True, kw_only=True):
    """How well waiting times were foretold in the last `days` days, by room and exam type."""

    method = "queueing.get_forecast_errors"
    permission = Permission.CALL
    audit = AuditClass.ROUTINE

    days: int = 14


# ── self-service check-in ────────────────────────────────────────────────────────────────────────────


class KioskOutcome(StrEnum):
    """What a kiosk tells of one exam."""

    CHECKED_IN = "checked_in"
    ALREADY = "already"  # checked in before; waits
    LATE = "late"  # checked in, after the planned time
    TOO_EARLY = "too_early"
    WRONG_DAY = "wrong_day"
    NOT_PAID = "not_paid"
    BEING_CALLED = "being_called"  # go to the room at once
    PASSED = "passed"  # was called and not there: to the counter
    IN_EXAM = "in_exam"
    FINISHED = "finished"
    CANCELLED = "cancelled"


class KioskExam(msgspec.Struct, frozen=True, kw_only=True):
    """One exam as a kiosk may show it in the hall: masked name, no accession number."""

    outcome: KioskOutcome
    masked_name: str
    number: str  # 排队号; empty where there is no ticket
    exam_type: str
    items: str
    room_name: str
    room_name_en: str
    campus_name: str
    campus_name_en: str
    way: str  # how to find the room; may be empty
    planned_at: datetime
    opens_at: datetime | None = None  # TOO_EARLY: from when check-in is possible
    forecast: WaitForecast | None = None


class KioskAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What a code led to; no exams: the code is unknown, or `try_again_s` says how long this kiosk answers nothing."""

    exams: tuple[KioskExam, ...]
    time: datetime
    try_again_s: int = 0


class KioskCheckIn(Command[KioskAnswer], frozen=True, kw_only=True):
    """Check in by a scanned accession number, or an identity or visit card number in full.

    After several unknown numbers in a row a kiosk gets no answers for a while. Refusals: INVALID (no form of a number).
    """

    method = "queueing.kiosk_check_in"
    permission = Permission.CHECK_IN
    audit = AuditClass.QUEUE

    code: str


class KioskView(msgspec.Struct, frozen=True, kw_only=True):
    """What a kiosk shows while nobody stands before it."""

    hospital_name: str
    hospital_name_en: str
    time: datetime


class GetKiosk(Query[KioskView], frozen=True, kw_only=True):
    """The kiosk's first page; asked for regularly, so that it knows how the line stands."""

    method = "queueing.get_kiosk"
    permission = Permission.CHECK_IN
    audit = AuditClass.ROUTINE


# ── hall display ─────────────────────────────────────────────────────────────────────────────────────


class CallView(msgspec.Struct, frozen=True, kw_only=True):
    """One announcement. Names are masked by the server's rule (张*明)."""

    call_id: int
    ticket_id: int
    number: str
    masked_name: str
    room_id: int
    room_name: str
    spoken_text: str  # what the voice says, in Chinese
    spoken_text_en: str
    called_at: datetime
    is_over: bool
    is_urgent: bool = False  # an emergency: spoken before other calls that wait to be spoken


class BoardRoom(msgspec.Struct, frozen=True, kw_only=True):
    """What the display shows of one room."""

    room_id: int
    room_name: str
    now: CallView | None
    waiting: tuple[str, ...]  # "A013 李*" in order, at most eight
    passed: tuple[str, ...]
    is_paused: bool = False
    pause_reason: str = ""
    waiting_minutes: tuple[int, ...] = ()  # the forecast beside each of `waiting`; empty where none can be made
    waiting_count: int = 0  # all who wait, beyond those shown too
    wait: WaitForecast | None = None  # of somebody who came now


class BoardView(msgspec.Struct, frozen=True, kw_only=True):
    """The hall display."""

    hospital_name: str
    time: datetime
    rooms: tuple[BoardRoom, ...]
    pending_calls: tuple[CallView, ...]  # not yet announced, oldest first
    forecast_error: ForecastError | None = None


class GetBoard(Query[BoardView], frozen=True, kw_only=True):
    """The hall display of these rooms (all when empty)."""

    method = "queueing.get_board"
    permission = Permission.DISPLAY
    audit = AuditClass.ROUTINE

    room_ids: tuple[int, ...] = ()


class AnnouncementOver(Command[Nothing], frozen=True, kw_only=True):
    """The display has spoken: 呼叫中 → 已呼 (RIS-OPN-04). Repeating it changes nothing."""

    method = "queueing.announcement_over"
    permission = Permission.DISPLAY
    audit = AuditClass.QUEUE

    call_id: int
