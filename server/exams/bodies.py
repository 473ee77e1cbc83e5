"""What exams and applications keep as one packed value, because no list filters by it."""

from __future__ import annotations

import msgspec

from shared.contract.exams import ClinicalEntry, ItemEntry, PatientEntry, RequesterEntry


class OrderBody(msgspec.Struct, frozen=True, kw_only=True):
    """The entries of an application or an exam as they were handed in."""

    patient: PatientEntry
    items: tuple[ItemEntry, ...]
    clinical: ClinicalEntry = ClinicalEntry()
    requester: RequesterEntry = RequesterEntry()


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(OrderBody).decode


def packed(body: OrderBody) -> bytes:
    """Return a body as it is stored."""
    return _encode(body)


def unpacked(data: bytes) -> OrderBody:
    """Return a stored body."""
    return _decode(data)
