"""Sends stored objects: which presentation contexts to ask for, and one C-STORE in a syntax that the receiver takes.

Shared by C-MOVE and C-GET of the door, and by what we send as requestor.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from server.doors.dicom import status, uids
from server.doors.dicom.attributes import MalformedDataSet
from server.doors.dicom.ports import Refused, StoredObject, Transcoder
from server.doors.dicom.recode import recode, targets
from server.doors.dicom.requestor import NotAccepted, RequestedAssociation

log = logging.getLogger(__name__)

MAX_CONTEXTS: Final = 126
_NATIVE: Final = (uids.EXPLICIT_LE, uids.IMPLICIT_LE, uids.EXPLICIT_BE)


class Receiver(Protocol):
    """Where C-STORE operations go: a peer that we called, or the requestor of a C-GET itself."""

    def syntaxes(self, sop_class_uid: str) -> Sequence[str]:
        """The transfer syntaxes it takes for this class, empty when it does not take the class."""

    def store(
        self, sop_class_uid: str, sop_instance_uid: str, syntax: str, data: bytes | bytearray | memoryview
    ) -> int:
        """C-STORE; the status. Raises ConnectionEnded when the receiver has gone."""


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


def send_one(
    item: StoredObject,
    receiver: Receiver,
    transcoder: Transcoder | None,
    name: str,
    preferred: Sequence[str] = (),
) -> Sent:
    """One C-STORE in the best syntax that the receiver takes: as stored, else recoded without loss.

    ``name`` names the association in the log; ``preferred`` syntaxes of the peer go before the stored one. Never
    raises for what is wrong with an object; raises ConnectionEnded when the receiver has gone.
    """
    accepted = receiver.syntaxes(item.sop_class_uid)
    possible = targets(item.transfer_syntax_uid, transcoder)
    usable = [t for t in dict.fromkeys((*(p for p in preferred if p in possible), *possible)) if t in accepted]
    if not usable:
        sentence = (
            "The receiver takes no object of this class"
            if not accepted
            else "The receiver takes no transfer syntax that the object can be sent in"
        )
        log.warning(
            "association %s: an object of class %s in syntax %s has no context at the receiver",
            name,
            item.sop_class_uid,
            item.transfer_syntax_uid,
        )
        return Sent(item.sop_instance_uid, status.SOP_CLASS_NOT_SUPPORTED, "", sentence)
    try:
        with item.open() as data:
            body, syntax = _recoded(item, data, usable, transcoder)
            code = receiver.store(item.sop_class_uid, item.sop_instance_uid, syntax, body)
            return Sent(item.sop_instance_uid, code, syntax, "" if code == status.SUCCESS else status.meaning(code))
    except Refused as refused:
        log.warning("association %s: an object could not be sent: %s", name, refused.sentence)
        return Sent(item.sop_instance_uid, refused.status, "", refused.sentence)
    except (OSError, MalformedDataSet, NotAccepted) as error:
        log.warning("association %s: an object could not be read: %s", name, type(error).__name__)
        return Sent(item.sop_instance_uid, status.PROCESSING_FAILURE, "", "The object could not be read")


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

    def store(
        self, sop_class_uid: str, sop_instance_uid: str, syntax: str, data: bytes | bytearray | memoryview
    ) -> int:
        return self._peer.store(sop_class_uid, sop_instance_uid, syntax, data, originator=self._originator)
