"""Rows of signatures. Private keys are kept sealed (server.signing.sealing_keys); nothing here is ever changed but
which picture and certificate is the present one."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Boolean, ForeignKey, Index, Integer, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from server.kernel.database import Base, UtcDateTime


class AuthorityRow(Base):
    """The hospital's own certificate authority and its clock's certificate (RFC 3161); there is one, id 1."""

    __tablename__ = "signing_authority"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    certificate: Mapped[bytes] = mapped_column(LargeBinary)  # DER
    sealed_key: Mapped[bytes] = mapped_column(LargeBinary)
    clock_certificate: Mapped[bytes] = mapped_column(LargeBinary)  # DER
    sealed_clock_key: Mapped[bytes] = mapped_column(LargeBinary)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)


class PictureRow(Base):
    """One version of a doctor's signature picture; the PNG stands here, so that no document id leads to it."""

    __tablename__ = "signature_pictures"

    account_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True)
    png: Mapped[bytes] = mapped_column(LargeBinary)
    width: Mapped[int] = mapped_column(Integer)
    height: Mapped[int] = mapped_column(Integer)
    is_drawn: Mapped[bool] = mapped_column(Boolean)
    is_present: Mapped[bool] = mapped_column(Boolean)
    set_at: Mapped[datetime] = mapped_column(UtcDateTime)
    set_by_id: Mapped[int] = mapped_column(Integer)
    set_by: Mapped[str] = mapped_column(String(80))
    set_why: Mapped[str] = mapped_column(String(200), default="", server_default="")  # by an administrator
    removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    removed_by: Mapped[str] = mapped_column(String(80), default="", server_default="")
    removed_why: Mapped[str] = mapped_column(String(200), default="", server_default="")


class CertificateRow(Base):
    """A certificate with its private key."""

    __tablename__ = "signing_certificates"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    account_id: Mapped[int] = mapped_column(Integer, index=True)
    holder: Mapped[str] = mapped_column(String(200))
    issuer: Mapped[str] = mapped_column(String(200))
    serial: Mapped[str] = mapped_column(String(64))
    fingerprint: Mapped[str] = mapped_column(String(64))
    valid_from: Mapped[datetime] = mapped_column(UtcDateTime)
    valid_to: Mapped[datetime] = mapped_column(UtcDateTime)
    certificate: Mapped[bytes] = mapped_column(LargeBinary)  # DER
    chain: Mapped[bytes] = mapped_column(LargeBinary)  # PEM of the issuers, nearest first
    sealed_key: Mapped[bytes] = mapped_column(LargeBinary)
    is_imported: Mapped[bool] = mapped_column(Boolean)
    is_present: Mapped[bool] = mapped_column(Boolean)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_why: Mapped[str] = mapped_column(String(200), default="")


class DataSignature(Base):
    """The detached signature over an edition's canonical bytes, made in the transaction that approved it."""

    __tablename__ = "report_signatures"

    report_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)  # an imaging or a pathology report's
    edition: Mapped[int] = mapped_column(Integer, primary_key=True)
    certificate_id: Mapped[int] = mapped_column(ForeignKey("signing_certificates.id"))
    seal: Mapped[str] = mapped_column(String(64))
    cms: Mapped[bytes] = mapped_column(LargeBinary)  # DER, RFC 5652, detached
    signed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class SignedPaper(Base):
    """The signed PDF of an edition in one language: made once, printed ever after as the same bytes."""

    __tablename__ = "signed_papers"

    report_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)  # an imaging or a pathology report's
    edition: Mapped[int] = mapped_column(Integer, primary_key=True)
    language: Mapped[str] = mapped_column(String(2), primary_key=True)
    document_id: Mapped[int] = mapped_column(Integer)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (Index("ix_signed_papers_document", "document_id"),)
