"""What is said of a printed copy by the code that it carries: genuine, superseded, of another text, broken."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from server.reporting.editions import Edition, Verdicts, verdict

WORDS = Verdicts(
    differs="differs",
    superseded="{accession} {number} superseded by {present}",
    broken="broken",
    genuine="{accession} {when} {by} genuine",
)
AT = datetime(2026, 11, 22, 14, 5, tzinfo=UTC)


def edition(number: int, seal: str, *, is_present: bool) -> Edition:
    return Edition(
        report_id=1, accession_number="A1", number=number, kind="first", reason="", addendum="", text_version=number,
        diagnosing_doctor="", by_id=7, by="孙医生", at=AT, seal=seal, sealed=b"", is_present=is_present,
        is_withdrawn=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("prefix", "newest_stands", "is_sealed", "said"),
    [
        ("bbbb", True, True, "A1 2026-11-22 22:05 孙医生 genuine"),
        ("bbbb", True, False, "broken"),
        ("aaaa", True, True, "A1 1 superseded by 第 2 版"),
        ("aaaa", False, True, "A1 1 superseded by 新版"),
        ("bbbb", False, True, "A1 2 superseded by 新版"),
        ("cccc", True, True, "differs"),
    ],
)
def test_a_code_is_answered(prefix: str, newest_stands: bool, is_sealed: bool, said: str) -> None:
    editions = (edition(2, "bbbb2222", is_present=newest_stands), edition(1, "aaaa1111", is_present=False))
    local = timezone(timedelta(hours=8))
    asked: list[int] = []

    def sealed(number: int) -> bool:
        asked.append(number)
        return is_sealed

    assert verdict(editions, prefix, sealed, lambda at: at.astimezone(local), WORDS) == said
    assert set(asked) <= {2}  # only of what stands
