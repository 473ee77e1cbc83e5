"""The seal of an approved report: canonical bytes, their SHA-256, and the code that the printed copy carries; pure."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence

_CODE = re.compile(r"^MJ1:([1-9][0-9]{0,17}):([0-9a-f]{16})$")
_PREFIX = 16


def canonical(facts: Mapping[str, str | int | float | Sequence[str]]) -> bytes:
    """Return the bytes that a seal hashes: UTF-8 JSON, keys sorted, no spaces."""
    return json.dumps(facts, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def seal_of(sealed: bytes) -> str:
    """Return the seal, 64 hexadecimal digits."""
    return hashlib.sha256(sealed).hexdigest()


def verification_code(report_id: int, seal: str) -> str:
    """Return what the QR code of the printed report says, `MJ1:<report id>:<first 16 digits of the seal>`."""
    return f"MJ1:{report_id}:{seal[:_PREFIX]}"


def parsed_code(code: str) -> tuple[int, str] | None:
    """Return report id and seal prefix of a code, also at the end of a URL; None when it is none."""
    match = _CODE.match(code.strip().rsplit("/", 1)[-1].replace("%3A", ":"))
    return (int(match.group(1)), match.group(2)) if match else None
