"""Attacks on what associations negotiate, on the TLS port and on the reports that peers send us."""

from __future__ import annotations

import os
import random
import socket
import struct
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from server.doors.dicom import dimse, extended, pdu, uids
from server.doors.dicom.door import Door
from server.doors.dicom.ports import DoorSettings, Peer, Refused, TlsFiles
from server.doors.dicom.requestor import echo_peer
from tests.fakes.dicom_objects import stored_objects
from tests.fakes.dicom_ports import FakeHospital
from tests.hostile.dicom.test_dicom_hostile import read_pdu, read_status, send

FIND = uids.STUDY_ROOT_FIND


class Reports:
    def __init__(self) -> None:
        self.got: list[tuple[Any, ...]] = []

    def reported(self, *what: Any) -> None:
        if what[1] == "1.2.3.404":
            raise Refused(0x0115, "No such transaction")
        self.got.append(what)


@pytest.fixture
def reports() -> Reports:
    return Reports()


@pytest.fixture
def door(reports: Reports, tmp_path: Path) -> Iterator[Door]:
    certificate, key = tmp_path / "c.pem", tmp_path / "k.pem"
    made = subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout",
         str(key), "-out", str(certificate), "-days", "1", "-subj", "/CN=server"],
        capture_output=True, timeout=30, check=False,
    )  # fmt: skip
    if made.returncode:
        pytest.skip("openssl is not installed")
    ports = replace(FakeHospital().ports(), commitment_reports=reports)
    door = Door(
        DoorSettings(
            port=0,
            tls_port=0,
            tls=TlsFiles(certificate, key, require_client=False),
            artim_s=1.0,
            idle_s=5.0,
            drain_s=1.0,
        ),
        ports,
    )
    door.start()
    yield door
    assert echo_peer("127.0.0.1", door.port, called_ae="MINGJING", calling_ae="AFTER") == 0
    door.stop()


def request(
    door: Door,
    *items: pdu.ExtendedNegotiation,
    roles: tuple[pdu.RoleSelection, ...] = (),
    classes: tuple[str, ...] = (FIND,),
) -> tuple[socket.socket, pdu.AssociateAccept]:
    """An association with extended negotiation; the socket and the answer."""
    sock = socket.create_connection(("127.0.0.1", door.port), timeout=10)
    contexts = tuple(pdu.ProposedContext(2 * n + 1, c, (uids.IMPLICIT_LE,)) for n, c in enumerate(classes))
    user = pdu.UserInformation(16384, "1.2.3", extended=items, roles=roles)
    sock.sendall(pdu.encode(pdu.AssociateRequest("MINGJING", "EVIL", contexts, user)))
    kind, body = read_pdu(sock)
    assert kind == pdu.ASSOCIATE_AC
    answer = pdu.decode(kind, body)
    assert isinstance(answer, pdu.AssociateAccept)
    return sock, answer


def test_honest_extended_negotiation_is_answered(door: Door) -> None:
    sock, answer = request(door, pdu.ExtendedNegotiation(FIND, bytes((1, 1, 1, 1, 1))))
    sock.close()
    assert answer.user.extended == (pdu.ExtendedNegotiation(FIND, bytes((1, 1, 1, 1, 0))),)


@pytest.mark.parametrize(
    ("asked", "granted"),
    [
        (b"", None),
        (b"\xff" * 5, bytes(5)),
        (b"\x01", b"\x01"),
        (b"\x01" * 60000, bytes((1, 1, 1, 1, 0))),
        (bytes(200), bytes(5)),
        (b"\x00\x01\x80", b"\x00\x01\x00"),
    ],
)
def test_garbage_in_extended_negotiation_grants_nothing(door: Door, asked: bytes, granted: bytes | None) -> None:
    sock, answer = request(door, pdu.ExtendedNegotiation(FIND, asked))
    sock.close()
    items = {e.sop_class_uid: e.information for e in answer.user.extended}
    assert items.get(FIND) == granted


def test_items_of_unknown_classes_and_without_end_stay_unanswered(door: Door) -> None:
    items = tuple(pdu.ExtendedNegotiation(f"1.2.3.{n}", b"\1") for n in range(2000))
    twice = (pdu.ExtendedNegotiation(FIND, b"\1"), pdu.ExtendedNegotiation(FIND, b"\0"))
    sock, answer = request(door, *items, *twice, pdu.ExtendedNegotiation(uids.STUDY_ROOT_MOVE, b"\1\1"))
    sock.close()
    assert [e.sop_class_uid for e in answer.user.extended] == [FIND]


def test_random_extended_negotiation_is_always_answered_within_what_was_asked() -> None:
    rng = random.Random(4)
    for _ in range(300):
        items = [
            pdu.ExtendedNegotiation(
                rng.choice((FIND, uids.STUDY_ROOT_GET, "1.2.3")), rng.randbytes(rng.randrange(0, 12))
            )
            for _ in range(rng.randrange(0, 6))
        ]
        answers, options = extended.answer(items, {FIND, uids.STUDY_ROOT_GET})
        for one in answers:
            asked = [i.information for i in items if i.sop_class_uid == one.sop_class_uid]
            assert any(len(one.information) <= len(a) for a in asked)
            assert set(one.information) <= {0, 1}
        assert set(options) == {a.sop_class_uid for a in answers}


def event(transaction: str | None) -> bytes:
    from server.doors.dicom.attributes import Writer
    from shared.dicomkit.charsets import character_set

    body: dict[int, Any] = {0x00081199: [{0x00081150: "1.2.840.10008.5.1.4.1.1.2", 0x00081155: "1.2.3"}]}
    if transaction is not None:
        body[0x00081195] = transaction
    return Writer(uids.IMPLICIT_LE, (character_set(""),)).encode(body)


def report_command(kind: int) -> dict[int, int | str]:
    return {
        dimse.AFFECTED_SOP_CLASS: uids.COMMITMENT,
        dimse.COMMAND_FIELD: dimse.N_EVENT_REPORT_RQ,
        dimse.MESSAGE_ID: 1,
        dimse.DATA_SET_TYPE: 1,
        dimse.AFFECTED_SOP_INSTANCE: uids.COMMITMENT_INSTANCE,
        dimse.EVENT_TYPE: kind,
    }


def test_reports_that_were_never_asked_for_are_refused(door: Door, reports: Reports) -> None:
    role = (pdu.RoleSelection(uids.COMMITMENT, False, True),)
    sock, answer = request(door, roles=role, classes=(uids.COMMITMENT,))
    assert answer.user.roles == role
    for kind, body, status in (
        (1, event("1.2.3.404"), 0x0115),
        (7, event("1.2.3.5"), 0x0113),
        (1, event(None), 0x0110),
        (1, event("../../etc/passwd"), 0x0110),
        (1, b"\xff" * 40, 0x0110),
        (1, event("1.2.3.5"), 0),
    ):
        send(sock, 1, report_command(kind), body)
        assert read_status(sock)[0] == status, (kind, body)
    sock.close()
    assert [got[1] for got in reports.got] == ["1.2.3.5"]


def test_a_report_in_the_wrong_role_is_refused(door: Door, reports: Reports) -> None:
    sock, _ = request(door, classes=(uids.COMMITMENT,))
    send(sock, 1, report_command(1), event("1.2.3.5"))
    assert read_status(sock)[0] == 0x0122
    sock.close()
    assert reports.got == []


# the TLS port


@pytest.mark.parametrize(
    "attack",
    [
        os.urandom(4096),
        b"\x16\x03\x01\xff\xff" + b"A" * 70000,
        b"\x16\x03\x03\x00\x04\x01\x00\x00\x00",
        b"\x15\x03\x03\x00\x02\x02\x28",
        b"\x80\x2e\x01\x00\x02" + bytes(60),  # an SSL 2 greeting
        b"",
    ],
    ids=["random", "endless record", "empty hello", "alert", "ssl2", "nothing"],
)
def test_garbage_on_the_tls_port_ends_its_connection_only(attack: bytes, door: Door) -> None:
    with socket.create_connection(("127.0.0.1", door.tls_port), timeout=10) as sock:
        try:
            sock.sendall(attack)
            while sock.recv(65536):
                pass
        except ConnectionError:
            return


def test_a_handshake_that_drips_is_cut_off(door: Door) -> None:
    start = time.monotonic()
    with socket.create_connection(("127.0.0.1", door.tls_port), timeout=20) as sock:
        try:
            for byte in b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(400):
                sock.sendall(bytes((byte,)))
                time.sleep(0.05)
        except ConnectionError:
            pass
    assert time.monotonic() - start < 15


def test_many_half_open_handshakes_do_not_keep_others_out(door: Door) -> None:
    idle = [socket.create_connection(("127.0.0.1", door.tls_port), timeout=10) for _ in range(40)]
    try:
        assert echo_peer("127.0.0.1", door.port, called_ae="MINGJING", calling_ae="GOOD") == 0
    finally:
        for sock in idle:
            sock.close()


# the converter, over the network


def test_a_retrieve_of_bombs_fails_one_by_one(tmp_path: Path) -> None:
    """Compressed objects whose headers lie cost their own sub-operations; a good one between them arrives."""
    from server.doors.dicom.ports import Level
    from server.doors.dicom.scu import Ours, get
    from server.doors.dicom.transcoding.process import ProcessTranscoder
    from tests.fakes.dicom_ports import FakeArchive

    hospital = FakeHospital()
    good = stored_objects(tmp_path)[0]
    transcoder = ProcessTranscoder(1)
    packed = bytes(transcoder.transcode(memoryview(good.data), uids.EXPLICIT_LE, uids.RLE))
    rows, columns, frames = (
        b"\x28\0\x10\0US\2\0", b"\x28\0\x11\0US\2\0", b"\x28\0\x02\0US\2\0"
    )  # fmt: skip

    def changed(tag: bytes, value: int) -> bytes:
        at = packed.index(tag) + 8
        return packed[:at] + struct.pack("<H", value) + packed[at + 2 :]

    bombs = [changed(rows, 65535), changed(columns, 65535), changed(frames, 60000), packed[: len(packed) // 2]]
    hospital.retrieve.stored = [
        *(
            replace(good, instance_uid=f"1.2.66.{n}", data=bomb, transfer_syntax_uid=uids.RLE)
            for n, bomb in enumerate(bombs)
        ),
        replace(good, data=packed, transfer_syntax_uid=uids.RLE),
    ]
    door = Door(DoorSettings(port=0, drain_s=1.0), replace(hospital.ports(), transcoder=transcoder))
    door.start()
    sink = FakeArchive()
    try:
        peer = Peer("MINGJING", "127.0.0.1", door.port)
        from server.doors.dicom.scu import fetch

        only_native = pytest.MonkeyPatch()
        only_native.setattr(fetch.uids, "COMPRESSED_ANY", (uids.IMPLICIT_LE,))
        try:
            report = get(peer, Level.STUDY, {0x0020000D: good.study_uid}, sink, Ours(), classes=[good.sop_class_uid])
        finally:
            only_native.undo()
    finally:
        door.stop()
        transcoder.close()
    assert (report.status, report.completed, report.failed) == (0xB000, 1, 4)
    assert set(report.failed_instances) == {f"1.2.66.{n}" for n in range(4)}
    assert set(sink.objects) == {good.instance_uid}
