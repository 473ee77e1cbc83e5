"""What a feature of the viewer is and what it gets to work with: the desk. One line in `features.FEATURES` adds one.

A feature's module is imported at start, so heavy libraries (VTK, SimpleITK) belong inside its functions.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol, TypeVar

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtWidgets import QMenu, QVBoxLayout, QWidget

from clients.kit.actions import Action, ActionGroup
from clients.kit.settings import UserSettings
from clients.kit.translations import tr
from clients.viewer.commands import Slot as ToolBarSlot
from clients.viewer.pixels import PixelStore
from clients.viewer.session import ViewerSession
from clients.viewer.stage import Side, Stage

if TYPE_CHECKING:
    from clients.viewer.loading import FrameSource
    from clients.viewer.opening import Opening
    from clients.viewer.viewport.view import ViewportWidget

log = logging.getLogger(__name__)
T = TypeVar("T")


class Feature:
    """Base of all features: what it declares is data, what it does is connected in `attach`."""

    actions: Sequence[Action] = ()
    """Commands; ids are unique in the viewer, shortcuts too."""
    tools: Sequence[tuple[str, Action]] = ()
    """What the left button can do: id of a mouse tool and the action that chooses it."""
    switches: frozenset[str] = frozenset()
    """Ids of actions that are on or off; `reflect` sets them."""
    slots: Mapping[str, Sequence[ToolBarSlot]] = {}
    """Buttons for groups of the tool bar (`commands.GROUPS`)."""
    entries: Mapping[str, Sequence[str]] = {}
    """Action ids for menus of the tool bar (`commands.MENUS`)."""
    needs_image: frozenset[str] = frozenset()
    """Ids of actions that are only enabled while the selected viewport shows an image."""

    desk: Desk
    """Set before `attach`."""

    def attach(self, desk: Desk) -> None:
        """Connect the actions (`desk.commands.on`), add layers and mouse tools; called once."""

    def ready(self) -> None:
        """The window stands: tool bar, series bar and viewports are in their places; called once."""

    def reflect(self) -> None:
        """Set checked and enabled states of the actions after the model changed."""

    def fill_menu(self, menu_id: str, menu: QMenu) -> None:
        """Add entries to a menu of the tool bar; called again when the language changed."""
        for action_id in self.entries.get(menu_id, ()):
            menu.addAction(self.desk.commands.qt(action_id))

    def perform(self, _action: str) -> bool:
        """Do something by a name that is no action id (`preset.lung`); False for an unknown name."""
        return False

    def closing(self) -> None:
        """The window closes: stop timers and processes."""


class _Later(Protocol):
    def __call__(self) -> None: ...


class Background(QObject):
    """Work off the GUI thread, answers in it; nobody is called once it is closed."""

    _done = Signal(object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._gate = threading.RLock()
        self._open = True
        self._done.connect(self._call, Qt.ConnectionType.QueuedConnection)

    def run(
        self,
        work: Callable[[], T],
        done: Callable[[T], object],
        failed: Callable[[str], object] | None = None,
        name: str = "background",
    ) -> None:
        """Do ``work`` in a thread of its own, then ``done(result)`` or ``failed(sentence)`` in the GUI thread.

        Errors that a user can understand are raised in ``work`` as ValueError, OSError or another exception with a
        sentence for its text; anything without a text is logged and told as a defect.
        """

        def thread() -> None:
            try:
                result = work()
            except Exception as error:  # the outermost loop of a thread
                log.warning("background work failed: %s", type(error).__name__, exc_info=True)
                sentence = str(error) or tr("出现程序错误，已记入日志")
                if failed is not None:
                    self.later(lambda: failed(sentence))
                return
            self.later(lambda: done(result))

        threading.Thread(target=thread, name=name, daemon=True).start()

    def later(self, call: Callable[[], object]) -> None:
        """Call something in the GUI thread; from any thread."""
        with self._gate:
            if self._open:
                self._done.emit(call)

    def close(self) -> None:
        """Let nobody be called from now on."""
        with self._gate:
            self._open = False

    @Slot(object)
    def _call(self, call: _Later) -> None:
        if self._open:
            call()


class Desk:
    """The viewer as a feature sees it."""

    def __init__(
        self,
        *,
        window: QWidget,
        session: ViewerSession,
        store: PixelStore,
        opening: Opening,
        viewports: tuple[ViewportWidget, ...],
        commands: ActionGroup,
        stage: Stage,
        side: Side,
        foot: QVBoxLayout,
        settings: UserSettings,
        say: Callable[[str], None],
        reflect: Callable[[], None],
        send_picture: Callable[[bytes, Sequence[str]], None],
    ) -> None:
        self.window = window
        self.session = session
        self.store = store
        self.opening = opening
        self.viewports = viewports
        self.commands = commands
        self.stage = stage
        self.side = side
        self.foot = foot
        """Below the viewports, for thin bars such as that of the cine."""
        self.settings = settings
        self.background = Background(window)
        self.say = say
        """A line under the tool bar; empty hides it."""
        self.reflect = reflect
        """Let all features set the states of their actions."""
        self.send_picture = send_picture
        """PNG and its measurement texts go to the report page, for the image of the selected viewport."""

    @property
    def active(self) -> ViewportWidget:
        """The widget of the selected viewport."""
        return self.viewports[self.session.active]

    @property
    def visible(self) -> tuple[ViewportWidget, ...]:
        """The widgets of all panes on screen."""
        return tuple(self.viewports[n] for n in self.session.visible_numbers)

    @property
    def source(self) -> FrameSource | None:
        """Where studies come from; a `ServerStudies` while a server is connected."""
        return self.opening.source

    def update_viewports(self) -> None:
        """Paint all visible viewports again."""
        for viewport in self.visible:
            viewport.update()
