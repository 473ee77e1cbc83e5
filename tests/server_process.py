"""The whole server as a process of its own, as a hospital runs it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from shared.rpc.client import RpcClient, ZmqTransport
from shared.rpc.connection import Connection
from tests.databases import put_schema

ROOT = Path(__file__).resolve().parents[1]
START_TIMEOUT_S = 180


@dataclass
class ServerProcess:
    """A running server and where its doors are."""

    process: subprocess.Popen[str]
    data: Path
    connection: Connection
    dicom_port: int
    http_port: int
    reader: threading.Thread
    dicom_tls_port: int = 0
    hl7_port: int = -1
    hl7_tls_port: int = -1

    @property
    def admin_password(self) -> str:
        return (self.data / "secrets" / "admin-password").read_text(encoding="utf-8").strip()

    def client(self, login: str = "admin", password: str = "") -> RpcClient:
        """A signed-in client; the caller closes it."""
        client = RpcClient(ZmqTransport(self.connection), station="test", timeout_s=30)
        client.login(login, password or self.admin_password)
        return client

    def kill(self, *, whole: bool = False) -> None:
        """SIGKILL (TerminateProcess on Windows): nothing can be tidied up.

        `whole`: its receivers, indexer and keepers at the same moment, as a loss of power does, where the system tells
        who they are; otherwise these notice that they were left alone and end by themselves, which takes seconds.
        """
        below = _descendants(self.process.pid) if whole else []
        self.process.kill()
        for pid in below:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait(20)
        self._close_pipes()

    def stop(self) -> int:
        """End as a service manager does; returns the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        finally:
            self._close_pipes()

    def _close_pipes(self) -> None:
        self.reader.join(20)
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            if pipe is not None:
                pipe.close()


def start_server(
    data: Path,
    *options: str,
    connection: Connection | None = None,
    dicom_port: int = 0,
    migrates: bool = False,
) -> ServerProcess:
    """Start a server on free ports (or on those of `connection`) and wait for its ready line.

    `migrates`: it makes the schema of a new folder itself, as in a hospital; otherwise a new folder brings it along.
    """
    if not migrates:
        put_schema(data)
    ports = str(connection.requests) if connection else "0"
    command = [sys.executable, "-m", "mingjing", "server", "--data", str(data), "--rpc-port", ports]
    command += ["--dicom-port", str(dicom_port), "--http-port", "0", "--hl7-port", "0", "--end-with-input", *options]
    environment = dict(os.environ, PYTHONPATH=str(ROOT), PYTHONUTF8="1")
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env=environment,
        cwd=ROOT,
    )
    errors: list[str] = []
    assert process.stderr is not None and process.stdout is not None
    stderr = process.stderr
    reader = threading.Thread(target=lambda: errors.extend(stderr), daemon=True)
    reader.start()
    watchdog = threading.Timer(START_TIMEOUT_S, process.kill)
    watchdog.start()
    try:
        for line in process.stdout:
            if line.startswith("ready "):
                return _parsed(line, process, data, reader)
    finally:
        watchdog.cancel()
    process.wait(10)
    raise AssertionError(f"the server did not become ready (status {process.returncode}):\n{''.join(errors)}")


def _descendants(pid: int) -> list[int]:
    found = []
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            for child in children.read_text().split():
                found += [int(child), *_descendants(int(child))]
    return found


def _parsed(line: str, process: subprocess.Popen[str], data: Path, reader: threading.Thread) -> ServerProcess:
    words = dict(word.split("=", 1) for word in line.split()[2:])
    dicom, http = (int(words[name].rsplit(":", 1)[1]) for name in ("dicom", "http"))
    tls = int(words.get("dicom-tls", ":0").rsplit(":", 1)[1])
    hl7, hl7_tls = (int(words.get(name, ":-1").rsplit(":", 1)[1]) for name in ("hl7", "hl7-tls"))
    connection = Connection.parse(line.split()[1])
    return ServerProcess(process, data, connection, dicom, http, reader, tls, hl7, hl7_tls)


@contextmanager
def running_server(data: Path, *options: str, migrates: bool = False) -> Iterator[ServerProcess]:
    """A server for the length of a test; it must end cleanly."""
    server = start_server(data, *options, migrates=migrates)
    try:
        yield server
    finally:
        status = server.stop()
    assert status == 0, f"the server ended with status {status}"
