"""Sends stored objects: which presentation contexts to ask for, and one C-STORE in a syntax that the receiver takes.

Shared by C-MOVE and C-GET of the door, and by what we send as requestor.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from server.doors.dicom import status, uids
from server.doors.dicom.attributes import MalformedDataSet
from server.doors.dicom.ports import Refused, StoredObject, Transcoder
from server.doors.dicom.recode import recode, targets
from server.doors.dicom.requestor import NotAccepted, PreparedStore, RequestedAssociation

log = logging.getLogger(__name__)

MAX_CONTEXTS: Final = 126
_READ_AT_ONCE: Final = 4 << 20
"""Longest data set that is read into memory; longer ones are mapped, and read while they are sent."""
_NATIVE: Final = (uids.EXPLICIT_LE, uids.IMPLICIT_LE, uids.EXPLICIT_BE)


class Receiver(Protocol):
    """Where C-STORE operations go: a peer that we called, or the requestor of a C-GET itself."""

    def syntaxes(self, sop_class_uid: str) -> Sequence[str]:
        """The transfer syntaxes it takes for this class, empty when it does not take the class."""

    def prepare(
        self, sop_class_uid: str, sop_instance_uid: str, syntax: str, data: bytes | bytearray | memoryview
    ) -> PreparedStore:
        """A C-STORE, to be sent when the one before it is answered. Raises NotAccepted."""

    def store(self, prepared: PreparedStore, meanwhile: Callable[[], None]) -> int:
        """C-STORE; the status. ``meanwhile`` is called between sending and waiting for the answer. Raises
        ConnectionEnded when the receiver has gone."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of one object: the status (the peer's, or ours when nothing could be sent), the transfer syntax it
    was sent in, and a sentence when it was not sent."""

    sop_instance_uid: str
    status: int
    transfer_syntax_uid: str = ""
    sentence: str = ""

    @property
    def arrived(self) -> bool:
        """Whether the peer keeps it, with or without a warning."""
        return self.status == status.SUCCESS or status.is_warning(self.status)


def batches(objects: Sequence[StoredObject]) -> Iterator[Sequence[StoredObject]]:
    """The objects in order, cut where the next would need more presentation contexts than an association has."""
    start = 0
    needed: set[tuple[str, str]] = set()
    for index, item in enumerate(objects):
        pair = {
            (item.sop_class_uid, item.transfer_syntax_uid),
            (item.sop_class_uid, "native"),
            (item.sop_class_uid, "compressed"),
        }
        if len(needed | pair) > MAX_CONTEXTS:
            yield objects[start:index]
            start, needed = index, set()
        needed |= pair
    if start < len(objects):
        yield objects[start:]


def proposals(
    objects: Sequence[StoredObject], transcoder: Transcoder | None, preferred: Sequence[str] = ()
) -> list[tuple[str, tuple[str, ...]]]:
    """Presentation contexts for objects: each class in each syntax it is stored in, in native syntaxes, and in those
    that the transcoder writes.

    One context has one outcome, so what is stored gets a context to itself. ``preferred``: syntaxes that the peer is
    known to want, asked for first.
    """
    stored = list(dict.fromkeys((o.sop_class_uid, o.transfer_syntax_uid) for o in objects))
    contexts: list[tuple[str, tuple[str, ...]]] = [(sop, (syntax,)) for sop, syntax in stored]
    for sop in dict.fromkeys(sop for sop, _ in stored):
        contexts.append((sop, _ordered(_NATIVE, preferred)))
        possible = {t for s, syntax in stored if s == sop for t in targets(syntax, transcoder)}
        compressed = [t for t in uids.WRITTEN_COMPRESSED if t in possible]
        if compressed:
            contexts.append((sop, _ordered(compressed, preferred)))
    return contexts


def _ordered(syntaxes: Sequence[str], preferred: Sequence[str]) -> tuple[str, ...]:
    return (*(p for p in preferred if p in syntaxes), *(s for s in syntaxes if s not in preferred))


def send_all(
    objects: Sequence[StoredObject],
    receiver: Receiver,
    transcoder: Transcoder | None,
    name: str,
    preferred: Sequence[str] = (),
) -> Generator[Sent, None, None]:
    """One C-STORE after the other, each in the best syntax that the receiver takes: as stored, else recoded without
    loss.

    While the receiver works on one object the next is opened, and converted when it must be. ``name`` names the
    association in the log; ``preferred`` syntaxes of the peer go before the stored one. Never raises for what is wrong
    with an object; raises ConnectionEnded when the receiver has gone. May be closed between two objects.
    """
    ahead: list[_Ready] = []
    buffer = _Buffer()
    try:
        for index, item in enumerate(objects):
            ready = ahead.pop() if ahead else _Ready(item, receiver, transcoder, name, preferred, buffer)

            def look_ahead(following: int = index + 1) -> None:
                if following < len(objects):
                    ahead.append(_Ready(objects[following], receiver, transcoder, name, preferred, buffer))

            try:
                sent = ready.send(receiver, look_ahead)
            finally:
                ready.close()
            yield sent
    finally:
        for left in ahead:
            left.close()


class _Buffer:
    """Where the data sets of one retrieval are read, one after the other: the last one is sent when the next comes.

    Reading into memory that is there already costs less than mapping a file, its page faults and the unmapping.
    """

    def __init__(self) -> None:
        self._memory = bytearray()

    def read(self, item: StoredObject) -> memoryview | None:
        """The data set of an object, valid until the next call; None when it is to be opened instead. Raises OSError
        and Refused as opening does."""
        if item.file is None or item.length is None or not 0 < item.length <= _READ_AT_ONCE:
            return None
        if len(self._memory) < item.length:
            self._memory = bytearray(max(item.length, 1 << 20))
        view = memoryview(self._memory)[: item.length]
        file, offset = item.file()
        with file:
            file.seek(offset)
            if file.readinto(view) != item.length:  # type: ignore[attr-defined]
                raise OSError("the file is shorter than it was")
        return view.toreadonly()


class _Ready:
    """An object that is open and in the syntax in which it will be sent, or the reason why it cannot be sent."""

    def __init__(
        self,
        item: StoredObject,
        receiver: Receiver,
        transcoder: Transcoder | None,
        name: str,
        preferred: Sequence[str],
        buffer: _Buffer,
    ) -> None:
        self._item = item
        self._name = name
        self._open: contextlib.ExitStack | None = None
        self._prepared: PreparedStore | None = None
        self._syntax = ""
        self._failure: Sent | None = None
        accepted = receiver.syntaxes(item.sop_class_uid)
        if not preferred and item.transfer_syntax_uid in accepted:
            usable = [item.transfer_syntax_uid]
        else:
            possible = targets(item.transfer_syntax_uid, transcoder)
            ordered = dict.fromkeys((*(p for p in preferred if p in possible), *possible))
            usable = [t for t in ordered if t in accepted]
        if not usable:
            what = "object of this class" if not accepted else "transfer syntax that the object can be sent in"
            self._fail(status.SOP_CLASS_NOT_SUPPORTED, f"The receiver takes no {what}")
            return
        try:
            data = buffer.read(item)
            if data is None:
                self._open = contextlib.ExitStack()
                data = self._open.enter_context(item.open())
            body, self._syntax = _recoded(item, data, usable, transcoder)
            self._prepared = receiver.prepare(item.sop_class_uid, item.sop_instance_uid, self._syntax, body)
        except Refused as refused:
            self._fail(refused.status, refused.sentence)
        except NotAccepted as error:
            self._fail(status.PROCESSING_FAILURE, str(error))
        except (OSError, MalformedDataSet) as error:
            self._fail(status.PROCESSING_FAILURE, "The object could not be read", type(error).__name__)

    def send(self, receiver: Receiver, meanwhile: Callable[[], None]) -> Sent:
        """C-STORE; what became of it."""
        if self._prepared is None:
            return self._failure or self._fail(status.PROCESSING_FAILURE, "The object is closed")
        code = receiver.store(self._prepared, meanwhile)
        sentence = "" if code == status.SUCCESS else status.meaning(code)
        return Sent(self._item.sop_instance_uid, code, self._syntax, sentence)

    def close(self) -> None:
        """Let go of the object."""
        self._prepared = None
        if self._open is not None:
            with contextlib.suppress(OSError):
                self._open.close()

    def _fail(self, code: int, sentence: str, detail: str = "") -> Sent:
        log.warning(
            "association %s: an object of class %s in syntax %s could not be sent: %s",
            self._name,
            self._item.sop_class_uid,
            self._item.transfer_syntax_uid,
            detail or sentence,
        )
        self._failure = Sent(self._item.sop_instance_uid, code, "", sentence)
        return self._failure


def _recoded(
    item: StoredObject, data: memoryview, usable: Sequence[str], transcoder: Transcoder | None
) -> tuple[bytes | bytearray | memoryview, str]:
    """The object in the first syntax that it can be written in; raises the first Refused when there is none."""
    first: Refused | None = None
    for syntax in usable:
        try:
            return recode(data, item.transfer_syntax_uid, syntax, transcoder), syntax
        except Refused as refused:
            first = first or refused
    raise first or Refused(status.PROCESSING_FAILURE, "There is no syntax to send it in")


class PeerReceiver:
    """A peer that we called, as receiver of C-STORE operations; ``originator`` as in
    :meth:`RequestedAssociation.store`."""

    def __init__(self, peer: RequestedAssociation, originator: tuple[str, int] | None = None) -> None:
        self._peer = peer
        self._originator = originator
        self._syntaxes: dict[str, list[str]] = {}
        for context in peer.contexts.values():
            self._syntaxes.setdefault(context.abstract_syntax, []).append(context.transfer_syntax)

    def syntaxes(self, sop_class_uid: str) -> Sequence[str]:
        return self._syntaxes.get(sop_class_uid, ())

    def prepare(
        self, sop_class_uid: str, sop_instance_uid: str, syntax: str, data: bytes | bytearray | memoryview
    ) -> PreparedStore:
        return self._peer.prepare_store(sop_class_uid, sop_instance_uid, syntax, data, originator=self._originator)

    def store(self, prepared: PreparedStore, meanwhile: Callable[[], None]) -> int:
        return self._peer.store_prepared(prepared, meanwhile)
