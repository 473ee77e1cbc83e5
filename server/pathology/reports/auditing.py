"""Audit, withdrawal and what changed between editions."""

from __future__ import annotations

from datetime import datetime
from html import escape

from sqlalchemy import select

from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import Refusal, illegal_action, invalid, not_found
from server.pathology.reports import rules, seals
from server.pathology.reports.books import Books, demand
from server.pathology.reports.checklists import Checklists
from server.pathology.reports.coding import Coding
from server.pathology.reports.opinions import Opinions
from server.pathology.reports.ports import CaseFacts, Delivery, Images, Signer
from server.pathology.reports.tables import Report, ReportEdition, ReportVersion
from server.reporting.seal import seal_of
from shared.contract.errors import ErrorCode
from shared.contract.pathology_reports import DifferencePart, EditionView, OpinionText, ReportPolicy
from shared.contract.results import ResultEvent
from shared.domain.pathology import CASE_STATES, CYTOLOGY_KINDS, CaseAction, CaseFlag, DoctorRole, OpinionKind
from shared.domain.pathology_reports import PAPER_STATES, PaperAction, PaperState, ReportKind
from shared.domain.permissions import Permission
from shared.domain.text_compare import compare

_FIELDS = ("gross", "findings", "diagnosis", "comment", "synoptic")
_WORDS = {
    "gross": "大体所见",
    "findings": "光镜所见",
    "diagnosis": "诊断意见",
    "codes": "编码",
    "checklist": "结构化报告",
}


class Auditing:
    """Audits and withdraws; every method works in the caller's unit of work."""

    def __init__(
        self,
        books: Books,
        opinions: Opinions,
        checklists: Checklists,
        coding: Coding,
        images: Images,
        signer: Signer,
        delivery: Delivery,
    ) -> None:
        self._books = books
        self._opinions = opinions
        self._checklists = checklists
        self._coding = coding
        self._images = images
        self.signer = signer
        self.delivery = delivery

    # ── what stands against it ───────────────────────────────────────────────────────────────────────

    def obstacles(self, uow: UnitOfWork, case: CaseFacts, report: Report | None) -> tuple[str, ...]:
        """Return sentences why a case's main report cannot be audited; empty where it can."""
        policy = self._books.policy(uow)
        text = None if report is None else self._books.text(uow, report)
        found = [f"缺少{_WORDS[field]}。" for field in self._missing(uow, policy, case, text)]
        if text is not None:
            found += self._checklists.obstacles(uow, case.id, text.diagnosis, wants=policy.checklist_words)
        return tuple(found)

    def _missing(
        self, uow: UnitOfWork, policy: ReportPolicy, case: CaseFacts, text: ReportVersion | None
    ) -> tuple[str, ...]:
        values = {
            "gross": case.gross or (case.library in CYTOLOGY_KINDS and "-") or "",
            "findings": text.findings if text else "",
            "diagnosis": text.diagnosis if text else "",
        }
        missing: list[str] = [
            field for field in ("gross", "findings", "diagnosis") if field in policy.required and not values[field]
        ]
        if not values["diagnosis"] and "diagnosis" not in missing:
            missing.append("diagnosis")  # a report without a diagnosis is none, whatever the policy says
        if "codes" in policy.required and not self._coding.of_case(uow, case.id):
            missing.append("codes")
        if "checklist" in policy.required and not self._checklists.is_filled(uow, case.id):
            missing.append("checklist")
        return tuple(missing)

    # ── audit ────────────────────────────────────────────────────────────────────────────────────────

    def audit(self, uow: UnitOfWork, caller: Caller, case_id: int, version: int, report_id: int = 0) -> Report:
        """审核: seal and sign the report and lock the case. Raises what `Audit` names."""
        books = self._books
        books.cases.lock(uow, case_id)
        case = books.cases.facts(uow, caller, case_id)
        report = self._report(uow, case, report_id)
        report.expect(version)
        if report.kind == ReportKind.MAIN:
            self._audit_main(uow, caller, case, report)
        else:
            self._audit_other(uow, caller, case, report)
        return report

    def _report(self, uow: UnitOfWork, case: CaseFacts, report_id: int) -> Report:
        report = self._books.report(uow, report_id) if report_id else self._books.main(uow, case.id)
        if report is None:
            raise illegal_action(case.state, "还没有诊断意见，不能审核。")
        if report.case_id != case.id:
            raise not_found("报告")
        return report

    def _audit_main(self, uow: UnitOfWork, caller: Caller, case: CaseFacts, report: Report) -> None:
        books = self._books
        if case.state not in rules.DIAGNOSED:
            word = CASE_STATES[case.state].zh
            raise illegal_action(case.state, f"病例{word}，有主诊意见且未审核的病例才能审核。")
        lacking = self.obstacles(uow, case, report)
        if lacking:
            raise invalid("diagnosis", "".join(lacking) + "请补全后再审核。")
        if not books.policy(uow).same_person and self._opinions.wrote(uow, case.id, OpinionKind.FIRST, caller.user_id):
            raise Refusal(ErrorCode.PERMISSION_MISSING, "初诊医师不能审核自己初诊的病例，请提请另一位医师审核。")
        text = books.text(uow, report)
        assert text is not None
        books.put_text(
            uow,
            caller,
            report,
            OpinionText(findings=text.findings, diagnosis=text.diagnosis, comment=text.comment),
            gross=case.gross,
            synoptic=self._checklists.text(uow, case.id),
            reason=report.reason,
        )
        books.cases.step(uow, caller, case.id, CaseAction.AUDIT)
        books.cases.name_doctor(uow, case.id, DoctorRole.AUDIT, caller.name)
        at = self._seal(uow, caller, case, report)
        books.follow_clock(uow, books.cases.facts(uow, caller, case.id), at)
        if report.edition > 1 and report.send_count:
            self._deliver_again(uow, caller, case, report)

    def _audit_other(self, uow: UnitOfWork, caller: Caller, case: CaseFacts, report: Report) -> None:
        state, kind = PaperState(report.state), ReportKind(report.kind)
        following = rules.next_state(kind, state, PaperAction.AUDIT)
        if following is None:
            raise illegal_action(state, f"报告{PAPER_STATES[state].zh}，不能审核。")
        text = self._books.text(uow, report)
        if text is None or not text.diagnosis:
            raise invalid("diagnosis", "缺少诊断意见，请补全后再审核。")
        report.state = following.value
        self._seal(uow, caller, case, report)
        if report.edition > 1 and report.send_count:
            self._deliver_again(uow, caller, case, report)

    def _seal(self, uow: UnitOfWork, caller: Caller, case: CaseFacts, report: Report) -> datetime:
        """Make the next edition, signed by the caller."""
        books, at = self._books, self._books.time.now()
        text = books.text(uow, report)
        assert text is not None
        report.edition += 1
        report.auditor_id, report.auditor, report.audited_at = caller.user_id, caller.name[:80], at
        sealed = seals.report_facts(
            case,
            report,
            text,
            at,
            self._coding.of_case(uow, case.id),
            [f"{one.id}:{one.sop_uid}" for one in self._images.of_case(uow, case.id) if one.is_marked],
            [one.seal for one, _text in self._opinions.of_case(uow, caller, case.id) if one.seal],
        )
        report.seal = seal_of(sealed)
        uow.session.add(
            ReportEdition(
                report_id=report.id,
                number=report.edition,
                text_number=text.number,
                at=at,
                by_id=caller.user_id,
                by=caller.name[:80],
                author=report.author,
                reason=report.reason,
                seal=report.seal,
                sealed=sealed,
            )
        )
        books.log(uow, caller, case.id, "audited", report.id, report.reason)
        report.reason = ""
        books.took_part(uow, case.id, caller.user_id)
        books.changed(uow, report)
        self.signer.sign(uow, caller, report.id)
        return at

    def _deliver_again(self, uow: UnitOfWork, caller: Caller, case: CaseFacts, report: Report) -> None:
        """What went out before is replaced at once: the clinical side must not act on the old text (EX-PA-09)."""
        edition = uow.session.get_one(ReportEdition, (report.id, report.edition))
        self.delivery.issue(uow, caller, report.id, ResultEvent.REVISED, edition.reason)
        report.send_count += 1
        report.sent_at, report.sent_by = self._books.time.now(), caller.name[:80]
        self._books.log(uow, caller, case.id, "sent_corrected", report.id, edition.reason)
        if report.kind == ReportKind.MAIN:
            self._books.cases.step(uow, caller, case.id, CaseAction.SEND, "更正后自动重新发送", right_is_checked=True)
            self._books.follow_clock(uow, self._books.cases.facts(uow, caller, case.id), report.audited_at)
        else:
            report.state = PaperState.SENT.value
        uow.session.flush()

    # ── withdrawal ───────────────────────────────────────────────────────────────────────────────────

    def reopen(self, uow: UnitOfWork, caller: Caller, case_id: int, reason: str, report_id: int = 0) -> None:
        """取消审核 with a reason. Raises INVALID, ILLEGAL_ACTION, NOT_FOUND."""
        demand(caller, Permission.PATHOLOGY_REVISE)
        books = self._books
        books.cases.lock(uow, case_id)
        case = books.cases.facts(uow, caller, case_id)
        report = self._report(uow, case, report_id)
        why = books.note("reason", reason, "请填写取消审核的原因。")
        if report.kind == ReportKind.MAIN:
            if case.state not in rules.LOCKED:
                raise illegal_action(case.state, "病例还没有审核，可以直接修改。")
            books.cases.step(uow, caller, case.id, CaseAction.REOPEN, why)
        else:
            state = PaperState(report.state)
            following = rules.next_state(ReportKind(report.kind), state, PaperAction.REOPEN)
            if following is None:
                raise illegal_action(state, "这份报告还没有审核，可以直接修改。")
            report.state = following.value
        report.reason = why
        books.log(uow, caller, case_id, "reopened", report.id, why)
        if report.send_count:
            self.delivery.issue(uow, caller, report.id, ResultEvent.WITHDRAWN, why)
        books.changed(uow, report)
        books.follow_clock(uow, books.cases.facts(uow, caller, case_id))

    # ── editions ─────────────────────────────────────────────────────────────────────────────────────

    def editions(self, uow: UnitOfWork, report: Report, state: PaperState) -> tuple[EditionView, ...]:
        """Return the audited editions of a report, newest first."""
        found = select(ReportEdition).where(ReportEdition.report_id == report.id)
        return tuple(
            EditionView(
                number=one.number,
                at=one.at,
                by=one.by,
                reason=one.reason,
                seal=one.seal,
                is_present=one.number == report.edition and state is not PaperState.WRITING,
            )
            for one in uow.session.scalars(found.order_by(ReportEdition.number.desc()))
        )

    def compare(
        self, uow: UnitOfWork, caller: Caller, report_id: int, older: int, newer: int
    ) -> tuple[tuple[str, tuple[DifferencePart, ...]], ...]:
        """Return what changed from one edition to another, or to the present text. Raises NOT_FOUND."""
        report = self._books.report(uow, report_id)
        self._books.cases.facts(uow, caller, report.case_id)
        before, after = self._text_of(uow, report, older), self._text_of(uow, report, newer)
        found = []
        for field in _FIELDS:
            old, new = getattr(before, field), getattr(after, field)
            if old != new:
                parts = tuple(
                    DifferencePart(kind=str(one.change), text=one.text) for one in compare(_rich(old), _rich(new))
                )
                found.append((field, parts))
        return tuple(found)

    def _text_of(self, uow: UnitOfWork, report: Report, edition: int) -> ReportVersion:
        number = 0
        if edition:
            row = uow.session.get(ReportEdition, (report.id, edition))
            if row is None:
                raise not_found("该版本")
            number = row.text_number
        text = self._books.text(uow, report, number)
        if text is None:
            raise not_found("报告内容")
        return text

    # ── delay ────────────────────────────────────────────────────────────────────────────────────────

    def clear_delay(self, uow: UnitOfWork, caller: Caller, case: CaseFacts) -> None:
        """A report that was sent is delayed no longer (PA-SM-CASE-19)."""
        if CaseFlag.DELAYED in case.flags:
            self._books.cases.flag(uow, caller, case.id, CaseFlag.DELAYED, on=False)


def _rich(text: str) -> str:
    """The text as the comparison reads it: one paragraph for each line."""
    return "".join(f"<p>{escape(line, quote=False)}</p>" for line in text.split("\n"))
