"""Segmentations, radiotherapy, waveforms, slides, SUV and fusion: values against outside libraries and plain sums."""

from __future__ import annotations

import datetime as dt
import io
import warnings

import numpy as np
import pydicom
import pydicom.data
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from shared.imaging.colour import distinct_colour, rgb_of_cielab, to_screen
from shared.imaging.frame_headers import frame_headers, frame_rate
from shared.imaging.frames import Part10
from shared.imaging.fusion import Alignment, Place, alignment, coloured, palette, top_values
from shared.imaging.geometry import Plane, PointMm
from shared.imaging.lut import VoiFunction, Window
from shared.imaging.radiotherapy import isodose_lines, outlines, plan_of, structure_set
from shared.imaging.segmentation import segmentation_of
from shared.imaging.slides import level_of, slide_of
from shared.imaging.suv import SuvKind, suv_facts
from shared.imaging.volume import volume_of
from shared.imaging.waveforms import waveform_of

AXIAL = Plane.of((0, 0, 0), (1, 0, 0, 0, 1, 0), (1, 1))


def item(**values: object) -> Dataset:
    ds = Dataset()
    for keyword, value in values.items():
        setattr(ds, keyword, value)
    return ds


def at(z: float) -> Plane:
    return Plane.of((0, 0, z), (1, 0, 0, 0, 1, 0), (1, 1))


# --- segmentations ---------------------------------------------------------------------------------------


def a_ct(n: int) -> Dataset:
    ds = item(
        SOPClassUID="1.2.840.10008.5.1.4.1.1.2", SOPInstanceUID=f"1.2.3.{n + 1}", StudyInstanceUID="1.2",
        SeriesInstanceUID="1.2.9", FrameOfReferenceUID="1.2.8", Modality="CT", PatientID="P", PatientName="A^B",
        PatientBirthDate="", PatientSex="", StudyDate="20260101", StudyTime="120000", AccessionNumber="", StudyID="1",
        ReferringPhysicianName="", Rows=13, Columns=11, BitsAllocated=16, BitsStored=16, HighBit=15,
        PixelRepresentation=0, SamplesPerPixel=1, PhotometricInterpretation="MONOCHROME2", PixelSpacing=[1, 1],
        ImagePositionPatient=[0, 0, 2.0 * n], ImageOrientationPatient=[1, 0, 0, 0, 1, 0], SliceThickness=2,
        InstanceNumber=n + 1, SeriesNumber=1,
    )  # fmt: skip
    ds.file_meta = pydicom.dataset.FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    return ds


@pytest.mark.parametrize("kind", ["BINARY", "FRACTIONAL", "LABELMAP"])
def test_what_highdicom_segmented_comes_back_on_the_right_images(kind: str) -> None:
    import highdicom as hd
    from pydicom.sr.codedict import codes

    images = [a_ct(n) for n in range(3)]
    # 13 x 11 bits a frame: no frame but the first begins on a whole byte.
    mask = np.random.default_rng(4).random((3, 13, 11, 2)) > 0.7
    mask[..., 1] &= ~mask[..., 0]
    stored = np.where(mask[..., 0], 1, np.where(mask[..., 1], 2, 0)).astype(np.uint8)
    pixels = stored if kind == "LABELMAP" else mask.astype(np.float32 if kind == "FRACTIONAL" else np.uint8)
    segments = [
        hd.seg.SegmentDescription(
            n, f"part {n}", codes.SCT.Organ, codes.SCT.Liver, hd.seg.SegmentAlgorithmTypeValues.MANUAL
        )
        for n in (1, 2)
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = hd.seg.Segmentation(
            images, pixels, kind,
            segments, "1.2.77", 1, "1.2.78", 1, "M", "M", "1", "1", omit_empty_frames=False,
        )  # fmt: skip
        stream = io.BytesIO()
        made.save_as(stream)

    segmentation = segmentation_of(Part10(stream.getvalue()))

    assert [s.label for s in segmentation.segments if s.number] == ["part 1", "part 2"]
    for n in range(3):
        masks = segmentation.masks(f"1.2.3.{n + 1}", 0, at(2.0 * n), 13, 11)
        for number in (1, 2):
            np.testing.assert_array_equal(masks[number] > 127, mask[n, ..., number - 1])
    # Another series of the same space finds the masks by place; between the slices there is none.
    by_place = segmentation.masks("9.9", 0, at(2.0), 13, 11)
    np.testing.assert_array_equal(by_place[1] > 127, mask[1, ..., 0])
    assert segmentation.masks("9.9", 0, at(40.0), 13, 11) == {}


# --- radiotherapy ----------------------------------------------------------------------------------------


def test_contours_lie_on_their_images_and_on_every_image_of_their_plane() -> None:
    contour = item(
        ContourGeometricType="CLOSED_PLANAR", ContourData=[1, 1, 4, 5, 1, 4, 5, 6, 4],
        ContourImageSequence=[item(ReferencedSOPInstanceUID="7.7")],
    )  # fmt: skip
    broken = item(ContourGeometricType="CLOSED_PLANAR", ContourData=[1, 1])
    ds = item(
        StructureSetROISequence=[item(ROINumber=0, ROIName="GTV", ReferencedFrameOfReferenceUID="1.2.8")],
        ROIContourSequence=[
            item(ReferencedROINumber=0, ROIDisplayColor=[255, 0, 16], ContourSequence=[contour, broken])
        ],
    )

    structures = structure_set(ds)
    (gtv,) = structures.structures

    assert gtv.colour == (255, 0, 16) and structures.refused == 1
    ((points, closed),) = outlines(gtv, "7.7", at(9), 1)
    assert closed and [(p.column, p.row) for p in points] == [(1, 1), (5, 1), (5, 6)]
    assert len(outlines(gtv, "8.8", at(4.4), 1)) == 1  # another series of the same space
    assert outlines(gtv, "8.8", at(6), 1) == []


def test_isodose_lines_run_where_the_dose_reaches_the_level() -> None:
    y, x = np.mgrid[0:41, 0:41]
    dose = 100.0 - 4 * np.hypot(x - 20, y - 20)

    (line,) = isodose_lines(dose, 60.0)

    radii = [np.hypot(p.column - 20, p.row - 20) for p in line]
    assert np.abs(np.array(radii) - 10).max() < 0.6
    assert isodose_lines(dose, 101.0) == []


def test_the_plan_of_pydicoms_data_is_summarised() -> None:
    plan = plan_of(pydicom.dcmread(pydicom.data.get_testdata_file("rtplan.dcm")))

    assert plan.label == "Plan1" and plan.fractions == ((1, 30, 1),)
    assert plan.beams[0].energy == "6 MV" and plan.beams[0].meterset == pytest.approx(116.0037, abs=1e-3)


def test_a_dose_grid_has_planes_and_gray() -> None:
    ds = pydicom.dcmread(pydicom.data.get_testdata_file("rtdose.dcm"))

    frames = frame_headers(ds, "RTDOSE")

    offsets = [float(v) for v in ds.GridFrameOffsetVector]
    depths = [f.plane.depth_mm - frames[0].plane.depth_mm for f in frames if f.plane and frames[0].plane]
    np.testing.assert_allclose(depths, offsets)
    assert frames[0].modality.slope == pytest.approx(float(ds.DoseGridScaling))


# --- real world values -----------------------------------------------------------------------------------


def test_real_world_values_explain_parametric_maps_only() -> None:
    """Plain MR of several vendors carry a mapping and no rescaling: their windows and values are the stored ones."""
    mapping = item(RealWorldValueSlope=4.98, RealWorldValueIntercept=1.5)
    ds = item(
        SOPClassUID="1.2.840.10008.5.1.4.1.1.4", Modality="MR", Rows=2, Columns=2,
        RealWorldValueMappingSequence=Sequence([mapping]), WindowCenter=181, WindowWidth=315,
    )  # fmt: skip

    plain = frame_headers(ds, "MR")[0]
    ds.SOPClassUID = "1.2.840.10008.5.1.4.1.1.30"
    parametric = frame_headers(ds, "MR")[0]

    assert (plain.modality.slope, plain.modality.intercept, plain.voi[0]) == (1, 0, Window(181, 315))
    assert (parametric.modality.slope, parametric.modality.intercept) == (4.98, 1.5)


# --- waveforms -------------------------------------------------------------------------------------------


def test_channels_equal_pydicoms_in_millivolts() -> None:
    ds = pydicom.dcmread(pydicom.data.get_testdata_file("waveform_ecg.dcm"))

    waveform = waveform_of(ds)

    for n, group in enumerate(waveform.groups):
        theirs = ds.waveform_array(n) / 1000
        ours = np.stack([channel.values for channel in group.channels], -1)
        np.testing.assert_allclose(ours, theirs, atol=1e-5)
    assert [c.label for c in waveform.groups[0].channels][:4] == ["I", "II", "III", "aVR"]
    assert waveform.groups[0].frequency_hz == 1000 and waveform.groups[0].seconds == 10


def test_a_waveform_without_its_samples_says_so() -> None:
    ds = item(WaveformSequence=[item(SamplingFrequency=500, NumberOfWaveformChannels=1, NumberOfWaveformSamples=10,
                                     WaveformSampleInterpretation="SS", WaveformBitsAllocated=16)])  # fmt: skip

    (group,) = waveform_of(ds).groups

    assert group.channels == () and group.problem == "size"


# --- slides ----------------------------------------------------------------------------------------------


def a_level(uid: str, columns: int, rows: int, **changes: object) -> Dataset:
    values: dict[str, object] = {
        "SOPClassUID": "1.2.840.10008.5.1.4.1.1.77.1.6", "SOPInstanceUID": uid, "Rows": 10, "Columns": 10,
        "TotalPixelMatrixColumns": columns, "TotalPixelMatrixRows": rows, "BitsAllocated": 8, "BitsStored": 8,
        "HighBit": 7, "SamplesPerPixel": 3, "PhotometricInterpretation": "RGB", "PixelRepresentation": 0,
        "DimensionOrganizationType": "TILED_FULL", "ImageType": ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"],
        "NumberOfFrames": -(-columns // 10) * -(-rows // 10), "ImagedVolumeWidth": 0.5, "ImagedVolumeHeight": 0.25,
    }  # fmt: skip
    return item(**{**values, **changes})


def test_full_tiles_follow_each_other_row_by_row() -> None:
    level = level_of(a_level("1", 35, 25), "1.2.840.10008.1.2.1")

    assert level.grid == (4, 3) and level.tiles[3, 0] == 3 and level.tiles[0, 1] == 4 and len(level.tiles) == 12
    assert level.micrometres == pytest.approx((0.25 / 25 * 1000, 0.5 / 35 * 1000))


def test_sparse_tiles_lie_where_their_frame_says() -> None:
    places = [(1, 1), (11, 21), (11, 21), (16, 1), (0, 5)]
    frames = [
        item(
            PlanePositionSlideSequence=[
                item(ColumnPositionInTotalImagePixelMatrix=x, RowPositionInTotalImagePixelMatrix=y)
            ]
        )
        for x, y in places
    ]
    ds = a_level("1", 35, 25, DimensionOrganizationType="TILED_SPARSE", NumberOfFrames=5)
    ds.PerFrameFunctionalGroupsSequence = Sequence(frames)

    level = level_of(ds, "1.2.840.10008.1.2.1")

    assert level.tiles == {(0, 0): 0, (1, 2): 1} and level.odd_places


def test_levels_stand_from_large_to_small_beside_label_and_overview() -> None:
    kinds = {"1": (400, 200, "VOLUME"), "2": (100, 50, "VOLUME"), "3": (50, 50, "LABEL"), "4": (90, 30, "OVERVIEW")}
    levels = [
        level_of(a_level(uid, c, r, ImageType=["ORIGINAL", "PRIMARY", kind, "NONE"]), "1.2.840.10008.1.2.1")
        for uid, (c, r, kind) in kinds.items()
    ]

    slide = slide_of(levels)

    assert [level.columns for level in slide.levels] == [400, 100]
    assert slide.label is not None and slide.overview is not None and slide.overview.columns == 90


# --- frames of enhanced and nuclear objects ---------------------------------------------------------------


def test_dimensions_that_are_no_place_part_the_stacks() -> None:
    def frame(b: int, z: int) -> Dataset:
        return item(
            FrameContentSequence=[item(DimensionIndexValues=[1, b, z], StackID="1", InStackPositionNumber=z)],
            PlanePositionSequence=[item(ImagePositionPatient=[0, 0, 3 * z])],
            MRDiffusionSequence=[item(DiffusionBValue=1000 * (b - 1))],
        )

    ds = item(
        NumberOfFrames=6,
        DimensionIndexSequence=[
            item(DimensionIndexPointer=0x00209056), item(DimensionIndexPointer=0x00189087),
            item(DimensionIndexPointer=0x00209057),
        ],
        SharedFunctionalGroupsSequence=[
            item(
                PlaneOrientationSequence=[item(ImageOrientationPatient=[1, 0, 0, 0, 1, 0])],
                PixelMeasuresSequence=[item(PixelSpacing=[2, 2], SliceThickness=3)],
            )
        ],
        PerFrameFunctionalGroupsSequence=[frame(b, z) for b in (1, 2) for z in (1, 2, 3)],
    )  # fmt: skip

    frames = frame_headers(ds, "MR")

    assert [f.group for f in frames] == [("1", "1")] * 3 + [("1", "2")] * 3
    assert frames[5].label == "b=1000" and frames[5].plane == at_spacing(9, 2) and frames[0].thickness_mm == 3


def at_spacing(z: float, mm: float) -> Plane:
    return Plane.of((0, 0, z), (1, 0, 0, 0, 1, 0), (mm, mm))


def test_nuclear_slices_get_planes_and_detectors_part() -> None:
    tomo = item(
        NumberOfFrames=3, SliceVector=[1, 2, 3], SpacingBetweenSlices=4, PixelSpacing=[2, 2],
        DetectorInformationSequence=[
            item(ImagePositionPatient=[0, 0, 10], ImageOrientationPatient=[1, 0, 0, 0, 1, 0])
        ],
    )  # fmt: skip
    planar = item(NumberOfFrames=2, DetectorVector=[1, 2], EnergyWindowVector=[1, 1])

    assert [f.plane.origin.z for f in frame_headers(tomo, "NM") if f.plane] == [10, 14, 18]
    assert [f.group for f in frame_headers(planar, "NM")] == [("1",), ("2",)]


def test_the_rate_of_a_cine_comes_from_what_the_object_says() -> None:
    plain = item(NumberOfFrames=4, FrameTime=40)
    vector = item(NumberOfFrames=4, FrameTimeVector=[0, 20, 40, 60])

    assert frame_rate(plain, frame_headers(plain, "US")) == 25
    frames = frame_headers(vector, "US")
    assert [f.duration_ms for f in frames] == [20, 40, 60, 60]
    assert frame_rate(vector, frames) == pytest.approx(1000 / 45)


# --- SUV -------------------------------------------------------------------------------------------------


def a_pet(**changes: object) -> Dataset:
    values: dict[str, object] = {
        "Units": "BQML", "DecayCorrection": "START", "CorrectedImage": ["ATTN", "DECY", "SCAT"], "PatientWeight": 70,
        "PatientSize": 1.75, "PatientSex": "M", "SeriesDate": "20260101", "SeriesTime": "110000",
        "AcquisitionDate": "20260101", "AcquisitionTime": "110500",
        "RadiopharmaceuticalInformationSequence": [
            item(
                RadionuclideTotalDose=370e6, RadionuclideHalfLife=6586.2, RadiopharmaceuticalStartTime="100000",
                RadiopharmaceuticalStartDateTime="20260101100000",
            )
        ],
    }  # fmt: skip
    return item(**{**values, **changes})


def test_suv_by_weight_is_activity_times_weight_over_the_decayed_dose() -> None:
    expected = 70_000 / (370e6 * 2 ** (-3600 / 6586.2))

    assert suv_facts(a_pet()).factor(SuvKind.BW) == pytest.approx(expected, rel=1e-9)


def test_counts_of_philips_have_factors_of_their_own() -> None:
    """(7053,xx00) leads to SUVbw, (7053,xx09) to Bq/ml where the former is 0; without both counts are no activity."""
    by_factor, by_activity = a_pet(Units="CNTS"), a_pet(Units="CNTS")
    for ds, suv, activity in ((by_factor, "0.000551", "1.5"), (by_activity, "0", "1.5")):
        block = ds.private_block(0x7053, "Philips PET Private Group", create=True)
        block.add_new(0x00, "DS", suv)
        block.add_new(0x09, "DS", activity)
    plain = suv_facts(a_pet()).factor()
    assert plain is not None

    assert suv_facts(by_factor).factor() == pytest.approx(0.000551)
    assert suv_facts(by_activity).factor() == pytest.approx(1.5 * plain)


def test_lean_mass_and_surface_by_their_formulas() -> None:
    facts = suv_facts(a_pet())
    by_weight = facts.factor(SuvKind.BW)
    bmi = 70 / 1.75**2
    assert by_weight is not None

    assert facts.factor(SuvKind.LBM) == pytest.approx(by_weight * (9270 / (6680 + 216 * bmi)))
    assert facts.factor(SuvKind.LBM_JAMES) == pytest.approx(by_weight * (1.10 - 128 * 70 / 175**2))
    surface = 0.007184 * 70**0.425 * 175**0.725 * 10_000
    assert facts.factor(SuvKind.BSA) == pytest.approx(by_weight * surface / 70_000)
    assert suv_facts(a_pet(PatientSize=None)).factor(SuvKind.BSA) is None


def test_an_injection_before_midnight_and_a_processed_series_are_understood() -> None:
    before = a_pet(SeriesTime="003000", AcquisitionTime="003500")
    before.RadiopharmaceuticalInformationSequence[0].RadiopharmaceuticalStartTime = "233000"
    del before.RadiopharmaceuticalInformationSequence[0].RadiopharmaceuticalStartDateTime
    processed = a_pet(SeriesTime="180000", FrameReferenceTime=300_000, ActualFrameDuration=1)

    assert suv_facts(before).decay_s == 3600
    assert suv_facts(processed).decay_s == pytest.approx(3600, abs=0.01)
    assert dt.timedelta(seconds=suv_facts(a_pet()).decay_s or 0) == dt.timedelta(hours=1)


def test_a_date_of_injection_that_was_forgotten_when_dates_were_shifted_hides_no_suv() -> None:
    shifted, late = a_pet(), a_pet()
    isotope = shifted.RadiopharmaceuticalInformationSequence[0]
    time = str(isotope.RadiopharmaceuticalStartDateTime)[8:]
    isotope.RadiopharmaceuticalStartDateTime = "19990101" + time
    slow = late.RadiopharmaceuticalInformationSequence[0]
    slow.RadionuclideHalfLife = 3.6e5  # iodine-124
    day = dt.datetime.strptime(str(slow.RadiopharmaceuticalStartDateTime)[:8], "%Y%m%d") - dt.timedelta(days=4)
    slow.RadiopharmaceuticalStartDateTime = f"{day:%Y%m%d}{time}"

    assert suv_facts(shifted).decay_s == 3600
    assert suv_facts(late).decay_s == 3600 + 4 * 86_400


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"Units": "CNTS"}, "units"),
        ({"CorrectedImage": ["DECY"]}, "attenuation"),
        ({"DecayCorrection": "NONE"}, "decay"),
        ({"PatientWeight": None}, "weight"),
        ({"RadiopharmaceuticalInformationSequence": []}, "dose"),
    ],
)
def test_what_is_missing_is_named_and_no_number_given(changes: dict[str, object], problem: str) -> None:
    facts = suv_facts(a_pet(**changes))

    assert facts.problem == problem and facts.factor() is None


def test_stored_suv_is_taken_and_converted() -> None:
    facts = suv_facts(a_pet(Units="GML", SUVType="BW"))
    lean = facts.factor(SuvKind.LBM)

    assert facts.factor(SuvKind.BW) == 1.0 and lean is not None and 0.7 < lean < 0.9


# --- fusion ----------------------------------------------------------------------------------------------


def a_place(**changes: object) -> Place:
    values: dict[str, object] = {
        "patient_id": "P", "frame_of_reference_uid": "1.2.8", "planes": (at(0), at(50)), "rows": 20, "columns": 20,
    }  # fmt: skip
    return Place(**{**values, **changes})  # type: ignore[arg-type]


def test_the_guard_lets_only_comparable_places_over_each_other() -> None:
    base = a_place()

    assert alignment(base, a_place(planes=(at(20), at(80)))) is Alignment.SAME_FRAME
    assert alignment(base, a_place(planes=(at(200), at(300)))) is Alignment.APART
    assert alignment(base, a_place(frame_of_reference_uid="9")) is Alignment.UNKNOWN
    assert alignment(base, a_place(frame_of_reference_uid="")) is Alignment.UNKNOWN
    assert alignment(base, a_place(frame_of_reference_uid="9"), registered=True) is Alignment.REGISTERED
    assert alignment(base, a_place(patient_id="Q")) is Alignment.OTHER_PATIENT


def test_values_of_the_top_series_stand_at_their_place_in_the_base() -> None:
    from shared.imaging.frame_headers import FrameHeader

    planes = [at_spacing(4.0 * n, 4.0) for n in range(4)]
    frames = [np.full((8, 8), 100 * n, np.int16) for n in range(4)]
    volume = volume_of([FrameHeader(plane=p) for p in planes], lambda n: frames[n])
    target = Plane(PointMm(3, 3, 6), AXIAL.row_direction, AXIAL.column_direction, 1.0, 1.0)

    values = top_values(volume, target, 40, 30)

    assert values.shape == (40, 30)
    assert values[2, 2] == pytest.approx(150)  # half-way between the second and third slice
    assert np.isnan(values[39, 29])
    rgba = coloured(values, Window(150, 300, VoiFunction.LINEAR_EXACT), palette("hot"), 0.5)
    assert rgba[39, 29, 3] == 0 and rgba[2, 2, 3] == 128


# --- colour ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rgb", [(255, 255, 255), (0, 0, 0), (255, 0, 0), (0, 128, 0), (70, 130, 180)])
def test_cielab_colours_equal_those_of_littlecms(rgb: tuple[int, int, int]) -> None:
    from PIL import Image, ImageCms

    transform = ImageCms.buildTransform(
        ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), "RGB", "LAB",
        ImageCms.Intent.RELATIVE_COLORIMETRIC,
    )  # fmt: skip
    pixel = np.array(ImageCms.applyTransform(Image.new("RGB", (1, 1), rgb), transform))[0, 0].astype(int)
    a, b = ((int(v) + 128) % 256 for v in pixel[1:])  # signed bytes, here from 0 as DICOM counts

    ours = rgb_of_cielab([pixel[0] / 255 * 65_535, a / 255 * 65_535, b / 255 * 65_535])

    assert max(abs(x - y) for x, y in zip(ours, rgb, strict=True)) <= 2
    assert len({distinct_colour(n) for n in range(12)}) == 12


def test_a_profile_changes_colours_and_rubbish_does_not() -> None:
    from PIL import ImageCms

    picture = np.random.default_rng(1).integers(0, 255, (8, 9, 3), np.uint8)
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()

    np.testing.assert_array_equal(to_screen(picture, srgb), picture)
    np.testing.assert_array_equal(to_screen(picture, b"no profile" * 40), picture)


@pytest.mark.parametrize("with_representation", [False, True])
@pytest.mark.parametrize(("keyword", "kind"), [("FloatPixelData", "<f4"), ("DoubleFloatPixelData", "<f8")])
def test_floating_point_pixels_are_read_as_such(keyword: str, kind: str, *, with_representation: bool) -> None:
    from shared.imaging.codecs import decode_frame
    from shared.imaging.header import image_header

    values = np.linspace(-1, 1, 12).reshape(3, 4).astype(kind)
    ds = item(
        SOPClassUID="1.2.840.10008.5.1.4.1.1.30", SOPInstanceUID="1.2.3", Modality="OT", Rows=3, Columns=4,
        BitsAllocated=values.dtype.itemsize * 8, SamplesPerPixel=1, PhotometricInterpretation="MONOCHROME2",
        WindowCenter=0, WindowWidth=2,
    )  # fmt: skip
    setattr(ds, keyword, values.tobytes())
    if with_representation:
        ds.PixelRepresentation = 0  # not of the module, but written
    ds.file_meta = pydicom.dataset.FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    ds.file_meta.MediaStorageSOPClassUID, ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPClassUID, ds.SOPInstanceUID
    stream = io.BytesIO()
    ds.save_as(stream, enforce_file_format=True)

    part10 = Part10(stream.getvalue())
    header = image_header(part10.header, part10.transfer_syntax)
    frame = decode_frame(part10.frame(0, header.pixel_format.native_bytes), header.pixel_format, header.transfer_syntax)

    np.testing.assert_array_equal(frame, values)
    assert header.frames[0].voi == (Window(0, 2, VoiFunction.LINEAR_EXACT),)


def test_a_spectrum_has_no_millimetres_and_the_more_important_region_wins() -> None:
    from shared.imaging.geometry import PixelPoint, SpacingSource
    from shared.imaging.header import image_header

    def region(left: int, right: int, units: tuple[int, int], flags: int, delta: float) -> Dataset:
        return item(
            RegionLocationMinX0=left, RegionLocationMinY0=0, RegionLocationMaxX1=right, RegionLocationMaxY1=99,
            PhysicalUnitsXDirection=units[0], PhysicalUnitsYDirection=units[1], PhysicalDeltaX=delta,
            PhysicalDeltaY=delta, RegionFlags=flags,
        )  # fmt: skip

    ds = item(
        Rows=100, Columns=100, BitsAllocated=8, BitsStored=8, SamplesPerPixel=1, Modality="US",
        PhotometricInterpretation="MONOCHROME2", PixelSpacing=[0.3, 0.3],
        SequenceOfUltrasoundRegions=[
            region(0, 60, (3, 3), 1, 0.02), region(0, 40, (3, 3), 0, 0.01), region(61, 80, (4, 7), 0, 0.005),
        ],
    )  # fmt: skip

    header = image_header(ds, "1.2.840.10008.1.2.1")

    assert header.spacing_at(0, PixelPoint(20, 5)).row_mm == pytest.approx(0.1)
    assert header.spacing_at(0, PixelPoint(50, 5)).row_mm == pytest.approx(0.2)
    assert header.spacing_at(0, PixelPoint(70, 5)).source is SpacingSource.NONE
    assert header.spacing_at(0, PixelPoint(90, 5)).row_mm == pytest.approx(0.3)
    spectrum = header.region_at(PixelPoint(70, 5))
    assert spectrum is not None and not spectrum.is_spatial and spectrum.delta_y == 0.005
