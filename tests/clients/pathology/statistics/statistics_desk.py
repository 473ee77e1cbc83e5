"""A desk over made-up records: the pages of queries and statistics with the real room behind them, without sockets."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from clients.kit.messages import CollectedMessages
from clients.kit.running import ImmediateRunner
from clients.kit.settings import UserSettings
from clients.pathology.app import register_texts
from clients.pathology.desk import Desk
from clients.pathology.stations import spec_of
from server.kernel.dispatch import Caller
from server.kernel.errors import Refusal
from shared.contract.base import Request
from shared.contract.errors import error_for
from shared.contract.pathology import ListLibraries
from shared.domain.pathology import Station
from tests.clients.pathology.diagnosis.diagnosis_house import HostView
from tests.server.pathology.pathology_world import ADMIN
from tests.server.pathology.statistics.records import StatisticsHouse


class HouseLine:
    """The connection of one account: calls go straight into the handlers. `broken` makes every call fail."""

    def __init__(self, house: StatisticsHouse, caller: Caller) -> None:
        self.house, self.caller = house, caller
        self.calls: list[Request[Any]] = []
        self.broken: Exception | None = None

    def call(self, request: Request[Any]) -> Any:
        self.calls.append(request)
        if self.broken is not None:
            raise self.broken
        asked = self.house.world if request.method in self.house.world.handlers else None
        try:
            return asked.ask(self.caller, request) if asked is not None else self.house.ask(request, self.caller)
        except Refusal as refusal:
            raise error_for(refusal.body) from refusal


class House:
    """The desk and what it was asked to show."""

    def __init__(self, records: StatisticsHouse, folder: Path, caller: Caller = ADMIN) -> None:
        register_texts()
        self.records = records
        self.line = HouseLine(records, caller)
        self.messages = CollectedMessages()
        place = SimpleNamespace(
            connection=self.line,
            runner=ImmediateRunner(),
            messages=self.messages,
            settings=UserSettings(folder / "settings.json"),
            on_notice=lambda _listener: lambda: None,
            may=caller.may,
        )
        libraries = self.line.call(ListLibraries())
        opened: list[int] = []
        server = SimpleNamespace(load=opened.append)
        self.opened = opened
        self.desk = Desk(place, spec_of(Station.DIAGNOSIS), libraries[0], server)  # type: ignore[arg-type]
        self.view = HostView()
        self.desk.view = self.view
        self.desk.libraries = libraries
        self.desk.open_case = lambda case_id, then=None: opened.append(case_id)  # type: ignore[method-assign]
        self.desk.papers = SimpleNamespace(
            read=lambda document: records.documents.kept[document.id - 1][1],
            hand_out=lambda document: f"printed {document.kind}",
        )
