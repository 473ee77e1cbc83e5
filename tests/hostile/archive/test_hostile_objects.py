"""The archive under attack: bad objects are refused with a sentence, nothing lands elsewhere, nothing is lost."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pydicom
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom.uid import UID

from server.archive.receive import ObjectName, StoreRefused
from server.kernel.storage.space import SpaceGuard
from tests.server.archive.archive_house import House, an_object, encoded

CT, EXPLICIT, DEFLATED = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.1.99"
MALFORMED = Path(__file__).resolve().parents[4] / "shared" / "data" / "malformed"

EVIL_UIDS = [
    "",
    "../../etc/passwd",
    "/etc/passwd",
    "..",
    ".\\..\\windows",
    "C:\\x",
    "1.2.3/../../x",
    "1.2.3\n",
    "1.2.3\0.4",
    "1.2.3 4",
    "1.2.3;rm -rf",
    "$(id)",
    "%s%n",
    "1" * 65,
    "CON",
    "\u0661.2.3",  # an Arabic digit one
    "1.2.3\u202e",
]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """An archive with one good object, which must be there at the end, and nothing beside its folders."""
    folder = tmp_path / "data"
    made = House(folder).start()
    good = an_object()
    made.send(good)
    assert made.indexer.wait_until_idle()
    yield made
    assert made.indexer.wait_until_idle()
    assert bytes(made.service.objects.part10(str(good.SOPInstanceUID))).endswith(encoded(good))
    assert made.service.check(hashes=True).findings == ()
    assert list(made.inbox.iterdir()) == []
    assert {path.name for path in tmp_path.iterdir()} == {"data"}
    made.stop()


def refused(house: House, data: bytes, uid: str = "1.2.3", syntax: str = EXPLICIT, sop_class: str = CT) -> StoreRefused:
    with pytest.raises(StoreRefused) as caught:
        house.receiver.receive(ObjectName(sop_class, uid, syntax), "EVIL", memoryview(data))
    assert str(caught.value).endswith(".")
    assert caught.value.status in (0xA700, 0xA900, 0xC000)
    return caught.value


def uid_of(data: bytes) -> str:
    return str(pydicom.dcmread(__import__("io").BytesIO(data), force=True).SOPInstanceUID)


@pytest.mark.parametrize("uid", EVIL_UIDS)
def test_evil_uids_of_the_command(house: House, uid: str) -> None:
    data = encoded(an_object())
    assert refused(house, data, uid).status == 0xA900
    assert refused(house, data, "1.2.3", sop_class=uid).status == 0xA900
    assert refused(house, data, "1.2.3", syntax=uid).status == 0xA900


@pytest.mark.parametrize("uid", [uid for uid in EVIL_UIDS if uid.isascii() and "\n" not in uid])
@pytest.mark.parametrize("keyword", ["StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"])
def test_evil_uids_inside_of_the_data_set(house: House, keyword: str, uid: str) -> None:
    sent = an_object()
    good = str(getattr(sent, keyword)).encode()
    evil = uid.encode().ljust(len(good), b"\0")[: len(good)]
    if evil.rstrip(b"\0").replace(b".", b"").isdigit():
        pytest.skip("cut to a harmless one")
    data = encoded(sent).replace(good, evil)
    assert refused(house, data, str(sent.SOPInstanceUID)).status == 0xA900


def test_an_instance_that_is_not_the_commands(house: House) -> None:
    data = encoded(an_object())
    assert "SOP Instance UID" in str(refused(house, data, "1.2.3"))
    assert "SOP Class UID" in str(refused(house, data, uid_of(data), sop_class="1.2.840.10008.5.1.4.1.1.4"))


@pytest.mark.parametrize("data", [b"", b"\0", b"\0" * 7, b"\0" * 100, b"\xff" * 100, b"DICM" * 50, b"MZ" + bytes(500)])
def test_bytes_that_are_no_data_set(house: House, data: bytes) -> None:
    for syntax in (EXPLICIT, "1.2.840.10008.1.2", "1.2.840.10008.1.2.2", DEFLATED, "1.2.840.10008.1.2.4.50"):
        refused(house, data, syntax=syntax)


@pytest.mark.parametrize("keep", [0.1, 0.5, 0.9, 0.999])
def test_truncated_data_sets(house: House, keep: float) -> None:
    data = encoded(an_object())
    assert refused(house, data[: int(len(data) * keep)], uid_of(data)).status == 0xC000


@pytest.mark.parametrize("lie", [1 << 16, 1 << 24, 0xFFFFFFFE])
def test_lying_lengths(house: House, lie: int) -> None:
    data = bytearray(encoded(an_object()))
    at = data.index(b"\xe0\x7f\x10\x00OW\0\0") + 8
    data[at : at + 4] = struct.pack("<I", lie)
    assert "too early" in str(refused(house, bytes(data), uid_of(bytes(data[: at - 8]))))


@pytest.mark.parametrize("depth", [100, 10_000])
def test_deep_nesting(house: House, depth: int) -> None:
    sent = an_object()
    opening = b"\x08\x00\x40\x11SQ\0\0\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff"
    closing = b"\xfe\xff\x0d\xe0\0\0\0\0\xfe\xff\xdd\xe0\0\0\0\0"
    at = encoded(sent).index(b"\x10\x00\x10\x00PN")
    data = encoded(sent)[:at] + opening * depth + closing * depth + encoded(sent)[at:]
    assert "64 deep" in str(refused(house, data, str(sent.SOPInstanceUID)))


def test_a_deflate_bomb(house: House) -> None:
    sent = an_object()
    sent.file_meta.TransferSyntaxUID = UID(EXPLICIT)
    deflate = zlib.compressobj(9, wbits=-zlib.MAX_WBITS)
    bomb = deflate.compress(encoded(sent)) + b"".join(deflate.compress(bytes(1 << 20)) for _ in range(300))
    bomb += deflate.flush()
    assert "grows beyond" in str(refused(house, bomb, str(sent.SOPInstanceUID), DEFLATED))


def test_a_full_disk_before_and_in_the_middle(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    data = encoded(an_object())
    plenty = house.receiver.space
    house.receiver.space = SpaceGuard(house.inbox, reserve_bytes=1000, measure=lambda _: 999 + len(data))
    full = refused(house, data, uid_of(data))
    assert full.status == 0xA700
    assert "Nothing that was accepted is lost" in str(full)
    house.receiver.space = plenty
    written: list[int] = []

    def fill_up(descriptor: int, part: bytes) -> int:
        written.append(len(part))
        if len(written) > 1:
            raise OSError(28, "No space left on device")
        return len(part)

    with monkeypatch.context() as patched:
        patched.setattr("os.write", fill_up)
        patched.setattr(
            "os.writev", lambda descriptor, parts: fill_up(descriptor, parts[0]), raising=False
        )  # only a part fits
        assert refused(house, data, uid_of(data)).status == 0xA700
    assert len(written) == 2


def test_a_flush_that_fails_is_no_success(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_descriptor: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(house.receiver._flusher, "flush", fail)
    data = encoded(an_object())
    assert refused(house, data, uid_of(data)).status == 0xA700


def test_sql_and_markup_in_texts_are_only_texts(house: House) -> None:
    evil = "'; DROP TABLE studies; --<script>alert(1)</script>"
    sent = an_object(PatientName=evil, PatientID=evil[:60], StudyDescription=evil)
    house.send(sent)
    assert house.indexer.wait_until_idle()
    with house.database.read() as uow:
        assert house.service.get_study(uow, str(sent.StudyInstanceUID)).row.description == evil


def test_a_long_calling_ae_makes_no_long_name(house: House) -> None:
    sent = an_object()
    house.receiver.receive(
        ObjectName(CT, str(sent.SOPInstanceUID), EXPLICIT), "../../" * 200 + "北京", memoryview(encoded(sent))
    )


MUTATIONS: dict[str, Callable[[bytearray, int, int], None]] = {
    "flip": lambda data, at, value: data.__setitem__(at, value),
    "cut": lambda data, at, value: data.__delitem__(slice(at, at + value)),
    "insert": lambda data, at, value: data.__setitem__(slice(at, at), bytes([value]) * (value % 9 + 1)),
    "maximum": lambda data, at, value: data.__setitem__(slice(at, at + 4), b"\xff\xff\xff\xff"),
}


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(st.sampled_from(sorted(MUTATIONS)), st.integers(0, 900), st.integers(0, 255)), min_size=1, max_size=6
    )
)
def test_mutilated_objects_are_stored_or_refused_never_anything_else(
    house: House, mutations: list[tuple[str, int, int]]
) -> None:
    data = bytearray(_BASIS)
    for kind, at, value in mutations:
        MUTATIONS[kind](data, min(at, len(data) - 8), value)
    try:
        house.receiver.receive(ObjectName(CT, _BASIS_UID, EXPLICIT), "FUZZ", memoryview(bytes(data)))
    except StoreRefused as no:
        assert str(no).endswith(".")


_BASIS_OBJECT = an_object()
_BASIS_UID = str(_BASIS_OBJECT.SOPInstanceUID)
_BASIS = encoded(_BASIS_OBJECT)


@pytest.mark.skipif(not MALFORMED.is_dir(), reason="the collection of malformed files is not here")
@pytest.mark.filterwarnings("ignore")
def test_real_malformed_files_are_stored_or_refused_with_a_sentence(house: House) -> None:
    stored = 0
    for path in sorted(MALFORMED.glob("*.dcm")):
        whole = path.read_bytes()
        offset = 0
        if whole[128:132] == b"DICM":
            offset = 132
            while whole[offset : offset + 2] == b"\x02\x00":
                long = whole[offset + 4 : offset + 6] in (b"OB", b"UN", b"OW", b"UT", b"SQ")
                length = struct.unpack_from("<I" if long else "<H", whole, offset + (8 if long else 6))[0]
                offset += (12 if long else 8) + length
        for syntax in (EXPLICIT, "1.2.840.10008.1.2", "1.2.840.10008.1.2.2"):
            try:
                found = pydicom.dcmread(path, force=True, stop_before_pixels=True)
                name = ObjectName(str(found.SOPClassUID), str(found.SOPInstanceUID), syntax)
            except Exception:  # noqa: BLE001 - pydicom raises whatever it likes on these
                name = ObjectName(CT, "1.2.3", syntax)
            try:
                house.receiver.receive(name, "MALFORMED", memoryview(whole)[offset:])
            except StoreRefused as no:
                assert str(no).endswith("."), path
            else:
                stored += 1
    assert stored > 10
