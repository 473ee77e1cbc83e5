"""Spatial Registration objects: how one frame of reference lies in another (PS3.3 A.39.1, C.20.2).

The matrix of an item maps points of *its* frame of reference to the registered one, the frame of reference of the
object itself. A registration of this suite maps fixed to moving, so the moving frame's item holds the inverse.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shared.dicomkit import headers
from shared.dicomkit.content_items import evidence
from shared.dicomkit.headers import EquipmentFacts, InstanceReference, PatientFacts, SeriesFacts, StudyFacts

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pydicom.dataset import Dataset

SOP_CLASS = "1.2.840.10008.5.1.4.1.1.66.1"


@dataclass(frozen=True, eq=False)
class Registered:
    """One frame of reference and its 4 x 4 matrix to the registered one; the images that belong to it."""

    frame_of_reference_uid: str
    matrix: NDArray[Any]  # float64, homogeneous, LPS mm
    images: tuple[InstanceReference, ...] = ()
    kind: str = "RIGID"  # RIGID, RIGID_SCALE or AFFINE


@dataclass(frozen=True, eq=False)
class SpatialRegistration:
    """What an object says: the registered frame of reference, and those that are laid into it."""

    frame_of_reference_uid: str
    items: tuple[Registered, ...]
    label: str = ""
    description: str = ""
    sop_uid: str = ""

    def matrix_between(self, source_uid: str, target_uid: str) -> NDArray[Any] | None:
        """4 x 4 from the frame of reference ``source_uid`` to ``target_uid``; None when it knows one of them not."""
        import numpy as np

        known = {item.frame_of_reference_uid: item.matrix for item in self.items}
        known.setdefault(self.frame_of_reference_uid, np.eye(4))
        if source_uid not in known or target_uid not in known:
            return None
        between: NDArray[Any] = np.linalg.inv(known[target_uid]) @ known[source_uid]
        return between


def spatial_registration(
    patient: PatientFacts,
    study: StudyFacts,
    *,
    registered_uid: str,
    items: Sequence[Registered],
    made_at: dt.datetime,
    label: str = "RIGID",
    description: str = "",
    creator_name: str = "",
    comment: str = "",
    series: SeriesFacts | None = None,
    equipment: EquipmentFacts | None = None,
    sop_uid: str | None = None,
) -> Dataset:
    """The object; ``registered_uid`` is the frame of reference into which all items are laid.

    Raises ValueError without items, and for a matrix that is not 4 x 4 with the last row 0 0 0 1.
    """
    import numpy as np
    from pydicom.dataset import Dataset

    if not items:
        raise ValueError("a registration needs at least one frame of reference")
    made = headers.new_object(
        SOP_CLASS,
        "REG",
        patient=patient,
        study=study,
        series=series or SeriesFacts(number=902, description="配准"),
        equipment=equipment or EquipmentFacts(),
        made_at=made_at,
        sop_uid=sop_uid,
    )
    made.Laterality = ""  # type 2C: not known to be unpaired
    made.FrameOfReferenceUID = registered_uid
    made.PositionReferenceIndicator = ""
    made.ContentDate, made.ContentTime = made_at.strftime("%Y%m%d"), made_at.strftime("%H%M%S")
    made.InstanceNumber = 1
    made.ContentLabel = label[:16].upper()
    made.ContentDescription = description[:64]
    made.ContentCreatorName = creator_name
    made.RegistrationSequence = []
    for item in items:
        matrix = np.asarray(item.matrix, np.float64)
        if matrix.shape != (4, 4) or not np.allclose(matrix[3], (0, 0, 0, 1)):
            raise ValueError("a registration matrix is 4 x 4 with the last row 0 0 0 1")
        one = Dataset()
        one.FrameOfReferenceUID = item.frame_of_reference_uid
        one.ReferencedImageSequence = [_reference(image) for image in item.images]
        if not item.images:
            del one.ReferencedImageSequence
        inner = Dataset()
        inner.FrameOfReferenceTransformationMatrixType = item.kind
        inner.FrameOfReferenceTransformationMatrix = [_decimal(value) for value in matrix.ravel().tolist()]
        outer = Dataset()
        outer.FrameOfReferenceTransformationComment = comment[:10_240]
        outer.RegistrationTypeCodeSequence = []
        outer.MatrixSequence = [inner]
        one.MatrixRegistrationSequence = [outer]
        made.RegistrationSequence.append(one)
    _put_references(made, items)
    return made


def read_spatial_registration(dataset: Dataset) -> SpatialRegistration:
    """What a Spatial Registration says; the matrices of an item are applied in the order in which they stand.

    Raises ValueError for another object, or when nothing of it can be used.
    """
    import numpy as np

    if str(dataset.get("SOPClassUID", "")) != SOP_CLASS:
        raise ValueError("This is no Spatial Registration object.")
    items = []
    for one in list(dataset.get("RegistrationSequence", None) or [])[:64]:
        total, kind = np.eye(4), "RIGID"
        for outer in list(one.get("MatrixRegistrationSequence", None) or [])[:16]:
            for inner in list(outer.get("MatrixSequence", None) or [])[:16]:
                total = _matrix_of(inner) @ total
                kind = str(inner.get("FrameOfReferenceTransformationMatrixType", "RIGID"))
        references = list(one.get("ReferencedImageSequence", None) or [])
        items.append(
            Registered(
                str(one.get("FrameOfReferenceUID", "") or ""),
                total,
                tuple(
                    InstanceReference(
                        study_uid="",
                        series_uid="",
                        sop_class_uid=str(r.get("ReferencedSOPClassUID", "")),
                        sop_uid=str(r.get("ReferencedSOPInstanceUID", "")),
                    )
                    for r in references[:100_000]
                ),
                kind,
            )
        )
    if not items:
        raise ValueError("The Spatial Registration object holds no registration.")
    return SpatialRegistration(
        str(dataset.get("FrameOfReferenceUID", "") or ""),
        tuple(items),
        str(dataset.get("ContentLabel", "") or ""),
        str(dataset.get("ContentDescription", "") or ""),
        str(dataset.get("SOPInstanceUID", "") or ""),
    )


def _matrix_of(inner: Dataset) -> NDArray[Any]:
    import numpy as np

    numbers = [float(v) for v in (inner.get("FrameOfReferenceTransformationMatrix", None) or [])]
    if len(numbers) != 16 or not np.all(np.isfinite(numbers)):
        raise ValueError("A matrix of the Spatial Registration object does not have sixteen numbers.")
    matrix = np.array(numbers).reshape(4, 4)
    if not np.allclose(matrix[3], (0, 0, 0, 1), atol=1e-6) or abs(np.linalg.det(matrix[:3, :3])) < 1e-9:
        raise ValueError("A matrix of the Spatial Registration object cannot be used.")
    return matrix


def _reference(image: InstanceReference) -> Dataset:
    from pydicom.dataset import Dataset

    one = Dataset()
    one.ReferencedSOPClassUID, one.ReferencedSOPInstanceUID = image.sop_class_uid, image.sop_uid
    if image.frames:
        one.ReferencedFrameNumber = list(image.frames)
    return one


def _put_references(made: Dataset, items: Sequence[Registered]) -> None:
    """The Common Instance Reference module: series of this study, and of others (PS3.3 C.12.2)."""
    named = evidence([image for item in items for image in item.images])
    own = [one for one in named if one.StudyInstanceUID == made.StudyInstanceUID]
    others = [one for one in named if one.StudyInstanceUID != made.StudyInstanceUID]
    for one in named:
        for series in one.ReferencedSeriesSequence:
            series.ReferencedInstanceSequence = series.ReferencedSOPSequence
            del series.ReferencedSOPSequence
    if own:
        made.ReferencedSeriesSequence = own[0].ReferencedSeriesSequence
    if others:
        made.StudiesContainingOtherReferencedInstancesSequence = others


def _decimal(value: float) -> str:
    """A Decimal String of at most 16 characters."""
    text = f"{value:.10f}".rstrip("0").rstrip(".")
    return text if len(text) <= 16 else f"{value:.8e}"
