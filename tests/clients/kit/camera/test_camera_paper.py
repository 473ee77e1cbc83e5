"""Sheets in photographs: corners found, cut out straight, turned; pictures from files within bounds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from clients.kit.camera.importing import NotAPicture, newest_scans, read_picture
from clients.kit.camera.paper import (
    MAX_SIDE,
    Quad,
    as_jpeg,
    find_paper,
    fitted,
    from_jpeg,
    straightened,
    turned,
    whole,
)

A4 = np.float32([(0, 0), (699, 0), (699, 989), (0, 989)])


def a_photo(corners: list[tuple[int, int]], *, table: int = 70, paper: int = 235, noise: int = 8) -> Any:
    """A printed sheet lying at these corners on a table, with a dark mark at its top left."""
    sheet = np.full((990, 700, 3), paper, np.uint8)
    for line in range(20):
        cv2.line(sheet, (60, 150 + line * 40), (640 - line * 13 % 200, 150 + line * 40), (40, 40, 40), 3)
    cv2.rectangle(sheet, (20, 20), (120, 90), (0, 0, 0), -1)
    matrix = cv2.getPerspectiveTransform(A4, np.float32(corners))
    size = (1280, 960)
    generator = np.random.default_rng(7)
    photo = np.clip(table + generator.integers(-noise, noise + 1, (960, 1280, 3)), 0, 255).astype(np.uint8)
    warped = cv2.warpPerspective(sheet, matrix, size)
    mask = cv2.warpPerspective(np.full((990, 700), 255, np.uint8), matrix, size)
    photo[mask > 0] = warped[mask > 0]
    return photo


@pytest.mark.parametrize(
    "corners",
    [
        [(350, 60), (930, 60), (930, 880), (350, 880)],
        [(420, 80), (900, 110), (990, 900), (330, 860)],
        [(300, 200), (850, 60), (1050, 800), (480, 920)],
    ],
)
@pytest.mark.parametrize(("table", "paper"), [(70, 235), (20, 180), (150, 250)])
def test_the_corners_of_a_sheet_are_found(corners: list[tuple[int, int]], table: int, paper: int) -> None:
    quad = find_paper(a_photo(corners, table=table, paper=paper))
    assert quad is not None
    for found, real in zip(quad.corners, corners, strict=True):
        assert abs(found[0] - real[0]) <= 8 and abs(found[1] - real[1]) <= 8


def test_without_a_sheet_nothing_is_found() -> None:
    generator = np.random.default_rng(3)
    assert find_paper(generator.integers(60, 80, (480, 640, 3)).astype(np.uint8)) is None


def test_a_small_label_on_the_table_is_no_sheet() -> None:
    photo = np.full((960, 1280, 3), 60, np.uint8)
    photo[100:200, 100:220] = 240
    assert find_paper(photo) is None


def test_the_sheet_comes_out_upright_with_its_own_proportions() -> None:
    corners = [(420, 80), (900, 110), (990, 900), (330, 860)]
    page = straightened(a_photo(corners), Quad(*((float(x), float(y)) for x, y in corners)))
    height, width = page.shape[:2]
    assert height > width
    assert page[round(height * 0.05), round(width * 0.1)].mean() < 60  # the mark is at the top left
    assert page[round(height * 0.05), round(width * 0.9)].mean() > 200
    assert page[5:-5, 5:-5].min() < 60 and np.median(page) > 200


def test_four_quarters_are_the_same_picture() -> None:
    photo = a_photo([(350, 60), (930, 60), (930, 880), (350, 880)])
    once = turned(photo, 1)
    assert once.shape[:2] == (1280, 960)
    assert np.array_equal(once[0, -1], photo[0, 0])  # clockwise: top left goes to the top right
    assert np.array_equal(turned(once, 3), photo)


def test_large_pages_are_made_smaller_and_small_ones_stay() -> None:
    huge = np.zeros((3000, 4000, 3), np.uint8)
    assert max(fitted(huge).shape) == MAX_SIDE
    assert max(straightened(huge, whole(huge)).shape) == MAX_SIDE
    small = np.zeros((30, 40, 3), np.uint8)
    assert fitted(small) is small


def test_a_degenerate_shape_still_gives_a_page() -> None:
    photo = np.zeros((100, 100, 3), np.uint8)
    assert straightened(photo, Quad((5, 5), (5, 5), (5, 5), (5, 5))).shape[:2] == (8, 8)


def test_jpeg_and_back() -> None:
    page = np.full((50, 40, 3), 128, np.uint8)
    assert from_jpeg(as_jpeg(page)).shape == (50, 40, 3)
    with pytest.raises(ValueError, match="no picture"):
        from_jpeg(b"nonsense")


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".bmp"])
def test_picture_files_are_read(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"scan{suffix}"
    picture = np.zeros((20, 30, 3), np.uint8)
    picture[:, :, 0] = 200  # blue
    cv2.imwrite(str(path), picture)
    read = read_picture(path)
    assert read.shape == (20, 30, 3)
    assert read[..., 0].mean() > 150
    assert read[..., 2].mean() < 60


def test_what_is_no_picture_is_said(tmp_path: Path) -> None:
    wrong = tmp_path / "scan.jpg"
    wrong.write_bytes(b"%PDF-1.7 this is no picture")
    with pytest.raises(NotAPicture, match="不是可用的图片"):
        read_picture(wrong)
    with pytest.raises(NotAPicture, match="打不开"):
        read_picture(tmp_path / "missing.png")
    with pytest.raises(NotAPicture, match="扫描文件夹打不开"):
        newest_scans(tmp_path / "nowhere")
    assert newest_scans(tmp_path) == (wrong,)
