"""The viewer's window: tool bar, series bar, grid of viewports; joins model, opening, widgets and features."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QEvent, QSize, QTimer, Signal, Slot
from PySide6.QtGui import QCloseEvent, QGuiApplication, QImage, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QMainWindow,
    QMenu,
    QVBoxLayout,
    QWidget,
)

from clients.kit.actions import ActionGroup
from clients.kit.settings import UserSettings, data_folder
from clients.kit.theme import current_theme
from clients.kit.translations import tr
from clients.viewer import colours, commands, texts
from clients.viewer.desk import Desk
from clients.viewer.features import load_features
from clients.viewer.loading import FrameSource
from clients.viewer.marks.model import Kind, Mark
from clients.viewer.marks.values import Values, measure, measure_in_space
from clients.viewer.opening import Opening
from clients.viewer.pane_board import PaneBoard
from clients.viewer.pictures import key_picture, png_of
from clients.viewer.pixels import PixelStore
from clients.viewer.series_strip import SeriesStrip
from clients.viewer.session import ViewerSession
from clients.viewer.stage import Side, Stage
from clients.viewer.study import Stack
from clients.viewer.tool_bar import ToolBar
from clients.viewer.viewport.corner_texts import person_name
from clients.viewer.viewport.state import Aspect
from clients.viewer.viewport.view import ViewportWidget
from clients.viewer.volume.views import stored_key
from shared.imaging.geometry import PixelPoint

PROGRESS_EVERY_MS = 50

texts.register()


class Said(QLabel):
    """A sentence to the reader; a click takes it away."""

    def mousePressEvent(self, _event: QMouseEvent) -> None:
        self.hide()


def _tell(line: QLabel, sentence: str) -> None:
    line.setText(sentence)
    large = current_theme().metrics.body
    line.setStyleSheet(f"background: #342a16; color: {colours.WARNING}; padding: 6px 12px; font-size: {large}px;")
    line.setVisible(bool(sentence))


class ViewerWindow(QMainWindow):
    """One reader's viewer. ``source`` may be set later with :meth:`use`."""

    key_image_sent = Signal(str, str, str, int, bytes, list)
    """The reader sent an image to the report: study, series and SOP instance UID, frame, PNG, measurement texts."""
    measurement_drawn = Signal(str, float, str, str)
    """A measurement was finished: text, value, unit, SOP instance UID."""
    studies_shown = Signal(list)
    """UIDs of the studies that are open now."""
    first_image = Signal(str)
    """The first image of a study was painted: study UID."""
    all_loaded = Signal(int)
    """Every image of the open studies is there (or known to be unreadable): how many."""
    ended = Signal()
    """The window was closed and its loader has stopped."""
    failed = Signal(str)
    """Something could not be opened: a sentence."""

    def __init__(self, source: FrameSource | None = None, *, threads: int = 2) -> None:
        super().__init__()
        self.session = ViewerSession()
        self.store = PixelStore()
        self.opening = Opening(self.session, self.store, self, threads=threads)
        self.features = load_features()
        declared = [*commands.COMMANDS]
        for feature in self.features:
            declared += [*(action for _, action in feature.tools), *feature.actions]
        self._tools = [tool for feature in self.features for tool in feature.tools]
        self.commands = ActionGroup(declared, self, whole_window=True)
        self._menus = {menu.id: QMenu(self) for menu in commands.MENUS}
        self.strip = SeriesStrip(self.session, self.store)
        self.strip.chosen.connect(self._on_chosen)
        self.warning, self.banner = QLabel(), Said()
        for line in (self.warning, self.banner):
            line.setWordWrap(True)
            line.hide()
        self.viewports = tuple(ViewportWidget(n, self.session, self.store) for n in range(len(self.session.viewports)))
        for viewport in self.viewports:
            viewport.hide()
            viewport.activated.connect(self._on_activated)
            viewport.maximise_asked.connect(self.session.toggle_maximised)
            viewport.stack_dropped.connect(self._on_dropped)
        self._build_stage()
        self.desk = self._make_desk()
        for feature in self.features:
            feature.desk = self.desk
            feature.attach(self.desk)
        self._connect_actions()
        self._fill_menus()
        self._has_changed = False  # while a study was being shown
        self._focus = QTimer(self)  # many panes change at once: the loader is told once
        self._focus.setSingleShot(True)
        self._focus.setInterval(0)
        self._focus.timeout.connect(self.opening.focus)
        self._unveiling = QTimer(self)  # after a study was put on the screen: a turn for each pane
        self._unveiling.setSingleShot(True)
        self._unveiling.setInterval(0)
        self._unveiling.timeout.connect(self._unveil)
        self._progress = QTimer(self)  # a stripe of progress paints its whole pane again, some 3 ms: one at a time
        self._progress.setSingleShot(True)
        self._progress.setInterval(PROGRESS_EVERY_MS)
        self._progress.timeout.connect(self._show_progress)
        self._has_progressed = False  # since the round began
        self._round: list[Callable[[], object]] = []
        self.tool_bar = ToolBar(self.commands, self._menus, self.features)
        self._build()
        self._follow_model()
        self._follow_opening()
        self._arrange()
        self._show_message(tr("打开一项检查：从报告工作站，或按 Ctrl+O 打开文件夹"))
        for feature in self.features:
            feature.ready()
        if source is not None:
            self.use(source)

    # --- building

    def _build_stage(self) -> None:
        self.board = PaneBoard(self.session, self.viewports)
        for viewport in self.viewports:
            viewport.setParent(self.board)
        self.stage, self.side = Stage(self.board), Side()
        self.foot = QVBoxLayout()

    def _make_desk(self) -> Desk:
        return Desk(
            window=self,
            session=self.session,
            store=self.store,
            opening=self.opening,
            viewports=self.viewports,
            commands=self.commands,
            stage=self.stage,
            side=self.side,
            foot=self.foot,
            settings=UserSettings(data_folder() / "settings" / "@viewer.json"),
            say=self._say,
            reflect=self._reflect,
            send_picture=self._send_picture,
        )

    def _build(self) -> None:
        palette = current_theme().colours
        body = QWidget()
        outer = QVBoxLayout(body)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(self.tool_bar)
        outer.addWidget(self.warning)
        outer.addWidget(self.banner)
        self._row, self._column = QHBoxLayout(), outer
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(1)
        self._row.addWidget(self.strip)
        self._row.addWidget(self.stage, 1)
        self._row.addWidget(self.side)
        outer.addLayout(self._row, 1)
        self.foot.setContentsMargins(0, 0, 0, 0)
        self.foot.setSpacing(0)
        outer.addLayout(self.foot)
        self.setCentralWidget(body)
        self.setStyleSheet(f"QMainWindow {{ background: {palette.window}; }}")
        self.resize(QSize(1366, 768))
        self.setWindowTitle(tr("影像阅片"))

    def place_strip(self, *, below: bool) -> None:
        """The series bar left of the images or below them (VW-SET-13, -14)."""
        self.strip.set_lying(below)
        if below:
            self._column.insertWidget(self._column.count() - 1, self.strip)  # above the foot
        else:
            self._row.insertWidget(0, self.strip)

    def _make_room(self) -> None:
        """The series bar gives way to a page that would be wider than the window with it (films beside a panel)."""
        page = self.stage.page
        beside = 0 if self.side.isHidden() else self.side.width()
        wanted = page.minimumSizeHint().width() + self.strip.width() + beside + 2 if page is not None else 0
        self.strip.setVisible(wanted <= self.width() or self.strip.lies)

    def dress(self) -> None:
        """Fetch colours and sizes again after another look or scale was chosen."""
        self.setStyleSheet(f"QMainWindow {{ background: {current_theme().colours.window}; }}")
        self.tool_bar.refit()
        self.side.dress()
        self.strip.set_lying(self.strip.lies)
        for line in (self.warning, self.banner):
            _tell(line, line.text() if not line.isHidden() else "")
        self._make_room()
        self._reflect()
        for viewport in self.viewports:
            viewport.update()

    def _connect_actions(self) -> None:
        for tool, action in self._tools:
            self.commands.on(action.id, functools.partial(self._choose_tool, tool))
        handlers: dict[str, Callable[[], object]] = {
            "image.key": self._toggle_key,
            "image.send": self.send_key_image,
            "edit.undo": self.session.undo.undo,
            "edit.redo": self.session.undo.redo,
            "file.open": self._ask_folder,
        }
        for action_id, handler in handlers.items():
            self.commands.on(action_id, handler)
        for switches in (commands.SWITCHES, {a.id for _, a in self._tools}, *(f.switches for f in self.features)):
            for action_id in switches:
                self.commands.qt(action_id).setCheckable(True)

    def _fill_menus(self) -> None:
        """Entries in the current language."""
        for menu_id, menu in self._menus.items():
            for action in menu.actions():
                if action.parent() is menu:  # made for this menu; its shortcut works in the whole window
                    self.removeAction(action)
                    action.deleteLater()
            menu.clear()
            for feature in self.features:
                feature.fill_menu(menu_id, menu)

    def _follow_model(self) -> None:
        session = self.session
        session.stacks_renewed.connect(self.opening.take_over)
        session.studies_changed.connect(self._on_studies)
        session.layout_changed.connect(self._arrange)
        session.active_changed.connect(self._on_active)
        session.tool_changed.connect(self._reflect)
        session.texts_changed.connect(self._reflect)
        session.undo.changed.connect(self._reflect)
        session.key_images_changed.connect(lambda _key: self._reflect())
        session.marks.settled.connect(self._on_measured)
        for n, viewport in enumerate(session.viewports):
            viewport.changed.connect(functools.partial(self._on_viewport, n))
        self.stage.changed.connect(lambda _key: self._reflect())
        self.stage.changed.connect(lambda _key: self._make_room())
        self.side.changed.connect(lambda _key: self._make_room())
        self._reflect()

    def _follow_opening(self) -> None:
        opening = self.opening
        opening.message.connect(self._show_message)
        opening.said.connect(self._say)
        opening.back.connect(self._on_studies_named)
        opening.arrived.connect(self._on_arrived)
        opening.showing.connect(self._on_showing)
        opening.shown.connect(self._on_shown)
        opening.progressed.connect(self._on_progress)
        opening.picture_made.connect(self._on_picture)
        opening.studies_shown.connect(self.studies_shown)
        opening.all_loaded.connect(self.all_loaded)
        opening.failed.connect(self.failed)

    # --- opening

    def use(self, source: FrameSource) -> None:
        """Take studies from ``source``; what is open is closed."""
        self.opening.use(source)

    def open_study(self, study_uid: str, also: Sequence[str] = ()) -> None:
        """Describe and show a study, replacing what is open; ``also`` go into the series bar after it."""
        self.opening.open_study(study_uid, also)

    def compare_study(self, study_uid: str) -> None:
        """Describe a study and put it beside what is open."""
        self.opening.compare_study(study_uid)

    def append_study(self, study_uid: str) -> None:
        """Describe a study and add it to the series bar (VW-HIS-02)."""
        self.opening.append_study(study_uid)

    def refresh_study(self, study_uid: str) -> None:
        """Ask again what the study holds; more images may have come."""
        self.opening.refresh_study(study_uid)

    def open_files(self, paths: Sequence[Path]) -> None:
        """Read files and folders and show the first study found, the others beside it in the series bar."""
        self.opening.open_files(paths)

    def close_studies(self) -> None:
        """Empty the viewer and give the memory back."""
        self.opening.close_studies()

    @Slot(str)
    def _show_message(self, text: str) -> None:
        for viewport in self.viewports:
            viewport.message = text if viewport.number == 0 else ""
            viewport.update()

    @Slot(list)
    def _on_arrived(self, gathered: list[tuple[Stack, list[int]]]) -> None:
        for stack, indices in gathered:
            came = set(indices)
            for viewport in self.viewports:
                if viewport.state.stack is stack and viewport.state.index in came:
                    if self.opening.awaiting_first:
                        viewport.setUpdatesEnabled(True)
                        viewport.repaint()
                    else:
                        viewport.update()
                    self._tell_first(stack)
            if not self.strip.has_picture(stack):
                self.opening.make_picture(stack, indices)

    @Slot()
    def _on_progress(self) -> None:
        self._has_progressed = True
        if not self._progress.isActive():
            self._progress.start()

    @Slot()
    def _show_progress(self) -> None:
        """The series bar, then pane after pane, each time one."""
        if not self._round:
            self._has_progressed = False
            panes = (functools.partial(self._paint_stripe, viewport) for viewport in self.desk.visible)
            self._round = [self.strip.refresh, *panes]
        self._round.pop(0)()
        if self._round or self._has_progressed:
            self._progress.start()

    @staticmethod
    def _paint_stripe(viewport: ViewportWidget) -> None:
        if viewport.state.stack is not None:
            viewport.update(0, viewport.height() - 3, viewport.width(), 3)

    def _tell_first(self, stack: Stack) -> None:
        if self.opening.awaiting_first == stack.study.study_uid:
            self.opening.awaiting_first = ""
            self.first_image.emit(stack.study.study_uid)

    @Slot(object, object)
    def _on_picture(self, stack: object, picture: object) -> None:
        if isinstance(stack, Stack) and any(stack is known for known in self.session.stacks):
            self.strip.set_picture(stack, picture)  # type: ignore[arg-type]

    @Slot(str)
    def _say(self, sentence: str) -> None:
        """A line under the tool bar; empty hides it."""
        _tell(self.banner, sentence)

    # --- reactions to the model

    def _on_studies(self) -> None:
        self.stage.leave()
        self.opening.take_over()
        self.strip.rebuild()
        self.opening.load()
        self._on_studies_named()
        self._reflect()

    @Slot()
    def _on_studies_named(self) -> None:
        """Title and warning, in the current language. The warning stands as long as it is true, whatever is said."""
        named = [person_name(s.patient_name) or s.patient_id for s in self.session.studies]
        names = [name for name in dict.fromkeys(named) if name]
        names = [*names[:4], "…"] if len(names) > 4 else names
        title = "  ·  ".join(names)
        self.setWindowTitle(f"{title} — {tr('影像阅片')}" if title else tr("影像阅片"))
        self._say("")
        _tell(
            self.warning,
            tr("注意：打开的检查属于不同患者：{names}", names="，".join(names))
            if self.session.different_patients
            else "",
        )

    def _arrange(self) -> None:
        self.board.arrange()
        self.opening.focus()
        self.strip.refresh()
        self._reflect()

    def _on_active(self) -> None:
        self.opening.focus()
        self.strip.refresh()
        self._reflect()

    def _on_viewport(self, number: int, aspect: Aspect) -> None:
        if aspect in (Aspect.STACK, Aspect.INDEX) and not self.opening.is_showing:
            self._focus.start()
        if aspect is Aspect.STACK:
            self.strip.refresh()
        if number == self.session.active:
            self._reflect()

    def _reflect(self) -> None:
        """Checked and enabled states of the actions; Qt signals of the actions do not come back here."""
        if self.opening.is_showing:  # a study brings ten changes at once, each of them a millisecond of buttons
            self._has_changed = True
            return
        session, viewport = self.session, self.session.active_viewport
        for tool, action in self._tools:
            self.commands.qt(action.id).setChecked(session.tool == tool)
        self.commands.qt("image.key").setChecked(session.is_key_image(viewport.key))
        self.commands.set_enabled("edit.undo", bool(session.undo.undo_name))
        self.commands.set_enabled("edit.redo", bool(session.undo.redo_name))
        for needing in (commands.NEEDS_IMAGE, *(feature.needs_image for feature in self.features)):
            for action_id in needing:
                self.commands.set_enabled(action_id, viewport.stack is not None)
        for feature in self.features:
            feature.reflect()

    @Slot()
    def _on_shown(self) -> None:
        if self._has_changed:
            self._has_changed = False
            self._reflect()
        self._focus.start()
        self._unveiling.start()

    @Slot()
    def _on_showing(self) -> None:
        """Panes keep their picture until it is their turn to paint, so that the reader's hand comes between."""
        for viewport in self.viewports:
            viewport.setUpdatesEnabled(False)

    @Slot()
    def _unveil(self) -> None:
        veiled = [viewport for viewport in self.viewports if not viewport.updatesEnabled()]
        shown = [viewport for viewport in veiled if viewport.isVisible()]
        for viewport in shown[:1] or veiled:
            viewport.setUpdatesEnabled(True)  # paints it
        if shown:
            self._unveiling.start()

    def _on_measured(self, mark: Mark) -> None:
        """A measurement was drawn or changed for good: tell whoever writes the report."""
        if not mark.kind.is_measurement:
            return
        if mark.frame is None:  # drawn in a computed plane
            key = self.session.active_viewport.key
            if key is not None:
                value, uid = measure_in_space(mark), stored_key(key, self.session.stacks).sop_instance_uid
                self.measurement_drawn.emit(value.text, value.value, value.unit, uid)
            return
        computed = [viewport.stack for viewport in self.session.visible if viewport.stack is not None]
        for stack in (*self.session.stacks, *computed):
            index = stack.index_of(mark.frame)
            if index is not None:
                value = measure(mark, stack.image(index), self._values_of(stack, index))
                uid = stored_key(mark.frame, self.session.stacks).sop_instance_uid
                self.measurement_drawn.emit(value.text, value.value, value.unit, uid)
                return

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._make_room()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange and hasattr(self, "tool_bar"):
            self._fill_menus()
            self._on_studies_named()
            self.strip.refresh()
            for viewport in self.viewports:
                viewport.update()
            self._reflect()
        super().changeEvent(event)

    # --- intentions

    def _choose_tool(self, tool: str) -> None:
        self.session.tool = tool
        self._reflect()

    def _toggle_key(self) -> None:
        key = self.session.active_viewport.key
        if key is not None:
            self.session.toggle_key_image(key)
        self._reflect()

    def _values_of(self, stack: Stack, index: int) -> Values | None:
        pixels = self.store.of(stack)
        array = pixels.frame(index)
        return Values(array, pixels.modality(index)) if array is not None else None

    @Slot(int)
    def _on_chosen(self, number: int) -> None:
        self.session.active_viewport.show(self.session.stacks[number])

    @Slot(int)
    def _on_activated(self, number: int) -> None:
        self.session.active = number

    @Slot(int, int)
    def _on_dropped(self, viewport: int, stack: int) -> None:
        if 0 <= stack < len(self.session.stacks):
            self.session.active = viewport
            self.session.viewports[viewport].show(self.session.stacks[stack])

    def _ask_folder(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, tr("打开文件夹"))
        if folder:
            self.open_files([Path(folder)])

    def perform(self, action: str) -> bool:
        """Do what a button or menu does, by its id or by a name that a feature knows; False for an unknown name."""
        if action in {known.id for known in self.commands.declared}:
            self.commands.trigger(action)
            return True
        return any(feature.perform(action) for feature in self.features)

    def draw_length(self, a: PixelPoint, b: PixelPoint) -> None:
        """A length in the selected viewport, as if the reader had drawn it."""
        key = self.session.active_viewport.key
        if key is not None:
            self.session.marks.draw(Kind.LENGTH, key, (a, b))

    # --- pictures of the viewports

    def is_settled(self) -> bool:
        """True when every viewport on screen shows its image and every stack has its thumbnail."""
        if self._unveiling.isActive():
            return False
        shown = [v for v in self.desk.visible if v.state.stack is not None]
        if not shown:
            return bool(self.viewports[0].message) and not self.session.stacks and self.opening.source is not None
        for viewport in shown:
            pixels = viewport.pixels()
            if pixels is None or not pixels.has(viewport.state.index):
                return False
        return all(self.strip.has_picture(stack) or self.store.of(stack).errors for stack in self.session.stacks)

    def send_key_image(self) -> None:
        """Mark the image as key image and hand it with its measurements to whoever listens (the report page)."""
        viewport = self.session.active_viewport
        key, stack, image = viewport.key, viewport.stack, viewport.image
        if key is None or stack is None or image is None:
            return
        if not self.session.is_key_image(key):
            self.session.toggle_key_image(key)
        below = self._values_of(stack, viewport.index)
        marks = [mark for mark in self.session.marks.of_frame(key) if mark.kind.is_measurement]
        values = [measure(mark, image, below).text for mark in marks]
        self._send_picture(png_of(self.key_picture(self.session.active)), values)

    def _send_picture(self, png: bytes, values: Sequence[str]) -> None:
        viewport = self.session.active_viewport
        key, stack = viewport.key, viewport.stack
        if key is not None and stack is not None:
            key = stored_key(key, self.session.stacks)  # a computed image is in no archive: name one it was made of
            self.key_image_sent.emit(
                stack.study.study_uid, stack.series.series_uid, key.sop_instance_uid, key.frame, png, list(values)
            )

    def key_picture(self, number: int) -> QImage:
        """The part of a viewport that the image covers."""
        return key_picture(self.viewports[number])

    def capture(self, size: QSize | None = None) -> bytes:
        """The whole window as PNG."""
        if size is not None:
            self.resize(size)
            QGuiApplication.processEvents()
        return png_of(self.grab().toImage())

    def closeEvent(self, event: QCloseEvent) -> None:
        """Cancel loading and let go of the model; the window can be closed at any time."""
        for feature in self.features:
            feature.closing()
        self.desk.background.close()
        self.stage.leave()
        self.side.close_panel()
        self.opening.close()
        for viewport in self.viewports:
            viewport.release()
        self.store.clear()
        self.ended.emit()
        super().closeEvent(event)
