"""Signatures in PDF: PAdES (ETSI EN 319 142-1), baseline B-LT with the hospital's own authority, else B-T.

The certificates and the list of revoked ones go into the document's security store before signing, so the signature
covers every byte of the file. Only incremental updates are written: a PDF/A file stays one (ISO 19005-2, 6.4.3).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any

from server.signing.certificates import Identity, common_name

if TYPE_CHECKING:
    from collections.abc import Sequence

FIELD = "Approval"
_CLOCK_POLICY = "2.25.325812017459811473020317420118310923474"  # our own: "the server's clock at approval"


@dataclass(frozen=True, slots=True)
class Box:
    """Where the signature is seen: page from 0, corners in points from the lower left."""

    page: int
    left: float
    bottom: float
    right: float
    top: float


@dataclass(frozen=True, slots=True)
class Seals:
    """Who signs, whose clock dates it, and what proves both later without a network."""

    signer: Identity
    clock: Identity | None = None
    revocation_lists: tuple[bytes, ...] = ()


def sign_pdf(pdf: bytes, seals: Seals, *, at: dt.datetime, reason: str, place: str, box: Box | None = None) -> bytes:
    """Return `pdf` signed. `at` is the moment of approval; the clock dates the signature itself, which is later.

    The drawn signature is part of the page; with `box` the field that viewers offer to click lies over it, else the
    field is invisible.
    """
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign import fields, signers
    from pyhanko.stamp import StaticStampStyle

    writer = IncrementalPdfFileWriter(BytesIO(pdf), strict=False)
    signer = _signer(seals.signer)
    timestamper = _clock(seals.clock) if seals.clock is not None else None
    if seals.revocation_lists:
        _add_proofs(writer, seals)
    spec = fields.SigFieldSpec(
        sig_field_name=FIELD,
        on_page=box.page if box else 0,
        box=(round(box.left), round(box.bottom), round(box.right), round(box.top)) if box else None,
    )
    metadata = signers.PdfSignatureMetadata(
        field_name=FIELD,
        md_algorithm="sha256",
        subfilter=fields.SigSeedSubFilter.PADES,
        name=common_name(seals.signer.certificate.subject),
        reason=f"{reason} {at:%Y-%m-%d %H:%M%z}",
        location=place,
    )
    # The page shows the signature already; an empty appearance needs no font, which PDF/A would want embedded.
    style = StaticStampStyle(border_width=0, background=None) if box else None
    pdf_signer = signers.PdfSigner(metadata, signer, timestamper=timestamper, stamp_style=style, new_field_spec=spec)
    signed: BytesIO = pdf_signer.sign_pdf(writer)
    return signed.getvalue()


def _signer(identity: Identity) -> Any:
    from asn1crypto import keys
    from pyhanko.sign import signers
    from pyhanko_certvalidator.registry import SimpleCertificateStore

    store = SimpleCertificateStore()  # type: ignore[no-untyped-call]
    store.register_multiple(_asn1(identity.chain))
    return signers.SimpleSigner(
        signing_cert=_asn1([identity.certificate])[0],
        signing_key=keys.PrivateKeyInfo.load(identity.private_key),
        cert_registry=store,
    )


def _clock(identity: Identity) -> Any:
    from asn1crypto import keys, tsp
    from pyhanko.sign.timestamps import DummyTimeStamper
    from pyhanko_certvalidator.registry import SimpleCertificateStore

    class HouseClock(DummyTimeStamper):
        """pyHanko's time-stamper in the same process, under our own policy."""

        def _build_tst_info(self, message_imprint: Any, dt: Any, req: Any) -> Any:
            info = super()._build_tst_info(message_imprint, dt, req)
            info["policy"] = tsp.ObjectIdentifier(_CLOCK_POLICY)
            return info

    store = SimpleCertificateStore()  # type: ignore[no-untyped-call]
    store.register_multiple(_asn1(identity.chain))
    return HouseClock(_asn1([identity.certificate])[0], keys.PrivateKeyInfo.load(identity.private_key), store)


def _add_proofs(writer: Any, seals: Seals) -> None:
    from asn1crypto import crl
    from pyhanko.sign.validation.dss import DocumentSecurityStore

    certificates = [seals.signer.certificate, *seals.signer.chain]
    if seals.clock is not None:
        certificates += [seals.clock.certificate, *seals.clock.chain]
    unique = {certificate.public_bytes(_der()): certificate for certificate in certificates}
    DocumentSecurityStore.supply_dss_in_writer(
        writer,
        None,
        certs=_asn1(list(unique.values())),
        crls=[crl.CertificateList.load(one) for one in seals.revocation_lists],
    )


def _der() -> Any:
    from cryptography.hazmat.primitives.serialization import Encoding

    return Encoding.DER


def _asn1(certificates: Sequence[Any]) -> list[Any]:
    from asn1crypto import x509

    return [x509.Certificate.load(certificate.public_bytes(_der())) for certificate in certificates]
