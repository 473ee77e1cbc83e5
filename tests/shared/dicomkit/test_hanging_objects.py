"""Hanging Protocol objects: dciodvfy has nothing to say, read back equal; others as far as understood."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from io import BytesIO

import msgspec
import pydicom
import pytest
from pydicom.dataset import Dataset

from clients.viewer.hanging import builtin
from shared.contract.hanging import Cell, Condition, Protocol, Step
from shared.dicomkit.hanging_facts import texts_of
from shared.dicomkit.hanging_protocol import fault_of, hanging_object
from shared.dicomkit.hanging_reading import NotHanging, read_protocol

MADE = dt.datetime(2026, 3, 2, 9, 15)


def again(protocol: Protocol) -> Dataset:
    buffer = BytesIO()
    hanging_object(protocol, MADE).save_as(buffer, enforce_file_format=True)
    return pydicom.dcmread(BytesIO(buffer.getvalue()))


@pytest.mark.parametrize("protocol", builtin.protocols(), ids=lambda one: one.name)
def test_what_comes_with_the_software_survives_a_file(protocol: Protocol) -> None:
    assert fault_of(protocol) == ""
    read = read_protocol(again(protocol))
    assert (read.protocol, read.not_understood) == (protocol, ())


@pytest.mark.parametrize("name", ["乳腺钼靶与既往对比", "颅脑 MR", "胸部 CT"])
def test_the_validator_finds_nothing(name: str, validator_errors: Callable[..., list[str]]) -> None:
    protocol = next(one for one in builtin.protocols() if one.name == name)
    assert validator_errors(hanging_object(protocol, MADE), "-new") == []


def test_others_read_the_layout_without_our_private_part() -> None:
    protocol = next(one for one in builtin.protocols() if one.name == "乳腺钼靶与既往对比")
    read = read_protocol(again(protocol), use_private=False).protocol
    assert [(step.columns, step.rows, step.name) for step in read.steps] == [
        (step.columns, step.rows, step.name) for step in protocol.steps
    ]
    assert [cell.justify for cell in read.steps[0].cells] == [cell.justify for cell in protocol.steps[0].cells]
    assert [one.age for one in read.sets] == [one.age for one in protocol.sets]
    assert Condition(attribute="view", values=("CC",)) in read.sets[0].conditions
    assert read.priors == 1


def a_foreign_one() -> Dataset:
    ds = hanging_object(builtin.protocols()[0], MADE)
    del ds[0x00731001]
    ds.DisplaySetsSequence[0].ReformattingOperationType = "MPR"
    ds.DisplaySetsSequence[0].VOIType = "LUNG"
    plane = Dataset()
    plane.FilterByCategory, plane.FilterByOperator = "IMAGE_PLANE", "MEMBER_OF"
    plane.SelectorAttributeVR, plane.SelectorCSValue = "CS", "CORONAL"
    ds.DisplaySetsSequence[0].FilterOperationsSequence = [plane]
    unknown = Dataset()
    unknown.SelectorAttribute, unknown.SelectorAttributeVR, unknown.SelectorISValue = 0x00180086, "IS", 1
    ds.ImageSetsSequence[0].ImageSetSelectorSequence.append(unknown)
    return ds


def test_what_is_not_understood_is_said() -> None:
    read = read_protocol(a_foreign_one())
    assert read.not_understood == ("SelectorAttribute=EchoNumbers", "ReformattingOperationType=MPR")
    first = read.protocol.steps[0].cells[0]
    assert first.window == "lung"
    assert Condition(attribute="plane", values=("coronal",)) in read.protocol.sets[first.image_set].conditions


@pytest.mark.parametrize("change", ["class", "no_sets", "no_displays", "boxes"])
def test_hostile_objects_are_refused_with_a_sentence(change: str) -> None:
    ds = a_foreign_one()
    if change == "class":
        ds.SOPClassUID = "1.2.840.10008.5.1.4.1.1.2"
    elif change == "no_sets":
        ds.ImageSetsSequence = []
    elif change == "no_displays":
        ds.DisplaySetsSequence = []
    else:
        for item in ds.DisplaySetsSequence:
            item.ImageBoxesSequence[0].DisplayEnvironmentSpatialPosition = [0.0]
    with pytest.raises(NotHanging, match=r"。$"):
        read_protocol(ds)


def test_a_damaged_private_part_is_not_trusted() -> None:
    ds = hanging_object(builtin.protocols()[0], MADE)
    ds[0x00731001].value = '{"uid": "1.2"}'
    assert read_protocol(ds).protocol.steps[0].columns == 2


@pytest.mark.parametrize(
    "change",
    [
        {"sets": ()},
        {"steps": ()},
        {"definitions": ()},
        {"level": "king"},
        {"priors": 77},
        {"needs": (99,)},
        {"steps": (Step(name="", columns=9, rows=9, cells=(Cell(image_set=0),) * 81),)},
        {"steps": (Step(name="", columns=1, rows=1, cells=(Cell(image_set=50),)),)},
        {"steps": (Step(name="", columns=2, rows=1, cells=(Cell(image_set=0),)),)},
    ],
)
def test_unsound_protocols_are_found(change: dict[str, object]) -> None:
    bad = msgspec.structs.replace(builtin.protocols()[0], **change)
    assert fault_of(bad).endswith("。")
    with pytest.raises(ValueError, match="。"):
        hanging_object(bad, MADE)


def test_texts_of_a_header() -> None:
    ds = Dataset()
    ds.Modality, ds.ImageType, ds.PatientOrientation = "MG", ["DERIVED", "PRIMARY"], ["P", "L"]
    view, modifier = Dataset(), Dataset()
    view.CodeValue, view.CodingSchemeDesignator, view.CodeMeaning = "R-10242", "SNM3", "cranio-caudal"
    modifier.CodeValue, modifier.CodeMeaning = "R-102D5", "Implant Displaced"
    view.ViewModifierCodeSequence = [modifier]
    ds.ViewCodeSequence = [view]
    texts = texts_of(ds)
    assert texts["ViewCode"] == "R-10242\\SNM3\\cranio-caudal"
    assert texts["ViewModifiers"] == "R-102D5\\Implant Displaced"
    assert texts["PatientOrientation"] == "P\\L"
