"""Handlers of shared/contract/archive.py."""

from __future__ import annotations

from server.archive.service import ArchiveService
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller, handles, handles_alone
from shared.contract import archive as contract
from shared.contract.base import Nothing


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

    @handles_alone
    def list_studies(self, request: contract.ListStudies, caller: Caller) -> contract.StudyList:
        return self._service.list_studies(request)

    @handles_alone
    def get_frames(self, request: contract.GetFrames, caller: Caller) -> contract.FramesView:
        return self._service.get_frames(request.sop_instance_uid)

    @handles
    def get_completeness(
        self, request: contract.GetCompleteness, caller: Caller, uow: UnitOfWork
    ) -> contract.CompletenessView:
        return self._service.completeness.view(uow, request.study_uid)

    @handles
    def settle_completeness(
        self, request: contract.SettleCompleteness, caller: Caller, uow: UnitOfWork
    ) -> contract.CompletenessView:
        return self._service.completeness.drop(uow, request.study_uid, request.reason)

    @handles
    def list_custom_tags(
        self, request: contract.ListCustomTags, caller: Caller, uow: UnitOfWork
    ) -> tuple[contract.CustomTagView, ...]:
        return self._service.custom_tags.listed(uow)

    @handles
    def add_custom_tag(self, request: contract.AddCustomTag, caller: Caller, uow: UnitOfWork) -> contract.CustomTagView:
        tags = self._service.custom_tags
        return tags.add(uow, request.tag, request.creator, request.name, request.level, caller.login)

    @handles
    def remove_custom_tag(self, request: contract.RemoveCustomTag, caller: Caller, uow: UnitOfWork) -> Nothing:
        self._service.custom_tags.remove(uow, request.id)
        return Nothing()

    @handles_alone
    def set_study_character_set(self, request: contract.SetStudyCharacterSet, caller: Caller) -> contract.StudyRow:
        return self._service.set_character_set(request.study_uid, request.character_set)

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
