"""Compression of the archive: pixels bit for bit, nothing else touched, no file gone before the new one counts."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from sqlalchemy import select

from server.archive.keeping.codec import HTJ2K, JPEG_LS, Left, Reason, compress, with_syntax
from server.archive.keeping.compressing import Compression
from server.archive.keeping.tables import CompressionMark, Discard
from server.archive.keeping.worker import Order, Workshop
from server.archive.receive import ObjectName, file_meta
from shared.contract.keeping import CompressionRule
from tests.server.archive.archive_house import a_series, an_object, encoded
from tests.server.archive.keeping.keeping_house import HereWorkshop, Keeping

EXPLICIT = "1.2.840.10008.1.2.1"
IMPLICIT = "1.2.840.10008.1.2"
CT = "1.2.840.10008.5.1.4.1.1.2"


@pytest.fixture
def quick(keeping: Keeping, tmp_path: Path) -> Keeping:
    """Compression without a child process."""
    keeping.service.compression = Compression(
        keeping.database, keeping.house.storage, tmp_path / "workshop", workshop=HereWorkshop
    )
    return keeping


def an_image(pixels: np.ndarray[Any, Any], syntax: str = EXPLICIT, **attributes: Any) -> bytes:
    """A Part 10 file with these pixels: (rows, columns), (frames, rows, columns) or (rows, columns, 3)."""
    dataset = an_object()
    colour = pixels.ndim == 3 and pixels.shape[-1] == 3
    bits = pixels.dtype.itemsize * 8
    dataset.Rows, dataset.Columns = pixels.shape[:2] if colour or pixels.ndim == 2 else pixels.shape[1:]
    if pixels.ndim == 3 and not colour:
        dataset.NumberOfFrames = pixels.shape[0]
    dataset.SamplesPerPixel = 3 if colour else 1
    dataset.PhotometricInterpretation = "RGB" if colour else "MONOCHROME2"
    if colour:
        dataset.PlanarConfiguration = 0
    dataset.BitsAllocated = dataset.BitsStored = bits
    dataset.HighBit = bits - 1
    dataset.PixelRepresentation = int(pixels.dtype.kind == "i")
    data = pixels.tobytes()
    dataset.PixelData = data + b"\0" * (len(data) & 1)
    dataset["PixelData"].VR = "OB" if bits == 8 else "OW"
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    dataset.file_meta.TransferSyntaxUID = syntax
    return file_meta(ObjectName(CT, dataset.SOPInstanceUID, syntax)) + encoded(dataset)


def noise(shape: tuple[int, ...], kind: str, low: int, high: int) -> np.ndarray[Any, Any]:
    """Smooth values with some noise, so that compression is worth it."""
    generator = np.random.default_rng(3)
    ramp = np.linspace(low, high - 9, shape[-2] if len(shape) == 2 else shape[1])
    made = np.broadcast_to(ramp[:, None] if len(shape) == 2 else ramp[None, :, None], shape)
    return np.asarray(made + generator.integers(0, 8, shape)).astype(kind)


CASES = {
    "12 of 16 bits": (noise((65, 63), "<u2", 0, 4096), {"BitsStored": 12, "HighBit": 11}),
    "signed 12 of 16": (noise((64, 64), "<i2", -2048, 2048), {"BitsStored": 12, "HighBit": 11}),
    "signed 16": (noise((64, 64), "<i2", -32768, 32768), {}),
    "unsigned 16": (noise((64, 64), "<u2", 0, 65536), {}),
    "8 bits, odd size": (noise((63, 65), "u1", 0, 256), {}),
    "8 of 16 bits": (noise((64, 64), "<u2", 0, 256), {"BitsStored": 8, "HighBit": 7}),
    "10 frames": (noise((10, 64, 64), "<u2", 0, 4096), {"BitsStored": 12, "HighBit": 11}),
    "3 odd frames": (noise((3, 63, 63), "u1", 0, 256), {}),
    "padding value": (noise((64, 64), "<i2", -1024, 3000), {"PixelPaddingValue": -2000}),
    "inverse": (noise((64, 64), "<u2", 0, 1024), {"PhotometricInterpretation": "MONOCHROME1"}),
    "one column": (noise((4000, 1), "<u2", 0, 1024), {}),
}
COLOUR = np.stack([noise((64, 64), "u1", 0, 256)] * 3, -1)


def pixels_of(file: bytes) -> np.ndarray[Any, Any]:
    from io import BytesIO

    return dcmread(BytesIO(file)).pixel_array


def joined(file: bytes, codec: str) -> bytes:
    return b"".join(compress(memoryview(file), codec).pieces)


@pytest.mark.parametrize("codec", ["htj2k", "jpegls"])
@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT])
@pytest.mark.parametrize("name", CASES)
def test_pixels_come_back_bit_for_bit_and_nothing_else_changes(name: str, syntax: str, codec: str) -> None:
    from server.doors.dicom.transcoding.frames import FrameTranscoder

    pixels, attributes = CASES[name]
    file = an_image(pixels, syntax, **attributes)
    new = joined(file, codec)
    assert len(new) < len(file)
    what = dcmread_both(file, new)
    assert what[1].file_meta.TransferSyntaxUID == {"htj2k": HTJ2K, "jpegls": JPEG_LS}[codec]
    for one in what:
        one.file_meta = None
        del one.PixelData
    assert what[0] == what[1]
    offset = compress(memoryview(file), codec).data_offset
    syntax_now = str(dcmread_both(new)[0].file_meta.TransferSyntaxUID)
    given = FrameTranscoder().transcode(memoryview(new)[offset:], syntax_now, EXPLICIT)
    back = file_meta(ObjectName(CT, "1.2", EXPLICIT)) + given
    assert np.array_equal(pixels_of(back), pixels_of(an_image(pixels, EXPLICIT, **attributes)))


def dcmread_both(*files: bytes) -> list[Dataset]:
    from io import BytesIO

    return [dcmread(BytesIO(file)) for file in files]


@pytest.mark.skipif(shutil.which("dciodvfy") is None, reason="dicom3tools are not here")
@pytest.mark.parametrize("codec", ["htj2k", "jpegls"])
@pytest.mark.parametrize("name", ["12 of 16 bits", "signed 16", "10 frames", "8 bits, odd size"])
def test_dciodvfy_finds_nothing_more_than_before(name: str, codec: str, tmp_path: Path) -> None:
    pixels, attributes = CASES[name]
    file = an_image(pixels, IMPLICIT, **attributes)
    said = []
    new = joined(file, codec)
    if codec == "htj2k":  # which dciodvfy does not know yet; encapsulation and attributes are those of JPEG 2000
        offset = compress(memoryview(file), codec).data_offset
        new = with_syntax(new[:offset], "1.2.840.10008.1.2.4.90") + new[offset:]
    for number, body in enumerate((file, new)):
        path = tmp_path / f"{number}.dcm"
        path.write_bytes(body)
        told = subprocess.run(["dciodvfy", "-new", str(path)], capture_output=True, text=True, check=False).stderr
        said.append({line for line in told.splitlines() if line.startswith("Error")})
    assert said[1] <= said[0]


def test_rgb_stays_rgb_and_comes_back_bit_for_bit() -> None:
    file = an_image(COLOUR)
    new = joined(file, "htj2k")
    before, after = dcmread_both(file, new)
    assert after.PhotometricInterpretation == "RGB"
    from shared.imaging.codecs import decode_frame
    from shared.imaging.frames import Part10
    from shared.imaging.header import pixel_format

    stored = Part10(new)
    form = pixel_format(stored.header)
    assert np.array_equal(decode_frame(stored.frame(0, 0), form, HTJ2K), before.pixel_array)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"BitsStored": 12, "HighBit": 11, "PixelData": b"\xff\xf0" * 4096}, Reason.UNUSED_BITS),
        ({"HighBit": 11, "BitsStored": 8}, Reason.FORMAT),
        ({"PhotometricInterpretation": "YBR_FULL"}, Reason.FORMAT),
        ({"BitsAllocated": 32, "BitsStored": 32, "HighBit": 31}, Reason.FORMAT),
        ({"PixelData": bytes(4095 * 2)}, Reason.LENGTH),
        ({"PixelData": bytes(4097 * 2)}, Reason.LENGTH),
        ({"PixelData": np.random.default_rng(1).bytes(8192)}, Reason.NO_GAIN),
        ({"Rows": 0}, Reason.FORMAT),
        ({"NumberOfFrames": 0}, Reason.DAMAGED),
    ],
)
def test_what_cannot_be_proved_or_is_not_worth_it_is_left(change: dict[str, Any], reason: Reason) -> None:
    with pytest.raises(Left) as left:
        compress(memoryview(an_image(noise((64, 64), "<u2", 0, 4096), **change)), "htj2k")
    assert left.value.reason == reason


def test_objects_without_pixels_and_compressed_ones_are_left() -> None:
    file = an_image(noise((64, 64), "<u2", 0, 4096))
    for changed, reason in (
        (joined(file, "htj2k"), Reason.SYNTAX),
        (file[:300], Reason.NO_PIXELS),
        (b"nonsense" * 100, Reason.DAMAGED),
    ):
        with pytest.raises(Left) as left:
            compress(memoryview(changed), "htj2k")
        assert left.value.reason == reason


def test_elements_after_the_pixels_stay_byte_for_byte() -> None:
    tail = b"\xfc\xff\xfc\xffOB\0\0\x04\0\0\0\x01\x02\x03\x04"
    file = an_image(noise((64, 64), "<u2", 0, 4096))
    assert joined(file + tail, "htj2k").endswith(b"\xfe\xff\xdd\xe0\0\0\0\0" + tail)


def test_private_and_nested_elements_survive_the_way_from_implicit_vr() -> None:
    from server.archive.keeping.explicit import to_explicit, to_implicit

    dataset = an_object()
    block = dataset.private_block(0x0029, "MINGJING TEST", create=True)
    block.add_new(0x01, "OB", b"\x01\x02\xff\xfe")
    block.add_new(0x02, "SQ", [Dataset()])
    inner = Dataset()
    inner.CodeValue = "T-1"
    inner.RealWorldValueFirstValueMapped = 7
    outer = Dataset()
    outer.ConceptCodeSequence = [inner, Dataset()]
    dataset.ProcedureCodeSequence = [outer]
    dataset.SmallestImagePixelValue = 5
    dataset.file_meta.TransferSyntaxUID = IMPLICIT
    data = encoded(dataset)
    explicit = to_explicit(memoryview(data))
    assert to_implicit(memoryview(explicit)) == data
    whole = file_meta(ObjectName(CT, "1.2", EXPLICIT)) + explicit
    read = dcmread_both(whole)[0]
    assert read.ProcedureCodeSequence == dataset.ProcedureCodeSequence
    assert read[0x0029, 0x1001].value == b"\x01\x02\xff\xfe"


# --- the archive


def test_a_quiet_series_is_compressed_and_everything_still_agrees(quick: Keeping) -> None:
    sent = a_series(5, 64)
    for one in sent:
        quick.house.send(one)
    assert quick.house.indexer.wait_until_idle()
    before = {one.uid: one for one in quick.instances()}
    done_, tally = quick.service.compression.run()
    assert (done_, tally.compressed) == (1, 5)
    after = {one.uid: one for one in quick.instances()}
    for uid, one in after.items():
        assert one.transfer_syntax_uid == HTJ2K
        assert one.received_key == before[uid].object_key
        assert one.attributes == before[uid].attributes
    assert quick.findings() == []
    assert len(quick.files()) == 10  # the old ones stay until they are swept
    assert quick.sweep() == 5
    assert quick.files() == {one.object_key for one in after.values()}
    assert quick.findings() == []
    assert quick.service.compression.run()[0] == 0
    status = quick.service.compression.status()
    assert (status.series_done, status.instances_compressed, status.left) == (1, 5, {})
    assert status.bytes_after < status.bytes_before


def test_frames_are_read_in_the_new_syntax_also_by_those_who_read_them_before(quick: Keeping) -> None:
    sent = a_series(1, 64)[0]
    quick.house.send(sent)
    assert quick.house.indexer.wait_until_idle()
    objects = quick.house.service.objects
    assert objects.frame(sent.SOPInstanceUID, 1)[1] == EXPLICIT
    quick.service.compression.run()
    quick.sweep()
    data, syntax = objects.frame(sent.SOPInstanceUID, 1)
    assert syntax == HTJ2K and bytes(data[:2]) == b"\xff\x4f"


def test_a_compressed_object_that_is_sent_again_changes_nothing(quick: Keeping) -> None:
    sent = a_series(2, 64)
    for one in sent:
        quick.house.send(one)
    assert quick.house.indexer.wait_until_idle()
    quick.service.compression.run()
    quick.sweep()
    files, rows = quick.files(), [(one.id, one.object_key) for one in quick.instances()]
    for one in sent:
        quick.house.send(one)
    assert quick.house.indexer.wait_until_idle()
    assert (quick.files(), [(one.id, one.object_key) for one in quick.instances()]) == (files, rows)
    study = quick.study(sent[0].StudyInstanceUID)
    assert study is not None and study.conflicts == 0
    assert quick.findings() == []


def test_a_compressed_object_whose_key_was_made_otherwise_is_recognised(quick: Keeping) -> None:
    sent = a_series(1, 64)
    now = quick.house.receiver.fingerprint
    quick.house.receiver.fingerprint = hashlib.sha256  # as all keys were made once
    quick.house.send(sent[0])
    assert quick.house.indexer.wait_until_idle()
    quick.service.compression.run()
    quick.sweep()
    files = quick.files()
    quick.house.receiver.fingerprint = now
    quick.house.send(sent[0])
    assert quick.house.indexer.wait_until_idle()
    assert quick.files() == files
    study = quick.study(sent[0].StudyInstanceUID)
    assert study is not None and study.conflicts == 0
    assert quick.findings() == []


def test_the_rules_decide_and_what_stays_is_not_looked_at_again(quick: Keeping) -> None:
    quick.policy(compression_rules=(CompressionRule(codec="none", modalities=("CT",)), CompressionRule(codec="htj2k")))
    quick.house.send(a_series(1, 64)[0])
    assert quick.house.indexer.wait_until_idle()
    assert quick.service.compression.run()[1].left == {"rule": 1}
    assert quick.service.compression.run()[0] == 0


def test_recent_series_and_an_archive_that_wants_none_stay(quick: Keeping) -> None:
    quick.house.send(a_series(1, 64)[0])
    assert quick.house.indexer.wait_until_idle()
    quick.policy(compress_after_hours=1)
    assert quick.service.compression.run()[0] == 0
    quick.policy(compress_after_hours=0, compress=False)
    assert quick.service.compression.run()[0] == 0


def test_a_deleted_and_restored_compressed_series_is_the_same(quick: Keeping) -> None:
    sent = a_series(2, 64)
    for one in sent:
        quick.house.send(one)
    assert quick.house.indexer.wait_until_idle()
    quick.service.compression.run()
    entry = quick.delete(sent[0].StudyInstanceUID)
    quick.house.send(sent[0])  # as it came the first time: known in the bin by the key of what was received
    assert quick.house.indexer.wait_until_idle()
    assert quick.counts() == (0, 0, 0)
    quick.restore(entry)
    quick.sweep()
    assert len(quick.files()) == 2
    assert quick.findings() == []


def test_a_new_file_whose_row_never_came_is_removed(quick: Keeping) -> None:
    """A crash between the file and its row."""
    from datetime import UTC, datetime, timedelta

    from server.archive.keeping.discards import announce, sweep

    key = "0" * 64
    with quick.database.write() as uow:
        announce(uow.session, [(key, "1.2.3")], "new", timedelta(hours=1))
    quick.house.storage.put(b"half of the work", key)
    assert quick.findings() == []
    assert quick.sweep() == 0
    assert sweep(quick.database, quick.house.storage, now=datetime.now(UTC) + timedelta(hours=2)) == 1
    with quick.database.read() as uow:
        assert uow.session.execute(select(Discard)).first() is None


def test_the_child_process_compresses_and_survives_bad_files(tmp_path: Path) -> None:
    good = tmp_path / "good.dcm"
    good.write_bytes(an_image(noise((64, 64), "<u2", 0, 4096)))
    bad = tmp_path / "bad.dcm"
    bad.write_bytes(b"nonsense")
    workshop = Workshop()
    try:
        assert workshop.compress(Order(str(bad), str(tmp_path / "1"), "htj2k")).reason == Reason.DAMAGED
        result = workshop.compress(Order(str(good), str(tmp_path / "2"), "htj2k"))
        assert result.reason == "" and (tmp_path / "2").stat().st_size == result.size_bytes
    finally:
        workshop.close()


def test_a_child_that_dies_is_replaced(tmp_path: Path) -> None:
    import sys

    file = tmp_path / "a.dcm"
    file.write_bytes(b"x")
    workshop = Workshop((sys.executable, "-c", "import os, sys; sys.stdin.buffer.read(4); os._exit(11)"))
    try:
        for _ in range(2):
            assert workshop.compress(Order(str(file), str(tmp_path / "out"), "htj2k")).reason == Reason.CRASHED
    finally:
        workshop.close()


def test_a_crash_of_the_codec_leaves_the_object_as_it_is(keeping: Keeping, tmp_path: Path) -> None:
    import sys

    crashing = (sys.executable, "-c", "import os, sys; sys.stdin.buffer.read(4); os._exit(11)")
    keeping.service.compression = Compression(
        keeping.database, keeping.house.storage, tmp_path / "workshop", workshop=lambda: Workshop(crashing)
    )
    keeping.house.send(a_series(1, 64)[0])
    assert keeping.house.indexer.wait_until_idle()
    assert keeping.service.compression.run()[1].left == {"crashed": 1}
    with keeping.database.read() as uow:
        assert uow.session.execute(select(CompressionMark.compressed)).scalar_one() == 0
    assert keeping.findings() == []
