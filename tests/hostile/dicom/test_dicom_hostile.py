"""Attacks on the DICOM door: each is answered clearly or cut off, and the door serves the next peer as before."""

from __future__ import annotations

import contextlib
import logging
import socket
import struct
import sys
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from server.doors.dicom import dimse, pdu, uids
from server.doors.dicom.attributes import MalformedDataSet, TooDeep, check_depth, decode
from server.doors.dicom.door import Door
from server.doors.dicom.ports import DoorSettings
from server.doors.dicom.requestor import RequestedAssociation, echo_peer
from tests.fakes.dicom_objects import CT, ct_dataset, element, patient_rows
from tests.fakes.dicom_ports import FakeHospital

EXPLICIT, IMPLICIT = uids.EXPLICIT_LE, uids.IMPLICIT_LE


@pytest.fixture
def hospital() -> FakeHospital:
    hospital = FakeHospital()
    hospital.query.rows = patient_rows()
    return hospital


@pytest.fixture
def door(hospital: FakeHospital, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> Iterator[Door]:
    """A door with short timers; after every attack it must echo, and nothing may have been logged as a bug."""
    caplog.set_level(logging.INFO)
    door = Door(
        DoorSettings(
            port=0,
            artim_s=0.5,
            idle_s=1.5,
            drain_s=1.0,
            max_object_in_memory=2 << 20,
            max_object=6 << 20,
            max_identifier=1 << 20,
            max_associations=20,
            spool_directory=tmp_path,
        ),
        hospital.ports(),
    )
    door.start()
    yield door
    assert echo_peer("127.0.0.1", door.port, called_ae="MINGJING", calling_ae="AFTER") == 0
    door.stop()
    logged = [*caplog.get_records("call"), *caplog.get_records("teardown")]
    assert logged
    assert [r for r in logged if r.levelno >= logging.ERROR] == []
    assert list(tmp_path.glob("*.spool")) == []


def memory_kib(what: str) -> int:
    """VmRSS (now) or VmHWM (the most so far) of this process; skips where /proc does not tell."""
    status = Path("/proc/self/status")
    if not status.exists():
        pytest.skip("this system does not tell the memory of a process in /proc")
    line = next(line for line in status.read_text().splitlines() if line.startswith(what))
    return int(line.split()[1])


def connect(door: Door) -> socket.socket:
    sock = socket.create_connection(("127.0.0.1", door.port), timeout=10)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


def read_pdu(sock: socket.socket) -> tuple[int, bytes]:
    """The next PDU; type 0 when the connection is closed."""
    head = b""
    while len(head) < 6:
        try:
            part = sock.recv(6 - len(head))
        except ConnectionResetError:
            return 0, b""
        if not part:
            return 0, b""
        head += part
    kind, _, length = pdu.HEADER.unpack(head)
    body = b""
    while len(body) < length:
        part = sock.recv(length - len(body))
        if not part:
            return 0, b""
        body += part
    return kind, body


def associated(door: Door, *contexts: tuple[str, str]) -> socket.socket:
    """A raw socket with an open association; contexts get the ids 1, 3, 5 …"""
    sock = connect(door)
    proposed = tuple(pdu.ProposedContext(2 * i + 1, a, (t,)) for i, (a, t) in enumerate(contexts))
    sock.sendall(pdu.encode(pdu.AssociateRequest("MINGJING", "EVIL", proposed)))
    kind, _ = read_pdu(sock)
    assert kind == pdu.ASSOCIATE_AC
    return sock


def send(sock: socket.socket, context_id: int, command: dict[int, int | str], data: bytes | None = None) -> None:
    parts = pdu.data_pdus(context_id, True, dimse.encode_command(command), 16384)
    if data is not None:
        parts += pdu.data_pdus(context_id, False, data, 16384)
    sock.sendall(b"".join(parts))


def read_status(sock: socket.socket) -> tuple[int, str]:
    """Status and comment of the next response."""
    kind, body = read_pdu(sock)
    assert kind == pdu.P_DATA_TF, f"PDU {kind} came instead of a response"
    answer = dimse.decode_command(body[6:])
    return int(answer[dimse.STATUS]), str(answer.get(dimse.ERROR_COMMENT, ""))


def store_command(instance: str, sop_class: str = CT) -> dict[int, int | str]:
    return {
        dimse.AFFECTED_SOP_CLASS: sop_class,
        dimse.COMMAND_FIELD: dimse.C_STORE_RQ,
        dimse.MESSAGE_ID: 1,
        dimse.PRIORITY: 0,
        dimse.DATA_SET_TYPE: 1,
        dimse.AFFECTED_SOP_INSTANCE: instance,
    }


def find_command() -> dict[int, int | str]:
    return {
        dimse.AFFECTED_SOP_CLASS: uids.STUDY_ROOT_FIND,
        dimse.COMMAND_FIELD: dimse.C_FIND_RQ,
        dimse.MESSAGE_ID: 1,
        dimse.PRIORITY: 0,
        dimse.DATA_SET_TYPE: 1,
    }


def expect_abort(sock: socket.socket) -> None:
    kind, body = read_pdu(sock)
    assert kind == pdu.ABORT, f"PDU {kind} came instead of an abort"
    assert body[2] in (pdu.ABORT_BY_USER, pdu.ABORT_BY_PROVIDER)


# Identifiers that want to be paths

EVIL_UIDS = [
    "",
    " ",
    "../../etc/passwd",
    "..\\..\\windows\\system32\\config",
    "/etc/passwd",
    "C:\\boot.ini",
    "\\\\server\\share\\x",
    "1.2.3/../../../x",
    "1.2.3\x00.png",
    "1.2.3\n4",
    "1.2.3;rm -rf /",
    "$(reboot)",
    "`reboot`",
    "1.2.3|cat",
    "..",
    ".",
    "1..2",
    ".1.2",
    "1.2.",
    "CON",
    "nul.dcm",
    "1.2.3 4",
    "1.2.a",
    "%2e%2e%2f",
    "<script>",
    "' OR 1=1 --",
    "-1.2",
    "1" * 65,
    "1.2." + "3" * 4000,
    "１.２.３",
]


@pytest.mark.parametrize("instance", EVIL_UIDS, ids=range(len(EVIL_UIDS)))
def test_an_evil_sop_instance_uid_is_refused_with_a_sentence(instance: str, door: Door, hospital: FakeHospital) -> None:
    with associated(door, (CT, EXPLICIT)) as sock:
        send(sock, 1, store_command(instance), ct_dataset("1.2.3"))
        code, comment = read_status(sock)
        assert code == 0xC000
        assert "UID" in comment
        send(sock, 1, store_command("1.2.3"), ct_dataset("1.2.3"))
        assert read_status(sock)[0] == 0
    assert list(hospital.archive.objects) == ["1.2.3"]


def many_evil_uids() -> list[str]:
    """Over two hundred names that want to be something else than a UID."""
    steps = [
        "../",
        "..\\",
        "/",
        "\\",
        "./",
        "....//",
        "%2e%2e/",
        "..%5c",
        "~/",
        "file://",
        "C:",
        "\\\\?\\",
        "//host/",
        "\t",
        "\x7f",
    ]
    ends = [
        "etc/passwd",
        "x",
        "1.2.3",
        "..",
        "a.dcm",
        "",
        "1.2.3.dcm",
        "con",
        "*",
        "1.2.3\x00",
        "1.2.3;",
        "-rf",
        "$HOME",
        "1,2",
    ]
    return [step + end for step in steps for end in ends] + ["1.2.3" + step + "4" for step in steps]


def test_two_hundred_evil_uids_are_refused_and_the_association_lives_on(door: Door, hospital: FakeHospital) -> None:
    evil = many_evil_uids()
    assert len(evil) > 200
    data = ct_dataset("1.2.3", rows=8, columns=16)
    with associated(door, (CT, EXPLICIT)) as sock:
        for instance in evil:
            send(sock, 1, store_command(instance), data)
            code, comment = read_status(sock)
            assert (code, "UID" in comment) == (0xC000, True), instance
        send(sock, 1, store_command("1.2.3"), data)
        assert read_status(sock)[0] == 0
    assert list(hospital.archive.objects) == ["1.2.3"]


@pytest.mark.parametrize("instance", ["../../etc/passwd", "", "1" * 65])
def test_an_evil_uid_of_a_procedure_step_is_refused(instance: str, door: Door, hospital: FakeHospital) -> None:
    with associated(door, (uids.MPPS, EXPLICIT)) as sock:
        command: dict[int, int | str] = {
            dimse.REQUESTED_SOP_CLASS: uids.MPPS,
            dimse.COMMAND_FIELD: dimse.N_SET_RQ,
            dimse.MESSAGE_ID: 1,
            dimse.DATA_SET_TYPE: 1,
            dimse.REQUESTED_SOP_INSTANCE: instance,
        }
        send(sock, 1, command, element(0x00400252, "CS", b"COMPLETED"))
        assert read_status(sock)[0] == 0x0117
    assert not hospital.steps.calls


def test_an_evil_uid_in_a_retrieve_is_refused(door: Door, hospital: FakeHospital) -> None:
    with associated(door, (uids.STUDY_ROOT_MOVE, EXPLICIT)) as sock:
        command: dict[int, int | str] = {
            dimse.AFFECTED_SOP_CLASS: uids.STUDY_ROOT_MOVE,
            dimse.COMMAND_FIELD: dimse.C_MOVE_RQ,
            dimse.MESSAGE_ID: 1,
            dimse.PRIORITY: 0,
            dimse.DATA_SET_TYPE: 1,
            dimse.MOVE_DESTINATION: "DEST",
        }
        identifier = element(0x00080052, "CS", b"STUDY") + element(0x0020000D, "UI", b"../../etc")
        send(sock, 1, command, identifier)
        assert read_status(sock)[0] == 0xA900
    assert not hospital.retrieve.asked


# PDUs that lie


@pytest.mark.parametrize("kind", range(0, 12))
def test_a_pdu_of_four_gigabytes_is_cut_off_before_it_is_read(kind: int, door: Door) -> None:
    before = memory_kib("VmHWM")
    with associated(door, (uids.VERIFICATION, EXPLICIT)) as sock:
        sock.sendall(struct.pack(">BBI", kind, 0, 0xFFFFFFFF))
        expect_abort(sock)
    assert memory_kib("VmHWM") - before < 200 << 10


@pytest.mark.parametrize("kind", range(0, 12))
def test_a_first_pdu_of_four_gigabytes_is_cut_off(kind: int, door: Door) -> None:
    with connect(door) as sock:
        sock.sendall(struct.pack(">BBI", kind, 0, 0xFFFFFFFF))
        expect_abort(sock)


@pytest.mark.parametrize("kind", [0, 8, 9, 0x10, 0x47, 0x80, 0xFF])
def test_unknown_pdu_types_are_aborted(kind: int, door: Door) -> None:
    with associated(door, (uids.VERIFICATION, EXPLICIT)) as sock:
        sock.sendall(struct.pack(">BBI", kind, 0, 4) + b"abcd")
        expect_abort(sock)


@pytest.mark.parametrize(
    "payload",
    [
        struct.pack(">IBB", 0xFFFFFFFF, 1, 3) + b"abcd",
        struct.pack(">IBB", 0, 1, 3) + b"abcd",
        struct.pack(">IBB", 1, 1, 3) + b"abcd",
        struct.pack(">IBB", 7, 1, 3) + b"abcd",
        struct.pack(">IBB", 6, 99, 3) + b"abcd",
        struct.pack(">IBB", 6, 1, 2) + b"abcd",
        struct.pack(">IBB", 6, 1, 3) + b"abcd",
        struct.pack(">IBB", 5, 1, 3) + b"abcd",
    ],
)
def test_fragments_whose_lengths_or_contexts_lie_are_aborted(payload: bytes, door: Door) -> None:
    with associated(door, (uids.VERIFICATION, EXPLICIT)) as sock:
        sock.sendall(pdu.HEADER.pack(pdu.P_DATA_TF, 0, len(payload)) + payload)
        expect_abort(sock)


def test_data_before_an_association_is_aborted(door: Door) -> None:
    with connect(door) as sock:
        sock.sendall(b"\4\0\0\0\0\6\0\0\0\2\1\3")
        expect_abort(sock)


def test_a_second_association_request_is_aborted(door: Door) -> None:
    with associated(door, (uids.VERIFICATION, EXPLICIT)) as sock:
        sock.sendall(pdu.encode(pdu.AssociateRequest("MINGJING", "EVIL", ())))
        expect_abort(sock)


def test_http_on_the_dicom_port_is_cut_off(door: Door) -> None:
    with connect(door) as sock:
        sock.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        expect_abort(sock)


def test_a_request_with_strange_titles_leaves_clean_logs(door: Door, caplog: pytest.LogCaptureFixture) -> None:
    raw = bytearray(pdu.encode(pdu.AssociateRequest("MINGJING", "EVIL", ())))
    raw[26:42] = b"\x1b[31m\r\nadmin: ok"
    with connect(door) as sock:
        sock.sendall(raw)
        read_pdu(sock)
    for record in caplog.records:
        assert "\x1b" not in record.getMessage()
        assert "\n" not in record.getMessage()


# Things that never end


def test_a_command_that_never_ends_is_aborted(door: Door) -> None:
    with associated(door, (uids.VERIFICATION, EXPLICIT)) as sock:
        piece = pdu.HEADER.pack(4, 0, 1030) + pdu.PDV_HEADER.pack(1026, 1, 1) + bytes(1024)
        with pytest.raises((ConnectionError, AssertionError)):
            for _ in range(10_000):
                sock.sendall(piece)
                sock.setblocking(False)
                with contextlib.suppress(BlockingIOError):
                    assert sock.recv(1, socket.MSG_PEEK) != b"\7", "aborted, as it should be"
                sock.setblocking(True)


@pytest.mark.parametrize(
    ("command", "context", "limit"), [("store", CT, 6 << 20), ("find", uids.STUDY_ROOT_FIND, 1 << 20)]
)
def test_a_data_set_that_never_ends_is_aborted_at_its_limit(
    command: str, context: str, limit: int, door: Door, hospital: FakeHospital
) -> None:
    with associated(door, (context, EXPLICIT)) as sock:
        send(sock, 1, store_command("1.2.3") if command == "store" else find_command())
        size = 60_000
        piece = pdu.HEADER.pack(4, 0, size + 6) + pdu.PDV_HEADER.pack(size + 2, 1, 0) + bytes(size)
        with contextlib.suppress(ConnectionError):
            for _ in range(2 * limit // size):
                sock.sendall(piece)
        assert read_pdu(sock)[0] in (0, pdu.ABORT)
    assert not hospital.archive.objects
    assert not hospital.query.asked


def test_a_peer_that_says_nothing_is_cut_off_by_artim(door: Door) -> None:
    with connect(door) as sock:
        started = time.monotonic()
        assert read_pdu(sock)[0] == 0
        assert 0.3 < time.monotonic() - started < 3


def test_a_request_that_drips_is_cut_off_by_artim(door: Door) -> None:
    raw = pdu.encode(pdu.AssociateRequest("MINGJING", "EVIL", ()))
    with connect(door) as sock:
        started = time.monotonic()
        try:
            for byte in raw:
                sock.sendall(bytes((byte,)))
                time.sleep(0.05)
        except ConnectionError:
            pass
        assert time.monotonic() - started < 4
        sock.settimeout(2)
        assert read_pdu(sock)[0] in (0, pdu.ABORT)


def test_a_message_that_stops_in_the_middle_is_cut_off(door: Door, hospital: FakeHospital) -> None:
    with associated(door, (CT, EXPLICIT)) as sock:
        send(sock, 1, store_command("1.2.3"))
        sock.sendall(pdu.HEADER.pack(4, 0, 10_006) + pdu.PDV_HEADER.pack(10_002, 1, 2) + bytes(100))
        kind, _ = read_pdu(sock)
        assert kind in (0, pdu.ABORT)
    assert not hospital.archive.objects


def test_a_message_that_drips_is_cut_off(door: Door) -> None:
    with associated(door, (CT, EXPLICIT)) as sock:
        send(sock, 1, store_command("1.2.3"))
        sock.sendall(pdu.HEADER.pack(4, 0, 10_006) + pdu.PDV_HEADER.pack(10_002, 1, 2))
        started = time.monotonic()
        with contextlib.suppress(ConnectionError):
            while time.monotonic() - started < 8:
                sock.sendall(b"x")
                time.sleep(0.05)
        assert time.monotonic() - started < 6


def test_a_peer_that_vanishes_in_the_middle_of_a_spooled_object_leaves_nothing(
    door: Door, hospital: FakeHospital
) -> None:
    with associated(door, (CT, EXPLICIT)) as sock:
        send(sock, 1, store_command("1.2.3"))
        size = 60_000
        piece = pdu.HEADER.pack(4, 0, size + 6) + pdu.PDV_HEADER.pack(size + 2, 1, 0) + bytes(size)
        for _ in range(60):
            sock.sendall(piece)
        sock.setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
        )
    assert not hospital.archive.objects


def test_a_flood_of_connections_is_capped_and_passes(door: Door) -> None:
    socks = [connect(door) for _ in range(60)]
    closed = 0
    for sock in socks:
        sock.settimeout(0.05)
        with contextlib.suppress(TimeoutError, ConnectionError):
            closed += sock.recv(1) == b""
    assert closed >= 30
    for sock in socks:
        sock.close()
    wait_until(lambda: _echoes(door))


def _echoes(door: Door) -> bool:
    try:
        return echo_peer("127.0.0.1", door.port, called_ae="MINGJING", calling_ae="AFTER") == 0
    except Exception:  # noqa: BLE001 - any failure means "not yet" here
        return False


def wait_until(condition: Callable[[], bool], seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)


def test_many_associations_one_after_another_leave_no_thread(door: Door) -> None:
    before = threading.active_count()
    for _ in range(300):
        with connect(door) as sock:
            sock.sendall(b"\1\0\0\0")
    wait_until(lambda: threading.active_count() <= before)


def test_memory_stays_flat_over_thousands_of_associations(door: Door) -> None:
    """An association's buffers are half a MiB; what a process that ran other tests grows by chance is far less."""

    def one() -> None:
        with associated(door, (uids.VERIFICATION, EXPLICIT), (CT, EXPLICIT)) as sock:
            sock.sendall(pdu.RELEASE_RQ_BYTES)
            assert read_pdu(sock)[0] == pdu.RELEASE_RP

    one()
    logging.disable(logging.INFO)  # pytest keeps every line of the log, twice
    try:
        for _ in range(200):
            one()
        before = memory_kib("VmRSS")
        for _ in range(2000):
            one()
        grown = memory_kib("VmRSS") - before
    finally:
        logging.disable(logging.NOTSET)
    assert grown < 40 << 10


# Data sets


def nested_undefined(depth: int) -> bytes:
    head = b"\x08\0\x40\x11SQ\0\0\xff\xff\xff\xff\xfe\xff\0\xe0\xff\xff\xff\xff"
    tail = b"\xfe\xff\x0d\xe0\0\0\0\0\xfe\xff\xdd\xe0\0\0\0\0"
    return head * depth + tail * depth


def nested_defined(depth: int) -> bytes:
    out = b""
    for _ in range(depth):
        item = struct.pack("<HHI", 0xFFFE, 0xE000, len(out)) + out
        out = struct.pack("<HH2sHI", 0x0008, 0x1140, b"SQ", 0, len(item)) + item
    return out


def nested_implicit(depth: int, tag: int = 0x00081140) -> bytes:
    out = b""
    for _ in range(depth):
        item = struct.pack("<HHI", 0xFFFE, 0xE000, len(out)) + out
        out = struct.pack("<HHI", tag >> 16, tag & 0xFFFF, len(item)) + item
    return out


def nested_unknown(depth: int) -> bytes:
    """Sequences that are declared UN, which pydicom opens all the same."""
    inner = nested_implicit(depth - 1)
    item = struct.pack("<HHI", 0xFFFE, 0xE000, len(inner)) + inner
    return struct.pack("<HH2sHI", 0x0008, 0x1140, b"UN", 0, len(item)) + item


DEEP = {
    "undefined": (nested_undefined, EXPLICIT),
    "defined": (nested_defined, EXPLICIT),
    "implicit": (nested_implicit, IMPLICIT),
    "private implicit": (lambda n: nested_implicit(n, 0x00091001), IMPLICIT),
    "unknown": (nested_unknown, EXPLICIT),
}


@pytest.mark.parametrize("kind", DEEP)
@pytest.mark.parametrize("depth", [65, 1000, 10_000])
def test_deep_sequences_are_found(kind: str, depth: int) -> None:
    make, syntax = DEEP[kind]
    with pytest.raises(TooDeep):
        check_depth(make(depth), syntax)


@pytest.mark.parametrize("kind", DEEP)
def test_sequences_of_a_decent_depth_pass(kind: str) -> None:
    make, syntax = DEEP[kind]
    check_depth(make(60), syntax)


@pytest.mark.parametrize("kind", DEEP)
def test_objects_with_deep_sequences_are_refused(kind: str, door: Door, hospital: FakeHospital) -> None:
    make, syntax = DEEP[kind]
    with associated(door, (CT, syntax)) as sock:
        send(sock, 1, store_command("1.2.3"), make(10_000))
        code, comment = read_status(sock)
    assert code == 0xC000
    assert "deep" in comment
    assert not hospital.archive.objects


def test_a_deflated_object_with_deep_sequences_is_refused(door: Door, hospital: FakeHospital) -> None:
    machine = zlib.compressobj(9, zlib.DEFLATED, -15)
    data = machine.compress(nested_defined(10_000)) + machine.flush()
    with associated(door, (CT, uids.DEFLATED_LE)) as sock:
        send(sock, 1, store_command("1.2.3"), data)
        assert read_status(sock)[0] == 0xC000
    assert not hospital.archive.objects


@pytest.mark.parametrize("kind", DEEP)
def test_identifiers_with_deep_sequences_are_refused(kind: str, door: Door, hospital: FakeHospital) -> None:
    make, syntax = DEEP[kind]
    with associated(door, (uids.STUDY_ROOT_FIND, syntax)) as sock:
        send(sock, 1, find_command(), make(10_000))
        code, _ = read_status(sock)
    assert code in (0xC000, 0xA900)
    assert not hospital.query.asked


def test_a_deflate_bomb_in_an_identifier_is_refused(door: Door, hospital: FakeHospital) -> None:
    machine = zlib.compressobj(9, zlib.DEFLATED, -15)
    bomb = machine.compress(bytes(300 << 20)) + machine.flush()
    assert len(bomb) < 1 << 20
    before = memory_kib("VmHWM")
    with associated(door, (uids.STUDY_ROOT_FIND, uids.DEFLATED_LE)) as sock:
        send(sock, 1, find_command(), bomb)
        code, comment = read_status(sock)
    assert code == 0xC000
    assert "limit" in comment
    assert memory_kib("VmHWM") - before < 150 << 10


@pytest.mark.parametrize(
    "identifier",
    [
        b"",
        b"\x08",
        b"\x08\0\x52\0CS",
        b"\x08\0\x52\0CS\xff\xff",
        element(0x00080052, "CS", b"STUDY") + b"\x10\0\x10\0PN\x40\0abc",
        element(0x00080052, "CS", b"STUDY") + b"\x40\0\0\1SQ\0\0\xff\xff\xff\xff",
        element(0x00080052, "CS", b"STUDY") + b"\x40\0\0\1SQ\0\0\x08\0\0\0\x08\0\x08\0CS\0\0",
        element(0x00080052, "CS", b"GALAXY"),
        element(0x00080052, "CS", b"STUDY") + b"\x28\0\x10\0US\3\0abc",
        bytes(100),
        b"\xff" * 100,
    ],
)
def test_malformed_identifiers_are_refused_with_a_status(identifier: bytes, door: Door, hospital: FakeHospital) -> None:
    with associated(door, (uids.STUDY_ROOT_FIND, EXPLICIT)) as sock:
        if identifier:
            send(sock, 1, find_command(), identifier)
        else:
            send(sock, 1, find_command() | {dimse.DATA_SET_TYPE: dimse.NO_DATA_SET})
        code, comment = read_status(sock)
    assert code in (0xA900, 0xC000)
    assert comment
    assert not hospital.query.asked


def test_random_identifiers_never_cost_the_association(door: Door) -> None:
    import random

    rng = random.Random(5)
    base = element(0x00080052, "CS", b"STUDY") + element(0x00100010, "PN", b"A*") + nested_defined(5)
    with associated(door, (uids.STUDY_ROOT_FIND, EXPLICIT)) as sock:
        for _ in range(200):
            raw = bytearray(base)
            for _ in range(rng.randint(1, 6)):
                raw[rng.randrange(len(raw))] = rng.randrange(256)
            send(sock, 1, find_command(), bytes(raw))
            while True:
                kind, body = read_pdu(sock)
                assert kind == pdu.P_DATA_TF
                if body[5] & 1 and dimse.decode_command(body[6:])[dimse.STATUS] != 0xFF00:
                    break


def test_random_data_sets_are_read_or_refused() -> None:
    import random

    rng = random.Random(9)
    base = ct_dataset("1.2.3", rows=8, columns=8) + nested_defined(4) + nested_undefined(3)
    for _ in range(3000):
        raw = bytearray(base)
        for _ in range(rng.randint(1, 8)):
            raw[rng.randrange(len(raw))] = rng.randrange(256)
        for syntax in (EXPLICIT, IMPLICIT, uids.EXPLICIT_BE):
            try:
                check_depth(bytes(raw), syntax)
                decode(bytes(raw), syntax)
            except MalformedDataSet:
                pass


def test_a_command_for_the_wrong_class_is_refused(door: Door, hospital: FakeHospital) -> None:
    with associated(door, (CT, EXPLICIT)) as sock:
        send(sock, 1, store_command("1.2.3", "1.2.840.10008.5.1.4.1.1.4"), ct_dataset("1.2.3"))
        assert read_status(sock)[0] == 0xA900
    assert not hospital.archive.objects


def test_requests_sent_ahead_without_end_are_capped(door: Door, hospital: FakeHospital) -> None:
    """While a query is answered the peer sends more and more requests: it is aborted, its requests do not pile up."""
    hospital.query.rows = [{0x0020000D: f"1.2.3.{n}", 0x00100010: "A" * 60} for n in range(200_000)]
    with associated(door, (uids.STUDY_ROOT_FIND, EXPLICIT)) as sock:
        identifier = element(0x00080052, "CS", b"STUDY") + element(0x00100010, "PN", b"")
        one = b"".join(pdu.data_pdus(1, True, dimse.encode_command(find_command()), 16384))
        one += b"".join(pdu.data_pdus(1, False, identifier, 16384))
        sock.sendall(one * 20)
        answers = 0
        with contextlib.suppress(ConnectionError):
            while True:
                kind, _ = read_pdu(sock)
                if kind != pdu.P_DATA_TF:
                    break
                answers += 1
        assert kind in (0, pdu.ABORT)
    assert answers < 20_000
    assert len(hospital.query.asked) == 1


def test_a_move_destination_with_an_evil_name_is_unknown(door: Door) -> None:
    with associated(door, (uids.STUDY_ROOT_MOVE, EXPLICIT)) as sock:
        command: dict[int, int | str] = {
            dimse.AFFECTED_SOP_CLASS: uids.STUDY_ROOT_MOVE,
            dimse.COMMAND_FIELD: dimse.C_MOVE_RQ,
            dimse.MESSAGE_ID: 1,
            dimse.PRIORITY: 0,
            dimse.DATA_SET_TYPE: 1,
            dimse.MOVE_DESTINATION: "127.0.0.1:22",
        }
        identifier = element(0x00080052, "CS", b"STUDY") + element(0x0020000D, "UI", b"1.2.3.1")
        send(sock, 1, command, identifier)
        assert read_status(sock)[0] == 0xA801


def test_a_destination_that_answers_nonsense_does_not_hurt(door: Door, hospital: FakeHospital, tmp_path: Path) -> None:
    from server.doors.dicom.ports import Peer
    from tests.fakes.dicom_objects import stored_objects

    hospital.retrieve.stored = stored_objects(tmp_path)
    listener = socket.create_server(("127.0.0.1", 0))
    hospital.peers.peers["DEST"] = Peer("DEST", "127.0.0.1", listener.getsockname()[1])

    def answer() -> None:
        client, _ = listener.accept()
        with client:
            client.recv(65536)
            client.sendall(b"\2\0\xff\xff\xff\xff" + bytes(100))
            client.recv(65536)

    thread = threading.Thread(target=answer)
    thread.start()
    with associated(door, (uids.STUDY_ROOT_MOVE, EXPLICIT)) as sock:
        command: dict[int, int | str] = {
            dimse.AFFECTED_SOP_CLASS: uids.STUDY_ROOT_MOVE,
            dimse.COMMAND_FIELD: dimse.C_MOVE_RQ,
            dimse.MESSAGE_ID: 1,
            dimse.PRIORITY: 0,
            dimse.DATA_SET_TYPE: 1,
            dimse.MOVE_DESTINATION: "DEST",
        }
        send(sock, 1, command, element(0x00080052, "CS", b"STUDY") + element(0x0020000D, "UI", b"1.2.3.1"))
        assert read_status(sock)[0] == 0xA702
    thread.join(5)
    listener.close()


def test_a_good_object_is_stored_beside_every_attack(door: Door, hospital: FakeHospital) -> None:
    """One sender stores while others attack: it loses nothing."""
    stop = threading.Event()

    def attack() -> None:
        while not stop.is_set():
            try:
                with connect(door) as sock:
                    sock.sendall(b"\4\0\xff\xff\xff\xff" + bytes(50))
                    sock.settimeout(1)
                    sock.recv(100)
            except OSError:
                pass

    attackers = [threading.Thread(target=attack) for _ in range(3)]
    for attacker in attackers:
        attacker.start()
    try:
        with RequestedAssociation.open(
            "127.0.0.1", door.port, called_ae="MINGJING", calling_ae="GOOD", contexts=[(CT, (EXPLICIT,))]
        ) as association:
            for number in range(50):
                uid = f"1.2.3.{number}"
                assert association.store(CT, uid, EXPLICIT, ct_dataset(uid)) == 0
    finally:
        stop.set()
        for attacker in attackers:
            attacker.join()
    assert len(hospital.archive.objects) == 50
