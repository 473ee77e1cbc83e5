"""Handlers of the collections: each calls one use case."""

from __future__ import annotations

from server.collections.favourites import Favourites
from server.collections.follow_ups import FollowUps
from server.collections.phrases import PhraseFiles
from server.collections.remarks import Remarks
from server.collections.similar_cases import SimilarCases
from server.collections.teaching import TeachingFiles
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller, handles
from shared.contract import collections as contract
from shared.contract.base import Nothing


class CollectionsRpc:
    """Offers the collections to the router."""

    def __init__(
        self,
        favourites: Favourites,
        follow_ups: FollowUps,
        remarks: Remarks,
        teaching: TeachingFiles,
        similar: SimilarCases,
        phrases: PhraseFiles,
    ) -> None:
        self._favourites = favourites
        self._follow_ups = follow_ups
        self._remarks = remarks
        self._teaching = teaching
        self._similar = similar
        self._phrases = phrases

    @handles
    def list_favourites(
        self, request: contract.ListFavourites, caller: Caller, uow: UnitOfWork
    ) -> contract.FavouriteList:
        return self._favourites.page(uow, caller, request)

    @handles
    def get_favourite_of_report(
        self, request: contract.GetFavouriteOfReport, caller: Caller, uow: UnitOfWork
    ) -> contract.FavouriteOfReport:
        return self._favourites.of_report(uow, caller, request.report_id)

    @handles
    def save_favourite(
        self, request: contract.SaveFavourite, caller: Caller, uow: UnitOfWork
    ) -> contract.FavouriteView:
        return self._favourites.save(uow, caller, request)

    @handles
    def remove_favourite(self, request: contract.RemoveFavourite, caller: Caller, uow: UnitOfWork) -> Nothing:
        self._favourites.remove(uow, caller, request.favourite_id)
        return Nothing()

    @handles
    def rename_folder(self, request: contract.RenameFolder, caller: Caller, uow: UnitOfWork) -> Nothing:
        self._favourites.rename_folder(uow, caller, request.folder, request.name)
        return Nothing()

    @handles
    def list_follow_ups(
        self, request: contract.ListFollowUps, caller: Caller, uow: UnitOfWork
    ) -> contract.FollowUpList:
        return self._follow_ups.page(uow, caller, request)

    @handles
    def follow_ups_of_patient(
        self, request: contract.FollowUpsOfPatient, caller: Caller, uow: UnitOfWork
    ) -> tuple[contract.FollowUpView, ...]:
        return self._follow_ups.of_patient(uow, caller, request.report_id)

    @handles
    def open_follow_up(self, request: contract.OpenFollowUp, caller: Caller, uow: UnitOfWork) -> contract.FollowUpView:
        return self._follow_ups.open(uow, caller, request)

    @handles
    def note_follow_up(self, request: contract.NoteFollowUp, caller: Caller, uow: UnitOfWork) -> contract.FollowUpView:
        return self._follow_ups.note(uow, caller, request)

    @handles
    def close_follow_up(
        self, request: contract.CloseFollowUp, caller: Caller, uow: UnitOfWork
    ) -> contract.FollowUpView:
        return self._follow_ups.close(uow, caller, request)

    @handles
    def reopen_follow_up(
        self, request: contract.ReopenFollowUp, caller: Caller, uow: UnitOfWork
    ) -> contract.FollowUpView:
        return self._follow_ups.reopen(uow, caller, request)

    @handles
    def get_match_rates(
        self, request: contract.GetMatchRates, caller: Caller, uow: UnitOfWork
    ) -> tuple[contract.MatchRow, ...]:
        return self._follow_ups.match_rates(uow, caller, request)

    @handles
    def list_remarks(
        self, request: contract.ListRemarks, caller: Caller, uow: UnitOfWork
    ) -> tuple[contract.RemarkView, ...]:
        return self._remarks.of_report(uow, caller, request.report_id)

    @handles
    def add_remark(self, request: contract.AddRemark, caller: Caller, uow: UnitOfWork) -> contract.RemarkView:
        return self._remarks.add(uow, caller, request.report_id, request.text)

    @handles
    def remove_remark(self, request: contract.RemoveRemark, caller: Caller, uow: UnitOfWork) -> Nothing:
        self._remarks.remove(uow, caller, request.remark_id)
        return Nothing()

    @handles
    def list_teaching_files(
        self, request: contract.ListTeachingFiles, caller: Caller, uow: UnitOfWork
    ) -> contract.TeachingList:
        return self._teaching.page(uow, caller, request)

    @handles
    def get_teaching_file(
        self, request: contract.GetTeachingFile, caller: Caller, uow: UnitOfWork
    ) -> contract.TeachingView:
        return self._teaching.get(uow, caller, request.teaching_id, as_quiz=request.as_quiz)

    @handles
    def draft_teaching_file(
        self, request: contract.DraftTeachingFile, caller: Caller, uow: UnitOfWork
    ) -> contract.TeachingView:
        return self._teaching.draft(uow, caller, request.report_id)

    @handles
    def make_teaching_file(
        self, request: contract.MakeTeachingFile, caller: Caller, uow: UnitOfWork
    ) -> contract.TeachingView:
        return self._teaching.make(uow, caller, request)

    @handles
    def save_teaching_file(
        self, request: contract.SaveTeachingFile, caller: Caller, uow: UnitOfWork
    ) -> contract.TeachingView:
        return self._teaching.save(uow, caller, request)

    @handles
    def remove_teaching_file(self, request: contract.RemoveTeachingFile, caller: Caller, uow: UnitOfWork) -> Nothing:
        self._teaching.remove(uow, caller, request.teaching_id)
        return Nothing()

    @handles
    def answer_teaching_file(
        self, request: contract.AnswerTeachingFile, caller: Caller, uow: UnitOfWork
    ) -> contract.TeachingView:
        return self._teaching.answer(uow, caller, request.teaching_id, was_right=request.was_right)

    @handles
    def find_similar_cases(
        self, request: contract.FindSimilarCases, caller: Caller, uow: UnitOfWork
    ) -> tuple[contract.SimilarCase, ...]:
        return self._similar.find(uow, caller, request)

    @handles
    def export_phrases(self, request: contract.ExportPhrases, caller: Caller, uow: UnitOfWork) -> contract.PhraseFile:
        return self._phrases.export(uow, caller, request)

    @handles
    def import_phrases(self, request: contract.ImportPhrases, caller: Caller, uow: UnitOfWork) -> contract.PhraseImport:
        return self._phrases.take(uow, caller, request.file_name, request.content, check_only=request.check_only)
