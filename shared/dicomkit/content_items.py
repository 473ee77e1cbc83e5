"""The content tree of structured documents (PS3.3 C.17.3) as plain functions; knows item types, not templates."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from shared.dicomkit.headers import InstanceReference, StudyFacts

if TYPE_CHECKING:
    from pydicom.dataset import Dataset


class Code(NamedTuple):
    """A coded concept: value, scheme (DCM, SCT, LN, UCUM …) and its meaning in words."""

    value: str
    scheme: str
    meaning: str


_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f]")
CONTAINS, HAS_MODIFIER = "CONTAINS", "HAS CONCEPT MOD"
HAS_OBSERVATION_CONTEXT, HAS_PROPERTIES = "HAS OBS CONTEXT", "HAS PROPERTIES"
INFERRED_FROM, SELECTED_FROM = "INFERRED FROM", "SELECTED FROM"

LANGUAGE = Code("121049", "DCM", "Language of Content Item and Descendants")
LANGUAGES = {
    "zh": Code("zh-CN", "RFC5646", "Chinese (China)"),
    "en": Code("en-US", "RFC5646", "English (United States)"),
}
OBSERVER_TYPE = Code("121005", "DCM", "Observer Type")
PERSON = Code("121006", "DCM", "Person")
PERSON_NAME = Code("121008", "DCM", "Person Observer Name")
PROCEDURE_REPORTED = Code("121058", "DCM", "Procedure reported")


def code_sequence(code: Code) -> list[Dataset]:
    """A Code Sequence with one item (PS3.3 8.8)."""
    from pydicom.dataset import Dataset

    item = Dataset()
    value = _short_words(code.value)
    if len(value) <= 16:
        item.CodeValue = value
    else:
        item.LongCodeValue = value
    item.CodingSchemeDesignator = code.scheme[:16]
    item.CodeMeaning = _short_words(code.meaning)[:64]
    return [item]


def _short_words(words: str) -> str:
    """What SH and LO may hold (PS3.5 6.2): no control characters, and no backslash, which would begin another value."""
    return " ".join(_CONTROLS.sub(" ", words.replace("\\", "/")).split())


def _item(value_type: str, concept: Code | None, relationship: str, children: Sequence[Dataset] = ()) -> Dataset:
    from pydicom.dataset import Dataset

    item = Dataset()
    item.RelationshipType = relationship
    item.ValueType = value_type
    if concept is not None:
        item.ConceptNameCodeSequence = code_sequence(concept)
    if children:
        item.ContentSequence = list(children)
    return item


def container(concept: Code, children: Sequence[Dataset], relationship: str = CONTAINS) -> Dataset:
    """A heading with its children."""
    item = _item("CONTAINER", concept, relationship, children)
    item.ContinuityOfContent = "SEPARATE"
    return item


def text(concept: Code, value: str, relationship: str = CONTAINS, children: Sequence[Dataset] = ()) -> Dataset:
    """Free text; line feeds become CR LF as DICOM wants them (PS3.5 6.1.3)."""
    item = _item("TEXT", concept, relationship, children)
    lines = value.replace("\r\n", "\n").split("\n")
    item.TextValue = "\r\n".join(_CONTROLS.sub("", line.replace("\t", " ")) for line in lines)
    return item


def coded(concept: Code, value: Code, relationship: str = CONTAINS, children: Sequence[Dataset] = ()) -> Dataset:
    """A coded value."""
    item = _item("CODE", concept, relationship, children)
    item.ConceptCodeSequence = code_sequence(value)
    return item


def number(
    concept: Code, value: float, unit: Code, children: Sequence[Dataset] = (), relationship: str = CONTAINS
) -> Dataset:
    """A measured value; the decimal string keeps at most 16 characters."""
    from pydicom.dataset import Dataset

    measured = Dataset()
    measured.NumericValue = f"{value:.6g}" if abs(value) < 1e6 else f"{value:.9e}"
    measured.MeasurementUnitsCodeSequence = code_sequence(unit)
    item = _item("NUM", concept, relationship, children)
    item.MeasuredValueSequence = [measured]
    return item


def person_name(concept: Code, value: str, relationship: str = HAS_OBSERVATION_CONTEXT) -> Dataset:
    """A PN value."""
    item = _item("PNAME", concept, relationship)
    item.PersonName = value
    return item


def uid_reference(concept: Code, uid: str, relationship: str = HAS_OBSERVATION_CONTEXT) -> Dataset:
    """A UID."""
    item = _item("UIDREF", concept, relationship)
    item.UID = uid
    return item


def image(reference: InstanceReference, relationship: str = CONTAINS, concept: Code | None = None) -> Dataset:
    """A pointer at an image or some of its frames."""
    item = _item("IMAGE", concept, relationship)
    item.ReferencedSOPSequence = [referenced_sop(reference)]
    return item


def composite(reference: InstanceReference, relationship: str = CONTAINS, concept: Code | None = None) -> Dataset:
    """A pointer at an object that is no image."""
    item = _item("COMPOSITE", concept, relationship)
    item.ReferencedSOPSequence = [referenced_sop(reference)]
    return item


def coordinates(points: Sequence[tuple[float, float]], source: InstanceReference, graphic: str = "POLYLINE") -> Dataset:
    """Points (column, row) on an image, 0.5 being the middle of the first pixel (PS3.3 C.18.6.1)."""
    item = _item("SCOORD", None, INFERRED_FROM, [image(source, SELECTED_FROM)])
    item.GraphicType = graphic
    item.GraphicData = [float(value) for point in points for value in point]
    return item


def referenced_sop(reference: InstanceReference) -> Dataset:
    """An item of Referenced SOP Sequence (PS3.3 10.3)."""
    from pydicom.dataset import Dataset

    item = Dataset()
    item.ReferencedSOPClassUID = reference.sop_class_uid
    item.ReferencedSOPInstanceUID = reference.sop_uid
    if reference.frames:
        item.ReferencedFrameNumber = list(reference.frames) if len(reference.frames) > 1 else reference.frames[0]
    return item


def evidence(references: Iterable[InstanceReference]) -> list[Dataset]:
    """The Current Requested Procedure Evidence Sequence: study, series, instance, each named once."""
    from pydicom.dataset import Dataset

    tree: dict[str, dict[str, dict[str, str]]] = {}
    for reference in references:
        tree.setdefault(reference.study_uid, {}).setdefault(reference.series_uid, {})[reference.sop_uid] = (
            reference.sop_class_uid
        )
    studies: list[Dataset] = []
    for study_uid, series in tree.items():
        study = Dataset()
        study.ReferencedSeriesSequence = []
        for series_uid, instances in series.items():
            one = Dataset()
            one.ReferencedSOPSequence = [
                referenced_sop(InstanceReference(study_uid, series_uid, sop_class, sop))
                for sop, sop_class in instances.items()
            ]
            one.SeriesInstanceUID = series_uid
            study.ReferencedSeriesSequence.append(one)
        study.StudyInstanceUID = study_uid
        studies.append(study)
    return studies


def language(code: str) -> Dataset:
    """TID 1204; `code` is "zh" or "en"."""
    return coded(LANGUAGE, LANGUAGES[code], HAS_MODIFIER)


def observer(name: str) -> list[Dataset]:
    """TID 1002 for a person; `name` is a PN value."""
    if not name:
        return []
    return [
        coded(OBSERVER_TYPE, PERSON, HAS_OBSERVATION_CONTEXT),
        person_name(PERSON_NAME, name, HAS_OBSERVATION_CONTEXT),
    ]


def put_root(document: Dataset, title: Code, template: str, children: Sequence[Dataset]) -> None:
    """Make `document` the root container (PS3.3 C.17.3) by a template of PS3.16."""
    from pydicom.dataset import Dataset

    identified = Dataset()
    identified.MappingResource = "DCMR"
    identified.TemplateIdentifier = template
    document.ValueType = "CONTAINER"
    document.ConceptNameCodeSequence = code_sequence(title)
    document.ContinuityOfContent = "SEPARATE"
    document.ContentTemplateSequence = [identified]
    document.ContentSequence = list(children)


def put_request(document: Dataset, study: StudyFacts, description: str = "") -> None:
    """The Referenced Request Sequence, if the study has an accession number."""
    from pydicom.dataset import Dataset

    if not study.accession:
        return
    request = Dataset()
    request.StudyInstanceUID = study.study_uid
    request.ReferencedStudySequence = []
    request.AccessionNumber = study.accession
    request.PlacerOrderNumberImagingServiceRequest = ""
    request.FillerOrderNumberImagingServiceRequest = ""
    request.RequestedProcedureID = study.study_id
    request.RequestedProcedureDescription = description or study.description
    request.RequestedProcedureCodeSequence = []
    document.ReferencedRequestSequence = [request]


def datetime_value(moment: dt.datetime) -> str:
    """A DT value, with the offset if the moment knows it."""
    return moment.strftime("%Y%m%d%H%M%S") + (moment.strftime("%z") if moment.tzinfo else "")
