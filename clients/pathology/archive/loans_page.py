"""归还管理 and 借阅信息浏览 on screen: loans at the left, the chosen one at the right."""

from __future__ import annotations

from functools import partial

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from clients.kit.choosing import ChipFilter, Option, SearchBox
from clients.kit.fields import DateField, Section, TextField
from clients.kit.forms import FormView
from clients.kit.labels import Button, hairline
from clients.kit.lists import ListView
from clients.kit.messages import message_for
from clients.kit.paging import EmptyWords
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from clients.pathology.archive.forms import extend_form, lost_form, yuan_problem
from clients.pathology.archive.lists import LOAN_COLUMNS, LOAN_LOOKS, loan_key
from clients.pathology.archive.loan_detail import LoanDetail
from clients.pathology.archive.loans import LoansPresenter, LoansState
from clients.pathology.archive.outside import show_outside
from clients.pathology.archive.page import ArchivePage, padded
from clients.pathology.archive.receipt import show_loan_list, show_receipt
from clients.pathology.desk import Desk
from clients.pathology.laying import row_of
from clients.pathology.registration.money import fen_of
from shared.contract.pathology_keeping import CountLoans, LoanCounts, LoanFilter
from shared.domain.pathology import LOAN_STATES, LoanAction, LoanState
from shared.domain.permissions import Permission

_SIDE = 430


class _LoansPage(ArchivePage):
    """List and detail; subclasses add the search above and what stands below the detail."""

    only_out = False
    empty = EmptyWords("没有借阅记录", "请放宽查询条件。", "search")

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.presenter = LoansPresenter(desk, self.render_state, only_out=self.only_out)
        self.detail = LoanDetail(self.presenter)
        self.list = ListView(LOAN_COLUMNS, row_id=loan_key, empty=self.empty)
        self.list.selected.connect(self._selected)
        self.list.retry.connect(self.presenter.load)
        self.receipt_button = Button("借阅回执", "", "print", on_click=self._receipt)
        self.receipt_button.setVisible(desk.place.may(Permission.PATHOLOGY_LEND.value))
        self.outside_button = Button("外院诊断书", "", "document", on_click=self._outside)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        left = QWidget()
        box = QVBoxLayout(left)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        box.addWidget(self.head())
        box.addWidget(hairline())
        box.addWidget(self.list, 1)
        if (below := self.below()) is not None:
            box.addWidget(hairline())
            box.addWidget(below)
        row.addWidget(left, 1)
        right = QWidget()
        right.setFixedWidth(_SIDE)
        side = QVBoxLayout(right)
        side.setContentsMargins(0, 0, 0, 0)
        side.setSpacing(0)
        side.addWidget(self.detail, 1)
        side.addWidget(hairline())
        side.addWidget(self.foot())
        row.addWidget(right)
        self.destroyed.connect(partial(_release, self.presenter))

    def head(self) -> QWidget:
        """The search."""
        raise NotImplementedError

    def below(self) -> QWidget | None:
        """What is typed about the chosen loan, below the list."""
        return None

    def foot(self) -> QWidget:
        """What can be done to the chosen loan."""
        return padded(row_of(None, self.outside_button, self.receipt_button))

    def shown(self) -> None:
        self.presenter.load()

    def render_state(self, state: LoansState) -> None:
        """Draw what the presenter knows."""
        self.list.set_rows(state.loans)
        self.list.set_loading(state.loading)
        if state.trouble is not None:
            self.list.show_error(message_for(state.trouble))
        if state.loan is not None:
            self.list.select_id(state.loan.id)
        self.detail.render_state(state)
        self.receipt_button.setEnabled(state.loan is not None)
        pages = len(state.loan.document_ids) if state.loan is not None else 0
        self.outside_button.setEnabled(state.loan is not None)
        self.outside_button.set_source("外院诊断书（{count}）" if pages else "外院诊断书", count=pages)

    def closeEvent(self, event: object) -> None:
        self.presenter.close()
        super().closeEvent(event)

    def scanned(self, code: str) -> bool:
        return self.presenter.scanned(code)

    def _selected(self, loan: object) -> None:
        now = self.presenter.state.loan
        if loan is not None and loan != now:
            self.presenter.select(loan)  # type: ignore[arg-type]  # rows are loans

    def _outside(self) -> None:
        loan = self.presenter.state.loan
        if loan is not None:
            show_outside(self.desk, loan, lambda _loan: self.presenter.load())

    def _receipt(self) -> None:
        if self.presenter.state.loan is not None:
            show_receipt(self.desk, self.presenter.state.loan.id)


class ReturningPage(_LoansPage):
    """归还管理: what is out; find the loan, tick, give back."""

    only_out = True
    empty = EmptyWords("没有未归还的借阅", "借出后未归还的记录会列在这里。", "check_circle")
    _has_reminded = False

    def shown(self) -> None:
        super().shown()
        if not self._has_reminded:
            self._has_reminded = True
            place = self.desk.place
            call = place.connection.call
            place.runner.run(lambda: call(CountLoans()), self._remind, lambda _error: None, key="pathology.loans.due")

    def _remind(self, counts: LoanCounts) -> None:
        """What is overdue is told when the page is first shown (PA-SM-LOAN-03)."""
        if counts.overdue and self.presenter.is_open:
            words = tr("有 {count} 份借阅已逾期，请催还。", count=counts.overdue)
            self.desk.place.messages.say(words, Tone.WARNING)

    def head(self) -> QWidget:
        self.search = SearchBox([Option("any", "借阅登记号或借阅人")])
        self.search.searched.connect(lambda _mode, text: self.presenter.find_text(text))
        return padded(self.search)

    def below(self) -> QWidget:
        self.form = FormView(
            [
                Section(
                    "",
                    (
                        TextField(key="diagnosis", label="外院诊断", max_length=2000, span=3),
                        TextField(key="refund", label="退还押金（元）", initial="0", check=yuan_problem, max_length=12),
                        TextField(key="note", label="备注", max_length=200, span=2),
                    ),
                )
            ],
            columns=3,
        )
        self.form.submitted.connect(self._give_back)
        self.back_button = Button("归还", "primary", "download", on_click=self.form.submit)
        self.extend_button = Button("延期…", "", "clock", on_click=self._extend)
        self.lost_button = Button("遗失…", "danger", "alert", on_click=self._lost)
        return padded(self.form, row_of(self.extend_button, self.lost_button, None, self.back_button))

    def render_state(self, state: LoansState) -> None:
        super().render_state(state)
        allowed = state.loan.allowed if state.loan is not None else ()
        self.back_button.setEnabled(LoanAction.RETURN in allowed and bool(state.ticked))
        self.extend_button.setEnabled(LoanAction.EXTEND in allowed)
        self.lost_button.setEnabled(LoanAction.REPORT_LOST in allowed and bool(state.ticked))

    def _give_back(self) -> None:
        values = self.form.values()
        refund = fen_of(values["refund"]) or 0
        self.presenter.give_back(values["diagnosis"], refund, values["note"], self.form.clear)

    def _extend(self) -> None:
        loan = self.presenter.state.loan
        if loan is not None:
            form = extend_form(loan.due_day, self.presenter.extend, self.desk.close_panel)
            self.desk.show_panel("延长借期", form, 320)

    def _lost(self) -> None:
        self.desk.show_panel("遗失", lost_form(self.presenter.report_lost, self.desk.close_panel), 320)


class BrowsingPage(_LoansPage):
    """借阅信息浏览: every loan, by combined conditions."""

    def head(self) -> QWidget:
        self.form = FormView(
            [
                Section(
                    "",
                    (
                        DateField(key="lent_from", label="借阅日期从"),
                        DateField(key="lent_to", label="借阅日期到"),
                        TextField(key="case_number", label="病理号", max_length=24),
                        TextField(key="loan_number", label="借阅登记号", max_length=24),
                        DateField(key="returned_from", label="归还日期从"),
                        DateField(key="returned_to", label="归还日期到"),
                        TextField(key="borrower", label="借阅人", max_length=32),
                    ),
                )
            ],
            columns=4,
        )
        self.form.submitted.connect(self._find)
        self.states = ChipFilter(
            [Option(state.value, LOAN_STATES[state].zh, look=LOAN_LOOKS[state]) for state in LoanState]
        )
        self.states.changed.connect(lambda _keys: self._find())
        self.query = Button("查询", "primary", "search", on_click=self.form.submit)
        self.clear_button = Button("清空", "", on_click=self._clear)
        self.detail.items.set_column_visible("tick", False)  # nothing is done to items here
        chips = row_of(self.states, self.clear_button, self.query)
        chips.setStretch(0, 1)
        return padded(self.form, chips)

    def foot(self) -> QWidget:
        self.list_button = Button("打印清单", "", "list", on_click=self._print_list)
        return padded(row_of(self.list_button, None, self.outside_button, self.receipt_button))

    def _find(self) -> None:
        values = self.form.values()
        states = tuple(LoanState(key) for key in self.states.chosen)
        self.presenter.find(LoanFilter(**values, states=states))

    def _print_list(self) -> None:
        show_loan_list(self.desk, self.presenter.state.filter)

    def _clear(self) -> None:
        self.form.clear()
        self.states.set_chosen(())
        self._find()


def _release(presenter: LoansPresenter) -> None:
    presenter.close()
