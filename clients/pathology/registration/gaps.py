"""漏编号查找: numbers of a range that no case has (PA-NUM-05); a free one can be taken for the new registration."""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout, QWidget

from clients.kit.fields import Section, TextField
from clients.kit.forms import FormView
from clients.kit.labels import Button, Label
from clients.kit.lists import ListView
from clients.kit.messages import message_for
from clients.kit.paging import Column, EmptyWords
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from clients.pathology.desk import Desk
from shared.contract.pathology import FindGaps, NumberGap

_COLUMNS = (
    Column("number", "病理号", 120, strong=True, sort=False),
    Column("why", "说明", 0, value=lambda gap: tr(_why(gap)), sort=False),
)


class GapsPanel(QWidget):
    """From a number to a number; a double click copies a free one into a new registration."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._is_open = True
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 12, 0, 12)
        box.setSpacing(8)
        self.form = FormView(
            [
                Section(
                    "",
                    [
                        TextField(key="first", label="起始病理号", required=True, max_length=24),
                        TextField(key="last", label="结束病理号", required=True, max_length=24),
                    ],
                )
            ],
            columns=2,
        )
        self.form.setContentsMargins(16, 0, 16, 0)
        self.form.submitted.connect(self.search)
        box.addWidget(self.form)
        self.button = Button("查找", "primary", "search", on_click=self.form.submit)
        inner = QVBoxLayout()
        inner.setContentsMargins(16, 0, 16, 0)
        inner.addWidget(self.button)
        self.words = Label("双击未使用的号码，用于新的登记。", "quiet", wrap=True)
        inner.addWidget(self.words)
        box.addLayout(inner)
        self.list = ListView(
            _COLUMNS,
            row_id=lambda gap: gap.number,
            empty=EmptyWords("没有漏编号", "填写号码范围后查找。", "search"),
        )
        self.list.setMinimumHeight(280)
        self.list.set_rows(())
        self.list.activated.connect(self.take)
        box.addWidget(self.list, 1)

    def search(self) -> None:
        """Ask the server."""
        place = self._desk.place
        request = FindGaps(first=self.form.value("first").upper(), last=self.form.value("last").upper())
        self.button.setEnabled(False)
        place.runner.run(lambda: place.connection.call(request), self._came, self._failed, key="pathology.gaps")

    def take(self, gap: NumberGap) -> None:
        """Use a free number for the new registration that lies on the desk, or for one begun now."""
        if not gap.is_free:
            self._desk.place.messages.say(tr("这个号码的材料还在，不能再次使用。"), Tone.WARNING)
            return
        desk = self._desk
        if not desk.is_new:
            desk.new_case()
        if desk.is_new:
            desk.wanted_number.ring(gap.number)
            desk.close_panel()

    def closeEvent(self, event: object) -> None:
        self._is_open = False
        super().closeEvent(event)  # type: ignore[arg-type]

    def _came(self, gaps: tuple[NumberGap, ...]) -> None:
        if self._is_open:
            self.button.setEnabled(True)
            self.words.set_source("找到 {count} 个漏编号；双击未使用的号码，用于新的登记。", count=len(gaps))
            self.list.set_rows(gaps)

    def _failed(self, error: Exception) -> None:
        if self._is_open:
            self.button.setEnabled(True)
            message = message_for(error)
            field = message.field if message.field in self.form.rows else "last"
            self.form.show_problems({field: message.text})


def _why(gap: NumberGap) -> str:
    if not gap.is_free:
        return "病例已删除，材料还在"
    return "病例已删除，可再次使用" if gap.was_deleted else "从未登记"
