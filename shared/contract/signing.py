"""Signatures: a doctor's picture and certificate, signed reports, corrections after approval, audit of many reports."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

from shared.contract.base import AuditClass, Command, Query
from shared.domain.permissions import Permission

MAX_PICTURE_BYTES = 2 * 1024 * 1024
MAX_KEYSTORE_BYTES = 64 * 1024
MOST_AT_ONCE = 100

# ── the doctor's picture and certificate ─────────────────────────────────────────────────────────────


class SignaturePictureView(msgspec.Struct, frozen=True, kw_only=True):
    """One version of a doctor's signature picture: a PNG, cropped, its background transparent."""

    version: int
    png: bytes
    is_drawn: bool  # with mouse or pen; else from a file
    width: int
    height: int
    set_at: datetime
    set_by: str
    is_present: bool  # printed from now on; False for earlier and removed ones
    set_why: str = ""  # an administrator's reason; empty from the doctor
    removed_at: datetime | None = None
    removed_by: str = ""
    removed_why: str = ""


class CertificateView(msgspec.Struct, frozen=True, kw_only=True):
    """A certificate that reports are or were signed with."""

    id: int
    account_id: int
    holder: str  # common name
    issuer: str  # common name
    serial: str  # hexadecimal
    fingerprint: str  # SHA-256, hexadecimal
    valid_from: datetime
    valid_to: datetime
    is_imported: bool  # of an outside authority; else made by this hospital's own
    is_present: bool  # signs from now on
    revoked_at: datetime | None = None
    revoked_why: str = ""


class SignerView(msgspec.Struct, frozen=True, kw_only=True):
    """How one person signs. Without a certificate one is made at the first approval."""

    account_id: int
    name: str
    picture: SignaturePictureView | None
    pictures: tuple[SignaturePictureView, ...]  # every version, newest first
    certificates: tuple[CertificateView, ...]  # newest first


class GetSigner(Query[SignerView], frozen=True, kw_only=True):
    """How a person signs; account 0 is oneself, others' only for the administrator.

    Refusals: NOT_FOUND, PERMISSION_MISSING.
    """

    method = "signing.get_signer"
    permission = Permission.REPORT
    audit = AuditClass.ROUTINE

    account_id: int = 0


class SignerState(StrEnum):
    """What a person's certificates allow at the next approval."""

    VALID = "valid"
    ENDS_SOON = "ends_soon"  # an outside one, within 30 days; the hospital's own is renewed by itself
    EXPIRED = "expired"  # an outside one: a new one has to be imported before the next approval
    RETIRED = "retired"  # the next approval makes one of the hospital
    NONE = "none"  # nothing signed yet; the first approval makes one of the hospital


class SignerRow(msgspec.Struct, frozen=True, kw_only=True):
    """A doctor in the list of signatures. `certificate` is the present one, else the one retired last."""

    account_id: int
    login: str
    name: str
    is_active: bool  # the account
    state: SignerState
    picture_version: int = 0  # 0: none, the name is printed
    picture_set_at: datetime | None = None
    picture_set_by: str = ""
    certificate: CertificateView | None = None


class ListSigners(Query[tuple[SignerRow, ...]], frozen=True, kw_only=True):
    """Everybody who may report or has ever signed, by name."""

    method = "signing.list_signers"
    permission = Permission.ADMINISTER
    audit = AuditClass.ROUTINE


class SetSignaturePicture(Command[SignerView], frozen=True, kw_only=True):
    """Keep a new version of a signature picture (PNG or JPEG): checked, cropped, made transparent.

    Only oneself and the administrator may, the administrator with a reason. Refusals: INVALID (no picture, no strokes,
    no reason), TOO_LARGE, PERMISSION_MISSING.
    """

    method = "signing.set_picture"
    permission = Permission.REPORT
    audit = AuditClass.SETTINGS

    picture: bytes
    account_id: int = 0
    is_drawn: bool = False
    reason: str = ""


class RemoveSignaturePicture(Command[SignerView], frozen=True, kw_only=True):
    """Print the name instead from now on; the versions stay. The administrator says why.

    Refusals: NOT_FOUND, INVALID (no reason), PERMISSION_MISSING.
    """

    method = "signing.remove_picture"
    permission = Permission.REPORT
    audit = AuditClass.SETTINGS

    account_id: int = 0
    reason: str = ""


class ImportCertificate(Command[SignerView], frozen=True, kw_only=True):
    """Sign with the key and certificate of an outside authority from now on (PKCS#12, RFC 7292).

    Refusals: INVALID (wrong password, no key, not valid now, not for signing, chain broken), TOO_LARGE,
    PERMISSION_MISSING.
    """

    method = "signing.import_certificate"
    permission = Permission.REPORT
    audit = AuditClass.SETTINGS

    keystore: bytes
    password: str
    account_id: int = 0


class RevokeCertificate(Command[SignerView], frozen=True, kw_only=True):
    """Sign no longer with this certificate; the next approval makes a new one. Refusals: NOT_FOUND, INVALID (reason).

    What was signed before stays valid.
    """

    method = "signing.revoke_certificate"
    permission = Permission.ADMINISTER
    audit = AuditClass.SETTINGS

    certificate_id: int
    reason: str


class AuthorityView(msgspec.Struct, frozen=True, kw_only=True):
    """The hospital's own certificate authority: give `root_pem` to whoever verifies reports."""

    name: str
    fingerprint: str  # SHA-256, hexadecimal
    valid_from: datetime
    valid_to: datetime
    root_pem: str


class GetAuthority(Query[AuthorityView], frozen=True, kw_only=True):
    """The root certificate; made at the first request for it or the first signature."""

    method = "signing.get_authority"
    permission = Permission.SIGNED_IN
    audit = AuditClass.ROUTINE


# ── signed reports ───────────────────────────────────────────────────────────────────────────────────


class EditionView(msgspec.Struct, frozen=True, kw_only=True):
    """An approved edition of a report (第 N 版); editions are never changed."""

    number: int  # from 1
    kind: str  # first, revision, addendum
    reason: str  # why it was withdrawn before; empty for the first
    addendum: str  # plain text; empty unless `kind` is addendum
    text_version: int
    diagnosing_doctor: str
    auditing_doctor: str
    approved_at: datetime
    seal: str
    is_present: bool  # False for what was replaced
    is_withdrawn: bool  # True while a revision is written and not yet approved
    signer: str = ""  # holder of the certificate; empty before signatures were made
    certificate_fingerprint: str = ""
    document_id: int = 0  # the signed PDF, 0 while it is not made yet


class ListEditions(Query[tuple[EditionView, ...]], frozen=True, kw_only=True):
    """The approved editions of a report, newest first. Refusals: NOT_FOUND."""

    method = "signing.list_editions"
    permission = Permission.SIGNED_IN
    audit = AuditClass.REPORT

    report_id: int


class SignedDataView(msgspec.Struct, frozen=True, kw_only=True):
    """The signed data of an edition: what `mingjing report verify FILE.json` reads, UTF-8 JSON."""

    file_name: str
    data: bytes


class ExportSignedData(Query[SignedDataView], frozen=True, kw_only=True):
    """The data of an edition with its detached signature (CMS, RFC 5652). Edition 0 is the present one.

    Refusals: NOT_FOUND (not approved, or approved before signatures were made).
    """

    method = "signing.export_data"
    permission = Permission.PRINT_REPORT
    audit = AuditClass.EXPORT

    report_id: int
    edition: int = 0


class SignatureVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """One sentence on an edition's signatures, and whether everything is as it was signed."""

    is_good: bool
    sentence: str


class CheckEdition(Query[SignatureVerdict], frozen=True, kw_only=True):
    """Check signature, seal and text of an edition now. Edition 0 is the present one. Refusals: NOT_FOUND."""

    method = "signing.check_edition"
    permission = Permission.SIGNED_IN
    audit = AuditClass.REPORT

    report_id: int
    edition: int = 0
