"""What a header says that decides how its image is hung, as texts by keyword; hostile headers become fewer texts."""

from __future__ import annotations

from typing import Any

from shared.imaging.values import code_of, items_of, numbers_of, strings_of, text_of

KEYWORDS = (
    "Modality BodyPartExamined StudyDescription SeriesDescription ProtocolName ViewPosition ImageLaterality Laterality "
    "PerformedProcedureStepDescription RequestedProcedureDescription ContrastBolusAgent SliceThickness "
    "ConvolutionKernel ScanningSequence SequenceVariant SequenceName RepetitionTime EchoTime InversionTime "
    "DiffusionBValue NumberOfFrames PartialView BreastImplantPresent AcquisitionContrast SOPClassUID InstanceNumber "
    "PresentationIntentType SeriesNumber ImageComments AcquisitionDeviceProcessingDescription"
).split()
CODES = {
    "ViewCode": "ViewCodeSequence",
    "AnatomicRegion": "AnatomicRegionSequence",
    "ProcedureCode": "ProcedureCodeSequence",
}
PROJECTIONS = frozenset({"MG", "DX", "CR", "IO", "PX"})
"""Modalities whose images are hung one by one."""
_MOST = 200


def texts_of(ds: Any) -> dict[str, str]:
    """Texts of a data set by keyword; several values and modifiers stand behind one another with backslashes.

    ``ViewCode`` is "value\\scheme\\meaning", ``ViewModifiers`` the meanings and values of its modifiers (PS3.3
    C.8.11.7), ``Orientation`` six direction cosines.
    """
    found = {keyword: text_of(ds, keyword) for keyword in KEYWORDS}
    for keyword in ("ImageType", "PatientOrientation"):
        found[keyword] = "\\".join(str(value).strip() for value in strings_of(ds, keyword))
    for name, sequence in CODES.items():
        found[name] = "\\".join(code_of(ds, sequence)) if items_of(ds, sequence) else ""
    found["ViewModifiers"] = "\\".join(_modifiers(ds))
    found["Orientation"] = "\\".join(f"{value:g}" for value in _orientation(ds))
    if not found["ImageLaterality"]:
        found["ImageLaterality"] = _shared_laterality(ds)
    return {keyword: text[:_MOST] for keyword, text in found.items() if text}


def _modifiers(ds: Any) -> list[str]:
    words = []
    for view in items_of(ds, "ViewCodeSequence")[:1]:
        for item in items_of(view, "ViewModifierCodeSequence")[:8]:
            words += [text_of(item, "CodeValue"), text_of(item, "CodeMeaning")]
    return [word for word in words if word]


def _orientation(ds: Any) -> tuple[float, ...]:
    """Image Orientation, of an enhanced object that of its shared or first functional group (PS3.3 C.7.6.16.2.4)."""
    own = numbers_of(ds, "ImageOrientationPatient")
    if len(own) == 6:
        return tuple(own)
    for groups in ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"):
        for group in items_of(ds, groups)[:1]:
            for item in items_of(group, "PlaneOrientationSequence")[:1]:
                values = numbers_of(item, "ImageOrientationPatient")
                if len(values) == 6:
                    return tuple(values)
    return ()


def _shared_laterality(ds: Any) -> str:
    """Frame Laterality of breast tomosynthesis (PS3.3 C.7.6.16.2.8)."""
    for group in items_of(ds, "SharedFunctionalGroupsSequence")[:1]:
        for item in items_of(group, "FrameAnatomySequence")[:1]:
            return text_of(item, "FrameLaterality")
    return ""
