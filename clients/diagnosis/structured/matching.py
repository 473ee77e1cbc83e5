"""Which field a measurement of the viewer belongs to; knows no Qt."""

from __future__ import annotations

from shared.domain.structured import Field, FieldKind, FieldValue, Quantity
from shared.domain.structured_form import Filled, Slot, is_empty

_QUANTITIES: dict[str, Quantity] = {
    "mm": Quantity.LENGTH,
    "cm": Quantity.LENGTH,
    "mm2": Quantity.AREA,
    "mm²": Quantity.AREA,
    "cm2": Quantity.AREA,
    "cm²": Quantity.AREA,
    "mL": Quantity.VOLUME,
    "°": Quantity.ANGLE,
    "deg": Quantity.ANGLE,
    "HU": Quantity.MEAN,
    "[hnsf'U]": Quantity.MEAN,
}
_FACTORS = {("cm", "mm"): 10.0, ("mm", "cm"): 0.1, ("cm²", "mm2"): 100.0, ("cm2", "mm2"): 100.0}
_ALIKE = {"mm²": "mm2", "cm²": "cm2", "°": "deg", "HU": "[hnsf'U]"}


def quantity_of(unit: str) -> Quantity:
    """Return what a unit measures."""
    return _QUANTITIES.get(unit, Quantity.ANY)


def takes(field: Field, unit: str) -> bool:
    """Say whether a field takes a measurement in this unit."""
    if field.kind not in (FieldKind.MEASUREMENT, FieldKind.NUMBER):
        return False
    if field.quantity is not Quantity.ANY:
        return field.quantity is quantity_of(unit)
    return _ALIKE.get(unit, unit) == _ALIKE.get(field.unit, field.unit) or (unit, field.unit) in _FACTORS


def value_of(field: Field, value: float, unit: str, instance_uid: str) -> FieldValue:
    """Return a measurement as the field's value, in its unit."""
    factor = _FACTORS.get((unit, field.unit), 1.0)
    return FieldValue(number=round(value * factor, max(field.decimals, 0)), instance_uid=instance_uid, frame=1)


def best_slot(filled: Filled, text: str, unit: str, focused: str) -> Slot | None:
    """Return the field for a measurement: the one in focus, or the empty one whose name fits best, near the focus.

    `text` is what the viewer shows at the measurement; a field's `target` or label in it counts most.
    """
    slots = [slot for slot in filled.slots() if takes(slot.field, unit)]
    at_focus = next((slot for slot in slots if slot.path == focused), None)
    if at_focus is not None:
        return at_focus
    empty = [slot for slot in slots if is_empty(slot.field, filled.value(slot.path))]
    if not empty:
        return None
    order = [slot.path for slot in filled.slots()]
    here = order.index(focused) if focused in order else -1
    group = focused.rpartition(".")[0]

    def rank(slot: Slot) -> tuple[bool, bool, bool, bool, int]:
        named = bool(slot.field.target and slot.field.target in text) or slot.field.label in text
        same_item = bool(group) and slot.path.startswith(f"{group}.")
        place = order.index(slot.path)
        is_slot = slot.field.kind is FieldKind.MEASUREMENT
        return (not named, not same_item, not is_slot, not slot.field.required or place < here, place)

    return min(empty, key=rank)
