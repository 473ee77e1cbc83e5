"""Which rows make a case, and how a row stands in a package: the one place that knows the format's tables.

Ids are those of the server that exported; an import gives new ones and follows every reference. Accounts of another
server are nobody here: names stay as they were, the numbers of accounts become negative, so that they never mean
somebody else.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, Boolean, Column, Date, Float, Integer, LargeBinary, String, Table

from server.kernel.database import UtcDateTime
from server.kernel.errors import Refusal, invalid
from server.pathology.cases.tables import CaseRow, ChargeRow, EventRow, FlagRow
from server.pathology.counts.tables import CountRow
from server.pathology.media.tables import MediaRow
from server.pathology.orders.tables import OrderRow
from server.pathology.reports.tables import (
    CaseClock,
    CasePerson,
    CodeRow,
    Consultation,
    ConsultationDoctor,
    DelayRow,
    FilledRow,
    FilledVersion,
    FollowUp,
    FrozenSection,
    NamedDoctorRow,
    Opinion,
    OpinionVersion,
    Report,
    ReportEdition,
    ReportLogLine,
    ReportVersion,
)
from server.pathology.statistics.tables import ComparisonRow
from server.pathology.technique.tables import BlockRow, SlideRow, SpecimenRow

Record = dict[str, Any]
MOST_ROWS = 50_000


@dataclass(frozen=True)
class Kind:
    """One table of the format. `refs`: column → table whose ids it names; `later`: refs that are set afterwards."""

    row: Any
    refs: Mapping[str, str] = field(default_factory=dict)
    later: Mapping[str, str] = field(default_factory=dict)
    people: tuple[str, ...] = ()
    blank: Mapping[str, Any] = field(default_factory=dict)
    """Columns that an import sets anew."""
    parent: str = ""
    """The column by which rows are found where they have no case_id."""

    @property
    def table(self) -> Table:
        found: Table = self.row.__table__
        return found

    @property
    def name(self) -> str:
        return str(self.table.name)


_CASE, _SPECIMENS, _BLOCKS, _SLIDES = "pathology_cases", "pathology_specimens", "pathology_blocks", "pathology_slides"
_ORDERS, _MEDIA, _OPINIONS, _REPORTS = "pathology_orders", "pathology_media", "pathology_opinions", "pathology_reports"
_CONSULTATIONS = "pathology_consultations"
_OF_CASE = {"case_id": _CASE}
_PIECES = {"specimen_id": _SPECIMENS, "block_id": _BLOCKS}

KINDS: tuple[Kind, ...] = (
    Kind(CaseRow, people=("registered_by_id",), blank={"patient_id": None, "library_id": 0}),
    Kind(FlagRow, _OF_CASE, blank={"library_id": 0}),
    Kind(SpecimenRow, _OF_CASE, blank={"library_id": 0}),
    Kind(
        BlockRow,
        {**_OF_CASE, "specimen_id": _SPECIMENS},
        later={"order_id": _ORDERS},
        people=("grosser_id", "recorder_id", "verified_by_id", "embedded_by_id"),
        blank={"library_id": 0},
    ),
    Kind(SlideRow, {**_OF_CASE, **_PIECES}, later={"order_id": _ORDERS}, blank={"library_id": 0}),
    Kind(OrderRow, {**_OF_CASE, **_PIECES}, people=("placed_by_id",), blank={"is_news": False}),
    Kind(ChargeRow, {**_OF_CASE, "order_id": _ORDERS}),
    Kind(
        MediaRow,
        {**_OF_CASE, **_PIECES, "slide_id": _SLIDES},
        later={"parent_id": _MEDIA},
        people=("taken_by_id",),
        blank={"calibration_id": None, "sop_uid": ""},
    ),
    Kind(CountRow, {**_OF_CASE, "media_id": _MEDIA}, people=("counted_by_id",)),
    Kind(Report, _OF_CASE, people=("author_id", "auditor_id")),
    Kind(ReportVersion, {"report_id": _REPORTS}, people=("by_id",), parent="report_id"),
    Kind(ReportEdition, {"report_id": _REPORTS}, people=("by_id",), parent="report_id"),
    Kind(ReportLogLine, {**_OF_CASE, "report_id": _REPORTS}, people=("by_id",)),
    Kind(Consultation, _OF_CASE, people=("started_by_id",)),
    Kind(
        Opinion,
        {**_OF_CASE, "consultation_id": _CONSULTATIONS, "report_id": _REPORTS},
        people=("doctor_id",),
    ),
    Kind(OpinionVersion, {"opinion_id": _OPINIONS}, parent="opinion_id"),
    Kind(
        ConsultationDoctor,
        {"consultation_id": _CONSULTATIONS, "opinion_id": _OPINIONS},
        people=("doctor_id",),
        parent="consultation_id",
    ),
    Kind(NamedDoctorRow, _OF_CASE, people=("doctor_id",)),
    Kind(CaseClock, _OF_CASE),
    Kind(CasePerson, _OF_CASE, people=("doctor_id",)),
    Kind(DelayRow, _OF_CASE),
    Kind(FrozenSection, _OF_CASE),
    Kind(FilledRow, _OF_CASE),
    Kind(FilledVersion, _OF_CASE),
    Kind(CodeRow, _OF_CASE),
    Kind(FollowUp, _OF_CASE, people=("by_id",)),
    Kind(ComparisonRow, _OF_CASE, blank={"other_id": 0}),
    Kind(EventRow, _OF_CASE, people=("user_id",)),
)
BY_NAME = {kind.name: kind for kind in KINDS}
EVENT_OBJECTS = {"case": _CASE, "specimen": _SPECIMENS, "block": _BLOCKS, "slide": _SLIDES}
"""What `object_id` of an event names, by its kind."""


def to_record(kind: Kind, values: Mapping[str, Any]) -> Record:
    """A row as JSON takes it: moments in UTC, bytes in base 64."""
    return {column.name: _plain(values[column.name]) for column in kind.table.columns}


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return b64encode(value).decode("ascii")
    return value.isoformat() if isinstance(value, (datetime, date)) else value


def from_record(kind: Kind, record: Any) -> Record:
    """The values of a row, each of its column's type. Raises INVALID for what the format does not know."""
    if not isinstance(record, dict):
        raise wrong(kind, "不是一条记录")
    columns = {str(column.name): column for column in kind.table.columns}
    if unknown := sorted(set(record) - set(columns)):
        raise wrong(kind, f"有未知的项目 {unknown[0][:40]}，文件可能来自更新的版本")
    if lacking := sorted(name for name in columns if name not in record):
        raise wrong(kind, f"缺少项目 {lacking[0]}")
    return {name: _typed(kind, columns[name], record[name]) for name in columns}


def _typed(kind: Kind, column: Column[Any], value: Any) -> Any:
    if value is None:
        if not column.nullable:
            raise wrong(kind, f"项目 {column.name} 为空")
        return None
    try:
        return _converted(column.type, value)
    except (ValueError, TypeError) as error:
        raise wrong(kind, f"项目 {column.name} 的值不正确") from error


def _converted(type_: Any, value: Any) -> Any:
    if isinstance(type_, UtcDateTime):
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None:
            raise ValueError("no zone")
        return moment
    if isinstance(type_, Date):
        return date.fromisoformat(value)
    if isinstance(type_, LargeBinary):
        return b64decode(value, validate=True)
    if isinstance(type_, JSON):
        return value
    if isinstance(type_, Boolean):
        return _of(bool, value)
    if isinstance(type_, Integer):
        number = _of(int, value)
        if isinstance(value, bool) or not -(2**63) <= number < 2**63:
            raise ValueError("no number")
        return number
    if isinstance(type_, Float):
        return float(_of((int, float), value))
    if isinstance(type_, String):
        text = _of(str, value)
        if (type_.length is not None and len(text) > type_.length) or "\x00" in text:
            raise ValueError("too long")
        return text
    raise TypeError(str(type_))


def _of(kind: Any, value: Any) -> Any:
    if not isinstance(value, kind):
        raise TypeError("another type")
    return value


def wrong(kind: Kind | None, what: str) -> Refusal:
    """The refusal of a package."""
    where = f"（{kind.name}）" if kind is not None else ""
    return invalid("file", f"这不是本系统的病例文件，或已损坏：{what}{where}。没有导入任何内容。")
