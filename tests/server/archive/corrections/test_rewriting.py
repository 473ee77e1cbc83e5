"""Rewriting bytes equals pydicom's read-modify-write in meaning, and leaves everything else as it was."""

from __future__ import annotations

import random
import warnings
from io import BytesIO
from typing import Any

import pytest
from pydicom import DataElement, Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.filereader import read_dataset
from pydicom.sequence import Sequence

from server.archive.corrections.rewriting import CannotRewrite, Mark, joined, read_values, rewritten
from tests.server.archive.archive_house import an_object, encoded

IMPLICIT = "1.2.840.10008.1.2"
EXPLICIT = "1.2.840.10008.1.2.1"
DEFLATED = "1.2.840.10008.1.2.1.99"
BIG = "1.2.840.10008.1.2.2"
SYNTAXES = (IMPLICIT, EXPLICIT, DEFLATED, BIG)
MARK = Mark("20261122101500.000000+0000", "MINGJING", "CT1")

_SETS = ("", "ISO_IR 100", "ISO_IR 192", "GB18030", "GBK", "\\ISO 2022 IR 58")
_WORDS = {
    "": ("Zhang San", "A 1", ""),
    "ISO_IR 100": ("Größe", "Müller^Jörg", "plain"),
    "ISO_IR 192": ("张^三", "Größe", "Zhang^San=张^三"),
    "GB18030": ("张^三", "王䶮", "x"),
    "GBK": ("张^三", "胸部平扫", "x"),
    "\\ISO 2022 IR 58": ("plain", "Chest CT"),  # pydicom reads its escapes in names only
}
_TEXTS = ("PatientName", "StudyDescription", "PatientComments", "InstitutionName", "ProtocolName", "OtherPatientNames")
_OTHERS = {"StudyDate": "20260102", "PatientSex": "F", "PatientAge": "044Y", "BodyPartExamined": "CHEST", "Rows": 16}


def data_set(chance: random.Random, syntax: str) -> Dataset:
    """A random data set with nested sequences, private elements and text in a random character set."""
    made = an_object()
    made.file_meta.TransferSyntaxUID = syntax
    label = chance.choice(_SETS)
    words = _WORDS[label]
    if label:
        made.SpecificCharacterSet = label.split("\\") if "\\" in label else label
    elif "SpecificCharacterSet" in made:
        del made.SpecificCharacterSet
    for keyword in (
        "PatientName",
        "SeriesDescription",
        "InstitutionName",
        "StudyDescription",
        "ReferringPhysicianName",
        "Manufacturer",
    ):
        if keyword in made:
            del made[keyword]
    for keyword in chance.sample(_TEXTS, 4):
        setattr(made, keyword, chance.choice(words))
    if "ISO 2022" in label:
        made.PatientName = "Zhang^San=张^三"
    for keyword in chance.sample(sorted(_OTHERS), 3):
        setattr(made, keyword, _OTHERS[keyword])
    made.RequestAttributesSequence = [_nested(chance, words, depth=2) for _ in range(chance.randint(0, 2))]
    made["RequestAttributesSequence"].is_undefined_length = chance.random() < 0.5
    block = made.private_block(0x0029, "MINGJING TEST", create=True)
    block.add_new(1, "LO", chance.choice(words))
    block.add_new(2, "OB", bytes(chance.randrange(256) for _ in range(6)))
    return made


def _nested(chance: random.Random, words: tuple[str, ...], depth: int) -> Dataset:
    item = Dataset()
    item.RequestedProcedureDescription = chance.choice(words)
    item.AccessionNumber = "A1"
    if depth:
        inner = Sequence([_nested(chance, words, depth - 1)])
        item.add(DataElement(0x00321064, "SQ", inner))
        item[0x00321064].is_undefined_length = chance.random() < 0.5
    item.is_undefined_length_sequence_item = chance.random() < 0.5
    return item


def read(data: memoryview | bytes, syntax: str) -> Dataset:
    if syntax == DEFLATED:
        import zlib

        data = zlib.decompressobj(-15).decompress(bytes(data))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = read_dataset(BytesIO(bytes(data)), syntax == IMPLICIT, syntax != BIG)
        found.file_meta = FileMetaDataset()
        found.decode()
    return found


def flat(dataset: Dataset) -> dict[Any, Any]:
    """All values in nested dictionaries; character sets are left out, they are not meaning."""
    out: dict[Any, Any] = {}
    for element in dataset:
        if element.tag in (0x00080005, 0x04000561):
            continue
        if element.VR == "SQ":
            out[element.tag] = [flat(item) for item in element.value]
        elif element.VR == "PN":
            names = element.value if element.VM > 1 else [element.value]
            out[element.tag] = [str(name).replace("\x1b$)A", "") for name in names if str(name)]
        elif isinstance(element.value, bytes):
            out[element.tag] = bytes(element.value).rstrip(b"\0")
        else:
            out[element.tag] = str(element.value or "").replace("\x1b$)A", "")
    return out


@pytest.mark.parametrize("syntax", SYNTAXES)
@pytest.mark.parametrize("seed", range(40))
def test_it_means_the_same_as_pydicoms_read_modify_write(seed: int, syntax: str) -> None:
    chance = random.Random(f"{seed} {syntax}")
    data = encoded(data_set(chance, syntax))
    changes = {
        0x00100010: chance.choice(("Wang^Wu=王^五", "Wang^Wu", "Ærø^Bo")),
        0x00100020: "P-77",
        0x00080050: "ACC9",
        0x00081030: chance.choice(("头颅MRI", "Head", "")),
        0x0020000D: "2.25.99",
        0x00100040: None,
    }
    out = bytes(joined(rewritten(memoryview(data), syntax, changes, MARK)))
    ours, theirs = read(out, syntax), read(data, syntax)
    for tag, value in changes.items():
        if value is None:
            theirs.pop(tag, None)
        else:
            theirs[tag] = DataElement(tag, {0x00100010: "PN", 0x00080050: "SH", 0x0020000D: "UI"}.get(tag, "LO"), value)
    assert flat(ours) == flat(theirs)
    assert [element.tag for element in ours] == sorted(element.tag for element in ours)
    assert ours.OriginalAttributesSequence[0].AttributeModificationDateTime == "20261122101500.000000+0000"
    assert len(out) % 2 == 0


@pytest.mark.parametrize("syntax", (IMPLICIT, EXPLICIT, BIG))
@pytest.mark.parametrize("seed", range(15))
def test_untouched_elements_stay_byte_for_byte(seed: int, syntax: str) -> None:
    chance = random.Random(seed)
    data = encoded(data_set(chance, syntax))
    out = bytes(joined(rewritten(memoryview(data), syntax, {0x00100020: "P-77", 0x00080050: "ACC9"})))
    assert elements_of(out, syntax) == elements_of(data, syntax) | {
        tag: elements_of(out, syntax)[tag] for tag in (0x00100020, 0x00080050)
    }


def elements_of(data: bytes, syntax: str) -> dict[int, bytes]:
    from server.archive.corrections.elements import Encoding

    encoding = Encoding.candidates(syntax)[0]
    return {e.tag: data[e.start : e.stop] for e in encoding.elements(memoryview(data), 0, len(data))}


def test_without_any_difference_nothing_is_copied() -> None:
    data = memoryview(encoded(an_object(PatientID="P1")))
    pieces = rewritten(data, EXPLICIT, {0x00100020: "P1"}, MARK)
    assert len(pieces) == 1 and pieces[0] is data


def test_old_values_are_kept_with_their_own_character_set() -> None:
    made = an_object(SpecificCharacterSet="ISO_IR 100")
    for element in list(made):
        if element.VR in ("LO", "SH", "PN", "LT") and not str(element.value).isascii():
            del made[element.tag]
    made.PatientName = "Müller^Jörg"
    changes = {0x00100010: "王^五", 0x00104000: "new"}
    out = read(joined(rewritten(memoryview(encoded(made)), EXPLICIT, changes, MARK)), EXPLICIT)
    assert out.SpecificCharacterSet == "ISO_IR 192"
    original = out.OriginalAttributesSequence[0]
    assert (original.ModifyingSystem, original.SourceOfPreviousValues) == ("MINGJING", "CT1")
    assert original.ReasonForTheAttributeModification == "CORRECT"
    old = original.ModifiedAttributesSequence[0]
    assert str(old.PatientName) == "Müller^Jörg"
    assert old.SpecificCharacterSet == "ISO_IR 100"
    assert old.PatientComments == ""  # there was none


def test_a_second_correction_keeps_the_first_ones_record() -> None:
    once = joined(rewritten(memoryview(encoded(an_object(PatientID="P1"))), EXPLICIT, {0x00100020: "P2"}, MARK))
    twice = read(joined(rewritten(once, EXPLICIT, {0x00100020: "P3"}, MARK)), EXPLICIT)
    kept = [item.ModifiedAttributesSequence[0].PatientID for item in twice.OriginalAttributesSequence]
    assert kept == ["P1", "P2"]


def test_mislabelled_text_is_read_as_what_it_is_before_it_becomes_utf_8() -> None:
    made = an_object(SpecificCharacterSet="GBK", InstitutionName="人民医院")
    data = encoded(made).replace(b"GBK ", b"    ")  # the label is lost, as by many devices
    out = read(joined(rewritten(memoryview(data), EXPLICIT, {0x00100010: "王^五"})), EXPLICIT)
    assert out.InstitutionName == "人民医院"


def test_a_name_that_fits_keeps_the_character_set() -> None:
    data = encoded(an_object(SpecificCharacterSet="GB18030", InstitutionName="人民医院"))
    out = read(joined(rewritten(memoryview(data), EXPLICIT, {0x00100010: "王^䶮"})), EXPLICIT)
    assert out.SpecificCharacterSet == "GB18030" and str(out.PatientName) == "王^䶮"


def test_an_implicit_data_set_under_an_explicit_name_is_rewritten_as_what_it_is() -> None:
    made = an_object(PatientID="P1")
    made.file_meta.TransferSyntaxUID = IMPLICIT
    out = joined(rewritten(memoryview(encoded(made)), EXPLICIT, {0x00100020: "P2"}))
    assert read(out, IMPLICIT).PatientID == "P2"


@pytest.mark.parametrize("cut", (7, 40, 200, 333))
def test_damaged_bytes_are_refused_never_sent_as_they_are(cut: int) -> None:
    data = encoded(an_object())
    with pytest.raises(CannotRewrite):
        rewritten(memoryview(data[:cut]), EXPLICIT, {0x00100020: "P2"})


def test_values_are_read_back() -> None:
    data = memoryview(encoded(an_object(PatientID="P1", SpecificCharacterSet="GB18030", PatientName="张^三")))
    found = read_values(data, EXPLICIT, {0x00100010, 0x00100020, 0x00280010, 0x00104000})
    assert found == {0x00100010: "张^三", 0x00100020: "P1", 0x00280010: "16"}
