"""Measuring and annotating as a feature: tools, list, styles, keeping."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from PySide6.QtGui import QAction, QActionGroup, QColor, QIcon, QPixmap
from PySide6.QtWidgets import QFileDialog, QInputDialog, QMenu

from clients.kit import translations
from clients.kit.actions import Action
from clients.kit.translations import register_catalogue, tr
from clients.viewer import colours
from clients.viewer.commands import Slot
from clients.viewer.desk import Desk, Feature
from clients.viewer.marks import calibration, files, texts
from clients.viewer.marks.keeping import Keeper
from clients.viewer.marks.model import COLOURS, FONT_SIZES, STANDARD_FONT_PX, Kind, Mark
from clients.viewer.marks.panel import MarkList
from clients.viewer.marks.panes import add_marks
from clients.viewer.marks.surface import sheet_of
from clients.viewer.marks.tools import ArrowKeys, BrushTool, DrawTool, EraserTool, MarkHand, MarkLayer
from clients.viewer.marks.values import NO_VALUE, KnownValues, MeasuredValue, Values, measure, measure_in_space
from clients.viewer.session import Tool
from clients.viewer.tool_icons import add_icons

register_catalogue(texts.CATALOGUE)
add_icons(
    {
        "cobb": "M4 7l16-3M4 20l16-5M12 5.500v12",
        "brush": (
            "M4 20c3 .5 5-.5 5-3a2.500 2.500 0 0 0-5-.5C4 18.500 3 19.500 4 20M8.500 14.500L19 4l1.500 1.500L10.500 16"
        ),
        "curve": "M3.500 17c3-10 6-10 8.500-4s5.500 6 8.500-5",
        "arrow": "M4 20L20 4M11 4h9v9",
        "text": "M5 5.500h14M12 5.500V19M9.500 19h5",
        "eraser": "M8.500 19.500L3.500 14.500 13 5l7 7-7.500 7.500zM9 9l7 7M12 19.500h8.500",
        "marks": "M8.500 6.500h12M8.500 12h12M8.500 17.500h12M4 6.500v.1M4 12v.1M4 17.500v.1",
    }
)

_DRAWN = {
    Tool.LENGTH: Kind.LENGTH,
    Tool.ANGLE: Kind.ANGLE,
    Tool.RECTANGLE: Kind.RECTANGLE,
    Tool.ELLIPSE: Kind.ELLIPSE,
    Tool.PIXEL: Kind.PIXEL,
    "cobb": Kind.COBB,
    "curve": Kind.CURVE,
    "arrow": Kind.ARROW,
    "text": Kind.TEXT,
}
_SLOTS = {
    "measure": (
        Slot("tool.length", "length"),
        Slot("edit.clear", "clear", "清除"),
        Slot("marks.list", "marks", "列表"),
    )
}
_ENTRIES = {
    "menu.measure": (
        "tool.length",
        "tool.angle",
        "tool.cobb",
        "tool.ellipse",
        "tool.rectangle",
        "tool.brush",
        "tool.pixel",
        "tool.eraser",
        "marks.calibrate",
    ),
    "menu.annotate": ("tool.curve", "tool.arrow", "tool.text", "tool.eraser", "edit.clear", "marks.list"),
    "menu.output": ("marks.export",),
}
_BRUSHES = (("小", 7.0), ("中", 14.0), ("大", 28.0))


class MarksFeature(Feature):
    """What VW-MEA, VW-ANN, VW-CLR, VW-STY and VW-LST ask for."""

    tools = (
        (Tool.LENGTH, Action("tool.length", "长度", "L", hint="按住左键画线；右键单击选中的测量即删除")),
        (Tool.ANGLE, Action("tool.angle", "角度", "A", hint="画第一条边，再单击确定第二条边")),
        ("cobb", Action("tool.cobb", "Cobb 角", "Shift+A", hint="先画第一条线，再画第二条线")),
        (Tool.ELLIPSE, Action("tool.ellipse", "圆形", "E", hint="面积、均值、标准差、最小值和最大值")),
        (Tool.RECTANGLE, Action("tool.rectangle", "矩形", "B", hint="面积、均值、标准差、最小值和最大值")),
        (
            "brush",
            Action(
                "tool.brush",
                "智能画笔",
                "Shift+B",
                hint="按住左键涂抹，区域按灰度生长；在选中区域内起笔即扩大，按住 Alt 缩小",
            ),
        ),
        (Tool.PIXEL, Action("tool.pixel", "像素值", "X", hint="单击图像任意处显示该处的值")),
        ("curve", Action("tool.curve", "曲线", "Shift+C", hint="按住左键画任意线")),
        ("arrow", Action("tool.arrow", "箭头", "Shift+W", hint="按住左键从尾画到头")),
        ("text", Action("tool.text", "文本", "Shift+T", hint="单击要写字的地方；单击输入框外保存")),
        ("eraser", Action("tool.eraser", "橡皮擦", "Shift+E", hint="单击标注即删除")),
    )
    actions = (
        Action("edit.delete", "删除选中的标注", "Del"),
        Action("edit.clear", "清除所有标注", "Ctrl+Del", hint="只清除选中视口的"),
        Action("marks.list", "标注列表", "Shift+L", hint="选中视口的全部测量和标注"),
        Action("marks.calibrate", "按已知长度校准…", hint="先画一段已知长度并选中它，再输入它的实际毫米数"),
        Action("marks.export", "导出标注…", hint="把标注存成 DICOM 文件（GSPS 与 SR）"),
    )
    switches = frozenset({"marks.list"})
    needs_image = frozenset({"edit.clear", "marks.export", "marks.calibrate"})
    slots = _SLOTS
    entries = _ENTRIES

    def attach(self, desk: Desk) -> None:
        book = desk.session.marks
        for view in desk.viewports:
            view.tools.update({tool: DrawTool(kind) for tool, kind in _DRAWN.items()})
            view.tools["brush"] = BrushTool()
            view.tools["eraser"] = EraserTool()
            view.hands.append(MarkHand())
            view.add_layer(MarkLayer())
            ArrowKeys(view)
        book.changed.connect(lambda _sheet: desk.update_viewports())
        book.selected_changed.connect(desk.update_viewports)
        desk.side.changed.connect(self._on_side)
        desk.stage.changed.connect(self._on_stage)
        book.style.colour = str(desk.settings.get("marks/colour", ""))
        book.style.font_px = int(desk.settings.get("marks/font", 0))
        handlers: dict[str, Callable[[], object]] = {
            "edit.delete": self._delete,
            "edit.clear": self._clear,
            "marks.list": self._toggle_list,
            "marks.export": self._ask_export,
            "marks.calibrate": self._ask_calibration,
        }
        for action_id, handler in handlers.items():
            desk.commands.on(action_id, handler)
        self._list: MarkList | None = None
        self._values = KnownValues()
        desk.session.studies_changed.connect(self._values.clear)
        self.keeper = Keeper(desk, self.value_of)

    def reflect(self) -> None:
        self.desk.commands.qt("marks.list").setChecked(self.desk.side.key == "marks")

    def closing(self) -> None:
        self.keeper.close()
        if self._list is not None:
            self._list.release()
            self._list = None

    # --- commands

    def _delete(self) -> None:
        selected = self.desk.session.marks.selected
        if selected is not None:
            self.desk.session.marks.delete(selected)

    def _clear(self) -> None:
        """All of the selected viewport and of no other (VW-CLR-01)."""
        stack = self.desk.session.active_viewport.stack
        if stack is not None:
            self.desk.session.marks.delete_all([sheet_of(stack, n) for n in range(len(stack))])

    def _toggle_list(self) -> None:
        side = self.desk.side
        if side.key == "marks":
            side.close_panel()
        else:
            self._list = MarkList(self.desk.session, self.value_of)
            side.show_panel("marks", self._list, "标注列表", 280)
        self.desk.reflect()

    def _ask_calibration(self) -> None:
        problem = calibration.problem_of(self.desk.session)
        if problem:
            self.desk.say(problem)
            return
        title, asked = tr("按已知长度校准"), tr("这段长度实际是多少毫米？")
        mm, chosen = QInputDialog.getDouble(self.desk.window, title, asked, 10.0, 0.1, 5000.0, 2)
        if chosen:
            self.calibrate(mm)

    def calibrate(self, mm: float) -> None:
        """The selected length is ``mm`` long: all lengths on its image follow, and say that they are calibrated."""
        calibration.calibrate(self.desk.session, mm)
        self.desk.update_viewports()

    def _ask_export(self) -> None:
        stack = self.desk.session.active_viewport.stack
        if stack is None or not self.keeper.own_marks(stack.study.study_uid)[0]:
            self.desk.say(tr("没有可导出的标注"))
            return
        folder = QFileDialog.getExistingDirectory(self.desk.window, tr("选择文件夹"))
        if folder:
            self.export(Path(folder))

    def export(self, folder: Path) -> None:
        """Write GSPS and SR of the own marks on the selected viewport's study into a folder."""
        stack = self.desk.session.active_viewport.stack
        if stack is None:
            return
        study = stack.study
        marks, shown = self.keeper.own_marks(study.study_uid)
        author, language = self.keeper.reader or "local", translations.language().value
        now = datetime.now()  # DICOM's dates are local time

        def work() -> int:
            return len(files.export(study, marks, shown, folder, author=author, language=language, now=now))

        def done(count: int) -> None:
            self.desk.say(tr("标注已存到 {folder}：{n} 个文件", folder=str(folder), n=count))

        self.desk.background.run(work, done, self.desk.say, "export-marks")

    def _on_side(self, key: str) -> None:
        if key != "marks" and self._list is not None:
            self._list.release()
            self._list = None
        self.desk.reflect()

    def _on_stage(self, key: str) -> None:
        """A page of a reconstruction shows and takes marks as well, once its volume is there."""
        page = self.desk.stage.currentWidget()
        if key and page is not None:
            add_marks(page, self.desk.session)
            opened = getattr(page, "opened", None)
            if opened is not None:
                opened.connect(functools.partial(add_marks, page, self.desk.session))

    def value_of(self, mark: Mark) -> MeasuredValue:
        """What a mark of any open image measures; kept, since an area costs a look at every pixel inside."""
        if mark.frame is None:
            return measure_in_space(mark)
        for stack in self.desk.session.stacks:
            index = stack.index_of(mark.frame)
            if index is None:
                continue
            image, pixels = stack.image(index), self.desk.store.of(stack)
            array = pixels.frame(index)
            key = (mark, id(image), id(pixels), array is not None, pixels.modality(index).unit)
            values = Values(array, pixels.modality(index)) if array is not None else None
            return self._values.of(mark, key, functools.partial(measure, mark, image, values))
        return NO_VALUE

    # --- styles

    def fill_menu(self, menu_id: str, menu: QMenu) -> None:
        super().fill_menu(menu_id, menu)
        if menu_id != "menu.style":
            return
        style = self.desk.session.marks.style
        self._section(
            menu,
            tr("颜色"),
            [(tr(word), colour, _swatch(colour or colours.MEASURE)) for word, colour in COLOURS],
            style.colour,
            self._choose_colour,
        )
        sizes = [(f"{size}", size if size != STANDARD_FONT_PX else 0, QIcon()) for size in FONT_SIZES]
        self._section(menu, tr("字号"), sizes, style.font_px, self._choose_font)
        brushes = [(tr(word), size, QIcon()) for word, size in _BRUSHES]
        self._section(menu, tr("画笔大小"), brushes, style.brush_px, self._choose_brush)

    def _section(
        self,
        menu: QMenu,
        title: str,
        choices: Sequence[tuple[str, object, QIcon]],
        now: object,
        chosen: Callable[..., None],
    ) -> None:
        if menu.actions():
            menu.addSeparator()
        heading = menu.addAction(title)
        heading.setEnabled(False)
        group = QActionGroup(menu)
        for word, value, icon in choices:
            action = QAction(icon, word, menu)
            action.setCheckable(True)
            action.setChecked(value == now)
            action.triggered.connect(functools.partial(_ignoring_checked, chosen, value))
            if not icon.isNull():  # beside an icon a menu shows no check
                action.toggled.connect(functools.partial(_tick, action, word))
                _tick(action, word, action.isChecked())
            group.addAction(action)
            menu.addAction(action)

    def _choose_colour(self, colour: str) -> None:
        self.desk.session.marks.restyle(colour=colour)
        self.desk.settings.set("marks/colour", colour)

    def _choose_font(self, size: int) -> None:
        self.desk.session.marks.restyle(font_px=size)
        self.desk.settings.set("marks/font", size)

    def _choose_brush(self, size: float) -> None:
        self.desk.session.marks.style.brush_px = size


def _ignoring_checked(chosen: Callable[..., None], value: object, _checked: bool = False) -> None:
    chosen(value)


def _tick(action: QAction, word: str, checked: bool) -> None:
    action.setText(f"{word}  ✓" if checked else word)


def _swatch(colour: str) -> QIcon:
    pixmap = QPixmap(12, 12)
    pixmap.fill(QColor(colour))
    return QIcon(pixmap)
