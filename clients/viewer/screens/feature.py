"""Screens as a feature: true size, calibration, the mark of screens not for diagnosis, full screen, second screen."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QScreen
from PySide6.QtWidgets import QPushButton, QWidget

from clients.kit.actions import Action
from clients.kit.screen_watch import ScreenWatch
from clients.kit.theme import current_theme
from clients.kit.tokens import Tone
from clients.kit.translations import register_catalogue, tr
from clients.viewer.commands import Slot
from clients.viewer.desk import Desk, Feature
from clients.viewer.presets import layout_of
from clients.viewer.screens import texts
from clients.viewer.screens.facts import ScreenBook, ScreenFacts
from clients.viewer.screens.second import SecondWindow
from clients.viewer.session import FIRST_TILE, SECOND_SCREEN
from clients.viewer.viewport.view import ViewportWidget

register_catalogue(texts.CATALOGUE)
SECOND = {"screens.second.1": "1x1", "screens.second.2": "2x1", "screens.second.4": "2x2"}
_SLOTS = {"turn": (Slot("view.true_size", "screen", "真实"),)}
_ENTRIES = {"menu.more": ("screens.full", *SECOND, "screens.calibrate")}


class ScreensFeature(Feature):
    """What depends on the screens of this desk."""

    actions = (
        Action("view.true_size", "实际大小", "Shift+O", hint="屏幕上一毫米等于图像中一毫米；需要先测量显示器"),
        Action("screens.calibrate", "显示器校准…"),
        Action("screens.full", "全屏", "F11"),
        Action("screens.second", "第二屏幕", "Ctrl+F11", hint="把序列拖到另一屏幕上显示"),
        Action("screens.second.1", "第二屏幕：一视口"),
        Action("screens.second.2", "第二屏幕：二视口"),
        Action("screens.second.4", "第二屏幕：四视口"),
    )
    switches = frozenset({"screens.full", "screens.second", *SECOND})
    slots = _SLOTS
    entries = _ENTRIES
    needs_image = frozenset({"view.true_size"})

    def attach(self, desk: Desk) -> None:
        self.book = ScreenBook(desk.settings)
        self.second: SecondWindow | None = None
        self.chip: QPushButton | None = None
        handlers: dict[str, Callable[[], object]] = {
            "view.true_size": self.true_size,
            "screens.calibrate": self.calibrate,
            "screens.full": self._toggle_full,
            "screens.second": self._toggle_second,
            **{action: self._chooser(action) for action in SECOND},
        }
        for action_id, handler in handlers.items():
            desk.commands.on(action_id, handler)
        self._watch = ScreenWatch(desk.window, self._moved)
        QTimer.singleShot(0, desk.window, self._mark)

    def reflect(self) -> None:
        commands, second = self.desk.commands, self.desk.session.second
        commands.qt("screens.full").setChecked(self.desk.window.isFullScreen())
        commands.qt("screens.second").setChecked(second is not None)
        for action, layout in SECOND.items():
            commands.qt(action).setChecked(second is not None and second.key == layout)
        if self.second is not None:
            self.second.name()
        self._mark()

    def closing(self) -> None:
        if self.second is not None:
            self.second.close()

    # --- the screen below a widget

    def facts_of(self, widget: QWidget) -> ScreenFacts:
        """What is known of the screen on which a widget stands."""
        screen = widget.screen()
        ratio = screen.devicePixelRatio()
        size = screen.geometry().size() * ratio
        return self.book.of(_key(screen), screen.model() or screen.name(), size.width(), size.height())

    def true_size(self) -> None:
        """The selected image as large as in the patient; asks to measure the screen first."""
        view = self.desk.active
        pitch, spacing = self.facts_of(view).pitch_mm, view.spacing()
        if spacing is None:
            return
        if not spacing.is_known:
            self.desk.say(tr("图像没有毫米单位，不能按实际大小显示"))
        elif pitch is None:
            self.desk.say(tr("先测量显示器，才能按实际大小显示"))
            self.calibrate()
        else:
            view.state.true_size(spacing.row_mm / pitch)

    def calibrate(self) -> None:
        """The dialog for the screen of the selected viewport."""
        from clients.viewer.screens.calibration import CalibrationDialog

        view = self.desk.active
        owner = view.window()
        self.dialog = CalibrationDialog(self.book, self.facts_of(view), self._mark, owner)
        self.dialog.show()

    def _moved(self) -> None:
        """A window came to another screen: true sizes are of that screen now."""
        for view in self.desk.viewports:
            if view.state.geometry.scale is not None:
                self._again(view)
        self._mark()

    def _again(self, view: ViewportWidget) -> None:
        pitch, spacing = self.facts_of(view).pitch_mm, view.spacing()
        if pitch is None or spacing is None:
            view.state.fit()
        else:
            view.state.true_size(spacing.row_mm / pitch)

    def _mark(self) -> None:
        """The mark in the tool bar, as long as this screen must not serve for diagnosis (VW-EX-12)."""
        bar = getattr(self.desk.window, "tool_bar", None)
        if bar is None:
            return
        if self.chip is None:
            self.chip = QPushButton("⚠")
            self.chip.setObjectName("screens.mark")
            self.chip.setFlat(True)
            self.chip.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            self.chip.clicked.connect(self.calibrate)
            bar.add_at_end(self.chip)
        image = self.desk.session.active_viewport.image
        reasons = self.facts_of(self.desk.active).warnings(date.today(), image.modality_code if image else "")
        before = (self.chip.isHidden(), self.chip.text(), self.chip.styleSheet())
        wide = self.desk.window.width() >= current_theme().px(1800)
        self.chip.setText(f"⚠ {tr('非诊断屏')}" if wide else "⚠")
        amber, px = current_theme().tone(Tone.WARNING), current_theme().px
        style = (
            f"QPushButton {{ color: {amber.text}; background: {amber.ground}; border: none; border-radius: 4px;"
            f" padding: 0 8px; font-size: {px(12)}px; }}"
        )
        if style != self.chip.styleSheet():
            self.chip.setFixedHeight(px(28))
            self.chip.setStyleSheet(style)
        self.chip.setToolTip(
            tr("此显示器不用于诊断：\n{why}\n单击查看或校准", why="\n".join(f"· {r}" for r in reasons))
        )
        self.chip.setVisible(bool(reasons))
        if before != (self.chip.isHidden(), self.chip.text(), self.chip.styleSheet()):
            bar.refit()

    # --- windows

    def _toggle_full(self) -> None:
        window = self.desk.window
        window.showNormal() if window.isFullScreen() else window.showFullScreen()
        self.desk.reflect()

    def _toggle_second(self) -> None:
        if self.second is not None:
            self.second.close()
        else:
            self._open_second("1x1")

    def _chooser(self, action: str) -> Callable[[], None]:
        return lambda: self._open_second(SECOND[action])

    def _open_second(self, layout: str) -> None:
        """Open the second window with a layout, change it, or close it when it has this one already."""
        session, now = self.desk.session, self.desk.session.second
        if self.second is not None and now == layout_of(layout):
            self.second.close()
            return
        session.second = layout_of(layout)
        for view in self.desk.viewports[SECOND_SCREEN:FIRST_TILE]:
            view.message = tr("把序列拖到这里")
        if self.second is None:
            self.second = SecondWindow(self.desk, self._second_closed)
            self.second.place()
        self.desk.reflect()

    def _second_closed(self) -> None:
        self.second = None
        self.desk.session.second = None
        self.desk.reflect()


def _key(screen: QScreen) -> str:
    """Names a screen between starts; the serial number is empty on some systems."""
    size = screen.geometry().size() * screen.devicePixelRatio()
    parts = (screen.manufacturer(), screen.model(), screen.serialNumber(), screen.name())
    return "|".join((*parts, f"{size.width()}x{size.height()}"))
