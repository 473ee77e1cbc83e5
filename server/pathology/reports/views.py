"""The diagnosis page of a case, put together from the parts of the room."""

from __future__ import annotations

from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.pathology.reports import rules
from server.pathology.reports.auditing import Auditing
from server.pathology.reports.books import Books
from server.pathology.reports.checklists import Checklists
from server.pathology.reports.coding import Coding
from server.pathology.reports.collecting import Collecting
from server.pathology.reports.consulting import Consulting
from server.pathology.reports.frozen import Frozen
from server.pathology.reports.opinions import Opinions, text_of
from server.pathology.reports.ports import CaseFacts, Images
from server.pathology.reports.tables import CaseClock, NamedDoctorRow, Report
from shared.contract.pathology_reports import (
    ClockView,
    DiagnosisView,
    NamedDoctor,
    OpinionText,
    OpinionView,
    ReportView,
)
from shared.domain.pathology import CaseAction, DoctorRole, OpinionKind
from shared.domain.pathology_reports import PaperAction, PaperState, ReportKind

_MAIN_ACTIONS = tuple(rules.CASE_ACTIONS.items())


class Pages:
    """Reads; every method works in the caller's unit of work."""

    def __init__(
        self,
        books: Books,
        opinions: Opinions,
        auditing: Auditing,
        consulting: Consulting,
        frozen: Frozen,
        checklists: Checklists,
        coding: Coding,
        collecting: Collecting,
        images: Images,
    ) -> None:
        self._books = books
        self._opinions = opinions
        self._auditing = auditing
        self._consulting = consulting
        self._frozen = frozen
        self._checklists = checklists
        self._coding = coding
        self._collecting = collecting
        self._images = images

    def page(self, uow: UnitOfWork, caller: Caller, case_id: int) -> DiagnosisView:
        """Return the diagnosis page. Raises NOT_FOUND, PERMISSION_MISSING."""
        uow.session.flush()
        case = self._books.cases.facts(uow, caller, case_id)
        reports = self._books.of_case(uow, case_id)
        main = next((one for one in reports if one.kind == ReportKind.MAIN), None)
        allowed = self._books.cases.allowed(uow, caller, case_id)
        key, text, stage = self._checklists.head(uow, case_id)
        images = self._images.of_case(uow, case_id)
        due, total = self._collecting.follow_up_counts(uow, case_id)
        obstacles = self._auditing.obstacles(uow, case, main) if case.state in rules.DIAGNOSED else ()
        return DiagnosisView(
            case_id=case.id,
            case_number=case.number,
            case_version=case.version,
            state=case.state,
            library=case.library,
            patient_name=case.entry.patient_name,
            gross=case.gross,
            report=_empty(case) if main is None else self.report(uow, caller, case, main),
            others=tuple(self.report(uow, caller, case, one) for one in reports if one.kind != ReportKind.MAIN),
            opinions=tuple(
                OpinionView(
                    id=one.id,
                    version=one.version,
                    kind=OpinionKind(one.kind),
                    doctor_id=one.doctor_id,
                    doctor=one.doctor,
                    created_at=one.created_at,
                    changed_at=one.changed_at,
                    text=text_of(kept),
                    text_number=one.text_number,
                    seal=one.seal,
                    is_draft=one.is_draft,
                    is_mine=one.doctor_id == caller.user_id,
                    consultation_id=one.consultation_id,
                    report_id=one.report_id,
                )
                for one, kept in self._opinions.of_case(uow, caller, case_id)
            ),
            named=self._named(uow, case_id),
            consultations=self._consulting.of_case(uow, case_id),
            delays=self._consulting.delays(uow, case_id),
            turnaround=self._clock(uow, case),
            frozen=self._frozen.view(uow, case),
            codes=self._coding.of_case(uow, case_id),
            checklist=key,
            checklist_text=text,
            stage=stage,
            images=len(images),
            marked_images=sum(one.is_marked for one in images),
            is_favourite=self._collecting.is_favourite(uow, caller, case_id),
            follow_ups_due=due,
            follow_ups=total,
            allowed=allowed,
            may_write=self._may_write(caller, allowed, uow, case),
            obstacles=obstacles,
        )

    def report(self, uow: UnitOfWork, caller: Caller, case: CaseFacts, row: Report) -> ReportView:
        """Return one report of a case."""
        state = self._books.standing(case, row)
        text = self._books.text(uow, row)
        kind = ReportKind(row.kind)
        if kind is ReportKind.MAIN:
            may = self._books.cases.allowed(uow, caller, case.id)
            actions: tuple[PaperAction, ...] = tuple(action for action, one in _MAIN_ACTIONS if one in may)
        else:
            actions = rules.allowed(kind, state, caller.permissions)
        return ReportView(
            id=row.id,
            version=row.version,
            case_id=row.case_id,
            kind=kind,
            number=row.number,
            state=state,
            edition=row.edition,
            text=OpinionText() if text is None else text_of(text),
            author=row.author,
            auditor=row.auditor,
            audited_at=row.audited_at,
            format_key=row.format_key,
            print_count=row.print_count,
            printed_at=row.printed_at,
            printed_by=row.printed_by,
            send_count=row.send_count,
            sent_at=row.sent_at,
            sent_by=row.sent_by,
            reason=row.reason,
            seal=row.seal,
            editions=self._auditing.editions(uow, row, state),
            allowed=actions,
        )

    def _clock(self, uow: UnitOfWork, case: CaseFacts) -> ClockView:
        row, now = uow.session.get(CaseClock, case.id), self._books.time.now()
        if row is None:
            due, warn = rules.due(self._books.policy(uow), case.library, case.received_at)
            return rules.clock(case.received_at, due, None, now, warn)
        return rules.clock(row.received_at, row.due_at, row.audited_at, now, row.warn_at)

    @staticmethod
    def _named(uow: UnitOfWork, case_id: int) -> tuple[NamedDoctor, ...]:
        rows = (uow.session.get(NamedDoctorRow, (case_id, role.value)) for role in DoctorRole)
        return tuple(
            NamedDoctor(
                role=DoctorRole(one.role), doctor_id=one.doctor_id, doctor=one.doctor, named_by=one.named_by, at=one.at
            )
            for one in rows
            if one is not None
        )

    def _may_write(
        self, caller: Caller, allowed: tuple[CaseAction, ...], uow: UnitOfWork, case: CaseFacts
    ) -> tuple[OpinionKind, ...]:
        """Kinds of opinions that the caller could begin or go on with now."""
        consults = any(one.closed_at is None for one in self._consulting.of_case(uow, case.id))
        return tuple(
            kind
            for kind, rule in rules.OPINIONS.items()
            if caller.may(rule.permission) and (rule.action in allowed if rule.action is not None else consults)
        )


def _empty(case: CaseFacts) -> ReportView:
    """The main report of a case in which nothing was written yet."""
    return ReportView(
        id=0,
        version=0,
        case_id=case.id,
        kind=ReportKind.MAIN,
        number=1,
        state=PaperState.WRITING,
        edition=0,
        text=OpinionText(),
        author="",
        auditor="",
        audited_at=None,
        format_key="",
        print_count=0,
        printed_at=None,
        printed_by="",
        send_count=0,
        sent_at=None,
        sent_by="",
        reason="",
        seal="",
    )
