"""The hospital's authority and the doctors' certificates: made when first needed, kept sealed, renewed in time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from server.kernel.clock import HospitalTime
from server.kernel.database import UnitOfWork
from server.kernel.errors import Refusal, invalid, not_found
from server.signing import certificates
from server.signing.certificates import BadKeystore, Identity
from server.signing.key_ring import KeyRing
from server.signing.ports import Hospital
from server.signing.tables import AuthorityRow, CertificateRow
from shared.contract.errors import ErrorCode
from shared.contract.signing import MAX_KEYSTORE_BYTES

if TYPE_CHECKING:
    from cryptography import x509

_ROOT, _CLOCK = "authority", "clock"


class Keys:
    """Hands out identities to sign with; every method works in the caller's unit of work."""

    def __init__(self, open_ring: Callable[[], KeyRing], hospital: Hospital, time: HospitalTime) -> None:
        """`open_ring` is called when a key is first needed: reading certificates needs no secrets."""
        self._open_ring = open_ring
        self._hospital = hospital
        self._time = time
        self._ring: KeyRing | None = None

    @property
    def _keys(self) -> KeyRing:
        if self._ring is None:
            self._ring = self._open_ring()
        return self._ring

    # ── the authority ────────────────────────────────────────────────────────────────────────────────

    def authority(self, uow: UnitOfWork) -> Identity:
        """Return the hospital's authority; made when it is first asked for."""
        row = self._authority_row(uow)
        return Identity(_certificate(row.certificate), self._keys.open(row.sealed_key, _ROOT))

    def clock(self, uow: UnitOfWork) -> Identity:
        """Return who dates the signatures."""
        row = self._authority_row(uow)
        key = self._keys.open(row.sealed_clock_key, _CLOCK)
        return Identity(_certificate(row.clock_certificate), key, (_certificate(row.certificate),))

    def root(self, uow: UnitOfWork) -> x509.Certificate:
        """Return the root certificate alone; needs no secret but the first time."""
        return _certificate(self._authority_row(uow).certificate)

    def revocation_list(self, uow: UnitOfWork) -> bytes:
        """Return the authority's list of revoked certificates, as of now."""
        rows = uow.session.execute(
            select(CertificateRow.serial, CertificateRow.revoked_at).where(
                CertificateRow.is_imported.is_(False), CertificateRow.revoked_at.is_not(None)
            )
        )
        revoked = tuple((int(serial, 16), moment) for serial, moment in rows if moment is not None)
        return certificates.revocation_list(self.authority(uow), self._time.now(), revoked)

    def _authority_row(self, uow: UnitOfWork) -> AuthorityRow:
        row = uow.session.get(AuthorityRow, 1)
        if row is not None:
            return row
        now, name = self._time.now(), self._hospital.name(uow)
        root = certificates.new_authority(name, now)
        clock = certificates.new_clock(root, name, now)
        row = AuthorityRow(
            id=1,
            certificate=_der(root.certificate),
            sealed_key=self._keys.seal(root.private_key, _ROOT),
            clock_certificate=_der(clock.certificate),
            sealed_clock_key=self._keys.seal(clock.private_key, _CLOCK),
            made_at=now,
        )
        try:
            with uow.session.begin_nested():
                uow.session.add(row)
        except IntegrityError:  # another process made it in this moment
            return uow.session.get_one(AuthorityRow, 1, populate_existing=True)
        return row

    # ── the doctors ──────────────────────────────────────────────────────────────────────────────────

    def of_person(self, uow: UnitOfWork, account_id: int, login: str, name: str) -> tuple[CertificateRow, Identity]:
        """Return what a person signs with. Our own authority's is made, and renewed, without being asked for.

        An imported certificate that ran out is not replaced in silence: raises UNAVAILABLE with what to do.
        """
        now = self._time.now()
        row = self._present(uow, account_id)
        if row is not None and row.is_imported:
            if not row.valid_from <= now <= row.valid_to:
                raise Refusal(
                    ErrorCode.UNAVAILABLE,
                    f"您的签名证书有效期到 {self._time.local(row.valid_to):%Y-%m-%d}，请导入新证书后再审核。",
                )
            return row, self.identity(row)
        is_mine = row is not None and row.holder == certificates.shown_name(name, login)  # a changed name: a new one
        if row is not None and is_mine and now < row.valid_to - certificates.RENEW_BEFORE:
            return row, self.identity(row)
        identity = certificates.new_holder(self.authority(uow), name, login, self._hospital.name(uow), now)
        return self._keep(uow, account_id, identity, now, is_imported=False), identity

    def import_keystore(self, uow: UnitOfWork, account_id: int, keystore: bytes, password: str) -> CertificateRow:
        """Let a person sign with an outside authority's certificate. Raises INVALID, TOO_LARGE."""
        if len(keystore) > MAX_KEYSTORE_BYTES:
            raise Refusal(ErrorCode.TOO_LARGE, f"证书文件不能超过 {MAX_KEYSTORE_BYTES >> 10} KB。")
        now = self._time.now()
        try:
            identity = certificates.opened_keystore(keystore, password, now)
        except BadKeystore as fault:
            raise invalid("keystore", str(fault)) from fault
        return self._keep(uow, account_id, identity, now, is_imported=True)

    def revoke(self, uow: UnitOfWork, certificate_id: int, reason: str) -> CertificateRow:
        """Sign no longer with a certificate. Raises NOT_FOUND, INVALID."""
        row = uow.session.get(CertificateRow, certificate_id)
        if row is None:
            raise not_found("证书")
        reason = reason.strip()
        if not 1 <= len(reason) <= 200:
            raise invalid("reason", "请填写停用理由（1 到 200 个字）。")
        if row.revoked_at is None:
            row.revoked_at, row.revoked_why, row.is_present = self._time.now(), reason, False
        return row

    def certificates_of(self, uow: UnitOfWork, account_id: int) -> list[CertificateRow]:
        """Return every certificate of a person, newest first."""
        query = select(CertificateRow).where(CertificateRow.account_id == account_id)
        return list(uow.session.scalars(query.order_by(CertificateRow.id.desc())))

    def _present(self, uow: UnitOfWork, account_id: int) -> CertificateRow | None:
        query = select(CertificateRow).where(CertificateRow.account_id == account_id, CertificateRow.is_present)
        return uow.session.scalars(query.order_by(CertificateRow.id.desc()).limit(1)).first()

    def _keep(
        self, uow: UnitOfWork, account_id: int, identity: Identity, now: datetime, *, is_imported: bool
    ) -> CertificateRow:
        for earlier in self.certificates_of(uow, account_id):
            earlier.is_present = False
        certificate = identity.certificate
        row = CertificateRow(
            account_id=account_id,
            holder=certificates.common_name(certificate.subject)[:200],
            issuer=certificates.common_name(certificate.issuer)[:200],
            serial=f"{certificate.serial_number:x}",
            fingerprint=certificates.fingerprint(certificate),
            valid_from=certificate.not_valid_before_utc,
            valid_to=certificate.not_valid_after_utc,
            certificate=_der(certificate),
            chain=certificates.pem(identity.chain),
            sealed_key=self._keys.seal(identity.private_key, _purpose(account_id)),
            is_imported=is_imported,
            is_present=True,
            made_at=now,
        )
        uow.session.add(row)
        uow.session.flush()
        return row

    def identity(self, row: CertificateRow) -> Identity:
        """Return the identity that a row keeps."""
        key = self._keys.open(row.sealed_key, _purpose(row.account_id))
        return Identity(_certificate(row.certificate), key, certificates.from_pem(row.chain))


def _purpose(account_id: int) -> str:
    return f"account {account_id}"


def _der(certificate: x509.Certificate) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding

    return certificate.public_bytes(Encoding.DER)


def _certificate(der: bytes) -> x509.Certificate:
    from cryptography import x509

    return x509.load_der_x509_certificate(der)
