"""Several records that a fetch found: which one is it?"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtWidgets import QVBoxLayout, QWidget

from clients.kit.labels import Label
from clients.kit.lists import ListView
from clients.kit.paging import Column
from clients.pathology.shell.columns import sex_and_age
from shared.contract.pathology import FetchedPatient

_COLUMNS = (
    Column("name", "姓名", 80, value=lambda found: found.entry.patient_name, strong=True, sort=False),
    Column("sex_age", "性别年龄", 80, value=lambda found: sex_and_age(found.entry), sort=False),
    Column("department", "送检科室", 90, value=lambda found: found.entry.department, sort=False),
    Column("source", "来源", 0, sort=False),
)


class FoundPanel(QWidget):
    """A double click or Enter takes a record."""

    def __init__(self, found: Sequence[FetchedPatient], take: Callable[[FetchedPatient], None]) -> None:
        super().__init__()
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 12, 0, 12)
        words = Label("找到多条记录，双击或按回车选择一条。", "quiet", wrap=True)
        words.setContentsMargins(16, 0, 16, 0)
        box.addWidget(words)
        rows = list(found)
        self.list = ListView(_COLUMNS, row_id=rows.index)
        self.list.setMinimumHeight(320)
        self.list.set_rows(rows)
        self.list.activated.connect(take)
        box.addWidget(self.list, 1)
