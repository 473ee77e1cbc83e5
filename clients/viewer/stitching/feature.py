"""Stitching as a feature: offered once it is ticked in the settings (VW-STI-03)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from PySide6.QtWidgets import QFileDialog

from clients.kit.actions import Action
from clients.kit.translations import tr
from clients.viewer.desk import Desk, Feature
from clients.viewer.registration.keeping import Server
from clients.viewer.stitching import texts
from clients.viewer.stitching.making import Sources, Stitched, as_object, dark_of, picture, stitched_stack
from clients.viewer.stitching.model import StitchState, candidates, proposed
from clients.viewer.stitching.page import StitchPage
from clients.viewer.study import Stack
from shared.contract.registration import PlacedImage, StoreStitched

texts.register()

KEY, SETTING = "stitching.open", "stitching.on"


class StitchingFeature(Feature):
    """Long legs and spines as one picture."""

    actions = (Action(KEY, "图像拼接", hint="把 CR、DR、DX 图像拼成一幅；再按一次返回"),)
    switches = frozenset({KEY})
    needs_image = frozenset({KEY})
    entries: Mapping[str, Sequence[str]] = MappingProxyType({"menu.combine": (KEY,)})

    def attach(self, desk: Desk) -> None:
        self._page: StitchPage | None = None
        self._made: list[Stack] = []
        self._serial = 0
        desk.commands.on(KEY, self.toggle)
        desk.session.studies_changed.connect(self._on_studies)

    def ready(self) -> None:
        self.reflect()

    @property
    def is_offered(self) -> bool:
        """Ticked in the settings."""
        return self.desk.settings.get(SETTING) is True

    def reflect(self) -> None:
        action = self.desk.commands.qt(KEY)
        action.setVisible(self.is_offered)
        action.setChecked(self.desk.stage.key == KEY)

    def closing(self) -> None:
        if self._page is not None:
            self._page.closing()

    def _on_studies(self) -> None:
        stacks = self.desk.session.stacks
        if self._page is not None and any(item.stack not in stacks for item in self._page.state.items):
            self.desk.stage.leave()
        studies = {study.study_uid for study in self.desk.session.studies}
        for stack in [one for one in self._made if one.study.study_uid not in studies]:
            self._made.remove(stack)
            self.desk.store.drop(stack)

    # --- the page

    def toggle(self) -> None:
        """The first click enters, the next one leaves."""
        if self.desk.stage.key == KEY:
            self.desk.stage.leave()
            return
        shown = self.desk.session.active_viewport.stack
        if shown is None or not self.is_offered:
            return
        items = candidates(self.desk.session.stacks, shown.study.study_uid)
        first = next((item for item in items if item.stack is shown), None)
        if first is not None:
            alike = proposed([first, *(item for item in items if item is not first)])
            items = [item for item in items if item in alike]
        else:
            items = proposed(items)
        if len(items) < 2:
            self.desk.say(tr("需要同一检查的两幅 CR、DR 或 DX 图像，且像素大小已知"))
            return
        loader = self.desk.opening.loader
        for item in items:
            if loader is not None and not self.desk.store.of(item.stack).has(item.index):
                loader.want(item.stack, visible=item.index)
        page = StitchPage(self.desk, StitchState(items))
        page.left.connect(self.desk.stage.leave)
        page.show_wanted.connect(self._show)
        page.store_wanted.connect(self._store)
        self._page = page
        self.desk.stage.enter(KEY, page, self._on_left)
        self.desk.reflect()

    def _on_left(self) -> None:
        page, self._page = self._page, None
        if page is not None:
            page.closing()
        self.desk.reflect()

    # --- the result

    def _show(self) -> None:
        """The picture as a stack of its own in the selected viewport."""
        page = self._page
        if page is None or page.sources is None:
            return
        state, sources = page.state, page.sources
        items, blending, level = state.items, state.blending, state.level
        self._serial += 1
        serial, name = self._serial, tr("拼接")
        self.desk.say(tr("正在拼接…"))

        def work() -> Stitched:
            values = picture(sources.images, items, blending, level, 1.0, dark_of(sources))
            return stitched_stack(values, items, name, serial)

        def done(made: Stitched) -> None:
            if items[0].stack not in self.desk.session.stacks:
                return
            self.desk.store.of(made.stack).put(0, made.pixels, made.modality)
            self._made.append(made.stack)
            self.desk.stage.leave()
            self.desk.session.active_viewport.show(made.stack, 0)
            self.desk.say(tr("拼接的图像：{n} 幅，测量值按原像素大小", n=len(items)))

        self.desk.background.run(work, done, self.desk.say, "stitching")

    def _store(self) -> None:
        page = self._page
        if page is None or page.sources is None or not page.state.may_be_used:
            return
        source: object = self.desk.source
        if isinstance(source, Server):
            self._to_server(source, page.state)
        else:
            self._to_file(page.state, page.sources)

    def _to_server(self, server: Server, state: StitchState) -> None:
        asked = StoreStitched(
            study_uid=state.items[0].stack.study.study_uid,
            images=tuple(
                PlacedImage(
                    sop_instance_uid=item.uid,
                    row=item.place.row,
                    column=item.place.column,
                    rotation_deg=item.place.rotation_deg,
                )
                for item in state.items
            ),
            blending=state.blending.value,
            level=state.level,
            residual_mm=state.residual_mm,
        )
        self.desk.background.run(
            lambda: server.call(asked),
            lambda _: self.desk.say(tr("拼接的图像正在存入检查")),
            lambda why: self.desk.say(tr("拼接的图像未能保存：{why}", why=why)),
            "store-stitched",
        )

    def _to_file(self, state: StitchState, sources: Sources) -> None:
        chosen, _ = QFileDialog.getSaveFileName(self.desk.window, tr("保存拼接的图像"), "stitched.dcm", "DICOM (*.dcm)")
        if chosen:
            self.export(Path(chosen), state, sources)

    def export(self, path: Path, state: StitchState, sources: Sources) -> None:
        """Write the derived image to a file in the background."""
        from shared.dicomkit.headers import write

        items, residual = state.items, state.residual_mm
        blending, level, source = state.blending, state.level, self.desk.source

        def work() -> Path:
            values = picture(sources.images, items, blending, level, 1.0, dark_of(sources))
            header: Any = source.object(items[0].uid).header  # type: ignore[union-attr]
            made = as_object(values, items, sources, header, residual_mm=residual, made_at=dt.datetime.now())
            return write(made, path)

        def done(written: Path) -> None:
            self.desk.say(tr("拼接的图像已保存：{name}", name=written.name))

        def failed(why: str) -> None:
            self.desk.say(tr("拼接的图像未能保存：{why}", why=why))

        self.desk.background.run(work, done, failed, "export-stitched")
