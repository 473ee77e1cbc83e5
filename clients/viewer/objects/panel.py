"""The side panel of objects: what the open studies hold beside images, what lies over them, and fusion."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QPixmap
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QSlider,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from clients.kit.theme import current_theme
from clients.kit.translations import tr
from clients.viewer.objects.book import Dose, ObjectBook
from clients.viewer.objects.fusion import PALETTE_NAMES, FusionBook
from clients.viewer.objects.registry import NAMES, OVER_IMAGES, Kind, kind_of
from clients.viewer.study import ObjectDescription, Stack
from clients.viewer.viewport.corner_texts import date_text
from shared.imaging.lut import VoiFunction, Window
from shared.imaging.presentation import PresentationState
from shared.imaging.radiotherapy import StructureSet
from shared.imaging.segmentation import Segmentation

MOST_OPEN = 40  # an object of more parts is opened by hand
UID, PART = Qt.ItemDataRole.UserRole, Qt.ItemDataRole.UserRole + 1


class ObjectsPanel(QWidget):
    """Reports intentions; `refresh` draws the state."""

    opened = Signal(str)
    """A document or an object over images that is not loaded yet: SOP Instance UID."""
    switched = Signal(str, bool)
    """An object over images on or off."""
    part_switched = Signal(str, int, bool)
    """A segment or structure on or off."""
    fusion_wanted = Signal(int)
    """Lay the n-th candidate over the selected viewport's series."""
    fusion_ended = Signal()

    def __init__(self, book: ObjectBook, fusion: FusionBook) -> None:
        super().__init__()
        self._book, self._fusion = book, fusion
        self._shown: tuple[object, ...] = ()
        self.tree = QTreeWidget()
        self.tree.setObjectName("objects.tree")
        self.tree.setHeaderHidden(True)
        self.tree.setIndentation(14)
        self.tree.header().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.tree.itemChanged.connect(self._on_changed)
        self.tree.itemActivated.connect(self._on_activated)
        self.tree.itemClicked.connect(self._on_activated)
        self.empty = QLabel()
        self.empty.setWordWrap(True)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.opacity = QSlider(Qt.Orientation.Horizontal)
        self.opacity.setRange(0, 100)
        self.opacity.valueChanged.connect(lambda value: setattr(self._book, "opacity", value / 100))
        self.filled, self.shutters, self.overlays = QCheckBox(), QCheckBox(), QCheckBox()
        self.filled.toggled.connect(lambda on: setattr(self._book, "filled", on))
        self.shutters.toggled.connect(lambda on: setattr(self._book, "shutters", on))
        self.overlays.toggled.connect(lambda on: setattr(self._book, "overlays", on))
        self._build_fusion()
        box = QVBoxLayout(self)
        box.setContentsMargins(12, 4, 12, 12)
        box.setSpacing(8)
        box.addWidget(self.empty)
        box.addWidget(self.tree, 1)
        row = QHBoxLayout()
        self._opacity_label = QLabel()
        row.addWidget(self._opacity_label)
        row.addWidget(self.opacity, 1)
        box.addLayout(row)
        for check in (self.filled, self.shutters, self.overlays):
            box.addWidget(check)
        box.addSpacing(8)
        box.addWidget(self._fusion_title)
        box.addWidget(self.fusion_choice)
        box.addWidget(self.fusion_button)
        box.addWidget(self._fusion_look)
        self._name_all()

    def _build_fusion(self) -> None:
        self._fusion_title = QLabel()
        self.fusion_choice = QComboBox()
        self.fusion_choice.setObjectName("fusion.choice")
        self.fusion_button = QPushButton()
        self.fusion_button.setObjectName("fusion.button")
        self.fusion_button.clicked.connect(self._on_fusion)
        self._fusion_look = QWidget()
        self.fusion_palette = QComboBox()
        for key in PALETTE_NAMES:
            self.fusion_palette.addItem("", key)
        self.fusion_palette.currentIndexChanged.connect(
            lambda _n: self._fusion.change(palette=self.fusion_palette.currentData())
        )
        self.fusion_opacity = QSlider(Qt.Orientation.Horizontal)
        self.fusion_opacity.setRange(0, 100)
        self.fusion_opacity.valueChanged.connect(lambda value: self._fusion.change(opacity=value / 100))
        self.fusion_low, self.fusion_high = QDoubleSpinBox(), QDoubleSpinBox()
        for spin in (self.fusion_low, self.fusion_high):
            spin.setRange(-1e7, 1e7)
            spin.setDecimals(2)
            spin.setKeyboardTracking(False)
            spin.valueChanged.connect(self._on_fusion_window)
        look = QVBoxLayout(self._fusion_look)
        look.setContentsMargins(0, 0, 0, 0)
        look.setSpacing(6)
        look.addWidget(self.fusion_palette)
        row = QHBoxLayout()
        self._fusion_opacity_label = QLabel()
        row.addWidget(self._fusion_opacity_label)
        row.addWidget(self.fusion_opacity, 1)
        look.addLayout(row)
        window = QHBoxLayout()
        window.addWidget(self.fusion_low, 1)
        window.addWidget(QLabel("–"))
        window.addWidget(self.fusion_high, 1)
        look.addLayout(window)

    def _name_all(self) -> None:
        self.empty.setText(tr("打开的检查中只有图像，没有其他对象"))
        self._opacity_label.setText(tr("不透明度"))
        self.filled.setText(tr("填充区域"))
        self.shutters.setText(tr("显示遮挡"))
        self.overlays.setText(tr("显示图像叠加层"))
        self._fusion_title.setText(tr("融合"))
        self._fusion_opacity_label.setText(tr("不透明度"))
        for n, text in enumerate(PALETTE_NAMES.values()):
            self.fusion_palette.setItemText(n, tr(text))
        self.empty.setStyleSheet(f"color: {current_theme().colours.text_quiet}; padding: 16px;")

    # --- drawing the state

    def refresh(
        self, objects: Sequence[ObjectDescription], candidates: Sequence[Stack], refused: Sequence[tuple[str, str]] = ()
    ) -> None:
        """Objects of the open studies, stacks that may lie over the selected one, files that cannot be shown."""
        blockers = [QSignalBlocker(w) for w in self._controls()]
        book = self._book
        self.opacity.setValue(round(book.opacity * 100))
        self.filled.setChecked(book.filled)
        self.shutters.setChecked(book.shutters)
        self.overlays.setChecked(book.overlays)
        self._draw_tree(objects, refused)
        self.empty.setVisible(not objects and not refused)
        self.tree.setVisible(bool(objects or refused))
        self._draw_fusion(candidates)
        del blockers

    def _controls(self) -> tuple[QWidget, ...]:
        return (
            self.tree, self.opacity, self.filled, self.shutters, self.overlays, self.fusion_choice,
            self.fusion_palette, self.fusion_opacity, self.fusion_low, self.fusion_high,
        )  # fmt: skip

    def _draw_tree(self, objects: Sequence[ObjectDescription], refused: Sequence[tuple[str, str]]) -> None:
        state = tuple(
            (one.described.sop_instance_uid, one.shown, frozenset(one.hidden_parts)) for one in self._book.loaded
        )
        shown = (tuple(objects), state, tuple(refused))
        if shown == self._shown:
            return
        self._shown = shown
        self.tree.clear()
        by_kind: dict[Kind, list[ObjectDescription]] = {}
        for one in objects:
            by_kind.setdefault(kind_of(one.sop_class_uid), []).append(one)
        for kind in Kind:
            members = by_kind.get(kind, [])
            if not members:
                continue
            head = QTreeWidgetItem([f"{tr(NAMES[kind])}  ({len(members)})"])
            head.setFlags(Qt.ItemFlag.ItemIsEnabled)
            self.tree.addTopLevelItem(head)
            for one in members:
                row = self._row(one, kind)
                head.addChild(row)
                row.setExpanded(row.checkState(0) is Qt.CheckState.Checked and row.childCount() <= MOST_OPEN)
            head.setExpanded(True)
        if refused:
            head = QTreeWidgetItem([f"{tr('无法显示的文件')}  ({len(refused)})"])
            head.setFlags(Qt.ItemFlag.ItemIsEnabled)
            self.tree.addTopLevelItem(head)
            for name, why in refused:
                row = QTreeWidgetItem([name])
                row.setToolTip(0, f"{name}\n{why}")
                row.addChild(QTreeWidgetItem([why]))
                head.addChild(row)

    def _row(self, one: ObjectDescription, kind: Kind) -> QTreeWidgetItem:
        number = f" #{one.number}" if one.number is not None and kind is not Kind.SLIDE else ""
        text = "  ".join(p for p in (one.title + number, date_text(one.made)) if p.strip())
        row = QTreeWidgetItem([text or one.modality or "–"])
        row.setData(0, UID, one.sop_instance_uid)
        row.setToolTip(0, text)
        if kind not in OVER_IMAGES:
            return row
        loaded = self._book.get(one.sop_instance_uid)
        row.setFlags(row.flags() | Qt.ItemFlag.ItemIsUserCheckable)
        row.setCheckState(0, Qt.CheckState.Checked if loaded is not None and loaded.shown else Qt.CheckState.Unchecked)
        if loaded is not None:
            for number_, label, colour in _parts(loaded.content):
                part = QTreeWidgetItem([label])
                part.setData(0, UID, one.sop_instance_uid)
                part.setData(0, PART, number_)
                if colour is not None:
                    part.setIcon(0, _swatch(colour))
                    part.setFlags(part.flags() | Qt.ItemFlag.ItemIsUserCheckable)
                    off = number_ in loaded.hidden_parts
                    part.setCheckState(0, Qt.CheckState.Unchecked if off else Qt.CheckState.Checked)
                part.setToolTip(0, label)
                row.addChild(part)
        return row

    def _draw_fusion(self, candidates: Sequence[Stack]) -> None:
        fusion = self._fusion.fusion
        names = [" ".join(p for p in (s.series.modality, s.series.description, s.label) if p) for s in candidates]
        if [self.fusion_choice.itemText(n) for n in range(self.fusion_choice.count())] != names:
            self.fusion_choice.clear()
            self.fusion_choice.addItems(names)
        for widget in (self._fusion_title, self.fusion_choice, self.fusion_button):
            widget.setVisible(bool(candidates) or fusion is not None)
        self.fusion_choice.setEnabled(fusion is None)
        self.fusion_button.setText(tr("结束融合") if fusion is not None else tr("叠加到当前序列"))
        self._fusion_look.setVisible(fusion is not None)
        if fusion is not None:
            self.fusion_palette.setCurrentIndex(list(PALETTE_NAMES).index(fusion.palette))
            self.fusion_opacity.setValue(round(fusion.opacity * 100))
            self.fusion_low.setValue(fusion.window.centre - fusion.window.width / 2)
            self.fusion_high.setValue(fusion.window.centre + fusion.window.width / 2)

    # --- intentions

    def _on_changed(self, row: QTreeWidgetItem, _column: int) -> None:
        uid, part = row.data(0, UID), row.data(0, PART)
        on = row.checkState(0) is Qt.CheckState.Checked
        if not isinstance(uid, str):
            return
        if part is not None:
            self.part_switched.emit(uid, int(part), on)
        elif on and self._book.get(uid) is None:
            self.opened.emit(uid)
        else:
            self.switched.emit(uid, on)

    def _on_activated(self, row: QTreeWidgetItem, _column: int) -> None:
        uid = row.data(0, UID)
        if isinstance(uid, str) and not row.flags() & Qt.ItemFlag.ItemIsUserCheckable and row.data(0, PART) is None:
            self.opened.emit(uid)

    def _on_fusion(self) -> None:
        if self._fusion.fusion is not None:
            self.fusion_ended.emit()
        elif self.fusion_choice.currentIndex() >= 0:
            self.fusion_wanted.emit(self.fusion_choice.currentIndex())

    def _on_fusion_window(self, _value: float) -> None:
        low, high = self.fusion_low.value(), self.fusion_high.value()
        if high > low:
            self._fusion.change(window=Window((low + high) / 2, high - low, VoiFunction.LINEAR_EXACT))


def _parts(content: object) -> list[tuple[int, str, tuple[int, int, int] | None]]:
    """Rows below an object: what can be switched alone, and facts that must be said."""
    if isinstance(content, Segmentation):
        return [(s.number, s.label, s.colour) for s in content.segments if not (content.is_label_map and s.number == 0)]
    if isinstance(content, StructureSet):
        return [(s.number, " ".join(p for p in (s.name, s.kind) if p), s.colour) for s in content.structures]
    if isinstance(content, Dose):
        base = tr("处方剂量") if content.reference_is_planned else tr("最大剂量")
        return [(0, f"100 % = {content.reference:.4g} {content.unit}（{base}）", None)]
    if isinstance(content, PresentationState):
        return [(n, _unshown(code), None) for n, code in enumerate(content.unshown)]
    return []


def _unshown(code: str) -> str:
    return {
        "mask": tr("其中的减影蒙片未应用"),
        "blending": tr("混合显示状态未应用，请用融合功能"),
        "palette": tr("其中的伪彩色表未应用"),
        "kind": tr("这种显示状态只应用了一部分"),
    }.get(code, code)


def _swatch(colour: tuple[int, int, int]) -> QIcon:
    pixmap = QPixmap(12, 12)
    pixmap.fill(QColor(*colour))
    return QIcon(pixmap)
