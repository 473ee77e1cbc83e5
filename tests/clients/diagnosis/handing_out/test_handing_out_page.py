"""The page for handing out: list, job, paper out, log; with a server in memory and a printer that runs out of paper."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from clients.diagnosis import translations
from clients.diagnosis.handing_out import texts
from clients.diagnosis.handing_out.view import COLUMNS, HandingOutPage
from clients.kit.app import make_application, speak, wear
from clients.kit.messages import CollectedMessages
from clients.kit.running import ImmediateRunner
from clients.kit.translations import register_catalogue
from shared.contract import report_paper as contract
from shared.contract.errors import ErrorBody, ErrorCode, error_for
from shared.contract.printing import DocumentView
from shared.domain.states import PatientType, ReportState, Sex

NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)


def a_row(number: int, name: str = "张三") -> contract.HandoutRow:
    return contract.HandoutRow(
        report_id=number, state=ReportState.APPROVED, accession_number=f"CT2026112200{number:04}",
        patient_number=f"P{number}", patient_name=name, sex=Sex.FEMALE, age="45岁", patient_type=PatientType.ORDINARY,
        exam_type="CT", items="胸部CT平扫、胸部CT增强", requesting_department="呼吸内科", auditing_doctor="钱主任",
        examined_at=NOW, approved_at=NOW, copies=0,
    )  # fmt: skip


class Server:
    """Keeps one job as the real server does."""

    def __init__(self, count: int = 3) -> None:
        self.rows = [a_row(number) for number in range(1, count + 1)]
        self.refused: set[int] = set()
        self.items: list[contract.BatchItemView] = []
        self.told: list[tuple[int, str, str]] = []
        self.asked: list[Any] = []
        self.is_down = False

    def fetch_document(self, document_id: int) -> bytes:
        return b"%PDF-" + str(document_id).encode()

    def batch(self) -> contract.BatchView:
        left = {contract.BatchItemState.WAITING, contract.BatchItemState.PRINTING, contract.BatchItemState.FAILED}
        return contract.BatchView(
            id=1, is_open=any(one.state in left for one in self.items), started_by="李", started_at=NOW,
            items=tuple(self.items),
        )  # fmt: skip

    def _set(self, number: int, **changes: Any) -> None:
        self.items[number] = msgspec.structs.replace(self.items[number], **changes)

    def call(self, request: Any) -> Any:
        self.asked.append(request)
        if self.is_down:
            raise error_for(ErrorBody(code=ErrorCode.UNAVAILABLE, message="服务器正在重启。"))
        match request:
            case contract.ListHandouts():
                return contract.HandoutList(total=len(self.rows), rows=tuple(self.rows))
            case contract.ListBatches():
                return (self.batch(),) if self.items else ()
            case contract.BeginBatch():
                self.items = [
                    contract.BatchItemView(
                        id=n, report_id=one, accession_number=f"CT{one}", patient_name="张三",
                        state=contract.BatchItemState.WAITING, copy_number=0, reason="",
                    )
                    for n, one in enumerate(request.report_ids, 1)
                ]  # fmt: skip
                return self.batch()
            case contract.NextOfBatch():
                return self._next(request.again)
            case contract.TellCopy():
                self.told.append((request.copy_id, request.outcome, request.reason))
                number = request.copy_id - 100
                failed = request.outcome is contract.CopyOutcome.FAILED
                state = contract.BatchItemState.FAILED if failed else contract.BatchItemState.PRINTED
                self._set(number, state=state, reason=request.reason)
                return None
            case contract.ListCopies():
                return (
                    contract.CopyView(
                        id=1, report_id=request.report_id, copy_number=1, outcome=contract.CopyOutcome.PRINTED,
                        place="kiosk", template_name="默认报告", made_by="自助机", made_at=NOW, workstation="大厅1",
                        printer="HP", reason="", document_id=1,
                    ),
                )  # fmt: skip
            case contract.EndBatch():
                return self.batch()
        raise AssertionError(request)

    def _next(self, again: bool) -> contract.BatchPaper:
        for number, item in enumerate(self.items):
            if again and item.state is contract.BatchItemState.FAILED:
                self._set(number, state=contract.BatchItemState.WAITING, reason="")
        for number, item in enumerate(self.items):
            if item.state is not contract.BatchItemState.WAITING:
                continue
            if item.report_id in self.refused:
                self._set(number, state=contract.BatchItemState.REFUSED, reason="报告未审核，不能打印。")
                return contract.BatchPaper(batch=self.batch(), item_id=item.id)
            self._set(number, state=contract.BatchItemState.PRINTING, copy_number=1)
            document = DocumentView(
                id=number, kind="report", media_type="application/pdf", size_bytes=1, sha256="", created_at=NOW,
                copy_id=100 + number, copy_number=1,
            )  # fmt: skip
            return contract.BatchPaper(batch=self.batch(), item_id=item.id, document=document)
        return contract.BatchPaper(batch=self.batch())


class Printer:
    """Has so many sheets."""

    def __init__(self, sheets: int = 99) -> None:
        self.sheets = sheets
        self.came: list[bytes] = []

    def print(self, pdf: bytes, title: str) -> tuple[str, bool]:
        if not self.sheets:
            raise OSError("缺纸。")
        self.sheets -= 1
        self.came.append(pdf)
        return "HP", False


class Place:
    """A workplace without a shell."""

    def __init__(self, server: Server) -> None:
        self.connection: Any = server
        self.runner = ImmediateRunner()
        self.messages = CollectedMessages()


@pytest.fixture(scope="session")
def qapp() -> QApplication:
    return make_application()


@pytest.fixture(autouse=True)
def looks() -> Iterator[None]:
    register_catalogue(translations.ENTRIES)
    register_catalogue(texts.ENTRIES)
    wear("light")
    yield
    speak("zh")


def opened(qtbot: QtBot, server: Server, printer: Printer) -> HandingOutPage:
    page = HandingOutPage(Place(server), printer)  # type: ignore[arg-type]
    qtbot.addWidget(page)
    page.resize(1290, 688)
    page.show()
    QApplication.processEvents()
    return page


def states(page: HandingOutPage) -> list[str]:
    batch = page.presenter.state.batch
    return [] if batch is None else [item.state for item in batch.items]


def test_ticked_reports_are_printed_in_their_order(qtbot: QtBot) -> None:
    server, printer = Server(), Printer()
    page = opened(qtbot, server, printer)
    assert page.table.rowCount() == 3
    assert not page.print_button.isEnabled()
    for row in (0, 2):
        box = page.table.item(row, 0)
        assert box is not None
        box.setCheckState(Qt.CheckState.Checked)
    assert page.presenter.state.chosen == {1, 3}
    page.print_button.click()
    assert printer.came == [b"%PDF-0", b"%PDF-1"]
    assert [one[1] for one in server.told] == ["printed", "printed"]
    assert states(page) == ["printed", "printed"]
    assert page.presenter.state.chosen == frozenset()


def test_paper_out_stops_the_job_and_it_goes_on_where_it_stood(qtbot: QtBot) -> None:
    server, printer = Server(4), Printer(1)
    server.refused = {3}
    page = opened(qtbot, server, printer)
    page.all.click()
    page.print_button.click()
    assert states(page) == ["printed", "failed", "waiting", "waiting"]
    assert "缺纸" in page.stopped.text()
    assert page.go_on.isVisible()
    printer.sheets = 99
    page.go_on.click()
    assert states(page) == ["printed", "printed", "refused", "printed"]
    assert len(printer.came) == 3
    assert not page.go_on.isVisible()
    assert "报告未审核" in page.items.item(2).text()


def test_a_job_of_before_goes_on_or_is_ended(qtbot: QtBot) -> None:
    server, printer = Server(2), Printer(0)
    first = opened(qtbot, server, printer)
    first.all.click()
    first.print_button.click()
    page = opened(qtbot, server, printer)
    assert page.go_on.isVisible()
    assert page.stopped.text()
    page.give_up.click()
    assert page.presenter.state.batch is None


def test_a_lost_server_stops_the_job_with_a_sentence(qtbot: QtBot) -> None:
    server, printer = Server(2), Printer()
    page = opened(qtbot, server, printer)
    page.all.click()
    server.is_down = True
    page.print_button.click()
    assert not page.presenter.state.is_printing
    page.presenter.load()
    assert page.presenter.state.problem
    assert page.status.text() == page.presenter.state.problem
    server.is_down = False
    page.print_button.click()
    keys = [one.request_key for one in server.asked if isinstance(one, contract.BeginBatch)]
    assert len(keys) == 2
    assert keys[0] == keys[1]  # asked again: the same job, not a second one
    assert states(page) == ["printed", "printed"]


def test_conditions_and_the_log(qtbot: QtBot) -> None:
    server = Server()
    page = opened(qtbot, server, Printer())
    page.presenter.filter(text=" CT20261122000001 ")
    asked = server.asked[-1]
    assert (asked.accession_number, asked.patient_name, asked.only_unprinted) == ("CT20261122000001", "", True)
    page.presenter.filter(text="张", only_unprinted=False, days=(None, None))
    asked = server.asked[-1]
    assert (asked.patient_name, asked.examined_from, asked.only_unprinted) == ("张", None, False)
    page.table.setCurrentCell(1, 1)
    assert page.presenter.state.log_of == 2
    assert "自助机" in page.log.item(0).text()
    assert "第 1 份" in page.log.item(0).text()
    assert page.presenter.state.examined_to is None or page.presenter.state.examined_to <= date.today()


def test_an_empty_list_says_so_in_both_languages(qtbot: QtBot) -> None:
    page = opened(qtbot, Server(0), Printer())
    assert page.status.text() == "没有符合条件的报告。"
    speak("en")
    QApplication.processEvents()
    assert page.status.text() == "No report fits."
    shown = [page.table.horizontalHeaderItem(column).text() for column in range(1, len(COLUMNS))]
    assert all(words.isascii() for words in shown), shown
