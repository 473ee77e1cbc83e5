"""Text files from outside: UTF-8 with or without a mark, UTF-16 with one, otherwise GB18030."""

from __future__ import annotations

import codecs

MOST_BYTES = 16 * 1024 * 1024
"""The largest template file that is read."""


class NotText(ValueError):
    """The bytes are no text in a known encoding, or too many."""


def decode(data: bytes) -> str:
    """Return the text of a file without its byte order mark. Raises NotText."""
    if len(data) > MOST_BYTES:
        raise NotText(f"the file is larger than {MOST_BYTES // 1024 // 1024} MiB")
    marked_16 = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    for encoding in ("utf-16",) if marked_16 else ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding).removeprefix("\ufeff")
        except UnicodeDecodeError:
            continue
    raise NotText("the file is neither UTF-8 nor GB18030 text")
