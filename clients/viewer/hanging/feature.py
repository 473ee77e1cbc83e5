"""Hanging as a feature: lays out what is opened, steps and switches, keeps protocols, learns from what is shown."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QMenu

from clients.kit.actions import Action
from clients.kit.settings import data_folder
from clients.kit.translations import register_catalogue, tr
from clients.viewer.desk import Desk, Feature
from clients.viewer.hanging import builtin, explaining, keeping, texts
from clients.viewer.hanging.fetching import PriorFetcher
from clients.viewer.hanging.hanger import Hanger
from clients.viewer.hanging.keeping import Folder, Kept, server_of
from clients.viewer.hanging.sizing import Watcher, equalise
from shared.contract.errors import RpcError
from shared.contract.hanging import Protocol
from shared.dicomkit.hanging_reading import ReadProtocol
from shared.dicomkit.uids import new_uid

if TYPE_CHECKING:
    from clients.viewer.hanging.learn_panel import LearnPanel
    from clients.viewer.hanging.panel import HangingPanel
    from clients.viewer.loading import FrameSource
    from clients.viewer.study import StudyDescription

register_catalogue(texts.CATALOGUE)
log = logging.getLogger(__name__)
PANEL, LEARN = "hanging", "hanging.learn"
AUTOMATIC = "hanging.automatic"
AUTOMATIC_AT_FIRST = True

ACTIONS = (
    Action("hanging.panel", "挂片方案", "Ctrl+G", hint="用的是哪个方案，为什么；换用、编辑、共享"),
    Action("hanging.step_on", "挂片下一步", "F8", hint="按方案的标准顺序看下一屏"),
    Action("hanging.step_back", "挂片上一步", "Shift+F8"),
    Action("hanging.next", "下一个挂片方案", "F9"),
    Action("hanging.previous", "上一个挂片方案", "Shift+F9"),
    Action("hanging.again", "重新挂片", "Ctrl+Shift+R", hint="把手动改过的布局恢复为方案的样子"),
    Action("hanging.learn", "按此挂片", "Ctrl+Shift+K", hint="从当前这一屏学出挂片方案"),
    Action("hanging.automatic", "打开检查时自动挂片"),
    Action("hanging.priors", "自动调入既往检查", hint="方案要对比时，调入同一部位、同类设备最近的既往检查"),
)


class HangingFeature(Feature):
    """Hanging protocols (VW-EX-10, VW-SET-11)."""

    actions = ACTIONS
    switches = frozenset({"hanging.automatic", "hanging.panel", "hanging.priors"})
    needs_image = frozenset({"hanging.learn", "hanging.again"})

    def attach(self, desk: Desk) -> None:
        session = desk.session
        self.hanger = Hanger(session)
        self.hanger.enabled = desk.settings.get(AUTOMATIC, AUTOMATIC_AT_FIRST) is not False
        self.folder = Folder(data_folder() / "hanging")
        self._kept: list[Kept] = []
        self._listed_for: object = None
        self._panel: HangingPanel | None = None
        self._learning: LearnPanel | None = None
        self._linked_by_us = False
        self._labelled: set[int] = set()
        self.fetcher = PriorFetcher(desk, self.hanger)
        session.hanger = self._hang
        desk.opening.companions.append(self._learn_headers)
        session.studies_changed.connect(self._on_studies)
        session.layout_changed.connect(self._on_layout)
        self.hanger.changed.connect(self._show)
        handlers = {
            "hanging.panel": self._toggle_panel,
            "hanging.step_on": lambda: self._move(lambda: self.hanger.step(1)),
            "hanging.step_back": lambda: self._move(lambda: self.hanger.step(-1)),
            "hanging.next": lambda: self._move(lambda: self.hanger.switch(1)),
            "hanging.previous": lambda: self._move(lambda: self.hanger.switch(-1)),
            "hanging.again": self._again,
            "hanging.learn": self.show_by_showing,
            "hanging.automatic": lambda: self._set_automatic(not self.hanger.enabled),
            "hanging.priors": self._switch_priors,
        }
        for action_id, handler in handlers.items():
            desk.commands.on(action_id, handler)
        self._sizes = QTimer(desk.window)
        self._sizes.setSingleShot(True)
        self._sizes.setInterval(0)
        self._sizes.timeout.connect(lambda: equalise(desk, self.hanger))
        self._watcher = Watcher(self._sizes, desk.window)
        for view in desk.viewports:
            view.installEventFilter(self._watcher)

    def ready(self) -> None:
        self._list_protocols()
        self.desk.side.changed.connect(self._on_side)

    def reflect(self) -> None:
        commands, hanger = self.desk.commands, self.hanger
        commands.qt("hanging.automatic").setChecked(hanger.enabled)
        commands.qt("hanging.priors").setChecked(self.fetcher.enabled)
        commands.qt("hanging.panel").setChecked(self._panel is not None)
        steps = len(hanger.hung.steps) if hanger.hung is not None else 0
        for action_id in ("hanging.step_on", "hanging.step_back"):
            commands.set_enabled(action_id, steps > 1)
        for action_id in ("hanging.next", "hanging.previous"):
            commands.set_enabled(action_id, bool(hanger.fitting))

    def fill_menu(self, menu_id: str, menu: QMenu) -> None:
        if menu_id != "menu.hanging":
            return
        for action in ACTIONS:
            menu.addAction(self.desk.commands.qt(action.id))
            if action.id in ("hanging.panel", "hanging.step_back", "hanging.previous"):
                menu.addSeparator()

    def perform(self, action: str) -> bool:
        """``hanging.use.UID`` hangs by a protocol."""
        return action.startswith("hanging.use.") and self.hanger.use(action.removeprefix("hanging.use."))

    # --- hanging

    def _learn_headers(self, source: FrameSource, study: StudyDescription) -> None:
        """In the background, before a study is shown."""
        self.hanger.texts.update(keeping.learn(source, study))
        if source is not self._listed_for:
            self._listed_for = source
            server = server_of(source)
            if server is not None:
                try:
                    kept = server.listed()
                except RpcError as error:  # hanging goes on with what comes with the software
                    log.warning("hanging protocols cannot be listed: %s", error)
                    return
                self.desk.background.later(lambda: self._take_kept(kept))
                self.hanger.kept = tuple(one.protocol for one in kept)

    def _hang(self) -> bool:
        """Called by the model while a study is opened."""
        done = self.hanger.hang()
        self._after()
        return done

    def _on_studies(self) -> None:
        if not self.desk.session.studies:
            self.hanger.texts.clear()
            self.hanger.hung, self.hanger.fitting = None, ()
            self._show()
            return
        self.hanger.follow()
        self._after()
        self.fetcher.follow()

    def _move(self, change: object) -> None:
        assert callable(change)
        change()
        self._after()

    def _again(self) -> None:
        hung = self.hanger.hung
        if hung is not None:
            self._move(lambda: self.hanger.use(hung.protocol.uid))
        else:
            self._move(lambda: self.hanger.switch(1))

    def _after(self) -> None:
        """What stands around the images: labels of empty places, linking, equal sizes."""
        self._label()
        self._sizes.start()
        hung, linked = self.hanger.hung, self.desk.commands.qt("view.link")
        wanted = hung is not None and hung.is_linked
        if wanted != linked.isChecked() and (wanted or self._linked_by_us):
            self.desk.commands.trigger("view.link")
        self._linked_by_us = wanted and (self._linked_by_us or linked.isChecked())
        self.desk.reflect()

    def _label(self) -> None:
        """Empty places say what is missing."""
        hung = self.hanger.hung
        names = dict(hung.empty) if hung is not None and self.hanger.is_fresh else {}
        for view in self.desk.viewports:
            if view.number in names and hung is not None:
                view.message = tr("没有 {name}", name=explaining.set_name(hung.protocol, names[view.number]))
            elif view.number in self._labelled:
                view.message = ""
            view.update()
        self._labelled = set(names)

    def _on_layout(self) -> None:
        if self._labelled and not self.hanger.is_fresh:
            self._label()
        self._sizes.start()

    def _set_automatic(self, on: bool) -> None:
        self.hanger.enabled = on
        self.desk.settings.set(AUTOMATIC, on)
        self._show()
        self.desk.reflect()

    def _switch_priors(self) -> None:
        self.fetcher.switch(not self.fetcher.enabled)
        self.desk.reflect()

    # --- keeping

    def _list_protocols(self) -> None:
        """Files of this desk; those of the server come with the first study."""
        self.desk.background.run(self.folder.listed, self._take_kept, self.desk.say, "hanging-list")

    def _take_kept(self, kept: list[Kept]) -> None:
        ids = {(one.protocol.uid, one.protocol.level) for one in kept}
        others = [
            one
            for one in self._kept
            if (one.path is not None) != any(k.path is not None for k in kept)
            and (one.protocol.uid, one.protocol.level) not in ids
        ]
        self._kept = [*others, *kept]
        self._protocols_changed()

    def _protocols_changed(self) -> None:
        self.hanger.kept = tuple(one.protocol for one in self._kept)
        self.hanger.follow()
        self.desk.reflect()

    def keep(self, protocol: Protocol, level: str, note: str = "") -> None:
        """Make a protocol live, on the server or as a file of this desk; ``note`` is said when that is done."""
        made = msgspec.structs.replace(protocol, level=level)
        server = server_of(self.desk.source)
        present = next((k for k in self._kept if (k.protocol.uid, k.protocol.level) == (made.uid, level)), None)
        version = present.version if present is not None else 0

        def work() -> Kept:
            return server.save(made, version) if server is not None else self.folder.save(made)

        def done(kept: Kept) -> None:
            self._kept = [k for k in self._kept if k is not present] + [kept]
            self._protocols_changed()
            self._close_learning()
            self._move(lambda: self.hanger.use(kept.protocol.uid))
            self._tell(note or tr("“{name}”已启用", name=kept.protocol.name))

        self.desk.background.run(work, done, self._tell, "hanging-keep")

    def _delete(self, uid: str, level: str) -> None:
        kept = self._find(uid, level)
        if kept is None:
            return
        server = server_of(self.desk.source)

        def work() -> None:
            if kept.path is not None:
                self.folder.delete(kept)
            elif server is not None:
                server.delete(kept)

        def done(_: None) -> None:
            self._kept = [one for one in self._kept if one is not kept]
            self._protocols_changed()

        self.desk.background.run(work, done, self._tell, "hanging-delete")

    def _find(self, uid: str, level: str) -> Kept | None:
        return next((k for k in self._kept if (k.protocol.uid, k.protocol.level) == (uid, level)), None)

    def _tell(self, sentence: str) -> None:
        panel = self._learning or self._panel
        if panel is not None:
            panel.say(sentence)
        else:
            self.desk.say(sentence)

    def import_file(self, path: Path) -> None:
        """Take a protocol from a DICOM file and say what of it was not understood."""

        def done(read: ReadProtocol) -> None:
            left_out = "，".join(read.not_understood[:12])
            note = tr("已导入；未能理解并忽略：{what}", what=left_out) if left_out else ""
            self.keep(read.protocol, "user", note)

        self.desk.background.run(lambda: keeping.read_file(path), done, self._tell, "hanging-import")

    def export_file(self, uid: str, level: str, path: Path) -> None:
        """Write a protocol as a DICOM file."""
        known = [k.protocol for k in self._kept] + list(builtin.protocols())
        protocol = next((one for one in known if (one.uid, one.level) == (uid, level)), None)
        if protocol is not None:
            self.desk.background.run(
                lambda: keeping.write_file(protocol, path),
                lambda _: self._tell(tr("已导出到 {path}", path=str(path))),
                self._tell,
                "hanging-export",
            )

    # --- panels

    def _toggle_panel(self) -> None:
        if self._panel is not None:
            self.desk.side.close_panel()
        else:
            self.show_panel()

    def show_panel(self) -> None:
        from clients.viewer.hanging.panel import WIDTH, HangingPanel

        panel = HangingPanel()
        panel.used.connect(lambda uid: self._move(lambda: self.hanger.use(uid)))
        panel.learn_asked.connect(self.show_by_showing)
        panel.edit_asked.connect(self._edit)
        panel.delete_asked.connect(self._delete)
        panel.share_asked.connect(self._share)
        panel.import_asked.connect(self._ask_import)
        panel.export_asked.connect(self._ask_export)
        panel.switched.connect(self._set_automatic)
        panel.step_asked.connect(lambda by: self._move(lambda: self.hanger.step(by)))
        self.desk.side.show_panel(PANEL, panel, "挂片方案", WIDTH, self._toggle_panel)
        self._panel = panel
        self._show()
        self.desk.reflect()

    def _on_side(self, key: str) -> None:
        if key != PANEL:
            self._panel = None
        if key != LEARN:
            self._learning = None
        self.desk.reflect()

    def _show(self) -> None:
        """The panel, if it is open, shows the state of today."""
        panel, hung = self._panel, self.hanger.hung
        if panel is None:
            return
        name = explaining.name_of(hung.protocol) if hung is not None else ""
        step = ""
        if hung is not None:
            named = explaining.set_name(hung.protocol, hung.steps[hung.step].name)
            step = f"{hung.step + 1}/{len(hung.steps)}  {named}"
        reason = explaining.why(hung.fit) if hung is not None else ""
        steps = len(hung.steps) if hung is not None else 0
        panel.show_used(name, reason, step, steps, automatic=self.hanger.enabled)
        from clients.viewer.hanging.listing import rows_of

        panel.show_rows(rows_of(self.hanger), may_share=server_of(self.desk.source) is not None)

    def _share(self, uid: str) -> None:
        kept = self._find(uid, "user")
        if kept is not None:
            self.keep(kept.protocol, "site")

    def _edit(self, uid: str, level: str) -> None:
        kept = self._find(uid, level)
        if kept is not None:
            self._open_learning(kept.protocol, ())

    def _ask_import(self) -> None:
        from PySide6.QtWidgets import QFileDialog

        name, _ = QFileDialog.getOpenFileName(self.desk.window, tr("导入挂片方案"), "", "DICOM (*.dcm *);;*")
        if name:
            self.import_file(Path(name))

    def _ask_export(self, uid: str, level: str) -> None:
        from PySide6.QtWidgets import QFileDialog

        name, _ = QFileDialog.getSaveFileName(self.desk.window, tr("导出挂片方案"), "hanging.dcm", "DICOM (*.dcm)")
        if name:
            self.export_file(uid, level, Path(name))

    # --- hang by showing

    def show_by_showing(self) -> None:
        """Infer rules from this screen and show them."""
        from clients.viewer.hanging.showing import infer_from

        try:
            inferred = infer_from(self.hanger, self.desk.session, new_uid())
        except ValueError:
            self.desk.say(tr("这一屏没有图像，先把要看的序列摆好"))
            return
        self._open_learning(inferred.protocol, inferred.unsure)

    def _open_learning(self, protocol: Protocol, unsure: tuple[int, ...]) -> None:
        from clients.viewer.hanging.learn_panel import WIDTH, LearnPanel

        panel = LearnPanel(protocol, unsure, may_share=server_of(self.desk.source) is not None)
        panel.try_asked.connect(self.try_on_others)
        panel.keep_asked.connect(self.keep)
        panel.cancelled.connect(self._close_learning)
        self.desk.side.show_panel(LEARN, panel, "按此挂片", WIDTH)
        self._learning = panel

    def _close_learning(self) -> None:
        if self._learning is not None:
            self.show_panel()

    def try_on_others(self, protocol: Protocol) -> None:
        """Try a protocol on the newest studies of the server, or on those that are open."""
        from clients.viewer.hanging.showing import open_ones, try_on_server

        server, session, hanger = server_of(self.desk.source), self.desk.session, self.hanger
        here = open_ones(session, hanger.texts) if server is None else []
        if self._learning is not None:
            self._learning.say(tr("正在试用…"))

        def work() -> list[object]:
            from clients.viewer.hanging.inference import try_on

            if server is not None:
                return list(try_on_server(protocol, server))
            return [try_on(protocol, *one) for one in here]

        def done(tried: list[object]) -> None:
            if self._learning is not None:
                self._learning.show_trial(protocol, tried)  # type: ignore[arg-type]

        self.desk.background.run(work, done, self._tell, "hanging-trial")
