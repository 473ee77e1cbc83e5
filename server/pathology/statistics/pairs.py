"""Pairs of diagnoses to compare, and what doctors say of them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import and_, or_, select
from sqlalchemy.orm import aliased

from server.kernel.clock import HospitalTime
from server.kernel.database import UnitOfWork
from server.kernel.database.text import one_of
from server.kernel.dispatch import Caller
from server.kernel.errors import invalid
from server.pathology.cases.service import CaseService
from server.pathology.cases.tables import CaseRow, LibraryRow
from server.pathology.cases.walking import between
from server.pathology.reports.tables import FrozenSection, Opinion, OpinionVersion, Report, ReportVersion
from server.pathology.statistics.sources import last_first_opinion
from server.pathology.statistics.tables import ComparisonRow
from shared.contract.base import Changed
from shared.contract.pathology_statistics import MOST_DAYS, JudgePair, PairView
from shared.domain.pathology import CYTOLOGY_KINDS, CaseState, OpinionKind
from shared.domain.pathology_reports import Concordance, PaperState, ReportKind
from shared.domain.pathology_statistics import Pair

MOST_PAIRS = 500
WITHIN = timedelta(days=183)
"""How long after the cytology a histology of the same patient is compared with it."""
_NOT_COUNTED = (CaseState.DELETED.value, CaseState.APPOINTED.value)
_READY = (Report.kind == ReportKind.MAIN.value, Report.state != PaperState.WRITING.value)
_TEXT = and_(ReportVersion.report_id == Report.id, ReportVersion.number == Report.text_number)


class Pairs:
    """Lists pairs and keeps judgements."""

    def __init__(self, time: HospitalTime, cases: CaseService) -> None:
        self._time, self._cases = time, cases

    def find(self, uow: UnitOfWork, pair: Pair, first: date, last: date) -> tuple[PairView, ...]:
        """Return the pairs of some days, those not judged first. Raises INVALID."""
        if last < first or (last - first).days >= MOST_DAYS:
            raise invalid("last", f"请选择 1 到 {MOST_DAYS} 天的日期范围。")
        bounds = self._time.day_bounds(first, last)
        find = {Pair.FROZEN: self._frozen, Pair.CYTOLOGY: self._cytology, Pair.FIRST: self._first}[pair]
        found = list(find(uow, *bounds))
        found.sort(key=lambda one: (one.result is not None, one.number))
        return tuple(found[:MOST_PAIRS])

    def judge(self, uow: UnitOfWork, caller: Caller, request: JudgePair) -> None:
        """Keep a judgement. Raises NOT_FOUND, INVALID."""
        if request.pair is Pair.FROZEN:
            raise invalid("pair", "冰冻与石蜡的符合情况请在诊断页的冰冻栏中判定。")
        if request.pair is Pair.FIRST and request.other_id != request.case_id:
            raise invalid("other_id", "初诊与最终诊断属于同一病例。")
        facts = self._cases.demand(uow, caller, request.case_id)
        other = self._cases.demand(uow, caller, request.other_id)
        if request.pair is Pair.CYTOLOGY and (not facts.is_cytology or other.is_cytology):
            raise invalid("other_id", "请选择一例细胞学和一例组织学。")
        key = (request.pair.value, request.case_id)
        row = uow.session.get(ComparisonRow, key, with_for_update=True)
        if row is None:
            row = ComparisonRow(pair=key[0], case_id=key[1])
            uow.session.add(row)
        row.other_id, row.result, row.note = request.other_id, request.result.value, request.note.strip()[:500]
        row.judged_by, row.judged_at = caller.name[:80], self._time.now()
        uow.session.flush()
        uow.publish(Changed("pathology_comparisons", request.case_id, 0))

    # ── inside ───────────────────────────────────────────────────────────────────────────────────────

    def _frozen(self, uow: UnitOfWork, begin: datetime, end: datetime) -> Iterable[PairView]:
        opinion = and_(
            Opinion.case_id == CaseRow.id, Opinion.kind == OpinionKind.FROZEN.value, Opinion.is_draft.is_(False)
        )
        said = and_(OpinionVersion.opinion_id == Opinion.id, OpinionVersion.number == Opinion.text_number)
        statement = (
            select(CaseRow, FrozenSection, OpinionVersion.diagnosis, Opinion.doctor, ReportVersion.diagnosis)
            .join(FrozenSection, FrozenSection.case_id == CaseRow.id)
            .outerjoin(Opinion, opinion)
            .outerjoin(OpinionVersion, said)
            .outerjoin(Report, and_(Report.case_id == CaseRow.id, *_READY))
            .outerjoin(ReportVersion, _TEXT)
            .where(
                *between(FrozenSection.received_at, begin, end),
                FrozenSection.reported_at.is_not(None),
                CaseRow.state.not_in(_NOT_COUNTED),
            )
            .order_by(FrozenSection.received_at.desc(), Opinion.id.desc())
            .limit(4 * MOST_PAIRS)
        )
        found: dict[int, PairView] = {}
        for row, frozen, said_then, doctor, later in uow.session.execute(statement):
            result = Concordance(frozen.concordance) if frozen.concordance else None
            view = _view(Pair.FROZEN, row, said_then, doctor, row, later, result)
            judged = {"note": frozen.concordance_note, "judged_by": frozen.judged_by}
            found.setdefault(row.id, _with(view, **judged))
        return found.values()

    def _first(self, uow: UnitOfWork, begin: datetime, end: datetime) -> Iterable[PairView]:
        said = and_(OpinionVersion.opinion_id == Opinion.id, OpinionVersion.number == Opinion.text_number)
        judged = and_(ComparisonRow.case_id == CaseRow.id, ComparisonRow.pair == Pair.FIRST.value)
        statement = (
            select(CaseRow, OpinionVersion.diagnosis, Opinion.doctor, ReportVersion.diagnosis, ComparisonRow)
            .join(Report, and_(Report.case_id == CaseRow.id, *_READY))
            .join(ReportVersion, _TEXT)
            .join(Opinion, Opinion.id == last_first_opinion())
            .join(OpinionVersion, said)
            .outerjoin(ComparisonRow, judged)
            .where(*between(CaseRow.received_at, begin, end), CaseRow.state.not_in(_NOT_COUNTED))
            .order_by(CaseRow.received_at.desc())
            .limit(4 * MOST_PAIRS)
        )
        for row, earlier, doctor, later, judgement in uow.session.execute(statement):
            same = (earlier or "").strip() == (later or "").strip()
            view = _view(Pair.FIRST, row, earlier, doctor, row, later, Concordance.AGREES if same else None)
            yield _judged(_with(view, is_automatic=same), judgement)

    def _cytology(self, uow: UnitOfWork, begin: datetime, end: datetime) -> Iterable[PairView]:
        """Each cytology with the first histology of the same patient within half a year."""
        later, library, other_library = aliased(CaseRow), aliased(LibraryRow), aliased(LibraryRow)
        kinds = [one.value for one in CYTOLOGY_KINDS]
        statement = (
            select(CaseRow, later)
            .join(library, library.id == CaseRow.library_id)
            .join(later, and_(later.id != CaseRow.id, same_patient(later)))
            .join(other_library, other_library.id == later.library_id)
            .where(
                *between(CaseRow.received_at, begin, end),
                CaseRow.state.not_in(_NOT_COUNTED),
                library.kind.in_(kinds),
                other_library.kind.not_in(kinds),
                later.state.not_in(_NOT_COUNTED),
                later.received_at >= CaseRow.received_at,
            )
            .order_by(CaseRow.received_at.desc(), later.received_at)
            .limit(4 * MOST_PAIRS)
        )
        chosen: dict[int, tuple[CaseRow, CaseRow]] = {}
        for row, other in uow.session.execute(statement):
            if other.received_at - row.received_at <= WITHIN:
                chosen.setdefault(row.id, (row, other))
        ids = {one.id for pair in chosen.values() for one in pair}
        texts = self._reports(uow, ids)
        judgements = self._judgements(uow, Pair.CYTOLOGY, chosen)
        for row, other in chosen.values():
            if row.id in texts and other.id in texts:
                view = _view(Pair.CYTOLOGY, row, *texts[row.id], other, texts[other.id][0], None)
                yield _judged(_with(view, later_by=texts[other.id][1]), judgements.get(row.id))

    def _reports(self, uow: UnitOfWork, case_ids: Iterable[int]) -> dict[int, tuple[str, str]]:
        statement = select(Report.case_id, ReportVersion.diagnosis, Report.author).join(ReportVersion, _TEXT)
        rows = uow.session.execute(statement.where(one_of(Report.case_id, list(case_ids)), *_READY))
        return {case_id: (diagnosis, author) for case_id, diagnosis, author in rows}

    def _judgements(self, uow: UnitOfWork, pair: Pair, case_ids: Iterable[int]) -> dict[int, ComparisonRow]:
        own = (ComparisonRow.pair == pair.value, one_of(ComparisonRow.case_id, list(case_ids)))
        return {row.case_id: row for row in uow.session.scalars(select(ComparisonRow).where(*own))}


def same_patient(other: Any) -> Any:
    """Whether another case is the patient's of `CaseRow`: the hospital's patient, or an equal number that is filled."""
    numbers = (CaseRow.id_number, CaseRow.hospital_patient_id, CaseRow.inpatient_number, CaseRow.outpatient_number)
    equal = (and_(getattr(other, one.key) == one, one != "") for one in numbers)
    return or_(other.patient_id == CaseRow.patient_id, and_(other.patient_name == CaseRow.patient_name, or_(*equal)))


def _view(
    pair: Pair, row: CaseRow, earlier: Any, doctor: Any, other: CaseRow, later: Any, result: Concordance | None
) -> PairView:
    return PairView(
        pair=pair,
        case_id=row.id,
        number=row.number or "",
        patient_name=row.patient_name,
        earlier=earlier or "",
        earlier_by=doctor or "",
        other_id=other.id,
        other_number=other.number or "",
        later=later or "",
        later_by=other.chief_doctor,
        result=result,
    )


def _with(view: PairView, **more: Any) -> PairView:
    return msgspec.structs.replace(view, **more)


def _judged(view: PairView, row: ComparisonRow | None) -> PairView:
    if row is None:
        return view
    result = Concordance(row.result)
    return _with(view, result=result, is_automatic=False, note=row.note, judged_by=row.judged_by)
