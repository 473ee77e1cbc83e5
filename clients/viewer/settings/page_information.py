"""Page of the corner texts: which items stand where, their size and colour, and whether films take them over."""

from __future__ import annotations

import functools
from dataclasses import replace

from PySide6.QtGui import QColor
from PySide6.QtWidgets import (
    QColorDialog,
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from clients.kit.choosing import Switch
from clients.kit.labels import IconButton, Label
from clients.kit.theme import current_theme
from clients.kit.translations import tr
from clients.viewer import colours
from clients.viewer.settings.page import Context, Page
from clients.viewer.viewport.corner_texts import element_name
from clients.viewer.viewport.information import CORNERS, DICOM, FONT_SIZES, ITEMS, Information, is_item

CORNER_NAMES = {"top_left": "左上角", "top_right": "右上角", "bottom_left": "左下角", "bottom_right": "右下角"}
ELEMENTS: tuple[str, ...] = (
    "ProtocolName",
    "BodyPartExamined",
    "SliceThickness",
    "SpacingBetweenSlices",
    "KVP",
    "XRayTubeCurrent",
    "Exposure",
    "ConvolutionKernel",
    "RepetitionTime",
    "EchoTime",
    "FlipAngle",
    "MagneticFieldStrength",
    "DiffusionBValue",
    "ContrastBolusAgent",
    "AcquisitionDate",
    "AcquisitionTime",
    "AccessionNumber",
    "StationName",
    "Manufacturer",
    "ReferringPhysicianName",
    "OperatorsName",
    "PatientWeight",
)


class InformationPage(Page):
    """What the four corners say (VW-SET-02 to -05)."""

    key, title = "information", "信息显示"

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.lists: dict[str, QListWidget] = {}
        grid = QGridLayout()
        grid.setSpacing(12)
        for n, corner in enumerate(CORNERS):
            grid.addWidget(self._corner(corner), n // 2, n % 2)
        self.column.addLayout(grid)
        self.note(
            "患者姓名总会显示；有损压缩、层面缺失等警告不受这里影响。其他 DICOM 项目可输入关键字或 (组,元素) 编号。"
        )
        size = QSpinBox()
        size.setRange(FONT_SIZES[0] - 1, FONT_SIZES[1])
        size.setSpecialValueText(tr("自动"))
        size.setSuffix(" px")
        size.setMinimumWidth(current_theme().px(120))
        size.setValue(self._now.font_px or FONT_SIZES[0] - 1)
        size.valueChanged.connect(lambda px: self._put(replace(self._now, font_px=px if px >= FONT_SIZES[0] else 0)))
        self.size_box = size
        self.row("字号", size)
        self.colour = QPushButton()
        self.colour.setMinimumWidth(current_theme().px(120))
        self.colour.clicked.connect(self._ask_colour)
        standard = QPushButton(tr("默认颜色"))
        standard.clicked.connect(lambda: self.set_colour(""))
        both = QWidget()
        line = QHBoxLayout(both)
        line.setContentsMargins(0, 0, 0, 0)
        line.addWidget(self.colour)
        line.addWidget(standard)
        self.row("颜色", both)
        self.film = Switch("", checked=context.preferences.film)
        self.film.toggled.connect(self._set_film)
        self.row("同步至胶片打印", self.film)
        reset = QPushButton(tr("恢复默认"))
        reset.clicked.connect(self._reset)
        self.row("", reset)
        self.column.addStretch(1)
        self._fill()

    @property
    def _now(self) -> Information:
        return self.context.preferences.information

    def _corner(self, corner: str) -> QWidget:
        """Heading, list of items, and what can be done with them."""
        box = QWidget()
        column = QVBoxLayout(box)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        head = QHBoxLayout()
        head.addWidget(Label(CORNER_NAMES[corner], "strong"), 1)
        for icon, hint, call in (
            ("arrow_up", "上移", functools.partial(self._move, corner, -1)),
            ("arrow_down", "下移", functools.partial(self._move, corner, 1)),
            ("close", "移除", functools.partial(self._remove, corner)),
        ):
            head.addWidget(IconButton(icon, hint, on_click=call))
        column.addLayout(head)
        items = QListWidget()
        items.setObjectName(f"corner.{corner}")
        items.setFixedHeight(current_theme().px(104))
        self.lists[corner] = items
        column.addWidget(items)
        adding = QComboBox()
        adding.setObjectName(f"corner.{corner}.add")
        adding.setEditable(True)
        adding.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        adding.addItem(tr("添加项目…"), "")
        for item, text in ITEMS.items():
            adding.addItem(tr(text), item)
        for keyword in ELEMENTS:
            adding.addItem(element_name(keyword), DICOM + keyword)
        line = adding.lineEdit()
        assert line is not None
        line.returnPressed.connect(lambda: self.add_typed(corner, adding))
        adding.activated.connect(lambda _row: self._picked(corner, adding))
        column.addWidget(adding)
        return box

    def _picked(self, corner: str, box: QComboBox) -> None:
        item = str(box.currentData() or "")
        box.setCurrentIndex(0)
        if item:
            self.add(corner, item)

    def add_typed(self, corner: str, box: QComboBox) -> None:
        """A DICOM keyword or a tag was typed; tells when it is none."""
        typed = box.currentText().strip()
        box.setCurrentIndex(0)
        if not typed or typed == tr("添加项目…"):
            return
        known = box.findText(typed)
        item = str(box.itemData(known)) if known > 0 else element_item(typed)
        if item:
            self.add(corner, item)
        else:
            self.context.say(tr("没有名为 {name} 的 DICOM 项目", name=typed))

    def add(self, corner: str, item: str) -> None:
        """Put an item at the end of a corner; from another corner it is moved."""
        corners = {name: tuple(i for i in items if i != item) for name, items in self._now.corners.items()}
        corners[corner] = (*corners[corner], item)
        self._put(replace(self._now, corners=corners))
        self._fill()

    def _remove(self, corner: str) -> None:
        chosen = self.lists[corner].currentRow()
        items = list(self._now.corners[corner])
        if not 0 <= chosen < len(items):
            return
        if items[chosen] == "name":
            self.context.say(tr("患者姓名不能移除，可以添加到另一角"))
            return
        del items[chosen]
        self._put(replace(self._now, corners={**self._now.corners, corner: tuple(items)}))
        self._fill()

    def _move(self, corner: str, by: int) -> None:
        row = self.lists[corner].currentRow()
        items = list(self._now.corners[corner])
        if not (0 <= row < len(items) and 0 <= row + by < len(items)):
            return
        items[row], items[row + by] = items[row + by], items[row]
        self._put(replace(self._now, corners={**self._now.corners, corner: tuple(items)}))
        self._fill()
        self.lists[corner].setCurrentRow(row + by)

    def _ask_colour(self) -> None:
        start = QColor(self._now.colour or colours.TEXT)
        chosen = QColorDialog.getColor(start, self, tr("颜色"))
        if chosen.isValid():
            self.set_colour(chosen.name())

    def set_colour(self, colour: str) -> None:
        """Colour of the texts as #rrggbb; empty: that of the look."""
        self._put(replace(self._now, colour=colour))
        self._fill()

    def _set_film(self, on: bool) -> None:
        self.context.preferences.film = on

    def _reset(self) -> None:
        self._put(Information())
        self.size_box.setValue(FONT_SIZES[0] - 1)
        self._fill()

    def _put(self, information: Information) -> None:
        before = self._now.elements
        self.context.preferences.information = information
        self.context.applying.information()
        if self._now.elements != before:
            self.context.renew_elements()

    def _fill(self) -> None:
        now = self._now
        for corner, items in self.lists.items():
            items.clear()
            for item in now.corners[corner]:
                name = tr(ITEMS[item]) if item in ITEMS else element_name(item.removeprefix(DICOM))
                items.addItem(QListWidgetItem(name))
        colour = now.colour or colours.TEXT
        dark = QColor(colour).lightness() < 128
        self.colour.setText(now.colour or tr("默认"))
        self.colour.setStyleSheet(
            f"background: {colour}; color: {'#ffffff' if dark else '#10161a'};"
            f" border: 1px solid {current_theme().colours.border}; border-radius: 4px; padding: 4px 12px;"
        )


def element_item(typed: str) -> str:
    """The item for a typed DICOM keyword or tag, ``0018,0050`` or ``(0018,0050)``; empty for nonsense."""
    from pydicom.datadict import keyword_for_tag, tag_for_keyword

    bare = typed.strip("() ").replace(",", "").replace(" ", "").lower()
    if len(bare) == 8 and all(c in "0123456789abcdef" for c in bare):
        item = DICOM + (keyword_for_tag(int(bare, 16)) or bare)
    else:
        joined = typed.replace(" ", "")
        item = DICOM + joined if tag_for_keyword(joined) is not None else ""
    return item if is_item(item) else ""
