"""What else this system knows of the patient: orders, pathology and laboratory reports (RIS-RPD-03 to -05)."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QTextBrowser, QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from clients.diagnosis.words import history_words
from clients.kit.labels import Button, Label
from clients.kit.paging import local_time
from clients.kit.states import EXAM_LOOKS
from clients.kit.translations import language, tr
from shared.contract.reporting import HistoryRow, OtherOrder, RelatedView
from shared.domain.rich_text import spelled


class PapersPanel(QWidget):
    """A tree of papers, the chosen one below it, and a button that puts its words into the report."""

    insert_wanted = Signal(str)
    """words for the text that was used last."""

    def __init__(self) -> None:
        super().__init__()
        self._shown: tuple[object, ...] = (None,)
        self.tree = QTreeWidget()
        self.tree.setHeaderHidden(True)
        self.tree.setWordWrap(True)
        self.text = QTextBrowser()
        self.text.setOpenLinks(False)
        self.insert_button = Button("插入所选", "", "add", on_click=self._insert)
        self.insert_button.setEnabled(False)
        self.tree.currentItemChanged.connect(self._on_current)
        row = QHBoxLayout()
        row.addWidget(Label("其他资料", "strong"))
        row.addStretch(1)
        row.addWidget(self.insert_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.setSpacing(8)
        layout.addLayout(row)
        layout.addWidget(self.tree, 2)
        layout.addWidget(self.text, 1)

    def show_related(self, related: RelatedView | None) -> None:
        """Show the papers of a patient; None while they load."""
        if (related, language()) == self._shown:
            return
        self._shown = (related, language())
        self.tree.clear()
        self.text.clear()
        self.insert_button.setEnabled(False)
        if related is None:
            return
        for title, papers, nothing in (
            ("医嘱", related.orders, "没有其他医嘱"),
            ("病理报告", related.pathology, "本系统中没有该患者的病理报告"),
            ("检验报告", related.laboratory, "本系统中没有该患者的检验报告"),
        ):
            group = QTreeWidgetItem(self.tree, [f"{tr(title)}  {len(papers)}"])
            group.setFlags(Qt.ItemFlag.ItemIsEnabled)
            group.setExpanded(True)
            for paper in papers:
                item = QTreeWidgetItem(group, [_line(paper)])
                item.setToolTip(0, _line(paper))
                item.setData(0, Qt.ItemDataRole.UserRole, paper)
            if not papers:
                empty = QTreeWidgetItem(group, [tr(nothing)])
                empty.setFlags(Qt.ItemFlag.NoItemFlags)

    def _paper(self) -> OtherOrder | HistoryRow | None:
        item = self.tree.currentItem()
        found = item.data(0, Qt.ItemDataRole.UserRole) if item is not None else None
        return found if isinstance(found, (OtherOrder, HistoryRow)) else None

    def _on_current(self, *_: object) -> None:
        paper = self._paper()
        self.insert_button.setEnabled(paper is not None)
        self.text.setPlainText("" if paper is None else _words(paper))

    def _insert(self) -> None:
        paper = self._paper()
        if paper is not None:
            self.insert_wanted.emit(_words(paper))


def _line(paper: OtherOrder | HistoryRow) -> str:
    if isinstance(paper, HistoryRow):
        return history_words(paper)
    look = EXAM_LOOKS.get(paper.state)
    state = tr(look.text) if look is not None else tr("待登记")
    return "  ".join(part for part in (local_time(paper.requested_at), paper.exam_type, paper.items, state) if part)


def _words(paper: OtherOrder | HistoryRow) -> str:
    if isinstance(paper, HistoryRow):
        return "\n".join(part for part in (spelled(paper.findings), spelled(paper.impression)) if part)
    facts = (
        (tr("检查项目"), paper.items),
        (tr("临床诊断"), paper.diagnosis),
        (tr("检查目的"), paper.purpose),
        (tr("请检医生"), paper.requester),
    )
    return "\n".join(f"{label}：{value}" for label, value in facts if value)
