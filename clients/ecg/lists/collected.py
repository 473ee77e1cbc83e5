"""收藏夹: the user's collected exams by category, for teaching and figures (ECG-PE-11, ECG-IN-12, ECG-ACC-07)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from clients.ecg.desk import Desk
from clients.ecg.lists.columns import short_time
from clients.ecg.lists.page import ListPage, ListSpec
from clients.ecg.lists.query import text
from clients.ecg.looks import EXAM_LOOKS, sex_word
from clients.ecg.pages import COLLECTED
from clients.kit.fields import Choice, ChoiceField, TextField
from clients.kit.paging import Column, EmptyWords, RowAction
from clients.kit.translations import tr
from shared.contract.base import Page
from shared.contract.ecg import CollectedList, CollectedView, ListCollected
from shared.domain.ecg import ExamAction

if TYPE_CHECKING:
    from clients.kit.shell import Workplace


def make_request(conditions: Mapping[str, Any], page: Page) -> ListCollected:
    """The favourites of a category, or all; words are looked for in names, numbers, conclusions and notes."""
    return ListCollected(category=conditions.get("category"), text=text(conditions, "text"), page=page)


def _of(key: str) -> Any:
    return lambda row: getattr(row.exam, key)


COLUMNS = (
    Column("category", "分类", 130, strong=True, sort=False),
    Column("state", "检查状态", 104, value=_of("state"), looks=EXAM_LOOKS, sort=False),
    Column("patient_name", "病人姓名", 96, value=_of("patient_name"), sort=False),
    Column("sex", "性别", 64, value=_of("sex"), format=sex_word, sort=False, firm=True),
    Column("age", "年龄", 56, value=_of("age"), sort=False),
    Column("conclusion", "诊断结论", 0, value=_of("conclusion"), sort=False),
    Column("note", "说明", 200, sort=False),
    Column("accession_number", "检查号", 120, value=_of("accession_number"), sort=False, quiet=True),
    Column("added_at", "收藏时间", 100, format=short_time, sort=False, quiet=True, firm=True),
)
ACTIONS = (
    RowAction("read", "阅图", "voice", allowed=lambda row: ExamAction.READ in row.exam.allowed),
    RowAction("view_report", "报告", "document", allowed=lambda row: ExamAction.VIEW_REPORT in row.exam.allowed),
    RowAction("file", "修改分类", "edit", allowed=lambda _row: True),
)


class CollectedPage(ListPage):
    """Every category with its number above the rows."""

    def __init__(self, desk: Desk, place: Workplace) -> None:
        self._categories: dict[str, int] = {}
        super().__init__(
            desk,
            place,
            ListSpec(
                page=COLLECTED,
                make=make_request,
                fields=(
                    ChoiceField(key="category", label="分类", choices=[Choice(None, "全部")]),
                    TextField(key="text", label="查找", placeholder="姓名、编号、结论、说明"),
                ),
                columns=COLUMNS,
                actions=ACTIONS,
                shown_actions=3,
                empty=EmptyWords("还没有收藏", "在检查列表或受理记录中按“收藏报告”，按分类归档。", "star"),
                header=(("read", "primary"), ("view_report", ""), ("file", "")),
                quick=None,
                has_quick_buttons=False,
                has_days=False,
            ),
        )
        self.listen_to(desk.exam_changed)

    def _typed(self, key: str) -> None:
        super()._typed(key)
        if key == "category" and not self._rendering:
            self.presenter.query()

    def counted(self, found: Any) -> None:
        """The categories come with every answer."""
        if isinstance(found, CollectedList) and found.categories != self._categories:
            self._categories = dict(found.categories)
            chosen = self.filters.value("category")
            named = [Choice(name, _named(name, number), translate=False) for name, number in self._categories.items()]
            self.filters.set_choices("category", [Choice(None, "全部"), *named])
            self.filters.set_values({"category": chosen if chosen in self._categories else None})

    def activate(self, row: CollectedView) -> None:
        """Double-click: 阅图."""
        self.act("read", row)

    def act(self, action: str, row: CollectedView) -> None:
        """Read, look at the report, or file under another category."""
        if action == "read" and ExamAction.READ in row.exam.allowed:
            self._desk.open_reading(row.exam.id)
        elif action == "view_report" and ExamAction.VIEW_REPORT in row.exam.allowed:
            self._desk.open_report(row.exam.id)
        elif action == "file":
            from clients.ecg.lists.collecting import CollectDialog

            CollectDialog(self._desk, self, row.exam.id, row.exam.patient_name).open()


def _named(category: str, number: int) -> str:
    return f"{category or tr('未分类')} ({number})"
