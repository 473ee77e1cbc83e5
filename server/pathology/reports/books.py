"""What every part of the room writes into: reports with their texts, the log, clocks and people, the policy."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec
from sqlalchemy import func, select

from server.kernel.clock import HospitalTime
from server.kernel.database import UnitOfWork, next_number
from server.kernel.dispatch import Caller
from server.kernel.errors import Refusal, invalid, not_found, stale
from server.pathology.reports import rules
from server.pathology.reports.ports import CaseFacts, Cases
from server.pathology.reports.tables import (
    CaseClock,
    CasePerson,
    FrozenSection,
    PolicyRow,
    Report,
    ReportLogLine,
    ReportVersion,
)
from shared.contract.base import Changed
from shared.contract.errors import ErrorCode
from shared.contract.pathology_reports import LONGEST_TEXT, OpinionText, ReportPolicy
from shared.domain.pathology import CaseState, LibraryKind
from shared.domain.pathology_reports import FIRST_REPORT_ID, MOST_SLOTS, PaperState, ReportKind
from shared.domain.permissions import PATHOLOGY_WORDS, Permission

REPORT_ENTITY = "pathology_report"
POLICY_ENTITY = "pathology_report_policy"
REPORT_COUNTER = "pathology_report"
_THE_POLICY = 1
_REQUIRED = frozenset({"gross", "findings", "diagnosis", "codes", "checklist"})
_LONGEST_NOTE = 1000
_A_SHIFT = timedelta(hours=12)


class Books:
    """Rows that several parts share; methods work in the caller's unit of work."""

    def __init__(self, cases: Cases, time: HospitalTime) -> None:
        self.cases = cases
        self.time = time

    # ── texts ────────────────────────────────────────────────────────────────────────────────────────

    @staticmethod
    def clean(text: OpinionText) -> OpinionText:
        """Return the text without blanks at the ends. Raises INVALID when it is too long."""
        for field in ("findings", "diagnosis", "comment"):
            if len(getattr(text, field)) > LONGEST_TEXT:
                raise invalid(field, f"文字过长（最多 {LONGEST_TEXT} 字），请删减后再保存。")
        return OpinionText(
            findings=_clean(text.findings), diagnosis=_clean(text.diagnosis), comment=_clean(text.comment)
        )

    @staticmethod
    def note(field: str, text: str, missing: str = "") -> str:
        """Return a short text, cleaned. Raises INVALID: too long, or empty where `missing` is said."""
        cleaned = _clean(text)
        if not cleaned and missing:
            raise invalid(field, missing)
        if len(cleaned) > _LONGEST_NOTE:
            raise invalid(field, f"最多 {_LONGEST_NOTE} 字，请删减。")
        return cleaned

    # ── reports ──────────────────────────────────────────────────────────────────────────────────────

    def report(self, uow: UnitOfWork, report_id: int) -> Report:
        """Return a report's row. Raises NOT_FOUND."""
        row = uow.session.get(Report, report_id)
        if row is None:
            raise not_found("报告")
        return row

    def main(self, uow: UnitOfWork, case_id: int) -> Report | None:
        """Return the main report of a case, None before anything was written."""
        return uow.session.scalar(select(Report).where(Report.case_id == case_id, Report.kind == ReportKind.MAIN.value))

    def demand_main(self, uow: UnitOfWork, caller: Caller, case_id: int) -> Report:
        """Return the main report, made where there is none yet."""
        return self.main(uow, case_id) or self.make(uow, caller, case_id, ReportKind.MAIN)

    def of_case(self, uow: UnitOfWork, case_id: int) -> list[Report]:
        """Return every report of a case in the order in which they came about."""
        return list(uow.session.scalars(select(Report).where(Report.case_id == case_id).order_by(Report.id)))

    def make(self, uow: UnitOfWork, caller: Caller, case_id: int, kind: ReportKind) -> Report:
        """Make a report of a kind; it is being written."""
        counted = select(func.count()).where(Report.case_id == case_id, Report.kind == kind.value)
        row = Report(
            id=FIRST_REPORT_ID - 1 + next_number(uow.session, REPORT_COUNTER),
            version=1,
            case_id=case_id,
            kind=kind.value,
            number=(uow.session.scalar(counted) or 0) + 1,
            state=PaperState.WRITING.value,
            created_at=self.time.now(),
            author_id=caller.user_id,
            author=caller.name[:80],
        )
        uow.session.add(row)
        uow.session.flush()
        return row

    @staticmethod
    def text(uow: UnitOfWork, report: Report, number: int = 0) -> ReportVersion | None:
        """Return a kept version of a report's text, the present one without a number."""
        return uow.session.get(ReportVersion, (report.id, number or report.text_number))

    def put_text(
        self,
        uow: UnitOfWork,
        caller: Caller,
        report: Report,
        text: OpinionText,
        *,
        gross: str = "",
        synoptic: str = "",
        reason: str = "",
    ) -> None:
        """Keep a new version of a report's text where it says something else."""
        there = self.text(uow, report)
        values = (text.findings, text.diagnosis, text.comment, gross, synoptic)
        if there is not None and values == (
            there.findings, there.diagnosis, there.comment, there.gross, there.synoptic
        ):  # fmt: skip
            return
        report.text_number += 1
        uow.session.add(
            ReportVersion(
                report_id=report.id,
                number=report.text_number,
                at=self.time.now(),
                by_id=caller.user_id,
                by=caller.name[:80],
                reason=reason,
                gross=gross,
                findings=text.findings,
                diagnosis=text.diagnosis,
                comment=text.comment,
                synoptic=synoptic,
            )
        )
        self.changed(uow, report)

    def changed(self, uow: UnitOfWork, report: Report) -> None:
        """Count a change of a report and tell the stations."""
        report.touch()
        uow.session.flush()
        uow.publish(Changed(REPORT_ENTITY, report.id, report.version))
        self.cases.touch(uow, report.case_id)

    # ── log, people, clocks ──────────────────────────────────────────────────────────────────────────

    def log(
        self, uow: UnitOfWork, caller: Caller, case_id: int, action: str, report_id: int = 0, note: str = ""
    ) -> None:
        """Add a line to the report log."""
        uow.session.add(
            ReportLogLine(
                case_id=case_id,
                report_id=report_id,
                at=self.time.now(),
                by_id=caller.user_id,
                by=caller.name[:80],
                action=action,
                note=note[:_LONGEST_NOTE],
            )
        )

    @staticmethod
    def took_part(uow: UnitOfWork, case_id: int, doctor_id: int) -> None:
        """Note that a doctor took part in a case."""
        if doctor_id and uow.session.get(CasePerson, (case_id, doctor_id)) is None:
            uow.session.add(CasePerson(case_id=case_id, doctor_id=doctor_id))
            uow.session.flush()

    def follow_clock(self, uow: UnitOfWork, case: CaseFacts, audited_at: datetime | None = None) -> CaseClock:
        """Keep the clock of a case as the policy and its state have it now."""
        row = uow.session.get(CaseClock, case.id)
        if row is None:
            row = CaseClock(case_id=case.id, is_delayed=False, audited_at=None)
            with uow.session.no_autoflush:
                uow.session.add(row)
        row.state, row.library, row.received_at = case.state.value, case.library.value, case.received_at
        row.due_at, row.warn_at = rules.due(self.policy(uow), case.library, case.received_at)
        if audited_at is not None:
            row.audited_at = audited_at
        elif case.state not in rules.LOCKED:
            row.audited_at = None
        uow.session.flush()
        return row

    def case_stepped(self, uow: UnitOfWork, case: CaseFacts) -> None:
        """Something in the case changed: called by the room of cases. A frozen case's clock runs from its reception."""
        if case.state in (CaseState.APPOINTED, CaseState.DELETED):
            row = uow.session.get(CaseClock, case.id)
            if row is not None:
                uow.session.delete(row)
                uow.session.flush()
            return
        self.follow_clock(uow, case)
        if case.library is LibraryKind.FROZEN and uow.session.get(FrozenSection, case.id) is None:
            now = self.time.now()
            is_recent = now - _A_SHIFT < case.received_at <= now
            uow.session.add(
                FrozenSection(
                    case_id=case.id,
                    library=case.library.value,
                    received_at=case.received_at if is_recent else now,
                    target_minutes=self.frozen_target(uow, case),
                )
            )
            uow.session.flush()

    def frozen_target(self, uow: UnitOfWork, case: CaseFacts) -> int:
        """Return the minutes for a frozen section that begins now."""
        open_ones = select(func.count()).where(
            FrozenSection.case_id != case.id,
            FrozenSection.received_at > self.time.now() - _A_SHIFT,
            FrozenSection.reported_at.is_(None),
        )
        earlier = bool(uow.session.scalar(open_ones))
        return rules.frozen_target(self.policy(uow), specimens=case.specimens, earlier_open=earlier)

    # ── policy ───────────────────────────────────────────────────────────────────────────────────────

    @staticmethod
    def policy(uow: UnitOfWork) -> ReportPolicy:
        """Return the policy in force."""
        row = uow.session.get(PolicyRow, _THE_POLICY)
        if row is None:
            return ReportPolicy()
        found = msgspec.json.decode(row.body, type=ReportPolicy)
        return msgspec.structs.replace(found, version=row.version)

    def save_policy(self, uow: UnitOfWork, policy: ReportPolicy) -> ReportPolicy:
        """Change the policy. Raises INVALID, CONFLICT."""
        _check(policy)
        row = uow.session.get(PolicyRow, _THE_POLICY)
        if (0 if row is None else row.version) != policy.version:
            raise stale(0 if row is None else row.version)
        body = msgspec.json.encode(policy)
        if row is None:
            row = PolicyRow(id=_THE_POLICY, version=1, body=body)
            uow.session.add(row)
        else:
            row.body = body
            row.touch()
        uow.session.flush()
        for clock in uow.session.scalars(select(CaseClock).where(CaseClock.audited_at.is_(None))):
            clock.due_at, clock.warn_at = rules.due(policy, LibraryKind(clock.library), clock.received_at)
        uow.publish(Changed(POLICY_ENTITY, _THE_POLICY, row.version))
        return self.policy(uow)

    def standing(self, case: CaseFacts, report: Report) -> PaperState:
        """Return the state of a report; the main one has that of its case."""
        if report.kind == ReportKind.MAIN:
            return rules.MAIN_STATES.get(case.state, PaperState.WRITING)
        return PaperState(report.state)


def demand(caller: Caller, right: Permission) -> None:
    """Raise PERMISSION_MISSING without a right."""
    if not caller.may(right):
        word = PATHOLOGY_WORDS[right][0] if right in PATHOLOGY_WORDS else right.value
        raise Refusal(ErrorCode.PERMISSION_MISSING, f"您没有“{word}”的权限，请联系管理员。")


def is_locked(case: CaseFacts) -> bool:
    """Whether the case was audited."""
    return case.state in rules.LOCKED or case.state is CaseState.DELETED


def _clean(text: str) -> str:
    """Lines without blanks at their ends, no control characters, no empty lines at top and foot."""
    allowed = "".join(one for one in text.replace("\r\n", "\n").replace("\r", "\n") if one == "\n" or one >= " ")
    return "\n".join(line.rstrip() for line in allowed.split("\n")).strip("\n")


def _check(policy: ReportPolicy) -> None:
    if any(not 0 <= hours <= 10_000 for hours in policy.hours.values()):
        raise invalid("hours", "时限应在 0（无）到 10000 小时之间。")
    if not 0.1 <= policy.warn_share <= 1.0:
        raise invalid("warn_share", "提醒应在时限的 10% 到 100% 之间。")
    for field in ("frozen_minutes", "frozen_single_minutes", "frozen_queue_minutes"):
        if not 1 <= getattr(policy, field) <= 600:
            raise invalid(field, "冰冻时限应在 1 到 600 分钟之间。")
    if policy.frozen_limit not in ("department", "national"):
        raise invalid("frozen_limit", "冰冻时限只能选“本科室”或“国家质控指标”。")
    if not 0 <= policy.most_images <= MOST_SLOTS:
        raise invalid("most_images", f"报告最多图像数应在 0 到 {MOST_SLOTS} 之间。")
    if set(policy.required) - _REQUIRED:
        raise invalid("required", "必填项目只能是大体所见、光镜所见、诊断意见、编码或结构化报告。")
