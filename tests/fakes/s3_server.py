"""A real S3 server for tests: SeaweedFS from its wheel, started once for a run of the tests, and buckets on it."""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import secrets
import shutil
import socket
import subprocess
import sysconfig
import tempfile
import time
from functools import lru_cache
from pathlib import Path
from typing import Any

from server.kernel.storage.s3 import S3Settings, S3Storage

ACCESS_KEY = "AKMINGJINGTEST"
SECRET_KEY = "a-secret-of-the-tests"
_PREFIX = "mingjing-s3-"
_BUCKET = "mingjing-tests"
_START_S = 40.0


def s3_settings(**changes: Any) -> S3Settings:
    """A place of its own in the bucket of the tests' server, with short time-outs.

    One bucket for all: to SeaweedFS each bucket is a collection with volumes of its own, of which there are few.
    """
    return S3Settings(
        **{
            "endpoint": _server(),
            "bucket": _BUCKET,
            "access_key": ACCESS_KEY,
            "secret_key": SECRET_KEY,
            "prefix": secrets.token_hex(6),
            "connect_timeout_s": 2.0,
            "read_timeout_s": 5.0,
            "deadline_s": 10.0,
            "first_pause_s": 0.02,
            **changes,
        }
    )


def s3_store(**changes: Any) -> S3Storage:
    """A store over a place of its own."""
    return S3Storage(s3_settings(**changes))


@lru_cache(maxsize=1)
def _server() -> str:
    """Start the server; it is killed at the end of this process (its own orderly end takes half a minute)."""
    _end_orphans()
    for _ in range(3):
        endpoint = _started()
        if endpoint:
            return endpoint
    raise AssertionError("the S3 server of the tests does not start")


def _started() -> str:
    """Start it on free ports; empty when somebody else took one of them meanwhile."""
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
    (folder / "owner").write_text(str(os.getpid()))
    identity = {
        "name": "tests",
        "credentials": [{"accessKey": ACCESS_KEY, "secretKey": SECRET_KEY}],
        "actions": ["Admin", "Read", "Write", "List", "Tagging"],
    }
    (folder / "s3.json").write_text(json.dumps({"identities": [identity]}))
    (folder / "data").mkdir()
    s3, *others = _free_ports(8)
    names = ("master.port", "master.port.grpc", "volume.port", "volume.port.grpc", "filer.port", "filer.port.grpc")
    options = [f"-{name}={port}" for name, port in zip((*names, "s3.port.grpc"), others, strict=True)]
    options += [f"-s3.port={s3}", f"-s3.config={folder / 's3.json'}", "-s3", "-s3.iam=false"]
    options += ["-ip=127.0.0.1", "-ip.bind=127.0.0.1", f"-dir={folder / 'data'}", "-s3.autoCreateBucket=false"]
    options += ["-master.volumeSizeLimitMB=256", "-volume.max=100", "-s3.port.iceberg=0", "-s3.port.lance=0"]
    weed = Path(sysconfig.get_path("scripts")) / ("weed.exe" if os.name == "nt" else "weed")
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([weed, "-logtostderr", "server", *options], stdout=log, stderr=log, cwd=folder)
    (folder / "pid").write_text(str(process.pid))
    atexit.register(_end, process, folder)
    endpoint = f"http://127.0.0.1:{s3}"
    return endpoint if _keeps(endpoint, process, folder) else ""


def _keeps(endpoint: str, process: subprocess.Popen[bytes], folder: Path) -> bool:
    """Wait until the server keeps an object; False when it ended."""
    settings = S3Settings(endpoint, _BUCKET, ACCESS_KEY, SECRET_KEY, deadline_s=1.0)
    end = time.monotonic() + _START_S
    made = False
    while process.poll() is None:
        try:
            if not made:
                made = bool(S3Storage(settings)._client().create_bucket(Bucket=_BUCKET))
            S3Storage(settings).put(b"ready")
            return True
        except Exception as trouble:  # noqa: BLE001 - whatever a server says that is starting
            assert time.monotonic() < end, f"{trouble}\n{(folder / 'log').read_text()[-3000:]}"
            time.sleep(0.1)
    return False


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [int(one.getsockname()[1]) for one in sockets]


def _end(process: subprocess.Popen[bytes], folder: Path) -> None:
    process.kill()
    process.wait(20)
    shutil.rmtree(folder, ignore_errors=True)


def _end_orphans() -> None:
    """End the servers of test runs that were killed: nobody else would."""
    import psutil

    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        owner, pid = folder / "owner", folder / "pid"
        if not owner.is_file() or psutil.pid_exists(int(owner.read_text() or "0")):
            continue
        if pid.is_file():
            with contextlib.suppress(psutil.NoSuchProcess):
                process = psutil.Process(int(pid.read_text()))
                if str(folder) in " ".join(process.cmdline()):
                    process.kill()
        shutil.rmtree(folder, ignore_errors=True)
