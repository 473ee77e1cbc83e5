"""Receivers for journeys: Orthanc with its DICOMweb plug-in, and a pynetdicom server that counts."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ORTHANC = shutil.which("Orthanc") or ("/usr/sbin/Orthanc" if Path("/usr/sbin/Orthanc").exists() else "")
DICOMWEB = next(iter(Path("/usr/share/orthanc/plugins").glob("libOrthancDicomWeb.so")), None)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Orthanc:
    """A running Orthanc."""

    def __init__(self, dicom_port: int, http_port: int) -> None:
        self.dicom_port = dicom_port
        self.http_port = http_port

    @property
    def stow_url(self) -> str:
        return f"http://127.0.0.1:{self.http_port}/dicom-web/studies"

    def get(self, path: str) -> Any:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.http_port}{path}", timeout=20) as answer:
            return json.load(answer)

    def instances(self) -> int:
        return int(self.get("/statistics")["CountInstances"])


@contextmanager
def an_orthanc(folder: Path) -> Iterator[Orthanc]:
    """Orthanc on free ports, ready."""
    made = Orthanc(free_port(), free_port())
    settings = {
        "Name": "ORTHANC",
        "StorageDirectory": str(folder / "db"),
        "IndexDirectory": str(folder / "db"),
        "DicomAet": "ORTHANC",
        "DicomPort": made.dicom_port,
        "HttpPort": made.http_port,
        "RemoteAccessAllowed": False,
        "AuthenticationEnabled": False,
        "DicomAlwaysAllowStore": True,
        "Plugins": [str(DICOMWEB)] if DICOMWEB else [],
    }
    (folder / "orthanc.json").write_text(json.dumps(settings))
    with (folder / "orthanc.log").open("wb") as log:
        process = subprocess.Popen(
            [ORTHANC, str(folder / "orthanc.json")], stdout=log, stderr=log, env=dict(os.environ, TCP_NODELAY="1")
        )
    try:
        end = time.monotonic() + 30
        while True:
            try:
                made.instances()
                break
            except (urllib.error.URLError, ConnectionError):
                assert time.monotonic() < end and process.poll() is None, "Orthanc did not start"
                time.sleep(0.1)
        yield made
    finally:
        process.terminate()
        process.wait(30)


class Counting:
    """A pynetdicom storage server that remembers how often each object came; `pause_s` before each answer."""

    def __init__(self, port: int, pause_s: float = 0.0) -> None:
        self.arrived: Counter[str] = Counter()
        self.port = port
        self._pause_s = pause_s
        self._lock = threading.Lock()
        self._server: Any = None

    def __enter__(self) -> Counting:
        from pynetdicom import AE, AllStoragePresentationContexts, evt

        def store(event: Any) -> int:
            time.sleep(self._pause_s)
            with self._lock:
                self.arrived[str(event.request.AffectedSOPInstanceUID)] += 1
            return 0x0000

        entity = AE("COUNTING")
        for context in AllStoragePresentationContexts:
            entity.add_supported_context(context.abstract_syntax)
        entity.supported_contexts = entity.supported_contexts[:120]
        handlers = [(evt.EVT_C_STORE, store)]
        self._server = entity.start_server(("127.0.0.1", self.port), block=False, evt_handlers=handlers)
        return self

    def __exit__(self, *_error: object) -> None:
        self._server.shutdown()

    @property
    def objects(self) -> int:
        with self._lock:
            return len(self.arrived)
