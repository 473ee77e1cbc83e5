"""The whole server with a DICOM port by TLS: dcmtk stores and asks by it, and a move goes out by TLS too."""

from __future__ import annotations

import shutil
import subprocess
import time
from pathlib import Path

import pytest
from server_process import running_server

from shared.contract.archive import GetArchiveStatus
from shared.contract.organisation import SavePeer
from shared.dicomkit.synthetic import ct_series
from tests.fakes.certificates import Authority

pytestmark = pytest.mark.skipif(shutil.which("storescu") is None, reason="dcmtk is not installed")


def tool(*command: str) -> None:
    done = subprocess.run(list(command), capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]


def a_free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_images_come_and_go_by_tls(tmp_path: Path) -> None:
    authority = Authority(tmp_path, "hospital")
    ours, theirs = authority.issue("server"), authority.issue("ct1")
    settings = tmp_path / "settings.toml"
    settings.write_text(
        f"dicom_tls_port = 0\ndicom_tls_certificate = '{ours.certificate}'\ndicom_tls_key = '{ours.key}'\n"
        f"dicom_tls_authorities = '{authority.file}'\n",
        encoding="utf-8",
    )
    files = ct_series(tmp_path / "series", 3, 64)
    by_tls = ["+tls", str(theirs.key), str(theirs.certificate), "+cf", str(authority.file)]
    incoming = tmp_path / "incoming"
    incoming.mkdir()
    port = a_free_port()
    with running_server(tmp_path / "data", "--settings", str(settings)) as server:
        at = ["127.0.0.1", str(server.dicom_tls_port)]
        tool("storescu", *by_tls, "-aec", "MINGJING", *at, *map(str, files))
        client = server.client()
        try:
            client.call(SavePeer(ae_title="WS1", host="127.0.0.1", port=port, tls=True))
            end = time.monotonic() + 30
            while client.call(GetArchiveStatus()).instances < len(files):
                assert time.monotonic() < end
                time.sleep(0.05)
        finally:
            client.close()
        receiver = subprocess.Popen(
            ["storescp", *by_tls, "-od", str(incoming), str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            key = "StudyInstanceUID=" + _study_uid(files[0])
            move = ["movescu", "-S", "-aec", "MINGJING", "-aem", "WS1", "127.0.0.1", str(server.dicom_port)]
            tool(*move, "-k", "QueryRetrieveLevel=STUDY", "-k", key)
            assert len(list(incoming.iterdir())) == len(files)
        finally:
            receiver.terminate()
            receiver.wait(10)


def _study_uid(path: Path) -> str:
    from pydicom import dcmread

    return str(dcmread(path, stop_before_pixels=True).StudyInstanceUID)
