"""From the order to a numpy volume on the workstation: CT slices of 512 x 512, 16 bits, from the whole server.

    PYTHONPATH=. .venv/bin/python tests/benchmarks/bench_volume.py [--slices 200] [--rounds 5] [--rates 0,125]

The server is a process of its own and holds the series as it came (explicit VR little endian) and as HTJ2K. The client
is the viewer's own loading code (StudyLoader, ServerStudies, PixelStore) over CURVE on ZeroMQ; the study is described
before the clock starts ("describe", in ms). The clock ends when every slice is in the contiguous array, which is
compared with what was sent in the first round. Each round starts the server anew and opens every study twice: "first"
is what a reader sees who opens an examination, "again" finds what the server remembers. The files are in the system's
cache.

Lines that are not unlimited (`--rates`, in MB/s; 125 is 1 Gbit/s) pass the bulk socket through a token bucket in a
process of its own. Beside each opening run, over the same line and into the same kind of buffer, a plain TCP copy of
the bytes that the frames have as they are stored ("plain") and a bare ZeroMQ one with CURVE ("CURVE"). Figures are
medians; a ratio is the median of the copy's time divided by ours. `--data` is a folder of CT files to take pixels
from; without it they are synthetic noise over a phantom.
"""

from __future__ import annotations

import argparse
import itertools
import multiprocessing
import os
import socket
import statistics
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

HOUSE = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(HOUSE)]

HTJ2K_LOSSLESS = "1.2.840.10008.1.2.4.201"
FRAME_BYTES = 512 * 512 * 2
NATIVE, HTJ2K = "as it came", "HTJ2K"
FORMS = (NATIVE, HTJ2K)
WARM_UP = 900  # a small study that is opened before the clock starts
BURST_S = 0.001  # how much the token bucket holds


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="bench_volume")
    parser.add_argument("--slices", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--rates", default="0,125", help="MB/s of the line; 0 is the loop-back as it is")
    parser.add_argument("--threads", type=int, default=0, help="loader threads; 0 is what the viewer takes")
    parser.add_argument("--data", type=Path, help="a folder of CT files of 512 x 512")
    options = parser.parse_args(argv)
    rates = [float(word) for word in options.rates.split(",")]
    with tempfile.TemporaryDirectory() as folder:
        pixels = slices_of(options.data, options.slices)
        measured = run(Path(folder), pixels, rates, options.rounds, options.threads)
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    size = len(pixels) * FRAME_BYTES / 1e6
    print(f"{len(pixels)} slices, {size:.0f} MB of pixels, {options.rounds} rounds, {os.cpu_count()} cores{load}")
    print(f"{'line':>10} {'stored':>11} {'opened':>7} {'MB':>6} {'describe':>9} {'first ms':>9}", end="")
    print(f"{'all s':>8} {'best s':>7}", end="")
    print(f"{'plain s':>9} {'ratio':>6} {'CURVE s':>9} {'ratio':>6}")
    for (line, form, opened), results in measured.items():
        print(f"{line:>10} {form:>11} {opened:>7} {results[0].size / 1e6:>6.1f}", end="")
        print(
            f"{median(r.described for r in results) * 1e3:>10.1f} {median(r.first for r in results) * 1e3:>9.1f}",
            end="",
        )
        print(f"{median(r.last for r in results):>8.3f} {min(r.last for r in results):>7.3f}", end="")
        for copy in ("plain", "curve"):
            seconds = [getattr(r, copy) for r in results]
            ratio = median(getattr(r, copy) / r.last for r in results)
            print(f"{median(seconds):>9.3f} {ratio:>6.2f}", end="")
        print()
    return 0


@dataclass
class Result:
    """One opening: seconds from the order on, and what the same bytes take without us."""

    described: float
    first: float
    last: float
    size: int = 0
    plain: float = 0.0
    curve: float = 0.0


def median(values: Iterable[float]) -> float:
    return statistics.median(values)


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


def run(
    folder: Path, pixels: list[bytes], rates: Sequence[float], rounds: int, threads: int
) -> dict[tuple[str, str, str], list[Result]]:
    """Results by (line, form, "first" or "again")."""
    from clients.viewer.application import preload
    from tests.server_process import running_server

    preload().join()  # as the viewer does while it waits
    studies = {(form, rate): 901 + n for n, (form, rate) in enumerate(itertools.product(FORMS, rates))}
    data, buffers = folder / "data", Buffers()
    with running_server(data) as server:
        store(server, NATIVE, WARM_UP, pixels[:8])
        sizes = {form: store(server, form, number, pixels) for (form, _), number in studies.items()}
    measured: dict[tuple[str, str, str], list[Result]] = defaultdict(list)
    for turn in range(rounds):
        with running_server(data) as server:  # anew: it knows nothing of where frames lie
            client = server.client()
            one(server, client.session, WARM_UP, 0, pixels[:8], threads, check=False, buffers=buffers)
            for (form, rate), number in studies.items():
                line = f"{rate:g} MB/s" if rate else "loop-back"
                for opened in ("first", "again"):
                    result = one(
                        server, client.session, number, rate, pixels, threads, check=turn == 0, buffers=buffers
                    )
                    result.size = sizes[form]
                    result.plain = plain_copy(sizes[form], rate, buffers)
                    result.curve = curve_copy(sizes[form], rate, len(pixels), buffers)
                    measured[line, form, opened].append(result)
            client.close()
    return measured


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
    client = server.client()
    end = time.monotonic() + 60
    while not is_indexed(client, number, len(pixels)):
        if time.monotonic() > end:
            raise SystemExit("The index did not catch up within a minute.")
        time.sleep(0.05)
    client.close()
    return total


def study_uid(number: int) -> str:
    from tests.benchmarks.bench_store import ROOT, RUN

    return f"{ROOT}.{RUN}.{number}.1"


def is_indexed(client: Any, number: int, count: int) -> bool:
    from shared.contract.archive import GetStudy
    from shared.contract.errors import RpcError

    try:
        return bool(client.call(GetStudy(study_uid=study_uid(number))).row.instance_count == count)
    except RpcError:
        return False


def one(
    server: Any,
    session: Any,
    number: int,
    rate: float,
    pixels: list[bytes],
    threads: int,
    *,
    check: bool,
    buffers: Buffers,
) -> Result:
    """Open the study as a viewer that was waiting; seconds to describe it, to the first slice and to the last."""
    import numpy as np

    from clients.viewer.loading import StudyLoader
    from clients.viewer.pixels import PixelStore
    from clients.viewer.server_studies import AdoptedLine, ServerStudies
    from clients.viewer.study import Stack, stacks_of

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
        stack = stacks_of(source.study(study_uid(number)))[0]
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
                place = int(key.sop_instance_uid.rsplit(".", 1)[1]) - 1
                frame = volume.frame(index)
                assert frame is not None
                assert np.array_equal(frame, np.frombuffer(pixels[place], "<i2").reshape(512, 512)), "a wrong slice"
        loader.close()
        line.close()
        store.clear()
    return Result(described - began, first, last)


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


def curve_copy(size: int, rate: float, messages: int, buffers: Buffers) -> float:
    """The same by ZeroMQ with CURVE: as many messages as there are slices, over two sockets."""
    import zmq

    public, secret = zmq.curve_keypair()
    process, port = _process(_curve_sender, size // messages, messages // 2, public, secret)
    buffer = buffers.pool.take(size)
    view = memoryview(buffer)
    ready = threading.Barrier(3)

    def fetch(part: int) -> None:
        context = zmq.Context()
        connection = context.socket(zmq.DEALER)
        connection.curve_publickey, connection.curve_secretkey = zmq.curve_keypair()
        connection.curve_serverkey = public
        connection.connect(f"tcp://127.0.0.1:{line}")
        ready.wait()
        connection.send(b"x")
        at = part * (size // 2)
        for _ in range(messages // 2):
            got = connection.recv(copy=False).buffer
            view[at : at + len(got)] = got
            at += len(got)
        connection.close(0)
        context.destroy(0)

    try:
        with shaped(port, rate) as line:
            threads = [threading.Thread(target=fetch, args=(part,)) for part in range(2)]
            for thread in threads:
                thread.start()
            ready.wait()
            began = time.perf_counter()
            for thread in threads:
                thread.join(60)
            took = time.perf_counter() - began
    finally:
        process.kill()
        process.join(10)
    view.release()
    buffers.pool.give(buffer)
    return took


def _curve_sender(pipe: Any, size: int, messages: int, public: bytes, secret: bytes) -> None:
    import zmq

    context = zmq.Context(io_threads=2)
    door = context.socket(zmq.ROUTER)
    door.sndhwm = 0
    door.curve_server = True
    door.curve_publickey, door.curve_secretkey = public, secret
    pipe.send(door.bind_to_random_port("tcp://127.0.0.1"))
    data = bytearray(b"\1" * size)
    asking = [door.recv_multipart()[0] for _ in range(2)]
    for _ in range(messages):
        for identity in asking:
            door.send(identity, zmq.SNDMORE)
            door.send(data, copy=False)
    door.recv()


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
