"""S3 under faults: a real server behind a line that fails; nothing is lost, nothing is wrongly acknowledged."""

from __future__ import annotations

import hashlib
import logging
import ssl
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from server.kernel.storage.port import ObjectDamaged, ObjectMissing, StorageError, StorageFull
from server.kernel.storage.s3 import S3Settings, S3Storage
from tests.fakes.faulty_line import Fault, FaultyLine, faulty_line
from tests.fakes.s3_server import SECRET_KEY, s3_settings

DATA = bytes(range(256)) * 800
KEY = hashlib.sha256(DATA).hexdigest()


@pytest.fixture
def settings() -> S3Settings:
    return s3_settings()


@pytest.fixture
def line(settings: S3Settings) -> Iterator[FaultyLine]:
    with faulty_line(settings.endpoint) as made:
        yield made


def through(line: FaultyLine, settings: S3Settings, **changes: Any) -> S3Storage:
    return S3Storage(replace(settings, endpoint=line.endpoint, **changes))


def read(store: S3Storage, key: str) -> bytes:
    with store.open(key) as reader:
        return reader.read()


FAULTS = {
    "server error": Fault("answer", times=3, status=500, code="InternalError"),
    "slow down": Fault("answer", times=3, status=503, code="SlowDown"),
    "gateway": Fault("answer", times=2, status=502, code="BadGateway"),
    "cut before": Fault("cut_before", times=2),
    "cut in the request": Fault("cut_request", times=2, at_byte=70_000),
    "cut in the answer": Fault("cut_answer", times=2, at_byte=100_000),
    "answer lost": Fault("cut_after", times=1),
    "flipped on the way there": Fault("flip_request", times=2, at_byte=1234),
    "flipped on the way back": Fault("flip_answer", times=2, at_byte=1234, methods=("GET",)),
    "no answer in time": Fault("delay", times=1, seconds=1.0),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_a_passing_fault_is_overcome_on_the_way_there_and_back(
    settings: S3Settings, line: FaultyLine, fault: Fault
) -> None:
    store = through(line, settings, read_timeout_s=0.5)
    line.faults.append(replace(fault))
    assert store.put(DATA) == KEY
    assert read(S3Storage(settings), KEY) == DATA, "what was acknowledged is in the bucket"
    line.faults[:] = [replace(fault, methods=("GET",))]
    assert read(store, KEY) == DATA
    assert fault.methods == ("GET",) or any(method == "PUT" for method, _ in line.seen)


LASTING = {
    "server error": (Fault("answer", times=999, status=500, code="InternalError"), "500 InternalError"),
    "cut": (Fault("cut_before", times=999), "cannot be reached"),
    "flipped": (Fault("flip_request", times=999, at_byte=99), "BadDigest"),
    "late": (Fault("delay", times=999, seconds=0.6), "no answer in time"),
}


@pytest.mark.parametrize(("fault", "says"), LASTING.values(), ids=LASTING.keys())
def test_a_lasting_fault_is_told_before_the_deadline_and_nothing_is_acknowledged(
    settings: S3Settings, line: FaultyLine, tmp_path: Path, fault: Fault, says: str
) -> None:
    store = through(line, settings, read_timeout_s=0.3, deadline_s=1.2)
    line.faults.append(replace(fault, methods=("PUT",)))
    source = tmp_path / "received"
    source.write_bytes(DATA)
    with pytest.raises(StorageError, match=says) as raised:
        store.put(source, KEY)
    assert "tried again" in str(raised.value)
    assert source.read_bytes() == DATA, "the file is still with us"
    direct = S3Storage(settings)
    if direct.exists(KEY):  # only an answer may have been lost
        assert read(direct, KEY) == DATA


def test_a_store_that_is_down_keeps_nobody_waiting_twice(settings: S3Settings, line: FaultyLine) -> None:
    store = through(line, settings, deadline_s=1.5)
    store.put(DATA)
    line.faults.append(Fault("cut_before", times=10_000))
    counts = []
    for _ in range(2):
        before = len(line.seen)
        with pytest.raises(StorageError, match="cannot be reached"):
            store.exists(KEY)
        counts.append(len(line.seen) - before)
    assert counts[1] < counts[0]
    line.faults.clear()
    assert store.exists(KEY)
    assert store._down_until == 0.0


def test_bytes_that_stay_wrong_are_never_handed_out(settings: S3Settings, line: FaultyLine) -> None:
    store = through(line, settings, deadline_s=1.0)
    store.put(DATA)
    line.faults.append(Fault("flip_answer", times=999, at_byte=5, methods=("GET",)))
    with pytest.raises(ObjectDamaged, match="other bytes"):
        store.open(KEY)
    assert len(line.seen) < 6, "equal wrong bytes are in the store: no use in asking for ever"


REFUSALS = {
    "full": (Fault("answer", times=99, status=507, code="InsufficientStorage"), StorageFull, "full"),
    "over quota": (Fault("answer", times=99, status=403, code="QuotaExceeded"), StorageFull, "quota"),
    "forbidden": (Fault("answer", times=99, status=403, code="AccessDenied"), StorageError, "may not do this"),
    "clock": (Fault("answer", times=99, status=403, code="RequestTimeTooSkewed"), StorageError, "clocks"),
    "odd": (Fault("answer", times=99, status=418, code="Teapot"), StorageError, "418 Teapot"),
}


@pytest.mark.parametrize(("fault", "kind", "says"), REFUSALS.values(), ids=REFUSALS.keys())
def test_a_refusal_is_told_at_once_in_a_sentence(
    settings: S3Settings, line: FaultyLine, fault: Fault, kind: type[StorageError], says: str
) -> None:
    store = through(line, settings)
    line.faults.append(replace(fault, methods=("PUT",)))
    with pytest.raises(kind, match=says):
        store.put(DATA)
    assert len(line.seen) == 1


def test_wrong_credentials_a_missing_bucket_and_a_dead_address_are_told_apart(settings: S3Settings) -> None:
    with pytest.raises(StorageError, match="does not accept the access key"):
        S3Storage(replace(settings, secret_key="wrong")).put(DATA)
    with pytest.raises(StorageError, match="does not accept the access key"):
        S3Storage(replace(settings, access_key="WRONG")).exists(KEY)
    with pytest.raises(StorageError, match="has no bucket “not-made”"):
        S3Storage(replace(settings, bucket="not-made")).put(DATA)
    with pytest.raises(StorageError, match="has no bucket"):
        S3Storage(replace(settings, bucket="not-made")).probe()
    with pytest.raises(StorageError, match="cannot be reached"):
        S3Storage(replace(settings, endpoint="http://127.0.0.1:9", deadline_s=0.5)).probe()
    with pytest.raises(StorageError, match="begin with https"):
        S3Settings("ftp://here", "bucket", "a", "b")
    with pytest.raises(StorageError, match="names no bucket"):
        S3Settings("https://here", "", "a", "b")
    assert not S3Storage(settings).exists(KEY)


def test_a_wrong_clock_is_named(settings: S3Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    import botocore.auth

    late = datetime.now(UTC) - timedelta(hours=3)
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda *_, **__: late.replace(tzinfo=None))
    with pytest.raises(StorageError, match="clocks of this server and of the S3 store differ"):
        S3Storage(settings).put(DATA)


def test_large_objects_go_in_parts_and_a_broken_part_is_sent_again(
    settings: S3Settings, line: FaultyLine, tmp_path: Path
) -> None:
    store = through(line, settings, multipart_from_bytes=6 << 20, part_bytes=5 << 20)
    source = tmp_path / "large"
    data = hashlib.sha256(b"seed").digest() * (12 << 15)
    source.write_bytes(data)
    parts = lambda path: "partNumber" in path  # noqa: E731
    line.faults += [Fault("flip_request", only=parts), Fault("cut_request", only=parts, at_byte=1 << 20)]
    key = store.put(source)
    assert not source.exists()
    assert read(store, key) == data
    assert len([path for _, path in line.seen if "partNumber" in path]) == 5, "three parts, two of them twice"
    line.faults.append(Fault("answer", times=99, status=403, code="AccessDenied", only=parts))
    with pytest.raises(StorageError, match="may not"):
        store.put(data + b"more")
    assert line.seen[-1][0] == "DELETE", "the upload is ended"
    assert store.sweep() == 0


def test_a_server_without_conditional_writes_is_understood(settings: S3Settings, line: FaultyLine) -> None:
    store = through(line, settings)
    line.faults.append(Fault("answer", status=501, code="NotImplemented", methods=("PUT",)))
    assert store.put(DATA) == KEY
    assert read(store, KEY) == DATA


@pytest.mark.parametrize("hidden", [("x-amz-checksum-sha256",), ("x-amz-checksum-sha256", "etag")])
def test_a_server_that_confirms_no_hash_must_prove_what_it_kept(
    settings: S3Settings, line: FaultyLine, hidden: tuple[str, ...]
) -> None:
    line.hidden_headers = hidden
    store = through(line, settings)
    assert store.put(DATA) == KEY
    reads = [method for method, _ in line.seen].count("GET")
    assert reads == (1 if "etag" in hidden else 0)
    assert store.put(DATA) == KEY, "again: it lies there"
    wrong = S3Storage(settings)
    wrong._client().put_object(Bucket=settings.bucket, Key=wrong._name(KEY), Body=b"x" * len(DATA))
    assert store.put(DATA) == KEY, "as large, but other bytes: it is replaced"
    assert read(wrong, KEY) == DATA


def test_an_object_that_lies_there_with_other_bytes_is_replaced(settings: S3Settings) -> None:
    store = S3Storage(settings)
    store._client().put_object(Bucket=settings.bucket, Key=store._name(KEY), Body=b"half of it")
    assert store.put(DATA) == KEY
    assert read(store, KEY) == DATA


def test_objects_lie_under_the_prefix_in_two_levels(settings: S3Settings) -> None:
    store = S3Storage(replace(settings, prefix=f"/{settings.prefix}/images/"))
    other = S3Storage(settings)
    store.put(DATA)
    names = [
        entry["Key"]
        for entry in store._client().list_objects_v2(Bucket=settings.bucket, Prefix=settings.prefix)["Contents"]
    ]
    assert names == [f"{settings.prefix}/images/{KEY[:2]}/{KEY[2:4]}/{KEY}"]
    assert not other.exists(KEY)
    with pytest.raises(ObjectMissing):
        other.open(KEY)


def test_tls_needs_an_authority_that_is_trusted(settings: S3Settings, tmp_path: Path) -> None:
    certificate, context = a_certificate(tmp_path)
    with faulty_line(settings.endpoint, context) as line:
        trusting = through(line, settings, ca_file=str(certificate))
        assert trusting.put(DATA) == KEY
        assert read(trusting, KEY) == DATA
        with pytest.raises(StorageError, match="is not trusted"):
            through(line, settings).probe()
        with pytest.raises(StorageError, match="is not trusted"):
            through(line, settings, ca_file=str(tmp_path / "missing")).put(DATA)


def a_certificate(folder: Path) -> tuple[Path, ssl.SSLContext]:
    """A certificate for 127.0.0.1 that signs itself, and a server's context with it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "s3")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    certificate, secret = folder / "s3.pem", folder / "s3.key"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    encoding = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    secret.write_bytes(key.private_bytes(*encoding))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, secret)
    return certificate, context


def test_the_secret_is_shown_nowhere(settings: S3Settings, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    with pytest.raises(StorageError) as raised:
        S3Storage(replace(settings, endpoint="http://127.0.0.1:9", deadline_s=0.5)).put(DATA)
    assert SECRET_KEY not in repr(settings) + str(raised.value) + caplog.text
