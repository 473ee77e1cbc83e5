"""Handlers of the signing requests."""

from __future__ import annotations

from server.kernel.database import Database, UnitOfWork
from server.kernel.dispatch import Caller, handles, handles_alone
from server.signing.service import SigningService
from shared.contract import signing as contract


class SigningRpc:
    """Offers the signing area to the router."""

    def __init__(self, database: Database, signing: SigningService) -> None:
        self._database = database
        self._signing = signing

    @handles
    def get_signer(self, request: contract.GetSigner, caller: Caller, uow: UnitOfWork) -> contract.SignerView:
        return self._signing.signer(uow, caller, request.account_id)

    @handles
    def list_signers(
        self, _request: contract.ListSigners, _caller: Caller, uow: UnitOfWork
    ) -> tuple[contract.SignerRow, ...]:
        return self._signing.signers(uow)

    @handles
    def set_picture(
        self, request: contract.SetSignaturePicture, caller: Caller, uow: UnitOfWork
    ) -> contract.SignerView:
        return self._signing.set_picture(
            uow, caller, request.account_id, request.picture, is_drawn=request.is_drawn, reason=request.reason
        )

    @handles
    def remove_picture(
        self, request: contract.RemoveSignaturePicture, caller: Caller, uow: UnitOfWork
    ) -> contract.SignerView:
        return self._signing.remove_picture(uow, caller, request.account_id, request.reason)

    @handles
    def import_certificate(
        self, request: contract.ImportCertificate, caller: Caller, uow: UnitOfWork
    ) -> contract.SignerView:
        return self._signing.import_certificate(uow, caller, request.account_id, request.keystore, request.password)

    @handles
    def revoke(self, request: contract.RevokeCertificate, caller: Caller, uow: UnitOfWork) -> contract.SignerView:
        return self._signing.revoke(uow, request.certificate_id, request.reason)

    @handles_alone
    def get_authority(self, request: contract.GetAuthority, caller: Caller) -> contract.AuthorityView:
        with self._database.write() as uow:  # the first request makes it
            return self._signing.authority(uow)

    @handles
    def list_editions(
        self, request: contract.ListEditions, caller: Caller, uow: UnitOfWork
    ) -> tuple[contract.EditionView, ...]:
        return self._signing.editions(uow, request.report_id)

    @handles
    def export_data(
        self, request: contract.ExportSignedData, caller: Caller, uow: UnitOfWork
    ) -> contract.SignedDataView:
        return self._signing.export(uow, request.report_id, request.edition)

    @handles
    def check_edition(
        self, request: contract.CheckEdition, caller: Caller, uow: UnitOfWork
    ) -> contract.SignatureVerdict:
        return self._signing.check(uow, request.report_id, request.edition)
