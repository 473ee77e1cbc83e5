"""RPC latency of the whole server beside a bare pyzmq echo with CURVE in the same run.

    python tests/benchmarks/bench_rpc.py [--clients 1,100] [--seconds 5]

Prints p50 and p99 of a registered-patient query for N clients that ask one after the other without pause (a client is a
thread with its own socket, in processes of their own), the same for the echo, and how long 100 workstations take to log
in and load their home list.
"""

from __future__ import annotations

import argparse
import multiprocessing
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).resolve().parents[1]), str(Path(__file__).resolve().parents[2])]

import zmq
from server_process import running_server
from zmq.utils import z85

from shared.contract.errors import RpcError
from shared.contract.exams import ItemEntry, ListExams, PatientEntry, RegisterExam
from shared.contract.identity import CreateUser
from shared.contract.organisation import GetHospital
from shared.contract.patients import GetPatient
from shared.rpc import envelope
from shared.rpc.client import RpcClient, ZmqTransport, open_client_socket
from shared.rpc.connection import Connection


def ask_for(
    connection_text: str, header_and_body: tuple[bytes, bytes] | None, clients: int, seconds: float
) -> list[float]:
    """Run `clients` sockets in one thread each way: send, poll, receive; returns all round trips in ms."""
    connection = Connection.parse(connection_text)
    context = zmq.Context()
    keys = zmq.curve_keypair()
    sockets = [
        open_client_socket(context, zmq.DEALER, connection.endpoint(connection.requests), connection, keys)
        for _ in range(clients)
    ]
    poller = zmq.Poller()
    frames = header_and_body or (b"h" * 60, b"b" * 200)
    sent: dict[Any, float] = {}
    for socket in sockets:
        poller.register(socket, zmq.POLLIN)
        socket.send_multipart(frames)
        sent[socket] = time.perf_counter()
    trips: list[float] = []
    warm_until = time.perf_counter() + 1
    end = warm_until + seconds
    while (now := time.perf_counter()) < end:
        for socket, _ in poller.poll(100):
            socket.recv_multipart()
            now = time.perf_counter()
            if now > warm_until:
                trips.append((now - sent[socket]) * 1000)
            sent[socket] = now
            socket.send_multipart(frames)
    context.destroy(0)
    return trips


def echo_server(pipe: Any, public: bytes, secret: bytes) -> None:
    """A bare ROUTER with CURVE that sends everything back."""
    context = zmq.Context()
    socket = context.socket(zmq.ROUTER)
    socket.curve_server = True
    socket.curve_publickey, socket.curve_secretkey = public, secret
    pipe.send(socket.bind_to_random_port("tcp://127.0.0.1"))
    while True:
        socket.send_multipart(socket.recv_multipart())


def figures(name: str, trips: list[float]) -> float:
    trips.sort()
    p50 = statistics.median(trips)
    print(
        f"{name:<42} p50 {p50:8.2f} ms   p99 {trips[int(len(trips) * 0.99)]:8.2f} ms   {len(trips):>7} calls",
        flush=True,
    )
    return p50


def morning(connection: Connection, workstations: int) -> float:
    """Log in and load the home list from many workstations at once; returns seconds until the last is ready."""
    gate = threading.Barrier(workstations + 1)
    failures: list[RpcError] = []

    def workstation(number: int) -> None:
        client = RpcClient(ZmqTransport(connection), timeout_s=60)
        gate.wait()
        try:
            client.login(f"clerk{number}", "long-enough-1")
            client.call(GetHospital())
            client.call(ListExams())
        except RpcError as error:
            failures.append(error)
        gate.wait()
        client.close()

    threads = [threading.Thread(target=workstation, args=(n,)) for n in range(workstations)]
    for thread in threads:
        thread.start()
    gate.wait()
    started = time.perf_counter()
    gate.wait()
    took = time.perf_counter() - started
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return took


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", default="1,100")
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--workstations", type=int, default=100)
    options = parser.parse_args()
    spawn = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as folder, running_server(Path(folder)) as server:
        client = server.client()
        hospital = client.call(GetHospital())
        room = hospital.rooms[0]
        item = next(entry for entry in hospital.exam_items if entry.exam_type in room.exam_types)
        exam = client.call(
            RegisterExam(
                patient=PatientEntry(name="张三"),
                exam_type=item.exam_type,
                items=(ItemEntry(code=item.code, name=item.name, body_part=item.body_part, price_fen=item.price_fen),),
                campus_id=room.campus_id,
                room_id=room.id,
            )
        )
        for number in range(options.workstations):
            client.call(CreateUser(login=f"clerk{number}", name="登记员", password="long-enough-1", roles=("clerk",)))
        request = GetPatient(patient_id=exam.patient.id)
        assert client.session is not None
        frames = (envelope.request_header(1, request, client.session.token, ""), envelope.encode(request))
        public, secret = zmq.curve_keypair()
        here, there = spawn.Pipe()
        echo = spawn.Process(target=echo_server, args=(there, public, secret), daemon=True)
        echo.start()
        port = here.recv()
        echo_at = str(Connection("127.0.0.1", port, port, port, port, z85.decode(public)))
        for clients in map(int, options.clients.split(",")):
            bare = figures(f"bare pyzmq echo, {clients} clients", ask_for(echo_at, None, clients, options.seconds))
            ours = figures(
                f"patients.get, {clients} clients", ask_for(str(server.connection), frames, clients, options.seconds)
            )
            print(f"{'':<42} ratio {ours / bare:.1f}")
        echo.kill()
        took = morning(server.connection, options.workstations)
        print(f"{options.workstations} workstations log in and load their home list: {took:.2f} s")
        client.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
