"""Use cases of signatures: a doctor's picture and certificate, the signature at approval, editions and their proof."""

from __future__ import annotations

from sqlalchemy import func, select

from server.kernel.clock import HospitalTime
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import Refusal, invalid, not_found
from server.signing import certificates, data, verification
from server.signing.keys import Keys
from server.signing.pictures import BadPicture, prepared
from server.signing.ports import Accounts, Edition, Editions
from server.signing.signers import certificate_view, rows_of
from server.signing.tables import CertificateRow, DataSignature, PictureRow, SignedPaper
from shared.contract.errors import ErrorCode
from shared.contract.signing import (
    MAX_PICTURE_BYTES,
    AuthorityView,
    EditionView,
    SignaturePictureView,
    SignatureVerdict,
    SignedDataView,
    SignerRow,
    SignerView,
)
from shared.domain.permissions import Permission

_MOST_VERSIONS_SHOWN = 10


class SigningService:
    """Signs and proves; every method works in the caller's unit of work."""

    def __init__(self, keys: Keys, editions: Editions, accounts: Accounts, time: HospitalTime) -> None:
        self._keys = keys
        self._editions = editions
        self._accounts = accounts
        self._time = time

    # ── the doctor's picture and certificate ─────────────────────────────────────────────────────────

    def signer(self, uow: UnitOfWork, caller: Caller, account_id: int) -> SignerView:
        """Return how a person signs; raises PERMISSION_MISSING for another's unless the caller administers."""
        return self._view(uow, self._whose(caller, account_id))

    def signers(self, uow: UnitOfWork) -> tuple[SignerRow, ...]:
        """Return who may report or has ever signed."""
        return rows_of(uow, self._accounts.doctors(uow), self._time.now())

    def set_picture(
        self, uow: UnitOfWork, caller: Caller, account_id: int, picture: bytes, *, is_drawn: bool, reason: str = ""
    ) -> SignerView:
        """Keep a new version of the picture; the same strokes again keep nothing."""
        account = self._whose(caller, account_id)
        why = _reason(caller, account, reason)
        if len(picture) > MAX_PICTURE_BYTES:
            raise Refusal(ErrorCode.TOO_LARGE, f"签名图片不能超过 {MAX_PICTURE_BYTES >> 20} MB，请缩小后再上传。")
        try:
            ready = prepared(picture)
        except BadPicture as fault:
            raise invalid("picture", str(fault)) from fault
        present = self._present_picture(uow, account)
        if present is not None and present.png == ready.png:
            return self._view(uow, account)
        self._no_present_picture(uow, account)  # replaced, not removed
        last = uow.session.scalar(
            select(func.coalesce(func.max(PictureRow.version), 0)).where(PictureRow.account_id == account)
        )
        uow.session.add(
            PictureRow(
                account_id=account,
                version=(last or 0) + 1,
                png=ready.png,
                width=ready.width,
                height=ready.height,
                is_drawn=is_drawn,
                is_present=True,
                set_at=self._time.now(),
                set_by_id=caller.user_id,
                set_by=caller.name[:80],
                set_why=why,
            )
        )
        uow.session.flush()
        return self._view(uow, account)

    def remove_picture(self, uow: UnitOfWork, caller: Caller, account_id: int, reason: str = "") -> SignerView:
        """Print the name instead from now on."""
        account = self._whose(caller, account_id)
        present = self._present_picture(uow, account)
        if present is None:
            raise not_found("签名图片")
        present.removed_why = _reason(caller, account, reason)
        present.removed_at, present.removed_by = self._time.now(), caller.name[:80]
        self._no_present_picture(uow, account)
        return self._view(uow, account)

    def import_certificate(
        self, uow: UnitOfWork, caller: Caller, account_id: int, keystore: bytes, password: str
    ) -> SignerView:
        """Sign with an outside authority's certificate from now on."""
        account = self._whose(caller, account_id)
        self._keys.import_keystore(uow, account, keystore, password)
        return self._view(uow, account)

    def revoke(self, uow: UnitOfWork, certificate_id: int, reason: str) -> SignerView:
        """Sign no longer with a certificate."""
        return self._view(uow, self._keys.revoke(uow, certificate_id, reason).account_id)

    def picture_of(self, uow: UnitOfWork, account_id: int) -> bytes | None:
        """Return a person's present signature picture (PNG) for paper, None to print the name."""
        row = self._present_picture(uow, account_id) if account_id else None
        return None if row is None else row.png

    def authority(self, uow: UnitOfWork) -> AuthorityView:
        """Return the root certificate, to be given to whoever verifies reports."""
        root = self._keys.root(uow)
        return AuthorityView(
            name=certificates.common_name(root.subject),
            fingerprint=certificates.fingerprint(root),
            valid_from=root.not_valid_before_utc,
            valid_to=root.not_valid_after_utc,
            root_pem=certificates.pem((root,)).decode(),
        )

    @staticmethod
    def _whose(caller: Caller, account_id: int) -> int:
        account = account_id or caller.user_id
        if account != caller.user_id and not caller.may(Permission.ADMINISTER):
            raise Refusal(ErrorCode.PERMISSION_MISSING, "只能查看和设置本人的签名；他人的签名由管理员设置。")
        return account

    @staticmethod
    def _present_picture(uow: UnitOfWork, account_id: int) -> PictureRow | None:
        query = select(PictureRow).where(PictureRow.account_id == account_id, PictureRow.is_present)
        return uow.session.scalars(query.order_by(PictureRow.version.desc()).limit(1)).first()

    @staticmethod
    def _no_present_picture(uow: UnitOfWork, account_id: int) -> None:
        query = select(PictureRow).where(PictureRow.account_id == account_id, PictureRow.is_present)
        for row in uow.session.scalars(query):
            row.is_present = False

    def _view(self, uow: UnitOfWork, account_id: int) -> SignerView:
        _, name = self._accounts.person(uow, account_id)
        rows = uow.session.scalars(
            select(PictureRow)
            .where(PictureRow.account_id == account_id)
            .order_by(PictureRow.version.desc())
            .limit(_MOST_VERSIONS_SHOWN)
        )
        pictures = tuple(_picture_view(row) for row in rows)
        return SignerView(
            account_id=account_id,
            name=name,
            picture=next((one for one in pictures if one.is_present), None),
            pictures=pictures,
            certificates=tuple(certificate_view(row) for row in self._keys.certificates_of(uow, account_id)),
        )

    # ── at approval ──────────────────────────────────────────────────────────────────────────────────

    def sign_edition(self, uow: UnitOfWork, caller: Caller, report_id: int) -> DataSignature:
        """Sign the newest edition for the caller, in the transaction that approves it; twice gives the first."""
        edition = self._editions.edition(uow, report_id)
        there = uow.session.get(DataSignature, (report_id, edition.number))
        if there is not None:
            return there
        row, identity = self._keys.of_person(uow, caller.user_id, caller.login, caller.name)
        signature = DataSignature(
            report_id=report_id,
            edition=edition.number,
            certificate_id=row.id,
            seal=edition.seal,
            cms=data.signed(identity, edition.sealed),
            signed_at=self._time.now(),
        )
        uow.session.add(signature)
        uow.session.flush()
        return signature

    # ── editions and their proof ─────────────────────────────────────────────────────────────────────

    def editions(self, uow: UnitOfWork, report_id: int) -> tuple[EditionView, ...]:
        """Return the approved editions with who signed them, newest first."""
        found = self._editions.editions(uow, report_id)
        signed = {
            row.edition: (row, certificate)
            for row, certificate in uow.session.execute(
                select(DataSignature, CertificateRow)
                .join(CertificateRow, CertificateRow.id == DataSignature.certificate_id)
                .where(DataSignature.report_id == report_id)
            )
        }
        papers: dict[int, int] = {}
        query = select(SignedPaper).where(SignedPaper.report_id == report_id).order_by(SignedPaper.language)
        for paper in uow.session.scalars(query):
            papers[paper.edition] = paper.document_id  # Chinese, where there is one, comes last
        return tuple(
            _edition_view(edition, signed.get(edition.number), papers.get(edition.number, 0)) for edition in found
        )

    def export(self, uow: UnitOfWork, report_id: int, number: int) -> SignedDataView:
        """Return the signed data of an edition as a file."""
        edition = self._editions.edition(uow, report_id, number)
        signature = self._signature(uow, edition)
        name = f"report-{_safe(edition.accession_number) or report_id}-v{edition.number}.json"
        return SignedDataView(file_name=name, data=data.file_of(edition.sealed, signature.cms, edition.number))

    def check(self, uow: UnitOfWork, report_id: int, number: int) -> SignatureVerdict:
        """Check an edition's signature, seal and kept text now."""
        edition = self._editions.edition(uow, report_id, number)
        if not self._editions.is_as_sealed(uow, report_id, edition.number):
            return SignatureVerdict(is_good=False, sentence="警告：系统中保存的内容与审核时的封印不符，请联系管理员。")
        signature = uow.session.get(DataSignature, (report_id, edition.number))
        if signature is None:
            return SignatureVerdict(is_good=True, sentence="内容与封印一致；此版在启用电子签名之前审核，没有数字签名。")
        row = uow.session.get_one(CertificateRow, signature.certificate_id)
        anchor = self._keys.identity(row).chain[-1:] if row.is_imported else (self._keys.root(uow),)
        proof = verification.check_data(edition.sealed, signature.cms, tuple(anchor))
        when = self._time.local(signature.signed_at).strftime("%Y-%m-%d %H:%M")
        if not proof.is_good:
            return SignatureVerdict(is_good=False, sentence="警告：数字签名与内容不符，请联系管理员。")
        return SignatureVerdict(
            is_good=True,
            sentence=f"第 {edition.number} 版由 {row.holder} 于 {when} 签名，签名有效，内容未被改动。",
        )

    @staticmethod
    def _signature(uow: UnitOfWork, edition: Edition) -> DataSignature:
        found = uow.session.get(DataSignature, (edition.report_id, edition.number))
        if found is None:
            raise not_found("数字签名")
        return found


def _reason(caller: Caller, account: int, reason: str) -> str:
    """The reason that an administrator must give; a doctor's own picture needs none."""
    reason = reason.strip()
    if account != caller.user_id and not reason:
        raise invalid("reason", "请填写理由：这是他人的签名。")
    if len(reason) > 200:
        raise invalid("reason", "理由最多 200 个字。")
    return reason


def _safe(text: str) -> str:
    return "".join(c for c in text if c.isascii() and (c.isalnum() or c in "-_"))[:40]


def _picture_view(row: PictureRow) -> SignaturePictureView:
    return SignaturePictureView(
        version=row.version,
        png=row.png,
        is_drawn=row.is_drawn,
        width=row.width,
        height=row.height,
        set_at=row.set_at,
        set_by=row.set_by,
        is_present=row.is_present,
        set_why=row.set_why,
        removed_at=row.removed_at,
        removed_by=row.removed_by,
        removed_why=row.removed_why,
    )


def _edition_view(
    edition: Edition, signed: tuple[DataSignature, CertificateRow] | None, document_id: int
) -> EditionView:
    return EditionView(
        number=edition.number,
        kind=edition.kind,
        reason=edition.reason,
        addendum=edition.addendum,
        text_version=edition.text_version,
        diagnosing_doctor=edition.diagnosing_doctor,
        auditing_doctor=edition.by,
        approved_at=edition.at,
        seal=edition.seal,
        is_present=edition.is_present,
        is_withdrawn=edition.is_withdrawn,
        signer=signed[1].holder if signed else "",
        certificate_fingerprint=signed[1].fingerprint if signed else "",
        document_id=document_id,
    )
