"""SIGKILL at random moments while people and devices work: nothing acknowledged is lost, and nothing is left over.

Four senders store, two clerks register, and a keeper compresses, moves, deletes, restores and purges studies. Whoever
adds a kind of work to the archive adds a function to `WORKS`, and to `Acknowledged` what it was promised.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest
from server_process import ROOT, ServerProcess, start_server
from sqlalchemy import text

from server.kernel.database import Database
from shared.contract.archive import ListStudies
from shared.contract.errors import ErrorCode, RpcError
from shared.contract.exams import ItemEntry, PatientEntry, RegisterExam
from shared.contract.keeping import (
    DeleteImages,
    GetKeepingPolicy,
    KeepingPolicy,
    PurgeImages,
    RestoreImages,
    RunCompression,
    SaveKeepingPolicy,
)
from shared.contract.organisation import GetHospital
from shared.contract.storage import ListStores, MoveStudy, SaveStore
from shared.rpc.client import RpcClient, ZmqTransport


@dataclass
class Acknowledged:
    """What was answered with success."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    objects: dict[str, str] = field(default_factory=dict)  # SOP Instance UID → Study Instance UID
    accessions: set[str] = field(default_factory=set)
    purged: set[str] = field(default_factory=set)  # studies whose destruction was asked for: may be here or not
    done: Counter[str] = field(default_factory=Counter)  # what the keeper got done


Work = Callable[[RpcClient, Acknowledged, threading.Event], None]


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

    def acknowledged(self) -> dict[str, str]:
        """Wait until all four have noticed the end; return what was acknowledged: objects and their studies."""
        assert self._process.stdout is not None
        found: dict[str, str] = {}
        for line in self._process.stdout:
            if line == "over\n":
                return found
            uid, study_uid = line.split()
            found[uid] = study_uid
        raise AssertionError("the senders' process ended")

    def close(self) -> None:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(20)
        self._process.stdout.close()


def clerk(client: RpcClient, told: Acknowledged, stop: threading.Event) -> None:
    """Register patients until the line breaks."""
    try:
        hospital = client.call(GetHospital(), timeout_s=5)
        room = hospital.rooms[0]
        item = next(entry for entry in hospital.exam_items if entry.exam_type in room.exam_types)
        order = (ItemEntry(code=item.code, name=item.name, body_part=item.body_part, price_fen=item.price_fen),)
        while not stop.is_set():
            exam = client.call(
                RegisterExam(
                    patient=PatientEntry(name=f"病人{random.randrange(10**9)}"),
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


def keeper(client: RpcClient, told: Acknowledged, stop: threading.Event) -> None:
    """Compress at once whatever comes; move, delete, restore and purge studies until the line breaks."""
    kept = client.call(GetKeepingPolicy(), timeout_s=10)
    if kept.policy.compress_after_hours:
        policy = KeepingPolicy(purge_needs_second_person=False, compress_after_hours=0, compress_grace_minutes=0)
        client.call(SaveKeepingPolicy(version=kept.version, policy=policy), timeout_s=10)
    stores = {one.name for one in client.call(ListStores(), timeout_s=10)}
    while not stop.is_set():
        for work in (compress, partial(move, stores=stores), delete_and_decide):
            try:
                work(client, told)
            except RpcError as error:
                if error.code in (ErrorCode.OFFLINE, ErrorCode.TIMEOUT):
                    return
                # any other refusal is an answer: the study was compressed, moved or deleted at the same time


def compress(client: RpcClient, told: Acknowledged) -> None:
    """Ask for a run of the compression."""
    client.call(RunCompression(), timeout_s=5)
    told.done["compression asked"] += 1


def move(client: RpcClient, told: Acknowledged, *, stores: set[str]) -> None:
    """Put a study into all stores, or into one of them only."""
    if len(stores) > 1 and (study_uid := some_study(client)):
        keep_in = tuple(random.sample(sorted(stores), random.randint(1, len(stores))))
        client.call(MoveStudy(study_uid=study_uid, keep_in=keep_in), timeout_s=5)
        told.done["moved"] += 1


def delete_and_decide(client: RpcClient, told: Acknowledged) -> None:
    """Delete a study; leave it in the bin, bring it back, or destroy it."""
    study_uid = some_study(client)
    if not study_uid:
        return
    entry = client.call(DeleteImages(study_uid=study_uid, reason="a test"), timeout_s=5)
    told.done["deleted"] += 1
    chance = random.random()
    if chance < 0.4:
        client.call(RestoreImages(entry_id=entry.id), timeout_s=5)
        told.done["restored"] += 1
    elif chance < 0.8:
        told.purged.add(study_uid)  # from now on it may be gone
        client.call(PurgeImages(entry_id=entry.id, reason="a test"), timeout_s=5)
        told.done["purged"] += 1


def some_study(client: RpcClient) -> str:
    """Any of the newest studies, empty when there is none."""
    found = client.call(ListStudies(limit=20), timeout_s=5).rows
    return random.choice(found).study_uid if found else ""


WORKS = (clerk, clerk, keeper)


def until_the_end(work: Work, client: RpcClient, told: Acknowledged, stop: threading.Event) -> None:
    """A broken line is how every round ends."""
    with contextlib.suppress(RpcError):
        work(client, told, stop)


def one_round(
    server: ServerProcess, senders: Senders, told: Acknowledged, after_s: float, *, whole: bool, busy: bool
) -> None:
    """Work until the server is killed `after_s` seconds after everybody has begun, all its processes or the first.

    `busy` counts the seconds from three answered registrations: however slow the machine, some rounds are in the midst
    of work, the others may be killed while it begins.
    """
    stop = threading.Event()
    clients = [RpcClient(ZmqTransport(server.connection), timeout_s=5) for _ in WORKS]
    for client in clients:
        client.login("admin", server.admin_password)
    threads = [
        threading.Thread(target=until_the_end, args=(work, client, told, stop))
        for work, client in zip(WORKS, clients, strict=True)
    ]
    senders.begin(server.dicom_port)
    for thread in threads:
        thread.start()
    wanted, latest = len(told.accessions) + 3, time.monotonic() + 30
    while busy and len(told.accessions) < wanted and time.monotonic() < latest:
        stop.wait(0.02)
    stop.wait(after_s)
    server.kill(whole=whole)
    stop.set()
    for client in clients:
        client.close()  # what is under way fails now and not after its time
    for thread in threads:
        thread.join(30)
        assert not thread.is_alive()
    told.objects |= senders.acknowledged()


def make_stores(server: ServerProcess, folder: Path) -> None:
    """A near-line store beside the one that receives."""
    (folder / "near").mkdir()
    client = server.client()
    client.call(SaveStore(name="near", kind="folder", role="nearline", path=str(folder / "near")))
    client.close()


def run_rounds(folder: Path, rounds: int, seed: int) -> Acknowledged:
    """Run the rounds on one data folder, then prove it."""
    random.seed(seed)
    moments = random.Random(seed)
    told = Acknowledged()
    senders = Senders()
    try:
        for number in range(rounds):
            server = start_server(folder)
            if not number:
                make_stores(server, folder)
            after_s = 0.1 + moments.random() * 1.4
            one_round(server, senders, told, after_s, whole=number % 6 > 0, busy=number % 3 == 0)
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
        binned = set(uow.session.execute(text("select uid from bin_objects")).scalars())
    database.close()
    promised = {uid for uid, study_uid in told.objects.items() if study_uid not in told.purged}
    gone = promised - stored - binned
    assert gone == set(), f"{len(gone)} acknowledged objects are gone"
    assert told.accessions - set(registered) == set(), "answered registrations are gone"
    assert len(registered) == len(set(registered)), "an accession number was given twice"
    return told


def test_nothing_acknowledged_is_lost_in_30_kills(tmp_path: Path) -> None:
    told = run_rounds(tmp_path, 30, seed=20261121)
    assert len(told.objects) > 300 and len(told.accessions) >= 30, "the rounds did hardly any work"
    assert told.done["deleted"] and told.done["compression asked"], told.done


@pytest.mark.slow
def test_nothing_acknowledged_is_lost_in_1000_kills(tmp_path: Path) -> None:
    told = run_rounds(tmp_path, 1000, seed=7)
    print(f"1000 kills: {len(told.objects)} objects and {len(told.accessions)} registrations acknowledged, none lost")
    print(f"meanwhile: {dict(told.done)}")
