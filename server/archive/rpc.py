"""Handlers of shared/contract/archive.py."""

from __future__ import annotations

from server.archive.service import ArchiveService
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller, handles, handles_alone
from shared.contract import archive as contract


class ArchiveHandlers:
    """One handler per request."""

    def __init__(self, service: ArchiveService) -> None:
        self._service = service

    @handles
    def get_study(self, request: contract.GetStudy, caller: Caller, uow: UnitOfWork) -> contract.StudyView:
        return self._service.get_study(uow, request.study_uid)

    @handles
    def list_exam_studies(
        self, request: contract.ListExamStudies, caller: Caller, uow: UnitOfWork
    ) -> tuple[contract.StudyRow, ...]:
        return self._service.list_exam_studies(uow, request.exam_id)

    @handles
    def list_unmatched(self, request: contract.ListUnmatched, caller: Caller, uow: UnitOfWork) -> contract.StudyList:
        return self._service.list_unmatched(uow, request.page)

    @handles
    def match_study(self, request: contract.MatchStudy, caller: Caller, uow: UnitOfWork) -> contract.StudyRow:
        return self._service.match_study(uow, request.study_uid, request.version, request.exam_id)

    @handles
    def unmatch_study(self, request: contract.UnmatchStudy, caller: Caller, uow: UnitOfWork) -> contract.StudyRow:
        return self._service.unmatch_study(uow, request.study_uid, request.version, request.reason)

    @handles
    def get_status(self, request: contract.GetArchiveStatus, caller: Caller, uow: UnitOfWork) -> contract.ArchiveStatus:
        return self._service.status(uow)

    @handles_alone
    def check(self, request: contract.CheckArchive, caller: Caller) -> contract.CheckView:
        return self._service.check(request.hashes)
