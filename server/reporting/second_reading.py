"""Reading a report a second time before it is submitted: the checker with what the hospital knows of the patient."""

from __future__ import annotations

from sqlalchemy import select

from server.kernel.database import UnitOfWork
from server.reporting.checker import AlarmKind, Subject, subject_of
from server.reporting.checking.service import alarms_of
from server.reporting.tables import Report, ReportText
from shared.contract.reporting import ReportContent
from shared.domain.rich_text import plain
from shared.domain.states import ReportState

_EARLIER_REPORTS = 5
_MOST_SENTENCES = 8


def doubts(uow: UnitOfWork, report: Report, content: ReportContent) -> tuple[str, ...]:
    """Return one sentence per doubt about a text, which the doctor may overrule with a reason (RIS-EX-14)."""
    read = subject(uow, report, content)
    # Patients bring films from elsewhere: that no earlier report lies here says nothing about a comparison.
    alarms = [alarm for alarm in alarms_of(uow, report, read) if read.prior or alarm.kind is not AlarmKind.PRIOR]
    return tuple(alarm.why for alarm in alarms[:_MOST_SENTENCES])


def subject(uow: UnitOfWork, report: Report, content: ReportContent) -> Subject:
    """The report as the checker sees it; the side that was asked for stands in the names of the items."""
    return subject_of_texts(uow, report, plain(content.findings), plain(content.impression))


def subject_of_texts(uow: UnitOfWork, report: Report, findings: str, impression: str) -> Subject:
    """The same of plain texts."""
    return subject_of(
        {
            "exam_type": report.exam_type,
            "body_part": report.body_part,
            "side": _side_in(f"{report.body_part} {report.items}"),
            "sex": report.sex,
            "age": report.age,
            "prior": _earlier(uow, report),
            "findings": findings,
            "impression": impression,
        }
    )


def _side_in(names: str) -> str:
    left, right = "左" in names, "右" in names
    return "左" if left and not right else "右" if right and not left else ""


def _earlier(uow: UnitOfWork, report: Report) -> str:
    """The approved texts of the patient's newest earlier exams."""
    query = (
        select(ReportText.findings, ReportText.impression)
        .join(Report, (Report.id == ReportText.report_id) & (Report.text_number == ReportText.number))
        .where(
            Report.patient_id == report.patient_id,
            Report.id != report.id,
            Report.state.in_((ReportState.APPROVED, ReportState.PRINTED)),
            Report.examined_at <= report.examined_at,
        )
        .order_by(Report.examined_at.desc())
        .limit(_EARLIER_REPORTS)
    )
    return "\n".join(plain(text) for row in uow.session.execute(query) for text in row)
