"""Verifies signed reports without a server or a network: one verdict with one sentence in English.

A certificate must have been valid when the signature was made, as the signature's own time-stamp says (RFC 3161), or
the signer's word where there is none; a certificate that ran out since takes nothing from a report.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from typing import TYPE_CHECKING, Any

from server.signing.data import NoSignedFile, read_file

if TYPE_CHECKING:
    from cryptography import x509

for _name in ("pyhanko", "pyhanko_certvalidator"):  # what they have to say stands in the verdict
    logging.getLogger(_name).setLevel(logging.CRITICAL)

MOST_PDF_BYTES = 256 * 1024 * 1024
_MOST_SIGNATURES = 20


@dataclass(frozen=True, slots=True)
class Proof:
    """What a verification found. `is_good` needs an unchanged content, a valid signature and, where roots were given,
    a chain of certificates that ends at one of them."""

    is_good: bool
    sentence: str
    signer: str = ""
    signed_at: dt.datetime | None = None
    is_time_stamped: bool = False
    is_unchanged: bool = False
    is_signature_valid: bool = False
    is_trusted: bool | None = None  # None: no roots were given
    issuer: str = ""
    fingerprint: str = ""
    subject: str = ""  # what was signed, "report 12 edition 2 (A0000012)"


class NotSigned(ValueError):
    """The file has no signature that could be checked; the text is an English sentence."""


def check_file(file: bytes, roots: tuple[x509.Certificate, ...] = ()) -> Proof:
    """Verify a PDF or a signed-data file. Raises NotSigned for what is neither or carries no signature."""
    if file[:1024].lstrip().startswith(b"%PDF-"):
        return check_pdf(file, roots)
    try:
        carried = read_file(file)
    except NoSignedFile as fault:
        raise NotSigned(str(fault)) from fault
    return replace_subject(check_data(carried.data, carried.cms, roots), _subject_of(carried.data))


def check_data(data: bytes, cms: bytes, roots: tuple[x509.Certificate, ...] = ()) -> Proof:
    """Verify a detached signature over `data`."""
    from asn1crypto import cms as asn1_cms
    from pyhanko.sign.general import extract_signer_info
    from pyhanko.sign.validation.generic_cms import async_validate_detached_cms, extract_self_reported_ts

    try:
        content = asn1_cms.ContentInfo.load(cms, strict=True)
        if content["content_type"].native != "signed_data":
            raise NotSigned("the signature is no CMS signed-data")
        signed_data = content["content"]
        at = extract_self_reported_ts(extract_signer_info(signed_data))
        anchors = roots or _own_roots(signed_data)
        status = _run(async_validate_detached_cms(data, signed_data, _context(anchors, at)))
        return _proof(status, at, is_stamped=False, is_unchanged=status.intact, were_roots_given=bool(roots))
    except NotSigned:
        raise
    except _faults() as fault:
        return Proof(False, f"NOT VALID: the signature cannot be read ({_reason(fault)}).")


def check_pdf(pdf: bytes, roots: tuple[x509.Certificate, ...] = ()) -> Proof:
    """Verify every signature of a PDF; the worst one decides. Raises NotSigned."""
    from pyhanko.pdf_utils.reader import PdfFileReader

    if len(pdf) > MOST_PDF_BYTES:
        raise NotSigned("the file is too large for a report")
    try:
        reader = PdfFileReader(BytesIO(pdf), strict=False)
        signatures = list(reader.embedded_regular_signatures)
    except _faults() as fault:
        raise NotSigned(f"the PDF cannot be read ({_reason(fault)})") from fault
    if not signatures:
        raise NotSigned("the PDF carries no signature")
    if len(signatures) > _MOST_SIGNATURES:
        raise NotSigned(f"the PDF carries {len(signatures)} signatures; a report has one")
    proofs = [_check_embedded(signature, roots) for signature in signatures]
    worst = min(proofs, key=lambda proof: (proof.is_good, proof.is_unchanged))
    return replace_subject(worst, _title(reader))


def replace_subject(proof: Proof, subject: str) -> Proof:
    """Name what was signed in the sentence."""
    return (
        replace(proof, subject=subject, sentence=proof.sentence.replace("the report", subject, 1)) if subject else proof
    )


def _check_embedded(signature: Any, roots: tuple[x509.Certificate, ...]) -> Proof:
    from pyhanko.sign.validation import async_validate_pdf_signature
    from pyhanko.sign.validation.status import SignatureCoverageLevel

    try:
        stamped = _stamped_at(signature, roots)
        at = stamped or signature.self_reported_timestamp
        anchors = roots or _own_roots(signature.signed_data)
        context = _context(anchors, at)
        status = _run(async_validate_pdf_signature(signature, context, _context(anchors, at)))
        return _proof(
            status,
            at,
            is_stamped=stamped is not None,
            is_unchanged=status.intact and status.coverage == SignatureCoverageLevel.ENTIRE_FILE,
            were_roots_given=bool(roots),
        )
    except _faults() as fault:
        return Proof(False, f"NOT VALID: the signature cannot be checked ({_reason(fault)}).")


def _stamped_at(signature: Any, roots: tuple[x509.Certificate, ...]) -> dt.datetime | None:
    """The moment that a valid time-stamp gives, None without one or where it does not hold."""
    from pyhanko.sign.validation.generic_cms import (
        extract_tst_data_iter,
        message_imprint_checker,
        validate_tst_signed_data,
    )

    token = next(iter(extract_tst_data_iter(signature.signer_info, signed=False)), None)
    if token is None:
        return None
    anchors = roots or _own_roots(token)
    moment = token["encap_content_info"]["content"].parsed["gen_time"].native
    found = _run(
        validate_tst_signed_data(token, _context(anchors, moment), message_imprint_checker(signature.signer_info))
    )
    return moment if found["intact"] and found["valid"] and found["trust_problem_indic"] is None else None


def _proof(
    status: Any, at: dt.datetime | None, *, is_stamped: bool, is_unchanged: bool, were_roots_given: bool
) -> Proof:
    signer = _common_name(status.signing_cert)
    is_trusted = bool(status.trusted) if were_roots_given else None
    is_good = bool(is_unchanged and status.valid and status.intact and is_trusted is not False)
    when = f"{at.astimezone(dt.UTC):%Y-%m-%d %H:%M:%S} UTC" if at else "an unknown time"
    if not status.intact or not is_unchanged:
        sentence = f"NOT VALID: the report was changed after {signer} signed it on {when}."
    elif not status.valid:
        sentence = f"NOT VALID: the signature in the name of {signer} is forged or damaged."
    elif is_trusted is False:
        sentence = f"NOT TRUSTED: {_why_untrusted(status, signer, when, at)}"
    else:
        stamp = " (time-stamped)" if is_stamped else ""
        sentence = f"VALID: {signer} signed the report on {when}{stamp}, and nothing was changed since."
        if is_trusted is None:
            sentence += (
                " Whether the certificate is the hospital's was not checked: name its root certificate with --ca."
            )
    return Proof(
        is_good=is_good,
        sentence=sentence,
        signer=signer,
        signed_at=at,
        is_time_stamped=is_stamped,
        is_unchanged=is_unchanged,
        is_signature_valid=bool(status.valid),
        is_trusted=is_trusted,
        issuer=_issuer_name(status.signing_cert),
        fingerprint=status.signing_cert.sha256.hex(),
    )


def _why_untrusted(status: Any, signer: str, when: str, moment: dt.datetime | None) -> str:
    problem = str(getattr(status.trust_problem_indic, "value", status.trust_problem_indic) or "")
    certificate = status.signing_cert
    if "REVOKED" in problem.upper():
        return f"the certificate of {signer} was revoked before the report was signed on {when}."
    until = certificate.not_valid_after
    if moment is not None and not certificate.not_valid_before <= moment <= until:
        return (
            f"the certificate of {signer} (valid to {until:%Y-%m-%d}) was not valid when the report was signed"
            f" on {when}."
        )
    return (
        f"the content is unchanged since {signer} signed the report on {when}, but the certificate was not issued"
        " by the authority that you named."
    )


def _context(roots: Sequence[Any], at: dt.datetime | None) -> Any:
    from asn1crypto import x509 as asn1_x509
    from cryptography.hazmat.primitives.serialization import Encoding
    from pyhanko_certvalidator import ValidationContext

    anchors = [
        root if isinstance(root, asn1_x509.Certificate) else asn1_x509.Certificate.load(root.public_bytes(Encoding.DER))
        for root in roots
    ]
    return ValidationContext(trust_roots=anchors, allow_fetching=False, moment=at, revocation_mode="soft-fail")


def _own_roots(signed_data: Any) -> list[Any]:
    """The self-issued certificates that the signature brings: they prove the chain, but not whose it is."""
    found = [choice.chosen for choice in signed_data["certificates"] or () if choice.name == "certificate"]
    return [certificate for certificate in found if certificate.self_issued] or found


def _faults() -> tuple[type[Exception], ...]:
    """What reading a hostile file raises in the libraries beneath."""
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from pyhanko.pdf_utils.misc import PdfError
    from pyhanko.sign.general import SigningError
    from pyhanko_certvalidator.errors import ValidationError

    return (
        InvalidSignature,
        UnsupportedAlgorithm,
        PdfError,
        SigningError,
        ValidationError,
        ValueError,
        TypeError,
        KeyError,
        IndexError,
        AttributeError,
        OSError,
        RecursionError,
        OverflowError,
        NotImplementedError,
        AssertionError,
    )


def _run(coroutine: Any) -> Any:
    import asyncio

    return asyncio.run(coroutine)


def _reason(fault: Exception) -> str:
    text = " ".join(str(fault).split())[:120]
    return text or type(fault).__name__


def _common_name(certificate: Any) -> str:
    native = certificate.subject.native
    return str(native.get("common_name") or certificate.subject.human_friendly)[:200]


def _issuer_name(certificate: Any) -> str:
    native = certificate.issuer.native
    return str(native.get("common_name") or certificate.issuer.human_friendly)[:200]


def _subject_of(data: bytes) -> str:
    try:
        facts = json.loads(data)
        number, edition = str(facts["accession_number"])[:40], int(facts.get("edition", 1))
        return f"report {number} edition {edition}"
    except (ValueError, KeyError, TypeError, RecursionError, AttributeError):
        return ""


def _title(reader: Any) -> str:
    try:
        title = reader.trailer["/Info"].get("/Title")
    except _faults():
        return ""
    return f"“{' '.join(str(title).split())[:80]}”" if title else ""
