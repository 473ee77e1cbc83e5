"""Volume rendering in the viewer: a command that shows the series of the selected viewport, and leaves again."""

from __future__ import annotations

import functools

from clients.kit.actions import Action
from clients.kit.translations import tr
from clients.viewer.desk import Desk, Feature
from clients.viewer.study import Stack
from clients.viewer.viewport.corner_texts import date_text, person_name
from clients.viewer.volume.source import volume_of_stack
from clients.viewer.vr import texts
from clients.viewer.vr.page import Case, VrPage
from clients.viewer.vr.probe import COMPATIBILITY, SETTING
from clients.viewer.vr.scene import Scene

texts.register()

KEY = "vr"


class VrFeature(Feature):
    """三维重建 → VR (VW-VR-01, VW-VR-02), and compatibility mode (VW-OPN-15)."""

    actions = (
        Action("volume.vr", "容积重建 VR", "Ctrl+3", hint="把这个序列显示为三维；再按一次退出"),
        Action("volume.vr_compatible", "VR 兼容模式", hint="不用显卡绘制三维，供驱动有问题的电脑使用"),
    )
    switches = frozenset({"volume.vr", "volume.vr_compatible"})
    entries = {"menu.volume": ("volume.vr", "volume.vr_compatible")}  # noqa: RUF012
    needs_image = frozenset({"volume.vr"})

    def attach(self, desk: Desk) -> None:
        self.page: VrPage | None = None
        self._stack: Stack | None = None
        desk.commands.on("volume.vr", self.toggle)
        desk.commands.on("volume.vr_compatible", self._toggle_compatible)
        desk.stage.changed.connect(lambda _key: desk.reflect())
        desk.session.studies_changed.connect(self._on_studies)

    def reflect(self) -> None:
        shown = self.desk.stage.key == KEY
        self.desk.commands.qt("volume.vr").setChecked(shown)
        self.desk.commands.qt("volume.vr_compatible").setChecked(bool(self.desk.settings.get(COMPATIBILITY, False)))
        if shown:
            self.desk.commands.set_enabled("volume.vr", True)

    def closing(self) -> None:
        if self.page is not None:
            self.page.close_page()

    def toggle(self) -> None:
        """Show the volume of the selected viewport, or leave it."""
        if self.desk.stage.key == KEY:
            self.desk.stage.leave()
            return
        stack = self.desk.session.active_viewport.stack
        if stack is None or len(stack) < 2:
            self.desk.say(tr("先选择一个有多幅图像的序列"))
            return
        self._enter(stack)

    def _enter(self, stack: Stack, start: Scene | None = None) -> None:
        pixels = self.desk.store.of(stack)
        study, series = stack.study, stack.series
        case = Case(
            volume=lambda: volume_of_stack(stack, pixels),
            series_uid=series.series_uid,
            patient_lines=(
                " ".join(part for part in (person_name(study.patient_name), study.patient_id) if part),
                " ".join(part for part in (date_text(study.study_date), series.modality, series.description) if part),
            ),
            progress=lambda: (pixels.loaded, len(stack)),
            stack=stack,
        )
        page = VrPage(case, self.desk.settings, start=start)
        page.leave_asked.connect(self.desk.stage.leave)
        page.picture_ready.connect(self._send)
        self.desk.stage.enter(KEY, page, functools.partial(self._left, page))  # an older one is left by this
        self.page, self._stack = page, stack

    def _send(self, png: bytes, lines: list[str]) -> None:
        self.desk.send_picture(png, lines)
        if self.page is not None:
            self.page.say(tr("已送入报告"))

    def _left(self, page: VrPage) -> None:
        page.close_page()
        self.page = self._stack = None

    def _on_studies(self) -> None:
        """The study was closed or another one opened: its volume goes too."""
        if self.desk.stage.key == KEY and all(stack is not self._stack for stack in self.desk.session.stacks):
            self.desk.stage.leave()

    def _toggle_compatible(self) -> None:
        """Kept with the settings; a volume on show begins anew."""
        settings = self.desk.settings
        settings.set(COMPATIBILITY, not settings.get(COMPATIBILITY, False))
        settings.remove(SETTING)  # the driver is asked again when the mode goes off
        stack, page = self._stack, self.page
        if self.desk.stage.key == KEY and stack is not None and page is not None:
            self._enter(stack, page.model.scene if page.model is not None else None)
        self.desk.reflect()
