"""Synthetic series: known contents, every transfer syntax lossless, valid to an outside checker."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pydicom
import pytest
from pydicom.encaps import generate_frames

from shared.dicomkit import synthetic
from shared.dicomkit.headers import PatientFacts


def decoded(path_or_set: Any) -> Any:
    """Stored values, also for the two syntaxes pydicom has no decoder for here."""
    image = pydicom.dcmread(path_or_set) if isinstance(path_or_set, Path) else path_or_set
    syntax = image.file_meta.TransferSyntaxUID
    if syntax == synthetic.JPEG_LOSSLESS:
        return imagecodecs.ljpeg_decode(next(generate_frames(image.PixelData)))
    if syntax == synthetic.HTJ2K_LOSSLESS:
        return imagecodecs.htj2k_decode(next(generate_frames(image.PixelData)))
    return image.pixel_array


@pytest.mark.parametrize("syntax", synthetic.TRANSFER_SYNTAXES)
def test_every_transfer_syntax_gives_the_phantom_back(syntax: str, tmp_path: Path) -> None:
    paths = synthetic.ct_series(tmp_path, 5, 128, transfer_syntax=syntax)
    volume = synthetic.ct_volume(5, 128)
    for index, path in enumerate(paths):
        stored = decoded(path).astype(int)
        np.testing.assert_array_equal(stored - synthetic.STORED_OFFSET, volume[index])


@pytest.mark.parametrize(
    "syntax", [synthetic.RLE, synthetic.JPEG_LS_LOSSLESS, synthetic.JPEG2000_LOSSLESS, synthetic.EXPLICIT_LITTLE]
)
def test_colour_frames_survive_compression(syntax: str) -> None:
    plain = synthetic.us_image(frames=3).pixel_array
    np.testing.assert_array_equal(synthetic.us_image(frames=3, transfer_syntax=syntax).pixel_array, plain)


def test_ct_lengths_and_densities_are_the_promised_ones() -> None:
    truth = synthetic.CT_TRUTH
    volume = synthetic.ct_volume(120, 512)
    spacing = truth.field_of_view_mm / 512
    row = round(255.5 + truth.rod_across_y_mm / spacing)
    rod = volume[60, row] > (truth.rod_hu + truth.tissue_hu) / 2
    assert abs(rod.sum() * spacing - truth.rod_across_mm) <= spacing
    column, line = 255, round(255.5 + truth.rod_along_xy_mm[1] / spacing)
    along = volume[:, line, column] > 600
    assert abs(along.sum() * truth.slice_spacing_mm - truth.rod_along_mm) <= truth.slice_spacing_mm
    x = round(255.5 + truth.sphere_left[0] / spacing)
    assert abs(float(volume[58:63, 250:262, x - 5 : x + 5].mean()) - truth.sphere_hu) < 3


def test_a_series_is_ordered_named_and_one_study() -> None:
    patient = PatientFacts("P9", "Ouyang^Xiaoming=欧阳^小明", sex="F")
    made = synthetic.ct_series(None, 6, 64, patient=patient, accession="A17", study_uid="1.2.3.4")
    assert [image.InstanceNumber for image in made] == [1, 2, 3, 4, 5, 6]
    heights = [float(image.ImagePositionPatient[2]) for image in made]
    assert np.allclose(np.diff(heights), 1.0)
    assert len({image.SOPInstanceUID for image in made}) == 6
    assert all(image.file_meta.MediaStorageSOPInstanceUID == image.SOPInstanceUID for image in made)
    assert {image.StudyInstanceUID for image in made} == {"1.2.3.4"}
    assert {image.AccessionNumber for image in made} == {"A17"}
    assert made[0].PatientName.ideographic == "欧阳^小明"


def test_the_same_arguments_make_the_same_pictures() -> None:
    first, second = synthetic.mr_series(None, 3, 64), synthetic.mr_series(None, 3, 64)
    assert [a.PixelData for a in first] == [b.PixelData for b in second]


def test_gb18030_headers_read_back(tmp_path: Path) -> None:
    path = synthetic.ct_series(tmp_path, 1, 64, character_set="GB18030")[0]
    assert pydicom.dcmread(path).PatientName.ideographic == "张^三"
    assert "张^三".encode("gb18030") in path.read_bytes()


def test_the_radiograph_has_a_ruler_of_100_mm() -> None:
    image = synthetic.cr_image()
    line = image.pixel_array[image.Rows - 57] >= 3900
    assert abs(line.sum() * float(image.PixelSpacing[1]) - 100) <= 0.2
    inverted = synthetic.cr_image(monochrome1=True)
    assert (image.pixel_array.astype(int) + inverted.pixel_array == 4095).all()


def test_an_unknown_transfer_syntax_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot be made"):
        synthetic.cr_image(transfer_syntax="1.2.840.10008.1.2.4.50")


MAKERS: dict[str, Callable[[], Any]] = {
    "ct": lambda: synthetic.ct_series(None, 2, 64)[0],
    "ct jpeg-ls": lambda: synthetic.ct_series(None, 2, 64, transfer_syntax=synthetic.JPEG_LS_LOSSLESS)[0],
    "mr": lambda: synthetic.mr_series(None, 2, 64)[0],
    "cr": synthetic.cr_image,
    "us": synthetic.us_image,
    "us multi-frame": lambda: synthetic.us_image(frames=4, transfer_syntax=synthetic.RLE),
}


@pytest.mark.parametrize("kind", MAKERS)
def test_an_outside_validator_finds_no_error(kind: str, validator_errors: Callable[..., list[str]]) -> None:
    assert validator_errors(MAKERS[kind]()) == []


def test_three_hundred_slices_take_less_than_five_seconds(tmp_path: Path) -> None:
    begun = time.perf_counter()
    paths = synthetic.ct_series(tmp_path)
    assert time.perf_counter() - begun < 5
    assert len(paths) == 300
