"""Orders by HL7 v2 acknowledged durably by the whole server, beside python-hl7's MLLP server in the same run.

    python tests/benchmarks/bench_hl7.py [--lines 1,4,8] [--seconds 5]

Each line sends a new order as soon as the last one was acknowledged. The reference parses each message and answers AA:
once without keeping anything, once after it appended the message to a file and synced it, which is the least that an
acknowledgement must mean. The server parses, checks the patient, keeps application, patient and journal in one
transaction, and answers after its commit. Prints messages a second, and p50 and p99 of one acknowledgement in ms.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import os
import socket
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).resolve().parents[1]), str(Path(__file__).resolve().parents[2])]

from server_process import running_server

from shared.contract.interfaces import InterfaceKind, ListMessages, SaveConnection
from tests.fakes.hospital_system import END, START, an_order


def reference(ready: Any, keep: str) -> None:
    """python-hl7's asyncio server; `keep` is a file to append to, or empty."""
    import hl7.mllp

    async def serve() -> None:
        file = Path(keep).open("ab") if keep else None  # noqa: SIM115 - it lives as long as the process

        async def converse(reader: Any, writer: Any) -> None:
            try:
                while not writer.is_closing():
                    message = await reader.readmessage()
                    if file is not None:
                        file.write(str(message).encode() + b"\n")
                        file.flush()
                        os.fsync(file.fileno())
                    writer.writemessage(message.create_ack())
                    await writer.drain()
            except (asyncio.IncompleteReadError, ConnectionError):
                writer.close()

        server = await hl7.mllp.start_hl7_server(converse, "127.0.0.1", 0, encoding="utf-8")
        ready.put(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(serve())


def send(port: int, line: int, until: float, trips: list[float]) -> None:
    """Send orders by one line until a moment."""
    sock = socket.create_connection(("127.0.0.1", port), 10)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    number = 0
    while time.perf_counter() < until:
        number += 1
        name = f"B{port}-{line}-{number}"
        text = an_order(name, control_id=name[:20], card=f"C{line}{number % 5000:05}", name="王^小明")
        text = text.replace("~11010519491231002X^^^GA^NI", "").replace("\n", "\r")
        begun = time.perf_counter()
        sock.sendall(START + text.encode() + END)
        answer = b""
        while not answer.endswith(END):
            answer += sock.recv(65536)
        trips.append((time.perf_counter() - begun) * 1000)
        assert b"MSA|AA" in answer, answer
    sock.close()


def measure(port: int, lines: int, seconds: float) -> tuple[float, float, float]:
    """Messages a second, p50 and p99 in ms."""
    trips: list[float] = []
    until = time.perf_counter() + seconds
    threads = [threading.Thread(target=send, args=(port, line, until, trips)) for line in range(lines)]
    begun = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rate = len(trips) / (time.perf_counter() - begun)
    trips.sort()
    return rate, trips[len(trips) // 2], trips[int(len(trips) * 0.99)]


def show(name: str, lines: int, found: tuple[float, float, float]) -> None:
    """Print one row."""
    print(
        f"{name:<34}{lines:>5} lines {found[0]:>9.0f} /s   p50 {found[1]:>7.2f} ms   p99 {found[2]:>7.2f} ms",
        flush=True,
    )


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", default="1,4,8")
    parser.add_argument("--seconds", type=float, default=5.0)
    options = parser.parse_args()
    counts = [int(one) for one in options.lines.split(",")]
    spawn = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as folder:
        rates: dict[tuple[str, int], float] = {}
        for name, keep in (("python-hl7, keeps nothing", ""), ("python-hl7, synced file", f"{folder}/kept")):
            ready = spawn.Queue()
            process = spawn.Process(target=reference, args=(ready, keep), daemon=True)
            process.start()
            port = ready.get(timeout=30)
            for count in counts:
                found = measure(port, count, options.seconds)
                rates[name, count] = found[0]
                show(name, count, found)
            process.kill()
            process.join()
        with running_server(Path(folder) / "data") as server:
            client = server.client()
            client.call(SaveConnection(name="HIS", kind=InterfaceKind.HL7_IN, host="127.0.0.1"))
            total = 0
            for count in counts:
                found = measure(server.hl7_port, count, options.seconds)
                show("Mingjing, application in database", count, found)
                ratio = found[0] / rates["python-hl7, synced file", count]
                print(f"{'':<34}{ratio:>17.2f} of python-hl7 with a synced file")
            total = client.call(ListMessages()).total
            client.close()
            print(f"{total} messages in the journal")


if __name__ == "__main__":
    main()
