"""What strangers may try on the web port; the server answers, stays quick for others and keeps its memory."""

from __future__ import annotations

import gzip
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import requests

from server.doors.web import protocol
from server.doors.web.dicomweb import negotiation
from server.doors.web.dicomweb.multipart import BadMultipart, MultipartReader, PartData, PartEnds
from server.doors.web.dicomweb.ports import Limits, Refusal
from tests.server.archive.archive_house import a_series
from tests.web_house import WebHouse, a_web_house


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebHouse]:
    limits = Limits(parts=50, part_bytes=3 << 20, body_bytes=20 << 20, json_bytes=1 << 20, memory_bytes=1 << 20)
    with a_web_house(tmp_path_factory.mktemp("hostile"), limits) as made:
        made.keep(a_series(2, 16))
        yield made


@pytest.fixture(scope="module")
def web(house: WebHouse) -> Iterator[requests.Session]:
    with house.session() as session:
        yield session


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Times that a test can wait for."""
    monkeypatch.setattr(
        protocol, "LIMITS", replace(protocol.LIMITS, header_s=0.3, stall_s=0.4, per_address=20, connections=40)
    )


def alive(house: WebHouse) -> bool:
    with house.session() as session:
        return session.get(f"{house.base}/studies?limit=1", timeout=10).status_code == 200


def raw(house: WebHouse, data: bytes, timeout: float = 10) -> bytes:
    """What the server says to bytes, until it closes or is silent."""
    with socket.create_connection(("127.0.0.1", house.port), timeout) as line:
        line.settimeout(timeout)
        received = b""
        try:
            line.sendall(data)
            while piece := line.recv(65536):
                received += piece
        except (TimeoutError, ConnectionError):
            pass
        return received


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"x" * 200_000,
        b"GET /" + b"x" * 100_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n" + b"".join(b"A%d: 1\r\n" % n for n in range(5000)) + b"\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET / HTTP/9.9\r\n\r\n",
        b"POST /dicom-web/studies HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n",
        b"POST /dicom-web/studies HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
        b"GET / HTTP/1.1\r\nHost: x\r\nA: b\x00c\r\n\r\n",
    ],
)
def test_heads_that_are_too_large_or_broken(house: WebHouse, head: bytes) -> None:
    answer = raw(house, head)
    assert not answer or answer.split(b" ", 2)[1] in (b"400", b"431", b"401", b"404"), answer[:100]
    assert alive(house)


def test_a_head_that_never_ends_is_cut_off(house: WebHouse, quick: None) -> None:
    start = time.monotonic()
    assert b"408" in raw(house, b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ") or time.monotonic() - start < 5
    assert raw(house, b"") in (b"", b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n")
    assert alive(house)


def test_a_body_that_stalls_is_cut_off(house: WebHouse, quick: None) -> None:
    head = (
        f"POST /dicom-web/studies HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {house.token}\r\n"
        'Content-Type: multipart/related; type="application/dicom"; boundary=X\r\nContent-Length: 100000\r\n\r\n--X'
    )
    start = time.monotonic()
    raw(house, head.encode(), timeout=8)
    assert time.monotonic() - start < 7
    assert alive(house)


def test_a_crowd_of_silent_connections_locks_nobody_out(house: WebHouse, quick: None) -> None:
    crowd = [socket.create_connection(("127.0.0.1", house.port)) for _ in range(60)]
    try:
        end = time.monotonic() + 40
        while time.monotonic() < end:
            try:
                if alive(house):
                    break
            except requests.ConnectionError:
                time.sleep(0.1)
        else:
            pytest.fail("nobody else was served")
    finally:
        for line in crowd:
            line.close()


def test_a_reader_that_does_not_read_is_cut_off(house: WebHouse, quick: None) -> None:
    (one,) = a_series(1, 16)
    one.Rows = one.Columns = 4096
    one.PixelData = bytes(4096 * 4096 * 2)
    house.keep([one])
    path = f"/dicom-web/studies/{one.StudyInstanceUID}"
    head = f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {house.token}\r\nAccept: application/dicom\r\n\r\n"
    with socket.socket() as line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        line.connect(("127.0.0.1", house.port))
        line.sendall(head.encode())
        line.settimeout(10)
        assert line.recv(100).startswith(b"HTTP/1.1 200")
        time.sleep(2.5)  # longer than two spans without reading
        received = 0
        try:
            while piece := line.recv(1 << 20):
                received += len(piece)
        except ConnectionError:
            pass
        assert received < len(one.PixelData)
    assert alive(house)


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "gzip, gzip"])
def test_compressed_bodies_are_refused_unread(house: WebHouse, web: requests.Session, encoding: str) -> None:
    bomb = gzip.compress(bytes(50 << 20))
    headers = {"Content-Encoding": encoding, "Content-Type": "application/dicom"}
    for path in ("/studies", "/workitems"):
        assert web.post(house.base + path, data=bomb, headers=headers).status_code == 415
    assert alive(house)


@pytest.mark.parametrize(
    "path",
    [
        "/studies/../../../etc/passwd",
        "/studies/%2e%2e%2f%2e%2e%2fetc%2fpasswd/metadata",
        "/studies/1.2/series/3/instances/4/bulkdata/../../../../etc/passwd",
        "/studies/1.2%00.dcm",
        "/studies/'%20OR%201=1--/series",
        "/studies/1.2/series/3/instances/4/bulkdata/7FE00010/0/../7FE00010",
        "/studies/" + "1" * 65,
        "/studies/1.2/series/3/instances/4/frames/" + ",".join(["1"] * 5000),
        "/studies/1.2/series/3/instances/4/frames/1%0d%0aSet-Cookie:x",
        "//evil.example/%2f..",
    ],
)
def test_paths_lead_nowhere(house: WebHouse, path: str) -> None:
    head = (
        f"GET /dicom-web{path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {house.token}\r\nConnection: close\r\n\r\n"
    )
    answer = raw(house, head.encode())
    assert answer.split(b" ", 2)[1] in (b"400", b"404", b"405"), answer[:200]
    assert b"root:" not in answer and b"set-cookie" not in answer.lower()


@pytest.mark.parametrize(
    "query",
    [
        "PatientName=" + "*a" * 400,
        "PatientName=" + "%3F*" * 300 + "b",
        "limit=99999999999999999999",
        "offset=-5",
        "PatientID=" + "x" * 21_000,
        "StudyInstanceUID=" + ",".join(["1.2"] * 5000),
        "&".join(f"includefield=001000{n:02X}" for n in range(120)),
        "includefield=" + ",".join(["PatientID"] * 2000),
        "00080050=%00%ff%fe",
        "PatientName=%27%3BDROP%20TABLE%20studies%3B--",
        "limit=1e9",
        "__class__=1",
    ],
)
def test_questions_meant_to_hurt(house: WebHouse, web: requests.Session, query: str) -> None:
    start = time.monotonic()
    answer = web.get(f"{house.base}/studies?{query}", timeout=20)
    assert answer.status_code in (200, 204, 400, 431), answer.text[:200]
    assert time.monotonic() - start < 10
    assert alive(house)


@pytest.mark.parametrize(
    "accept",
    [
        "a" * 7000,
        ";" * 7000,
        '"' * 7000,
        'multipart/related; type="' + "\\" * 6000,
        ",".join(["a/b"] * 2000),
        "a/b;" + ";".join(f"x{n}=y" for n in range(800)),
        "multipart/related;type=" * 300,
        "*/*;q=nan",
        "*/*;q=-1, text/html;q=1e999",
    ],
)
def test_accept_headers_are_read_in_no_time(house: WebHouse, web: requests.Session, accept: str) -> None:
    start = time.process_time()
    try:
        negotiation.parse(accept)
    except Refusal as refusal:
        assert refusal.status == 400
    assert time.process_time() - start < 1
    assert web.get(f"{house.base}/studies", headers={"Accept": accept}).status_code in (200, 400, 406)


KIND = 'multipart/related; type="application/dicom"; boundary=XX'


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        (KIND, b"", 400),
        (KIND, b"--XX--\r\n", 400),
        (KIND, b"no boundary at all", 400),
        (KIND, b"--XX\r\nContent-Type: application/dicom\r\n\r\nDICM", 400),
        (KIND, b"--XX\r\n" + b"A: " + b"x" * 50_000, 400),
        (KIND, (b"--XX\r\n\r\nx\r\n") * 60 + b"--XX--", 202),
        (KIND, b"--XX" + b"y" * 5000, 400),
        (KIND, b"--XX\r\nContent-Type: nonsense\r\n\r\nx\r\n--XX--", 415),
        (KIND, b"--XX\r\n\r\n" + bytes(4 << 20), 413),
        ('multipart/related; type="application/dicom"', b"--XX--", 400),
        ('multipart/related; type="application/dicom"; boundary="' + "b" * 80 + '"', b"", 400),
        ('multipart/related; type="application/dicom"; boundary="a\r\n"', b"", 400),
        ('multipart/related; type="text/html"; boundary=XX', b"--XX--", 415),
        ("text/plain", b"hello", 415),
        ("", b"hello", 415),
    ],
)
def test_bodies_that_are_no_multipart(
    house: WebHouse, web: requests.Session, kind: str, body: bytes, status: int
) -> None:
    if "\r" in kind:
        kind = kind.replace("\r\n", "")
        status = 400
    answer = web.post(f"{house.base}/studies", data=body, headers={"Content-Type": kind})
    expected = {status, 409} if status == 202 else {status}
    assert answer.status_code in expected | {400}, answer.text
    assert answer.text.strip().endswith(".") or answer.status_code == 409
    assert list(house.folders.spool.glob("web-*")) == []


def test_the_boundary_inside_of_the_data_is_data() -> None:
    content = b"\r\n--XXnot the boundary\r\n--X\r\n--XX-" + b"\r\n" * 10 + b"--XX\r\n\r\nanother part"
    body = b"--XX\r\nA: b\r\n\r\n" + content + b"\r\n--XX--\r\n"
    for size in (1, 2, 3, 7, 64, 10_000):
        reader = MultipartReader("XX", 10)
        parts: list[bytes] = []
        piece = b""
        for start in range(0, len(body), size):
            for event in reader.feed(body[start : start + size]):
                if isinstance(event, PartData):
                    piece += event.data
                elif isinstance(event, PartEnds):
                    parts.append(piece)
                    piece = b""
        reader.close()
        assert parts[0].startswith(b"\r\n--XXnot the boundary\r\n--X\r\n--XX-")
        assert len(parts) == 2  # a line of its own with the boundary is the boundary, whoever wrote it


def test_the_reader_holds_little() -> None:
    reader = MultipartReader("XX", 10)
    list(reader.feed(b"--XX\r\n\r\n"))
    for _ in range(100):
        list(reader.feed(b"\r\n--X" * 20_000))
        assert len(reader._buffer) < 200_000
    with pytest.raises(BadMultipart):
        reader.close()


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b'{"00080005":' * 50_000,
        b'{"00404005":{"vr":"SQ","Value":[' * 200 + b"]}}" * 200,
        b'{"a":1}',
        b'[{"00080005":{"vr":5}}]',
        b'{"00080005":{"vr":"SQ","Value":[1]}}',
        b'{"00080005":{"vr":"CS","Value":"x"}}',
        b"\xff\xfe",
        bytes(2 << 20),
        b'{"00741204":{"vr":"LO","Value":[' + b"1," * 1000 + b"1]}}",
    ],
)
def test_json_meant_to_hurt(house: WebHouse, web: requests.Session, body: bytes) -> None:
    for path in ("/workitems", "/workitems/1.2/cancelrequest"):
        answer = web.post(house.base + path, data=body, headers={"Content-Type": "application/dicom+json"})
        assert answer.status_code in (400, 404, 413), answer.text
    assert alive(house)


@pytest.mark.parametrize(
    "document",
    [
        b'<!DOCTYPE l [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><NativeDicomModel>&b;</NativeDicomModel>',
        b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><NativeDicomModel>&e;</NativeDicomModel>',
        b'<?xml version="1.0"?><!DOCTYPE x SYSTEM "http://127.0.0.1:1/x.dtd"><NativeDicomModel/>',
        b"<a>" * 100_000,
    ],
)
def test_xml_meant_to_hurt(house: WebHouse, web: requests.Session, document: bytes) -> None:
    answer = web.post(f"{house.base}/workitems", data=document, headers={"Content-Type": "application/dicom+xml"})
    assert answer.status_code == 400
    assert "root:" not in answer.text
    assert alive(house)


def test_many_at_once_are_all_answered(house: WebHouse) -> None:
    failures: list[str] = []

    def ask() -> None:
        with house.session() as session:
            for _ in range(5):
                answer = session.get(f"{house.base}/instances", timeout=30)
                if answer.status_code != 200:
                    failures.append(answer.text)

    threads = [threading.Thread(target=ask) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_nothing_was_left_behind(house: WebHouse, tmp_path: Path) -> None:
    assert list(house.folders.spool.iterdir()) == []
    assert house.areas.archive.objects.objects(study_uids=["1.2"]) == []
