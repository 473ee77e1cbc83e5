"""C-GET and C-MOVE of one series from the whole server, beside Orthanc as Debian packages it.

    PYTHONPATH=. .venv/bin/python tests/benchmarks/bench_retrieve.py [--count 300] [--rounds 15] [--bar 1.3]

Both hold the same series and send it to the same receivers: for C-GET our own requestor, for C-MOVE our own storage
SCP, both in this process, where they read, answer and keep nothing; "getscu" is DCMTK's program, which starts, receives
in PDUs of 16 kB and writes files. The order turns from round to round. The ratio is the median over the rounds of
Orthanc's time divided by ours, with the quartiles beside it; "best" compares the quickest rounds of both, which says
most where other programs use the machine meanwhile.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from server.doors.dicom.door import Door
from server.doors.dicom.ports import DicomPorts, DoorSettings, Level, Peer, ReceivedObject, StoreOutcome
from server.doors.dicom.scu import Ours, get, move
from tests.benchmarks.bench_archive import indexed, start_server
from tests.benchmarks.bench_store import Target, free_port, make_pixels, make_slices, send_storescu
from tests.fakes.dicom_ports import FakePeers

CT = "1.2.840.10008.5.1.4.1.1.2"


class Nowhere:
    """A sink that counts and keeps nothing."""

    refuses_deep = False

    def __init__(self) -> None:
        self.count = 0

    def begin(self, _sop_class_uid: str, _sop_instance_uid: str, _transfer_syntax_uid: str) -> None:
        """Nothing is to be done while an object arrives."""

    def receive(self, received: ReceivedObject) -> StoreOutcome:
        assert received.length > 100_000
        self.count += 1
        return StoreOutcome.stored()


@contextmanager
def destination(sink: Nowhere) -> Iterator[int]:
    """A storage SCP named DEST in this process."""
    door = Door(DoorSettings(port=0, ae_title="DEST", drain_s=1.0), DicomPorts(FakePeers(), sink))
    door.start()
    try:
        yield door.port
    finally:
        door.stop()


def start_orthanc(folder: Path, port: int, destination_port: int) -> Target:
    """Orthanc with DEST among its modalities."""
    config = folder / "orthanc.json"
    config.write_text(
        json.dumps(
            {
                "Name": "ORTHANC",
                "StorageDirectory": str(folder / "db"),
                "IndexDirectory": str(folder / "db"),
                "HttpServerEnabled": False,
                "DicomAet": "ORTHANC",
                "DicomPort": port,
                "DicomAlwaysAllowGet": True,
                "DicomAlwaysAllowMove": True,
                "DicomThreadsCount": 8,
                "ConcurrentJobs": 4,
                "DicomModalities": {"dest": ["DEST", "127.0.0.1", destination_port]},
                "Plugins": [],
            }
        )
    )
    process = subprocess.Popen(
        ["/usr/sbin/Orthanc", str(config)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=dict(os.environ, TCP_NODELAY="1"),  # DCMTK inside it; without, objects wait for delayed ACKs
    )

    def stop() -> None:
        process.terminate()
        process.wait(30)

    end = time.monotonic() + 30
    while time.monotonic() < end:
        echo = subprocess.run(
            ["/usr/bin/echoscu", "-aec", "ORTHANC", "127.0.0.1", str(port)], capture_output=True, check=False
        )
        if echo.returncode == 0:
            return Target("127.0.0.1", port, "ORTHANC", stop)
        time.sleep(0.2)
    stop()
    raise SystemExit("Orthanc did not start.")


def register(folder: Path, port: int) -> None:
    """Make DEST known to our server, as `mingjing ae add` would."""
    import sqlite3

    connection = sqlite3.connect(folder / "mingjing.db", timeout=20)
    connection.execute(
        "INSERT INTO peers (ae_title, host, port, description, may_store, may_query, may_retrieve) "
        "VALUES ('DEST', '127.0.0.1', ?, '', 1, 1, 1)",
        (port,),
    )
    connection.commit()
    connection.close()


def time_of(operation: str, target: Target, series: dict[int, str], sink: Nowhere, count: int) -> float:
    """Seconds for the whole series; every object must have arrived."""
    peer = Peer(target.ae_title, target.host, target.port)
    ours = Ours("DEST")
    before = sink.count
    start = time.perf_counter()
    if operation == "C-GET":
        report = get(peer, Level.SERIES, series, sink, ours, classes=[CT])
    elif operation == "C-MOVE":
        report = move(peer, Level.SERIES, series, "DEST", ours)
    else:
        with tempfile.TemporaryDirectory() as folder:
            start = time.perf_counter()
            words = ["/usr/bin/getscu", "-S", "+B", "-aec", target.ae_title, "-od", folder]
            words += ["-k", "QueryRetrieveLevel=SERIES"]
            for tag, uid in series.items():
                words += ["-k", f"{tag >> 16:04X},{tag & 0xFFFF:04X}={uid}"]
            subprocess.run(
                [*words, target.host, str(target.port)],
                check=True,
                capture_output=True,
                env=dict(os.environ, TCP_NODELAY="1"),
            )
            taken = time.perf_counter() - start
            assert len(list(Path(folder).iterdir())) == count
            return taken
    taken = time.perf_counter() - start
    if report.status or sink.count - before != count:
        raise SystemExit(
            f"{operation} from {target.ae_title}: status {report.status:04X}, {sink.count - before} objects"
        )
    return taken


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--bar", type=float, default=0.0, help="exit with 1 when a ratio is below this")
    parser.add_argument("--verbose", action="store_true", help="print every round")
    options = parser.parse_args()
    if not shutil.which("storescu") or not Path("/usr/sbin/Orthanc").exists():
        print("This benchmark needs Orthanc and DCMTK: apt-get install orthanc dcmtk", file=sys.stderr)
        return 2
    work = Path(tempfile.mkdtemp(prefix="bench-retrieve-"))
    worst = float("inf")
    sink = Nowhere()
    try:
        with destination(sink) as port:
            files = make_slices(work, make_pixels(), options.count, 1)
            size = sum(path.stat().st_size for path in files)
            folders = {name: work / name for name in ("ours", "orthanc")}
            for folder in folders.values():
                folder.mkdir()
            servers = {
                "ours": start_server(folders["ours"]),
                "orthanc": start_orthanc(folders["orthanc"], free_port(), port),
            }
            try:
                register(folders["ours"], port)
                for target in servers.values():
                    send_storescu(target, [files])
                indexed(folders["ours"], options.count)
                series = series_of(files[0])
                print("| operation | ours MB/s | Orthanc MB/s | ratio | quartiles | best |")
                print("| --- | --- | --- | --- | --- | --- |")
                for operation in ("C-GET", "C-MOVE", "getscu"):
                    times: dict[str, list[float]] = {"ours": [], "orthanc": []}
                    for number in range(-4, options.rounds):
                        names = ["ours", "orthanc"] if number % 2 == 0 else ["orthanc", "ours"]
                        for name in names:
                            taken = time_of(operation, servers[name], series, sink, options.count)
                            if number >= 0:  # the first rounds warm up every worker process
                                times[name].append(taken)
                    ratios = sorted(b / a for a, b in zip(times["ours"], times["orthanc"], strict=True))
                    ratio = statistics.median(ratios)
                    low, high = ratios[len(ratios) // 4], ratios[3 * len(ratios) // 4]
                    best = min(times["orthanc"]) / min(times["ours"])
                    worst = min(worst, ratio)
                    ours, theirs = (size / 1e6 / statistics.median(times[n]) for n in ("ours", "orthanc"))
                    if options.verbose:
                        print(times)
                    print(
                        f"| {operation} | {ours:.0f} | {theirs:.0f} | {ratio:.2f} "
                        f"| {low:.2f}-{high:.2f} | {best:.2f} |",
                        flush=True,
                    )
            finally:
                for target in servers.values():
                    target.stop()
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return 1 if worst < options.bar else 0


def series_of(path: Path) -> dict[int, str]:
    """The unique keys of the series that a file belongs to."""
    import pydicom

    dataset = pydicom.dcmread(path, stop_before_pixels=True)
    return {0x0020000D: str(dataset.StudyInstanceUID), 0x0020000E: str(dataset.SeriesInstanceUID)}


if __name__ == "__main__":
    sys.exit(main())
