"""Puts pathology's orders together: what they take from cases, the technical room, markers and documents."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from server.bootstrap.pathology_stations import NameOfHospital
from server.pathology.orders.lists import OrderLists
from server.pathology.orders.money import Prices, Reagents
from server.pathology.orders.papers import OrderPapers
from server.pathology.orders.results import Results
from server.pathology.orders.rpc import OrderMoneyRpc, OrdersRpc
from server.pathology.orders.service import OrderService
from server.pathology.orders.views import OrderViews

if TYPE_CHECKING:
    from server.bootstrap.pathology import PathologyHouse
    from server.bootstrap.pathology_cases import PathologyCases
    from server.pathology.templates.lists import Markers


@dataclass(frozen=True, slots=True)
class PathologyOrders:
    """The room, put together."""

    service: OrderService
    lists: OrderLists
    handlers: tuple[object, ...]


def build_pathology_orders(house: PathologyHouse, core: PathologyCases, markers: Markers) -> PathologyOrders:
    """The services and handlers."""
    prices, reagents, views = Prices(), Reagents(house.time), OrderViews(core.cases)
    service = OrderService(core.cases, core.technique, core.charges, markers, prices, reagents)
    lists = OrderLists(house.time, views, core.charges)
    hospital = NameOfHospital(house.organisation)
    papers = OrderPapers(house.database, house.time, core.cases, lists, hospital, house.documents)
    results = Results(core.cases, service, views)
    handlers = OrdersRpc(service, results, lists, views, papers), OrderMoneyRpc(prices, reagents)
    return PathologyOrders(service, lists, handlers)
