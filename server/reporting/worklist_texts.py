"""Approved reports by type and part of the body, newest first, for those who search texts."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import or_, select, tuple_

from server.kernel.database import UnitOfWork
from server.reporting.tables import Report, ReportText
from shared.domain.rich_text import plain
from shared.domain.states import ReportState

_APPROVED = (ReportState.APPROVED, ReportState.PRINTED)
_SEPARATORS = re.compile(r"[,，、;；/\s]+")
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class PlainReport:
    """The two texts of a report without marks."""

    findings: str
    impression: str


class ApprovedTexts:
    """Reads; changes nothing."""

    def newest(
        self, uow: UnitOfWork, *, exam_type: str, body_part: str, but: int, room_ids: Collection[int] | None, most: int
    ) -> list[tuple[int, int]]:
        """Return report id and number of the present text of the newest approved reports, the report `but` left out.

        A report counts when its part of the body shares a word with `body_part` ("胸部,腹部"); empty takes all.
        """
        where = [Report.exam_type == exam_type, Report.approved_at.is_not(None), Report.state.in_(_APPROVED)]
        parts = [part for part in _SEPARATORS.split(body_part) if part][:10]
        if parts:
            where.append(or_(*(Report.body_part.contains(part, autoescape=True) for part in parts)))
        if room_ids is not None:
            where.append(Report.room_id.in_(room_ids))
        statement = select(Report.id, Report.text_number).where(*where, Report.id != but)
        rows = uow.session.execute(statement.order_by(Report.approved_at.desc()).limit(most))
        return [(report_id, number) for report_id, number in rows]

    def texts(self, uow: UnitOfWork, wanted: Collection[tuple[int, int]]) -> dict[int, PlainReport]:
        """Return texts by report id."""
        found: dict[int, PlainReport] = {}
        pairs = list(wanted)
        for start in range(0, len(pairs), _AT_ONCE):
            statement = select(ReportText.report_id, ReportText.findings, ReportText.impression).where(
                tuple_(ReportText.report_id, ReportText.number).in_(pairs[start : start + _AT_ONCE])
            )
            for report_id, findings, impression in uow.session.execute(statement):
                found[report_id] = PlainReport(plain(findings), plain(impression))
        return found
