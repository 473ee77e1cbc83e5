"""The measured and coded values of a snapshot, once each, in the order in which a reader meets them; pure."""

from __future__ import annotations

from collections.abc import Mapping

from server.results.snapshot import Snapshot
from shared.dicomkit.content_items import Code
from shared.dicomkit.headers import InstanceReference
from shared.dicomkit.structured_report_values import ReportedValue, local_code, quantity, ucum
from shared.domain.report_choices import CRITICAL, HP
from shared.domain.states import HpResult
from shared.domain.structured import CodedValue, FieldKind, Part

_FRAMED = frozenset(
    "1.2.840.10008.5.1.4.1.1." + end
    for end in (
        "2.1 2.2 3.1 4.1 4.2 4.3 7.1 7.2 7.3 7.4 6.2 12.1 12.1.1 12.2 12.2.1 13.1.1 13.1.2 13.1.3 13.1.4 13.1.5 20 "
        "66.4 77.1.1.1 77.1.2.1 77.1.4.1 77.1.5.4 77.1.6 128.1 130"
    ).split()
)
"""Storage classes of which one object holds many images."""


def reported_values(
    snapshot: Snapshot, images: Mapping[str, InstanceReference] | None = None
) -> tuple[ReportedValue, ...]:
    """Return the answers of the form, the viewer's measurements that no answer took over, and the choices."""
    known = images or {}
    values = [_answer(one, known) for one in snapshot.coded if one.kind is not FieldKind.IMAGE]
    taken = {(one.instance_uid, one.frame, round(one.number, 3)) for one in snapshot.coded if one.number is not None}
    for one in snapshot.view.measurements:
        if (one.instance_uid, one.frame, round(one.value, 3)) in taken:
            continue
        values.append(
            ReportedValue(
                name=quantity(one.unit, one.label),
                label=one.label,
                text=f"{one.value:g} {one.unit}".strip(),
                number=one.value,
                unit=ucum(one.unit),
                image=_image(known, one.instance_uid, one.frame),
            )
        )
    return (*values, *_choices(snapshot))


def _choices(snapshot: Snapshot) -> list[ReportedValue]:
    """HP and the hospital's own choices below the text; the critical value stands for itself."""
    content, found = snapshot.view.content, []
    for choice in snapshot.view.choices:
        value = content.hp.value if choice.key == HP else content.choices.get(choice.key, "")
        option = next((one for one in choice.options if one.value == value), None)
        if choice.key == CRITICAL or option is None or (choice.key == HP and content.hp is HpResult.NOT_EXAMINED):
            continue
        found.append(
            ReportedValue(
                name=local_code(choice.label),
                label=choice.label,
                text=option.label,
                codes=(local_code(option.label),),
                part="impression",
            )
        )
    return found


def _answer(one: CodedValue, images: Mapping[str, InstanceReference]) -> ReportedValue:
    return ReportedValue(
        name=Code(one.name.value, one.name.scheme, one.name.meaning or one.label),
        label=one.label,
        text=one.text or (one.day.isoformat() if one.day else ""),
        number=one.number,
        unit=ucum(one.unit),
        codes=tuple(Code(code.value, code.scheme, code.meaning or one.text) for code in one.codes),
        part="impression" if one.part is Part.IMPRESSION else "findings",
        group=f"{one.group} {one.item}".strip() if one.group else "",
        image=_image(images, one.instance_uid, one.frame),
    )


def key_references(snapshot: Snapshot, images: Mapping[str, InstanceReference]) -> tuple[InstanceReference, ...]:
    """Return the key images that are in the archive, once each."""
    found = (_image(images, one.instance_uid, one.frame) for one in snapshot.view.key_images)
    return tuple(dict.fromkeys(one for one in found if one is not None))


def _image(images: Mapping[str, InstanceReference], uid: str, frame: int) -> InstanceReference | None:
    known = images.get(uid)
    if known is None or known.sop_class_uid not in _FRAMED or frame < 1:
        return known
    return InstanceReference(known.study_uid, known.series_uid, known.sop_class_uid, known.sop_uid, (frame,))
