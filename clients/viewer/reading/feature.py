"""Reading as a feature: its commands, presets and layouts."""

from __future__ import annotations

import functools
from collections.abc import Callable

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu

from clients.kit.translations import tr
from clients.viewer.desk import Desk, Feature
from clients.viewer.presets import LAYOUTS, WINDOW_PRESETS, Layout, layout_of
from clients.viewer.reading import commands
from clients.viewer.reading.cine import Cine
from clients.viewer.reading.linking import page_along
from clients.viewer.viewport.state import Aspect, ViewportState


class ReadingFeature(Feature):
    """Paging, windowing, zoom, turning, layouts, links, cine."""

    actions = commands.COMMANDS
    tools = commands.TOOLS
    switches = commands.SWITCHES
    slots = commands.SLOTS
    needs_image = frozenset(action.id for action in commands.COMMANDS) - commands.WITHOUT_IMAGE

    def attach(self, desk: Desk) -> None:
        self._linked = False
        self._cine = Cine(desk.session, desk.store, desk.reflect, desk.window)
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
            "cine.play": self._toggle_play,
            "page.next": lambda: active().step(1),
            "page.previous": lambda: active().step(-1),
            "page.forward": lambda: active().step(10),
            "page.back": lambda: active().step(-10),
            "page.first": lambda: setattr(active(), "index", 0),
            "page.last": lambda: setattr(active(), "index", 1 << 30),
            "series.next": lambda: self._next_series(1),
            "series.previous": lambda: self._next_series(-1),
        }
        for action_id, handler in handlers.items():
            desk.commands.on(action_id, handler)
        for n, viewport in enumerate(desk.session.viewports):
            viewport.changed.connect(functools.partial(self._on_viewport, n))

    def reflect(self) -> None:
        desk, session = self.desk, self.desk.session
        desk.commands.qt("view.invert").setChecked(session.active_viewport.inverted)
        desk.commands.qt("view.link").setChecked(self._linked)
        desk.commands.qt("view.reference").setChecked(session.reference_lines)
        desk.commands.qt("view.texts").setChecked(session.texts_hidden)
        desk.commands.qt("cine.play").setChecked(self._cine.is_playing)

    def closing(self) -> None:
        self._cine.stop()

    def fill_menu(self, menu_id: str, menu: QMenu) -> None:
        """Presets and layouts with their keys, which work in the whole window."""
        if menu_id == "menu.presets":
            self._add(menu, tr("默认"), commands.DEFAULT_PRESET_KEY, self._default_window)
            for preset, key in zip(WINDOW_PRESETS, commands.PRESET_KEYS, strict=True):
                text = f"{tr(preset.label)}   {preset.window.width:g}/{preset.window.centre:g}"
                self._add(menu, text, key, functools.partial(self._set_window, preset.key))
        elif menu_id == "menu.layouts":
            for layout, key in zip(LAYOUTS, commands.LAYOUT_KEYS, strict=True):
                text = f"{tr(layout.label)}   {layout.columns}×{layout.rows}"
                self._add(menu, text, key, functools.partial(self._set_layout, layout))
        else:
            super().fill_menu(menu_id, menu)

    def perform(self, action: str) -> bool:
        """``preset.KEY``, ``layout.KEY``, ``image.NUMBER``, ``series.NUMBER``, ``viewport.NUMBER`` (from 1)."""
        kind, _, name = action.partition(".")
        session, viewport = self.desk.session, self.desk.session.active_viewport
        if kind == "preset" and name in {preset.key for preset in WINDOW_PRESETS}:
            self._set_window(name)
        elif kind == "preset" and name == "default":
            self._default_window()
        elif kind == "layout" and name in {layout.key for layout in LAYOUTS}:
            self._set_layout(layout_of(name))
        elif kind == "image" and name.isdigit():
            viewport.index = int(name) - 1
        elif kind == "series" and name.isdigit() and 0 < int(name) <= len(session.stacks):
            viewport.show(session.stacks[int(name) - 1])
        elif kind == "viewport" and name.isdigit() and 0 < int(name) <= session.layout.cells:
            session.active = int(name) - 1
        else:
            return False
        return True

    # --- inside

    def _active(self) -> ViewportState:
        return self.desk.session.active_viewport

    def _add(self, menu: QMenu, text: str, key: str, callback: Callable[[], object]) -> None:
        action = QAction(text, menu)
        action.setShortcut(QKeySequence(key))
        action.triggered.connect(lambda _checked=False: callback())
        menu.addAction(action)
        self.desk.window.addAction(action)

    def _on_viewport(self, number: int, aspect: Aspect) -> None:
        session = self.desk.session
        if number != session.active:
            return
        if aspect is Aspect.INDEX and self._linked:
            page_along(session, number)
        if session.reference_lines and aspect in (Aspect.STACK, Aspect.INDEX):
            for viewport in self.desk.visible:
                if viewport.number != number:
                    viewport.update()

    def _toggle_link(self) -> None:
        self._linked = not self._linked
        self.desk.reflect()

    def _toggle_reference(self) -> None:
        self.desk.session.reference_lines = not self.desk.session.reference_lines

    def _toggle_texts(self) -> None:
        self.desk.session.texts_hidden = not self.desk.session.texts_hidden

    def _toggle_play(self) -> None:
        self._cine.toggle()
        self.desk.reflect()

    def _default_window(self) -> None:
        self._active().voi = None

    def _set_window(self, key: str) -> None:
        self._active().voi = next(preset for preset in WINDOW_PRESETS if preset.key == key).window

    def _set_layout(self, layout: Layout) -> None:
        self.desk.session.forget_maximised()
        self.desk.session.layout = layout

    def _next_series(self, by: int) -> None:
        stacks, viewport = self.desk.session.stacks, self._active()
        now = next((n for n, stack in enumerate(stacks) if stack is viewport.stack), None)
        if now is not None and 0 <= now + by < len(stacks):
            viewport.show(stacks[now + by])
