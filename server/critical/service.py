"""Use cases of critical values: report, tell, acknowledge, correct, cancel, call the next level.

A loop ends only by an acknowledgement (with a name) or by a cancellation (with a reason); each step adds a line to its
log, which the database does not let anybody change. The next level is called when `next_escalation_at` has passed,
by a job that was asked for in the transaction that opened the loop and by a regular look at all of them.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import select

from server.critical.limits import Limits
from server.critical.ports import Exams, LoopFollower, LoopStep, Outside, Subject
from server.critical.roster import called_words, shifts_on_duty
from server.critical.rules import (
    ACTION_NAMES,
    NEXT,
    OPEN_STATES,
    PERMISSIONS,
    STATE_NAMES,
    Calls,
    after,
    may_acknowledge,
)
from server.critical.tables import LoopLineRow, LoopRow
from server.critical.views import details_of, is_open, seen_by
from server.critical.watching import Watching
from server.kernel.clock import HospitalTime
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import SYSTEM, Caller
from server.kernel.errors import Refusal, illegal_action, invalid, not_found
from server.reporting.ports import ReportStep
from server.reporting.tables import Report, ReportText
from shared.contract.base import Changed
from shared.contract.critical import (
    AcknowledgeCritical,
    CancelCritical,
    CorrectCritical,
    LoopDetails,
    NotifyCritical,
    RecordAcknowledgement,
    ReportCritical,
)
from shared.contract.errors import ErrorCode
from shared.domain.critical import CriticalLevel, CriticalRegion, Escalation, LoopAction, LoopState, Means
from shared.domain.pathology_reports import FIRST_REPORT_ID
from shared.domain.rich_text import plain
from shared.domain.states import CriticalValue, ReportAction

ESCALATE = "critical.escalate"
"""Kind of the job that calls the next level."""

Plan = Callable[[UnitOfWork, int, timedelta], None]
"""Asks for a job that looks at a loop after some time."""

_THE_SETTINGS = 1
_MOST = 500
_MOST_AT_ONCE = 200
_MAX_MINUTES = 24 * 60
_OPEN = tuple(state.value for state in OPEN_STATES)


def _no_plan(_uow: UnitOfWork, _loop_id: int, _delay: timedelta) -> None:
    """Without a queue of jobs the regular look is all there is."""


class CriticalService:
    """Loops of critical values. Methods work in the caller's unit of work and never commit."""

    def __init__(self, time: HospitalTime, exams: Exams, watching: Watching, plan: Plan = _no_plan) -> None:
        self._time = time
        self._exams = exams
        self._plan = plan
        self.watching = watching
        self.limits = Limits()
        self.outside: Outside | None = None
        self._followers: list[LoopFollower] = []

    def follow(self, follower: LoopFollower) -> None:
        """Call `follower` at each step of each loop; bootstrap does this once per area that wants to know."""
        self._followers.append(follower)

    # ── opening ──────────────────────────────────────────────────────────────────────────────────────

    def report(self, uow: UnitOfWork, caller: Caller, request: ReportCritical) -> LoopDetails:
        """上报危急值. Raises INVALID, NOT_FOUND, DUPLICATE, ILLEGAL_ACTION."""
        subject = self._subject(uow, caller, request.report_id)
        entry = self.watching.row(uow, request.code.strip()) if request.code.strip() else None
        if request.code.strip() and entry is None:
            raise invalid("code", "危急值库中没有这一项，请重新选择。")
        name = _text("name", request.name or (entry.name if entry is not None else ""), 100, "请选择或填写危急值。")
        finding = _text("finding", request.finding, 2000, "请填写影像表现，通知病区时要念给对方听。")
        double = uow.session.scalar(
            select(LoopRow.id).where(
                LoopRow.report_id == subject.report_id, LoopRow.name == name, LoopRow.state.in_(_OPEN)
            )
        )
        if double is not None:
            raise Refusal(
                ErrorCode.DUPLICATE, f"此报告的危急值“{name}”已经上报，尚未结束，请在原记录上处理。", existing_id=double
            )
        now = self._time.now()
        limits = self.limits.settings(uow)
        department = _optional("department", request.department, 120) or subject.department
        row = LoopRow(
            version=1,
            state=LoopState.OPEN.value,
            report_id=subject.report_id,
            exam_id=subject.exam_id,
            accession_number=subject.accession_number,
            patient_id=subject.patient_id,
            patient_number=subject.patient_number,
            patient_name=subject.patient_name,
            sex=subject.sex,
            age=subject.age,
            inpatient_number=subject.inpatient_number,
            exam_type=subject.exam_type,
            body_part=subject.body_part,
            items=subject.items,
            campus_id=subject.campus_id,
            room_id=subject.room_id,
            department=department,
            requesting_doctor=subject.requesting_doctor,
            code="" if entry is None else entry.code,
            name=name,
            name_en="" if entry is None or name != entry.name else entry.name_en,
            region=CriticalRegion.ANY.value if entry is None else entry.region,
            level=CriticalLevel.ONE.value if entry is None else entry.level,
            value=_optional("value", request.value, 200),
            finding=finding,
            reported_by_id=caller.user_id,
            reported_by=caller.name[:80],
            opened_at=now,
            notified_at=None,
            notified_name="",
            notified_means="",
            acknowledged_at=None,
            acknowledged_by="",
            acknowledged_means="",
            read_back=False,
            note="",
            ward_minutes=limits.ward_minutes,
            head_minutes=limits.head_minutes,
            office_minutes=limits.office_minutes,
            ended_at=None,
            reason="",
            since=now,
            due_at=now + timedelta(minutes=limits.ward_minutes if entry is None else entry.minutes),
            escalation=Escalation.DOCTOR.value,
            called="",
            next_escalation_at=None,
        )
        uow.session.add(row)
        self._start_clocks(uow, row)
        uow.session.flush()
        self._plan_next(uow, row)
        said = f"{name}；{row.value}；{finding}" if row.value else f"{name}；{finding}"
        return self._done(uow, caller, row, "report", name=row.called, note=said)

    def _subject(self, uow: UnitOfWork, caller: Caller, report_id: int) -> Subject:
        if self.outside is not None and report_id >= FIRST_REPORT_ID:
            return self.outside.subject(uow, caller, report_id)
        report = uow.session.get(Report, report_id)
        if report is None:
            raise not_found("报告")
        is_elsewhere = caller.campus_ids and report.campus_id not in caller.campus_ids
        if is_elsewhere and not report.is_entrusted_to(caller.user_id):
            raise illegal_action("other_campus", "该检查属于其它院区，您的账号不能操作。")
        self._exams.lock(uow, report.exam_id)
        exam = self._exams.view(uow, SYSTEM, report.exam_id)
        return Subject(
            report_id=report.id,
            exam_id=report.exam_id,
            accession_number=report.accession_number,
            patient_id=report.patient_id,
            patient_number=report.patient_number,
            patient_name=report.patient_name,
            sex=report.sex,
            age=report.age,
            inpatient_number=exam.patient.inpatient_number[:64],
            exam_type=report.exam_type,
            body_part=report.body_part,
            items=report.items,
            campus_id=report.campus_id,
            room_id=report.room_id,
            department=report.requesting_department,
            requesting_doctor=report.requesting_doctor,
        )

    def report_stepped(self, uow: UnitOfWork, caller: Caller, step: ReportStep) -> None:
        """Open the loop of a report that leaves with 危急值“是” and none yet; follows the reporting area."""
        if step.action not in (ReportAction.SUBMIT, ReportAction.APPROVE):
            return
        report = uow.session.get(Report, step.report_id)
        text = None if report is None else uow.session.get(ReportText, (report.id, report.text_number))
        if report is None or text is None or text.critical_value != CriticalValue.YES:
            return
        if uow.session.scalar(select(LoopRow.id).where(LoopRow.report_id == report.id).limit(1)) is not None:
            return  # it was reported, perhaps cancelled with a reason: not opened behind the doctor's back
        hits = self.watching.found(uow, report.exam_type, text.findings, text.impression)
        hits = hits or []
        finding = hits[0].sentence if hits else plain(text.impression).strip() or "见诊断意见"
        request = ReportCritical(
            report_id=report.id,
            code=hits[0].entry.code if hits else "",
            name=hits[0].entry.name if hits else "危急值",
            finding=finding[:2000],
        )
        self.report(uow, caller, request)

    # ── answering ────────────────────────────────────────────────────────────────────────────────────

    def notify(self, uow: UnitOfWork, caller: Caller, request: NotifyCritical) -> LoopDetails:
        """Write down who was told. Raises INVALID, NOT_FOUND, CONFLICT, ILLEGAL_ACTION."""
        row = self._locked(uow, caller, request.loop_id, request.version, LoopAction.NOTIFY)
        name = _text("name", request.name, 80, "请填写接听或接收人的姓名。")
        note = _optional("note", request.note, 500)
        if row.notified_at is None:
            row.notified_at = self._time.now()
        row.notified_name, row.notified_means, row.read_back = name, request.means.value, request.read_back
        self._go(row, LoopAction.NOTIFY)
        return self._done(
            uow, caller, row, "notify", name=name, means=request.means, read_back=request.read_back, note=note
        )

    def acknowledge(self, uow: UnitOfWork, caller: Caller, request: AcknowledgeCritical) -> LoopDetails:
        """确认 by the ward. Raises NOT_FOUND, CONFLICT, ILLEGAL_ACTION, PERMISSION_MISSING."""
        if not may_acknowledge(caller):
            raise Refusal(ErrorCode.PERMISSION_MISSING, "影像科不能代替病区确认；请用“记录确认”写明接听人并回读。")
        row = self._locked(uow, caller, request.loop_id, request.version, LoopAction.ACKNOWLEDGE)
        return self._acknowledged(
            uow, caller, row, caller.name[:80], Means.WARD_SCREEN, _optional("note", request.note, 500), "acknowledge"
        )

    def record(self, uow: UnitOfWork, caller: Caller, request: RecordAcknowledgement) -> LoopDetails:
        """Write down an acknowledgement by phone. Raises INVALID, NOT_FOUND, CONFLICT, ILLEGAL_ACTION."""
        row = self._locked(uow, caller, request.loop_id, request.version, LoopAction.RECORD)
        name = _text("name", request.name, 80, "请填写确认人的姓名。")
        if not request.read_back:
            raise invalid("read_back", "请对方回读危急值，核对无误后再记录确认。")
        if request.means is Means.WARD_SCREEN:
            raise invalid("means", "病区屏幕的确认由病区自己操作。")
        return self._acknowledged(uow, caller, row, name, request.means, _optional("note", request.note, 500), "record")

    def _acknowledged(
        self, uow: UnitOfWork, caller: Caller, row: LoopRow, name: str, means: Means, note: str, action: str
    ) -> LoopDetails:
        now = self._time.now()
        if row.notified_at is None:
            row.notified_at, row.notified_name, row.notified_means = now, name, means.value
        row.acknowledged_at, row.acknowledged_by, row.acknowledged_means = now, name, means.value
        row.read_back = row.read_back or action == "record"
        row.note, row.ended_at, row.next_escalation_at = note, now, None
        self._go(row, LoopAction.ACKNOWLEDGE if action == "acknowledge" else LoopAction.RECORD)
        return self._done(uow, caller, row, action, name=name, means=means, read_back=action == "record", note=note)

    def correct(self, uow: UnitOfWork, caller: Caller, request: CorrectCritical) -> LoopDetails:
        """更正: open again, and the clocks start anew. Raises INVALID, NOT_FOUND, CONFLICT, ILLEGAL_ACTION."""
        row = self._locked(uow, caller, request.loop_id, request.version, LoopAction.CORRECT)
        reason = _text("reason", request.reason, 500, "请填写更正的理由。")
        name = _text("name", request.name, 100, "请填写危急值。")
        finding = _text("finding", request.finding, 2000, "请填写影像表现，通知病区时要念给对方听。")
        value = _optional("value", request.value, 200)
        department = _optional("department", request.department, 120) or row.department
        changes = [
            f"{title}：{before or '（空）'} → {now or '（空）'}"
            for title, before, now in (
                ("危急值", row.name, name),
                ("数值", row.value, value),
                ("影像表现", row.finding, finding),
                ("通知科室", row.department, department),
            )
            if before != now
        ]
        if not changes:
            raise invalid("finding", "没有任何更正；如需再次通知请用“记录通知”。")
        if name != row.name:
            row.code, row.name_en = "", ""  # the doctor's own words from now on
        was_answered = row.state == LoopState.ACKNOWLEDGED
        row.name, row.value, row.finding, row.department, row.reason = name, value, finding, department, reason
        row.notified_at, row.notified_name, row.notified_means = None, "", ""
        row.acknowledged_at, row.acknowledged_by, row.acknowledged_means = None, "", ""
        row.read_back, row.note, row.ended_at = False, "", None
        minutes = row.due_at - row.since
        row.since = self._time.now()
        row.due_at = row.since + minutes
        self._start_clocks(uow, row)
        self._go(row, LoopAction.CORRECT)
        self._plan_next(uow, row)
        note = f"{'；'.join(changes)}。理由：{reason}"
        return self._done(uow, caller, row, "reopen" if was_answered else "correct", name=row.called, note=note)

    def cancel(self, uow: UnitOfWork, caller: Caller, request: CancelCritical) -> LoopDetails:
        """撤销: the record stays. Raises INVALID, NOT_FOUND, CONFLICT, ILLEGAL_ACTION."""
        row = self._locked(uow, caller, request.loop_id, request.version, LoopAction.CANCEL)
        reason = _text("reason", request.reason, 500, "请填写撤销的理由。")
        row.reason, row.ended_at, row.next_escalation_at = reason, self._time.now(), None
        self._go(row, LoopAction.CANCEL)
        return self._done(uow, caller, row, "cancel", note=reason)

    # ── calling the next level ───────────────────────────────────────────────────────────────────────

    def escalate(self, uow: UnitOfWork, loop_id: int) -> bool:
        """Call the next level of a loop if its time has come; whether it was. Repeating it does nothing twice."""
        row = uow.session.get(LoopRow, loop_id, with_for_update=True, populate_existing=True)
        now = self._time.now()
        if row is None or not is_open(row) or row.next_escalation_at is None:
            return False
        if now < row.next_escalation_at:
            self._plan_next(uow, row)
            return False
        level = after(Escalation(row.escalation))
        assert level is not None  # after the last one no time is set
        shifts = shifts_on_duty(uow, level, row.department, now, self._time.zone)
        higher = after(level)
        while not shifts and higher is not None:  # a gap in the roster must not cost time
            found = shifts_on_duty(uow, higher, row.department, now, self._time.zone)
            if found:
                self._line(uow, SYSTEM, row, "escalate", note=f"{_LEVEL_WORDS[level]}：值班表中没有人，改为上一级")
                level, shifts = higher, found
            higher = after(higher)
        row.escalation = level.value
        row.called = called_words(shifts)[:200]
        self._set_next(row)
        row.touch()
        self._plan_next(uow, row)
        note = _LEVEL_WORDS[level] + ("" if shifts else "：值班表中没有人，请补充值班表并电话通知")
        self._done(uow, SYSTEM, row, "escalate", name=row.called, note=note)
        return True

    def due(self, uow: UnitOfWork) -> list[int]:
        """Return loops whose next level must be called now, the longest waiting first."""
        query = (
            select(LoopRow.id)
            .where(LoopRow.state.in_(_OPEN), LoopRow.next_escalation_at <= self._time.now())
            .order_by(LoopRow.next_escalation_at)
            .limit(_MOST_AT_ONCE)
        )
        return list(uow.session.scalars(query))

    def _start_clocks(self, uow: UnitOfWork, row: LoopRow) -> None:
        row.escalation = Escalation.DOCTOR.value
        shifts = shifts_on_duty(uow, Escalation.DOCTOR, row.department, self._time.now(), self._time.zone)
        row.called = (called_words(shifts) if shifts else row.requesting_doctor)[:200]
        self._set_next(row)

    @staticmethod
    def _set_next(row: LoopRow) -> None:
        level = after(Escalation(row.escalation))
        limits = Calls(row.ward_minutes, row.head_minutes, row.office_minutes)
        row.next_escalation_at = None if level is None else limits.at(row.since, level)

    def _plan_next(self, uow: UnitOfWork, row: LoopRow) -> None:
        if row.next_escalation_at is not None:
            self._plan(uow, row.id, max(row.next_escalation_at - self._time.now(), timedelta(0)))

    # ── private ──────────────────────────────────────────────────────────────────────────────────────

    def _locked(self, uow: UnitOfWork, caller: Caller, loop_id: int, version: int, action: LoopAction) -> LoopRow:
        query = select(LoopRow).where(LoopRow.id == loop_id, seen_by(uow, caller))
        row = uow.session.scalar(query.with_for_update().execution_options(populate_existing=True))
        if row is None:
            raise not_found("危急值记录")
        state = LoopState(row.state)
        if (state, action) not in NEXT:
            raise illegal_action(
                state.value, f"这条危急值现在是“{STATE_NAMES[state]}”，不能{ACTION_NAMES[action]}，请刷新后再看。"
            )
        if not caller.may(PERMISSIONS[action]):
            raise Refusal(ErrorCode.PERMISSION_MISSING, f"您没有“{ACTION_NAMES[action]}”的权限，请联系管理员。")
        row.expect(version)
        return row

    @staticmethod
    def _go(row: LoopRow, action: LoopAction) -> None:
        row.state = NEXT[(LoopState(row.state), action)].value
        row.touch()

    def _line(
        self,
        uow: UnitOfWork,
        caller: Caller,
        row: LoopRow,
        action: str,
        *,
        name: str = "",
        means: Means | None = None,
        read_back: bool = False,
        note: str = "",
    ) -> None:
        uow.session.add(
            LoopLineRow(
                loop_id=row.id,
                at=self._time.now(),
                by_id=caller.user_id,
                by=caller.name[:80],
                action=action,
                name=name[:200],
                means="" if means is None else means.value,
                read_back=read_back,
                note=note,
            )
        )

    def _done(
        self,
        uow: UnitOfWork,
        caller: Caller,
        row: LoopRow,
        action: str,
        *,
        name: str = "",
        means: Means | None = None,
        read_back: bool = False,
        note: str = "",
    ) -> LoopDetails:
        self._line(uow, caller, row, action, name=name, means=means, read_back=read_back, note=note)
        uow.session.flush()
        uow.publish(Changed(entity="critical", id=row.id, version=row.version))
        found = details_of(uow, caller, row, self._time.now())
        for follower in self._followers:
            follower(uow, caller, LoopStep(found.loop, action))
        return found


_LEVEL_WORDS = {
    Escalation.DOCTOR: "请检医生",
    Escalation.WARD: "病区值班",
    Escalation.HEAD: "科主任",
    Escalation.OFFICE: "医务处",
}


def _text(field: str, text: str, most: int, sentence: str) -> str:
    found = _optional(field, text, most)
    if not found:
        raise invalid(field, sentence)
    return found


def _optional(field: str, text: str, most: int) -> str:
    found = "".join(one for one in text.strip() if one in "\n\t" or one.isprintable())
    if len(found) > most:
        raise invalid(field, f"最多 {most} 个字，请缩短。")
    return found
