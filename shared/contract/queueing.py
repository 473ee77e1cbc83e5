"""Queue and calling (叫号), hall display (叫号大屏)."""

from __future__ import annotations

from datetime import date, datetime

import msgspec

from shared.contract.base import AuditClass, Command, Nothing, Query
from shared.contract.exams import ExamRow
from shared.domain.permissions import Permission
from shared.domain.states import PatientType, Sex, TicketAction, TicketState


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


class QueueView(msgspec.Struct, frozen=True, kw_only=True):
    """A room's queue of today in order, and its counters."""

    tickets: tuple[TicketView, ...]
    waiting: int
    passed: int
    finished: int


class GetQueue(Query[QueueView], frozen=True, kw_only=True):
    """Today's open tickets, emergency first, then VIP, then by planned time (RIS-QUE-03, -04, RIS-OPN-03)."""

    method = "queueing.get_queue"
    permission = Permission.CALL
    audit = AuditClass.ROUTINE

    campus_id: int | None = None
    room_id: int | None = None
    exam_type: str = ""


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
    """修改检查室: a new number in the other room's queue. Refusals: CONFLICT, ILLEGAL_ACTION, INVALID."""

    method = "queueing.change_room"
    permission = Permission.CALL
    audit = AuditClass.QUEUE

    ticket_id: int
    version: int
    room_id: int


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


class BoardRoom(msgspec.Struct, frozen=True, kw_only=True):
    """What the display shows of one room."""

    room_id: int
    room_name: str
    now: CallView | None
    waiting: tuple[str, ...]  # "A013 李*" in order, at most eight
    passed: tuple[str, ...]


class BoardView(msgspec.Struct, frozen=True, kw_only=True):
    """The hall display."""

    hospital_name: str
    time: datetime
    rooms: tuple[BoardRoom, ...]
    pending_calls: tuple[CallView, ...]  # not yet announced, oldest first


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
