"""DICOMweb of the whole server: an independent Python client, and a JavaScript viewer in a real browser."""

from __future__ import annotations

import base64
import functools
import http.server
import io
import json
import queue
import shutil
import subprocess
import threading
import time
import urllib.parse
from pathlib import Path
from typing import Any

import pytest
import requests
from dicomweb_client import DICOMwebClient
from pydicom import dcmread, dcmwrite
from pydicom.dataset import Dataset

from mingjing.tokens import main as token_command
from shared.contract.audit import CheckAudit, ListAudit
from shared.imaging.codecs import decode_frame
from shared.imaging.frames import Part10
from shared.imaging.header import pixel_format
from tests.server.archive.archive_house import a_series
from tests.server_process import ROOT, ServerProcess, running_server

DATA = ROOT.parent / "shared" / "data"
PACKAGES = {
    "cornerstone-core@2.6.1": "cornerstone-core/dist/cornerstone.js",
    "dicom-parser@1.8.21": "dicom-parser/dist/dicomParser.js",
    "dicomweb-client@0.11.3": "dicomweb-client/build/dicomweb-client.js",
    "cornerstone-wado-image-loader@4.13.2": (
        "cornerstone-wado-image-loader/dist/cornerstoneWADOImageLoaderNoWebWorkers.bundle.min.js"
    ),
}
NAMES = ("cornerstone.js", "dicomParser.js", "dicomweb-client.js", "loader.js")


def token_of(server: ServerProcess, capsys: pytest.CaptureFixture[str], *scopes: str) -> str:
    """Made by the command line, as an administrator does."""
    assert token_command(["add", "journey", *scopes, "--data", str(server.data)]) == 0
    return capsys.readouterr().out.strip()


def session_of(token: str) -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    session.headers["Authorization"] = f"Bearer {token}"
    return session


def test_store_find_and_read_through_all_processes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mine = a_series(6, 64)
    with running_server(tmp_path) as server:
        token = token_of(server, capsys, "read", "store")
        root = f"http://127.0.0.1:{server.http_port}"
        with session_of(token) as session:
            client = DICOMwebClient(f"{root}/dicom-web", session=session)
            stored = client.store_instances(mine)
            assert len(stored.ReferencedSOPSequence) == 6
            study, series = mine[0].StudyInstanceUID, mine[0].SeriesInstanceUID
            assert len(client.search_for_instances(study)) == 6
            again = client.retrieve_series(study, series)
            assert [one.PixelData for one in again] == [one.PixelData for one in mine]
            assert len(client.retrieve_series_metadata(study, series)) == 6
            assert session.get(f"{root}/health").json()["ok"]
        assert token_command(["revoke", "journey", "--data", str(server.data)]) == 0
        assert "ended" in capsys.readouterr().out
        admin = server.client()
        wanted = {"web.store", "web.retrieve", "access.add_token", "access.revoke_token"}
        end = time.monotonic() + 40  # entries of other processes are written and chained in batches
        while not wanted <= {row.method for row in admin.call(ListAudit()).rows}:
            assert time.monotonic() < end
            time.sleep(0.1)
        assert admin.call(CheckAudit()).is_whole
        admin.close()


class Pages(http.server.ThreadingHTTPServer):
    """A web server for the viewer's page; takes what the page reports."""

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), functools.partial(_Page, directory=str(folder)))
        self.report: queue.Queue[dict[str, Any]] = queue.Queue()
        self.origin = f"http://127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, daemon=True).start()


class _Page(http.server.SimpleHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        assert isinstance(self.server, Pages)
        self.server.report.put(json.loads(body))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        return


def browser() -> str:
    for name in ("chromium", "chromium-browser", "google-chrome", "chrome"):
        if found := shutil.which(name):
            return found
    pytest.skip("no Chromium here")


def fetch_packages(folder: Path) -> None:
    """The viewer's libraries from npm, in the versions that are named above."""
    if not shutil.which("npm"):
        pytest.skip("no npm here")
    (folder / "package.json").write_text("{}", encoding="utf-8")
    command = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", *PACKAGES]
    done = subprocess.run(command, cwd=folder, capture_output=True, timeout=180, check=False)
    if done.returncode:
        pytest.skip("npm could not fetch the viewer's libraries")
    for name, place in zip(NAMES, PACKAGES.values(), strict=True):
        shutil.copy(folder / "node_modules" / place, folder / name)
    shutil.copy(Path(__file__).with_name("viewer_page.html"), folder / "viewer_page.html")


def in_all_syntaxes() -> list[Dataset]:
    """The same slice in each syntax that there is a file of, else made ones."""
    folder = DATA / "transfer_syntaxes" / "same_ct_all_syntaxes"
    wanted = ("_LittleEndianExplicit", "RLELossless", "JPEGLSLossless", "JPEG2000LosslessOnly")
    found = [dcmread(path) for path in sorted(folder.glob("*.dcm")) if any(word in path.name for word in wanted)]
    if not found:
        return a_series(3, 64)
    for number, one in enumerate(found, 1):
        one.StudyInstanceUID, one.SeriesInstanceUID = found[0].StudyInstanceUID, found[0].SeriesInstanceUID
        one.SOPInstanceUID = one.file_meta.MediaStorageSOPInstanceUID = f"2.25.4711{number}"
        one.InstanceNumber = number
    return found


def total(one: Dataset) -> int:
    """The sum of the stored values, by our own decoders (which have tests of their own against others)."""
    out = io.BytesIO()
    dcmwrite(out, one, enforce_file_format=True)
    file = Part10(out.getvalue())
    form = pixel_format(file.header)
    return int(decode_frame(file.frame(0, form.native_bytes), form, file.transfer_syntax).astype(int).sum())


@pytest.mark.slow
def test_a_javascript_viewer_shows_the_images(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    chromium = browser()
    page = tmp_path / "page"
    page.mkdir()
    fetch_packages(page)
    mine = in_all_syntaxes()
    for one in mine:
        one.PatientID, one.PatientName, one.SpecificCharacterSet = "VIEWER1", "Li^Ming=李^明", "ISO_IR 192"
    settings, picture = tmp_path / "settings.toml", tmp_path / "viewer.png"
    with Pages(page) as pages:
        settings.write_text(f'web_origins = "{pages.origin}"\n', encoding="utf-8")
        with running_server(tmp_path / "data", "--settings", str(settings)) as server:
            base = f"http://127.0.0.1:{server.http_port}/dicom-web"
            token = token_of(server, capsys, "read", "store")
            with session_of(token) as session:
                stored = DICOMwebClient(base, session=session).store_instances(mine)
                assert len(stored.ReferencedSOPSequence) == len(mine)
            wish = urllib.parse.quote(json.dumps({"base": base, "token": token, "patient": "VIEWER1"}))
            command = [chromium, "--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=900,800"]
            command += [f"--user-data-dir={tmp_path / 'profile'}", f"{pages.origin}/viewer_page.html#{wish}"]
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                facts = pages.report.get(timeout=90)
            finally:
                process.terminate()
                process.wait(20)
        pages.shutdown()
    assert "error" not in facts, facts
    assert facts["studies"] == 1
    assert facts["name"] == {"Alphabetic": "Li^Ming", "Ideographic": "李^明"}
    assert facts["instances"] == len(mine)
    shown = {one["uid"]: one["sum"] for one in facts["shown"]}
    assert shown == {one.SOPInstanceUID: total(one) for one in mine}
    assert facts["shown"][0]["rows"] == mine[0].Rows
    assert facts["rendered"] > 500
    picture.write_bytes(base64.b64decode(facts["picture"].split(",", 1)[1]))
    assert picture.stat().st_size > 5000
