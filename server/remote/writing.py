"""The opinion itself: written by its holder, audited by a second doctor of the team, every version kept."""

from __future__ import annotations

from sqlalchemy import func, select

from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import invalid
from server.remote import rules
from server.remote.desk import Desk
from server.remote.tables import RemoteRequestRow, RemoteTextRow
from shared.contract.remote import OpinionContent
from shared.domain.remote import RemoteAction, RemoteNotice, RemoteState

_A, _N, _S = RemoteAction, RemoteNotice, RemoteState


class OpinionWriting:
    """Steps of writer and auditor; every method works in the caller's unit of work and returns the changed row."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def write(self, uow: UnitOfWork, caller: Caller, request_id: int) -> RemoteRequestRow:
        """诊断: begin or go on. Raises ILLEGAL_ACTION, PERMISSION_MISSING."""
        row = self._desk.demand(uow, caller, request_id, lock=True)
        was = row.state
        self._desk.step(uow, caller, row, _A.WRITE)
        if row.state != was:
            self._desk.changed(uow, caller, row, _A.WRITE)
            self._desk.notices.over(uow, row.id, _N.REJECTED, _N.SENT_BACK)
        return row

    def save(
        self,
        uow: UnitOfWork,
        caller: Caller,
        request_id: int,
        version: int,
        content: OpinionContent,
        *,
        is_automatic: bool,
    ) -> RemoteRequestRow:
        """保存. Raises CONFLICT, ILLEGAL_ACTION, INVALID, PERMISSION_MISSING."""
        row = self._desk.demand(uow, caller, request_id, lock=True)
        self._desk.step(uow, caller, row, _A.SAVE)
        row.expect(version)
        if self._keep(uow, caller, row, rules.clean(content), is_automatic=is_automatic):
            row.touch()
            uow.session.flush()
        return row

    def submit(
        self, uow: UnitOfWork, caller: Caller, request_id: int, version: int, content: OpinionContent
    ) -> RemoteRequestRow:
        """提交审核, or 发布 without a second level. Raises INVALID, CONFLICT, ILLEGAL_ACTION, PERMISSION_MISSING."""
        row = self._desk.demand(uow, caller, request_id, lock=True)
        action = _A.SUBMIT if row.two_level else _A.PUBLISH
        self._desk.step(uow, caller, row, action)
        row.expect(version)
        content = self._complete(content)
        self._keep(uow, caller, row, content, is_automatic=False)
        if row.two_level:
            row.auditor_id, row.auditor = 0, ""
            self._desk.changed(uow, caller, row, action)
            self._desk.tell_there(uow, caller, row, self._desk.auditor_ids(uow, row), _N.SUBMITTED)
        else:
            self._publish(uow, caller, row, action, _N.PUBLISHED)
        return row

    def take_back(self, uow: UnitOfWork, caller: Caller, request_id: int, version: int) -> RemoteRequestRow:
        """收回 before the audit. Raises ILLEGAL_ACTION, CONFLICT, PERMISSION_MISSING."""
        row = self._desk.demand(uow, caller, request_id, lock=True)
        self._desk.step(uow, caller, row, _A.TAKE_BACK)
        row.expect(version)
        self._desk.changed(uow, caller, row, _A.TAKE_BACK)
        self._desk.notices.over(uow, row.id, _N.SUBMITTED)
        return row

    def audit(self, uow: UnitOfWork, caller: Caller, request_id: int) -> RemoteRequestRow:
        """审核: enter. Raises ILLEGAL_ACTION, PERMISSION_MISSING."""
        row = self._desk.demand(uow, caller, request_id, lock=True)
        was = row.state
        self._desk.step(uow, caller, row, _A.AUDIT)
        if row.state != was:
            row.auditor_id, row.auditor = caller.user_id, caller.name[:80]
            self._desk.changed(uow, caller, row, _A.AUDIT)
            self._desk.notices.over(uow, row.id, _N.SUBMITTED)
        return row

    def approve(
        self, uow: UnitOfWork, caller: Caller, request_id: int, version: int, content: OpinionContent
    ) -> RemoteRequestRow:
        """审核通过 with the auditor's text. Raises INVALID, CONFLICT, ILLEGAL_ACTION, PERMISSION_MISSING."""
        row = self._desk.demand(uow, caller, request_id, lock=True)
        self._desk.step(uow, caller, row, _A.PASS)
        row.expect(version)
        self._keep(uow, caller, row, self._complete(content), is_automatic=False)
        self._publish(uow, caller, row, _A.PASS, _N.PUBLISHED)
        self._desk.tell_there(uow, caller, row, (row.holder_id,), _N.PUBLISHED)
        return row

    def reject(self, uow: UnitOfWork, caller: Caller, request_id: int, version: int, reason: str) -> RemoteRequestRow:
        """驳回. Raises INVALID, CONFLICT, ILLEGAL_ACTION, PERMISSION_MISSING."""
        row = self._desk.demand(uow, caller, request_id, lock=True)
        self._desk.step(uow, caller, row, _A.REJECT)
        row.expect(version)
        row.reason = rules.text("reason", reason, missing="请填写驳回的原因，书写医生会看到。")
        self._desk.changed(uow, caller, row, _A.REJECT, row.reason)
        self._desk.tell_there(uow, caller, row, (row.holder_id,), _N.REJECTED, row.reason)
        return row

    def release(self, uow: UnitOfWork, caller: Caller, request_id: int) -> RemoteRequestRow:
        """退出审核, or 解锁 by another auditor. Raises ILLEGAL_ACTION, PERMISSION_MISSING."""
        row = self._desk.demand(uow, caller, request_id, lock=True)
        self._desk.step(uow, caller, row, _A.RELEASE)
        before, row.auditor_id, row.auditor = row.auditor, 0, ""
        self._desk.changed(uow, caller, row, _A.RELEASE, "" if before == caller.name else before)
        return row

    def adjust(
        self, uow: UnitOfWork, caller: Caller, request_id: int, version: int, content: OpinionContent, reason: str
    ) -> RemoteRequestRow:
        """调整内容 of a published opinion. Raises INVALID, CONFLICT, ILLEGAL_ACTION, PERMISSION_MISSING."""
        row = self._desk.demand(uow, caller, request_id, lock=True)
        self._desk.step(uow, caller, row, _A.ADJUST)
        row.expect(version)
        note = rules.text("reason", reason, missing="请填写调整的原因，申请医生会看到。")
        if not self._keep(uow, caller, row, self._complete(content), is_automatic=False):
            raise invalid("findings", "内容没有变化。")
        row.adjusted_at = self._desk.time.now()
        self._publish(uow, caller, row, _A.ADJUST, _N.ADJUSTED, note)
        return row

    # ── texts ────────────────────────────────────────────────────────────────────────────────────────

    @staticmethod
    def _complete(content: OpinionContent) -> OpinionContent:
        cleaned = rules.clean(content)
        rules.demand_complete(cleaned)
        return cleaned

    def _publish(
        self,
        uow: UnitOfWork,
        caller: Caller,
        row: RemoteRequestRow,
        action: RemoteAction,
        notice: RemoteNotice,
        note: str = "",
    ) -> None:
        text = self.present(uow, row)
        assert text is not None
        text.is_automatic, text.is_published = False, True
        row.published_number, row.is_critical = row.text_number, text.is_critical
        row.published_at, row.published_by = row.published_at or self._desk.time.now(), caller.name[:80]
        row.reason = ""
        self._desk.changed(uow, caller, row, action, note)
        self._desk.tell_asker(uow, caller, row, notice, note)

    def _keep(
        self, uow: UnitOfWork, caller: Caller, row: RemoteRequestRow, content: OpinionContent, *, is_automatic: bool
    ) -> bool:
        """Keep a text as the next version; True when it differs from the present one."""
        present = self.present(uow, row)
        if present is not None and content_of(present) == content:
            if present.is_automatic and not is_automatic:
                present.is_automatic = False
            return False
        if present is None and content == OpinionContent():
            return False
        if present is not None and present.is_automatic and is_automatic and present.by_id == caller.user_id:
            present.at, present.is_critical = self._desk.time.now(), content.is_critical
            present.findings, present.impression = content.findings, content.impression
            return True
        last = select(func.max(RemoteTextRow.number)).where(RemoteTextRow.request_id == row.id)
        number = max(int(uow.session.scalar(last) or 0), row.text_number) + 1
        uow.session.add(
            RemoteTextRow(
                request_id=row.id,
                number=number,
                at=self._desk.time.now(),
                by_id=caller.user_id,
                by=caller.name[:80],
                is_automatic=is_automatic,
                is_critical=content.is_critical,
                findings=content.findings,
                impression=content.impression,
            )
        )
        row.text_number = number
        uow.session.flush()
        return True

    @staticmethod
    def present(uow: UnitOfWork, row: RemoteRequestRow) -> RemoteTextRow | None:
        """Return the present text."""
        return uow.session.get(RemoteTextRow, (row.id, row.text_number)) if row.text_number else None


def content_of(text: RemoteTextRow) -> OpinionContent:
    """Return what a kept text says."""
    return OpinionContent(findings=text.findings, impression=text.impression, is_critical=text.is_critical)
