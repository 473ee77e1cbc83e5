"""Opening studies and loading their images: joins source, loader, model and store; knows no window."""

from __future__ import annotations

import functools
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from clients.kit.translations import tr
from clients.viewer.load_bridge import LoadBridge, thumbnail
from clients.viewer.loading import FrameSource, SourceFailed, StudyLoader
from clients.viewer.local_files import LocalFiles
from clients.viewer.pixels import PixelStore
from clients.viewer.session import ViewerSession
from clients.viewer.study import Stack, StudyDescription

FIRST_RETRY_MS, LAST_RETRY_MS = 2_000, 30_000


class Opening(QObject):
    """What is open and what is still to come; lives in the GUI thread."""

    message = Signal(str)
    """What an empty viewport says."""
    said = Signal(str)
    """A sentence for the line under the tool bar."""
    back = Signal()
    """Images come again after a failure."""
    arrived = Signal(list)
    """What came since the last time: list of (Stack, list of indices)."""
    progressed = Signal()
    """After `arrived`, when everybody knows of it."""
    picture_made = Signal(object, object)
    """A thumbnail: Stack, uint8 array."""
    studies_shown = Signal(list)
    """UIDs of the studies that are open now."""
    showing = Signal()
    """Something that brings many changes at once begins; `shown` follows in the same turn."""
    shown = Signal()
    """A study was put on the screen, or something else that brings many changes at once has been done."""
    all_loaded = Signal(int)
    """Every image of the open studies is there (or known to be unreadable): how many."""
    failed = Signal(str)
    """Something could not be opened: a sentence."""

    def __init__(self, session: ViewerSession, store: PixelStore, parent: QObject, *, threads: int = 2) -> None:
        super().__init__(parent)
        self.session = session
        self.store = store
        self.source: FrameSource | None = None
        self.loader: StudyLoader | None = None
        self.awaiting_first = ""
        """UID of the study whose first image is not on screen yet."""
        self.companions: list[Callable[[FrameSource, StudyDescription], object]] = []
        """Called in the background for each study that was described, before it is shown."""
        self._threads = threads
        self._load_all = True
        self._next: tuple[str, ...] = ()
        self._tell_all = False
        self._generation = 0
        self._known: tuple[Stack, ...] = ()
        self.is_showing = False
        """True while a study is being put on the screen: whoever follows many changes may wait for `shown`."""
        self._steps: deque[Callable[[], object]] = deque()
        self._turn = QTimer(self)  # a step each turn of the event loop, so that the reader's hand comes between
        self._turn.setSingleShot(True)
        self._turn.setInterval(0)
        self._turn.timeout.connect(self._take_step)
        self._retry_ms = FIRST_RETRY_MS
        self._retry = QTimer(self)
        self._retry.setSingleShot(True)
        self._retry.timeout.connect(self.load)
        self.bridge = LoadBridge(self)
        self.bridge.arrived.connect(self._on_arrived)
        self.bridge.picture_made.connect(self.picture_made)
        self.bridge.failed.connect(self._on_failed)
        self.bridge.described.connect(self._on_described)
        self.bridge.files_read.connect(self._on_files_read)
        self.bridge.not_described.connect(self._on_not_described)

    # --- studies

    def use(self, source: FrameSource) -> None:
        """Take studies from ``source``; what is open is closed."""
        self.close_studies()
        if self.loader is not None:
            self.loader.close()
        self.source = source
        self.loader = StudyLoader(source, self.store, self.bridge.frames, self.bridge.say_failed, self._threads)
        self.loader.load_all = self._load_all

    @property
    def load_all(self) -> bool:
        """Load all series in full, or only those on screen (VW-SET-22)."""
        return self._load_all

    @load_all.setter
    def load_all(self, load_all: bool) -> None:
        self._load_all = load_all
        if self.loader is not None:
            self.loader.load_all = load_all

    def prepare(self, study_uids: Sequence[str]) -> None:
        """These studies come next: fetch them ahead once everything that is open has been loaded."""
        self._next = tuple(study_uids)
        self._prepare()

    def _prepare(self) -> None:
        """What the cache could not take while it came quickly, then what comes next."""
        if self.loader is not None:
            self.loader.prepare([*(study.study_uid for study in self.session.studies), *self._next])

    def open_study(self, study_uid: str, also: Sequence[str] = ()) -> None:
        """Describe and show a study, replacing what is open; ``also`` go into the series bar after it."""
        self.close_studies()
        self.message.emit(tr("正在打开…"))
        self._begin_anew()
        self._describe([("open", study_uid), *(("append", other) for other in also)])

    def compare_study(self, study_uid: str) -> None:
        """Describe a study and put it beside what is open."""
        self._describe([("compare", study_uid)])

    def append_study(self, study_uid: str) -> None:
        """Describe a study and add it to the series bar (VW-HIS-02)."""
        self._describe([("append", study_uid)])

    def refresh_study(self, study_uid: str) -> None:
        """Ask again what the study holds; more images may have come."""
        self._describe([("refresh", study_uid)])

    def open_files(self, paths: Sequence[Path]) -> None:
        """Read files and folders and show the first study found, the others beside it in the series bar."""
        source = LocalFiles(paths)
        self.close_studies()
        self.message.emit(tr("正在读取文件…"))
        self._begin_anew()
        generation = self._generation

        def read() -> None:
            try:
                studies = source.studies()
                for study in studies:
                    self._accompany(source, study)
            except SourceFailed as failure:
                self.bridge.tell("not_described", generation, str(failure))
                return
            self.bridge.tell("files_read", generation, source, studies)

        self.bridge.run(read, "read-files")

    def close_studies(self) -> None:
        """Empty the viewer and give the memory back."""
        if self.loader is not None:
            self.loader.forget(self.session.stacks)
        self.session.close()
        self.store.clear()
        self.message.emit(tr("没有打开的检查"))

    def _describe(self, wanted: Sequence[tuple[str, str]]) -> None:
        """Ask the source for studies, one after the other, each with what shall become of it."""
        source, generation = self.source, self._generation
        if source is None:
            self._on_not_described(generation, tr("没有连接影像服务器"))
            return

        def work() -> None:
            for purpose, study_uid in wanted:
                try:
                    study = source.study(study_uid)
                    self._accompany(source, study)
                except SourceFailed as failure:
                    self.bridge.tell("not_described", generation, str(failure))
                    continue
                self.bridge.tell("described", generation, purpose, study)

        self.bridge.run(work, "describe")

    def _accompany(self, source: FrameSource, study: StudyDescription) -> None:
        for companion in self.companions:
            companion(source, study)

    @Slot(int, object, object)
    def _on_files_read(self, generation: int, source: LocalFiles, studies: tuple[StudyDescription, ...]) -> None:
        if generation != self._generation:
            return
        self._do(lambda: self._use_files(source))
        self._show_study(studies[0])
        for study in studies[1:]:
            self._do(functools.partial(self.session.append, study))
        self._do(self._tell_shown)

    def _use_files(self, source: LocalFiles) -> None:
        self.use(source)
        self.message.emit(tr("正在读取文件…"))

    @Slot(int, str, object)
    def _on_described(self, generation: int, purpose: str, described: StudyDescription) -> None:
        if generation != self._generation:
            return
        if purpose == "open":
            self._show_study(described)
        else:
            show = {"compare": self.session.compare, "append": self.session.append}.get(purpose, self._refresh)
            self._do(lambda: show(described))
        self._do(self._tell_shown)

    def _refresh(self, study: StudyDescription) -> None:
        self._tell_all = True
        self.session.refresh(study)
        self._tell_when_complete()  # perhaps nothing new has come

    def _tell_shown(self) -> None:
        self.studies_shown.emit([study.study_uid for study in self.session.studies])

    def _begin_anew(self) -> None:
        """Answers to what was asked before are too late now."""
        self._generation += 1
        self._steps.clear()

    def _do(self, step: Callable[[], object]) -> None:
        """Take ``step`` in a turn of its own, after those before it."""
        self._steps.append(step)
        if not self._turn.isActive():
            self._turn.start()

    @Slot()
    def _take_step(self) -> None:
        if not self._steps:
            return
        self.is_showing = True
        self.showing.emit()
        try:
            self._steps.popleft()()
        finally:
            self.is_showing = False
            if self._steps:
                self._turn.start()
            self.shown.emit()

    def _show_study(self, study: StudyDescription) -> None:
        def begin() -> None:
            self.message.emit(tr("这项检查没有图像") if not study.series else "")
            self.awaiting_first = study.study_uid
            self._tell_all = True

        for step in (begin, *self.session.steps_to_open(study)):
            self._do(step)

    @Slot(int, str)
    def _on_not_described(self, generation: int, sentence: str) -> None:
        if generation != self._generation:
            return
        if self.session.studies:
            self.said.emit(sentence)
        else:
            self.message.emit(sentence)
        self.failed.emit(sentence)

    # --- loading

    def take_over(self) -> None:
        """Images of stacks that were described anew go to their successors; what is gone is let go."""
        now = {id(stack) for stack in self.session.stacks}
        gone = [stack for stack in self._known if id(stack) not in now]
        if self.loader is not None:
            self.loader.forget(gone)
        for old in gone:
            for new in self.session.stacks:
                if new.series.series_uid == old.series.series_uid and new.study.study_uid == old.study.study_uid:
                    self.store.carry_over(old, new)
            self.store.drop(old)
        self._known = self.session.stacks

    def load(self) -> None:
        """Ask for everything of the open studies, what is on screen first."""
        if self.loader is None:
            return
        shown = {id(v.stack): v.index for v in self.session.visible if v.stack is not None}
        marks = self.session.key_images
        for stack in self.session.stacks:
            visible = shown.get(id(stack), len(stack) // 2)
            keys = [n for key in marks if (n := stack.index_of(key)) is not None]
            self.loader.want(stack, visible=visible, key_images=keys)
        self.focus()

    def focus(self) -> None:
        if self.loader is None:
            return
        order = [self.session.active_viewport, *self.session.visible]
        shown = [(v.stack, v.index) for v in order if v.stack is not None]
        for stack, _ in shown:
            self.store.touch(stack)
        released = self.store.make_room({id(stack) for stack, _ in shown})
        self.loader.forget(released)
        for stack, index in shown:
            if not self.loader.knows(stack) and self.store.of(stack).loaded < len(stack):
                self.loader.want(stack, visible=index)
        self.loader.focus(shown)

    def _keep_within_memory(self) -> None:
        """Over the limit only what is on screen goes on loading; a series shown later is fetched then (VW-EX-07)."""
        if self.loader is None or self.store.nbytes <= self.store.limit_bytes:
            return
        shown = {id(v.stack) for v in self.session.visible if v.stack is not None}
        self.loader.forget([stack for stack in self.session.stacks if id(stack) not in shown])
        self.store.make_room(shown)

    @Slot(list)
    def _on_arrived(self, gathered: list[tuple[Stack, list[int]]]) -> None:
        if self._retry_ms != FIRST_RETRY_MS:  # the line is back
            self._retry_ms = FIRST_RETRY_MS
            self.back.emit()
        self.arrived.emit(gathered)
        self._keep_within_memory()
        self.progressed.emit()
        self._tell_when_complete()

    def _tell_when_complete(self) -> None:
        """Not before what came last is on screen: the first image is told before the end of all."""
        if self._tell_all and self.loader is not None and self.loader.waiting == 0 and not self.bridge.has_more:
            self._tell_all = False
            self._prepare()
            self.all_loaded.emit(sum(len(stack) for stack in self.session.stacks))

    def make_picture(self, stack: Stack, indices: Sequence[int]) -> None:
        """The thumbnail from the first image that came, then from the middle one."""
        pixels = self.store.of(stack)
        index = next((n for n in indices if pixels.frame(n) is not None), None)
        if index is None:
            return

        def work() -> None:
            picture = thumbnail(stack, pixels, index)
            if picture is not None:
                self.bridge.tell("picture_made", stack, picture)

        self.bridge.run(work, "thumbnail")

    @Slot(str)
    def _on_failed(self, sentence: str) -> None:
        self.said.emit(sentence + tr("　正在重试…"))
        if not self._retry.isActive():
            self._retry.start(self._retry_ms)
            self._retry_ms = min(self._retry_ms * 2, LAST_RETRY_MS)
        self.failed.emit(sentence)

    def close(self) -> None:
        """Cancel loading; nobody is told anything from now on."""
        self._retry.stop()
        self._turn.stop()
        self._steps.clear()
        self.bridge.close()
        if self.loader is not None:
            self.loader.close()
            self.loader = None
