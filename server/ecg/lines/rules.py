"""What is true of lines without any database."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from shared.contract.ecg_lines import MAX_ORIGINAL_BYTES, LineReport

KEY = re.compile(r"[0-9a-f]{32}\Z")
_HASH = re.compile(r"[0-9a-f]{64}\Z")
SILENT_AFTER = timedelta(minutes=10)
_NUMBERS = ("waiting", "waiting_bytes", "originals", "original_bytes", "urgent", "refused", "failures")


def wrong_original(key: str, name: str, size_bytes: int, sha256: str) -> tuple[str, str] | None:
    """The first wrong field of an original and what to do; None when all is well."""
    if not KEY.match(key):
        return "key", "标识应为 32 位小写十六进制数字。"
    if not name.strip() or len(name) > 200 or any(ord(character) < 32 for character in name):
        return "name", "文件名应为 1 到 200 个字符，不能有控制字符。"
    if not 0 < size_bytes <= MAX_ORIGINAL_BYTES:
        return "size_bytes", f"文件应为 1 字节到 {MAX_ORIGINAL_BYTES >> 20} MB。"
    if not _HASH.match(sha256):
        return "sha256", "校验值应为 64 位小写十六进制数字。"
    return None


def is_plausible(report: LineReport) -> bool:
    """Whether a report can be true; a client is not trusted with numbers."""
    numbers = [getattr(report, name) for name in _NUMBERS]
    rate = report.bytes_per_s
    return all(0 <= number < 2**53 for number in numbers) and 0 <= rate < 1e12


def is_silent(seen_at: datetime, now: datetime, report: LineReport) -> bool:
    """Whether a station that had something to send has not been heard for long."""
    return now - seen_at > SILENT_AFTER and report.waiting + report.originals > 0
