"""The left panel: what can be put onto films."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QListWidget, QListWidgetItem, QSpinBox, QVBoxLayout

from clients.kit.labels import Button, Label
from clients.kit.theme import current_theme
from clients.kit.translations import tr
from clients.viewer.film.controller import FilmDesk
from clients.viewer.film.model import cell_of_image
from clients.viewer.study import Stack
from clients.viewer.viewport.corner_texts import date_text, person_name

WIDTH = 190


class SourcePanel(QFrame):
    """Series of the open studies, and buttons that add them."""

    def __init__(self, films: FilmDesk) -> None:
        super().__init__()
        self._films = films
        self.setObjectName("film.source")
        self.setFixedWidth(current_theme().px(WIDTH))
        self.series = QListWidget()
        self.series.setObjectName("film.series")
        self.series.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.series.setWordWrap(True)
        self.series.currentRowChanged.connect(self._on_row)
        self.number, self.every = QSpinBox(), QSpinBox()
        self.number.setMinimum(1)
        self.every.setRange(1, 99)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 10, 12, 10)
        column.setSpacing(6)
        column.addWidget(Label("可添加的序列", "strong"))
        column.addWidget(self.series, 1)
        for text, box in (("图像序号", self.number), ("取图间隔", self.every)):
            row = QHBoxLayout()
            row.addWidget(Label(text), 1)
            box.setFixedWidth(current_theme().px(64))
            row.addWidget(box)
            column.addLayout(row)
        self.buttons = {
            "image": Button("添加图片", on_click=self._add_image),
            "series": Button("添加序列", on_click=self._add_series),
            "exam": Button("添加检查", on_click=self._add_exam),
            "current": Button("添加当前图像 (F6)", on_click=films.add_current),
        }
        for button in self.buttons.values():
            column.addWidget(button)
        self._stacks: tuple[Stack, ...] = ()
        self.fill()

    def fill(self) -> None:
        """The series that there are now; the one of the selected viewport is chosen."""
        session = self._films.desk.session
        self._stacks = session.stacks
        several = len(session.studies) > 1
        self.series.clear()
        for stack in self._stacks:
            number = f"S{stack.series.number}" if stack.series.number is not None else "S–"
            text = f"{number} {stack.series.modality} {stack.series.description} ({len(stack)})"
            if several:
                study = stack.study
                text += f"\n{person_name(study.patient_name)} {date_text(study.study_date)}"
            item = QListWidgetItem(text)
            item.setToolTip(text)
            self.series.addItem(item)
        active = session.active_viewport.stack
        row = next((n for n, stack in enumerate(self._stacks) if stack is active), 0)
        self.series.setCurrentRow(row if self._stacks else -1)
        for button in self.buttons.values():
            button.setEnabled(bool(self._stacks))

    @property
    def chosen(self) -> Stack | None:
        row = self.series.currentRow()
        return self._stacks[row] if 0 <= row < len(self._stacks) else None

    def _on_row(self, _row: int) -> None:
        stack = self.chosen
        if stack is not None:
            self.number.setMaximum(len(stack))
            self.number.setToolTip(tr("1 到 {n}", n=len(stack)))

    def _add_image(self) -> None:
        stack = self.chosen
        if stack is not None:
            self._films.add([cell_of_image(stack, self.number.value() - 1)])

    def _add_series(self) -> None:
        self._films.add_series(self.chosen, self.every.value())

    def _add_exam(self) -> None:
        self._films.add_exam(self.chosen, self.every.value())
