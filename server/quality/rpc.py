"""Handlers of quality control: each calls one use case."""

from __future__ import annotations

from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller, handles
from server.quality.service import QualityService
from shared.contract import quality as contract
from shared.contract.master import SheetView


class QualityRpc:
    """What workstations ask about quality control."""

    def __init__(self, quality: QualityService) -> None:
        self._quality = quality

    @handles
    def scorers(self, _request: contract.ListScorers, _caller: Caller, uow: UnitOfWork) -> tuple[contract.Scorer, ...]:
        return self._quality.scorers(uow)

    @handles
    def task_choices(self, _request: contract.GetTaskChoices, caller: Caller, uow: UnitOfWork) -> contract.TaskChoices:
        return self._quality.choices(uow, caller)

    @handles
    def preview(self, request: contract.PreviewSample, caller: Caller, uow: UnitOfWork) -> int:
        return self._quality.preview(uow, caller, request.filter, request.scorer_ids)

    @handles
    def create(self, request: contract.CreateQualityTask, caller: Caller, uow: UnitOfWork) -> contract.QualityTaskView:
        return self._quality.create(uow, caller, request)

    @handles
    def tasks(
        self, _request: contract.ListQualityTasks, caller: Caller, uow: UnitOfWork
    ) -> tuple[contract.QualityTaskView, ...]:
        return self._quality.tasks(uow, caller)

    @handles
    def close(self, request: contract.CloseQualityTask, caller: Caller, uow: UnitOfWork) -> contract.QualityTaskView:
        return self._quality.close(uow, caller, request.task_id, request.version)

    @handles
    def cases(self, request: contract.ListCases, caller: Caller, uow: UnitOfWork) -> tuple[contract.CaseRow, ...]:
        return self._quality.cases(uow, caller, request.task_id)

    @handles
    def case(self, request: contract.GetCase, caller: Caller, uow: UnitOfWork) -> contract.CaseView:
        return self._quality.case(uow, caller, request.case_id)

    @handles
    def score(self, request: contract.ScoreCase, caller: Caller, uow: UnitOfWork) -> contract.CaseView:
        return self._quality.score(uow, caller, request)

    @handles
    def statistics(
        self, request: contract.GetQualityStatistics, _caller: Caller, uow: UnitOfWork
    ) -> tuple[contract.QualityFigures, ...]:
        return self._quality.statistics(uow, request.task_id)

    @handles
    def export(self, request: contract.ExportQualityStatistics, _caller: Caller, uow: UnitOfWork) -> SheetView:
        return self._quality.export(uow, request.task_id, english=request.english)
