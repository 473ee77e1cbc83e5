"""Objects as a feature: the side panel, the pages of documents, what lies over images, SUV and fusion."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeVar

from clients.kit.actions import Action
from clients.kit.translations import tr
from clients.viewer.commands import Slot
from clients.viewer.desk import Desk, Feature
from clients.viewer.objects import applying, fusion, texts
from clients.viewer.objects.book import ObjectBook, ObjectSource, read_object
from clients.viewer.objects.documents import Document, build_page, read_document
from clients.viewer.objects.fusion import Fusion, FusionBook, FusionLayer
from clients.viewer.objects.layers import AnnotationLayer, ObjectLayer, OverlayLayer, ShutterLayer, SupplementLayer
from clients.viewer.objects.maker import PictureMaker
from clients.viewer.objects.panel import ObjectsPanel
from clients.viewer.objects.registry import OVER_IMAGES, Kind, kind_of
from clients.viewer.objects.stage import ObjectStage
from clients.viewer.study import ObjectDescription, Stack
from clients.viewer.viewport.state import Aspect
from shared.imaging.fusion import Alignment
from shared.imaging.lut import Window
from shared.imaging.presentation import PresentationState
from shared.imaging.suv import SuvKind

if TYPE_CHECKING:
    from clients.viewer.objects.book import Content
    from shared.imaging.volume import Volume

texts.register()

KEY, PAGE = "objects", "document"
ACTIONS = (
    Action("objects.panel", "对象与叠加", "Ctrl+Shift+O", hint="检查中的报告、文档、分割、放疗和显示状态"),
    Action("objects.window", "文件中的下一个窗", "Ctrl+Shift+G", hint="文件头中的各个窗宽窗位和 VOI 表"),
    Action("objects.shutter", "显示遮挡", ""),
    Action("objects.overlays", "显示图像叠加层", ""),
    Action("objects.suv", "SUV 显示", "", hint="PET 按体重 SUV、瘦体重 SUV、体表面积 SUV 或原值"),
    Action("objects.fusion_end", "结束融合", ""),
)


T = TypeVar("T")


def _plainly(work: Callable[[], T]) -> T:
    """Do ``work``; what its errors say is put into the reader's language."""
    from clients.viewer.sentences import sentence_of
    from clients.viewer.volume.source import sentence_of as volume_sentence
    from shared.imaging.codecs import UndecodableFrame
    from shared.imaging.frames import UnreadableFile
    from shared.imaging.volume import NoVolume

    try:
        return work()
    except NoVolume as error:
        raise ValueError(volume_sentence(error)) from error
    except (UndecodableFrame, UnreadableFile) as error:
        raise ValueError(sentence_of(error)) from error


class ObjectsFeature(Feature):
    """Everything that stands beside images."""

    actions = ACTIONS
    switches = frozenset({"objects.panel", "objects.shutter", "objects.overlays"})
    slots: Mapping[str, Sequence[Slot]] = MappingProxyType({"volume": (Slot("objects.panel", "objects", "对象"),)})
    entries: Mapping[str, Sequence[str]] = MappingProxyType({"menu.objects": tuple(a.id for a in ACTIONS[1:])})

    def attach(self, desk: Desk) -> None:
        self.book, self.fusion = ObjectBook(), FusionBook()
        self._maker = PictureMaker(desk.window)
        self._maker.made.connect(desk.update_viewports)
        self._waiting: tuple[Stack, Stack] | None = None
        self._told_of: object = None
        spaces = desk.session.spaces
        for viewport in desk.viewports:
            viewport.stages.append(ObjectStage(self.book))
            viewport.add_layer(FusionLayer(self.fusion, self._maker, spaces))
            viewport.add_layer(SupplementLayer(self._maker))
            viewport.add_layer(ShutterLayer(self.book, self._maker))
            viewport.add_layer(ObjectLayer(self.book, self._maker))
            viewport.add_layer(OverlayLayer(self.book, self._maker, self._source))
            viewport.add_layer(AnnotationLayer(self.book))
        handlers = {
            "objects.panel": self.toggle_panel,
            "objects.shutter": lambda: setattr(self.book, "shutters", not self.book.shutters),
            "objects.overlays": lambda: setattr(self.book, "overlays", not self.book.overlays),
            "objects.window": self.next_window,
            "objects.suv": self.next_suv,
            "objects.fusion_end": self.fusion.end,
        }
        for action_id, handler in handlers.items():
            desk.commands.on(action_id, handler)
        self.book.changed.connect(self._on_changed)
        self.fusion.changed.connect(self._on_changed)
        desk.session.studies_changed.connect(self._on_studies)
        desk.session.active_changed.connect(self._refresh_panel)
        desk.opening.progressed.connect(self._go_on_fusing)

    def reflect(self) -> None:
        commands = self.desk.commands
        commands.qt("objects.panel").setChecked(self.desk.side.key == KEY)
        commands.qt("objects.shutter").setChecked(self.book.shutters)
        commands.qt("objects.overlays").setChecked(self.book.overlays)
        stack = self.desk.session.active_viewport.stack
        commands.qt("objects.suv").setEnabled(stack is not None and stack.series.modality == "PT")
        commands.qt("objects.fusion_end").setEnabled(self.fusion.fusion is not None)

    def closing(self) -> None:
        self._leave_page()
        self._maker.close()

    def _leave_page(self) -> None:
        if self.desk.stage.key == PAGE:
            self.desk.stage.leave()

    # --- panel

    def toggle_panel(self) -> None:
        """Show the panel at the right, or close it."""
        side = self.desk.side
        if side.key == KEY:
            side.close_panel()
        else:
            panel = ObjectsPanel(self.book, self.fusion)
            panel.opened.connect(self.open_object)
            panel.switched.connect(self._on_switched)
            panel.part_switched.connect(self.book.set_part)
            panel.fusion_wanted.connect(self._on_fusion_wanted)
            panel.fusion_ended.connect(self.fusion.end)
            side.show_panel(KEY, panel, "对象与叠加", 320, self.toggle_panel)
            self._refresh_panel()
        self.desk.reflect()

    def _refresh_panel(self) -> None:
        panel = self.desk.side.panel
        if isinstance(panel, ObjectsPanel):
            refused = getattr(self.desk.source, "refused", ())
            panel.refresh(self._objects(), self.candidates(), [(path.name, why) for path, why in refused])

    def _objects(self) -> list[ObjectDescription]:
        """Objects of the open studies; the levels of a slide are one."""
        found: dict[tuple[str, str], ObjectDescription] = {}
        for study in self.desk.session.studies:
            for one in study.objects:
                slide = kind_of(one.sop_class_uid) is Kind.SLIDE
                key = ("slide", one.series_uid) if slide else ("", one.sop_instance_uid)
                found.setdefault(key, one)
        return list(found.values())

    def _on_changed(self) -> None:
        self.desk.update_viewports()
        self._refresh_panel()
        self.desk.reflect()

    def _on_studies(self) -> None:
        session = self.desk.session
        if not session.studies:
            self._leave_page()
            self._maker.forget()
            self.fusion.end()
            self._waiting = None
            self.book.clear()
            return
        self._refresh_panel()
        refused = getattr(self.desk.source, "refused", ())
        if refused and self._told_of is not self.desk.source:
            self._told_of = self.desk.source
            self.desk.say(tr("有 {n} 个文件无法显示，见“对象”", n=len(refused)))
        # What has no images to fill the viewports opens by itself; thumbnails of a slide are no reason to wait.
        documents = [one for one in self._objects() if kind_of(one.sop_class_uid) not in OVER_IMAGES]
        only_slides = all(stack.series.modality == "SM" for stack in session.stacks)
        if only_slides and documents and not self.desk.stage.key:
            self.open_object(documents[0].sop_instance_uid)

    # --- opening

    def _source(self) -> ObjectSource | None:
        source = self.desk.source
        return source if source is not None and hasattr(source, "object") else None  # type: ignore[return-value]

    def open_object(self, uid: str) -> None:
        """Show an object: a document on a page, anything else over images."""
        described = next((one for one in self._objects() if one.sop_instance_uid == uid), None)
        source = self._source()
        if described is None or source is None:
            self.desk.say(tr("这个来源不提供这些对象"))
            return
        self.desk.say(tr("正在读取对象…"))
        study = next(s for s in self.desk.session.studies if described in s.objects)
        plans = [one for one in study.objects if kind_of(one.sop_class_uid) is Kind.PLAN]
        if kind_of(described.sop_class_uid) in OVER_IMAGES:
            self.desk.background.run(
                lambda: _plainly(lambda: read_object(source, described, plans)),
                lambda content: self._show_over(described, content),
                self._failed,
            )
            return
        images = frozenset(key.sop_instance_uid for stack in self.desk.session.stacks for key in stack.frames)
        self.desk.background.run(
            lambda: _plainly(lambda: read_document(source, described, study, images)),
            lambda document: self._show_document(described, document),
            self._failed,
        )

    def _failed(self, why: str) -> None:
        self.desk.say(tr("对象无法显示：{why}", why=why))
        self._refresh_panel()

    def _is_open(self, described: ObjectDescription) -> bool:
        """False for answers that come after their study was closed."""
        return any(described in study.objects for study in self.desk.session.studies)

    def _show_document(self, described: ObjectDescription, document: Document) -> None:
        from clients.viewer.objects.slide_view import SlideView

        if not self._is_open(described):
            return
        page = build_page(document, self.open_image)
        page.left.connect(self.desk.stage.leave)
        content = page.content
        if isinstance(content, SlideView):
            from clients.viewer.slides.marking import SlideMarking

            SlideMarking(self.desk, page, content, described.series_uid)
        self.desk.stage.enter(PAGE, page, content.release if isinstance(content, SlideView) else None)
        self.desk.say("")

    def _show_over(self, described: ObjectDescription, content: Content) -> None:
        if not self._is_open(described):
            return
        self._leave_page()
        self.book.add(described, content)
        self.desk.say("")
        if isinstance(content, PresentationState):
            self._apply_state(content)
            return
        loaded = self.book.get(described.sop_instance_uid)
        stacks = self.desk.session.stacks
        if loaded is not None and not any(loaded in self.book.over(stack) for stack in stacks):
            self.desk.say(tr("打开的图像中没有它所属的图像"))

    def open_image(self, uid: str, frame: int) -> bool:
        """Bring an image into the selected viewport; False when it is not open."""
        target = applying.find_image(self.desk.session.stacks, uid, frame)
        if target is None:
            self.desk.say(tr("引用的图像不在打开的检查中"))
            return False
        self.desk.stage.leave()
        stack, index = target
        viewport = self.desk.session.active_viewport
        if viewport.stack is stack:
            viewport.index = index
        else:
            viewport.show(stack, index)
        return True

    def _on_switched(self, uid: str, on: bool) -> None:
        self.book.set_shown(uid, on)
        loaded = self.book.get(uid)
        if loaded is not None and isinstance(loaded.content, PresentationState):
            if on:
                self._apply_state(loaded.content)
            else:
                for viewport in self.desk.visible:
                    viewport.state.reset()

    def _apply_state(self, state: PresentationState) -> None:
        """Show the first image that the state names, turned and cut as the state says."""
        session = self.desk.session
        shown = [v for v in self.desk.visible if applying.is_meant(state, v.state)]
        if not shown:
            target = applying.first_image(session.stacks, state)
            if target is None:
                self.desk.say(tr("引用的图像不在打开的检查中"))
                return
            session.active_viewport.show(*target)
            shown = [self.desk.active]
        for viewport in shown:
            geometry = applying.geometry_of(state, viewport.state, viewport.width(), viewport.height())
            viewport.state.reset()
            viewport.state.geometry = geometry
        self.desk.say(tr("已应用显示状态：{name}", name=state.description or state.label))

    # --- windows of the file, SUV

    def next_window(self) -> None:
        """The next of the windows and VOI LUTs in the header of the selected image, with its explanation."""
        viewport = self.desk.session.active_viewport
        choices = viewport.frame.voi if viewport.frame is not None else ()
        if len(choices) < 2:
            self.desk.say(tr("文件中没有别的窗"))
            return
        now = viewport.voi if viewport.voi is not None else choices[0]
        # Tables are the same object or another one; comparing their entries would mean nothing.
        at = next((n for n, voi in enumerate(choices) if voi is now or (isinstance(voi, Window) and voi == now)), -1)
        number = (at + 1) % len(choices)
        viewport.voi = choices[number]
        name = choices[number].name
        self.desk.say(tr("文件中的窗 {n}/{count} {name}", n=number + 1, count=len(choices), name=name))

    def next_suv(self) -> None:
        """The next way to show PET values of the selected viewport: SUV by weight, lean mass, surface, as stored."""
        stack = self.desk.session.active_viewport.stack
        if stack is None or stack.series.modality != "PT":
            self.desk.say(tr("当前视口没有 PET 图像"))
            return
        facts = stack.suv_facts
        if facts is not None and facts.problem:
            self.desk.say(tr("不能计算 SUV：{why}", why=applying.suv_problem(facts.problem)))
            return
        ways: list[SuvKind | None] = [SuvKind.BW, SuvKind.LBM, SuvKind.BSA, None]
        usable = [kind for kind in ways if kind is None or (facts is not None and facts.factor(kind) is not None)]
        at = usable.index(stack.suv) if stack.suv in usable else -1
        stack.suv = usable[(at + 1) % len(usable)]
        for viewport in self.desk.viewports:
            if viewport.state.stack is stack:
                viewport.state.voi = None
                viewport.state.changed.emit(Aspect.STACK)
        unit = f"SUV{stack.suv.value}" if stack.suv is not None else tr("原值")
        self.desk.say(tr("PET 显示为 {unit}", unit=unit))

    # --- fusion

    def candidates(self) -> list[Stack]:
        """Series that may lie over the selected viewport's: PET and NM first."""
        base = self.desk.session.active_viewport.stack
        if base is None:
            return []
        found = [s for s in self.desk.session.stacks if s is not base and fusion.may_lie_over(s)]
        return sorted(found, key=lambda s: s.series.modality not in ("PT", "NM"))

    def _on_fusion_wanted(self, number: int) -> None:
        base, candidates = self.desk.session.active_viewport.stack, self.candidates()
        if base is not None and number < len(candidates):
            self.fuse(base, candidates[number])

    def fuse(self, base: Stack, top: Stack) -> bool:
        """Lay ``top`` over ``base`` when their places may be compared; otherwise say why not."""
        spaces = self.desk.session.spaces
        found = fusion.guard(base, top, spaces)
        helper = spaces.helper if found is Alignment.UNKNOWN else None
        if helper is not None and helper(base, top, lambda: self.fuse(base, top)):
            return False
        refusal = fusion.guard_sentence(found)
        if refusal:
            self.desk.say(refusal)
            return False
        self._waiting = (base, top)
        self.desk.say(tr("正在准备融合…"))
        loader = self.desk.opening.loader
        if loader is not None and self.desk.store.of(top).loaded < len(top):
            loader.want(top, visible=len(top) // 2)
        self._go_on_fusing()
        return True

    def _go_on_fusing(self) -> None:
        if self._waiting is None:
            return
        _, top = self._waiting
        pixels = self.desk.store.of(top)
        if pixels.loaded < len(top):
            return
        self._waiting = None
        from clients.viewer.volume.source import volume_of_stack

        self.desk.background.run(
            lambda: _plainly(lambda: volume_of_stack(top, pixels)),
            lambda volume: self._begin(top, volume),
            self._failed,
        )

    def _begin(self, top: Stack, volume: Volume) -> None:
        self.desk.say("")
        self.fusion.begin(Fusion(top, fusion.first_window(top, volume)), volume)
