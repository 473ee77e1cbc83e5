"""One loan at the side: who, until when, what of it is out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from clients.kit.labels import Label, ValueLabel
from clients.kit.paging import EmptyWords, local_time
from clients.kit.translations import tr
from clients.pathology.archive.lists import LOAN_ITEM_COLUMNS, TickList
from clients.pathology.archive.loans import LoansPresenter, LoansState, overdue_days
from clients.pathology.registration.money import yuan_of
from shared.contract.pathology_keeping import LoanItemView, LoanView


def _joined(*words: str) -> str:
    return "  ".join(word for word in words if word)


def _money(loan: LoanView) -> str:
    words = yuan_of(loan.deposit_fen)
    return f"{words}  {tr('已退 {amount}', amount=yuan_of(loan.refund_fen))}" if loan.refund_fen else words


_ROWS: tuple[tuple[str, Callable[[LoanView], str]], ...] = (
    ("借阅人", lambda loan: _joined(loan.borrower.name, loan.borrower.relation)),
    ("联系电话", lambda loan: _joined(loan.borrower.phone, loan.borrower.id_number)),
    ("借往单位", lambda loan: loan.borrower.unit),
    ("借阅用途", lambda loan: loan.purpose),
    ("借阅日期", lambda loan: _joined(local_time(loan.lent_at), loan.lent_by)),
    ("归还期限", lambda loan: loan.due_day.isoformat()),
    ("归还日期", lambda loan: local_time(loan.closed_at)),
    ("押金（元）", _money),
    ("外院诊断", lambda loan: loan.outside_diagnosis),
    ("备注", lambda loan: loan.note.replace("\n", "；")),
)


class LoanDetail(QWidget):
    """The chosen loan; its items can be ticked."""

    def __init__(self, presenter: LoansPresenter) -> None:
        super().__init__()
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(4)
        self.title = Label("", "title")
        self.title.setContentsMargins(16, 8, 16, 0)
        self.overdue = Label("", "error")
        self.overdue.setContentsMargins(16, 0, 16, 0)
        box.addWidget(self.title)
        box.addWidget(self.overdue)
        grid = QGridLayout()
        grid.setContentsMargins(16, 0, 16, 4)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(3)
        grid.setColumnStretch(1, 1)
        self.rows: list[tuple[Label, ValueLabel]] = []
        for at, (word, _value) in enumerate(_ROWS):
            label = ValueLabel("")
            caption = Label(word, "caption")
            grid.addWidget(caption, at, 0)
            grid.addWidget(label, at, 1)
            self.rows.append((caption, label))
        box.addLayout(grid)
        self.items = TickList(
            LOAN_ITEM_COLUMNS,
            _item_id,
            presenter.tick,
            empty=EmptyWords("请选择借阅记录", "材料明细显示在这里。", "archive"),
        )
        box.addWidget(self.items, 1)
        self.render_state(LoansState())

    def render_state(self, state: LoansState) -> None:
        """Draw the chosen loan."""
        loan = state.loan
        self.title.setText(loan.number if loan is not None else "")
        days = overdue_days(loan, date.today()) if loan is not None else 0
        self.overdue.set_source("已逾期 {days} 天" if days else "", days=days)
        self.overdue.setVisible(bool(days))
        self.title.setVisible(loan is not None)
        for (caption, label), (_word, value) in zip(self.rows, _ROWS, strict=True):
            words = value(loan) if loan is not None else ""
            label.set_text(words)
            label.setVisible(bool(words))
            caption.setVisible(bool(words))
        self.items.set_ticked(state.ticked)
        self.items.set_rows(loan.items if loan is not None else ())


def _item_id(item: LoanItemView) -> int:
    return item.id
