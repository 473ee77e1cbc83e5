"""医嘱工作单: by days, execution state and kind of order, with preview and print (PA-PREP-02)."""

from __future__ import annotations

from datetime import date
from typing import Any

from clients.kit.fields import Choice, ChoiceField, DateField
from clients.pathology.bench.sheets import SheetView
from clients.pathology.desk import Desk
from clients.pathology.orders.requests import kinds_of
from shared.contract.pathology_orders import DrawWorkSheet, OrderFilter
from shared.domain.pathology import ORDER_KINDS, ORDER_STATES, OrderKind, OrderState

SHOWN_STATES = (OrderState.WAITING, OrderState.EXECUTED, OrderState.RESULTED, OrderState.REFUSED)


def work_sheet_view(desk: Desk) -> SheetView:
    """The filter above the paper."""
    station = kinds_of(desk) if desk.station.left == "orders" else ()
    kinds = [Choice("", "全部"), *(Choice(one.value, ORDER_KINDS[one].zh) for one in station or OrderKind)]
    states = [Choice("", "全部"), *(Choice(one.value, ORDER_STATES[one].zh) for one in SHOWN_STATES)]
    today = date.today()
    fields = (
        DateField(key="first", label="开立日期", initial=today),
        DateField(key="last", label="至", initial=today),
        ChoiceField(key="state", label="执行状态", choices=states, initial=""),
        ChoiceField(key="kind", label="医嘱类型", choices=kinds, initial=""),
    )

    def make(values: dict[str, Any], language: str) -> DrawWorkSheet:
        return DrawWorkSheet(
            filter=OrderFilter(
                first=values["first"],
                last=values["last"],
                states=(OrderState(values["state"]),) if values["state"] else (),
                kinds=(OrderKind(values["kind"]),) if values["kind"] else station,
            ),
            language=language,
        )

    return SheetView(desk, make, fields)
