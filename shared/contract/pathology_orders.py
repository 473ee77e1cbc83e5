"""Technical orders (技术医嘱) and special orders (特检医嘱) of pathology: placing, executing, results, money, papers.

One order is one kind of work on one block (or specimen); a special order has one marker, so that a panel on two blocks
becomes as many orders as markers times blocks. The name of the case's task source is the kind's own: an order of kind
`recut` makes slides of source `recut`. Stations are told of every change by `Changed("pathology_order", id, version)`;
the case is told by its own notice, and bears the flags ORDERS and REGROSSING while something waits.

Rights: the state machine (PA-SM-ORD) asks for them, since re-grossing is the grossing room's.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

import msgspec

from shared.contract.base import AuditClass, Command, Query
from shared.contract.pathology_technique import BatchReport
from shared.contract.printing import DocumentView
from shared.domain.pathology import ChargeKind, OrderAction, OrderKind, OrderState, Word
from shared.domain.permissions import Permission

ORDER_ENTITY, PRICE_ENTITY, REAGENT_ENTITY = "pathology_order", "pathology_order_price", "pathology_reagent"
WORK_SHEET, RESULT_TABLE = "pathology_order_sheet", "pathology_result_table"
"""Kinds of the documents: what a desk chooses a printer for."""

MOST_ORDERS = 200
MOST_LINES = 1000
"""The most orders of one call, and the most lines of one work sheet."""


class Reading(StrEnum):
    """What a marker shows."""

    NEGATIVE = "negative"
    POSITIVE = "positive"
    FOCAL = "focal"
    EQUIVOCAL = "equivocal"


READINGS = {
    Reading.NEGATIVE: Word("阴性（－）", "Negative (-)"),
    Reading.POSITIVE: Word("阳性（＋）", "Positive (+)"),
    Reading.FOCAL: Word("灶性（＋）", "Focally positive"),
    Reading.EQUIVOCAL: Word("不确定（±）", "Equivocal (±)"),
}


class Control(StrEnum):
    """How a control slide came out."""

    NOT_DONE = "not_done"
    GOOD = "good"
    FAILED = "failed"


CONTROLS = {
    Control.NOT_DONE: Word("未做对照", "Not done"),
    Control.GOOD: Word("对照合格", "Valid"),
    Control.FAILED: Word("对照不合格", "Failed"),
}

INTENSITIES = (Word("无着色", "None"), Word("弱", "Weak"), Word("中", "Moderate"), Word("强", "Strong"))
"""Words of the staining intensity 0 to 3."""


class ResultEntry(msgspec.Struct, frozen=True, kw_only=True):
    """What was read of one marker (EX-PA-06).

    `weak`, `moderate` and `strong` are the percentages of cells stained so; with all three the percentage is their
    sum. Percentages are whole or halves of 0 to 100, `intensity` is 0 to 3 (INTENSITIES).
    """

    reading: Reading | None = None
    percentage: float | None = None
    intensity: int | None = None
    weak: float | None = None
    moderate: float | None = None
    strong: float | None = None
    clone: str = ""
    lot: str = ""
    positive_control: Control = Control.NOT_DONE
    negative_control: Control = Control.NOT_DONE
    text: str = ""  # words of a special stain, of molecular pathology, of electron microscopy


class ResultView(msgspec.Struct, frozen=True, kw_only=True):
    """A kept result. `h_score` is 0 to 300: the sum of percentage times intensity (McCarty 1985), None without both.

    `words`: as it stands in a report, for instance "Ki-67（30%+）".
    """

    entry: ResultEntry
    h_score: int | None
    words: str
    entered_by: str
    entered_at: datetime
    taken_by: str = ""
    taken_at: datetime | None = None


class OrderView(msgspec.Struct, frozen=True, kw_only=True):
    """One order, with what is needed to do it and to see what became of it."""

    id: int
    version: int
    case_id: int
    case_number: str
    patient_name: str
    kind: OrderKind
    specimen_id: int | None
    block_id: int | None
    piece: str  # number of the block or specimen; empty: the case as a whole
    site: str  # what the block or specimen is of
    block_state: str  # value of BlockState, empty without a block
    place: str  # where the block is
    marker: str
    panel: str  # name of the panel it came by
    count: int
    note: str
    is_urgent: bool
    state: OrderState
    placed_by_id: int
    placed_by: str
    placed_at: datetime
    executed_by: str
    executed_at: datetime | None
    refused_by: str
    refused_at: datetime | None
    reason: str
    is_news: bool  # executed, refused or resulted, and the ordering doctor has not looked yet
    slides: tuple[str, ...]  # numbers of the slides that it made
    clone: str  # of the reagent that the execution took
    lot: str
    price_fen: int  # of one
    result: ResultView | None
    allowed: tuple[OrderAction, ...]


class PlaceOrders(Command[tuple[OrderView, ...]], frozen=True, kw_only=True):
    """开立医嘱: one order for every block (or the specimen) and marker.

    `markers` are names; `panels` are names of panels, whose markers are added. Re-grossing names neither block nor
    marker. Refusals: NOT_FOUND, INVALID (`field`: block_ids, specimen_id, markers, count, note), ILLEGAL_ACTION
    (case locked, block not embedded or away, no remainder kept).
    """

    method = "pathology_orders.place_orders"
    permission = Permission.PATHOLOGY_DIAGNOSE
    audit = AuditClass.PATIENT_RECORD

    case_id: int
    kind: OrderKind
    block_ids: tuple[int, ...] = ()
    specimen_id: int | None = None
    markers: tuple[str, ...] = ()
    panels: tuple[str, ...] = ()
    count: int = 1  # slides of each, 1 to 50
    note: str = ""
    is_urgent: bool = False
    station: str = ""


class DeleteOrders(Command[BatchReport], frozen=True, kw_only=True):
    """删除医嘱: the ordering doctor's own that were not executed; their charges go too (PA-SPT-06)."""

    method = "pathology_orders.delete_orders"
    permission = Permission.PATHOLOGY_DIAGNOSE
    audit = AuditClass.PATIENT_RECORD

    order_ids: tuple[int, ...]


class ExecuteOrders(Command[BatchReport], frozen=True, kw_only=True):
    """医嘱执行: makes the slides, or puts the remainders back on the bench (补取执行); each order for itself.

    A line that is done may carry a message: what to look at (no reagent that is not expired).
    """

    method = "pathology_orders.execute_orders"
    permission = Permission.PATHOLOGY_VIEW
    audit = AuditClass.PATIENT_RECORD

    order_ids: tuple[int, ...]
    station: str = ""


class RefuseOrders(Command[BatchReport], frozen=True, kw_only=True):
    """退回医嘱 with a reason; the charges go. Refusals: INVALID (no reason)."""

    method = "pathology_orders.refuse_orders"
    permission = Permission.PATHOLOGY_VIEW
    audit = AuditClass.PATIENT_RECORD

    order_ids: tuple[int, ...]
    reason: str
    station: str = ""


class EnterResult(Command[OrderView], frozen=True, kw_only=True):
    """录入特检结果; a second time it is corrected, and must be taken into the case again.

    Refusals: NOT_FOUND, CONFLICT, INVALID (`field` of the entry), ILLEGAL_ACTION (not executed, a technical order).
    """

    method = "pathology_orders.enter_result"
    permission = Permission.PATHOLOGY_VIEW
    audit = AuditClass.PATIENT_RECORD

    order_id: int
    version: int
    result: ResultEntry


class TakenResults(msgspec.Struct, frozen=True, kw_only=True):
    """Words for the open report: one paragraph for every kind and block, and the orders they came from."""

    text: str
    orders: tuple[OrderView, ...]


class TakeResults(Command[TakenResults], frozen=True, kw_only=True):
    """提取特检结果 into the case: of the orders named, else of all with a result.

    Refusals: NOT_FOUND, ILLEGAL_ACTION (no result present).
    """

    method = "pathology_orders.take_results"
    permission = Permission.PATHOLOGY_DIAGNOSE
    audit = AuditClass.PATIENT_RECORD

    case_id: int
    order_ids: tuple[int, ...] = ()
    language: str = "zh"


class MarkSeen(Command[int], frozen=True, kw_only=True):
    """The ordering doctor looked at what became of the own orders of a case; gives how many were news."""

    method = "pathology_orders.mark_seen"
    permission = Permission.PATHOLOGY_DIAGNOSE
    audit = AuditClass.ROUTINE

    case_id: int


# ── lists ────────────────────────────────────────────────────────────────────────────────────────────


class OrderFilter(msgspec.Struct, frozen=True, kw_only=True):
    """What a list of orders shows; deleted orders only where they are named. Days are days of placing."""

    case_id: int | None = None
    library_ids: tuple[int, ...] = ()
    kinds: tuple[OrderKind, ...] = ()  # a station's task sources are kinds by the same words
    states: tuple[OrderState, ...] = ()
    first: date | None = None
    last: date | None = None
    number: str = ""  # case number from its beginning
    mine: bool = False  # the caller's own


class OrderPage(msgspec.Struct, frozen=True, kw_only=True):
    """Part of a list: urgent ones first among those that wait, then the oldest; without waiting ones newest first."""

    rows: tuple[OrderView, ...]
    next_cursor: str
    total: int


class ListOrders(Query[OrderPage], frozen=True, kw_only=True):
    """Orders by a filter. Refusals: INVALID (cursor)."""

    method = "pathology_orders.list_orders"
    permission = Permission.PATHOLOGY_VIEW
    audit = AuditClass.PATIENT_RECORD

    filter: OrderFilter = OrderFilter()
    cursor: str = ""
    limit: int = 100  # 1 to 500


class OrderCounts(msgspec.Struct, frozen=True, kw_only=True):
    """Numbers for links: waiting orders by kind, and what became of the caller's own since the last look."""

    waiting: dict[OrderKind, int]
    news: int


class CountOrders(Query[OrderCounts], frozen=True, kw_only=True):
    """Count orders of the libraries named, of all without names."""

    method = "pathology_orders.count_orders"
    permission = Permission.PATHOLOGY_VIEW
    audit = AuditClass.ROUTINE

    library_ids: tuple[int, ...] = ()


# ── papers ───────────────────────────────────────────────────────────────────────────────────────────


class DrawWorkSheet(Command[DocumentView], frozen=True, kw_only=True):
    """医嘱工作单 of what a filter finds (PA-PREP-02). Refusals: INVALID (nothing found, too many lines)."""

    method = "pathology_orders.draw_work_sheet"
    permission = Permission.PATHOLOGY_VIEW
    audit = AuditClass.EXPORT

    filter: OrderFilter
    language: str = "zh"


class DrawResultTable(Command[DocumentView], frozen=True, kw_only=True):
    """The table of a case's results with clone, lot, controls and scores (EX-PA-06). Refusals: ILLEGAL_ACTION."""

    method = "pathology_orders.draw_result_table"
    permission = Permission.PATHOLOGY_VIEW
    audit = AuditClass.EXPORT

    case_id: int
    language: str = "zh"


# ── money and reagents ───────────────────────────────────────────────────────────────────────────────


class BillLine(msgspec.Struct, frozen=True, kw_only=True):
    """What an order costs."""

    order: OrderView
    amount_fen: int
    is_paid: bool


class BillPage(msgspec.Struct, frozen=True, kw_only=True):
    """Lines with the sums of the whole list, not of the page."""

    lines: tuple[BillLine, ...]
    next_cursor: str
    total: int
    total_fen: int
    unpaid_fen: int


class ListBill(Query[BillPage], frozen=True, kw_only=True):
    """常规计费 (TECHNICAL) or 特检计费 (SPECIAL) of what a filter finds. Refusals: INVALID (cursor, kind)."""

    method = "pathology_orders.list_bill"
    permission = Permission.PATHOLOGY_VIEW
    audit = AuditClass.PATIENT_RECORD

    kind: ChargeKind
    filter: OrderFilter = OrderFilter()
    cursor: str = ""
    limit: int = 200


class Price(msgspec.Struct, frozen=True, kw_only=True):
    """The price of one piece of a kind of order; with a marker it is that marker's own price."""

    kind: OrderKind
    marker: str = ""
    code: str = ""  # item code of the hospital's charges
    price_fen: int


class PriceList(msgspec.Struct, frozen=True, kw_only=True):
    """All prices."""

    version: int
    prices: tuple[Price, ...]


class ListPrices(Query[PriceList], frozen=True, kw_only=True):
    """The price list."""

    method = "pathology_orders.list_prices"
    permission = Permission.PATHOLOGY_VIEW
    audit = AuditClass.ROUTINE


class SavePrices(Command[PriceList], frozen=True, kw_only=True):
    """Replace the price list; orders that were placed keep their price. Refusals: CONFLICT, INVALID."""

    method = "pathology_orders.save_prices"
    permission = Permission.PATHOLOGY_SETTINGS
    audit = AuditClass.SETTINGS

    version: int
    prices: tuple[Price, ...]


class Reagent(msgspec.Struct, frozen=True, kw_only=True):
    """A lot of a marker's reagent: executing an order takes from the lot that expires first. `id` 0: new."""

    id: int = 0
    version: int = 0
    marker: str
    clone: str = ""
    lot: str
    expires_on: date
    stock: int  # slides that can still be stained
    is_expired: bool = False


class ListReagents(Query[tuple[Reagent, ...]], frozen=True, kw_only=True):
    """All lots by marker and expiry."""

    method = "pathology_orders.list_reagents"
    permission = Permission.PATHOLOGY_VIEW
    audit = AuditClass.ROUTINE


class SaveReagent(Command[Reagent], frozen=True, kw_only=True):
    """Add or change a lot. Refusals: INVALID (lot known, stock 0 to 100000), NOT_FOUND, CONFLICT."""

    method = "pathology_orders.save_reagent"
    permission = Permission.PATHOLOGY_EXECUTE_ORDERS
    audit = AuditClass.SETTINGS

    reagent: Reagent
