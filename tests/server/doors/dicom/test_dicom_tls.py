"""DICOM by TLS, both ways, with DCMTK's OpenSSL as the other side; bad certificates and wrong protocols are refused in
words."""

from __future__ import annotations

import contextlib
import logging
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from server.doors.dicom.door import Door
from server.doors.dicom.ports import DoorSettings, Level, Peer, TlsFiles
from server.doors.dicom.scu import Ours, ScuFailed, echo, find
from server.doors.dicom.tls import client_context, server_context
from tests.fakes.certificates import Authority
from tests.fakes.dicom_objects import ct_file, patient_rows, stored_objects
from tests.fakes.dicom_ports import FakeHospital

Tool = Callable[..., subprocess.CompletedProcess[str]]


@dataclass
class Secure:
    """A door with a TLS port, and what its clients need."""

    door: Door
    authority: Authority
    files: TlsFiles
    client: TlsFiles

    def dcmtk(self, *more: str) -> tuple[str, ...]:
        return ("+tls", str(self.client.key), str(self.client.certificate), "+cf", str(self.authority.file), *more)

    def peer(self) -> Peer:
        return Peer("MINGJING", "127.0.0.1", self.door.tls_port, tls=True)


@pytest.fixture
def secure(hospital: FakeHospital, tmp_path: Path) -> Iterator[Secure]:
    authority = Authority(tmp_path, "hospital")
    files, client = authority.issue("server"), authority.issue("ct1")
    settings = DoorSettings(port=0, tls_port=0, tls=files, outgoing_tls=files, artim_s=2.0, drain_s=1.0)
    door = Door(settings, hospital.ports())
    door.start()
    yield Secure(door, authority, files, client)
    door.stop()


def test_dcmtk_echoes_and_stores_by_tls(secure: Secure, hospital: FakeHospital, run_tool: Tool, tmp_path: Path) -> None:
    port = str(secure.door.tls_port)
    run_tool("echoscu", "-v", *secure.dcmtk(), "127.0.0.1", port)
    files = [ct_file(tmp_path, n, rows=512, columns=512) for n in range(3)]
    run_tool("storescu", *secure.dcmtk(), "127.0.0.1", port, *map(str, files))
    assert len(hospital.archive.objects) == 3
    kept = list(hospital.archive.objects.values())
    assert all(file.read_bytes().endswith(k.data) for file, k in zip(files, kept, strict=True))
    run_tool("echoscu", "127.0.0.1", str(secure.door.port))  # the plain port is there beside it


def test_every_profile_that_is_safe_is_spoken(secure: Secure, run_tool: Tool) -> None:
    for profile in ("+py", "+pz"):  # BCP 195, and its non-downgrading form
        run_tool("echoscu", profile, *secure.dcmtk(), "127.0.0.1", str(secure.door.tls_port))


def test_a_client_without_a_certificate_is_refused(
    secure: Secure, run_tool: Tool, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    done = run_tool(
        "echoscu", "+tla", "+cf", str(secure.authority.file), "127.0.0.1", str(secure.door.tls_port), ok=False
    )
    assert done.returncode != 0
    wait_for(lambda: "showed no certificate" in caplog.text)


def wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 40
    while not condition() and time.monotonic() < end:
        time.sleep(0.02)
    assert condition()


def test_a_client_of_a_strange_authority_is_refused(
    secure: Secure, run_tool: Tool, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "other").mkdir()
    stranger = Authority(tmp_path / "other", "stranger").issue("ct2")
    command = ("+tls", str(stranger.key), str(stranger.certificate), "+cf", str(secure.authority.file))
    assert run_tool("echoscu", *command, "127.0.0.1", str(secure.door.tls_port), ok=False).returncode != 0
    wait_for(lambda: "certificate of the peer was refused" in caplog.text)


def test_a_client_whose_certificate_has_expired_is_refused(
    secure: Secure, run_tool: Tool, caplog: pytest.LogCaptureFixture
) -> None:
    old = secure.authority.issue("old", days=(-9, -2))
    command = ("+tls", str(old.key), str(old.certificate), "+cf", str(secure.authority.file))
    assert run_tool("echoscu", *command, "127.0.0.1", str(secure.door.tls_port), ok=False).returncode != 0
    wait_for(lambda: "certificate has expired" in caplog.text)


def test_mutual_authentication_can_be_left_out(hospital: FakeHospital, run_tool: Tool, tmp_path: Path) -> None:
    authority = Authority(tmp_path, "hospital")
    issued = authority.issue("server")
    files = TlsFiles(issued.certificate, issued.key, None, require_client=False)
    door = Door(DoorSettings(port=0, tls_port=0, tls=files, drain_s=1.0), hospital.ports())
    door.start()
    try:
        run_tool("echoscu", "+tla", "+cf", str(authority.file), "127.0.0.1", str(door.tls_port))
    finally:
        door.stop()


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_both_versions_are_spoken_and_older_ones_are_not(secure: Secure, version: ssl.TLSVersion) -> None:
    context = client_context(secure.client)
    context.minimum_version = context.maximum_version = version
    with (
        socket.create_connection(("127.0.0.1", secure.door.tls_port), timeout=5) as sock,
        context.wrap_socket(sock) as wrapped,
    ):
        cipher = wrapped.cipher()
        assert wrapped.version() == version.name.replace("_", ".", 1).replace("TLSv1.", "TLSv1.")
        assert (cipher is not None and "GCM" in cipher[0]) or "CHACHA" in (cipher or ("",))[0]
    assert server_context(secure.files).minimum_version == ssl.TLSVersion.TLSv1_2


def test_weak_suites_are_not_spoken(secure: Secure, caplog: pytest.LogCaptureFixture) -> None:
    context = client_context(secure.client)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("ECDHE-ECDSA-AES128-SHA:AES128-SHA")
    with socket.create_connection(("127.0.0.1", secure.door.tls_port), timeout=5) as sock, pytest.raises(ssl.SSLError):
        context.wrap_socket(sock)
    wait_for(lambda: "no cipher suite" in caplog.text)


# our own requests


def test_our_requests_go_by_tls(secure: Secure, hospital: FakeHospital) -> None:
    ours = Ours(tls=secure.client)
    echo(secure.peer(), ours)
    hospital.query.rows = patient_rows() * 40
    answers = list(find(secure.peer(), Level.STUDY, {0x0020000D: "", 0x00100010: ""}, ours))
    assert answers


def test_a_server_we_do_not_trust_is_said(secure: Secure, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other = Authority(tmp_path / "other", "stranger")
    files = other.issue("ct3")
    with pytest.raises(ScuFailed, match="certificate of the peer was refused"):
        echo(secure.peer(), Ours(tls=files))
    half = TlsFiles(files.certificate, files.key, secure.authority.file)
    with pytest.raises(ScuFailed, match=r"authority of our certificate|refused our certificate"):
        echo(secure.peer(), Ours(tls=half))
    with pytest.raises(ScuFailed, match=r"requires a certificate of ours|refused our certificate"):
        echo(secure.peer(), Ours(tls=TlsFiles(authorities=secure.authority.file)))
    with pytest.raises(ScuFailed, match="cannot be read"):
        echo(secure.peer(), Ours(tls=TlsFiles(authorities=tmp_path / "missing.pem")))


def test_tls_to_a_plain_port_is_said(secure: Secure) -> None:
    with pytest.raises(ScuFailed, match=r"spoke no TLS|closed the connection"):
        echo(Peer("MINGJING", "127.0.0.1", secure.door.port, tls=True), Ours(tls=secure.client, connect_s=5))
    echo(secure.peer(), Ours(tls=secure.client))


def test_a_move_goes_by_tls_to_a_peer_that_wants_it(
    secure: Secure, hospital: FakeHospital, run_tool: Tool, tool_path: Callable[[str], str], tmp_path: Path
) -> None:
    hospital.retrieve.stored = stored_objects(tmp_path)
    target = tmp_path / "received"
    target.mkdir()
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
    storescp = subprocess.Popen([tool_path("storescp"), *secure.dcmtk("-od", str(target)), str(port)])
    try:
        wait_for(lambda: _listens(port))
        hospital.peers.peers["DEST"] = Peer("DEST", "127.0.0.1", port, tls=True)
        run_tool(
            "movescu", "-S", "-aem", "DEST", "-k", "QueryRetrieveLevel=STUDY", "-k", "StudyInstanceUID=1.2.3.1",
            "127.0.0.1", str(secure.door.port),
        )  # fmt: skip
    finally:
        storescp.terminate()
        storescp.wait(10)
    assert len(list(target.iterdir())) == 3


def _listens(port: int) -> bool:
    with socket.socket() as sock:
        return not sock.connect_ex(("127.0.0.1", port))


# the wrong protocol on a port


def test_plain_dicom_on_the_tls_port_is_cut_off(
    secure: Secure, run_tool: Tool, caplog: pytest.LogCaptureFixture
) -> None:
    assert run_tool("echoscu", "-to", "5", "127.0.0.1", str(secure.door.tls_port), ok=False).returncode != 0
    wait_for(lambda: "spoke no TLS" in caplog.text)
    run_tool("echoscu", *secure.dcmtk(), "127.0.0.1", str(secure.door.tls_port))


def test_http_on_the_tls_port_is_cut_off(secure: Secure, caplog: pytest.LogCaptureFixture) -> None:
    with socket.create_connection(("127.0.0.1", secure.door.tls_port), timeout=5) as sock:
        sock.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        with contextlib.suppress(ConnectionResetError):
            while sock.recv(4096):
                pass
    wait_for(lambda: "spoke HTTP" in caplog.text)


def test_tls_on_the_plain_port_is_cut_off(secure: Secure, run_tool: Tool) -> None:
    assert run_tool("echoscu", *secure.dcmtk(), "127.0.0.1", str(secure.door.port), ok=False).returncode != 0
    run_tool("echoscu", "127.0.0.1", str(secure.door.port))


def test_a_peer_that_must_use_tls_is_refused_on_the_plain_port(
    secure: Secure, hospital: FakeHospital, run_tool: Tool, caplog: pytest.LogCaptureFixture
) -> None:
    hospital.peers.peers["CT1"] = Peer("CT1", "127.0.0.1", 0, tls=True)
    assert run_tool("echoscu", "-aet", "CT1", "127.0.0.1", str(secure.door.port), ok=False).returncode != 0
    wait_for(lambda: "must come by TLS" in caplog.text)
    run_tool("echoscu", "-aet", "CT1", *secure.dcmtk(), "127.0.0.1", str(secure.door.tls_port))


def test_a_handshake_that_stops_is_cut_off(secure: Secure, caplog: pytest.LogCaptureFixture) -> None:
    with socket.create_connection(("127.0.0.1", secure.door.tls_port), timeout=10) as sock:
        sock.sendall(b"\x16\x03\x01")
        assert sock.recv(100) == b""
    wait_for(lambda: "handshake in time" in caplog.text)


@pytest.mark.parametrize("wrong", ["no key", "no authorities", "no file", "text"])
def test_a_port_that_cannot_be_secure_does_not_open(wrong: str, hospital: FakeHospital, tmp_path: Path) -> None:
    issued = Authority(tmp_path, "hospital").issue("server")
    text = tmp_path / "text.pem"
    text.write_text("no certificate")
    files = {
        "no key": TlsFiles(issued.certificate, None, issued.authorities),
        "no authorities": TlsFiles(issued.certificate, issued.key),
        "no file": TlsFiles(tmp_path / "none.pem", issued.key, issued.authorities),
        "text": TlsFiles(text, issued.key, issued.authorities),
    }[wrong]
    door = Door(DoorSettings(port=0, tls_port=0, tls=files), hospital.ports())
    with pytest.raises(ValueError, match=r"certificate|authorities"):
        door.start()


def test_workers_share_the_tls_port(run_tool: Tool, tmp_path: Path) -> None:
    authority = Authority(tmp_path, "hospital")
    files, client = authority.issue("server"), authority.issue("ct1")
    (tmp_path / "store").mkdir()
    settings = DoorSettings(
        port=0,
        tls_port=0,
        tls=files,
        workers=1,
        ports_factory="tests.fakes.dicom_ports:folder_ports",
        ports_options={"folder": str(tmp_path / "store"), "durable": "no"},
        drain_s=1.0,
    )
    door = Door(settings)
    door.start()
    try:
        secure = Secure(door, authority, files, client)
        run_tool("storescu", *secure.dcmtk(), "127.0.0.1", str(door.tls_port), str(ct_file(tmp_path, 1)))
    finally:
        door.stop()
    assert len(list((tmp_path / "store").rglob("*.dcm"))) == 1
