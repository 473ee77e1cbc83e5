"""Judges traces on arrival, opens the loop of critical values, acknowledges; works in the caller's unit of work."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

import msgspec
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from server.critical.ports import LoopStep
from server.ecg.critical import rules
from server.ecg.critical.tables import EcgAlarmRow, EcgCriticalSettingsRow, EcgJudgementRow
from server.ecg.exams.facts import ExamFacts
from server.ecg.exams.service import ExamService
from server.ecg.traces.service import TraceService
from server.kernel.clock import HospitalTime
from server.kernel.database import UnitOfWork
from server.kernel.database.settings_rows import keep_settings
from server.kernel.dispatch import SYSTEM, Caller
from server.kernel.errors import illegal_action, not_found
from shared.contract.base import Changed
from shared.contract.critical import AcknowledgeCritical, LoopDetails, LoopView
from shared.contract.critical import ReportCritical as OpenLoop
from shared.contract.ecg import TraceView
from shared.contract.ecg_critical import AlarmView, CriticalRule, CriticalSettings
from shared.domain.critical import LoopState
from shared.domain.ecg_reports import FIRST_ECG_REPORT_ID, Danger, exam_id_of, report_id_of
from shared.domain.permissions import Permission

ENTITY = "ecg_alarm"
_THE_LIST = 1
_MOST = 200
_ENDED = ("acknowledge", "record", "cancel")


class Loops(Protocol):
    """The area of critical values."""

    def report(self, uow: UnitOfWork, caller: Caller, request: OpenLoop) -> LoopDetails:
        """Open a loop. Raises INVALID, DUPLICATE."""
        ...

    def acknowledge(self, uow: UnitOfWork, caller: Caller, request: AcknowledgeCritical) -> LoopDetails:
        """Acknowledge a loop. Raises NOT_FOUND, CONFLICT, ILLEGAL_ACTION."""
        ...


class Reading(Protocol):
    """What loops there are."""

    def of_report(self, uow: UnitOfWork, caller: Caller, report_id: int) -> tuple[LoopView, ...]:
        """Return the loops of a report, oldest first."""
        ...


class Telling(Protocol):
    """Who tells people of a critical ECG."""

    def critical(self, uow: UnitOfWork, exam: ExamFacts, text: str) -> None:
        """Tell the accounts of the exam's hospital, and of whom it was sent to, that act on critical values."""
        ...


class Hospitals(Protocol):
    """What a campus's hospital is called."""

    def name(self, uow: UnitOfWork, campus_id: int) -> str:
        """Return it."""
        ...


class CriticalEcgs:
    """The room's use cases."""

    def __init__(
        self,
        exams: ExamService,
        traces: TraceService,
        loops: Loops,
        reading: Reading,
        hospitals: Hospitals,
        time: HospitalTime,
    ) -> None:
        self._exams = exams
        self._traces = traces
        self._loops = loops
        self._reading = reading
        self._hospitals = hospitals
        self._time = time
        self.telling: Telling | None = None
        self.followers: list[Callable[[UnitOfWork, int, Danger], None]] = []

    # ── on arrival ───────────────────────────────────────────────────────────────────────────────────

    def arrived(self, uow: UnitOfWork, caller: Caller, exam_id: int, trace: TraceView) -> None:
        """Judge a trace that was kept and measured (TraceService.watchers); the same trace is judged once."""
        if uow.session.get(EcgJudgementRow, trace.id) is not None:
            return
        exam = self._exams.facts(uow, exam_id)
        judged = self._judge(uow, trace)
        row = EcgJudgementRow(
            trace_id=trace.id,
            exam_id=exam_id,
            danger=judged.danger.value,
            reasons=msgspec.json.encode(judged.reasons),
            at=self._time.now(),
        )
        try:
            with uow.session.begin_nested():
                uow.session.add(row)
        except IntegrityError:
            return
        alarms = [one for one in judged.hits if one.rule.is_alarm]
        for hit in alarms:
            self._alarm(uow, exam, trace, hit)
        if alarms:
            self._exams.mark_critical(uow, exam_id, is_critical=True)
            if self.telling is not None:
                self.telling.critical(uow, exam, "；".join(f"{one.rule.zh}（{one.reason_zh}）" for one in alarms))
        for follower in self.followers:
            follower(uow, exam_id, judged.danger)

    def _judge(self, uow: UnitOfWork, trace: TraceView) -> rules.Judgement:
        from shared.waveform.danger import signs_of

        analysis = self._traces.analysis(uow, trace.id)
        if analysis is None:
            return rules.Judgement(Danger.UNKNOWN, (), ())
        facts = rules.Facts(
            signs=signs_of(self._traces.record(uow, trace.id), analysis),
            measured=analysis.measurements,
            suggestions=frozenset(one.code for one in trace.suggestions),
            j_mv={name: one.j_uv / 1000 for name, one in analysis.measurements.amplitudes.items()},
            passed=trace.quality.passed,
        )
        return rules.judge(facts, self.settings(uow).rules)

    def _alarm(self, uow: UnitOfWork, exam: ExamFacts, trace: TraceView, hit: rules.Hit) -> None:
        row = EcgAlarmRow(
            exam_id=exam.id,
            trace_id=trace.id,
            campus_id=exam.campus_id,
            rule=hit.rule.code,
            zh=hit.rule.zh[:200],
            en=hit.rule.en[:200],
            reason_zh=hit.reason_zh[:400],
            reason_en=hit.reason_en[:400],
            found_at=self._time.now(),
        )
        uow.session.add(row)
        uow.session.flush()
        row.loop_id = self._loop(uow, exam, hit)
        uow.session.flush()
        uow.publish(Changed(entity=ENTITY, id=row.id, version=1))

    def _loop(self, uow: UnitOfWork, exam: ExamFacts, hit: rules.Hit) -> int:
        """Open the loop, or join the open one that says the same of an earlier trace of this exam."""
        name = f"心电：{hit.rule.zh}"[:100]
        report_id = report_id_of(exam.id)
        for one in self._reading.of_report(uow, SYSTEM, report_id):
            if one.name == name and one.state in (LoopState.OPEN, LoopState.NOTIFIED):
                return one.id
        finding = f"{hit.rule.zh}：{hit.reason_zh}（机器提示，未经医师确认）"
        opened = self._loops.report(uow, SYSTEM, OpenLoop(report_id=report_id, name=name, finding=finding))
        return opened.loop.id

    # ── reading ──────────────────────────────────────────────────────────────────────────────────────

    @staticmethod
    def of_trace(uow: UnitOfWork, trace_id: int) -> tuple[Danger, tuple[tuple[str, str], ...]]:
        """Return how dangerous a trace looks and why; UNKNOWN before it was judged."""
        row = uow.session.get(EcgJudgementRow, trace_id)
        if row is None:
            return Danger.UNKNOWN, ()
        return Danger(row.danger), msgspec.json.decode(row.reasons, type=tuple[tuple[str, str], ...])

    def alarms(self, uow: UnitOfWork, exam_id: int) -> tuple[AlarmView, ...]:
        """Return the critical findings of an exam, newest first."""
        found = select(EcgAlarmRow).where(EcgAlarmRow.exam_id == exam_id).order_by(EcgAlarmRow.id.desc()).limit(_MOST)
        return self._views(uow, list(uow.session.scalars(found)))

    def listed(self, uow: UnitOfWork, caller: Caller, exam_id: int, *, open_only: bool) -> tuple[AlarmView, ...]:
        """Return critical ECGs of the caller's hospitals, newest first. Raises NOT_FOUND (exam)."""
        found = select(EcgAlarmRow)
        if exam_id:
            self._exams.demand(uow, caller, exam_id)
            found = found.where(EcgAlarmRow.exam_id == exam_id)
        elif caller.campus_ids:
            found = found.where(EcgAlarmRow.campus_id.in_(sorted(caller.campus_ids)))
        if open_only:
            found = found.where(EcgAlarmRow.acknowledged_at.is_(None))
        return self._views(uow, list(uow.session.scalars(found.order_by(EcgAlarmRow.id.desc()).limit(_MOST))))

    def _views(self, uow: UnitOfWork, rows: list[EcgAlarmRow]) -> tuple[AlarmView, ...]:
        exams = self._exams.facts_of(uow, {one.exam_id for one in rows})
        states = {
            loop.id: loop.state
            for exam_id in exams
            for loop in self._reading.of_report(uow, SYSTEM, report_id_of(exam_id))
        }
        return tuple(
            AlarmView(
                id=one.id,
                exam_id=one.exam_id,
                trace_id=one.trace_id,
                rule=one.rule,
                zh=one.zh,
                en=one.en,
                reason_zh=one.reason_zh,
                reason_en=one.reason_en,
                found_at=one.found_at,
                loop_id=one.loop_id,
                loop_state=states.get(one.loop_id),
                acknowledged_at=one.acknowledged_at,
                acknowledged_by=one.acknowledged_by,
                patient_name=exams[one.exam_id].patient_name,
                accession_number=exams[one.exam_id].accession_number,
                hospital=self._hospitals.name(uow, one.campus_id),
            )
            for one in rows
        )

    # ── acknowledging ────────────────────────────────────────────────────────────────────────────────

    def acknowledge(self, uow: UnitOfWork, caller: Caller, alarm_id: int, note: str) -> AlarmView:
        """Acknowledge in the account's name. Raises NOT_FOUND, ILLEGAL_ACTION, INVALID."""
        row = uow.session.get(EcgAlarmRow, alarm_id, with_for_update=True, populate_existing=True)
        if row is None:
            raise not_found("心电危急值")
        self._exams.demand(uow, caller, row.exam_id)
        if row.acknowledged_at is not None:
            raise illegal_action("acknowledged", f"这条心电危急值已由{row.acknowledged_by}确认。")
        loops = self._reading.of_report(uow, SYSTEM, report_id_of(row.exam_id))
        loop = next((one for one in loops if one.id == row.loop_id), None)
        if loop is not None and loop.state in (LoopState.OPEN, LoopState.NOTIFIED):
            # Who may see the exam and holds ECG_CRITICAL answers for the clinic, as a ward does for itself.
            ward = replace(
                caller,
                permissions=frozenset({Permission.CRITICAL_VALUES}),
                campus_ids=frozenset(),
                department_ids=frozenset(),
                room_ids=None,
            )
            self._loops.acknowledge(uow, ward, AcknowledgeCritical(loop_id=loop.id, version=loop.version, note=note))
        self._ended(uow, row, caller.name, note)
        return self._views(uow, [row])[0]

    def loop_stepped(self, uow: UnitOfWork, caller: Caller, step: LoopStep) -> None:
        """A loop ended at another workstation (server.critical.ports.LoopFollower): so do its alarms."""
        if step.loop.report_id < FIRST_ECG_REPORT_ID or step.action not in _ENDED:
            return
        found = select(EcgAlarmRow).where(
            EcgAlarmRow.exam_id == exam_id_of(step.loop.report_id),
            EcgAlarmRow.loop_id == step.loop.id,
            EcgAlarmRow.acknowledged_at.is_(None),
        )
        for row in list(uow.session.scalars(found)):
            self._ended(uow, row, step.loop.acknowledged_by or caller.name, step.loop.note)

    def _ended(self, uow: UnitOfWork, row: EcgAlarmRow, name: str, note: str) -> None:
        if row.acknowledged_at is not None:
            return
        row.acknowledged_at, row.acknowledged_by, row.note = self._time.now(), name[:80], note.strip()[:400]
        uow.session.flush()
        uow.publish(Changed(entity=ENTITY, id=row.id, version=2))

    # ── the list ─────────────────────────────────────────────────────────────────────────────────────

    @staticmethod
    def settings(uow: UnitOfWork) -> CriticalSettings:
        """Return the list in force."""
        row = uow.session.get(EcgCriticalSettingsRow, _THE_LIST)
        if row is None:
            return CriticalSettings(version=0, rules=rules.DEFAULTS)
        saved = msgspec.json.decode(row.body, type=tuple[CriticalRule, ...])
        known = {one.code for one in rules.DEFAULTS}
        return CriticalSettings(version=row.version, rules=rules.merged(one for one in saved if one.code in known))

    def save_settings(self, uow: UnitOfWork, wanted: CriticalSettings) -> CriticalSettings:
        """Change the list. Raises INVALID, CONFLICT."""
        merged = rules.merged(wanted.rules)
        body = msgspec.json.encode(merged)
        keep_settings(
            uow, EcgCriticalSettingsRow, _THE_LIST, version=wanted.version, body=body, entity="ecg_critical_rules"
        )
        return self.settings(uow)
