"""Settings as typed values: what was set comes back, what is damaged becomes the standard."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset

from clients.kit.settings import UserSettings
from clients.viewer.settings import store
from clients.viewer.settings.elements import element_texts
from clients.viewer.settings.page_information import element_item
from clients.viewer.settings.store import BUTTONS, OwnPreset, Preferences, window_problem
from clients.viewer.study import stacks_of
from clients.viewer.viewport.corner_texts import corners_of
from clients.viewer.viewport.information import Information
from shared.imaging.lut import Modality, Window
from tests.clients.viewer.viewer_builders import a_series, a_study

KEYS = [value for name, value in vars(store).items() if name.isupper() and isinstance(value, str)]


def test_everything_set_comes_back_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    before = Preferences(UserSettings(path))
    corners = {"top_left": ("name",), "top_right": (), "bottom_left": ("dicom:KVP",), "bottom_right": ("window",)}
    before.information = Information(corners, 20, "#ffee00")
    before.film, before.stitching, before.words = True, True, False
    before.shortcuts = {"view.invert": "Ctrl+I", "tool.page": ""}
    before.mouse = {**BUTTONS, "left": "zoom"}
    before.presets = [OwnPreset("肝", 150, 60)]
    before.layouts = {"CT": "2x2"}
    before.look, before.strip, before.scale, before.language = "blue", "below", 150, "en"
    before.first_image = "middle"

    after = Preferences(UserSettings(path))

    assert after.information == Information(corners, 20, "#ffee00")
    assert (after.film, after.stitching, after.words) == (True, True, False)
    assert after.shortcuts == {"view.invert": "Ctrl+I", "tool.page": ""}
    assert after.mouse["left"] == "zoom" and after.mouse["middle"] == BUTTONS["middle"]
    assert after.presets == (OwnPreset("肝", 150, 60),) and after.layouts == {"CT": "2x2"}
    assert (after.look, after.strip, after.scale, after.language) == ("blue", "below", 150, "en")
    assert after.first_image == "middle"


@pytest.mark.parametrize("nonsense", [None, 7, -1, "x", [], [1, {}, None], {}, {"left": 3, "CT": []}, True, 1e400])
def test_a_damaged_file_harms_nothing(tmp_path: Path, nonsense: Any) -> None:
    path = tmp_path / "settings.json"
    path.write_text(json.dumps(dict.fromkeys(KEYS, nonsense)))

    kept = Preferences(UserSettings(path))

    assert "name" in [item for items in kept.information.corners.values() for item in items]
    assert set(kept.mouse) == set(BUTTONS) and kept.presets == ()
    assert kept.look in store.LOOKS and kept.strip in store.STRIPS and kept.scale in store.SCALES
    assert kept.first_image in store.FIRST_IMAGES and kept.language in ("", "zh", "en")
    assert all(isinstance(value, str) for value in [*kept.shortcuts.values(), *kept.layouts.values()])


def test_presets_are_checked(tmp_path: Path) -> None:
    rows = [
        {"name": "肝", "width": 150, "level": 60},
        {"name": "", "width": 1, "level": 1},
        {"name": "a", "width": 0, "level": 1},
        {"name": "b", "width": True, "level": 1},
        {"name": "c", "width": 5, "level": float("nan")},
    ]
    (tmp_path / "s.json").write_text(json.dumps({store.OWN_PRESETS: rows}))

    assert Preferences(UserSettings(tmp_path / "s.json")).presets == (OwnPreset("肝", 150, 60),)
    assert window_problem(1500, -700) == "" and window_problem(0, 0) and window_problem(float("inf"), 0)


def corners(information: Information, elements: dict[str, str] | None = None, *, lossy: bool = False) -> Any:
    stack = stacks_of(a_study(a_series(3)))[0]
    return corners_of(
        stack, 0, voi=Window(40, 400), modality=Modality(1, 0, None, "HU"), zoom_percent=100, lossy=lossy,
        reduced=True, information=information, elements=elements,
    )  # fmt: skip


def test_the_reader_chooses_what_stands_in_the_corners() -> None:
    chosen = Information.of(
        {"top_left": ["window", "name"], "top_right": [], "bottom_left": ["dicom:KVP"], "bottom_right": []}, 0, ""
    )

    shown = corners(chosen, {"KVP": "120"})

    assert shown.top_left == ("窗宽 400 窗位 40", "张三") and shown.top_right == ()
    assert shown.bottom_left == ("KVP: 120",)


def test_warnings_and_the_name_stay_whatever_is_chosen() -> None:
    chosen = Information.of({corner: [] for corner in ("top_left", "top_right", "bottom_left", "bottom_right")}, 0, "")

    shown = corners(chosen, lossy=True)

    assert shown.top_left == ("张三",) and shown.bottom_right == ("有损压缩", "缩小显示")


@pytest.mark.parametrize(
    ("typed", "item"),
    [
        ("0018,0060", "dicom:KVP"),
        ("(0018, 0060)", "dicom:KVP"),
        ("KVP", "dicom:KVP"),
        ("Patient Weight", "dicom:PatientWeight"),
        ("0019,10A2", "dicom:001910a2"),
        ("NoSuchThing", ""),
        ("../x", ""),
    ],
)
def test_dicom_items_are_named_by_keyword_or_tag(typed: str, item: str) -> None:
    assert element_item(typed) == item


def test_texts_of_elements_leave_out_what_is_no_text() -> None:
    ds = Dataset()
    ds.KVP, ds.ImageType, ds.PatientWeight = "120", ["ORIGINAL", "PRIMARY"], None
    ds.add_new(0x001910A2, "LO", "private")
    ds.add_new(0x00420011, "OB", b"\0\1")
    ds.ReferencedImageSequence = [Dataset()]

    wanted = ("KVP", "ImageType", "PatientWeight", "001910a2", "EncapsulatedDocument", "ReferencedImageSequence", "x")

    assert element_texts(ds, wanted) == {"KVP": "120", "ImageType": "ORIGINAL\\PRIMARY", "001910a2": "private"}
