"""Presentation states are read as written, and their greys equal those of dcmtk's renderer bit for bit."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from clients.viewer.objects.stage import whole_range
from shared.imaging.geometry import PixelPoint
from shared.imaging.header import image_header
from shared.imaging.lut import display_table
from shared.imaging.presentation import GREY, Units, presentation_state

IMAGE, STATE = "1.2.826.0.1.3680043.8.498.31", "1.2.826.0.1.3680043.8.498.32"
needs_dcmtk = pytest.mark.skipif(shutil.which("dcmp2pgm") is None, reason="dcmtk's dcmp2pgm is not installed")


def item(**values: object) -> Dataset:
    ds = Dataset()
    for keyword, value in values.items():
        setattr(ds, keyword, value)
    return ds


def an_image(signed: bool = False) -> tuple[Dataset, np.ndarray]:
    pixels = np.random.default_rng(5).integers(-500 if signed else 0, 1024, (16, 20)).astype("<i2" if signed else "<u2")
    ds = item(
        SOPClassUID="1.2.840.10008.5.1.4.1.1.7", SOPInstanceUID=IMAGE, StudyInstanceUID="1.2.3",
        SeriesInstanceUID="1.2.4", PatientID="1", PatientName="A", Modality="OT", Rows=16, Columns=20,
        BitsAllocated=16, BitsStored=12, HighBit=11,
        PixelRepresentation=int(signed), SamplesPerPixel=1, PhotometricInterpretation="MONOCHROME2",
        ConversionType="WSD", PixelData=pixels.tobytes(), InstanceNumber=1, StudyID="1", SeriesNumber=1,
    )  # fmt: skip
    return ds, pixels


def a_state(**changes: object) -> Dataset:
    reference = item(ReferencedSOPClassUID="1.2.840.10008.5.1.4.1.1.7", ReferencedSOPInstanceUID=IMAGE)
    area = item(
        DisplayedAreaTopLeftHandCorner=[1, 1], DisplayedAreaBottomRightHandCorner=[20, 16],
        PresentationSizeMode="SCALE TO FIT", PresentationPixelAspectRatio=[1, 1],
    )  # fmt: skip
    values: dict[str, object] = {
        "SOPClassUID": GREY, "SOPInstanceUID": STATE, "StudyInstanceUID": "1.2.3", "SeriesInstanceUID": "1.2.5",
        "PatientID": "1", "PatientName": "A", "Modality": "PR", "InstanceNumber": 1, "ContentLabel": "TEST",
        "ContentDescription": "as I saw it", "ContentCreatorName": "Li^Si", "StudyID": "1", "SeriesNumber": 2,
        "PresentationCreationDate": "20260101", "PresentationCreationTime": "120000", "Manufacturer": "M",
        "ReferencedSeriesSequence": [item(SeriesInstanceUID="1.2.4", ReferencedImageSequence=[reference])],
        "DisplayedAreaSelectionSequence": [area], "PresentationLUTShape": "IDENTITY",
    }  # fmt: skip
    return item(**{**values, **changes})


def saved(ds: Dataset, path: Path) -> Path:
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.file_meta.MediaStorageSOPClassUID, ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPClassUID, ds.SOPInstanceUID
    ds.save_as(path, enforce_file_format=True)
    return path


def lut(entries: list[int], first: int = 0, bits: int = 8) -> Dataset:
    table = item(LUTDescriptor=[len(entries), first, bits], LUTData=entries)
    table["LUTDescriptor"].VR = table["LUTData"].VR = "US"
    return table


SCRAMBLED = [int(v) for v in np.random.default_rng(9).permutation(256)]
STATES: dict[str, dict[str, object]] = {
    "window": {"SoftcopyVOILUTSequence": [item(WindowCenter=400, WindowWidth=300)]},
    "narrow window": {"SoftcopyVOILUTSequence": [item(WindowCenter=400, WindowWidth=1)]},
    "inverse": {
        "SoftcopyVOILUTSequence": [item(WindowCenter=300, WindowWidth=700)], "PresentationLUTShape": "INVERSE",
    },
    "rescale": {
        "RescaleSlope": 2, "RescaleIntercept": -100, "RescaleType": "US",
        "SoftcopyVOILUTSequence": [item(WindowCenter=900, WindowWidth=1000)],
    },
    "voi table": {"SoftcopyVOILUTSequence": [item(VOILUTSequence=[lut(SCRAMBLED, 100)])]},
    "presentation table": {
        "SoftcopyVOILUTSequence": [item(WindowCenter=512, WindowWidth=1024)], "PresentationLUTShape": None,
        "PresentationLUTSequence": [lut(SCRAMBLED)],
    },
}  # fmt: skip


@needs_dcmtk
@pytest.mark.parametrize("name", STATES)
def test_greys_equal_those_of_dcmtk(tmp_path: Path, name: str) -> None:
    image, pixels = an_image()
    ds = a_state(**{k: v for k, v in STATES[name].items() if v is not None})
    if STATES[name].get("PresentationLUTShape", "") is None:
        del ds.PresentationLUTShape
    files = saved(ds, tmp_path / "state.dcm"), saved(image, tmp_path / "image.dcm")
    picture = tmp_path / "picture.pgm"
    subprocess.run(["dcmp2pgm", "-p", str(files[0]), str(files[1]), str(picture)], check=True, capture_output=True)
    from PIL import Image

    theirs = np.array(Image.open(picture)).astype(int)
    state, header = presentation_state(ds), image_header(image, ExplicitVRLittleEndian)
    modality = state.modality or header.frames[0].modality
    voi = state.voi_of(IMAGE, 0) or whole_range(modality, header.pixel_format)
    table = display_table(
        signed=False, modality=modality, voi=voi, inverted=state.inverted, presentation=state.presentation
    )

    ours = table[pixels].astype(int)

    # dcmtk rounds down where this rounds to the nearest: one grey level.
    assert np.abs(ours - theirs).max() <= 1
    assert len(np.unique(theirs)) > 1


def test_references_turn_flip_and_area_are_read() -> None:
    ds = a_state(ImageRotation=90, ImageHorizontalFlip="Y")
    ds.DisplayedAreaSelectionSequence[0].DisplayedAreaTopLeftHandCorner = [5, 3]

    state = presentation_state(ds)

    assert (state.label, state.description, state.creator) == ("TEST", "as I saw it", "Li^Si")
    assert state.images.holds(IMAGE, 3) and not state.images.holds("1.2", 0)
    assert state.rotation_deg == 90 and state.flipped
    area = state.area_of(IMAGE, 0)
    assert area is not None and area.top_left == (5, 3) and area.bottom_right == (20, 16)


def test_graphics_and_texts_become_image_positions_in_the_order_of_layers() -> None:
    graphic = item(
        GraphicAnnotationUnits="PIXEL", GraphicDimensions=2, NumberOfGraphicPoints=2, GraphicType="POLYLINE",
        GraphicFilled="N", GraphicData=[0.5, 0.5, 10.5, 4.5],
    )  # fmt: skip
    text = item(
        UnformattedTextValue="here\r\nand there", AnchorPointAnnotationUnits="DISPLAY", AnchorPoint=[0.25, 0.75],
        AnchorPointVisibility="Y",
    )  # fmt: skip
    arrow = item(CompoundGraphicType="ARROW", CompoundGraphicUnits="PIXEL", GraphicData=[1, 1, 5, 5],
                 CompoundGraphicInstanceID=1)  # fmt: skip
    twin = item(CompoundGraphicType="RULER", CompoundGraphicUnits="PIXEL", GraphicData=[1, 1, 5, 5],
                CompoundGraphicInstanceID=2)  # fmt: skip
    graphic.CompoundGraphicInstanceID = 2
    ds = a_state(
        GraphicLayerSequence=[
            item(GraphicLayer="TOP", GraphicLayerOrder=2, GraphicLayerRecommendedDisplayGrayscaleValue=65_535),
            item(GraphicLayer="BELOW", GraphicLayerOrder=1),
        ],
        GraphicAnnotationSequence=[
            item(GraphicLayer="TOP", TextObjectSequence=[text]),
            item(GraphicLayer="BELOW", GraphicObjectSequence=[graphic], CompoundGraphicSequence=[arrow, twin]),
        ],
    )

    below, top = presentation_state(ds).annotations_of(IMAGE, 0)

    assert below.graphics[0].points == (PixelPoint(0.0, 0.0), PixelPoint(10.0, 4.0))
    assert [g.kind for g in below.graphics] == ["POLYLINE", "ARROW"]  # the ruler is drawn by its stand-in
    assert top.texts[0].value == "here\nand there"
    assert top.texts[0].anchor == PixelPoint(0.25, 0.75) and top.texts[0].anchor_units is Units.DISPLAY
    assert presentation_state(ds).layers[1].colour == (255, 255, 255)


def test_an_image_that_the_state_does_not_name_is_left_alone() -> None:
    other = item(ReferencedSOPInstanceUID="9.9", ReferencedFrameNumber=[2])
    ds = a_state(SoftcopyVOILUTSequence=[item(WindowCenter=1, WindowWidth=2, ReferencedImageSequence=[other])])

    state = presentation_state(ds)

    assert state.voi_of(IMAGE, 0) is None
    assert state.voi_of("9.9", 1) is not None and state.voi_of("9.9", 0) is None


def test_broken_parts_are_absent() -> None:
    ds = a_state(
        GraphicAnnotationSequence=[item(GraphicObjectSequence=[item(GraphicType="CIRCLE", GraphicData=[1.0])])],
        PresentationLUTSequence=[item(LUTDescriptor=[9, 0, 8], LUTData=[1, 2])],
    )

    state = presentation_state(ds)

    assert state.presentation is None and state.annotations[0].graphics == ()
