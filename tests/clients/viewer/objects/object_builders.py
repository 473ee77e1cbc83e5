"""Objects beside a series of `viewer_builders.write_series`, as Part 10 files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from tests.clients.viewer.viewer_builders import ROOT

SPACE = f"{ROOT}.8"


def item(**values: object) -> Dataset:
    ds = Dataset()
    for keyword, value in values.items():
        setattr(ds, keyword, value)
    return ds


def saved(path: Path, **values: object) -> Path:
    """An object of the synthetic study (patient P1)."""
    common: dict[str, object] = {
        "SpecificCharacterSet": "ISO_IR 192", "PatientID": "P1", "PatientName": "Zhang^San=张^三",
        "StudyInstanceUID": f"{ROOT}.9", "StudyDate": "20260302", "SeriesNumber": 900, "InstanceNumber": 1,
    }  # fmt: skip
    ds = item(**{**common, **values})
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.file_meta.MediaStorageSOPClassUID, ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPClassUID, ds.SOPInstanceUID
    ds.save_as(path, enforce_file_format=True)
    return path


def a_segmentation(path: Path, side: int, slices: int) -> Path:
    """One red segment: the left upper quarter of each image."""
    mask = np.zeros((slices, side, side), np.uint8)
    mask[:, : side // 2, : side // 2] = 1
    frames = [
        item(
            SegmentIdentificationSequence=[item(ReferencedSegmentNumber=1)],
            PlanePositionSequence=[item(ImagePositionPatient=[-8, -8, 2.0 * n])],
            DerivationImageSequence=[
                item(SourceImageSequence=[item(ReferencedSOPInstanceUID=f"{ROOT}.1.{n + 1}")])
            ],
        )
        for n in range(slices)
    ]  # fmt: skip
    return saved(
        path, SOPClassUID="1.2.840.10008.5.1.4.1.1.66.4", SOPInstanceUID=f"{ROOT}.66", Modality="SEG",
        SeriesInstanceUID=f"{ROOT}.660", FrameOfReferenceUID=SPACE, ContentLabel="LIVER", Rows=side, Columns=side,
        BitsAllocated=1, BitsStored=1, HighBit=0, PixelRepresentation=0, SamplesPerPixel=1,
        PhotometricInterpretation="MONOCHROME2", NumberOfFrames=slices, SegmentationType="BINARY",
        SegmentSequence=[
            item(SegmentNumber=1, SegmentLabel="Liver", SegmentAlgorithmType="MANUAL",
                 RecommendedDisplayCIELabValue=[34_885, 53_485, 50_171])
        ],
        SharedFunctionalGroupsSequence=[
            item(PlaneOrientationSequence=[item(ImageOrientationPatient=[1, 0, 0, 0, 1, 0])],
                 PixelMeasuresSequence=[item(PixelSpacing=[0.5, 0.5], SliceThickness=2)])
        ],
        PerFrameFunctionalGroupsSequence=frames,
        PixelData=np.packbits(mask.ravel(), bitorder="little").tobytes(),
    )  # fmt: skip


def a_presentation_state(path: Path, **changes: object) -> Path:
    """Of the first image, inverted, with a circle."""
    reference = item(ReferencedSOPClassUID="1.2.840.10008.5.1.4.1.1.2", ReferencedSOPInstanceUID=f"{ROOT}.1.1")
    circle = item(GraphicAnnotationUnits="PIXEL", GraphicDimensions=2, NumberOfGraphicPoints=2, GraphicType="CIRCLE",
                  GraphicFilled="N", GraphicData=[10.5, 10.5, 15.5, 10.5])  # fmt: skip
    values: dict[str, object] = {
        "SOPClassUID": "1.2.840.10008.5.1.4.1.1.11.1", "SOPInstanceUID": f"{ROOT}.11", "Modality": "PR",
        "SeriesInstanceUID": f"{ROOT}.110", "ContentLabel": "PR", "ContentDescription": "inverted",
        "ReferencedSeriesSequence": [item(SeriesInstanceUID=f"{ROOT}.1", ReferencedImageSequence=[reference])],
        "PresentationLUTShape": "INVERSE", "RescaleSlope": 1, "RescaleIntercept": -1024, "RescaleType": "HU",
        "SoftcopyVOILUTSequence": [item(WindowCenter=40, WindowWidth=400)],
        "GraphicAnnotationSequence": [item(GraphicLayer="L", GraphicObjectSequence=[circle])],
        "GraphicLayerSequence": [item(GraphicLayer="L", GraphicLayerOrder=1)],
    }  # fmt: skip
    return saved(path, **{**values, **changes})


def a_key_object(path: Path, image: str = f"{ROOT}.1.3") -> Path:
    """Names one image of the series."""
    return saved(
        path, SOPClassUID="1.2.840.10008.5.1.4.1.1.88.59", SOPInstanceUID=f"{ROOT}.59", Modality="KO",
        SeriesInstanceUID=f"{ROOT}.590", ContentDate="20260303", ValueType="CONTAINER",
        ConceptNameCodeSequence=[item(CodeValue="113000", CodingSchemeDesignator="DCM", CodeMeaning="Of Interest")],
        ContentSequence=[
            item(ValueType="IMAGE", RelationshipType="CONTAINS",
                 ReferencedSOPSequence=[item(ReferencedSOPClassUID="1.2.840.10008.5.1.4.1.1.2",
                                             ReferencedSOPInstanceUID=image)])
        ],
    )  # fmt: skip
