"""Use cases of results: an issue for each step that goes out, the overview, resending, the rules."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from sqlalchemy import ColumnElement, func, select

from server.kernel.clock import HospitalTime
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import SYSTEM, Caller
from server.kernel.errors import illegal_action, invalid, not_found
from server.kernel.jobs import enqueue
from server.reporting.ports import ReportStep
from server.results import rules
from server.results.ports import Forms, NoForms, Organisation, Post, Reports, Sent
from server.results.snapshot import Snapshot, packed, unpacked
from server.results.tables import Result, ResultIssue, ResultSettings
from shared.contract.base import Changed
from shared.contract.interfaces import MessageState
from shared.contract.reporting import ReportView
from shared.contract.results import (
    ListResults,
    ResultEvent,
    ResultKind,
    ResultList,
    ResultRule,
    ResultSettingsView,
    ResultState,
    ResultView,
    SaveResultSettings,
)
from shared.dicomkit.uids import new_uid

MAKE_JOB = "results.make"
_MAX_PAGE = 500
_STATES = {
    MessageState.WAITING: ResultState.WAITING,
    MessageState.SENT: ResultState.DONE,
    MessageState.DEAD: ResultState.FAILED,
    MessageState.CANCELLED: ResultState.GIVEN_UP,
}


class ResultService:
    """Follows reports; every method works in the caller's unit of work."""

    def __init__(
        self,
        reports: Reports,
        organisation: Organisation,
        post: Post,
        time: HospitalTime,
        *,
        forms: Forms | None = None,
    ) -> None:
        self._reports = reports
        self._organisation = organisation
        self._post = post
        self._time = time
        self._forms = forms or NoForms()

    # ── what happens to reports ──────────────────────────────────────────────────────────────────────

    def report_stepped(self, uow: UnitOfWork, caller: Caller, step: ReportStep) -> None:
        """Implements server.reporting.ports.Follower: note what goes out, in the step's own transaction."""
        last = self._last_issue(uow, step.report_id)
        event = rules.event_of(step.action, step.after, was_issued=last is not None)
        if event is None:
            return
        view = self._reports.get(uow, SYSTEM, step.report_id)
        snapshot = Snapshot(
            event=event,
            edition=max(view.edition, 1),
            view=view,
            hospital=self._organisation.hospital(uow).view.name,
            reason=self._reason(view, event, last),
            addenda=tuple(one.text for one in view.addenda),
            coded=self._forms.coded(uow, view),
        )
        self.issue(uow, snapshot)

    def issue(self, uow: UnitOfWork, snapshot: Snapshot) -> ResultIssue:
        """Note an issue with the results that the rules want, and ask for the work."""
        row = snapshot.view.row
        last = self._last_issue(uow, row.id)
        issue = ResultIssue(
            report_id=row.id,
            number=1 if last is None else last.number + 1,
            edition=snapshot.edition,
            event=snapshot.event.value,
            at=self._time.now(),
            exam_id=row.exam_id,
            patient_id=row.patient_id,
            accession_number=row.accession_number,
            patient_name=row.patient_name[:120],
            exam_type=row.exam_type,
            study_uid=snapshot.view.exam.row.study_uid,
            examined_at=row.examined_at,
            patient_number=row.patient_number,
            room_id=row.room_id,
            body=packed(snapshot),
        )
        uow.session.add(issue)
        uow.session.flush()
        connections = self._post.connections(uow)
        for rule in rules.wanted(
            self.settings(uow).rules,
            snapshot.event,
            exam_type=row.exam_type,
            campus_id=row.campus_id,
            has_key_images=bool(snapshot.view.key_images),
        ):
            connection = connections.get(rule.connection_id)
            if rule.kind not in rules.HERE and connection is None:
                continue  # the connection was removed after the rule was saved
            self._add(uow, issue, rule, "" if connection is None else connection.name)
        ask(uow, row.id)
        return issue

    def _add(self, uow: UnitOfWork, issue: ResultIssue, rule: ResultRule, target: str) -> None:
        is_object = rule.kind in rules.IN_ARCHIVE
        uow.session.add(
            Result(
                issue_id=issue.id,
                report_id=issue.report_id,
                kind=rule.kind.value,
                connection_id=rule.connection_id,
                target=target,
                with_pdf=rule.with_pdf,
                state=ResultState.WAITING.value,
                made_at=issue.at,
                series_uid=self._series_of(uow, issue.report_id, rule.kind) if is_object else "",
                sop_uid=new_uid() if is_object else "",
            )
        )
        uow.session.flush()

    @staticmethod
    def _series_of(uow: UnitOfWork, report_id: int, kind: ResultKind) -> str:
        """All versions of one kind of document of a report share a series."""
        earlier = select(Result.series_uid).where(Result.report_id == report_id, Result.kind == kind.value).limit(1)
        return uow.session.scalar(earlier) or new_uid()

    @staticmethod
    def _last_issue(uow: UnitOfWork, report_id: int) -> ResultIssue | None:
        statement = select(ResultIssue).where(ResultIssue.report_id == report_id).order_by(ResultIssue.number.desc())
        return uow.session.scalars(statement.limit(1)).first()

    @staticmethod
    def _reason(view: ReportView, event: ResultEvent, last: ResultIssue | None) -> str:
        """Why it was withdrawn. The report forgets that when its revision is approved; the withdrawal stays."""
        if event is ResultEvent.REVISED and last is not None:
            return unpacked(last.body).reason
        return view.revision_reason

    # ── overview ─────────────────────────────────────────────────────────────────────────────────────

    def of_report(self, uow: UnitOfWork, report_id: int) -> tuple[ResultView, ...]:
        """Return what was given out of a report, newest first. Raises NOT_FOUND."""
        self._reports.get(uow, SYSTEM, report_id)
        statement = (
            select(Result, ResultIssue)
            .join(ResultIssue, ResultIssue.id == Result.issue_id)
            .where(Result.report_id == report_id)
            .order_by(ResultIssue.number.desc(), Result.id)
            .limit(_MAX_PAGE)
        )
        return self._views(uow, [(row[0], row[1]) for row in uow.session.execute(statement)])

    def listed(self, uow: UnitOfWork, caller: Caller, request: ListResults) -> ResultList:
        """Return a page, newest first, and how many stand in each state."""
        conditions: list[ColumnElement[bool]] = []
        if caller.room_ids is not None:
            conditions.append(ResultIssue.room_id.in_(caller.room_ids))
        if request.report_id:
            conditions.append(Result.report_id == request.report_id)
        if request.kinds:
            conditions.append(Result.kind.in_([kind.value for kind in request.kinds]))
        text = request.text.strip()[:120]
        if text:
            conditions.append((ResultIssue.accession_number == text) | (ResultIssue.patient_name == text))
        joined = select(Result.state, func.count()).join(ResultIssue, ResultIssue.id == Result.issue_id)
        counts = {
            str(row[0]): int(row[1]) for row in uow.session.execute(joined.where(*conditions).group_by(Result.state))
        }
        if request.states:
            conditions.append(Result.state.in_([state.value for state in request.states]))
        wanted = {state.value for state in request.states}
        statement = (
            select(Result, ResultIssue)
            .join(ResultIssue, ResultIssue.id == Result.issue_id)
            .where(*conditions)
            .order_by(Result.id.desc())
            .offset(min(max(request.page.offset, 0), 10**9))
            .limit(min(max(request.page.limit, 1), _MAX_PAGE))
        )
        return ResultList(
            total=sum(count for state, count in counts.items() if not wanted or state in wanted),
            rows=self._views(uow, [(row[0], row[1]) for row in uow.session.execute(statement)]),
            counts=counts,
        )

    def _views(self, uow: UnitOfWork, rows: Sequence[tuple[Result, ResultIssue]]) -> tuple[ResultView, ...]:
        sent = self._post.states(uow, [result.message_id for result, _ in rows if result.message_id])
        return tuple(view_of(result, issue, sent.get(result.message_id)) for result, issue in rows)

    def view(self, uow: UnitOfWork, result: Result) -> ResultView:
        """Return one row as workstations see it."""
        return self._views(uow, [(result, uow.session.get_one(ResultIssue, result.issue_id))])[0]

    # ── by hand ──────────────────────────────────────────────────────────────────────────────────────

    def resend(self, uow: UnitOfWork, result_id: int) -> ResultView:
        """Make and send again. Raises NOT_FOUND, ILLEGAL_ACTION."""
        result = self._locked(uow, result_id)
        if result.message_id and self._post.states(uow, [result.message_id]):
            self._post.resend(uow, result.message_id)
        else:
            if result.connection_id and result.connection_id not in self._post.connections(uow):
                raise illegal_action(result.state, "这个结果的接口连接已删除，请先在结果设置中另选连接。")
            result.message_id = 0
            ask(uow, result.report_id)
        result.state, result.finished_at, result.sentence = ResultState.WAITING.value, None, ""
        uow.session.flush()
        uow.publish(Changed("result", result.id, 0))
        return self.view(uow, result)

    def give_up(self, uow: UnitOfWork, result_id: int, reason: str) -> ResultView:
        """Send no more. Raises NOT_FOUND, ILLEGAL_ACTION, INVALID."""
        reason = reason.strip()
        if not 1 <= len(reason) <= 200:
            raise invalid("reason", "请填写放弃的理由（1 到 200 个字）。")
        result = self._locked(uow, result_id)
        if result.state not in (ResultState.WAITING.value, ResultState.FAILED.value):
            raise illegal_action(result.state, "只有等待或失败的结果可以放弃。")
        sent = self._post.states(uow, [result.message_id]) if result.message_id else {}
        if any(one.state == MessageState.WAITING for one in sent.values()):
            self._post.give_up(uow, result.message_id)
        result.state, result.finished_at, result.sentence = ResultState.GIVEN_UP.value, self._time.now(), reason
        uow.session.flush()
        uow.publish(Changed("result", result.id, 0))
        return self.view(uow, result)

    def message_settled(self, uow: UnitOfWork, message_id: int, state: str, sentence: str, answer: str) -> None:
        """An interface's message has a new state: so has the result that it carries, if it carries one."""
        statement = select(Result).where(Result.message_id == message_id)
        result = uow.session.scalars(statement).one_or_none() if message_id else None
        if result is None or result.state == ResultState.GIVEN_UP.value:
            return
        result.state = _STATES[MessageState(state)].value
        result.sentence, result.answer = sentence[:400], answer[:16]
        result.finished_at = None if result.state == ResultState.WAITING.value else self._time.now()
        uow.publish(Changed("result", result.id, 0))

    @staticmethod
    def _locked(uow: UnitOfWork, result_id: int) -> Result:
        row = uow.session.get(Result, result_id, with_for_update=True, populate_existing=True)
        if row is None:
            raise not_found("结果")
        return row

    # ── the newest issue ─────────────────────────────────────────────────────────────────────────────

    def newest(self, uow: UnitOfWork, report_id: int = 0, accession_number: str = "") -> tuple[ResultIssue, Snapshot]:
        """Return the newest issue of a report. Raises NOT_FOUND: it was never approved."""
        if not report_id and not accession_number:
            raise not_found("报告")
        statement = select(ResultIssue).order_by(ResultIssue.id.desc()).limit(1)
        if report_id:
            statement = statement.where(ResultIssue.report_id == report_id)
        if accession_number:
            statement = statement.where(ResultIssue.accession_number == accession_number)
        issue = uow.session.scalars(statement).first()
        if issue is None:
            raise not_found("已审核的报告")
        return issue, unpacked(issue.body)

    # ── rules ────────────────────────────────────────────────────────────────────────────────────────

    def settings(self, uow: UnitOfWork) -> ResultSettingsView:
        """Return the rules; the defaults before any were saved."""
        row = uow.session.get(ResultSettings, 1)
        if row is None:
            return ResultSettingsView(version=0, rules=rules.DEFAULTS)
        return ResultSettingsView(version=row.version, rules=msgspec.json.decode(row.body, type=tuple[ResultRule, ...]))

    def save_settings(self, uow: UnitOfWork, request: SaveResultSettings) -> ResultSettingsView:
        """Replace the rules. Raises CONFLICT, INVALID."""
        self._check(uow, request.rules)
        body = msgspec.json.encode(request.rules)
        row = uow.session.get(ResultSettings, 1, with_for_update=True)
        if row is None:
            row = ResultSettings(id=1, version=0, body=body)
            uow.session.add(row)
        row.expect(request.version)
        row.body = body
        row.touch()
        uow.session.flush()
        uow.publish(Changed("result_settings", 1, row.version))
        return self.settings(uow)

    def _check(self, uow: UnitOfWork, wanted: tuple[ResultRule, ...]) -> None:
        if len(wanted) > rules.MOST_RULES:
            raise invalid("rules", f"最多 {rules.MOST_RULES} 条规则，请合并或删除。")
        connections = self._post.connections(uow)
        for number, rule in enumerate(wanted, 1):
            if rule.kind in rules.HERE:
                if rule.connection_id:
                    raise invalid("rules", f"第 {number} 条：存入本院存档的结果不需要选择连接。")
                continue
            connection = connections.get(rule.connection_id)
            if connection is None:
                raise invalid("rules", f"第 {number} 条：请选择一个发出消息的连接（在“接口”页中添加）。")
            if connection.is_fhir != (rule.kind is ResultKind.FHIR):
                needed = "FHIR" if rule.kind is ResultKind.FHIR else "HL7"
                raise invalid("rules", f"第 {number} 条：请选择一个 {needed} 连接。")
            if len(rule.exam_types) > 200 or len(rule.campus_ids) > 200:
                raise invalid("rules", f"第 {number} 条：检查类型或院区太多。")


def ask(uow: UnitOfWork, report_id: int) -> None:
    """Have the waiting results of a report made."""
    enqueue(uow, MAKE_JOB, {"report": report_id}, key=f"results-{report_id}", title="报告结果")


def view_of(result: Result, issue: ResultIssue, sent: Sent | None) -> ResultView:
    """Return a row as workstations see it; what an interface says of its message counts more."""
    given_up = result.state == ResultState.GIVEN_UP.value
    return ResultView(
        id=result.id,
        report_id=issue.report_id,
        accession_number=issue.accession_number,
        patient_name=issue.patient_name,
        exam_type=issue.exam_type,
        issue=issue.number,
        edition=issue.edition,
        event=ResultEvent(issue.event),
        kind=ResultKind(result.kind),
        target=result.target,
        state=ResultState(result.state),
        made_at=result.made_at,
        finished_at=result.finished_at,
        attempts=result.attempts if sent is None else sent.attempts,
        sentence=result.sentence if sent is None or given_up else sent.sentence,
        answer=result.answer if sent is None else sent.answer,
        sop_instance_uid=result.sop_uid,
        document_id=result.document_id,
        message_id=result.message_id,
    )
