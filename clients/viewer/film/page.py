"""The film page: what can be added, the sheet with its tools and thumbnails, the printer (VW-PRT-01)."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QEvent, QPoint, QStandardPaths, Signal
from PySide6.QtGui import QImage, QKeyEvent, QKeySequence
from PySide6.QtPrintSupport import QPrintDialog, QPrinter
from PySide6.QtWidgets import QFileDialog, QFrame, QHBoxLayout, QMenu, QVBoxLayout, QWidget

from clients.kit.labels import Button, Label
from clients.kit.theme import current_theme
from clients.kit.translations import tr
from clients.viewer.film import exporting
from clients.viewer.film.controller import FilmDesk
from clients.viewer.film.dialogs import HeaderDialog, PrintersDialog
from clients.viewer.film.film_strip import FilmStrip
from clients.viewer.film.setup_panel import SetupPanel
from clients.viewer.film.sheet_view import SheetView
from clients.viewer.film.source_panel import SourcePanel
from clients.viewer.film.tasks_panel import WIDTH as TASKS_WIDTH
from clients.viewer.film.tasks_panel import TasksPanel
from clients.viewer.film.tool_row import ToolRow

KEY = "film"
_UNDO, _REDO, _DELETE = (QKeySequence.StandardKey.Undo, QKeySequence.StandardKey.Redo, QKeySequence.StandardKey.Delete)


class FilmPage(QWidget):
    """Stands in the place of the viewports; `release` before it goes."""

    left = Signal()
    tasks_changed = Signal()
    """The list of tasks came or went."""

    def __init__(self, films: FilmDesk) -> None:
        super().__init__()
        self._films = films
        self.setObjectName("film.page")
        self.sheet = SheetView(films.desk, films.model, films.page)
        self.strip = FilmStrip(films.desk, films.model)
        self.tools = ToolRow(films, self.sheet)
        self.source = SourcePanel(films)
        self.panel = SetupPanel(films)
        middle = QVBoxLayout()
        middle.setSpacing(0)
        middle.addWidget(self.tools)
        middle.addWidget(self.sheet, 1)
        middle.addWidget(self.strip)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.source)
        row.addLayout(middle, 1)
        row.addWidget(self.panel)
        self._row = row
        self._tasks: QFrame | None = None
        self.tasks: TasksPanel | None = None
        """The list of tasks while it is seen."""
        self.panel.leave_asked.connect(self.left)
        self.panel.tasks_asked.connect(self.toggle_tasks)
        self.panel.header_asked.connect(lambda: HeaderDialog(films, self).show())
        self.panel.printers_asked.connect(lambda: PrintersDialog(films, self).show())
        self.panel.export_asked.connect(self._ask_export)
        self.panel.paper_asked.connect(self._ask_paper)
        self.sheet.opened.connect(self._on_opened)
        self.sheet.menu_asked.connect(self._show_menu)
        films.desk.opening.arrived.connect(self._on_arrived)
        films.changed.connect(self.sheet.update)
        films.desk.session.stacks_renewed.connect(self.source.fill)
        films.load_printers()
        self._dress()

    def release(self) -> None:
        """Before it goes."""
        for part in (self.sheet, self.strip, self.tools, self.panel):
            part.release()

    def toggle_tasks(self) -> None:
        """The list of tasks in the place of the set-up, or back."""
        if self._tasks is not None:
            self._row.removeWidget(self._tasks)
            self._tasks.hide()
            self._tasks.deleteLater()
            self._tasks = self.tasks = None
        else:
            self._tasks, self.tasks = QFrame(), TasksPanel(self._films)
            self._tasks.setObjectName("film.setup")
            self._tasks.setFixedWidth(current_theme().px(TASKS_WIDTH))
            head = QHBoxLayout()
            head.setContentsMargins(12, 8, 8, 4)
            head.addWidget(Label("胶片打印任务", "strong"), 1)
            head.addWidget(Button("返回", "link", on_click=self.toggle_tasks))
            column = QVBoxLayout(self._tasks)
            column.setContentsMargins(0, 0, 0, 0)
            column.setSpacing(0)
            column.addLayout(head)
            column.addWidget(self.tasks, 1)
            self._row.addWidget(self._tasks)
        self.panel.setVisible(self._tasks is None)
        self.tasks_changed.emit()

    # --- following

    def _on_arrived(self, _gathered: object) -> None:
        self.strip.sheets.loaded += 1
        self.strip.sheets.update()
        self.sheet.update()

    def _on_opened(self, number: int) -> None:
        """A double click shows the image in the selected viewport."""
        cell = self._films.model.cells[number]
        if cell is not None:
            self.left.emit()
            self._films.desk.session.active_viewport.show(cell.stack, cell.index)

    # --- menu of a cell

    def _show_menu(self, at: QPoint) -> None:
        menu = QMenu(self)
        menu.addAction(tr("删除选中的图像"), self.tools.delete)
        for key in ("reset", "true", "invert", "left90", "right90", "flip_h", "flip_v"):
            button, _, text = self.tools.buttons[key]
            menu.addAction(tr(text), button.click)
        menu.popup(at)

    # --- files and paper

    def _ask_export(self) -> None:
        folder = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
        proposal = str(Path(folder) / f"{tr('胶片')}.pdf")
        kinds = "PDF (*.pdf);;PNG (*.png);;JPEG (*.jpg)"
        name, _ = QFileDialog.getSaveFileName(self, tr("导出胶片"), proposal, kinds)
        if name:
            self._films.export(Path(name))

    def _ask_paper(self) -> None:
        printer = QPrinter(QPrinter.PrinterMode.HighResolution)
        setup = self._films.model.setup
        printer.setPageLayout(exporting.page_layout(setup))
        printer.setFullPage(True)
        dialog = QPrintDialog(printer, self)
        dialog.setWindowTitle(tr("纸张打印"))
        if dialog.exec() == QPrintDialog.DialogCode.Accepted:
            self.print_on(printer)

    def print_on(self, printer: QPrinter) -> None:
        """The chosen films on a paper printer, a page each, in the size of the film."""
        films, setup = self._films, self._films.model.setup
        try:
            numbers = films.chosen()
        except ValueError as error:
            films.desk.say(str(error))
            return
        images: list[QImage] = []

        def composed() -> None:
            films.stop()
            done = exporting.paint_pages(printer, images, setup, printer.resolution())
            said = tr("{n} 张胶片已送到纸张打印机", n=len(images)) if done else tr("纸张打印机没有接受，请检查打印机")
            films.desk.say(said)

        films.compose(numbers, lambda _n, image: images.append(image), composed)

    # --- keys: the window's own undo and delete mean marks, here they mean films

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            if any(event.matches(key) for key in (_UNDO, _REDO, _DELETE)):
                event.accept()
                return True
        elif event.type() == QEvent.Type.LanguageChange:
            self.panel.take()
            self.panel.ask_state()
            self.sheet.generation += 1
            self.sheet.update()
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        model = self._films.model
        if event.matches(_UNDO):
            model.undo.undo()
        elif event.matches(_REDO):
            model.undo.redo()
        elif event.matches(_DELETE):
            self.tools.delete()
        else:
            super().keyPressEvent(event)

    def _dress(self) -> None:
        shade = current_theme().colours
        self.setStyleSheet(
            f"QFrame#film\\.source, QFrame#film\\.setup {{ background: {shade.window}; border: none; }}"
            f"QFrame#film\\.source {{ border-right: 1px solid {shade.hairline}; }}"
            f"QFrame#film\\.setup {{ border-left: 1px solid {shade.hairline}; }}"
            f"QScrollArea {{ border: none; background: {shade.window}; }}"
        )
