"""What the reading page shows, as one value; and small questions about it. Knows no Qt."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from clients.kit.translations import verbatim
from shared.contract.ecg import DocumentView, EcgExamView, EcgRow, TraceView
from shared.contract.ecg_reports import ReportBody, ReportPage, Statement, SuggestionView
from shared.domain.ecg import ExamAction, ReportAction
from shared.domain.ecg_reports import StatementSource, Verdict
from shared.domain.states import Sex

if TYPE_CHECKING:
    from shared.waveform.measuring import Analysis
    from shared.waveform.record import EcgRecord

TEXTS = ("findings", "diagnosis")
"""The two boxes of the conclusion area: 检查所见, 心电诊断."""


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """A trace with its samples, measured."""

    trace: TraceView | None  # None: a record that waits on the line
    record: EcgRecord
    analysis: Analysis


@dataclass(frozen=True, slots=True, eq=False)
class Past:
    """An earlier exam of the patient in front (ECG-READ-03): its report as it was published, its trace."""

    row: EcgRow
    page: ReportPage | None = None
    drawn: Drawn | None = None
    no_trace: str = ""  # why nothing is drawn: the sentence of the server


@dataclass(frozen=True, slots=True, eq=False)
class PageState:
    """One exam as it is read. ``body`` is what the doctor is writing; ``past`` is in front while a history tab is."""

    exam: EcgExamView | None = None
    page: ReportPage | None = None
    drawn: Drawn | None = None
    body: ReportBody = field(default_factory=ReportBody)
    history: tuple[EcgRow, ...] = ()
    past: Past | None = None
    no_trace: str = ""  # why nothing is drawn: the sentence of the server
    trouble: str = ""  # why the page could not be loaded at all
    is_loading: bool = True
    is_busy: bool = False
    is_dirty: bool = False
    is_read_only: bool = False  # as it was opened
    problems: Mapping[str, str] = field(default_factory=dict)

    @property
    def may_write(self) -> bool:
        """Whether parameters and conclusion can be edited now."""
        return (
            self.past is None
            and not self.is_read_only
            and not self.is_busy
            and self.page is not None
            and self.page.is_editable
            and (self.drawn is not None or _by_document(self.page))
        )

    @property
    def may_acquire(self) -> bool:
        """Whether 采集 is possible: the exam's state and the account allow it (ECG-SM-EXM-03, -04)."""
        return (
            self.past is None
            and not self.is_read_only
            and self.exam is not None
            and ExamAction.ACQUIRE in self.exam.row.allowed
        )

    def allows(self, action: ReportAction) -> bool:
        """Whether the report's action is offered to this account now."""
        return (
            self.past is None
            and not self.is_read_only
            and not self.is_busy
            and self.page is not None
            and action in self.page.allowed
        )

    @property
    def may_print(self) -> bool:
        """Printing a published report is open to whoever reads it."""
        return self.past is None and self.page is not None and ReportAction.PRINT in self.page.allowed

    @property
    def in_front(self) -> Drawn | None:
        """The trace on screen."""
        return self.past.drawn if self.past is not None else self.drawn

    @property
    def documents_in_front(self) -> tuple[DocumentView, ...]:
        """The documents that stand where the trace would: an exam with received documents only (EX-ECG-14)."""
        page = self.past.page if self.past is not None else self.page
        return page.documents if page is not None and self.in_front is None and _by_document(page) else ()

    @property
    def has_paper(self) -> bool:
        """Whether there is anything to look at: a trace or documents."""
        return self.in_front is not None or bool(self.documents_in_front)

    @property
    def printed_documents(self) -> tuple[int, ...]:
        """Ids of the documents whose pages follow the report: the chosen ones, without a trace all where none is."""
        if self.body.documents or self.page is None or not _by_document(self.page):
            return self.body.documents
        return tuple(one.id for one in self.page.documents)

    @property
    def body_in_front(self) -> ReportBody:
        """The report on screen."""
        if self.past is None:
            return self.body
        return self.past.page.body if self.past.page is not None else ReportBody()


def _by_document(page: ReportPage) -> bool:
    return page.is_by_document and bool(page.documents)


def verdict_of(body: ReportBody, suggestion: SuggestionView) -> Verdict:
    """What the doctor made of a suggestion."""
    for one in body.statements:
        if one.source is StatementSource.MACHINE and one.code == suggestion.code:
            return one.verdict
    return Verdict.OPEN


def still_said(statements: tuple[Statement, ...], texts: str) -> tuple[Statement, ...]:
    """The statements without those whose words were deleted from the conclusion again; rejected ones stay."""
    return tuple(one for one in statements if one.verdict is not Verdict.CONFIRMED or one.text in texts)


def is_female(exam: EcgExamView | None) -> bool:
    """Whose limits hold."""
    return exam is not None and exam.row.sex is Sex.FEMALE


_AGE = re.compile(verbatim(r"(\d+(?:\.\d+)?)\s*(岁|月|周|天|日|y|m|w|d)?"), re.IGNORECASE)
_MONTHS, _WEEKS, _DAYS = verbatim("月m"), verbatim("周w"), verbatim("天日d")


def age_years(exam: EcgExamView | None) -> float | None:
    """Age at the registration in years: from the birth date, else from the words (45岁, 3月, 12天)."""
    if exam is None:
        return None
    born = exam.entry.birth_date
    if born is not None:
        return _years_between(born, exam.row.registered_at)
    total, found = 0.0, False
    for number, unit in _AGE.findall(exam.row.age):
        total += float(number) / _per_year(unit.lower())
        found = True
    return total if found else None


def _per_year(unit: str) -> float:
    if not unit:
        return 1.0
    return 12.0 if unit in _MONTHS else 52.18 if unit in _WEEKS else 365.25 if unit in _DAYS else 1.0


def _years_between(born: date, then: datetime) -> float:
    return max(0.0, (then.date() - born).days / 365.25)


def with_patient(drawn: Drawn, exam: EcgExamView | None) -> Any:
    """The record with age and sex of the exam: what rules and limits need, whatever the file says."""
    from dataclasses import replace

    if exam is None:
        return drawn.record
    patient = replace(drawn.record.patient, sex=exam.row.sex, age_years=age_years(exam))
    return replace(drawn.record, patient=patient)
