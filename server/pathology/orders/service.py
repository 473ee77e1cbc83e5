"""Use cases of orders: placing, deleting, executing, refusing, looking at what became of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlalchemy import func, select

from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import Refusal, illegal_action, invalid, not_found
from server.pathology.cases.charges import Charges
from server.pathology.cases.facts import CaseFacts
from server.pathology.cases.service import CaseService
from server.pathology.orders import rules
from server.pathology.orders.money import Prices, Reagents
from server.pathology.orders.tables import OrderRow
from server.pathology.orders.views import facts_of
from server.pathology.technique.sections import Making
from server.pathology.technique.service import TechniqueService
from server.pathology.templates.lists import Markers
from shared.contract.base import Changed
from shared.contract.errors import ErrorCode
from shared.contract.pathology import ChargeLine
from shared.contract.pathology_orders import MOST_ORDERS, ORDER_ENTITY, PlaceOrders
from shared.contract.pathology_technique import BatchLine, BatchReport
from shared.domain.pathology import (
    BLOCK_STATES,
    ORDER_ACTIONS,
    ORDER_KINDS,
    TECHNICAL_ORDERS,
    BlockState,
    CaseAction,
    CaseFlag,
    ChargeKind,
    OrderAction,
    OrderKind,
    OrderState,
    SpecimenState,
    TaskSource,
)

_NOTE = 500
_STAINS = {OrderKind.ELECTRON: "电镜"}


class OrderService:
    """技术医嘱 and 特检医嘱; every method works in the caller's transaction."""

    def __init__(
        self,
        cases: CaseService,
        technique: TechniqueService,
        charges: Charges,
        markers: Markers,
        prices: Prices,
        reagents: Reagents,
    ) -> None:
        self._cases, self._technique, self._charges = cases, technique, charges
        self._markers, self._prices, self._reagents = markers, prices, reagents

    # ── placing ──────────────────────────────────────────────────────────────────────────────────────

    def place(self, uow: UnitOfWork, caller: Caller, request: PlaceOrders) -> list[OrderRow]:
        """开立医嘱. Raises NOT_FOUND, INVALID, ILLEGAL_ACTION, PERMISSION_MISSING."""
        facts = self._cases.demand_open(uow, caller, request.case_id)
        if not 1 <= request.count <= rules.MAX_COUNT:
            raise invalid("count", f"切片数应为 1 到 {rules.MAX_COUNT}。")
        if len(request.note) > _NOTE:
            raise invalid("note", f"备注最多 {_NOTE} 个字。")
        pieces = self._pieces(uow, facts, request)
        wanted = self._wanted(uow, request)
        if len(pieces) * len(wanted) > MOST_ORDERS:
            raise invalid("markers", f"一次最多开立 {MOST_ORDERS} 条医嘱，请分次开立。")
        note = f"{ORDER_KINDS[request.kind].zh}：" + "、".join(marker or f"×{request.count}" for marker, _ in wanted)
        self._cases.step(uow, caller, facts.id, CaseAction.ORDER, note=note[:_NOTE], station=request.station)
        now = self._cases.time.now()
        rows, lines = [], []
        for block_id, specimen_id in pieces:
            for marker, panel in wanted:
                row = OrderRow(
                    version=1,
                    case_id=facts.id,
                    kind=request.kind.value,
                    block_id=block_id,
                    specimen_id=specimen_id,
                    marker=marker,
                    panel=panel,
                    count=request.count,
                    note=request.note.strip(),
                    is_urgent=request.is_urgent,
                    state=OrderState.WAITING.value,
                    placed_by_id=caller.user_id,
                    placed_by=caller.name[:80],
                    placed_at=now,
                )
                uow.session.add(row)
                uow.session.flush()
                lines += self._charge(uow, row)
                rows.append(row)
        if lines:
            self._charges.add(uow, caller, facts.id, lines)
        self._flag(uow, caller, facts.id)
        self._tell(uow, rows)
        return rows

    def _pieces(self, uow: UnitOfWork, facts: CaseFacts, request: PlaceOrders) -> list[tuple[int | None, int | None]]:
        """Return (block, specimen) of each order after the guards of PA-SM-ORD-01 and -02."""
        if request.kind is OrderKind.REGROSSING:
            if not self._technique.remainders_of(uow, facts.id):
                raise illegal_action(facts.state.value, "该病例没有存放的剩余标本，不能补取。")
            waits = (OrderRow.kind == request.kind.value, OrderRow.state == OrderState.WAITING.value)
            known = select(func.count()).where(OrderRow.case_id == facts.id, *waits)
            if uow.session.execute(known).scalar_one():
                raise illegal_action(facts.state.value, "该病例已有待执行的补取医嘱。")
            return [(None, None)]
        if len(set(request.block_ids)) != len(request.block_ids) or len(request.block_ids) > MOST_ORDERS:
            raise invalid("block_ids", "所选蜡块重复或过多。")
        if request.block_ids:
            for block_id in request.block_ids:
                block = self._technique.block(uow, block_id)
                if block.case_id != facts.id:
                    raise invalid("block_ids", "所选蜡块不属于本病例。")
                state = BlockState(block.state)
                if state not in rules.EMBEDDED:
                    raise illegal_action(
                        block.state,
                        f"蜡块 {block.label} {BLOCK_STATES[state].zh}，不能{ORDER_KINDS[request.kind].zh}。",
                    )
            return [(block_id, None) for block_id in request.block_ids]
        if request.specimen_id is None or request.kind in TECHNICAL_ORDERS:
            raise invalid("block_ids", "请选择蜡块。")
        specimen = self._technique.specimen(uow, request.specimen_id)
        if specimen.case_id != facts.id or specimen.state == SpecimenState.REJECTED.value:
            raise invalid("specimen_id", "所选标本不属于本病例或已拒收。")
        return [(None, specimen.id)]

    def _wanted(self, uow: UnitOfWork, request: PlaceOrders) -> list[tuple[str, str]]:
        """Return marker and panel of each order of a piece, every marker once (PA-SM-ORD-03)."""
        kind = rules.MARKER_KINDS.get(request.kind)
        if kind is None:
            if request.markers or request.panels:
                raise invalid("markers", f"{ORDER_KINDS[request.kind].zh}不需要标记物。")
            return [("", "")]
        book = self._markers.book(uow)
        names = {one.id: one.name for one in book.markers if one.kind is kind}
        known, panels = set(names.values()), {panel.name: panel for panel in book.panels}
        found: dict[str, str] = {}
        for marker in request.markers:
            if marker not in known:
                raise invalid("markers", f"没有标记物“{marker}”，请在“特染标记物/套餐”中添加。")
            found.setdefault(marker, "")
        for name in request.panels:
            if name not in panels:
                raise invalid("panels", f"没有套餐“{name}”，请刷新后再试。")
            for marker_id in panels[name].marker_ids:
                if marker_id in names:
                    found.setdefault(names[marker_id], name)
        if not found:
            raise invalid("markers", "请选择标记物或套餐。")
        return list(found.items())

    def _charge(self, uow: UnitOfWork, row: OrderRow) -> list[ChargeLine]:
        kind = OrderKind(row.kind)
        price = self._prices.of(uow, kind, row.marker)
        row.price_fen = price.price_fen
        is_technical = kind in TECHNICAL_ORDERS
        if is_technical and not price.price_fen:
            return []  # a special test is a line even while nobody has set its price
        return [
            ChargeLine(
                kind=ChargeKind.TECHNICAL if is_technical else ChargeKind.SPECIAL,
                code=price.code,
                name=" ".join(part for part in (ORDER_KINDS[kind].zh, row.marker) if part),
                quantity=row.count,
                price_fen=price.price_fen,
                order_id=row.id,
            )
        ]

    # ── steps ────────────────────────────────────────────────────────────────────────────────────────

    def delete(self, uow: UnitOfWork, caller: Caller, order_ids: Sequence[int]) -> BatchReport:
        """删除医嘱 (PA-SM-ORD-04)."""

        def act(row: OrderRow) -> str:
            self.step(uow, caller, row, OrderAction.DELETE)
            self._charges.remove_of_order(uow, row.case_id, row.id)
            return ""

        return self._each(uow, caller, order_ids, act)

    def refuse(
        self, uow: UnitOfWork, caller: Caller, order_ids: Sequence[int], reason: str, station: str
    ) -> BatchReport:
        """退回医嘱 (PA-SM-ORD-08). Raises INVALID."""
        reason = reason.strip()
        if not 1 <= len(reason) <= _NOTE:
            raise invalid("reason", f"请填写退回原因，最多 {_NOTE} 个字。")

        def act(row: OrderRow) -> str:
            self.step(uow, caller, row, OrderAction.REFUSE, note=reason, station=station)
            row.reason, row.refused_by, row.refused_at = reason, caller.name[:80], self._cases.time.now()
            self._charges.remove_of_order(uow, row.case_id, row.id)
            return ""

        return self._each(uow, caller, order_ids, act)

    def execute(self, uow: UnitOfWork, caller: Caller, order_ids: Sequence[int], station: str) -> BatchReport:
        """医嘱执行 and 补取执行 (PA-SM-ORD-05, -06)."""

        def act(row: OrderRow) -> str:
            self.step(uow, caller, row, OrderAction.EXECUTE, station=station)
            row.executed_by, row.executed_at = caller.name[:80], self._cases.time.now()
            kind = OrderKind(row.kind)
            if kind is OrderKind.REGROSSING:
                self._technique.begin_regrossing(uow, caller, row.case_id, station)
                return ""
            making = Making(
                case_id=row.case_id,
                block_id=row.block_id,
                specimen_id=row.specimen_id,
                count=row.count,
                source=TaskSource(row.kind),
                stain=row.marker or _STAINS.get(kind, "HE"),
                order_id=row.id,
                note=row.note,
                station=station,
            )
            self._technique.make_slides(uow, caller, making)
            if not row.marker:
                return ""
            row.clone, row.lot, warning = self._reagents.take(uow, row.marker, row.count)
            return warning

        return self._each(uow, caller, order_ids, act)

    def mark_seen(self, uow: UnitOfWork, caller: Caller, case_id: int) -> int:
        """The ordering doctor looked. Raises NOT_FOUND."""
        self._cases.demand(uow, caller, case_id)
        news = (OrderRow.case_id == case_id, OrderRow.placed_by_id == caller.user_id, OrderRow.is_news.is_(True))
        rows = list(uow.session.scalars(select(OrderRow).where(*news).with_for_update()))
        for row in rows:
            row.is_news = False
            row.touch()
        self._tell(uow, rows)
        return len(rows)

    def step(
        self, uow: UnitOfWork, caller: Caller, row: OrderRow, action: OrderAction, *, note: str = "", station: str = ""
    ) -> None:
        """Take a step of the machine: state, version, news, event. The caller holds the case's lock.

        Raises ILLEGAL_ACTION, PERMISSION_MISSING.
        """
        kind, before = OrderKind(row.kind), OrderState(row.state)
        if not rules.rights(kind, action) & caller.permissions:
            message = f"您没有“{ORDER_KINDS[kind].zh}：{ORDER_ACTIONS[action].zh}”的权限，请联系管理员。"
            raise Refusal(ErrorCode.PERMISSION_MISSING, message)
        try:
            found = rules.step(before, action, facts_of(row, caller))
        except rules.NotAllowed as error:
            raise illegal_action(row.state, str(error)) from error
        row.state = found.next_state.value
        if action is not OrderAction.TAKE_RESULT:
            row.is_news = row.placed_by_id != caller.user_id
        row.touch()
        words = " ".join(part for part in (ORDER_KINDS[kind].zh, row.marker, note) if part)
        self._cases.add_event(
            uow, caller, row.case_id, f"order_{action.value}", note=words, station=station, number=self._piece(uow, row)
        )

    def locked(self, uow: UnitOfWork, caller: Caller, order_id: int) -> OrderRow:
        """Return an order whose case no other writer touches until the commit. Raises NOT_FOUND, PERMISSION_MISSING."""
        case_id = uow.session.execute(select(OrderRow.case_id).where(OrderRow.id == order_id)).scalar_one_or_none()
        if case_id is None:
            raise not_found("医嘱")
        self._cases.lock(uow, (case_id,))
        self._cases.demand(uow, caller, case_id)
        return uow.session.get_one(OrderRow, order_id, populate_existing=True)

    def changed(self, uow: UnitOfWork, caller: Caller, rows: Sequence[OrderRow]) -> None:
        """Tell stations of changed orders and bring the flags of their cases up to date."""
        for case_id in sorted({row.case_id for row in rows}):
            self._flag(uow, caller, case_id)
            self._cases.touch(uow, case_id)
        self._tell(uow, rows)

    # ── parts ────────────────────────────────────────────────────────────────────────────────────────

    def _each(
        self, uow: UnitOfWork, caller: Caller, order_ids: Sequence[int], act: Callable[[OrderRow], str]
    ) -> BatchReport:
        """Do something to many orders, each by itself: what is refused is named with its reason."""
        if not 1 <= len(order_ids) <= MOST_ORDERS or len(set(order_ids)) != len(order_ids):
            raise invalid("order_ids", f"一次请选择 1 到 {MOST_ORDERS} 条医嘱，不能重复。")
        of_case = uow.session.scalars(select(OrderRow.case_id).where(OrderRow.id.in_(order_ids)))
        self._cases.lock(uow, set(of_case))
        statement = select(OrderRow).where(OrderRow.id.in_(order_ids)).execution_options(populate_existing=True)
        rows = {row.id: row for row in uow.session.scalars(statement)}
        lines, changed = [], []
        for order_id in order_ids:
            row = rows.get(order_id)
            if row is None:
                missing = "医嘱不存在，请刷新后再试。"
                lines.append(BatchLine(id=order_id, number="", is_done=False, message=missing))
                continue
            name = " ".join(part for part in (self._piece(uow, row), row.marker) if part)
            try:
                with uow.session.begin_nested():
                    self._cases.demand(uow, caller, row.case_id)
                    warning = act(row)
                changed.append(row)
                lines.append(BatchLine(id=order_id, number=name, is_done=True, message=warning))
            except Refusal as refusal:
                lines.append(BatchLine(id=order_id, number=name, is_done=False, message=refusal.body.message))
        uow.session.flush()
        self.changed(uow, caller, changed)
        return BatchReport(lines=tuple(lines))

    def _piece(self, uow: UnitOfWork, row: OrderRow) -> str:
        if row.block_id is not None:
            return self._technique.block(uow, row.block_id).label
        if row.specimen_id is not None:
            return self._technique.specimen(uow, row.specimen_id).number
        return self._cases.facts(uow, row.case_id).number

    def _flag(self, uow: UnitOfWork, caller: Caller, case_id: int) -> None:
        """Let the case's flags say what waits."""
        uow.session.flush()
        waits = (OrderRow.case_id == case_id, OrderRow.state == OrderState.WAITING.value)
        kinds = set(uow.session.scalars(select(OrderRow.kind).where(*waits).distinct()))
        regrossing = OrderKind.REGROSSING.value
        self._cases.set_flag(uow, caller, case_id, CaseFlag.REGROSSING, regrossing in kinds)
        self._cases.set_flag(uow, caller, case_id, CaseFlag.ORDERS, bool(kinds - {regrossing}))

    @staticmethod
    def _tell(uow: UnitOfWork, rows: Sequence[OrderRow]) -> None:
        uow.session.flush()
        for row in rows:
            uow.publish(Changed(ORDER_ENTITY, row.id, row.version))
