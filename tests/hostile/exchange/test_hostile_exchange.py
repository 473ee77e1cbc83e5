"""Import under attack: bombs, lying archives, paths that escape, directories that loop. Nothing lands elsewhere."""

from __future__ import annotations

import io
import os
import struct
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pydicom
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset, FileMetaDataset

from server.archive.exchange import sources
from server.archive.exchange.anonymise import Anonymiser
from server.archive.exchange.reading import NotReadable, dicomdir_files, find_object, is_bystander, kind_of
from server.archive.exchange.traces import NotAnonymised
from server.archive.exchange.videos import film_of
from shared.contract.exchange import AnonymisePlan
from shared.dicomkit.headers import to_bytes
from tests.databases import a_database
from tests.server.archive.archive_house import House, a_series, an_object
from tests.server.archive.exchange.exchange_house import ExchangeHouse, zipped

EVIL_NAMES = [
    "../../outside.dcm",
    "/etc/passwd",
    "..\\..\\outside.dcm",
    "C:\\windows\\x.dcm",
    "a/../../../outside.dcm",
    "CON",
    "x" * 4000,
    "new\nline",
    "\u202egnp.exe",
    "a\x1b[31mred",
    "$(touch outside)",
    "%s%s%n",
]


@pytest.fixture
def exchange(tmp_path: Path) -> Iterator[ExchangeHouse]:
    """An archive that must be whole at the end, with nothing beside its folders."""
    folder = tmp_path / "data"
    folder.mkdir()
    with a_database("sqlite", folder) as database:
        house = House(folder, database).start()
        made = ExchangeHouse(house, folder / "exchange", import_folders=str(folder / "in"))
        yield made
        assert house.indexer.wait_until_idle()
        assert house.service.check(hashes=True).findings == ()
        assert not list((folder / "exchange" / "scratch").glob("*"))
        house.stop()
    assert {path.name for path in tmp_path.iterdir()} == {"data"}


def test_names_of_a_zip_are_never_paths(exchange: ExchangeHouse) -> None:
    objects = [to_bytes(one) for one in a_series(len(EVIL_NAMES))]
    view, outcomes = exchange.bring_in(dict(zip(EVIL_NAMES, objects, strict=True)))
    assert view.stored == len(EVIL_NAMES)
    for name in outcomes:
        assert name.isprintable() and len(name) <= 500


def deflated_bomb(size: int) -> bytes:
    out = io.BytesIO()
    info = zipfile.ZipInfo("zeros")
    info.compress_type = zipfile.ZIP_DEFLATED
    with zipfile.ZipFile(out, "w") as archive, archive.open(info, "w", force_zip64=True) as member:
        for _ in range(size >> 20):
            member.write(bytes(1 << 20))
    return out.getvalue()


def test_a_bomb_is_refused_before_it_is_unpacked(exchange: ExchangeHouse) -> None:
    data = deflated_bomb(96 << 20)
    assert len(data) < 1 << 20
    view, outcomes = exchange.bring_in({"inner.zip": data, "good": to_bytes(an_object())})
    assert (view.stored, view.refused) == (1, 1)
    assert "压缩炸弹" in outcomes["inner.zip"].sentence


def test_zips_in_zips_end_somewhere(exchange: ExchangeHouse) -> None:
    good = to_bytes(an_object())
    nested = zipped({"deep": good})
    for level in range(4):
        nested = zipped({f"{level}.zip": nested})
    view, outcomes = exchange.bring_in({"x.zip": nested, "good": good})
    assert (view.stored, view.refused) == (1, 1)
    assert "嵌套" in next(row.sentence for row in outcomes.values() if row.state == "refused")


def test_a_zip_that_lies_about_sizes_is_refused(exchange: ExchangeHouse) -> None:
    data = bytearray(zipped({"x": to_bytes(an_object())}))
    at = data.rfind(b"PK\1\2")
    size = struct.unpack_from("<I", data, at + 24)[0]
    struct.pack_into("<I", data, at + 24, size // 2)
    view = exchange.run_import(exchange.start(upload_ids=(exchange.upload("x.zip", bytes(data)),)))
    assert (view.stored, view.refused) == (0, 1)


def test_members_that_overlap_are_refused(exchange: ExchangeHouse) -> None:
    data = bytearray(zipped({"a": bytes(5000), "b": bytes(5000)}))
    first = data.find(b"PK\1\2")
    second = data.find(b"PK\1\2", first + 4)
    struct.pack_into("<I", data, second + 42, 1)  # both entries read from nearly the same place
    view = exchange.run_import(exchange.start(upload_ids=(exchange.upload("x.zip", bytes(data)),)))
    assert view.stored == 0
    assert view.refused + view.ignored >= 1


def test_an_encrypted_member_is_refused_with_a_sentence(exchange: ExchangeHouse) -> None:
    data = bytearray(zipped({"x": to_bytes(an_object())}))
    for mark, offset in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        at = data.find(mark)
        data[at + offset] |= 1
    upload = exchange.upload("x.zip", bytes(data))
    view = exchange.run_import(exchange.start(upload_ids=(upload,)))
    assert view.refused == 1
    assert "加密" in next(iter(exchange.outcomes(view.id).values())).sentence


@pytest.mark.parametrize("cut", [4, 30, 100, -30])
def test_a_cut_zip_is_refused(exchange: ExchangeHouse, cut: int) -> None:
    data = zipped({"x": to_bytes(an_object())})[:cut]
    view = exchange.run_import(exchange.start(upload_ids=(exchange.upload("x.zip", data),)))
    assert (view.stored, view.refused) == (0, 1)


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege on Windows")
def test_links_are_not_followed(exchange: ExchangeHouse, tmp_path: Path) -> None:
    place = tmp_path / "data" / "in"
    place.mkdir()
    (place / "good").write_bytes(to_bytes(an_object()))
    (place / "link").symlink_to("/etc/passwd")
    (place / "folder").symlink_to("/etc", target_is_directory=True)
    view = exchange.run_import(exchange.start(folder=str(place)))
    assert (view.files, view.stored) == (1, 1)


# directories


def a_dicomdir(file_ids: list[list[str]], *, next_offset: int = 0) -> bytes:
    ds = Dataset()
    ds.FileSetID = "EVIL"
    ds.OffsetOfTheFirstDirectoryRecordOfTheRootDirectoryEntity = next_offset
    ds.OffsetOfTheLastDirectoryRecordOfTheRootDirectoryEntity = next_offset
    ds.FileSetConsistencyFlag = 0
    ds.DirectoryRecordSequence = []
    for parts in file_ids:
        record = Dataset()
        record.OffsetOfTheNextDirectoryRecord = next_offset
        record.RecordInUseFlag = 0xFFFF
        record.OffsetOfReferencedLowerLevelDirectoryEntity = next_offset
        record.DirectoryRecordType = "IMAGE"
        record.add_new(0x00041500, "CS", parts)
        ds.DirectoryRecordSequence.append(record)
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = "1.2.840.10008.1.3.10"
    meta.MediaStorageSOPInstanceUID = "2.25.1"
    meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    ds.file_meta = meta
    return to_bytes(ds)


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_directory_that_leads_outside_leads_nowhere(exchange: ExchangeHouse, tmp_path: Path) -> None:
    place = tmp_path / "data" / "in"
    (place / "cd").mkdir(parents=True)
    (place / "secret.dcm").write_bytes(to_bytes(an_object()))
    evil = [["..", "SECRET.DCM"], ["", "etc", "shadow"], ["..\\..", "x"], ["/etc/passwd"], ["A" * 200]]
    (place / "cd" / "DICOMDIR").write_bytes(a_dicomdir(evil))
    view = exchange.run_import(exchange.start(folder=str(place / "cd")))
    assert (view.stored, view.ignored, view.missing) == (0, 1, len(evil))


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_directory_whose_offsets_loop_is_read_once() -> None:
    data = a_dicomdir([["IMAGES", "IM1"]] * 50, next_offset=400)
    assert dicomdir_files(memoryview(data)) == [("images", "im1")]


def test_a_directory_that_nests_too_deep_is_refused() -> None:
    inner = struct.pack("<HHI", 0xFFFE, 0xE000, 0)
    for _ in range(200):
        head = struct.pack("<HH2sHI", 0x0004, 0x1220, b"SQ", 0, len(inner))
        inner = struct.pack("<HHI", 0xFFFE, 0xE000, len(head) + len(inner)) + head + inner
    meta = a_dicomdir([])
    body = meta[: meta.find(b"\x04\x00\x30\x11")]
    whole = body + struct.pack("<HH2sHI", 0x0004, 0x1220, b"SQ", 0, len(inner)) + inner
    with pytest.raises(NotReadable):
        dicomdir_files(memoryview(whole))


# whatever comes


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    start=st.sampled_from([b"", bytes(128) + b"DICM", b"DICM", b"\0\0\0\x18ftyp", b"\0\0\1\xb3", b"%PDF-", b"II*\0"]),
    rest=st.binary(max_size=400),
)
def test_any_bytes_are_an_object_or_a_sentence(start: bytes, rest: bytes) -> None:
    data = memoryview(start + rest)
    kind = kind_of(data)
    for read in (find_object, dicomdir_files, lambda one: film_of(one, "mp4"), lambda one: film_of(one, "mpeg2")):
        try:
            read(data)
        except NotReadable as refused:
            assert str(refused)
    assert kind in {"", "dicom", "jpeg", "png", "bmp", "tiff", "pdf", "mp4", "mpeg2"}
    assert isinstance(is_bystander(rest.decode("latin-1")), bool)
    with pytest.raises(NotAnonymised):
        Anonymiser(b"k", AnonymisePlan(project="A")).anonymise(data)


@settings(max_examples=60, deadline=None)
@given(name=st.text(st.sampled_from("./\\ ;1aÄ") | st.characters(), max_size=60))
@example(name=" ")
@example(name="./ /;1/...")
@example(name="..\\A.DCM;1")
def test_folding_a_name_leaves_no_empty_part_and_hides_no_step_upwards(name: str) -> None:
    parts = sources.folded(name)
    assert all(part not in ("", ".") and "/" not in part and "\\" not in part for part in parts)
    upwards = [part for part in name.replace("\\", "/").split("/") if part.strip() == ".."]
    assert parts.count("..") == len(upwards)


MALFORMED = Path(__file__).resolve().parents[4] / "shared" / "data" / "malformed"


@pytest.mark.skipif(not MALFORMED.is_dir(), reason="the malformed samples are not here")
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_every_malformed_sample_is_stored_or_refused_with_a_sentence(exchange: ExchangeHouse) -> None:
    files = {path.name: path.read_bytes() for path in MALFORMED.iterdir() if path.is_file()}
    view, outcomes = exchange.bring_in(files)
    assert view.stored + view.refused == len(files)
    assert all(row.sentence for row in outcomes.values() if row.state == "refused")
