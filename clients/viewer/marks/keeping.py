"""Keeps marks: each stroke in a journal at once, all of a study on the server after a pause and at the end.

Without a server the journal itself is where they stay. Lives in the GUI thread; asks the server off it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from PySide6.QtCore import QObject, QTimer

from clients.kit.translations import tr
from clients.viewer.marks import files, wire
from clients.viewer.marks.journal import Journal
from clients.viewer.marks.model import Mark, SpacePlane
from clients.viewer.marks.values import MeasuredValue
from clients.viewer.study import StudyDescription
from shared.contract.errors import ErrorCode, RpcError
from shared.contract.marks import AuthorMarks, ListMarks, SaveMarks, ShownImage, StoredMark

if TYPE_CHECKING:
    from clients.viewer.desk import Desk

PAUSE_MS = 3_000
NEWS_MS = 700
AGAIN_MS = 15_000
AT_THE_END_S = 3.0


@runtime_checkable
class Server(Protocol):
    """A source of studies that can keep marks; safe from any thread."""

    @property
    def reader(self) -> str: ...

    def call(self, request: object) -> object:
        """Raises RpcError."""

    def follow_marks(self, listener: Callable[[], object]) -> None:
        """Call the listener, on any thread, when somebody saved marks."""


def server_of(source: object) -> Server | None:
    """The source as somebody who keeps marks; None for files."""
    return source if isinstance(source, Server) else None


@dataclass(slots=True)
class _Kept:
    """What is known of an open study."""

    study: StudyDescription
    server: Server | None
    journal: Journal
    version: int = 0
    marks: dict[str, StoredMark] = field(default_factory=dict)  # own, as of the last stroke
    shown: dict[tuple[str, int], ShownImage] = field(default_factory=dict)
    dropped: set[str] = field(default_factory=set)
    dirty: bool = False
    touched: bool = False
    saving: bool = False
    loaded: bool = False

    def request(self, *, finished: bool) -> SaveMarks:
        frames = {(mark.sop_instance_uid, mark.frame) for mark in self.marks.values()}
        return SaveMarks(
            study_uid=self.study.study_uid,
            version=self.version,
            marks=tuple(self.marks.values()),
            shown=tuple(one for key, one in self.shown.items() if key in frames),
            finished=finished,
        )


class Keeper(QObject):
    """Follows the book of marks of a viewer."""

    def __init__(self, desk: Desk, value_of: Callable[[Mark], MeasuredValue]) -> None:
        super().__init__(desk.window)
        self._desk = desk
        self._value_of = value_of
        self._kept: dict[str, _Kept] = {}
        self._study_of: dict[str, str] = {}  # SOP Instance UID or frame of reference → study UID
        self._cache: dict[str, tuple[Mark, StoredMark]] = {}
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.save_all)
        self._news = QTimer(self)
        self._news.setSingleShot(True)
        self._news.timeout.connect(self._look_again)
        desk.session.marks.stroke.connect(self._on_stroke)
        desk.session.studies_changed.connect(self._on_studies)

    # --- opening and closing of studies

    def _on_studies(self) -> None:
        session = self._desk.session
        now = {study.study_uid: study for study in session.studies}
        for uid in [uid for uid in self._kept if uid not in now]:
            self._finish(self._kept.pop(uid))
        self._study_of = {}
        for study in session.studies:
            for series in study.series:
                for image in series.images:
                    self._study_of[image.sop_instance_uid] = study.study_uid
                if series.frame_of_reference_uid:
                    self._study_of.setdefault(series.frame_of_reference_uid, study.study_uid)
        for uid, study in now.items():
            known = self._kept.get(uid)
            if known is None:
                server = server_of(self._desk.source)
                journal = Journal(server.reader if server is not None else "", trouble=self._on_trouble)
                self._kept[uid] = known = _Kept(study, server, journal)
                self._fetch(known)
                if server is not None:
                    server.follow_marks(self._hear)
            elif known.study is not study:
                known.study = study
                if known.server is not None:
                    self._fetch(known)  # others' marks may have come with the new objects

    def _hear(self) -> None:
        """On any thread."""
        self._desk.background.later(self._on_news)

    def _on_news(self) -> None:
        """Somebody saved marks: gathered for a moment, since notices of many studies come."""
        if not self._news.isActive():
            self._news.start(NEWS_MS)

    def _look_again(self) -> None:
        for kept in self._kept.values():
            if kept.loaded and kept.server is not None:
                self._fetch(kept)

    def _fetch(self, kept: _Kept) -> None:
        """What everybody drew, and what this reader could not save the last time."""
        server, uid, again, study, source = (
            kept.server,
            kept.study.study_uid,
            kept.loaded,
            kept.study,
            self._desk.source,
        )

        def work() -> tuple[tuple[AuthorMarks, ...], dict[str, StoredMark] | None]:
            if server is None:
                return files.found_in(source, study), None if again else kept.journal.read(uid)
            said: tuple[AuthorMarks, ...] = server.call(ListMarks(study_uid=uid))  # type: ignore[assignment]
            return said, None if again else kept.journal.read(uid)

        def done(found: tuple[tuple[AuthorMarks, ...], dict[str, StoredMark] | None]) -> None:
            if self._kept.get(uid) is kept:
                self._take(kept, *found)

        self._desk.background.run(work, done, self._desk.say, "marks")

    def _take(self, kept: _Kept, said: tuple[AuthorMarks, ...], unsaved: dict[str, StoredMark] | None) -> None:
        book = self._desk.session.marks
        others = [mark for one in said if not one.is_mine for mark in wire.of_author(one)]
        gone = {mark.uid for mark in book if mark.foreign and self._study(mark) == kept.study.study_uid}
        gone -= {mark.uid for mark in others}
        book.forget(lambda mark: mark.foreign and mark.uid in gone)
        book.take(others)
        mine = next((one for one in said if one.is_mine), None)
        if kept.loaded:
            if mine is not None and mine.version > kept.version and not kept.dirty and not kept.saving:
                self._follow(kept, mine)
            return
        kept.loaded = True
        server_has = {one.uid: one for one in mine.marks} if mine is not None else {}
        if mine is not None:
            kept.version = mine.version
            kept.shown = {(one.sop_instance_uid, one.frame): one for one in mine.shown}
        drawn_meanwhile = self._own(kept)
        wanted = server_has if unsaved is None else unsaved
        book.take(mark for one in wanted.values() if (mark := wire.drawn(one)) is not None)
        kept.marks = {**wanted, **drawn_meanwhile}
        kept.journal.begin(kept.study.study_uid, kept.marks)
        if kept.server is None:
            return
        if unsaved is not None and unsaved != server_has:
            kept.dropped = set(server_has) - set(unsaved)
            changed = len([uid for uid in {*unsaved, *server_has} if unsaved.get(uid) != server_has.get(uid)])
            self._desk.say(tr("标注已恢复：上次没有来得及保存的 {n} 项", n=changed))
        elif unsaved is not None:
            kept.journal.forget(kept.study.study_uid)
        if kept.marks != server_has:
            kept.dirty = kept.touched = True
            self._timer.start(PAUSE_MS)

    def _follow(self, kept: _Kept, mine: AuthorMarks) -> None:
        """The same reader saved in another window: show it here too."""
        book, uid = self._desk.session.marks, kept.study.study_uid
        there = {one.uid: one for one in mine.marks}
        book.forget(lambda mark: not mark.foreign and mark.uid not in there and self._study(mark) == uid)
        news = [one for one in mine.marks if kept.marks.get(one.uid) != one]
        book.take(mark for one in news if (mark := wire.drawn(one)) is not None)
        kept.version, kept.marks = mine.version, there
        kept.journal.begin(uid, there)

    # --- strokes

    def _study(self, mark: Mark) -> str:
        if isinstance(mark.key, SpacePlane):
            return self._study_of.get(mark.key.frame_of_reference_uid, "")
        return self._study_of.get(mark.key.sop_instance_uid, "")

    def _own(self, kept: _Kept) -> dict[str, StoredMark]:
        found: dict[str, StoredMark] = {}
        for mark in self._desk.session.marks:
            if mark.foreign or self._study(mark) != kept.study.study_uid:
                continue
            known = self._cache.get(mark.uid)
            if known is None or known[0] != mark:
                known = self._cache[mark.uid] = (mark, wire.stored(mark, self._value_of(mark)))
            found[mark.uid] = known[1]
        return found

    def _on_stroke(self) -> None:
        for uid, kept in self._kept.items():
            marks = self._own(kept)
            if marks == kept.marks:
                continue
            kept.dropped |= set(kept.marks) - set(marks)
            kept.dropped -= set(marks)
            kept.marks = marks
            kept.journal.record(uid, marks)
            kept.dirty = kept.touched = True
            self._note_view(kept)
            if kept.server is not None:
                self._timer.start(PAUSE_MS)

    def _note_view(self, kept: _Kept) -> None:
        """How the image is shown on which somebody just drew."""
        view = self._desk.active
        one = wire.shown(view.state, view.voi(), view.projection())
        if one is not None and self._study_of.get(one.sop_instance_uid) == kept.study.study_uid:
            kept.shown[one.sop_instance_uid, one.frame] = one

    def _on_trouble(self, error: OSError) -> None:
        self._desk.say(tr("标注无法记在本机：{why}　请检查磁盘空间", why=error.strerror or str(error)))

    # --- saving

    def save_all(self) -> None:
        """Send what changed; called after a pause."""
        for kept in self._kept.values():
            self._save(kept)

    @property
    def is_ready(self) -> bool:
        """True when the marks of all open studies were fetched."""
        return bool(self._kept) and all(kept.loaded for kept in self._kept.values())

    @property
    def is_saved(self) -> bool:
        """True while the server has everything."""
        return not any(kept.dirty or kept.saving for kept in self._kept.values() if kept.server is not None)

    def _save(self, kept: _Kept) -> None:
        server = kept.server
        if server is None or not kept.dirty or kept.saving or not kept.loaded:
            return
        kept.saving, kept.dirty = True, False
        request = kept.request(finished=False)

        def work() -> AuthorMarks | None:
            try:
                return server.call(request)  # type: ignore[return-value]
            except RpcError as error:
                if error.code is ErrorCode.CONFLICT:
                    return None
                raise

        def done(saved: AuthorMarks | None) -> None:
            if saved is None:
                self._merge(kept)
                return
            kept.saving = False
            kept.version = saved.version
            if not kept.dirty:
                kept.journal.forget(kept.study.study_uid)
            else:
                self._timer.start(PAUSE_MS)

        def failed(sentence: str) -> None:
            kept.saving, kept.dirty = False, True
            self._desk.say(tr("标注未能保存：{why}　已记在本机，稍后再试", why=sentence))
            self._timer.start(AGAIN_MS)

        self._desk.background.run(work, done, failed, "save-marks")

    def _merge(self, kept: _Kept) -> None:
        """The same reader saved elsewhere meanwhile: what is new there comes here, what was deleted here stays so."""
        server, uid = kept.server, kept.study.study_uid
        if server is None:
            return

        def done(said: object) -> None:
            authors: Iterable[AuthorMarks] = said if isinstance(said, tuple) else ()
            mine = next((one for one in authors if one.is_mine), None)
            if mine is not None:
                kept.version = mine.version
                fresh = [one for one in mine.marks if one.uid not in kept.marks and one.uid not in kept.dropped]
                if self._kept.get(uid) is kept:
                    self._desk.session.marks.take(m for one in fresh if (m := wire.drawn(one)) is not None)
                kept.marks = {**kept.marks, **{one.uid: one for one in fresh}}
            kept.saving, kept.dirty = False, True
            self._timer.start(100)

        def failed(sentence: str) -> None:
            kept.saving, kept.dirty = False, True
            self._desk.say(tr("标注未能保存：{why}　已记在本机，稍后再试", why=sentence))
            self._timer.start(AGAIN_MS)

        self._desk.background.run(lambda: server.call(ListMarks(study_uid=uid)), done, failed, "marks")

    def _finish(self, kept: _Kept) -> threading.Thread | None:
        """The study is closed: save once more, and have the objects made at once."""
        server = kept.server
        if server is None or not kept.touched:
            return None
        request, journal = kept.request(finished=True), kept.journal

        def work() -> None:
            try:
                server.call(request)
            except RpcError:
                return  # the journal has everything: it is sent when the study is opened again
            journal.forget(request.study_uid)

        thread = threading.Thread(target=work, name="finish-marks", daemon=True)
        thread.start()
        return thread

    def close(self) -> None:
        """The window closes: send the rest, for at most a few seconds."""
        self._timer.stop()
        self._news.stop()
        threads = [self._finish(kept) for kept in self._kept.values()]
        self._kept.clear()
        for thread in threads:
            if thread is not None:
                thread.join(AT_THE_END_S)

    # --- for exports

    @property
    def reader(self) -> str:
        """Login name of the reader; empty without a server."""
        server = server_of(self._desk.source)
        return server.reader if server is not None else ""

    def own_marks(self, study_uid: str) -> tuple[tuple[StoredMark, ...], tuple[ShownImage, ...]]:
        """What this reader drew on a study, and how it was shown."""
        kept = self._kept.get(study_uid)
        if kept is None:
            return (), ()
        request = kept.request(finished=True)
        return request.marks, request.shown
