"""VL images and video of specimens: dciodvfy finds no error, the pixels and streams are those that were given."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from io import BytesIO

import cv2
import numpy as np
import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.encaps import generate_frames

from shared.dicomkit import headers, visible_light
from shared.dicomkit.headers import PatientFacts, StudyFacts
from shared.dicomkit.uids import new_uid
from shared.dicomkit.visible_light import Optics, SpecimenFacts

PATIENT = PatientFacts("P1", "Zhang^San=张^三", dt.date(1970, 2, 3), "M")
STUDY = StudyFacts(new_uid(), "2600012", "2600012", dt.datetime(2026, 3, 2, 9, 0))
BLOCK = SpecimenFacts("2600012-A", new_uid(), "胃窦")
AT = dt.datetime(2026, 3, 2, 9, 30)


def a_picture() -> np.ndarray:
    rows, columns = np.mgrid[0:60, 0:80]
    return np.dstack([rows * 4, columns * 3, 255 - rows * 2]).astype(np.uint8)


def jpeg(sampling: int = cv2.IMWRITE_JPEG_SAMPLING_FACTOR_422, *, progressive: bool = False) -> bytes:
    options = [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, sampling, cv2.IMWRITE_JPEG_PROGRESSIVE, int(progressive)]
    return bytes(cv2.imencode(".jpg", a_picture(), options)[1].tobytes())


def read(made: Dataset) -> Dataset:
    return dcmread(BytesIO(headers.to_bytes(made)))


@pytest.mark.parametrize("microscopic", [False, True])
def test_a_photograph_keeps_its_stream(microscopic: bool, validator_errors: Callable[..., list[str]]) -> None:
    data = jpeg()
    made = visible_light.photograph(
        PATIENT, STUDY, data, BLOCK, microscopic=microscopic, made_at=AT, optics=Optics("40x", 0.172)
    )
    again = read(made)
    assert next(generate_frames(again.PixelData, number_of_frames=1)).rstrip(b"\0") == data.rstrip(b"\0")
    assert again.SOPClassUID == (visible_light.MICROSCOPIC if microscopic else visible_light.PHOTOGRAPH)
    assert [float(one) for one in again.PixelSpacing] == pytest.approx([0.000172, 0.000172])
    assert again.SpecimenDescriptionSequence[0].SpecimenIdentifier == "2600012-A"
    assert validator_errors(made) == []


def test_what_dicom_cannot_carry_is_unpacked(validator_errors: Callable[..., list[str]]) -> None:
    png = bytes(cv2.imencode(".png", a_picture())[1].tobytes())
    made = visible_light.photograph(PATIENT, STUDY, png, BLOCK, microscopic=False, made_at=AT)
    assert np.array_equal(read(made).pixel_array[:, :, ::-1], a_picture())
    assert made.LossyImageCompression == "00" and validator_errors(made) == []
    for data in (jpeg(cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444), jpeg(progressive=True)):
        made = visible_light.photograph(PATIENT, STUDY, data, BLOCK, microscopic=False, made_at=AT)
        assert made.PhotometricInterpretation == "RGB" and made.LossyImageCompression == "01"
        assert validator_errors(made) == []


def test_a_processed_picture_names_its_source_and_steps(validator_errors: Callable[..., list[str]]) -> None:
    source = headers.InstanceReference(STUDY.study_uid, new_uid(), visible_light.MICROSCOPIC, new_uid())
    made = visible_light.photograph(
        PATIENT,
        STUDY,
        jpeg(),
        BLOCK,
        microscopic=True,
        made_at=AT,
        source=source,
        steps=("gamma 1.2", "crop 0,0,40,40"),
    )
    assert made.ImageType[0] == "DERIVED" and made.DerivationDescription == "gamma 1.2; crop 0,0,40,40"
    assert made.SourceImageSequence[0].ReferencedSOPInstanceUID == source.sop_uid
    assert validator_errors(made) == []


@pytest.mark.parametrize("microscopic", [False, True])
def test_a_video_holds_every_frame(microscopic: bool, validator_errors: Callable[..., list[str]]) -> None:
    made = visible_light.video(
        PATIENT, STUDY, [jpeg()] * 5, 25.0, BLOCK, microscopic=microscopic, made_at=AT, optics=Optics("10x", 0.7)
    )
    again = read(made)
    assert again.NumberOfFrames == 5 and float(again.FrameTime) == 40
    assert len(list(generate_frames(again.PixelData, number_of_frames=5))) == 5
    assert again.pixel_array.shape == (5, 60, 80, 3)
    assert validator_errors(made) == []


def test_no_picture_no_object() -> None:
    with pytest.raises(ValueError, match="readable"):
        visible_light.photograph(PATIENT, STUDY, b"GIF89a" * 9, BLOCK, microscopic=False, made_at=AT)
    with pytest.raises(ValueError, match="baseline"):
        visible_light.video(PATIENT, STUDY, [b"\xff\xd8"], 25.0, BLOCK, microscopic=False, made_at=AT)
