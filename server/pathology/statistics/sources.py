"""What each statistic counts, declared: rows, their moment, who they belong to, and a condition for each figure.

A figure is the number of rows that meet its condition, or a sum over them. The cases behind a figure are the cases of
the same rows, so that a figure and the list that it opens cannot differ.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, literal, or_, select, true

from server.pathology.cases.tables import CaseRow, ChargeRow
from server.pathology.orders.tables import OrderRow
from server.pathology.reports.tables import CodeRow, FrozenSection, Opinion, OpinionVersion, Report, ReportVersion
from server.pathology.statistics.conditions import holds
from server.pathology.statistics.tables import ComparisonRow
from server.pathology.technique.tables import BlockRow, SlideRow, SpecimenRow
from shared.contract.pathology_statistics import StatisticsRules
from shared.domain.pathology import (
    SPECIAL_ORDERS,
    BlockState,
    OpinionKind,
    OrderState,
    SlideGrade,
    SlideState,
    SpecimenState,
    TaskSource,
)
from shared.domain.pathology_reports import Concordance, PaperState, ReportKind
from shared.domain.pathology_statistics import AGE_BANDS, GroupBy, Measure, Pair, Subject
from shared.domain.states import Sex

_M = Measure
Conditions = Mapping[Measure, ColumnElement[bool]]


@dataclass(frozen=True)
class Source:
    """Rows of one kind. `case_id` and `at` are columns; `joins` are added after the join of the case."""

    row: Any
    at: Any
    counts: Conditions = field(default_factory=dict)
    sums: Mapping[Measure, tuple[Any, ColumnElement[bool]]] = field(default_factory=dict)
    distinct: frozenset[Measure] = frozenset()
    """Figures that count cases, not rows."""
    opened: Conditions = field(default_factory=dict)
    """Figures that follow from others, with the rows that they open."""
    keys: Mapping[GroupBy, Any] = field(default_factory=dict)
    where: Sequence[ColumnElement[bool]] = ()
    joins: Sequence[tuple[Any, ColumnElement[bool]]] = ()
    outer: Sequence[tuple[Any, ColumnElement[bool]]] = ()

    @property
    def case_id(self) -> Any:
        return CaseRow.id if self.row is CaseRow else self.row.case_id

    def condition(self, measure: Measure) -> ColumnElement[bool] | None:
        """The condition of a figure; None where this source does not have it."""
        if measure in self.counts:
            return self.counts[measure]
        return self.sums[measure][1] if measure in self.sums else self.opened.get(measure)


def _code(system: str) -> Any:
    """The first code of a case in a system, with its meaning."""
    words = CodeRow.code + " " + CodeRow.meaning
    own = (CodeRow.case_id == CaseRow.id, CodeRow.system == system)
    return (
        select(words).where(*own).order_by(CodeRow.position, CodeRow.id).limit(1).correlate(CaseRow).scalar_subquery()
    )


def age_band(low: float, high: float) -> ColumnElement[bool]:
    """Whether the patient is as old as that."""
    return and_(CaseRow.age_years >= low, CaseRow.age_years < high)


def case_key(group_by: GroupBy) -> Any:
    """What a case is grouped by, for groupings that every statistic may have."""
    return {
        GroupBy.LIBRARY: CaseRow.library_id,
        GroupBy.UNIT: CaseRow.sending_unit,
        GroupBy.DEPARTMENT: CaseRow.department,
        GroupBy.SENDER: CaseRow.sending_doctor,
        GroupBy.SPECIMEN_TYPE: CaseRow.specimen_type,
        GroupBy.SEX: CaseRow.sex,
        GroupBy.AGE: case(
            *((age_band(low, high), literal(measure.value)) for measure, low, high in AGE_BANDS),
            else_=literal(_M.AGE_UNKNOWN.value),
        ),
        GroupBy.DISEASE: func.coalesce(_code("icd10"), _code("icdo-m"), ""),
    }.get(group_by)


_LIVING_BLOCK = BlockRow.state != BlockState.DELETED.value
_LIVING_SLIDE = SlideRow.state != SlideState.DELETED.value
_MAIN = (Report.kind == ReportKind.MAIN.value, Report.state != PaperState.WRITING.value)
_TEXT = and_(ReportVersion.report_id == Report.id, ReportVersion.number == Report.text_number)


def sources_of(subject: Subject, rules: StatisticsRules) -> tuple[Source, ...]:
    """Return what a statistic counts."""
    if subject is Subject.POSITIVE:
        return (_positive(rules),)
    return {
        Subject.DISTRIBUTION: _distribution,
        Subject.SLIDE_QUALITY: _slide_quality,
        Subject.DEPARTMENT: _department,
        Subject.STAFF: _staff,
        Subject.AGREEMENT: _agreement,
        Subject.SOURCES: _senders,
        Subject.CHARGES: _charges,
        Subject.PREPARATION: _preparation,
    }[subject]()


def _distribution() -> tuple[Source, ...]:
    sexes = (Sex.MALE.value, Sex.FEMALE.value)
    known = CaseRow.age_years.is_not(None)
    bands = {measure: age_band(low, high) for measure, low, high in AGE_BANDS}
    counts = {
        _M.CASES: true(),
        _M.MALE: CaseRow.sex == sexes[0],
        _M.FEMALE: CaseRow.sex == sexes[1],
        _M.SEX_OTHER: CaseRow.sex.not_in(sexes),
        **bands,
        _M.AGE_UNKNOWN: or_(CaseRow.age_years.is_(None), ~age_band(AGE_BANDS[0][1], AGE_BANDS[-1][2])),
    }
    return (Source(CaseRow, CaseRow.received_at, counts, {_M.MEAN_AGE: (CaseRow.age_years, known)}),)


def _slide_quality() -> tuple[Source, ...]:
    grades = {
        _M.GRADE_A: SlideRow.grade == SlideGrade.A.value,
        _M.GRADE_B: SlideRow.grade == SlideGrade.B.value,
        _M.GRADE_C: SlideRow.grade == SlideGrade.C.value,
        _M.GRADE_D: SlideRow.grade == SlideGrade.D.value,
    }
    counts = {_M.SLIDES: true(), _M.GRADED: SlideRow.grade != "", **grades}
    keys = {GroupBy.PERSON: SlideRow.made_by, GroupBy.STAIN: SlideRow.stain, GroupBy.SOURCE: SlideRow.source}
    return (Source(SlideRow, SlideRow.made_at, counts, keys=keys, where=(_LIVING_SLIDE,)),)


def _special() -> ColumnElement[bool]:
    return OrderRow.kind.in_([one.value for one in SPECIAL_ORDERS])


def _department() -> tuple[Source, ...]:
    living = OrderRow.state != OrderState.DELETED.value
    orders = {_M.TECHNICAL: ~_special(), _M.SPECIAL: _special()}
    rejected = SpecimenRow.state != SpecimenState.REJECTED.value
    return (
        Source(CaseRow, CaseRow.received_at, {_M.CASES: true()}),
        Source(SpecimenRow, SpecimenRow.registered_at, {_M.SPECIMENS: true()}, where=(rejected,)),
        Source(BlockRow, BlockRow.grossed_at, {_M.BLOCKS: true()}, where=(_LIVING_BLOCK,)),
        Source(SlideRow, SlideRow.made_at, {_M.SLIDES: true()}, where=(_LIVING_SLIDE,)),
        Source(OrderRow, OrderRow.placed_at, orders, where=(living,)),
        Source(FrozenSection, FrozenSection.received_at, {_M.FROZEN: FrozenSection.reported_at.is_not(None)}),
        Source(Report, Report.audited_at, {_M.REPORTS: true()}, where=_MAIN),
    )


def _staff() -> tuple[Source, ...]:
    def by(row: Any, at: Any, person: Any, counts: Conditions, *where: ColumnElement[bool]) -> Source:
        return Source(row, at, counts, keys={GroupBy.PERSON: person}, where=(*where, person != ""))

    done = OrderRow.state != OrderState.DELETED.value
    opinions = {
        measure: Opinion.kind == kind.value
        for measure, kind in (
            (_M.FIRST, OpinionKind.FIRST),
            (_M.CHIEF, OpinionKind.CHIEF),
            (_M.SECOND, OpinionKind.SECOND),
            (_M.FROZEN, OpinionKind.FROZEN),
        )
    }
    return (
        by(CaseRow, CaseRow.registered_at, CaseRow.registered_by, {_M.REGISTERED: true()}),
        by(BlockRow, BlockRow.grossed_at, BlockRow.grosser, {_M.GROSSED: true()}, _LIVING_BLOCK),
        by(BlockRow, BlockRow.embedded_at, BlockRow.embedded_by, {_M.EMBEDDED: true()}, _LIVING_BLOCK),
        by(BlockRow, BlockRow.sectioned_at, BlockRow.sectioned_by, {_M.SECTIONED: true()}, _LIVING_BLOCK),
        by(SlideRow, SlideRow.made_at, SlideRow.made_by, {_M.MADE: true()}, _LIVING_SLIDE),
        by(OrderRow, OrderRow.executed_at, OrderRow.executed_by, {_M.EXECUTED: true()}, done),
        by(Opinion, Opinion.created_at, Opinion.doctor, opinions, Opinion.is_draft.is_(False)),
        by(Report, Report.audited_at, Report.auditor, {_M.AUDITED: true()}, Report.state != PaperState.WRITING.value),
    )


def _results(result: Any) -> dict[Measure, ColumnElement[bool]]:
    judged = (Concordance.AGREES.value, Concordance.PARTLY.value, Concordance.DISAGREES.value)
    return {
        _M.COMPARED: result.in_(judged),
        _M.AGREES: result == judged[0],
        _M.PARTLY: result == judged[1],
        _M.DISAGREES: result == judged[2],
        _M.OPEN: result.not_in(judged),
    }


def _agreement() -> tuple[Source, ...]:
    def keys(pair: Pair) -> dict[GroupBy, Any]:
        return {GroupBy.PAIR: literal(pair.value), GroupBy.PERSON: CaseRow.chief_doctor}

    frozen = Source(
        FrozenSection,
        FrozenSection.received_at,
        _results(FrozenSection.concordance),
        keys=keys(Pair.FROZEN),
        where=(FrozenSection.reported_at.is_not(None),),
    )
    cytology = Source(
        ComparisonRow,
        ComparisonRow.judged_at,
        _results(ComparisonRow.result),
        keys=keys(Pair.CYTOLOGY),
        where=(ComparisonRow.pair == Pair.CYTOLOGY.value,),
    )
    return (frozen, cytology, _first_and_final(keys(Pair.FIRST)))


def last_first_opinion() -> Any:
    """The id of the last kept first opinion of a case, as a column."""
    own = (Opinion.case_id == Report.case_id, Opinion.kind == OpinionKind.FIRST.value, Opinion.is_draft.is_(False))
    return select(func.max(Opinion.id)).where(*own).correlate(Report).scalar_subquery()


def _first_and_final(keys: Mapping[GroupBy, Any]) -> Source:
    """Judged by a doctor; where nobody judged, the same words agree."""
    same = func.trim(OpinionVersion.diagnosis) == func.trim(ReportVersion.diagnosis)
    automatic = case((same, literal(Concordance.AGREES.value)), else_=literal(""))
    comparison = and_(ComparisonRow.case_id == Report.case_id, ComparisonRow.pair == Pair.FIRST.value)
    text = and_(OpinionVersion.opinion_id == Opinion.id, OpinionVersion.number == Opinion.text_number)
    return Source(
        Report,
        Report.audited_at,
        _results(func.coalesce(ComparisonRow.result, automatic)),
        keys=keys,
        where=_MAIN,
        joins=((ReportVersion, _TEXT), (Opinion, Opinion.id == last_first_opinion()), (OpinionVersion, text)),
        outer=((ComparisonRow, comparison),),
    )


def _senders() -> tuple[Source, ...]:
    at = CaseRow.received_at  # everything of the cases that came in these days
    rejected = SpecimenRow.state != SpecimenState.REJECTED.value
    return (
        Source(CaseRow, at, {_M.CASES: true()}),
        Source(SpecimenRow, at, {_M.SPECIMENS: true()}, where=(rejected,)),
        Source(BlockRow, at, {_M.BLOCKS: true()}, where=(_LIVING_BLOCK,)),
        Source(SlideRow, at, {_M.SLIDES: true()}, where=(_LIVING_SLIDE,)),
        Source(Report, at, {_M.REPORTS: true()}, where=_MAIN),
    )


def is_positive(rules: StatisticsRules) -> ColumnElement[bool]:
    """Whether the present diagnosis has one of the words, once the phrases that deny them are taken out."""
    plain: Any = ReportVersion.diagnosis
    for phrase in sorted(rules.negative_phrases, key=len, reverse=True):
        plain = func.replace(plain, phrase, "")

    def has_word(text: Any) -> ColumnElement[bool]:
        return or_(*(holds(text, word) for word in rules.positive_words))

    return and_(has_word(ReportVersion.diagnosis), has_word(plain))  # the first half spares most texts the second


def _positive(rules: StatisticsRules) -> Source:
    positive = is_positive(rules)
    return Source(
        Report,
        Report.audited_at,
        {_M.REPORTS: true(), _M.POSITIVE: positive},
        opened={_M.NEGATIVE: ~positive},
        keys={GroupBy.PERSON: CaseRow.chief_doctor},
        where=_MAIN,
        joins=((ReportVersion, _TEXT),),
    )


def _charges() -> tuple[Source, ...]:
    money = ChargeRow.quantity * ChargeRow.price_fen
    return (
        Source(
            ChargeRow,
            ChargeRow.at,
            {_M.CASES: true()},
            {
                _M.QUANTITY: (ChargeRow.quantity, true()),
                _M.AMOUNT: (money, true()),
                _M.PAID: (money, ChargeRow.is_paid.is_(True)),
                _M.UNPAID: (money, ChargeRow.is_paid.is_(False)),
            },
            distinct=frozenset({_M.CASES}),
            keys={
                GroupBy.CHARGE_KIND: ChargeRow.kind,
                GroupBy.ITEM: ChargeRow.name,
                GroupBy.PERSON: ChargeRow.by,
            },
        ),
    )


def _preparation() -> tuple[Source, ...]:
    def made(*sources: TaskSource) -> ColumnElement[bool]:
        return SlideRow.source.in_([one.value for one in sources])

    blocks = {
        _M.BLOCKS: true(),
        _M.VERIFIED: BlockRow.verified_at.is_not(None),
        _M.EMBEDDED: BlockRow.embedded_at.is_not(None),
        _M.SECTIONED: BlockRow.sectioned_at.is_not(None),
    }
    slides = {
        _M.SLIDES: true(),
        _M.RECUTS: made(TaskSource.RECUT, TaskSource.DEEPER, TaskSource.THIN, TaskSource.SERIAL),
        _M.IMMUNO: made(TaskSource.IMMUNO),
        _M.STAINS: made(TaskSource.SPECIAL_STAIN),
        _M.MOLECULAR: made(TaskSource.MOLECULAR, TaskSource.ELECTRON),
        _M.SMEARS: made(TaskSource.SMEAR),
        _M.HANDED_OVER: SlideRow.handed_over_at.is_not(None),
    }
    return (
        Source(
            BlockRow,
            BlockRow.grossed_at,
            blocks,
            {_M.PIECES: (BlockRow.pieces, true())},
            keys={GroupBy.SOURCE: BlockRow.source},
            where=(_LIVING_BLOCK,),
        ),
        Source(SlideRow, SlideRow.made_at, slides, keys={GroupBy.SOURCE: SlideRow.source}, where=(_LIVING_SLIDE,)),
    )
