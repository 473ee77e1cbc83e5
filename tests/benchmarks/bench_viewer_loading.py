"""The viewer's bars of loading, each beside its limit: the real program, a real server, the same bytes by a raw socket.

    PYTHONPATH=. .venv/bin/python tests/benchmarks/bench_viewer_loading.py [--slices 300] [--rounds 5] [--rates 0,125]

The viewer runs as a process of its own, steered as by a workstation, without a screen. "first" and "all" count from the
click to the viewer's own word that the image is painted and that all images are there. "raw" is one TCP connection that
reads as many bytes as the slices have into a buffer, "CURVE" the same by bare ZeroMQ with encryption, over that line
and in the same round; `--rates` shapes the line in MB/s (125 is 1 Gbit/s, 0 the loop-back as it is). Memory is
what the process holds (VmRSS), its decoder processes counted too. Figures are medians over the rounds.
"""

from __future__ import annotations

import argparse
import os
import queue
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import Any

HOUSE = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(HOUSE)]
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from clients.kit import viewer_link as link_module
from clients.kit.viewer_link import AllLoaded, FirstImage, ViewerEvent, ViewerLink
from tests.benchmarks import bench_viewer, bench_volume
from tests.benchmarks.bench_volume import HTJ2K, NATIVE, Buffers, curve_copy, median, plain_copy, shaped

SHOWN, NEXT, PACKED, BREASTS = 801, 802, 803, 804
MAMMOGRAM = (4096, 3072)
WARM_S = 3.0


@dataclass(frozen=True)
class Line:
    """One bar: a figure and its limit, smaller is better unless ``least``."""

    what: str
    figure: float
    limit: float | None
    unit: str
    least: bool = False

    def __str__(self) -> str:
        if self.limit is None:
            return f"{self.what:<70}{self.figure:>10.3g} {self.unit}"
        ratio = self.limit / self.figure if self.least else self.figure / self.limit
        word = "kept" if ratio <= 1 else "NOT KEPT"
        sign = "≥" if self.least else "≤"
        return f"{self.what:<70}{self.figure:>10.3g} {self.unit:<8}{sign} {self.limit:<8.3g}{ratio:>6.2f}  {word}"


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="bench_viewer_loading")
    parser.add_argument("--slices", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--rates", default="0,125", help="MB/s of the line; 0 is the loop-back as it is")
    parser.add_argument("--without-scroll", action="store_true", help="leave the paging in this process out")
    options = parser.parse_args(argv)
    lines: list[Line] = []
    with tempfile.TemporaryDirectory() as folder:
        os.environ["MINGJING_HOME"] = str(Path(folder) / "home")
        rates = [float(word) for word in options.rates.split(",")]
        lines += over_server(Path(folder), options.slices, options.rounds, rates)
        if not options.without_scroll:
            lines += scrolling(Path(folder) / "files")
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    print(f"{options.slices} slices of 512 x 512, {options.rounds} rounds, {os.cpu_count()} cores{load}")
    print("\n".join(map(str, lines)))
    return 0


def scrolling(files: Path) -> list[Line]:
    bench_viewer.write_phantom(files, 300)
    figures = bench_viewer.local(files, 1920, 1080)
    one, window = (float(str(figures[f"{what} fps, one viewport"])) for what in ("page", "window drag"))
    return [
        Line("paging through a loaded stack at 1920 x 1080", one, 60, "images/s", least=True),
        Line("window drag at 1920 x 1080", window, 60, "images/s", least=True),
    ]


def over_server(folder: Path, slices: int, rounds: int, rates: list[float]) -> list[Line]:
    from tests.server_process import running_server

    pixels = bench_volume.slices_of(None, slices)
    with running_server(folder / "data") as server:
        sizes = {NATIVE: 0, HTJ2K: 0}
        for number in (SHOWN, NEXT):
            sizes[NATIVE] = bench_volume.store(server, NATIVE, number, pixels)
        sizes[HTJ2K] = bench_volume.store(server, HTJ2K, PACKED, pixels)
        store_mammograms(server)
        client = server.client()
        lines: list[Line] = []
        for rate in rates:
            with shaped(server.connection.bulk, rate) as bulk:
                connection = str(replace(server.connection, bulk=bulk))
                lines += line_of(connection, client.session, rate, rounds, slices, sizes)
        lines += next_case(str(server.connection), client.session)
        lines += mammograms(str(server.connection), client.session, rounds)
        client.close()
    return lines


def line_of(connection: str, session: Any, rate: float, rounds: int, slices: int, sizes: dict[str, int]) -> list[Line]:
    """First image and all images, fetched and from the disk, beside the raw copies."""
    name = f"{rate:g} MB/s" if rate else "loop-back"
    came: dict[str, list[Opened]] = {"fetched": [], "kept": [], "packed": []}
    raw, curve, raw_packed = [], [], []
    buffers = Buffers()
    for _ in range(rounds):
        forget_kept()
        with Reader(connection, session) as reader:
            came["fetched"].append(reader.open(SHOWN))
            reader.settle_cache()
        with Reader(connection, session) as reader:
            came["kept"].append(reader.open(SHOWN))
        forget_kept()
        with Reader(connection, session) as reader:
            came["packed"].append(reader.open(PACKED))
        raw.append(plain_copy(sizes[NATIVE], rate, buffers))
        curve.append(curve_copy(sizes[NATIVE], rate, slices, buffers))
        raw_packed.append(plain_copy(sizes[HTJ2K], rate, buffers))
    fetched, kept, packed = came["fetched"], came["kept"], came["packed"]
    allowed = 1.3 * slices * 512 * 512 * 2 / 1e6 + 300
    return [
        Line(f"{name}: first image from the server", median(o.first for o in fetched), 1.0, "s"),
        Line(f"{name}: first image from the cache", median(o.first for o in kept), 0.3, "s"),
        Line(f"{name}: all images from the server", median(o.last for o in fetched), None, "s"),
        Line(f"{name}: ... by the raw socket", median(raw), None, "s"),
        Line(f"{name}: all by raw socket, ratio", ratio(fetched, raw), 1.5, ""),
        Line(f"{name}: all by bare CURVE, ratio", ratio(fetched, curve), None, ""),
        Line(f"{name}: all images stored as HTJ2K", median(o.last for o in packed), None, "s"),
        Line(f"{name}: ... by the raw socket of the uncompressed bytes, ratio", ratio(packed, raw), 1.5, ""),
        Line(f"{name}: all images from the cache", median(o.last for o in kept), None, "s"),
        Line(f"{name}: memory of the viewer with its decoders", median(o.memory for o in fetched), allowed, "MB"),
        Line(f"{name}: memory, HTJ2K", median(o.memory for o in packed), allowed, "MB"),
    ]


def ratio(came: list[Opened], copies: list[float]) -> float:
    return median(opened.last / copy for opened, copy in zip(came, copies, strict=True))


def next_case(connection: str, session: Any) -> list[Line]:
    """A study that the worklist announced while another was open."""
    forget_kept()
    with Reader(connection, session) as reader:
        reader.open(SHOWN)
        reader.settle_cache()
        before = kept_bytes()
        reader.link.prepare([bench_volume.study_uid(NEXT)])
        wait_for(lambda: kept_bytes() > before)
        reader.settle_cache()
        opened = reader.open(NEXT)
    return [
        Line("next case, fetched ahead: first image", opened.first, 0.3, "s"),
        Line("next case, fetched ahead: all images", opened.last, None, "s"),
    ]


def mammograms(connection: str, session: Any, rounds: int) -> list[Line]:
    """Four of 4096 x 3072 in a layout of two by two, fetched and from the cache."""
    came: dict[str, list[Opened]] = {"server": [], "cache": []}
    for _ in range(rounds):
        forget_kept()
        for results in came.values():
            with Reader(connection, session) as reader:
                reader.link.send(link_module.Perform("layout.2x2"))
                results.append(reader.open(BREASTS, painted=True))
                reader.settle_cache()
    return [
        Line(f"four mammograms on screen, from the {place}", median(o.last for o in opened), 1.5, "s")
        for place, opened in came.items()
    ]


def store_mammograms(server: Any) -> None:
    """One study of four series, one image of 4096 x 3072 each."""
    import numpy as np
    from pydicom import dcmread
    from pynetdicom import AE

    from tests.benchmarks.bench_store import CT, EXPLICIT_LE, part10

    rows, columns = MAMMOGRAM
    random = np.random.default_rng(5)
    y, x = np.mgrid[0:rows, 0:columns]
    ae = AE(ae_title="BENCH")
    ae.add_requested_context(CT, [EXPLICIT_LE])
    association = ae.associate("127.0.0.1", server.dicom_port, ae_title="MINGJING")
    for n in range(4):
        ds = dcmread(BytesIO(part10(BREASTS, n, bytes(512 * 512 * 2))))
        ds.SeriesInstanceUID = f"{ds.SeriesInstanceUID}.{n + 1}"
        ds.Modality, ds.SeriesNumber, ds.Rows, ds.Columns = "MG", n + 1, rows, columns
        ds.PixelRepresentation = 0
        breast = np.where(np.hypot(x / 1.2, y - rows / 2) < 1800 + 40 * n, 2400, 20)
        ds.PixelData = np.clip(breast + random.normal(0, 40, (rows, columns)), 0, 4095).astype("<u2").tobytes()
        association.send_c_store(ds)
    association.release()
    client = server.client()
    wait_for(lambda: bench_volume.is_indexed(client, BREASTS, 4))
    client.close()


# --- the reader


@dataclass(frozen=True)
class Opened:
    """Seconds from the click; memory in MB when all is there."""

    first: float
    last: float
    memory: float


class Reader:
    """A viewer that was waiting, as after the log-in."""

    def __init__(self, connection: str, session: Any) -> None:
        self.heard: queue.Queue[ViewerEvent] = queue.Queue()
        self.link = ViewerLink(server=connection, session=session, on_event=self.heard.put, folder=HOUSE)

    def __enter__(self) -> Reader:
        self.link.warm_up()
        wait_for(lambda: self.link.is_running)
        time.sleep(WARM_S)
        self.link.send(link_module.Capture(0, 1920, 1080))  # shown once, at its size
        time.sleep(0.5)
        return self

    def __exit__(self, *_: object) -> None:
        self.link.close()

    def open(self, number: int, *, painted: bool = False) -> Opened:
        """``painted`` waits for a picture of the window, which holds everything on screen."""
        clicked = time.perf_counter()
        self.link.open([bench_volume.study_uid(number)])
        first = 0.0
        while True:
            event = self.heard.get(timeout=120)
            since = time.perf_counter() - clicked
            if isinstance(event, FirstImage):
                first = since
            if isinstance(event, AllLoaded):
                break
        if painted:
            self.link.capture(timeout_s=60)
            since = time.perf_counter() - clicked
        return Opened(first, since, self.memory())

    def memory(self) -> float:
        """MB of the viewer and its children."""
        pid = self.link.process_id
        assert pid is not None
        children = Path(f"/proc/{pid}/task/{pid}/children")
        tasks = Path(f"/proc/{pid}/task").glob("*/children")
        pids = {pid, *(int(word) for task in tasks for word in task.read_text().split())}
        assert children.exists()
        return sum(rss_mb(one) for one in pids)

    def settle_cache(self) -> None:
        """Wait until nothing more is written."""
        seen, still = -1, 0
        while still < 4:
            now = kept_bytes()
            still = still + 1 if now == seen else 0
            seen = now
            time.sleep(0.25)


def rss_mb(pid: int) -> float:
    for row in Path(f"/proc/{pid}/status").read_text().splitlines():
        if row.startswith("VmRSS"):
            return int(row.split()[1]) / 1000
    return 0.0


def kept_bytes() -> int:
    from clients.viewer.cache.place import cache_folder

    return sum(path.stat().st_size for path in cache_folder().rglob("*") if path.is_file())


def forget_kept() -> None:
    from clients.viewer.cache.disk import clear_everything

    clear_everything()


def wait_for(condition: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise SystemExit("It did not happen within a minute.")
        time.sleep(0.05)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
