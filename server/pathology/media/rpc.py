"""Handlers of pictures, video and voice of cases."""

from __future__ import annotations

from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller, handles, handles_alone
from server.pathology.media.calibrations import Calibrations
from server.pathology.media.keeping import MediaKeeping
from server.pathology.media.service import MediaService
from shared.contract.base import Nothing
from shared.contract.pathology_media import (
    AddCalibration,
    AddMedia,
    AppendMedia,
    BeginMedia,
    BindMedia,
    CalibrationView,
    ClearMarks,
    DeleteMedia,
    DropMedia,
    FinishMedia,
    ListCalibrations,
    ListMedia,
    MarkMedia,
    MediaView,
    SwapMedia,
    UploadView,
    WithdrawCalibration,
)


class MediaRpc:
    """What workstations ask about captures."""

    def __init__(self, media: MediaService, keeping: MediaKeeping, calibrations: Calibrations) -> None:
        self._media = media
        self._keeping = keeping
        self._calibrations = calibrations

    @handles
    def list_media(self, request: ListMedia, caller: Caller, uow: UnitOfWork) -> tuple[MediaView, ...]:
        return self._media.list_of(uow, caller, request.case_id)

    @handles
    def add(self, request: AddMedia, caller: Caller, uow: UnitOfWork) -> MediaView:
        return self._keeping.add(uow, caller, request)

    @handles_alone
    def begin(self, request: BeginMedia, caller: Caller) -> UploadView:
        return self._keeping.begin(caller, request)

    @handles_alone
    def append(self, request: AppendMedia, caller: Caller) -> UploadView:
        return self._keeping.append(caller, request)

    @handles_alone
    def finish(self, request: FinishMedia, caller: Caller) -> MediaView:
        return self._keeping.finish(caller, request)

    @handles_alone
    def drop(self, request: DropMedia, caller: Caller) -> Nothing:
        return self._keeping.drop(caller, request)

    @handles
    def mark(self, request: MarkMedia, caller: Caller, uow: UnitOfWork) -> tuple[MediaView, ...]:
        return self._media.mark(uow, caller, request.case_id, request.media_ids, marked=request.marked)

    @handles
    def clear_marks(self, request: ClearMarks, caller: Caller, uow: UnitOfWork) -> tuple[MediaView, ...]:
        return self._media.clear_marks(uow, caller, request.case_id)

    @handles
    def swap(self, request: SwapMedia, caller: Caller, uow: UnitOfWork) -> tuple[MediaView, ...]:
        return self._media.swap(uow, caller, request.case_id, request.first_id, request.second_id)

    @handles
    def bind(self, request: BindMedia, caller: Caller, uow: UnitOfWork) -> MediaView:
        return self._media.bind(uow, caller, request)

    @handles
    def delete(self, request: DeleteMedia, caller: Caller, uow: UnitOfWork) -> tuple[MediaView, ...]:
        return self._media.delete(uow, caller, request.case_id, request.media_ids)

    @handles
    def list_calibrations(
        self, request: ListCalibrations, caller: Caller, uow: UnitOfWork
    ) -> tuple[CalibrationView, ...]:
        return self._calibrations.list_of(uow, request.camera)

    @handles
    def add_calibration(self, request: AddCalibration, caller: Caller, uow: UnitOfWork) -> CalibrationView:
        return self._calibrations.add(uow, caller, request)

    @handles
    def withdraw_calibration(self, request: WithdrawCalibration, caller: Caller, uow: UnitOfWork) -> CalibrationView:
        return self._calibrations.withdraw(uow, caller, request.calibration_id)
