"""Objects in a bucket of any S3 server: ``<prefix>ab/cd/<key>``, checked by SHA-256 on both ways.

What the network may do to a request is dealt with here: it is repeated with growing pauses until the deadline, and the
caller sees either the right bytes, a confirmed upload, or a StorageError whose sentence says what to do.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import io
import mmap
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO, TypeVar, cast

from server.kernel.storage.fingerprint import Proof
from server.kernel.storage.folder import sha256_of
from server.kernel.storage.port import InvalidKey, ObjectDamaged, ObjectMissing, StorageError, checked_key
from server.kernel.storage.s3_faults import (
    Again,
    Bucket,
    NotSupported,
    Precondition,
    RangeBeyond,
    Unreachable,
    persistently,
)

S3Client = Any  # botocore makes the client's methods at run time

_IN_MEMORY_BYTES = 32 << 20  # larger objects are read into a temporary file
_CHUNK = 1 << 20
_PROBE_S = 3.0
_SHORT_S = 15.0  # for what moves no object
_DOWN_FOR_S = 30.0
_DOWN_DEADLINE_S = 1.0
_DAMAGED_AFTER = 3  # equal wrong answers
_ABANDONED_AFTER = timedelta(days=1)

ResultT = TypeVar("ResultT")


@dataclass(frozen=True, slots=True)
class S3Settings:
    """Where a bucket is and how patient we are with it. The secret is in no repr and no log line."""

    endpoint: str  # https://host:port
    bucket: str
    access_key: str = field(repr=False)
    secret_key: str = field(repr=False)
    region: str = "us-east-1"
    prefix: str = ""  # put before every key, e.g. "hospital/"
    ca_file: str = ""  # certificates that sign the server's own; empty: those of the system
    connect_timeout_s: float = 5.0
    read_timeout_s: float = 30.0  # without a byte
    deadline_s: float = 120.0  # of one operation with all its attempts
    first_pause_s: float = 0.2  # before the second attempt; each later pause is twice as long
    connections: int = 16
    multipart_from_bytes: int = 64 << 20
    part_bytes: int = 16 << 20  # S3 takes 5 MiB to 5 GiB; only the last may be smaller

    def __post_init__(self) -> None:
        if not self.endpoint.startswith(("http://", "https://")):
            raise StorageError("The endpoint of an S3 store must begin with https:// or http://.")
        if not self.bucket:
            raise StorageError("The S3 store names no bucket.")


class S3Storage:
    """The storage port over a bucket. Thread-safe; each process makes its own."""

    def __init__(self, settings: S3Settings) -> None:
        self.settings = settings
        self._prefix = settings.prefix.strip("/") + "/" if settings.prefix.strip("/") else ""
        self._bucket = Bucket(settings.endpoint, settings.bucket)
        self._lock = threading.Lock()
        self._made: S3Client | None = None
        self._down_until = 0.0
        self._conditional = True  # until a server says that it knows no If-None-Match

    # the port

    def put(self, source: bytes | memoryview | Path, key: str | None = None) -> str:
        if isinstance(source, Path):
            key = checked_key(key or sha256_of(source))
            with source.open("rb") as file:
                self._upload_file(file, key)
            source.unlink()
            return key
        view = memoryview(source)
        key = checked_key(key or hashlib.sha256(view).hexdigest())
        self._upload(view, key)
        return key

    def open(self, key: str, offset: int = 0, length: int | None = None) -> BinaryIO:
        name = self._name(key)
        if length == 0:
            if not self.exists(key):
                raise _missing(key)
            return io.BytesIO()
        if offset or length is not None:
            last = "" if length is None else str(offset + length - 1)
            return self._persistently("read", lambda: self._fetch_part(name, key, f"bytes={offset}-{last}"))
        wrong: list[str] = []
        return self._persistently("read", lambda: self._fetch_whole(name, key, wrong))

    def exists(self, key: str) -> bool:
        name = self._name(key)

        def look() -> bool:
            with self._bucket.speaking(key, head=self._explain):
                self._client().head_object(Bucket=self.settings.bucket, Key=name)
            return True

        try:
            return self._persistently("look up", look)
        except ObjectMissing:
            return False

    def delete(self, key: str) -> None:
        if not self.exists(key):
            raise _missing(key)
        self._call("delete", lambda c: c.delete_object(Bucket=self.settings.bucket, Key=self._name(key)), key)

    def keys(self) -> Iterator[str]:
        token: dict[str, str] = {}
        while True:
            page = self._page(token)
            for entry in page.get("Contents", ()):
                name = str(entry["Key"]).rsplit("/", 1)[-1]
                with contextlib.suppress(InvalidKey):
                    yield checked_key(name)
            if not page.get("IsTruncated"):
                return
            token = {"ContinuationToken": page["NextContinuationToken"]}

    def _page(self, token: dict[str, str]) -> Any:
        return self._call(
            "list", lambda c: c.list_objects_v2(Bucket=self.settings.bucket, Prefix=self._prefix, **token)
        )

    # beyond the port

    def probe(self) -> None:
        """Ask the bucket for one name. Raises StorageError, after a few seconds at most, when it cannot be used."""
        persistently(self._explain, "look", self._bucket, min(_PROBE_S, self.settings.deadline_s))

    def sweep(self) -> int:
        """End uploads in parts that nobody finished for a day: their bytes are paid for and seen by nobody."""
        listed = self._call(
            "list", lambda c: c.list_multipart_uploads(Bucket=self.settings.bucket, Prefix=self._prefix)
        )
        count = 0
        for upload in listed.get("Uploads") or ():
            if upload["Initiated"] < datetime.now(UTC) - _ABANDONED_AFTER:
                self._abort(upload["Key"], upload["UploadId"])
                count += 1
        return count

    def close(self) -> None:
        """Close the connections; the next call opens new ones."""
        with self._lock:
            client, self._made = self._made, None
        if client is not None:
            client.close()

    # uploads

    def _upload_file(self, file: BinaryIO, key: str) -> None:
        try:
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except ValueError:  # empty
            self._upload(memoryview(b""), key)
            return
        try:
            with memoryview(mapped) as view:
                self._upload(view, key)
        finally:
            with contextlib.suppress(BufferError):
                mapped.close()

    def _upload(self, view: memoryview, key: str) -> None:
        if len(view) >= self.settings.multipart_from_bytes:
            self._upload_parts(view, key)
            return
        wanted = _checksum_of(view)
        is_first = True

        def send() -> None:
            nonlocal is_first
            condition = {"IfNoneMatch": "*"} if self._conditional and is_first else {}
            with self._bucket.speaking(key):
                answer = self._client().put_object(
                    Bucket=self.settings.bucket,
                    Key=self._name(key),
                    Body=io.BytesIO(view),
                    ContentLength=len(view),
                    ContentType="application/dicom",
                    ChecksumSHA256=wanted,
                    **condition,
                )
            is_first = False  # what lies there now may be wrong: another attempt replaces it
            if answer.get("ChecksumSHA256") != wanted:
                self._demand(key, answer.get("ETag", ""), view)

        try:
            self._persistently("store", send)
        except NotSupported:
            if not self._conditional:
                raise
            self._conditional = False
            self._upload(view, key)
        except Precondition:  # it lies there already, perhaps by an attempt whose answer was lost
            if not self._lies_right(key, len(view), wanted):
                is_first = False
                self._persistently("store", send)

    def _demand(self, key: str, etag: str, view: memoryview) -> None:
        """Have a server that confirms no SHA-256 prove what it kept: by the MD5 that most give as ETag, else by reading
        it back. Raises Again when it kept other bytes."""
        if etag.strip('"') == hashlib.md5(view, usedforsecurity=False).hexdigest():
            return
        self._fetch_whole(self._name(key), key, []).close()

    def _lies_right(self, key: str, size: int, checksum: str) -> bool:
        """Whether the object that lies under the key has the right bytes."""
        head = self._call(
            "look up",
            lambda c: c.head_object(Bucket=self.settings.bucket, Key=self._name(key), ChecksumMode="ENABLED"),
            key,
        )
        if int(head["ContentLength"]) != size:
            return False
        if head.get("ChecksumSHA256") == checksum:
            return True
        try:
            self._fetch_whole(self._name(key), key, []).close()
        except Again:
            return False
        return True

    def _upload_parts(self, view: memoryview, key: str) -> None:
        name = self._name(key)
        bucket = self.settings.bucket
        begun = self._call(
            "store", lambda c: c.create_multipart_upload(Bucket=bucket, Key=name, ContentType="application/dicom"), key
        )
        upload = begun["UploadId"]
        is_sure = True
        try:
            parts = []
            for number, start in enumerate(range(0, len(view), self.settings.part_bytes), 1):
                part = view[start : start + self.settings.part_bytes]
                etag, md5 = self._upload_part(name, upload, number, part)
                parts.append({"ETag": etag, "PartNumber": number})
                is_sure = is_sure and etag.strip('"') == md5
            whole = {"Parts": parts}
            self._call(
                "store",
                lambda c: c.complete_multipart_upload(Bucket=bucket, Key=name, UploadId=upload, MultipartUpload=whole),
                key,
            )
        except BaseException:
            with contextlib.suppress(StorageError):
                self._abort(name, upload)
            raise
        if self._size(key) != len(view):
            raise StorageError("The S3 store put the parts of an object together wrongly; it was not accepted.")
        if not is_sure:
            self.open(key).close()

    def _upload_part(self, name: str, upload: str, number: int, part: memoryview) -> tuple[str, str]:
        """Send a part; returns its ETag and its MD5, which most servers give as ETag."""
        md5 = hashlib.md5(part, usedforsecurity=False)
        digest = base64.b64encode(md5.digest()).decode()
        answer = self._call(
            "store",
            lambda c: c.upload_part(
                Bucket=self.settings.bucket,
                Key=name,
                UploadId=upload,
                PartNumber=number,
                Body=io.BytesIO(part),
                ContentMD5=digest,
            ),
        )
        part.release()
        return str(answer["ETag"]), md5.hexdigest()

    def _abort(self, name: str, upload: str) -> None:
        self._call(
            "tidy", lambda c: c.abort_multipart_upload(Bucket=self.settings.bucket, Key=name, UploadId=upload), name
        )

    def _size(self, key: str) -> int:
        head = self._call("look up", lambda c: c.head_object(Bucket=self.settings.bucket, Key=self._name(key)), key)
        return int(head["ContentLength"])

    # reads

    def _fetch_part(self, name: str, key: str, byte_range: str) -> BinaryIO:
        try:
            with self._bucket.speaking(key):
                answer = self._client().get_object(Bucket=self.settings.bucket, Key=name, Range=byte_range)
                return io.BytesIO(answer["Body"].read())
        except RangeBeyond:
            return io.BytesIO()

    def _fetch_whole(self, name: str, key: str, wrong: list[str]) -> BinaryIO:
        """All bytes of the key, and no others: read to the end before anybody sees the first.

        `wrong` gathers the keys of wrong bytes: those that come thrice are in the store, not on the line.
        """
        proof = Proof(key)
        with contextlib.ExitStack() as stack:
            with self._bucket.speaking(key):
                answer = self._client().get_object(Bucket=self.settings.bucket, Key=name)
                target = _target(int(answer.get("ContentLength") or 0))
                stack.callback(target.close)
                with contextlib.closing(answer["Body"]) as body:
                    while chunk := body.read(_CHUNK):
                        proof.update(chunk)
                        target.write(chunk)
            if not proof.holds():
                wrong.append(proof.found)
                told = f"The S3 store gave other bytes than those of object {key[:12]}…"
                if wrong.count(wrong[-1]) >= _DAMAGED_AFTER:
                    raise ObjectDamaged(f"{told}; the object is damaged there. Verify its study.")
                raise Again(told)
            target.seek(0)
            stack.pop_all()
            return target

    # plumbing

    def _name(self, key: str) -> str:
        checked_key(key)
        return f"{self._prefix}{key[:2]}/{key[2:4]}/{key}"

    def _call(self, what: str, request: Callable[[S3Client], Any], key: str = "") -> Any:
        def attempt() -> Any:
            with self._bucket.speaking(key, head=self._explain if what == "look up" else None):
                return request(self._client())

        return self._persistently(what, attempt)

    def _explain(self) -> None:
        """A HEAD is refused without a reason; a listing says it."""
        with self._bucket.speaking():
            self._client().list_objects_v2(Bucket=self.settings.bucket, Prefix=self._prefix, MaxKeys=1)

    def _persistently(self, what: str, attempt: Callable[[], ResultT]) -> ResultT:
        """Repeat until the deadline.

        A store that was unreachable a moment ago gets little time: who asks it must not wait one after the other.
        """
        deadline = self.settings.deadline_s if what in ("read", "store") else min(_SHORT_S, self.settings.deadline_s)
        if time.monotonic() < self._down_until:
            deadline = min(deadline, _DOWN_DEADLINE_S)
        try:
            done = persistently(attempt, what, self._bucket, deadline, self.settings.first_pause_s)
        except Unreachable:
            self._down_until = time.monotonic() + _DOWN_FOR_S
            raise
        self._down_until = 0.0
        return done

    def _client(self) -> S3Client:
        with self._lock:
            if self._made is None:
                self._made = _client_of(self.settings)
            return self._made


def _client_of(settings: S3Settings) -> S3Client:
    from botocore.config import Config
    from botocore.session import Session

    session = Session()
    session.set_config_variable("profile", None)  # nothing of this account's own files takes part
    session.set_config_variable("config_file", "")
    return session.create_client(
        "s3",
        endpoint_url=settings.endpoint,
        region_name=settings.region or "us-east-1",
        aws_access_key_id=settings.access_key,
        aws_secret_access_key=settings.secret_key,
        verify=settings.ca_file or None,
        config=Config(
            s3={"addressing_style": "path", "payload_signing_enabled": True},
            signature_version="s3v4",
            connect_timeout=settings.connect_timeout_s,
            read_timeout=settings.read_timeout_s,
            retries={"total_max_attempts": 1, "mode": "standard"},  # repeated by `persistently`, with a deadline
            max_pool_connections=settings.connections,
            tcp_keepalive=True,
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            proxies={},
        ),
    )


def _target(size: int) -> BinaryIO:
    """Where an object of `size` bytes is read to before it is known to be right."""
    if size > _IN_MEMORY_BYTES:
        return cast(BinaryIO, tempfile.TemporaryFile())
    return io.BytesIO()


def _checksum_of(view: memoryview) -> str:
    """The SHA-256 of these bytes as S3 writes it."""
    return base64.b64encode(hashlib.sha256(view).digest()).decode()


def _missing(key: str) -> ObjectMissing:
    return ObjectMissing(f"The S3 store has no object {key[:12]}….")
