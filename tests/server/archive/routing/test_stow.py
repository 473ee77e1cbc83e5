"""STOW-RS against a server that answers as servers do: well, in part, with errors, too late, not at all."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread

from server.archive.routing import stow
from server.archive.routing.ports import Destination, Outcome, Outgoing, Unreachable
from server.archive.routing.stow import StowSender
from tests.server.archive.archive_house import a_series, encoded


class Web:
    """A DICOMweb server; `answer` makes (status, body) from the SOP Instance UIDs of a request."""

    def __init__(self) -> None:
        self.requests: list[list[str]] = []
        self.headers: list[dict[str, str]] = []
        self.answer = self.stores_all
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                boundary = self.headers["Content-Type"].split("boundary=")[1].encode()
                parts = body.split(b"--" + boundary)[1:-1]
                uids = [str(dcmread(BytesIO(part.split(b"\r\n\r\n", 1)[1])).SOPInstanceUID) for part in parts]
                outer.requests.append(uids)
                outer.headers.append(dict(self.headers))
                self.reply(*outer.answer(uids))

            def do_GET(self) -> None:
                self.reply(*outer.answer([]))

            def reply(self, status: int, body: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_arguments: Any) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/studies"

    @staticmethod
    def stores_all(uids: Sequence[str]) -> tuple[int, bytes]:
        return 200, said(uids, [])


def said(stored: Sequence[str], refused: Sequence[str]) -> bytes:
    """A store instances response (PS3.18 10.5.3)."""
    reason = {"00081197": {"vr": "US", "Value": [0xA900]}}
    return json.dumps(
        {
            "00081199": {"vr": "SQ", "Value": [{"00081155": {"vr": "UI", "Value": [uid]}} for uid in stored]},
            "00081198": {"vr": "SQ", "Value": [{"00081155": {"vr": "UI", "Value": [uid]}} | reason for uid in refused]},
        }
    ).encode()


@pytest.fixture
def web() -> Iterator[Web]:
    made = Web()
    thread = threading.Thread(target=made.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield made
    made.server.shutdown()
    made.server.server_close()
    thread.join(5)


def outgoing(count: int) -> list[Outgoing]:
    found = []
    for one in a_series(count):
        data = encoded(one)

        @contextlib.contextmanager
        def opened(data: bytes = data) -> Iterator[memoryview]:
            yield memoryview(data)

        uids = (str(one.SOPClassUID), str(one.SOPInstanceUID), str(one.file_meta.TransferSyntaxUID))
        found.append(Outgoing(*uids, opened))
    return found


def send(web: Web, folder: Path, items: Sequence[Outgoing], token_file: str = "") -> list[Outcome]:
    told: list[Outcome] = []

    def tell(outcomes: Sequence[Outcome]) -> bool:
        told.extend(outcomes)
        return True

    StowSender(folder, timeout_s=5).send(Destination("", web.url, token_file, ()), items, tell)
    return told


def test_objects_arrive_in_bounded_requests(web: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stow, "BATCH_OBJECTS", 3)
    items = outgoing(7)
    outcomes = send(web, tmp_path, items)
    assert [one.has_arrived for one in outcomes] == [True] * 7
    assert list(map(len, web.requests)) == [3, 3, 1]
    assert [uid for one in web.requests for uid in one] == [item.sop_instance_uid for item in items]


def test_a_refused_object_costs_only_itself(web: Web, tmp_path: Path) -> None:
    items = outgoing(3)
    web.answer = lambda uids: (202, said([uids[0], uids[2]], [uids[1]]))
    outcomes = send(web, tmp_path, items)
    assert [one.has_arrived for one in outcomes] == [True, False, True]
    assert "A900" in outcomes[1].sentence


@pytest.mark.parametrize("body", [b"", b"{}", b"<html>", said([], []), b"[1", b'{"00081199": 3}'])
def test_what_the_answer_does_not_name_has_not_arrived(web: Web, tmp_path: Path, body: bytes) -> None:
    web.answer = lambda _uids: (200, body)
    assert [one.has_arrived for one in send(web, tmp_path, outgoing(2))] == [False, False]


@pytest.mark.parametrize("status", [500, 502, 503, 429, 401, 403])
def test_a_server_in_trouble_is_tried_later(web: Web, tmp_path: Path, status: int) -> None:
    web.answer = lambda _uids: (status, b"")
    with pytest.raises(Unreachable, match=str(status)):
        send(web, tmp_path, outgoing(1))


def test_a_wrong_address_is_said(web: Web, tmp_path: Path) -> None:
    web.answer = lambda _uids: (404, b"")
    assert "check the URL" in send(web, tmp_path, outgoing(1))[0].sentence
    assert "404" in StowSender(tmp_path).test(Destination("", web.url, "", ()))


def test_a_server_that_is_not_there_is_said(tmp_path: Path) -> None:
    to = Destination("", "http://127.0.0.1:9/studies", "", ())
    with pytest.raises(Unreachable, match="does not answer"):
        StowSender(tmp_path, timeout_s=2).send(to, outgoing(1), lambda _outcomes: True)
    assert "does not answer" in StowSender(tmp_path, timeout_s=2).test(to)


def test_the_token_comes_from_its_file(web: Web, tmp_path: Path) -> None:
    (tmp_path / "cloud-token").write_text("s3cret\n")
    send(web, tmp_path, outgoing(1), "cloud-token")
    assert web.headers[0]["Authorization"] == "Bearer s3cret"
    with pytest.raises(Unreachable, match="cannot be read"):
        send(web, tmp_path, outgoing(1), "none")
    (tmp_path / "bad").write_text("a b\r\nX-Evil: 1")
    with pytest.raises(Unreachable, match="holds no token"):
        send(web, tmp_path, outgoing(1), "bad")


def test_an_unreadable_object_costs_only_itself(web: Web, tmp_path: Path) -> None:
    @contextlib.contextmanager
    def broken() -> Iterator[memoryview]:
        raise OSError("gone")
        yield memoryview(b"")

    good = outgoing(2)
    outcomes = send(web, tmp_path, [good[0], Outgoing("1.2", "1.2.3", "1.2.840.10008.1.2.1", broken), good[1]])
    assert {one.sop_instance_uid for one in outcomes if one.has_arrived} == {one.sop_instance_uid for one in good}
    assert [one.sentence for one in outcomes if not one.has_arrived] == ["The object could not be read: gone"]
