"""Reading as a feature: its commands, presets, layouts, windows, links, cross and cine."""

from __future__ import annotations

import functools
from collections.abc import Callable

from PySide6.QtWidgets import QMenu

from clients.kit.translations import register_catalogue
from clients.viewer.desk import Desk, Feature
from clients.viewer.presets import LAYOUTS, WINDOW_PRESETS, WINDOWS, Layout, Windows, layout_of, windows_of
from clients.viewer.reading import commands, cross, texts
from clients.viewer.reading.cine import Cine
from clients.viewer.reading.cine_bar import CineBar
from clients.viewer.reading.keys import Keys
from clients.viewer.reading.linking import Links
from clients.viewer.reading.menus import Menus
from clients.viewer.reading.numbers import NumbersDialog
from clients.viewer.reading.pseudo_colour import ColourBarLayer
from clients.viewer.viewport.palettes import PALETTES
from clients.viewer.viewport.state import Aspect, ViewportState
from clients.viewer.viewport.view import ViewportWidget

register_catalogue(texts.CATALOGUE)
FIRST_PALETTE = PALETTES[0].key


class ReadingFeature(Feature):
    """Paging, windowing, zoom, turning, layouts, windows, links, cross positioning, pseudo-colour, cine."""

    actions = commands.COMMANDS
    tools = commands.TOOLS
    switches = commands.SWITCHES
    slots = commands.SLOTS
    entries = commands.ENTRIES
    needs_image = frozenset(action.id for action in commands.COMMANDS) - commands.WITHOUT_IMAGE

    def attach(self, desk: Desk) -> None:
        session = desk.session
        self.links = Links(session)
        self.cine = Cine(session, desk.store, self._cine_changed, desk.window)
        self._keys = Keys(desk)
        self._menus = Menus(desk, self)
        self._bar: CineBar | None = None
        self._numbers: NumbersDialog | None = None
        self._last_palette = FIRST_PALETTE
        for view in desk.viewports:
            view.tools[cross.TOOL] = cross.CrossTool()
            view.add_layer(cross.CrossLayer())
            view.add_layer(ColourBarLayer())
        for action_id, handler in {**self._handlers(), **self._keys.handlers()}.items():
            desk.commands.on(action_id, handler)
        for n, viewport in enumerate(session.viewports):
            viewport.changed.connect(functools.partial(self._on_viewport, n))
        session.cross_changed.connect(self._on_cross)
        session.tool_changed.connect(desk.update_viewports)

    def _handlers(self) -> dict[str, Callable[[], object]]:
        active, session = self._active, self.desk.session
        return {
            "view.invert": lambda: setattr(active(), "inverted", not active().inverted),
            "view.numbers": self._show_numbers,
            "view.thin": lambda: setattr(active(), "slab", None),
            "view.colours": self._toggle_colours,
            "view.squares": session.show_squares,
            "view.fit": lambda: active().fit(),
            "view.actual": lambda: active().actual_size(),
            "view.left90": lambda: active().turn(-90),
            "view.right90": lambda: active().turn(90),
            "view.flip_vertical": lambda: active().flip(horizontal=False),
            "view.flip_horizontal": lambda: active().flip(horizontal=True),
            "view.reset": lambda: active().reset(),
            "view.link": self._toggle_link,
            "link.grey": lambda: self._toggle_option("grey"),
            "link.size": lambda: self._toggle_option("size"),
            "view.reference": self._toggle_reference,
            "view.reference_ends": self._toggle_ends,
            "view.texts": self._toggle_texts,
            "view.square": self._toggle_square,
            "cine.play": self.cine.toggle,
            "cine.stop": self.cine.stop,
            "cine.bar": self._toggle_bar,
            "page.next": lambda: active().step(1),
            "page.previous": lambda: active().step(-1),
            "page.forward": lambda: active().step(10),
            "page.back": lambda: active().step(-10),
            "page.first": lambda: setattr(active(), "index", 0),
            "page.last": lambda: setattr(active(), "index", 1 << 30),
            "series.next": lambda: self._next_series(1),
            "series.previous": lambda: self._next_series(-1),
            "pane.next": lambda: self._next_pane(1),
            "pane.previous": lambda: self._next_pane(-1),
        }

    def reflect(self) -> None:
        desk, session = self.desk, self.desk.session
        checked = {
            "view.invert": session.active_viewport.inverted,
            "view.colours": bool(session.active_viewport.palette),
            "view.squares": not session.smooth,
            "view.link": self.links.is_on,
            "link.grey": self.links.options.grey,
            "link.size": self.links.options.size,
            "view.reference": session.reference_lines,
            "view.reference_ends": session.reference_ends,
            "view.texts": session.texts_hidden,
            "view.square": session.square,
            "cine.play": self.cine.is_playing,
            "cine.bar": self._bar is not None,
            "keys.magnifier": self._keys.has_glass,
        }
        for action_id, is_on in checked.items():
            desk.commands.qt(action_id).setChecked(is_on)
        self._menus.reflect()
        if self._bar is not None:
            self._bar.take()
        if self._numbers is not None and self._numbers.isVisible():
            self._numbers.take()

    def closing(self) -> None:
        self.cine.stop()
        if self._numbers is not None:
            self._numbers.close()

    def fill_menu(self, menu_id: str, menu: QMenu) -> None:
        """Presets, layouts, windows and colours, with their keys, which work in the whole window."""
        if not self._menus.fill(menu_id, menu):
            super().fill_menu(menu_id, menu)

    def perform(self, action: str) -> bool:
        """``preset.KEY``, ``layout.KEY``, ``windows.KEY``, ``palette.KEY`` (empty: grey), ``image.NUMBER``,
        ``series.NUMBER``, ``viewport.NUMBER`` (from 1)."""
        kind, _, name = action.partition(".")
        session, viewport = self.desk.session, self.desk.session.active_viewport
        if kind == "preset" and name in {preset.key for preset in WINDOW_PRESETS}:
            self.set_window(name)
        elif kind == "preset" and name == "default":
            self.default_window()
        elif kind == "layout" and name in {layout.key for layout in LAYOUTS}:
            self.set_layout(layout_of(name))
        elif kind == "windows" and name in {windows.key for windows in WINDOWS}:
            self.set_windows(windows_of(name))
        elif kind == "palette" and name in {"", *(palette.key for palette in PALETTES)}:
            viewport.palette = name
        elif kind == "image" and name.isdigit():
            viewport.index = int(name) - 1
        elif kind == "series" and name.isdigit() and 0 < int(name) <= len(session.stacks):
            viewport.show(session.stacks[int(name) - 1])
        elif kind == "viewport" and name.isdigit() and 0 < int(name) <= session.layout.cells:
            session.active = int(name) - 1
        else:
            return False
        return True

    # --- what menus choose

    def default_window(self) -> None:
        """The image's own window (VW-WL-04)."""
        self._active().voi = None

    def set_window(self, key: str) -> None:
        """A preset by its key."""
        self._active().voi = next(preset for preset in WINDOW_PRESETS if preset.key == key).window

    def set_layout(self, layout: Layout) -> None:
        """A layout, as a step that can be undone."""
        session = self.desk.session
        if layout != session.layout:
            session.forget_maximised()
            session.arrange("改变布局", lambda: setattr(session, "layout", layout))

    def set_windows(self, windows: Windows) -> None:
        """Windows of the selected viewport, as a step that can be undone."""
        session = self.desk.session
        cell = session.splits.cell_of(session.active)
        if windows != session.splits.windows(cell) and session.can_split(cell, windows):
            session.forget_maximised()
            session.arrange("改变窗口", lambda: session.split(cell, windows))

    def set_palette(self, key: str) -> None:
        """Colours of the selected viewport; the same again brings grey back (VW-PSC-01, -02)."""
        state = self._active()
        state.palette = "" if state.palette == key else key
        self._last_palette = key

    # --- inside

    def _active(self) -> ViewportState:
        return self.desk.session.active_viewport

    def _active_view(self) -> ViewportWidget:
        return self.desk.active

    def _on_viewport(self, number: int, aspect: Aspect) -> None:
        session = self.desk.session
        if number != session.active:
            return
        self.links.follow(number, aspect)
        if aspect in (Aspect.STACK, Aspect.INDEX):
            if session.tool == cross.TOOL:
                cross.take_along(session)
            if session.reference_lines or session.reference_ends:
                for viewport in self.desk.visible:
                    if viewport.number != number:
                        viewport.update()

    def _on_cross(self) -> None:
        cross.bring_others(self.desk.session)
        self.desk.update_viewports()

    def _cine_changed(self) -> None:
        self.desk.reflect()

    def _toggle_colours(self) -> None:
        state = self._active()
        state.palette = "" if state.palette else self._last_palette

    def _toggle_link(self) -> None:
        self.links.toggle()
        self.desk.reflect()

    def _toggle_option(self, name: str) -> None:
        setattr(self.links.options, name, not getattr(self.links.options, name))
        self.desk.reflect()

    def _toggle_reference(self) -> None:
        self.desk.session.reference_lines = not self.desk.session.reference_lines

    def _toggle_ends(self) -> None:
        self.desk.session.reference_ends = not self.desk.session.reference_ends

    def _toggle_texts(self) -> None:
        self.desk.session.texts_hidden = not self.desk.session.texts_hidden

    def _toggle_square(self) -> None:
        session = self.desk.session
        session.arrange("方形视图", lambda: setattr(session, "square", not session.square))

    def _toggle_bar(self) -> None:
        if self._bar is not None:
            self.desk.foot.removeWidget(self._bar)
            self._bar.deleteLater()
            self._bar = None
        else:
            self._bar = CineBar(self.cine)
            self._bar.closed.connect(self._toggle_bar)
            self.desk.foot.addWidget(self._bar)
        self.desk.reflect()

    def _show_numbers(self) -> None:
        if self._numbers is not None:
            self._numbers.close()
            self._numbers.deleteLater()
        self._numbers = NumbersDialog(self._active_view, self.desk.window)
        self._numbers.show()

    def _next_series(self, by: int) -> None:
        stacks, viewport = self.desk.session.stacks, self._active()
        now = next((n for n, stack in enumerate(stacks) if stack is viewport.stack), None)
        if now is not None and 0 <= now + by < len(stacks):
            viewport.show(stacks[now + by])

    def _next_pane(self, by: int) -> None:
        session = self.desk.session
        shown = session.visible_numbers
        session.active = shown[(shown.index(session.active) + by) % len(shown)]
