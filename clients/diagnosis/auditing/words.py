"""Words of the audit's screens, and their English."""

from __future__ import annotations

from collections.abc import Mapping

from clients.diagnosis.auditing.state import Base

BASE_WORDS: Mapping[Base, str] = {
    Base.SUBMITTED: "医生提交的内容",
    Base.APPROVED: "上一版审核通过的内容",
    Base.FIRST: "最初的内容",
}

KIND_WORDS: Mapping[str, str] = {"first": "首次审核", "revision": "修订", "addendum": "补充"}
