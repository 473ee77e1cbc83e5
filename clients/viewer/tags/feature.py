"""The tag browser as a feature: follows the shown image, reads its object in the background."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QTimer

from clients.kit.actions import Action
from clients.kit.translations import register_catalogue, tr
from clients.viewer.desk import Desk, Feature
from clients.viewer.tags import texts
from clients.viewer.tags.model import Node, differences, tree_of, values_of
from clients.viewer.tags.panel import WIDTH, TagsPanel
from clients.viewer.viewport.state import Aspect
from shared.imaging.frames import Part10

register_catalogue(texts.CATALOGUE)
OPEN, KEY, TITLE = "tags.open", "tags", "元信息"
WAIT_MS = 120  # while somebody pages, nothing is fetched
KEPT = 8
_ENTRIES = {"menu.more": (OPEN,)}


class TagsFeature(Feature):
    """元信息: the DICOM elements of the selected viewport's image."""

    actions = (Action(OPEN, TITLE, "Ctrl+I", hint="查看当前图像的 DICOM 标签"),)
    switches = frozenset({OPEN})
    entries = _ENTRIES

    def attach(self, desk: Desk) -> None:
        self.panel: TagsPanel | None = None
        self._trees: dict[str, list[Node]] = {}  # few, the last one last
        self._shown, self._fetching, self._sought = "", "", ""
        self._timer = QTimer(desk.window)
        self._timer.setSingleShot(True)
        self._timer.setInterval(WAIT_MS)
        self._timer.timeout.connect(self._look)
        desk.commands.on(OPEN, self._toggle)
        desk.side.changed.connect(self._on_side)
        desk.session.active_changed.connect(self._later)
        desk.session.studies_changed.connect(self._forget)
        for viewport in desk.session.viewports:
            viewport.changed.connect(self._on_viewport)

    def reflect(self) -> None:
        self.desk.commands.qt(OPEN).setChecked(self.desk.side.key == KEY)

    def _toggle(self) -> None:
        if self.desk.side.key == KEY:
            self.desk.side.close_panel()
            return
        panel = TagsPanel()
        panel.search.setText(self._sought)
        panel.search.textChanged.connect(self._remember)
        panel.differences_wanted.connect(lambda _on: self._renew())
        self.desk.side.show_panel(KEY, panel, TITLE, WIDTH, self._toggle)
        self.panel = panel
        self._renew()

    def _remember(self, sought: str) -> None:
        self._sought = sought

    def _on_side(self, key: str) -> None:
        if key != KEY:
            self.panel = None
        self.desk.reflect()

    def _on_viewport(self, aspect: Aspect) -> None:
        if aspect in (Aspect.STACK, Aspect.INDEX):
            self._later()

    def _later(self) -> None:
        if self.panel is not None:
            self._timer.start()

    def _forget(self) -> None:
        self._trees.clear()
        self._renew()

    def _renew(self) -> None:
        self._shown = ""
        self._later()

    def _look(self) -> None:
        """Show the image's elements, fetching what is missing: the object, and its neighbour's where they differ."""
        panel, viewport = self.panel, self.desk.session.active_viewport
        if panel is None:
            return
        stack = viewport.stack
        fetch: Callable[[str], Part10] | None = getattr(self.desk.source, "object", None)
        if stack is None or fetch is None:
            panel.show_message(tr("视口中没有图像"))
            return
        uid = stack.frames[viewport.index].sop_instance_uid
        if ":" in uid:  # computed here (`views.DERIVED`): stored nowhere
            panel.show_message(tr("这幅图像是重建得到的，没有 DICOM 文件；请切换到原始图像"))
            return
        wanted = [uid]
        if panel.differ.isChecked() and len(stack) > 1:
            neighbour = stack.frames[viewport.index - 1 if viewport.index else 1].sop_instance_uid
            wanted = [uid, neighbour]
        missing = next((one for one in wanted if one not in self._trees), "")
        if missing:
            self._fetch(missing, fetch)
        elif self._shown != "+".join(wanted):
            self._shown = "+".join(wanted)
            nodes = self._trees[uid]
            different = differences(nodes, values_of(self._trees[wanted[1]])) if len(wanted) > 1 else ()
            panel.show_nodes(nodes, different)

    def _fetch(self, uid: str, fetch: Callable[[str], Part10]) -> None:
        if self._fetching:
            return  # its answer looks again
        self._fetching = uid

        def done(nodes: list[Node]) -> None:
            self._fetching = ""
            self._trees[uid] = nodes
            while len(self._trees) > KEPT:
                self._trees.pop(next(iter(self._trees)))
            self._look()

        def failed(sentence: str) -> None:
            self._fetching = ""
            if self.panel is not None:
                self.panel.show_message(sentence)

        self.desk.background.run(lambda: tree_of(fetch(uid).header), done, failed, "tags")
