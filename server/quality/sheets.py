"""What a score sheet must be."""

from __future__ import annotations

import re
from collections.abc import Sequence

from server.kernel.errors import invalid
from shared.contract.quality import QualityObject, SheetItem

_MOST_ITEMS = 20
_KEY = re.compile(r"[a-z][a-z0-9_]{0,31}")
_NAMES = {QualityObject.IMAGE: "影像", QualityObject.FIRST_REPORT: "初诊报告", QualityObject.AUDITED_REPORT: "审核报告"}


def demand_sheet(sheet: Sequence[SheetItem], objects: Sequence[QualityObject]) -> None:
    """Raise Refusal INVALID (`sheet`) unless each object has items with unique keys and names that make 100 points."""
    for one in objects:
        items = [item for item in sheet if item.object is one]
        if len(items) > _MOST_ITEMS:
            raise invalid("sheet", f"“{_NAMES[one]}”最多 {_MOST_ITEMS} 个评分项。")
        if any(not _KEY.fullmatch(item.key) or item.key == "comment" for item in items):
            raise invalid("sheet", "评分项的代码应以小写字母开头，只含小写字母、数字和下划线，且不能是 comment。")
        if len({item.key for item in items}) != len(items):
            raise invalid("sheet", f"“{_NAMES[one]}”的评分项代码不能重复。")
        if any(not 1 <= len(item.title.strip()) <= 40 or len(item.title_en) > 60 for item in items):
            raise invalid("sheet", f"请填写“{_NAMES[one]}”每个评分项的名称，最多 40 个字。")
        if sum(item.points for item in items) != 100 or any(item.points <= 0 for item in items):
            raise invalid("sheet", f"“{_NAMES[one]}”的评分项合计应为 100 分，每项至少 1 分。")
