"""Rendered pictures: parameters, kinds of images, and the same grey levels as DCMTK."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
import requests
from numpy.typing import NDArray
from pydicom import dcmread, dcmwrite
from pydicom.dataset import Dataset

from server.archive.part10 import NotPart10
from server.archive.receive import StoreRefused
from shared.imaging.frames import careful_reading
from tests.server.archive.archive_house import a_series
from tests.web_house import WebHouse

DATA = Path(__file__).resolve().parents[5] / "shared" / "data"
PNG = {"Accept": "image/png"}


def place(house: WebHouse, one: Dataset) -> str:
    return f"{house.base}/studies/{one.StudyInstanceUID}/series/{one.SeriesInstanceUID}/instances/{one.SOPInstanceUID}"


def shown(web: requests.Session, url: str, **parameters: str) -> NDArray[np.uint8]:
    answer = web.get(url, params=parameters, headers=PNG)
    assert answer.status_code == 200, answer.text
    picture: NDArray[np.uint8] = imagecodecs.png_decode(answer.content)
    return picture


def test_windows_viewports_and_qualities(house: WebHouse, web: requests.Session, series: list[Dataset]) -> None:
    url = place(house, series[0]) + "/rendered"
    values = series[0].pixel_array.astype(float) - 1024
    expected = np.floor(np.clip((values - (40 - 0.5)) / (400 - 1) + 0.5, 0, 1) * 255 + 0.5)
    assert np.array_equal(shown(web, url), expected)
    assert np.array_equal(shown(web, url, window="40,400,linear"), expected)
    exact = np.floor(np.clip((values - 100) / 50 + 0.5, 0, 1) * 255 + 0.5)
    assert np.array_equal(shown(web, url, window="100,50,linear-exact"), exact)
    assert shown(web, url, viewport="8,16").shape == (8, 8)  # proportions are kept
    assert np.array_equal(shown(web, url, viewport="16,16,8,8,16,16"), expected[8:24, 8:24])
    assert np.array_equal(shown(web, url, viewport="16,16,8,8,-16,16"), expected[8:24, 8:24][:, ::-1])
    small, large = (web.get(url, params={"quality": q}).content for q in ("10", "100"))
    assert small[:2] == large[:2] == b"\xff\xd8" and len(small) < len(large)
    for wrong in ("window=1", "window=a,b,linear", "window=1,0,linear", "viewport=0,1", "viewport=99999,1", "quality=0",
                  "viewport=8,8,900,900,4,4", "window=nan,1,linear"):  # fmt: skip
        assert web.get(f"{url}?{wrong}").status_code == 400, wrong


def test_levels_and_thumbnails(house: WebHouse, web: requests.Session, series: list[Dataset]) -> None:
    first = series[0]
    study = f"{house.base}/studies/{first.StudyInstanceUID}"
    parts = web.get(study + "/rendered", headers={"Accept": 'multipart/related; type="image/jpeg"'})
    assert parts.content.count(b"Content-Type: image/jpeg") == 5
    assert web.get(study + "/rendered", headers={"Accept": "image/jpeg"}).headers["content-type"] == "image/jpeg"
    for url in (
        study,
        f"{study}/series/{first.SeriesInstanceUID}",
        place(house, first),
        place(house, first) + "/frames/1",
    ):
        answer = web.get(url + "/thumbnail", headers=PNG)
        assert imagecodecs.png_decode(answer.content).shape == (200, 200)
        known = web.get(url + "/thumbnail", headers={**PNG, "If-None-Match": answer.headers["etag"]})
        assert known.status_code == 304
    assert web.get(place(house, first) + "/rendered", headers={"Accept": "image/tiff"}).status_code == 406


def test_inverse_colour_and_palette(house: WebHouse, web: requests.Session) -> None:
    grey, colour, palette = (a_series(1, 16)[0] for _ in range(3))
    grey.PhotometricInterpretation = "MONOCHROME1"
    grey.WindowCenter, grey.WindowWidth, grey.RescaleIntercept, grey.RescaleSlope = 128, 256, 0, 1
    grey.PixelData = np.arange(256, dtype="<i2").tobytes()
    colour.SamplesPerPixel, colour.PhotometricInterpretation, colour.PlanarConfiguration = 3, "RGB", 1
    colour.BitsAllocated = colour.BitsStored = 8
    colour.HighBit, colour.PixelRepresentation = 7, 0
    planes = np.random.default_rng(1).integers(0, 256, (3, 16, 16), np.uint8)
    colour.PixelData = planes.tobytes()
    palette.BitsAllocated = palette.BitsStored = 8
    palette.HighBit, palette.PixelRepresentation, palette.PhotometricInterpretation = 7, 0, "PALETTE COLOR"
    palette.PixelData = bytes(range(256))
    for number, name in enumerate(("Red", "Green", "Blue")):
        setattr(palette, f"{name}PaletteColorLookupTableDescriptor", [256, 0, 16])
        table = (np.arange(256, dtype="<u2") * (number + 1)) % 256 * 257
        setattr(palette, f"{name}PaletteColorLookupTableData", table.astype("<u2").tobytes())
    house.keep([grey, colour, palette])
    assert np.array_equal(shown(web, place(house, grey) + "/rendered").ravel(), np.arange(255, -1, -1))
    assert np.array_equal(shown(web, place(house, colour) + "/rendered"), np.moveaxis(planes, 0, -1))
    made = shown(web, place(house, palette) + "/rendered").reshape(256, 3)
    assert np.array_equal(made, np.stack([np.arange(256) * n % 256 for n in (1, 2, 3)], -1))


def test_what_is_no_image_says_so(house: WebHouse, web: requests.Session) -> None:
    (one,) = a_series(1, 16)
    del one.PixelData
    house.keep([one])
    for tail in ("/rendered", "/thumbnail", "/frames/1"):
        answer = web.get(place(house, one) + tail)
        assert answer.status_code == 404
        assert answer.text.strip().endswith(".")


def _dcmtk(path: Path, out: Path, *options: str) -> NDArray[np.uint8] | None:
    program = shutil.which("dcm2img") or shutil.which("dcmj2pnm")
    assert program is not None
    done = subprocess.run([program, "+on", *options, str(path), str(out)], capture_output=True, timeout=60, check=False)
    if done.returncode or not out.exists():
        return None
    picture: NDArray[np.uint8] = imagecodecs.png_decode(out.read_bytes())
    return picture


@pytest.mark.skipif(not (shutil.which("dcm2img") or shutil.which("dcmj2pnm")), reason="DCMTK is not here")
def test_the_same_grey_levels_as_dcmtk(
    house: WebHouse, web: requests.Session, series: list[Dataset], tmp_path: Path
) -> None:
    dcmwrite(tmp_path / "one.dcm", series[0], enforce_file_format=True)
    url = place(house, series[0]) + "/rendered"
    for options, parameters in ((("+Wi", "1"), {}), (("+Ww", "100", "300"), {"window": "100,300,linear"})):
        theirs = _dcmtk(tmp_path / "one.dcm", tmp_path / "one.png", *options)
        assert theirs is not None
        ours = shown(web, url, **parameters)
        assert np.abs(ours.astype(int) - theirs.astype(int)).max() <= 1


@pytest.mark.skipif(
    not DATA.is_dir() or not (shutil.which("dcm2img") or shutil.which("dcmj2pnm")),
    reason="the collection of real files or DCMTK is not here",
)
def test_real_images_look_as_with_dcmtk(house: WebHouse, web: requests.Session, tmp_path: Path) -> None:
    compared: list[tuple[str, str]] = []
    seen = set()
    for folder in ("ct", "mr", "cr_dx", "mg", "nm", "xa", "rf", "us", "pet_ct", "transfer_syntaxes", "charsets"):
        for path in sorted((DATA / folder).rglob("*.dcm")):
            if sum(where == folder for where, _ in compared) >= 6:
                break
            with careful_reading():
                one = dcmread(path, stop_before_pixels=True, force=True)
                key = (one.get("SeriesInstanceUID"), one.file_meta.get("TransferSyntaxUID"))
                windowed = "WindowCenter" in one and "VOILUTSequence" not in one and "ModalityLUTSequence" not in one
            if key in seen or not windowed or one.get("SamplesPerPixel") != 1 or "PixelAspectRatio" in one:
                continue
            seen.add(key)
            theirs = _dcmtk(path, tmp_path / "real.png", "+Wi", "1", "-S", "+F", "1")
            if theirs is None or theirs.ndim != 2:
                continue  # a syntax that this program does not decode
            try:
                house.keep_file(path)
            except (StoreRefused, NotPart10):
                continue
            house.settle()
            ours = shown(web, place(house, one) + "/frames/1/rendered")
            if ours.shape != theirs.shape:
                continue
            compared.append((folder, path.name))
            away = np.abs(ours.astype(int) - theirs.astype(int))
            assert np.percentile(away, 99) <= 2, path.name
    assert len(compared) >= 8, compared
