"""What the page of import and export shows; frozen, without Qt."""

from __future__ import annotations

from dataclasses import dataclass

from shared.contract.master import ImportPlan, MasterKind, PlanAction, PlanRow


@dataclass(frozen=True)
class ExchangeState:
    """The chosen kind, the file that was checked and what it would do; `show` narrows the lines, None shows all."""

    kind: MasterKind = MasterKind.EXAM_ITEM
    file_name: str = ""
    plan: ImportPlan | None = None
    show: PlanAction | None = None
    skip_refused: bool = False
    is_busy: bool = False
    trouble: str = ""
    news: str = ""

    @property
    def rows(self) -> tuple[PlanRow, ...]:
        """The lines to show."""
        rows = () if self.plan is None else self.plan.rows
        return rows if self.show is None else tuple(row for row in rows if row.action is self.show)

    @property
    def may_apply(self) -> bool:
        """Whether there is something to write, and nothing in its way."""
        plan = self.plan
        if plan is None or plan.is_done or self.is_busy or not plan.added + plan.changed:
            return False
        return not plan.refused or self.skip_refused
