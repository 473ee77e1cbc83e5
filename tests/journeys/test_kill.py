"""SIGKILL at random moments while four senders store and two clerks register: nothing acknowledged is lost."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from server_process import ROOT, ServerProcess, start_server
from sqlalchemy import text

from server.kernel.database import Database
from shared.contract.errors import RpcError
from shared.contract.exams import ItemEntry, PatientEntry, RegisterExam
from shared.contract.organisation import GetHospital
from shared.rpc.client import RpcClient, ZmqTransport

CLERKS = 2


@dataclass
class Acknowledged:
    """What was answered with success."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    objects: set[str] = field(default_factory=set)
    accessions: set[str] = field(default_factory=set)


class Senders:
    """The process of the four senders."""

    def __init__(self) -> None:
        environment = dict(os.environ, PYTHONPATH=str(ROOT))
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("four_senders.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )

    def begin(self, port: int) -> None:
        """Let them store at this port until the line breaks."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{port}\n")
        self._process.stdin.flush()

    def acknowledged(self) -> set[str]:
        """Wait until all four have noticed the end; return what was acknowledged."""
        assert self._process.stdout is not None
        found = set()
        for line in self._process.stdout:
            if line == "over\n":
                return found
            found.add(line.strip())
        raise AssertionError("the senders' process ended")

    def close(self) -> None:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(20)
        self._process.stdout.close()


def clerk(client: RpcClient, number: int, told: Acknowledged, stop: threading.Event) -> None:
    """Register patients until the line breaks."""
    try:
        hospital = client.call(GetHospital(), timeout_s=5)
        room = hospital.rooms[0]
        item = next(entry for entry in hospital.exam_items if entry.exam_type in room.exam_types)
        order = (ItemEntry(code=item.code, name=item.name, body_part=item.body_part, price_fen=item.price_fen),)
        count = 0
        while not stop.is_set():
            count += 1
            exam = client.call(
                RegisterExam(
                    patient=PatientEntry(name=f"病人{number}{random.randrange(10**9)}"),
                    exam_type=item.exam_type,
                    items=order,
                    campus_id=room.campus_id,
                    room_id=room.id,
                ),
                timeout_s=3,
            )
            with told.lock:
                told.accessions.add(exam.row.accession_number)
    except RpcError:
        return


def one_round(server: ServerProcess, senders: Senders, told: Acknowledged, after_s: float) -> None:
    """Work until the server is killed `after_s` seconds after everybody has begun."""
    stop = threading.Event()
    clients = [RpcClient(ZmqTransport(server.connection), timeout_s=5) for _ in range(CLERKS)]
    for client in clients:
        client.login("admin", server.admin_password)
    threads = [threading.Thread(target=clerk, args=(client, n, told, stop)) for n, client in enumerate(clients)]
    senders.begin(server.dicom_port)
    for thread in threads:
        thread.start()
    stop.wait(after_s)
    server.kill()
    stop.set()
    for client in clients:
        client.close()  # what is under way fails now and not after its time
    for thread in threads:
        thread.join(30)
        assert not thread.is_alive()
    told.objects |= senders.acknowledged()


def run_rounds(folder: Path, rounds: int, seed: int) -> Acknowledged:
    """Run the rounds on one data folder, then prove it."""
    random.seed(seed)
    moments = random.Random(seed)
    told = Acknowledged()
    senders = Senders()
    try:
        for _ in range(rounds):
            one_round(start_server(folder), senders, told, 0.1 + moments.random() * 1.4)
    finally:
        senders.close()
    checked = subprocess.run(
        [sys.executable, "-m", "mingjing", "check", "--data", str(folder), "--json"],
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=ROOT,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout[-3000:] + checked.stderr[-2000:]
    assert json.loads(checked.stdout)["clean"]
    database = Database.in_folder(folder)
    with database.read() as uow:
        stored = set(uow.session.execute(text("select uid from instances")).scalars())
        registered = uow.session.execute(text("select accession_number from exams")).scalars().all()
    database.close()
    assert told.objects - stored == set(), f"{len(told.objects - stored)} acknowledged objects are gone"
    assert told.accessions - set(registered) == set(), "answered registrations are gone"
    assert len(registered) == len(set(registered)), "an accession number was given twice"
    return told


def test_nothing_acknowledged_is_lost_in_30_kills(tmp_path: Path) -> None:
    told = run_rounds(tmp_path, 30, seed=20261121)
    assert len(told.objects) > 300 and len(told.accessions) > 100, "the rounds did hardly any work"


@pytest.mark.slow
def test_nothing_acknowledged_is_lost_in_1000_kills(tmp_path: Path) -> None:
    told = run_rounds(tmp_path, 1000, seed=7)
    print(f"1000 kills: {len(told.objects)} objects and {len(told.accessions)} registrations acknowledged, none lost")
