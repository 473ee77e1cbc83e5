"""Images over HTTP from a real server: multipart, single files, zips; what is refused; shown in the window."""

from __future__ import annotations

import base64
import io
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from clients.viewer.web import fetching
from clients.viewer.web.feature import WebFeature
from clients.viewer.web.fetching import NotFetched, fetch
from clients.viewer.window import ViewerWindow
from tests.clients.viewer.viewer_builders import write_series


class Device:
    """A third party's web server: path → content type and body."""

    def __init__(self) -> None:
        self.answers: dict[str, tuple[str, bytes]] = {}
        self.asked: list[tuple[str, str, str]] = []
        self.lies_about_length = False
        device = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                device.asked.append((self.path, self.headers["Accept"], self.headers.get("Authorization", "")))
                if self.path == "/moved":
                    self.send_response(302)
                    self.send_header("Location", "file:///etc/passwd")
                    self.end_headers()
                    return
                kind, body = device.answers.get(self.path, ("text/plain", b""))
                self.send_response(200 if body else 404)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body) + 10 * device.lies_about_length))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()
        self.address = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def device() -> Iterator[Device]:
    made = Device()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def files(tmp_path: Path) -> list[bytes]:
    write_series(tmp_path / "made", 3)
    return [path.read_bytes() for path in sorted((tmp_path / "made").rglob("*")) if path.is_file()]


def multipart(parts: list[bytes]) -> bytes:
    head = b"Content-Type: application/dicom\r\n\r\n"
    return b"".join(b"--bound\r\n" + head + part + b"\r\n" for part in parts) + b"--bound--\r\n"


def zipped(parts: list[bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("../../evil.txt", b"not an image")
        for n, part in enumerate(parts):
            archive.writestr(f"../../{n}", part)
    return out.getvalue()


def test_all_forms_of_an_answer_give_the_same_objects(device: Device, files: list[bytes], tmp_path: Path) -> None:
    device.answers = {
        "/rs": ('multipart/related; type="application/dicom"; boundary=bound', multipart(files)),
        "/uri?requestType=WADO": ("application/dicom", files[0]),
        "/zip": ("application/zip", zipped(files)),
    }
    for path, wanted in (("/rs", files), ("/uri?requestType=WADO", files[:1]), ("/zip", files)):
        folder = tmp_path / str(len(device.asked))
        folder.mkdir()
        heard: list[int] = []
        assert fetch(device.address + path, folder, heard.append) == len(wanted)
        assert sorted(p.read_bytes() for p in folder.iterdir()) == sorted(wanted)
        assert heard
    assert 'type="application/dicom"' in device.asked[0][1]
    assert not (tmp_path / "evil.txt").exists() and not (tmp_path.parent / "evil.txt").exists()


def test_name_and_password_of_the_address_are_sent_as_a_header(
    device: Device, files: list[bytes], tmp_path: Path
) -> None:
    device.answers = {"/one": ("application/dicom", files[0])}
    assert fetch(device.address.replace("//", "//reader:p%40ss@") + "/one", tmp_path) == 1
    assert device.asked[0][2] == "Basic " + base64.b64encode(b"reader:p@ss").decode()


@pytest.mark.parametrize("address", ["file:///etc/passwd", "ftp://x/y", "nonsense", "http://", "http://x:port/"])
def test_other_addresses_are_refused(address: str, tmp_path: Path) -> None:
    with pytest.raises(NotFetched, match="http"):
        fetch(address, tmp_path)


def test_what_is_no_image_or_not_whole_is_refused(
    device: Device, files: list[bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = 'multipart/related; type="application/dicom"; boundary=bound'
    device.answers = {
        "/page": ("text/html", b"<html>log in</html>"),
        "/cut": (kind, multipart(files)[:-200]),
        "/one": ("application/dicom", files[0]),
    }
    for path, words in (("/page", "不是 DICOM"), ("/none", "404"), ("/cut", "中断"), ("/moved", "没有给出影像")):
        with pytest.raises(NotFetched, match=words):
            fetch(device.address + path, tmp_path)
    device.lies_about_length = True
    with pytest.raises(NotFetched, match="中断"):
        fetch(device.address + "/one", tmp_path)
    device.lies_about_length = False
    monkeypatch.setattr(fetching, "LARGEST", 100)
    with pytest.raises(NotFetched, match="太大"):
        fetch(device.address + "/one", tmp_path)


def test_an_address_is_opened_in_the_window_and_nothing_is_left_behind(
    qtbot: QtBot, device: Device, files: list[bytes]
) -> None:
    device.answers = {"/rs": ('multipart/related; type="application/dicom"; boundary=bound', multipart(files))}
    window = ViewerWindow()
    qtbot.addWidget(window)
    feature = next(f for f in window.features if isinstance(f, WebFeature))
    window.perform("web.open")
    assert feature.dialog is not None
    feature.dialog.setTextValue(device.address + "/rs")
    feature.dialog.accept()
    qtbot.waitUntil(lambda: len(window.session.stacks) == 1, timeout=30_000)
    assert len(window.session.stacks[0]) == 3
    feature.open("file:///etc/passwd")
    assert "http://" in window.banner.text()
    folders = list(feature._folders)
    assert len(folders) == 1 and folders[0].exists()
    window.close()
    assert not folders[0].exists()
