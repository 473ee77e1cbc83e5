"""DICOM objects from an HTTP address into a folder: WADO-RS (multipart), WADO-URI, plain files and zips. No Qt.

Nothing of the answer is believed: sizes are limited, files get names of our own, redirects stay with HTTP.
"""

from __future__ import annotations

import base64
import email.message
import mmap
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable, Iterator
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import BinaryIO
from urllib.parse import unquote, urlsplit, urlunsplit

from clients.kit.translations import tr

LARGEST = 4 << 30
MOST_FILES = 50_000
TIMEOUT_S = 30.0
CHUNK = 1 << 20
# PS3.18 8.7.3: all instances of the resource in one answer, each as it is stored.
ACCEPT = 'multipart/related; type="application/dicom"; transfer-syntax=*, application/dicom, application/zip;q=0.5'


class NotFetched(Exception):
    """The images cannot be had; the text is a sentence for the reader."""


def host_of(address: str) -> str:
    """The machine of an address; raises :class:`NotFetched` for what is no HTTP address."""
    try:
        parts = urlsplit(address.strip())
        host = parts.hostname or ""
        _ = parts.port
    except ValueError:
        host = ""
    if not host or parts.scheme not in ("http", "https"):
        raise NotFetched(tr("请输入以 http:// 或 https:// 开头的网址"))
    return host


def fetch(address: str, folder: Path, progress: Callable[[int], object] = lambda _bytes: None) -> int:
    """Put the objects of an address into ``folder``; returns their number. Raises :class:`NotFetched`.

    ``progress`` hears of the bytes that came. Name and password may stand in the address.
    """
    host, body = host_of(address), folder / "answer"
    try:
        with _opener().open(_request(address), timeout=TIMEOUT_S) as answer:
            headers = answer.headers
            _keep(answer, body, progress)
    except urllib.error.HTTPError as error:
        raise NotFetched(tr("{host} 没有给出影像：{code}", host=host, code=f"{error.code} {error.reason}")) from error
    except (OSError, HTTPException, ValueError) as error:
        raise NotFetched(tr("无法连接 {host}，请检查网址和网络", host=host)) from error
    try:
        count = _unpack(body, headers, folder)
    finally:
        body.unlink(missing_ok=True)
    if count == 0:
        raise NotFetched(tr("{host} 给出的不是 DICOM 影像", host=host))
    return count


def _request(address: str) -> urllib.request.Request:
    parts = urlsplit(address.strip())
    headers = {"Accept": ACCEPT}
    netloc = parts.netloc.rpartition("@")[2]
    if parts.username is not None:
        secret = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        headers["Authorization"] = "Basic " + base64.b64encode(secret.encode()).decode()
    return urllib.request.Request(urlunsplit(parts._replace(netloc=netloc, fragment="")), headers=headers)


def _opener() -> urllib.request.OpenerDirector:
    """HTTP alone: an answer must not lead to files of this computer."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPRedirectHandler(),
        urllib.request.HTTPErrorProcessor(),
        urllib.request.HTTPDefaultErrorHandler(),
    ):
        opener.add_handler(handler)
    return opener


def _keep(answer: HTTPResponse, path: Path, progress: Callable[[int], object]) -> None:
    expected = answer.headers.get("Content-Length", "")
    size = 0
    with path.open("wb") as file:
        while chunk := answer.read(CHUNK):
            size += len(chunk)
            if size > LARGEST:
                raise NotFetched(tr("影像太大，超过 {gb} GB", gb=LARGEST >> 30))
            file.write(chunk)
            progress(size)
    if expected.isdigit() and size < int(expected):
        raise NotFetched(tr("下载中断，影像不完整，请重试"))


def _unpack(body: Path, headers: email.message.Message, folder: Path) -> int:
    kind = headers.get_content_type()
    if kind == "multipart/related":
        boundary = headers.get_boundary()
        return 0 if not boundary or body.stat().st_size == 0 else _numbered(_parts(body, boundary.encode()), folder)
    if zipfile.is_zipfile(body):
        return _unzipped(body, folder)
    with body.open("rb") as file:
        if file.read(132)[128:] != b"DICM":
            return 0
    body.rename(folder / "1.dcm")
    return 1


def _parts(body: Path, boundary: bytes) -> Iterator[memoryview]:
    """The contents of the parts of a multipart answer (RFC 2046 5.1.1)."""
    with (
        body.open("rb") as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data,
        memoryview(data) as view,
    ):
        limit = b"--" + boundary
        at = data.find(limit)
        while at >= 0:
            start = at + len(limit)
            if data[start : start + 2] == b"--":
                return
            end = data.find(b"\r\n" + limit, start)
            if end < 0:
                raise NotFetched(tr("下载中断，影像不完整，请重试"))
            head = data.find(b"\r\n\r\n", start, end)
            if head >= 0:
                with view[head + 4 : end] as part:
                    yield part
            at = end + 2


def _numbered(parts: Iterator[memoryview], folder: Path) -> int:
    count = 0
    for part in parts:
        if bytes(part[128:132]) == b"DICM" and count < MOST_FILES:
            count += 1
            (folder / f"{count}.dcm").write_bytes(part)
    return count


def _unzipped(body: Path, folder: Path) -> int:
    """Files of a zip under names of our own; those that are no DICOM are left out."""
    count = left = 0
    try:
        with zipfile.ZipFile(body) as archive:
            for entry in archive.infolist()[:MOST_FILES]:
                if entry.is_dir() or entry.flag_bits & 1:
                    continue
                target = folder / f"{count + 1}.dcm"
                with archive.open(entry) as packed:
                    begin = packed.read(132)
                    if begin[128:] != b"DICM":
                        continue
                    left += _copied(begin, packed, target, LARGEST - left)
                count += 1
    except (zipfile.BadZipFile, EOFError, OSError, NotImplementedError) as error:
        raise NotFetched(tr("下载中断，影像不完整，请重试")) from error
    return count


def _copied(begin: bytes, packed: object, target: Path, most: int) -> int:
    size = len(begin)
    with target.open("wb") as file:
        file.write(begin)
        reader: BinaryIO = packed  # type: ignore[assignment]
        while chunk := reader.read(CHUNK):
            size += len(chunk)
            if size > most:
                raise NotFetched(tr("影像太大，超过 {gb} GB", gb=LARGEST >> 30))
            file.write(chunk)
    return size
