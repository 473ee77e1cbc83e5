"""Reads stored objects: for retrieval, commitment, export and the frames of a viewer; changes nothing.

Objects of corrected studies and series leave with their corrected attributes (corrections/); the files stay.
"""

from __future__ import annotations

import contextlib
import hashlib
import mmap
import tempfile
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from sqlalchemy import ColumnElement, bindparam, select

from server.archive import attributes, inbox
from server.archive.corrections.references import moved_references
from server.archive.corrections.rewriting import Changes, Pieces, joined, rewritten
from server.archive.corrections.rules import STUDY_UID, Overlay, overlay_of
from server.archive.header import DEFLATED, DamagedHeader, inflated, read_header
from server.archive.tables import Instance, InstanceVersion, Series, Study
from server.kernel.database import Database
from server.kernel.errors import Refusal, invalid, not_found
from server.kernel.storage.medium import MediumAbsent
from server.kernel.storage.port import ObjectMissing, ObjectStorage, StorageError
from shared.contract.errors import ErrorCode

if TYPE_CHECKING:
    from shared.imaging.frames import FramePlaces

EXPLICIT_LITTLE = "1.2.840.10008.1.2.1"
_MANY_FRAMES_CACHE = 16
EXTENDED_OFFSET_TABLE = 0x7FE00001
_LAYOUTS = 20_000
_SERIES_ROWS = 4096  # of one series, read together when one of its frames is wanted
_LAYOUT_FRESH_S = 60.0  # how long it is believed: the object may be deleted, and lie in the recycle bin
_ROWS_FRESH_S = 20.0  # how long such rows are believed
_MAX_JOINED_BYTES = 64 << 20  # a corrected object above this is put together in a temporary file
_COMMIT_WAIT_S = 3.0  # how long commitment waits for the index to catch up with what was just stored


class ObjectAway(OSError):
    """The object is kept, but cannot be read now: its medium is not inserted, or its store cannot be reached.

    The text is an English sentence for peers, `for_people` one for workstations.
    """

    def __init__(self, sentence: str, for_people: str) -> None:
        super().__init__(sentence)
        self.for_people = for_people


def _nobody_notes(_study_uids: Collection[str]) -> None:
    return


@dataclass(frozen=True, slots=True)
class ArchivedObject:
    """One object for a retrieval.

    `open` gives its data set (no preamble, no file meta) while the context lasts; it raises OSError. `stamp` changes
    whenever what `open` gives changes; `length` is its length in bytes, None when a correction decides it.
    """

    sop_class_uid: str
    sop_instance_uid: str
    transfer_syntax_uid: str
    open: Callable[[], AbstractContextManager[memoryview]]
    study_uid: str
    series_uid: str
    stamp: str
    length: int | None
    file: Callable[[], tuple[BinaryIO, int]] | None = None
    """The file and where the data set begins in it; the caller closes it. None when a correction changes the bytes."""


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where the frames of an object lie."""

    key: str
    data_offset: int
    transfer_syntax_uid: str  # of a frame as it is handed out
    is_deflated: bool
    pixels: tuple[int, int | None] | None  # see header.Header
    frames: int
    frame_bits: int  # of an uncompressed frame


_OTHER = Instance.__table__.alias("other")
_OBJECTS = (
    select(
        Instance.uid,
        Instance.sop_class_uid,
        Instance.transfer_syntax_uid,
        Instance.object_key,
        Instance.data_offset,
        Instance.size_bytes,
        Study.uid.label("study_uid"),
        Series.uid.label("series_uid"),
        Study.correction.label("study_correction"),
        Series.correction.label("series_correction"),
        Study.forced_charset,
    )
    .join(Series, Series.id == Instance.series_pk)
    .join(Study, Study.id == Series.study_pk)
    .order_by(Study.id, Series.number, Series.id, Instance.number, Instance.id)
)
_PLACES = (
    select(
        Instance.uid,
        Instance.object_key,
        Instance.data_offset,
        Instance.transfer_syntax_uid,
        Instance.attributes.label("own_attributes"),
        Series.attributes.label("series_attributes"),
        Study.uid.label("study_uid"),
        Study.correction.label("study_correction"),
        Series.correction.label("series_correction"),
        Study.forced_charset,
    )
    .join(Series, Series.id == Instance.series_pk)
    .join(Study, Study.id == Series.study_pk)
)
_PLACE_OF_ONE = _PLACES.where(Instance.uid == bindparam("instance"))
_PLACES_OF_ITS_SERIES = _PLACES.where(
    Instance.series_pk == select(_OTHER.c.series_pk).where(_OTHER.c.uid == bindparam("instance")).scalar_subquery()
).limit(_SERIES_ROWS)
_BELOW_STUDY = _OBJECTS.where(Study.uid == bindparam("study"))
_BELOW_SERIES = _BELOW_STUDY.where(Series.uid == bindparam("series"))
_BELOW_ANY_SERIES = _BELOW_STUDY.where(Instance.uid == bindparam("instance"))
_BELOW_INSTANCE = _BELOW_SERIES.where(Instance.uid == bindparam("instance"))


class ArchiveObjects:
    """Everything that reads objects back. Thread-safe."""

    def __init__(self, database: Database, storage: ObjectStorage, inbox_folder: Path) -> None:
        self._database = database
        self._storage = storage
        self._inbox = inbox_folder
        self._places: OrderedDict[str, FramePlaces] = OrderedDict()
        self._layouts: dict[str, tuple[float, _Layout]] = {}  # with when they were read
        self._rows: dict[str, tuple[float, Any]] = {}  # of series whose frames are being asked for, with when read
        self._reading = threading.Lock()
        self._lock = threading.Lock()
        # told the UIDs of studies that somebody reads; see lifecycle.use.StudyUse
        self.on_use: Callable[[Collection[str]], None] = _nobody_notes

    # retrieval

    def objects(
        self,
        *,
        patient_id: str = "",
        study_uids: Sequence[str] = (),
        series_uids: Sequence[str] = (),
        instance_uids: Sequence[str] = (),
    ) -> list[ArchivedObject]:
        """Every object below the named entities, series by series, in order of number. Nothing named gives nothing."""
        conditions: list[ColumnElement[bool]] = [
            column.in_(list(uids))
            for column, uids in ((Study.uid, study_uids), (Series.uid, series_uids), (Instance.uid, instance_uids))
            if uids
        ]
        if patient_id:
            conditions.append(Study.patient_id == patient_id)
        if not conditions:
            return []
        return self._found(_OBJECTS.where(*conditions), {})

    def below(self, study_uid: str, series_uid: str = "", instance_uid: str = "") -> list[ArchivedObject]:
        """As `objects`, for one path; its statements are made once, for doors that are asked thousands of times."""
        if instance_uid:
            if not series_uid:
                return self._found(_BELOW_ANY_SERIES, {"study": study_uid, "instance": instance_uid})
            return self._found(_BELOW_INSTANCE, {"study": study_uid, "series": series_uid, "instance": instance_uid})
        if series_uid:
            return self._found(_BELOW_SERIES, {"study": study_uid, "series": series_uid})
        return self._found(_BELOW_STUDY, {"study": study_uid})

    def _found(self, statement: Any, named: Mapping[str, str]) -> list[ArchivedObject]:
        with self._database.read() as uow:
            rows = uow.session.connection().execute(statement, named).all()
        self.on_use({row.study_uid for row in rows})
        return [self._archived(row) for row in rows]

    def holds(self, sop_instance_uid: str, key: str) -> bool:
        """Tell whether these very bytes are kept and indexed under this UID; quick when they are not.

        Of an object that left the store that receives it says no: it is then received and recognised once more.
        """
        if not self._at_hand(key):
            return False
        of_instance = select(Instance.id).where(Instance.uid == sop_instance_uid, Instance.object_key == key)
        of_version = select(InstanceVersion.id).where(InstanceVersion.object_key == key)
        with self._database.read() as uow:
            return any(uow.session.execute(one).first() is not None for one in (of_instance, of_version))

    def missing(self, references: Sequence[tuple[str, str]]) -> list[tuple[str, str, str]]:
        """Of (SOP class, SOP instance) pairs those not safely kept, with ``unknown``, ``class`` or ``damaged``.

        Waits a moment for objects that were stored just now and are not in the index yet (PS3.4 J.3.2).
        """
        end = time.monotonic() + _COMMIT_WAIT_S
        while True:
            found = self._missing(references)
            if not any(reason == "unknown" for _, _, reason in found) or time.monotonic() > end:
                return found
            if next(inbox.ready_files(self._inbox), None) is None:
                return self._missing(references)  # the last files may have been indexed between the two looks
            time.sleep(0.05)

    def _at_hand(self, key: str) -> bool:
        near = getattr(self._storage, "at_hand", self._storage.exists)  # a store of several asks no other machine
        return bool(near(key))

    def _missing(self, references: Sequence[tuple[str, str]]) -> list[tuple[str, str, str]]:
        rows: dict[str, Any] = {}
        with self._database.read() as uow:
            for start in range(0, len(references), 500):
                uids = [uid for _, uid in references[start : start + 500]]
                columns = (Instance.uid, Instance.sop_class_uid, Instance.object_key)
                rows.update({r.uid: r for r in uow.session.execute(select(*columns).where(Instance.uid.in_(uids)))})
        found = []
        for sop_class, uid in references:
            row = rows.get(uid)
            if row is None:
                found.append((sop_class, uid, "unknown"))
            elif row.sop_class_uid != sop_class:
                found.append((sop_class, uid, "class"))
            elif not self._storage.exists(row.object_key) and inbox.find(self._inbox, row.object_key) is None:
                found.append((sop_class, uid, "damaged"))
        return found

    # single objects

    def part10(self, sop_instance_uid: str) -> memoryview:
        """The whole DICOM file of an instance as it leaves. Raises Refusal.

        A view of the mapped file, read as it is used, unless the instance was corrected.
        """
        row = self._row(sop_instance_uid)
        with _refusing(), self._mapped(row.object_key) as whole:
            overlay = _overlay(row)
            if overlay is None:
                return whole[:]
            pieces = self._corrected(whole[row.data_offset :], row, overlay)
            return joined([whole[: row.data_offset], *pieces])

    def header(self, sop_instance_uid: str) -> bytes:
        """The DICOM file as it leaves, up to its pixel data: pydicom reads all but the pixels from it."""
        return self._header(sop_instance_uid, corrected=True)

    def original_header(self, sop_instance_uid: str) -> bytes:
        """The same as it came. Raises Refusal."""
        return self._header(sop_instance_uid, corrected=False)

    def _header(self, sop_instance_uid: str, *, corrected: bool) -> bytes:
        row = self._row(sop_instance_uid)
        with _refusing(), self._mapped(row.object_key) as whole:
            pixels = read_header(whole[row.data_offset :], row.transfer_syntax_uid).pixels
            end = len(whole)
            if pixels is not None and row.transfer_syntax_uid not in DEFLATED:
                # the element's own head (8 or 12 bytes) stands before the value; cut there
                end = row.data_offset + pixels[0] - (8 if row.transfer_syntax_uid == "1.2.840.10008.1.2" else 12)
            overlay = _overlay(row) if corrected else None
            if overlay is None:
                return bytes(whole[:end])
            pieces = self._corrected(whole[row.data_offset : end], row, overlay)
            return bytes(joined([whole[: row.data_offset], *pieces]))

    def frame(self, sop_instance_uid: str, number: int) -> tuple[bytes | memoryview, str]:
        """The stored bytes of a frame (`number` from 1) and the transfer syntax they are in. Raises Refusal.

        A deflated object gives its frame inflated, in explicit VR little endian. The bytes may be a view of the mapped
        file, which stays mapped as long as the view is held.
        """
        with self._lock:
            read_at, layout = self._layouts.get(sop_instance_uid, (0.0, None))
        if time.monotonic() - read_at > _LAYOUT_FRESH_S:
            layout = None
        with _refusing():
            with contextlib.suppress(FileNotFoundError):  # compressed meanwhile: it lies under another key
                if layout is None:
                    layout = self._read_layout(sop_instance_uid, self._row_for_frames(sop_instance_uid))
                return self._frame_in(layout, sop_instance_uid, number)
            layout = self._read_layout(sop_instance_uid, self._row(sop_instance_uid))
            return self._frame_in(layout, sop_instance_uid, number)

    def _frame_in(self, layout: _Layout, sop_instance_uid: str, number: int) -> tuple[bytes | memoryview, str]:
        if not 1 <= number <= layout.frames:
            raise invalid("frame", f"该图像共有 {layout.frames} 帧，没有第 {number} 帧。")
        if layout.pixels is None:
            raise Refusal(ErrorCode.NO_IMAGES, "该对象不含图像。")
        if layout.pixels[1] is None and layout.frames > 1:
            return self._frame_of_many(layout, number), layout.transfer_syntax_uid
        with self._mapped(layout.key) as whole:
            if layout.is_deflated:
                data = memoryview(inflated(whole[layout.data_offset :]))
            else:
                data = whole[layout.data_offset :]
            return _frame(data, layout, number), layout.transfer_syntax_uid

    def _row_for_frames(self, sop_instance_uid: str) -> Any:
        """As `_row`, but all rows of the series are read at once: whoever asks for one of its images asks for all."""
        with self._reading:  # the second of two threads finds what the first has read
            read_at, row = self._rows.pop(sop_instance_uid, (0.0, None))
            if row is not None and time.monotonic() - read_at < _ROWS_FRESH_S:
                return row
            with self._database.read() as uow:
                connection = uow.session.connection()
                rows = connection.execute(_PLACES_OF_ITS_SERIES, {"instance": sop_instance_uid}).all()
            if len(self._rows) + len(rows) > _LAYOUTS:
                self._rows.clear()
            now = time.monotonic()
            self._rows.update((row.uid, (now, row)) for row in rows)
            found = self._rows.pop(sop_instance_uid, None)
        if found is None:  # unknown, or beyond the first rows of a very long series
            return self._row(sop_instance_uid)
        self.on_use((found[1].study_uid,))
        return found[1]

    def _read_layout(self, sop_instance_uid: str, row: Any) -> _Layout:
        """Where the frames of an object lie; remembered, because a viewer asks for one frame after the other."""
        own = attributes.merged(attributes.unpacked(row.series_attributes), row.own_attributes)
        deflated = row.transfer_syntax_uid in DEFLATED
        with self._mapped(row.object_key) as whole:
            header = read_header(whole[row.data_offset :], row.transfer_syntax_uid)
        layout = _Layout(
            key=row.object_key,
            data_offset=row.data_offset,
            transfer_syntax_uid=EXPLICIT_LITTLE if deflated else row.transfer_syntax_uid,
            is_deflated=deflated,
            pixels=header.pixels,
            frames=_integer(own, 0x00280008, 1),
            frame_bits=_integer(own, 0x00280010, 0)
            * _integer(own, 0x00280011, 0)
            * _integer(own, 0x00280002, 1)
            * _integer(own, 0x00280100, 8),
        )
        with self._lock:
            if len(self._layouts) >= _LAYOUTS:
                self._layouts.clear()
            self._layouts[sop_instance_uid] = time.monotonic(), layout
        return layout

    def _frame_of_many(self, layout: _Layout, number: int) -> bytes:
        """A frame of a compressed multi-frame object; the positions of its frames are kept for the next ones."""
        from shared.imaging.frames import UnreadableFile

        try:
            with self._mapped(layout.key) as whole:  # the pixels of the file are nobody's identity
                places = self._places_of(layout, whole)
                return b"".join(bytes(whole[a:b]) for a, b in places.of(whole, number - 1))
        except UnreadableFile as fault:
            raise Refusal(ErrorCode.NO_IMAGES, f"图像数据损坏，无法读取：{fault}") from fault

    def _places_of(self, layout: _Layout, whole: memoryview) -> FramePlaces:
        from shared.imaging.frames import FramePlaces

        with self._lock:
            places = self._places.pop(layout.key, None)
            if places is None:
                assert layout.pixels is not None
                told = read_header(whole[layout.data_offset :], layout.transfer_syntax_uid, (EXTENDED_OFFSET_TABLE,))
                start, extended = layout.data_offset + layout.pixels[0], told.tags.get(EXTENDED_OFFSET_TABLE)
                places = FramePlaces(whole, start, layout.frames, extended)
            self._places[layout.key] = places
            while len(self._places) > _MANY_FRAMES_CACHE:
                self._places.popitem(last=False)
            return places

    def _row(self, sop_instance_uid: str) -> Any:
        with self._database.read() as uow:
            row = uow.session.connection().execute(_PLACE_OF_ONE, {"instance": sop_instance_uid}).first()
        if row is None:
            raise not_found("该图像")
        self.on_use((row.study_uid,))
        return row

    def _archived(self, row: Any) -> ArchivedObject:
        key, offset = row.object_key, row.data_offset
        overlay = _overlay(row)
        if overlay is None:
            stamp, length = key, row.size_bytes - offset
            opened = partial(self._opened, row, None)
            return ArchivedObject(
                row.sop_class_uid,
                row.uid,
                row.transfer_syntax_uid,
                opened,
                row.study_uid,
                row.series_uid,
                stamp,
                length,
                partial(self._file_of, row),
            )
        changes = (row.study_correction or b"") + b"\0" + (row.series_correction or b"")
        if row.forced_charset:
            changes += b"\0" + row.forced_charset.encode()
        return ArchivedObject(
            row.sop_class_uid,
            row.uid,
            row.transfer_syntax_uid,
            partial(self._opened, row, overlay),
            row.study_uid,
            row.series_uid,
            stamp=f"{key}-{hashlib.sha256(changes).hexdigest()}",
            length=None,
        )

    def _file_of(self, row: Any) -> tuple[BinaryIO, int]:
        return self._file(row.object_key), row.data_offset

    @contextlib.contextmanager
    def _opened(self, row: Any, overlay: Overlay | None) -> Iterator[memoryview]:
        with self._mapped(row.object_key) as whole, whole[row.data_offset :] as data:
            if overlay is None:
                yield data
                return
            try:
                pieces = self._corrected(data, row, overlay)
            except DamagedHeader as damaged:
                raise OSError(str(damaged)) from None
            with _together(pieces) as corrected:
                yield corrected

    def _corrected(self, data: memoryview, row: Any, overlay: Overlay) -> Pieces:
        """A data set with what was corrected. Raises DamagedHeader: nothing leaves with an identity that was wrong."""
        changes: Changes = overlay.changes
        if overlay.resolves_references:
            moved = moved_references(data, row.transfer_syntax_uid, row.study_uid, self._whereabouts)
            changes = {**changes, **moved}
        # a series that came from another study was not meant when somebody chose the study's character set
        read_as = "" if STUDY_UID in overlay.changes else row.forced_charset
        return rewritten(data, row.transfer_syntax_uid, changes, overlay.mark, read_as)

    def _whereabouts(self, uids: Collection[str]) -> Mapping[str, tuple[str, str]]:
        """Study and series in which instances are now."""
        found: dict[str, tuple[str, str]] = {}
        wanted = list(uids)
        statement = (
            select(Instance.uid, Study.uid.label("study_uid"), Series.uid.label("series_uid"))
            .join(Series, Series.id == Instance.series_pk)
            .join(Study, Study.id == Series.study_pk)
        )
        with self._database.read() as uow:
            for start in range(0, len(wanted), 500):
                part = wanted[start : start + 500]
                for row in uow.session.execute(statement.where(Instance.uid.in_(part))):
                    found[row.uid] = (row.study_uid, row.series_uid)
        return found

    def _file(self, key: str) -> BinaryIO:
        """The object where it is: in its place, in the inbox, or in its place after all (it moved meanwhile)."""
        try:
            return self._storage.open(key)
        except StorageError:  # it is not there, or a store beyond the first cannot be asked
            waiting = inbox.find(self._inbox, key)
            if waiting is not None:
                with contextlib.suppress(FileNotFoundError):
                    return waiting.open("rb")
        try:
            return self._storage.open(key)
        except MediumAbsent as away:
            raise ObjectAway(str(away), f"图像在离线介质“{away.label}”上，请联系管理员插入后再试。") from None
        except ObjectMissing:
            raise FileNotFoundError("The file of an indexed object is missing; run the check of the archive.") from None
        except StorageError as trouble:
            raise ObjectAway(str(trouble), "存放该图像的存储暂时无法访问，请稍后再试或联系管理员。") from None

    @contextlib.contextmanager
    def _mapped(self, key: str) -> Iterator[memoryview]:
        with self._file(key) as file:
            try:
                descriptor = file.fileno()
            except OSError:  # not a real file: it is in memory already
                yield memoryview(file.read())
                return
            mapped = mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ)
        view = memoryview(mapped)
        try:
            yield view
        finally:
            view.release()
            with contextlib.suppress(BufferError):  # somebody still holds a slice: it is unmapped with the last one
                mapped.close()


def _overlay(row: Any) -> Overlay | None:
    if row.study_correction is None and row.series_correction is None:
        return None
    return overlay_of(row.study_correction, row.series_correction)


@contextlib.contextmanager
def _together(pieces: Pieces) -> Iterator[memoryview]:
    """One view of all pieces; a large object is put together on disk, not in memory."""
    if len(pieces) == 1 or sum(map(len, pieces)) <= _MAX_JOINED_BYTES:
        yield joined(pieces)
        return
    with tempfile.TemporaryFile() as file:
        for piece in pieces:
            file.write(piece)
        file.flush()
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    view = memoryview(mapped)
    try:
        yield view
    finally:
        view.release()
        with contextlib.suppress(BufferError):
            mapped.close()


@contextlib.contextmanager
def _refusing() -> Iterator[None]:
    """Turn the troubles of reading a file into refusals for a workstation."""
    try:
        yield
    except FileNotFoundError:
        raise Refusal(ErrorCode.UNAVAILABLE, "图像文件缺失，请通知管理员运行归档检查。") from None
    except ObjectAway as away:
        raise Refusal(ErrorCode.UNAVAILABLE, away.for_people) from None
    except DamagedHeader as damaged:
        raise Refusal(ErrorCode.UNAVAILABLE, f"图像数据损坏，无法读取：{damaged}") from None


def _frame(data: memoryview, layout: _Layout, number: int) -> bytes | memoryview:
    assert layout.pixels is not None
    start, length = layout.pixels
    if length is None:
        return _joined_fragments(data, start)
    if layout.frames == 1:
        return data[start : start + length]
    first, last = (number - 1) * layout.frame_bits, number * layout.frame_bits
    if last > length * 8 or not layout.frame_bits:
        raise Refusal(ErrorCode.NO_IMAGES, f"第 {number} 帧的图像数据不完整。")
    # one-bit frames may begin inside of a byte (PS3.5 8.2): the reader gets the bytes that hold the frame
    return data[start + first // 8 : start + (last + 7) // 8]


def _joined_fragments(data: memoryview, position: int) -> bytes:
    """All fragments of a single compressed frame; the offset table is skipped (PS3.5 A.4)."""
    pieces: list[memoryview] = []
    first = True
    while position + 8 <= len(data) and bytes(data[position : position + 4]) == b"\xfe\xff\x00\xe0":
        length = int.from_bytes(data[position + 4 : position + 8], "little")
        if not first:
            pieces.append(data[position + 8 : position + 8 + length])
        first = False
        position += 8 + length
    return b"".join(pieces)


def _integer(own: Mapping[int, Any], tag: int, default: int) -> int:
    try:
        return max(int(own.get(tag) or default), 0) or default
    except (TypeError, ValueError):
        return default
