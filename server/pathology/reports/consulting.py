"""Consultation in the department, and delays with their reason."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import func, select

from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import illegal_action, invalid, not_found
from server.pathology.reports.books import Books, is_locked
from server.pathology.reports.ports import People
from server.pathology.reports.tables import Consultation, ConsultationDoctor, DelayRow, Opinion, OpinionVersion
from shared.contract.pathology_reports import ConsultationView, DelayView, OpinionText, Participant
from shared.domain.pathology import CASE_STATES, CaseAction, CaseFlag
from shared.domain.pathology_reports import ReportKind
from shared.domain.permissions import Permission

_MOST_PARTICIPANTS = 20
_MOST_LISTED = 500


class Consulting:
    """Leads consultations from the question to the conclusion; every method works in the caller's unit of work."""

    def __init__(self, books: Books, people: People) -> None:
        self._books = books
        self._people = people

    def of_case(self, uow: UnitOfWork, case_id: int) -> tuple[ConsultationView, ...]:
        """Return the consultations of a case, newest first."""
        found = select(Consultation).where(Consultation.case_id == case_id).order_by(Consultation.id.desc())
        return self._views(uow, list(uow.session.scalars(found)))

    def open_ones(self, uow: UnitOfWork, caller: Caller, *, mine: bool) -> tuple[ConsultationView, ...]:
        """Return the open consultations, newest first; `mine` only those that wait for the caller."""
        found = select(Consultation).where(Consultation.closed_at.is_(None))
        if mine:
            waits = select(ConsultationDoctor.consultation_id).where(
                ConsultationDoctor.doctor_id == caller.user_id, ConsultationDoctor.opinion_id == 0
            )
            found = found.where(Consultation.id.in_(waits))
        rows = list(uow.session.scalars(found.order_by(Consultation.id.desc()).limit(_MOST_LISTED)))
        return self._views(uow, rows)

    def start(self, uow: UnitOfWork, caller: Caller, case_id: int, participants: Sequence[int], question: str) -> None:
        """科内会诊: ask doctors for their opinions. Raises INVALID, ILLEGAL_ACTION."""
        asked = self._books.note("question", question, "请填写会诊要解决的问题。")
        doctors = {one.id: one for one in self._people.with_right(uow, Permission.PATHOLOGY_CONSULT)}
        wanted = [one for one in dict.fromkeys(participants) if one != caller.user_id]
        if not 1 <= len(wanted) <= _MOST_PARTICIPANTS:
            raise invalid("participants", f"请选择 1 到 {_MOST_PARTICIPANTS} 位会诊医师（不含本人）。")
        if any(one not in doctors for one in wanted):
            raise invalid("participants", "有医师没有会诊权限，请重新选择。")
        self._books.cases.lock(uow, case_id)
        if any(one.closed_at is None for one in self.of_case(uow, case_id)):
            raise illegal_action("open", "本病例已有进行中的会诊，请先结束。")
        self._books.cases.step(uow, caller, case_id, CaseAction.CONSULT, asked)
        row = Consultation(
            case_id=case_id,
            started_by_id=caller.user_id,
            started_by=caller.name[:80],
            started_at=self._books.time.now(),
            question=asked,
            conclusion="",
        )
        uow.session.add(row)
        uow.session.flush()
        uow.session.add_all(
            ConsultationDoctor(consultation_id=row.id, doctor_id=one, doctor=doctors[one].name[:80], opinion_id=0)
            for one in wanted
        )
        self._books.cases.flag(uow, caller, case_id, CaseFlag.CONSULTATION, on=True)
        names = "、".join(doctors[one].name for one in wanted)
        self._books.log(uow, caller, case_id, "consultation_started", note=f"{names}：{asked}")
        uow.session.flush()
        self._books.cases.touch(uow, case_id)

    def close(self, uow: UnitOfWork, caller: Caller, consultation_id: int, conclusion: str) -> int:
        """End a consultation; its conclusion becomes a consultation report. Returns the case."""
        text = self._books.clean(OpinionText(diagnosis=conclusion)).diagnosis
        if not text:
            raise invalid("conclusion", "请填写会诊结论。")
        row = uow.session.get(Consultation, consultation_id)
        if row is None:
            raise not_found("会诊")
        self._books.cases.lock(uow, row.case_id)
        case = self._books.cases.facts(uow, caller, row.case_id)
        if row.closed_at is not None:
            raise illegal_action("closed", "会诊已经结束。")
        row.conclusion, row.closed_at = text, self._books.time.now()
        report = self._books.make(uow, caller, row.case_id, ReportKind.CONSULTATION)
        said = OpinionText(findings=self._opinions(uow, row), diagnosis=text, comment=f"会诊目的：{row.question}")
        self._books.put_text(uow, caller, report, said, gross=case.gross)
        self._books.cases.flag(uow, caller, row.case_id, CaseFlag.CONSULTATION, on=False)
        self._books.log(uow, caller, row.case_id, "consultation_closed", report.id)
        uow.session.flush()
        return row.case_id

    @staticmethod
    def _opinions(uow: UnitOfWork, row: Consultation) -> str:
        """Every participant's opinion, as the report shows them."""
        found = (
            select(Opinion.doctor, OpinionVersion.diagnosis)
            .join(
                OpinionVersion,
                (OpinionVersion.opinion_id == Opinion.id) & (OpinionVersion.number == Opinion.text_number),
            )
            .where(Opinion.consultation_id == row.id, Opinion.is_draft.is_(False))
            .order_by(Opinion.id)
        )
        return "\n".join(f"{one[0]}：{one[1]}" for one in uow.session.execute(found))

    @staticmethod
    def _views(uow: UnitOfWork, rows: Sequence[Consultation]) -> tuple[ConsultationView, ...]:
        people: dict[int, list[Participant]] = {}
        found = select(ConsultationDoctor).where(ConsultationDoctor.consultation_id.in_([one.id for one in rows]))
        for one in uow.session.scalars(found.order_by(ConsultationDoctor.doctor)):
            seen = Participant(doctor_id=one.doctor_id, doctor=one.doctor, has_answered=bool(one.opinion_id))
            people.setdefault(one.consultation_id, []).append(seen)
        return tuple(
            ConsultationView(
                id=one.id,
                case_id=one.case_id,
                started_by=one.started_by,
                started_at=one.started_at,
                question=one.question,
                participants=tuple(people.get(one.id, ())),
                conclusion=one.conclusion,
                closed_at=one.closed_at,
            )
            for one in rows
        )

    @staticmethod
    def counts(uow: UnitOfWork, caller: Caller) -> tuple[int, int]:
        """Return how many consultations are open, and how many of them wait for the caller."""
        every = uow.session.scalar(select(func.count()).where(Consultation.closed_at.is_(None))) or 0
        mine = (
            select(func.count())
            .select_from(ConsultationDoctor)
            .join(Consultation, Consultation.id == ConsultationDoctor.consultation_id)
            .where(
                Consultation.closed_at.is_(None),
                ConsultationDoctor.doctor_id == caller.user_id,
                ConsultationDoctor.opinion_id == 0,
            )
        )
        return every, uow.session.scalar(mine) or 0

    # ── delays ───────────────────────────────────────────────────────────────────────────────────────

    @staticmethod
    def delays(uow: UnitOfWork, case_id: int) -> tuple[DelayView, ...]:
        """Return the delays of a case, newest first."""
        found = select(DelayRow).where(DelayRow.case_id == case_id).order_by(DelayRow.id.desc())
        return tuple(
            DelayView(at=one.at, by=one.by, reason=one.reason, until=one.until) for one in uow.session.scalars(found)
        )

    def delay(self, uow: UnitOfWork, caller: Caller, case_id: int, reason: str, until: date | None) -> None:
        """报告延期. Raises INVALID, ILLEGAL_ACTION."""
        why = self._books.note("reason", reason, "请填写延期原因。")
        if until is not None and until < self._books.time.today():
            raise invalid("until", "预计报告日期不能早于今天。")
        self._books.cases.lock(uow, case_id)
        case = self._books.cases.facts(uow, caller, case_id)
        if is_locked(case):
            raise illegal_action(case.state, f"病例{CASE_STATES[case.state].zh}，不需要延期。")
        self._books.cases.step(uow, caller, case_id, CaseAction.DELAY, why)
        uow.session.add(
            DelayRow(case_id=case_id, at=self._books.time.now(), by=caller.name[:80], reason=why, until=until)
        )
        self._books.cases.flag(uow, caller, case_id, CaseFlag.DELAYED, on=True, note=why)
        clock = self._books.follow_clock(uow, case)
        clock.is_delayed = True
        self._books.log(uow, caller, case_id, "delayed", note=why)
        uow.session.flush()
        self._books.cases.touch(uow, case_id)
