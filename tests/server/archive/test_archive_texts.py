"""Texts under a wrong label in index and views, character sets chosen by hand, frames of multi-frame objects."""

from __future__ import annotations

from typing import Any

import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from server.archive.find import find
from server.archive.labelling import truly_labelled
from server.archive.sequences import items_of
from server.archive.tables import ImagePatient, Study
from server.kernel.errors import Refusal
from shared.contract.archive import ListStudies, StudyRow
from shared.contract.errors import ErrorCode
from shared.dicomkit.charsets import decode_text
from tests.server.archive.archive_house import House, a_series, an_object, encoded

NAME, DESCRIPTION = 0x00100010, 0x00081030


def a_raw_object(name: bytes, description: bytes, label: str, **more: Any) -> bytes:
    """The bytes of an object whose texts are these bytes under this label."""
    made = an_object(PatientName="N" * len(name), StudyDescription="D" * len(description), **more)
    made.SpecificCharacterSet = label
    made.SeriesDescription = made.InstitutionName = ""
    data = encoded(made)
    return data.replace(b"N" * len(name), name).replace(b"D" * len(description), description), made


def sent(house: House, name: str, codec: str, label: str, **more: Any) -> StudyRow:
    made, file = a_raw_object(name.encode(codec), "胸部CT平扫".encode("gb18030"), label, **more)
    return store(house, made, file)


def store(house: House, data: bytes, file: Dataset) -> StudyRow:
    from server.archive.receive import ObjectName

    meta = file.file_meta
    what = ObjectName(
        str(meta.MediaStorageSOPClassUID), str(meta.MediaStorageSOPInstanceUID), str(meta.TransferSyntaxUID)
    )
    house.receiver.receive(what, "CT1", memoryview(data))
    assert house.indexer.wait_until_idle()
    return row_of(house, str(file.StudyInstanceUID))


def row_of(house: House, study_uid: str) -> StudyRow:
    with house.database.read() as uow:
        return house.service.get_study(uow, study_uid).row


@pytest.mark.parametrize("label", ["", "ISO_IR 100", "ISO_IR 192"])
def test_mislabelled_chinese_is_shown_right_found_and_noted(house: House, label: str) -> None:
    row = sent(house, "欧阳^小明", "gb18030", label)
    assert (row.patient_name, row.description) == ("欧阳^小明", "胸部CT平扫")
    assert "GB18030" in row.charset_note
    assert (label or "未声明") in row.charset_note
    for name in ("欧阳小明", "OUYANG*", "*小明"):
        assert [answer[NAME] for answer in find(house.database, "STUDY", {NAME: name})] == ["欧阳^小明"]
    (instance,) = find(house.database, "IMAGE", {0x0020000D: row.study_uid, 0x00080018: ""})
    assert "欧阳^小明".encode("gb18030") in bytes(house.service.objects.part10(str(instance[0x00080018])))


def test_what_was_encoded_twice_is_mended_in_the_index(house: House) -> None:
    twice = "张^三".encode().decode("latin_1").encode()
    data, file = a_raw_object(twice, "胸部".encode().decode("latin_1").encode(), "ISO_IR 192")
    row = store(house, data, file)
    assert (row.patient_name, row.description) == ("张^三", "胸部")
    assert "重复编码" in row.charset_note


def test_a_right_label_leaves_no_note(house: House) -> None:
    house.send(an_object())
    assert house.indexer.wait_until_idle()
    (row,) = house.service.list_studies(ListStudies()).rows
    assert row.charset_note == ""


def test_a_character_set_by_hand_goes_before_everything(house: House) -> None:
    row = sent(house, "김^민준", "euc_kr", "ISO_IR 192", StudyID="7")
    forced = house.service.set_character_set(row.study_uid, "\\ISO 2022 IR 149")
    assert (forced.patient_name, forced.version) == ("김^민준", row.version + 1)
    assert "由管理员指定" in forced.charset_note
    assert [a[NAME] for a in find(house.database, "PATIENT", {NAME: "김*"})] == ["김^민준"]
    again, file = a_raw_object("김^민준".encode("euc_kr"), b"X", "ISO_IR 192", StudyInstanceUID=row.study_uid)
    file.SeriesInstanceUID = "1.2.3.77"
    store(house, again, file)  # a further series is read in the same set
    wrong = house.service.set_character_set(row.study_uid, "ISO_IR 100")
    assert wrong.patient_name == "김^민준".encode("euc_kr").decode("latin_1")
    freed = house.service.set_character_set(row.study_uid, "")
    assert freed.patient_name != wrong.patient_name
    assert "由管理员指定" not in freed.charset_note


def test_a_forced_character_set_is_used_for_later_series(house: House) -> None:
    row = sent(house, "Voss^Joerg", "ascii", "ISO_IR 192")
    house.service.set_character_set(row.study_uid, "ISO_IR 144")
    later = an_object(StudyInstanceUID=row.study_uid, SeriesDescription="DESCR", SeriesInstanceUID="1.2.3.78")
    later.SpecificCharacterSet = "ISO_IR 192"
    data = encoded(later).replace(b"DESCR", "Грудь".encode("iso8859_5"))
    store(house, data, later)
    found = [a[0x0008103E] for a in find(house.database, "SERIES", {0x0020000E: "1.2.3.78", 0x0008103E: ""})]
    assert found == ["Грудь"]


@pytest.mark.parametrize(
    ("uid", "character_set", "code"),
    [("", "KLINGON", ErrorCode.INVALID), ("1.2.3", "GB18030", ErrorCode.NOT_FOUND)],
)
def test_impossible_character_sets_are_refused(house: House, uid: str, character_set: str, code: ErrorCode) -> None:
    house.send(an_object())
    assert house.indexer.wait_until_idle()
    (row,) = house.service.list_studies(ListStudies()).rows
    with pytest.raises(Refusal) as refused:
        house.service.set_character_set(uid or row.study_uid, character_set)
    assert refused.value.body.code is code


def test_a_corrected_study_keeps_its_texts(house: House) -> None:
    house.send(an_object())
    assert house.indexer.wait_until_idle()
    with house.database.write() as uow:
        study = uow.session.query(Study).one()
        study.correction = b"\x80"
        uid = study.uid
    with pytest.raises(Refusal) as refused:
        house.service.set_character_set(uid, "GB18030")
    assert refused.value.body.code is ErrorCode.ILLEGAL_ACTION


def test_the_patient_stays_as_the_first_images_name_it(house: House) -> None:
    house.send(an_object(PatientID="P7", PatientName="Zhang^San=张^三"))
    house.send(an_object(PatientID="P7", PatientName="Zhang^Sann=张^三三"))
    assert house.indexer.wait_until_idle()
    with house.database.read() as uow:
        assert [p.name for p in uow.session.query(ImagePatient)] == ["Zhang^San=张^三"]
    names = sorted(str(a[NAME]) for a in find(house.database, "STUDY", {0x00100020: "P7", NAME: ""}))
    assert names == ["Zhang^San=张^三", "Zhang^Sann=张^三三"]


def test_images_that_keep_coming_are_no_conflict(house: House) -> None:
    slices = a_series(3)
    house.send(slices[0])
    assert house.indexer.wait_until_idle()
    before = row_of(house, str(slices[0].StudyInstanceUID))
    for one in slices[1:]:
        house.send(one)
    assert house.indexer.wait_until_idle()
    with house.database.write() as uow:
        matched = house.service.match_study(uow, before.study_uid, before.version, 5)
    assert (matched.exam_id, matched.instance_count) == (5, 3)
    with house.database.write() as uow, pytest.raises(Refusal) as refused:
        house.service.unmatch_study(uow, before.study_uid, before.version, "zu spät")
    assert refused.value.body.code is ErrorCode.CONFLICT


# frames


def functional(position: list[float] | None, slope: float | None = None) -> Dataset:
    group = Dataset()
    if position is not None:
        plane = Dataset()
        plane.ImagePositionPatient = position
        group.PlanePositionSequence = Sequence([plane])
    if slope is not None:
        values = Dataset()
        values.RescaleSlope, values.RescaleIntercept, values.RescaleType = slope, -1, "HU"
        group.PixelValueTransformationSequence = Sequence([values])
    return group


def test_frames_say_what_differs_between_them(house: House) -> None:
    made = an_object(NumberOfFrames=3)
    made.PixelData = made.PixelData * 3
    orientation, measures = Dataset(), Dataset()
    orientation.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    measures.PixelSpacing = [0.5, 0.25]
    shared = functional(None)
    shared.PlaneOrientationSequence, shared.PixelMeasuresSequence = Sequence([orientation]), Sequence([measures])
    made.SharedFunctionalGroupsSequence = Sequence([shared])
    made.PerFrameFunctionalGroupsSequence = Sequence(functional([0, 0, 5.0 * n], 1.0 + n) for n in range(3))
    for keyword in ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing"):
        delattr(made, keyword)
    house.send(made)
    assert house.indexer.wait_until_idle()
    seen = house.service.get_frames(str(made.SOPInstanceUID))
    assert (seen.count, len(seen.frames)) == (3, 3)
    assert [frame.image_position for frame in seen.frames] == [(0, 0, 0), (0, 0, 5), (0, 0, 10)]
    assert [frame.rescale_slope for frame in seen.frames] == [1, 2, 3]
    assert {frame.pixel_spacing for frame in seen.frames} == {(0.5, 0.25)}
    assert {frame.image_orientation for frame in seen.frames} == {(1, 0, 0, 0, 1, 0)}


def test_frames_that_are_all_alike_are_said_once(house: House) -> None:
    made = an_object(NumberOfFrames=4)
    made.PixelData = made.PixelData * 4
    house.send(made)
    assert house.indexer.wait_until_idle()
    seen = house.service.get_frames(str(made.SOPInstanceUID))
    assert (seen.count, len(seen.frames)) == (4, 1)
    assert seen.frames[0].rescale_intercept == made.RescaleIntercept


def test_an_object_without_image_has_no_frames(house: House) -> None:
    made = an_object(Rows=None, Columns=None, PixelData=None)
    house.send(made)
    assert house.indexer.wait_until_idle()
    with pytest.raises(Refusal) as refused:
        house.service.get_frames(str(made.SOPInstanceUID))
    assert refused.value.body.code is ErrorCode.NO_IMAGES
    with pytest.raises(Refusal) as refused:
        house.service.get_frames("1.2.3.4")
    assert refused.value.body.code is ErrorCode.NOT_FOUND


# pieces


def test_a_forced_set_overrules_the_doctor() -> None:
    tags, note = truly_labelled({0x00080005: b"ISO_IR 100", NAME: "张".encode("gbk")}, "ISO_IR 100")
    assert decode_text(tags[NAME], tags[0x00080005]) == "张".encode("gbk").decode("latin_1")
    assert "管理员" in note


@pytest.mark.parametrize("raw", [b"", b"\xfe\xff\x00\xe0", b"\xfe\xff\x00\xe0\xff\xff\xff\xff\x08", bytes(40)])
@pytest.mark.parametrize("explicit", [True, False])
def test_broken_sequences_are_empty(raw: bytes, explicit: bool) -> None:
    found = items_of(raw, explicit=explicit, big_endian=False, decode=lambda value: value.decode("latin_1"))
    assert all(isinstance(item, dict) for item in found)


def test_the_proof_of_the_archive_knows_of_character_sets(house: House) -> None:
    row = sent(house, "김^민준", "euc_kr", "ISO_IR 192")
    sent(house, "欧阳^小明", "gb18030", "ISO_IR 100")
    data, file = a_raw_object("张^三".encode().decode("latin_1").encode(), b"X", "ISO_IR 192")
    store(house, data, file)
    house.service.set_character_set(row.study_uid, "ISO_IR 100")
    assert house.service.check(hashes=True).findings == ()
