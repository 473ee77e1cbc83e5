"""What the writers of this repository and highdicom put into reports is read back as a tree."""

from __future__ import annotations

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from shared.dicomkit.content_reading import MAX_DEPTH, Reference, report_of


def item(**values: object) -> Dataset:
    ds = Dataset()
    for keyword, value in values.items():
        setattr(ds, keyword, value)
    return ds


def code(value: str, meaning: str, scheme: str = "DCM") -> list[Dataset]:
    return [item(CodeValue=value, CodingSchemeDesignator=scheme, CodeMeaning=meaning)]


def a_report(*children: Dataset) -> Dataset:
    return item(
        SOPClassUID="1.2.840.10008.5.1.4.1.1.88.33", ValueType="CONTAINER", ContentDate="20260101",
        ConceptNameCodeSequence=code("126000", "Imaging Measurement Report"), CompletionFlag="COMPLETE",
        VerificationFlag="VERIFIED", ContentTemplateSequence=[item(TemplateIdentifier="1500")],
        VerifyingObserverSequence=[item(VerifyingObserverName="Li^Si", VerifyingOrganization="H")],
        ContentSequence=list(children),
    )  # fmt: skip


def test_numbers_codes_texts_and_references_are_read() -> None:
    length = item(
        RelationshipType="CONTAINS", ValueType="NUM", ConceptNameCodeSequence=code("410668003", "Length", "SCT"),
        MeasuredValueSequence=[
            item(NumericValue="12.5", MeasurementUnitsCodeSequence=code("mm", "millimetre", "UCUM"))
        ],
        ContentSequence=[
            item(
                RelationshipType="INFERRED FROM", ValueType="SCOORD", GraphicType="POLYLINE", GraphicData=[1.0, 2, 3, 4],  # noqa: E501
                ContentSequence=[
                    item(
                        RelationshipType="SELECTED FROM", ValueType="IMAGE",
                        ReferencedSOPSequence=[
                            item(ReferencedSOPClassUID="1.2", ReferencedSOPInstanceUID="1.3", ReferencedFrameNumber=[2])
                        ],
                    )
                ],
            )
        ],
    )  # fmt: skip
    text = item(
        RelationshipType="CONTAINS", ValueType="TEXT", ConceptNameCodeSequence=code("121071", "Finding"),
        TextValue="line one\r\nline two",
    )  # fmt: skip

    report = report_of(a_report(length, text))

    first, second = report.root.children
    assert (first.name, first.value, first.unit) == ("Length", "12.5", "mm")
    assert second.value == "line one\nline two"
    assert report.references == (Reference("1.2", "1.3", (1,)),)
    assert first.children[0].coordinates is not None and first.children[0].coordinates.values == (1, 2, 3, 4)
    assert (report.completion, report.verification, report.verified_by, report.template) == (
        "COMPLETE", "VERIFIED", ("Li^Si H",), "1500",
    )  # fmt: skip


def test_a_report_that_never_ends_is_cut() -> None:
    deepest = item(ValueType="CONTAINER")
    for _ in range(MAX_DEPTH + 5):
        deepest = item(ValueType="CONTAINER", ContentSequence=Sequence([deepest]))

    report = report_of(a_report(deepest))

    assert report.is_cut and len(list(report.root.walk())) <= MAX_DEPTH + 2


def test_items_without_values_keep_their_names() -> None:
    broken = item(ValueType="NUM", ConceptNameCodeSequence=code("1", "Volume"))

    (child,) = report_of(a_report(broken)).root.children

    assert (child.name, child.value, child.unit) == ("Volume", "", "")
