"""Checks that bytes are a PNG of a sane size before they are kept (PNG, ISO/IEC 15948 clauses 5.2 and 11.2.2); pure."""

from __future__ import annotations

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_MAX_SIDE = 8192


def why_not_png(data: bytes) -> str:
    """Return a sentence why `data` cannot be kept as a picture; empty when it can."""
    if len(data) < 45 or not data.startswith(_SIGNATURE) or data[12:16] != b"IHDR":
        return "关键图必须是 PNG 图片。"
    width, height = int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")
    if not (1 <= width <= _MAX_SIDE and 1 <= height <= _MAX_SIDE):
        return f"关键图的边长必须在 1 到 {_MAX_SIDE} 像素之间。"
    if data[-8:-4] != b"IEND":
        return "关键图不完整，请重新截取。"
    return ""
