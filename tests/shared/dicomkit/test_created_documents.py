"""Documents we create: no error for the outside validator, and outside readers find in them what we put in."""

from __future__ import annotations

import datetime as dt
import shutil
import subprocess
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import highdicom
import numpy as np
import pydicom
import pytest
from PIL import Image

from shared.dicomkit import headers
from shared.dicomkit.encapsulated_pdf import encapsulated_pdf, pdf_of
from shared.dicomkit.headers import EquipmentFacts, InstanceReference, PatientFacts, StudyFacts
from shared.dicomkit.keyobject import key_object_selection
from shared.dicomkit.names import pn_value
from shared.dicomkit.secondary_capture import secondary_capture
from shared.dicomkit.structured_report import (
    DiagnosticReport,
    ImageMeasurement,
    MeasurementKind,
    Verification,
    diagnostic_report,
    measurement_report,
)
from shared.dicomkit.synthetic import ct_series

NOW = dt.datetime(2026, 11, 21, 15, 2)
PATIENT = PatientFacts("P0000123", pn_value("单田芳"), dt.date(1980, 5, 17), "M")
STUDY = StudyFacts(
    "1.2.3.4.5", "CT20261121000123", "123", dt.datetime(2026, 11, 21, 9, 30), "胸部CT平扫", pn_value("李医生")
)
EQUIPMENT = EquipmentFacts(institution="明镜示范医院", station="WS1")
PDF = b"%PDF-1.4\n%" + bytes(range(256)) + b"\n%%EOF\n"


def references(count: int = 3) -> tuple[InstanceReference, ...]:
    slices = ct_series(None, count, 32, study_uid=STUDY.study_uid)
    return tuple(
        InstanceReference(STUDY.study_uid, s.SeriesInstanceUID, s.SOPClassUID, s.SOPInstanceUID) for s in slices
    )


def a_picture(mode: str = "RGB", kind: str = "PNG", size: tuple[int, int] = (33, 17)) -> bytes:
    buffer = BytesIO()
    pixels = np.random.default_rng(1).integers(0, 256, (size[1], size[0], 4), np.uint8)
    Image.fromarray(pixels, "RGBA").convert(mode).save(buffer, kind)
    return buffer.getvalue()


def a_report(**changes: Any) -> DiagnosticReport:
    facts: dict[str, Any] = {
        "findings": "右肺上叶见结节，约 12.5 mm。\n余肺未见异常。",
        "impression": "右肺上叶结节，建议复查。",
        "technique": "平扫，层厚 1 mm",
        "critical_value": "张力性气胸",
        "author_name": pn_value("王小明"),
        "verification": Verification(pn_value("欧阳建国"), "明镜示范医院", NOW),
        "key_images": references(2),
    }
    return DiagnosticReport(**{**facts, **changes})


def measurements() -> tuple[ImageMeasurement, ...]:
    first, second, _ = references()
    return (
        ImageMeasurement(MeasurementKind.LENGTH, 12.5, ((10.5, 20.5), (22.0, 31.25)), first, "结节长径"),
        ImageMeasurement(MeasurementKind.ANGLE, 47.3, ((1, 1), (5, 5), (9, 1)), second, "角度"),
        ImageMeasurement(MeasurementKind.AREA, 104.2, ((1, 1), (9, 1), (5, 9)), second),
    )


MADE: dict[str, Callable[[], Any]] = {
    "key objects": lambda: key_object_selection(
        PATIENT,
        STUDY,
        references(),
        made_at=NOW,
        description="右肺结节",
        observer_name=pn_value("王小明"),
        equipment=EQUIPMENT,
    ),
    "key frames": lambda: key_object_selection(
        PATIENT,
        StudyFacts("1.2.3"),
        [InstanceReference("1.2.3", "1.2.3.1", "1.2.840.10008.5.1.4.1.1.3.1", "1.2.3.1.1", (1, 7))],
        made_at=NOW,
        language="en",
    ),
    "report": lambda: diagnostic_report(PATIENT, STUDY, a_report(), made_at=NOW, modality="CT", equipment=EQUIPMENT),
    "draft report": lambda: diagnostic_report(
        PATIENT, STUDY, a_report(verification=None, key_images=(), critical_value="", technique=""), made_at=NOW
    ),
    "second version": lambda: diagnostic_report(
        PATIENT,
        STUDY,
        a_report(),
        made_at=NOW,
        predecessor=InstanceReference(STUDY.study_uid, "1.2.9", "1.2.840.10008.5.1.4.1.1.88.11", "1.2.9.1"),
    ),
    "measurements": lambda: measurement_report(
        PATIENT,
        STUDY,
        measurements(),
        made_at=NOW,
        observer_name=pn_value("王小明"),
        modality="CT",
        equipment=EQUIPMENT,
    ),
    "pdf": lambda: encapsulated_pdf(
        PATIENT, STUDY, PDF, made_at=NOW, title="影像诊断报告", sources=references(), equipment=EQUIPMENT
    ),
    "colour capture": lambda: secondary_capture(PATIENT, STUDY, a_picture(), made_at=NOW, sources=references(1)),
    "grey capture": lambda: secondary_capture(PATIENT, STUDY, a_picture("L"), made_at=NOW, description="关键图像"),
    "jpeg capture": lambda: secondary_capture(
        PATIENT, STUDY, a_picture("RGB", "JPEG"), made_at=NOW, shows_patient=False
    ),
}


@pytest.mark.parametrize("kind", MADE)
def test_an_outside_validator_finds_no_error(kind: str, validator_errors: Callable[..., list[str]]) -> None:
    assert validator_errors(MADE[kind]()) == []


@pytest.mark.parametrize("kind", ["report", "measurements", "key objects"])
@pytest.mark.parametrize("character_set", ["ISO_IR 192", "GB18030"])
def test_dcmtk_reads_the_content_tree_in_chinese(kind: str, character_set: str, tmp_path: Path) -> None:
    tool = shutil.which("dsrdump")
    if tool is None:
        pytest.skip("dsrdump is not installed (Debian package dcmtk)")
    made = MADE[kind]()
    made.SpecificCharacterSet = character_set
    path = headers.write(made, tmp_path / "d.dcm")
    done = subprocess.run([tool, "+U8", "+Pl", str(path)], capture_output=True, check=True)
    shown = done.stdout.decode()
    assert "error" not in done.stderr.decode(errors="replace").lower()
    wanted = {"report": "右肺上叶结节，建议复查", "measurements": "结节长径", "key objects": "右肺结节"}
    assert wanted[kind] in shown


def test_highdicom_reads_our_measurements_as_tid_1500() -> None:
    made = pydicom.dcmread(BytesIO(headers.to_bytes(MADE["measurements"]())))
    report = highdicom.sr.ComprehensiveSR.from_dataset(made)
    groups = report.content.get_image_measurement_groups()
    assert [group.tracking_identifier for group in groups] == ["结节长径", "角度", "3"]
    [length] = groups[0].get_measurements()
    assert (length.value, length.unit.value, length.name.value) == (12.5, "mm", "410668003")
    coordinates = length.referenced_coordinates[0]
    assert coordinates.graphic_type.value == "POLYLINE"
    np.testing.assert_allclose(coordinates.value, [[10.5, 20.5], [22.0, 31.25]])


def test_highdicom_reads_our_key_objects() -> None:
    made = pydicom.dcmread(BytesIO(headers.to_bytes(MADE["key objects"]())))
    chosen = highdicom.ko.KeyObjectSelectionDocument.from_dataset(made)
    assert len(chosen.content.get_references()) == 3


def test_the_evidence_names_every_instance_once() -> None:
    made = MADE["measurements"]()
    [study] = made.CurrentRequestedProcedureEvidenceSequence
    named = [sop.ReferencedSOPInstanceUID for s in study.ReferencedSeriesSequence for sop in s.ReferencedSOPSequence]
    assert len(named) == len(set(named)) == 2


def test_approval_is_written_into_the_report() -> None:
    made = MADE["report"]()
    assert (made.CompletionFlag, made.VerificationFlag) == ("COMPLETE", "VERIFIED")
    assert made.VerifyingObserverSequence[0].VerifyingObserverName.ideographic == "欧阳^建国"
    draft = MADE["draft report"]()
    assert (draft.CompletionFlag, draft.VerificationFlag) == ("PARTIAL", "UNVERIFIED")
    assert "VerifyingObserverSequence" not in draft


@pytest.mark.parametrize("length", [1000, 1001])
def test_the_pdf_comes_out_byte_for_byte(length: int) -> None:
    pdf = PDF.ljust(length, b"x")
    made = encapsulated_pdf(PATIENT, STUDY, pdf, made_at=NOW, title="报告")
    assert pdf_of(pydicom.dcmread(BytesIO(headers.to_bytes(made)))) == pdf


@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA", "P", "1", "LA"])
def test_captured_pixels_are_the_pictures(mode: str) -> None:
    picture = a_picture(mode)
    made = pydicom.dcmread(BytesIO(headers.to_bytes(secondary_capture(PATIENT, STUDY, picture, made_at=NOW))))
    expected = Image.open(BytesIO(picture))
    if mode in ("RGBA", "LA", "P"):
        black = Image.new("RGBA", expected.size, (0, 0, 0, 255))
        expected = Image.alpha_composite(black, expected.convert("RGBA"))  # type: ignore[assignment]
    grey = made.SamplesPerPixel == 1
    np.testing.assert_array_equal(made.pixel_array, np.asarray(expected.convert("L" if grey else "RGB")))
    assert grey == (mode in ("L", "1"))


def test_a_jpeg_is_marked_lossy() -> None:
    assert MADE["jpeg capture"]().LossyImageCompression == "01"
    assert MADE["grey capture"]().LossyImageCompression == "00"


def test_bad_input_is_refused_in_words() -> None:
    with pytest.raises(ValueError, match="at least one image"):
        key_object_selection(PATIENT, STUDY, [], made_at=NOW)
    with pytest.raises(ValueError, match="at least one measurement"):
        measurement_report(PATIENT, STUDY, [], made_at=NOW, observer_name="")
    with pytest.raises(ValueError, match="no PDF"):
        encapsulated_pdf(PATIENT, STUDY, b"<html>", made_at=NOW, title="x")
    with pytest.raises(ValueError, match="PNG or JPEG"):
        secondary_capture(PATIENT, STUDY, b"GIF89a", made_at=NOW)
    with pytest.raises(ValueError, match="2 points"):
        ImageMeasurement(MeasurementKind.LENGTH, 1.0, ((1, 1),), references(1)[0])
    with pytest.raises(ValueError, match="numbers without leading zeros"):
        diagnostic_report(PATIENT, StudyFacts("1.02.3"), a_report(), made_at=NOW)
