"""Doctor, technician and doctor again over the real rooms of the server: an order's way to the report."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from clients.kit.review import review
from clients.kit.theme import apply_theme
from clients.kit.tokens import ThemeName
from clients.kit.translations import Language, set_language
from clients.pathology.bench.sheets import SheetView
from clients.pathology.desk import Desk
from clients.pathology.grossing.regrossing import RegrossingPanel
from clients.pathology.grossing.rows import GrossRow
from clients.pathology.grossing.state import GrossingState
from clients.pathology.grossing.storing import store
from clients.pathology.orders import entries
from clients.pathology.orders.billing import BillingWindow, PricesWindow
from clients.pathology.orders.feedback import FeedbackPanel
from clients.pathology.orders.placing import PlacingWindow
from clients.pathology.orders.reagents import ReagentsWindow
from clients.pathology.orders.requests import ReasonPanel, RequestList, make_list
from clients.pathology.orders.result_entry import ResultWindow
from clients.pathology.orders.situation import SituationWindow
from clients.pathology.registration.charges import ChargesWindow
from shared.contract.pathology import OpenCase
from shared.contract.pathology_orders import Control, ExecuteOrders, ListOrders, OrderFilter, Price, SavePrices
from shared.contract.pathology_technique import BlockEntry, StoreRemainder
from shared.domain.pathology import OrderAction, OrderKind, OrderState, Station, TaskSource
from tests.clients.pathology.diagnosis.diagnosis_house import HostView, a_diagnosis_desk
from tests.clients.pathology.orders.order_case import a_cut_case
from tests.server.pathology.reports.report_room import Room


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    made = Room(tmp_path)
    with made.database.write() as uow:
        made.areas.pathology.seed(uow)
    yield made
    made.close()


@pytest.fixture
def case_id(room: Room) -> int:
    return a_cut_case(room)[0]


def _shown(qtbot: QtBot, widget: QWidget, size: tuple[int, int] = (1080, 700)) -> None:
    qtbot.addWidget(widget)
    widget.resize(*size)
    with qtbot.waitExposed(widget, timeout=30_000):
        widget.show()


def _orders(room: Room, case_id: int) -> dict[tuple[OrderKind, str], Any]:
    page = room.ask(room.user("pathology_chief"), ListOrders(filter=OrderFilter(case_id=case_id)))
    return {(one.kind, one.marker): one for one in page.rows}


def _doctor(room: Room, folder: Path, case_id: int) -> tuple[Desk, HostView, Any]:
    desk, view, messages = a_diagnosis_desk(room, room.user("pathology_chief"), folder)
    desk.open_case(case_id)
    return desk, view, messages


def _technician(room: Room, folder: Path, station: Station = Station.PREPARATION) -> tuple[Desk, HostView, Any]:
    return a_diagnosis_desk(room, room.user("pathology_technician"), folder, station=station)


def _place_ki67_and_recut(qtbot: QtBot, desk: Desk) -> None:
    """By the keyboard: the block is ticked by Space, the marker found by its first letters, Ctrl+Enter places."""
    special = PlacingWindow(desk, "special")
    _shown(qtbot, special)
    first = next(iter(special.boxes.values()))
    QTest.keyClick(first, Qt.Key.Key_Space)
    QTest.keyClicks(special.picker.search, "ki")
    QTest.keyClick(special.picker.search, Qt.Key.Key_Return)
    assert special.picker.markers == ["Ki-67"]
    QTest.keyClick(special.picker.search, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert [row.marker for row in _listed(special.orders.list)] == ["Ki-67"]
    assert special.picker.markers == []
    special.close()
    technical = PlacingWindow(desk, "technical")
    _shown(qtbot, technical)
    technical.kind.set_current(OrderKind.RECUT.value)
    next(iter(technical.boxes.values())).setChecked(True)
    technical.form.set_values({"count": 2, "urgent": True})
    technical.place()
    technical.close()


def _listed(shown: Any) -> list[Any]:
    return [shown.model.row(place) for place in range(shown.total)]


def test_ki67_and_recut_go_to_the_technical_room_and_the_result_into_the_report(
    qtbot: QtBot, room: Room, case_id: int, tmp_path: Path
) -> None:
    doctor, _, said = _doctor(room, tmp_path / "doctor", case_id)
    _place_ki67_and_recut(qtbot, doctor)
    assert {key: one.state for key, one in _orders(room, case_id).items()} == {
        (OrderKind.IMMUNO, "Ki-67"): OrderState.WAITING,
        (OrderKind.RECUT, ""): OrderState.WAITING,
    }

    bench, view, _ = _technician(room, tmp_path / "bench")
    requests = make_list(bench)
    assert isinstance(requests, RequestList)
    _shown(qtbot, requests, (420, 600))
    waiting = _listed(requests.list)
    assert [one.kind for one in waiting] == [OrderKind.RECUT, OrderKind.IMMUNO]  # the urgent one first
    for row in waiting:
        requests.act(OrderAction.EXECUTE.value, row)
    assert _listed(requests.list) == []
    slides = room.ask(room.user("pathology_chief"), OpenCase(case_id=case_id)).slides
    made = [(one.source, one.stain) for one in slides if one.order_id is not None]
    assert sorted(made) == sorted([(TaskSource.RECUT, "HE"), (TaskSource.RECUT, "HE"), (TaskSource.IMMUNO, "Ki-67")])

    panel = FeedbackPanel(doctor)
    _shown(qtbot, panel, (560, 500))
    rows = _listed(panel.orders.list)
    assert {one.state for one in rows} == {OrderState.EXECUTED}
    assert all(one.is_news for one in rows)
    panel.mark_seen()
    assert not any(one.is_news for one in _listed(panel.orders.list))

    requests.shown.set_current("to_read")
    requests.refresh()
    (to_read,) = _listed(requests.list)
    requests.act(OrderAction.ENTER_RESULT.value, to_read)
    results = view.window
    assert isinstance(results, ResultWindow)
    qtbot.addWidget(results)
    assert results.current is not None and results.current.marker == "Ki-67"
    results.form.set_values({"reading": "negative", "percentage": 30})
    results.keep()
    assert _orders(room, case_id)[OrderKind.IMMUNO, "Ki-67"].state is OrderState.EXECUTED
    assert "阴性" in results.form.rows["reading"].problem
    results.form.set_values({"reading": "positive", "positive_control": Control.GOOD.value})
    results.keep()
    assert _orders(room, case_id)[OrderKind.IMMUNO, "Ki-67"].state is OrderState.RESULTED
    results.print_table()
    assert bench.papers.printed
    results.close()

    taken: list[str] = []
    entries.take_results(doctor, taken.append)
    (text,) = taken
    assert text.endswith("：Ki-67（30%+）。")
    assert any("已提取 1 项" in one.text for one in said.said)
    panel.close()


def test_an_order_is_returned_with_a_reason_and_deleted_before_it_is_executed(
    qtbot: QtBot, room: Room, case_id: int, tmp_path: Path
) -> None:
    doctor, _, _ = _doctor(room, tmp_path / "doctor", case_id)
    _place_ki67_and_recut(qtbot, doctor)
    bench, view, _ = _technician(room, tmp_path / "bench", Station.SPECIAL_TESTS)
    requests = RequestList(bench)
    _shown(qtbot, requests, (420, 600))
    (special,) = _listed(requests.list)  # the recut is not this station's
    requests.act(OrderAction.REFUSE.value, special)
    panel = view.panel
    assert isinstance(panel, ReasonPanel)
    panel.form.set_values({"reason": "组织已切尽"})
    panel.form.submit()
    assert _orders(room, case_id)[OrderKind.IMMUNO, "Ki-67"].reason == "组织已切尽"
    feedback = FeedbackPanel(doctor)
    _shown(qtbot, feedback, (560, 500))
    recut = next(one for one in _listed(feedback.orders.list) if one.kind is OrderKind.RECUT)
    feedback.orders.list.action_requested.emit(OrderAction.DELETE.value, recut)
    assert (OrderKind.RECUT, "") not in _orders(room, case_id)


def test_the_grossing_room_executes_and_its_new_rows_are_the_orders(
    qtbot: QtBot, room: Room, case_id: int, tmp_path: Path
) -> None:
    grosser = room.user("pathology_grosser")
    specimen = room.ask(grosser, OpenCase(case_id=case_id)).specimens[0]
    kept = StoreRemainder(specimen_id=specimen.id, version=specimen.version, handling="固定", place="冷藏柜 1")
    room.ask(grosser, kept)
    doctor, _, _ = _doctor(room, tmp_path / "doctor", case_id)
    window = PlacingWindow(doctor, "technical")
    _shown(qtbot, window)
    window.place()  # 补取 is the first kind
    window.close()
    desk, _, _ = a_diagnosis_desk(room, grosser, tmp_path / "grosser", station=Station.GROSSING)
    panel = RegrossingPanel(desk)
    _shown(qtbot, panel, (480, 500))
    panel.list.select_id(case_id)
    panel.execute()
    order = _orders(room, case_id)[OrderKind.REGROSSING, ""]
    assert order.state is OrderState.EXECUTED
    assert desk.details is not None
    line: Any = desk.place.connection
    row = GrossRow(id=-1, entry=BlockEntry(serial="C", site="切缘", pieces=1, source=TaskSource.REGROSSING))
    state = GrossingState(case_id=case_id, rows=(row,), description=desk.details.grossing.description)
    stored = store(line.call, state, desk.details, "", "取材", remainder=False)
    assert stored.trouble is None and stored.details is not None
    added = stored.details.grossing.blocks[-1]
    assert (added.source, added.order_id) == (TaskSource.REGROSSING, order.id)


def _a_lot(bench: Desk) -> ReagentsWindow:
    """A lot that was typed into the window, and one that is over."""
    window = ReagentsWindow(bench)
    for lot, day in (("K2301", date(2020, 1, 31)), ("K2612", date(2099, 12, 31))):
        window.form.set_values({"marker": "Ki-67", "clone": "MIB-1", "lot": lot, "expires_on": day, "stock": 120})
        window.keep()
    assert [(row.lot, row.is_expired) for row in _listed(window.list)] == [("K2301", True), ("K2612", False)]
    return window


def test_orders_are_marked_as_paid_in_the_list(room: Room, case_id: int, tmp_path: Path, qtbot: QtBot) -> None:
    _prices(room)
    doctor, _, _ = _doctor(room, tmp_path / "doctor", case_id)
    _place_ki67_and_recut(qtbot, doctor)
    clerk, _, _ = a_diagnosis_desk(room, room.user("administrator"), tmp_path / "clerk")
    billing = BillingWindow(clerk, "special")
    qtbot.addWidget(billing)
    (line,) = _listed(billing.list)
    assert line.amount_fen and not line.is_paid
    billing.paid_button.click()
    (line,) = _listed(billing.list)
    assert line.is_paid
    assert not billing.paid_button.isEnabled()
    charges = ChargesWindow(clerk, room.ask(room.user("administrator"), OpenCase(case_id=case_id)).case)
    qtbot.addWidget(charges)
    rows = {row.line.name: row for row in _listed(charges.list)}
    (paid,) = (row for row in rows.values() if row.line.is_paid)
    assert paid.line.name == "免疫组化 Ki-67"
    assert "未收 50.00 元" in charges.total.text()  # the recut
    charges.list.action_requested.emit("unpay", paid)
    assert not any(row.line.is_paid for row in _listed(charges.list))


def _prices(room: Room) -> None:
    prices = (
        Price(kind=OrderKind.IMMUNO, code="270500002", price_fen=18000),
        Price(kind=OrderKind.RECUT, code="270300001", price_fen=2500),
    )
    room.ask(room.user("pathology_admin"), SavePrices(version=0, prices=prices))


@pytest.mark.parametrize("language", [Language.CHINESE, Language.ENGLISH])
def test_every_screen_is_whole_in_both_languages(
    qtbot: QtBot, room: Room, case_id: int, tmp_path: Path, language: Language
) -> None:
    apply_theme(ThemeName.LIGHT)
    set_language(language)
    try:
        _prices(room)
        doctor, _, _ = _doctor(room, tmp_path / "doctor", case_id)
        _place_ki67_and_recut(qtbot, doctor)
        bench, bench_view, _ = _technician(room, tmp_path / "bench")
        requests = RequestList(bench)
        special = PlacingWindow(doctor, "special")
        special.picker.search.setText("ck")
        entries.work_sheet(bench)
        sheet = bench_view.window
        assert isinstance(sheet, SheetView)
        screens: list[tuple[str, QWidget, tuple[int, int]]] = [
            ("special", special, (980, 700)),
            ("technical", PlacingWindow(doctor, "technical"), (980, 700)),
            ("requests", requests, (328, 600)),
            ("sheet", sheet, (1120, 860)),
        ]
        _look_at(qtbot, screens, language)
        for row in room.ask(room.user("pathology_technician"), ListOrders()).rows:
            room.ask(room.user("pathology_technician"), ExecuteOrders(order_ids=(row.id,)))
        results = ResultWindow(bench, case_id)
        results.form.set_values({"reading": "positive", "weak": 10, "moderate": 10, "strong": 10})
        results.keep()
        screens = [
            ("results", results, (1080, 700)),
            ("feedback", FeedbackPanel(doctor), (560, 520)),
            ("situation", SituationWindow(bench, "technical"), (1080, 660)),
            ("billing", BillingWindow(doctor, "special"), (1080, 660)),
            ("prices", PricesWindow(doctor, "special"), (760, 560)),
            ("reagents", _a_lot(bench), (960, 560)),
        ]
        _look_at(qtbot, screens, language)
    finally:
        set_language(Language.CHINESE)


def _look_at(qtbot: QtBot, screens: list[tuple[str, QWidget, tuple[int, int]]], language: Language) -> None:
    for name, widget, size in screens:
        _shown(qtbot, widget, size)
        problems = review(widget)
        _picture(widget, f"{name}_{language.value}")
        assert problems == [], (name, problems)
        widget.close()


def _picture(widget: QWidget, name: str) -> None:
    import os

    folder = os.environ.get("ORDER_PICTURES")
    if folder:
        widget.grab().save(str(Path(folder) / f"{name}.png"))
