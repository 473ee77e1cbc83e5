"""The list of who signs with what, for the administrator."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select

from server.kernel.database import UnitOfWork
from server.signing.certificates import RENEW_BEFORE
from server.signing.ports import Doctor
from server.signing.tables import CertificateRow, PictureRow
from shared.contract.signing import CertificateView, SignerRow, SignerState


def rows_of(uow: UnitOfWork, doctors: Iterable[Doctor], now: datetime) -> tuple[SignerRow, ...]:
    """Return the active accounts that may report and all that have a picture or a certificate, by name."""
    pictures = {
        row.account_id: row
        for row in uow.session.execute(
            select(PictureRow.account_id, PictureRow.version, PictureRow.set_at, PictureRow.set_by)
            .where(PictureRow.is_present)
            .order_by(PictureRow.version)
        )
    }
    certificates: dict[int, list[CertificateRow]] = defaultdict(list)
    for certificate in uow.session.scalars(select(CertificateRow).order_by(CertificateRow.id.desc())):
        certificates[certificate.account_id].append(certificate)
    found = []
    for one in doctors:
        picture, own = pictures.get(one.account_id), certificates[one.account_id]
        if picture is None and not own and not (one.may_report and one.is_active):
            continue
        shown = next((row for row in own if row.is_present), own[0] if own else None)
        found.append(
            SignerRow(
                account_id=one.account_id,
                login=one.login,
                name=one.name,
                is_active=one.is_active,
                state=state_of(shown, now),
                picture_version=0 if picture is None else picture.version,
                picture_set_at=None if picture is None else picture.set_at,
                picture_set_by="" if picture is None else picture.set_by,
                certificate=None if shown is None else certificate_view(shown),
            )
        )
    return tuple(sorted(found, key=lambda row: (not row.is_active, row.name, row.account_id)))


def state_of(row: CertificateRow | None, now: datetime) -> SignerState:
    """Return what a person's present certificate, or the one retired last, means for the next approval."""
    if row is None:
        return SignerState.NONE
    if row.revoked_at is not None:
        return SignerState.RETIRED
    if row.is_imported and row.valid_to <= now:
        return SignerState.EXPIRED
    if row.is_imported and row.valid_to - now <= RENEW_BEFORE:
        return SignerState.ENDS_SOON
    return SignerState.VALID


def certificate_view(row: CertificateRow) -> CertificateView:
    """Return a certificate as workstations see it."""
    return CertificateView(
        id=row.id,
        account_id=row.account_id,
        holder=row.holder,
        issuer=row.issuer,
        serial=row.serial,
        fingerprint=row.fingerprint,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        is_imported=row.is_imported,
        is_present=row.is_present,
        revoked_at=row.revoked_at,
        revoked_why=row.revoked_why,
    )
