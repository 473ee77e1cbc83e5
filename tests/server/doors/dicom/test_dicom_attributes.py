"""Data sets as dictionaries: round trips, agreement with pydicom, and answers shaped as asked."""

from __future__ import annotations

import time
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import Dataset, dcmread
from pydicom.filereader import read_dataset
from pynetdicom.dsutils import encode as pynetdicom_encode

from server.doors.dicom import uids
from server.doors.dicom.attributes import MalformedDataSet, Writer, check_depth, decode, inflate, shaped, vr_of
from server.doors.dicom.ports import AttributeValue
from shared.dicomkit.charsets import answer_sets, character_set

SYNTAXES = [uids.EXPLICIT_LE, uids.IMPLICIT_LE, uids.EXPLICIT_BE, uids.DEFLATED_LE]
UTF_8 = (character_set("ISO_IR 192"),)

text = st.text(alphabet="abcZ 王小东д", max_size=15).map(str.strip)
plain = st.fixed_dictionaries(
    {},
    optional={
        0x00080020: st.sampled_from(["", "20260105"]),
        0x00080050: text,
        0x00100010: text,
        0x00100020: text,
        0x0020000D: st.sampled_from(["", "1.2.3", "1.2.3\\1.2.4"]),
        0x00200013: st.integers(0, 9999).map(str),
        0x00280010: st.integers(0, 65535).map(str),
        0x00081199: st.lists(st.fixed_dictionaries({0x00081155: st.just("1.2.3")}), max_size=3),
    },
)
nested = plain.flatmap(
    lambda d: st.lists(plain, max_size=2).map(lambda items: {**d, 0x00400100: items, 0x00321064: items})
)


@pytest.mark.parametrize("syntax", SYNTAXES)
@given(attributes=nested)
def test_what_is_written_can_be_read(syntax: str, attributes: dict[int, AttributeValue]) -> None:
    out = decode(Writer(syntax, UTF_8).encode(attributes), syntax)
    assert out.pop(0x00080005) == "ISO_IR 192"
    assert out == attributes


@pytest.mark.parametrize("syntax", SYNTAXES[:3])
@given(attributes=nested)
def test_pydicom_reads_what_we_write(syntax: str, attributes: dict[int, AttributeValue]) -> None:
    raw = Writer(syntax, UTF_8).encode(attributes)
    dataset = read_dataset(BytesIO(raw), syntax == uids.IMPLICIT_LE, syntax != uids.EXPLICIT_BE)
    assert {int(e.tag) for e in dataset} == {*attributes, 0x00080005}
    if attributes.get(0x00100010):
        assert str(dataset.PatientName) == attributes[0x00100010]
    if attributes.get(0x00280010):
        assert str(dataset.Rows) == attributes[0x00280010]


@pytest.mark.parametrize("undefined", [False, True])
@pytest.mark.parametrize(("implicit", "little"), [(False, True), (True, True), (False, False)])
def test_we_read_what_pydicom_writes(undefined: bool, implicit: bool, little: bool) -> None:
    step = Dataset()
    step.Modality = "CT"
    step.ScheduledProcedureStepDescription = "胸部"
    dataset = Dataset()
    dataset.SpecificCharacterSet = "GB18030"
    dataset.PatientName = "张^三"
    dataset.Rows = 512
    dataset.ExposureTime = "12"
    dataset.FrameIncrementPointer = 0x00181063
    dataset.PatientSize = "1.75"
    dataset.RecommendedDisplayFrameRateInFloat = 12.5
    dataset.ScheduledProcedureStepSequence = [step, Dataset()]
    if undefined:
        dataset["ScheduledProcedureStepSequence"].is_undefined_length = True
        step.is_undefined_length_sequence_item = True
    syntax = uids.IMPLICIT_LE if implicit else (uids.EXPLICIT_LE if little else uids.EXPLICIT_BE)
    raw = pynetdicom_encode(dataset, implicit, little)
    assert raw is not None
    assert decode(raw, syntax) == {
        0x00080005: "GB18030",
        0x00100010: "张^三",
        0x00101020: "1.75",
        0x00181150: "12",
        0x00280009: "00181063",
        0x00280010: "512",
        0x00089459: "12.5",
        0x00400100: [{0x00080060: "CT", 0x00400007: "胸部"}, {}],
    }


def test_an_item_may_have_its_own_character_set() -> None:
    item = Dataset()
    item.SpecificCharacterSet = "GB18030"
    item.PatientName = "李^四"
    dataset = Dataset()
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.PatientName = "张^三"
    dataset.ReferencedPatientSequence = [item]
    raw = pynetdicom_encode(dataset, False, True)
    out = decode(raw or b"", uids.EXPLICIT_LE)
    assert out[0x00100010] == "张^三"
    (read,) = out[0x00081120]  # type: ignore[misc]
    assert read[0x00100010] == "李^四"  # type: ignore[index]


def test_the_table_of_vrs_agrees_with_the_data_dictionary() -> None:
    from pydicom.datadict import dictionary_VR

    from server.doors.dicom.attributes import _VRS

    for tag, vr in _VRS.items():
        assert dictionary_VR(tag)[:2] == vr.decode(), f"{tag:08X}"


def test_unknown_and_private_tags_have_a_vr() -> None:
    assert vr_of(0x00091001) == b"UN"
    assert vr_of(0x00090010) == b"LO"
    assert vr_of(0x7FE00010) == b"OB"
    assert vr_of(0x00100000) == b"UL"


def test_answers_have_exactly_what_was_asked() -> None:
    answer = {
        0x00100010: "A",
        0x00100020: "P",
        0x00400100: [{0x00080060: "CT", 0x00400009: "S"}],
        0x00081110: [{1: "x"}],
    }
    wanted = {0x00100010: "A*", 0x00100040: "", 0x00400100: [{0x00080060: "", 0x00400011: ""}], 0x00081110: []}
    assert shaped(answer, wanted) == {
        0x00100010: "A",
        0x00100040: None,
        0x00400100: [{0x00080060: "CT", 0x00400011: None}],
        0x00081110: [{1: "x"}],
    }


def test_the_first_character_set_that_has_all_characters_is_used() -> None:
    writer = Writer(uids.EXPLICIT_LE, answer_sets("ISO_IR 100"))
    assert decode(writer.encode({0x00100010: "Jérôme"}), uids.EXPLICIT_LE)[0x00080005] == "ISO_IR 100"
    assert decode(writer.encode({0x00100010: "王"}), uids.EXPLICIT_LE)[0x00080005] == "ISO_IR 192"


@given(st.binary(max_size=200), st.sampled_from(SYNTAXES))
def test_any_bytes_are_read_or_refused(raw: bytes, syntax: str) -> None:
    try:
        decode(raw, syntax)
    except MalformedDataSet as error:
        assert str(error)
    check_depth(raw, syntax)


def test_inflating_stops_at_the_limit() -> None:
    import zlib

    machine = zlib.compressobj(9, zlib.DEFLATED, -15)
    bomb = machine.compress(bytes(20 << 20)) + machine.flush()
    with pytest.raises(MalformedDataSet, match="limit"):
        inflate(bomb)
    with pytest.raises(MalformedDataSet, match="inflated"):
        inflate(b"\xff" * 20)


def test_an_answer_is_encoded_in_microseconds() -> None:
    """pydicom needs 560 us; the bound is wide because the machine may be busy."""
    writer = Writer(uids.EXPLICIT_LE, UTF_8)
    answer: dict[int, AttributeValue] = {
        0x00080020: "20260105", 0x00080030: "101500", 0x00080050: "A1", 0x00080052: "STUDY", 0x00080061: "CT",
        0x00081030: "胸部平扫", 0x00100010: "Zhang^San=张^三", 0x00100020: "P1", 0x00100030: "19600101",
        0x00100040: "M", 0x0020000D: "1.2.3", 0x00200010: "1", 0x00201206: 1, 0x00201208: 300,
    }  # fmt: skip
    best = 1.0
    for _ in range(20):
        started = time.perf_counter()
        for _ in range(50):
            writer.encode(answer)
        best = min(best, (time.perf_counter() - started) / 50)
    assert best < 150e-6


REAL = Path(__file__).resolve().parents[5] / "shared" / "data"


@pytest.mark.skipif(not REAL.is_dir(), reason="the collection of real files is not here")
def test_real_files_pass_the_depth_check_and_are_read_like_pydicom_reads_them() -> None:
    from server.doors.dicom.part10 import NotPart10, dataset_of, read_meta

    compared = 0
    folders = (
        "sr",
        "pr_gsps",
        "ct/chest_lidc0314_1mm_original",
        "ct/enhanced_multiframe_ts_variants",
        "rt",
        "us",
        "nm",
    )
    for folder in folders:
        for path in sorted((REAL / folder).rglob("*"))[:6]:
            if not path.is_file():
                continue
            data = path.read_bytes()
            try:
                meta = read_meta(data)
            except NotPart10:
                continue
            check_depth(dataset_of(data), meta.transfer_syntax_uid)
            if meta.transfer_syntax_uid not in (uids.EXPLICIT_LE, uids.IMPLICIT_LE):
                continue
            try:
                ours = decode(dataset_of(data), meta.transfer_syntax_uid)
            except MalformedDataSet:
                continue
            theirs = dcmread(path)
            expected = set(map(int, theirs._dict))
            assert {t for t in ours if not t >> 16 & 1} == {t for t in expected if not t >> 16 & 1 and t & 0xFFFF}, path
            compared += 1
    assert compared >= 5
