"""Hanging Protocol objects (PS3.3 A.44, C.23): writing ours, reading ours and those of others.

What the standard can say stands in its own attributes. The rest (parts of descriptions, contrast, weighting, wishes)
stands beside it as JSON in a private block, from which our own objects are read back equal.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import msgspec

from shared.contract.hanging import (
    ATTRIBUTES,
    LEVELS,
    MOST_CELLS,
    MOST_CONDITIONS,
    MOST_SETS,
    MOST_STEPS,
    MOST_TEXT,
    MOST_VALUES,
    RELATIONS,
    Cell,
    Condition,
    ImageSet,
    Protocol,
    Step,
)
from shared.dicomkit import uids
from shared.dicomkit.headers import EXPLICIT_LITTLE, UTF8

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

STORAGE = "1.2.840.10008.5.1.4.38.1"
PRIVATE_GROUP, PRIVATE_CREATOR = 0x0073, "MINGJING HANGING 1"
_LEVEL_WORDS = {"user": "SINGLE_USER", "group": "USER_GROUP", "site": "SITE", "maker": "MANUFACTURER"}
PLANES = {"axial": "TRANSVERSE", "coronal": "CORONAL", "sagittal": "SAGITTAL", "oblique": "OBLIQUE"}
VOI_TYPES = {"lung": "LUNG", "mediastinum": "MEDIASTINUM", "bone": "BONE", "head": "BRAIN", "vessel": "VASCULAR"}
SELECTORS = {
    "modality": (0x00080060, "CS", "SelectorCSValue"),
    "body_part": (0x00180015, "CS", "SelectorCSValue"),
    "side": (0x00200062, "CS", "SelectorCSValue"),
    "view": (0x00185101, "CS", "SelectorCSValue"),
    "words": (0x0008103E, "LO", "SelectorLOValue"),
}
_TOLERANT = frozenset({"body_part"})
"""Attributes that many headers lack: their absence counts as a match (PS3.3 C.23.1, Image Set Selector Usage Flag)."""


def fault_of(protocol: Protocol) -> str:
    """What is wrong with the parts of a protocol from outside, as Chinese source text; empty when it is sound."""
    sets, steps = protocol.sets, protocol.steps
    if protocol.level not in LEVELS or not protocol.definitions or len(protocol.definitions) > MOST_STEPS:
        return "挂片方案没有说明适用于哪些检查。"
    if not 0 < len(sets) <= MOST_SETS or not 0 < len(steps) <= MOST_STEPS:
        return "挂片方案没有图像组或步骤，或者太多。"
    for one in sets:
        conditions = (*one.conditions, *one.wishes)
        if len(conditions) > MOST_CONDITIONS or any(not _is_sound(condition) for condition in conditions):
            return "挂片方案的条件不正确。"
        if not 0 <= one.age <= 9 or len(one.name) > MOST_TEXT:
            return "挂片方案的图像组不正确。"
    for step in steps:
        for columns, rows, cells in ((step.columns, step.rows, step.cells), (*_second(step), step.second)):
            if not 0 <= columns * rows <= MOST_CELLS or len(cells) != columns * rows:
                return f"挂片方案的布局不正确：一屏最多 {MOST_CELLS} 格。"
            if any(not -1 <= cell.image_set < len(sets) or cell.rotation % 90 for cell in cells):
                return "挂片方案的布局指向不存在的图像组。"
        if step.columns < 1 or step.rows < 1:
            return "挂片方案的布局不正确。"
    if any(not 0 <= n < len(sets) for n in protocol.needs) or not 0 <= protocol.priors <= 9:
        return "挂片方案的图像组不正确。"
    return ""


def _second(step: Step) -> tuple[int, int]:
    return (step.second_columns, step.second_rows)


def _is_sound(condition: Condition) -> bool:
    if condition.attribute not in ATTRIBUTES or condition.relation not in RELATIONS:
        return False
    if not 0 < len(condition.values) <= MOST_VALUES or any(len(value) > MOST_TEXT for value in condition.values):
        return False
    return condition.relation in ("is", "not") or _is_number(condition.values[0])


def _is_number(text: str) -> bool:
    try:
        return abs(float(text)) < 1e9
    except ValueError:
        return False


# --- writing


def hanging_object(protocol: Protocol, made_at: dt.datetime, sop_uid: str | None = None) -> Dataset:
    """The object of a protocol, with file meta. ``made_at`` is local time. Raises ValueError for an unsound one."""
    from pydicom.dataset import Dataset

    fault = fault_of(protocol)
    if fault:
        raise ValueError(fault)
    made = Dataset()
    made.SpecificCharacterSet = UTF8
    made.SOPClassUID = STORAGE
    made.SOPInstanceUID = uids.checked(sop_uid) if sop_uid else uids.new_uid()
    made.InstanceCreationDate, made.InstanceCreationTime = made_at.strftime("%Y%m%d"), made_at.strftime("%H%M%S")
    _put_definition(made, protocol, made_at)
    made.NumberOfScreens = max(protocol.screens, 1)
    made.NominalScreenDefinitionSequence = []
    made.DisplaySetsSequence = _display_sets(protocol)
    made.PartialDataDisplayHandling = "MAINTAIN_LAYOUT"
    linked = _linked(protocol)
    if linked:
        made.SynchronizedScrollingSequence = linked
    block = made.private_block(PRIVATE_GROUP, PRIVATE_CREATOR, create=True)
    block.add_new(1, "UT", msgspec.json.encode(protocol).decode())
    made.file_meta = _meta(made)
    return made


def _cut(text: str, most: int = 64) -> str:
    """As many characters as fit into ``most`` bytes, which is what validators count."""
    return text.replace("\\", "/").encode()[:most].decode(errors="ignore").strip()


def _meta(made: Dataset) -> Any:
    from pydicom.dataset import FileMetaDataset
    from pydicom.uid import UID

    meta = FileMetaDataset()
    meta.FileMetaInformationVersion = b"\x00\x01"
    meta.MediaStorageSOPClassUID = made.SOPClassUID
    meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID
    meta.TransferSyntaxUID = UID(EXPLICIT_LITTLE)
    meta.ImplementationClassUID = UID(uids.IMPLEMENTATION_CLASS_UID)
    meta.ImplementationVersionName = uids.IMPLEMENTATION_VERSION_NAME
    return meta


def _put_definition(made: Dataset, protocol: Protocol, made_at: dt.datetime) -> None:
    from pydicom.dataset import Dataset

    made.HangingProtocolName = _cut(protocol.name, 16)
    made.HangingProtocolDescription = _cut(protocol.description or protocol.name)
    made.HangingProtocolLevel = _LEVEL_WORDS[protocol.level]
    made.HangingProtocolCreator = _cut(protocol.creator) or "Mingjing"
    made.HangingProtocolCreationDateTime = made_at.strftime("%Y%m%d%H%M%S")
    definitions = []
    for definition in protocol.definitions:
        for modality in definition.modalities or ("OT",):
            item = Dataset()
            item.Modality = modality
            item.ProcedureCodeSequence = []
            item.ReasonForRequestedProcedureCodeSequence = []
            definitions.append(item)
    made.HangingProtocolDefinitionSequence = definitions
    made.HangingProtocolUserIdentificationCodeSequence = []
    if protocol.group:
        made.HangingProtocolUserGroupName = _cut(protocol.group)
    made.NumberOfPriorsReferenced = protocol.priors
    made.ImageSetsSequence = [_image_set(n, one, protocol) for n, one in enumerate(protocol.sets)]


def _image_set(n: int, one: ImageSet, protocol: Protocol) -> Dataset:
    from pydicom.dataset import Dataset

    item, times = Dataset(), Dataset()
    told = [c for c in one.conditions if c.relation == "is" and c.attribute in SELECTORS]
    if not told:
        modalities = tuple(m for d in protocol.definitions for m in d.modalities) or ("OT",)
        told = [Condition(attribute="modality", values=tuple(dict.fromkeys(modalities)))]
    item.ImageSetSelectorSequence = [_selector(condition) for condition in told]
    times.ImageSetNumber = n + 1
    times.ImageSetLabel = _cut(one.name) or f"Set {n + 1}"
    if one.age:
        times.ImageSetSelectorCategory = "ABSTRACT_PRIOR"
        times.AbstractPriorValue = [one.age, one.age]
    else:
        times.ImageSetSelectorCategory = "RELATIVE_TIME"
        times.RelativeTime = [0, 0]
        times.RelativeTimeUnits = "MINUTES"
    item.TimeBasedImageSetsSequence = [times]
    return item


def _selector(condition: Condition) -> Dataset:
    from pydicom.dataset import Dataset

    tag, vr, keyword = SELECTORS[condition.attribute]
    item = Dataset()
    item.ImageSetSelectorUsageFlag = "MATCH" if condition.attribute in _TOLERANT else "NO_MATCH"
    item.SelectorAttribute = tag
    item.SelectorAttributeVR = vr
    values = [value.upper()[:16] if vr == "CS" else _cut(value) for value in condition.values]
    setattr(item, keyword, values if len(values) > 1 else values[0])
    item.SelectorValueNumber = 1
    return item


def _display_sets(protocol: Protocol) -> list[Dataset]:
    made: list[Dataset] = []
    for group, step in enumerate(protocol.steps, 1):
        screens = [(step.columns, step.rows, step.cells)]
        if step.second:
            screens.append((step.second_columns, step.second_rows, step.second))
        for screen, (columns, rows, cells) in enumerate(screens):
            for n, cell in enumerate(cells):
                if cell.image_set >= 0:
                    box = _box(n, columns, rows, screen, len(screens))
                    made.append(_display_set(len(made) + 1, group, step, cell, protocol.sets[cell.image_set], box))
    return made


def _box(n: int, columns: int, rows: int, screen: int, screens: int) -> list[float]:
    """Left, top, right, bottom of a cell; the environment is 1 wide and 1 high with its origin at the lower left."""
    row, column = divmod(n, columns)
    left, right = ((screen + (column + k) / columns) / screens for k in (0, 1))
    return [left, 1 - row / rows, right, 1 - (row + 1) / rows]


def _display_set(number: int, group: int, step: Step, cell: Cell, image_set: ImageSet, box: list[float]) -> Dataset:
    from pydicom.dataset import Dataset

    item, place = Dataset(), Dataset()
    item.DisplaySetNumber = number
    item.DisplaySetLabel = _cut(image_set.name)
    item.DisplaySetPresentationGroup = group
    if step.name and cell is next(one for one in step.cells if one.image_set >= 0):
        item.DisplaySetPresentationGroupDescription = _cut(step.name)
    item.ImageSetNumber = cell.image_set + 1
    place.ImageBoxNumber = 1
    place.DisplayEnvironmentSpatialPosition = box
    place.ImageBoxLayoutType = "STACK"
    item.ImageBoxesSequence = [place]
    item.FilterOperationsSequence = _filters(image_set)
    item.SortingOperationsSequence = _sorting(cell)
    if all(cell.orientation) and cell.orientation[0] != "auto":
        item.DisplaySetPatientOrientation = list(cell.orientation)
    if cell.window in VOI_TYPES:
        item.VOIType = VOI_TYPES[cell.window]
    if cell.inverted:
        item.ShowGrayscaleInverted = "YES"
    if cell.justify:
        item.DisplaySetHorizontalJustification = cell.justify.upper()
    return item


def _filters(image_set: ImageSet) -> list[Dataset]:
    from pydicom.dataset import Dataset

    made = []
    for condition in image_set.conditions:
        item = Dataset()
        if condition.attribute == "plane" and condition.relation == "is":
            item.FilterByCategory = "IMAGE_PLANE"
            item.SelectorAttributeVR = "CS"
            values = [PLANES[value] for value in condition.values if value in PLANES]
            if not values:
                continue
            item.SelectorCSValue = values if len(values) > 1 else values[0]
            item.FilterByOperator = "MEMBER_OF"
        elif condition.attribute == "thickness" and condition.relation in ("least", "most"):
            item.SelectorAttribute = 0x00180050
            item.SelectorAttributeVR = "DS"
            item.SelectorDSValue = condition.values[0]
            item.SelectorValueNumber = 1
            item.FilterByOperator = "GREATER_OR_EQUAL" if condition.relation == "least" else "LESS_OR_EQUAL"
            item.ImageSetSelectorUsageFlag = "NO_MATCH"
        else:
            continue
        made.append(item)
    return made


def _sorting(cell: Cell) -> list[Dataset]:
    from pydicom.dataset import Dataset

    item = Dataset()
    if cell.sort == "place":
        item.SortByCategory = "ALONG_AXIS"
    elif cell.sort == "time":
        item.SortByCategory = "BY_ACQ_TIME"
    elif cell.sort == "number":
        item.SelectorAttribute = 0x00200013
        item.SelectorValueNumber = 1
    else:
        return []
    item.SortingDirection = "INCREASING"
    return [item]


def _linked(protocol: Protocol) -> list[Dataset]:
    """Display sets that page together, by their numbers."""
    from pydicom.dataset import Dataset

    groups: dict[tuple[int, int], list[int]] = {}
    number = 0
    for group, step in enumerate(protocol.steps):
        for cell in (*step.cells, *step.second):
            if cell.image_set >= 0:
                number += 1
                if cell.link:
                    groups.setdefault((group, cell.link), []).append(number)
    made = []
    for members in groups.values():
        if len(members) > 1:
            item = Dataset()
            item.DisplaySetScrollingGroup = members
            made.append(item)
    return made
