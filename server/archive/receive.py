"""Takes one object from a sender to a durable file in the inbox; knows no database and no network.

`Receiver.receive` returns when the object survives a loss of power. What the index needs goes as one message to
`notify`; a lost message costs nothing, because the file in the inbox is the journal.
"""

from __future__ import annotations

import contextlib
import errno
import itertools
import mmap
import os
import re
import secrets
import struct
import time
from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from pathlib import Path
from typing import NamedTuple

import msgspec

from server.archive.header import SERIES_TAGS, DamagedHeader, Header, read_header
from server.archive.inbox import PARTIAL, InboxName
from server.archive.rules import NON_PATIENT_CLASSES
from server.kernel.storage.direct import LEAST_BYTES, NewFile, NewFiles
from server.kernel.storage.durability import Durability, Flusher
from server.kernel.storage.fingerprint import Fingerprint, fingerprint
from server.kernel.storage.port import StorageFull
from server.kernel.storage.space import SpaceGuard
from shared.dicomkit.uids import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME, derived_uid

OUT_OF_RESOURCES = 0xA700
WRONG_DATA_SET = 0xA900
CANNOT_UNDERSTAND = 0xC000

_SAFE_UID = re.compile(r"[0-9][0-9.]{0,63}\Z")  # devices send leading zeros; nothing is built from a UID
_KNOWN_SERIES = 512
STEP = 256 << 10
"""Bytes of a file that are hashed at once while the object comes, and written where they go through the page cache. At
multiples of a large power of two the page cache takes large folios and BLAKE3 whole subtrees: both cost a fifth less
than with parts as senders cut them."""
DIRECT_STEP = 1 << 20
"""Bytes that are written past the page cache at once: each such write waits for the disk, so most objects have one."""


class ObjectName(NamedTuple):
    """What the command of a C-STORE, or the file meta information, says of an object."""

    sop_class_uid: str
    sop_instance_uid: str
    transfer_syntax_uid: str


class StoreRefused(Exception):
    """The object was not accepted: a DIMSE status (PS3.4 B.2.3) and a sentence without patient data."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence


class Received(msgspec.Struct, array_like=True, frozen=True):
    """What the index is told of one accepted object. `series_tags` None: as in the message before of this series."""

    name: str  # in the inbox
    key: str  # of the file, see server.kernel.storage.fingerprint
    size_bytes: int
    data_offset: int
    received_ns: int
    calling_ae: str
    sop_class_uid: str
    sop_instance_uid: str
    series_uid: str
    transfer_syntax_uid: str
    big_endian: bool
    series_tags: dict[int, bytes] | None
    tags: dict[int, bytes]


_encode = msgspec.msgpack.Encoder().encode
decode_received: Callable[[bytes], Received] = msgspec.msgpack.Decoder(Received).decode


class Arriving:
    """An object on its way into the inbox: hashed and written while its sender sends on. Used by one thread.

    Nobody sees the file before `finish`; `drop` removes it if that did not happen. The file's beginning is put in
    front of the data set, into the `lead` that whoever collects it leaves free, so that both are written as they lie.
    """

    def __init__(
        self,
        partial_name: str,
        what: ObjectName,
        space: SpaceGuard,
        begun: Callable[[bytes], Fingerprint],
        files: NewFiles,
    ) -> None:
        self.what = what
        self.meta = file_meta(what)
        self.lead = len(self.meta)
        self.failed = False
        self._digest = begun(self.meta)
        self._space = space
        self._partial = partial_name
        self._files = files
        self._memory: memoryview | None = None  # the file as far as it came
        self._hashed = self.lead
        self._written = 0
        self._file: NewFile | None = None

    @property
    def length(self) -> int:
        """Bytes of the data set that came."""
        return 0 if self._memory is None else len(self._memory) - self.lead

    @property
    def written(self) -> int:
        """Bytes of the file that are written."""
        return self._written

    def take(self, memory: memoryview) -> None:
        """`lead` free bytes and the data set as far as it came: all of it each time, from the start of a page.

        It must stay as it is until the object is received or dropped, or more of it is given. Raises nothing: what
        cannot be written now is refused at the end.
        """
        if self.failed:
            return
        if self._memory is None:
            memory[: self.lead] = self.meta
        self._memory = memory
        hashed = len(memory) // STEP * STEP
        if hashed > self._hashed:
            self._digest.update(memory[self._hashed : hashed])
            self._hashed = hashed
        step = DIRECT_STEP if self._files.direct else STEP
        end = len(memory) // step * step
        if end > self._written:
            try:
                self._space.require(end - self._written)
                self._write(memory, end, direct=True)
            except (OSError, StorageFull):
                self.failed = True
                self.drop()

    def key(self, data: memoryview) -> str:
        """The key of the file whose data set this is; call once."""
        if self._memory is None:
            self._digest.update(data)
        else:
            self._digest.update(self._memory[self._hashed :])
        return self._digest.hexdigest()

    def finish(self, data: memoryview, target: str, flusher: Flusher) -> None:
        """Write what is not written yet and give the file its name, durably. Raises OSError."""
        if self._memory is not None:
            self._write(self._memory, len(self._memory), direct=len(self._memory) >= LEAST_BYTES)
        else:
            self._file = self._files.create(self._partial, direct=False)
            self._file.add_two(self.meta, data)
        file = self._file
        assert file is not None
        if flusher.renames_open_files:
            # Rename first: one fsync of the file then makes its bytes and its name durable.
            os.rename(self._partial, target)  # noqa: PTH104 - half the cost of pathlib's on the hottest path
            flusher.flush(file.descriptor)
        file.close()
        if not flusher.renames_open_files:
            flusher.rename_closed(self._partial, target)
        self._file = None
        self._memory = None

    def drop(self) -> None:
        """Remove what was written, unless it is finished."""
        self._memory = None
        if self._file is not None:
            self._file.close()
            self._file = None
            with contextlib.suppress(OSError):
                os.unlink(self._partial)  # noqa: PTH108

    def _write(self, memory: memoryview, end: int, *, direct: bool) -> None:
        if self._file is None:
            self._file = self._files.create(self._partial, direct=direct)
        self._file.add(memory[self._written : end])
        self._written = end


class Receiver:
    """Accepts objects from any number of threads of one process.

    `is_kept` tells whether a SOP Instance UID with a key is in index and storage already: an object that is sent again
    needs neither a file nor a message. `algorithm` is that of the keys, see `fingerprint`; `direct` as for `NewFiles`.
    """

    def __init__(
        self,
        inbox: Path,
        notify: Callable[[bytes], None],
        *,
        durability: Durability = Durability.OBJECT,
        reserve_bytes: int = 1 << 30,
        is_kept: Callable[[str, str], bool] = lambda _uid, _key: False,
        closing: Callable[[], None] = lambda: None,
        clock_ns: Callable[[], int] = time.time_ns,
        algorithm: str = "blake3",
        direct: bool = True,
    ) -> None:
        inbox.mkdir(parents=True, exist_ok=True)
        self._prefix = str(inbox) + os.sep
        self._own = f"{self._prefix}{secrets.token_hex(12)}-"  # no other receiver's files begin so
        self._numbers = itertools.count()
        self.fingerprint: Callable[[bytes], Fingerprint] = partial(fingerprint, algorithm=algorithm)
        """Begins the key of an object."""
        self._notify = notify
        self._flusher = Flusher(durability)
        self._files = NewFiles(direct=direct and durability is Durability.OBJECT)
        self._is_kept = is_kept
        self._clock_ns = clock_ns
        self._known: dict[str, dict[int, bytes]] = {}
        self._closing = closing
        self.space = SpaceGuard(inbox, reserve_bytes)

    def close(self) -> None:
        """Close the line to the index; nothing is received afterwards."""
        self._closing()

    def hurry(self) -> None:
        """Somebody waits until the index has what was received: it need not wait for more."""
        self._notify(b"")

    def begin(self, what: ObjectName) -> Arriving | None:
        """An object is about to come in parts; give the result, and the whole data set at once, to `receive`."""
        if not all(_SAFE_UID.match(uid) for uid in what):
            return None
        return self._arriving(what)

    def _arriving(self, what: ObjectName) -> Arriving:
        return Arriving(f"{self._own}{next(self._numbers)}{PARTIAL}", what, self.space, self.fingerprint, self._files)

    def receive(
        self, what: ObjectName, calling_ae: str, data: memoryview | Path, arriving: Arriving | None = None
    ) -> None:
        """Accept a data set (no preamble, no file meta) as it came; durable on return.

        A Path is a closed file with the same bytes, for objects that are too large for memory; it is read, not taken.
        `arriving` was given the same bytes, of an object with the same name; otherwise it is dropped.
        Raises StoreRefused; then nothing is kept.
        """
        if (
            arriving is None
            or arriving.failed
            or arriving.what != what
            or not isinstance(data, memoryview)
            or arriving.length != len(data)
        ):
            if arriving is not None:
                arriving.drop()
            if not all(_SAFE_UID.match(uid) for uid in what):
                raise StoreRefused(WRONG_DATA_SET, "A UID of the command is not made of digits and points.")
            arriving = self._arriving(what)
        try:
            with _view_of(data) as view:
                if not len(view):
                    raise StoreRefused(CANNOT_UNDERSTAND, "The data set is empty.")
                try:
                    self.space.require(len(view) - arriving.written)
                except StorageFull as full:
                    raise StoreRefused(OUT_OF_RESOURCES, str(full)) from None
                header = _checked_header(view, what)
                name = InboxName(self._clock_ns(), arriving.key(view), calling_ae)
                if self._is_kept(what.sop_instance_uid, name.key):
                    return
                text = name.text()
                self._write(text, arriving, view)
                record = record_of(text, name, what, header, len(arriving.meta), len(view))
        finally:
            arriving.drop()
        self._tell(record)

    def _write(self, name: str, arriving: Arriving, view: memoryview) -> None:
        target = self._prefix + name
        try:
            arriving.finish(view, target, self._flusher)
        except OSError as error:
            with contextlib.suppress(OSError):
                os.unlink(target)  # noqa: PTH108
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise StoreRefused(
                    OUT_OF_RESOURCES, "The archive's disk is full. What was accepted before is safe; free some space."
                ) from error
            raise StoreRefused(
                OUT_OF_RESOURCES, "The archive's disk cannot be written; see the server's log."
            ) from error

    def _tell(self, record: Received) -> None:
        known = self._known
        if known.get(record.series_uid) == record.series_tags:
            record = msgspec.structs.replace(record, series_tags=None)
        else:
            if len(known) >= _KNOWN_SERIES:
                known.clear()
            known[record.series_uid] = record.series_tags or {}
        self._notify(_encode(record))


def record_of(
    file_name: str, name: InboxName, what: ObjectName, header: Header, data_offset: int, data_length: int
) -> Received:
    """The index's record of a file in the inbox; `name` is what its name says."""
    tags = header.tags
    return Received(
        name=file_name,
        key=name.key,
        size_bytes=data_offset + data_length,
        data_offset=data_offset,
        received_ns=name.received_ns,
        calling_ae=name.calling_ae,
        sop_class_uid=what.sop_class_uid,
        sop_instance_uid=what.sop_instance_uid,
        series_uid=_uid(tags, 0x0020000E),
        transfer_syntax_uid=what.transfer_syntax_uid,
        big_endian=header.big_endian,
        series_tags={tag: tags[tag] for tag in tags.keys() & SERIES_TAGS},
        tags={tag: tags[tag] for tag in tags.keys() - SERIES_TAGS},
    )


@contextlib.contextmanager
def _view_of(data: memoryview | Path) -> Iterator[memoryview]:
    if isinstance(data, memoryview):
        yield data
        return
    if not data.stat().st_size:
        yield memoryview(b"")
        return
    with (
        data.open("rb") as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped,
        memoryview(mapped) as view,
    ):
        yield view


def add_non_patient_uids(tags: dict[int, bytes], sop_class_uid: str) -> None:
    """Give an object that belongs to no study the study and series of its class: always the same two UIDs."""
    if sop_class_uid in NON_PATIENT_CLASSES and not _uid(tags, 0x0020000D) and not _uid(tags, 0x0020000E):
        tags[0x0020000D] = derived_uid("non-patient study", sop_class_uid).encode()
        tags[0x0020000E] = derived_uid("non-patient series", sop_class_uid).encode()


def _uid(tags: dict[int, bytes], tag: int) -> str:
    return tags.get(tag, b"").rstrip(b"\0 ").decode("ascii", "replace")


def _checked_header(view: memoryview, what: ObjectName) -> Header:
    try:
        header = read_header(view, what.transfer_syntax_uid)
    except DamagedHeader as damaged:
        raise StoreRefused(CANNOT_UNDERSTAND, str(damaged)) from None
    add_non_patient_uids(header.tags, what.sop_class_uid)
    if _uid(header.tags, 0x00080018) != what.sop_instance_uid:
        raise StoreRefused(WRONG_DATA_SET, "The SOP Instance UID of the data set is not the one of the command.")
    if _uid(header.tags, 0x00080016) != what.sop_class_uid:
        raise StoreRefused(WRONG_DATA_SET, "The SOP Class UID of the data set is not the one of the command.")
    for tag, level in ((0x0020000D, "Study"), (0x0020000E, "Series")):
        if not _SAFE_UID.match(_uid(header.tags, tag)):
            raise StoreRefused(WRONG_DATA_SET, f"The data set has no valid {level} Instance UID.")
    return header


def file_meta(what: ObjectName) -> bytes:
    """A zeroed preamble and the file meta information (PS3.10 7.1).

    The sender's AE title stays out of it, so that the same data set from two senders is the same object.
    """
    before, after = _meta_around(what.sop_class_uid, what.transfer_syntax_uid)
    middle = _meta_element(0x03, b"UI", what.sop_instance_uid, "\0")
    length = len(before) + len(middle) + len(after)
    return _META_BEGINNING + length.to_bytes(4, "little") + before + middle + after


_META_BEGINNING = bytes(128) + b"DICM" + struct.pack("<HH2sH", 2, 0, b"UL", 4)


@lru_cache(maxsize=256)
def _meta_around(sop_class_uid: str, transfer_syntax_uid: str) -> tuple[bytes, bytes]:
    """What stands before and after the SOP Instance UID: of a few kinds of objects always the same."""
    before = struct.pack("<HH2sHI2s", 2, 1, b"OB", 0, 2, b"\0\1") + _meta_element(0x02, b"UI", sop_class_uid, "\0")
    after = _meta_element(0x10, b"UI", transfer_syntax_uid, "\0")
    after += _meta_element(0x12, b"UI", IMPLEMENTATION_CLASS_UID, "\0")
    return before, after + _meta_element(0x13, b"SH", IMPLEMENTATION_VERSION_NAME, " ")


def _meta_element(element: int, vr: bytes, text: str, pad: str) -> bytes:
    value = (text + pad * (len(text) & 1)).encode("ascii")
    return struct.pack("<HH2sH", 2, element, vr, len(value)) + value
