"""What a request opens to doctors of another hospital (CO-EX-02): this exam, for what they do, while it is open."""

from __future__ import annotations

from sqlalchemy import or_, select

from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.remote import rules
from server.remote.desk import Desk
from server.remote.tables import RemoteRequestRow
from shared.domain.permissions import Permission
from shared.domain.remote import OPEN, RemoteKind, RemoteState

IMAGES = frozenset(
    {
        "archive.get_study",
        "archive.list_exam_studies",
        "archive.get_completeness",
        "marks.list",
        "hanging.describe",
        "registration.list",
        "bulk.image",
    }
)
"""Requests that look at images and change nothing."""
_REPORT_ROOM = ("reporting.", "checking.", "structured.")
_NOT_THERE = frozenset({"reporting.correct_patient", "reporting.revise", "reporting.add"})
_BESIDE = frozenset(
    {
        "bulk.document",
        "critical.detect",
        "critical.list_of_report",
        "critical.report",
        "exams.get",
        "marks.save",
        "printing.preview_report",
    }
)
_ROW = RemoteRequestRow


class RemoteAccess:
    """Asked by whoever limits accounts to their campuses, when an exam of another campus is named."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def opens(self, uow: UnitOfWork, caller: Caller, exam_id: int, method: str) -> bool:
        """Whether an open request lets this account do this with this exam."""
        if method in IMAGES:
            return caller.may(Permission.VIEW_IMAGES) and self._sees(uow, caller, exam_id)
        writes = method.startswith(_REPORT_ROOM) and method not in _NOT_THERE
        if writes or method in _BESIDE:
            return caller.may(Permission.REPORT) and self._writes(uow, caller, exam_id)
        return False

    def _open(self, uow: UnitOfWork, exam_id: int) -> list[RemoteRequestRow]:
        with_prior = or_(
            _ROW.prior_exam_ids == str(exam_id),
            _ROW.prior_exam_ids.startswith(f"{exam_id} "),
            _ROW.prior_exam_ids.endswith(f" {exam_id}"),
            _ROW.prior_exam_ids.contains(f" {exam_id} "),
        )
        found = select(_ROW).where(
            or_(_ROW.exam_id == exam_id, with_prior), _ROW.state.in_([one.value for one in OPEN])
        )
        return list(uow.session.scalars(found))

    def _sees(self, uow: UnitOfWork, caller: Caller, exam_id: int) -> bool:
        open_now = self._open(uow, exam_id)
        teams = self._desk.teams.of_user(uow, caller.user_id) if open_now else frozenset()
        return any(
            rules.sees_images(self._desk.standing(uow, caller, row, teams)) or self._audits(uow, caller, row)
            for row in open_now
        )

    def _writes(self, uow: UnitOfWork, caller: Caller, exam_id: int) -> bool:
        return any(
            row.kind == RemoteKind.REPORT.value
            and row.exam_id == exam_id
            and (row.holder_id == caller.user_id or self._audits(uow, caller, row))
            for row in self._open(uow, exam_id)
        )

    def _audits(self, uow: UnitOfWork, caller: Caller, row: RemoteRequestRow) -> bool:
        """A report that the team audits itself is open to its auditors once it was submitted."""
        return (
            row.kind == RemoteKind.REPORT.value
            and row.audits_reports
            and row.state in (RemoteState.SUBMITTED.value, RemoteState.AUDITING.value, RemoteState.REJECTED.value)
            and caller.user_id in self._desk.auditor_ids(uow, row)
        )
