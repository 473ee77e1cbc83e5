"""Signatures over data: CMS, detached (RFC 5652), and the file that carries data and signature together."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

import msgspec

from server.signing.certificates import Identity

FORMAT = "mingjing-signed-report-1"
MOST_FILE_BYTES = 32 * 1024 * 1024


def signed(identity: Identity, data: bytes) -> bytes:
    """Return the detached signature over `data` (DER) with the signer's certificate and its issuers."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

    builder = (
        pkcs7.PKCS7SignatureBuilder().set_data(data).add_signer(identity.certificate, identity.key, hashes.SHA256())
    )
    for issuer in identity.chain:
        builder = builder.add_certificate(issuer)
    return builder.sign(Encoding.DER, [pkcs7.PKCS7Options.DetachedSignature, pkcs7.PKCS7Options.Binary])


class SignedFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What `mingjing report verify FILE.json` reads. `report` is the signed text itself, byte by byte."""

    format: str
    report: str  # canonical JSON, UTF-8
    edition: int
    signature: str  # base64 of the detached CMS


@dataclass(frozen=True, slots=True)
class Carried:
    """The two parts of a signed file."""

    data: bytes
    cms: bytes
    edition: int


class NoSignedFile(ValueError):
    """The bytes are no signed report; the text is an English sentence."""


def file_of(data: bytes, cms: bytes, edition: int) -> bytes:
    """Return the signed file."""
    packed = SignedFile(format=FORMAT, report=data.decode(), edition=edition, signature=base64.b64encode(cms).decode())
    return msgspec.json.format(msgspec.json.encode(packed), indent=1) + b"\n"


def read_file(file: bytes) -> Carried:
    """Return what a signed file carries. Raises NoSignedFile."""
    if len(file) > MOST_FILE_BYTES:
        raise NoSignedFile("the file is too large for a signed report")
    try:
        packed = msgspec.json.decode(file, type=SignedFile)
        cms = base64.b64decode(packed.signature, validate=True)
    except (msgspec.DecodeError, UnicodeDecodeError, binascii.Error, ValueError, RecursionError) as fault:
        raise NoSignedFile("the file is no signed report of Mingjing") from fault
    if packed.format != FORMAT:
        raise NoSignedFile("the file is of another format than this version knows")
    return Carried(packed.report.encode(), cms, packed.edition)
