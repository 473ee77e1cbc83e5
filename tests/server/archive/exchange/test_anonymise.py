"""Anonymising: nothing of a person remains, what must stay the same stays the same, and what cannot be done is said."""

from __future__ import annotations

import shutil
import subprocess
from io import BytesIO
from pathlib import Path
from typing import Any

import pydicom
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset

from server.archive.exchange.anonymise import Anonymised, Anonymiser, anonymise, fault_of
from server.archive.exchange.cleaning import clean_text
from server.archive.exchange.confidentiality import Action, action_of, table
from server.archive.exchange.traces import NotAnonymised
from shared.contract.exchange import AnonymiseOption as Option
from shared.contract.exchange import AnonymisePlan, Rectangle
from shared.dicomkit import synthetic
from shared.dicomkit.headers import to_bytes
from tests.server.archive.archive_house import an_object

SECRET = b"s" * 32


def done(ds: Dataset, *options: Option, project: str = "P1", **plan: Any) -> tuple[pydicom.Dataset, Anonymised]:
    made = Anonymiser(SECRET, AnonymisePlan(project=project, options=options, **plan)).anonymise(to_bytes(ds))
    return pydicom.dcmread(BytesIO(made.data)), made


def test_the_whole_table_is_there() -> None:
    rows = table()
    assert len(rows) >= 650
    # samples of the standard's own text
    assert rows[0x00080050].basic is Action.EMPTY
    assert rows[0x00081030].options == {Option.CLEAN_DESCRIPTORS: Action.CLEAN}
    assert rows[0x00080018].options == {Option.RETAIN_UIDS: Action.KEEP}
    assert action_of(0x00080020, frozenset({Option.RETAIN_MODIFIED_DATES})) is Action.CLEAN
    assert action_of(0x00080020, frozenset({Option.RETAIN_FULL_DATES})) is Action.KEEP
    assert action_of(0x00181000, frozenset({Option.RETAIN_DEVICE_IDENTITY})) is Action.KEEP


def test_the_basic_profile_leaves_nobody() -> None:
    one = an_object(
        PatientName="Ouyang^Feifei=欧阳^菲菲",
        PatientID="PID-4711",
        PatientBirthDate="19710203",
        PatientAddress="1 Long Street",
        AccessionNumber="ACC-998877",
        ReferringPhysicianName="House^Gregory",
        InstitutionName="St. Elsewhere",
        StudyDescription="Ouyang follow up",
        PatientComments="calls at +86 1391234567",
    )
    one.add_new(0x00091001, "LO", "Ouyang private")
    one.add_new(0x00090010, "LO", "ACME")
    inner = Dataset()
    inner.ReferencedSOPInstanceUID = "1.2.3.4.5678"
    inner.ReferencedSOPClassUID = "1.2.840.10008.5.1.4.1.1.2"
    inner.PatientName = "Ouyang^Feifei"
    one.ReferencedImageSequence = [inner]
    made, result = done(one)
    for trace in ("Ouyang", "欧阳", "4711", "19710203", "Long Street", "998877", "Gregory", "Elsewhere", "139123"):
        for coding in ("utf-8", "gb18030"):
            assert trace.encode(coding).lower() not in result.data.lower()
    assert (result.patient_id, result.patient_name) == ("PID-4711", "Ouyang^Feifei=欧阳^菲菲")
    assert str(made.PatientName) == made.PatientID == result.pseudonym
    assert result.pseudonym.startswith("P1-")
    assert made.PatientIdentityRemoved == "YES"
    assert [code.CodeValue for code in made.DeidentificationMethodCodeSequence] == ["113100"]
    assert made.LongitudinalTemporalInformationModified == "REMOVED"
    assert made.SOPClassUID == one.SOPClassUID
    assert made.SOPInstanceUID != one.SOPInstanceUID
    assert made.ReferencedImageSequence[0].ReferencedSOPInstanceUID.startswith("2.25.")
    assert not any(tag.is_private for tag in made.keys())  # noqa: SIM118
    assert made.file_meta.MediaStorageSOPInstanceUID == made.SOPInstanceUID
    assert made.PixelData == one.PixelData


def test_the_same_project_gives_the_same_answers() -> None:
    first, second = (an_object(StudyInstanceUID="1.2.3", InstanceNumber=number) for number in (1, 2))
    one, _ = done(first)
    two, _ = done(second)
    other, _ = done(first, project="P2")
    assert (one.PatientID, one.StudyInstanceUID) == (two.PatientID, two.StudyInstanceUID)
    assert (one.PatientID, one.StudyInstanceUID) != (other.PatientID, other.StudyInstanceUID)
    assert anonymise(to_bytes(first), AnonymisePlan(project="P1"), b"x" * 32) != to_bytes(one)


def test_moved_dates_keep_their_distance() -> None:
    first, _ = done(
        an_object(StudyDate="20240229", AcquisitionDateTime="20240301120000.5"), Option.RETAIN_MODIFIED_DATES
    )
    later, _ = done(an_object(StudyDate="20240310"), Option.RETAIN_MODIFIED_DATES)
    from datetime import datetime

    days = (datetime.strptime(later.StudyDate, "%Y%m%d") - datetime.strptime(first.StudyDate, "%Y%m%d")).days
    assert days == 10
    assert first.StudyDate < "20240229"
    assert str(first.AcquisitionDateTime).endswith("120000.5")
    assert first.PatientBirthDate in ("", None)
    assert first.LongitudinalTemporalInformationModified == "MODIFIED"


def test_options_keep_what_they_name() -> None:
    one = an_object(
        PatientAge="093Y", PatientSex="F", PatientSize="1.7", DeviceSerialNumber="SN12345", InstitutionName="Clinic 7"
    )
    kept, _ = done(
        one,
        Option.RETAIN_PATIENT_CHARACTERISTICS,
        Option.RETAIN_DEVICE_IDENTITY,
        Option.RETAIN_INSTITUTION_IDENTITY,
        Option.RETAIN_UIDS,
        Option.RETAIN_FULL_DATES,
    )
    assert (kept.PatientSex, kept.PatientAge, kept.DeviceSerialNumber) == ("F", "090Y", "SN12345")
    assert (kept.InstitutionName, kept.SOPInstanceUID, kept.StudyDate) == (
        "Clinic 7",
        one.SOPInstanceUID,
        one.StudyDate,
    )
    plain, _ = done(one)
    assert plain.get("PatientAge") in (None, "")
    assert "DeviceSerialNumber" not in plain or plain.DeviceSerialNumber != "SN12345"


def test_uids_that_the_option_does_not_name_are_replaced() -> None:
    """Table E.1-1 has no K for them in the column of the Retain UIDs Option."""
    own = {"TableTopPositionAlignmentUID": "1.2.3.4.5.1", "UID": "1.2.3.4.5.2", "FrameOfReferenceUID": "1.2.3.4.5.3"}
    kept, _ = done(an_object(**own), Option.RETAIN_UIDS)
    again, _ = done(an_object(**own), Option.RETAIN_UIDS)
    assert kept.FrameOfReferenceUID == "1.2.3.4.5.3"
    assert kept.TableTopPositionAlignmentUID.startswith("2.25.")
    assert kept.UID.startswith("2.25.")
    assert kept.UID == again.UID


def test_a_newborn_keeps_the_dates_of_the_study() -> None:
    born = an_object(PatientBirthDate="20260302", StudyDate="20260302", PatientComments="born 20260302, 2950 g")
    kept, _ = done(born, Option.RETAIN_FULL_DATES)
    assert kept.StudyDate == "20260302"
    assert kept.PatientBirthDate in ("", None)
    assert "PatientComments" not in kept
    other, _ = done(an_object(PatientBirthDate="20260301", ProtocolName="born 20260301"), Option.RETAIN_FULL_DATES)
    assert "20260301" not in str(other)


def test_dates_of_creation_stay_only_where_they_are_required() -> None:
    plain, _ = done(an_object(PresentationCreationDate="20260302", PresentationCreationTime="101500"))
    assert "PresentationCreationDate" not in plain
    assert "PresentationCreationTime" not in plain


def test_a_verified_document_has_an_observer_who_is_nobody() -> None:
    observer = Dataset()
    observer.VerifyingObserverName = "House^Gregory"
    observer.VerifyingOrganization = "Elsewhere Hospital"
    observer.VerificationDateTime = "20260302101500"
    document, _ = done(an_object(VerificationFlag="VERIFIED", VerifyingObserverSequence=[observer]))
    (dummy,) = document.VerifyingObserverSequence
    assert dummy.VerifyingObserverName == "Anonymous"
    assert dummy.VerifyingOrganization
    assert not dummy.VerificationDateTime.startswith("2026")


def test_what_says_the_method_has_its_own_representation() -> None:
    one = an_object()
    one.add_new(0x00280303, "SH", "UNMODIFIED")
    kept, _ = done(one)
    assert kept[0x00280303].VR == "CS"
    assert kept.LongitudinalTemporalInformationModified == "REMOVED"


def test_cleaned_descriptors_keep_technique_and_lose_names() -> None:
    assert clean_text("CT Chest with contrast, Dr. Wang Xiaoming 13912345678") == "CT Chest with contrast"
    assert clean_text("张三 胸部CT平扫 2024-05-06 李医生") == "胸部CT平扫"
    assert clean_text("5.0 mm axial T2 FSE") == "5.0 mm axial T2 FSE"
    made, _ = done(an_object(StudyDescription="Chest CT of Mister Nobody"), Option.CLEAN_DESCRIPTORS)
    assert made.StudyDescription == "Chest CT of"


def test_a_name_typed_into_a_kept_text_goes() -> None:
    made, _ = done(an_object(PatientName="Doolittle^Eliza", FilterType="Eliza D.", KVP="120"))
    assert made.FilterType == "Anonymised"
    assert made.KVP == "120"


def test_safe_private_numbers_stay_with_their_option() -> None:
    one = an_object()
    one.add_new(0x00190010, "LO", "SIEMENS MR HEADER")
    one.add_new(0x0019100C, "IS", "800")
    one.add_new(0x00191099, "LO", "Secret")
    kept, result = done(one, Option.RETAIN_SAFE_PRIVATE)
    assert kept[0x0019100C].value == 800
    assert 0x00191099 not in kept
    assert b"Secret" not in result.data


def test_structured_content_is_replaced_or_cleaned() -> None:
    report = Dataset()
    base = an_object(SOPClassUID="1.2.840.10008.5.1.4.1.1.88.11", PixelData=None)
    item = Dataset()
    item.ValueType, item.RelationshipType = "TEXT", "CONTAINS"
    item.TextValue = "Chest of Wang Xiaoming 肺"
    name = Dataset()
    name.CodeValue, name.CodingSchemeDesignator, name.CodeMeaning = "121071", "DCM", "Finding"
    item.ConceptNameCodeSequence = [name]
    base.ContentSequence = [item]
    report = base
    plain, _ = done(report)
    assert plain.ContentSequence[0].TextValue == "Anonymised"
    cleaned, _ = done(report, Option.CLEAN_STRUCTURED_CONTENT)
    assert cleaned.ContentSequence[0].TextValue == "Chest of 肺"
    assert cleaned.ContentSequence[0].ConceptNameCodeSequence[0].CodeValue == "121071"


def test_rectangles_become_black_and_nothing_else() -> None:
    one = an_object()
    import numpy as np

    before = np.frombuffer(one.PixelData, "<i2" if one.PixelRepresentation else "<u2").reshape(one.Rows, one.Columns)
    made, _ = done(one, Option.CLEAN_PIXEL_DATA, rectangles=(Rectangle(left=2, top=1, right=6, bottom=3),))
    after = np.frombuffer(made.PixelData, before.dtype).reshape(before.shape)
    assert (after[1:3, 2:6] == (before.min() if one.PixelRepresentation else 0)).all()
    rest = np.ones(before.shape, bool)
    rest[1:3, 2:6] = False
    assert (after[rest] == before[rest]).all()
    assert made.BurnedInAnnotation == "NO"
    assert "113101" in [code.CodeValue for code in made.DeidentificationMethodCodeSequence]


def test_ultrasound_keeps_only_its_regions() -> None:
    picture = synthetic.us_image()
    made, result = done(picture, Option.CLEAN_PIXEL_DATA)
    import numpy as np

    shape = (int(made.get("NumberOfFrames", 1)), made.Rows, made.Columns, made.SamplesPerPixel)
    pixels = np.frombuffer(made.PixelData, np.uint8)[: int(np.prod(shape))].reshape(shape)
    inside = np.zeros(shape[1:3], bool)
    for region in picture.SequenceOfUltrasoundRegions:
        inside[
            region.RegionLocationMinY0 : region.RegionLocationMaxY1 + 1,
            region.RegionLocationMinX0 : region.RegionLocationMaxX1 + 1,
        ] = True
    assert not pixels[:, ~inside].any()
    assert pixels[:, inside].any()
    assert result.warnings == ()


def test_pixels_that_were_not_cleaned_are_warned_of() -> None:
    _, result = done(synthetic.us_image())
    assert any("were not cleaned" in sentence for sentence in result.warnings)
    _, result = done(an_object(BurnedInAnnotation="YES"))
    assert any("burned" in sentence for sentence in result.warnings)


@pytest.mark.parametrize(
    "plan",
    [
        AnonymisePlan(project=""),
        AnonymisePlan(project="../x"),
        AnonymisePlan(project="A", options=(Option.RETAIN_FULL_DATES, Option.RETAIN_MODIFIED_DATES)),
        AnonymisePlan(project="A", rectangles=(Rectangle(left=0, top=0, right=1, bottom=1),)),
    ],
)
def test_a_plan_that_contradicts_itself_is_refused(plan: AnonymisePlan) -> None:
    assert fault_of(plan)


def test_what_is_no_object_is_refused() -> None:
    with pytest.raises(NotAnonymised):
        Anonymiser(SECRET, AnonymisePlan(project="A")).anonymise(b"\0" * 1000)


_NAMES = st.text(
    st.sampled_from("ABCDEFGHKLMNRSTWZabcdefghijklmno王李张刘陈杨黄赵吴周"), min_size=4, max_size=12
).filter(lambda name: name.casefold() not in {"none", "name"} and not clean_text(name))  # "Abdomen" is no name
_TEXTS = [
    *(
        "StudyDescription",
        "SeriesDescription",
        "ImageComments",
        "PatientComments",
        "ProtocolName",
        "ContrastBolusAgent",
    ),
    *("OperatorsName", "AdmissionID", "RequestedProcedureDescription", "DerivationDescription"),
    *("AcquisitionDeviceProcessingDescription", "StationName", "InstitutionAddress", "FilterType"),
]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    family=_NAMES,
    given_name=_NAMES,
    number=st.from_regex(r"[A-Z]{2}[0-9]{6}", fullmatch=True),
    places=st.lists(st.sampled_from(_TEXTS), max_size=8, unique=True),
    options=st.sets(st.sampled_from([one for one in Option if one is not Option.CLEAN_PIXEL_DATA]), max_size=6),
    character_set=st.sampled_from(["ISO_IR 192", "GB18030"]),
)
def test_no_identifier_is_left_wherever_it_stood(
    family: str, given_name: str, number: str, places: list[str], options: set[Option], character_set: str
) -> None:
    if {Option.RETAIN_FULL_DATES, Option.RETAIN_MODIFIED_DATES} <= options:
        options.discard(Option.RETAIN_FULL_DATES)
    one = an_object(
        SpecificCharacterSet=character_set,
        PatientName=f"{family}^{given_name}",
        PatientID=number,
        AccessionNumber=number,
    )
    item = Dataset()
    for place in places:
        setattr(one, place, f"x {family} {number}"[:16])
        setattr(item, place, f"{given_name}"[:16])
    one.RequestAttributesSequence = [item]
    one.SourceImageSequence = [item]
    made = Anonymiser(SECRET, AnonymisePlan(project="P1", options=tuple(sorted(options)))).anonymise(to_bytes(one))
    head = made.data[: len(made.data) - len(one.PixelData)]
    for trace in (family, given_name, number):
        for coding in ("utf-8", "gb18030"):
            assert trace.encode(coding).lower() not in head.lower()
    pydicom.dcmread(BytesIO(made.data)).to_json()  # every value can be read


@pytest.mark.skipif(shutil.which("dciodvfy") is None, reason="dicom3tools is not installed")
def test_an_anonymised_object_has_no_error_that_the_original_had_not(tmp_path: Path) -> None:
    one = an_object()

    def errors(data: bytes) -> set[str]:
        path = tmp_path / "x.dcm"
        path.write_bytes(data)
        said = subprocess.run(["dciodvfy", path], capture_output=True, text=True, timeout=60, check=False).stderr
        return {line.split("<")[0] for line in said.splitlines() if line.startswith("Error")}

    assert errors(done(one)[1].data) <= errors(to_bytes(one))
    assert errors(done(one, *set(Option) - {Option.RETAIN_FULL_DATES})[1].data) <= errors(to_bytes(one))
