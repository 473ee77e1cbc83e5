"""技术医嘱 and 特检医嘱: blocks ticked, kind and markers chosen (PA-DX-14 to -16, PA-SPT-01)."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QVBoxLayout, QWidget

from clients.kit.choosing import Option, SegmentedControl
from clients.kit.fields import NumberField, Section, SwitchField, TextField
from clients.kit.forms import FormView
from clients.kit.labels import Button, Label, hairline
from clients.kit.messages import message_for
from clients.kit.panels import scrolling
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from clients.pathology.desk import Desk
from clients.pathology.orders.feedback import CaseOrders
from clients.pathology.orders.looks import KINDS_OF
from clients.pathology.orders.marker_picker import MarkerPicker
from clients.pathology.orders.room import OrderScreen
from shared.contract.pathology import CaseDetails
from shared.contract.pathology_orders import OrderView, PlaceOrders
from shared.contract.pathology_templates import ListMarkers, MarkerBook, MarkerKind
from shared.domain.pathology import BLOCK_STATES, ORDER_KINDS, BlockState, OrderKind, SpecimenState

_CUTTABLE = (BlockState.TO_SECTION, BlockState.SECTIONED, BlockState.ARCHIVED)
_MARKERS = {
    OrderKind.IMMUNO: MarkerKind.IHC,
    OrderKind.SPECIAL_STAIN: MarkerKind.SPECIAL_STAIN,
    OrderKind.MOLECULAR: MarkerKind.MOLECULAR,
}


class PlacingWindow(OrderScreen):
    """`what` is technical or special. Ctrl+Enter places the order."""

    def __init__(self, desk: Desk, what: str) -> None:
        super().__init__(desk)
        self.what = what
        self._busy = False
        self._book = MarkerBook(markers=(), panels=())
        kinds = KINDS_OF[what]
        self.kind = SegmentedControl([Option(kind.value, ORDER_KINDS[kind].zh) for kind in kinds])
        self.kind.chosen.connect(lambda _key: self._kind_chosen())
        self.boxes: dict[tuple[str, int], QCheckBox] = {}
        self._pieces = QWidget()
        self._pieces_box = QVBoxLayout(self._pieces)
        self._pieces_box.setContentsMargins(8, 4, 8, 4)
        self._pieces_box.setSpacing(6)
        self.picker = MarkerPicker()
        self.form = FormView(
            [
                Section(
                    "",
                    [
                        NumberField(key="count", label="张数", minimum=1, maximum=50, initial=1),
                        TextField(key="note", label="备注", max_length=500),
                        SwitchField(key="urgent", label="加急"),
                    ],
                )
            ],
            columns=3,
        )
        self.place_button = Button("开立医嘱（Ctrl+Enter）", "primary", "submit", on_click=self.place)
        self.orders = CaseOrders(desk, kinds)
        self._arrange()
        for key in ("Ctrl+Return", "Ctrl+Enter"):
            shortcut = QShortcut(QKeySequence(key), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(self.place)
        self.until_closed(desk.changed.listen(self._show_case))
        self.until_closed(desk.opened.listen(self._show_case))
        if desk.details is not None:
            self._show_case(desk.details)
        self._kind_chosen()
        if what == "special":
            self.ask(ListMarkers(), self._book_came, "markers")

    def place(self) -> None:
        """开立医嘱 for everything that is ticked."""
        case = self.desk.case
        if case is None or self._busy or not self.form.validate():
            return
        kind, values = OrderKind(self.kind.current), self.form.values()
        blocks = tuple(key for (name, key), box in self.boxes.items() if name == "block" and box.isChecked())
        specimens = [key for (name, key), box in self.boxes.items() if name == "specimen" and box.isChecked()]
        regrossing = kind is OrderKind.REGROSSING
        request = PlaceOrders(
            case_id=case.id,
            kind=kind,
            block_ids=() if regrossing else blocks,
            specimen_id=specimens[0] if specimens and not blocks and not regrossing else None,
            markers=tuple(self.picker.markers) if kind in _MARKERS else (),
            panels=tuple(self.picker.panels) if kind in _MARKERS else (),
            count=int(values["count"] or 1),
            note=str(values["note"] or ""),
            is_urgent=bool(values["urgent"]),
        )
        self._busy = True
        self.place_button.setEnabled(False)
        self.ask(request, self._placed, failed=self._refused)

    def closeEvent(self, event: object) -> None:
        self.orders.close_screen()
        super().closeEvent(event)  # type: ignore[arg-type]

    # ── parts ────────────────────────────────────────────────────────────────────────────────────────

    def _arrange(self) -> None:
        left = QVBoxLayout()
        left.setSpacing(6)
        head = QHBoxLayout()
        self.pieces_title = Label("蜡块", "strong")
        head.addWidget(self.pieces_title)
        head.addStretch(1)
        self.all_button = Button("全选", "link", on_click=self._tick_all)
        head.addWidget(self.all_button)
        left.addLayout(head)
        left.addWidget(scrolling(self._pieces), 1)
        upper = QHBoxLayout()
        upper.setSpacing(16)
        upper.addLayout(left, 2)
        if self.what == "special":
            upper.addWidget(self.picker, 3)
        box = QVBoxLayout(self)
        box.setContentsMargins(16, 12, 16, 12)
        box.setSpacing(8)
        row = QHBoxLayout()
        row.addWidget(self.kind)
        row.addStretch(1)
        box.addLayout(row)
        box.addLayout(upper, 3)
        foot = QHBoxLayout()
        foot.setSpacing(12)
        foot.addWidget(self.form, 1)
        foot.addWidget(self.place_button, 0, Qt.AlignmentFlag.AlignBottom)
        box.addLayout(foot)
        box.addWidget(hairline())
        box.addWidget(self.orders, 2)

    def _show_case(self, details: CaseDetails) -> None:
        ticked = {key for key, box in self.boxes.items() if box.isChecked()}
        while (item := self._pieces_box.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.deleteLater()
        self.boxes = {}
        for block in details.grossing.blocks:
            can = block.state in _CUTTABLE
            state = "" if block.state is BlockState.SECTIONED else f"（{tr(BLOCK_STATES[block.state].zh)}）"
            self._add_box(("block", block.id), f"{block.label}  {block.site}{state}", can, ticked)
        if self.what == "special":
            for specimen in details.specimens if not details.grossing.blocks else ():
                can = specimen.state is not SpecimenState.REJECTED
                self._add_box(("specimen", specimen.id), f"{specimen.number}  {specimen.entry.name}", can, ticked)
        usable = [box for box in self.boxes.values() if box.isEnabled()]
        if len(usable) == 1:
            usable[0].setChecked(True)
        if not self.boxes:
            self._pieces_box.addWidget(Label("该病例还没有蜡块", "quiet"))
        self._pieces_box.addStretch(1)

    def _add_box(self, key: tuple[str, int], words: str, can: bool, ticked: set[tuple[str, int]]) -> None:
        box = QCheckBox(words.replace("&", "&&"))
        box.setEnabled(can)
        box.setChecked(can and key in ticked)
        box.setToolTip(words if can else tr("未包埋或不在科内的蜡块不能开立医嘱"))
        self.boxes[key] = box
        self._pieces_box.addWidget(box)

    def _tick_all(self) -> None:
        usable = [box for box in self.boxes.values() if box.isEnabled()]
        on = not all(box.isChecked() for box in usable)
        for box in usable:
            box.setChecked(on)

    def _kind_chosen(self) -> None:
        kind = OrderKind(self.kind.current)
        regrossing = kind is OrderKind.REGROSSING
        self._pieces.setEnabled(not regrossing)
        self.all_button.setEnabled(not regrossing)
        self.pieces_title.set_source("补取由取材室从剩余标本取材，不选蜡块" if regrossing else "蜡块")
        self.picker.show_book(self._book, _MARKERS.get(kind))
        if kind in _MARKERS:
            self.picker.search.setFocus()

    def _book_came(self, book: MarkerBook) -> None:
        self._book = book
        self.picker.show_book(book, _MARKERS.get(OrderKind(self.kind.current)))

    def _placed(self, orders: tuple[OrderView, ...]) -> None:
        self._ready()
        self.desk.place.messages.say(tr("已开立 {count} 条医嘱", count=len(orders)), Tone.SUCCESS)
        self.picker.clear()
        self.form.clear()
        self.orders.refresh()
        self.desk.reload()

    def _refused(self, error: Exception) -> None:
        self._ready()
        message = message_for(error)
        if message.field in ("count", "note"):
            self.form.show_problems({message.field: message.text})
        else:
            self.desk.place.messages.report(error)

    def _ready(self) -> None:
        self._busy = False
        self.place_button.setEnabled(True)
