"""DICOMweb of the whole server beside Orthanc with its DICOMweb plug-in, as Debian packages them.

    PYTHONPATH=. .venv/bin/python tests/benchmarks/bench_web.py [--slices 200] [--rounds 7] [--bars]

Both get the same series of 512x512 CT slices by STOW-RS, then the same requests in turn, round by round, over one
connection that stays open (for Orthanc KeepAlive and TcpNoDelay are switched on, to its advantage). Times are medians
in milliseconds, ratios the median over the rounds. "first" is the first request for metadata after storing.
"""

from __future__ import annotations

import argparse
import http.client
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.benchmarks.bench_store import RUN, free_port, instance_uid, make_pixels, make_slices
from tests.server_process import start_server

BARS = {"WADO-RS series": 1.5, "metadata": 10.0}
RENDERED_MS = 5.0
_PLUGIN = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")


@dataclass
class Web:
    """A DICOMweb server: how to ask it, and how to end it."""

    host: str
    port: int
    prefix: str
    stop: Callable[[], object]
    headers: dict[str, str] = field(default_factory=dict)
    connection: http.client.HTTPConnection | None = None
    buffer: bytearray = field(default_factory=lambda: bytearray(1 << 20))

    def ask(self, path: str, accept: str = "", body: bytes = b"", content_type: str = "") -> tuple[float, int]:
        """Milliseconds and bytes of one request; raises SystemExit for a bad status."""
        headers = dict(self.headers)
        if accept:
            headers["Accept"] = accept
        if content_type:
            headers["Content-Type"] = content_type
        for attempt in (1, 2):
            if self.connection is None:
                self.connection = http.client.HTTPConnection(self.host, self.port, timeout=120)
            try:
                start = time.perf_counter()
                self.connection.request("POST" if body else "GET", self.prefix + path, body or None, headers)
                answer = self.connection.getresponse()
                break
            except (http.client.HTTPException, OSError):
                self.connection = None
                if attempt == 2:
                    raise
        count = 0
        while read := answer.readinto(self.buffer):
            count += read
        elapsed = (time.perf_counter() - start) * 1000
        if answer.status not in (200, 202):
            raise SystemExit(f"{path} gave {answer.status}: {bytes(self.buffer[:300])!r}")
        return elapsed, count


def start_ours(folder: Path) -> Web:
    """`mingjing server` on free ports, with a token."""
    from shared.contract.access import AccessScope, AddToken

    server = start_server(folder)
    client = server.client()
    secret = client.call(AddToken(name="bench", scopes=tuple(AccessScope))).secret
    client.close()
    return Web("127.0.0.1", server.http_port, "/dicom-web", server.stop, {"Authorization": f"Bearer {secret}"})


def start_orthanc(folder: Path) -> Web:
    """Orthanc with the packaged plug-in."""
    port = free_port()
    config = folder / "orthanc.json"
    settings = {
        "StorageDirectory": str(folder / "db"),
        "IndexDirectory": str(folder / "db"),
        "DicomServerEnabled": False,
        "HttpPort": port,
        "KeepAlive": True,
        "TcpNoDelay": True,
        "RemoteAccessAllowed": False,
        "AuthenticationEnabled": False,
        "Plugins": [str(_PLUGIN)],
        "DicomWeb": {"Enable": True, "Root": "/dicom-web/"},
    }
    config.write_text(json.dumps(settings))
    program = shutil.which("Orthanc") or "/usr/sbin/Orthanc"
    with (folder / "log").open("wb") as out:
        process = subprocess.Popen([program, str(config)], stdout=out, stderr=out)
    end = time.monotonic() + 30
    while True:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/system", timeout=2).close()
            break
        except OSError:
            if time.monotonic() > end or process.poll() is not None:
                raise SystemExit(f"Orthanc did not start; see {folder / 'log'}.") from None
            time.sleep(0.05)

    def stop() -> None:
        process.terminate()
        process.wait(20)

    return Web("127.0.0.1", port, "/dicom-web", stop)


def fill(web: Web, files: list[Path]) -> float:
    """Store everything by STOW-RS, 20 objects a request; seconds."""
    seconds = 0.0
    for start in range(0, len(files), 20):
        parts = [
            b"--XX\r\nContent-Type: application/dicom\r\n\r\n" + path.read_bytes() + b"\r\n"
            for path in files[start : start + 20]
        ]
        body = b"".join(parts) + b"--XX--\r\n"
        kind = 'multipart/related; type="application/dicom"; boundary=XX'
        seconds += web.ask("/studies", "application/dicom+json", body, kind)[0] / 1000
    return seconds


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--slices", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--bars", action="store_true", help="exit with 1 when a bar is missed")
    options = parser.parse_args()
    if not _PLUGIN.exists():
        print("This benchmark needs Orthanc: apt-get install orthanc orthanc-dicomweb", file=sys.stderr)
        return 2
    work = Path(tempfile.mkdtemp(prefix="bench-web-"))
    webs: dict[str, Web] = {}
    try:
        files = make_slices(work, make_pixels(), options.slices, 1)
        for name, start in (("ours", start_ours), ("orthanc", start_orthanc)):
            (work / name).mkdir()
            webs[name] = start(work / name)
        stored = {name: fill(web, files) for name, web in webs.items()}
        return report(webs, stored, options)
    finally:
        for web in webs.values():
            web.stop()
        shutil.rmtree(work, ignore_errors=True)


def report(webs: dict[str, Web], stored: dict[str, float], options: argparse.Namespace) -> int:
    found = json.loads(_get(webs["ours"], f"/instances?SOPInstanceUID={instance_uid(1, 0)}"))[0]
    study, series = found["0020000D"]["Value"][0], found["0020000E"]["Value"][0]
    base = f"/studies/{study}/series/{series}"
    octets = 'multipart/related; type="application/octet-stream"'
    dicom = 'multipart/related; type="application/dicom"; transfer-syntax=*'
    one = [f"{base}/instances/{instance_uid(1, index)}" for index in range(options.slices)]
    first = {name: web.ask(f"{base}/metadata", "application/dicom+json")[0] for name, web in webs.items()}
    requests: list[tuple[str, Callable[[int], str], str, int]] = [
        ("WADO-RS series", lambda _: base, dicom, 1),
        ("metadata", lambda _: f"{base}/metadata", "application/dicom+json", 1),
        ("frame", lambda n: f"{one[n % len(one)]}/frames/1", octets, 20),
        ("rendered, new", lambda n: f"{one[n % len(one)]}/rendered", "image/jpeg", 20),
        ("rendered, again", lambda _: f"{one[0]}/rendered", "image/jpeg", 20),
        ("QIDO-RS one study", lambda _: f"/studies?StudyInstanceUID={study}", "application/dicom+json", 20),
        ("QIDO-RS instances", lambda _: f"{base}/instances?limit=200", "application/dicom+json", 3),
    ]
    print(f"| request ({options.slices} slices, run {RUN}) | ours ms | Orthanc ms | ratio |")
    print("| --- | --- | --- | --- |")
    ratio = stored["orthanc"] / stored["ours"]
    print(f"| STOW-RS, per 20 slices | {_per_20(stored['ours'], options):.1f} | "
          f"{_per_20(stored['orthanc'], options):.1f} | {ratio:.2f} |")  # fmt: skip
    print(
        f"| metadata, first | {first['ours']:.1f} | {first['orthanc']:.1f} | {first['orthanc'] / first['ours']:.2f} |"
    )
    missed = []
    for label, path, accept, count in requests:
        times: dict[str, list[float]] = {"ours": [], "orthanc": []}
        ratios = []
        for number in range(options.rounds):
            order = ["ours", "orthanc"] if number % 2 == 0 else ["orthanc", "ours"]
            for name in order:
                took = [webs[name].ask(path(number * count + n), accept)[0] for n in range(count)]
                times[name].append(statistics.median(took))
            ratios.append(times["orthanc"][-1] / times["ours"][-1])
        ours, orthanc = statistics.median(times["ours"]), statistics.median(times["orthanc"])
        ratio = statistics.median(ratios)
        print(f"| {label} | {ours:.2f} | {orthanc:.2f} | {ratio:.2f} |", flush=True)
        if ratio < BARS.get(label, 0.0) or (label == "rendered, again" and ours > RENDERED_MS):
            missed.append(label)
    if missed:
        print(f"missed: {', '.join(missed)}")
    return 1 if missed and options.bars else 0


def _per_20(seconds: float, options: argparse.Namespace) -> float:
    return seconds * 1000 / max(options.slices / 20, 1)


def _get(web: Web, path: str) -> bytes:
    connection = http.client.HTTPConnection(web.host, web.port, timeout=60)
    connection.request("GET", web.prefix + path, headers={**web.headers, "Accept": "application/dicom+json"})
    body = connection.getresponse().read()
    connection.close()
    return body


if __name__ == "__main__":
    sys.exit(main())
