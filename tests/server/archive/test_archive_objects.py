"""What is stored is read back: for retrieval, for commitment, for the frames of a viewer."""

from __future__ import annotations

import copy
import io
import threading
from collections.abc import Callable

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import UID
from sqlalchemy import delete, select

from server.archive.tables import Instance
from server.kernel.errors import Refusal
from shared.contract.errors import ErrorCode
from tests.server.archive.archive_house import House, a_series, an_object, encoded

CT = "1.2.840.10008.5.1.4.1.1.2"
DEFLATED = "1.2.840.10008.1.2.1.99"


def send(house: House, *objects: Dataset) -> House:
    for one in objects:
        house.send(one)
    assert house.indexer.wait_until_idle()
    return house


def refusal(work: Callable[[], object]) -> ErrorCode:
    with pytest.raises(Refusal) as refused:
        work()
    return refused.value.body.code


def test_objects_below_a_study_a_series_and_an_instance(house: House) -> None:
    slices = a_series(4)
    other = an_object()
    send(house, *reversed(slices), other)
    objects = house.service.objects
    study = [str(slices[0].StudyInstanceUID)]
    found = objects.objects(study_uids=study)
    assert [one.sop_instance_uid for one in found] == [slice_.SOPInstanceUID for slice_ in slices]
    assert found[0].sop_class_uid == CT
    assert len(objects.objects(study_uids=study, series_uids=[str(slices[0].SeriesInstanceUID)])) == 4
    assert len(objects.objects(instance_uids=[str(slices[2].SOPInstanceUID)])) == 1
    assert len(objects.objects(patient_id="P0000001")) == 5
    assert objects.objects(study_uids=["1.2.3"]) == []
    assert objects.objects() == []
    with found[1].open() as data:
        assert bytes(data) == encoded(slices[1])


def test_an_object_is_read_from_the_inbox_until_it_is_moved(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(house.indexer, "_move", lambda record, surplus: None)
    slice_ = an_object()
    send(house, slice_)
    assert list(house.storage.keys()) == []
    (found,) = house.service.objects.objects(instance_uids=[str(slice_.SOPInstanceUID)])
    with found.open() as data:
        assert bytes(data) == encoded(slice_)
    assert house.service.objects.missing([(CT, str(slice_.SOPInstanceUID))]) == []
    assert house.service.check(hashes=True).findings == ()


def test_a_missing_file_is_an_os_error_for_the_door_and_a_refusal_for_a_workstation(house: House) -> None:
    slice_ = an_object()
    send(house, slice_)
    house.storage.delete(next(house.storage.keys()))
    (found,) = house.service.objects.objects(instance_uids=[str(slice_.SOPInstanceUID)])
    with pytest.raises(OSError, match="missing"), found.open():
        pass
    assert refusal(lambda: house.service.objects.part10(str(slice_.SOPInstanceUID))) == ErrorCode.UNAVAILABLE
    assert refusal(lambda: house.service.objects.frame(str(slice_.SOPInstanceUID), 1)) == ErrorCode.UNAVAILABLE


def test_commitment_says_what_is_not_kept(house: House) -> None:
    kept, lost = a_series(2)
    send(house, kept, lost)
    with house.database.read() as uow:
        row = uow.session.connection().exec_driver_sql(
            f"SELECT object_key FROM instances WHERE uid = '{lost.SOPInstanceUID}'"
        )
        house.storage.delete(row.scalar_one())
    asked = [
        (CT, str(kept.SOPInstanceUID)),
        (CT, str(lost.SOPInstanceUID)),
        (CT, "1.2.3"),
        ("1.9", str(kept.SOPInstanceUID)),
    ]
    assert house.service.objects.missing(asked) == [
        (CT, str(lost.SOPInstanceUID), "damaged"),
        (CT, "1.2.3", "unknown"),
        ("1.9", str(kept.SOPInstanceUID), "class"),
    ]


def test_commitment_waits_for_what_was_stored_just_now(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    told = house.receiver._notify
    held: list[bytes] = []
    monkeypatch.setattr(house.receiver, "_notify", held.append)
    slice_ = an_object()
    house.send(slice_)
    timer = threading.Timer(0.2, lambda: told(held[0]))
    timer.start()
    assert house.service.objects.missing([(CT, str(slice_.SOPInstanceUID))]) == []
    timer.join()


def test_the_whole_file_and_its_header(house: House) -> None:
    slice_ = an_object()
    send(house, slice_)
    uid = str(slice_.SOPInstanceUID)
    assert pydicom.dcmread(io.BytesIO(bytes(house.service.objects.part10(uid)))) == slice_
    header = house.service.objects.header(uid)
    assert len(header) == len(house.service.objects.part10(uid)) - len(slice_.PixelData) - 12
    assert "PixelData" not in pydicom.dcmread(io.BytesIO(header))
    assert refusal(lambda: house.service.objects.part10("1.2.3")) == ErrorCode.NOT_FOUND


def test_native_frames_are_cut_out(house: House) -> None:
    frames = np.arange(3 * 8 * 8, dtype=np.uint8).reshape(3, 8, 8)
    movie = an_object(NumberOfFrames="3", Rows=8, Columns=8, BitsAllocated=8, BitsStored=8, HighBit=7)
    movie.PixelData = frames.tobytes()
    send(house, movie)
    for number in (1, 2, 3):
        data, syntax = house.service.objects.frame(str(movie.SOPInstanceUID), number)
        assert data == frames[number - 1].tobytes()
        assert syntax == "1.2.840.10008.1.2.1"
    for number in (0, 4, -1):
        assert refusal(lambda n=number: house.service.objects.frame(str(movie.SOPInstanceUID), n)) == ErrorCode.INVALID


def test_a_cut_movie_has_no_last_frame(house: House) -> None:
    movie = an_object(NumberOfFrames="3", Rows=8, Columns=8, BitsAllocated=8, BitsStored=8, HighBit=7)
    movie.PixelData = bytes(128)
    send(house, movie)
    assert refusal(lambda: house.service.objects.frame(str(movie.SOPInstanceUID), 3)) == ErrorCode.NO_IMAGES


def test_an_object_without_pixels_has_no_frame(house: House) -> None:
    document = an_object(PixelData=None)
    send(house, document)
    assert refusal(lambda: house.service.objects.frame(str(document.SOPInstanceUID), 1)) == ErrorCode.NO_IMAGES


@pytest.mark.parametrize("count", [1, 3])
def test_compressed_frames_come_as_they_are(house: House, count: int) -> None:
    frames = [bytes([number]) * (20 + 2 * number) for number in range(count)]
    movie = an_object(NumberOfFrames=str(count))
    movie.file_meta.TransferSyntaxUID = UID("1.2.840.10008.1.2.4.50")
    movie.PixelData = encapsulate(frames)
    movie["PixelData"].is_undefined_length = True
    send(house, movie)
    for number, expected in enumerate(frames, 1):
        assert house.service.objects.frame(str(movie.SOPInstanceUID), number) == (expected, "1.2.840.10008.1.2.4.50")


def test_a_deflated_object_gives_its_frame_inflated(house: House) -> None:
    slice_ = an_object()
    slice_.file_meta.TransferSyntaxUID = UID(DEFLATED)
    send(house, slice_)
    assert house.service.objects.frame(str(slice_.SOPInstanceUID), 1) == (slice_.PixelData, "1.2.840.10008.1.2.1")


def test_the_first_frame_reads_the_rows_of_its_whole_series(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    slices = a_series(5)
    send(house, *slices)
    reads = []
    read = house.database.read
    monkeypatch.setattr(house.database, "read", lambda: reads.append(1) or read())
    for slice_ in slices:
        assert house.service.objects.frame(str(slice_.SOPInstanceUID), 1)[0] == slice_.PixelData
    assert len(reads) == 1


def test_a_frame_whose_object_got_another_key_since_its_series_was_read(house: House) -> None:
    first, second = slices = a_series(2)
    send(house, *slices)
    objects = house.service.objects
    assert objects.frame(str(first.SOPInstanceUID), 1)[0] == first.PixelData
    with house.database.write() as uow:
        row = uow.session.scalars(select(Instance).where(Instance.uid == str(second.SOPInstanceUID))).one()
        old = row.object_key
        with house.storage.open(old) as file:
            row.object_key = house.storage.put(file.read() + bytes(2))
    house.storage.delete(old)
    assert objects.frame(str(second.SOPInstanceUID), 1)[0] == second.PixelData


def test_the_study_for_the_viewer(house: House) -> None:
    slices = [copy.deepcopy(slice_) for slice_ in a_series(5, rows=16)]
    slices[3].WindowCenter, slices[3].WindowWidth = "100", "200"
    del slices[4].RescaleType
    send(house, *slices)
    with house.database.read() as uow:
        view = house.service.get_study(uow, str(slices[0].StudyInstanceUID))
    (series,) = view.series
    assert (series.modality, series.number, series.description) == ("CT", 1, "胸部 1.0mm")
    assert series.frame_of_reference_uid == slices[0].FrameOfReferenceUID
    assert [one.instance_number for one in series.instances] == [1, 2, 3, 4, 5]
    for one, sent in zip(series.instances, slices, strict=True):
        assert one.sop_instance_uid == sent.SOPInstanceUID
        assert (one.rows, one.columns, one.frames, one.samples_per_pixel) == (16, 16, 1, 1)
        assert (one.bits_allocated, one.bits_stored, one.is_signed) == (16, 12, False)
        assert one.image_position == tuple(map(float, sent.ImagePositionPatient))
        assert one.image_orientation == (1, 0, 0, 0, 1, 0)
        assert one.pixel_spacing == tuple(map(float, sent.PixelSpacing))
        assert (one.rescale_slope, one.rescale_intercept) == (1.0, -1024.0)
        assert one.voi_function == "LINEAR"
    assert series.instances[0].window_center == (40.0, -600.0)
    assert series.instances[0].window_explanation == ("MEDIASTINUM", "LUNG")
    assert series.instances[3].window_center == (100.0,)
    assert (series.instances[0].rescale_type, series.instances[4].rescale_type) == ("HU", "")
    with house.database.read() as uow:
        assert refusal(lambda: house.service.get_study(uow, "1.2.3")) == ErrorCode.NOT_FOUND


def test_senseless_numbers_become_absent(house: House) -> None:
    odd = an_object()
    for tag, text in (("PixelSpacing", b"wide\\narrow "), ("RescaleSlope", b"0 "), ("WindowWidth", b"NaN ")):
        odd[tag] = pydicom.dataelem.RawDataElement(odd[tag].tag, odd[tag].VR, len(text), text, 0, False, True, True)
    send(house, odd)
    with house.database.read() as uow:
        one = house.service.get_study(uow, str(odd.StudyInstanceUID)).series[0].instances[0]
    assert (one.pixel_spacing, one.rescale_slope, one.window_center, one.window_width) == (None, 1.0, (), ())


def test_what_was_known_of_a_deleted_object_is_not_believed_for_ever(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    slice_ = a_series(1)[0]
    send(house, slice_)
    objects, uid = house.service.objects, str(slice_.SOPInstanceUID)
    objects.frame(uid, 1)
    with house.database.write() as uow:  # as the recycle bin does: the file stays
        uow.session.execute(delete(Instance))
    assert objects.frame(uid, 1)
    monkeypatch.setattr("server.archive.objects._LAYOUT_FRESH_S", 0.0)
    monkeypatch.setattr("server.archive.objects._ROWS_FRESH_S", 0.0)
    assert refusal(lambda: objects.frame(uid, 1)) == ErrorCode.NOT_FOUND
