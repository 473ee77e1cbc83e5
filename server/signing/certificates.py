"""Makes and reads certificates (X.509, RFC 5280); knows no database."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cryptography import x509

AUTHORITY_YEARS = 25
CLOCK_YEARS = 25
HOLDER_YEARS = 3
RENEW_BEFORE = dt.timedelta(days=30)
_SLACK = dt.timedelta(minutes=5)  # clocks of verifying machines differ
_KEY_SIZE_RSA = 2048  # the least that is taken of outside authorities


@dataclass(frozen=True, slots=True)
class Identity:
    """A certificate with its private key (DER, PKCS#8) and the issuers above it (nearest first)."""

    certificate: x509.Certificate
    private_key: bytes
    chain: tuple[x509.Certificate, ...] = ()

    @property
    def key(self) -> Any:
        """The private key as `cryptography` uses it."""
        from cryptography.hazmat.primitives.serialization import load_der_private_key

        return load_der_private_key(self.private_key, None)


class BadKeystore(ValueError):
    """A PKCS#12 file cannot be used; the text is a Chinese sentence for a person."""


def new_authority(hospital: str, now: dt.datetime) -> Identity:
    """A new root authority for `hospital`; P-384, 25 years."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    key = ec.generate_private_key(ec.SECP384R1())
    name = _name(f"{hospital or 'Mingjing'} 报告签名 CA", hospital)
    key_identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _SLACK)
        .not_valid_after(_years_later(now, AUTHORITY_YEARS))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(key_cert_sign=True, crl_sign=True), critical=True)
        .add_extension(key_identifier, critical=False)
        .sign(key, hashes.SHA384())
    )
    der = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return Identity(certificate, der)


def new_holder(
    authority: Identity, name: str, login: str, hospital: str, now: dt.datetime, *, years: int = HOLDER_YEARS
) -> Identity:
    """A new certificate of a person for signing documents; P-256."""
    from cryptography.hazmat.primitives.asymmetric import ec

    usage = _usage(digital_signature=True, content_commitment=True)
    return _issued(authority, ec.generate_private_key(ec.SECP256R1()), _name(name, hospital, login), usage, now, years)


def new_clock(authority: Identity, hospital: str, now: dt.datetime) -> Identity:
    """A new certificate of the clock that dates signatures (RFC 3161)."""
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.x509.oid import ExtendedKeyUsageOID

    purpose = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])  # must be critical and alone (RFC 3161, 2.3)
    name = _name(f"{hospital or 'Mingjing'} 时间戳", hospital)
    key = rsa.generate_private_key(65537, 3072)  # pyHanko's time-stamper signs by RSA only
    return _issued(authority, key, name, _usage(digital_signature=True), now, CLOCK_YEARS, purpose)


def revocation_list(authority: Identity, now: dt.datetime, revoked: tuple[tuple[int, dt.datetime], ...] = ()) -> bytes:
    """The authority's list of revoked certificates (serial, moment) as DER."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.serialization import Encoding

    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(authority.certificate.subject)
        .last_update(now - _SLACK)
        .next_update(now + dt.timedelta(days=7))
        .add_extension(x509.CRLNumber(int(now.timestamp())), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.certificate.public_key()),  # type: ignore[arg-type]
            critical=False,
        )
    )
    for serial, moment in revoked:
        builder = builder.add_revoked_certificate(
            x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(moment).build()
        )
    return builder.sign(authority.key, hashes.SHA384()).public_bytes(Encoding.DER)


def opened_keystore(data: bytes, password: str, now: dt.datetime) -> Identity:
    """Read a PKCS#12 file. Raises BadKeystore with a sentence that says what is wrong and what to do."""
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, pkcs12

    try:
        key, certificate, others = pkcs12.load_key_and_certificates(data, password.encode() or None)
    except (ValueError, TypeError) as fault:
        raise BadKeystore("证书文件打不开：请检查密码，并确认是 PKCS#12（.p12 / .pfx）文件。") from fault
    if key is None or certificate is None:
        raise BadKeystore("文件里没有私钥或证书，请向证书颁发机构索取含私钥的 .p12 文件。")
    _check_usable(key, certificate, now)
    chain = _chain_of(certificate, others)
    der = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return Identity(certificate, der, chain)


def _check_usable(key: Any, certificate: x509.Certificate, now: dt.datetime) -> None:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ec, rsa
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        raise BadKeystore("只支持 RSA 或椭圆曲线（P-256、P-384、P-521）的密钥，请更换证书。")
    if isinstance(key, rsa.RSAPrivateKey) and key.key_size < _KEY_SIZE_RSA:
        raise BadKeystore(f"RSA 密钥只有 {key.key_size} 位，至少需要 {_KEY_SIZE_RSA} 位，请更换证书。")
    if isinstance(key, ec.EllipticCurvePrivateKey) and not key.curve.name.startswith("secp"):
        raise BadKeystore("不支持这条椭圆曲线，请更换为 P-256、P-384 或 P-521 的证书。")
    spki = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    if key.public_key().public_bytes(*spki) != certificate.public_key().public_bytes(*spki):
        raise BadKeystore("私钥与证书不配套，请重新导出 .p12 文件。")
    if now < certificate.not_valid_before_utc:
        raise BadKeystore("证书还没有生效，请检查证书日期和服务器时间。")
    if now > certificate.not_valid_after_utc:
        raise BadKeystore("证书已经过期，请导入新的证书。")
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return
    if not (usage.digital_signature or usage.content_commitment):
        raise BadKeystore("这张证书不能用于签名，请导入签名证书而不是加密证书。")


def _chain_of(certificate: x509.Certificate, others: list[x509.Certificate]) -> tuple[x509.Certificate, ...]:
    """Sort the other certificates into issuers of `certificate`, nearest first; what does not belong is left out."""
    from cryptography.exceptions import InvalidSignature

    chain: list[x509.Certificate] = []
    present = certificate
    while present.issuer != present.subject and len(chain) < 8:
        for other in others:
            if other.subject != present.issuer or other in chain:
                continue
            try:
                present.verify_directly_issued_by(other)
            except (InvalidSignature, ValueError, TypeError):
                continue
            chain.append(other)
            present = other
            break
        else:
            break
    return tuple(chain)


def common_name(name: x509.Name) -> str:
    """The common name, or the whole name where there is none."""
    from cryptography.x509.oid import NameOID

    found = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(found[0].value) if found else name.rfc4514_string()


def shown_name(name: str, login: str) -> str:
    """What a person's certificate calls its holder; at most 64 characters (RFC 5280, ub-common-name)."""
    return name.strip()[:64] or login


def fingerprint(certificate: x509.Certificate) -> str:
    """SHA-256 of the certificate, hexadecimal."""
    from cryptography.hazmat.primitives import hashes

    return certificate.fingerprint(hashes.SHA256()).hex()


def pem(certificates: tuple[x509.Certificate, ...]) -> bytes:
    """The certificates as PEM, one after the other."""
    from cryptography.hazmat.primitives.serialization import Encoding

    return b"".join(certificate.public_bytes(Encoding.PEM) for certificate in certificates)


def from_pem(text: bytes) -> tuple[x509.Certificate, ...]:
    """Read `pem`; empty gives none. Raises ValueError for what is no PEM."""
    from cryptography import x509

    return tuple(x509.load_pem_x509_certificates(text)) if text.strip() else ()


def _issued(
    authority: Identity,
    key: Any,
    name: x509.Name,
    usage: x509.KeyUsage,
    now: dt.datetime,
    years: int,
    purpose: x509.ExtendedKeyUsage | None = None,
) -> Identity:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    root = authority.certificate
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(root.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(max(now - _SLACK, root.not_valid_before_utc))
        .not_valid_after(min(_years_later(now, years), root.not_valid_after_utc))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(root.public_key()),  # type: ignore[arg-type]
            critical=False,
        )
    )
    if purpose is not None:
        builder = builder.add_extension(purpose, critical=True)
    certificate = builder.sign(authority.key, hashes.SHA384())
    der = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return Identity(certificate, der, (root,))


def _name(common: str, organisation: str, login: str = "") -> x509.Name:
    """At most 64 characters a part (RFC 5280, appendix A: ub-common-name, ub-organization-name)."""
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    parts = [x509.NameAttribute(NameOID.COMMON_NAME, shown_name(common, login))]
    if organisation.strip():
        parts.append(x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation.strip()[:64]))
    if login:
        parts.append(x509.NameAttribute(NameOID.USER_ID, login[:64]))
    return x509.Name(parts)


def _usage(**chosen: bool) -> x509.KeyUsage:
    from cryptography import x509

    names = (
        "digital_signature",
        "content_commitment",
        "key_encipherment",
        "data_encipherment",
        "key_agreement",
        "key_cert_sign",
        "crl_sign",
        "encipher_only",
        "decipher_only",
    )
    return x509.KeyUsage(**{name: chosen.get(name, False) for name in names})


def _years_later(moment: dt.datetime, years: int) -> dt.datetime:
    return moment + dt.timedelta(days=round(365.25 * years))
