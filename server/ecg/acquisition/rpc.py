"""Handlers of devices, tasks, uploads and orphans."""

from __future__ import annotations

from server.ecg.acquisition.devices import Devices
from server.ecg.acquisition.orphans import Orphans
from server.ecg.acquisition.receiving import Receiving
from server.ecg.acquisition.tasks import Tasks
from server.ecg.acquisition.uploads import Uploads
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller, handles, handles_alone
from shared.contract import ecg_acquisition as contract
from shared.contract.base import Nothing


class AcquisitionRpc:
    """What workstations ask about devices and tasks."""

    def __init__(self, devices: Devices, tasks: Tasks) -> None:
        self._devices = devices
        self._tasks = tasks

    @handles
    def list_devices(
        self, request: contract.ListEcgDevices, caller: Caller, uow: UnitOfWork
    ) -> tuple[contract.EcgDeviceView, ...]:
        rows = self._devices.listed(uow, caller, with_inactive=request.with_inactive)
        return self._tasks.device_views(uow, rows)

    @handles
    def save_device(self, request: contract.SaveEcgDevice, caller: Caller, uow: UnitOfWork) -> contract.EcgDeviceView:
        return self._tasks.device_view(uow, self._devices.save(uow, caller, request))

    @handles
    def bind_station(self, request: contract.BindStation, caller: Caller, uow: UnitOfWork) -> contract.EcgDeviceView:
        return self._tasks.device_view(uow, self._devices.bind(uow, caller, request.station, request.device_id))

    @handles
    def unbind_station(self, request: contract.UnbindStation, caller: Caller, uow: UnitOfWork) -> Nothing:
        self._devices.unbind(uow, caller, request.station)
        return Nothing()

    @handles
    def get(self, request: contract.GetAcquisition, caller: Caller, uow: UnitOfWork) -> contract.AcquisitionView:
        return self._tasks.acquisition(uow, caller, request.exam_id)

    @handles
    def start(self, request: contract.StartTask, caller: Caller, uow: UnitOfWork) -> contract.AcquisitionView:
        return self._tasks.start(uow, caller, request.exam_id)

    @handles
    def retry(self, request: contract.RetryTask, caller: Caller, uow: UnitOfWork) -> contract.AcquisitionView:
        return self._tasks.retry(uow, caller, request.task_id)

    @handles
    def fail(self, request: contract.FailTask, caller: Caller, uow: UnitOfWork) -> contract.AcquisitionView:
        return self._tasks.fail(uow, caller, request.task_id, request.error)

    @handles
    def stop(self, request: contract.StopTask, caller: Caller, uow: UnitOfWork) -> contract.AcquisitionView:
        return self._tasks.stop(uow, caller, request.task_id, request.reason)


class UploadsRpc:
    """What workstations and lines upload."""

    def __init__(self, uploads: Uploads) -> None:
        self._uploads = uploads

    @handles_alone
    def add_trace(self, request: contract.AddTrace, caller: Caller) -> contract.UploadResult:
        return self._uploads.add(caller, request)

    @handles_alone
    def begin_upload(self, request: contract.BeginUpload, caller: Caller) -> contract.UploadView:
        return self._uploads.begin(caller, request)

    @handles_alone
    def append_upload(self, request: contract.AppendUpload, caller: Caller) -> contract.UploadView:
        return self._uploads.append(caller, request)

    @handles_alone
    def finish_upload(self, request: contract.FinishUpload, caller: Caller) -> contract.UploadResult:
        return self._uploads.finish(caller, request.key)

    @handles_alone
    def drop_upload(self, request: contract.DropUpload, caller: Caller) -> Nothing:
        return self._uploads.drop(request.key)


class OrphansRpc:
    """What people do with traces that found no exam."""

    def __init__(self, orphans: Orphans, receiving: Receiving) -> None:
        self._orphans = orphans
        self._receiving = receiving

    @handles
    def list_orphans(self, request: contract.ListOrphans, caller: Caller, uow: UnitOfWork) -> contract.OrphanList:
        return self._orphans.listed(uow, caller, request)

    @handles
    def find_matches(
        self, request: contract.FindMatches, caller: Caller, uow: UnitOfWork
    ) -> tuple[contract.MatchView, ...]:
        return self._orphans.matches(uow, caller, request.orphan_id)

    @handles
    def propose_match(self, request: contract.ProposeMatch, caller: Caller, uow: UnitOfWork) -> contract.MatchView:
        return self._orphans.propose(uow, caller, request.orphan_id, request.version, request.exam_id)

    @handles
    def confirm_match(self, request: contract.ConfirmMatch, caller: Caller, uow: UnitOfWork) -> contract.UploadResult:
        trace = self._orphans.confirm(uow, caller, request.orphan_id, request.version, request.exam_id)
        return self._receiving.result_of(uow, trace, None, existed=False)

    @handles
    def take_back_match(self, request: contract.TakeBackMatch, caller: Caller, uow: UnitOfWork) -> contract.OrphanView:
        return self._orphans.take_back(uow, caller, request.orphan_id, request.version)

    @handles
    def discard_orphan(self, request: contract.DiscardOrphan, caller: Caller, uow: UnitOfWork) -> contract.OrphanView:
        return self._orphans.discard(uow, caller, request.orphan_id, request.version, request.reason)
