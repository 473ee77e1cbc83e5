"""Handlers of shared/contract/keeping.py."""

from __future__ import annotations

from server.archive.keeping import holds, policy
from server.archive.keeping.service import CHECK_JOB, COMPRESS_JOB, RETENTION_JOB, KeepingService
from server.jobs.rpc import view as job_view
from server.kernel.database import Database, UnitOfWork
from server.kernel.dispatch import Caller, handles, handles_alone
from shared.contract import keeping as contract
from shared.contract.base import Nothing
from shared.contract.jobs import JobView


class KeepingRpc:
    """One handler per request."""

    def __init__(self, database: Database, service: KeepingService) -> None:
        self._database = database
        self._service = service

    @handles
    def get_policy(self, request: contract.GetKeepingPolicy, caller: Caller, uow: UnitOfWork) -> contract.PolicyView:
        return self._service.get_policy(uow)

    @handles
    def save_policy(self, request: contract.SaveKeepingPolicy, caller: Caller, uow: UnitOfWork) -> contract.PolicyView:
        return self._service.save_policy(uow, request.version, request.policy, caller.login)

    @handles
    def delete_images(self, request: contract.DeleteImages, caller: Caller, uow: UnitOfWork) -> contract.BinEntryView:
        return self._service.delete_images(uow, request, caller.login)

    @handles
    def list_bin(self, request: contract.ListBin, caller: Caller, uow: UnitOfWork) -> contract.BinList:
        return self._service.list_bin(uow, request.text, request.page)

    @handles
    def restore_images(self, request: contract.RestoreImages, caller: Caller, uow: UnitOfWork) -> Nothing:
        self._service.restore(uow, request.entry_id)
        return Nothing()

    @handles
    def purge_images(self, request: contract.PurgeImages, caller: Caller, uow: UnitOfWork) -> contract.BinEntryView:
        return self._service.purge_images(uow, request.entry_id, request.reason, caller.login)

    @handles
    def list_holds(
        self, request: contract.ListLegalHolds, caller: Caller, uow: UnitOfWork
    ) -> tuple[contract.LegalHoldView, ...]:
        return holds.listed(uow.session, request.study_uid, with_released=request.with_released)

    @handles
    def hold_study(self, request: contract.HoldStudy, caller: Caller, uow: UnitOfWork) -> contract.LegalHoldView:
        return self._service.hold(uow, request.study_uid, request.reason, caller.login)

    @handles
    def release_study(self, request: contract.ReleaseStudy, caller: Caller, uow: UnitOfWork) -> contract.LegalHoldView:
        return self._service.release(uow, request.study_uid, request.reason, caller.login)

    @handles_alone
    def preview_retention(self, request: contract.PreviewRetention, caller: Caller) -> contract.RetentionPreview:
        rules = request.rules
        if not rules:
            with self._database.read() as uow:
                rules = policy.load(uow.session)[0].retention_rules
        return self._service.retention.preview(rules)

    @handles
    def run_retention(self, request: contract.RunRetention, caller: Caller, uow: UnitOfWork) -> JobView:
        return job_view(self._service.start(uow, RETENTION_JOB, "执行保存期规则", caller.login))

    @handles_alone
    def compression_status(self, request: contract.GetCompressionStatus, caller: Caller) -> contract.CompressionStatus:
        return self._service.compression.status()

    @handles
    def run_compression(self, request: contract.RunCompression, caller: Caller, uow: UnitOfWork) -> JobView:
        return job_view(self._service.start(uow, COMPRESS_JOB, "无损压缩", caller.login))

    @handles
    def list_backups(self, request: contract.ListBackups, caller: Caller, uow: UnitOfWork) -> contract.BackupList:
        return self._service.list_backups(uow)

    @handles
    def start_backup(self, request: contract.StartBackup, caller: Caller, uow: UnitOfWork) -> JobView:
        return job_view(self._service.start_backup(uow, caller.login))

    @handles
    def verify_backup(self, request: contract.VerifyBackup, caller: Caller, uow: UnitOfWork) -> JobView:
        return job_view(self._service.start_verify(uow, request.generation, caller.login))

    @handles
    def start_check(self, request: contract.StartCheck, caller: Caller, uow: UnitOfWork) -> JobView:
        job = self._service.start(
            uow, CHECK_JOB, "检查归档", caller.login, hashes=request.hashes, repair=request.repair
        )
        return job_view(job)

    @handles
    def get_check(self, request: contract.GetCheckReport, caller: Caller, uow: UnitOfWork) -> contract.CheckReport:
        return self._service.check_report(uow)
