"""What an S3 server and the line to it may say instead of yes: what is tried again, and a sentence for the rest."""

from __future__ import annotations

import errno
import logging
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, NoReturn, TypeVar

from server.kernel.storage.port import ObjectMissing, StorageError, StorageFull

logger = logging.getLogger(__name__)

_FIRST_PAUSE_S = 0.2
_LONGEST_PAUSE_S = 10.0

ResultT = TypeVar("ResultT")


class Again(Exception):
    """The attempt failed in a way that the next may not; the text begins a sentence."""


class Unreachable(StorageError):
    """The store did not do it within the deadline; another attempt may succeed."""


class NotSupported(StorageError):
    """The server does not know something that we asked for."""


class Precondition(Exception):
    """An object lies under the key already."""


class RangeBeyond(Exception):
    """The range begins beyond the object's end."""


_MISSING = {"NoSuchKey", "404", "NotFound"}
_FULL = {
    "QuotaExceeded",
    "QuotaExceededException",
    "InsufficientStorage",
    "XMinioStorageFull",
    "XMinioAdminBucketQuotaExceeded",
    "507",
}
_WRONG_KEYS = {"InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidSecurity", "AuthorizationHeaderMalformed"}
_FORBIDDEN = {"AccessDenied", "AllAccessDisabled", "AccountProblem", "403"}
_SKEWED = {"RequestTimeTooSkewed", "RequestExpired", "ExpiredToken"}
_DAMAGED_ON_THE_WAY = {
    "BadDigest",
    "InvalidDigest",
    "XAmzContentSHA256Mismatch",
    "XAmzContentChecksumMismatch",
    "IncompleteBody",
    "RequestTimeout",
    "ConditionalRequestConflict",
}


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket's address, for sentences."""

    endpoint: str
    name: str

    @contextmanager
    def speaking(self, key: str = "", *, head: Callable[[], None] | None = None) -> Iterator[None]:
        """Raise what an exception of the client means: Again, or a StorageError for a person.

        `head` is asked for the reason behind a refusal that came without one.
        """
        from botocore.exceptions import BotoCoreError, ClientError
        from urllib3.exceptions import HTTPError

        try:
            yield
        except (ClientError, BotoCoreError, HTTPError, OSError) as error:
            self._raise_for(error, key, head)

    def _raise_for(self, error: Exception, key: str, head: Callable[[], None] | None) -> NoReturn:
        from botocore import exceptions as of_client

        if isinstance(error, of_client.ClientError):
            self._raise_for_answer(error, key, head)
        if isinstance(error, of_client.SSLError):
            raise StorageError(
                f"The certificate of the S3 store at {self.endpoint} is not trusted. Name the file with the authority "
                "that signed it (ca_file), or correct the address."
            ) from error
        if isinstance(error, FileNotFoundError | of_client.ParamValidationError | of_client.DataNotFoundError):
            raise StorageError(f"The S3 store cannot be asked: {type(error).__name__}.") from error
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise error  # this machine's own disk, not the store
        raise Again(f"The S3 store at {self.endpoint} cannot be reached ({_kind_of(error)})") from error

    def _raise_for_answer(self, error: Any, key: str, head: Callable[[], None] | None) -> NoReturn:
        answer = error.response
        code = str(answer.get("Error", {}).get("Code", ""))
        meta = answer.get("ResponseMetadata", {})
        status = int(meta.get("HTTPStatusCode") or 0)
        if code == "NoSuchBucket":
            raise StorageError(
                f"The S3 store at {self.endpoint} has no bucket “{self.name}”. Create it, or correct its name."
            ) from error
        if code in _MISSING or (status == 404 and code != "NoSuchUpload"):
            raise ObjectMissing(f"The S3 store has no object {key[:12]}….") from error
        if code in _FULL or status == 507:
            raise StorageFull(
                f"The S3 store “{self.name}” is full or over its quota. Nothing that was accepted is lost. Free some "
                "space or raise the quota; the work then goes on."
            ) from error
        if code in _SKEWED:
            raise StorageError(_skew_sentence(meta)) from error
        if code in {"PreconditionFailed", "412"}:
            raise Precondition from error
        if code == "InvalidRange" or status == 416:
            raise RangeBeyond from error
        if code == "NotImplemented" or status == 501:
            raise NotSupported("The S3 store does not know a request of ours (NotImplemented).") from error
        if code in _WRONG_KEYS:
            raise StorageError(
                f"The S3 store at {self.endpoint} does not accept the access key or its secret. Enter both anew."
            ) from error
        if code in _FORBIDDEN or status in (401, 403):
            if head is not None:
                head()
            raise StorageError(
                f"The access key may not do this in the bucket “{self.name}”. Grant it reading, writing, listing and "
                "deleting there."
            ) from error
        if status >= 500 or status in (408, 429) or code in _DAMAGED_ON_THE_WAY or code in {"SlowDown", "Throttling"}:
            raise Again(f"The S3 store at {self.endpoint} answers {status} {code}".rstrip()) from error
        raise StorageError(f"The S3 store at {self.endpoint} refuses the request ({status} {code}).") from error


def persistently(
    attempt: Callable[[], ResultT],
    what: str,
    bucket: Bucket,
    deadline_s: float,
    first_pause_s: float = _FIRST_PAUSE_S,
) -> ResultT:
    """Repeat `attempt` with growing pauses while it raises Again and time is left; then raise Unreachable."""
    end = time.monotonic() + deadline_s
    pause = first_pause_s
    tries = 0
    while True:
        tries += 1
        try:
            return attempt()
        except Again as again:
            left = end - time.monotonic()
            if left <= pause:
                raise Unreachable(
                    f"{again}; tried {tries} times in {deadline_s:.0f} s to {what}. Nothing that was accepted is lost. "
                    "Check the store and the line to it; the work is tried again."
                ) from again
            logger.info("s3: %s (attempt %d to %s in %s)", again, tries, what, bucket.name)
        time.sleep(pause * random.uniform(0.7, 1.3))  # so that many that failed at once do not come back at once
        pause = min(pause * 2, _LONGEST_PAUSE_S)


def _kind_of(error: Exception) -> str:
    name = type(error).__name__
    known = {
        "EndpointConnectionError": "no connection",
        "ConnectTimeoutError": "no connection in time",
        "ReadTimeoutError": "no answer in time",
        "ConnectionClosedError": "the connection was cut",
        "IncompleteReadError": "the connection was cut in the middle",
        "ResponseStreamingError": "the connection was cut in the middle",
        "ProtocolError": "the connection was cut in the middle",
    }
    return known.get(name, name)


def _skew_sentence(meta: Any) -> str:
    stated = meta.get("HTTPHeaders", {}).get("date", "")
    try:
        apart = abs((parsedate_to_datetime(stated) - datetime.now(UTC)).total_seconds())
        by = f" by {apart / 60:.0f} minutes" if apart > 60 else ""
    except (TypeError, ValueError):
        by = ""
    return (
        f"The clocks of this server and of the S3 store differ{by}, so the store refuses every request. "
        "Let both take their time from the same time server (NTP)."
    )
