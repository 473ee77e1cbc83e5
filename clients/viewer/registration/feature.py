"""Registration as a feature: its page, what is in force, the automatic run when fusion asks for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

from clients.kit.actions import Action
from clients.kit.translations import tr
from clients.viewer.desk import Desk, Feature
from clients.viewer.registration import texts
from clients.viewer.registration.book import Entry, RegistrationBook, entry_of, side_of
from clients.viewer.registration.keeping import Found, Keeping
from clients.viewer.registration.page import Pair, RegistrationPage
from clients.viewer.registration.running import Runs, refusal_text, usable
from clients.viewer.study import Stack
from clients.viewer.undo import Step
from clients.viewer.viewport.state import Shown, ViewportState
from clients.viewer.volume.source import arrangement_of, sentence_of, volume_of_stack
from clients.viewer.volume.views import is_derived
from clients.viewer.volume.volume_page import PageSource
from shared.imaging.volume import NoVolume

if TYPE_CHECKING:
    from shared.imaging.registration import Registration

texts.register()

KEY = "registration.open"
ACTIONS = (
    Action(KEY, "图像配准", hint="把一个序列对准另一个；再按一次返回"),
    Action("registration.clear", "清除配准结果", hint="打开的检查不再使用配准"),
)


class RegistrationFeature(Feature):
    """Series of one patient are laid over each other."""

    actions = ACTIONS
    switches = frozenset({KEY})
    needs_image = frozenset({KEY})
    entries: Mapping[str, Sequence[str]] = MappingProxyType({"menu.combine": tuple(a.id for a in ACTIONS)})

    def attach(self, desk: Desk) -> None:
        self.book = RegistrationBook(desk.session.spaces)
        self._runs = Runs(desk.background)
        self._page: RegistrationPage | None = None
        self._before: tuple[ViewportState, Shown] | None = None
        self._found = Found((), ())
        self._asked: tuple[str, ...] = ()
        self._waiting: Callable[[], None] | None = None
        desk.session.spaces.helper = self.bring_together
        desk.commands.on(KEY, self.toggle)
        desk.commands.on("registration.clear", self.clear)
        desk.session.studies_changed.connect(self._on_studies)
        desk.opening.progressed.connect(self._go_on)
        self.book.changed.connect(self._on_book)

    def reflect(self) -> None:
        commands = self.desk.commands
        commands.qt(KEY).setChecked(self.desk.stage.key == KEY)
        commands.qt("registration.clear").setEnabled(any(True for _ in self.book))

    def closing(self) -> None:
        self._runs.cancel()
        if self._page is not None:
            self._page.closing()

    def _on_book(self) -> None:
        self.desk.update_viewports()
        self.desk.reflect()

    # --- studies

    def _on_studies(self) -> None:
        studies = self.desk.session.studies
        uids = tuple(f"{study.study_uid}:{len(study.series)}:{len(study.objects)}" for study in studies)
        if not studies:
            self._runs.cancel()
            self._waiting = None
            self.book.clear()
            self._found, self._asked = Found((), ()), ()
        if self._page is not None and not self._is_open(self._page.pair):
            self.desk.stage.leave()
        if not studies or uids == self._asked:
            return
        self._asked = uids
        keeping = Keeping(self.desk.source)
        self.desk.background.run(
            lambda: keeping.find(studies), lambda found: self._on_found(uids, found), self.desk.say, "registrations"
        )

    def _is_open(self, pair: Pair) -> bool:
        stacks = self.desk.session.stacks
        return pair.fixed in stacks and pair.moving in stacks

    def _on_found(self, uids: tuple[str, ...], found: Found) -> None:
        """The last results are in force by themselves (VW-RGS-05); what others made is offered."""
        if uids != self._asked:
            return
        self._found = found
        for entry in found.kept:
            if self.book.of(entry.fixed, entry.moving) is None:
                self.book.put(entry)
        if found.kept:
            self.desk.say(tr("已读取上次的配准结果（{n} 项）", n=len(found.kept)))
        elif found.offered:
            self.desk.say(tr("检查中有配准对象，可在“图像配准”中采用"))
        if self._page is not None:
            self._page.show_offers(self._offers(self._page.pair))

    def _offers(self, pair: Pair) -> list[Entry]:
        wanted = {side_of(pair.fixed).series_uid, side_of(pair.moving).series_uid}
        spaces = {side_of(pair.fixed).frame_of_reference_uid, side_of(pair.moving).frame_of_reference_uid}
        return [
            one
            for one in self._found.offered
            if {one.fixed.series_uid, one.moving.series_uid} == wanted
            or {one.fixed.frame_of_reference_uid, one.moving.frame_of_reference_uid} == spaces
        ]

    # --- the page

    def candidates(self) -> list[Stack]:
        """Series that make a volume, of the patient in the selected viewport."""
        stack = self.desk.session.active_viewport.stack
        patient = stack.study.patient_id if stack is not None else ""
        found: list[Stack] = []
        for one in self.desk.session.stacks:
            if one.study.patient_id != patient or len(one) < 4 or one.image(0).pixel_format.is_colour:
                continue
            if one.series.modality in ("SEG", "RTDOSE") or is_derived(one.frames[0].sop_instance_uid):
                continue
            try:
                arrangement_of(one)
            except NoVolume:
                continue
            found.append(one)
        return found

    def toggle(self) -> None:
        """The first click enters, the next one leaves."""
        if self.desk.stage.key == KEY:
            self.desk.stage.leave()
            return
        stacks = self.candidates()
        if len(stacks) < 2:
            self.desk.say(tr("需要同一患者的两个断层序列才能配准"))
            return
        session = self.desk.session
        on_screen = [viewport.stack for viewport in (session.active_viewport, *session.visible)]
        ordered = [*(one for one in on_screen if one in stacks), *stacks]
        fixed = ordered[0]
        others = [one for one in ordered if one is not fixed]
        strange = [one for one in others if not fixed.shares_space_with(one)]
        self.open(fixed, (strange or others)[0])

    def open(self, fixed: Stack, moving: Stack) -> None:
        """Show the page for two series."""
        stacks = self.candidates()
        if fixed not in stacks or moving not in stacks or fixed is moving:
            self.desk.say(tr("这两个序列不能配准：需要同一患者的两个断层序列"))
            return
        desk = self.desk
        desk.stage.leave()
        viewport = next((v for v in desk.session.visible if v.stack is fixed), None)
        if viewport is None:
            viewport = desk.session.active_viewport
            viewport.show(fixed, len(fixed) // 2)
        for stack in (fixed, moving):
            self._want(stack)
        names = tuple(name_of(stack) for stack in stacks)
        pair = Pair(fixed, moving, desk.store.of(moving), names, (stacks.index(fixed), stacks.index(moving)))
        source = PageSource(fixed, desk.store.of(fixed), viewport, desk.background, desk.send_picture)
        page = RegistrationPage(source, pair, self._runs, self.book.of(side_of(fixed), side_of(moving)))
        page.left.connect(desk.stage.leave)
        page.adopted.connect(self.adopt)
        page.cleared.connect(lambda: self.clear_pair(fixed, moving))
        page.pair_chosen.connect(lambda a, b: self._on_pair(stacks, a, b))
        page.show_offers(self._offers(pair))
        self._page, self._before = page, (viewport, viewport.capture())
        desk.stage.enter(KEY, page, self._on_left)
        desk.reflect()

    def _on_pair(self, stacks: Sequence[Stack], fixed: int, moving: int) -> None:
        if fixed == moving:
            self.desk.say(tr("请选择两个不同的序列"))
            return
        self.open(stacks[fixed], stacks[moving])

    def _on_left(self) -> None:
        page, self._page = self._page, None
        if page is not None:
            page.closing()
        before, self._before = self._before, None
        if before is not None and before[0].stack is before[1].stack:
            before[0].restore(before[1])
        self.desk.reflect()

    def _want(self, stack: Stack) -> None:
        loader = self.desk.opening.loader
        if loader is not None and self.desk.store.of(stack).loaded < len(stack):
            loader.want(stack, visible=len(stack) // 2)

    # --- in force

    def adopt(self, entry: Entry) -> None:
        """Use a registration and keep it; one step to undo."""
        before = self.book.of(entry.fixed, entry.moving)
        self.desk.session.undo.run(Step("配准", lambda: self._use(entry), lambda: self._use(before, of=entry)))
        self.desk.say(tr("配准已采用，融合、联动和定位都按它进行"))

    def clear(self) -> None:
        """Nothing is registered any more (VW-RGS-06)."""
        entries = list(self.book)
        if not entries:
            self.desk.say(tr("没有配准结果"))
            return

        def undo() -> None:
            for entry in entries:
                self._use(entry)

        def do() -> None:
            for entry in entries:
                self._use(None, of=entry)

        self.desk.session.undo.run(Step("清除配准结果", do, undo))
        self.desk.say(tr("配准结果已清除，可撤销"))

    def clear_pair(self, fixed: Stack, moving: Stack) -> None:
        """The page's own button."""
        entry = self.book.of(side_of(fixed), side_of(moving))
        if entry is not None:
            step = Step("清除配准结果", lambda: self._use(None, of=entry), lambda: self._use(entry))
            self.desk.session.undo.run(step)
            self.desk.say(tr("配准结果已清除，可撤销"))

    def _use(self, entry: Entry | None, of: Entry | None = None) -> None:
        """Put an entry into force and keep it, or take out that of the pair of ``of``."""
        keeping = Keeping(self.desk.source)
        if entry is not None:
            self.book.put(entry)
            self._in_background(lambda: keeping.save(entry))
        elif of is not None:
            self.book.drop(of.pair)
            self._in_background(lambda: keeping.clear(of.fixed, of.moving))

    def _in_background(self, work: Callable[[], None]) -> None:
        def failed(why: str) -> None:
            self.desk.say(tr("配准在本次阅片中有效，但未能保存：{why}", why=why))

        self.desk.background.run(work, lambda _: None, failed, "keep-registration")

    # --- asked by others

    def bring_together(self, fixed: Stack, moving: Stack, then: Callable[[], object]) -> bool:
        """Register two series because somebody wants to compare them; False when that cannot be done.

        ``then`` is called when the result is believed and in force.
        """
        stacks = self.candidates()
        if fixed not in stacks or moving not in stacks:
            return False
        for stack in (fixed, moving):
            self._want(stack)
        self.desk.say(tr("两个序列的坐标系不同，正在载入图像以便配准…"))
        self._waiting = lambda: self._when_loaded(fixed, moving, then)
        self._go_on()
        return True

    def _go_on(self) -> None:
        if self._waiting is not None:
            self._waiting()

    def _when_loaded(self, fixed: Stack, moving: Stack, then: Callable[[], object]) -> None:
        from shared.imaging.registration import register_rigid

        pixels = self.desk.store.of(fixed), self.desk.store.of(moving)
        if any(one.loaded < len(stack) for one, stack in zip(pixels, (fixed, moving), strict=True)):
            return
        self._waiting = None

        def work(progress: Callable[[float], None], cancelled: Callable[[], bool]) -> Registration:
            try:
                volumes = volume_of_stack(fixed, pixels[0]), volume_of_stack(moving, pixels[1])
            except NoVolume as reason:
                raise ValueError(sentence_of(reason)) from reason
            problem = usable(volumes[0]) or usable(volumes[1])
            if problem:
                raise ValueError(problem)
            return register_rigid(*volumes, progress=progress, cancelled=cancelled)

        def told(share: float) -> None:
            self.desk.say(tr("两个序列的坐标系不同，正在自动配准… {percent}%", percent=round(100 * share)))

        def done(found: Registration) -> None:
            if not found.is_trusted:
                why = refusal_text(found.refused)
                self.desk.say(tr("自动配准不可信：{why}。请打开“图像配准”手动校正", why=why))
                return
            self.adopt(entry_of(found, fixed, moving))
            self.desk.say(tr("已自动配准，两次结果相差 {mm} mm，请核对", mm=f"{found.disagreement_mm:.2f}"))
            then()

        self._runs.start(work, told, done, lambda why: self.desk.say(tr("配准没有完成：{why}", why=why)))


def name_of(stack: Stack) -> str:
    """A series in a list: number, modality, description, images."""
    series = stack.series
    number = "" if series.number is None else str(series.number)
    parts = (number, series.modality, series.description, stack.label, f"({len(stack)})")
    return " ".join(part for part in parts if part)
