"""The library as it stands, and what of it a text states: while writing, and as questions at submission."""

from __future__ import annotations

from sqlalchemy import select

from server.critical.detector import Hit, Watched, detect
from server.critical.rules import OPEN_STATES
from server.critical.tables import CriticalValueRow, LoopRow
from server.kernel.database import UnitOfWork
from server.kernel.errors import Refusal
from server.reporting.tables import Report
from shared.contract.critical import CriticalChoice, CriticalHit, DetectCritical
from shared.contract.errors import ErrorCode
from shared.contract.reporting import ReportContent
from shared.domain.critical import CriticalLevel, CriticalRegion, LoopState
from shared.domain.states import CriticalValue

_LONGEST = 200_000
_MOST_NAMED = 3


class Watching:
    """Reads texts with the hospital's own library."""

    def choices(self, uow: UnitOfWork, exam_type: str) -> tuple[CriticalChoice, ...]:
        """Return the entries in use, those that fit the exam type first."""
        found = [
            CriticalChoice(
                code=row.code,
                name=row.name,
                name_en=row.name_en,
                region=CriticalRegion(row.region),
                level=CriticalLevel(row.level),
                minutes=row.minutes,
                criterion=row.criterion,
                fits=not exam_type or not row.exam_types or exam_type in row.exam_types,
            )
            for row in self._rows(uow)
        ]
        return tuple(sorted(found, key=lambda one: not one.fits))

    def detect(self, uow: UnitOfWork, request: DetectCritical) -> tuple[CriticalHit, ...]:
        """Return what a text states. Raises TOO_LARGE."""
        if len(request.findings) + len(request.impression) > _LONGEST:
            raise Refusal(ErrorCode.TOO_LARGE, "报告内容太长，无法检查危急值。")
        hits = detect(self._watched(uow), request.exam_type, request.findings, request.impression)
        return tuple(_told(hit) for hit in hits)

    def doubts(self, uow: UnitOfWork, report: Report, content: ReportContent) -> tuple[str, ...]:
        """Return what does not fit between the text, the choice 危急值 and the loops; the doctor may overrule it."""
        hits = detect(self._watched(uow), report.exam_type, content.findings, content.impression)
        open_names = list(
            uow.session.scalars(
                select(LoopRow.name).where(
                    LoopRow.report_id == report.id, LoopRow.state.in_([state.value for state in OPEN_STATES])
                )
            )
        )
        if content.critical_value is CriticalValue.YES:
            loops = uow.session.scalar(select(LoopRow.id).where(LoopRow.report_id == report.id).limit(1))
            if not hits and loops is None:
                return ("“危急值”选择为“是”，但报告中没有找到危急值的描述，也没有上报记录。",)
            return ()
        if open_names:
            return (f"已上报危急值“{open_names[0]}”且尚未结束，但“危急值”选择为“否”。",)
        if hits:
            named = "".join(hit.why for hit in hits[:_MOST_NAMED])
            return (f"{named}但“危急值”选择为“否”。",)
        return ()

    def doubts_at_approval(self, uow: UnitOfWork, report: Report, content: ReportContent) -> tuple[str, ...]:
        """As `doubts`, for the auditor: 是 also needs a loop that was not cancelled, answered ones count."""
        if content.critical_value is not CriticalValue.YES:
            return self.doubts(uow, report, content)
        standing = select(LoopRow.id).where(LoopRow.report_id == report.id, LoopRow.state != LoopState.CANCELLED.value)
        if uow.session.scalar(standing.limit(1)) is None:
            return ("“危急值”选择为“是”，但没有有效的上报记录，请先上报危急值。",)
        return ()

    def found(self, uow: UnitOfWork, exam_type: str, findings: str, impression: str) -> list[Hit]:
        """Return the hits of a text with their entries."""
        return detect(self._watched(uow), exam_type, findings, impression)

    def row(self, uow: UnitOfWork, code: str) -> CriticalValueRow | None:
        """Return the entry with a code, in use or not."""
        return uow.session.scalar(select(CriticalValueRow).where(CriticalValueRow.code == code))

    def _rows(self, uow: UnitOfWork) -> list[CriticalValueRow]:
        query = select(CriticalValueRow).where(CriticalValueRow.is_active)
        return list(uow.session.scalars(query.order_by(CriticalValueRow.position, CriticalValueRow.id)))

    def _watched(self, uow: UnitOfWork) -> list[Watched]:
        return [
            Watched(
                row.code,
                row.name,
                row.name_en,
                CriticalLevel(row.level),
                row.minutes,
                row.criterion,
                tuple(row.exam_types),
                tuple(row.keywords),
            )
            for row in self._rows(uow)
        ]


def _told(hit: Hit) -> CriticalHit:
    return CriticalHit(
        code=hit.entry.code,
        name=hit.entry.name,
        name_en=hit.entry.name_en,
        level=hit.entry.level,
        minutes=hit.entry.minutes,
        field=hit.field,
        start=hit.start,
        end=hit.end,
        words=hit.words,
        sentence=hit.sentence,
        why=hit.why,
        is_suspected=hit.is_suspected,
    )
