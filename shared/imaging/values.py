"""Careful reading of single values out of data sets that may be wrong in every place: what cannot be read is absent."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence


def raw_of(ds: Any, keyword: str) -> Any:
    """The value as pydicom gives it; None where it is absent or unreadable."""
    try:
        return ds.get(keyword)
    except Exception:  # noqa: BLE001 - pydicom converts lazily and raises many classes for wrong values
        return None


def element_of(ds: Any, group: int, element: int) -> Any:
    """The value of an element named by numbers, for repeating groups; None where it is absent or unreadable."""
    try:
        return ds[group, element].value
    except Exception:  # noqa: BLE001 - as in raw_of
        return None


def text_of(ds: Any, keyword: str) -> str:
    """The value as one line of text, empty where it is absent or unreadable."""
    value = raw_of(ds, keyword)
    if value is None:
        return ""
    if isinstance(value, (list, tuple)) or type(value).__name__ == "MultiValue":
        return "\\".join(str(part) for part in value)
    return str(value).replace("\0", "").strip()


def strings_of(ds: Any, keyword: str) -> list[str]:
    """All values as texts."""
    text = text_of(ds, keyword)
    return text.split("\\") if text else []


def numbers_of(ds: Any, keyword: str) -> tuple[float, ...]:
    """All values as finite numbers; none where one of them is no number."""
    numbers = []
    for part in strings_of(ds, keyword):
        try:
            number = float(part)
        except ValueError:
            return ()
        if not math.isfinite(number):
            return ()
        numbers.append(number)
    return tuple(numbers)


def number_of(ds: Any, keyword: str) -> float | None:
    """The first value as number."""
    numbers = numbers_of(ds, keyword)
    return numbers[0] if numbers else None


def items_of(ds: Any, keyword: str) -> Sequence[Any]:
    """The items of a sequence."""
    value = raw_of(ds, keyword)
    return list(value) if value is not None and type(value).__name__ == "Sequence" else ()


def first_of(ds: Any, keyword: str) -> Any | None:
    """The first item of a sequence."""
    items = items_of(ds, keyword)
    return items[0] if items else None


def bytes_of(ds: Any, keyword: str) -> bytes:
    """The value of an OB, OW or UN element as written, empty where it is none."""
    value = raw_of(ds, keyword)
    return value if isinstance(value, bytes) else b""


def code_of(ds: Any, keyword: str) -> tuple[str, str, str]:
    """Code value, scheme and meaning of the first item of a code sequence; empty texts where there is none."""
    item = first_of(ds, keyword)
    if item is None:
        return ("", "", "")
    value = text_of(item, "CodeValue") or text_of(item, "LongCodeValue") or text_of(item, "URNCodeValue")
    return (value, text_of(item, "CodingSchemeDesignator"), text_of(item, "CodeMeaning"))


def byte_order(ds: Any) -> str:
    """numpy's sign for the byte order of words inside OW values of this data set or item."""
    encoding = getattr(ds, "original_encoding", None)
    return ">" if isinstance(encoding, tuple) and len(encoding) > 1 and encoding[1] is False else "<"
