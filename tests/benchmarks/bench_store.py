"""C-STORE of synthetic CT slices: our door beside Orthanc as Debian packages it, in the same rounds on the same
machine.

    PYTHONPATH=. .venv/bin/python tests/benchmarks/bench_store.py [--count 400] [--rounds 3] [--assoc 1,4]
        [--client storescu|raw] [--target HOST:PORT:AET] [--workers 2] [--bar 2.0]

Without ``--target`` the door runs with a sink that stores each object as a file and syncs it before the answer; with
it, any running server is measured instead. Orthanc has its default settings:
each file synced, SQLite index. TCP_NODELAY=1 is in the environment of Orthanc and storescu, since Debian's DCMTK
leaves Nagle's algorithm on and both would wait 40 ms for each object otherwise. The ratio is the median over the
rounds.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import shutil
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.synchronize import Event, Semaphore
from pathlib import Path
from typing import Any

from server.doors.dicom.door import Door
from server.doors.dicom.ports import DoorSettings

CT = "1.2.840.10008.5.1.4.1.1.2"
EXPLICIT_LE = "1.2.840.10008.1.2.1"
ROOT = "2.25.302177001"
RUN = int(time.time())


@dataclass
class Target:
    """A running server under measurement."""

    host: str
    port: int
    ae_title: str
    stop: Callable[[], None]
    count: Callable[[], int] | None = None
    pids: tuple[int, ...] = ()


def make_pixels() -> list[bytes]:
    """Some slices of 512x512 int16, noise over a phantom; the objects share them, since only their bytes count
    here."""
    import numpy as np

    rng = np.random.default_rng(7)
    y, x = np.mgrid[:512, :512]
    body = (((x - 256) / 200) ** 2 + ((y - 256) / 160) ** 2 < 1).astype(np.int16) * 1040 - 1000
    return [(body + rng.normal(0, 12, body.shape).astype(np.int16)).astype("<i2").tobytes() for _ in range(16)]


def make_slices(folder: Path, pixels: list[bytes], count: int, generation: int) -> list[Path]:
    """``count`` CT objects as Part 10 files in Explicit VR Little Endian, with UIDs that no other generation has."""
    files = []
    for index in range(count):
        path = folder / f"ct{generation:03d}{index:05d}.dcm"
        path.write_bytes(part10(generation, index, pixels[index % len(pixels)]))
        files.append(path)
    return files


def instance_uid(generation: int, index: int) -> str:
    """The SOP Instance UID of a slice; unlike between runs of the benchmark, too."""
    return f"{ROOT}.{RUN}.{generation}.3.{index + 1}"


def part10(generation: int, index: int, pixels: bytes, side: int = 512) -> bytes:
    """One slice with the attributes a scanner sends."""
    uid = instance_uid(generation, index)
    study = generation
    elements = [
        (0x00080005, "CS", "ISO_IR 192"),
        (0x00080008, "CS", "ORIGINAL\\PRIMARY\\AXIAL"),
        (0x00080016, "UI", CT),
        (0x00080018, "UI", uid),
        (0x00080020, "DA", "20260105"),
        (0x00080030, "TM", "101500"),
        (0x00080050, "SH", f"A{study:09d}"),
        (0x00080060, "CS", "CT"),
        (0x00080070, "LO", "SYNTHETIC"),
        (0x00081030, "LO", "CHEST ROUTINE"),
        (0x0008103E, "LO", "AXIAL 1.0"),
        (0x00100010, "PN", "Zhang^San=张^三"),
        (0x00100020, "LO", f"P{study:08d}"),
        (0x00100030, "DA", "19600101"),
        (0x00100040, "CS", "M"),
        (0x00180050, "DS", "1.0"),
        (0x00180060, "DS", "120"),
        (0x0020000D, "UI", f"{ROOT}.{RUN}.{study}.1"),
        (0x0020000E, "UI", f"{ROOT}.{RUN}.{study}.2"),
        (0x00200010, "SH", str(study)),
        (0x00200011, "IS", "1"),
        (0x00200013, "IS", str(index + 1)),
        (0x00200032, "DS", f"-170\\-170\\{index}"),
        (0x00200037, "DS", "1\\0\\0\\0\\1\\0"),
        (0x00200052, "UI", f"{ROOT}.{RUN}.{study}.4"),
        (0x00280002, "US", 1),
        (0x00280004, "CS", "MONOCHROME2"),
        (0x00280010, "US", side),
        (0x00280011, "US", side),
        (0x00280030, "DS", "0.66\\0.66"),
        (0x00280100, "US", 16),
        (0x00280101, "US", 16),
        (0x00280102, "US", 15),
        (0x00280103, "US", 1),
        (0x00281050, "DS", "40"),
        (0x00281051, "DS", "400"),
        (0x00281052, "DS", "0"),
        (0x00281053, "DS", "1"),
    ]
    meta = (
        b"\2\0\1\0OB\0\0\2\0\0\0\0\1"
        + element(0x00020002, "UI", CT)
        + element(0x00020003, "UI", uid)
        + element(0x00020010, "UI", EXPLICIT_LE)
        + element(0x00020012, "UI", "2.25.1")
    )
    body = b"".join(element(*e) for e in elements)
    body += struct.pack("<HH2sHI", 0x7FE0, 0x0010, b"OW", 0, len(pixels)) + pixels
    return bytes(128) + b"DICM" + struct.pack("<HH2sHI", 2, 0, b"UL", 4, len(meta)) + meta + body


def element(tag: int, vr: str, value: str | int) -> bytes:
    """One element with a short length, in Explicit VR Little Endian."""
    raw = struct.pack("<H", value) if isinstance(value, int) else value.encode()
    if len(raw) & 1:
        raw += b"\0" if vr == "UI" else b" "
    return struct.pack("<HH2sH", tag >> 16, tag & 0xFFFF, vr.encode(), len(raw)) + raw


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def wait_for_port(port: int, process: subprocess.Popen[bytes]) -> None:
    """Return when the port accepts connections."""
    end = time.monotonic() + 30
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError(f"the peer ended with {process.returncode}")
        with socket.socket() as sock:
            if not sock.connect_ex(("127.0.0.1", port)):
                return
        time.sleep(0.05)
    raise TimeoutError("the peer does not listen")


def start_orthanc(folder: Path, *, nodelay: bool = True, **more: bool) -> Target:
    """Debian's Orthanc with its default settings and `more` on free ports; `nodelay` False: as its package runs it."""
    dicom, http = free_port(), free_port()
    config = folder / "orthanc.json"
    config.write_text(
        json.dumps(
            {
                "StorageDirectory": str(folder / "db"),
                "IndexDirectory": str(folder / "db"),
                "DicomPort": dicom,
                "HttpPort": http,
                "RemoteAccessAllowed": False,
                "AuthenticationEnabled": False,
                **more,
            }
        )
    )
    program = shutil.which("Orthanc") or "/usr/sbin/Orthanc"
    with (folder / "log").open("wb") as out:
        process = subprocess.Popen([program, str(config)], stdout=out, stderr=out, env=environment(nodelay=nodelay))
    wait_for_port(dicom, process)

    def count() -> int:
        with urllib.request.urlopen(f"http://127.0.0.1:{http}/statistics") as answer:
            return int(json.load(answer)["CountInstances"])

    def stop() -> None:
        process.terminate()
        process.wait(20)

    return Target("127.0.0.1", dicom, "ORTHANC", stop, count, (process.pid,))


def start_door(folder: Path, workers: int) -> Target:
    """Our door with a sink that syncs every object."""
    door = Door(DoorSettings("tests.fakes.dicom_ports:folder_ports", {"folder": str(folder)}, port=0, workers=workers))
    door.start()
    pids = tuple(child.pid for child in multiprocessing.active_children() if child.pid is not None)
    return Target("127.0.0.1", door.port, "MINGJING", door.stop, lambda: sum(1 for _ in folder.rglob("*.dcm")), pids)


def environment(*, nodelay: bool) -> dict[str, str]:
    """This environment, with or without DCMTK's word to switch Nagle's algorithm off."""
    kept = {name: value for name, value in os.environ.items() if name != "TCP_NODELAY"}
    return {**kept, "TCP_NODELAY": "1"} if nodelay else kept


def send_storescu(target: Target, groups: list[list[Path]], *, nodelay: bool = True) -> float:
    """Seconds that one storescu per group needs together."""
    argv = ["storescu", "-R", "-aec", target.ae_title, target.host, str(target.port)]
    env = environment(nodelay=nodelay)
    started = time.perf_counter()
    running = [subprocess.Popen([*argv, *map(str, group)], env=env) for group in groups]
    codes = [process.wait() for process in running]
    seconds = time.perf_counter() - started
    if any(codes):
        raise RuntimeError(f"storescu failed: {codes}")
    return seconds


def send_raw(target: Target, groups: list[list[Path]]) -> float:
    """The same with a client that costs next to nothing: prepared data sets, our own requestor, one process each."""
    context = multiprocessing.get_context("spawn")
    ready, start, failed = context.Semaphore(0), context.Event(), context.Value("i", 0)
    senders = [
        context.Process(
            target=_raw_sender, args=(target.host, target.port, target.ae_title, group, ready, start, failed)
        )
        for group in groups
    ]
    for sender in senders:
        sender.start()
    for _ in senders:
        ready.acquire()
    started = time.perf_counter()
    start.set()
    for sender in senders:
        sender.join()
    seconds = time.perf_counter() - started
    if failed.value or any(sender.exitcode for sender in senders):
        raise RuntimeError(f"{failed.value} objects were refused")
    return seconds


def _raw_sender(
    host: str, port: int, ae_title: str, group: list[Path], ready: Semaphore, start: Event, failed: Any
) -> None:
    from server.doors.dicom.requestor import RequestedAssociation

    prepared = []
    for path in group:
        data = path.read_bytes()
        prepared.append((memoryview(data)[data.index(b"\x08\0\5\0CS") :], uid_in(data)))
    ready.release()
    start.wait()
    with RequestedAssociation.open(
        host, port, called_ae=ae_title, calling_ae="BENCH", contexts=[(CT, (EXPLICIT_LE,))]
    ) as association:
        for data_set, uid in prepared:
            if association.store(CT, uid, EXPLICIT_LE, data_set):
                failed.value += 1


def uid_in(data: bytes) -> str:
    """The SOP Instance UID in the file meta information."""
    from server.doors.dicom.part10 import read_meta

    return read_meta(data).sop_instance_uid


def family(pid: int) -> list[int]:
    """A process and its descendants, where /proc tells them."""
    found = [pid]
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in children.read_text().split():
            found += family(int(child))
    return found


def cpu_seconds(pids: list[int]) -> float:
    """CPU time that these processes have used; 0 where /proc does not tell."""
    ticks = 0
    for pid in pids:
        stat = Path(f"/proc/{pid}/stat")
        if stat.exists():
            fields = stat.read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 0.0


def measure(start: Callable[[Path], Target], groups: list[list[Path]], client: str, work: Path) -> tuple[float, float]:
    """Objects per second of a fresh server, and its CPU milliseconds per object."""
    folder = Path(tempfile.mkdtemp(dir=work))
    os.sync() if hasattr(os, "sync") else None
    target = start(folder)
    try:
        before = cpu_seconds(list(target.pids))
        seconds = (send_raw if client == "raw" else send_storescu)(target, groups)
        sent = sum(map(len, groups))
        cpu_ms = (cpu_seconds(list(target.pids)) - before) / sent * 1e3
        if target.count is not None:
            end = time.monotonic() + 10
            while target.count() < sent and time.monotonic() < end:
                time.sleep(0.1)
            if target.count() != sent:
                raise RuntimeError(f"only {target.count()} of {sent} objects were kept")
        return sent / seconds, cpu_ms
    finally:
        target.stop()
        shutil.rmtree(folder, ignore_errors=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--assoc", default="1,4")
    parser.add_argument("--client", choices=["storescu", "raw"], default="storescu")
    parser.add_argument(
        "--target", help="HOST:PORT:AET[:PID] of a running server to measure in place of the door alone"
    )
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--bar", type=float, default=0.0, help="exit with 1 when a ratio is below this")
    options = parser.parse_args()
    if not (shutil.which("Orthanc") or Path("/usr/sbin/Orthanc").exists()) or not shutil.which("storescu"):
        print("This benchmark needs Orthanc and DCMTK: apt-get install orthanc dcmtk", file=sys.stderr)
        return 2

    def ours(folder: Path) -> Target:
        if options.target:
            host, port, ae_title, *pid = options.target.split(":")
            return Target(host, int(port), ae_title, lambda: None, None, tuple(p for i in pid for p in family(int(i))))
        return start_door(folder, options.workers)

    work = Path(tempfile.mkdtemp(prefix="bench-store-"))
    failed = False
    try:
        (work / "ct").mkdir()
        pixels = make_pixels()
        generation = 0
        for associations in map(int, options.assoc.split(",")):
            rates: dict[str, list[float]] = {"ours": [], "orthanc": []}
            cpu: dict[str, list[float]] = {"ours": [], "orthanc": []}
            for number in range(options.rounds):
                order = ["ours", "orthanc"] if number % 2 == 0 else ["orthanc", "ours"]
                generation += 1
                files = make_slices(work / "ct", pixels, options.count, generation)
                groups = [files[i::associations] for i in range(associations)]
                for name in order:
                    start = ours if name == "ours" else start_orthanc
                    rate, cpu_ms = measure(start, groups, options.client, work)
                    rates[name].append(rate)
                    cpu[name].append(cpu_ms)
                for file in files:
                    file.unlink()
                print(
                    f"  round {number + 1}, {associations} associations: ours {rates['ours'][-1]:.0f}/s,"
                    f" Orthanc {rates['orthanc'][-1]:.0f}/s",
                    flush=True,
                )
            ratio = statistics.median(a / b for a, b in zip(rates["ours"], rates["orthanc"], strict=True))
            print(
                f"{options.client}, {associations} associations, {options.count} slices:"
                f" ours {statistics.median(rates['ours']):.0f}/s,"
                f" Orthanc {statistics.median(rates['orthanc']):.0f}/s, ratio {ratio:.2f};"
                f" CPU ms an object {statistics.median(cpu['ours']):.2f} and {statistics.median(cpu['orthanc']):.2f}",
                flush=True,
            )
            failed = failed or ratio < options.bar
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
