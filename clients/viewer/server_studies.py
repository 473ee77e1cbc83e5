"""The server's archive as a source of studies: descriptions by RPC, frames over the bulk channel."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Protocol, TypeVar

from clients.kit.translations import tr
from clients.viewer.cache import FrameCache, NoCache
from clients.viewer.loading import Arrived, HavePixels, SourceFailed
from clients.viewer.loading_facts import InstanceFacts, KnownStudies, SeriesFacts, many_frames, says_more
from clients.viewer.loading_plain import plain_values
from clients.viewer.objects.videos import Videos
from clients.viewer.sentences import sentence_of
from clients.viewer.study import FrameKey, StudyDescription
from clients.viewer.tiles import RemoteTiles, TiledObject
from shared.contract.archive import FramesView, GetFrames, GetStudy, StudyView
from shared.contract.base import Changed, Notice, Request
from shared.contract.errors import ErrorCode, RpcError
from shared.contract.identity import SessionView
from shared.imaging.codecs import UndecodableFrame
from shared.imaging.frames import Part10, UnreadableFile
from shared.imaging.header import FrameHeader, ImageHeader, image_header
from shared.imaging.video import is_video
from shared.rpc.bulk import BulkClient, Wanted
from shared.rpc.client import RpcClient, ZmqTransport
from shared.rpc.connection import Connection

log = logging.getLogger(__name__)

R = TypeVar("R")

KEPT_OBJECTS = 2
KEPT_OBJECT_BYTES = 300 << 20
QUICK_S = 2.0  # after the description; what comes later came over a slow line, and the cores have time
PREPARED = 2  # connections opened ahead, one for each worker thread of the loader


class ArchiveLine(Protocol):
    """What this source needs of the line; safe from any thread."""

    def call(self, request: Request[R]) -> R:
        """Raises RpcError."""

    def open_bulk(self) -> BulkClient:
        """A bulk client for one thread, which closes it."""


class AdoptedLine:
    """A line of the viewer's own over a session that a workstation opened; closing it does not end the session.

    ``on_study_changed`` is called on the line's thread with the id of a study that got more images.
    """

    def __init__(self, server: str, session: SessionView) -> None:
        """``server`` is a connection string. Raises ValueError with a sentence when it is malformed."""
        self._address = Connection.parse(server)
        self._session = session
        self._client = RpcClient(ZmqTransport(self._address), station="viewer")
        self._client.on_notice = self._notice_came
        self.on_study_changed: Callable[[int], None] = lambda _study_id: None
        self.on_marks_changed: Callable[[], object] = lambda: None  # somebody's, on any study
        self._client.adopt(session)

    @property
    def session(self) -> SessionView:
        """The session that the workstation opened."""
        return self._session

    def _notice_came(self, notice: Notice) -> None:
        if isinstance(notice, Changed) and notice.entity == "study":
            self.on_study_changed(notice.id)
        elif isinstance(notice, Changed) and notice.entity == "marks":
            self.on_marks_changed()

    def call(self, request: Request[R]) -> R:
        return self._client.call(request)

    def open_bulk(self) -> BulkClient:
        return BulkClient(self._address, self._session.token)

    def close(self) -> None:
        self._client.close()


class ServerStudies:
    """Implements :class:`clients.viewer.loading.FrameSource`; with a cache also :class:`.loading.PreparesStudies`."""

    batch = 16

    def __init__(self, line: ArchiveLine, cache: FrameCache | None = None) -> None:
        self._line = line
        self.cache = cache
        """For the switches of the settings page; None where nothing is kept."""
        self._cache = cache if cache is not None else NoCache()
        self._lock = threading.Lock()
        self._local = threading.local()
        self._clients: list[BulkClient] = []
        self._spare: list[BulkClient] = []  # of them those that no thread has taken yet
        self._known = KnownStudies()
        self._objects: dict[str, tuple[str, Part10]] = {}  # multi-frame objects in use, with their version
        self._fetching: dict[str, threading.Lock] = {}  # objects on the way
        self._videos = Videos()
        self._tile_lines: list[BulkClient] = []  # not in use just now; `_clients` has them all
        self._closed = False
        self._described_at = 0.0

    def call(self, request: Request[R]) -> R:
        """Ask the server something else; from any thread. Raises RpcError."""
        return self._line.call(request)

    @property
    def reader(self) -> str:
        """Login name of whoever reads here, empty when it is not known."""
        session = getattr(self._line, "session", None)
        return session.login if session is not None else ""

    @property
    def user_id(self) -> int:
        """Account of whoever reads here, 0 when it is not known."""
        session = getattr(self._line, "session", None)
        return session.user_id if session is not None else 0

    def follow_marks(self, listener: Callable[[], object]) -> None:
        """Call ``listener`` on the line's thread when somebody saved marks."""
        if isinstance(self._line, AdoptedLine):
            self._line.on_marks_changed = listener

    # --- describing

    def study(self, study_uid: str) -> StudyDescription:
        self._prepare()
        self._described_at = time.monotonic()
        try:
            view = self._line.call(GetStudy(study_uid=study_uid))
        except RpcError as error:
            if error.code is ErrorCode.NOT_FOUND:
                self._cache.forget(study_uid)
            raise SourceFailed(str(error)) from error
        described = self._known.take(view, self._frames_in(view))
        self._cache.described(study_uid, self._known.items(study_uid))
        return described

    def _frames_in(self, view: StudyView) -> dict[str, FramesView]:
        """Places and groups of the frames of enhanced objects, so that their stacks stand right from the start."""
        found = {}
        for uid in many_frames(view):
            try:
                found[uid] = self._line.call(GetFrames(sop_instance_uid=uid))
            except RpcError as error:
                log.info("the frames of an object are not told: %s", error)
        return found

    def object(self, sop_instance_uid: str) -> Part10:
        """A whole object over a line of its own; for any thread. Raises :class:`SourceFailed`."""
        _, known = self._objects.get(sop_instance_uid, ("", None))
        if known is not None:
            return known
        client = self._opened()
        try:
            return Part10(bytes(client.fetch("object", sop_instance_uid).data))
        except RpcError as error:
            raise SourceFailed(str(error)) from error
        except UnreadableFile as error:
            raise SourceFailed(sentence_of(error)) from error
        finally:
            with self._lock:
                if client in self._clients:
                    self._clients.remove(client)
            client.close()

    def tiled(self, sop_instance_uid: str) -> TiledObject:
        """A level of a slide: its header now, its tiles one by one. For any thread. Raises :class:`SourceFailed`."""
        try:
            head = Part10(bytes(self._bulk().fetch("header", sop_instance_uid).data))
        except RpcError as error:
            raise SourceFailed(str(error)) from error
        except UnreadableFile as error:
            raise SourceFailed(sentence_of(error)) from error
        return RemoteTiles(head, sop_instance_uid, self._tile)

    def _tile(self, sop_instance_uid: str, frame: int) -> bytes:
        """A frame (from 1) in the stored syntax, over one of few lines that all slides share. Raises RpcError."""
        with self._lock:
            client = self._tile_lines.pop() if self._tile_lines else None
        client = client or self._opened()
        try:
            return bytes(client.fetch("frame", sop_instance_uid, frame).data)
        finally:
            with self._lock:
                self._tile_lines.append(client)

    def fetch(self, kind: str, name: str, frame: int = 0) -> bytes:
        """Something of the bulk channel, such as a piece of an export; for any thread. Raises RpcError."""
        client = self._line.open_bulk()
        try:
            return bytes(client.fetch(kind, name, frame).data)
        finally:
            client.close()

    def uid_of(self, study_id: int) -> str:
        """UID of a study that was described before, empty for any other."""
        return self._known.uid_of(study_id)

    # --- frames

    def frames(self, keys: Sequence[FrameKey]) -> Iterator[Arrived]:
        """Frames in stored syntax, kept ones first.

        The first image of a series comes as whole object, for the texts of the corners.
        """
        missing: dict[tuple[str, int], FrameKey] = {}
        for key in keys:
            arrived = self._as_object(key) or self._as_kept(key)
            if arrived is not None:
                yield arrived
            else:
                missing[key.sop_instance_uid, key.frame + 1] = key
        if not missing:
            return
        for name, frame, data, syntax, error in self._streamed(missing):
            key = missing[name, frame]
            if error:
                yield Arrived(key, error=error)
                continue
            known = self._known.find(name)
            header = _completed(known, syntax)
            values = plain_values(data, header.pixel_format, header.transfer_syntax) if header is not None else None
            if known is not None:
                self._keep_frame(known, frame, data, syntax, plain=values is not None)
            yield Arrived(key, data, header, values=values)

    def _keep_frame(self, known: InstanceFacts, frame: int, data: memoryview, syntax: str, *, plain: bool) -> None:
        """Keep a frame now, or later from its pixels: while a study comes quickly both cores have more urgent work."""
        if plain and frame == 1 and time.monotonic() - self._described_at < QUICK_S:
            known.plain_syntax = syntax
        else:
            self._cache.keep(known.item(frame), data, syntax)

    def _streamed(self, wanted: Iterable[tuple[str, int]]) -> Iterator[tuple[str, int, memoryview, str, str]]:
        """Name, frame, bytes, transfer syntax and error of frames from the server; raises SourceFailed."""
        try:
            for received in self._bulk().stream(Wanted("frame", name, frame) for name, frame in wanted):
                asked = received.wanted
                error = str(received.error) if received.error is not None else ""
                yield asked.name, asked.frame, memoryview(received.data), received.transfer_syntax_uid, error
        except RpcError as error:
            raise SourceFailed(str(error)) from error

    def _as_kept(self, key: FrameKey) -> Arrived | None:
        """The frame out of the cache."""
        known = self._known.find(key.sop_instance_uid)
        kept = self._cache.get(known.item(key.frame + 1)) if known is not None else None
        return Arrived(key, kept.data, _completed(known, kept.transfer_syntax)) if kept is not None else None

    def _as_object(self, key: FrameKey) -> Arrived | None:
        """The frame out of its whole object; None when it is to be asked for as a frame."""
        uid = key.sop_instance_uid
        known = self._known.find(uid)
        if known is None or known.is_large:
            return None
        if known.comes_whole:
            return self._from_object(key, known)
        series = known.series
        if series.texts is not None:
            return None
        with series.first:  # a second object would only share the line with the one that somebody waits for
            return None if self._has_texts(series) else self._from_object(key, known)

    def _has_texts(self, series: SeriesFacts) -> bool:
        """True when a full header of the series is known, perhaps out of the cache."""
        kept = self._cache.get(series.header_item) if series.texts is None else None
        if kept is not None:
            try:
                part10 = Part10(bytes(kept.data))
                series.texts = image_header(part10.header, part10.transfer_syntax)
            except (UnreadableFile, UndecodableFrame):
                log.info("a kept header cannot be read; the object is fetched")
        return series.texts is not None

    def _from_object(self, key: FrameKey, known: InstanceFacts) -> Arrived:
        try:
            part10, image = self._object(known)
            if is_video(part10.transfer_syntax):
                data, image = self._videos.frame(part10, image, key.frame)
            else:
                data = part10.frame(key.frame, image.pixel_format.native_bytes)
        except (UnreadableFile, UndecodableFrame) as error:
            log.warning("an object cannot be read: %s", error)
            return Arrived(key, error=sentence_of(error))
        return Arrived(key, data, image)

    def _object(self, known: InstanceFacts) -> tuple[Part10, ImageHeader]:
        """The object, fetched once however many frames are wanted of it by several threads."""
        uid = known.header.sop_instance_uid
        with self._lock:
            mine = self._fetching.setdefault(uid, threading.Lock())
        with mine:
            version, part10 = self._objects.get(uid, ("", None))
            if part10 is None or version != known.version:
                part10 = Part10(self._object_bytes(known))
                image = image_header(part10.header, part10.transfer_syntax)
                known.header = image
                if says_more(image):
                    self._known.fetch_whole(known.series)
                with self._lock:
                    self._fetching.pop(uid, None)
                    known.series.texts = known.series.texts or image
                    if len(image.frames) > 1:
                        self._objects[uid] = (known.version, part10)
                        self._forget_objects()
            return part10, known.header

    def _object_bytes(self, known: InstanceFacts) -> bytes:
        kept = self._cache.get(known.item(0))
        if kept is not None:
            return bytes(kept.data)
        try:
            data = bytes(self._bulk().fetch("object", known.header.sop_instance_uid).data)
        except RpcError as error:
            raise SourceFailed(str(error)) from error
        self._keep_object(known, data, wait=False)
        return data

    def _keep_object(self, known: InstanceFacts, data: bytes, *, wait: bool) -> None:
        """The object itself, or its header and its frame where the others of its series come as frames."""
        if known.comes_whole:
            self._cache.keep(known.item(0), data, "", wait=wait)
            return
        try:
            part10 = Part10(data)
            frame = part10.frame(0, known.header.pixel_format.native_bytes)
        except UnreadableFile:
            return
        self._cache.keep(known.series.header_item, part10.head, "", wait=wait)
        self._cache.keep(known.item(1), frame, part10.transfer_syntax, wait=wait)

    def _forget_objects(self) -> None:
        """Few multi-frame objects stay in memory; called with the lock held."""
        while len(self._objects) > 1 and (
            len(self._objects) > KEPT_OBJECTS
            or sum(part10.size_bytes for _, part10 in self._objects.values()) > KEPT_OBJECT_BYTES
        ):
            self._objects.pop(next(iter(self._objects)))

    # --- what comes next

    def prepare(self, study_uid: str, go_on: Callable[[], bool], have: HavePixels = lambda _key: None) -> bool:
        """Bring what is missing of a study into the cache; False when ``go_on`` said no before the end.

        Raises :class:`SourceFailed`.
        """
        if not self._cache.enabled:
            return True
        if not self._known.instances(study_uid):
            self.study(study_uid)
        missing: dict[tuple[str, int], InstanceFacts] = {}
        for known in self._known.instances(study_uid):
            if not go_on():
                return False
            uid = known.header.sop_instance_uid
            if known.is_large or not known.version:
                continue
            if known.comes_whole:
                if not self._cache.has(known.item(0)):
                    self._keep_object(known, self._fetched(uid), wait=True)
            elif not self._cache.has(known.series.header_item):
                self._keep_object(known, self._fetched(uid), wait=True)
            elif not self._cache.has(known.item(1)):
                values = have(FrameKey(uid, 0)) if known.plain_syntax else None
                if values is not None and values.nbytes == known.header.pixel_format.native_bytes:
                    self._cache.keep(known.item(1), values.data.cast("B"), known.plain_syntax, wait=True)
                else:
                    missing[uid, 1] = known
        return self._prepare_frames(missing, go_on)

    def _prepare_frames(self, missing: dict[tuple[str, int], InstanceFacts], go_on: Callable[[], bool]) -> bool:
        stopped = False

        def wanted() -> Iterator[tuple[str, int]]:
            nonlocal stopped
            for asked in missing:
                if not go_on():
                    stopped = True
                    return
                yield asked

        for name, frame, data, syntax, error in self._streamed(wanted()):
            if not error:
                self._cache.keep(missing[name, frame].item(frame), data, syntax, wait=True)
        return not stopped

    def _fetched(self, uid: str) -> bytes:
        try:
            return bytes(self._bulk().fetch("object", uid).data)
        except RpcError as error:
            raise SourceFailed(str(error)) from error

    def _prepare(self) -> None:
        """Connect for the worker threads while the study is being described; once."""
        with self._lock:
            if self._closed or self._clients:
                return
            try:
                self._clients = [self._line.open_bulk() for _ in range(PREPARED)]
            except RpcError:
                return  # whoever wants frames is told
            self._spare = list(self._clients)

    def _bulk(self) -> BulkClient:
        """This thread's client."""
        client: BulkClient | None = getattr(self._local, "client", None)
        if client is None:
            if self._closed:
                raise SourceFailed(tr("正在关闭"))
            with self._lock:
                client = self._spare.pop() if self._spare else None
            if client is None:
                client = self._opened()
            self._local.client = client
        return client

    def _opened(self) -> BulkClient:
        try:
            client = self._line.open_bulk()
        except RpcError as error:
            raise SourceFailed(str(error)) from error
        with self._lock:
            self._clients.append(client)
        return client

    def stop(self) -> None:
        self._closed = True
        with self._lock:
            for client in self._clients:
                client.cancel()

    def close(self) -> None:
        with self._lock:
            clients, self._clients, self._spare = self._clients, [], []
        self._videos.close()
        for client in clients:
            client.close()


def _completed(known: InstanceFacts | None, transfer_syntax: str) -> ImageHeader | None:
    """The header as the index knows it, with texts and padding of the series' first object."""
    if known is None:
        return None
    image, first = known.header, known.series.texts
    if first is not None:
        own = {"SliceThickness": image.texts["SliceThickness"]} if "SliceThickness" in image.texts else {}
        texts = {**first.texts, **own}
        image = replace(
            image,
            texts=texts,
            padding=first.padding,
            padding_limit=first.padding_limit,
            lossy=first.lossy,
            lossy_ratio=first.lossy_ratio,
            suv=first.suv,
            icc=first.icc,
            frame_of_reference_uid=first.frame_of_reference_uid,
            frames=_with_unit(image.frames, first.frames[0].modality.unit),
        )
    return replace(image, transfer_syntax=transfer_syntax) if transfer_syntax else image


def _with_unit(frames: tuple[FrameHeader, ...], unit: str) -> tuple[FrameHeader, ...]:
    """Units that stand elsewhere than in Rescale Type (PET) come from the full header."""
    if not unit or any(frame.modality.unit for frame in frames):
        return frames
    return tuple(replace(frame, modality=replace(frame.modality, unit=unit)) for frame in frames)
