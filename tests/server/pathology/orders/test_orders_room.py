"""Orders over each database: placing, executing, refusing, results, money, lists."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import pytest

from server.kernel.errors import Refusal
from server.pathology.orders.tables import OrderRow
from shared.contract import pathology_orders as contract
from shared.contract import pathology_technique as technique
from shared.contract.errors import ErrorCode
from shared.contract.pathology import GetCharges
from shared.contract.pathology_templates import Marker, MarkerKind, Panel
from shared.domain.pathology import (
    CaseFlag,
    CaseState,
    ChargeKind,
    OrderAction,
    OrderKind,
    OrderState,
    SpecimenState,
    TaskSource,
)
from tests.server.pathology.pathology_world import ADMIN, CHIEF, GROSSER, TECHNICIAN, PathologyWorld, Prepared


def _markers(world: PathologyWorld) -> None:
    """Ki-67, ER and CK7 with a panel, PAS, EGFR."""

    def add(uow: Any) -> None:
        named = {}
        for kind, name in (
            (MarkerKind.IHC, "Ki-67"),
            (MarkerKind.IHC, "ER"),
            (MarkerKind.IHC, "CK7"),
            (MarkerKind.SPECIAL_STAIN, "PAS"),
            (MarkerKind.MOLECULAR, "EGFR"),
        ):
            named[name] = world.templates.markers.save(uow, Marker(id=0, version=0, kind=kind, name=name)).id
        ids = tuple(named[name] for name in ("ER", "Ki-67", "PAS"))
        world.templates.markers.save_panel(uow, Panel(id=0, version=0, name="乳腺", marker_ids=ids))

    world.write(add)


def _place(world: PathologyWorld, case: Prepared, kind: OrderKind, **more: Any) -> tuple[contract.OrderView, ...]:
    more.setdefault("block_ids", tuple(block.id for block in case.blocks))
    return world.ask(CHIEF, contract.PlaceOrders(case_id=case.case_id, kind=kind, **more))


def _ids(orders: Sequence[contract.OrderView]) -> tuple[int, ...]:
    return tuple(order.id for order in orders)


def _flags(world: PathologyWorld, case: Prepared) -> set[CaseFlag]:
    return set(world.details(case.case_id).case.flags)


def _listed(world: PathologyWorld, **wanted: Any) -> tuple[contract.OrderView, ...]:
    return world.ask(CHIEF, contract.ListOrders(filter=contract.OrderFilter(**wanted))).rows


def _refused(world: PathologyWorld, caller: Any, request: Any) -> Refusal:
    with pytest.raises(Refusal) as refused:
        world.ask(caller, request)
    return refused.value


def test_a_panel_on_two_blocks_is_executed_read_and_taken(world_of_kind: PathologyWorld) -> None:
    world = world_of_kind
    _markers(world)
    case = world.cut("A", "B")
    placed = _place(world, case, OrderKind.IMMUNO, markers=("CK7",), panels=("乳腺",), is_urgent=True)
    assert [(one.piece, one.marker, one.panel) for one in placed] == [
        (block.label, marker, panel)
        for block in case.blocks
        for marker, panel in (("CK7", ""), ("ER", "乳腺"), ("Ki-67", "乳腺"))  # PAS is no IHC
    ]
    assert _flags(world, case) == {CaseFlag.ORDERS}
    assert all(one.state is OrderState.WAITING and one.allowed == (OrderAction.DELETE,) for one in placed)

    report = world.ask(TECHNICIAN, contract.ExecuteOrders(order_ids=_ids(placed), station="特检"))
    assert report.done == 6, report
    assert [line.message for line in report.lines] == [""] * 6
    slides = [one for one in world.details(case.case_id).slides if one.order_id is not None]
    assert {(one.order_id, one.stain, one.source) for one in slides} == {
        (one.id, one.marker, TaskSource.IMMUNO) for one in placed
    }
    assert _flags(world, case) == set()
    done = _listed(world, case_id=case.case_id)
    assert all(one.is_news and one.executed_by == "技术员" and len(one.slides) == 1 for one in done)
    assert world.ask(CHIEF, contract.CountOrders()).news == 6
    assert world.ask(CHIEF, contract.MarkSeen(case_id=case.case_id)) == 6
    assert world.ask(CHIEF, contract.CountOrders()).news == 0

    refused = _refused(world, CHIEF, contract.TakeResults(case_id=case.case_id))
    assert refused.body.code is ErrorCode.ILLEGAL_ACTION
    ki67 = next(one for one in _listed(world, case_id=case.case_id) if one.marker == "Ki-67")
    entry = contract.ResultEntry(
        reading=contract.Reading.POSITIVE,
        percentage=30,
        clone="MIB-1",
        lot="L7",
        positive_control=contract.Control.GOOD,
    )
    entered = world.ask(TECHNICIAN, contract.EnterResult(order_id=ki67.id, version=ki67.version, result=entry))
    assert entered.state is OrderState.RESULTED
    assert entered.result is not None
    assert entered.result.entry == entry
    stale = _refused(world, CHIEF, contract.EnterResult(order_id=ki67.id, version=ki67.version, result=entry))
    assert stale.body.code is ErrorCode.CONFLICT
    taken = world.ask(CHIEF, contract.TakeResults(case_id=case.case_id))
    assert taken.text == f"免疫组化（{ki67.piece}）：Ki-67（30%+）。"
    assert taken.orders[0].result is not None
    assert taken.orders[0].result.taken_by == "主诊"


def test_recut_waits_for_embedding_and_makes_slides_of_its_own_source(world_of_kind: PathologyWorld) -> None:
    world = world_of_kind
    early = world.grossed("A")
    request = contract.PlaceOrders(
        case_id=early.case_id, kind=OrderKind.RECUT, block_ids=tuple(block.id for block in early.blocks)
    )
    assert _refused(world, CHIEF, request).body.code is ErrorCode.ILLEGAL_ACTION
    case = world.cut("A")
    (order,) = _place(world, case, OrderKind.DEEPER, count=3, note="至层次更深")
    assert world.ask(TECHNICIAN, contract.ExecuteOrders(order_ids=(order.id,))).done == 1
    made = [one for one in world.details(case.case_id).slides if one.order_id == order.id]
    assert [(one.serial, one.source, one.stain) for one in made] == [
        (serial, TaskSource.DEEPER, "HE") for serial in (2, 3, 4)
    ]
    again = world.ask(TECHNICIAN, contract.ExecuteOrders(order_ids=(order.id,)))
    assert again.done == 0
    assert "已执行" in again.lines[0].message
    assert len(world.details(case.case_id).slides) == 4


def test_re_grossing_goes_to_the_bench_and_back(world_of_kind: PathologyWorld) -> None:
    world = world_of_kind
    case = world.cut("A")
    request = contract.PlaceOrders(case_id=case.case_id, kind=OrderKind.REGROSSING, note="切缘再取")
    assert "没有存放的剩余标本" in _refused(world, CHIEF, request).body.message
    version = world.details(case.case_id).specimens[0].version
    stored = technique.StoreRemainder(specimen_id=case.specimen_id, version=version, handling="固定", place="冷藏柜 1")
    world.ask(GROSSER, stored)
    (order,) = world.ask(CHIEF, request)
    assert _flags(world, case) == {CaseFlag.REGROSSING}
    assert "已有待执行的补取" in _refused(world, CHIEF, request).body.message
    wrong_room = world.ask(TECHNICIAN, contract.ExecuteOrders(order_ids=(order.id,)))
    assert wrong_room.done == 0
    assert "权限" in wrong_room.lines[0].message
    assert world.ask(GROSSER, contract.ExecuteOrders(order_ids=(order.id,))).done == 1
    details = world.details(case.case_id)
    assert details.specimens[0].state is SpecimenState.GROSSED
    assert details.case.flags == ()
    row = technique.BlockEntry(serial="B", site="切缘", pieces=1)
    grossed = world.ask(GROSSER, technique.AddBlocks(case_id=case.case_id, rows=(row,), order_id=order.id))
    added = next(block for block in grossed.blocks if block.serial == "B")
    assert added.source is TaskSource.REGROSSING  # PA-GRS-22


def test_what_waits_can_be_deleted_by_its_doctor_or_refused_with_a_reason(world_of_kind: PathologyWorld) -> None:
    world = world_of_kind
    _markers(world)
    case = world.cut("A")
    prices = (contract.Price(kind=OrderKind.IMMUNO, code="270500002", price_fen=18000),)
    world.ask(ADMIN, contract.SavePrices(version=0, prices=prices))
    first, second, third = _place(world, case, OrderKind.IMMUNO, markers=("Ki-67", "ER", "CK7"))
    charges = world.ask(CHIEF, GetCharges(case_id=case.case_id))
    assert [(line.name, line.code, line.price_fen, line.order_id) for line in charges.lines] == [
        (f"免疫组化 {one.marker}", "270500002", 18000, one.id) for one in (first, second, third)
    ]
    others = world.ask(ADMIN, contract.DeleteOrders(order_ids=(first.id,)))
    assert others.done == 0
    assert "自己" in others.lines[0].message
    assert world.ask(CHIEF, contract.DeleteOrders(order_ids=(first.id,))).done == 1
    no_reason = contract.RefuseOrders(order_ids=(second.id,), reason=" ")
    assert _refused(world, TECHNICIAN, no_reason).body.field == "reason"
    refuse = contract.RefuseOrders(order_ids=(second.id,), reason="组织已切尽")
    assert world.ask(TECHNICIAN, refuse).done == 1
    shown = _listed(world, case_id=case.case_id)
    assert {one.id: (one.state, one.reason, one.is_news) for one in shown} == {
        second.id: (OrderState.REFUSED, "组织已切尽", True),
        third.id: (OrderState.WAITING, "", False),
    }
    bill = world.ask(CHIEF, contract.ListBill(kind=ChargeKind.SPECIAL))
    assert (bill.total, bill.total_fen, bill.unpaid_fen) == (1, 18000, 18000)
    assert world.ask(CHIEF, contract.ListBill(kind=ChargeKind.TECHNICAL)).total == 0
    assert _flags(world, case) == {CaseFlag.ORDERS}
    assert world.ask(TECHNICIAN, contract.ExecuteOrders(order_ids=(third.id, 999))).done == 1
    assert world.ask(CHIEF, contract.DeleteOrders(order_ids=(third.id,))).done == 0


def test_what_cannot_be_ordered_is_refused_at_its_field(world: PathologyWorld) -> None:
    _markers(world)
    case, other = world.cut("A"), world.cut("A", name="李四")
    blocks = tuple(block.id for block in case.blocks)
    bad: list[tuple[dict[str, Any], str]] = [
        ({"kind": OrderKind.RECUT}, "block_ids"),
        ({"kind": OrderKind.RECUT, "specimen_id": case.specimen_id}, "block_ids"),
        ({"kind": OrderKind.RECUT, "block_ids": (other.blocks[0].id,)}, "block_ids"),
        ({"kind": OrderKind.RECUT, "block_ids": blocks, "markers": ("ER",)}, "markers"),
        ({"kind": OrderKind.RECUT, "block_ids": blocks, "count": 51}, "count"),
        ({"kind": OrderKind.IMMUNO, "block_ids": blocks}, "markers"),
        ({"kind": OrderKind.IMMUNO, "block_ids": blocks, "markers": ("PAS",)}, "markers"),
        ({"kind": OrderKind.MOLECULAR, "block_ids": blocks, "panels": ("乳腺",)}, "markers"),
        ({"kind": OrderKind.IMMUNO, "specimen_id": other.specimen_id, "markers": ("ER",)}, "specimen_id"),
    ]
    for given, field in bad:
        refused = _refused(world, CHIEF, contract.PlaceOrders(case_id=case.case_id, **given))
        assert (refused.body.code, refused.body.field) == (ErrorCode.INVALID, field), given
    assert world.ask(CHIEF, contract.ListOrders()).total == 0


def test_electron_microscopy_of_a_specimen_needs_no_marker_and_no_block(world: PathologyWorld) -> None:
    case = world.received()
    order = contract.PlaceOrders(case_id=case.case_id, kind=OrderKind.ELECTRON, specimen_id=case.specimen_id)
    (placed,) = world.ask(CHIEF, order)
    assert world.ask(TECHNICIAN, contract.ExecuteOrders(order_ids=(placed.id,))).done == 1
    (slide,) = world.details(case.case_id).slides
    assert (slide.source, slide.stain) == (TaskSource.ELECTRON, "电镜")


def test_the_lot_that_expires_first_is_used_and_an_expired_one_never(world: PathologyWorld) -> None:
    _markers(world)
    today = world.time.today()
    for lot, days, stock in (("old", -1, 50), ("soon", 10, 1), ("late", 90, 50)):
        reagent = contract.Reagent(
            marker="ER", clone="SP1", lot=lot, expires_on=today + timedelta(days=days), stock=stock
        )
        world.ask(TECHNICIAN, contract.SaveReagent(reagent=reagent))
    case = world.cut("A", "B")
    orders = _place(world, case, OrderKind.IMMUNO, markers=("ER",))
    world.ask(TECHNICIAN, contract.ExecuteOrders(order_ids=_ids(orders)))
    lots = [(one.clone, one.lot) for one in sorted(_listed(world), key=lambda one: one.id)]
    assert lots == [("SP1", "soon"), ("SP1", "late")]
    known = {one.lot: one for one in world.ask(TECHNICIAN, contract.ListReagents())}
    assert {lot: (one.stock, one.is_expired) for lot, one in known.items()} == {
        "old": (50, True),
        "soon": (0, False),
        "late": (49, False),
    }
    world.clock.forward(days=100)
    orders = _place(world, case, OrderKind.IMMUNO, markers=("ER",))
    report = world.ask(TECHNICIAN, contract.ExecuteOrders(order_ids=_ids(orders)))
    assert report.done == 2
    assert all("过期" in line.message for line in report.lines)
    again = contract.Reagent(marker="ER", lot="late", expires_on=date(2030, 1, 1), stock=1)
    assert _refused(world, TECHNICIAN, contract.SaveReagent(reagent=again)).body.field == "lot"


def test_lists_page_through_everything_once_urgent_first(world_of_kind: PathologyWorld) -> None:
    world = world_of_kind
    case = world.cut("A", "B", "C")
    plain = _place(world, case, OrderKind.RECUT)
    urgent = _place(world, case, OrderKind.DEEPER, is_urgent=True)
    expected = [*_ids(urgent), *_ids(plain)]
    for states, order in (((OrderState.WAITING,), expected), ((), sorted(expected, reverse=True))):
        found: list[int] = []
        cursor = ""
        while True:
            page = world.ask(
                TECHNICIAN,
                contract.ListOrders(filter=contract.OrderFilter(states=states), cursor=cursor, limit=2),
            )
            assert page.total == 6
            found += _ids(page.rows)
            cursor = page.next_cursor
            if not cursor:
                break
        assert found == order
    assert _ids(_listed(world, kinds=(OrderKind.RECUT,), states=(OrderState.WAITING,))) == _ids(plain)
    assert len(_listed(world, number=case.number)) == 6
    assert _listed(world, number="ZZ") == ()
    today = world.time.today()
    assert len(_listed(world, first=today, last=today)) == 6
    assert _listed(world, last=today - timedelta(days=1)) == ()
    assert world.ask(TECHNICIAN, contract.CountOrders()).waiting[OrderKind.RECUT] == 3
    assert world.ask(TECHNICIAN, contract.ListOrders(filter=contract.OrderFilter(mine=True))).rows == ()
    for cursor in ("x", "2:1", "1:", "0:" + "9" * 30):
        assert _refused(world, CHIEF, contract.ListOrders(cursor=cursor)).body.field == "cursor"


def test_an_audited_case_takes_no_order_and_its_trail_names_every_step(world: PathologyWorld) -> None:
    case = world.cut("A")
    (order,) = _place(world, case, OrderKind.RECUT)
    world.ask(TECHNICIAN, contract.ExecuteOrders(order_ids=(order.id,)))

    def lock(uow: Any) -> list[str]:
        from sqlalchemy import select

        from server.pathology.cases.tables import CaseRow, EventRow

        uow.session.get(CaseRow, case.case_id).state = CaseState.AUDITED.value
        found = select(EventRow.action).where(EventRow.case_id == case.case_id).order_by(EventRow.id)
        assert uow.session.get(OrderRow, order.id).version == 2
        return list(uow.session.scalars(found))

    actions = world.write(lock)
    assert [one for one in actions if one.startswith("order")] == ["order", "order_execute"]
    request = contract.PlaceOrders(
        case_id=case.case_id, kind=OrderKind.RECUT, block_ids=tuple(block.id for block in case.blocks)
    )
    assert _refused(world, CHIEF, request).body.code is ErrorCode.ILLEGAL_ACTION
