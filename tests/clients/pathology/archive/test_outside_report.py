"""外院诊断书 of a loan: scanned, added from files, looked at and taken off; on closed loans and audited cases too."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot
from sqlalchemy import update

from clients.kit.review import review
from clients.kit.settings import UserSettings
from clients.kit.translations import Language, set_language
from clients.pathology.archive.loans_page import BrowsingPage, ReturningPage
from clients.pathology.archive.outside import OutsidePage, as_jpeg
from clients.pathology.media.entries import _FOLDERS
from server.kernel.errors import Refusal
from server.pathology.keeping.tables import LoanRow
from shared.contract.errors import RpcError
from shared.contract.pathology_keeping import AddLoanPaper, GetLoan, LoanView, RemoveLoanPaper, ReturnItems
from shared.domain.pathology import CaseState, LoanState
from tests.clients.pathology.archive.test_archive_pages import House
from tests.server.pathology.reports.report_room import Room


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    made = Room(tmp_path_factory.mktemp("outside"))
    with made.database.write() as uow:
        made.areas.pathology.seed(uow)
    yield made
    made.close()


@pytest.fixture
def house(qapp: QApplication, room: Room, tmp_path: Path) -> House:
    made = House(room, tmp_path)
    made.desk.place.desk_settings = UserSettings(tmp_path / "desk.json")  # type: ignore[misc]
    return made


def sheet(grey: int) -> Any:
    return np.full((300, 210, 3), grey, np.uint8)


def a_loan(house: House, name: str) -> LoanView:
    loan = house.lend(name).state.loan
    assert loan is not None
    return loan


def page_of(house: House, qtbot: QtBot, loan: LoanView) -> OutsidePage:
    made = OutsidePage(house.desk, loan)
    qtbot.addWidget(made)
    made.resize(900, 700)
    made.show()
    return made


def test_pages_are_scanned_into_the_loan_even_of_an_audited_case(house: House, qtbot: QtBot, tmp_path: Path) -> None:
    loan = a_loan(house, "扫描柜")
    house.room.put_state(house.case_id, CaseState.SENT)
    folder = tmp_path / "scans"
    folder.mkdir()
    for number in (1, 2):
        cv2.imwrite(str(folder / f"{number}.png"), sheet(80 * number))
    house.desk.place.desk_settings.set("pathology/scanner/folder", str(folder))
    page = page_of(house, qtbot, loan)
    assert page.stack.currentWidget() is page.empty
    page.scan()
    assert len(page.ids) == 2 and page.stack.currentWidget() is page.canvas
    page.scan()
    assert len(page.ids) == 2 and "没有新的文件" in page.banner.text, "no sheet is taken twice"
    page.turn(-1)
    assert page.place.text() == "1 / 2" and not page.before.isEnabled()
    page.remove()
    assert len(page.ids) == 1
    _FOLDERS.clear()


def test_files_are_added_and_what_is_no_paper_is_refused(house: House, qtbot: QtBot, tmp_path: Path) -> None:
    loan = a_loan(house, "文件柜")
    page = page_of(house, qtbot, loan)
    good, bad = tmp_path / "report.jpg", tmp_path / "virus.jpg"
    good.write_bytes(as_jpeg(sheet(200)))
    bad.write_bytes(b"MZ" + b"\x00" * 500)
    page.add_files([good])
    assert len(page.ids) == 1
    page.add_files([bad])
    assert len(page.ids) == 1 and "JPEG" in page.banner.text and page.scan_button.isEnabled()
    big = tmp_path / "big.pdf"
    big.write_bytes(b"%PDF-1.4" + b"\x00" * (7 * 1024 * 1024))
    page.add_files([big])
    assert len(page.ids) == 1 and "太大" in page.banner.text
    line = house.desk.place.connection
    for data in (b"", b"%PDF-1.4 cut off", as_jpeg(sheet(1))[:400]):
        with pytest.raises(RpcError):
            line.call(AddLoanPaper(loan_id=loan.id, data=data))
    with pytest.raises(RpcError):
        line.call(RemoveLoanPaper(loan_id=loan.id, document_id=999))


def test_a_closed_loan_still_takes_the_report_that_comes_later(house: House) -> None:
    loan, line = a_loan(house, "结清柜"), house.desk.place.connection
    closed = line.call(
        ReturnItems(loan_id=loan.id, version=loan.version, item_ids=tuple(item.id for item in loan.items))
    )
    assert closed.state is LoanState.RETURNED
    kept = line.call(AddLoanPaper(loan_id=loan.id, data=as_jpeg(sheet(90))))
    assert len(kept.document_ids) == 1
    removed = line.call(RemoveLoanPaper(loan_id=loan.id, document_id=kept.document_ids[0]))
    assert removed.document_ids == () and "删除外院资料" in line.call(GetLoan(loan_id=loan.id)).note


def test_overdue_loans_are_told_once_when_the_page_is_shown(house: House, qtbot: QtBot) -> None:
    loan = a_loan(house, "逾期柜")
    with house.room.database.write() as uow:
        late = date.today() - timedelta(days=2)
        uow.session.execute(update(LoanRow).where(LoanRow.id == loan.id).values(due_day=late))
    page = ReturningPage(house.desk)
    qtbot.addWidget(page)
    for _again in range(2):
        page.show()
        page.hide()
    said = [one.text for one in house.messages.said if "逾期" in one.text]
    assert len(said) == 1 and "1" in said[0]


def test_whoever_may_not_lend_may_not_add(house: House) -> None:
    loan = a_loan(house, "权限柜")
    with pytest.raises(Refusal):
        house.room.ask(house.room.user("pathology_first"), AddLoanPaper(loan_id=loan.id, data=as_jpeg(sheet(9))))


def test_the_button_counts_pages_and_no_words_are_cut(house: House, qtbot: QtBot) -> None:
    loan = a_loan(house, "按钮柜")
    house.desk.place.connection.call(AddLoanPaper(loan_id=loan.id, data=as_jpeg(sheet(90))))
    browse = BrowsingPage(house.desk)
    qtbot.addWidget(browse)
    browse.presenter.load()
    browse.presenter.scanned(loan.number)
    assert "1" in browse.outside_button.text()
    browse.outside_button.click()
    shown = house.view.window  # type: ignore[attr-defined]
    assert isinstance(shown, OutsidePage)
    qtbot.addWidget(shown)
    try:
        for language in (Language.CHINESE, Language.ENGLISH):
            set_language(language)
            host = QWidget()
            qtbot.addWidget(host)
            host.resize(900, 700)
            page = page_of(house, qtbot, house.desk.place.connection.call(GetLoan(loan_id=loan.id)))
            page.setParent(host)
            page.setGeometry(host.rect())
            host.show()
            page.show()
            qtbot.wait(1)
            assert not review(host), language
    finally:
        set_language(Language.CHINESE)
