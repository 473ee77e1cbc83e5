"""Makes and checks DICOM unique identifiers; knows nothing of files or networks."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass

_UID = re.compile(r"(0|[1-9][0-9]*)(\.(0|[1-9][0-9]*))+\Z")
UUID_ROOT = "2.25"
MAX_LENGTH = 64

# Our own Implementation Class UID: one UUID drawn once for this program (PS3.5 B.2).
IMPLEMENTATION_CLASS_UID = "2.25.40294858330094794614175263263930542899"
IMPLEMENTATION_VERSION_NAME = "MINGJING_1"


class UidError(ValueError):
    """A text is not a usable DICOM UID; the message says why."""


def fault_of(text: str) -> str | None:
    """Say what is wrong with `text` as a UID, or None if it is one (PS3.5 9.1: digits and points, 64 characters)."""
    if not text:
        return "the UID is empty"
    if len(text) > MAX_LENGTH:
        return f"the UID has {len(text)} characters, at most {MAX_LENGTH} are allowed"
    if not _UID.match(text):
        return "a UID is made of numbers without leading zeros, joined by points"
    return None


def is_valid(text: str) -> bool:
    """Tell whether `text` is a UID by PS3.5 9.1."""
    return fault_of(text) is None


def checked(text: str) -> str:
    """Return `text` without the padding NUL or spaces; raise UidError if it is not a UID."""
    trimmed = text.rstrip("\0 ")
    fault = fault_of(trimmed)
    if fault is not None:
        raise UidError(fault)
    return trimmed


@dataclass(frozen=True)
class UidSource:
    """Makes new UIDs under 2.25 (PS3.5 B.2) or under a root given to the hospital.

    Under a hospital root the number is the UUID shortened to the room the root leaves; at least 80 bits must remain,
    else two machines could draw the same one.
    """

    root: str = UUID_ROOT

    def __post_init__(self) -> None:
        fault = fault_of(self.root)
        if fault is not None:
            raise UidError(f"UID root {self.root!r}: {fault}")
        if self.root != UUID_ROOT and self._digits() < 25:
            raise UidError(
                f"UID root {self.root!r} is too long: at most {MAX_LENGTH - 26} characters leave room for a number"
            )

    def _digits(self) -> int:
        return MAX_LENGTH - len(self.root) - 1

    def new(self) -> str:
        """A UID never given before."""
        number = uuid.uuid4().int
        digits = self._digits()
        if digits < 39:  # 2**128 needs up to 39 decimal digits
            number %= 10**digits
        return f"{self.root}.{number}"


def new_uid() -> str:
    """A fresh UID under 2.25."""
    return UidSource().new()


def derived_uid(*parts: str) -> str:
    """The same UID for the same parts, always: a name-based UUID (RFC 4122 version 5) under 2.25."""
    return f"{UUID_ROOT}.{uuid.uuid5(uuid.NAMESPACE_OID, chr(31).join(parts)).int}"
