"""TBS descriptors to tick (PA-LBC-02, 03, 06): the set follows the specimen, ticks become text and stay codes."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QGridLayout, QVBoxLayout, QWidget

from clients.kit.labels import ValueLabel
from clients.kit.panels import scrolling
from clients.pathology.templates.choosing_set import set_for
from shared.contract.pathology_templates import DescriptorSet
from shared.domain.pathology_templates.describing import compose, tick


class TickPanel(QWidget):
    """Groups of ticks; `changed` carries findings, diagnosis and the codes after each tick by the user."""

    changed = Signal(str, str, tuple)
    """findings, diagnosis, codes in the order of the set."""

    def __init__(self, columns: int = 3) -> None:
        super().__init__()
        self._columns = columns
        self._set: DescriptorSet | None = None
        self._ticked: frozenset[str] = frozenset()
        self.boxes: dict[str, QCheckBox] = {}
        self._inside = QWidget()
        self._box = QVBoxLayout(self._inside)
        self._box.setContentsMargins(16, 12, 16, 12)
        self._box.setSpacing(6)
        self._box.setSizeConstraint(QVBoxLayout.SizeConstraint.SetMinimumSize)  # no squeezed rows
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scrolling(self._inside))

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes ticked, in the order of the set."""
        groups = self._set.groups if self._set is not None else ()
        return tuple(item.code for group in groups for item in group.items if item.code in self._ticked)

    def show_for(self, sets: Sequence[DescriptorSet], specimen: str, codes: Sequence[str] = ()) -> None:
        """Show the set of a specimen type with codes ticked; codes that the set no longer has are left out."""
        self.show_set(set_for(sets, specimen), codes)

    def show_set(self, one: DescriptorSet | None, codes: Sequence[str] = ()) -> None:
        """Show a set; None shows nothing."""
        self._set = one
        known = {item.code for group in one.groups for item in group.items} if one is not None else set()
        self._ticked = frozenset(codes) & known
        while (item := self._box.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.deleteLater()
        self.boxes = {}
        for group in one.groups if one is not None else ():
            title = ValueLabel(group.title, "strong")
            self._box.addWidget(title)
            holder = QWidget()
            grid = QGridLayout(holder)
            grid.setContentsMargins(8, 0, 0, 8)
            grid.setHorizontalSpacing(16)
            grid.setVerticalSpacing(4)
            for place, one_item in enumerate(group.items):
                box = QCheckBox(one_item.text.replace("&", "&&"))
                box.setToolTip(one_item.report_text or one_item.text)
                box.setChecked(one_item.code in self._ticked)
                box.clicked.connect(_Tick(self, one_item.code))
                self.boxes[one_item.code] = box
                grid.addWidget(box, place // self._columns, place % self._columns)
            for column in range(self._columns):
                grid.setColumnStretch(column, 1)
            self._box.addWidget(holder)
        self._box.addStretch(1)

    def tick(self, code: str) -> None:
        """Tick as the user does: of an exclusive group the others go off."""
        if self._set is None:
            return
        self._ticked = tick(self._set.groups, self._ticked, code)
        for known, box in self.boxes.items():
            box.setChecked(known in self._ticked)
        findings, diagnosis = compose(self._set.groups, self._ticked)
        self.changed.emit(findings, diagnosis, self.codes)


class _Tick:
    def __init__(self, panel: TickPanel, code: str) -> None:
        self._panel, self._code = panel, code

    def __call__(self, _checked: bool = False) -> None:
        self._panel.tick(self._code)
