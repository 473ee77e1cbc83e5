"""Queries, statistics and the register book of pathology (PA-QRY, PA-PREP-04, EX-PA-14).

A list of cases is asked by what it holds (`Which`): conditions that the user combined, the register book, the cases
behind one figure of a statistic, or those behind a quality indicator. Lists, exports and papers take all of them, so
that every figure opens its cases. Words are written by the server in the language that is asked for.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

import msgspec

from shared.contract.base import AuditClass, Command, Nothing, Query
from shared.contract.master import SheetView
from shared.contract.printing import DocumentView
from shared.domain.pathology import CaseState
from shared.domain.pathology_indicators import Indicator
from shared.domain.pathology_queries import BOOK_FIELDS, LIST_FIELDS, Field, Operator
from shared.domain.pathology_reports import Concordance
from shared.domain.pathology_statistics import GroupBy, Measure, Pair, Subject
from shared.domain.permissions import Permission

MOST_DAYS = 4000
MOST_CONDITIONS = 40
MOST_DEPTH = 4
MOST_EXPORTED = 20_000
MOST_DRAWN = 2_000
MOST_GROUPS = 5_000
TABLE_PAPER, LIST_PAPER, BOOK_PAPER = (
    "pathology_statistics_table",
    "pathology_case_list",
    "pathology_register_book",
)
"""Kinds of the documents: what a desk chooses a printer for."""

# ── conditions ───────────────────────────────────────────────────────────────────────────────────────


class Joined(StrEnum):
    """How the parts of a group are joined."""

    ALL = "all"  # and
    ANY = "any"  # or


class Condition(msgspec.Struct, frozen=True, tag="is", kw_only=True):
    """A field compared with values. Values are texts: days as 2026-11-22, numbers in decimals, choices by value."""

    field: Field
    operator: Operator
    values: tuple[str, ...] = ()


class Group(msgspec.Struct, frozen=True, tag="group", kw_only=True):
    """Conditions and groups; an empty group is true. At most MOST_CONDITIONS and MOST_DEPTH in all."""

    joined: Joined = Joined.ALL
    parts: tuple[Condition | Group, ...] = ()
    is_not: bool = False


class Basis(StrEnum):
    """Which day of a case counts."""

    RECEIVED = "received"
    REGISTERED = "registered"
    REPORTED = "reported"


class StatisticsFilter(msgspec.Struct, frozen=True, kw_only=True):
    """What is counted: days of the hospital's time zone, ends included; empty parts limit nothing."""

    first: date
    last: date
    library_ids: tuple[int, ...] = ()
    first_number: str = ""
    last_number: str = ""
    units: tuple[str, ...] = ()
    people: tuple[str, ...] = ()  # names, for groupings by person
    diseases: tuple[str, ...] = ()  # words in the diagnosis, a row each; empty: by diagnosis code
    condition: Group = Group()


class BookOf(msgspec.Struct, frozen=True, tag="book", kw_only=True):
    """登记薄: cases of some days, by case number."""

    filter: StatisticsFilter
    basis: Basis = Basis.REGISTERED


class CasesWhere(msgspec.Struct, frozen=True, tag="where", kw_only=True):
    """Cases that meet the conditions, newest registration first; deleted ones never, bookings if asked for."""

    condition: Group = Group()


class FigureOf(msgspec.Struct, frozen=True, tag="figure", kw_only=True):
    """The cases behind a figure; of a percentage those of its numerator. Without `of_row` those of the total."""

    subject: Subject
    group_by: GroupBy
    filter: StatisticsFilter
    measure: Measure
    key: str = ""
    of_row: bool = True


class IndicatorOf(msgspec.Struct, frozen=True, tag="indicator", kw_only=True):
    """The cases behind a quality indicator of a month ("2026-11")."""

    indicator: Indicator
    month: str
    only_numerator: bool = False
    only_missed: bool = False  # of the denominator, but not of the numerator


Which = CasesWhere | BookOf | FigureOf | IndicatorOf


class CaseLine(msgspec.Struct, frozen=True, kw_only=True):
    """A case in a list; `cells` in the order of the fields, times as the hospital's clock shows them."""

    case_id: int
    state: CaseState
    cells: tuple[str, ...]


class CaseTable(msgspec.Struct, frozen=True, kw_only=True):
    """A page of cases; `total` counts all of them on the first page, 0 on later ones."""

    fields: tuple[Field, ...]
    lines: tuple[CaseLine, ...]
    next_cursor: str
    total: int


class ListCases(Query[CaseTable], frozen=True, kw_only=True):
    """A page of cases. Refusals: INVALID (conditions, days, cursor, limit), PERMISSION_MISSING (statistics)."""

    method = "pathology_statistics.list_cases"
    permission = Permission.PATHOLOGY_VIEW
    audit = AuditClass.PATIENT_RECORD

    which: Which
    fields: tuple[Field, ...] = LIST_FIELDS
    cursor: str = ""
    limit: int = 100  # 1 to 500
    language: str = "zh"


class SheetFormat(StrEnum):
    """Files for spreadsheets."""

    XLSX = "xlsx"
    CSV = "csv"


class ExportCases(Query[SheetView], frozen=True, kw_only=True):
    """The list as a file, at most MOST_EXPORTED cases. Refusals: as of ListCases, INVALID (too many)."""

    method = "pathology_statistics.export_cases"
    permission = Permission.PATHOLOGY_EXPORT
    audit = AuditClass.EXPORT

    which: Which
    fields: tuple[Field, ...] = LIST_FIELDS
    format: SheetFormat = SheetFormat.XLSX
    language: str = "zh"


class ExportTumours(Query[SheetView], frozen=True, kw_only=True):
    """肿瘤登记导出 (EX-PA-07): the tumours whose diagnosis was audited in these days, a line each.

    Refusals: INVALID (days, nothing found, more than MOST_EXPORTED).
    """

    method = "pathology_statistics.export_tumours"
    permission = Permission.PATHOLOGY_EXPORT
    audit = AuditClass.EXPORT

    first: date
    last: date
    format: SheetFormat = SheetFormat.XLSX
    language: str = "zh"


class DrawCases(Command[DocumentView], frozen=True, kw_only=True):
    """The list or the register book on paper, at most MOST_DRAWN cases. Refusals: as of ListCases, INVALID."""

    method = "pathology_statistics.draw_cases"
    permission = Permission.PATHOLOGY_VIEW
    audit = AuditClass.EXPORT

    which: Which
    fields: tuple[Field, ...] = BOOK_FIELDS
    language: str = "zh"


class FieldChoice(msgspec.Struct, frozen=True, kw_only=True):
    """A value that a field of choices may have, or a text that occurs often; with its words."""

    value: str
    zh: str
    en: str


class ListChoices(Query[tuple[FieldChoice, ...]], frozen=True, kw_only=True):
    """What a field may be compared with: all choices, or the most frequent texts of the last year (at most 200)."""

    method = "pathology_statistics.list_choices"
    permission = Permission.PATHOLOGY_VIEW
    audit = AuditClass.ROUTINE

    field: Field


# ── saved queries ────────────────────────────────────────────────────────────────────────────────────


class SavedQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Conditions under a name; shared ones are seen by everybody and changed by their owner."""

    id: int = 0
    version: int = 0
    name: str
    is_shared: bool = False
    owner: str = ""
    is_mine: bool = True
    condition: Group
    fields: tuple[Field, ...] = LIST_FIELDS


class ListQueries(Query[tuple[SavedQuery, ...]], frozen=True, kw_only=True):
    """The asking account's own conditions and the shared ones, by name."""

    method = "pathology_statistics.list_queries"
    permission = Permission.PATHOLOGY_VIEW
    audit = AuditClass.ROUTINE


class SaveQuery(Command[SavedQuery], frozen=True, kw_only=True):
    """Keep conditions; id 0 is a new one. Refusals: INVALID (name, conditions, too many), NOT_FOUND, CONFLICT."""

    method = "pathology_statistics.save_query"
    permission = Permission.PATHOLOGY_VIEW
    audit = AuditClass.ROUTINE

    query: SavedQuery


class DeleteQuery(Command[Nothing], frozen=True, kw_only=True):
    """Throw own conditions away. Refusals: NOT_FOUND."""

    method = "pathology_statistics.delete_query"
    permission = Permission.PATHOLOGY_VIEW
    audit = AuditClass.ROUTINE

    query_id: int


# ── tables ───────────────────────────────────────────────────────────────────────────────────────────


class TableRow(msgspec.Struct, frozen=True, kw_only=True):
    """One row; `values` in the order of the columns, None where nothing can be counted; money in fen."""

    key: str  # what FigureOf names it by
    name: str  # as people call it, in the language asked for
    values: tuple[float | None, ...]


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """A table that is shown, drawn and exported alike. Percentages and years have one digit after the point."""

    subject: Subject
    group_by: GroupBy
    columns: tuple[Measure, ...]
    rows: tuple[TableRow, ...]
    total: TableRow
    note: str = ""  # how the figures came about, where it is not plain


class GetTable(Query[Table], frozen=True, kw_only=True):
    """One statistic. Refusals: INVALID (days, grouping, too many rows), PERMISSION_MISSING (statistics, charges)."""

    method = "pathology_statistics.get_table"
    permission = Permission.PATHOLOGY_VIEW
    audit = AuditClass.ROUTINE

    subject: Subject
    group_by: GroupBy
    filter: StatisticsFilter
    language: str = "zh"


class ExportTable(Query[SheetView], frozen=True, kw_only=True):
    """The same table as a file. Refusals: as of GetTable."""

    method = "pathology_statistics.export_table"
    permission = Permission.PATHOLOGY_VIEW
    audit = AuditClass.EXPORT

    subject: Subject
    group_by: GroupBy
    filter: StatisticsFilter
    format: SheetFormat = SheetFormat.XLSX
    language: str = "zh"


class DrawTable(Command[DocumentView], frozen=True, kw_only=True):
    """The same table on paper. Refusals: as of GetTable."""

    method = "pathology_statistics.draw_table"
    permission = Permission.PATHOLOGY_VIEW
    audit = AuditClass.EXPORT

    subject: Subject
    group_by: GroupBy
    filter: StatisticsFilter
    language: str = "zh"


# ── comparisons of diagnoses ─────────────────────────────────────────────────────────────────────────


class PairView(msgspec.Struct, frozen=True, kw_only=True):
    """Two diagnoses to compare, and what was found; `is_automatic`: word for word the same, nobody judged."""

    pair: Pair
    case_id: int
    number: str
    patient_name: str
    earlier: str  # frozen, cytological or first diagnosis
    earlier_by: str
    other_id: int  # the case of the later diagnosis; the same where it is one case
    other_number: str
    later: str
    later_by: str
    result: Concordance | None
    is_automatic: bool = False
    note: str = ""
    judged_by: str = ""


class ListPairs(Query[tuple[PairView, ...]], frozen=True, kw_only=True):
    """Pairs whose earlier case was received on these days, at most 500, those not judged first. Refusals: INVALID."""

    method = "pathology_statistics.list_pairs"
    permission = Permission.PATHOLOGY_STATISTICS
    audit = AuditClass.PATIENT_RECORD

    pair: Pair
    first: date
    last: date


class JudgePair(Command[Nothing], frozen=True, kw_only=True):
    """Say whether cytology and histology, or first and final opinion, agree; a later judgement takes its place.

    A frozen section is judged by `pathology_reports.judge_frozen`. Refusals: NOT_FOUND, INVALID.
    """

    method = "pathology_statistics.judge_pair"
    permission = Permission.PATHOLOGY_DIAGNOSE
    audit = AuditClass.REPORT

    pair: Pair
    case_id: int
    other_id: int
    result: Concordance
    note: str = ""


# ── quality indicators ───────────────────────────────────────────────────────────────────────────────


class IndicatorMonth(msgspec.Struct, frozen=True, kw_only=True):
    """A month's figure. `value`: per cent, or people for each 100 beds; None without a denominator."""

    month: str  # "2026-11"
    numerator: int
    denominator: int
    value: float | None
    version: int = 0  # of what was entered; 0: nothing yet, or counted
    note: str = ""
    entered_by: str = ""


class IndicatorView(msgspec.Struct, frozen=True, kw_only=True):
    """An indicator over some months, oldest first; its definition stands in `INDICATORS`."""

    indicator: Indicator
    months: tuple[IndicatorMonth, ...]
    whole: IndicatorMonth  # all months together; of people and beds the last month that has any
    target: float | None  # the hospital's own; None: none set


class GetIndicators(Query[tuple[IndicatorView, ...]], frozen=True, kw_only=True):
    """All 13, for at most 36 months up to `last` ("2026-11"). Refusals: INVALID."""

    method = "pathology_statistics.get_indicators"
    permission = Permission.PATHOLOGY_STATISTICS
    audit = AuditClass.ROUTINE

    last: str
    months: int = 12


class ExportIndicators(Query[SheetView], frozen=True, kw_only=True):
    """The same as a workbook, a line for each indicator and month. Refusals: INVALID."""

    method = "pathology_statistics.export_indicators"
    permission = Permission.PATHOLOGY_STATISTICS
    audit = AuditClass.EXPORT

    last: str
    months: int = 12
    format: SheetFormat = SheetFormat.XLSX
    language: str = "zh"


class DrawIndicators(Command[DocumentView], frozen=True, kw_only=True):
    """The indicators of one month on paper. Refusals: INVALID."""

    method = "pathology_statistics.draw_indicators"
    permission = Permission.PATHOLOGY_STATISTICS
    audit = AuditClass.EXPORT

    month: str
    language: str = "zh"


class EnterIndicator(Command[IndicatorMonth], frozen=True, kw_only=True):
    """Enter a month's figures of an indicator of ENTERED. Refusals: INVALID, CONFLICT."""

    method = "pathology_statistics.enter_indicator"
    permission = Permission.PATHOLOGY_SETTINGS
    audit = AuditClass.SETTINGS

    indicator: Indicator
    month: str
    numerator: int
    denominator: int
    note: str = ""
    version: int = 0


class StatisticsRules(msgspec.Struct, frozen=True, kw_only=True):
    """How the hospital counts: what makes a diagnosis positive, working days, targets."""

    version: int = 0
    positive_words: tuple[str, ...] = (
        "癌",
        "恶性",
        "肉瘤",
        "淋巴瘤",
        "白血病",
        "转移",
        "高级别",
        "HSIL",
        "LSIL",
        "ASC-US",
        "ASC-H",
        "AGC",
    )
    negative_phrases: tuple[str, ...] = (
        *("未见癌", "无癌", "未见恶性", "未见转移", "无转移", "未见肉瘤", "未见高级别", "癌不除外", "排除恶性"),
        *("未查见癌", "未查见恶性", "未见上皮内病变或恶性"),
    )
    """Taken out of the diagnosis before it is searched for the words."""
    small_words: tuple[str, ...] = ("穿刺", "活检", "内镜", "内窥镜", "胃镜", "肠镜", "钳取", "黏膜")
    """Specimens whose type or name has one of these are small: three working days."""
    small_days: int = 3
    tissue_days: int = 5
    cytology_days: int = 2
    fixation_minutes: int = 60
    formalin_words: tuple[str, ...] = ("福尔马林", "甲醛", "formalin", "NBF")
    targets: dict[Indicator, float] = msgspec.field(
        default_factory=lambda: {
            Indicator.FIXATION: 95.0,
            Indicator.SECTIONS: 90.0,
            Indicator.IMMUNO: 90.0,
            Indicator.FROZEN_TIME: 95.0,
            Indicator.TISSUE_TIME: 90.0,
            Indicator.CYTOLOGY_TIME: 90.0,
            Indicator.CYTOLOGY_AGREEMENT: 90.0,
            Indicator.FROZEN_AGREEMENT: 90.0,
        }
    )


class GetRules(Query[StatisticsRules], frozen=True, kw_only=True):
    """The rules in force."""

    method = "pathology_statistics.get_rules"
    permission = Permission.PATHOLOGY_VIEW
    audit = AuditClass.ROUTINE


class SaveRules(Command[StatisticsRules], frozen=True, kw_only=True):
    """Change the rules. Refusals: INVALID, CONFLICT."""

    method = "pathology_statistics.save_rules"
    permission = Permission.PATHOLOGY_SETTINGS
    audit = AuditClass.SETTINGS

    rules: StatisticsRules


# ── earlier pathology ────────────────────────────────────────────────────────────────────────────────


class EarlierCase(msgspec.Struct, frozen=True, kw_only=True):
    """Another case of the same patient; the diagnosis once it is audited."""

    case_id: int
    number: str
    library: str
    state: CaseState
    received_at: datetime
    specimen_name: str
    diagnosis: str
    by: str  # by which number the patient was recognised (Chinese)


class ListEarlier(Query[tuple[EarlierCase, ...]], frozen=True, kw_only=True):
    """既往病理: other cases of the patient of a case, newest first, at most 50. Refusals: NOT_FOUND."""

    method = "pathology_statistics.list_earlier"
    permission = Permission.PATHOLOGY_VIEW
    audit = AuditClass.PATIENT_RECORD

    case_id: int
