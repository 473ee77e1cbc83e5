"""A list of the technical room: rows that can be ticked for a batch, a strip for scans, buttons at the foot."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from PySide6.QtCore import QEvent, QModelIndex, Qt
from PySide6.QtGui import QHideEvent, QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from clients.kit.coalescing import Coalesced
from clients.kit.labels import Button, Label, hairline
from clients.kit.lists import ListView
from clients.kit.messages import message_for
from clients.kit.paging import Align, Column, EmptyWords
from clients.pathology.bench.asking import asker
from clients.pathology.bench.strip import GLOVED, SignalStrip
from clients.pathology.desk import Desk
from clients.pathology.preparation.commands import BenchCommands
from shared.contract.base import Changed, Notice
from shared.contract.pathology import CASE_ENTITY

_INSIDE = Qt.ShortcutContext.WidgetWithChildrenShortcut
_TICK = "tick"


class Fetched(NamedTuple):
    """Rows, and the words of their sum."""

    rows: tuple[Any, ...]
    words: str


class WorkList(QWidget):
    """Subclasses say what is fetched, what a scan means and which buttons there are."""

    title = ""
    list_id = ""
    empty = EmptyWords()
    columns: Sequence[Column] = ()

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self.ticked: set[int] = set()
        self._open = True
        self._forget_scans: Callable[[], None] | None = None
        self.strip = SignalStrip()
        self.commands = BenchCommands(desk, self.strip, self.refresh, asker(desk))
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        box.addWidget(self.strip)
        box.addWidget(hairline())
        self.head = QHBoxLayout()
        self.head.setContentsMargins(16, 6, 16, 6)
        self.head.setSpacing(12)
        self.count = Label("", "strong")
        self.head.addWidget(self.count)
        self.head.addStretch(1)
        box.addLayout(self.head)
        tick = Column(
            _TICK, "选", 60, Align.CENTRE, value=lambda row: "☑" if self.id_of(row) in self.ticked else "☐", sort=False
        )
        self.list = ListView(
            (tick, *self.columns),
            row_id=self.id_of,
            settings=desk.place.settings,
            list_id=self.list_id,
            empty=self.empty,
        )
        self.list.set_least_row_height(36)
        self.list.retry.connect(self.load)
        self.list.table.clicked.connect(self._clicked)
        box.addWidget(self.list, 1)
        self.below = QVBoxLayout()
        self.below.setContentsMargins(0, 0, 0, 0)
        box.addLayout(self.below)
        foot = QWidget()
        foot.setProperty("look", "status")
        foot.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        foot.setStyleSheet(GLOVED)
        self.foot = QHBoxLayout(foot)
        self.foot.setContentsMargins(16, 4, 16, 4)
        self.foot.setSpacing(8)
        box.addWidget(foot)
        for keys, act in (("Space", self.tick_current), ("Ctrl+A", self.tick_all), ("Escape", self.strip.acknowledge)):
            where: QWidget = self.list if keys != "Escape" else self
            QShortcut(QKeySequence(keys), where, context=_INSIDE).activated.connect(act)
        self.build()
        self._soon = Coalesced(self.load, self)
        desk.place.on_notice(self._heard)
        self.invite()
        self.load()

    # ── for subclasses ───────────────────────────────────────────────────────────────────────────────

    def build(self) -> None:
        """Add buttons and fields."""

    def id_of(self, row: Any) -> int:
        """The id of a row's block, slide or order."""
        raise NotImplementedError

    def fetch(self) -> Callable[[], Fetched]:
        """What gets the rows in a worker thread, with the filter of this moment."""
        raise NotImplementedError

    def scanned(self, code: str) -> None:
        """A barcode was read."""

    def invite(self) -> None:
        """Say what can be scanned."""

    # ── rows ─────────────────────────────────────────────────────────────────────────────────────────

    def load(self) -> None:
        """Get the rows again."""
        place = self.desk.place
        place.runner.run(self.fetch(), self._came, self._failed, key=f"pathology.{self.list_id}")

    def refresh(self) -> None:
        """Get the rows again, soon; many calls in a moment are one."""
        if self._open:
            self._soon.poke()

    @property
    def rows(self) -> tuple[Any, ...]:
        """The rows that are shown."""
        return tuple(self.list.model.row(place) for place in range(self.list.total))

    def chosen(self) -> list[Any]:
        """The ticked rows; without ticks the one under the cursor."""
        ticked = [row for row in self.rows if self.id_of(row) in self.ticked]
        current = self.list.selected_row
        return ticked or ([current] if current is not None else [])

    def tick_current(self) -> None:
        """Tick the row under the cursor, or untick it, and go on to the next."""
        row = self.list.selected_row
        if row is not None:
            self.ticked ^= {self.id_of(row)}
            place = self.list.table.currentIndex().row()
            self._show_ticks()
            if place + 1 < self.list.total:
                self.list.table.selectRow(place + 1)

    def tick_all(self) -> None:
        """Tick every row; when every row is ticked, none."""
        ids = {self.id_of(row) for row in self.rows}
        self.ticked = set() if ids <= self.ticked else ids
        self._show_ticks()

    def select(self, row_id: int) -> Any | None:
        """Put the cursor on a row; None when it is not in the list."""
        for place, row in enumerate(self.rows):
            if self.id_of(row) == row_id:
                self.list.table.selectRow(place)
                return row
        return None

    def button(self, source: str, act: Callable[[], object], look: str = "", icon: str = "") -> Button:
        """A large button at the foot."""
        made = Button(source, look, icon, on_click=act)
        self.foot.addWidget(made)
        return made

    # ── hearing ──────────────────────────────────────────────────────────────────────────────────────

    def showEvent(self, event: QShowEvent) -> None:
        if self._forget_scans is None:
            self._forget_scans = self.desk.place.scanner.listen(self.scanned)
        self.refresh()
        super().showEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        self._stop_scans()
        super().hideEvent(event)

    def closeEvent(self, event: object) -> None:
        self._open = False
        self._stop_scans()
        super().closeEvent(event)  # type: ignore[arg-type]

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange and self._open:
            self.invite()
            self.load()
        super().changeEvent(event)

    def _stop_scans(self) -> None:
        if self._forget_scans is not None:
            self._forget_scans()
            self._forget_scans = None

    def _clicked(self, index: QModelIndex) -> None:
        if index.column() == 0:
            row = self.list.model.row(index.row())
            if row is not None:
                self.ticked ^= {self.id_of(row)}
                self._show_ticks()

    def _show_ticks(self) -> None:
        self.list.table.viewport().update()

    def _heard(self, notice: Notice) -> None:
        if self._open and self.isVisible() and isinstance(notice, Changed) and notice.entity == CASE_ENTITY:
            self._soon.poke()

    def _came(self, fetched: Fetched) -> None:
        if not self._open:
            return
        self.ticked &= {self.id_of(row) for row in fetched.rows}
        self.list.set_rows(fetched.rows)
        self.count.setText(fetched.words)

    def _failed(self, error: Exception) -> None:
        if self._open:
            self.list.show_error(message_for(error))
