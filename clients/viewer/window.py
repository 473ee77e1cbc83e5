"""The viewer's window: tool bar, series bar, grid of viewports; joins model, loader and widgets."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from math import ceil, floor
from pathlib import Path

from PySide6.QtCore import QBuffer, QEvent, QIODevice, QPoint, QRect, QSize, QTimer, Signal, Slot
from PySide6.QtGui import QAction, QCloseEvent, QGuiApplication, QImage, QKeySequence
from PySide6.QtWidgets import (
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QMainWindow,
    QMenu,
    QVBoxLayout,
    QWidget,
)

from clients.kit.actions import ActionGroup
from clients.kit.theme import current_theme
from clients.kit.translations import tr
from clients.viewer import colours, texts
from clients.viewer.commands import COMMANDS, DEFAULT_PRESET_KEY, LAYOUT_KEYS, PRESET_KEYS, TOOLS
from clients.viewer.load_bridge import LoadBridge, thumbnail
from clients.viewer.loading import FrameSource, SourceFailed, StudyLoader
from clients.viewer.local_files import LocalFiles
from clients.viewer.measurements import Kind, Measurement, Values, measure
from clients.viewer.pixels import PixelStore
from clients.viewer.presets import LAYOUTS, WINDOW_PRESETS, Layout, layout_of
from clients.viewer.series_strip import SeriesStrip
from clients.viewer.session import Tool, ViewerSession
from clients.viewer.study import Stack, StudyDescription
from clients.viewer.tool_bar import ToolBar
from clients.viewer.viewport.corner_texts import person_name
from clients.viewer.viewport.state import Aspect, ViewportState
from clients.viewer.viewport.view import ViewportWidget
from shared.imaging.geometry import PixelPoint, Plane

texts.register()

FIRST_RETRY_MS, LAST_RETRY_MS = 2_000, 30_000
_LEAST_KEY_PICTURE = 200  # pixels


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
        self._threads = threads
        self._source: FrameSource | None = None
        self._loader: StudyLoader | None = None
        self._linked = False
        self._before_maximise: tuple[Layout, list[tuple[Stack | None, int]]] | None = None
        self._awaiting_first = ""
        self._tell_all = False
        self._generation = 0
        self._known: tuple[Stack, ...] = ()
        self._retry_ms = FIRST_RETRY_MS
        self._retry = QTimer(self)
        self._retry.setSingleShot(True)
        self._retry.timeout.connect(self._load)
        self._cine = QTimer(self)
        self._cine.timeout.connect(self._play_on)
        self.bridge = LoadBridge(self)
        self.bridge.arrived.connect(self._on_arrived)
        self.bridge.picture_made.connect(self._on_picture)
        self.bridge.failed.connect(self._on_failed)
        self.bridge.described.connect(self._on_described)
        self.bridge.files_read.connect(self._on_files_read)
        self.bridge.not_described.connect(self._on_not_described)

        self.commands = ActionGroup([*(a for _, a in TOOLS), *COMMANDS], self, whole_window=True)
        self._connect_actions()
        self._preset_menu, self._layout_menu = QMenu(self), QMenu(self)
        self._fill_menus()
        menus = {"menu.presets": self._preset_menu, "menu.layouts": self._layout_menu}
        self.tool_bar = ToolBar(self.commands, menus)
        self.strip = SeriesStrip(self.session, self.store)
        self.strip.chosen.connect(self._on_chosen)
        self.banner = QLabel()
        self.banner.setWordWrap(True)
        self.banner.hide()
        self.viewports = tuple(ViewportWidget(n, self.session, self.store) for n in range(len(self.session.viewports)))
        for viewport in self.viewports:
            viewport.hide()
            viewport.activated.connect(self._on_activated)
            viewport.maximise_asked.connect(self._on_maximise)
            viewport.stack_dropped.connect(self._on_dropped)
        self._build()
        self._follow_model()
        self._arrange()
        self._show_message(tr("打开一项检查：从报告工作站，或按 Ctrl+O 打开文件夹"))
        if source is not None:
            self.use(source)

    # --- building

    def _build(self) -> None:
        palette = current_theme().colours
        body = QWidget()
        outer = QVBoxLayout(body)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(self.tool_bar)
        outer.addWidget(self.banner)
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(1)
        row.addWidget(self.strip)
        holder = QWidget()
        holder.setStyleSheet(f"background: {colours.BACKGROUND};")
        self._grid = QGridLayout(holder)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(1)
        row.addWidget(holder, 1)
        outer.addLayout(row, 1)
        self.setCentralWidget(body)
        self.setStyleSheet(f"QMainWindow {{ background: {palette.window}; }}")
        self.resize(QSize(1366, 768))
        self.setWindowTitle(tr("影像阅片"))

    def _connect_actions(self) -> None:
        for tool, action in TOOLS:
            self.commands.on(action.id, functools.partial(self._choose_tool, tool))
        active = self._active
        handlers: dict[str, Callable[[], object]] = {
            "view.invert": lambda: setattr(active(), "inverted", not active().inverted),
            "view.fit": lambda: active().fit(),
            "view.actual": lambda: active().actual_size(),
            "view.left90": lambda: active().turn(-90),
            "view.right90": lambda: active().turn(90),
            "view.flip_vertical": lambda: active().flip(horizontal=False),
            "view.flip_horizontal": lambda: active().flip(horizontal=True),
            "view.reset": lambda: active().reset(),
            "view.link": self._toggle_link,
            "view.reference": self._toggle_reference,
            "view.texts": self._toggle_texts,
            "image.key": self._toggle_key,
            "image.send": self.send_key_image,
            "edit.undo": self.session.undo.undo,
            "edit.redo": self.session.undo.redo,
            "edit.delete": self._delete_selected,
            "edit.clear": self._clear_measurements,
            "cine.play": self._toggle_play,
            "page.next": lambda: active().step(1),
            "page.previous": lambda: active().step(-1),
            "page.forward": lambda: active().step(10),
            "page.back": lambda: active().step(-10),
            "page.first": lambda: setattr(active(), "index", 0),
            "page.last": lambda: setattr(active(), "index", 1 << 30),
            "series.next": lambda: self._next_series(1),
            "series.previous": lambda: self._next_series(-1),
            "file.open": self._ask_folder,
        }
        for action_id, handler in handlers.items():
            self.commands.on(action_id, handler)

    def _active(self) -> ViewportState:
        return self.session.active_viewport

    def _fill_menus(self) -> None:
        """Entries in the current language; their shortcuts work in the whole window."""
        for menu in (self._preset_menu, self._layout_menu):
            for action in menu.actions():
                self.removeAction(action)
                action.deleteLater()
            menu.clear()
        self._add(self._preset_menu, tr("默认"), DEFAULT_PRESET_KEY, self._default_window)
        for preset, key in zip(WINDOW_PRESETS, PRESET_KEYS, strict=True):
            text = f"{tr(preset.label)}   {preset.window.width:g}/{preset.window.centre:g}"
            self._add(self._preset_menu, text, key, functools.partial(self._set_window, preset.key))
        for layout, key in zip(LAYOUTS, LAYOUT_KEYS, strict=True):
            text = f"{tr(layout.label)}   {layout.columns}×{layout.rows}"
            self._add(self._layout_menu, text, key, functools.partial(self._set_layout, layout))

    def _add(self, menu: QMenu, text: str, key: str, callback: Callable[[], object]) -> None:
        action = QAction(text, self)
        action.setShortcut(QKeySequence(key))
        action.triggered.connect(lambda _checked=False: callback())
        menu.addAction(action)
        self.addAction(action)

    def _follow_model(self) -> None:
        session = self.session
        session.stacks_renewed.connect(self._take_over)
        session.studies_changed.connect(self._on_studies)
        session.layout_changed.connect(self._arrange)
        session.active_changed.connect(self._on_active)
        session.tool_changed.connect(self._reflect)
        session.texts_changed.connect(self._reflect)
        session.undo.changed.connect(self._reflect)
        session.key_images_changed.connect(lambda _key: self._reflect())
        session.measurements.settled.connect(self._on_measured)
        for n, viewport in enumerate(session.viewports):
            viewport.changed.connect(functools.partial(self._on_viewport, n))
        self._reflect()

    # --- opening

    def use(self, source: FrameSource) -> None:
        """Take studies from ``source``; what is open is closed."""
        self.close_studies()
        if self._loader is not None:
            self._loader.close()
        self._source = source
        self._loader = StudyLoader(source, self.store, self.bridge.frames, self.bridge.say_failed, self._threads)

    def open_study(self, study_uid: str, also: Sequence[str] = ()) -> None:
        """Describe and show a study, replacing what is open; ``also`` go into the series bar after it."""
        self.close_studies()
        self._show_message(tr("正在打开…"))
        self._generation += 1  # answers to what was asked before are too late now
        self._describe([("open", study_uid), *(("append", other) for other in also)])

    def compare_study(self, study_uid: str) -> None:
        """Describe a study and put it beside what is open."""
        self._describe([("compare", study_uid)])

    def append_study(self, study_uid: str) -> None:
        """Describe a study and add it to the series bar (VW-HIS-02)."""
        self._describe([("append", study_uid)])

    def refresh_study(self, study_uid: str) -> None:
        """Ask again what the study holds; more images may have come."""
        self._describe([("refresh", study_uid)])

    def open_files(self, paths: Sequence[Path]) -> None:
        """Read files and folders and show the first study found, the others beside it in the series bar."""
        source = LocalFiles(paths)
        self.close_studies()
        self._show_message(tr("正在读取文件…"))
        self._generation += 1
        generation = self._generation

        def read() -> None:
            try:
                studies = source.studies()
            except SourceFailed as failure:
                self.bridge.tell("not_described", generation, str(failure))
                return
            self.bridge.tell("files_read", generation, source, studies)

        self.bridge.run(read, "read-files")

    def close_studies(self) -> None:
        """Empty the viewer and give the memory back."""
        if self._loader is not None:
            self._loader.forget(self.session.stacks)
        self.session.close()
        self.store.clear()
        self._show_message(tr("没有打开的检查"))

    def _describe(self, wanted: Sequence[tuple[str, str]]) -> None:
        """Ask the source for studies, one after the other, each with what shall become of it."""
        source, generation = self._source, self._generation
        if source is None:
            self._on_not_described(generation, tr("没有连接影像服务器"))
            return

        def work() -> None:
            for purpose, study_uid in wanted:
                try:
                    study = source.study(study_uid)
                except SourceFailed as failure:
                    self.bridge.tell("not_described", generation, str(failure))
                    continue
                self.bridge.tell("described", generation, purpose, study)

        self.bridge.run(work, "describe")

    @Slot(int, object, object)
    def _on_files_read(self, generation: int, source: LocalFiles, studies: tuple[StudyDescription, ...]) -> None:
        if generation != self._generation:
            return
        self.use(source)
        self._show_study(studies[0])
        for study in studies[1:]:
            self.session.append(study)
        self.studies_shown.emit([study.study_uid for study in self.session.studies])

    @Slot(int, str, object)
    def _on_described(self, generation: int, purpose: str, described: StudyDescription) -> None:
        if generation != self._generation:
            return
        if purpose == "open":
            self._show_study(described)
        elif purpose == "compare":
            self.session.compare(described)
        elif purpose == "append":
            self.session.append(described)
        else:
            self._tell_all = True
            self.session.refresh(described)
        self.studies_shown.emit([study.study_uid for study in self.session.studies])

    def _show_study(self, study: StudyDescription) -> None:
        self._show_message(tr("这项检查没有图像") if not study.series else "")
        self._awaiting_first = study.study_uid
        self._tell_all = True
        self.session.open(study)

    @Slot(int, str)
    def _on_not_described(self, generation: int, sentence: str) -> None:
        if generation != self._generation:
            return
        if self.session.studies:
            self._say(sentence)
        else:
            self._show_message(sentence)
        self.failed.emit(sentence)

    def _show_message(self, text: str) -> None:
        for viewport in self.viewports:
            viewport.message = text if viewport.number == 0 else ""
            viewport.update()

    # --- loading

    def _take_over(self) -> None:
        """Images of stacks that were described anew go to their successors; what is gone is let go."""
        now = {id(stack) for stack in self.session.stacks}
        gone = [stack for stack in self._known if id(stack) not in now]
        if self._loader is not None:
            self._loader.forget(gone)
        for old in gone:
            for new in self.session.stacks:
                if new.series.series_uid == old.series.series_uid and new.study.study_uid == old.study.study_uid:
                    self.store.carry_over(old, new)
            self.store.drop(old)
        self._known = self.session.stacks

    def _load(self) -> None:
        """Ask for everything of the open studies, what is on screen first."""
        if self._loader is None:
            return
        shown = {id(v.stack): v.index for v in self.session.visible if v.stack is not None}
        marks = self.session.key_images
        for stack in self.session.stacks:
            visible = shown.get(id(stack), len(stack) // 2)
            keys = [n for key in marks if (n := stack.index_of(key)) is not None]
            self._loader.want(stack, visible=visible, key_images=keys)
        self._focus()

    def _focus(self) -> None:
        if self._loader is None:
            return
        order = [self.session.active_viewport, *self.session.visible]
        shown = [(v.stack, v.index) for v in order if v.stack is not None]
        for stack, _ in shown:
            self.store.touch(stack)
        released = self.store.make_room({id(stack) for stack, _ in shown})
        self._loader.forget(released)
        for stack, index in shown:
            if not self._loader.knows(stack) and self.store.of(stack).loaded < len(stack):
                self._loader.want(stack, visible=index)
        self._loader.focus(shown)

    def _keep_within_memory(self) -> None:
        """Over the limit only what is on screen goes on loading; a series shown later is fetched then (VW-EX-07)."""
        if self._loader is None or self.store.nbytes <= self.store.limit_bytes:
            return
        shown = {id(v.stack) for v in self.session.visible if v.stack is not None}
        self._loader.forget([stack for stack in self.session.stacks if id(stack) not in shown])
        self.store.make_room(shown)

    @Slot(list)
    def _on_arrived(self, gathered: list[tuple[Stack, list[int]]]) -> None:
        if self._retry_ms != FIRST_RETRY_MS:  # the line is back
            self._retry_ms = FIRST_RETRY_MS
            self._on_studies_named()
        for stack, indices in gathered:
            came = set(indices)
            for viewport in self.viewports:
                if viewport.state.stack is stack:
                    if viewport.state.index in came:
                        viewport.repaint() if self._awaiting_first else viewport.update()
                        self._tell_first(stack)
                    else:
                        viewport.update(0, viewport.height() - 3, viewport.width(), 3)
            if not self.strip.has_picture(stack):
                self._make_picture(stack, indices)
        self._keep_within_memory()
        self.strip.refresh()
        # Not before what came last is on screen: the first image is told before the end of all.
        if self._tell_all and self._loader is not None and self._loader.waiting == 0 and not self.bridge.has_more:
            self._tell_all = False
            self.all_loaded.emit(sum(len(stack) for stack in self.session.stacks))

    def _tell_first(self, stack: Stack) -> None:
        if self._awaiting_first == stack.study.study_uid:
            self._awaiting_first = ""
            self.first_image.emit(stack.study.study_uid)

    def _make_picture(self, stack: Stack, indices: Sequence[int]) -> None:
        """The thumbnail from the first image that came, then from the middle one."""
        pixels = self.store.of(stack)
        index = next((n for n in indices if pixels.frame(n) is not None), None)
        if index is None:
            return

        def work() -> None:
            picture = thumbnail(stack, pixels, index)
            if picture is not None:
                self.bridge.tell("picture_made", stack, picture)

        self.bridge.run(work, "thumbnail")

    @Slot(object, object)
    def _on_picture(self, stack: object, picture: object) -> None:
        if isinstance(stack, Stack) and any(stack is known for known in self.session.stacks):
            self.strip.set_picture(stack, picture)  # type: ignore[arg-type]

    @Slot(str)
    def _on_failed(self, sentence: str) -> None:
        self._say(sentence + tr("　正在重试…"))
        if not self._retry.isActive():
            self._retry.start(self._retry_ms)
            self._retry_ms = min(self._retry_ms * 2, LAST_RETRY_MS)
        self.failed.emit(sentence)

    def _say(self, sentence: str) -> None:
        """A line under the tool bar; empty hides it."""
        self.banner.setText(sentence)
        self.banner.setStyleSheet(f"background: #342a16; color: {colours.WARNING}; padding: 6px 12px; font-size: 13px;")
        self.banner.setVisible(bool(sentence))

    # --- reactions to the model

    def _on_studies(self) -> None:
        self._take_over()
        self.strip.rebuild()
        self._load()
        self._on_studies_named()
        self._reflect()

    def _on_studies_named(self) -> None:
        """Title and warning, in the current language."""
        named = [person_name(s.patient_name) or s.patient_id for s in self.session.studies]
        names = [name for name in dict.fromkeys(named) if name]
        names = [*names[:4], "…"] if len(names) > 4 else names
        title = "  ·  ".join(names)
        self.setWindowTitle(f"{title} — {tr('影像阅片')}" if title else tr("影像阅片"))
        self._say(
            tr("注意：打开的检查属于不同患者：{names}", names="，".join(names))
            if self.session.different_patients
            else ""
        )

    def _arrange(self) -> None:
        layout = self.session.layout
        for viewport in self.viewports:
            self._grid.removeWidget(viewport)
            viewport.setVisible(False)
        for n in range(9):
            self._grid.setRowStretch(n, 1 if n < layout.rows else 0)
            self._grid.setColumnStretch(n, 1 if n < layout.columns else 0)
        for n in range(layout.cells):
            self._grid.addWidget(self.viewports[n], n // layout.columns, n % layout.columns)
            self.viewports[n].setVisible(True)
        self._focus()
        self.strip.refresh()
        self._reflect()

    def _on_active(self) -> None:
        self._focus()
        self.strip.refresh()
        self._reflect()

    def _on_viewport(self, number: int, aspect: Aspect) -> None:
        if aspect in (Aspect.STACK, Aspect.INDEX):
            self._focus()
        if aspect is Aspect.STACK:
            self.strip.refresh()
        if aspect is Aspect.INDEX and self._linked and number == self.session.active:
            self._page_along(number)
        if number == self.session.active:
            self._reflect()
            if self.session.reference_lines and aspect in (Aspect.STACK, Aspect.INDEX):
                for viewport in self.viewports[: self.session.layout.cells]:
                    if viewport.number != number:
                        viewport.update()

    def _page_along(self, leader: int) -> None:
        """Linked viewports follow: by position in space where both have one of the same frame, else by number."""
        source = self.session.viewports[leader]
        stack, frame = source.stack, source.frame
        if stack is None:
            return
        for n, viewport in enumerate(self.session.visible):
            other = viewport.stack
            if n == leader or other is None:
                continue
            plane = frame.plane if frame is not None else None
            target = None
            if plane is not None and (other.shares_space_with(stack) or other.study is stack.study):
                target = _nearest_parallel(other, plane)
            if target is None:
                target = round(source.index * (len(other) - 1) / max(len(stack) - 1, 1))
            viewport.index = target

    def _reflect(self) -> None:
        """Checked and enabled states of the actions; Qt signals of the actions do not come back here."""
        session, viewport = self.session, self.session.active_viewport
        for tool, action in TOOLS:
            self.commands.qt(action.id).setChecked(session.tool is tool)
        self.commands.qt("view.invert").setChecked(viewport.inverted)
        self.commands.qt("view.link").setChecked(self._linked)
        self.commands.qt("view.reference").setChecked(session.reference_lines)
        self.commands.qt("view.texts").setChecked(session.texts_hidden)
        self.commands.qt("cine.play").setChecked(self._cine.isActive())
        self.commands.qt("image.key").setChecked(session.is_key_image(viewport.key))
        self.commands.set_enabled("edit.undo", bool(session.undo.undo_name))
        self.commands.set_enabled("edit.redo", bool(session.undo.redo_name))
        for action in COMMANDS:
            needs_image = action.id.startswith(("view.", "image.", "page.", "cine.", "edit.clear"))
            if needs_image and action.id not in ("view.link", "view.texts", "view.reference"):
                self.commands.set_enabled(action.id, viewport.stack is not None)

    def _on_measured(self, measurement: Measurement) -> None:
        """A measurement was drawn or changed for good: tell whoever writes the report."""
        for stack in self.session.stacks:
            index = stack.index_of(measurement.key)
            if index is not None:
                value = measure(measurement, stack.image(index), self._values_of(stack, index))
                uid = measurement.key.sop_instance_uid
                self.measurement_drawn.emit(value.text, value.value, value.unit, uid)
                return

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange and hasattr(self, "strip"):
            self._fill_menus()
            self._on_studies_named()
            self.strip.refresh()
            for viewport in self.viewports:
                viewport.update()
        super().changeEvent(event)

    # --- intentions

    def _choose_tool(self, tool: Tool) -> None:
        self.session.tool = tool
        self._reflect()

    def _toggle_link(self) -> None:
        self._linked = not self._linked
        self._reflect()

    def _toggle_reference(self) -> None:
        self.session.reference_lines = not self.session.reference_lines

    def _toggle_texts(self) -> None:
        self.session.texts_hidden = not self.session.texts_hidden
        self._reflect()

    def _toggle_key(self) -> None:
        key = self.session.active_viewport.key
        if key is not None:
            self.session.toggle_key_image(key)
        self._reflect()

    def _delete_selected(self) -> None:
        selected = self.session.measurements.selected
        if selected is not None:
            self.session.measurements.delete(selected)

    def _clear_measurements(self) -> None:
        stack = self.session.active_viewport.stack
        if stack is not None:
            self.session.measurements.delete_all(stack.frames)

    def _toggle_play(self) -> None:
        """Round and round at the pace of the file, else 12 images a second; again stops (VW-CIN-01, -02)."""
        if self._cine.isActive():
            self._cine.stop()
        else:
            frame = self.session.active_viewport.frame
            pace = frame.duration_ms if frame is not None and frame.duration_ms else 1000 / 12
            self._cine.start(round(min(max(pace, 10.0), 1000.0)))
        self._reflect()

    @Slot()
    def _play_on(self) -> None:
        """The next image that is there already; the others are left out rather than waited for."""
        viewport = self.session.active_viewport
        if viewport.stack is None or len(viewport.stack) < 2:
            self._cine.stop()
            self._reflect()
            return
        pixels, count = self.store.of(viewport.stack), len(viewport.stack)
        for step in range(1, count + 1):
            index = (viewport.index + step) % count
            if pixels.frame(index) is not None:
                viewport.index = index
                return

    def _values_of(self, stack: Stack, index: int) -> Values | None:
        pixels = self.store.of(stack)
        array = pixels.frame(index)
        return Values(array, pixels.modality(index)) if array is not None else None

    def _default_window(self) -> None:
        self.session.active_viewport.voi = None

    def _set_window(self, key: str) -> None:
        preset = next(preset for preset in WINDOW_PRESETS if preset.key == key)
        self.session.active_viewport.voi = preset.window

    def _set_layout(self, layout: Layout) -> None:
        self._before_maximise = None
        self.session.layout = layout

    def _next_series(self, by: int) -> None:
        stacks = self.session.stacks
        viewport = self.session.active_viewport
        now = next((n for n, stack in enumerate(stacks) if stack is viewport.stack), None)
        if now is not None and 0 <= now + by < len(stacks):
            viewport.show(stacks[now + by])

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

    @Slot(int)
    def _on_maximise(self, number: int) -> None:
        """The viewport alone, and back: what the others show is kept."""
        session = self.session
        if self._before_maximise is not None:
            layout, contents = self._before_maximise
            self._before_maximise = None
            first = session.viewports[0]
            session.layout = layout
            shown = (first.stack, first.index)
            for n, (stack, index) in enumerate(contents):
                if session.viewports[n].stack is not stack:
                    session.viewports[n].show(stack, index)
            chosen = next((n for n, (stack, _) in enumerate(contents) if stack is shown[0]), 0)
            session.viewports[chosen].index = shown[1]
            session.active = chosen
            return
        if session.layout.cells == 1:
            return
        self._before_maximise = (session.layout, [(v.stack, v.index) for v in session.visible])
        chosen_viewport = session.viewports[number]
        stack, index = chosen_viewport.stack, chosen_viewport.index
        session.layout = LAYOUTS[0]
        if session.viewports[0].stack is not stack:
            session.viewports[0].show(stack, index)

    def _ask_folder(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, tr("打开文件夹"))
        if folder:
            self.open_files([Path(folder)])

    def perform(self, action: str) -> bool:
        """Do what a button or menu does, by name; False for an unknown name.

        Beside the ids of ``commands``: ``preset.KEY``, ``layout.KEY``, ``image.NUMBER`` (from 1),
        ``series.NUMBER`` (from 1, into the selected viewport), ``viewport.NUMBER`` (from 1).
        """
        kind, _, name = action.partition(".")
        viewport = self.session.active_viewport
        if kind == "preset" and name in {preset.key for preset in WINDOW_PRESETS}:
            self._set_window(name)
        elif kind == "preset" and name == "default":
            self._default_window()
        elif kind == "layout" and name in {layout.key for layout in LAYOUTS}:
            self._set_layout(layout_of(name))
        elif kind == "image" and name.isdigit():
            viewport.index = int(name) - 1
        elif kind == "series" and name.isdigit() and 0 < int(name) <= len(self.session.stacks):
            viewport.show(self.session.stacks[int(name) - 1])
        elif kind == "viewport" and name.isdigit() and 0 < int(name) <= self.session.layout.cells:
            self.session.active = int(name) - 1
        elif action in {known.id for known in (*(a for _, a in TOOLS), *COMMANDS)}:
            self.commands.trigger(action)
        else:
            return False
        return True

    def draw_length(self, a: PixelPoint, b: PixelPoint) -> None:
        """A length in the selected viewport, as if the reader had drawn it."""
        key = self.session.active_viewport.key
        if key is not None:
            self.session.measurements.draw(Kind.LENGTH, key, (a, b))

    # --- pictures of the viewports

    def is_settled(self) -> bool:
        """True when every viewport on screen shows its image and every stack has its thumbnail."""
        shown = [v for v in self.viewports[: self.session.layout.cells] if v.state.stack is not None]
        if not shown:
            return bool(self.viewports[0].message) and not self.session.stacks and self._loader is not None
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
        values = [measure(m, image, below).text for m in self.session.measurements.of_frame(key)]
        png = png_of(self.key_picture(self.session.active))
        self.key_image_sent.emit(
            stack.study.study_uid, stack.series.series_uid, key.sop_instance_uid, key.frame, png, values
        )

    def picture(self, number: int) -> QImage:
        """The viewport as it is on screen, without its frame."""
        widget = self.viewports[number]
        return widget.grab().toImage()

    def key_picture(self, number: int) -> QImage:
        """The part of the viewport that the image covers: the report has no use for black margins and corner texts.

        Where only a narrow strip of the image is on screen, the whole viewport is taken.
        """
        whole = self.picture(number)
        projection = self.viewports[number].projection()
        if projection is None:
            return whole
        places = projection.corners()
        left, right = (pick(place.x for place in places) for pick in (min, max))
        top, bottom = (pick(place.y for place in places) for pick in (min, max))
        covered = QRect(QPoint(floor(left), floor(top)), QPoint(ceil(right), ceil(bottom))).intersected(whole.rect())
        return whole.copy(covered) if min(covered.width(), covered.height()) >= _LEAST_KEY_PICTURE else whole

    def capture(self, size: QSize | None = None) -> bytes:
        """The whole window as PNG."""
        if size is not None:
            self.resize(size)
            QGuiApplication.processEvents()
        return png_of(self.grab().toImage())

    def closeEvent(self, event: QCloseEvent) -> None:
        """Cancel loading and let go of the model; the window can be closed at any time."""
        self._cine.stop()
        self._retry.stop()
        self.bridge.close()
        if self._loader is not None:
            self._loader.close()
            self._loader = None
        for viewport in self.viewports:
            viewport.release()
        self.store.clear()
        self.ended.emit()
        super().closeEvent(event)


def png_of(image: QImage) -> bytes:
    """A picture as PNG bytes."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload]
    return bytes(buffer.data().data())


def _nearest_parallel(stack: Stack, plane: Plane) -> int | None:
    """The image of ``stack`` nearest to ``plane``; None unless all its images are parallel to it."""
    best: tuple[float, int] | None = None
    for n in range(len(stack)):
        other = stack.frame_header(n).plane
        if other is None or not other.parallel_to(plane):
            return None
        away = abs(other.depth_mm - plane.depth_mm)
        if best is None or away < best[0]:
            best = (away, n)
    return best[1] if best is not None else None
