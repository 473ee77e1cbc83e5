"""From the order to a numpy volume on the workstation: CT slices of 512 x 512, 16 bits, from the whole server.

    PYTHONPATH=. .venv/bin/python tests/benchmarks/bench_volume.py [--slices 200] [--rounds 7] [--rates 0,125] [--data DIR]

The server is a process of its own and holds the series twice: as it came (explicit VR little endian) and as HTJ2K. The
client is the viewer's own loading code (StudyLoader, ServerStudies, PixelStore) over CURVE on ZeroMQ; the study is
described before the clock starts, "describe ms" says how long that took. The clock ends when every slice is in the
contiguous array, which is compared with what was sent in the first round. Lines that are not unlimited (`--rates`, in
MB/s; 125 is 1 Gbit/s) pass the bulk socket through a token bucket in a process of its own. Beside each round runs a
plain TCP copy of the bytes that the slices have as they are stored, without encryption, into the same kind of buffer and
over the same line. The figures are medians; "ratio" is the median over the rounds of the copy's time divided by ours.
`--data` is a folder of CT files to take pixels from; without it they are synthetic noise over a phantom.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import socket
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

HOUSE = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(HOUSE)]

HTJ2K_LOSSLESS = "1.2.840.10008.1.2.4.201"
FRAME_BYTES = 512 * 512 * 2
NATIVE, HTJ2K = "as it came", "HTJ2K"
FORMS = {NATIVE: 901, HTJ2K: 902}  # form → number of the study
BURST_S = 0.001  # how much the token bucket holds


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="bench_volume")
    parser.add_argument("--slices", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--rates", default="0,125", help="MB/s of the line; 0 is the loop-back as it is")
    parser.add_argument("--threads", type=int, default=0, help="loader threads; 0 is what the viewer takes")
    parser.add_argument("--data", type=Path, help="a folder of CT files of 512 x 512")
    options = parser.parse_args(argv)
    rates = [float(word) for word in options.rates.split(",")]
    with tempfile.TemporaryDirectory() as folder:
        pixels = slices_of(options.data, options.slices)
        sizes = run(Path(folder), pixels, rates, options.rounds, options.threads)
    return sizes


def slices_of(data: Path | None, count: int) -> list[bytes]:
    """Pixels of `count` slices, int16; a folder with fewer is gone through to and fro."""
    from tests.benchmarks.bench_store import make_pixels

    found = make_pixels() if data is None else []
    if data is not None:
        from pydicom import dcmread

        datasets = [dcmread(path) for path in sorted(data.rglob("*.dcm"))]
        datasets = [ds for ds in datasets if (ds.get("Rows"), ds.get("Columns")) == (512, 512)]
        datasets.sort(key=lambda ds: float(ds.ImagePositionPatient[2]))
        for ds in datasets:
            values = ds.pixel_array.astype("<i2") + int(ds.get("RescaleIntercept", 0))
            found.append(values.astype("<i2").tobytes())
    turned = found + found[-2:0:-1]
    return [turned[n % len(turned)] for n in range(count)]


def run(folder: Path, pixels: list[bytes], rates: Sequence[float], rounds: int, threads: int) -> int:
    from clients.viewer.application import preload
    from tests.server_process import start_server

    preload().join()  # as the viewer does while it waits
    server = start_server(folder / "data")
    try:
        sent = {form: store(server, form, number, pixels) for form, number in FORMS.items()}
        client = server.client()
        rows: dict[tuple[str, float], list[tuple[float, ...]]] = {}
        buffers = Buffers()
        for turn in range(rounds):
            for rate in rates:
                for form in FORMS:
                    took = one(server, client.session, form, rate, pixels, threads, check=turn == 0, buffers=buffers)
                    plain = plain_copy(sent[form], rate, buffers)
                    rows.setdefault((form, rate), []).append((*took, plain))
        client.close()
    finally:
        server.stop()
    cores = os.cpu_count()
    print(
        f"{len(pixels)} slices, {len(pixels) * FRAME_BYTES / 1e6:.0f} MB of pixels, {rounds} rounds, {cores} cores, ",
        end="",
    )
    print(f"load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "")
    print(f"{'line':>10} {'stored':>11} {'MB':>6} {'describe ms':>12} {'first ms':>9} {'all s':>7} {'best s':>7} "
          f"{'plain copy s':>13} {'ratio':>6}")  # fmt: skip
    for (form, rate), values in rows.items():
        described, first, whole, plain = (statistics.median(column) for column in zip(*values, strict=True))
        ratio = statistics.median(value[3] / value[2] for value in values)
        line = f"{rate:g} MB/s" if rate else "loop-back"
        best = min(value[2] for value in values)
        print(f"{line:>10} {form:>11} {sent[form] / 1e6:>6.1f} {described * 1e3:>12.1f} {first * 1e3:>9.1f} {whole:>7.3f} "
              f"{best:>7.3f} {plain:>13.3f} {ratio:>6.2f}")  # fmt: skip
    return 0


class Buffers:
    """What stays between two studies in a viewer: the pool of buffers."""

    def __init__(self) -> None:
        from clients.viewer.pixels import BufferPool

        self.pool = BufferPool()


def store(server: Any, form: str, number: int, pixels: list[bytes]) -> int:
    """Send the series by C-STORE in its form; returns how many bytes the frames have together."""
    from io import BytesIO

    from pydicom import dcmread
    from pynetdicom import AE

    from server.archive.keeping.codec import compress
    from tests.benchmarks.bench_archive import indexed
    from tests.benchmarks.bench_store import CT, EXPLICIT_LE, part10

    syntax = HTJ2K_LOSSLESS if form == HTJ2K else EXPLICIT_LE
    ae = AE(ae_title="BENCH")
    ae.add_requested_context(CT, [syntax])
    association = ae.associate("127.0.0.1", server.dicom_port, ae_title="MINGJING")
    if not association.is_established:
        raise SystemExit("The server did not accept the association.")
    total = 0
    for index, one_slice in enumerate(pixels):
        file = part10(number, index, one_slice)
        if form == HTJ2K:
            file = b"".join(compress(memoryview(file), "htj2k").pieces)
        total += len(file) - len(part10(number, index, b""))
        status = association.send_c_store(dcmread(BytesIO(file)))
        if status.Status != 0:
            raise SystemExit(f"The server did not store a slice: {status}")
    association.release()
    indexed(server.data, len(pixels) * (list(FORMS).index(form) + 1))
    return total


def one(
    server: Any,
    session: Any,
    form: str,
    rate: float,
    pixels: list[bytes],
    threads: int,
    *,
    check: bool,
    buffers: Buffers,
) -> tuple[float, float, float]:
    """Open the study as a viewer that was waiting; seconds to describe it, to the first slice and to the last."""
    import numpy as np

    from clients.viewer.loading import StudyLoader
    from clients.viewer.pixels import PixelStore
    from clients.viewer.server_studies import AdoptedLine, ServerStudies
    from clients.viewer.study import Stack, stacks_of
    from tests.benchmarks.bench_store import ROOT, RUN

    with shaped(server.connection.bulk, rate) as bulk_port:
        line = AdoptedLine(str(replace(server.connection, bulk=bulk_port)), session)
        source = ServerStudies(line)
        store = PixelStore(pool=buffers.pool)
        marks: list[float] = []
        done = threading.Event()
        failures: list[str] = []
        come = set[int]()

        def arrived(_stack: Stack, indices: Sequence[int]) -> None:
            now = time.perf_counter()
            come.update(indices)
            marks.append(now)
            if len(come) == len(pixels):
                done.set()

        def failed(sentence: str) -> None:
            failures.append(sentence)
            done.set()

        loader = StudyLoader(source, store, arrived, failed, **({"threads": threads} if threads else {}))
        began = time.perf_counter()
        stack = stacks_of(source.study(f"{ROOT}.{RUN}.{FORMS[form]}.1"))[0]
        described = time.perf_counter()
        loader.want(stack)
        if not done.wait(60) or failures:
            raise SystemExit(f"The volume did not come: {failures or 'not within a minute'}")
        first, last = marks[0] - described, marks[-1] - described
        volume = store.of(stack)
        if volume.errors:
            raise SystemExit(f"Slices could not be read: {next(iter(volume.errors.values()))}")
        if check:
            for index, key in enumerate(stack.frames):
                number = int(key.sop_instance_uid.rsplit(".", 1)[1]) - 1
                frame = volume.frame(index)
                assert frame is not None
                assert np.array_equal(frame, np.frombuffer(pixels[number], "<i2").reshape(512, 512)), "a wrong slice"
        loader.close()
        line.close()
        store.clear()
    return described - began, first, last


# --- the line and the plain copy --------------------------------------------------------------------------------


@contextmanager
def shaped(port: int, rate: float):  # type: ignore[no-untyped-def]
    """The port of a process that passes bytes on to `port` with at most `rate` MB/s; `port` itself without a rate."""
    if not rate:
        yield port
        return
    process, shaped_port = _process(_shaper, port, rate)
    try:
        yield shaped_port
    finally:
        process.kill()
        process.join(10)


def _process(work: Any, *arguments: Any) -> tuple[Any, int]:
    """A process that listens; it says where."""
    spawn = multiprocessing.get_context("spawn")
    mine, its = spawn.Pipe()
    process = spawn.Process(target=work, args=(its, *arguments), daemon=True)
    process.start()
    return process, mine.recv()


class Bucket:
    """Bytes that may pass now; one line for all connections."""

    def __init__(self, rate: float) -> None:
        self._rate = rate * 1e6
        self._free_at = time.perf_counter()
        self._lock = threading.Lock()

    def spend(self, count: int) -> None:
        with self._lock:
            now = time.perf_counter()
            self._free_at = max(self._free_at, now - BURST_S) + count / self._rate
            wait = self._free_at - now
        if wait > 0:
            time.sleep(wait)


def _shaper(pipe: Any, port: int, rate: float) -> None:
    down, up = Bucket(rate), Bucket(rate)
    listener = socket.create_server(("127.0.0.1", 0))
    pipe.send(listener.getsockname()[1])
    while True:
        near, _ = listener.accept()
        far = socket.create_connection(("127.0.0.1", port))
        for source, target, bucket in ((near, far, up), (far, near, down)):
            threading.Thread(target=_pass_on, args=(source, target, bucket), daemon=True).start()


def _pass_on(source: socket.socket, target: socket.socket, bucket: Bucket) -> None:
    target.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    buffer = memoryview(bytearray(64 * 1024))
    try:
        while count := source.recv_into(buffer):
            bucket.spend(count)
            target.sendall(buffer[:count])
        target.shutdown(socket.SHUT_WR)
    except OSError:
        source.close()
        target.close()


def plain_copy(size: int, rate: float, buffers: Buffers) -> float:
    """Seconds from a request to `size` bytes in a buffer of the pool, by one TCP connection."""
    process, port = _process(_sender, size)
    try:
        with shaped(port, rate) as line:
            buffer = buffers.pool.take(size)
            view = memoryview(buffer)
            with socket.create_connection(("127.0.0.1", line)) as connection:
                began = time.perf_counter()
                connection.sendall(b"x")
                got = 0
                while got < size:
                    count = connection.recv_into(view[got:size])
                    if not count:
                        raise SystemExit("The plain copy was cut off.")
                    got += count
                took = time.perf_counter() - began
            del view
            buffers.pool.give(buffer)
    finally:
        process.kill()
        process.join(10)
    return took


def _sender(pipe: Any, size: int) -> None:
    data = bytearray(b"\1" * size)
    listener = socket.create_server(("127.0.0.1", 0))
    pipe.send(listener.getsockname()[1])
    connection, _ = listener.accept()
    connection.recv(1)
    connection.sendall(data)
    connection.recv(1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
