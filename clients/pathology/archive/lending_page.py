"""借出管理 on screen: the items at the left, the borrower's form at the right."""

from __future__ import annotations

from datetime import date
from functools import partial

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from clients.kit.choosing import Option, SearchBox
from clients.kit.fields import DateField, LongTextField, Section, TextField
from clients.kit.forms import FormView
from clients.kit.labels import Button, Label, hairline
from clients.kit.lists import ListView
from clients.kit.paging import EmptyWords, RowAction
from clients.kit.panels import scrolling
from clients.pathology.archive.forms import yuan_problem
from clients.pathology.archive.items import Item
from clients.pathology.archive.lending import LendingPresenter, LendingState, due_day
from clients.pathology.archive.lists import ITEM_COLUMNS, item_key
from clients.pathology.archive.page import ArchivePage, padded
from clients.pathology.archive.receipt import show_receipt
from clients.pathology.desk import Desk
from clients.pathology.laying import row_of
from shared.contract.pathology_keeping import LoanView

_START = EmptyWords("在库材料", "输入病理号查找，或直接扫描蜡块、切片。", "search")
_NONE = EmptyWords("该病例没有在库的材料", "请核对病理号；未归档的材料请先归档。", "search")
_ADD = RowAction("add", "添加到借出清单", "add", allowed=lambda _item: True)
_REMOVE = RowAction("remove", "移除", "clear", allowed=lambda _item: True)


class LendingPage(ArchivePage):
    """Scan, or take from what lies in the archive of a case; then the form and 借出."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.presenter = LendingPresenter(desk, self.render_state, self._made)
        self.number = SearchBox([Option("number", "病理号")])
        self.number.searched.connect(lambda _mode, text: self.presenter.find(text))
        self.add_all = Button("全部添加", "", "add", on_click=self.presenter.add_found)
        self.found = ListView(
            ITEM_COLUMNS,
            row_id=item_key,
            actions=(_ADD,),
            empty=_START,
        )
        self.found.action_requested.connect(lambda _action, item: self.presenter.add(item))
        self.found.activated.connect(self.presenter.add)
        self.items = ListView(
            ITEM_COLUMNS,
            row_id=item_key,
            actions=(_REMOVE,),
            empty=EmptyWords("借出清单为空", "扫描条码，或从上面的列表添加。", "barcode"),
        )
        self.items.action_requested.connect(lambda _action, item: self._remove(item))
        self.count = Label("", "strong")
        self.form = FormView([_borrower_section()], columns=2)
        self.form.submitted.connect(lambda: self.presenter.lend(self.form.values()))
        self.lend_button = Button("确认借出", "primary", "upload", on_click=self.form.submit)
        self.receipt_button = Button("借阅回执", "", "print", on_click=self._receipt)
        self._lay_out()
        self.destroyed.connect(partial(_release, self.presenter))
        self.render_state(self.presenter.state)

    def _lay_out(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        left = QWidget()
        box = QVBoxLayout(left)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        search = row_of(self.number, self.add_all)
        search.setStretch(0, 1)
        box.addWidget(padded(search))
        box.addWidget(self.found, 1)
        box.addWidget(hairline())
        box.addWidget(padded(row_of(self.count, None)))
        box.addWidget(self.items, 1)
        row.addWidget(left, 1)
        right = QWidget()
        right.setFixedWidth(380)
        side = QVBoxLayout(right)
        side.setContentsMargins(0, 0, 0, 0)
        side.setSpacing(0)
        side.addWidget(scrolling(padded(self.form)), 1)
        side.addWidget(hairline())
        side.addWidget(padded(row_of(self.receipt_button, None, self.lend_button)))
        row.addWidget(right)

    def render_state(self, state: LendingState) -> None:
        """Draw what the presenter knows."""
        taken = {item.key for item in state.items}
        rest = tuple(item for item in state.found if item.key not in taken)
        self.found.set_empty_words(_NONE if state.asked and not state.found else _START)
        self.found.set_rows(rest)
        self.add_all.setEnabled(bool(rest))
        self.items.set_rows(state.items)
        self.count.set_source("借出清单：{count} 件", count=len(state.items))
        self.lend_button.setEnabled(bool(state.items) and not state.busy)
        self.receipt_button.setEnabled(state.loan is not None)

    def closeEvent(self, event: object) -> None:
        self.presenter.close()
        super().closeEvent(event)

    def scanned(self, code: str) -> bool:
        return self.presenter.scanned(code)

    def _remove(self, item: Item) -> None:
        self.presenter.remove(item)

    def _made(self, loan: LoanView) -> None:
        self.form.clear()
        show_receipt(self.desk, loan.id)

    def _receipt(self) -> None:
        if self.presenter.state.loan is not None:
            show_receipt(self.desk, self.presenter.state.loan.id)


def _borrower_section() -> Section:
    return Section(
        "借阅登记",
        (
            TextField(key="name", label="借阅人", required=True),
            TextField(key="relation", label="与患者关系", max_length=32),
            TextField(key="phone", label="联系电话", max_length=32),
            TextField(key="id_number", label="身份证号", max_length=32),
            TextField(key="unit", label="借往单位", max_length=100, span=2),
            LongTextField(key="purpose", label="借阅用途", required=True, lines=2, max_length=200),
            TextField(key="deposit", label="押金（元）", initial="0", max_length=12, check=yuan_problem),
            DateField(
                key="due_day", label="归还期限", required=True, earliest=date.today(), initial=due_day(date.today())
            ),
            TextField(key="note", label="备注", max_length=200, span=2),
        ),
    )


def _release(presenter: LendingPresenter) -> None:
    presenter.close()
