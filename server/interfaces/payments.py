"""Reads payments out of DFT^P03 (HL7 v2.5.1 chapter 6.4.1)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from server.interfaces import rules
from shared.hl7.message import Message, MessageError, Segment

_PLACE = re.compile(r"(?P<accession>.+)-\d{1,4}$")
"""An item's transaction as we number it when we tell of charges: accession number and the item's place."""


@dataclass(frozen=True, slots=True)
class Payment:
    """What one FT1 says of an order."""

    numbers: tuple[str, ...]  # accession or order numbers, any of which may be known here
    is_paid: bool


def payments_of(message: Message) -> list[Payment]:
    """Read the payments and refunds of a message; other transactions (charges, adjustments) are none of ours.

    An FT1 names its order itself (FT1-23, or FT1-2 as we sent it), or the ORC before it does, or, in the group of its
    own, the ORC that follows. Raises MessageError.
    """
    segments = [one for one in message.segments if one.name in ("ORC", "FT1")]
    lines = [one for one in segments if one.name == "FT1"]
    if not lines:
        raise MessageError("the message holds no transaction (FT1)", "100", ("FT1", 1, 0))
    if len(lines) > rules.MAX_TRANSACTIONS:
        raise MessageError(f"the message holds more than {rules.MAX_TRANSACTIONS} transactions", "102")
    found: list[Payment] = []
    index = 0
    for place, one in enumerate(segments):
        if one.name != "FT1":
            continue
        index += 1
        kind = one.value(6).upper()
        if not kind:
            raise MessageError("the kind of the transaction is missing", "101", ("FT1", index, 6))
        if kind not in rules.PAYMENTS:
            continue
        numbers = _numbers(one, segments, place)
        if not numbers:
            raise MessageError("the transaction names no order", "101", ("FT1", index, 23))
        found.append(Payment(numbers, rules.PAYMENTS[kind]))
    return found


def _numbers(line: Segment, segments: list[Segment], place: int) -> tuple[str, ...]:
    ours = _PLACE.match(line.value(2))
    own = (line.value(23), ours["accession"] if ours else "")
    if line.value(23):
        return _given(own)
    if segments[0].name == "ORC":  # an order, then what was paid for it
        order = next((one for one in reversed(segments[:place]) if one.name == "ORC"), None)
    else:  # each transaction with its order behind it
        order = next((one for one in segments[place + 1 : place + 2] if one.name == "ORC"), None)
    return _given(own if order is None else (order.value(2), order.value(3), *own))


def _given(numbers: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one[:64] for one in numbers if one))
